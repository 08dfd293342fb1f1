"""Which secrets a package would carry to everyone who installs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.checks.env_files.places import join, note_once, parent_of
from agent_security_hooks.model import Hit
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.publish import Shipped
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

# A file that decides what ships -> the manifests of the packages that it may decide for.
_DECIDES = {
    "package.json": ("package.json",), ".npmignore": ("package.json",), ".gitignore": ("package.json", "pyproject.toml"), "pyproject.toml": ("pyproject.toml",),
    "manifest.in": ("pyproject.toml",), "setup.cfg": ("pyproject.toml",), "setup.py": ("pyproject.toml",),
}  # fmt: skip
_PERSONAL = re.compile(r"(?:^|/)(?:\.claude/settings\.local\.json|\.mcp\.json|\.cursor/mcp\.json|\.vscode/mcp\.json)\Z")
_LISTED = 5


class Leak(NamedTuple):
    """A file with secrets that ships, why it does, and what is in it."""

    path: str
    why: str
    what: str
    pedantic: bool


def manifests(file: Source) -> Iterator[str]:
    """The paths of the manifests whose package this file decides about; those that are there."""
    path = file.path
    for name in _DECIDES.get(path.rsplit("/", 1)[-1].lower(), ()):
        manifest = join(parent_of(path), name)
        if file.repository.read(manifest) is not None:
            yield manifest


def deciders(manifest: str) -> list[str]:
    """The files that a finding about a package can be anchored to, best first."""
    name = manifest.rsplit("/", 1)[-1]
    beside = ["MANIFEST.in", "setup.cfg", "setup.py", ".gitignore"] if name == "pyproject.toml" else [".npmignore", ".gitignore"]
    return [manifest, *(join(parent_of(manifest), other) for other in beside)]


def leaks(repository: Repository, manifest: str) -> list[Leak]:
    """The secrets that the package of a manifest would ship."""
    from agent_security_hooks.parse.disk import DiskTree, files_below
    from agent_security_hooks.parse.publish import ManifestError, shipped

    source = repository.read(manifest)
    if source is None or not _may_be_published(source):
        return []
    directory = parent_of(manifest)
    files, complete = files_below(repository, directory)
    if not complete:
        note_once(repository, f"{directory or '.'}: too many files to model the package; only the first {len(files)} were looked at")
    suspects = {path: found for path in files if (found := _suspect(repository, join(directory, path))) is not None}
    if not suspects:
        return []
    tree = DiskTree(repository, directory, files)
    name = manifest.rsplit("/", 1)[-1]
    try:
        ships = shipped(tree, name, outer_ignores=_outer_ignores(repository, manifest) if name == "package.json" else ())
    except ManifestError as error:
        note_once(repository, f"{manifest}: {error}; what the package would ship is not verified")
        return []
    return [_leak(found, suspects[found.path]) for found in ships if found.path in suspects]


def _leak(found: Shipped, suspect: tuple[str, bool]) -> Leak:
    return Leak(found.path, found.why, *suspect)


def _may_be_published(source: Source) -> bool:
    if source.name == "package.json":
        return re.search(rb'"private"\s{0,8}:\s{0,8}true', source.data) is None
    return b"[project" in source.data or b"[build-system" in source.data or b"[tool.poetry" in source.data


def _suspect(repository: Repository, path: str) -> tuple[str, bool] | None:
    """What is secret in the file, and whether that stops nobody; None for a file that may ship."""
    role = role_of(path)
    personal = path.endswith(".json") and _PERSONAL.search(path)
    if role not in (ENV, CREDENTIAL) and not personal:
        return None
    source = repository.read(path)
    if source is None:
        return None
    from agent_security_hooks.parse.secret_values import real_values
    from agent_security_hooks.parse.secrets import find_credentials

    found = [credential for credential in source.view(real_values if role in (ENV, CREDENTIAL) else find_credentials) if not credential.weak]
    if found:
        return found[0].name or found[0].title, False
    if personal and path.endswith(".local.json"):
        return "personal settings", True
    if role == ENV and "envrc" not in path:
        from agent_security_hooks.parse.dotenv import read_entries

        names = [entry.name for entry in source.view(read_entries) if entry.end > entry.start and not entry.commented]
        if names and not all(
            source.data.startswith(b"encrypted:", entry.start) or "PUBLIC" in entry.name for entry in source.view(read_entries) if not entry.commented
        ):
            return names[0], False
    return None


def _outer_ignores(repository: Repository, manifest: str) -> list[str]:
    """The texts of the ignore files above a member of an npm workspace, from the workspace's root down."""
    parents = []
    directory = parent_of(manifest)
    while directory:
        directory = parent_of(directory)
        parents.append(directory)
        if _has_member(repository, directory, parent_of(manifest)):
            return [text for parent in reversed(parents) if (text := _ignore_text(repository, parent)) is not None]
    return []


def _has_member(repository: Repository, root: str, member: str) -> bool:
    from agent_security_hooks.parse.ignore import path_glob
    from agent_security_hooks.parse.publish import ManifestError, read_json

    source = repository.read(join(root, "package.json"))
    if source is None or b'"workspaces"' not in source.data:
        return False
    try:
        declared = read_json(source.raw).get("workspaces")
    except ManifestError:
        return False
    declared = declared.get("packages") if isinstance(declared, dict) else declared
    relative = member[len(root) + 1 :] if root else member
    patterns = [entry.removeprefix("./").rstrip("/") for entry in declared if isinstance(entry, str)] if isinstance(declared, list) else []
    return any(path_glob(pattern).matches(relative) for pattern in patterns[:200])


def _ignore_text(repository: Repository, directory: str) -> str | None:
    for name in (".npmignore", ".gitignore"):
        source = repository.read(join(directory, name))
        if source is not None:
            return source.text
    return None


def hits(file: Source, manifest: str, found: Sequence[Leak]) -> Iterator[Hit]:
    """One finding per file that ships, at most a handful."""
    start, end = _place(file)
    is_npm = manifest.endswith("package.json")
    for number, leak in enumerate(found[:_LISTED], 1):
        rest = f" (and {len(found) - _LISTED} more files)" if number == _LISTED < len(found) else ""
        message = f"the package would ship {leak.path} with {leak.what}: {leak.why}{rest}"
        yield Hit(start, end, message, _fix(file.repository, manifest, leak, is_npm=is_npm), (), leak.pedantic)


def _place(file: Source) -> tuple[int, int]:
    """Where the file says what ships; its beginning if it does not."""
    marks = {
        "package.json": (b'"files"', b'"name"'),
        "pyproject.toml": (b"[tool.hatch.build", b"[tool.setuptools", b"[build-system]", b"[project]", b"[tool.poetry]"),
    }
    for mark in marks.get(file.name, ()):
        position = file.data.find(mark)
        if position >= 0:
            return position, position + len(mark)
    return 0, 0


def _fix(repository: Repository, manifest: str, leak: Leak, *, is_npm: bool) -> str:
    directory = parent_of(manifest)
    revoke = "if a version with it was published, revoke what is in it"
    if is_npm:
        if leak.why.startswith('matched by "files"'):
            return f'add "!{leak.path}" at the end of "files" in {manifest}; {revoke}'
        ignore = ".npmignore" if repository.exists(join(directory, ".npmignore")) else ".gitignore"
        return f"add the line /{leak.path} to {join(directory, ignore)}; {revoke}"
    if "MANIFEST.in" in leak.why:
        return f"add the line `exclude {leak.path}` at the end of MANIFEST.in; {revoke}"
    table = _exclude_table(repository, manifest)
    return f'add "{leak.path}" to {table}; {revoke}'


def _exclude_table(repository: Repository, manifest: str) -> str:
    source = repository.read(manifest)
    data = source.data if source is not None else b""
    for mark, table in (
        (b"hatchling", "exclude in [tool.hatch.build]"), (b"poetry", "exclude in [tool.poetry]"), (b"flit", "exclude in [tool.flit.sdist]"),
        (b"uv_build", "source-exclude in [tool.uv.build-backend]"), (b"pdm", "excludes in [tool.pdm.build]"),
    ):  # fmt: skip
        if mark in data:
            return table
    return "exclude-package-data in [tool.setuptools]"
