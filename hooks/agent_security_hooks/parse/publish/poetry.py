"""poetry-core: both archives take the files of the packages that git does not ignore, and what `include` names.

Source: https://python-poetry.org/docs/pyproject/#include-and-exclude
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.publish import ManifestError
from agent_security_hooks.parse.publish.layout import clean, licenses, readme, strings, table, text

if TYPE_CHECKING:
    from agent_security_hooks.parse.publish.layout import Layout

_FORMATS = ("sdist", "wheel")


def collect(layout: Layout, document: dict[str, Any]) -> None:
    """Add what poetry-core would ship. Raises ManifestError for settings of the wrong type."""
    project = table(document, "project")
    settings = table(document, "tool", "poetry")
    tracked = layout.tree.tracked or frozenset()
    ignored = layout.tree.git_ignored(layout.files) - tracked
    ignored.update(path for pattern in strings(settings, "exclude") for path in layout.expand(pattern, hidden=True))
    packages = _entries(settings, "packages", _FORMATS) or _default_package(layout, project, settings)
    includes = _entries(settings, "include", ("sdist",))
    for kind in _FORMATS:
        _collect(layout, kind, packages, includes, ignored)
    names = [*readme(project), *licenses(layout, project), *layout.below("LICENSES"), *_readmes(settings), *_scripts(settings)]
    layout.add(names, "named by the metadata")


def _collect(layout: Layout, kind: str, packages: list[dict[str, Any]], includes: list[dict[str, Any]], ignored: set[str]) -> None:
    chosen: set[str] = set()
    wanted = [entry for entry in includes if kind in entry["format"]]
    for entry in wanted:
        chosen.update(layout.expand(text(entry, "path"), hidden=True))
    out = (ignored - chosen) | {path for path in layout.files if path.endswith(".pyc") or "__pycache__" in path.split("/")}
    for entry in packages:
        if kind in entry["format"]:
            pattern = "/".join(part for part in (text(entry, "from"), text(entry, "include")) if part)
            found = [path for path in layout.expand(pattern, hidden=True) if path not in out]
            layout.add(found, f"in the {kind}: poetry takes every file of the package that git does not ignore")
    for entry in wanted:
        for path in layout.glob(text(entry, "path"), hidden=True):
            found = [path] if path in layout.known else [file for file in layout.below(path) if file not in out]
            layout.add(found, f'in the {kind}: matched by "include" in [tool.poetry], also what git ignores')


def _entries(settings: dict[str, Any], key: str, default: tuple[str, ...]) -> list[dict[str, Any]]:
    value = settings.get(key, [])
    if not isinstance(value, list):
        raise ManifestError("a setting that should be a list is none")
    entries = []
    for item in value:
        entry = dict(item) if isinstance(item, dict) else {"path": item}
        wanted = entry.get("format", default)
        entry["format"] = (wanted,) if isinstance(wanted, str) else wanted
        if not isinstance(entry["format"], (list, tuple)):
            raise ManifestError("a setting that should be a list is none")
        entries.append(entry)
    return entries


def _default_package(layout: Layout, project: dict[str, Any], settings: dict[str, Any]) -> list[dict[str, Any]]:
    words = text(project if "name" in project else settings, "name").lower().replace("-", "_").replace(".", "_").split("_")
    name = "_".join(word for word in words if word)
    for start in ("", "src/"):
        if start + name in layout.dirs:
            return [{"include": start + name, "format": _FORMATS}]
        if f"{start}{name}.py" in layout.known:
            return [{"include": f"{start}{name}.py", "format": _FORMATS}]
    return []


def _readmes(settings: dict[str, Any]) -> list[str]:
    value = settings.get("readme", [])
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [path for name in names if isinstance(name, str) and (path := clean(name)) is not None]


def _scripts(settings: dict[str, Any]) -> list[str]:
    entries = [entry for entry in table(settings, "scripts").values() if isinstance(entry, dict) and entry.get("type") == "file"]
    return [path for entry in entries if (path := clean(text(entry, "reference"))) is not None]
