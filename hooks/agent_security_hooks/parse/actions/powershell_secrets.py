"""Secrets that a step in PowerShell prints into the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.secret_use import Use, within
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.secret_use import Direct, Secret
    from agent_security_hooks.parse.fragments import Fragment

_PRINT = Pattern(rb"(?mi)^[ \t]*(?:echo|write-(?:host|output|information|verbose|warning|error))\b[^\r\n|>]*$")
_VARIABLE = Pattern(rb"(?i)\$(?:\{env:|env:)([A-Za-z_]\w{0,100})\b(?!\.length)")


def printed_by_powershell(fragment: Fragment, direct: list[Direct], variables: dict[str, Secret]) -> Iterator[Use]:
    """`Write-Host` and its like with a `${{ secrets.X }}` or the `$env:X` of one on the same line."""
    by_name = {name.upper(): secret for name, secret in variables.items()}
    for match in _PRINT.finditer(fragment.text.data):
        if b"::add-mask::" in match[0]:
            continue
        start, end = fragment.text.span(*match.span())
        secrets = [secret for begin, stop, secret in within(direct, start, end) if begin < end and stop > start]
        named = (name[1].decode().upper() for name in _VARIABLE.finditer(match[0]))
        secrets += [by_name[name] for name in named if name in by_name]
        if secrets:
            word = match[0].split()[0].decode("utf-8", "replace")
            yield Use(start, end, f"{word} prints {secrets[0].shown} into the log", "leave it out", secrets[0].plain)
