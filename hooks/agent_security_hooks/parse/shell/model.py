"""The tree of a shell script. All offsets are into the bytes that were parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.parse.mapped import MappedText


class Part(NamedTuple):
    """A piece of a word.

    `kind` is literal, variable (`$x`, `${x:-y}`), command (`$(..)`, `` `..` ``), process (`<(..)`), arithmetic (`$((..))`, `$[..]`) or
    array (the `(x y)` of `a=(x y)`, with its elements in `words`). A literal's text stands as it is at `start` to `end`: escapes and quotes
    begin a new part. Only an escape in `$'..'` is decoded. `quoted`: in quotes, or behind a backslash.
    """

    kind: str
    text: str
    quoted: bool = False
    name: str = ""
    operator: str = ""
    default: Word | None = None
    body: tuple[Pipeline, ...] = ()
    start: int = 0
    end: int = 0
    words: tuple[Word, ...] = ()


class Word:
    """One word of a command, the value of an assignment, or the body of a heredoc."""

    __slots__ = ("end", "parts", "start")

    def __init__(self, start: int, end: int, parts: tuple[Part, ...]) -> None:
        self.start = start
        self.end = end
        self.parts = parts

    @property
    def text(self) -> str:
        """The word without its quotes; expansions as they are written."""
        parts = self.parts
        return parts[0].text if len(parts) == 1 else "".join([part.text for part in parts])

    @property
    def is_literal(self) -> bool:
        """Nothing in it is expanded."""
        return all([part.kind == "literal" for part in self.parts])  # noqa: C419  a list is faster for one or two parts

    def content(self, text: MappedText) -> MappedText:
        """`.text` with the place of each of its bytes in the file; `text` is what was parsed."""
        from agent_security_hooks.parse.mapped import MappedText

        pieces: list[tuple[bytes, int]] = []
        for part in self.parts:
            data = part.text.encode("utf-8", "surrogateescape")
            if data == text.data[part.start : part.end]:
                cut = text.slice(part.start, part.end)
                ends = [*cut.starts[1:], len(data)]
                pieces.extend((data[start:end], place) for start, end, place in zip(cut.starts, ends, cut.places))
            else:
                pieces.append((data, text.place(part.start)))
        return MappedText.join(pieces)

    def __repr__(self) -> str:
        return f"Word({self.text!r})"


class Redirection(NamedTuple):
    """`descriptor` is empty for the operator's default. `heredoc` is the body; it holds expansions unless the delimiter is quoted."""

    start: int
    end: int
    descriptor: str
    operator: str
    target: Word | None = None
    heredoc: Word | None = None


class Command(NamedTuple):
    """A simple command. `a+=b` gives the value `${a}b`; the arguments of `export` and its like that assign are in `assignments` as well."""

    start: int
    end: int
    assignments: tuple[tuple[str, Word | None], ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]


class Compound(NamedTuple):
    """A group, subshell, if, while, until, for, case, function, test (`[[ ]]`) or arithmetic (`(( ))`, and the head of `for (( ))`).

    `blocks` of an if: condition, commands, condition, commands, ..., commands of the else; of a while: condition, commands; of a case: one
    for each arm, whose patterns are in `patterns`. `words`: what a for goes through, what a case looks at, what is in `[[ ]]`.
    """

    start: int
    end: int
    kind: str
    name: str
    words: tuple[Word, ...]
    blocks: tuple[tuple[Pipeline, ...], ...]
    redirections: tuple[Redirection, ...]
    patterns: tuple[tuple[Word, ...], ...] = ()


class Pipeline(NamedTuple):
    """Commands joined by `operators` (`|`, `|&`); one alone is a pipeline too. `after` is what follows it: ; & && || newline, or nothing."""

    start: int
    end: int
    commands: tuple[Command | Compound, ...]
    operators: tuple[str, ...] = ()
    negated: bool = False
    after: str = ""


class Script(tuple[Pipeline, ...]):  # noqa: SLOT001  a tuple has no room for slots
    """The pipelines of a script. `complete`: the text was read to its end, and not too much for that. `unended`: a heredoc lacks its delimiter."""

    complete = True
    unended = False


def walk_commands(pipelines: Iterable[Pipeline]) -> Iterator[Command]:
    """Every simple command anywhere: in blocks, substitutions, arrays and heredocs too. A command comes before those inside its words."""
    for item in _walk(pipelines):
        if isinstance(item, Command):
            yield item


def statements(pipelines: Iterable[Pipeline]) -> Iterator[Pipeline]:
    """Every pipeline anywhere, in the order of `walk_commands`."""
    for item in _walk(pipelines):
        if isinstance(item, Pipeline):
            yield item


def _walk(items: Iterable[object]) -> Iterator[object]:
    stack = [*items][::-1]
    while stack:
        item = stack.pop()
        below: list[object]
        if isinstance(item, Word):
            below = [part for part in item.parts if part.kind != "literal"]
        elif isinstance(item, Part):
            below = [item.default, *item.words, *item.body]
        elif isinstance(item, Command):
            below = [*[word for _, word in item.assignments], *item.words, *item.redirections]
        elif isinstance(item, Redirection):
            below = [item.target, item.heredoc]
        elif isinstance(item, Pipeline):
            below = [*item.commands]
        elif isinstance(item, Compound):
            below = [*item.words]
            for patterns in item.patterns:
                below += patterns
            for block in item.blocks:
                below += block
            below += item.redirections
        else:
            continue
        yield item
        stack.extend(below[::-1])
