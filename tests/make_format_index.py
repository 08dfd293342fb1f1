"""Writes hooks/agent_security_hooks/data/credential_index.py: how each credential format is found. Run it after a change of the table.

`python tests/make_format_index.py`; a test compares the file with what is generated.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from pathlib import Path

from agent_security_hooks.data.credential_formats import FORMATS, Format

TARGET = Path(__file__).parent.parent / "hooks/agent_security_hooks/data/credential_index.py"
HEADER = '''"""How each credential format is found. Written by tests/make_format_index.py from the table of formats.

A scan needs only this; the table itself is loaded when a prefix is met. Entries are (prefix, position in the table).
"""

'''
_RUN = re.compile(rb"[A-Za-z0-9_-]{2,}\Z")
# A tail that starts with 18 or more token characters, so that with or without some of the prefix they make a long run.
_LONG_TAIL = re.compile(rb"(?:\(\?:)?(?:\[[\\A-Za-z0-9_=-]{1,40}\]|\\w|\\d)\{(?:1[89]|[2-9]\d|\d{3,4})")
# A tail of a few characters: the mark before it stands behind the random part.
_SHORT_TAIL = re.compile(rb"[a-zA-Z](?:\(|\Z)|\\d\{1,2\}|\[[^\]]{1,40}\]\{[1-9]\}|\(\?!")
_DISTINCT = 8

Entry = tuple[bytes, int]


class Index:
    """The entries by the way in which they are found; the names are those of the generated module."""

    def __init__(self) -> None:
        self.BY_START: dict[bytes, list[Entry]] = {}
        self.BY_LEFT: dict[bytes, list[Entry]] = {}
        self.NEAR_RUN: dict[bytes, list[Entry]] = {}
        self.INSIDE_RUN: dict[bytes, list[Entry]] = {}
        self.ANYWHERE: list[Entry] = []
        self.BY_SEPARATOR: dict[bytes, list[Entry]] = {}
        for position, form in enumerate(FORMATS):
            for prefix in form.prefixes:
                self._add(prefix, position, form)
        for entries in (*self.BY_START.values(), *self.BY_SEPARATOR.values()):
            entries.sort(key=lambda entry: -len(entry[0]))
        self.ENCODED_STARTS = sorted({b2a_base64(prefix[:3], newline=False) for prefix in [b"eyJ", *self._prefixes()] if len(prefix) >= 3})

    def _prefixes(self) -> list[bytes]:
        return [prefix for entries in self.BY_START.values() for prefix, _ in entries]

    def _add(self, prefix: bytes, position: int, form: Format) -> None:
        entry, is_run, has_left_part = (prefix, position), _RUN.match(prefix) is not None, form.before.endswith(b"$")
        if is_run and not has_left_part:
            self.BY_START.setdefault(prefix[:2], []).append(entry)
            if prefix[-1:] in b"_-" and (len(prefix) > 4 or len(prefix) == 4 and form.checksum in ("github", "npm")):
                self.BY_SEPARATOR.setdefault(prefix[-4:], []).append(entry)
        elif is_run or has_left_part and _SHORT_TAIL.match(form.tail):
            self.INSIDE_RUN.setdefault(prefix, []).append(entry)
        elif len(prefix) > 2 and not prefix[-1:].isalnum() and prefix[-1:] not in b"_-" and _LONG_TAIL.match(form.tail):
            self.BY_LEFT.setdefault(prefix[-3:], []).append(entry)
        elif len(prefix) > _DISTINCT:
            self.ANYWHERE.append(entry)
        else:
            self.NEAR_RUN.setdefault(prefix, []).append(entry)


def render() -> str:
    """The text of the module."""
    index = Index()
    parts = [HEADER]
    for name in ("BY_START", "BY_LEFT", "NEAR_RUN", "INSIDE_RUN", "BY_SEPARATOR"):
        rows = "".join(f"    {key!r}: {tuple(entries)!r},\n" for key, entries in sorted(getattr(index, name).items()))
        parts.append(f"{name}: dict[bytes, tuple[tuple[bytes, int], ...]] = {{\n{rows}}}\n")
    parts.append(f"ANYWHERE: tuple[tuple[bytes, int], ...] = {tuple(index.ANYWHERE)!r}\n")
    near = b"|".join(re.escape(prefix) for prefix in sorted(index.NEAR_RUN, key=len, reverse=True))
    parts.append(f"NEAR_PATTERN = {near!r}\n")
    parts.append(f"ENCODED_STARTS = frozenset({tuple(index.ENCODED_STARTS)!r})\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(render(), "utf-8")
