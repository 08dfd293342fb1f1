"""Compound commands and pipelines, built up while the commands are read. What does not fit is closed or left out, so that nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.shell.model import Compound, Pipeline

if TYPE_CHECKING:
    from agent_security_hooks.parse.shell.model import Command, Redirection, Word

DEPTH = 100
"""Levels of nested compound commands. What is deeper is taken as if it stood at that level."""

_LOOPS = frozenset(("while", "until", "for"))
_CLOSERS = {"if": "fi", "while": "done", "until": "done", "for": "done", "case": "esac", "group": "}", "subshell": ")", "function": "", "": ""}
_BREAKS = {"then": ("if",), "elif": ("if",), "else": ("if",), "do": ("while", "until")}


class _Line:
    """A pipeline that may go on."""

    __slots__ = ("after", "commands", "negated", "operators")

    def __init__(self, command: Command | Compound, *, negated: bool) -> None:
        self.commands: list[Command | Compound] = [command]
        self.operators: list[str] = []
        self.negated = negated
        self.after = ""


class _Frame:
    """A compound command that is not closed yet."""

    __slots__ = ("blocks", "closer", "counts", "end", "kind", "lines", "name", "negated", "patterns", "start", "words")

    def __init__(self, kind: str, start: int, end: int, *, closer: str = "", negated: bool = False) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.closer = closer or _CLOSERS[kind]
        self.negated = negated
        self.name = ""
        self.words: tuple[Word, ...] = ()
        self.lines: list[_Line] = []
        self.blocks: list[tuple[Pipeline, ...]] = []
        self.patterns: list[tuple[Word, ...]] = []
        self.counts: dict[str, int] = {}

    def block(self) -> None:
        """Ends a block."""
        self.blocks.append(_pipelines(self.lines))
        self.lines = []


class Tree:
    """The tree of one text or substitution. `negated` is set when a `!` was read."""

    __slots__ = ("closed", "counts", "negated", "parentheses", "stack")

    def __init__(self) -> None:
        self.stack = [_Frame("", 0, 0)]
        self.counts: dict[str, int] = {}  # of the words that may close something, back to the last open parenthesis
        self.parentheses = 0
        self.negated = False
        self.closed = False  # a compound command was just closed: redirections belong to it

    def finish(self) -> tuple[Pipeline, ...]:
        """The pipelines, after all that is still open is closed."""
        while len(self.stack) > 1:
            self._pop(-1)
        return _pipelines(self.stack[0].lines)

    def operator(self, sign: str) -> None:
        """One of ; & && || | |& or a newline."""
        self.closed = False
        lines = self.stack[-1].lines
        if not lines:
            return
        line = lines[-1]
        if sign in ("|", "|&"):
            if not line.after and len(line.operators) < len(line.commands):
                line.operators.append(sign)
        elif sign != "\n" or len(line.operators) < len(line.commands):
            line.after = line.after or sign

    def add(self, command: Command | Compound) -> None:
        """Adds a command to what is open."""
        frame = self.stack[-1]
        line = frame.lines[-1] if frame.lines else None
        if line and not line.after and len(line.operators) == len(line.commands):
            line.commands.append(command)
        else:
            frame.lines.append(_Line(command, negated=self.negated))
        self.negated = False
        self.closed = isinstance(command, Compound)
        if frame.kind == "function":
            self._pop(command.end)

    def redirect(self, redirections: list[Redirection]) -> None:
        """Redirections behind the compound command that was just closed."""
        commands = self.stack[-1].lines[-1].commands
        if isinstance(commands[-1], Compound):
            commands[-1] = commands[-1]._replace(end=redirections[-1].end, redirections=(*commands[-1].redirections, *redirections))

    def open(self, kind: str, start: int, end: int, *, name: str = "", words: tuple[Word, ...] = (), closer: str = "") -> None:
        """A compound command begins; its first word or head ends at `end`."""
        frame = _Frame(kind, start, end, closer=closer, negated=self.negated)
        frame.name, frame.words = name, words
        self.negated = self.closed = False
        if len(self.stack) > DEPTH:
            frame.lines = self.stack[-1].lines
        if kind == "subshell":
            self.parentheses += 1
            frame.counts, self.counts = self.counts, {}
        else:
            self.counts[frame.closer] = self.counts.get(frame.closer, 0) + 1
        self.stack.append(frame)

    def middle(self, word: str) -> None:
        """One of then, elif, else, do."""
        frame = self.stack[-1]
        self.closed = False
        if frame.kind in _BREAKS[word] and len(self.stack) <= DEPTH + 1 and (word != "do" or not frame.blocks):
            frame.block()

    def close(self, closer: str, end: int) -> None:
        """One of fi, done, esac, } and ): closes what it belongs to and all that is open in there."""
        if not (self.parentheses if closer == ")" else self.counts.get(closer)):
            return
        while self.stack[-1].closer != closer:
            self._pop(-1)
        self._pop(end)

    def arm(self, patterns: tuple[Word, ...]) -> None:
        """An arm of the innermost case begins."""
        frame = self.stack[-1]
        self.closed = False
        if len(self.stack) <= DEPTH + 1:
            if frame.patterns:
                frame.block()
            frame.patterns.append(patterns)

    def in_case(self) -> bool:
        """Closes what is open in the innermost case; whether there is one."""
        if not self.counts.get("esac"):
            return False
        while self.stack[-1].kind != "case":
            self._pop(-1)
        return True

    def _pop(self, end: int) -> None:
        frame = self.stack.pop()
        if frame.kind == "subshell":
            self.parentheses -= 1
            self.counts = frame.counts
        else:
            self.counts[frame.closer] -= 1
        if len(self.stack) > DEPTH:
            return
        if end < 0:
            end = max(frame.end, frame.lines[-1].commands[-1].end if frame.lines else frame.blocks[-1][-1].end if frame.blocks and frame.blocks[-1] else 0)
        if frame.kind != "case" or frame.patterns or frame.lines:
            frame.block()
        self.negated = frame.negated
        self.add(_compound(frame, end))


def _compound(frame: _Frame, end: int) -> Compound:
    blocks = tuple(frame.blocks)
    redirections: tuple[Redirection, ...] = ()
    if frame.kind == "function" and len(blocks[0]) == 1:
        body = blocks[0][0].commands[0]
        if isinstance(body, Compound) and body.kind == "group":
            blocks, redirections = body.blocks, body.redirections
    return Compound(frame.start, end, frame.kind, frame.name, frame.words, blocks, redirections, tuple(frame.patterns))


def _pipelines(lines: list[_Line]) -> tuple[Pipeline, ...]:
    made = []
    for line in lines:
        commands = line.commands
        made.append(Pipeline(commands[0].start, commands[-1].end, tuple(commands), tuple(line.operators[: len(commands) - 1]), line.negated, line.after))
    return tuple(made)
