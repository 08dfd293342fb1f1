"""What the rarer opcodes do with the stack, the marks and the memo of a pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.pickles.calls import build, call, find, make
from agent_security_hooks.parse.models.pickles.nested import look_inside
from agent_security_hooks.parse.models.pickles.reader import IMPORTS, KEPT, Stop
from agent_security_hooks.parse.models.pickles.state import HUGE, ITEMS
from agent_security_hooks.parse.models.pickles.values import PLAIN, Box, Global, Result, Span, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.models.pickles.state import State


def _counted(size: int, text: bool) -> Handler:
    def handler(state: State, pos: int) -> int:
        count = state.number(pos + 1, size, signed=False)
        if len(state.data) < pos + 1 + size:
            raise Stop("an argument ends beyond the end of the file")
        return state.constant(pos + 1 + size, count, text)

    return handler


def _unicode(state: State, pos: int) -> int:
    data = state.data
    end = data.find(b"\n", pos)
    if 0 <= end < pos + 14:  # too short to hold a pickle
        text = data[pos + 1 : end]
        state.stack.append(text if text.isascii() and b"\\" not in text else _unescape_unicode(text))
        return end + 1
    begin, span, end = state.line(pos + 1)
    state.stack.append(span if span.size > KEPT else _unescape_unicode(begin))
    look_inside(state, span)
    return end


def _unescape_unicode(text: bytes) -> bytes:
    if b"\\" not in text:
        return text.decode("latin-1").encode()
    return text.decode("raw-unicode-escape", "replace").encode("utf-8", "surrogatepass")


def _string(state: State, pos: int) -> int:
    begin, span, end = state.line(pos + 1)
    inner = Span(span.start + 1, max(0, span.size - 2), text=True)
    if span.size > KEPT:
        state.stack.append(inner)
    else:
        body = begin.rstrip()
        if len(body) < 2 or body[0] != body[-1] or body[0] not in b"\"'":
            raise Stop("a STRING has no quotes")
        state.stack.append(_unescape(body[1:-1]) if b"\\" in body else body[1:-1])
    if span.size > 14:
        look_inside(state, inner)
    return end


def _unescape(text: bytes) -> bytes:
    """What `codecs.escape_decode` makes of a text."""
    import re

    def value(match: re.Match[bytes]) -> bytes:
        found = match[1]
        if found == b"x":
            raise Stop("a STRING has an escape without digits")
        if found[:1] == b"x":
            return bytes((int(found[1:], 16),))
        if found[:1] in b"01234567":
            return bytes((int(found, 8) & 255,))
        return _ESCAPES.get(found, b"" if found == b"\n" else match[0])

    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])", value, text)


_ESCAPES = {b"\\": b"\\", b"'": b"'", b'"': b'"', b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def _number_line(state: State, pos: int) -> int:
    end = state.data.find(b"\n", pos, pos + 9)
    if end > 0 and not state.keep:
        state.stack.append(None)
        return end + 1
    begin, _, end = state.line(pos + 1)
    digits = begin.strip().rstrip(b"L")
    state.stack.append(int(digits) if len(digits) < 20 and digits.lstrip(b"-").isdigit() else None)
    return end


def _persistent_line(state: State, pos: int) -> int:
    state.stack.append(_PERSISTENT)
    return state.skip_line(pos + 1)


def _binary_number(size: int, signed: bool) -> Handler:
    def handler(state: State, pos: int) -> int:
        state.stack.append(state.number(pos + 1, size, signed) if len(state.data) >= pos + 1 + size else None)
        return pos + 1 + size

    return handler


def _long(size: int) -> Handler:
    def handler(state: State, pos: int) -> int:
        count, start = state.number(pos + 1, size, signed=False), pos + 1 + size
        if count > state.left(start):
            if HUGE < count < 1 << 31:
                state.report.bomb(f"announces a number of {count} bytes where the file holds {max(0, state.left(start))}", state.base + pos)
            raise Stop("a number ends beyond the end of the file")
        state.stack.append(state.number(start, count, signed=True) if count <= 8 and (state.keep or count > 3) else None)
        return start + count

    return handler


def _index(text: bytes) -> int:
    try:
        index = int(text[:40])
    except ValueError:
        index = -1
    if index < 0:
        raise Stop("a place in the memo is no number")
    return index


def _get_line(state: State, pos: int) -> int:
    begin, _, end = state.line(pos + 1)
    state.get(_index(begin))
    return end


def _put_line(state: State, pos: int) -> int:
    end = state.data.find(b"\n", pos, pos + 12)
    text = state.data[pos + 1 : end] if end > 0 else b""
    if text.isdigit():
        state.put(int(text))
        return end + 1
    begin, _, end = state.line(pos + 1)
    state.put(_index(begin))
    return end


def _indexed(size: int, put: bool) -> Handler:
    def handler(state: State, pos: int) -> int:
        index = state.number(pos + 1, size, signed=False)
        if put:
            state.put(index)
        else:
            state.get(index)
        return pos + 1 + size

    return handler


def _memoize(state: State, pos: int) -> int:
    state.put(len(state.memo) + len(state.extra))
    return pos + 1


def _pop(state: State, pos: int) -> int:
    if state.stack:
        state.stack.pop()
    else:
        state.stack = state.marks.pop()
    return pos + 1


def _pop_mark(state: State, pos: int) -> int:
    state.stack = state.marks.pop()
    return pos + 1


def _dup(state: State, pos: int) -> int:
    value = state.stack[-1]
    if value is PLAIN:
        value = state.stack[-1] = Box()
    if value.__class__ is Box:
        state.sharing = state.careful = True
    state.stack.append(value)
    return pos + 1


def _marked(state: State, pos: int) -> int:
    """LIST, DICT and FROZENSET: a container of all down to the mark."""
    items, state.stack = state.stack, state.marks.pop()
    state.stack.append(PLAIN)
    if state.careful:
        state.fill(items, state.data[pos] == 0x64)
    return pos + 1


def _add_items(state: State, pos: int) -> int:
    items, state.stack = state.stack, state.marks.pop()
    if not state.stack:
        raise IndexError
    if state.careful:
        state.fill(items, named=False)
    return pos + 1


def _empty_set(state: State, pos: int) -> int:
    state.stack.append(PLAIN)
    return pos + 1


def _tuple3(state: State, pos: int) -> int:
    items = state.stack[-3:]
    if len(items) < 3:
        raise IndexError
    state.stack[-3:] = [state.tuple_of(items)]
    return pos + 1


def _frame(state: State, pos: int) -> int:
    size = state.number(pos + 1, 8, signed=False)
    if size > max(HUGE, state.left(pos)):
        state.report.bomb(f"announces a frame of {size} bytes where the file holds {max(0, state.left(pos))}", state.base + pos)
        return pos + 9  # the unpickler that is written in Python goes on if there is memory
    return state.enter_frame(pos)


def _global(state: State, pos: int) -> int:
    start = state.base + pos
    between = state.data.find(b"\n", pos)
    end = state.data.find(b"\n", between + 1)
    if 0 < between < end < pos + KEPT:
        known = state.imported.get(state.data[pos + 1 : end])
        if known:
            state.report.active += 1
            state.stack.append(known)
            return end + 1
        found = find(state, state.data[pos + 1 : between], state.data[between + 1 : end], start)
        if isinstance(found, Global) and not state.keep and len(state.imported) < IMPORTS:
            state.imported[state.data[pos + 1 : end]] = found
        state.stack.append(found)
        return end + 1
    module, _, pos = state.line(pos + 1)
    name, _, pos = state.line(pos)
    state.stack.append(find(state, module, name, start))
    return pos


def _stack_global(state: State, pos: int) -> int:
    name = state.stack.pop()
    state.stack[-1] = find(state, state.stack[-1], name, state.base + pos)
    return pos + 1


def _extension(size: int) -> Handler:
    def handler(state: State, pos: int) -> int:
        if not state.extension.built:
            state.extension.built = True
            state.report.active += 1
            state.report.tampered("takes an import from the table of copyreg extensions, where a scanner cannot see which", state.base + pos)
        state.stack.append(state.extension)
        return pos + 1 + size

    return handler


def _new_object(extra: int) -> Handler:
    def handler(state: State, pos: int) -> int:
        args: Value = None
        for _ in range(extra):
            args = state.stack.pop()
        state.stack[-1] = make(state, state.stack[-1], args, state.at)
        return pos + 1

    return handler


def _instance(state: State, pos: int) -> int:
    start = state.base + pos
    pos = _global(state, pos)
    function = state.stack.pop()
    items, state.stack = state.stack, state.marks.pop()
    known = function.result if isinstance(function, Global) else None
    state.stack.append(known or call(state, function, Box(tuple(items[:ITEMS])), start))
    return pos


def _object(state: State, pos: int) -> int:
    items, state.stack = state.stack, state.marks.pop()
    function = items[0]
    known = function.result if isinstance(function, Global) else None
    state.stack.append(known or call(state, function, Box(tuple(items[1 : ITEMS + 1])), state.base + pos))
    return pos + 1


def _build(state: State, pos: int) -> int:
    value = state.stack.pop()
    return build(state, state.stack[-1], value, pos)


def _persistent(state: State, pos: int) -> int:
    value = state.stack[-1]
    if state.storages is not None and isinstance(value, Box) and isinstance(value.items, tuple) and len(value.items) > 4:
        _, kind, key, _, count = value.items[:5]
        size = _STORAGES.get(kind.verdict.path.rpartition(".")[2]) if isinstance(kind, Global) else None
        state.storages[key if isinstance(key, bytes) else b""] = 8 + count * size if size and isinstance(count, int) and count >= 0 else 1 << 62
    state.stack[-1] = _PERSISTENT
    return pos + 1


def _same(size: int) -> Handler:
    def handler(state: State, pos: int) -> int:
        return pos + size

    return handler


def _protocol(state: State, pos: int) -> int:
    if state.data[pos + 1] > 5:
        raise Stop("its protocol is not known")
    return pos + 2


def _float_line(state: State, pos: int) -> int:
    state.stack.append(None)
    return state.skip_line(pos + 1)


if TYPE_CHECKING:
    Handler = Callable[[State, int], int]

_PERSISTENT = Result("persistent_load")
_STORAGES = {
    **dict.fromkeys(("ByteStorage", "CharStorage", "BoolStorage", "QInt8Storage", "QUInt8Storage", "UntypedStorage"), 1),
    **dict.fromkeys(("HalfStorage", "BFloat16Storage", "ShortStorage"), 2),
    **dict.fromkeys(("FloatStorage", "IntStorage", "QInt32Storage"), 4),
    **dict.fromkeys(("DoubleStorage", "LongStorage", "ComplexFloatStorage"), 8),
    "ComplexDoubleStorage": 16,
}
"""Bytes of an element of torch's storages."""
HANDLERS: dict[int, Handler] = {
    0x8C: _counted(1, text=True),
    ord("X"): _counted(4, text=True),
    0x8D: _counted(8, text=True),
    ord("U"): _counted(1, text=True),
    ord("T"): _counted(4, text=True),
    ord("C"): _counted(1, text=False),
    ord("B"): _counted(4, text=False),
    0x8E: _counted(8, text=False),
    0x96: _counted(8, text=False),
    0x8A: _long(1),
    0x8B: _long(4),
    ord("K"): _binary_number(1, signed=False),
    ord("M"): _binary_number(2, signed=False),
    ord("J"): _binary_number(4, signed=True),
    ord("I"): _number_line,
    ord("L"): _number_line,
    ord("F"): _float_line,
    ord("S"): _string,
    ord("V"): _unicode,
    ord("P"): _persistent_line,
    ord("Q"): _persistent,
    ord("g"): _get_line,
    ord("h"): _indexed(1, put=False),
    ord("j"): _indexed(4, put=False),
    ord("p"): _put_line,
    ord("q"): _indexed(1, put=True),
    ord("r"): _indexed(4, put=True),
    0x94: _memoize,
    ord("0"): _pop,
    ord("1"): _pop_mark,
    ord("2"): _dup,
    ord("l"): _marked,
    ord("d"): _marked,
    0x91: _marked,
    0x8F: _empty_set,
    0x90: _add_items,
    0x87: _tuple3,
    0x80: _protocol,
    0x95: _frame,
    ord("c"): _global,
    0x93: _stack_global,
    0x82: _extension(1),
    0x83: _extension(2),
    0x84: _extension(4),
    0x81: _new_object(1),
    0x92: _new_object(2),
    ord("i"): _instance,
    ord("o"): _object,
    ord("b"): _build,
    0x98: _same(1),
}
"""What the machine's loop does not do itself: takes the position of an opcode in the window, returns the one after it."""
