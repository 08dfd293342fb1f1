"""Rules about credentials and caches that outlive a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check, steps_of, workflow_of
from agent_security_hooks.model import Edit, Hit, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source


@check.rule("persisted-credentials", point=8)
def persisted_credentials(file: Source) -> Iterator[Hit]:
    """actions/checkout leaves the token where every later step of the job can read it.

    Pedantic, unless a later step uploads the folder with the credentials as an artifact. Version 1 has no such input; from version 6 on
    the credentials lie outside the workspace, and upload-artifact leaves hidden files out since 4.4.

    Risk: Any later action or script can push with the token; an artifact of the workspace gives it to everyone who can download that.
    Fix: Set `persist-credentials: false` on the step, and give the token to the one command that pushes.
    Verify: `git config --get-regexp extraheader` prints nothing in a later step.

    Bad: (.github/workflows/build.yml)
        on: push
        permissions:
          contents: read
        jobs:
          build:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
              - uses: actions/upload-artifact@26f96dfa697d77e81fd5907df203aa23a56210a8 # v4.3.0
                with:
                  path: .

    Good: (.github/workflows/build.yml)
        on: push
        permissions:
          contents: read
        jobs:
          build:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
                with:
                  persist-credentials: false
              - uses: actions/upload-artifact@26f96dfa697d77e81fd5907df203aa23a56210a8 # v4.3.0
                with:
                  path: .
    """
    lowered = file.data.lower()
    if b"actions/checkout" not in lowered or not file.thorough and b"upload-artifact" not in lowered:
        return
    from agent_security_hooks.parse.actions.checkouts import step_named
    from agent_security_hooks.parse.actions.credentials import keeps_credentials, uploads_credentials

    for step in steps_of(file):
        node = step.get("uses")
        if node is None or not keeps_credentials(step):
            continue
        upload = uploads_credentials(step)
        if upload is None and not file.thorough:
            continue
        message = f"{step_named(step)} leaves its token in the git configuration for all later steps"
        if upload is not None:
            message = f"{step_named(upload)} uploads the folder in which {step_named(step)} leaves its token"
        fix = "below `with:` write `persist-credentials: false`"
        yield Hit(node.start, node.end, message, fix, _without_credentials(step), upload is None)


def _without_credentials(step: Step) -> tuple[Edit, ...]:
    """The input added; safe when no later step of the job can miss the credentials."""
    from agent_security_hooks.parse.actions.credentials import may_need_credentials

    edit = _added_input(step, b"persist-credentials: false")
    return (edit._replace(safe=not may_need_credentials(step)),) if edit else ()


def _added_input(step: Step, line: bytes) -> Edit | None:
    """The edit that gives a step an input that it does not have."""
    from agent_security_hooks.parse.actions.yaml_edits import is_flow

    data = step.workflow.file.data
    old = step.input("persist-credentials")
    if old is not None:
        return (
            Edit(old.start, old.end, b"false")
            if old.kind == "scalar" and old.end > old.start and old.style not in ("|", ">") and "${{" not in old.value
            else None
        )
    keys = [key.resolved.value for key, _ in step.node.pairs]
    if keys.count("with") > 1 or keys.count("uses") != 1 or any(value.kind == "alias" for _, value in step.node.pairs):
        return None
    entry = step.node.own.get("with")
    if entry is None:
        return _added_with(step, data, line)
    value = entry[1]
    if value.kind != "map" or not value.pairs:
        return None
    if is_flow(value, data):
        last = value.pairs[-1][1]
        return Edit(last.end, last.end, b", " + line) if last.kind == "scalar" and last.end > last.start else None
    return _before_first(data, value, line)


def _before_first(data: bytes, value: Node, line: bytes) -> Edit | None:
    """A line before the first entry of a block map."""
    from agent_security_hooks.parse.actions.yaml_edits import line_start, newline_of

    first = value.pairs[0][0]
    start = line_start(data, first.start)
    indentation = data[start : first.start]
    if indentation.strip(b" ") or not indentation:
        return None
    return Edit(start, start, indentation + line + newline_of(data))


def _added_with(step: Step, data: bytes, line: bytes) -> Edit | None:
    """A `with:` after the line of `uses:`."""
    from agent_security_hooks.parse.actions.yaml_edits import column, is_flow, line_end, newline_of, starts_line

    key, value = step.node.own["uses"]
    if is_flow(step.node, data):
        return (
            Edit(value.end, value.end, b", with: {" + line + b"}")
            if value.style in ("", "'", '"') and b"\n" not in data[step.node.start : step.node.end]
            else None
        )
    end = line_end(data, value.end)
    if end is None or value.style in ("|", ">") or not starts_line(data, key.start):
        return None
    newline = newline_of(data)
    width = b" " * column(data, key.start)
    block = width + b"with:" + newline + width + b"  " + line
    return Edit(end[0], end[0], block + newline) if end[1] else Edit(end[0], end[0], newline + block)


@check.rule("cache-in-release", point=8, pedantic=True)
def cache_in_release(file: Source) -> Iterator[Hit]:
    """A job that publishes takes files from a cache that other runs can fill.

    Risk: Code that runs once in a less trusted job puts a file into the cache, and the release is built with it.
    Fix: Build releases without a cache.
    Verify: The log of a release says nothing of a restored cache.

    Bad: (.github/workflows/release.yml)
        on: release
        permissions:
          contents: read
        jobs:
          publish:
            runs-on: ubuntu-latest
            environment: pypi
            permissions:
              id-token: write
            steps:
              - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
                with:
                  cache: pip
              - run: python -m build
              - uses: pypa/gh-action-pypi-publish@76f52bc884231f62b9a034ebfe128415bbaabdfc # v1.12.4

    Good: (.github/workflows/release.yml)
        on: release
        permissions:
          contents: read
        jobs:
          publish:
            runs-on: ubuntu-latest
            environment: pypi
            permissions:
              id-token: write
            steps:
              - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
              - run: python -m build
              - uses: pypa/gh-action-pypi-publish@76f52bc884231f62b9a034ebfe128415bbaabdfc # v1.12.4
    """
    if b"uses" not in file.data:
        return
    workflow = workflow_of(file)
    if workflow is None or workflow.kind != "workflow":
        return
    from agent_security_hooks.parse.actions.caches import cache_of, caches_of_call, publishing_of
    from agent_security_hooks.parse.actions.checkouts import step_named

    seen: set[int] = set()
    for job in workflow.jobs:
        cached = [(step, found) for step in job.steps if (found := cache_of(step)) is not None]
        inside = caches_of_call(job)
        publishing = publishing_of(job) if cached or inside is not None else ""
        if not publishing:
            continue
        if inside is not None and inside[1].start not in seen:
            seen.add(inside[1].start)
            message = f"what job {excerpt(job.name, 40)} builds is published ({excerpt(publishing, 60)}), and {step_named(inside[0])} of the workflow that it calls restores a cache"
            yield Hit(inside[1].start, inside[1].end, message, "let the caller turn the cache off by an input, or leave it out of that workflow")
        for step, found in cached:
            if found.node.start in seen:
                continue
            seen.add(found.node.start)
            message = f"what job {excerpt(job.name, 40)} builds is published ({excerpt(publishing, 60)}), and {step_named(step)} restores a cache"
            yield Hit(found.node.start, found.node.end, message, found.fix)
