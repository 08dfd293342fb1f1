"""What becomes of what JavaScript code fetches: evaluated, or written to a file that is then run.

The names that a download passes through are followed within the code around it, in any order of statements; a file that checks a hash anywhere is trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.command_words import run_words
from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.javascript import Range
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.urls import HOLE, is_external, pin_of, split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.javascript import Call, Script
    from agent_security_hooks.source import Source

_CHECK = Pattern(
    rb"(?i)createHash|timingSafeEqual|subtle\.digest|checksum|integrity|sha256|sha512|shasum|verif(?:y|ied)(?!Peer|_peer)|cosign|\bgpg\b|signature|minisign|ssri"
)
_EVALUATES = frozenset(
    "eval Function vm.runInNewContext vm.runInThisContext vm.runInContext vm.Script vm.compileFunction runInNewContext runInThisContext".split()
)
_STARTS = frozenset("execFile execFileSync spawn spawnSync fork execa execaSync".split())
_SHELLS = frozenset("exec execSync".split())
_MODES = frozenset("chmod chmodSync".split())
_WRITES = frozenset("writeFile writeFileSync createWriteStream outputFile outputFileSync".split())
_AROUND = 5000
_FETCHES = 30
_CALLS = 200


class _Assignment(NamedTuple):
    name: bytes
    value: Range


def executed(script: Script, fetched: list[tuple[Call, tuple[str, ...]]], file: Source) -> Iterator[tuple[Call, str, int]]:
    """Calls that execute what was fetched, with the host and the line of the fetch, unless the file anywhere checks a hash or signature."""
    doubtful = [(call, urls) for call, urls in fetched if not all(_harmless(url) for url in urls)][:_FETCHES]
    if not doubtful or _CHECK.search(script.data):
        return
    calls = [call for call in script.calls if call.name in _EVALUATES or call.name.rpartition(".")[2] in _STARTS | _SHELLS | _MODES | _WRITES]
    if all(call.name.rpartition(".")[2] in _WRITES for call in calls):
        return
    seen: set[int] = set()
    for (fetch, urls), around in zip(doubtful, _surroundings(script, [call.first for call, _ in doubtful])):
        near = [
            _Assignment(script.raw(index - 1), Range(index + 1, script.end_of(index + 1, 60)))
            for index in range(around.first, around.last)
            if script.kinds[index] == "mark" and script.raw(index) == b"=" and script.kind(index - 1) == "name"
        ]
        nearby = [call for call in calls if around.first <= call.open < around.last][:_CALLS]
        content, paths = _spread(script, fetch, near, nearby)
        for call in nearby:
            if call.open not in seen and _executes(script, call, fetch, content, paths):
                seen.add(call.open)
                yield call, host_of(*urls), file.line_of(script.starts[fetch.first])


def _harmless(url: str) -> bool:
    """Whether a URL is known and is local, no network address or pinned."""
    parts = split_url(url)
    if parts is None:
        return not url.startswith((HOLE, "//"))
    return parts.scheme not in ("http", "https", "ftp") or HOLE not in parts.host and not is_external(parts.host) or bool(pin_of(url))


def _surroundings(script: Script, places: list[int]) -> list[Range]:
    """For each of some tokens, in order: the largest block around it that is not too large to be one piece of code."""
    found: list[Range] = []
    stack: list[int] = []
    wanted = iter(places)
    place = next(wanted, -1)
    for index, kind in enumerate(script.kinds):
        while index == place:
            blocks = [opening for opening in stack if script.pairs[opening] - opening < _AROUND]
            everything = Range(0, len(script.kinds)) if len(script.kinds) < _AROUND else Range(max(0, index - 500), min(len(script.kinds), index + 500))
            found.append(Range(blocks[0], script.pairs[blocks[0]]) if blocks and everything.last - everything.first == 1000 else everything)
            place = next(wanted, -1)
        if kind == "mark" and script.pairs[index] >= 0:
            if script.pairs[index] > index:
                stack.append(index)
            elif stack:
                stack.pop()
    return found


def _spread(script: Script, fetch: Call, assignments: list[_Assignment], calls: list[Call]) -> tuple[set[bytes], set[bytes]]:
    """The names that hold the content, and those (or the string literals) of the files that it is written to."""
    content = _callback_names(script, fetch)
    paths: set[bytes] = set()
    for _ in range(3):
        before = len(content)
        for assignment in assignments:
            if assignment.value.first <= fetch.first < assignment.value.last or _mentions(script, assignment.value, content):
                content.add(assignment.name)
        if len(content) == before:
            break
    for call in calls:
        if call.name.rpartition(".")[2] in _WRITES and script.arguments(call):
            piped = script.raw(call.first - 1) == b"(" and _mentions(script, Range(max(0, call.first - 6), call.first), content)
            if call.open < fetch.first < call.close or piped or any(_mentions(script, part, content) for part in script.arguments(call)[1:2]):
                argument = script.arguments(call)[0]
                if argument.last - argument.first == 1 and script.kind(argument.first) in ("name", "string"):
                    paths.add(script.raw(argument.first))
    return content, paths


def _callback_names(script: Script, fetch: Call) -> set[bytes]:
    """The parameters of functions that get the content: `get(url, response => ...)`, `fetch(url).then(r => r.text()).then(code => ...)`."""
    names: set[bytes] = set()
    for argument in script.arguments(fetch)[1:]:
        names |= _parameters(script, argument.first)
    index = fetch.close + 1
    for _ in range(6):
        if script.raw(index) != b"." or script.raw(index + 1) not in (b"then", b"on", b"text", b"json", b"pipe") or script.raw(index + 2) != b"(":
            break
        names |= _parameters(script, index + 3 + 2 * (script.raw(index + 1) == b"on"))
        if script.pairs[index + 2] < 0:
            break
        index = script.pairs[index + 2] + 1
    return names


def _parameters(script: Script, index: int) -> set[bytes]:
    """The parameter names of a function that begins at a token, without those of errors."""
    index += script.raw(index) == b"async"
    if script.kind(index) == "name" and script.raw(index + 1) == b"=>":
        return {script.raw(index)}
    if script.raw(index) == b"function":
        index += 1 + (script.kind(index + 1) == "name")
    if script.raw(index) == b"(" and index < script.pairs[index] < index + 30:
        return {script.raw(inner) for inner in range(index + 1, script.pairs[index]) if script.kind(inner) == "name"} - {b"err", b"error", b"e"}
    return set()


def _mentions(script: Script, tokens: Range, names: set[bytes]) -> bool:
    if not names:
        return False
    return any(
        script.raw(index) in names and script.raw(index - 1) != b"." and script.raw(index + 1) != b":"
        for index in range(tokens.first, min(tokens.last, tokens.first + 100))
    )


def _executes(script: Script, call: Call, fetch: Call, content: set[bytes], paths: set[bytes]) -> bool:
    """Whether a call runs the content or a file that holds it."""
    last = call.name.rpartition(".")[2]
    if not script.arguments(call):
        return False
    first = script.arguments(call)[0]
    if call.name in _EVALUATES:
        code = script.arguments(call)[-1] if last == "Function" else first
        return code.first <= fetch.first < code.last or _mentions(script, code, content)
    if last in _MODES:
        return _is_path(script, first, paths) and _sets_executable(script, call)
    if last in _STARTS:
        return _is_path(script, first, paths) or any(_is_path(script, word, paths) for word in _run_arguments(script, script.arguments(call)))
    if last in _SHELLS:
        words = script.texts(first)[0].split()[:30]
        run = [words[position].strip("\"'") for position, how in run_words(words) if how == "executed"]
        if _mentions(script, first, paths):
            return any(HOLE in word for word in run)
        return any(path.strip(b"\"'`").decode("utf-8", "replace") == word.removeprefix("./") for path in paths if path[:1] in b"\"'" for word in run)
    return False


def _run_arguments(script: Script, arguments: list[Range]) -> list[Range]:
    """The elements of the list of arguments that the program runs."""
    if len(arguments) < 2 or script.raw(arguments[1].first) != b"[" or script.pairs[arguments[1].first] < 0:
        return []
    given = script.split(Range(arguments[1].first + 1, script.pairs[arguments[1].first]))
    words = [script.texts(each)[0] for each in (arguments[0], *given)]
    return [given[position - 1] for position, how in run_words(words) if how == "executed" and position]


def _is_path(script: Script, tokens: Range, paths: set[bytes]) -> bool:
    return tokens.last - tokens.first == 1 and script.raw(tokens.first) in paths


def _sets_executable(script: Script, call: Call) -> bool:
    mode = script.raw(script.arguments(call)[1].first) if len(script.arguments(call)) > 1 else b""
    text = mode.strip(b"\"'`").removeprefix(b"0o").lstrip(b"0")
    return any(digit in b"1357" for digit in text[-3:]) or text.startswith(b"+x")
