"""The work as scikit-learn's MLPClassifier does it, where it can."""

from collections.abc import Callable

import numpy as np
from sklearn.neural_network import MLPClassifier

from glassnet.bench import Workload

ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu"}


class Sklearn:
    def __init__(self, _: str, threads: int) -> None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)

    def training(self, work: Workload, data: tuple) -> Callable[[], object]:
        learner, x, y = self._learner(work), data[0].reshape(len(data[0]), -1), data[1]
        classes = np.arange(work.classes)
        return lambda: learner.partial_fit(x, y, classes=classes)

    def _learner(self, work: Workload) -> MLPClassifier:
        widths = [width for name, *sizes in work.layers if name == "Linear" for width in sizes[1:]]
        return MLPClassifier(
            hidden_layer_sizes=widths[:-1],
            activation=next(ACTIVATIONS[n] for n, *_ in work.layers if n in ACTIVATIONS),
            solver=work.optimizer,
            alpha=0.0,
            batch_size=work.batch,
            learning_rate_init=1e-3 if work.optimizer == "adam" else 0.01,
            momentum=0.9,
            nesterovs_momentum=False,
            random_state=0,
        )
