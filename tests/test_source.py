from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source, TooLarge, Unreadable, decode, read_bytes
from placeholders import expand
from support import process, run, scan, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = 'naïve = "中文 😀"\nkey = 1\n'
LIMIT = 1 << 20


def source(data: bytes) -> Source:
    return Source("a.txt", data, Repository())


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        (b"", "utf-8", b""),
        (TEXT.encode(), "utf-8", TEXT.encode()),
        (TEXT.encode("utf-8-sig"), "utf-8-sig", TEXT.encode()),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le", TEXT.encode()),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be", TEXT.encode()),
        (b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"), "utf-32-le", TEXT.encode()),
        (b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), "utf-32-be", TEXT.encode()),
        (TEXT.encode("utf-16-le"), "utf-16-le-without-mark", TEXT.encode()),
        (TEXT.encode("utf-16-be"), "utf-16-be-without-mark", TEXT.encode()),
        (b"\xff\xfe" + TEXT.encode("utf-16-le") + b"x", "utf-16-le", TEXT.encode() + b"\xef\xbf\xbd"),
        (b"\xff\xfe\0\0a\0", "utf-16-le", b"\0a"),
        ("naïve\n".encode("latin-1"), "utf-8", b"na\xefve\n"),
        (b"key\0 = 1\n", "utf-8", b"key\0 = 1\n"),
        (b"\xef\xbb", "utf-8", b"\xef\xbb"),
        (b"\xff\xfe", "utf-16-le", b""),
        (b"\xff\xfe\x00\xd8a\0", "utf-16-le", b"\xef\xbf\xbda"),
    ],
)
def test_decode(raw: bytes, encoding: str, text: bytes) -> None:
    assert decode(raw) == (encoding, text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_positions_do_not_depend_on_encoding_and_line_ends(encoding: str, line_end: str, directory: Path) -> None:
    text = f'é = "ü"{line_end * 2}é = "<secret:openai>"{line_end}'
    write(directory, {"a.py": expand(text).encode(encoding)})
    found = scan("a.py").report["findings"]
    assert [(finding["line"], finding["column"]) for finding in found] == [(3, 6)]


@pytest.mark.parametrize(
    ("data", "offset", "place"),
    [
        (b"", 0, (1, 1)),
        (b"ab\ncd", 2, (1, 3)),
        (b"ab\ncd", 3, (2, 1)),
        (b"ab\r\ncd", 4, (2, 1)),
        (b"ab\rcd", 3, (2, 1)),
        (b"ab\r\rcd\n", 5, (3, 2)),
        (b"\n\r\n\ra", 4, (4, 1)),
        ("é中😀x".encode(), 9, (1, 4)),
        (b"\xe9\xe9x", 2, (1, 3)),
        (b"a\x0b\x0c\x1c\x85b\xe2\x80\xa8c", 6, (1, 7)),
        (b"ab\n", 3, (2, 1)),
    ],
)
def test_locate(data: bytes, offset: int, place: tuple[int, int]) -> None:
    assert source(data).locate(offset) == place


def test_locate_in_any_order() -> None:
    data = "é中\nxé😀y\rz".encode()
    once = [source(data).locate(offset) for offset in range(len(data) + 1) if offset == len(data) or data[offset] & 0xC0 != 0x80]
    file = source(data)
    offsets = [offset for offset in range(len(data) + 1) if offset == len(data) or data[offset] & 0xC0 != 0x80]
    assert [file.locate(offset) for offset in offsets] == once
    assert [file.locate(offset) for offset in reversed(offsets)] == once[::-1]


@pytest.mark.parametrize(("number", "text"), [(0, b""), (1, b"a"), (2, b""), (3, b"b"), (4, b"c"), (5, b""), (6, b"")])
def test_line(number: int, text: bytes) -> None:
    assert source(b"a\r\n\nb\rc\n").line(number) == text


def test_views_are_computed_once() -> None:
    calls = []

    def view(file: Source) -> int:
        calls.append(file.path)
        return len(file.data)

    file = source(b"abc")
    assert [file.view(view), file.view(view)] == [3, 3]
    assert calls == ["a.txt"]


def _make_socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(path.name)


def _make_sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


SPECIAL: list[tuple[str, Callable[[Path], object], str, int]] = [
    ("FIFO", os.mkfifo, "not a regular file (a pipe, socket or device)", 2),
    ("socket", _make_socket, "not a regular file (a pipe, socket or device)", 2),
    ("vanished", lambda _: None, "no such file", 2),
    ("sparse", _make_sparse, "3072 MB is over the limit of 32 MB (set max-mb in the configuration, or exclude the file there)", 2),
    ("link to a file outside", lambda path: path.symlink_to("../outside.py"), "", 0),
    ("link to a device", lambda path: path.symlink_to("/dev/zero"), "", 0),
    ("link to a folder", lambda path: path.symlink_to(".."), "", 0),
    ("link to itself", lambda path: path.symlink_to(path.name), "", 0),
    ("link to nothing", lambda path: path.symlink_to("nowhere"), "", 0),
    ("link whose target is a secret", lambda path: path.symlink_to(expand("<secret:openai>")), "", 1),
    ("folder", lambda path: path.mkdir(), "", 0),
]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("make", "message", "status"), [pytest.param(*case[1:], id=case[0]) for case in SPECIAL])
def test_special_files_hide_nothing(make: Callable[[Path], object], message: str, status: int, directory: Path) -> None:
    secret = expand('key = "<secret:openai>"\n')
    write(directory, {"../outside.py": secret, "good.py": secret})
    make(directory / "special.py")
    result = scan("special.py")
    assert result.status == status
    assert [error["message"] for error in result.report["errors"]] == ([message] if message else [])
    both = scan("special.py", "good.py")
    assert both.status == max(status, 1)
    assert "good.py" in [finding["path"] for finding in both.report["findings"]]


@pytest.mark.skipif(os.name == "nt", reason="devices are files on Unix only")
def test_devices_are_not_read() -> None:
    with pytest.raises(Unreadable, match="device"):
        read_bytes("/dev/zero", LIMIT)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_unreadable(directory: Path) -> None:
    write(directory, {"a.py": "x"})
    (directory / "a.py").chmod(0)
    assert run("secret-scan", "a.py") == (2, "", "a.py: no permission to read it\nno findings, 1 not checked\n")


def test_unreadable_by_the_system(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a.py": "x"})

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert run("secret-scan", "a.py") == (2, "", "a.py: no permission to read it\nno findings, 1 not checked\n")


@pytest.mark.parametrize(("size", "read"), [(LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)])
def test_limit(size: int, read: bool, directory: Path) -> None:
    write(directory, {"a.txt": b"x" * size})
    if read:
        assert len(read_bytes("a.txt", LIMIT)) == size
    else:
        with pytest.raises(Unreadable, match="over the limit of 1 MB"):
            read_bytes("a.txt", LIMIT)


def test_large_binary_files_are_no_failure(directory: Path) -> None:
    write(directory, {"a.PNG": b"x" * (LIMIT + 1)})
    with pytest.raises(TooLarge) as raised:
        read_bytes("a.PNG", LIMIT)
    assert raised.value.binary


@pytest.mark.parametrize(
    "name",
    [
        b"--help",
        b"-x",
        b"@file",
        b"a\nb.py",
        b"a\x1b[2Kb.py",
        b"a\n::error file=x::b.py",
        b"##[add-mask]b.py",
        b"caf\xe9.py",
        b"a b'\"$(touch pwned)`touch pwned`;&|.py",
        b"x" * 252 + b".py",
        b"/".join([b"d" * 200] * 17) + b"/a.py",
        "\u202ea\u200b中.py".encode(),
        b" a.py",
        b"::error::.py",
    ],
)
def test_hostile_names(name: bytes, directory: Path) -> None:
    path = os.fsdecode(name)
    write(directory, {"./" + path: expand('key = "<secret:openai>"\n')})
    results = [run("secret-scan", f"--format={chosen}", path) for chosen in ("text", "full", "json", "sarif", "github")]
    narrow = ({"PYTHONIOENCODING": "ascii:strict"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    results += [process("secret-scan", name, cwd=directory, environment=environment) for environment in narrow]
    for result in results:
        shown = result.out + result.err
        assert result.status == 1, shown
        assert not {*shown} & {*"\x1b\r\u202e\u200b\0"}
        assert "##[" not in shown
        commands = [line for line in shown.split("\n") if line.lstrip().startswith("::")]
        assert len(commands) == (len(result.out.splitlines()) if result is results[4] else 0)
    assert not (directory / "pwned").exists()


def test_no_repository_no_directory(directory: Path) -> None:
    write(directory, {"a.py": expand('key = "<secret:openai>"\n')})
    assert scan("a.py").rules == ["provider-key"]
    gone = directory / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    result = run("secret-scan", "a.py")
    assert (result.status, result.err) == (2, "agent-security: the current directory does not exist any more\n")
