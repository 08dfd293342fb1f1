"""Which programming language a file is written in, by its name or its first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

PYTHON, JAVASCRIPT = "python", "javascript"

_ENDINGS = {**dict.fromkeys("py pyi pyw".split(), PYTHON), **dict.fromkeys("js mjs cjs jsx ts mts cts tsx".split(), JAVASCRIPT)}
_INTERPRETER = Pattern(rb"#![^\r\n]{0,100}?\b(?:(python|pypy)[\d.]{0,5}|(node|deno|bun|tsx|ts-node|zx))(?:[ \t]|$)")


def language_of(file: Source) -> str:
    """PYTHON, JAVASCRIPT (or TypeScript), or "" for all else."""
    if "." in file.name:
        return _ENDINGS.get(file.name.rsplit(".", 1)[1].lower(), "")
    match = _INTERPRETER.match(file.line(1)) if file.data.startswith(b"#!") else None
    return "" if match is None else PYTHON if match[1] else JAVASCRIPT
