/* y = W x + b; bias may be null. */
static void linear(const float *x, float *y, const float *weight, const float *bias,
                   int inputs, int outputs)
{
    for (int o = 0; o < outputs; o++) {
        float sum = bias ? bias[o] : 0.0f;
        for (int i = 0; i < inputs; i++)
            sum += weight[(long)o * inputs + i] * x[i];
        y[o] = sum;
    }
}
