"""setuptools: modules of the packages, declared data, and what MANIFEST.in or a version control plugin adds. Nothing else.

The wheel holds nothing that the sdist does not (but for an old build/lib), so only the sdist is modelled. A setup.py is never run: the
literal arguments of its `setup()` are read.

Source: https://setuptools.pypa.io/en/latest/userguide/datafiles.html, .../package_discovery.html and .../miscellaneous.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.publish.layout import clean, inside, licenses, name_matches, readme, strings, table
from agent_security_hooks.parse.publish.manifest_in import apply_manifest
from agent_security_hooks.parse.publish.setup_files import declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.parse.publish.layout import Layout
    from agent_security_hooks.parse.publish.setup_files import Declared

_READMES = ("README", "README.rst", "README.txt", "README.md")
_NO_PACKAGES = frozenset(  # names that discovery skips at the root, from setuptools
    """ci bin debian doc docs documentation manpages news newsfragments changelog test tests unit_test unit_tests example examples scripts
    tools util utils python build dist venv env requirements tasks fabfile site_scons benchmark benchmarks exercise exercises
    htmlcov""".split()
)
_NO_MODULES = frozenset(
    """setup conftest test tests example examples build toxfile noxfile pavement dodo tasks fabfile SConstruct Sconstruct sConstruct
    sconstruct conanfile manage benchmark benchmarks exercise exercises""".split()
)
_PLUGINS = ("setuptools-scm", "setuptools-git", "setuptools-svn", "setuptools-hg")


def collect(layout: Layout, document: dict[str, Any]) -> None:
    """Add what setuptools would ship. Raises ManifestError for settings of the wrong type."""
    settings = declared(layout, document)
    project = table(document, "project")
    packages = _discover(layout, settings)
    files: dict[str, str] = {}

    def add(paths: Iterable[str], why: str) -> None:
        for path in paths:
            if path in layout.known:
                files.setdefault(path, why)

    add(next(([name] for name in _READMES if name in layout.known), []), "setuptools always adds it to the sdist")
    add(["setup.py", "setup.cfg", "MANIFEST.in"], "setuptools always adds it to the sdist")
    add(layout.glob("tests/test*.py") + layout.glob("test/test*.py"), "setuptools always adds it to the sdist")
    for package, directory in packages.items():
        add(layout.glob(_under(directory, "*.py")), "module of a package")
        add(_package_data(layout, settings, package, directory), 'matched by "package-data" of setuptools')
    add(_modules(layout, settings), "listed or discovered module")
    add((path for pattern in settings.data_files for path in layout.expand(pattern)), 'matched by "data-files" of setuptools')
    add((path for name in settings.scripts if (path := clean(name))), "listed script")
    add(*_listed_files(layout, document))
    apply_manifest(layout, files)
    named = [*readme(project), *_dynamic_files(document), *settings.referenced, *licenses(layout, {**project, **settings.license_files})]
    add((path for name in named if (path := clean(name))), "named by the metadata")
    for path, why in files.items():
        if not _pruned(path):
            layout.add([path], why)
    layout.add(layout.below("build/lib"), "left in build/lib by an earlier build; a wheel that is built in place holds it")


def _under(directory: str, pattern: str) -> str:
    return f"{directory}/{pattern}" if directory else pattern


def _pruned(path: str) -> bool:
    first, *rest = path.split("/")
    if rest and first in {"build", ".tox", ".nox", ".venv"}:
        return True
    return not {"RCS", "CVS", ".svn", ".hg", ".git", ".bzr", "_darcs"}.isdisjoint([first, *rest][:-1])


# Packages


def _discover(layout: Layout, settings: Declared) -> dict[str, str]:
    """Packages with their directories."""
    if settings.find is not None:
        return _found(layout, settings)
    if settings.packages is not None:
        return {name: _directory(settings, name) for name in settings.packages}
    if settings.modules is not None or settings.extensions:
        return {}
    explicit = {name: path for name, path in settings.package_dir.items() if name}
    if explicit:
        return {
            name + nested: path + nested.replace(".", "/")
            for name, path in explicit.items()
            for nested in ["", *("." + found for found in _walk(layout, path, namespaces=True))]
        }
    root = settings.package_dir.get("", "src")
    if root in layout.dirs:
        settings.package_dir[""] = root
        return {name: _under(root, name.replace(".", "/")) for name in _walk(layout, root, namespaces=True)}
    flat = [name for name in _walk(layout, "", namespaces=True) if _is_flat(name)]
    tops = {name.split(".")[0] for name in flat if not name.split(".")[0].endswith("-stubs")}
    return {name: name.replace(".", "/") for name in flat} if len(tops) <= 1 else {}  # setuptools refuses to choose among several


def _is_flat(name: str) -> bool:
    first, *rest = name.split(".")
    valid = (first.isidentifier() or first.endswith("-stubs")) and all(part.isidentifier() for part in rest)
    return valid and first not in _NO_PACKAGES and not first.startswith("_")


def _found(layout: Layout, settings: Declared) -> dict[str, str]:
    find = settings.find or {}
    found: dict[str, str] = {}
    for where in strings(find, "where", ["."]):
        root = inside(where)
        if root is None:
            continue
        for name in _walk(layout, root, namespaces=find.get("namespaces", True) is not False):
            wanted = any(name_matches(pattern, name) for pattern in strings(find, "include", ["*"]) or ["*"])
            if wanted and not any(name_matches(pattern, name) for pattern in strings(find, "exclude")):
                found[name] = _directory(settings, name) if settings.package_dir else _under(root, name.replace(".", "/"))
    return found


def _walk(layout: Layout, root: str, *, namespaces: bool) -> Iterator[str]:
    """Dotted names of the directories below `root` that can be packages."""
    start = root + "/" if root else ""
    for directory in sorted(layout.dirs):
        if not directory.startswith(start):
            continue
        parts = directory[len(start) :].split("/")
        if any("." in part for part in parts) or parts[-1].endswith("__pycache__"):
            continue
        chain = (start + "/".join(parts[:count]) + "/__init__.py" for count in range(1, len(parts) + 1))
        if namespaces or all(init in layout.known for init in chain):
            yield ".".join(parts)


def _directory(settings: Declared, package: str) -> str:
    """Where a package's files lie, by the nearest parent that `package-dir` speaks of."""
    parts = package.split(".") if package else []
    for count in range(len(parts), -1, -1):
        root = settings.package_dir.get(".".join(parts[:count]))
        if root is not None:
            return clean("/".join(part for part in [root, *parts[count:]] if part)) or ""
    return "/".join(parts)


def _modules(layout: Layout, settings: Declared) -> list[str]:
    root = settings.package_dir.get("", "")
    if settings.modules is not None:
        return [_under(root, name.replace(".", "/") + ".py") for name in settings.modules]
    if settings.packages is not None or settings.find is not None or settings.extensions:
        return []
    if root:
        return layout.glob(_under(root, "*.py"))
    names = [path[:-3] for path in layout.glob("*.py")]
    found = [name for name in names if name.isidentifier() and name not in _NO_MODULES and not name.startswith("_")]
    flat = any(_is_flat(name) for name in _walk(layout, "", namespaces=True))
    return [name + ".py" for name in found] if len(found) == 1 and not flat else []


# Data


def _package_data(layout: Layout, settings: Declared, package: str, directory: str) -> list[str]:
    patterns = ["*.pyi", "py.typed"]
    for name in ("", "*", package):
        patterns += settings.package_data.get(name, [])
    found = [path for pattern in patterns for path in layout.glob(_under(directory, pattern)) if path in layout.known]
    excluded = [_under(directory, pattern) for name in ("", "*", package) for pattern in settings.exclude_data.get(name, [])]
    return [path for path in found if not any(name_matches(pattern, path) for pattern in excluded)]


def _listed_files(layout: Layout, document: dict[str, Any]) -> tuple[list[str], str]:
    """The tracked files, when a plugin lists them; else what a SOURCES.txt of an earlier build lists; with the reason."""
    requires = [name.lower().replace("_", "-") for name in strings(table(document, "build-system"), "requires")]
    if any(name.startswith(_PLUGINS) for name in requires) and layout.tree.tracked:
        return sorted(layout.tree.tracked), "tracked by git: a plugin in build-system.requires puts every tracked file into the sdist"
    lists = [path for path in layout.files if path.endswith(".egg-info/SOURCES.txt")]
    texts = ((layout.tree.read(path) or b"").decode("utf-8", "replace") for path in lists)
    return lists + [line.strip() for text in texts for line in text.split("\n")], "listed in the SOURCES.txt of an earlier build"


def _dynamic_files(document: dict[str, Any]) -> list[str]:
    """Files that `[tool.setuptools.dynamic]` reads values from."""
    names: list[str] = []
    for entry in table(document, "tool", "setuptools", "dynamic").values():
        value = entry.get("file") if isinstance(entry, dict) else None
        names += [value] if isinstance(value, str) else strings({"file": value}, "file")
    return names
