"""Escapes in $'..': https://www.gnu.org/software/bash/manual/bash.html#ANSI_002dC-Quoting."""

from __future__ import annotations

import re

ANSI = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c([\x00-\x7f])|([\x00-\x7f]|[\xc0-\xff][\x80-\xbf]{0,3}|.))", re.DOTALL
)
_LETTERS = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def decode_escape(found: re.Match[bytes]) -> str:
    """What an escape that ANSI matched stands for."""
    byte, short, long, octal, control, other = found.groups()
    if byte or octal:
        return bytes([int(byte or octal, 16 if byte else 8) & 255]).decode("utf-8", "surrogateescape")
    if short or long:
        number = int(short or long, 16)
        return chr(number) if number < 0xD800 or 0xE000 <= number < 0x110000 else "\ufffd"
    if control:
        return chr(control[0] & 31)
    letter: str = other.decode("utf-8", "surrogateescape")
    return _LETTERS.get(letter) or (letter if letter in "\\'\"?" else "\\" + letter)
