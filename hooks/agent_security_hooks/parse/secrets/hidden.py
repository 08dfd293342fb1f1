"""What is masked in everything that is printed, though it is no finding: what stands where logins stand, and tokens glued to a name or broken.

A finding has to be right; a mask may be too much. So here a place or a shape is enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets.credential import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MASK = MASK.encode()
_USER = Pattern(rb"://([^\s/?#]{1,600})@")
# What stands where a port would is the beginning of a password whose `@` is missing.
_NO_PORT = Pattern(rb"://([^\s/?#@:\[]{1,80}):(?!\d{1,5}(?!\w)|[${<%\xe2])[^\s/?#@]{3,600}")
_SHORT_NAME = Pattern(rb"[\w.-]{1,20}\Z|\$\{?\w{1,40}\}?\Z|.{0,20}" + _MASK + rb".{0,4}\Z")
_ARGUMENT = Pattern(rb"([?&][\w.~%-]{1,60}=)([^&;\s\"'<>#\xe2]{9,2000})")
_LOGIN = Pattern(rb"(?<![\w.@+-])(-[A-Za-z]{0,6}[uU]|--(?:proxy-)?user)([ =]{0,2}[\"']?)([\w.@+~-]{0,80}:)[^\s\"'@<>|;&\xe2]{3,200}")
_HEADER = Pattern(rb"(?i)((?:authorization[\"']?[:=][ \t]{0,4}[\"']?(?:(?:basic|bearer|token)[ \t]{1,4})?|bearer[ \t]{1,4}))([^\s\"'<>\xe2]{8,2000})")
_PASSWORD = Pattern(rb"((?:useradd|usermod)[^\n;&|]{0,200}?[ \t](?:-p|--password)[ \t=]{1,4}[\"']?)[^\s\"';&|]{3,200}")
_ENTRY = Pattern(rb"(?<![\w${}.-])([A-Za-z_${][\w.${}-]{0,60}:)[^\s\"'|\\:]{3,200}")
_BEFORE = 400
"""Bytes before `chpasswd` in which it is told what to set."""
_WEB_TOKEN = Pattern(rb"((?i:eyJ))[\w-]{12,2000}(?:\.[\w-]{2,2000}){0,2}")
_DIGIT = Pattern(rb"[0-9]")
_LONG = 16
"""Characters of the shortest token that is looked for within a name."""
_LONG_RUN = Pattern(rb"[\w-]{16}")
_SHORTEST_TAIL = 12
_GENERATED_LENGTH = 30
# Long, with digits and both cases early on and no separator: base64 and its kind. Digests in hexadecimal have one case.
_GENERATED = Pattern(rb"(?<![A-Za-z0-9+])(?=[a-z0-9+]{0,20}[A-Z])(?=[A-Z0-9+]{0,20}[a-z])(?=[A-Za-z+]{0,25}[0-9])[A-Za-z0-9+]{30,200}")
_BEFORE_RUN = 12
"""How far before a run a prefix that holds a sign may begin."""
# Of a token that was cut or changed: long, with digits and both cases early on, as words and digests have not.
_PIECE = Pattern(rb"(?=[a-z0-9]{0,15}[A-Z])(?=[A-Z0-9]{0,15}[a-z])(?=[A-Za-z]{0,15}[0-9])[A-Za-z0-9]{16,200}")


def hide(data: bytes) -> bytes:
    """A text in which credentials are masked already, without what else may be one."""
    if b"://" in data:
        data = _NO_PORT.sub(rb"://\1:" + _MASK, _USER.sub(_without_login, data))
        if b"?" in data:
            data = _ARGUMENT.sub(_without_value, data)
    if b"earer" in data or b"EARER" in data or b"uthorization" in data or b"UTHORIZATION" in data:
        data = _HEADER.sub(_without_value, data)
    if b":" in data and (b"-" in data or b"chpasswd" in data):
        data = _LOGIN.sub(rb"\1\2\3" + _MASK, data)
        data = _without_entries(data)
    if b"useradd" in data or b"usermod" in data:
        data = _PASSWORD.sub(rb"\1" + _MASK, data)
    data = _without_glued(data)
    return _GENERATED.sub(_without_generated, data) if len(data) >= _GENERATED_LENGTH and _GENERATED.search(data) else data


def _without_generated(match: re.Match[bytes]) -> bytes:
    """What a generator made is no name, even where one is expected: a branch, a job, a file."""
    from agent_security_hooks.parse.secrets.words import randomness

    return match[0][:2] + _MASK if randomness(match[0]) >= 0.7 else match[0]


def _without_login(match: re.Match[bytes]) -> bytes:
    user, colon, _ = match[1].partition(b":")
    return b"://" + (user if _SHORT_NAME.match(user) else _MASK) + (b":" + _MASK if colon else b"") + b"@"


def _without_value(match: re.Match[bytes]) -> bytes:
    return match[1] + _MASK if any(48 <= byte < 58 for byte in match[2]) else match[0]


def _without_entries(data: bytes) -> bytes:
    """`user:password` on a line that gives it to chpasswd."""
    parts, position = [], 0
    found = data.find(b"chpasswd")
    while found >= 0:
        begin = max(position, data.rfind(b"\n", 0, found) + 1, found - _BEFORE)
        parts += [data[position:begin], _ENTRY.sub(rb"\1" + _MASK, data[begin:found])]
        position = found
        found = data.find(b"chpasswd", found + 8)
    return b"".join(parts) + data[position:] if parts else data


def _without_glued(data: bytes) -> bytes:
    """Tokens within or at the edge of longer names, in upper or lower case."""
    from agent_security_hooks.parse.secrets.formats import token_runs

    runs = [(start, end) for start, end in token_runs(data, _LONG) if _DIGIT.search(data, start, end)]
    if not runs:
        return data
    parts, position = [], 0
    for start, end, shown in _glued(data, runs):
        parts += [data[position:start], shown]
        position = end
    data = b"".join(parts) + data[position:] if parts else data
    return _WEB_TOKEN.sub(rb"\1" + _MASK, data)


def _glued(data: bytes, runs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, bytes]]:
    """Where tokens are, in order, and what to show of each."""
    if not _by_start:
        _fill_table()
    lower, position = data.lower(), 0
    for start, end in runs:
        position = max(position, start - _BEFORE_RUN)
        while position < end - _SHORTEST_TAIL:
            for prefix, tail in _by_start.get(lower[position : position + 3], ()):
                if lower.startswith(prefix, position) and (after := _token_end(data, position + len(prefix), prefix, tail)):
                    yield position, after, data[position : position + len(prefix)] + _MASK
                    position = after - 1
                    break
            position += 1


def _token_end(data: bytes, start: int, prefix: bytes, tail: Pattern[bytes]) -> int:
    match = tail.match(data, start)
    if match is None and len(prefix) > 3 and prefix.endswith((b"_", b"-")):
        match = _PIECE.match(data, start)
    return match.end() if match and match.end() - start >= _SHORTEST_TAIL else 0


_by_start: dict[bytes, list[tuple[bytes, Pattern[bytes]]]] = {}


def _fill_table() -> None:
    """Prefixes in lower case by their first three letters; those that are common in words are left out."""
    from agent_security_hooks.data.credential_formats import FORMATS

    for form in FORMATS:
        for prefix in form.prefixes if not form.before else ():
            if len(prefix) > 3 or len(prefix) == 3 and prefix.endswith((b"_", b"-")):
                _by_start.setdefault(prefix[:3].lower(), []).append((prefix.lower(), Pattern(form.tail, re.IGNORECASE)))
