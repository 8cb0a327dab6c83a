"""Small data for the estimators."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression


@pytest.fixture(scope="session")
def classes():
    X, y = make_classification(300, 8, n_informative=6, n_classes=3, class_sep=1.5, random_state=0)
    return X, np.array(["cat", "dog", "owl"])[y]


@pytest.fixture(scope="session")
def numbers():
    X, y = make_regression(300, 6, n_targets=2, random_state=0)
    return X, y / y.std(axis=0)
