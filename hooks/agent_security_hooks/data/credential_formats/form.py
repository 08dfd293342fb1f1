"""What an entry of the table of credential formats says, and the pieces that entries share."""

from typing import NamedTuple


class Format(NamedTuple):
    kind: str
    title: str
    prefixes: tuple[bytes, ...]
    tail: bytes
    env: str
    revoke: str
    checksum: str = ""
    before: bytes = b""
    public: bool = False
    infix: bytes = b""


UUID = rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
GITLAB = rb"[\w-]{20,300}(?:\.[\w-]{2,16}){0,2}"
EDGE = rb"(?<![\w.-])\Z"  # for a short prefix that must be searched: nothing of a name stands before it
