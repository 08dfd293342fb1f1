"""The view of a model file: what every format inside of it would do to those who load it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data.model_endings import MODEL_ENDINGS
from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import DEPTH, Blob, Budget, Concern, Memory, NotRead, Unread
from agent_security_hooks.parse.models.extension import extension_lie
from agent_security_hooks.parse.models.identify import kinds
from agent_security_hooks.source import STREAM_LIMIT, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.models.blob import Inspector, Step
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

_INSPECTORS = {
    "pickle": ("pickles", "inspect_pickle"),
    "zip": ("archives", "inspect_zip"),
    "tar": ("archives", "inspect_tar"),
    **dict.fromkeys(("gzip", "bz2", "xz", "lzma", "zlib", "lz4", "zstd", "7z", "rar"), ("archives", "inspect_compressed")),
    "npy": ("formats.npy", "inspect_npy"),
    "hdf5": ("formats.hdf5", "inspect_hdf5"),
    "gguf": ("formats.gguf", "inspect_gguf"),
    "safetensors": ("formats.safetensors", "inspect_safetensors"),
    "onnx": ("formats.onnx", "inspect_onnx"),
    "tensorflow": ("formats.tensorflow", "inspect_tensorflow"),
    "tflite": ("formats.tflite", "inspect_tflite"),
    "keras": ("formats.keras", "inspect_keras_config"),
    "template": ("formats.templates", "inspect_template"),
}
"""Module and function for each kind of content; a module is imported when the first such content appears."""
ALIKE = 8
"""Findings of one rule that are listed for a file; the rest are counted."""


_POINTER = b"version https://git-lfs.github.com/spec/v1"


class Inspection(NamedTuple):
    """What was found in one file, and what could not be looked at."""

    concerns: Sequence[Concern]
    unread: Sequence[str]


def read_model(file: Source) -> Inspection:
    """A view. The texts quote names of members, modules and functions, shortened, and nothing else of the file."""
    if file.raw.startswith(_POINTER):
        _note_pointer(file)
        return _NOTHING
    if file.large is not None and file.large.size > STREAM_LIMIT:
        large = f"{file.large.size >> 20} MB is over the limit of {STREAM_LIMIT >> 20} MB for model files; exclude it in the configuration if it is meant to be here"
        return Inspection((), (large,) if _is_model_name(file.name) or kinds(Blob(file.large, "", file.name)) else ())
    first = Blob(file.large or Memory(file.raw), "", file.name)
    if _is_ordinary(first):
        return _NOTHING
    findings, unread = _Findings(), dict[str, None]()
    for blob, step in _walk(first):
        where = f"{excerpt(blob.path, 80)}: " if blob.path else ""
        if isinstance(step, Concern):
            findings.add(step._replace(message=where + step.message))
        else:
            unread[where + step.reason] = None
    return Inspection(findings.listed(), list(unread))


_NOTHING = Inspection((), ())


def _is_ordinary(first: Blob) -> bool:
    """Whether there is nothing to inspect, as in nearly all files."""
    try:
        found = kinds(first)
        return not found and extension_lie(first, found) is None
    except (NotRead, Unreadable):
        return False


class _Findings:
    """What was found, each once. Of an archive with 5,000 bad members a few are told, and how many more there are."""

    __slots__ = ("_counts", "_kept")

    def __init__(self) -> None:
        self._kept: dict[Concern, None] = {}
        self._counts: dict[tuple[str, bool], int] = {}

    def add(self, concern: Concern) -> None:
        """Take a finding into account."""
        if concern in self._kept:
            return
        key = concern.rule, concern.pedantic
        self._counts[key] = count = self._counts.get(key, 0) + 1
        if count <= ALIKE:
            self._kept[concern] = None

    def listed(self) -> list[Concern]:
        """The findings in their order; the last of a rule says how many more there are."""
        listed, left = list[Concern](), {key: count - ALIKE for key, count in self._counts.items() if count > ALIKE}
        for concern in reversed(self._kept):
            more = left.pop((concern.rule, concern.pedantic), 0)
            listed.append(concern._replace(message=f"{concern.message}; and {more:,} more like this in the file") if more else concern)
        return listed[::-1]


def _is_model_name(name: str) -> bool:
    return name.rsplit(".", 1)[-1].lower() in MODEL_ENDINGS


def _note_pointer(file: Source) -> None:
    """Say once for the run which models stand elsewhere (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)."""
    if _is_model_name(file.name):
        names, notes = file.repository.view(_pointers), file.repository.notes
        names.append(excerpt(file.shown, 80))
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        notes[:] = [note for note in notes if not note.endswith(_NOT_CHECKED)] + [shown + _NOT_CHECKED]


_NOT_CHECKED = ": pointers of Git LFS; what they stand for was not checked (git lfs pull, then check again)"


def _pointers(_: Repository) -> list[str]:
    return []


def _walk(first: Blob) -> Iterator[tuple[Blob, Concern | Unread]]:
    budget, waiting = Budget(), [first]
    while waiting:
        blob = waiting.pop()
        inner: list[Blob] = []
        try:
            for step in _inspect(blob, budget):
                if not isinstance(step, Blob):
                    yield blob, step
                elif step.depth > DEPTH:
                    yield blob, Unread(f"it holds archives in archives, more than {DEPTH} deep")
                elif budget.members <= 0:
                    yield first, Unread("it holds more members than are looked at")
                else:
                    budget.members -= 1
                    inner.append(step)
        except (NotRead, Unreadable) as problem:
            yield blob, Unread(str(problem))
        waiting += reversed(inner)


def _inspect(blob: Blob, budget: Budget) -> Iterator[Step]:
    found = kinds(blob)
    lie = extension_lie(blob, found)
    if lie is not None:
        yield lie
    for kind in found:
        if kind in _INSPECTORS:
            module, function = _INSPECTORS[kind]
            inspector: Inspector = getattr(import_module("agent_security_hooks.parse.models." + module), function)
            yield from inspector(blob, budget)
