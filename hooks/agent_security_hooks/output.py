"""The only place that writes to the terminal: whatever comes from scanned files is escaped and free of secrets here."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

# Control characters, DEL, C1, soft hyphen, bidi and zero-width marks, line separators, tags, lone surrogates:
# what can drive a terminal, hide text or break a line (Unicode general categories Cc, Cf, Zl, Zp, Cs).
_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]")


def escape(text: str) -> str:
    """The text on one line with every unsafe character as a backslash escape and no workflow command."""
    text = _UNSAFE.sub(escape_character, text)
    if "##" in text:  # ##[group] of GitHub, ##vso[task] of Azure, ##teamcity[message]: obeyed anywhere in a line
        text = re.sub(r"##(?=\w{0,20}\[)", r"#\\x23", text)
    if text.lstrip(" ").startswith("::"):  # GitHub obeys a command behind blanks, too
        text = text.replace("::", ":\\x3a", 1)
    return text


def escape_character(match: re.Match[str]) -> str:
    """The backslash escape of one character."""
    code = ord(match[0])
    named = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    if named:
        return named
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as Python carries it in file names
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def display_path(path: str) -> str:
    """A path as it is printed: escaped, and never at risk of being read as an option or a command."""
    shown = safe(path) or '""'
    return "./" + shown if shown[0] in " -:@" else shown


def safe(text: str) -> str:
    """The text, escaped, with everything in it that has the shape of a credential masked."""
    from agent_security_hooks.parse.secrets import redact

    return escape(redact(text))


class ClosedOutput(Exception):
    """Standard output or the output file cannot take the report (closed pipe, full disk)."""


def write_report(text: str, path: str = "") -> None:
    """Write a finished report to standard output or a file; raises ClosedOutput."""
    if not text and not path:
        return
    try:
        if path:
            with open(path, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
                file.write(text)
        elif sys.stdout is None:
            raise ClosedOutput("standard output is closed")
        else:
            _write(sys.stdout, text)
    except (OSError, ValueError) as error:
        raise ClosedOutput(f"cannot write {'the output file' if path else 'to standard output'}: {_reason(error)}") from None


def say(text: str) -> None:
    """One line on stderr; a closed stderr is no failure."""
    try:
        if sys.stderr is not None:
            _write(sys.stderr, text + "\n")
    except (OSError, ValueError):
        pass


def silence() -> None:
    """Keep the interpreter from flushing a broken stream at exit, which would print a traceback."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except ValueError:  # closed: nothing left to flush
            pass


def _write(stream: TextIO, text: str) -> None:
    data = text.encode(stream.encoding or "utf-8", "backslashreplace")
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(data.decode(stream.encoding or "utf-8"))
    else:
        buffer.write(data)
    stream.flush()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is closed"
