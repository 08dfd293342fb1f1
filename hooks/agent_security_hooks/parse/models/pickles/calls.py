"""What imports, calls and BUILD do, judged where all that goes into them is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import Window
from agent_security_hooks.parse.models.pickles.names import judge, reaches
from agent_security_hooks.parse.models.pickles.nested import look_at_object
from agent_security_hooks.parse.models.pickles.reader import Stop
from agent_security_hooks.parse.models.pickles.sniff import WINDOW, looks_like_pickle
from agent_security_hooks.parse.models.pickles.values import PLAIN, Box, Global, Result, Span, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent_security_hooks.parse.models.pickles.state import State

_LONGEST = 4096
LARGE = 1 << 28
"""Elements that no honest pickle makes from a number."""
_GETATTR = "builtins.getattr"
_ASKING = frozenset(("operator.attrgetter", "_operator.attrgetter"))
_ASKING_AND_CALLING = frozenset(("operator.methodcaller", "_operator.methodcaller"))
_CALLING = {
    **dict.fromkeys(("builtins.map", "builtins.filter", "builtins.iter", "functools.cmp_to_key", "functools.reduce", "_functools.reduce"), 0),
    **dict.fromkeys(("itertools.starmap", "itertools.filterfalse", "itertools.takewhile", "itertools.dropwhile"), 0),
    **dict.fromkeys(("torch._tensor._rebuild_from_type", "torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type_func"), 0),
    **dict.fromkeys(("itertools.accumulate", "itertools.groupby"), 1),
}
"""Functions that do no more than to call one of their arguments: which one."""
_PARTIAL = frozenset(("functools.partial", "_functools.partial"))
_HARMLESS_EXPRESSION = re.compile(r"[A-Za-z_][\w.\[\], ]{0,200}|range\([0-9, -]{1,60}\)")
_SIZED = frozenset(f"builtins.{name}" for name in ("bytes", "bytearray", "list", "tuple", "set", "frozenset")) | {"collections.deque", "array.array"}
"""Types that take as much memory as a number, or something with that many elements, tells them."""
_COUNTED = frozenset(("builtins.range", "builtins.xrange", "itertools.repeat"))
_DETAILED = re.compile(r"numpy\.(?:core\.multiarray\.|_core\.multiarray\.)?dtype|_?codecs\.(?:encode|decode)|torch\.storage\._load_from_bytes")
_ARRAY = re.compile(r"(?:sklearn\.externals\.)?joblib\.numpy_pickle\.NumpyArrayWrapper")
_DTYPE = re.compile(rb"[<>|=]?([a-zA-Z?])([0-9]{0,9})")
_LOOKED_AT = _CALLING.keys() | _PARTIAL | _COUNTED | _SIZED
"""Functions for which it matters what they are given."""


def find(state: State, module: Value, name: Value, start: int) -> Value:
    """An import: GLOBAL, STACK_GLOBAL, INST. Raises Stop where a loader would."""
    first, second = _text(state, module), _text(state, name)
    if first is None or second is None:
        if isinstance(module, Result | Global | Box) or isinstance(name, Result | Global | Box):
            state.report.active += 1
            state.report.tampered("computes the name of what it imports", start)
            return Result("a computed import")
        raise Stop("an import has no name")
    found = Global(state.allowance.judge(first, second), start)
    state.report.imports(found)
    if not state.keep and _ARRAY.fullmatch(found.verdict.path):
        state.keep_numbers()
    return found


def _text(state: State, value: Value) -> bytes | None:
    if isinstance(value, Span) and value.text:
        return state.bytes_at(value, _LONGEST)
    return value if isinstance(value, bytes) else None


def _name(state: State, value: Value) -> str | None:
    text = _text(state, value)
    return text.decode("utf-8", "replace") if text is not None else None


def call(state: State, function: Value, args: Value, start: int) -> Value:
    """A call: REDUCE, INST, OBJ."""
    items = _items(args)
    if isinstance(function, Global):
        return _call_import(state, function, items, start)
    if isinstance(function, Result):
        if function.callee in _PARTIAL and isinstance(function.detail, Global):
            state.report.calls(function.detail, start)
            return Result(function.detail.verdict.path)
        state.report.active += 1
        state.report.tampered("calls what {} returned", start, function.callee)
        function.result = state.of_a_call
    return state.of_a_call


def _call_import(state: State, function: Global, items: Sequence[Value], start: int) -> Value:
    path = function.verdict.path
    special = _SPECIAL.get(path)
    if special:
        return special(state, function, items, start)
    state.report.active += 1
    state.report.calls(function, start)
    if path not in _LOOKED_AT and not _DETAILED.fullmatch(path):
        function.result = Result(path)
        return function.result
    first = items[0] if items else None
    if path in _CALLING:
        _hand_over(state, path, items, start)
    if path == "torch.storage._load_from_bytes":
        look_at_object(state, first, start)
    if path in _COUNTED:
        return Result(path, max((item for item in items if isinstance(item, int)), default=None))
    if path in _SIZED:
        count = first.detail if isinstance(first, Result) and first.callee in _COUNTED else first if path.startswith("builtins.byte") else None
        if isinstance(count, int) and count >= LARGE:
            state.report.bomb("makes {} of " + str(count) + " elements", start, path)
    return Result(path, first if path in _PARTIAL or _DETAILED.fullmatch(path) else None)


def _hand_over(state: State, path: str, items: Sequence[Value], start: int) -> None:
    """A function is given to one that calls it."""
    place = _CALLING[path]
    given = items[place] if place < len(items) else None
    if isinstance(given, Global):
        state.report.calls(given, start)
    elif path.endswith("functools.reduce"):  # it is honest for `int | str`, which is written as reduce(or_, (int, str))
        state.report.dangerous(f"hands what is no import to {path}, which calls it", start)
    elif isinstance(given, Result) and (path != "builtins.iter" or len(items) > 1):
        state.report.tampered("hands what it computed to {}, which calls it", start, path)


def _getattr(state: State, function: Global, items: Sequence[Value], start: int) -> Value:
    """`getattr(Class, "name")` is how members of enumerations and bound methods are written."""
    target, name = items[0] if items else None, _name(state, items[1]) if len(items) > 1 else None
    state.report.active += 1
    if name is None:
        state.report.dangerous("asks an object for an attribute whose name it computes", start)
        return Result(function.verdict.path)
    if isinstance(target, Global):
        module, _, inner = target.verdict.path.rpartition(".")
        return _imported(state, module, f"{inner}.{name}", start)
    reason = reaches(name)
    if reason:
        state.report.dangerous(f"{reason} with getattr", start)
    return Result(function.verdict.path)


def _asks(state: State, function: Global, items: Sequence[Value], start: int) -> Value:
    """`attrgetter` and `methodcaller`, which reach what their argument says."""
    path = function.verdict.path
    state.report.active += 1
    names = [_name(state, item) for item in items]
    for name in names if path in _ASKING else names[:1]:
        reason = reaches(name) if name is not None else "computes the name of an attribute"
        if reason:
            state.report.dangerous(f"{reason} with {path}", start)
            return Result(path)
    return Result(path)


def _load_type(state: State, function: Global, items: Sequence[Value], start: int) -> Value:
    """dill's names for types: those of the module `types`, and built-in ones."""
    name = _name(state, items[0]) if items else None
    state.report.active += 1
    if name is None:
        state.report.tampered("computes the name of what it imports", start)
        return Result(function.verdict.path)
    return _imported(state, "types" if name.endswith("Type") else "builtins", name, start)


def _evaluate(state: State, function: Global, items: Sequence[Value], start: int) -> Value:
    """dill writes built-in constants as text that is evaluated."""
    name = _name(state, items[0]) if items else None
    if name and _HARMLESS_EXPRESSION.fullmatch(name) and "__" not in name:
        return Result(function.verdict.path)
    state.report.active += 1
    state.report.dangerous(f"runs Python code with {function.verdict.path}", start)
    return Result(function.verdict.path)


def _imported(state: State, module: str, name: str, start: int) -> Global:
    found = Global(judge(module, name), start)
    state.report.imports(found)
    return found


_SPECIAL: dict[str, Callable[[State, Global, Sequence[Value], int], Value]] = {
    _GETATTR: _getattr,
    "dill._dill._load_type": _load_type,
    "dill._dill._eval_repr": _evaluate,
    **dict.fromkeys(_ASKING | _ASKING_AND_CALLING, _asks),
}


def make(state: State, maker: Value, args: Value, start: int) -> Result:
    """NEWOBJ: an instance, for which only classes are accepted."""
    if isinstance(maker, Global):
        state.report.active += 1
        if maker.verdict.reason:
            state.report.calls(maker, start)
        path = maker.verdict.path
        if _DETAILED.fullmatch(path):
            return Result(path, _items(args)[0] if _items(args) else None)
        if path in _PARTIAL:  # BUILD changes it
            return Result(path)
        maker.made = Result(path)
        return maker.made
    return Result(maker.callee if isinstance(maker, Result) else "a class")


def build(state: State, target: Value, value: Value, pos: int) -> int:
    """BUILD: an object takes its state. The position after it, and after the array that joblib writes there."""
    if isinstance(target, Global):
        if not target.built:
            target.built = True
            state.report.active += 1
            state.report.tampered("gives {}, which it has only imported, a new state", state.at, target.verdict.path)
    elif not isinstance(target, Result):
        pass
    elif target.callee in _PARTIAL:
        target.detail = _items(value)[0] if _items(value) else None
    elif target.detail is not None and target.callee.endswith("dtype"):
        target.state = value or PLAIN
    elif not _ARRAY.fullmatch(target.callee):
        target.built = target.detail is None
    elif state.keep:
        return _array(state, value, pos + 1)
    return pos + 1


def _items(value: Value) -> Sequence[Value]:
    return value.items if isinstance(value, Box) and isinstance(value.items, tuple) else ()


def _array(state: State, value: Value, pos: int) -> int:
    """Pass over the array that follows its description (https://github.com/joblib/joblib, numpy_pickle.py)."""
    known = value.items if isinstance(value, Box) and isinstance(value.items, dict) else {}
    dtype, shape = known.get(b"dtype"), known.get(b"shape")
    code = dtype.detail if isinstance(dtype, Result) else None
    match = _DTYPE.fullmatch(code) if isinstance(code, bytes) else None
    if not match:
        raise Stop("an array does not say of what type it is")
    kind, digits = match.groups()
    if state.base + pos >= state.frame:  # arrays stand between frames
        state.leave_frame()
    if kind == b"O":
        return _pickled_array(state, pos)
    described = _items(dtype.state) if isinstance(dtype, Result) and dtype.state else None
    if described is not None and _may_hold_objects(described):
        window = Window(state.content, state.base + pos, state.left(pos))
        if looks_like_pickle(window.read(0, WINDOW), whole=window.size <= WINDOW, content=window):
            return _pickled_array(state, pos)
    if b"numpy_array_alignment_bytes" in known:
        state.refill(pos)
        pos = 1 + (state.data[0] if state.data else 0)
        if pos == 256:  # no padding is written as 255
            pos = 1
    count = 1
    for size in _items(shape):
        count *= max(0, size) if isinstance(size, int) else 1
    width = int(digits or b"1") * (4 if kind == b"U" else 1)
    if kind == b"V" and described and len(described) > 5 and isinstance(described[5], int) and described[5] > 0:
        width = described[5]
    if count * width > state.left(pos):
        raise Stop("an array ends beyond the end of the file")
    return pos + count * width


def _may_hold_objects(described: Sequence[Value]) -> bool:
    """Whether the state of a dtype says, or leaves open, that there are objects among its fields: such an array is pickled, whatever the type is called.

    The eighth value holds the flags, the lowest bit of which is NumPy's `hasobject`.
    """
    flags = described[7] if len(described) > 7 else None
    return not isinstance(flags, int) or bool(flags & 1)


def _pickled_array(state: State, pos: int) -> int:
    """An array of objects is a pickle of its own in the middle of this one."""
    from agent_security_hooks.parse.models.pickles.machine import Broken, run
    from agent_security_hooks.parse.models.pickles.state import State

    if state.depth > 5:
        raise Stop("pickles stand in pickles, too many deep")
    inner = State(state.content, state.allowance, state.report, state.depth + 1)
    try:
        return run(inner, state.base + pos) - state.base
    except Broken as problem:
        raise Stop(str(problem)) from None
