"""How the builder splits the rest of an instruction into words: another way for each keyword.

Source: https://github.com/moby/buildkit/tree/master/frontend/dockerfile/parser (what it accepts, bug for bug).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.dockerfile.model import Argument
from agent_security_hooks.parse.dockerfile.spaces import SPACE, after_spaces
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_security_hooks.parse.mapped import MappedText

WORD_LIMIT = 20_000
"""Words of one instruction; an argument list that the kernel would take is shorter."""
_JSON_DEPTH = 100

_BLANK_SEPARATED = Pattern(rb"[^\t\v\f\r ]+")
_BLANKS = Pattern(rb"[\t\v\f\r ]+")
_FLAG_SPACES = Pattern(rb"[\t-\r \x85\xa0]*")  # the builder takes each byte for a character here
_FLAG_PART = Pattern(rb"""(?s)[^\t-\r \x85\xa0'"\\]+|\\(.)?|'([^'\\]*(?:\\.[^'\\]*)*)'?|"([^"\\]*(?:\\.[^"\\]*)*)"?""")
_FLAG_ESCAPE = Pattern(rb"\\(?s:(.))")
_RUNE = rb"(?s:[\xc0-\xff][\x80-\xbf]*|.)"
_JSON_SPACE = rb"[\t\n\r ]*"
_JSON_STRING = rb'"([^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*)"'
_JSON_OPEN = Pattern(rb"\[" + _JSON_SPACE)
_JSON_ELEMENT = Pattern(_JSON_STRING + _JSON_SPACE + rb"([],])" + _JSON_SPACE)
_JSON_ESCAPE = Pattern(r"\\u([Dd][89ABab]..)\\u([Dd][C-Fc-f]..)|\\u(....)|\\(.)")
_JSON_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Words(NamedTuple):
    """The words of an instruction. `problem` is why the builder would refuse it."""

    words: tuple[Argument, ...] = ()
    is_json: bool = False
    problem: str = ""


def _tokens(escape: bytes) -> Pattern[bytes]:
    """White space (group 1), a word's next piece, or a last escape character (group 2), which stands for nothing."""
    token = re.escape(escape)
    return Pattern(
        rb"(" + SPACE + rb"+)|[^\t-\r \"'\xc2\xe1-\xe3" + token + rb"]+|'[^']*'?|\"[^\"" + token + rb"]*(?:" + token + rb"(?s:.)[^\"" + token + rb"]*)*\"?"
        rb"|" + token + _RUNE + rb"|(" + token + rb")|(?s:.)"
    )  # fmt: skip


_TOKENS = {escape: _tokens(escape.encode()) for escape in "\\`"}


def split_flags(line: MappedText, start: int, end: int) -> tuple[tuple[Argument, ...], int]:
    """The flags that stand before all other words, and where the rest starts. A backslash escapes in flags, whatever the escape directive says."""
    data = line.data
    flags: list[Argument] = []
    while True:
        start = _FLAG_SPACES.match(data, start, end).end()  # type: ignore[union-attr]  # it matches nothing, too
        if not data.startswith(b"--", start, end):
            return tuple(flags), start
        first, parts, quoted = start, [], False
        while start < end and (part := _FLAG_PART.match(data, start, end)):
            start, group = part.end(), part.lastindex
            if group is None:
                parts.append(b"" if part[0] == b"\\" else part[0])
            elif group == 1:
                parts.append(part[1])
            else:
                quoted = True
                parts.append(_FLAG_ESCAPE.sub(rb"\1", part[group]))
        flag = b"".join(parts)
        if flag == b"--":
            return tuple(flags), start
        if flag or quoted:
            flags.append(Argument(_text(flag), *line.span(first, start)))
        if start >= end or len(flags) >= WORD_LIMIT:
            return tuple(flags), start


def split_words(keyword: str, body: MappedText, escape: str) -> Words:
    """The words of an instruction whose text after the flags is `body`."""
    if not body.data:
        return Words()
    return _SPLITTERS.get(keyword, _whole)(body, escape)


def _whole(body: MappedText, escape: str) -> Words:
    return Words((Argument(_text(body.data), *body.span(0, len(body.data))),))


def _blank_separated(body: MappedText, escape: str) -> Words:
    return Words(_arguments(body, _spans(_BLANK_SEPARATED, body.data)))


def _json_or_whole(body: MappedText, escape: str) -> Words:
    return _json(body) or _whole(body, escape)


def _json_or_separated(body: MappedText, escape: str) -> Words:
    return _json(body) or _blank_separated(body, escape)


def _healthcheck(body: MappedText, escape: str) -> Words:
    data = body.data
    kind = re.match(rb"[^\t-\r \x85\xa0]*", data).end()  # type: ignore[union-attr]  # it matches nothing, too
    start = _FLAG_SPACES.match(data, kind).end()  # type: ignore[union-attr]
    if not kind:
        return Words()
    first = _arguments(body, [(0, kind)])
    if start == len(data):
        return Words(first)
    rest = _json_or_whole(body.slice(start, len(data)), escape)
    return Words(first + rest.words, rest.is_json, rest.problem)


def _shell_words(data: bytes, escape: str) -> Iterator[tuple[int, int]]:
    """Words with their quotes; the word "" counts, nothing at all does not."""
    start = -1
    end = 0
    for token in _TOKENS[escape].finditer(data):
        if token.lastindex == 1:
            if start >= 0:
                yield start, end
            start = -1
        elif token.lastindex is None:
            if start < 0:
                start = token.start()
            end = token.end()
    if start >= 0:
        yield start, end


def _names(body: MappedText, escape: str) -> Words:
    return Words(_arguments(body, _limited(_shell_words(body.data, escape))))


def _pairs(body: MappedText, escape: str) -> Words:
    data, spans = body.data, list(_limited(_shell_words(body.data, escape)))
    if not spans:
        return Words()
    if b"=" not in data[slice(*spans[0])]:
        gap = _BLANKS.search(data)
        if gap is None:
            return Words(_arguments(body, [(0, len(data))]), problem="a name without a value")
        return Words(_arguments(body, [(0, gap.start()), (gap.end(), len(data))]))
    parts, problem = [], ""
    for start, end in spans:
        equals = data.find(b"=", start, end)
        if equals < 0:
            problem = "a name without a value"
            equals = end
        parts += [(start, equals), (min(equals + 1, end), end)]
    return Words(_arguments(body, parts), problem=problem)


_SPLITTERS: dict[str, Callable[[MappedText, str], Words]] = {
    **dict.fromkeys(("ADD", "COPY", "VOLUME"), _json_or_separated),
    **dict.fromkeys(("CMD", "ENTRYPOINT", "RUN", "SHELL"), _json_or_whole),
    **dict.fromkeys(("ENV", "LABEL"), _pairs),
    **dict.fromkeys(("EXPOSE", "FROM"), _blank_separated),
    **dict.fromkeys(("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR", "ONBUILD"), _whole),
    "ARG": _names,
    "HEALTHCHECK": _healthcheck,
}
KEYWORDS = frozenset(_SPLITTERS)


def _json(body: MappedText) -> Words | None:
    """The JSON form; None when it is no valid JSON, which makes it the shell form."""
    data = body.data
    opened = _JSON_OPEN.match(data, after_spaces(data, 0, len(data)))
    if opened is None:
        return None
    position = opened.end()
    if data[position:] == b"]":
        return Words((), is_json=True)
    spans: list[tuple[int, int]] = []
    while element := _JSON_ELEMENT.match(data, position):
        position = element.end()
        spans.append(element.span(1))
        if element[2] == b"]":
            break
    else:
        return _other_json(body)
    if position < len(data):
        return None
    words = []
    for (start, end), argument in zip(spans, _arguments(body, iter(spans[:WORD_LIMIT]))):
        words.append(argument._replace(text=_unescape_json(argument.text)) if b"\\" in data[start:end] else argument)
    return Words(tuple(words), is_json=True)


def _other_json(body: MappedText) -> Words | None:
    """A JSON array of other things than strings is an error, anything else the shell form."""
    data = body.data
    if data[-1:] != b"]":
        return None
    problem = "the JSON form holds something that is not a string"
    if data.count(b"[") + data.count(b"{") > _JSON_DEPTH:
        return None
    import json

    try:
        json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse, parse_float=_number, parse_int=_number)
    except (ValueError, RecursionError):
        return None
    return _whole(body, "")._replace(problem=problem)


def _refuse(text: str) -> None:
    raise ValueError


def _number(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError
    return number


def _unescape_json(text: str) -> str:
    return _JSON_ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    high, low, code, letter = match.groups()
    if letter:
        return _JSON_SHORT.get(letter, letter)
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    number = int(code, 16)
    return "\ufffd" if 0xD800 <= number < 0xE000 else chr(number)


def _spans(pattern: Pattern[bytes], data: bytes) -> Iterator[tuple[int, int]]:
    return _limited(match.span() for match in pattern.finditer(data))


def _limited(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for _, span in zip(range(WORD_LIMIT), spans):
        yield span


def _arguments(body: MappedText, spans: Iterator[tuple[int, int]] | list[tuple[int, int]]) -> tuple[Argument, ...]:
    data = body.data
    if len(body.starts) == 1:
        base = body.places[0]
        return tuple(Argument(data[start:end].decode("utf-8", "surrogateescape"), base + start, base + end) for start, end in spans)
    return tuple(Argument(_text(data[start:end]), *body.span(start, end)) for start, end in spans)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
