"""What the analysis of one file has found: events, downloads, and which functions were called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.downloads.calls import Argument
from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.shell import walk_commands
from agent_security_hooks.parse.urls import insecure_scheme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.parse.downloads.content import Content
    from agent_security_hooks.parse.downloads.state import Function, State
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Compound, Word

_INERT = frozenset("echo printf local return exit : true false [ test tput date shift read".split())
STEPS = 50_000
"""Commands that are run for one file: functions that call each other could make it endless. Some work counts as several."""
_DOWNLOAD = 3
_EVENTS = 5000


class TooMuch(Exception):
    """The script has more commands than are followed, or more is wrong with it than is listed; says which."""


class Record:
    """Collects; `documentation` says that the text is meant to be read, so that nothing of it need stop a commit."""

    __slots__ = (
        "_called",
        "_inert",
        "_literals",
        "_seen",
        "_uncalled",
        "contents",
        "documentation",
        "events",
        "plain",
        "problem",
        "running",
        "steps",
        "unfailing",
    )

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.contents: list[Content] = []
        self.unfailing: list[tuple[Content, tuple[int, bytes], bool]] = []
        self.plain: list[tuple[Content, Event, bool]] = []
        """Downloads over connections that anyone can change; in documentation they count if they are run."""
        self.documentation = False
        self.problem = ""
        """Why commands may have been missed; "" when all were read."""
        self.steps = 0
        self.running: set[int] = set()
        """Where the scripts begin that this one has written and that are being run: none runs itself."""
        self._seen: set[tuple[int, str]] = set()
        self._uncalled: dict[str, State] = {}
        self._called: set[str] = set()
        self._inert: dict[int, tuple[Compound, bool]] = {}
        self._literals: dict[int, tuple[Word, list[Argument]]] = {}

    def literal(self, word: Word, text: MappedText) -> list[Argument]:
        """The argument that a word without expansions is, made once: functions are run again and again."""
        known = self._literals.get(id(word))
        if known is None:
            start, end = text.span(word.start, word.end)
            known = self._literals[id(word)] = (word, [Argument(word.parts[0].text, start, end, (word, text))])
        return known[1]

    def count(self, steps: int = 1) -> None:
        """One more command, or work that takes as long as so many; raises TooMuch."""
        self.steps += steps
        if self.steps > STEPS:
            raise TooMuch("its shell has more commands than are followed")

    def event(self, start: int, end: int, rule: str, message: str, fix: str = "", *, pedantic: bool = False) -> None:
        """Add an event, once for a place and rule."""
        self.add_event(Event(start, end, rule, message, fix, pedantic or self.documentation))

    def add_event(self, event: Event) -> None:
        """Add an event as it is, once for a place and rule."""
        if (event.start, event.rule) not in self._seen:
            self._seen.add((event.start, event.rule))
            self.events.append(event)
            if len(self.events) > _EVENTS:
                raise TooMuch("more is wrong with its shell than is listed")

    def defined(self, state: State, name: str) -> None:
        """A function was defined; if nothing calls it, it is run at the end as its own script."""
        if name not in self._called:
            self._uncalled.setdefault(name, state)

    def is_inert(self, function: Function) -> bool:
        """Whether a function only prints: most calls in a long script are of such, and running them again and again takes time."""
        body = function.body
        if id(body) not in self._inert:
            commands = [command for block in body.blocks for command in walk_commands(block)]
            inert = all(not command.words or command.words[0].is_literal and command.words[0].text in _INERT for command in commands)
            self._inert[id(body)] = (body, inert and not any(redirection.operator in (">", ">>") for c in commands for redirection in c.redirections))
        return self._inert[id(body)][1]

    def called(self, name: str) -> None:
        """A function was called."""
        self._called.add(name)
        self._uncalled.pop(name, None)

    def take_uncalled(self) -> tuple[str, State] | None:
        """A function that was defined and not called, with the state that knows it; each once."""
        if not self._uncalled:
            return None
        name, state = self._uncalled.popitem()
        self._called.add(name)
        return name, state

    def add(self, content: Content, arguments: Iterable[Argument]) -> None:
        """A download was made; `arguments` are those that name where it comes from."""
        self.count(_DOWNLOAD)
        self.contents.append(content)
        content.documentation = self.documentation
        for argument in arguments:
            scheme = insecure_scheme(argument.text)
            if scheme:
                message = f"{content.tool} downloads from {host_of(argument.text)} over {scheme}://, where anyone on the way can change it"
                self.plain.append((content, Event(argument.start, argument.end, "insecure-url", message), self.documentation))

    def check(self, contents: Iterable[Content]) -> None:
        """A checksum or signature of these was verified."""
        for content in contents:
            content.checked = True
            content.installed = content.extracted = content.printed = None

    def save(self, contents: Iterable[Content]) -> None:
        """Content was written to a file."""
        for content in contents:
            self.needs_fail(content)

    def needs_fail(self, content: Content) -> None:
        """Content was written to a file, unpacked or run: if it came by a curl that does not fail, an error page of the server would have been, too."""
        if content.insertion is not None:
            self.unfailing.append((content, content.insertion, self.documentation))
            content.insertion = None
