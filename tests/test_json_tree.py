from __future__ import annotations

import json
import time

import pytest
from agent_security_hooks.parse.json_tree import parse_json
from agent_security_hooks.parse.tree import DEPTH, Node
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=30)


def plain(node: Node) -> object:
    """As `json.loads` with these hooks would have it: what is no string stays as it is written."""
    if node.kind == "list":
        return [plain(item) for item in node.items]
    if node.kind == "map":
        return [(key, plain(value)) for key, _, value in node.entries()]
    return node.value if node.quoted else ("word", node.value)


def loaded(text: str) -> object:
    def word(value: str) -> object:
        return ("word", value)

    def mark(value: object) -> object:
        if isinstance(value, list):
            return [tuple(item) if isinstance(item, tuple) else mark(item) for item in value]
        return ("word", json.dumps(value)) if value is None or isinstance(value, bool) else value

    def pairs(items: list[tuple[str, object]]) -> object:
        return [(key, mark(value)) for key, value in items]

    return mark(json.loads(text, object_pairs_hook=pairs, parse_int=word, parse_float=word, parse_constant=word))


@given(VALUES, st.sampled_from([None, 0, 3]), st.booleans())
def test_agrees_with_json(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    data = text.encode()
    document = parse_json(data)
    assert document.error == ""
    assert plain(document.root) == loaded(text)
    for node in document.root.walk():
        mapped, written = node.text(data), data[node.start : node.end].decode()
        assert mapped.data == node.value.encode()
        assert (written[0], written[-1]) in (("{", "}"), ("[", "]")) if node.kind != "scalar" else written == node.value or json.loads(written) == node.value
        for position in range(len(mapped.data)):
            if mapped.data[position : position + 1].isalpha():
                assert data[mapped.place(position)] in (mapped.data[position], ord("\\"))


def test_places() -> None:
    data = '{"é": [1, -2.5e3, true, "x\\u00e9\\ud83d\\ude00y\\n"], "b": {}}'.encode()
    root = parse_json(data).root
    assert [data[node.start : node.end].decode() for node in root.walk()] == [
        data.decode(), '"é"', '[1, -2.5e3, true, "x\\u00e9\\ud83d\\ude00y\\n"]', "1", "-2.5e3", "true", '"x\\u00e9\\ud83d\\ude00y\\n"', '"b"', "{}",
    ]  # fmt: skip
    value = root.get("é", 3)
    assert value is not None
    assert (value.value, value.quoted, root.get("é", 0, "x"), root.get("é", 9)) == ("xé😀y\n", True, None, None)
    text = value.text(data)
    assert text.data == "xé😀y\n".encode()
    assert [text.place(position) - value.start for position in (0, 1, 3, 7, 8)] == [1, 2, 8, 20, 21]


def test_comments_and_trailing_commas() -> None:
    data = b'// top\n{ /* a "b" { */ "a": [1, /**/ 2,], // end\r\n "b": "//no",\n}\n/* ** */ // last'
    document = parse_json(data)
    assert (document.error, plain(document.root)) == ("", [("a", [("word", "1"), ("word", "2")]), ("b", "//no")])


def test_duplicate_keys_are_seen_and_the_last_wins() -> None:
    root = parse_json(b'{"a": 1, "a": 2}').root
    assert [value.value for _, _, value in root.entries()] == ["1", "2"]
    assert root.get("a") is root.pairs[1][1]


def test_half_a_pair_is_no_character() -> None:
    assert parse_json(b'["\\ud83d", "\\ude00\\ud83d", "\\uD83D\\uDE00"]').root.items[0].value == "\ufffd"
    assert [item.value for item in parse_json(b'["\\ud83d", "\\ude00\\ud83d", "\\uD83D\\uDE00"]').root.items] == ["\ufffd", "\ufffd\ufffd", "😀"]


def test_a_piece_of_a_file() -> None:
    data = b'<script>{"a": "b"}</script>'
    document = parse_json(data, 8, 18)
    assert (document.error, document.root.start, document.root.end, document.root.own["a"][1].start) == ("", 8, 18, 14)


@pytest.mark.parametrize(
    ("text", "problem", "kept"),
    [
        ('{"a": [1, 2', "it ends too early (line 1)", [("a", [("word", "1"), ("word", "2")])]),
        ('{"a":', "it ends too early (line 1)", [("a", ("word", ""))]),
        ('{"a": 1,\n"b": secret}', "an unknown word or mark (line 2)", [("a", ("word", "1")), ("b", ("word", ""))]),
        ("{a: 1}", "an unknown word or mark (line 1)", []),
        ('["a\nb"]', "an unknown word or mark (line 1)", []),
        ('["a" "b"]', "a string where none can stand (line 1)", ["a"]),
        ("[1 2]", "a value where none can stand (line 1)", [("word", "1")]),
        ("[1}", "a bracket where none can stand (line 1)", [("word", "1")]),
        ("{]", "a bracket where none can stand (line 1)", []),
        ("[,]", "a comma where none can stand (line 1)", []),
        ("[1,,2]", "a comma where none can stand (line 1)", [("word", "1")]),
        ('{"a", 1}', "a comma where none can stand (line 1)", [("a", ("word", ""))]),
        ('{"a" 1}', "a value where none can stand (line 1)", [("a", ("word", ""))]),
        ('{"a": : 1}', "a colon where none can stand (line 1)", [("a", ("word", ""))]),
        ("{1: 2}", "a value where none can stand (line 1)", []),
        ("[1]\n[2]", "a value where none can stand (line 2)", [("word", "1")]),
        ("[1] x", "an unknown word or mark (line 1)", [("word", "1")]),
        ("[01]", "an unknown word or mark (line 1)", []),
        ("[1.]", "an unknown word or mark (line 1)", []),
        ("[nulls]", "an unknown word or mark (line 1)", []),
        ('["\\q", 1]', "an unknown escape (line 1)", ["q", ("word", "1")]),
        ('["\\u12", 1]', "an unknown escape (line 1)", ["u12", ("word", "1")]),
        ("/* x", "an unknown word or mark (line 1)", ("word", "")),
        ("]", "a bracket where none can stand (line 1)", ("word", "")),
    ],
)  # fmt: skip
def test_what_is_no_json_is_named(text: str, problem: str, kept: object) -> None:
    document = parse_json(text.encode())
    assert (document.error, plain(document.root)) == (f"not valid JSON: {problem}", kept)


def test_nothing_is_no_error() -> None:
    for data in (b"", b" \n", b"// a\n"):
        assert parse_json(data) == ((), "", 0)


def test_limits_are_named() -> None:
    assert parse_json(b"[" * DEPTH + b"]" * DEPTH).error == ""
    assert parse_json(b'{"a":[' * DEPTH).error == "not valid JSON: nested deeper than 100 (line 1)"
    assert parse_json(b"[" + b"1," * 400_000 + b"1]").error == "not valid JSON: more than 400,000 values (line 1)"
    assert parse_json(b"[" + b" " * (4 << 20) + b"]").error == "not valid JSON: larger than 4 MB (line 1)"


@pytest.mark.parametrize(
    "text", ["[", "{", '{"a":', '"', '"\\', "\\", " ", "\n", "/", "/*", "/**", "//", "/* *", "-", "1", "1.", "e", "t", "\\u", "é", "\t", ",", '"",']
)
@pytest.mark.parametrize("before", ["", '["', "[", "[/*"])
def test_floods_end_soon(before: str, text: str) -> None:
    data = (before + text * (400_000 // len(text))).encode()
    start = time.process_time()
    for node in parse_json(data).root.walk():
        node.text(data)
    assert time.process_time() - start < 1.5


@given(
    st.binary(max_size=100)
    | st.lists(st.sampled_from([*'{}[]:," \n/*', '"a"', "\\", "\\u", "d83d", "1", "true", "é"])).map(lambda parts: "".join(parts).encode())
)
def test_any_bytes(data: bytes) -> None:
    for root in parse_json(data).roots:
        for node in root.walk():
            assert 0 <= node.start <= node.end <= len(data)
            assert node.text(data).data == node.value.encode("utf-8", "surrogateescape")
