"""What lies below a directory of the repository: a bounded walk, shared by all packages and Docker contexts of a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent_security_hooks.repository import Repository

FILE_LIMIT = 50_000
_DEPTH_LIMIT = 60
_SKIPPED = frozenset((".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"))


class _Listing(NamedTuple):
    """The regular files and real directories of one directory, by name."""

    files: list[str]
    directories: list[str]


class _Walk:
    """Directory listings of one run, each read once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._listings: dict[str, _Listing] = {}

    def listing(self, directory: str) -> _Listing:
        if directory not in self._listings:
            self._listings[directory] = self._read(directory)
        return self._listings[directory]

    def _read(self, directory: str) -> _Listing:
        files, directories = [], []
        try:
            with os.scandir(self.repository.absolute(directory)) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
                    elif entry.name not in _SKIPPED and entry.is_dir(follow_symlinks=False):
                        directories.append(entry.name)
        except OSError:
            pass
        if directory and "pyvenv.cfg" in files:  # a virtual environment, whatever it is called
            return _Listing([], [])
        return _Listing(sorted(files), sorted(directories))


def _walk_of(repository: Repository) -> _Walk:
    """A view of the repository."""
    return _Walk(repository)


def names_in(repository: Repository, directory: str) -> list[str]:
    """The names of the regular files in a directory (a path from the root)."""
    return repository.view(_walk_of).listing(directory).files


def files_below(repository: Repository, directory: str) -> tuple[list[str], bool]:
    """The regular files below a directory, relative to it, and whether these are all: the walk stops at a limit.

    Left out are symbolic links, version control, caches, virtual environments and installed JavaScript packages.
    """
    walk = repository.view(_walk_of)
    found: list[str] = []
    pending = [("", 0)]
    complete = True
    while pending:
        below, depth = pending.pop()
        listing = walk.listing("/".join(filter(None, (directory, below))))
        start = below + "/" if below else ""
        found += [start + name for name in listing.files]
        if len(found) > FILE_LIMIT:
            return found[:FILE_LIMIT], False
        if depth == _DEPTH_LIMIT:
            complete = complete and not listing.directories
            continue
        pending += [(start + name, depth + 1) for name in listing.directories]
    return found, complete


class DiskTree:
    """A directory of the repository as the publish model wants it (agent_security_hooks.parse.publish.Tree)."""

    def __init__(self, repository: Repository, directory: str, files: Sequence[str]) -> None:
        self.repository = repository
        self.directory = directory
        self.files = files

    @property
    def tracked(self) -> frozenset[str] | None:
        """The files that git tracks."""
        tracked = self.repository.tracked
        if tracked is None or not self.directory:
            return tracked
        start = self.directory + "/"
        return frozenset(path[len(start) :] for path in tracked if path.startswith(start))

    def read(self, path: str) -> bytes | None:
        """The content of a file."""
        source = self.repository.read(self._from_root(path))
        return source.raw if source is not None else None

    def git_ignored(self, paths: Sequence[str]) -> set[str]:
        """Those that the ignore files of the repository ignore; empty outside of one."""
        if self.repository.root is None:
            return set()
        from agent_security_hooks.parse.ignore import IgnoreRules

        rules = IgnoreRules(self._ignore_files())
        return {path for path in paths if rules.ignored(self._from_root(path))}

    def _ignore_files(self) -> Iterable[tuple[str, str]]:
        parts = self.directory.split("/") if self.directory else []
        above = ["/".join(parts[:depth]) for depth in range(len(parts))]
        here = [self._from_root(path).rpartition("/")[0] for path in self.files if path == ".gitignore" or path.endswith("/.gitignore")]
        for directory in (*above, *here):
            source = self.repository.read(f"{directory}/.gitignore" if directory else ".gitignore")
            if source is not None and not source.encoding.startswith(("utf-16", "utf-32")):
                yield directory, source.text

    def _from_root(self, path: str) -> str:
        return f"{self.directory}/{path}" if self.directory else path
