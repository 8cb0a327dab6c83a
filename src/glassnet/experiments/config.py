"""A typed configuration: everything that decides the outcome of a run, in one TOML file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassnet import data as library
from glassnet.errors import ConfigError
from glassnet.experiments.augmenting import AugmentOptions
from glassnet.experiments.models import MODELS, LayerList
from glassnet.experiments.options import (
    CheckpointOptions,
    DataOptions,
    FinetuneOptions,
    TensorBoardOptions,
    TrainingOptions,
    anchored,
)
from glassnet.experiments.overriding import override
from glassnet.experiments.registry import (
    LOSSES,
    OPTIMIZERS,
    REGULARIZERS,
    SCHEDULES,
    build,
    build_named,
    checked,
    describe,
    plain,
)
from glassnet.losses import Loss
from glassnet.mlp import MLP
from glassnet.optimizers import Adam, Optimizer
from glassnet.parsing import from_toml
from glassnet.regularizers import Regularizer
from glassnet.schedules import Constant, Schedule
from glassnet.words import nearest

RECIPES = Path(__file__).parent / "recipes"
NAME = re.compile(r"(?=.{1,100}$)\w(?:[\w .+-]*[\w+-])?")
"""What a run may be called, as its folder is called so."""
NO_NAME = re.compile(r"[^\w .+-]+|^[^\w]+")
SECTIONS = (
    "data", "model", "loss", "optimizer", "schedule", "regularizers", "augment", "training",
    "finetune", "checkpoint", "tensorboard",
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """A run's configuration, every section an object.

    Parameters
    ----------
    name : str
        What the run folder is called.
    data : DataOptions
    model : MLP or LayerList
    loss : Loss, optional
        By default the one that suits the targets.
    loss_options : dict
        Options of the loss, where that one is meant and only its options are given.
    optimizer : Optimizer
    schedule : Schedule
    regularizers : tuple of Regularizer
    augment : AugmentOptions
    training : TrainingOptions
    finetune : FinetuneOptions, optional
        Where the model comes from, if it is not a new one.
    checkpoint : CheckpointOptions
    tensorboard : TensorBoardOptions

    Examples
    --------
    >>> config = Config.from_recipe("digits-mlp", overrides=["optimizer.lr=0.05"])
    >>> config.optimizer.lr
    0.05
    """

    name: str
    data: DataOptions
    model: MLP | LayerList
    loss: Loss | None = None
    loss_options: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Optimizer = field(default_factory=Adam)
    schedule: Schedule = field(default_factory=Constant)
    regularizers: tuple[Regularizer, ...] = ()
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    finetune: FinetuneOptions | None = None
    checkpoint: CheckpointOptions = field(default_factory=CheckpointOptions)
    tensorboard: TensorBoardOptions = field(default_factory=TensorBoardOptions)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ConfigError(
                f"name = {self.name[:120]!r} cannot name a folder; take at most 100 letters, "
                "digits, spaces and -_+., beginning with a letter or a digit"
            )

    @classmethod
    def from_recipe(cls, recipe: str, overrides: Sequence[str] = ()) -> Config:
        """Return a built-in recipe's or a TOML file's configuration, with some fields overridden.

        Parameters
        ----------
        recipe : str
            One of `recipe_names()`, or the path of a TOML file.
        overrides : sequence of str
            Each ``section.option=value``, the value written as in TOML (text without quotes will
            do).

        Raises
        ------
        ConfigError
            If there is no such recipe, or the text is not TOML, or a key or value is wrong.
        """
        path = Path(recipe)
        if recipe in recipe_names():
            path = RECIPES / f"{recipe}.toml"
        elif not path.is_file():
            raise ConfigError(
                f"there is no recipe and no file called {recipe!r}"
                f"{nearest(recipe, recipe_names())}; recipes are {', '.join(recipe_names())}"
            )
        try:
            tables = from_toml(path.read_text(encoding="utf-8-sig"))
        except (ValueError, OSError) as error:
            raise ConfigError(f"{path} cannot be read as TOML: {error}") from None
        if isinstance(data := tables.get("data"), dict):
            tables["data"] = anchored(data.get("name"), data, path.parent)
        if isinstance(start := tables.get("finetune"), dict) and isinstance(start.get("run"), str):
            start["run"] = os.path.abspath(path.parent / Path(start["run"]).expanduser())
        override(tables, overrides)
        return cls.from_dict(tables, name=NO_NAME.sub("-", path.stem)[:100].strip("-. ") or "run")

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any], name: str = "run") -> Config:
        """Return the configuration that nested tables describe.

        Raises
        ------
        ConfigError
            If a section or an option is unknown or of a wrong type.
        """
        for section in tables:
            if section not in (*SECTIONS, "name"):
                raise ConfigError(
                    f"there is no section [{section}]{nearest(section, SECTIONS)}; "
                    f"there are {', '.join(SECTIONS)}"
                )
        lists = {"regularizers"}
        for section, table in tables.items():
            if section != "name" and not isinstance(table, list if section in lists else dict):
                kind = "a list of tables [[...]]" if section in lists else "a table [...]"
                raise ConfigError(f"{section} must be {kind}, not {table!r}")
        data, loss = dict(tables.get("data", {})), tables.get("loss", {})
        if not isinstance(data.get("name"), str):
            raise ConfigError('the configuration needs [data] with a name, such as "digits"')
        return cls(
            name=str(tables.get("name", name)),
            data=DataOptions(data.pop("name"), data),
            model=build_named("model", {"name": "mlp"} | tables.get("model", {}), MODELS),
            loss=build_named("loss", loss, LOSSES) if "name" in loss else None,
            loss_options={} if "name" in loss else dict(loss),
            optimizer=build_named(
                "optimizer", {"name": "adam"} | tables.get("optimizer", {}), OPTIMIZERS
            ),
            schedule=build_named(
                "schedule", {"name": "constant"} | tables.get("schedule", {}), SCHEDULES
            ),
            regularizers=tuple(
                build_named(
                    f"regularizers[{i}]", checked(f"regularizers[{i}]", dict, t), REGULARIZERS
                )
                for i, t in enumerate(tables.get("regularizers", []))
            ),
            augment=build("augment", AugmentOptions, tables.get("augment", {}), "[augment]"),
            training=build("training", TrainingOptions, tables.get("training", {}), "[training]"),
            finetune=build("finetune", FinetuneOptions, tables["finetune"], "[finetune]")
            if "finetune" in tables
            else None,
            checkpoint=build(
                "checkpoint", CheckpointOptions, tables.get("checkpoint", {}), "[checkpoint]"
            ),
            tensorboard=build(
                "tensorboard", TensorBoardOptions, tables.get("tensorboard", {}), "[tensorboard]"
            ),
        )

    def load_data(self, data_dir: str | Path | None = None) -> library.DataSplits:
        """Read, divide and scale the data.

        Where the loss is one for numbers and nothing says what a table's target is, it is numbers.
        """
        data = self.data
        asked = self.loss is not None and self.loss.kind == "regression"
        if asked and data.name == "csv" and data.options.get("task", "auto") == "auto":
            data = DataOptions(data.name, {**data.options, "task": "regression"})
        return data.load(data_dir)

    def loss_for(self, train: library.Dataset) -> Loss:
        """Return the loss; if none is named, cross-entropy for labels, squared error for numbers.

        Examples
        --------
        >>> config = Config.from_dict({"data": {"name": "moons"}, "loss": {"label_smoothing": 0.1}})
        >>> config.loss_for(config.load_data().train)
        SoftmaxCrossEntropy(label_smoothing=0.1, class_weight=None)
        """
        if self.loss is not None:
            return self.loss
        name = "softmax-cross-entropy" if train.classes else "mse"
        return build_named("loss", {"name": name, **self.loss_options}, LOSSES)

    def to_dict(self) -> dict[str, Any]:
        """Return nested tables from which `from_dict` makes the same; every option written out."""
        tables: dict[str, Any] = {
            "name": self.name,
            "data": {"name": self.data.name, **self.data.options},
            "model": describe(self.model, MODELS),
            "optimizer": describe(self.optimizer, OPTIMIZERS),
            "schedule": describe(self.schedule, SCHEDULES),
            "training": plain(self.training),
        }
        if self.loss is not None:
            tables["loss"] = describe(self.loss, LOSSES)
        elif self.loss_options:
            tables["loss"] = dict(self.loss_options)
        if self.regularizers:
            tables["regularizers"] = [describe(r, REGULARIZERS) for r in self.regularizers]
        if self.augment != AugmentOptions():
            tables["augment"] = plain(self.augment)
        if self.finetune is not None:
            tables["finetune"] = plain(self.finetune)
        if self.checkpoint != CheckpointOptions():
            tables["checkpoint"] = plain(self.checkpoint)
        if self.tensorboard != TensorBoardOptions():
            tables["tensorboard"] = plain(self.tensorboard)
        return tables

    def to_toml(self) -> str:
        """Return `to_dict` as TOML."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())


def recipe_names() -> list[str]:
    """Return the names of the built-in recipes."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))
