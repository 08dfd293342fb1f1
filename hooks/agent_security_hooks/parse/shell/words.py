"""Words: quotes, expansions and the pieces between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.shell.escapes import ANSI, decode_escape
from agent_security_hooks.parse.shell.model import Part, Pipeline, Word

if TYPE_CHECKING:
    from agent_security_hooks.parse.shell.heredoc import Heredoc

DEPTH = 40
"""Levels of nested substitutions; what is deeper is taken as text."""

ROOM = 250_000
"""What may be read of one text, so that time and memory have a bound: words, pieces of words, operators and commands. Scripts use 0.1 to 0.35 per byte."""

_REWINDS = 8  # how often text is read again because a quote in it has no end

BLANK = re.compile(rb"[ \t]*(?:(?:\\\r?\n|\r(?=\n|\Z))[ \t]*)*")
PLAIN = re.compile(rb"[^ \t\r\n;&|()<>\\'\"$`]*")
_DELIMITERS = frozenset(b" \t\n;&|)")
_ENDS = frozenset(b" \t\r\n;&|()<>")
_TEMPLATE_ENDS = frozenset(b"{-")
_SPECIAL = frozenset(b"\\'\"$`")
_SPACE = re.compile(rb"[ \t\r\n]*(?:\\\r?\n[ \t\r\n]*)*")
_CONTINUATION = re.compile(rb"(?:\\\r?\n)+")
_LITERAL = re.compile(rb"[^ \t\r\n;&|()<>\\'\"$`]+")
_IN_DOUBLE = re.compile(rb"[^\"\\$`]+")
_IN_BRACE = re.compile(rb"[^}'\"\\$`]+")
_IN_ARITHMETIC = re.compile(rb"[^()'\"\\$`]+")
_IN_BRACKET = re.compile(rb"[^\[\]'\"\\$`\n;&|]+")
_IN_ANSI = re.compile(rb"[^'\\]+")
_IN_PATTERN = re.compile(rb"[^()'\"\\$`\n]+")
_IN_REGEX = re.compile(rb"[^()'\"\\$` \t\r\n]+")
_TEMPLATE = re.compile(rb"\{\{-?[ \t][^{}\n]{0,500}\}\}")
_NAME = re.compile(rb"\$([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])")
_PARAMETER = re.compile(rb"\$\{(?P<prefix>[!#]?)(?P<name>[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?P<index>\[)?")
_OPERATOR = re.compile(rb":[-=?+]|%%|##|//|/[#%]|/|\^\^|\^|,,|,|[-=?+%#@:]")
_PATTERN_OPERATORS = frozenset("# ## % %% / // /# /% ^ ^^ , ,,".split())
_ESCAPED = {False: re.compile(rb"\\([$`\\])"), True: re.compile(rb"\\([$`\\\"])")}


class Words:
    """Reads words of a text. Methods take the offset of what they read and return where it ends."""

    __slots__ = ("absent", "budget", "data", "depth", "end", "pending", "rewinds", "room", "unended")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = len(data)
        self.depth = 0
        self.pending: list[Heredoc] = []
        self.absent: dict[tuple[bytes, bool, bool], tuple[int, int]] = {}  # delimiters, and where they do not occur
        self.rewinds = 0
        self.room = min(ROOM, len(data) + 4096)
        self.unended = False
        self.budget = len(data) // 2 + 4096  # bytes that may be read in vain, where `((` turns out to be no arithmetic

    def unit(self, base: int, close: int) -> tuple[tuple[Pipeline, ...], int]:
        """Commands up to the end of the text, or behind the character `close`."""
        raise NotImplementedError

    def heredocs(self, p: int) -> int:
        """The bodies of the pending heredocs, which begin at this line."""
        raise NotImplementedError

    def text(self, start: int, end: int) -> str:
        """The text of some bytes."""
        return self.data[start:end].decode("utf-8", "surrogateescape")

    def spend(self, p: int, cost: int = 1) -> None:
        """Notes that something is read. When that was too much, the text ends here."""
        self.room -= cost
        if self.room < 0:
            self.end = min(p, self.end)

    def blank(self, p: int) -> int:
        """Behind blanks and continued lines."""
        found = BLANK.match(self.data, p, self.end)
        return found.end() if found else p

    def space(self, p: int) -> int:
        """Behind blanks, newlines, comments and the heredocs that begin at a newline."""
        while True:
            if self.pending:
                p = self.blank(p)
                if p < self.end and self.data[p] == 10:
                    p = self.heredocs(p + 1)
                    continue
            else:
                found = _SPACE.match(self.data, p, self.end)
                p = found.end() if found else p
            if p >= self.end or self.data[p] != 35:
                return p
            p = self.line_end(p)

    def line_end(self, p: int) -> int:
        """Where the line ends, before its newline."""
        found = self.data.find(b"\n", p, self.end)
        return max(p, self.end) if found < 0 else found

    def literal(self, parts: list[Part], start: int, end: int, *, quoted: bool = False) -> None:
        """Adds text as it stands."""
        if end > start:
            parts.append(Part("literal", self.text(start, end), quoted, "", "", None, (), start, end))

    def word(self, p: int) -> tuple[Word, int]:
        """The word that begins here; one without parts, that ends where it begins, when there is none."""
        data, end = self.data, self.end
        self.room -= 1
        if self.room < 0:
            self.end = min(p, end)
            return Word(p, p, ()), p
        found = PLAIN.match(data, p, end)
        q = found.end() if found else p
        if q > p and (q >= end or data[q] in _DELIMITERS) and data[q - 1] not in _TEMPLATE_ENDS:
            return Word(p, q, (Part("literal", data[p:q].decode("utf-8", "surrogateescape"), False, "", "", None, (), p, q),)), q
        parts: list[Part] = []
        q = self._pieces(p, parts)
        return Word(p, q, tuple(parts)), q

    def _pieces(self, p: int, parts: list[Part]) -> int:
        data, start = self.data, p
        while p < self.end:
            run = _LITERAL.match(data, p, self.end)
            if run:
                opening = data.find(b"{{", max(p, run.end() - 3), run.end()) if data[run.end() - 1] in _TEMPLATE_ENDS else -1
                template = _TEMPLATE.match(data, opening, self.end) if opening >= 0 else None
                p = self._template(p, template, parts) if template else self._run(p, run.end(), parts)
                continue
            c = data[p]
            if c in _SPECIAL:
                joined = _CONTINUATION.match(data, p, self.end) if c == 92 else None
                if joined and (joined.end() >= self.end or data[joined.end()] in _ENDS):
                    break
                p = self.special(p, parts)
            elif c == 40 and p > start:  # an extended pattern as @(a|b), or a qualifier of zsh as *(N)
                p = self._pattern(p, parts)
            elif c in b"<>" and data[p + 1 : p + 2] == b"(" and p + 1 < self.end:
                p = self._substitution(p, "process", parts, quoted=False)
            elif c == 13 and p + 1 < self.end and data[p + 1] != 10:
                self.spend(p)
                p = self._run(p, p + 1, parts)
            else:
                break
        return p

    def _run(self, p: int, end: int, parts: list[Part]) -> int:
        self.literal(parts, p, end)
        return end

    def _template(self, p: int, found: re.Match[bytes], parts: list[Part]) -> int:
        """`{{ x }}` of a template: what it stands for is not known, as with a variable."""
        self.literal(parts, p, found.start())
        parts.append(Part("variable", self.text(*found.span()), False, "", "", None, (), *found.span()))
        return found.end()

    def special(self, p: int, parts: list[Part], *, quoted: bool = False) -> int:
        """What begins with a quote, dollar sign, backquote or backslash outside of double quotes."""
        self.spend(p)
        c = self.data[p]
        if c == 36:
            return self._dollar(p, parts, quoted=quoted)
        if c == 34:
            return self._double(p, parts)
        if c == 39:
            return self._single(p, parts)
        if c == 96:
            return self._backquote(p, parts, quoted=quoted)
        return self._escape(p, parts)

    def inside(self, p: int, parts: list[Part], escapable: bytes) -> int:
        """What begins with a dollar sign, backquote or backslash inside of double quotes or a heredoc."""
        self.spend(p)
        c = self.data[p]
        if c == 36:
            return self._dollar(p, parts, quoted=True)
        if c == 96:
            return self._backquote(p, parts, quoted=True)
        joined = _CONTINUATION.match(self.data, p, self.end)
        if joined:
            return joined.end()
        if p + 1 < self.end and self.data[p + 1] in escapable:
            self.literal(parts, p + 1, p + 2, quoted=True)
            return p + 2
        self.literal(parts, p, p + 1, quoted=True)
        return p + 1

    # Quotes

    def _escape(self, p: int, parts: list[Part]) -> int:
        joined = _CONTINUATION.match(self.data, p, self.end)
        if joined:
            return joined.end()
        if p + 1 >= self.end:
            self.literal(parts, p, p + 1)
            return p + 1
        q = p + 2
        while q < self.end and self.data[p + 1] >= 0xC0 and self.data[q] & 0xC0 == 0x80:  # the rest of a character
            q += 1
        self.literal(parts, p + 1, q, quoted=True)
        return q

    def _close(self, p: int, parts: list[Part], mark: int) -> int:
        """The closing quote; what was empty is a part too, because it makes a word."""
        if len(parts) == mark:
            parts.append(Part("literal", "", True, "", "", None, (), p, p))
        return p + 1

    def _unclosed(self, start: int, parts: list[Part], mark: int) -> int:
        """A quote without an end is taken to end with its line, so that the lines after it are not lost."""
        line_end = self.line_end(start + 1)
        if line_end >= self.end or self.rewinds >= _REWINDS:
            if len(parts) == mark:
                self.literal(parts, start + 1, self.end, quoted=True)
            return max(start + 1, self.end)
        self.rewinds += 1
        del parts[mark:]
        self.literal(parts, start + 1, line_end, quoted=True)
        return line_end

    def _single(self, p: int, parts: list[Part]) -> int:
        close = self.data.find(b"'", p + 1, self.end)
        if close < 0:
            return self._unclosed(p, parts, len(parts))
        mark = len(parts)
        self.literal(parts, p + 1, close, quoted=True)
        return self._close(close, parts, mark)

    def _double(self, p: int, parts: list[Part]) -> int:
        data, mark, start = self.data, len(parts), p
        p += 1
        while p < self.end:
            run = _IN_DOUBLE.match(data, p, self.end)
            if run:
                self.literal(parts, p, run.end(), quoted=True)
                p = run.end()
            elif data[p] == 34:
                return self._close(p, parts, mark)
            else:
                p = self.inside(p, parts, b'$`"\\')
        return self._unclosed(start, parts, mark)

    def _ansi(self, p: int, parts: list[Part]) -> int:
        data, mark, start = self.data, len(parts), p + 1
        p += 2
        while p < self.end:
            run = _IN_ANSI.match(data, p, self.end)
            if run:
                self.literal(parts, p, run.end(), quoted=True)
                p = run.end()
                continue
            if data[p] == 39:
                return self._close(p, parts, mark)
            self.spend(p)
            found = ANSI.match(data, p, self.end)
            if not found:
                break
            parts.append(Part("literal", decode_escape(found), True, "", "", None, (), p, found.end()))
            p = found.end()
        return self._unclosed(start, parts, mark)

    # Expansions

    def _dollar(self, p: int, parts: list[Part], *, quoted: bool) -> int:
        data = self.data
        c = data[p + 1] if p + 1 < self.end else 0
        if c == 123:
            return self._parameter(p, parts, quoted=quoted)
        if c == 40:
            close = self.arithmetic(p, p + 3, parts, quoted=quoted) if data[p + 2 : p + 3] == b"(" else 0
            return close or self._substitution(p, "command", parts, quoted=quoted)
        if c == 39 and not quoted:
            return self._ansi(p, parts)
        if c == 34 and not quoted:
            return self._double(p + 1, parts)
        found = _NAME.match(data, p, self.end)
        if found:
            parts.append(Part("variable", found[0].decode(), quoted, found[1].decode(), "", None, (), p, found.end()))
            return found.end()
        close = self._old_arithmetic(p, parts, quoted=quoted) if c == 91 else 0
        if close:
            return close
        self.literal(parts, p, p + 1, quoted=quoted)
        return p + 1

    def _too_deep(self, p: int, end: int, parts: list[Part], *, quoted: bool) -> int:
        self.spend(end, 20)  # nobody writes such a thing
        self.literal(parts, p, end, quoted=quoted)
        return end

    def _substitution(self, p: int, kind: str, parts: list[Part], *, quoted: bool) -> int:
        """`$(..)`, `<(..)` or `>(..)`."""
        if self.depth >= DEPTH:
            return self._too_deep(p, p + 2, parts, quoted=quoted)
        self.depth += 1
        body, q = self.unit(p + 2, 41)
        self.depth -= 1
        operator = chr(self.data[p]) if kind == "process" else ""
        parts.append(Part(kind, self.text(p, q), quoted, "", operator, None, body, p, q))
        return q

    def _backquote(self, p: int, parts: list[Part], *, quoted: bool) -> int:
        data, q = self.data, p
        while True:
            q = data.find(b"`", q + 1, self.end)
            if q < 0:
                return self._unclosed(p - 1, parts, len(parts))
            before = q
            while data[before - 1] == 92:
                before -= 1
            if (q - before) % 2 == 0:
                break
        if self.depth >= DEPTH:
            return self._too_deep(p, q + 1, parts, quoted=quoted)
        self.depth += 1
        body = self._unescaped(p + 1, q, quoted=quoted) if data.find(b"\\", p + 1, q) >= 0 else self._within(p + 1, q)
        self.depth -= 1
        parts.append(Part("command", self.text(p, q + 1), quoted, "", "", None, body, p, q + 1))
        return q + 1

    def _within(self, start: int, end: int) -> tuple[Pipeline, ...]:
        kept, self.end = self.end, end
        pending, self.pending = self.pending, []
        body, _ = self.unit(start, 0)
        self.end, self.pending = kept, pending
        return body

    def _unescaped(self, start: int, end: int, *, quoted: bool) -> tuple[Pipeline, ...]:
        r"""The commands in backquotes: a backslash before $ ` \ (and " in double quotes) goes first."""
        from agent_security_hooks.parse.mapped import MappedText
        from agent_security_hooks.parse.shell.moved import moved

        pieces, last = [], start
        for found in _ESCAPED[quoted].finditer(self.data, start, end):
            pieces.append((self.data[last : found.start()], last))
            last = found.start(1)
        pieces.append((self.data[last:end], last))
        inner = MappedText.join(pieces)
        reader = type(self)(inner.data)
        reader.depth, reader.rewinds, reader.room, reader.budget = self.depth, self.rewinds, self.room, self.budget
        body = moved(reader.unit(0, 0)[0], inner)
        self.rewinds, self.room, self.budget = reader.rewinds, reader.room, reader.budget
        return body

    def arithmetic(self, start: int, p: int, parts: list[Part], *, quoted: bool = False) -> int:
        """`$((..))` or `((..))`, from behind its parentheses; 0 when it does not end with two of them."""
        if self.depth >= DEPTH or self.budget <= 0:
            return 0
        data, begin, level, inner = self.data, p, 0, list[Part]()
        self.depth += 1
        while p < self.end:
            run = _IN_ARITHMETIC.match(data, p, self.end)
            if run:
                p = run.end()
                continue
            c = data[p]
            if c in b"()":
                level += 1 if c == 40 else -1
                if level < 0:
                    break
                p += 1
            else:
                p = self.special(p, inner)
        self.depth -= 1
        if data[p : p + 2] != b"))" or p + 2 > self.end:
            self.budget -= (p - begin) * (1 if p < self.end else 8)  # where one has no end, those in it have none
            return 0
        nested = tuple([part for part in inner if part.kind != "literal"])
        parts.append(Part("arithmetic", self.text(start, p + 2), quoted, "", "", Word(begin, p, nested) if nested else None, (), start, p + 2))
        return p + 2

    def _old_arithmetic(self, p: int, parts: list[Part], *, quoted: bool) -> int:
        inner: list[Part] = []
        close = self.bracket(p + 2, inner)
        if close == p + 2:
            return 0
        nested = tuple([part for part in inner if part.kind != "literal"])
        parts.append(Part("arithmetic", self.text(p, close + 1), quoted, "", "", Word(p + 2, close, nested) if nested else None, (), p, close + 1))
        return close + 1

    def bracket(self, p: int, parts: list[Part]) -> int:
        """A subscript, from behind its bracket to the closing one; the same offset when there is none on the line."""
        start, level, mark = p, 0, len(parts)
        if self.depth >= DEPTH:
            return start
        self.depth += 1
        while p < self.end:
            run = _IN_BRACKET.match(self.data, p, self.end)
            if run:
                p = run.end()
                continue
            c = self.data[p]
            if c in b"\n;&|" or self.budget <= 0:
                break
            if c in b"[]":
                level += 1 if c == 91 else -1
                if level < 0:
                    self.depth -= 1
                    return p
                p += 1
            else:
                p = self.special(p, parts)
        self.depth -= 1
        self.budget -= p - start
        del parts[mark:]
        return start

    def _parameter(self, p: int, parts: list[Part], *, quoted: bool) -> int:
        data, start = self.data, p
        if data[p + 2 : p + 3] == b"{":  # an expression of a workflow
            close = data.find(b"}}", p, min(p + 500, self.end))
            if close > 0 and data.find(b"\n", p, close) < 0:
                parts.append(Part("variable", self.text(p, close + 2), quoted, "", "", None, (), p, close + 2))
                return close + 2
        if self.depth >= DEPTH:
            return self._too_deep(p, p + 2, parts, quoted=quoted)
        inner: list[Part] = []
        self.depth += 1
        found = _PARAMETER.match(data, p, self.end)
        name = prefix = operator = ""
        p += 2
        if found:
            name, prefix, p = found["name"].decode(), found["prefix"].decode(), found.end()
            if found["index"]:
                close = self.bracket(p, inner)
                p = close + 1 if close > p else p
            sign = _OPERATOR.match(data, p, self.end)
            if sign:
                operator, p = sign[0].decode(), sign.end()
        begin = p
        p = self._to_brace(p, inner, quoted=quoted, single=not quoted or operator in _PATTERN_OPERATORS)
        self.depth -= 1
        if p >= self.end:
            mark = len(parts)
            parts += [part for part in inner if part.kind != "literal"]
            return self._unclosed(start - 1, parts, mark)
        default = Word(begin, p, tuple(inner)) if operator or inner else None
        parts.append(Part("variable", self.text(start, p + 1), quoted, name, operator or prefix, default, (), start, p + 1))
        return p + 1

    def _to_brace(self, p: int, parts: list[Part], *, quoted: bool, single: bool) -> int:
        """The word after the operator of `${..}`. `single`: single quotes quote, as they do not in double quotes, but for patterns."""
        while p < self.end:
            run = _IN_BRACE.match(self.data, p, self.end)
            if run:
                self.literal(parts, p, run.end(), quoted=quoted)
                p = run.end()
                continue
            c = self.data[p]
            if c == 125:
                break
            if c == 39 and not single:
                self.spend(p)
                self.literal(parts, p, p + 1, quoted=quoted)
                p += 1
            else:
                p = self.special(p, parts, quoted=quoted)
        return p

    def _pattern(self, p: int, parts: list[Part]) -> int:
        """The parentheses in a pattern such as @(a|b), from the opening one; just that when it is not closed on the line."""
        start, level, mark = p, 0, len(parts)
        if self.budget > 0:
            while p < self.end and self.data[p] != 10:
                run = _IN_PATTERN.match(self.data, p, self.end)
                if run:
                    p = self._run(p, run.end(), parts)
                    continue
                c = self.data[p]
                if c in b"()":
                    self.spend(p)
                    p = self._run(p, p + 1, parts)
                    level += 1 if c == 40 else -1
                    if level == 0:
                        return p
                else:
                    p = self.special(p, parts)
            self.budget -= p - start
        del parts[mark:]
        return self._run(start, start + 1, parts)

    def regex(self, p: int) -> tuple[Word, int]:
        """The regular expression after =~: blanks end it outside of parentheses."""
        start, level, parts = p, 0, list[Part]()
        while p < self.end:
            run = _IN_REGEX.match(self.data, p, self.end)
            c = self.data[p]
            if run:
                p = self._run(p, run.end(), parts)
            elif c in _SPECIAL:
                p = self.special(p, parts)
            elif c == 10 or (c not in b"()" and level <= 0):
                break
            else:
                self.spend(p)
                level += (c == 40) - (c == 41)
                p = self._run(p, p + 1, parts)
        return Word(start, p, tuple(parts)), p
