"""Figures: matplotlib objects that can be shown, changed and saved."""

from glassnet.pictures.augmentation import augmentation_preview
from glassnet.pictures.boundary import (
    Panel,
    decision_boundaries,
    decision_boundary,
    draw_decision_boundary,
)
from glassnet.pictures.confusion import confusion_matrix_figure
from glassnet.pictures.curves import training_curves
from glassnet.pictures.families import family_curves
from glassnet.pictures.features import feature_maps
from glassnet.pictures.layers import layer_distributions, layer_health
from glassnet.pictures.mistakes import worst_mistakes
from glassnet.pictures.regression import predicted_against_true
from glassnet.pictures.run import run_figures
from glassnet.pictures.steps import step_curves
from glassnet.pictures.style import save
from glassnet.pictures.weights import (
    convolution_kernels,
    first_layer_weights,
    weight_matrices,
)

__all__ = [
    "Panel",
    "augmentation_preview",
    "confusion_matrix_figure",
    "convolution_kernels",
    "decision_boundaries",
    "decision_boundary",
    "draw_decision_boundary",
    "family_curves",
    "feature_maps",
    "first_layer_weights",
    "layer_distributions",
    "layer_health",
    "predicted_against_true",
    "run_figures",
    "save",
    "step_curves",
    "training_curves",
    "weight_matrices",
    "worst_mistakes",
]
