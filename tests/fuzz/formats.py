"""Harm inside a file format: taken apart, harmed in one part, put together so that it still reads.

Random bytes end at a format's first checksum. Here checksums, lengths and compression are made
anew, so that what is wrong lies deeper. A file that cannot be taken apart is harmed byte by byte.
"""

import functools
import gzip
import io
import json
import random
import re
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import tomli_w

from tests.fuzz.mutation import (
    BINARY,
    DEEP,
    NUMBERS,
    STRINGS,
    Mutate,
    harm_bytes,
    harm_text,
    harm_tree,
)


def format_of(change: Callable[[random.Random, bytes], bytes]) -> Mutate:
    """Return a mutator that harms bytes where `change` cannot take its input apart."""

    @functools.wraps(change)
    def mutate(rng: random.Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
        try:
            return change(rng, content)
        except Exception:  # it was harmed before: whatever the format's library says of that
            return harm_bytes(rng, content, others)

    return mutate


def dumped(rng: random.Random, tree: Any) -> bytes:
    """Return JSON, now and then with what a tree cannot have: keys twice, nesting without end."""
    try:
        text = json.dumps(tree)
    except RecursionError:
        text = "[" * DEEP + "]" * DEEP
    if rng.random() < 0.05:
        text = text.replace("{", '{"a": 1, "a": 2, ', 1)
    if rng.random() < 0.02:
        text = rng.choice(("[", '{"a":')) * (100 * DEEP) + text
    return text.encode("utf-8", "surrogatepass")


@format_of
def harm_json(rng: random.Random, content: bytes) -> bytes:
    """Harm a JSON file's tree."""
    return dumped(rng, harm_tree(rng, json.loads(content)))


@format_of
def harm_toml(rng: random.Random, content: bytes) -> bytes:
    """Harm a TOML file's tree; what TOML cannot say falls back to its text."""
    try:
        return tomli_w.dumps(harm_tree(rng, tomllib.loads(content.decode()))).encode()
    except (TypeError, ValueError, RecursionError, AttributeError):
        return harm_text(rng, content)


def opened(content: bytes) -> tuple[Any, bytes]:
    """Return the header and the tensors' bytes of a safetensors file."""
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def closed(header: bytes, rest: bytes) -> bytes:
    """Return the safetensors file of a header and tensors."""
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + rest


@format_of
def harm_safetensors(rng: random.Random, content: bytes) -> bytes:
    """Harm the header of a safetensors file, the JSON inside its metadata, or the numbers."""
    header, rest = opened(content)
    about = header.get("__metadata__")
    inner = [key for key, value in (about or {}).items() if value[:1] in ("{", "[")]
    what = rng.random()
    if what < 0.5 and inner:
        key = rng.choice(inner)
        about[key] = dumped(rng, harm_tree(rng, json.loads(about[key]))).decode(errors="replace")
    elif what < 0.7:
        header = harm_tree(rng, header)
    elif what < 0.85:
        rest = _harm_numbers(rng, rest)
    else:
        _harm_tensor(rng, header)
    if isinstance(about, dict) and rng.random() < 0.1 and about:
        about[rng.choice(list(about))] = rng.choice(STRINGS)
    return closed(dumped(rng, header), rest)


def _harm_tensor(rng: random.Random, header: Any) -> None:
    """Say something else of one tensor: its type, its shape, its place, and still hold together."""
    name = rng.choice([key for key in header if key != "__metadata__"])
    tensor = header[name]
    match rng.randrange(4):
        case 0:
            tensor["dtype"] = rng.choice(("F64", "F16", "BF16", "I8", "U64", "BOOL", "F8_E4M3"))
        case 1:
            tensor["shape"] = rng.choice(([], [0], tensor["shape"][::-1], [1, *tensor["shape"]]))
        case 2:
            other = rng.choice([key for key in header if key != "__metadata__"])
            header[name], header[other] = header[other], tensor
        case 3:
            header[rng.choice(STRINGS)] = header.pop(name)


def _harm_numbers(rng: random.Random, numbers: bytes) -> bytes:
    """Put NaN, infinity, huge or negative numbers among float32 or integers of 8 bytes."""
    data = bytearray(numbers)
    odd = (b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\x80\xff", b"\xff" * 8, b"\xff" * 7 + b"\x7f",
           b"\0" * 8)  # fmt: skip
    for _ in range(rng.choice((1, 5))):
        value = rng.choice(odd)
        at = rng.randrange(max(1, len(data) // 4)) * 4
        data[at : at + len(value)] = value[: max(0, len(data) - at)]
    return bytes(data)


CHECKSUM = re.compile(rb'"checksum":\s*"([0-9a-f]{64})"')


def with_checksum(content: bytes) -> bytes:
    """Return a checkpoint with the checksum that fits its content."""
    place = CHECKSUM.search(content)
    if place is None:
        return content
    before, after = content[: place.start(1)], content[place.end(1) :]
    digest = blake2b(before + b"0" * 64 + after, digest_size=32).hexdigest()
    return before + digest.encode() + after


@format_of
def harm_checkpoint(rng: random.Random, content: bytes) -> bytes:
    """Harm a checkpoint, and mostly give it the checksum that fits."""
    header, rest = opened(content)
    header["__metadata__"].pop("checksum", None)
    harmed = harm_safetensors(rng, closed(json.dumps(header).encode(), rest), [])
    try:
        header, rest = opened(harmed)
        header["__metadata__"]["checksum"] = "0" * 64
        harmed = closed(json.dumps(header, separators=(",", ":")).encode(), rest)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # harmed beyond its header
    return with_checksum(harmed) if rng.random() < 0.9 else harmed


@format_of
def harm_gzip(rng: random.Random, content: bytes) -> bytes:
    """Harm what a gzip file holds; or hold far more of it, or several members."""
    inner = gzip.decompress(content)
    match rng.randrange(5):
        case 0:
            inner += bytes(rng.choice((1, 1_000, 10_000_000)))
        case 1:
            return gzip.compress(inner) + gzip.compress(inner)
        case 2:
            return gzip.compress(inner) + bytes(rng.randrange(20))
        case _:
            inner = harm_bytes(rng, inner)
    return gzip.compress(inner, compresslevel=1)


@format_of
def harm_idx(rng: random.Random, content: bytes) -> bytes:
    """Harm the header of an IDX file."""
    data = bytearray(content)
    match rng.randrange(4):
        case 0:
            data[2] = rng.choice((8, 9, 11, 12, 13, 14, 0, 255))
        case 1:
            data[3] = rng.choice((0, 1, 2, 3, 4, 32, 33, 64, 65, 255))
        case 2:
            at = 4 + 4 * rng.randrange(data[3])
            data[at : at + 4] = (rng.choice(BINARY) & 0xFFFFFFFF).to_bytes(4, "big")
        case 3:
            sizes = [rng.choice((0, 1, 2, 1 << 16, (1 << 32) - 1)) for _ in range(data[3])]
            data[4 : 4 + 4 * data[3]] = struct.pack(f">{data[3]}I", *sizes)
    return bytes(data)


@format_of
def harm_npz(rng: random.Random, content: bytes) -> bytes:
    """Harm a member of an `.npz` file: its NumPy header, its numbers, or its name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = rng.randrange(len(members))
    name, array = members[at]
    end = 10 + int.from_bytes(array[8:10], "little")
    match rng.randrange(6):
        case 0 | 1:
            header = harm_text(rng, array[10:end])
            length = min(len(header), 65_535).to_bytes(2, "little")
            array = array[:8] + length + header[:65_535] + array[end:]
        case 2:
            array = array[:end] + _harm_numbers(rng, array[end:])
        case 3:
            array = harm_bytes(rng, array)
        case 4:
            name = rng.choice(("../x.npy", "/x.npy", "x", "x.npy", "y.npy", "x_train.npy", "é"))
        case 5:
            types = ("<f8", "<U4", "|O", "<c8", "|V3", "<M8[s]", "|b1", "<f2", ">i8", "<u8")
            array = re.sub(rb"'descr': '[^']*'", f"'descr': '{rng.choice(types)}'".encode(), array)
    members[at] = (name, array)
    made = io.BytesIO()
    kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(made, "w", kind) as archive:
        for name, array in members:
            archive.writestr(name, array)
    return made.getvalue()


@format_of
def harm_png(rng: random.Random, content: bytes) -> bytes:
    """Harm a chunk of a PNG file, whose checksum is made anew."""
    if not content.startswith(b"\x89PNG"):
        raise ValueError("it is no PNG file")
    chunks, at = [], 8
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    i = rng.randrange(len(chunks))
    kind, body = chunks[i]
    match rng.randrange(6):
        case 0 if kind == b"IHDR":
            sides = [rng.choice((0, 1, 4, 28, 10_000, 50_000, 2**31 - 1)) for _ in range(2)]
            body = struct.pack(">II", *sides) + body[8:]
        case 0 | 1:
            body = harm_bytes(rng, body)
        case 2 if kind == b"IDAT":
            body = zlib.compress(harm_bytes(rng, zlib.decompress(body)))
        case 3:
            del chunks[i : i + 1]
        case 4:
            odd = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"tRNS", b"PLTE", b"acTL", b"gAMA")
            made = rng.choice((b"a\0\0" + zlib.compress(bytes(5_000_000)), rng.randbytes(30)))
            chunks.insert(i, (rng.choice(odd), made))
        case 5:
            chunks.insert(i, chunks[i])
    if i < len(chunks) and chunks[i][0] == kind:
        chunks[i] = (kind, body)
    return content[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@format_of
def harm_matlab(rng: random.Random, content: bytes) -> bytes:
    """Harm an element of a MATLAB file, unpacked and packed again where it is compressed."""
    at = 128
    elements = []
    while at < len(content):
        kind, length = struct.unpack("<II", content[at : at + 8])
        elements.append((kind, content[at + 8 : at + 8 + length]))
        at += 8 + length
    i = rng.randrange(len(elements))
    kind, body = elements[i]
    body = zlib.decompress(body) if kind == 15 else body
    data = bytearray(body)
    if rng.random() < 0.7:  # a word of the tags, which come first
        word = 4 * rng.randrange(min(24, len(data) // 4))
        data[word : word + 4] = (rng.choice((*BINARY, 3, 5, 6, 9, 14, 15)) & 0xFFFFFFFF).to_bytes(
            4, "little"
        )
    else:
        data = bytearray(harm_bytes(rng, bytes(data)))
    elements[i] = (kind, zlib.compress(bytes(data)) if kind == 15 else bytes(data))
    return content[:128] + b"".join(
        struct.pack("<II", kind, len(body)) + body for kind, body in elements
    )


@format_of
def harm_onnx(rng: random.Random, content: bytes) -> bytes:
    """Harm one field of an ONNX graph."""
    import onnx

    model = onnx.load_model_from_string(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        _harm_message(rng, model)
    return model.SerializeToString()


def _harm_message(rng: random.Random, message: Any) -> None:
    """Go down from a message of protobuf to some field, and harm that."""
    while True:
        fields = message.ListFields()
        if not fields:
            return
        field, value = rng.choice(fields)
        many = hasattr(value, "MergeFrom") and not hasattr(value, "ListFields")
        if many and rng.random() < 0.25:
            match rng.randrange(3):
                case 0:
                    del value[rng.randrange(len(value))]
                case 1:
                    value.extend([value[rng.randrange(len(value))]] * rng.choice((1, 3, 2_500)))
                case 2:
                    del value[:]
            return
        index = rng.randrange(len(value)) if many and len(value) else None
        inner = value if index is None else value[index]
        if hasattr(inner, "ListFields"):
            if rng.random() < 0.05:
                message.ClearField(field.name)
                return
            message = inner
            continue
        new = _odd_field(rng, inner)
        try:
            if index is None:
                setattr(message, field.name, new)
            else:
                value[index] = new
        except (ValueError, TypeError):
            message.ClearField(field.name)
        return


def _odd_field(rng: random.Random, value: Any) -> Any:
    """Return another value of the same type."""
    operators = ("Relu", "Add", "Mul", "Reshape", "Loop", "If", "Concat", "Gather", "Slice", "Erf")
    if isinstance(value, str):
        return rng.choice((*STRINGS, *operators, "input", "output"))
    if isinstance(value, bytes):
        return harm_bytes(rng, value)
    if isinstance(value, float):
        return float(rng.choice([n for n in NUMBERS if isinstance(n, float)]))
    return rng.choice((0, 1, 2, 3, -1, 7, 255, 1 << 20, 2**31 - 1, -(2**31), 2**63 - 1, value + 1))
