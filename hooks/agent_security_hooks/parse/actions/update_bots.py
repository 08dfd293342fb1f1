"""What bots and hooks keep up to date: the entries of a Dependabot configuration and the repositories of a pre-commit configuration.

Sources: https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference and https://pre-commit.com/#plugins
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.workflow import own, string, strings
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

COOLDOWN_DAYS = 7
"""Days after which most malicious releases have been found and taken down; the number that zizmor asks for, too."""
ENTRIES = 2_000
"""Entries of one file that are looked at."""

_DEPENDABOT = Pattern(rb"(?i)(?:^|/)\.github/dependabot\.ya?ml$")
_NUMBER = frozenset("0123456789")


def is_dependabot(path: str) -> bool:
    """Whether a file of this path configures Dependabot."""
    return _DEPENDABOT.search(path.encode("utf-8", "surrogateescape")) is not None


def is_pre_commit(path: str) -> bool:
    """Whether a file of this path configures pre-commit."""
    return path.rsplit("/", 1)[-1].lower() in (".pre-commit-config.yaml", ".pre-commit-config.yml")


class Update(NamedTuple):
    """One entry of `updates:` in a Dependabot configuration."""

    ecosystem: str
    node: Node
    value: Node
    """The value of `package-ecosystem`, or the entry where it has none."""
    directories: tuple[str, ...]
    problem: str
    """What is wrong with its cooldown, "" when nothing is."""
    place: Node
    """What the problem is about."""
    missing: bool
    """Whether there is no cooldown at all."""


class Dependabot(NamedTuple):
    """A Dependabot configuration. `key` is that of `updates`."""

    key: Node
    updates: tuple[Update, ...]


def read_dependabot(file: Source) -> Dependabot | None:
    """A view: the entries of a Dependabot configuration; None for another file, and for one that has no list of them."""
    if not is_dependabot(file.path):
        return None
    from agent_security_hooks.parse.ci_config import read_documents

    for root in file.view(read_documents).roots:
        found = root.own.get("updates") if root.kind == "map" else None
        if found is not None:
            return Dependabot(found[0], tuple(_update(node) for node in islice(found[1].resolved.elements(), ENTRIES) if node.kind == "map"))
    return None


def _update(node: Node) -> Update:
    value = own(node, "package-ecosystem")
    directories = tuple(item.value for key in ("directory", "directories") for item in strings(own(node, key)))
    problem, place = _cooldown_problem(node)
    return Update(string(value).strip().lower(), node, value or node, directories, problem, place or value or node, place is None and problem != "")


def _cooldown_problem(node: Node) -> tuple[str, Node | None]:
    """What is wrong with the waiting time of an entry and where; no place where it has none."""
    # Without version updates there is nothing to wait for: a cooldown never holds security updates back.
    if string(own(node, "open-pull-requests-limit")).strip() == "0":
        return "", None
    cooldown = node.get("cooldown")
    if cooldown is None or cooldown.is_null:
        return "takes new versions on the day they appear", None
    if cooldown.kind != "map":
        return "has a cooldown that is no mapping", cooldown
    if any(item.value.strip() == "*" for item in strings(own(cooldown, "exclude"))):
        return "excludes everything from its cooldown", own(cooldown, "exclude")
    default = own(cooldown, "default-days")
    if default is None:
        # Ecosystems with semantic versions can do without a default where all three kinds have a number of their own.
        kinds = [own(cooldown, f"semver-{kind}-days") for kind in ("major", "minor", "patch")]
        short = next((found for found in kinds if found is None or _days(found) < COOLDOWN_DAYS), cooldown)
        if all(found is not None and _days(found) >= COOLDOWN_DAYS for found in kinds):
            return "", None
        return "has a cooldown without `default-days`", short or cooldown
    if _days(default) < COOLDOWN_DAYS:
        return f"waits {_days(default)} day{'' if _days(default) == 1 else 's'} before it takes a new version", default
    included = strings(own(cooldown, "include"))
    if included and all(item.value.strip() != "*" for item in included):
        return "has a cooldown for some dependencies only", own(cooldown, "include")
    return "", None


def _days(node: Node) -> int:
    text = string(node).strip()
    return int(text) if text and len(text) < 6 and _NUMBER.issuperset(text) else 0


class HookRepository(NamedTuple):
    """One entry of `repos:` in a pre-commit configuration. `kind` of its `rev`: "branch", "tag" or "short" (a SHA that is cut off)."""

    url: str
    revision: str
    kind: str
    node: Node
    """The value of `rev`."""


_SHA = Pattern(rb"[0-9a-fA-F]+\Z")
# A number that begins a word, or follows the v of a version: 1.2.3, v4, ruff-0.1, 24.1a1.
_VERSION = Pattern(rb"(?:^|[^0-9A-Za-z])[vVrR]?[0-9]|^[A-Za-z]{1,20}[0-9]{1,4}\.[0-9]")
_FULL_VERSION = Pattern(rb"[0-9]\.[0-9]{1,9}\.[0-9]")
# A series, which is the name of a branch: 1.x, v2.x, stable-2.
_SERIES = Pattern(
    rb"(?i)(?:^|[./_-])x$|(?:^|[/_-])(?:main|master|head|stable|develop|development|dev|trunk|next|nightly|latest|branch|edge|canary|wip)(?:[/_-]|$)"
)
_NO_REPOSITORIES = ("local", "meta", "builtin")


def read_hook_repositories(file: Source) -> tuple[HookRepository, ...]:
    """A view: the repositories that pre-commit clones at a revision that can move; those at a full SHA are left out."""
    if not is_pre_commit(file.path):
        return ()
    from agent_security_hooks.parse.ci_config import read_documents

    return tuple(found for root in file.view(read_documents).roots for found in _repositories(root))


def _repositories(root: Node) -> Iterator[HookRepository]:
    listed = own(root, "repos") if root.kind == "map" else root  # before pre-commit 1.0 the file was the list
    for node in islice(listed.elements(), ENTRIES) if listed is not None else ():
        url, revision = string(own(node, "repo")).strip(), own(node, "rev") or own(node, "sha")
        if url in _NO_REPOSITORIES or _is_own(url) or revision is None:
            continue
        kind = kind_of_revision(string(revision).strip())
        if kind:
            yield HookRepository(url, string(revision).strip(), kind, revision)


def _is_own(url: str) -> bool:
    """Whether a repository is on the same disk."""
    return not url or url.startswith((".", "/", "~", "file:"))


def kind_of_revision(text: str) -> str:
    """What a git revision is by its looks: "branch", "tag", "short" (an abbreviated SHA); "" for a full SHA and where it is not known."""
    data = text.encode("utf-8", "surrogateescape")
    if not data or b"$" in data or b"{{" in data or b"___" in data:
        return ""
    if _SHA.match(data) and len(data) in (40, 64):
        return ""
    if _SHA.match(data) and 7 <= len(data) < 64 and not data.isdigit() and any(48 <= byte <= 57 for byte in data):
        return "short"
    plain = data.removeprefix(b"refs/tags/")
    if plain != data:
        return "tag"
    if data.startswith(b"refs/heads/") or _SERIES.search(data) and not _FULL_VERSION.search(data):
        return "branch"
    return "tag" if _VERSION.search(data) else "branch"
