"""A model as one file of C99 without dependencies (but the mathematics library)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import __version__
from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.data import Scaling
from glassnet.errors import ConfigError
from glassnet.interop.program import Operation, Program, size

FUNCTIONS = Path(__file__).parent / "c_functions"
MOST_CHARACTERS = 200
"""Of the name of a class; C99 promises no more than 4,095 in a text."""

Call = tuple[str, list[str]]
"""A function of `FUNCTIONS`, and its arguments after x and y."""


def _pixels(op: Operation) -> str:
    return str(size(op.input_shape[1:]))


def _weights(op: Operation, *names: str) -> list[str]:
    prefix = f"{op.name}." if op.name else ""
    known = op.weights()
    return [_array_name(prefix + name) if prefix + name in known else "0" for name in names]


def _window(op: Operation) -> list[str]:
    layer = op.source
    return [str(n) for pair in (layer.kernel_size, layer.stride, layer.padding) for n in pair]


def _numbers(*values: int) -> list[str]:
    return [str(value) for value in values]


def _one_or_all(op: Operation, name: str) -> Array:
    """Return the scale or offset of a scaling: one number, or one for each value of a sample."""
    values = np.asarray(getattr(op.source, name))
    return values.reshape(1) if values.size == 1 else np.broadcast_to(values, op.input_shape)


def _conv2d(op: Operation) -> Call:
    outputs = op.source.out_channels
    sizes = _numbers(*op.input_shape, outputs)
    return "conv2d", [*_weights(op, "weight", "bias"), *sizes, *_window(op)]


def _batch_norm(op: Operation) -> Call:
    arrays = _weights(op, "weight", "bias", "running_mean", "running_var")
    return "batch_norm", [*arrays, _float(op.source.eps), str(op.input_shape[0]), _pixels(op)]


def _elementwise(name: str, *options: str) -> Callable[[Operation], Call]:
    def call(op: Operation) -> Call:
        values = [_float(getattr(op.source, option)) for option in options]
        return name, [*values, str(size(op.input_shape))]

    return call


CALLS: dict[type[Any], Callable[[Operation], Call]] = {
    library.Linear: lambda op: (
        "linear",
        [*_weights(op, "weight", "bias"), *_numbers(op.input_shape[0], op.output_shape[0])],
    ),
    library.Conv2d: _conv2d,
    library.MaxPool2d: lambda op: ("max_pool2d", [*_numbers(*op.input_shape), *_window(op)]),
    library.AvgPool2d: lambda op: ("avg_pool2d", [*_numbers(*op.input_shape), *_window(op)]),
    library.GlobalAvgPool2d: lambda op: (
        "global_avg_pool2d", [str(op.input_shape[0]), _pixels(op)]
    ),
    library.BatchNorm1d: _batch_norm,
    library.BatchNorm2d: _batch_norm,
    library.LayerNorm: lambda op: (
        "layer_norm",
        [*_weights(op, "weight", "bias"), _float(op.source.eps), str(size(op.input_shape))],
    ),
    library.ReLU: _elementwise("relu"),
    library.LeakyReLU: _elementwise("leaky_relu", "negative_slope"),
    library.ELU: _elementwise("elu", "alpha"),
    library.GELU: _elementwise("gelu"),
    library.Sigmoid: _elementwise("sigmoid"),
    library.SiLU: _elementwise("silu"),
    library.Tanh: _elementwise("hyperbolic_tangent"),
    library.Softmax: lambda op: ("softmax", [str(op.input_shape[0]), _pixels(op)]),
    library.Residual: lambda op: ("add", [str(size(op.input_shape))]),
    Scaling: lambda op: (
        "affine",
        ["scale", "offset",
         *(str(int(_one_or_all(op, name).size > 1)) for name in ("scale", "offset")),
         str(size(op.input_shape))],
    ),
}  # fmt: skip
"""How each layer is called. Flatten is none: in memory it changes nothing."""
IN_PLACE = frozenset(CALLS) - {
    library.Linear, library.Conv2d, library.MaxPool2d, library.AvgPool2d, library.GlobalAvgPool2d,
}  # fmt: skip
"""What may write where it reads."""


def c_source(program: Program, class_names: tuple[str, ...] | None = None) -> str:
    """Return the text of a C file that computes a program, one sample at a time.

    The file has ``void glassnet_predict(const float *x, float *y)``, arrays in static memory, and,
    where GLASSNET_MAIN is defined, a program that reads samples from standard input.

    Raises
    ------
    ConfigError
        If a weight is not a finite number, which C has no way to write.
    """
    flat = _without_flatten(program)
    arrays = flat.weights()
    places = flat.places(in_place=IN_PLACE)
    room: dict[int, int] = {}
    shapes = {0: flat.input_shape} | {op.output: op.output_shape for op in flat.operations}
    lines, used = [], []
    for op in flat.operations:
        if op.kind is Scaling:
            arrays |= {"scale": _one_or_all(op, "scale"), "offset": _one_or_all(op, "offset")}
        function, arguments = CALLS[op.kind](op)
        used.append(function)
        inputs = ["x" if value == 0 else f"place{places[value]}" for value in op.inputs]
        output = f"place{places[op.output]}"
        lines.append(f"{function}({', '.join([*inputs, output, *arguments])});")
    last = "x" if flat.result == 0 else f"place{places[flat.result]}"
    for value, shape in shapes.items():
        if value:
            room[places[value]] = max(room.get(places[value], 0), size(shape))
    memory = [f"static float place{place}[{length}];\n" for place, length in sorted(room.items())]
    count = size(flat.output_shape)
    body = [*lines, f"for (int i = 0; i < {count}; i++)", f"    y[i] = {last}[i];"]
    parts = [
        _head(program, class_names),
        *(_array(name, array) for name, array in arrays.items()),
        *(FUNCTIONS.joinpath(f"{name}.c").read_text() for name in dict.fromkeys(used)),
        "".join(memory) + "void glassnet_predict(const float *x, float *y)\n{\n"
        + "".join(f"    {line}\n" for line in body) + "}\n",
        _MAIN,
    ]  # fmt: skip
    return "\n".join(parts)


def _without_flatten(program: Program) -> Program:
    """Return the program without the layers that change the shape only."""
    same: dict[int, int] = {}
    kept = []
    for op in program.operations:
        inputs = tuple(same.get(value, value) for value in op.inputs)
        if op.kind is library.Flatten:
            same[op.output] = inputs[0]
            continue
        moved = Operation(
            op.kind, op.name, op.source, inputs, op.output, op.input_shape, op.output_shape
        )
        kept.append(moved)
    result = same.get(program.result, program.result)
    return Program(tuple(kept), program.input_shape, program.output_shape, result)


def _head(program: Program, class_names: tuple[str, ...] | None) -> str:
    shapes = [" x ".join(map(str, s)) for s in (program.input_shape, program.output_shape)]
    text = (
        f"/* A network exported by Glassnet {__version__}: C99, no dependency but libm.\n"
        f"   glassnet_predict takes {shapes[0]} numbers and gives {shapes[1]}; "
        "it keeps values in static memory.\n\n"
        "   As a program that reads samples as text:\n"
        "       cc -std=c99 -O2 -DGLASSNET_MAIN THIS.c -lm -o predict && ./predict < samples.txt\n"
        "*/\n#include <math.h>\n#ifdef GLASSNET_MAIN\n#include <stdio.h>\n#endif\n\n"
        f"enum {{ GLASSNET_INPUTS = {size(program.input_shape)}, "
        f"GLASSNET_OUTPUTS = {size(program.output_shape)} }};\n"
        "void glassnet_predict(const float *x, float *y);\n"
    )
    if class_names:
        names = "".join(f"    {_text(name)},\n" for name in class_names)
        text += (
            f"extern const char *const glassnet_classes[{len(class_names)}];\n"
            f"const char *const glassnet_classes[{len(class_names)}] = {{\n{names}}};\n"
        )
    return text


def _array_name(name: str) -> str:
    return "w_" + re.sub(r"\W", "_", name)


def _array(name: str, array: Array) -> str:
    values = np.asarray(array, np.float32).reshape(-1)
    if not np.isfinite(values).all():
        raise ConfigError(f"{name} holds numbers that are not finite, which C cannot write")
    words = [_float(value) for value in values.tolist()]
    rows = [", ".join(words[i : i + 8]) for i in range(0, len(words), 8)]
    identifier = name if name in ("scale", "offset") else _array_name(name)
    body = ",\n    ".join(rows)
    return f"static const float {identifier}[{len(words)}] = {{\n    {body}\n}};\n"


def _float(value: float) -> str:
    """Write a number so that a C compiler reads the same float32."""
    text = f"{value:.9g}"
    return f"{text}f" if re.search(r"[.e]", text) else f"{text}.0f"


def _text(name: str) -> str:
    """Write a text in C; everything unusual as an octal number of its UTF-8 byte."""
    return '"' + "".join(
        chr(b) if chr(b).isascii() and (chr(b).isalnum() or chr(b) in " _-.,") else f"\\{b:03o}"
        for b in name[:MOST_CHARACTERS].encode()
    ) + '"'  # fmt: skip


_MAIN = """\
#ifdef GLASSNET_MAIN
int main(void)
{
    static float x[GLASSNET_INPUTS], y[GLASSNET_OUTPUTS];
    int read = 0;
    while (scanf("%f", &x[read]) == 1)
        if (++read == GLASSNET_INPUTS) {
            glassnet_predict(x, y);
            for (int i = 0; i < GLASSNET_OUTPUTS; i++)
                printf("%.9g%c", (double)y[i], i + 1 < GLASSNET_OUTPUTS ? ' ' : '\\n');
            read = 0;
        }
    return read == 0 ? 0 : 1;
}
#endif
"""
