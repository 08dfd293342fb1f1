"""What of a large module is given to the parser: enough to say the same, and nothing that changes a meaning or a place."""

from __future__ import annotations

import ast
import time

import pytest
from agent_security_hooks.parse.loads import hot, read_loads
from agent_security_hooks.parse.loads.blocks import SMALL, relevant_blocks
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source

FILLER = "".join(f"def filler_{number}(a, b):\n    '''Adds.'''\n    return a + b + {number}\n\n\n" for number in range(SMALL // 60))
SINK = "def read(path):\n    with open(path, 'rb') as file:\n        return pickle.load(file)\n\n\n"


def cut(text: str, word: str = "pickle") -> str:
    data = text.encode()
    places = [index for index in range(len(data)) if data.startswith(word.encode(), index)]
    found = relevant_blocks(data, places)
    return text if found is None else found.data.decode()


def found(text: str) -> list[tuple[int, str]]:
    file = Source("a.py", text.encode(), Repository())
    loads = read_loads(file)
    assert loads.problem == ""
    return [(file.line_of(event.start), event.rule) for event in loads.events]


def line_of(text: str, word: str) -> int:
    return text[: text.index(word)].count("\n") + 1


def test_most_of_a_module_is_left_out_and_places_stay() -> None:
    text = f"import pickle\n\n\n{FILLER}{SINK}{FILLER}"
    assert len(cut(text)) < len(text) / 10
    assert found(text) == [(line_of(text, "pickle.load"), "unsafe-pickle-load")]


@pytest.mark.parametrize(
    "block",
    [
        SINK,
        SINK.replace("\n", "\r\n"),
        "@decorate(\n    1,\n    2,\n)\n@again\ndef read(path):\n    return pickle.load(path)\n\n",
        "async def read(\n    path,\n) -> object:\n    return pickle.load(path)\n\n",
        "class Reader:\n    size = 1\n\n    def read(self, path):\n        return pickle.load(path)\n\n",
        "def read(path):\n    x = 1\n# a comment at the margin\n    return pickle.load(path)\n\n",
        "def read(path):\n\treturn pickle.load(path)\n\n",
        "if True:\n    def read(path):\n        return pickle.load(path)\n\n",
        "class Base:\n    def read(self, path):\n        return pickle.load(path)\n\n\nclass Heir(Base):\n    size = 1\n\n",
        "VALUE = {\n    'a': 1,\n}\ndef read(path): return pickle.load(path)\n\n",
        "def read(path): return pickle.load(path)",
        "def read(path):\n    text = '''\nat the margin\n'''\n    return pickle.load(text)\n\n",
        'def read(path):\n    """\nclass Text:\n    pass\n"""\n    return pickle.load(path)\n\n',
    ],
)
def test_a_definition_that_matters_stays_whole(block: str) -> None:
    text = f"import pickle\n\n\n{FILLER}{block}"
    kept = cut(text)
    ast.parse(kept)
    assert found(text) == [(line_of(text, "pickle.load"), "unsafe-pickle-load")]
    assert found(f"{text}\n\n{FILLER}") == found(text)


def test_decorators_of_what_is_left_out_go_with_it() -> None:
    text = "import pickle\n" + "@mark(\n    'pickles',\n)\n@plain\ndef other():\n    pass\n" * 300 + SINK
    kept = cut(text.replace("'pickles'", "'others'"))
    ast.parse(kept)
    assert "@" not in kept


def test_methods_that_do_not_matter_are_left_out() -> None:
    methods = "".join(f"    @property\n    def filler_{number}(self):\n        return {number}\n\n" for number in range(400))
    text = f"import pickle\n\n\nclass Store:\n    kind = 1\n\n{methods}    def read(self, path):\n        return pickle.load(path)\n\n{methods}"
    assert len(cut(text)) < len(text) / 10
    assert "kind = 1" in cut(text)
    assert found(text) == [(line_of(text, "pickle.load"), "unsafe-pickle-load")]


def test_a_class_that_gets_its_methods_from_one_that_matters_stays() -> None:
    heirs = "class Middle(Unsafe):\n    pass\n\n\nclass Last(Middle):\n    pass\n\n\n"
    text = f"import pickle\n\n\nclass Unsafe(pickle.Unpickler):\n    pass\n\n\n{FILLER}{heirs}def read(file):\n    return Last(file).load()\n"
    assert "class Last" in cut(text)
    assert found(text)


def test_a_class_that_is_cut_in_a_string_stays_readable() -> None:
    text = f"import pickle\n\n\ndef long():\n    text = '''\ndef inner():\n    pickle\n'''\n    return text\n\n\n{FILLER}{SINK}"
    assert found(text) == [(line_of(text, "pickle.load"), "unsafe-pickle-load")]


def test_small_files_are_read_as_a_whole() -> None:
    assert relevant_blocks(b"import pickle\ndef f(): pass\n", [7]) is None


@pytest.mark.parametrize(
    "line", ["@x\n", "def f(\n", "class A(B):\n    def g(\n", ")\n", "# c\n", "\n", "    def f(): pass\n", '"""\n', "async def f(): pass\n"]
)
def test_hostile_modules_take_linear_time(line: str) -> None:
    data = b"import pickle\n" + line.encode() * (1_000_000 // len(line))
    start = time.process_time()
    relevant_blocks(data, [7])
    assert time.process_time() - start < 2


def test_many_mentions_hide_nothing() -> None:
    text = "# pickle.load\n" * 30_000 + "import pickle\nx = pickle.load(f)\n"
    assert hot.wanted(text.encode()) >= {"pickle"}


def test_a_class_keeps_a_body() -> None:
    methods = "".join(f"    def filler_{number}(self):\n        return {number}\n\n" for number in range(400))
    text = f"import pickle\n\n\nclass TestPickle:\n{methods}\n\n{SINK}"
    kept = cut(text)
    ast.parse(kept)
    assert len(kept) < len(text) / 10
    assert found(text) == [(line_of(text, "pickle.load"), "unsafe-pickle-load")]
