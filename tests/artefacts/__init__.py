"""Builds small artefacts of every format by hand: what a case file writes as `model.pt made`, an expression of these functions."""

from __future__ import annotations

from importlib import import_module

from placeholders import expand

_MODULES = ("pickles", "archives", "formats")


def build(expression: str) -> bytes:
    """The bytes of an expression such as `zipped({"archive/data.pkl": pickled("GLOBAL os system", "STOP")})`."""
    names: dict[str, object] = {}
    for module in _MODULES:
        names.update(vars(import_module(f"artefacts.{module}")))
    made = eval(expression, names)  # noqa: S307 - the expression stands in our own case files
    assert isinstance(made, bytes)
    return made


def example(name: str, content: str) -> tuple[str, str | bytes]:
    """Name and content of a file in a rule's documentation; `model.pt made` is followed by an expression."""
    path, _, made = name.partition(" ")
    return path, build(content) if made else expand(content)
