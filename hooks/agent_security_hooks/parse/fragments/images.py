"""Dockerfiles: what RUN, CMD, ENTRYPOINT and HEALTHCHECK start, and scripts that COPY writes.

Source: https://docs.docker.com/reference/dockerfile/#shell-and-exec-form and https://docs.docker.com/reference/dockerfile/#here-documents
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from agent_security_hooks.parse.dockerfile import read_dockerfile
from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import OTHER, SH, language_of, script_language, shebang_language
from agent_security_hooks.parse.fragments.pieces import drop_returns, join_texts, rebase
from agent_security_hooks.parse.fragments.values import arguments_fragment
from agent_security_hooks.parse.image_stages import read_stages, shell_at, variables_at, working_directory
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.dockerfile import Argument, Heredoc, Instruction
    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.fragments.values import Variables
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.source import Source

_STARTERS = frozenset(("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"))
# `<<EOF`, `bash -e <<EOF`, `<<EOF python3`: the whole of the document goes to a program that runs it.
_FED = Pattern(
    rb"[ \t]*(?:(?P<before>[\w./-]{1,200})(?:[ \t]+-[a-z]{1,10})*[ \t]*)?0?<<-?[ \t]*['\"]?[\w.-]{1,200}['\"]?(?:[ \t]+(?P<after>[\w./-]{1,200})(?:[ \t]+-[a-z]{1,10})*)?[ \t]*"
)
# `<<ONE <<TWO`: documents and no command.
_NOTHING_ELSE = re.compile(rb"(?:[ \t]*[0-9]?<<-?[ \t]*['\"]?[\w.-]{1,200}['\"]?){2,50}[ \t]*")
_NAME = Pattern(rb"[$%]\{?(?:env:)?([A-Za-z_]\w{0,100})")
_NAMES = 100


def read_image(file: Source, budget: Budget) -> Iterator[Fragment]:
    """All instructions that start something; one scope per stage, which comes after that of the stage it is built on."""
    stages = iter(file.view(read_stages))
    stage: Stage | None = None
    dockerfile = file.view(read_dockerfile)
    if not dockerfile.complete:
        budget.problem = "it has more instructions than are read"
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            stage = next(stages, stage)
        else:
            yield from _read(file, budget, instruction.inner or instruction, instruction, stage)


def _read(file: Source, budget: Budget, made: Instruction, outer: Instruction, stage: Stage | None) -> Iterator[Fragment]:
    if made.keyword in _STARTERS:
        fragments = [_exec_form(file, made)] if made.is_json else _shell_form(file, made, outer, stage)
    elif made.keyword in ("COPY", "ADD") and made.heredocs:
        fragments = _files(made)
    else:
        return
    scope = f"stage:{stage.index}" if stage else "stage"
    after = f"stage:{stage.parent.index}" if stage and stage.parent else ""
    directory = (working_directory(stage, outer.start) if stage else "") or ""
    for fragment in fragments:
        if fragment.text.data.strip():
            variables = _variables(fragment.text.data, stage, outer, budget)
            yield fragment._replace(scope=scope, after=after, directory=directory, variables=variables)


def _shell_form(file: Source, made: Instruction, outer: Instruction, stage: Stage | None) -> Iterator[Fragment]:
    shell = shell_at(stage, outer) if stage else ("/bin/sh", "-c")
    language = language_of(shell[0], OTHER) if shell else SH
    body = made.body
    if made.keyword == "HEALTHCHECK":
        kind = made.words[0].text if made.words else ""
        if kind.upper() != "CMD":
            return
        rest = body.data[len(kind) :]
        body = body.slice(len(body.data) - len(rest.lstrip()), len(body.data))
    if not made.heredocs:
        yield Fragment(body, language, "image", "")
        return
    fed = _FED.match(body.data)
    if len(made.heredocs) == 1 and fed and fed.end() == len(body.data) and not (fed["before"] and fed["after"]):
        text = drop_returns(made.heredocs[0].content)
        program = fed["before"] or fed["after"]
        if program is None:
            yield Fragment(text, script_language("", text.data[:512]) if text.data.startswith(b"#!") else language, "image", "")
            return
        fed_language = language_of(program.decode("utf-8", "replace"), "")
        if fed_language:
            yield Fragment(text, fed_language, "image", "")
            return
    if _NOTHING_ELSE.fullmatch(body.data):  # a shell would run none of them; whoever wrote this meant all
        yield from (Fragment(drop_returns(heredoc.content), language, "image", "") for heredoc in made.heredocs)
        return
    texts = [body]
    for heredoc in made.heredocs:
        texts += [drop_returns(heredoc.content), *_terminator(file.data, heredoc)]
    yield Fragment(join_texts(text for text in texts if text.data), language, "image", "")


def _terminator(data: bytes, heredoc: Heredoc) -> list[MappedText]:
    name = heredoc.name.encode("utf-8", "surrogateescape")
    start = heredoc.end
    while heredoc.strip_tabs and data.startswith(b"\t", start):
        start += 1
    return [MappedText.cut(data, start, start + len(name))] if data.startswith(name, start) else []


def _exec_form(file: Source, made: Instruction) -> Fragment:
    words = made.words[1:] if made.keyword == "HEALTHCHECK" else made.words
    return arguments_fragment([_mapped(file.data, made.body, word) for word in words], "image", "")


def _mapped(data: bytes, body: MappedText, word: Argument) -> MappedText:
    """An element of the JSON form; where it has escapes or goes over several lines, each byte has its own place."""
    text = word.text.encode("utf-8", "surrogateescape")
    if data[word.start : word.end] == text:
        return MappedText(text, (0,), (word.start,))
    from agent_security_hooks.parse.tree import Node

    written = body.slice(_position(body, word.start - 1), _position(body, word.end) + 1)
    mapped = Node("scalar", 0, len(written.data), word.text, "j").text(written.data)
    return rebase(mapped, written) if mapped.data == text else MappedText(text, (0,), (word.start,))


def _position(text: MappedText, place: int) -> int:
    """Where the byte from an offset of the file stands in a text whose runs are in the order of the file."""
    run = max(0, bisect_right(text.places, place) - 1)
    return text.starts[run] + place - text.places[run]


def _files(made: Instruction) -> Iterator[Fragment]:
    """Scripts among the files that are written out in the Dockerfile."""
    for heredoc in made.heredocs:
        text = drop_returns(heredoc.content)
        language = shebang_language(text.data[:512])
        if language:
            yield Fragment(text, language, "image", "")


def _variables(text: bytes, stage: Stage | None, instruction: Instruction, budget: Budget) -> Variables:
    """The values of those variables that the text names."""
    if stage is None or (b"$" not in text and b"%" not in text):
        return ()
    known = variables_at(stage, instruction)
    names: dict[str, None] = {}
    for match in _NAME.finditer(text):
        names[match[1].decode()] = None
        if len(names) >= _NAMES:
            break
    if not budget.spend(len(names) * len(stage.lineage)):
        return ()
    return tuple((name, value) for name in names if (value := known.get(name)) is not None)
