"""Secrets by name: a literal that is assigned to something called a password, token or key, in any syntax people use.

The search finds a few key words in the lower-cased text; one anchored pattern then reads the rest of the name, the operator and the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.file_kinds import CODE, CONFIG, DOCS, ENV, OTHER, kind_of, low_stakes
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import judge, names
from agent_security_hooks.parse.secrets.credential import MASK, Credential
from agent_security_hooks.parse.secrets.structures import basic_pair, decode_base64
from agent_security_hooks.parse.secrets.words import randomness

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.source import Source

_KEYWORDS = (b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"auth")

# After the name: what may close it, a type, the operator, and the value.
_TYPE = rb"(?:[ \t]{0,8}:[ \t]{0,8}[\w.\[\]<>|?, \t&*]{1,40}(?==)|[ \t]{1,8}[\w.*\[\]]{1,30}(?=[ \t]{1,8}:?=))?"
_VALUE_ATTRIBUTE = rb"[\s,]{1,40}[\"']?[vV]alue[\"']?[ \t]{0,8}[=:][ \t]{0,8}"  # name="apiKey" value="...", - name: X / value: ...
_SIGN = rb"[ \t]{0,20}(?:[?:.+|!]{0,3}={1,3}>?|<-|->|:)"  # = := ::= ?= => == : ->
_ELEMENT = rb"\s{0,8}>\s{0,40}"  # <password>value
_BLOCK = rb"(?:[ \t]{0,4}[|>][+-]?[ \t]{0,4}\r?\n[ \t]{0,40})?"  # a block of YAML: password: |
_QUOTED = Pattern(
    rb"(?:\\?[\"'`]|\\?[\"'`]?\])?\)?" + _TYPE
    + rb"(?P<operator>" + _VALUE_ATTRIBUTE + rb"|" + _SIGN + _BLOCK + rb"\s{0,20}|" + _ELEMENT + rb"|[ \t]{0,8},\s{0,40}|[ \t]{1,8}(?:(?:or|is|-|\|\||\?\?)[ \t]{1,8})?|\()"
    rb"(?:\\\r?\n[ \t]{0,40})?(?:[\[({]\s{0,40})?(?P<call>(?:(?:new |await )?[\w.:]{1,50}\(\s{0,8}(?:[\w]{1,20}=)?){0,2})(?:\[\]byte\(|@|\$|[rbfuLR]{1,2})?"
    rb"(?P<quote>\\?(?:\"\"\"|\'\'\'|[\"'`]))(?P<value>[^\"'`\s\\][^\"'`\n\\]{2,511})"
)  # fmt: skip
_BARE = Pattern(
    rb"[\"']?(?P<operator>" + _VALUE_ATTRIBUTE + rb"|" + _SIGN + _BLOCK + rb"[ \t]{0,20}|" + _ELEMENT
    + rb"|[ \t]{1,8}(?:(?:is|-)[ \t]{1,8})?|,)(?P<value>[^\s\"'`<>,;(){}\[\]|\\][^\s\"'`<>,;{}|\\]{3,511})"
)  # fmt: skip
# name=value inside a text: a URL's query, or a connection string's `;Password=...;`
_PAIR = Pattern(rb"[ ]?=(?P<value>[^\s\"'`<>,;&{}()|\\$=]{6,511}={0,2})")
_NAME = Pattern(rb"[\w.\-]{0,60}")
_WHOLE_NAME = Pattern(rb"[\w.\-]{0,100000}")
_NAME_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz.-")
_NAME_LIMIT = 60
_SHORTEST = 5
_CONNECTION_WINDOW = 300
_JUDGED_LENGTH = 160
"""Characters of a long value that are judged: a generated one shows itself soon."""


def find_assignments(file: Source, lower: bytes) -> Iterator[Credential]:
    """Secrets by name; `lower` is the text in lower case. Those in tests, documentation and examples are weak."""
    return _Assignments(file).find(lower)


class _Assignments:
    """One pass over a file. `judged` and `names` keep an offset from being looked at twice, which bounds the work on hostile text."""

    def __init__(self, file: Source) -> None:
        self.data = file.data
        self.kind = kind_of(file.path)
        self.is_sql = file.path.lower().endswith(".sql")
        self.weak_place = low_stakes(file.path)
        self.judged: set[int] = set()
        self.names: set[int] = set()
        self.bare_until = 0
        self.connection = (-_CONNECTION_WINDOW, False)

    def find(self, lower: bytes) -> Iterator[Credential]:
        for word in _KEYWORDS:
            self.bare_until = 0
            position = lower.find(word)
            while position >= 0:
                after = position + len(word)
                name = _NAME.match(self.data, after)
                name_end = name.end() if name else after
                if name_end - after == _NAME_LIMIT:  # no name is that long: a random or minified run, whose end alone may be one
                    run = _WHOLE_NAME.match(self.data, after)
                    after = max(after, run.end() - _NAME_LIMIT if run else after)
                elif name_end not in self.names:
                    self.names.add(name_end)
                    found = self._at(position, name_end)
                    if found is not None:
                        yield found._replace(weak=found.weak or self.weak_place)
                        after = found.end
                position = lower.find(word, after)

    def _at(self, position: int, name_end: int) -> Credential | None:
        """The secret that is assigned to the name which holds `position` and ends at `name_end`."""
        pair = _PAIR.match(self.data, name_end)
        if pair is not None and (found := self._in_pair(position, name_end, pair)) is not None:
            return found
        match = _QUOTED.match(self.data, name_end)
        if match is not None:
            return self._quoted(position, name_end, match)
        if self.kind != CODE and (match := _BARE.match(self.data, name_end)) is not None:
            return self._bare(position, name_end, match)
        return None

    def _name(self, position: int, name_end: int) -> bytes:
        """The name, or nothing where it promises no secret."""
        start = self._name_start(position)
        name = self.data[start:name_end]
        # A type in a namespace (AWS::IAM::AccessKey) or a part of an address (arn:...:secret:name) is no variable.
        inside = self.data[start - 1 : start] == b":" and self.data[start - 2 : start - 1].strip() not in (b"", b"{", b"[", b"(", b",")
        return b"" if inside or names.strength(name) == names.NONE else name

    def _name_start(self, position: int) -> int:
        stop, data = max(0, position - _NAME_LIMIT), self.data
        start = position
        while start > stop and data[start - 1] in _NAME_CHARACTERS:
            start -= 1
        # The n of an escaped line end belongs to no name.
        return start + 1 if data[start - 1 : start] == b"\\" and start < position else start

    def _quoted(self, position: int, name_end: int, match: re.Match[bytes]) -> Credential | None:
        data, (start, end), operator = self.data, match.span("value"), match["operator"]
        if (
            start in self.judged
            or end - start < _SHORTEST
            or not (data[end : end + 1] in _QUOTES or data[end : end + 1] == b"\\" and data[end + 1 : end + 2] in _QUOTES)
        ):
            return None
        name_start = self._name_start(position)
        if match["call"] and data[end + 1 : end + 2] == b",":  # one of several arguments: a default, a name, a part
            return None
        if operator.strip(b" \t\r\n") == b"," and not self._is_first_argument(name_start, operator):
            return None
        name = self._name(position, name_end)
        if operator == b"(" and (assigned := _ASSIGNED_CALL.search(data, max(0, name_start - 80), name_start)) and names.strength(assigned[1]):
            name = assigned[1]  # auth_token=SecretStr("...")
        # ALTER USER x PASSWORD 'y' needs no operator.
        if not name or _is_prose(operator) and not (self.is_sql and names.is_password(name)) and not self._stands_out(match["value"]):
            return None
        self.judged.add(start)
        return judge_value(match["value"], start, end, name, self.kind, quoted=True)

    def _bare(self, position: int, name_end: int, match: re.Match[bytes]) -> Credential | None:
        start, operator = match.start("value"), match["operator"]
        if start in self.judged or start < self.bare_until:  # a part of a value that was judged as a whole
            return None
        value = match["value"].rstrip(b").,:!?")  # what follows it: closing punctuation
        end = start + len(value)
        if operator == b"," and (self.kind not in (DOCS, OTHER) or self.data[end : end + 1] not in (b",", b"", b"\n", b"\r")):
            return None
        name = self._name(position, name_end)
        if not name or _is_prose(operator) and not self._takes_blank(name, position) and not self._stands_out(value):
            return None
        self.judged.add(start)
        self.bare_until = match.end()
        return judge_value(value, start, end, name, self.kind, quoted=False)

    def _in_pair(self, position: int, name_end: int, match: re.Match[bytes]) -> Credential | None:
        """A secret in a URL's query or in a connection string, both of which stand inside other texts."""
        data, (start, end), value = self.data, match.span("value"), match["value"]
        name_start = self._name_start(position)
        before, after = data[name_start - 1 : name_start], data[end : end + 1]
        in_query = before in (b"?", b"&") and b"." not in data[name_start:name_end] and _QUERY_VALUE.match(value) is not None
        in_connection = before == b";" or after == b";" and before in (b'"', b"'", b" ", b"=", b"")
        if start in self.judged or not (in_query or in_connection):
            return None
        name = self._name(position, name_end)
        if not name:
            return None
        in_connection = in_connection and self._near_connection(name_start)
        found = judge_value(value, start, end, name, CONFIG if in_connection and self.kind == CODE else self.kind, quoted=False)
        if found is None:
            return None
        self.judged.add(start)
        return Credential(start, end, "credential-file-format", "connection string with a secret", MASK) if in_connection else found

    def _near_connection(self, position: int) -> bool:
        """Whether the other parts of a connection string stand around the position."""
        looked_at, found = self.connection
        if abs(position - looked_at) > _CONNECTION_WINDOW // 4:
            found = _CONNECTION.search(self.data, max(0, position - _CONNECTION_WINDOW), position + _CONNECTION_WINDOW) is not None
            self.connection = (position, found)
        return found

    def _is_first_argument(self, name_start: int, operator: bytes) -> bool:
        """Whether a quoted name opens a call or a pair, `("API_KEY", "value")`, or is a flag, rather than one of a list of words."""
        data = self.data
        if data[name_start : name_start + 1] == b"-":
            return True
        opener = data[max(0, name_start - 40) : name_start].rstrip(b"\"'` \t\n\\")[-1:]
        return b"\n" not in operator and opener in (b"(", b"[", b"{") and data[name_start - 1 : name_start] in _QUOTES

    def _takes_blank(self, name: bytes, position: int) -> bool:
        """Whether a blank may stand between a name and its value here: after a flag, or in ENV."""
        if name.startswith(b"-"):
            return True
        name_start = self._name_start(position)
        line_start = max(self.data.rfind(b"\n", 0, name_start), name_start - 200) + 1
        return self.kind in (CONFIG, ENV) and self.data[line_start:name_start].strip().upper() in (b"ENV", b"ARG", b"SETX", b"SET")

    def _stands_out(self, value: bytes) -> bool:
        """Whether a value is so clearly generated that mere neighbourhood with its name is enough (never in code)."""
        value = value.rstrip(b".,;:")
        needed = names.WEAK if len(value) >= 20 else names.MEDIUM
        return self.kind != CODE and len(value) >= 16 and any(byte < 58 for byte in value) and judge.generated(value, needed, strict=True)


def _is_prose(operator: bytes) -> bool:
    """Whether nothing but a blank, a dash or "is" stands between name and value."""
    return operator.strip(b" \t-") in (b"", b"is")


_QUOTES = frozenset((b'"', b"'", b"`"))
_ASSIGNED_CALL = Pattern(rb"([A-Za-z_][\w.-]{0,60})[ \t]{0,8}[=:][ \t]{0,8}\Z")
_QUERY_VALUE = Pattern(rb"[\w.~%+/-]{6,511}={0,2}(?:#|\Z)")
_CONNECTION = Pattern(
    rb"(?i)(?:AccountName|Endpoint|Server|Data Source|Host|HostName|Driver|Uid|User Id|User|Initial Catalog|Database|SharedAccessKeyName|DefaultEndpointsProtocol) ?="
)


_PROVIDER = Pattern(rb"([A-Za-z][\w.-]{2,40})[\"']?\s{0,4}(?::=|=>|[:=])\s{0,4}[\"'`]?\Z")
_GIT_OR_DIGEST = Pattern(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


def find_provider_values(file: Source, runs: Iterable[tuple[int, int]]) -> Iterator[Credential]:
    """A generated value given to something that is called like a service and nothing else: `giphy: ...`, `ATLASSIAN_v3 = "..."`."""
    data = file.data
    weak = low_stakes(file.path)
    for start, end in runs:
        if end - start < 20 or start < 4 or not _follows_operator(data, start) or data[start:end].isalpha():
            continue
        before = data[max(0, start - 48) : start]
        match, value = _PROVIDER.search(before), data[start:end]
        if match and len(value) <= 200 and names.names_provider(match[1]) and not _GIT_OR_DIGEST.match(value):
            found = judge_value(value, start, end, match[1], CODE, quoted=True, provider=True)
            if found is not None and randomness(value) >= 0.6:
                yield found._replace(weak=weak)


_BLANKS_AND_QUOTES, _OPERATORS = frozenset(b" \"'`"), frozenset(b":=>")


def _follows_operator(data: bytes, start: int) -> bool:
    """Whether `=`, `:` or `=>` stands before the offset, with at most a quote and a blank between."""
    for position in (start - 1, start - 2, start - 3):
        if data[position] not in _BLANKS_AND_QUOTES:
            return data[position] in _OPERATORS
    return False


_LEET = bytes.maketrans(b"@4301$57", b"aaeoisst")


def judge_value(value: bytes, start: int, end: int, name: bytes, kind: str, *, quoted: bool, provider: bool = False) -> Credential | None:
    """The value as a secret of that name, or None. `provider`: the name is that of a service, which is as good as "key"."""
    value, strength = value[:_JUDGED_LENGTH], names.STRONG if provider else names.strength(name)
    if judge.no_literal(value, name) or judge.placeholder(value):
        return None
    password = names.is_password(name)
    if kind == CODE and (len(value) < 10 and not password or judge.placeholder(value.lower().translate(_LEET))):
        return None
    shown = _shown(name)
    inner = _decoded(value)
    if inner is not None and (strength >= names.MEDIUM or basic_pair(value) is False):
        real = not judge.placeholder(inner) and not judge.no_literal(inner, name)
        return Credential(start, end, "encoded-secret", "base64 of a secret", MASK, shown) if real else None
    generated = not judge.reads_as_code(value) and judge.generated(value, strength, strict=kind == CODE or not quoted and kind == DOCS)
    made_up = password and kind in (CONFIG, ENV, DOCS) and judge.human_password(value, only_letters=kind == ENV)
    if not (generated or made_up) or judge.published_sample(value):
        return None
    weak = made_up and not generated and kind == DOCS
    return Credential(start, end, "assigned-secret", "password" if password else "secret", MASK, shown, weak=weak)


def _shown(name: bytes) -> str:
    """The name as it may be printed: nothing where it is long or looks generated itself."""
    name = name.strip(b".-")
    return name.decode("utf-8", "replace") if len(name) <= 40 and randomness(name) < 0.5 else ""


_AUTH_PAIR = Pattern(rb"[A-Za-z0-9+/]{8,400}={0,2}\Z")


def _decoded(value: bytes) -> bytes | None:
    """What a base64 value holds when it is printable text (a Kubernetes secret, a user:password pair); None otherwise."""
    if not _AUTH_PAIR.match(value) or len(value) % 4:
        return None
    if basic_pair(value) is False:
        return decode_base64(value).partition(b":")[2]
    inner = decode_base64(value).strip()
    # Chance alone makes eight bytes printable once in 2,800 times; padding is a second witness for shorter ones.
    return inner if len(inner) >= (6 if value.endswith(b"=") else 8) and inner.isascii() and inner.decode("ascii").isprintable() else None
