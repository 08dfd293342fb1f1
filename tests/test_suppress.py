from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from agent_security_hooks.suppress import find_ignores
from placeholders import expand
from support import run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

KEY = expand("<secret:openai>")
MARK = "agent-security: ignore[provider-key] revoked"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", "x = '{key}'  # {mark}\n"),
        ("a.py", "# {mark}\nx = '{key}'\n"),
        ("a.py", "x = 1\n    #  {mark}\nx = '{key}'\n"),
        ("a.py", "#!/usr/bin/python\n# agent-security: ignore-file[provider-key] revoked\nx = '{key}'\n\ny = '{key}'\n"),
        ("a.py", "x = '{key}'  # agent-security: ignore[ provider-key ,]: revoked\n"),
        ("a.py", "x = '{key}'  # noqa  # {mark}\n"),
        ("a.js", "x = '{key}'; // {mark}\n"),
        ("a.js", "/* {mark} */\nx = '{key}';\n"),
        ("a.ts", "/**\n * {mark}\n */ x = '{key}';\n"),
        ("a.ts", "x = '{key}'; /* {mark} */\n"),
        ("a.go", 'x := "{key}" // {mark}\n'),
        ("a.html", "<b>{key}</b> <!-- {mark} -->\n"),
        ("a.md", "<!-- {mark} -->\n{key}\n"),
        ("a.md", "```sh\nexport KEY={key}  # {mark}\n```\n"),
        ("a.yaml", "key: {key} # {mark}\n"),
        (".env", "# {mark}\nKEY={key}\n"),
        ("Dockerfile", "# {mark}\nENV KEY={key}\n"),
        ("a.ini", "; {mark}\nkey = {key}\n"),
        ("a.sql", "SELECT '{key}' -- {mark}\n"),
        ("a.bat", "REM {mark}\nset KEY={key}\n"),
        ("a.tf", 'key = "{key}" # {mark}\n'),
        ("a.tex", "{key} % {mark}\n"),
        ("a.el", '(setq k "{key}") ; {mark}\n'),
        ("a.j2", "{{# {mark} #}}\nkey: {key}\n"),
        ("a.toml", "# {mark}\r\nkey = '{key}'\r\n"),
        ("a.json", '{{"key": "{key}"}}\n'),
    ],
)
def test_comment_syntaxes(name: str, content: str, directory: Path) -> None:
    write(directory, {name: content.format(key=KEY, mark=MARK)})
    suppressed = name != "a.json"
    result = scan(name)
    assert result.status == (not suppressed)
    assert result.report["suppressed"] >= suppressed
    assert "provider-key" in scan("--no-ignores", name).rules
    assert scan("--no-ignores", name).report["suppressed"] == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{{"key": "{key}", "//": "# {mark}"}}\n'),
        ("a.py", "x = '{key}' {mark}\n"),
        ("a.py", "x = '{key}' // {mark}\n"),
        ("a.py", "here = 1  # {mark}\nx = '{key}'\n"),
        ("a.py", "# {mark}\n\nx = '{key}'\n"),
        ("a.py", "x = '{key}'\n# {mark}\n"),
        ("a.py", "# agent-security: ignore[private-key] revoked\nx = '{key}'\n"),
        ("a.py", "# agent-security: ignore[provider-key]\nx = '{key}'\n"),
        ("a.py", "# agent-security: ignore provider-key\nx = '{key}'\n"),
        ("a.py", "# agent-security:ignore[provider-key] revoked\nx = '{key}'\n"),
        ("a.py", "\n" * 20 + "# agent-security: ignore-file[provider-key] revoked\nx = '{key}'\n"),
        ("a.py", "# {mark}\x0bx = 1\n\nx = '{key}'\n"),
        ("a.md", "Write `# {mark}` before {key}\n"),
    ],
)
def test_what_holds_nothing_back(name: str, content: str, directory: Path) -> None:
    write(directory, {name: content.format(key=KEY, mark=MARK)})
    assert "provider-key" in scan(name).rules


@pytest.mark.parametrize(
    ("name", "content", "suppressed"),
    [
        ("a.py", "x = '{key}'  # pragma: allowlist secret\n", True),
        ("a.py", "# pragma: allowlist nextline secret\nx = '{key}'\n", True),
        ("a.py", "x = '{key}'  # pragma: whitelist secret\n", True),
        ("a.py", "# pragma: allowlist secret\nx = '{key}'\n", False),
        ("a.go", 'x := "{key}" // gitleaks:allow\n', True),
        ("a.py", "x = '{key}'  # kingfisher:ignore\n", True),
        ("a.py", "x = '{key}'  # trufflehog:ignore\n", True),
        ("a.py", "password = '{random}'  # noqa: S105\n", True),
        ("a.py", "password = '{random}'  # noqa: E501, S105\n", True),
        ("a.py", "password = '{random}'  # nosec B105\n", True),
        ("a.py", "password = '{random}'  # noqa\n", False),
        ("a.py", "password = '{random}'  # noqa: E501\n", False),
        ("a.py", "password = '{random}'  # nosec B602\n", False),
        ("a.js", "password = '{random}'  // noqa: S105\n", False),
        ("a.py", "x = '{key}'  # noqa: S105\n", False),
    ],
)
def test_marks_of_other_tools(name: str, content: str, suppressed: bool, directory: Path) -> None:
    write(directory, {name: content.format(key=KEY, random=expand("<secret:random>"))})
    result = scan(name)
    assert result.status == (not suppressed)
    assert result.report["suppressed"] == suppressed


DIGEST = "@sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (f"FROM debian{DIGEST}\nUSER root\n", ["root-user"]),
        (f"FROM debian{DIGEST}\n# hadolint ignore=DL3002\nUSER root\n", []),
        (f"FROM debian{DIGEST}\n# hadolint ignore=DL3008,DL3002\n# needs the port\nUSER root\n", []),
        (f"# hadolint ignore=DL3002\nFROM debian{DIGEST}\nUSER root\n", ["root-user"]),
        (f"# hadolint global ignore=DL3002\nFROM debian{DIGEST}\nUSER root\n", []),
        (f"FROM debian{DIGEST}\n# hadolint ignore=DL3003\nUSER root\n", ["root-user"]),
        ("# hadolint ignore=DL3006\nFROM debian\nUSER app\n", []),
        (f"FROM debian{DIGEST}\nARG API_TOKEN\nUSER app\n", ["secret-build-arg"]),
        (f"FROM debian{DIGEST}\n# hadolint ignore=DL3064\nARG API_TOKEN\nUSER app\n", []),
        (f"# check=skip=SecretsUsedInArgOrEnv\nFROM debian{DIGEST}\nARG API_TOKEN\nUSER app\n", []),
        (f"# check=error=true;skip=StageNameCasing, SecretsUsedInArgOrEnv\nFROM debian{DIGEST}\nARG API_TOKEN\nUSER app\n", []),
        (f"# check=skip=all\nFROM debian{DIGEST}\nARG API_TOKEN\nUSER app\n", []),
        (f"# check=skip=all\nFROM debian{DIGEST}\nUSER root\n", ["root-user"]),
        (f"FROM debian{DIGEST}\n# check=skip=all\nARG API_TOKEN\nUSER app\n", ["secret-build-arg"]),
    ],
)
def test_marks_of_hadolint_and_buildkit(content: str, left: list[str], directory: Path) -> None:
    write(directory, {"Dockerfile": content})
    result = scan("Dockerfile", hook="dockerfile-lint")
    assert result.rules == left
    assert result.report["suppressed"] == (not left)


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("requests.get('https://a.dev', verify=False)\n", ["tls-verification-off"]),
        ("requests.get('https://a.dev', verify=False)  # noqa: S501\n", []),
        ("requests.get('https://a.dev', verify=False)  # nosec B501\n", []),
        ("requests.get('https://a.dev', verify=False)  # noqa: S105\n", ["tls-verification-off"]),
    ],
)
def test_codes_of_ruff_and_bandit(content: str, left: list[str], directory: Path) -> None:
    write(directory, {"a.py": "import requests\n" + content})
    assert scan("a.py", hook="download-lint").rules == left


def test_one_comment_for_several_rules(directory: Path) -> None:
    write(directory, {"a.py": f"# agent-security: ignore[provider-key, private-key] revoked\nx = '{KEY}'\n"})
    result = scan("a.py")
    assert [finding["message"] for finding in result.report["findings"]] == ["ignore comment for private-key matches no finding"]


def test_the_summary_counts_what_is_held_back(directory: Path) -> None:
    write(directory, {"a.py": f"x = '{KEY}'  # {MARK}\n"})
    assert run("secret-scan", "a.py") == (0, "", "no findings, 1 suppressed (1 inline, 0 config)\n")
    assert run("secret-scan", "-q", "a.py") == (0, "", "")


def test_severity_and_pedantic_are_asked_after_the_ignores(directory: Path) -> None:
    write(directory, {"a.py": f"x = '{KEY}'  # {MARK}\n"})
    assert scan("--min-severity=critical", "a.py").rules == []
    assert scan("--pedantic", "a.py").rules == []


@pytest.mark.parametrize("content", [f"# {MARK} " * 40_000, f"# {MARK}\n" * 40_000, "#" * 2_000_000 + f" {MARK}"])
def test_many_marks_and_long_lines(content: str) -> None:
    found = find_ignores(Source("a.py", content.encode(), Repository()))
    assert len(found) == content.count("ignore")
    assert {ignore.names for ignore in found} == {("provider-key",)}


def test_marks_of_hadolint_are_found_in_linear_time(directory: Path) -> None:
    def seconds(count: int) -> float:
        (directory / "Dockerfile").write_text("# hadolint global ignore=DL1\n" * count + "# hadolint ignore=DL2\n" * count + "FROM a\n" * count)
        before = time.process_time()
        scan("Dockerfile", hook="dockerfile-lint")
        return time.process_time() - before

    assert seconds(4000) < 1 + 8 * seconds(1000)
