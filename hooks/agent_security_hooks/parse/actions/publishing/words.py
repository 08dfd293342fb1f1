"""Programs behind `python -m`, `npx`, `uv run` and the like, and the options and words that they get."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data.publishers import JAVASCRIPT_PROGRAMS, RUNNER_VALUES, RUNNERS, VALUE_OPTIONS
from agent_security_hooks.parse.wrappers import base_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.shell import Word
    from agent_security_hooks.parse.shell_calls import Call

_RUNNER_DEPTH = 4
_WORDS = 2_000


class Program(NamedTuple):
    """A program and its arguments. `name` lacks directory, version and the endings of wrapper scripts."""

    name: str
    words: Sequence[Word]
    texts: Sequence[str]

    def positional(self) -> list[str]:
        """The words that are neither options nor the values of options that come before a subcommand."""
        with_value = VALUE_OPTIONS.get(self.name, "").split()
        found: list[str] = []
        skip = False
        for text in self.texts:
            if skip:
                skip = False
            elif text.startswith(("-", "+")) and len(text) > 1 and not text.startswith("+publish"):
                skip = text in with_value
            else:
                found.append(text)
        return found

    def values(self, options: str) -> list[tuple[str, Word]]:
        """(value, word) of the options: `--token X`, `--token=X`, `-pX`. The value is "" where it is missing."""
        wanted = options.split()
        found: list[tuple[str, Word]] = []
        for at, text in enumerate(self.texts):
            if not text.startswith("-"):
                continue
            name, equals, value = text.partition("=")
            if equals and name in wanted:
                found.append((value, self.words[at]))
            elif text in wanted and at + 1 < len(self.texts):
                found.append((self.texts[at + 1], self.words[at + 1]))
        return found

    def has(self, options: str) -> bool:
        """Whether one of the options is there; `-p=always` also stands for `-p always`, `--push` for `--push=true`, `--to` for `--to=x`."""
        wanted = options.split()
        pairs = {f"{one}={other}" for one, other in zip(self.texts, self.texts[1:])} if any("=" in option for option in wanted) else set()
        for option in wanted:
            if option in self.texts or option in pairs:
                return True
            if option.startswith("--") and any(text.startswith(option + "=") and text != f"{option}=false" for text in self.texts):
                return True
        return False


def program_of(call: Call) -> Program | None:
    """What a call starts in the end."""
    if not call.name:
        return None
    words = call.words[:_WORDS]
    program = Program(_plain(call.name), words, [word.text for word in words])
    for _ in range(_RUNNER_DEPTH):
        further = _behind(program)
        if further is None:
            break
        program = further
    return program


def _behind(program: Program) -> Program | None:
    if program.name == "python":
        return _python(program)
    if program.name in ("yarn", "pnpm"):
        positional = program.positional()
        if positional and positional[0] in JAVASCRIPT_PROGRAMS:
            at = program.texts.index(positional[0])
            return _from(program, at)
    for start in RUNNERS.get(program.name, ()):
        skipped = _after(program, start.split())
        if skipped is not None:
            at = _past_options(program.texts, skipped)
            return _from(program, at) if at < len(program.texts) else None
    return None


def _from(program: Program, at: int) -> Program:
    return Program(_plain(base_name(program.texts[at])), program.words[at + 1 :], program.texts[at + 1 :])


def _after(program: Program, start: list[str]) -> int | None:
    """Where what follows the runner's own words begins."""
    at = 0
    for word in start:
        at = _past_options(program.texts, at)
        if at >= len(program.texts) or program.texts[at] != word:
            return None
        at += 1
    return at


def _past_options(texts: Sequence[str], at: int) -> int:
    while at < len(texts) and texts[at].startswith("-"):
        if texts[at] == "--":
            return at + 1
        at += 2 if texts[at] in RUNNER_VALUES else 1
    return at


def _python(program: Program) -> Program | None:
    texts = program.texts
    for at, text in enumerate(texts[:20]):
        if text == "-m" and at + 1 < len(texts):
            return Program(_plain(texts[at + 1]), program.words[at + 2 :], texts[at + 2 :])
        if not text.startswith("-"):
            return Program(base_name(text), program.words[at + 1 :], texts[at + 1 :]) if base_name(text) == "setup.py" else None
    return None


def _plain(name: str) -> str:
    """The name without a version (`lerna@8`, `python3.12`), scope, or what wrapper scripts end with."""
    if name.startswith("@") and "/" not in name:
        name = name[1:]  # cmd: do not show the command
    if name.startswith("@"):
        scope, _, rest = name.partition("/")
        name = {"@changesets": "changeset", "@vscode": "vsce", "@semantic-release": rest}.get(scope, rest)
    name = name.partition("@")[0] or name
    name = name.partition("==")[0]
    for start in ("python", "pypy"):
        if name.startswith(start) and not name[len(start) :].strip("0123456789.w"):
            return "python"
    return {
        "py": "python",
        "gradlew": "gradle",
        "gradlew.bat": "gradle",
        "mvnw": "mvn",
        "mvnd": "mvn",
        "mvnw.cmd": "mvn",
        "sbtx": "sbt",
        "cli": "changeset",
    }.get(name, name)
