"""The flat vectors that training works on."""

from collections.abc import Mapping

import numpy as np

from glassnet.arrays import Array, misfits
from glassnet.errors import CheckpointError, ShapeError
from glassnet.parameters import Parameter


class ParameterStore:
    """The trainable parameters of a model, packed into one vector of values and one of gradients.

    Parameters that decay come first, so that weight decay and the penalties act on one slice.

    Parameters
    ----------
    parameters : mapping of str to Parameter
        Name and parameter, as `model.named_parameters()` gives them; frozen ones are left alone.

    Attributes
    ----------
    value, grad : ndarray, shape (P,)
        The flat vectors; the parameters are windows onto them.
    slices : dict of str to slice
        Where each parameter lies.
    decayed : slice
        The part of the vectors on which weight decay acts.
    """

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        trainable = {name: p for name, p in parameters.items() if p.trainable}
        ordered = dict(sorted(trainable.items(), key=lambda item: not item[1].decay))
        dtypes = {p.dtype for p in ordered.values()}
        if len(dtypes) > 1:
            raise ShapeError(
                f"the parameters have several dtypes ({', '.join(map(str, dtypes))}); "
                "make them one with model.astype(np.float32)"
            )
        self.parameters = ordered
        size = sum(p.size for p in ordered.values())
        dtype = dtypes.pop() if dtypes else np.dtype(np.float32)
        self.value = np.empty(size, dtype)
        self.grad = np.empty(size, dtype)
        self.slices: dict[str, slice] = {}
        start = 0
        for name, p in ordered.items():
            place = slice(start, start + p.size)
            p.move_to(self.value[place].reshape(p.shape), self.grad[place].reshape(p.shape))
            self.slices[name] = place
            start = place.stop
        self.decayed = slice(0, sum(p.size for p in ordered.values() if p.decay))

    @property
    def is_home(self) -> bool:
        """Whether all parameters still live here; copies, casts and other stores move them out."""
        for p in self.parameters.values():  # noqa: SIM110 — all() takes twice as long
            if p.grad.base is not self.grad:
                return False
        return True

    def packs(self, parameters: Mapping[str, Parameter]) -> bool:
        """Whether these very parameters, as far as they are trained, live in this store."""
        trainable = {name: p for name, p in parameters.items() if p.trainable}
        same = trainable.keys() == self.parameters.keys() and all(
            p is self.parameters[name] for name, p in trainable.items()
        )
        return same and self.is_home

    def by_name(self, vector: Array) -> dict[str, Array]:
        """Cut a flat vector, such as an optimizer's state, into named arrays (copies)."""
        return {
            name: vector[place].reshape(self.parameters[name].shape).copy()
            for name, place in self.slices.items()
        }

    def packed(self, arrays: Mapping[str, Array]) -> Array:
        """Lay named arrays, one for each parameter, out as a flat vector.

        Raises
        ------
        CheckpointError
            If a name is missing or too many, or an array has another shape or dtype.
        """
        if faults := misfits({name: p.value for name, p in self.parameters.items()}, arrays):
            raise CheckpointError(f"the arrays do not fit the parameters; {'; '.join(faults)}")
        return self.gathered(arrays)

    def gathered(self, arrays: Mapping[str, Array]) -> Array:
        """Lay named arrays out as a flat vector; zero where there is none of that name and shape.

        The opposite of `by_name`, also from the names of another model's store.
        """
        vector = np.zeros_like(self.value)
        for name, place in self.slices.items():
            if name in arrays and arrays[name].shape == self.parameters[name].shape:
                vector[place] = arrays[name].ravel()
        return vector
