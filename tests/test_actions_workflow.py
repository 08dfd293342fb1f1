"""Workflows and composite actions as jobs and steps, and what is said of files that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.actions.scripts import calls_of, scripts_of
from agent_security_hooks.parse.actions.workflow import STEP_LIMIT, Workflow, is_action, is_workflow, read_workflow
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st
from support import scan, write

if TYPE_CHECKING:
    from pathlib import Path

PATH = ".github/workflows/ci.yml"


def read(text: str | bytes, path: str = PATH) -> Workflow | None:
    data = text.encode() if isinstance(text, str) else text
    return read_workflow(Source(path, data, Repository()))


def workflow(text: str, path: str = PATH) -> Workflow:
    found = read(text, path)
    assert found is not None
    return found


def test_paths() -> None:
    assert all(map(is_workflow, (PATH, "a/.github/workflows/x.yaml", ".gitea/workflows/x.yml", ".forgejo/workflows/x.YML")))
    assert not any(map(is_workflow, (".github/labeler.yml", ".github/workflows/a/b.yml", ".github/workflows/x.json", "workflows/x.yml")))
    assert is_action("action.yml")
    assert is_action("a/action.yaml")
    assert not is_action("my-action.yml")


def test_jobs_steps_and_what_stands_in_them() -> None:
    found = workflow("""
on:
  push: {branches: [main]}
  pull_request_target:
env: {A: top}
defaults: {run: {shell: sh}}
permissions: read-all
jobs:
  one:
    needs: [two, three]
    environment: {name: pypi}
    env: {A: job, B: job}
    steps:
      - name: First
        uses: Actions/Checkout/sub@v4
        with: {Token: x}
        env: {B: step}
      - run: |
          echo ${{ github.sha }} | sudo tee x
        shell: bash
  two:
    permissions: {contents: write, contents: read}
    uses: ./.github/workflows/x.yml
""")
    first, second = found.steps
    one, two = found.jobs
    assert [*found.triggers] == ["push", "pull_request_target"]
    assert found.triggers["push"].listed("branches") == ["main"]
    assert (one.needs, one.environment, two.needs) == (["two", "three"], "pypi", [])
    assert (first.action, first.repository, first.label) == ("actions/checkout/sub", "actions/checkout", "First")
    token, variables = first.input("token"), [first.variable(name) for name in "ABC"]
    assert token is not None
    assert token.value == "x"
    assert [node.value if node else None for node in variables] == ["job", "step", None]
    assert (first.shell, second.shell) == ("sh", "bash")
    assert [call.name for call in calls_of(second)] == ["echo", "tee"]
    assert b"${{" not in scripts_of(second)[0].text.data
    assert one.permissions.level_of("contents") == "read"
    assert (two.permissions.level_of("contents"), two.permissions.level_of("issues"), two.permissions.writes) == ("read", "none", True)
    assert found.job("ONE") is one


@pytest.mark.parametrize(
    ("text", "kind", "level"),
    [
        ("on: push\njobs: {a: {}}", "unset", ""),
        ("on: push\npermissions:\njobs: {a: {}}", "unset", ""),
        ("on: push\npermissions: {}\njobs: {a: {}}", "scopes", "none"),
        ("on: push\npermissions: read-all\njobs: {a: {}}", "all", "read"),
        ("on: push\npermissions: write-all\njobs: {a: {}}", "all", "write"),
        ("on: push\npermissions: {contents: read}\njobs: {a: {permissions: {contents: write}}}", "scopes", "write"),
        ("on: push\npermissions: [contents]\njobs: {a: {}}", "unset", ""),
    ],
)
def test_permissions_in_force(text: str, kind: str, level: str) -> None:
    permissions = workflow(text).jobs[0].permissions
    assert (permissions.kind, permissions.level_of("contents")) == (kind, level)


def test_composite_actions_have_steps_and_no_jobs() -> None:
    found = workflow("runs:\n  using: composite\n  steps: [{uses: a/b@v1}, {run: echo, shell: bash}]\n", "action.yml")
    assert (found.kind, found.jobs, [step.action for step in found.steps]) == ("action", (), ["a/b", ""])


def test_aliases_stand_for_their_steps_in_every_job_and_merge_keys_are_not_followed() -> None:
    found = workflow("on: push\njobs:\n  a: {steps: &s [&x {uses: a/b@v1}, *x]}\n  b: {steps: *s}\n  c: {<<: {steps: *s}}\n  d: {steps: [[*x]]}\n")
    assert [len(job.steps) for job in found.jobs] == [1, 1, 0, 1]


@pytest.mark.parametrize("text", ["", "# on: push\n", "null\n", "name: x\n", "- a\n"], ids=repr)
def test_a_file_without_anything_to_check_is_no_workflow(text: str) -> None:
    found = read(text)
    assert found is None or found.error == "not a workflow: its top level is no mapping"
    assert (found is not None) is text.startswith("-")
    assert read(text, ".github/labeler.yml") is None


@pytest.mark.parametrize("text", ["on: push\n", "on: push\njobs: [a]\n", "jobs: text\n"], ids=repr)
def test_a_workflow_without_jobs_is_named(text: str) -> None:
    assert workflow(text).error == "not a workflow: it has no mapping of jobs"


def test_too_much_is_named() -> None:
    found = workflow("on: push\njobs:\n  a:\n    steps:\n" + "    - run: a\n" * (STEP_LIMIT + 1))
    assert (len(found.steps), found.error) == (STEP_LIMIT, "it has more than 20,000 steps")
    found = workflow("on: push\njobs:\n" + "".join(f"  a{number}: {{}}\n" for number in range(2001)))
    assert (len(found.jobs), found.error) == (2000, "it has more than 2,000 jobs")


def test_one_broken_file_is_named_and_hides_nothing(directory: Path) -> None:
    good = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: evil/a@v1\n"
    files = {
        PATH: good,
        ".github/workflows/broken.yml": good + "      - uses: evil/b@v1\n   : [\n",
        ".github/workflows/list.yml": "- a\n",
        ".github/workflows/no-ref.yml": good.replace("@v1", ""),
        ".github/workflows/env.yml": good.replace("evil/a@v1", "${{ env.ACTION }}").replace("permissions", "env: {ACTION: a}\npermissions"),
        ".github/dependabot.yml": "version: 2\nupdates: []\n",
    }
    write(directory, {name: text.encode() for name, text in files.items()})
    report = scan("--select=unpinned-action,malformed-action", *files, hook="actions-lint").report
    assert {error["path"] for error in report["errors"]} == {".github/workflows/broken.yml", ".github/workflows/list.yml"}
    found = sorted((finding["path"].rsplit("/", 1)[1], finding["rule"], finding["line"]) for finding in report["findings"])
    assert found == [
        ("broken.yml", "unpinned-action", 7),
        ("broken.yml", "unpinned-action", 8),
        ("ci.yml", "unpinned-action", 7),
        ("env.yml", "malformed-action", 8),
        ("no-ref.yml", "malformed-action", 7),
    ]


_PIECES = ("on: push\n", "jobs:\n", "  a:\n", "    steps:\n", "      - ", "uses: a/b@v1\n", "run: |\n", "          echo\n", "&x ", "*x\n", "[", "]", "{", "}", "<<: *x\n", "\t", "'", "permissions:", "${{ ")  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join) | st.binary(max_size=200))
def test_any_text_is_read_without_an_error(text: str | bytes) -> None:
    for path in (PATH, "action.yml"):
        found = read(text, path)
        for step in found.steps if found else ():
            assert step.label
            assert isinstance(calls_of(step), list)
