"""Inspectors of formats that are neither pickle nor archive."""

from __future__ import annotations

import json
import struct
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.models.blob import Blob, Budget, Concern, Memory, NotRead
from agent_security_hooks.parse.models.formats.gguf import inspect_gguf
from agent_security_hooks.parse.models.formats.hdf5 import inspect_hdf5
from agent_security_hooks.parse.models.formats.keras import inspect_keras_config
from agent_security_hooks.parse.models.formats.npy import inspect_npy
from agent_security_hooks.parse.models.formats.onnx import inspect_onnx
from agent_security_hooks.parse.models.formats.protobuf import looks_like_keras, looks_like_onnx, looks_like_tensorflow
from agent_security_hooks.parse.models.formats.safetensors import inspect_safetensors
from agent_security_hooks.parse.models.formats.templates import inspect_template, judge_template
from agent_security_hooks.parse.models.formats.tensorflow import inspect_tensorflow
from agent_security_hooks.parse.models.formats.tflite import inspect_tflite
from agent_security_hooks.parse.models.identify import kinds
from agent_security_hooks.parse.models.paths import leaves_folder
from artefacts import formats as made
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.models.blob import Content, Inspector, Step

LAMBDA = made.layer("__lambda__", None, code=made.MARSHAL)
SAMPLES: dict[str, tuple[Inspector, bytes]] = {
    "a.npy": (inspect_npy, made.npy("{'descr': [('a', '|O'), ('b', '<f8', (2,))], 'fortran_order': False, 'shape': (3,), }", bytes(64))),
    "a.safetensors": (inspect_safetensors, made.safetensors({"a": made.tensor("F32", [2], 0, 8), "__metadata__": {"x": "y"}}, bytes(8))),
    "a.gguf": (inspect_gguf, made.gguf({"a": 1, "b": ["x", "y"], "tokenizer.chat_template": "{{ x.__class__ }}"}, {"w": ((2, 2), 0, 0)}, bytes(32))),
    "a.onnx": (inspect_onnx, made.onnx("../x", "y")),
    "saved_model.pb": (inspect_tensorflow, made.saved_model("ReadFile", functions=["WriteFile"])),
    "keras_metadata.pb": (inspect_tensorflow, made.keras_metadata(LAMBDA)),
    "a.pbtxt": (inspect_tensorflow, b'node {\n  op: "ReadFile"\n}\n'),
    "a.tflite": (inspect_tflite, made.tflite("FlexReadFile", "x")),
    "a.h5": (inspect_hdf5, made.hdf5({"model_config": made.keras(LAMBDA), "backend": b"torch"}, messages=[made.hdf5_link("w", "/x.h5")])),
    "a.json": (inspect_keras_config, made.keras(LAMBDA).encode()),
    "chat_template.jinja": (inspect_template, "{% set ü = x['__cla' ~ 'ss__'] %}{{ cycler.__init__ | attr('a' ~ b) }}".encode()),
    "tokenizer_config.json": (inspect_template, json.dumps({"chat_template": [{"name": "ü", "template": "{{ x.__class__ }}"}]}).encode()),
}


class Sparse:
    """Content that is mostly zeros, and that knows how much of it was read."""

    def __init__(self, head: bytes, size: int) -> None:
        self.head, self.size, self.taken = head, size, 0

    def read(self, start: int, length: int) -> bytes:
        """As of any content."""
        length = max(0, min(length, self.size - start))
        self.taken += length
        return self.head[start : start + length].ljust(length, b"\0")


def steps(inspector: Inspector, content: bytes | Content, name: str = "x", depth: int = 0) -> list[Step | str]:
    """What an inspector says; the reason where it gives up."""
    found: list[Step | str] = []
    try:
        found.extend(inspector(Blob(Memory(content) if isinstance(content, bytes) else content, "", name, depth), Budget()))
    except NotRead as problem:
        found.append(str(problem))
    return found


def rules(inspector: Inspector, content: bytes | Content, name: str = "x") -> list[str]:
    """The rules that object, pedantic ones aside."""
    return [step.rule for step in steps(inspector, content, name) if isinstance(step, Concern) and not step.pedantic]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_objected_to(name: str) -> None:
    inspector, data = SAMPLES[name]
    assert bool(rules(inspector, data, name)) == (name != "a.safetensors")


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage_is_survived(name: str, data: st.DataObject) -> None:
    inspector, sample = SAMPLES[name]
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        piece = data.draw(st.sampled_from([b"", b"\xff" * 8, b"\0" * 4, b"\x80", sample[place : place + 40]]) | st.binary(max_size=12))
        damaged[place : place + data.draw(st.integers(0, 12))] = piece
        damaged = damaged or bytearray(b"\0")
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    for content in (bytes(damaged), cut):
        for step in steps(inspector, content, name):
            assert not isinstance(step, Concern) or 0 <= step.start <= step.end <= max(len(content), 1) * 3


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_survived(data: bytes) -> None:
    for name, (inspector, sample) in SAMPLES.items():
        steps(inspector, data, name)
        steps(inspector, sample[:16] + data, name)
    looks_like_onnx(data, len(data), "x")
    looks_like_tensorflow(data, "x.pb", len(data))
    looks_like_keras(data, "x")


@given(
    st.lists(
        st.sampled_from("{{ }} {% %} {# #} raw endraw ' \" \\ __class__ . [ ] ( ) | attr ~ + x replace , 'a' '_' lower :: - 1 { } \\x5f format".split()),
        max_size=40,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_template_is_survived(words: list[str]) -> None:
    for text in (" ".join(words), "".join(words)):
        for chat in (True, False):
            for concern in judge_template(text, chat=chat):
                assert 0 <= concern.start < concern.end <= len(text)


@pytest.mark.parametrize(
    "sample",
    [b"", b"\0" * 64, b"PK\x03\x04", b"\x89PNG\r\n\x1a\n" + bytes(64), b"%PDF-1.7\n", b"\x08\x01", b"\n\n\n", b'"text"\n', b"\x7fELF\x02\x01\x01" + bytes(57)],
)
def test_other_files_look_like_nothing(sample: bytes) -> None:
    for name in ("x.bin", "x.dat", "x.pb"):
        assert not looks_like_onnx(sample, len(sample), name)
        assert not looks_like_tensorflow(sample, name, len(sample))


def test_graphs_are_known_by_their_bytes() -> None:
    meta = made.proto((1, made.proto((4, "train"), (5, "1.15.0"))), (2, made.graph_def("Placeholder")))
    for sample in (made.saved_model("Relu"), made.graph_def("Relu"), made.keras_metadata(LAMBDA), meta):
        assert looks_like_tensorflow(sample, "x", len(sample))
        assert not looks_like_onnx(sample, len(sample), "x")
    sample = made.onnx("x")
    assert looks_like_onnx(sample, len(sample), "x")
    assert not looks_like_tensorflow(sample, "x", len(sample))
    big = made.onnx_model((7, made.proto((1, made.onnx_node("Relu")), (5, made.proto((9, bytes(1 << 16)))))))
    assert looks_like_onnx(big[:4096], len(big), "x")


def test_large_files_are_not_read() -> None:
    tensors = {f"layers.{index}.weight": made.tensor("F16", [1024, 1024], index << 21, (index + 1) << 21) for index in range(500)}
    weights = Sparse(made.safetensors(tensors), 8 + len(json.dumps(tensors)) + (500 << 21))
    assert rules(inspect_safetensors, weights) == []
    vocabulary = [f"token{index}" for index in range(20_000)]
    header = made.gguf({"tokenizer.ggml.tokens": vocabulary, "tokenizer.chat_template": "{{ x.__class__ }}"}, {"w": ((1 << 20, 256), 0, 0)})
    model = Sparse(header, len(header) + (1 << 30))
    assert rules(inspect_gguf, model) == ["dangerous-template"]
    node = made.onnx_node("Constant", (5, made.onnx_tensor("../x")))
    graph = made.proto((1, node)) + b"\x2a" + made.varint((1 << 30) + 6) + b"\x4a" + made.varint(1 << 30)
    head = b"\x08\x08\x3a" + made.varint(len(graph) + (1 << 30)) + graph
    network = Sparse(head, len(head) + (1 << 30))
    assert rules(inspect_onnx, network) == ["dangerous-onnx-path"]
    assert max(content.taken for content in (weights, model, network)) < 4 << 20


def _within(seconds: float, action: Callable[[], object]) -> None:
    """Fails when something takes longer than that each of three times."""
    assert any(_seconds(action) < seconds for _ in range(3))


def _seconds(action: Callable[[], object]) -> float:
    begin = time.process_time()
    action()
    return time.process_time() - begin


def _hostile() -> dict[str, bytes]:
    size = 1 << 20
    nested = b"\x0a\x08ReadFile" * (size // 10)
    keys = ", ".join('"class_name": "__lambda__", "module": "os"' for _ in range(size // 45))
    tree = b"\x89HDF\r\n\x1a\n" + bytes((0, 0, 0, 0, 0, 8, 8, 0)) + bytes(8) + struct.pack("<QQQQ", 0, 0, size, 0) + struct.pack("<QQ", 0, 96)
    return {
        "a.npy": made.npy("(" * 60_000),
        "a.safetensors": made.safetensors('{"a":' + "[" * size),
        "b.safetensors": made.safetensors("{" + ",".join(f'"{index}":[]' for index in range(size // 12)) + "}"),
        "a.gguf": made.gguf({}, value_count=1)[:24] + made.gguf_text("a") + struct.pack("<IIQ", 9, 9, size // 12) + struct.pack("<IQ", 0, 0) * (size // 12),
        "b.gguf": made.gguf({}, value_count=1)[:24] + made.gguf_text("a") + struct.pack("<IIQ", 9, 8, size // 8) + bytes(size),
        "a.onnx": b"\x08\x08" * (size // 2),
        "b.onnx": made.proto((1, 8), (7, made.proto((1, "location")) * (size // 12))),
        "saved_model.pb": made.proto((1, 1), (2, made.proto((2, nested)))),
        "a.pbtxt": b'op: "A" op:' * (size // 11),
        "a.json": b'{"class_name": "x", ' + keys.encode() + b"}",
        "b.json": b'{"class_name":' * (size // 14),
        "a.h5": tree.ljust(96, b"\0") + struct.pack("<BBHII4x", 1, 0, 65535, 1, size) + b"\x0c\0\x18\0\0\0\0\0\x01\0\xff\xff" * (size // 12),
        "a.jinja": b"{{ x['_" * (size // 7),
        "b.jinja": b"{{ " + b"a[" * (size // 2) + b"__",
        "c.jinja": b'{{ __ "' + b'\\"' * (size // 2),
        "d.jinja": b"{% raw %}" * (size // 9) + b"{{ __",
        "e.jinja": b"{{ x|attr(" + b"'a'~" * (size // 4),
        "a.tflite": struct.pack("<I", 8) + b"TFL3" + bytes(size),
    }


_INSPECTORS: dict[str, Inspector] = {name.rpartition(".")[2]: inspector for name, (inspector, _) in SAMPLES.items() if name != "tokenizer_config.json"}


@pytest.mark.parametrize("name", _hostile())
def test_hostile_files_end_in_time(name: str) -> None:
    data, inspector = _hostile()[name], _INSPECTORS[name.rpartition(".")[2]]
    _within(1.5, lambda: steps(inspector, data, name))


def test_places_are_those_of_the_text() -> None:
    text = "ü {{ 'ä' }}\n{{ x.__mro__ }}\n".encode()
    found = steps(inspect_template, text, "chat_template.jinja")
    assert [text[step.start : step.end] for step in found if isinstance(step, Concern)] == [b"x.__mro__"]
    config = json.dumps({"chat_template": 'ü "{{ x.__mro__ }}"'}).encode()
    found = steps(inspect_template, config, "tokenizer_config.json")
    assert [config[step.start : step.end] for step in found if isinstance(step, Concern)] == [b"x.__mro__"]
    found = steps(inspect_template, config, "tokenizer_config.json", depth=1)
    assert [(step.start, step.end) for step in found if isinstance(step, Concern)] == [(0, 0)]


def test_templates_in_json_that_is_odd_are_judged() -> None:
    config = b'{"chat_template": "{{ x.__class__ }}", "x": ' + b"[" * 120 + b"]" * 120 + b"}"
    assert rules(inspect_template, config, "tokenizer_config.json") == ["dangerous-template"]
    assert steps(inspect_template, b'{"chat_template": "', "tokenizer_config.json") == ["its chat template cannot be told: not valid JSON"]


@pytest.mark.parametrize("count", [1 << 60, 1 << 40, 5_000_000])
def test_counts_that_a_header_cannot_hold(count: int) -> None:
    assert rules(inspect_gguf, made.gguf({"a": 1}, tensor_count=count)) == ["expansion-bomb"]
    assert rules(inspect_gguf, made.gguf({"a": 1}, value_count=count)) == ["expansion-bomb"]
    assert rules(inspect_gguf, made.gguf({}, {"w": ((count, 64), 0, 0)})) == ["expansion-bomb"]
    assert rules(inspect_npy, made.npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({count}, 2), }}")) == ["expansion-bomb"]


def test_tensors_of_gguf_that_fit() -> None:
    tensors: dict[str, tuple[tuple[int, ...], int, int]] = {"a": ((32,), 8, 0), "b": ((256, 2), 12, 64), "c": ((), 0, 352)}
    assert steps(inspect_gguf, made.gguf({"general.alignment": 32, "x": True, "y": 0.5}, tensors, bytes(356))) == []
    assert rules(inspect_gguf, made.gguf({}, tensors, bytes(355))) == ["expansion-bomb"]


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        ("a/b.bin", False),
        ("./a", False),
        ("a/../b", False),
        ("..a/b", False),
        ("", False),
        ("../a", True),
        ("a/../../b", True),
        ("a\\..\\..\\b", True),
        ("/a", True),
        ("\\a", True),
        ("c:a", True),
        ("s3://a/b", True),
        ("~/a", True),
        (" /a", True),
        ("a\0/b", True),
    ],
)
def test_paths(path: str, leaves: bool) -> None:
    assert leaves_folder(path) == leaves


def test_pickles_in_attributes_of_pytables() -> None:
    pickle = b"cos\nsystem\n(S'id'\ntR."
    found = steps(inspect_hdf5, made.hdf5({"PYTABLES_FORMAT_VERSION": b"2.1", "TITLE": b"a plain text.", "x": pickle}))
    assert [(step.loader, step.content.read(0, 99)[: len(pickle)]) for step in found if isinstance(step, Blob)] == [("pickle", pickle)]
    assert steps(inspect_hdf5, made.hdf5({"x": pickle})) == []


def test_a_configuration_that_cannot_be_reached_is_searched_for() -> None:
    whole = made.hdf5({"keras_version": "2", "model_config": made.keras(LAMBDA)})
    broken = whole[:96] + b"\x07" + whole[97:]  # the version of the root's header
    assert rules(inspect_hdf5, whole) == rules(inspect_hdf5, broken) == ["dangerous-keras-config"]


def test_every_operation_is_searched_for() -> None:
    from agent_security_hooks.parse.models.formats.tensorflow import OPERATIONS, PEDANTIC

    for name in (*OPERATIONS, *PEDANTIC):
        found = [step for step in steps(inspect_tensorflow, made.saved_model("Const", name), "saved_model.pb") if isinstance(step, Concern)]
        assert [(step.rule, step.pedantic) for step in found] == [("dangerous-tf-op", name in PEDANTIC)]


@pytest.mark.parametrize(
    ("config", "objected"),
    [
        ({"function": "scale", "function_type": "function"}, "calls scale, a function"),
        ({"function": "scale", "output_shape": [None, 3]}, "calls scale, a function"),
        ({"function": "scale", "output_shape": [made.MARSHAL, None, None]}, "holds Python code"),
        ({"function": "system", "module": "os"}, "calls os.system, a function"),
        ({"function_name": "system", "module": "os"}, "calls os.system, a function"),
        ({"function": {"class_name": "function", "config": "scale", "module": "shop", "registered_name": "function"}}, "calls shop.scale, a function"),
        ({"function": "lambda x: x"}, "holds Python code"),
        ({"function": [made.MARSHAL, None, None]}, "holds Python code"),
        ({"function": None}, "runs a function that is not in the model"),
        ({}, ""),
    ],
)
def test_functions_of_lambda_layers(config: dict[str, object], objected: str) -> None:
    text = json.dumps({"class_name": "Lambda", "config": config}).encode()
    found = [step.message for step in steps(inspect_keras_config, text) if isinstance(step, Concern) and not step.pedantic]
    assert len(found) == bool(objected)
    assert objected in "".join(found)


def _kinds(name: str, data: bytes) -> list[str]:
    return kinds(Blob(Memory(data), "", name))


def test_words_far_into_json_count() -> None:
    lead = b'{"x": "' + b" " * 200_000 + b'", '
    assert _kinds("model.json", lead + b'"class_name": "Sequential", "config": {}}') == ["keras"]
    assert _kinds("data.json", lead + b'"class_name": "invoice", "config": {}}') == []
    assert _kinds("data.json", lead + b'"chat_template": ""}') == ["template"]
    assert _kinds("data.json", b'{"class_name": "Model", "config": {}, "chat_template": ""}') == ["keras", "template"]
    assert _kinds("data.yaml", b"x: 1\n" * 5000 + b"chat_template: x\n") == ["template"]
    assert _kinds("data.yaml", b"x: 1\n" * 5000) == []
    assert _kinds("chat_template.jinja", b"\0{{ x }}") == ["template"]
    assert _kinds("cover.template", b"\0{{ x }}") == []


@pytest.mark.parametrize("spoilt", [b"[1,,", b"[" * 120 + b"]" * 120 + b"}", b'"' + b"x" * (5 << 20) + b'"}'])
def test_json_that_cannot_be_read_matters_where_a_model_is_meant(spoilt: bytes) -> None:
    other, model = (b'{"class_name": "%s", "config": {}, "x": ' % name + spoilt for name in (b"invoice", b"Functional"))
    assert steps(inspect_keras_config, other) == []
    assert len(steps(inspect_keras_config, model)) == 1
    assert steps(inspect_template, b'{"chat_template": "{{ x }}", "x": ' + spoilt, "config.json") == []
    assert rules(inspect_template, b'{"chat_template": "{{ x.__mro__ }}", "x": ' + spoilt, "config.json") == ["dangerous-template"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32-be"])
def test_configurations_of_an_archive_in_any_encoding_of_json(encoding: str) -> None:
    blob = Blob(Memory(made.keras(LAMBDA).encode(encoding)), "config.json", "config.json", 1, "keras")
    assert [step.rule for step in inspect_keras_config(blob, Budget()) if isinstance(step, Concern)] == ["dangerous-keras-config"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tokenizer_config.json", b'{"' + b"template" * 200_000),
        ("tokenizer_config.json", b'{"template": ' * 100_000),
        ("tokenizer_config.json", b'template"' + b" " * 1_000_000),
        ("config.yaml", b"chat_template: &a [x]\n" + b"b: [*a, *a]\n" * 20_000),
        ("config.yaml", b"chat_template: " + b"[" * 100_000),
    ],
)
def test_hostile_templates_in_documents(name: str, data: bytes) -> None:
    _within(2.0, lambda: steps(inspect_template, data, name))


def test_hostile_references_of_keras() -> None:
    data = b'{"class_name": "x", "config": {' + b'"fn": "get_file", ' * 20_000 + b'"args": [' + b'"x", ' * 20_000 + b'"x"]}}'
    _within(2.0, lambda: steps(inspect_keras_config, data, "model.json"))
