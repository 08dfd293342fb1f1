"""Who wrote the text that an expression puts into a step: outsiders, insiders, or nobody.

The table is data/github_contexts.py; `taint_flow` follows `env`, `steps`, `needs`, `matrix` and inputs back to what the table knows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data import github_contexts as table
from agent_security_hooks.parse.actions.workflow import own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.expressions import Expression
    from agent_security_hooks.parse.actions.taint_flow import Flow
    from agent_security_hooks.parse.actions.taint_writes import Write
    from agent_security_hooks.parse.actions.workflow import Job, Step, Trigger, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

OUTSIDER = "outsider"
"""Anyone who can open an issue or a pull request."""
INSIDER = "insider"
"""Whoever may push, release, triage or start the workflow."""
UNKNOWN = "unknown"
"""Nothing here tells: what a step printed, what a caller passes."""
SECRET = "secret"  # noqa: S105 - the name of a level
FIXED = "fixed"
"""A shape in which nothing can be hidden, or written in the file."""

_STRENGTH = {OUTSIDER: 4, INSIDER: 3, UNKNOWN: 2, SECRET: 1, FIXED: 0}
_ANY = ("*", "?")


class Taint(NamedTuple):
    """Who can write a text, the context that it comes from in the end (`github.event.issue.title`), and by way of what ("env.TITLE", "" for none)."""

    level: str
    path: str
    via: str = ""

    @property
    def one_line(self) -> bool:
        """Whether it can hold no line break."""
        return self.path.rpartition(".")[2] in table.ONE_LINE


class Expanded(NamedTuple):
    """An expression at `start` to `end` of the file, and the most dangerous text that it expands to."""

    expression: Expression
    start: int
    end: int
    taint: Taint


def strongest(taints: list[Taint]) -> Taint | None:
    """The one to warn of; None where there is none."""
    return max(taints, key=lambda taint: (_STRENGTH[taint.level], not taint.path.startswith("vars."), not taint.via)) if taints else None


def origin_of(path: tuple[str, ...], workflow: Workflow, *, below: bool = True) -> str:
    """Who can write the text of a context below `github`, `vars`, `secrets` and what the runner sets, under the workflow's triggers.

    `path` is in lower case, as `Context.path`. An object is as bad as the worst below it, unless `below` says that only its own text counts (which is
    "Object"). UNKNOWN for the contexts that a workflow fills itself, FIXED for names that mean nothing to GitHub.
    """
    level = _by_table(path, below)
    if path[0] != "github":
        return level
    if level == OUTSIDER and len(path) <= 2 and path != ("github", "head_ref"):
        return OUTSIDER if has_outsiders(workflow) else INSIDER
    triggers = workflow.triggers.values()
    if level == INSIDER and triggers and path[-1] in ("ref", "ref_name", "workflow_ref") and len(path) <= 3 and all(map(_fixes_ref, triggers)):
        return FIXED
    if level == INSIDER and triggers and path[-1] == "base_ref" and all(map(_fixes_base, triggers)):
        return FIXED
    if level == OUTSIDER and path[1:] == ("event", "workflow_run", "head_branch") and "workflow_run" in workflow.triggers:
        return FIXED if _names_all(workflow.triggers["workflow_run"], "branches") else OUTSIDER
    return level


def is_absent(path: str, workflow: Workflow) -> bool:
    """Whether a context of outsiders' text is empty under all of the workflow's events."""
    parts = tuple(path.split("."))
    return parts[0] == "github" and level_by_table(parts) == OUTSIDER and not _has(parts, workflow)


def has_outsiders(workflow: Workflow) -> bool:
    """Whether text of outsiders can come into a workflow at all: one that only insiders start has none."""
    return not workflow.triggers or bool(workflow.triggers.keys() - table.EVENTS_WITHOUT_OUTSIDERS)


def _has(path: tuple[str, ...], workflow: Workflow) -> bool:
    """Whether an event of the workflow has the object that a path below `github` names."""
    events = table.EVENTS_WITH.get(path[2] if path[1:2] == ("event",) and len(path) > 2 else path[-1] if len(path) == 2 else "")
    if events is None or not workflow.triggers:
        return True
    return any(name in events or name not in table.KNOWN_EVENTS for name in workflow.triggers)


def level_by_table(path: tuple[str, ...]) -> str:
    """Who can write the text of a context where its event happens; an object is as bad as the worst below it."""
    return _by_table(path, True)


def _names_all(trigger: Trigger, option: str) -> bool:
    """Whether a filter leaves names only in which nothing can be hidden: no `*` stands for any text."""
    names = trigger.listed(option)
    return bool(names) and not any("*" in name and not name.startswith("!") for name in names)


def _fixes_ref(trigger: Trigger) -> bool:
    if trigger.name != "push":
        return trigger.name in table.REF_IS_FIXED
    filters = [option for option in ("branches", "tags") if trigger.listed(option)]
    return bool(filters) and all(_names_all(trigger, option) for option in filters)


def _fixes_base(trigger: Trigger) -> bool:
    """`base_ref` is empty but for pull requests."""
    return not trigger.name.startswith(("pull_request", "workflow_call", "merge_group")) or _names_all(trigger, "branches")


_FILLED_BY_WORKFLOWS = frozenset(("env", "inputs", "matrix", "needs", "steps"))


@lru_cache(maxsize=4096)
def _by_table(path: tuple[str, ...], below: bool) -> str:
    for level, patterns in _patterns():
        if any(_matches(pattern, path, below=below) for pattern in patterns if pattern[0] == path[0]):
            return level
    if not below and any(_matches(pattern, path, below=True) for _, patterns in _patterns() for pattern in patterns if pattern[0] == path[0]):
        return FIXED  # an object
    if path[:2] == ("github", "event") and len(path) > 2:
        last = path[-1]
        return FIXED if last in table.FIXED_ENDINGS or last.endswith(table.FIXED_SUFFIXES) else UNKNOWN
    return UNKNOWN if path[0] in _FILLED_BY_WORKFLOWS else FIXED


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, list[list[str]]], ...]:
    levels = ((OUTSIDER, table.OUTSIDER), (INSIDER, table.INSIDER), (SECRET, table.SECRET), (FIXED, table.FIXED))
    return tuple((level, [pattern.split(".") for pattern in patterns]) for level, patterns in levels)


def _matches(pattern: list[str], path: tuple[str, ...], *, below: bool) -> bool:
    """Whether a pattern is the path, or (`below`) lies below the object that the path names."""
    if pattern[-1] == "**":
        return (below or len(path) >= len(pattern)) and _same(pattern[:-1], path)
    if "**" in pattern:
        at = pattern.index("**")
        after = pattern[at + 1 :]
        return len(path) >= at + len(after) and _same(pattern[:at], path) and (*after,) == path[-len(after) :]
    return (len(path) <= len(pattern) if below else len(path) == len(pattern)) and _same(pattern, path)


def _same(pattern: list[str], path: tuple[str, ...]) -> bool:
    return all(expected in (name, "*") or name in _ANY for expected, name in zip(pattern, path))


def code_of(step: Step) -> Iterator[tuple[str, Node]]:
    """What a step hands to an interpreter and that holds an expression: the name of the key or input, and its value."""
    data, node = step.workflow.file.data, step.node
    # In double quotes `\x24{{` is the same, and an alias stands for what is written elsewhere.
    start, end = node.start, node.end
    if data.find(b"${{", start, end) < 0 and data.find(b"*", start, end) < 0 and data.find(b"\\", start, end) < 0:
        return
    run = step.get("run")
    if run is not None:
        if "${{" in run.value:
            yield "run", run
        return
    inputs = step.get("with")
    if inputs is None or not step.repository:
        return
    values = [(name, key.value, value) for name, key, value in step.inputs() if "${{" in value.value]
    if values:
        from agent_security_hooks.parse.fragments.workflows import SHELL_INPUTS

        names = {name.lower() for name in (*table.CODE_INPUTS.get(step.repository, ()), *SHELL_INPUTS.get(step.repository, ()))}
        yield from ((written, value) for name, written, value in values if name in names)


def taints(node: Node, step: Step) -> list[Expanded]:
    """What a scalar of a step (its `run`, an input) expands that is not FIXED, in order; a reference to another step or job is followed back.

    Where nobody asks for pedantic cases (`Source.thorough`), only what is known to be somebody's text.
    """
    return _flow_of(step.workflow).expanded(node, step)


def tainted_variable(name: str, step: Step) -> Taint | None:
    """What is known of $NAME as the step's script sees it, by `env:`, GITHUB_ENV of earlier steps and GitHub's own variables; None for FIXED and unset."""
    return _flow_of(step.workflow).variable(name, step)


def written_by(step: Step) -> tuple[Write, ...]:
    """What the script of a step writes into GITHUB_OUTPUT, GITHUB_ENV and GITHUB_PATH."""
    return _flow_of(step.workflow).writes(step).items


def is_complete(workflow: Workflow) -> bool:
    """Whether all expressions of what was asked for so far were looked at; a text may have too many."""
    return _flow_of(workflow).complete


def _flow_of(workflow: Workflow) -> Flow:
    from agent_security_hooks.parse.actions.taint_flow import read_flow

    return workflow.file.view(read_flow)


def holds_secrets(job: Job | None) -> bool:
    """Whether the job, or what it inherits, names secrets other than GITHUB_TOKEN, or may write something for sure (`id-token` too)."""
    return job is not None and (job.permissions.writes or _names_secrets(job))


def _names_secrets(job: Job) -> bool:
    known = job.workflow.file.view(_secrets_by_job)
    if job.name not in known:
        known[job.name] = any(map(_is_secret, _scalars_below(job.node, own(job.workflow.root, "env"))))
    return known[job.name]


def _secrets_by_job(file: Source) -> dict[str, bool]:
    """A view, filled as it is asked for."""
    return {}


def _scalars_below(*nodes: Node | None) -> Iterator[Node]:
    """Every scalar below some values, aliases followed, each once."""
    waiting = [node.resolved for node in nodes if node is not None]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.kind == "scalar":
            yield node
        waiting += node.elements()
        waiting += (value for _, _, value in node.entries())


def _is_secret(node: Node) -> bool:
    if "secrets" not in node.value.lower():
        return False
    from agent_security_hooks.parse.actions.expressions import contexts, find_expressions

    text = node.value if "${{" in node.value else f"${{{{ {node.value} }}}}"  # `if:` needs none
    found = (context for expression in find_expressions(text.encode("utf-8", "surrogateescape")) for context in contexts(expression.tree))
    return any(context.path[0] == "secrets" and context.path[1:] != ("github_token",) for context in found)


def outsider_triggers(workflow: Workflow) -> list[Trigger]:
    """The events that anyone can start with text of their own and that run with the repository's secrets; not those that only insiders' types of start."""
    found = [trigger for trigger in workflow.triggers.values() if trigger.name in table.EVENTS_WITH_SECRETS]
    return [trigger for trigger in found if not (types := set(trigger.listed("types"))) or types - table.INSIDER_TYPES]
