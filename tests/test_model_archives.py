"""Identification of model files, and what archives hold."""

from __future__ import annotations

import io
import tarfile
import zipfile
from time import process_time

import pytest
from agent_security_hooks.parse.models.archives import inspect_compressed, inspect_tar, inspect_zip
from agent_security_hooks.parse.models.archives.directory import read_archive
from agent_security_hooks.parse.models.archives.inflate import CHUNK, Inflated
from agent_security_hooks.parse.models.archives.names import leads_home, leads_out, link_leads_out
from agent_security_hooks.parse.models.archives.tars import entries
from agent_security_hooks.parse.models.blob import Blob, Budget, Concern, Memory, NotRead, Unread, Window
from agent_security_hooks.parse.models.driver import ALIKE, read_model
from agent_security_hooks.parse.models.extension import extension_lie
from agent_security_hooks.parse.models.identify import kinds
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from artefacts.archives import compressed, tarred, torch_zip, zipped
from artefacts.pickles import pickled
from hypothesis import given, settings
from hypothesis import strategies as st

_PICKLE = pickled("PROTO 4", "EMPTY_DICT", "MEMOIZE", "SHORT_BINUNICODE a", "BININT1 1", "SETITEM", "STOP")
_KINDS = {"gzip": "gzip", "bz2": "bz2", "xz": "xz", "lzma": "lzma", "zlib": "zlib"}


def _blob(data: bytes, name: str = "", **more: str) -> Blob:
    return Blob(Memory(data), "", name, **more)  # type: ignore[arg-type]


def _inner(data: bytes, name: str = "model.pt") -> dict[str, bytes]:
    """What is found in an archive, by name."""
    found = {}
    for step in (*inspect_zip(_blob(data, name), Budget()),):
        if isinstance(step, Blob):
            found[step.path] = step.content.read(0, 1 << 20)
    return found


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "", []),
        (b"plain text, nothing else\n", "a.txt", []),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "a.png", []),
        (b"%PDF-1.7\n" + bytes(range(256)), "a.pdf", []),
        (_PICKLE, "", ["pickle"]),
        (zipped({"a": "a"}), "", ["zip"]),
        (zipped({}), "", ["zip"]),
        (zipped({"a": "a"}, prefix=b"\x89PNG\r\n\x1a\n"), "", ["zip"]),
        (zipped({"a": "a"}, prefix=_PICKLE), "", ["zip", "pickle"]),
        (zipped({"a": "a"}, comment=b"c" * 60_000), "", ["zip"]),
        (b"PK00" + zipped({"a": "a"}), "", ["zip"]),
        (tarred({"a": "a"}), "", ["tar"]),
        (tarred({"a.zip": zipped({"a": "a"})}), "", ["tar"]),
        (b"\x93NUMPY\x01\0", "", ["npy"]),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "", ["hdf5"]),
        (bytes(2048) + b"\x89HDF\r\n\x1a\n" + bytes(40), "", ["hdf5"]),
        (b"GGUF\x03\0\0\0", "", ["gguf"]),
        (b"\x20\0\0\0TFL3" + bytes(20), "", ["tflite"]),
        (b"\x02\0\0\0\0\0\0\0{}", "a.safetensors", ["safetensors"]),
        (b'\x40\0\0\0\0\0\0\0{"w":{"dtype"', "", ["safetensors"]),
        (b'{"class_name": "Sequential", "config": {}}', "model.json", ["keras"]),
        (b'{"class": "x"}', "model.json", []),
        (b"{}", "tokenizer_config.json", ["template"]),
        (b"{{ messages }}", "chat_template.jinja", ["template"]),
        (b"\x7fELF\x02\x01", "", ["executable"]),
        (b"#!/bin/sh\n", "", ["executable"]),
        (b"# not a program\n", "", []),
        (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", "", ["executable"]),
        (b"MZ" + bytes(62), "", []),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(20), "", ["executable"]),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(20), "A.class", []),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "m.pt", ["lfs"]),
        (b"7z\xbc\xaf\x27\x1c\0\4", "", ["7z"]),
        (b"x^2 + y^2 = z^2, as everybody knows\n", "", []),
        (b"x\x9c is not zlib, whatever it says", "", []),
        *((compressed(kind, b"hello " * 20), "", [kind]) for kind in _KINDS),
    ],
)
def test_kinds(data: bytes, name: str, expected: list[str]) -> None:
    assert kinds(_blob(data, name)) == expected


def test_what_a_loader_unpickles_is_a_pickle() -> None:
    assert kinds(_blob(b"?", loader="pickle")) == ["pickle"]
    assert kinds(_blob(b"?", loader="keras")) == ["keras"]


def test_old_tars_have_no_magic() -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("sys_info"), io.BytesIO())
    header = bytearray(data.getvalue()[:512])
    header[257:265] = bytes(8)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert kinds(_blob(bytes(header) + bytes(1024))) == ["tar"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_are_read_as_zipfile_wrote_them(method: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("archive/data.pkl", _PICKLE)
        archive.writestr("archive/version", "3\n")
        with archive.open("archive/more.pkl", "w", force_zip64=True) as stream:
            stream.write(_PICKLE * 100)
    steps = [*inspect_zip(_blob(data.getvalue()), Budget())]
    assert [step for step in steps if not isinstance(step, Blob)] == []
    assert {step.path: step.content.read(0, 1 << 20) for step in steps if isinstance(step, Blob)} == {
        "archive/data.pkl": _PICKLE,
        "archive/more.pkl": _PICKLE * 100,
    }
    assert {step.loader for step in steps if isinstance(step, Blob)} == {"pickle"}


@pytest.mark.parametrize(
    "lies",
    [
        {"flags": 1},
        {"listed_flags": 0x41},
        {"crc": 1},
        {"streamed": True},
        {"zip64": True},
        {"local_names": {"archive/data.pkl": "x"}},
        {"unlisted": ["archive/data.pkl"]},
        {"method": 8, "flags": 0x2061},
        {"method": 8, "size": 1},
        {"prefix": b"#!/bin/sh\n"},
        {"prefix": b"#!/bin/sh\n", "shifted": False},
        {"comment": b"PK\5\6" * 20},
        {"listed_method": 8},
    ],
)
def test_no_lie_hides_a_member(lies: dict[str, object]) -> None:
    data = zipped(torch_zip(_PICKLE), **lies)  # type: ignore[arg-type]
    assert _PICKLE in _inner(data).values()


def test_a_directory_may_be_missing() -> None:
    data = zipped(torch_zip(_PICKLE))
    assert _PICKLE in _inner(data[: data.index(b"PK\1\2")]).values()


def test_one_message_names_many_members() -> None:
    steps = [*inspect_zip(_blob(zipped(torch_zip(_PICKLE), flags=1)), Budget())]
    (concern,) = [step for step in steps if isinstance(step, Concern)]
    assert concern.rule == "tampered-archive"
    assert concern.message.startswith("archive/data.pkl (and 3 more) is marked as encrypted")


def test_raw_tensors_are_not_inspected() -> None:
    assert [*_inner(zipped(torch_zip(_PICKLE)))] == ["archive/data.pkl"]


def test_members_are_limited() -> None:
    budget = Budget()
    budget.members = 3
    steps = [*inspect_zip(_blob(zipped({str(i): _PICKLE for i in range(5)})), budget)]
    assert sum(isinstance(step, Blob) for step in steps) == 3
    assert any(isinstance(step, Unread) for step in steps)
    budget.members = 3
    steps = [*inspect_tar(_blob(tarred({str(i): _PICKLE for i in range(5)})), budget)]
    assert sum(isinstance(step, Blob) for step in steps) == 3
    assert any(isinstance(step, Unread) for step in steps)


def test_only_what_loaders_read_counts() -> None:
    for inspector, made in ((inspect_zip, zipped), (inspect_tar, tarred)):
        budget = Budget()
        budget.members = 3
        members: dict[str, bytes | str] = {f"{i}.txt": "plain" for i in range(5)} | {"m.pkl": _PICKLE}
        (step,) = inspector(_blob(made(members)), budget)
        assert isinstance(step, Blob)
        assert step.path == "m.pkl"


def test_tables_of_contents_are_limited() -> None:
    for inspector, made in ((inspect_zip, zipped), (inspect_tar, tarred)):
        budget = Budget()
        budget.entries = 3
        for members in ({f"{i}.txt": "plain" for i in range(5)}, {"1.txt": "1", "2.txt": "2"}):  # one limit for the whole file
            steps = [*inspector(_blob(made(members)), budget)]
            assert [type(step) for step in steps] == [Unread]


def test_of_many_findings_the_first_are_listed() -> None:
    data = zipped({f"{i:02}.pkl": 'cos\nsystem\n(S"id"\ntR.' for i in range(30)})
    concerns = read_model(Source("models.zip", data, Repository())).concerns
    told = [concern.message for concern in concerns if concern.rule == "dangerous-pickle"]
    assert [message[:6] for message in told] == [f"{i:02}.pkl" for i in range(ALIKE)]
    assert told[-1].endswith(f"; and {30 - ALIKE} more like this in the file")


def test_torch_tars_are_unpickled() -> None:
    steps = [*inspect_tar(_blob(tarred({"sys_info": _PICKLE, "pickle": b"??", "tensors": _PICKLE})), Budget())]
    assert {(step.path, step.loader) for step in steps if isinstance(step, Blob)} == {(name, "pickle") for name in ("sys_info", "pickle", "tensors")}


@pytest.mark.parametrize("style", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tars_are_read_as_tarfile_wrote_them(style: int) -> None:
    names = ["a", "folder/" * 12 + "b" * 90 if style == tarfile.USTAR_FORMAT else "long/" * 60 + "é"]
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=style) as archive:
        for number, name in enumerate(names):
            info = tarfile.TarInfo(name)
            info.size = 600 + number
            archive.addfile(info, io.BytesIO(b"%d" % number * info.size))
    found = [*entries(Memory(data.getvalue()))]
    assert [entry.name for entry in found] == names
    assert [entry.size for entry in found] == [600, 601]
    assert [data.getvalue()[entry.start : entry.start + 1] for entry in found] == [b"0", b"1"]
    assert {entry.lie for entry in found} == {""}


def test_a_tar_in_gzip_keeps_its_first_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_security_hooks.parse.models.archives.inflate.KEPT", 6 << 20)
    members = {"first.pkl": _PICKLE, **{f"{i}.bin": bytes(1 << 20) for i in range(12)}}
    (tar,) = [step for step in inspect_compressed(_blob(compressed("gzip", tarred(members)), "m.tar.gz"), Budget()) if isinstance(step, Blob)]
    assert tar.name == "m.tar"
    inner = {step.name: step for step in inspect_tar(tar, Budget()) if isinstance(step, Blob)}
    assert inner["first.pkl"].content.read(0, 100) == _PICKLE


@pytest.mark.parametrize("kind", _KINDS)
def test_inflated_content_is_read_at_any_place(kind: str) -> None:
    data = b"".join(b"%d," % i for i in range(100_000))
    content = Inflated(Memory(compressed(kind, data)), kind, Budget())
    assert content.read(0, 10) == data[:10]
    assert content.read(CHUNK - 3, 9) == data[CHUNK - 3 : CHUNK + 6]
    assert content.read(500_000, 1 << 62) == data[500_000:]
    assert content.read(5, 10) == data[5:15]
    assert content.read(1 << 40, 5) == b""
    assert content.size == len(data)
    assert content.complete


@pytest.mark.parametrize("kind", ["gzip", "bz2", "xz"])
def test_several_streams_follow_each_other(kind: str) -> None:
    content = Inflated(Memory(compressed(kind, b"one") + compressed(kind, b"") + compressed(kind, b"two")), kind, Budget())
    assert content.read(0, 100) == b"onetwo"


@pytest.mark.parametrize("kind", _KINDS)
def test_damaged_data_ends(kind: str) -> None:
    data = bytearray(compressed(kind, bytes(range(256)) * 1000))
    for cut in (5, len(data) // 2, len(data) - 3):
        content = Inflated(Memory(bytes(data[:cut])), kind, Budget())
        assert (bytes(range(256)) * 1000).startswith(content.read(0, 1 << 20))
        assert content.ended
    data[len(data) // 2] ^= 0xFF
    assert len(Inflated(Memory(bytes(data)), kind, Budget()).read(0, 1 << 20)) <= 1 << 20


def test_old_content_is_given_up_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_security_hooks.parse.models.archives.inflate.KEPT", 1 << 20)
    content = Inflated(Memory(compressed("gzip", bytes(4 << 20))), "gzip", Budget())
    assert content.read(3 << 20, 5) == bytes(5)
    with pytest.raises(NotRead, match="1 MB"):
        content.read(0, 5)


def test_decompression_is_paid_for() -> None:
    budget = Budget()
    budget.expanded = 1 << 20
    with pytest.raises(NotRead, match="expands"):
        Inflated(Memory(compressed("gzip", bytes(4 << 20))), "gzip", budget).read(0, 4 << 20)


def test_a_dictionary_may_not_take_all_memory() -> None:
    data = bytearray(compressed("lzma", b"x" * 100))
    data[1:5] = b"\0\0\0\xf0"
    with pytest.raises(NotRead, match="memory"):
        Inflated(Memory(bytes(data)), "lzma", Budget()).read(0, 10)


def test_old_joblib_files_have_a_header() -> None:
    data = b"ZF" + b"0x10".ljust(19) + compressed("zlib", _PICKLE)
    assert kinds(_blob(data)) == ["zlib"]
    (inner,) = [step for step in inspect_compressed(_blob(data), Budget()) if isinstance(step, Blob)]
    assert inner.content.read(0, 100) == _PICKLE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b", False),
        ("a/../b", False),
        ("./a", False),
        ("..a/b..", False),
        ("a/../../b", True),
        ("/a", True),
        ("\\a", True),
        ("c:/a", True),
        ("c:a", False),
        ("..\\a", True),
    ],
)
def test_leads_out(name: str, expected: bool) -> None:
    assert leads_out(name) is expected


def test_links_start_from_their_folder() -> None:
    assert not link_leads_out("a/b/link", "../../c")
    assert link_leads_out("a/b/link", "../../../c")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/etc/passwd", True),
        ("../../etc/shadow", True),
        ("/proc/self/environ", True),
        ("/root/x", True),
        ("../../home/me/.ssh/id", True),
        ("../.aws/credentials", True),
        ("/etc/alternatives/awk", False),
        ("/usr/share/etc/passwd", False),
        ("/home/me/project/x", False),
        ("../../LICENSE", False),
        ("C:/Users/me/.kube/config", True),
    ],
)
def test_leads_home(target: str, expected: bool) -> None:
    assert leads_home(target) is expected


def test_only_names_that_promise_something_lie() -> None:
    assert extension_lie(_blob(_PICKLE, "a.npy"), ["pickle"])
    assert extension_lie(_blob(_PICKLE, "a.bin"), ["pickle"]) is None
    assert extension_lie(_blob(_PICKLE, "npy"), ["pickle"]) is None
    assert extension_lie(_blob(b"<html>", "a.pth"), [])
    assert extension_lie(_blob(b"<htmlx>", "a.pth"), []) is None


def test_spans_are_scanned_once() -> None:
    data = zipped({"a.txt": "a"}) + b"PK\3\4" * 200_000 + zipped({"a.txt": "a"})
    before = process_time()
    assert len([*inspect_zip(_blob(data), Budget())]) < 5
    assert process_time() - before < 2


def test_many_entries_of_one_member() -> None:
    data = zipped({"a.pkl": _PICKLE}, repeat=30_000)
    before = process_time()
    assert any(isinstance(step, Unread) for step in inspect_zip(_blob(data), Budget()))
    assert process_time() - before < 5


def test_many_empty_streams() -> None:
    before = process_time()
    with pytest.raises(NotRead, match="streams"):
        Inflated(Memory(compressed("gzip", b"") * 200_000), "gzip", Budget()).read(0, 10)
    assert process_time() - before < 2


_SEEDS = (
    zipped(torch_zip(_PICKLE)),
    zipped(torch_zip(_PICKLE), method=8, zip64=True, streamed=True),
    zipped({"a.npy": b"\x93NUMPY"}, method=12, comment=b"x"),
    zipped({"m.pkl": _PICKLE}, method=14),
    tarred({"a": _PICKLE, "b": b"x" * 600}, pax={"path": "long", "size": "3"}),
    *(compressed(kind, _PICKLE) for kind in _KINDS),
)


def _exhaust(data: bytes) -> None:
    """Every inspector, whatever the content, and all that comes out of it."""
    blob = _blob(data, "model.pt")
    assert isinstance(kinds(blob), list)
    extension_lie(blob, kinds(blob))
    for inspector in (inspect_zip, inspect_tar, inspect_compressed):
        try:
            steps = [*inspector(blob, Budget())]
        except NotRead:
            continue
        assert len(steps) <= 20_100
        for step in steps:
            if isinstance(step, Blob):
                try:
                    assert len(step.content.read(0, 1 << 16)) <= 1 << 16
                    kinds(step)
                except NotRead:
                    pass


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    _exhaust(data)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SEEDS), st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=4)), max_size=6), st.integers(0, 3000))
def test_any_change(seed: bytes, changes: list[tuple[int, bytes]], cut: int) -> None:
    data = bytearray(seed)
    for place, new in changes:
        start = place % len(data)
        data[start : start + len(new)] = new
    _exhaust(bytes(data[: len(data) - cut if cut < len(data) // 2 else None]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_windows_stay_inside(data: bytes, start: int, size: int) -> None:
    window = Window(Memory(data), start, size)
    assert window.read(0, 1000) == data[start : start + size]


def test_entries_are_limited() -> None:
    assert read_archive(Memory(zipped({str(i): "" for i in range(10)})), 4).more


@pytest.mark.parametrize("data", [b"c\n" * 500_000 + b"x", b"c" * 1_000_000, b"PK\3\4" * 300_000, b"PK\5\6" * 300_000, b"x\x9c" * 500_000])
def test_identification_is_linear(data: bytes) -> None:
    before = process_time()
    _exhaust(data)
    assert process_time() - before < 4


def test_imports_alone_are_text() -> None:
    assert kinds(_blob(b"cocotb\ncocotb/libs\n" * 300, "top_level.txt")) == []
    assert kinds(_blob(b"cos\nsystem\n(S'true'\ntR.", "a.txt")) == ["pickle"]
