/* tanh x */
static void hyperbolic_tangent(const float *x, float *y, int size)
{
    for (int i = 0; i < size; i++)
        y[i] = tanhf(x[i]);
}
