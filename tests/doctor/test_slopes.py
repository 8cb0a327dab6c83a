"""Slopes know how wrong they are."""

import numpy as np
import pytest

from glassnet.doctor.slopes import fine_slope, slope

ONE = np.ones(1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(
    ("f", "df"),
    [
        (np.exp, 1.0),
        (lambda t: np.sin(5 * t) + 3, 5.0),
        (lambda t: 2 * t + 7, 2.0),
        (lambda t: np.tanh(30 * t), 30.0),
        (lambda t: t**3, 0.0),
    ],
)
def test_error_bounds_the_error_of_smooth_functions(f, df, scale) -> None:  # type: ignore[no-untyped-def]
    for method in (slope, fine_slope):
        found = method(lambda t: np.array([scale * f(t)]), ONE)
        assert abs(found.value - scale * df) <= 20 * found.error + 1e-15 * scale * df
        assert found.error < 1e-6 * scale * max(abs(df), 1)


@pytest.mark.parametrize("kink", [0.0, 3e-7, -2e-5, 1e-3, 0.04])
def test_kinks_do_not_deceive(kink: float) -> None:
    right = 1.0 if kink < 0 else 0.0
    for method in (slope, fine_slope):
        found = method(lambda t: np.array([max(t - kink, 0.0)]), ONE)
        if kink == 0:
            assert found.error > 0.1
        else:
            assert abs(found.value - right) <= 20 * found.error + 1e-9


def test_noise_is_measured() -> None:
    def cancelling(t: float) -> np.ndarray:
        return np.array([(1e9 + np.sin(1 + t)) - 1e9])  # seven digits are lost inside

    found = slope(cancelling, ONE)
    assert found.error > 1e-9
    assert abs(found.value - np.cos(1)) < 20 * found.error


def test_not_finite_is_not_believed() -> None:
    assert slope(lambda t: np.array([np.nan]), ONE).error == np.inf
