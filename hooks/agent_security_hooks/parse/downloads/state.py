"""What a script knows at one point: which files hold downloads, what variables hold, which functions there are, and where it is."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.content import NOTHING, Flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_security_hooks.parse.downloads.calls import Argument
    from agent_security_hooks.parse.downloads.content import Content
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Compound

_HOME = re.compile(r"\$\{HOME\}|\$HOME(?![A-Za-z0-9_])")
# A directory whose files are found by name or run by the system.
_PROGRAMS = re.compile(r"(?:^|/)(?:s?bin|libexec|cli-plugins|init\.d|profile\.d|cron\.(?:d|hourly|daily|weekly|monthly)|completions?\.d)(?:/|$)")
# Unpacked here, programs of an archive land in a `bin` that is searched.
_PREFIXES = frozenset(("/", "/usr", "/usr/local", "~/.local", "/usr/local/lib/docker", "/opt/homebrew"))
_GLOB = re.compile(r"[*?\[]")
_NAME = re.compile(r"[a-z0-9]+")
# Directories that hold other things than what was unpacked there.
_SHARED = frozenset((".", "", "/", "/tmp", "~"))  # noqa: S108 - nothing is written there
_DIRECTORIES = frozenset("/ . .. ~ /tmp /var/tmp /opt /root /home /srv /usr /usr/local /usr/src /usr/share /etc ~/.local /app /work /workspace /build".split())
_TOO_COMMON = frozenset(
    "the linux x86 amd64 arm64 x64 darwin macos windows tar zip tgz gz xz bz2 download downloads release releases latest http https com org io www github raw "
    "githubusercontent main master dist bin src tmp file files archive package packages install installer setup script scripts data test tests build app".split()
)
_FILES, _VARIABLES, _TREES = 2000, 5000, 200
_TEXT = 8192
_DEEPEST = 50
_SHORTEST = 3
"""Letters of a name that say something."""


class Value(NamedTuple):
    """What a variable holds: its text, what travels in it, the elements of an array, and where its text stands if it is a literal."""

    text: str
    flow: Flow = NOTHING
    items: tuple[Argument, ...] | None = None
    source: MappedText | None = None


class Function(NamedTuple):
    """A function's body and the text that it was read from."""

    body: Compound
    text: MappedText


class Trees:
    """What archives were unpacked into which directories, so that a path can be traced to its archive."""

    __slots__ = ("_by_directory", "_by_start", "_by_word", "_size")

    def __init__(self) -> None:
        self._by_directory: dict[str, Content] = {}
        self._by_word: dict[str, tuple[str, Content]] = {}
        """Words of an archive's name and address, by which its files are known in a directory that holds others."""
        self._by_start: dict[str, tuple[str, Content]] = {}
        """The first letters of such words: `aws/install` came out of awscliv2.zip."""
        self._size = 0

    def __bool__(self) -> bool:
        return self._size > 0

    def copy(self) -> Trees:
        """The same trees."""
        other = Trees()
        other._by_directory = dict(self._by_directory)
        other._by_word = dict(self._by_word)
        other._by_start = dict(self._by_start)
        other._size = self._size
        return other

    def add(self, directory: str, content: Content, archive: str) -> None:
        """An archive was unpacked into a directory."""
        if self._size >= _TREES:
            return
        self._size += 1
        self._by_directory[directory] = content
        texts = [url[:_TEXT].lower() for url in (*content.urls[:10], archive)]
        words = {word for text in texts for word in _NAME.findall(text) if len(word) >= _SHORTEST and not word.isdigit()} - _TOO_COMMON
        for word in sorted(words)[:100]:
            self._by_word[word] = directory, content
            for end in range(_SHORTEST, min(len(word), 20)):
                self._by_start[word[:end]] = directory, content

    def find(self, path: str, first: str) -> Content | None:
        """The archive that a path came out of: by its directory, or in a directory with other files by its name; `first` is where the path as written begins."""
        for directory in self._above(path):
            return self._by_directory[directory]
        for word in _NAME.findall(path.lower())[:50]:
            known = self._by_word.get(word) or (self._by_start.get(word) if word == first and word not in _TOO_COMMON else None)
            if known and (known[0] in (".", "") or path.startswith(known[0].rstrip("/") + "/")):
                return known[1]
        return None

    def in_directory(self, directory: str) -> list[Content]:
        """The archives that were unpacked there or above."""
        return [self._by_directory[above] for above in self._above(directory)]

    def _above(self, path: str) -> Iterator[str]:
        """The path and the directories above it that something was unpacked into, but for those that hold all kinds of things."""
        for _ in range(_DEEPEST):
            if path not in _SHARED and path in self._by_directory:
                yield path
            path = path.rpartition("/")[0]
            if not path:
                return


class State:
    """Changed as commands run; `copy` for what starts from the same point. `count` is told of work beyond that for one command."""

    __slots__ = ("_by_name", "count", "directory", "files", "functions", "notes", "positional", "search", "stack", "trees", "variables", "versions")

    def __init__(self, count: Callable[[int], None]) -> None:
        self.count = count
        self.files: dict[str, tuple[Content, ...]] = {}
        self._by_name: dict[str, dict[str, None]] = {}
        """The paths in `files` by their last part."""
        self.notes: dict[str, Flow] = {}
        """What was printed into files: checksum lists, small scripts."""
        self.trees = Trees()
        self.variables: dict[str, Value] = {}
        self.versions: dict[str, int] = {}
        self.functions: dict[str, Function] = {}
        self.positional: tuple[Argument, ...] | None = None
        self.directory = ""
        self.stack: list[str] = []
        self.search: set[str] = set()
        """The directories on PATH and those above them."""

    def copy(self) -> State:
        """The same knowledge; the downloads themselves are shared."""
        self.count((len(self.files) + len(self.notes) + len(self.variables) + len(self.functions)) // 20)
        other = State(self.count)
        other.files = dict(self.files)
        other._by_name = {name: dict(paths) for name, paths in self._by_name.items()}
        other.notes = dict(self.notes)
        other.trees = self.trees.copy()
        other.variables = dict(self.variables)
        other.versions = dict(self.versions)
        other.functions = dict(self.functions)
        other.positional = self.positional
        other.directory = self.directory
        other.search = set(self.search)
        return other

    def path(self, text: str) -> str:
        """A path as this state knows it: from the directory it is in, without `.` and `..`."""
        text = _HOME.sub("~", text[:4096].replace("\\", "/"))
        if not text.startswith(("/", "~", "${", "$(", "`")) and self.directory and text[1:3] != ":/":
            text = f"{self.directory}/{text}"
        return posixpath.normpath(text) if text else ""

    def assign(self, name: str, text: str | None, flow: Flow = NOTHING, items: tuple[Argument, ...] | None = None, source: MappedText | None = None) -> None:
        """Set a variable. What is not known gets a text of its own, so that two values are never taken for one."""
        if text is None or text.startswith(("$(", "`")):
            version = self.versions[name] = self.versions.get(name, 0) + 1
            text = f"${{{name}}}" if version == 1 else f"${{{name}.{version}}}"
        if name in self.variables or len(self.variables) < _VARIABLES:
            self.variables[name] = Value(text[:_TEXT], flow, items, source)

    def find(self, text: str) -> tuple[Content, ...]:
        """The downloads in the file (or the files, for a pattern) of that name."""
        path = self.path(text)
        found = self.files.get(path)
        if found is None and self.files and _GLOB.search(path):
            return self._matching(path)
        return found or ()

    def _matching(self, pattern: str) -> tuple[Content, ...]:
        from agent_security_hooks.parse.ignore import path_glob

        self.count(len(self.files) // 10)
        try:
            glob = path_glob(pattern[:200])
        except (ValueError, IndexError):
            return ()
        return tuple(content for path, contents in self.files.items() if glob.matches(path) or _GLOB.search(path) for content in contents)

    def find_program(self, text: str) -> tuple[Content, ...]:
        """The downloads in the program that a command word names: a path, or a name that stands for a file here or among the programs."""
        if "/" in text or text.startswith(("~", "$")):
            return self.find(text)
        found = self.files.get(self.path(text))
        if found:
            return found
        paths = self._by_name.get(text, ())
        return next((self.files[path] for path in paths if is_program_directory(posixpath.dirname(path))), ())

    def named(self, name: str) -> tuple[Content, ...]:
        """The downloads in the file of that name that was written last, whatever its directory."""
        paths = self._by_name.get(name)
        return self.files[next(reversed(paths))] if paths else ()

    def note(self, text: str) -> Flow:
        """What was printed into a file."""
        return self.notes.get(self.path(text), NOTHING)

    def write(self, text: str, contents: tuple[Content, ...], note: Flow = NOTHING) -> None:
        """A file was written, or removed if it holds nothing that is known."""
        path = self.path(text)
        self.notes.pop(path, None)
        if note and len(self.notes) < _FILES:
            self.notes[path] = note
        name = posixpath.basename(path)
        if contents:
            if path in self.files or len(self.files) < _FILES:
                self.files[path] = contents
                self._by_name.setdefault(name, {})[path] = None
        elif self.files.pop(path, None) is not None:
            del self._by_name[name][path]

    def unpack(self, text: str, content: Content, archive: str) -> None:
        """An archive was unpacked into a directory."""
        self.trees.add(self.path(text or "."), content, archive)

    def unpacked(self, text: str) -> Content | None:
        """The archive that a path came out of, as far as can be told."""
        if not self.trees:
            return None
        first = text.removeprefix("./").partition("/")[0].lower()
        return self.trees.find(self.path(text), first if len(first) >= _SHORTEST else "")


def is_directory(path: str) -> bool:
    """Whether a path is surely that of a directory and no file."""
    return path in _DIRECTORIES or posixpath.basename(path) in ("bin", "sbin")


def is_program_directory(path: str) -> bool:
    """Whether what lies there is run by its name or by the system."""
    return _PROGRAMS.search(path) is not None


def is_prefix(path: str) -> bool:
    """Whether an archive that is unpacked there puts programs where they are found."""
    return path in _PREFIXES or is_program_directory(path)
