from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks import runner
from agent_security_hooks.catalog import HOOKS
from agent_security_hooks.model import Edit, Finding, Hit
from agent_security_hooks.runner import without_repeats
from placeholders import expand
from support import HOOKS_DIRECTORY, git, make_repository, process, run, scan, toy_hook, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agent_security_hooks.source import Source

KEY = expand('key = "<secret:openai>"\n')


def crash(file: Source) -> Iterator[Hit]:
    yield Hit(0, 1, "before")
    raise ValueError(file.text)


def starve(_: Source) -> Iterator[Hit]:
    raise MemoryError


def dive(file: Source) -> Iterator[Hit]:
    yield from dive(file)


def loop(_: Source) -> Iterator[Hit]:
    yield Hit(0, 1, "before")
    while True:
        pass


def flood(_: Source) -> Iterator[Hit]:
    for number in count():
        yield Hit(0, 1, f"again {number}")


def repeat(_: Source) -> Iterator[Hit]:
    yield from [Hit(0, 1, "one"), Hit(0, 1, "one"), Hit(0, 2, "one"), Hit(0, 1, "two"), Hit(0, 1, "one")]


def first(_: Source) -> Iterator[Hit]:
    yield Hit(0, 1, "first")


def weak(_: Source) -> Iterator[Hit]:
    yield Hit(2, 3, "weak", pedantic=True)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["clean.py"], 0), (["bad.py"], 1), (["missing.py"], 2), (["bad.py", "missing.py"], 2), (["missing.py", "bad.py"], 2), (["clean.py", "bad.py"], 1)],
)
@pytest.mark.parametrize("chosen", ["text", "full", "json", "sarif", "github"])
def test_exit_status(arguments: list[str], status: int, chosen: str, directory: Path) -> None:
    write(directory, {"clean.py": "x = 1\n", "bad.py": KEY})
    result = run("secret-scan", f"--format={chosen}", *arguments)
    assert result.status == status
    assert ("bad.py" in result.out) == ("bad.py" in arguments)
    assert ("missing.py: no such file" in result.err) == (status == 2)


def test_files_named_twice_are_checked_once(directory: Path) -> None:
    write(directory, {"a.py": KEY, "b/c.py": KEY})
    result = scan("a.py", "./a.py", "b/../a.py", "b/c.py", ".//b/c.py")
    assert [finding["path"] for finding in result.report["findings"]] == ["a.py", "b/c.py"]
    assert result.report["files"] == 2


@pytest.mark.parametrize(
    ("rule", "error", "before"),
    [
        (crash, "crash could not check it (ValueError)", True),
        (starve, "starve could not check it (MemoryError)", False),
        (dive, "dive could not check it (RecursionError)", False),
        (flood, "more than 1000 findings of flood; the rest is not listed", True),
        (loop, "not checked to the end: its rules took more than 1 s; exclude it or split it", True),
    ],
)
def test_a_failure_stays_in_its_rule_and_file(rule: object, error: str, before: bool, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FILE_SECONDS", 0.6)
    write(directory, {"a.txt": KEY, "b.txt": "x"})
    toy_hook(monkeypatch, first, rule)  # type: ignore[arg-type]
    result = scan("a.txt", "b.txt", hook="toy")
    assert result.status == 2
    assert result.report["errors"] == [{"path": path, "message": error} for path in ("a.txt", "b.txt")]
    name = rule.__name__  # type: ignore[attr-defined]
    for path in ("a.txt", "b.txt"):
        fired = {finding["rule"] for finding in result.report["findings"] if finding["path"] == path}
        assert fired == {"first", *([name] if before else [])}
    assert KEY[8:30] not in result.err


def test_a_rule_says_the_same_of_a_place_once(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.txt": "abc"})
    toy_hook(monkeypatch, repeat)
    found = scan("a.txt", hook="toy").report["findings"]
    assert [(finding["end_column"], finding["message"]) for finding in found] == [(2, "one"), (3, "one"), (2, "two")]


def test_what_a_hook_could_not_read_is_named_once(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.txt": "abc", "b.txt": "x"})

    def unread(file: Source) -> str:
        if file.path == "b.txt":
            raise ValueError(file.text)
        return "it is short"

    toy_hook(monkeypatch, first, weak, unread=unread)
    report = scan("a.txt", "b.txt", hook="toy").report
    assert report["errors"] == [
        {"path": "a.txt", "message": "not checked to the end: it is short"},
        {"path": "b.txt", "message": "not checked to the end: toy could not read it (ValueError)"},
    ]
    assert [finding["path"] for finding in report["findings"]] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        ([], ["first"]),
        (["--pedantic"], ["first", "weak"]),
        (["--select=weak"], ["weak"]),
        (["--select=first,weak"], ["first", "weak"]),
        (["--ignore=first"], []),
        (["--ignore=first", "--pedantic"], ["weak"]),
        (["--select=first", "--ignore=first"], []),
        (["--min-severity=medium"], ["first"]),
        (["--min-severity", "high"], []),
    ],
)
def test_which_findings_count(options: list[str], rules: list[str], directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.txt": "abc"})
    toy_hook(monkeypatch, weak, first)
    assert scan(*options, "a.txt", hook="toy").rules == rules


@pytest.mark.parametrize(("kind", "options"), [("pedantic", ["--pedantic"]), ("audit_only", [])])
def test_rules_that_are_off(kind: str, options: list[str], directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.txt": "abc"})
    toy_hook(monkeypatch, first, pedantic=kind == "pedantic", audit_only=kind == "audit_only")
    assert scan("a.txt", hook="toy").rules == []
    assert scan("--select=first", "a.txt", hook="toy").rules == ["first"]
    assert scan(*options, "a.txt", hook="toy").rules == (["first"] if options else [])


def test_an_ignore_of_a_weak_finding_is_not_unused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.txt": "abc # agent-security: ignore[weak] a test\n"})
    toy_hook(monkeypatch, weak)
    assert scan("a.txt", hook="toy").report["suppressed"] == 0
    assert scan("a.txt", hook="toy").rules == []
    assert scan("--pedantic", "a.txt", hook="toy").report["suppressed"] == 1


def test_findings_are_in_order_of_path_then_place(directory: Path) -> None:
    write(directory, {"b.py": "\n" + KEY + KEY, "a.py": KEY})
    found = scan("b.py", "a.py").report["findings"]
    assert [(finding["path"], finding["line"]) for finding in found] == [("a.py", 1), ("b.py", 2), ("b.py", 3)]


def test_fingerprints_survive_moves_and_say_nothing_of_the_secret(directory: Path) -> None:
    other = expand('key = "<secret:openai:1>"\n')
    write(directory, {"a.py": KEY})
    once = scan("a.py").report["findings"][0]["fingerprint"]
    write(directory, {"a.py": "\n\n  " + KEY, "b.py": KEY})
    assert scan("a.py").report["findings"][0]["fingerprint"] == once
    write(directory, {"a.py": other})
    assert scan("a.py").report["findings"][0]["fingerprint"] == once
    assert scan("b.py").report["findings"][0]["fingerprint"] != once
    write(directory, {"a.py": "my_" + KEY})
    assert scan("a.py").report["findings"][0]["fingerprint"] != once


def test_many_findings_on_one_long_line(directory: Path) -> None:
    write(directory, {"a.txt": (KEY.strip() + " " * 5000) * 900})
    result = scan("a.txt")
    columns = [finding["column"] for finding in result.report["findings"]]
    assert (result.status, columns[0]) == (1, 8)
    assert {after - before for before, after in zip(columns, columns[1:])} == {len(KEY) - 1 + 5000}


def test_a_hook_in_the_suite_says_what_it_says_alone(repository: Path) -> None:
    make_repository(repository, {"a.py": KEY, "-x": "# agent-security: ignore[provider-key]\n", "b/.npmrc": "x\n"})
    together = scan("a.py", "./-x", "b/.npmrc", hook="agent-security").report["findings"]
    for hook in (hook.id for hook in HOOKS):
        alone = scan("a.py", "./-x", "b/.npmrc", hook=hook).report["findings"]
        assert [finding for finding in alone if finding["hook"] == hook] == [finding for finding in together if finding["hook"] == hook]
        assert scan("a.py", "./-x", "b/.npmrc", hook=hook).rules.count("option-like-name") == 1


def test_an_error_of_our_own_shows_no_traceback(directory: Path) -> None:
    write(directory, {"sitecustomize.py": "import agent_security_hooks.cli as c\ndef fail(*_): raise ZeroDivisionError\nc._check = fail\n"})
    result = process("secret-scan", "a.py", cwd=directory, environment={"PYTHONPATH": f"{directory}:{HOOKS_DIRECTORY}"})
    assert (result.status, result.out) == (2, "")
    assert result.err == "agent-security: stopped by an error of its own (ZeroDivisionError); please report it\n"


def _read_by_people(*arguments: str) -> list[str]:
    return [line.rpartition(": ")[2].rstrip("]") for line in run("agent-security", *arguments).out.splitlines() if line.endswith("]")]


def test_people_read_a_thing_once_and_programs_get_everything(repository: Path) -> None:
    make_repository(repository, {".env": expand("A=<secret:openai>\nTOKEN=<secret:random>\n"), ".gitignore": ".env\n.env.*\n!.env.example\n"})
    assert _read_by_people(".env") == ["env-file-committed"]
    assert run("agent-security", "--format=json", ".env").rules == ["env-file-committed", "provider-key", "assigned-secret"]
    assert scan(".env").rules == ["provider-key", "assigned-secret"]
    assert _read_by_people("--ignore=env-file-committed", ".env") == ["provider-key", "assigned-secret"]
    held_back = "# agent-security: ignore-file[env-file-committed] keys of the sandbox\n"
    write(repository, {".env": held_back + expand("A=<secret:openai>\n")})
    git(repository, "add", "--force", ".env")
    assert _read_by_people(".env") == ["provider-key"]


def test_a_template_repeats_nothing_but_what_it_names(repository: Path) -> None:
    make_repository(repository, {".env.example": expand("A=<secret:openai>\nB=<secret:github>  # agent-security: ignore[real-value-in-env-example] old\n")})
    assert _read_by_people(".env.example") == ["real-value-in-env-example", "provider-key"]


def _said(hook: str, rule: str, span: tuple[int, int], covers: str = "", path: str = "a", edits: tuple[Edit, ...] = ()) -> Finding:
    return Finding(hook, rule, 1, "high", path, 1, 1, 1, 1, "", "", "", edits, pedantic=False, span=span, covers=covers, root_path=f"web/{path}")


def test_what_takes_others_away() -> None:
    edit = Edit(0, 0, b"x", path="web/a/.dockerignore")
    here, elsewhere = (edit._replace(path=path) for path in ("", "api/web/a/.dockerignore"))
    cases = [
        ([_said("one", "outer", (5, 20), "span"), _said("two", "inner", (6, 19))], ["outer"]),
        ([_said("one", "outer", (5, 20), "span"), _said("two", "beside", (6, 21))], ["outer", "beside"]),
        ([_said("one", "first", (5, 20), "span"), _said("two", "second", (5, 20), "span")], ["second"]),
        ([_said("one", "same hook", (5, 20), "span"), _said("one", "too", (5, 20))], ["same hook", "too"]),
        ([_said("one", "whole", (0, 0), "file"), _said("two", "any", (7, 9)), _said("two", "other", (7, 9), path="b")], ["whole", "other"]),
        ([_said("one", "mended", (0, 1), "edit", edits=(edit,)), _said("two", "there", (0, 1), path="a/.dockerignore", edits=(here,))], ["mended"]),
        ([_said("one", "mended", (0, 1), "edit", edits=(edit,)), _said("two", "not there", (0, 1), path="b", edits=(elsewhere,))], ["mended", "not there"]),
    ]
    for findings, left in cases:
        assert [finding.rule for finding in without_repeats(findings)] == left


def test_the_verdict_does_not_depend_on_the_current_directory(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "secrets/api_token": "<secret:alnum40>\n",
        "tests/a.py": 'password = "<secret:alnum20>"\n',
        ".docker/config.json": '{"auth": "<secret:basic-auth>"}\n',
    }
    make_repository(repository, {name: expand(content) for name, content in files.items()})

    def found() -> list[tuple[str, str, str]]:
        return [
            (finding["path"].rsplit("/", 1)[-1], finding["rule"], finding["fingerprint"]) for finding in run("check", "--format=json", "..").report["findings"]
        ]

    run("baseline", "write", "--output=base.json")
    monkeypatch.chdir("tests")
    here = found()
    assert [rule for _, rule, _ in here] == ["credential-file-committed", "encoded-secret", "credential-file-committed"]
    monkeypatch.chdir("../secrets")
    assert found() == here
    alone = run("check", "--format=json", "api_token").report["findings"]
    assert [(finding["path"], finding["rule"], finding["fingerprint"]) for finding in alone] == here[2:]
    assert "git rm --cached -- api_token;" in alone[0]["fix"]
    assert run("check", "--baseline=../base.json", "api_token").status == 0
