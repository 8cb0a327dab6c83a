/* max(x, 0) */
static void relu(const float *x, float *y, int size)
{
    for (int i = 0; i < size; i++)
        y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}
