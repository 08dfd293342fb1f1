"""The finding that a Docker build context lets secrets into the image; the analysis is parse/docker_context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Edit, Hit
from agent_security_hooks.parse.docker_context import addition, anchors, contexts, leak_of, message_of, remedy_of
from agent_security_hooks.parse.places import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source


def leaks(file: Source) -> Iterator[Hit]:
    """The first context that this file decides about and that lets secrets through: one ignore file, one finding."""
    for context in contexts(file):
        if answers(file, anchors(file.repository, context)):
            leak = leak_of(file, context)
            if leak is not None:
                start, end = (leak.copy.start, leak.copy.end) if file.path == context.dockerfile else (0, 0)
                added = addition(file, leak)
                path = "" if file.path == context.ignore else context.ignore
                edits = () if added is None else (Edit(added.offset, added.offset, added.text, added.safe, path),)
                yield Hit(start, end, message_of(leak), remedy_of(leak), edits)
                return
