"""A model as a PyTorch script: it defines the same module and loads the weights beside it.

The weights need no conversion: names, shapes and conventions are PyTorch's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from glassnet import __version__
from glassnet import layers as library
from glassnet.arrays import Shape
from glassnet.interop.program import refuse_own_layers
from glassnet.layers import Layer, Residual

RESIDUAL = '''class Residual(nn.Module):
    """body(x) + shortcut(x), or + x where there is no short cut."""

    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + (x if self.shortcut is None else self.shortcut(x))
'''
GLOBAL_AVERAGE = '''class GlobalAvgPool2d(nn.Module):
    """The mean of each channel: (N, C, H, W) -> (N, C)."""

    def forward(self, x):
        return x.mean(dim=(2, 3))
'''


def _without_bias(layer: Any) -> str:
    return "" if layer.bias is not None else ", bias=False"


def _batch_norm(layer: Any) -> str:
    kind = type(layer).__name__
    return f"nn.{kind}({layer.num_features}, eps={layer.eps}, momentum={layer.momentum})"


def _window(layer: Any) -> str:
    kind = type(layer).__name__
    return f"nn.{kind}({layer.kernel_size}, stride={layer.stride}, padding={layer.padding})"


EXPRESSIONS: dict[type[Any], Callable[[Any], str]] = {
    library.Linear: lambda a: f"nn.Linear({a.in_features}, {a.out_features}{_without_bias(a)})",
    library.Conv2d: lambda a: (
        f"nn.Conv2d({a.in_channels}, {a.out_channels}, {a.kernel_size}, stride={a.stride}, "
        f"padding={a.padding}{_without_bias(a)})"
    ),
    library.MaxPool2d: _window,
    library.AvgPool2d: _window,
    library.GlobalAvgPool2d: lambda a: "GlobalAvgPool2d()",
    library.BatchNorm1d: _batch_norm,
    library.BatchNorm2d: _batch_norm,
    library.LayerNorm: lambda a: f"nn.LayerNorm({a.normalized_shape}, eps={a.eps})",
    library.Flatten: lambda a: "nn.Flatten()",
    library.Identity: lambda a: "nn.Identity()",
    library.Dropout: lambda a: f"nn.Dropout({a.p})",
    library.ReLU: lambda a: "nn.ReLU()",
    library.LeakyReLU: lambda a: f"nn.LeakyReLU({a.negative_slope})",
    library.ELU: lambda a: f"nn.ELU({a.alpha})",
    library.GELU: lambda a: "nn.GELU()",
    library.SiLU: lambda a: "nn.SiLU()",
    library.Sigmoid: lambda a: "nn.Sigmoid()",
    library.Tanh: lambda a: "nn.Tanh()",
    library.Softmax: lambda a: "nn.Softmax(dim=1)",
    library.Sequential: lambda a: _call("nn.Sequential", [_expression(i) for i in a.layers]),
    library.Residual: lambda a: _call(
        "Residual", [_expression(i) for i in (a.body, a.shortcut) if i is not None]
    ),
}
"""How each layer is made in PyTorch."""


def torch_source(model: Layer, input_shape: Shape, weights: str) -> str:
    """Return the text of a PyTorch script that defines a model and loads its weights.

    Parameters
    ----------
    model : Layer
    input_shape : tuple of int
        Of one sample; it is mentioned.
    weights : str
        Name of the safetensors file beside the script.

    Raises
    ------
    ConfigError
        If a layer is not Glassnet's own.

    Examples
    --------
    >>> print(torch_source(gn.Sequential(gn.Linear(2, 3), gn.Tanh()), (2,), "m.safetensors"))
    ... # doctest: +ELLIPSIS
    \"\"\"A network exported by Glassnet ... as a PyTorch module.
    ...
    def build():
        \"\"\"Return the module, with first weights of PyTorch's.\"\"\"
        return nn.Sequential(
            nn.Linear(2, 3),
            nn.Tanh(),
        )
    ...
    """
    refuse_own_layers(model)
    kinds = {type(layer) for layer in model.modules()}
    numbers = ", ".join(map(str, input_shape))
    double = ".double()" if str(model.dtype) == "float64" else ""
    classes = [RESIDUAL] * (Residual in kinds) + [GLOBAL_AVERAGE] * (
        library.GlobalAvgPool2d in kinds
    )
    parts = [
        f'"""A network exported by Glassnet {__version__} as a PyTorch module.\n\n'
        f"    model = load()\n    y = model(x)    # x: (N, {numbers}) {model.dtype}\n"
        '"""\n\nfrom pathlib import Path\n\nfrom safetensors.torch import load_file\n'
        "from torch import nn\n\n"
        f"WEIGHTS = Path(__file__).with_name({weights!a})\n",
        *classes,
        'def build():\n    """Return the module, with first weights of PyTorch\'s."""\n'
        f"    return {_indented(_expression(model))}{double}\n",
        'def load():\n    """Return the module with the weights, in evaluation."""\n'
        "    model = build()\n    model.load_state_dict(load_file(WEIGHTS))\n"
        "    return model.eval()\n",
    ]
    return "\n\n".join(parts)


def _expression(layer: Layer) -> str:
    return EXPRESSIONS[type(layer)](layer)


def _call(name: str, arguments: list[str]) -> str:
    inside = "".join(f"{textwrap.indent(argument, '    ')},\n" for argument in arguments)
    return f"{name}(\n{inside})" if inside else f"{name}()"


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ").removeprefix("    ")
