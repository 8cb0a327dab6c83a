"""What a model brings along when it leaves: its input's shape, the scaling, the classes' names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from glassnet.arrays import Array, Shape
from glassnet.data import Scaling
from glassnet.errors import ConfigError
from glassnet.experiments.config import Config, recipe_names
from glassnet.experiments.loaded import LoadedRun
from glassnet.experiments.models import MODELS, LayerList
from glassnet.experiments.registry import build_named
from glassnet.interop import Imported, input_shape_of, outputs_of, with_state
from glassnet.layers import Layer
from glassnet.mlp import MLP
from glassnet.parsing import from_toml
from glassnet.storage import load


@dataclass(frozen=True)
class Portable:
    """A model with what others must know to use it."""

    model: Layer
    input_shape: Shape
    name: str
    scaling: Scaling | None = None
    class_names: tuple[str, ...] | None = None

    @classmethod
    def read(cls, path: str | Path, input_shape: Shape | None = None) -> Portable:
        """Read the folder of a run, or a model that `gn.save` wrote.

        Parameters
        ----------
        path : path
        input_shape : tuple of int, optional
            Of one sample, where a model alone does not tell it.

        Raises
        ------
        CheckpointError
            If there is no such run or model, or it is damaged.
        ConfigError, ShapeError
            If the shape is not known, or the model cannot take it.
        """
        path = Path(path)
        if path.suffix == ".safetensors":
            model = load(path)
            shape = input_shape_of(model) if input_shape is None else input_shape
            model.output_shape(shape)
            return cls(model, shape, path.stem)
        run = LoadedRun.read(path)
        if input_shape not in (None, run.sample_shape):
            raise ConfigError(
                f"the samples of {path} have shape {run.sample_shape}, not {input_shape}; "
                "leave the shape out"
            )
        name = path.resolve().name
        return cls(run.model, run.sample_shape, name, run.scaling, run.class_names)


def from_recipe(
    state: dict[str, Array],
    recipe: str,
    input_shape: Shape | None = None,
    data_dir: str | Path | None = None,
) -> tuple[Imported, Shape]:
    """Build the model of a recipe with the weights of a `state_dict`.

    Parameters
    ----------
    state : dict
    recipe : str
        A built-in recipe, a TOML file or a run folder.
    input_shape : tuple of int, optional
        Of one sample; by default that of the recipe's data, which are read.
    data_dir : path, optional

    Returns
    -------
    imported : Imported
    input_shape : tuple of int
    """
    if Path(recipe).is_dir():
        recipe = str(Path(recipe) / "config.toml")
    if (options := _model_alone(recipe)) is not None:
        if input_shape is None:
            raise ConfigError(
                f"{recipe} has no [data], so the shape of a sample is not known; give it, for "
                "instance --input-shape 1,28,28 for images of one channel"
            )
    else:
        config = Config.from_recipe(recipe)
        options = config.model
        if input_shape is None:
            input_shape = config.load_data(data_dir).sample_shape
    model = options.build(input_shape, outputs_of(state))
    return with_state(model, state), input_shape


def _model_alone(recipe: str) -> MLP | LayerList | None:
    """Return the model of a TOML file that describes a model and no data, None of all others."""
    file = Path(recipe)
    if not file.is_file() or recipe in recipe_names():
        return None
    try:
        tables = from_toml(file.read_text(encoding="utf-8-sig"))
    except ValueError:
        return None  # said by whoever reads it as a recipe
    if "data" in tables or not isinstance(tables.get("model"), dict):
        return None
    return build_named("model", {"name": "mlp"} | tables["model"], MODELS)
