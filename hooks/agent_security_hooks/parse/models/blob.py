"""What the inspection of model files works on: content that can be read at any place, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEMBERS = 20_000
"""Members of all archives in a file that are inspected: those that some loader could read."""
ENTRIES = 100_000
"""Entries of their tables of contents that are read."""
DEPTH = 5
"""Archives in archives that are opened."""
EXPANDED = 256 << 20
"""Bytes that are decompressed for one file, all members together."""


class Content(Protocol):
    """Bytes that need not be in memory."""

    size: int
    """Bytes in all; for what is decompressed, what the container says."""

    def read(self, start: int, length: int) -> bytes:
        """The bytes from `start`, fewer than `length` where the content ends. Raises NotRead."""


class NotRead(Exception):
    """Content that cannot be looked at; the text says why and quotes nothing of it."""


class Memory:
    """Content that is in memory."""

    __slots__ = ("data", "size")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        """As `Content.read`."""
        return self.data[start : start + length]


class Window:
    """A piece of other content."""

    __slots__ = ("content", "size", "start")

    def __init__(self, content: Content, start: int, size: int) -> None:
        self.content = content
        self.start = start
        self.size = max(0, min(size, content.size - start))

    def read(self, start: int, length: int) -> bytes:
        """As `Content.read`."""
        return self.content.read(self.start + start, max(0, min(length, self.size - start)))


class Blob(NamedTuple):
    """A file, a member of an archive or a piece of either. `path` is how it is called inside of the file, "" for the file itself.

    `name` is what its kind may be told from, and `loader` what the container's own loader does with it ("pickle" for the data.pkl of a
    torch archive), "" where that is not known.
    """

    content: Content
    path: str = ""
    name: str = ""
    depth: int = 0
    loader: str = ""


class Concern(NamedTuple):
    """Something a rule objects to. Where `end` is 0 it is about the file as a whole; else these are offsets into the text of the file."""

    rule: str
    message: str
    fix: str = ""
    pedantic: bool = False
    start: int = 0
    end: int = 0


class Unread(NamedTuple):
    """Why something was not looked at (to its end)."""

    reason: str


class Budget:
    """What may still be spent on one file."""

    __slots__ = ("entries", "expanded", "members")

    def __init__(self) -> None:
        self.expanded = EXPANDED
        self.members = MEMBERS
        self.entries = ENTRIES

    def expand(self, size: int) -> None:
        """Account for decompressed bytes; raises NotRead when there are too many."""
        self.expanded -= size
        if self.expanded < 0:
            raise NotRead(f"it expands to more than {EXPANDED >> 20} MB")


if TYPE_CHECKING:
    Step = Concern | Unread | Blob
    Inspector = Callable[[Blob, Budget], Iterator[Step]]
