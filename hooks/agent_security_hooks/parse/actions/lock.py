"""The lock of a repository's workflows: `.github/workflows/actions.lock`, as `gh actions-lock` writes it.

Source: https://docs.github.com/en/actions/concepts/security/workflow-dependency-lockfiles and https://github.com/github/gh-actions-lock. GitHub runs the recorded
commit of each action that a listed workflow uses. A pin is `owner/repo@ref`, also for an action below the repository. Reusable workflows are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.uses import is_commit
from agent_security_hooks.parse.actions.workflow import own, string, strings

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.uses import Reference, Use
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

LOCK_PATH = ".github/workflows/actions.lock"
LARGEST = 1 << 20
"""Bytes of a lock that is read; a larger one fixes nothing."""
_ALGORITHMS = {"sha1": 40, "sha256": 64}


class Dependency(NamedTuple):
    """One entry of `dependencies`: `commit` is empty where it is no full one, `tag` is the ref that it had when it was locked."""

    name: str
    """`owner/repo` in lower case."""
    ref: str
    """As in the workflow."""
    commit: str
    tag: str
    key: Node
    commit_node: Node | None
    uses: tuple[Node, ...]
    """The pins that the action needs itself."""


class Lock(NamedTuple):
    """A lock. `error` says why it could not be read to its end, "" when it could."""

    workflows: dict[str, dict[str, Node]]
    """For each workflow (its path from the directory that holds `.github`) its pins."""
    keys: dict[str, Node]
    """Where the workflows are named."""
    dependencies: dict[str, Dependency]
    tags: dict[tuple[str, str], list[str]]
    """The refs that stand for a commit: (`owner/repo` in lower case, commit) -> refs."""
    error: str

    def tags_of(self, name: str, commit: str) -> list[str]:
        """The refs that stand for a commit of a repository."""
        return self.tags.get((name, commit.lower()), [])


def normal_pin(text: str) -> str:
    """A pin with `owner/repo` in lower case; the ref keeps its case, as in git."""
    name, at, ref = text.strip().partition("@")
    return f"{'/'.join(name.lower().split('/')[:2])}{at}{ref}"


def pin_of(reference: Reference) -> str:
    """The pin that stands for a reference in a lock."""
    return f"{reference.name}@{reference.ref}"


def is_lock(path: str) -> bool:
    """Whether a file of this path is a lock."""
    return path == LOCK_PATH or path.endswith("/" + LOCK_PATH)


def base_of(path: str) -> str:
    """The directory that holds the `.github` of a workflow or lock, as a prefix: "" or `sub/`."""
    at = path.rfind(".github/workflows/")
    return path[:at] if at > 0 and path[at - 1] == "/" else ""


def lock_of(file: Source) -> Lock | None:
    """The lock that speaks of a workflow; None where there is none, and for composite actions, of which locks say nothing."""
    return file.view(_find_lock)


def _find_lock(file: Source) -> Lock | None:
    """A view: see above."""
    if "/workflows/" not in file.path:
        return None
    path = base_of(file.path) + LOCK_PATH
    locks = file.repository.view(_locks)
    if path not in locks:
        found = file.repository.read(path) if file.repository.exists(path) else None
        locks[path] = found.view(read_lock) if found is not None else None
    return locks[path]


def _locks(repository: Repository) -> dict[str, Lock | None]:
    """A view, filled as it is asked for: the locks by their paths."""
    return {}


def listed_pins(file: Source, lock: Lock | None) -> dict[str, Node] | None:
    """The pins of a workflow; None where the lock does not speak of it."""
    return lock.workflows.get(file.path[len(base_of(file.path)) :]) if lock else None


def covering(file: Source, use: Use) -> Dependency | None:
    """The entry that fixes what a step runs: its workflow is listed with that pin, and the pin has a full commit."""
    if use.is_workflow or use.reference.kind != "repository" or use.reference.host:
        return None
    lock = lock_of(file)
    pins, pin = listed_pins(file, lock), pin_of(use.reference)
    if lock is None or pins is None or pin not in pins:
        return None
    entry = lock.dependencies.get(pin)
    return entry if entry is not None and entry.commit else None


def read_lock(file: Source) -> Lock:
    """A view: the lock in a file. What has not the form of one is left out."""
    from agent_security_hooks.parse.yaml_tree import read_yaml

    if len(file.data) > LARGEST:
        return Lock({}, {}, {}, {}, f"larger than {LARGEST >> 20} MB")
    document = file.view(read_yaml)
    root = document.root
    workflows: dict[str, dict[str, Node]] = {}
    keys: dict[str, Node] = {}
    listed = own(root, "workflows")
    for path, key, pins in listed.entries() if listed is not None else ():
        keys[path] = key
        workflows[path] = {normal_pin(pin.value): pin for pin in strings(pins)}
    dependencies: dict[str, Dependency] = {}
    entries = own(root, "dependencies")
    for text, key, value in entries.entries() if entries is not None else ():
        pin = normal_pin(text)
        name, _, ref = pin.partition("@")
        commit = own(value, "commit")
        dependencies[pin] = Dependency(name, ref, _commit(string(commit)), string(own(value, "ref")), key, commit, tuple(strings(own(value, "uses"))))
    tags: dict[tuple[str, str], list[str]] = {}
    for entry in dependencies.values():
        if entry.commit:
            tags.setdefault((entry.name, entry.commit), []).extend(ref for ref in (entry.tag, entry.ref) if ref)
    error = document.error or ("" if root.kind == "map" or root.is_null else "not a lock: its top level is no mapping")
    return Lock(workflows, keys, dependencies, tags, error)


def _commit(text: str) -> str:
    """The digits of `sha1-...` or `sha256-...`, "" where they are not all there."""
    algorithm, _, digits = text.partition("-")
    return digits.lower() if len(digits) == _ALGORITHMS.get(algorithm) and is_commit(digits) else ""
