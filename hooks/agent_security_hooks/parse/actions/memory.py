"""Answers that are kept for a file: with aliases the same value stands in many places, and is to be looked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from agent_security_hooks.source import Source

_T = TypeVar("_T")


def _answers(file: Source) -> dict[Hashable, Any]:
    """A view, filled as it is asked for."""
    return {}


def remembered(file: Source, key: Hashable, find: Callable[[], _T]) -> _T:
    """What `find` gives; asked once for a file and a key. Keys name the question, and nodes of the file by their identity."""
    known = file.view(_answers)
    if key not in known:
        known[key] = find()
    answer: _T = known[key]
    return answer


def spend(file: Source, key: Hashable, budget: int) -> bool:
    """Count one more of something; False when there have been more than `budget`."""
    known = file.view(_answers)
    known[key] = known.get(key, 0) + 1
    return bool(known[key] <= budget)
