"""One seed, several named streams of random numbers.

Each use of chance draws from a stream of its own, so that, say, switching dropout on does not
change the initial weights or the order of the samples. The global generator is never touched.
"""

import numpy as np

STREAMS = ("init", "shuffle", "augment", "dropout", "split", "append", "folds")
"""The named streams; a new one goes at the end, so that the others keep their numbers."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of the stream `name` that belongs to `seed`.

    Examples
    --------
    >>> a, b = stream(0, "init"), stream(0, "init")
    >>> bool(a.random() == b.random())
    True
    >>> bool(stream(0, "init").random() == stream(0, "dropout").random())
    False
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name),)))
