"""Refreshes the table of action pins: `python tests/make_action_pins.py` (network; the release workflow runs it).

For every repository in the table, `git ls-remote` tells the tags of its releases and their commits: of an annotated tag, the commit that it points to. Kept are
the newest releases of each major version and the tags that move with them (v4), each with `git` as its source. Repositories that cannot be reached keep what
they have. The output depends on the answers alone: sorted, without a date. `render` writes what the tests compare with.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agent_security_hooks.data.action_pins import PINS, SOURCES
from agent_security_hooks.parse.actions.pins import is_prerelease, order
from agent_security_hooks.parse.actions.uses import is_version
from agent_security_hooks.remote_tags import BASE_URL, ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hooks", "agent_security_hooks", "data", "action_pins.py")
GIT = "git"
"""The key of the source "asked of the server"."""
ENOUGH = frozenset(("gh-aw", "gh-actions-lock", "self", "code", GIT))
"""Keys of the sources that are enough alone."""
PER_MAJOR = 4
"""Releases of one major version that are kept; of one that is a year old, nobody needs the tenth."""
MAJORS = 6

HEAD = '''"""Commits of the releases of popular actions, and where each is known from.

Under the name of a repository (lower case), one tag a line: the tag, its commit, the full tag where the tag itself moves (else `-`), and the keys of its sources.
Taken in is what two independent sources agree on; files of GitHub itself, the pins of this repository, `code` and `git` are enough alone, and a tag that moves
is taken from a lock where its commit is known by its full tag. What another source contradicts is left out, unless that one is outvoted two to one.
`tests/make_action_pins.py` replaces it by what the servers themselves say.
"""

'''


Table = dict[str, dict[str, tuple[str, str, tuple[str, ...]]]]
"""repository -> tag -> (commit, full tag or "", keys of sources)"""


def read(text: str = PINS) -> Table:
    """The table in the data module."""
    table: Table = {}
    name = ""
    for line in text.split("\n"):
        if line.startswith(" "):
            tag, commit, full, sources = line.split()
            table[name][tag] = (commit, "" if full == "-" else full, tuple(sources.split(",")))
        elif line:
            name = line
            table[name] = {}
    return table


def render(table: Table, sources: Mapping[str, str]) -> str:
    """The data module."""
    used = {key for tags in table.values() for _, _, keys in tags.values() for key in keys}
    lines = [f"    {key!r}: {sources[key]!r},".replace("'", '"') for key in sorted(used)]
    body = [HEAD, "SOURCES = {\n", *(line + "\n" for line in lines), "}\n\n", 'PINS = """\n']
    for name in sorted(table):
        body.append(f"{name}\n")
        for tag in sorted(table[name], key=lambda tag: (order(tag), tag)):
            commit, full, keys = table[name][tag]
            body.append(f" {tag} {commit} {full or '-'} {','.join(sorted(keys))}\n")
    return "".join([*body, '"""\n'])


def choose(tags: Mapping[str, str]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """What of a server's tags goes into the table."""
    exact = [tag for tag in tags if is_version(tag) and not is_prerelease(tag) and tag.count(".") >= 1]
    full = {tag for tag in exact if tag.count(".") >= 2} or set(exact)
    by_major: dict[int, list[str]] = {}
    for tag in sorted(full, key=order, reverse=True):
        by_major.setdefault(order(tag)[0], []).append(tag)
    kept = [tag for major in sorted(by_major, reverse=True)[:MAJORS] for tag in by_major[major][:PER_MAJOR]]
    chosen: dict[str, tuple[str, str, tuple[str, ...]]] = {tag: (tags[tag], "", (GIT,)) for tag in kept}
    for tag in kept:
        for moving in _lines(tag):
            if moving in tags and tags[moving] == tags[tag] and moving not in chosen:
                chosen[moving] = (tags[tag], tag, (GIT,))
    return chosen


def _lines(tag: str) -> Iterable[str]:
    parts = tag.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def main() -> int:
    """Ask, and write the table; 1 where no server answered."""
    table = read()
    answered = 0
    for name in sorted(table):
        tags = ask(BASE_URL + name)
        if tags and (chosen := choose(tags)):
            table[name] = chosen
            answered += 1
        else:
            print(f"{name}: no answer, kept as it is", file=sys.stderr)
    with open(PATH, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(render(table, {**SOURCES, GIT: "git ls-remote, asked of github.com"}))
    return 0 if answered else 1


if __name__ == "__main__":
    sys.exit(main())
