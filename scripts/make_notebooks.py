"""Execute the notebooks of docs/notebooks in place: their outputs are those of this very version.

Run it as ``python scripts/make_notebooks.py [NAME...]`` after changing a cell (needs
``pip install 'glassnet[notebooks]'``); it takes about a minute. Times and paths of the machine are
left out of what is written, so the same notebook gives the same file.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from glassnet.files import write_atomically

PLACE = Path(__file__).parent.parent / "docs" / "notebooks"
ENVIRONMENT = {"GLASSNET_KERNELS": "numpy", "OMP_NUM_THREADS": "1"}
"""So that the figures are the same on every machine of a kind, whatever is installed."""

MINUTES = 4
TIMES = re.compile(r" in \d+\.\d s(?=\.)")
"""Of the doctor's report."""


def main() -> None:
    """Execute those that are named, or all."""
    for path in sorted(PLACE.glob("*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            write_atomically(path, nbformat.writes(cleaned(executed(path))) + "\n")
            print(path.stem)


def executed(path: Path) -> Any:
    """Return a notebook with the outputs it has here, run in an empty folder.

    Raises
    ------
    CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=60 * MINUTES, kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )  # fmt: skip
        return client.execute(env={**os.environ, **ENVIRONMENT})


def cleaned(notebook: Any) -> Any:
    """Return a notebook without what differs from machine to machine."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            content = output.get("data", {})
            if "text/html" in content:
                content.pop("text/plain", None)
                content["text/html"] = TIMES.sub("", content["text/html"])
    return notebook


if __name__ == "__main__":
    main()
