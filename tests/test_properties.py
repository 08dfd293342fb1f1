"""What holds for any input: no exception, nothing hidden by company, no secret shown, ignores and fixes that settle."""

from __future__ import annotations

import os
import re
import tempfile
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import HOOKS
from agent_security_hooks.suppress import _HASH, _OPENERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from placeholders import expand, kinds
from support import Result, git, make_repository, run, scan, write
from test_cases import BESIDE, RULES

if TYPE_CHECKING:
    from pathlib import Path

    from _pytest.mark import ParameterSet
    from agent_security_hooks.model import Rule

QUICK = settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
FORMATS = ("text", "full", "json", "sarif", "github")
ENDINGS = ("", ".py", ".md", ".json", ".yaml", ".toml", ".env", ".ini", ".sh", ".ipynb", ".pem", ".js", ".lock", ".gitignore", ".dockerfile")
TEMPLATES = ('api_key = "{}"\n', "password: {}\n", '{"{}": 1}\n', "curl -H 'Authorization: Bearer {}' https://u:{}@h.io/\n", "def {}(): pass\n", "{}\n")
FRAGMENTS = [
    *(expand(f"<secret:{kind}>").encode() for kind in ("openai", "github", "pem", "jwt", "password", "random", "aws")),
    *b"# agent-security: ignore[provider-key] why|// agent-security: ignore-file[|agent-security: ignore[]|pragma: allowlist secret".split(b"|"),
    *b"password = |api_key: '|Authorization: Bearer |postgres://a:|@b.c/d|-----BEGIN PRIVATE KEY-----|ey|{\"|[[[[|]|```|<!--|\\n|%3D|${|data:".split(b"|"),
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\x1b[2K",
        b" " * 300,
        b"a" * 300,
        "\u2028\u202e".encode(),
    ),
]
contents = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=30)), max_size=12).map(b"".join)
encoded = st.one_of(
    contents, st.tuples(contents, st.sampled_from(["utf-16", "utf-16-le", "utf-32"])).map(lambda pair: pair[0].decode("latin-1").encode(pair[1]))
)
stems = st.binary(min_size=1, max_size=40).map(lambda name: name.replace(b"/", b"-").replace(b"\0", b"0"))
names = st.tuples(stems, st.sampled_from(ENDINGS)).map(lambda parts: os.fsdecode(parts[0]) + parts[1]).filter(lambda name: name not in (".", "..", ".git"))


def _in_new_directory(files: dict[str, bytes], *arguments: str) -> Result:
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            for name, content in files.items():
                with open(os.path.join(directory, name), "wb") as file:
                    file.write(content)
            return run(*arguments, *files)
        finally:
            os.chdir(before)


@QUICK
@given(name=names, content=encoded, chosen=st.sampled_from(FORMATS))
def test_any_bytes_under_any_name(name: str, content: bytes, chosen: str) -> None:
    result = _in_new_directory({name: content}, "agent-security", f"--format={chosen}", "--pedantic")
    assert result.status in (0, 1, 2)
    assert (result.status == 2) == ("not checked" in result.err)
    if result.status == 1:
        assert result.out
    for stream in (result.out, result.err):
        assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800-\udfff]|##\\w*\\[", stream)
    assert chosen == "github" or not re.search(r"(?m)^\s*::", result.out)


@QUICK
@given(parts=st.lists(st.lists(encoded, min_size=1, max_size=3), min_size=1, max_size=3))
def test_findings_of_a_list_are_those_of_its_parts(parts: list[list[bytes]]) -> None:
    named = [{f"{i}-{j}.py": content for j, content in enumerate(part)} for i, part in enumerate(parts)]
    together = _in_new_directory({name: content for part in named for name, content in part.items()}, "secret-scan", "--format=json").report
    apart = [_in_new_directory(part, "secret-scan", "--format=json").report for part in named]
    for key in ("findings", "errors"):
        assert together[key] == [entry for report in apart for entry in report[key]]
    assert together["suppressed"] == sum(report["suppressed"] for report in apart)


@pytest.mark.parametrize("kind", kinds())
def test_no_format_shows_a_secret(kind: str, directory: Path) -> None:
    secret = expand(f"<secret:{kind}>")
    content = "".join(template.replace("{}", secret) for template in TEMPLATES)
    write(directory, {"app.py": content, "b.yaml": content, ".env": content})
    half = [secret[at : at + max(8, len(secret) // 2)] for at in (len(secret) // 4, len(secret) - max(8, len(secret) // 2))]
    for arguments in (*([f"--format={chosen}"] for chosen in FORMATS), ["--statistics"], ["--diff"]):
        result = run("agent-security", "--pedantic", *arguments, "app.py", "b.yaml", ".env")
        assert not [part for part in (secret, *half) if part in result.out + result.err], result.out


def _bad_examples() -> list[ParameterSet]:
    return [
        pytest.param(rule, name, content, id=f"{rule.name}-{number}")
        for rule in RULES
        for number, (name, content) in enumerate(rule.documentation.bad)
        if rule.hook in {hook.id for hook in HOOKS} and not rule.artefact
    ]


@pytest.mark.parametrize(("rule", "name", "content"), _bad_examples())
def test_bad_example_with_an_ignore_is_silent(rule: Rule, name: str, content: str, repository: Path) -> None:
    openers = _OPENERS.get(name.rsplit(".", 1)[-1].lower(), _HASH)
    if not openers:
        pytest.skip("no comments in such files")
    comment = f"{openers[0].decode()} agent-security: ignore{{}}[{rule.name}] a reason {'-->' if openers[0] == b'<!--' else ''}\n"
    text = expand(content)
    options = ["--pedantic"] if rule.pedantic else [f"--select={rule.name}"] if rule.audit_only else []
    make_repository(repository, {**{file: expand(beside) for file, beside in BESIDE.get(rule.name, {}).items()}, name: text})
    first = min((finding["line"], finding["column"]) for finding in scan(*options, name, hook=rule.hook).report["findings"])
    lines = text.splitlines(keepends=True)
    write(repository, {name: comment.format("-file") + text})
    assert scan(*options, name, hook=rule.hook).rules == []
    if first != (1, 1) and len(scan("--no-ignores", *options, name, hook=rule.hook).rules) == 1:  # (1, 1) can stand for the whole file
        write(repository, {name: "".join((*lines[: first[0] - 1], comment.format(""), *lines[first[0] - 1 :]))})
        assert scan(*options, name, hook=rule.hook).rules == []


@pytest.mark.parametrize(("rule", "name", "content"), _bad_examples())
def test_fixes_settle_at_once(rule: Rule, name: str, content: str, repository: Path) -> None:
    make_repository(repository, {name: expand(content)})

    def tree() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in repository.rglob("*") if path.is_file() and ".git" not in path.parts}

    first = run(rule.hook, "--fix", "--unsafe-fixes", "--pedantic", name)
    once = tree()
    git(repository, "add", "--all", "--force")
    second = run(rule.hook, "--fix", "--unsafe-fixes", "--pedantic", name)
    assert tree() == once
    assert (second.status, second.out) == (first.status, first.out)
    assert run(rule.hook, "--diff", "--unsafe-fixes", "--pedantic", name).out == ""
