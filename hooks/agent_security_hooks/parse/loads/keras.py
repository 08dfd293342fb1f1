"""Calls that load Keras models with their code. Source: https://keras.io/api/models/model_saving_apis/model_saving_and_loading/"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.loads.edits import Edits, replace
from agent_security_hooks.parse.loads.names import canonical
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.loads.calls import Calls, Given, Use

RULE = "unsafe-keras-load"
_MODELS = (
    "keras.models.load_model", "keras.saving.load_model", "keras.saving.saving_api.load_model", "keras.saving.saving_lib.load_model", "keras.saving.save.load_model", "keras.load_model",
    "keras.saving.legacy.save.load_model", "keras.engine.saving.load_model",
)  # fmt: skip
_SWITCHES = (
    "keras.config.enable_unsafe_deserialization",
    "keras.saving.serialization_lib.enable_unsafe_deserialization",
    "keras.saving.enable_unsafe_deserialization",
)
HANDED: frozenset[str] = frozenset(_SWITCHES)
_FIX = "load a .keras file with safe_mode=True, and give the classes that it needs with custom_objects or @keras.saving.register_keras_serializable()"
_LEGACY = (".h5", ".hdf5", ".hdf")
_RUNS = "runs the code that Lambda layers of the file hold"


def keras_events(calls: Calls) -> Iterator[Event]:
    """The events of unsafe-keras-load."""
    modes = b"safe_mode" in calls.tree.text.data
    for use in calls.uses:
        name = canonical(use.name, calls.file) if use.name else ""
        if name in _SWITCHES:
            yield Event(
                *calls.tree.span(use.node),
                RULE,
                f"enable_unsafe_deserialization: every model that is loaded from here on {_RUNS}",
                "remove it, and mark the classes that your models need with @keras.saving.register_keras_serializable()",
            )
        elif name in _MODELS:
            yield from _model(calls, use)
        elif use.call is not None and modes:
            given = calls.keyword(use, "safe_mode")
            if given.node is not None and name not in ("dict", "inspect.Parameter") and calls.truth(given.node, given.scope) is False:
                yield _off(calls, use, given)


def _off(calls: Calls, use: Use, given: Given) -> Event:
    function = use.call.func if use.call is not None else use.node
    last = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else "this call"
    keywords = use.call.keywords if use.call is not None else []
    edits: Edits = ()
    if isinstance(given.node, ast.Constant) and given.node.value is False and any(keyword.value is given.node for keyword in keywords):
        edits = replace(calls.tree, use.call, given.node, "False", "True")
    return Event(*calls.tree.span(use.node), RULE, f"{last} with safe_mode=False {_RUNS}", "" if edits else _FIX, False, edits)


def _model(calls: Calls, use: Use) -> Iterator[Event]:
    mode = calls.keyword(use, "safe_mode")
    truth = calls.truth(mode.node, mode.scope) if mode.node is not None else None
    if truth is False:
        yield _off(calls, use, mode)
        return
    path = calls.keyword(use, "filepath", 0)
    span = calls.tree.span(use.node)
    if path.node is None:
        return
    texts = calls.text.of(path.node, path.scope)
    if any(text.lower().endswith(_LEGACY) for text in texts):
        yield Event(*span, RULE, f"load_model of an HDF5 file {_RUNS}: safe_mode does not hold for it", "save the model again as .keras and load that", True)
    elif mode.node is not None and truth is None:
        yield Event(*span, RULE, f"load_model {_RUNS} unless safe_mode is true", _FIX, True)
    elif truth is None and not mode.is_open and any(text.endswith(HOLE) for text in texts):
        yield Event(*span, RULE, f"load_model {_RUNS}, if it is an HDF5 file or Keras is older than 2.13", _FIX, True)
