"""The estimators within what scikit-learn builds of estimators."""

import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from glassnet.sklearn import GlassClassifier, GlassRegressor

ELSEWHERE = """
import sys, joblib, numpy as np
model, X = joblib.load(sys.argv[1] + "/model.joblib"), np.load(sys.argv[1] + "/x.npy")
np.save(sys.argv[1] + "/p.npy", model.predict_proba(X))
model[-1].partial_fit(model[0].transform(X)[:50], np.array(["cat", "owl"] * 25))
np.save(sys.argv[1] + "/q.npy", model.predict_proba(X))
"""


def quick(**parameters):
    return GlassClassifier(**{"epochs": 30, "learning_rate": 0.01, "random_state": 0} | parameters)


def test_a_pipeline_in_a_cross_validation(classes):
    scores = cross_val_score(make_pipeline(StandardScaler(), quick()), *classes, cv=4)
    assert scores.mean() > 0.85
    _, train, valid = learning_curve(quick(epochs=5), *classes, cv=3, train_sizes=[0.3, 1.0])
    assert np.isfinite([train.mean(), valid.mean()]).all()


def test_a_grid_search_over_architectures_in_processes(classes):
    grid = {
        "glassclassifier__hidden": [(), (16, 16)],
        "glassclassifier__dropout": [0.0, 0.2],
        "glassclassifier__early_stopping": np.array([False]),
    }
    search = GridSearchCV(make_pipeline(StandardScaler(), quick()), grid, cv=3, n_jobs=2)
    search.fit(*classes)
    assert search.best_params_["glassclassifier__hidden"] == (16, 16)
    assert search.score(*classes) > 0.9


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_mends_probabilities_that_are_too_sure(classes, method):
    X, y = classes
    noisy = np.where(np.random.default_rng(0).random(300) < 0.3, np.roll(y, 1), y)
    sure = quick(hidden=(100,), epochs=150)
    calibrated = CalibratedClassifierCV(sure, method=method, cv=3).fit(X[:200], noisy[:200])
    sure.fit(X[:200], noisy[:200])
    after = log_loss(noisy[200:], calibrated.predict_proba(X[200:]))
    assert after < log_loss(noisy[200:], sure.predict_proba(X[200:]))


@pytest.mark.parametrize("meta", [
    BaggingClassifier(quick(), n_estimators=3, random_state=0),
    VotingClassifier([("glass", quick()), ("line", LogisticRegression())], voting="soft"),
    StackingClassifier([("glass", quick()), ("line", LogisticRegression())], cv=3),
])  # fmt: skip
def test_ensembles(classes, meta):
    assert meta.fit(*classes).score(*classes) > 0.85


def test_importances_and_predictions_out_of_fold(classes):
    X, y = classes
    X = np.hstack([X, np.zeros((300, 1))])
    found = permutation_importance(quick().fit(X, y), X, y, n_repeats=2, random_state=0)
    assert found.importances_mean[-1] == 0
    assert found.importances_mean.max() > 0.05
    p = cross_val_predict(quick(), X, y, cv=3, method="predict_proba")
    assert p.shape == (300, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


def test_a_clone_has_all_parameters_and_nothing_fitted(classes):
    fitted = quick(hidden=(4, 4), activation=["tanh", "relu"], class_weight={"cat": 2.0})
    fitted.fit(*classes)
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not hasattr(again, "model_")
    again.fit(*classes)
    np.testing.assert_array_equal(again.predict_proba(classes[0]), fitted.predict_proba(classes[0]))


def test_tables_with_names_and_text():
    table, y = load_iris(return_X_y=True, as_frame=True)
    table["colour"] = np.where(np.arange(150) % 2, "blue", "white")
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["colour"]), remainder=StandardScaler()
    )
    chain = make_pipeline(columns, quick()).set_output(transform="pandas")
    assert chain.fit(table, y).score(table, y) > 0.9
    last = chain[-1]
    assert list(last.feature_names_in_)[:2] == [
        "onehotencoder__colour_blue",
        "onehotencoder__colour_white",
    ]
    with pytest.raises(ValueError, match="feature names"):
        last.predict(pd.DataFrame(chain[0].transform(table)).rename(columns=str.upper))


def test_targets_are_scaled_by_scikit_learn():
    X = np.linspace(-1, 1, 200)[:, None]
    y = 1e4 + 1e3 * np.sin(3 * X[:, 0])
    inner = GlassRegressor((32,), learning_rate=0.01, random_state=0)
    outer = TransformedTargetRegressor(inner, transformer=StandardScaler())
    assert outer.fit(X, y).score(X, y) > 0.99
    assert inner.fit(X, y).score(X, y) < 0.5


def test_several_labels_at_once():
    X, y = make_multilabel_classification(300, n_classes=4, random_state=0)
    model = make_pipeline(StandardScaler(), quick(epochs=60)).fit(X, y)
    assert model.predict_proba(X).shape == (300, 4)
    assert (model.predict(X) == y).mean() > 0.9
    parts = quick(hidden=(8,)).partial_fit(
        X[:5], np.eye(4, dtype=int)[[0, 1, 2, 3, 0]], classes=range(4)
    )
    assert parts.predict(X[:2]).shape == (2, 4)


def test_joblib_brings_the_same_network_to_another_process(classes, tmp_path):
    X, y = classes
    model = make_pipeline(StandardScaler(), quick(batch_norm=True, dropout=0.1)).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    np.save(tmp_path / "x.npy", X)
    run = [sys.executable, "-W", "error", "-c", ELSEWHERE, str(tmp_path)]
    subprocess.run(run, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), model.predict_proba(X))
    model[-1].partial_fit(model[0].transform(X)[:50], np.array(["cat", "owl"] * 25))
    np.testing.assert_array_equal(np.load(tmp_path / "q.npy"), model.predict_proba(X))
