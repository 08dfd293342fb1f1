"""Workflows and composite actions as jobs and steps that keep their place in the file.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax and .../metadata-syntax. Merge keys (`<<`) are not honoured,
since GitHub refuses them; anchors and aliases are. What a repeated key holds is all there: GitHub refuses the file, other runners take the last.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_WORKFLOW_PATH = Pattern(rb"(?i)(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_ACTION_NAMES = ("action.yml", "action.yaml")
STEP_LIMIT = 20_000
"""Steps of one file that are looked at; a step that several jobs have by an alias counts for each."""
JOB_LIMIT = 2_000
"""Jobs of one file that are looked at."""


def is_workflow(path: str) -> bool:
    """Whether a file of this path is run as a workflow."""
    return path[-4:].lower() in (".yml", "yaml") and _WORKFLOW_PATH.search(path.encode("utf-8", "surrogateescape")) is not None


def is_action(path: str) -> bool:
    """Whether a file of this path describes an action."""
    return path.rsplit("/", 1)[-1].lower() in _ACTION_NAMES


def string(node: Node | None) -> str:
    """The value of a scalar, "" of anything else."""
    return node.value if node is not None and node.kind == "scalar" and not node.is_null else ""


def own(node: Node | None, key: str) -> Node | None:
    """What a map itself holds at a key (no merge keys), aliases resolved; None where there is nothing."""
    if node is None or not (node := node.target or node).pairs:
        return None
    found = node.own.get(key)
    return (found[1].target or found[1]) if found else None


def every(node: Node | None, key: str) -> list[Node]:
    """All that a map holds at a key that may be repeated, aliases resolved."""
    if node is None or (node := node.resolved).kind != "map" or key not in node.own:
        return []
    return [value for name, _, value in node.entries() if name == key]


def strings(node: Node | None) -> list[Node]:
    """The scalars of a list, or a scalar by itself; without nulls."""
    if node is None:
        return []
    return [item for item in (node.elements() if node.kind == "list" else (node,)) if item.kind == "scalar" and not item.is_null]


class Scope(NamedTuple):
    """One entry of `permissions:`, as `contents: write`."""

    name: str
    level: str
    key: Node
    value: Node


class Permissions(NamedTuple):
    """What a token may do. `kind`: "unset" (the repository's settings decide), "all" (one `level` for everything) or "scopes" (those named, no others)."""

    kind: str
    level: str = ""
    scopes: tuple[Scope, ...] = ()
    key: Node | None = None
    """The key `permissions` in the file."""
    node: Node | None = None

    def level_of(self, scope: str) -> str:
        """`read`, `write`, `none`, or "" where the repository's settings decide."""
        if self.kind == "unset":
            return ""
        if self.kind == "all":
            return {"read-all": "read", "write-all": "write"}.get(self.level, "none")
        return next((entry.level for entry in reversed(self.scopes) if entry.name == scope), "none")

    @property
    def writes(self) -> bool:
        """Whether something may be written for sure; `id-token: write`, which changes nothing in the repository, counts too."""
        return self.level == "write-all" or any(entry.level == "write" for entry in self.scopes)


_UNSET = Permissions("unset")


def permissions_in(node: Node | None) -> Permissions:
    """The `permissions:` of a workflow's or a job's map. A null is the same as nothing: the repository's settings decide."""
    found = node.own.get("permissions") if node is not None and node.kind == "map" else None
    if found is None:
        return _UNSET
    key, value = found[0], found[1].resolved
    if value.kind == "map":
        return Permissions("scopes", "", tuple(Scope(name, string(level), name_node, level) for name, name_node, level in value.entries()), key, value)
    if value.is_null or value.kind != "scalar":
        return _UNSET._replace(key=key, node=value)
    return Permissions("all", value.value, (), key, value)


class Trigger(NamedTuple):
    """One event of `on:`; `options` is what stands below it."""

    name: str
    key: Node
    options: Node | None

    def listed(self, option: str) -> list[str]:
        """The values of a list of options: `types`, `branches`, `tags`, `workflows`."""
        return [node.value for node in strings(own(self.options, option))]


class Step:
    """One step of a job, or of a composite action (`job` is None)."""

    __slots__ = ("_action", "job", "node", "number", "workflow")

    def __init__(self, node: Node, number: int, job: Job | None, workflow: Workflow) -> None:
        self.node = node
        self._action: str | None = None
        self.number = number
        """Counted from 0 in its job."""
        self.job = job
        self.workflow = workflow

    def get(self, key: str) -> Node | None:
        """The value at a key of the step."""
        return own(self.node, key)

    @property
    def action(self) -> str:
        """`owner/repo` or `owner/repo/path` in lower case, without the version; "" for a step that runs something else."""
        if self._action is None:
            name, at, _ = string(self.get("uses")).strip().partition("@")
            self._action = name.lower() if at and name.count("/") and not name.startswith((".", "/", "$", "docker:")) else ""
        return self._action

    @property
    def repository(self) -> str:
        """`owner/repo` of its action in lower case; "" for a step that runs something else."""
        return "/".join(self.action.split("/", 2)[:2])

    @property
    def label(self) -> str:
        """What a person would call the step: its name, id, action, or number."""
        return string(self.get("name")) or string(self.get("id")) or string(self.get("uses")) or f"step {self.number + 1}"

    def inputs(self) -> Iterator[tuple[str, Node, Node]]:
        """(name in lower case, key, value) of everything in `with:`; GitHub does not tell names by case."""
        for name, key, value in node.entries() if (node := self.get("with")) is not None else ():
            yield name.lower(), key, value

    def input(self, name: str) -> Node | None:
        """The value of one input."""
        return next((value for found, _, value in self.inputs() if found == name.lower()), None)

    def environments(self) -> list[Node]:
        """The maps of variables that it sees, the nearest first: its own, its job's, the workflow's."""
        owners = (self.node, self.job.node if self.job else None, self.workflow.root)
        return [found for owner in owners if (found := own(owner, "env")) is not None and found.kind == "map"]

    def variable(self, name: str) -> Node | None:
        """The value of a variable of its environment as the file sets it."""
        return next((value for layer in self.environments() if (value := own(layer, name)) is not None), None)

    @property
    def shell(self) -> str:
        """The shell named for it, by itself or by `defaults`; "" for that of the runner."""
        owners = [self.node, *(own(own(owner, "defaults"), "run") for owner in (self.job.node if self.job else None, self.workflow.root))]
        return next((value for owner in owners if (value := string(own(owner, "shell")))), "")

    def __repr__(self) -> str:
        return f"Step({self.label!r})"


class Job:
    """One job: its steps, or the reusable workflow that it calls."""

    __slots__ = ("key", "name", "node", "steps", "workflow")

    def __init__(self, name: str, key: Node, node: Node, workflow: Workflow) -> None:
        self.name = name
        """Its key below `jobs`."""
        self.key = key
        self.node = node
        self.workflow = workflow
        self.steps: tuple[Step, ...] = ()

    def get(self, key: str) -> Node | None:
        """The value at a key of the job."""
        return own(self.node, key)

    @property
    def own_permissions(self) -> Permissions:
        """Those that the job itself asks for."""
        return permissions_in(self.node)

    @property
    def permissions(self) -> Permissions:
        """Those in force: the job's, which replace the workflow's as a whole."""
        asked = permissions_in(self.node)
        return asked if asked.kind != "unset" else self.workflow.permissions

    @property
    def needs(self) -> list[str]:
        """The names of the jobs that must end before it."""
        return [node.value for node in strings(self.get("needs"))]

    @property
    def environment(self) -> str:
        """The name of its deployment environment, "" without."""
        node = self.get("environment")
        return string(node) or string(own(node, "name"))

    def __repr__(self) -> str:
        return f"Job({self.name!r})"


class Workflow:
    """A workflow or a composite action. `error` says why it could not be read to its end, quoting nothing of it; "" when it could."""

    __slots__ = ("error", "file", "jobs", "kind", "root", "steps", "triggers")

    def __init__(self, kind: str, root: Node, file: Source, error: str) -> None:
        self.kind = kind
        """"workflow" or "action"."""
        self.root = root
        self.file = file
        self.error = error
        self.triggers: dict[str, Trigger] = {}
        self.jobs: tuple[Job, ...] = ()
        self.steps: tuple[Step, ...] = ()
        """Every step of every job, or of the composite action."""

    @property
    def permissions(self) -> Permissions:
        """Those at the top of the file."""
        return permissions_in(self.root)

    def job(self, name: str) -> Job | None:
        """The job with that key; GitHub does not tell them by case."""
        return next((job for job in self.jobs if job.name.lower() == name.lower()), None)


def read_workflow(file: Source) -> Workflow | None:
    """A view: the workflow or composite action in a file; None for a file of another kind, and for one in which there is nothing."""
    kind = "workflow" if is_workflow(file.path) else "action" if is_action(file.path) else ""
    if not kind:
        return None
    from agent_security_hooks.parse.fragments.values import combined
    from agent_security_hooks.parse.yaml_tree import read_yaml

    document = file.view(read_yaml)
    root = combined(document.roots)
    if root.kind != "map":
        empty = root.kind == "scalar" and root.is_null
        error = document.error or ("" if empty or kind == "action" else "not a workflow: its top level is no mapping")
        return Workflow(kind, root, file, error) if error else None
    found = Workflow(kind, root, file, document.error)
    if kind == "action":
        found.steps = tuple(islice(_steps(own(own(root, "runs"), "steps"), None, found), STEP_LIMIT))
        return found
    found.triggers = _triggers(root)
    jobs = own(root, "jobs")
    if jobs is None or jobs.kind != "map":
        if not found.error and (found.triggers or jobs is not None):
            found.error = "not a workflow: it has no mapping of jobs"
        return found if found.error or found.triggers else None
    found.jobs = tuple(Job(name, key, node, found) for name, key, node in islice(jobs.entries(), JOB_LIMIT) if node.kind == "map")
    left = STEP_LIMIT
    for job in found.jobs:
        job.steps = tuple(islice(_steps(own(job.node, "steps"), job, found), left))
        left -= len(job.steps)
    found.steps = tuple(step for job in found.jobs for step in job.steps)
    if len(jobs.pairs) > JOB_LIMIT:
        found.error = found.error or f"it has more than {JOB_LIMIT:,} jobs"
    if left <= 0:
        found.error = found.error or f"it has more than {STEP_LIMIT:,} steps"
    return found


def _steps(node: Node | None, job: Job | None, workflow: Workflow) -> Iterator[Step]:
    """The steps of a job, each once however many aliases stand for it; a list in a list is read like the outer one."""
    waiting = [node] if node is not None else []
    seen: set[int] = set()
    number = 0
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if found.kind == "map":
            yield Step(found, number, job, workflow)
            number += 1
        else:
            waiting += list(found.elements())[::-1]


def _triggers(root: Node) -> dict[str, Trigger]:
    node = own(root, "on")
    if node is None:
        return {}
    if node.kind == "map":
        return {name: Trigger(name, key, value) for name, key, value in node.entries()}
    return {found.value: Trigger(found.value, found, None) for found in strings(node)}
