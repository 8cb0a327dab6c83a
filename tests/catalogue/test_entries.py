"""The catalogue says what it means, and every configuration of it can be trained."""

import os
import tomllib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.data import missing_files
from glassnet.errors import ConfigError
from glassnet.experiments import Config, Run
from glassnet.experiments.as_published import FIGURES
from glassnet.experiments.catalogue import all_rows, rows_called, trials
from glassnet.experiments.catalogue.entries import merged
from glassnet.experiments.catalogue.measuring import KINDS
from glassnet.experiments.catalogue.reading import TABLES, read_report
from glassnet.experiments.options import DataOptions
from tests.conftest import ROOT

DATA_DIR = os.environ.get("GLASSNET_DATA", str(ROOT.parent / "shared" / "data"))

ROWS = list(all_rows())
VARIANTS = [
    pytest.param(report, row, variant, id=f"{row.id} {variant.name}".strip())
    for report, row in ROWS
    for variant in row.variants
]


def test_there_is_every_row_of_the_reports():
    ids = {row.id for _, row in ROWS if not row.stands_in_for}
    wanted = {f"{report}{i}" for report, n in zip("ABCDE", (17, 12, 7, 5, 6), strict=True)
              for i in range(1, n + 1)}  # fmt: skip
    assert ids == wanted


@pytest.mark.parametrize(("report", "row", "variant"), VARIANTS)
def test_every_variant_is_a_configuration_that_survives_being_written(report, row, variant):
    config = report.config(row, variant)
    assert Config.from_dict(tomllib.loads(config.to_toml())) == config
    assert row.kind in KINDS
    assert set(report.extra) <= set(FIGURES)
    assert variant.published or variant.report, "a variant reports something"
    assert not variant.fault or variant.of


@cache
def _loaded(name, options, data_dir):
    return DataOptions(name, dict(options)).load(data_dir)


@pytest.mark.parametrize(("report", "row", "variant"), VARIANTS)
def test_every_configuration_prepares_and_leaves_nothing_open(report, row, variant, monkeypatch):
    config = report.config(row, variant)
    if not os.path.isdir(DATA_DIR) or missing_files(config.data.name, DATA_DIR):
        pytest.skip("its data are not at hand")
    key = (config.data.name, tuple(sorted(config.data.options.items())), DATA_DIR)
    monkeypatch.setattr(Config, "load_data", lambda self, data_dir=None: _loaded(*key))
    run = Run.prepare(config, data_dir=DATA_DIR)
    asked, prepared = config.to_dict(), run.config.to_dict()
    # The key of a trial is made of what was asked for, so that must be all there is.
    assert {**asked, "data": 0} == {**prepared, "data": 0}
    assert run.model.output_shape(run.data.sample_shape) == (run.data.classes,)


def test_rows_are_called_by_id_report_or_all():
    assert [row.id for _, row in rows_called(["a2", "A1"])] == ["A1", "A2"]
    assert [row.id for _, row in rows_called(["C4"])] == ["C4", "C4-fashion", "C4-10k"]
    assert len(rows_called(["all"])) == len(ROWS)
    assert {report.id for report, _ in rows_called(["D"])} == {"D"}
    [(_, row)] = rows_called(["A2:50"])
    assert [variant.name for variant in row.variants] == ["50"]
    with pytest.raises(ConfigError, match=r"A2 has no variant '5'.*'25', '50'"):
        rows_called(["A2:5"])
    with pytest.raises(ConfigError, match=r"no row 'A22'.*A2"):
        rows_called(["A22"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('titel = "x"', "titel"),
        ('[[rows]]\nid = "X1"', "title"),
        ('[[rows]]\nid = "X1"\ntitle = "t"\nvariants = [{nam = "1"}]', r"X1, variants\[0\]\.nam"),
        ('[[rows]]\nid = "X1"\ntitle = "t"\nvariants = [{}, {}]', "two variants"),
        ('[[rows]]\nid = "X1"\ntitle = "t"\nvariants = [{published = {a = "b"}}]', "published"),
        ('[[rows]]\nid = "X1"\ntitle = "t"\nvariants = [{fault = "f", of = "g"}]', "'g'"),
        ('[[rows]]\nid = "X1"\ntitle = "t"\n[[rows]]\nid = "X1"\ntitle = "t"', "two rows"),
        ("x = ", "TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, wrong, said):
    path = tmp_path / "X.toml"
    path.write_text(f'id = "X"\nname = "x"\ntitle = "x"\nbase = {{}}\n{wrong}\n')
    with pytest.raises(ConfigError, match=said) as error:
        read_report(path)
    assert "X.toml" in str(error.value)


names = st.text("abc", min_size=1, max_size=2)
nested = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(names, nested), st.dictionaries(names, nested))
def test_differences_are_laid_over_a_base(base, differences):
    result = merged(base, differences)
    assert merged(result, differences) == result
    assert merged(base, {}) == base
    assert result.keys() == base.keys() | differences.keys()
    for key, value in differences.items():
        if not isinstance(value, dict):
            assert result[key] == value


def test_trials_of_the_first_seed_come_first():
    found = trials(rows_called(["A2"]), seeds=3)
    assert [trial.seed for trial in found] == [0] * 5 + [1] * 5 + [2] * 5
    assert {trial.config.training.seed for trial in found} == {0, 1, 2}


def test_the_tables_are_part_of_the_package():
    assert sorted(path.stem for path in TABLES.glob("*.toml")) == list("ABCDE")


def test_several_variants_of_a_row_can_be_asked_for():
    [(_, row)] = rows_called(["a2:100", "A2:25"])
    assert [variant.name for variant in row.variants] == ["25", "100"]
    [(_, row)] = rows_called(["A2:25", "A2"])
    assert len(row.variants) == 5
