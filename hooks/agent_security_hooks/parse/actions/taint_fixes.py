"""How a script gets a text from a variable instead of from `${{ }}`: what to write, and the edits where they are certain.

A step that is a block map of its own, with a script for a POSIX shell, gets a line in `env:`, and the expression is replaced as the quotes around it ask for.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.actions.expressions import Context
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.taint import Expanded
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Redirection, Script, Word
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

Edit = tuple[int, int, bytes]
Fix = tuple[str, tuple[Edit, ...]]

# How each language reads a variable, as the hint says it.
_USES = {
    "javascript": "process.env.{}",
    "powershell": "$env:{}",
    "python": 'os.environ["{}"]',
    "cmd": '$env:{} with "shell: pwsh" (cmd expands %{}% as code, too)',
}
# The same for actions that run an input as code; a shell's where nothing is said.
_LANGUAGES = {
    "actions/github-script": "javascript",
    "cardinalby/js-eval-action": "javascript",
    "satackey/action-js-inline": "javascript",
    "8398a7/action-slack": "javascript",
    "roots/issue-closer": "javascript",
    "roots/issue-closer-action": "javascript",
    "amadevus/pwsh-script": "powershell",
    "azure/powershell": "powershell",
    "jannekem/run-python-script-action": "python",
}
# Where the script runs on another machine or in a container, which has the step's variables only when asked for.
_ELSEWHERE = {
    "appleboy/ssh-action": "`envs: {}` in with:",
    "addnab/docker-run-action": "`-e {}` in its options",
    "uraimo/run-on-arch-action": "the variable in its input env",
    "devcontainers/ci": "the variable in its input env",
    "cross-platform-actions/action": "`{}` in its environment_variables",
    **dict.fromkeys((f"vmactions/{system}-vm" for system in ("freebsd", "openbsd", "netbsd", "dragonflybsd", "solaris", "omnios")), "`{}` in its envs"),
}
_MANY = 100
"""Expressions of one script that are mended; a script with more needs another hand."""
_LEFT_OUT = frozenset(("github", "event", "outputs", "inputs", "steps", "needs", "*", "?"))
_NOT_LETTERS = Pattern(r"[^A-Za-z0-9]+")
# Names that programs take for something else.
_TAKEN = Pattern(r"(?:GITHUB|RUNNER|ACTIONS|INPUT|LD|DYLD|NODE|PYTHON|GIT|SSH|DOCKER|NPM|PIP|AWS|GOOGLE|AZURE)_")


def plan_fixes(step: Step, node: Node, found: list[Expanded], *, mend: bool = True) -> dict[int, Fix]:
    """By where each expression begins: what to do, and (`mend`) the edits. Those of one step bring one `env:` for all of them."""
    language, fragment = _language(step)
    if len(found) > _MANY or not mend:
        fragment = None
    names = {expanded.start: name for expanded, name in zip(found, _names(step, found))}
    plan = _Plan(step, node, fragment) if fragment is not None and step.get("run") is node else None
    replaced = {expanded.start: text for expanded in found if plan is not None and (text := plan.replacement(expanded, names[expanded.start]))}
    wanted = {names[expanded.start]: expanded for expanded in found if expanded.start in replaced and not names[expanded.start].startswith("$")}
    added = plan.environment(wanted) if plan is not None and wanted else ()
    fixes: dict[int, Fix] = {}
    for expanded in found:
        name = names[expanded.start].removeprefix("$")
        edits: tuple[Edit, ...] = ()
        if expanded.start in replaced and (added or not wanted):
            edits = (*added, (expanded.start, expanded.end, replaced[expanded.start].encode()))
        hint = _hint(expanded, name, names[expanded.start] != name, language)
        further = _ELSEWHERE.get(step.repository, "").replace("{}", name)
        fixes[expanded.start] = (f"{hint}, with {further}" if further else hint, edits)
    return fixes


def _language(step: Step) -> tuple[str, Fragment | None]:
    """What reads the script, and the script where that is a POSIX shell."""
    from agent_security_hooks.parse.actions.scripts import scripts_of

    if step.get("run") is None:
        return _LANGUAGES.get(step.repository, "sh"), None
    fragment = next(iter(scripts_of(step)), None)
    language = fragment.language if fragment is not None else "other"
    return language, fragment if language in ("sh", "bash", "zsh") and _is_posix(step) else None


def in_comments(step: Step, node: Node, found: list[Expanded]) -> set[int]:
    """The expressions that stand in a comment of a script for a POSIX shell, by where they begin."""
    behind = _behind_marks(step.workflow.file.data, found)
    fragment = _language(step)[1] if behind and step.get("run") is node else None
    if fragment is None:
        return set()
    from agent_security_hooks.parse.shell import parse_shell

    script = parse_shell(fragment.text.data)
    if not script.complete:
        return set()
    spans = sorted(fragment.text.span(word.start, word.end) for word in _words(script))
    ends: list[int] = []
    for _, end in spans:
        ends.append(max(end, ends[-1] if ends else 0))
    return {expanded.start for expanded in behind if (at := bisect_right(spans, (expanded.start, 1 << 62)) - 1) < 0 or ends[at] <= expanded.start}


def _behind_marks(data: bytes, found: list[Expanded]) -> list[Expanded]:
    """Those with a `#` before them on their line; each line is searched once."""
    behind: list[Expanded] = []
    end = mark = -1
    for expanded in found:
        if expanded.start >= end:
            begin = data.rfind(b"\n", max(end, 0), expanded.start)
            begin = begin if begin >= 0 or end >= 0 else 0
            end = data.find(b"\n", expanded.start)
            end = end if end >= 0 else len(data)
            match = _MARK.search(data, max(begin, 0), end)
            mark = match.start() if match is not None else end
        if mark < expanded.start:
            behind.append(expanded)
    return behind


_MARK = Pattern(rb"(?:^|[\s;&|()])#")


def _words(script: Script) -> Iterator[Word]:
    """Every word of a script, documents too."""
    from agent_security_hooks.parse.shell import Compound, statements

    for pipeline in statements(script):
        for command in pipeline.commands:
            yield from command.words
            for redirection in command.redirections:
                yield from (word for word in (redirection.target, redirection.heredoc) if word is not None)
            if isinstance(command, Compound):
                yield from (word for patterns in command.patterns for word in patterns)
            else:
                yield from (word for _, word in command.assignments if word is not None)


def _is_posix(step: Step) -> bool:
    """Whether no runner that the job may get has PowerShell for its shell."""
    return bool(step.shell) or step.job is None or not step.workflow.file.view(_mentions_windows)


def _mentions_windows(file: Source) -> bool:
    """A view."""
    return b"windows" in file.data.lower()


def _hint(expanded: Expanded, name: str, known: bool, language: str) -> str:
    use = _USES.get(language, '"${}"').replace("{}", name) if language in _USES else f'"${name}"'
    if known:
        return f"write {use} in the script: the variable is already there"
    return (
        f"set {name}: {excerpt(' '.join(('${{ ' + expanded.expression.inner.strip() + ' }}').split()), 120)} in env: of the step and write {use} in the script"
    )


def _names(step: Step, found: list[Expanded]) -> Iterator[str]:
    """A variable for each expression; with `$` before it when the step already has it."""
    given: dict[str, str] = {}
    env = step.get("env")
    own = {name: " ".join(string(value).split()) for name, _, value in env.entries()} if env is not None else {}
    script = string(step.get("run"))
    names = [name for layer in step.environments() for name, _, _ in layer.entries()]
    taken = {name.upper() for name in names}
    for expanded in found:
        inner = expanded.expression.inner.strip()
        tree = expanded.expression.tree
        if isinstance(tree, Context) and tree.path[0] == "env" and len(tree.path) == 2 and (known := inner.partition(".")[2].strip()).isidentifier():
            # Expressions do not tell names by case, shells do.
            yield "$" + (known if known in names else next((name for name in names if name.lower() == known.lower()), known))
            continue
        same = next((name for name, value in own.items() if value in (f"${{{{ {inner} }}}}", f"${{{{{inner}}}}}")), None)
        if same is not None and same.isidentifier():
            yield f"${same}"
            continue
        if len(found) > _MANY:
            yield _name_for(expanded.taint.via or expanded.taint.path)
            continue
        if inner not in given:
            base = _name_for(expanded.taint.via or expanded.taint.path)
            number, name = 1, base
            while name in taken or name in script:
                number, name = number + 1, f"{base}_{number + 1}"
            taken.add(name)
            given[inner] = name
        yield given[inner]


def _name_for(path: str) -> str:
    if excerpt(path, 400) != path[:400]:  # a token makes no name
        path = "text"
    parts = path.split(".")
    words = [part for part in parts if part not in _LEFT_OUT and not part.isdigit()][-2:] or ["TEXT"]
    if parts[0] == "inputs" or parts[:3] == ["github", "event", "inputs"]:
        words = [words[-1], "input"]
    elif len(words) == 1 and parts[0] != "github":
        words = [*words, "text"]
    name = _NOT_LETTERS.sub("_", "_".join(words)).strip("_").upper()[:40] or "TEXT"
    return f"THE_{name}" if _TAKEN.match(name) or not name[0].isalpha() else name


_REREAD = frozenset(
    "sh bash zsh dash ksh ash eval ssh su python python2 python3 perl ruby node php awk gawk sed jq xargs find docker podman kubectl psql mysql sqlite3 "
    "pwsh powershell source . trap watch parallel Rscript julia lua deno bun osascript".split()
)
"""Programs that read an argument as code of their own, so that a variable of the shell does not help."""


class _Place(NamedTuple):
    """How a piece of the script is quoted: "bare", "double", "heredoc", or "" where nothing can be put."""

    quoting: str
    start: int
    end: int


class _Plan:
    """The edits for one step."""

    __slots__ = ("_data", "_fragment", "_node", "_places", "_step")

    def __init__(self, step: Step, node: Node, fragment: Fragment) -> None:
        self._step = step
        self._node = node
        self._fragment = fragment
        self._data = step.workflow.file.data
        self._places: list[_Place] | None = None

    def replacement(self, expanded: Expanded, name: str) -> str:
        """What to write for an expression; "" where that is not certain."""
        name = name.removeprefix("$")
        if not name.isidentifier() or not name.isascii() or not _stands_alone(self._step) or not _fits_one_line(expanded, self._data):
            return ""
        if self._places is None:
            self._places = sorted(_places(self._fragment), key=lambda place: place.start)
        at = bisect_right(self._places, expanded.start, key=lambda place: place.start) - 1
        quoting = self._places[at].quoting if at >= 0 and expanded.end <= self._places[at].end else ""
        if quoting == "bare":
            return f'"${{{name}}}"' if self._node.style != '"' else ""
        return f"${{{name}}}" if quoting else ""

    def environment(self, wanted: dict[str, Expanded]) -> tuple[Edit, ...]:
        """The edit that adds variables to the step's `env`, or that adds one; () where it cannot be made by ranges."""
        node = self._step.node
        indent = _column(self._data, node.start)
        newline = "\r\n" if self._data.startswith(b"\r", self._data.find(b"\n", node.start) - 1) else "\n"
        lines = [f"{name}: {self._data[found.start : found.end].decode('utf-8', 'surrogateescape')}" for name, found in wanted.items()]
        env = node.own.get("env")
        if env is None:
            key = node.own["run"][0]
            if self._data[key.start : key.end] != b"run":
                return ()
            text = f"env:{newline}" + "".join(f"{' ' * (indent + 2)}{line}{newline}" for line in lines) + " " * indent + "run"
            return ((key.start, key.end, _encoded(text)),)
        layer = env[1]
        if layer.kind != "map" or not layer.pairs or self._data[layer.start : layer.start + 1] == b"{":
            return ()
        first = layer.pairs[0][0]
        line_start = self._data.rfind(b"\n", 0, first.start) + 1
        if first.start != layer.start or self._data[line_start : first.start].strip(b" ") or first.start - line_start <= indent:
            return ()
        separator = newline + " " * (first.start - line_start)
        written = self._data[first.start : first.end]
        text = separator.join((*lines, ""))
        return ((first.start, first.end, _encoded(text) + written),)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _fits_one_line(expanded: Expanded, data: bytes) -> bool:
    """Whether an expression stands in the file as it is read, and can stand as a plain value."""
    written = data[expanded.start : expanded.end]
    same = written[3:-2] == _encoded(expanded.expression.inner)
    return same and not any(mark in written for mark in (b"\n", b"\r", b": ", b" #")) and written.startswith(b"${{")


def _column(data: bytes, offset: int) -> int:
    return offset - data.rfind(b"\n", 0, offset) - 1


_LEAD = Pattern(rb"[ -]*\Z")


def _stands_alone(step: Step) -> bool:
    """Whether the step is a block map that no alias shares, with each key on a line of its own at the same column."""
    data, node = step.workflow.file.data, step.node
    if node.kind != "map" or data[node.start : node.start + 1] in (b"{", b"*", b"&", b"!") or step.workflow.file.view(_has_aliases):
        return False
    column = _column(data, node.start)
    for position, (key, _) in enumerate(node.pairs):
        start = data.rfind(b"\n", 0, key.start) + 1
        lead = data[start : key.start]
        if len(lead) != column or not (_LEAD.match(lead) if position == 0 else not lead.strip(b" ")):
            return False
    return len(node.own) == len(node.pairs)


def _has_aliases(file: Source) -> bool:
    """A view: whether a value of the YAML document is an alias."""
    from agent_security_hooks.parse.yaml_tree import read_yaml

    return b"*" in file.data and any(node.kind == "alias" for root in file.view(read_yaml).roots for node in root.walk())


def _places(fragment: Fragment) -> Iterator[_Place]:
    """The pieces of literal text in a script, with how they are quoted and where they stand in the file."""
    from agent_security_hooks.parse.shell import Compound, parse_shell, statements

    text = fragment.text
    for pipeline in statements(parse_shell(text.data)):
        for command in pipeline.commands:
            words = {word.text.rpartition("/")[2] for word in command.words}
            reread = not isinstance(command, Compound) and bool(words & _REREAD)
            for position, word in enumerate(command.words):
                certain = command.kind in ("test", "case") if isinstance(command, Compound) else position > 0 and not reread
                yield from _word_places(word, text, "bare" if certain else "")
            for _, value in () if isinstance(command, Compound) else command.assignments:
                if value is not None:
                    yield from _word_places(value, text, "bare")
            for redirection in command.redirections:
                yield from _redirection_places(redirection, text, reread)


def _redirection_places(redirection: Redirection, text: MappedText, reread: bool) -> Iterator[_Place]:
    if redirection.heredoc is not None:
        expands = redirection.target is not None and not any(part.quoted for part in redirection.target.parts)
        for part in redirection.heredoc.parts:
            if part.kind == "literal":
                yield _Place("heredoc" if expands and not reread else "", *text.span(part.start, part.end))
    elif redirection.target is not None:
        yield from _word_places(redirection.target, text, "" if reread else "bare")


def _word_places(word: Word, text: MappedText, bare: str) -> Iterator[_Place]:
    """Of a word: text in no quotes is "bare" (or what is given for it), in double quotes "double", in others nothing."""
    opened, end = 0, -1
    for part in word.parts:
        if part.quoted and part.start != end:
            opened = part.start
        end = part.end if part.quoted else -1
        if part.kind == "literal":
            quoting = bare if not part.quoted else "double" if bare and text.data[opened - 1 : opened] == b'"' else ""
            yield _Place(quoting, *text.span(part.start, part.end))
