"""Regular expressions that are compiled when they are first used: compiling one costs about as much as scanning 10 kB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, AnyStr, Generic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "split")


class Pattern(Generic[AnyStr]):
    """A pattern with the methods of `re.Pattern` that the analyses use; flags as in `re.compile`."""

    __slots__ = ("_flags", *_METHODS, "source")

    match: Callable[..., re.Match[AnyStr] | None]
    search: Callable[..., re.Match[AnyStr] | None]
    fullmatch: Callable[..., re.Match[AnyStr] | None]
    finditer: Callable[..., Iterator[re.Match[AnyStr]]]
    findall: Callable[..., list[Any]]
    sub: Callable[..., AnyStr]
    split: Callable[..., list[AnyStr]]

    source: AnyStr  # as it was given

    def __init__(self, source: AnyStr, flags: int = 0) -> None:
        self.source = source
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        # Reached only while the slots are empty; afterwards the bound methods are found without a detour.
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self.source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
