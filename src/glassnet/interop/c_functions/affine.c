/* x * scale + offset; a step of 0 means one number for all values. */
static void affine(const float *x, float *y, const float *scale, const float *offset,
                   int scale_step, int offset_step, int size)
{
    for (int i = 0; i < size; i++)
        y[i] = x[i] * scale[(long)i * scale_step] + offset[(long)i * offset_step];
}
