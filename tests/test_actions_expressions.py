"""Expressions of workflows: what each construct is read as, whose text flows into the result, and that no text is too much."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.actions.expressions import (
    LIMIT,
    SIZE,
    Access,
    Call,
    Context,
    Literal,
    Operation,
    contexts,
    find_expressions,
    flows,
    parse_expression,
)
from agent_security_hooks.parse.mapped import MappedText
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.expressions import Tree


def show(tree: Tree | None) -> str:
    """Contexts with dots, calls with brackets, operations in Polish notation, parts of other results behind a slash."""
    if isinstance(tree, Context):
        return ".".join(tree.path)
    if isinstance(tree, Literal):
        return repr(tree.value)
    if isinstance(tree, Call):
        return f"{tree.name}({', '.join(map(show, tree.arguments))})"
    if isinstance(tree, Operation):
        return f"[{' '.join([tree.operator, *map(show, tree.operands)])}]"
    if isinstance(tree, Access):
        return f"{show(tree.target)}/{'.'.join(tree.path)}"
    return "-"


TREES = [
    ("github.event.issue.title", "github.event.issue.title"),
    (" GitHub . Event\n.\tISSUE ", "github.event.issue"),
    ("\u00a0github . event\u2003", "github.event"),
    ("github['event']['Issue'].title", "github.event.issue.title"),
    ("github.event.*.body", "github.event.*.body"),
    ("github.event.commits[*].message", "github.event.commits.*.message"),
    ("github.event.commits[0x1].message", "github.event.commits.1.message"),
    ("github.event[env.field].x", "github.event.?.x"),
    ("a[1.5]", "a.?"),
    ("steps.my-step.outputs.an_output-1", "steps.my-step.outputs.an_output-1"),
    ("'it''s'", '"it\'s"'),
    ("''", "''"),
    ("'}} ${{'", "'}} ${{'"),
    ("-1.5e-3", "-0.0015"),
    ("+2", "2.0"),
    (".5", "0.5"),
    ("0xfF", "255.0"),
    ("0o17", "15.0"),
    ("1e3", "1000.0"),
    ("-Infinity", "-inf"),
    ("true", "True"),
    ("null", "None"),
    ("(null)", "None"),
    ("true.x", "True/x"),
    ("!a", "[! a]"),
    ("!!a == b", "[== [! [! a]] b]"),
    ("a && b || c && d", "[|| [&& a b] [&& c d]]"),
    ("a || b || c", "[|| a b c]"),
    ("a && (b || c)", "[&& a [|| b c]]"),
    ("a == b && c != d", "[&& [== a b] [!= c d]]"),
    ("a < b == c >= d", "[== [< a b] [>= c d]]"),
    ("a == b == c", "[== [== a b] c]"),
    ("success()", "success()"),
    ("always ( )", "always()"),
    ("StartsWith(github.ref, 'x')", "startswith(github.ref, 'x')"),
    ("format('}}{0}', github.head_ref)", "format('}}{0}', github.head_ref)"),
    ("fromJSON(toJSON(github)).head_ref", "fromjson(tojson(github))/head_ref"),
    ("fromJSON(x)[0].y", "fromjson(x)/0.y"),
    ("(a && b || c).x", "[|| [&& a b] c]/x"),
    ("(github).x", "github.x"),
    ("((a))", "a"),
]


@pytest.mark.parametrize(("text", "expected"), TREES)
def test_trees(text: str, expected: str) -> None:
    assert show(parse_expression(text)) == expected


MALFORMED = (
    "", " ", "a b", "(", ")", "a)", "(a", "f(a", "f(a,)", "f(,a)", "a..b", "a.", ".a", "a.1", "a[", "a[]", "a]", "'a", "a'", '"a"', "a &&", "|| a", "a & b",
    "a = b", "a + b", "1.2.3", "0x", "0xg", "1_0", "1e", "-", "*", "a ? b", "a, b", "!", "a.'b'", "${{ a }}", "a }}", "é", "a\0", "{}", "$x",
)  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_expression(text: str) -> None:
    assert parse_expression(text) is None


FLOWS = [
    ("github.head_ref", "github.head_ref"),
    ("github.head_ref || github.ref_name", "github.head_ref github.ref_name"),
    ("github.event_name == 'push' && github.sha || github.head_ref", "github.sha github.head_ref"),
    ("a && b && c", "c"),
    ("(a && b || c).x", "b.x c.x"),
    ("a == b", ""),
    ("a < b || c", "c"),
    ("!a", ""),
    ("contains(github.event.issue.title, 'x')", ""),
    ("startsWith(a, b) && c", "c"),
    ("endsWith(a, b) || hashFiles(c)", ""),
    ("success() && failure() || cancelled() || always()", ""),
    ("'text'", ""),
    ("format('{0} {1}', a, b)", "a b"),
    ("format(a, 'b')", "a"),
    ("join(github.event.commits.*.message, a)", "github.event.commits.*.message a"),
    ("toJSON(github)", "github"),
    ("toJSON(github).x", ""),
    ("format('{0}', a).x", ""),
    ("fromJSON(a)", "a"),
    ("fromJSON(a).x.y", "a"),
    ("fromJSON(toJSON(github)).head_ref", "github.head_ref"),
    ("fromJSON(toJSON(github.event))['issue'].title", "github.event.issue.title"),
    ("fromJSON(toJSON(fromJSON(toJSON(github)).event)).x", "github.event.x"),
    ("fromJSON(a || toJSON(b)).x", "a b.x"),
    ("fromJSON(format('{0}', a)).x", "a"),
    ("toJSON(fromJSON(a).b)", "a"),
    ("fromJSON('[1]')[0]", ""),
    ("a[github.head_ref]", "a.?"),
    ("case(a == 'x', b, c, d, e)", "b d e"),
    ("unheardOf(a, b)", "a b"),
]


@pytest.mark.parametrize(("text", "expected"), FLOWS)
def test_whose_text_is_in_the_result(text: str, expected: str) -> None:
    tree = parse_expression(text)
    assert tree is not None
    assert [".".join(context.path) for context in flows(tree)] == expected.split()


def test_every_context() -> None:
    tree = parse_expression("a[b[c]].d == contains(fromJSON(e)[f].g, !h) && (i || 'j')")
    assert sorted(".".join(context.path) for context in contexts(tree)) == ["a.?.d", "b.?", "c", "e", "f", "h", "i"]
    assert not list(contexts(None))
    assert not list(flows(None))


def test_where_expressions_are() -> None:
    text = b"a ${{ b }}${{'}}'}} c ${{ format('it''s }}', d) }} ${{ }} $\xc3\xa9{{ e }} ${{ (f }}"
    found = find_expressions(text)
    assert [text[item.start : item.end].decode() for item in found] == ["${{ b }}", "${{'}}'}}", "${{ format('it''s }}', d) }}", "${{ }}", "${{ (f }}"]
    assert [show(item.tree) for item in found] == ["b", "'}}'", 'format("it\'s }}", d)', "-", "-"]
    assert find_expressions(MappedText.cut(text, 2, 10))[0][:2] == (0, 8)


def test_nothing_counts_after_an_expression_without_an_end() -> None:
    assert [item.inner for item in find_expressions(b"${{ a }} ${{ 'b }} ${{ c }}")] == [" a "]
    assert find_expressions(b"${{ a } }") == ()


def test_limits() -> None:
    assert parse_expression("'" + "a" * (SIZE - 2) + "'") is not None
    assert parse_expression("'" + "a" * SIZE + "'") is None
    assert parse_expression("(" * 50 + "a" + ")" * 50) == Context(("a",))
    assert parse_expression("(" * 200 + "a" + ")" * 200) is None
    assert parse_expression("!" * 200 + "a") is None
    assert parse_expression("a == " * 200 + "a") is None
    assert parse_expression("a || " * 2000 + "a") is not None
    assert parse_expression("a" + ".b" * 5000) == Context(("a", *["b"] * 5000))
    assert len(find_expressions(b"${{a}}" * (LIMIT + 5))) == LIMIT


PIECES = (
    "github", ".", "event", "[", "]", "*", "'", "''", "'a'", "(", ")", ",", "&&", "||", "!", "==", "<=", "<", "fromJSON(", "toJSON(", "format(", "0x1f", "1e5", "-", " ",
    "\n", "é", "\udcff", "true", "null", "}}", "${{", "a-b", "\0", "\u00a0",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=80))
def test_any_text(text: str) -> None:
    tree = parse_expression(text)
    assert {context.path[0] for context in flows(tree)} <= {context.path[0] for context in contexts(tree)}
    if tree is not None:
        assert parse_expression(f"({text})") == tree or text.count("(") >= 40
    data = text.encode("utf-8", "surrogatepass")
    for found in find_expressions(data):
        assert data[found.start : found.start + 3] == b"${{"
        assert data[found.end - 2 : found.end] == b"}}"


def test_twenty_thousand_expressions() -> None:
    draw = random.Random(8)
    begin = time.process_time()
    for _ in range(20_000):
        text = draw.choice(TREES)[0] if draw.random() < 0.5 else draw.choice(FLOWS)[0]
        for _ in range(draw.randrange(4)):
            at = draw.randrange(len(text) + 1)
            text = text[:at] + draw.choice(PIECES) + text[at + draw.randrange(3) :]
        list(flows(parse_expression(text)))
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "piece",
    ["(", "!", "'", "''", "a.", "a[", "a(", "f(a,", "a||", "a&&", "a==", "a<", "1e", "-", "1e+", "*", "[*]", " ", "a ", "a.b[c].", "fromJSON(toJSON(", ".5"],
)
def test_floods(piece: str) -> None:
    begin = time.process_time()
    for text in (piece * (SIZE // len(piece)), f"a{piece * 5000}", f"{piece * 40}a{')' * 40}"):
        list(flows(parse_expression(text)))
    find_expressions(f"${{{{ {piece}".encode() * 50_000)
    find_expressions(f"${{{{ {piece} }}}}".encode() * 10_000)
    assert time.process_time() - begin < 2


DECODED = [
    ("fromJSON(steps.a.outputs.data).head.ref", [("steps.a.outputs.data", "head.ref")]),
    ("fromJSON(steps.a.outputs.data)[0].title", [("steps.a.outputs.data", "0.title")]),
    ("fromJSON(fromJSON(x.y).a).b", [("x.y", "a")]),
    ("fromJSON(toJSON(github)).head_ref", [("github.head_ref", "")]),
    ("steps.a.outputs.data", [("steps.a.outputs.data", "")]),
    ("fromJSON(x.y).a || fromJSON(x.z).b", [("x.y", "a"), ("x.z", "b")]),
]


@pytest.mark.parametrize(("text", "expected"), DECODED)
def test_the_part_of_what_is_decoded(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(".".join(found.path), ".".join(found.decoded)) for found in flows(parse_expression(text))] == expected
