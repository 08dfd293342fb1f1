"""Model files of other formats."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def npy(header: str, data: bytes = b"", version: int = 1) -> bytes:
    """An array file: the header's text as it stands, then the data."""
    text = header.encode("utf-8" if version == 3 else "latin-1") + b"\n"
    return b"\x93NUMPY" + bytes((version, 0)) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def safetensors(header: Mapping[str, object] | str, data: bytes = b"") -> bytes:
    """A header, as a text where it is not what JSON would make of a dictionary, and the tensors."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode("utf-8")
    return struct.pack("<Q", len(text)) + text + data


def tensor(kind: str, shape: Sequence[int], first: int, last: int) -> dict[str, object]:
    """What a safetensors header says of a tensor."""
    return {"dtype": kind, "shape": list(shape), "data_offsets": [first, last]}


_KINDS: dict[type, int] = {bool: 7, int: 4, float: 6, str: 8, list: 9}


def gguf(
    values: Mapping[str, object], tensors: Mapping[str, tuple[Sequence[int], int, int]] | None = None, data: bytes = b"", order: str = "<", **said: int
) -> bytes:
    """Values, then tensors as (shape, type, offset). `said` overrides `version`, `value_count` and `tensor_count` of the header."""
    tensors = tensors or {}
    counts = struct.pack(order + "QQ", said.get("tensor_count", len(tensors)), said.get("value_count", len(values)))
    made = b"GGUF" + struct.pack(order + "I", said.get("version", 3)) + counts
    for key, value in values.items():
        made += gguf_text(key, order) + struct.pack(order + "I", _KINDS[type(value)]) + _value(value, order)
    for key, (shape, kind, offset) in tensors.items():
        made += gguf_text(key, order) + struct.pack(f"{order}I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    return made + bytes(-len(made) % 32) + data


def gguf_text(text: str, order: str = "<") -> bytes:
    """A text with its length before it."""
    data = text.encode()
    return struct.pack(order + "Q", len(data)) + data


def _value(value: object, order: str) -> bytes:
    if isinstance(value, str):
        return gguf_text(value, order)
    if isinstance(value, bool):
        return bytes((value,))
    if isinstance(value, list):
        return struct.pack(order + "IQ", _KINDS[type(value[0])], len(value)) + b"".join(_value(item, order) for item in value)
    return struct.pack(order + ("I" if isinstance(value, int) else "f"), value)


def proto(*fields: tuple[int, object]) -> bytes:
    """A message of Protocol Buffers: numbers become varints, texts and bytes stand as they are."""
    made = b""
    for number, value in fields:
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
            made += varint(number << 3 | 2) + varint(len(data)) + data
    return made


def varint(value: int) -> bytes:
    """A number of Protocol Buffers."""
    value &= (1 << 64) - 1
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))


def onnx_tensor(location: str, **external: str) -> bytes:
    """A tensor that is kept in another file."""
    entries = {"location": location, **external}
    return proto((1, 4), (2, 1), (8, "w"), *((13, proto((1, key), (2, value))) for key, value in entries.items()), (14, 1))


def onnx_node(operation: str, *attribute: tuple[int, object]) -> bytes:
    """A node with an attribute of these fields."""
    return proto((1, "x"), (2, "y"), (4, operation), (5, proto((1, "value"), *attribute)))


def onnx_model(*fields: tuple[int, object]) -> bytes:
    """A model with a graph, which is field 7, and others."""
    return proto((1, 8), (2, "pytorch"), *fields, (8, proto((1, ""), (2, 17))))


def onnx(*locations: str, **external: str) -> bytes:
    """A model with a tensor for each file that tensors are kept in."""
    return onnx_model((7, proto((1, onnx_node("Relu")), (2, "graph"), *((5, onnx_tensor(location, **external)) for location in locations))))


def graph_def(*operations: str, attributes: bytes = b"") -> bytes:
    """A TensorFlow graph with a node for each operation."""
    return b"".join(proto((1, proto((1, f"node_{index}"), (2, name)) + attributes)) for index, name in enumerate(operations))


def saved_model(*operations: str, functions: Sequence[str] = ()) -> bytes:
    """A SavedModel whose graph has these operations; `functions` are those in its library."""
    library = proto((1, proto((1, proto((1, "__inference_f"))), *((3, proto((1, "n"), (2, name))) for name in functions)))) if functions else b""
    graph = graph_def("Placeholder", *operations) + (proto((2, library)) if library else b"")
    return proto((1, 1), (2, proto((1, proto((4, "serve"), (5, "2.15.0"))), (2, graph))))


def keras_metadata(*configs: Mapping[str, object]) -> bytes:
    """What Keras writes beside a SavedModel: a layer's configuration in each node."""
    nodes = (proto((2, index), (3, "root"), (4, "_tf_keras_layer"), (5, json.dumps(config)), (6, proto((1, 1)))) for index, config in enumerate(configs))
    return proto(*((1, node) for node in nodes))


def keras(*layers: Mapping[str, object]) -> str:
    """The configuration of a Keras model with these layers, as JSON."""
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "in"}, "registered_name": None}
    return json.dumps({"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}, "registered_name": None})


def layer(name: str, module: str | None = "keras.layers", **config: object) -> dict[str, object]:
    """An object in a Keras configuration."""
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


MARSHAL = "4wAAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMEAAAAfABTACkBTqkAKQHaAXhyAQAAAHIBAAAA+gd4LnB52gg8bGFtYmRhPgEAAADzAAAAAA==\n"
"""The code of `lambda x: x`, as Keras keeps it."""


def hdf5(attributes: Mapping[str, str | bytes], lead: int = 0, messages: Sequence[tuple[int, bytes]] = ()) -> bytes:
    """A file whose root group has attributes (a text of variable length in the global heap; bytes in place) and other messages.

    `lead` is the size of a user's block.
    """
    heap_at = 1 << 16
    heap, made = b"", list[tuple[int, bytes]](messages)
    for index, (name, value) in enumerate(attributes.items(), 1):
        if isinstance(value, str):
            data = value.encode()
            heap += struct.pack("<HHIQ", index, 1, 0, len(data)) + data + bytes(-len(data) % 8)
            kind = struct.pack("<BBHI", 0x19, 1, 0, 16) + struct.pack("<BBHI", 0x13, 0, 0, 1)
            content = struct.pack("<IQI", len(data), heap_at, index)
        else:
            kind, content = struct.pack("<BBHI", 0x13, 0, 0, len(value)), value
        space = struct.pack("<BBB5x", 1, 0, 0)
        label = name.encode() + b"\0"
        body = (
            struct.pack("<BBHHH", 1, 0, len(label), len(kind), len(space)) + b"".join(part + bytes(-len(part) % 8) for part in (label, kind, space)) + content
        )
        made.append((12, body))
    block = b"".join(struct.pack("<HHB3x", kind, len(body) + -len(body) % 8, 0) + body + bytes(-len(body) % 8) for kind, body in made)
    header = struct.pack("<BBHII4x", 1, 0, len(made), 1, len(block)) + block
    root = struct.pack("<QQII16x", 0, 96, 0, 0)
    size = heap_at + 16 + len(heap) + 16
    start = (
        b"\x89HDF\r\n\x1a\n"
        + bytes((0, 0, 0, 0, 0, 8, 8, 0))
        + struct.pack("<HHI", 4, 16, 0)
        + struct.pack("<QQQQ", lead, (1 << 64) - 1, size, (1 << 64) - 1)
        + root
    )
    assert 96 + len(header) <= heap_at
    body = start + header
    collection = b"GCOL" + struct.pack("<B3xQ", 1, 16 + len(heap) + 16) + heap + bytes(16)
    return bytes(lead) + body + bytes(heap_at - len(body)) + collection


def hdf5_link(name: str, file: str) -> tuple[int, bytes]:
    """A message of a link to an object in another file."""
    told = b"\0" + file.encode() + b"\0/data\0"
    return 6, bytes((1, 8, 64, len(name))) + name.encode() + struct.pack("<H", len(told)) + told


def tflite(*codes: str) -> bytes:
    """A TensorFlow Lite model with custom operators of these names."""
    layout = struct.pack("<HHHH", 8, 8, 0, 4)  # of a table with one field, its second
    made = struct.pack("<I", 16) + b"TFL3" + layout + struct.pack("<iII", 8, 4, len(codes))
    references, tables = b"", b""
    for code in codes:
        text = code.encode()
        place = len(made) + len(references)
        references += struct.pack("<I", len(made) + 4 * len(codes) + len(tables) + 8 - place)
        tables += layout + struct.pack("<iII", 8, 4, len(text)) + text + bytes(4 - len(text) % 4)
    return made + references + tables
