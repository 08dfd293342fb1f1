"""What a Docker build context lets into the image: a Dockerfile that copies everything, and an ignore file that keeps too little back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.checks.env_files.gitignore import append
from agent_security_hooks.checks.env_files.places import is_manifest, join, listed, note_once, parent_of, passed
from agent_security_hooks.model import Hit
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Edit
    from agent_security_hooks.parse.ignore import DockerIgnore
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

DOCKERFILE = re.compile(r"(?i)(?:^|/)(?:[^/]*\.)?(?:dockerfile|containerfile)(?:\.[^/]*)?\Z")
_COPY = re.compile(rb"[ \t]{0,80}(?:ONBUILD[ \t]{1,20})?(?:COPY|ADD)[ \t]{1,80}(?P<rest>[^\r\n]{1,2000})", re.IGNORECASE)
_CONTINUED = re.compile(rb"\\[ \t]{0,20}\r?\n")
# What a build needs its history for: the version comes from git.
_NEEDS_GIT = re.compile(
    rb"\bgit[ \t]+(?:describe|rev-parse|log|submodule)|COPY[ \t]+\.git|\.git/|setuptools[-_]scm|hatch-vcs|versioningit|versioneer|dunamai|poetry-dynamic-versioning|\bpbr\b"
)
_PROBES = (".env", ".env.local", ".env.production.local")
_LINES = {".env": "**/.env", ".env.local": "**/.env.local", ".env.production.local": "**/.env.*.local", ".git": ".git"}
_HEADING = "# Secrets and history stay out of the build context"
_LISTED = 20


class Context(NamedTuple):
    """A build context: the Dockerfile, its directory's path, and the ignore file that counts (present or not)."""

    dockerfile: str
    directory: str
    ignore: str


def contexts(file: Source) -> Iterator[Context]:
    """The contexts that this file decides about: its own for a Dockerfile, those of the Dockerfiles it serves for an ignore file."""
    path = file.path
    name = file.name.lower()
    if DOCKERFILE.search(path) and not name.endswith(".dockerignore"):
        if (context := _context_of(file.repository, path)) is not None:
            yield context
        return
    if not name.endswith(".dockerignore"):
        return
    from agent_security_hooks.parse.disk import names_in

    directory = parent_of(path)
    for other in names_in(file.repository, directory):
        if DOCKERFILE.search(other) and not other.lower().endswith(".dockerignore"):
            context = _context_of(file.repository, join(directory, other))
            if context is not None and context.ignore == path:
                yield context


def _context_of(repository: Repository, dockerfile: str) -> Context | None:
    """The directory a Dockerfile is built in: its own or the repository's root, whichever has what it copies; None when nothing tells."""
    own = parent_of(dockerfile)
    directory: str | None = own
    if own:
        from agent_security_hooks.parse.disk import names_in

        names = names_in(repository, own)
        if not any(is_manifest(name) or name == ".dockerignore" for name in names):
            source = repository.read(dockerfile)
            copied = [name for name in _copied(source) if name not in _BROAD] if source is not None else []
            here, at_root = (sum(repository.exists(join(place, name.strip("/"))) for name in copied) for place in (own, ""))
            directory = own if here > at_root else "" if at_root > here else None
    if directory is None:
        return None
    beside = dockerfile + ".dockerignore"
    return Context(dockerfile, directory, beside if repository.exists(beside) else join(directory, ".dockerignore"))


_BROAD = frozenset((".", "./", "*", "./*", "/", "./."))


def _copied(source: Source) -> Iterator[str]:
    """The sources of every COPY and ADD from the build context."""
    for line in _CONTINUED.sub(b" ", source.data).splitlines():
        match = _COPY.match(line)
        if match is None:
            continue
        words = match["rest"].decode("utf-8", "replace").replace("[", " ").replace("]", " ").replace('"', " ").replace(",", " ").split()
        flags = [word for word in words if word.startswith("--")]
        if not any(flag.startswith("--from") for flag in flags):
            yield from [word for word in words if not word.startswith("--")][:-1]


def broad_copy(source: Source) -> tuple[int, int] | None:
    """Where a Dockerfile copies its whole context."""
    for number in range(1, len(source.line_starts) + 1):
        start = source.line_starts[number - 1]
        line = source.line(number)
        match = _COPY.match(line)
        if match is None:
            continue
        joined = _CONTINUED.sub(b" ", source.data[start : start + 2000])
        words = (_COPY.match(joined) or match)["rest"].decode("utf-8", "replace")
        words = words.replace("[", " ").replace("]", " ").replace('"', " ").replace(",", " ")
        parts = words.split()
        if any(part.startswith("--from") for part in parts):
            continue
        if any(part in _BROAD for part in [part for part in parts if not part.startswith("--")][:-1]):
            return start + len(line) - len(line.lstrip()), start + len(line.rstrip())
    return None


def anchors(repository: Repository, context: Context) -> list[str]:
    """The files that the finding can be anchored to, best first: one ignore file, one finding."""
    return [context.ignore, *repository.view(_leaking_dockerfiles).get(context.ignore, ())]


def _leaking_dockerfiles(repository: Repository) -> dict[str, list[str]]:
    """A view of the repository: ignore file -> the Dockerfiles of this run that copy everything it lets through."""
    found: dict[str, list[str]] = {}
    for path in sorted(repository.view(passed)):
        if DOCKERFILE.search(path) and not path.lower().endswith(".dockerignore"):
            source, context = repository.read(path), _context_of(repository, path)
            if source is not None and context is not None and broad_copy(source) is not None:
                found.setdefault(context.ignore, []).append(path)
    return found


def leaking(file: Source, context: Context) -> Hit | None:
    """The finding that a context lets secrets into the image; None when all is kept back or nothing broad is copied."""
    repository = file.repository
    dockerfile = file if file.path == context.dockerfile else repository.read(context.dockerfile)
    if dockerfile is None or (copy := broad_copy(dockerfile)) is None:
        return None
    from agent_security_hooks.parse.ignore import DockerIgnore

    ignore = file if file.path == context.ignore else repository.read(context.ignore)
    rules = DockerIgnore(ignore.text if ignore is not None else "")
    if rules.errors:
        return None  # the builder stops at such a line
    through = _through(repository, context, rules, dockerfile)
    if not through:
        return None
    lines = list(dict.fromkeys(_LINES.get(path, path) for path in through))
    verb = dockerfile.data[copy[0] : copy[1]].split()[0].decode("ascii", "replace").upper()
    reason = f"{context.ignore} does not exclude {'it' if len(through) == 1 else 'them'}" if ignore is not None else f"there is no {context.ignore}"
    message = f"{verb} of the whole directory in {context.dockerfile} would put {listed(_shown(through), 4)} into the image: {reason}"
    start, end = copy if file is dockerfile else (0, 0)
    return Hit(start, end, message, f"add to {context.ignore}: {', '.join(lines[:6])}{' …' if len(lines) > 6 else ''}", _edit(file, context, ignore, lines))


def _shown(through: list[str]) -> list[str]:
    return [".env.*.local" if path == ".env.production.local" else path for path in through]


def _through(repository: Repository, context: Context, rules: DockerIgnore, dockerfile: Source) -> list[str]:
    """What gets through: env files that exist or are likely to, the history, and files with credentials."""
    from agent_security_hooks.parse.disk import files_below
    from agent_security_hooks.parse.secret_values import real_values

    files, complete = files_below(repository, context.directory)
    if not complete:
        note_once(repository, f"{context.directory or '.'}: too many files in the Docker context; only the first {len(files)} were looked at")
    there = frozenset(files)
    through = [name for name in _PROBES if not rules.ignored(name) and (name not in there or _matters(repository, context, name))]
    if repository.exists(join(context.directory, ".git")) and not rules.ignored(".git") and not rules.ignored(".git/config"):
        manifests = [repository.read(join(context.directory, name)) for name in ("pyproject.toml", "setup.py", "setup.cfg") if name in there]
        if not any(_NEEDS_GIT.search(source.data) for source in (dockerfile, *manifests) if source is not None):
            through.append(".git")
    for path in files:
        if path not in _PROBES and role_of(path) in (ENV, CREDENTIAL) and not rules.ignored(path):
            source = repository.read(join(context.directory, path))
            if source is not None and any(not found.weak for found in source.view(real_values)):
                through.append(path)
                if len(through) == _LISTED:
                    break
    return through


def _matters(repository: Repository, context: Context, name: str) -> bool:
    """Whether an env file that is there holds secrets or is personal; a tracked one without any is part of the program."""
    from agent_security_hooks.parse.secret_values import real_values

    path = join(context.directory, name)
    source = repository.read(path)
    if source is not None and any(not found.weak for found in source.view(real_values)):
        return True
    tracked = repository.tracked
    return tracked is None or path not in tracked


def _edit(file: Source, context: Context, ignore: Source | None, lines: list[str]) -> tuple[Edit, ...]:
    """Append the lines to the ignore file, or write it. Unsafe where it leaves out a file that is there: the build may read it."""
    if ignore is not None and ignore.encoding.startswith("utf-16"):
        return ()
    if any("\n" in line or line.startswith(("#", "!")) for line in lines):
        return ()
    escaped = [line if line in _LINES.values() else re.sub(r"([\\*?\[])", r"\\\1", line) for line in lines]
    edit = append(ignore.data if ignore is not None else b"", [_HEADING, *escaped])
    path = "" if file.path == context.ignore else context.ignore
    return (edit._replace(path=path, safe=all(line in _LINES.values() for line in lines)),)
