"""Pictures: a single one, and a folder with one sub-folder per class."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glassnet.arrays import Array, as_pair
from glassnet.data.dataset import Dataset
from glassnet.data.parts import DataSplits
from glassnet.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

LEFT_BY_WINDOWS = ("thumbs.db", "desktop.ini")
"""Files that a file manager puts among pictures; passed over like hidden ones."""
SMALLEST_SIDE = 4
LARGEST_AREA = 50_000_000
"""Pixels; a small file can claim far more, and would fill the memory when unpacked."""
LARGEST_FILE = 250_000_000
"""Bytes; no picture of so many pixels has more."""


def read_image(
    path: str | Path, size: int | tuple[int, int] | None = None, color: bool = False
) -> Array:
    """Return the picture in a PNG or JPEG file.

    Transparent parts show a white ground; a photograph is turned as its camera was.

    Parameters
    ----------
    path : path
        The file.
    size : int or (height, width), optional
        What to resize to, without regard for proportions; by default as it is.
    color : bool
        Three channels (RGB) instead of one of grey.

    Returns
    -------
    array, shape (C, H, W), uint8

    Raises
    ------
    DataError
        If the file is missing, not PNG or JPEG, damaged, tiny or giant.
    """
    from PIL import Image, ImageOps

    pair = None if size is None else as_pair(size, "size", minimum=SMALLEST_SIDE)
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow warns of is refused below
            opened = Image.open(io.BytesIO(_content(path)), formats=("PNG", "JPEG"))
        with opened:
            _check_extent(path, opened.size)  # known from the header, before any pixel is read
            picture = _flat(ImageOps.exif_transpose(opened), "RGB" if color else "L")
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except DataError:
        raise
    # A damaged picture raises OSError, SyntaxError, ValueError, … depending on the byte.
    except Exception as error:
        reason = ": it is giant" if isinstance(error, Image.DecompressionBombError) else ""
        raise DataError(
            f"{path}: is not a PNG or JPEG picture that can be read{reason}; "
            "replace it or take it away"
        ) from error
    if pair is not None and picture.size != pair[::-1]:
        picture = picture.resize(pair[::-1], Image.Resampling.LANCZOS)
    pixels = np.asarray(picture, np.uint8)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) if color else pixels[None].copy()


def images(
    path: str | Path,
    size: int | tuple[int, int] | None = None,
    color: bool = False,
    test_path: str | Path | None = None,
) -> DataSplits:
    """Read the pictures in a folder with one sub-folder per class; the classes are sorted by name.

    Pictures of several sizes need `size`, which they are then resized to. Hidden files are
    passed over; a file that is no picture is refused.
    """
    names = _class_names(Path(path))
    train = _folder(Path(path), names, size, color)
    if test_path is None:
        return DataSplits(train)
    if (others := _class_names(Path(test_path))) != names:
        raise DataError(
            f"{test_path}: its sub-folders {', '.join(others)} are not those of {path}: "
            f"{', '.join(names)}; the classes must be the same"
        )
    return DataSplits(train, test=_folder(Path(test_path), names, size, color))


def _class_names(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder")
    names = tuple(sorted(entry.name for entry in _visible(folder) if entry.is_dir()))
    if len(names) < 2:
        raise DataError(
            f"{folder}: has {len(names)} sub-folders; put the pictures of each class into a "
            "sub-folder of their own, at least two of them"
        )
    return names


def _folder(
    folder: Path, names: tuple[str, ...], size: int | tuple[int, int] | None, color: bool
) -> Dataset:
    pictures: list[Array] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        files = sorted(_visible(folder / name))
        if not files:
            raise DataError(f"{folder / name}: is empty; put its pictures there or take it away")
        for file in files:
            picture = read_image(file, size, color)
            if pictures and picture.shape != pictures[0].shape:
                height, width = picture.shape[1:]
                raise DataError(
                    f"{file}: is {width} x {height} pixels, others before it are "
                    f"{pictures[0].shape[2]} x {pictures[0].shape[1]}; give a size to resize to"
                )
            pictures.append(picture)
            labels.append(label)
    return Dataset(np.stack(pictures), np.array(labels), name=folder.name, class_names=names)


def _visible(folder: Path) -> list[Path]:
    return [
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name.lower() not in LEFT_BY_WINDOWS
    ]


def _content(path: Path) -> bytes:
    """Return the bytes of a file; Pillow would ask for as much memory as a chunk claims to need."""
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise DataError(f"{path}: has more than {LARGEST_FILE:,} bytes; make the picture smaller")
    return content


def _check_extent(path: Path, extent: tuple[int, int]) -> None:
    width, height = extent
    if min(extent) < SMALLEST_SIDE or width * height > LARGEST_AREA:
        raise DataError(
            f"{path}: is a picture of {width} x {height} pixels; each side must be at least "
            f"{SMALLEST_SIDE}, and both together at most {LARGEST_AREA:,} pixels"
        )


def _flat(picture: "Image", mode: str) -> "Image":
    """Return the picture as bytes of `mode`, on white where it is transparent."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip to 8
        high = np.asarray(picture).astype(np.uint32) >> 8
        picture = Image.fromarray(np.minimum(high, 255).astype(np.uint8))
    if picture.has_transparency_data:
        colored = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), colored)
    return picture.convert(mode)
