"""Optimizers: how a step follows from the gradient.

They see flat vectors and hold no parameter. Their state is a few vectors with names, as long as the
parameters', so that it can be saved, and carried over to another network by parameter name.
Weight decay is decoupled (Loshchilov & Hutter, 2019): w ← w − lr · λ · w, apart from the gradient.
For L2 in the gradient, which differs for every method but plain SGD, use `glassnet.L2`.
"""

from glassnet.optimizers.adaptive import Adagrad, Adam, AdamW, RMSprop
from glassnet.optimizers.base import Optimizer
from glassnet.optimizers.sgd import SGD

BY_NAME: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
"""What configurations and the scikit-learn estimators call them."""

__all__ = ["BY_NAME", "SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop"]
