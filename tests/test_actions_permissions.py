"""Edits of workflows: `permissions:` and inputs of steps in the file's own style, and nothing else changed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from agent_security_hooks.checks.actions_lint import check
from agent_security_hooks.data.action_permissions import LEVELS, NEEDS
from agent_security_hooks.parse.actions.needed_permissions import needed_permissions, shown
from agent_security_hooks.parse.actions.workflow import read_workflow
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from ruamel.yaml import YAML
from support import run, write

if TYPE_CHECKING:
    from pathlib import Path

    from agent_security_hooks.model import Hit

PATH = ".github/workflows/ci.yml"
JOBS = "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
PERMISSIONS = "permissions:\n  contents: read\n"


def parsed(text: str) -> tuple[Any, Any]:
    """A document as two independent parsers read it, one of YAML 1.1 and one of 1.2."""
    return yaml.safe_load(text), YAML(typ="safe", pure=True).load(io.StringIO(text))


def fixed(directory: Path, text: str, rule: str, *options: str) -> str:
    """The text after `--fix`; the two parsers must see nothing but what the rule is for."""
    write(directory, {PATH: text.encode()})
    run("actions-lint", "--no-config", f"--select={rule}", "--fix", *options, PATH)
    after = (directory / PATH).read_bytes().decode()
    before = parsed(text)
    for old, new in zip(before, parsed(after)):
        assert without(new, rule) == without(old, rule)
    return after


def without(value: Any, rule: str) -> Any:
    """A document without what the fix of a rule adds."""
    if isinstance(value, list):
        return [without(item, rule) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: without(item, rule) for key, item in value.items()}
    if rule == "missing-permissions" and "jobs" in found:
        found.pop("permissions", None)
    if rule == "persisted-credentials" and isinstance(found.get("with"), dict):
        found["with"].pop("persist-credentials", None)
        if not found["with"]:
            del found["with"]
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("on: push\n" + JOBS, "on: push\n" + PERMISSIONS + JOBS),
        ("on: push\n\n" + JOBS, "on: push\n\n" + PERMISSIONS + "\n" + JOBS),
        ("on:\n  push:\n  pull_request:\n\n" + JOBS, "on:\n  push:\n  pull_request:\n\n" + PERMISSIONS + "\n" + JOBS),
        ("on: [push,\n  pull_request]  # both\n" + JOBS, "on: [push,\n  pull_request]  # both\n" + PERMISSIONS + JOBS),
        ("on: {push: {branches: [main]}}\n" + JOBS, "on: {push: {branches: [main]}}\n" + PERMISSIONS + JOBS),
        ("'on': push\n" + JOBS, "'on': push\n" + PERMISSIONS + JOBS),
        ("on:\n- push\n" + JOBS, "on:\n- push\n" + PERMISSIONS + JOBS),
        (JOBS + "on: push\n", JOBS + "on: push\n" + PERMISSIONS),
        (JOBS + "\non: push\n", JOBS + "\non: push\n\n" + PERMISSIONS),
        (JOBS + "on: push", JOBS + "on: push\n" + PERMISSIONS.rstrip("\n")),
        (
            "on:\n  push:\n  # schedule:\n  #   - cron: x\n\n# The jobs\n" + JOBS,
            "on:\n  push:\n  # schedule:\n  #   - cron: x\n\n" + PERMISSIONS + "\n# The jobs\n" + JOBS,
        ),
        ("on: push\npermissions:\n" + JOBS, "on: push\n" + PERMISSIONS + JOBS),
        ("on: push\npermissions:\n\n" + JOBS, "on: push\npermissions: {contents: read}\n\n" + JOBS),
        ("on: push\npermissions:  # none yet\n" + JOBS, "on: push\npermissions: {contents: read}  # none yet\n" + JOBS),
        ("on: push\npermissions:\n  # contents: write\n" + JOBS, "on: push\npermissions: {contents: read}\n  # contents: write\n" + JOBS),
        (JOBS + "on: push\npermissions :", JOBS + "on: push\npermissions :\n  contents: read"),
        ("name: Über\non: push\n" + JOBS, "name: Über\non: push\n" + PERMISSIONS + JOBS),
        (
            "on: push\njobs:\n    test:\n        runs-on: x\n        steps:\n            - run: make\n",
            "on: push\npermissions:\n    contents: read\njobs:\n    test:\n        runs-on: x\n        steps:\n            - run: make\n",
        ),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_permissions_are_added_in_the_style_of_the_file(directory: Path, before: str, after: str, ending: str) -> None:
    text = fixed(directory, before.replace("\n", ending), "missing-permissions")
    assert text == after.replace("\n", ending)
    assert fixed(directory, text, "missing-permissions") == text


@pytest.mark.parametrize(
    "steps",
    [
        "      - uses: acme/unknown@v1\n",
        "      - uses: ./local\n",
        "      - uses: docker://alpine\n",
        "      - uses: softprops/action-gh-release@v2\n",
        "      - run: gh pr comment 1 --body x\n",
        "      - run: git push\n",
        "      - run: make deploy\n",
        "      - run: make\n        env:\n          T: ${{ github.token }}\n",
        "      - run: make\n        env:\n          T: ${{ secrets.GITHUB_TOKEN }}\n",
        "      - uses: actions/github-script@v7\n        with:\n          script: x\n",
        "      - uses: codecov/codecov-action@v5\n        with:\n          use_oidc: true\n",
        "      - uses: nick-fields/retry@v3\n        with:\n          command: git push\n",
        "      - uses: docker/build-push-action@v6\n        with:\n          push: true\n",
    ],
)
def test_permissions_are_not_added_where_more_may_be_needed(directory: Path, steps: str) -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + steps
    assert fixed(directory, text, "missing-permissions", "--unsafe-fixes") == text


def test_a_token_in_the_environment_of_all_jobs_is_handed_out(directory: Path) -> None:
    text = "on: push\nenv:\n  T: ${{ github.token }}\n" + JOBS
    assert fixed(directory, text, "missing-permissions") == text


@pytest.mark.parametrize(
    "text",
    [
        "{on: push, jobs: {a: {runs-on: x, steps: [{run: make}]}}}\n",
        "  on: push\n  jobs:\n    a:\n      runs-on: x\n      steps:\n        - run: make\n",
        "on: push\npermissions: ~\n" + JOBS,
        JOBS,
        "permissions:\n" + JOBS,
        "on: push\non: push\n" + JOBS,
        "on: push\npermissions:\npermissions:\n" + JOBS,
        "on: push\n" + JOBS + JOBS.replace("test:", "other:"),
        "on: push\n" + JOBS + "---\nx: 1\n",
        "on: push\npermissions: ''\n" + JOBS,
        "? on\n: push\n" + JOBS,
    ],
)
def test_what_is_hard_to_edit_is_left_alone(directory: Path, text: str) -> None:
    write(directory, {PATH: text.encode()})
    run("actions-lint", "--no-config", "--select=missing-permissions", "--fix", PATH)
    assert (directory / PATH).read_bytes().decode() == text


def steps_with(checkout: str, rest: str = "") -> str:
    return f"on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    steps:\n{checkout}{rest}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"      - uses: {CHECKOUT}\n", f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n"),
        (f"      - uses: {CHECKOUT} # v4.2.2\n", f"      - uses: {CHECKOUT} # v4.2.2\n        with:\n          persist-credentials: false\n"),
        (
            f"      - name: x\n        uses: '{CHECKOUT}'\n",
            f"      - name: x\n        uses: '{CHECKOUT}'\n        with:\n          persist-credentials: false\n",
        ),
        (f"    - uses: {CHECKOUT}\n      id: x\n", f"    - uses: {CHECKOUT}\n      with:\n        persist-credentials: false\n      id: x\n"),
        (f"      -   uses: {CHECKOUT}\n", f"      -   uses: {CHECKOUT}\n          with:\n            persist-credentials: false\n"),
        (
            f"      - uses: {CHECKOUT}\n        with:\n          fetch-depth: 0  # all\n",
            f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n          fetch-depth: 0  # all\n",
        ),
        (
            f"      - with:\n            fetch-depth: 0\n        uses: {CHECKOUT}\n",
            f"      - with:\n            persist-credentials: false\n            fetch-depth: 0\n        uses: {CHECKOUT}\n",
        ),
        (f"      - {{uses: {CHECKOUT}}}\n", f"      - {{uses: {CHECKOUT}, with: {{persist-credentials: false}}}}\n"),
        (
            f"      - uses: {CHECKOUT}\n        with: {{fetch-depth: 0}}\n",
            f"      - uses: {CHECKOUT}\n        with: {{fetch-depth: 0, persist-credentials: false}}\n",
        ),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_an_input_is_added_in_the_style_of_the_file(directory: Path, before: str, after: str, ending: str) -> None:
    text = fixed(directory, steps_with(before).replace("\n", ending), "persisted-credentials", "--pedantic")
    assert text == steps_with(after).replace("\n", ending)


@pytest.mark.parametrize(
    ("rest", "safe"),
    [
        ("      - run: make\n", True),
        ("      - run: git diff\n", True),
        ("      - uses: actions/setup-python@v5\n", True),
        ("      - run: git push\n", False),
        ("      - run: git submodule update --init\n", False),
        ("      - run: npx semantic-release\n", False),
        ("      - run: gh release create v1\n", False),
        ("      - uses: peter-evans/create-pull-request@v7\n", False),
        ("      - uses: stefanzweifel/git-auto-commit-action@v5\n", False),
        ("      - uses: acme/unknown@v1\n", False),
        ("      - uses: ./local\n", False),
        ("      - uses: nick-fields/retry@v3\n        with:\n          command: git push\n", False),
    ],
)
def test_credentials_that_may_be_needed_are_taken_by_unsafe_fixes_only(directory: Path, rest: str, safe: bool) -> None:
    text = steps_with(f"      - uses: {CHECKOUT}\n", rest)
    assert ("persist-credentials" in fixed(directory, text, "persisted-credentials", "--pedantic")) is safe
    assert "persist-credentials: false" in fixed(directory, text, "persisted-credentials", "--pedantic", "--unsafe-fixes")


def test_submodules_may_be_private(directory: Path) -> None:
    text = steps_with(f"      - uses: {CHECKOUT}\n        with:\n          submodules: true\n")
    assert fixed(directory, text, "persisted-credentials", "--pedantic") == text


@pytest.mark.parametrize(
    ("step", "scopes"),
    [
        ("- run: make", {}),
        ("- run: gh issue comment 1", {"issues": "write"}),
        ("- run: gh pr list", {"pull-requests": "read"}),
        ("- run: gh pr merge 1", {"contents": "write", "pull-requests": "write"}),
        ("- run: sudo git -C x push origin main", {"contents": "write"}),
        ("- run: echo git push", {}),
        ("- run: docker push x", {"packages": "write"}),
        ("- run: ./mvnw -B deploy", {"contents": "write", "packages": "write"}),
        ("- uses: actions/deploy-pages@v4", {"id-token": "write", "pages": "write"}),
        ("- uses: Actions/Labeler@v5", {"pull-requests": "write"}),
        ("- {uses: actions/github-script@v7, with: {script: 'github.rest.checks.create({})'}}", {"checks": "write"}),
        ("- {uses: pypa/gh-action-pypi-publish@v1, with: {password: x}}", {}),
        ("- {uses: actions/download-artifact@v4, with: {run-id: 1}}", {"actions": "read"}),
    ],
)
def test_needs_are_read_from_what_steps_do(step: str, scopes: dict[str, str]) -> None:
    text = f"on: push\njobs:\n  a:\n    steps:\n      {step}\n"
    workflow = Source(PATH, text.encode(), Repository()).view(read_workflow)
    assert workflow is not None
    assert needed_permissions(workflow.jobs[0]).scopes == scopes


def test_needs_are_shown_as_yaml() -> None:
    assert shown({"issues": "write"}) == "{contents: read, issues: write}"
    assert shown({"contents": "write"}) == "{contents: write}"


def test_the_tables_fit_together() -> None:
    for name, scopes in NEEDS.items():
        assert name == name.lower()
        assert name.count("/") >= 1
        for scope, level in scopes.items():
            assert level in LEVELS[scope], name


@pytest.mark.parametrize(
    ("scope", "hint"),
    [("pull-request: write", "did you mean `pull-requests`?"), ("id_token: write", "did you mean `id-token`?"), ("nonexistent: write", "take the line out; ")],
)
def test_only_a_near_name_is_proposed(scope: str, hint: str) -> None:
    (hit,) = hits(f"on: push\npermissions:\n  {scope}\n" + JOBS, "excessive-permissions")
    assert hint in hit.fix
    assert "write" not in hit.fix or "did you mean" not in hit.fix


@pytest.mark.parametrize(
    ("text", "rule", "count"),
    [
        ("on: push\npermissions: read-all\n" + JOBS, "excessive-permissions", 1),
        ("on: push\npermissions:\n  contents: write\n" + JOBS, "excessive-permissions", 1),
        ("on: workflow_call\n" + JOBS, "missing-permissions", 1),
        (f"on: push\n{JOBS}      - uses: {CHECKOUT}\n", "persisted-credentials", 1),
        (f"on: push\n{JOBS}      - uses: {CHECKOUT}\n      - uses: actions/upload-artifact@v7\n        with:\n          path: .\n", "persisted-credentials", 1),
    ],
)
def test_pedantic_cases_are_not_looked_for_unasked(text: str, rule: str, count: int) -> None:
    assert len(hits(text, rule)) == count
    assert all(hit.pedantic for hit in hits(text, rule))
    assert hits(text, rule, thorough=False) == []


def hits(text: str, rule: str, *, thorough: bool = True) -> list[Hit]:
    """What a rule finds in a workflow that is on no disk."""
    file = Source(PATH, text.encode(), Repository())
    file.thorough = thorough
    (found,) = [known for known in check.rules if known.name == rule]
    return list(found.run(file))
