"""What a network learns: parameters, the buffers beside them, and the store that packs them.

A layer owns its parameters. Training packs the trainable ones into two flat vectors, one of values
and one of gradients, and the parameters become windows onto them; so an optimizer is a few lines
on two vectors, and clipping, norms and snapshots are one line each.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassnet import initializers
from glassnet.arrays import Array, Shape
from glassnet.errors import ShapeError, UninitializedError


class Buffer:
    """An array that belongs to a layer but is not trained, such as a running mean.

    Parameters
    ----------
    value : array_like
        The initial value, to which `reset` returns.
    """

    def __init__(self, value: ArrayLike) -> None:
        self._value = np.array(value)
        self._initial = self._value.copy()

    @property
    def value(self) -> Array:
        """The array itself; assigning copies into it (shape checked, cast to its dtype)."""
        return self._value

    @value.setter
    def value(self, new: ArrayLike) -> None:
        copy_into(self._value, new, "value")

    @property
    def shape(self) -> Shape:
        """The shape of the array."""
        return self._value.shape

    def reset(self) -> None:
        """Return to the initial value."""
        self._value[...] = self._initial

    def cast(self, dtype: DTypeLike) -> None:
        """Change a floating dtype; counters keep theirs."""
        if np.issubdtype(self._value.dtype, np.floating):
            self._value = self._value.astype(dtype)


class Parameter:
    """A trained array and its gradient.

    Parameters
    ----------
    value : array_like
        The initial value; integers and Python numbers become float32.
    decay : bool, optional
        Whether weight decay, L1 and L2 act on it. By default they act on arrays of two or more
        axes: on weights, not on biases or the scales of a normalisation.
    trainable : bool
        Whether training changes it; a frozen parameter gets no gradient.

    Attributes
    ----------
    value, grad : ndarray
        Assigning to either copies into the array (shape checked, cast to its dtype); the array
        itself stays, because others may hold a window onto it.

    Examples
    --------
    >>> p = gn.Parameter(np.ones((2, 3), np.float32))
    >>> p.grad = np.full((2, 3), 0.5)
    >>> p.grad.dtype, p.decay
    (dtype('float32'), True)
    """

    def __init__(
        self, value: ArrayLike, *, decay: bool | None = None, trainable: bool = True
    ) -> None:
        array = np.array(value)
        if not np.issubdtype(array.dtype, np.floating):
            array = array.astype(np.float32)
        self._value = array
        self._grad = np.zeros_like(array)
        self._pending = False
        self.decay = array.ndim >= 2 if decay is None else decay
        self.trainable = trainable
        self._initial: Array | None = array.copy()
        self._rule: str | None = None

    @classmethod
    def pending(
        cls, shape: Shape, rule: str | None = None, *, decay: bool | None = None
    ) -> "Parameter":
        """Return a parameter that has a shape, but no values until it is initialized.

        `rule` names an initializer; None leaves the choice to the network around the layer.
        """
        if rule is not None:
            initializers.get(rule)  # a wrong name is refused here, where it was written
        parameter = cls(np.zeros(shape, np.float32), decay=decay)
        parameter._initial, parameter._rule, parameter._pending = None, rule, True
        return parameter

    def initialize(self, rng: np.random.Generator, default_rule: str) -> None:
        """Return to the value the parameter was made with, or draw one by its rule."""
        if self._initial is not None:
            self.value = self._initial
        else:
            self.value = initializers.get(self._rule or default_rule)(self.shape, rng)

    @property
    def value(self) -> Array:
        """The array of values; reading it before there are any raises `UninitializedError`."""
        if self._pending:
            raise UninitializedError(
                f"a parameter of shape {self.shape} has no values yet; call "
                "model.initialize(seed=0), or load weights, before using the model"
            )
        return self._value

    @value.setter
    def value(self, new: ArrayLike) -> None:
        copy_into(self._value, new, "value")
        self._pending = False

    @property
    def grad(self) -> Array:
        """The gradient that the last backward pass wrote."""
        return self._grad

    @grad.setter
    def grad(self, new: ArrayLike) -> None:
        copy_into(self._grad, new, "grad")

    @property
    def is_pending(self) -> bool:
        """Whether the parameter still waits for its first values."""
        return self._pending

    @property
    def shape(self) -> Shape:
        """The shape, known before there are values."""
        return self._value.shape

    @property
    def size(self) -> int:
        """The number of values."""
        return self._value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floating dtype of value and gradient."""
        return self._value.dtype

    def cast(self, dtype: DTypeLike) -> None:
        """Change the dtype of value and gradient; both become arrays of their own."""
        self._value = self._value.astype(dtype)
        self._grad = self._grad.astype(dtype)

    def move_to(self, value: Array, grad: Array) -> None:
        """Copy value and gradient into the given windows, and live there from now on."""
        value[...] = self.value
        grad[...] = self._grad
        self._value, self._grad = value, grad

    def __repr__(self) -> str:
        state = "pending" if self._pending else "trainable" if self.trainable else "frozen"
        return f"Parameter(shape={self.shape}, dtype={self.dtype}, {state})"


def copy_into(target: Array, new: ArrayLike, what: str) -> None:
    """Copy `new` into `target`, which must have the same shape; broadcasting would hide a fault."""
    if new is target:  # what `p.grad += ...` assigns
        return
    array = np.asarray(new)
    if array.shape != target.shape:
        raise ShapeError(
            f"cannot assign an array of shape {array.shape} to the {what} of shape {target.shape}"
        )
    target[...] = array


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
        return all(p.grad.base is self.grad for p in self.parameters.values())

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

    def gathered(self, arrays: Mapping[str, Array]) -> Array:
        """Lay named arrays out as a flat vector; zero where there is none of that name and shape.

        The opposite of `by_name`, also from the names of another model's store.
        """
        vector = np.zeros_like(self.value)
        for name, place in self.slices.items():
            if name in arrays and arrays[name].shape == self.parameters[name].shape:
                vector[place] = arrays[name].ravel()
        return vector
