"""What composite actions of the same repository publish and sign for the step that uses them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.publishing import Credential, proofs, publications
from agent_security_hooks.parse.actions.publishing.credentials import Scope
from agent_security_hooks.parse.actions.publishing.hosts import has_identity
from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing import Proof, Publication
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.source import Source

_ENTRIES = 20


def local_publications(step: Step, place: str) -> list[Publication]:
    """As for a step of the workflow itself: the places are those of its `uses`, the inputs those that it passes. What the action uses in turn is not followed."""
    node, path, other = step.get("uses"), posixpath.normpath(string(step.get("uses")).strip()), _action(step)
    return [
        found._replace(tool=f"{found.tool} in {path}", start=node.start, end=node.end, job=step.job, step=step, place=place, credential=_passed(found, step), call=None)
        for found in (publications(other)[:_ENTRIES] if other is not None else ())
        if node is not None
    ]  # fmt: skip


def local_proofs(step: Step, place: str) -> list[Proof]:
    """What the action signs, as if the step did."""
    node, other = step.get("uses"), _action(step)
    return [
        found._replace(start=node.start, end=node.end, job=step.job, step=step, place=place)
        for found in (proofs(other)[:_ENTRIES] if other is not None else ())
        if node is not None
    ]


def _action(step: Step) -> Source | None:
    """The description of the action that a step uses from its own repository."""
    path = posixpath.normpath(string(step.get("uses")).strip())
    file = step.workflow.file
    if step.workflow.kind != "workflow" or path.startswith(("..", "/")) or path.endswith((".yml", ".yaml")):
        return None
    other = next((found for name in ("action.yml", "action.yaml") if (found := file.repository.read(posixpath.normpath(f"{path}/{name}"))) is not None), None)
    return None if other is None or other.path == file.path else other


def _passed(found: Publication, step: Step) -> Credential:
    """The credential that the step hands over, or that its job can ask for."""
    name = found.credential.name
    node = step.input(name.removeprefix("inputs.")) if name.startswith("inputs.") else None
    if node is not None:
        passed = Scope(step.workflow.file, step, ()).credential(string(node), node.start, node.end)
        if passed.kind != "none":
            return passed
    if found.credential.kind in ("unknown", "none") and has_identity(step.job):
        return Credential("oidc")
    return found.credential._replace(start=0, end=0)
