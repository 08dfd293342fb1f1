"""Publications and proofs of pipelines of GitLab and CircleCI, whose scripts are those of `parse.fragments`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.publishing.commands import publication_of
from agent_security_hooks.parse.actions.publishing.credentials import LANGUAGES, Scope, script_calls
from agent_security_hooks.parse.actions.publishing.pipeline_jobs import job_of
from agent_security_hooks.parse.actions.publishing.signatures import call_proof
from agent_security_hooks.parse.actions.publishing.words import program_of
from agent_security_hooks.parse.fragments import shell_fragments

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing import Proof, Publication
    from agent_security_hooks.source import Source

_CALLS = 5_000
_FOUND = 100


def read_pipeline(file: Source) -> tuple[tuple[Publication, ...], tuple[Proof, ...]]:
    """A view: both for all scripts; nothing for files that are no pipeline."""
    if not file.path.lower().endswith((".yml", ".yaml")):
        return (), ()
    publications: list[Publication] = []
    proofs: list[Proof] = []
    for fragment in shell_fragments(file):
        if fragment.place != "pipeline" or fragment.language not in LANGUAGES:
            continue
        calls = script_calls(file, fragment)[:_CALLS]
        place = fragment.scope.partition(":")[2] or fragment.scope
        job = None
        for at, call in enumerate(calls):
            program = program_of(call)
            if program is None or len(publications) + len(proofs) > _FOUND:
                continue
            job = job or job_of(file, fragment.scope)
            scope = Scope(file, None, calls, at, pipeline=job)
            found = publication_of(call, program, scope, place)
            publications += [found] if found is not None else []
            proofs += call_proof(call, program, scope, place)
    return tuple(publications), tuple(proofs)
