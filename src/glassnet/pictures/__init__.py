"""Figures: matplotlib objects that can be shown, changed and saved."""

from glassnet.pictures.augmentation import augmentation_preview
from glassnet.pictures.boundary import decision_boundary, draw_decision_boundary
from glassnet.pictures.confusion import confusion_matrix_figure
from glassnet.pictures.curves import training_curves
from glassnet.pictures.mistakes import worst_mistakes
from glassnet.pictures.regression import predicted_against_true
from glassnet.pictures.run import run_figures
from glassnet.pictures.style import save
from glassnet.pictures.weights import convolution_kernels, first_layer_weights

__all__ = [
    "augmentation_preview",
    "confusion_matrix_figure",
    "convolution_kernels",
    "decision_boundary",
    "draw_decision_boundary",
    "first_layer_weights",
    "predicted_against_true",
    "run_figures",
    "save",
    "training_curves",
    "worst_mistakes",
]
