from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.actions.images import images_in
from agent_security_hooks.parse.actions.lock import base_of, normal_pin, read_lock
from agent_security_hooks.parse.actions.uses import describe, is_version, own_names, parse_uses, read_comment, uses_in
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from support import git, make_repository, write

if TYPE_CHECKING:
    from pathlib import Path

SHA = "9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0"


def workflow(*steps: str) -> Source:
    text = "on: push\njobs:\n  j:\n    runs-on: x\n    steps:\n" + "".join(f"      {line}\n" for step in steps for line in step.split("\n"))
    return Source(".github/workflows/x.yml", text.encode(), Repository())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actions/checkout@v4", ("repository", "actions", "checkout", "", "v4")),
        (" actions/cache/save@v4 ", ("repository", "actions", "cache", "save", "v4")),
        (f"a/.github/.github/workflows/x.yml@{SHA}", ("repository", "a", ".github", ".github/workflows/x.yml", SHA)),
        ("a/b@refs/tags/v1", ("repository", "a", "b", "", "refs/tags/v1")),
        ("a/b@release/v1", ("repository", "a", "b", "", "release/v1")),
        ("./x", ("local", "", "", "./x", "")),
        ("./../x", ("local", "", "", "./../x", "")),
        ("$/", ("self", "", "", "", "")),
        ("$/x/y", ("self", "", "", "x/y", "")),
        ("docker://alpine:3", ("image", "", "", "alpine:3", "")),
    ],
)
def test_references(text: str, expected: tuple[str, ...]) -> None:
    assert parse_uses(text)[:5] == expected


def test_an_address_names_its_host() -> None:
    found = parse_uses("https://Codeberg.org/A/b/c@v1")
    assert (found.host, found.name, found.path, found.ref) == ("codeberg.org", "a/b", "c", "v1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names nothing"),
        ("a/b", "has no ref"),
        ("a@v1", "is no `owner/repository`"),
        ("a/../b@v1", "goes up with `..`"),
        ("a//b@v1", "has an empty part"),
        ("a/b@v1@v2", "has more than one `@`"),
        ("a/b@x..y", "no branch or tag can have"),
        (f"a/b@{SHA}0", "has a ref of 41 hexadecimal digits"),
        (f"a/b@x-{SHA}", "only contains a commit"),
        (f"a/b@v1 # {SHA}", "with a commit in what should be a comment"),
        ("a/b@${{ x }}", "holds an expression"),
        ("$/x@v1", "gives a ref to `$/`"),
        ("docker://", "names no image"),
        ("docker://a@latest", "no digest follows"),
        ("a" * 2000, "is longer than 1,000 characters"),
    ],
)
def test_what_is_malformed(text: str, problem: str) -> None:
    found = parse_uses(text)
    assert found.kind == "malformed"
    assert problem in found.problem


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("v4", "tag v4"),
        ("1.2.3-rc1", "tag 1.2.3-rc1"),
        ("2024.01", "tag 2024.01"),
        ("refs/tags/x", "tag x"),
        ("main", "branch main"),
        ("refs/heads/v1", "branch v1"),
        ("9c091bb", "short commit 9c091bb"),
        ("release/v1", "branch or tag release/v1"),
        ("deadbeef", "branch or tag deadbeef"),
        ("1234567", "tag 1234567"),
    ],
)
def test_refs_in_words(ref: str, words: str) -> None:
    assert describe(ref) == words


@pytest.mark.parametrize(("ref", "yes"), [("v1", True), ("v1.x", True), ("1e5a9bc", False), ("x1", False), ("v", False), ("v1/x", False), ("1" * 300, False)])
def test_versions(ref: str, yes: bool) -> None:
    assert is_version(ref) is yes


@pytest.mark.parametrize(
    ("comment", "version", "action"),
    [
        (" v4.2.2", "v4.2.2", ""),
        ("V1.4.1", "V1.4.1", ""),
        (" actions/checkout@v4", "v4", "actions/checkout"),
        (" Actions/Cache/save@v4.1", "v4.1", "actions/cache"),
        (" tag=v4", "v4", ""),
        (" pin@v4", "v4", ""),
        (" ratchet:actions/checkout@v4", "v4", "actions/checkout"),
        (" v4 (2024-01-01)", "v4", ""),
        (" refs/tags/v4", "v4", ""),
        (" renovate: tag=v4.1.0", "v4.1.0", ""),
        (" pinned to v4.2.2", "v4.2.2", ""),
        (" @v4", "v4", ""),
        (" v1.2.3-rc.1+b5", "v1.2.3-rc.1+b5", ""),
        (" 4", "4", ""),
        (" 4.1 and so on", "4.1", ""),
        (" v4.1.", "v4.1", ""),
        (" 2 steps", "", ""),
        (" 2024-01-01", "", ""),
        (" v0.0.0-20231127185646-65229373498e", "", ""),
        (" release/v1", "", ""),
        (" main", "", ""),
        (" https://github.com/a/b/releases/tag/v1.2", "", ""),
        (" zizmor: ignore[x]", "", ""),
        ("", "", ""),
    ],
)
def test_version_comments(comment: str, version: str, action: str) -> None:
    data = b"x #" + comment.encode() + b"\r\nv9"
    found = read_comment(data, 1)
    assert (found.version, found.action) == (version, action)
    assert data[found.start : found.end] == b"#" + comment.encode()
    if version:
        assert data[found.version_start :].startswith(version.encode())


@pytest.mark.parametrize(
    ("comment", "named"), [(" v1", True), (" main", True), (" release/v1", True), (" as of v1.2", True), (" noqa: x y", False), ("", False)]
)
def test_a_comment_names_a_ref(comment: str, named: bool) -> None:
    assert read_comment(b"x #" + comment.encode(), 1).names_ref is named


@pytest.mark.parametrize(
    ("rest", "reached", "closed", "text"),
    [(b"} ] # v1", True, True, "v1"), (b" ", True, False, ""), (b", b: c} # v1", False, False, ""), (b" x # v1", False, False, ""), (b"}", True, True, "")],
)
def test_a_comment_after_brackets(rest: bytes, reached: bool, closed: bool, text: str) -> None:
    found = read_comment(b"a" + rest + b"\n# no", 1)
    assert (found.is_reached, found.is_closed, found.text) == (reached, closed, text)


def test_uses_in_order_of_place_and_once() -> None:
    file = Source(
        ".github/workflows/x.yml",
        b"jobs:\n  a:\n    steps:\n      - &s {uses: &u a/b@v1}\n      - *s\n      - uses: *u\n  c:\n    uses: a/c/.github/workflows/x.yml@v1 # v1\n  d:\n    steps: [*s, {uses: a/d@v1, uses: a/e@v1}]\n",
        Repository(),
    )
    uses = uses_in(file)
    assert [use.text.partition("@")[0] for use in uses] == ["a/b", "a/c/.github/workflows/x.yml", "a/d", "a/e"]
    assert [use.is_workflow for use in uses] == [False, True, False, False]
    assert uses[1].comment.version == "v1"
    assert uses[0].job is not None


def test_what_is_no_text_is_malformed() -> None:
    assert [use.reference.problem for use in uses_in(workflow("- uses: [a]", "- uses:", "- uses: {a: b}"))] == ["is no text", "names nothing", "is no text"]


@pytest.mark.parametrize("count", [2_000, 8_000])
def test_a_flood_is_read_in_linear_time(count: int) -> None:
    text = b"      - uses: a/b@v1 # tag: pin @ release v\n" * count
    file = Source(".github/workflows/x.yml", b"jobs:\n  j:\n    steps:\n" + text, Repository())
    assert len(uses_in(file)) == count


@pytest.mark.parametrize(
    "comment", ["pin " * 50_000, "tag" * 50_000, "a/" * 50_000, "1." * 50_000, "v1-" + "a" * 100_000, "}" * 100_000, "#" * 100_000, " " * 100_000]
)
def test_a_long_comment_is_read_in_linear_time(comment: str) -> None:
    assert read_comment(b"x #" + comment.encode(), 1).start >= 1
    assert read_comment(b"x " + comment.encode(), 1).start >= 1


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ('[remote "origin"]\n\turl = git@github.com:Me/Repo.git\n', {"me/repo"}),
        ('[remote "origin"]\n\turl = https://github.com/me/repo/\n[remote "upstream"]\nurl=ssh://git@github.com/they/repo.git\n', {"me/repo", "they/repo"}),
        ('[remote "fork"]\n\turl = https://github.com/evil/repo\n', set()),
        ('[branch "main"]\n\turl = https://github.com/evil/repo\n', set()),
        ('[remote "origin"]\n\turl = /srv\n', set()),
    ],
)
def test_own_names(config: str, names: set[str], directory: Path) -> None:
    make_repository(directory, {})
    write(directory, {".git/config": config})
    assert own_names(Repository()) == names


def test_own_name_in_a_work_tree(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(directory / "main", {"a": "x"})
    git(directory / "main", "commit", "--quiet", "--message=x")
    git(directory / "main", "remote", "add", "origin", "https://github.com/me/repo.git")
    git(directory / "main", "worktree", "add", "--quiet", "../other")
    monkeypatch.chdir("other")
    assert own_names(Repository()) == {"me/repo"}


def test_outside_of_a_repository_nothing_is_own(directory: Path) -> None:
    assert own_names(Repository()) == frozenset()
    write(directory, {".git": b"gitdir: \xff\0nowhere"})
    assert own_names(Repository()) == frozenset()


def lock(text: str) -> Source:
    return Source(".github/workflows/actions.lock", text.encode(), Repository())


def test_lock() -> None:
    found = read_lock(
        lock(
            f"version: x\nworkflows:\n  a.yml: [A/B/c@V1, 'x/y@v1']\n  b.yml:\n"
            f"dependencies:\n  A/B@V1: {{ref: v1.2.3, commit: sha1-{SHA.upper()}, uses: [x/y@v1]}}\n  x/y@v1: {{commit: sha1-{SHA}0}}\n  x/z@v1: {{commit: 1}}\n  x/q@v1:\n"
        )
    )
    assert {path: [*pins] for path, pins in found.workflows.items()} == {"a.yml": ["a/b@V1", "x/y@v1"], "b.yml": []}
    assert {pin: (entry.commit, entry.tag) for pin, entry in found.dependencies.items()} == {
        "a/b@V1": (SHA, "v1.2.3"), "x/y@v1": ("", ""), "x/z@v1": ("", ""), "x/q@v1": ("", ""),
    }  # fmt: skip
    assert found.tags_of("a/b", SHA) == ["v1.2.3", "V1"]
    assert found.error == ""


@pytest.mark.parametrize(
    ("commit", "whole"),
    [(f"sha1-{SHA}", True), (f"sha256-{SHA}{SHA[:24]}", True), (f"sha256-{SHA}", False), (SHA, False), (f"md5-{SHA}", False), ("sha1-" + "g" * 40, False)],
)
def test_a_commit_of_the_lock_must_be_whole(commit: str, whole: bool) -> None:
    entry = read_lock(lock(f"dependencies:\n  a/b@v1: {{commit: {commit}}}\n")).dependencies["a/b@v1"]
    assert bool(entry.commit) is whole


@pytest.mark.parametrize(
    "text", ["", "a", "[]", "workflows: []\ndependencies: x\n", "workflows: {a: b, c: [d, [e]]}\n", "{", "a: *b", "workflows: &x {a: *x}\n"]
)
def test_a_lock_of_another_form_is_no_error_of_ours(text: str) -> None:
    assert read_lock(lock(text)).dependencies == {}


def test_a_huge_lock_fixes_nothing() -> None:
    found = read_lock(lock("workflows: {}\n" + "#" * (1 << 20)))
    assert (found.workflows, found.error) == ({}, "larger than 1 MB")


def test_pins_and_places() -> None:
    assert normal_pin(" A/B/c/d@V1@x ") == "a/b@V1@x"
    assert base_of(".github/workflows/x.yml") == ""
    assert base_of("a/b/.github/workflows/x.yml") == "a/b/"
    assert base_of("a/b.github/workflows/x.yml") == ""


def test_images_of_a_huge_matrix_are_bounded() -> None:
    values = ", ".join(f"i{number}" for number in range(1000))
    text = f"jobs:\n  j:\n    strategy:\n      matrix:\n        i: [{values}]\n    container: ${{{{ matrix.I }}}}\n"
    assert len(list(images_in(Source(".github/workflows/x.yml", text.encode(), Repository())))) == 256


def test_paths_are_of_the_system() -> None:
    assert uses_in(Source(os.path.join("a", "b.txt"), b"uses: a/b@v1", Repository())) == ()
