"""Command-line options as programs read them: which take a value, which stand alone, which may be clustered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.downloads.calls import Argument


class Grammar(NamedTuple):
    """How one program reads its options.

    `short` holds the letters that take a value, `long` the names that do; `clusters` says whether `-sSL` is three options,
    `abbreviated` whether a long name may be cut as long as it is unique (GNU getopt). `single` names long options with one dash.
    """

    short: str = ""
    long: frozenset[str] = frozenset()
    clusters: bool = True
    abbreviated: bool = False
    single: frozenset[str] = frozenset()


class Option(NamedTuple):
    """One option as given: its name without dashes, its value (empty for a switch) and the argument that holds the name."""

    name: str
    value: str
    argument: Argument
    value_argument: Argument | None

    @property
    def shown(self) -> str:
        """The option as one would write it; a value only where it says no more than yes or no."""
        switch = ("-" if len(self.name) == 1 else "--") + self.name
        return f"{switch}={self.value}" if self.value.lower() in ("false", "no") else switch


class Options(NamedTuple):
    """What a command line came to."""

    given: tuple[Option, ...]
    positional: tuple[Argument, ...]

    def has(self, *names: str) -> bool:
        """Whether one of the options was given."""
        return any(option.name in names for option in self.given)

    def find(self, *names: str) -> Option | None:
        """The last of the options that was given."""
        return next((option for option in reversed(self.given) if option.name in names), None)

    def values(self, *names: str) -> list[str]:
        """The values of the options, in order."""
        return [option.value for option in self.given if option.name in names]


def read_options(arguments: Sequence[Argument], grammar: Grammar) -> Options:
    """Split the arguments of a program (without its name) into options and the rest."""
    given: list[Option] = []
    positional: list[Argument] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        text = argument.text
        position += 1
        following = arguments[position] if position < len(arguments) else None
        if text == "--":
            positional += arguments[position:]
            break
        if len(text) < 2 or text[0] != "-":
            positional.append(argument)
        elif text[1] == "-" or text[1:].partition("=")[0] in grammar.single:
            name, equals, value = text.lstrip("-").partition("=")
            name = _long_name(name, grammar)
            takes = name in grammar.long and not equals and following is not None
            given.append(Option(name, following.text if takes and following else value, argument, following if takes else argument if equals else None))
            position += takes
        else:
            position += _read_cluster(argument, following, grammar, given)
    return Options(tuple(given), tuple(positional))


def _long_name(name: str, grammar: Grammar) -> str:
    if grammar.abbreviated and name not in grammar.long and len(name) > 3:
        return next((full for full in sorted(grammar.long) if full.startswith(name)), name)
    return name


def _read_cluster(argument: Argument, following: Argument | None, grammar: Grammar, given: list[Option]) -> bool:
    """Read `-Lko file` or `-ofile`; says whether the next argument was used up."""
    text = argument.text
    if not grammar.clusters:
        takes = text[1:] in grammar.short.split(" ") and following is not None
        given.append(Option(text[1:], following.text if takes and following else "", argument, following if takes else None))
        return takes
    for at in range(1, min(len(text), 60)):
        letter = text[at]
        if letter not in grammar.short:
            given.append(Option(letter, "", argument, None))
            continue
        rest = text[at + 1 :]
        if rest or following is None:
            given.append(Option(letter, rest, argument, argument))
            return False
        given.append(Option(letter, following.text, argument, following))
        return True
    return False
