"""The stack, the marks and the memo of a pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import NotRead
from agent_security_hooks.parse.models.pickles.nested import look_inside
from agent_security_hooks.parse.models.pickles.reader import KEPT, MARGIN, NEVER, Reader, Stop
from agent_security_hooks.parse.models.pickles.values import PLAIN, SHORT, Box, Global, Result, Span, Value

if TYPE_CHECKING:
    from agent_security_hooks.parse.models.blob import Content
    from agent_security_hooks.parse.models.pickles.reader import Allowance
    from agent_security_hooks.parse.models.pickles.report import Report

STACK, MARKS, MEMO = 4_000_000, 200_000, 5_000_000
"""Most values on the stack, marks, and entries of the memo."""
HUGE = 1 << 28
"""Bytes that an argument has only in a lie, when the file is smaller."""
HEAVY = 100_000_000
"""Values that one meets in a container, counting each way to them, when it was built to expand."""
_BOMB = 1 << 80
ITEMS = 8
"""Values of a tuple that are kept."""
_FIXED = {0x4B: 2, 0x4D: 3, 0x47: 9, 0x4E: 1, 0x29: 1, 0x88: 1, 0x89: 1, 0x97: 1}
SKIPPING = [_FIXED.get(code, 0) for code in range(256)]
"""Size of the opcodes, with their arguments, that only push a constant."""
KEEPING = [_FIXED.get(code, 0) if code not in b"KM" else 0 for code in range(256)]
"""The same when numbers are kept."""


class State(Reader):
    """Where the machine is in one pickle. `depth` counts pickles in pickles."""

    __slots__ = (
        "at",
        "careful",
        "depth",
        "extension",
        "extra",
        "imported",
        "keep",
        "marks",
        "memo",
        "of_a_call",
        "report",
        "sharing",
        "simple",
        "stack",
        "storages",
    )

    def __init__(self, content: Content, allowance: Allowance, report: Report, depth: int) -> None:
        super().__init__(content, allowance)
        self.report = report
        self.depth = depth
        self.at = 0
        """Absolute position of the opcode at hand."""
        self.of_a_call, self.extension = Result("a call"), Result("copyreg extension")
        self.imported: dict[bytes, Global] = {}
        """Imports by their two lines."""
        self.storages: dict[bytes, int] | None = None
        """Where they matter, the keys of the storages that persistent ids name, and the bytes that the old files of torch have for each."""
        self.keep = False
        self.simple = SKIPPING
        self.reset()

    def reset(self) -> None:
        """Forget stack and memo: a new pickle begins."""
        self.stack: list[Value] = []
        self.marks: list[list[Value]] = []
        self.memo: list[Value] = []
        self.extra: dict[int, Value] = {}
        self.sharing = self.careful = False
        if self.keep:
            self.careful = True

    def begin(self, position: int) -> int:
        """Let a pickle begin at an absolute position; that in the window."""
        self.reset()
        self.frame = NEVER
        pos = position - self.base
        if self.data and 0 <= pos < (len(self.data) if self.last else len(self.data) - MARGIN):
            self._measure()
            return pos
        self.refill(pos)
        return 0

    def check(self) -> None:
        """Raise NotRead when too much is held; asked once for each window."""
        if len(self.memo) + len(self.extra) > MEMO or len(self.marks) > MARKS or len(self.stack) + sum(map(len, self.marks)) > STACK:
            raise NotRead("a pickle holds more values at once than are followed")

    def keep_numbers(self) -> None:
        """From here on numbers and the contents of small containers matter: arrays follow whose size is told by them."""
        self.keep = self.careful = True
        self.simple = KEEPING

    # ---- memo -------------------------------------------------------------------------------------------------------------------

    def put(self, index: int) -> None:
        """Remember the top of the stack."""
        value = self.stack[-1]
        if value is PLAIN:
            value = self.stack[-1] = Box()
        if index < len(self.memo):
            self.memo[index] = value
        elif index == len(self.memo) and not self.extra:
            self.memo.append(value)
        else:
            if index > 20_000_000 and index > self.content.size:
                self.report.bomb("puts a value at a place of the memo for which the loader reserves gigabytes", self.at)
            self.extra[index] = value

    def get(self, index: int) -> None:
        """Push what is remembered."""
        if index < len(self.memo):
            value = self.memo[index]
        elif index in self.extra:
            value = self.extra[index]
        else:
            raise Stop("it asks for something that it never put into the memo")
        if value.__class__ is Box:
            self.sharing = self.careful = True
        self.stack.append(value)

    # ---- containers -------------------------------------------------------------------------------------------------------------

    def fill(self, items: list[Value], named: bool) -> None:
        """Put items into the container on top of the stack; `named`: they are keys and values."""
        target = self.stack[-1]
        if target is PLAIN:
            target = self.stack[-1] = Box()
        if not isinstance(target, Box):
            return
        if self.sharing:
            self._weigh(target, items)
        if self.keep and named and len(items) <= 64:
            known = target.items if isinstance(target.items, dict) else {}
            if len(known) < 64:
                known.update((key, value) for key, value in zip(items[::2], items[1::2]) if isinstance(key, bytes))
                target.items = known

    def _weigh(self, target: Box, items: list[Value]) -> None:
        if target.weight >= _BOMB:
            return
        weight = target.weight + len(items)
        for item in items:
            if item.__class__ is Box:
                weight += item.weight
        target.weight = weight
        if weight > HEAVY and weight > 50 * self.content.size:
            target.weight = _BOMB
            self.report.bomb("doubles its containers by way of the memo until they hold more values than fit into memory", self.at)

    def tuple_of(self, items: list[Value]) -> Value:
        """A tuple, with few items if they matter."""
        if not self.careful and all(item is None or item.__class__ is Box for item in items):
            return PLAIN if items else None
        box = Box(tuple(items[:ITEMS]))
        if self.sharing:
            self._weigh(box, items)
        return box

    # ---- texts ------------------------------------------------------------------------------------------------------------------

    def constant(self, start: int, size: int, text: bool) -> int:
        """Push a text or bytes whose `size` bytes begin at position `start`; the position after them."""
        if size > self.left(start):
            if size > HUGE:
                self.report.bomb(f"announces {size} bytes where the file holds {max(0, self.left(start))}", self.at)
            raise Stop("an argument ends beyond the end of the file")
        if size <= 12 and start + size <= len(self.data):  # too short to hold a pickle
            self.stack.append(self.data[start : start + size] if text else SHORT)
            return start + size
        span = Span(self.base + start, size, text)
        if text and size <= KEPT and start + size <= len(self.data):
            self.stack.append(self.data[start : start + size])
        else:
            self.stack.append(span)
        if size > 12:
            look_inside(self, span)
        return start + size

    def number(self, start: int, size: int, signed: bool) -> int:
        """A number in the window."""
        return int.from_bytes(self.data[start : start + size], "little", signed=signed)
