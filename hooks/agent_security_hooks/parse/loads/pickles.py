"""Calls that unpickle: pickle and what is built on it, `Unpickler` without `find_class`, and `allow_dangerous_deserialization`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.loads.names import canonical
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.python_tree import Scope, constant_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.loads.calls import Calls, Use

RULE = "unsafe-pickle-load"
_PICKLE = "store data as JSON, arrays and weights as safetensors; for pickles that must stay, subclass pickle.Unpickler with a find_class that lists what they may name"
_MODEL = "save with skops.io.dump and load with skops.io.load, which names the types it trusts; weights alone as safetensors"
_FRAME = "write with DataFrame.to_parquet and read with pandas.read_parquet"
_SHELF = "keep the values in sqlite3 or as JSON"
_OBJECTS = "read plain values with json.loads and build the objects from them"
_ARRAYS = "send arrays as plain values or with safetensors.numpy.save"
_INDEX = "build the index from documents that you keep, or store it in a format without pickle; remove the argument"

_TABLE: tuple[tuple[str, str, str], ...] = (
    ("pickle _pickle cPickle pickle5 zodbpickle zodbpickle.pickle", "load loads _load _loads", _PICKLE),
    ("dill dill._dill", "load loads load_session load_module load_module_asdict", _PICKLE),
    ("cloudpickle cloudpickle.cloudpickle compress_pickle multiprocessing.reduction.ForkingPickler", "load loads", _PICKLE),
    ("dill.session", "load_session load_module load_module_asdict", _PICKLE),
    ("joblib joblib.numpy_pickle", "load", _MODEL),
    ("joblib.numpy_pickle_compat", "load_compatibility", _MODEL),
    ("shelve", "open Shelf BsdDbShelf DbfilenameShelf", _SHELF),
    ("jsonpickle jsonpickle.unpickler", "decode loads Unpickler().restore", _OBJECTS),
    ("pandas pandas.io.pickle pandas.io.api", "read_pickle", _FRAME),
    ("pandas.compat.pickle_compat", "load loads", _FRAME),
    ("msgpack_numpy", "load loads unpack unpackb decode", _ARRAYS),
    ("hickle hickle.hickle", "load", _PICKLE),
    ("srsly", "pickle_loads", _PICKLE),
    ("gensim.utils", "unpickle", _MODEL),
    ("statsmodels.iolib.smpickle", "load_pickle", _MODEL),
)
SINKS: dict[str, str] = {f"{module}.{name}": fix for modules, names, fix in _TABLE for module in modules.split() for name in names.split()}
CLASSES: dict[str, str] = {
    f"{module}.{name}": _PICKLE
    for module in "pickle _pickle cPickle pickle5 dill dill._dill cloudpickle zodbpickle zodbpickle.pickle joblib.numpy_pickle pandas.compat.pickle_compat".split()
    for name in ("Unpickler", "_Unpickler", "NumpyUnpickler")
}
HANDED: dict[str, str] = {name: fix for name, fix in SINKS.items() if not name.rpartition(".")[2][0].isupper()}
_WRITERS = frozenset("dumps encode pickle_dumps packb".split())
_WRITTEN = frozenset("pickle _pickle cPickle pickle5 dill cloudpickle jsonpickle".split())
_TEST = Pattern(r"(?:^|/)(?:tests?|testing|testsuite|__tests__|unit_?tests?)/|(?:^|/)(?:test_[^/]*|[^/]*_tests?\.[a-z]+|conftest\.py)$")
_DANGEROUS = "allow_dangerous_deserialization"


def pickle_events(calls: Calls) -> Iterator[Event]:
    """The events of unsafe-pickle-load; in tests they are pedantic."""
    test = _TEST.search(calls.file.path.lower()) is not None
    for event in _Pickles(calls).events():
        yield event._replace(pedantic=True) if test else event


class _Pickles:
    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.tree = calls.tree
        self._restricted: frozenset[str] | None = None

    def events(self) -> Iterator[Event]:
        dangerous = _DANGEROUS.encode() in self.tree.text.data
        for use in self.calls.uses:
            name = canonical(use.name, self.calls.file) if use.name else ""
            if name in SINKS:
                if use.call is None or not is_written_here(self.calls, name, use.call, use.scope):
                    message, pedantic = self._message(name, use)
                    yield Event(*self.tree.span(use.node), RULE, message, SINKS[name], pedantic)
            elif name in CLASSES:
                if use.call is None or not self._is_restricted(use.call):
                    handed = "is handed on: it " if use.call is None else ""
                    yield Event(*self.tree.span(use.node), RULE, f"{name} without find_class {handed}runs whatever code the file asks for", CLASSES[name])
            elif use.call is not None:
                yield from self._subclass(use, use.call)
                if dangerous:
                    yield from self._allowed(use, use.call)
        if dangerous:
            yield from self._settings()

    def _message(self, name: str, use: Use) -> tuple[str, bool]:
        asks = "its data asks for" if name.rpartition(".")[2] in ("loads", "decode", "unpackb", "restore", "pickle_loads", "_loads") else "the file asks for"
        if name.startswith("shelve."):
            flag = self.calls.keyword(use, "flag", 1).node if use.call is not None else None
            return f"{name} unpickles what it reads, which runs whatever code {asks}", name == "shelve.open" and constant_text(flag) == "n"
        shown = name.replace("()", "")
        if name.startswith("msgpack_numpy."):
            return f"{shown} unpickles arrays of objects, which runs whatever code {asks}", False
        return f"{shown} {'is handed on: it ' if use.call is None else ''}runs whatever code {asks}", False

    def _is_restricted(self, call: ast.Call) -> bool:
        """Whether `find_global` or `find_class` is assigned to the object that a call makes."""
        data = self.tree.text.data
        if b".find_global" not in data and b".find_class" not in data:
            return False
        if self._restricted is None:
            self._restricted = frozenset(
                target.value.id
                for node, _ in self.tree.nodes()
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Attribute) and target.attr in ("find_global", "find_class") and isinstance(target.value, ast.Name)
            )
        return any(
            isinstance(node, ast.Assign)
            and node.value is call
            and any(isinstance(target, ast.Name) and target.id in self._restricted for target in node.targets)
            for node, _ in self.tree.nodes()
        )

    def _subclass(self, use: Use, call: ast.Call) -> Iterator[Event]:
        """Finds an object of a class of this file that is an Unpickler and defines no find_class."""
        klass = self.tree.definition(call.func, use.scope) if isinstance(call.func, (ast.Name, ast.Attribute)) else None
        if klass is None or klass.kind != "class" or "find_class" in klass.bindings:
            return
        unpickler = ""
        for name, inner in self.calls.bases(klass):
            known = canonical(name, self.calls.file) if name else ""
            if known in CLASSES:
                unpickler = unpickler or known
            elif inner is None and known != "object" or inner is not None and "find_class" in inner.bindings:
                return
        if unpickler:
            message = f"{klass.node.name} is a {unpickler} without find_class: it runs whatever code the file asks for"  # type: ignore[attr-defined]
            yield Event(*self.tree.span(use.node), RULE, message, "give it a find_class that raises for every name but those that the data needs")

    def _allowed(self, use: Use, call: ast.Call) -> Iterator[Event]:
        for keyword in call.keywords:
            if keyword.arg == _DANGEROUS:
                truth = self.calls.truth(keyword.value, use.scope)
                last = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
                if truth is not False and last not in ("add_argument", "set_defaults"):
                    shown = f"{last or 'this call'} unpickles its file" + (
                        ": it runs whatever code the file asks for" if truth else f" if {_DANGEROUS} is set, and runs whatever code it asks for"
                    )
                    yield Event(*self.tree.span(use.node), RULE, shown, _INDEX, truth is None)

    def _settings(self) -> Iterator[Event]:
        """Finds the argument in dictionaries."""
        for node, scope in self.tree.nodes():
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values):
                    if key is not None and constant_text(key) == _DANGEROUS and self.calls.truth(value, scope) is True:
                        start, end = self.tree.span(key)[0], self.tree.span(value)[1]
                        yield Event(start, end, RULE, f"{_DANGEROUS} lets a store unpickle its file, which runs whatever code the file asks for", _INDEX)


def is_written_here(calls: Calls, name: str, call: ast.Call, scope: Scope) -> bool:
    """Whether a call reads what the same expression has just written: a copy by way of bytes."""
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Call):
        return False
    module, _, function = canonical(calls.tree.name(call.args[0].func, scope), calls.file).rpartition(".")
    return function in _WRITERS and (module in _WRITTEN or module == name.rpartition(".")[0])
