"""What stands on the symbolic stack. A constant that cannot matter is None, a short text the bytes of its UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.models.pickles.names import Verdict


class Global:
    """An import that has not been called.

    `result` and `made`: what a call and NEWOBJ give, once it is known that nothing else needs to be looked at; `built`: the same of BUILD.
    """

    __slots__ = ("built", "made", "result", "start", "verdict")

    def __init__(self, verdict: Verdict, start: int) -> None:
        self.verdict = verdict
        self.start = start
        self.result: Result | None = None
        self.made: Result | None = None
        self.built = False


class Result:
    """What a call returned, or an object that a persistent id stands for; `detail` is the first argument where it matters.

    `result` and `built` are as in Global, `state` what BUILD gave to a NumPy dtype.
    """

    __slots__ = ("built", "callee", "detail", "result", "state")

    def __init__(self, callee: str, detail: Value = None) -> None:
        self.callee = callee
        self.detail = detail
        self.result: Result | None = None
        self.built = False
        self.state: Value = None


class Span(NamedTuple):
    """A long text, or bytes: where they stand in the content."""

    start: int
    size: int
    text: bool


class Box:
    """A list, tuple, dict or set. `weight` is how many values one meets who walks through it; few contents are known by `items`."""

    __slots__ = ("items", "weight")

    def __init__(self, items: Sequence[Value] | dict[bytes, Value] | None = None, weight: int = 1) -> None:
        self.items = items
        self.weight = weight


Value = Global | Result | Span | Box | bytes | int | None

PLAIN = Box()
"""Any container that holds no reference and has no other."""
SHORT = Span(0, 0, text=False)
"""Bytes too short to hold anything."""
