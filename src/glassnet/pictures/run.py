"""The pictures of a run: those that fit its data and its model."""

from itertools import islice

import numpy as np
from matplotlib.figure import Figure

from glassnet.arrays import Array, Shape
from glassnet.data import DataSplits
from glassnet.layers import Conv2d, Layer
from glassnet.pictures.boundary import decision_boundary
from glassnet.pictures.confusion import confusion_matrix_figure
from glassnet.pictures.curves import training_curves
from glassnet.pictures.features import feature_maps
from glassnet.pictures.labels import as_labels, probabilities_of
from glassnet.pictures.layers import layer_distributions, layer_health
from glassnet.pictures.mistakes import worst_mistakes
from glassnet.pictures.regression import predicted_against_true
from glassnet.pictures.steps import step_curves
from glassnet.pictures.weights import (
    convolution_kernels,
    first_layer_weights,
    innermost,
    weight_matrices,
)
from glassnet.training import Evaluation, History, LayerRecord, confusion_matrix
from glassnet.training.layer_record import KINDS

MOST_CONVOLUTIONS = 8


def run_figures(
    history: History,
    model: Layer,
    data: DataSplits,
    evaluation: Evaluation | None = None,
    best_epoch: int | None = None,
    layers: LayerRecord | None = None,
) -> dict[str, Figure]:
    """Return the figures that fit a run, by name.

    ``curves`` always, and ``steps`` where they were recorded; of a classifier ``confusion``,
    ``mistakes`` (images) and ``boundary`` (two features); of other models ``regression``; of images
    ``weights`` where the first layer is linear, and ``kernels-0`` and so on of the first eight
    convolutions, by their names, with ``features``, the maps they make of the first sample;
    ``layers-weight``, ``-bias``, ``-gradient``, ``-activation`` and ``-health`` where layers were
    recorded, with ``matrices``, the weights of the linear layers.

    Parameters
    ----------
    history : History
    model : Layer
    data : DataSplits
    evaluation : Evaluation, optional
        Of the test part; of the validation part where there is no test part, of the training part
        where there is neither.
    best_epoch : int, optional
        Marked in the curves.
    layers : LayerRecord, optional
    """
    figures: dict[str, Figure | None] = {"curves": training_curves(history, best_epoch)}
    if history.steps:
        figures["steps"] = step_curves(history)
    if evaluation is not None:
        figures |= _result_figures(model, data, evaluation)
    figures |= model_figures(model, data.sample_shape, layers)
    if any(name.startswith("kernels") for name in figures):
        figures["features"] = feature_maps(model, data.test or data.train)
    return {name: figure for name, figure in figures.items() if figure is not None}


def model_figures(
    model: Layer, sample_shape: Shape, layers: LayerRecord | None = None
) -> dict[str, Figure | None]:
    """Return the figures for which no data are needed: weights, kernels, and recorded layers."""
    figures: dict[str, Figure | None] = {"weights": first_layer_weights(model, sample_shape)}
    convolutions = ((n, layer) for n, layer in innermost(model) if isinstance(layer, Conv2d))
    for name, layer in islice(convolutions, MOST_CONVOLUTIONS):
        figures[f"kernels-{name or 0}"] = convolution_kernels(layer, name)
    if layers is not None and layers.epochs:
        figures["matrices"] = weight_matrices(model)
        figures |= {f"layers-{k}": layer_distributions(layers, k) for k in KINDS if layers.names(k)}
        if layers.gradient_norms:
            figures["layers-health"] = layer_health(layers)
    return figures


def _result_figures(
    model: Layer, data: DataSplits, evaluation: Evaluation
) -> dict[str, Figure | None]:
    """Return the figures of what a model made of the samples it was evaluated on."""
    parts = {"test": data.test, "validation": data.valid, "training": data.train}
    part, judged = next((name, d) for name, d in parts.items() if d is not None)
    outputs, names = evaluation.outputs, data.class_names
    if not _classifies(evaluation, judged.y):
        if outputs.size != judged.y.size:
            return {}
        return {"regression": predicted_against_true(outputs, judged.y, part)}
    figures: dict[str, Figure | None] = {
        "confusion": confusion_matrix_figure(confusion_matrix(outputs, judged.y), names, part),
        "mistakes": worst_mistakes(
            judged.raw, probabilities_of(outputs, model), judged.y, names, part=part
        ),
    }
    if data.sample_shape == (2,):
        figures["boundary"] = decision_boundary(model, data.train, data.test)
    return figures


def _classifies(evaluation: Evaluation, y: Array) -> bool:
    """Whether the outputs are those of classes, and every label is one of them."""
    named = any(name == "accuracy" or name.startswith("top") for name in evaluation.metrics)
    if evaluation.outputs.ndim != 2 or not (named or y.dtype == np.int64):
        return False
    return bool(as_labels(y).max() < max(evaluation.outputs.shape[1], 2))
