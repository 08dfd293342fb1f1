"""Secrets in what is no shell of the same step: the JavaScript of `actions/github-script`, Python, and variables that one step writes for the next ones.

Sources: https://github.com/actions/github-script, https://github.com/actions/toolkit/tree/main/packages/core (what of it ends in the log) and
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-environment-variable
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.actions.secret_use import SHELLS, Script, Secret, Use, expressions_with_secrets, variables_of, within
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.secret_use import Direct
    from agent_security_hooks.parse.actions.workflow import Job, Step
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.source import Source

_PRINTS = Pattern(
    rb"\b(?:console\s{0,5}\.\s{0,5}(?:log|info|warn|error)|core\s{0,5}\.\s{0,5}(?:info|notice|warning|error|setFailed)|process\.stdout\.write)\s{0,5}\("
)
_PYTHON_PRINTS = Pattern(
    rb"\b(?:p?print|sys\.std(?:out|err)\.write|log(?:ger|ging)?\s{0,5}\.\s{0,5}(?:debug|info|warn|warning|error|critical|exception))\s{0,5}\("
)
_PYTHON_VARIABLE = Pattern(
    rb"(\bnot\s{1,5}|\blen\(\s{0,5}|\bbool\(\s{0,5})?\b(?:os\.)?(?:environ(?:\.get\(\s{0,5}|\[\s{0,5})|getenv\(\s{0,5})"
    rb"(?:'([A-Za-z_]\w{0,100})'|\"([A-Za-z_]\w{0,100})\")(?!\s{0,5}[\])]\s{0,5}(?:[=!]=|is\b))"
)
_ARGUMENTS = 2_000
_PRINTED = 2_000
_LINE = 500
_HANDED = 200
# A question about a variable says nothing of its value.
_VARIABLE = Pattern(rb"(!\s{0,5})?\bprocess\.env(?:\.([A-Za-z_]\w{0,100})\b|\[['\"]([A-Za-z_]\w{0,100})['\"]\])(?!\s{0,5}(?:\.length|[=!]==?|&&|\?(?![.?])))")
_PAIR = Pattern(r"[\s\"']{0,20}(?:export\s{1,20})?([A-Za-z_]\w{0,100})=")
_EXPANDED = Pattern(rb"\$\{?([A-Za-z_]\w{0,100})")
_WRITES = (">", ">>", ">|")


class Language(NamedTuple):
    """How a language prints, reads a variable of the environment (group 1: asks about it only; 2 or 3: its name) and begins a comment."""

    prints: Pattern[bytes]
    variable: Pattern[bytes]
    comments: tuple[bytes, ...]


JAVASCRIPT = Language(_PRINTS, _VARIABLE, (b"//", b"*"))
PYTHON = Language(_PYTHON_PRINTS, _PYTHON_VARIABLE, (b"#",))


def printed_by_script(step: Step, direct: list[Direct], variables: dict[str, Secret]) -> list[Use]:
    """The calls in the script of `actions/github-script` that print a secret into the log."""
    node = step.input("script")
    if node is None or node.kind != "scalar":
        return []
    return printed_in(node.text(step.workflow.file.data), JAVASCRIPT, direct, variables)


def printed_in(text: MappedText, language: Language, direct: list[Direct], variables: dict[str, Secret]) -> list[Use]:
    """The calls in a script that print a secret into the log."""
    data, found = text.data, list[Use]()
    for match in islice(language.prints.finditer(data), _PRINTED):
        before = data[max(0, match.start() - _LINE) : match.start()]
        if before.rpartition(b"\n")[2].lstrip().startswith(language.comments):
            continue
        end = _closed(data, match.end())
        first, last = text.span(match.start(), end)
        secrets = [secret for begin, stop, secret in within(direct, first, last) if begin >= first and stop <= last]
        for name in language.variable.finditer(data, match.end(), end):
            known = variables.get((name[2] or name[3]).decode())
            secrets += [known] if known is not None and not name[1] else []
        if secrets:
            secret = min(secrets, key=_plain)
            function = match[0].decode("utf-8", "replace").rstrip("( ").replace(" ", "")
            found.append(Use(first, last, f"{excerpt(function, 40)} prints {secret.shown} into the log", "leave it out", secret.plain))
    return found


def _plain(secret: Secret) -> bool:
    return secret.plain


def _closed(data: bytes, start: int) -> int:
    """After the parenthesis that closes an argument list; strings are not told from code, as they rarely hold one alone."""
    depth = 1
    for at in range(start, min(len(data), start + _ARGUMENTS)):
        if data[at] == 0x28:
            depth += 1
        elif data[at] == 0x29:
            depth -= 1
            if not depth:
                return at + 1
    return min(len(data), start + _ARGUMENTS)


def handed_on(job: Job) -> list[tuple[int, str, Secret]]:
    """The secrets that steps of a job write into GITHUB_ENV: the number of the step, the name of the variable."""
    known = job.workflow.file.view(_handed)
    if id(job) not in known:
        found = known[id(job)] = []  # filled while it is asked for: a step sees what those before it wrote
        for step in job.steps:
            if "GITHUB_ENV" in string(step.get("run")) and len(found) < _HANDED:
                found += _written_by(step)
    return known[id(job)]


def _handed(file: Source) -> dict[int, list[tuple[int, str, Secret]]]:
    """A view, filled as it is asked for."""
    return {}


def _written_by(step: Step) -> list[tuple[int, str, Secret]]:
    from agent_security_hooks.parse.actions.scripts import scripts_of

    file, run = step.workflow.file, step.get("run")
    variables = variables_of(step)
    direct = sorted(expressions_with_secrets(run, file, variables)) if run is not None and run.kind == "scalar" else []
    found: list[tuple[int, str, Secret]] = []
    for fragment in scripts_of(step) if direct or variables else ():
        if fragment.language not in SHELLS:
            continue
        script = Script(file, fragment, direct, variables)
        for call in script.calls:
            targets = [item.target.text for item in call.redirections if item.target is not None and item.operator in _WRITES]
            if not any("GITHUB_ENV" in target for target in (*targets, *(call.texts if call.name == "tee" else ()))):
                continue
            writers = [call, *([call.before] if call.name == "tee" and call.before is not None else ())]
            for writer in writers:
                for word in (*writer.words, *(item.heredoc for item in writer.redirections if item.heredoc is not None)):
                    secret = next(script.in_word(writer, word), None)
                    if secret is not None:
                        start, end = writer.place(word)
                        found += [(step.number, name, secret) for name in _named(file, start, end, script)]
    return found


def _named(file: Source, start: int, end: int, script: Script) -> list[str]:
    """The variables that get a secret in a text that is written: the lines `NAME=...` with one."""
    found: list[str] = []
    for line in file.data[start:end].split(b"\n")[:1000]:
        stop = start + len(line)
        match = _PAIR.match(line.decode("utf-8", "replace"))
        if match and (
            any(begin < stop and after > start for begin, after, _ in script.direct)
            or any(name[1].decode() in script.variables for name in _EXPANDED.finditer(line))
        ):
            found.append(match[1])
        start = stop + 1
    return found
