"""What the models of the Python build backends share: directories, globs, typed settings, and the files that metadata names."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.ignore import path_glob
from agent_security_hooks.parse.publish import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent_security_hooks.parse.publish import Tree

LICENSE_GLOBS = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
_MAX_ITEMS = 1000


class Layout:
    """A tree, its directories, and the reasons for which files ship."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.files = sorted(set(tree.files))
        self.known = frozenset(self.files)
        self.dirs: set[str] = set()
        self.shipped: dict[str, str] = {}
        for path in self.files:
            parent = path.rpartition("/")[0]
            while parent and parent not in self.dirs:
                self.dirs.add(parent)
                parent = parent.rpartition("/")[0]
        self._sorted_dirs = sorted(self.dirs)

    def add(self, paths: Iterable[str], why: str) -> None:
        """Note that these files ship; the first reason stays, and what is no file is left out."""
        for path in paths:
            if path in self.known:
                self.shipped.setdefault(path, why)

    def below(self, directory: str) -> Iterator[str]:
        """The files of a directory, at any depth; of the whole tree for `""`."""
        return iter(_within(self.files, directory))

    def glob(self, pattern: str, *, hidden: bool = False) -> list[str]:
        """The files and directories that a Python glob finds. Without `hidden`, a wildcard does not find a name with a leading dot.

        Source: https://docs.python.org/3/library/glob.html (with `recursive`) and pathlib's glob (with `hidden`).
        """
        cleaned = clean(pattern)
        if cleaned is None:
            return []
        glob = path_glob(cleaned.replace("\\", "\\\\"))
        plain = cleaned[: next((at for at, char in enumerate(cleaned) if char in "*?[\\"), len(cleaned))].rpartition("/")[0]
        directories = [*([plain] if plain else []), *_within(self._sorted_dirs, plain)]
        found = [path for path in (*_within(self.files, plain), *directories) if glob.matches(path)]
        if cleaned.endswith("/**"):
            found += [path for path in directories if path_glob(cleaned[:-3]).matches(path)]
        return found if hidden else [path for path in found if _shows(path, cleaned)]

    def expand(self, pattern: str, *, hidden: bool = False) -> list[str]:
        """The files that a glob finds, and all files of the directories that it finds."""
        found = self.glob(pattern, hidden=hidden)
        return [file for path in found for file in ([path] if path in self.known else self.below(path))]


def _within(paths: list[str], directory: str) -> list[str]:
    """Those of the sorted paths that lie below a directory."""
    if not directory:
        return paths
    return paths[bisect_left(paths, directory + "/") : bisect_left(paths, directory + "0")]  # "0" follows "/"


def _shows(path: str, pattern: str) -> bool:
    asked = [part for part in pattern.split("/") if part.startswith(".")]
    return all(not part.startswith(".") or any(path_glob(ask).matches(part) for ask in asked) for part in path.split("/"))


def name_matches(pattern: str, name: str) -> bool:
    """`fnmatch` with letter case: a `*` also crosses slashes."""
    return path_glob(pattern.replace("\\", "\\\\").replace("/", "\0")).matches(name.replace("/", "\0"))


def clean(path: str) -> str | None:
    """A path or pattern in its shortest form; None for one that is absolute or leaves the tree. The root is `.`."""
    cleaned = posixpath.normpath(path.replace("\0", "")) if path else "."
    return None if cleaned.startswith("/") or cleaned.split("/")[0] == ".." else cleaned


def inside(directory: str) -> str | None:
    """`clean` for a directory: the root is `""`."""
    cleaned = clean(directory)
    return "" if cleaned == "." else cleaned


# Settings


def table(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """A nested table, empty when there is none. Raises ManifestError when something else stands there."""
    for key in keys:
        value = document.get(key, {})
        if not isinstance(value, dict):
            raise ManifestError("a setting that should be a table is none")
        document = value
    return document


def strings(settings: dict[str, Any], key: str, default: Sequence[str] = ()) -> list[str]:
    """A list of strings. Raises ManifestError when something else stands there."""
    value = settings.get(key)
    if value is None:
        return list(default)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ManifestError("a setting that should be a list of strings is none")
    if len(value) > _MAX_ITEMS:
        raise ManifestError(f"a list of more than {_MAX_ITEMS} entries")
    return list(value)


def text(settings: dict[str, Any], key: str, default: str = "") -> str:
    """A string. Raises ManifestError when something else stands there."""
    value = settings.get(key, default)
    if not isinstance(value, str):
        raise ManifestError("a setting that should be a string is none")
    return value


# Files that the metadata names


def readme(project: dict[str, Any]) -> list[str]:
    """The file of `project.readme`."""
    value = project.get("readme")
    value = value.get("file") if isinstance(value, dict) else value
    cleaned = clean(value) if isinstance(value, str) else None
    return [cleaned] if cleaned else []


def licenses(layout: Layout, project: dict[str, Any], default: Sequence[str] = LICENSE_GLOBS) -> list[str]:
    """The files of `project.license-files`, or by the usual names, and of `project.license`."""
    named = project.get("license")
    found = [named["file"]] if isinstance(named, dict) and isinstance(named.get("file"), str) else []
    declared = project.get("license-files")
    if isinstance(declared, dict):  # a form from before PEP 639
        declared = declared.get("globs", declared.get("paths"))
    patterns = strings({"globs": declared}, "globs", default)
    return found + [path for pattern in patterns for path in layout.glob(pattern, hidden=True)]
