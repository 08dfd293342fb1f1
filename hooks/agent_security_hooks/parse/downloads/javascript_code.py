"""Downloads in JavaScript and TypeScript code: what is fetched without TLS, what is run without a look at its hash, and where TLS checks are off."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.urls import insecure_scheme

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from agent_security_hooks.parse.javascript import Call, Range, Script
    from agent_security_hooks.source import Source

_FETCH = (
    b"fetch", b"axios", b"got", b"http", b"request", b"needle", b"superagent", b"XMLHttpRequest", b"ajax", b"getJSON", b"$.get", b"importScripts", b"import(", b"undici",
    b'"ky"', b"'ky'",
)  # fmt: skip
_USE = Pattern(rb"\beval\(|\bFunction\(|\bvm\.|runIn\w{2,4}Context|child_process|chmod|execa")
_CALL = Pattern(rb"\b(?:fetch|got|request|https?\.(?:get|request))\(|axios|needle|superagent|undici|node-fetch|[\"']ky[\"']")
_PLAIN = Pattern(rb"(?i)(?:http|ftp)://[^\s\"'`<>\\]{0,200}")
_SWITCH = (
    b"rejectUnauthorized", b"strictSSL", b"checkServerIdentity", b"TLS_REJECT_UNAUTHORIZED", b"GIT_SSL_NO_VERIFY", b"PYTHONHTTPSVERIFY", b"strict_ssl", b"STRICT_SSL", b"ssl_verify",
    b"SSL_VERIFY", b"ignoreHTTPSErrors", b"sslVerify",
)  # fmt: skip
_RULE = "http-download-in-code"
_TLS = "tls-verification-off"
_EVENTS = 4000
_OPTIONAL = 1000
"""Switches of which it is asked whether a setting decides about them; those after them are not let off."""
_FIX = "compare its sha256 (crypto.createHash) with a digest that is written down here before it is used"


def javascript_events(file: Source) -> tuple[Event, ...]:
    """The view: the events of the rules http-download-in-code and tls-verification-off, in order of place."""
    data = file.data
    switch, plain, use = _wanted(data)
    if not (switch or plain or use):
        return ()
    from agent_security_hooks.parse.file_kinds import low_stakes
    from agent_security_hooks.parse.javascript import read_javascript

    script = file.view(read_javascript)
    found: list[Event] = []
    if switch:
        found += islice(_switches(script), _EVENTS)
    if plain or use:
        found += islice(_downloads(file, script, use), _EVENTS)
    return tuple(sorted({event._replace(pedantic=event.pedantic or low_stakes(file.path)) for event in found}))


def javascript_problem(file: Source) -> str:
    """Why a file was not analysed to its end, quoting nothing of it; "" if it was or need not be."""
    from agent_security_hooks.parse.javascript import read_javascript

    return file.view(read_javascript).problem if any(_wanted(file.data)) else ""


def _wanted(data: bytes) -> tuple[bool, bool, bool]:
    """Whether a switch, an address without TLS, or the use of a download may be found: a look at the bytes."""
    switch = any(literal in data for literal in _SWITCH)
    if not any(literal in data for literal in _FETCH):
        return switch, False, False
    plain = (b"http://" in data or b"ftp://" in data or b"HTTP://" in data) and any(map(_is_plain, _PLAIN.finditer(data)))
    return switch, plain, _USE.search(data) is not None and _CALL.search(data) is not None


def _is_plain(match: re.Match[bytes]) -> bool:
    """Whether an address outside of a comment may be fetched without TLS; one without a host may get it by `+`."""
    data, start = match.string, match.start()
    line = data[max(data.rfind(b"\n", max(0, start - 300), start) + 1, start - 300) : start].lstrip()
    if line.startswith((b"//", b"*", b"/*")):
        return False
    url = match[0].decode("utf-8", "replace")
    return url.endswith("://") or bool(insecure_scheme(url))


# --- downloads ---

_CLIENTS = frozenset(
    "http https request needle superagent got axios ky node-fetch undici cross-fetch isomorphic-fetch follow-redirects download unfetch".split()
)
_VERBS = frozenset("get post put patch delete del head request stream json options".split())
_JQUERY = frozenset("$.get $.post $.ajax $.getJSON $.getScript jQuery.get jQuery.post jQuery.ajax jQuery.getJSON jQuery.getScript".split())
_GLOBALS = frozenset("fetch window.fetch globalThis.fetch self.fetch importScripts import axios".split())


class _Fetches:
    """Knows which names of a file fetch."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.modules = _imported(script)
        self.instances = _instances(script, self.modules)

    def url(self, call: Call) -> Range | None:
        """The argument, or the property of one, that is the URL of a call that fetches; None for other calls."""
        owner, _, method = call.name.rpartition(".")
        opens = method == "open" and self.script.kind(call.open + 1) == "string"
        by_name = call.name == "axios.create" or call.name in _GLOBALS or call.name in _JQUERY or self._is_client(call.name)
        if not (opens or by_name or method in _VERBS and (owner in ("axios", "superagent") or self._is_client(owner) or owner in self.instances)):
            return None
        arguments = self.script.arguments(call)
        if not arguments or self.script.raw(call.first - 1) in (b"function", b"async"):
            return None
        if opens:
            is_request = self.script.string(call.open + 1).upper() in ("GET", "POST", "PUT", "HEAD", "DELETE", "PATCH")
            return arguments[1] if is_request and len(arguments) > 1 else None
        return self._address(arguments[0])

    def _is_client(self, name: str) -> bool:
        return name in self.modules or name.rpartition(".")[0] in self.modules and name.rpartition(".")[2] in ("default", "http", "https", "fetch", "request")

    def _address(self, argument: Range) -> Range:
        return self.script.property(argument, "url", "uri", "baseURL", "prefixUrl", "href") or argument


def _imported(script: Script) -> frozenset[str]:
    """The names that stand for a module that fetches: `import got from "got"`, `const { get } = require("axios")`."""
    names: set[str] = set()
    for index, kind in enumerate(script.kinds):
        if kind != "string" or script.ends[index] - script.starts[index] > 40 or script.string(index).removeprefix("node:").partition("/")[0] not in _CLIENTS:
            continue
        if script.raw(index - 1) == b"from":
            position = index - 2
        elif script.raw(index - 1) == b"(" and script.raw(index - 2) in (b"require", b"import"):
            position = index - 3 - (script.raw(index - 3) == b"await")
            if script.raw(position) != b"=":
                continue
            position -= 1
        else:
            continue
        if script.raw(position) == b"}" and script.pairs[position] >= 0:
            names.update(script.word(inner) for inner in range(max(script.pairs[position], position - 100), position) if script.kind(inner) == "name")
            position = script.pairs[position] - 1
            position -= script.raw(position) == b","
        if script.kind(position) == "name":
            names.add(script.word(position))
    return frozenset(names - {"as", "import", "const", "let", "var", "default", "type", ""})


def _instances(script: Script, modules: frozenset[str]) -> frozenset[str]:
    """The names of what `axios.create(...)` and `got.extend(...)` made."""
    return frozenset(
        script.word(call.first - 2)
        for call in script.calls
        if call.name.rpartition(".")[2] in ("create", "extend", "defaults", "instance")
        and call.name.rpartition(".")[0] in {*modules, "axios", "got"}
        and script.raw(call.first - 1) == b"="
    )


def _downloads(file: Source, script: Script, use: bool) -> Iterator[Event]:
    from agent_security_hooks.parse.downloads.messages import host_of
    from agent_security_hooks.parse.downloads.python_fetch import insecure_fetch

    known = _Fetches(script)
    fetched: list[tuple[Call, tuple[str, ...]]] = []
    for call in script.calls:
        address = known.url(call)
        if address is None:
            continue
        urls = script.texts(address)
        fetched.append((call, urls))
        plain = insecure_fetch(urls)
        if plain:
            yield Event(*script.span(address), _RULE, f"{call.name[-40:]}() fetches from {host_of(plain)} over {insecure_scheme(plain)}")
    if use and fetched:
        from agent_security_hooks.parse.downloads.javascript_flow import executed

        for call, host, line in executed(script, fetched, file):
            start, end = script.starts[call.first], script.ends[call.open]
            yield Event(start, end, _RULE, f"what was downloaded from {host} (line {line}) is executed, and nothing compared its hash", _FIX)


# --- switches ---

_OPTIONS = {"rejectUnauthorized": "any certificate is accepted", "strictSSL": "any certificate is accepted"}


def _switches(script: Script) -> Iterator[Event]:
    count = 0
    for index, kind in enumerate(script.kinds):
        if kind in ("name", "string") and 7 < script.ends[index] - script.starts[index] < 60:
            found = _switch(script, index)
            if found is not None:
                count += 1
                last, message = found
                if count > _OPTIONAL or not (message.startswith("rejectUnauthorized") and _is_server(script, index)):
                    pedantic = message.startswith("ignoreHTTPSErrors") or count <= _OPTIONAL and _is_optional(script, index)
                    yield Event(script.starts[index], script.ends[last], _TLS, message, pedantic=pedantic)


def _switch(script: Script, index: int) -> tuple[int, str] | None:
    """The last token of a switch that begins with this token, and what is wrong; None if there is none."""
    from agent_security_hooks.parse.downloads.switches import bad_setting

    word = script.word(index)
    if word in _OPTIONS:
        end = _false_after(script, index)
        return (end, f"{word}: false: {_OPTIONS[word]}") if end else None
    if word == "checkServerIdentity":
        end = _empty_function_after(script, index)
        return (end, "checkServerIdentity checks nothing: a certificate of any host is accepted") if end else None
    if word == "ignoreHTTPSErrors":
        on = script.raw(index + 1) == b":" and script.raw(index + 2) == b"true"
        return (index + 2, "ignoreHTTPSErrors: true: the browser accepts any certificate") if on else None
    if word.lower() == "http.sslverify=false" or word.lower() == "http.sslverify" and script.raw(index + 1) == b"," and script.word(index + 2) == "false":
        return index, "git accepts any certificate"
    if word.isupper() or "_" in word:
        value = _value_after(script, index)
        text = _constant(script, value) if value else None
        found = bad_setting(word, text) if text is not None else None
        return (value, found[1]) if found else None
    return None


def _value_after(script: Script, index: int) -> int:
    """The token that a name or key is given, if it is one token; 0 if none is."""
    after = index + 1 + (script.raw(index + 1) == b"]")
    if script.raw(after) not in (b"=", b":", b"||=", b"??="):
        return 0
    following = script.raw(after + 2)
    ends = following in (b"", b";", b",", b")", b"}", b"]") or b"\n" in script.data[script.ends[after + 1] : script.starts[after + 2]]
    return after + 1 if script.kind(after + 1) and ends else 0


def _constant(script: Script, index: int) -> str | None:
    """The text that a variable gets from a literal; None for anything else."""
    kind, raw = script.kind(index), script.raw(index)
    if kind == "string":
        return script.string(index)
    if kind == "number" or raw in (b"false", b"true"):
        return raw.decode("utf-8", "replace")[:20]
    return raw[1:-1].decode("utf-8", "replace")[:20] if kind == "template" and raw.endswith(b"`") and raw.startswith(b"`") else None


def _false_after(script: Script, index: int) -> int:
    """The last token of the `false`, `!1` or `0` that an option is given; 0 if it is given something else."""
    after = index + 1 + (script.raw(index + 1) == b"]")
    if script.raw(after) not in (b":", b"=") or script.raw(after) == b":" and script.raw(index - 1) in (b".", b"?.", b"?"):
        return 0
    value = after + 1
    if script.raw(value) == b"!" and script.raw(value + 1) == b"1":
        return value + 1
    return value if script.raw(value) in (b"false", b"0") and script.raw(value + 1) not in (b"|", b"&&", b"||", b"?", b"??") else 0


_OPTION = Pattern(rb"(?i)secur|ssl|tls|cert|verif|valid|trust|reject|https")


def _is_optional(script: Script, index: int) -> bool:
    """Whether a setting decides about the switch: `if (insecure)`, `insecure ? {...} : ...`, `insecure && {...}`."""
    position, beside = index, False
    for _ in range(300):
        position -= 1
        raw = script.raw(position)
        if raw in (b")", b"]", b"}") and 0 <= script.pairs[position] < position:
            if not beside and _asks(script, position):
                return True
            beside = beside or raw == b"}"
            position = script.pairs[position]
        elif raw in (b"{", b"(", b"["):  # around the switch
            before = position - 1
            if script.raw(before) == b"else" and script.raw(before - 1) == b"}":
                before = script.pairs[before - 1] - 1
            if raw == b"{" and _asks(script, before):
                return True
            beside = False
        elif raw == b"case" and _OPTION.search(script.raw(position + 1)[:60]):  # case "no-verify":
            return True
        elif raw in (b";", b","):
            beside = True
        elif raw in (b"?", b"&&") and not beside and any(_OPTION.search(script.raw(inner)[:60]) for inner in range(max(0, position - 8), position)):
            return True
        elif not raw:
            break
    return False


def _asks(script: Script, close: int) -> bool:
    """Whether the bracket closes the condition of an `if` that speaks of certificates."""
    opening = script.pairs[close] if close >= 0 else -1
    if opening < 1 or script.raw(opening - 1) != b"if":
        return False
    return any(_OPTION.search(script.raw(inner)[:60]) for inner in range(opening, min(close, opening + 30)))


def _is_server(script: Script, index: int) -> bool:
    """Whether the options are those of a server, which need not ask for a client's certificate."""
    opening, steps = index, 0
    while opening > 0 and steps < 400:
        opening -= 1
        steps += 1
        if script.pairs[opening] >= 0 and script.pairs[opening] < opening:
            opening = script.pairs[opening]
        elif script.raw(opening) == b"{":
            break
    close = script.pairs[opening]
    if close < 0 or script.raw(opening) != b"{":
        return False
    if any(script.raw(inner) == b"requestCert" for inner in range(opening, min(close, opening + 400))):
        return True
    name, _ = script.name_before(opening - 1) if script.raw(opening - 1) == b"(" else ("", 0)
    return name.rpartition(".")[2] in ("createServer", "createSecureServer", "Server")


def _empty_function_after(script: Script, index: int) -> int:
    """The last token of a function that returns nothing or `undefined`, if that is what an option is given; else 0."""
    at = index + 1
    if script.raw(at) in (b":", b"="):
        at += 1
    at += script.raw(at) == b"function"
    if script.raw(at) != b"(" or script.pairs[at] < 0:
        return 0
    at = script.pairs[at] + 1
    if script.raw(at) == b"=>":
        at += 1
        if script.raw(at) in (b"undefined", b"null", b"true", b"false"):
            return at
        if script.raw(at) == b"void":
            return at + 1
    if script.raw(at) != b"{" or script.pairs[at] < 0:
        return 0
    body = [script.raw(inner) for inner in range(at + 1, min(script.pairs[at], at + 6))]
    return (
        script.pairs[at]
        if body in ([], [b"return"], [b"return", b";"], [b"return", b"undefined"], [b"return", b"undefined", b";"], [b"return", b"null", b";"])
        else 0
    )
