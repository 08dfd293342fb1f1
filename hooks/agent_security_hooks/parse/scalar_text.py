"""The decoded text of a scalar of YAML or JSON, in pieces that know where they stand in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agent_security_hooks.parse.tree import Node

    _Parts = Iterable[tuple[bytes, int]]
    _Breaks = tuple[tuple[bytes, int], ...]

# What YAML 1.1 calls a line break. Only the last two stay what they are when a line is folded or a break is kept.
_BREAK = rb"(?:\r\n?|\n|\xc2\x85|\xe2\x80[\xa8\xa9])"
_ONE_BREAK = Pattern(_BREAK)
_RUN = rb"(?:" + _BREAK + rb"[ \t]*)+"
_BREAKS = Pattern(_RUN)
_IN_DOUBLE = Pattern(rb"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(" + _RUN + rb")|(.))|(" + _RUN + rb")", re.DOTALL)
_BLANKS = Pattern(rb"(?:[ \t]|" + _BREAK + rb")*")
_SPACES = Pattern(rb" *")
_SHORT: dict[bytes, bytes] = {
    b"0": b"\0", b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r", b"e": b"\x1b",
    b"N": b"\xc2\x85", b"_": b"\xc2\xa0", b"L": b"\xe2\x80\xa8", b"P": b"\xe2\x80\xa9",
}  # fmt: skip
_BLANK = b" \t"


def map_scalar(node: Node, data: bytes) -> MappedText:
    """The text of a scalar node of the file's `data`. Its bytes are those of `node.value`; where they stand is roughly known at least."""
    expected = node.value.encode("utf-8", "surrogateescape")
    if node.kind != "scalar" or node.end <= node.start:
        return MappedText(expected, (0,), (node.start,))
    if data[node.start : node.end] == expected:
        return MappedText.cut(data, node.start, node.end)
    text = MappedText.join(_READERS[node.style](node, data))
    if len(text.data) > len(expected) and node.style in ("|", ">"):  # line breaks at the end that its header does not keep
        text = text.slice(0, len(expected))
    # Anything else would be a difference between this module and the parser; the start is always right.
    return text if text.data == expected else MappedText(expected, (0,), (node.start,))


def _map_plain(node: Node, data: bytes) -> _Parts:
    return _fold(data, node.start, node.end)


def _fold(data: bytes, start: int, end: int) -> _Parts:
    """Lines joined as in plain and quoted scalars: one break is a blank, of more the first is dropped."""
    for match in _BREAKS.finditer(data, start, end):
        yield data[start : match.start()].rstrip(_BLANK), start
        yield from _folded_breaks(match[0], match.start())
        start = match.end()
    yield data[start:end], start


def _folded_breaks(text: bytes, place: int) -> _Breaks:
    breaks = _breaks_of(text, place)
    if breaks[0][0] != b"\n":
        return breaks
    return breaks[1:] or ((b" ", breaks[0][1]),)


def _breaks_of(text: bytes, place: int) -> _Breaks:
    return tuple((_normal(match[0]), place + match.start()) for match in _ONE_BREAK.finditer(text))


def _normal(line_break: bytes) -> bytes:
    return line_break if line_break[0] == 0xE2 else b"\n"


def _map_single(node: Node, data: bytes) -> _Parts:
    for piece, place in _fold(data, node.start + 1, node.end - 1):
        begin = 0
        while (quote := piece.find(b"''", begin)) >= 0:
            yield piece[begin : quote + 1], place + begin
            begin = quote + 2
        yield piece[begin:], place + begin


def _map_double(node: Node, data: bytes) -> _Parts:
    start, end = node.start + 1, node.end - 1
    for match in _IN_DOUBLE.finditer(data, start, end):
        piece, begin = data[start : match.start()], match.start()
        yield piece if match[6] is None else piece.rstrip(_BLANK), start
        start = match.end()
        if match[6] is not None:
            yield from _folded_breaks(match[6], begin)
        elif match[4] is not None:
            yield from _breaks_of(match[4], begin + 1)[1:]
        else:
            code = match[1] or match[2] or match[3]
            yield chr(int(code, 16)).encode("utf-8", "replace") if code else _SHORT.get(match[5], match[5]), begin
    yield data[start:end], start


def _map_json(node: Node, data: bytes) -> _Parts:
    from agent_security_hooks.parse.json_tree import ESCAPE, decode_escape

    text = data[node.start + 1 : node.end - 1].decode("utf-8", "surrogateescape")
    position, place = 0, node.start + 1
    for match in ESCAPE.finditer(text):
        piece = _bytes(text[position : match.start()])
        yield piece, place
        yield _bytes(decode_escape(match)), place + len(piece)
        position, place = match.end(), place + len(piece) + len(_bytes(match[0]))
    yield _bytes(text[position:]), place


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _map_block(node: Node, data: bytes) -> _Parts:
    """Lines without their indentation; of a folded scalar, joined where neither starts with a blank."""
    indent = _indentation(node, data)
    before: _Breaks = ()  # the break of the line before
    empty: list[tuple[bytes, int]] = []  # those of the empty lines since
    blank_before = False
    for start, end, line_break in _lines(data, node.head, _end_of_blanks(data, node.end)):
        begin = _SPACES.match(data, start, min(end, start + indent)).end()  # type: ignore[union-attr]
        if begin == end:
            empty += line_break
            continue
        if begin - start < indent:
            break
        blank = data[begin] in _BLANK
        if node.style == ">" and not (blank or blank_before) and before and before[0][0] == b"\n":
            if not empty:
                yield b" ", before[0][1]
        else:
            yield from before
        yield from empty
        yield data[begin:end], begin
        before, empty, blank_before = line_break, [], blank
    yield from before
    yield from empty


def _indentation(node: Node, data: bytes) -> int:
    """How far the lines are indented, told from where the first that is not blank stands in the file and in the value."""
    line = max(data.rfind(b"\n", 0, node.start), data.rfind(b"\r", 0, node.start)) + 1
    value = node.value[: len(node.value) - len(node.value.lstrip(" \t\n"))]
    return max(0, node.start - line - (len(value) - value.rfind("\n") - 1))


def _end_of_blanks(data: bytes, start: int) -> int:
    match = _BLANKS.match(data, start)
    return match.end() if match else start


def _lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, _Breaks]]:
    while start < end:
        match = _ONE_BREAK.search(data, start, end)
        if match is None:
            yield start, end, ()
            return
        yield start, match.start(), ((_normal(match[0]), match.start()),)
        start = match.end()


_READERS: dict[str, Callable[[Node, bytes], _Parts]] = {
    "": _map_plain, "'": _map_single, '"': _map_double, "|": _map_block, ">": _map_block, "j": _map_json,
}  # fmt: skip
