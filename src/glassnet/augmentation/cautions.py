"""Where an augmentation may make a label wrong.

No program knows what a picture shows, so the rules are plain and say what they rest on: a turn by
more than 45 degrees, after which an image is nearer to lying than to standing, and a mirror image
are named whatever the data; ink that leaves the frame and a ground of the wrong value are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from glassnet.arrays import Array
from glassnet.augmentation.base import Transform, checked_amount
from glassnet.augmentation.compose import Compose
from glassnet.augmentation.geometry import Flip, Geometric, Rotate, moved
from glassnet.data import Dataset

LARGEST_TURN = 45.0
PROBES, REFERENCES = 1000, 4000
"""Images that are tried, and those among which the nearest one is looked for."""
NOTABLE = 0.1
"""Part of two classes that must each have come nearest to the other one, to be named."""
LOST, OFTEN = 0.1, 0.01
"""Part of an image's ink that leaves the frame, and in what part of images that is said."""


def cautions(
    augment: Transform | Sequence[Transform], dataset: Dataset, rng: np.random.Generator
) -> list[str]:
    """Return, in sentences, where augmented images may no longer be what their labels say.

    Parameters
    ----------
    augment : Augmentation, or list of them
    dataset : Dataset
        Labelled images; of other data nothing is said.
    rng : numpy.random.Generator

    Examples
    --------
    >>> data = gn.data.load("digits").train
    >>> gn.augmentation.cautions(gn.augmentation.Rotate(10), data, np.random.default_rng(0))
    []
    """
    if dataset.raw.ndim != 4 or dataset.classes is None:
        return []
    steps = Compose(augment if isinstance(augment, Sequence) else [augment]).steps
    moving = [step for step in steps if isinstance(step, Geometric)]
    if not moving:
        return []
    chosen = rng.permutation(len(dataset))
    probes = dataset.take(chosen[:PROBES])
    found = _turned(moving, dataset.take(chosen[:REFERENCES]), probes, rng)
    ground, share = _ground(probes.raw)
    if share > 0.5 and ground != moving[0].fill:
        found.append(
            f"most pixels at the edges of the images are {ground:g}, but what comes in from "
            f"outside is filled with {moving[0].fill:g}; set fill = {ground:g} unless that is meant"
        )
    elif share > 0.5:
        found += _cropped(moving, probes.raw, rng)
    return found


def _turned(
    moving: list[Geometric], references: Dataset, probes: Dataset, rng: np.random.Generator
) -> list[str]:
    turn = max((_largest_turn(step) for step in moving if isinstance(step, Rotate)), default=0.0)
    kinds = [f"turns by up to {turn:g}°"] if turn > LARGEST_TURN else []
    if any(isinstance(step, Flip) and step.probability > 0 for step in moving):
        kinds.append("mirror images")
    if not kinds:
        return []
    images = _together(moving, probes.raw, rng)
    return [
        f"{' and '.join(kinds)} may show another class, and the label stays"
        f"{_worst_pair(images, probes, references)}"
    ]


def _largest_turn(step: Rotate) -> float:
    """Return how far from upright the rotation goes, 180 being upside down."""
    angles = np.linspace(*checked_amount("Rotate", "degrees", step.degrees), 361)
    return float(np.abs((angles + 180) % 360 - 180).max())


def _worst_pair(images: Array, probes: Dataset, references: Dataset) -> str:
    """Return in words which two classes come nearest to each other, where that is notable.

    One class that comes near to another proves little: an image in a pose never seen before must be
    nearest to something. Two that change places, such as 6 and 9, are hardly chance.
    """
    classes = references.classes or 1
    before = _nearest_counts(probes.raw, probes.y, references, classes, itself=True)
    after = _nearest_counts(images, probes.y, references, classes, itself=False)
    sizes = np.bincount(probes.y, minlength=classes)
    gain = (after - before) / np.maximum(sizes, 1)[:, None]
    np.fill_diagonal(gain, 0)
    both = np.minimum(gain, gain.T)
    a, b = divmod(int(both.argmax()), classes)
    if both[a, b] < NOTABLE:
        return ""
    names = references.class_names or tuple(map(str, range(classes)))
    return (
        f": of {sizes[a]} images of {names[a]!r}, {after[a, b]} are then nearest to one of "
        f"{names[b]!r} ({before[a, b]} before), and {after[b, a]} of {sizes[b]} the other way"
    )


def _nearest_counts(
    images: Array, y: Array, references: Dataset, classes: int, *, itself: bool
) -> Array:
    """Count, for each class, the classes of the nearest references (rows: the own class).

    With `itself`, image i is reference i, and does not count as near to itself.
    """
    a = images.reshape(len(images), -1).astype(np.float32)
    b = references.raw.reshape(len(references), -1).astype(np.float32)
    distance = np.square(b).sum(axis=1) - 2 * (a @ b.T)  # but for |a|², the same for all b
    if itself:
        np.fill_diagonal(distance, np.inf)
    pairs = y * classes + references.y[distance.argmin(axis=1)]
    counts: Array = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return counts


def _cropped(moving: list[Geometric], images: Array, rng: np.random.Generator) -> list[str]:
    """Say how often a notable part of the ink leaves the frame: moved on a larger ground."""
    height, width = images.shape[2:]
    margin = ((0, 0), (0, 0), (height, height), (width, width))
    wide = _together(moving, np.pad(images, margin, constant_values=moving[0].fill), rng)
    ink = np.abs(wide.astype(np.float64) - moving[0].fill)
    kept = ink[..., height:-height, width:-width].sum(axis=(1, 2, 3))
    lost = 1 - kept / np.maximum(ink.sum(axis=(1, 2, 3)), 1e-9)
    many = int((lost > LOST).sum())
    if many <= OFTEN * len(images):
        return []
    return [
        f"in {many} of {len(images)} images more than a tenth of the ink leaves the frame; "
        "what is left may be of another class, or of none"
    ]


def _ground(images: Array) -> tuple[float, float]:
    """Return the commonest value at the edges of the images, and its share."""
    edges = (images[:, :, 0], images[:, :, -1], images[..., 0], images[..., -1])
    values, counts = np.unique(np.concatenate([e.ravel() for e in edges]), return_counts=True)
    return float(values[counts.argmax()]), float(counts.max() / counts.sum())


def _together(moving: list[Geometric], images: Array, rng: np.random.Generator) -> Array:
    """Move images by all steps, on the ground of the first."""
    return moved(images, [replace(step, fill=moving[0].fill) for step in moving], rng)
