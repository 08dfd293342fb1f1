from __future__ import annotations

import time

import pytest
import yaml
from agent_security_hooks.parse.tree import DEPTH, Document, Node
from agent_security_hooks.parse.yaml_tree import parse_yaml
from hypothesis import example, given
from hypothesis import strategies as st

STYLES = ("", "'", '"', "|", ">")
TEXT = st.text(st.one_of(st.sampled_from("abc \n\t:#-'\"\\é€😀\x85\u2028\u2029%&*!|>{}[],"), st.characters(exclude_categories=["Cs"])), max_size=60)


def shown(document: Document, data: bytes) -> list[tuple[str, str, bytes]]:
    return [(node.kind, node.value, data[node.start : node.end]) for root in document.roots for node in root.walk()]


def plain(node: Node) -> object:
    """As a loader of strings would construct it."""
    node = node.resolved
    if node.kind == "list":
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, _, value in node.entries()} if node.kind == "map" else node.value


def assert_mapped(node: Node, data: bytes) -> None:
    text = node.text(data)
    assert text.data == node.value.encode("utf-8", "surrogateescape")
    for position, byte in enumerate(text.data):
        if text.data[position : position + 1].isalpha():
            assert data[text.place(position)] == byte


def test_values_keep_their_places() -> None:
    data = b"a: {b: [1, 'it''s']}\n# c\nd:\n  - e\n  -  \"f\"\n\n# end\n"
    assert shown(parse_yaml(data), data) == [
        ("map", "", b"a: {b: [1, 'it''s']}\n# c\nd:\n  - e\n  -  \"f\""),
        ("scalar", "a", b"a"),
        ("map", "", b"{b: [1, 'it''s']}"),
        ("scalar", "b", b"b"),
        ("list", "", b"[1, 'it''s']"),
        ("scalar", "1", b"1"),
        ("scalar", "it's", b"'it''s'"),
        ("scalar", "d", b"d"),
        ("list", "", b'- e\n  -  "f"'),
        ("scalar", "e", b"e"),
        ("scalar", "f", b'"f"'),
    ]


def test_places_are_bytes_whatever_stands_before() -> None:
    data = "é: [😀, 'ü', {x: é}]\nlast: 1\n".encode()
    assert [text for _, _, text in shown(parse_yaml(data), data)][-2:] == [b"last", b"1"]
    assert "é".encode() in [text for _, _, text in shown(parse_yaml(data), data)]


def test_bytes_that_are_no_text_stay_what_they_are() -> None:
    data = b"a: x\xffy\nb: '\xe9 \xc3\xa9'\nc: d\n"
    root = parse_yaml(data).root
    assert plain(root) == {"a": "x\udcffy", "b": "\udce9 é", "c": "d"}
    assert [data[value.start : value.end] for _, _, value in root.entries()] == [b"x\xffy", b"'\xe9 \xc3\xa9'", b"d"]
    assert [value.text(data).data for _, _, value in root.entries()] == [b"x\xffy", b"\xe9 \xc3\xa9", b"d"]


def test_tags_and_anchors_are_no_part_of_a_value() -> None:
    data = b"a: &x !Sub 'b'\nc: !reference [d]\ne: &y # why\n  f: 1\ng: !<tag:a,2,b> h\ni: !!str\nj: !x &k |\n  l\nm: [!n , !o p]\n"
    root = parse_yaml(data).root
    assert [(value.tag, data[value.start : value.end]) for _, _, value in root.entries()] == [
        ("!Sub", b"'b'"),
        ("!reference", b"[d]"),
        ("", b"f: 1"),
        ("tag:a,2,b", b"h"),
        ("tag:yaml.org,2002:str", b""),
        ("!x", b"l"),
        ("", b"[!n , !o p]"),
    ]
    assert [(item.tag, item.value) for item in (root.get("m") or root).elements()] == [("!n", ""), ("!o", "p")]


def test_duplicate_keys_are_seen_and_the_last_wins() -> None:
    root = parse_yaml(b"a: 1\nb: 2\na: 3\n").root
    assert [key for key, _, _ in root.entries()] == ["a", "b", "a"]
    assert root.get("a") is root.pairs[2][1]


def test_aliases_stand_for_the_same_node() -> None:
    data = b"a: &x [1]\nb: *x\nc: [*x, *nothing]\n&k d: *k\n"
    root = parse_yaml(data).root
    assert root.get("b") is root.get("a") is root.get("c", 0)
    unknown = root.get("c", 1)
    assert unknown is not None
    assert (unknown.kind, unknown.value, data[unknown.start : unknown.end]) == ("alias", "nothing", b"*nothing")
    assert root.get("d") is root.pairs[3][0]
    assert len([node for node in root.walk() if node.kind == "alias"]) == 4


def test_an_alias_to_what_holds_it_ends() -> None:
    root = parse_yaml(b"&a\nx: *a\n<<: [*a, *a]\n").root
    assert root.get("x", "x", "x") is root
    assert root.get("y") is None
    assert len([*root.walk()]) == 7


def test_merge_keys() -> None:
    text = b"base: &a {x: 1, y: 1}\nmore: &b {y: 2, z: 2, <<: {w: 3}}\none: {<<: *a, x: 0}\ntwo: {<<: [*a, *b]}\nthree: {<<: *b}\n"
    root = parse_yaml(text).root

    def values(name: str) -> list[str]:
        return [node.value if (node := root.get(name, key)) else "-" for key in "xyzw"]

    assert values("one") == ["0", "1", "-", "-"]
    assert values("two") == ["1", "1", "2", "3"]
    assert values("three") == ["-", "2", "2", "3"]


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    merges = ["m0: &m0 {k: v}"] + [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, 60)]
    root = parse_yaml("\n".join(lines + merges).encode()).root
    assert len([*root.walk()]) < 1000
    value = root.get("m59", "k")
    assert value is not None
    assert value.value == "v"


def test_documents() -> None:
    document = parse_yaml(b"%YAML 1.2\n---\na: 1\n...\n---\n- *x\n--- |\n text\n")
    assert [root.kind for root in document.roots] == ["map", "list", "scalar"]
    assert (document.error, document.root) == ("", document.roots[0])
    assert parse_yaml(b"").roots == parse_yaml(b"# nothing\n").roots == ()
    assert parse_yaml(b"").root.is_null


def test_an_error_keeps_what_stood_before_it() -> None:
    data = b"a: [1, {b: 2}]\nc:\n  d: 'x\n  secret: y"
    document = parse_yaml(data)
    assert document.error.startswith("not valid YAML: ")
    assert document.error.endswith(" (line 4)")
    assert "secret" not in document.error
    assert shown(document, data)[:3] == [("map", "", b"a: [1, {b: 2}]\nc:\n  d"), ("scalar", "a", b"a"), ("list", "", b"[1, {b: 2}]")]
    assert document.root.get("c", "d") is not None
    assert parse_yaml(b"a: b\nc: \x00\n").error == "not valid YAML: a control character (line 2)"
    assert parse_yaml(b'a: "\\q"').error.endswith("(line 1)")
    assert parse_yaml(b"a: 1\r\nb: 2\rc: ]\n").error.endswith("(line 3)")


def test_a_piece_of_a_file() -> None:
    data = "---\nné: [é, 2]\n---\n# Title: [\n".encode()
    document = parse_yaml(data, 4, data.index(b"\n---") + 1)
    assert document.error == ""
    assert [text for _, _, text in shown(document, data)][1:] == ["né".encode(), "[é, 2]".encode(), "é".encode(), b"2"]


@pytest.mark.parametrize(
    "text",
    ["[", "{", "[{", "- ", "? ", "{a: ", "- - [", "!!a &b ", "[a, ", "&a ", "*a ", "'", '"', "\\", "a: ", "a:\n ", "|\n", "#", "\t", "\n", " ", "%", "\x85", "é"],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "a: ", "[", "a: |\n  "])
def test_floods_end_soon(before: str, text: str) -> None:
    data = (before + text * (200_000 // len(text))).encode()
    start = time.process_time()
    document = parse_yaml(data)
    for root in document.roots:
        for node in root.walk():
            assert node.start <= node.end <= len(data)
    assert time.process_time() - start < 1.5


def test_limits_are_named() -> None:
    assert parse_yaml(b"[" * (DEPTH + 1)).error == "not valid YAML: nested deeper than 100 (line 1)"
    assert parse_yaml(b"- " * DEPTH + b"x").error == ""
    assert parse_yaml(b"- a\n" * 400_000).error == "not valid YAML: more than 400,000 values (line 399997)"
    assert parse_yaml(b"#" * ((4 << 20) + 1)).error == "not valid YAML: larger than 4 MB (line 1)"


@given(TEXT, st.sampled_from(STYLES), st.integers(20, 90), st.sampled_from([1, 2, 3, 4]), st.booleans())
@example("  leading\n", "|", 80, 2, True)
@example("a\n\n  b\nc\n\n", ">", 80, 2, False)
def test_dumped_text_is_mapped(value: str, style: str, width: int, indent: int, crlf: bool) -> None:
    try:
        text = yaml.dump({"k": [value, {"z": value}]}, default_style=style or None, width=width, indent=indent, allow_unicode=True)
        expected = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    data = text.replace("\n", "\r\n").encode() if crlf else text.encode()
    root = parse_yaml(data).root
    first = root.get("k", 0)
    assert first is not None
    assert crlf or first.value == str(expected["k"][0])
    for node in root.walk():
        if node.kind == "scalar":
            assert_mapped(node, data)


LINES = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", "a", "b c", "d  ", "# e", "- f", "\tg", "h: i", "é"])), min_size=1, max_size=8)


@given(LINES, st.sampled_from(["|", ">"]), st.sampled_from(["", "-", "+"]), st.sampled_from(["", "1", "2"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_block_scalars_are_mapped(lines: list[tuple[int, str]], style: str, chomp: str, indent: str, newline: str) -> None:
    body = newline.join(" " * (2 + spaces) + text for spaces, text in lines)
    data = f"k: {style}{chomp}{indent} # why{newline}{body}{newline}z: 1{newline}".encode()
    for node in parse_yaml(data).root.walk():
        if node.kind == "scalar":
            assert_mapped(node, data)


PIECES = st.lists(st.sampled_from(["a", "b", " ", "  ", "\t", "\n", "\n\n", "\r\n", "\n  ", "é", "''", "\\n", "\\x41", "\\u00e9", "\\U0001F600", "\\\n  ", '\\"', "\\ ", "\\L", "\x85", "\u2028"]), max_size=12)  # fmt: skip


@given(PIECES, st.sampled_from(["", "'", '"']))
def test_flow_scalars_are_mapped(pieces: list[str], quote: str) -> None:
    data = f"k: {quote}{''.join(pieces)}{quote}\nz: 1\n".encode()
    for node in parse_yaml(data).root.walk():
        if node.kind == "scalar":
            text = node.text(data)
            assert text.data == node.value.encode()
            assert all(data[text.place(position)] == byte for position, byte in enumerate(text.data) if byte in b"ab")


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for root in parse_yaml(data).roots:
        for node in root.walk():
            assert 0 <= node.start <= node.end <= len(data)
            node.text(data)
            node.get("a", 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


@given(JSON, st.booleans())
def test_trees_agree_with_a_loader(value: object, flow: bool) -> None:
    text = yaml.dump(value, default_flow_style=flow, allow_unicode=True)
    loaded = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes strings only
    assert plain(parse_yaml(text.encode()).root) == loaded


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    data = b"a: &x {b: [1, 'c']}\nd: |\n  e\n  f\ng: *x\n"
    root = parse_yaml(data).root
    text = root.own["d"][1].text(data)
    assert (text.data, text.place(2), root.get("g", "b", 1)) == (b"e\nf\n", data.index(b"f\n"), root.get("a", "b", 1))
    assert parse_yaml(b"a: %secret\n").error == "not valid YAML: it cannot be parsed (line 1)"
