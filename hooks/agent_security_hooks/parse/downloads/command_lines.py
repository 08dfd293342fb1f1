"""Programs that are given a command line: ssh, su, docker exec, xargs, trap, `uv run` and others that run what stands in their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.calls import unwrap
from agent_security_hooks.parse.downloads.content import NOTHING, Flow
from agent_security_hooks.parse.downloads.execution import interpret, reach, run_file
from agent_security_hooks.parse.downloads.interpreters import SHELLS, read_run
from agent_security_hooks.parse.wrappers import base_name

if TYPE_CHECKING:
    from agent_security_hooks.parse.downloads.calls import Argument, Call
    from agent_security_hooks.parse.downloads.flow import Evaluator

Span = tuple[int, int]

# Options whose value is code of the shell.
_CODE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("su", "script", "runuser", "sg", "vagrant", "nix", "-c"), ("-c", "--command", "-lc", "-qc", "-qec", "-qefc")),
    "nix-shell": ("--run", "--command"),
    "gcloud": ("--command",),
    "az": ("--scripts",),
    "entr": ("-s",),
}
# Programs of which one argument is code of the shell.
_LINES = frozenset(("trap", "watch", "tmux", "screen", "byobu", "multipass", "ssh", "parallel", "hyperfine", "at"))
# Programs that start another one, here or elsewhere, which may be a shell that reads their input.
_STARTERS = frozenset(("ssh", "docker", "podman", "nerdctl", "kubectl", "oc", "lxc", "machinectl", "nsenter", "vagrant", "wsl", "xargs", "parallel", "find"))
_FEEDS_ARGUMENTS = frozenset(("xargs", "parallel", "find"))
# `uv run x`: the second word, after which a command follows.
_RUNNERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("uv", "poetry", "pipenv", "pdm", "hatch", "rye", "conda", "mamba", "micromamba", "pixi"), frozenset(("run",))),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bundle", "rbenv", "pyenv", "mise", "asdf", "rtx"), frozenset(("exec", "x"))),
}


def run_command_line(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> bool:
    """Run the command line that a program is given; False if there is none that is understood."""
    if call.name in _CODE and _code_option(evaluator, call, stream, span):
        return True
    if call.name in _RUNNERS and not _RUNNERS[call.name].isdisjoint(call.texts[:1]):
        return _started(evaluator, call, span)
    if _shell_within(evaluator, call, stream, span):
        return True
    return call.name in _LINES and _code_argument(evaluator, call, stream, span)


def _code_option(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> bool:
    options = _CODE[call.name]
    if call.name == "-c":  # what is left of `flock FILE -c CODE`
        return _run_code(evaluator, call.arguments[:1], stream)
    for index, argument in enumerate(call.arguments):
        name, equals, _ = argument.text.partition("=")
        if name in options:
            return _run_code(evaluator, (argument,), stream, len(name) + 1) if equals else _run_code(evaluator, call.arguments[index + 1 : index + 2], stream)
    if call.name in ("su", "runuser") and stream.contents:
        reach(evaluator, stream, call.name, span)
        return True
    return False


def _run_code(evaluator: Evaluator, arguments: tuple[Argument, ...], stream: Flow, skip: int = 0) -> bool:
    source = arguments[0].source if arguments else None
    if source is not None:
        evaluator.nested(source.slice(skip, len(source.data)) if skip else source, stream)
    return source is not None


def _started(evaluator: Evaluator, call: Call, span: Span) -> bool:
    """`uv run python x.py`, `poetry run ./x`: the words after the options are the command."""
    words = call.arguments[1:]
    first = next((index for index, argument in enumerate(words) if not argument.text.startswith("-")), None)
    if first is None:
        return False
    for index in range(first, min(len(words), first + 4)):
        inner, _ = unwrap(words[index:])
        if inner is not None and read_run(inner) is not None:
            interpret(evaluator, inner, NOTHING, span)
            return True
    run_file(evaluator, words[first], span)
    return True


def _shell_within(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> bool:
    """A shell in the arguments, with its code; of programs that start others also one that reads the input."""
    starts = call.name in _STARTERS
    for index, argument in enumerate(call.arguments[:60]):
        text = argument.text
        if not (text in SHELLS or starts and text in ("sudo", "env") or text[:1] == "/" and base_name(text) in SHELLS):
            continue
        inner, _ = unwrap(call.arguments[index:])
        run = read_run(inner) if inner is not None else None
        if inner is None or run is None:
            continue
        if call.name in _FEEDS_ARGUMENTS:
            if run.nothing or run.code is not None and run.code.text in ("{}", "%"):  # what comes in is the code
                reach(evaluator, stream, inner.name, span)
            elif run.code is not None:
                interpret(evaluator, inner, NOTHING, span)
            return True
        if starts or run.code is not None:
            interpret(evaluator, inner, stream, span)
            return True
    return False


def _code_argument(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> bool:
    if call.name == "trap":
        return _run_code(evaluator, call.arguments[:1], NOTHING)
    if call.name == "at":
        for code in stream.code[:5]:
            evaluator.nested(code)
        return False
    words = [argument for argument in call.arguments if not argument.text.startswith("-")]
    lines = [argument for argument in words if argument.source is not None and " " in argument.text]
    if lines:
        return _run_code(evaluator, (lines[-1],), stream)
    if call.name == "ssh" and len(words) == 1 and stream.contents:
        reach(evaluator, stream, "a remote shell", span)
        return True
    return False
