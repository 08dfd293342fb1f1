"""The line grammar of Dockerfiles: directives, comments, continuation lines, instructions, here-documents.

A port of what BuildKit does, with exact positions, and without its stop at the first error.
Source: https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.dockerfile.expansion import BadSubstitution, heredoc_name, heredoc_words
from agent_security_hooks.parse.dockerfile.model import Directive, Dockerfile, Heredoc, Instruction
from agent_security_hooks.parse.dockerfile.spaces import after_spaces, before_spaces
from agent_security_hooks.parse.dockerfile.words import KEYWORDS, split_flags, split_words
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

INSTRUCTION_LIMIT = 10_000
"""Instructions that are read of one file; an image can have 127 layers."""
COMMENT_LIMIT = 100_000
_WORD_LIMIT = 200_000
_PROBLEM_LIMIT = 1000
_LINE_LIMIT = (1 << 16) - 1
"""Bytes of a physical line; a builder refuses longer ones."""
_JOINED_LIMIT = 1 << 18
"""Bytes of a joined line; longer ones are not split into words, and joined no further. No kernel takes an argument of half that length."""

_CONTINUED_LIMIT = 200_000
"""Lines of one instruction; blank ones are not counted."""

_NOT_BLANK = Pattern(rb"[^\t-\r ]")
_DIRECTIVE = Pattern(rb"#(?:[\t-\r ]|\xc2[\x85\xa0])*([A-Za-z][A-Za-z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.*)")
_MAY_BE_LEFT_OUT = b"\t\v\f\r #"
_DIRECTIVES = ("check", "escape", "syntax")
_BLANKS = Pattern(rb"[\t\v\f\r ]+")
_HEREDOC = Pattern(r"^([0-9]*)<<(-?)([^<]*)")
_TABS = Pattern(rb"(?m)^\t+")
_KEYWORD_LINE = Pattern(rb"(?:" + "|".join(sorted(KEYWORDS)).encode() + rb")(?:[ \t]|$)")
_HEREDOC_KEYWORDS = ("ADD", "COPY", "RUN")
_CHAINED = "an ONBUILD that triggers ONBUILD"


class _Split(NamedTuple):
    """Where the parts of a joined line are."""

    keyword: str
    start: int
    rest: int
    end: int


def read_dockerfile(file: Source) -> Dockerfile:
    """A view: the instructions of a Dockerfile. Never fails."""
    return _Reader(file.data).read()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lines = data.split(b"\n")
        if not self.lines[-1]:
            self.lines.pop()
        self.number = 0  # lines read so far
        self.offset = 0  # where the next one starts
        self.escape = "\\"
        self.token = b"\\"
        self.instructions: list[Instruction] = []
        self.directives: list[Directive] = []
        self.comments: list[tuple[int, int]] = []
        self.problems: list[tuple[str, int]] = []
        self.words = 0
        self.complete = True
        self.stopped = False
        """Reading ends here."""
        self.ends: dict[bool, _Occurrences] = {}

    def read(self) -> Dockerfile:
        looking_for_directives = True
        while self.number < len(self.lines) and not self.stopped:
            if not self.lines[self.number]:
                self.number += 1
                self.offset += 1
                self._skip_blank()
                looking_for_directives = False
                continue
            text, start = self._next_line()
            if looking_for_directives:
                looking_for_directives = self._directive(text, start)
                if looking_for_directives:
                    continue
            if not text:
                continue
            if text[0] == 0x23:
                self._comment(start, start + len(text))
                continue
            if len(self.instructions) >= INSTRUCTION_LIMIT or self.words >= _WORD_LIMIT:
                self.complete = False
                self.problem("more instructions than are read", start)
                break
            self._instruction(text, start)
        if not self.instructions:
            self.problem("no instructions", 0)
        return Dockerfile(
            tuple(self.instructions), self.escape, tuple(self.directives), tuple(self.comments), tuple(self.problems), self.complete
        )  # fmt: skip

    def problem(self, message: str, offset: int) -> None:
        if len(self.problems) < _PROBLEM_LIMIT:
            self.problems.append((message, offset))

    def _comment(self, start: int, end: int) -> None:
        if len(self.comments) < COMMENT_LIMIT:
            self.comments.append((start, end))
        else:
            self.complete, self.stopped = False, True

    def _next_line(self) -> tuple[bytes, int]:
        """A line without its end and leading white space, and where in the file it then starts."""
        line, start = self.lines[self.number], self.offset
        self.number += 1
        self.offset = start + len(line) + 1
        if len(line) > _LINE_LIMIT:
            self.problem("a line longer than 65535 bytes", start)
        line = line.rstrip(b"\r")
        text = line.lstrip()
        if text and text[0] >= 0xC2:
            text = text[after_spaces(text, 0, len(text)) :]
        return text, start + len(line) - len(text)

    def _skip_blank(self) -> None:
        """Read over lines with nothing but ASCII blanks, however many."""
        found = _NOT_BLANK.search(self.data, self.offset)
        if found is None:
            self.number, self.offset = len(self.lines), len(self.data) + (not self.data.endswith(b"\n"))
            return
        begin = self.data.rfind(b"\n", self.offset, found.start()) + 1
        if begin > self.offset:
            self.number += self.data.count(b"\n", self.offset, begin)
            self.offset = begin

    def _directive(self, text: bytes, start: int) -> bool:
        """Whether the line is a parser directive, after which there may be more."""
        found = _DIRECTIVE.match(text)
        if found is None or (not found[2] and text.endswith(b"=")):
            return False
        name, value = found[1].decode().lower(), found[2].rstrip(b"\t\f\r ")
        if name not in _DIRECTIVES:
            return False
        place = start + found.start(2)
        if any(name == directive.name for directive in self.directives):
            self.problem("a parser directive is there twice", start)
        elif name == "escape" and value not in (b"\\", b"`"):
            self.problem("the escape directive takes a backslash or a backtick", place)
        else:
            self.directives.append(Directive(name, _text(value), place, place + len(value)))
            if name == "escape":
                self.token = value
                self.escape = value.decode()
        return True

    def _continued(self, text: bytes) -> tuple[bytes, bool]:
        """The text without a last escape character, and whether it had one."""
        bare = text.rstrip(b" \t")
        if bare.endswith(self.token) and bare[-2:-1] != self.token:
            return bare[:-1], True
        return text, False

    def _instruction(self, text: bytes, start: int) -> None:
        first = self.number
        text, more = self._continued(text)
        line = self._join(text, start) if more else MappedText(text, (0,), (start,))
        split = _split(line.data)
        if not split.keyword:
            return
        if len(line.data) > _JOINED_LIMIT:
            self.problem("an instruction that is too long to be split", start)
            self.complete = False
            self.instructions.append(self._unsplit(line, split, (first, self.number)))
            return
        made = self._make(line, split, (first, self.number))
        if b"<<" in line.data and _takes_heredocs(made):
            heredocs = self._heredocs(line, made.start)
            if heredocs:
                made = _with_heredocs(made, heredocs, self.data, self.number, self._line_end())
        self.instructions.append(made)
        self.words += len(made.words) + len(made.flags)

    def _join(self, text: bytes, start: int) -> MappedText:
        """A line with those that continue it; comments and empty lines between them are left out."""
        pieces, starts, places = [text], array("Q", [0]), array("Q", [start])
        size, more, left = len(text), True, _CONTINUED_LIMIT
        while more and self.number < len(self.lines):
            left -= 1
            if not left:
                self.complete, self.stopped = False, True
                self.problem("an instruction of more lines than are read", start)
            if self.stopped:
                break
            line, start = self.lines[self.number], self.offset
            if line[:1] in _MAY_BE_LEFT_OUT or line[0] >= 0xC2 or len(line) > _LINE_LIMIT:
                text, content = self._next_line()
                if not text:
                    self._skip_blank()
                    continue
                if text[0] == 0x23:
                    self._comment(content, content + len(text))
                    continue
            else:
                self.number += 1
                self.offset = start + len(line) + 1
            text, more = self._continued(line.rstrip(b"\r"))
            if text and size <= _JOINED_LIMIT:
                pieces.append(text)
                starts.append(size)
                places.append(start)
                size += len(text)
        if not pieces[0] and len(pieces) > 1:
            del starts[0], places[0]
        return MappedText(b"".join(pieces), starts, places)

    def _line_end(self) -> int:
        """Where the last line that was read ends, its line end left out."""
        end = min(self.offset - 1, len(self.data))
        return end - 1 if self.data[end - 1 : end] == b"\r" and self.data[end : end + 1] == b"\n" else end

    def _make(self, line: MappedText, split: _Split, numbers: tuple[int, int], *, nested: bool = False) -> Instruction:
        data, keyword, start = line.data, split.keyword, line.place(split.start)
        flags, rest = split_flags(line, split.rest, split.end) if data.startswith(b"--", split.rest, split.end) else ((), split.rest)
        body = _slice(line, after_spaces(data, rest, split.end), split.end)
        inner = None
        problem = "" if keyword in KEYWORDS else "an unknown instruction"
        words, is_json, refused = split_words(keyword, body, self.escape)
        if keyword == "ONBUILD" and body.data:
            if nested:
                refused = _CHAINED
            else:
                inner = self._make(body, _split(body.data), numbers, nested=True)
        if problem or refused:
            self.problem(problem or refused, start)
        return Instruction(
            keyword, start, self._line_end(), *numbers, flags, body, words, is_json, (), inner, "" if nested else _text(data)
        )  # fmt: skip

    def _unsplit(self, line: MappedText, split: _Split, numbers: tuple[int, int]) -> Instruction:
        body = _slice(line, split.rest, split.end)
        words = split_words("", body, self.escape).words
        return Instruction(
            split.keyword, line.place(split.start), self._line_end(), *numbers, (), body, words, is_json=False, original=_text(line.data)
        )  # fmt: skip

    def _heredocs(self, line: MappedText, start: int) -> list[Heredoc]:
        """Those that the line starts; the lines after it are read over."""
        heredocs: list[Heredoc] = []
        ended = True
        for word in heredoc_words(_text(line.data)):
            match = _HEREDOC.fullmatch(word) if ended else None
            if match is None or not match[3]:
                continue
            try:
                delimiter = heredoc_name(match[3])
            except BadSubstitution:
                self.problem("a here-document with a broken delimiter", start)
                break
            if delimiter is None:
                continue
            strip_tabs, first = bool(match[2]), min(self.offset, len(self.data))
            last = self._find_end(delimiter[0].encode("utf-8", "surrogateescape"), strip_tabs=strip_tabs)
            ended = last >= 0
            if not ended:
                self.problem("a here-document without an end", start)
                last = self._find_instruction()
            end = self._skip_to(last)
            if ended:
                self._skip_to(last + 1)
            content = _without_tabs(self.data, first, end) if strip_tabs else MappedText.cut(self.data, first, end)
            heredocs.append(Heredoc(delimiter[0], int(match[1][:9] or 0), strip_tabs, delimiter[1], content, first, end))
        return heredocs

    def _find_end(self, name: bytes, *, strip_tabs: bool) -> int:
        """The index of the next line that consists of the name; -1 for none."""
        if strip_tabs not in self.ends:
            self.ends[strip_tabs] = _Occurrences(self.lines, self.number, strip_tabs=strip_tabs)
        return self.ends[strip_tabs].next(name, self.number)

    def _find_instruction(self) -> int:
        """The index of the next line that starts with a keyword in capitals: where what has no end most likely does end."""
        for number in range(self.number, len(self.lines)):
            if _KEYWORD_LINE.match(self.lines[number]):
                return number
        return len(self.lines)

    def _skip_to(self, number: int) -> int:
        """Reads over the lines before this index; the offset at which it starts."""
        self.offset += sum(map(len, self.lines[self.number : number])) + number - self.number
        self.number = number
        return min(self.offset, len(self.data))


class _Occurrences:
    """Where lines occur, by their content. Asked for ever later places only."""

    def __init__(self, lines: list[bytes], start: int, *, strip_tabs: bool) -> None:
        self.first: dict[bytes, int] = {}
        self.later = array("q", [-1]) * len(lines)
        for number in range(len(lines) - 1, start - 1, -1):
            line = lines[number].rstrip(b"\r")
            if strip_tabs:
                line = line.lstrip(b"\t")
            self.later[number] = self.first.get(line, -1)
            self.first[line] = number

    def next(self, line: bytes, number: int) -> int:
        found = self.first.get(line, -1)
        while 0 <= found < number:
            found = self.later[found]
        self.first[line] = found
        return found


def _split(data: bytes) -> _Split:
    start = after_spaces(data, 0, len(data))
    end = before_spaces(data, start, len(data))
    blanks = _BLANKS.search(data, start, end)
    stop, rest = blanks.span() if blanks else (end, end)
    keyword = _text(data[start:stop]).upper()
    if keyword not in KEYWORDS and not keyword.isascii():
        folded = keyword.replace("\u0130", "I").lower().upper()  # as Go does: the sign for kelvin is a K, a dotted I an I
        keyword = folded if folded in KEYWORDS else keyword
    return _Split(keyword, start, rest, end)


def _slice(text: MappedText, start: int, end: int) -> MappedText:
    """As `MappedText.slice`, but a line can be continued a million times."""
    if len(text.starts) == 1 or start >= end:
        return MappedText(text.data[start:end], (0,), (text.place(start) if start < len(text.data) else text.places[-1],))
    first, last = bisect_right(text.starts, start) - 1, bisect_left(text.starts, end)
    starts = array("Q", (max(0, begin - start) for begin in text.starts[first:last]))
    places = array("Q", text.places[first:last])
    places[0] += start - text.starts[first]
    return MappedText(text.data[start:end], starts, places)


def _takes_heredocs(made: Instruction) -> bool:
    made = made.inner or made
    return made.keyword in _HEREDOC_KEYWORDS and not made.is_json


def _with_heredocs(made: Instruction, heredocs: list[Heredoc], data: bytes, end_line: int, end: int) -> Instruction:
    texts = [made.original, "\n"]
    for heredoc in heredocs:
        texts += (_text(data[heredoc.start : heredoc.end]), heredoc.name, "\n")
    inner = made.inner and made.inner._replace(heredocs=tuple(heredocs), end=end, end_line=end_line)
    original = made.original if inner else "".join(texts)
    return made._replace(heredocs=tuple(heredocs), end=end, end_line=end_line, inner=inner, original=original)


def _without_tabs(data: bytes, start: int, end: int) -> MappedText:
    pieces, position = [], start
    for tabs in _TABS.finditer(data, start, end):
        pieces.append((data[position : tabs.start()], position))
        position = tabs.end()
    pieces.append((data[position:end], position))
    return MappedText.join(pieces)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
