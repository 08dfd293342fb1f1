"""The table of credential formats: every row is well-formed, and a value made from it satisfies it."""

from __future__ import annotations

import base64
import importlib
import json
import re
import sys
import zlib
from typing import Any

import placeholders
import pytest
from agent_security_hooks.data import credential_formats
from agent_security_hooks.data.credential_formats import FORMATS, Format
from placeholders import generate

parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUMS = {"", *re.findall(r"(?m)^([a-z0-9-]+) {2,}\S", credential_formats.__doc__ or "")}
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
SINGLE = [pytest.param(form, id=form.kind) for form in FORMATS]
WITH_PREFIX = [pytest.param(form, prefix, id=f"{form.kind}-{prefix.decode()}") for form in FORMATS for prefix in form.prefixes]


def children(op: str, argument: Any) -> list[Any]:
    if op in REPEATS:
        return [argument[2]]
    if op == "BRANCH":
        return list(argument[1])
    if op == "SUBPATTERN":
        return [argument[3]]
    if op in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    return [argument] if op == "ATOMIC_GROUP" else []


def faults(tree: Any) -> list[str]:
    """Quantifiers without a bound, and variable repeats whose body is nothing but a variable repeat."""
    found = []
    for node, argument in tree:
        op = str(node)
        if op in REPEATS:
            low, high, body = argument
            if high == parser.MAXREPEAT:
                found.append("unbounded quantifier")
            if low != high and is_variable_repeat(body):
                found.append("variable repeat in a variable repeat")
        for child in children(op, argument):
            found += faults(child)
    return found


def is_variable_repeat(tree: Any) -> bool:
    items = list(tree)
    if len(items) != 1:
        return False
    op, argument = str(items[0][0]), items[0][1]
    if op in REPEATS:
        return bool(argument[0] != argument[1]) or is_variable_repeat(argument[2])
    return op in ("SUBPATTERN", "ATOMIC_GROUP", "BRANCH") and any(is_variable_repeat(child) for child in children(op, argument))


def decode(text: bytes) -> bytes:
    return base64.b64decode(text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(text.rstrip(b"=")) % 4))


@pytest.mark.parametrize(("pattern", "expected"), [
    (rb"[a-z]{20}", 0),
    (rb"(?:-[a-z]{1,5}){1,3}", 0),
    (rb"(?:dev-|prod-)?[a-z]{3,9}", 0),
    (rb"[a-z]+", 1),
    (rb"[a-z]{3,}", 1),
    (rb"(?:a|b\d*)", 1),
    (rb"(?:[a-z]{1,5}){1,3}", 1),
    (rb"((?:[a-z]{1,5})|x){0,3}", 1),
])  # fmt: skip
def test_faults_are_seen(pattern: bytes, expected: int) -> None:
    assert len(faults(parser.parse(pattern))) == expected


def test_kinds_are_unique() -> None:
    names = [form.kind for form in FORMATS]
    assert sorted(names) == sorted(set(names))


def test_rows_are_unique() -> None:
    rows = [(prefix, form.tail, form.before, form.infix) for form in FORMATS for prefix in form.prefixes]
    assert sorted(rows) == sorted(set(rows))


@pytest.mark.parametrize("form", SINGLE)
def test_fields(form: Format) -> None:
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", form.kind)
    assert form.title
    assert form.title == form.title.strip()
    assert form.title.isprintable()
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", form.env)
    assert re.fullmatch(r"(?:https://[^\s/]+\S*)?", form.revoke)
    assert form.checksum in CHECKSUMS
    assert type(form.prefixes) is tuple  # a forgotten comma makes it bytes
    assert form.prefixes
    assert len(form.prefixes) == len(set(form.prefixes))
    assert all((len(prefix) >= 2 or form.before.endswith(b"$")) and prefix.isascii() for prefix in form.prefixes)
    assert form.infix.isascii()


@pytest.mark.parametrize("form", SINGLE)
def test_patterns_are_bounded(form: Format) -> None:
    for pattern in (form.tail, form.before):
        re.compile(pattern)
        assert faults(parser.parse(pattern)) == []
    assert form.tail
    assert not re.compile(form.tail).fullmatch(b"")


@pytest.mark.parametrize(("form", "prefix"), WITH_PREFIX)
def test_a_generated_value_matches(form: Format, prefix: bytes) -> None:
    for index in range(4):
        value = generate(form.kind, index=index, prefix=prefix.decode()).encode()
        matches = [i for i in range(len(value)) if value.startswith(prefix, i) and re.compile(form.tail).fullmatch(value, i + len(prefix))]
        part_of_token = form.before and (form.before.endswith(b"$") or not prefix[:1].isalpha())
        if part_of_token:
            assert [i for i in matches if re.search(form.before, value[:i])]
        else:
            assert 0 in matches
        assert form.infix in value


def test_the_first_prefix_is_the_default() -> None:
    for form in FORMATS:
        assert generate(form.kind) == generate(form.kind, prefix=form.prefixes[0].decode())


@pytest.mark.parametrize(("form", "prefix"), WITH_PREFIX)
def test_checksums(form: Format, prefix: bytes) -> None:
    for index in range(4):
        token = generate(form.kind, index=index, prefix=prefix.decode()).encode()
        assert checksum_holds(form.checksum, token, prefix)


def checksum_holds(checksum: str, token: bytes, prefix: bytes) -> bool:
    body = token[token.index(prefix) + len(prefix) :]
    if checksum in ("github", "npm"):
        number = 0
        for letter in body[30:].decode():
            number = number * 62 + BASE62.index(letter)
        return len(body) == 36 and number == zlib.crc32(body[:30])
    if checksum == "pypi":
        macaroon = decode(token.partition(b"-")[2])
        location = macaroon[3 : 3 + macaroon[2]]
        return macaroon[:2] == b"\x02\x01" and location.endswith(b"pypi.org") and macaroon[3 + len(location) : 5 + len(location)] == b"\x02\x24"
    if checksum == "aws-key-id":
        account = (int.from_bytes(base64.b32decode(body)[:6], "big") & 0x7FFFFFFFFF80) >> 7
        return 0 < account < 10**12
    if checksum == "jwt":
        header = json.loads(decode(token[max(0, token.find(b"ey")) :].split(b".")[0]))
        return isinstance(header, dict) and "alg" in header
    if checksum == "base64-json":
        start = max(token.find(b"eyJ"), 0) or len(prefix)
        return isinstance(json.loads(decode(re.split(rb"[._]", token[start:])[0])), dict)
    if checksum == "base64-text":
        texts = [decode(part) for part in (re.split(rb"[^A-Za-z0-9+/]", prefix)[-1] + body, body) if len(part.rstrip(b"=")) % 4 != 1]
        return any(text.isascii() and text.decode().isprintable() for text in texts)
    return True


# Formats that the table does not have (yet), for every way to generate.
@pytest.mark.parametrize("form", [
    Format("json-in-prefix", "T", (b"zz_eyJ",), rb"[\w+/]{60,300}={0,3}", "T", "", "base64-json"),
    Format("json-to-dot", "T", (b"zz.",), rb"eyJvIjoi[A-Za-z0-9]{40,80}\.[0-9a-f]{12}", "T", "", "base64-json"),
    Format("text-in-prefix", "T", (b"cmVmdGtuOjAxOj",), rb"[A-Za-z0-9]{50}", "T", "", "base64-text"),
    Format("web-token", "T", (b"eyJ",), rb"[\w-]{10,200}\.eyJ[\w-]{10,400}\.[\w-]{20,400}", "T", "", "jwt"),
    Format("groups", "T", (b"zz-",), rb"(?i:[a-f]{4})(?=.)(?:x|yz){3}[^a-z\s]{20}\S\D.{1,9}?\w(?!q)\b", "T", ""),
    Format("look-behind", "T", (b":zz",), rb"[\w-]{33}", "T", "", before=rb"(?<![0-9])[0-9]{8,10}$"),
    Format("context", "T", (b"zz-",), rb"[\w-]{33}", "T", "", before=rb"keyword|other"),
    Format("inside", "T", (b"zz-",), rb"[a-z]{20,90}", "T", "", infix=b"mid"),
], ids=lambda form: form.kind)  # fmt: skip
def test_other_formats_can_be_generated(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(placeholders.TABLE, form.kind, form)
    for index in range(4):
        value = generate(form.kind, index=index).encode()
        start = value.index(form.prefixes[0])
        assert re.compile(form.tail).fullmatch(value, start + len(form.prefixes[0]))
        assert bool(start) == (form.kind == "look-behind")
        assert form.infix in value
        assert checksum_holds(form.checksum, value, form.prefixes[0])


def test_a_format_that_cannot_be_generated_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(placeholders.TABLE, "impossible", Format("impossible", "T", (b"zz-",), rb"[0-9]{20}", "T", "", infix=b"mid"))
    with pytest.raises(ValueError, match="impossible"):
        generate("impossible")
