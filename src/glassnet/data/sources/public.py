"""The published data sets: MNIST and its kin, digits16, and scikit-learn's bundled digits."""

from pathlib import Path

import numpy as np

from glassnet.arrays import Array
from glassnet.data.dataset import Dataset
from glassnet.data.download import is_whole
from glassnet.data.fetch import locate
from glassnet.data.parts import DataSplits
from glassnet.data.remote import FILES
from glassnet.data.sources.arrays import read_pair
from glassnet.errors import DataError

DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


def digits() -> DataSplits:
    """Read the handwritten digits bundled with scikit-learn: (1797, 1, 8, 8), values 0 to 16."""
    from sklearn.datasets import load_digits

    bundled = load_digits()
    images = bundled.images.astype(np.uint8)[:, None]
    return DataSplits(Dataset(images, bundled.target, name="digits", class_names=DIGITS))


def mnist(data_dir: str | Path | None = None) -> DataSplits:
    """Read MNIST: handwritten digits."""
    return _official("mnist", DIGITS, data_dir)


def fashion_mnist(data_dir: str | Path | None = None) -> DataSplits:
    """Read Fashion-MNIST: pictures of clothes."""
    return _official("fashion-mnist", CLOTHES, data_dir)


def kmnist(data_dir: str | Path | None = None) -> DataSplits:
    """Read Kuzushiji-MNIST: cursive Japanese characters."""
    return _official("kmnist", KANA, data_dir)


def kmnist_10k(data_dir: str | Path | None = None) -> DataSplits:
    """Read the test images of Kuzushiji-MNIST as one part, for where the training ones lack."""
    images, labels = locate(FILES["kmnist-10k"], data_dir)
    return DataSplits(read_pair(images, labels, "kmnist-10k", KANA))


def _official(name: str, class_names: tuple[str, ...], data_dir: str | Path | None) -> DataSplits:
    train_x, train_y, test_x, test_y = locate(FILES[name], data_dir)
    train = read_pair(train_x, train_y, name, class_names)
    return DataSplits(train, test=read_pair(test_x, test_y, name, class_names))


def digits16(data_dir: str | Path | None = None) -> DataSplits:
    """Read a preparation of the USPS digits, divided into three parts.

    SciPy's reader of MATLAB files ends the whole process at some damaged bytes, so nothing but the
    published file, told by its checksum, is given to it.
    """
    from scipy.io import loadmat

    (file,) = FILES["digits16"]
    (path,) = locate((file,), data_dir)
    if not is_whole(file, path):
        raise DataError(
            f"{path}: is not the published digits.mat, or damaged: its checksum is another; take "
            f"it away, and bring it again from {file.urls[0]}"
        )
    try:
        stored = loadmat(path)
    # SciPy's reader of MATLAB files raises whatever a damaged byte leads it to.
    except Exception as error:
        raise DataError(
            f"{path}: is not a readable MATLAB file ({error}); bring it again"
        ) from error
    train, valid, test = (_digits16_part(stored, part, path) for part in ("", "valid", "test"))
    return DataSplits(train, valid, test)


def _digits16_part(stored: dict[str, Array], part: str, path: Path) -> Dataset:
    pixels, labels = stored.get(f"X{part}"), stored.get(f"y{part}")
    if pixels is None or labels is None or pixels.ndim != 2 or pixels.shape[1] != 256:
        raise DataError(
            f"{path}: has no X{part} (N x 256) and y{part} (N x 1); bring the published digits.mat"
        )
    # Stored column by column, so the transpose of each image stands upright.
    images = pixels.reshape(-1, 1, 16, 16).transpose(0, 1, 3, 2)
    y = labels.ravel().astype(np.int64)
    return Dataset(
        np.ascontiguousarray(images), np.where(y == 10, 0, y), name="digits16", class_names=DIGITS
    )
