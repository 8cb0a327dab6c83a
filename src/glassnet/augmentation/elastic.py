"""Elastic deformation."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.augmentation.base import Augmentation, checked_images, checked_number, fill_for
from glassnet.augmentation.geometry import bordered


@dataclass(frozen=True)
class Elastic(Augmentation):
    """Pull each image about as if it were printed on rubber (Simard et al., 2003).

        d = α · G_σ * U(−1, 1),    new(p) = old(p + d(p))

    Every pixel gets a random displacement; a Gaussian smooths them, so neighbours go the same way.

    Parameters
    ----------
    alpha : float
        α, in pixels before smoothing, which leaves about α / (6 σ) of it.
    sigma : float
        σ in pixels: the larger, the stiffer the rubber.
    fill : float
        The value of what comes in from outside.

    Examples
    --------
    >>> image = np.ones((1, 1, 5, 5), np.float32)
    >>> same = gn.augmentation.Elastic(alpha=0)(image, np.random.default_rng(0))
    >>> bool((same == image).all())
    True
    """

    alpha: float = 34.0
    sigma: float = 4.0
    _: KW_ONLY
    fill: float = 0.0

    def __post_init__(self) -> None:
        checked_number("Elastic", "alpha", self.alpha, 0.0)
        checked_number("Elastic", "sigma", self.sigma, 0.1)
        checked_number("Elastic", "fill", self.fill)

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the images deformed; see `Augmentation`."""
        from scipy.ndimage import gaussian_filter, map_coordinates

        fill = fill_for(self.fill, checked_images(images, "Elastic"), "Elastic")
        count, channels, height, width = images.shape
        pull = rng.uniform(-1, 1, (count, 2, height, width))
        pull = self.alpha * gaussian_filter(pull, (0, 0, self.sigma, self.sigma), mode="constant")
        places = pull + np.indices((height, width)) + 1  # 1 for the border
        source, result = bordered(images, fill), np.empty(images.shape, images.dtype)
        for n, c in np.ndindex(count, channels):
            map_coordinates(
                source[n, c], places[n], output=result[n, c], order=1, cval=fill, prefilter=False
            )
        return result
