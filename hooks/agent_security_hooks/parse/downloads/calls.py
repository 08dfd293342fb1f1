"""A simple command with its words resolved, and what is wrapped around it: `sudo -E env A=b timeout 60 curl ...` is a call of curl."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.content import NOTHING
from agent_security_hooks.parse.wrappers import base_name, find_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent_security_hooks.parse.downloads.content import Flow
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Word


class Argument(NamedTuple):
    """One word after expansion. Unknown variables stay as `${NAME}`, so that the same unknown is the same text."""

    text: str
    start: int
    """Offset in the file."""
    end: int
    origin: tuple[Word, MappedText] | MappedText | None = None
    """The word as it was written and the script it stands in, or its text."""
    flow: Flow = NOTHING
    """What its substitutions and variables bring in."""
    channel: bool = False
    """A process substitution: the word names a file with that content."""

    @property
    def source(self) -> MappedText | None:
        """The unquoted word with its places in the file: to be read again by `sh -c`."""
        return self.origin[0].content(self.origin[1]) if isinstance(self.origin, tuple) else self.origin


def joined(arguments: Iterable[Argument]) -> Flow:
    """What the words bring in, together."""
    flow = NOTHING
    for argument in arguments:
        flow = flow + argument.flow
    return flow


class Call(NamedTuple):
    """A program and its arguments. `name` has no directory, but for a script that lies beside this one and only shares its name with a program."""

    name: str
    program: Argument
    arguments: tuple[Argument, ...]

    @property
    def texts(self) -> list[str]:
        """The arguments' texts."""
        return [argument.text for argument in self.arguments]


def unwrap(arguments: Sequence[Argument]) -> tuple[Call | None, list[Argument]]:
    """The call that a command comes to, and the assignments that its wrappers make (`env A=b`, `sudo A=b`); None for nothing but those."""
    words = [argument.text for argument in arguments]
    if words and arguments[0].flow:
        return Call(_name(words[0]), arguments[0], tuple(arguments[1:])), []
    start = find_command(words)
    assignments = [arguments[index] for index in start.assignments]
    if start.position >= len(arguments):
        return None, assignments
    program = arguments[start.position]
    return Call(_name(program.text), program, tuple(arguments[start.position + 1 :])), assignments


def _name(path: str) -> str:
    """`./aws/install` is not install(1), but `venv/bin/pip` is pip."""
    directory, slash, _ = path.rpartition("/")
    return path if slash and not path.startswith(("/", "$", "~")) and not directory.endswith("bin") else base_name(path)
