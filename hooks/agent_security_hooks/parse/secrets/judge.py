"""Is a literal that stands where a secret belongs really one? Placeholders, references and words are not."""

from __future__ import annotations

import re
from functools import lru_cache

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import names
from agent_security_hooks.parse.secrets.words import entropy, randomness, sequential, word_share

# Words of which a text is made that only stands for a secret.
_STAND_IN = Pattern(
    rb"example|sample|dummy|place[-_ ]?holder|change[-_ ]?(?:me|this|it)|chang(?:ed|ing)|your|xxx|\*\*\*|\.\.\.|redact|insert|replace|removed|todo|fixme|foo|bar|baz|lorem|"
    rb"fake|mock|stub|not[-_ ]?(?:a[-_ ])?(?:real|used|set|needed)|secret|passw(?:or)?d|passphrase|token|api[-_ ]?key|access[-_ ]?key|private|default|enter|here|invalid|unused|none|null|undefined|nil|"
    rb"test|demo|user(?:name)?|admin|root|guest|value|string|key|some|random|generated?|hidden|masked|censored|empty|missing|unknown|abc123|1234|5678|qwerty|letmein|welcome|"
    rb"postgres|mysql|mariadb|mongo|redis|rabbit|minio|elastic|keycloak|local(?:host)?|dev(?:elop(?:ment)?)?|prod(?:uction)?|staging|temp|super|my|the|for|and|with|this|must|please|put|paste|need|only|very|long|safe|secure|strong|complex"
)  # fmt: skip

_REFERENCE = Pattern(
    rb"[$%#@!&*]?[{(\[<]|\${1,2}[A-Za-z_]|%[A-Za-z_]{1,40}%|@[\w.-]{1,60}@?\Z|"  # templates: ${X} {{ x }} <x> $X $$X %X% @x@
    rb"(?:sha(?:1|224|256|384|512)|md5|blake2b?|crc32)[-:=]|\{?(?:SSHA|SHA|CRYPT|MD5|PLAIN|noop|bcrypt)\d{0,3}\}|"  # digests
    rb"\${1,2}(?:2[abxy]?|1|5|6|7|y|argon2\w{0,2}|apr1|scrypt|pbkdf2[\w-]{0,12})\$|pbkdf2[:_]|scrypt[:_]|bcrypt|argon2|"  # password hashes
    rb"ENC[\[(]|encrypted:|vault:|vault_|op://|ref\+|ssm:|secretsmanager:|keyring:|keychain:|arn:|projects/|kms:|age1|!vault|!Ref|!Sub|!GetAtt|AQICAH|AQECAH|gAAAAA|Ag[A-D][A-Za-z0-9+/]{150}|"
    rb"ssh-(?:rsa|dss|ed25519)|ecdsa-sha2|AAAA[BCE]3Nza|data:[a-z]{1,20}/|urn:|did:|xmlns|"
    rb"(?:https?|wss?|ftp|file|git|ssh|tcp|unix|redis|amqp|jdbc|mongodb|postgres\w{0,3}|mysql|chrome|about|mailto|javascript)[:+]|"
    rb"(?:os|process|sys|env|config|settings|self|this|ctx|context|params|args|options|opts|props|state|request|req|secrets|vars|local|var|data|module|each|values?|github|inputs|steps|needs)[.\[]|"
    rb"(?:getenv|env|environ|ENV|lookup|require|import|include|function|lambda|return|new|typeof|await|async|def)\b[ (\[.]",
)  # fmt: skip
_INSIDE = Pattern(rb"\$\{|\{\{|\}\}|<%|%>|%\(|\{[A-Za-z_]{0,40}\}|\$\(|%[sdvr]\b|\\[dwsDWSbAZ]|\(\?|\[\^|\[[A-Za-z0-9]-|\.\*|\]\+|\]\*|\{\d{1,4},?\d{0,4}\}|=>|&&|\|\||</|/>|::|;base64|\(\)|\\u|\\x")  # fmt: skip
_IDENTIFIER_PATH = Pattern(rb"[A-Za-z_$][\w$-]{0,80}(?:(?:\.|->|::|/)[A-Za-z_$][\w$-]{0,80}){1,12}\Z")
_PATH = Pattern(rb"(?:[A-Za-z]:)?[~.]{0,2}[\\/]|[\w.-]{1,60}[\\/][\w .-]{1,80}\.[a-z]{1,5}\Z|[\w-]{1,80}\.(?:pem|key|crt|cer|json|ya?ml|txt|env|py|js|ts|go|html?|png|jpg|svg|css|so|md|conf|cfg|ini|toml|xml|p12|pfx|jks|com|org|net|io|dev|example)\Z")  # fmt: skip
_UUID = Pattern(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_NUMBER = Pattern(rb"[+-]?(?:0x)?[0-9][0-9_.,:/ -]{0,60}(?:[eE][+-]?\d{1,4}|px|ms|em|rem|[smhdwkKMG]b?|%)?\Z")
_DATE_OR_MAIL = Pattern(rb"[\w.+-]{1,60}@[\w-]{1,60}\.[\w.-]{1,60}\Z|\d{4}-\d\d-\d\d|v?\d{1,4}\.\d{1,4}\.\d{1,6}")
_UPPER_SNAKE = Pattern(rb"[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,12}\Z")


_MIXED = Pattern(rb"[A-Z][0-9]{1,9}[A-Z]|_[0-9]{1,9}[A-Z]|[0-9]{4}")


def template(value: bytes) -> bool:
    """Whether the value is filled in elsewhere: a variable, an expression, a reference to a vault, a digest."""
    return _REFERENCE.match(value) is not None or _INSIDE.search(value) is not None


@lru_cache(maxsize=2048)
def placeholder(value: bytes) -> bool:
    """Whether the value only stands for a secret: made of stand-in words, one repeated character, or a sequence."""
    if len(set(value)) < 4 or sequential(value) > 0.55 or value.endswith(b"...") or b"EXAMPLE" in value or b"XXXX" in value or b"xxxx" in value:
        return True
    covered = sum(len(word) for word in _STAND_IN.findall(value.lower()))
    return covered >= 0.5 * sum(48 <= b <= 57 or 65 <= b <= 90 or 97 <= b <= 122 for b in value) or _starts_as_advice(value.lower())


def _starts_as_advice(value: bytes) -> bool:
    return value.startswith(
        (b"your", b"<", b"xxx", b"my-", b"my_", b"enter", b"insert", b"replace", b"change", b"some-", b"some_", b"example", b"todo", b"add-your")
    )


# SHA-256, first 8 bytes, of keys that vendors publish as samples or for emulators: they open nothing.
_PUBLISHED = frozenset(
    {
        "0011cc25eb432071",  # Azure storage emulator
        "aa6547439583c3a2",  # Azure Cosmos DB emulator
        "43ffe453d9cb35f9",  # GitHub REST reference, public key of a repository
        "051d093c4bdedbf2",  # jwt.io, HS256 (signature)
        "08831f80b56414a9",  # jwt.io, former HS256 (signature)
        "0998bb2db31482a8",  # jwt.io, HS256 (signature)
        "13d31e961a1ad8ec",  # RFC 7519 section 3.1 (signature)
        "2cafc0970149a84f",  # Stripe documentation
        "f2d6ca16515033e5",  # Stripe documentation
        "7e8de44ea9ecf6d5",  # Stripe documentation
    }
)


def published_sample(value: bytes) -> bool:
    """Whether the value is a sample from a vendor's documentation; only a hash of each is kept here."""
    import hashlib

    return hashlib.sha256(value).hexdigest()[:16] in _PUBLISHED


def sample_token(body: bytes, *, weak_prefix: bool = False) -> bool:
    """Whether the part of a token after its fixed prefix is a documentation sample. One such word in a long random body proves nothing.

    After a prefix of a few characters (`weak_prefix`), words without a digit are an identifier.
    """
    if weak_prefix and not any(48 <= byte <= 57 for byte in body) and word_share(body) > 0.3:
        return True
    if len(set(body)) < 6 or sequential(body) > 0.55:
        return True
    low = body.lower()
    covered = sum(len(word) for word in _STAND_IN.findall(low) if len(word) > 3)
    return covered >= max(6, 0.3 * len(body)) or word_share(body) > 0.75 and entropy(body) < 4.2


_FINGERPRINT = Pattern(rb"(?:0[xX])?[0-9A-F]{40}\Z")


def fingerprint(value: bytes) -> bool:
    """Whether the value is written as the fingerprint of an OpenPGP key, which is public (RFC 4880, section 12.2: 160 bits, by custom in capitals)."""
    return _FINGERPRINT.match(value) is not None and any(65 <= byte <= 70 for byte in value) and any(48 <= byte <= 57 for byte in value)


@lru_cache(maxsize=2048)
def no_literal(value: bytes, name: bytes) -> bool:
    """Whether the value cannot be a secret whatever it is called: a template, path, address, prose, number, or the name itself."""
    if len(value) > 512 or b" " in value.strip() or not value.isascii():
        return True
    if template(value) or _PATH.match(value) and not (len(value) >= 40 and randomness(value) >= 0.7) or _DATE_OR_MAIL.match(value) or _NUMBER.match(value):
        return True
    low = value.lower()
    return low == name.lower() or low in (b"true", b"false", b"null", b"none", b"undefined", b"required", b"optional", b"disabled", b"enabled")


@lru_cache(maxsize=2048)
def reads_as_code(value: bytes) -> bool:
    """Whether the value is made like a name in code: a dotted path, UPPER_SNAKE, or mostly words."""
    if _IDENTIFIER_PATH.match(value) and (word_share(value) > 0.4 or max(map(len, re.split(rb"[./:>-]", value))) < 9):
        return True
    if _UPPER_SNAKE.match(value) and (word_share(value) > 0.3 or not _MIXED.search(value)):
        return True
    return word_share(value) >= 0.6


# Randomness that a value needs, by the strength of its name; weak names also need length.
_THRESHOLDS = {names.STRONG: (0.42, 8), names.MEDIUM: (0.55, 16), names.WEAK: (0.68, 20)}


def generated(value: bytes, strength: int, *, strict: bool) -> bool:
    """Whether the value looks made by a generator, enough for a name of that strength. `strict` asks for more (program code)."""
    if _UUID.match(value):
        return strength == names.STRONG
    threshold, length = _THRESHOLDS[strength]
    if strict and strength == names.STRONG:
        threshold, length = 0.5, 10 if value.isalnum() else 8
    return len(value) >= length and randomness(value) >= threshold


def human_password(value: bytes, *, only_letters: bool = False) -> bool:
    """Whether the value may be a password that a person made up: not a label, not one of the words that stand for one.

    `only_letters` accepts one without a digit or symbol, where nothing but a value can stand.
    """
    if len(value) < 5 or placeholder(value) or _UPPER_SNAKE.match(value):
        return False
    letters = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in value)
    if letters == len(value):
        return only_letters and letters >= 8
    symbols = any(byte in b"!@#$%^&*+=?~" for byte in value)
    if not symbols and not any(48 <= byte <= 57 for byte in value):  # hyphenated words
        return False
    in_words = any(byte in b"_./-:" for byte in value) and word_share(value) >= 0.6 and value.islower()
    return letters > 0 and (symbols or not in_words)
