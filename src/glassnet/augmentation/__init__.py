"""Augmentation: images changed a little each time they are drawn, their labels kept.

An augmentation is called with raw images and a generator and returns new images of the same shape
and type; it never changes, leaves out or reorders those it was given. A function of your own,
``(images, rng) -> images``, serves as well.
"""

from glassnet.augmentation.base import Augmentation, Transform
from glassnet.augmentation.cautions import cautions
from glassnet.augmentation.compose import Compose
from glassnet.augmentation.copies import append_copies
from glassnet.augmentation.elastic import Elastic
from glassnet.augmentation.geometry import Flip, Geometric, Rotate, Scale, Shear, Translate
from glassnet.augmentation.pixels import CutOut, Noise

__all__ = [
    "Augmentation",
    "Compose",
    "CutOut",
    "Elastic",
    "Flip",
    "Geometric",
    "Noise",
    "Rotate",
    "Scale",
    "Shear",
    "Transform",
    "Translate",
    "append_copies",
    "cautions",
]
