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
_CLOSE = rb"(?:\\?[\"'`]|\\?[\"'`]?[\]}]|\[\d{0,6}\])?\)?"  # "name", config["name"], $config{name}, name[], `name`
_TYPE = rb"(?:[ \t]{0,8}:[ \t]{0,8}[\w.\[\]<>|?, \t&*']{1,40}(?==)|[ \t]{1,8}(?:As[ \t]{1,4})?[\w.*\[\]]{1,30}(?=[ \t]{1,8}:?=))?"
_VALUE = rb"[\"']?(?:android:)?(?:[vV]alue|[dD]efault|content)[\"']?[ \t]{0,8}[=:][ \t]{0,8}"
_VALUE_ATTRIBUTE = rb"[\s,]{1,40}" + _VALUE  # name="apiKey" value="...", - name: X / value: ...
# {"x": {"type": "string", "value": ..., variable "x" { type = string / default = ..., "--token", "-t", default=...
_ATTRIBUTE = rb"(?:[\"']?[A-Za-z:]{1,24}[\"']?[ \t]{0,8}[=:][ \t]{0,8}[\"']?[\w.-]{1,30}[\"']?|[\"'][\w-]{1,30}[\"'])[\s,]{1,40}"
_DISTANT_VALUE = rb"(?:[\s,]{1,40}|[ \t]{0,4}[:=]?[ \t]{0,4}(?:[{\[]|\r?\n)[\s{\[]{0,40})(?:" + _ATTRIBUTE + rb"){0,2}" + _VALUE
_SIGN = rb"[ \t]{0,20}(?:[?:.+|!]{0,3}={1,3}>?|<-|->|:)"  # = := ::= ?= => == : ->
_ELEMENT = rb"\s{0,8}>\s{0,40}"  # <password>value
# <password type="x"><![CDATA[value, <key>password</key><string>value, <setting name="password"><value>
_DISTANT_ELEMENT = rb"(?:</key>\s{0,40}<string|(?:\s{1,8}[\w:.-]{1,40}=\"[^\"<>]{0,100}\"){0,3}\s{0,8})>\s{0,40}(?:<value>|<!\[CDATA\[)?"
_BLOCK = rb"(?:[ \t]{0,4}[|>][+-]?[ \t]{0,4}(?:#[^\n]{0,80})?\r?\n[ \t]{0,40})?"  # a block of YAML: password: |
_TAG = rb"(?:(?:!!?[\w/]{1,20}|&[\w-]{1,30})[ \t]{1,4})?"  # a tag or an anchor of YAML: !!str, &password
# password: and its value below, also as the first of a list; - --api-key and its value as the next argument
_NEXT_LINE = rb":[ \t]{0,4}\r?\n[ \t]{0,40}(?:-[ \t]{1,4})?(?=[^\s:]{8,512}[ \t]{0,4}[\r\n])|\r?\n[ \t]{0,40}-[ \t]{1,4}|,[ \t]"
_STRING = (
    rb"(?:\\\r?\n[ \t]{0,40})?(?P<list>[\[({]\s{0,40})?(?P<call>(?:(?:new |await )?[\w.:]{1,50}\(\s{0,8}(?:[\w]{1,20}=)?){0,2})(?:\[\]byte\(|@|\$|r#{1,3}|[rbfuLRN]{1,2})?"
    rb"(?P<quote>\\?(?:\"\"\"\s{0,40}|\'\'\'\s{0,40}|\"\\\"|\'\\?\"|\"\'|[\"'`]))(?P<value>[^\"'`\s\\][^\"'`\n\\]{2,511})"
)
_QUOTED_OPERATORS = rb"|[ \t]{0,8},\s{0,40}|[ \t]{1,8}(?:(?:or|is|to|-|\|{1,2}|\?\?)[ \t]{1,8})?|[({])"
_QUOTED_IN_CODE = Pattern(_CLOSE + _TYPE + rb"(?P<operator>" + _VALUE_ATTRIBUTE + rb"|" + _SIGN + rb"\s{0,20}|" + _ELEMENT + _QUOTED_OPERATORS + _STRING)
_QUOTED = Pattern(
    _CLOSE + _TYPE + rb"(?P<operator>" + _DISTANT_VALUE + rb"|" + _SIGN + _BLOCK + rb"\s{0,20}" + _TAG + rb"|" + _DISTANT_ELEMENT + _QUOTED_OPERATORS + _STRING
)
_BARE = Pattern(
    rb"[\"'`]?(?P<operator>" + _DISTANT_VALUE + rb"|" + _SIGN + _BLOCK + rb"[ \t]{0,20}" + _TAG + rb"|" + _DISTANT_ELEMENT + rb"|" + _NEXT_LINE
    + rb"|:\*\*[ \t]{1,8}|[ \t]{0,20}\|[ \t]{1,8}|[ \t]{1,8}(?:(?:is|-)[ \t]{1,8})?|[,;])(?P<value>[^\s\"'`<>,;(){}\[\]|\\][^\s\"'`<>,;{}|\\]{3,511})"
)  # fmt: skip
_WORTH_A_COMMENT = Pattern(rb"[ \t]{0,2}[=: ][ \t]{0,2}[\w+/.-]{0,40}[0-9]")  # what in a program's comments is looked at: a value with a digit
# name=value inside a text: a URL's query, or a connection string's `;Password=...;`
_PAIR = Pattern(rb"[ ]?=(?P<value>[^\s\"'`<>,;&{}()|\\$=]{6,511}={0,2})")
_NEXT_VALUE = Pattern(rb"[\"'`],\s{0,40}(?:#[^\n]{0,80}\n\s{0,40})?[\"'`](?P<value>[^\"'`\s\\]{5,512})(?=[\"'`])")
_LAST_OF_PAIR = Pattern(rb"[\"'`],\s{0,40}[bru]?[\"'`](?P<value>[^\"'`\s\\]{5,512})[\"'`]\s{0,20},?\s{0,20}\)")
_NEXT_ITEM = Pattern(rb"[\"']?[ \t]{0,4}\r?\n[ \t]{0,40}-[ \t]{1,4}[\"']?(?P<value>[^\s\"'`<>,;(){}\[\]|\\:]{5,512})(?=[\"']?[ \t]{0,4}(?:\r?\n|\Z))")
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
        self.path = file.path
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
                    for found in self._at(position, name_end):
                        yield found._replace(weak=found.weak or low_stakes(self.path) or self._in_test_vector(found))
                        after = found.end
                position = lower.find(word, after)

    def _in_test_vector(self, found: Credential) -> bool:
        """Whether a hexadecimal value that is called just "key" stands beside what it encrypts, as in the vectors that test a cipher."""
        start, end = found.start, found.end
        if names.strength(found.name.encode()) != names.WEAK or not _HEX_KEY.match(self.data[start:end]):
            return False
        return _VECTOR.search(self.data, max(0, start - _VECTOR_WINDOW), end + _VECTOR_WINDOW) is not None

    def _at(self, position: int, name_end: int) -> Iterable[Credential]:
        """The secrets that are assigned to the name which holds `position` and ends at `name_end`: one, or those of a list."""
        data, in_code = self.data, self.kind == CODE
        pair = _PAIR.match(data, name_end)
        if pair is not None and (found := self._in_pair(position, name_end, pair)) is not None:
            return (found,)
        match = (_QUOTED_IN_CODE if in_code else _QUOTED).match(data, name_end)
        if match is None and in_code and data[name_end : name_end + 1] in _QUOTES and self._is_flag(position):
            match = _QUOTED.match(data, name_end)
        if match is not None:
            found = self._quoted(position, name_end, match)
            rest = self._rest_of_list(position, name_end, match, found) if match["list"] or match["operator"] == b"(" else ()
            return rest if found is None else (found, *rest)
        if not in_code or _WORTH_A_COMMENT.match(data, name_end) and self._in_comment(position):
            match = _BARE.match(data, name_end)
            found = self._bare(position, name_end, match) if match else None
            if match and found is not None:
                return (found, *self._rest_of_block(position, name_end, found)) if b"\n" in match["operator"] else (found,)
        return ()

    def _rest_of_list(self, position: int, name_end: int, match: re.Match[bytes], found: Credential | None) -> Iterator[Credential]:
        """The other values of `keys = ["...", "..."]`, and the password of `auth=("user", "...")`."""
        name = self.data[self._name_start(position) : name_end]
        if found is None:
            following = _LAST_OF_PAIR.match(self.data, match.end("value")) if self.kind == CODE and name.lower().endswith(b"auth") else None
            if following is not None and following.start("value") not in self.judged:
                self.judged.add(following.start("value"))
                found = judge_value(following["value"], *following.span("value"), b"password", self.kind, quoted=True)
                if found is not None:
                    yield found
            return
        end = match.end("value")
        while match["list"] and (following := _NEXT_VALUE.match(self.data, end)) is not None and following.start("value") not in self.judged:
            end = following.end("value")
            self.judged.add(following.start("value"))
            found = judge_value(following["value"], *following.span("value"), name, self.kind, quoted=True)
            if found is None:
                return
            yield found

    def _rest_of_block(self, position: int, name_end: int, found: Credential | None) -> Iterator[Credential]:
        """The other items of a list in YAML."""
        name = self.data[self._name_start(position) : name_end]
        while found is not None and (following := _NEXT_ITEM.match(self.data, found.end)) is not None and following.start("value") not in self.judged:
            self.judged.add(following.start("value"))
            found = judge_value(following["value"], *following.span("value"), name, self.kind, quoted=False)
            if found is not None:
                yield found

    def _is_flag(self, position: int) -> bool:
        """Whether the name is a flag in a program that declares it: `add_argument("--token", "-t", default=...)`."""
        return b'"--' in self.data[max(0, position - 16) : position] or b"'--" in self.data[max(0, position - 16) : position]

    def _in_comment(self, position: int) -> bool:
        """Whether the line of a program begins as a comment, or as a command of a notebook."""
        start = max(self.data.rfind(b"\n", 0, position), position - 200) + 1
        return self.data[start:position].lstrip(b" \t").startswith(_COMMENT_STARTS)

    def _name(self, position: int, name_end: int, operator: bytes) -> bytes:
        """The name, or nothing where it promises no secret."""
        start = self._name_start(position)
        name = self.data[start:name_end]
        # A type in a namespace (AWS::IAM::AccessKey) or a part of an address (arn:...:secret:name) is no variable; $env:NAME = is.
        inside = (
            self.data[start - 1 : start] == b":"
            and self.data[start - 2 : start - 1].strip() not in (b"", b"{", b"[", b"(", b",", b"/")
            and (self.data[start - 2 : start - 1] == b":" or b"=" not in operator and b">" not in operator)
        )
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
            or not data.startswith(_CLOSING.get(match["quote"], b""), end)
        ):
            return None
        name_start = self._name_start(position)
        if match["call"] and data[end + 1 : end + 2] == b"," and not match["call"].endswith(b"default="):  # one of several arguments: a name, a part
            return None
        if operator.strip(b" \t\r\n") == b"," and not self._is_first_argument(name_start, operator) and not self._is_constant(name_start, match):
            return None
        name = self._name(position, name_end, operator)
        if operator == b"(" and names.strength(assigned := _name_before(data, name_start)):
            name = assigned  # auth_token=SecretStr("...")
        # ALTER USER x PASSWORD 'y' needs no operator.
        if not name:
            return None
        if _is_prose(operator) and not (
            self.is_sql and names.is_password(name) or self._takes_blank(name, position) or self._is_statement(name_start) or self._stands_out(match["value"])
        ):
            return None
        self.judged.add(start)
        return judge_value(match["value"], start, end, name, self.kind, quoted=True)

    def _bare(self, position: int, name_end: int, match: re.Match[bytes]) -> Credential | None:
        start, operator = match.start("value"), match["operator"]
        if start in self.judged or start < self.bare_until:  # a part of a value that was judged as a whole
            return None
        value = match["value"].rstrip(b").,:!?")  # what follows it: closing punctuation
        end = start + len(value)
        if operator in (b",", b";") and (self.kind not in (DOCS, OTHER) or self.data[end : end + 1] not in (operator, b"", b"\n", b"\r")):
            return None
        name = self._name(position, name_end, operator)
        if not name or _is_prose(operator) and not self._takes_blank(name, position) and not self._stands_out(value):
            return None
        if operator == b":" and value.startswith(b"?") or _is_prose(operator) and name.lower() == b"key" and _GIT_OR_DIGEST.match(value):
            return None  # ${NAME:?message}; the key of a commit
        if len(operator) > 1 and operator.strip() in (b",", b"-") and operator[:1] in b",\r\n" and not name.startswith(b"--"):  # the next argument of a list
            return None
        self.judged.add(start)
        self.bare_until = match.end()
        name_start = self._name_start(position)
        if operator == b":" and value.startswith(b"-") and self.data[max(0, name_start - 2) : name_start] == b"${":
            return self._default(value[1:], start + 1, name)
        return judge_value(value, start, end, name, self.kind, quoted=False)

    def _default(self, value: bytes, start: int, name: bytes) -> Credential | None:
        """The default in `${NAME:-value}`; one that a person made up is there to be replaced."""
        found = judge_value(value, start, start + len(value), name, self.kind, quoted=False)
        made_up = found is not None and not judge.generated(value, names.strength(name), strict=False)
        return found._replace(weak=found.weak or made_up) if found is not None else None

    def _in_pair(self, position: int, name_end: int, match: re.Match[bytes]) -> Credential | None:
        """A secret in a URL's query or in a connection string, both of which stand inside other texts."""
        data, (start, end), value = self.data, match.span("value"), match["value"]
        name_start = self._name_start(position)
        before, after = data[name_start - 1 : name_start], data[end : end + 1]
        in_query = before in (b"?", b"&") and b"." not in data[name_start:name_end] and _QUERY_VALUE.match(value) is not None
        ends = after in (b'"', b"'", b"`", b" ", b"\n", b"\r", b"")
        in_connection = before == b";" or after == b";" and before in (b'"', b"'", b" ", b"=", b"") or before == b" " and ends
        in_text = self.kind == CODE and ends and before in (b" ", b'"', b"'", b"`", b"(", b"[", b"{") and _stands_apart(value)
        if start in self.judged or not (in_query or in_connection or in_text):
            return None
        name = self._name(position, name_end, b"=")
        if not name:
            return None
        in_connection = in_connection and self._near_connection(name_start)
        if not (in_query or in_connection or in_text or before == b";" or after == b";"):
            return None
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
        if b"\n" in operator or data[name_start - 1 : name_start] not in _QUOTES:
            return False
        if self.kind != CODE and data[name_start - 2 : name_start - 1] in (b"\n", b""):  # the first column of a table
            return True
        return data[max(0, name_start - 40) : name_start].rstrip(b"\"'` \t\n\\")[-1:] in (b"(", b"[", b"{")

    def _is_constant(self, name_start: int, match: re.Match[bytes]) -> bool:
        """Whether a later argument is the name of a constant in quotes and what follows is clearly its value: `("String", "API_KEY", "...")`."""
        name, value = self.data[name_start : match.start("operator")].rstrip(b"\"'\\"), match["value"]
        return name.isupper() and self.data[name_start - 1 : name_start] in _QUOTES and _stands_apart(value)

    def _takes_blank(self, name: bytes, position: int) -> bool:
        """Whether a blank may stand between a name and its value here: after a flag, or in ENV."""
        if name.startswith(b"-"):
            return True
        name_start = self._name_start(position)
        return self.kind in (CONFIG, ENV) and self._line_before(name_start).upper() in _SETTERS

    def _is_statement(self, name_start: int) -> bool:
        """Whether nothing stands before the name on its line but what introduces a constant: `#define`, `(def`, `@`, `:`, or a method that is called without brackets."""
        return self.kind == CODE and _STATEMENT.match(self._line_before(name_start)) is not None

    def _line_before(self, position: int) -> bytes:
        return self.data[max(self.data.rfind(b"\n", 0, position), position - 200) + 1 : position].strip()

    def _stands_out(self, value: bytes) -> bool:
        """Whether a value is so clearly generated that mere neighbourhood with its name is enough (never in code)."""
        return self.kind != CODE and _stands_apart(value.rstrip(b".,;:"), 16)


def _stands_apart(value: bytes, shortest: int = 20) -> bool:
    needed = names.WEAK if len(value) >= 20 else names.MEDIUM
    return len(value) >= shortest and any(byte < 58 for byte in value) and judge.generated(value, needed, strict=True)


def _is_prose(operator: bytes) -> bool:
    """Whether nothing but a blank, a dash, "is" or the border of a table's cell stands between name and value, or the end of a line."""
    return operator.strip(b" \t-") in (b"", b"is", b"|") or operator[:1] == b":" and b"\n" in operator and operator.strip(b": \t\r\n-") == b""


_SETTERS = frozenset((b"ENV", b"ARG", b"SETX", b"SET", b"SETENV", b"SET -X", b"SET -GX", b"SET -UX", b"SET -XG"))
_STATEMENT = Pattern(rb"(?:#[ \t]?define|\(?def|@|:|\{:|[A-Z]\w{0,20}\.?|)\Z")
_QUOTES = frozenset((b'"', b"'", b"`"))
_CLOSING = {b"\"'": b"'\"", b"'\"": b"\"'", b"'\\\"": b"\\\"'", b'"\\"': b'\\""'}  # quotes within quotes: how they end
_COMMENT_STARTS = (b"#", b"//", b"*", b"--", b";", b"%", b"!")
_QUERY_VALUE = Pattern(rb"[\w.~%+/-]{6,511}={0,2}(?:#|\Z)")
_CONNECTION = Pattern(
    rb"(?i)(?:AccountName|Endpoint|Server|Data Source|Host|HostName|Driver|Uid|User Id|User|Initial Catalog|Database|SharedAccessKeyName|DefaultEndpointsProtocol) ?="
)


_HEX_KEY = Pattern(rb"(?:0x)?[0-9a-fA-F]{16,256}\Z")
_VECTOR = Pattern(rb"(?i)plain_?text|cipher_?text|test_?vector")
_VECTOR_WINDOW = 240
_IS_NAME = bytes(120 if c in _NAME_CHARACTERS else 32 for c in range(256))
_GIT_OR_DIGEST = Pattern(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


def _name_before(data: bytes, end: int) -> bytes:
    """The name to which what begins at `end` is assigned; nothing where no `=`, `:` or `=>` stands before it."""
    before = data[max(0, end - _NAME_LIMIT - 20) : end].rstrip(b" \t\"'`")
    if before[-1:] not in (b"=", b":", b">"):
        return b""
    before = before.rstrip(b":=>").rstrip(b" \t\"'")
    return before[before.translate(_IS_NAME).rfind(b" ") + 1 :]


def find_provider_values(file: Source, runs: Iterable[tuple[int, int]]) -> Iterator[Credential]:
    """A generated value given to something that is called like a service and nothing else: `giphy: ...`, `ATLASSIAN_v3 = "..."`."""
    data = file.data
    for start, end in runs:
        if end - start < 20 or start < 4 or not _follows_operator(data, start) or data[start:end].isalpha():
            continue
        name, value = _name_before(data, start), data[start:end]
        if len(value) <= 200 and names.names_provider(name) and not _GIT_OR_DIGEST.match(value):
            found = judge_value(value, start, end, name, CODE, quoted=True, provider=True)
            if found is not None and randomness(value) >= 0.6:
                yield found._replace(weak=low_stakes(file.path))


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
    if strength < names.STRONG and judge.fingerprint(value):
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
    """The name as it may be printed: nothing where it is long or it, or a long part of it, looks generated itself."""
    name = name.strip(b".-")
    parts = (name, *(part for part in name.replace(b"-", b"_").split(b"_") if len(part) >= _LONG_PART))
    return name.decode("utf-8", "replace") if len(name) <= 40 and all(randomness(part) < 0.5 for part in parts) else ""


_LONG_PART = 12


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
