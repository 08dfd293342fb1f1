"""What the script of a step hands to later steps: lines for GITHUB_OUTPUT, GITHUB_ENV and GITHUB_PATH, and whose text is in them.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.taint import FIXED, OUTSIDER, UNKNOWN, Taint, origin_of, strongest
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.wrappers import base_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.parse.actions.taint import Expanded
    from agent_security_hooks.parse.actions.taint_flow import Flow
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell import Command, Compound, Part, Pipeline, Redirection, Word
    from agent_security_hooks.parse.shell_calls import Call

FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH")
_BY_CONTEXT = {"github.output": "GITHUB_OUTPUT", "github.env": "GITHUB_ENV", "github.path": "GITHUB_PATH"}
MARKS = (*FILES, *_BY_CONTEXT, "::set-", "::add-path")
"""A script without any of these words hands nothing on."""


class Write(NamedTuple):
    """Text that is added to one of the files at `start` to `end` of the workflow. `name` is "" where the text itself says which (and for GITHUB_PATH)."""

    file: str
    name: str
    taint: Taint
    start: int
    end: int
    heredoc: str = ""
    """What ends the value, when it is written as `name<<end`."""


class Writes:
    """All that one script writes."""

    __slots__ = ("_by_name", "items", "whole")

    def __init__(self, items: tuple[Write, ...], *, whole: bool = False) -> None:
        self.items = items
        self._by_name: dict[tuple[str, str], list[Taint]] = {}
        for write in items:
            self._by_name.setdefault((write.file, write.name.lower()), []).append(write.taint)
        self.whole = whole
        """Whether nothing else can be written: the script runs no program that could do so by itself."""

    def named(self, file: str) -> list[tuple[str, Taint]]:
        """Names and taints of what is written into a file."""
        return [(write.name, write.taint) for write in self.items if write.file == file]

    def value(self, file: str, name: str) -> Taint | None:
        """The worst that is written into a file under a name, by any branch of the script; None where nothing is."""
        if name in ("*", "?"):
            return strongest([taint for _, taint in self.named(file)])
        return strongest(self._by_name.get((file, name.lower()), []))


# Programs that print what they get, changed or not.
_CARRIERS = frozenset(
    "echo printf cat tac tee sed awk gawk tr cut head tail sort uniq grep egrep fgrep xargs rev fold fmt column paste jq yq basename dirname realpath "
    "envsubst perl nl expand iconv sponge unzip".split()
)
_FILE_READERS = {"cat": 1, "tac": 1, "head": 1, "tail": 1, "sort": 1, "uniq": 1, "yq": 2, "jq": 2, "sed": 2, "awk": 2, "grep": 2, "unzip": 1}
_SAFE = _CARRIERS | frozenset(
    "[ [[ test : true false exit cd pwd set shift export local declare readonly unset let ls mkdir rm date sleep wc return break continue read touch "
    "which type git hostname uname nproc md5sum sha256sum expr seq mktemp uuidgen".split()
)
"""Programs that do not write into the files by themselves."""
_COPYING = ("cp", "mv", "install")
_COUNTING = {"grep": "cq", "egrep": "cq", "fgrep": "cq"}
_CHECKED = Pattern(r"\[\[\s+\"?\$\{?(\w+)\}?\"?\s+=~\s+\^")
"""A variable that is compared with a pattern from its beginning on."""
_CLEANING = Pattern(r"\[\^[^\]]{1,200}\]")
_MARK = 0xE000
_MARKS = 6000
_MARKED = Pattern("[\ue000-\uf76f]")
_ASSIGNMENT = Pattern(r"\s*([A-Za-z_][A-Za-z0-9_-]*)(=|<<)")
_COMMAND = Pattern(r"::(set-output|set-env|add-path)(?:[ ,]+name=([A-Za-z0-9_-]+))?[^:\n]*::")
_COMMAND_FILES = {"set-output": "GITHUB_OUTPUT", "set-env": "GITHUB_ENV", "add-path": "GITHUB_PATH"}
_POWERSHELL_VARIABLE = Pattern(rb"(?i)\$\{?env:([A-Za-z_]\w{0,100})")
_POWERSHELL_OWN = Pattern(rb"(?i)\$(?!\{?env:)|[|`]")
_POWERSHELL_ASSIGNMENT = Pattern(rb"[\"']([A-Za-z_][\w-]{0,100})=")
_LONGEST = 100_000


def read_writes(step: Step, flow: Flow) -> Writes:
    """What a step's script writes. Nothing for languages other than POSIX shells."""
    text = string(step.get("run"))
    if not any(mark in text for mark in MARKS) and not step.workflow.file.thorough:
        return Writes(())  # but whether something else could write is not looked at
    if not step.workflow.file.thorough and not _may_carry(step, text, flow):
        return Writes(())
    from agent_security_hooks.parse.actions.scripts import calls_of, scripts_of

    reader = _Reader(step, flow)
    calls = calls_of(step)
    for call in calls:
        reader.read(call)
    for fragment in scripts_of(step):
        if fragment.language == "powershell":
            reader.read_powershell(fragment.text)
    whole = bool(calls) and all(call.name in _SAFE for call in calls) and all(write.name for write in reader.found if write.file == "GITHUB_OUTPUT")
    return Writes(tuple(reader.found), whole=whole and not any(reader.open_files()))


# What a script has text of others from, besides its variables and the expressions in it: files of the event, programs that ask for more.
_OWN_SOURCES = ("${{", "GITHUB_HEAD_REF", "GITHUB_REF", "GITHUB_BASE_REF", "GITHUB_EVENT_PATH")
_PROGRAMS = ("gh ", "git ", "curl ")


def _may_carry(step: Step, text: str, flow: Flow) -> bool:
    """Whether a script can have text of others at all, as far as can be told before it is parsed."""
    if any(mark in text for mark in _OWN_SOURCES) or any(mark in text for mark in _PROGRAMS) and flow.asks_outsiders or flow.foreign_files(step):
        return True
    lower = text.lower()
    return any("${{" in value.value and name.lower() in lower for layer in step.environments() for name, _, value in layer.entries()) or flow.has_exports(step)


class _Reader:
    """Goes through the calls of one script, once."""

    __slots__ = ("_checked", "_expressions", "_flow", "_open", "_renamed", "_starts", "_step", "_variables", "found")

    def __init__(self, step: Step, flow: Flow) -> None:
        self._step = step
        self._flow = flow
        run = step.get("run")
        self._expressions = flow.expanded(run, step, fixed=True) if run is not None else []
        self._starts = [found.start for found in self._expressions]
        self._variables: dict[str, Taint | None] = {}
        self._renamed: dict[str, str] = {}
        """By `$NAME`: the file whose path a variable holds."""
        self._open: dict[str, tuple[str, str, str]] = {}
        """By file: the name whose value goes on, its delimiter, and that as it was read."""
        self._checked = set(_CHECKED.findall(string(run)))
        self.found: list[Write] = []

    def open_files(self) -> tuple[str, ...]:
        """The files in which a value was begun and not ended."""
        return tuple(self._open)

    def _file(self) -> Taint | None:
        """What a file holds that the script reads."""
        what = self._flow.foreign_files(self._step)
        return Taint(OUTSIDER, what) if what else None

    def read(self, call: Call) -> None:
        """One call: variables that it sets, and what it writes."""
        for name, word in call.assignments:
            self._variables[name] = self._word(word, call.source) if word is not None else None
            if word is not None and (file := next((file for file in FILES if file in word.text), "")):
                self._renamed[f"${name}"] = self._renamed[f"${{{name}}}"] = file
        if call.name in ("read", "mapfile", "readarray"):
            taint = self._input(call)
            self._variables.update((word.text, taint) for word in call.words if word.is_literal and not word.text.startswith("-"))
        targets = [redirection.target.text for redirection in call.redirections if redirection.target is not None and ">" in redirection.operator]
        if call.name == "tee":
            targets += call.texts
        elif call.name in _COPYING:
            targets += call.texts[-1:]
        file = next((name for target in targets for name in FILES if name in target), "") or self._other_target(targets, call)
        text, taints = self._content(call) if file or call.name in ("echo", "printf") else ("", [])
        if file:
            self._write(file, text, taints, call)
        elif "::" in text and (match := _COMMAND.search(text)):
            self._add(_COMMAND_FILES[match[1]], match[2] or "", text[match.end() :], taints, call)

    def _other_target(self, targets: list[str], call: Call) -> str:
        """The file that a call writes to by `>> $OUT`, where `OUT=$GITHUB_OUTPUT`, or by `>> ${{ github.env }}`."""
        renamed = next((self._renamed[target] for target in targets if target in self._renamed), "") if self._renamed else ""
        if renamed:
            return renamed
        words = [redirection.target for redirection in call.redirections if redirection.target is not None and ">" in redirection.operator]
        words += call.words if call.name == "tee" else ()
        parts = [part for word in words if "___" in word.text for part in word.parts]
        return next((_BY_CONTEXT[path] for part in parts for found in self._inside(part, call.source) if (path := found.taint.path) in _BY_CONTEXT), "")

    def read_powershell(self, text: MappedText) -> None:
        """Lines like `"NAME=$env:TITLE" >> $env:GITHUB_ENV`; variables of PowerShell's own are not followed."""
        position = 0
        for line in text.data.split(b"\n"):
            start, position = position, position + len(line) + 1
            names = [match[1].decode() for match in _POWERSHELL_VARIABLE.finditer(line)] if b"GITHUB_" in line else []
            file = next((name for name in names if name in FILES), "")
            if not file:
                continue
            begin, end = text.span(start, start + len(line))
            found = [self._flow.variable(name, self._step) for name in names if not name.startswith("GITHUB_")]
            found += [inside.taint for inside in self._expressions[bisect_left(self._starts, begin) : bisect_left(self._starts, end)]]
            if _POWERSHELL_OWN.search(line) is not None:
                found.append(Taint(UNKNOWN, ""))
            assigned = _POWERSHELL_ASSIGNMENT.search(line)
            taint = strongest([one for one in found if one is not None]) or Taint(FIXED, "")
            self.found.append(Write(file, assigned[1].decode() if assigned is not None else "", taint, begin, end))

    def _write(self, file: str, text: str, taints: list[Taint | None], call: Call) -> None:
        if file == "GITHUB_PATH":
            self._add(file, "", text, taints, call)
            return
        for line in text.split("\n"):
            if file in self._open:
                name, end, shown = self._open[file]
                if line.strip() == end:
                    del self._open[file]
                else:
                    self._add(file, name, line, taints, call, shown)
            elif match := _ASSIGNMENT.match(line):
                rest = line[match.end() :]
                if match[2] == "<<":
                    self._open[file] = (match[1], rest.strip(), "?" if _MARKED.search(rest) else rest.strip())
                else:
                    self._add(file, match[1], rest, taints, call)
            elif _MARKED.search(line):
                self._add(file, "", line, taints, call)

    def _add(self, file: str, name: str, text: str, taints: list[Taint | None], call: Call, heredoc: str = "") -> None:
        found = [taints[at] for mark in _MARKED.findall(text) if (at := ord(mark) - _MARK) < len(taints)]
        known = [taint for taint in found if taint is not None]
        if len(known) < len(found):
            known.append(Taint(UNKNOWN, ""))
        self.found.append(Write(file, name, strongest(known) or Taint(FIXED, ""), call.start, call.end, heredoc))

    def _content(self, call: Call) -> tuple[str, list[Taint | None]]:
        """What a call prints, with a mark for each piece that is not written in the script, and the taints of these."""
        taints: list[Taint | None] = []
        texts: list[str] = []
        if call.name in ("echo", "printf"):
            texts = [self._marked(word, call.source, taints) for word in call.words]
            if any(base_name(word.text) == "xargs" for word in call.wrappers):  # which puts in what it reads
                texts = [*(text.replace("{}", _mark(taints, None)) for text in texts), _mark(taints, None)]
        elif bodies := [body for redirection in call.redirections if redirection.operator[:2] == "<<" and (body := redirection.heredoc or redirection.target)]:
            texts = [self._marked(body, call.source, taints) for body in bodies]
        elif call.name == "tee" and call.before is not None:
            return self._content(call.before)
        else:
            taints.append(self._passes(call.name, self._arguments(call), call.texts, self._input(call)))
            if call.name in _COPYING:
                taints[0] = self._file()
            texts = [chr(_MARK)]
        text = (_formatted(texts) if call.name == "printf" else " ".join(texts))[:_LONGEST]
        return text.replace("\\n", "\n") if call.name == "printf" or "-e" in call.texts[:2] else text, taints

    def _marked(self, word: Word, source: MappedText, taints: list[Taint | None]) -> str:
        pieces: list[str] = []
        for part in word.parts:
            if part.kind != "literal":
                pieces.append(_mark(taints, self._part(part, source)))
                continue
            text, position = _MARKED.sub("?", part.text), 0
            for found in self._inside(part, source):
                length = found.expression.end - found.expression.start
                at = text.find("_" * length, position)  # an expression stands as underscores
                if at >= 0:
                    pieces += (text[position:at], _mark(taints, found.taint))
                    position = at + length
            pieces.append(text[position:])
        return "".join(pieces)

    def _inside(self, part: Part, source: MappedText) -> list[Expanded]:
        """The expressions that stand within a piece of text."""
        start, end = source.span(part.start, part.end)
        first = bisect_left(self._starts, start)
        return self._expressions[first : bisect_left(self._starts, end, first)] if "___" in part.text else []

    def _arguments(self, call: Call) -> Taint | None:
        return strongest([taint for word in call.words if (taint := self._word(word, call.source)) is not None])

    def _input(self, call: Call) -> Taint | None:
        """What a call reads: here-strings and documents, and what the calls before it in the pipeline print."""
        words = [redirection.heredoc or redirection.target for redirection in call.redirections if redirection.operator.startswith("<<")]
        found = [self._word(word, call.source) for word in words if word is not None]
        found.append(self._read_file(call.redirections))
        chain: list[Call] = []
        before = call.before
        while before is not None and len(chain) < 50:
            chain.append(before)
            before = before.before
        carried: Taint | None = None
        for earlier in chain[::-1]:
            carried = self._passes(earlier.name, self._arguments(earlier), earlier.texts, carried)
        return strongest([taint for taint in (*found, carried) if taint is not None])

    def _read_file(self, redirections: Iterable[Redirection]) -> Taint | None:
        """What `< file` reads."""
        targets = [redirection.target.text for redirection in redirections if redirection.operator == "<" and redirection.target is not None]
        if any("GITHUB_EVENT_PATH" in target for target in targets):
            return Taint(origin_of(("github", "event"), self._step.workflow), "github.event")
        return self._file() if targets else None

    def _passes(self, name: str, arguments: Taint | None, texts: list[str], read: Taint | None) -> Taint | None:
        """What comes out of a program that gets some text; None where it is no text of others, or not known."""
        if name in ("gh", "git", "curl") or name in _FILE_READERS and any("GITHUB_EVENT_PATH" in text for text in texts):
            from agent_security_hooks.parse.actions.taint_commands import printed

            return printed(name, texts, self._step)
        if name not in _CARRIERS or not _prints_text(name, texts):
            return None
        files = sum(text[:1] not in ("", "-", "<") for text in texts) >= _FILE_READERS.get(name, 9999)
        found = strongest([taint for taint in (arguments, read, self._file() if files else None) if taint is not None])
        return _filtered(found, texts) if name == "jq" and found is not None else found

    def _word(self, word: Word, source: MappedText) -> Taint | None:
        """The worst in a word; None where nothing of others is in it as far as is known."""
        found: list[Taint | None] = []
        for part in word.parts:
            found += [inside.taint for inside in self._inside(part, source)] if part.kind == "literal" else [self._part(part, source)]
            found += [self._word(item, source) for item in part.words]
        return strongest([taint for taint in found if taint is not None and taint.level != FIXED])

    def _part(self, part: Part, source: MappedText) -> Taint | None:
        """A variable or a substitution."""
        if part.kind == "variable":
            return self._variable_part(part, source)
        if part.kind in ("command", "process"):
            return strongest([taint for pipeline in part.body if (taint := self._pipeline(pipeline, source)) is not None])
        return None

    def _variable_part(self, part: Part, source: MappedText) -> Taint | None:
        default = self._word(part.default, source) if part.default is not None and part.operator.lstrip(":")[:1] in ("-", "=", "+") else None
        cleaned = part.operator == "#" and part.default is None or part.operator == "//" and part.default is not None and _CLEANING.match(part.default.text)
        cleaned = cleaned or part.name in self._checked
        if part.name not in self._variables:
            self._variables[part.name] = self._flow.variable(part.name, self._step)
        own = self._variables[part.name]
        return strongest([taint for taint in (None if cleaned else own, default) if taint is not None])

    def _pipeline(self, pipeline: Pipeline, source: MappedText) -> Taint | None:
        carried: Taint | None = None
        for command in pipeline.commands:
            carried = self._command(command, source, carried)
        return carried

    def _command(self, command: Command | Compound, source: MappedText, carried: Taint | None) -> Taint | None:
        read = self._read_file(command.redirections)
        if not command.words and read is not None:
            return read  # $(<file)
        carried = read or carried
        redirections = [redirection.heredoc or redirection.target for redirection in command.redirections if redirection.operator.startswith("<<")]
        words = [*command.words[1:], *(word for word in redirections if word is not None)]
        name = base_name(command.words[0].text) if command.words else ""
        arguments = strongest([taint for word in words if (taint := self._word(word, source)) is not None])
        return self._passes(name, arguments, [word.text for word in words], carried)


_CONVERSION = Pattern(r"%[-+ #0]{0,5}(?:\d{1,4}|\*)?(?:\.\d{0,4})?[a-zA-Z]")


def _formatted(texts: list[str]) -> str:
    """What `printf` makes of its format and the other arguments; it uses the format again while any are left."""
    while texts and texts[0] == "--":
        texts = texts[1:]
    if len(texts) < 2:
        return texts[0] if texts else ""
    values, pieces = iter(texts[1:]), list[str]()
    plain = texts[0].replace("%%", "\ufdd0")
    each = max(1, len(_CONVERSION.findall(plain)))
    for _ in range(min(_ROUNDS, -(-len(texts[1:]) // each))):
        pieces.append(_CONVERSION.sub(lambda _: next(values, ""), plain).replace("\ufdd0", "%"))
    return "".join(pieces) + " ".join(values)


_ROUNDS = 1000


def _mark(taints: list[Taint | None], taint: Taint | None) -> str:
    taints.append(taint)
    return chr(_MARK + len(taints) - 1) if len(taints) <= _MARKS else ""


def _filtered(taint: Taint, texts: list[str]) -> Taint | None:
    """What a filter of jq leaves of a text."""
    from agent_security_hooks.parse.actions.taint_commands import jq_part
    from agent_security_hooks.parse.actions.taint_outputs import narrowed

    part = jq_part(next((text for text in texts if not text.startswith("-")), "."))
    found = narrowed(taint, part) if part is not None else None
    return found if found is not None and found.level != FIXED else None


def _prints_text(name: str, texts: list[str]) -> bool:
    """Whether a program that prints text prints what it was given, not a count of it or what is left when all but some letters are taken out."""
    letters = _COUNTING.get(name)
    if letters and any(text[:1] == "-" and text[1:2] != "-" and any(letter in text for letter in letters) for text in texts):
        return False
    if name == "unzip" and not any(text in ("-p", "-c") for text in texts):
        return False
    if name == "tr" and any(text[:1] == "-" and "c" in text.lower() for text in texts):
        return False
    return not (name in ("sed", "perl") and any(_CLEANING.search(text) for text in texts)) and not (name == "jq" and "length" in " ".join(texts))
