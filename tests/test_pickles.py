"""The machine for pickles: it never fails, never takes long, and is silent on what Python itself writes."""

from __future__ import annotations

import base64
import collections
import datetime as dt
import decimal
import pickle
import pickletools
import random
import sys
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.data import pickle_names
from agent_security_hooks.parse.models.blob import Blob, Budget, Concern, Memory, NotRead, Unread
from agent_security_hooks.parse.models.pickles import inspect_pickle
from agent_security_hooks.parse.models.pickles.machine import Broken, run
from agent_security_hooks.parse.models.pickles.names import judge
from agent_security_hooks.parse.models.pickles.reader import Allowance
from agent_security_hooks.parse.models.pickles.report import Report
from agent_security_hooks.parse.models.pickles.sniff import looks_like_pickle
from agent_security_hooks.parse.models.pickles.state import State
from artefacts.pickles import calling, dumped, imported, joblib_array, pickled, torch_legacy
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.models.blob import Content

SYSTEM = b"cos\nsystem\n(S'true'\ntR."


def inspect(data: bytes | Content) -> list[Concern | Unread | Blob]:
    return list(inspect_pickle(Blob(Memory(data) if isinstance(data, bytes) else data), Budget()))


def rules(data: bytes) -> set[str]:
    """The rules that object, but for the pedantic one."""
    return {step.rule for step in inspect(data) if isinstance(step, Concern)} - {"pickle-model-committed"}


def messages(data: bytes) -> list[str]:
    return [step.message for step in inspect(data) if isinstance(step, Concern) and step.rule != "pickle-model-committed"]


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.dates()
    | st.decimals()
    | st.uuids()
    | st.fractions(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.integers()) | st.builds(bytearray, st.binary())
    ),
    max_leaves=30,
)


@given(PLAIN, st.integers(0, 5))
def test_what_python_writes_of_plain_data_is_silent(value: object, protocol: int) -> None:
    steps = inspect(pickle.dumps(value, protocol))
    assert [step.rule for step in steps if isinstance(step, Concern)] == ["pickle-model-committed"]
    assert not any(isinstance(step, Unread) for step in steps)


@given(st.binary(max_size=400))
def test_any_bytes_end_without_an_exception(data: bytes) -> None:
    inspect(data)
    looks_like_pickle(data, whole=True)
    looks_like_pickle(data[:40], whole=False, content=Memory(data))


OPCODES = st.lists(
    st.sampled_from([
        *[bytes((code,)) for code in b"(.012NabdelostuR)]}Q\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98"],
        *(b"K\x05", b"q\x00", b"h\x00", b"p1\n", b"g1\n", b"cos\nsystem\n", b"ia\nb\n", b"\x8c\x02os", b"Vsystem\n", b"S'x'\n", b"C\x01.", b"\x95\x08" + bytes(7), b"\x80\x04", b"J\xff\xff\xff\x7f", b"I4\n", b"F1.5\n", b"L4L\n", b"Pid\n"),
        pickled(imported("joblib.numpy_pickle", "NumpyArrayWrapper")), pickled(imported("builtins", "getattr")), pickled(imported("functools", "partial")),
        pickled(imported("numpy", "dtype")), b"\x8c\x05dtype\x94", b"\x8c\x05shape", b"\x8a\xff", b"\x8b\xff\xff\xff\x7f", b"r\xff\xff\xff\xff",
    ]),
    max_size=60,
).map(b"".join)  # fmt: skip


@given(OPCODES)
@settings(max_examples=300)
def test_any_opcodes_end_without_an_exception(data: bytes) -> None:
    inspect(data)
    looks_like_pickle(data, whole=False)
    looks_like_pickle(data[:40], whole=False, content=Memory(data))


@given(st.lists(st.binary(max_size=60), max_size=6), st.integers(0, 5))
def test_a_window_of_any_size_decides_the_same(texts: list[bytes], protocol: int) -> None:
    data = pickle.dumps(texts, protocol)[:-1] + b"0" + SYSTEM
    assert all(looks_like_pickle(data[:size], whole=False, content=Memory(data)) for size in (8, 30, 60, len(data)))


def test_every_opcode_is_known() -> None:
    begin = b"\x80\x02]NNN(N"
    unknown = []
    for opcode in pickletools.opcodes:
        try:
            run(State(Memory(begin + opcode.code.encode("latin-1") + bytes(16)), Allowance(), Report(), 0), 0)
        except Broken as broken:
            if broken.position == len(begin) and "no opcode" in str(broken):
                unknown.append(opcode.name)
    assert not unknown


@given(OPCODES)
@settings(max_examples=300)
def test_a_payload_that_runs_is_never_hidden_by_what_follows_it(data: bytes) -> None:
    assert "dangerous-pickle" in rules(SYSTEM[:-1] + data)


HOSTILE = {
    "constants": b"\x80\x04" + b"N0" * 250_000,
    "marks": b"\x80\x04" + b"(" * 500_000,
    "containers": b"\x80\x04" + b"]\x94" * 250_000,
    "tuples in tuples": b"\x80\x04N" + b"\x85" * 500_000,
    "duplicates": b"\x80\x04]" + b"2" * 500_000,
    "imports": b"\x80\x02" + b"cos\nsystem\n" * 45_000,
    "calls": b"\x80\x02cos\nsystem\n" + b")R" * 250_000,
    "own content": b"\x80\x02]q\x00" + b"h\x00a" * 160_000,
    "many pickles": b"\x80\x04N." * 125_000,
    "no line end": b"\x80\x02V" + b"V" * 500_000,
    "short lines": b"\x80\x02" + b"V\n" * 250_000,
    "frames": b"\x80\x04" + (b"\x95" + bytes(8)) * 55_000,
    "begins in the tail": b"\x80\x02N.xx" + b"\x80\x02cos\nsystem\n" * 38_000,
    "calls of calls": b"\x80\x02cos\nsystem\n(" + b")R" * 250_000,
    "states": b"\x80\x02cos\nsystem\n" + b"}b" * 250_000,
    "texts of Python 2": b"\x80\x02" + b"S''\n0U\x000" * 60_000,
    "overwritten memo": b"\x80\x02N" + b"p0\n" * 160_000,
    "instances": b"\x80\x02" + b"(ia\nb\n0" * 70_000,
    "constants like pickles": b"\x80\x02" + b"C\x11\x80\x02" + b"K\x01" * 7 + b"\xff0" + b"C\x20(lp0\n" + b"p0\n" * 9 + b"0" * 12_000,
    "pickles without imports in pickles": b"\x80\x02" + (b"C\xcb\x80\x02" + b"N" * 200 + b"\xff0") * 2_400,
    "pickles that are fine in pickles": b"\x80\x02" + b"C\x20cab\nCd\n(S'aaaaaaaaaaaaaaaaa'\ntR.0" * 14_000,
    "pickles in pickles": b"\x80\x02" + b"C\x20cos\nsystem\n(S'aaaaaaaaaaaaaa'\nt" * 14_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_of_500_kb_end_soon(name: str) -> None:
    for _ in range(3):
        begin = time.process_time()
        inspect(HOSTILE[name])
        taken = time.process_time() - begin
        if taken < 1:
            return
    raise AssertionError(f"{taken:.1f} s")


def test_an_honest_pickle_of_5_mb_takes_less_than_two_seconds() -> None:
    numbers = random.Random(1)
    data = pickle.dumps([{"id": i, "score": numbers.random(), "name": f"n{i}", "tags": ("a", i % 7)} for i in range(100_000)])
    for _ in range(3):
        begin = time.process_time()
        assert not rules(data)
        taken = time.process_time() - begin
        if taken < 2:
            return
    raise AssertionError(f"{taken:.1f} s for {len(data)} bytes")


@pytest.mark.parametrize("size", [100, 300_000])
@pytest.mark.parametrize("protocol", range(6))
def test_large_constants_are_passed_over_in_every_protocol(size: int, protocol: int) -> None:
    value = [b"\x80\x04cos" * (size // 4), "text\n" * (size // 4), 5, [b"x" * size] * 3]
    assert [step.rule for step in inspect(pickle.dumps(value, protocol)) if isinstance(step, Concern)] == ["pickle-model-committed"]
    assert "dangerous-pickle" in rules(pickle.dumps(value, protocol)[:-1] + b"0" + SYSTEM)


class Failing:
    """Content that ends in an error."""

    def __init__(self, data: bytes, readable: int) -> None:
        self.data, self.readable, self.size = data, readable, len(data)

    def read(self, start: int, length: int) -> bytes:
        if start + length > self.readable and start >= self.readable:
            raise NotRead("its checksum is wrong")
        return self.data[start : min(start + length, self.readable)]


def test_what_was_found_before_an_error_is_reported() -> None:
    steps = inspect(Failing(SYSTEM[:-1] + b"N" * 2_000_000, 600_000))
    assert next(step.rule for step in steps if isinstance(step, Concern)) == "dangerous-pickle"


HONEST: Sequence[object] = (
    collections.OrderedDict(a=1),
    collections.Counter("abca"),
    collections.defaultdict(list, {"a": [1]}),
    collections.deque([1, 2], 5),
    dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone.utc),
    dt.timedelta(3),
    decimal.Decimal("1.5"),
    uuid.UUID(int=7),
    {1, 2, 3},
    range(5),
    slice(1, 2),
    bytearray(b"abc"),
    2j,
    int,
    len,
    type(None),
    ValueError("x"),
    random.Random(3),
    iter([1, 2]),
    ...,
    NotImplemented,
    str.upper,
    [].append,
)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", HONEST, ids=repr)
def test_objects_of_the_standard_library_are_silent(value: object, protocol: int) -> None:
    assert not messages(pickle.dumps(value, protocol))


def test_messages_name_the_import_and_the_byte() -> None:
    assert messages(SYSTEM) == ["imports os.system, which runs commands, and calls it (byte 21)"]
    assert messages(b"cos\nsystem\n.") == ["imports os.system, which runs commands (byte 0)"]
    assert messages(calling("acme.jobs", "start")) == ["calls acme.jobs.start, which is not known to be harmless (byte 23)"]


def test_one_finding_for_each_import() -> None:
    assert len(messages(SYSTEM[:-1] * 50 + b".")) == 1


def test_names_are_shortened_and_hold_no_arguments() -> None:
    found = messages(pickled("PROTO 2", "GLOBAL os " + "x" * 9000, "SHORT_BINUNICODE hidden-argument", "TUPLE1", "REDUCE", "STOP"))
    assert len(found) == 1
    assert len(found[0]) < 250
    assert "hidden-argument" not in found[0]


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        ("os", "system", True),
        ("nt", "system", True),
        ("__builtin__", "eval", True),
        ("commands", "getoutput", True),
        ("builtins", "eval.__call__", True),
        ("numpy", "core._internal.sys.modules", True),
        ("acme", "util._os.system", True),
        ("gevent.subprocess", "Popen", True),
        ("collections", "OrderedDict.__init__.__globals__", True),
        ("pathlib", "Path.write_text", True),
        ("logging", "FileHandler", True),
        ("subprocess", "CalledProcessError", False),
        ("pathlib", "PosixPath", False),
        ("copy_reg", "_reconstructor", False),
        ("numpy.core.multiarray", "_reconstruct", False),
        ("sklearn.tree._tree", "Tree", False),
        ("scipy.sparse._csr", "csr_matrix", False),
    ],
)
def test_names(module: str, name: str, reason: bool) -> None:
    assert bool(judge(module, name).reason) is reason


def test_tables_do_not_contradict_each_other() -> None:
    dangerous = {name for names in pickle_names.DANGEROUS.values() for name in names.split()}
    assert not dangerous & pickle_names.HARMLESS
    assert len(dangerous) == sum(len(names.split()) for names in pickle_names.DANGEROUS.values())
    assert set(sys.stdlib_module_names) - pickle_names.STANDARD <= {name for name in sys.stdlib_module_names if name.startswith("_")} | {
        "this",
        "xxlimited",
        "xxlimited_35",
        "xxsubtype",
    }


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "encode",
    [
        bytes,
        bytearray,
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda data: base64.b64encode(data).decode(),
        lambda data: data.hex(),
        lambda data: data.decode("latin-1"),
    ],
    ids=range(7),
)
def test_pickles_in_constants(encode: object, protocol: int) -> None:
    payload = calling("os", "system", "true")
    assert callable(encode)
    assert rules(dumped({"blob": encode(payload)}, protocol)) == {"dangerous-pickle"}
    assert rules(dumped({"blob": encode(dumped({"weights": [1.0] * 9}))}, protocol)) == set()


def test_sniffing() -> None:
    assert looks_like_pickle(SYSTEM, whole=True)
    assert looks_like_pickle(dumped([1, 2, 3]), whole=True)
    for text in (
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"import os\nimport sys\n",
        b"class\nfoo\nbar\n",
        b"(c) 2024\nAll rights reserved.\n",
        b"]]]",
        b"N.",
        b"cmod\n\xf8\n",
        b"\x80\x09N.",
    ):
        assert not looks_like_pickle(text, whole=True), text


def test_arrays_of_joblib_and_torch_are_passed_over() -> None:
    raw = b"\x80\x04cos\nsystem\n(S'true'\ntR." + bytes(8)
    raw += bytes(-len(raw) % 8)
    assert rules(joblib_array(raw)) == set()
    assert rules(joblib_array(raw, aligned=False)) == set()
    assert rules(joblib_array(b"", after=SYSTEM[:-1] + b"0")) == {"dangerous-pickle"}
    assert rules(joblib_array(raw, after=SYSTEM[:-1] + b"0")) == {"dangerous-pickle"}
    assert rules(torch_legacy(raw)) == set()
    assert rules(torch_legacy(raw, model=SYSTEM)) == {"dangerous-pickle"}
