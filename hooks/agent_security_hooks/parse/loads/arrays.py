"""Calls that load NumPy files with `allow_pickle`, and marshal."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.loads.names import canonical
from agent_security_hooks.parse.loads.pickles import is_written_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.loads.calls import Calls, Use

NUMPY, MARSHAL = "unsafe-numpy-load", "unsafe-marshal-load"
# Position of allow_pickle in each function that reads.
_POSITIONS: dict[str, int] = {
    "numpy.load": 2, "numpy.lib.npyio.load": 2, "numpy.lib._npyio_impl.load": 2, "numpy.lib.format.read_array": 1, "numpy.lib._format_impl.read_array": 1,
    "numpy.lib.npyio.NpzFile": 3, "numpy.lib._npyio_impl.NpzFile": 3,
}  # fmt: skip
MARSHALS: frozenset[str] = frozenset(("marshal.load", "marshal.loads"))
HANDED: frozenset[str] = frozenset((*_POSITIONS, *MARSHALS))
_WRITES = ("save", "dump", "write", "to_", "add_argument", "set_defaults", "assert_", "export", "store")
_READS = ("load", "read", "open", "get", "from_", "parse", "npz", "npy")
_FIX = "save plain dtypes and leave allow_pickle out; keep what is no array as JSON"
_MARSHAL_FIX = "keep data as JSON; marshal is for .pyc files of this very Python"


def array_events(calls: Calls) -> Iterator[Event]:
    """The events of unsafe-numpy-load and unsafe-marshal-load."""
    tree = calls.tree
    pickles = b"allow_pickle" in tree.text.data
    for use in calls.uses:
        name = canonical(use.name, calls.file) if use.name else ""
        if name in MARSHALS:
            if use.call is None or not is_written_here(calls, name, use.call, use.scope):
                handed = "is handed on: it " if use.call is None else ""
                whose = "data" if name.endswith("s") else "file"
                yield Event(
                    *tree.span(use.node),
                    MARSHAL,
                    f"{name} {handed}makes code objects of what the {whose} holds, and crashes on what is malformed",
                    _MARSHAL_FIX,
                )
        elif name in _POSITIONS or use.call is not None and pickles:
            yield from _numpy(calls, use, name)


def _numpy(calls: Calls, use: Use, name: str) -> Iterator[Event]:
    given = calls.keyword(use, "allow_pickle", _POSITIONS.get(name, -1))
    if given.node is None:
        return
    function = use.call.func if use.call is not None else use.node
    last = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    if name not in _POSITIONS and (last.lower().lstrip("_").startswith(_WRITES) or name in ("dict", "inspect.Parameter")):
        return
    truth = calls.truth(given.node, given.scope)
    if truth is False:
        return
    known = name in _POSITIONS or any(word in last.lower() for word in _READS)
    shown = name if name in _POSITIONS else last or "this call"
    message = f"{shown} with allow_pickle" + (" runs whatever code the file asks for" if truth else " runs whatever code the file asks for, where that is true")
    yield Event(*calls.tree.span(use.node), NUMPY, message, _FIX, truth is None or not known)
