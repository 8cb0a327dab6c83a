"""The notebooks of the documentation: executed as they stand, and again here."""

import re
import runpy

import pytest

from tests.conftest import ROOT

nbformat = pytest.importorskip("nbformat", reason="pip install 'glassnet[notebooks]'")
pytest.importorskip("nbclient", reason="pip install 'glassnet[notebooks]'")
pytest.importorskip("ipykernel", reason="pip install 'glassnet[notebooks]'")

PLACE = ROOT / "docs" / "notebooks"
NAMES = ("finetuning", "mnist", "moons")
QUICK = ("moons",)
MACHINE = re.compile(r"/(?:home|root|tmp|Users|work|private|var)/|[A-Z]:\\\\|0x[0-9a-f]{6}")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(notebook):
    """Return, for each cell, what kinds of output it has."""
    return [
        [(o.output_type, *sorted(set(o.get("data", ())) - {"text/plain"})) for o in cell.outputs]
        for cell in code_cells(notebook)
    ]


def test_there_are_no_others():
    assert sorted(path.stem for path in PLACE.glob("*.ipynb")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_stands_there_executed_and_without_a_machine_s_paths(name):
    notebook = nbformat.read(PLACE / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.outputs for cell in cells)
    for cell in notebook.cells:
        assert not cell.metadata
        for output in cell.get("outputs", ()):
            assert output.output_type != "error"
            texts = [v for k, v in output.get("data", {}).items() if k.startswith("text/")]
            for text in (*texts, output.get("text", "")):
                without_pictures = re.sub(r'src="data:[^"]*"', "", text)
                assert not MACHINE.search(without_pictures)


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES],
)
def test_it_runs(name, monkeypatch):
    """Without a folder of data, as for somebody who has just installed it."""
    monkeypatch.delenv("GLASSNET_DATA", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    script = runpy.run_path(str(ROOT / "scripts" / "make_notebooks.py"))
    committed = nbformat.read(PLACE / f"{name}.ipynb", as_version=4)
    found = script["cleaned"](script["executed"](PLACE / f"{name}.ipynb"))
    assert kinds(found) == kinds(committed)


def test_a_cell_that_fails_is_an_error(tmp_path):
    script = runpy.run_path(str(ROOT / "scripts" / "make_notebooks.py"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        script["executed"](tmp_path / "wrong.ipynb")
