"""What the variables of a Dockerfile are worth at a place: those before the first FROM, those of the platform, and values that change on the way.

Source: https://docs.docker.com/build/building/variables/ and https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_T = TypeVar("_T")


def _platform_arguments(platform: str) -> dict[str, str]:
    system, architecture, variant = (*platform.split("/"), "")[:3]
    return {
        "BUILDPLATFORM": "linux/amd64", "BUILDOS": "linux", "BUILDOSVERSION": "", "BUILDARCH": "amd64", "BUILDVARIANT": "",
        "TARGETPLATFORM": platform, "TARGETOS": system, "TARGETOSVERSION": "", "TARGETARCH": architecture, "TARGETVARIANT": variant,
    }  # fmt: skip


# FROM knows these without a declaration; the first platform stands for the one that is built for.
PLATFORMS = tuple(
    _platform_arguments(platform)
    for platform in "linux/amd64 linux/arm64 linux/arm/v7 linux/arm/v6 linux/386 linux/ppc64le linux/s390x linux/riscv64 windows/amd64".split()
)


class History(Generic[_T]):
    """Values of names, each from some place in the file on."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[str, tuple[list[int], list[_T]]] = {}

    def add(self, name: str, place: int, value: _T) -> None:
        """The value that a name has from an offset on; places only grow."""
        places, values = self._entries.setdefault(name, ([], []))
        places.append(place)
        values.append(value)

    def before(self, name: str, place: int) -> tuple[_T] | None:
        """The last value from before an offset, in a tuple; None where there is none."""
        entry = self._entries.get(name)
        found = bisect_left(entry[0], place) - 1 if entry else -1
        return (entry[1][found],) if entry and found >= 0 else None

    def values(self, name: str) -> Iterable[_T]:
        """All values that a name has had, in order."""
        entry = self._entries.get(name)
        return entry[1] if entry else ()

    def names(self) -> Iterable[str]:
        """All names that ever had one."""
        return self._entries


class GlobalScope(Mapping[str, "str | None"]):
    """The ARGs before the first FROM and those of the platform. There are no others: what is not there is not set."""

    __slots__ = ("names", "platform")

    def __init__(self, names: dict[str, str | None], platform: Mapping[str, str]) -> None:
        self.names = names
        self.platform = platform

    def __getitem__(self, name: str) -> str | None:
        return self.names[name] if name in self.names else self.platform.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.platform, **self.names})

    def __len__(self) -> int:
        return len(self.names.keys() | self.platform.keys())

    def __contains__(self, name: object) -> bool:
        return True
