"""Where a line can be added to the YAML of a workflow, in the file's own indentation and line endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.tree import Node

_REST = Pattern(rb"[ \t]*(?:[ \t]#[^\r\n]*)?(\r\n|\n|\Z)")
_COMMENT = Pattern(rb"[ \t]+#[^\r\n]*(?:\r\n|\n|\Z)")
_BLANKS = Pattern(rb"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n)){0,1000}")
_COMMENT_LIMIT = 200


def line_start(data: bytes, offset: int) -> int:
    """Where the line of an offset begins."""
    return data.rfind(b"\n", 0, offset) + 1


def column(data: bytes, offset: int) -> int:
    """Bytes before an offset in its line."""
    return offset - line_start(data, offset)


def line_end(data: bytes, offset: int) -> tuple[int, bytes] | None:
    """Behind the line in which a value ends at an offset, and that line's ending (empty at the end of the file). None when more than a comment follows."""
    found = _REST.match(data, offset)
    return (found.end(), found[1]) if found else None


def after_comments(data: bytes, offset: int) -> int:
    """Behind the indented lines of comment that begin at an offset."""
    for _ in range(_COMMENT_LIMIT):
        found = _COMMENT.match(data, offset)
        if found is None or found.end() == offset:
            break
        offset = found.end()
    return offset


def after_blanks(data: bytes, offset: int) -> int:
    """Behind the lines that are blank or hold only a comment, from a line's start on; no more than 1000."""
    found = _BLANKS.match(data, offset)
    return found.end() if found else offset


def newline_of(data: bytes) -> bytes:
    """The line ending of the file's first line."""
    first = data.find(b"\n")
    return b"\r\n" if first > 0 and data[first - 1 : first] == b"\r" else b"\n"


def is_flow(node: Node, data: bytes) -> bool:
    """Whether a map or list is written with brackets."""
    return node.kind in ("map", "list") and data[node.start : node.start + 1] in (b"{", b"[")


def last_end(key: Node, value: Node, data: bytes) -> int:
    """Where the last byte of an entry ends; comments and blanks after it do not count."""
    while value.kind in ("map", "list") and not is_flow(value, data) and (value.pairs or value.items):
        if value.pairs:
            key, value = value.pairs[-1]
        else:
            key = value = value.items[-1]
    if value.end > value.start:
        return value.end
    # Left empty: the place of nothing is somewhere behind the colon.
    colon = data.find(b":", key.end)
    return colon + 1 if colon >= 0 else max(key.end, value.end)


def starts_line(data: bytes, offset: int) -> bool:
    """Whether nothing but blanks and the dashes of a list stand before an offset in its line."""
    return not data[line_start(data, offset) : offset].strip(b" -")
