"""What a Dockerfile consists of, as the builder sees it. All offsets are into `Source.data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.mapped import MappedText


class Argument(NamedTuple):
    """One word as the builder sees it, and the bytes of the file that it was made of.

    The span of an element of a JSON array leaves out its quotes. Quotes in other words belong to the text, except in flags.
    """

    text: str
    start: int
    end: int


class Heredoc(NamedTuple):
    """A here-document. `start` to `end` are its lines as they stand in the file; `content` lacks leading tabs where `strip_tabs`.

    `expand` is False when the delimiter is quoted: variables are then left alone.
    """

    name: str
    descriptor: int
    strip_tabs: bool
    expand: bool
    content: MappedText
    start: int
    end: int


class Instruction(NamedTuple):
    """One instruction. `keyword` is upper-case; `line` and `end_line` are 1-based and count LF only, as the builder does."""

    keyword: str
    start: int
    end: int
    """Where it ends, heredocs included, the last line end not."""
    line: int
    end_line: int
    flags: tuple[Argument, ...]
    """`--name=value`, quotes and escapes resolved."""
    body: MappedText
    """All after the flags: continuation lines joined, comments and blank lines removed."""
    words: tuple[Argument, ...]
    """Depends on the keyword: elements of the JSON form; words; name, value, name, value (ENV, LABEL); or all of the body as one."""
    is_json: bool
    heredocs: tuple[Heredoc, ...] = ()
    inner: Instruction | None = None
    """What an ONBUILD triggers."""
    original: str = ""
    """The joined line with its heredocs."""

    def flag(self, name: str) -> Argument | None:
        """The value of the first flag of this name (`--name=value`); empty for a flag without a value, None without the flag."""
        return next(self.flag_values(name), None)

    def flag_values(self, name: str) -> Iterator[Argument]:
        """The values of all flags of this name. A span is that of the value alone where it was written without quotes."""
        for text, start, end in self.flags:
            found, equals, value = text[2:].partition("=")
            if found == name:
                plain = equals and end - start == len(text.encode("utf-8", "surrogateescape"))
                yield Argument(value, end - len(value.encode("utf-8", "surrogateescape")) if plain else start, end)


class Directive(NamedTuple):
    """A parser directive (`# syntax=`, `# escape=`, `# check=`) with the span of its value."""

    name: str
    value: str
    start: int
    end: int


class Dockerfile(NamedTuple):
    """A whole file. `problems` are what a builder would refuse, with an offset; the reader goes on behind them."""

    instructions: tuple[Instruction, ...]
    escape: str
    directives: tuple[Directive, ...]
    comments: tuple[tuple[int, int], ...]
    problems: tuple[tuple[str, int], ...]
    complete: bool = True
    """False when the file has more instructions or words than are read."""
