"""Whether the program reads settings from the environment, and whether a template says which; and what the history holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.checks.env_files.gitignore import EXAMPLE, IGNORE_FILE, UNKNOWN, exposure, hidden_template
from agent_security_hooks.checks.env_files.places import NOT_OURS, depth_first, listed, note_once
from agent_security_hooks.model import Edit, Hit, excerpt
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, TEMPLATE, role_of

if TYPE_CHECKING:
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

_CODE = re.compile(r"\.(?:py|ipynb|js|mjs|cjs|jsx|ts|mts|cts|tsx|vue|svelte|go|rb|php|rs|java|kt)\Z")
_TESTS = re.compile(r"(?i)(?:^|/)(?:tests?|__tests__|spec|docs?|examples?|scripts|\.github)/|(?:^|[/._-])(?:test|spec|conftest)[^/]*\Z")
_READS = re.compile(
    rb"(?:os\.environ(?:\.get)?[\[(]|os\.getenv\(|getenv\(|process\.env[.\[]|import\.meta\.env\.|Deno\.env\.get\(|os\.Getenv\(|ENV(?:\.fetch)?[\[(]|env\()[\"'`]?"
    rb"([A-Z][A-Z0-9_]{1,60}(?:KEY|TOKEN|SECRET|PASSWORD|PASS|CREDENTIALS|DATABASE_URL|DSN))\b"
)
_FILE_LIMIT = 2000
_SIZE_LIMIT = 1 << 20


class Reading(NamedTuple):
    """The first place where a secret is read from the environment, and the names of those that are read in that file."""

    path: str
    names: list[str]


def reading(repository: Repository) -> Reading | None:
    """A view of the repository: the first tracked program file that reads a secret from the environment."""
    looked = 0
    for path in depth_first(repository.tracked or ()):
        if not _CODE.search(path) or NOT_OURS.search(path) or _TESTS.search(path):
            continue
        looked += 1
        if looked > _FILE_LIMIT:
            break
        source = repository.read(path)
        if source is not None and len(source.data) <= _SIZE_LIMIT and (names := {name.decode() for name in _READS.findall(source.data)}):
            return Reading(path, sorted(names))
    return None


def without_template(file: Source) -> Hit | None:
    """The finding that nobody can tell which variables the program needs."""
    repository = file.repository
    tracked = repository.tracked
    if tracked is None:
        note_once(repository, UNKNOWN)
        return None
    if any("env" in path.lower() and role_of(path) == TEMPLATE for path in tracked):
        return None
    hidden = repository.view(hidden_template)
    if hidden is not None:
        edits: tuple[Edit, ...] = ()
        root = repository.read(IGNORE_FILE)
        exposed = repository.view(exposure)
        if hidden.source == IGNORE_FILE and root is not None and not (exposed and exposed.verdicts):  # else that rule's block does it
            end_of_line = b"\r\n" if b"\r\n" in root.data else b"\n"
            line = (b"" if not root.data or root.data.endswith(b"\n") else end_of_line) + b"!" + EXAMPLE.encode() + end_of_line
            edits = (Edit(len(root.data), len(root.data), line, path=IGNORE_FILE),)
        message = f"{EXAMPLE} cannot be committed: {excerpt(hidden.pattern)} in {hidden.source}:{hidden.line} ignores it"
        return Hit(0, 0, message, f"add !{EXAMPLE} at the end of {hidden.source}", edits)
    used = repository.view(reading)
    if used is None:
        return None
    assignments = " ".join(f"{name}=" for name in used.names[:10])
    message = f"{used.path} reads {listed(used.names)} from the environment, but no {EXAMPLE} tells what to set"
    return Hit(0, 0, message, f"write {EXAMPLE} with the names only: {assignments}")


def in_history(repository: Repository) -> list[str] | None:
    """A view of the repository: env files that were ever added on any branch; None, with a note, where that cannot be told."""
    shallow = repository.git("rev-parse", "--is-shallow-repository")
    if shallow is None or shallow.strip() == b"true":
        why = "this is a shallow clone (git fetch --unshallow)" if shallow is not None else "there is no git repository, or git failed"
        note_once(repository, f"whether an env file is in the history is not verified: {why}")
        return None
    listing = repository.git("log", "--all", "--diff-filter=A", "--no-renames", "--name-only", "-z", "--format=")
    if listing is None:
        note_once(repository, "whether an env file is in the history is not verified: git log failed or took too long")
        return None
    import os

    paths = {os.fsdecode(name).lstrip("\n") for name in listing.split(b"\0") if name.strip()}
    return depth_first(path for path in paths if _is_private(path))


def _is_private(path: str) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return role_of(path) == ENV and "envrc" not in name or role_of(path) == CREDENTIAL and name == ".env.keys"
