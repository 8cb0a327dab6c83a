/* 1 / (1 + exp(-x)) */
static void sigmoid(const float *x, float *y, int size)
{
    for (int i = 0; i < size; i++) {
        const float small = expf(-fabsf(x[i])); /* never overflows */
        y[i] = (x[i] >= 0.0f ? 1.0f : small) / (1.0f + small);
    }
}
