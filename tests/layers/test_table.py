"""The table of layers is whole."""

import glassnet as gn
from glassnet import layers

from .table import LAYERS


def test_every_public_layer_is_in_the_table() -> None:
    public = {vars(layers)[name] for name in layers.__all__}
    classes = {c for c in public if isinstance(c, type) and issubclass(c, gn.Layer)} - {gn.Layer}
    assert {type(row.make()) for row in LAYERS} == classes


def test_names_are_distinct() -> None:
    assert len({row.name for row in LAYERS}) == len(LAYERS)


def test_stochastic_layers_are_marked() -> None:
    assert {row.name.partition(",")[0] for row in LAYERS if row.stochastic} == {
        "Dropout",
        "Sequential",
        "Residual with a shortcut",
    }
