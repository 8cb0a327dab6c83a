"""What differs between the versions of scikit-learn: validation since 1.6, callbacks since 1.9."""

from __future__ import annotations

from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    HAS_CALLBACKS = True
except ImportError:
    HAS_CALLBACKS = False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing, where scikit-learn has no callbacks."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = ["HAS_CALLBACKS", "CallbackSupportMixin", "validated", "with_callbacks"]


def validated(estimator: Any, *data: Any, **rules: Any) -> Any:
    """Return samples, or samples and targets, checked; note or compare the features' names."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:
        return estimator._validate_data(*data, **rules)
    return validate_data(estimator, *data, **rules)
