"""Products of two values: a SiLU or a GELU, of which files often write the parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glassnet import layers as library
from glassnet.interop.from_onnx.steps import Affine, Erf, Step
from glassnet.interop.from_onnx.values import Value


def multiplied(a: Value, b: Value) -> Value:
    """Return the product of two values, where it is a SiLU or a GELU."""
    shared, left, right = a.fork(b)
    if len(left) > len(right):
        left, right = right, left
    x = replace(a, steps=shared, averaged=False)
    if not left and len(right) == 1 and isinstance(right[0], library.Sigmoid):
        return x.then(library.SiLU())
    factor = _factor_of_gelu(left, right)
    if factor is None:
        raise ValueError("multiplies two values, which only SiLU and GELU do")
    return x.then(library.GELU()).affine(factor, 0.0)


def _factor_of_gelu(left: tuple[Step, ...], right: tuple[Step, ...]) -> float | None:
    """Return f where left · right = f · GELU: c x · (k erf(x/√2) + k) = 2 c k x Φ(x)."""
    c = 1.0
    if len(left) == 1 and isinstance(left[0], Affine):
        if left[0].scale.size != 1 or np.any(left[0].offset):
            return None
        c = float(left[0].scale.item())
    elif left:
        return None
    if len(right) != 3 or not isinstance(right[1], Erf):
        return None
    inner, outer = right[0], right[2]
    if not (isinstance(inner, Affine) and isinstance(outer, Affine)):
        return None
    sizes = {number.size for part in (inner, outer) for number in (part.scale, part.offset)}
    if sizes != {1} or inner.offset.item() != 0:
        return None
    k = float(outer.scale.item())
    right_ones = np.isclose(inner.scale.item(), np.sqrt(0.5), rtol=1e-4) and np.isclose(
        outer.offset.item(), k
    )
    return 2 * c * k if right_ones else None
