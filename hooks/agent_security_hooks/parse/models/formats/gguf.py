"""GGUF, the format of llama.cpp: keys and values, then where the tensors lie.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; block sizes: ggml/src/ggml.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Concern, NotRead, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Blob, Budget, Content, Step

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_NESTED = 8
_STEPS = 2_000_000
"""Texts, lists and tensors that are read; the vocabulary of a large model has half a million."""
_TEMPLATE = 1 << 20
_CHUNK = 1 << 18
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Of a type of tensor: how many elements a block has, and how many bytes."""


class _Bomb(Exception):
    """A count that the file cannot hold."""


class _Reader:
    """Reads the header from its beginning; what it says is compared with the size of the file before anything is done with it."""

    __slots__ = ("_chunk", "_content", "_first", "_long", "_order", "_short", "_steps", "_wide", "position")

    def __init__(self, content: Content, version: int, order: str) -> None:
        self._content, self._order, self.position = content, order, 8
        self._chunk, self._first = b"", 0
        self._short, self._long = struct.Struct(order + "I"), struct.Struct(order + ("I" if version == 1 else "Q"))
        self._wide = self._long.size
        self._steps = _STEPS

    def left(self) -> int:
        return self._content.size - self.position

    def _number(self, kind: struct.Struct) -> int:
        offset = self.position - self._first
        if offset + kind.size > len(self._chunk):
            self._chunk, self._first, offset = self._content.read(self.position, _CHUNK), self.position, 0
            if len(self._chunk) < kind.size:
                raise _Bomb("its header goes on beyond the end of the file")
        self.position += kind.size
        return int(kind.unpack_from(self._chunk, offset)[0])

    def short(self) -> int:
        return self._number(self._short)

    def long(self) -> int:
        return self._number(self._long)

    def place(self) -> int:
        """An offset, which has 64 bits in all versions."""
        return self._number(struct.Struct(self._order + "Q"))

    def count(self, least: int, what: str) -> int:
        """A number of things of `least` bytes each."""
        number = self.long()
        if number * least > self.left():
            raise _Bomb(f"is said to have {number:,} {what}; the file holds {self.left():,} more bytes")
        return number

    def step(self, count: int = 1) -> None:
        self._steps -= count
        if self._steps < 0:
            raise NotRead(f"its header has more than {_STEPS:,} entries")

    def text(self, limit: int) -> str:
        """A text; of a longer one its beginning."""
        self.step()
        length = self.count(1, "bytes in a text")
        data = self._content.read(self.position, min(length, limit))
        self.position += length
        return data.decode("utf-8", "replace")

    def skip(self, size: int) -> None:
        if size > self.left():
            raise _Bomb("a value goes on beyond the end of the file")
        self.position += size

    def skip_texts(self, count: int) -> None:
        """As `text`, for a whole vocabulary at once."""
        self.step(count)
        unpack, wide, size = self._long.unpack_from, self._wide, self._content.size
        position, chunk, first = self.position, b"", self.position
        last = -1
        for _ in range(count):
            if position > last:
                chunk, first = self._content.read(position, _CHUNK), position
                last = position + len(chunk) - wide
                if last < position:
                    raise _Bomb("a text begins beyond the end of the file")
            position += wide + unpack(chunk, position - first)[0]
        if position > size:
            raise _Bomb("a text goes on beyond the end of the file")
        self.position = position

    def skip_value(self, kind: int, depth: int = 0) -> None:
        """Over a value of a type."""
        if kind in _SIZES:
            self.skip(_SIZES[kind])
        elif kind == _STRING:
            self.skip_texts(1)
        elif kind == _ARRAY and depth < _NESTED:
            self._skip_array(depth)
        else:
            raise NotRead(f"not valid GGUF: a value of an unknown type (byte {self.position})")

    def _skip_array(self, depth: int) -> None:
        self.step()
        inner = self.short()
        least = _SIZES.get(inner, self._wide if inner == _STRING else 4 + self._wide)
        count = self.count(least, "elements in a list")
        if inner in _SIZES:
            self.skip(count * least)
        elif inner == _STRING:
            self.skip_texts(count)
        else:
            for _ in range(count):
                self.skip_value(inner, depth + 1)


def inspect_gguf(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector. Reads up to where the tensors begin."""
    start = blob.content.read(4, 4)
    order = "<" if start[2:] == b"\0\0" else ">"
    version = int.from_bytes(start, "little" if order == "<" else "big")
    if len(start) < 4 or not 1 <= version <= 3:
        raise NotRead("its GGUF version is not known")
    reader = _Reader(blob.content, version, order)
    try:
        yield from _read(reader, 8 if version > 1 else 4, blob.content.size)
    except _Bomb as problem:
        yield Concern("expansion-bomb", str(problem), "Fetch the file again from where it was published, and compare its sha256 there.")


def _read(reader: _Reader, wide: int, size: int) -> Iterator[Concern | Unread]:
    tensors = reader.count(wide + 16, "tensors")
    values = reader.count(wide + 5, "values")
    alignment = 32
    for _ in range(values):
        key = reader.text(256)
        kind = reader.short()
        if kind == _STRING and "template" in key:
            yield from _judge(reader, key)
        elif kind == 4 and key == "general.alignment":
            alignment = reader.short()
        else:
            reader.skip_value(kind)
    places: list[tuple[int, int, str]] = []
    for _ in range(tensors):
        name = reader.text(128)
        bytes_of, offset = _tensor(reader, name)
        places.append((offset, bytes_of, name))
    if not 1 <= alignment <= 1 << 20:
        raise _Bomb(f"its tensors are said to be aligned to {alignment:,} bytes")
    data = -(-reader.position // alignment) * alignment
    for offset, bytes_of, name in places:
        if data + offset + bytes_of > size:
            raise _Bomb(f"tensor {excerpt(name)} is said to reach {data + offset + bytes_of - size:,} bytes beyond the end of the file")


def _tensor(reader: _Reader, name: str) -> tuple[int, int]:
    """How many bytes a tensor takes, 0 if its type is not known, and where they begin."""
    dimensions = reader.short()
    if dimensions > 8:
        raise _Bomb(f"tensor {excerpt(name)} is said to have {dimensions:,} dimensions")
    elements = 1
    for _ in range(dimensions):
        elements *= reader.long()
    if elements >= 1 << 62:
        raise _Bomb(f"tensor {excerpt(name)} is said to have more elements than can be counted")
    per_block, block = _BLOCKS.get(reader.short(), (1, 0))
    return -(-elements // per_block) * block, _offset(reader)


def _offset(reader: _Reader) -> int:
    offset = reader.place()
    if offset >= 1 << 62:
        raise _Bomb("a tensor lies beyond the end of the file")
    return offset


def _judge(reader: _Reader, key: str) -> Iterator[Concern | Unread]:
    from agent_security_hooks.parse.models.formats.templates import judge_template

    left = reader.left()
    text = reader.text(_TEMPLATE)
    if left - reader.left() > _TEMPLATE:
        yield Unread(f"{excerpt(key)} is larger than {_TEMPLATE >> 20} MB")
    for concern in judge_template(text, chat=True):
        yield concern._replace(message=f"{excerpt(key)} {concern.message}", start=0, end=0)
