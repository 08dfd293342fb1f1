"""Text that was cut out of a file, joined or unescaped, and that still knows where each byte of it stands in the file."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class MappedText:
    """Bytes in runs that were copied from a file: byte `starts[k] + n` of `data` came from offset `places[k] + n` of `Source.data`."""

    __slots__ = ("data", "places", "starts")

    def __init__(self, data: bytes, starts: Sequence[int], places: Sequence[int]) -> None:
        self.data = data
        self.starts = starts
        self.places = places

    @classmethod
    def cut(cls, data: bytes, start: int, end: int) -> MappedText:
        """A piece of a file as it stands there."""
        return cls(data[start:end], (0,), (start,))

    @classmethod
    def join(cls, parts: Iterable[tuple[bytes, int]]) -> MappedText:
        """One text of pieces, each with the offset in the file that its first byte came from."""
        pieces: list[bytes] = []
        starts: list[int] = []
        places: list[int] = []
        size = 0
        for piece, place in parts:
            if not piece:
                continue
            if not starts or places[-1] + size - starts[-1] != place:
                starts.append(size)
                places.append(place)
            pieces.append(piece)
            size += len(piece)
        return cls(b"".join(pieces), starts or (0,), places or (0,))

    def place(self, position: int) -> int:
        """The offset in the file of a byte of the text; of the end of the text, that after its last byte."""
        if 0 < position >= len(self.data):
            return self.place(len(self.data) - 1) + 1
        run = bisect_right(self.starts, position) - 1
        return self.places[run] + position - self.starts[run]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the text begins and ends in the file."""
        first = self.place(start)
        return first, max(first, self.place(end - 1) + 1) if end > start else first

    def slice(self, start: int, end: int) -> MappedText:
        """A piece of the text."""
        first = bisect_right(self.starts, start) - 1
        last = max(first + 1, bisect_right(self.starts, max(start, end - 1)))
        starts = [max(0, begin - start) for begin in self.starts[first:last]]
        places = list(self.places[first:last])
        places[0] += start - self.starts[first]
        return MappedText(self.data[start:end], starts, places)

    def __repr__(self) -> str:
        return f"MappedText({self.data!r})"
