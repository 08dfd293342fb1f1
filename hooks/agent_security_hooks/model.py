"""The words that every part shares: points, rules, hits, findings, edits. Nothing heavy is imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.excerpt import excerpt as excerpt  # noqa: PLC0414 - checks take their words from here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agent_security_hooks.source import Source

SEVERITIES = ("low", "medium", "high", "critical")


class Point(NamedTuple):
    """One of the ten points of the agent security audit; rules inherit its severity."""

    number: int
    title: str
    severity: str


POINTS = {
    point.number: point
    for point in (
        Point(1, "API key storage", "critical"),
        Point(2, "Published package secrets", "critical"),
        Point(3, "Dependency pinning", "high"),
        Point(4, "Download security", "high"),
        Point(5, "Model file safety", "high"),
        Point(6, "Permission scoping", "high"),
        Point(7, "File system and network access", "medium"),
        Point(8, "CI/CD pipeline", "medium"),
        Point(9, "Package signing", "medium"),
        Point(10, "Independent review", "low"),
    )
}


class Edit(NamedTuple):
    """Replace bytes `start` to `end` of a file's text (offsets into `Source.data`).

    `path` names another file by its path from the root (created if absent) when it is not the finding's own.
    An unsafe edit is applied with `--unsafe-fixes` only.
    """

    start: int
    end: int
    replacement: bytes
    safe: bool = True
    path: str = ""


class Hit(NamedTuple):
    """What a rule yields: a span (byte offsets into `Source.data`), what is wrong there and how to mend it.

    An empty `fix` stands for the rule's own. `pedantic` marks a case that most teams would not want to be stopped by.
    """

    start: int
    end: int
    message: str
    fix: str = ""
    edits: tuple[Edit, ...] = ()
    pedantic: bool = False


class Finding(NamedTuple):
    """A hit with its rule and its place; lines and columns are 1-based, columns count code points."""

    hook: str
    rule: str
    point: int
    severity: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    fix: str
    fingerprint: str
    edits: tuple[Edit, ...]
    pedantic: bool
    staged: bool = False
    """Found in what is staged, not in the file."""
    span: tuple[int, int] = (0, 0)
    """Byte offsets into the source's text; no report shows them."""
    covers: str = ""
    """As `Rule.covers`."""
    root_path: str = ""
    """The path from the root of the repository, as in edits; `path` is as the user named the file. No report shows it."""
    artefact: bool = False
    """As `Check.artefacts`."""


class Incomplete(Exception):
    """Raised by a rule that could not look at all of a file; the text says what was left out, and quotes nothing of it."""


class Failure(NamedTuple):
    """Something that could not be checked; it is named on stderr and the run ends with status 2."""

    path: str
    message: str


class Documentation(NamedTuple):
    """The parts of a rule's docstring. `bad` and `good` hold (file name, content) examples."""

    summary: str
    risk: str
    fix: str
    verify: str
    bad: tuple[tuple[str, str], ...]
    good: tuple[tuple[str, str], ...]


class Rule:
    """One thing a hook can object to; made by `Check.rule`.

    `covers` says which findings of other hooks for the same point only repeat a finding of this rule: those in the same "file", those
    within its "span", those within its span or mended by the same "edit" (whatever file they are in), or none ("").
    """

    __slots__ = ("artefact", "audit_only", "covers", "hook", "name", "pedantic", "point", "run", "severity")

    def __init__(
        self,
        hook: str,
        name: str,
        point: int,
        severity: str,
        pedantic: bool,
        audit_only: bool,
        covers: str,
        run: Callable[[Source], Iterable[Hit]],
        artefact: bool = False,
    ) -> None:
        self.hook = hook
        self.name = name
        self.point = point
        self.severity = severity
        self.pedantic = pedantic
        self.audit_only = audit_only
        self.covers = covers
        self.run = run
        self.artefact = artefact

    @property
    def documentation(self) -> Documentation:
        """The docstring, parsed. Raises ValueError where a heading is missing."""
        return parse_documentation(self.name, self.run.__doc__ or "")


class Check:
    """The rules of one hook. `unread` says why a file could not be looked at to its end, "" when it was; it is asked once for a file, after the rules.

    `artefacts`: its findings are about files as a whole, made by programs. It is given large files, too, which are read piece by piece; comments in such
    a file count for nothing, and the configuration waives it by its digest.
    """

    def __init__(self, hook: str, unread: Callable[[Source], str] | None = None, *, artefacts: bool = False) -> None:
        self.hook = hook
        self.rules: list[Rule] = []
        self.unread = unread
        self.artefacts = artefacts

    def rule(
        self, name: str, *, point: int, severity: str = "", pedantic: bool = False, audit_only: bool = False, covers: str = ""
    ) -> Callable[[Callable[[Source], Iterator[Hit]]], Callable[[Source], Iterator[Hit]]]:
        """Register a rule. `severity` may only lower that of the point; raises ValueError otherwise."""
        highest = POINTS[point].severity
        if severity and SEVERITIES.index(severity) > SEVERITIES.index(highest):
            raise ValueError(f"{name}: severity {severity} is above that of point {point}")

        def register(run: Callable[[Source], Iterator[Hit]]) -> Callable[[Source], Iterator[Hit]]:
            self.rules.append(Rule(self.hook, name, point, severity or highest, pedantic, audit_only, covers, run, self.artefacts))
            return run

        return register


_HEADINGS = ("Risk:", "Fix:", "Verify:")


def parse_documentation(name: str, docstring: str) -> Documentation:
    """Split a rule's docstring into its parts; raises ValueError naming the rule where one is missing."""
    from inspect import cleandoc

    parts = {"summary": "", "Risk:": "", "Fix:": "", "Verify:": ""}
    examples: dict[str, list[tuple[str, str]]] = {"Bad:": [], "Good:": []}
    current = "summary"
    block: list[str] | None = None
    for full_line in cleandoc(docstring).split("\n"):
        line, heading = full_line, full_line.split(" ", 1)[0]
        if heading in examples:
            block = []
            examples[heading].append((line[len(heading) :].strip(" ()"), ""))
            current = heading
            continue
        if heading in _HEADINGS:
            block, current, line = None, heading, line[len(heading) :].strip()
        if block is not None:
            block.append(line.removeprefix("    "))
            file_name = examples[current][-1][0]
            examples[current][-1] = (file_name, "\n".join(block).strip("\n") + "\n")
        elif line.strip():
            parts[current] = f"{parts[current]} {line.strip()}".strip()
    missing = [heading for heading, text in parts.items() if not text]
    if missing:
        raise ValueError(f"{name}: the docstring lacks {', '.join(missing)}")
    return Documentation(parts["summary"], parts["Risk:"], parts["Fix:"], parts["Verify:"], tuple(examples["Bad:"]), tuple(examples["Good:"]))
