"""reStructuredText: blocks that a directive marks as shell.

Source: https://docutils.sourceforge.io/docs/ref/rst/directives.html#code
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.pieces import cut_lines
from agent_security_hooks.parse.fragments.sessions import read_block
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.source import Source

_DIRECTIVE = Pattern(rb"(?m)^(?P<indent>[ \t]{0,80})\.\.[ \t]{1,20}(?:code-block|code|sourcecode|prompt)::[ \t]{1,20}(?P<tag>[\w+-]{1,40})[^\n]*\n")
_OPTION = Pattern(rb"[ \t]{1,200}:[\w-]{1,60}:[^\n]*(?:\n|\Z)")


def read_rst(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The content of code blocks that are shell."""
    data, position = file.data, 0
    while (found := _DIRECTIVE.search(data, position)) is not None and budget.spend():
        position = found.end()
        while (option := _OPTION.match(data, position)) and budget.spend():
            position = option.end()
        start, indent = position, len(found["indent"].expandtabs())
        while position < len(data) and budget.spend():
            end = data.find(b"\n", position) + 1 or len(data)
            line = data[position : min(end, position + 200)]
            if line.strip() and len(line[: len(line) - len(line.lstrip(b" \t"))].expandtabs()) <= indent:
                break
            position = end
        block = read_block(cut_lines(data, start, position), found["tag"].decode().lower(), budget)
        if block:
            yield Fragment(block[0], block[1], "docs", f"block:{file.line_of(found.start())}")
