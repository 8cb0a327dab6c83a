/* The largest value of each window; the padding is never the largest. */
static void max_pool2d(const float *x, float *y, int channels, int height, int width,
                       int kh, int kw, int down, int across, int top, int left)
{
    const int rows = (height + 2 * top - kh) / down + 1;
    const int columns = (width + 2 * left - kw) / across + 1;
    for (int c = 0; c < channels; c++, x += (long)height * width)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                float largest = -INFINITY;
                for (int p = 0; p < kh; p++)
                    for (int q = 0; q < kw; q++) {
                        const int row = i * down + p - top, column = j * across + q - left;
                        if (row >= 0 && row < height && column >= 0 && column < width)
                            largest = fmaxf(largest, x[(long)row * width + column]);
                    }
                *y++ = largest;
            }
}
