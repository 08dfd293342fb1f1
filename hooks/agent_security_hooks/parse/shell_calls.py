"""The programs that a shell script starts, one by one: what `sudo`, `env`, `sh -c`, `xargs` and `find -exec` start is a call of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.shell import Command, Compound, parse_shell
from agent_security_hooks.parse.wrappers import base_name, find_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Part, Pipeline, Redirection, Word

CALL_LIMIT = 50_000
"""Calls of one script that are looked at."""
_SCRIPT_DEPTH = 5
"""Scripts in arguments of scripts that are followed."""
_TREE_DEPTH = 100

_SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))
_XARGS_WITH_VALUE = "aEeIiLlnPsd"
_WRAPPER_LIMIT = 12


class Call(NamedTuple):
    """One program with its arguments, at `start` to `end` of the file. `name` lacks the directory and is empty where it is not known."""

    name: str
    words: tuple[Word, ...]
    start: int
    end: int
    redirections: tuple[Redirection, ...]
    assignments: tuple[tuple[str, Word | None], ...]
    source: MappedText
    """The text that the offsets of words and redirections are in."""
    program: Word | None = None
    wrappers: tuple[Word, ...] = ()
    """The programs that start this one."""
    before: Call | None = None
    """What writes into its standard input."""

    @property
    def texts(self) -> list[str]:
        """The arguments without quotes, expansions as written."""
        return [word.text for word in self.words]

    def place(self, word: Word) -> tuple[int, int]:
        """Where a word stands in the file."""
        return self.source.span(word.start, word.end)


def calls_in(text: MappedText) -> list[Call]:
    """The calls of a script in the order in which they stand there."""
    return read_calls(text)[0]


def read_calls(text: MappedText) -> tuple[list[Call], bool]:
    """The calls of a script, and whether these are all."""
    from itertools import islice

    script = parse_shell(text.data)
    found = list(islice(_pipelines(script, text, (), 0, 0), CALL_LIMIT + 1))
    return found[:CALL_LIMIT], script.complete and len(found) <= CALL_LIMIT


def _script(text: MappedText, depth: int) -> Iterator[Call]:
    yield from _pipelines(parse_shell(text.data), text, (), depth, 0)


def _pipelines(pipelines: Iterable[Pipeline], text: MappedText, outer: tuple[Redirection, ...], scripts: int, depth: int) -> Iterator[Call]:
    if depth > _TREE_DEPTH:
        return
    for pipeline in pipelines:
        before: Call | None = None
        for command in pipeline.commands:
            if isinstance(command, Compound):
                before = None
                inner = command.redirections + outer
                for word in command.words:
                    yield from _substitutions(word.parts, text, scripts, depth)
                for block in command.blocks:
                    yield from _pipelines(block, text, inner, scripts, depth + 1)
                continue
            call = _call(command, text, outer, before)
            yield call
            before = call
            yield from _inner(call, scripts)
            yield from _in_words(command, text, scripts, depth)


def _in_words(command: Command, text: MappedText, scripts: int, depth: int) -> Iterator[Call]:
    words = [*command.words, *(value for _, value in command.assignments if value is not None)]
    words += [word for redirection in command.redirections for word in (redirection.target, redirection.heredoc) if word is not None]
    for word in words:
        yield from _substitutions(word.parts, text, scripts, depth)


def _substitutions(parts: Iterable[Part], text: MappedText, scripts: int, depth: int) -> Iterator[Call]:
    if depth > _TREE_DEPTH:
        return
    for part in parts:
        if part.body:
            yield from _pipelines(part.body, text, (), scripts, depth + 1)
        if part.default is not None:
            yield from _substitutions(part.default.parts, text, scripts, depth + 1)


def _call(command: Command, text: MappedText, outer: tuple[Redirection, ...], before: Call | None) -> Call:
    words, wrappers = _unwrapped(command.words)
    name = base_name(words[0].text) if words and words[0].is_literal else ""
    start, end = text.span(command.start, command.end)
    return Call(
        name, tuple(words[1:]), start, end, command.redirections + outer, command.assignments, text, words[0] if words else None, tuple(wrappers), before
    )


def _unwrapped(words: Sequence[Word]) -> tuple[Sequence[Word], list[Word]]:
    """The words from the program on that is started in the end, and the programs that start it."""
    wrappers: list[Word] = []
    for _ in range(_WRAPPER_LIMIT):
        texts = [word.text for word in words]
        start = find_command(texts)
        position = start.position
        if not position and words:
            position = _after_find(texts) if base_name(texts[0]) == "find" else _after_xargs(texts) if base_name(texts[0]) == "xargs" else 0
        if not 0 < position < len(words):
            break
        if base_name(texts[0]) == "find":
            words = words[: next((at for at, text in enumerate(texts) if at > position and text in (";", "+")), len(words))]
        wrappers += [word for word in words[:position] if base_name(word.text) in start.wrappers] or [words[0]]
        words = words[position:]
    return words, wrappers


def _after_find(texts: Sequence[str]) -> int:
    return next((at + 1 for at, text in enumerate(texts) if text in ("-exec", "-execdir", "-ok", "-okdir")), 0)


def _after_xargs(texts: Sequence[str]) -> int:
    position = 1
    while position < len(texts) and texts[position].startswith("-"):
        text = texts[position]
        position += 2 if len(text) == 2 and text[1] in _XARGS_WITH_VALUE else 1
    return position


def _inner(call: Call, depth: int) -> Iterator[Call]:
    """The calls of a script that stands in an argument: `sh -c "..."`, `eval "..."`, `su app -c "..."`."""
    if depth >= _SCRIPT_DEPTH:
        return
    if call.name in _SHELLS or call.name == "su":
        texts = call.texts
        flag = next(
            (at for at, text in enumerate(texts) if text.startswith("-") and not text.startswith("--") and text.endswith("c") or text == "--command"), None
        )
        scripts = call.words[flag + 1 : flag + 2] if flag is not None else ()
    else:
        scripts = call.words if call.name == "eval" else ()
    for word in scripts:
        yield from _script(word.content(call.source), depth + 1)


def argument_calls(arguments: Sequence[MappedText]) -> Iterator[Call]:
    """The call of a program that no shell starts, and those that it starts in turn: `["sh", "-c", "..."]`."""
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Part, Word

    parts: list[tuple[bytes, int]] = []
    words: list[Word] = []
    size = 0
    for argument in arguments:
        ends = [*argument.starts[1:], len(argument.data)]
        parts += [(argument.data[start:end], place) for start, end, place in zip(argument.starts, ends, argument.places)]
        text = argument.data.decode("utf-8", "surrogateescape")
        end = size + len(argument.data)
        words.append(Word(size, end, (Part("literal", text, quoted=True, start=size, end=end),)))
        parts.append((b" ", argument.place(len(argument.data))))
        size = end + 1
    source = MappedText.join(parts)
    call = _call(Command(0, max(0, size - 1), (), tuple(words), ()), source, (), None)
    yield call
    yield from _inner(call, 0)
