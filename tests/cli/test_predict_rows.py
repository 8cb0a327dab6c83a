"""`glassnet predict` on rows of tables."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.experiments import LoadedRun

from .conftest import assert_refused

NAMES = ("width", "height", "weight")
QUICK = ("--set", "training.epochs=3", "--set", "data.test=0")


def written(name, columns, rows, header=True, mark=","):
    """Write a CSV file; columns by name."""
    lines = [mark.join(columns)] if header else []
    lines += [mark.join(str(row[column]) for column in columns) for row in rows]
    Path(name).write_text("\n".join(lines) + "\n")
    return name


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return [
        dict(zip(NAMES, np.round(rng.normal(size=3) + 2 * (i % 2), 4), strict=True))
        | {"kind": ("ant", "bee")[i % 2], "price": round(rng.normal(), 3)}
        for i in range(60)
    ]


@pytest.fixture
def named(glassnet, rows):
    """A classifier of a table with a header, its target in the middle."""
    table = written("train.csv", ["width", "kind", "height", "weight"], rows)
    ended = train(glassnet, "named", table, target="kind")
    assert ended.code == 0, ended.err
    return "named"


def train(glassnet, out, table, **options):
    Path(f"{out}.toml").write_text(
        f'[data]\nname = "csv"\npath = "{table}"\n'
        + "".join(f"{key} = {value!r}\n" for key, value in options.items())
    )
    return glassnet("train", f"{out}.toml", "--out", out, *QUICK)


def expected(run, rows):
    run = LoadedRun.read(run)
    x = np.array([[row[name] for name in NAMES] for row in rows])
    return run.model.predict_proba(run.scaling.apply(x))


def test_columns_are_found_by_name_in_any_order(glassnet, named, rows):
    new = written("new.csv", ["weight", "height", "width"], rows[:5], mark=";")
    ended = glassnet("predict", named, new, "--json")
    assert (ended.code, ended.err) == (0, "")
    found = ended.json["predictions"]
    assert [answer["line"] for answer in found] == [2, 3, 4, 5, 6]
    for answer, row in zip(found, expected(named, rows[:5]), strict=True):
        best = row.argmax()
        assert answer["class"] == ("ant", "bee")[best]
        assert answer["classes"][0]["probability"] == pytest.approx(row[best], rel=1e-5)
    with_target = written("again.csv", ["kind", "width", "height", "weight"], rows[:5])
    again = glassnet("predict", named, with_target, "--json").json["predictions"]
    assert [a["classes"] for a in again] == [a["classes"] for a in found]
    words = glassnet("predict", named, new)
    assert words.out.splitlines()[0].split()[:2] == ["new.csv:2", found[0]["class"]]


def test_without_a_header_columns_go_by_their_order(glassnet, rows):
    table = written("bare.csv", [*NAMES, "kind"], rows, header=False)
    assert train(glassnet, "bare", table).code == 0
    alone = written("alone.csv", NAMES, rows[:4], header=False)
    found = glassnet("predict", "bare", alone, "--json").json["predictions"]
    np.testing.assert_allclose(
        [answer["classes"][0]["probability"] for answer in found],
        expected("bare", rows[:4]).max(axis=1), rtol=1e-5,
    )  # fmt: skip
    assert [answer["line"] for answer in found] == [1, 2, 3, 4]
    again = glassnet("predict", "bare", table, "--json").json["predictions"]
    assert [a["class"] for a in again[:4]] == [a["class"] for a in found]


def test_numbers(glassnet, rows):
    table = written("prices.csv", [*NAMES, "price"], rows)
    assert train(glassnet, "prices", table, target="price").code == 0
    new = written("new.csv", NAMES, rows[:3])
    run = LoadedRun.read("prices")
    x = np.array([[row[name] for name in NAMES] for row in rows[:3]])
    ended = glassnet("predict", "prices", new, "--json")
    values = [answer["value"] for answer in ended.json["predictions"]]
    np.testing.assert_allclose(values, run.model.predict(run.scaling.apply(x))[:, 0], rtol=1e-5)
    assert f"{values[0]:.6g}" in glassnet("predict", "prices", new).out


def test_points_of_a_made_data_set(glassnet):
    assert glassnet("train", "moons-mlp", "--out", "moons", *QUICK[:2]).code == 0
    Path("points.csv").write_text("0.5,0.25\n-1,1\n")
    found = glassnet("predict", "moons", "points.csv", "--json").json["predictions"]
    run = LoadedRun.read("moons")
    x = run.scaling.apply(np.array([[0.5, 0.25], [-1, 1]]))
    assert [a["class"] for a in found] == [str(k) for k in run.model.predict(x).argmax(axis=1)]


@pytest.mark.parametrize(
    ("columns", "header", "words"),
    [
        (["width", "height"], True, ("no column 'weight'", "width, height, weight")),
        ([*NAMES, "price"], True, ("the column 'price'", "leave it out")),
        ([*NAMES, "width"], True, ("2 columns 'width'",)),
        (["width", "height"], False, ("2 columns", "3 features", "width, height, weight")),
        ([*NAMES, "price"], False, ("4 columns", "3 features")),
    ],
)
def test_columns_that_do_not_fit_are_named(glassnet, named, rows, columns, header, words):
    ended = glassnet("predict", named, written("bad.csv", columns, rows[:3], header))
    assert_refused(ended, "bad.csv", *words)


def test_a_cell_that_is_no_number_is_named_and_other_files_are_predicted(glassnet, named, rows):
    good = written("good.csv", NAMES, rows[:2])
    Path("bad.csv").write_text("width,height,weight\n1,2,3\n1,much,3\n")
    ended = glassnet("predict", named, "bad.csv", good, "missing.csv")
    assert ended.code == 2
    assert len(ended.out.splitlines()) == 2
    first, second = ended.err.splitlines()
    assert "bad.csv: line 3, column 'height': 'much' is not a finite number" in first
    assert "missing.csv: there is no such file" in second


@pytest.mark.parametrize("content", ["", "width,height,weight\n", "1,2,3\n1,2\n", "\x00"])
def test_damaged_tables(glassnet, named, content):
    Path("damaged.csv").write_text(content)
    assert_refused(glassnet("predict", named, "damaged.csv"), "damaged.csv")


cells = st.one_of(
    st.text(max_size=4),
    st.floats().map(repr),
    st.sampled_from(["1", "-2.5", "1e999", "0,5", "1_0", "٣", "0x1", "'", '"', "", "\0", *NAMES]),
)
lines = st.one_of(
    st.sampled_from(["width,height,weight", "weight;width;height", "1,2,3", "0.5;1;-1"]),
    st.lists(cells, max_size=5).flatmap(
        lambda line: st.sampled_from([mark.join(line) for mark in ",;\t|"])
    ),
)
tables = st.one_of(
    st.binary(max_size=40),
    st.tuples(
        st.lists(lines, max_size=5), st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]), st.binary(max_size=3),
    ).map(lambda t: t[1].join(t[0]).encode(t[2], "replace") + t[3]),
)  # fmt: skip


def test_whatever_a_table_holds_it_is_predicted_or_refused_in_a_sentence(glassnet, named):
    outcomes = Counter()

    @given(tables)
    @settings(max_examples=150, deadline=None, database=None)
    @example(b"width,height,weight\n1,2,3\n")
    @example(b"1,2,3\n" * 5)
    @example(b'"1\n2",2,3\n')
    def read(content):
        Path("new.csv").write_bytes(content)
        ended = glassnet("predict", named, "new.csv", "--json")
        outcomes[ended.code] += 1
        if ended.code == 0:
            assert ended.err == ""
            assert ended.json["predictions"]
            for answer in ended.json["predictions"]:
                shares = [entry["probability"] for entry in answer["classes"]]
                assert sum(shares) == pytest.approx(1)
        else:
            assert_refused(ended, "new.csv")
            assert len(ended.err.splitlines()) == 1

    read()
    assert outcomes.keys() == {0, 2}


def test_pictures_are_not_tables(glassnet, named, digits_run, rows):
    table = written("rows.csv", NAMES, rows[:2])
    assert_refused(glassnet("predict", digits_run[0], table), "rows.csv", "not a PNG or JPEG")
    assert_refused(glassnet("predict", named, table, "--save-input", "x"), "rows of tables")
    assert gn.load("named/model.safetensors")
