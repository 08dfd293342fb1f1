"""Leaves out of a file the functions, methods and classes that cannot matter, so that the parser sees a fraction of a large module.

What stands at the left margin always stays: imports, constants, calls; so does what stands beside the methods of a class. Positions do not change,
since the text knows where each of its pieces comes from.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL = 6000
"""Bytes of a file that is read as a whole."""
_ROUNDS = 4
_CALLERS = 200
_EXAMPLES = 100
_QUOTES = (b'"""', b"'''")
_BASES = Pattern(rb"class[ \t][^\r\n(]{1,200}\(([^\r\n)]{1,500})")
_WORD = Pattern(rb"[^\W\d]\w*")
_METHOD = Pattern(rb"^([ \t]{1,16})(?:@|def[ \t]|async[ \t])", 8)


class _Block(NamedTuple):
    """A definition with its decorators, from its first line to the next line that is indented as it is."""

    start: int
    end: int
    name: bytes
    is_class: bool


def relevant_blocks(data: bytes, places: Sequence[int], *, callers: bool = False) -> MappedText | None:
    """The text without the definitions that hold none of these places; None where little is gained, or where definitions cannot be told from strings.

    With `callers`, what calls a function that stays, stays too.
    """
    if len(data) < SMALL:
        return None
    left_out: list[_Block] = []
    kept = _kept(data, _blocks(data, 0, len(data), b""), places, callers, left_out)
    for block in kept:
        if block.is_class and block.end - block.start > SMALL:
            # An example in its docstring may be indented more.
            indent = min((match[1] for match in islice(_METHOD.finditer(data, block.start, block.end), _EXAMPLES)), key=len, default=b"")
            methods: list[_Block] = []
            if indent and not _kept(data, _blocks(data, block.start, block.end, indent), places, callers, methods):
                methods = methods[1:]  # its body must not be empty
            left_out += methods
    # One that ends in the middle of a string stays.
    left_out = [block for block in left_out if not any(data.count(quotes, block.start, block.end) % 2 for quotes in _QUOTES)]
    if sum(block.end - block.start for block in left_out) * 4 < len(data):
        return None
    pieces, position = [], 0
    for block in sorted(left_out):
        pieces.append((data[position : block.start], position))
        position = block.end
    pieces.append((data[position:], position))
    return MappedText.join(pieces)


def _kept(data: bytes, blocks: Sequence[_Block], places: Sequence[int], callers: bool, left_out: list[_Block]) -> set[_Block]:
    """Those that stay; the others are added to `left_out`."""
    kept = {block for block in blocks if _holds(places, block)}
    others = [block for block in blocks if block not in kept]
    for _ in range(_ROUNDS):
        names = {block.name for block in kept}
        more = {block for block in others if block.is_class and _bases(data, block) & names}  # a class may get its methods from one that stays
        if callers:
            calls = [name + b"(" for name in names if name][:_CALLERS]
            more |= {block for block in others if any(data.find(call, block.start, block.end) >= 0 for call in calls)}
        if not more:
            break
        kept |= more
        others = [block for block in others if block not in more]
    left_out += others
    return kept


def _holds(places: Sequence[int], block: _Block) -> bool:
    first = bisect_left(places, block.start)
    return first < len(places) and places[first] < block.end


def _blocks(data: bytes, start: int, end: int, indent: bytes) -> list[_Block]:
    found, position = [], start
    for match in _pattern(indent).finditer(data, start, end):
        found.append(_Block(_first_decorator(data, position, match.start(), indent), match.end(), match[2].strip(), match[1] == b"class"))
        position = match.end()
    return found


@lru_cache(maxsize=32)
def _pattern(indent: bytes) -> Pattern[bytes]:
    """A definition with that indentation, as far as lines are indented more, empty or comments; a line that closes its brackets belongs to it."""
    line = rb"(?:%s[ \t)\]}][^\n]*|[ \t]*#[^\n]*|[ \t]*\r?)" % indent
    return Pattern(
        rb"^%s(def|class|async[ \t]+def)[ \t]([^\r\n(:]{0,200})[^\r\n]*(?:\r?\n|\Z)(?:%s\n)*(?:%s[ \t)\]}][^\n]*\Z)?" % (indent, line, indent),
        8,  # re.MULTILINE
    )


def _first_decorator(data: bytes, start: int, end: int, indent: bytes) -> int:
    """Where the decorators begin that end at `end`, which may go over several lines; `end` without any."""
    found, size = end, len(indent)
    while start < end:
        line = data[start : start + size + 1]
        if line[size:] == b"@" and line.startswith(indent):
            found = min(found, start)
        elif not (line.startswith(indent) and line[size:] in _INSIDE) and line.lstrip()[:1] not in (b"", b"#"):
            found = end
        start = data.find(b"\n", start, end) + 1 or end
    return found


_INSIDE = (b" ", b"\t", b")", b"]", b"}", b"\r", b"\n")


def _bases(data: bytes, block: _Block) -> set[bytes]:
    match = _BASES.search(data, block.start, min(block.end, block.start + 2000))
    return set(_WORD.findall(match[1])) if match is not None else set()
