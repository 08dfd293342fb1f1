"""Local actions and reusable workflows that put an input of theirs into a script, and what a caller gives them for it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.workflow import is_workflow, own, read_workflow, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.taint import Expanded, Taint
    from agent_security_hooks.parse.actions.workflow import Job, Step, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

_SIZE = 1 << 20
"""Bytes of a called file that is read."""
_CALLS = 500
"""Calls of one file that are followed."""
_DEPTH = 5
"""Calls within calls that are followed."""


class Handed(NamedTuple):
    """An input of a call that ends in a script of the callee."""

    name: str
    callee: str
    """Its file, from the root of the repository."""
    line: int
    """Of the script in that file, 1-based."""
    node: Node
    job: Job | None
    step: Step | None
    expanded: list[Expanded]


def handed_in(workflow: Workflow) -> Iterator[Handed]:
    """What a workflow or action hands to local callees that put it into scripts, with the expressions in it that are not of a fixed shape."""
    yield from _handed(workflow, 0)


def _handed(workflow: Workflow, depth: int) -> Iterator[Handed]:
    callers: list[tuple[Job | None, Step | None, Node]] = [(job, None, job.node) for job in workflow.jobs if job.get("uses") is not None]
    callers += [(step.job, step, step.node) for step in workflow.steps if step.get("uses") is not None]
    left = _CALLS
    for job, step, node in callers:
        target = string(own(node, "uses")).strip()
        inputs = own(node, "with")
        if not target.startswith("./") or inputs is None or left <= 0:
            continue
        values = [(name.lower(), value) for name, _, value in inputs.entries() if value.kind == "scalar" and "${{" in value.value]
        if not values:
            continue
        left -= 1
        callee = _read(target, workflow.file)
        reaching = _reaching(callee, depth) if callee is not None else {}
        for name, value in values:
            if callee is not None and name in reaching:
                yield Handed(name, callee.path, reaching[name], value, job, step, _expanded(value, job, step, workflow))


def output_of(caller: Node, name: str, file: Source) -> Taint:
    """Who writes an output of the local action or reusable workflow that a step or job of a file calls; by `inputs` where its own caller does."""
    from agent_security_hooks.parse.actions.taint import UNKNOWN, Taint
    from agent_security_hooks.parse.actions.taint_flow import read_flow

    following = file.repository.view(_following)
    callee = _read(string(own(caller, "uses")).strip(), file) if following[0] < _DEPTH else None
    if callee is None or callee.view(read_workflow) is None:
        return Taint(UNKNOWN, "")
    following[0] += 1
    found = callee.view(read_flow).called_output(name)
    following[0] -= 1
    return found


def _following(repository: Repository) -> list[int]:
    """A view: how many calls are followed at the moment, one within the other."""
    return [0]


def _expanded(node: Node, job: Job | None, step: Step | None, workflow: Workflow) -> list[Expanded]:
    from agent_security_hooks.parse.actions.taint_flow import read_flow

    return workflow.file.view(read_flow).expanded_in(node, step, job)


def _read(target: str, file: Source) -> Source | None:
    """The file behind `./path` of a caller."""
    path = posixpath.normpath(target)
    if path.startswith(".."):
        return None
    # Paths are from the root of the repository that the workflow lies in; a template has its own.
    root = file.path[: file.path.rfind(".github/")] if ".github/" in file.path else ""
    names = [path] if is_workflow(path) else [f"{path}/action.yml", f"{path}/action.yaml"]
    found = next((source for name in names if (source := file.repository.read(posixpath.normpath(root + name))) is not None), None)
    return found if found is not None and len(found.data) <= _SIZE else None


def _callees(repository: Repository) -> dict[str, dict[str, int]]:
    """A view, filled as it is asked for: of a file the inputs that reach a script, with its line."""
    return {}


def _reaching(file: Source, depth: int) -> dict[str, int]:
    known = file.repository.view(_callees)
    if file.path not in known:
        known[file.path] = {}
        workflow = file.view(read_workflow)
        if workflow is not None and b"inputs" in file.data and depth < _DEPTH:
            known[file.path] = _inputs(workflow, depth)
    return known[file.path]


def _inputs(workflow: Workflow, depth: int) -> dict[str, int]:
    from agent_security_hooks.parse.actions.taint import code_of, taints

    found: dict[str, int] = {}
    for step in workflow.steps:
        for _, node in code_of(step):
            _note(found, taints(node, step), workflow.file)
    for handed in _handed(workflow, depth + 1):
        _note(found, handed.expanded, workflow.file)
    return found


def _note(found: dict[str, int], expanded: list[Expanded], file: Source) -> None:
    for one in expanded:
        name = one.taint.path.removeprefix("inputs.")
        if name != one.taint.path:
            found.setdefault(name, file.line_of(one.start))
