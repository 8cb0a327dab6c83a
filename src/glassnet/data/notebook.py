"""How data sets show themselves in notebooks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from glassnet.arrays import Array
from glassnet.markup import picture, table

if TYPE_CHECKING:
    from glassnet.data.dataset import Dataset
    from glassnet.data.parts import DataSplits

MOST_PICTURES = 10
MOST_CLASSES = 20


def dataset_html(data: Dataset) -> str:
    """Return size, shape, targets, the classes with their sizes, and some samples if images."""
    rows: list[tuple[object, object]] = [
        ("samples", f"{len(data):,}"),
        ("shape", _shape(data)),
        ("values", f"{data.raw.dtype}, {data.raw.min():.4g} to {data.raw.max():.4g}"),
        ("target", data.target_kind),
    ]
    if data.classes:
        counts = np.bincount(data.y, minlength=data.classes)
        shown = ", ".join(f"{_class(data, k)}: {n:,}" for k, n in enumerate(counts[:MOST_CLASSES]))
        rows.append(("classes", shown + (", …" if data.classes > MOST_CLASSES else "")))
    return table((data.name, ""), rows, left=2) + samples_html(data)


def splits_html(data: DataSplits) -> str:
    """Return a table of the parts, and some training samples that are images."""
    parts = {"training": data.train, "validation": data.valid, "test": data.test}
    rows = [
        (name, f"{len(part):,}", _shape(part), part.target_kind)
        for name, part in parts.items()
        if part is not None
    ]
    head = (data.name, "samples", "shape", "target")
    return table(head, rows) + samples_html(data.train)


def samples_html(data: Dataset) -> str:
    """Return a strip of samples with what they are, one of each class first; none but images."""
    if data.raw.ndim != 4 or data.sample_shape[0] not in (1, 3):
        return ""
    chosen = np.arange(min(len(data), MOST_PICTURES))
    if data.classes:
        _, first = np.unique(data.y, return_index=True)
        others = np.setdiff1d(chosen, first)
        chosen = np.concatenate([first, others])[:MOST_PICTURES]
    low, high = float(data.raw[chosen].min()), float(data.raw[chosen].max())
    return f"<div>{''.join(_sample(data, int(i), low, high) for i in chosen)}</div>"


def _sample(data: Dataset, index: int, low: float, high: float) -> str:
    from PIL import Image

    scaled = (data.raw[index].astype(np.float32) - low) * (255 / ((high - low) or 1.0))
    pixels: Array = np.round(scaled).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(
        content, format="PNG"
    )
    target = data.y[index]
    caption = _class(data, int(target)) if data.classes else f"{np.ravel(target)[0]:.4g}"
    return picture(content.getvalue(), caption)


def _class(data: Dataset, number: int) -> str:
    return data.class_names[number] if data.class_names else str(number)


def _shape(data: Dataset) -> str:
    return " × ".join(map(str, data.sample_shape)) or "one number"
