"""uv_build: both archives take every file of the module but byte code, whatever git ignores.

Source: https://docs.astral.sh/uv/concepts/build-backend/#file-inclusion-and-exclusion
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.ignore import path_glob
from agent_security_hooks.parse.publish.layout import clean, inside, licenses, readme, strings, table, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.parse.ignore import Glob
    from agent_security_hooks.parse.publish.layout import Layout

_DEFAULT_EXCLUDES = ("__pycache__", "*.pyc", "*.pyo")


def collect(layout: Layout, document: dict[str, Any]) -> None:
    """Add what uv_build would ship. Raises ManifestError for settings of the wrong type."""
    project = table(document, "project")
    settings = table(document, "tool", "uv", "build-backend")
    defaults = _DEFAULT_EXCLUDES if settings.get("default-excludes", True) is True else ()
    excludes = [*defaults, *strings(settings, "source-exclude")]
    from_sdist = [_exclude(pattern) for pattern in excludes]
    # the wheel does not look for a directory that is anchored, so `/src/pkg/private` takes nothing out of it
    from_wheel = [_exclude(pattern, below=not pattern.startswith("/")) for pattern in excludes]
    from_wheel += [_exclude(pattern) for pattern in strings(settings, "wheel-exclude")]

    def add(paths: Iterable[str], why: str, *, wheel: bool = False) -> None:
        chosen = set(paths)
        layout.add(_without(chosen, from_sdist) | (_without(chosen, from_wheel) if wheel else set()), why)

    for module in _modules(settings, project):
        add(layout.below(module), "uv_build takes every file of the module, also what git ignores", wheel=True)
    for directory in table(settings, "data").values():
        start = inside(directory) if isinstance(directory, str) else None
        if start:
            add(layout.below(start), 'in a directory of "data" of uv_build')
    for pattern in strings(settings, "source-include"):
        glob = path_glob(pattern)
        add((path for path in layout.files if glob.matches(path)), 'matched by "source-include" of uv_build')
    add([*readme(project), *licenses(layout, project, ())], "named by the metadata")


def _exclude(pattern: str, *, below: bool = True) -> Glob:
    """A pattern that starts with a slash is tried at the root, any other at every depth; both take all below a match."""
    return path_glob(pattern[1:] if pattern.startswith("/") else "**/" + pattern, below=below)


def _without(paths: set[str], globs: list[Glob]) -> set[str]:
    return {path for path in paths if not any(glob.matches(path) for glob in globs)}


def _modules(settings: dict[str, Any], project: dict[str, Any]) -> list[str]:
    root = inside(text(settings, "module-root", "src"))
    if root is None:
        return []
    declared = settings.get("module-name")
    if declared is None:
        if settings.get("namespace") is True:
            return [root]
        name = text(project, "name")
        stubs = name.endswith("-stubs")
        base = name.removesuffix("-stubs").lower().replace("-", "_").replace(".", "_")
        declared = base + "-stubs" if stubs else base
    names = [declared] if isinstance(declared, str) else strings(settings, "module-name")
    return [clean(f"{root}/{name.replace('.', '/')}" if root else name.replace(".", "/")) or "" for name in names]
