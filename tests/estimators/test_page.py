"""docs/scikit-learn.md: its examples run, and its tables come from the script."""

import re
import runpy

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "scikit-learn.md").read_text("utf-8")


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
def test_examples_run(example):
    names = {}
    exec(example, names)
    if "X" in names:
        assert names["network"].score(names["X"] / 16, names["y"]) > 0.95


def test_the_table_is_that_of_ten_data_sets():
    script = runpy.run_path(str(ROOT / "scripts" / "compare_with_sklearn.py"))
    assert len(script["DATA"]) == 10
    for name in script["DATA"]:
        assert len(re.findall(rf"^\| {name}[ (|]", PAGE, flags=re.MULTILINE)) == 2
    measured = script["measured"]("iris")
    found = measured["contestants"]
    for theirs in ("sklearn", "sklearn, alike"):
        assert sum(found["Glassnet"]["figure"]) > sum(found[theirs]["figure"]) - 0.2
        table = script["table"]({"iris": measured}, theirs)
        assert table.splitlines()[2].startswith("| iris | 150 × 4 | 0.9")
