"""Notebooks: `!command`, `%%bash` and their like.

Sources: https://nbformat.readthedocs.io/en/latest/format_description.html and https://ipython.readthedocs.io/en/stable/interactive/magics.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import CMD, POWERSHELL, SH, language_of
from agent_security_hooks.parse.fragments.pieces import mask_spans, parts_of
from agent_security_hooks.parse.fragments.values import Reader, string
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.source import Source

_SCOPE = "notebook"
_CELL_MAGIC = Pattern(rb"[ \t\r\n]{0,200}%%(?P<name>!|[\w-]{1,40})(?P<rest>[^\n]*)(?:\n|\Z)")
_CELL_LANGUAGES = {b"!": SH, b"sx": SH, b"system": SH, b"cmd": CMD, b"powershell": POWERSHELL, b"pwsh": POWERSHELL, b"shell": SH}
_LINE = Pattern(
    rb"(?m)^[ \t]{0,200}(?:[A-Za-z_][\w.,\[\]'\" ]{0,200}=[ \t]{0,20})?(?:!!?|%(?:sx|system|sc)[ \t])[ \t]{0,20}(?P<command>[^\n]+(?:(?<=\\)\n[^\n]*){0,1000})"
)
_BRACES = Pattern(rb"(?<!\$)\{[A-Za-z_][^{}\s]{0,200}\}")


def read_notebook(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The commands of all code cells; they share one scope, since they run one after the other."""
    reader = Reader(file, budget)
    root = reader.json()
    kernel = string(root.get("metadata", "kernelspec", "language")) or string(root.get("metadata", "language_info", "name"))
    shell = language_of(kernel, "")
    for cell in reader.items(root.get("cells")):
        if string(cell.get("cell_type")) != "code":
            continue
        parts = [part for item in reader.scalars(cell.get("source")) if (text := reader.text(item)) for part in parts_of(text)]
        yield from _cell(MappedText.join(parts), shell if shell != "python" else "")


def _cell(text: MappedText, shell: str) -> Iterator[Fragment]:
    magic = _CELL_MAGIC.match(text.data)
    language = shell
    start = 0
    if magic:
        name, start = magic["name"], magic.end()
        program = magic["rest"].split()
        if name == b"script" and program:
            name = program[-1] if program[0] == b"env" else program[0]
        language = _CELL_LANGUAGES.get(name) or language_of(name.decode("utf-8", "replace"), "")
        if language == "python" and magic["name"] != b"script":
            language = ""
    if language:
        if text.data[start:].strip():
            yield Fragment(text.slice(start, len(text.data)), language, "notebook", _SCOPE)
        return
    for found in _LINE.finditer(text.data):
        command = text.slice(*found.span("command"))
        yield Fragment(mask_spans(command, [match.span() for match in _BRACES.finditer(command.data)]), SH, "notebook", _SCOPE)
