"""Baselines and --staged-lines: what was there before is accepted, what is new is not."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from placeholders import generate
from support import git, make_repository, run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = generate("openai"), generate("openai", index=1)
NAME = ".agent-security-baseline.json"


def findings(*arguments: str) -> list[tuple[str, int]]:
    return [(finding["rule"], finding["line"]) for finding in scan(*arguments, hook="check").report["findings"]]


@pytest.fixture
def legacy(directory: Path) -> Path:
    make_repository(directory, {"a.py": f"x = 1\nkey = '{OLD}'\n", "b.py": "y = 1\n"})
    assert run("baseline", "write").status == 0
    return directory


def test_what_was_there_is_accepted_and_counted(legacy: Path) -> None:
    assert scan("a.py", hook="secret-scan").report["suppressed"] == 1
    assert findings("a.py") == []
    assert findings("--no-config", "a.py") == [("provider-key", 2)]


def test_the_baseline_tells_nothing(legacy: Path) -> None:
    text = (legacy / NAME).read_text("utf-8")
    assert OLD not in text
    assert hashlib.sha1(OLD.encode(), usedforsecurity=False).hexdigest() not in text
    assert hashlib.sha256(OLD.encode()).hexdigest() not in text
    assert sorted(json.loads(text)["findings"][0]) == ["line", "path", "rule", "tag"]
    assert findings(NAME) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("a.py", f"\n\n\nx = 1\nkey = '{OLD}'\n", [], id="the line moved"),
        pytest.param("a.py", f"x = 1\nkey = '{NEW}'\n", [("provider-key", 2)], id="another secret on the line"),
        pytest.param("a.py", f"x = 1\nkey = '{OLD}'\nother = '{OLD}'\n", [("provider-key", 3)], id="another line with the secret"),
        pytest.param("b.py", f"x = 1\nkey = '{OLD}'\n", [("provider-key", 2)], id="another file"),
    ],
)
def test_what_is_new_is_found(legacy: Path, name: str, content: str, expected: list[tuple[str, int]]) -> None:
    write(legacy, {name: content})
    assert findings(name) == expected


def test_writing_again_changes_nothing_and_pruning_drops_what_is_gone(legacy: Path) -> None:
    text = (legacy / NAME).read_text("utf-8")
    run("baseline", "write")
    assert (legacy / NAME).read_text("utf-8") == text
    write(legacy, {"a.py": f"key = '{NEW}'\n"})
    run("baseline", "prune")
    assert json.loads((legacy / NAME).read_text("utf-8"))["findings"] == []
    assert findings("a.py") == [("provider-key", 1)]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"findings": [1], "salt": ""}', '{"results": 1}', '{"salt": "x", "findings": []}', "[" * 9999])
def test_a_broken_baseline_is_named(legacy: Path, content: str) -> None:
    write(legacy, {NAME: content})
    result = run("check", "a.py")
    assert result.status == 2
    assert result.err.startswith(f"agent-security: {NAME}: is no baseline")


def _detect_secrets(value: str, **fields: object) -> str:
    digest = hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest()
    results = {"a.py": [{"type": "Secret Keyword", "hashed_secret": digest, "line_number": 99, **fields}]}
    return json.dumps({"version": "1.5.0", "plugins_used": [{"name": "Mine", "path": "file://evil.py"}], "results": results})


@pytest.mark.parametrize(
    ("value", "fields", "expected"),
    [(OLD, {}, []), (OLD, {"is_secret": False}, []), (OLD, {"is_secret": True}, [("provider-key", 1)]), (NEW, {}, [("provider-key", 1)])],
)
def test_a_baseline_of_detect_secrets(directory: Path, value: str, fields: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    make_repository(directory, {"a.py": f"key = '{OLD}'\n", ".secrets.baseline": _detect_secrets(value, **fields)})
    assert findings("a.py") == expected
    assert "1 custom plugins or filters are not run" in run("check", "a.py").err


def test_writing_a_baseline_for_detect_secrets(directory: Path) -> None:
    make_repository(directory, {"a.py": f"key = '{OLD}'\n"})
    assert run("baseline", "write", "--detect-secrets").status == 0
    (row,) = json.loads((directory / ".secrets.baseline").read_text("utf-8"))["results"]["a.py"]
    assert row["hashed_secret"] == hashlib.sha1(OLD.encode(), usedforsecurity=False).hexdigest()
    assert findings("a.py", ".secrets.baseline") == []


@pytest.mark.parametrize("arguments", [[], ["drop"], ["write", "--wrong"]])
def test_usage(directory: Path, arguments: list[str]) -> None:
    assert run("baseline", *arguments).status == 2


@pytest.mark.parametrize("name", ["a.py", "a b.py", 'q"uote.py', "tab\t.py", "naïve.py"])
def test_staged_lines(directory: Path, name: str) -> None:
    make_repository(directory, {name: f"key = '{OLD}'\n"})
    git(directory, "commit", "--quiet", "--message", "old")
    write(directory, {name: f"key = '{OLD}'\nx = 1\nkey = '{NEW}'\n"})
    git(directory, "add", "--all")
    assert findings("--hook=secret-scan", name) == [("provider-key", 1), ("provider-key", 3)]
    assert findings("--hook=secret-scan", "--staged-lines", name) == [("provider-key", 3)]


def test_staged_lines_of_a_push(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(directory, {"a.py": f"key = '{OLD}'\n"})
    git(directory, "commit", "--quiet", "--message", "old")
    start = git(directory, "rev-parse", "HEAD").strip()
    write(directory, {"a.py": f"key = '{OLD}'\nkey = '{NEW}'\n"})
    git(directory, "commit", "--quiet", "--all", "--message", "new")
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", start)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
    assert findings("--hook=secret-scan", "--staged-lines", "a.py") == [("provider-key", 2)]


def test_staged_lines_outside_a_repository_checks_every_line(directory: Path) -> None:
    write(directory, {"a.py": f"key = '{OLD}'\n"})
    assert findings("--hook=secret-scan", "--staged-lines", "a.py") == [("provider-key", 1)]
    assert "all lines were checked" in run("check", "--staged-lines", "a.py").err
