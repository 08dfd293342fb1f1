"""A window that moves over content; positions are those in the window unless they are called absolute."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import NotRead
from agent_security_hooks.parse.models.pickles.names import judge
from agent_security_hooks.parse.models.pickles.values import Span

if TYPE_CHECKING:
    from agent_security_hooks.parse.models.blob import Content
    from agent_security_hooks.parse.models.pickles.names import Verdict

CHUNK = 1 << 19
MARGIN = 264
"""Bytes that every opcode with a short argument fits into."""
INSTRUCTIONS = 256 << 20
"""Bytes of opcodes, without long arguments, that are walked through for one file."""
OPCODES = 40_000_000
"""Opcodes that are walked through for one file."""
IMPORTS = 50_000
"""Different names that the pickles of one file import."""
KEPT = 1024
"""Bytes of a text that is kept on the stack."""
NEVER = 1 << 62


class Stop(Exception):
    """The pickle cannot be loaded beyond this point; the text says why."""


class Allowance:
    """Opcodes and their bytes that may still be walked through, shared by all pickles of a file."""

    __slots__ = ("known", "left", "steps")

    def __init__(self) -> None:
        self.left = INSTRUCTIONS
        self.steps = repeat(None, OPCODES)
        self.known: dict[tuple[bytes, bytes], Verdict] = {}
        """What has been imported."""

    def judge(self, module: bytes, name: bytes) -> Verdict:
        """The verdict on an import; raises NotRead when there are too many of them."""
        verdict = self.known.get((module, name))
        if verdict is None:
            if len(self.known) >= IMPORTS:
                raise NotRead(f"its pickles import more than {IMPORTS} names")
            verdict = self.known[module, name] = judge(module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
        return verdict

    def take(self, size: int) -> None:
        """Account for bytes; raises NotRead when it was too many."""
        self.left -= size
        if self.left < 0:
            raise NotRead(f"its pickles hold more than {INSTRUCTIONS >> 20} MB of instructions")


class Reader:
    """The bytes at hand: `data`, which begin at `base` of the content; up to `safe` an opcode can be read without asking."""

    __slots__ = ("allowance", "base", "content", "data", "frame", "last", "lied", "safe")

    def __init__(self, content: Content, allowance: Allowance) -> None:
        self.content = content
        self.allowance = allowance
        self.data = b""
        self.base = 0
        self.last = False
        self.safe = 0
        self.frame = NEVER
        """Absolute end of the frame."""
        self.lied = -1
        """Absolute place where a frame was broken, -1 if none was."""

    def refill(self, pos: int) -> None:
        """Let the window begin at its position `pos`, which may lie beyond its end."""
        start = self.base + pos
        kept = self.data[pos:] if 0 <= pos < len(self.data) else b""
        wanted = start + len(kept)
        more = b"" if self.last and pos < len(self.data) else self.content.read(wanted, CHUNK)
        self.allowance.take(len(more))
        self.last = self.last if self.last and pos < len(self.data) else len(more) < CHUNK
        self.data, self.base = kept + more, start
        self._measure()

    def _measure(self) -> None:
        safe = len(self.data) if self.last else len(self.data) - MARGIN
        self.safe = min(safe, self.frame - self.base)

    def advance(self, pos: int) -> int:
        """What to do where `pos` is not safe: go on in a new window or out of a frame. Raises Stop at the end."""
        place = self.base + pos
        if place >= self.frame:
            if place > self.frame and self.lied < 0:
                self.lied = self.frame
            self.frame = NEVER
            self._measure()
            if pos < self.safe:
                return pos
        if not self.last or pos > len(self.data):
            self.refill(pos)
            pos = 0
        if pos >= len(self.data):
            raise Stop("it ends before its STOP")
        return pos

    def leave_frame(self) -> None:
        """Go on without a frame."""
        self.frame = NEVER
        self._measure()

    def enter_frame(self, pos: int) -> int:
        """Read the FRAME opcode at `pos`."""
        size = int.from_bytes(self.data[pos + 1 : pos + 9], "little")
        end = self.base + pos + 9 + size
        if self.frame != NEVER and self.base + pos < self.frame and self.lied < 0 and self.frame != self.base + pos + 9:
            self.lied = self.base + pos
        self.frame = end
        self._measure()
        return pos + 9

    def skip_line(self, pos: int) -> int:
        """The position after the line at `pos`."""
        end = self.data.find(b"\n", pos)
        return end + 1 if end >= 0 else self.line(pos)[2]

    def line(self, pos: int) -> tuple[bytes, Span, int]:
        """The line at `pos`: its first bytes, where it stands, and the position after it. Raises Stop where it does not end."""
        end = self.data.find(b"\n", pos)
        if end < 0 and not self.last:
            self.refill(pos)
            pos = 0
            end = self.data.find(b"\n")
        if end >= 0:
            return self.data[pos : min(end, pos + KEPT + 1)], Span(self.base + pos, end - pos, text=True), end + 1
        if self.last:
            raise Stop("a line does not end")
        begin = self.data[pos : pos + KEPT + 1]
        start, place = self.base + pos, self.base + len(self.data)
        while True:
            more = self.content.read(place, CHUNK)
            self.allowance.take(len(more))
            found = more.find(b"\n")
            if found >= 0:
                return begin, Span(start, place + found - start, text=True), place + found + 1 - self.base
            if len(more) < CHUNK:
                raise Stop("a line does not end")
            place += len(more)

    def left(self, pos: int) -> int:
        """Bytes of the content from `pos` on, as far as its container says."""
        return self.content.size - self.base - pos

    def bytes_at(self, span: Span, limit: int) -> bytes:
        """The first `limit` bytes of a span that lies in or after the window."""
        start = span.start - self.base
        size = min(span.size, limit)
        if start >= 0 and start + size <= len(self.data):
            return self.data[start : start + size]
        return self.content.read(span.start, size)
