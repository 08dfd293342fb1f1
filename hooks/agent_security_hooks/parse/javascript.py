"""The view of a JavaScript or TypeScript file: its tokens with byte offsets, its calls, its `name: value` pairs, and the text of simple expressions.

No syntax tree: a linear pass tells strings, templates, comments and regular expressions from code (ECMA-262, clause 12), and brackets are paired. That is
enough to see what is called with which literal, in any dialect and in files that do not parse.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

TOKENS = 400_000
"""Tokens of one file that are looked at; a dense megabyte has about as many, one that people wrote half."""
_TEXTS = 8
_LONGEST = 4096
_DEPTH = 8
_RANGE = 400
"""Tokens of an expression that are looked at."""

NAME, NUMBER, STRING, TEMPLATE, REGEX, MARK = "name", "number", "string", "template", "regex", "mark"

_TOKEN = Pattern(
    rb"[\s\x00\xa0]*(?:([A-Za-z_$\x80-\xff#@][\w$\x80-\xff]*)|([0-9][\w.]*)|(\"(?:[^\"\\\r\n]|\\(?:\r\n|.))*\"?|'(?:[^'\\\r\n]|\\(?:\r\n|.))*'?)"
    rb"|(//[^\r\n]*|/\*)|(`)|(=>|\?\.(?!\d)|\.\.\.|[=!]==?|\|\||&&|\?\?|\+\+|--|[-+*%&|^<>]=|[^\s]))",
    re.DOTALL,
)
_CHUNK = Pattern(rb"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_REGEX = Pattern(rb"/(?:[^\\/\[\r\n]|\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n])*\])+/[A-Za-z]*")
_BEFORE_REGEX = frozenset(b"return typeof case in of delete void throw new instanceof else do yield await default".split())
_BEFORE_GROUP = frozenset(b"if while for with".split())
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": "", "\r": ""}


class Range(NamedTuple):
    """Tokens `first` up to, not including, `last`."""

    first: int
    last: int


class Call(NamedTuple):
    """`name(...)`: the dotted name as written, with the tokens where it begins and of the parentheses. That of `f().then` is `.then`."""

    name: str
    first: int
    open: int
    close: int


class Script:
    """The tokens of a file: `kinds`, `starts` and `ends` (offsets) side by side, and `pairs`, the index of a bracket's other half (-1 if there is none).

    `problem` says why the file was not read to its end, if it was not.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.problem = ""
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.pairs: list[int] = []
        self._calls: list[Call] | None = None
        self._constants: dict[bytes, int] | None = None
        self._read()

    def raw(self, index: int) -> bytes:
        """A token as written; empty outside of the file."""
        return self.data[self.starts[index] : self.ends[index]] if 0 <= index < len(self.kinds) else b""

    def kind(self, index: int) -> str:
        """The kind of a token; "" outside of the file."""
        return self.kinds[index] if 0 <= index < len(self.kinds) else ""

    def span(self, tokens: Range) -> tuple[int, int]:
        """Where tokens begin and end in the file."""
        start = self.starts[tokens.first]
        return start, max(start, self.ends[max(tokens.first, tokens.last - 1)])

    # --- the pass over the bytes ---

    def _read(self) -> None:
        data = self.data
        position = _end_of_line(data, 0) if data.startswith(b"#!") else 0
        self._open: list[int] = []
        self._no_more_templates = False
        no_regex_before = 0
        while (match := _TOKEN.match(data, position)) is not None:
            group = match.lastindex or 0
            start, position = match.span(group)
            if group == _COMMENT:
                if data[start + 1] == 0x2A:
                    position = data.find(b"*/", position) + 2
                    if position < 2:
                        break
            elif len(self.kinds) >= TOKENS:
                self.problem = "not analysed to its end: it holds more code than is looked at"
                break
            elif group == _TICK:
                position = self._chunk(start, position)
            elif group == _MARK and data[start] == 0x2F and start >= no_regex_before and self._may_be_regex():
                literal = _REGEX.match(data, start)
                if literal:
                    position = literal.end()
                    self._add(REGEX, start, position)
                else:
                    no_regex_before = _end_of_line(data, start)
                    self._add(MARK, start, position)
            else:
                self._add(_KINDS[group], start, position)
                if group == _MARK and position - start == 1:
                    position = self._bracket(data[start:position], position)

    def _add(self, kind: str, start: int, end: int) -> None:
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)
        self.pairs.append(-1)

    def _bracket(self, mark: bytes, position: int) -> int:
        """Pair brackets. Returns where to go on: after the `}` of a template, its text follows."""
        waiting = self._open
        if mark in _CLOSING:
            waiting.append(len(self.kinds) - 1)
        elif mark in b")]}" and waiting:
            # A bracket too many, as text in JSX may hold, must not shift all that follows.
            skip = next((back for back in (1, 2) if back <= len(waiting) and _CLOSING[self.raw(waiting[-back])] == mark), 0)
            if skip:
                other = waiting[-skip]
                del waiting[-skip:]
                self.pairs[-1], self.pairs[other] = other, len(self.kinds) - 1
                if self.raw(other) == b"${":
                    return self._chunk(position, position)
        return position

    def _chunk(self, start: int, position: int) -> int:
        """Read the text of a template up to its end or to the next `${`, which becomes a token of its own. Returns where to go on."""
        match = None if self._no_more_templates else _CHUNK.match(self.data, position)
        end = match.end() if match else len(self.data)
        if self.data[end : end + 1] == b"`":
            self._add(TEMPLATE, start, end + 1)
            return end + 1
        if self.data[end : end + 2] == b"${":
            self._add(TEMPLATE, start, end)
            self._add(MARK, end, end + 2)
            self._open.append(len(self.kinds) - 1)
            return end + 2
        self._no_more_templates = True
        if start < position:
            self._add(MARK, start, position)
        return position

    def _may_be_regex(self) -> bool:
        """Whether a slash after the last token begins a regular expression and does not divide."""
        last = len(self.kinds) - 1
        kind, raw = self.kind(last), self.raw(last)
        if kind == NAME:
            return raw in _BEFORE_REGEX and self.raw(last - 1) != b"."
        if kind == MARK:
            return raw not in (b"]", b"<", b"++", b"--") and (raw != b")" or self.raw(self.pairs[last] - 1) in _BEFORE_GROUP)
        return not kind

    # --- what is called with what ---

    @property
    def calls(self) -> list[Call]:
        """Every call of a name, in source order; a keyword with parentheses is not told from one."""
        if self._calls is None:
            found = []
            for index, close in enumerate(self.pairs):
                if close > index and self.kinds[index - 1] != STRING and self.raw(index) == b"(":
                    name, first = self.name_before(index)
                    if name:
                        found.append(Call(name, first, index, close))
            self._calls = found
        return self._calls

    def arguments(self, call: Call) -> list[Range]:
        """The arguments of a call, at most 50."""
        return self.split(Range(call.open + 1, call.close))

    def name_before(self, index: int) -> tuple[str, int]:
        """The dotted name that ends right before a token, and the token that it begins with."""
        names: list[bytes] = []
        first = index
        position = index - 2 if self.raw(index - 1) == b"?." else index - 1
        if self.raw(position) == b">" and self.kind(position - 1) == NAME and self.raw(position - 2) == b"<":  # got<Type>(url)
            position -= 3
        while self.kind(position) == NAME and len(names) < 12:
            names.append(self.raw(position))
            first = position
            if self.raw(position - 1) not in (b".", b"?."):
                break
            position -= 2
        else:
            if names:  # a method of something that is no name: `f().then`
                names.append(b"")
        return b".".join(reversed(names)).decode("utf-8", "replace"), first

    def split(self, tokens: Range) -> list[Range]:
        """The parts between commas outside of inner brackets, at most 50."""
        parts: list[Range] = []
        first = index = tokens.first
        while index < tokens.last:
            if self.kinds[index] == MARK:
                if self.pairs[index] > index:
                    index = self.pairs[index]
                elif self.raw(index) == b",":
                    parts.append(Range(first, index))
                    first = index + 1
                    if len(parts) > 50:
                        return parts
            index += 1
        if first < tokens.last:
            parts.append(Range(first, tokens.last))
        return parts

    def property(self, tokens: Range, *names: str) -> Range | None:
        """The value that an object literal gives one of the names."""
        if self.raw(tokens.first) != b"{" or self.pairs[tokens.first] != tokens.last - 1:
            return None
        for part in self.split(Range(tokens.first + 1, tokens.last - 1)):
            if part.last - part.first > 2 and self.raw(part.first + 1) == b":" and self.word(part.first) in names:
                return Range(part.first + 2, part.last)
        return None

    def word(self, index: int) -> str:
        """The text of a name or string token; "" for others."""
        kind = self.kind(index)
        return self.raw(index).decode("utf-8", "replace") if kind == NAME else self.string(index) if kind == STRING else ""

    def string(self, index: int) -> str:
        """The text of a string token, escapes resolved, at most 4096 characters."""
        raw = self.raw(index)[: _LONGEST + 2]
        return unescape(raw[1:-1] if len(raw) > 1 and raw[-1] == raw[0] else raw[1:])

    # --- the text of expressions ---

    def texts(self, tokens: Range, depth: int = 0) -> tuple[str, ...]:
        """The texts that an expression may have, at most 8; HOLE stands for each part that the file does not tell."""
        if tokens.last <= tokens.first or tokens.last - tokens.first > _RANGE or depth > _DEPTH:
            return (HOLE,)
        pieces = self._operands(tokens)
        if pieces is None:
            return (HOLE,)
        results: list[str] = []
        for piece in pieces:
            text = self._concatenated(piece, depth)
            results += text if isinstance(text, tuple) else (text,)
        return tuple(dict.fromkeys(text[:_LONGEST] for text in results))[:_TEXTS] or (HOLE,)

    def _operands(self, tokens: Range) -> list[list[Range]] | None:
        """Alternatives (`a || b`, `c ? a : b`) of operands that `+` joins; None where other operators stand between."""
        alternatives: list[list[Range]] = [[]]
        first = index = tokens.first
        condition = False
        while index <= tokens.last:
            mark = self.raw(index) if index < tokens.last and self.kinds[index] == MARK else b""
            if index == tokens.last or mark in (b"+", b"||", b"??", b"?", b":"):
                if index == first:
                    return None
                alternatives[-1].append(Range(first, index))
                first = index + 1
                if mark == b"?":
                    alternatives, condition = [[]], True
                elif mark == b":" and not condition:
                    return None
                elif mark in (b"||", b"??", b":"):
                    alternatives.append([])
            elif mark and self.pairs[index] > index:
                index = self.pairs[index]
            elif mark and mark not in (b".", b"?.", b"!") and not condition and mark not in _COMPARES:
                return None
            index += 1
        return alternatives

    def _concatenated(self, operands: list[Range], depth: int) -> tuple[str, ...] | str:
        if len(operands) == 1:
            return self._operand(operands[0], depth)
        result = ""
        for operand in operands[:100]:
            text = self._operand(operand, depth)
            result += text[0] if len(text) == 1 else HOLE
        return result

    def _operand(self, tokens: Range, depth: int) -> tuple[str, ...]:
        first, count = tokens.first, tokens.last - tokens.first
        kind = self.kinds[first]
        if kind == STRING and (count == 1 or self.raw(first + 1) == b"as"):
            return (self.string(first),)
        if kind == NUMBER and count == 1:
            return (self.raw(first)[:20].decode(),)
        if kind == TEMPLATE:
            return (self._template(tokens, depth),)
        if kind == NAME and count == 1:
            value = self.constant(self.raw(first))
            return self.texts(value, depth + 1) if value is not None else (HOLE,)
        if kind == NAME and count == 3 and self.raw(first + 1) == b".":
            table = self.constant(self.raw(first))
            value = self.property(table, self.word(first + 2)) if table is not None and table.last - table.first < _RANGE else None
            return self.texts(value, depth + 1) if value is not None else (HOLE,)
        if count > 3 and self.raw(first) == b"new" and self.raw(first + 1) == b"URL" and self.raw(first + 2) == b"(":
            given = self.split(Range(first + 3, tokens.last - 1))
            return self.texts(given[0], depth + 1) if len(given) == 1 else (HOLE,)
        if self.raw(first) == b"(" and self.pairs[first] == tokens.last - 1:
            return self.texts(Range(first + 1, tokens.last - 1), depth + 1)
        return (HOLE,)

    def _template(self, tokens: Range, depth: int) -> str:
        result, index = "", tokens.first
        while index < tokens.last and self.kinds[index] == TEMPLATE and len(result) < _LONGEST:
            raw = self.raw(index)[: _LONGEST + 2]
            is_head = index == tokens.first
            closes = raw.endswith(b"`") and not (is_head and len(raw) == 1)
            result += unescape(raw[is_head : len(raw) - closes])
            hole = index + 1
            if closes or self.raw(hole) != b"${" or self.pairs[hole] < 0:
                break
            inner = self.texts(Range(hole + 1, self.pairs[hole]), depth + 1)
            result += inner[0] if len(inner) == 1 else HOLE
            index = self.pairs[hole] + 1
        return result

    def constant(self, name: bytes) -> Range | None:
        """The tokens of the value of a name that is given one exactly once in the file, and is no parameter."""
        if self._constants is None:
            self._constants = self._read_constants()
        start = self._constants.get(name, 0)
        return Range(start, self.end_of(start)) if start else None

    def _read_constants(self) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        spoiled: set[bytes] = set()
        for index, kind in enumerate(self.kinds):
            if kind != MARK:
                continue
            mark = self.raw(index)
            if mark in (b"=", b"+=", b"++", b"--", b"=>") and self.kind(index - 1) == NAME:
                name = self.raw(index - 3) if self.raw(index - 2) == b":" else self.raw(index - 1)  # const name: Type = value
                if mark != b"=" or name in found:
                    spoiled.add(name)
                elif self.raw(index - 2) not in (b".", b"?."):
                    found[name] = index + 1
            elif (
                mark == b")" and self.pairs[index] >= 0 and self.raw(index + 1) in (b"{", b"=>", b":") and self.raw(self.pairs[index] - 1) not in _BEFORE_GROUP
            ):
                spoiled.update(self.raw(part.first) for part in self.split(Range(self.pairs[index] + 1, index)))
        return {name: start for name, start in found.items() if name not in spoiled}

    def end_of(self, index: int, limit: int = _RANGE) -> int:
        """The token after an expression that begins at a token: `;`, `,`, a closing bracket, one of a line that cannot go on with it, or one too far away."""
        first = index
        while index < len(self.kinds) and index - first < limit:
            kind, raw = self.kinds[index], self.raw(index)
            if kind == MARK and (raw in b";,)]}" or raw == b"${"):
                return index
            if kind != MARK and index > first and (self.kinds[index - 1] != MARK or self.raw(index - 1) in (b")", b"]", b"}")):
                if b"\n" in self.data[self.ends[index - 1] : self.starts[index]]:
                    return index
            if kind == TEMPLATE and self.raw(index + 1) == b"${":
                index = self._end_of_template(index)
            else:
                index = self.pairs[index] + 1 if kind == MARK and self.pairs[index] > index else index + 1
        return index

    def _end_of_template(self, index: int) -> int:
        while self.kind(index) == TEMPLATE and self.raw(index + 1) == b"${" and self.pairs[index + 1] > index:
            index = self.pairs[index + 1] + 1
        return index + 1


_COMMENT, _TICK, _MARK = 4, 5, 6
_KINDS = {1: NAME, 2: NUMBER, 3: STRING, _MARK: MARK}
_COMPARES = frozenset((b"=", b"==", b"===", b"!=", b"!==", b"<", b">", b"&&"))
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}", b"${": b"}"}


def _end_of_line(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return end if end >= 0 else len(data)


def unescape(raw: bytes) -> str:
    """The text of what stands between quotes; a code point that does not exist becomes U+FFFD."""
    text = raw.decode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits:
        return chr(int(digits, 16)) if int(digits, 16) < 0x110000 else "\ufffd"
    return _ESCAPED.get(match[4], match[4])


def read_javascript(file: Source) -> Script:
    """The view."""
    return Script(file.data)
