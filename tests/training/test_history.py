"""A history keeps every number as it was."""

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassnet as gn


def read(text):
    rows = csv.DictReader(io.StringIO(text))
    return [{k: float(v) for k, v in row.items() if v} for row in rows]


def test_numbers_survive_a_csv_file_to_the_last_bit():
    history = gn.History()
    rng = np.random.default_rng(0)
    for epoch in range(1, 20):
        numbers = (rng.normal(size=3) * 10.0 ** rng.integers(-300, 300, 3)).tolist()
        names = ("train_loss", "lr", "valid_loss") if epoch > 2 else ("train_loss", "lr")
        history.epochs.append({"epoch": epoch, **dict(zip(names, numbers, strict=False))})
    history.epochs.append({"epoch": 20, "train_loss": 0.1, "lr": 1e-45})
    assert read(history.to_csv()) == history.epochs
    assert history.to_csv().splitlines()[0] == "epoch,train_loss,lr,valid_loss"


def test_steps_have_a_table_of_their_own():
    history = gn.History()
    history.epochs.append({"epoch": 1, "train_loss": 0.5})
    history.steps += [{"step": 1, "loss": 0.75}, {"step": 2, "loss": 0.25}]
    assert history.to_csv(steps=True) == "step,loss\n1,0.75\n2,0.25\n"


def test_columns():
    history = gn.History()
    assert (len(history), history.columns) == (0, [])
    history.epochs += [{"epoch": 1, "a": 0.5}, {"epoch": 2, "b": 0.25}]
    assert history.columns == ["epoch", "a", "b"]
    assert history["a"][0] == 0.5
    assert math.isnan(history["a"][1])
    assert repr(history) == "History(2 epochs; last: epoch 2, b 0.25)"
    with pytest.raises(gn.ConfigError, match="no 'c'; it has epoch, a, b"):
        history["c"]


def test_numbers_of_a_users_own_loss_are_plain(tmp_path):
    class Mine(gn.MeanSquaredError):
        def __call__(self, output, target, sample_weight=None):
            value, dy = super().__call__(output, target, sample_weight)
            return np.float32(value), dy

    x = np.arange(8, dtype=np.float32).reshape(8, 1)
    trainer = gn.Trainer(gn.Sequential(gn.Linear(1, 1)), Mine(), gn.SGD(lr=1e-3))
    trainer.fit((x, x), (x, x), epochs=2, batch_size=4)
    assert read(trainer.history.to_csv()) == trainer.history.epochs


NUMBERS = st.floats(width=64)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), NUMBERS, min_size=1), max_size=5))
def test_a_table_gives_the_same_bits_again(records):
    history = gn.History()
    history.epochs += records
    again = gn.History.from_csv(history.to_csv())
    assert [repr(record) for record in again.epochs] == [
        repr({name: record[name] for name in history.columns if name in record})
        for record in records
    ]


@pytest.mark.parametrize("table", ["a,b\n1\n", "a,b\n1,2,3\n", "a,b\n1,x\n", "a\n" + "1" * 200_000])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(gn.DataError, match=r"line [12] must hold a number for every column"):
        gn.History.from_csv(table)
