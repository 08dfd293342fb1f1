"""Accepted findings of code that was there before the hooks: `.agent-security-baseline.json`, or detect-secrets' `.secrets.baseline`.

An entry names a finding by rule, path, a salted hash of its line without the span that was found, and a 16-bit tag of the span. The
tag is of a slow, salted hash: it tells a new secret on the same line from the old one, and confirms a guess at a secret no better than
once in 65,536 tries. No line numbers, dates or versions, one entry a line: it merges cleanly. Hooks never rewrite it.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from agent_security_hooks.config import BASELINES, ConfigError
from agent_security_hooks.parse.secrets import redact
from agent_security_hooks.source import Skipped, Unreadable, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.model import Finding
    from agent_security_hooks.source import Source

OURS = BASELINES[0]
_SIZE_LIMIT = 32 << 20


class Entry(NamedTuple):
    """One accepted finding."""

    path: str
    rule: str
    line: str
    tag: str


class Baseline:
    """The accepted findings of one file. `secrets` holds detect-secrets' hashes by path."""

    def __init__(self, path: str, salt: bytes, entries: Iterable[Entry] = (), secrets: dict[str, set[str]] | None = None) -> None:
        self.path = path
        self.salt = salt
        self.entries = set(entries)
        self.secrets = secrets or {}

    def entry(self, file: Source, finding: Finding) -> Entry:
        """How the finding is recorded."""
        line = hashlib.sha256(self.salt + finding.fingerprint.encode()).hexdigest()[:32]
        start, end = finding.span
        # Cost: 1 MB and about 3 ms, once for each finding that is compared.
        tag = hashlib.scrypt(file.data[start:end], salt=self.salt, n=1024, r=8, p=1, dklen=2).hex()
        return Entry(redact(file.path), finding.rule, line, tag)

    def holds(self, file: Source, finding: Finding) -> bool:
        """Whether the finding was accepted."""
        if finding.hook == "secret-scan" and file.path in self.secrets:
            value = file.data[slice(*finding.span)]
            # detect-secrets' private key detector captures the words of the header only.
            header = value.partition(b"-----BEGIN ")[2].partition(b"-----")[0]
            hashes = (hashlib.sha1(part, usedforsecurity=False).hexdigest() for part in (value, b"BEGIN " + header))
            if not self.secrets[file.path].isdisjoint(hashes):
                return True
        path = redact(file.path)
        if not any(entry.path == path and entry.rule == finding.rule for entry in self.entries):
            return False
        return self.entry(file, finding) in self.entries

    def render(self, entries: Iterable[Entry]) -> str:
        """The text of a baseline of our own with those entries."""
        from json import dumps

        rows = ",\n".join("  " + dumps(entry._asdict()) for entry in sorted(set(entries)))
        listed = f"[\n{rows}\n ]" if rows else "[]"
        return f'{{\n "version": 1,\n "salt": "{self.salt.hex()}",\n "findings": {listed}\n}}\n'


def load(root: str, explicit: str, notes: list[str]) -> list[Baseline]:
    """The baselines of a repository, or the one named; raises ConfigError. `notes` gets what of them is not honoured."""
    names = [explicit] if explicit else [name for name in BASELINES if os.path.lexists(os.path.join(root, name))]
    return [_read(name if explicit else os.path.join(root, name), name, notes) for name in names]


def new(path: str = OURS) -> Baseline:
    """An empty baseline with a salt of its own."""
    return Baseline(path, os.urandom(16))


def _read(path: str, name: str, notes: list[str]) -> Baseline:
    from json import loads

    try:
        document = loads(read_bytes(path, _SIZE_LIMIT).decode("utf-8-sig"))
        if "results" in document:
            return _from_detect_secrets(document, name, notes)
        entries = [Entry(*(str(row[field]) for field in Entry._fields)) for row in document["findings"]]
        return Baseline(name, bytes.fromhex(document["salt"]), entries)
    except (Unreadable, Skipped) as error:
        raise ConfigError(f"{name}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigError(f"{name}: is no baseline; write it anew with `agent-security baseline write`") from None


def _from_detect_secrets(document: Any, name: str, notes: list[str]) -> Baseline:
    """Format: https://github.com/Yelp/detect-secrets/blob/master/docs/design.md; entries audited as real secrets do not count."""
    custom = [row for key in ("plugins_used", "filters_used") for row in document.get(key, ()) if "file://" in str(row.get("path", ""))]
    if custom:
        notes.append(f"{name}: {len(custom)} custom plugins or filters are not run: nothing of the repository is executed")
    secrets = {
        os.path.normpath(path).replace(os.sep, "/"): {str(row["hashed_secret"]) for row in rows if row.get("is_secret") is not True}
        for path, rows in document["results"].items()
    }
    return Baseline(name, b"", (), secrets)


class Recorder(Baseline):
    """Accepts whatever is found and remembers it, for `baseline write` and `baseline prune`."""

    def __init__(self, old: Baseline) -> None:
        super().__init__(old.path, old.salt or os.urandom(16), old.entries)
        self.found: set[Entry] = set()
        self._rows: dict[str, list[dict[str, object]]] = {}

    def holds(self, file: Source, finding: Finding) -> bool:
        """Record the finding; always true."""
        self.found.add(self.entry(file, finding))
        if finding.hook == "secret-scan":
            digest = hashlib.sha1(file.data[slice(*finding.span)], usedforsecurity=False).hexdigest()
            row = {"type": finding.rule, "filename": file.path, "hashed_secret": digest, "is_verified": False, "line_number": finding.line}
            self._rows.setdefault(file.path, []).append(row)
        return True

    def written(self) -> str:
        """A baseline of everything that was found."""
        return self.render(self.found)

    def pruned(self) -> str:
        """The old baseline without what was not found again."""
        return self.render(self.found & self.entries)

    def for_detect_secrets(self) -> str:
        """The findings of secret-scan as a `.secrets.baseline`."""
        from json import dumps

        document = {"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": dict(sorted(self._rows.items()))}
        return dumps(document, indent=2) + "\n"
