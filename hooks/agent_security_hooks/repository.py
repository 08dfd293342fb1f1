"""What git knows of the scanned tree: its root, tracked files, ignore verdicts, staged content.

Every call is one short-lived git process that starts no program of the repository: file system monitors and hooks are
switched off and bare repositories inside the tree are not trusted. Where git is missing or fails, facts are unknown
(None), never "clean".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from agent_security_hooks import processes
from agent_security_hooks.source import TEXT_LIMIT, Skipped, Source, Unreadable, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

T = TypeVar("T")

# Set by git itself while it runs a hook or a worktree command; everything else named GIT_* could redirect our calls.
_GIT_VARIABLES = tuple(
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_EXEC_PATH GIT_CONFIG_".split()
)
_TIMEOUT_S = 10
_STAGED_BATCH = 4
"""Staged content is held in memory all at once: at most this many times the limit of one file."""


class IgnoreVerdict(NamedTuple):
    """What git's ignore rules say of one path: the deciding pattern and its place, all empty where none matches."""

    path: str
    source: str
    line: int
    pattern: str

    @property
    def ignored(self) -> bool:
        """Whether the path is ignored; a `!` pattern decides but does not ignore."""
        return bool(self.pattern) and not self.pattern.startswith("!")


class Repository:
    """The git work tree around a directory; `root` is None outside of one."""

    def __init__(self, directory: str = ".") -> None:
        self.directory = os.path.abspath(directory)
        self.root = _find_root(self.directory)
        self.limit = TEXT_LIMIT
        self.notes: list[str] = []
        self.passed: Sequence[str] = ()
        """The files of this run as they were named: a finding about several files is anchored to one of these."""
        self.online = False
        """Whether servers may be asked: `--online`."""
        self.action_policies: Sequence[tuple[str, str]] = ()
        """What is asked of references to actions that match a pattern, as the configuration says it: (`owner/*`, "hash", "tag" or "any")."""
        self._views: dict[object, object] = {}
        self._tracked: frozenset[str] | bool | None = False
        self._sources: dict[str, Source | None] = {}
        self._escapes: dict[str, bool] = {}
        self._environment: dict[str, str] | None = None

    def reopened(self) -> Repository:
        """The same repository with nothing remembered, for a second look after files were changed."""
        again = Repository(self.directory)
        again.limit = self.limit
        again.passed = self.passed
        again.online = self.online
        again.action_policies = self.action_policies
        return again

    def view(self, build: Callable[[Repository], T]) -> T:
        """`build(self)`, computed on first use and shared by all rules and files of the run."""
        if build not in self._views:
            self._views[build] = build(self)
        return self._views[build]  # type: ignore[return-value]

    def relative(self, path: str) -> str | None:
        """The path from the root, with `/`; None outside the repository."""
        if self.root is None:
            return None
        full = os.path.normpath(os.path.join(self.directory, path))
        root = self.root if self.root.endswith(os.sep) else self.root + os.sep
        return full[len(root) :].replace(os.sep, "/") if full.startswith(root) else None

    def name(self, path: str) -> str:
        """The path from the root; outside of the repository, as it was named."""
        return self.relative(path) or os.path.normpath(path).replace(os.sep, "/")

    def absolute(self, relative: str) -> str:
        """Where a path from the root is on disk (from the directory when outside a repository)."""
        return os.path.join(self.root or self.directory, relative)

    def read(self, relative: str) -> Source | None:
        """Another file of the repository, by its path from the root; None where there is none or it cannot be read."""
        if relative not in self._sources:
            path = self.absolute(relative)
            try:
                self._sources[relative] = None if self.escapes(path) else Source(relative, read_bytes(path, self.limit), self)
            except (Unreadable, Skipped, ValueError):
                self._sources[relative] = None
        return self._sources[relative]

    def known(self, relative: str) -> Source | None:
        """A file that `read` has read before, with what was parsed of it."""
        return self._sources.get(relative)

    def from_here(self, relative: str) -> str:
        """A path from the root as seen from the current directory."""
        if self.root in (None, self.directory):
            return relative
        return os.path.relpath(self.absolute(relative), self.directory)

    def escapes(self, path: str) -> bool:
        """Whether a directory on the way to the file is a symbolic link that leaves the repository."""
        directory = os.path.dirname(os.path.join(self.directory, path))
        if directory not in self._escapes:
            relative = self.relative(path)
            inside = relative is None or "/" not in relative or self.root is None
            self._escapes[directory] = not inside and not _is_below(os.path.realpath(directory), os.path.realpath(self.root or ""))
        return self._escapes[directory]

    def exists(self, relative: str) -> bool:
        """Whether something of that path from the root is on disk."""
        return os.path.lexists(self.absolute(relative))

    @property
    def tracked(self) -> frozenset[str] | None:
        """Paths from the root of all files in the index; None where git cannot tell."""
        if isinstance(self._tracked, bool):
            listing = self.git("ls-files", "-z")
            self._tracked = None if listing is None else frozenset(os.fsdecode(name) for name in listing.split(b"\0") if name)
        return self._tracked

    def list_files(self, below: str = "") -> list[str] | None:
        """Tracked paths below a directory, as seen from the current directory; None where git cannot tell."""
        at_root = os.path.normpath(os.path.join(self.directory, below)) == self.root
        relative = "" if at_root else self.relative(below)
        listing = None if relative is None else self.git("ls-files", "-t", "-z", "--", *([relative] if relative else []))
        if listing is None:
            return None
        entries = [(entry[:1], os.fsdecode(entry[2:])) for entry in listing.split(b"\0") if entry]
        absent = sum(tag == b"S" for tag, _ in entries)
        if absent:
            self.notes.append(f"{absent} tracked files are outside the sparse checkout and were not checked")
        if not entries:
            self.notes.append(f"no tracked files in {below or '.'}: nothing was checked there (git add comes first)")
        return [self.from_here(name) for tag, name in entries if tag != b"S"]

    def check_ignore(self, paths: Sequence[str]) -> list[IgnoreVerdict] | None:
        """Git's own verdict on each path from the root, whether it exists or not, personal ignore files left out."""
        if not paths:
            return []
        output = self.git(
            "-c", f"core.excludesFile={os.devnull}", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin",
            stdin=b"".join(b"./" * path.startswith(":") + os.fsencode(path) + b"\0" for path in paths), ok=(0, 1),
        )  # fmt: skip
        if output is None:
            return None
        fields = [os.fsdecode(field) for field in output.split(b"\0")]
        return [
            IgnoreVerdict(fields[i + 3].removeprefix("./"), fields[i], int(fields[i + 1] or 0), fields[i + 2])
            for i in range(0, len(fields) - 3, 4)
        ]  # fmt: skip

    def staged_content(self, paths: Iterable[str]) -> dict[str, bytes | Unreadable]:
        """Content in the index of those paths (as given) whose work tree file differs from it or is gone, or why it cannot be read."""
        names = {relative: path for path in paths if (relative := self.relative(path)) is not None}
        if not names:
            return {}
        limited = list(names) if len(names) <= 200 else []
        listing = self.git("diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=all", "--", *limited)
        if listing is None:
            self.notes.append("git could not compare the index with the work tree; only the work tree was checked")
            return {}
        fields = listing.split(b"\0")
        blobs: dict[bytes, list[str]] = {}
        for header, name in zip(fields[::2], fields[1::2]):
            parts = header.split(b" ")
            path = names.get(os.fsdecode(name))
            if path is not None and len(parts) >= 5 and parts[2].strip(b"0") and parts[0] != b":160000":
                blobs.setdefault(parts[2], []).append(path)
        return {path: content for blob, content in self._blobs(list(blobs)) for path in blobs[blob]}

    def _blobs(self, names: list[bytes]) -> Iterator[tuple[bytes, bytes | Unreadable]]:
        if not names:
            return
        sizes = self.git("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=b"\n".join(names) + b"\n")
        wanted, room = [], self.limit * _STAGED_BATCH
        for name, size in (line.split(b" ") for line in (sizes or b"").splitlines()):
            if size.isdigit() and int(size) <= min(self.limit, room):
                wanted.append(name)
                room -= int(size)
        read = dict(_split_batch(self.git("cat-file", "--batch", stdin=b"\n".join(wanted) + b"\n") or b"")) if wanted else {}
        for name in names:
            yield name, read.get(name, Unreadable("what is staged differs from the file and is too large or cannot be read"))

    def added_lines(self) -> dict[str, set[int]] | None:
        """Numbers of the lines that this commit adds, by path from the root; those of the push when pre-commit runs for one.

        None where git cannot tell: then every line counts.
        """
        start, end = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
        compared = [f"{start}...{end}"] if start and end and not start.startswith("-") else ["--cached"]
        output = self.git("-c", "core.quotePath=false", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", *compared, "--")
        if output is None:
            self.notes.append("git could not tell which lines are new; all lines were checked")
            return None
        added: dict[str, set[int]] = {}
        path = ""
        for line in output.split(b"\n"):
            if line.startswith(b"+++ "):
                path = _diff_path(line[4:])
            elif line.startswith(b"@@ "):
                first, _, count = line.split(b" ", 3)[2][1:].partition(b",")
                added.setdefault(path, set()).update(range(int(first), int(first) + int(count or 1)))
        return added

    def remote_tags(self, owner: str, name: str) -> dict[str, str] | None:
        """The commits of the tags of a repository on GitHub, asked of its server; None where it does not tell, or where nobody said `--online`."""
        if not self.online:
            return None
        from agent_security_hooks.remote_tags import remote_tags

        return remote_tags(self, owner, name)

    def cached_tags(self, name: str) -> Mapping[str, str]:
        """What earlier answers of servers said of the tags of a repository, `owner/name` in lower case."""
        from agent_security_hooks.remote_tags import cached_tags

        return cached_tags(self, name)

    def git(self, *arguments: str, stdin: bytes | None = None, ok: tuple[int, ...] = (0,)) -> bytes | None:
        """Output of one git command at the root; None outside a repository, without git, or where git fails."""
        if self.root is None:
            return None
        command = ["git", "-C", self.root, "--no-optional-locks", *(["--literal-pathspecs"] if "check-ignore" not in arguments else [])]
        for setting in ("safe.bareRepository=explicit", "core.fsmonitor=false", f"core.hooksPath={os.devnull}"):
            command += ["-c", setting]
        if self._environment is None:
            self._environment = _environment(self.root)
        with _UnlimitedMemory():
            done = processes.run([*command, *arguments], self._environment, stdin or b"", _TIMEOUT_S)
        return done[1] if done is not None and done[0] in ok else None


class _UnlimitedMemory:
    """Lifts this process's own memory limit while git starts: git maps whole packs and would fail under it."""

    def __enter__(self) -> None:
        self._limits = None
        try:
            import resource

            self._limits = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (self._limits[1], self._limits[1]))
        except (ImportError, ValueError, OSError):
            pass

    def __exit__(self, *_: object) -> None:
        if self._limits is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self._limits)


def _environment(root: str) -> dict[str, str]:
    """The environment for git: variables that it sets for its hooks are kept, unless they speak of another repository than this."""
    git_dir = os.environ.get("GIT_DIR")
    kept = _GIT_VARIABLES if not git_dir or _same_path(os.path.join(root, git_dir), _git_directory(root) or git_dir) else ()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith(kept)}
    environment.update(GIT_TERMINAL_PROMPT="0", GIT_NO_LAZY_FETCH="1", LC_ALL="C")
    return environment


def _git_directory(root: str) -> str | None:
    """Where `.git` is or points to; None where the root has none, as a work tree named by GIT_WORK_TREE."""
    path = os.path.join(root, ".git")
    if os.path.isdir(path) or not os.path.lexists(path):
        return path if os.path.isdir(path) else None
    try:
        pointer = os.fsdecode(read_bytes(path, 1 << 14))
    except (Unreadable, Skipped):
        return path
    return os.path.join(root, pointer.removeprefix("gitdir:").strip())


def _find_root(directory: str) -> str | None:
    """The nearest directory at or above with a `.git`, or what GIT_WORK_TREE says if we are in it; no process needed."""
    work_tree = os.environ.get("GIT_WORK_TREE")
    if work_tree and os.environ.get("GIT_DIR") and _is_below(directory, os.path.abspath(work_tree)):
        return os.path.abspath(work_tree)
    while not os.path.lexists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory


def _same_path(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _diff_path(name: bytes) -> str:
    """The path in a `+++ b/path` line; git puts names with odd characters in quotes, with C escapes."""
    if name.startswith(b'"'):
        name = name.rstrip(b"\t\r").strip(b'"').decode("latin-1").encode("latin-1").decode("unicode_escape").encode("latin-1")
    return os.fsdecode(name.rstrip(b"\t").removeprefix(b"b/"))


def _split_batch(output: bytes) -> Iterable[tuple[bytes, bytes]]:
    """(object name, content) of each answer of `git cat-file --batch` (format: gitglossary "BATCH OUTPUT")."""
    position = 0
    while (end := output.find(b"\n", position)) > 0:
        header = output[position:end].split(b" ")
        position = end + 1
        if len(header) == 3 and header[1] == b"blob":
            size = int(header[2])
            yield header[0], output[position : position + size]
            position += size + 1
