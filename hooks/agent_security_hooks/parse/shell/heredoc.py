"""Heredocs: bodies that begin at the line after their operator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.shell.words import Words

if TYPE_CHECKING:
    from agent_security_hooks.parse.shell.model import Part, Word

_RUN = re.compile(rb"[^\\$`]+")


class Heredoc(NamedTuple):
    """One whose body is not read yet. `nested`: in a substitution, whose parenthesis may stand behind the delimiter."""

    word: Word
    delimiter: bytes
    quoted: bool
    strip: bool
    nested: bool


class HeredocWords(Words):
    """Words, and the heredocs that are pending."""

    __slots__ = ()

    def heredocs(self, p: int) -> int:
        """Reads the bodies that begin at this line; where the last one ends."""
        pending, self.pending = self.pending, []
        for heredoc in pending:
            p = self._heredoc(heredoc, p)
        return p

    def _heredoc(self, heredoc: Heredoc, start: int) -> int:
        end, after = self._extent(heredoc, start)
        parts: list[Part] = []
        if heredoc.quoted:
            self._lines(parts, start, end, strip=heredoc.strip)
        else:
            kept, self.end, p = self.end, end, start
            while p < self.end:
                run = _RUN.match(self.data, p, self.end)
                if run:
                    self._lines(parts, p, run.end(), strip=heredoc.strip)
                    p = run.end()
                else:
                    p = self.inside(p, parts, b"$`\\")
            self.end = kept
        heredoc.word.start, heredoc.word.end, heredoc.word.parts = start, end, tuple(parts)
        return after

    def _extent(self, heredoc: Heredoc, start: int) -> tuple[int, int]:
        """Where the body ends, and where the text goes on. Without a delimiter it is the rest of the text, as in a shell."""
        data, p, delimiter = self.data, start, heredoc.delimiter
        key = (delimiter, heredoc.strip, heredoc.nested)
        first, last = self.absent.get(key, (0, 0))
        while p < self.end and not (first <= start and self.end <= last):
            line_end = self.line_end(p)
            at = p
            while heredoc.strip and at < line_end and data[at] == 9:
                at += 1
            if data.startswith(delimiter, at, line_end):
                rest = data[at + len(delimiter) : line_end].rstrip(b"\r")
                if not rest:
                    return p, min(line_end + 1, self.end)
                if heredoc.nested and rest.lstrip(b" \t").startswith(b")"):
                    return p, at + len(delimiter)
            p = line_end + 1
        end = max(start, self.end)
        self.absent[key] = (start, end)
        self.unended = True
        return end, end

    def _lines(self, parts: list[Part], start: int, end: int, *, strip: bool) -> None:
        while strip and start < end:
            found = self.data.find(b"\n", start, end)
            line_end = end if found < 0 else found + 1
            if start == 0 or self.data[start - 1] == 10:
                while start < line_end and self.data[start] == 9:
                    start += 1
            self.spend(start)
            self.literal(parts, start, line_end)
            start = line_end
        self.literal(parts, start, end)
