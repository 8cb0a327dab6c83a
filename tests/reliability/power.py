"""Trainings of which every power cut is tried."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from glassnet import experiments
from glassnet.errors import CheckpointError
from glassnet.experiments.killing import unreadable
from glassnet.training import Checkpoint, newest_checkpoint

from .disk import Recorder, Request, lay_out, remainders


@dataclass
class Cuts:
    """What became of the power cuts of one training.

    Attributes
    ----------
    requests : list of Request
        What the training asked of the disk.
    states, bad : int
        Different remainders, and those with faults.
    faults : list of str
        What should not be.
    """

    requests: list[Request]
    states: int = 0
    bad: int = 0
    faults: list[str] = field(default_factory=list)


def recorded(overrides, place: Path) -> Recorder:
    """Train in a folder `place`, whose disk is recorded; each checkpoint written is a promise."""
    place.mkdir(exist_ok=True)
    recorder = Recorder(place)
    write = Checkpoint.write

    def noted(checkpoint, path):
        write(checkpoint, path)
        recorder.promise(recorder.place(path))

    config = experiments.Config.from_recipe("digits-mlp", overrides)
    with recorder.recording(), mock.patch.object(Checkpoint, "write", noted):
        experiments.train(config, out=place / "new" / "run")
    return recorder


def cut(requests: list[Request], seed: int = 0, *, patient: bool = True) -> Cuts:
    """Try every power cut, or those up to the first fault.

    Whatever has a name must be whole, and the newest promise kept.
    """
    found = Cuts(requests)
    for count, tree in remainders(requests, random.Random(seed)):
        found.states += 1
        with TemporaryDirectory() as folder:
            lay_out(tree, Path(folder))
            wrong = faults(Path(folder) / "new" / "run", requests[:count])
        found.bad += bool(wrong)
        found.faults += [f"after request {count}: {fault}" for fault in wrong]
        if wrong and not patient:
            break
    return found


def faults(run: Path, done: list[Request]) -> list[str]:
    """Return what is wrong with a run folder after a power cut."""
    found = unreadable(experiments.RunFolder(run))
    promised = [request.path for request in done if request.kind == "promise"]
    if promised:
        try:
            checkpoint, passed = newest_checkpoint(run / "checkpoints")
        except CheckpointError as error:
            return [*found, str(error)]
        if checkpoint.path.name < Path(promised[-1]).name:
            found.append(f"{promised[-1]} is lost: the newest is {checkpoint.path.name}")
        found += passed
        if not (run / "config.toml").is_file():
            found.append("config.toml is lost")
    if (run / "metrics.json").is_file():
        found += [
            f"metrics.json is there, {name} is not" for name in END if not (run / name).is_file()
        ]
    return found


END = ("config.toml", "data.json", "history.csv", "model.safetensors", "predictions.safetensors")
"""What a complete run has."""
