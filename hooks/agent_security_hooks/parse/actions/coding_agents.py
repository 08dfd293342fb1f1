"""Coding agents that a workflow starts, as actions or by their command line, and what they are told and allowed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data.coding_agents import ACTIONS, OBJECTS, PACKAGES, PROGRAMS
from agent_security_hooks.parse.actions.workflow import read_workflow, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.data.coding_agents import AgentAction, AgentProgram
    from agent_security_hooks.parse.actions.taint import Expanded, Taint
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.shell import Word
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_MARKS = "claude gemini codex opencode copilot cursor-agent aider qwen amp droid crush".split()
"""A script without any of these words (in lower case) starts no agent."""
_STARTERS = frozenset(("npx", "bunx", "uvx", "pnpx"))
_STARTER_WORDS = frozenset(("dlx", "exec", "x", "tool", "run", "bun", "npm", "pnpm", "yarn", "uv", "pipx"))
_STARTED_BY = frozenset(("npm", "pnpm", "yarn", "bun", "uv", "pipx"))


class Token(NamedTuple):
    """One word of a command line and where it stands in the file."""

    text: str
    start: int
    end: int


class Agent(NamedTuple):
    """An agent that a step starts. `call` and `tokens` (its arguments) for a program, `action` for an action."""

    title: str
    step: Step
    start: int
    end: int
    action: AgentAction | None = None
    call: Call | None = None
    program: AgentProgram | None = None
    tokens: tuple[Token, ...] = ()


def read_agents(file: Source) -> tuple[Agent, ...]:
    """A view: the agents that the steps of a workflow or composite action start, in order."""
    workflow = file.view(read_workflow)
    return tuple(agent for step in workflow.steps for agent in _agents(step)) if workflow is not None else ()


def _agents(step: Step) -> Iterator[Agent]:
    action = ACTIONS.get(step.repository)
    uses = step.get("uses")
    if action is not None and uses is not None:
        yield Agent(action.title, step, uses.start, uses.end, action)
        return
    run = string(step.get("run")).lower()
    if not any(mark in run for mark in _MARKS):
        return
    from agent_security_hooks.parse.actions.scripts import calls_of

    for call in calls_of(step):
        name, skipped = _program_of(call)
        program = PROGRAMS.get(name)
        if program is None:
            continue
        tokens = tuple(token for word in call.words[skipped:] for token in _tokens(word, call, step))
        texts = [token.text for token in tokens]
        if any(word in texts or any(text.startswith(f"{word}=") for text in texts) for word in program.runs) or _is_fed(call, texts):
            yield Agent(program.title, step, call.start, call.end, None, call, program, tokens)


def _tokens(word: Word, call: Call, step: Step) -> list[Token]:
    """A word of a command line; the words of a variable that holds options: `claude $FLAGS`, `"${ARGS[@]}"`."""
    start, end = call.place(word)
    part = word.parts[0] if len(word.parts) == 1 else None
    if part is None or part.kind != "variable" or part.operator not in ("", "[") or part.quoted and "[@]" not in part.text:
        return [Token(word.text, start, end)]
    script = script_of(step)
    assigned = script.assigned.get(part.name) if script is not None else None
    if assigned is not None:
        array = assigned[0].parts[0] if len(assigned[0].parts) == 1 else None
        texts = [item.text for item in array.words[:_OPTIONS]] if array is not None and array.kind == "array" else assigned[0].text[:_LONGEST].split()
    else:
        value = string(step.variable(part.name))
        texts = value[:_LONGEST].split() if "${{" not in value else []
    return [Token(text, start, end) for text in texts[:_OPTIONS]] or [Token(word.text, start, end)]


FOLLOWED = 50
"""Variables of a script that are followed back from one command line."""
_OPTIONS = 50
_LONGEST = 5_000


def _is_fed(call: Call, texts: Sequence[str]) -> bool:
    """Whether something is written into an agent's standard input; one that is installed, updated or asked for its version is not started."""
    return call.before is not None and not any(text in ("--version", "-v", "update", "login", "mcp", "install", "config") for text in texts[:1])


def _program_of(call: Call) -> tuple[str, int]:
    """The agent that a call starts and how many of its words come before the agent's own: `npx -y @openai/codex exec`."""
    if call.name not in _STARTERS and call.name not in _STARTED_BY:
        return call.name, 0
    for at, text in enumerate(call.texts[:8]):
        if text.startswith("-") or text in _STARTER_WORDS:
            continue
        return PACKAGES.get(_package(text), text if text in PROGRAMS else ""), at + 1
    return "", 0


def _package(text: str) -> str:
    """The name of a package without its version: `@openai/codex` of `@openai/codex@0.40`."""
    at = text.find("@", 1)
    return text[:at] if at > 0 else text


# --- Who can start an agent ---


def open_events(step: Step) -> list[str]:
    """The events with which an outsider starts a step, with text of their own and the repository's secrets, and nothing in the way."""
    from agent_security_hooks.parse.actions.guards import step_guards
    from agent_security_hooks.parse.actions.taint import outsider_triggers

    if step.job is None:
        return []
    return [trigger.name for trigger in outsider_triggers(step.workflow) if (found := step_guards(step, trigger.name)) is not None and not found]


def is_reusable(step: Step) -> bool:
    """Whether others decide when a step runs: it is that of an action, or of a workflow that is called."""
    return step.job is None or not step.workflow.triggers or "workflow_call" in step.workflow.triggers


SURE, UNLIKELY, NEVER = "sure", "unlikely", "never"


def reach_of(step: Step, taint: Taint) -> str:
    """Whether outsiders' text gets to an agent that has the repository's secrets: UNLIKELY by a pull request from a fork, NEVER past a guard on its author."""
    from agent_security_hooks.data.github_contexts import EVENTS_WITH_SECRETS
    from agent_security_hooks.parse.actions.guards import step_guards

    triggers = set(step.workflow.triggers)
    if is_reusable(step) and not triggers & EVENTS_WITH_SECRETS:
        return SURE
    path = taint.path.split(".")
    thing = path[2] if path[:2] == ["github", "event"] and len(path) > 2 else "pull_request" if path[-1] == "head_ref" else ""
    found = NEVER
    for event in triggers:
        if thing in OBJECTS and event not in OBJECTS[thing]:
            continue
        guards = step_guards(step, event)
        if guards is None or _keep_out(step, thing, guards):
            continue
        if event in EVENTS_WITH_SECRETS:
            return SURE
        found = UNLIKELY
    return found


def _keep_out(step: Step, thing: str, guards: frozenset[str]) -> bool:
    """Whether guards leave only text of people who may write to the repository."""
    from agent_security_hooks.parse.actions.guards import ASSOCIATION, CHECKED, MERGED, SAME_REPOSITORY, USER

    if thing in ("comment", "review") and guards & {USER, CHECKED}:
        return True
    return bool(guards & {SAME_REPOSITORY, MERGED}) or ASSOCIATION in guards and _asks_for_author(step, thing)


def _asks_for_author(step: Step, thing: str) -> bool:
    """Whether a condition on the way asks who wrote the very text: `github.event.comment.author_association` for the comment."""
    job = step.job
    places = [step.get("if"), job.get("if") if job else None]
    places += [needed.get("if") for name in (job.needs[:20] if job else ()) if (needed := step.workflow.job(name)) is not None]
    return any(f"event.{thing}.author_association" in string(place).lower() for place in places)


# --- What it is told ---


class Told(NamedTuple):
    """Text of an outsider in what an agent is told, at bytes `start` to `end`; `where` says in words where it stands."""

    start: int
    end: int
    taint: Taint
    where: str


_NAME = Pattern(rb"[A-Za-z_][A-Za-z0-9_]{2,100}")


def told_by_outsiders(agent: Agent) -> Iterator[Told]:
    """The places at which an outsider's text gets into the prompt of an agent."""
    from agent_security_hooks.parse.actions.prompt_files import read_from_files

    yield from _in_inputs(agent) if agent.action is not None else _in_call(agent)
    yield from read_from_files(agent)


def _in_inputs(agent: Agent) -> Iterator[Told]:
    from agent_security_hooks.parse.actions.taint import OUTSIDER, taints

    action, step = agent.action, agent.step
    if action is None:
        return
    for name, _, node in step.inputs():
        if name not in action.prompts and name not in action.arguments or node.kind != "scalar":
            continue
        for found in taints(node, step):
            if found.taint.level == OUTSIDER:
                yield Told(found.start, found.end, found.taint, f"`{name}`")
        yield from _read_from_environment(agent, name, node)


def _read_from_environment(agent: Agent, name: str, node: Node) -> Iterator[Told]:
    """Variables that a prompt speaks of: `Triage the issue in $ISSUE_BODY`."""
    from agent_security_hooks.parse.actions.taint import OUTSIDER, tainted_variable

    known = {variable for layer in agent.step.environments() for variable in layer.own}
    if not known:
        return
    text = node.text(agent.step.workflow.file.data)
    seen: set[str] = set()
    for match in _NAME.finditer(text.data):
        variable = match[0].decode()
        if variable not in known or variable in seen:
            continue
        seen.add(variable)
        taint = tainted_variable(variable, agent.step)
        if taint is not None and taint.level == OUTSIDER and not text.data[: match.start()].endswith(b"env."):
            yield Told(*text.span(*match.span()), taint, f"${variable}, which `{name}` speaks of")


class Script:
    """What the agents of one step share: its calls, and the outsiders' text that is expanded in it."""

    def __init__(self, step: Step, run: Node) -> None:
        from agent_security_hooks.parse.actions.scripts import calls_of
        from agent_security_hooks.parse.actions.taint import OUTSIDER, taints

        self.expanded = sorted((found for found in taints(run, step) if found.taint.level == OUTSIDER), key=_begin)
        self.calls = sorted(calls_of(step), key=_begin)
        self.assigned = {name: (word, call) for call in self.calls for name, word in call.assignments if word is not None}

    def inside(self, call: Call) -> list[Call]:
        """The calls in the substitutions of another."""
        return self.calls[bisect_right(self.calls, call.start, key=_begin) : bisect_left(self.calls, call.end, key=_begin)]

    def expanded_in(self, start: int, end: int) -> list[Expanded]:
        """The outsiders' text between two places."""
        first = bisect_left(self.expanded, start, key=_begin)
        before = [found for found in self.expanded[max(0, first - 1) : first] if found.end > start]
        return [*before, *self.expanded[first : bisect_left(self.expanded, end, key=_begin)]]


def _begin(found: Call | Expanded) -> int:
    return found.start


def _scripts(file: Source) -> dict[int, Script]:
    """A view, filled as it is asked for: what is known of steps, by their nodes."""
    return {}


def script_of(step: Step) -> Script | None:
    """What is known of the shell of a step."""
    run = step.get("run")
    if run is None:
        return None
    known = step.workflow.file.view(_scripts)
    return known.get(id(step)) or known.setdefault(id(step), Script(step, run))


def feeding_calls(call: Call, script: Script | None) -> list[Call]:
    """A call, those in its substitutions, and those whose output it reads."""
    feeding = [call, *(script.inside(call) if script is not None else ())]
    before = call.before
    for _ in range(20):
        if before is None:
            break
        feeding.append(before)
        before = before.before
    return feeding


def _in_call(agent: Agent) -> Iterator[Told]:
    from agent_security_hooks.parse.actions.taint import OUTSIDER, tainted_variable
    from agent_security_hooks.parse.actions.taint_commands import printed

    call, step = agent.call, agent.step
    if call is None:
        return
    script = script_of(step)
    if script is None:
        return
    feeding = feeding_calls(call, script)
    seen: set[str] = set()
    for other in feeding[1:]:
        taint = printed(other.name, other.texts, step)
        if taint is not None:
            yield Told(other.start, other.end, taint, f"what {other.name} prints")
    waiting = [(word, other) for other in feeding for word in words_of(other)]
    for word, other in waiting:  # grows as it goes
        start, end = other.place(word)
        for found in script.expanded_in(start, end):
            yield Told(found.start, found.end, found.taint, "its command line")
        for name in names_in(word):
            if name in seen:
                continue
            seen.add(name)
            taint = tainted_variable(name, step)
            if taint is not None and taint.level == OUTSIDER:
                yield Told(start, end, taint, f"${name} on its command line" if other is call else f"${name}, which it is given")
            if name in script.assigned and len(seen) <= FOLLOWED:
                waiting.append(script.assigned[name])


def words_of(call: Call) -> list[Word]:
    """The arguments of a call, the targets of its redirections and its heredocs."""
    redirected = [word for redirection in call.redirections for word in (redirection.target, redirection.heredoc) if word is not None]
    return [*call.words, *redirected]


def names_in(word: Word) -> Iterator[str]:
    """The variables that a word expands."""
    parts = list(word.parts)
    while parts:
        part = parts.pop()
        if part.kind == "variable":
            yield part.name
        if part.default is not None:
            parts += part.default.parts


# --- What comes out of it ---

_TOKEN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN", "COPILOT_GITHUB_TOKEN")


def personal_tokens(agent: Agent) -> Iterator[tuple[int, int, str]]:
    """Secrets other than the job's own token that an agent uses GitHub with, and where they are given to it."""
    from agent_security_hooks.parse.actions.expressions import find_expressions
    from agent_security_hooks.parse.actions.secret_use import secrets_in
    from agent_security_hooks.parse.actions.workflow import own

    step, data = agent.step, agent.step.workflow.file.data
    inputs = agent.action.tokens if agent.action is not None else ()
    nodes = [node for name, _, node in step.inputs() if name in inputs]
    environment = step.get("env")
    nodes += [node for name in _TOKEN_VARIABLES if (node := own(environment, name)) is not None]
    for node in nodes:
        if node.kind != "scalar" or "secrets" not in node.value.lower():
            continue
        text = node.text(data)
        for expression in find_expressions(text):
            # `secrets.PAT || github.token` is the first where it is set.
            names = [name for name in secrets_in(expression.tree) if name != "github_token"]
            if names:
                yield *text.span(expression.start, expression.end), f"secrets.{names[0].upper()}"


def evaluated_outputs(agent: Agent) -> list[tuple[int, int, str]]:
    """Expressions in later scripts of the job that put an agent's answer into code."""
    return agent.step.workflow.file.view(_evaluated).get(id(agent.step), [])


def _evaluated(file: Source) -> dict[int, list[tuple[int, int, str]]]:
    """A view: the expressions that run what an agent wrote, by the step of the agent."""
    from agent_security_hooks.parse.actions.expressions import find_expressions, flows

    agents = {id(agent.step): agent for agent in file.view(read_agents)}
    workflow = file.view(read_workflow)
    found: dict[int, list[tuple[int, int, str]]] = {}
    for job in workflow.jobs if workflow is not None else ():
        answering: dict[str, Agent] = {}
        for step in job.steps:
            script = step.get("run") if step.get("run") is not None else step.input("script")
            if answering and script is not None and script.kind == "scalar" and "steps" in script.value.lower() and "${{" in script.value:
                text = script.text(file.data)
                for expression in find_expressions(text):
                    for context in flows(expression.tree):
                        agent = answering.get(context.path[1]) if context.path[:1] == ("steps",) and len(context.path) > 3 else None
                        if agent is None or context.path[2] != "outputs" or agent.action is not None and context.path[3] in agent.action.fixed_outputs:
                            continue
                        found.setdefault(id(agent.step), []).append((*text.span(expression.start, expression.end), ".".join(context.path)))
            if id(step) in agents and (identifier := string(step.get("id")).lower()):
                answering[identifier] = agents[id(step)]
    return found
