"""Names of members: which lead out of the folder that an archive is unpacked to, and which are programs."""

from __future__ import annotations

import re

from agent_security_hooks.parse.models.paths import climbs_out

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_HOME = re.compile(
    r"(?:[A-Za-z]:)?[./]*(?:etc/(?:passwd|shadow|gshadow|group|sudoers|ssh|ssl/private|cron)|root/|proc/(?:self|\d+)/|(?:home|Users)/[^/]+/\.)"
    r"|(?:^|.*/)\.(?:ssh|aws|kube|gnupg|netrc|docker|bashrc|zshrc|profile|bash_profile|git-credentials)(?:/|$)"
)
"""Accounts, credentials and what a shell starts with."""
_PROGRAMS = (
    ".apk .bash .bat .cmd .com .cpl .dll .dylib .exe .hta .jar .js .jse .lnk .msi .pif .ps1 .psm1 .py .pyc .pyd .pyw .reg .scr .sh .so .vbe .vbs .wsf .zsh"
)  # fmt: skip
PROGRAM_ENDINGS = tuple(_PROGRAMS.split())
"""Names of what runs, or is imported."""
_PICKLED = (".pkl", ".pickle", ".pck", ".joblib", ".dill", ".pt", ".pth", ".ckpt", ".sav")


def is_pickle_name(name: str) -> bool:
    """Whether it is the name of a pickle or of an archive with one."""
    return name.lower().endswith(_PICKLED)


def shown(name: bytes) -> str:
    """A name as text; it is cut at no NUL and no character is left out."""
    return name.decode("utf-8", "replace")


def base(name: str) -> str:
    """The last part."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def leads_out(name: str, start: str = "") -> bool:
    """Whether a path, taken from the folder `start` of the archive, is absolute or climbs out with `..`."""
    name = name.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name):
        return True
    return climbs_out(f"{start}/{name}")


def leads_home(target: str) -> bool:
    """Whether the target of a link that leads out is somebody's account or credentials."""
    return _HOME.match(target.replace("\\", "/")) is not None


def link_leads_out(name: str, target: str) -> bool:
    """Whether a symbolic link of this name leads out of the archive."""
    return leads_out(target, name.replace("\\", "/").rstrip("/").rpartition("/")[0])


def sum_up(names: list[str], quote: int = 60) -> str:
    """The first of some names, shortened, and how many more there are."""
    from agent_security_hooks.excerpt import excerpt

    first = excerpt(names[0], quote)
    return f"{first} (and {len(names) - 1} more)" if len(names) > 1 else first
