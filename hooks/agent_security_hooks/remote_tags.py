"""The tags of an action's repository as its server tells them (`git ls-remote`), and the cache of such answers.

Nothing here runs without `--online` but reading the cache, a file of the user: `agent-security-hooks/action-pins.json` below `$XDG_CACHE_HOME`, `~/.cache` or
`%LOCALAPPDATA%`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.actions.uses import is_commit, is_version
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.places import note_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent_security_hooks.repository import Repository

BASE_URL = "https://github.com/"
TIMEOUT_S = 15
REPOSITORIES = 100
"""Repositories that one run asks for at most."""
_CACHE_LIMIT = 4 << 20
_CACHE_VERSION = 1
_TAGS = 2_000
"""Tags of one repository that are kept in the cache, the newest names last."""
_NAME = Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
_KEY = Pattern(r"[a-z0-9_.-]{1,100}/[a-z0-9_.-]{1,100}\Z")
# What git needs to start and to reach a server through a proxy; no other variable may change what it does.
_KEPT = frozenset("PATH SYSTEMROOT COMSPEC TEMP TMP HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE GIT_SSL_CAINFO".split())


class _Session:
    """What one run has asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, str] | None] = {}
        self.out_of_reach = False
        self.cache: dict[str, dict[str, str]] | None = None


def _session(repository: Repository) -> _Session:
    """A view of the repository."""
    return _Session()


def remote_tags(repository: Repository, owner: str, name: str) -> dict[str, str] | None:
    """The tags of `owner/name` with the commits that they stand for; None where the server does not tell. What it tells is kept in the cache."""
    session = repository.view(_session)
    full = f"{owner}/{name}"
    key = full.lower()
    if key in session.answers:
        return session.answers[key]
    if not _NAME.match(full):
        return None
    if session.out_of_reach or len(session.answers) >= REPOSITORIES:
        note_once(
            repository,
            "some actions were not looked up: the server could not be reached"
            if session.out_of_reach
            else f"more than {REPOSITORIES} actions: the rest was not looked up",
        )
        return None
    answer = ask(BASE_URL + full)
    session.answers[key] = answer
    if answer is None:
        # One that is gone or private answers at once; a server that cannot be reached is not asked again.
        note_once(repository, f"git could not list the tags of {excerpt(full, 200)}")
        session.out_of_reach = sum(known is None for known in session.answers.values()) >= 3 and not any(session.answers.values())
    else:
        _remember(repository, key, answer)
    return answer


def ask(url: str) -> dict[str, str] | None:
    """The tags of a repository: of an annotated tag, the commit that it points to. None where git fails."""
    from agent_security_hooks.processes import run

    scheme = url.partition(":")[0]
    settings = (
        "protocol.allow=never",
        f"protocol.{scheme}.allow=always",
        "protocol.ext.allow=never",
        "credential.helper=",
        "core.askPass=",
        "http.followRedirects=initial",
    )
    command = ["git", "-C", os.path.abspath(os.sep), *(part for setting in settings for part in ("-c", setting)), "ls-remote", "--quiet", "--tags", "--", url]
    done = run(command, environment(), timeout=TIMEOUT_S)
    return read_tags(done[1]) if done is not None and done[0] == 0 else None


def environment() -> dict[str, str]:
    """The variables for git: none that could make it read settings, ask for a password or start another program."""
    kept = {key: value for key, value in os.environ.items() if key.upper() in _KEPT}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def read_tags(output: bytes) -> dict[str, str]:
    """The tags in the output of `git ls-remote`; a line with `^{}` gives the commit of an annotated tag and replaces the line of the tag object."""
    tags: dict[str, str] = {}
    peeled: dict[str, str] = {}
    for line in output.split(b"\n"):
        commit, tab, ref = line.decode("utf-8", "replace").rstrip("\r").partition("\t")
        if tab and is_commit(commit) and ref.startswith("refs/tags/"):
            tag = ref[len("refs/tags/") :]
            (peeled if tag.endswith("^{}") else tags)[tag.removesuffix("^{}")] = commit.lower()
    return {**tags, **peeled}


# The cache


def cache_path() -> str:
    """Where the cache is, "" where the user has no place for one."""
    home = os.path.expanduser("~")
    folder = (
        os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else "") or (os.path.join(home, ".cache") if home != "~" else "")
    )
    return os.path.join(folder, "agent-security-hooks", "action-pins.json") if folder and os.path.isabs(folder) else ""


def cached_tags(repository: Repository, name: str) -> Mapping[str, str]:
    """The commits by tag that the cache has for an action (`owner/repo` in lower case)."""
    session = repository.view(_session)
    if session.cache is None:
        session.cache = read_cache()
    return session.cache.get(name, {})


def read_cache() -> dict[str, dict[str, str]]:
    """Commits by tag by action; nothing where the file is not there or not of the right form."""
    path = cache_path()
    if not path or not os.path.lexists(path):
        return {}
    import json

    from agent_security_hooks.source import Skipped, Unreadable, read_bytes

    try:
        content = json.loads(read_bytes(path, _CACHE_LIMIT))
    except (Unreadable, Skipped, ValueError, RecursionError):
        return {}
    pins = content.get("pins") if isinstance(content, dict) and content.get("version") == _CACHE_VERSION else None
    if not isinstance(pins, dict):
        return {}
    return {name: _valid(tags) for name, tags in pins.items() if _KEY.match(name) and isinstance(tags, dict)}


def _valid(tags: Mapping[str, object]) -> dict[str, str]:
    return {tag: commit.lower() for tag, commit in tags.items() if is_version(tag) and isinstance(commit, str) and is_commit(commit)}


def _remember(repository: Repository, name: str, tags: Mapping[str, str]) -> None:
    """Add an answer to the cache; that it cannot be written is no failure."""
    path = cache_path()
    if not path:
        return
    import json

    session = repository.view(_session)
    known = session.cache = read_cache()
    known[name] = dict(sorted(_valid(tags).items())[-_TAGS:])
    content = json.dumps({"version": _CACHE_VERSION, "pins": known}, sort_keys=True, indent=0).encode()
    if len(content) > _CACHE_LIMIT:
        return
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.replace(temporary, path)
    except OSError:
        pass
