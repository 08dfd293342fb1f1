"""Env files: names and values with their positions, in the grammar that dotenv, docker compose and direnv share.

Source: https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow and https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

_ENTRY = re.compile(rb"[ \t]{0,200}(?P<comment>#[# \t]{0,20})?(?:export[ \t]{1,20})?(?P<name>[A-Za-z_][\w.-]{0,199})[ \t]{0,20}(?:=|:[ \t])[ \t]{0,200}")
_LINE_END = re.compile(rb"[\r\n]")
_COMMENT = re.compile(rb"[ \t]#")
_QUOTES = b"\"'`"


class Entry(NamedTuple):
    """A variable with its value at bytes `start` to `end`, quotes left out. `commented`: the whole line is a comment."""

    name: str
    start: int
    end: int
    commented: bool


def read_entries(file: Source) -> list[Entry]:
    """A view: the entries of an env file, in order. Values in quotes may span lines; lines of any other form are left out."""
    data, entries, position = file.data, [], 0
    unclosed: set[int] = set()  # quotes that do not occur any more, so that they are not looked for again at every line
    while position < len(data):
        match = _LINE_END.search(data, position)
        line_end = match.start() if match else len(data)
        found = _ENTRY.match(data, position, line_end)
        position = line_end + 1
        if found is None:
            continue
        start, commented = found.end(), found["comment"] is not None
        close = -1 if commented else _closing_quote(data, start, unclosed)
        if close >= 0:
            entries.append(Entry(found["name"].decode(), start + 1, close, commented))
            match = _LINE_END.search(data, close)
            position = (match.start() if match else len(data)) + 1
            continue
        comment = _COMMENT.search(data, start - 1, line_end)
        end = comment.start() if comment else line_end
        end = start + len(data[start:end].rstrip(b" \t"))
        entries.append(Entry(found["name"].decode(), start, max(start, end), commented))
    return entries


def _closing_quote(data: bytes, start: int, unclosed: set[int]) -> int:
    """Where the value that starts with a quote ends; -1 when it is not quoted."""
    quote = data[start] if start < len(data) else 0
    if quote not in _QUOTES or quote in unclosed:
        return -1
    close = data.find(quote, start + 1)
    while close >= 0 and quote == ord('"') and _escaped(data, close, start):
        close = data.find(quote, close + 1)
    if close < 0:
        unclosed.add(quote)
    return close


def _escaped(data: bytes, position: int, start: int) -> bool:
    backslashes = 0
    while position - 1 - backslashes > start and data[position - 1 - backslashes] == ord("\\"):
        backslashes += 1
    return backslashes % 2 == 1
