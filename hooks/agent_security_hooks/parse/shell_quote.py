"""Shell commands that messages tell people to paste."""

from __future__ import annotations

import os
import re


def quote(path: str) -> str:
    """A path as one word of a shell command."""
    if re.fullmatch(r"[\w./@%+=:,-]+", path, re.ASCII):
        return path
    if path.isprintable():
        return "'" + path.replace("'", "'\\''") + "'"
    raw = os.fsencode(path)
    return "$'" + "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}" for byte in raw) + "'"
