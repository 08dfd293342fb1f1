"""Applying edits: spliced into the bytes of the file, proved by a second run of the rules, written atomically or not at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.model import Failure
from agent_security_hooks.parse.yaml_proof import is_yaml, unintended_change
from agent_security_hooks.source import Skipped, Source, Unreadable, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from agent_security_hooks.model import Edit, Finding
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.runner import Report

_MARKS = {"utf-8": b"", "utf-8-sig": b"\xef\xbb\xbf"}


class Refused(Exception):
    """A fix that would not be safe; the text says why."""


class Change(NamedTuple):
    """New content for one file (path as seen from the current directory); `old` is empty where the file does not exist yet."""

    path: str
    old: bytes
    new: bytes
    exists: bool


class Plan(NamedTuple):
    """What the edits of some findings come to. `paths` says for each finding that would be mended which files change for it."""

    changes: list[Change]
    failures: list[Failure]
    paths: dict[Finding, frozenset[str]]


def plan(findings: Sequence[Finding], repository: Repository, *, unsafe: bool) -> Plan:
    """Choose edits that do not overlap, a finding's edits all or none, and work out the new contents."""
    edits: dict[str, set[Edit]] = {}
    paths: dict[Finding, frozenset[str]] = {}
    for finding in findings:
        own = [(repository.from_here(edit.path) if edit.path else finding.path, edit) for edit in finding.edits]
        # What overlaps an edit already taken is left to a second run.
        if own and all((edit.safe or unsafe) and _fits(edit, edits.get(path, ())) for path, edit in own):
            paths[finding] = frozenset(path for path, _ in own)
            for path, edit in own:
                edits.setdefault(path, set()).add(edit._replace(path=""))
    changes, failures = [], []
    for path, chosen in edits.items():
        try:
            changes.append(_splice(path, sorted(chosen), repository))
        except Refused as reason:
            failures.append(Failure(path, f"not fixed: {reason}"))
    return Plan(changes, failures, paths)


def _fits(edit: Edit, others: Iterable[Edit]) -> bool:
    return all(edit.end <= other.start or other.end <= edit.start or edit[:3] == other[:3] for other in others)


def _splice(path: str, edits: Sequence[Edit], repository: Repository) -> Change:
    if repository.escapes(path):
        raise Refused("its folder is a symbolic link that leaves the repository")
    exists = os.path.lexists(path)
    try:
        source = Source(path, read_bytes(path, repository.limit) if exists else b"", repository)
    except (Unreadable, Skipped) as error:
        raise Refused(str(error)) from None
    if source.encoding not in _MARKS:
        raise Refused(f"its encoding is {source.encoding}; save it as UTF-8 first")
    if exists and is_yaml(path) and (problem := unintended_change(source.data, [edit[:3] for edit in edits])):
        raise Refused(problem)
    parts, position = [_MARKS[source.encoding]], 0
    for edit in edits:
        parts += [source.data[position : edit.start], edit.replacement]
        position = edit.end
    parts.append(source.data[position:])
    return Change(path, source.raw, b"".join(parts), exists)


def fix(report: Report, rerun: Callable[[list[str]], Report], repository: Repository, *, unsafe: bool) -> Report:
    """Write the fixes and return the report as it is afterwards.

    `rerun` checks files anew, but not what is staged of them. Changes that leave a finding in place are taken back.
    """
    planned = plan(report.findings, repository, unsafe=unsafe)
    failures = planned.failures
    written: dict[str, Change] = {}
    for change in planned.changes:
        try:
            write_atomically(change.path, change.new, expected=change.old if change.exists else None)
            written[change.path] = change
        except Refused as reason:
            failures.append(Failure(change.path, f"not fixed: {reason}"))
    if not written:
        report.failures += failures
        return report
    anchors = sorted({finding.path for finding, paths in planned.paths.items() if paths & written.keys()})
    after = rerun(anchors)
    for finding, paths in planned.paths.items():
        done = paths & written.keys()
        if done and (done != paths or _count(after, finding) > _count(report, finding) - _mended(planned, finding, written)):
            failures.append(Failure(finding.path, f"not fixed: {finding.rule} is still there after the change, which was taken back"))
            for path in done:
                try:
                    _take_back(written.pop(path))
                except Refused as reason:
                    failures.append(Failure(path, f"could not be put back as it was: {reason}"))
            after = rerun(anchors)
    fixed = sum(bool(paths) and paths <= written.keys() for paths in planned.paths.values())
    after.findings = [f for f in report.findings if f.path not in anchors or f.staged] + after.findings
    after.suppressed += [s for s in report.suppressed if s.finding.path not in anchors]
    after.failures += [f for f in report.failures if f.path not in anchors] + failures
    after.files, after.excluded, after.fixed = report.files, report.excluded, fixed
    return after


def _count(report: Report, like: Finding) -> int:
    return sum(finding.rule == like.rule and finding.path == like.path and not finding.staged for finding in report.findings)


def _mended(planned: Plan, like: Finding, written: Mapping[str, Change]) -> int:
    """How many findings of that rule and file the written changes should have removed."""
    return sum(finding.rule == like.rule and finding.path == like.path and paths <= written.keys() for finding, paths in planned.paths.items())


def _take_back(change: Change) -> None:
    if change.exists:
        write_atomically(change.path, change.old, expected=change.new)
    elif os.path.lexists(change.path):
        os.unlink(change.path)


def write_atomically(path: str, content: bytes, *, expected: bytes | None) -> None:
    """Replace a file's content in one step, keeping mode and owner; `expected` is what must be there now (None: nothing).

    Raises Refused where the file is linked, read-only, changed meanwhile or cannot be written. Never leaves half a file.
    """
    directory, name = os.path.split(path)
    status = None
    if expected is not None:
        try:
            status = os.lstat(path)
            current = read_bytes(path, len(expected) + 1)
        except (OSError, Unreadable, Skipped):
            raise Refused("it changed while it was checked") from None
        if stat.S_ISLNK(status.st_mode) or status.st_nlink > 1:
            raise Refused("it is a link; change the file that it points to")
        if not status.st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
            raise Refused("it is read-only")
        if current != expected:
            raise Refused("it changed while it was checked")
    elif os.path.lexists(path):
        raise Refused("it appeared while it was checked")
    temporary = os.path.join(directory, f".{name[:200]}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            if status is not None and hasattr(os, "fchmod"):
                if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, status.st_uid, status.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise Refused(f"it cannot be written ({error.strerror})") from None


def diff(changes: Sequence[Change], repository: Repository) -> str:
    """The changes as a unified diff in which every credential is masked."""
    from difflib import unified_diff

    from agent_security_hooks.output import display_path, safe
    from agent_security_hooks.parse.secrets import masked_text

    lines: list[str] = []
    for change in changes:
        old, new = (masked_text(Source(change.path, raw, repository)).removesuffix("\n").split("\n") for raw in (change.old, change.new))
        old = old if change.old else []
        shown = display_path(change.path)
        changed = unified_diff(old, new, f"a/{shown}" if change.exists else "/dev/null", f"b/{shown}", lineterm="", n=2)
        lines += (line if number < 2 else line[:1] + safe(line[1:]) for number, line in enumerate(changed))
    return "\n".join(lines) + "\n" if lines else ""
