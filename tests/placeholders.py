"""Expands `<secret:KIND>` placeholders, so that tests, documentation and the demo hold no live-looking token on disk.

    expand('key = "<secret:openai>"')        a value of that kind, the same on every machine
    expand("<secret:github> <secret:github:1>")    two different values
    generate("stripe-secret", prefix="sk_test_")   another prefix than the format's first

KIND is a kind of `agent_security_hooks.data.credential_formats`, an alias, or one of the generated kinds below; `kinds()` lists them.
Values of the table are made from prefix and tail by walking the parse tree of the tail; the checksum column says what is computed
after that. None of them was ever issued. A value of several lines (a PEM block) that stands alone on a line is indented like it.
"""

from __future__ import annotations

import base64
import difflib
import functools
import hashlib
import importlib
import json
import random
import re
import string
import struct
import sys
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from agent_security_hooks.data.credential_formats import FORMATS, Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

Slots = list[bytes]
"""For every position of a value, the characters that may stand there: one for a literal."""

TABLE: dict[str, Format] = {form.kind: form for form in FORMATS}

ALIASES = {
    "openai": "openai-project",
    "anthropic": "anthropic-api",
    "github": "github-pat",
    "gitlab": "gitlab-pat",
    "aws": "aws-access-key-id",
    "slack": "slack-bot",
    "stripe": "stripe-secret",
    "google": "google-api",
    "random": "alnum32",
}

_SHAPES = {
    "hex32": rb"[0-9a-f]{32}",
    "hex40": rb"[0-9a-f]{40}",
    "hex64": rb"[0-9a-f]{64}",
    "alnum20": rb"[A-Za-z0-9]{20}",
    "alnum32": rb"[A-Za-z0-9]{32}",
    "alnum40": rb"[A-Za-z0-9]{40}",
    "aws-secret": rb"[A-Za-z0-9]{13}[+/][A-Za-z0-9+/]{25}[A-Za-z0-9]",
    "base64-40": rb"[A-Za-z0-9]{22}[+/][A-Za-z0-9+/]{16}[A-Za-z0-9]",
    "uuid": rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}

# How the tails of some kinds begin, more narrowly than the table says.
_STARTS = {
    "anthropic-api": b"03-",
    "anthropic-admin": b"01-",
    "anthropic-oauth-access": b"01-",
    "anthropic-oauth-refresh": b"01-",
    "slack-app": b"1-A",
}
# The usual length of a tail whose repeat leaves much room.
_LENGTHS = {
    "openai-project": 156,
    "openai-service-account": 156,
    "openai-admin": 156,
    "openai-legacy": 48,
    "sentry-org": 135,
}
_USUAL = 24
_SPREAD = 8
_ATTEMPTS = 400

_PLACEHOLDER = re.compile(r"(?m)(?P<indent>^[ \t]+)?<secret:(?P<kind>[^<>\s:]{1,80})(?::(?P<index>[^<>\s]{1,20}))?>")

_ALNUM = (string.ascii_letters + string.digits).encode()
_BASE62 = (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE64 = _ALNUM + b"+/"
_VISIBLE = bytes(range(33, 127))
_SEPARATORS = b"-_.~+/"
_MARKS = "!*+=~^"
_WORDS = tuple(
    word.encode()
    for word in (
        "abc abcd admin alpha also anon app area auth away back ball bank bar base bash baz bear beta bill bird bite blue boat body bold bone book boom "
        "boot born both bowl boy bulk burn bus busy cafe cake call calm camp car card care case cash cat cell change chat chip city clip club coal coat "
        "code cold come cook cool copy core cost dark data date dead deal dear debug deep default demo desk dev dial dirt disk dog door down draw drop "
        "dummy dust each earn east easy edge else empty enter even ever exam example fact fail fair fake fall false farm fast fear feel file fill film "
        "find fine fire fish five flag flat flow foo food foot form four free from fuel full fund game gate gift girl give glad goal god gold good gray "
        "grow guest hair half hall hand hang hard hash have head hear heat held hell help here hero hidden hide high hill hire hold hole home hope host "
        "hour huge hunt idea insert into invalid iron item join jump just keep key kick kill kind king know lack lady lake lamp land lane last late lead "
        "leaf left less life lift like line link list live load loan lock log long look lorem lose loss lost love luck mail main make male many mark mask "
        "mass math meal mean meat menu milk mind mine mock mode moon more most move much music name near neck need nest news next nice night nil nine node "
        "none noon not note null once only open oral over pack page pain pair pale park part pass past path peak pick pink pipe plan play plot plus poem "
        "poll pool poor port post private pull pure push qwerty race rain random rare rate read real red rely rest rice rich ride ring rise risk road rock "
        "role roll roof room root rope rose rule rush safe sail sale salt same sample sand save seat secret seed seek seem sell send set ship shoe shop "
        "shot show sick side sign site size skin slip slow small snow soft soil some song soon sort soul soup star stay step stub such suit sun super sure "
        "swim tail take tale talk tall tank tape task taste tax team tear tell temp ten tend term test text than that them then they thin this thus time "
        "tiny todo token tone tool top tour town tree trip true tube turn twin two type unit unknown upon used user value vary vast verb very view vote "
        "wait wake walk wall want ward warm wash wave weak wear week well west what when wide wife wild will wind wine wing wire wise wish with wolf wood "
        "word work world worn wrap xxx yard yeah year yes you your zero zone"
    ).split()
)
_BY_LAST = {byte: tuple(word for word in _WORDS if word[-1] == byte) for byte in {word[-1] for word in _WORDS}}
_UUID = re.compile(rb"([0-9a-f]{8}-[0-9a-f]{4}-)[0-9a-f]([0-9a-f]{3}-)[0-9a-f]([0-9a-f]{3}-[0-9a-f]{12})")


def expand(text: str, seed: int = 0) -> str:
    """The text with every `<secret:kind>` and `<secret:kind:3>` replaced by its value."""

    def value(match: re.Match[str]) -> str:
        index = match["index"] or "0"
        if not (index.isascii() and index.isdigit()):
            message = f"the index of {match[0].strip()} is no number"
            raise ValueError(message)
        indent = match["indent"] or ""
        return indent + generate(match["kind"], seed, int(index)).replace("\n", "\n" + indent)

    return _SAMPLE.sub(lambda match: SAMPLES[match[1]], _PLACEHOLDER.sub(value, text))


# What documentation shows instead of a key, for `<sample:name>`: written in parts, since scanners of repositories take the whole for one.
SAMPLES = {
    "aws-id": "AKIA" + "IOSFODNN7" + "EXAMPLE",
    "aws-secret": "wJalrXUtnFEMI/" + "K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "github-x": "ghp_" + "x" * 36,
    "slack-x": f"xoxb-{0:012}-{0:012}-" + "x" * 24,
}
_SAMPLE = re.compile(r"<sample:([a-z-]{1,20})>")


def kinds() -> list[str]:
    """Every kind that a placeholder may name."""
    return sorted({*TABLE, *ALIASES, *_SHAPES, *_MADE})


@functools.cache
def generate(kind: str, seed: int = 0, index: int = 0, *, prefix: str = "") -> str:
    """The value of that kind. Equal arguments give equal values; another index or seed gives another value."""
    if kind not in TABLE:
        kind = ALIASES.get(kind, kind)
    rng = random.Random(int.from_bytes(hashlib.sha256(f"{kind}/{seed}/{index}".encode()).digest(), "big"))
    form = TABLE.get(kind)
    if form is not None:
        return _from_format(form, prefix.encode() or form.prefixes[0], rng).decode()
    if prefix:
        message = f"{kind} has no prefixes"
        raise ValueError(message)
    if kind in _SHAPES:
        return _from_shape(_SHAPES[kind], rng).decode()
    if kind in _MADE:
        return _MADE[kind](rng)
    close = difflib.get_close_matches(kind, kinds(), n=4, cutoff=0.4)
    message = f"unknown kind of secret {kind!r}" + (f"; close matches: {', '.join(close)}" if close else "")
    raise KeyError(message)


# Values from a pattern


class _Draft(NamedTuple):
    """A filled value whose checksum is still to be made true."""

    value: bytes
    prefix: bytes
    slots: Slots
    rng: random.Random
    lenient: bool  # after many failures


def _from_format(form: Format, prefix: bytes, rng: random.Random) -> bytes:
    tail, before = re.compile(form.tail), re.compile(form.before)
    tail_tree, before_tree = _parser.parse(form.tail), _parser.parse(form.before)
    part_of_token = bool(form.before) and (form.before.endswith(b"$") or not prefix[:1].isalpha())
    shortest = form.checksum in ("github", "npm")  # longer ones have no checksum
    length = 0 if shortest else _LENGTHS.get(form.kind, _USUAL)
    fix = _CHECKSUMS.get(form.checksum)
    found = b""
    for attempt in range(_ATTEMPTS):
        front = _slots(before_tree, rng, _USUAL) if part_of_token else []
        slots = [bytes([byte]) for byte in prefix] + _slots(tail_tree, rng, length)
        _put(slots, _STARTS.get(form.kind, b""), len(prefix))
        if form.infix and not _put_in_middle(slots, form.infix, len(prefix)):
            continue
        filled = _UUID.sub(rb"\g<1>4\g<2>a\g<3>", _fill(front + slots, rng))
        left, value = filled[: len(front)], filled[len(front) :]
        if fix is not None:
            value = fix(_Draft(value, prefix, slots, rng, 2 * attempt >= _ATTEMPTS))
        if not value.startswith(prefix) or not tail.fullmatch(value, len(prefix)) or form.infix not in value:
            continue
        if part_of_token and not before.search(left):
            continue
        found = left + value
        if fix in _STRUCTURED or _clean(found, front + slots):
            return found
    if found:
        return found
    message = f"{form.kind}: no value matches its tail, infix, `before` and checksum {form.checksum!r}"
    raise ValueError(message)


def _from_shape(pattern: bytes, rng: random.Random) -> bytes:
    while True:
        slots = _slots(_parser.parse(pattern), rng, _USUAL)
        value = _fill(slots, rng)
        if _clean(value, slots):
            return value


def _slots(tree: Any, rng: random.Random, length: int) -> Slots:
    """Random choices of alternatives and counts, as one set of characters for every position."""
    slots: Slots = []
    for op, argument in tree:
        name = str(op)
        if name == "LITERAL":
            slots.append(bytes([argument]))
        elif name == "NOT_LITERAL":
            slots.append(_usual(set(_VISIBLE) - {argument}))
        elif name == "ANY":
            slots.append(_ALNUM)
        elif name == "IN":
            slots.append(_members(argument))
        elif name == "BRANCH":
            slots += _slots(_choose(argument[1], rng), rng, length)
        elif name == "SUBPATTERN":
            slots += _slots(argument[3], rng, length)
        elif name == "ATOMIC_GROUP":
            slots += _slots(argument, rng, length)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = argument
            for _ in range(_count(int(low), int(high), length, rng)):
                slots += _slots(body, rng, length)
        elif name not in ("AT", "ASSERT", "ASSERT_NOT"):  # what these ask for is checked on the whole value
            message = f"cannot generate from {name} in a pattern"
            raise ValueError(message)
    return slots


def _count(low: int, high: int, length: int, rng: random.Random) -> int:
    if not length:
        return low
    if high - low <= 2 * _SPREAD:
        return rng.randint(low, high)
    if length != _USUAL:
        return max(low, min(length, high))
    low = max(low, min(_USUAL, high))
    return rng.randint(low, min(high, low + _SPREAD))


def _choose(branches: list[Any], rng: random.Random) -> Any:
    """One of the alternatives; that of no width (`^`), if there is one."""
    for branch in branches:
        if len(branch) and all(str(op) in ("AT", "ASSERT", "ASSERT_NOT") for op, _ in branch):
            return branch
    return rng.choice(branches)


_CATEGORIES = {
    "CATEGORY_DIGIT": set(string.digits.encode()),
    "CATEGORY_WORD": set(_ALNUM + b"_"),
    "CATEGORY_SPACE": set(b" \t\n\r\f\v"),
}


def _members(items: Iterable[tuple[Any, Any]]) -> bytes:
    members: set[int] = set()
    negated = False
    for op, argument in items:
        name = str(op)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            members.add(argument)
        elif name == "RANGE":
            members.update(range(argument[0], argument[1] + 1))
        else:
            category = str(argument)
            inside = _CATEGORIES[category.replace("_NOT_", "_")]
            members |= set(_VISIBLE) - inside if "_NOT_" in category else inside
    if negated:
        return _usual(set(_VISIBLE) - members)
    visible = members & set(_VISIBLE)
    if not visible:
        return b" " if 32 in members else bytes(sorted(members))
    return bytes(sorted(visible - set(b"=") or visible))  # inside a class `=` stands for padding


def _usual(members: set[int]) -> bytes:
    return bytes(sorted(members & set(_ALNUM) or members))


def _put(slots: Slots, text: bytes, position: int) -> bool:
    """Fixes the characters from that position on, if the pattern allows them."""
    fits = position + len(text) <= len(slots) and all(byte in slots[position + i] for i, byte in enumerate(text))
    if fits:
        slots[position : position + len(text)] = [bytes([byte]) for byte in text]
    return fits


def _put_in_middle(slots: Slots, infix: bytes, start: int) -> bool:
    middle = start + (len(slots) - start - len(infix)) // 2
    positions = range(start, len(slots) - len(infix) + 1)
    return any(_put(slots, infix, position) for position in sorted(positions, key=lambda position: abs(position - middle)))


def _fill(slots: Slots, rng: random.Random) -> bytes:
    value = bytearray()
    last = len(slots) - 1
    for position, options in enumerate(slots):
        if len(options) > 1:
            following = slots[position + 1] if position < last else b""
            edge = position in (0, last) or value[-1] in _SEPARATORS or len(following) == 1 and following in _SEPARATORS
            shunned = _SEPARATORS if edge else b"0" if options.isdigit() and not value[-1:].isdigit() else b""
            calm = options.translate(None, shunned) or options
            byte = rng.choice(calm)
            for _ in range(20):
                if not _run(value[-2:] + bytes([byte])) and not _ends_in_word(value[-9:] + bytes([byte])):
                    break
                byte = rng.choice(calm)
            value.append(byte)
        else:
            value += options
    return bytes(value)


def _run(three: bytes | bytearray) -> bool:
    return len(three) == 3 and three[1] - three[0] == three[2] - three[1] and abs(three[1] - three[0]) <= 1


def _ends_in_word(text: bytes | bytearray) -> bool:
    low = text.lower()
    return low.endswith(_BY_LAST.get(low[-1], ()))


def _clean(value: bytes, slots: Slots) -> bool:
    """Whether the random part has no runs and words, and digits as well as letters where it may have both."""
    free = [len(options) > 1 for options in slots] if len(slots) == len(value) else [True] * len(value)
    for i in range(len(value) - 2):
        if any(free[i : i + 3]) and _run(value[i : i + 3]):
            return False
    low = value.lower()
    for word in _WORDS:
        position = low.find(word)
        while position >= 0:
            if all(free[position : position + len(word)]):
                return False
            position = low.find(word, position + 1)
    drawn = bytes(byte for byte, is_free in zip(value, free, strict=True) if is_free)
    mixed = [options for options in slots if options.isalnum() and not options.isdigit() and not options.isalpha()]
    return len(mixed) < 12 or not drawn.isalpha() and not drawn.isdigit()


# Checksums


def _crc_base62(draft: _Draft) -> bytes:
    value, prefix = draft.value, draft.prefix
    if len(value) - len(prefix) != 36:
        return value
    number = zlib.crc32(value[-36:-6])
    digits = bytearray()
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return value[:-6] + bytes(reversed(digits))


def _account_number(draft: _Draft) -> bytes:
    """Base32 of: a set bit, 40 bits of account number, random bits."""
    prefix, rng = draft.prefix, draft.rng
    size = len(draft.value) - len(prefix)
    random_bits = 5 * size - 41
    if random_bits < 0:
        return draft.value
    number = (1 << 40 | rng.randint(10**11, 10**12 - 1)) << random_bits | rng.getrandbits(random_bits or 1) & (1 << random_bits) - 1
    return prefix + bytes(_BASE32[number >> 5 * i & 31] for i in reversed(range(size)))


def _macaroon(draft: _Draft) -> bytes:
    """A binary macaroon: location (in the prefix), identifier, one caveat, signature."""
    rng = draft.rng
    head, _, location = draft.prefix.rpartition(b"-")
    known = base64.urlsafe_b64decode(location + b"=" * (-len(location) % 4)) if len(location) % 4 != 1 else b""
    caveat = b'[3,"' + _from_shape(_SHAPES["uuid"], rng) + b'"]'
    packets = b"\x02\x24" + _from_shape(_SHAPES["uuid"], rng) + b"\x00\x02" + bytes([len(caveat)]) + caveat + b"\x00\x00\x06\x20" + rng.randbytes(32)
    return head + b"-" + base64.urlsafe_b64encode(known + packets).rstrip(b"=")


def _json_web_token(draft: _Draft) -> bytes:
    prefix = draft.prefix
    start = prefix.find(b"ey")
    return prefix[: start if start >= 0 else len(prefix)] + _jwt(draft.rng, "RS256" if draft.lenient else "HS256").encode()


def _encoded_part(value: bytes, start: int, end: int, lenient: bool) -> tuple[int, int] | None:
    """Number of bytes that the base64 text there stands for, and of its padding; None if it is none."""
    part = value[start:end]
    padding = len(part) - len(part.rstrip(b"="))
    size = len(part) - padding
    if (size + padding) % 4 and not (lenient and not padding and size % 4 != 1):
        return None
    return size * 3 // 4, padding


def _base64_json(draft: _Draft) -> bytes:
    """The part from `eyJ` (or the prefix) to the next fixed dot or underscore becomes a JSON object of the same length."""
    value, prefix, slots, rng, lenient = draft
    lead_end = next((i for i, options in enumerate(slots) if len(options) > 1), len(slots))
    start = value.find(b"eyJ", 0, lead_end)
    if start < 0:
        start = len(prefix)
    end = next((i for i in range(max(start, len(prefix)), len(slots)) if slots[i] in (b".", b"_")), len(value))
    part = _encoded_part(value, start, end, lenient)
    if part is None:
        return b""
    size, padding = part
    lead = value[start : max(start, min(lead_end, end))]
    known = base64.b64decode(lead + b"A" * (-len(lead) % 4))[: len(lead) * 6 // 8]
    heads = [b'"', b':"', b'":"', b"", b'":1,"k":"', b':1,"k":"', b'1,"k":"', b'org":"', b'{"org":"']
    if known == b'{"iat"':
        stamp = b"%d.%d" % (rng.randint(1718000000, 1740000000), rng.randint(100000, 999999))
        heads.insert(0, b":" + stamp + b',"url":"https://sentry.io","region_url":"https://us.sentry.io","org":"')
    if known == b'{"':
        heads.insert(0, b'org":"')
    for head in heads:
        for close in (b'"}', b"}", b'"}}'):
            room = size - len(known) - len(head) - len(close)
            if room < 1:
                continue
            text = known + head + _fill([_ALNUM] * room, rng) + close
            encoded = base64.b64encode(text).rstrip(b"=")
            if encoded.startswith(lead) and _is_json_object(text):
                return value[:start] + encoded + b"=" * padding + value[end:]
    return b""


def _is_json_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


# What the text behind a prefix begins with.
_TEXT_STARTS: dict[bytes, Callable[[random.Random], bytes]] = {
    b"ABSK": lambda rng: b"BedrockAPIKey-" + _from_shape(rb"[a-z0-9]{4}", rng) + b"-at-" + str(rng.randint(10**11, 10**12 - 1)).encode() + b":",
}


def _base64_text(draft: _Draft) -> bytes:
    """The part from the last base64 run of the prefix on, or else from behind it, becomes the base64 of readable text."""
    value, prefix, _, rng, lenient = draft
    start = len(prefix) - len(re.split(rb"[^A-Za-z0-9+/]", prefix)[-1])
    lead = prefix[start:]
    known = base64.b64decode(lead[: len(lead) // 4 * 4])
    if not known or not all(byte in _VISIBLE for byte in known):
        start, lead, known = len(prefix), b"", b""
    part = _encoded_part(value, start, len(value), lenient)
    if part is None:
        return b""
    size, padding = part
    known += _TEXT_STARTS[prefix](rng) if prefix in _TEXT_STARTS else b""
    for _ in range(200):  # the prefix may fix a few bits more
        text = known + (_fill([_VISIBLE if lead else _ALNUM] + [_ALNUM] * (size - len(known)), rng))[: size - len(known)]
        encoded = base64.b64encode(text).rstrip(b"=")
        if encoded.startswith(lead):
            return value[:start] + encoded + b"=" * padding
    return b""


_CHECKSUMS: dict[str, Callable[[_Draft], bytes]] = {
    "github": _crc_base62,
    "npm": _crc_base62,
    "aws-key-id": _account_number,
    "pypi": _macaroon,
    "jwt": _json_web_token,
    "base64-json": _base64_json,
    "base64-text": _base64_text,
}
# Encoded texts, in which runs and words are a matter of the encoding.
_STRUCTURED = (_macaroon, _json_web_token, _base64_json, _base64_text)


# Values that no issuer's format describes


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _jwt(rng: random.Random, algorithm: str = "HS256", **claims: str) -> str:
    issued = rng.randint(1718000000, 1740000000)
    payload: dict[str, object] = {**(claims or {"sub": _from_shape(_SHAPES["uuid"], rng).decode()}), "iat": issued, "exp": issued + 315360000}
    header = {"alg": algorithm, "typ": "JWT"}
    # A signature of 32 or 256 bytes; its last character holds the bits that remain.
    signature = [_ALNUM + b"-_"] * (42 if algorithm == "HS256" else 341) + [b"AEIMQUYcgkosw048" if algorithm == "HS256" else b"AQgw"]
    parts = [_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload)]
    return ".".join((*parts, _fill(signature, rng).decode()))


def _project_jwt(rng: random.Random, role: str) -> str:
    return _jwt(rng, iss="supabase", ref=_from_shape(rb"[a-z]{20}", rng).decode(), role=role)


def _pem_block(label: str, body: str, width: int) -> str:
    rule, label = "-" * 5, label + " KEY"
    lines = [body[i : i + width] for i in range(0, len(body), width)]
    return "\n".join((f"{rule}BEGIN {label}{rule}", *lines, f"{rule}END {label}{rule}"))


def _pem(rng: random.Random) -> str:
    """The outer shape of a 2048-bit RSA key: sequence, version, the length of the modulus; random from there on."""
    head = base64.b64encode(bytes.fromhex("308204a4" + "020100" + "0282010100"))
    slots = [_BASE64] * (1588 - len(head) + 1) + [b"AQgw"]
    return _pem_block("RSA PRIVATE", (head + _fill(slots, rng)).decode() + "==", 64)


def _pem_openssh(rng: random.Random) -> str:
    """An unencrypted Ed25519 container."""

    def field(data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + data

    public, seed, check = rng.randbytes(32), rng.randbytes(32), rng.randbytes(4)
    algorithm = field(b"ssh-ed25519")
    inner = check + check + algorithm + field(public) + field(seed + public) + field(b"deploy@build")
    inner += bytes(range(1, -len(inner) % 8 + 1))
    outer = b"openssh-key-v1\0" + field(b"none") * 2 + field(b"") + struct.pack(">I", 1) + field(algorithm + field(public)) + field(inner)
    return _pem_block("OPENSSH PRIVATE", base64.b64encode(outer).decode(), 70)


def _password(rng: random.Random) -> str:
    """Like one of a password manager, without characters that quotes, URLs or templates would have to escape."""
    lower, upper, digit, mark = (text.encode() for text in ("abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", _MARKS))
    while True:
        slots = [upper, digit, mark, mark, digit, lower, lower, lower, upper, lower]
        rng.shuffle(slots)
        slots = [lower, *slots, upper]
        value = _fill(slots, rng)
        if _clean(value, slots) and not re.search(rb"[^A-Za-z0-9]{2}", value):
            return value.decode()


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_MADE: dict[str, Callable[[random.Random], str]] = {
    "jwt": _jwt,
    "jwt-anon": lambda rng: _project_jwt(rng, "anon"),
    "jwt-service-role": lambda rng: _project_jwt(rng, "service_role"),
    "pem": _pem,
    "pem-openssh": _pem_openssh,
    "pem-escaped": lambda rng: (_pem(rng) + "\n").replace("\n", "\\n"),
    "pem-base64": lambda rng: _encoded(_pem(rng) + "\n"),
    "password": _password,
    "basic-auth": lambda rng: _encoded(rng.choice(("deploy", "ci-runner", "svc-build")) + ":" + _password(rng)),
    "k8s-password": lambda rng: _encoded(_password(rng)),
}
