from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.config import Config, ConfigError, PathIgnore, load
from placeholders import expand
from support import make_repository, run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

KEY = expand('key = "<secret:openai>"\n')
IGNORE = '[[ignore]]\nrule = "provider-key"\npath = "old/**"\nreason = "revoked"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ('select = ["a", "b"]', {"select": ("a", "b")}),
        ('ignore-rules = ["a"]', {"ignore_rules": ("a",)}),
        ("pedantic = true", {"pedantic": True}),
        ('min-severity = "high"', {"min_severity": "high"}),
        ('exclude = ["vendor/**"]', {"exclude": ("vendor/**",)}),
        ("max-mb = 64", {"max_mb": 64}),
        ('first-party = "tag"', {"first_party": "tag"}),
        (
            'action-policies = {"*" = "tag", "My-Org/*" = "any", "a/b" = "hash", "a/b/c.d/e" = "tag"}',
            {"action_policies": (("*", "tag"), ("my-org/*", "any"), ("a/b", "hash"), ("a/b/c.d/e", "tag"))},
        ),
        (IGNORE, {"ignores": (PathIgnore("provider-key", "old/**", "revoked", ""),)}),
        (IGNORE + "until = 2027-01-31", {"ignores": (PathIgnore("provider-key", "old/**", "revoked", "2027-01-31"),)}),
    ],
)
@pytest.mark.parametrize("shared", [False, True])
def test_settings(text: str, expected: dict[str, object], shared: bool, directory: Path) -> None:
    name = "pyproject.toml" if shared else ".agent-security.toml"
    table = "[tool.agent-security-hooks]\n" + text.replace("[[ignore]]", "[[tool.agent-security-hooks.ignore]]")
    write(directory, {name: table if shared else text})
    assert load(".") == Config(**expected, path=name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('exlude = ["a"]', 'unknown key "exlude" (did you mean exclude?)'),
        ("zzz = 1", 'unknown key "zzz"; known are select, ignore-rules, pedantic, min-severity, exclude, max-mb, ignore, first-party, action-policies'),
        ("pedantic = 1", "pedantic must be true or false"),
        ('pedantic = "yes"', "pedantic must be true or false"),
        ('select = "a"', "select must be a list"),
        ("select = [1]", "select must be a list of texts"),
        ('min-severity = "hi"', "min-severity must be one of low, medium, high, critical"),
        ("max-mb = 0", "max-mb must be from 1 to 1024"),
        ("max-mb = 2000", "max-mb must be from 1 to 1024"),
        ("max-mb = true", "max-mb must be a whole number"),
        ("ignore = [1]", "each ignore must be a table with rule, path and reason"),
        (IGNORE.replace("revoked", " "), "each ignore needs a rule, a path (or a sha256) and a reason"),
        (IGNORE.replace("reason", "reasons"), 'unknown key "reasons" in an ignore (did you mean reason?)'),
        (IGNORE + 'until = "2027-01-31"', "until must be a date without quotes, such as 2027-01-31"),
        (IGNORE + "until = 12:00:00", "until must be a date without quotes, such as 2027-01-31"),
        ('first-party = "hash-pin"', "first-party must be one of hash, tag, any (did you mean hash?)"),
        ("first-party = true", "first-party must be a text"),
        ('action-policies = "any"', "action-policies must be a table"),
        ('action-policies = {"a/*" = "ref-pin"}', 'the policy of "a/*" must be one of hash, tag, any (did you mean tag?)'),
        ('action-policies = {"a/*" = 1}', 'the policy of "a/*" must be one of hash, tag, any'),
        ('action-policies = {a = "any"}', '"a" in action-policies is none of owner/*, owner/repo, owner/repo/path and *'),
        ('action-policies = {"a/b@v1" = "any"}', '"a/b@v1" in action-policies is none of owner/*, owner/repo, owner/repo/path and *'),
        ('action-policies = {"*/b" = "any"}', '"*/b" in action-policies is none of owner/*, owner/repo, owner/repo/path and *'),
        ("= 1", "cannot be read as TOML (at line 1, column 1)"),
        ("a" * 10 + '"', "cannot be read as TOML (at line 1, column 11)"),
        ("x = " + "[" * 5000, "cannot be read as TOML (it is no TOML)"),
        ("tool = 1", "[tool.agent-security-hooks] is not a table"),
        ("tool.agent-security-hooks = []", "[tool.agent-security-hooks] is not a table"),
        ("a." * 300 + "b = 1", "a key has more than 200 parts"),
        ('"a" . ' * 300 + "b = 1", "a key has more than 200 parts"),
        (b"x = '\xff'", "cannot be read as TOML (it is no TOML)"),
        (b"#" * (1 << 20) + b"#", "1 MB is over the limit of 1 MB (set max-mb in the configuration, or exclude the file there)"),
    ],
)
def test_mistakes_end_the_run(text: str | bytes, message: str, directory: Path) -> None:
    write(directory, {".agent-security.toml": text, "a.py": ""})
    with pytest.raises(ConfigError) as error:
        load(".")
    assert str(error.value) == f".agent-security.toml: {message}"
    result = run("secret-scan", "a.py")
    assert (result.status, result.out, result.err) == (2, "", f"agent-security: {error.value}\n")
    assert run("secret-scan", "--no-config", "a.py") == (0, "", "")


@pytest.mark.parametrize("name", ["select", "ignore-rules"])
def test_unknown_rules_are_named(name: str, directory: Path) -> None:
    write(directory, {".agent-security.toml": f'{name} = ["provider-kee"]', "a.py": ""})
    assert run("secret-scan", "a.py") == (2, "", 'agent-security: unknown rule "provider-kee" (did you mean provider-key?)\n')
    write(directory, {".agent-security.toml": IGNORE.replace("provider-key", "provider-kee")})
    assert run("secret-scan", "a.py").status == 2


def test_the_text_of_a_broken_file_is_not_shown(directory: Path) -> None:
    secret = expand("<secret:openai>")
    write(directory, {".agent-security.toml": f'{secret} = "{secret}', "a.py": ""})
    result = run("secret-scan", "a.py")
    assert result.status == 2
    assert secret[:30] not in result.err


def test_own_file_goes_before_pyproject(directory: Path) -> None:
    write(directory, {".agent-security.toml": "pedantic = true", "pyproject.toml": "[tool.agent-security-hooks]\nmax-mb = 3"})
    assert load(".") == Config(pedantic=True, path=".agent-security.toml")


@pytest.mark.parametrize("text", ["[project]\nname = 'x'\n", "[tool.other]\n", "broken ="])
def test_pyproject_of_others_is_not_judged(text: str, directory: Path) -> None:
    write(directory, {"pyproject.toml": text})
    assert load(".") == Config()


def test_a_link_inside_the_repository_is_followed_and_one_that_leaves_it_is_not(directory: Path) -> None:
    write(directory, {"repo/shared/x.toml": "[tool.agent-security-hooks]\npedantic = true", "outside.toml": "pedantic = true"})
    os.symlink("shared/x.toml", "repo/pyproject.toml")
    assert load("repo").pedantic
    os.symlink("../outside.toml", "repo/.agent-security.toml")
    with pytest.raises(ConfigError, match="leaves the repository"):
        load("repo")
    assert load("repo", "outside.toml").pedantic


def test_explicit_file(repository: Path) -> None:
    write(repository, {"other.toml": 'ignore-rules = ["provider-key"]', "a.py": KEY})
    assert scan("a.py").rules == ["provider-key"]
    assert scan("--config=other.toml", "a.py").rules == []
    assert run("secret-scan", "--config=missing.toml", "a.py") == (2, "", "agent-security: missing.toml: no such file\n")


def test_it_is_read_from_the_root(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {".agent-security.toml": 'exclude = ["sub/vendor/**"]', "sub/vendor/a.py": KEY, "sub/a.py": KEY})
    monkeypatch.chdir("sub")
    result = scan("vendor/a.py", "a.py")
    assert [finding["path"] for finding in result.report["findings"]] == ["a.py"]


@pytest.mark.parametrize("path", ["vendor/a.py", "./vendor/a.py", "vendor/../vendor/a.py"])
def test_excludes_hold_for_files_named_explicitly(path: str, repository: Path) -> None:
    make_repository(repository, {".agent-security.toml": 'exclude = ["vendor/**"]', "vendor/a.py": KEY})
    assert (scan(path).report["files"], scan(path).report["excluded"]) == (0, 1)
    assert run("secret-scan", path) == (0, "", "no findings, 1 file excluded by the configuration\n")
    assert scan(str(repository / path)).report["files"] == 0
    assert scan("--no-config", path).rules == ["provider-key"]


def test_ignores_by_path_count_and_expire(repository: Path) -> None:
    make_repository(repository, {".agent-security.toml": IGNORE, "old/a.py": KEY, "new/a.py": KEY})
    result = run("secret-scan", "old/a.py", "new/a.py")
    assert result.status == 1
    assert "old/a.py" not in result.out
    assert result.err == "1 finding in 1 file, 1 suppressed (0 inline, 1 config)\n"
    assert run("secret-scan", "old/a.py") == (0, "", "no findings, 1 suppressed (0 inline, 1 config)\n")
    write(repository, {".agent-security.toml": IGNORE + "until = 2020-01-31"})
    assert scan("old/a.py").rules == ["provider-key"]


def test_size_limit(repository: Path) -> None:
    make_repository(repository, {"a.py": b"#" * (2 << 20)})
    write(repository, {".agent-security.toml": "max-mb = 1"})
    assert run("secret-scan", "a.py").err == (
        "a.py: 2 MB is over the limit of 1 MB (set max-mb in the configuration, or exclude the file there)\nno findings, 1 not checked\n"
    )
    write(repository, {".agent-security.toml": "max-mb = 2"})
    assert run("secret-scan", "a.py") == (0, "", "")
