"""The settings of setuptools, from pyproject.toml, setup.cfg and the literal arguments in setup.py.

Source: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html and .../declarative_config.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.publish import ManifestError
from agent_security_hooks.parse.publish.layout import inside, strings, table

if TYPE_CHECKING:
    from agent_security_hooks.parse.publish.layout import Layout


class Declared:
    """What a project declares; None where discovery decides."""

    def __init__(self) -> None:
        self.packages: list[str] | None = None
        self.find: dict[str, Any] | None = None
        self.modules: list[str] | None = None
        self.package_dir: dict[str, str] = {}
        self.package_data: dict[str, list[str]] = {}
        self.exclude_data: dict[str, list[str]] = {}
        self.data_files: list[str] = []
        self.scripts: list[str] = []
        self.referenced: list[str] = []
        self.license_files: dict[str, Any] = {}
        self.extensions = False


def declared(layout: Layout, document: dict[str, Any]) -> Declared:
    """Read all three files; pyproject.toml decides before setup.cfg, and that before setup.py. Raises ManifestError for wrong types."""
    settings = Declared()
    _read_script(settings, layout.tree.read("setup.py"))
    _read_cfg(settings, layout.tree.read("setup.cfg"))
    _read_toml(settings, table(document, "tool", "setuptools"))
    return settings


def _directories(value: dict[str, Any]) -> dict[str, str]:
    found = {name: inside(path) for name, path in value.items() if isinstance(path, str)}
    return {name: path for name, path in found.items() if path is not None}


def _lists(value: dict[str, Any]) -> dict[str, list[str]]:
    return {name: strings(value, name) for name in value}


# pyproject.toml


def _read_toml(settings: Declared, tool: dict[str, Any]) -> None:
    packages = tool.get("packages")
    if isinstance(packages, dict):
        settings.find = table(packages, "find")
    elif packages is not None:
        settings.packages, settings.find = strings(tool, "packages"), None
    if "py-modules" in tool:
        settings.modules = strings(tool, "py-modules")
    settings.package_dir.update(_directories(table(tool, "package-dir")))
    settings.package_data.update(_lists(table(tool, "package-data")))
    settings.exclude_data.update(_lists(table(tool, "exclude-package-data")))
    settings.data_files += [pattern for patterns in _lists(table(tool, "data-files")).values() for pattern in patterns]
    settings.scripts += strings(tool, "script-files")
    settings.extensions = settings.extensions or bool(tool.get("ext-modules"))
    if "license-files" in tool:
        settings.license_files = {"license-files": tool["license-files"]}


# setup.cfg


def _read_cfg(settings: Declared, content: bytes | None) -> None:
    if content is None:
        return
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except (configparser.Error, ValueError):
        raise ManifestError("setup.cfg is not valid") from None
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    options = {key.replace("-", "_"): value for key, value in sections.get("options", {}).items()}
    packages = options.get("packages", "").strip()
    if packages in {"find:", "find_namespace:"}:
        find = sections.get("options.packages.find", {})
        settings.find = {key: _items(find[key]) for key in ("where", "include", "exclude") if key in find}
        settings.find["namespaces"] = packages == "find_namespace:"
    elif packages:
        settings.packages = _items(packages)
    if "py_modules" in options:
        settings.modules = _items(options["py_modules"])
    settings.package_dir.update(_directories(_pairs(options.get("package_dir", ""))))
    settings.package_data.update({name: _items(value) for name, value in sections.get("options.package_data", {}).items()})
    settings.exclude_data.update({name: _items(value) for name, value in sections.get("options.exclude_package_data", {}).items()})
    settings.data_files += [item for value in sections.get("options.data_files", {}).values() for item in _items(value)]
    settings.scripts += _items(options.get("scripts", ""))
    metadata = {key.replace("-", "_"): value for key, value in sections.get("metadata", {}).items()}
    settings.referenced += [name for value in metadata.values() if value.strip().startswith("file:") for name in _items(value.strip()[len("file:") :])]
    licenses = _items(metadata.get("license_files", metadata.get("license_file", "")))
    if licenses:
        settings.license_files = {"license-files": licenses}


def _items(value: str) -> list[str]:
    """A list: one item per line, or separated by commas."""
    return [item for line in value.split("\n") for part in line.split(",") if (item := part.strip())]


def _pairs(value: str) -> dict[str, Any]:
    found = (item.partition("=") for item in _items(value))
    return {name.strip(): path.strip() for name, _, path in found}


# setup.py


def _read_script(settings: Declared, content: bytes | None) -> None:
    """Read what the call of `setup()` says literally; everything else stays unknown. The script is parsed, never run."""
    if content is None:
        return
    arguments = _setup_arguments(content)
    find = arguments.get("packages")
    if isinstance(find, dict):
        settings.find = find
    elif isinstance(find, list):
        settings.packages = _texts(find)
    if isinstance(arguments.get("py_modules"), list):
        settings.modules = _texts(arguments["py_modules"])
    for key, target in (("package_data", settings.package_data), ("exclude_package_data", settings.exclude_data)):
        value = arguments.get(key)
        if isinstance(value, dict):
            target.update({str(name): _texts(items) for name, items in value.items()})
    if isinstance(arguments.get("package_dir"), dict):
        settings.package_dir.update(_directories(arguments["package_dir"]))
    data_files = arguments.get("data_files")
    for entry in data_files if isinstance(data_files, list) else []:
        settings.data_files += [entry] if isinstance(entry, str) else _texts(entry[1]) if isinstance(entry, tuple) and len(entry) > 1 else []
    settings.scripts += _texts(arguments.get("scripts", []))
    settings.extensions = "ext_modules" in arguments


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else []


def _setup_arguments(content: bytes) -> dict[str, Any]:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    for node in module.body:
        statement = node.body[-1] if isinstance(node, ast.If) else node
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and _called(call) == "setup":
            return {word.arg: _value(word.value) for word in call.keywords if word.arg}
    return {}


def _called(call: Any) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _value(node: Any) -> Any:
    """A literal, or the arguments of `find_packages()`; None for anything else."""
    import ast

    if isinstance(node, ast.Call) and _called(node) in {"find_packages", "find_namespace_packages"}:
        found = {word.arg: _value(word.value) for word in node.keywords if word.arg}
        where = _value(node.args[0]) if node.args else found.get("where")
        find = {key: _texts(found[key]) for key in ("include", "exclude") if found.get(key)}
        return {**find, "where": [where if isinstance(where, str) else "."], "namespaces": _called(node) != "find_packages"}
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
