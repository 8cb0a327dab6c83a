"""`glassnet bench`: what it prints is what it measured, and a wrong word is refused."""

import pytest

from glassnet import kernels
from glassnet.threads import set_threads, threads

from .conftest import assert_refused


@pytest.fixture(autouse=True)
def _threads_again():
    before = threads()
    yield
    set_threads(before)


def test_json_has_machine_roof_and_cases(glassnet):
    ended = glassnet("bench", "--quick", "--only", "softmax 128", "--threads", 1, "--json")
    assert ended.code == 0
    assert len(ended.out.splitlines()) == 1
    told = ended.json
    assert told["machine"]["threads"] == 1
    assert told["machine"]["kernels"] == kernels.active_kernels()
    assert told["machine"]["processor"]
    assert told["roof"]["gflops"] > 0
    assert [case["name"] for case in told["cases"]] == [
        "softmax 128×10 forward", "log softmax 128×10 forward", "softmax 128×10 backward",
    ]  # fmt: skip
    for case in told["cases"]:
        low, high = case["seconds_quartiles"]
        assert 0 < low <= case["seconds"] <= high
        assert case["gflops"] == 0 < case["gbytes_per_second"]
        assert 0 < case["roof_share"]


def test_a_training_is_told_by_the_step(glassnet):
    ended = glassnet("bench", "--quick", "--only", "2-3-2 tanh", "--json")
    (case,) = ended.json["cases"]
    assert case["family"] == "training"
    assert case["gflops"] * case["seconds"] * 1e9 == pytest.approx(2 * 200 * (2 * 6 + 3 * 6))


def test_the_table_has_a_line_for_each_case(glassnet):
    ended = glassnet("bench", "--quick", "--only", "ADAM 536k")
    assert ended.code == 0
    assert "matrix products" in ended.out
    (line,) = [line for line in ended.out.splitlines() if "Adam 536k" in line]
    assert line.split()[0] == "update"
    assert line.endswith(" %")
    assert "GB/s" in line


def test_an_unknown_word_is_refused(glassnet):
    assert_refused(glassnet("bench", "--only", "convv"), "'convv'", "'conv'", "training")


def test_no_threads_are_refused(glassnet):
    assert_refused(glassnet("bench", "--only", "adam", "--threads", 0), "at least 1")
