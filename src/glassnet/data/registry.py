"""The data sets by name, and what is known of each without reading it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from glassnet.arrays import Shape
from glassnet.data.fetch import cache_dir, given_dir, present
from glassnet.data.parts import DataSplits
from glassnet.data.remote import FILES
from glassnet.data.sources import arrays, generated, images, public, tables
from glassnet.errors import ConfigError
from glassnet.words import nearest


@dataclass(frozen=True)
class Source:
    """A data set that can be loaded by name.

    Attributes
    ----------
    read : callable
        Returns its unscaled parts; its parameters are the options of the data set.
    description, samples, licence : str
        For a list of the data sets.
    sample_shape : tuple of int or None
        The shape of one sample, where it is known beforehand.
    classes : int or None
        The number of classes, likewise.
    valid, test : float or int
        What is held out by default where the parts do not come divided.
    """

    read: Callable[..., DataSplits]
    description: str
    samples: str = "yours"
    sample_shape: Shape | None = None
    classes: int | None = None
    licence: str = "yours"
    valid: float = 0.15
    test: float = 0.2


def _made(read: Callable[..., DataSplits], description: str, classes: int) -> Source:
    return Source(read, description, "as many as asked for", (2,), classes, "none")


SOURCES: dict[str, Source] = {
    "digits": Source(
        public.digits, "handwritten digits", "1,797", (1, 8, 8), 10, "CC BY 4.0 (UCI)"
    ),
    "mnist": Source(
        public.mnist, "handwritten digits", "60,000 + 10,000 test", (1, 28, 28), 10,
        "CC BY-SA 3.0", valid=10_000,
    ),
    "fashion-mnist": Source(
        public.fashion_mnist, "pictures of clothes", "60,000 + 10,000 test", (1, 28, 28), 10,
        "MIT", valid=10_000,
    ),
    "kmnist": Source(
        public.kmnist, "cursive Japanese characters", "60,000 + 10,000 test", (1, 28, 28), 10,
        "CC BY-SA 4.0", valid=10_000,
    ),
    "kmnist-10k": Source(
        public.kmnist_10k, "the 10,000 test images of KMNIST alone, to be divided anew", "10,000",
        (1, 28, 28), 10, "CC BY-SA 4.0", test=2_000,
    ),
    "digits16": Source(
        public.digits16, "USPS digits", "5,000 + 5,000 validation + 1,000 test", (1, 16, 16), 10,
        "not stated",
    ),
    "moons": _made(generated.moons, "two half circles", 2),
    "circles": _made(generated.circles, "a circle around another", 2),
    "blobs": _made(generated.blobs, "normal clouds", 3),
    "spirals": _made(generated.spirals, "arms winding round the origin", 3),
    "csv": Source(tables.csv, "a table of numbers in a CSV file"),
    "npz": Source(arrays.npz, "arrays x and y in a NumPy .npz file"),
    "idx": Source(arrays.idx, "samples and labels in two IDX files"),
    "images": Source(images.images, "a folder of PNG or JPEG files, a sub-folder for each class"),
}  # fmt: skip


def names() -> tuple[str, ...]:
    """Return the names that `load` knows."""
    return tuple(SOURCES)


def source_of(name: str) -> Source:
    """Return the source called `name`.

    Raises
    ------
    ConfigError
        If there is none; the message has the nearest name.
    """
    if name not in SOURCES:
        raise ConfigError(
            f"there is no data set {name!r}{nearest(str(name), SOURCES)}; "
            f"there are {', '.join(SOURCES)}"
        )
    return SOURCES[name]


def options_of(name: str) -> tuple[str, ...]:
    """Return the options that the data set `name` has of its own.

    Examples
    --------
    >>> options_of("moons")
    ('samples', 'noise', 'seed')
    """
    return tuple(
        key for key in inspect.signature(source_of(name).read).parameters if key != "data_dir"
    )


def defaults_of(name: str) -> dict[str, Any]:
    """Return the options of the data set `name` that have a default, with it.

    Examples
    --------
    >>> defaults_of("moons")
    {'samples': 1000, 'noise': 0.2, 'seed': 0}
    """
    parameters = inspect.signature(source_of(name).read).parameters
    return {
        key: parameters[key].default
        for key in options_of(name)
        if parameters[key].default not in (inspect.Parameter.empty, None)
    }


def path_options_of(name: str) -> tuple[str, ...]:
    """Return those options of the data set `name` that are paths of files or folders.

    Examples
    --------
    >>> path_options_of("csv")
    ('path', 'test_path')
    """
    parameters = inspect.signature(source_of(name).read).parameters
    return tuple(key for key in options_of(name) if Path in get_args(parameters[key].annotation))


def describe(name: str, data_dir: str | Path | None = None) -> dict[str, Any]:
    """Return what is known of a data set without reading it, for a list.

    Returns
    -------
    dict
        `name`, `description`, `samples`, `sample_shape`, `classes`, `licence`, `options` and
        `where`: in which directory it is, or where it would come from.

    Examples
    --------
    >>> describe("moons")["where"]
    'made on the spot'
    """
    source = source_of(name)
    fields = ("description", "samples", "sample_shape", "classes", "licence")
    return {
        "name": name,
        **{field: getattr(source, field) for field in fields},
        "options": options_of(name),
        "where": _where(name, data_dir),
    }


def _where(name: str, data_dir: str | Path | None) -> str:
    if name not in FILES:
        own = "bundled with scikit-learn" if name == "digits" else "files of yours"
        return "made on the spot" if SOURCES[name].licence == "none" else own
    given = given_dir(data_dir)
    directory = given or cache_dir()
    missing = [file.path for file in FILES[name] if present(file, directory) is None]
    if not missing:
        return f"in {directory}"
    if given:
        return f"{directory} lacks {', '.join(missing)}"
    return f"fetched from {FILES[name][0].urls[0].split('/')[2]}"
