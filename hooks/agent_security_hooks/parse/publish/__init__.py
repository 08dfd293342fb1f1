"""What a package would ship: the files that `npm pack` or a Python build backend would put into the archive, without running either.

The model works on a `Tree`, which says what is on disk and what git knows of it. Nothing is executed, and nothing outside the tree is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tree(Protocol):
    """A package's directory. All paths are relative to it, with `/`."""

    @property
    def files(self) -> Sequence[str]:
        """Every regular file on disk, also untracked and ignored ones; nothing of `.git`, no symbolic links."""

    @property
    def tracked(self) -> frozenset[str] | None:
        """The files that git tracks; None when that is not known, as outside a repository."""

    def read(self, path: str) -> bytes | None:
        """The content of a file, None when there is none or it cannot be read."""

    def git_ignored(self, paths: Sequence[str]) -> set[str]:
        """Those of the paths that git would ignore if they were not tracked; empty when that is not known."""


class Shipped(NamedTuple):
    """A file that the package would hold, and the setting or rule because of which."""

    path: str
    why: str


class ManifestError(Exception):
    """The manifest cannot be understood, so what ships is unknown. The text is short and never quotes the file."""


def shipped(tree: Tree, manifest_path: str, *, outer_ignores: Sequence[str] = ()) -> list[Shipped]:
    """The files that a package would ship, sorted by path; none for a package that is marked as private.

    Types: `manifest_path` ends in `package.json` or `pyproject.toml` and lies at the tree's root. `outer_ignores`, for a member of an npm
    workspace that is packed from within: the texts of `.npmignore`, or else `.gitignore`, of each directory from the workspace's root
    down to the package's parent. Files that a build step would make first do not exist yet, so they are not listed.

    Errors: ManifestError when the manifest is missing, malformed or names a backend that is not modelled; ValueError for another file name.

    Sources: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#files and
    https://packaging.python.org/en/latest/specifications/pyproject-toml/
    """
    name = manifest_path.rpartition("/")[2]
    if name == "package.json":
        from agent_security_hooks.parse.publish import npm

        found = npm.shipped(tree, outer_ignores)
    elif name == "pyproject.toml":
        from agent_security_hooks.parse.publish import python

        found = python.shipped(tree)
    else:
        raise ValueError("not a manifest: only package.json and pyproject.toml are")
    return sorted(found)


def read_json(content: bytes) -> dict[str, Any]:
    """A JSON object. Raises ManifestError for anything else, also for one that is nested too deeply."""
    import json

    def refuse(_: str) -> None:
        raise ValueError

    try:
        value = json.loads(content.decode("utf-8", "replace").removeprefix("\ufeff"), parse_constant=refuse)
    except (ValueError, RecursionError):
        raise ManifestError("not valid JSON") from None
    if not isinstance(value, dict):
        raise ManifestError("not a JSON object")
    return value


def read_toml(content: bytes) -> dict[str, Any]:
    """A TOML document. Raises ManifestError for anything else, also for one that is nested too deeply."""
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    if any(line.count(b".") > 200 or line.count(b"[") > 2000 for line in content.split(b"\n")):
        raise ManifestError("nested too deeply")
    try:
        document: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ManifestError("not valid TOML") from None
    return document
