"""Weights that Python code fetches and loads without a look at their hash. What is fetched, and where it goes, is told by downloads/python_flow.py."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.downloads.python_flow import PythonFlow
from agent_security_hooks.parse.downloads.python_sinks import Sinks
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.python_tree import argument
from agent_security_hooks.parse.urls import share_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.downloads.python_fetch import Fetch
    from agent_security_hooks.parse.downloads.python_flow import Use
    from agent_security_hooks.parse.loads.calls import Calls
    from agent_security_hooks.parse.python_tree import Scope

_FIX = 'compare hashlib.sha256(CONTENT).hexdigest() with the sha256 that you know before it is loaded; or take the model from a hub with revision="COMMIT"'
_OFFICIAL = Pattern(
    r"https://(?:download(?:-r2|s)?\.pytorch\.org|storage\.googleapis\.com/(?:tensorflow|keras|keras-applications|download\.tensorflow\.org)|dl\.fbaipublicfiles\.com)/"
)
_HASHES = {
    "torch.hub.load_state_dict_from_url": "pass check_hash=True: the file name then has to end with -SHA256 (its first eight digits or more)",
    "torch.utils.model_zoo.load_url": "pass check_hash=True: the file name then has to end with -SHA256 (its first eight digits or more)",
}


def fetched_weights(calls: Calls) -> Iterator[Event]:
    """The events of a file in which something is fetched."""
    flow = PythonFlow(calls.tree, calls.text)
    if flow.is_cut_off:
        calls.problem = "has more downloads than are followed; the rest was not looked at"
    flow.sinks = _Loaders(calls.tree, calls.text)
    _name_drive(flow)
    said = set()
    for use in flow.uses():
        known = _is_replaceable(use.fetch)
        if use.how == "loaded" and known or use.how == "unpickled" and (known or not use.fetch.is_known):
            said.add(use.fetch.call)
            message = f"what was downloaded from {_source(use.fetch)}{_line(calls, use)} is loaded, and nothing compared its hash"
            yield _event(calls, use.node, use.fetch, message, not known)
    for fetch in flow.fetches.values():
        if fetch.form.gives == "weights" and fetch.call not in said and _is_replaceable(fetch) and not flow.checks(fetch.scope):
            yield _event(calls, fetch.call, fetch, f"weights from {_source(fetch)} are loaded, and nothing compared their hash")


def _event(calls: Calls, node: ast.AST, fetch: Fetch, message: str, pedantic: bool = False) -> Event:
    return Event(*calls.tree.span(node), "unverified-model-download", message, _HASHES.get(fetch.name, _FIX), pedantic)


def _line(calls: Calls, use: Use) -> str:
    line = calls.file.line_of(calls.tree.span(use.fetch.call)[0])
    return f" (line {line})" if line != calls.file.line_of(calls.tree.span(use.node)[0]) else ""


def _source(fetch: Fetch) -> str:
    return next(filter(None, map(share_of, fetch.urls)), "") or host_of(*fetch.urls)


def _is_replaceable(fetch: Fetch) -> bool:
    """Whether what is fetched comes from a place that is known, and not from those who made the framework."""
    return fetch.is_known and not fetch.is_harmless and not all(_OFFICIAL.match(url) for url in fetch.urls)


def _name_drive(flow: PythonFlow) -> None:
    """What gdown calls an id is a file of Google Drive."""
    for call, fetch in flow.fetches.items():
        if fetch.name.startswith("gdown."):
            urls = tuple(url if "://" in url else f"https://drive.google.com/uc?id={url}" for url in fetch.urls)
            flow.fetches[call] = fetch._replace(urls=urls)


class _Loaders(Sinks):
    """The calls that unpickle, and those that load weights of other formats."""

    def of(self, node: ast.Call, name: str, scope: Scope) -> Iterator[tuple[str, ast.expr | None]]:
        """What a call loads, and how."""
        found = False
        for how, content in super().of(node, name, scope):
            if how == "unpickled":
                found = True
                yield how, content
        if found:
            return
        last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        if name in _LOADS or last in _METHODS:
            yield (
                "loaded",
                argument(node, 0, "f", "file", "filepath", "filename", "path", "path_or_bytes", "model_file", "fname", "ckpt_path", "checkpoint_path"),
            )


_LOADS = frozenset(
    "torch.load torch.jit.load torch.serialization.load torch.package.PackageImporter tensorflow.keras.models.load_model keras.models.load_model tf.keras.models.load_model "
    "keras.saving.load_model tensorflow.saved_model.load tf.saved_model.load safetensors.torch.load_file safetensors.numpy.load_file safetensors.torch.load safetensors.safe_open "
    "onnxruntime.InferenceSession onnx.load onnx.load_model fasttext.load_model keras.saving.load_weights skops.io.load hickle.load llama_cpp.Llama xgboost.Booster lightgbm.Booster "
    "tensorflow.lite.Interpreter tflite_runtime.interpreter.Interpreter load_model".split()
)
_METHODS = frozenset(("load_weights", "load_from_checkpoint"))
