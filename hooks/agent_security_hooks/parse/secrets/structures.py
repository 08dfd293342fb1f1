"""Credentials that a structure gives away: key blocks, user:password@host, authorization headers, JSON web tokens, base64 wrappings.

Every search starts at a fixed text found with bytes.find and continues with an anchored, bounded pattern.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import TYPE_CHECKING

from agent_security_hooks.data.credential_index import ENCODED_STARTS
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import judge
from agent_security_hooks.parse.secrets.credential import MASK, Credential
from agent_security_hooks.parse.secrets.formats import find_formats, token_runs
from agent_security_hooks.parse.secrets.words import randomness, sequential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def find_all(data: bytes, text: bytes) -> Iterator[int]:
    """Offsets of a fixed text."""
    position = data.find(text)
    while position >= 0:
        yield position
        position = data.find(text, position + len(text))


# --- private keys -----------------------------------------------------------------------------------------------------------------

_KEY_HEADER = Pattern(rb"-{4,6} ?BEGIN ((?:[A-Z0-9]{1,12} ){0,4})PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_KEY_END = Pattern(rb"-{3,5} ?END [A-Z0-9 ]{0,48}-{4,5}")
_BODY_LIMIT = 16384
_BODY_NEEDED = 60
"""Base64 characters that a real key has at least (an Ed25519 key has 64)."""
_BASE64_RUN = Pattern(rb"[A-Za-z0-9+/]{16,200}")


def private_keys(data: bytes, _: bytes) -> Iterator[Credential]:
    """PEM, OpenSSH, PGP and SSH2 private keys with a body, plain or escaped in a string; PuTTY keys."""
    starts = [*find_all(data, b"BEGIN "), len(data)]
    for position, following in zip(starts, starts[1:]):
        before = data[max(0, position - 6) : position]
        dashes = len(before) - len(before.rstrip(b" ").rstrip(b"-"))
        if dashes >= 5:
            yield from _key_block(data, position - dashes, following)
    if data.startswith(b"PuTTY-User-Key-File-"):
        body = data.find(b"Private-Lines:", 0, _BODY_LIMIT)
        if body >= 0 and _body_size(data[body : body + 600]) >= _BODY_NEEDED:
            yield Credential(0, body + 14, "private-key", "PuTTY private key", MASK)


def _key_block(data: bytes, position: int, limit: int) -> Iterator[Credential]:
    """The key whose header stands at `position`, if it has a body before `limit`, where the next header stands."""
    header = _KEY_HEADER.match(data, position)
    if header is None:
        return
    limit = min(limit, header.end() + _BODY_LIMIT)
    footer = _KEY_END.search(data, header.end(), limit)
    end = footer.start() if footer else limit
    body = data[header.end() : end]
    if _body_size(body if footer else body[:2000]) >= _BODY_NEEDED:
        kind = header[1].decode().strip() or "PEM"
        start = position
        yield Credential(start, footer.end() if footer else header.end(), "private-key", f"{kind} private key", MASK)


def _body_size(body: bytes) -> int:
    """How many base64 characters of long, random-looking lines the body has."""
    return sum(len(run) for run in _BASE64_RUN.findall(body) if sequential(run) < 0.5 and len(set(run)) > 5)


# --- user:password@host -----------------------------------------------------------------------------------------------------------

_USERINFO = Pattern(rb"://([^\s:/?#@\"'`<>\\|{}()\[\],;]{0,128}):([^\s/?#@\"'`<>\\|,;]{3,256})@(\[?[\w.%${}<>-]{1,120})")
_TOKEN_AS_USER = Pattern(rb"://([\w~.-]{20,256})(?::x-oauth-basic|:)?@([\w.-]{1,120})")
_LOCAL_HOST = Pattern(
    rb"(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker|db\b|database|postgres|mysql|mssql|mariadb|redis|mongo|rabbit|broker|cache|proxy|"
    rb"host(?:name)?\b|server\b|example|my[-_]?(?:host|server|db|proxy)|your|test|minio|kafka|nats|some|foo|bar|ip\b|addr|domain|10\.|192\.168\.|172\.)|[\w.-]{0,100}(?:\.example\b|example\.(?:com|org|net)|\.local\b|\.test\b|\.internal\b|\.invalid\b)",
    re.IGNORECASE,
)  # fmt: skip


# One word and a number: somebody's default for a local service.
_WORD_AND_NUMBER = Pattern(rb"[a-z]{3,24}[-_]?[0-9]{1,8}\Z")


def url_passwords(data: bytes, _: bytes = b"") -> Iterator[Credential]:
    """A real password in the user information of a URL. Made-up ones for local or sample hosts are weak."""
    for position in find_all(data, b"://"):
        match = _USERINFO.match(data, position)
        if match is None:
            token = _TOKEN_AS_USER.match(data, position)
            if token and judge.generated(token[1], 2, strict=True) and any(byte < 58 for byte in token[1]) and not judge.template(token[1]):
                yield Credential(token.start(1), token.end(1), "credential-in-url", "token in a URL", MASK)
            continue
        user, password, host = match.groups()
        if judge.template(password) or b"$" in password and password.startswith((b"$", b"%24")) or b"{" in password or len(set(password)) < 3:
            continue
        if randomness(password) >= 0.5 and len(password) >= 8 and not judge.placeholder(password):
            weak = _WORD_AND_NUMBER.match(password) is not None and _LOCAL_HOST.match(host) is not None
        elif judge.placeholder(password) or password == user or judge.reads_as_code(password) and not any(b < 58 for b in password):
            if _LOCAL_HOST.match(host) is None and not _advice(password, user) and len(password) > 3:
                weak = True
            elif password == user:
                weak = True
            else:
                continue
        else:
            weak = _LOCAL_HOST.match(host) is not None
        yield Credential(match.start(2), match.end(2), "credential-in-url", "password in a URL", MASK, weak=weak)


def _advice(password: bytes, user: bytes) -> bool:
    low = password.lower()
    return (
        low in (b"password", b"pass", b"passwd", b"pwd", b"secret", b"token", b"xxx", b"pw", b"pswd")
        or judge.placeholder(password)
        and user.lower().startswith((b"user", b"your", b"my", b"name", b"login", b"<"))
    )


# --- authorization headers --------------------------------------------------------------------------------------------------------

_BEARER = Pattern(rb"bearer {1,4}[\"']?([\w.~+/=-]{12,2000})", re.IGNORECASE)
_BASIC = Pattern(rb"basic {1,4}[\"']?([A-Za-z0-9+/]{8,400}={0,2})(?![\w+/=-])", re.IGNORECASE)
_SCHEME = Pattern(
    rb"authorization[\"']?\]?\s{0,8}(?:[:=,]|=>)\s{0,8}[\"'`]?f?[\"'`]?(?:token|apikey|api-key|key|bot) {1,4}([\w.~+/=:-]{12,500})", re.IGNORECASE
)
_CURL_USER = Pattern(rb"(?:[^\n\\]|\\[\s\S]){0,600}?\s(?:-[A-Za-z]{0,6}u|--user|--proxy-user)[ =]{0,2}[\"']?([\w.@+~-]{0,80}):([^\s\"'@<>|;&]{3,200})")


def auth_headers(data: bytes, lower: bytes) -> Iterator[Credential]:
    """`Authorization: Bearer/Basic/token ...` with a literal, and `curl -u user:password`."""
    for position in find_all(lower, b"bearer "):
        match = _BEARER.match(data, position)
        if match and _random_enough(match[1]):
            yield Credential(match.start(1), match.end(1), "auth-header", "bearer token", MASK)
    for position in find_all(lower, b"basic "):
        match = _BASIC.match(data, position)
        if match and (weak := basic_pair(match[1])) is not None:
            yield Credential(match.start(1), match.end(1), "auth-header", "basic authentication header", MASK, weak=weak)
    for position in find_all(lower, b"authorization"):
        match = _SCHEME.match(data, position)
        if match and _random_enough(match[1]):
            yield Credential(match.start(1), match.end(1), "auth-header", "authorization token", MASK)
    commands = [*find_all(data, b"curl"), len(data)]
    for position, following in zip(commands, commands[1:]):
        match = _CURL_USER.match(data, position + 4, following)
        if match and not (judge.template(match[2]) or judge.template(match[1])) and not judge.placeholder(match[2]):
            weak = judge.reads_as_code(match[2]) and randomness(match[2]) < 0.3
            yield Credential(match.start(2), match.end(2), "auth-header", "password for curl", MASK, weak=weak)


def _random_enough(value: bytes) -> bool:
    value = value.rstrip(b".,;:")
    return (
        not judge.no_literal(value, b"")
        and not judge.placeholder(value)
        and not judge.reads_as_code(value)
        and judge.generated(value, 2 if len(value) < 20 else 3, strict=False)
    )


def decode_base64(text: bytes) -> bytes:
    """The decoded bytes, or nothing where it is no base64 (either alphabet, padding optional)."""
    text = text.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return a2b_base64(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""
    except (Base64Error, ValueError):
        return b""


def basic_pair(encoded: bytes) -> bool | None:
    """Whether the base64 of `user:password` holds only a stand-in (True) or a real password (False); None when it is no such pair."""
    user, colon, password = decode_base64(encoded).partition(b":")
    text = user + password
    if not colon or not password or not text.isascii() or not text.decode("ascii").isprintable() or b" " in user:
        return None
    if judge.template(password):
        return None
    return judge.placeholder(password) or judge.placeholder(user) and len(password) < 8


# --- JSON web tokens and other base64 ---------------------------------------------------------------------------------------------

_JWT = Pattern(rb"eyJ[\w-]{10,2000}\.(eyJ[\w-]{8,8000}|[\w-]{20,8000})\.([\w-]{16,2000})?(?:\.[\w-]{8,8000}\.[\w-]{8,200})?")
_BASE64 = Pattern(rb"[A-Za-z0-9+/]{16,20000}={0,2}")


def json_web_tokens(data: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Credential]:
    """JWTs whose header decodes to JSON with `alg`; those that are public by design (role anon) are left out."""
    for start, end in runs:
        position = data.find(b"eyJ", start, end) if data[end : end + 1] == b"." else -1
        if position < 0:
            continue
        match = _JWT.match(data, position)
        if match is None:
            continue
        header = decode_base64(data[position : data.find(b".", position)])
        if b'"alg"' not in header or match[2] is None:
            continue
        payload = decode_base64(match[1])
        if (
            re.search(rb'"role" ?: ?"anon', payload)
            or sequential(match[2]) > 0.55
            or len(set(match[2])) < 8
            or judge.placeholder(match[2])
            or judge.published_sample(match[2])
        ):
            continue
        yield Credential(position, match.end(), "json-web-token", "JSON web token", "eyJ" + MASK)


def encoded_secrets(data: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Credential]:
    """Base64 of a credential of a known format or of a JWT."""
    for start, end in runs:
        if end - start < 22:
            continue
        if data.startswith(b"LS0tLS1CRUdJTi", start):
            match = _BASE64.match(data, start)
            if match and b"PRIVATE KEY" in decode_base64(match[0][:400]) and match.end() - start > 150:
                yield Credential(start, match.end(), "private-key", "base64-encoded private key", MASK)
        elif data.startswith(b"eyJhdXRocyI6", start):
            yield from _docker_login(data, start)
        elif data[start : start + 4] in ENCODED_STARTS:
            match = _BASE64.match(data, start)
            if match is None:
                continue
            inner = decode_base64(match[0].rstrip(b"="))
            found = next(find_formats(inner), None) or next(json_web_tokens(inner, token_runs(inner)), None)
            if found is not None and found.start == 0:
                yield Credential(start, match.end(), "encoded-secret", f"base64 of a credential ({found.title})", MASK, "", found.env, found.revoke)


def _docker_login(data: bytes, start: int) -> Iterator[Credential]:
    """Base64 of Docker's `{"auths": {...{"auth": "base64 of user:password"}}}`, as Kubernetes stores it."""
    match = _BASE64.match(data, start)
    login = re.search(rb'"(?:auth|password)" ?: ?"([^"]{4,400})"', decode_base64(match[0].rstrip(b"="))) if match else None
    if match and login and not judge.template(login[1]):
        yield Credential(start, match.end(), "encoded-secret", "base64 of a Docker login", MASK)


_JWK_PRIVATE = Pattern(rb'"(?:d|k)"\s{0,8}:\s{0,8}"([\w-]{20,2000})"')
_SQL_PASSWORD = Pattern(rb"identified\s{1,8}(?:with\s{1,8}\w{1,40}\s{1,8})?by\s{1,8}(?:password\s{1,8})?(['\"]?)([^'\"\s;,()`]{4,200})", re.IGNORECASE)


def statements(data: bytes, lower: bytes) -> Iterator[Credential]:
    """The private member of a JSON web key (RFC 7517), `IDENTIFIED BY 'password'` of SQL, passwords of commands."""
    searched = 0
    for position in find_all(data, b'"kty"'):
        if position < searched:
            continue
        searched = position + 4000
        around = _JWK_PRIVATE.search(data, max(0, position - 2000), position + 4000)
        if around and randomness(around[1]) > 0.4:
            yield Credential(around.start(1), around.end(1), "private-key", "private JSON web key", MASK)
    for position in find_all(lower, b"identified "):
        match = _SQL_PASSWORD.match(data, position)
        if match is None or judge.template(match[2]) or not judge.human_password(match[2]):
            continue
        if match[1] or _SQL_BEFORE.search(data, max(0, position - 200), position):
            yield Credential(match.start(2), match.end(2), "assigned-secret", "database password", MASK)
    yield from command_passwords(data)


_PASSWORD_OPTION = rb"(['\"]?)(?P<value>[^\s'\"`$<>|;&(){}\[\]\\-][^\s'\"`$<>|;&(){}\[\]\\]{3,199})\1(?=[\s'\"`)\\,]|\Z)"
_COMMANDS = (
    (b"sshpass", Pattern(rb"[ \t]{1,4}-p[ \t]?" + _PASSWORD_OPTION)),
    (b"docker login", Pattern(rb"(?:[^\n\\]|\\[\s\S]){0,200}?\s-p[ \t=]?" + _PASSWORD_OPTION)),
    (b"mysql", Pattern(rb"(?:dump|admin|import|check)?[ \t](?:[^\n\\|;]|\\[\s\S]){0,160}?(?<=\s)-p" + _PASSWORD_OPTION)),
    (b"redis-cli", Pattern(rb"(?:[^\n\\|;]|\\[\s\S]){0,160}?\s-a[ \t]" + _PASSWORD_OPTION)),
)


def command_passwords(data: bytes) -> Iterator[Credential]:
    """Passwords given to programs with an option of one letter: `mysql -p...`, `docker login -p ...`."""
    for command, pattern in _COMMANDS:
        starts = [*find_all(data, command), len(data)]
        for position, following in zip(starts, starts[1:]):
            match = pattern.match(data, position + len(command), min(following, position + 500))
            if match and not judge.no_literal(match["value"], b"") and judge.human_password(match["value"]):
                yield Credential(*match.span("value"), "assigned-secret", "password on a command line", MASK)


_SQL_BEFORE = Pattern(rb"(?i)\b(?:create|alter|grant)\b[^;]{0,160}\b(?:user|role|to)\b")


STRUCTURES: tuple[Callable[[bytes, bytes], Iterator[Credential]], ...] = (private_keys, auth_headers, url_passwords)
"""Each takes the text and the same in lower case."""
