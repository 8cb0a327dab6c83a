/* The cross-correlation of an image (channels, height, width) with kernels (O, C, kh, kw). */
static void conv2d(const float *x, float *y, const float *weight, const float *bias,
                   int channels, int height, int width, int outputs, int kh, int kw,
                   int down, int across, int top, int left)
{
    const int rows = (height + 2 * top - kh) / down + 1;
    const int columns = (width + 2 * left - kw) / across + 1;
    for (int o = 0; o < outputs; o++)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                float sum = bias ? bias[o] : 0.0f;
                for (int c = 0; c < channels; c++)
                    for (int p = 0; p < kh; p++)
                        for (int q = 0; q < kw; q++) {
                            const int row = i * down + p - top, column = j * across + q - left;
                            if (row >= 0 && row < height && column >= 0 && column < width)
                                sum += weight[(((long)o * channels + c) * kh + p) * kw + q]
                                       * x[((long)c * height + row) * width + column];
                        }
                *y++ = sum;
            }
}
