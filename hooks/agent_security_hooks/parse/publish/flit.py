"""flit: both archives take every file of the module, whatever git ignores.

Source: https://flit.pypa.io/en/stable/pyproject_toml.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.publish.layout import clean, licenses, readme, strings, table, text

if TYPE_CHECKING:
    from agent_security_hooks.parse.publish.layout import Layout


def collect(layout: Layout, document: dict[str, Any]) -> None:
    """Add what flit would ship. Raises ManifestError for settings of the wrong type."""
    project = table(document, "project")
    settings = table(document, "tool", "flit")
    metadata = table(settings, "metadata")  # the form from before [project]
    name = text(table(settings, "module"), "name") or text(metadata, "module") or _module(text(project, "name"))
    path = name.replace(".", "/")
    for start in (path, f"src/{path}"):
        files = [start + ".py", *(file for file in layout.below(start) if not _is_cache(file))]
        layout.add(files, "flit takes every file of the module, also what git ignores")
    data = clean(text(table(settings, "external-data"), "directory"))
    if data is not None and data != ".":
        layout.add(layout.below(data), 'in "external-data" of flit')
    layout.add([*readme(project), *licenses(layout, project), text(metadata, "description-file")], "named by the metadata")
    sdist = table(settings, "sdist")
    patterns = ["**/__pycache__", "*.pyc", *strings(sdist, "exclude")]  # the first two are flit's own
    excluded = {file for pattern in patterns for file in layout.expand(pattern)}
    included = [file for pattern in strings(sdist, "include") for file in layout.expand(pattern) if file not in excluded]
    layout.add(included, 'matched by "include" in [tool.flit.sdist]')


def _module(name: str) -> str:
    stubs = "-stubs" if name.endswith("-stubs") else ""
    return name.removesuffix("-stubs").replace("-", "_") + stubs


def _is_cache(path: str) -> bool:
    return path.endswith(".pyc") or "__pycache__" in path.split("/")
