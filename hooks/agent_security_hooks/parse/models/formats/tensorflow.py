"""TensorFlow: operations of a saved graph that read or write files, or call Python, when the model is loaded or used.

Source: tensorflow/core/framework/{graph,node_def,function}.proto, tensorflow/core/protobuf/{saved_model,meta_graph,saved_object_graph}.proto,
keras/protobuf/saved_metadata.proto; https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Concern, NotRead
from agent_security_hooks.parse.models.formats.protobuf import BYTES, Wire, walk
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Blob, Budget, Content, Step
    from agent_security_hooks.parse.models.formats.protobuf import Field, Part

RULE = "dangerous-tf-op"
FIX = "Take the operation out of the model, or load only models whose sha256 you have from their author."
_READS, _WRITES, _CALLS = "reads any file", "writes any file", "calls Python code of the program that loads it"
OPERATIONS = {
    "ReadFile": _READS,
    "WriteFile": _WRITES,
    "MatchingFiles": "lists any directory",
    "PyFunc": _CALLS,
    "PyFuncStateless": _CALLS,
    "EagerPyFunc": _CALLS,
    "WholeFileReader": _READS,
    "WholeFileReaderV2": _READS,
    "DatasetToTFRecord": _WRITES,
    "SaveDataset": _WRITES,
    "SaveDatasetV2": _WRITES,
    "LoadLibrary": "loads a shared library",
    "LoadOpLibrary": "loads a shared library",
    "Rpc": "sends requests to a server",
    "TryRpc": "sends requests to a server",
    "RpcCall": "sends requests to a server",
    "RpcServer": "listens for requests",
    "FileSystemSetConfiguration": "changes how files are opened",
    "DataServiceDataset": "fetches data from a server",
    "DataServiceDatasetV2": "fetches data from a server",
    "DataServiceDatasetV3": "fetches data from a server",
    "DataServiceDatasetV4": "fetches data from a server",
}
"""Operations that do more than compute. Those that save and restore variables or fill a table from an asset are in most models."""
PEDANTIC = {
    "TextLineDataset": _READS,
    "TFRecordDataset": _READS,
    "FixedLengthRecordDataset": _READS,
    "TextLineReaderV2": _READS,
    "TFRecordReaderV2": _READS,
    "FixedLengthRecordReaderV2": _READS,
    "CreateSummaryFileWriter": _WRITES,
    "LoadDataset": _READS,
    **dict.fromkeys(("CSVDataset", "CSVDatasetV2", "LMDBDataset", "LMDBReader", "ExperimentalCSVDataset", "ExperimentalLMDBDataset"), _READS),
    **dict.fromkeys(("TFRecordDatasetV2", "FixedLengthRecordDatasetV2", "TextLineReader", "TFRecordReader", "FixedLengthRecordReader"), _READS),
    "MatchingFilesDataset": "lists any directory",
    "ImmutableConst": "reads a file into memory",
}
"""Operations of a pipeline that feeds or watches training; a model that is published has no need for them."""
_TARGETS = {"PrintV2": (b"file://", "writes to a file"), "DebugIdentity": (b"://", "sends tensors to another place")}
"""Operations that do harm with a target, which is among their attributes."""
_ALL = {**OPERATIONS, **PEDANTIC}
_METADATA_WORD = b"class_name"
_NEEDLE = Pattern(
    b"ReadFile|WriteFile|MatchingFiles|PyFunc|WholeFile|Dataset|Rpc|FileSystemSet|Reader|SummaryFile|Library|ImmutableConst|PrintV2|DebugId|" + _METADATA_WORD
)
"""Occurs in all that is looked for."""
_TABLES = {
    "model": {2: "meta"},
    "meta": {2: "graph", 7: "objects"},
    "graph": {1: "node", 2: "library"},
    "library": {1: "function"},
    "function": {3: "node"},
    "objects": {1: "object"},
    "object": {4: "user object"},
    "user object": {3: "metadata"},
    "keras": {1: "saved object"},
    "saved object": {4: "metadata", 5: "metadata"},
}
_TEXT = Pattern(rb"""\bop[ \t]*:[ \t\r\n]*["']([A-Za-z0-9]{1,64})["']""")
_CHUNK, _OVERLAP = 4 << 20, 128
_FOUND = 20
_METADATA = 4 << 20


def inspect_tensorflow(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector of SavedModels, graphs, meta graphs, Keras's metadata, and `.pbtxt`."""
    if blob.name.lower().endswith(".pbtxt"):
        yield from _inspect_text(blob.content)
        return
    if not _mentions(blob.content):
        return
    wire = Wire(blob.content)
    found: dict[Concern, None] = {}
    for part in walk(wire, _TABLES, _root(wire, blob.name), _NEEDLE):
        for concern in [_judge_node(wire, part)] if part.kind == "node" else _judge_metadata(wire, part):
            if isinstance(concern, Concern) and concern not in found and len(found) < _FOUND:
                found[concern] = None
                yield concern
            elif concern is not None and not isinstance(concern, Concern):
                yield concern


def _mentions(content: Content) -> bool:
    """Whether any of the operations, or Keras's metadata, is named at all; the rest need not be taken apart."""
    position = 0
    while position < content.size:
        if _NEEDLE.search(content.read(position, _CHUNK)):
            return True
        position += _CHUNK - _OVERLAP
    return False


def _root(wire: Wire, name: str) -> str:
    """Which message the file is."""
    first = next(wire.message(), None)
    if first is not None and first.wire != BYTES:
        return "model" if first.number == 1 else "graph"
    if name.lower() == "saved_model.pb" or first is None:
        return "model"
    inner = {field.number: field for field in _fields(wire, first.start, first.end)}
    if name.lower() == "keras_metadata.pb" or any(wire.data(inner[number], 64).startswith(b"_tf_keras") for number in (3, 4) if number in inner):
        return "keras"
    if first.number == 2:
        # The graph of a meta graph begins with a node, which is a message; the library of a graph with a function.
        return "meta" if 1 in inner and _is_node(wire, inner[1].start, inner[1].end) else "graph"
    return "graph" if first.number == 1 and _is_node(wire, first.start, first.end) else "meta"


def _fields(wire: Wire, start: int, end: int) -> Iterator[Field]:
    from itertools import islice

    try:
        yield from islice(wire.message(start, end), 64)
    except NotRead:
        return


def _is_node(wire: Wire, start: int, end: int) -> bool:
    """A node has a name and an operation, both of them texts of no odd characters."""
    texts = {field.number: wire.text(field, 256) for field in _fields(wire, start, end) if field.wire == BYTES and field.number in (1, 2)}
    return bool(texts.get(2)) and texts[2].isalnum() and texts.get(1, "").isprintable()


def _judge_node(wire: Wire, part: Part) -> Concern | None:
    name, operation = "", ""
    for field in wire.message(part.start, part.end):
        if field.number == 2 and field.wire == BYTES:
            operation = wire.text(field, 256)
            if operation in _ALL:
                break
        elif field.number == 1 and field.wire == BYTES:
            name = wire.text(field, 256)
    told = operation.rpartition(">")[2]
    node = f" (node {excerpt(name, 60)})" if name else ""
    if told in _ALL:
        return Concern(RULE, f"runs {told}{node}, which {_ALL[told]}", FIX, pedantic=told in PEDANTIC)
    for prefix, (target, does) in _TARGETS.items():
        if operation.startswith(prefix) and target in wire.read(part.start, min(part.end - part.start, 1 << 16)):
            return Concern(RULE, f"runs {excerpt(operation)}{node}, which {does}", FIX)
    return None


def _judge_metadata(wire: Wire, part: Part) -> Iterator[Step]:
    """The configuration of a Keras layer, as JSON."""
    from agent_security_hooks.parse.models.formats.keras import judge_config

    data = wire.read(part.start, min(part.end - part.start, _METADATA))
    if data.lstrip()[:1] == b"{" and _METADATA_WORD in data:
        for step in judge_config(data):
            yield step._replace(start=0, end=0) if isinstance(step, Concern) else step


def _inspect_text(content: Content) -> Iterator[Step]:
    found: set[str] = set()
    position = 0
    while position < content.size:
        for match in _TEXT.finditer(content.read(position, _CHUNK)):
            operation = match[1].decode()
            if operation in _ALL and operation not in found:
                found.add(operation)
                yield Concern(RULE, f"runs {operation}, which {_ALL[operation]}", FIX, pedantic=operation in PEDANTIC)
        position += _CHUNK - _OVERLAP
