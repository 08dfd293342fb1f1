"""What Python code loads that can run code: pickles, PyTorch and NumPy files, YAML, Keras models, models of a hub.

Most files are told apart by a look at their bytes; only where a line of code names a loader, the file is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.loads.hot import wanted
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_security_hooks.parse.downloads import Event
    from agent_security_hooks.parse.loads.calls import Calls
    from agent_security_hooks.parse.python_tree import PythonTree
    from agent_security_hooks.source import Source

_ENDINGS = (".py", ".pyi", ".pyw")


class Loads(NamedTuple):
    """The events of a file in order of place. `problem` says why it was not looked at, or not to its end, quoting nothing of it."""

    events: list[Event]
    problem: str = ""


def read_loads(file: Source) -> Loads:
    """The view."""
    name = file.name.lower()
    if name.endswith(".ipynb"):
        return _read_notebook(file)
    if not name.endswith(_ENDINGS) and ("." in name or not _runs_python(file.data)):
        return Loads([])
    if b"coding" in file.data[:_COOKIE] and (encoding := _other_encoding(file.data)):
        return Loads([], f"it declares the encoding {encoding}, in which its code looks like something else")
    families = wanted(file.data)
    if families:
        return _read(file, _parse(file, families), families)
    # Python takes letters of mathematics and of full width for the plain ones.
    families = wanted(_plain_letters(file.data)) if not file.data.isascii() and any(begin in file.data for begin in _LETTERS) else families
    if not families:
        return Loads([])
    from agent_security_hooks.parse.python_tree import read_python

    return _read(file, file.view(read_python), families)


_COOKIE = 200
_CODING = Pattern(rb"(?:[ \t\f]*(?:#[^\n]*)?\n)?[ \t\f]*#[^\n]{0,80}?coding[:=][ \t]{0,4}([-\w.]{1,40})")
"""The declaration in the first two lines: https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations."""
_READABLE = Pattern(
    rb"(?i)(?:utf[-_]?8|u8|utf[-_]?8[-_]sig|(?:us[-_]?)?ascii|latin[-_]?\w{1,3}|l[1-9]|(?:iso|iso[-_])?8859[-_]\d{1,2}|(?:cp|windows[-_]?)(?:125\d|4[34]7|8[56]\d|7[37]\d|9[345]\d)"
    rb"|koi8[-_][rtu]|euc[-_]?\w{2}|gbk?|gb2312|gb18030|big5\w*|(?:s|shift)[-_]?jis\w*|mac[-_]?\w*|tis[-_]?620|binary|none|undefined)\Z"
)
"""Encodings in which ASCII is ASCII."""
_LETTERS = (b"\xef\xbc", b"\xef\xbd", b"\xf0\x9d")


def _other_encoding(data: bytes) -> str:
    match = _CODING.match(data)
    if match is None or _READABLE.match(match[1]) is not None:
        return ""
    from codecs import lookup

    name = match[1].decode("ascii", "replace")
    try:
        lookup(name)
    except (LookupError, ValueError):  # Python does not run such a file
        return ""
    return name


def _plain_letters(data: bytes) -> bytes:
    from unicodedata import normalize

    return normalize("NFKC", data.decode("utf-8", "replace")).encode()


def _parse(file: Source, families: frozenset[str]) -> PythonTree:
    """The tree of what matters in the file, or of all of it where that cannot be told apart."""
    from agent_security_hooks.parse.loads.blocks import relevant_blocks
    from agent_security_hooks.parse.loads.hot import places
    from agent_security_hooks.parse.python_tree import PythonTree, read_python

    known = places(file.data, families)
    text = relevant_blocks(file.data, known, callers="weights" in families) if known is not None else None
    if text is not None:
        tree = PythonTree(text)
        if not tree.problem:
            return tree
    return file.view(read_python)


def _runs_python(data: bytes) -> bool:
    """Whether the first line calls Python."""
    return data.startswith(b"#!") and b"python" in data[: max(0, data.find(b"\n")) or 200][:200]


def _read_notebook(file: Source) -> Loads:
    if not wanted(_as_lines(file.data)):
        return Loads([])
    from agent_security_hooks.parse.loads.plain import plain_events
    from agent_security_hooks.parse.notebooks import parse_notebook

    notebook = file.view(parse_notebook)
    families = wanted(notebook.tree.text.data)
    found = _read(file, notebook.tree, families) if families else Loads([])
    loose = {event for cell in notebook.left_out for event in plain_events(cell)}
    return Loads(sorted({*found.events, *loose}), notebook.problem)


def _as_lines(data: bytes) -> bytes:
    """JSON as nearly the lines that its texts have: enough for a look at the bytes."""
    if b"\\" in data:
        if b"\\u00" in data:
            data = _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), data)
        data = data.replace(b'\\"', b"'").replace(b"\\n", b"\n").replace(b"\\t", b"\t").replace(b"\\r", b"\r")
    return data.replace(b'"', b" ")


_ESCAPED = Pattern(rb"\\u00([2-7][0-9A-Fa-f])")


def _read(file: Source, tree: PythonTree, families: frozenset[str]) -> Loads:
    if tree.problem:
        from agent_security_hooks.parse.loads.plain import plain_events

        return Loads(sorted(plain_events(tree.text)), tree.problem)
    from agent_security_hooks.parse.loads.calls import Calls
    from agent_security_hooks.parse.loads.names import canonical
    from agent_security_hooks.parse.loads.uses import Uses
    from agent_security_hooks.parse.python_text import PythonText

    text = PythonText(tree)
    readers = list(_readers(families))
    handed = frozenset().union(*(names for names, _ in readers))

    def is_handed(name: str) -> bool:
        return canonical(name, file) in handed

    uses = Uses(tree, text, is_handed, frozenset(name.rpartition(".")[2] for name in handed)).read()
    calls = Calls(file, tree, text, uses)
    events = sorted({event for _, read in readers for event in read(calls)})
    return Loads(events, calls.problem)


def _readers(families: frozenset[str]) -> Iterator[tuple[frozenset[str], Callable[[Calls], Iterator[Event]]]]:
    """What each family says of functions that are handed on, and how it is asked for its events."""
    if "pickle" in families:
        from agent_security_hooks.parse.loads import pickles

        yield frozenset((*pickles.HANDED, *pickles.SINKS, *pickles.CLASSES)), pickles.pickle_events
    if "torch" in families:
        from agent_security_hooks.parse.loads import torch

        yield torch.HANDED, torch.torch_events
    if "array" in families:
        from agent_security_hooks.parse.loads import arrays

        yield arrays.HANDED, arrays.array_events
    if "yaml" in families:
        from agent_security_hooks.parse.loads import yaml

        yield yaml.HANDED, yaml.yaml_events
    if "keras" in families:
        from agent_security_hooks.parse.loads import keras

        yield keras.HANDED, keras.keras_events
    if "hub" in families:
        from agent_security_hooks.parse.loads import hub

        yield frozenset(), hub.hub_events
    if "weights" in families:
        from agent_security_hooks.parse.loads import weights

        yield frozenset(), weights.weight_events
