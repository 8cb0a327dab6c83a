"""Fine-tuning: a run that begins with the weights of a finished one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassnet.data import DataSplits
from glassnet.errors import CheckpointError, ConfigError
from glassnet.experiments.config import Config
from glassnet.experiments.loaded import LoadedRun
from glassnet.experiments.options import FinetuneOptions
from glassnet.layers import Layer
from glassnet.training import freeze, new_head
from glassnet.words import count

WEIGHTS = "model.safetensors"


def finetune_config(
    path: str | Path,
    *,
    freeze: Sequence[str] = (),
    new_head: bool = False,
    lr_of: Mapping[str, float] | None = None,
    overrides: Sequence[str] = (),
) -> Config:
    """Return the configuration of a run that goes on from a finished one.

    It is that of the finished run, with some fields overridden and a section [finetune] that says
    where the weights come from; so the new run's ``config.toml`` repeats it. Other data are scaled
    as the finished run's were, which its weights expect, unless data.scaling is overridden.

    Parameters
    ----------
    path : path
        The folder of the finished run.
    freeze : sequence of str
        What stays as it is; see `glassnet.freeze`.
    new_head : bool
        Whether the last layer begins anew, as wide as the data need.
    lr_of : dict of str to float, optional
        Learning rates of parameters by name.
    overrides : sequence of str
        Each ``section.option=value``; not of the model, which comes from the run.

    Raises
    ------
    CheckpointError, ConfigError
        If the run cannot be read, or an override makes no sense.
    """
    run, folder = LoadedRun.read(path), Path(path).absolute()
    for override in overrides:
        if override.strip().startswith("model."):
            raise ConfigError(
                f"--set {override}: the model comes from the run {path} and cannot be changed; "
                "train a new one for that"
            )
    config = Config.from_recipe(str(folder / "config.toml"), overrides)
    if config.name == run.config.name:
        config = replace(config, name=f"{config.name.removesuffix('-finetuned')[:90]}-finetuned")
    rescaled = any(override.strip().startswith("data.scaling") for override in overrides)
    if config.data != run.config.data and not rescaled:
        options = {**config.data.options, "scaling": run.scaling.to_dict()}
        config = replace(config, data=replace(config.data, options=options))
    return replace(
        config,
        training=replace(config.training, lr_of=dict(lr_of) if lr_of else None),
        finetune=FinetuneOptions(str(folder), _checksum(folder), tuple(freeze), new_head),
    )


def starting_model(options: FinetuneOptions, data: DataSplits, outputs: int) -> tuple[Layer, str]:
    """Return the finished run's model as fine-tuning begins with it, and a note about it.

    Raises
    ------
    CheckpointError
        If the run is gone, or its weights are no longer those that the configuration names.
    ConfigError
        If it does not fit the data.
    """
    run = LoadedRun.read(options.run)
    if options.weights and options.weights != _checksum(Path(options.run)):
        raise CheckpointError(
            f"the weights in {options.run} are not those that this configuration was made for; "
            "make it anew with glassnet finetune, or take finetune.weights out"
        )
    if run.sample_shape != data.sample_shape:
        raise ConfigError(
            f"the run {options.run} takes samples of shape {run.sample_shape}, but those of "
            f"{data.name} have {data.sample_shape}"
        )
    model = run.model
    if options.new_head:
        model = new_head(model, outputs)
    elif model.output_shape(data.sample_shape) != (outputs,):
        raise ConfigError(
            f"the model of {options.run} has outputs of shape "
            f"{model.output_shape(data.sample_shape)}, but {data.name} needs {outputs}; "
            "give it a new head (finetune.new_head = true)"
        )
    frozen = freeze(model, *options.freeze)
    sizes: dict[str, Any] = {name: p.size for name, p in model.named_parameters()}
    note = f"begins with the weights of {options.run}"
    if options.new_head:
        note += f", with a new head of {count(outputs, 'output')}"
    if frozen:
        part = sum(sizes[name] for name in frozen)
        note += f"; {part:,} of {count(sum(sizes.values()), 'parameter')} are frozen"
    return model, note


def _checksum(folder: Path) -> str:
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
