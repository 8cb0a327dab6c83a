"""Checkpoints: whole or refused, in one sentence, whatever happened to the file."""

import json
import os
import warnings
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.errors import CheckpointError, ConfigError
from glassnet.training.checkpoint import CHECKSUM, Checkpoint, files

from .conftest import network, points

STATE = {
    "numbers": [1, 2.5, float("inf"), -0.0, 2**100],
    "text": "ß",
    "nothing": None,
    "inner": {"weights": np.arange(6.0).reshape(2, 3), "one": np.float32(0.1), "flag": True},
    "arrays": [np.zeros(0, np.int64), np.array(3.0), np.array([True, False])],
}
CONTENT = Checkpoint(7, STATE, {"threads": 2}).to_bytes()


def trainer(folder, **options):
    checkpointer = gn.Checkpointer(folder, **{"steps": 2, "minutes": 0, **options})
    return gn.Trainer(network(), gn.SoftmaxCrossEntropy(), gn.Adam(), callbacks=[checkpointer])


def fitted(folder, **options):
    made = trainer(folder, **options)
    made.fit(points(), points(seed=1), epochs=3, batch_size=8)
    return made


def sealed(content):
    """Return a file whose checksum fits its content."""
    place = CHECKSUM.search(content)
    blank = content[: place.start(1)] + b"0" * 64 + content[place.end(1) :]
    digest = blake2b(blank, digest_size=32).hexdigest().encode()
    return content[: place.start(1)] + digest + content[place.end(1) :]


def test_what_goes_in_comes_out():
    again = Checkpoint.from_bytes(CONTENT)
    assert (again.step, again.about) == (7, {"threads": 2})
    assert again.to_bytes() == CONTENT
    assert again.state["numbers"] == STATE["numbers"]
    assert np.signbit(again.state["numbers"][3])
    assert again.state["inner"]["one"] == float(np.float32(0.1))
    for mine, its in zip(STATE["arrays"], again.state["arrays"], strict=True):
        assert (mine.dtype, mine.shape, mine.tobytes()) == (its.dtype, its.shape, its.tobytes())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 8 * len(CONTENT) - 1))
def test_one_flipped_bit_anywhere_is_found(bit):
    damaged = bytearray(CONTENT)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CheckpointError) as error:
        Checkpoint.from_bytes(bytes(damaged))
    assert "\n" not in str(error.value)


@given(st.integers(0, len(CONTENT) - 1))
def test_a_file_cut_short_is_found(size):
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(CONTENT[:size])
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(CONTENT + CONTENT[:size] + b"x")


@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_refused(content):
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(content)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"step":"7"', '"step":"x"'),
        ('"version":"1"', '"version":"?"'),
        ('"format":"glassnet-checkpoint"', '"format":"other"'),
        ('"about":"{', '"about":"['),
        ('\\"$tensor\\": \\"inner/weights\\"', '\\"$tensor\\": \\"inner/missing\\"'),
        ('"F64"', '"F32"'),
    ],
)
def test_a_wrong_file_with_a_right_checksum_is_refused(old, new):
    size = int.from_bytes(CONTENT[:8], "little")
    header = CONTENT[8 : 8 + size].decode().replace(old, new).encode()
    content = len(header).to_bytes(8, "little") + header + CONTENT[8 + size :]
    assert header != CONTENT[8 : 8 + size]
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(sealed(content))


def test_a_newer_format_is_refused_and_no_older_checkpoint_taken(tmp_path):
    fitted(tmp_path)
    last = files(tmp_path)[0]
    last.write_bytes(sealed(last.read_bytes().replace(b'"version":"1"', b'"version":"2"')))
    with pytest.raises(CheckpointError, match=r"format version 2, newer than the 1 .* newer one"):
        gn.newest_checkpoint(tmp_path)


def test_nothing_is_unpickled_or_larger_than_it_says():
    header = {"a": {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 8 * 2**40]}}
    header["__metadata__"] = {"checksum": "0" * 64, "format": "glassnet-checkpoint"}
    text = json.dumps(header, separators=(",", ":")).encode()
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(sealed(len(text).to_bytes(8, "little") + text))


def test_the_older_whole_one_is_taken_and_the_damaged_one_named(tmp_path):
    fitted(tmp_path, keep_last=3)
    first, second, third = files(tmp_path)
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(b"")
    checkpoint, passed = gn.newest_checkpoint(tmp_path)
    assert (checkpoint.path, checkpoint.step) == (third, 4)
    assert [first.name in passed[0], second.name in passed[1]] == [True, True]
    resumed = trainer(tmp_path, keep_last=3)
    resumed.fit(points(), points(seed=1), epochs=3, batch_size=8, resume=checkpoint)
    assert gn.newest_checkpoint(tmp_path)[0].step == 8
    third.write_bytes(b"x")
    for file in files(tmp_path):
        file.write_bytes(b"x")
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        gn.newest_checkpoint(tmp_path)


def test_only_those_are_kept_that_should_be(tmp_path):
    made = fitted(tmp_path / "last", keep_last=2)
    assert [file.name for file in files(tmp_path / "last")] == [
        "step-000000008.safetensors", "step-000000006.safetensors",
    ]  # fmt: skip
    made = fitted(tmp_path / "best", steps=0, keep_last=1, keep_best=2, metric="train_loss")
    losses = made.history["train_loss"]
    best = sorted(range(3), key=losses.__getitem__)[:2]
    assert {int(file.stem[5:]) for file in files(tmp_path / "best")} == {3 * (i + 1) for i in best}


def test_minutes_are_waited_for(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("glassnet.training.checkpointer.time.monotonic", lambda: now[0])

    class Clock(gn.Callback):
        def on_step(self, trainer, record):
            now[0] += 40.0

    made = trainer(tmp_path, steps=0, minutes=1.0, keep_last=9)
    made.callbacks = (Clock(), *made.callbacks)
    made.fit(points(), epochs=3, batch_size=8)
    assert [int(file.stem[5:]) for file in files(tmp_path)] == [8, 6, 4, 2]


def test_another_training_never_deletes_these(tmp_path):
    fitted(tmp_path)
    before = {file.name: file.read_bytes() for file in files(tmp_path)}
    with pytest.raises(ConfigError, match=r"holds checkpoints .* resume"):
        fitted(tmp_path)
    assert {file.name: file.read_bytes() for file in files(tmp_path)} == before


def test_leftovers_of_a_killed_writer_go(tmp_path):
    (tmp_path / ".step-000000002.safetensors.abc").write_bytes(b"half")
    fitted(tmp_path)
    assert not list(tmp_path.glob(".step-*"))


def test_a_full_disk_is_told_and_does_not_end_the_training(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = []
    made = fitted(tmp_path, tell=told.append)
    assert made.step_count == 9
    assert len(told) == 4
    assert "No space left" in told[0]
    assert not list(tmp_path.iterdir())
    with warnings.catch_warnings(), pytest.raises(RuntimeWarning, match="No space left"):
        fitted(tmp_path)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"steps": -1}, "steps"), ({"keep_last": 0}, "keep_last"), ({"keep_best": -1}, "keep_best"),
     ({"minutes": -1.0}, "minutes"), ({"minutes": float("nan")}, "minutes")],
)  # fmt: skip
def test_options_that_make_no_sense(options, word, tmp_path):
    with pytest.raises(ConfigError, match=word):
        gn.Checkpointer(tmp_path, **options)
    with pytest.raises(ConfigError, match=r"'speed'.*train_loss"):
        fitted(tmp_path, keep_best=1, metric="speed")


# --- what does not fit ---------------------------------------------------------------------------


def resumed(folder, model=None, optimizer=None, callbacks=(), **fit):
    checkpoint, _ = gn.newest_checkpoint(folder)
    own = [*callbacks, gn.Checkpointer(folder, steps=2, minutes=0)]
    made = gn.Trainer(
        model or network(), gn.SoftmaxCrossEntropy(), optimizer or gn.Adam(), callbacks=own
    )
    fit = {"epochs": 3, "batch_size": 8, **fit}
    return made.fit(fit.pop("train", points()), points(seed=1), **fit, resume=checkpoint)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 4}, "epochs = 3, not 4"),
        ({"batch_size": 7}, "batch_size = 8, not 7"),
        ({"shuffle": False}, "shuffle = 1, not 0"),
        ({"train": points(samples=24)}, "samples = 23, not 24"),
        ({"model": gn.Sequential(gn.Linear(4, 3))}, "missing: 0.bias|not wanted: 3.bias"),
        ({"model": gn.Sequential(gn.Linear(4, 5), gn.Tanh(), gn.Identity(), gn.Linear(5, 3))},
         r"0.weight has shape \(6, 4\) in place of \(5, 4\)"),
        ({"model": network().astype(np.float64)}, "0.bias is float32 in place of float64"),
        ({"optimizer": gn.SGD()}, "is that of Adam .* not of SGD"),
        ({"callbacks": [gn.EarlyStopping()]}, "callbacks has no EarlyStopping"),
    ],
)  # fmt: skip
def test_a_checkpoint_of_another_training_is_refused(tmp_path, options, words):
    fitted(tmp_path)
    with pytest.raises(CheckpointError, match=words):
        resumed(tmp_path, **options)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [[1]], {"kind": 1}])
def test_a_state_of_nonsense_is_refused_in_words(tmp_path, value):
    fitted(tmp_path)
    checkpoint, _ = gn.newest_checkpoint(tmp_path)
    state = checkpoint.state
    fine = {"frozen": [[], {}], "watched_losses": [[], {}], "epoch": [None], "steps": [1]}
    for name in state.keys() - {"seconds"}:
        if value in fine.get(name, ()):
            continue
        Checkpoint(checkpoint.step, {**state, name: value}, {}).write(checkpoint.path)
        with pytest.raises(CheckpointError):
            resumed(tmp_path)


def test_missing_and_extra_entries_are_named(tmp_path):
    fitted(tmp_path)
    checkpoint, _ = gn.newest_checkpoint(tmp_path)
    for change, words in (
        (lambda state: state.pop("history"), "has no history"),
        (lambda state: state.update(extra=1), "has extra, which is not wanted"),
        (lambda state: state["streams"].pop("dropout"), "streams has no dropout"),
        (lambda state: state["model"].pop("0.bias"), "missing: 0.bias"),
        (lambda state: state["optimizer"]["vectors"]["mean"].pop("0.bias"), "missing: 0.bias"),
        (lambda state: state["optimizer"]["vectors"].pop("mean"), "missing: mean"),
    ):
        state = Checkpoint.from_bytes(checkpoint.to_bytes()).state
        change(state)
        Checkpoint(checkpoint.step, state, {}).write(checkpoint.path)
        with pytest.raises(CheckpointError, match=words):
            resumed(tmp_path)


def test_every_single_bit_of_a_checkpoint_counts(tmp_path):
    """Each is flipped in turn: none goes unnoticed, each time the one before is taken."""
    Checkpoint(3, {"before": np.arange(3)}, {}).write(tmp_path / "step-000000003.safetensors")
    newest = tmp_path / "step-000000007.safetensors"
    damaged = bytearray(Checkpoint(7, {"w": np.arange(2, dtype=np.int8)}, {}).to_bytes())
    for bit in range(8 * len(damaged)):
        damaged[bit // 8] ^= 1 << bit % 8
        newest.write_bytes(damaged)
        checkpoint, passed = gn.newest_checkpoint(tmp_path)
        assert checkpoint.step == 3, bit
        assert len(passed) == 1, bit
        assert newest.name in passed[0]
        assert "\n" not in passed[0]
        damaged[bit // 8] ^= 1 << bit % 8
    newest.write_bytes(damaged)
    assert gn.newest_checkpoint(tmp_path)[0].step == 7
