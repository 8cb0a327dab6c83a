"""Metrics against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as oracle

import glassnet as gn
from glassnet.training import accuracy, class_report, confusion_matrix, named_metric, top_k

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 5, 300)
OUTPUTS = RNG.normal(size=(300, 5)) + 1.5 * np.eye(5)[LABELS]
PREDICTED = OUTPUTS.argmax(axis=1)


def test_accuracy_and_confusion():
    assert accuracy(OUTPUTS, LABELS) == pytest.approx(oracle.accuracy_score(LABELS, PREDICTED))
    expected = oracle.confusion_matrix(LABELS, PREDICTED)
    np.testing.assert_array_equal(confusion_matrix(OUTPUTS, LABELS), expected)
    rows = np.eye(5)[LABELS] * 0.8 + 0.04
    assert accuracy(OUTPUTS, rows) == accuracy(OUTPUTS, LABELS)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_top_k(k):
    expected = oracle.top_k_accuracy_score(LABELS, OUTPUTS, k=k)
    assert named_metric(f"top{k}")(OUTPUTS, LABELS) == pytest.approx(expected)
    assert top_k(1)(OUTPUTS, LABELS) == accuracy(OUTPUTS, LABELS)


def test_precision_recall_and_f1():
    report = class_report(confusion_matrix(OUTPUTS, LABELS))
    expected = oracle.precision_recall_fscore_support(LABELS, PREDICTED)
    for ours, theirs in zip(
        (report.precision, report.recall, report.f1, report.support), expected, strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


def test_a_class_that_is_never_said_or_never_there_has_no_figure():
    report = class_report(np.array([[3, 0, 0], [1, 0, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(report.precision, [0.75, np.nan, np.nan])
    np.testing.assert_array_equal(report.recall, [1, 0, np.nan])
    np.testing.assert_array_equal(report.f1, [6 / 7, 0, np.nan])


@pytest.mark.parametrize("columns", [1, 3])
def test_figures_of_numbers(columns):
    target = RNG.normal(size=(50, columns)).cumsum(axis=0)
    output = target + 0.3 * RNG.normal(size=target.shape)
    expected = oracle.r2_score(target, output, multioutput="variance_weighted")
    assert named_metric("r2")(output, target) == pytest.approx(expected)
    expected = oracle.mean_absolute_error(target, output)
    assert named_metric("mae")(output, target) == pytest.approx(expected)
    if columns == 1:
        assert named_metric("r2")(output, target[:, 0]) == named_metric("r2")(output, target)


def test_a_single_logit():
    logits, labels = np.array([[-2.0], [0.5], [3.0], [-0.1]]), np.array([0, 1, 0, 0])
    assert accuracy(logits, labels) == accuracy(logits, labels.astype(np.float32)[:, None]) == 0.75
    np.testing.assert_array_equal(confusion_matrix(logits, labels), [[2, 1], [0, 1]])
    assert top_k(1)(logits, labels) == 0.75
    assert top_k(2)(logits, labels) == 1
    assert accuracy(logits, np.array([0.2, 0.9, 0.4, 0.7])) == 0.5  # probabilities as targets


def test_equal_outputs_count_the_first_class_as_larger():
    tied, labels = np.zeros((4, 4)), np.arange(4)
    assert [top_k(k)(tied, labels) for k in (1, 2, 3)] == [0.25, 0.5, 0.75]
    assert accuracy(tied, labels) == 0.25


@pytest.mark.parametrize("name", ["acc", "top", "top0", "topk", ""])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(gn.ConfigError, match="no metric is called"):
        named_metric(name)


@pytest.mark.parametrize("name", ["mae", "r2"])
def test_numbers_and_labels_are_not_compared(name):
    with pytest.raises(gn.ConfigError, match="for class labels use accuracy"):
        named_metric(name)(OUTPUTS, LABELS)
