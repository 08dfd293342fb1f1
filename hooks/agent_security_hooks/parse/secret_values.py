"""Which values of an env file, a template of one or a credential file are real; the judge of values is that of all secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.file_kinds import low_stakes
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, SECRETS_DIRECTORY, TEMPLATE, role_of
from agent_security_hooks.parse.secrets import Credential, find_credentials, judge, names
from agent_security_hooks.parse.secrets.credential import MASK
from agent_security_hooks.parse.secrets.words import randomness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

_NEAR_LOCAL = Pattern(r"(?i)(?:^|/)\.envs/\.?local/")


def real_values(file: Source) -> list[Credential]:
    """A view: what is secret in an env file or credential file, in order of position. Those that need stop nobody are weak."""
    role = role_of(file.path)
    if role == CREDENTIAL:
        return sorted([*file.view(find_credentials), *_keystores(file), *_bare_secret(file)])
    return list(_env_values(file)) if role == ENV else list(_template_values(file)) if role == TEMPLATE else []


def _env_values(file: Source) -> Iterator[Credential]:
    # What would be weak in a test or an example is not when it stands in an env file: that is where real values are kept.
    local = _NEAR_LOCAL.search(file.path) is not None
    for found in _named(file):
        yield found._replace(weak=local or found.weak and (found.rule in ("credential-in-url", "auth-header") or not low_stakes(file.path)))


def _template_values(file: Source) -> Iterator[Credential]:
    from agent_security_hooks.data.template_defaults import is_published

    for found in _named(file):
        value = file.data[found.start : found.end]
        if not is_published(value):
            yield found._replace(weak=not _leaks(found, value, file.data[found.end : found.end + 120]))


# One word and a number: somebody's default for a local service.
_MADE_UP = Pattern(rb"[A-Za-z]{2,24}[-_@!#.]?[0-9]{1,8}[!@#$.]?\Z")
_SURE = frozenset(("provider-key", "private-key", "json-web-token"))
_LOCAL = Pattern(rb"@(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker|[\w-]{1,60}(?:[:/?\s\"']|\Z))")


# What an application makes up for itself: its developers often publish one for local use, and it opens nothing elsewhere.
_OWN = Pattern(
    r"(?i)(?:^|_)(?:jwt|session|cookie|csrf|salt|encryption|encrypt|crypto|creds|cron|nextauth|signing|internal|vault|hash|pepper|iv)(?:_|$)|(?:^|_)(?:app|auth|secret|secret_key)_?(?:key|secret|base)(?:_base)?$"
)


def _leaks(found: Credential, value: bytes, after: bytes) -> bool:
    """Whether a value in a template was not meant for all eyes: generated, by someone else, for no service on the same machine."""
    if found.rule in _SURE:
        return found.rule != "json-web-token" or not _is_demo_token(value)
    if found.rule == "credential-in-url" and _LOCAL.match(after) or _OWN.search(found.name):
        return False
    return judge.generated(value, names.STRONG, strict=True) and _MADE_UP.match(value) is None


def _is_demo_token(value: bytes) -> bool:
    """Whether the token is one of those that Supabase publishes for local use."""
    from agent_security_hooks.parse.secrets.structures import decode_base64

    return b"supabase-demo" in decode_base64(value.split(b".")[1]) if value.count(b".") else False


def _named(file: Source) -> Iterator[Credential]:
    """Credentials of an env file under the name of their variable; without those that dotenvx keeps encrypted or calls plain."""
    from agent_security_hooks.parse.dotenv import read_entries

    entries = iter(file.view(read_entries))
    entry = next(entries, None)
    data = file.data
    for found in file.view(find_credentials):
        while entry is not None and entry.end < found.end:
            entry = next(entries, None)
        if data.startswith((b"...", "…".encode()), found.end):  # the beginning of a value, as an example
            continue
        if entry is None or entry.start > found.start:
            # What starts at a name is no value: the one before it, which seems to have it, is empty.
            if entry is None or found.rule not in ("assigned-secret", "encoded-secret") or b"\n" in data[found.start : entry.start]:
                yield found
            continue
        one_line = b"\n" not in data[entry.start : entry.end]
        if one_line and (entry.name.endswith("_PLAIN") or entry.name.startswith("DOTENV_PUBLIC_KEY") or data.startswith(b"encrypted:", entry.start)):
            continue
        yield found._replace(name=entry.name if len(entry.name) <= 40 and randomness(entry.name.encode()) < 0.5 else "")


_PKCS8_OR_1 = Pattern(rb"\x30[\x82\x81]?.{1,2}\x02\x01\x00(?:\x30.{1,2}\x06|\x02[\x81\x82])", re.DOTALL)
_SEC1 = Pattern(rb"\x30[\x77\x81].{0,2}\x02\x01\x01\x04[\x14-\x42]", re.DOTALL)
_KEY_BAG = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"


def _keystores(file: Source) -> Iterator[Credential]:
    """Private keys in binary form: DER, PKCS #12 (RFC 7292), Java keystores, KeePass databases."""
    data = file.raw[: 1 << 20]
    title = ""
    if data.startswith((b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")):
        # Magic, version, count; then entries, of which 1 is a private key and 2 a certificate. Android's debug keystore is public.
        title = "Java keystore with a private key" if data[12:16] == b"\0\0\0\1" and not file.name.startswith("debug.") else ""
    elif data.startswith(b"\x03\xd9\xa2\x9a"):
        title = "KeePass database"
    elif data.startswith(b"\x30"):
        if _KEY_BAG in data:
            title = "PKCS #12 file with a private key" if not file.name.startswith("debug.") else ""
        elif _PKCS8_OR_1.match(data) or _SEC1.match(data):
            title = "private key (DER)"
    if title:
        yield Credential(0, 0, "private-key", title, MASK)


def _bare_secret(file: Source) -> Iterator[Credential]:
    """A file below `secrets/` whose whole content is the secret, as Docker and Kubernetes mount them."""
    if not SECRETS_DIRECTORY.search(file.path) or len(file.data) > 1024 or file.view(find_credentials):
        return
    value = file.data.strip()
    name = file.name.rpartition(".")[0] if file.name.lower().endswith(".txt") else file.name
    name_bytes = name.encode("utf-8", "replace")
    if not value or b"\n" in value or judge.no_literal(value, name_bytes) or judge.placeholder(value):
        return
    strength = names.strength(name_bytes)
    if judge.generated(value, max(strength, names.MEDIUM), strict=False) or names.is_password(name_bytes) and judge.human_password(value, only_letters=True):
        start = file.data.find(value)
        yield Credential(start, start + len(value), "assigned-secret", "secret", MASK, name[-40:])
