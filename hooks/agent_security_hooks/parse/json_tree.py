"""JSON as a tree of nodes, comments and trailing commas tolerated as editors do (JSONC).

Source: RFC 8259; https://code.visualstudio.com/docs/languages/json#_json-with-comments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.tree import DEPTH, SIZE, VALUES, Builder, Document, Node, failure

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

# One token a match; what no other group takes ends up in the last.
_TOKEN = Pattern(
    rb"[ \t\r\n]*(?:"
    rb'"(?P<string>[^"\\\x00-\x08\x0a-\x1f]*(?:\\.[^"\\\x00-\x08\x0a-\x1f]*)*)"|'
    rb"(?P<mark>[{}\[\],:])|"
    rb"(?P<word>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.+-])|(?:true|false|null|NaN|-?Infinity)(?!\w))|"
    rb"(?P<comment>//[^\r\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)|"
    rb"(?P<other>[^ \t\r\n]))"
)
ESCAPE = re.compile(r'\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(["\\/bfnrt])|(.?))', re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

# What may come next. Up to NAME a string may: a value, a value or the end of a list, a name or the end of a map.
_VALUE, _ITEM, _NAME, _COLON, _NEXT, _NOTHING = range(6)
_BLANK = b" \t\r\n"


def read_json(file: Source) -> Document:
    """A view: the document of a JSON file; one that is empty has no root and no error."""
    return parse_json(file.data)


def parse_json(data: bytes, start: int = 0, end: int | None = None) -> Document:
    """The value in a piece of a file's text; offsets are into `data`. Never raises."""
    if end is None:
        end = len(data)
    builder = Builder()
    if end - start > SIZE:
        return failure(builder, data, "JSON", f"larger than {SIZE >> 20} MB", start)
    end = start + len(data[start:end].rstrip(_BLANK))  # so that every match begins where the one before ended
    problem, offset = _read(builder, data, start, end)
    return failure(builder, data, "JSON", problem, offset) if problem else Document(tuple(builder.roots))


def _read(builder: Builder, data: bytes, start: int, end: int) -> tuple[str, int]:
    """Build the tree; what is wrong and where, "" when nothing is."""
    add, kinds = builder.add, list[bytes]()
    expected, after = _VALUE, _NOTHING  # `after`: what comes after a value
    problem, place = "", end
    count = 0
    for match in _TOKEN.finditer(data, start, end):
        kind = match.lastgroup
        if kind == "string":
            if expected > _NAME:
                return problem or "a string where none can stand", match.start(kind) - 1
            begin, finish = match.span(kind)
            text = data[begin:finish].decode("utf-8", "surrogateescape")
            if "\\" in text:
                text, valid = decode_string(text)
                if not valid and not problem:
                    problem, place = "an unknown escape", begin
            add(Node("scalar", begin - 1, finish + 1, text, "j"))
            expected = _COLON if expected == _NAME else after
        elif kind == "mark":
            mark, place_of_mark = match[kind], match.start(kind)
            if mark == b",":
                if expected != _NEXT:
                    return problem or "a comma where none can stand", place_of_mark
                expected = _NAME if kinds[-1] == b"}" else _ITEM
            elif mark == b":":
                if expected != _COLON:
                    return problem or "a colon where none can stand", place_of_mark
                expected = _VALUE
            elif mark in b"{[":
                if expected > _ITEM:
                    return problem or "a value where none can stand", place_of_mark
                if not builder.open(Node("map" if mark == b"{" else "list", place_of_mark, place_of_mark)):
                    return f"nested deeper than {DEPTH}", place_of_mark
                kinds.append(b"}" if mark == b"{" else b"]")
                expected, after = _NAME if mark == b"{" else _ITEM, _NEXT
            else:
                if not kinds or kinds[-1] != mark or expected not in (_NEXT, _NAME if mark == b"}" else _ITEM):
                    return problem or "a bracket where none can stand", place_of_mark
                builder.close(place_of_mark + 1)
                kinds.pop()
                expected = after = _NEXT if kinds else _NOTHING
        elif kind == "word":
            if expected > _ITEM:
                return problem or "a value where none can stand", match.start(kind)
            add(Node("scalar", *match.span(kind), match[kind].decode()))
            expected = after
        elif kind == "other":
            return problem or "an unknown word or mark", match.start(kind)
        count += 1
        if count > VALUES:
            return f"more than {VALUES:,} values", match.start()
    if not problem and expected != _NOTHING and count:
        return ("" if builder.roots == [] else "it ends too early"), end
    return problem, place


def decode_string(text: str) -> tuple[str, bool]:
    """What stands between quotes with its escapes resolved, and whether all were valid."""
    valid = True

    def character(match: re.Match[str]) -> str:
        nonlocal valid
        valid = valid and match[5] is None
        return decode_escape(match)

    return ESCAPE.sub(character, text), valid


def decode_escape(match: re.Match[str]) -> str:
    """The character of a match of ESCAPE; half a surrogate pair becomes U+FFFD, an unknown escape what follows its backslash."""
    high, low, code, short, other = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    if code:
        return "\ufffd" if code[0] in "dD" and code[1] in "89abcdefABCDEF" else chr(int(code, 16))
    return _ESCAPES[short] if short else other or ""
