"""What a network learns: parameters, the buffers beside them, and the store that packs them.

A layer owns its parameters. Training packs the trainable ones into two flat vectors, one of values
and one of gradients, and the parameters become windows onto them; so an optimizer is a few lines
on two vectors, and clipping, norms and snapshots are one line each.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassnet import initializers
from glassnet.arrays import Array, Shape
from glassnet.errors import ShapeError, UninitializedError
from glassnet.room import filled


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
        parameter = cls(filled(shape), decay=decay)
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
