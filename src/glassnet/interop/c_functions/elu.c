/* x for x > 0, else alpha (exp(x) - 1). */
static void elu(const float *x, float *y, float alpha, int size)
{
    for (int i = 0; i < size; i++)
        y[i] = x[i] > 0.0f ? x[i] : alpha * expm1f(x[i]);
}
