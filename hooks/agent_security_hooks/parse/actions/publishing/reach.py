"""Which events get as far as a step that publishes: pull requests, pushes to any branch.

Conditions are evaluated under an event of which the name and the kind of ref are known. What says nothing about it (the repository's name, the
actor, the result of another job) may be true by itself; anything else that is not known (an output, a label, a commit message) counts as a guard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.workflow import own, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.publishing import Publication
    from agent_security_hooks.parse.actions.workflow import Job, Step, Trigger, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

NEVER, GUARDED, POSSIBLE, ALWAYS = range(4)
"""What a condition may come to. GUARDED: when somebody means it to; POSSIBLE: without anyone's doing."""
_NOT = (ALWAYS, GUARDED, POSSIBLE, NEVER)
_DEPTH = 60
_NEEDED = 50
_SCRIPT = 10_000

_DECIDED = Pattern(r"\benv\.(?P<variable>\w{1,100})|\bsteps\.(?P<step>[\w-]{1,100})\.")


class Event(NamedTuple):
    """`ref` is how the ref begins: "refs/pull/", "refs/heads/", or "" when it is not known."""

    name: str
    ref: str
    shown: str


_PULL_REQUEST = Event("pull_request", "refs/pull/", "on every pull request")
_PULL_REQUEST_TARGET = Event("pull_request_target", "", "on every pull request, with the secrets of the repository (pull_request_target)")
_PUSH = Event("push", "refs/heads/", "on a push to any branch")
_EVERYTHING = frozenset(("*", "**", "*/**", "**/*"))
# A script that asks for the ref or the event before it goes on.
_ASKS = Pattern(r"(?i)\b(?:if|case|test)\b|&&|\|\||\[\[")
_ASKED = Pattern(r"(?i)\b\w*ref\b|ref_name|ref_type|(?:\b|_)tags?\b|branch|event|describe|GITHUB_REF|PULL_REQUEST|\bversion\b")


def unguarded_event(found: Publication) -> Event | None:
    """The event under which something is published without anyone's decision; None when there is none, or that cannot be told."""
    if found.pipeline is not None:
        return _pipeline_event(found)
    job = found.job
    if job is None or found.step is None or found.self_guarded:
        return None
    for event in _events(job.workflow):
        if _reaches(found, job, event) >= POSSIBLE:
            return event
    return None


def _pipeline_event(found: Publication) -> Event | None:
    """As for a workflow; a name of an image that the pipeline puts together is that of a branch of one's own."""
    if found.pipeline is None or found.self_guarded or any("$" in name for name in found.assets):
        return None
    script = found.call.source.data[:_SCRIPT].decode("utf-8", "replace") if found.call is not None else ""
    if _ASKS.search(script) is not None and _ASKED.search(script) is not None:
        return None
    shown = found.pipeline.unguarded_event()
    return Event("", "", shown) if shown else None


def _events(workflow: Workflow) -> list[Event]:
    found = [event for event in (_PULL_REQUEST, _PULL_REQUEST_TARGET) if _any_pull_request(workflow.triggers.get(event.name))]
    push = workflow.triggers.get("push")
    return [*found, _PUSH] if push is not None and _any_branch(push) else found


def _any_pull_request(trigger: Trigger | None) -> bool:
    return trigger is not None and trigger.listed("types") != ["closed"]


def _any_branch(trigger: Trigger) -> bool:
    """Whether pushes to branches of any name start it."""
    branches, tags = own(trigger.options, "branches"), own(trigger.options, "tags")
    if branches is not None:
        return any(name in _EVERYTHING for name in trigger.listed("branches"))
    return own(trigger.options, "branches-ignore") is not None or (tags is None and own(trigger.options, "tags-ignore") is None)


def _reaches(found: Publication, job: Job, event: Event) -> int:
    step = found.step
    known = job.workflow.file.view(_known)
    conditions = [_condition(job.get("if"), event, known), *_needed(job, event, known)]
    if step is not None:
        conditions += [_condition(step.get("if"), event, known), _switch(found, event, known)]
        script = string(step.get("run"))[:_SCRIPT]
        if found.call is not None and _ASKS.search(script) is not None and _ASKED.search(script) is not None:
            conditions.append(GUARDED)
    return min(conditions)


def _known(file: Source) -> dict[tuple[int, str], int]:
    """A view, filled as it is asked for: what conditions come to."""
    return {}


def _needed(job: Job, event: Event, known: dict[tuple[int, str], int]) -> list[int]:
    """What the jobs come to that must run before; a job that was skipped skips those that need it."""
    if "always()" in string(job.get("if")) or "cancelled()" in string(job.get("if")):
        return []
    waiting, seen, found = list(job.needs), set[str](), list[int]()
    while waiting and len(seen) < _NEEDED:
        name = waiting.pop()
        other = job.workflow.job(name)
        if name in seen or other is None:
            continue
        seen.add(name)
        found.append(_condition(other.get("if"), event, known))
        waiting += other.needs
    return found


def _condition(node: Node | None, event: Event, known: dict[tuple[int, str], int]) -> int:
    """What a condition comes to; `known` remembers."""
    if node is None or not string(node).strip():
        return ALWAYS
    key = (id(node), event.name)
    if key not in known:
        known[key] = _read(node, event)
    return known[key]


def _read(node: Node, event: Event) -> int:
    from agent_security_hooks.parse.actions.expressions import parse_expression

    text = string(node).strip()
    if text.startswith("${{") and text.endswith("}}") and text.count("${{") == 1:
        text = text[3:-2]
    elif "${{" in text:
        return GUARDED
    tree = parse_expression(text)
    return GUARDED if tree is None else evaluate(tree, event)


def _switch(found: Publication, event: Event, known: dict[tuple[int, str], int]) -> int:
    """What an input comes to that decides whether an action publishes: `push: ${{ github.event_name != 'pull_request' }}`."""
    if found.call is not None or found.step is None:
        return ALWAYS
    from agent_security_hooks.data.publishers import ACTIONS

    action = ACTIONS.get(found.tool)
    if found.kind == "image" and any(_is_computed(found.step, text) for text in found.assets):
        return GUARDED
    names = [name for name in action.when.partition("=")[0].split("|") if name] if action is not None else []
    values = [node for name in (*names, "outputs") if (node := found.step.input(name)) is not None and "${{" in string(node)]
    if any(not string(node).strip().startswith("${{") for node in values):
        return GUARDED
    return max((_condition(node, event, known) for node in values), default=ALWAYS)


def _is_computed(step: Step, name: str) -> bool:
    """Whether a script of the job decides where an image goes: a variable or an output that it writes."""
    for match in _DECIDED.finditer(name[:1000]):
        if match["variable"] and step.variable(match["variable"]) is None:
            return True
        other = next((other for other in (step.job.steps if step.job else ()) if string(other.get("id")) == match["step"]), None)
        if other is not None and other.get("run") is not None:
            return True
    return False


def evaluate(tree: Tree, event: Event, depth: int = 0) -> int:
    """NEVER, GUARDED, POSSIBLE or ALWAYS."""
    from agent_security_hooks.parse.actions.expressions import Call, Context, Literal, Operation

    if depth > _DEPTH:
        return GUARDED
    if isinstance(tree, Literal):
        return ALWAYS if tree.value else NEVER
    if isinstance(tree, Context):
        return _truth(tree.path, event)
    if isinstance(tree, Call):
        return _call(tree, event, depth)
    if isinstance(tree, Operation):
        if tree.operator in ("&&", "||"):
            parts = [evaluate(operand, event, depth + 1) for operand in tree.operands]
            if tree.operator == "&&":
                return min(parts)
            return max(parts)
        if tree.operator == "!":
            return _NOT[evaluate(tree.operands[0], event, depth + 1)]
        if tree.operator in ("==", "!="):
            found = _equal(tree.operands[0], tree.operands[1], event, depth)
            return found if tree.operator == "==" else _NOT[found]
    return GUARDED


def _equal(left: Tree, right: Tree, event: Event, depth: int) -> int:
    from agent_security_hooks.parse.actions.expressions import Context, Literal

    if isinstance(left, Literal):
        left, right = right, left
    if isinstance(left, Literal) and isinstance(right, Literal):
        return ALWAYS if left.value == right.value else NEVER
    if isinstance(left, Context) and isinstance(right, Literal) and not isinstance(right.value, bool):
        return _is(left.path, "" if right.value is None else str(right.value), event)
    if isinstance(right, Literal) and isinstance(right.value, bool):
        found = evaluate(left, event, depth + 1)
        return found if right.value else _NOT[found]
    if isinstance(left, Context) and isinstance(right, Context):
        return POSSIBLE if _is_neutral(left.path) or _is_neutral(right.path) else GUARDED
    return GUARDED


_NEUTRAL = (
    ("github", "repository"), ("github", "repository_owner"), ("github", "repository_id"), ("github", "repository_owner_id"), ("github", "actor"), ("github", "triggering_actor"),
    ("github", "event", "repository"), ("github", "event", "sender"), ("github", "event", "pull_request", "draft"), ("github", "event", "pull_request", "head", "repo"),
    ("github", "event", "pull_request", "user"), ("github", "event", "pull_request", "base"), ("github", "server_url"), ("github", "workflow"), ("github", "event", "deleted"),
    ("github", "run_attempt"), ("runner",), ("matrix",), ("strategy",), ("job",), ("secrets",),
)  # fmt: skip


def _is_neutral(path: tuple[str, ...]) -> bool:
    return any(path[: len(known)] == known for known in _NEUTRAL) or path[:1] == ("needs",) and path[-1] == "result"


def _is(path: tuple[str, ...], value: str, event: Event) -> int:
    """Whether a context has a value."""
    text = value.lower()
    if path == ("github", "event_name"):
        return ALWAYS if text == event.name else NEVER
    if path in (("github", "ref"), ("github", "event", "ref")):
        return GUARDED if not event.ref else NEVER
    if path == ("github", "ref_name"):
        return GUARDED if not event.ref else NEVER
    if path == ("github", "ref_type"):
        return ALWAYS if text == "branch" else NEVER
    if path == ("github", "base_ref"):
        return POSSIBLE if event.name != "push" else ALWAYS if not text else NEVER
    if path == ("github", "head_ref"):
        return GUARDED if event.name != "push" else ALWAYS if not text else NEVER
    if path[:1] == ("inputs",) or path[:3] == ("github", "event", "inputs"):
        return ALWAYS if not text else NEVER
    if path[:3] == ("github", "event", "release") or event.name == "push" and path[:3] == ("github", "event", "pull_request"):
        return ALWAYS if not text else NEVER
    return POSSIBLE if _is_neutral(path) else GUARDED


def _truth(path: tuple[str, ...], event: Event) -> int:
    """Whether a context by itself is true."""
    if path[:1] == ("inputs",) or path[:3] in (("github", "event", "inputs"), ("github", "event", "release")):
        return NEVER
    if path in (("github", "head_ref"), ("github", "base_ref"), ("github", "event", "pull_request")):
        return NEVER if event.name == "push" else ALWAYS
    if event.name == "push" and path[:3] == ("github", "event", "pull_request"):
        return NEVER
    if path in (("github", "event_name"), ("github", "ref"), ("github", "ref_name"), ("github", "sha")):
        return ALWAYS
    return POSSIBLE if _is_neutral(path) else GUARDED


_REFS = (("github", "ref"), ("github", "event", "ref"))


def _call(tree: Tree, event: Event, depth: int) -> int:
    from agent_security_hooks.parse.actions.expressions import Call, Context, Literal

    if not isinstance(tree, Call):
        return GUARDED
    if tree.name in ("success", "always"):
        return ALWAYS
    if tree.name in ("failure", "cancelled"):
        return NEVER
    if tree.name == "hashfiles":
        return POSSIBLE
    if tree.name in ("startswith", "endswith", "contains") and len(tree.arguments) == 2:
        subject, looked_for = tree.arguments
        if isinstance(subject, Literal) and isinstance(looked_for, Context):  # contains('push release', github.event_name)
            if looked_for.path == ("github", "event_name") and tree.name == "contains":
                return ALWAYS if event.name in str(subject.value).lower() else NEVER
            return _is(looked_for.path, "?", event)
        if isinstance(subject, Context) and isinstance(looked_for, Literal):
            return _part(tree.name, subject.path, str(looked_for.value).lower(), event)
    if tree.name == "contains" and len(tree.arguments) == 2 and isinstance(tree.arguments[0], Call):
        return _listed(tree.arguments[0], tree.arguments[1], event)
    if tree.name in ("format", "join", "tojson") and depth < _DEPTH:
        return GUARDED
    return GUARDED


def _listed(listing: Tree, item: Tree, event: Event) -> int:
    """`contains(fromJSON('["push", "release"]'), github.event_name)`."""
    from agent_security_hooks.parse.actions.expressions import Call, Context, Literal

    if (
        isinstance(listing, Call)
        and listing.name == "fromjson"
        and isinstance(item, Context)
        and listing.arguments
        and isinstance(listing.arguments[0], Literal)
    ):
        text = str(listing.arguments[0].value).lower()
        if item.path == ("github", "event_name"):
            return ALWAYS if f'"{event.name}"' in text else NEVER
        return _is(item.path, "?", event)
    return GUARDED


def _part(function: str, path: tuple[str, ...], text: str, event: Event) -> int:
    if path in _REFS or path == ("github", "ref_name"):
        if not event.ref:
            return GUARDED
        whole = event.ref if path in _REFS else ""
        if function == "startswith":
            return ALWAYS if whole.startswith(text) else NEVER
        return ALWAYS if function == "contains" and text in whole else NEVER
    if path == ("github", "event_name"):
        fits = {"startswith": event.name.startswith(text), "endswith": event.name.endswith(text), "contains": text in event.name}
        return ALWAYS if fits[function] else NEVER
    return _is(path, text or "?", event)
