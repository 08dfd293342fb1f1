"""Credentials whose format names their issuer: one look at the first characters of every long run of token characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.data.credential_index import ANYWHERE, BY_LEFT, BY_SEPARATOR, BY_START, INSIDE_RUN, NEAR_PATTERN, NEAR_RUN
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets.credential import Credential, mask
from agent_security_hooks.parse.secrets.judge import published_sample, sample_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.data.credential_formats import Format

_TOKEN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-"
_IS_TOKEN = bytes(120 if c in _TOKEN else 32 for c in range(256))
_LEFT_WINDOW = 60
_NEAR_RUN_WINDOW = 48
"""How far before a run a prefix that is broken by a sign (`:AA`, `dp.pt.`) may begin."""
_GLUED_WINDOW = 120
_BASE64_WINDOW = 160
_IS_BASE64 = bytes(120 if c in _TOKEN + b"+/%" else 32 for c in range(256))
# What stands before a run of its own: quotes, blanks and brackets. After another sign the run may belong to a longer token.
_OPENERS = frozenset(b" \"'`\n\r\t([{<>,")
_DIGIT = Pattern(rb"[0-9]")
_NEAR = Pattern(NEAR_PATTERN)
_SEPARATOR = Pattern(rb"[_-]")
_compiled: dict[bytes, Pattern[bytes]] = {}

Entries = tuple[tuple[bytes, int], ...]


def token_runs(data: bytes, shortest: int = 16) -> Iterator[tuple[int, int]]:
    """Start and end of every run of at least that many token characters."""
    marks = data.translate(_IS_TOKEN)
    needle = b"x" * shortest
    position = marks.find(needle)
    while position >= 0:
        end = marks.find(b" ", position + shortest)
        if end < 0:
            end = len(data)
        yield position, end
        position = marks.find(needle, end)


def find_formats(data: bytes, runs: Iterable[tuple[int, int]] | None = None) -> Iterator[Credential]:
    """Every credential of a known format, leftmost first within each kind of search. `runs` are those of `token_runs`, if known."""
    by_start, by_left, has_digit = BY_START.get, BY_LEFT.get, _DIGIT.search
    for start, end in token_runs(data) if runs is None else runs:
        found = None
        if entries := by_start(data[start : start + 2]):
            found = _first_match(data, start, entries)
        if found is None and (entries := by_left(data[start - 3 : start])):
            found = _first_left_match(data, start, entries)
        if found is None and start and data[start - 1] not in _OPENERS:
            found = _broken_prefix(data, start, end)
        if found is None and end - start >= 24 and has_digit(data, start, end):
            found = _inside_run(data, start, end)
        if found is not None:
            yield found
    for prefix, number in ANYWHERE:
        position = data.find(prefix)
        while position >= 0:
            found = _match(data, position, prefix, number)
            if found is not None:
                yield found
            position = data.find(prefix, position + 1)


def _first_match(data: bytes, position: int, entries: Entries) -> Credential | None:
    for prefix, number in entries:
        if data.startswith(prefix, position):
            found = _match(data, position, prefix, number)
            if found is not None or _format(number).public:
                return found
    return None


def _first_left_match(data: bytes, start: int, entries: Entries) -> Credential | None:
    """A token whose prefix ends in a sign just before the run: `SG.`, `hvs.`."""
    for prefix, number in entries:
        if data.endswith(prefix, 0, start) and (found := _match(data, start - len(prefix), prefix, number)):
            return found
    return None


def _broken_prefix(data: bytes, start: int, end: int) -> Credential | None:
    """A token whose prefix holds a sign a little before the run; or a run that begins inside an escape."""
    found = _escaped(data, start)
    if found is None and _DIGIT.search(data, start, end):
        if data[start - 1] in b"+/%" and (found := _base64_start(data, start)) is not None:
            return found
        for near in _NEAR.finditer(data, max(0, start - _NEAR_RUN_WINDOW), min(end, start + 8)):
            for prefix, number in NEAR_RUN[near[0]]:
                found = found or _match(data, near.start(), prefix, number)
    return found


def _base64_start(data: bytes, start: int) -> Credential | None:
    """A token in base64 whose first `+` or `/` came before a long run did: looked for where the base64 text begins."""
    window = data[max(0, start - _BASE64_WINDOW) : start]
    blank = window.translate(_IS_BASE64).rfind(b" ")
    if blank < 0 and len(window) == _BASE64_WINDOW:  # somewhere inside a blob
        return None
    first = start - len(window) + blank + 1
    entries = BY_START.get(data[first : first + 2])
    return _first_match(data, first, entries) if entries and first < start else None


def _inside_run(data: bytes, start: int, end: int) -> Credential | None:
    """A token glued behind a name, a bot token's first part, or one that is known by a mark behind its random part."""
    if data[end : end + 1] == b"." and data[start] in b"MNO":
        return _discord(data, start)
    for separator in _SEPARATOR.finditer(data, start + 4, min(end, start + _GLUED_WINDOW)):
        after = separator.end()
        for prefix, number in BY_SEPARATOR.get(data[after - 4 : after], ()):
            if after - len(prefix) > start and data.endswith(prefix, 0, after) and (found := _match(data, after - len(prefix), prefix, number)):
                return found
    for mark, entries in INSIDE_RUN.items():  # the marks that stand behind the random part: `-us12`, `AZDO`
        position = data.find(mark, start, end + len(mark))
        if position >= 0:
            for prefix, number in entries:
                if found := _match(data, position, prefix, number):
                    return found
    return None


_DISCORD = Pattern(rb"[MNO][A-Za-z0-9]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])")


def _discord(data: bytes, start: int) -> Credential | None:
    """A Discord bot token: the first part is the base64 of the bot's number (https://discord.com/developers/docs/reference)."""
    match = _DISCORD.match(data, start)
    if match is None or sample_token(match[0]):
        return None
    from binascii import Error, a2b_base64

    number = match[0].partition(b".")[0]
    try:
        if not a2b_base64(number + b"=" * (-len(number) % 4)).isdigit():
            return None
    except Error:
        return None
    revoke = "https://discord.com/developers/applications"
    return Credential(start, match.end(), "provider-key", "Discord bot token", mask(match[0]), "", "DISCORD_TOKEN", revoke)


def _escaped(data: bytes, start: int) -> Credential | None:
    r"""A token whose first characters belong to an escape before it: `\ntoken`, `%3Dtoken`, `\u003dtoken`."""
    before = data[start - 1 : start]
    if before == b"\\":
        skip = 5 if data[start : start + 1] == b"u" else 3 if data[start : start + 1] == b"x" else 1
    elif before == b"%":
        skip = 2
    else:
        return None
    entries = BY_START.get(data[start + skip : start + skip + 2])
    return _first_match(data, start + skip, entries) if entries else None


def _format(number: int) -> Format:
    # The table is loaded only now: most files hold no prefix of any format.
    from agent_security_hooks.data.credential_formats import FORMATS

    return FORMATS[number]


def _match(data: bytes, position: int, prefix: bytes, number: int) -> Credential | None:
    form = _format(number)
    pattern = _compiled.get(form.tail)
    if pattern is None:
        pattern = _compiled[form.tail] = Pattern(form.tail)
    match = pattern.match(data, position + len(prefix))
    if match is None or match.end() < len(data) and data[match.end()] in _TOKEN and data[match.end() - 1] in _TOKEN:
        return None
    start, end, body = position, match.end(), data[position + len(prefix) : match.end()]
    if form.before:
        left = re.search(form.before, data[max(0, position - _LEFT_WINDOW) : position], re.IGNORECASE)
        if left is None:
            return None
        if form.before.endswith(b"$"):  # the first part of the token itself, such as a bot's number
            start -= len(left[0])
            body = left[0] + body
    token = data[start:end]
    if (
        form.public
        or form.infix
        and form.infix not in token
        or _inside_base64(data, start, prefix)
        or sample_token(body, weak_prefix=len(prefix) <= 4)
        or published_sample(token)
    ):
        return None
    note = "" if _checksum_holds(form, token) else "its checksum does not match"
    shown = mask(token, 0 if start < position else len(prefix))
    return Credential(start, end, "provider-key", form.title, shown, "", form.env, form.revoke, False, note)


_BASE64_BEFORE = Pattern(rb"[A-Za-z0-9+/]{24}\Z")


def _inside_base64(data: bytes, start: int, prefix: bytes) -> bool:
    """Whether a prefix of letters and digits alone (`EAA`, `AKIA`) only happens to occur in a longer base64 text."""
    return data[start - 1 : start] in (b"+", b"/") and prefix.isalnum() and _BASE64_BEFORE.search(data, max(0, start - 24), start) is not None


def _checksum_holds(form: Format, token: bytes) -> bool:
    if form.checksum in ("github", "npm") and len(token) == 40:
        from zlib import crc32

        body, checksum = token[4:34], token[34:]
        return _base62(crc32(body)).rjust(6, b"0") == checksum
    return True


_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _base62(number: int) -> bytes:
    digits = bytearray()
    while number:
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return bytes(reversed(digits))
