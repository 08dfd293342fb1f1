"""What takes the limits of a coding agent away: options of its command line, lists of tools, settings.

Sources: as in data/coding_agents.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data.coding_agents import PROGRAMS
from agent_security_hooks.parse.actions.coding_agents import Token
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.data.coding_agents import AgentProgram
    from agent_security_hooks.parse.actions.coding_agents import Agent
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.mapped import MappedText


class Freedom(NamedTuple):
    """What takes an agent's limits away, at bytes `start` to `end`; `text` says it in words."""

    start: int
    end: int
    text: str
    fix: str
    pedantic: bool = False


_ANY_COMMAND = ("", "*", ":*", "**", "*:*", "* *")
_SHELLS = ("bash", "sh", "zsh", "eval", "sudo", "env", "xargs")
_NO_LIMITS = "allow the commands that it needs, one by one: "


def freedoms(agent: Agent) -> Iterator[Freedom]:
    """What takes the limits of an agent away."""
    if agent.program is not None:
        yield from _in_command_line(agent.program, agent.tokens)
        return
    action, data = agent.action, agent.step.workflow.file.data
    if action is None:
        return
    program = PROGRAMS.get(action.program)
    for name, _, node in agent.step.inputs():
        if node.kind != "scalar" or node.is_null:
            continue
        value = node.value.strip()
        for unlimited, values in action.unlimited:
            if name == unlimited and value.lower() in values:
                windows = name == "safety-strategy" and _is_on_windows(agent.step)
                yield Freedom(node.start, node.end, f"{name}: {value.lower()}", "leave it out: the default limits it", pedantic=windows)
        if program is None:
            continue
        if name in action.arguments:
            yield from _in_command_line(program, _command_line(node.text(data)))
        elif name in action.tools:
            text = node.text(data)
            yield from _in_tools(program, [Token(text.data.decode("utf-8", "replace"), *text.span(0, len(text.data)))])
        elif name in action.settings:
            yield from _in_settings(program, node.text(data))
    if action.program == "gemini" and not any(agent.step.input(name) is not None for name in action.settings):
        fix = 'settings: {"tools": {"core": ["run_shell_command(gh issue view)"]}} limits it'
        yield Freedom(agent.start, agent.end, "no `settings` that limit its tools: the action starts it with --yolo", fix, pedantic=True)


def _is_on_windows(step: Step) -> bool:
    """Where Codex has no other choice."""
    runner = step.job.get("runs-on") if step.job else None
    return "windows" in string(runner).lower()


def _in_command_line(program: AgentProgram, tokens: Sequence[Token]) -> Iterator[Freedom]:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        option, equals, value = token.text.partition("=")
        after = tokens[position] if position < len(tokens) else None
        if option in program.flags and value.lower() not in ("false", "0"):
            yield Freedom(token.start, token.end, token.text, "leave it out, and " + _NO_LIMITS + _example(program))
        for options, values in program.values:
            if option in options and equals and value in values:
                yield Freedom(token.start, token.end, token.text, "leave it out")
            elif token.text in options and after is not None and after.text in values:
                yield Freedom(token.start, after.end, f"{token.text} {after.text}", "leave it out")
        if option in program.tools:
            listed = [token._replace(text=value)] if equals else []
            while not equals and position < len(tokens) and not tokens[position].text.startswith("-"):
                listed.append(tokens[position])
                position += 1
            yield from _in_tools(program, listed)


def _example(program: AgentProgram) -> str:
    shell = program.shell[0] if program.shell else ""
    option = program.tools[0] if program.tools else ""
    return f'{option} "{shell}({"gh issue view" if shell != "Bash" else "gh issue view:*"})"' if shell else "in its settings"


def _in_tools(program: AgentProgram, tokens: Sequence[Token]) -> Iterator[Freedom]:
    """A list of tools in which one runs any command."""
    for token in tokens:
        for tool in split_tools(token.text):
            if _runs_anything(program, tool):
                yield Freedom(token.start, token.end, f"the tool {tool}, which is any command", _NO_LIMITS + _example(program))
                break


def _runs_anything(program: AgentProgram, tool: str) -> bool:
    name, bracket, pattern = tool.strip(" \t\r\n\"'").partition("(")
    if name == "*":
        return True
    if name not in program.shell:
        return False
    pattern = pattern.rstrip(")").strip() if bracket else ""
    command = pattern.removesuffix("*").rstrip(" :")
    return pattern in _ANY_COMMAND or command in _SHELLS and pattern != command


def split_tools(text: str) -> list[str]:
    """The tools of a list with commas, blanks or line ends between them; those in brackets belong to a tool."""
    found: list[str] = []
    depth, begin = 0, 0
    for at, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character in ", \t\r\n" and depth == 0:
            if text[begin:at].strip():
                found.append(text[begin:at].strip())
            begin = at + 1
    return [*found, text[begin:].strip()] if text[begin:].strip() else found


_SETTINGS_TOOLS: tuple[tuple[str, ...], ...] = (("permissions", "allow"), ("coreTools",), ("tools", "core"), ("tools", "allowed"), ("allowedTools",))
_SETTINGS_VALUES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("permissions", "defaultMode"), ("bypassPermissions",)),
    (("general", "defaultApprovalMode"), ("yolo",)),
    (("tools", "approvalMode"), ("yolo",)),
    (("approvalMode",), ("yolo",)),
    (("tools", "autoAccept"), ("true",)),
    (("autoAccept",), ("true",)),
    (("sandbox",), ("false",)),
    (("tools", "sandbox"), ("false",)),
    (("sandbox", "enabled"), ("false",)),
    (("sandbox_mode",), ("danger-full-access",)),
)


def _in_settings(program: AgentProgram, text: MappedText) -> Iterator[Freedom]:
    """Settings as JSON in an input; a path of a file is none."""
    if not text.data.lstrip().startswith(b"{"):
        return
    from agent_security_hooks.parse.json_tree import parse_json

    root = parse_json(text.data).root
    for path in _SETTINGS_TOOLS:
        listed = root.get(*path)
        for item in listed.elements() if listed is not None else ():
            if item.kind == "scalar" and _runs_anything(program, item.value):
                yield Freedom(*text.span(item.start, item.end), f"the tool {item.value}, which is any command", _NO_LIMITS + _example(program))
    for path, values in _SETTINGS_VALUES:
        found = root.get(*path)
        if found is not None and found.kind == "scalar" and found.value in values:
            name = ".".join(path)
            yield Freedom(*text.span(found.start, found.end), f"{name}: {found.value}", f"leave {name} out of the settings, or limit what its tools can do")


_WORD = Pattern(rb"(?:[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*')+|[\"']", 16)  # re.DOTALL
_QUOTES = Pattern(rb"\\(.)|[\"']", 16)
_COMMENT = Pattern(rb"(?m)^[ \t]*#[^\r\n]*")


def _command_line(text: MappedText) -> list[Token]:
    """The words of arguments in an input, as a shell would split them, or the strings of a JSON list. Lines that begin with `#` are comments."""
    data = text.data
    if data.lstrip().startswith(b"["):
        from agent_security_hooks.parse.json_tree import parse_json

        root = parse_json(data).root
        return [Token(item.value, *text.span(item.start, item.end)) for item in root.elements() if item.kind == "scalar"]
    data = _COMMENT.sub(lambda match: b" " * len(match[0]), data)
    return [Token(_QUOTES.sub(rb"\1", match[0]).decode("utf-8", "replace"), *text.span(*match.span())) for match in _WORD.finditer(data)]
