"""What git itself would do with env files: one `ls-files` and one `check-ignore` answer for the whole repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.checks.env_files.places import (
    NOT_OURS,
    depth_first,
    is_manifest,
    is_other_manifest,
    join,
    listed,
    note_once,
    parent_of,
    passed,
)
from agent_security_hooks.model import Edit, Hit, excerpt
from agent_security_hooks.parse.places import end_block
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, TEMPLATE, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.parse.ignore import IgnoreRules
    from agent_security_hooks.repository import IgnoreVerdict, Repository
    from agent_security_hooks.source import Source

IGNORE_FILE = ".gitignore"
EXAMPLE = ".env.example"
# Probed name -> the pattern that covers it.
_PROBES = {".env": ".env", ".env.local": ".env.local", ".env.production.local": ".env.*.local", ".env.development.local": ".env.*.local"}
_HEADING = "# Environment files: secrets stay out of git"
_MAX_DIRECTORIES = 2000
_MAX_SUSPECTS = 200
UNKNOWN = "git cannot tell what is tracked and ignored here (outside a repository, or git failed), so whether env files would be committed is not verified"


class Exposure(NamedTuple):
    """What git would add. `verdicts` are those of env files that nothing of the repository ignores; `hidden` those of hidden templates."""

    verdicts: list[IgnoreVerdict]
    hidden: list[IgnoreVerdict]
    anchors: list[str]
    """Files that a finding can be anchored to, best first."""


def settled(repository: Repository) -> bool:
    """A view of the repository: whether git need not be asked.

    No ignore file is among the files of this run, and those on disk cover the root and the directory of every file that could be an anchor.
    """
    from agent_security_hooks.parse.ignore import IgnoreRules

    anchors = _anchors(repository.view(passed))
    if repository.root is None or any(path.rsplit("/", 1)[-1] == IGNORE_FILE for path in anchors):
        return False
    directories = {"", *map(parent_of, anchors)}
    above = {"/".join(parts[:depth]) for parts in (path.split("/") for path in directories) for depth in range(len(parts) + 1)}
    sources = ((directory, repository.read(join(directory, IGNORE_FILE))) for directory in above)
    rules = IgnoreRules((directory, source.text) for directory, source in sources if source is not None and source.encoding in ("utf-8", "utf-8-sig"))
    return all(rules.ignored(join(directory, name)) for directory in directories for name in _PROBES)


def exposure(repository: Repository) -> Exposure | None:
    """A view of the repository; None, with a note, where git does not know."""
    tracked = repository.tracked
    if tracked is None:
        note_once(repository, UNKNOWN)
        return None
    has_template = any("env" in path.lower() and role_of(path) == TEMPLATE for path in tracked)
    manifests = [path for path in tracked if is_manifest(path) and not NOT_OURS.search(path)]
    if not manifests and has_template:
        manifests = [path for path in tracked if is_other_manifest(path) and not NOT_OURS.search(path)]
    if not manifests:
        return Exposure([], [], [])
    # A directory that is not on disk (a sparse checkout) can neither hold an env file nor the ignore file against it.
    directories = [path for path in depth_first({"", *map(parent_of, manifests)}) if repository.exists(path)][:_MAX_DIRECTORIES]
    # What is tracked already is another rule's business, and may be without secrets on purpose.
    probes = [path for directory in directories for name in (*_PROBES, EXAMPLE) if (path := join(directory, name)) not in tracked]
    verdicts = repository.check_ignore(probes)
    if verdicts is None:
        note_once(repository, UNKNOWN)
        return None
    exposed = [verdict for verdict in verdicts if not verdict.path.endswith(EXAMPLE) and not (verdict.ignored and _is_shared(verdict.source))]
    hidden = [] if has_template else [verdict for verdict in verdicts if verdict.path.endswith(EXAMPLE) and verdict.ignored and _is_shared(verdict.source)]
    return Exposure(exposed, hidden, _anchors(repository.view(passed)))


def hidden_template(repository: Repository) -> IgnoreVerdict | None:
    """The verdict that keeps the root's template out of git; None where nothing does or git does not know."""
    found = repository.view(exposure)
    if found is None:
        return None
    verdicts = found.hidden if found.anchors else repository.check_ignore([EXAMPLE]) or []
    return next((verdict for verdict in verdicts if verdict.path == EXAMPLE and verdict.ignored and _is_shared(verdict.source)), None)


def _is_shared(source: str) -> bool:
    """Whether a pattern is in a file that all clones have, not in .git/info/exclude or a personal file."""
    return source.rsplit("/", 1)[-1] == IGNORE_FILE and not source.startswith("/")


def _anchors(given: Iterable[str]) -> list[str]:
    """The root's ignore file, other ones, manifests, env files."""
    ranks = ((path, _rank(path)) for path in given)
    return [path for path, rank in sorted(ranks, key=lambda pair: (pair[1], pair[0].count("/"), pair[0])) if rank < _NO_ANCHOR]


_NO_ANCHOR = 3


def _rank(path: str) -> int:
    if path.rsplit("/", 1)[-1] == IGNORE_FILE:
        return 0
    return 1 if is_manifest(path) else 2 if role_of(path) in (ENV, TEMPLATE) else _NO_ANCHOR


def missing(file: Source, found: Exposure) -> Hit | None:
    """The finding that env files would be committed, for the file that it is anchored to."""
    if not found.verdicts:
        return None
    first = found.verdicts[0]
    directory = parent_of(first.path)
    names = listed(join(directory, _PROBES[verdict.path.rsplit("/", 1)[-1]]) for verdict in found.verdicts if parent_of(verdict.path) == directory)
    others = len({parent_of(verdict.path) for verdict in found.verdicts}) - 1
    where = f" (and {others} more director{'ies' if others > 1 else 'y'} alike)" if others else ""
    undone = next((verdict for verdict in found.verdicts if verdict.pattern.startswith("!") and _is_shared(verdict.source)), None)
    root = file if file.path == IGNORE_FILE else file.repository.read(IGNORE_FILE)
    message = f"git would add {names}{where}: {_reason(first, undone, root)}"
    if root is not None and root.encoding.startswith("utf-16"):
        return Hit(0, 0, message, "save .gitignore as UTF-8")
    if undone is not None and undone.source != IGNORE_FILE:
        return Hit(0, 0, message, f"delete line {undone.line} of {undone.source}, {excerpt(undone.pattern)}")
    edits, lines = _block(file, root, found)
    return Hit(0, 0, message, f"add to .gitignore: {', '.join(lines)}" if lines else "", edits)


def _reason(first: IgnoreVerdict, undone: IgnoreVerdict | None, root: Source | None) -> str:
    if undone is not None:
        return f"{excerpt(undone.pattern)} in {undone.source}:{undone.line} lets it through"
    if first.ignored:
        return f"only {'/'.join(first.source.rsplit('/', 2)[-2:])} ignores it, on this machine alone"
    if root is None:
        return "there is no .gitignore"
    near = next(((number, text) for number, text in enumerate(root.text.split("\n"), 1) if ".env" in text and not text.startswith(("#", "!"))), None)
    if near is not None:
        return f"{_shown(near[1])} in .gitignore:{near[0]} does not cover that"
    return "no pattern in .gitignore covers that"


def _block(file: Source, root: Source | None, found: Exposure) -> tuple[tuple[Edit, ...], list[str]]:
    """The edits of the root's .gitignore that protect everything exposed, and the lines that they add."""
    data = root.data if root is not None else b""
    repairs = [edit for hit in ineffective_lines(root) for edit in hit.edits] if root is not None else []
    rules = _rules_after(data, repairs) if repairs else None
    exposed: dict[str, list[str]] = {}
    for verdict in found.verdicts:
        exposed.setdefault(_PROBES[verdict.path.rsplit("/", 1)[-1]], []).append(verdict.path)
    needed = (pattern for pattern in dict.fromkeys(_PROBES.values()) if pattern in exposed)
    lines = [pattern for pattern in needed if rules is None or not all(map(rules.ignored, exposed[pattern]))]
    if any(verdict.source == IGNORE_FILE for verdict in found.hidden) or rules is not None and rules.ignored(EXAMPLE):
        lines.append("!" + EXAMPLE)
    edits = list(repairs)
    if lines:
        edits.append(append(data, [_HEADING, *lines]))
    mended = [line.strip() for edit in repairs for line in edit.replacement.decode("utf-8", "replace").split("\n") if not line.startswith("#")]
    path = "" if file.path == IGNORE_FILE else IGNORE_FILE
    return tuple(edit._replace(path=path) for edit in edits), [*mended, *lines]


def append(data: bytes, lines: Iterable[str]) -> Edit:
    """Add a block of lines at the end of an ignore file, in the file's own line ends."""
    return Edit(len(data), len(data), end_block(data, lines))


def _rules_after(data: bytes, edits: Iterable[Edit]) -> IgnoreRules:
    """The rules of the root's ignore file once its broken lines are mended."""
    from agent_security_hooks.parse.ignore import IgnoreRules

    parts, position = [], 0
    for edit in sorted(edits):
        parts += [data[position : edit.start], edit.replacement]
        position = edit.end
    parts.append(data[position:])
    return IgnoreRules([("", b"".join(parts).decode("utf-8", "surrogateescape"))])


# Lines that cannot work

_COMMENT_AFTER = re.compile(r"(?P<pattern>[^\s#!][^\s#]{0,200})[ \t]{1,200}(?P<comment>#.*)\Z")
_SEVERAL = re.compile(r"[^\s#!,][^\s#,]{0,200}(?:(?:[ \t]{1,20}|,[ \t]{0,20})[^\s#!,][^\s#,]{0,200}){1,20}\Z")
_QUOTED = re.compile(r"([\"'`])([^\"'`\s]{1,200})\1\Z")


def ineffective_lines(file: Source) -> Iterator[Hit]:
    """The lines of a .gitignore that look as if they kept a secret file out of git, and do not."""
    if file.encoding.startswith(("utf-16", "utf-32")):
        if file.data.strip():
            shown = file.encoding.partition("-without")[0].upper()
            yield Hit(0, 0, f"this .gitignore is {shown}: git reads UTF-8, so none of its lines works", "save it as UTF-8")
        return
    lines = [(number, file.line(number).decode("utf-8", "surrogateescape")) for number in range(1, len(file.line_starts) + 1)]
    suspects = [(number, line, found) for number, line in lines if line and line[0] != "#" and (found := _mend(line)) is not None]
    if not suspects:
        return
    from agent_security_hooks.parse.ignore import IgnoreRules

    directory = parent_of(file.path)
    rules = IgnoreRules([("", file.text)])
    end_of_line = "\r\n" if b"\r\n" in file.data else "\n"
    for number, line, (why, mended) in suspects[:_MAX_SUSPECTS]:
        patterns = [text for text in mended if not text.startswith("#")]
        if all(rules.ignored(_sample(pattern)) for pattern in patterns):
            continue  # another line does what this one cannot
        if line.rstrip().endswith("/") and _is_directory(file.repository, join(directory, patterns[0].strip("/"))):
            continue
        start = file.line_starts[number - 1]
        end = start + len(file.line(number))
        replacement = end_of_line.join(mended).encode("utf-8", "surrogateescape")
        yield Hit(
            start,
            end,
            f"{_shown(line)} ignores nothing: {why}",
            excerpt(f"write {' and, on the next line, '.join('the comment' if text.startswith('#') else text for text in mended)}", 200),
            (Edit(start, end, replacement),),
        )


def _shown(line: str) -> str:
    """A line of an ignore file as messages show it: its pattern; of a comment only that it is one, since people write passwords into them."""
    pattern, mark, _ = f" {line.strip()}".partition(" #")
    return excerpt(f"{pattern.strip()} # …".strip() if mark else pattern.strip())


def _mend(line: str) -> tuple[str, list[str]] | None:
    """Why the line cannot work, and the lines to write instead; None where it can or is not about secrets."""
    bare = line.strip(" \t")
    if match := _COMMENT_AFTER.match(bare):
        if _is_secret(match["pattern"]):
            return "a comment needs a line of its own, so this is one long name", [match["comment"].rstrip(), match["pattern"]]
        return None
    if (match := _QUOTED.match(bare)) and _is_secret(match[2]):
        return "git takes the quotes as part of the name", [match[2]]
    if _SEVERAL.match(bare):
        names = re.split(r"[ \t,]+", bare)
        return ("git takes one pattern a line", names) if all(map(_is_secret, names)) else None
    if not _is_secret(bare):
        return None
    if line[0] in " \t":
        return "git takes the blank before it as part of the name", [bare]
    if line.rstrip(" ").endswith("\t"):
        return "git takes the tab after it as part of the name", [bare]
    if bare.startswith("./"):
        return "no path that git compares begins with ./", [bare[1:]]
    if bare.endswith("/") and role_of(_sample(bare.rstrip("/"))) in (ENV, TEMPLATE):
        return "with the last slash it is about a directory, and this is a file", [bare.rstrip("/")]
    return None


def _is_secret(pattern: str) -> bool:
    if pattern.startswith("!"):
        return False
    return any(role_of(_sample(text)) in (ENV, CREDENTIAL) for text in (pattern.rstrip("/"), pattern))


def _sample(pattern: str) -> str:
    """A path that the pattern is meant for."""
    path = pattern.removeprefix("./").replace("**/", "").replace("*", "x").lstrip("/")
    path = path.replace(".envx", ".env")
    return path + "x" if path.endswith("/") else path


def _is_directory(repository: Repository, relative: str) -> bool:
    import os

    return os.path.isdir(repository.absolute(relative))
