"""What the outputs of actions hold: by the tables of data/action_outputs.py, by the answer of GitHub's API that is in them, by the script that sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.data import action_outputs as table
from agent_security_hooks.data.github_contexts import EVENTS_WITH, EVENTS_WITH_SECRETS, ONE_LINE
from agent_security_hooks.parse.actions.taint import FIXED, OUTSIDER, UNKNOWN, Taint, level_by_table, origin_of, strongest
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.taint_flow import Flow
    from agent_security_hooks.parse.actions.workflow import Step, Workflow

_UNKNOWN = Taint(UNKNOWN, "")
_FIXED = Taint(FIXED, "")


def action_output(step: Step, name: str, part: tuple[str, ...], flow: Flow) -> Taint:
    """Who writes an output of a step's action; `part` is what of it counts once it is read as JSON."""
    action, any_name = step.repository, name in ("*", "?")
    if action == "actions/github-script":
        return script_output(step, name, part)
    if action in table.ARTIFACT_OUTPUTS and not flow.workflow.triggers.keys().isdisjoint(EVENTS_WITH_SECRETS):
        return Taint(OUTSIDER, "a file of an artifact")
    if any(any_name or fits(pattern, name) for pattern in table.OUTSIDER_OUTPUTS.get(action, ())):
        return Taint(OUTSIDER, f"{action}'s output {name}")
    if action in table.PASSED_ON:
        inputs, outputs = table.PASSED_ON[action]
        if not any(any_name or fits(pattern, name) for pattern in outputs):
            return _FIXED  # it has no such output
        return strongest([flow.input(step, found) for found in inputs]) or _FIXED
    if action in table.API_READERS and name in table.API_READERS[action][1]:
        return _answer(string(step.input(table.API_READERS[action][0])), part)
    return _FIXED if name in table.FIXED_OUTPUTS.get(action, ()) else _UNKNOWN


def fits(pattern: str, name: str) -> bool:
    """Whether a name has the pieces of a pattern in order, `*` between them."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    position = len(first)
    for piece in rest[:-1]:
        position = name.find(piece, position) + len(piece)
        if position < len(piece):
            return False
    return len(name) - len(rest[-1]) >= position and name.endswith(rest[-1])


def _answer(asked: str, part: tuple[str, ...]) -> Taint:
    """Of a request by route (`GET /repos/x/y/pulls/3`), or by a query of GraphQL."""
    if "{" in asked and "query" in asked[:200]:
        names = [name for name in _NAMES.findall(asked[:_LONGEST]) if name.lower() in table.API_TEXTS]
        return of_fields([part[-1]] if part else names)
    verb, _, route = asked.strip().partition(" ")
    return of_api(api_object(route or verb), part) if not route or verb.upper() == "GET" else _UNKNOWN


_LONGEST = 20_000
_NAMES = Pattern(r"[A-Za-z_][A-Za-z_0-9]*")
_RESOURCE = Pattern(r"[a-z][a-z_-]+")
_EXPRESSION = Pattern(r"\$\{\{[^}]{0,300}\}\}|\$\{[^}]{0,100}\}|_{3,}")


def api_object(route: str) -> str:
    """What a route of GitHub's API answers with, by the last name in it: "pull_request"; "" for what is not known."""
    path = _EXPRESSION.sub("{}", route[:_LONGEST].strip()).partition("?")[0]
    last = next((name for name in path.lower().rstrip("/").split("/")[::-1] if _RESOURCE.fullmatch(name)), "")
    return "files" if last == "files" else table.API_OBJECTS.get(last, "")


def of_api(thing: str, part: tuple[str, ...]) -> Taint:
    """Who writes a part of an object of GitHub's API, which events call `thing`."""
    while part and (part[0].isdigit() or part[0] in ("*", "?")):
        part = part[1:]
    if thing == "files":
        return Taint(OUTSIDER, "files.filename") if not part or part[-1] == "filename" else _UNKNOWN
    if not thing:
        return _UNKNOWN
    return Taint(level_by_table(("github", "event", thing, *part)), ".".join((thing, *part)))


def of_fields(names: list[str], thing: str = "") -> Taint:
    """The worst of some fields of GraphQL, or of `gh --json` for a `thing`."""
    shown = [f"{thing}." * bool(thing) + table.API_TEXTS[name.lower()] for name in names if name.lower() in table.API_TEXTS]
    if not shown:
        return _UNKNOWN
    return Taint(OUTSIDER, max(shown, key=lambda path: path.rpartition(".")[2] not in ONE_LINE))


def narrowed(taint: Taint, part: tuple[str, ...]) -> Taint:
    """A part of what may be an answer of GitHub's API: by `jq`, or by `fromJSON(...).part`."""
    if taint.path == "github.event" and part:
        return Taint(level_by_table(("github", "event", *part)), ".".join(("github.event", *part)))
    thing, _, field = taint.path.partition(".")
    if not part or thing not in EVENTS_WITH and thing != "files":
        return taint
    if not field:
        return of_api(thing, part)
    return _FIXED if level_by_table(("github", "event", thing, part[-1])) == FIXED else of_fields([part[-1]], thing)


_SET_OUTPUT = Pattern(r"setOutput\(\s{0,20}['\"`]([\w-]{1,100})['\"`]\s{0,20},([^;\n]{0,400})")
_RETURN = Pattern(r"\breturn\b([^;\n]{0,400})")
_PAYLOAD = Pattern(r"context\.payload((?:\??\.[A-Za-z_]\w{0,60}|\[\d{1,4}\]){1,10})")
_READ = Pattern(r"\.(pulls|issues|repos|discussions)\.(?:get|list)(\w{0,60})\(")
_ANSWERS = Pattern(
    r"\b(?:const|let|var)\s{1,5}(?:\{\s{0,5}(?:data\s{0,5}:\s{0,5})?([A-Za-z_$][\w$]{0,60})\s{0,5}\}|([A-Za-z_$][\w$]{0,60}))\s{0,5}=\s{0,5}\(?\s{0,5}await\b"
)
_PLAIN_VALUE = Pattern(
    r"[\s(]*([A-Za-z_$][\w$]{0,60})((?:\??\.[A-Za-z_]\w{0,60}|\[\d{1,4}\]){0,10})[\s,)]*(?:\|\||\?\?|\.(?:trim|toString|slice|substring|replace)\b|$)"
)
_KINDS = {"pulls": "pull_request", "issues": "issue", "discussions": "discussion"}


def script_output(step: Step, name: str, part: tuple[str, ...]) -> Taint:
    """What a script of actions/github-script gives as an output, as far as one statement shows it: of the event, or of what it asked the API for."""
    text = string(step.input("script"))[:_LONGEST]
    values = [match[1] for match in _RETURN.finditer(text)] if name == "result" else []
    values += [match[2] for match in _SET_OUTPUT.finditer(text) if match[1].lower() == name]
    found = [taint for value in values for taint in (*_of_payload(value, step.workflow), *_of_answer(value, part, text))]
    worst = strongest(found)
    return worst if worst is not None and worst.level == OUTSIDER else _UNKNOWN


def _of_payload(value: str, workflow: Workflow) -> Iterator[Taint]:
    for match in _PAYLOAD.finditer(value):
        path = ("github", "event", *(part.lower() for part in _NAMES.findall(match[1])))
        yield Taint(origin_of(path, workflow), ".".join(path))


def _of_answer(value: str, part: tuple[str, ...], text: str) -> Iterator[Taint]:
    """`pr.data.head.ref`, where `pr` is what a call to the API gave."""
    match = _PLAIN_VALUE.match(value)
    read = _READ.search(text)
    if match is None or read is None or not any(match[1] in found.groups() for found in _ANSWERS.finditer(text)):
        return
    kind, what = read.groups()
    if kind == "repos":
        thing = "commit" if "Commit" in what else ""
    else:
        thing = next(
            (found for word, found in (("Comment", "comment"), ("Review", "review"), ("File", "files"), ("Commit", "commit")) if word in what), _KINDS[kind]
        )
    path = tuple(found.lower() for found in _NAMES.findall(match[2]))
    yield of_api(thing, (*(path[1:] if path[:1] == ("data",) else path), *part))
