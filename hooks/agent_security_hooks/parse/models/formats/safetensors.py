"""Safetensors: a header of JSON that says where each tensor lies. What does not add up, loaders read differently or read beyond.

Source: https://github.com/huggingface/safetensors#format and its `safetensors/src/tensor.rs`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Concern, Unread
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Blob, Budget, Step

_RULE = "bad-safetensors-header"
_LARGEST = 100_000_000  # bytes of a header that loaders accept
_READ = 12 << 20
"""Bytes of a header that are read; that of a model of 70 billion parameters has less than one million."""
_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "C128": 128,
}
_PLAUSIBLE = Pattern(r"[UIFCB]F?[0-9]{1,3}(?:_E[0-9]M[0-9])?[A-Z0-9]{0,8}")
"""Types that a later version may know."""
_TENSORS = 1 << 62  # what no number of a file can reach


class _Header(dict[str, object]):
    """An object of JSON that remembers whether a name was repeated in it."""

    repeated = ""


def inspect_safetensors(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector. Reads the header, never the tensors."""
    size = blob.content.size
    length = int.from_bytes(blob.content.read(0, 8), "little")
    if size < 10:
        yield Concern(_RULE, "too short for a safetensors header")
    elif length > _LARGEST:
        yield Concern(_RULE, f"its header is said to have {length:,} bytes; loaders refuse more than {_LARGEST:,}")
    elif length > size - 8:
        yield Concern(_RULE, f"its header is said to have {length:,} bytes; the file ends after {size - 8:,}")
    elif length > _READ:
        yield Unread(f"its header has {length >> 20} MB; at most {_READ >> 20} MB are read")
    else:
        yield from _judge(blob.content.read(8, length), size - 8 - length)


def _judge(text: bytes, room: int) -> Iterator[Concern]:
    if not text.startswith(b"{"):
        yield Concern(_RULE, "its header does not begin with `{`")
        return
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_constant)
    except (ValueError, RecursionError):
        yield Concern(_RULE, "its header is not valid JSON of UTF-8")
        return
    if header.repeated:
        yield Concern(_RULE, f"names {excerpt(header.repeated)} more than once: loaders differ in which they take")
    metadata = header.pop("__metadata__", None)
    if metadata is not None and not (isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())):
        yield Concern(_RULE, "its `__metadata__` holds something other than texts")
    yield from _judge_tensors(header, room)


def _pairs(pairs: list[tuple[str, object]]) -> _Header:
    made = _Header(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        made.repeated = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    else:  # what is repeated further in is told at the top
        made.repeated = next((value.repeated for value in made.values() if type(value) is _Header and value.repeated), "")
    return made


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= 20 else _TENSORS


def _constant(_: str) -> object:
    raise ValueError


def _judge_tensors(header: _Header, room: int) -> Iterator[Concern]:
    spans: list[tuple[int, int, str]] = []
    unknown, kind = "", ""
    for name, entry in header.items():
        problem, span = _tensor(entry)
        if problem:
            yield Concern(_RULE, f"tensor {excerpt(name)}: {problem}")
            return
        if not unknown and isinstance(entry, dict) and entry["dtype"] not in _BITS:
            unknown, kind = name, str(entry["dtype"])
        spans.append((*span, name))
    if unknown:
        yield Concern(_RULE, f"tensor {excerpt(unknown)} has a type that is not known", pedantic=_PLAUSIBLE.fullmatch(kind) is not None)
    end = 0
    for first, last, name in sorted(spans):
        if first != end:
            how = "overlaps the one before" if first < end else f"leaves {first - end:,} bytes before it that belong to none"
            yield Concern(_RULE, f"tensor {excerpt(name)} {how}")
            return
        end = last
    if end > room:
        yield Concern(_RULE, f"its tensors are said to take {end:,} bytes; the file holds {room:,}")
    elif end < room:
        yield Concern(_RULE, f"{room - end:,} bytes at its end belong to no tensor")


def _tensor(entry: object) -> tuple[str, tuple[int, int]]:
    """What is wrong with a tensor, "" if nothing, and where it lies."""
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= entry.keys():
        return "no type, shape or place is given", (0, 0)
    shape, offsets, kind = entry["shape"], entry["data_offsets"], entry["dtype"]
    if not isinstance(kind, str) or not _is_numbers(shape) or not _is_numbers(offsets) or len(offsets) != 2:
        return "its type, shape or place is not of the right kind", (0, 0)
    first, last = offsets
    if first > last:
        return "it ends before it begins", (0, 0)
    size = _BITS.get(kind, 0)
    if size:
        for length in shape:
            size *= length
            if size >= _TENSORS:
                return "its shape has more elements than can be counted", (0, 0)
        if size != 8 * (last - first):
            return f"type and shape need {size // 8:,} bytes, its place has {last - first:,}", (0, 0)
    return "", (first, last)


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(number) is int and number >= 0 for number in value)
