"""What may be shown of a file's text in a message."""

from __future__ import annotations


def excerpt(text: str, limit: int = 40) -> str:
    """At most `limit` characters of what somebody else wrote, masked before they are cut: half a token has no shape that a mask would know."""
    from agent_security_hooks.parse.secrets import redact

    return redact(text[: 50 * limit])[:limit]
