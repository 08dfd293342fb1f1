"""Loads of code-bearing files in Python: what `--fix` makes of each form, the look at the bytes, and hostile files."""

from __future__ import annotations

import ast
import json
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.loads import read_loads
from agent_security_hooks.parse.loads.hot import wanted
from agent_security_hooks.parse.loads.requirements import asks_for_torch
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given, settings
from hypothesis import strategies as st
from support import scan, write

if TYPE_CHECKING:
    from pathlib import Path

    from agent_security_hooks.parse.downloads import Event

ONLY = "weights_only=True"


def events(code: str | bytes, name: str = "a.py") -> list[Event]:
    return read_loads(Source(name, code if isinstance(code, bytes) else code.encode(), Repository())).events


def mended(code: str, name: str = "a.py", *, unsafe: bool = False) -> str:
    data = code.encode()
    edits = {edit for event in events(data, name) if event.safe or unsafe for edit in event.edits}
    for start, end, new in sorted(edits, reverse=True):
        data = data[:start] + new + data[end:]
    return data.decode()


TORCH = [
    ("torch.load(f)", f"torch.load(f, {ONLY})"),
    ("torch.load(f, )", f"torch.load(f, {ONLY} )"),
    ("torch.load(f,)", f"torch.load(f, {ONLY})"),
    ("torch.load((f))", f"torch.load((f), {ONLY})"),
    ("torch.load(((f)) )", f"torch.load(((f)), {ONLY} )"),
    ('torch.load("m.pt", map_location="cpu")', f'torch.load("m.pt", map_location="cpu", {ONLY})'),
    ('torch.load(f"{d}/m.pt")', f'torch.load(f"{{d}}/m.pt", {ONLY})'),
    ('torch.load("a)b.pt")', f'torch.load("a)b.pt", {ONLY})'),
    ('torch.load("é.pt")', f'torch.load("é.pt", {ONLY})'),
    ("torch.load(f, map_location=lambda s, l: s)", f"torch.load(f, map_location=lambda s, l: s, {ONLY})"),
    ("torch.load(open(p, 'rb'))", f"torch.load(open(p, 'rb'), {ONLY})"),
    ("torch.load(*arguments)", None),
    ("torch.load(f, **options)", None),
    ("torch.load(f, pickle_module=dill)", None),
    ("torch.load(f, None, dill)", None),
    ("torch.load(x for x in y)", None),
    ("torch.load((x for x in y))", None),
    ("torch.load()", None),
    ("torch.load(f, weights_only=None)", None),
    ("torch.load(f, weights_only=flag)", None),
    ("map(torch.load, fs)", None),
    ("functools.partial(torch.load)(f)", None),
    ("torch.load(\n    f\n)", f"torch.load(\n    f, {ONLY}\n)"),
    ("torch.load(\n    f,\n)", f"torch.load(\n    f,\n    {ONLY},\n)"),
    ('torch.load(\n    f,\n    map_location="cpu",  # here\n)', f'torch.load(\n    f,\n    map_location="cpu",  # here\n    {ONLY},\n)'),
    ("torch.load(\n    f  # a file\n)", f"torch.load(\n    f, {ONLY}  # a file\n)"),
    ("torch.load(\n\tf,\n)", f"torch.load(\n\tf,\n\t{ONLY},\n)"),
    ("torch.load(\r\n    f,\r\n)", f"torch.load(\r\n    f,\r\n    {ONLY},\r\n)"),
    ("torch.load(f, # one\n    # two\n    g,)", f"torch.load(f, # one\n    # two\n    g, {ONLY})"),
    ("torch.load(f \\\n    )", f"torch.load(f, {ONLY} \\\n    )"),
    ("torch.load(f, \\\n    )", f"torch.load(f, {ONLY}, \\\n    )"),
    ("torch.load(f,\n)", f"torch.load(f, {ONLY},\n)"),
    ("torch.load(\n    f,\n    # last\n)", f"torch.load(\n    f,\n    {ONLY},\n    # last\n)"),
    ("(torch\n .load(f))", f"(torch\n .load(f, {ONLY}))"),
    ("[torch.load(p) for p in ps]", f"[torch.load(p, {ONLY}) for p in ps]"),
    ("@wrap(torch.load(f))\ndef g(): ...", f"@wrap(torch.load(f, {ONLY}))\ndef g(): ..."),
    ("torch.load(torch.load(f))", f"torch.load(torch.load(f, {ONLY}), {ONLY})"),
    ("torch.hub.load_state_dict_from_url(u)", f"torch.hub.load_state_dict_from_url(u, {ONLY})"),
    ("if x:\n    y = torch.load(f)", f"if x:\n    y = torch.load(f, {ONLY})"),
]


@pytest.mark.parametrize(("before", "after"), TORCH)
def test_weights_only_is_added(before: str, after: str | None) -> None:
    code = "import functools, torch\n" + before + "\n"
    result = mended(code)
    assert result == "import functools, torch\n" + (before if after is None else after) + "\n"
    ast.parse(result)
    assert mended(result) == result


def test_a_literal_false_is_turned_with_unsafe_fixes_only() -> None:
    code = "import torch\nx = torch.load(f, weights_only=False)\n"
    assert mended(code) == code
    assert mended(code, unsafe=True) == code.replace("False", "True")


YAML = [
    ("import yaml\nyaml.load(f)", "import yaml\nyaml.safe_load(f)"),
    ("import yaml as y\ny.load(f)", "import yaml as y\ny.safe_load(f)"),
    ("import yaml\nyaml.load_all(f)", "import yaml\nyaml.safe_load_all(f)"),
    ("import yaml\nyaml.load(stream=f)", "import yaml\nyaml.safe_load(stream=f)"),
    ("import yaml\nyaml.load(\n    f,  # x\n)", "import yaml\nyaml.safe_load(\n    f,  # x\n)"),
    ("import yaml\nyaml.unsafe_load(f)", "import yaml\nyaml.safe_load(f)"),
    ("import yaml\nyaml.full_load_all(f)", "import yaml\nyaml.safe_load_all(f)"),
    ("import yaml\nyaml.load(f, Loader=yaml.Loader)", "import yaml\nyaml.load(f, Loader=yaml.SafeLoader)"),
    ("import yaml\nyaml.load(f, yaml.FullLoader)", "import yaml\nyaml.load(f, yaml.SafeLoader)"),
    ("import yaml\nyaml.load(f, Loader=yaml.CLoader)", "import yaml\nyaml.load(f, Loader=yaml.CSafeLoader)"),
    ("import yaml\nyaml.load(f, Loader=yaml.cyaml.CLoader)", "import yaml\nyaml.load(f, Loader=yaml.cyaml.CSafeLoader)"),
    ("import yaml\nmap(yaml.unsafe_load, fs)", "import yaml\nmap(yaml.safe_load, fs)"),
    ("import yaml\nmap(yaml.load, fs)", None),
    ("from yaml import load\nload(f)", None),
    ("from yaml import load, SafeLoader\nload(f)", "from yaml import load, SafeLoader\nload(f, Loader=SafeLoader)"),
    ("from yaml import load, Loader\nload(f, Loader=Loader)", None),
    ("from yaml import load, Loader, SafeLoader\nload(f, Loader)", "from yaml import load, Loader, SafeLoader\nload(f, SafeLoader)"),
    ("from yaml import unsafe_load\nunsafe_load(f)", None),
    ("import yaml\nclass L(yaml.Loader): ...\nyaml.load(f, Loader=L)", None),
    ("import yaml\nyaml.load(f, Loader=None)", None),
    ("import yaml\ngetattr(yaml, 'load')(f)", None),
    ("import yaml\nyaml.load(*f)", None),
    ("import yaml\nx = (yaml\n    .load(f))", "import yaml\nx = (yaml\n    .safe_load(f))"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), YAML)
def test_a_safe_loader_is_written(before: str, after: str | None) -> None:
    result = mended(before + "\n")
    assert result == (before if after is None else after) + "\n"
    ast.parse(result)
    assert after is None or not events(result)


def test_safe_mode_is_turned_on() -> None:
    assert mended("import keras\nkeras.models.load_model(p, safe_mode=False)\n") == "import keras\nkeras.models.load_model(p, safe_mode=True)\n"
    assert mended("import keras\nkeras.config.enable_unsafe_deserialization()\n") == "import keras\nkeras.config.enable_unsafe_deserialization()\n"


def test_a_notebook_keeps_its_escapes() -> None:
    cell = ["import torch\n", 'a = torch.load("m.pt")\n', "b = torch.load(\n", '    "n.pt",  # \\"x\\"\n', ")\n"]
    code = json.dumps(
        {"cells": [{"cell_type": "code", "metadata": {}, "source": cell, "outputs": []}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    )
    made = json.loads(mended(code, "a.ipynb"))["cells"][0]["source"]
    assert made == ["import torch\n", f'a = torch.load("m.pt", {ONLY})\n', "b = torch.load(\n", f'    "n.pt", {ONLY},  # \\"x\\"\n', ")\n"]
    assert not events(mended(code, "a.ipynb"), "a.ipynb")


def test_fix_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.py": "import torch, yaml\nx = torch.load(f)\ny = yaml.load(g)\n"})
    scan("--fix", "a.py", hook="pickle-check")
    assert (tmp_path / "a.py").read_text() == f"import torch, yaml\nx = torch.load(f, {ONLY})\ny = yaml.safe_load(g)\n"


@pytest.mark.parametrize(
    ("code", "families"),
    [
        ("import pickle\npickle.dumps(x)\n", ""),
        ("# import pickle; pickle.load(f)\n", ""),
        ("'''\n>>> import pickle\n>>> pickle.load(f)\n'''\n", ""),
        ("import json, pickle\njson.load(f)\nself.load(g)\npickle.dump(x, f)\n", ""),
        ("import pickle\nx = pickle.loads(pickle.dumps(y))\n", ""),
        ("import yaml\nyaml.safe_load(f)\n", ""),
        ("import torch\nload(x)\n", ""),
        ("import pickle as json\njson.load(f)\n", "pickle"),
        ("import pickle\np = pickle\nq = p\nq.load(f)\n", "pickle"),
        ("import pickle, json\njson = pickle\njson.load(f)\n", "pickle"),
        ("from pickle import (\n    dumps,\n    loads as x,\n)\nx(y)\n", "pickle"),
        ("import marshal\nmarshal.loads(x)\n", "array"),
        ("np.load(f, allow_pickle=True)\n", "array"),
    ],
)
def test_most_files_are_told_by_their_bytes(code: str, families: str) -> None:
    assert " ".join(sorted(wanted(code.encode()))) == families


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("requirements.txt", "torch>=2.6\n", True),
        ("requirements.txt", "numpy\ntorch==2.6.0+cu121  # gpu\n", True),
        ("requirements.txt", "torch\n", False),
        ("requirements.txt", "torch<3\n", True),
        ("requirements.txt", "torch>=2.5,<2.7\n", False),
        ("requirements.txt", "torchvision>=2.9\n", False),
        ("requirements.txt", "torch>=2.6\ntorch==2.2; python_version < '3.9'\n", False),
        ("pyproject.toml", '[project]\ndependencies = ["torch>=2.7"]\n', True),
        ("pyproject.toml", '[project]\ndependencies = [\n  "torch[opt]~=2.6",\n]\n', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = "^2.6"\n', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = {version = "2.5.1", source = "x"}\n', False),
        ("setup.cfg", "[options]\ninstall_requires =\n    torch>=2.8\n", True),
        ("uv.lock", '[[package]]\nname = "torch"\nversion = "2.6.0"\n', True),
        ("environment.yml", "dependencies:\n  - pytorch=2.7\n", True),
        ("README", "torch>=2.6\n", False),
    ],
)
def test_the_version_of_torch_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, answer: bool) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {name: content})
    # An upper bound alone allows every version below it.
    assert asks_for_torch(Source("pkg/a.py", b"", Repository()), (2, 6)) is (answer and "<3" not in content)


def test_what_fix_cannot_do_is_not_promised() -> None:
    def fixes(code: str) -> list[str]:
        return [event.fix for event in events("import torch, yaml\n" + code)]

    assert fixes("torch.load(f)") == [""]  # the rule's own, which speaks of --fix
    assert "--unsafe-fixes" in fixes("torch.load(f, weights_only=False)")[0]
    assert fixes("torch.load(f, pickle_module=dill)")[0].startswith("remove pickle_module")
    for code in ("torch.load()", "map(torch.load, fs)", "print torch.load(f)", "print yaml.load(f)", "yaml.load(f, Loader=None)"):
        assert fixes(code)[0]
        assert "--fix" not in fixes(code)[0]


def test_more_downloads_than_are_followed() -> None:
    code = (
        "import torch, requests\n"
        + "".join(f"r = requests.get('https://a.example/{number}')\n" for number in range(1001))
        + "torch.load(f, weights_only=True)\n"
    )
    assert read_loads(Source("a.py", code.encode(), Repository())).problem == "has more downloads than are followed; the rest was not looked at"


def test_what_cannot_be_parsed_is_named_only_where_it_matters() -> None:
    def problem(code: str) -> str:
        return read_loads(Source("a.py", code.encode(), Repository())).problem

    assert problem("print 'x'\n") == ""
    assert problem("import pickle\nprint 'x'\n") == ""
    assert problem("import pickle\nprint pickle.load(f)\n") == "not valid Python (line 2)"
    assert "nested too deeply" in problem("import pickle\nx = pickle.load(" + "(" * 3000 + ")" * 3000 + ")\n")
    assert [event.rule for event in events("import pickle, yaml\nprint pickle.load(f), yaml.load(g)\n'yaml.load(' # pickle.load(\n")] == [
        "unsafe-pickle-load",
        "unsafe-yaml-load",
    ]


WORDS = "import from as pickle load loads ( ) . , = \n torch yaml Loader getattr weights_only True False * ** {} [ ] : lambda def class f in for try except # ' \" é \0 \t".split(
    " "
)


@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_any_words_are_read(code: str) -> None:
    events("import pickle, torch, yaml\npickle.load(f)\n" + code)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read(data: bytes) -> None:
    events(b"import pickle\npickle.load(f)\n" + data)
    wanted(data)


HOSTILE = {
    "names": "import pickle\n" + "a, " * 60_000 + "\npickle.load(f)",
    "owners": "import pickle\n" + "a." * 100_000 + "load(f)",
    "assignments": "import pickle\n" + "a = " * 50_000 + "pickle\n" + "b.load\n" * 20_000,
    "getattr": "import pickle\npickle\n" + "getattr(pickle_, 'a' " * 20_000,
    "aliases": "import pickle\n" + "".join(f"p{i} = pickle\n" for i in range(20_000)) + "z.load(f)\n",
    "chain": "import pickle\np0 = pickle\n" + "".join(f"p{i + 1} = p{i}\n" for i in range(5000)) + "p5000.load(f)\n",
    "calls": "import pickle\n" + "pickle.load(f)\n" * 8000,
    "tries": "import torch\n" + "try:\n    torch.load(f, weights_only=True)\nexcept E:\n    torch.load(f, weights_only=False)\n" * 900,
    "requirements": "torch " * 100_000,
    "words": "pickle torch yaml load marshal keras " * 20_000,
    "dictionary": "import torch\nBIG = {" + "'a': 1, " * 8000 + "}\n" + "torch.load(f, **BIG)\n" * 8000,
    "rebound": "import torch\nw = True\nw = True\n" + "torch.load(f, weights_only=w)\n" * 8000,
    "joined": "import importlib\n" + "importlib.import_module('pick' + 'le').load(f)\n" * 6000,
    "aliases of functions": "from torch import load\n" + "".join(f"r{i} = torch.load\n" for i in range(10_000)) + "def f(): load(x)\n" * 100,
    "as": "import pickle as " * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_time(name: str) -> None:
    took = []
    for _ in range(3):
        start = time.process_time()
        events(HOSTILE[name])
        took.append(time.process_time() - start)
        if took[-1] < 2:
            break
    assert min(took) < 2
