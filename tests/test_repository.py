from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.repository import Repository
from placeholders import expand
from support import git, make_repository, process, run, scan, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = expand('key = "<secret:openai>"\n')


ON_DISK, STAGED = ["a.py:1"], ["a.py:1 as staged"]


def _places(*paths: str) -> list[str]:
    findings = scan(*paths).report["findings"]
    return [f"{found['path']}:{found['line']}{' as staged' * ('(as staged)' in found['message'])}" for found in findings]


@pytest.mark.parametrize(
    ("staged", "on_disk", "expected"),
    [
        ("x = 1\n", "x = 1\n", []),
        (KEY, "x = 1\n", STAGED),
        ("x = 1\n", KEY, ON_DISK),
        (KEY, KEY, ON_DISK),
        (KEY, "import os\n" + KEY, ["a.py:2"]),
        (KEY, None, STAGED),
        ("x = 1\n", None, []),
        (KEY, "folder", STAGED),
        ("", KEY, ON_DISK),
        (KEY, "other = " + KEY, [*ON_DISK, *STAGED]),
    ],
)
def test_staged_content_is_checked(staged: str, on_disk: str | None, expected: list[str], repository: Path) -> None:
    make_repository(repository, {"a.py": staged})
    os.unlink("a.py")
    if on_disk == "folder":
        os.mkdir("a.py")
    elif on_disk is not None:
        write(repository, {"a.py": on_disk})
    assert _places("a.py") == expected


def test_pre_commit_has_put_unstaged_changes_aside(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"a.py": KEY})
    write(repository, {"a.py": "x = 1\n"})
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert _places("a.py") == []


def test_staged_content_from_a_subdirectory_and_with_odd_names(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["sub/a.py", "sub/:(top)x", "sub/-x", "sub/a\nb", "sub/*"]
    make_repository(repository, dict.fromkeys(names, KEY))
    write(repository, dict.fromkeys(names, "x = 1\n"))
    monkeypatch.chdir("sub")
    assert [finding["path"] for finding in scan("a.py", ":(top)x", "./-x", "a\nb", "*").report["findings"] if finding["rule"] == "provider-key"] == [
        "*", "-x", ":(top)x", "a\nb", "a.py",
    ]  # fmt: skip


def test_too_much_staged_content_is_named(repository: Path) -> None:
    make_repository(repository, {".agent-security.toml": "max-mb = 1", "a.txt": b"x" * (1 << 20) + b"y", "b.txt": "x"})
    write(repository, {"a.txt": "x", "b.txt": "y"})
    result = run("secret-scan", "a.txt", "b.txt")
    assert (result.status, result.err.splitlines()[0]) == (2, "a.txt: what is staged differs from the file and is too large or cannot be read")


def test_deleted_in_the_index_too(repository: Path) -> None:
    make_repository(repository, {"a.py": "x"})
    git(repository, "rm", "--quiet", "--force", "a.py")
    assert run("secret-scan", "a.py").err.splitlines()[0] == "a.py: no such file"


def test_submodule_is_no_file(repository: Path) -> None:
    other = make_repository(repository / "module", {"a.py": KEY})
    git(other, "commit", "--quiet", "-m", "x")
    make_repository(repository, {"b.py": "x = 1\n"})
    git(repository, "-c", "advice.addEmbeddedRepo=false", "add", "module")
    note = "note: module is a repository of its own (a submodule); run the check in it\n"
    assert run("secret-scan", "module", "b.py") == (0, "", note)
    assert run("check", "--hook=secret-scan") == (0, "", note)


def _other(directory: Path) -> Path:
    return make_repository(directory.parent / "other", {"a.py": KEY, "b.py": KEY})


def _corrupt(directory: Path) -> dict[str, str]:
    (directory / ".git" / "index").write_bytes(b"garbage")
    return {}


def _merge(directory: Path) -> dict[str, str]:
    git(directory, "commit", "--quiet", "-m", "one")
    git(directory, "checkout", "--quiet", "-b", "side")
    for branch, text in (("side", "x = 2\n"), ("main", "x = 3\n")):
        git(directory, "checkout", "--quiet", branch)
        write(directory, {"b.py": text})
        git(directory, "commit", "--quiet", "-a", "-m", branch)
    with pytest.raises(Exception, match="merge"):
        git(directory, "merge", "side")
    return {}


def _foreign(directory: Path) -> dict[str, str]:
    if os.geteuid():
        pytest.skip("only root can give files away")
    for parent, directories, names in os.walk(directory):
        for name in (*directories, *names):
            os.lchown(os.path.join(parent, name), 12345, 12345)
    os.chown(directory, 12345, 12345)
    return {}


SURROUNDINGS: dict[str, Callable[[Path], dict[str, str]]] = {
    "plain": lambda _: {},
    "corrupt index": _corrupt,
    "merge in progress": _merge,
    "owned by somebody else": _foreign,
    "no git": lambda _: {"PATH": "/nonexistent"},
    "GIT_DIR of this repository": lambda _: {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"},
    "GIT_DIR and GIT_WORK_TREE": lambda here: {"GIT_DIR": str(here / ".git"), "GIT_WORK_TREE": str(here)},
    "GIT_DIR of another repository": lambda here: {"GIT_DIR": str(_other(here) / ".git"), "GIT_INDEX_FILE": str(here.parent / "other/.git/index")},
    "GIT_DIR and GIT_WORK_TREE of another": lambda here: {"GIT_DIR": str(_other(here) / ".git"), "GIT_WORK_TREE": str(here.parent / "other")},
    "GIT_INDEX_FILE that is missing": lambda _: {"GIT_INDEX_FILE": ".git/next-index-1.lock"},
    "GIT_EXTERNAL_DIFF": lambda here: {"GIT_EXTERNAL_DIFF": f"touch {here}/pwned", "GIT_PAGER": f"touch {here}/pwned"},
}


@pytest.mark.parametrize("prepare", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_surroundings_neither_hide_nor_invent(prepare: Callable[[Path], dict[str, str]], repository: Path) -> None:
    make_repository(repository, {"a.py": KEY, "b.py": "x = 1\n"})
    environment = prepare(repository)
    write(repository, {"b.py": "x = 4\n"})
    result = process("secret-scan", "a.py", "b.py", cwd=repository, environment=environment)
    assert result.status == 1
    assert [line.split(":")[0] for line in result.out.splitlines()[::2]] == ["a.py"]
    assert "Traceback" not in result.err
    assert not (repository / "pwned").exists()


@pytest.mark.parametrize("absolute", [True, False])
def test_index_that_git_commit_made_is_read(absolute: bool, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"a.py": "x = 1\n"})
    (repository / ".git" / "index").rename(".git/next-index-7.lock")
    write(repository, {"a.py": KEY})
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git/next-index-7.lock") if absolute else ".git/next-index-7.lock")
    git(repository, "add", "a.py")
    write(repository, {"a.py": "x = 2\n"})
    assert _places("a.py") == STAGED
    assert Repository().tracked == frozenset({"a.py"})


def test_linked_worktree(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"a.py": "x = 1\n"})
    git(repository, "commit", "--quiet", "-m", "x")
    tree = repository.parent / "tree"
    git(repository, "worktree", "add", "--quiet", str(tree))
    write(tree, {"b.py": KEY})
    git(tree, "add", "b.py")
    write(tree, {"b.py": "x = 1\n"})
    monkeypatch.chdir(tree)
    for environment in ({}, {"GIT_DIR": str(repository / ".git/worktrees/tree"), "GIT_INDEX_FILE": str(repository / ".git/worktrees/tree/index")}):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert _places("b.py") == ["b.py:1 as staged"]
        assert Repository().tracked == frozenset({"a.py", "b.py"})


def test_a_folder_that_leaves_the_repository_is_not_entered(repository: Path) -> None:
    write(repository, {"../outside/a.py": KEY, "inside/a.py": KEY})
    os.symlink("../outside", "out")
    os.symlink("inside", "in")
    result = run("secret-scan", "out/a.py", "in/a.py")
    assert result.status == 2
    assert "out/a.py: its folder is a symbolic link that leaves the repository" in result.err
    assert result.out.startswith("in/a.py:1:8: ")
    found = Repository()
    assert found.read("out/a.py") is None
    assert found.read("in/a.py") is not None


def test_no_files_means_all_tracked_ones(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"a.py": KEY, "sub/b.py": KEY, "sub/c.py": "x = 1\n"})
    write(repository, {"untracked.py": KEY})

    def checked(*arguments: str) -> list[str]:
        return [finding["path"] for finding in run("check", "--hook=secret-scan", "--format=json", *arguments).report["findings"]]

    assert checked() == ["a.py", "sub/b.py"]
    assert checked("sub") == checked("sub/") == ["sub/b.py"]
    assert checked(".", "untracked.py") == ["a.py", "sub/b.py", "untracked.py"]
    monkeypatch.chdir("sub")
    assert checked() == ["b.py"]
    assert checked("..") == ["../a.py", "b.py"]


def test_nothing_tracked_is_said(repository: Path) -> None:
    write(repository, {"a.py": KEY})
    assert run("check", "--hook=secret-scan").err == "note: no tracked files in .: nothing was checked there (git add comes first)\n"


def test_outside_a_repository_a_directory_stands_for_its_files(directory: Path) -> None:
    write(directory, {"a/b.py": KEY, "a/.git-not/c.py": KEY})
    os.symlink("/", "a/root")
    assert [finding["path"] for finding in run("check", "--hook=secret-scan", "--format=json", "a").report["findings"]] == ["a/.git-not/c.py", "a/b.py"]


def test_a_sparse_checkout_is_said(repository: Path) -> None:
    make_repository(repository, {"a.py": "x = 1\n", "b.py": KEY})
    git(repository, "update-index", "--skip-worktree", "b.py")
    os.unlink("b.py")
    assert run("check", "--hook=secret-scan") == (0, "", "note: 1 tracked files are outside the sparse checkout and were not checked\n")


def test_hostile_configuration_of_an_embedded_repository_starts_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"bare/a.py": KEY})
    git(repository, "init", "--quiet", "--bare", "bare")
    script = repository / "pwn.sh"
    script.write_text(f"#!/bin/sh\ntouch {repository}/pwned\n")
    script.chmod(0o755)
    for config in ("bare/config", ".git/config"):
        with (repository / config).open("a") as file:
            file.write(f"[core]\n\tfsmonitor = {script}\n")
            if config.startswith("bare"):
                file.write("\tbare = false\n\tworktree = .\n")
    monkeypatch.chdir("bare")
    assert _places("a.py") == ON_DISK
    assert run("check", "--hook=secret-scan").status == 1
    assert not (repository / "pwned").exists()


def test_ignore_verdicts(repository: Path) -> None:
    make_repository(repository, {".gitignore": ".env*\n!.env.example\n"})
    verdicts = Repository().check_ignore([".env", ".env.example", "a\nb", ":(top)x", ":!x"])
    assert verdicts is not None
    assert [(verdict.path, verdict.pattern, verdict.line, verdict.ignored) for verdict in verdicts] == [
        (".env", ".env*", 1, True),
        (".env.example", "!.env.example", 2, False),
        ("a\nb", "", 0, False),
        (":(top)x", "", 0, False),
        (":!x", "", 0, False),
    ]


def test_facts_are_unknown_outside_a_repository(directory: Path) -> None:
    write(directory, {"a": "x"})
    found = Repository()
    assert (found.root, found.tracked, found.list_files(), found.check_ignore(["a"]), found.staged_content(["a"])) == (None, None, None, None, {})
    assert found.read("a") is not None
    assert found.exists("a")


@pytest.mark.parametrize(
    ("path", "relative"),
    [("a", "sub/a"), ("./a", "sub/a"), ("../a", "a"), ("../../a", None), ("/etc/passwd", None), ("../subx", "subx"), ("a/../b", "sub/b")],
)
def test_relative(path: str, relative: str | None, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"sub/a": ""})
    monkeypatch.chdir("sub")
    found = Repository()
    assert found.relative(path) == relative
    if relative is not None:
        assert found.from_here(relative) == os.path.normpath(path)
