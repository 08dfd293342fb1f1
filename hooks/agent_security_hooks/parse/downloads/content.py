"""What was downloaded, and the stream in which it travels: the things that the analysis follows through pipes, variables and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agent_security_hooks.parse.mapped import MappedText


class Content:
    """One download: the command that made it (`start` to `end` in the file), from where, and what has happened to it since."""

    __slots__ = (
        "checked",
        "directory",
        "documentation",
        "end",
        "executed",
        "extracted",
        "insertion",
        "installed",
        "path",
        "printed",
        "reported",
        "start",
        "tool",
        "unpacked_use",
        "urls",
    )

    def __init__(self, tool: str, urls: tuple[str, ...], start: int, end: int, *, checked: bool, insertion: tuple[int, bytes] | None = None) -> None:
        self.tool = tool
        self.urls = urls
        """As written, with known variables filled in; empty where the command names none."""
        self.start = start
        self.end = end
        self.checked = checked
        """A checksum or signature of it was verified, or its address names a commit."""
        self.insertion = insertion
        """For a curl that takes an error page for the file: what to insert where; no bytes where no edit is safe. None once counted, or if it fails."""
        self.path = ""
        """The file it was saved in."""
        self.directory = ""
        """The directory it was unpacked into."""
        self.documentation = False
        """It stands in text that is meant to be read."""
        self.executed = False
        """It was run or unpacked, checked or not."""
        self.installed: tuple[int, int, str] | None = None
        """Where it was made executable or put among the programs, and how that is said; forgotten when a check follows."""
        self.extracted: tuple[int, int] | None = None
        """Where it was unpacked; forgotten when a check follows."""
        self.unpacked_use = False
        """Something that was unpacked from it is run or installed."""
        self.printed: tuple[int, int] | None = None
        """Where a digest of it was computed that nothing has compared so far."""
        self.reported = False


class Digest(NamedTuple):
    """A computed checksum of a download."""

    content: Content
    algorithm: str


class Flow(NamedTuple):
    """What a command writes or a word expands to, as far as it matters."""

    contents: tuple[Content, ...] = ()
    digests: tuple[Digest, ...] = ()
    text: str = ""
    """Words that were printed, with known variables filled in: checksum lines name their file so."""
    code: tuple[MappedText, ...] = ()
    """Literal text of the script, should it reach a shell."""
    filtered: bool = False
    """Parts of the download were picked out (jq, grep), so it is data rather than a program."""
    stored: bool = False
    """It comes out of a file."""

    def __bool__(self) -> bool:
        return bool(self.contents or self.digests or self.text or self.code)

    def __add__(self, other: object) -> Flow:
        if other is NOTHING or not isinstance(other, Flow) or not other:
            return self
        if not self:
            return other
        return Flow(
            tuple(dict.fromkeys((*self.contents, *other.contents)))[:_MOST],
            (*self.digests, *other.digests)[:_MOST],
            f"{self.text} {other.text}"[:_LONGEST],
            (*self.code, *other.code)[:_MOST],
            self.filtered or other.filtered,
            self.stored or other.stored,
        )


_MOST = 40
_LONGEST = 20_000
NOTHING = Flow()
