"""Text of outsiders that comes by way of actions, the API of GitHub, git and files; and local callees that put it into scripts."""

from __future__ import annotations

import time
from textwrap import indent
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.checks.actions_lint.injection import insecure_commands, script_injection
from agent_security_hooks.data import action_outputs as table
from agent_security_hooks.parse.actions.taint import written_by
from agent_security_hooks.parse.actions.taint_commands import jq_part
from agent_security_hooks.parse.actions.taint_outputs import api_object, fits, of_api
from agent_security_hooks.parse.actions.workflow import read_workflow
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agent_security_hooks.model import Hit


def written(steps: str, on: str = "issue_comment") -> list[tuple[str, str, str]]:
    """Level, path and name of what the last step writes."""
    text = f"on: {on}\njobs:\n  j:\n    steps:\n{indent(steps.strip(), '      ')}\n"
    workflow = Source(".github/workflows/x.yml", text.encode(), Repository()).view(read_workflow)
    assert workflow is not None
    return [(write.taint.level, write.taint.path, write.name) for write in written_by(workflow.steps[-1])]


def hits(text: str, path: str = ".github/workflows/x.yml", repository: Repository | None = None) -> Iterator[Hit]:
    return script_injection(Source(path, text.encode(), repository or Repository()))


COMMANDS = [
    ("gh pr view 1 --json title --jq .title", "outsider pull_request.title"),
    ("gh pr view 1 --json title,body -q '.body'", "outsider pull_request.body"),
    ("gh pr view 1 --json headRefName -q .headRefName", "outsider pull_request.head.ref"),
    ("gh pr view 1 --json headRefOid -q .headRefOid", "unknown "),
    ("gh pr view 1 --json author --jq .author.login", "unknown "),
    ("gh pr view 1 --json number", "unknown "),
    ("gh pr view 1 --json title,number --jq '.title | length'", "unknown "),
    ("gh pr view 1 --json files --jq '.files[].path'", "outsider pull_request.files.path"),
    ("gh issue view 3 --json title,body", "outsider issue.body"),
    ("gh issue view 3", "outsider issue"),
    ("gh issue list --json number --jq '.[].number'", "unknown "),
    ("gh pr diff 3 --name-only", "outsider files.filename"),
    ("gh api repos/o/r/pulls/3 --jq .head.ref", "outsider pull_request.head.ref"),
    ("gh api repos/o/r/pulls/3 --jq .base.ref", "unknown "),
    ("gh api repos/o/r/pulls/3 --jq .head.sha", "unknown "),
    ("gh api repos/o/r/pulls/3 -q '.head.repo.full_name'", "unknown "),
    ("gh api /repos/o/r/issues/3/comments --jq '.[-1].body'", "outsider comment.body"),
    ("gh api repos/o/r/pulls/3/files --paginate -q '.[].filename'", "outsider files.filename"),
    ("gh api repos/o/r/releases/latest --jq .tag_name", "unknown "),
    ("gh api -X POST repos/o/r/issues/3/comments -f body=x --jq .body", "unknown "),
    ("gh api repos/o/r/pulls/3 | jq -r .title", "outsider pull_request.title"),
    ("gh api repos/o/r/pulls/3 | jq -r .number", "unknown "),
    ("gh release view --json body", "unknown "),
    ("gh pr view 1 --json number,title,headRefName | jq -r .headRefName", "outsider pull_request.head.ref"),
    ("gh pr view 1 --json number,title,headRefName | jq -r .number", "unknown "),
    ("gh pr view 1 --json title,baseRefName | jq -r .baseRefName", "unknown "),
    ("curl -s https://api.github.com/repos/o/r/pulls/3 | jq -r .title", "outsider pull_request.title"),
    ("curl -s https://api.github.com/repos/o/r/pulls/3 | jq -r .head.sha", "unknown "),
    ("curl -d x https://api.github.com/repos/o/r/issues", "unknown "),
    ("curl https://example.com/issues", "unknown "),
    ("git log -1 --format=%s", "outsider commits.headline"),
    ("git log -1 --pretty=format:'%an'", "outsider commits.author.name"),
    ("git log -1 --pretty=%B", "outsider commits.message"),
    ("git -C x show -s --format=%H", "unknown "),
    ("git log --oneline", "outsider commits.headline"),
    ("git diff --name-only origin/main HEAD", "outsider files.filename"),
    ("git rev-parse HEAD", "unknown "),
]
HEAD = "- uses: actions/checkout@v4\n  with: {ref: '${{ github.event.pull_request.head.sha }}'}\n"


@pytest.mark.parametrize(("command", "expected"), COMMANDS)
def test_what_a_program_prints(command: str, expected: str) -> None:
    steps = HEAD + f'- run: |\n    echo "A=$({command})" >> "$GITHUB_ENV"'
    ((level, path, name),) = written(steps, "pull_request_target")
    assert f"{level} {path}" == expected
    assert name == "A"


def test_commits_of_insiders() -> None:
    steps = '- uses: actions/checkout@v4\n- run: echo "A=$(git log -1 --format=%s)" >> "$GITHUB_ENV"'
    assert [found[0] for found in written(steps, "push")] == ["unknown"]
    assert [found[0] for found in written(steps, "pull_request")] == ["unknown"]  # of the merge
    files = steps.replace("log -1 --format=%s", "diff --name-only HEAD^")
    assert [found[0] for found in written(files, "pull_request")] == ["outsider"]
    assert [found[0] for found in written(files, "push")] == ["unknown"]
    assert [found[0] for found in written('- run: echo "A=$(gh pr view 1 --json title)" >> "$GITHUB_ENV"', "schedule")] == ["unknown"]


FILES = [
    'echo "A=$(cat x.txt)" >> "$GITHUB_ENV"',
    'echo "A=$(<x.txt)" >> "$GITHUB_ENV"',
    'echo "A=$(< x.txt)" >> "$GITHUB_ENV"',
    'cat x.txt >> "$GITHUB_ENV"',
    'cat < x.txt >> "$GITHUB_ENV"',
    'tee -a "$GITHUB_ENV" < x.txt',
    'cp x.txt "$GITHUB_ENV"',
    'read -r a < x.txt; echo "A=$a" >> "$GITHUB_ENV"',
    'mapfile a < x.txt; echo "A=$a" >> "$GITHUB_ENV"',
    'unzip -p x.zip x.txt >> "$GITHUB_ENV"',
    'echo "$(cat x.txt)" >> "$GITHUB_PATH"',
    'cat x.txt >> "$GITHUB_PATH"',
]
FETCHES = [
    ("workflow_run", "- uses: actions/download-artifact@v4\n", "a file of an artifact"),
    ("pull_request_target", "- uses: dawidd6/action-download-artifact@v2\n", "a file of an artifact"),
    ("issue_comment", "- run: gh run download 1\n", "a file of an artifact"),
    ("pull_request_target", "- uses: actions/checkout@v3\n  with: {ref: '${{ github.event.pull_request.head.sha }}'}\n", "a file of a pull request"),
]
OWN = [
    ("push", "- uses: dawidd6/action-download-artifact@v2\n"),
    ("pull_request_target", "- uses: actions/checkout@v4\n"),
    ("pull_request_target", "- uses: actions/download-artifact@v4\n"),
    ("workflow_run", ""),
]


@pytest.mark.parametrize("script", FILES)
def test_files_of_others(script: str) -> None:
    step = f"- run: |\n    {script}"
    for event, fetch, what in FETCHES:
        assert [found[:2] for found in written(fetch + step, event)] == [("outsider", what)], (event, fetch)
    for event, fetch in OWN:
        assert [found[0] for found in written(fetch + step, event)] in (["unknown"], ["fixed"]), (event, fetch)


FILTERS = [
    (".", ()),
    ("", ()),
    (".title", ("title",)),
    (".[0].title", ("title",)),
    ('.[] | select(.state == "open") | .title', ("title",)),
    (".title | @json", ("title",)),
    ('map(.body) | join(",")', ("body",)),
    (".number, .title", ("title",)),
    (".head.sha", None),
    (".id", None),
    (".labels | length", None),
    ('.title | test("x")', None),
    ('"\\(.number) \\(.title)"', ()),
    ("{{.title}}", ("title",)),
]


@pytest.mark.parametrize(("text", "part"), FILTERS)
def test_filters_of_jq(text: str, part: tuple[str, ...] | None) -> None:
    assert jq_part(text) == part


ROUTES = [
    ("/repos/${{ github.repository }}/pulls/${{ github.event.issue.number }}", "pull_request"),
    ("/repos/{owner}/{repo}/pulls/{pull_number}", "pull_request"),
    ("repos/o/r/issues?state=open", "issue"),
    ("repos/o/r/issues/3/labels", "label"),
    ("repos/o/r/issues/3/reactions", ""),
    ("repos/o/r/commits/$SHA/pulls", "pull_request"),
    ("repos/o/r", ""),
    ("", ""),
]


@pytest.mark.parametrize(("route", "thing"), ROUTES)
def test_routes(route: str, thing: str) -> None:
    assert api_object(route) == thing


def test_parts_of_an_answer() -> None:
    parts = {
        "": "outsider",
        "title": "outsider",
        "0.title": "outsider",
        "head.ref": "outsider",
        "base.ref": "insider",
        "mergeable": "fixed",
        "head.sha": "fixed",
    }
    assert {part: of_api("pull_request", tuple(part.split(".")) if part else ()).level for part in parts} == parts


def test_parts_of_what_a_script_asked_for() -> None:
    steps = """
- id: s
  run: |
    echo "pr=$(gh pr view 1 --json number,title,headRefOid)" >> "$GITHUB_OUTPUT"
    echo "all=$(gh api repos/o/r/pulls/3)" >> "$GITHUB_OUTPUT"
- run: |
    echo "A=${{ fromJSON(steps.s.outputs.pr).number }}" >> "$GITHUB_ENV"
    echo "B=${{ fromJSON(steps.s.outputs.pr).title }}" >> "$GITHUB_ENV"
    echo "C=${{ fromJSON(steps.s.outputs.all).head.sha }}" >> "$GITHUB_ENV"
    echo "D=${{ fromJSON(steps.s.outputs.all).head.ref }}" >> "$GITHUB_ENV"
    echo "E=${{ steps.s.outputs.all }}" >> "$GITHUB_ENV"
"""
    assert [(name, level) for level, _, name in written(steps)] == [("A", "fixed"), ("B", "outsider"), ("C", "fixed"), ("D", "outsider"), ("E", "outsider")]


def test_the_tables_are_tidy() -> None:
    for inputs, outputs in table.PASSED_ON.values():
        assert all(name == name.lower() for name in (*inputs, *outputs))
    assert all(action == action.lower() and action.count("/") == 1 for action in (*table.PASSED_ON, *table.API_READERS, *table.ARTIFACT_OUTPUTS))
    assert fits("*_files", "all_files")
    assert not fits("*_files", "files")


def repository(tmp_path: Path, files: dict[str, str]) -> Repository:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".git").mkdir()
    return Repository(str(tmp_path))


ACTION = "inputs:\n  t: {}\nruns:\n  using: composite\n  steps:\n"
CALL = "on: issues\njobs:\n  j:\n    runs-on: x\n    steps:\n      - uses: ./a\n        with:\n          T: ${{ github.event.issue.title }}\n"


def test_callees_that_call_each_other(tmp_path: Path) -> None:
    onward = ACTION + "    - uses: ./X\n      with: {t: '${{ inputs.t }}'}\n"
    files = {"a/action.yml": onward.replace("X", "b"), "b/action.yml": onward.replace("X", "a") + "    - run: echo ${{ inputs.t }}\n      shell: bash\n"}
    (found,) = hits(CALL, repository=repository(tmp_path, files))
    assert not found.pedantic
    assert "b/action.yml" not in found.message  # where the caller hands it to
    assert "(a/action.yml:7)" in found.message


@pytest.mark.parametrize("target", ["./../a", "./missing", "./a/../../../etc", "./" + "x/" * 2000, "./a\0b"])
def test_callees_that_are_not_there(tmp_path: Path, target: str) -> None:
    text = CALL.replace("./a", f'"{target}"'.replace("\0", "\\0"))
    assert not list(hits(text, repository=repository(tmp_path, {})))


@given(st.text(alphabet="gitlogh prview --json,.title[]|$()<>&;'\"\n", max_size=200))
def test_any_script_is_read(script: str) -> None:
    text = (
        "on: pull_request_target\njobs:\n  j:\n    steps:\n"
        + indent(HEAD, "      ")
        + "      - run: |\n"
        + indent("echo A=$(gh " + script + ") >> $GITHUB_ENV", " " * 10)
        + "\n"
    )
    list(insecure_commands(Source(".github/workflows/x.yml", text.encode(), Repository())))


FLOODS = [
    "echo A=$(gh pr view --json " + "title," * 20_000 + ") >> $GITHUB_ENV",
    "echo A=$(gh api " + "repos/" * 20_000 + " --jq " + ".a" * 20_000 + ") >> $GITHUB_ENV",
    "jq '" + ".[" * 30_000 + '\' <<< "${{ github.event.issue.body }}" >> $GITHUB_ENV',
    "jq '" + "select(" * 20_000 + "|" * 20_000 + '\' <<< "${{ github.event.issue.body }}" >> $GITHUB_ENV',
    "git log --format='" + "%a" * 50_000 + "' >> $GITHUB_ENV",
    "# ${{ github.event.issue.title }}\\n" * 2_000,
]


@pytest.mark.parametrize("script", FLOODS, ids=range(len(FLOODS)))
def test_floods(script: str) -> None:
    text = (
        "on: [issues, pull_request_target]\njobs:\n  j:\n    steps:\n"
        + indent(HEAD, "      ")
        + "      - run: |\n"
        + indent(script.replace("\\n", "\n"), " " * 10)
        + "\n"
    )
    file = Source(".github/workflows/x.yml", text.encode(), Repository())
    start = time.process_time()
    list(insecure_commands(file))
    list(script_injection(file))
    assert time.process_time() - start < 2


HINTS = [
    ("actions/github-script@v8", "script", "process.env.ISSUE_TITLE in the script"),
    ("jannekem/run-python-script-action@v1", "script", 'os.environ["ISSUE_TITLE"] in the script'),
    ("amadevus/pwsh-script@v2", "script", "$env:ISSUE_TITLE in the script"),
    ("azure/powershell@v2", "inlineScript", "$env:ISSUE_TITLE in the script"),
    ("appleboy/ssh-action@v1", "script", '"$ISSUE_TITLE" in the script, with `envs: ISSUE_TITLE` in with:'),
    ("addnab/docker-run-action@v3", "run", '"$ISSUE_TITLE" in the script, with `-e ISSUE_TITLE` in its options'),
    ("nick-fields/retry@v3", "command", '"$ISSUE_TITLE" in the script'),
]


@pytest.mark.parametrize(("action", "name", "hint"), HINTS)
def test_the_hint_speaks_the_language_of_the_action(action: str, name: str, hint: str) -> None:
    text = f"on: issues\njobs:\n  j:\n    steps:\n      - uses: {action}\n        with: {{{name}: 'x ${{{{ github.event.issue.title }}}}'}}\n"
    (found,) = hits(text)
    assert found.fix.endswith(f"write {hint}")


def test_what_is_cut_shows_it() -> None:
    long = " || ".join(["github.event.issue.title"] * 9)
    (found,) = hits(f"on: issues\njobs:\n  j:\n    steps:\n      - run: echo ${{{{ {long} }}}}\n")
    assert "${{ github.event.issue.title || github.event.issue.title || github.event.issue.title… }}" in found.message
    (found,) = hits("on: push\njobs:\n  j:\n    steps:\n      - run: echo ${{ github.event.commits[0].message }}\n")
    assert found.message == "${{ github.event.commits[0].message }} is text that an outsider writes, and becomes part of the script"


QUIET = """
on: [push, workflow_dispatch]
jobs:
  j:
    outputs: {o: "${{ steps.s.outputs.x }}"}
    steps:
      - id: s
        run: ./configure
      - run: |
          echo ${{ steps.s.outputs.x }} ${{ github.event.head_commit.message }} ${{ github.event.issue.title }}
          echo ${{ github.ref_name }} ${{ matrix.x }} ${{ vars.X }}
          # ${{ github.event.head_commit.author.name }}
  k:
    needs: j
    permissions: {contents: write}
    steps:
      - run: echo ${{ needs.j.outputs.o }} ${{ github.ref_name }} ${{ env.X }}
"""


def test_a_run_without_pedantic_cases_finds_the_others() -> None:
    found: list[list[tuple[int, str, str]]] = []
    for thorough in (True, False):
        file = Source(".github/workflows/x.yml", QUIET.encode(), Repository())
        file.thorough = thorough
        found.append([(hit.start, hit.message, hit.fix) for hit in script_injection(file) if not hit.pedantic])
        assert thorough or not any(hit.pedantic for hit in script_injection(file))
    assert found[0] == found[1]
    assert len(found[0]) == 3
