"""A pickle, opcode by opcode, on a stack of symbols.

The stack, the marks and the memo move exactly as those of `pickle.Unpickler`, so what a call or an import takes from them is known and never
guessed. Content is read in windows; what cannot matter (numbers, pixels, weights) is passed over.
Source: https://docs.python.org/3/library/pickletools.html and CPython's `Modules/_pickle.c`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import NotRead
from agent_security_hooks.parse.models.pickles.calls import call, make
from agent_security_hooks.parse.models.pickles.handlers import HANDLERS
from agent_security_hooks.parse.models.pickles.reader import KEPT, OPCODES, Stop
from agent_security_hooks.parse.models.pickles.values import PLAIN, SHORT, Box, Global, Result

if TYPE_CHECKING:
    from agent_security_hooks.parse.models.pickles.state import State
    from agent_security_hooks.parse.models.pickles.values import Value

_NESTED = frozenset(b"gYKc(862\xc2")
"""First bytes that a pickle in a text has, in base64, hexadecimal or as it is."""
_SMALL = frozenset((0, 0xFF))
"""Last bytes of numbers that are not large enough to matter."""
_CALLABLE = (Global, Result)
_RARE: Value = Box()
"""Stands for what one of HANDLERS has to do."""


class Broken(Exception):
    """A pickle that cannot be loaded beyond a `position`; the text says why. `underflow`: it takes more from the stack than is there."""

    def __init__(self, position: int, reason: str, *, underflow: bool = False) -> None:
        super().__init__(reason)
        self.position = position
        self.underflow = underflow


def run(state: State, position: int) -> int:
    """Walk through the pickle at `position` of the content; the position after its STOP. Raises Broken and NotRead."""
    start = state.begin(position)
    try:
        end = _walk(state, start)
        return state.base + end  # the window has moved
    except IndexError:
        cut = state.at + 1 >= state.base + len(state.data) and state.last
        raise Broken(state.at, "it takes more from the stack than is there", underflow=not cut) from None
    except Stop as problem:
        raise Broken(state.at, str(problem)) from None


def _walk(state: State, pos: int) -> int:
    """The loop. What is frequent is done here, with the state in local variables; the rest by HANDLERS, which find it in `state`.

    Branches end with `continue`, but for those that leave something on the stack which most pickles put into the memo at once.
    """
    data, safe, simple, stack, marks, memo, extra = state.data, state.safe, state.simple, state.stack, state.marks, state.memo, state.extra
    known = state.imported
    value: Value
    inside = False
    try:
        for _ in state.allowance.steps:
            if pos >= safe:
                inside = True
                state.at = state.base + pos
                pos = state.advance(pos)
                state.stack = stack
                state.check()
                data, safe = state.data, state.safe
                inside = False
            code = data[pos]
            size = simple[code]
            if size:
                stack.append(None)
                pos += size
                continue
            value = _RARE
            if code > 0x7D:
                if code == 0x8C:  # SHORT_BINUNICODE
                    end = pos + 2 + data[pos + 1]
                    if end - pos < 23 or data[pos + 2] not in _NESTED:
                        value = data[pos + 2 : end]
                        stack.append(value)
                        pos = end
                elif code == 0x94:  # MEMOIZE
                    if not extra:
                        value = stack[-1]
                        if value is PLAIN:
                            value = stack[-1] = Box()
                        memo.append(value)
                        pos += 1
                        continue
                elif code == 0x86:  # TUPLE2
                    value = stack.pop()
                    first = stack[-1]
                    if state.careful or not ((value is None or value.__class__ is Box) and (first is None or first.__class__ is Box)):
                        state.at = state.base + pos
                        value = stack[-1] = state.tuple_of([first, value])
                    else:
                        value = stack[-1] = PLAIN
                    pos += 1
                elif code == 0x85:  # TUPLE1
                    value = stack[-1]
                    if state.careful or not (value is None or value.__class__ is Box):
                        state.at = state.base + pos
                        value = stack[-1] = state.tuple_of([value])
                    else:
                        value = stack[-1] = PLAIN
                    pos += 1
                elif code == 0x81:  # NEWOBJ
                    value = stack.pop()
                    first = stack[-1]
                    value = stack[-1] = (isinstance(first, Global) and first.made) or make(state, first, value, state.base + pos)
                    pos += 1
            elif code > 0x66:
                if code == 0x68:  # BINGET
                    index = data[pos + 1]
                    if index < len(memo):
                        value = memo[index]
                        if value.__class__ is Box:
                            state.sharing = state.careful = True
                        stack.append(value)
                        pos += 2
                        continue
                elif code == 0x71:  # BINPUT
                    if data[pos + 1] == len(memo) and not extra:
                        value = stack[-1]
                        if value is PLAIN:
                            value = stack[-1] = Box()
                        memo.append(value)
                        pos += 2
                        continue
                elif code == 0x67:  # GET
                    end = data.find(b"\n", pos, pos + 12)
                    text = data[pos + 1 : end] if end > 0 else b""
                    if text.isdigit() and int(text) < len(memo):
                        value = memo[int(text)]
                        if value.__class__ is Box:
                            state.sharing = state.careful = True
                        stack.append(value)
                        pos = end + 1
                        continue
                elif code == 0x6C:  # LIST
                    if not state.careful:
                        stack = marks.pop()
                        value = PLAIN
                        stack.append(value)
                        pos += 1
                elif code == 0x7D:  # EMPTY_DICT
                    value = PLAIN
                    stack.append(value)
                    pos += 1
                elif code == 0x75:  # SETITEMS
                    items = stack
                    stack = marks.pop()
                    if state.careful:
                        state.at = state.base + pos
                        state.stack = stack
                        state.fill(items, named=True)
                    elif not stack:
                        raise IndexError
                    pos += 1
                    continue
                elif code == 0x73:  # SETITEM
                    value = stack.pop()
                    key = stack.pop()
                    if state.careful:
                        state.at = state.base + pos
                        state.stack = stack
                        state.fill([key, value], named=True)
                    elif not stack:
                        raise IndexError
                    pos += 1
                    continue
                elif code == 0x74:  # TUPLE
                    items = stack
                    stack = marks.pop()
                    state.at = state.base + pos
                    value = state.tuple_of(items)
                    stack.append(value)
                    pos += 1
            elif code > 0x53:
                if code == 0x58:  # BINUNICODE
                    size = data[pos + 1]
                    if not (data[pos + 2] or data[pos + 3] or data[pos + 4]) and (size < 21 or data[pos + 5] not in _NESTED):
                        end = pos + 5 + size
                        value = data[pos + 5 : end]
                        stack.append(value)
                        pos = end
                elif code == 0x5D:  # EMPTY_LIST
                    value = PLAIN
                    stack.append(value)
                    pos += 1
                elif code == 0x61:  # APPEND
                    value = stack.pop()
                    first = stack[-1]
                    if state.careful:
                        if value.__class__ is Box or not isinstance(first, Box) or first is PLAIN:
                            state.at = state.base + pos
                            state.stack = stack
                            state.fill([value], named=False)
                        else:
                            first.weight += 1
                    pos += 1
                    continue
                elif code == 0x65:  # APPENDS
                    items = stack
                    stack = marks.pop()
                    if state.careful:
                        state.at = state.base + pos
                        state.stack = stack
                        state.fill(items, named=False)
                    elif not stack:
                        raise IndexError
                    pos += 1
                    continue
                elif code == 0x63:  # GLOBAL
                    end = data.find(b"\n", data.find(b"\n", pos, pos + KEPT) + 1, pos + KEPT)
                    found = known.get(data[pos + 1 : end]) if end > pos else None
                    if found:
                        state.report.active += 1
                        value = found
                        stack.append(value)
                        pos = end + 1
                elif code == 0x56:  # UNICODE
                    end = data.find(b"\n", pos, pos + 13)
                    if end > 0:
                        text = data[pos + 1 : end]
                        if 0x5C not in text:
                            value = text if text.isascii() else text.decode("latin-1").encode()
                            stack.append(value)
                            pos = end + 1
                elif code == 0x62:  # BUILD
                    first = stack[-2]
                    if isinstance(first, _CALLABLE) and first.built:
                        stack.pop()
                        pos += 1
                        continue
                elif code == 0x55:  # SHORT_BINSTRING
                    end = pos + 2 + data[pos + 1]
                    if end - pos < 23 or data[pos + 2] not in _NESTED:
                        value = data[pos + 2 : end]
                        stack.append(value)
                        pos = end
                elif code == 0x64:  # DICT
                    if not state.careful:
                        stack = marks.pop()
                        value = PLAIN
                        stack.append(value)
                        pos += 1
            else:
                if code == 0x4A:  # BININT
                    if state.keep or data[pos + 4] not in _SMALL:
                        stack.append(int.from_bytes(data[pos + 1 : pos + 5], "little", signed=True))
                    else:
                        stack.append(None)
                    pos += 5
                    continue
                if code == 0x28:  # MARK
                    marks.append(stack)
                    stack = []
                    pos += 1
                    continue
                if code == 0x52:  # REDUCE
                    value = stack.pop()
                    first = stack[-1]
                    state.at = state.base + pos
                    value = stack[-1] = (isinstance(first, _CALLABLE) and first.result) or call(state, first, value, state.at)
                    pos += 1
                elif code == 0x53:  # STRING
                    end = data.find(b"\n", pos, pos + 15)
                    text = data[pos + 1 : end] if end > pos + 2 else b""
                    if len(text) > 1 and text[0] == text[-1] and text[0] in b"'\"" and 0x5C not in text:
                        value = text[1:-1]
                        stack.append(value)
                        pos = end + 1
                elif code == 0x43:  # SHORT_BINBYTES
                    if data[pos + 1] < 13:  # too short to hold a pickle
                        value = SHORT
                        stack.append(value)
                        pos += 2 + data[pos + 1]
                elif code == 0x32:  # DUP
                    value = stack[-1]
                    if value.__class__ is Box:
                        value = _RARE
                    else:
                        stack.append(value)
                        pos += 1
                elif code == 0x30:  # POP
                    if stack:
                        stack.pop()
                        pos += 1
                        continue
                elif code == 0x2E:  # STOP
                    stack.pop()
                    return pos + 1
            if value is _RARE:
                handler = HANDLERS.get(code)
                inside = True
                state.at = state.base + pos
                if handler is None:
                    raise Stop("it has a byte that is no opcode")
                state.stack = stack
                pos = handler(state, pos)
                data, safe, simple, stack = state.data, state.safe, state.simple, state.stack
                inside = False
            elif pos < safe and not extra:
                code = data[pos]
                if code == 0x94:  # MEMOIZE
                    size = 1
                elif code == 0x71 and data[pos + 1] == len(memo):  # BINPUT
                    size = 2
                elif code == 0x72 and data[pos + 1] | data[pos + 2] << 8 | data[pos + 3] << 16 | data[pos + 4] << 24 == len(memo):  # LONG_BINPUT
                    size = 5
                elif code == 0x70:  # PUT
                    end = data.find(b"\n", pos, pos + 12)
                    text = data[pos + 1 : end] if end > 0 else b""
                    if not text.isdigit() or int(text) != len(memo):
                        continue
                    size = end + 1 - pos
                else:
                    continue
                if value is PLAIN:
                    value = stack[-1] = Box()
                memo.append(value)
                pos += size
    except (IndexError, Stop):
        if not inside:
            state.at = state.base + pos
        raise
    raise NotRead(f"its pickles hold more than {OPCODES // 1_000_000} million opcodes")
