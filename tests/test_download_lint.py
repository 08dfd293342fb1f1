"""What literate cases cannot show of `download-lint`: fixes, tables, and that no script makes the analysis fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import find_hook
from agent_security_hooks.parse.downloads.shell_events import _WORDS, _interesting
from agent_security_hooks.parse.downloads.switches import _OPTIONS, _VARIABLES, GATE
from agent_security_hooks.parse.fragments import may_hold_shell
from hypothesis import given, settings
from hypothesis import strategies as st
from support import make_repository, run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

FIXES = {
    "run.sh": ("curl -sSL https://a.dev/x -o x\n", "curl -fsSL https://a.dev/x -o x\n"),
    "plain.sh": ("sudo curl https://a.dev/x > x\n", "sudo curl -f https://a.dev/x > x\n"),
    "long.sh": ("curl --location https://a.dev/x -o x\n", "curl -f --location https://a.dev/x -o x\n"),
    "value.sh": ("curl -Lo x https://a.dev/x\n", "curl -f -Lo x https://a.dev/x\n"),
    "crlf.sh": ("#!/bin/sh\r\ncurl -L https://a.dev/x -o x\r\n", "#!/bin/sh\r\ncurl -fL https://a.dev/x -o x\r\n"),
    "twice.sh": ("curl -L https://a.dev/x -o x\ncurl -fL https://a.dev/y -o y\ncurl -O https://a.dev/z\n", "curl -fL https://a.dev/x -o x\ncurl -fL https://a.dev/y -o y\ncurl -fO https://a.dev/z\n"),
    "nested.sh": ("bash -c 'curl -s https://a.dev/x | tar xz'\n", "bash -c 'curl -fs https://a.dev/x | tar xz'\n"),
    "wrapped.sh": ('get() { curl -L "$@"; }\nget https://a.dev/x -o x\n', 'get() { curl -fL "$@"; }\nget https://a.dev/x -o x\n'),
    "Dockerfile": ("FROM a\nRUN apt-get update && \\\n    # c\n    curl \\\n      -L https://a.dev/x -o x\n", "FROM a\nRUN apt-get update && \\\n    # c\n    curl \\\n      -fL https://a.dev/x -o x\n"),
    "package.json": ('{"scripts": {"get": "curl -L \\"https://a.dev/x\\" -o x"}}\n', '{"scripts": {"get": "curl -fL \\"https://a.dev/x\\" -o x"}}\n'),
    ".github/workflows/a.yml": (
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: >-\n          curl -L\n          https://a.dev/x -o x\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: >-\n          curl -fL\n          https://a.dev/x -o x\n",
    ),
    "Makefile": ("get:\n\t@curl -L https://a.dev/$(V) -o x\n", "get:\n\t@curl -fL https://a.dev/$(V) -o x\n"),
}  # fmt: skip
UNFIXABLE = {
    "variable.sh": 'CURL="curl -L"\n$CURL https://a.dev/x -o x\n',
    "Dockerfile": 'FROM a\nRUN ["curl", "-L", "https://a.dev/x", "-o", "x"]\n',
    "compose.yaml": 'services:\n  a:\n    image: a\n    command: ["curl", "-L", "https://a.dev/x", "-o", "x"]\n',
}


@pytest.mark.parametrize("name", FIXES)
def test_fix_inserts_the_switch_and_nothing_else(name: str, directory: Path) -> None:
    before, after = FIXES[name]
    write(directory, {name: before})
    assert scan("--select=curl-without-fail", name, hook="download-lint").rules == ["curl-without-fail"]
    assert scan("--select=curl-without-fail", "--fix", name, hook="download-lint").rules == []
    assert (directory / name).read_bytes().decode() == after
    assert scan("--select=curl-without-fail", "--fix", name, hook="download-lint").rules == []
    assert (directory / name).read_bytes().decode() == after


@pytest.mark.parametrize("name", UNFIXABLE)
def test_no_fix_where_the_program_is_not_written_as_such(name: str, directory: Path) -> None:
    write(directory, {name: UNFIXABLE[name]})
    result = scan("--select=curl-without-fail", "--fix", name, hook="download-lint")
    assert result.rules == ["curl-without-fail"]
    assert (directory / name).read_bytes().decode() == UNFIXABLE[name]


def test_utf16_script_is_read_and_left_as_it_is(directory: Path) -> None:
    text = "curl -L https://a.dev/x -o x\n".encode("utf-16")
    write(directory, {"run.sh": text})
    assert scan("--fix", "--select=curl-without-fail", "run.sh", hook="download-lint").rules == ["curl-without-fail"]
    assert (directory / "run.sh").read_bytes() == text


VALUES = ("0", "1", "false", "true", "off", "", "x.acme.dev")


@pytest.mark.parametrize("variable", _VARIABLES)
def test_each_variable_switches_off_with_one_value_and_passes_the_gate(variable: str, directory: Path) -> None:
    fired = []
    for value in VALUES:
        write(directory, {"run.sh": f"export {variable.upper()}={value}\n"})
        if scan("run.sh", hook="download-lint").rules == ["tls-verification-off"]:
            fired.append(value)
    assert fired


OPTIONS = [(program, option) for program, rows in _OPTIONS.items() for option, _ in rows]


@pytest.mark.parametrize(("program", "option"), OPTIONS)
def test_each_option_is_found_and_passes_the_gate(program: str, option: str, directory: Path) -> None:
    write(directory, {"run.sh": f"{program} install {option} x\n"})
    assert scan("run.sh", hook="download-lint").rules == ["tls-verification-off"]


def test_the_gate_is_of_words_that_can_occur() -> None:
    assert _interesting(b"a curl b")
    assert not _interesting(b"make all && ./run --fast; cp -k a b\n")
    assert not {word for word in (*_WORDS, *GATE) if not word.strip()}


HELD = ("a.sh", "Makefile", "x.mk", "justfile", "package.json", "compose.yml", "docker-compose.prod.yaml", "README.md", "a.ipynb", "a/.github/workflows/b.yml", "action.yaml",
        ".gitlab-ci.yml", ".circleci/config.yml", "Dockerfile.dev", "api.dockerfile", "Containerfile", ".mcp.json", ".claude/settings.json", ".devcontainer/devcontainer.json", ".bashrc", "a.ps1", "a.bat")  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_the_hook_is_given_what_the_analysis_reads(name: str) -> None:
    import re

    hook = find_hook("download-lint")
    assert hook is not None
    assert may_hold_shell(name, b"")
    assert re.search(hook.files, name)


PIECES = [
    *"curl|-fsSL|-o|a.sh|https://x.io/a.tgz|http://x.io|| sh|| tar xz|wget -qO-|;|\n|&&||| true|$(|)|`|\"|'|<(|<<EOF\n|\nEOF\n|bash -c|eval|f() {|}|f \"$@\"|if|then|fi|for i in|do|done|case x in|a)|;;|esac|$X|${X:-|X=|cd /tmp|chmod +x|./a.sh|sha256sum -c|echo|> a.sh|>>|2>&1|\\\n|#|(|((|[[|]]|sudo -E|env A=b|--|~|*|\r\n|\0|é|unzip|mv a.sh /usr/local/bin/|export|function g|source|.|-k|gpg --verify|{|!".split("|"),
    "|",
    "||",
    " ",
]  # fmt: skip


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join), st.sampled_from(["a.sh", "Dockerfile", "Makefile", "README.md", "a.ps1", "a.bat", "justfile"])
)
def test_no_script_makes_the_analysis_fail(text: str, name: str) -> None:
    from agent_security_hooks.parse.downloads.shell_events import read_downloads
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

    content = ("FROM a\nRUN " if name == "Dockerfile" else "a:\n\t" if name in ("Makefile", "justfile") else "```sh\n" if name == "README.md" else "") + text
    file = Source(name, content.encode(), Repository())
    for event in read_downloads(file).events:
        assert 0 <= event.start <= event.end <= len(file.data)


def test_a_script_that_calls_itself_ends_and_says_that_not_all_was_followed(directory: Path) -> None:
    calls = "\n".join(f"f{number}() {{ f{number + 1}; f{number + 1}; }}" for number in range(30))
    write(directory, {"run.sh": f"{calls}\nf30() {{ curl https://a.dev/x | sh; }}\nf0\n"})
    result = scan("run.sh", hook="download-lint")
    assert result.status == 2
    assert result.report["errors"]


def test_findings_in_several_files_do_not_depend_on_each_other(repository: Path) -> None:
    make_repository(repository, {"a.sh": "curl -fsSLo /tmp/x https://a.dev/x\n", "b.sh": "sh /tmp/x\n"})
    assert run("check", "--hook=download-lint", "a.sh", "b.sh").status == 0


@pytest.mark.parametrize("name", ["a.sh", "Dockerfile", "Makefile"])
def test_a_lone_carriage_return_hides_nothing(name: str, directory: Path) -> None:
    start = {"a.sh": "#!/bin/sh\r# x\r", "Dockerfile": "FROM a\rRUN ", "Makefile": "a:\r\t"}[name]
    write(directory, {name: f"{start}curl -fk https://a.dev/x | sh\r"})
    found = scan(name, hook="download-lint").report["findings"]
    assert [finding["rule"] for finding in found] == ["pipe-to-shell", "tls-verification-off"]
    assert [finding["column"] for finding in found] == [len(start) + 1, len(start) + 6] or found[0]["line"] > 1


def test_a_finding_is_reported_once_where_carriage_returns_change_nothing(directory: Path) -> None:
    write(directory, {"a.sh": "echo a\rb\ncurl -L https://a.dev/x | sh\n"})
    assert scan("a.sh", hook="download-lint").rules == ["curl-without-fail", "pipe-to-shell"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("cat <<E\ncurl -f https://a.dev/x | sh\n", "a here-document in it has no end"),
        (":;" * 200_000 + "curl -f https://a.dev/x | sh\n", "its shell is longer than what is read"),
        (f"sh -c '{':;' * 200_000}curl -f https://a.dev/x | sh'\n", "its shell is longer than what is read"),
    ],
)
def test_what_is_not_read_to_the_end_says_so(script: str, reason: str, directory: Path) -> None:
    write(directory, {"a.sh": script})
    result = scan("a.sh", hook="download-lint")
    assert result.status == 2
    assert result.report["errors"] == [{"path": "a.sh", "message": f"not looked at to the end: {reason}"}]


def test_an_unended_heredoc_in_a_document_is_none_of_our_business(directory: Path) -> None:
    write(directory, {"README.md": "```sh\ncurl https://a.dev/x > x\ncat <<E\n```\n"})
    assert scan("README.md", hook="download-lint").status == 0
