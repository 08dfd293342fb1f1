"""The shell of a step and the programs that it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import shell_fragments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

_SHELLS = frozenset(("sh", "bash", "zsh"))


def scripts_of(step: Step) -> Sequence[Fragment]:
    """What a step hands to a shell: its `run`, or inputs of actions that are known to run theirs. Expressions (`${{ }}`) stand as underscores."""
    file = step.workflow.file
    scripts = file.view(_by_place)
    run = step.get("run")
    nodes = (run,) if run is not None else [value for _, _, value in step.inputs()] if step.repository else ()
    texts = [node.text(file.data) for node in nodes if node.kind == "scalar" and node.value]
    return [found for text in texts if (found := scripts.get(text.place(0))) is not None]


def calls_of(step: Step) -> list[Call]:
    """The programs that a step starts, in the order in which they stand there. Nothing for PowerShell and other languages."""
    return [call for fragment in scripts_of(step) if fragment.language in _SHELLS for call in calls_in_fragment(step.workflow.file, fragment)]


def calls_in_fragment(file: Source, fragment: Fragment) -> list[Call]:
    """The programs that a piece of shell starts; read once for all rules."""
    known = file.view(_calls)
    place = fragment.text.place(0)
    if place not in known:
        from agent_security_hooks.parse.shell_calls import calls_in

        known[place] = calls_in(fragment.text)
    return known[place]


def _calls(file: Source) -> dict[int, list[Call]]:
    """A view, filled as it is asked for: the calls of pieces of shell by where these begin."""
    return {}


def _by_place(file: Source) -> dict[int, Fragment]:
    """A view: the fragments by where their text begins."""
    return {fragment.text.place(0): fragment for fragment in shell_fragments(file)}
