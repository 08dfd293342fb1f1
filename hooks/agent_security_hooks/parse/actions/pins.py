"""Which commit a tag of an action stands for, and which tags a commit has, told without the network.

Asked in this order: the repository's `actions.lock`, other pins of the repository that carry a version comment, the bundled table, the user's cache of
earlier answers; and, only with `--online`, `git ls-remote`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.lock import LOCK_PATH, base_of, lock_of, pin_of
from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.uses import is_commit, is_version, uses_in
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent_security_hooks.parse.actions.lock import Lock
    from agent_security_hooks.parse.actions.uses import Reference
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

TABLE = "the table of known releases"
CACHE = "an earlier answer of the server"
ONLINE = "the server"
FILES = 300
"""Files of one repository in which other pins are looked for."""
LARGEST, TOGETHER = 256 << 10, 4 << 20
"""Bytes of each of these and of all of them; what is beyond is left out."""
_PARTS = 8
"""Parts of a version between dots that are told apart."""
VERSIONS = 50
"""Versions that comments claim of one commit, of which a new one is compared with each."""
_AT_COMMIT = Pattern(rb"@[0-9a-fA-F]{40}")
_BEFORE_NAME = Pattern(rb"[\s\"'{\[,]")
_PLAIN_WORD = Pattern(r"[A-Za-z0-9._/+=:@-]+\Z")
_RELEASE = Pattern(r"[vV]?([0-9]{1,9}(?:\.[0-9]{1,9}){0,4})")
_NUMBER = Pattern(r"[0-9]+")


class Pin(NamedTuple):
    """A commit, the version to write beside it, and who says so."""

    commit: str
    version: str
    source: str


class Release(NamedTuple):
    """One entry of a table: a tag, its commit, and the full tag of the release where `tag` is one that moves, such as v4."""

    tag: str
    commit: str
    full: str = ""


def resolve(file: Source, reference: Reference) -> Pin | None:
    """The commit for the tag of an action, None where nobody knows it or the ref is no tag of a release."""
    if reference.kind != "repository" or reference.host or not is_version(reference.ref.removeprefix("refs/tags/")):
        return None
    known = file.view(_resolved)
    pin = pin_of(reference)
    if pin not in known:
        known[pin] = _ask(file, reference, reference.ref.removeprefix("refs/tags/"))
    return known[pin]


def _resolved(file: Source) -> dict[str, Pin | None]:
    """A view, filled as it is asked for: what tags were resolved to, shared by files with the same lock and the same other pins."""
    pins = _pins_beside(file)
    return pins.resolved.setdefault(lock_of(file) is not None, {}) if file.path in pins.paths else {}


def _ask(file: Source, reference: Reference, tag: str) -> Pin | None:
    for ask in (_from_lock, _from_siblings, _from_table, _from_cache, _from_server):
        found = ask(file, reference, tag)
        if found is not None:
            return found if found.source == ONLINE else found._replace(version=_fullest(file, reference, found))
    return None


def _fullest(file: Source, reference: Reference, pin: Pin) -> str:
    """The version of a pin with all its numbers, where the table knows them."""
    return _fullest_known(reference.name, pin.commit, pin.version)


@lru_cache(maxsize=1024)
def _fullest_known(name: str, commit: str, version: str) -> str:
    longer = [tag for tag in table_tags(name, commit) if is_version(tag) and agrees(tag, version)]
    return max([version, *longer], key=lambda tag: (tag.count("."), tag == version))


def _from_lock(file: Source, reference: Reference, tag: str) -> Pin | None:
    lock = lock_of(file)
    entry = lock.dependencies.get(pin_of(reference)) if lock else None
    if entry is None or not entry.commit:
        return None
    return Pin(entry.commit, entry.tag if is_version(entry.tag) and agrees(entry.tag, tag) else tag, LOCK_PATH.rpartition("/")[2])


def _from_siblings(file: Source, reference: Reference, tag: str) -> Pin | None:
    """Another pin of the same action with that version in its comment, else the newest one within it (v4.2.2 for v4)."""
    known = siblings(file, reference.name)
    for found in (known.exact.get(_bare(tag)), known.newest.get(_bare(tag))):
        if found is not None and found.is_agreed:
            return Pin(found.first.commit, found.first.version, found.first.place)
    return None


def _from_table(file: Source, reference: Reference, tag: str) -> Pin | None:
    return _of_table(reference.name, tag)


@lru_cache(maxsize=1024)
def _of_table(name: str, tag: str) -> Pin | None:
    return _choose(table_of(name), tag, TABLE)


def _from_cache(file: Source, reference: Reference, tag: str) -> Pin | None:
    return _choose([Release(name, commit) for name, commit in file.repository.cached_tags(reference.name).items()], tag, CACHE)


def _from_server(file: Source, reference: Reference, tag: str) -> Pin | None:
    known = file.repository.remote_tags(reference.owner, reference.repository)
    commit = known.get(tag) if known else None
    if known is None or commit is None:
        return None
    names = [name for name, other in known.items() if other == commit and is_version(name) and agrees(name, tag)]
    return Pin(commit, max([tag, *names], key=lambda name: (name.count("."), order(name))), ONLINE)


def _choose(known: Sequence[Release], tag: str, source: str) -> Pin | None:
    """The release of that tag; else the newest known one within it, so v4.2.2 for v4."""
    for release in known:
        if release.tag == tag:
            return Pin(release.commit, release.full or tag, source)
    inside = [release for release in known if not is_prerelease(release.tag) and within(release.tag, tag)]
    newest = max(inside, key=lambda release: order(release.tag), default=None)
    return Pin(newest.commit, newest.tag, source) if newest else None


def same(one: str, other: str) -> bool:
    """Whether two tags differ at most in a leading `v`."""
    return _bare(one) == _bare(other)


def _bare(tag: str) -> str:
    return tag.lower().removeprefix("v")


def within(tag: str, wider: str) -> bool:
    """Whether a tag is a release of a line: v4.2.2 of v4 and of v4.2."""
    return _bare(tag).startswith(_bare(wider) + ".")


def agrees(one: str, other: str) -> bool:
    """Whether two tags can name the same release: v4 and 4.2.2 can, v4.1 and v4.2.2 cannot."""
    return same(one, other) or within(one, other) or within(other, one)


def order(tag: str) -> tuple[int, ...]:
    """The numbers of a tag, for comparing releases; what comes before a release (v2.0.0-rc1) sorts before it."""
    found = _RELEASE.match(tag)
    numbers = [int(number) for number in found[1].split(".")] if found else []
    rest = _NUMBER.findall(tag[found.end() : found.end() + 60]) if found else []
    return (*numbers, *[0] * (5 - len(numbers)), -is_prerelease(tag), *(int(number[:9]) for number in rest[:5]))


def is_prerelease(tag: str) -> bool:
    """Whether a tag holds more than numbers: v2.0.0-rc1."""
    return any(character.isalpha() for character in tag[1:])


def shell_word(text: str) -> str:
    """A word that a shell reads as the text, whatever is in it."""
    return text if _PLAIN_WORD.match(text) else "'" + text.replace("'", "'\\''") + "'"


# Other pins of the same repository


class Sibling(NamedTuple):
    """A pin by a full commit somewhere in the repository. `place` is `ci.yml:12`."""

    place: str
    commit: str
    version: str


class _Claim:
    """The pins whose comments claim one version: the first of them, and whether all are of one commit."""

    __slots__ = ("first", "is_agreed")

    def __init__(self, first: Sibling) -> None:
        self.first = first
        self.is_agreed = True

    def add(self, pin: Sibling) -> None:
        self.is_agreed = self.is_agreed and pin.commit == self.first.commit


class Siblings:
    """The pins of one action, by what is asked of them. Of a version with all its numbers that stands beside two commits, nothing is believed."""

    __slots__ = ("by_commit", "exact", "newest")

    def __init__(self, pins: Sequence[Sibling]) -> None:
        self.by_commit: dict[str, dict[str, Sibling]] = {}
        """By commit the first pin of each version."""
        self.exact: dict[str, _Claim] = {}
        """By version, without the `v`."""
        self.newest: dict[str, _Claim] = {}
        """By what a version begins with (4 and 4.2 for 4.2.2) those of the highest one."""
        versions: dict[str, _Claim] = {}
        for pin in pins:
            if not pin.version:
                continue
            of_commit = self.by_commit.setdefault(pin.commit, {})
            if len(of_commit) < VERSIONS:
                of_commit.setdefault(pin.version.lower(), pin)
            versions.setdefault(pin.version.lower(), _Claim(pin)).add(pin)
        for pin in pins:
            # v4 moves: that it stands beside two commits says nothing against either
            if pin.version and (pin.version.count(".") < 2 or versions[pin.version.lower()].is_agreed):
                self._note(pin)

    def _note(self, pin: Sibling) -> None:
        version = _bare(pin.version)
        self.exact.setdefault(version, _Claim(pin)).add(pin)
        parts = version.split(".")
        for size in range(1, min(len(parts), _PARTS)):
            wider = ".".join(parts[:size])
            found = self.newest.get(wider)
            if found is None or order(pin.version) > order(found.first.version):
                self.newest[wider] = _Claim(pin)
            elif order(pin.version) == order(found.first.version):
                found.add(pin)


class _Pins:
    """The pins below one `.github`; each file is read once, and only when an action is asked for that it names."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.paths = frozenset(source.path for source in sources)
        self.resolved: dict[bool, dict[str, Pin | None]] = {}
        """What tags were resolved to, for files with a lock and without."""
        self._found: dict[str, Siblings] = {}
        self._naming: dict[bytes, list[Source]] = {}
        for source in sources:
            for name in dict.fromkeys(_names_in(source.data)):
                self._naming.setdefault(name, []).append(source)

    def of(self, name: str, file: Source) -> Siblings:
        if name not in self._found:
            self._found[name] = Siblings(self.every(name, file))
        return self._found[name]

    def every(self, name: str, file: Source) -> list[Sibling]:
        """The pins of an action; `file` is one of the files, perhaps, and then has been parsed already."""
        sources = self._naming.get(name.encode(), ())
        same_file = (file if source.path == file.path and source.raw == file.raw else source for source in sources)
        return [pin for source in same_file for pin in source.view(_pins_in).get(name, ())]


def _pins_in(file: Source) -> dict[str, list[Sibling]]:
    """A view: the pins of one file, by action."""
    found: dict[str, list[Sibling]] = {}
    for use in file.view(uses_in):
        reference = use.reference
        if reference.kind == "repository" and reference.is_pinned and not reference.host:
            place = f"{file.name}:{file.line_of(use.node.start)}"
            found.setdefault(reference.name, []).append(Sibling(place, reference.ref.lower(), use.comment.version))
    return found


def siblings(file: Source, name: str) -> Siblings:
    """The pins of an action (`owner/repo` in lower case) in a file and in the workflows and actions beside it."""
    pins = _pins_beside(file)
    if file.path in pins.paths or name not in file.view(_pins_in):
        return pins.of(name, file)
    return remembered(file, ("siblings", name), lambda: Siblings([*pins.every(name, file), *file.view(_pins_in)[name]]))


def pins_of_commit(file: Source, name: str, commit: str) -> Iterable[Sibling]:
    """As `siblings`, those of one commit that carry a version; one for each version."""
    return siblings(file, name).by_commit.get(commit.lower(), {}).values()


def _pins_beside(file: Source) -> _Pins:
    """The pins below the `.github` that a file belongs to, that of the repository where it is in none."""
    known = file.repository.view(_pins)
    base = base_of(file.path)
    if base not in known:
        known[base] = _read_pins(file.repository, base)
    return known[base]


def _pins(repository: Repository) -> dict[str, _Pins]:
    """A view of the repository, filled as it is asked for: the pins by the directory that holds their `.github`."""
    return {}


def _read_pins(repository: Repository, base: str) -> _Pins:
    from itertools import islice

    sources, left = [], TOGETHER
    for path in islice(_paths(repository, base), FILES):
        source = repository.read(path)
        if source is not None and len(source.data) <= min(LARGEST, left):
            left -= len(source.data)
            sources.append(source)
    return _Pins(sources)


def _names_in(data: bytes) -> Iterator[bytes]:
    """What may be `owner/repo` before a full commit, in lower case; only `uses_in` knows for sure."""
    for match in _AT_COMMIT.finditer(data):
        word = _BEFORE_NAME.split(data[max(0, match.start() - 400) : match.start()])[-1]
        yield b"/".join(word.split(b"/")[:2]).lower()


def _paths(repository: Repository, base: str) -> Iterator[str]:
    from agent_security_hooks.parse.actions.workflow import is_action, is_workflow
    from agent_security_hooks.parse.disk import names_in

    for directory in (".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/", ""):
        for name in names_in(repository, (base + directory).rstrip("/")):
            path = f"{base}{directory}{name}"
            if is_workflow(path) or is_action(path):
                yield path
    for directory in directories_in(repository, base + ".github/actions"):
        for name in names_in(repository, directory):
            if is_action(name):
                yield f"{directory}/{name}"


def directories_in(repository: Repository, directory: str) -> list[str]:
    """The directories in a directory (a path from the root), as paths from the root."""
    import os

    try:
        with os.scandir(repository.absolute(directory)) as entries:
            return sorted(f"{directory}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False))[:FILES]
    except OSError:
        return []


# The bundled table


@lru_cache(maxsize=512)
def table_of(name: str) -> Sequence[Release]:
    """The releases of an action (`owner/repo` in lower case) that the bundled table knows."""
    from agent_security_hooks.data.action_pins import PINS

    return tuple(_entries(PINS, name))


def _entries(text: str, name: str) -> Iterator[Release]:
    begin = text.find(f"\n{name}\n")
    if begin < 0 or "\n" in name:
        return
    position = begin + len(name) + 2
    while text.startswith(" ", position):
        end = text.find("\n", position)
        tag, commit, full, *_ = text[position:end].split()
        yield Release(tag, commit, "" if full == "-" else full)
        position = end + 1


def table_tags(name: str, commit: str) -> list[str]:
    """The tags that the bundled table has for a commit of an action."""
    wanted = commit.lower()
    return [tag for release in table_of(name) if release.commit == wanted for tag in (release.full, release.tag) if tag]


def known_tags(lock: Lock | None, name: str, commit: str) -> Iterable[tuple[str, str]]:
    """(tag, who says so) of a commit: the lock's, then the table's; only tags of releases."""
    for tag in lock.tags_of(name, commit) if lock else ():
        if is_version(tag) and not is_commit(tag):
            yield tag, LOCK_PATH.rpartition("/")[2]
    for tag in table_tags(name, commit):
        yield tag, TABLE
