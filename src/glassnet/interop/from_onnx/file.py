"""Reading an ONNX file, which may be hostile: within limits, and nothing but numbers from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glassnet.errors import CheckpointError
from glassnet.interop.onnx_writer import require_onnx

MOST_BYTES = 1 << 29
"""Of a file and what lies beside it, together."""
MOST_NODES = 2000
OLDEST_OPSET = 7
"""Before it, operators broadcast otherwise."""


def read_model(path: Path) -> Any:
    """Return the model in a file, checked by `onnx.checker`, with all tensors inside it.

    Tensors may lie in other files (as PyTorch writes them by default), but only in the same folder.

    Raises
    ------
    CheckpointError
        If there is no such file, or it is too large, not ONNX, or refers to files elsewhere.
    """
    onnx = require_onnx()
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}; give the path of an .onnx file")
    if (length := path.stat().st_size) > MOST_BYTES:
        raise CheckpointError(
            f"{path} has {length:,} bytes, more than the {MOST_BYTES:,} that are read; "
            "export a smaller network"
        )
    try:
        model = onnx.load_model_from_string(path.read_bytes())
        if len(model.graph.node) > MOST_NODES:
            raise CheckpointError(
                f"{path} has {len(model.graph.node):,} nodes, more than the {MOST_NODES:,} that "
                "are read; export a smaller network"
            )
        _bring_inside(model, path, MOST_BYTES - length)
        onnx.checker.check_model(model)
    except CheckpointError:
        raise
    except Exception as error:  # protobuf and the checker raise many kinds, of which few are public
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CheckpointError(f"{path} is not a whole ONNX file ({reason}); export it anew") from (
            error
        )
    _refuse_foreign(model, path)
    return model


def _refuse_foreign(model: Any, path: Path) -> None:
    """Raise `CheckpointError` for what no operator of ONNX itself is."""
    if model.functions:
        raise CheckpointError(
            f"{path} defines operators of its own ({model.functions[0].name}); export it with "
            "them expanded, as torch.onnx.export does"
        )
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions or min(versions) < OLDEST_OPSET:
        raise CheckpointError(
            f"{path} is of opset {min(versions, default=0)}, but {OLDEST_OPSET} is the oldest "
            "that is read; export it anew with a newer one"
        )


def _bring_inside(model: Any, path: Path, budget: int) -> None:
    """Replace references to files by what stands in them."""
    for tensor in _tensors(model.graph):
        if tensor.data_location != tensor.EXTERNAL:
            continue
        where = {entry.key: entry.value for entry in tensor.external_data}
        name = where.get("location", "")
        file = path.parent / name
        if Path(name).name != name or name in ("", ".", "..") or "\\" in name or file.is_symlink():
            raise CheckpointError(
                f"{path} keeps {tensor.name} in {name!r}, and only files beside it are read; "
                "export it with external_data=False"
            )
        if not file.is_file():
            raise CheckpointError(
                f"{path} keeps {tensor.name} in {name}, which is not beside it; put it there, or "
                "export with external_data=False"
            )
        offset = int(where.get("offset", 0))
        length = int(where.get("length", file.stat().st_size - offset))
        budget -= length
        if offset < 0 or length < 0 or offset + length > file.stat().st_size or budget < 0:
            raise CheckpointError(
                f"{path} keeps {tensor.name} in bytes {offset:,} to {offset + length:,} of {name}, "
                "which has no such bytes or too many; export it anew"
            )
        with file.open("rb") as opened:
            opened.seek(offset)
            tensor.raw_data = opened.read(length)
        tensor.data_location = tensor.DEFAULT
        del tensor.external_data[:]


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor of a graph; graphs inside graphs have none that is ever read."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
