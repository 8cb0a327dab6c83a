"""Pooling: what a wrong loop over windows would give."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from glassnet.arrays import Array, Pair
from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.hypotheses.views import views
from glassnet.doctor.hypotheses.windows import crop, geometries, spread_windows
from glassnet.kernels import vectorised


def pooling(case: Case) -> Verdict:
    """Predict: overlapping windows overwritten, stride ignored, every tie served."""
    if case.layer_probe is None or case.name != "input":
        return None
    for view in views(case):
        for kind, words, predicted in _wrong_pools(view.x, view.y, view.dy):
            if case.is_exactly(view.back(predicted)):
                return kind, words
    return None


def _wrong_pools(x: Array, y: Array, dy: Array) -> Iterator[tuple[str, str, Array]]:
    """Yield wrong gradients of the input."""
    for share, stride, padding, ties in _pools(x, y):
        size = (*x.shape[:2], x.shape[2] + 2 * padding[0], x.shape[3] + 2 * padding[1])
        patches = share * dy[:, :, None, None]
        wrong = [
            ("overlap-overwritten", "a window overwrites those before it",
             spread_windows(patches, size, stride, "last")),
            ("overlap-overwritten", "the last position inside the window wins",
             spread_windows(patches, size, stride, "last position")),
            ("overlap-overwritten", "the last window that a pixel won overwrites the others",
             _assigned(patches, share, size, stride)),
            ("stride-ignored", "as if the stride were 1",
             spread_windows(patches, size, (1, 1), "add")),
        ]  # fmt: skip
        if ties is not None:
            for part in (1.0, 1 / (share.shape[2] * share.shape[3])):
                whole = np.broadcast_to(part * dy[:, :, None, None], share.shape)
                words = "the gradient goes to every pixel of the window"
                wrong.append(
                    ("pool-not-maximum", words, spread_windows(whole, size, stride, "add"))
                )
            every = spread_windows(ties * dy[:, :, None, None], size, stride, "add")
            wrong.append(("pool-ties", "every pixel equal to the maximum gets the gradient", every))
            every = spread_windows(ties * dy[:, :, None, None], size, stride, "last")
            wrong.append(("overlap-overwritten", "a window overwrites those before it", every))
        for kind, words, full in wrong:
            yield kind, words, crop(full, padding)


def _pools(x: Array, y: Array) -> Iterator[tuple[Array, Pair, Pair, Array | None]]:
    """Yield the share of each pixel in each window, (N, C, k, k, Ho, Wo), of poolings that fit."""
    if x.ndim != 4 or y.ndim != 4 or x.shape[:2] != y.shape[:2]:
        return
    for k in product(range(1, min(x.shape[2], 7) + 1), range(1, min(x.shape[3], 7) + 1)):
        for stride, padding in geometries(x.shape, y.shape, k):
            if k == (1, 1) or 2 * padding[0] > k[0] or 2 * padding[1] > k[1]:
                continue
            shape = (1, 1, *k, 1, 1)
            if np.allclose(vectorised.avg_pool2d_forward(x, k, stride, padding), y):
                part = np.full(shape, 1 / (k[0] * k[1]))
                whole = np.broadcast_to(part, (*x.shape[:2], *k, *y.shape[2:]))
                yield whole, stride, padding, None
            top, winner = vectorised.max_pool2d_forward(x, k, stride, padding)
            if np.array_equal(top, y):
                positions = np.arange(k[0] * k[1]).reshape(shape)
                share = (winner[:, :, None, None] == positions).astype(float)
                rim = ((0, 0), (0, 0), *((p, p) for p in padding))
                low = np.pad(x, rim, constant_values=-np.inf)
                seen = np.lib.stride_tricks.sliding_window_view(low, k, axis=(2, 3))
                seen = seen[:, :, :: stride[0], :: stride[1]][:, :, : y.shape[2], : y.shape[3]]
                ties = seen.transpose(0, 1, 4, 5, 2, 3) == y[:, :, None, None]
                yield share, stride, padding, ties.astype(float)


def _assigned(patches: Array, share: Array, size: tuple[int, ...], step: Pair) -> Array:
    """Window after window, assign to the winning pixels only."""
    kh, kw, rows, columns = patches.shape[2:]
    full = np.zeros(size)
    for i, j in product(range(rows), range(columns)):
        place = full[:, :, i * step[0] : i * step[0] + kh, j * step[1] : j * step[1] + kw]
        won = share[..., i, j] > 0
        place[won] = patches[..., i, j][won]
    return full
