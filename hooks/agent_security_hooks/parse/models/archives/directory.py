"""The directories of a zip file, all of them, and the headers that stand before its members.

Readers disagree about what a zip file holds: one looks for the last end record, one goes by an offset, one streams from the front. Here
nothing is believed: every directory that some reader could find is read, and every member's own header beside it.
Source: PKWARE APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Content

LOCAL = b"PK\x03\x04"
DIRECTORY = b"PK\x01\x02"
STREAMED = 0x8
"""Flag: sizes and checksum follow the data."""
HIDING = 0x1 | 0x20 | 0x40 | 0x2000
"""Flags that make readers give up: encrypted, patch data, strong encryption, masked headers."""

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR = b"PK\x06\x07"
_TAIL = (1 << 16) + 22
_ENDS = 16
_DIRECTORY_HEADER = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_MAX32 = 0xFFFFFFFF
_SCANNED = 64 << 20
_SIGNATURES = 100_000
_STEP = 1 << 20


class Header(NamedTuple):
    """What one of the two headers of a member says. `start` is where the header stands, `end` where it ends; both in bytes of the file."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    end: int


class Member(NamedTuple):
    """A member. `listed` is what the directory says of it, None for one that is in no directory; `local` its own header."""

    listed: Header | None
    local: Header
    attributes: int = 0

    @property
    def said(self) -> Header:
        """What most readers go by."""
        return self.listed or self.local

    @property
    def data(self) -> int:
        """Where the data starts."""
        return self.local.end

    @property
    def is_link(self) -> bool:
        """Whether Unix tools make a symbolic link of it."""
        return self.attributes >> 28 == 0xA


class Archive(NamedTuple):
    """What was found. `directories` are the spans of the directories with their end records."""

    members: list[Member]
    directories: list[tuple[int, int]]
    lost: int
    """Entries of a directory that lead to no member."""
    more: bool
    """Whether there are more members than were asked for."""


def read_archive(content: Content, limit: int) -> Archive:
    """All members that any directory names, each once; where there is no directory, none."""
    members: dict[tuple[Header, Header], Member] = {}
    spans: list[tuple[int, int]] = []
    lost, count = 0, 0
    for start, end, prefix in _directories(content):
        position = start
        for listed, offset, attributes in _entries(content, start, end):
            position = listed.end
            count += 1
            if count > limit:
                return Archive([*members.values()], [*spans, (start, end)], lost, more=True)
            found = False
            for place in dict.fromkeys((offset + prefix, offset)):
                local = read_local(content, place)
                if local is not None:
                    found = True
                    members.setdefault((listed, local), Member(listed, local, attributes))
            lost += not found
        spans.append((start, max(position, end)))
    return Archive([*members.values()], spans, lost, more=False)


def _directories(content: Content) -> Iterator[tuple[int, int, int]]:
    """Start, end and the length of what was put before the archive, for each directory that is there. The last end record comes first."""
    begin = max(0, content.size - _TAIL)
    tail = content.read(begin, _TAIL)
    seen: dict[int, None] = {}
    position = len(tail)
    for _ in range(_ENDS):
        position = tail.rfind(_END, 0, position)
        # the end record of a zip that is stored as a member of this one stands before the directory, and is none of ours
        if position < 0 or (seen and begin + position < min(seen)):
            return
        record = tail[position : position + 22]
        if len(record) < 22:
            continue
        size, offset = struct.unpack_from("<2L", record, 12)
        for start, prefix in _starts(content, tail, position, begin, size, offset):
            if start not in seen:
                seen[start] = None
                yield start, begin + position, prefix


def _starts(content: Content, tail: bytes, position: int, begin: int, size: int, offset: int) -> Iterator[tuple[int, int]]:
    """Where the directory of an end record may start, and the prefix that follows from it: counted back from the record, and as it says."""
    end = begin + position
    candidates: list[tuple[int, int, int]] = []
    before = end
    if position >= 20 and tail[position - 20 : position - 16] == _LOCATOR:
        stated = int.from_bytes(tail[position - 12 : position - 4], "little")
        for start in dict.fromkeys((end - 20 - 56, stated)):
            record = content.read(start, 56) if start >= 0 else b""
            if len(record) == 56 and record.startswith(_END64):
                size64, offset64 = struct.unpack_from("<2Q", record, 40)
                candidates.append((size64, offset64, start))
                before = start
    candidates.append((size, offset, before))
    for length, place, stop in candidates:
        for start in dict.fromkeys((stop - length, place)):
            if 0 <= start < stop and content.read(start, 4) == DIRECTORY:
                yield start, start - place


def _entries(content: Content, start: int, end: int) -> Iterator[tuple[Header, int, int]]:
    """Header, offset of the member and external attributes of every entry from `start`, however many there are said to be."""
    window, first = b"", start
    while start + 46 <= end:
        if start + 46 + 3 * 0xFFFF > first + len(window) and first + len(window) < end:
            window, first = content.read(start, min(_STEP, end - start)), start
        entry = window[start - first : start - first + 46]
        if len(entry) < 46 or not entry.startswith(DIRECTORY):
            return
        flags, method = struct.unpack_from("<2H", entry, 8)
        crc, packed, size, name_size, extra_size, comment_size = struct.unpack_from("<3L3H", entry, 16)
        attributes, offset = struct.unpack_from("<2L", entry, 38)
        rest = start - first + 46
        name = window[rest : rest + name_size]
        extra = window[rest + name_size : rest + name_size + extra_size]
        following = start + 46 + name_size + extra_size + comment_size
        size, packed, offset = _wide(extra, size, packed, offset)
        yield Header(name, flags, method, crc, packed, size, start, following), offset, attributes
        start = following


def _wide(extra: bytes, size: int, packed: int, offset: int = 0) -> tuple[int, int, int]:
    """The three numbers with those that stand in the zip64 field instead."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == 1:
            field, numbers, place = extra[position + 4 : position + 4 + length], [size, packed, offset], 0
            for i, number in enumerate(numbers):
                if number == _MAX32 and place + 8 <= len(field):
                    numbers[i] = int.from_bytes(field[place : place + 8], "little")
                    place += 8
            return numbers[0], numbers[1], numbers[2]
        position += 4 + length
    return size, packed, offset


def read_local(content: Content, start: int) -> Header | None:
    """The header of a member at a place, None where there is none."""
    if not 0 <= start < content.size:
        return None
    header = content.read(start, 30)
    if len(header) < 30 or not header.startswith(LOCAL):
        return None
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL_HEADER.unpack(header)
    rest = content.read(start + 30, name_size + extra_size)
    size, packed, _ = _wide(rest[name_size:], size, packed)
    return Header(rest[:name_size], flags, method, crc, packed, size, start, start + 30 + name_size + extra_size)


def hidden(content: Content, taken: list[tuple[int, int]], limit: int) -> Iterator[Header]:
    """Headers of members that stand outside of the spans that are accounted for: only who reads from the front sees them."""
    position, left = 0, _SIGNATURES
    for start, end in [*sorted(taken), (content.size, content.size)]:
        chunk, first = b"", position
        while position + 30 < start and position < _SCANNED and left > 0:
            if position + 4 > first + len(chunk):
                chunk, first = content.read(position, min(_STEP, start - position)), position
            found = chunk.find(LOCAL, position - first)
            if found < 0:
                position = max(first + len(chunk) - 3, position + 4)  # a signature may stand across two chunks
                continue
            left -= 1
            position = first + found + 4
            header = read_local(content, first + found)
            if header is not None and _is_sound(header, content.size):
                yield header
                limit -= 1
                if limit <= 0:
                    return
                position = header.end + (0 if header.flags & STREAMED else header.packed)
        position = max(position, end)


def _is_sound(header: Header, size: int) -> bool:
    if (
        not header.name
        or any(byte < 0x20 for byte in header.name)
        or header.method not in (0, 8, 12, 14)
        or header.end > size
        or header.flags & 0xF000 & ~0x2000
    ):
        return False
    return bool(header.flags & STREAMED) or header.end + header.packed <= size
