"""Glassnet's networks as scikit-learn estimators.

They keep scikit-learn's conventions: parameters in the constructor, fitted attributes with a
trailing underscore, and nothing done to the data behind the user's back. So samples are not scaled;
put a `StandardScaler` before them, as for scikit-learn's own networks.
"""

from glassnet.sklearn.classifier import GlassClassifier
from glassnet.sklearn.regressor import GlassRegressor

__all__ = ["GlassClassifier", "GlassRegressor"]
