"""Shell scripts as commands, words and redirections with exact positions.

`words` reads quotes and expansions, `heredoc` documents, `commands` finds where commands begin and end, `structure` builds compound ones.
A reader of our own, because the libraries lose commands without a word: tree-sitter-bash loses the rest of a file at `;& esac`, takes an `if` after
`x |` and a blank line for arguments, and needs quadratic time to recover from errors; bashlex is under the GPL and gives up at the first error.
Grammar: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html and https://www.gnu.org/software/bash/manual/bash.html
"""

from __future__ import annotations

from agent_security_hooks.parse.shell.commands import Scanner
from agent_security_hooks.parse.shell.model import Command, Compound, Part, Pipeline, Redirection, Script, Word, statements, walk_commands

__all__ = ["SIZE_LIMIT", "Command", "Compound", "Part", "Pipeline", "Redirection", "Script", "Word", "parse_shell", "statements", "walk_commands"]

SIZE_LIMIT = 1 << 20
"""Bytes of a script that are read."""


def parse_shell(text: bytes) -> Script:
    """The pipelines of a script, in order. Never raises: what is broken is skipped or read as far as it makes sense.

    Of a text that is longer than SIZE_LIMIT the first lines are read, and its `complete` is False.
    """
    whole = len(text) <= SIZE_LIMIT
    if not whole:
        text = text[: text.rfind(b"\n", 0, SIZE_LIMIT) + 1]
    scanner = Scanner(text.replace(b"\0", b""))
    found = scanner.unit(0, 0)[0]
    script = Script(_with_zeros(found, text) if b"\0" in text else found)
    if not whole or scanner.room < 0:
        script.complete = False
    script.unended = scanner.unended
    return script


def _with_zeros(found: tuple[Pipeline, ...], text: bytes) -> tuple[Pipeline, ...]:
    """Shells read over NUL bytes; the offsets do not."""
    import re

    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell.moved import moved

    return moved(found, MappedText.join([(run[0], run.start()) for run in re.finditer(rb"[^\0]+", text)]))
