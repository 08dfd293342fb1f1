from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from agent_security_hooks import __version__
from agent_security_hooks.options import CHECK_OPTIONS, HOOK_OPTION, UsageError, parse
from support import make_repository, run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {**HOOK_OPTION, **CHECK_OPTIONS}


@pytest.mark.parametrize(
    ("arguments", "values", "files"),
    [
        ([], {}, []),
        (["a.py", "--pedantic"], {}, ["a.py", "--pedantic"]),
        (["--pedantic", "a.py"], {"pedantic": [""]}, ["a.py"]),
        (["--online", "a.py"], {"online": [""]}, ["a.py"]),
        (["--format", "json", "a.py"], {"format": ["json"]}, ["a.py"]),
        (["--format=json", "a.py"], {"format": ["json"]}, ["a.py"]),
        (["--format=json", "--format=sarif"], {"format": ["json", "sarif"]}, []),
        (["--select=a,b", "--select", "c"], {"select": ["a,b", "c"]}, []),
        (["--output=a=b"], {"output": ["a=b"]}, []),
        (["-q", "-o", "report"], {"quiet": [""], "output": ["report"]}, []),
        (["--", "--help", "-x"], {}, ["--help", "-x"]),
        (["--quiet", "--", "@file"], {"quiet": [""]}, ["@file"]),
        (["@file", "-"], {}, ["@file", "-"]),
    ],
)
def test_arguments(arguments: list[str], values: dict[str, list[str]], files: list[str]) -> None:
    assert parse(arguments, KNOWN) == (values, files)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--formt=json"], 'unknown option "--formt" (did you mean --format?)'),
        (["--exit-zero"], 'unknown option "--exit-zero" (see --help)'),
        (["-x"], 'unknown option "-x" (see --help)'),
        (["-"], 'unknown option "-" (see --help)'),
        (["--format"], "--format needs a value: --format FORMAT"),
        (["--format=xml"], "--format must be one of text, full, json, sarif, github"),
        (["--min-severity=hgih"], "--min-severity must be one of low, medium, high, critical"),
        (["--color", "sometimes"], "--color must be one of auto, always, never"),
        (["--pedantic=yes"], "--pedantic takes no value"),
    ],
)
def test_mistakes_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(arguments, KNOWN)
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["--help", "--exit-zero", "--version", "-x", "--no-ignores", "--format=sarif", "-", "--", "@file"])
def test_a_file_called_like_an_option_is_a_file(name: str, directory: Path) -> None:
    write(directory, {f"./{name}": "x\n"})
    assert parse(["--quiet", name, "--pedantic"], KNOWN) == ({"quiet": [""]}, [name, "--pedantic"])


def test_words_are_split_at_commas() -> None:
    options = parse(["--select=a, b,", "--select=c"], KNOWN)
    assert options.words("select") == ("a", "b", "c")
    assert options.words("ignore") == ()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["secret-scan", "--formt=x", "a.py"], 2, "--format"),
        (["check", "--hook=secrt-scan"], 2, "secret-scan"),
        (["secret-scan", "--hook=env-files"], 2, "unknown option"),
        (["secret-scan", "--select=provider-kee"], 2, "provider-key"),
        (["secret-scan", "--ignore=zzz"], 2, "agent-security rules"),
        (["secret-scna"], 2, "secret-scan"),
        (["--format=json"], 2, "agent-security --help"),
        (["explain", "provider-kee"], 2, "provider-key"),
        (["--version"], 0, __version__),
        (["secret-scan", "--version"], 0, __version__),
        ([], 0, "usage:"),
        (["help"], 0, "usage:"),
        (["secret-scan", "--help"], 0, "--min-severity"),
        (["check", "-h"], 0, "--hook"),
        (["explain", "provider-key"], 0, "provider-key"),
        (["rules"], 0, "option-like-name"),
    ],
)
def test_commands(arguments: list[str], status: int, words: str) -> None:
    result = run(*arguments)
    assert result.status == status
    assert words in (result.err if status else result.out)
    assert result.out == "" or result.err == ""


@pytest.mark.parametrize("name", ["--help", "--version", "--exit-zero", "--no-ignores", "-x", "@file"])
def test_a_file_name_switches_nothing_off(name: str, repository: Path) -> None:
    make_repository(repository, {name: "--help\n", "app.py": "import os\n# agent-security: ignore[provider-key]\n"})
    result = scan(name, "app.py")
    assert result.status == 1
    assert result.report["files"] == 2
    assert result.rules == [*(["option-like-name"] if name != "@file" else []), "unexplained-ignore"]
