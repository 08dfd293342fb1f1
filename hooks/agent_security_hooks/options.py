"""The command line. Own parser: argparse costs 8 ms at every commit and takes a file named `--help` for an option.

The first argument that exists on disk ends the options: it and all later ones are files, whatever they are called.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from agent_security_hooks.model import excerpt

FORMATS = ("text", "full", "json", "sarif", "github")
RULES_FORMATS = ("text", "json", "markdown")


class UsageError(Exception):
    """The arguments make no sense; the text says what to write instead."""


class Options(NamedTuple):
    """Parsed arguments of one command; `values` holds what was given, by option name without dashes."""

    values: dict[str, list[str]]
    files: list[str]

    def flag(self, name: str) -> bool:
        """Whether the option was given."""
        return name in self.values

    def value(self, name: str, default: str = "") -> str:
        """The last value of the option."""
        return self.values.get(name, [default])[-1]

    def words(self, name: str) -> tuple[str, ...]:
        """All values of a repeatable option, split at commas."""
        return tuple(word.strip() for value in self.values.get(name, ()) for word in value.split(",") if word.strip())


# option -> (placeholder of its value or "", help); the order is that of --help.
CHECK_OPTIONS = {
    "format": ("FORMAT", f"how findings are shown: {', '.join(FORMATS)} (default text)"),
    "output": ("FILE", "write the report to a file instead of standard output"),
    "select": ("RULES", "only these rules (comma-separated, may be repeated)"),
    "ignore": ("RULES", "all but these rules"),
    "pedantic": ("", "also rules and cases that most teams would not want to be stopped by"),
    "min-severity": ("LEVEL", "only findings of low, medium, high or critical severity and above"),
    "fix": ("", "apply the safe fixes"),
    "unsafe-fixes": ("", "with --fix or --diff: also fixes that may change behaviour"),
    "diff": ("", "show what --fix would change; nothing is written"),
    "online": ("", "ask servers for what is not known here, such as the commit of an action's tag (git ls-remote)"),
    "staged-lines": ("", "only findings on lines that this commit (or push) adds"),
    "baseline": ("FILE", "accept the findings recorded there (.agent-security-baseline.json and .secrets.baseline are read by themselves)"),
    "config": ("FILE", "read the configuration from this file"),
    "no-config": ("", "read no configuration and no baseline"),
    "no-ignores": ("", "report what ignore comments hold back, too"),
    "color": ("WHEN", "auto, always or never (NO_COLOR and FORCE_COLOR are honoured)"),
    "quiet": ("", "no summary line"),
    "statistics": ("", "count the findings by rule instead of listing them"),
    "version": ("", "show the version"),
    "help": ("", "show this help"),
}
HOOK_OPTION = {"hook": ("ID", "only this hook (may be repeated)")}
BASELINE_OPTIONS = {
    "detect-secrets": ("", "with write: a .secrets.baseline for detect-secrets instead of one of our own"),
    "output": ("FILE", "the file to write (default: at the root of the repository)"),
    "help": ("", "show this help"),
}
RULES_OPTIONS = {"format": ("FORMAT", f"how rules are shown: {', '.join(RULES_FORMATS)} (default text)"), "help": ("", "show this help")}
_SHORT = {"-q": "--quiet", "-h": "--help", "-V": "--version", "-o": "--output"}
_CHOICES = {"format": FORMATS, "min-severity": ("low", "medium", "high", "critical"), "color": ("auto", "always", "never")}


def parse(arguments: list[str], known: dict[str, tuple[str, str]], choices: dict[str, tuple[str, ...]] = _CHOICES) -> Options:
    """Split arguments into options and files. Raises UsageError with a suggestion for what is unknown."""
    values: dict[str, list[str]] = {}
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if not argument.startswith("-") or os.path.lexists(argument):
            break
        position += 1
        if argument == "--":
            break
        name, equals, value = _SHORT.get(argument, argument).partition("=")
        option = name[2:]
        if not name.startswith("--") or option not in known:
            raise UsageError(f"unknown option {_quote(name)}{_suggestion(option, known)}")
        if known[option][0]:
            if not equals:
                if position == len(arguments):
                    raise UsageError(f"--{option} needs a value: --{option} {known[option][0]}")
                value, position = arguments[position], position + 1
            if option in choices and value not in choices[option]:
                raise UsageError(f"--{option} must be one of {', '.join(choices[option])}")
        elif equals:
            raise UsageError(f"--{option} takes no value")
        values.setdefault(option, []).append(value)
    return Options(values, arguments[position:])


def help_text(usage: str, summary: str, known: dict[str, tuple[str, str]]) -> str:
    """The text of --help."""
    rows = [(f"--{name} {placeholder}".strip(), text) for name, (placeholder, text) in known.items()]
    listing = "\n".join(f"  {left:<22} {text}" for left, text in rows)
    return f"usage: {usage}\n\n{summary}\n\noptions (before the file names):\n{listing}\n\nexit status: 0 clean, 1 findings, 2 something could not be checked\n"


def _quote(name: str) -> str:
    return f'"{excerpt(name)}"'


def _suggestion(option: str, known: dict[str, tuple[str, str]]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(option[:40], known, 1)
    return f" (did you mean --{close[0]}?)" if close else " (see --help)"
