"""How much Python is given to the parser: a linear look at its tokens tells what would take it too long or too deep."""

from __future__ import annotations

from agent_security_hooks.parse.pattern import Pattern

LARGEST = 4 << 20
"""Bytes of Python that are parsed."""
# The parser takes time and memory for each token and the square of some; before Python 3.11 it even crashes on deep trees. These are far beyond what people write.
_WEIGHT = 350_000
"""Of words and strings (2), brackets (3), lines (2), commas and operators (1): 800 kB of plain code, and 350,000 nodes at most."""
_CHAIN = 2500
_DOTS = 100
_NESTING = 100
_F_STRING_FIELDS = 1000
_F_STRING_MARKS = 10_000
_HARMLESS = 20_000
"""Bytes that can exceed no limit but that on names with dots."""
DEEP = "its code is nested too deeply"
_LARGE = "it holds more code than is looked at"
_TOKEN = Pattern(
    rb"#[^\r\n]*|\\(?:\r\n|[\r\n])"
    rb"|(?:\b[A-Za-z]{1,2})?(?:\"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*(?:\"\"\"|\Z)|'''(?:[^\\']|\\.|'(?!''))*(?:'''|\Z)"
    rb"|\"(?:[^\\\"\r\n]|\\(?:\r\n|.))*\"?|'(?:[^\\'\r\n]|\\(?:\r\n|.))*'?)"
    rb"|[.+*/%@&|^<>~-]+|[()\[\]{},;\r\n]",
    16,  # re.DOTALL
)
_WORD = Pattern(rb"[A-Za-z0-9_\x80-\xff]+")


def too_much(data: bytes) -> str:
    """Why a text is not given to the parser, if it is not: a linear look at its tokens."""
    if len(data) > LARGEST:
        return _LARGE
    words = len(_WORD.findall(data)) if len(data) > _HARMLESS else 0
    weight, chain, dots, chains = 0, 0, 0, list[int]()
    line_start = 0
    for match in _TOKEN.finditer(data):
        token = match[0]
        first = token[0]
        if first in b"#\\":
            if 2 * words > _WEIGHT:
                words -= len(_WORD.findall(token))
            line_start = match.end() if line_start == match.start() else line_start  # a comment alone is no statement
            continue
        dots = dots + 1 if token == b"." else 0
        if first in b"([{":
            chains.append(chain + 1)
            chain, weight = 0, weight + 3
        elif first in b")]}":
            chain = chains.pop() if chains else 0
        elif first in b",;":
            chain, weight = 0, weight + 1
        elif first in b"\r\n":
            weight += 0 if line_start == match.start() else 2
            chain, line_start = 0 if not chains else chain, match.end()
        elif first in b".+*/%@&|^<>~-":
            chain, weight = chain + len(token), weight + (len(token) if token != b"." else 0)
        else:
            weight += 2
            if first in b"fFtT" or first in b"rR" and token[1:2] in b"fFtT":  # its fields are code
                fields = token.count(b"{")
                weight += 2 * fields
                if fields > _F_STRING_FIELDS or len(token) > _F_STRING_MARKS and _marks(token) > _F_STRING_MARKS:
                    return DEEP
            elif 2 * words > _WEIGHT:
                words -= len(_WORD.findall(token))
        if dots > _DOTS or chain > _CHAIN or len(chains) > _NESTING:
            return DEEP
    return _LARGE if weight + 2 * words > _WEIGHT else ""


def _marks(token: bytes) -> int:
    return sum(token.count(mark) for mark in (b".", b"(", b"[", b"+", b"-", b"*", b"/", b"<", b"&", b"|", b"@", b"%"))
