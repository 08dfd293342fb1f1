"""The commands that a Dockerfile runs, of those pieces of shell only that may hold what is looked for."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.parse.pattern import Pattern
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

_CUT_OFF = -1
_UNIX_SHELLS = frozenset(("sh", "bash", "zsh"))


def image_calls(file: Source, mark: Pattern[bytes]) -> Iterator[Call]:
    """The calls of all pieces of shell in which a pattern is found, in order."""
    if mark.search(file.data) is None:
        return
    from agent_security_hooks.parse.fragments import shell_fragments

    for number, fragment in enumerate(file.view(shell_fragments)):
        if mark.search(fragment.text.data):
            yield from _calls(file, number, fragment)


def calls_between(file: Source, start: int, end: int) -> Iterator[Call]:
    """The calls of what stands between two offsets, for one instruction."""
    from agent_security_hooks.parse.fragments import shell_fragments

    fragments, places = file.view(shell_fragments), file.view(_places)
    for _, number in places[bisect_left(places, (start, 0)) : bisect_left(places, (end, 0))]:
        yield from _calls(file, number, fragments[number])


def _places(file: Source) -> list[tuple[int, int]]:
    """A view: where each fragment that holds something begins, with its number, in order of place."""
    from agent_security_hooks.parse.fragments import shell_fragments

    return sorted((fragment.text.place(0), number) for number, fragment in enumerate(file.view(shell_fragments)) if fragment.text.data)


def _calls(file: Source, number: int, fragment: Fragment) -> list[Call]:
    """Parsed once for all rules."""
    known = file.view(_cache)
    if number not in known:
        known[number], complete = _parse(fragment)
        if not complete:
            known[_CUT_OFF] = []
    return known[number]


def is_cut_off(file: Source) -> bool:
    """Whether a piece of shell that was asked for has more commands than are read."""
    return _CUT_OFF in file.view(_cache)


def _cache(file: Source) -> dict[int, list[Call]]:
    """A view: the calls of each fragment by its number, as far as anybody asked for them."""
    return {}


def _parse(fragment: Fragment) -> tuple[list[Call], bool]:
    from agent_security_hooks.parse.shell_calls import argument_calls, read_calls

    if fragment.arguments:
        return list(argument_calls(fragment.arguments)), True
    return read_calls(fragment.text) if fragment.language in _UNIX_SHELLS else ([], True)
