"""The pictures of a run, ready to stand in a page."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.experiments import RunRecord
from glassnet.layers import Layer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PICTURES = 40
MOST_CLASSES = 1000
MOST_BYTES = 8 << 20
MOST_PIXELS = 40_000_000
SHARPNESS = 150 / 96
"""Pixels of a picture for one of the page: it was made with 150 to the inch."""

CAPTIONS = {
    "confusion": "Confusion matrix: rows are the true classes, columns the predicted ones.",
    "mistakes": "The worst mistakes: those whose true class seemed least likely.",
    "boundary": "Decision regions: the darker, the surer the model.",
    "regression": "Predicted against true values.",
    "weights": "Weights of the first layer's units, in the shape of a sample.",
    "kernels": "Kernels of a convolution: blue is negative, red positive.",
    "features": "Feature maps: what each layer makes of one sample.",
    "matrices": "Weight matrices of the linear layers.",
    "layers-weight": "Weights over the training: histogram, mean, deviation, extremes.",
    "layers-bias": "Biases over the training: histogram, mean, deviation, extremes.",
    "layers-gradient": "Gradients at the end of each epoch: histogram, mean, deviation, extremes.",
    "layers-activation": "Activations over the training: histogram, mean, deviation, extremes.",
    "layers-health": "Gradient norms of the layers, and the share of dead units.",
}
"""By the picture's name, or its beginning; in the order in which they are shown."""

INTERACTIVE = {"curves", "steps"}
"""Pictures that the page draws itself."""


@dataclass(frozen=True)
class Picture:
    """A picture in a page."""

    name: str
    caption: str
    source: str
    width: int
    """In pixels of the page."""


def pictures_of(run: RunRecord, model: Layer | None, notes: list[str]) -> list[Picture]:
    """Return a run's pictures, from its folder, or drawn where that has none.

    What cannot be shown is left out, and `notes` says why.
    """
    contents: dict[str, bytes] = {}
    folder = run.path / "figures"
    files = sorted(folder.glob("*.png")) if folder.is_dir() else []
    for file in files[: 2 * MOST_PICTURES]:
        if file.stem not in INTERACTIVE:
            try:
                contents[file.stem] = _png(file)
            except (OSError, ValueError) as error:
                notes.append(f"{file.name} is left out: {error}")
    if not files:
        from glassnet.pictures.style import png

        contents = {name: png(figure) for name, figure in _drawn(run, model)}
    ordered = sorted(contents, key=_place)
    if len(ordered) > MOST_PICTURES:
        notes.append(f"{MOST_PICTURES} of {len(ordered)} pictures are shown")
    return [_picture(name, contents[name]) for name in ordered[:MOST_PICTURES]]


def _png(file: Path) -> bytes:
    """Return the bytes of a PNG file, if it is one of a picture's size."""
    from PIL import Image, UnidentifiedImageError

    if not file.is_file():
        raise ValueError("it is no file")
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"it has {image.width}×{image.height} pixels")
            image.verify()
    except (UnidentifiedImageError, SyntaxError, OSError, Image.DecompressionBombError):
        raise ValueError("it is no PNG picture") from None
    return content


def _drawn(run: RunRecord, model: Layer | None) -> Iterator[tuple[str, Figure]]:
    """Yield the pictures for which a run's files suffice, without its data."""
    from glassnet.pictures import confusion_matrix_figure
    from glassnet.pictures.run import model_figures

    said = run.predictions()
    if said is not None and said.classes <= MOST_CLASSES:
        yield "confusion", confusion_matrix_figure(said.confusion, run.data.class_names, "test")
    if model is not None:
        figures = model_figures(model, tuple(run.data.sample_shape), run.layers())
        yield from ((name, figure) for name, figure in figures.items() if figure is not None)


def _picture(name: str, content: bytes) -> Picture:
    width = int.from_bytes(content[16:20])  # where every PNG file has it
    caption = next((text for key, text in CAPTIONS.items() if _is(name, key)), name)
    source = f"data:image/png;base64,{b64encode(content).decode()}"
    return Picture(name, caption, source, max(1, round(width / SHARPNESS)))


def _place(name: str) -> tuple[int, list[str | int]]:
    """Order pictures as their captions are, and those of layers by the layers' numbers."""
    known = (i for i, key in enumerate(CAPTIONS) if _is(name, key))
    numbers = [int(part) if part.isdecimal() else part for part in re.split(r"(\d{1,9})", name)]
    return next(known, len(CAPTIONS)), numbers


def _is(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}-")
