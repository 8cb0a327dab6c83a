/* exp(x_k) / sum_j exp(x_j) over the channels of each pixel. */
static void softmax(const float *x, float *y, int channels, int pixels)
{
    for (int i = 0; i < pixels; i++) {
        float largest = x[i], sum = 0.0f;
        for (int c = 1; c < channels; c++)
            largest = fmaxf(largest, x[(long)c * pixels + i]);
        for (int c = 0; c < channels; c++)
            sum += y[(long)c * pixels + i] = expf(x[(long)c * pixels + i] - largest);
        for (int c = 0; c < channels; c++)
            y[(long)c * pixels + i] /= sum;
    }
}
