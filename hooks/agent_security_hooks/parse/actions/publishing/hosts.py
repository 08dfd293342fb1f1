"""Where a workflow runs, as far as identities depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.workflow import own, strings

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.workflow import Job
    from agent_security_hooks.source import Source


def has_no_identities(file: Source) -> bool:
    """Whether the host of a workflow gives jobs no identity that a registry knows: Gitea and Forgejo."""
    path = f"/{file.path.lower()}"
    return "/.gitea/" in path or "/.forgejo/" in path


def has_identity(job: Job | None) -> bool:
    """Whether a job may ask for a token of its own with `id-token: write`."""
    return job is not None and job.permissions.level_of("id-token") == "write"


def is_called_only(job: Job) -> bool:
    """Whether the workflow of a job runs only when others call it."""
    return set(job.workflow.triggers) == {"workflow_call"}


def is_self_hosted(job: Job | None) -> bool:
    """Whether a job asks for a runner of one's own."""
    node = job.get("runs-on") if job is not None else None
    labels = own(node, "labels") if node is not None and node.kind == "map" else node
    return any(item.value == "self-hosted" for item in strings(labels))
