"""Which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.training.metrics import as_labels, predicted_class


def confusion_matrix(output: Array, target: Array) -> Array:
    """Return counts: row the true class, column the predicted one.

    Examples
    --------
    >>> confusion_matrix(np.eye(2)[[0, 1, 1]], np.array([0, 1, 0]))
    array([[1, 1],
           [0, 1]])
    """
    classes = max(output.shape[1], 2)
    pairs = as_labels(target) * classes + predicted_class(output)
    counts: Array = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return counts


@dataclass(frozen=True)
class ClassReport:
    """How well each class is found; arrays of one number a class, NaN where there is none.

    Attributes
    ----------
    precision : of those said to be of the class, the part that is
    recall : of those of the class, the part that was found
    f1 : the harmonic mean of both
    support : how many there are
    """

    precision: Array
    recall: Array
    f1: Array
    support: Array


def class_report(confusion: Array) -> ClassReport:
    """Return precision, recall and F1 of each class, from a confusion matrix.

    Examples
    --------
    >>> report = class_report(np.array([[8, 2], [0, 10]]))
    >>> report.precision.round(3).tolist(), report.recall.tolist()
    ([1.0, 0.833], [0.8, 1.0])
    """
    right, said, are = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)

    def part(count: Array, whole: Array) -> Array:
        found: Array = np.full(len(whole), np.nan)
        np.divide(count, whole, out=found, where=whole > 0)
        return found

    return ClassReport(part(right, said), part(right, are), part(2 * right, said + are), are)
