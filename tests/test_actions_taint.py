"""Who wrote the text of an expression: by the table, by the trigger, and followed back through variables, outputs and matrices."""

from __future__ import annotations

import time
from textwrap import indent

import pytest
from agent_security_hooks.data import action_outputs as outputs_table
from agent_security_hooks.data import github_contexts as table
from agent_security_hooks.parse.actions.taint import (
    FIXED,
    INSIDER,
    OUTSIDER,
    SECRET,
    UNKNOWN,
    holds_secrets,
    origin_of,
    outsider_triggers,
    tainted_variable,
    taints,
    written_by,
)
from agent_security_hooks.parse.actions.workflow import Workflow, read_workflow
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st


def workflow(text: str, path: str = ".github/workflows/x.yml") -> Workflow:
    found = Source(path, text.encode("utf-8", "surrogateescape"), Repository()).view(read_workflow)
    assert found is not None
    return found


def triggered(on: str) -> Workflow:
    return workflow(f"on: {on}\njobs: {{j: {{steps: [{{run: x}}]}}}}\n")


def last_taints(text: str, path: str = ".github/workflows/x.yml") -> list[str]:
    """What the last step expands: level, path, and by way of what."""
    step = workflow(text, path).steps[-1]
    node = step.get("run") or step.input("script")
    assert node is not None
    return [f"{found.taint.level} {found.taint.path} {found.taint.via}".strip() for found in taints(node, step)]


BY_TABLE = [
    (OUTSIDER, "github.head_ref github.event.issue.title github.event.pull_request.body github.event.comment.body github.event.review.body"),
    (OUTSIDER, "github.event.discussion.title github.event.pages.0.page_name github.event.pages.*.page_name github.event.commits.0.message"),
    (OUTSIDER, "github.event.commits.?.author.name github.event.head_commit.author.email github.event.pull_request.head.ref"),
    (OUTSIDER, "github.event.pull_request.head.label github.event.pull_request.head.repo.default_branch github.event.workflow_run.head_branch"),
    (OUTSIDER, "github.event.workflow_run.head_commit.message github.event.*.body github.event.*.*.email github.event.?.title github.event.commits.*"),
    (OUTSIDER, "github github.event github.event.issue github.event.pull_request.head github.event.sender.email github.*.issue.body"),
    (INSIDER, "github.event.release.tag_name github.event.release.body github.event.client_payload.x.y github.event.label.name vars.x vars"),
    (INSIDER, "github.event.pull_request.base.ref github.event.issue.labels.*.name github.event.merge_group.head_ref github.event.client_payload"),
    (FIXED, "github.sha github.actor github.triggering_actor github.event_name github.repository github.run_id github.workspace github.event.number"),
    (FIXED, "github.event.issue.number github.event.pull_request.head.sha github.event.comment.user.login github.event.pull_request.html_url"),
    (FIXED, "github.event.repository.name github.event.pull_request.head.repo.full_name github.event.action github.event.comment.created_at"),
    (FIXED, "runner.temp job.status strategy.job-index github.no_such_thing nonsense github.workflow github.event.pull_request.merge_commit_sha"),
    (SECRET, "secrets.x secrets github.token"),
    (UNKNOWN, "github.event.something.new env.x steps.a.outputs.b needs.j.outputs.o matrix.x inputs.y"),
]


@pytest.mark.parametrize(("level", "paths"), BY_TABLE)
def test_the_table(level: str, paths: str) -> None:
    any_event = triggered("workflow_call")
    assert {path: origin_of(tuple(path.split(".")), any_event) for path in paths.split()} == dict.fromkeys(paths.split(), level)


def test_the_text_of_an_object_is_not_what_is_in_it() -> None:
    any_event = triggered("issues")
    for path in ("github.event", "github.event.issue", "github", "vars", "github.event.client_payload"):
        assert origin_of(tuple(path.split(".")), any_event, below=False) != OUTSIDER
    assert origin_of(("github", "event", "issue", "title"), any_event, below=False) == OUTSIDER


def test_the_table_is_tidy() -> None:
    paths = [*table.OUTSIDER, *table.INSIDER, *table.FIXED]
    assert len(paths) == len(set(paths))
    assert all(path == path.lower() for path in paths)
    for names in (outputs_table.OUTSIDER_OUTPUTS, table.CODE_INPUTS, outputs_table.FIXED_OUTPUTS):
        assert all(action == action.lower() and outputs and all(name == name.lower() for name in outputs) for action, outputs in names.items())


BY_TRIGGER = [
    ("pull_request", "github.ref", FIXED),
    ("pull_request", "github.ref_name", FIXED),
    ("[pull_request, push]", "github.ref_name", INSIDER),
    ("{push: {branches: [main, 'release-[0-9]+']}}", "github.ref_name", FIXED),
    ("{push: {branches: [main, '*']}}", "github.ref_name", INSIDER),
    ("{push: {branches: [main], tags: ['v*']}}", "github.ref_name", INSIDER),
    ("{push: {branches: main, tags: ['v[0-9]+']}}", "github.ref", FIXED),
    ("{push: {paths: [src]}}", "github.ref", INSIDER),
    ("workflow_dispatch", "github.ref_name", INSIDER),
    ("release", "github.ref_name", INSIDER),
    ("schedule", "github.ref_name", FIXED),
    ("workflow_call", "github.ref_name", INSIDER),
    ("pull_request", "github.base_ref", INSIDER),
    ("{pull_request: {branches: [main]}}", "github.base_ref", FIXED),
    ("workflow_call", "github.base_ref", INSIDER),
    ("push", "github.base_ref", FIXED),
    ("{workflow_run: {workflows: [x]}}", "github.event.workflow_run.head_branch", OUTSIDER),
    ("{workflow_run: {workflows: [x], branches: [main]}}", "github.event.workflow_run.head_branch", FIXED),
    ("{workflow_run: {workflows: [x], branches: ['r*']}}", "github.event.workflow_run.head_branch", OUTSIDER),
    ("push", "github.event.issue.title", OUTSIDER),
    ("pull_request_target", "github.event.issue.title", OUTSIDER),
    ("[pull_request_target, issue_comment]", "github.event.issue.title", OUTSIDER),
    ("issues", "github.event.head_commit.author.name", OUTSIDER),
    ("workflow_call", "github.event.issue.title", OUTSIDER),
    ("an_event_to_come", "github.event.issue.title", OUTSIDER),
    ("workflow_run", "github.event.pull_request.head.ref", OUTSIDER),
    ("pull_request_review", "github.head_ref", OUTSIDER),
    ("push", "github.event.*.title", OUTSIDER),
    ("[schedule, workflow_dispatch]", "github.event", INSIDER),
    ("[schedule, push]", "github.event", OUTSIDER),
    ("workflow_dispatch", "github.head_ref", OUTSIDER),
]


@pytest.mark.parametrize(("on", "path", "level"), BY_TRIGGER)
def test_what_the_trigger_says(on: str, path: str, level: str) -> None:
    assert origin_of(tuple(path.split(".")), triggered(on)) == level


INPUTS = """
on:
  workflow_dispatch:
    inputs:
      Text: {type: string}
      plain:
      flag: {type: boolean}
      count: {type: number}
      level: {type: choice, options: [a, b]}
      where: {type: environment}
      both: {type: choice}
  workflow_call:
    inputs:
      both: {type: string}
      called: {type: string}
jobs:
  j:
    steps:
      - run: echo ${{ inputs.text }} ${{ inputs.plain }} ${{ inputs.flag }} ${{ inputs.count }} ${{ inputs.level }} ${{ inputs.where }} ${{ inputs.none }}
          ${{ github.event.inputs.Text }} ${{ inputs.both }} ${{ inputs.called }} ${{ toJSON(inputs) }} ${{ inputs }} ${{ inputs[env.x] }}
"""


def test_inputs() -> None:
    assert last_taints(INPUTS) == [
        "insider inputs.text", "insider inputs.plain", "insider github.event.inputs.text", "insider inputs.both", "insider inputs.called", "insider inputs",
        "insider inputs.?",
    ]  # fmt: skip
    assert last_taints("runs: {using: composite, steps: [{run: 'echo ${{ inputs.x }}', shell: bash}]}", "action.yml") == ["unknown inputs.x"]
    assert last_taints("on: push\njobs: {j: {steps: [{run: 'echo ${{ inputs.x }}'}]}}") == []


TITLE = "${{ github.event.issue.title }}"


def job(steps: str, head: str = "") -> str:
    return f"on: [issues, issue_comment, pull_request]\njobs:\n  j:\n{indent(head, '    ')}\n    steps:\n{indent(steps, '      ')}"


VARIABLES = [
    (f"- env: {{T: '{TITLE}'}}\n  run: echo ${{{{ env.T }}}}", "", ["outsider github.event.issue.title env.t"]),
    (f"- env: {{T: '{TITLE}'}}\n  run: echo ${{{{ ENV.t || 'x' }}}}", "", ["outsider github.event.issue.title env.t"]),
    ("- run: echo ${{ env.T }}", f"env: {{T: '{TITLE}'}}", ["outsider github.event.issue.title env.t"]),
    ("- env: {T: fixed}\n  run: echo ${{ env.T }}", f"env: {{T: '{TITLE}'}}", []),
    ("- env: {U: '${{ env.T }}'}\n  run: echo ${{ env.U }}", f"env: {{T: '{TITLE}'}}", ["outsider github.event.issue.title env.u"]),
    ("- env: {T: '${{ env.T }}'}\n  run: echo ${{ env.T }}", "", []),
    ("- env: {A: '${{ env.B }}'}\n  run: echo ${{ env.A }}", "env: {B: '${{ env.A }}'}", []),
    ("- run: echo ${{ env.NONE }}", "", []),
    ("- uses: a/b@v1\n- run: echo ${{ env.NONE }}", "", ["unknown env.none"]),
    ("- run: echo ${{ toJSON(env) }}", f"env: {{T: '{TITLE}'}}", ["outsider github.event.issue.title env"]),
    ("- run: echo ${{ env }}", f"env: {{T: '{TITLE}'}}", []),
    (f"- run: echo 'T={TITLE}' >> $GITHUB_ENV\n- run: echo ${{{{ env.T }}}}", "", ["outsider github.event.issue.title env.t"]),
    ('- run: echo "T=$GITHUB_HEAD_REF" >> "$GITHUB_ENV"\n- run: echo ${{ env.T }}', "", ["outsider github.head_ref env.t"]),
    ('- run: echo "T=1" >> "$GITHUB_ENV"\n- run: echo ${{ env.T }}', f"env: {{T: '{TITLE}'}}", []),
    (f'- run: echo "T=1" >> "$GITHUB_ENV"\n- env: {{T: "{TITLE}"}}\n  run: echo ${{{{ env.T }}}}', "", ["outsider github.event.issue.title env.t"]),
    (f"- run: echo 1\n- run: |\n    echo ${{{{ env.T }}}}\n    echo 'T={TITLE}' >> $GITHUB_ENV", "", ["unknown env.t", "outsider github.event.issue.title"]),
]


@pytest.mark.parametrize(("steps", "head", "expected"), VARIABLES)
def test_variables(steps: str, head: str, expected: list[str]) -> None:
    assert last_taints(job(steps, head)) == expected


def test_the_environment_of_the_workflow() -> None:
    text = f"on: issues\nenv: {{T: '{TITLE}'}}\njobs: {{j: {{steps: [{{run: 'echo ${{{{ env.T }}}}'}}]}}}}"
    assert last_taints(text) == ["outsider github.event.issue.title env.t"]


def written(script: str, env: str = f"T: '{TITLE}'") -> list[str]:
    """What a step writes: file, name and level."""
    text = job(f"- env: {{{env}}}\n  run: |\n{indent(script, '    ')}\n")
    return [f"{write.file.removeprefix('GITHUB_')} {write.name} {write.taint.level}" for write in written_by(workflow(text).steps[0])]


WRITES = [
    ("echo 'a=1' >> $GITHUB_OUTPUT", ["OUTPUT a fixed"]),
    ('echo "a=$T" >> "$GITHUB_OUTPUT"', ["OUTPUT a outsider"]),
    ('echo "a=${T}" >>${GITHUB_OUTPUT}', ["OUTPUT a outsider"]),
    ('echo a="$T" | tee -a "$GITHUB_OUTPUT"', ["OUTPUT a outsider"]),
    ("printf 'a=%s\\n' \"$T\" >> $GITHUB_OUTPUT", ["OUTPUT a outsider"]),
    ('printf "a=%s" "$T" >> $GITHUB_OUTPUT', ["OUTPUT a outsider"]),
    ("printf '%s=%s\\n' a \"$T\" b 2 >> $GITHUB_OUTPUT", ["OUTPUT a outsider", "OUTPUT b fixed"]),
    ("printf -- 'a=%d%%\\n' 1 >> $GITHUB_OUTPUT; printf 'b=1' >> $GITHUB_OUTPUT", ["OUTPUT a fixed", "OUTPUT b fixed"]),
    ("printf 'a=1 ' \"$T\" >> $GITHUB_OUTPUT", ["OUTPUT a outsider"]),
    ('echo "$T" | xargs -I{} echo "a={}" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    ('out=$GITHUB_OUTPUT; echo "a=$T" >> "${out}"; echo "b=$T" >> $other', ["OUTPUT a outsider"]),
    ('echo "a=$T" >> ${{ github.env }}; echo "$T" | tee -a "${{ github.path }}"', ["ENV a outsider", "PATH  outsider"]),
    ('jq -r .issue.title "$GITHUB_EVENT_PATH" >> $GITHUB_PATH; jq -r .issue.number $GITHUB_EVENT_PATH >> $GITHUB_PATH', ["PATH  outsider", "PATH  unknown"]),
    ('x=$(jq -r .issue.body < $GITHUB_EVENT_PATH); echo "a=$x" >> $GITHUB_OUTPUT', ["OUTPUT a outsider"]),
    ("jq .issue.id < $GITHUB_EVENT_PATH >> $GITHUB_PATH; cat $GITHUB_EVENT_PATH | jq .ref >> $GITHUB_PATH", ["PATH  unknown", "PATH  insider"]),
    ('{ echo "a=$T"; echo b=2; } >> $GITHUB_OUTPUT', ["OUTPUT a outsider", "OUTPUT b fixed"]),
    ('x="$T"; y=$(echo "$x" | sed s/a/b/)\necho "a=$y" >> $GITHUB_OUTPUT', ["OUTPUT a outsider"]),
    ('x=$(echo "$T" | wc -c); echo "a=$x" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    ('x=$(echo "$T" | tr -cd a-z); echo "a=$x" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    ('x=$(echo "$T" | sed "s/[^a-z]//g"); echo "a=$x" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    (
        'x=$(grep -c foo <<< "$T"); y=$(grep foo <<< "$T"); echo "a=$x" >> $GITHUB_OUTPUT; echo "b=$y" >> $GITHUB_OUTPUT',
        ["OUTPUT a unknown", "OUTPUT b outsider"],
    ),
    ('echo "a=${#T}" >> $GITHUB_OUTPUT; echo "b=${T//[^a-z]/}" >> $GITHUB_OUTPUT', ["OUTPUT a unknown", "OUTPUT b unknown"]),
    ('echo "a=${U:-$T}" >> $GITHUB_OUTPUT', ["OUTPUT a outsider"]),
    ('read x <<< "$T"; echo "a=$x" >> $GITHUB_OUTPUT', ["OUTPUT a outsider"]),
    ('T=1; echo "a=$T" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    ('echo "a=$(date)" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    (f"echo 'a={TITLE}' >> $GITHUB_OUTPUT", ["OUTPUT a outsider"]),
    (
        f"echo 'a=x{TITLE}${{{{ github.sha }}}}' 'b' >> $GITHUB_OUTPUT; echo 'b=${{{{ github.sha }}}}' >> $GITHUB_OUTPUT",
        ["OUTPUT a outsider", "OUTPUT b fixed"],
    ),
    (f"cat <<X >> $GITHUB_OUTPUT\na={TITLE}\nb=2\nX", ["OUTPUT a outsider", "OUTPUT b fixed"]),
    ("cat <<X >> $GITHUB_ENV\na<<EOF\n$T\nEOF\nb=2\nX", ["ENV a outsider", "ENV b fixed"]),
    ('echo "a<<EOF" >> $GITHUB_ENV\necho "$T" >> $GITHUB_ENV\necho "EOF" >> $GITHUB_ENV\necho b=1 >> $GITHUB_ENV', ["ENV a outsider", "ENV b fixed"]),
    ('echo "$T" >> $GITHUB_ENV', ["ENV  outsider"]),
    ('echo "$T/bin" >> $GITHUB_PATH', ["PATH  outsider"]),
    ('echo "::set-output name=a::$T"', ["OUTPUT a outsider"]),
    ('echo "::set-env name=a::$T"; echo "::add-path::$T"', ["ENV a outsider", "PATH  outsider"]),
    ('[[ "$T" =~ ^[a-z]+$ ]] || exit 1\necho "a=$T" >> $GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    ('jq -n --arg t "$T" .x >> $GITHUB_OUTPUT', ["OUTPUT  outsider"]),
    ('python x.py "$T" >> $GITHUB_OUTPUT', ["OUTPUT  unknown"]),
    ('echo "$T" > file; echo "$GITHUB_OUTPUT"', []),
]


@pytest.mark.parametrize(("script", "expected"), WRITES)
def test_what_scripts_write(script: str, expected: list[str]) -> None:
    assert written(script) == expected


POWERSHELL = [
    ('"a=$env:T" >> $env:GITHUB_OUTPUT', ["OUTPUT a outsider"]),
    ('echo "a=${env:T}" | Out-File -FilePath $Env:GITHUB_ENV -Append', ["ENV a outsider"]),
    ("Add-Content $env:GITHUB_PATH $env:T\necho $env:T", ["PATH  outsider"]),
    ('"a=1" >> $env:GITHUB_OUTPUT', ["OUTPUT a fixed"]),
    ('$x = 2\n"a=$x" >> $env:GITHUB_OUTPUT', ["OUTPUT a unknown"]),
    (f'"a={TITLE}" >> $env:GITHUB_OUTPUT', ["OUTPUT a outsider"]),
]


@pytest.mark.parametrize(("script", "expected"), POWERSHELL)
def test_what_powershell_writes(script: str, expected: list[str]) -> None:
    text = job(f"- env: {{T: '{TITLE}'}}\n  shell: pwsh\n  run: |\n{indent(script, '    ')}\n")
    found = [f"{write.file.removeprefix('GITHUB_')} {write.name} {write.taint.level}" for write in written_by(workflow(text).steps[0])]
    assert found == expected


OUTPUTS = [
    ('- id: S\n  env: {T: "%s"}\n  run: echo "o=$T" >> $GITHUB_OUTPUT\n- run: echo ${{ steps.s.outputs.o }}', ["outsider github.event.issue.title steps.s.outputs.o"]),
    ("- id: s\n  run: echo o=1 >> $GITHUB_OUTPUT\n- run: echo ${{ steps.s.outputs.o }}", []),
    ("- id: s\n  run: make\n- run: echo ${{ steps.s.outputs.o }} ${{ steps.s.outcome }} ${{ steps.none.outputs.o }}", ["unknown steps.s.outputs.o"]),
    ("- id: s\n  uses: tj-actions/changed-files@v1\n- run: echo ${{ steps.s.outputs.all_changed_files }} ${{ steps.s.outputs.any_changed }}",
     ["outsider tj-actions/changed-files's output all_changed_files steps.s.outputs.all_changed_files", "unknown steps.s.outputs.any_changed"]),
    ("- id: s\n  uses: Dorny/Paths-Filter@v3\n- run: echo ${{ steps.s.outputs.src_files }} ${{ steps.s.outputs.src }}",
     ["outsider dorny/paths-filter's output src_files steps.s.outputs.src_files", "unknown steps.s.outputs.src"]),
    ("- id: s\n  uses: actions/cache@v4\n- run: echo ${{ steps.s.outputs.cache-hit }}", []),
    ("- id: s\n  uses: actions/github-script@v7\n  with: {script: 'return context.payload.issue.title'}\n- run: echo ${{ steps.s.outputs.result }}",
     ["outsider github.event.issue.title steps.s.outputs.result"]),
    ("- id: s\n  uses: actions/github-script@v7\n  with: {script: \"core.setOutput('o', context.payload.pull_request?.head.ref)\"}\n- run: echo ${{ steps.s.outputs.o }}",
     ["outsider github.event.pull_request.head.ref steps.s.outputs.o"]),
    ("- id: s\n  uses: actions/github-script@v7\n  with: {script: 'return context.payload.issue.number'}\n- run: echo ${{ steps.s.outputs.result }}",
     ["unknown steps.s.outputs.result"]),
    ("- id: s\n  uses: a/b@v1\n- run: echo ${{ fromJSON(steps.s.outputs.o).title }}", ["unknown steps.s.outputs.o"]),
    ("- id: a\n  run: echo 'o=${{ steps.b.outputs.o }}' >> $GITHUB_OUTPUT\n- id: b\n  run: echo 'o=${{ steps.a.outputs.o }}' >> $GITHUB_OUTPUT", ["unknown steps.a.outputs.o"]),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), OUTPUTS)
def test_outputs_of_steps(steps: str, expected: list[str]) -> None:
    assert last_taints(job(steps.replace("%s", TITLE))) == expected


NEEDS = """
on: pull_request
jobs:
  first:
    outputs:
      ref: ${{ steps.s.outputs.ref }}
      Title: ${{ github.event.pull_request.title }}
      sha: ${{ github.sha }}
      var: ${{ env.V }}
    env: {V: "${{ github.head_ref }}"}
    steps:
      - id: s
        run: echo "ref=$GITHUB_HEAD_REF" >> $GITHUB_OUTPUT
  called:
    uses: ./.github/workflows/other.yml
  second:
    needs: [first, called]
    strategy:
      matrix:
        os: [linux, mac]
        ref: ["${{ needs.first.outputs.ref }}", fixed]
        some: ${{ fromJSON(needs.called.outputs.list) }}
        include:
          - {extra: "${{ github.event.pull_request.title }}", nested: {a: [b]}}
    steps:
      - run: >-
          ${{ needs.first.outputs.ref }} ${{ needs.first.outputs.title }} ${{ needs.first.outputs.sha }} ${{ needs.first.outputs.var }}
          ${{ needs.first.result }} ${{ needs.called.outputs.x }} ${{ needs.none.outputs.x }} ${{ needs }}
          ${{ matrix.os }} ${{ matrix.REF }} ${{ matrix.some }} ${{ matrix.extra }} ${{ matrix.nested.a[0] }} ${{ matrix.none }} ${{ matrix }}
"""


def test_needs_and_matrix() -> None:
    assert last_taints(NEEDS) == [
        "outsider github.head_ref needs.first.outputs.ref",
        "outsider github.event.pull_request.title needs.first.outputs.title",
        "outsider github.head_ref needs.first.outputs.var",
        "unknown needs.called.outputs.x",
        "unknown needs.none.outputs.x",
        "outsider github.head_ref matrix.ref",
        "unknown needs.called.outputs.list matrix.some",
        "outsider github.event.pull_request.title matrix.extra",
    ]


def test_a_matrix_that_is_one_expression() -> None:
    head = "strategy: {matrix: '${{ fromJSON(github.event.comment.body) }}'}"
    assert last_taints(job("- run: echo ${{ matrix.x }}", head)) == ["outsider github.event.comment.body matrix.x"]


def test_files_of_an_artifact_of_anyones_run() -> None:
    steps = """
- uses: actions/download-artifact@v4
- id: pr
  run: echo "n=$(cat pr/number)" >> $GITHUB_OUTPUT
- run: echo ${{ steps.pr.outputs.n }}
"""
    assert last_taints(job(steps).replace("on: [issues, issue_comment, pull_request]", "on: {workflow_run: {workflows: [x]}}")) == [
        "outsider a file of an artifact steps.pr.outputs.n"
    ]
    assert last_taints(job(steps)) == ["unknown steps.pr.outputs.n"]


def test_expressions_that_look_like_text() -> None:
    script = "- run: echo ${{ github.event.issue.title == 'x' }} ${{ contains(github.head_ref, 'y') }} ${{ github.event.issue }} ${{ (bad }} ${{ secrets.X }}"
    assert last_taints(job(script)) == ["secret secrets.x"]


def test_a_variable_as_the_script_sees_it() -> None:
    found = workflow(job(f"- env: {{T: '{TITLE}', N: '1', S: '${{{{ secrets.X }}}}'}}\n  run: x"))
    step = found.steps[0]
    seen = {name: tainted_variable(name, step) for name in ("T", "N", "S", "NONE", "GITHUB_HEAD_REF", "GITHUB_SHA")}
    assert {name: taint.level for name, taint in seen.items() if taint is not None} == {"T": OUTSIDER, "S": SECRET, "GITHUB_HEAD_REF": OUTSIDER}
    assert seen["T"] is not None
    assert seen["T"].one_line


SECRETS = [
    ("steps: [{run: x}]", False),
    ("steps: [{run: x, env: {A: '${{ secrets.A }}'}}]", True),
    ("steps: [{run: x, env: {A: '${{ secrets.GITHUB_TOKEN }}'}}]", False),
    ("steps: [{run: x, env: {A: '${{ toJSON(secrets) }}'}}]", True),
    ("steps: [{run: x, env: {A: \"${{ secrets['A'] || 'x' }}\"}}]", True),
    ("steps: [{run: 'no secrets here'}]", False),
    ("steps: [{run: x, if: secrets.A != ''}]", True),
    ("{permissions: {contents: write}, steps: []}", True),
    ("{permissions: {id-token: write}, steps: []}", True),
    ("{permissions: write-all, steps: []}", True),
    ("{permissions: {contents: read}, steps: []}", False),
    ("{permissions: {}, container: {credentials: {password: '${{ secrets.P }}'}}, steps: []}", True),
]


@pytest.mark.parametrize(("text", "expected"), SECRETS)
def test_jobs_with_secrets(text: str, expected: bool) -> None:
    text = text if text.startswith("{") else f"{{{text}}}"
    assert holds_secrets(workflow(f"on: push\njobs: {{j: {text}}}").jobs[0]) is expected


def test_secrets_by_inheritance() -> None:
    assert holds_secrets(workflow("on: push\nenv: {A: '${{ secrets.A }}'}\njobs: {j: {steps: [{run: x}]}}").jobs[0])
    shared = workflow("on: push\njobs:\n  a: {env: &e {A: '${{ secrets.A }}'}, steps: []}\n  b: {env: *e, steps: []}\n  c: {steps: []}")
    assert [holds_secrets(found) for found in shared.jobs] == [True, True, False]
    assert holds_secrets(workflow("on: push\npermissions: {packages: write}\njobs: {j: {steps: []}}").jobs[0])
    assert not holds_secrets(None)


def test_events_that_outsiders_start() -> None:
    on = "{push: , pull_request: , pull_request_target: , issues: {types: [opened, labeled]}, issue_comment: {types: [pinned]}, workflow_run: {types: [completed]}}"
    assert [trigger.name for trigger in outsider_triggers(triggered(on))] == ["pull_request_target", "issues", "workflow_run"]
    assert outsider_triggers(triggered("{pull_request_target: {types: [labeled]}}")) == []


CONTEXTS = ("github.head_ref", "env.A", "env.B", "steps.a.outputs.x", "steps.b.outputs.x", "needs.j.outputs.o", "matrix.m", "inputs.i", "toJSON(env)")
SCRIPTS = ("", "echo x=$A >> $GITHUB_OUTPUT; ", 'echo "A=$B" >> $GITHUB_ENV; ', "B=$(cat f | sed s/a/b/); ", 'echo "A<<E"; cat <<E >> $GITHUB_ENV\n', '"')


@given(
    st.lists(st.tuples(st.sampled_from(("a", "b", "")), st.sampled_from(SCRIPTS), st.sampled_from(CONTEXTS), st.sampled_from(CONTEXTS)), min_size=1, max_size=8)
)
def test_any_tangle_ends(steps: list[tuple[str, str, str, str]]) -> None:
    lines = [
        "on: workflow_run",
        "jobs:",
        "  j:",
        "    needs: j",
        "    outputs: {o: '${{ steps.a.outputs.x }}'}",
        "    strategy: {matrix: {m: ['${{ needs.j.outputs.o }}']}}",
        "    steps:",
    ]
    for name, script, used, set_to in steps:
        lines += [
            f"      - id: {name}",
            f"        env: {{A: '${{{{ {set_to} }}}}'}}",
            "        run: |",
            *(f"          {line}" for line in f"{script}echo ${{{{ {used} }}}}".split("\n")),
        ]
    found = workflow("\n".join(lines))
    for step in found.steps:
        run = step.get("run")
        assert run is not None
        for expanded in taints(run, step):
            assert found.file.data[expanded.start : expanded.end].startswith(b"${{")


def _chain(count: int) -> str:
    steps = "".join(
        f"      - id: s{number}\n        env: {{A: '${{{{ steps.s{number - 1}.outputs.o }}}}'}}\n        run: echo \"o=$A\" >> $GITHUB_OUTPUT\n"
        for number in range(count)
    )
    return f"on: issues\njobs:\n  j:\n    steps:\n{steps}      - run: echo ${{{{ steps.s{count - 1}.outputs.o }}}}\n"


FLOODS = {
    "a long chain of outputs": _chain(2000),
    "many steps that write variables": job("".join(f'- run: echo "A{number}=${{{{ env.A{number - 1} }}}}" >> $GITHUB_ENV\n' for number in range(2000))),
    "one variable of many expressions in many steps": job(
        "".join("- run: echo ${{ env.A }} ${{ env.B }}\n" for _ in range(3000)), f"env: {{A: '{'${{ env.x }}' * 3000}', B: '{'${{ matrix.m }}' * 300}'}}"
    ),
    "a large matrix in many expressions": job(
        "".join("- run: echo ${{ matrix.m }}\n" for _ in range(3000)), "strategy: {matrix: {m: [" + ", ".join(["'${{ github.x }}'"] * 5000) + "]}}"
    ),
    "a script of many expressions": job(f'- run: echo "a={"${{ github.head_ref }}" * 20000}" >> $GITHUB_OUTPUT\n'),
    "a script of many lines": job("- id: s\n  run: |\n" + '    echo "a=$T" >> $GITHUB_OUTPUT\n' * 10000 + "- run: echo ${{ steps.s.outputs.a }}"),
    "a long pipeline": job("- run: echo a" + " | cat" * 20000 + " >> $GITHUB_ENV\n"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods(name: str) -> None:
    begin = time.process_time()
    found = workflow(FLOODS[name])
    for step in found.steps:
        run = step.get("run")
        assert run is not None
        taints(run, step)
        written_by(step)
    assert time.process_time() - begin < 2
