"""Pickles in the texts and bytes of a pickle: as they are, in base64 or in hexadecimal."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import Memory, Window
from agent_security_hooks.parse.models.pickles.sniff import looks_like_pickle
from agent_security_hooks.parse.models.pickles.values import Result, Span, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.models.pickles.state import State

_LIMIT = 16 << 20
"""Bytes of a text or of bytes that are looked at."""
_HEAD = 2048
_DEPTH = 5
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_MAGIC = b"\x80(ci]}"
_ENCODED = 40
"""Bytes of a pickle that holds another in base64."""
_CONSTANT = re.compile(rb"[BCSTUVX\x8c-\x8e\x96]")
_AS_TEXT = frozenset(b"gYKc(862\x80\xc2\\H")


def look_inside(state: State, span: Span) -> None:
    """Inspect a constant that is a pickle; what it imports goes into the report."""
    head = state.bytes_at(span, 8)
    if not head or state.depth >= _DEPTH or state.report.full:
        return
    if span.text:
        if head[0] not in _AS_TEXT:
            return
        _look_into_text(state, span)
    elif head[0] in _MAGIC or head[0] in _AS_TEXT:
        begin = state.bytes_at(span, _HEAD)
        if span.size <= _HEAD and not _may_import(begin):
            return
        if looks_like_pickle(begin, whole=span.size <= _HEAD, content=Window(state.content, span.start, span.size)):
            _inspect(state, state.bytes_at(span, _LIMIT), span.start)
        else:
            _look_into_text(state, span)


def _may_import(data: bytes) -> bool:
    """Whether STACK_GLOBAL, two lines or a further constant are there; what does not begin as a pickle is a text that hides them."""
    return 0x93 in data or data.count(b"\n") > 1 or data[:1] not in _MAGIC or (len(data) > _ENCODED and _CONSTANT.search(data) is not None)


def _look_into_text(state: State, span: Span) -> None:
    head = state.bytes_at(span, _HEAD)
    for decode in (_from_base64, _from_hex, _from_latin, _from_escapes):
        begin = decode(head)
        if begin and (span.size > _HEAD or _may_import(begin)) and looks_like_pickle(begin, whole=span.size <= _HEAD, content=_Decoded(state, span, decode)):
            whole = decode(state.bytes_at(span, _LIMIT))
            if whole:
                _inspect(state, whole, span.start)
            return


class _Decoded:
    """The content of an encoded text, which is decoded when its begin is not enough."""

    __slots__ = ("_data", "_decode", "_span", "_state", "size")

    def __init__(self, state: State, span: Span, decode: Callable[[bytes], bytes]) -> None:
        self._state, self._span, self._decode = state, span, decode
        self._data: bytes | None = None
        self.size = span.size
        """More than it has."""

    def read(self, start: int, length: int) -> bytes:
        """As `Content.read`."""
        if self._data is None:
            self._data = self._decode(self._state.bytes_at(self._span, _LIMIT))
        return self._data[start : start + length]


def _from_base64(text: bytes) -> bytes:
    if not _BASE64.issuperset(text):
        return b""
    letters = text.translate(_URL_SAFE, b"\r\n").rstrip(b"=")
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return b""


def _from_hex(text: bytes) -> bytes:
    return bytes.fromhex(text[: len(text) & ~1].decode("ascii")) if _HEX.issuperset(text) else b""


def _from_latin(text: bytes) -> bytes:
    """Bytes as protocols 0 to 2 write them: a text of as many letters."""
    return text.decode("utf-8", "ignore").encode("latin-1", "ignore")


def _from_escapes(text: bytes) -> bytes:
    """The same in protocol 0; what has neither escapes nor bytes over 127 was looked at by `_from_latin`."""
    return text.decode("raw-unicode-escape", "ignore").encode("latin-1", "ignore") if b"\\" in text or not text.isascii() else b""


def _inspect(state: State, data: bytes, start: int) -> None:
    """Run the machine on a pickle in a pickle; it counts only if it imports something."""
    from agent_security_hooks.parse.models.pickles.machine import Broken, run
    from agent_security_hooks.parse.models.pickles.report import Report
    from agent_security_hooks.parse.models.pickles.state import State

    report = Report()
    inner = State(Memory(data), state.allowance, report, state.depth + 1)
    position = 0
    try:
        while position < len(data) and (position == 0 or looks_like_pickle(data[position : position + _HEAD], whole=len(data) - position <= _HEAD)):
            position = run(inner, position)
    except Broken:
        pass
    if report.imports_something:
        state.report.nested(report, start)


def look_at_object(state: State, value: Value, start: int) -> None:
    """What `torch.storage._load_from_bytes` is given: bytes that are loaded as a pickle or as an archive with one."""
    if isinstance(value, Result) and value.callee in ("_codecs.encode", "codecs.encode"):
        value = value.detail
    if isinstance(value, Span):
        data = state.bytes_at(value, _LIMIT)
        state.report.archives.append((_from_latin(data) if value.text else data, value.start))
    elif not isinstance(value, bytes):
        state.report.dangerous("loads another pickle from bytes that it computes", start)
