"""The expansion of `<secret:KIND>` placeholders."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path

import placeholders
import pytest
from placeholders import expand, generate, kinds

ALL_KINDS = kinds()
# Encoded texts and containers repeat characters where their content does.
ENCODED = {"pypi", "jwt", "base64-json", "base64-text"}
STRUCTURED = {kind for kind, form in placeholders.TABLE.items() if form.checksum in ENCODED} | {
    "jwt",
    "jwt-anon",
    "jwt-service-role",
    "pem",
    "pem-openssh",
    "pem-escaped",
    "pem-base64",
}
SHAPES = {
    "aws-secret": r"[A-Za-z0-9+/]{40}",
    "base64-40": r"[A-Za-z0-9+/]{40}",
    "hex32": r"[0-9a-f]{32}",
    "hex40": r"[0-9a-f]{40}",
    "hex64": r"[0-9a-f]{64}",
    "alnum20": r"[A-Za-z0-9]{20}",
    "alnum32": r"[A-Za-z0-9]{32}",
    "alnum40": r"[A-Za-z0-9]{40}",
    "random": r"[A-Za-z0-9]{32}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "password": r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^A-Za-z0-9])[A-Za-z0-9!*+=~^]{12}",
}


def decoded_part(part: str) -> dict[str, object]:
    result: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return result


def test_replaces_every_placeholder_and_nothing_else() -> None:
    text = 'a = "<secret:hex32>"\nb = "<secret:hex32>" # <b> <secret> secret: <secret:\n'
    value = generate("hex32")
    assert expand(text) == f'a = "{value}"\nb = "{value}" # <b> <secret> secret: <secret:\n'


@pytest.mark.parametrize("text", ["", "no placeholder", "<secret>", "<secret:>", "a < b > c", "<secret:key name='x'>", "naïve\r\n\tπ"])
def test_keeps_text_without_placeholders(text: str) -> None:
    assert expand(text) == text


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_is_idempotent(kind: str) -> None:
    once = expand(f"x = <secret:{kind}>")
    assert "<secret" not in once
    assert expand(once) == once


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_is_deterministic_and_differs_by_index_and_seed(kind: str) -> None:
    placeholders.generate.cache_clear()
    first = generate(kind)
    placeholders.generate.cache_clear()
    assert generate(kind) == first
    assert expand(f"<secret:{kind}:0>") == expand(f"<secret:{kind}>") == first
    assert len({generate(kind, seed, index) for seed in range(2) for index in range(3)}) == 6
    assert expand(f"<secret:{kind}:3>", seed=7) == generate(kind, 7, 3)


def test_is_the_same_in_another_process() -> None:
    code = "import placeholders as p; print([p.generate(kind, 1, 2) for kind in p.kinds()])"
    paths = os.pathsep.join((str(Path(__file__).parent), *sys.path))
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1] == f"{[generate(kind, 1, 2) for kind in ALL_KINDS]}\n"


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_values_look_random(kind: str, index: int) -> None:
    value = generate(kind, index=index)
    assert len(set(value)) >= 9
    assert value.isascii()
    assert value.isprintable() or kind in ("pem", "pem-openssh")
    if kind in STRUCTURED:
        return
    form = placeholders.TABLE.get(placeholders.ALIASES.get(kind, kind))
    fixed = form.prefixes[0].decode() if form else ""
    tail = form.tail.decode() if form else ""
    body = value[value.index(fixed) + len(fixed) :].rstrip("=")  # padding is no part of the random text
    codes = [ord(character) for character in body]
    steps = [b - a for a, b in pairwise(codes)]
    assert not [body[i : i + 3] for i, (one, two) in enumerate(pairwise(steps)) if one == two and abs(one) <= 1]
    words = ("test", "fake", "demo", "dummy", "example", "secret", "token", "abc", "xxx", "foo")
    assert not [word for word in words if word in body.lower() and word not in tail]


@pytest.mark.parametrize(("kind", "shape"), SHAPES.items())
def test_shapes(kind: str, shape: str) -> None:
    for index in range(20):
        assert re.fullmatch(shape, generate(kind, index=index))


@pytest.mark.parametrize(
    ("alias", "kind", "start"),
    [
        ("openai", "openai-project", "sk-proj-"),
        ("anthropic", "anthropic-api", "sk-ant-api"),
        ("github", "github-pat", "ghp_"),
        ("gitlab", "gitlab-pat", "glpat-"),
        ("aws", "aws-access-key-id", "AKIA"),
        ("slack", "slack-bot", "xoxb-"),
        ("stripe", "stripe-secret", "sk_live_"),
        ("google", "google-api", "AIza"),
        ("random", "alnum32", ""),
    ],
)
def test_aliases(alias: str, kind: str, start: str) -> None:
    assert generate(alias, 2, 5) == generate(kind, 2, 5)
    assert generate(alias, 2, 5).startswith(start)


@pytest.mark.parametrize(
    ("kind", "claims"),
    [
        ("jwt", {"sub", "iat", "exp"}),
        ("jwt-anon", {"iss", "ref", "role", "iat", "exp"}),
        ("jwt-service-role", {"iss", "ref", "role", "iat", "exp"}),
    ],
)
def test_json_web_tokens(kind: str, claims: set[str]) -> None:
    header, payload, signature = generate(kind).split(".")
    assert decoded_part(header) == {"alg": "HS256", "typ": "JWT"}
    body = decoded_part(payload)
    assert set(body) == claims
    assert body.get("role") == {"jwt-anon": "anon", "jwt-service-role": "service_role"}.get(kind)
    assert len(base64.urlsafe_b64decode(signature + "=")) == 32


@pytest.mark.parametrize(("kind", "label", "width"), [("pem", "RSA PRIVATE", 64), ("pem-openssh", "OPENSSH PRIVATE", 70)])
def test_pem_blocks(kind: str, label: str, width: int) -> None:
    first, *lines, last = generate(kind).split("\n")
    assert (first, last) == tuple(f"-----{word} {label} KEY-----" for word in ("BEGIN", "END"))
    assert {len(line) for line in lines[:-1]} == {width}
    body = base64.b64decode("".join(lines), validate=True)
    if kind == "pem":
        assert int.from_bytes(body[2:4], "big") == len(body) - 4
    else:
        assert body.startswith(b"openssh-key-v1\0")


def test_pem_in_other_encodings() -> None:
    escaped = generate("pem-escaped")
    assert "\n" not in escaped
    assert escaped.count("\\n") > 20
    decoded = base64.b64decode(generate("pem-base64"), validate=True).decode()
    for text in (escaped.replace("\\n", "\n"), decoded):
        assert [len(line) for line in text.splitlines()] == [len(line) for line in generate("pem").splitlines()]


def test_a_block_is_indented_like_its_placeholder() -> None:
    block = generate("pem")
    assert expand("key: |\n  <secret:pem>\nnext: 1\n") == "key: |\n" + textwrap.indent(block, "  ") + "\nnext: 1\n"
    assert expand('key = """<secret:pem>"""') == f'key = """{block}"""'
    assert expand("\n\n<secret:pem>") == "\n\n" + block


def test_encoded_passwords() -> None:
    user, password = base64.b64decode(generate("basic-auth"), validate=True).decode().split(":")
    assert user
    assert re.fullmatch(SHAPES["password"], password)
    assert re.fullmatch(SHAPES["password"], base64.b64decode(generate("k8s-password"), validate=True).decode())


def test_another_prefix() -> None:
    assert generate("stripe-secret", prefix="sk_test_").startswith("sk_test_")
    with pytest.raises(ValueError, match="hex32"):
        generate("hex32", prefix="0x")


def test_unknown_kind_names_it_and_close_ones() -> None:
    with pytest.raises(KeyError, match=r"'openia'.*openai"):
        expand("<secret:openia>")
    with pytest.raises(KeyError, match="'#'"):
        generate("#")


@pytest.mark.parametrize("index", ["x", "-1", "1.5", "1:2"])
def test_an_index_is_a_number(index: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        expand(f"<secret:openai:{index}>")


def test_kinds_are_unique_and_sorted() -> None:
    assert sorted(set(ALL_KINDS)) == ALL_KINDS
    assert set(placeholders.TABLE) < set(ALL_KINDS)


def test_sources_hold_no_value() -> None:
    for path in (Path(placeholders.__file__), Path(__file__)):
        text = path.read_text("utf-8")
        assert not [kind for kind in ALL_KINDS if generate(kind) in text]
        assert "-----" + "BEGIN" not in text


def test_samples_are_what_documentation_shows() -> None:
    assert placeholders.expand("id <sample:aws-id>.") == "id AKIA" + "IOSFODNN7EXAMPLE."
    assert len(placeholders.expand("<sample:github-x>")) == 40
    with pytest.raises(KeyError):
        placeholders.expand("<sample:none>")
