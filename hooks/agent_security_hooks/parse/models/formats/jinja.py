"""Jinja in tokens: the tags of a template, the texts in them as they come out, and what is looked up by which name.

Source: https://jinja.palletsprojects.com/en/stable/templates/ and jinja2/lexer.py.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.models.blob import NotRead
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TOKENS = 200_000
"""Tokens of one template that are read."""

_BUILDERS = frozenset("join format replace reverse lower upper first last string list batch slice trim title capitalize truncate urlize indent".split())
"""Filters that make a text of others."""

_OPEN = Pattern(r"\{(?:\{|%|#)[-+]?")
_RAW = Pattern(r"[ \t\r\n]{0,50}raw[ \t\r\n]{0,50}[-+]?%\}")
_END_RAW = Pattern(r"\{%[-+]?[ \t\r\n]{0,50}endraw[ \t\r\n]{0,50}[-+]?%\}")
_TOKEN = Pattern(
    r"""(?P<blank>[ \t\r\n\f\v]+)|(?P<name>[^\W\d]\w*)|(?P<string>'[^'\\]*(?:\\.[^'\\]*)*(?:'|\Z|\\\Z)|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z|\\\Z))|"""
    r"(?P<number>[0-9][0-9_]*)|(?P<mark>.)",
    16,  # re.DOTALL
)
_ESCAPE = Pattern(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(\n)|(.))", 16)
_BEFORE_LOOKUP = frozenset("])}")
_WORDS = frozenset("in not and or is if else for set elif with import from include return block call filter macro do print".split())
_LONGEST = 4096
_REVERSED = ("[", ":", ":", "-", "1", "]")
_CHANGES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "trim": str.strip, "strip": str.strip, "reverse": lambda text: text[::-1]}


class Token(NamedTuple):
    """`kind` is "name", "string" (its `text` without quotes and escapes), "number" or "mark"; offsets are characters of the template."""

    kind: str
    text: str
    start: int
    end: int


class Constant(NamedTuple):
    """A text, as it is written or as what is done with it makes it. `plain` where it stands there letter by letter."""

    text: str
    position: int
    plain: bool


class Lookup(NamedTuple):
    """A name by which an attribute or element is looked up, and the token where; `odd` where `.name` or `['name']` would do."""

    name: str
    position: int
    odd: bool


class Tag:
    """What stands between `{{` and `}}` or `{%` and `%}`, blanks left out; there is at least one token."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.start, self.end = tokens[0].start, tokens[-1].end
        self.constants = list(_constants(tokens))
        self._closings: dict[int, int] = {}
        self._lookups: list[tuple[int, bool]] = []  # the brackets of lookups, and whether they are those of the filter `attr`
        self._inside = self._nest()

    def _nest(self) -> list[int]:
        """For each token the innermost lookup that it is in, -1 for none."""
        inside, open_brackets, lookup = list[int](), list[tuple[int, int]](), -1
        for index, token in enumerate(self.tokens):
            if token.kind == "mark" and token.text in "([{":
                open_brackets.append((index, lookup))
                if token.text == "[" and index and _is_value(self.tokens[index - 1]):
                    self._lookups.append((index, False))
                    lookup = index
                elif token.text == "(" and index > 1 and self.tokens[index - 1].text == "attr" and self.tokens[index - 2].text == "|":
                    self._lookups.append((index, True))
                    lookup = index
            elif token.kind == "mark" and token.text in ")]}" and open_brackets:
                opening, lookup = open_brackets.pop()
                self._closings[opening] = index
            inside.append(lookup)
        return inside

    def is_called(self, position: int) -> bool:
        """Whether what is looked up at a token is called there."""
        end = self._closings.get(position, position) + 1
        return end < len(self.tokens) and self.tokens[end].text == "("

    def lookups(self) -> Iterator[Lookup]:
        """What is looked up by a name that is known."""
        tokens = self.tokens
        for index, token in enumerate(tokens):
            if token.kind != "name" or not index:
                continue
            if tokens[index - 1].text == "." and tokens[index - 1].kind == "mark":
                yield Lookup(token.text, index, odd=False)
            elif token.text == "attribute" and index + 2 < len(tokens) and tokens[index + 1].text == "=":
                yield from (Lookup(part, index, odd=False) for part in tokens[index + 2].text.split(".", 16))
        for constant in self.constants:
            position = self._inside[constant.position]
            if position >= 0:
                yield Lookup(constant.text, position, odd=not constant.plain or tokens[position].text == "(")

    def computed(self, pieces: int, *, chat: bool = True) -> Iterator[tuple[bool, bool]]:
        """For each lookup by what is no plain text: whether it is the filter `attr`, and whether one of Python's names may come of it.

        `pieces` says what has been seen before: 2 a piece of such a name, 1 an underscore by itself. Other templates than those of a `chat` may
        well have names such as `role__variable`.
        """
        if not self._lookups:
            return
        tokens = self.tokens
        built = _sums(token.kind == "mark" and token.text in "~%*" for token in tokens)
        filters = _sums(
            token.kind == "name" and index > 0 and tokens[index - 1].text in ("|", ".") and token.text in _BUILDERS for index, token in enumerate(tokens)
        )
        texts = _sums(token.kind == "string" for token in tokens)
        joints = _sums(token.text in ("~", "+") for token in tokens)
        named = _sums(_mentions(token, anywhere=chat) for token in tokens)
        lines = _sums(token.kind == "string" and token.text == "_" for token in tokens)
        for opening, is_attr in self._lookups:
            first, last = opening + 1, self._closings.get(opening, len(tokens))
            if last <= first or (last == first + 1 and tokens[first].kind == "string"):
                continue

            def count(sums: list[int], first: int = first, last: int = last) -> int:
                return sums[last] - sums[first]

            is_built = bool(count(built) or count(filters) or (count(joints) and count(texts)))
            telling = count(named) or pieces > 1 or (pieces and count(joints) > 2)
            if is_attr:
                telling = telling or count(lines) or (tokens[first].kind != "string" and named[-1])
                is_built = is_built or tokens[first].kind != "string"
            yield is_attr, bool(is_built and telling)


def _sums(values: Iterator[bool]) -> list[int]:
    return list(accumulate(values, initial=0))


def _mentions(token: Token, *, anywhere: bool) -> bool:
    """Whether a token may be a piece of one of Python's names: two underscores (at its begin or `anywhere`), or `_` written as a number."""
    if token.kind == "string":
        return token.text.startswith("__") or "%c" in token.text or (anywhere and "__" in token.text)
    return token.kind == "number" and token.text == "95"


def _is_value(token: Token) -> bool:
    """Whether a bracket after this looks something up in it."""
    return (token.kind == "name" and token.text not in _WORDS) or token.kind == "string" or (token.kind == "mark" and token.text in _BEFORE_LOOKUP)


def read_tags(text: str) -> Iterator[Tag]:
    """The tags of a template that hold something; comments and raw blocks are passed over. Raises NotRead when there are too many tokens."""
    position, left = 0, TOKENS
    while opening := _OPEN.search(text, position):
        position = opening.end()
        kind = opening[0][1]
        if kind == "#":
            position = text.find("#}", position)
            if position < 0:
                return
            continue
        if kind == "%" and (raw := _RAW.match(text, position)):
            end_raw = _END_RAW.search(text, raw.end())
            if not end_raw:
                return
            position = end_raw.end()
            continue
        tokens, position = _read_tag(text, position, "}" if kind == "{" else "%", left)
        left -= len(tokens)
        if tokens:
            yield Tag(tokens)


def _read_tag(text: str, position: int, closing: str, left: int) -> tuple[list[Token], int]:
    """The tokens up to the end of a tag, which is none inside of brackets, and where it ends."""
    tokens, depth = list[Token](), 0
    for match in _TOKEN.finditer(text, position):
        kind, found = match.lastgroup or "", match[0]
        if kind == "blank":
            continue
        if kind == "mark":
            if depth <= 0 and found == closing and text.startswith("}", match.end()):
                return tokens, match.end() + 1
            depth += (found in "([{") - (found in ")]}")
        if len(tokens) >= left:
            raise NotRead(f"a template has more than {TOKENS:,} tokens")
        tokens.append(Token(kind, _unescape(found) if kind == "string" else found, match.start(), match.end()))
    return tokens, len(text)


def _unescape(literal: str) -> str:
    """The text of a literal."""
    inner = literal[1:-1] if len(literal) > 1 and literal[-1] == literal[0] else literal[1:]
    return _ESCAPE.sub(_character, inner) if "\\" in inner else inner


def _character(match: object) -> str:
    two, four, eight, octal, line, other = match.groups()  # type: ignore[attr-defined]
    if line is not None:
        return ""
    if other is not None:
        return "\\" + str(other)
    code = int(octal, 8) if octal else int(two or four or eight, 16)
    return chr(code) if code < 0x110000 else ""


def _constants(tokens: Sequence[Token]) -> Iterator[Constant]:
    """Texts as they are written, and what becomes of them: put together by `~` or `+`, changed by `replace`, `lower`, `[::-1]` ..."""
    index = 0
    while index < len(tokens):
        token, position = tokens[index], index
        index += 1
        if token.kind != "string":
            continue
        yield Constant(token.text, position, plain=_is_plain(token))
        made, changed, index = _change(tokens, token.text, index)
        while (step := _joint(tokens, index)) is not None:
            part = tokens[index + step]
            yield Constant(part.text, index + step, plain=_is_plain(part))
            text, _, index = _change(tokens, part.text, index + step + 1)
            made = made + text if len(made) < _LONGEST else made
            changed = True
        if changed:
            yield Constant(made, position, plain=False)


def _is_plain(token: Token) -> bool:
    return token.end - token.start == len(token.text) + 2


def _joint(tokens: Sequence[Token], index: int) -> int | None:
    """How many tokens lie between a text and the one that is put to it; adjacent texts are one. None where there is no such."""
    if index < len(tokens) and tokens[index].kind == "string":
        return 0
    return 1 if index + 1 < len(tokens) and tokens[index].text in ("~", "+") and tokens[index + 1].kind == "string" else None


def _change(tokens: Sequence[Token], text: str, index: int) -> tuple[str, bool, int]:
    """A text after the filters and methods that follow it, whether there are any, and where they end."""
    begin = index
    while index + 1 < len(tokens) and tokens[index].kind == "mark":
        word = tokens[index + 1].text
        arguments = [token.text for token in tokens[index + 2 : index + 7]]
        if tuple(token.text for token in tokens[index : index + 6]) == _REVERSED:
            text, index = text[::-1], index + 6
        elif tokens[index].text not in "|.":
            break
        elif word == "replace" and len(arguments) == 5 and (arguments[0], arguments[2], arguments[4]) == ("(", ",", ")"):
            text, index = (text.replace(arguments[1], arguments[3]) if arguments[1] else text)[:_LONGEST], index + 7
        elif word in _CHANGES:
            text, index = _CHANGES[word](text), index + (4 if arguments[:2] == ["(", ")"] else 2)
        else:
            break
    return text, index > begin, index
