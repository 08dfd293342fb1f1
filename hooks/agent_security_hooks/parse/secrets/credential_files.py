"""Files whose only purpose is to hold a login, and where in each the login stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import judge
from agent_security_hooks.parse.secrets.credential import MASK, Credential

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

# File name -> (what it is, pattern whose group 1 is the secret).
_NETRC = ("netrc login", Pattern(rb"(?:^|[ \t\n])password[ \t]{1,20}(\S{3,500})"))
_NPMRC = ("npm login", Pattern(rb"^[^\n#;=]{0,200}?:?(?:_authToken|_password|_auth)[ \t]{0,8}=[ \t]{0,8}[\"']?([^\s\"']{3,500})", re.MULTILINE))
_YARNRC = ("npm login", Pattern(rb"^[ \t]{0,20}(?:npmAuthToken|npmAuthIdent|\"?_authToken\"?)[ \t]{0,4}[: ][ \t]{0,8}[\"']?([^\s\"']{3,500})", re.MULTILINE))
_PYPIRC = ("PyPI login", Pattern(rb"^password[ \t]{0,8}[=:][ \t]{0,8}(\S{3,500})", re.MULTILINE))
_GIT = ("git login", Pattern(rb"^https?://[^\s:@/]{1,200}:([^\s@/]{3,500})@", re.MULTILINE))
_PGPASS = ("PostgreSQL login", Pattern(rb"^[^\s#:][^\n:]{0,200}:[^\n:]{0,20}:[^\n:]{0,200}:[^\n:]{0,200}:([^\n:\r]{3,200})", re.MULTILINE))
_MYCNF = ("MySQL login", Pattern(rb"^[ \t]{0,8}password[ \t]{0,8}=[ \t]{0,8}[\"']?([^\s\"']{3,200})", re.MULTILINE))
_FILES = {
    ".netrc": _NETRC, "_netrc": _NETRC, "netrc": _NETRC, ".npmrc": _NPMRC, ".yarnrc": _YARNRC, ".yarnrc.yml": _YARNRC, ".pypirc": _PYPIRC,
    ".git-credentials": _GIT, ".pgpass": _PGPASS, "pgpass.conf": _PGPASS, ".my.cnf": _MYCNF,
}  # fmt: skip


def find_file_logins(file: Source) -> Iterator[Credential]:
    """The secrets of a credential file, by its name."""
    known = _FILES.get(file.name.lower())
    if known is None:
        return
    title, pattern = known
    for match in pattern.finditer(file.data):
        value = match[1]
        if not judge.template(value) and not judge.placeholder(value):
            yield Credential(match.start(1), match.end(1), "credential-file-format", title, MASK)
