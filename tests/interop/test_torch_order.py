"""In which order layers without numbers in their names follow one another."""

import pytest

import glassnet as gn
from glassnet.interop.torch_order import chained


def test_an_order_that_only_the_names_could_tell_is_asked_for() -> None:
    layers = {"decoder": gn.Linear(8, 20), "encoder": gn.Linear(20, 8)}
    with pytest.raises(gn.CheckpointError, match=r"several orders .*--recipe"):
        chained(layers)


def test_names_that_are_counted_say_their_order() -> None:
    layers = {"fc1": gn.Linear(4, 4), "fc2": gn.Linear(4, 4)}
    assert chained(layers) == ("fc1", "fc2")


def test_shapes_that_fit_in_one_way_say_it() -> None:
    layers = {"head": gn.Linear(6, 3), "middle": gn.Linear(7, 6), "stem": gn.Linear(8, 7)}
    assert chained(layers) == ("stem", "middle", "head")
