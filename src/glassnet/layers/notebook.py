"""How models and their summaries show themselves in notebooks."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.arrays import PartialShape
from glassnet.errors import GlassnetError
from glassnet.layers.base import Layer
from glassnet.layers.summary import Summary, readable_bytes, readable_count
from glassnet.markup import Markup, table


def model_html(model: Layer) -> str:
    """Return a table of the layers: what they give out, as far as that is known, and parameters.

    A Sequential inside a Sequential is opened; every other layer is one row.
    """
    rows: list[tuple[object, ...]] = []
    shape: PartialShape = None
    for name, layer in _chain(model):
        try:
            shape = layer.output_shape(shape)
        except GlassnetError:  # a model that is not right yet is shown as far as it goes
            shape = None
        sizes = [p.size for _, p in layer.named_parameters()]
        frozen = bool(sizes) and not any(p.trainable for _, p in layer.named_parameters())
        state = "frozen" if frozen else ""
        rows.append((name, repr(layer), _shape(shape), f"{sum(sizes):,}", state))
    total = sum(p.size for _, p in model.named_parameters())
    rows.append(("", Markup("<b>total</b>"), "", f"{total:,}", ""))
    return table(("", type(model).__name__, "output", "parameters", ""), rows, left=3)


def summary_html(summary: Summary) -> str:
    """Return the table of a summary."""
    rows: list[tuple[object, ...]] = [
        (
            row.name,
            row.layer,
            _shape(row.output_shape),
            f"{row.parameters:,}",
            readable_count(row.multiply_adds),
            readable_bytes(row.output_bytes),
        )
        for row in summary.rows
    ]
    counts = (f"{summary.parameters:,}", readable_count(summary.multiply_adds))
    rows.append(("", Markup("<b>total</b>"), "", *counts, readable_bytes(summary.output_bytes)))
    head = ("", "layer", "output", "parameters", "multiply-adds", "memory/sample")
    return table(head, rows, left=3)


def _chain(layer: Layer, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    from glassnet.layers.sequential import Sequential

    if not isinstance(layer, Sequential):
        yield prefix, layer
        return
    for name, child in layer.children():
        yield from _chain(child, f"{prefix}.{name}" if prefix else name)


def _shape(shape: PartialShape) -> str:
    if shape is None:
        return ""
    return " × ".join("?" if size is None else str(size) for size in shape)
