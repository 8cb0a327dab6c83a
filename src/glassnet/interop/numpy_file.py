"""A model as one Python file that needs NumPy alone."""

from __future__ import annotations

import base64
import inspect
import re
import textwrap
from collections.abc import Callable

import numpy as np

from glassnet import __version__
from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.data import Scaling
from glassnet.interop import plain
from glassnet.interop.program import Operation, Program

Words = tuple[str, list[str]]
"""A function of `plain`, and its arguments after x as they are written."""


def _weights(op: Operation, *names: str) -> list[str]:
    known = op.weights()
    prefix = f"{op.name}." if op.name else ""
    return [f'W["{prefix + n}"]' if prefix + n in known else "None" for n in names]


def _window(op: Operation) -> list[str]:
    return [repr(op.source.kernel_size), repr(op.source.stride), repr(op.source.padding)]


def _batch_norm(op: Operation) -> Words:
    names = _weights(op, "weight", "bias", "running_mean", "running_var")
    return "batch_norm", [*names, repr(op.source.eps)]


CALLS: dict[type, Callable[[Operation], Words]] = {
    library.Linear: lambda op: ("linear", _weights(op, "weight", "bias")),
    library.Conv2d: lambda op: (
        "conv2d", [*_weights(op, "weight", "bias"), *_window(op)[1:]]
    ),
    library.MaxPool2d: lambda op: ("max_pool2d", _window(op)),
    library.AvgPool2d: lambda op: ("avg_pool2d", _window(op)),
    library.GlobalAvgPool2d: lambda op: ("global_avg_pool2d", []),
    library.BatchNorm1d: _batch_norm,
    library.BatchNorm2d: _batch_norm,
    library.LayerNorm: lambda op: (
        "layer_norm", [*_weights(op, "weight", "bias"), repr(op.source.eps)]
    ),
    library.Flatten: lambda op: ("flatten", []),
    library.ReLU: lambda op: ("relu", []),
    library.LeakyReLU: lambda op: ("leaky_relu", [repr(op.source.negative_slope)]),
    library.ELU: lambda op: ("elu", [repr(op.source.alpha)]),
    library.GELU: lambda op: ("gelu", []),
    library.Sigmoid: lambda op: ("sigmoid", []),
    library.SiLU: lambda op: ("silu", []),
    library.Tanh: lambda op: ("tanh", []),
    library.Softmax: lambda op: ("softmax", []),
}  # fmt: skip
"""How each layer is called; a sum and a scaling are operators."""
NEEDS = {
    "conv2d": ["windows"],
    "max_pool2d": ["windows"],
    "avg_pool2d": ["windows"],
    "silu": ["sigmoid"],
}
"""Which function calls which other."""


def numpy_source(program: Program, class_names: tuple[str, ...] | None = None) -> str:
    """Return the text of a Python file that computes a program with NumPy alone.

    The weights stand at its end as base64. The file has a function ``predict``.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 1), gn.Tanh()).initialize(seed=0)
    >>> space = {}
    >>> exec(numpy_source(Program.of(model, (2,))), space)
    >>> x = np.ones((3, 2), np.float32)
    >>> bool((space["predict"](x) == model.predict(x)).all())
    True
    """
    arrays = program.weights()
    used: list[str] = []
    lines = []
    names = {value: f"x{place or ''}" for value, place in program.places().items()}
    for op in program.operations:
        x, y = names[op.inputs[0]], names[op.output]
        if op.kind is library.Residual:
            lines.append(f"{y} = {x} + {names[op.inputs[1]]}")
        elif op.kind is Scaling:
            arrays["scale"] = np.asarray(op.source.scale, np.float32)
            arrays["offset"] = np.asarray(op.source.offset, np.float32)
            lines.append(f'{y} = {x} * W["scale"] + W["offset"]')
        else:
            function, arguments = CALLS[op.kind](op)
            used += [*NEEDS.get(function, []), function]
            lines.append(f"{y} = {function}({', '.join([x, *arguments])})")
    dtype = next((str(array.dtype) for array in arrays.values()), "float32")
    parts = [
        _head(program, dtype, class_names),
        _predict(lines, names[program.result], dtype),
        *(_function(name) for name in dict.fromkeys(used)),
        _READER,
        "W = {\n" + "".join(_embedded(name, array) for name, array in arrays.items()) + "}\n",
    ]
    return "\n\n".join(parts)


def _head(program: Program, dtype: str, class_names: tuple[str, ...] | None) -> str:
    kinds = {op.kind for op in program.operations}
    mathematics = "import math\n" if kinds & {library.Flatten, library.GELU} else ""
    before, after = (", ".join(map(str, s)) for s in (program.input_shape, program.output_shape))
    names = (
        ""
        if class_names is None
        else f"\n# What the outputs stand for.\nCLASSES = {class_names!a}\n"
    )
    return (
        f'"""A network exported by Glassnet {__version__}; it needs NumPy alone.\n\n'
        f"    y = predict(x)    # x: (N, {before}), y: (N, {after}), {dtype}\n"
        f'"""\n\nimport base64\n{mathematics}\nimport numpy as np\n' + names
    )


def _predict(lines: list[str], result: str, dtype: str) -> str:
    body = [f"x = np.asarray(x, np.{dtype})", *lines, f"return {result}"]
    return 'def predict(x):\n    """Return the outputs of any number of samples."""\n' + "".join(
        f"    {line}\n" for line in body
    )


def _function(name: str) -> str:
    """Return the source of a function of `plain`, without the annotations."""
    source = inspect.getsource(getattr(plain, name))
    bare = re.sub(r": (Any|float)(?=[,) ])| -> Any", "", source)
    return re.sub(r"\b(fill|bias) = (?=[\w.]+\))", r"\1=", bare)


_READER = '''def array(shape, dtype, text):
    """Return the array that stands in the text as base64, in little-endian order."""
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)
'''


def _embedded(name: str, values: Array) -> str:
    little = values.astype(values.dtype.newbyteorder("<"))
    text = textwrap.fill(base64.b64encode(little.tobytes()).decode(), 96, break_on_hyphens=False)
    return f'    "{name}": array({values.shape}, "{little.dtype.str}", """\n{text}\n"""),\n'
