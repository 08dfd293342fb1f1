"""The view of a Python file: offsets, scopes, what names stand for, the text of expressions, limits."""

from __future__ import annotations

import ast
import time

import pytest
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.python_limits import LARGEST
from agent_security_hooks.parse.python_text import PythonText
from agent_security_hooks.parse.python_tree import PythonTree, argument, constant_text, dotted
from agent_security_hooks.parse.urls import HOLE
from hypothesis import given, settings
from hypothesis import strategies as st


def read(code: str | bytes) -> PythonTree:
    data = code if isinstance(code, bytes) else code.encode()
    return PythonTree(MappedText.cut(data, 0, len(data)))


def marked(tree: PythonTree) -> list[tuple[ast.Call, str, tuple[str, ...]]]:
    """Each call of `_(x)`, with the name and the texts of x."""
    text = PythonText(tree)
    return [
        (node, tree.name(node.args[0], scope), text.of(node.args[0], scope))
        for node, scope in tree.nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("_(open)", "open"),
        ("_(pickle.load)", "pickle.load"),
        ("import requests\n_(requests.get)", "requests.get"),
        ("import requests as r\n_(r.get)", "requests.get"),
        ("import os.path\n_(os.path.join)", "os.path.join"),
        ("import os.path as p\n_(p.join)", "os.path.join"),
        ("from requests import get as g\n_(g)", "requests.get"),
        ("from . import requests\n_(requests.get)", ".requests.get"),
        ("from ..net import get\n_(get)", "..net.get"),
        ("from requests import *\n_(get)", "requests.get"),
        ("from requests import *\n_(open)", "open"),
        ("from a import *\nfrom b import *\n_(get)", "get"),
        ("try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle\n_(pickle.load)", "cPickle.load"),
        ("try:\n    import requests\nexcept ImportError:\n    requests = None\n_(requests.get)", "requests.get"),
        ("import requests\nrequests = Fake()\n_(requests.get)", ""),
        ("import yaml\ndef f():\n    yaml = YAML()\n    _(yaml.load)", "YAML().load"),
        ("import pickle\ndef f(pickle):\n    _(pickle.load)", ""),
        ("def f():\n    import pickle\n    _(pickle.load)", "pickle.load"),
        ("def f():\n    import pickle as p\n_(p.load)", "p.load"),
        ("def f():\n    global p\n    import pickle as p\n_(p.load)", "pickle.load"),
        ("import a\ndef f():\n    def g():\n        nonlocal a\n        a = 1\n    a = a.b()\n    _(a)", ""),
        ("import requests\ns = requests.Session()\n_(s.get)", "requests.Session().get"),
        ("import aiohttp\nasync def f():\n    async with aiohttp.ClientSession() as s:\n        _(s.get)", "aiohttp.ClientSession().get"),
        (
            "import requests\nclass A:\n    def __init__(self):\n        self.s = requests.Session()\n    def f(self):\n        _(self.s.get)",
            "requests.Session().get",
        ),
        ("import requests\nclass A:\n    s = requests.Session()\n_(A.s.get)", "requests.Session().get"),
        ("import requests\nclass A:\n    s = None\n    def f(me):\n        me.s = requests.Session()\n        _(me.s)", "requests.Session()"),
        ("import requests\nclass A:\n    def f(self):\n        self.s = requests.Session()\n        self.s = other()\n        _(self.s.get)", ""),
        ("import requests\nclass A:\n    @staticmethod\n    def f(self):\n        self.s = requests.Session()\n        _(self.s.get)", ""),
        ("class A:\n    x = open\n    def f(self):\n        _(x)", "x"),
        ("import pickle\nload = pickle.load\n_(load)", "pickle.load"),
        ("import pickle\n_(getattr(pickle, 'load'))", "pickle.load"),
        ("import importlib\n_(importlib.import_module('pickle').load)", "pickle.load"),
        ("_(__import__('pickle').load)", "pickle.load"),
        ("import sys\n_(sys.modules['pickle'].load)", "pickle.load"),
        ("from functools import partial\nimport pickle\nload = partial(pickle.load, encoding='x')\n_(load)", "pickle.load"),
        ("_((x := open))", "open"),
        ("for x in y:\n    _(x.get)", ""),
        ("x, y = open, eval\n_(y)", "eval"),
        ("x = y()\nx = y()\n_(x)", "y()"),
        ("a = a\n_(a)", ""),
        ("a = b\nb = a\n_(a)", ""),
        ("class A:\n    def f(self):\n        self.x = self.x\n        _(self.x)", ""),
        ("_(lambda: 1)", ""),
    ],
)
def test_names(code: str, name: str) -> None:
    assert [found for _, found, _ in marked(read(code))] == [name]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("_('a')", ("a",)),
        ("_(b'a\\xff')", ("aÿ",)),
        ("_(7)", ("7",)),
        ("_(None)", (HOLE,)),
        ("_('a' 'b')", ("ab",)),
        ("_('a' + 'b' + x)", ("ab" + HOLE,)),
        ("A = 'a'\n_(A + '/b')", ("a/b",)),
        ("A = 'a'\n_(f'{A}/{x}/{7}')", (f"a/{HOLE}/7",)),
        ("_('http://%s/%d' % (x, 7))", (f"http://{HOLE}/7",)),
        ("_('%s/a' % 'x')", ("x/a",)),
        ("_('{}/{name}'.format('x', name=1))", ("x/{name}",)),
        ("_('a' if x else 'b')", ("a", "b")),
        ("_(x or 'b')", (HOLE, "b")),
        ("import os\n_(os.environ.get('X', 'b'))", ("b",)),
        ("import os\n_(os.path.join('a', 'b', x))", (f"a/b/{HOLE}",)),
        ("from pathlib import Path\n_(Path('a') / 'b')", ("a/b",)),
        ("_('A '.strip())", ("A ",)),
        ("_('a'.replace('a', 'b'))", (HOLE,)),
        ("A = 'a'\nA = 'b'\n_(A)", ("a", "b")),
        ("A = 'a'\nA += x\n_(A)", ("a" + HOLE,)),
        ("def f(a='x'):\n    _(a)", ("x",)),
        ("def f(a):\n    _(a)", (HOLE,)),
        ("for a in ['x', 'y']:\n    _(a)", ("x", "y")),
        ("L = ('x', 'y')\nfor i, a in enumerate(L):\n    _(a)", ("x", "y")),
        ("D = {'k': 'x', 'l': 'y'}\nfor k, v in D.items():\n    _(v)", ("x", "y")),
        ("D = {'k': 'x', 'l': 'y'}\n_(D['l'])", ("y",)),
        ("D = {'k': 'x', 'l': 'y'}\n_(D[z])", ("x", "y")),
        ("L = ['x', 'y']\n_(L[-1])", ("y",)),
        ("L = ['x']\n_(L[5])", (HOLE,)),
        ("class A:\n    u = 'x'\n    def f(self):\n        _(self.u + '/')", ("x/",)),
        ("class A:\n    def g(self):\n        self.u = 'x'\n    def f(self):\n        _(self.u)", ("x",)),
        ("a = a + 'x'\n_(a)", (HOLE + "x",)),
        ("_(f())", (HOLE,)),
        ("_('x' * 9)", (HOLE,)),
    ],
)
def test_texts(code: str, texts: tuple[str, ...]) -> None:
    assert [found for _, _, found in marked(read(code))] == [texts]


def test_few_texts_of_bounded_length() -> None:
    names = "".join(f"a{n + 1} = a{n} + a{n}\n" for n in range(40))
    tree = read(f"a0 = 'x' * 1\na1 = '{'y' * 5000}'\n{names}L = {[str(n) for n in range(100)]}\nfor x in L:\n    _(x)\n_(a30)\n")
    assert [len(texts) for _, _, texts in marked(tree)] == [16, 1]
    assert all(len(text) <= 4096 for _, _, texts in marked(tree) for text in texts)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", ["", "é = 'ü€𝄞'", '"""a\x0b\x0c\x85\u2028b"""', "x = 1\x0c"])
def test_offsets(end: str, before: str) -> None:
    code = f"{before}{end}if x:{end}    'ä', _(y){end}".encode()
    tree = read(code)
    [(call, _, _)] = marked(tree)
    start, end_of_call = tree.span(call)
    assert code[start:end_of_call] == b"_(y)"


def test_offsets_of_bytes_that_are_no_utf8() -> None:
    code = b"# -*- coding: latin-1 -*-\nx = '\xe4\xf6'; _(y)\n"
    tree = read(code)
    [(call, _, _)] = marked(tree)
    assert code[slice(*tree.span(call))] == b"_(y)"


def test_offsets_of_text_that_was_put_together() -> None:
    data = b'["x = 1\\n", "_(y)\\n"]'
    text = MappedText.join([(b"x = 1", 2), (b"\n", 7), (b"_(y)", 13), (b"\n", 17)])
    tree = PythonTree(text)
    [(call, _, _)] = marked(tree)
    assert data[slice(*tree.span(call))] == b"_(y)"


def test_scopes_keep_their_nodes_in_order() -> None:
    tree = read("a = 1\ndef f(x=b):\n    c\n    [d for d in e]\n    return lambda: g\nh\n")
    names = [[node.id for node in scope.nodes if isinstance(node, ast.Name)] for scope in tree.scopes]
    assert names == [["a", "b", "h"], ["c", "d", "d", "e"], ["g"]]
    assert [scope.kind for scope in tree.scopes] == ["module", "function", "function"]


def test_definitions() -> None:
    tree = read("def f(): pass\nclass A:\n    def g(self):\n        self.g()\n        f()\n        A.g()\n        h()\n        self.i()\n")
    method = tree.scopes[-1]
    found = [tree.definition(node.func, method) for node in method.nodes if isinstance(node, ast.Call)]
    assert [getattr(scope.node, "name", "") if scope else None for scope in found] == ["g", "f", "g", None, None]


def test_helpers() -> None:
    call = ast.parse("a.b.c(1, 'x', k=2)").body[0].value  # type: ignore[attr-defined]
    assert dotted(call.func) == "a.b.c"
    assert dotted(call) == ""
    assert constant_text(argument(call, 1)) == "x"
    assert ast.unparse(argument(call, 5, "z", "k") or call) == "2"
    assert argument(call, 7) is None
    starred = ast.parse("f(*a, b)").body[0].value  # type: ignore[attr-defined]
    assert argument(starred, 1) is None


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (b"print 'x'", "not valid Python (line 1)"),
        (b"x = 1\n  y\n", "not valid Python (line 2)"),
        (b"x\0", "not valid Python"),
        (b"x = (" * 200, "its code is nested too deeply"),
        (b"x" + b".x" * 5000, "its code is nested too deeply"),
        (b"x" + b"()" * 20_000, "its code is nested too deeply"),
        (b"1" + b"+1" * 20_000, "its code is nested too deeply"),
        (b"-" * 200_000 + b"1", "its code is nested too deeply"),
        (b"not " * 100_000 + b"1", "its code is nested too deeply"),
        (b"import a" + b".a" * 200, "its code is nested too deeply"),
        (b'f"' + b"{a}" * 30_000 + b'"', "its code is nested too deeply"),
        (b"if x:pass\n" + b"elif x:pass\n" * 30_000, "its code is nested too deeply"),
        (b"a\n" * 100_000, "it holds more code than is looked at"),
        (b"[]," * 200_000, "it holds more code than is looked at"),
        (b'f"{a}"\n' * 100_000, "it holds more code than is looked at"),
        (b"[" + (b"-" * 200 + b"a,") * 19_000 + b"]", "it holds more code than is looked at"),
        (b"#" * (LARGEST + 1), "it holds more code than is looked at"),
        (b"# one word\n" * 300_000, ""),
        (b'x = """' + b"one word\n" * 300_000 + b'"""', ""),
        (b"x = [" + b"'a.b.c'.d, " * 9_000 + b"]", ""),
        (b"x = (" + b"'a'\n" * 9_000 + b")", ""),
        (b"", ""),
    ],
)
def test_problems(code: bytes, problem: str) -> None:
    started = time.process_time()
    tree = read(code)
    assert (tree.problem.startswith(problem) if problem else tree.problem == "", tree.scopes != []) == (True, not problem)
    assert time.process_time() - started < 2


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    tree = read(data)
    assert (tree.problem == "") == bool(tree.scopes)


PIECES = "a = b; c(d) ; f'{a}' ; def f(self, x=1): ; class A: ; self.x = y ; import os as a ; from b import * ; with a() as b: ; for a in b: ; a += b ; a['k'] ; a % b ; (a := b) ; lambda a: b ; global a ; return a"


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(PIECES.split(" ; "))), max_size=30))
def test_any_program(lines: list[tuple[int, str]]) -> None:
    code, depth = "", 0
    for want, piece in lines:
        depth = min(want, depth)
        code += "    " * depth + piece + "\n"
        if piece.endswith(":"):
            code += "    " * (depth + 1) + "pass\n"
            depth += 1
    tree = read(code)
    text = PythonText(tree)
    for node, scope in tree.nodes():
        if isinstance(node, ast.expr):
            tree.name(node, scope)
            assert 1 <= len(text.of(node, scope)) <= 16
            tree.definition(node, scope)
            tree.span(node)
