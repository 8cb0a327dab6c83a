"""The house is built of layers: a module imports what stands below it, never what stands above."""

import ast
import re
import subprocess
import sys

import pytest

from .conftest import ROOT

SOURCE = ROOT / "src" / "glassnet"
NEEDS_NUMPY_ALONE = """
import sys
import glassnet as gn
gn.use_kernels, gn.schedules, gn.initializers, gn.Parameter
data = gn.data.load("spirals")
model = gn.Sequential(
    gn.Linear(2, 4), gn.BatchNorm1d(4), gn.Tanh(), gn.Dropout(0.1), gn.Linear(4, 3)
)
trainer = gn.Trainer(
    model, gn.SoftmaxCrossEntropy(), gn.Adam(), schedule=gn.Cosine(), regularizers=[gn.L2(1e-4)],
    callbacks=[gn.EarlyStopping()],
)
trainer.fit(data.train, data.valid, epochs=1)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def house() -> list[list[str]]:
    """Return the table in docs/architecture.md: names of packages and modules, highest first."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \|", text, flags=re.MULTILINE)
    return [
        [name.strip("/").removesuffix(".py") for name in re.findall("`(.+?)`", row)] for row in rows
    ]


def imported(tree: ast.AST, modules: set[str]) -> set[str]:
    """Return which of glassnet's packages and modules a file imports, also inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            parts = (node.module or "").split(".")
            if parts == ["glassnet"]:
                found |= {alias.name for alias in node.names} & modules
            elif parts[0] == "glassnet":
                found.add(parts[1])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                assert alias.name != "glassnet", "src names the module it needs"
                if alias.name.startswith("glassnet."):
                    found.add(alias.name.split(".")[1])
    return found


def test_imports_point_downward():
    height = {name: -i for i, floor in enumerate(house()) for name in floor}
    assert height["cli"] > height["training"] > height["data"] > height["layers"]
    wrong = []
    for file in sorted(SOURCE.rglob("*.py")):
        own = file.relative_to(SOURCE).with_suffix("").parts[0]
        if own == "__init__":  # loads lazily, through __init__.pyi
            continue
        assert own in height, f"give {own} its place in the table of docs/architecture.md"
        tree = ast.parse(file.read_text(encoding="utf-8"))
        above = {name for name in imported(tree, set(height)) if height[name] > height[own]}
        wrong += [f"{file.relative_to(SOURCE)} imports {name}" for name in sorted(above)]
    assert not wrong, "; ".join(wrong)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from glassnet import kernels, __version__", {"kernels"}),
        ("from glassnet.data import load", {"data"}),
        ("def f():\n    import glassnet.cli.app as x", {"cli"}),
        ("import numpy", set()),
    ],
)
def test_every_form_of_import_is_seen(code, expected):
    assert imported(ast.parse(code), {"kernels", "data", "cli"}) == expected


def test_the_library_needs_numpy_alone():
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", NEEDS_NUMPY_ALONE],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    heavy = {
        "scipy", "sklearn", "matplotlib", "pydantic", "rich", "typer", "PIL", "pooch",
        "safetensors", "tomli_w", "torch",
    }  # fmt: skip
    assert not heavy & set(run.stdout.split())
    assert "numpy" in run.stdout.split()
