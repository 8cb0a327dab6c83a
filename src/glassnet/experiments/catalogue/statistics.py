"""What several seeds say together, and what that says of a published number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from glassnet.training.history import is_better

MARGIN = 0.005
"""How far outside our interval a published figure may lie and still count as reproduced."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % confidence interval, mean ± half_width.

    Parameters
    ----------
    mean, half_width : float
        The latter is NaN for a single seed, which says nothing of the spread.
    seeds : int
    """

    mean: float
    half_width: float
    seeds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """Return mean and Student's interval, ± t(.975, n − 1) · s / √n (Student, 1908).

        Examples
        --------
        >>> found = Estimate.of([0.95, 0.96, 0.97])
        >>> round(found.mean, 3), round(found.half_width, 4)
        (0.96, 0.0248)
        """
        from scipy.stats import t

        n = len(values)
        mean = math.fsum(values) / n
        if n == 1:
            return cls(mean, math.nan, 1)
        deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
        return cls(mean, float(t.ppf(0.975, n - 1)) * deviation / math.sqrt(n), n)

    def __str__(self) -> str:
        """Return the mean with its interval.

        Examples
        --------
        >>> print(Estimate(0.95714, 0.0012, 5), Estimate(0.95714, math.nan, 1), sep=", ")
        0.9571 ± 0.0012, 0.9571
        """
        form = ".4f" if 1e-3 <= abs(self.mean) < 1e4 else ".3g"
        if math.isnan(self.half_width):
            return format(self.mean, form)
        return f"{self.mean:{form}} ± {self.half_width:{form}}"


class Verdict(StrEnum):
    """What becomes of a published figure."""

    REPRODUCED = "reproduced"
    BETTER = "better"
    WORSE = "worse"
    NOT_COMPARABLE = "not comparable"
    NOT_RUN = "not run"


ORDER = (
    Verdict.WORSE,
    Verdict.NOT_RUN,
    Verdict.NOT_COMPARABLE,
    Verdict.REPRODUCED,
    Verdict.BETTER,
)
"""Of several verdicts the first of these counts for the whole."""


def verdict(
    figure: str,
    published: float,
    ours: Estimate | None,
    *,
    margin: float = MARGIN,
    trap: str = "",
) -> Verdict:
    """Return what becomes of a published figure.

    Parameters
    ----------
    figure : str
        Its name, which says whether more or less is better.
    published : float
    ours : Estimate, optional
        None where nothing could be run.
    margin : float
        What our interval is widened by on both sides. A single seed has no interval but this.
    trap : str
        Why the figure cannot be compared, if so.

    Examples
    --------
    >>> ours = Estimate(0.957, 0.002, 5)
    >>> [str(verdict("test_accuracy", value, ours)) for value in (0.951, 0.93, 0.98)]
    ['reproduced', 'better', 'worse']
    """
    if ours is None:
        return Verdict.NOT_RUN
    if trap:
        return Verdict.NOT_COMPARABLE
    if not math.isfinite(ours.mean):
        return Verdict.WORSE
    half_width = 0.0 if math.isnan(ours.half_width) else ours.half_width
    # Figures are printed with few decimals: what lies on the border is inside.
    if abs(published - ours.mean) <= (half_width + margin) * (1 + 1e-9):
        return Verdict.REPRODUCED
    return Verdict.BETTER if is_better(figure, ours.mean, published) else Verdict.WORSE


def overall(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict on several figures together: the least favourable one.

    Examples
    --------
    >>> str(overall([Verdict.BETTER, Verdict.REPRODUCED]))
    'reproduced'
    """
    return min(verdicts, key=ORDER.index, default=None)
