"""Makefiles: recipes, `$(shell ..)` and `!=`.

Source: https://www.gnu.org/software/make/manual/make.html, chapters 3 (Makefiles), 5 (Recipes) and 6 (Variables). References to variables of make
become those of shell variables with the same name, since both are unknown words to a reader of the recipe, or known ones by `variables`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.fragments import LIMIT, Fragment
from agent_security_hooks.parse.fragments.kinds import SH, language_of
from agent_security_hooks.parse.fragments.pieces import REPLACED, parts_of
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.source import Source

_ASSIGNMENT = Pattern(
    rb"(?:(?:override|export|private|unexport)[ \t]+)*(?P<name>[^ \t:#=+?!]{1,200})[ \t]{0,50}(?P<operator>:{0,3}=|\+=|\?=|!=)[ \t]{0,50}(?P<value>[^\r\n]*)"
)
_DEFINE = Pattern(rb"(?:(?:override|export)[ \t]+)*define[ \t]+(?P<name>[^ \t\r\n=]{1,200})")
_END_OF_DEFINE = Pattern(rb"[ \t]*endef\b")
_CONDITIONAL = Pattern(rb"[ \t]*(?:ifeq|ifneq|ifdef|ifndef|else|endif|-?include|sinclude|vpath)\b")
_RULE = Pattern(rb"(?P<targets>(?:[^#:=&$\r\n]|\$\([^()\r\n]{0,200}\)|\$\{[^{}\r\n]{0,200}\}|\$(?![({])){1,2000})&?::?(?![:=])(?P<rest>[^\r\n]*)")
_SHELL_CALL = Pattern(rb"\$[({]shell[ \t]")
_REFERENCE = Pattern(rb"\$(?:(?P<dollar>\$)|(?P<open>[({])|(?P<automatic>[@<^?+|%*])|(?P<letter>[A-Za-z_])|(?P<other>[^\s\w]))")
_VARIABLE = Pattern(rb"[A-Za-z_]\w{0,100}[)}]")
_BRACKET = Pattern(rb"[(){}]|\n")
# Those of the shell that hold as little: nobody passes arguments to a recipe line.
_AUTOMATIC = {b"@": b"@", b"*": b"*", b"<": b"1", b"^": b"2", b"?": b"3", b"+": b"4", b"|": b"5", b"%": b"6"}
_KNOWN = Pattern(rb"\$(?:[({](?P<name>\w{1,200})[)}]|(?P<dollar>\$))")
_VARIABLES = 200
_VALUE = 2000
_NOT_EMPTY = Pattern(rb"[^\r\n]")
_BLANKS = Pattern(rb"[ \t]*")
_BEFORE_COMMAND = Pattern(rb"[ \t@+-]*")


class Recipe(NamedTuple):
    """A logical line of a recipe: from `start` to `end`, its line end left out, after the tab."""

    start: int
    end: int
    scope: str
    target: str


def read_makefile(file: Source, budget: Budget) -> Iterator[Fragment]:
    """Each line of each recipe, one scope per target; and what make itself runs while it reads the file, with the scope "make"."""
    data = file.data
    makefile = _Makefile(data, budget)
    makefile.read()
    language = language_of(makefile.variables.get("SHELL", b"sh").decode("ascii", "replace").split(" ")[0], SH)
    variables = _literal(makefile.variables)
    known = {recipe.target: ((("@", recipe.target), *variables) if recipe.target else variables) for recipe in makefile.recipes}
    found = [
        Fragment(_expand(_piece(data, recipe.start, recipe.end, makefile.prefix)), language, "make", recipe.scope, variables=known[recipe.target])
        for recipe in makefile.recipes
    ]
    for start, end in makefile.commands:
        found.append(Fragment(_expand(_piece(data, start, end, b"")), language, "make", "make", variables=variables))
    return iter(sorted((fragment for fragment in found if fragment.text.data.strip()), key=lambda fragment: fragment.text.place(0)))


def _literal(variables: dict[str, bytes]) -> tuple[tuple[str, str], ...]:
    """Variables whose value is text, or text and other such variables."""
    found: dict[str, bytes] = {}
    for name, raw in list(variables.items())[:_VARIABLES]:
        value = raw
        for _ in range(5):
            if b"$" not in value or len(value) > _VALUE:
                break
            value = _substitute(value, variables)
        if len(value) <= _VALUE and b"$" not in value.replace(b"$$", b""):
            found[name] = value.replace(b"$$", b"$")
    return tuple((name, value.decode("utf-8", "surrogateescape")) for name, value in found.items())


def _substitute(value: bytes, variables: dict[str, bytes]) -> bytes:
    pieces, position = [], 0
    for match in _KNOWN.finditer(value):
        pieces.append(value[position : match.start()])
        pieces.append(match[0] if match["dollar"] else variables.get(match["name"].decode("utf-8", "replace"), match[0]))
        position = match.end()
    return b"".join((*pieces, value[position:]))


class _Makefile:
    """The state of reading one: which rule recipe lines belong to."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.data = data
        self.budget = budget
        self.prefix = b"\t"
        self.recipes: list[Recipe] = []
        self.commands: list[tuple[int, int]] = []
        self.variables: dict[str, bytes] = {}
        self.target: str | None = None
        self.one_shell = False
        self.defining = ""

    def read(self) -> None:
        data, position = self.data, 0
        while (first := _NOT_EMPTY.search(data, position)) is not None and len(self.recipes) + len(self.commands) <= LIMIT:
            end = self._logical_end(first.start())
            if self.budget.problem:
                break
            self._line(first.start(), end - 1 if data[end - 1 : end] == b"\r" else end)
            position = end + 1
        if self.one_shell:
            self._join()

    def _logical_end(self, position: int) -> int:
        """The offset of the line end after the line and those that a backslash joins to it."""
        data = self.data
        while True:
            end = data.find(b"\n", position)
            if end < 0 or not self.budget.spend():
                return len(data)
            last = end - 2 if data[end - 1 : end] == b"\r" else end - 1
            count = 0
            while last - count >= position and data[last - count] == 0x5C:
                count += 1
            if count % 2 == 0:
                return end
            position = end + 1

    def _line(self, start: int, end: int) -> None:
        data = self.data
        if self.defining:
            if _END_OF_DEFINE.match(data, start, end):
                self.defining = ""
            else:
                self._recipe(start + data.startswith(self.prefix, start, end), end, self.defining, "")
        elif data.startswith(self.prefix, start, end) and self.target is not None:
            self._recipe(start + 1, end, f"target:{self.target}", self.target)
        elif data[start : start + 1] not in (b"#", b"") and start < end:
            self._statement(start, end)

    def _recipe(self, start: int, end: int, scope: str, target: str) -> None:
        start = _end_of(_BEFORE_COMMAND, self.data, start, end)
        if start < end and self.data[start] != 0x23:
            simple = target if target and not set(target) & set("$% *?[") else ""
            self.recipes.append(Recipe(start, end, scope, simple))

    def _statement(self, start: int, end: int) -> None:
        data = self.data
        start = _end_of(_BLANKS, data, start, end)
        if start >= end or _CONDITIONAL.match(data, start, end):
            self._calls(start, end)
            return
        if defined := _DEFINE.match(data, start, end):
            self.defining = "define:" + defined["name"].decode("utf-8", "replace")
            return
        if assigned := _ASSIGNMENT.match(data, start, end):
            self._assignment(assigned, end)
            return
        if rule := _RULE.match(data, start, end):
            self._rule(rule, end)
            return
        if data.find(b":", start, end) >= 0:
            self.target = "?"  # a rule whose targets make computes
        self._calls(start, end)

    def _assignment(self, match: re.Match[bytes], end: int) -> None:
        name, operator = match["name"].decode("utf-8", "replace"), match["operator"]
        if operator == b"!=":
            self.commands.append((match.start("value"), end))
            return
        value = match["value"].split(b" #", 1)[0].rstrip()
        if name == ".RECIPEPREFIX" and value:
            self.prefix = value[:1]
        elif operator != b"+=" and not (operator == b"?=" and name in self.variables):
            if len(value) <= _VALUE and not value.endswith(b"\\") and name.isidentifier():
                self.variables[name] = value
        self._calls(match.start("value"), end)

    def _rule(self, match: re.Match[bytes], end: int) -> None:
        targets = match["targets"].strip()
        rest = match["rest"]
        if targets == b".ONESHELL":
            self.one_shell = True
        if _ASSIGNMENT.match(rest.strip()):  # a variable of this target
            self._calls(match.start("rest"), end)
            return
        self.target = targets.decode("utf-8", "surrogateescape")
        command = rest.find(b";")
        if command >= 0:
            self._recipe(match.start("rest") + command + 1, end, f"target:{self.target}", self.target)

    def _calls(self, start: int, end: int) -> None:
        """The commands of `$(shell ..)` outside of recipes, where a shell does not see them anyway."""
        while (found := _SHELL_CALL.search(self.data, start, end)) is not None:
            close = _closing(self.data, found.end(), end)
            if close < 0:
                break
            self.commands.append((found.end(), close))
            start = close

    def _join(self) -> None:
        """With .ONESHELL a recipe is one script."""
        joined: list[Recipe] = []
        for recipe in self.recipes:
            if joined and joined[-1].scope == recipe.scope:
                joined[-1] = joined[-1]._replace(end=recipe.end)
            else:
                joined.append(recipe)
        self.recipes = joined


def _end_of(pattern: Pattern[bytes], data: bytes, start: int, end: int) -> int:
    match = pattern.match(data, start, end)
    return match.end() if match else start


def _closing(data: bytes, position: int, end: int) -> int:
    """The bracket that closes the one before `position`; -1 without one."""
    depth = 1
    for found in _BRACKET.finditer(data, position, end):
        if found[0] in b"({":
            depth += 1
        elif found[0] in b")}":
            depth -= 1
            if depth == 0:
                return found.start()
    return -1


def _piece(data: bytes, start: int, end: int, prefix: bytes) -> MappedText:
    """A logical line with LF at the ends of its lines and, as make passes it on, without the recipe prefix at their starts."""
    if data.find(b"\n", start, end) < 0:
        return MappedText.cut(data, start, end)
    parts = []
    while start < end:
        line_end = data.find(b"\n", start, end)
        if line_end < 0:
            parts.append((data[start:end], start))
            break
        returned = data[line_end - 1 : line_end] == b"\r"
        parts += [(data[start : line_end - returned], start), (b"\n", line_end)]
        start = line_end + 1
        start += bool(prefix) and data.startswith(prefix, start, end)
    return MappedText.join(parts)


def _expand(text: MappedText) -> MappedText:
    """What the shell gets, as far as it can be known: `$$` as `$`, `$(X)` as `${X}`, `$(shell x)` as `$(      x)`, other functions as an unknown variable."""
    data = text.data
    if not 0 < data.count(b"$") <= REPLACED:
        return text
    parts: list[tuple[int, int, bytes]] = []
    position = 0
    while (found := _REFERENCE.search(data, position)) is not None:
        start, position = found.span()
        if found["dollar"]:
            parts.append((start, position, b"$"))
        elif found["automatic"]:
            parts.append((start, position, b"$" + _AUTOMATIC[found["automatic"]]))
        elif found["open"]:
            name = _VARIABLE.match(data, position)
            call = _SHELL_CALL.match(data, start)
            if name:
                parts.append((start, name.end(), b"${" + name[0][:-1] + b"}"))
                position = name.end()
            elif call and found["open"] == b"(":
                parts.append((start, call.end(), b"$(" + b" " * (call.end() - start - 2)))
                position = call.end()
            else:
                close = _closing(data, position, len(data))
                if close < 0:
                    break
                parts.append((start, close + 1, b"${" + b"_" * (close - position) + b"}"))
                position = close + 1
    return _replace(text, parts)


def _replace(text: MappedText, parts: list[tuple[int, int, bytes]]) -> MappedText:
    """Pieces replaced by others of the same length, or by their first byte."""
    pieces: list[tuple[bytes, int]] = []
    position = 0
    for start, end, replacement in parts:
        pieces += parts_of(text.slice(position, start))
        if len(replacement) == end - start:
            piece = text.slice(start, end)
            pieces += parts_of(MappedText(replacement, piece.starts, piece.places))
        else:
            pieces.append((replacement, text.place(start)))
        position = end
    pieces += parts_of(text.slice(position, len(text.data)))
    return MappedText.join(pieces)
