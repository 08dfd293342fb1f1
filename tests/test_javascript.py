"""The view of a JavaScript or TypeScript file: tokens, brackets, calls, pairs and the text of expressions."""

from __future__ import annotations

import time

import pytest
from agent_security_hooks.parse.javascript import TOKENS, Range, Script, unescape
from agent_security_hooks.parse.urls import HOLE
from hypothesis import given
from hypothesis import strategies as st


def tokens(code: str) -> list[str]:
    script = Script(code.encode())
    return [f"{kind[0]} {script.raw(index).decode()}" for index, kind in enumerate(script.kinds)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a.b?.c", ["n a", "m .", "n b", "m ?.", "n c"]),
        ("x?.5:1", ["n x", "m ?", "m .", "n 5", "m :", "n 1"]),
        ("1.5e3 0xff 10n", ["n 1.5e3", "n 0xff", "n 10n"]),
        ("'a\\'b' \"c\"", ["s 'a\\'b'", 's "c"']),
        ("'a\\\nb'", ["s 'a\\\nb'"]),
        ("'open\nnext", ["s 'open", "n next"]),
        ("// 'a'\nb /* 'c'\n */ d", ["n b", "n d"]),
        ("a /* open", ["n a"]),
        ("`a`", ["t `a`"]),
        ("`a${b}c`", ["t `a", "m ${", "n b", "m }", "t c`"]),
        ("`a${`b${c}`}d`", ["t `a", "m ${", "t `b", "m ${", "n c", "m }", "t `", "m }", "t d`"]),
        ("`a${{}}b`", ["t `a", "m ${", "m {", "m }", "m }", "t b`"]),
        ("`\\`\\${` x", ["t `\\`\\${`", "n x"]),
        ("` open 'x'", ["m `", "n open", "s 'x'"]),
        ("a = /b'c/g.test(d)", ["n a", "m =", "r /b'c/g", "m .", "n test", "m (", "n d", "m )"]),
        ("a / b / c", ["n a", "m /", "n b", "m /", "n c"]),
        ("(a) / b / c", ["m (", "n a", "m )", "m /", "n b", "m /", "n c"]),
        ("if (a) /b/.test(c)", ["n if", "m (", "n a", "m )", "r /b/", "m .", "n test", "m (", "n c", "m )"]),
        ("return /[/]'/", ["n return", "r /[/]'/"]),
        ("a.return / b / c", ["n a", "m .", "n return", "m /", "n b", "m /", "n c"]),
        ("a[0] / b / c", ["n a", "m [", "n 0", "m ]", "m /", "n b", "m /", "n c"]),
        ("a++ / b / c", ["n a", "m ++", "m /", "n b", "m /", "n c"]),
        ("(/a\nb/)", ["m (", "m /", "n a", "n b", "m /", "m )"]),
        ("<a></a>", ["m <", "n a", "m >", "m <", "m /", "n a", "m >"]),
        ("a => b ?? c || d", ["n a", "m =>", "n b", "m ??", "n c", "m ||", "n d"]),
        ("#x @y $z é", ["n #x", "n @y", "n $z", "n é"]),
        ("#!/usr/bin/env node\na", ["n a"]),
        ("", []),
    ],
)
def test_tokens(code: str, expected: list[str]) -> None:
    assert tokens(code) == expected


def test_a_stray_bracket_shifts_nothing() -> None:
    script = Script(b"f(a, <p>:)</p>); g([b)]); h({c})")
    [call] = [call for call in script.calls if call.name == "h"]
    assert script.data[script.starts[call.open] : script.ends[call.close]] == b"({c})"


@pytest.mark.parametrize(
    ("code", "calls"),
    [
        ("f(a, b)", ["f: a | b"]),
        ("a.b.c(d)", ["a.b.c: d"]),
        ("a?.b?.(c)", ["a.b: c"]),
        ("got.get<Type>(url)", ["got.get: url"]),
        ("f([a, b], {c: d, e}, (g, h))", ["f: [a, b] | {c: d, e} | (g, h)"]),
        ("f(g(h(i)))", ["f: g(h(i))", "g: h(i)", "h: i"]),
        ("f(a).then(b)", ["f: a", ".then: b"]),
        ("new Agent({a: 1})", ["Agent: {a: 1}"]),
        ("`${f(a)}`", ["f: a"]),
        ("(function () {})(a)", ["function: "]),
        ("f(a", []),
    ],
)
def test_calls(code: str, calls: list[str]) -> None:
    script = Script(code.encode())
    shown = [f"{call.name}: {' | '.join(script.data[slice(*script.span(part))].decode() for part in script.arguments(call))}" for call in script.calls]
    assert shown == calls


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("_('a')", ("a",)),
        ('_("a\\n\\x41\\u0042\\u{43}")', ("a\nABC",)),
        ("_(`a`)", ("a",)),
        ("_(`a${b}c`)", (f"a{HOLE}c",)),
        ("const b = 'x';\n_(`a${b}c`)", ("axc",)),
        ("const b = 'x'\n_(b + '/y')", ("x/y",)),
        ("const b: string = `x`\n_(b)", ("x",)),
        ("const a = 'x', b = a + 'y';\n_(b)", ("xy",)),
        ("let b = 'x'; b = 'y';\n_(b)", (HOLE,)),
        ("let b = 'x'; b += 'y';\n_(b)", (HOLE,)),
        ("const b = 'x';\nfunction f(b) { _(b) }", (HOLE,)),
        ("const b = 'x';\nc.map(b => _(b))", (HOLE,)),
        ("const b = 'x';\nc.map((b, i) => _(b))", (HOLE,)),
        ("o.b = 'x';\n_(b)", (HOLE,)),
        ("const o = {b: 'x', 'c': 'y'};\n_(o.c)", ("y",)),
        ("const o = {b: 'x'};\n_(o.d)", (HOLE,)),
        ("_(a || 'x')", (HOLE, "x")),
        ("_(a ?? 'x' + 'y')", (HOLE, "xy")),
        ("_(a === b ? 'x' : 'y')", ("x", "y")),
        ("_(('x'))", ("x",)),
        ("_(new URL('x'))", ("x",)),
        ("_('x' as const)", ("x",)),
        ("_('x' * 2)", (HOLE,)),
        ("_('x' + 2)", ("x2",)),
        ("_(+ 'x')", (HOLE,)),
        ("_(f('x'))", (HOLE,)),
        ("const a = b;\nconst b = a;\n_(a)", (HOLE,)),
    ],
)
def test_texts(code: str, texts: tuple[str, ...]) -> None:
    script = Script(code.encode())
    [call] = [call for call in script.calls if call.name == "_"]
    assert script.texts(Range(call.open + 1, call.close)) == texts


def test_properties() -> None:
    script = Script(b"f({a: 1, 'b': [2, 3], c, ...d, e() {}})")
    whole = script.arguments(script.calls[0])[0]
    value = script.property(whole, "x", "b")
    assert value is not None
    assert script.data[slice(*script.span(value))] == b"[2, 3]"
    assert script.property(whole, "c") is None
    assert script.property(value, "b") is None


def test_escapes() -> None:
    assert unescape(b"\\u{110000}\\0\\q\\\r\nx") == "\ufffd\0qx"
    assert unescape("é\\\\".encode()) == "é\\"


def test_what_is_left_out_is_said() -> None:
    script = Script(b"a;" * TOKENS)
    assert script.problem == "not analysed to its end: it holds more code than is looked at"
    assert len(script.kinds) == TOKENS


@given(st.text(alphabet="ab.,;:()[]{}$`'\"/\\\n<>=?|+0 ", max_size=80))
def test_any_text(code: str) -> None:
    script = Script(code.encode())
    for index, other in enumerate(script.pairs):
        assert other == -1 or script.pairs[other] == index
    assert script.starts == sorted(script.starts)
    for call in script.calls:
        for part in script.arguments(call):
            script.texts(part)
            script.property(part, "a")


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    Script(data).calls  # noqa: B018 - it must not fail


@pytest.mark.parametrize("piece", ["`${", "}", "`", "/", "/*", "'", "/[", "(", "{", "a=", "=a", "f(", "${`", "a?b:", "x=>", "\\"])
def test_a_megabyte_of_anything_takes_no_time(piece: str) -> None:
    started = time.process_time()
    script = Script((piece * (1_000_000 // len(piece))).encode())
    for call in script.calls[:1000]:
        script.arguments(call)
    script.constant(b"a")
    assert time.process_time() - started < 2
