"""What the figures of a training are filed under in TensorBoard."""

from __future__ import annotations

from glassnet.training import Record

PARTS = ("train", "valid", "test")


def tag_of(name: str) -> str:
    """Return what a column of the history is filed under.

    Examples
    --------
    >>> tag_of("valid_loss"), tag_of("lr")
    ('loss/valid', 'training/lr')
    """
    part, _, what = name.partition("_")
    return f"{what}/{part}" if part in PARTS and what else f"training/{name}"


def is_figure(name: str) -> bool:
    """Whether a name is that of a loss or metric of some part of the data."""
    return name.partition("_")[0] in PARTS


def charts(record: Record) -> dict[str, list[str]]:
    """Return, for each loss and metric of an epoch, the tags that belong into one chart.

    Examples
    --------
    >>> charts({"epoch": 1, "train_loss": 0.5, "valid_loss": 0.6})
    {'loss': ['loss/train', 'loss/valid', 'loss/test', 'evaluations/test_loss']}
    """
    names = dict.fromkeys(name.partition("_")[2] for name in record if is_figure(name))
    found = {}
    for name in names:
        parts = [f"{name}/{part}" for part in PARTS if part == "test" or f"{part}_{name}" in record]
        found[name] = [*parts, f"evaluations/test_{name}"]
    return found
