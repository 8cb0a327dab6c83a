"""The two loops that dense layers are made of; `_windows` has those of convolutions.

Both keep a tile of sums in registers from the first term to the last: of two vectors loaded, one
from each side, every number is used several times, so that arithmetic and not memory sets the pace.
That is what BLAS does too; but these run in the threads of all other kernels.

Every argument is a vector or an integer, so each loop is compiled once for each dtype.
"""

from numba.cpython.unsafe.tuple import tuple_setitem

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._vectors import (
    INNER,
    add_multiples,
    add_products,
    empty_tile,
    filled_tile,
    lanes,
    store,
    totals,
    width,
)

LEFT, RIGHT = INNER
_SUMS, _LEFT, _RIGHT = (0,) * (LEFT * RIGHT), (0,) * LEFT, (0,) * RIGHT


@Loop
def weighted_sums(
    image: Array,
    offset: Array,
    weight: Array,
    block_step: int,
    term_step: int,
    bias: Array,
    y: Array,
    y_step: int,
    outputs: int,
    pieces: Array,
    tile: tuple[int, ...],
) -> None:
    """Write sums of rows, each row times a weight: y[k, r] = b[k] + Σ_t w[k, t] · image[t, r].

    A piece is a run of r that lie side by side in `y` and, for each t, in `image`: a row of
    `pieces` is (place in image, place in y, length, first t, end of t). The innermost loop goes
    over t, with `len(tile)` outputs k and as many r as fill the registers; around it, k before r,
    so that the rows just read are still near.

    Parameters
    ----------
    image, y : vector
    offset : vector of int, shape (T,)
        Where in `image` the row of term t starts, from the piece's place.
    weight : vector
        w[k, t] of a block of `len(tile)` outputs lie side by side.
    block_step, term_step : int
        In `weight`, from one block of outputs to the next, and from one t to the next.
    bias : vector
        As long as there are outputs, rounded up to whole blocks.
    y_step : int
        In `y`, from one k to the next.
    """
    sums = len(tile)
    wide = width(image, tile)
    blocks = (outputs + sums - 1) // sums
    shares = min(blocks, max(1, 16 // len(pieces)))  # where pieces are few, outputs are shared too
    for turn in prange(len(pieces) * shares):
        piece, share = turn // shares, turn % shares
        source, target, length = pieces[piece, 0], pieces[piece, 1], pieces[piece, 2]
        first, end = pieces[piece, 3], pieces[piece, 4]
        for r in range(0, length, wide):
            count = min(wide, length - r)
            for block in range(share * blocks // shares, (share + 1) * blocks // shares):
                k = block * sums
                total = filled_tile(bias, k, tile)
                place = block * block_step + first * term_step
                for t in range(first, end):
                    start = source + r + offset[t]
                    total = add_multiples(total, image, start, count, weight, place)
                    place += term_step
                store(y, target + r + k * y_step, y_step, count, outputs - k, total)


@Loop
def inner_products(
    left: Array,
    left_step: int,
    lefts: int,
    right: Array,
    right_start: Array,
    rows: int,
    left_row: int,
    right_row: int,
    length: int,
    panel: int,
    bias: Array,
    out: Array,
    out_left: int,
    out_right: int,
) -> None:
    """Write inner products of all pairs of vectors, Σ_r left[k, r] · right[t, r] + b[k].

    The vectors are cut in rows, which in an image do not follow each other in memory. The innermost
    loop goes along a row, with as many k and t as fill the registers. Around it the rows of a
    panel, few enough that the next tiles find them in the cache.

    Parameters
    ----------
    left, right : vector
    left_step : int
        In `left`, from one k to the next; there are `lefts`.
    right_start : vector of int, shape (T,)
        Where in `right` vector t starts.
    rows, left_row, right_row, length : int
        How many rows, the steps from one to the next, and how long they are.
    panel : int
        Rows in a panel.
    bias : vector, shape (lefts,)
    out : vector
        Written, at k · out_left + t · out_right.
    """
    wide = lanes(left)
    across = (len(right_start) + RIGHT - 1) // RIGHT
    tiles = (lefts + LEFT - 1) // LEFT * across
    for top in range(0, rows, panel):
        for tile in prange(tiles):
            first_k, first_t = tile // across * LEFT, tile % across * RIGHT
            total = empty_tile(left, _SUMS)
            for row in range(top, min(top + panel, rows)):
                i, j = _LEFT, _RIGHT  # at the edge a tile takes the last vector several times
                for m in range(LEFT):
                    k = min(first_k + m, lefts - 1)
                    i = tuple_setitem(i, m, k * left_step + row * left_row)
                for m in range(RIGHT):
                    t = min(first_t + m, len(right_start) - 1)
                    j = tuple_setitem(j, m, right_start[t] + row * right_row)
                for r in range(0, length, wide):
                    total = add_products(total, left, i, right, j, right, r, min(wide, length - r))
            products = totals(total)
            for m in range(LEFT * RIGHT):
                k, t = first_k + m // RIGHT, first_t + m % RIGHT
                if k < lefts and t < len(right_start):
                    place = k * out_left + t * out_right
                    before = bias[k] if top == 0 else out[place]
                    out[place] = before + products[m]
