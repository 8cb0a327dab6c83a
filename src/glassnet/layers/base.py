"""What every layer is: parameters, a forward pass, a backward pass, and an output shape."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassnet import kernels
from glassnet.arrays import Array, PartialShape, Shape
from glassnet.errors import CheckpointError, ConfigError, ShapeError, UninitializedError
from glassnet.parameters import Buffer, Parameter
from glassnet.randomness import stream

if TYPE_CHECKING:
    from glassnet.layers.summary import Summary


class Step(NamedTuple):
    """One elementary layer of a model, with the shapes of one sample before and after it."""

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape


class Layer:
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

    _known: ClassVar[dict[str, type[Layer]]] = {}
    _type_name: ClassVar[str] = "Layer"
    _arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Remember the arguments: they are the layer's `repr` and its description in a file."""
        layer = super().__new__(cls)
        layer._arguments = (args, kwargs)
        return layer

    def __init__(self) -> None:
        """Do nothing; here so that subclasses may call it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._type_name = cls.__name__
        namesake = Layer._known.get(cls.__name__)
        if namesake is not None and namesake.__module__ != cls.__module__:
            cls._type_name = f"{cls.__module__}.{cls.__name__}"  # a ReLU that is not Glassnet's
        Layer._known[cls._type_name] = cls

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        if isinstance(old, (Parameter, Buffer)) and not isinstance(value, type(old) | None):
            raise ConfigError(
                f"{type(self).__name__}.{name} is a {type(old).__name__}; "
                f"assign to its value: layer.{name}.value = ..."
            )
        super().__setattr__(name, value)

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
        return self.forward(x)[0]

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

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return the multiplications with a following addition that one sample costs forward."""
        return 0

    # --- what it is made of ---------------------------------------------------------------------

    def children(self) -> Iterator[tuple[str, Layer]]:
        """Yield name and layer of each layer directly inside this one."""
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield name, value

    def own_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield name and parameter of this layer itself, without those of layers inside."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield name, value

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Yield every parameter with its dotted name, such as ``"0.weight"``."""
        for name, parameter in self.own_parameters():
            yield prefix + name, parameter
        for name, child in self.children():
            yield from child.named_parameters(f"{prefix}{name}.")

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """Yield every buffer with its dotted name, such as ``"1.running_mean"``."""
        for name, value in vars(self).items():
            if isinstance(value, Buffer):
                yield prefix + name, value
        for name, child in self.children():
            yield from child.named_buffers(f"{prefix}{name}.")

    @property
    def is_trainable(self) -> bool:
        """Whether any parameter, here or inside, is to be trained."""
        return any(p.trainable for _, p in self.named_parameters())

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floating dtype of the parameters; float32 where there are none."""
        return next((p.dtype for _, p in self.named_parameters()), np.dtype(np.float32))

    def steps(self, input_shape: Shape, prefix: str = "") -> Iterator[Step]:
        """Yield the elementary layers in the order in which a sample meets them."""
        output_shape = self.output_shape(input_shape)
        if output_shape is None:
            raise ShapeError(f"{self!r} does not say its output shape for {input_shape}")
        yield Step(prefix, self, input_shape, tuple(int(size or 0) for size in output_shape))

    # --- initial values, dtype, saved state -----------------------------------------------------

    def initialize(
        self,
        seed: int | np.random.Generator = 0,
        *,
        default_rule: str = "xavier_uniform",
        missing_only: bool = False,
    ) -> Self:
        """Give every parameter its initial value and every buffer its first one.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            An integer stands for its stream named "init".
        default_rule : str
            The initializer of weights whose layer names none; a `Sequential` chooses it by the
            activation that follows.
        missing_only : bool
            Leave alone what has values already.

        Returns
        -------
        Layer
            Itself.
        """
        rng = stream(seed, "init") if isinstance(seed, (int, np.integer)) else seed
        for _, parameter in self.own_parameters():
            if parameter.is_pending or not missing_only:
                parameter.initialize(rng, default_rule)
        if not missing_only:
            for value in vars(self).values():
                if isinstance(value, Buffer):
                    value.reset()
        for _, child in self.children():
            child.initialize(rng, default_rule=default_rule, missing_only=missing_only)
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Cast every parameter and floating buffer, in place, and return the layer itself."""
        for _, parameter in self.named_parameters():
            parameter.cast(dtype)
        for _, buffer in self.named_buffers():
            buffer.cast(dtype)
        return self

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name, as PyTorch names them."""
        arrays = {name: p.value.copy() for name, p in self.named_parameters()}
        return arrays | {name: b.value.copy() for name, b in self.named_buffers()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Copy the arrays into the parameters and buffers of the same names.

        Raises
        ------
        CheckpointError
            If a name is missing, unknown, or has another shape; all of them are listed, and
            nothing has been changed.
        """
        targets: dict[str, Parameter | Buffer] = dict(self.named_parameters())
        targets.update(self.named_buffers())
        faults = []
        if missing := sorted(targets.keys() - state.keys()):
            faults.append(f"missing: {', '.join(missing)}")
        if extra := sorted(state.keys() - targets.keys()):
            faults.append(f"not in the model: {', '.join(extra)}")
        for name in sorted(targets.keys() & state.keys()):
            given = np.shape(state[name])
            shape = targets[name].shape
            if given != shape:
                faults.append(f"{name} has shape {given} but the model's has {shape}")
        if faults:
            raise CheckpointError(f"the weights do not fit the model; {'; '.join(faults)}")
        for name, target in targets.items():
            target.value = np.asarray(state[name])

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
        self.output_shape(x.shape[1:])
        starts = range(0, max(len(x), 1), batch_size)
        parts = [self.infer(x[i : i + batch_size].astype(self.dtype, copy=False)) for i in starts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

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

    # --- description ----------------------------------------------------------------------------

    def arguments(self) -> dict[str, Any]:
        """Return the arguments the layer was made with, by name, without defaults."""
        args, kwargs = self._arguments
        return dict(inspect.signature(type(self)).bind(*args, **kwargs).arguments)

    def config(self) -> dict[str, Any]:
        """Return a description in plain dictionaries and lists, from which `from_config` builds.

        Examples
        --------
        >>> gn.Linear(2, 3).config()
        {'type': 'Linear', 'in_features': 2, 'out_features': 3}
        """
        arguments = {name: _describe(value) for name, value in self.arguments().items()}
        return {"type": self._type_name, **arguments}

    def __repr__(self) -> str:
        args, kwargs = self._arguments
        words = [repr(a) for a in args] + [f"{name}={value!r}" for name, value in kwargs.items()]
        return f"{type(self).__name__}({', '.join(words)})"


def from_config(config: Mapping[str, Any]) -> Layer:
    """Build a layer, or a whole model, from what `Layer.config` returned.

    Raises
    ------
    ConfigError
        If the type is unknown or the arguments are not its own.
    """
    arguments = dict(config)
    kind = arguments.pop("type", None)
    layer_class = Layer._known.get(kind) if isinstance(kind, str) else None
    if layer_class is None:
        raise ConfigError(
            f"no layer type is called {kind!r}; if it is your own, import its module first"
        )
    try:
        bound = inspect.signature(layer_class).bind_partial()
        if unknown := arguments.keys() - bound.signature.parameters.keys():
            raise TypeError(f"it knows no {', '.join(sorted(unknown))}")
        bound.arguments.update({name: _build(value) for name, value in arguments.items()})
        return layer_class(*bound.args, **bound.kwargs)
    except (TypeError, KeyError) as error:
        raise ConfigError(f"the arguments of layer type {kind!r} do not fit: {error}") from error


def _describe(value: Any) -> Any:
    """Turn layers, and sequences that may hold them, into plain data."""
    if isinstance(value, Layer):
        return value.config()
    if isinstance(value, (list, tuple)):
        return [_describe(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ConfigError(
        f"a layer made with a {type(value).__name__} cannot be described in a file; "
        "give it numbers, strings, lists or layers"
    )


def _build(value: Any) -> Any:
    """Undo `_describe`."""
    if isinstance(value, Mapping):
        return from_config(value)
    if isinstance(value, list):
        return tuple(_build(item) for item in value)
    return value


def size_of(shape: PartialShape) -> int | None:
    """Return the number of values in a sample of that shape, None where it is not known."""
    if shape is None or any(size is None for size in shape):
        return None
    return math.prod(size for size in shape if size is not None)
