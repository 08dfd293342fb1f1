"""Which names and values in an image's settings (ENV, ARG, LABEL) are secrets.

Nobody reads the value of a build argument from the file, so there the name has to decide; the words are those of BuildKit's check
`SecretsUsedInArgOrEnv` (https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/) and of this project's secret scan.
"""

from __future__ import annotations

from functools import lru_cache

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import names

CLIENT_PREFIXES = ("NEXT_PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "REACT_APP_", "VUE_APP_", "GATSBY_", "VITE_")
"""What bundlers compile into the code that browsers download."""

# Keys of services that are made to be seen by every visitor.
_FOR_BROWSERS = frozenset(
    b"firebase posthog maps map mapbox gmaps recaptcha hcaptcha captcha turnstile site amplitude segment mixpanel algolia pusher intercom sentry datadog crisp "
    b"vapid clerk anon publishable analytics tracking hotjar".split()
)
# Words that make a name one of something else, wherever they stand.
_HARMLESS = frozenset(
    b"gpg pgp gpgkey keyring keyserver apt rpm yum authorized fingerprint checksum sha sha1 sha256 sha512 md5 digest sock socket disable disabled enable enabled "
    b"allow allowed require required skip use without no random empty version dir path".split()
)
# Words after the secret one that make it a setting about it; what `names` knows is not repeated.
_ABOUT = frozenset(
    b"seconds minutes hours days weeks months ms lifetime interval rotation host hosts hostname port ports server servers domain realm region proxy backend "
    b"endpoint api engine prefix folder location mount mounted sock file cert certs certificate issuer audience tenant scheme flow driver plugin module".split()
)
_TOKENS = frozenset(b"apikey credential credentials password passwd pword secret secrets token".split())
_HEADS = frozenset(b"key auth".split())
_AUTH_VALUES = frozenset(b"config json basic string header".split())
_ENDINGS = (b"password", b"passwd", b"passphrase", b"apikey", b"secret", b"token", b"secretkey", b"privatekey", b"accesskey")
# Half of a pair that is of no use without its secret one, or a path by convention.
_ALWAYS = frozenset((b"aws_access_key_id", b"docker_auth_config", b"pip_index_password"))
_NEVER = frozenset((b"google_application_credentials", b"aws_shared_credentials_file"))

_FINGERPRINT = Pattern(rb"(?:0[xX])?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{32}|[0-9A-F]{40})\Z")
_ANY_DIGEST = Pattern(rb"(?:0[xX])?(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\Z")
_SWITCHES = frozenset(b"true false yes no on off disabled enabled auto 0 1".split())
_NOTHING = frozenset(b"none null nil undefined unset empty default optional required n/a na tbd todo fixme".split())
_STAND_IN = Pattern(
    rb"(?i)change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|with)|place[-_ ]?holder|example|dummy|fake|mock|sample|xxx|\*\*\*|\.\.\.\Z|redacted|"
    rb"(?:^|[-_ ])(?:your|insert|todo|fixme|unused|invalid|stub|notused|nokey|no[-_]key|temporary|temp|tmp)(?:[-_ ]|$)|not[-_ ]?(?:a[-_ ]|real|used|set|needed)|"
    rb"(?:^|[-_ ])(?:build|compile)(?:[-_ ]?(?:time|only|phase|step|secret|key))?(?:[-_ ]|$)|collect[-_ ]?static|only[-_ ]for"
)


def is_client_side(name: str) -> bool:
    """Whether a bundler compiles the variable into what browsers download."""
    return name.startswith(CLIENT_PREFIXES)


@lru_cache(maxsize=4096)
def promises_secret(name: str) -> bool:
    """Whether a variable of that name holds a secret, as far as a name can tell."""
    client = next((prefix for prefix in CLIENT_PREFIXES if name.startswith(prefix)), "")
    plain = name[len(client) :].encode("utf-8", "surrogateescape")[-120:]
    words = names.split(plain)
    if plain.lower() in _ALWAYS:
        return True
    if not words or plain.lower() in _NEVER or not _HARMLESS.isdisjoint(words) or client and not _FOR_BROWSERS.isdisjoint(words):
        return False
    level = names.strength(plain)
    if level >= names.MEDIUM:
        return level == names.STRONG or words[-1] not in (b"keys", b"tokens") and b"site" not in words
    if level == names.WEAK:
        return _is_weak_secret(words)
    last = words[-1]
    return last == b"pword" or last.endswith(_ENDINGS) and last not in _ENDINGS


def _is_weak_secret(words: list[bytes]) -> bool:
    """For names that may hold a secret or speak of one: `COMPOSER_AUTH` and `TOKEN_ACME` do, `AUTH_REALM` and `TOKEN_MINUTES` do not."""
    if words[-1] in _HEADS or words[-1] in _AUTH_VALUES and words[-2:-1] == [b"auth"]:
        return True
    return not _TOKENS.isdisjoint(words) and words[-1] not in _ABOUT


SECRET, STAND_IN, OTHER = "secret", "stand-in", "other"


def judge_value(name: str, value: bytes) -> str:
    """Whether a literal under the name of a secret is one: in an image, a weak password is a password, too.

    STAND_IN is a text that only keeps the place of a secret; OTHER is none at all: a path, an address, a switch, a fingerprint.
    """
    from agent_security_hooks.parse.secrets import judge

    plain = name.encode("utf-8", "surrogateescape")
    value = value.strip()
    if value.lower() in _SWITCHES or _tells_which_key(plain, value):
        return OTHER
    if not value or value.lower() in _NOTHING or len(set(value)) < 2 or _STAND_IN.search(value):
        return STAND_IN
    password, level = names.is_password(plain), names.strength(plain)
    if level == names.STRONG and _is_long_and_random(value):
        return SECRET
    if judge.no_literal(value, b"") and not (password and (value.isdigit() or b"@" in value and not judge.template(value) and b" " not in value)):
        return STAND_IN if b"<" in value or b"{" in value else OTHER
    if _repeats(plain, value):
        return STAND_IN
    if password or level == names.STRONG:
        return SECRET
    if level == names.MEDIUM:
        made = len(value) >= 6 and not judge.reads_as_code(value) or judge.generated(value, names.MEDIUM, strict=False)
    else:
        made = judge.generated(value, names.WEAK, strict=False)
    return SECRET if made else STAND_IN


def _is_long_and_random(value: bytes) -> bool:
    """Whether the value is a generated key with symbols in it, some of which would make it an expression elsewhere, as Django's are."""
    from agent_security_hooks.parse.secrets import judge, names

    if len(value) < 30 or value[:1] in b"/.~<{[$%" or any(mark in value for mark in (b" ", b"://", b"{", b"$(", b"\n")):
        return False
    return judge.generated(value, names.STRONG, strict=True)


def _repeats(name: bytes, value: bytes) -> bool:
    """Whether the value is made of the name of its variable, as `__API_KEY__` that is replaced when the container starts."""
    plain = name.replace(b"_", b"").lower()
    return len(names.split(name)) > 1 and plain in value.translate(None, b"_-.$% ").lower()


def is_fingerprint(value: bytes) -> bool:
    """Whether a value is written as PGP writes the identifiers of keys."""
    return _FINGERPRINT.match(value) is not None


def _tells_which_key(name: bytes, value: bytes) -> bool:
    """Whether the value of a `*_KEY` tells which key is meant instead of being one."""
    words = names.split(name)
    if not words or words[-1] not in (b"key", b"keys", b"id"):
        return False
    compact = value.replace(b" ", b"")
    sure = {b"api", b"secret", b"access", b"private", b"encryption", b"token"}
    return (_FINGERPRINT if names.strength(name) == names.STRONG else _ANY_DIGEST).match(compact) is not None and sure.isdisjoint(words)
