"""Who can start a job, what it checks out, and what runs of it; and that floods do not take long."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.checks.actions_lint import check
from agent_security_hooks.parse.actions.checkouts import fetches_in, version_of
from agent_security_hooks.parse.actions.expressions import parse_expression
from agent_security_hooks.parse.actions.fork_refusal import refuses_forks
from agent_security_hooks.parse.actions.guards import guards_of, job_guards
from agent_security_hooks.parse.actions.repository_code import repository_code
from agent_security_hooks.parse.actions.workflow import read_workflow
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from support import run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

    from agent_security_hooks.parse.actions.workflow import Workflow

PATH = ".github/workflows/ci.yml"
RULES = {
    "missing-permissions", "excessive-permissions", "untrusted-checkout", "dangerous-trigger", "spoofable-actor", "persisted-credentials", "cache-in-release",
}  # fmt: skip


def source(text: str) -> Source:
    """A workflow that is on no disk."""
    return Source(PATH, text.encode(), Repository())


def workflow(text: str) -> Workflow:
    found = source(text).view(read_workflow)
    assert found is not None
    return found


def job_with(steps: str, extra: str = "", on: str = "pull_request_target") -> str:
    return f"on: [{on}]\njobs:\n  a:\n{extra}    steps:\n{steps}"


@pytest.mark.parametrize(
    ("condition", "event", "guards"),
    [
        ("github.event.pull_request.merged", "pull_request_target", {"merged"}),
        ("!github.event.pull_request.merged", "pull_request_target", set()),
        ("github.event.pull_request.head.repo.fork != true", "pull_request_target", {"same-repository"}),
        ("github.event.pull_request.head.repo.owner.login == 'acme'", "pull_request_target", {"same-repository"}),
        ("github.repository == github.event.pull_request.head.repo.full_name", "pull_request_target", {"same-repository"}),
        ("github.event.pull_request.head.repo.full_name != github.repository", "pull_request_target", set()),
        ("github.event.pull_request.base.repo.full_name == github.repository", "pull_request_target", set()),
        ("github.event.comment.author_association == 'COLLABORATOR'", "issue_comment", {"association"}),
        ("github.event.comment.author_association == 'NONE'", "issue_comment", set()),
        ("github.event.comment.author_association != 'NONE'", "issue_comment", set()),
        ("contains('OWNER,MEMBER', github.event.comment.author_association)", "issue_comment", {"association"}),
        ("github.event_name == 'push'", "pull_request_target", None),
        ("github.event_name == 'push' || github.event.pull_request.merged", "pull_request_target", {"merged"}),
        ("github.event_name != 'pull_request_target'", "pull_request_target", None),
        ("!(github.event_name == 'pull_request_target')", "pull_request_target", None),
        ('contains(fromJSON(\'["push", "schedule"]\'), github.event_name)', "pull_request_target", None),
        ("startsWith(github.event_name, 'pull_request')", "pull_request_target", set()),
        ("startsWith(github.event_name, 'pull_request')", "workflow_run", None),
        ("false", "push", None),
        ("github.event.workflow_run.event == 'pull_request'", "workflow_run", set()),
        ("github.event.workflow_run.event == 'schedule'", "workflow_run", {"trusted-event"}),
        ("github.event.label.name == 'ok'", "pull_request_target", {"label"}),
        ("github.actor == 'dependabot[bot]'", "pull_request_target", {"bot-actor"}),
        ("github.actor == 'octocat'", "pull_request_target", {"user"}),
        ("needs.gate.outputs.authorized == 'true'", "pull_request_target", {"checked"}),
        ("needs.gate.outputs.authorized != 'true'", "pull_request_target", set()),
        ("github.ref == 'refs/heads/main'", "pull_request_target", set()),
        ("github.event.pull_request.merged && github.event.label.name == 'x'", "pull_request_target", {"merged", "label"}),
        ("github.event.pull_request.merged || github.event.label.name == 'x'", "pull_request_target", set()),
    ],
)
def test_guards_are_read_from_conditions(condition: str, event: str, guards: set[str] | None) -> None:
    place = workflow(job_with("      - run: make\n")).jobs[0]
    found = guards_of(parse_expression(condition), event, place)
    assert found == guards


def test_a_job_is_guarded_by_what_it_needs() -> None:
    text = "on: pull_request_target\njobs:\n  a:\n    if: github.event.pull_request.merged\n  b:\n    needs: [a]\n  c:\n    needs: b\n    if: always()\n"
    guards = [job_guards(job, "pull_request_target") for job in workflow(text).jobs]
    assert guards == [frozenset({"merged"}), frozenset({"merged"}), frozenset()]


def test_jobs_that_need_each_other_come_to_an_end() -> None:
    text = "on: pull_request_target\njobs:\n  a:\n    needs: b\n  b:\n    needs: [a, b]\n"
    assert [job_guards(job, "pull_request_target") for job in workflow(text).jobs] == [frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("step", "command"),
    [
        ("- run: npm ci", "npm ci"),
        ("- run: npm install -g x", ""),
        ("- run: sudo pip install .", "pip install"),
        ("- run: pip install build twine", ""),
        ("- run: pip install -r requirements.txt", "pip install"),
        ("- run: python -m pytest", "python -m pytest"),
        ("- run: python -m json.tool x", ""),
        ("- run: python scripts/x.py", "python scripts/x.py"),
        ("- run: python -c 'print()'", ""),
        ("- run: ./build.sh", "./build.sh"),
        ("- run: bash -c 'make all'", "make"),
        ("- run: /usr/bin/env true", ""),
        ("- run: cargo build", "cargo build"),
        ("- run: cargo --version", ""),
        ("- run: go vet ./...", "go vet"),
        ("- run: docker build .", "docker build"),
        ("- run: yarn", "yarn"),
        ("- run: echo make", ""),
        ("- run: git diff", ""),
        ("- uses: ./action", "the local action ./action"),
        ("- uses: pre-commit/action@v3", "pre-commit/action"),
        ("- uses: actions/setup-python@v5", ""),
    ],
)
def test_what_runs_code_of_the_repository(step: str, command: str) -> None:
    assert repository_code(workflow(job_with(f"      {step}\n")).steps[0]) == command


@pytest.mark.parametrize(
    ("uses", "version"),
    [
        ("actions/checkout@v4", (4,)),
        ("actions/checkout@v4.2.2", (4, 2, 2)),
        ("actions/checkout@main", ()),
        ("actions/checkout@" + "a" * 40, ()),
        ("actions/checkout@" + "a" * 40 + " # v4.2.2", (4, 2, 2)),
        ("actions/checkout@" + "a" * 40 + " # tag=v6", (6,)),
        ("actions/checkout@" + "a" * 40 + " # actions/checkout@v5.0", (5, 0)),
    ],
)
def test_versions_are_read_from_tags_and_comments(uses: str, version: tuple[int, ...]) -> None:
    assert version_of(workflow(job_with(f"      - uses: {uses}\n")).steps[0]) == version


def test_variables_that_name_each_other_come_to_an_end() -> None:
    env = "".join(f"      E{number}: " + f"${{{{ env.E{(number + 1) % 8} }}}}" * 100 + "\n" for number in range(8))
    text = job_with("      - uses: actions/checkout@v2\n        with:\n          ref: ${{ env.E0 }}\n" * 50, "    env:\n" + env)
    start = process_time()
    assert source(text).view(fetches_in) == ()
    assert process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (
            job_with("      - uses: actions/checkout@v2\n        with:\n          ref: ${{ github.head_ref }}\n      - run: make\n"),
            "; step 2 then runs it (make)",
            "take `ref:` out",
        ),
        (
            job_with(
                "      - uses: actions/checkout@v2\n        with:\n          repository: ${{ github.event.pull_request.head.repo.full_name }}\n"
                "      - name: Build\n        run: make\n"
            ),
            "; step Build then runs it (make)",
            "take `repository:` out",
        ),
        (
            job_with(
                "      - uses: actions/checkout@v2\n        with:\n          repository: ${{ github.event.pull_request.head.repo.full_name }}\n"
                "          ref: ${{ github.head_ref }}\n"
            ),
            "github.head_ref",
            "take `ref:` and `repository:` out",
        ),
        (job_with("      - run: gh pr checkout 1\n"), "gh pr checkout", "run this under `on: pull_request`"),
        (
            job_with("      - uses: actions/checkout@v2\n        with:\n          ref: ${{ github.event.comment.body }}\n", on="issue_comment"),
            "checks out whatever is named by github.event.comment.body",
            "run this under `on: pull_request`; ",
        ),
        (
            job_with(
                "      - uses: actions/checkout@v2\n        with:\n          ref: ${{ github.head_ref }}\n",
                "    if: github.event_name == 'push'\n",
                "push, pull_request_target",
            ),
            "only the condition of job a keeps it from `pull_request_target`",
            "move the job to a workflow of its own, without `pull_request_target`",
        ),
        (job_with("      - run: gh pr checkout 1\n", on="workflow_dispatch"), "Only somebody with write access can start it", "run this under"),
    ],
)
def test_what_is_said_of_a_checkout(text: str, message: str, fix: str) -> None:
    (rule,) = [rule for rule in check.rules if rule.name == "untrusted-checkout"]
    (hit,) = rule.run(source(text))
    assert message in hit.message
    assert "step step" not in hit.message
    assert fix in hit.fix


@pytest.mark.parametrize(
    "text",
    [
        job_with("      - run: gh pr checkout 1\n", on="workflow_dispatch"),
        job_with("      - run: gh pr checkout 1\n", "    if: github.event_name == 'push'\n", "push, pull_request_target"),
    ],
)
def test_remarks_are_not_looked_for_unasked(text: str) -> None:
    file = source(text)
    file.thorough = False
    assert file.view(fetches_in) == ()


@pytest.mark.parametrize(
    ("uses", "refuses"),
    [
        ("actions/checkout@v1", False),
        ("actions/checkout@v2", False),
        ("actions/checkout@v3", False),
        ("actions/checkout@v2.7.0", False),
        ("actions/checkout@v2.8.0", True),
        ("actions/checkout@v3.6.0", False),
        ("actions/checkout@v3.7.0", True),
        ("actions/checkout@v4", False),
        ("actions/checkout@v4.3.1", False),
        ("actions/checkout@v4.4.0", True),
        ("actions/checkout@v5", False),
        ("actions/checkout@v5.0.1", False),
        ("actions/checkout@v5.1.0", True),
        ("actions/checkout@v6", False),
        ("actions/checkout@v6.0.3", False),
        ("actions/checkout@v6.1.0", True),
        ("actions/checkout@v7", True),
        ("actions/checkout@v7.0.0", True),
        ("actions/checkout@v8", False),
        ("actions/checkout@v8.0.0", False),
        ("actions/checkout@main", False),
        ("Actions/Checkout@v4.4.0", True),
        ("acme/checkout@v4.4.0", False),
        ("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683", False),
        ("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4", False),
        ("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.4.0", False),
        ("actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0", True),
        ("actions/checkout@" + "a" * 40, False),
        ("actions/checkout@" + "a" * 40 + " # v5", False),
        ("actions/checkout@" + "a" * 40 + " # v5.1.0", True),
    ],
)
def test_versions_that_refuse_forks(uses: str, refuses: bool) -> None:
    step = workflow(job_with(f"      - uses: {uses}\n")).steps[0]
    assert refuses_forks(step) == refuses
    told = workflow(job_with(f"      - uses: {uses}\n        with:\n          allow-unsafe-pr-checkout: ${{{{ vars.X }}}}\n")).steps[0]
    assert not refuses_forks(told)


def test_the_actor_is_replaced_by_the_author(directory: Path) -> None:
    text = (
        "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    if: github.actor == 'a[bot]' || github.actor == 'b[bot]'\n    runs-on: x\n    steps: []\n"
    )
    write(directory, {PATH: text})
    arguments = ("actions-lint", "--no-config", "--select=spoofable-actor", "--fix")
    assert run(*arguments, PATH).status == 1
    assert run(*arguments, "--unsafe-fixes", PATH).status == 0
    assert (directory / PATH).read_text() == text.replace("github.actor", "github.event.pull_request.user.login")


def test_the_actor_stays_where_the_event_has_no_author(directory: Path) -> None:
    text = "on: [pull_request_target, issue_comment]\npermissions: {}\njobs:\n  a:\n    if: github.actor == 'a[bot]'\n    runs-on: x\n    steps: []\n"
    write(directory, {PATH: text})
    assert run("actions-lint", "--no-config", "--select=spoofable-actor", "--fix", "--unsafe-fixes", PATH).status == 1
    assert (directory / PATH).read_text() == text


HEAD = "on: [pull_request_target, workflow_run, issue_comment]\n"
REFERENCE = "      - uses: actions/checkout@v2\n        with: {ref: '${{ github.head_ref }}', path: x}\n      - uses: actions/upload-artifact@v2\n        with: {path: .}\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "jobs:\n  a:\n    steps:\n" + REFERENCE * 3000,
        HEAD + "x: &r |\n" + "  git fetch origin pull/1/head; make; gh pr checkout 1\n" * 1000 + "jobs:\n  a:\n    steps:\n" + "      - run: *r\n" * 5000,
        HEAD + "x: &c " + " || ".join(["steps.a.outputs.x"] * 1000) + "\njobs:\n  a:\n    steps:\n" + "      - run: make\n        if: *c\n" * 5000,
        HEAD + "jobs:\n  a: &a\n    steps:\n" + "      - run: make github.actor bot\n" * 2000 + "".join(f"  b{number}: *a\n" for number in range(1000)),
        "on: push\npermissions:\n" + "  contents: write\n" * 20000 + "jobs:\n" + "".join(f"  a{number}:\n    steps: []\n" for number in range(1500)),
        HEAD
        + "jobs:\n"
        + "".join(f"  a{number}:\n    needs: [{', '.join(f'a{before}' for before in range(number - 40, number))}]\n" for number in range(40, 1000)),
        HEAD + "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v2\n        with:\n          ref: pull/" + "${{ github.sha }}" * 20000 + "\n",
        HEAD + "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v2\n      - run: " + "git " * 300000 + "\n",
        "on: push\n" + "  # x\n" * 100000 + "jobs:\n  a:\n    steps:\n      - run: make\n",
    ],
    ids=range(9),
)
def test_floods_take_no_longer_than_their_size(text: str) -> None:
    file = source(text)
    file.view(read_workflow)
    for rule in check.rules:
        if rule.name in RULES:
            start = process_time()
            for _ in rule.run(file):
                pass
            assert process_time() - start < 2, rule.name


_CALLED = "on: workflow_call\njobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ inputs.commit }}\n"


def test_a_fetch_behind_a_call_is_reported_at_the_call(directory: Path) -> None:
    caller = "on: pull_request_target\njobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    with:\n      Commit: ${{ github.head_ref }}\n"
    write(directory, {".github/workflows/a.yml": caller, ".github/workflows/b.yml": _CALLED})
    (found,) = scan("--select=untrusted-checkout", ".github/workflows/a.yml", hook="actions-lint").report["findings"]
    assert (found["line"], "by line 8 of .github/workflows/b.yml" in found["message"]) == (4, True)


def test_calls_that_go_in_circles_end(directory: Path) -> None:
    jobs = "".join(f"  j{number}:\n    uses: ./.github/workflows/a.yml\n" for number in range(300))
    write(directory, {".github/workflows/a.yml": f"on: [workflow_call, pull_request_target]\njobs:\n{jobs}"})
    report = scan("--select=untrusted-checkout", ".github/workflows/a.yml", hook="actions-lint").report
    assert (report["findings"], report["errors"]) == ([], [])
