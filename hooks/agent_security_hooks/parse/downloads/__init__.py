"""What is downloaded in scripts and code, and what becomes of it. One analysis per language; each yields events, and each rule takes its own."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """Something a rule objects to: a span (byte offsets into `Source.data`), what is wrong and how to mend it.

    An empty `fix` stands for the rule's own. Each edit replaces the bytes from `start` to `end` (the same offsets) with others.
    """

    start: int
    end: int
    rule: str
    message: str
    fix: str = ""
    pedantic: bool = False
    edits: tuple[tuple[int, int, bytes], ...] = ()
    safe: bool = True
    """Whether the edits leave what the program does as it is, but for what is wrong."""
