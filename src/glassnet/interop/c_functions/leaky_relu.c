/* x for x > 0, else slope x. */
static void leaky_relu(const float *x, float *y, float slope, int size)
{
    for (int i = 0; i < size; i++)
        y[i] = x[i] > 0.0f ? x[i] : slope * x[i];
}
