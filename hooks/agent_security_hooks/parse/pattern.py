"""Regular expressions that are compiled when they are first used: compiling one costs about as much as scanning 10 kB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Pattern:
    """A bytes pattern with the methods of `re.Pattern` that the analyses use; flags as in `re.compile`."""

    __slots__ = ("_flags", "findall", "finditer", "match", "search", "source")

    match: Callable[..., re.Match[bytes] | None]
    search: Callable[..., re.Match[bytes] | None]
    finditer: Callable[..., Iterator[re.Match[bytes]]]
    findall: Callable[..., list[bytes]]

    def __init__(self, source: bytes, flags: int = 0) -> None:
        self.source = source
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        # Reached only while the slots are empty; afterwards the bound methods are found without a detour.
        if name not in ("match", "search", "finditer", "findall"):
            raise AttributeError(name)
        compiled = re.compile(self.source, self._flags)
        self.match, self.search = compiled.match, compiled.search
        self.finditer, self.findall = compiled.finditer, compiled.findall
        return getattr(compiled, name)
