"""The table that `model.summary(input_shape)` shows."""

from __future__ import annotations

from dataclasses import dataclass

from glassnet.arrays import Shape, size_of
from glassnet.layers.base import Layer


@dataclass(frozen=True)
class SummaryRow:
    """One layer: what it is, what it gives out, and what it costs for one sample."""

    name: str
    layer: str
    output_shape: Shape
    parameters: int
    multiply_adds: int | None
    output_bytes: int


@dataclass(frozen=True)
class Summary:
    """A model's layers, their output shapes, parameters, multiply-adds and memory.

    Examples
    --------
    >>> print(gn.Sequential(gn.Flatten(), gn.Linear(784, 10)).summary((1, 28, 28)))
    layer                   output  parameters  multiply-adds  memory/sample
    ────────────────────────────────────────────────────────────────────────
    0      Flatten()        784              0              0         3.1 kB
    1      Linear(784, 10)  10           7,850          7,840           40 B
    ────────────────────────────────────────────────────────────────────────
           total                         7,850          7,840         3.2 kB
    parameters: 31.4 kB
    """

    input_shape: Shape
    rows: tuple[SummaryRow, ...]
    dtype_bytes: int

    @classmethod
    def of(cls, model: Layer, input_shape: Shape) -> Summary:
        """Follow one sample of that shape through the model."""
        rows = tuple(
            SummaryRow(
                name=step.name,
                layer=repr(step.layer),
                output_shape=step.output_shape,
                parameters=sum(p.size for _, p in step.layer.named_parameters()),
                multiply_adds=step.layer.multiply_adds(step.input_shape),
                output_bytes=(size_of(step.output_shape) or 0) * model.dtype.itemsize,
            )
            for step in model.steps(tuple(input_shape))
        )
        return cls(tuple(input_shape), rows, model.dtype.itemsize)

    @property
    def parameters(self) -> int:
        """The number of trained values in the whole model."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int | None:
        """Multiply-adds of one sample's forward pass; None if those of some layer are not known."""
        counts = [row.multiply_adds for row in self.rows if row.multiply_adds is not None]
        return sum(counts) if len(counts) == len(self.rows) else None

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs of one sample, which training keeps for the backward pass."""
        return sum(row.output_bytes for row in self.rows)

    def __str__(self) -> str:
        head = ("layer", "", "output", "parameters", "multiply-adds", "memory/sample")
        body = [
            (
                row.name,
                row.layer,
                " × ".join(map(str, row.output_shape)),
                f"{row.parameters:,}",
                readable_count(row.multiply_adds),
                readable_bytes(row.output_bytes),
            )
            for row in self.rows
        ]
        total = (
            "",
            "total",
            "",
            f"{self.parameters:,}",
            readable_count(self.multiply_adds),
            readable_bytes(self.output_bytes),
        )
        table = [head, *body, total]
        widths = [max(len(line[column]) for line in table) for column in range(len(head))]
        lines = [
            "  ".join(
                cell.ljust(width) if column < 3 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        rule = "─" * max(map(len, lines))
        size = readable_bytes(self.parameters * self.dtype_bytes)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], f"parameters: {size}"])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from glassnet.layers.notebook import summary_html

        return summary_html(self)


def readable_count(count: int | None) -> str:
    """Return a number with commas, or a question mark where it is not known.

    Examples
    --------
    >>> readable_count(7840), readable_count(None)
    ('7,840', '?')
    """
    return "?" if count is None else f"{count:,}"


def readable_bytes(count: int) -> str:
    """Return a number of bytes with its unit.

    Examples
    --------
    >>> readable_bytes(40), readable_bytes(3136)
    ('40 B', '3.1 kB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
