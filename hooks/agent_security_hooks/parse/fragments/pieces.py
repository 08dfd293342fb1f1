"""Pieces of files that the readers of all kinds need: text without carriage returns or indentation, joined lines, words, masks."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

REPLACED = 20_000
"""A text with more things to replace than this is left as it is."""
_RUNS = 100_000
"""A text with more lines than this is not taken apart: each line would need a place of its own."""


def cut_lines(data: bytes, start: int, end: int) -> MappedText:
    """A piece of a file whose lines end at LF alone."""
    return drop_returns(MappedText.cut(data, start, end))


def drop_returns(text: MappedText) -> MappedText:
    """A text whose lines end at LF alone."""
    data = text.data
    if b"\r\n" not in data:
        return text
    if data.count(b"\r\n") > _RUNS:
        return MappedText(data.replace(b"\r\n", b" \n"), text.starts, text.places)
    return MappedText.join(_without_returns(text))


def _without_returns(text: MappedText) -> Iterator[tuple[bytes, int]]:
    data, start = text.data, 0
    while (found := data.find(b"\r\n", start)) >= 0:
        yield from parts_of(text.slice(start, found))
        start = found + 1
    yield from parts_of(text.slice(start, len(data)))


def parts_of(text: MappedText) -> Iterator[tuple[bytes, int]]:
    """The runs of a text as `MappedText.join` takes them."""
    ends = [*text.starts[1:], len(text.data)]
    for start, end, place in zip(text.starts, ends, text.places):
        yield text.data[start:end], place


def join_texts(texts: Iterable[MappedText], separator: bytes = b"\n") -> MappedText:
    """Texts with a separator after each that does not end with it; the separator has the place of the end of the text before it."""
    parts: list[tuple[bytes, int]] = []
    for text in texts:
        parts += parts_of(text)
        if not text.data.endswith(separator):
            parts.append((separator, text.place(len(text.data))))
    return MappedText.join(parts)


def rebase(inner: MappedText, outer: MappedText) -> MappedText:
    """A text whose places are offsets into another text, with offsets into that one's file instead."""
    parts: list[tuple[bytes, int]] = []
    for piece, start in parts_of(inner):
        position = 0
        for under, place in parts_of(outer.slice(start, start + len(piece))):
            parts.append((piece[position : position + len(under)], place))
            position += len(under)
        parts.append((piece[position:], outer.place(len(outer.data))))
    return MappedText.join(parts)


def replace_with(text: MappedText, spans: Sequence[tuple[int, int, bytes]]) -> MappedText:
    """A text with pieces replaced by others of the same length: (start, end, replacement) in order."""
    if not spans:
        return text
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in spans:
        pieces += (text.data[position:start], replacement)
        position = end
    pieces.append(text.data[position:])
    return MappedText(b"".join(pieces), text.starts, text.places)


MASK = b"_"


def mask_spans(text: MappedText, spans: Iterable[tuple[int, int]]) -> MappedText:
    """A text with underscores, a plain word for every shell, in place of those pieces."""
    return replace_with(text, [(start, end, MASK * (end - start)) for start, end in spans])


def is_masked(word: str) -> bool:
    """Whether a word holds (or may hold) a piece that the format replaces before a shell sees it, so that its text is not known."""
    return "___" in word


def mask_between(text: MappedText, opening: bytes, closing: bytes) -> MappedText:
    """A text without what stands between two marks, marks included; an opening one without a closing one is left."""
    data, spans, position = text.data, [], 0
    while (start := data.find(opening, position)) >= 0:
        end = data.find(closing, start + len(opening))
        if end < 0:
            break
        position = end + len(closing)
        spans.append((start, position))
    return mask_spans(text, spans)


_TEMPLATE_TAG = Pattern(rb"\{\{[^{}\r\n]{0,300}\}\}|\{%[^%\r\n]{0,300}%\}|\{#[^#\r\n]{0,300}#\}")


def blank_template(data: bytes) -> bytes:
    """A template of Jinja without its tags, as long as before: underscores for values, blanks for the rest."""
    pieces: list[bytes] = []
    position = 0
    for match in _TEMPLATE_TAG.finditer(data):
        filler = MASK if match[0].startswith(b"{{") else b" "
        pieces += (data[position : match.start()], filler * (match.end() - match.start()))
        position = match.end()
    return b"".join((*pieces, data[position:]))


_NEXT_IN_EXPRESSION = Pattern(rb"'|\}\}")


def mask_expressions(text: MappedText) -> MappedText:
    """A text without the `${{ x }}` of GitHub and Azure, whose strings `'it''s }}'` may hold what ends one.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
    """
    data, spans, position, unclosed = text.data, [], 0, False
    while (start := data.find(b"${{", position)) >= 0:
        end = -1 if unclosed else expression_end(data, start + 3)
        if end < 0:
            unclosed = True  # a quote that nothing closes: from here on, quotes say nothing
            end = data.find(b"}}", start + 3) + 2
            if end < 2:
                break
        spans.append((start, end))
        position = end
    return mask_spans(text, spans)


def expression_end(data: bytes, position: int) -> int:
    """After the `}}` that ends a `${{ x }}` whose inside begins at `position`; -1 when none does."""
    while (found := _NEXT_IN_EXPRESSION.search(data, position)) is not None:
        if found[0] == b"}}":
            return found.end()
        position = data.find(b"'", found.end()) + 1
        if position == 0:
            break
    return -1


_WORDS = 20_000
_WORD_PIECE = Pattern(rb"(?s)(?P<space>[ \t\r\n]+)|'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.){0,10000})\"|\\(?P<escaped>.)|(?P<plain>[^ \t\r\n'\"\\]+|.)")
_DOUBLE_ESCAPE = Pattern(rb"\\([\"\\$`])")


def split_words(text: MappedText) -> tuple[MappedText, ...]:
    """The words of a command line that is split as a shell would split it, but never expanded or run by one; the first 20,000 pieces count."""
    words: list[list[tuple[int, int]]] = []
    within = False
    for match in islice(_WORD_PIECE.finditer(text.data), _WORDS):
        kind = match.lastgroup or ""
        if kind == "space":
            within = False
            continue
        if not within:
            words.append([])
            within = True
        start, end = match.span(kind)
        if kind == "double":
            for escape in _DOUBLE_ESCAPE.finditer(text.data, start, end):
                words[-1].append((start, escape.start()))
                start = escape.start(1)
        words[-1].append((start, end))
    return tuple(MappedText.join(part for start, end in spans if end > start for part in parts_of(text.slice(start, end))) for spans in words)
