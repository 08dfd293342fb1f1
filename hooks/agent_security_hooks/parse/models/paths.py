"""Paths that model files give of other files."""

from __future__ import annotations

from agent_security_hooks.parse.pattern import Pattern

_ABSOLUTE = Pattern(r"[\\/]|~|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]{1,20}:/|(?i:file|data|https?|ftp):|\\\\")


def leaves_folder(path: str) -> bool:
    """Whether a path leads out of the folder that it is in: absolute, with a drive, a URL, or upwards by `..`. Backslashes count as slashes."""
    if "\0" in path or _ABSOLUTE.match(path.strip()):
        return True
    return climbs_out(path)


def climbs_out(path: str) -> bool:
    """Whether a relative path leads upwards, by `..`, out of the folder that it is in."""
    depth = 0
    for part in path.replace("\\", "/").split("/"):
        step = part.strip()
        if step == "..":
            depth -= 1
            if depth < 0:
                return True
        elif step not in ("", "."):
            depth += 1
    return False
