/* weight (x - mean) / sqrt(variance + eps) + bias, with mean and variance of the sample. */
static void layer_norm(const float *x, float *y, const float *weight, const float *bias,
                       float eps, int size)
{
    float mean = 0.0f, variance = 0.0f;
    for (int i = 0; i < size; i++)
        mean += x[i] / (float)size;
    for (int i = 0; i < size; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (float)size;
    for (int i = 0; i < size; i++)
        y[i] = (x[i] - mean) / sqrtf(variance + eps) * weight[i] + bias[i];
}
