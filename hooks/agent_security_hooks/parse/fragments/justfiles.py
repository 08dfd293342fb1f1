"""justfiles: recipes and commands in backticks.

Source: https://just.systems/man/en/. `{{ name }}` becomes `${name}`, other `{{ }}` underscores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import SH, language_of, script_language
from agent_security_hooks.parse.fragments.pieces import REPLACED, cut_lines, parts_of
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.source import Source

_HEADER = Pattern(rb"@?(?P<name>[A-Za-z_][\w-]{0,200})(?:[ \t][^\r\n]{0,4000})?:(?!=)")
_SETTING = Pattern(rb"(?m)^set[ \t]{1,20}(?:shell|script-interpreter)[ \t]{0,20}:=[ \t]{0,20}\[[ \t]{0,20}['\"](?P<program>[^'\"\r\n]{1,200})['\"]")
_VARIABLE = Pattern(
    rb"(?m)^(?:export[ \t]{1,20})?(?P<name>[A-Za-z_][\w-]{0,200})[ \t]{0,20}:=[ \t]{0,20}(?P<quote>['\"])(?P<value>[^'\"\\\r\n]{0,2000})(?P=quote)[ \t]{0,20}\r?$"
)
_BACKTICKS = Pattern(
    rb"(?m)^(?:export[ \t]{1,20})?[A-Za-z_][\w-]{0,200}[ \t]{0,20}:=[^`#\r\n]{0,2000}(?:```(?P<long>[^`]{1,20000})```|`(?P<short>[^`\r\n]{1,4000})`)"
)
_SCRIPT = Pattern(rb"\[script(?:\([ \t]{0,20}['\"](?P<program>[^'\"\r\n]{1,200})['\"][^\r\n]{0,200}\))?\]")
_BEFORE_COMMAND = Pattern(rb"[ \t@-]*")
_NAME = Pattern(rb"\{\{[ \t]{0,20}(?P<name>[A-Za-z_]\w{0,200})[ \t]{0,20}\}\}")


def read_justfile(file: Source, budget: Budget) -> Iterator[Fragment]:
    """Each line of a recipe, or the recipe as one script where it says so; one scope per recipe."""
    data = file.data
    setting = _SETTING.search(data)
    language = language_of(setting["program"].decode("utf-8", "replace"), SH) if setting else SH
    variables = tuple((found["name"].decode(), found["value"].decode("utf-8", "surrogateescape")) for found in _VARIABLE.finditer(data))[:200]
    for found in _BACKTICKS.finditer(data):
        yield Fragment(MappedText.cut(data, *found.span(found.lastgroup or 0)), language, "make", "just", variables=variables)
    for name, start, end, script in _recipes(data, budget):
        scope = f"recipe:{name}"
        first = data[start:end].lstrip()[:512]
        if first.startswith(b"#!") or script is not None:
            own = script_language("", first) if script is None else script or language
            yield Fragment(_interpolate(_undented(data, start, end, budget)), own, "make", scope, variables=variables)
            continue
        for line in _lines(data, start, end, budget):
            yield Fragment(_interpolate(line), language, "make", scope, variables=variables)


def _recipes(data: bytes, budget: Budget) -> Iterator[tuple[str, int, int, str | None]]:
    """Name, start and end of the body, and the language when an attribute says that the body is one script."""
    position, name, body, script = 0, "", 0, None
    marked: str | None = None
    while position < len(data) and budget.spend():
        end = data.find(b"\n", position) + 1 or len(data)
        first = data[position : position + 1]
        if first not in b" \t\r\n":
            if name:
                yield name, body, position, script
            colon = data.find(b":", position, end)
            found = None if first == b"#" or data.startswith(b"=", colon + 1) else _HEADER.match(data, position, end)
            name = found["name"].decode() if found else ""
            body, script = end, marked if found else None
            attribute = _SCRIPT.search(data, position, min(end, position + 4096)) if first == b"[" else None
            if attribute:
                program = attribute["program"]
                marked = language_of(program.decode("utf-8", "replace")) if program else ""
            elif first not in b"[#":
                marked = None
        position = end
    if name:
        yield name, body, len(data), script


def _undented(data: bytes, start: int, end: int, budget: Budget) -> MappedText:
    text = cut_lines(data, start, end)
    body = text.data
    width = len(body) - len(body.lstrip(b" \t\n"))
    width -= body.rfind(b"\n", 0, width) + 1
    if b"<<" not in body:
        return text
    parts: list[tuple[bytes, int]] = []
    position = 0
    while position < len(body) and budget.spend():
        line_end = body.find(b"\n", position) + 1 or len(body)
        line = body[position:line_end]
        position += min(width, len(line) - len(line.lstrip(b" \t")))
        parts += parts_of(text.slice(position, line_end))
        position = line_end
    return MappedText.join(parts)


def _lines(data: bytes, start: int, end: int, budget: Budget) -> Iterator[MappedText]:
    """The logical lines of a body: those after a backslash belong to the one before."""
    while start < end and budget.spend():
        line_end = start
        while True:
            line_end = data.find(b"\n", line_end, end) + 1 or end
            if line_end >= end or not data[line_end - 3 : line_end - 1].strip(b"\r").endswith(b"\\"):
                break
        found = _BEFORE_COMMAND.match(data, start, line_end)
        first = found.end() if found else start
        if first < line_end and data[first : first + 1] not in b"#\r\n":
            yield cut_lines(data, first, line_end)
        start = line_end


def _interpolate(text: MappedText) -> MappedText:
    data = text.data
    if not 0 < data.count(b"{{") <= REPLACED:
        return text
    parts: list[tuple[bytes, int]] = []
    position = 0
    while (start := data.find(b"{{", position)) >= 0:
        parts += parts_of(text.slice(position, start))
        if data.startswith(b"{{{{", start):  # two braces
            position = start + 4
            parts += parts_of(text.slice(start, start + 2))
            continue
        name = _NAME.match(data, start)
        close = data.find(b"}}", start)
        if close < 0:
            position = start
            break
        position = close + 2
        if name:
            parts += [(b"${", text.place(start)), *parts_of(text.slice(*name.span("name"))), (b"}", text.place(position - 1))]
        else:
            parts.append((b"_" * (position - start), text.place(start)))
    return MappedText.join((*parts, *parts_of(text.slice(position, len(data)))))
