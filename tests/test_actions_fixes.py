"""What `--fix` makes of injections and of conditions that are always true: text before and after, or no change where that is not certain."""

from __future__ import annotations

import pytest
from agent_security_hooks.checks.actions_lint.conditions import condition_always_true
from agent_security_hooks.checks.actions_lint.injection import script_injection
from agent_security_hooks.model import Edit, Hit
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source

HEAD = "on: issues\njobs:\n  j:\n    runs-on: ubuntu-latest\n    steps:\n"
T = "${{ github.event.issue.title }}"


def hits_of(text: str, path: str = ".github/workflows/x.yml") -> list[Hit]:
    file = Source(path, text.encode(), Repository())
    return [hit for rule in (script_injection, condition_always_true) for hit in rule(file)]


def mended(text: str, path: str = ".github/workflows/x.yml") -> str:
    """The text with the edits of all findings, which must not overlap."""
    edits = sorted({edit for hit in hits_of(text, path) for edit in hit.edits})
    assert all(before.end <= after.start for before, after in zip(edits, edits[1:]))
    data, position, pieces = text.encode(), 0, list[bytes]()
    for edit in edits:
        pieces += (data[position : edit.start], edit.replacement)
        position = edit.end
    return b"".join((*pieces, data[position:])).decode()


def steps(text: str) -> str:
    return HEAD + "".join(f"      {line}\n" for line in text.strip("\n").split("\n"))


SCRIPTS = [
    (f"- run: echo {T}", '- env:\n    ISSUE_TITLE: %T\n  run: echo "${ISSUE_TITLE}"'),
    (f'- run: echo "a {T} $b {T}"', '- env:\n    ISSUE_TITLE: %T\n  run: echo "a ${ISSUE_TITLE} $b ${ISSUE_TITLE}"'),
    (f"- name: a\n  run: |\n    x={T}\n    y=$(echo {T})", '- name: a\n  env:\n    ISSUE_TITLE: %T\n  run: |\n    x="${ISSUE_TITLE}"\n    y=$(echo "${ISSUE_TITLE}")'),
    (f"- run: echo {T}\n  env:\n      A: b", '- run: echo "${ISSUE_TITLE}"\n  env:\n      ISSUE_TITLE: %T\n      A: b'),
    (f"- env:\n    X: {T}\n  run: echo {T}", '- env:\n    X: %T\n  run: echo "${X}"'),
    (f"- env:\n    X: {T}\n  run: echo ${{{{ env.x }}}}", '- env:\n    X: %T\n  run: echo "${X}"'),
    (f"- env:\n    ISSUE_TITLE: a\n  run: echo {T}", '- env:\n    ISSUE_TITLE_2: %T\n    ISSUE_TITLE: a\n  run: echo "${ISSUE_TITLE_2}"'),
    (f"- run: ISSUE_TITLE=1; echo {T}", '- env:\n    ISSUE_TITLE_2: %T\n  run: ISSUE_TITLE=1; echo "${ISSUE_TITLE_2}"'),
    (f"- run: |\n    cat <<EOF\n    {T}\n    EOF", "- env:\n    ISSUE_TITLE: %T\n  run: |\n    cat <<EOF\n    ${ISSUE_TITLE}\n    EOF"),
    (f'- run: |\n    if [[ "{T}" == a* || {T} == b ]]; then x; fi',
     '- env:\n    ISSUE_TITLE: %T\n  run: |\n    if [[ "${ISSUE_TITLE}" == a* || "${ISSUE_TITLE}" == b ]]; then x; fi'),
    (f"-   name: wide\n    run: echo {T} # why", '-   name: wide\n    env:\n      ISSUE_TITLE: %T\n    run: echo "${ISSUE_TITLE}" # why'),
    (f"- run: 'echo {T}'", "- env:\n    ISSUE_TITLE: %T\n  run: 'echo \"${ISSUE_TITLE}\"'"),
    (f'- run: "echo \\"{T}\\""', '- env:\n    ISSUE_TITLE: %T\n  run: "echo \\"${ISSUE_TITLE}\\""'),
    ("- run: git log ${{ github.event.pull_request.head.ref }} é ${{ github.head_ref || 'x' }}",
     "- env:\n    HEAD_REF: ${{ github.event.pull_request.head.ref }}\n    HEAD_REF_2: ${{ github.head_ref || 'x' }}\n  run: git log \"${HEAD_REF}\" é \"${HEAD_REF_2}\""),
    (f"- shell: bash\n  run: echo {T}", '- shell: bash\n  env:\n    ISSUE_TITLE: %T\n  run: echo "${ISSUE_TITLE}"'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SCRIPTS)
def test_scripts(before: str, after: str) -> None:
    assert mended(steps(before)) == steps(after.replace("%T", T))
    assert not hits_of(steps(after.replace("%T", T)))


UNCERTAIN = (
    f"- run: echo '{T}'",
    f"- run: echo $'{T}'",
    f"- run: {T} --version",
    f'- run: bash -c "echo {T}"',
    f"- run: ssh host ls {T}",
    f"- run: |\n    cat <<'EOF'\n    {T}\n    EOF",
    f"- run: |\n    echo a # {T}",
    f"- run: |\n    for x in {T}; do y; done",
    f'- run: "echo {T}"',
    f"- shell: python\n  run: print('{T}')",
    f"- shell: pwsh\n  run: echo {T}",
    f"- shell: cmd\n  run: echo {T}",
    f"- {{run: 'echo {T}'}}",
    f"- env: {{A: b}}\n  run: echo {T}",
    f"- env:\n  run: echo {T}",
    f"- env: ${{{{ fromJSON('{{}}') }}}}\n  run: echo {T}",
    f"- &step\n  run: echo {T}\n- *step",
    f"- &step\n  run: echo {T}\n- name: a\n  run: &run make\n- run: *run",
    f"- run: echo {T}\n  run: echo {T}",
    f"- 'run': echo {T}",
    "- run: |\n    echo ${{ github.event.issue\n    .title }}",
    f"- uses: actions/github-script@v8\n  with:\n    script: log('{T}')",
)


@pytest.mark.parametrize("text", UNCERTAIN)
def test_scripts_that_are_left(text: str) -> None:
    found = hits_of(steps(text))
    assert found
    assert not any(hit.edits for hit in found)
    assert mended(steps(text)) == steps(text)


def test_runners_that_may_be_windows() -> None:
    text = (
        steps(f"- run: echo {T}")
        .replace("ubuntu-latest", "${{ matrix.os }}")
        .replace("    steps:", "    strategy: {matrix: {os: [windows-latest, linux]}}\n    steps:")
    )
    assert [hit.edits for hit in hits_of(text)] == [()]
    assert hits_of(text.replace("- run: echo", "- shell: bash\n        run: echo"))[0].edits


def test_line_ends_are_kept() -> None:
    text = steps(f"- run: echo {T}").replace("\n", "\r\n")
    assert mended(text) == steps(f'- env:\n    ISSUE_TITLE: {T}\n  run: echo "${{ISSUE_TITLE}}"').replace("\n", "\r\n")


def test_no_edit_of_a_script_is_safe() -> None:
    assert not any(edit.safe for before, _ in SCRIPTS for hit in hits_of(steps(before)) for edit in hit.edits)


def test_hints() -> None:
    def hint(text: str) -> str:
        return hits_of(steps(text))[0].fix

    assert hint(f"- run: echo '{T}'") == f'set ISSUE_TITLE: {T} in env: of the step and write "$ISSUE_TITLE" in the script'
    assert "process.env.ISSUE_TITLE" in hint(f"- uses: actions/github-script@v8\n  with:\n    script: log('{T}')")
    assert "$env:ISSUE_TITLE" in hint(f"- shell: pwsh\n  run: echo {T}")
    assert 'os.environ["ISSUE_TITLE"]' in hint(f"- shell: python\n  run: print('{T}')")
    assert hint(f"- env: {{X: '{T}'}}\n  run: echo ${{{{ env.X }}}}") == 'write "$X" in the script: the variable is already there'


CONDITIONS = [
    ("${{ a }} && ${{ b }}", "${{ a && b }}"),
    ("${{ a == 'x' }} && ${{ b || c }}", "${{ a == 'x' && (b || c) }}"),
    ("${{ a }} == 'x'", "${{ a == 'x' }}"),
    ("${{ a == b }} == false", "${{ (a == b) == false }}"),
    ("'${{ false }} '", "${{ false }}"),
    ('"!${{ a && b }}"', "${{ !(a && b) }}"),
    ("! cancelled()", "${{ ! cancelled() }}"),
    ("! a && b # c", "${{ ! a && b }} # c"),
    ("!github.event.x", "${{ ! github.event.x }}"),
    ("! ${{ a || b }}", "${{ ! (a || b) }}"),
    ("|\n    ${{ a }}", "|-\n    ${{ a }}"),
    (">+ # c\n    ${{ a }}", ">- # c\n    ${{ a }}"),
    ("|2\n    ${{ a }}", "|2-\n    ${{ a }}"),
    ("|\n    ${{ a }} &&\n    ${{ b }}", "|\n    (a) &&\n    (b)"),
    ("|-\n    ${{ a }} ||\n    ${{ b && c }}", "|-\n    (a) ||\n    (b && c)"),
]


@pytest.mark.parametrize(("before", "after"), CONDITIONS)
def test_conditions(before: str, after: str) -> None:
    assert mended(steps(f"- if: {before}\n  run: x")) == steps(f"- if: {after}\n  run: x")
    assert not hits_of(steps(f"- if: {after}\n  run: x"))
    assert all(edit.safe for hit in hits_of(steps(f"- if: {before}\n  run: x")) for edit in hit.edits)


LEFT = (
    "startsWith(github.ref, '${{ env.X }}')",
    "${{ a }} and ${{ b }}",
    "${{ (a }} && ${{ b }}",
    "${{ true }}${{ true }}",
    "&x ${{ a }} && ${{ b }}",
    "${{ a }} &&\n    ${{ b }}",
    "a == 'x' || 'y'",
)


@pytest.mark.parametrize("text", LEFT)
def test_conditions_that_are_left(text: str) -> None:
    found = hits_of(steps(f"- if: {text}\n  run: x"))
    assert [hit.edits for hit in found] == [()]


def test_a_condition_in_flow_style_is_left() -> None:
    assert [hit.edits for hit in hits_of(steps('- {if: "${{ a }} && x", run: x}'))] == [()]


def test_where_a_lost_negation_stands() -> None:
    text = steps("- if:   ! cancelled()\n  run: x")
    hit = hits_of(text)[0]
    assert text[hit.start : hit.end] == "! cancelled()"
    assert hit.edits == (Edit(hit.start, hit.end, b"${{ ! cancelled() }}"),)
    assert "the opposite" in hit.message
    assert "the opposite" not in hits_of(steps("- if: !cancelled()\n  run: x"))[0].message


def test_the_hint_for_a_line_break_that_is_in_no_block() -> None:
    (found,) = hits_of('on: push\njobs:\n  j:\n    if: "${{ false }}\\n"\n    steps: [{run: x}]\n')
    assert found.fix == "if: ${{ false }}"
    (found,) = hits_of("on: push\njobs:\n  j:\n    if: |\n      ${{ false }}\n    steps: [{run: x}]\n")
    assert found.fix == "write `|-` or `>-`, which drop that line break"
