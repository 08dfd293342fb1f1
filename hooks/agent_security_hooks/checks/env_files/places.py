"""Which files a finding about several can be anchored to, and how paths and commands are written in messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

# Manifests of ecosystems in which env files are the custom: there, one must be expected.
_MANIFESTS = frozenset("package.json pyproject.toml setup.py setup.cfg pipfile composer.json gemfile deno.json deno.jsonc".split())
# Elsewhere, only where a template shows that one is used.
_OTHER_MANIFESTS = frozenset("go.mod cargo.toml pom.xml build.gradle build.gradle.kts mix.exs pubspec.yaml makefile justfile dockerfile containerfile".split())
NOT_OURS = re.compile(r"(?i)(?:^|/)(?:node_modules|bower_components|vendor|third[-_]party|fixtures|__fixtures__|testdata)/")


def is_manifest(path: str) -> bool:
    """Whether the file declares a program or its services in an ecosystem where env files are the custom."""
    name = path.rsplit("/", 1)[-1].lower()
    if name in _MANIFESTS:
        return True
    if name.startswith("requirements"):
        return name.endswith(".txt")
    return name.startswith(("compose", "docker-compose")) and name.endswith((".yml", ".yaml"))


def is_other_manifest(path: str) -> bool:
    """Whether it does so in another ecosystem."""
    return path.rsplit("/", 1)[-1].lower() in _OTHER_MANIFESTS


def passed(repository: Repository) -> frozenset[str]:
    """A view of the repository: the paths from the root of all files that this run was given."""
    return frozenset(map(repository.name, repository.passed))


def answers(file: Source, candidates: Iterable[str]) -> bool:
    """Whether a finding about several files belongs to this one: the first candidate that this run was given."""
    given = file.repository.view(passed)
    return file.path == next((path for path in candidates if path in given), None)


def depth_first(paths: Iterable[str]) -> list[str]:
    """Paths in order of depth, then name."""
    return sorted(paths, key=lambda path: (path.count("/"), path))


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
