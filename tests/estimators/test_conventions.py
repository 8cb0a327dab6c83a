"""scikit-learn's own examination, and wrong parameters refused as it demands."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import glassnet as gn
from glassnet.sklearn import GlassClassifier, GlassRegressor

# A check may skip what needs an environment of its own, and it says so with a warning.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")


@parametrize_with_checks([
    GlassClassifier(),
    GlassRegressor(),
    GlassClassifier((32, 16), activation=("tanh", "relu"), l2=1e-5, clip_norm=5.0),
    GlassRegressor(loss="huber", optimizer="rmsprop"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks warn on purpose
def test_the_whole_of_check_estimator(estimator, check):
    check(estimator)


HOSTILE = {
    "hidden": [(-1,), (0,), "100", (2.5,), None, (True,)],
    "activation": ["relo", 3, ("relu", "relu")],
    "dropout": [1.0, -0.1, "a half", (0.1, 0.1)],
    "init": ["xaver", 3],
    "model": [3, lambda shape, outputs: None, gn.Sequential(gn.Linear(8, 77))],
    "image_shape": [(1, 28, 28), (0, 8), "1x8", 2.0],
    "loss": ["cross-entropie", gn.Huber, 3],
    "optimizer": ["adamm", gn.Adam, None],
    "learning_rate": [-1, "fast", True, np.nan],
    "schedule": ["cosine", gn.Cosine],
    "l1": [-1e-9, "no", np.inf],
    "l2": [-1e-9, None],
    "clip_norm": [-1, 0, "no"],
    "epochs": [0, 2.5, "ten", True, None],
    "batch_size": [0, -4, 2.0, "auto"],
    "early_stopping": [3, None, "valid_akkuracy"],
    "validation_fraction": [-0.1, 1.0, 1.5, "some", 1e-9],
    "patience": [0, "3", 1.5],
    "min_delta": [-1, "small"],
    "random_state": [-1, "seed"],
    "dtype": ["float16", "double precision", int],
    "class_weight": ["unbalanced", 3],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in HOSTILE.items() for value in values]
)
def test_wrong_parameters_are_refused_by_name(classes, name, value):
    said = {
        "validation_fraction": "validation_fraction|held out",
        "early_stopping": "early.stopping",
        "random_state": "[Ss]eed",
    }
    with pytest.raises(ValueError, match=said.get(name, name)):
        GlassClassifier(**{"epochs": 1, name: value}).fit(*classes)


def test_wrong_targets_and_weights_are_refused(classes, numbers):
    X, y = classes
    model = GlassClassifier(epochs=1)
    for kind, targets, weight in [
        ("1 class", np.zeros(300), None),
        ("Unknown label type", np.linspace(0, 1, 300), None),
        ("negative", y, -np.ones(300)),
        ("weight zero|non-zero", y, np.zeros(300)),
    ]:
        with pytest.raises(ValueError, match=kind):
            model.fit(X, targets, sample_weight=weight)
    with pytest.raises(ValueError, match="belong together"):
        model.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="none of the classes"):
        model.fit(X, y, X_val=X, y_val=np.full(300, "fox"))
    regressor = GlassRegressor(epochs=1, warm_start=True).fit(*numbers)
    with pytest.raises(ValueError, match="first fit had 2"):
        regressor.fit(numbers[0], numbers[1][:, 0])


def test_sparse_samples_are_refused_in_words(classes):
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match=r"[Ss]parse"):
        GlassClassifier(epochs=1).fit(csr_array(classes[0]), classes[1])
