from __future__ import annotations

import json
import os
import re
import sys
from time import process_time
from typing import TYPE_CHECKING

import make_action_pins
import pytest
import yaml
from agent_security_hooks import remote_tags
from agent_security_hooks.checks.actions_lint.pins import _policy_of
from agent_security_hooks.data import action_pins
from agent_security_hooks.parse.actions.pins import _fullest_known, _of_table, agrees, order, resolve, shell_word, siblings, table_of, within
from agent_security_hooks.parse.actions.uses import is_commit, is_version, parse_uses, uses_in
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from placeholders import expand
from support import git, make_repository, run, scan, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

A, B, C, D = (digit * 40 for digit in "abcd")
PATH = ".github/workflows/ci.yml"
HEAD = "on: push\npermissions: {}\njobs:\n  j:\n    runs-on: x\n    steps:\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's cache, empty; and a table of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        action_pins, "PINS", f"\no/a\n v1 {A} v1.2.3 s\n v1.2.3 {A} - s\n v2.0.0 {B} - s\n v2.10.0 {C} - s\n v2.11.0-rc1 {D} - s\no/b\n v1.0.0 {D} - s\n"
    )
    _forget_the_table()
    yield tmp_path / "cache" / "agent-security-hooks" / "action-pins.json"
    _forget_the_table()


def _forget_the_table() -> None:
    for cached in (table_of, _of_table, _fullest_known):
        cached.cache_clear()


def workflow(*steps: str) -> str:
    return HEAD + "".join(f"      {line}\n" for step in steps for line in step.split("\n"))


def fixed(text: str, *options: str) -> str:
    """A workflow after --fix."""
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    with open(PATH, "wb") as stream:
        stream.write(text.encode())
    run("actions-lint", "--fix", "--quiet", *options, PATH)
    with open(PATH, "rb") as stream:
        return stream.read().decode()


# The table


@pytest.fixture
def real_table(monkeypatch: pytest.MonkeyPatch) -> make_action_pins.Table:
    monkeypatch.undo()
    return make_action_pins.read(action_pins.PINS)


def test_the_table_has_its_form(real_table: make_action_pins.Table) -> None:
    assert len(real_table) >= 75
    for name, tags in real_table.items():
        assert re.fullmatch(r"[a-z0-9._-]+/[a-z0-9._-]+", name)
        for tag, (commit, full, sources) in tags.items():
            assert is_version(tag)
            assert is_commit(commit)
            assert commit == commit.lower()
            assert full == "" or within(full, tag)
            assert full == "" or tags[full][0] == commit
            assert len(sources) > 1 or full or make_action_pins.ENOUGH & {*sources}, (name, tag)
            assert {*sources} <= action_pins.SOURCES.keys()


def test_no_commit_has_two_releases_that_contradict(real_table: make_action_pins.Table) -> None:
    for name, tags in real_table.items():
        for tag, (commit, _, _) in tags.items():
            assert [other for other, (same, _, _) in tags.items() if same == commit and not agrees(tag, other)] == [], name


def test_the_table_is_as_the_script_writes_it(real_table: make_action_pins.Table) -> None:
    with open(make_action_pins.PATH, encoding="utf-8") as stream:
        assert make_action_pins.render(real_table, action_pins.SOURCES) == stream.read()


def test_every_source_of_the_table_is_used(real_table: make_action_pins.Table) -> None:
    assert {key for tags in real_table.values() for _, _, keys in tags.values() for key in keys} == {*action_pins.SOURCES}


def test_what_the_script_takes_from_a_server() -> None:
    tags = {"v1": A, "v1.2": A, "v1.2.3": A, "v1.0.0": B, "v2.0.0-rc1": C, "main": D, "v0.1": D, "x/v1.2.4": D, **{f"v1.1.{n}": D for n in range(9)}}
    assert make_action_pins.choose(tags) == {
        "v1.2.3": (A, "", ("git",)), "v1.1.8": (D, "", ("git",)), "v1.1.7": (D, "", ("git",)), "v1.1.6": (D, "", ("git",)),
        "v1": (A, "v1.2.3", ("git",)), "v1.2": (A, "v1.2.3", ("git",)),
    }  # fmt: skip


def test_repositories_without_three_numbers_keep_what_they_have() -> None:
    assert make_action_pins.choose({"v1": A, "v1.1": A, "main": B}) == {"v1.1": (A, "", ("git",)), "v1": (A, "v1.1", ("git",))}


def test_the_script_writes_what_servers_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_action_pins, "PATH", str(tmp_path / "out.py"))
    monkeypatch.setattr(make_action_pins, "read", lambda: {"o/a": {"v1.0.0": (A, "", ("s",))}, "o/b": {"v1.0.0": (B, "", ("s",))}})
    monkeypatch.setattr(make_action_pins, "SOURCES", {"s": "somewhere"})
    monkeypatch.setattr(make_action_pins, "ask", lambda url: {"v2.0.0": C} if url.endswith("o/a") else None)
    assert make_action_pins.main() == 0
    written = (tmp_path / "out.py").read_text()
    assert f"o/a\n v2.0.0 {C} - git\no/b\n v1.0.0 {B} - s\n" in written
    monkeypatch.setattr(make_action_pins, "ask", lambda _: None)
    assert make_action_pins.main() == 1


# Resolving


def of(uses: str, *, files: dict[str, str] | None = None, online: bool = False) -> tuple[str, str, str] | None:
    """What a reference is resolved to, beside other files."""
    write_files = dict(files or {})
    for name, text in write_files.items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w", encoding="utf-8") as stream:
            stream.write(text)
    repository = Repository()
    repository.online = online
    return resolve(Source(PATH, b"", repository), parse_uses(uses))


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ("o/a@v1", (A, "v1.2.3")),
        ("O/A/sub@v1.2", (A, "v1.2.3")),
        ("o/a@v2", (C, "v2.10.0")),
        ("o/a@2", (C, "v2.10.0")),
        ("o/a@refs/tags/v2.0.0", (B, "v2.0.0")),
        ("o/a@v3", None),
        ("o/a@v2.1", None),
        ("o/c@v1", None),
        ("o/a@main", None),
        ("o/a@refs/heads/v1", None),
        (f"o/a@{A}", None),
        ("https://codeberg.org/o/a@v1", None),
        ("./x", None),
    ],
)
def test_from_the_table(uses: str, expected: tuple[str, str] | None) -> None:
    found = of(uses)
    assert (found and found[:2]) == expected
    assert found is None or found[2] == "the table of known releases"


def test_the_lock_goes_first() -> None:
    lock = f"workflows: {{}}\ndependencies:\n  o/a@v1: {{ref: v1.9.9, commit: sha1-{D}}}\n  o/c@v1: {{ref: main, commit: sha1-{D}}}\n  o/d@v1: {{ref: v1, commit: sha1-1}}\n"
    assert of("o/a@v1", files={".github/workflows/actions.lock": lock}) == (D, "v1.9.9", "actions.lock")
    assert of("o/c@v1") == (D, "v1", "actions.lock")
    assert of("o/d@v1") is None


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        ([f"o/a@{D} # v1"], (D, "v1", "b.yml:7")),
        ([f"o/a@{A} # v1"], (A, "v1.2.3", "b.yml:7")),
        ([f"o/a@{D} # v1.4.0", f"o/a@{C} # v1.10.0"], (C, "v1.10.0", "b.yml:8")),
        ([f"O/A/sub@{D.upper()} # tag=v1.4.0"], (D, "v1.4.0", "b.yml:7")),
        ([f"o/a@{D} # v1.4.0", f"o/a@{C} # v1.4.0"], (A, "v1.2.3", "the table of known releases")),
        ([f"o/a@{D} # v2", f"o/b@{D} # v1", f"https://codeberg.org/o/a@{D} # v1"], (A, "v1.2.3", "the table of known releases")),
    ],
)
def test_other_pins_of_the_repository(pins: Sequence[str], expected: tuple[str, str, str]) -> None:
    assert of("o/a@v1", files={".github/workflows/b.yml": workflow(*(f"- uses: {pin}" for pin in pins))}) == expected


def test_pins_are_looked_for_in_actions_too_and_nowhere_else(directory: Path) -> None:
    names = ("action.yml", ".github/actions/x/action.yaml", ".github/actions/x/y.yml", ".github/y.yml", "docs/action.yml")
    write(directory, {name: f"runs:\n  using: composite\n  steps:\n    - uses: o/c@{D} # v{number}\n" for number, name in enumerate(names)})
    found = siblings(Source(PATH, b"", Repository()), "o/c")
    assert sorted(found.exact) == ["0", "1"]


def test_huge_files_are_left_out() -> None:
    files = {".github/workflows/b.yml": workflow(f"- uses: o/c@{D} # v1") + "#" * (256 << 10)}
    assert of("o/c@v1", files=files) is None


@pytest.mark.parametrize("comment", ["# v1.{}", "# v{}.1.0", "# v1.1.1.{}", "# v1"])
def test_a_flood_of_pins_is_compared_in_linear_time(comment: str, directory: Path) -> None:
    steps = [f"- uses: o/c@{D} {comment.format(number)}" for number in range(2_000)]
    write(directory, {PATH: workflow(*steps), ".github/workflows/b.yml": workflow(*steps[::-1])})
    result = scan("--select=wrong-version-comment", PATH, hook="actions-lint")
    assert len(result.report["findings"]) == (0 if comment == "# v1" else 1000)


def test_text_is_no_pin() -> None:
    files = {".github/workflows/b.yml": workflow(f"- run: |\n    echo uses o/c@{D} # v1", f"- uses: o/d@{D} # v1\n  with:\n    uses: o/c@{D}")}
    assert of("o/c@v1", files=files) is None


def test_versions_are_compared_by_number() -> None:
    assert order("v2.10.0") > order("v2.9.9")
    assert order("v2.0.0") > order("v2.0.0-rc2") > order("v2.0.0-rc1") > order("v1.9")
    assert order("v2") == order("2.0")
    assert order("x") < order("v0.0.1")
    assert agrees("v4", "4.2.2")
    assert not agrees("v4.1", "v4.10.0")


def test_unknown_names_find_nothing() -> None:
    assert table_of("o") == ()
    assert table_of("a\n v1") == ()
    assert table_of(" v1") == ()


# Fixing


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- uses: o/a@v1", f"- uses: o/a@{A} # v1.2.3"),
        ("- uses: 'o/a@v1'", f"- uses: 'o/a@{A}' # v1.2.3"),
        ('- "uses":  "O/A/sub@v1"  ', f'- "uses":  "O/A/sub@{A}" # v1.2.3'),
        ("- uses: o/a@v1 # v1", f"- uses: o/a@{A} # v1.2.3"),
        ("- uses: o/a@v1   #v1", f"- uses: o/a@{A}   # v1.2.3"),
        ("- uses: o/a@v1  # keep: me", f"- uses: o/a@{A}  # v1.2.3 # keep: me"),
        ("- uses: o/a@v1 #", f"- uses: o/a@{A} # v1.2.3"),
        ("- {uses: o/a@v1}", f"- {{uses: o/a@{A}}} # v1.2.3"),
        ("- {uses: o/a@v1, with: {x: 1}}", None),
        ("- {uses: o/a@v1,\n   with: {x: 1}}", None),
        ("- uses: |-\n    o/a@v1", None),
        ("- uses: >\n    o/a@v1", None),
        ('- uses: "o\\x2fa@v1"', None),
        ("- uses: &u o/a@v1\n- uses: *u", None),
        ("- uses: o/a@v9", None),
        ("- uses: o/a@main", None),
        ("- uses:\n    o/a@v1", f"- uses:\n    o/a@{A} # v1.2.3"),
        ("- name: \u00dc\U0001f680\n  uses: o/a@v1", f"- name: \u00dc\U0001f680\n  uses: o/a@{A} # v1.2.3"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_tag_becomes_a_commit(before: str, after: str | None, end: str) -> None:
    text = workflow("- uses: ./x", before, "- run: make").replace("\n", end)
    wanted = workflow("- uses: ./x", after, "- run: make").replace("\n", end) if after else text
    assert fixed(text) == wanted
    assert fixed(wanted) == wanted
    assert yaml.safe_load(wanted)["jobs"]["j"]["steps"][0] == {"uses": "./x"}


def test_two_on_a_line_are_left_alone_where_a_comment_would_mean_both() -> None:
    text = workflow("- run: x").replace("steps:\n      - run: x", "steps: [{uses: o/a@v1}, {uses: o/b@v1}]")
    assert fixed(text) == text


def test_the_last_line_without_an_end() -> None:
    assert fixed(workflow("- uses: o/a@v1").rstrip("\n")) == workflow(f"- uses: o/a@{A} # v1.2.3").rstrip("\n")


def test_a_workflow_that_is_locked_is_not_changed() -> None:
    write_lock = f"workflows:\n  {PATH}: []\ndependencies: {{}}\n"
    os.makedirs(".github/workflows")
    with open(".github/workflows/actions.lock", "w", encoding="utf-8") as stream:
        stream.write(write_lock)
    text = workflow("- uses: o/a@v1")
    assert fixed(text, "--select=unpinned-action") == text
    fixes = [finding["fix"] for finding in scan(PATH, hook="actions-lint").report["findings"]]
    assert any("gh actions-lock" in fix for fix in fixes)


def test_wrong_and_missing_comments_are_mended() -> None:
    assert fixed(workflow(f"- uses: o/a@{A} # v2.0.0, keep")) == workflow(f"- uses: o/a@{A} # v1.2.3, keep")
    assert fixed(workflow(f"- uses: o/a@{A}  "), "--pedantic", "--select=wrong-version-comment") == workflow(f"- uses: o/a@{A} # v1.2.3")
    text = workflow(f"- uses: o/a@{A} # see notes", f"- {{uses: o/a@{A}}}", f"- uses: o/x@{A}")
    assert fixed(text, "--pedantic", "--select=wrong-version-comment") == text


@pytest.mark.parametrize(
    ("uses", "fix"),
    [
        ("o/a@v1", f"write o/a@{A} # v1.2.3 (known from the table of known releases)"),
        ("o/c@v1", "gh api repos/o/c/commits/v1 --jq .sha prints the commit; write o/c@COMMIT # v1"),
        ("o/c@main", "gh api repos/o/c/commits/main --jq .sha prints the commit; write o/c@COMMIT # VERSION"),
        ("o/c@a'b;rm", "gh api 'repos/o/c/commits/a'\\''b;rm' --jq .sha prints the commit; write o/c@COMMIT # VERSION"),
        ("https://codeberg.org/o/c@v1", "git ls-remote https://codeberg.org/o/c v1 prints the commit; write https://codeberg.org/o/c@COMMIT # v1"),
        ("slsa-framework/slsa-github-generator/x@main", "name the tag of a release"),
        ("o/c@" + "x" * 300, "gh api repos/o/c/commits/REF --jq .sha"),
    ],
)
def test_hints_say_what_to_write(uses: str, fix: str, directory: Path) -> None:
    write(directory, {PATH: workflow(f"- uses: {uses}")})
    found = scan("--select=unpinned-action", PATH, hook="actions-lint").report["findings"]
    assert [finding["fix"][: len(fix)] for finding in found] == [fix]


@pytest.mark.parametrize(
    "place",
    [
        "- uses: §/x@v1",
        "- uses: o/§@v1",
        "- uses: o/x@§",
        "- uses: o/x/§@v1",
        "- uses: §",
        "- uses: docker://§",
        "- uses: docker://o/x:§",
        f"- uses: o/a@{A} # v9 §",
        f"- uses: o/§@{A} # v9",
        "- uses: https://codeberg.org/o/§@§",
        "- uses: $/§@v1",
        "- uses: o/x@${{ § }}",
    ],
)
def test_a_token_is_not_shown(place: str, directory: Path) -> None:
    secret = expand("<secret:openai>")
    write(directory, {PATH: workflow(place.replace("§", secret)), ".github/workflows/b.yml": workflow(place.replace("§", secret))})
    for option in ("--format=json", "--format=full"):
        result = run("actions-lint", "--pedantic", option, PATH)
        assert result.status == 1
        assert secret[12:30] not in result.out


@pytest.mark.parametrize(("text", "word"), [("a/b@v1", "a/b@v1"), ("a b", "'a b'"), ("", "''"), ("a'b", "'a'\\''b'"), ("$(x)", "'$(x)'")])
def test_words_of_a_shell(text: str, word: str) -> None:
    assert shell_word(text) == word


# Policies


@pytest.mark.parametrize(
    ("policies", "uses", "expected"),
    [
        ([], "a/b@v1", "hash"),
        ([("*", "any")], "a/b@v1", "any"),
        ([("*", "any"), ("a/*", "tag")], "a/b@v1", "tag"),
        ([("a/*", "any"), ("a/b", "tag")], "A/B/c@v1", "tag"),
        ([("a/b/c", "any"), ("a/b/*", "tag"), ("a/b", "hash")], "a/b/c/d@v1", "any"),
        ([("a/b/*", "tag"), ("a/*", "hash")], "a/b/c@v1", "tag"),
        ([("a/b", "any")], "a/bc@v1", "hash"),
        ([("actions/*", "any"), ("actions/*", "hash")], "actions/checkout@v1", "any"),
    ],
)
def test_the_most_specific_policy_decides(policies: list[tuple[str, str]], uses: str, expected: str) -> None:
    assert _policy_of(policies, parse_uses(uses)) == expected


def test_policies_come_from_the_configuration(directory: Path) -> None:
    steps = ["actions/checkout@v4", "actions/checkout@main", "my/a@main", "my/b@main", "o/a@v1", "o/a@main", "o/x/y@1234abc"]
    write(directory, {PATH: workflow(*(f"- uses: {uses}" for uses in steps))})
    assert [finding["line"] for finding in scan(PATH, hook="actions-lint").report["findings"]] == [*range(7, 14)]
    write(directory, {".agent-security.toml": 'first-party = "tag"\naction-policies = {"my/*" = "any", "my/b" = "hash", "o/*" = "tag"}\n'})
    assert [finding["line"] for finding in scan(PATH, hook="actions-lint").report["findings"]] == [8, 10, 12, 13]
    assert len(scan("--no-config", PATH, hook="actions-lint").report["findings"]) == 7


def test_a_policy_for_actions_of_github_goes_before_first_party(directory: Path) -> None:
    write(directory, {PATH: workflow("- uses: actions/checkout@v4"), ".agent-security.toml": 'first-party = "any"\naction-policies = {"actions/*" = "hash"}\n'})
    assert scan(PATH, hook="actions-lint").rules == ["unpinned-action"]


def test_own_repository_is_silent(directory: Path) -> None:
    make_repository(directory, {PATH: workflow("- uses: Me/Repo/x@main", "- uses: me/other@main")})
    git(directory, "remote", "add", "origin", "git@github.com:me/repo.git")
    assert [finding["line"] for finding in scan(PATH, hook="actions-lint").report["findings"]] == [8]


# Servers


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that stands for github.com, with `o/r`: v1.0.0 is lightweight, v1.1.0 annotated, v1 moves with it, `v3` is a branch only."""
    base = tmp_path / "server"
    base.mkdir()
    work = make_repository(tmp_path / "r", {"a": "1"})
    git(work, "commit", "--quiet", "--message=one")
    git(work, "tag", "v1.0.0")
    git(work, "commit", "--quiet", "--allow-empty", "--message=two")
    git(work, "tag", "--annotate", "--message=x", "v1.1.0")
    git(work, "tag", "v1")
    git(work, "branch", "v1.0.0")  # a branch of the same name
    git(work, "branch", "v3")
    git(work, "clone", "--quiet", "--bare", ".", str(base / "o" / "r"))
    monkeypatch.setattr(remote_tags, "BASE_URL", base.as_uri() + "/")
    return work


def commit(work: Path, name: str) -> str:
    return git(work, "rev-parse", name + "^{commit}").strip()


def test_tags_of_a_server(server: Path) -> None:
    second = commit(server, "refs/tags/v1.1.0")
    assert of("o/r/sub@v1.1.0", online=True) == (second, "v1.1.0", "the server")
    assert second != git(server, "rev-parse", "refs/tags/v1.1.0").strip()


def test_a_tag_goes_before_a_branch_of_its_name(server: Path) -> None:
    first = commit(server, "refs/tags/v1.0.0")
    assert first != commit(server, "refs/tags/v1")
    git(server, "branch", "--force", "v1.0.0", "HEAD")
    assert of("o/r@v1.0.0", online=True) == (first, "v1.0.0", "the server")


def test_nothing_is_asked_without_online(server: Path, cache: Path) -> None:
    assert of("o/r@v1.0.0") is None
    assert not cache.exists()
    assert commit(server, "HEAD")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("uses", ["o/r@v9", "o/r@v3", "o/r@main"])
def test_branches_and_missing_tags_are_not_resolved(uses: str) -> None:
    assert of(uses, online=True) is None


def test_answers_are_kept_for_runs_without_online(server: Path, cache: Path) -> None:
    second = commit(server, "refs/tags/v1.1.0")
    assert of("o/r@v1", online=True) == (second, "v1.1.0", "the server")
    assert json.loads(cache.read_text()) == {
        "version": 1, "pins": {"o/r": {"v1": second, "v1.0.0": commit(server, "refs/tags/v1.0.0"), "v1.1.0": second}},
    }  # fmt: skip
    assert of("o/r@v1") == (second, "v1", "an earlier answer of the server")
    assert of("o/r@v1.1") == (second, "v1.1.0", "an earlier answer of the server")


def test_fix_with_online(server: Path) -> None:
    second = commit(server, "refs/tags/v1.1.0")
    assert fixed(workflow("- uses: o/r@v1", "- uses: o/r@v3"), "--online") == workflow(f"- uses: o/r@{second} # v1.1.0", "- uses: o/r@v3")


@pytest.mark.usefixtures("server")
def test_a_server_that_does_not_answer_is_a_note(directory: Path) -> None:
    write(directory, {PATH: workflow(*(f"- uses: o/gone{number}@v1" for number in range(6)))})
    result = run("actions-lint", "--online", PATH)
    assert result.status == 1
    assert "git could not list the tags of o/gone0" in result.err
    assert "some actions were not looked up: the server could not be reached" in result.err
    assert "gone4" not in result.err


@pytest.mark.usefixtures("server")
def test_git_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert of("o/r@v1", online=True) is None


@pytest.mark.parametrize("name", ["../x", "o/../x", "-o/x", "o/x y", "o/x?", "o/x#", "o", "o/x/y", "o/..", "o/x\n", "\u00f6/x"])
def test_odd_names_never_reach_git(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(url: str) -> None:
        raise AssertionError(url)

    monkeypatch.setattr(remote_tags, "ask", never)
    owner, _, repository = name.partition("/")
    assert remote_tags.remote_tags(Repository(), owner, repository) is None


def test_git_gets_a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_CONFIG_COUNT", "GIT_ASKPASS", "SSH_ASKPASS", "LD_PRELOAD", "HOME"):
        monkeypatch.setenv(name, "x")
    found = remote_tags.environment()
    assert not {"GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_CONFIG_COUNT", "GIT_ASKPASS", "SSH_ASKPASS", "LD_PRELOAD", "HOME"} & found.keys()
    assert found["GIT_TERMINAL_PROMPT"] == "0"


@pytest.mark.parametrize("url", ["ext::sh -c touch% owned", "ftp://127.0.0.1/x", "--upload-pack=touch owned", "ssh://-oProxyCommand=x/y"])
def test_other_protocols_do_nothing(url: str, directory: Path) -> None:
    assert remote_tags.ask(url) is None
    assert os.listdir(directory) == []


def test_tags_are_read_from_any_output() -> None:
    output = f"{A}\trefs/tags/v1\n{B}\trefs/tags/v2\n{C}\trefs/tags/v2^{{}}\n{D}\trefs/heads/v3\nx\trefs/tags/v4\n{A}\n\xff\t\n".encode("latin-1")
    assert remote_tags.read_tags(output) == {"v1": A, "v2": C}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"version": 2, "pins": {}}', b'{"version": 1}', b'{"version": 1, "pins": []}', b'{"version": 1, "pins": {"o/r": []}}',
        b'{"version": 1, "pins": {"o/r": {"v1": "main", "v2": 1, "x;y": "%s"}}}' % A.encode(), b"[" * 100_000, b"\xff\xfe", b" " * (5 << 20),
    ],
)  # fmt: skip
def test_a_broken_cache_is_as_good_as_none(content: bytes, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(content)
    assert of("o/r@v1") is None


def test_a_good_cache_is_used(cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps({"version": 1, "pins": {"o/r": {"v1.5.0": D.upper()}, "../x": {"v1": D}}}))
    assert of("O/R@v1") == (D, "v1.5.0", "an earlier answer of the server")


@pytest.mark.usefixtures("server")
@pytest.mark.skipif(sys.platform == "win32", reason="modes are of Unix")
def test_a_cache_that_cannot_be_written_is_no_failure(cache: Path) -> None:
    cache.parent.parent.write_text("a file")
    assert of("o/r@v1", online=True) is not None


def test_a_relative_place_for_the_cache_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert remote_tags.cache_path() == ""
    assert remote_tags.read_cache() == {}


def test_options_of_the_command_line(directory: Path) -> None:
    write(directory, {PATH: workflow("- run: make")})
    assert run("actions-lint", "--online", PATH).status == 0
    assert "--online" in run("check", "--help").out


def test_one_view_for_the_whole_file() -> None:
    file = Source(PATH, workflow("- uses: o/a@v1").encode(), Repository())
    assert file.view(uses_in) is file.view(uses_in)


def test_a_file_that_is_no_part_of_the_repository_is_compared_in_linear_time(directory: Path) -> None:
    data = workflow(*(f"- uses: o/c@{number:040x} # v1.2.{number}\n- uses: o/c@v1.2.{number}" for number in range(3_000))).encode()
    file = Source("elsewhere/.github/workflows/x.yml", data, Repository())
    begun = process_time()
    assert [resolve(file, parse_uses(f"o/c@v1.2.{number}")) is not None for number in range(3_000)] == [True] * 3_000
    assert process_time() - begun < 2
