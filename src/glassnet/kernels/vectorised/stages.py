"""The convolutions of a network in one call (NumPy)."""

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS, WITH_SLOPE
from glassnet.kernels.stage import stages_of
from glassnet.kernels.vectorised import activation
from glassnet.kernels.vectorised.conv import conv2d_forward
from glassnet.kernels.vectorised.pool import avg_pool2d_forward, max_pool2d_infer

__all__ = ["conv_stages_forward"]


def conv_stages_forward(x: Array, stages: Array, slopes: Array, value: Array) -> Array:
    """Return what comes out of the last stage.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    stages : ndarray of int64, shape (S, 18)
        Each row a `Stage`.
    slopes : ndarray of float64, shape (S,)
        The negative slope of a leaky ReLU, the α of an ELU.
    value : ndarray, shape (P,)
        The parameters.

    Returns
    -------
    ndarray, shape (N, O, Ho, Wo)
    """
    for stage, slope in zip(stages_of(stages), slopes.tolist(), strict=True):
        x = conv2d_forward(x, *stage.parameters(value), stage.stride, stage.padding)
        name = ACTIVATIONS[stage.activation]
        if name != "identity":
            more = (slope,) if name in WITH_SLOPE else ()
            x = getattr(activation, f"{name}_forward")(x, *more)
        if POOLINGS[stage.pooling] == "largest":
            x = max_pool2d_infer(x, stage.window, stage.step, stage.border)
        elif POOLINGS[stage.pooling] == "mean":
            x = avg_pool2d_forward(x, stage.window, stage.step, stage.border)
    return x
