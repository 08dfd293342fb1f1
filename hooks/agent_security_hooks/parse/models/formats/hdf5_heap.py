"""HDF5: links and attributes of objects with many of them, which are kept in a fractal heap with a B-tree (version 2) for an index.

Source: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, sections III.A.2 and III.G.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.formats.hdf5 import File

_NODE_OVERHEAD = 10
_DEPTH = 8
# Of a type of record: where the heap's identifier begins in it.
_IDENTIFIERS = {5: 4, 6: 8, 8: 0, 9: 0}


def objects(file: File, heap_at: int, tree_at: int) -> Iterator[tuple[int, int]]:
    """Where the messages of an index stand, and their sizes; `file.partial` is set where some cannot be found."""
    heap = _Heap(file, heap_at)
    for record, kind in _records(file, tree_at):
        start = record + _IDENTIFIERS[kind]
        place = heap.place(start) if heap.valid else None
        if place is None:
            file.partial = True
        else:
            yield place


def _records(file: File, at: int) -> Iterator[tuple[int, int]]:
    """Where the records of a tree stand, and their type."""
    if at < 0 or file.read(at, 4) != b"BTHD":
        file.partial = True
        return
    kind, node, size, depth = file.number(at + 5, 1), file.number(at + 6, 4), file.number(at + 10, 2), file.number(at + 12, 2)
    if kind not in _IDENTIFIERS or not size or depth > _DEPTH or node < 2 * size:
        file.partial = True
        return
    most = (node - _NODE_OVERHEAD) // size
    counted, in_all, totals = _width(most), most, [0]
    for level in range(1, depth + 1):  # how wide the count of all records below is in a node of this level
        pointer = file.width + counted + totals[-1]
        here = max(0, (node - _NODE_OVERHEAD - pointer) // (size + pointer))
        in_all = (here + 1) * in_all + here
        totals.append(_width(in_all) if level < depth else 0)
    waiting = [(file.address(at + 16), file.number(at + 16 + file.width, 2), depth)]
    while waiting:
        place, count, level = waiting.pop()
        if place < 0 or count * size > node or file.read(place, 4) not in (b"BTLF", b"BTIN"):
            file.partial = True
            continue
        for index in range(count):
            file.take()
            yield place + 6 + index * size, kind
        if level:
            pointers = place + 6 + count * size
            step = file.width + counted + totals[level - 1]
            waiting += [(file.address(at), file.number(at + file.width, counted), level - 1) for at in range(pointers, pointers + (count + 1) * step, step)]


def _width(limit: int) -> int:
    """Bytes in which a number up to a limit is written."""
    return (max(1, limit).bit_length() - 1) // 8 + 1


class _Heap:
    """A fractal heap: blocks whose size doubles from row to row."""

    def __init__(self, file: File, at: int) -> None:
        self._file = file
        filters = file.number(at + 7, 2)
        after = at + 14 + 10 * file.length + 2 * file.width
        self.valid = at >= 0 and file.read(at, 4) == b"FRHP" and not filters
        if not self.valid:
            return
        managed = file.number(at + 10, 4)
        self._columns, self._first, self._largest = (
            file.number(after, 2),
            file.number(after + 2, file.length),
            file.number(after + 2 + file.length, file.length),
        )
        rest = after + 2 + 2 * file.length
        self._offset_width = (file.number(rest, 2) + 7) // 8
        self._size_width = min(_width(self._largest), _width(managed))
        self._root, self._rows = file.address(rest + 4), file.number(rest + 4 + file.width, 2)
        self.valid = 0 < self._columns <= 1024 and 0 < self._first <= self._largest and self._offset_width <= 8 and self._rows <= 64

    def place(self, identifier: int) -> tuple[int, int] | None:
        """Where the object of an identifier stands, and its size; None for those that are kept in another way."""
        if self._file.number(identifier, 1) & 0x30:
            return None
        offset = self._file.number(identifier + 1, self._offset_width)
        size = self._file.number(identifier + 1 + self._offset_width, self._size_width)
        block, rows = self._root, self._rows
        for _ in range(_DEPTH):
            if block < 0:
                return None
            if not rows:
                return block + offset, size
            block, offset, rows = self._child(block, offset, rows)
        return None

    def _child(self, block: int, offset: int, rows: int) -> tuple[int, int, int]:
        """The block in an indirect one that holds an offset, the offset in it, and its rows (0 for a block of data)."""
        base, length = 0, self._first
        for row in range(rows):
            length = self._first << max(0, row - 1)
            if offset < base + length * self._columns:
                column = (offset - base) // length
                entry = block + 5 + self._file.width + self._offset_width + (row * self._columns + column) * self._file.width
                inner = 0 if length <= self._largest else max(1, (length // (self._first * self._columns)).bit_length())
                return self._file.address(entry), (offset - base) % length, inner
            base += length * self._columns
        return -1, 0, 0
