"""What an sdist and a wheel hold, for each Python build backend, read from pyproject.toml alone.

The answer is the union of the two archives, since both are uploaded. Build hooks and setup scripts are not run: what they would generate or
add is not known here.

Sources: https://packaging.python.org/en/latest/specifications/pyproject-toml/ and the documentation that each backend's module names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.publish import ManifestError, Shipped, read_toml
from agent_security_hooks.parse.publish.layout import Layout, strings, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.publish import Tree

    Model = Callable[[Layout, dict[str, Any]], None]

_SETUPTOOLS_FILES = ("setup.py", "setup.cfg")


def shipped(tree: Tree) -> list[Shipped]:
    """The files that the sdist and the wheel would hold; none for a project that is not, or must not be, published.

    Errors: ManifestError, also for a build backend that is not modelled. See `agent_security_hooks.parse.publish.shipped` for the types.
    """
    content = tree.read("pyproject.toml")
    if content is None:
        raise ManifestError("pyproject.toml cannot be read")
    document = read_toml(content)
    layout = Layout(tree)
    backend = _backend(layout, document)
    if backend is None or _is_private(document):
        return []
    model = _models().get(backend)
    if model is None:
        raise ManifestError("the build backend is none of hatchling, setuptools, flit, uv, pdm and poetry")
    layout.add(["pyproject.toml"], "every sdist holds it")
    model(layout, document)
    return [Shipped(path, why) for path, why in layout.shipped.items()]


def _models() -> dict[str, Model]:
    from agent_security_hooks.parse.publish import flit, hatch, pdm, poetry, setuptools, uv

    return {
        "hatchling.build": hatch.collect,
        "hatchling.ouroboros": hatch.collect,
        "setuptools.build_meta": setuptools.collect,
        "setuptools.build_meta:__legacy__": setuptools.collect,
        "flit_core.buildapi": flit.collect,
        "flit.buildapi": flit.collect,
        "uv_build": uv.collect,
        "pdm.backend": pdm.collect,
        "pdm.pep517.api": pdm.collect,
        "poetry.core.masonry.api": poetry.collect,
        "poetry.masonry.api": poetry.collect,
    }


def _backend(layout: Layout, document: dict[str, Any]) -> str | None:
    """The backend's name; None when pyproject.toml only configures tools."""
    if "build-system" not in document:
        if table(document, "tool", "poetry"):
            return "poetry.core.masonry.api"
        is_project = "project" in document or any(name in layout.known for name in _SETUPTOOLS_FILES)
        return "setuptools.build_meta" if is_project else None
    name = table(document, "build-system").get("build-backend", "setuptools.build_meta:__legacy__")
    return name if isinstance(name, str) else ""


def _is_private(document: dict[str, Any]) -> bool:
    """Not a package, or marked with the classifier that PyPI refuses."""
    poetry = table(document, "tool", "poetry")
    if poetry.get("package-mode") is False or table(document, "tool", "uv").get("package") is False:
        return True
    classifiers = strings(table(document, "project"), "classifiers") + strings(poetry, "classifiers")
    return any(classifier.lower().startswith("private ::") for classifier in classifiers)
