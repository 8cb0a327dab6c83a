"""Data sets, splits, scaling and batches."""

from glassnet.data.batches import batches
from glassnet.data.dataset import Dataset
from glassnet.data.fetch import fetch
from glassnet.data.fitting import fit_scaling
from glassnet.data.idx import read_idx, write_idx
from glassnet.data.inventory import identity, is_at_hand, missing_files
from glassnet.data.loading import load
from glassnet.data.parts import DataSplits
from glassnet.data.registry import describe, names, options_of, path_options_of
from glassnet.data.scaling import Scaling
from glassnet.data.sources.feature_file import Features, read_features
from glassnet.data.sources.images import read_image
from glassnet.data.splits import k_folds, stratified_split

__all__ = [
    "DataSplits",
    "Dataset",
    "Features",
    "Scaling",
    "batches",
    "describe",
    "fetch",
    "fit_scaling",
    "identity",
    "is_at_hand",
    "k_folds",
    "load",
    "missing_files",
    "names",
    "options_of",
    "path_options_of",
    "read_features",
    "read_idx",
    "read_image",
    "stratified_split",
    "write_idx",
]
