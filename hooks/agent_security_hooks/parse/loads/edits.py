"""Edits of Python calls, each proved by parsing the call that it makes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.python_tree import PythonTree

Edits = tuple[tuple[int, int, bytes], ...]
_LONGEST = 20_000
"""Bytes of a call that is mended."""
_GAP = Pattern(rb"(?:[ \t\f\r\n]|\\\r?\n|#[^\r\n]*)*")


def add_keyword(tree: PythonTree, call: ast.Call, keyword: str) -> Edits:
    """Add `name=value` after the last argument of a call; nothing where that is not plain."""
    given = [*call.args, *(each.value for each in call.keywords)]
    if not given or any(isinstance(each, (ast.Starred, ast.GeneratorExp)) for each in call.args) or any(each.arg is None for each in call.keywords):
        return ()
    data = tree.text.data
    start, end = tree.offsets(call)
    last = max(given, key=lambda each: tree.offsets(each)[1])
    place = tree.offsets(last)[1]
    if end - start > _LONGEST or data[end - 1 : end] != b")":
        return ()
    comma, position = -1, place
    while True:
        match = _GAP.match(data, position, end)
        position = match.end() if match else position
        if position >= end - 1:
            break
        if data[position : position + 1] == b"," and comma < 0:
            comma = position
        elif data[position : position + 1] != b")" or comma >= 0:
            return ()
        position += 1
        place = position
    if position != end - 1:
        return ()
    text, added = b", " + keyword.encode(), place
    if comma >= 0:
        added = comma + 1
        text = b" " + keyword.encode()
        line = _own_line(tree, last, added, end)
        if line is not None:
            added, text = line[0], line[1] + keyword.encode() + b","
        elif b"\n" in data[added:end] or b"\r" in data[added:end]:
            text += b","
    return _proved(tree, call, ((added, added, text),), keyword)


def _own_line(tree: PythonTree, last: ast.expr, after: int, end: int) -> tuple[int, bytes] | None:
    """Where a line for one more argument goes and how it begins, if the last one has a line of its own and the text is a file's."""
    data = tree.text.data
    if len(tree.text.starts) > 1:  # a notebook writes its line ends in another way
        return None
    line_end = next((place for place in range(after, end) if data[place] in b"\r\n"), -1)
    if line_end < 0:
        return None
    begin = tree.offsets(last)[0]
    line_start = max(data.rfind(b"\n", 0, begin), data.rfind(b"\r", 0, begin)) + 1
    keyword = data[line_start:begin]
    indent = keyword[: len(keyword) - len(keyword.lstrip(b" \t"))]
    newline = b"\r\n" if data[line_end : line_end + 2] == b"\r\n" else data[line_end : line_end + 1]
    return (line_end, newline + indent) if indent else None


def replace(tree: PythonTree, call: ast.Call | None, node: ast.AST, old: str, new: str) -> Edits:
    """Replace the last word of an expression, or all of it; nothing where it is written in another way."""
    data = tree.text.data
    _, end = tree.offsets(node)
    start = end - len(old.encode())
    if data[start:end] != old.encode():
        return ()
    return _proved(tree, call, ((start, end, new.encode()),), new)


def _proved(tree: PythonTree, call: ast.Call | None, edits: Edits, wanted: str) -> Edits:
    """The edits as offsets into the file, if what they make of the call is a call."""
    data = tree.text.data
    if call is not None:
        begin, end = tree.offsets(call)
        parts, position = [], begin
        for start, stop, new in edits:
            parts += [data[position:start], new]
            position = stop
        parts.append(data[position:end])
        try:
            made = ast.parse(b"(" + b"".join(parts) + b"\n)", mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ()
        if not isinstance(made, ast.Call) or len(made.args) != len(call.args) or wanted.partition("=")[0] not in ast.dump(made):
            return ()
    placed = []
    for start, stop, new in edits:
        first, last = tree.text.span(start, stop) if stop > start else (tree.text.place(start),) * 2
        if last - first != stop - start:
            return ()
        placed.append((first, last, new))
    return tuple(placed)
