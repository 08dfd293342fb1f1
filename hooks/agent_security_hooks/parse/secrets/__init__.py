"""Credentials in text: candidates first (cheap searches over bytes), judgement second. Shared by every hook that must know a secret.

Order of certainty: a known format beats a structure, a structure beats a name; a place is reported once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.file_kinds import CODE, kind_of
from agent_security_hooks.parse.secrets.assignments import find_assignments, find_provider_values
from agent_security_hooks.parse.secrets.credential import Credential
from agent_security_hooks.parse.secrets.credential_files import find_file_logins
from agent_security_hooks.parse.secrets.detectors import find_by_detectors
from agent_security_hooks.parse.secrets.formats import find_formats, token_runs
from agent_security_hooks.parse.secrets.structures import STRUCTURES, encoded_secrets, json_web_tokens, statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.source import Source

__all__ = ["Credential", "find_credentials", "redact"]


def find_credentials(file: Source) -> list[Credential]:
    """A view: every credential of the file, in order of position, weak ones included."""
    data, lower = file.data, file.data.lower()
    runs = list(token_runs(data))
    kept = _keep_surest(find_formats(data, runs), [])
    kept = _keep_surest(find_file_logins(file), kept)
    for structure in STRUCTURES:
        kept = _keep_surest(structure(data, lower), kept)
    kept = _keep_surest(json_web_tokens(data, runs), kept)
    kept = _keep_surest(encoded_secrets(data, runs), kept)
    if not file.binary:
        if kind_of(file.path) != CODE:
            kept = _keep_surest(statements(data, lower), kept)
        kept = _keep_surest(find_by_detectors(data, lower), kept)
        kept = _keep_surest(find_assignments(file, lower), kept)
        kept = _keep_surest(find_provider_values(file, runs), kept)
    return sorted(kept)


CREDENTIALS_PER_FILE = 3000
"""Where a search stops: a file with more is a list of keys, and the surest kinds come first."""


def _keep_surest(found: Iterable[Credential], kept: list[Credential]) -> list[Credential]:
    """Add what does not overlap something already kept."""
    from bisect import bisect_right

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
    """The text with every credential in it masked, for anything that is printed."""
    data = text.encode("utf-8", "surrogateescape" if text.isascii() else "surrogatepass")
    lower, runs = data.lower(), list(token_runs(data))
    found = _keep_surest(find_formats(data, runs), [])
    for structure in STRUCTURES:
        found = _keep_surest(structure(data, lower), found)
    found = _keep_surest(json_web_tokens(data, runs), found)
    found = _keep_surest(encoded_secrets(data, runs), found)
    if not found:
        return text
    parts, position = [], 0
    for credential in sorted(found):
        parts += [data[position : credential.start], credential.masked.encode()]
        position = credential.end
    parts.append(data[position:])
    return b"".join(parts).decode("utf-8", "surrogatepass")
