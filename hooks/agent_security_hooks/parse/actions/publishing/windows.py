r"""Scripts of PowerShell and cmd as the reader of POSIX shells understands them, byte for byte in the same places.

A backquote is what a backslash is elsewhere, and a backslash is a part of a path. Sources:
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_parsing (line continuation, special characters) and
https://learn.microsoft.com/windows-server/administration/windows-commands/cmd (the caret).
"""

from __future__ import annotations

from agent_security_hooks.parse.mapped import MappedText

_POWERSHELL = bytes.maketrans(b"\\`{}", b"/\\;;")
_CMD = bytes.maketrans(b"\\`'", b"/__")


def readable(text: MappedText, language: str) -> MappedText:
    """A script of "powershell" or "cmd" that says the same to a POSIX shell, as far as plain commands go; others as they are."""
    if language == "powershell":
        # Braces only group here; `${env:NAME}` keeps its own.
        data = text.data.replace(b"${", b"\0").translate(_POWERSHELL)
        if b"\0" in data:
            data = _closed(data)
        return MappedText(data, text.starts, text.places) if len(data) == len(text.data) else text
    if language == "cmd":
        return MappedText(text.data.translate(_CMD).replace(b"^\n", b"\\\n"), text.starts, text.places)
    return text


def _closed(data: bytes) -> bytes:
    """`${NAME}` again, where the opening stands as a NUL and the closing as a semicolon."""
    first, *rest = data.split(b"\0")
    return b"".join((first, *(b"${" + piece.replace(b";", b"}", 1) for piece in rest)))
