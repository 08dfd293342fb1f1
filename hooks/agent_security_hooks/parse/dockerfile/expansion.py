"""Quotes and `${variables}` as the builder reads them: word splitting where it looks for here-documents, and values of ARG and ENV.

Source: https://github.com/moby/buildkit/blob/master/frontend/dockerfile/shell/lex.go and https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.dockerfile.spaces import SPACES
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VALUE_LIMIT = 1 << 16
"""Characters that an expanded value may have; the builder has no limit, and values can double with every line."""
_DEPTH = 50
_STEPS = 20_000
"""Characters that one pattern is tried on."""
_END = ""
_NONE_SET: dict[str, str] = {}
_PLAIN = Pattern(rf"[^$'\"\\`}}/{SPACES}]+")
_SPECIAL_NAMES = "@*#?-$!0"
_SPACE_RUN = Pattern(f"([{SPACES}]+)")
_DOUBLE_QUOTED = {escape: Pattern(rf'[^"${re.escape(escape)}]+') for escape in "\\`"}


class BadSubstitution(ValueError):
    """The builder would refuse the text, or it expands to more than is followed."""


class Expander:
    """One pass over a text. After it, `unknown` tells whether the result depends on a variable that has no known value."""

    __slots__ = ("_depth", "_double_quoted", "_escape", "_keep_unset", "_limit", "_lookup", "_position", "_raw_escapes", "_raw_quotes", "_text", "unknown")

    def __init__(
        self, lookup: Callable[[str], str | None], escape: str = "\\", *, raw_quotes: bool = False, keep_unset: bool = False, limit: int = VALUE_LIMIT
    ) -> None:
        """`lookup` gives None for a variable that is not set. `raw_quotes` keeps quotes, `keep_unset` the names of variables that are not set."""
        self._lookup = lookup
        self._escape = escape
        self._double_quoted = _DOUBLE_QUOTED[escape]
        self._raw_quotes = raw_quotes
        self._keep_unset = keep_unset
        self._limit = limit
        self._raw_escapes = False
        self._text = ""
        self._position = 0
        self._depth = 0
        self.unknown = False

    def expand(self, text: str) -> str:
        """The text with quotes removed and variables replaced. Raises BadSubstitution."""
        return self._run(text, None, raw_escapes=False)

    def split(self, text: str, *, raw_escapes: bool = False) -> list[str]:
        """The words that the text makes, split after variables were replaced. Raises BadSubstitution."""
        words = _Words()
        self._run(text, words, raw_escapes=raw_escapes)
        return words.finish()

    def _run(self, text: str, words: _Words | None, *, raw_escapes: bool) -> str:
        self._text = text.removeprefix("\ufeff")  # as the builder's scanner does
        self._position = 0
        return self._until(_END, words, raw_escapes=raw_escapes)

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._text[self._position : self._position + 1]
        self._position += 1
        return character

    def _until(self, stop: str, words: _Words | None, *, raw_escapes: bool) -> str:
        """Reads up to and over a character, or to the end of the text."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise BadSubstitution("nested too deeply")
        before, self._raw_escapes = self._raw_escapes, raw_escapes
        try:
            return self._read(stop, words)
        finally:
            self._raw_escapes = before
            self._depth -= 1

    def _read(self, stop: str, words: _Words | None) -> str:
        text, size = self._text, 0
        result: list[str] = []
        while self._position < len(text):
            plain = _PLAIN.match(text, self._position)
            if plain:
                self._position = plain.end()
                piece = plain[0]
                if words:
                    words.add(piece)
            else:
                character = text[self._position]
                if character == stop:
                    self._position += 1
                    return "".join(result)
                if character == "$":
                    piece = self._dollar()
                    if words:
                        words.add_split(piece)
                elif character in "'\"":
                    piece = self._single() if character == "'" else self._double()
                    if words:
                        words.add(piece)
                else:
                    piece = self._other(words)
            result.append(piece)
            size += len(piece)
            if size > self._limit:
                raise BadSubstitution("the value grows too long")
        if stop:
            raise BadSubstitution(f"{stop} is missing")
        return "".join(result)

    def _other(self, words: _Words | None) -> str:
        character = self._next()
        if character != self._escape:
            if words:
                words.add_split(character)
            return character
        kept = character if self._raw_escapes else ""
        piece = kept + self._next()
        if words:
            words.add(piece)
        return piece

    def _single(self) -> str:
        start = self._position + 1
        end = self._text.find("'", start)
        if end < 0:
            raise BadSubstitution("a single quote is missing")
        self._position = end + 1
        return self._text[start - 1 : end + 1] if self._raw_quotes else self._text[start:end]

    def _double(self) -> str:
        quote = self._next() if self._raw_quotes else self._next()[:0]
        text, result = self._text, [quote]
        while self._position < len(text):
            plain = self._double_quoted.match(text, self._position)
            if plain:
                self._position = plain.end()
                result.append(plain[0])
                continue
            character = text[self._position]
            if character == "$":
                result.append(self._dollar())
                continue
            self._position += 1
            if character == '"':
                return "".join((*result, quote))
            if self._raw_escapes:
                result.append(character)
            following = self._peek()
            if following and following in ('"', "$", self._escape):
                self._position += 1
                character = following
            result.append(character)
        raise BadSubstitution("a double quote is missing")

    def _dollar(self) -> str:
        self._position += 1
        if self._peek() != "{":
            name = self._name()
            return self._plain_value(name, f"${name}") if name else "$"
        self._position += 1
        if self._peek() in ("", "{", "}", ":"):
            raise BadSubstitution("bad substitution")
        name = self._name()
        operator = self._next()
        if operator == "}":
            return self._plain_value(name, f"${{{name}}}")
        if operator == "/":
            return self._replaced(name)
        colon = ""
        if operator == ":":
            colon, operator = operator, self._next()
        elif operator not in ("+", "-", "?", "#", "%"):
            raise BadSubstitution("bad substitution")
        word = self._until("}", None, raw_escapes=operator in ("#", "%"))
        if self._keep_unset:
            return f"${{{name}{colon}{operator}{word}}}"
        return self._modified(name, colon, operator, word)

    def _plain_value(self, name: str, written: str) -> str:
        if self._keep_unset:
            return written
        value = self._lookup(name)
        if value is None:
            self.unknown = True
        return value or ""

    def _modified(self, name: str, colon: str, operator: str, word: str) -> str:
        value = self._lookup(name)
        is_set = value is not None and not (colon and value == "")
        if operator == "-":
            return value or "" if is_set else word
        if operator == "+":
            return word if is_set else ""
        if operator == "?" and not is_set:
            self.unknown = True
            return ""
        if operator not in ("?", "#", "%"):
            raise BadSubstitution("unsupported modifier")
        if value is None:
            self.unknown = True
            return ""
        if operator == "?":
            return value
        longest = word.startswith(operator)
        pattern = _pattern(word[longest:])
        if operator == "#":
            end = _matched(pattern, value, 0, longest=longest)
            return value[max(0, end) :]
        end = _matched(pattern[::-1], value[::-1], 0, longest=longest)
        return value[: len(value) - max(0, end)]

    def _replaced(self, name: str) -> str:
        every = self._peek() == "/"
        self._position += every
        pattern = self._until("/", None, raw_escapes=True)
        replacement = self._until("}", None, raw_escapes=True)
        if self._keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        value = self._lookup(name)
        if value is None:
            self.unknown = True
            return ""
        return _replace(_pattern(pattern), replacement, value, every=every)

    def _name(self) -> str:
        text, start = self._text, self._position
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._position += 1
        elif first and first in _SPECIAL_NAMES:
            self._position += 1
        else:
            end, size = start, len(text)
            while end < size and (text[end] == "_" or text[end].isalpha() or text[end].isdecimal()):
                end += 1
            self._position = end
        return text[start : self._position]


class _Words:
    """The words of a text, as they come."""

    __slots__ = ("_done", "_word")

    def __init__(self) -> None:
        self._word: list[str] = []
        self._done: list[str] = []

    def add(self, piece: str) -> None:
        if piece:
            self._word.append(piece)

    def add_split(self, piece: str) -> None:
        for number, part in enumerate(_SPACE_RUN.split(piece)):
            if number % 2:
                self.finish()
            else:
                self.add(part)

    def finish(self) -> list[str]:
        if self._word:
            self._done.append("".join(self._word))
            self._word = []
        return self._done


ANY, MANY = "?", "*"
"""A pattern is a list of these wildcards and of literal characters in tuples."""


def _pattern(text: str) -> list[object]:
    pattern: list[object] = []
    characters = iter(text)
    for character in characters:
        if character == "\\":
            literal = next(characters, "")
            if literal not in ("*", "?", "\\", "}", "/"):
                raise BadSubstitution("invalid escape in a pattern")
            pattern.append((literal,))
        else:
            pattern.append(character if character in (ANY, MANY) else (character,))
    if len(pattern) > 1000:
        raise BadSubstitution("the pattern is too long")
    return pattern


def _masks(pattern: list[object]) -> tuple[dict[str, int], int, int]:
    """For each character the pattern's places that take it, the places of `?`, and those of `*`: as bits."""
    literals: dict[str, int] = {}
    single = many = 0
    for number, item in enumerate(pattern):
        if item == MANY:
            many |= 1 << number
        elif item == ANY:
            single |= 1 << number
        else:
            literal = item[0]  # type: ignore[index]  # else a tuple
            literals[literal] = literals.get(literal, 0) | 1 << number
    return literals, single, many


def _skip_many(states: int, many: int) -> int:
    while skipped := ((states & many) << 1) & ~states:
        states |= skipped
    return states


def _matched(pattern: list[object], value: str, start: int, *, longest: bool, steps: list[int] | None = None) -> int:
    """Where the shortest or longest match at `start` ends; -1 for none. All ways to match are followed at once, one bit each."""
    literals, single, many = _masks(pattern)
    final = 1 << len(pattern)
    states, found, steps = _skip_many(1, many), -1, steps or [_STEPS]
    for position in range(start, len(value) + 1):
        if states & final:
            found = position
            if not longest:
                break
        if not states or position == len(value):
            break
        steps[0] -= 1 + len(pattern) // 64
        if steps[0] < 0:
            raise BadSubstitution("the pattern takes too long")
        taken = states & (literals.get(value[position], 0) | single)
        states = _skip_many(taken << 1 | states & many, many)
    return found


def _replace(pattern: list[object], replacement: str, value: str, *, every: bool) -> str:
    if not pattern:
        return value
    result, position, steps, size = [], 0, [_STEPS], 0
    while position < len(value):
        end = _matched(pattern, value, position, longest=True, steps=steps)
        if end > position:
            result.append(replacement)
            size += len(replacement)
            position = end
            if not every:
                break
        else:
            result.append(value[position])
            position += 1
        if size > VALUE_LIMIT:
            raise BadSubstitution("the value grows too long")
    return "".join(result) + value[position:]


def expand(text: str, variables: Mapping[str, str | None], escape: str = "\\") -> str:
    """The text with its quotes removed and its variables replaced, as the builder does it; what is not set is empty.

    Text that a builder refuses, or that grows beyond `VALUE_LIMIT`, comes back as it is, cut to that length.
    """
    try:
        return Expander(variables.get, escape).expand(text)
    except BadSubstitution:
        return text[:VALUE_LIMIT]


def resolve(text: str, variables: Mapping[str, str | None], escape: str = "\\") -> str | None:
    """As `expand`; None where the result depends on a variable without a known value, or where there is none.

    A variable that is not in `variables` may come from the base image, so that no default is taken for it; one whose value is None was
    declared without a value.
    """
    foreign = False

    def lookup(name: str) -> str | None:
        nonlocal foreign
        if name not in variables:
            foreign = True
        return variables.get(name)

    expander = Expander(lookup, escape)
    try:
        value = expander.expand(text)
    except BadSubstitution:
        return None
    return None if foreign or expander.unknown else value


def heredoc_words(line: str) -> list[str]:
    """The words of a line among which here-documents are looked for: quotes and escapes as written; none where a quote is missing."""
    try:
        return Expander(_NONE_SET.get, raw_quotes=True, keep_unset=True, limit=len(line) * 4).split(line, raw_escapes=True)
    except BadSubstitution:
        return []


def heredoc_name(delimiter: str) -> tuple[str, bool] | None:
    """The name that ends a here-document, and whether variables in it are replaced; None for what is no single word. Raises BadSubstitution."""
    limit = len(delimiter) * 4
    words = Expander(_NONE_SET.get, keep_unset=True, limit=limit).split(delimiter)
    if len(words) != 1:
        return None
    raw = Expander(_NONE_SET.get, raw_quotes=True, keep_unset=True, limit=limit).split(delimiter)
    if len(raw) != 1:
        raise BadSubstitution("a delimiter that changes with its quotes")
    return words[0], all(words[0].count(quote) == raw[0].count(quote) for quote in "'\"")
