"""White space as the builder knows it: that of Unicode for the ends of lines and words, single bytes for flags."""

from __future__ import annotations

from agent_security_hooks.parse.pattern import Pattern

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""Less than `str.isspace`, which knows the separators 0x1C-0x1F, too."""
SPACE = rb"(?:[\t-\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80)"
_ASCII = Pattern(rb"[\t-\r ]*")


def after_spaces(data: bytes, start: int, end: int) -> int:
    """Where the white space at `start` ends."""
    start = _ASCII.match(data, start, end).end()  # type: ignore[union-attr]  # it matches nothing, too
    if start < end and data[start] >= 0xC2:
        text = data[start:end].decode("utf-8", "surrogateescape")
        start += len(text[: len(text) - len(text.lstrip(SPACES))].encode())
    return start


def before_spaces(data: bytes, start: int, end: int) -> int:
    """Where the white space before `end` begins."""
    if start < end and data[end - 1] > 0x20 and data[end - 1] < 0x80:
        return end
    text = data[start:end].decode("utf-8", "surrogateescape")
    return end - len(text[len(text.rstrip(SPACES)) :].encode())
