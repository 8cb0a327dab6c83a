"""What the mean over several seeds says of a published number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from glassnet.experiments.intervals import Estimate
from glassnet.training.history import is_better

MARGIN = 0.005
"""How far outside our interval a published figure may lie and still count as reproduced."""


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
    >>> ours = Estimate(0.957, low=0.955, high=0.959, count=5)
    >>> [str(verdict("test_accuracy", value, ours)) for value in (0.951, 0.93, 0.98)]
    ['reproduced', 'better', 'worse']
    """
    if ours is None:
        return Verdict.NOT_RUN
    if trap:
        return Verdict.NOT_COMPARABLE
    if not math.isfinite(ours.value):
        return Verdict.WORSE
    half_width = 0.0 if math.isnan(ours.half_width) else ours.half_width
    # Figures are printed with few decimals: what lies on the border is inside.
    if abs(published - ours.value) <= (half_width + margin) * (1 + 1e-9):
        return Verdict.REPRODUCED
    return Verdict.BETTER if is_better(figure, ours.value, published) else Verdict.WORSE


def overall(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict on several figures together: the least favourable one.

    Examples
    --------
    >>> str(overall([Verdict.BETTER, Verdict.REPRODUCED]))
    'reproduced'
    """
    return min(verdicts, key=ORDER.index, default=None)
