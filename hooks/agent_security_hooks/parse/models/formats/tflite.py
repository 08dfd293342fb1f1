"""TensorFlow Lite: models that call TensorFlow's own operations ("Flex") may call those that read and write files.

Source: tensorflow/lite/schema/schema.fbs; https://flatbuffers.dev/internals/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import Concern, NotRead
from agent_security_hooks.parse.models.formats.tensorflow import FIX, OPERATIONS, PEDANTIC, RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Blob, Budget, Content, Step

_ALL = {**OPERATIONS, **PEDANTIC}
_ITEMS = 100_000
_OPTIONS = 1 << 14


class _Tables:
    """Tables and vectors of a flatbuffer; what lies outside of the file is not there."""

    __slots__ = ("_chunk", "_content", "_first", "_left")

    def __init__(self, content: Content) -> None:
        self._content, self._chunk, self._first, self._left = content, b"", 0, 4 * _ITEMS

    def bytes(self, position: int, length: int) -> bytes:
        offset = position - self._first
        if offset < 0 or offset + length > len(self._chunk):
            begin = max(0, position - 4096)
            self._chunk, self._first = self._content.read(begin, max(1 << 15, length + 4096)), begin
            offset = position - begin
        return self._chunk[offset : offset + length]

    def number(self, position: int, size: int = 4) -> int:
        self._left -= 1
        if self._left < 0:
            raise NotRead("it has more operators than are looked at")
        return int.from_bytes(self.bytes(position, size), "little")

    def field(self, table: int, index: int) -> int:
        """Where the value of a field stands, or what it refers to; 0 where it is left out."""
        layout = table - int.from_bytes(self.bytes(table, 4), "little", signed=True)
        if layout < 0 or 4 + 2 * index >= self.number(layout, 2):
            return 0
        place = self.number(layout + 4 + 2 * index, 2)
        return table + place + self.number(table + place) if place else 0

    def vector(self, position: int) -> tuple[int, int]:
        """Where the elements of a vector or text begin, and how many there are."""
        return (position + 4, self.number(position)) if position else (0, 0)

    def tables(self, position: int) -> Iterator[int]:
        """Where the tables of a vector are."""
        begin, count = self.vector(position)
        if 4 * count > self._content.size:
            return
        for place in range(begin, begin + 4 * count, 4):
            yield place + self.number(place)


def inspect_tflite(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector. Reads the operators, not the weights."""
    tables = _Tables(blob.content)
    model = tables.number(0)
    found: set[str] = set()
    flex = False
    for code in tables.tables(tables.field(model, 1)):
        begin, length = tables.vector(tables.field(code, 1))
        name = tables.bytes(begin, min(length, 256)).decode("utf-8", "replace")
        if name.startswith("Flex"):
            flex = True
            found.add(name[4:])
    if flex:
        found |= _hidden(tables, model)
    for name in sorted(found & _ALL.keys()):
        yield Concern(RULE, f"runs Flex{name}, which {_ALL[name]}", FIX, pedantic=name in PEDANTIC)


def _hidden(tables: _Tables, model: int) -> set[str]:
    """Operations that are named in the options of a Flex operator, which is where the delegate takes them from."""
    found: set[str] = set()
    words = [(name, bytes([len(name)]) + name.encode()) for name in OPERATIONS]
    for graph in tables.tables(tables.field(model, 2)):
        for operator in tables.tables(tables.field(graph, 3)):
            begin, length = tables.vector(tables.field(operator, 5))
            options = tables.bytes(begin, min(length, _OPTIONS)) if begin else b""
            found |= {name for name, word in words if word in options}
    return found
