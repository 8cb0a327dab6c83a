/* weight (x - mean) / sqrt(variance + eps) + bias, for each channel. */
static void batch_norm(const float *x, float *y, const float *weight, const float *bias,
                       const float *mean, const float *variance, float eps,
                       int channels, int pixels)
{
    for (int c = 0; c < channels; c++) {
        const float scale = weight[c] / sqrtf(variance[c] + eps);
        for (int i = 0; i < pixels; i++)
            *y++ = (*x++ - mean[c]) * scale + bias[c];
    }
}
