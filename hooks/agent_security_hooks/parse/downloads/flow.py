"""Runs a script in the mind: commands in order, with what each reads and writes, so that a download is followed to where it is executed.

Conditions are taken both ways, one after the other; loops and functions run once for each call. Nothing is executed and no file is read.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.calls import Argument, joined, unwrap
from agent_security_hooks.parse.downloads.content import NOTHING, Flow
from agent_security_hooks.parse.downloads.effects import compare, run_call
from agent_security_hooks.parse.downloads.files import on_path, store
from agent_security_hooks.parse.downloads.state import Function
from agent_security_hooks.parse.downloads.switches import bad_variable
from agent_security_hooks.parse.shell import SIZE_LIMIT, Command, Compound, parse_shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.downloads.record import Record
    from agent_security_hooks.parse.downloads.state import State
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Part, Pipeline, Redirection, Script, Word

_DEEPEST = 12
_MOST = 1000
"""Elements of an array."""
_MANY = 20
_LONGEST = 20_000
_BYTES = 40
"""To parse so many takes as long as to run a command."""
_WRITES = frozenset((">", ">>", "&>", "&>>", ">|", ">&"))
_DECLARES = frozenset(("export", "declare", "local", "readonly", "typeset"))
_FORGIVING = frozenset(("true", ":", "echo", "printf"))


class Evaluator:
    """Runs pieces of one script against a state. `depth` counts scripts within scripts and calls of functions."""

    __slots__ = ("depth", "forgiven", "record", "state", "statement", "text")

    def __init__(self, record: Record, state: State, text: MappedText, depth: int = 0) -> None:
        self.record = record
        self.state = state
        self.text = text
        self.depth = depth
        self.forgiven = False
        """Whether the failure of the command at hand is ignored (`|| true`)."""
        self.statement = -1
        """Where in the text the pipeline at hand begins."""

    def run_script(self) -> Flow:
        """Parse the text and run it."""
        return self.block(self._parsed(self.text), NOTHING)

    def nested(self, text: MappedText, stream: Flow = NOTHING) -> Flow:
        """Run a script that stands in an argument, a heredoc or a printed text."""
        if self.depth >= _DEEPEST or not text.data.strip():
            return NOTHING
        inner = Evaluator(self.record, self.state, text, self.depth + 1)
        return inner.block(self._parsed(text), stream)

    def _parsed(self, text: MappedText) -> Script:
        self.record.count(2 + min(len(text.data), SIZE_LIMIT) // _BYTES)
        script = parse_shell(text.data)
        if not script.complete:
            self.record.problem = self.record.problem or "its shell is longer than what is read"
        if script.unended and not self.record.documentation:  # what follows is text to a shell, too, but hardly meant to be
            self.record.problem = self.record.problem or "a here-document in it has no end"
        return script

    def block(self, pipelines: Sequence[Pipeline], stream: Flow) -> Flow:
        """Run statements in order; returns what they print together."""
        printed = NOTHING
        for index, pipeline in enumerate(pipelines):
            outer, self.forgiven = self.forgiven, self.forgiven or pipeline.after == "||" and _forgives(pipelines[index + 1 : index + 2])
            printed = printed + self.pipeline(pipeline, stream)
            self.forgiven = outer
        return printed

    def pipeline(self, pipeline: Pipeline, stream: Flow) -> Flow:
        """Run the commands of a pipe, each on what the one before prints."""
        last = len(pipeline.commands) - 1
        before, self.statement = self.statement, pipeline.start
        for index, command in enumerate(pipeline.commands):
            self.record.count()
            piped = index < last
            stream = self.command(command, stream, piped) if isinstance(command, Command) else self.compound(command, stream)
        self.statement = before
        return stream

    def compound(self, compound: Compound, stream: Flow) -> Flow:
        """Run a group, condition or loop; remember a function."""
        if compound.kind == "function":
            self.state.functions[compound.name] = Function(compound, self.text)
            self.record.defined(self.state, compound.name)
            return NOTHING
        arguments = [argument for word in compound.words for argument in self.expand(word)]
        if compound.kind in ("test", "case"):
            compare(self, arguments, self.text.span(compound.start, compound.end))
        if compound.kind in ("for", "select") and compound.name:
            self._loop_variable(compound.name, arguments)
        stream, targets = self._redirections(compound.redirections, stream)
        directory = self.state.directory
        printed = NOTHING
        for block in compound.blocks:
            printed = printed + self.block(block, stream)
        if compound.kind == "subshell":
            self.state.directory = directory
        return self._written(printed, targets)

    def _loop_variable(self, name: str, arguments: list[Argument]) -> None:
        self.state.assign(name, arguments[0].text if len(arguments) == 1 else None, joined(arguments))

    def command(self, command: Command, stream: Flow, piped: bool = False) -> Flow:
        """Run a simple command and return what it prints, unless that goes to a file."""
        stream, targets = self._redirections(command.redirections, stream)
        settings = [(name, word, self.expand(word) if word is not None else []) for name, word in command.assignments]
        for name, word, expanded in settings:
            if word is not None and (found := bad_variable(name, "".join([argument.text for argument in expanded]))):
                self.record.event(*self.text.span(word.start, word.end), *found)
        words = [argument for word in command.words for argument in self.expand(word)]
        if len(words) > _MANY:
            self.record.count(len(words) // 10)
        call, wrapped = unwrap(words)
        for argument in wrapped:
            name, _, value = argument.text.partition("=")
            if found := bad_variable(name, value):
                self.record.event(argument.start, argument.end, *found)
        if call is None or call.name in _DECLARES:
            for name, word, expanded in settings:
                self._assign(name, word, expanded)
        if call is None:
            return self._written(NOTHING, targets)
        start, end = self.text.span(command.start, command.end)
        function = self.state.functions.get(call.program.text)
        if function is not None and self.record.is_inert(function):
            self.record.called(call.program.text)
            printed = NOTHING
        elif function is not None and self.depth < _DEEPEST:
            printed = self._call_function(call.program.text, function, words[1:] if words and words[0] is call.program else list(call.arguments), stream)
            if not printed:
                printed = run_call(self, call, stream, (start, end), piped=piped, function=True)
        else:
            printed = run_call(self, call, stream, (start, end), piped=piped)
        return self._written(printed, targets)

    def _assign(self, name: str, word: Word | None, expanded: list[Argument]) -> None:
        flow = joined(expanded)
        array = word.parts[-1] if word is not None and word.parts and word.parts[-1].kind == "array" else None
        if array is None or word is None:
            text = "".join([argument.text for argument in expanded])
            source = word.content(self.text) if word is not None and " " in text and word.is_literal else None
            self.state.assign(name, text, flow, source=source)
        else:
            known = self.state.variables.get(name) if len(word.parts) > 1 else None
            items = [*(known.items or () if known else ()), *(argument for element in array.words for argument in self.expand(element))][:_MOST]
            self.state.assign(name, items[0].text if items else "", flow + joined(items), tuple(items))
        if name == "PATH":
            on_path(self.state, self.state.variables["PATH"].text if name in self.state.variables else "")

    def _call_function(self, name: str, function: Function, arguments: list[Argument], stream: Flow) -> Flow:
        self.record.called(name)
        before, self.state.positional = self.state.positional, tuple(arguments)
        del self.state.functions[name]  # while it runs: no endless recursion
        inner = Evaluator(self.record, self.state, function.text, self.depth + 1)
        inner.forgiven = self.forgiven
        printed = NOTHING
        for block in function.body.blocks:
            printed = printed + inner.block(block, stream)
        self.state.functions.setdefault(name, function)
        self.state.positional = before
        return printed

    def _redirections(self, redirections: Sequence[Redirection], stream: Flow) -> tuple[Flow, list[tuple[Argument, bool]]]:
        """What a command reads, and the files that its output goes to; True for those that it is added to."""
        targets = []
        for redirection in redirections:
            if redirection.heredoc is not None:
                stream = self._heredoc(redirection.heredoc)
            expanded = self.expand(redirection.target) if redirection.target is not None else []
            if not expanded:
                continue
            target, operator = expanded[0], redirection.operator
            if operator == "<<<":
                stream = target.flow + Flow(text=target.text, code=(target.source,) if target.source else ())
            elif operator == "<":
                stream = target.flow if target.channel else self.state.note(target.text)._replace(contents=self.state.find(target.text), stored=True)
            elif operator in _WRITES and redirection.descriptor in ("", "1", "&") and not target.text.isdigit():
                targets.append((target, operator.endswith(">>")))
        return stream, targets

    def _heredoc(self, word: Word) -> Flow:
        flow = NOTHING
        for part in word.parts:
            if part.kind != "literal":
                flow = flow + self._part(part)[1]
        text = "".join([argument.text for argument in self.expand(word)])
        return Flow(flow.contents, flow.digests, text[:_LONGEST], (word.content(self.text),))

    def _written(self, printed: Flow, targets: Sequence[tuple[Argument, bool]]) -> Flow:
        """Store what was printed in the files it was sent to; returns what is left for the pipe."""
        for target, added in targets:
            if not target.channel:  # else > >(sh)
                store(self, target, printed, added=added)
        return NOTHING if targets else printed

    def expand(self, word: Word) -> list[Argument]:
        """The words that a word becomes. What only the running script knows stays as it is written."""
        parts = word.parts
        if len(parts) == 1 and parts[0].kind == "literal":
            return self.record.literal(word, self.text)
        start, end = self.text.span(word.start, word.end)
        if len(parts) == 1:
            part = parts[0]
            if part.kind == "variable" and part.name in ("@", "*") and self.state.positional is not None:
                return list(self.state.positional)
            value = self.state.variables.get(part.name) if part.kind == "variable" else None
            if value is not None and value.items is not None and "[" in part.text:
                return self._elements(part, value.items)
            text, flow = self._part(part)
            source = value.source if value is not None and value.text == text else None
            if part.kind == "variable" and not part.quoted and " " in text and not text.startswith("${"):
                return _split(text, start, end, source)
            written = (word, self.text) if part.quoted or part.kind == "command" else None
            return [Argument(text, start, end, source or written, flow, part.kind == "process")]
        texts, flow = [], NOTHING
        for part in parts:
            if part.kind == "literal":
                texts.append(part.text)
            else:
                text, brought = self._part(part)
                texts.append(text)
                flow = flow + brought
        return [Argument("".join(texts)[:_LONGEST], start, end, (word, self.text), flow)]

    @staticmethod
    def _elements(part: Part, items: tuple[Argument, ...]) -> list[Argument]:
        """`${a[@]}`, `${a[1]}`, `${#a[@]}`."""
        if part.operator:
            return []
        index = part.text.partition("[")[2].partition("]")[0]
        if index in ("@", "*"):
            return list(items)
        return list(items[int(index) :][:1]) if index.isdigit() and len(index) < 4 else []

    def _part(self, part: Part) -> tuple[str, Flow]:
        """Text and content of an expansion."""
        if part.kind == "variable":
            return self._variable(part)
        if part.kind in ("command", "process"):
            if self.depth >= _DEEPEST:
                return part.text, NOTHING
            self.depth += 1
            directory = self.state.directory
            printed = self.block(part.body, NOTHING)
            self.state.directory = directory
            self.depth -= 1
            text = printed.text.rstrip("\n")
            known = text if text and not printed.contents and "\n" not in text and part.kind == "command" else part.text
            return known, printed._replace(text="", code=())
        return part.text, NOTHING

    def _variable(self, part: Part) -> tuple[str, Flow]:
        positional = self.state.positional
        if part.name.isdigit() and positional is not None:
            index = int(part.name[:4]) - 1
            if 0 <= index < len(positional):
                return _operate(positional[index].text, part), positional[index].flow
        if part.name in ("@", "*") and positional is not None:
            return " ".join([argument.text for argument in positional])[:_LONGEST], NOTHING
        value = self.state.variables.get(part.name)
        if value is not None:
            return _operate(value.text, part), value.flow
        if part.operator in (":-", "-", ":=", "=") and part.default is not None:
            expanded = self.expand(part.default)
            if expanded:
                return "".join(argument.text for argument in expanded), expanded[0].flow
        return (f"${{{part.name}}}" if not part.operator and part.name else part.text), NOTHING


_PIECES = re.compile(r"\S+")


def _split(text: str, start: int, end: int, source: MappedText | None) -> list[Argument]:
    """The words of a variable without quotes around it."""
    if source is None or not text.isascii():
        return [Argument(piece, start, end) for piece in text.split()[:200]]
    pieces = islice(_PIECES.finditer(text), 200)
    return [Argument(piece[0], start, end, source.slice(piece.start(), piece.end())) for piece in pieces]


def _operate(text: str, part: Part) -> str:
    """The operators that cut a path or URL down to its last part and the like; others are left unknown."""
    if not part.operator or part.operator in (":-", "-", ":=", "=", ":?", "?"):
        return text
    pattern = part.default.text if part.default is not None else ""
    if part.operator == "##" and pattern == "*/":
        return text.rsplit("/", 1)[-1]
    if part.operator in ("%", "%%") and pattern and not any(char in pattern for char in "*?[$"):
        return text.removesuffix(pattern)
    if part.operator in ("#", "##") and pattern and not any(char in pattern for char in "*?[$"):
        return text.removeprefix(pattern)
    if part.operator == "%" and pattern == "/*":
        return text.rsplit("/", 1)[0]
    return f"{text}{part.operator}{pattern}"


def _forgives(following: Sequence[Pipeline]) -> bool:
    """Whether what comes after `||` hides the failure: `true`, `:`, or a mere message that is the end of it."""
    if not following or len(following[0].commands) != 1:
        return False
    command = following[0].commands[0]
    if not isinstance(command, Command) or not command.words:
        return False
    name = command.words[0].text
    return name in ("true", ":") or name in _FORGIVING and following[0].after not in ("&&", "||")
