"""Publications and proofs of the steps of a workflow or a composite action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.publishing.commands import has_telltale, hidden_publication, publication_of
from agent_security_hooks.parse.actions.publishing.credentials import Scope, calls_of_text, script_of
from agent_security_hooks.parse.actions.publishing.gates import starts_publisher
from agent_security_hooks.parse.actions.publishing.local import local_proofs, local_publications
from agent_security_hooks.parse.actions.publishing.signatures import action_proof, call_proof, workflow_proof
from agent_security_hooks.parse.actions.publishing.uses import action_publication
from agent_security_hooks.parse.actions.publishing.words import program_of
from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.publishing import Proof, Publication
    from agent_security_hooks.parse.actions.workflow import Step, Workflow

WORDS = (
    "publish", "push", "upload", "registry", "release", "deploy", "ko ", "skopeo", "crane", "regctl", "sign ", "sign-", "signtool", "notary", "stapler", "attest", "imagetools", "npx ",
    "pub ", "ghr", "electron-builder", "shasum", "sha1", "sha2", "sha5", "md5sum", "b2sum", "hash", "gpg", "checksum", "syft", "minisign", "cyclonedx", "cdxgen", "provenance", "-builder",
)  # fmt: skip
"""In lower case; a script without any of these signs nothing."""
_STEPS = 3_000
_FOUND = 100


def published(workflow: Workflow) -> tuple[Publication, ...]:
    """What all jobs publish."""
    found: list[Publication] = []
    for step, place in _steps(workflow):
        _publish(step, place, found)
    return tuple(found)


def proved(workflow: Workflow) -> tuple[Proof, ...]:
    """What all jobs sign."""
    found = [called for job in workflow.jobs if (called := workflow_proof(job)) is not None]
    for step, place in _steps(workflow):
        found += _prove(step, place, len(found))
    return tuple(found)


def _steps(workflow: Workflow) -> Iterator[tuple[Step, str]]:
    for step in workflow.steps[:_STEPS]:
        yield step, step.job.name if step.job is not None else ""


def _publish(step: Step, place: str, publications: list[Publication]) -> None:
    file = step.workflow.file
    action = step.action
    if action:
        done = action_publication(step, action, Scope(file, step, ()), place)
        publications += [done] if done is not None else []
    elif len(publications) < _FOUND and string(step.get("uses")).startswith("./"):
        publications += local_publications(step, place)
    telling = has_telltale(step)
    if not telling and not starts_publisher(file, script_of(step)):
        return
    calls = calls_of_text(step)
    for at, call in enumerate(calls):
        program = program_of(call)
        if program is None or len(publications) > _FOUND:
            continue
        done = publication_of(call, program, Scope(file, step, calls, at), place)
        publications += [done] if done is not None else []
    if telling and not any(found.step is step for found in publications[-20:]):
        hidden = hidden_publication(step, Scope(file, step, calls, len(calls)), place)
        publications += [hidden] if hidden is not None else []


def _prove(step: Step, place: str, known: int) -> list[Proof]:
    file = step.workflow.file
    action = step.action
    found: list[Proof] = []
    if action:
        found += action_proof(step, action, place)
    elif known < _FOUND and string(step.get("uses")).startswith("./"):
        found += local_proofs(step, place)
    calls = calls_of_text(step, WORDS)
    for at, call in enumerate(calls):
        program = program_of(call)
        if program is not None and known + len(found) <= _FOUND:
            found += call_proof(call, program, Scope(file, step, calls, at), place)
    return found
