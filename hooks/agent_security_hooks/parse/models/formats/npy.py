"""Arrays of NumPy: those with Python objects in them are pickles with a header before.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (versions 1.0, 2.0 and 3.0).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import Blob, Concern, NotRead, Window
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Budget, Step

_HEADER = 1 << 18
_DEPTH = 16
_LARGE = 64 << 20
"""Bytes of memory that are worth a word: an array that is cut off is broken and no more."""
_TOKEN = Pattern(r"""[ \t\r\n\f]*(?:'[^'\\\n]*'|"[^"\\\n]*"|(?P<number>[0-9]{1,20})[lL]?|(?P<open>[\[({])|(?P<close>[\])}])|[,:]|True|False|None)""")
_TYPE = Pattern(r"(?:\([0-9, ]*\)|[0-9]+)?[<>=|!]?(?P<kind>object_?\b|[?a-zA-Z])(?P<size>[0-9]{0,10})")
_UNITS = {"U": 4, "S": 1, "a": 1, "V": 1}


def inspect_npy(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector; hands on the pickle that an array of objects is."""
    content = blob.content
    start = content.read(0, 12)
    if start[:6] != b"\x93NUMPY" or len(start) < 10 or start[6] not in (1, 2, 3):
        raise NotRead("its NumPy header is of no known version")
    width = 2 if start[6] == 1 else 4
    length, begin = int.from_bytes(start[8 : 8 + width], "little"), 8 + width
    if length > content.size - begin and length <= _HEADER:
        raise NotRead("its NumPy header goes on beyond the end of the file")
    if length > content.size - begin:
        yield Concern("expansion-bomb", f"its header is said to have {length:,} bytes; the file ends after {max(0, content.size - begin):,}")
        return
    if length > _HEADER:
        raise NotRead(f"its NumPy header has {length:,} bytes; at most {_HEADER:,} are read")
    text = content.read(begin, length).decode("utf-8" if start[6] == 3 else "latin-1", "replace")
    header = _evaluate(text)
    if not isinstance(header, dict) or "descr" not in header:
        raise NotRead("its NumPy header is not a plain dictionary")
    data = begin + length
    size, has_objects = _measure(header["descr"])
    if has_objects:
        yield Concern("object-array", "holds Python objects: `np.load(..., allow_pickle=True)` unpickles it")
        yield Blob(Window(content, data, content.size - data), blob.path, "", blob.depth + 1, "pickle")
        return
    for count in header["shape"] if isinstance(header.get("shape"), tuple) else ():
        size *= count if isinstance(count, int) else 1
        if size > 1 << 80:
            break
    if size > max(content.size - data, _LARGE):
        told = f"{size:,}" if size < 1 << 62 else "more than 4 exabytes"
        yield Concern("expansion-bomb", f"its array is said to take {told} bytes; the file holds {content.size - data:,}")


def _evaluate(text: str) -> object:
    """The value of a literal of few kinds: no operators, no calls, little nesting. None for anything else."""
    position, depth, parts = 0, 0, list[str]()
    end = len(text.rstrip(" \t\r\n\f\0"))
    while position < end:
        match = _TOKEN.match(text, position, end)
        if not match:
            return None
        depth += bool(match["open"]) - bool(match["close"])
        if not 0 <= depth <= _DEPTH:
            return None
        number = match["number"]
        parts.append(str(int(number)) if number else match[0].strip())  # Python 2 wrote `10L`
        position = match.end()
    try:
        return ast.literal_eval(" ".join(parts))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _measure(kind: object) -> tuple[int, bool]:
    """Bytes of an element, as far as known, and whether it holds objects."""
    if isinstance(kind, str):
        return _measure_text(kind)
    if isinstance(kind, tuple) and len(kind) == 2:
        size, has_objects = _measure(kind[0])
        return size * _count(kind[1]), has_objects
    size, has_objects = 0, False
    for field in kind if isinstance(kind, list) else ():
        if isinstance(field, tuple) and len(field) >= 2:
            inner, objects = _measure(field[1])
            size += inner * (_count(field[2]) if len(field) > 2 else 1)
            has_objects |= objects
    return size, has_objects


def _count(shape: object) -> int:
    count = 1
    for number in shape if isinstance(shape, tuple) else (shape,):
        count *= number if isinstance(number, int) and count < 1 << 80 else 1
    return count


def _measure_text(kind: str) -> tuple[int, bool]:
    """As `_measure`, of a type such as "<f8", "|O" or, which NumPy reads as a record, "i4,O"."""
    size, has_objects = 0, False
    position = 0
    while position < len(kind):
        match = _TYPE.match(kind, position)
        if match:
            code, digits = match["kind"], match["size"]
            has_objects |= code[0] == "O" or code.startswith("object")
            size += int(digits or 0) * _UNITS.get(code, 1) if code not in "mM" else 8
        comma = kind.find(",", match.end() if match else position)
        if comma < 0:
            break
        position = comma + 1
        while position < len(kind) and kind[position] == " ":
            position += 1
    return size, has_objects
