"""What coding agents are told by way of a file: a step of the job writes an outsider's text into it, the agent's step reads it.

Sources, read in 2026: action.yml of openai/codex-action, actions/ai-inference and anthropics/claude-code-base-action (inputs that name a file).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.coding_agents import FOLLOWED, Script, Told, feeding_calls, names_in, script_of, words_of
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.coding_agents import Agent
    from agent_security_hooks.parse.actions.taint import Taint
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

_INPUTS = frozenset("prompt-file prompt_file system-prompt-file system_prompt_file input-file file_input".split())
_WRITES = (">", ">>", ">|")
_PATH = Pattern(rb"[\w./@-]{3,200}")
_WRITTEN = 200
_CALLS = 2_000


class _Written(NamedTuple):
    """A file (the last part of its path) with an outsider's text; `number` is that of the step, `end` where the text stands."""

    number: int
    end: int
    taint: Taint


def read_from_files(agent: Agent) -> Iterator[Told]:
    """Where an agent reads a file into which this or an earlier step of its job has written an outsider's text."""
    known = _written(agent.step)
    if not known:
        return
    for text, start, end in _mentions(agent):
        base = _base(text)
        for written in known.get(base, ()):
            if written.number < agent.step.number or written.number == agent.step.number and written.end <= start:
                yield Told(start, end, written.taint, f"{base}, which {'its own step' if written.number == agent.step.number else 'a step before'} writes")
                break


def _base(path: str) -> str:
    return path.strip("\"' \n").rstrip("/").rsplit("/", 1)[-1].lstrip("@<")


def _mentions(agent: Agent) -> Iterator[tuple[str, int, int]]:
    """The names of files in what an agent is told, as far as these can be told from other words."""
    action, step = agent.action, agent.step
    if action is not None:
        for name, _, node in step.inputs():
            if node.kind != "scalar" or name not in _INPUTS and name not in action.prompts and name not in action.arguments:
                continue
            text = node.text(step.workflow.file.data)
            for match in _PATH.finditer(text.data):
                yield match[0].decode("utf-8", "replace").rstrip("."), *text.span(*match.span())
        return
    if agent.call is None:
        return
    for call in feeding_calls(agent.call, script_of(step)):
        read = [item.target for item in call.redirections if item.operator == "<" and item.target is not None]
        for word in (*call.words, *read):
            yield word.text, *call.place(word)


def _written(step: Step) -> dict[str, list[_Written]]:
    """The files that the steps of a job have written outsiders' text into."""
    if step.job is None:
        return {}
    known = step.workflow.file.view(_by_job)
    if id(step.job) not in known:
        found: dict[str, list[_Written]] = {}
        count = 0
        for other in step.job.steps:
            text = string(other.get("run"))
            if count >= _WRITTEN or ">" not in text and "tee" not in text:
                continue
            for base, written in _writes_of(other):
                found.setdefault(base, []).append(written)
                count += 1
        known[id(step.job)] = found
    return known[id(step.job)]


def _by_job(file: Source) -> dict[int, dict[str, list[_Written]]]:
    """A view, filled as it is asked for."""
    return {}


def _writes_of(step: Step) -> Iterator[tuple[str, _Written]]:
    script = script_of(step)
    for call in script.calls[:_CALLS] if script is not None else ():
        targets = [item.target.text for item in call.redirections if item.target is not None and item.operator in _WRITES]
        if call.name == "tee":
            targets += [text for text in call.texts if not text.startswith("-")]
        targets = [base for target in targets if not target.startswith("/dev/") and "GITHUB_" not in target and (base := _base(target)) and "$" not in base]
        if targets:
            taint = _taint_of(call, step, script)
            if taint is not None:
                yield from ((base, _Written(step.number, call.end, taint)) for base in targets[:10])


def _taint_of(call: Call, step: Step, script: Script | None) -> Taint | None:
    """The outsider's text that a call writes."""
    from agent_security_hooks.parse.actions.taint import OUTSIDER, tainted_variable
    from agent_security_hooks.parse.actions.taint_commands import printed

    seen: set[str] = set()
    for other in feeding_calls(call, script):
        taint = printed(other.name, other.texts, step)
        if taint is not None:
            return taint
        waiting = [(word, other) for word in words_of(other)]
        for word, owner in waiting:  # grows as it goes
            start, end = owner.place(word)
            for found in script.expanded_in(start, end) if script is not None else ():
                return found.taint
            for name in names_in(word):
                if name in seen:
                    continue
                seen.add(name)
                taint = tainted_variable(name, step)
                if taint is not None and taint.level == OUTSIDER:
                    return taint
                if script is not None and name in script.assigned and len(seen) <= FOLLOWED:
                    waiting.append(script.assigned[name])
    return None
