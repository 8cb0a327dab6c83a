/* The mean of each channel. */
static void global_avg_pool2d(const float *x, float *y, int channels, int pixels)
{
    for (int c = 0; c < channels; c++) {
        float sum = 0.0f;
        for (int i = 0; i < pixels; i++)
            sum += *x++;
        y[c] = sum / (float)pixels;
    }
}
