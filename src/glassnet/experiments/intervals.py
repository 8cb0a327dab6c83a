"""Means and differences with their 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean, or a difference of means, and how sure it is.

    Attributes
    ----------
    value : float
    low, high : float
        The ends of the 95 % interval; NaN where there are too few figures for one.
    count : int
        How many figures, or pairs of them, it rests on.
    """

    value: float
    low: float
    high: float
    count: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval: value ± half_width."""
        return (self.high - self.low) / 2

    @property
    def of_one_more(self) -> tuple[float, float]:
        """Between what one more figure lies, with 95 %, if this is a mean: ± t · s · √(1 + 1/n).

        Examples
        --------
        >>> mean_of([0.95, 0.96, 0.97]).of_one_more
        (0.9103..., 1.0096...)
        """
        reach = self.half_width * math.sqrt(self.count + 1)
        return self.value - reach, self.value + reach

    def __str__(self) -> str:
        """Return the value with its interval, if it has one.

        Examples
        --------
        >>> print(mean_of([0.95, 0.96, 0.97]), mean_of([0.957]), sep=", ")
        0.9600 ± 0.0248, 0.9570
        """
        form = ".4f" if 1e-3 <= abs(self.value) < 1e4 else ".3g"
        if math.isnan(self.half_width):
            return format(self.value, form)
        return f"{self.value:{form}} ± {self.half_width:{form}}"

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


def mean_of(figures: Sequence[float]) -> Estimate:
    """Return the mean of some figures, with Student's interval: ± t · s / √n (Student, 1908).

    Examples
    --------
    >>> found = mean_of([1.0, 2.0, 3.0])
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (2.0, -0.484, 4.484)
    """
    values = np.asarray(figures, np.float64)
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return Estimate(mean, math.nan, math.nan, n)
    return _around(mean, float(values.std(ddof=1)) / math.sqrt(n), n - 1, n)


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Return the mean of second − first, pair by pair, with Student's interval.

    Examples
    --------
    >>> paired_difference([0.1, 0.5], [0.2, 0.6]).value.__round__(3)
    0.1
    """
    return mean_of([b - a for a, b in zip(first, second, strict=True)])


def unpaired_difference(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Return the difference of two means, second − first, with Welch's interval (1947)."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    difference, n = float(b.mean() - a.mean()), min(len(a), len(b))
    if n < 2:
        return Estimate(difference, math.nan, math.nan, n)
    parts = np.array([v.var(ddof=1) / len(v) for v in (a, b)])
    total = float(parts.sum())
    freedom = total**2 / float(sum(parts**2 / [len(a) - 1, len(b) - 1])) if total else n - 1.0
    return _around(difference, math.sqrt(total), freedom, n)


@dataclass(frozen=True)
class McNemar:
    """Two classifiers on the same samples.

    Attributes
    ----------
    only_first, only_second : int
        Samples that only the one, or only the other, classifies rightly.
    difference : Estimate
        Of the accuracies, second − first, with the interval for paired shares.
    p_value : float
        Of the exact test that either is as likely to be right where they disagree (McNemar, 1947).
    """

    only_first: int
    only_second: int
    difference: Estimate
    p_value: float


def mcnemar(first: Array, second: Array) -> McNemar:
    """Compare two classifiers by which of the same samples each got right.

    Parameters
    ----------
    first, second : ndarray of bool, shape (N,)

    Examples
    --------
    >>> found = mcnemar(np.array([1, 1, 0, 0], bool), np.array([1, 1, 1, 1], bool))
    >>> found.only_second, found.difference.value, found.p_value
    (2, 0.5, 0.5)
    """
    from scipy.stats import binomtest, norm

    n = len(first)
    b, c = int((first & ~second).sum()), int((~first & second).sum())
    difference = (c - b) / n
    # The variance of the mean of N numbers that are −1 (b times), 1 (c times) or 0.
    error = math.sqrt(max(b + c - (c - b) ** 2 / n, 0.0)) / n
    half = float(norm.ppf((1 + LEVEL) / 2)) * error
    p = float(binomtest(c, b + c).pvalue) if b + c else 1.0
    return McNemar(b, c, Estimate(difference, difference - half, difference + half, n), p)


def _around(value: float, error: float, freedom: float, count: int) -> Estimate:
    from scipy.stats import t

    half = float(t.ppf((1 + LEVEL) / 2, freedom)) * error
    return Estimate(value, value - half, value + half, count)
