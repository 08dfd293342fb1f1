"""The Python code of a Jupyter notebook: all its cells as one text that knows where each byte stands in the file.

Sources: https://nbformat.readthedocs.io/en/latest/format_description.html and https://ipython.readthedocs.io/en/stable/interactive/magics.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.json_tree import decode_string
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.python_limits import LARGEST
from agent_security_hooks.parse.python_tree import PythonTree
from agent_security_hooks.parse.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

CELLS = 20_000
"""Cells of one notebook that are read."""
_ESCAPES = 100_000
"""Escapes of its code: each needs a place of its own."""


class NotebookCode(NamedTuple):
    """The parsed code of a notebook.

    `left_out` are the cells that are not Python; `problem` says why the file could not be read to its end, quoting nothing of it, "" when it could.
    """

    tree: PythonTree
    left_out: tuple[MappedText, ...] = ()
    problem: str = ""


def read_notebook(file: Source) -> MappedText:
    """A view: the Python code of all cells, one after the other. What only IPython understands (`%magic`, `!command`, `help?`) is blanked."""
    return file.view(parse_notebook).tree.text


def parse_notebook(file: Source) -> NotebookCode:
    """A view: the code of all cells as a tree. A cell that does not parse is left out, since it does not run either."""
    notebook = _Notebook(file.data)
    notebook.read()
    cells = [python_of(text) for text in notebook.code_cells()]
    tree = PythonTree(_joined(cells))
    left_out: list[MappedText] = []
    if tree.problem and len(tree.text.data) <= LARGEST:
        left_out = [cell for cell in cells if PythonTree(cell).problem]
        dropped = {id(cell) for cell in left_out}
        tree = PythonTree(_joined([cell for cell in cells if id(cell) not in dropped]))
    return NotebookCode(tree, tuple(left_out), notebook.problem or tree.problem)


def _joined(cells: list[MappedText]) -> MappedText:
    parts: list[tuple[bytes, int]] = []
    for cell in cells:
        parts += _parts(cell)
        # A backslash at its end would take in the next cell.
        parts.append((b"\n\n" if cell.data.endswith(b"\\") else b"\n", cell.place(len(cell.data))))
    return MappedText.join(parts)


def _parts(text: MappedText) -> Iterator[tuple[bytes, int]]:
    for start, end, place in zip(text.starts, [*text.starts[1:], len(text.data)], text.places):
        yield text.data[start:end], place


# --- the file ---

# Strings with whether a colon follows, and brackets. A string without an end runs to that of the file, so that every byte is looked at once.
_MARK = Pattern(rb'(?P<string>"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z))[ \t\r\n]*(?P<key>:)?|[{}\[\]]', 16)  # re.DOTALL

# What a value is, by what holds it and by its key ("" in lists). Everything else is skipped.
_OTHER, _ROOT, _CELLS, _CELL, _SOURCE, _KIND, _LANGUAGE, _SHEETS, _SHEET, _METADATA, _KERNEL, _INFORMATION, _OWN_METADATA, _EDITOR = range(14)
_BELOW = {
    (_ROOT, b"cells"): _CELLS, (_ROOT, b"worksheets"): _SHEETS, (_ROOT, b"metadata"): _METADATA,
    (_SHEETS, b""): _SHEET, (_SHEET, b"cells"): _CELLS, (_CELLS, b""): _CELL,
    (_CELL, b"source"): _SOURCE, (_CELL, b"input"): _SOURCE, (_CELL, b"cell_type"): _KIND, (_CELL, b"language"): _LANGUAGE, (_CELL, b"metadata"): _OWN_METADATA,
    (_OWN_METADATA, b"vscode"): _EDITOR, (_EDITOR, b"languageId"): _LANGUAGE,
    (_METADATA, b"kernelspec"): _KERNEL, (_METADATA, b"language_info"): _INFORMATION, (_SOURCE, b""): _SOURCE,
}  # fmt: skip
_PYTHON = ("python", "ipython", "sage", "pyspark", "micropython")


class _Cell:
    __slots__ = ("kind", "language", "source")

    def __init__(self) -> None:
        self.kind = ""
        self.language = ""
        self.source: list[tuple[int, int]] = []


class _Notebook:
    """One pass over the file: no tree, because outputs can be megabytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.cells: list[_Cell] = []
        self.language = ""
        self.problem = ""

    def read(self) -> None:
        """Notes the cells; the last of duplicate keys counts, as for those who run the notebook."""
        data = self.data
        held: list[int] = []  # what the open brackets are
        inside, key, depth = -1, b"", 0  # `depth`: open brackets within something that is skipped
        for match in _MARK.finditer(data):
            if match.lastgroup is None:
                mark = data[match.start()]
                if mark in b"{[":
                    if depth or inside == _OTHER:
                        depth += 1
                        continue
                    held.append(inside)
                    inside = _ROOT if inside < 0 and mark == 0x7B else _BELOW.get((inside, key), _OTHER)
                    self._open(inside)
                    key = b""
                elif depth:
                    depth -= 1
                elif held:
                    inside, key = held.pop(), b""
                    if not held:
                        return
            elif not depth and inside > _OTHER:
                start, end = match.span("string")
                if match.lastgroup == "key":
                    key = self._text(start, end).encode("utf-8", "surrogateescape")[:20]
                else:
                    self._value(_BELOW.get((inside, key), _OTHER), inside, key, start, end)
        self.problem = "not valid JSON: it ends too early" if held else "not a notebook" if data.strip() else ""

    def _open(self, kind: int) -> None:
        if kind == _CELL:
            self.cells.append(_Cell())
        elif kind == _SOURCE and self.cells:
            self.cells[-1].source = []

    def _value(self, kind: int, inside: int, key: bytes, start: int, end: int) -> None:
        if inside == _KERNEL and key == b"language" or inside == _INFORMATION and key == b"name" and not self.language:
            self.language = self._text(start, end)
        elif not self.cells:
            return
        elif kind == _SOURCE:
            if inside == _CELL:
                self.cells[-1].source = []
            if end < len(self.data):  # else it has no end
                self.cells[-1].source.append((start, end))
        elif kind == _KIND:
            self.cells[-1].kind = self._text(start, end)
        elif kind == _LANGUAGE:
            self.cells[-1].language = self._text(start, end)

    def _text(self, start: int, end: int) -> str:
        raw = self.data[start + 1 : min(end - 1, start + 200)].decode("utf-8", "surrogateescape")
        return decode_string(raw)[0] if "\\" in raw else raw

    def code_cells(self) -> Iterator[MappedText]:
        """The texts of the cells that Python runs."""
        left = _ESCAPES
        for number, cell in enumerate(self.cells):
            named = (cell.language or self.language).lower()
            if cell.kind != "code" or named and not named.startswith(_PYTHON):
                continue
            left -= sum(self.data.count(b"\\", start, end) for start, end in cell.source)
            if number >= CELLS or left < 0:
                self.problem = self.problem or "holds more code than is looked at"
                return
            yield MappedText.join([part for start, end in cell.source for part in _parts(self._string(start, end))])

    def _string(self, start: int, end: int) -> MappedText:
        value = self.data[start + 1 : end - 1].decode("utf-8", "surrogateescape")
        return Node("scalar", start, end, decode_string(value)[0] if "\\" in value else value, "j").text(self.data)


# --- what IPython makes of a cell ---

_HEAD = Pattern(rb"(?:[ \t]*(?:\r\n?|\n))*(?P<indent>[ \t]*)(?P<prompt>>>> |In \[\d{1,9}\]: )?")
_PROMPT = Pattern(rb"(?m)^[ \t]*(?:(?:>>>|\.\.\.)(?: |$)|(?:In \[\d{1,9}\]|\.{2,12}):(?: |$))")
_CELL_MAGIC = Pattern(rb"%%(?P<name>[\w.!-]{1,40})(?P<rest>[^\r\n]*)")
_NOT_PYTHON = frozenset(
    b"bash sh zsh script system sx ! cmd powershell pwsh html HTML javascript js latex markdown svg SVG perl ruby R sql bigquery writefile file cat mermaid kql julia "
    b"css sparql ai".split()
)
# Magics that run the Python that follows, with the options that take a value.
_RUNS_REST = {
    b"time": b"",
    b"timeit": b"nrpt",
    b"prun": b"lsTD",
    b"memit": b"rt",
    b"lprun": b"fmDTsuz",
    b"mprun": b"fT",
    b"debug": b"b",
    b"scalene": b"",
    b"px": b"",
}
_OPTION = Pattern(rb"[ \t]+-(?P<letter>[A-Za-z])(?P<rest>[^\s]*)")
_LINE_MAGIC = Pattern(rb"[ \t]*(?:%(?P<name>\w{1,40})|[%!?/;,])")
_AUTOMATIC = Pattern(
    rb"[ \t]*(?:pip3?|conda|mamba|cd|ls|cat|cp|mv|mkdir|rm|rmdir|man|less|more|run|matplotlib|load_ext|reload_ext|pinfo|time|timeit|sudo|apt|git)[ \t]+"
    rb"(?!(?:in|is|and|or|not|if|else|for)\b)(?:-?\w|[./~$])"
)
_HELP = Pattern(rb"[ \t]*[\w.*%\[\]]{1,200}\?{1,2}[ \t]*(?=;?[ \t]*(?:[\r\n#]|\Z))")
_ASSIGNED = Pattern(rb"[ \t]*[A-Za-z_][\w.,\[\]':\" \t]{0,200}=[ \t]*(?P<magic>!|%(?P<name>\w{1,40}))")
_SUSPICIOUS = Pattern(rb"[%!?]|(?m:^[ \t]*(?:[/;,]|(?:pip3?|conda|mamba|cd|ls|cat|cp|mv|mkdir|rm|rmdir|man|less|more|run|sudo|apt|git|time|timeit)[ \t]))")
_TO_END = Pattern(rb"(?:[^\r\n\\]|\\(?:\r\n|.)?)*", 16)  # re.DOTALL; a backslash at the end of a line takes in the next
_CHARACTER = Pattern(rb"[^\r\n]")
_CHARACTERS = Pattern(rb"[^\r\n]+")
_NO_LINE_END = Pattern(rb"[^\r\n\\]|\\(?!\r?\n)")
_VALUE = Pattern(rb"[ \t]+[^\s]+")
_BLANKS = Pattern(rb"[ \t]*")
# One token of a logical line.
_TOKEN = Pattern(
    rb"#[^\r\n]*|\\(?:\r\n|.)|\"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*(?:\"\"\"|\Z)|'''(?:[^\\']|\\.|'(?!''))*(?:'''|\Z)"
    rb"|\"(?:[^\\\"\r\n]|\\(?:\r\n|.))*\"?|'(?:[^\\'\r\n]|\\(?:\r\n|.))*'?|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\r\n?|\n)|[^#\\\"'(\[{)\]}\r\n]+",
    16,  # re.DOTALL
)


def python_of(cell: MappedText) -> MappedText:
    """A cell's text with everything blanked that is IPython's and not Python's. Nothing moves, but for a line `if 1:` before an indented cell."""
    data = cell.data
    head = _HEAD.match(data)
    assert head is not None  # noqa: S101 - for the type checker: it matches nothing as well
    if head["prompt"]:
        data = _PROMPT.sub(lambda match: b" " * len(match[0]), data)
    data = _without_magics(data, head.start("prompt") if head["prompt"] else head.end())
    text = MappedText(data, cell.starts, cell.places)
    if head["indent"] or head["prompt"]:
        return MappedText.join([(b"if 1:\n", cell.place(0)), *_parts(text)])
    return text


def _without_magics(data: bytes, start: int) -> bytes:
    pieces: list[bytes] = []
    if data.startswith(b"%%", start):
        magic = _CELL_MAGIC.match(data, start)
        if magic is None or not _is_python(magic):
            return _blank(data)
        pieces += (data[:start], _kept_rest(magic["name"], magic["rest"], b"%%"))
        start = magic.end()
    elif _SUSPICIOUS.search(data) is None:
        return data
    else:
        pieces.append(data[:start])
    while start < len(data):
        end = _logical_end(data, start)
        shortened = _line(data, start)
        if shortened is not None:
            end, piece = shortened
            line_end = _TOKEN.match(data, end)
            finish = line_end.end() if line_end is not None and line_end["end"] else end
            pieces += (piece, data[end:finish])
            start = max(finish, start + 1)
            continue
        pieces.append(data[start:end])
        start = end
    return b"".join(pieces)


def _is_python(magic: object) -> bool:
    name, rest = magic["name"], magic["rest"].split()  # type: ignore[index]
    if name in (b"writefile", b"file"):
        return bool(rest) and rest[-1].strip(b"\"'").endswith(b".py")
    if name in (b"script", b"!"):
        return any(word.rpartition(b"/")[2].startswith((b"python", b"pypy")) for word in rest[:3])
    return name not in _NOT_PYTHON


def _blank(data: bytes) -> bytes:
    """Nothing but line ends."""
    return _CHARACTERS.sub(lambda match: b" " * len(match[0]), data)


def _logical_end(data: bytes, start: int) -> int:
    """Where a logical line that begins at `start` ends."""
    depth = 0
    while start < len(data):
        match = _TOKEN.match(data, start)
        if match is None:
            return start + 1
        start = match.end()
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth = max(0, depth - 1)
        elif match["end"] and not depth:
            return start
    return start


def _line(data: bytes, start: int) -> tuple[int, bytes] | None:
    """The end of a line that is IPython's and what is to stand there instead; None for Python."""
    magic = _LINE_MAGIC.match(data, start)
    automatic = None if magic else _AUTOMATIC.match(data, start) or _HELP.match(data, start)
    if magic or automatic:
        found = _TO_END.match(data, start)
        end = found.end() if found else start
        line = data[start:end]
        indent = line[: len(line) - len(line.lstrip(b" \t"))]
        name = magic["name"] if magic else None
        if name in _RUNS_REST:
            return end, indent + _kept_rest(name, line[len(indent) + 1 + len(name) :], b"%")
        return end, indent + _filled(line[len(indent) :])
    assigned = _ASSIGNED.match(data, start)
    if assigned is None:
        return None
    found = _TO_END.match(data, assigned.end())
    end = found.end() if found else assigned.end()
    before, rest = data[start : assigned.start("magic")], data[assigned.end() : end]
    name = assigned["name"]
    if name in _RUNS_REST and rest.strip():
        begin = _after_options(name, rest)
        return end, before + b" " * (assigned.end() - assigned.start("magic") + begin) + rest[begin:]
    return end, before + _filled(data[assigned.start("magic") : end])


def _filled(piece: bytes) -> bytes:
    """Something that does nothing, of the same length and with the same line ends (which a backslash before each keeps from ending the line)."""
    return b"0" + _CHARACTER.sub(b" ", piece[1:]) if b"\n" not in piece and b"\r" not in piece else _filled_lines(piece)


def _filled_lines(piece: bytes) -> bytes:
    return b"0" + _NO_LINE_END.sub(b" ", piece[1:])


def _kept_rest(name: bytes, rest: bytes, sign: bytes) -> bytes:
    """The line of a magic with the Python that it runs, after a statement that does nothing."""
    begin = _after_options(name, rest) if name in _RUNS_REST else len(rest)
    head = len(sign) + len(name) + begin
    if not rest[begin:].strip() or head < 2:
        return b"0" + b" " * (len(sign) + len(name) + len(rest) - 1)
    return b"0;" + b" " * (head - 2) + rest[begin:]


def _after_options(name: bytes, rest: bytes) -> int:
    position = 0
    while (option := _OPTION.match(rest, position)) is not None:
        position = option.end()
        if option["letter"] in _RUNS_REST[name] and not option["rest"]:
            value = _VALUE.match(rest, position)
            position = value.end() if value else position
    blank = _BLANKS.match(rest, position)
    return blank.end() if blank else position
