"""`model-files`: what a model file would do to those who load it. Told from its bytes by their content, whatever the name; nothing is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check, Hit
from agent_security_hooks.parse.models.driver import read_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source


def _unread(file: Source) -> str:
    return "; ".join(file.view(read_model).unread[:5])


check = Check("model-files", _unread, artefacts=True)


def concerns(file: Source, rule: str) -> Iterator[Hit]:
    """The hits of one rule."""
    for concern in file.view(read_model).concerns:
        if concern.rule == rule:
            yield Hit(concern.start, concern.end, concern.message, concern.fix, (), concern.pedantic)


from agent_security_hooks.checks.model_files import archives, formats, pickles  # noqa: E402, F401 - their rules register themselves
