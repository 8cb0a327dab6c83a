"""Compare the estimators with scikit-learn's own networks, on ten data sets.

    python scripts/compare_with_sklearn.py                 all of them, printed
    python scripts/compare_with_sklearn.py digits wine     some of them
    python scripts/compare_with_sklearn.py --write         all, and the tables of the page
    python scripts/compare_with_sklearn.py --page          the tables of what was measured last

Five folds each; in each fold the contestants are trained one after the other, in another order
every time, so a machine that changes its speed does so for all. What was measured is kept in
build/scikit-learn/NAME.json, so the parts can be measured one by one. All take about a minute.
"""

import argparse
import json
import re
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from glassnet import active_kernels
from glassnet.bench import describe_machine
from glassnet.experiments.intervals import mean_of
from glassnet.files import write_atomically
from glassnet.sklearn import GlassClassifier, GlassRegressor

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scikit-learn.md"
STORE = ROOT / "build" / "scikit-learn"
FOLDS = 5

CLASSES: dict[str, Callable[[], Any]] = {
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "breast cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "moons": lambda: datasets.make_moons(1000, noise=0.3, random_state=0),
    "hastie": lambda: datasets.make_hastie_10_2(2000, random_state=0),
}
NUMBERS: dict[str, Callable[[], Any]] = {
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "friedman 1": lambda: datasets.make_friedman1(1000, noise=1.0, random_state=0),
    "friedman 2": lambda: datasets.make_friedman2(1000, noise=10.0, random_state=0),
    "friedman 3": lambda: datasets.make_friedman3(1000, noise=0.1, random_state=0),
}
DATA = CLASSES | NUMBERS
CONTESTANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "sklearn": ("sklearn", {}),
    "sklearn, alike": (
        "sklearn",
        {"batch_size": 64, "max_iter": 100, "alpha": 0.0, "tol": 0.0, "n_iter_no_change": 1000},
    ),
    "Glassnet": ("glassnet", {}),
    "Glassnet, float32": ("glassnet", {"dtype": "float32"}),
}
"""All with a hidden layer of 100 and Adam, and otherwise as they come; but one is made to train as
long as Glassnet does by default: 100 epochs in batches of 64."""

Result = dict[str, dict[str, list[float]]]
"""For each contestant the figures and the seconds of every fold."""


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*DATA, []], help="data sets; all by default")
    parser.add_argument("--write", action="store_true", help="write the table into the page")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    asked = parser.parse_args()
    if not asked.page:
        warm_up()
        for name in asked.names or DATA:
            result = measured(name)
            STORE.mkdir(parents=True, exist_ok=True)
            write_atomically(STORE / f"{name}.json", json.dumps(result).encode())
            sys.stdout.write(f"{name}: {json.dumps(result['contestants'])}\n")
    if asked.write or asked.page:
        write_atomically(PAGE, renewed(PAGE.read_text(encoding="utf-8")).encode())


def warm_up() -> None:
    """Let everything be imported, and compiled where it is, before anything counts."""
    X, y = datasets.load_iris(return_X_y=True)
    for dtype in ("float32", "float64"):
        GlassClassifier(epochs=1, dtype=dtype).fit(X, y).predict(X)
        GlassRegressor(epochs=1, dtype=dtype).fit(X, y).predict(X)


def measured(name: str) -> dict[str, Any]:
    """Return what all contestants reach on a data set, and in what time, fold by fold."""
    X, y = DATA[name]()
    split = (StratifiedKFold if name in CLASSES else KFold)(FOLDS, shuffle=True, random_state=0)
    found: Result = {key: {"figure": [], "seconds": []} for key in CONTESTANTS}
    for fold, (train, test) in enumerate(split.split(X, y)):
        keys = list(CONTESTANTS)
        for key in keys[fold:] + keys[:fold]:
            model = contestant(key, name in CLASSES)
            started = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X[train], y[train])
            found[key]["seconds"].append(time.perf_counter() - started)
            found[key]["figure"].append(float(model.score(X[test], y[test])))
    packages = ("numpy", "numba", "scikit-learn")
    return {
        "shape": X.shape,
        "machine": {**describe_machine(packages), "kernels": active_kernels()},
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "contestants": found,
    }


def contestant(key: str, classes: bool) -> Any:
    """Return an estimator with samples, and numbers to predict, scaled before it."""
    team, options = CONTESTANTS[key]
    kinds = {
        ("sklearn", True): MLPClassifier, ("sklearn", False): MLPRegressor,
        ("glassnet", True): GlassClassifier, ("glassnet", False): GlassRegressor,
    }  # fmt: skip
    chain = make_pipeline(StandardScaler(), kinds[team, classes](random_state=0, **options))
    return chain if classes else TransformedTargetRegressor(chain, transformer=StandardScaler())


def renewed(page: str) -> str:
    """Return the page with its tables as measured last."""
    results = {name: json.loads((STORE / f"{name}.json").read_text("utf-8")) for name in DATA}
    parts = {
        "conditions": conditions(results),
        "defaults": table(results, "sklearn"),
        "alike": table(results, "sklearn, alike"),
    }

    def filled(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n\n{parts[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", filled, page, flags=re.DOTALL)


def conditions(results: dict[str, Any]) -> str:
    """Return when, on what and with which versions it was measured; each way once."""
    said = {
        f"- {result['date']}: "
        + ", ".join(f"{name} {value}" for name, value in result["machine"].items())
        for result in results.values()
    }
    return "\n".join(sorted(said))


def table(results: dict[str, Any], theirs: str) -> str:
    """Return a row for each data set: figures, median seconds of a fit, and their ratios."""
    ours = ("Glassnet", "Glassnet, float32")
    who = ("scikit-learn", *ours)
    head = ["data", "samples", *who, *(f"{name}, s" for name in who)]
    head += [name.replace("Glassnet", "ratio") for name in ours]
    rows = []
    for name, result in results.items():
        found = result["contestants"]
        samples, features = result["shape"]
        row = [name + (" (R²)" if name in NUMBERS else ""), f"{samples:,} × {features}"]
        row += [figure(found[key]["figure"]) for key in (theirs, *ours)]
        row += [f"{statistics.median(found[key]['seconds']):.3f}" for key in (theirs, *ours)]
        row += [f"**{statistics.median(ratios_of(found, theirs, key)):.2f}**" for key in ours]
        rows.append(row)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratios_of(found: Result, theirs: str, ours: str) -> Iterator[float]:
    """Yield our time over theirs, fold by fold."""
    for a, b in zip(found[ours]["seconds"], found[theirs]["seconds"], strict=True):
        yield a / b


def figure(values: list[float]) -> str:
    """Return a mean over the folds with half of its 95 % interval."""
    estimate = mean_of(values)
    return f"{estimate.value:.3f} ± {estimate.high - estimate.value:.3f}"


if __name__ == "__main__":
    main()
