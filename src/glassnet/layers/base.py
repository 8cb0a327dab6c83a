"""What every layer is: parameters, a forward pass, a backward pass, and an output shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glassnet import kernels
from glassnet.arrays import Array, PartialShape, Shape
from glassnet.errors import ConfigError, ShapeError, UninitializedError
from glassnet.layers.description import Described
from glassnet.layers.module import Module

if TYPE_CHECKING:
    from glassnet.layers.summary import Summary


class Step(NamedTuple):
    """One elementary layer of a model, with the shapes of one sample before and after it."""

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape


class Layer(Module, Described):
    """Base of all layers; a model is a layer too.

    A layer owns `Parameter` and `Buffer` objects and may own other layers; whatever of these it
    holds as an attribute is found under the attribute's name. It keeps nothing of a call: `forward`
    returns what `backward` will need. A layer of your own is its two functions:

    Examples
    --------
    >>> class Scale(gn.Layer):
    ...     def __init__(self, features):
    ...         super().__init__()
    ...         self.weight = gn.Parameter(np.ones(features, np.float32))
    ...     def forward(self, x, *, training=False, rng=None):
    ...         return x * self.weight.value, x
    ...     def backward(self, dy, cache):
    ...         self.weight.grad = (dy * cache).sum(axis=0)
    ...         return dy * self.weight.value
    >>> layer = Scale(3)
    >>> y, cache = layer.forward(np.ones((2, 3), np.float32))
    >>> layer.backward(y, cache).shape, layer.weight.grad
    ((2, 3), array([2., 2., 2.], dtype=float32))
    """

    preferred_initializer: ClassVar[str | None] = None
    """For a non-linearity: the rule for the weights of the layer before it."""
    gives_probabilities: bool = False
    """Whether the output is a probability already (a Softmax or Sigmoid layer at the end)."""

    if TYPE_CHECKING:  # what a layer owns are layers; nothing differs at run time

        def children(self) -> Iterator[tuple[str, Layer]]:
            """Yield name and layer of each one directly inside this one."""
            ...

    def __init__(self) -> None:
        """Do nothing; here so that subclasses may call it."""

    # --- the two passes -------------------------------------------------------------------------

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        """Return the output and what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (N, ...)
            One sample a row.
        training : bool
            Whether dropout drops and batch normalisation uses the batch's own statistics.
        rng : numpy.random.Generator, optional
            Needed by stochastic layers in training.

        Returns
        -------
        y : ndarray, shape (N, ...)
        cache : object
            An array, or a named tuple of what `backward` needs.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward pass")

    def backward(self, dy: Array, cache: Any) -> Array:
        """Write the gradients of the parameters, and return that of the input.

        Parameters
        ----------
        dy : ndarray, shape of the output
            ∂L/∂y, the gradient of the loss by this layer's output.
        cache : object
            What `forward` returned beside that output.

        Returns
        -------
        ndarray, shape of the input
            ∂L/∂x.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward pass")

    def backward_parameters(self, dy: Array, cache: Any) -> None:
        """Write the gradients of the parameters only; training needs no gradient of the data."""
        self.backward(dy, cache)

    def infer(self, x: Array) -> Array:
        """Return the output in evaluation; nothing is kept for a backward pass."""
        return checked_pair(self, self.forward(x))[0]

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the shape of an output sample, from that of an input sample.

        Sizes that are not known are None, and None in place of a shape means: nothing is known.
        A layer that does not define this is tried on one sample of zeros.

        Raises
        ------
        ShapeError
            If the layer cannot take such an input; the message says what would mend it.
        """
        if input_shape is None or None in input_shape:
            return None
        try:
            return self.infer(np.zeros((1, *input_shape), self.dtype)).shape[1:]  # type: ignore[arg-type]
        except UninitializedError:
            return None
        except (ValueError, IndexError) as error:
            raise ShapeError(f"cannot take an input of shape {input_shape}: {error}") from error

    def _check_input(self, input_shape: Shape) -> None:
        """Refuse samples of a shape that the layer cannot take, as `output_shape` does."""
        self.output_shape(input_shape)

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return the multiplications with a following addition that one sample costs forward.

        It is None, not known, of a layer of the user's own that does not define this.
        """
        return 0 if type(self).__module__.startswith("glassnet.") else None

    def steps(self, input_shape: Shape, prefix: str = "") -> Iterator[Step]:
        """Yield the elementary layers in the order in which a sample meets them."""
        output_shape = self.output_shape(input_shape)
        if output_shape is None:
            raise ShapeError(f"{self!r} does not say its output shape for {input_shape}")
        yield Step(prefix, self, input_shape, tuple(int(size or 0) for size in output_shape))

    # --- use ------------------------------------------------------------------------------------

    def predict(self, x: ArrayLike, *, batch_size: int = 1000) -> Array:
        """Return the outputs (for classifiers: logits) of any number of samples.

        Parameters
        ----------
        x : array_like, shape (N, ...)
            Scaled as in training.
        batch_size : int
            Samples computed at a time: it bounds the memory, and does not change the result's
            meaning.

        Returns
        -------
        ndarray, shape (N, ...)

        Raises
        ------
        ShapeError, ConfigError
            If the samples do not have the shape that the model takes, or batch_size is below 1.
        """
        x = np.asarray(x)
        if x.ndim == 0:
            raise ShapeError("predict takes an array of samples, (N, ...), not a single number")
        if batch_size < 1:
            raise ConfigError(f"batch_size must be at least 1, not {batch_size}")
        self._check_input(x.shape[1:])
        dtype = self.dtype
        if len(x) <= batch_size:
            return self.infer(x.astype(dtype, copy=False))
        starts = range(0, len(x), batch_size)
        parts = [self.infer(x[i : i + batch_size].astype(dtype, copy=False)) for i in starts]
        return np.concatenate(parts)

    def predict_proba(self, x: ArrayLike, *, batch_size: int = 1000) -> Array:
        """Return class probabilities: the softmax of the logits, the sigmoid of a single one.

        Parameters and errors are those of `predict`.

        Returns
        -------
        ndarray, shape (N, K), or (N, 1) for a single output
        """
        output = self.predict(x, batch_size=batch_size)
        if self.gives_probabilities:
            return output
        if output.shape[1] == 1:
            return kernels.sigmoid_forward(output)
        return kernels.softmax_forward(output)

    def summary(self, input_shape: Shape) -> Summary:
        """Return a table of layers, output shapes, parameters, multiply-adds and memory."""
        from glassnet.layers.summary import Summary

        return Summary.of(self, input_shape)

    def _repr_html_(self) -> str:
        from glassnet.layers.notebook import model_html

        return model_html(self)


def checked_pair(layer: Layer, returned: Any) -> tuple[Array, Any]:
    """Return what a layer's `forward` returned, having made sure that it is (output, cache).

    The commonest slip in a layer of one's own is to return the output alone.
    """
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned
    what = f"a tuple of {len(returned)}" if isinstance(returned, tuple) else type(returned).__name__
    raise ConfigError(
        f"{type(layer).__name__}.forward must return (output, cache), two things, not {what}"
    )
