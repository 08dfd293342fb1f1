"""`actions-lint`: what continuous integration takes on trust, lets outsiders write, and gives away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check
from agent_security_hooks.parse.actions.workflow import read_workflow

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.workflow import Step, Workflow
    from agent_security_hooks.source import Source


def _unread(file: Source) -> str:
    """Why a file could not be looked at to its end, "" when it was."""
    workflow = file.view(read_workflow)
    if workflow is not None:
        return workflow.error
    from agent_security_hooks.parse.ci_config import unread

    return unread(file)


check = Check("actions-lint", _unread)


def workflow_of(file: Source) -> Workflow | None:
    """The workflow or composite action in a file; None for a file of another kind."""
    return file.view(read_workflow)


def steps_of(file: Source) -> tuple[Step, ...]:
    """Every step of a workflow or composite action; none for a file of another kind."""
    workflow = file.view(read_workflow)
    return workflow.steps if workflow else ()


# The rules register themselves with `check`, in this order.
from agent_security_hooks.checks.actions_lint import agents, artifacts, checkout, conditions, injection, permissions, pins, secrets, updates  # noqa: E402, F401
