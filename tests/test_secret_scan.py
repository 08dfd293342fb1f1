"""secret-scan: every format in the places where keys are written, and what literate cases cannot express."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.data.credential_formats import FORMATS, Format
from agent_security_hooks.data.credential_index import ANYWHERE
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import MAY_HAVE_A_SHAPE, find_by_shape, find_credentials, redact
from agent_security_hooks.parse.secrets.detectors import find_by_detectors
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st
from make_format_index import TARGET, render
from placeholders import expand, generate
from support import scan, write

if TYPE_CHECKING:
    from pathlib import Path

    from agent_security_hooks.parse.secrets import Credential

SECRET = [form for form in FORMATS if not form.public]
# Where keys are written; {} is the key and NAME the environment variable that usually holds it.
PLACES = {
    "agent.py": 'client = Client("{}")  # NAME\n',
    ".env": "DEBUG=1\nNAME={}\n",
    ".mcp.json": '{{"mcpServers": {{"x": {{"command": "npx", "args": ["-y", "x"], "env": {{"NAME": "{}"}}}}}}}}\n',
    "index.html": "<script>start('NAME', '{}')</script>\n",
}


def find(name: str, content: str | bytes) -> list[Credential]:
    data = content.encode() if isinstance(content, str) else content
    return Source(name, data, Repository()).view(find_credentials)


def text_of(content: str, credential: Credential) -> str:
    return content.encode()[credential.start : credential.end].decode()


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("form", SECRET, ids=[form.kind for form in SECRET])
def test_every_format_is_found_wherever_it_is_written(form: Format, name: str) -> None:
    value = generate(form.kind)
    content = PLACES[name].replace("NAME", f"{form.env}").format(value)
    if form.before and not form.before.endswith(b"$"):  # an issuer that must be named nearby
        content = content.replace(form.env, f"{form.env} {form.title} {form.kind}") if name == "agent.py" else content
    found = [credential for credential in find(name, content) if text_of(content, credential) in value or value in text_of(content, credential)]
    if name in (".env", ".mcp.json") or not form.before or form.before.endswith(b"$"):
        assert found, content
        assert not found[0].weak
    for credential in found:
        assert value[-8:] not in credential.masked
        assert len(credential.masked) < len(value)


@pytest.mark.parametrize("form", [form for form in FORMATS if form.public], ids=lambda form: str(form.kind))
def test_publishable_keys_are_silent(form: Format) -> None:
    assert find("app.js", f'init("{generate(form.kind)}")') == []


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        pytest.param("a.py", b"# a\0b\nkey = '<secret:openai>'\ndb_password = '<secret:alnum32>'\n", 2, id="a NUL in a comment"),
        pytest.param("a.py", b"#" + b"\n" * 9000 + b"\0\nkey = '<secret:openai>'\n", 1, id="a NUL after 9 kB"),
        pytest.param("a.min.js", b"var a=1;" * 62500 + b"k='<secret:anthropic>';" + b"b()" * 999, 1, id="a line of 500 kB"),
        pytest.param("a.txt", b"caf\xe9 \xff key <secret:github>\n", 1, id="Latin-1"),
        pytest.param("model.bin", b"\0\1\2" * 999 + b"<secret:github>\0 password = 'kd83Hsl20Dkw93'", 1, id="a known format in a binary file"),
        pytest.param("a.py", b"key" * 100_000, 0, id="a key word without end"),
        pytest.param("a.txt", b"\n".join(b"token%d = <secret:alnum32:%d>" % (i, i) for i in range(3500)), 3000, id="more than a file can hold"),
    ],
)  # fmt: skip
def test_odd_files(name: str, content: bytes, count: int) -> None:
    assert len(find(name, expand(content.decode("latin-1")).encode("latin-1"))) == count


def test_positions_are_those_of_the_file_where_characters_are_escaped() -> None:
    value = generate("github")
    content = 'a\\u0020b "\\u00e9" ' + value.replace("g", "\\u0067", 1) + " end"
    (credential,) = find("a.json", content)
    assert text_of(content, credential) == value.replace("g", "\\u0067", 1)


def test_a_name_that_looks_generated_is_not_shown() -> None:
    name, value = generate("alnum32"), generate("alnum32", index=1)
    (credential,) = find("a.env", f"{name}_token={value}\n")
    assert credential.name == ""


_PIECES = st.sampled_from(
    ["a", "B3", "-", "_", ".", ":", "@", "/", "=", "+", "$", " ", "\n", "Basic ", "bearer ", "Curl", " -u ", "a:b", "sk-", "ghp_", "eyJ", "AKIA", "SG.", "BEGIN ", "---", "xoxb", "0123456", "%40", "#"]
    + [prefix.decode() for prefix, _ in ANYWHERE]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=16).map(lambda pieces: "".join(pieces).encode()))
def test_what_is_not_searched_holds_nothing(data: bytes) -> None:
    lower = data.lower()
    assert MAY_HAVE_A_SHAPE.search(lower) or not find_by_shape(data, lower)


def test_marks_of_a_search_are_those_of_the_formats() -> None:
    assert [prefix for prefix, _ in ANYWHERE if not MAY_HAVE_A_SHAPE.search(prefix.lower())] == []


def test_redact_masks_what_stands_in_other_text() -> None:
    value = generate("github")
    shown = redact(f"cannot read src/{value}.txt")
    assert value not in shown
    assert shown.startswith("cannot read src/ghp_")


def test_a_wrong_checksum_is_said_and_does_not_silence() -> None:
    value = generate("github")
    wrong = value[:-1] + ("A" if value[-1] != "A" else "B")
    (credential,) = find("a.py", f'"{wrong}"')
    assert credential.note == "its checksum does not match"


def test_the_index_is_that_of_the_table() -> None:
    assert TARGET.read_text("utf-8") == render(), "run python tests/make_format_index.py"


def test_patterns_compile_when_used() -> None:
    pattern = Pattern(rb"a+", 0)
    assert not hasattr(pattern, "groups")
    match = pattern.match(b"aab")
    assert match
    assert match[0] == b"aa"


@pytest.mark.parametrize(
    ("path", "content", "fix"),
    [
        ("a.py", 'key = "<secret:openai>"', 'read it at run time from os.environ["OPENAI_API_KEY"], and revoke this one at https://platform.openai.com/api-keys'),
        ("app/a.tsx", 'db_password = "<secret:random>"', "read it at run time from process.env.DB_PASSWORD, and replace this one now"),
        (".github/workflows/ci.yml", "  API_TOKEN: <secret:random>", "store it as a secret of the repository and read it from ${{ secrets.API_TOKEN }}, and replace this one now"),
        ("Dockerfile", "ENV API_TOKEN=<secret:random>", "pass it when the container starts (docker run -e API_TOKEN) or mount it for one step (RUN --mount=type=secret), and replace this one now"),
        ("k8s/secret.yaml", "kind: Secret\nstringData:\n  token: <secret:random>", "keep it in a secret manager (sealed or external secrets), and replace this one now"),
        (".npmrc", "key=<secret:github>", "read it at run time from ${GITHUB_TOKEN}, and revoke this one at https://github.com/settings/tokens"),
        (".claude/settings.local.json", '"Bash(TOKEN=<secret:random> x)"', "keep the file out of git (`git rm --cached -- .claude/settings.local.json`, and list it in .gitignore), and replace this one now"),
        ("a b/.env", "TOKEN=<secret:random>", "keep the file out of git (`git rm --cached -- 'a b/.env'`, and list it in .gitignore), and replace this one now"),
        (".env.example", "TOKEN=<secret:github>", "put a placeholder such as your-key-here in its place, and revoke this one at https://github.com/settings/tokens"),
    ],
)  # fmt: skip
def test_the_fix_fits_the_file(path: str, content: str, fix: str, directory: Path) -> None:
    write(directory, {path: expand(content + "\n")})
    assert [finding["fix"] for finding in scan(path).report["findings"]] == [fix]


def test_detect_secrets_can_use_our_detectors() -> None:
    plugin = pytest.importorskip("agent_security_hooks.detect_secrets_plugin").AgentSecurityDetector()
    value = generate("tavily")
    assert list(plugin.analyze_string(f'client = Client("{value}")')) == [value]
    assert list(plugin.analyze_string('client = Client(os.environ["KEY"])')) == []


@pytest.mark.parametrize("content", ["cl_pw: <secret:hex64> # cloudant", "sl_api_token='<secret:hex64>' # softlayer"])
def test_detectors_of_detect_secrets_judge_what_our_table_does_not_know(content: str) -> None:
    data = expand(content).encode()
    (credential,) = find_by_detectors(data, data.lower())
    assert credential.title in ("Cloudant Credentials", "SoftLayer Credentials")
    assert data[credential.start : credential.end].decode() in expand(content)
    assert "requests" not in sys.modules or not hasattr(sys.modules["requests"], "__getattr__")


FLOOD = "".join(f"token{i} = <secret:alnum32:{i}>\n" for i in range(3200))
LOCAL = "".join(f"url{i} = postgres://postgres:postgres@localhost/{i}\n" for i in range(3200))


@pytest.mark.parametrize(
    ("name", "content", "status", "error"),
    [
        pytest.param("tests/data/tokens.txt", FLOOD, 0, None, id="weak ones are left out without a word"),
        pytest.param("tests/data/tokens.txt", FLOOD + "<secret:github>\n", 1, None, id="a known format is found all the same"),
        pytest.param("tokens.txt", FLOOD, 2, "more than 1000 findings of assigned-secret", id="what counts is listed up to a limit"),
        pytest.param("urls.txt", LOCAL + "token = <secret:alnum32>\n", 2, "holds more than 3000 credentials", id="weak ones do not hide what counts"),
    ],
)
def test_a_flood_hides_nothing_and_blocks_nobody(name: str, content: str, status: int, error: str | None, directory: Path) -> None:
    write(directory, {name: expand(content)})
    result = scan(name)
    assert result.status == status, result.err
    assert (error or "") in " ".join(row["message"] for row in result.report["errors"])
    assert bool(result.report["errors"]) == (error is not None)
