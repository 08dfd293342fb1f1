"""What rules find in files that a pipeline of GitLab includes from its own repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Hit, Incomplete, excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agent_security_hooks.source import Source


def in_included(file: Source, rule: Callable[[Source], Iterable[Hit]]) -> Iterator[Hit]:
    """The hits of a rule in included files that nobody checks by themselves, at the value that includes each. Raises Incomplete where one is broken."""
    if b"include" not in file.data:
        return
    from agent_security_hooks.parse.ci_config import local_includes, read_documents

    broken = ""
    for node, included in file.view(local_includes):
        shown = excerpt(included.shown, 80)
        for hit in rule(included):
            place = f"{shown}:{included.line_of(hit.start)}"
            yield Hit(node.start, node.end, f"in {place}, which this includes: {hit.message}", hit.fix, pedantic=hit.pedantic)
        if included.view(read_documents).error:
            broken = broken or shown
    if broken:
        raise Incomplete(f"{broken}, which it includes, is no YAML that can be read to its end")
