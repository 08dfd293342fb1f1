from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks import fixes
from agent_security_hooks.model import Edit, Hit
from placeholders import expand
from support import Result, make_repository, run, toy_hook, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from agent_security_hooks.source import Source


def _each(file: Source, word: bytes) -> Iterator[int]:
    position = file.data.find(word)
    while position >= 0:
        yield position
        position = file.data.find(word, position + 1)


def old_word(file: Source) -> Iterator[Hit]:
    for at in _each(file, b"old"):
        yield Hit(at, at + 3, "old", edits=(Edit(at, at + 3, b"new"),))


def risky_word(file: Source) -> Iterator[Hit]:
    for at in _each(file, b"risky"):
        yield Hit(at, at + 5, "risky", edits=(Edit(at, at + 5, b"safe", safe=False),))


def stubborn_word(file: Source) -> Iterator[Hit]:
    for at in _each(file, b"stubborn"):
        yield Hit(at, at + 8, "stubborn", edits=(Edit(at, at, b"very "),))


def unlisted(file: Source) -> Iterator[Hit]:
    """Mended in another file, as an env file is by a line in .gitignore."""
    listed = file.repository.read("sub/list")
    if file.name.startswith("listed") and (listed is None or file.name.encode() not in listed.data):
        end = len(listed.data) if listed else 0
        yield Hit(0, 1, "not listed", edits=(Edit(end, end, file.name.encode() + b"\n", path="sub/list"),))


def swallowed(file: Source) -> Iterator[Hit]:
    for at in _each(file, b"a old b"):
        yield Hit(at, at + 7, "overlaps", edits=(Edit(at, at + 7, b"gone"),))


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_hook(monkeypatch, swallowed, old_word, risky_word, stubborn_word, unlisted)


def fix(*arguments: str) -> Result:
    return run("toy", "--fix", *arguments)


@pytest.mark.parametrize(
    ("options", "before", "after", "status"),
    [
        ([], b"", b"", 0),
        ([], b"nothing\n", b"nothing\n", 0),
        ([], b"old", b"new", 0),
        ([], b"old old\r\n\told\rold", b"new new\r\n\tnew\rnew", 0),
        ([], b"\xef\xbb\xbfold\n", b"\xef\xbb\xbfnew\n", 0),
        ([], b"caf\xe9 old \0\xff\n", b"caf\xe9 new \0\xff\n", 0),
        ([], "中 old 😀\n".encode(), "中 new 😀\n".encode(), 0),
        ([], b"risky old", b"risky new", 1),
        (["--unsafe-fixes"], b"risky old", b"safe new", 0),
        ([], b"old # agent-security: ignore[old-word] kept\n", b"old # agent-security: ignore[old-word] kept\n", 0),
        ([], b"stubborn", b"stubborn", 2),
        ([], b"stubborn old", b"stubborn old", 2),
        ([], "old".encode("utf-16"), "old".encode("utf-16"), 2),
        ([], b"x a old b y", b"x gone y", 0),
    ],
)
def test_fix(options: list[str], before: bytes, after: bytes, status: int, directory: Path) -> None:
    write(directory, {"a.txt": before})
    result = fix(*options, "a.txt")
    assert (directory / "a.txt").read_bytes() == after
    assert result.status == status
    again = fix(*options, "a.txt")
    assert (directory / "a.txt").read_bytes() == after
    assert again.status == status
    assert os.listdir(directory) == ["a.txt"]


def test_the_report_is_what_is_left(directory: Path) -> None:
    write(directory, {"a.txt": "old risky\n", "b.txt": "risky\n", "c.txt": "old\n"})
    result = fix("a.txt", "b.txt", "c.txt", "missing")
    assert [line for line in result.out.splitlines() if not line.startswith(" ")] == [
        "a.txt:1:5: risky [toy: risky-word]",
        "b.txt:1:1: risky [toy: risky-word]",
    ]
    assert result.err == "missing: no such file\n2 findings in 2 files, 2 fixed, 1 not checked\n"
    assert result.status == 2


def test_taken_back_with_the_reason(directory: Path) -> None:
    write(directory, {"a.txt": "stubborn\n", "b.txt": "old\n"})
    result = fix("a.txt", "b.txt")
    assert "a.txt: not fixed: stubborn-word is still there after the change, which was taken back\n" in result.err
    assert (directory / "a.txt").read_text() + (directory / "b.txt").read_text() == "stubborn\nnew\n"


def test_edits_of_another_file(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(repository, {"sub/listed1": "x", "sub/listed2": "x"})
    monkeypatch.chdir("sub")
    assert fix("listed1", "listed2") == (0, "", "no findings, 2 fixed\n")
    assert (repository / "sub" / "list").read_text() == "listed1\nlisted2\n"
    assert fix("listed1", "listed2") == (0, "", "")
    write(repository, {"sub/listed3": "x"})
    assert fix("listed3").status == 0
    assert (repository / "sub" / "list").read_text() == "listed1\nlisted2\nlisted3\n"


def test_a_folder_that_leaves_the_repository_is_not_written(repository: Path) -> None:
    write(repository, {"listed1": "x", "../outside/list": "", "../outside/a.txt": "old"})
    os.symlink("../outside", "sub")
    result = fix("listed1", "sub/a.txt")
    assert result.status == 2
    assert "sub/list: not fixed: its folder is a symbolic link that leaves the repository\n" in result.err
    assert (repository / "../outside/list").read_bytes() == b""
    assert (repository / "../outside/a.txt").read_bytes() == b"old"


def test_staged_content_is_not_spliced_into_the_work_tree(repository: Path) -> None:
    make_repository(repository, {"a.txt": "abc old\n"})
    write(repository, {"a.txt": "x\n"})
    assert fix("a.txt").status == 1
    assert (repository / "a.txt").read_text() == "x\n"


def test_what_is_staged_is_still_reported(repository: Path) -> None:
    make_repository(repository, {"a.txt": "risky\n", "b.txt": "old\n"})
    write(repository, {"a.txt": "old\n"})
    result = fix("a.txt", "b.txt")
    assert (result.status, result.out.splitlines()[0]) == (1, "a.txt:1:1: risky (as staged) [toy: risky-word]")
    assert (repository / "a.txt").read_text() + (repository / "b.txt").read_text() == "new\nnew\n"


def _link(path: Path) -> None:
    path.rename("old-target")
    path.symlink_to("old-target")


def _hard_link(path: Path) -> None:
    os.link(path, "other")


def _read_only(path: Path) -> None:
    path.chmod(0o444)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_link, "it is a link; change the file that it points to"),
        (_hard_link, "it is a link; change the file that it points to"),
        (_read_only, "it is read-only"),
    ],
)
def test_refused(prepare: Callable[[Path], None], reason: str, directory: Path) -> None:
    write(directory, {"a.txt": "old"})
    prepare(directory / "a.txt")
    result = fix("a.txt")
    assert (result.status, result.err.splitlines()[0]) == (2, f"a.txt: not fixed: {reason}")
    assert (directory / "a.txt").read_text() == "old"
    assert not [name for name in os.listdir(directory) if name.endswith(".tmp")]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o4711])
def test_mode_is_kept(mode: int, directory: Path) -> None:
    write(directory, {"a.txt": "old"})
    (directory / "a.txt").chmod(mode)
    assert fix("a.txt").status == 0
    assert stat.S_IMODE((directory / "a.txt").stat().st_mode) == mode


@pytest.mark.parametrize("failing", ["write", "fsync", "replace", "open"])
def test_a_full_disk_leaves_the_old_file(failing: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.txt": "old"})
    real_open = os.open

    def fail(*arguments: object, **_: object) -> int:
        if failing == "open" and not isinstance(arguments[0], int) and not str(arguments[0]).endswith(".tmp"):
            return real_open(*arguments)  # type: ignore[arg-type]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(fixes.Refused, match="No space left"):
        fixes.write_atomically("a.txt", b"new", expected=b"old")
    assert os.listdir(directory) == ["a.txt"]
    assert (directory / "a.txt").read_text() == "old"


@pytest.mark.parametrize(
    ("expected", "reason"),
    [(b"other", "it changed while it was checked"), (b"ol", "it changed while it was checked"), (None, "it appeared while it was checked")],
)
def test_what_changed_meanwhile_is_left_alone(expected: bytes | None, reason: str, directory: Path) -> None:
    write(directory, {"a.txt": "old"})
    with pytest.raises(fixes.Refused, match=reason):
        fixes.write_atomically("a.txt", b"new", expected=expected)
    assert (directory / "a.txt").read_text() == "old"


def test_diff_shows_and_writes_nothing(directory: Path) -> None:
    secret = expand("<secret:openai>")
    write(directory, {"a.txt": f"one\nkey = {secret}\nold \x1b[2K\nlast\n"})
    result = run("toy", "--diff", "a.txt")
    lines = result.out.splitlines()
    assert (result.status, lines[:3], lines[4:]) == (1, ["--- a/a.txt", "+++ b/a.txt", "@@ -1,4 +1,4 @@"], [
        f" key = {lines[4][7:]}", "-old \\x1b[2K", "+new \\x1b[2K", " last",
    ])  # fmt: skip
    assert secret[20:] not in result.out
    assert (directory / "a.txt").read_text().startswith("one\nkey = sk")
    assert run("toy", "--diff", "--unsafe-fixes", "a.txt").out == result.out


def test_diff_of_a_new_file(repository: Path) -> None:
    make_repository(repository, {"sub/listed1": "x"})
    assert run("toy", "--diff", "sub/listed1").out.splitlines()[:2] == ["--- /dev/null", "+++ b/sub/list"]
    assert not (repository / "sub" / "list").exists()
