"""Rules about what the token of a workflow may do."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check, workflow_of
from agent_security_hooks.model import Edit, Hit, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent_security_hooks.parse.actions.workflow import Job, Permissions, Scope, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_NAMED = 4
"""Jobs that a message names."""
_GUESSES = 30
"""Scopes of a block for which one is looked for that they may stand for."""


def _workflow_of(file: Source) -> Workflow | None:
    """The workflow in a file whose host honours `permissions:`; Gitea and Forgejo do not."""
    workflow = workflow_of(file)
    if workflow is None or workflow.kind != "workflow" or "/.gitea/" in f"/{file.path}" or "/.forgejo/" in f"/{file.path}":
        return None
    return workflow


def _jobs_named(jobs: Sequence[Job]) -> str:
    names = [excerpt(job.name, 40) for job in jobs[:_NAMED]]
    rest = len(jobs) - len(names)
    return ("job " if len(jobs) == 1 else "jobs ") + ", ".join(names) + (f" and {rest} more" if rest else "")


def _is_left_out(permissions: Permissions) -> bool:
    """No `permissions:`, or one that is left empty."""
    return permissions.kind == "unset" and (permissions.node is None or permissions.node.is_null)


@check.rule("missing-permissions", point=8)
def missing_permissions(file: Source) -> Iterator[Hit]:
    """A job says nothing of what its token may do, so the settings of the repository decide.

    `permissions:` for the whole workflow or for each job ends this. A workflow that only others call is pedantic: its caller sets the limit.

    Risk: In many repositories and organisations the default is write access to everything, for every action and script of the job.
    Fix: Put `permissions:` with `contents: read` at the top of the workflow, and give single jobs what they need beyond that.
    Verify: The log of a run lists no write permission under "Set up job", "GITHUB_TOKEN Permissions".

    Bad: (.github/workflows/test.yml)
        on: push
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - run: make test

    Good: (.github/workflows/test.yml)
        on: push
        permissions:
          contents: read
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - run: make test
    """
    workflow = _workflow_of(file)
    if workflow is None or not _is_left_out(workflow.permissions):
        return
    jobs = [job for job in workflow.jobs if (node := job.get("permissions")) is None or node.is_null]
    if not jobs:
        return
    only_called = workflow.triggers.keys() == {"workflow_call"}
    if only_called and not file.thorough:
        return
    # The schema of GitHub's own parser has no null here, though some are said to run: nobody promises that it takes anything away.
    empty = " (`permissions:` is left empty, which sets nothing)" if workflow.permissions.node is not None else ""
    message = f"no `permissions:` for {_jobs_named(jobs)}{empty}: the repository's settings decide, which may be write access to everything"
    yield Hit(jobs[0].key.start, jobs[0].key.end, message, _proposal(jobs), _added_permissions(workflow, jobs), only_called)


def _proposal(jobs: Sequence[Job]) -> str:
    from agent_security_hooks.parse.actions.needed_permissions import needed_permissions, shown

    fix = "above `jobs:` write `permissions: {contents: read}`"
    needs = ((job, scopes) for job in jobs if (scopes := needed_permissions(job).scopes))
    for number, (job, scopes) in enumerate(islice(needs, _NAMED + 1)):
        fix += f"; in job {excerpt(job.name, 40)}, by what it does, `permissions: {shown(scopes)}`" if number < _NAMED else "; the other jobs likewise"
    unsure = [job for job in jobs if not (need := needed_permissions(job)).certain and not need.scopes]
    return f"{fix}; see whether {_jobs_named(unsure)} need{'s' if len(unsure) == 1 else ''} more than that" if unsure else fix


def _added_permissions(workflow: Workflow, jobs: Sequence[Job]) -> tuple[Edit, ...]:
    """The edit that adds `contents: read` to a workflow in which no job needs more."""
    from agent_security_hooks.parse.actions.needed_permissions import needed_permissions

    data, root = workflow.file.data, workflow.root
    if data[root.start : root.start + 1] == b"{" or "on" not in root.own or not _is_plain(workflow.file):
        return ()
    if not all(need.certain and not need.scopes for need in map(needed_permissions, jobs)):
        return ()
    edit = _filled(workflow, root) if "permissions" in root.own else _inserted(workflow, root)
    return (edit,) if edit else ()


def _is_plain(file: Source) -> bool:
    """Whether a file is one document in which no key of the top level is repeated: only of such a one is sure what counts."""
    from agent_security_hooks.parse.yaml_tree import read_yaml

    roots = file.view(read_yaml).roots
    return len(roots) == 1 and roots[0].kind == "map" and len(roots[0].pairs) == len(roots[0].own)


def _indentation(workflow: Workflow) -> bytes:
    from agent_security_hooks.parse.actions.yaml_edits import column, starts_line

    data, key = workflow.file.data, workflow.jobs[0].key
    width = column(data, key.start)
    return b" " * width if 0 < width <= 8 and starts_line(data, key.start) else b"  "


def _filled(workflow: Workflow, root: Node) -> Edit | None:
    """Below a `permissions:` that holds nothing."""
    from agent_security_hooks.parse.actions.yaml_edits import after_blanks, column, line_end, newline_of

    key, value = root.own["permissions"]
    data = workflow.file.data
    colon = data.find(b":", key.end)
    end = line_end(data, colon + 1) if colon >= 0 and value.value == "" and value.kind == "scalar" and not value.style else None
    if end is None or column(data, key.start) != 0 or data[key.end : colon].strip(b" \t'\""):
        return None
    if data[colon + 1 : end[0]].strip() or data[end[0] : end[0] + 1] in (b" ", b"#", b"\n", b"\r"):
        # A comment may belong to what comes next. For YAML, nothing stands where the next key does: the edit reaches up to there.
        following = after_blanks(data, end[0])
        return Edit(colon + 1, following, b" {contents: read}" + data[colon + 1 : following]) if data[following : following + 1] not in (b"\n", b"#") else None
    line = _indentation(workflow) + b"contents: read"
    return Edit(end[0], end[0], line + newline_of(data)) if end[1] else Edit(end[0], end[0], newline_of(data) + line)


def _inserted(workflow: Workflow, root: Node) -> Edit | None:
    """After the block of `on:`, set off by blank lines where that is."""
    from agent_security_hooks.parse.actions.yaml_edits import after_comments, column, last_end, line_end, line_start, newline_of

    key, value = root.own["on"]
    data = workflow.file.data
    end = line_end(data, last_end(key, value, data))
    if end is None or column(data, key.start) != 0 or value.style in ("|", ">"):
        return None
    newline = newline_of(data)
    block = b"permissions:" + newline + _indentation(workflow) + b"contents: read"
    at = after_comments(data, end[0])
    before = line_start(data, key.start)
    spaced = data[at : at + 2].startswith((b"\n", b"\r\n")) or (at == len(data) and data[:before].endswith((b"\n\n", b"\n\r\n")))
    lead = newline if spaced else b""
    if not end[1] or data[at - 1 : at] != b"\n":  # the last line of the file has no end
        return Edit(at, at, newline + lead + block)
    return Edit(at, at, lead + block + newline)


@check.rule("excessive-permissions", point=8)
def excessive_permissions(file: Source) -> Iterator[Hit]:
    """The token may do more than the jobs need, or `permissions:` asks for something that does not exist.

    A scope that every job needs by what it does (releases, pages, packages, code scanning) is accepted at the top of the workflow.
    `read-all`, and a write scope at the top that only one job gets, are pedantic. The block of a job replaces that of the workflow.

    Risk: Any action or script of any job can use every scope: push code, publish packages, approve pull requests.
    Fix: Keep `contents: read` at the top and give the one job that writes its own `permissions:` with just that scope.
    Verify: The log of a run lists under "Set up job", "GITHUB_TOKEN Permissions" only what the job uses.

    Bad: (.github/workflows/test.yml)
        on: push
        permissions: write-all
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - run: make test

    Good: (.github/workflows/test.yml)
        on: push
        permissions:
          contents: read
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - run: make test
    """
    if b"permissions" not in file.data:
        return
    workflow = _workflow_of(file)
    if workflow is None:
        return
    top = workflow.permissions
    heirs = [job for job in workflow.jobs if _inherits(job)]
    yield from _malformed(top, "")
    if top.kind == "all":
        yield from _everything(top, heirs, bool(workflow.jobs), file.thorough)
    for scope in {scope.name: scope for scope in top.scopes if scope.level == "write"}.values():
        yield from _for_all(scope, top, heirs, file.thorough)
    for jobs in _by_permissions(workflow):
        job, own = jobs[0], jobs[0].own_permissions
        yield from _malformed(own, job.name)
        if own.key is not None and own.node is not None and own.node.is_null and not _is_left_out(top):
            yield Hit(
                own.key.start,
                own.key.end,
                f"`permissions:` of job {excerpt(job.name, 40)} is left empty, and nothing says what is in force then",
                "write `permissions: {}` to allow nothing, or leave the line out",
            )
        if own.kind == "all":
            yield from _everything(own, jobs, True, file.thorough)


def _inherits(job: Job) -> bool:
    """Whether a job has the permissions at the top: its own are unset, without a look at each scope of a block that many jobs may share."""
    node = job.get("permissions")
    return node is None or node.kind not in ("map", "scalar") or node.is_null


def _by_permissions(workflow: Workflow) -> Iterable[list[Job]]:
    """The jobs that have `permissions:`; together those that have the same by an alias."""
    found: dict[int, list[Job]] = {}
    for job in workflow.jobs:
        node = job.get("permissions")
        if node is not None:
            found.setdefault(id(node), []).append(job)
    return found.values()


def _everything(permissions: Permissions, jobs: Sequence[Job], any_jobs: bool, thorough: bool) -> Iterator[Hit]:
    """`write-all`, and `read-all` if `thorough`."""
    from agent_security_hooks.parse.actions.needed_permissions import needed_permissions, shown

    node = permissions.node
    if node is None or permissions.level not in ("write-all", "read-all") or (permissions.level == "read-all" and (any_jobs and not jobs or not thorough)):
        return
    fix = "write `permissions: {contents: read}`"
    for job in jobs[:_NAMED]:
        scopes = needed_permissions(job).scopes
        if scopes:
            fix += f"; job {excerpt(job.name, 40)} seems to need `permissions: {shown(scopes)}`"
    if permissions.level == "read-all":
        message = "`read-all` lets every step read all there is in the repository, also what is not code"
        yield Hit(node.start, node.end, message, fix, (), pedantic=True)
        return
    who = _jobs_named(jobs) if jobs else "any job that is added without its own"
    yield Hit(node.start, node.end, f"`write-all` gives {who} write access to everything", fix, (), pedantic=any_jobs and not jobs)


def _for_all(scope: Scope, top: Permissions, jobs: Sequence[Job], thorough: bool) -> Iterator[Hit]:
    """A write scope at the top of a workflow; `thorough`: also one that is given to a single job."""
    from agent_security_hooks.data.action_permissions import LEVELS
    from agent_security_hooks.parse.actions.needed_permissions import needed_permissions

    if scope.level not in LEVELS.get(scope.name, ()) or len(jobs) < 2 and (scope.name == "id-token" or not thorough):
        return
    users = [job for job in jobs if needed_permissions(job).scopes.get(scope.name) == "write"]
    if len(users) == len(jobs) and jobs:
        return
    if len(jobs) < 2:
        who = f"job {excerpt(jobs[0].name, 40)}, and every job that is added," if jobs else "every job that is added"
        message = f"`{scope.name}: write` at the top of the workflow is given to {who} whether it needs it or not"
        yield Hit(scope.key.start, max(scope.key.end, scope.value.end), message, _moved(scope, top, jobs, jobs), (), pedantic=True)
        return
    message = f"`{scope.name}: write` at the top of the workflow is given to all {len(jobs)} jobs"
    message += f", though only {_jobs_named(users)} seem{'s' if len(users) == 1 else ''} to need it" if users else f" ({_jobs_named(jobs)[5:]})"
    yield Hit(scope.key.start, max(scope.key.end, scope.value.end), message, _moved(scope, top, users, jobs))


def _moved(scope: Scope, top: Permissions, users: Sequence[Job], heirs: Sequence[Job]) -> str:
    """What to write in the jobs that use a scope: their block replaces that at the top, so all that they need stands in it."""
    from agent_security_hooks.parse.actions.needed_permissions import needed_permissions, shown

    where = _jobs_named(users) if users else "the job that needs it"
    asked = {}
    for other in top.scopes:
        alone = len(users) == len(heirs) == 1 or other.name == scope.name
        if (
            other.level == "read"
            or other.level == "write"
            and (alone or users and all(needed_permissions(job).scopes.get(other.name) == "write" for job in users))
        ):
            asked[other.name] = other.level
    fix = f"move it to {where}: `permissions: {shown(asked)}`"
    return fix if any(other.level != "write" for other in top.scopes) else f"{fix}; at the top, leave `permissions: {{contents: read}}`"


def _malformed(permissions: Permissions, job: str) -> Iterator[Hit]:
    """What GitHub does not know or accept."""
    from agent_security_hooks.data.action_permissions import LEVELS

    node = permissions.node
    where = f" of job {excerpt(job, 40)}" if job else ""
    if node is not None and node.kind == "list":
        yield Hit(node.start, node.end, f"`permissions:`{where} is a list; it must name scopes with their levels", "write `permissions: {contents: read}`")
    if node is not None and permissions.kind == "all" and permissions.level not in ("read-all", "write-all"):
        what = "an expression, which is not allowed here" if "${{" in permissions.level else "neither scopes nor `read-all` or `write-all`"
        message = f"`permissions: {excerpt(permissions.level, 40)}`{where} is {what}: GitHub refuses the workflow"
        yield Hit(node.start, node.end, message, "write `permissions: {contents: read}` and the scopes that the job needs")
    for number, scope in enumerate(permissions.scopes):
        levels = LEVELS.get(scope.name)
        if levels is None:
            near = _nearest(scope.name, LEVELS) if number < _GUESSES else ""
            fix = f"did you mean `{near}`?" if near else "take the line out; the scopes are " + ", ".join(sorted(LEVELS))
            yield Hit(scope.key.start, scope.key.end, f"there is no permission `{excerpt(scope.name, 40)}`: GitHub refuses the workflow", fix)
        elif scope.level not in levels:
            message = f"`{scope.name}` cannot be `{excerpt(scope.level, 40)}`: GitHub refuses the workflow"
            start, end = (scope.value.start, scope.value.end) if scope.value.end > scope.value.start else (scope.key.start, scope.key.end)
            yield Hit(start, end, message, " or ".join(f"`{scope.name}: {level}`" for level in levels))


def _nearest(name: str, names: dict[str, tuple[str, ...]]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name[:40].lower().replace("_", "-"), names, 1, 0.85)
    return found[0] if found else ""
