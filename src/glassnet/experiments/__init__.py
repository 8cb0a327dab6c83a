"""Experiments: typed configurations, recipes, runs and their folders."""

from glassnet.experiments.carrying_out import train
from glassnet.experiments.comparison import Comparison, compare
from glassnet.experiments.config import Config, recipe_names
from glassnet.experiments.crossvalidation import cross_validate
from glassnet.experiments.finetuning import finetune_config
from glassnet.experiments.finished import evaluate_run, predict, predict_images
from glassnet.experiments.folder import RunFolder, environment, to_json
from glassnet.experiments.loaded import LoadedRun
from glassnet.experiments.record import RunRecord
from glassnet.experiments.resuming import resume
from glassnet.experiments.run import Run

__all__ = [
    "Comparison",
    "Config",
    "LoadedRun",
    "Run",
    "RunFolder",
    "RunRecord",
    "compare",
    "cross_validate",
    "environment",
    "evaluate_run",
    "finetune_config",
    "predict",
    "predict_images",
    "recipe_names",
    "resume",
    "to_json",
    "train",
]
