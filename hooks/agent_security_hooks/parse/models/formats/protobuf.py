"""The wire format of Protocol Buffers, read in place, and what the beginnings of ONNX and TensorFlow files look like in it.

Source: https://protobuf.dev/programming-guides/encoding/; onnx/onnx.proto; tensorflow/core/protobuf/{saved_model,meta_graph}.proto,
tensorflow/core/framework/{graph,node_def}.proto; keras/protobuf/saved_metadata.proto.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.models.blob import NotRead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agent_security_hooks.parse.models.blob import Content
    from agent_security_hooks.parse.pattern import Pattern

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
FIELDS = 400_000
"""Fields of one file that are read."""

_CHUNK = 1 << 16
_DEPTH = 64
_HEAD = 4096
_SNIFFED = 24


class Field(NamedTuple):
    """One field of a message. `value` is the number of a varint; of other kinds the content stands at `start` to `end`, in bytes of the file."""

    number: int
    wire: int
    value: int
    start: int
    end: int


class Wire:
    """Messages in content that need not be in memory: what is skipped is not read."""

    __slots__ = ("_chunk", "_content", "_first", "fields", "size")

    def __init__(self, content: Content) -> None:
        self._content = content
        self._chunk = b""
        self._first = 0
        self.size = content.size
        self.fields = FIELDS
        """How many more are read."""

    def text(self, field: Field, limit: int = 1 << 16) -> str:
        """The text of a field, at most `limit` bytes of it."""
        return self.data(field, limit).decode("utf-8", "replace")

    def data(self, field: Field, limit: int = 1 << 16) -> bytes:
        """The bytes of a field, at most `limit`."""
        start, end = field.start, min(field.end, field.start + limit)
        if start >= self._first and end <= self._first + len(self._chunk):
            return self._chunk[start - self._first : end - self._first]
        return self._content.read(start, end - start)

    def read(self, start: int, length: int) -> bytes:
        """Bytes as they stand in the file."""
        return self._content.read(start, length)

    def message(self, start: int = 0, end: int | None = None) -> Iterator[Field]:
        """The fields of the message in a span. Raises NotRead where it is no message, and after too many fields."""
        position, end = start, self.size if end is None else end
        while position < end:
            self.fields -= 1
            if self.fields < 0:
                raise NotRead(f"it has more than {FIELDS:,} fields")
            tag, position = self._varint(position, end)
            number, wire = tag >> 3, tag & 7
            value, begin = 0, position
            if wire == BYTES:
                length, begin = self._varint(position, end)
                position = begin + length
            elif wire == VARINT:
                value, position = self._varint(position, end)
            elif wire in (FIXED32, FIXED64):
                position += 4 if wire == FIXED32 else 8
            elif wire not in (GROUP, END_GROUP):  # what a group holds is read as if it stood outside
                raise NotRead(f"not valid: a field of an unknown kind (byte {begin})")
            if position > end or number == 0:
                raise NotRead(f"not valid: a field that does not fit (byte {begin})")
            yield Field(number, wire, value, begin, position)

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        offset = position - self._first
        if 0 <= offset < len(self._chunk) and position < end and self._chunk[offset] < 0x80:
            return self._chunk[offset], position + 1
        if offset < 0 or offset + 10 > len(self._chunk):
            self._chunk, self._first, offset = self._content.read(position, min(_CHUNK, self.size - position)), position, 0
        value, shift = 0, 0
        for byte in self._chunk[offset : min(offset + 10, end - self._first)]:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value, position + shift // 7
        raise NotRead(f"not valid: a number that does not end (byte {position})")


class Part(NamedTuple):
    """A message or a field in another, found by `walk`."""

    kind: str
    start: int
    end: int


def walk(wire: Wire, tables: Mapping[str, Mapping[int, str]], kind: str, needle: Pattern[bytes], always: Sequence[str] = ()) -> Iterator[Part]:
    """Messages and fields of those kinds that have no table: `tables` says of a kind of message which kind each of its fields is.

    A small one in which `needle` does not match is passed over, unless its kind is one of `always`. Raises NotRead.
    """
    waiting = [(tables[kind], wire.message())]
    while waiting:
        table, fields = waiting[-1]
        field = next(fields, None)
        if field is None:
            waiting.pop()
            continue
        inner = table.get(field.number)
        if inner is None or field.wire != BYTES:
            continue
        if inner not in always and field.end - field.start <= _CHUNK and not needle.search(wire.data(field)):
            continue
        if inner not in tables:
            yield Part(inner, field.start, field.end)
        elif len(waiting) >= _DEPTH:
            raise NotRead(f"nested deeper than {_DEPTH}")
        else:
            waiting.append((tables[inner], wire.message(field.start, field.end)))


class _Sniffed(NamedTuple):
    number: int
    wire: int
    value: int
    data: bytes
    whole: bool


def _sniff(head: bytes, size: int) -> Iterator[_Sniffed]:
    """The first fields of a message of which only the beginning is at hand; ends with a field of number 0 where it is none."""
    position = 0
    for _ in range(_SNIFFED):
        if position >= len(head):
            return
        tag, position = _number(head, position)
        number, wire = tag >> 3, tag & 7
        value, data, whole = 0, b"", True
        if wire == BYTES:
            length, position = _number(head, position)
            if length < 0 or position + length > size:
                yield _Sniffed(0, 0, 0, b"", False)
                return
            data, whole = head[position : position + length], position + length <= len(head)
            position += length
        elif wire == VARINT:
            value, position = _number(head, position)
        elif wire in (FIXED32, FIXED64):
            position += 4 if wire == FIXED32 else 8
        else:
            number = 0
        yield _Sniffed(number, wire, value, data, whole)
        if number <= 0 or value < 0:
            return


def _number(head: bytes, position: int) -> tuple[int, int]:
    """A varint and where it ends; -1 where it does not."""
    value = 0
    for count, byte in enumerate(head[position : position + 10]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    return -1, position + 10


_ONNX: Mapping[int, int] = {1: VARINT, 5: VARINT, **dict.fromkeys((2, 3, 4, 6, 7, 8, 14, 20, 25, 26), BYTES)}
_ONNX_TAGS = frozenset((0x08, 0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72, 0xA2, 0xCA, 0xD2))
_ONNX_GRAPH = frozenset((0x0A, 0x12, 0x2A, 0x52, 0x5A, 0x62, 0x6A, 0x72, 0x7A, 0x82))
_ONNX_VERSIONS = range(1, 64)
_TENSORFLOW_TAGS = frozenset((0x08, 0x0A, 0x12, 0x18, 0x22))
_GRAPH_TEXT = (b"node {", b"node{", b"node: {", b"meta_graphs", b"graph_def", b"saved_model_schema_version", b"meta_info_def")


def looks_like_onnx(head: bytes, size: int = 1 << 62, name: str = "") -> bool:
    """Whether a file that begins with `head` and has `size` bytes is an ONNX model. A name says so where the bytes allow it."""
    if not head or (head[0] not in _ONNX_TAGS and not name.endswith(".onnx")):
        return False
    seen: set[int] = set()
    named = name.lower().endswith(".onnx")
    for field in _sniff(head[:_HEAD], size):
        if field.number == 0 or (field.number not in _ONNX and not named):
            return False
        if _ONNX.get(field.number, field.wire) != field.wire or (field.number == 1 and field.value not in _ONNX_VERSIONS):
            return False
        if field.number == 7 and field.data and field.data[0] not in _ONNX_GRAPH and not named:
            return False
        if field.number in (2, 3, 4) and field.whole and not _is_text(field.data):
            return False
        seen.add(field.number)
    return named or ({1, 7} <= seen or {7, 8} <= seen or {1, 8} <= seen)


def looks_like_tensorflow(head: bytes, name: str = "", size: int = 1 << 62) -> bool:
    """Whether a file is a SavedModel, a graph, a meta graph or Keras's metadata of TensorFlow, in binary or (`.pbtxt`) as text."""
    name = name.lower()
    if name.endswith(".pbtxt"):
        return any(word in head for word in _GRAPH_TEXT)
    named = name in ("saved_model.pb", "keras_metadata.pb") or (name.endswith((".pb", ".graphdef")) and head[:1] != b"\n\n")
    if not head or (head[0] not in _TENSORFLOW_TAGS and not named):
        return False
    fields = list(_sniff(head[:_HEAD], size))
    if not fields or any(field.number == 0 for field in fields):
        return False
    return (named and name in ("saved_model.pb", "keras_metadata.pb")) or _is_saved_model(fields) or _is_meta_graph(fields) or _is_graph(fields)


def _is_saved_model(fields: list[_Sniffed]) -> bool:
    if [(field.number, field.wire) for field in fields[:2]] != [(1, VARINT), (2, BYTES)] or fields[0].value > 8:
        return False
    return _is_meta_graph(list(_sniff(fields[1].data, 1 << 62)))


_META_GRAPH = frozenset(range(1, 8))


def _is_meta_graph(fields: list[_Sniffed]) -> bool:
    if not fields or any(field.number not in _META_GRAPH or field.wire != BYTES for field in fields):
        return False
    first = fields[0]
    if first.number == 2:
        return _is_graph(list(_sniff(first.data, 1 << 62)))
    # MetaInfoDef: 1 version, 2 OpList, 3 Any, 4 tags, 5 and 6 TensorFlow's version, 7 stripped defaults, 8 aliases
    info = list(_sniff(first.data, 1 << 62))
    wires = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: VARINT, 8: BYTES}
    if first.number != 1 or not info or any(wires.get(field.number) != field.wire for field in info):
        return False
    return any(field.number == 2 and field.data[:1] == b"\n" for field in info) or any(field.number in (4, 5) and _is_text(field.data) for field in info)


def _is_graph(fields: list[_Sniffed]) -> bool:
    """GraphDef: 1 nodes, 2 library, 3 version, 4 versions. The first node has a name and an operation; Keras's metadata an identifier."""
    wires = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
    if any(wires.get(field.number) != field.wire for field in fields):
        return False
    node = next((field for field in fields if field.number == 1), None)
    if node is None:
        library = fields[0] if fields and fields[0].number == 2 else None
        return library is not None and library.data[:1] == b"\n" and _is_function(library.data)
    return _is_node(list(_sniff(node.data, 1 << 62)))


def _is_function(library: bytes) -> bool:
    function = next(_sniff(library, 1 << 62), None)
    signature = next(_sniff(function.data, 1 << 62), None) if function else None
    name = next(_sniff(signature.data, 1 << 62), None) if signature and signature.number == 1 else None
    return name is not None and name.number == 1 and name.whole and bool(name.data) and _is_text(name.data)


def _is_node(parts: list[_Sniffed]) -> bool:
    texts = {part.number: part.data for part in parts if part.wire == BYTES and part.whole}
    if texts.get(4, b"").startswith(b"_tf_keras_"):
        return True
    name, operation = texts.get(1), texts.get(2)
    return bool(name and operation) and _is_text(name or b"") and (operation or b"").isalnum() and all(1 <= part.number <= 8 for part in parts)


def _is_text(data: bytes) -> bool:
    """Whether this is printable: names and versions are."""
    return not any(byte < 0x20 or byte == 0x7F for byte in data)


_KERAS_MODEL = re.compile(rb'"class_name"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}"(?:[\w.]{1,80}\.)?(?:Sequential|Functional|Model|Lambda|__lambda__)"')


def names_keras_model(text: bytes) -> bool:
    """Whether JSON, be it broken, names a model of Keras or code in one: other JSON has a `class_name` too."""
    return _KERAS_MODEL.search(text) is not None


def looks_like_keras(head: bytes, name: str = "") -> bool:
    """Whether JSON describes a Keras model: what `model.to_json()` writes and a `.keras` archive calls `config.json`."""
    return (
        head.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"[")
        and b'"class_name"' in head
        and (b'"config"' in head or b'"module"' in head or name == "config.json")
    )
