"""Mean and variance are functions of the input too."""

from __future__ import annotations

import numpy as np

from glassnet.doctor.case import Case, Verdict

AXES = ((0,), (1,), (0, 2, 3), (1, 2, 3), (2, 3), (0, 2), (1, 2), (-1,))
EPS = (1e-5, 0.0, 1e-8, 1e-6, 1e-3, 1e-12)


def terms_missing(case: Case) -> Verdict:
    """Predict: dx without the term of the mean, of the variance, or without both.

    With d for a dx that lacks them, the right one is d − mean(d) − x̂ · mean(d · x̂).
    """
    x = case.x
    if case.name != "input" or case.output.shape != x.shape:
        return None
    for axes in AXES:
        if max(axes) >= x.ndim:
            continue
        centred = x - x.mean(axis=axes, keepdims=True)
        variance = np.square(centred).mean(axis=axes, keepdims=True)
        for eps in EPS:
            normalized = centred / np.sqrt(variance + eps + 1e-300)
            d = case.gradient
            cure = d - d.mean(axis=axes, keepdims=True)
            cure = cure - normalized * (cure * normalized).mean(axis=axes, keepdims=True)
            if case.cured_by(cure):
                return (
                    "normalization-terms-missing",
                    f"mean or variance over axes {axes} are taken for constants",
                )
    return None
