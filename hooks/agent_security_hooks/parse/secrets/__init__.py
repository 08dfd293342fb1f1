"""Credentials in text: candidates first (cheap searches over bytes), judgement second. Shared by every hook that must know a secret.

Order of certainty: a known format beats a structure, a structure beats a name; a place is reported once.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from agent_security_hooks.parse.file_kinds import CODE, DOCS, OTHER, kind_of, low_stakes
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets.credential import Credential

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from agent_security_hooks.source import Source

__all__ = ["CREDENTIALS_PER_FILE", "Credential", "find_credentials", "is_cut_off", "masked_text", "redact"]


def find_credentials(file: Source) -> list[Credential]:
    """A view: every credential of the file, in order of position, weak ones included."""
    found = _find_all(file)
    if escapes := _find_escapes(file.data, kind_of(file.path)):
        found = _keep_surest(_find_escaped(file, escapes), found)
    return sorted(found)


def _find_all(file: Source) -> list[Credential]:
    # What searches is imported where it searches: names and values are also judged, and texts masked, without a search.
    from agent_security_hooks.parse.secrets.assignments import find_assignments, find_provider_values
    from agent_security_hooks.parse.secrets.credential_files import find_file_logins
    from agent_security_hooks.parse.secrets.detectors import find_by_detectors
    from agent_security_hooks.parse.secrets.formats import find_formats, token_runs
    from agent_security_hooks.parse.secrets.structures import STRUCTURES, encoded_secrets, json_web_tokens, statements

    data, lower, kind = file.data, file.data.lower(), kind_of(file.path)
    runs = list(token_runs(data))
    kept = _keep_surest(find_formats(data, runs), [])
    kept = _keep_surest(find_file_logins(file), kept)
    for structure in STRUCTURES:
        kept = _keep_surest(structure(data, lower), kept)
    kept = _keep_surest(json_web_tokens(data, runs), kept)
    kept = _keep_surest(encoded_secrets(data, runs), kept)
    if kind != CODE:
        kept = _keep_surest(statements(data, lower), kept)
    if not (file.binary and kind == OTHER):  # a NUL does not make a program or a configuration file binary
        kept = _keep_surest(find_by_detectors(data, lower), kept)
        kept = _keep_surest(find_assignments(file, lower), kept)
        kept = _keep_surest(find_provider_values(file, runs), kept)
    return kept


# What other formats make of a quote, an operator or a colour in a text: JSON and JavaScript, HTML, URLs, quoted-printable mail, terminals.
_ESCAPE = Pattern(
    rb"\\u00(?P<json>[2-7][0-9a-fA-F])|&#x(?P<html>[2-7][0-9a-fA-F]);|&#(?P<number>3[2-9]|[4-9][0-9]|1[01][0-9]);|(?P<named>&(?:quot|apos|amp|lt|gt);)"
    rb"|%(?P<url>2[0-9A-Fa-f]|3[A-Fa-f]|[57][BbDd])|=(?P<mail>3D|22)|(?P<nothing>(?:\\u001[bB]|\x1b)\[[0-9;]{0,16}m|=\r?\n)"
)
_NAMED = {b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&", b"&lt;": b"<", b"&gt;": b">"}
_AROUND_ESCAPE = 256
_ESCAPES_AT_ONCE = 4000


def _find_escapes(data: bytes, kind: str) -> list[int]:
    """Where characters are written as escapes, in order. `%` in programs is arithmetic; `=3D` is looked for where a mail may stand."""
    from agent_security_hooks.parse.secrets.structures import find_all

    marks = [b"\\u00", b"&", b"\x1b"]
    if kind != CODE:
        marks.append(b"%")
        if kind in (OTHER, DOCS) and b"=3D" in data:
            marks.append(b"=")
    return sorted(position for mark in marks for position in find_all(data, mark) if _ESCAPE.match(data, position))


def _find_escaped(file: Source, escapes: Sequence[int]) -> Iterator[Credential]:
    r"""Credentials with characters written as `\u0041`, `&quot;`, `%3D` or `=3D`, or with colours between: looked for around each escape."""
    first = 0
    while first < len(escapes):
        last = first
        while last + 1 < min(len(escapes), first + _ESCAPES_AT_ONCE) and escapes[last + 1] - escapes[last] < _AROUND_ESCAPE:
            last += 1
        matches = (_ESCAPE.match(file.data, position) for position in escapes[first : last + 1])
        yield from _find_decoded(file, [match for match in matches if match])
        first = last + 1


def _find_decoded(file: Source, escapes: Sequence[re.Match[bytes]]) -> Iterator[Credential]:
    """The credentials around neighbouring escapes, at their places in the file."""
    from agent_security_hooks.source import Source as Decoded

    begin = position = max(0, escapes[0].start() - _AROUND_ESCAPE)
    parts: list[bytes] = []
    starts, shifts, removed = [0], [begin], 0
    for escape in escapes:
        character = _character(escape)
        parts += [file.data[position : escape.start()], character]
        position = escape.end()
        removed += len(escape[0]) - len(character)
        starts.append(position - begin - removed)
        shifts.append(begin + removed)
    decoded = Decoded(file.path, b"".join(parts) + file.data[position : position + _AROUND_ESCAPE], file.repository)
    for credential in _find_all(decoded):
        start, end = (offset + shifts[bisect_right(starts, offset) - 1] for offset in (credential.start, credential.end - 1))
        yield credential._replace(start=start, end=end + 1)


def _character(escape: re.Match[bytes]) -> bytes:
    """What an escape stands for; nothing for a colour or a soft line end."""
    kind = escape.lastgroup or "nothing"
    if kind == "nothing":
        return b""
    return _NAMED[escape[kind]] if kind == "named" else bytes([int(escape[kind], 10 if kind == "number" else 16)])


CREDENTIALS_PER_FILE = 3000
"""Where a search stops: a file with more is a list of keys, and the surest kinds come first."""


_BY_NAME = ("assigned-secret", "encoded-secret", "credential-file-format")


def is_cut_off(file: Source) -> bool:
    """Whether the search stopped at the limit where it might still have found what counts: in a test or an example, names give weak ones only."""
    found = file.view(find_credentials)
    if len(found) < CREDENTIALS_PER_FILE:
        return False
    return not low_stakes(file.path) or sum(credential.rule not in _BY_NAME for credential in found) >= CREDENTIALS_PER_FILE


def _keep_surest(found: Iterable[Credential], kept: list[Credential]) -> list[Credential]:
    """Add what does not overlap something already kept."""
    spans = sorted((credential.start, credential.end) for credential in kept)
    for credential in found:
        index = bisect_right(spans, (credential.start, 1 << 62))
        before, after = spans[index - 1 : index], spans[index : index + 1]
        if before and before[0][1] > credential.start or after and after[0][0] < credential.end:
            continue
        if len(kept) >= CREDENTIALS_PER_FILE:
            break
        spans.insert(index, (credential.start, credential.end))
        kept.append(credential)
    return kept


def redact(text: str) -> str:
    """The text with every credential in it masked, and what may be one, for anything that is printed."""
    return _redact_again(text) if len(text) <= _NAME_LENGTH else _redact(text)


_NAME_LENGTH = 200
"""Characters of a text that is likely to be masked more than once: the name of an action, an image or a step."""


@lru_cache(maxsize=2048)
def _redact_again(text: str) -> str:
    return _redact(text)


def _redact(text: str) -> str:
    from agent_security_hooks.parse.secrets.hidden import hide

    data = text.encode("utf-8", "surrogateescape" if text.isascii() else "surrogatepass")
    lower = data.lower()
    found = find_by_shape(data, lower) if MAY_HAVE_A_SHAPE.search(lower) else []
    shown = hide(_masked(data, found) if found else data)
    return text if shown is data else shown.decode("utf-8", "surrogatepass")


# Without a long run of token characters (see `token_runs`) and without one of the marks that a search begins with, none finds anything.
MAY_HAVE_A_SHAPE = Pattern(
    rb"[\w-]{16}|----|://|bearer |basic |authorization|curl|amzn\.mws\.|\.azurewebsites\.net/api/|\.logic\.azure\.com|incoming\+|hooks\.slack\.com/|/api/webhooks/"
    rb"|office\.com/webhook|hooks\.zapier\.com/|access_token\$"
)


def find_by_shape(data: bytes, lower: bytes) -> list[Credential]:
    """The credentials that tell by themselves what they are, in a text without a file."""
    from agent_security_hooks.parse.secrets.formats import find_formats, token_runs
    from agent_security_hooks.parse.secrets.structures import STRUCTURES, encoded_secrets, json_web_tokens

    runs = list(token_runs(data))
    found = _keep_surest(find_formats(data, runs), [])
    for structure in STRUCTURES:
        found = _keep_surest(structure(data, lower), found)
    found = _keep_surest(json_web_tokens(data, runs), found)
    return _keep_surest(encoded_secrets(data, runs), found)


def masked_text(file: Source) -> str:
    """The text of a file with every credential of it, certain or not, masked, for the diff of a fix and the edits in a report."""
    from agent_security_hooks.parse.secrets.hidden import hide

    return hide(_masked(file.data, file.view(find_credentials))).decode("utf-8", "replace")


def _masked(data: bytes, found: Iterable[Credential]) -> bytes:
    parts, position = [], 0
    for credential in sorted(found):
        if credential.start >= position:
            parts += [data[position : credential.start], credential.masked.encode()]
            position = credential.end
    parts.append(data[position:])
    return b"".join(parts)
