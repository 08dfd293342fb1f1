"""What a Dockerfile downloads and moves without a shell: ADD of an address, and COPY from another stage.

Source: https://docs.docker.com/reference/dockerfile/#add and #copy---from
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads import files
from agent_security_hooks.parse.downloads.calls import Argument
from agent_security_hooks.parse.downloads.content import Content
from agent_security_hooks.parse.downloads.state import is_directory, is_program_directory
from agent_security_hooks.parse.urls import is_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.dockerfile import Instruction
    from agent_security_hooks.parse.downloads.record import Record
    from agent_security_hooks.parse.downloads.state import State
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.source import Source

_ADDRESS = re.compile(r"(?i)(?:https?|ftp|git)://")
_REPOSITORY = re.compile(r"(?i)(?:git://|.*\.git(?:[#?]|$))")
_EXECUTABLE = re.compile(r"0?[0-7]*[1357][0-7]*|[ugoa]*[+=][rw]*x")
_MOST = 100


class Step(NamedTuple):
    """An ADD or COPY: where it stands, in which scope of the fragments, and after which that scope comes."""

    start: int
    scope: str
    after: str
    stage: Stage
    instruction: Instruction


def image_steps(file: Source) -> Iterator[Step]:
    """The ADD and COPY instructions of a Dockerfile that bring in files from elsewhere, in their order."""
    from agent_security_hooks.parse.image_stages import read_stages

    for stage in file.view(read_stages):
        after = f"stage:{stage.parent.index}" if stage.parent else ""
        for instruction in stage.instructions:
            wanted = instruction.keyword == "ADD" and _ADDRESS.search(instruction.body.data.decode("utf-8", "replace")) is not None
            if wanted or instruction.keyword == "COPY" and instruction.flag("from") is not None:
                yield Step(instruction.start, f"stage:{stage.index}", after, stage, instruction)


def run_step(record: Record, states: dict[str, State], state: State, step: Step) -> None:
    """Follow one of them."""
    from agent_security_hooks.parse.image_stages import working_directory

    state.directory = working_directory(step.stage, step.start) or ""
    words = step.instruction.words
    if len(words) < 2:
        return
    if step.instruction.keyword == "ADD":
        _add(record, state, step)
    else:
        _copy(record, states, state, step)


def _add(record: Record, state: State, step: Step) -> None:
    from agent_security_hooks.parse.image_stages import expand, variables_at

    instruction = step.instruction
    variables = variables_at(step.stage, instruction)
    target = expand(instruction.words[-1].text, variables, step.stage.escape)
    checksum = instruction.flag("checksum") is not None
    for word in instruction.words[:-1][:_MOST]:
        url = expand(word.text, variables, step.stage.escape)
        if not _ADDRESS.match(url):
            continue
        content = Content("ADD", (url,), word.start, word.end, checked=checksum or is_pinned(url))
        record.add(content, [Argument(url, word.start, word.end)])
        if not _REPOSITORY.match(url):
            files.save(state, content, target, "", (instruction.start, word.end))
            _mode(instruction, content)


def _copy(record: Record, states: dict[str, State], state: State, step: Step) -> None:
    instruction = step.instruction
    source = next((reference.target for reference in step.stage.references if reference.instruction is instruction), None)
    other = states.get(f"stage:{source.index}") if source is not None else None
    if other is None:
        return
    target = instruction.words[-1].text
    for word in instruction.words[:-1][:_MOST]:
        path = word.text if word.text.startswith("/") else f"/{word.text}"
        for content in other.find(path):
            into = target.endswith("/") or len(instruction.words) > 2 or is_directory(target)
            destination = f"{target}/{posixpath.basename(path)}" if into else target
            files.arrive(state, content, destination, (instruction.start, word.end))
            _mode(instruction, content)
        unpacked = other.unpacked(path)
        if unpacked is not None and not unpacked.checked:
            unpacked.unpacked_use = unpacked.unpacked_use or is_program_directory(target)


def _mode(instruction: Instruction, content: Content) -> None:
    mode = instruction.flag("chmod")
    if mode is not None and _EXECUTABLE.fullmatch(mode.text):
        files.install(content, (instruction.start, content.end), "is made executable")
