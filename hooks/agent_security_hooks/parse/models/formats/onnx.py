"""ONNX: tensors that are kept in other files, and where those are said to be.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto and docs/ExternalData.md; CVE-2022-25882, CVE-2024-27318, CVE-2024-5187.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Concern
from agent_security_hooks.parse.models.formats.protobuf import BYTES, Wire, walk
from agent_security_hooks.parse.models.paths import leaves_folder
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Blob, Budget, Step
    from agent_security_hooks.parse.models.formats.protobuf import Part

_RULE = "dangerous-onnx-path"
_FOUND = 20
_TABLES = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "sparse": {1: "tensor", 2: "tensor"},
    "attribute": {4: "text", 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "tensor": {13: "entry"},
}
_WORDS = Pattern(b"location|ep_cache_context")
_NUMBER = Pattern(r"[0-9]{0,18}")
_MEMORY = "*/_ORT_MEM_ADDR_/*"
_FIX = "Keep the tensors beside the model (or in it): onnx.save_model(model, path, save_as_external_data=False)."


def inspect_onnx(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector. Weights are passed over without being read."""
    wire = Wire(blob.content)
    found: dict[Concern, None] = {}
    for part in walk(wire, _TABLES, "model", _WORDS, ("entry", "text")):
        concern = _judge_entry(wire, part) if part.kind == "entry" else _judge_text(wire, part)
        if concern is not None and concern not in found:
            found[concern] = None
            yield concern
            if len(found) >= _FOUND:
                return


def _judge_entry(wire: Wire, part: Part) -> Concern | None:
    """A key and its value of `external_data`."""
    texts = {field.number: wire.text(field, 4096) for field in wire.message(part.start, part.end) if field.wire == BYTES}
    key, value = texts.get(1, ""), texts.get(2, "")
    if key == "location":
        if value.startswith(_MEMORY):
            return Concern(_RULE, "a tensor is read from an address in memory that the file gives", _FIX)
        if leaves_folder(value):
            return Concern(_RULE, f"a tensor is read from {excerpt(value, 60)}, outside of the model's folder", _FIX)
    elif key in ("offset", "length"):
        if not _NUMBER.fullmatch(value):
            return Concern(_RULE, f"the {key} of a tensor in another file is {excerpt(value)}, which is none", _FIX)
    elif key.startswith("__"):
        return Concern(_RULE, f"the place of a tensor sets {excerpt(key)}, an attribute of Python's own", _FIX)
    return None


def _judge_text(wire: Wire, part: Part) -> Concern | None:
    """The text of an attribute: of `ep_cache_context` it may be a path."""
    start = max(0, part.start - 64)
    if b"ep_cache_context" not in wire.read(start, part.start - start) or part.end - part.start > 4096:
        return None
    value = wire.read(part.start, part.end - part.start).decode("utf-8", "replace")
    if value.isprintable() and leaves_folder(value):
        return Concern(_RULE, f"a compiled graph is read from {excerpt(value, 60)}, outside of the model's folder", _FIX)
    return None
