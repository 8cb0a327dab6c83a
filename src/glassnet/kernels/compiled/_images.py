"""Images as the convolutions want them."""

from glassnet.arrays import Array
from glassnet.kernels.compiled._arrays import batch_innermost, flat, vector
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._plans import Layout


def prepared(x: Array, layout: Layout) -> Array:
    """Return images of axes (N, C, H, W) as a vector (C, H, split, columns, N), with borders.

    Not a copy if they lie so already.
    """
    (left, right), split, row = layout
    if split == 1 and not (left or right):
        return batch_innermost(x)
    source, steps = as_vector(x)
    samples, channels, height, width = x.shape
    image = vector(channels * height * row, x.dtype)
    _prepare(
        2 * image.size, source, samples, channels * height, width, *steps, height, image,
        row // samples, split, left,
    )  # fmt: skip
    return image


def as_vector(x: Array) -> tuple[Array, list[int]]:
    """Return images as a vector, and the steps along their four axes, counted in numbers."""
    samples, channels, height, width = x.shape
    if x.flags.c_contiguous:
        return flat(x), [channels * height * width, height * width, width, 1]
    steps = [1, height * width * samples, width * samples, samples]
    return flat(x.transpose(1, 2, 3, 0)), steps


@Loop
def _prepare(
    source: Array,
    samples: int,
    rows: int,
    width: int,
    sn: int,
    sc: int,
    sh: int,
    sw: int,
    height: int,
    image: Array,
    columns: int,
    split: int,
    left: int,
) -> None:
    """Copy row by row; where the batch is not innermost, some samples at a time."""
    some = samples if sn == 1 else 16
    group = columns // split
    for turn in prange(rows):
        start, target = turn // height * sc + turn % height * sh, turn * columns * samples
        for n in range(0, samples, some):
            end = min(n + some, samples)
            for place in range(columns):
                w = place % group * split + place // group - left
                to = target + place * samples
                if w < 0 or w >= width:
                    for m in range(n, end):
                        image[to + m] = 0
                else:
                    for m in range(n, end):
                        image[to + m] = source[start + w * sw + m * sn]
