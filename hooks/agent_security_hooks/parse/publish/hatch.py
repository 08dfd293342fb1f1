"""hatchling: the sdist takes every file that the ignore file does not name, tracked or not; the wheel takes packages.

Source: https://hatch.pypa.io/latest/config/build/ and https://hatch.pypa.io/latest/plugins/builder/wheel/
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from agent_security_hooks.parse.ignore import bytewise, git_rules
from agent_security_hooks.parse.publish import read_toml
from agent_security_hooks.parse.publish.layout import clean, inside, licenses, readme, strings, table, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.ignore import IgnoreRule
    from agent_security_hooks.parse.publish.layout import Layout

_SKIPPED_DIRS = frozenset(
    "__pycache__ .venv .git .hg .hatch .tox .nox .ruff_cache .pytest_cache .mypy_cache .pixi".split()  # fixed by hatchling
)
_SKIPPED_FILES = frozenset({".DS_Store", ".git"})
_GLOBAL_EXCLUDE = ("*.py[cdo]", "/dist")
_SOME_ROOT = "home/someone/project"


class _Target(NamedTuple):
    """The settings of one target, each with the fallback to those of all targets."""

    target: dict[str, Any]
    common: dict[str, Any]

    def settings(self, key: str) -> dict[str, Any]:
        return self.target if key in self.target else self.common

    def strings(self, key: str) -> list[str]:
        return strings(self.settings(key), key)

    def flag(self, key: str) -> bool:
        return self.settings(key).get(key, False) is True

    def sources(self, key: str) -> list[str]:
        return list(table(self.settings(key), key))


def collect(layout: Layout, document: dict[str, Any]) -> None:
    """Add what hatchling would ship. Raises ManifestError for settings of the wrong type."""
    project = table(document, "project")
    hatch = {**table(document, "tool", "hatch"), **_hatch_toml(layout)}
    build = table(hatch, "build")
    sdist = _Target(table(build, "targets", "sdist"), build)
    wheel = _Target(table(build, "targets", "wheel"), build)
    always = ["hatch.toml", "hatch_build.py", ".gitignore", ".hgignore", *readme(project), *licenses(layout, project)]
    layout.add(always, "hatchling always adds it to the sdist")
    _select(layout, sdist, sdist.strings("packages"), "sdist")
    packages = wheel.strings("packages")
    chosen = wheel.strings("include") or packages or wheel.strings("only-include")
    guess = [] if chosen else _guess(layout, text(project, "name"))
    if chosen or guess:
        _select(layout, wheel, packages or guess, "wheel")
    _force(layout, wheel, ("force-include", "shared-data", "shared-scripts", "extra-metadata"), "wheel")
    layout.add(wheel.strings("sbom-files"), 'matched by "sbom-files" of the wheel')


def _hatch_toml(layout: Layout) -> dict[str, Any]:
    content = layout.tree.read("hatch.toml")
    return read_toml(content) if content is not None else {}


def _select(layout: Layout, target: _Target, packages: list[str], kind: str) -> None:
    excluded = _excluded(layout, target)
    artifacts = _Spec(git_rules("", "\n".join(target.strings("artifacts"))))
    packages = [name for package in packages if (name := clean(package)) is not None]
    include = target.strings("include")
    patterns = _Spec(git_rules("", "\n".join([*include, *(f"/{package}/" for package in packages)])))
    only = [name for path in target.strings("only-include") or packages if (name := clean(path)) is not None]
    why = _reason(kind, include, only, target)
    only_packages = target.flag("only-packages")
    inits = {path.rpartition("/")[0] for path in layout.files if path.rpartition("/")[2] == "__init__.py"}

    def takes(path: str) -> bool:
        if artifacts.matches(path):
            return True
        if path in excluded or (only_packages and path.rpartition("/")[0] not in inits):
            return False
        return bool(only) or not patterns.rules or patterns.matches(path)

    candidates = layout.files if not only else [path for start in only for path in layout.below(inside(start) or "")]
    layout.add((path for path in candidates if not _skipped(path) and takes(path)), why)
    layout.add(only, why)  # a file that is named here is taken even where it is ignored
    _force(layout, target, ("force-include",), kind)


def _reason(kind: str, include: Sequence[str], only: Sequence[str], target: _Target) -> str:
    for used, name in ((only, "only-include or packages"), (include, "include")):
        if used:
            return f'in the {kind}: matched by "{name}" of hatchling'
    if target.flag("ignore-vcs"):
        return f'in the {kind}: hatchling takes every file, since "ignore-vcs" is set'
    return f"in the {kind}: hatchling takes every file that the .gitignore of the project does not name"


def _force(layout: Layout, target: _Target, keys: Sequence[str], kind: str) -> None:
    for key in keys:
        for source in target.sources(key):
            start = inside(source)
            if start is not None:
                found = [path for path in layout.below(start) if not _skipped(path[len(start) :])]
                layout.add([start, *found], f'in the {kind}: "{key}" of hatchling takes it even where it is ignored')


def _skipped(path: str) -> bool:
    *parents, name = path.split("/")
    return name in _SKIPPED_FILES or not _SKIPPED_DIRS.isdisjoint(parents)


def _guess(layout: Layout, name: str) -> list[str]:
    """What the wheel holds when nothing says it: the package that is named like the project, in one of four places."""
    for raw in dict.fromkeys([name, name.lower().replace("_", "-").replace(".", "-")]):
        package = "".join(char if char.isalnum() or char in "_." else "_" for char in raw)
        for start in (package, f"src/{package}"):
            if f"{start}/__init__.py" in layout.known:
                return [start]
        if f"{package}.py" in layout.known:
            return [f"{package}.py"]
        nested = layout.glob(f"*/{package}/__init__.py")
        if len(nested) == 1:
            return [nested[0].split("/")[0]]
    return []


def _excluded(layout: Layout, target: _Target) -> set[str]:
    """The files that the ignore file or `exclude` takes out. Only one ignore file counts: the nearest at or above the project."""
    own = "\n".join(target.strings("exclude"))
    rules = list(git_rules("", "\n".join(_GLOBAL_EXCLUDE)))
    outside: set[str] = set()
    if not target.flag("ignore-vcs"):
        content = layout.tree.read(".gitignore")
        if content is None:
            outside = layout.tree.git_ignored(layout.files)  # the file lies above the project, if there is one
        else:
            rules += _ignore_file(content)
    rules += git_rules("", own)
    spec = _Spec(rules)
    return outside | {path for path in layout.files if spec.matches(path)}


def _ignore_file(content: bytes) -> list[IgnoreRule]:
    text = content.decode("utf-8", "replace")
    if text.startswith("\ufeff"):  # hatchling keeps the mark, so the first pattern matches nothing
        text = "#" + text
    rules = git_rules("", text)
    # a pattern that also matches the directory of the project itself, such as `*`, makes hatchling drop the whole file
    return [] if _Spec(rules).matches(_SOME_ROOT) else rules


class _Spec:
    """hatchling's reading of patterns: unlike git, it lets `!` bring back a file below an excluded directory."""

    def __init__(self, rules: Sequence[IgnoreRule]) -> None:
        self.rules = rules
        self.exact: dict[str, list[int]] = {}
        self.others: list[int] = []
        self.above: dict[str, frozenset[int]] = {"": frozenset()}
        for index, rule in enumerate(rules):
            if rule.glob is not None and rule.basename and not rule.glob.steps:
                self.exact.setdefault(rule.glob.prefix, []).append(index)
            elif rule.glob is not None:
                self.others.append(index)

    def matches(self, path: str) -> bool:
        """Is this file matched, all things considered?"""
        path = bytewise(path)
        own = {index for index in self._direct(path) if not self.rules[index].directory_only}
        decided, weight = False, 0
        for index in sorted(own | self._inherited(posixpath.dirname(path))):
            negated = self.rules[index].negated
            if index in own:
                decided, weight = not negated, 2
            elif not negated or weight <= 1:
                decided, weight = not negated, 1
        return decided

    def _direct(self, path: str) -> set[int]:
        """The rules that match the path itself."""
        name = posixpath.basename(path)
        found = set(self.exact.get(name, ()))
        for index in self.others:
            rule = self.rules[index]
            if rule.glob is not None and rule.glob.matches(name if rule.basename else path):
                found.add(index)
        return found

    def _inherited(self, directory: str) -> frozenset[int]:
        """The rules that match a directory or one above it."""
        pending = []
        while directory not in self.above:
            pending.append(directory)
            directory = posixpath.dirname(directory)
        found = self.above[directory]
        for below in reversed(pending):
            found = self.above[below] = found | self._direct(below)
        return found
