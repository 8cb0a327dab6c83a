"""Predicting with a finished run on rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Features, read_features
from glassnet.errors import DataError
from glassnet.experiments.loaded import LoadedRun


def predict_rows(
    run: LoadedRun, tables: Sequence[str | Path], *, top: int = 3
) -> list[dict[str, Any]]:
    """Return, for each row of each CSV file, what a run's model says.

    Parameters
    ----------
    run : LoadedRun
        Of a network that takes a row of features.
    tables : sequence of path
        Features in columns, as in the table that was trained on; the target's column may be there.
        Of one that cannot be used there is a single answer with an "error": why, in a sentence.
    top : int
        How many classes to name for each row.

    Returns
    -------
    list of dict
        "file" and "line"; of a classifier "class" and "classes", of others "value" or "values".
    """
    options = run.config.data.options
    wanted = Features(run.sample_shape[0], run.feature_names, options.get("target"))
    dialect = {key: options[key] for key in ("decimal", "encoding") if key in options}
    answers: list[dict[str, Any]] = []
    for table in tables:
        try:
            features, lines = read_features(table, wanted, **dialect)
        except DataError as error:
            answers.append({"file": str(table), "error": str(error)})
            continue
        said = answers_of(run, run.scaling.apply(features), top)
        answers += [
            {"file": str(table), "line": line} | answer
            for line, answer in zip(lines, said, strict=True)
        ]
    return answers


def answers_of(run: LoadedRun, x: Array, top: int) -> list[dict[str, Any]]:
    """Return what a run's model says of scaled samples: classes with probabilities, or numbers."""
    names = run.class_names
    if not run.classifies:
        outputs = run.model.predict(x).reshape(len(x), -1).tolist()
        return [{"value": row[0]} if len(row) == 1 else {"values": row} for row in outputs]
    probabilities = run.model.predict_proba(x)
    if probabilities.shape[1] == 1:
        probabilities = np.hstack([1 - probabilities, probabilities])
    answers = []
    for row in probabilities:
        order = np.argsort(-row, kind="stable")[:top]
        classes = [
            {"class": names[k] if names else str(k), "probability": float(row[k])} for k in order
        ]
        answers.append({"class": classes[0]["class"], "classes": classes})
    return answers
