"""What a Docker build context lets into the image: a Dockerfile that copies everything, and an ignore file that keeps too little back.

Source: https://docs.docker.com/build/concepts/context/ (which ignore file counts) and https://docs.docker.com/reference/dockerfile/#copy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.file_kinds import is_dockerfile
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.places import end_block, is_manifest, join, listed, note_once, parent_of, passed
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.dockerfile import Argument, Instruction
    from agent_security_hooks.parse.ignore import DockerIgnore
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

# What a build needs its history for: the version comes from git.
_NEEDS_GIT = Pattern(
    rb"\bgit[ \t]+(?:describe|rev-parse|log|submodule)|COPY[ \t]+\.git|\.git/|setuptools[-_]scm|hatch-vcs|versioningit|versioneer|dunamai|poetry-dynamic-versioning|\bpbr\b"
)
_PROBES = (".env", ".env.local", ".env.production.local")
_LINES = {".env": "**/.env", ".env.local": "**/.env.local", ".env.production.local": "**/.env.*.local", ".git": ".git"}
_HEADING = "# Secrets and history stay out of the build context"
_LISTED = 20
_EVERYTHING = frozenset((".", "*", "**"))


class Context(NamedTuple):
    """A build context: the Dockerfile, its directory's path, and the ignore file that counts (present or not)."""

    dockerfile: str
    directory: str
    ignore: str


class Copy(NamedTuple):
    """A COPY or ADD of a whole context into the image, with its span in the Dockerfile and what `--exclude` leaves out."""

    keyword: str
    start: int
    end: int
    excludes: tuple[str, ...]


class Leak(NamedTuple):
    """What gets into the image: names as they are shown, the lines that would keep them out, and whether there is an ignore file yet."""

    context: Context
    copy: Copy
    through: tuple[str, ...]
    lines: tuple[str, ...]
    ignore_exists: bool


class Addition(NamedTuple):
    """Bytes to append to the ignore file at `offset`. Unsafe where they leave out a file that is there: the build may read it."""

    offset: int
    text: bytes
    safe: bool


def contexts(file: Source) -> Iterator[Context]:
    """The contexts that this file decides about: its own for a Dockerfile, those of the Dockerfiles it serves for an ignore file."""
    path = file.path
    if is_dockerfile(path):
        if file.view(broad_copy) is not None and (context := context_of(file.repository, path)) is not None:
            yield context
        return
    if not file.name.lower().endswith(".dockerignore"):
        return
    from agent_security_hooks.parse.disk import names_in

    directory = parent_of(path)
    beside = [join(directory, name) for name in names_in(file.repository, directory) if is_dockerfile(name)]
    for dockerfile in dict.fromkeys((*beside, *file.repository.view(_leaking_dockerfiles).get(path, ()))):
        source = file.repository.read(dockerfile)
        if source is not None and source.view(broad_copy) is not None:
            context = context_of(file.repository, dockerfile)
            if context is not None and context.ignore == path:
                yield context


def context_of(repository: Repository, dockerfile: str) -> Context | None:
    """The directory a Dockerfile is built in: what a compose file says, else its own or the repository's root, whichever has what it copies.

    None when nothing tells.
    """
    own = parent_of(dockerfile)
    directory: str | None = _composed(repository, dockerfile)
    if directory is None:
        directory = own
        if not own:
            return _context(repository, dockerfile, own)
        from agent_security_hooks.parse.disk import names_in

        names = names_in(repository, own)
        if not any(is_manifest(name) or name == ".dockerignore" for name in names):
            source = repository.read(dockerfile)
            copied = [name for name in _copied(source) if not _is_whole(name)] if source is not None else []
            here, at_root = (sum(repository.exists(join(place, name.strip("/"))) for name in copied) for place in (own, ""))
            directory = own if here > at_root else "" if at_root > here else None
    return None if directory is None else _context(repository, dockerfile, directory)


def _context(repository: Repository, dockerfile: str, directory: str) -> Context:
    beside = dockerfile + ".dockerignore"
    return Context(dockerfile, directory, beside if repository.exists(beside) else join(directory, ".dockerignore"))


def _composed(repository: Repository, dockerfile: str) -> str | None:
    """The context that a compose file beside the Dockerfile or above it builds it in."""
    known = repository.view(_compose_builds)
    directory = parent_of(dockerfile)
    while True:
        if directory not in known:
            known[directory] = dict(_builds_in(repository, directory))
        if dockerfile in known[directory]:
            return known[directory][dockerfile]
        if not directory:
            return None
        directory = parent_of(directory)


def _compose_builds(repository: Repository) -> dict[str, dict[str, str]]:
    """A view of the repository: for directories that were asked for, the Dockerfiles that compose files there build, with their contexts."""
    return {}


def _builds_in(repository: Repository, directory: str) -> Iterator[tuple[str, str]]:
    from posixpath import normpath

    from agent_security_hooks.parse.disk import names_in
    from agent_security_hooks.parse.file_kinds import is_compose

    for name in names_in(repository, directory):
        source = repository.read(join(directory, name)) if is_compose(name) else None
        if source is None or b"build" not in source.data:
            continue
        from agent_security_hooks.parse.compose import interpolate
        from agent_security_hooks.parse.containers import read_containers

        for container in source.view(read_containers).containers:
            build = container.node.get("build")
            if build is None:
                continue
            context, dockerfile = (build, None) if build.kind == "scalar" else (build.get("context"), build.get("dockerfile"))
            place, file = (interpolate(node.value) if node is not None else default for node, default in ((context, "."), (dockerfile, "Dockerfile")))
            place = normpath(join(directory, place))
            path = normpath(join(place, file))
            if not place.startswith(("..", "/")) and "://" not in place:
                yield path, "" if place == "." else place


def copied_from_context(instruction: Instruction, stage: Stage | None = None, outer: Instruction | None = None) -> dict[str, Argument]:
    """The paths that a COPY or ADD takes from the build context, with the words that name them; none for another instruction or `--from`.

    With the stage and the instruction as it stands there, variables are replaced by the values that they have without an argument.
    """
    if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from") is not None:
        return {}
    found = {}
    for word in instruction.words[:-1]:
        path: str | None = word.text
        if "$" in word.text and stage is not None and outer is not None:
            from agent_security_hooks.parse.image_stages import resolve, variables_at

            path = resolve(word.text, variables_at(stage, outer), stage.escape)
        path = path or word.text
        if not path.startswith("<<") and "://" not in path:
            found[path] = word
    return found


def _is_whole(path: str) -> bool:
    """Whether a path of the context is all of it."""
    from posixpath import normpath

    return normpath(path.lstrip("/") or ".") in _EVERYTHING


def _copied(source: Source) -> Iterator[str]:
    """The sources of every COPY and ADD from the build context."""
    from agent_security_hooks.parse.dockerfile import read_dockerfile

    for instruction in source.view(read_dockerfile).instructions:
        yield from copied_from_context(instruction.inner or instruction)


def broad_copy(source: Source) -> Copy | None:
    """A view: where a Dockerfile first copies its whole context into the final image or a stage that this is based on.

    What a builder stage copies stays in the builder, unless somebody publishes its cache.
    """
    from agent_security_hooks.parse.image_stages import read_stages

    if not any(word in source.data.upper() for word in (b"COPY", b"ADD")):
        return None
    for stage in source.view(read_stages):
        for outer in stage.instructions if stage.reaches_final else ():
            instruction = outer.inner or outer
            if any(map(_is_whole, copied_from_context(instruction, stage, outer))):
                return Copy(instruction.keyword, outer.start, outer.end, tuple(value.text for value in instruction.flag_values("exclude")))
    return None


def anchors(repository: Repository, context: Context) -> list[str]:
    """The files that a finding about the ignore file can be anchored to, best first: one ignore file, one finding."""
    return [context.ignore, *repository.view(_leaking_dockerfiles).get(context.ignore, ())]


def _leaking_dockerfiles(repository: Repository) -> dict[str, list[str]]:
    """A view of the repository: ignore file -> the Dockerfiles of this run that copy everything it lets through."""
    found: dict[str, list[str]] = {}
    for path in sorted(repository.view(passed)):
        source = repository.read(path) if is_dockerfile(path) else None
        if source is not None and source.view(broad_copy) is not None and (context := context_of(repository, path)) is not None:
            found.setdefault(context.ignore, []).append(path)
    return found


def leak_of(file: Source, context: Context) -> Leak | None:
    """What a context lets into the image; None when all is kept back or nothing broad is copied. `file` is read in place of what is on disk."""
    repository = file.repository
    dockerfile = file if file.path == context.dockerfile else repository.read(context.dockerfile)
    if dockerfile is None or (copy := dockerfile.view(broad_copy)) is None:
        return None
    from agent_security_hooks.parse.ignore import DockerIgnore

    ignore = file if file.path == context.ignore else repository.read(context.ignore)
    rules = DockerIgnore(ignore.text if ignore is not None else "")
    if rules.errors:
        return None  # the builder stops at such a line
    through = _through(repository, context, [rules, DockerIgnore("\n".join(copy.excludes))], dockerfile)
    if not through:
        return None
    lines = tuple(dict.fromkeys(_LINES.get(path, path) for path in through))
    shown = tuple(".env.*.local" if path == ".env.production.local" else path for path in through)
    return Leak(context, copy, shown, lines, ignore is not None)


def guess_leak(file: Source) -> Leak | None:
    """What gets into the image whether a Dockerfile is built in its own directory or at the root, when nothing tells which."""
    here = parent_of(file.path)
    leaks = [leak_of(file, Context(file.path, place, join(place, ".dockerignore"))) for place in dict.fromkeys((here, ""))]
    return leaks[0] if all(leaks) else None


def message_of(leak: Leak) -> str:
    """What is wrong, for the user."""
    ignore = leak.context.ignore
    reason = f"{ignore} does not exclude {'it' if len(leak.through) == 1 else 'them'}" if leak.ignore_exists else f"there is no {ignore}"
    return f"{leak.copy.keyword} of the whole directory in {leak.context.dockerfile} would put {listed(leak.through, 4)} into the image: {reason}"


def remedy_of(leak: Leak) -> str:
    """How to mend it, for the user."""
    return f"add to {leak.context.ignore}: {', '.join(leak.lines[:6])}{' …' if len(leak.lines) > 6 else ''}"


def addition(file: Source, leak: Leak) -> Addition | None:
    """What to append to the ignore file, or to write into a new one; None where that is not possible."""
    ignore = file if file.path == leak.context.ignore else file.repository.read(leak.context.ignore)
    if ignore is not None and ignore.encoding.startswith(("utf-16", "utf-32")):
        return None
    if any("\n" in line or line.startswith(("#", "!")) for line in leak.lines):
        return None
    own = set(_LINES.values())
    escaped = [line if line in own else re.sub(r"([\\*?\[])", r"\\\1", line) for line in leak.lines]
    data = ignore.data if ignore is not None else b""
    return Addition(len(data), end_block(data, [_HEADING, *escaped]), all(line in own for line in leak.lines))


def _through(repository: Repository, context: Context, ignores: list[DockerIgnore], dockerfile: Source) -> list[str]:
    """What gets through: env files that exist or are likely to, the history, and files with credentials."""
    from agent_security_hooks.parse.disk import files_below
    from agent_security_hooks.parse.secret_values import real_values

    def ignored(path: str) -> bool:
        return any(rules.ignored(path) for rules in ignores)

    files, complete = files_below(repository, context.directory)
    if not complete:
        note_once(repository, f"{context.directory or '.'}: too many files in the Docker context; only the first {len(files)} were looked at")
    there = frozenset(files)
    through = [name for name in _PROBES if not ignored(name) and (name not in there or _matters(repository, context, name))]
    if repository.exists(join(context.directory, ".git")) and not ignored(".git") and not ignored(".git/config"):
        manifests = [repository.read(join(context.directory, name)) for name in ("pyproject.toml", "setup.py", "setup.cfg") if name in there]
        if not any(_NEEDS_GIT.search(source.data) for source in (dockerfile, *manifests) if source is not None):
            through.append(".git")
    for path in files:
        if path not in _PROBES and role_of(path) in (ENV, CREDENTIAL) and not ignored(path):
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
