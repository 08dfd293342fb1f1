"""Which files of a run a finding about several belongs to, and how paths and lists of names are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source


# Manifests of ecosystems in which env files are the custom: there, one must be expected.
_MANIFESTS = frozenset("package.json pyproject.toml setup.py setup.cfg pipfile composer.json gemfile deno.json deno.jsonc".split())


def is_manifest(path: str) -> bool:
    """Whether the file declares a program or its services in an ecosystem where env files are the custom."""
    name = path.rsplit("/", 1)[-1].lower()
    if name in _MANIFESTS:
        return True
    if name.startswith("requirements"):
        return name.endswith(".txt")
    return name.startswith(("compose", "docker-compose")) and name.endswith((".yml", ".yaml"))


def passed(repository: Repository) -> frozenset[str]:
    """A view of the repository: the paths from the root of all files that this run was given."""
    return frozenset(map(repository.name, repository.passed))


def answers(file: Source, candidates: Iterable[str]) -> bool:
    """Whether a finding about several files belongs to this one: the first candidate that this run was given."""
    given = file.repository.view(passed)
    return file.path == next((path for path in candidates if path in given), None)


def parent_of(path: str) -> str:
    """The directory of a path, `""` for the root."""
    return path.rpartition("/")[0]


def join(directory: str, name: str) -> str:
    """A path below a directory, which may be `""`."""
    return f"{directory}/{name}" if directory else name


def listed(names: Iterable[str], limit: int = 3) -> str:
    """`A`, `A and B`, `A, B, C and 4 more`."""
    unique = list(dict.fromkeys(names))
    if len(unique) > limit + 1:
        return f"{', '.join(unique[:limit])} and {len(unique) - limit} more"
    return " and ".join(filter(None, (", ".join(unique[:-1]), unique[-1]))) if unique else ""


def note_once(repository: Repository, text: str) -> None:
    """Tell the user what could not be verified."""
    if text not in repository.notes:
        repository.notes.append(text)


def end_block(data: bytes, lines: Iterable[str]) -> bytes:
    """What to append to a file to give it a block of lines at its end, in its own line ends."""
    end_of_line = b"\r\n" if b"\r\n" in data else b"\n"
    gap = b"" if not data else end_of_line if data.endswith(b"\n") else end_of_line * 2
    return gap + b"".join(line.encode("utf-8", "surrogateescape") + end_of_line for line in lines)
