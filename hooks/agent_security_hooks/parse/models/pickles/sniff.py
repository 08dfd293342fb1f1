"""Whether bytes are a pickle: a walk over the first opcodes that keeps only the height of the stack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.pickles.opcodes import LINE, LINES, MARKED, SHAPES

if TYPE_CHECKING:
    from agent_security_hooks.parse.models.blob import Content

WINDOW = 4096
"""Bytes that are looked at in one place."""
_STEPS = 400
"""Opcodes that are looked at."""
_ENOUGH = 24
"""Valid opcodes in a row that no text and no image has, even if none is an import."""
_LINE_CHUNK, _LONGEST_LINE = 1 << 19, 64 << 20
"""Bytes of a line that are searched at once, and in all."""
_FORWARD = 8 << 20
"""How far content is read that is decompressed on the way."""
FAR = -2
_ONLY_IMPORTS = 1 << 20
"""Bytes of imports that nothing uses; so do lines of text look that begin with "c"."""
_STARTS = frozenset(code for code, (_, _, pops, _) in SHAPES.items() if pops == 0 and code not in b"0hjg")
_IMPORTS = frozenset(b"ci\x93")
_EXTENSIONS = frozenset(b"\x82\x83\x84")
_CALLS = frozenset(b"Rbio\x81\x92")
_NAMES = re.compile(rb"[^\x00-\x20\x7f]{1,400}\n[^\x00-\x20\x7f]{1,400}\n")
_IMPORT_LINES = re.compile(rb"(?:c[^\n]*\n[^\n]*\n)*")
_CUT_IMPORT = re.compile(rb"c[^\n]*(?:\n[^\n]*)?")
_SYSTEM = re.compile(rb"(?:os|posix|nt|sys|builtins|__builtin__|subprocess|commands|runpy|pty|socket|importlib|webbrowser)\n")
"""What no text says in its second line."""
_LINES = {
    ord("F"): re.compile(rb"[-+]?[0-9a-z.][0-9a-z.+-]{0,40}\n"),
    ord("I"): re.compile(rb"[-+ ]{0,4}[0-9_]{1,20000}L?\r?\n"),
    ord("L"): re.compile(rb"[-+ ]{0,4}[0-9_]{1,20000}L?\r?\n"),
    ord("S"): re.compile(rb"""(?:'[^\n]*'|"[^\n]*")\r?\n"""),
    ord("g"): re.compile(rb"[ +]{0,4}[0-9_]{1,20} {0,4}\r?\n"),
    ord("p"): re.compile(rb"[ +]{0,4}[0-9_]{1,20} {0,4}\r?\n"),
}
_CUT_LINES = {
    ord("S"): re.compile(rb"""['"]"""),
    **dict.fromkeys(b"IL", re.compile(rb"[-+ ]{0,4}[0-9_]+\Z")),
    **dict.fromkeys(b"VP", re.compile(rb"")),
}
"""How the lines begin that may be longer than a window."""


def looks_like_pickle(head: bytes, whole: bool, content: Content | None = None) -> bool:
    """Whether content that begins with `head` (all of it, if `whole`; some KB do) is a pickle: it calls what it imports, or it has three opcodes and an import or PROTO.

    Where `content` is given, arguments that end behind `head` are passed over and the walk goes on behind them. Raises NotRead.
    """
    if not head or head[0] not in _STARTS or (head[0] == 0x80 and head[1:2] > b"\x05"):
        return False
    if head[0] == 0x63 and _NAMES.match(head, 1) and _says_no_more(head, content):
        return False
    return _walk(head, None if whole else content)


ENDINGS = (".pkl", ".pickle", ".pck", ".pcl", ".pk", ".p", ".pt", ".pth", ".ckpt", ".joblib", ".sav", ".dill", ".cloudpickle")


def expects_pickle(name: str) -> bool:
    """Whether a file of this name is handed to a loader of pickles, whatever its first bytes look like."""
    return name.lower().endswith(ENDINGS)


def _says_no_more(head: bytes, content: Content | None) -> bool:
    """Whether all of it is imports, or is text to that effect."""
    match = _IMPORT_LINES.match(head)
    if match and match.end() < len(head) and not _CUT_IMPORT.fullmatch(head, match.end()):
        return False
    data = content.read(0, _ONLY_IMPORTS) if content else head
    match = _IMPORT_LINES.match(data)
    return match is None or match.end() == len(data) or _CUT_IMPORT.fullmatch(data, match.end()) is not None


def _walk(head: bytes, content: Content | None) -> bool:
    window = _Window(head, content)
    position, height, steps, imports = 0, 0, 0, False
    extended = called = False
    marks: list[int] = []
    told = head[0] == 0x80
    while steps < _STEPS:
        if position >= len(window.data):
            position = window.move(position)
            if not window.data:
                break
        code = window.data[position]
        if code not in SHAPES:
            return told and imports
        size, counted, pops, pushes = SHAPES[code]
        end = _argument(window.data, position + 1, code, size, counted)
        if end > len(window.data):
            if content is None:
                steps += 1
                break
            if position:
                position = window.move(position)
                end = _argument(window.data, 1, code, size, counted)
            if end > len(window.data):
                end = window.beyond(code, end if counted or size >= 0 else 0)
        if end < 0:
            return end == FAR or (told and imports)
        floor = marks[-1] if marks else 0
        if code == 0x28:
            marks.append(height)
        elif code == 0x30:
            if marks and marks[-1] == height:
                marks.pop()
            elif height:
                height -= 1
            else:
                return False
        elif pops == MARKED:
            if not marks:
                return told and imports
            height = marks.pop() + pushes
            if code in b"eu\x90" and height <= (marks[-1] if marks else 0):
                return False
        elif height - pops < floor:
            return told and imports
        else:
            height += pushes - pops
        steps += 1
        told = told or (code == 0x63 and _SYSTEM.match(window.data, position + 1) is not None)
        imports = imports or code in _IMPORTS
        extended = extended or code in _EXTENSIONS
        if code in _CALLS:
            if imports or (told and extended):
                return True
            called = extended
        if code == 0x2E:
            return called or (told and imports) or (steps > 2 and (told or imports))
        position = end
    return (steps > 2 and (told or imports)) or steps >= _ENOUGH


class _Window:
    """Some KB of the content, which begin at `base`."""

    __slots__ = ("base", "content", "data")

    def __init__(self, data: bytes, content: Content | None) -> None:
        self.data = data
        self.content = content
        self.base = 0

    def move(self, position: int) -> int:
        """Let the window begin at one of its positions; the new position."""
        self.base += position
        self.data = self.content.read(self.base, WINDOW) if self.content else b""
        return 0

    def beyond(self, code: int, end: int) -> int:
        """Where the argument of the first opcode ends that the window is too small for, -1 if it is none. `end`: where it says so itself."""
        content = self.content
        if content is None:
            return -1
        if end:
            if getattr(content, "forward", False):  # the inspection could not go back to the begin
                return end if self.base + end < _FORWARD else FAR
            return end if self.base + end <= content.size else -1
        begin = _CUT_LINES.get(code)
        if begin is None or not begin.match(self.data, 1):
            return -1
        place = self.base + len(self.data)
        while place < self.base + _LONGEST_LINE:
            if getattr(content, "forward", False) and place > _FORWARD:
                return FAR
            more = content.read(place, _LINE_CHUNK)
            found = more.find(b"\n")
            if found >= 0:
                end = place + found - self.base
                last = content.read(self.base + end - 2, 2).rstrip(b"\r") if code == 0x53 else b""
                return end + 1 if code != 0x53 or last[-1:] == self.data[1:2] else -1
            if len(more) < _LINE_CHUNK:
                break
            place += len(more)
        return -1


def _argument(head: bytes, start: int, code: int, size: int, counted: int) -> int:
    """Where the argument ends (past the end of `head` when it is cut off), -1 when it is none."""
    if counted:
        return start + counted + int.from_bytes(head[start : start + counted], "little") if start + counted <= len(head) else len(head) + 1
    if size >= 0:
        return start + size
    pattern = _NAMES if size == LINES else _LINES.get(code)
    if pattern:
        match = pattern.match(head, start)
        return match.end() if match else -1 if head.find(b"\n", start) >= 0 and (size != LINES or head.count(b"\n", start, start + 820) > 1) else len(head) + 1
    if size == LINE:
        end = head.find(b"\n", start)
        return end + 1 if end >= 0 else len(head) + 1
    return -1
