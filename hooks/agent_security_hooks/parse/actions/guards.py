"""Who can get a job or a step to run: what its conditions say under one event.

A guard is something that an outsider cannot bring about alone: an association of the author, a label, a review of the deployment, that the
code is the repository's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.expressions import Call, Context, Literal, Operation, find_expressions, parse_expression
from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.workflow import Step, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.workflow import Job, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

    Guards: TypeAlias = frozenset[str]

PRIVILEGED = ("pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment", "gollum", "fork", "watch")
"""Events that outsiders cause and that run with the repository's secrets and, by default, a token that can write."""

SAME_REPOSITORY, ASSOCIATION, USER, LABEL, ENVIRONMENT, CHECKED, MERGED, TRUSTED_EVENT, BOT_ACTOR = (
    "same-repository", "association", "user", "label", "environment", "checked", "merged", "trusted-event", "bot-actor",
)  # fmt: skip
STRONG = frozenset((SAME_REPOSITORY, ASSOCIATION, USER, CHECKED, MERGED, TRUSTED_EVENT))
"""Guards that keep outsiders out; with the others somebody must have looked."""

_NONE: Guards = frozenset()
_DEPTH = 50
_NEEDS = 50
"""How far, and how many of, the jobs that a job needs are followed."""
_TRUSTED = frozenset(("owner", "member", "collaborator"))
_UNTRUSTED = frozenset(("contributor", "first_time_contributor", "first_timer", "none", "mannequin"))
_LOGINS = (
    ("github", "event", "pull_request", "user", "login"),
    ("github", "event", "issue", "user", "login"),
    ("github", "event", "comment", "user", "login"),
    ("github", "event", "discussion", "user", "login"),
    ("github", "event", "workflow_run", "actor", "login"),
    ("github", "event", "pull_request", "user", "id"),
)
ACTORS = (
    ("github", "actor"),
    ("github", "triggering_actor"),
    ("github", "event", "sender", "login"),
    ("github", "event", "pull_request", "sender", "login"),
)
"""Who caused the event last, not who wrote the code."""
_ACTOR_NUMBERS = (("github", "actor_id"), ("github", "event", "sender", "id"), ("github", "event", "pull_request", "sender", "id"))
BOTS = frozenset(("49699333", "27856297", "29139614", "41898282"))
"""The account numbers of dependabot, dependabot-preview, renovate and github-actions, as https://api.github.com/users/NAME[bot] gives them."""
_HEAD_REPOSITORIES = (
    ("github", "event", "pull_request", "head", "repo"),
    ("github", "event", "workflow_run", "head_repository"),
)
_HEAD_OWNERS = (
    ("github", "event", "pull_request", "head", "user", "login"),
    ("github", "event", "workflow_run", "head_repository", "owner", "login"),
)
_CHECKING_ACTIONS = frozenset((
    "actions-cool/check-user-permission", "prince-chrismc/check-actor-permissions-action", "lannonbr/repo-permission-check-action", "tspascoal/get-user-teams-membership",
    "tomhjp/gh-action-github-org-membership", "morfien101/actions-authorized-user", "jamesives/organization-member", "scherermichael-oss/action-has-permission",
    "im-open/is-actor-authorized", "peter-evans/slash-command-dispatch", "xt0rted/slash-command-action",
    "skjnldsv/check-actor-permission", "shanegenschaw/pull-request-comment-trigger",
))  # fmt: skip
_CHECKING_TEXT = (
    "getcollaboratorpermissionlevel",
    "/permission",
    "author_association",
    "checkcollaborator",
    "checkmembershipforuser",
    "getmembershipforuserinorg",
    "/collaborators/",
    "/memberships/",
)
# Names of steps, jobs and outputs that say that somebody was looked at.
_GATE_NAME = Pattern(
    r"authori[sz]|permission|permitted|allowed|trusted|approved|is.?(?:member|maintainer|collaborator|fork|owner|internal)|has.?(?:access|write)"
)


_ASKS = Pattern(r"(?i)authori[sz]|\bpermissions?\b|\btrusted\b|\b(?:check|verify|require).{0,20}\b(?:access|member|maintainer|collaborator|team)")


def if_tree(node: Node | None) -> Tree | None:
    """The condition of a job or step; None where there is none or it cannot be parsed."""
    text = string(node).strip()
    if not text:
        return None
    if text.startswith("${{"):
        found = find_expressions(text.encode("utf-8", "surrogateescape"))
        if len(found) == 1 and found[0].start == 0 and found[0].end == len(text.encode("utf-8", "surrogateescape")):
            return found[0].tree
        return None
    return parse_expression(text)


def guards_of(tree: Tree | None, event: str, step_or_job: Step | Job, negated: bool = False) -> Guards | None:
    """The guards that a condition stands for when it is true (false, if `negated`) under an event; None when it never is."""
    if tree is None:
        return _NONE
    if isinstance(tree, Operation):
        if tree.operator == "!":
            return guards_of(tree.operands[0], event, step_or_job, not negated)
        if tree.operator in ("&&", "||"):
            parts = [guards_of(operand, event, step_or_job, negated) for operand in tree.operands]
            return _all_of(parts) if (tree.operator == "&&") != negated else _any_of(parts)
        if tree.operator in ("==", "!="):
            return _comparison(tree, event, step_or_job, (tree.operator == "!=") != negated)
        return _NONE
    if isinstance(tree, Literal):
        return None if bool(tree.value) == negated else _NONE
    if isinstance(tree, Call):
        return _call(tree, event, negated)
    if isinstance(tree, Context):
        return _flag(tree, step_or_job, negated)
    return _NONE


def _all_of(parts: Iterable[Guards | None]) -> Guards | None:
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found)


def _any_of(parts: Iterable[Guards | None]) -> Guards | None:
    possible = [part for part in parts if part is not None]
    return frozenset.intersection(*possible) if possible else None


def _comparison(tree: Operation, event: str, place: Step | Job, different: bool) -> Guards | None:
    left, right = tree.operands
    if isinstance(left, Literal):
        left, right = right, left
    if isinstance(right, Literal) and isinstance(right.value, bool) and not isinstance(left, Context):
        return guards_of(left, event, place, right.value == different)
    if isinstance(left, Context):
        if isinstance(right, Literal):
            return _context_is(left, right.value, event, place, different)
        if isinstance(right, Context) and not different:
            return frozenset((SAME_REPOSITORY,)) if _same_repository(left.path, right.path) or _same_repository(right.path, left.path) else _NONE
    return _NONE


def _same_repository(head: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether these are equal only for code of the repository itself."""
    if head in _HEAD_OWNERS or head[-2:] == ("owner", "login") and head[:-2] in _HEAD_REPOSITORIES:
        return other == ("github", "repository_owner") or other[-2:] == ("owner", "login") or other[-2:] == ("user", "login")
    if head[:-1] in _HEAD_REPOSITORIES and head[-1] in ("full_name", "id", "node_id", "url", "git_url", "clone_url"):
        return other in (("github", "repository"), ("github", "repository_id")) or "base" in other or other[:3] == ("github", "event", "repository")
    return False


def _context_is(context: Context, value: str | float | bool | None, event: str, place: Step | Job, different: bool) -> Guards | None:
    """`github.x == 'y'`, or `!=` if `different`."""
    path, text = context.path, str(value).lower() if isinstance(value, str) else value
    if path == ("github", "event_name"):
        return None if (text == event) == different else _NONE
    if isinstance(value, bool):
        return guards_of(context, event, place, value == different)
    if text in ("true", "false") and path[0] in ("steps", "needs"):
        return guards_of(context, event, place, (text == "true") == different)
    if different:
        negative = path == ("github", "event", "workflow_run", "event") and text == "pull_request"
        return frozenset((TRUSTED_EVENT,)) if negative else _NONE
    return _equal(path, text, place)


def _equal(path: tuple[str, ...], text: object, place: Step | Job) -> Guards:
    if path[-1] == "author_association":
        return frozenset((ASSOCIATION,)) if text in _TRUSTED else _NONE
    if path in _LOGINS:
        return frozenset((USER,))
    if path in ACTORS or path in _ACTOR_NUMBERS:
        return frozenset((BOT_ACTOR,)) if is_bot_actor(path, text) else frozenset((USER,))
    if path in (("github", "event", "label", "name"), ("github", "event", "action")):
        return frozenset((LABEL,)) if path[-1] == "name" or text == "labeled" else _NONE
    if (
        path[:-1] in _HEAD_REPOSITORIES
        and path[-1] in ("full_name", "id")
        or path in _HEAD_OWNERS
        or path[-2:] == ("owner", "login")
        and path[:-2] in _HEAD_REPOSITORIES
    ):
        return frozenset((SAME_REPOSITORY,))
    if path == ("github", "event", "workflow_run", "event"):
        return _NONE if text in ("pull_request", "pull_request_target", "issue_comment") else frozenset((TRUSTED_EVENT,))
    if path[0] in ("steps", "needs"):
        return _output(path, place)
    return _NONE


def number_or_text(value: object) -> str:
    """A literal as one writes it: whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_bot_actor(path: tuple[str, ...], value: object) -> bool:
    """Whether this compares who caused the event last with a bot, by name or by number."""
    text = number_or_text(value).lower()
    return path in ACTORS and text.endswith("[bot]") or path in _ACTOR_NUMBERS and text in BOTS


def _flag(context: Context, place: Step | Job, negated: bool) -> Guards | None:
    """A context that is only looked at: `github.event.pull_request.merged`."""
    path = context.path
    if path == ("github", "event", "pull_request", "merged"):
        return _NONE if negated else frozenset((MERGED,))
    if path == ("github", "event", "pull_request", "merged_at"):
        return _NONE if negated else frozenset((MERGED,))
    if path[-1] == "fork" and path[:-1] in _HEAD_REPOSITORIES:
        return frozenset((SAME_REPOSITORY,)) if negated else _NONE
    if path[0] in ("steps", "needs") and not negated:
        return _output(path, place)
    return _NONE


def _output(path: tuple[str, ...], place: Step | Job) -> Guards:
    """The output of a step or job that looks at somebody's permission."""
    job = place.job if isinstance(place, Step) else place
    if job is None or len(path) < 3:
        return _NONE
    if _GATE_NAME.search(" ".join(path[1:])):
        return frozenset((CHECKED,))
    if path[0] == "steps":
        step = step_by_id(job, path[1])
        return frozenset((CHECKED,)) if step is not None and checks_permission(step) else _NONE
    other = job_by_name(job.workflow, path[1])
    if other is None:
        return _NONE
    return frozenset((CHECKED,)) if remembered(job.workflow.file, ("first check", id(other)), lambda: _first_check(other)) < len(other.steps) else _NONE


def step_by_id(job: Job, name: str) -> Step | None:
    """The step of a job with an id in lower case."""
    return remembered(job.workflow.file, ("ids", id(job)), lambda: {string(step.get("id")).lower(): step for step in job.steps}).get(name)


def job_by_name(workflow: Workflow, name: str) -> Job | None:
    """The job of a workflow with a name in lower case."""
    return remembered(workflow.file, "jobs", lambda: {job.name.lower(): job for job in workflow.jobs}).get(name)


def _call(call: Call, event: str, negated: bool) -> Guards | None:
    name, arguments = call.name, call.arguments
    if name in ("contains", "startswith", "endswith") and len(arguments) == 2:
        return _in_list(name, arguments[0], arguments[1], event, negated)
    return _NONE


def _in_list(name: str, where: Tree, what: Tree, event: str, negated: bool) -> Guards | None:
    named = members(where)
    if isinstance(what, Context) and named is not None:
        if what.path == ("github", "event_name"):
            found = any(event in member if isinstance(where, Literal) else event == member for member in named)
            return None if found == negated else _NONE
        if negated:
            return _NONE
        if what.path[-1] == "author_association":
            words = {word.strip(" \t\"'[]") for member in named for word in member.split(",")}
            return frozenset((ASSOCIATION,)) if words and not words & _UNTRUSTED and words & _TRUSTED else _NONE
        if what.path in _LOGINS:
            return frozenset((USER,))
        if what.path in ACTORS:
            return frozenset((BOT_ACTOR,)) if any("[bot]" in member for member in named) else frozenset((USER,))
        return _NONE
    if isinstance(where, Context) and isinstance(what, Literal):
        if where.path == ("github", "event_name"):
            text = str(what.value).lower()
            found = {"contains": text in event, "startswith": event.startswith(text), "endswith": event.endswith(text)}[name]
            return None if found == negated else _NONE
        if negated:
            return _NONE
        if "labels" in where.path or where.path == ("github", "event", "label", "name"):
            return frozenset((LABEL,))
        if where.path in ACTORS and str(what.value).lower().endswith("[bot]"):
            return frozenset((BOT_ACTOR,))
    return _NONE


def members(tree: Tree) -> list[str] | None:
    """The strings of `fromJSON('["a", "b"]')` in lower case, or a string by itself."""
    if isinstance(tree, Literal) and isinstance(tree.value, str):
        return [tree.value.lower()]
    if isinstance(tree, Call) and tree.name == "fromjson" and len(tree.arguments) == 1:
        inner = tree.arguments[0]
        if isinstance(inner, Literal) and isinstance(inner.value, str):
            listed = inner.value.strip().removeprefix("[").removesuffix("]")
            return [part.strip(" \t\r\n\"'").lower() for part in listed.split(",")]
    return None


def checks_permission(step: Step) -> bool:
    """Whether a step looks at what somebody may do in the repository."""
    if step.repository in _CHECKING_ACTIONS:
        return True
    node = step.get("run") or step.input("script")
    return node is not None and remembered(step.workflow.file, ("checks", id(node)), lambda: _looks_at_people(node))


def _looks_at_people(node: Node) -> bool:
    lowered = string(node).lower()
    return any(word in lowered for word in _CHECKING_TEXT)


def is_named_check(step: Step) -> bool:
    """Whether a step says by its name that it asks for somebody's permission."""
    return _ASKS.search(string(step.get("name"))[:200]) is not None


def called_workflow(job: Job) -> Workflow | None:
    """The workflow of the same repository that a job calls, where it can be read."""
    path = string(job.get("uses")).strip()
    if not path.startswith("./.github/workflows/") or ".." in path:
        return None
    return remembered(job.workflow.file, ("called", path), lambda: _read_called(job.workflow.file, path[2:]))


def _read_called(file: Source, path: str) -> Workflow | None:
    from agent_security_hooks.parse.actions.lock import base_of
    from agent_security_hooks.parse.actions.workflow import read_workflow

    repository, path = file.repository, base_of(file.path) + path
    source = repository.read(path) if repository.exists(path) else None
    found = source.view(read_workflow) if source is not None else None
    return found if found is not None and found.kind == "workflow" and not found.error else None


def _gates_by_call(job: Job) -> bool:
    """Whether a job calls a workflow that looks at somebody's permission; one of others is judged by its name."""
    name = string(job.get("uses")).partition("@")[0].rpartition("/")[2]
    if not name:
        return False
    called = called_workflow(job)
    if called is None:
        return _ASKS.search(name[:200].replace("-", " ").replace("_", " ")) is not None
    return remembered(called.file, "checks somewhere", lambda: any(map(checks_permission, called.steps)))


def _first_check(job: Job) -> int:
    """The number of the first step that checks a permission; that of the last step and one without."""
    return next((step.number for step in job.steps if checks_permission(step)), len(job.steps))


def job_guards(job: Job, event: str) -> Guards | None:
    """The guards of a job under an event of its workflow; None when it does not run then. The jobs that it needs guard it, too."""
    return _job_guards(job, event, job.workflow.file.view(_known), 0)


def _known(file: Source) -> dict[tuple[int, str], Guards | None]:
    """A view, filled as it is asked for: guards by the identity of a job and an event."""
    return {}


def _job_guards(job: Job, event: str, known: dict[tuple[int, str], Guards | None], depth: int) -> Guards | None:
    place = (id(job), event)
    if place in known:
        return known[place]
    known[place] = _NONE  # should it need itself
    found = condition_guards(job, event)
    if found is not None:
        own = found | _trigger_guards(job.workflow, event) | ({ENVIRONMENT} if job.environment else _NONE)
        needed = [] if _runs_anyway(string(job.get("if"))) or depth >= _DEPTH else [job_by_name(job.workflow, name.lower()) for name in job.needs[:_NEEDS]]
        found = _all_of([own, *(_of_needed(other, event, known, depth) for other in needed if other is not None)])
    known[place] = found
    return found


def _of_needed(job: Job, event: str, known: dict[tuple[int, str], Guards | None], depth: int) -> Guards | None:
    found = _job_guards(job, event, known, depth + 1)
    # A check without an id can only matter by ending the job.
    ends = remembered(
        job.workflow.file, ("ends", id(job)), lambda: _gates_by_call(job) or any(checks_permission(step) and not string(step.get("id")) for step in job.steps)
    )
    return found | {CHECKED} if ends and found is not None else found


def _runs_anyway(condition: str) -> bool:
    lowered = condition.lower()
    return any(word in lowered for word in ("always()", "failure()", "cancelled()"))


def _trigger_guards(workflow: Workflow, event: str) -> set[str]:
    trigger = workflow.triggers.get(event)
    types = trigger.listed("types") if trigger is not None else []
    return {LABEL} if types and set(types) <= {"labeled", "unlabeled"} else set()


def step_guards(step: Step, event: str) -> Guards | None:
    """The guards of a step under an event: its own, those of its job, and checks of earlier steps that end the job. None when it does not run then."""
    if step.job is None:
        return None
    above = job_guards(step.job, event)
    found = condition_guards(step, event)
    if above is None or found is None:
        return None
    job = step.job
    first = remembered(step.workflow.file, ("first check", id(job)), lambda: _first_check(job))
    return above | found | ({CHECKED} if first < step.number else _NONE)


def condition_guards(place: Step | Job, event: str) -> Guards | None:
    """The guards of the condition of a step or job alone."""
    node = place.get("if")
    if node is None:
        return _NONE
    job = place.job if isinstance(place, Step) else place
    file = place.workflow.file
    tree = remembered(file, ("if", id(node)), lambda: if_tree(node))
    return remembered(file, ("guards", id(node), event, id(job)), lambda: guards_of(tree, event, place))
