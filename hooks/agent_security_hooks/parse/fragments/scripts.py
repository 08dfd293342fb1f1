"""Scripts: the file is the fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import script_language
from agent_security_hooks.parse.fragments.pieces import cut_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.source import Source


def read_script(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The whole file."""
    data = file.data
    yield Fragment(cut_lines(data, 0, len(data)), script_language(file.path, data[:512]), "script", "file")
