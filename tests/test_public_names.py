import ast

import glassnet as gn

from .conftest import ROOT


def test_every_public_name_resolves():
    stub = ast.parse((ROOT / "src/glassnet/__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname for node in imports for alias in node.names}
    assert {"Sequential", "Trainer", "data", "save", "load"} <= names
    assert names == set(gn.__all__) - {"__version__"} == set(dir(gn)) & names
    assert all(getattr(gn, name) is not None for name in names)
    assert gn.__version__
