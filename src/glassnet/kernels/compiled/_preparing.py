"""The loop that copies images as the convolutions want them, with zeros around them."""

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._runs import clear_row, copy_row

TOGETHER = 16
"""Samples that are copied together where the batch is not innermost."""


@Loop
def prepare(
    source: Array,
    image: Array,
    samples: int,
    rows: int,
    width: int,
    sn: int,
    sc: int,
    sh: int,
    sw: int,
    height: int,
    columns: Array,
    left: int,
) -> None:
    """Copy row by row: columns, of some samples, or whole rows that begin after `left` columns."""
    row = len(columns) * samples
    some = samples if sn == 1 else TOGETHER
    for turn in prange(rows):
        start, target = turn // height * sc + turn % height * sh, turn * row
        if sw == samples and left >= 0:
            before, inside = left * samples, width * samples
            clear_row(image, target, before)
            copy_row(source, start, image, target + before, inside)
            clear_row(image, target + before + inside, row - before - inside)
        elif samples == 1:
            for column in range(len(columns)):
                w = columns[column]
                image[target + column] = source[start + w * sw] if w >= 0 else 0
        else:
            for n in range(0, samples, some):
                count, place = min(some, samples - n), target + n
                for column in range(len(columns)):
                    origin = start + columns[column] * sw + n * sn
                    if columns[column] < 0:
                        clear_row(image, place, count)
                    elif sn == 1:
                        copy_row(source, origin, image, place, count)
                    else:
                        for m in range(count):
                            image[place + m] = source[origin + m * sn]
                    place += samples
