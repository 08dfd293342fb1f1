"""What is said of a pickle: one finding for each import, whatever is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Concern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.pickles.values import Global

_UNKNOWN = "load it only with `torch.load(weights_only=True)` or skops and trust this name there, or export the model as safetensors or ONNX"
_DANGEROUS = "delete the file, never load it, and ask its source for safetensors, GGUF or ONNX"
_TAMPERED = "delete the file and ask where it came from: no library writes such a pickle; have the model exported again as safetensors"
_NOTES = 300
NESTED = 100
"""Pickles in a pickle that are reported."""
_BOMB = "delete the file: no library writes such a pickle"


class _Import:
    __slots__ = ("called", "path", "reason", "start", "unknown")

    def __init__(self, path: str, reason: str, start: int) -> None:
        self.path, self.reason, self.start = path, reason, start
        self.called = self.unknown = -1


class Report:
    """Collects what one pickle, with those inside of it, does. `active` counts imports and calls."""

    __slots__ = ("_imports", "_nested", "_notes", "active", "archives", "imported_inside", "paths")

    def __init__(self) -> None:
        self._imports: dict[str, _Import] = {}
        self._notes: dict[tuple[str, str, str], Concern] = {}
        self.active = 0
        self.imported_inside = False
        self.paths: dict[str, None] = {}
        self.archives: list[tuple[bytes, int]] = []
        self._nested: list[tuple[Report, int]] = []

    def imports(self, found: Global) -> None:
        """Take note of an import."""
        self.active += 1
        verdict = found.verdict
        if len(self.paths) < 5000:
            self.paths.setdefault(verdict.path)
        if verdict.reason:
            self._entry(found)

    def calls(self, found: Global, start: int) -> None:
        """Take note of a call of an import at byte `start`."""
        verdict = found.verdict
        if verdict.reason:
            entry = self._entry(found)
            entry.called = entry.called if entry.called >= 0 else start
        elif not verdict.callable:
            entry = self._entry(found)
            entry.unknown = entry.unknown if entry.unknown >= 0 else start

    def _entry(self, found: Global) -> _Import:
        path = found.verdict.path
        entry = self._imports.get(path)
        if entry is None:
            entry = _Import(path, found.verdict.reason, found.start)
            if len(self._imports) < 300:
                self._imports[path] = entry
        return entry

    def dangerous(self, what: str, start: int) -> None:
        """Something as bad as a dangerous import."""
        self._note("dangerous-pickle", what, start, _DANGEROUS)

    def tampered(self, what: str, start: int, name: str = "") -> None:
        """Something that no library writes; one finding for each text and name, which stands where the text has `{}`."""
        self._note("tampered-pickle", what, start, _TAMPERED, name)

    def bomb(self, what: str, start: int, name: str = "") -> None:
        """Something that fills the memory of who loads it."""
        self._note("expansion-bomb", what, start, _BOMB, name)

    def nested(self, report: Report, start: int) -> None:
        """What a pickle inside of this one does."""
        self.active += 1
        self.imported_inside = True
        if report.suspicious and len(self._nested) < NESTED:
            self._nested.append((report, start))
        self.archives += report.archives

    @property
    def full(self) -> bool:
        """Whether enough was said of pickles inside of this one."""
        return len(self._nested) >= NESTED

    def _note(self, rule: str, what: str, start: int, fix: str, name: str = "") -> None:
        key = (rule, what, name)
        if key not in self._notes and len(self._notes) < _NOTES:
            self._notes[key] = Concern(rule, f"{what.replace('{}', excerpt(name, 60))} (byte {start})", fix)

    @property
    def imports_something(self) -> bool:
        """Whether it, or a pickle inside of it, has an import that is written out: random bytes have calls and extension codes, but no names."""
        return bool(self.paths) or self.imported_inside

    @property
    def runs(self) -> bool:
        """Whether something dangerous is called."""
        return any(entry.called >= 0 for entry in self._imports.values()) or any(report.runs for report, _ in self._nested)

    @property
    def suspicious(self) -> bool:
        """Whether there is anything to say."""
        return bool(self._imports or self._notes) or any(report.suspicious for report, _ in self._nested)

    def concerns(self, where: str = "") -> Iterator[Concern]:
        """Findings in the order of their places; `where` goes before each message."""
        for entry in self._imports.values():
            name = excerpt(entry.path, 80)
            if entry.reason:
                call = f", and calls it (byte {entry.called})" if entry.called >= 0 else f" (byte {entry.start})"
                yield Concern("dangerous-pickle", f"{where}imports {name}, which {entry.reason}{call}", _DANGEROUS)
            else:
                yield Concern("unknown-pickle-call", f"{where}calls {name}, which is not known to be harmless (byte {entry.unknown})", _UNKNOWN)
        for note in self._notes.values():
            yield note._replace(message=where + note.message)
        for report, start in self._nested:
            yield from report.concerns(f"{where}a pickle inside of it (byte {start}) ")
