"""How downloads are spoken of. Nothing of a URL is shown but its host, and nothing that could be a credential."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.urls import HOLE, split_url

if TYPE_CHECKING:
    from agent_security_hooks.parse.downloads.content import Content

_UNKNOWN = "an address that is not known here"
# The state numbers the values of a variable that it does not know.
_VERSION = re.compile(r"(\$\{\w{1,100})\.\d{1,6}\}")


def shown(text: str, limit: int = 60) -> str:
    """A short text of the file, masked where it could be a credential."""
    from agent_security_hooks.parse.secrets import redact

    return redact(_VERSION.sub(r"\1}", text[: 50 * limit]))[:limit]


def shown_name(path: str) -> str:
    """The last part of a path, fit to be printed; of a URL, its host."""
    if "://" in path:
        return f"a file of {host_of(path)}"
    return shown(path.rstrip("/").rsplit("/", 1)[-1] or path)


def host_of(*urls: str) -> str:
    """The host of the first URL, as far as it is known."""
    if not urls:
        return _UNKNOWN
    parts = split_url(urls[0])
    if parts is None:
        host = urls[0].split("/", 1)[0] if not urls[0].startswith(("$", "-", ".")) else ""
        return shown(host) if "." in host and "@" not in host and _HOST.fullmatch(host) else _UNKNOWN
    if parts.scheme in ("s3", "gs"):
        return f"{parts.scheme}:// storage"
    host = parts.host.strip(HOLE)
    return shown(host) if host and HOLE not in host else _UNKNOWN


_HOST = re.compile(r"[\w.-]{1,253}(?::\d{1,5})?")


def source_of(content: Content) -> str:
    """`was downloaded from HOST`."""
    return f"was downloaded from {host_of(*content.urls[:1])}"


def safe_pipe(program: str) -> str:
    """What to do in place of a pipe into that program."""
    program = program if program.isalnum() and program not in ("eval", "source") else "sh"
    name = "install.py" if program.startswith("py") else "install.sh"
    return f"save it, compare its checksum, then run it: curl -fsSLo {name} URL && echo 'SHA256  {name}' | sha256sum -c - && {program} {name}"


def remedy_of(content: Content) -> str:
    """The command that checks the file, to be pasted before its use."""
    if content.tool == "ADD":
        return "write ADD --checksum=sha256:SHA256 URL FILE"
    if not content.path or "*" in content.path:
        return "save it first and compare its sha256: curl -fsSLo FILE URL && echo 'SHA256  FILE' | sha256sum -c -"
    path = content.path if len(content.path) <= 80 else content.path.rsplit("/", 1)[-1]
    path = shown("$HOME" + path[1:] if path.startswith("~/") else path, 80)
    quote = '"' if "$" in path or "'" in path else "'"
    return f"before it is used, add: echo {quote}SHA256  {path}{quote} | sha256sum -c -"
