"""Proof that edits of a YAML file changed what they were meant to and nothing else, by a parser other than the one that found their places.

Both texts are read with ruamel.yaml (YAML 1.2) and their trees are compared: a value may differ only where an edit touches it, and a key or an item may
come or go only where an edit writes or removes it as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE_LIMIT = 200_000
"""Bytes of a file that is compared; the other parser is written in Python."""

_ENDINGS = (".yml", ".yaml")


class _Value(NamedTuple):
    """A value and its range in characters. `last`: where the last thing in it ends, or begins if that is a block scalar. `parts`: items, or keys and values in turn."""

    kind: str
    content: tuple[str, str, str]
    start: int
    end: int
    last: int
    parts: tuple[_Value, ...] = ()


class Unproved(Exception):
    """The texts cannot be compared; the text says why, quoting nothing of them."""


def is_yaml(path: str) -> bool:
    """Whether a file of this path is YAML by its ending."""
    return path.lower().endswith(_ENDINGS)


def unintended_change(old: bytes, edits: Sequence[tuple[int, int, bytes]]) -> str:
    """What else would change in a YAML file; "" when nothing. `edits`: (start, end, replacement) in order, offsets in bytes.

    A file that cannot be compared counts as one in which something else changes.
    """
    pieces: list[bytes] = []
    before: list[tuple[int, int]] = []
    after: list[tuple[int, int]] = []
    position = size = 0
    for start, end, replacement in edits:
        pieces += (old[position:start], replacement)
        size += start - position
        before.append((start, end))
        after.append((size, size + len(replacement)))
        size += len(replacement)
        position = end
    pieces.append(old[position:])
    try:
        first, second = _read(old), _read(b"".join(pieces))
    except Unproved as reason:
        return str(reason)
    touched = _Touched(_in_characters(old, before)), _Touched(_in_characters(b"".join(pieces), after))
    return "" if _same(first, second, *touched) else "it would change more of the file than it should"


def _in_characters(data: bytes, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found, offset, characters = [], 0, 0
    for start, end in ranges:
        characters += len(data[offset:start].decode("utf-8", "replace"))
        width = len(data[start:end].decode("utf-8", "replace"))
        found.append((characters, characters + width))
        offset, characters = end, characters + width
    return found


class _Touched:
    """The ranges of a text that edits replace or have written."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self.ranges = ranges

    def meet(self, value: _Value) -> bool:
        """Whether an edit touches the value; what stands right before or after it does not, unless the value is empty."""
        if value.start == value.end:
            return any(start <= value.start <= end for start, end in self.ranges)
        return any(start < value.end and value.start < end or value.start < start == end < value.end for start, end in self.ranges)

    def hold(self, *values: _Value) -> bool:
        """Whether one edit covers the values from the start of the first to where the last thing in them begins."""
        return any(start <= values[0].start and max(value.last for value in values) <= end and start < end for start, end in self.ranges)


def _same(old: _Value, new: _Value, removed: _Touched, added: _Touched) -> bool:
    waiting = [(old, new)]
    while waiting:
        one, other = waiting.pop()
        if one.kind != other.kind or one.content != other.content:
            if not (removed.meet(one) and added.meet(other)) or (one.parts or other.parts) and not (removed.hold(one) or added.hold(other)):
                return False
            continue
        width = 2 if one.kind == "map" else 1
        ours = [one.parts[at : at + width] for at in range(0, len(one.parts), width)]
        theirs = [other.parts[at : at + width] for at in range(0, len(other.parts), width)]
        if len(ours) != len(theirs):
            ours = [group for group in ours if not removed.hold(*group)]
            theirs = [group for group in theirs if not added.hold(*group)]
        if len(ours) != len(theirs):
            return False
        waiting += [pair for left, right in zip(ours, theirs) for pair in zip(left, right)]
    return True


def _read(data: bytes) -> _Value:
    """All documents of a text as one list."""
    if len(data) > SIZE_LIMIT:
        raise Unproved(f"it is larger than {SIZE_LIMIT // 1000} kB, too large to prove that nothing else changes")
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    open_parts: list[list[_Value]] = [[]]
    open_starts: list[tuple[str, tuple[str, str, str], int]] = []
    try:
        for event in YAML(typ="rt", pure=True).parse(data.decode("utf-8")):
            kind = type(event).__name__.removesuffix("Event")
            start, end = event.start_mark.index, event.end_mark.index
            if kind in ("MappingStart", "SequenceStart"):
                open_starts.append(("map" if kind == "MappingStart" else "list", (str(event.tag), str(event.anchor), ""), start))
                open_parts.append([])
            elif kind in ("MappingEnd", "SequenceEnd"):
                parts = tuple(open_parts.pop())
                name, content, begin = open_starts.pop()
                open_parts[-1].append(_Value(name, content, begin, end, max([begin, *(part.last for part in parts)]), parts))
            elif kind == "Scalar":
                block = event.style in ("|", ">")  # its end mark is where the next thing begins
                content = (str(event.tag), str(event.anchor), event.value)
                open_parts[-1].append(_Value("plain" if event.style is None else "string", content, start, end, start if block else end))
            elif kind == "Alias":
                open_parts[-1].append(_Value("alias", ("", str(event.anchor), ""), start, end, end))
    except (YAMLError, UnicodeDecodeError, ValueError, RecursionError, AttributeError, IndexError):
        raise Unproved("another YAML parser does not read the file") from None
    return _Value("list", ("", "", ""), 0, len(data), len(data), tuple(open_parts[0]))
