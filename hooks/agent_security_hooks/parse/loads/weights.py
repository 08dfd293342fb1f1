"""Weights that Python code fetches and loads without a look at their hash: which files are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.loads.hub_words import FETCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.downloads import Event
    from agent_security_hooks.parse.loads.calls import Calls


def weight_events(calls: Calls) -> Iterator[Event]:
    """The events of unverified-model-download."""
    data = calls.tree.text.data
    if any(word in data for word in FETCHES):
        from agent_security_hooks.parse.loads.weights_flow import fetched_weights

        yield from fetched_weights(calls)
