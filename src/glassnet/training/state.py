"""Everything that a training depends on, taken out of a Trainer and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glassnet.arrays import misfits
from glassnet.errors import CheckpointError, GlassnetError
from glassnet.training.epoch import Epoch

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer

State = dict[str, Any]
PARTS = (
    "model", "frozen", "packed", "optimizer", "streams", "epoch", "steps", "seconds", "plan",
    "watched_losses", "history", "callbacks",
)  # fmt: skip


def state_of(trainer: Trainer) -> State:
    """Return all that the coming steps depend on; see `Trainer.state_dict`."""
    store, epoch = trainer.store, trainer.epoch
    optimizer = trainer.optimizer.state_dict()
    vectors = {name: store.by_name(vector) for name, vector in optimizer["vectors"].items()}
    streams = {name: rng.bit_generator.state for name, rng in trainer.streams.items()}
    if epoch is not None and epoch.before is not None:
        streams["shuffle"] = epoch.before  # the order will be drawn again
    return {
        "model": trainer.model.state_dict(),
        "frozen": [name for name, p in trainer.model.named_parameters() if not p.trainable],
        "packed": list(store.parameters),
        "optimizer": {**optimizer, "vectors": vectors},
        "streams": streams,
        "epoch": None if epoch is None else epoch.state_dict(),
        "steps": trainer.step_count,
        "seconds": sum(record["seconds"] for record in trainer.history.epochs)
        + (0.0 if epoch is None else epoch.seconds),
        "plan": dict(trainer.plan),
        "watched_losses": list(trainer.watched_losses),
        "history": trainer.history.state_dict(),
        "callbacks": _states_of_callbacks(trainer),
    }


def restore(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Put the state back, but for the callbacks', which have not begun yet.

    Raises
    ------
    CheckpointError
        If it does not fit; what is missing, too many or of another shape is named.
    """
    with _understood():
        _restore(trainer, state)


def restore_callbacks(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Put the callbacks' states back, after `on_start`."""
    with _understood():
        states = state["callbacks"]
        _check_names("the checkpoint's callbacks", _states_of_callbacks(trainer), states)
        for name, callback in _named_callbacks(trainer).items():
            if name in states:
                callback.load_state_dict(states[name])


@contextmanager
def _understood() -> Iterator[None]:
    """Turn what a state of nonsense leads to into an error in words."""
    try:
        yield
    except GlassnetError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise CheckpointError(f"the checkpoint makes no sense: {error!r}; train anew") from error


def _restore(trainer: Trainer, state: Mapping[str, Any]) -> None:
    _check_names("the checkpoint", PARTS, state)
    for name, value in trainer.plan.items():
        if state["plan"].get(name) != value:
            raise CheckpointError(
                f"the checkpoint is of a training with {name} = {state['plan'].get(name)}, not "
                f"{value}; go on with the same"
            )
    trained = trainer.model.state_dict()
    if faults := misfits(trained, state["model"]):
        raise CheckpointError(f"the weights do not fit the model; {'; '.join(faults)}")
    _check_names("the checkpoint's streams", trainer.streams, state["streams"])
    parameters = dict(trainer.model.named_parameters())
    if unknown := {*state["frozen"], *state["packed"]} - parameters.keys():
        raise CheckpointError(f"the model has no {', '.join(sorted(map(str, unknown)))}")
    for name, parameter in parameters.items():
        parameter.trainable = name in state["packed"]
    trainer.model.load_state_dict(state["model"])
    store = trainer.pack()
    for name, parameter in parameters.items():  # frozen since, and to be packed at the epoch's end
        parameter.trainable = name not in state["frozen"]
    optimizer = dict(state["optimizer"])
    optimizer["vectors"] = {n: store.packed(v) for n, v in optimizer["vectors"].items()}
    trainer.optimizer.load_state_dict(optimizer)
    for name, rng in trainer.streams.items():
        rng.bit_generator.state = state["streams"][name]
    trainer.epoch = None
    if state["epoch"] is not None:
        trainer.epoch = Epoch(trainer.streams["shuffle"] if trainer.plan["shuffle"] else None)
        trainer.epoch.load_state_dict(state["epoch"])
    trainer.step_count = int(state["steps"])
    trainer.watched_losses[:] = map(float, state["watched_losses"])
    trainer.history.load_state_dict(state["history"])


def _states_of_callbacks(trainer: Trainer) -> State:
    """Return the states of those callbacks that have one."""
    states = {name: callback.state_dict() for name, callback in _named_callbacks(trainer).items()}
    return {name: state for name, state in states.items() if state}


def _named_callbacks(trainer: Trainer) -> dict[str, Any]:
    """Return the callbacks by class name, several of one class with numbers."""
    named: dict[str, Any] = {}
    for callback in trainer.callbacks:
        kind, number = type(callback).__name__, 2
        name = kind
        while name in named:
            name, number = f"{kind}-{number}", number + 1
        named[name] = callback
    return named


def _check_names(what: str, wanted: Any, given: Mapping[str, Any]) -> None:
    faults = []
    if missing := sorted(set(wanted) - set(given)):
        faults.append(f"has no {', '.join(missing)}")
    if extra := sorted(set(given) - set(wanted)):
        faults.append(f"has {', '.join(extra)}, which is not wanted here")
    if faults:
        raise CheckpointError(f"{what} {' and '.join(faults)}")
