"""The steps that a step or job reaches by calling an action or a workflow of the same repository."""

from __future__ import annotations

import posixpath
from itertools import islice
from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.workflow import Step, is_workflow, own, read_workflow, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.workflow import Job, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

STEPS = 200
"""Steps behind one call that are looked at."""
CALLS = 200
"""Calls of one file that are followed."""
_DEPTH = 3
_SIZE = 1 << 20
"""Bytes of a called file that is read."""


class CalledStep(Step):
    """A step of an action or workflow, as it runs by a certain call. `job` is None in an action."""

    __slots__ = ("call",)

    def __init__(self, step: Step, call: Step) -> None:
        super().__init__(step.node, step.number, step.job, step.workflow)
        self.call = call

    def given(self, name: str) -> tuple[Node, Step] | None:
        """The value of an input and the step whose contexts it speaks of: what the caller writes, else the default."""
        value = self.call.input(name)
        if value is not None:
            return value, self.call
        inputs = own(self.workflow.root, "inputs")
        declared = next((node for key, _, node in inputs.entries() if key.lower() == name), None) if inputs is not None else None
        value = own(declared, "default")
        return (value, self) if value is not None else None


def calls_in(workflow: Workflow) -> Iterator[Step]:
    """The steps that call a local action, and the jobs that call a local workflow, each as the one step that it is."""
    yield from islice((step for step in _places(workflow) if _is_local(step)), CALLS)


def _places(workflow: Workflow) -> Iterator[Step]:
    yield from workflow.steps
    for job in workflow.jobs:
        if job.get("uses") is not None:
            yield Step(job.node, 0, job, workflow)


def _is_local(step: Step) -> bool:
    return string(step.get("uses")).strip().startswith("./")


def steps_behind(call: Step, depth: int = 0) -> Iterator[CalledStep]:
    """What runs by a call, calls within it followed."""
    callee = _callee(string(call.get("uses")).strip(), call.workflow.file)
    for step in islice(_places(callee), STEPS) if callee is not None else ():
        called = CalledStep(step, call)
        yield called
        if depth < _DEPTH and _is_local(step):
            yield from islice(steps_behind(called, depth + 1), STEPS)


def job_of(step: Step) -> Job | None:
    """The job that a step runs in, also one of an action."""
    while step.job is None and isinstance(step, CalledStep):
        step = step.call
    return step.job


def _callee(target: str, file: Source) -> Workflow | None:
    return remembered(file, ("callee", target), lambda: _read(target, file))


def _read(target: str, file: Source) -> Workflow | None:
    path = posixpath.normpath(target)
    if path.startswith(".."):
        return None
    # Paths are from the root of the repository that the caller lies in; a template has its own.
    root = file.path[: file.path.rfind(".github/")] if ".github/" in file.path else ""
    for name in [path] if is_workflow(path) else [f"{path}/action.yml", f"{path}/action.yaml"]:
        source = file.repository.read(posixpath.normpath(root + name))
        if source is not None and len(source.data) <= _SIZE:
            return source.view(read_workflow)
    return None
