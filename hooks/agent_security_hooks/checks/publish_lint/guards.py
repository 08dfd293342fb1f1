"""Rules about who can start a publication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.publish_lint import check
from agent_security_hooks.model import Hit, excerpt
from agent_security_hooks.parse.actions.publishing import PACKAGES, publications

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.publishing import Publication
    from agent_security_hooks.parse.actions.workflow import Job
    from agent_security_hooks.source import Source

_WHAT = {"image": "pushes an image", "release": "publishes a release", "chart": "publishes a chart", "artifact": "pushes an artifact"}
_GUARDS = {
    "gitlab": "give the job `rules: [{if: $CI_COMMIT_TAG}]`",
    "circleci": "give the job `filters: {tags: {only: /^v.*/}, branches: {ignore: /.*/}}` in its workflow",
}
_GUARD = "start it with `on: push: tags: ['v*']` or `on: release`, or add `if: startsWith(github.ref, 'refs/tags/')` to the job"


@check.rule("unguarded-publish", point=9)
def unguarded_publish(file: Source) -> Iterator[Hit]:
    """A package, image or release is published on every pull request or on a push to any branch.

    Filters on tags or branches, and conditions on the ref, the event, an input or an output are guards. A package that is published from a job without an
    `environment` is pedantic: an environment lets somebody approve, and ties the registry's trust to it. On GitLab a job without `rules` and `only` runs for
    every branch, on CircleCI one without `filters`.

    Risk: Code that nobody has reviewed is published in the project's name as soon as somebody pushes a branch.
    Fix: Publish on tags or releases only, from a job with `environment:` that asks for an approval.
    Verify: A push to a branch that is not the main one starts no publishing step.

    Bad: (.github/workflows/release.yml)
        on: push
        permissions: {}
        jobs:
          pypi:
            runs-on: ubuntu-latest
            permissions:
              id-token: write
            steps:
              - run: uv publish

    Good: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          pypi:
            runs-on: ubuntu-latest
            environment: pypi
            permissions:
              id-token: write
            steps:
              - run: uv publish
    """
    found = [entry for entry in publications(file) if (entry.job is not None or entry.pipeline is not None) and entry.public and not entry.dry_run]
    if not found:
        return
    from agent_security_hooks.parse.actions.publishing.reach import unguarded_event

    seen: set[tuple[str, str]] = set()
    for entry in found:
        event = unguarded_event(entry)
        if event is None:
            continue
        key = (entry.place, entry.kind)
        if key in seen:
            continue
        seen.add(key)
        approved = entry.job is not None and _has_environment(entry.job)
        message = f"job {excerpt(entry.place, 60)} {_what(entry)} {event.shown}: no filter and no condition stops it"
        yield Hit(
            entry.start, entry.end, message, _GUARDS[entry.pipeline.kind] if entry.pipeline is not None else _GUARD, (), approved or entry.kind == "maven"
        )  # of maven, snapshots are often published so
    for entry in found if file.thorough else ():
        if entry.kind in PACKAGES and entry.job is not None and (entry.place, entry.kind) not in seen and not _has_environment(entry.job):
            seen.add((entry.place, entry.kind))
            message = f"job {excerpt(entry.place, 60)} {_what(entry)} without an `environment`: nobody has to approve it"
            fix = f"add `environment: {entry.kind}` to the job, and required reviewers to it in the settings of the repository"
            yield Hit(entry.job.key.start, entry.job.key.end, message, fix, (), True)


def _what(found: Publication) -> str:
    return f"{_WHAT.get(found.kind, 'publishes a package')} ({excerpt(found.tool, 60)})"


def _has_environment(job: Job) -> bool:
    """Whether the job, or one that it waits for, has an environment."""
    others = (job.workflow.job(name) for name in job.needs[:50])
    return any(other is not None and other.get("environment") is not None for other in (job, *others))
