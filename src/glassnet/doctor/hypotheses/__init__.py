"""Hypotheses about wrong gradients: small functions, each for one way of going wrong.

They rest on what a layer does (its outputs, slopes and gradients), never on its class, so they
work for layers that the doctor has never seen.
"""

from glassnet.doctor.case import Hypothesis
from glassnet.doctor.hypotheses import (
    arrangement,
    factors,
    hidden,
    losses,
    masks,
    nonlinearity,
    normalization,
    patterns,
    pools,
    windows,
)

FOR_LAYERS: tuple[Hypothesis, ...] = (
    patterns.all_zero,
    patterns.upstream_ignored,
    patterns.penalty_inside,
    masks.dropout,
    masks.sign_of_upstream,
    patterns.upstream_not_linear,
    factors.constant_factor,
    arrangement.rearranged,
    arrangement.weight_turned,
    nonlinearity.softmax_jacobian,
    nonlinearity.activation,
    windows.convolution,
    pools.pooling,
    normalization.terms_missing,
    patterns.one_channel_for_all,
    patterns.one_sample,
    patterns.one_position,
    patterns.shortcut,
    patterns.input_ignored,
    nonlinearity.elementwise_value,
    hidden.hidden_factor,
    patterns.few_entries,
)
"""In the order in which they are tried: the more special a prediction, the less it explains."""

FOR_LOSSES: tuple[Hypothesis, ...] = (
    patterns.all_zero,
    factors.constant_factor,
    losses.softmax_inside,
    losses.softmax_twice,
    losses.sigmoid_inside,
    losses.whole_numbers,
    losses.target_forgotten,
    patterns.one_sample_of_loss,
    patterns.few_entries,
)

__all__ = ["FOR_LAYERS", "FOR_LOSSES"]
