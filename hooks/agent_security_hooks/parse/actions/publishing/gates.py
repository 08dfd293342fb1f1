"""Whether a text can publish anything at all, by the words of the tables: read before anything is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data.publishers import ACTIONS, COMMANDS, NPM_TELLTALES, TELLTALES
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

_REFERENCE = 200
_LOCAL = Pattern(rb"\buses\b[^./]{0,60}\./")
_APART = bytes(byte if chr(byte).isalnum() or byte > 127 else 32 for byte in range(256))
_WRAPPERS = {b"gradlew": "gradle", b"mvnw": "mvn", b"mvnd": "mvn", b"sbtx": "sbt", b"changesets": "changeset"}
"""What `words.program_of` takes for another program."""


class _Program(NamedTuple):
    """A program with the words of a subcommand, and options of which one must be there."""

    name: str
    words: tuple[str, ...]
    needs: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether all of it is in a text."""
        if self.name not in text:
            return False
        for word in self.words:
            if word not in text:
                return False
        return not self.needs or any(need in text for need in self.needs)


def _table() -> dict[bytes, list[_Program]]:
    """The programs by the first word of their names."""
    table: dict[bytes, list[_Program]] = {}
    for name, tools in COMMANDS.items():
        for tool in tools:
            needs = tuple(option.rpartition("=")[2] for option in tool.needs.split())
            found = _Program(name, tuple(tool.words.split()), (*needs, "type=registry", "push=true") if needs else ())
            table.setdefault(name.encode().translate(_APART).split()[0], []).append(found)
    table.update({wrapper: table[name.encode()] for wrapper, name in _WRAPPERS.items()})
    return table


_TABLE: dict[bytes, list[_Program]] = {}


def _programs(file: Source) -> list[_Program]:
    """A view: the programs that a file may start."""
    if not _TABLE:
        _TABLE.update(_table())
    named = _TABLE.keys() & file.data.translate(_APART).split()
    text = file.text
    return [program for word in named for program in _TABLE[word] if program.is_in(text)]


def starts_publisher(file: Source, text: str) -> bool:
    """Whether a program that publishes can be started in a piece of a file: its name and the words of its subcommand are there."""
    return any(program.is_in(text) for program in file.view(_programs))


def may_publish(file: Source) -> bool:
    """Whether a workflow, an action or a pipeline can publish anything."""
    data = file.data
    if b"@" in data and _names_publisher(data):
        return True
    if file.view(_programs) or b"./" in data and _LOCAL.search(data) is not None:
        return True
    text = file.text
    return any(name in text for name in TELLTALES) or any(name in text for name in NPM_TELLTALES)


def _names_publisher(data: bytes) -> bool:
    """Whether one of the actions that publish stands before an `@`."""
    at = data.find(b"@")
    while at >= 0:
        piece = data[max(0, at - _REFERENCE) : at]
        if b"/" in piece:
            words = piece.split()
            parts = words[-1].decode("ascii", "replace").lower().rpartition(":")[2].lstrip("\"'[{(").split("/") if words else []
            if "/".join(parts[:2]) in ACTIONS or "/".join(parts) in ACTIONS:
                return True
        at = data.find(b"@", at + 1)
    return False


_IDENTITY = (b"attest", b"Attest", b"sigstore", b"cosign", b"rovenance", b"slsa")


def may_need_identity(file: Source) -> bool:
    """Whether something can be signed with the identity of a job."""
    return any(word in file.data for word in _IDENTITY)
