"""What the analysis found, and how little of it is ever shown."""

from __future__ import annotations

from typing import NamedTuple


class Credential(NamedTuple):
    """A credential at bytes `start` to `end`. The value itself is not kept; `masked` is all that may be shown of it."""

    start: int
    end: int
    rule: str
    """The rule of secret-scan that it belongs to."""
    title: str
    """What it is: "Anthropic API key", "private key", "secret"."""
    masked: str
    name: str = ""
    """The variable, key or header that it was assigned to."""
    env: str = ""
    """The environment variable that usually holds it."""
    revoke: str = ""
    """Where to revoke it, if known."""
    weak: bool = False
    """Right, but not worth stopping a commit (a local default, a test)."""
    note: str = ""


MASK = "…"


def mask(value: bytes, prefix: int = 0) -> str:
    """The public prefix of a token and, where the rest is longer than 20 characters, its last 4; otherwise the prefix alone."""
    text = value.decode("utf-8", "replace")
    return text[:prefix] + MASK + (text[-4:] if len(text) - prefix > 20 and text[-4:].isalnum() else "")
