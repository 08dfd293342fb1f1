"""What the jobs of a workflow publish, where to and with which credential, and what they sign or attest.

`commands` reads the programs that a step starts, `uses` its actions, `credentials` where a token comes from, `signatures` what is signed, `reach` which
events can start a step, `gates` whether a file is worth a look, `settings` the package.json, .npmrc and goreleaser files of the repository. The tables are in `data.publishers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing.pipeline_jobs import PipelineJob
    from agent_security_hooks.parse.actions.workflow import Job, Step
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

PACKAGES = frozenset("pypi npm crates gem nuget pub jsr hex maven vscode cocoapods luarocks cpan galaxy conda snap choco mcp psgallery".split())
"""Kinds that are packages of a registry; the others are image, chart, artifact and release."""


class Credential(NamedTuple):
    """`kind`: "oidc" (short-lived, asked for with the job's identity), "github" (the job's own token), "token" (stored), "none", or "unknown".

    `name` is how it is called (`secrets.PYPI_TOKEN`), never its value; `start` to `end` is where the file says so, both 0 where it does not.
    """

    kind: str
    name: str = ""
    start: int = 0
    end: int = 0


NO_CREDENTIAL = Credential("none")
UNKNOWN_CREDENTIAL = Credential("unknown")


class Publication(NamedTuple):
    """One thing that a job publishes. `kind`: one of PACKAGES, or image, chart, artifact, release."""

    kind: str
    tool: str
    """The command or action, as a person would call it: `twine upload`, `docker/build-push-action`."""
    start: int
    end: int
    job: Job | None
    step: Step | None
    """None in pipelines that have no steps (GitLab, CircleCI)."""
    place: str
    """The job, for messages: its key, or that of the pipeline."""
    credential: Credential = UNKNOWN_CREDENTIAL
    registry: str = ""
    """What the file says of where to; "" for the tool's own choice."""
    public: bool = True
    """Goes to the registry that everyone takes such packages from. False also where that cannot be told."""
    dry_run: bool = False
    assets: tuple[str, ...] = ()
    """Of a release: the files or patterns that are uploaded; of images: their names where the file says so."""
    self_guarded: bool = False
    """Publishes only from branches that its own configuration names."""
    call: Call | None = None
    pipeline: PipelineJob | None = None
    """The job of a pipeline of GitLab or CircleCI."""


class Proof(NamedTuple):
    """Something that lets others check where files or images came from.

    `kind`: signature, attestation, provenance, checksum, sbom or code-signature. `subject`: image, package, or "" for files of any kind.
    `needs_identity`: works only with `id-token: write`.
    """

    kind: str
    tool: str
    start: int
    end: int
    job: Job | None
    step: Step | None
    place: str
    subject: str = ""
    needs_identity: bool = False
    pipeline: PipelineJob | None = None


def publications(file: Source) -> tuple[Publication, ...]:
    """What a workflow, a composite action or a pipeline publishes, tries (`dry_run`) included, in order. Nothing for other files."""
    return file.view(_publications)


def proofs(file: Source) -> tuple[Proof, ...]:
    """What a workflow, a composite action or a pipeline signs, attests or sums up."""
    return file.view(_proofs)


def publishes(job: Job) -> bool:
    """Whether a job publishes anything: a package, an image, the files of a release; by itself or by an action or workflow of the same repository."""
    file = job.workflow.file
    if any(found.job is job and not found.dry_run for found in publications(file)):
        return True
    from posixpath import normpath

    from agent_security_hooks.parse.actions.workflow import string

    called = string(job.get("uses"))
    path = normpath(called)
    if not called.startswith("./") or path.startswith("..") or path == file.path:
        return False
    other = file.repository.read(path)
    return other is not None and any(not found.dry_run for found in publications(other))


def _publications(file: Source) -> tuple[Publication, ...]:
    """A view."""
    from agent_security_hooks.parse.actions.publishing.gates import may_publish

    if not may_publish(file):
        return ()
    from agent_security_hooks.parse.actions.workflow import read_workflow

    workflow = file.view(read_workflow)
    if workflow is None:
        from agent_security_hooks.parse.actions.publishing.pipelines import read_pipeline

        return file.view(read_pipeline)[0]
    from agent_security_hooks.parse.actions.publishing.steps import published

    return published(workflow)


def _proofs(file: Source) -> tuple[Proof, ...]:
    """A view."""
    from agent_security_hooks.parse.actions.workflow import read_workflow

    workflow = file.view(read_workflow)
    if workflow is None:
        from agent_security_hooks.parse.actions.publishing.pipelines import read_pipeline

        return file.view(read_pipeline)[1]
    from agent_security_hooks.parse.actions.publishing.steps import proved

    return proved(workflow)
