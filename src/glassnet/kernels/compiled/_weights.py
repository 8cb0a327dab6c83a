"""How weights and biases are handed to the loop of weighted sums."""

import numpy as np

from glassnet.arrays import Array


def tile_for(outputs: int) -> tuple[int, ...]:
    """Return the tile for so many outputs.

    Eight outputs have the best balance of what is loaded to what is computed; with four outputs or
    fewer, half of them would be for nothing.
    """
    return (0,) * (4 if outputs <= 4 else 8)


def packed(weight: Array, block: int) -> Array:
    """Return weights of axes (T, outputs) in blocks of outputs that lie side by side."""
    terms, outputs = weight.shape
    blocks = -(-outputs // block)
    if outputs < blocks * block:
        padded = np.zeros((terms, blocks * block), weight.dtype)
        padded[:, :outputs] = weight
        weight = padded
    return weight.reshape(terms, blocks, block).transpose(1, 0, 2).ravel()


def padded(bias: Array | None, outputs: int, block: int, like: Array) -> Array:
    """Return the bias, or zeros, as long as whole blocks of outputs."""
    start = np.zeros(-(-outputs // block) * block, like.dtype)
    if bias is not None:
        start[:outputs] = bias
    return start
