"""pdm-backend: both archives take every file of the top packages, whatever git ignores; the sdist also takes `tests`.

Source: https://backend.pdm-project.org/build_config/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.publish.layout import clean, inside, licenses, readme, strings, table, text

if TYPE_CHECKING:
    from agent_security_hooks.parse.publish.layout import Layout

_LICENSES = ("LICEN[CS]E*", "COPYING*", "NOTICE*")


def collect(layout: Layout, document: dict[str, Any]) -> None:
    """Add what pdm-backend would ship. Raises ManifestError for settings of the wrong type."""
    project = table(document, "project")
    settings = table(document, "tool", "pdm", "build")
    includes = strings(settings, "includes")
    why = 'matched by "includes" of pdm-backend'
    if not includes:
        includes = _top_packages(layout, _package_dir(layout, settings, includes))
        why = "pdm-backend takes every file of the package, also what git ignores"
    source = strings(settings, "source-includes") or ["tests"]
    excludes = [".pdm-build", *strings(settings, "excludes")]
    wanted, unwanted = _merge(_expand(layout, [*includes, *source]), _expand(layout, excludes))
    sources = {path for pattern in source for path in layout.glob(pattern)}
    for path in wanted:
        reason = 'matched by "source-includes" of pdm-backend, which takes "tests" by default' if path in sources else why
        found = [path] if path in layout.known else [file for file in layout.below(inside(path) or "") if _takes(file, unwanted)]
        layout.add(found, reason)
    layout.add([text(settings, "custom-hook", "pdm_build.py")], "the build hook")
    layout.add([*readme(project), *licenses(layout, project, _LICENSES)], "named by the metadata")
    _add_wheel_data(layout, settings)


def _package_dir(layout: Layout, settings: dict[str, Any], includes: list[str]) -> str:
    if "package-dir" in settings:
        return inside(text(settings, "package-dir")) or ""
    return "src" if "src" in layout.dirs and not includes else ""


def _top_packages(layout: Layout, root: str) -> list[str]:
    start = root + "/" if root else ""
    tops = {path[len(start) :].split("/")[0] for path in layout.below(root) if "/" in path[len(start) :]}
    found = [start + top for top in sorted(tops) if _is_package(layout, start + top)]
    return found or [start + "*.py"]


def _is_package(layout: Layout, path: str) -> bool:
    return f"{path}/__init__.py" in layout.known or (path.endswith("-stubs") and f"{path}/__init__.pyi" in layout.known)


def _expand(layout: Layout, patterns: list[str]) -> dict[str, str]:
    """What patterns find, each with the pattern that found it."""
    return {path: pattern for pattern in patterns for path in (layout.glob(pattern) if clean(pattern) != "." else ["."])}


def _merge(includes: dict[str, str], excludes: dict[str, str]) -> tuple[list[str], list[str]]:
    """Of a path that both find, the longer or more concrete pattern decides."""
    won = {path for path, pattern in includes.items() if path in excludes and _weight(pattern) > _weight(excludes[path])}
    return [path for path in includes if path not in excludes or path in won], [path for path in excludes if path not in won]


def _weight(pattern: str) -> tuple[int, int]:
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    return len(parts), -sum(2 if part == "**" else 1 for part in parts if any(char in part for char in "*?["))


def _takes(path: str, unwanted: list[str]) -> bool:
    return not path.endswith(".pyc") and not any(path == other or path.startswith(other + "/") for other in unwanted)


def _add_wheel_data(layout: Layout, settings: dict[str, Any]) -> None:
    for entries in table(settings, "wheel-data").values():
        for entry in entries if isinstance(entries, list) else []:
            pattern = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(pattern, str):
                layout.add(layout.glob(pattern), 'matched by "wheel-data" of pdm-backend')
