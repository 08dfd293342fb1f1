"""The shell's own commands and the small ones around it: printing, reading, changing the directory, evaluating."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.calls import joined
from agent_security_hooks.parse.downloads.content import NOTHING, Flow
from agent_security_hooks.parse.downloads.execution import reach, run_file
from agent_security_hooks.parse.downloads.fetch import name_in_url
from agent_security_hooks.parse.downloads.files import on_path, store
from agent_security_hooks.parse.downloads.interpreters import STANDARD_INPUT
from agent_security_hooks.parse.downloads.options import Grammar, read_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.downloads.calls import Call
    from agent_security_hooks.parse.downloads.flow import Evaluator
    from agent_security_hooks.parse.mapped import MappedText

Span = tuple[int, int]

_LONGEST = 20_000
_DEEPEST = 1000
"""Characters of a working directory; a longer one is taken for an unknown one."""


def _print(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    flow = joined(call.arguments)
    sources = [argument.source for argument in call.arguments if not argument.text.startswith("-")]
    escapes = call.name == "printf" or "-e" in call.texts[:1]
    code = tuple(_with_newlines(source) if escapes else source for source in sources if source is not None)
    text = " ".join(call.texts)[:_LONGEST]
    return Flow(flow.contents, flow.digests, text.replace("\\n", "\n") if escapes else text, code, flow.filtered)


def _with_newlines(text: MappedText) -> MappedText:
    r"""`\n` as printf prints it, with a blank before it so that all places stay."""
    return type(text)(text.data.replace(b"\\n", b" \n"), text.starts, text.places) if b"\\n" in text.data else text


def _evaluate(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    from agent_security_hooks.parse.mapped import MappedText

    sources = [argument.source for argument in call.arguments if argument.source is not None]
    if len(sources) == 1 == len(call.arguments):
        return evaluator.nested(sources[0], stream)
    parts = [part for source in sources for part in ((source.data, source.place(0)), (b" ", source.place(len(source.data))))]
    return evaluator.nested(MappedText.join(parts), stream)


def _source(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    script = call.arguments[0] if call.arguments else None
    if script is None:
        return NOTHING
    if script.text in STANDARD_INPUT:
        reach(evaluator, stream, call.name, span)
    elif script.channel:
        reach(evaluator, script.flow, call.name, span)
    else:
        run_file(evaluator, script, span)
    return NOTHING


def _change_directory(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    state = evaluator.state
    words = [argument.text for argument in call.arguments if not argument.text.startswith("-") or argument.text == "-"]
    if call.name == "popd":
        state.directory = state.stack.pop() if state.stack else ""
        return NOTHING
    if call.name == "pushd" and len(state.stack) < 100:
        state.stack.append(state.directory)
    target = words[0] if words else "~"
    state.directory = (state.stack[-1] if state.stack else "") if target == "-" else state.path(target)
    if state.directory == "." or len(state.directory) > _DEEPEST:
        state.directory = ""
    return NOTHING


def _declare(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """export and its like, where the assignment is known only after expansion: `export "A=$b"`."""
    for argument in call.arguments:
        name, equals, value = argument.text.partition("=")
        if equals and name.replace("_", "a").isalnum():
            evaluator.state.assign(name, value, argument.flow)
            if name == "PATH":
                on_path(evaluator.state, value)
    return NOTHING


_READ = Grammar("adinNptu")


def _read(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """`read x`, `mapfile x`: what comes in goes into variables."""
    options = read_options(call.arguments, _READ)
    for name in (*(argument.text for argument in options.positional), *options.values("a")):
        evaluator.state.assign(name, None, stream._replace(text="", code=()))
    return NOTHING


def _path_part(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    words = [argument.text for argument in call.arguments if not argument.text.startswith("-")]
    if call.name == "basename" and words:
        return Flow(text=name_in_url(words[0]).removesuffix(words[1] if len(words) > 1 else "\0"))
    return NOTHING


def _concatenate(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """`cat f`: the file's content."""
    names = [argument for argument in call.arguments if not argument.text.startswith("-") or argument.text == "-"]
    if not names:
        return stream
    flow = NOTHING
    for argument in names[:40]:
        if argument.text in STANDARD_INPUT:
            flow = flow + stream
        elif argument.channel:
            flow = flow + argument.flow
        else:
            state = evaluator.state
            flow = flow + state.note(argument.text)._replace(contents=state.find(argument.text), stored=True)
    return flow


def _copy_stream(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """`tee f`."""
    added = "-a" in call.texts or "--append" in call.texts
    for argument in call.arguments[:40]:
        if not argument.channel and not argument.text.startswith("-"):
            store(evaluator, argument, stream, added=added)
    return stream


HANDLERS: dict[str, Callable[[Evaluator, Call, Flow, Span], Flow]] = {
    **dict.fromkeys(("echo", "printf", "print"), _print),
    **dict.fromkeys(("export", "declare", "local", "readonly", "typeset"), _declare),
    **dict.fromkeys(("cd", "pushd", "popd", "chdir"), _change_directory),
    **dict.fromkeys(("source", "."), _source),
    **dict.fromkeys(("read", "mapfile", "readarray"), _read),
    **dict.fromkeys(("basename", "dirname"), _path_part),
    "eval": _evaluate,
    "cat": _concatenate,
    "tee": _copy_stream,
}
