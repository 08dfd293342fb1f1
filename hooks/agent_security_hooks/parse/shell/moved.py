"""A tree that was read from a text which was cut out of another one, with its offsets put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.shell.model import Pipeline, Word

if TYPE_CHECKING:
    from agent_security_hooks.parse.mapped import MappedText


def moved(pipelines: tuple[Pipeline, ...], text: MappedText) -> tuple[Pipeline, ...]:
    """The same tree with the offsets of the text that `text` came from. Not recursive, because trees are deep."""
    stack: list[tuple[Any, bool]] = [(pipelines, False)]
    done: list[Any] = []
    while stack:
        item, below = stack.pop()
        word = isinstance(item, Word)
        if not word and not isinstance(item, tuple):
            done.append(item)
        elif not below:
            stack.append((item, True))
            stack.extend([(part, False) for part in ((item.parts,) if word else item[::-1])])
        elif word:
            done.append(Word(*text.span(item.start, item.end), done.pop()))
        else:
            first = len(done) - len(item)
            values = done[first:]
            del done[first:]
            done.append(_made(item, values, text))
    made: tuple[Pipeline, ...] = done[0]
    return made


def _made(item: Any, values: list[Any], text: MappedText) -> Any:
    kind = type(item)
    if kind is tuple:
        return tuple(values)
    start, end = text.span(item.start, item.end)
    return kind(*values)._replace(start=start, end=end)
