"""Shapes of layers that slide a window over an image."""

from glassnet.arrays import Pair, PartialShape
from glassnet.errors import ShapeError


def image_shape(shape: PartialShape) -> tuple[int | None, int | None, int | None]:
    """Return a sample's shape as (channels, height, width), None where not known.

    Raises
    ------
    ShapeError
        If it is the shape of something else than an image.
    """
    if shape is None:
        return None, None, None
    if len(shape) != 3:
        raise ShapeError(
            f"takes images of shape (channels, height, width) but gets samples of shape {shape}; "
            "give the data as (N, C, H, W), or move it before Flatten and Linear layers"
        )
    channels, height, width = shape
    return channels, height, width


def window_positions(
    height: int | None, width: int | None, kernel: Pair, stride: Pair, padding: Pair
) -> tuple[int | None, int | None]:
    """Return how many positions the window has downward and across: (size + 2 pad − k) // s + 1.

    Raises
    ------
    ShapeError
        If the window is larger than the padded image.
    """
    positions: list[int | None] = []
    for axis, size in enumerate((height, width)):
        if size is None:
            positions.append(None)
            continue
        padded = size + 2 * padding[axis]
        if padded < kernel[axis]:
            raise ShapeError(
                f"has a window of {kernel[0]}×{kernel[1]}, larger than the image it gets "
                f"({height}×{width}, padding {padding}); use a smaller window, more padding, "
                "or fewer strides and pools before it"
            )
        positions.append((padded - kernel[axis]) // stride[axis] + 1)
    return positions[0], positions[1]
