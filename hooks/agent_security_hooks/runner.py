"""From file names to findings: reads each file once, runs the rules of every hook that wants it, applies suppressions."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks import suppress
from agent_security_hooks.catalog import SUITE, Hook, load_check
from agent_security_hooks.model import SEVERITIES, Failure, Finding, Hit, Incomplete, Rule
from agent_security_hooks.source import DIRECTORY, LargeFile, Skipped, Source, TooLarge, Unreadable, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from agent_security_hooks.baseline import Baseline
    from agent_security_hooks.config import Config
    from agent_security_hooks.repository import Repository

HITS_PER_RULE = 1000
"""Hits that one rule may have in one file; the rest is counted as one failure, so that a flood cannot exhaust memory."""
FILE_SECONDS = 2.0
"""CPU seconds that the rules may spend on one file of up to 5 MB."""
_CONTEXT = 500
"""Bytes of a line before and after a finding that its fingerprint depends on; lines can be megabytes long."""
# A hook that runs alone judges the ignore comments for its own rules only, else each hook would repeat the rest; but a file
# that is called like one of the options may have ended them.
_RULES_OF_EVERY_HOOK = ("unexplained-ignore", "unused-ignore", "option-like-name")


class Settings(NamedTuple):
    """What decides which rules run and which findings count."""

    hooks: tuple[Hook, ...]
    select: frozenset[str] = frozenset()
    deselect: frozenset[str] = frozenset()
    pedantic: bool = False
    min_severity: str = SEVERITIES[0]
    honour_ignores: bool = True
    suite: bool = True
    """Whether the rules about file names and ignore comments run, too."""


class Report:
    """What a run found. `files` counts what was looked at, `excluded` what the configuration left out."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.suppressed: list[suppress.Suppression] = []
        self.failures: list[Failure] = []
        self.notes: list[str] = []
        self.files = 0
        self.excluded = 0
        self.fixed = 0


class Runner:
    """Runs the rules of some hooks over files."""

    def __init__(
        self, settings: Settings, config: Config, repository: Repository, baselines: Sequence[Baseline] = (), added: dict[str, set[int]] | None = None
    ) -> None:
        """`added` limits findings to these lines of each path from the root."""
        self.settings = settings
        self.baselines = baselines
        self.added = added
        self.config = config
        self.repository = repository
        self.report = Report()
        self._rules: dict[str, list[Rule]] = {}
        self._wants: list[tuple[Hook, Callable[[str], object] | None]] = [
            (hook, re.compile(hook.files).search if hook.files else None) for hook in settings.hooks
        ]

    def run(self, paths: Sequence[str], *, staged_too: bool = True) -> Report:
        """Check the files and what is staged of them; those named twice are checked once."""
        unique = list({os.path.normpath(path): path for path in reversed(paths)}.values())[::-1]
        if self.config.exclude:
            from agent_security_hooks.parse.ignore import glob_match

            wanted = [path for path in unique if not any(glob_match(glob, self.repository.name(path)) for glob in self.config.exclude)]
            self.report.excluded, unique = len(unique) - len(wanted), wanted
        self.repository.passed = self.repository.passed or unique  # a second look at some files does not change what was named
        # pre-commit has already put unstaged changes aside; anyone else may commit something other than the work tree.
        staged = self.repository.staged_content(unique) if staged_too and os.environ.get("PRE_COMMIT") != "1" else {}
        with _Watch() as watch:
            for path in unique:
                try:
                    watch.start(path)
                    self._check_path(path, staged.get(path))
                    watch.stop()
                except TimeLimit as limit:
                    self._fail(path, str(limit))
                except (MemoryError, RecursionError):
                    watch.stop()
                    self._fail(path, "not checked to the end: it needs too much memory")
        self.report.notes += self.repository.notes
        return self.report

    def _check_path(self, path: str, staged: bytes | Unreadable | None) -> None:
        shown, name = _tidy(path), self.repository.name(path)
        sources: list[Source] = []
        self.report.files += 1
        try:
            if self.repository.escapes(path):
                raise Unreadable("its folder is a symbolic link that leaves the repository")
            sources.append(self._source(name, path, shown))
        except TooLarge as reason:
            if any(load_check(hook).artefacts for hook, _ in self._wants):
                sources.append(Source(name, b"", self.repository, shown=shown, large=LargeFile(path)))
            if not reason.binary:
                self._fail(path, str(reason))
        except Skipped as reason:
            if str(reason) == DIRECTORY:
                self.report.notes.append(f"{shown} is a repository of its own (a submodule); run the check in it")
        except (Unreadable, ValueError) as error:
            if staged is None:
                self._fail(path, str(error) if isinstance(error, Unreadable) else "no file can have this name")
        if isinstance(staged, Unreadable):
            self._fail(path, str(staged))
        elif staged is not None and (not sources or sources[0].large or sources[0].raw != staged):
            sources.append(Source(name, staged, self.repository, staged=True, shown=shown))
        seen: set[str] = set()
        for source in sources:
            findings, suppressed = self.check(source)
            # What is staged mostly says the same as the work tree.
            self.report.findings += [finding for finding in findings if finding.fingerprint not in seen]
            self.report.suppressed += [held for held in suppressed if held.finding.fingerprint not in seen]
            seen.update(finding.fingerprint for finding in (*findings, *(held.finding for held in suppressed)))

    def _source(self, name: str, path: str, shown: str) -> Source:
        known = self.repository.known(name)  # another file's rules have asked for it
        if known is None:
            return Source(name, read_bytes(path, self.repository.limit), self.repository, shown=shown)
        known.shown = shown
        return known

    def check(self, file: Source) -> tuple[list[Finding], list[suppress.Suppression]]:
        """Findings of one source, in order of place, and those that a comment or the configuration holds back."""
        found: list[Finding] = []
        held: list[suppress.Suppression] = []
        active: set[str] = set()
        # An ignore comment or a baseline may speak of a pedantic case: without that, it would seem to hold nothing back.
        file.thorough = self.settings.pedantic or bool(self.settings.select) or bool(self.baselines) or suppress.MARK in file.data
        try:
            for hook, wants in self._wants:
                if (wants is None or wants(file.path)) and (file.large is None or load_check(hook).artefacts):
                    rules = self._rules_of(hook)
                    active.update(rule.name for rule in rules)
                    found += self._findings(file, rules)
                    if rules:
                        self._ask_for_the_rest(file, hook)
        except TimeLimit as limit:
            self._fail(file.shown, str(limit))
        if found or suppress.MARK in file.data:
            # Whoever made an artefact could write a comment into it that nobody sees.
            artefact = [finding for finding in found if finding.artefact]
            kept, by_comment = suppress.apply(file, [finding for finding in found if not finding.artefact], active)
            if self.settings.honour_ignores:
                found, held = artefact + kept, by_comment
        found += self._findings(file, self._suite_rules())
        if self.baselines and found:
            found, by_baseline = self._apply_baselines(file, found)
            held += by_baseline
        if self.config.ignores:
            found, by_config = self._apply_config(file, found)
            held += by_config
        found = sorted((finding for finding in found if self._counts(finding)), key=lambda f: (f.line, f.column, f.rule))
        return found, [suppression for suppression in held if self._counts(suppression.finding)]

    def _apply_baselines(self, file: Source, findings: list[Finding]) -> tuple[list[Finding], list[suppress.Suppression]]:
        kept, held = [], []
        for finding in findings:
            by = next((baseline for baseline in self.baselines if self._counts(finding) and baseline.holds(file, finding)), None)
            if by is None:
                kept.append(finding)
            else:
                held.append(suppress.Suppression(finding, "baseline", f"recorded in {by.path}"))
        return kept, held

    def _apply_config(self, file: Source, findings: list[Finding]) -> tuple[list[Finding], list[suppress.Suppression]]:
        from datetime import datetime, timezone

        from agent_security_hooks.parse.ignore import glob_match

        today = datetime.now(timezone.utc).date().isoformat()
        kept, held = [], []
        for finding in findings:
            matching = [
                ignore
                for ignore in self.config.ignores
                if ignore.rule == finding.rule
                and (ignore.until or today) >= today
                and (not ignore.path or glob_match(ignore.path, file.path))
                and (not ignore.sha256 or ignore.sha256 == file.view(_digest))
            ]
            by = next((ignore for ignore in matching if ignore.sha256 or not finding.artefact), None)
            if by is not None:
                held.append(suppress.Suppression(finding, "config", by.reason))
                continue
            kept.append(finding)
            if matching:
                note = f'{file.shown}: {finding.rule} of a model file is not ignored by its path alone, which another file can take; add sha256 = "{file.view(_digest)}"'
                self.report.notes += [note] if note not in self.report.notes else []
        return kept, held

    def _counts(self, finding: Finding) -> bool:
        """Asked after ignores are applied: an ignore is not idle because its finding counts in another run only."""
        chosen = self.settings
        severe = SEVERITIES.index(finding.severity) >= SEVERITIES.index(chosen.min_severity)
        if self.added is not None:
            lines = self.added.get(self.repository.name(finding.path), ())
            severe = severe and any(finding.line <= line <= finding.end_line for line in lines)
        return severe and (chosen.pedantic or not finding.pedantic or finding.rule in chosen.select)

    def _rules_of(self, hook: Hook) -> list[Rule]:
        if hook.id not in self._rules:
            chosen = self.settings
            self._rules[hook.id] = [
                rule
                for rule in load_check(hook).rules
                if rule.name not in chosen.deselect
                and (rule.name in chosen.select if chosen.select else not rule.audit_only and (chosen.pedantic or not rule.pedantic))
            ]
        return self._rules[hook.id]

    def _suite_rules(self) -> list[Rule]:
        return [rule for rule in self._rules_of(SUITE) if self.settings.suite or rule.name in _RULES_OF_EVERY_HOOK]

    def _findings(self, file: Source, rules: Iterable[Rule]) -> Iterator[Finding]:
        for rule in rules:
            counts = {True: 0, False: 0}
            said: set[tuple[int, int, str]] = set()
            try:
                for hit in rule.run(file):
                    if hit[:3] in said:  # found again by way of an alias
                        continue
                    said.add(hit[:3])
                    shown = self.settings.pedantic or not (rule.pedantic or hit.pedantic) or rule.name in self.settings.select
                    counts[shown] += 1
                    if counts[shown] <= HITS_PER_RULE:
                        yield _finding(file, rule, hit)
                    elif shown:  # what nobody would be shown may be left out without a word
                        raise Incomplete(f"more than {HITS_PER_RULE} findings of {rule.name}; the rest is not listed")
            except Incomplete as reason:
                self._fail(file.shown, str(reason))
            except Exception as error:  # noqa: BLE001 - one rule's failure must not hide another's findings
                # Not the exception's text: it may quote the file.
                self._fail(file.shown, f"{rule.name} could not check it ({type(error).__name__})")

    def _ask_for_the_rest(self, file: Source, hook: Hook) -> None:
        """Name what no rule of a hook could look at."""
        unread = load_check(hook).unread
        try:
            problem = unread(file) if unread else ""
        except Exception as error:  # noqa: BLE001 - as for a rule
            problem = f"{hook.id} could not read it ({type(error).__name__})"
        if problem:
            self._fail(file.shown, f"not checked to the end: {problem}")

    def _fail(self, path: str, message: str) -> None:
        failure = Failure(_tidy(path), message)
        if failure not in self.report.failures[-8:]:  # several hooks read the same file
            self.report.failures.append(failure)


def without_repeats(findings: Sequence[Finding]) -> list[Finding]:
    """What is left for a person to read when each finding takes those away that only repeat it (`Rule.covers`)."""
    by_path: dict[str, list[Finding]] = {}
    by_edit: dict[tuple[str, int, bytes], list[Finding]] = {}
    for finding in findings:
        if finding.covers:
            by_path.setdefault(finding.path, []).append(finding)
        if finding.covers == "edit":
            for key in _first_edit(finding):
                by_edit.setdefault(key, []).append(finding)

    kept: list[Finding] = []
    dropped: set[int] = set()  # what takes nothing else away: of two that say the same of each other, one stays
    for finding in findings:
        mended = [by for key in _first_edit(finding) for by in by_edit.get(key, ())]
        there = [by for by in by_path.get(finding.path, ()) if by.covers == "file" or _holds(by.span, finding.span)]
        if any(by.hook != finding.hook and by.point == finding.point and id(by) not in dropped for by in (*there, *mended)):
            dropped.add(id(finding))
        else:
            kept.append(finding)
    return kept


def _first_edit(finding: Finding) -> list[tuple[str, int, bytes]]:
    """The file that the first edit of a finding is made to, the place in it and the text; nothing for a finding without one."""
    return [(edit.path or finding.root_path, edit.start, edit.replacement) for edit in finding.edits[:1]]


def _holds(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _tidy(path: str) -> str:
    path = path.replace(os.sep, "/") if os.sep != "/" else path
    while path.startswith("./") and len(path) > 2:
        path = path[2:].lstrip("/")
    return path


def _finding(file: Source, rule: Rule, hit: Hit) -> Finding:
    line, column = file.locate(hit.start)
    end_line, end_column = file.locate(max(hit.start, hit.end))
    message = f"{hit.message} (as staged)" if file.staged else hit.message
    return Finding(
        rule.hook, rule.name, rule.point, rule.severity, file.shown, line, column, end_line, end_column, message,
        hit.fix or rule.documentation.fix, _fingerprint(file, rule, hit, line), () if file.staged else hit.edits, rule.pedantic or hit.pedantic, file.staged, (hit.start, max(hit.start, hit.end)), rule.covers, file.path,
        rule.artefact,
    )  # fmt: skip


def _fingerprint(file: Source, rule: Rule, hit: Hit, line: int) -> str:
    """Names the finding across line moves: a hash of rule, path and the line with the span left out, so it says nothing of a secret."""
    if rule.artefact:
        return _sha256(f"{rule.name}\0{file.path}\0{file.view(_digest)}".encode("utf-8", "surrogateescape"))[:32]
    start, end = file.line_starts[line - 1], max(hit.start, hit.end)
    before = file.data[max(start, hit.start - _CONTEXT) : hit.start]
    after = file.data[end : end + _CONTEXT].replace(b"\r", b"\n").partition(b"\n")[0]
    around = before.strip() + b"\0" + after.strip()
    same = f"{rule.name}\0{file.path}\0".encode("utf-8", "surrogateescape") + around
    return _sha256(same)[:32]


def _digest(file: Source) -> str:
    """A view: the SHA-256 of the file in hexadecimal."""
    return file.large.sha256() if file.large is not None else _sha256(file.raw)


def _sha256(data: bytes) -> str:
    """The digest in hexadecimal, from the interpreter's own module: to load OpenSSL, as `hashlib` does, takes longer than the rest of a report."""
    from importlib import import_module

    try:
        return str(import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256(data).hexdigest())
    except (ImportError, AttributeError):
        pass
    from hashlib import sha256

    return sha256(data).hexdigest()


class TimeLimit(BaseException):
    """Raised by the timer while a file's rules run; no handler for Exception may swallow it. The text is for the user."""


class _Watch:
    """Bounds the CPU time per file, where the platform has interval timers and we are in the main thread."""

    def __init__(self) -> None:
        self.seconds = FILE_SECONDS
        self._set: Callable[[float], object] | None = None

    def __enter__(self) -> _Watch:  # noqa: PYI034 - typing.Self is of Python 3.11
        import signal

        if hasattr(signal, "setitimer"):
            try:
                self._before = signal.signal(signal.SIGVTALRM, self._expired)
                self._set = lambda seconds: signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
            except ValueError:  # not the main thread
                pass
        return self

    def start(self, path: str) -> None:
        """Give the file its time: 2 s, and more for one over 5 MB."""
        if self._set is not None:
            try:
                size = os.lstat(path).st_size
            except (OSError, ValueError):
                size = 0
            self.seconds = FILE_SECONDS * max(1.0, min(size, 32 << 20) / (5 << 20))
            self._set(self.seconds)

    def _expired(self, *_: object) -> None:
        raise TimeLimit(f"not checked to the end: its rules took more than {self.seconds:.0f} s; exclude it or split it")

    def stop(self) -> None:
        """Disarm; called inside the same `try` as `start`, so that a late alarm is still caught."""
        if self._set is not None:
            self._set(0)

    def __exit__(self, *_: object) -> None:
        import signal

        if self._set is not None:
            self._set(0)
            signal.signal(signal.SIGVTALRM, self._before)
