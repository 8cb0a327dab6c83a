"""Faults to plant: small layers, losses and regularizers, each wrong in one way.

They are what the doctor is tested with, and a text of its own: this is what each mistake looks
like. `PLANTS` puts each into a healthy model.
"""

from glassnet.doctor.faults import dense, elementwise, images, manners, masks, outside
from glassnet.doctor.faults.plant import Plant

PLANTS: tuple[Plant, ...] = (
    *dense.PLANTS,
    *manners.PLANTS,
    *elementwise.PLANTS,
    *masks.PLANTS,
    *images.PLANTS,
    *outside.PLANTS,
)

__all__ = ["PLANTS", "Plant"]
