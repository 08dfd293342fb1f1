"""The view of a notebook's Python code: which cells, what becomes of IPython's own syntax, and where each byte stands in the file."""

from __future__ import annotations

import ast
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.notebooks import CELLS, NotebookCode, parse_notebook, python_of, read_notebook
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence


def source(data: bytes) -> Source:
    return Source("a.ipynb", data, Repository())


def code_cell(text: str | list[str], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": text, "metadata": {}, "outputs": [{"data": {"text/plain": ['{"cells": [x()]}', "not_code()"]}}], **more}


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": [*cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def parsed(book: object, **options: Any) -> tuple[bytes, NotebookCode]:
    data = json.dumps(book, **options).encode()
    return data, source(data).view(parse_notebook)


def calls(book: object) -> list[str]:
    """The calls of a notebook's code, as Python writes them."""
    _, code = parsed(book)
    return sorted(ast.unparse(node) for node, _ in code.tree.nodes() if isinstance(node, ast.Call))


def blanked(text: str) -> str:
    return python_of(MappedText.cut(text.encode(), 0, len(text.encode()))).data.decode()


_CELLS = [
    'x = first("a.pt")\n',
    'é = "ü\t\\""; second(é, "\U0001f600") # \u2028\n',
    "!pip install \\\n    torch\nthird('b')",
    "%%time\nfourth(\n    {'a': 1},\n)\n",
    "  indented(1)\n  indented(2)\n",
    ">>> prompt(1)\n... # nothing\n",
    "x = 1\r\nreturns(x)\r\n",
]


@pytest.mark.parametrize("options", [{}, {"indent": 1}, {"ensure_ascii": False}, {"indent": "\t", "ensure_ascii": False, "separators": (" , ", " : ")}])
@pytest.mark.parametrize("as_list", [False, True])
def test_each_call_stands_where_it_is_in_the_file(options: dict[str, Any], as_list: bool) -> None:
    book = notebook(*(code_cell(text.splitlines(keepends=True) if as_list else text) for text in _CELLS))
    data, code = parsed(book, **options)
    found = {}
    for node, _ in code.tree.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            start, end = code.tree.span(node)
            assert data[start:].startswith(node.func.id.encode())
            assert data[end - 1 : end] == b")"
            found[node.func.id] = data[start:end]
    assert set(found) == {"first", "second", "third", "fourth", "indented", "prompt", "returns"}
    assert found["first"] == rb"first(\"a.pt\")"
    assert not code.problem
    assert not code.left_out


def test_the_line_of_a_finding_is_that_of_the_json() -> None:
    book = notebook(code_cell(["import torch\n", "\n", 'model = torch.load("a")\n']))
    data, code = parsed(book, indent=1)
    file = source(data)
    call = next(node for node, _ in code.tree.nodes() if isinstance(node, ast.Call))
    line, column = file.locate(code.tree.span(call)[0])
    assert data.split(b"\n")[line - 1][column - 1 :].startswith(b"torch.load(")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nf()\n", ["f()"]),
        ("!ls \"it's\nf()\n", ["f()"]),
        ("!!ls f(\nf()\n", ["f()"]),
        ("x = !ls -la (\nf()\n", ["f()"]),
        ("a.b, c = %sql select (\nf()\n", ["f()"]),
        ("f?\nf??\n?f\nobject.name?;\nf()\n", ["f()"]),
        ("f()?\n", []),
        ("if x:\n    !ls (\n    f()\n", ["f()"]),
        ("pip install torch\ncd ..\nf()\n", ["f()"]),
        ("ls = 1\ncd(ls)\n", ["cd(ls)"]),
        ("%time f()\n", ["f()"]),
        ("%timeit -n 10 -r3 f()\n", ["f()"]),
        ("x = %time f()\n", ["f()"]),
        ("%prun -l 5 f()\n", ["f()"]),
        ("%%time\nf()\n", ["f()"]),
        ("\n\n%%capture out\nf()\n", ["f()"]),
        ("%%timeit import a; g()\nf()\n", ["f()", "g()"]),
        ("%%bash\nf()\n", []),
        ("%%html\n<b>f()</b>\n", []),
        ("%%script bash\nf()\n", []),
        ("%%script python3\nf()\n", ["f()"]),
        ("%%python\nf()\n", ["f()"]),
        ("%%writefile a.py\nf()\n", ["f()"]),
        ("%%writefile a.txt\nf()\n", []),
        ("%%unheard_of x\nf()\n", ["f()"]),
        ("x = f(\n    1\n    % 2\n)\n", ["f(1 % 2)"]),
        ('x = """\n!ls (\n%magic\n"""\nf()\n', ["f()"]),
        ("x = 5 \\\n    % f()\n", ["f()"]),
        ("# it's\nf()\n%cd\n", ["f()"]),
        ("await f()\nasync with g() as x:\n    pass\n", ["f()", "g()"]),
        ("In [1]: f()\n", ["f()"]),
        ("", []),
        ("\\", []),
        ("%", []),
    ],
)
def test_the_syntax_of_ipython(cell: str, expected: list[str]) -> None:
    assert calls(notebook(code_cell("a()\n"), code_cell(cell), code_cell("z()\n"))) == ["a()", *expected, "z()"]


@pytest.mark.parametrize("cell", ["!ls", "%cd x", "x = !ls", "%time f()", "?f", "f?", "!a \\\n  b\nc", "%%bash\nx\n\ny", "%%time\nx"])
def test_nothing_moves(cell: str) -> None:
    assert len(blanked(cell)) == len(cell)
    assert blanked(cell).count("\n") == cell.count("\n")


def test_a_cell_that_ends_with_a_backslash_takes_nothing_in() -> None:
    assert calls(notebook(code_cell("x = 1 # \\"), code_cell("f()"))) == ["f()"]


def test_a_broken_cell_hides_no_other() -> None:
    book = notebook(code_cell("f()"), code_cell("print 'Python 2'"), code_cell("x = '''"), code_cell("g()"))
    _, code = parsed(book)
    assert calls(book) == ["f()", "g()"]
    assert [text.data for text in code.left_out] == [b"print 'Python 2'", b"x = '''"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ["f()"]),
        ({"kernelspec": {"language": "python", "name": "python3"}}, ["f()"]),
        ({"kernelspec": {"name": "anything"}, "language_info": {"name": "ipython"}}, ["f()"]),
        ({"kernelspec": {"language": "R", "name": "ir"}, "language_info": {"name": "R"}}, []),
        ({"language_info": {"name": "julia"}}, []),
    ],
)
def test_the_language_of_the_kernel(metadata: dict[str, Any], expected: list[str]) -> None:
    assert calls(notebook(code_cell("f()"), **metadata)) == expected


def test_the_language_of_a_cell() -> None:
    other = {"vscode": {"languageId": "csharp"}}
    assert calls(notebook(code_cell("f()", metadata=other), code_cell("g()", metadata={"vscode": {"languageId": "python"}}))) == ["g()"]


def test_only_code_counts() -> None:
    assert calls(notebook({"cell_type": "markdown", "source": "f()"}, {"cell_type": "raw", "source": "g()"}, code_cell("h()"))) == ["h()"]


def test_the_format_before() -> None:
    cells = [{"cell_type": "code", "language": "python", "input": ["f(\n", "1)"], "outputs": [{"text": "x()"}]}, {"cell_type": "heading", "source": "g()"}]
    assert calls({"metadata": {"name": ""}, "nbformat": 3, "worksheets": [{"cells": cells, "metadata": {}}]}) == ["f(1)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"cells": [{"cell_type": "code", "source": "f()", "source": "g()"}]}', ["g()"]),
        ('{"cells": [{"source": ["f()"], "cell_type": "code", "source": ["g()\\n", "h()"]}]}', ["g()", "h()"]),
        ('{"\\u0063ells": [{"cell\\u005ftype": "c\\u006fde", "source": "\\u0066()"}]}', ["f()"]),
        ('{"metadata": {"cells": [{"cell_type": "code", "source": "f()"}]}, "cells": []}', []),
        ('[{"cell_type": "code", "source": "f()"}]', []),
    ],
)
def test_odd_json(text: str, expected: Sequence[str]) -> None:
    tree = source(text.encode()).view(parse_notebook).tree
    assert sorted(ast.unparse(node) for node, _ in tree.nodes() if isinstance(node, ast.Call)) == expected


@pytest.mark.parametrize(
    ("data", "problem"), [(b"", ""), (b"x", "not a notebook"), (b'{"cells": [{"cell_type": "code", "source": ["f()"', "not valid JSON: it ends too early")]
)
def test_what_could_not_be_read_is_said(data: bytes, problem: str) -> None:
    assert source(data).view(parse_notebook).problem == problem


def test_too_many_cells_are_said() -> None:
    assert parsed(notebook(*[code_cell("f()")] * (CELLS + 1)))[1].problem == "holds more code than is looked at"
    assert parsed(notebook(code_cell("\n" * 100_001), code_cell("f()")))[1].problem == "holds more code than is looked at"


def test_both_views_are_of_one_text() -> None:
    file = source(json.dumps(notebook(code_cell("f()"))).encode())
    assert file.view(read_notebook) is file.view(parse_notebook).tree.text


_PIECES = st.sampled_from(
    [
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\n",
        " ",
        '"cells"',
        '"source"',
        '"cell_type":"code"',
        '"metadata"',
        "\\n",
        "\\ud83d",
        "\\u00e9",
        "é",
        "%%",
        "%time ",
        "!",
        "?",
        "'''",
        "(",
        "f()",
    ]
)


@given(st.lists(_PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode()) | st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes(data: bytes) -> None:
    for around in (
        data,
        b'{"cells":[{"cell_type":"code","source":["' + data,
        b'{"cells":[{"cell_type":"code","source":[' + json.dumps(data.decode("latin-1")).encode() + b"]}]}",
    ):
        code = source(around).view(parse_notebook)
        for node, _ in code.tree.nodes():
            if isinstance(node, ast.expr):
                start, end = code.tree.span(node)
                assert 0 <= start <= end <= len(around)


@pytest.mark.parametrize(
    "data",
    [
        b'{"cells":' + b"[" * 2_000_000,
        b'{"cells":[' + b"{}," * 600_000,
        b'"' * 2_000_000,
        b'{"cells":[{"cell_type":"code","source":"' + b'\\"' * 500_000,
        b'{"cells":[{"cell_type":"code","source":"' + b"\\n!" * 200_000 + b'"}]}',
        b'{"cells":[{"cell_type":"code","source":"' + b"\\n " * 200_000 + b'"}]}',
        b'{"cells":[{"cell_type":"code","source":"' + b"a" * 1_000_000 + b'?"}]}',
        b'{"cells":[{"cell_type":"code","source":"' + b"a=" * 300_000 + b'!"}]}',
        b'{"cells":[{"cell_type":"code","source":"' + b"%time " * 100_000 + b'"}]}',
        b'{"cells":[{"cell_type":"code","source":"%timeit' + b" -n" * 200_000 + b'"}]}',
        b'{"cells":[{"cell_type":"code","source":"!x' + b"\\\\\\n" * 200_000 + b'"}]}',
        b'{"cells":[' + b'{"cell_type":"code","source":"x = ("},' * 10_000 + b"]}",
    ],
)
def test_hostile_notebooks_take_little_time(data: bytes) -> None:
    elapsed = []
    for _ in range(3):
        started = time.process_time()
        source(data).view(parse_notebook)
        elapsed.append(time.process_time() - started)
        if elapsed[-1] < 2:
            break
    assert min(elapsed) < 2
