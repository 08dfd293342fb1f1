"""Calls in Python that cannot be parsed (Python 2, half-written files): what a line says by itself, without names being resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.mapped import MappedText

_CALLS: tuple[tuple[str, str, Pattern[bytes]], ...] = (
    ("unsafe-pickle-load", "runs whatever code its data asks for", Pattern(rb"(?<![\w.])(?:_?c?[pP]ickle|dill|cloudpickle|joblib|jsonpickle)\.(?:loads?|decode|Unpickler)[ \t]{0,4}\(")),
    ("unsafe-pickle-load", "runs whatever code the file asks for", Pattern(rb"(?<![\w.])(?:shelve\.open|(?:pd|pandas)\.read_pickle)[ \t]{0,4}\(")),
    ("unsafe-marshal-load", "makes code objects of its data", Pattern(rb"(?<![\w.])marshal\.loads?[ \t]{0,4}\(")),
    ("unsafe-torch-load", "without weights_only=True runs whatever code the file asks for", Pattern(rb"(?<![\w.])torch\.load[ \t]{0,4}\((?![^\r\n]{0,300}weights_only)")),
    ("unsafe-yaml-load", "without a safe Loader builds the objects that the document names", Pattern(rb"(?<![\w.])yaml\.(?:unsafe_|full_)?load(?:_all)?[ \t]{0,4}\((?![^\r\n]{0,300}Loader)")),
    ("unsafe-numpy-load", "with allow_pickle=True runs whatever code the file asks for", Pattern(rb"(?<![\w.])(?:np|numpy)\.load[ \t]{0,4}\((?=[^\r\n]{0,300}allow_pickle[ \t]{0,4}=[ \t]{0,4}True)")),
)  # fmt: skip


_FIXES = {
    "unsafe-torch-load": "pass weights_only=True, or store the weights as safetensors",
    "unsafe-yaml-load": "use yaml.safe_load, or Loader=yaml.SafeLoader",
}
"""For rules whose own advice is `--fix`, which edits nothing that it cannot parse."""


def plain_events(text: MappedText) -> Iterator[Event]:
    """The events of calls that stand on a line outside of comments and quotes, as far as the line tells."""
    data = text.data
    for rule, message, pattern in _CALLS:
        for match in pattern.finditer(data):
            start = match.start()
            line = data[max(data.rfind(b"\n", max(0, start - 500), start) + 1, start - 500) : start]
            if b"#" in line or b">>>" in line or line.count(b'"') % 2 or line.count(b"'") % 2:
                continue
            shown = match[0].decode("ascii").rstrip(" \t(")
            yield Event(*text.span(start, match.end() - 1), rule, f"{shown} {message}", _FIXES.get(rule, ""))
