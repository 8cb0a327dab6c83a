"""Layers: forward and backward side by side, a small file per family."""

from glassnet.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from glassnet.layers.base import Layer, Step
from glassnet.layers.convolution import Conv2d
from glassnet.layers.description import from_config
from glassnet.layers.dropout import Dropout
from glassnet.layers.linear import Linear
from glassnet.layers.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from glassnet.layers.pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from glassnet.layers.reshaping import Flatten, Identity
from glassnet.layers.residual import Residual
from glassnet.layers.sequential import Sequential

__all__ = [
    "ELU",
    "GELU",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2d",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Step",
    "Tanh",
    "from_config",
]
