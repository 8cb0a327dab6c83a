"""Arrays from files: any IDX pair, and NumPy's own `.npz`."""

import math
import zipfile
from pathlib import Path

import numpy as np

from glassnet.arrays import Array
from glassnet.data.dataset import Dataset
from glassnet.data.idx import read_idx
from glassnet.data.parts import DataSplits
from glassnet.errors import ConfigError, DataError


def as_images(samples: Array) -> Array:
    """Give images without a channel axis, (N, H, W), one channel: (N, 1, H, W)."""
    return samples[:, None] if samples.ndim == 3 else samples


def read_pair(
    images: Path, labels: Path, name: str, class_names: tuple[str, ...] | None = None
) -> Dataset:
    """Return the data set in two IDX files, one of samples and one of labels.

    Raises
    ------
    DataError
        If one cannot be read, or the two differ in length.
    """
    x, y = read_idx(images), read_idx(labels)
    if y.ndim != 1:
        raise DataError(f"{labels}: labels must have one dimension, not shape {y.shape}")
    if len(x) != len(y):
        raise DataError(
            f"{labels}: has {len(y):,} labels for the {len(x):,} samples of {images}; "
            "bring files that belong together"
        )
    return Dataset(as_images(x), y, name=name, class_names=class_names)


def idx(
    images: str | Path,
    labels: str | Path,
    test_images: str | Path | None = None,
    test_labels: str | Path | None = None,
) -> DataSplits:
    """Read samples and labels from IDX files of the user's."""
    if (test_images is None) != (test_labels is None):
        raise ConfigError("test_images and test_labels belong together; give both or neither")
    name = Path(images).name
    train = read_pair(Path(images), Path(labels), name)
    if test_images is None or test_labels is None:
        return DataSplits(train)
    return DataSplits(train, test=read_pair(Path(test_images), Path(test_labels), name))


def npz(path: str | Path) -> DataSplits:
    """Read arrays from a `.npz` file: `x`, `y`, or `x_train`, `y_train` and `x_test`, `y_test`.

    `x_valid`, `y_valid` may be there too.
    """
    arrays = _open(Path(path))
    suffix = "_train" if "x_train" in arrays else ""
    parts = {}
    for part, ending in (("train", suffix), ("valid", "_valid"), ("test", "_test")):
        keys = (f"x{ending}", f"y{ending}")
        missing = [key for key in keys if key not in arrays]
        if part != "train" and len(missing) == 2:
            continue
        if missing:
            raise DataError(
                f"{path}: has no array {' and no array '.join(missing)}, only "
                f"{', '.join(arrays) or 'nothing'}; save it with numpy.savez(file, x=..., y=...)"
            )
        samples, targets = (arrays[key] for key in keys)
        if samples.ndim == 0 or targets.ndim == 0:
            raise DataError(f"{path}: {keys[0]} and {keys[1]} must be arrays, not single numbers")
        parts[part] = Dataset(as_images(samples), targets, name=Path(path).name)
    return DataSplits(parts["train"], parts.get("valid"), parts.get("test"))


_DEFLATE_LIMIT = 1032  # nothing compressed holds more than this many times its size


def _open(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if isinstance(stored, np.lib.npyio.NpzFile):
                if (archive := stored.zip) is not None:
                    for member in archive.infolist():
                        _check_promise(archive, member)
                return {key: stored[key] for key in stored.files}
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    # NumPy and zipfile raise whatever a damaged byte leads them to.
    except Exception as error:
        raise DataError(
            f"{path}: is not a readable .npz file of plain arrays ({error}); "
            "save it again with numpy.savez"
        ) from error
    raise DataError(f"{path}: holds a single array; save x and y with numpy.savez")


def _check_promise(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse a member that is no array, or whose header promises more values than it can hold.

    NumPy would return the one as bytes, and ask for the memory of the other beforehand.
    """
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    promised = math.prod(shape) * dtype.itemsize
    if promised > min(member.file_size, member.compress_size * _DEFLATE_LIMIT):
        raise ValueError(f"{member.filename} promises {promised:,} bytes, more than it can hold")
