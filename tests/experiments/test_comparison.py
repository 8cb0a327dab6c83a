"""The comparison guard: every confound planted alone and in pairs, and pairs that are clean."""

import itertools
import json

import numpy as np
import pytest

import glassnet as gn
from glassnet.experiments import Config, compare, train
from glassnet.experiments.confounds import changes_between, identity
from glassnet.experiments.record import RunRecord

from .planted import plant

PLANTS = {
    "two-changes": {"optimizer__momentum": 0.9, "model__dropout": 0.5},
    "other-data": {"describe__fingerprints__test": "e1", "describe__fingerprints__train": "t1"},
    "other-samples": {"describe__samples__train": 50, "describe__fingerprints__train": "t2",
                      "data__train": 50},
    "last-against-best": {"metrics__best_epoch": 2, "training__patience": 5},
    "validation-against-test": {"metrics__test_loss": None, "metrics__test_accuracy": None},
    "unfinished": {"metrics__stopped": "interrupted"},
}  # fmt: skip
"""What is planted into the second group, by the confound that it is."""

UNSEEN = {"validation-against-test", "unfinished"}
"""What makes no group of its own: something else must differ, cleanly."""

CHANGES = {
    "optimizer__lr": 0.2, "model__hidden": [32], "training__epochs": 5, "training__batch_size": 16,
    "data__scaling": "zscore", "metrics__environment__source": "bbbb", "training__shuffle": False,
}  # fmt: skip
"""What a clean pair may differ in: one thing."""


def groups(tmp_path, seeds=(0, 1, 2), other_seeds=None, **changes):
    """Plant two groups of runs, the second with changes and somewhat better."""
    first = [plant(tmp_path / f"a{s}", s, metrics__test_accuracy=0.9 + s / 100) for s in seeds]
    second = []
    for s in seeds if other_seeds is None else other_seeds:
        settings = {"metrics__test_accuracy": 0.92 + s / 90, **changes}
        second.append(plant(tmp_path / f"b{s}", s, **settings))
    return [*first, *second]


def kinds(comparison):
    (difference,) = comparison.differences
    return {confound.kind for confound in difference.confounds}


@pytest.mark.parametrize(("key", "value"), list(CHANGES.items()))
def test_a_clean_pair_is_not_flagged(tmp_path, key, value):
    found = compare(groups(tmp_path, **{key: value}))
    assert kinds(found) == set()
    assert not found.confounded
    difference = found.differences[0]
    assert difference.paired
    assert difference.difference.count == 3
    assert difference.figure == "test_accuracy"


def test_another_optimizer_with_its_own_options_is_one_thing(tmp_path):
    found = compare(
        groups(tmp_path, optimizer={"name": "adam", "lr": 0.1, "beta1": 0.9, "eps": 1e-8})
    )
    assert kinds(found) == set()
    keys = {change.key for change in found.differences[0].changes}
    assert keys == {"optimizer.name", "optimizer.momentum", "optimizer.beta1", "optimizer.eps"}


def test_another_optimizer_at_another_rate_is_two_things(tmp_path):
    found = compare(groups(tmp_path, optimizer={"name": "adam", "lr": 0.001}))
    assert kinds(found) == {"two-changes"}
    sentence = found.differences[0].confounds[0].sentence
    assert sentence.startswith("two things changed")
    assert "optimizer.lr" in sentence
    assert "optimizer.name" in sentence


@pytest.mark.parametrize("name", PLANTS)
def test_each_confound_alone(tmp_path, name):
    changes = PLANTS[name]
    if name in UNSEEN:
        changes = {**changes, "optimizer__lr": 0.2}
    assert kinds(compare(groups(tmp_path, **changes))) == {name}


@pytest.mark.parametrize(("one", "two"), list(itertools.combinations(PLANTS, 2)))
def test_confounds_in_pairs(tmp_path, one, two):
    changes = {**PLANTS[one], **PLANTS[two]}
    if not {one, two} - UNSEEN:
        changes |= {"optimizer__lr": 0.2}
    found = kinds(compare(groups(tmp_path, **changes)))
    assert {one, two} <= found
    assert found <= {one, two, "two-changes"}


def test_one_seed_only(tmp_path):
    found = compare(groups(tmp_path, seeds=[0], optimizer__lr=0.2))
    assert kinds(found) == {"one-seed"}
    assert np.isnan(found.differences[0].difference.low)


def test_other_seeds(tmp_path):
    found = compare(groups(tmp_path, other_seeds=[3, 4], optimizer__lr=0.2))
    assert kinds(found) == {"other-seeds"}
    assert not found.differences[0].paired
    assert "A has seeds 0, 1, 2, B seeds 3, 4" in found.differences[0].confounds[0].sentence
    again = compare(groups(tmp_path / "x", seeds=[0], other_seeds=[1], optimizer__lr=0.2))
    assert kinds(again) == {"one-seed", "other-seeds"}


def test_the_number_of_samples_is_named(tmp_path):
    found = compare(groups(tmp_path, **PLANTS["other-samples"]))
    assert "training samples 100 against 50" in found.differences[0].confounds[0].sentence


def test_the_same_data_from_another_place_are_the_same_data(tmp_path):
    found = compare(groups(tmp_path, data__path="/elsewhere/x.csv", optimizer__lr=0.2))
    assert kinds(found) == set()


def test_without_fingerprints_the_options_tell(tmp_path):
    bare = {"describe__fingerprints": None}
    a = [plant(tmp_path / f"a{s}", s, **bare) for s in (0, 1)]
    b = [plant(tmp_path / f"b{s}", s, **bare, data__split_seed=1) for s in (0, 1)]
    assert kinds(compare([*a, *b])) == {"other-data"}


def test_early_stopping_with_another_monitor_is_one_thing(tmp_path):
    changes = {"training__patience": 5, "training__monitor": "valid_accuracy"}
    found = compare(groups(tmp_path, **changes))
    assert kinds(found) == set()


def test_layers_are_compared_one_by_one_where_they_are_the_same_kinds(tmp_path):
    dense = {"type": "Linear", "out_features": 8}
    a = [plant(tmp_path / f"a{s}", s, model={"name": "layers", "layers": [dense, "ReLU"]})
         for s in (0, 1)]  # fmt: skip
    wider = {"type": "Linear", "out_features": 16}
    b = [plant(tmp_path / f"b{s}", s, model={"name": "layers", "layers": [wider, "ReLU"]})
         for s in (0, 1)]  # fmt: skip
    c = [plant(tmp_path / f"c{s}", s, model={"name": "layers", "layers": [dense, wider, "Tanh"]})
         for s in (0, 1)]  # fmt: skip
    found = compare([*a, *b, *c])
    assert not found.confounded
    changed = changes_between(found.groups[0].runs[0], found.groups[1].runs[0])
    assert [change.key for change in changed] == ["model.layers.0.out_features"]


def test_names_and_records_change_nothing(tmp_path):
    a = plant(tmp_path / "a")
    b = plant(tmp_path / "b", 1, name="other", training__record_layers=True)
    assert identity(RunRecord.read(a)) == identity(RunRecord.read(b))
    found = compare([a, b])
    assert len(found.groups) == 1
    assert found.groups[0].seeds == (0, 1)
    assert "differ in their seed only" in found.notes[0]


def test_mcnemar_of_two_single_runs(tmp_path):
    a, b = plant(tmp_path / "a", right=20), plant(tmp_path / "b", right=29, optimizer__lr=0.2)
    found = compare([a, b]).differences[0].mcnemar
    assert (found.only_first, found.only_second) == (0, 9)
    assert found.p_value == pytest.approx(2 * 0.5**9)
    assert found.difference.value == pytest.approx(9 / 30)
    other = plant(tmp_path / "c", describe__fingerprints__test="e1")
    assert compare([a, other]).differences[0].mcnemar is None


def test_the_figure_that_was_asked_for(tmp_path):
    runs = groups(tmp_path, **PLANTS["validation-against-test"], optimizer__lr=0.2)
    found = compare(runs, "valid_loss")
    assert kinds(found) == set()
    assert found.differences[0].figure == "valid_loss"
    with pytest.raises(gn.ConfigError, match=r"has no .test_loss."):
        compare(runs, "test_loss")


def test_what_cannot_be_compared(tmp_path):
    a = plant(tmp_path / "a")
    with pytest.raises(gn.ConfigError, match="at least two runs"):
        compare([a])
    with pytest.raises(gn.ConfigError, match="given twice"):
        compare([a, tmp_path / "x" / ".." / "a"])
    with pytest.raises(gn.CheckpointError, match="there is no run folder"):
        compare([a, tmp_path / "gone"])


def test_a_repeated_seed_counts_once(tmp_path):
    runs = [plant(tmp_path / "a0"), plant(tmp_path / "a0-again"), plant(tmp_path / "a1", 1)]
    found = compare(runs)
    assert found.groups[0].seeds == (0, 1)
    assert any("repeats" in note for note in found.notes)


def test_notes_of_machines_and_selection(tmp_path):
    found = compare(groups(tmp_path, optimizer__lr=0.2, metrics__kernels="numba",
                           metrics__environment__numpy="1.26"))  # fmt: skip
    assert kinds(found) == set()
    text = "\n".join(found.notes)
    assert "numpy: 1.26, 2.0" in text
    assert "kernels: numba, numpy" in text


def test_a_diverged_run_has_no_figure(tmp_path):
    path = plant(tmp_path / "b", optimizer__lr=0.2)
    metrics = json.loads((path / "metrics.json").read_text())
    metrics["test_accuracy"] = None
    (path / "metrics.json").write_text(json.dumps(metrics))
    found = compare([plant(tmp_path / "a"), path])
    assert np.isnan(found.differences[0].difference.value)
    assert any("not finite" in note for note in found.notes)


def test_a_run_that_did_not_finish_is_noted_in_its_own_group(tmp_path):
    runs = [plant(tmp_path / "a"), plant(tmp_path / "b", 1, metrics__stopped="interrupted")]
    assert "b did not finish: interrupted" in compare(runs).notes


def test_real_runs_are_grouped_and_are_fair(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = ["training.epochs=1", "model.hidden=[8]"]
    for seed, lr in itertools.product((0, 1), (0.01, 0.02)):
        settings = [*quick, f"training.seed={seed}", f"optimizer.lr={lr}"]
        train(Config.from_recipe("digits-mlp", settings), out=f"{seed}-{lr}")
    found = compare(["0-0.01", "1-0.01", "0-0.02", "1-0.02"])
    assert [group.seeds for group in found.groups] == [(0, 1), (0, 1)]
    assert kinds(found) == set()
    assert [c.key for c in found.differences[0].changes] == ["optimizer.lr"]
    again = compare(["0-0.01", "0-0.02"])
    assert again.differences[0].mcnemar is not None
