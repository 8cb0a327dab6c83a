"""What owns parameters: finding them by name, first values, dtype, saved state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassnet.arrays import Array
from glassnet.errors import CheckpointError, ConfigError
from glassnet.parameters import Buffer, Parameter
from glassnet.randomness import stream


class Module:
    """An owner of parameters, buffers and other modules, each found under its attribute's name."""

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        if isinstance(old, (Parameter, Buffer)) and not isinstance(value, type(old) | None):
            raise ConfigError(
                f"{type(self).__name__}.{name} is a {type(old).__name__}; "
                f"assign to its value: layer.{name}.value = ..."
            )
        super().__setattr__(name, value)

    def children(self) -> Iterator[tuple[str, Module]]:
        """Yield name and module of each one directly inside this one."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def modules(self) -> Iterator[Module]:
        """Yield itself and every module inside."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def own_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield name and parameter of this one itself, without those of modules inside."""
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
        for value in vars(self).values():
            if isinstance(value, Parameter) and value.trainable:
                return True
        return any(child.is_trainable for _, child in self.children())

    @property
    def dtype(self) -> np.dtype[Any]:
        """The floating dtype of the parameters; float32 where there are none."""
        parameter = self._first_parameter()
        return np.dtype(np.float32) if parameter is None else parameter.dtype

    def _first_parameter(self) -> Parameter | None:
        """Return the first of `named_parameters`, without making names: each prediction asks."""
        for value in vars(self).values():
            if isinstance(value, Parameter):
                return value
        for _, child in self.children():
            if (found := child._first_parameter()) is not None:
                return found
        return None

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
        Module
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
