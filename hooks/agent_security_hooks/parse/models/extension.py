"""Names that lie: content that is not what its name says, where a loader would do something worse with it.

Loaders of models go by content: `torch.load`, `joblib.load`, `numpy.load(allow_pickle=True)` and `pickle.load` open what is called
`weights.npy` or `config.json` just as well. Names that promise nothing (`.bin`, `.dat`, `.model`, none at all) cannot lie.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import Concern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.models.blob import Blob

_TYPES: dict[str, tuple[str, ...]] = {
    "safetensors": ("safetensors",),
    "gguf": ("gguf",),
    "onnx": ("onnx",),
    "npy": ("npy",),
    "npz": ("zip",),
    "h5": ("hdf5",),
    "hdf5": ("hdf5",),
    "keras": ("zip", "hdf5", "keras"),
    "tflite": ("tflite",),
    "pb": ("tensorflow",),
    **dict.fromkeys(("zip", "whl", "jar", "docx", "xlsx", "pptx"), ("zip",)),
    "tar": ("tar",),
    "gz": ("gzip",),
    "tgz": ("gzip",),
    "bz2": ("bz2",),
    "xz": ("xz",),
    "7z": ("7z",),
    **dict.fromkeys("bmp gif ico jpeg jpg png svg tif tiff webp flac mp3 mp4 ogg wav pdf ttf woff woff2".split(), ()),
    **dict.fromkeys("json jsonl yaml yml toml ini cfg txt md rst csv tsv xml html css parquet arrow".split(), ("keras", "template")),
}
"""Endings that say what a file is, and which kinds of content are that; a picture is none that is known."""
_PACKED = frozenset(("zip", "tar", "gz", "tgz", "bz2", "xz", "7z"))
_MODELS = frozenset("pt pth ckpt pt2 ptl pkl pickle joblib dill sav safetensors gguf onnx npy npz h5 hdf5 keras tflite nemo".split())
_MODEL_BIN = re.compile(r"(?:^|[-_.])(?:model|weights|optimizer|training_args|consolidated|checkpoint|lora|embeddings?)[-_.\d].*bin$")
_PAGE = re.compile(rb"\s*(?:<!--[^>]{0,200}-->\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_FIX = "Find out who made it and what with. Give it its true name or delete it; weights belong in safetensors."


def extension_lie(blob: Blob, kinds: Sequence[str]) -> Concern | None:
    """What is wrong with the name of content of these kinds; None if nothing is."""
    name = blob.name.lower()
    ending = name.rpartition(".")[2] if "." in name else ""
    # pandas calls the pickle in `frame.pkl.tar.gz` so as well
    if (
        ending in _TYPES
        and (blob.depth == 0 or ending not in _PACKED)
        and not any(kind in _TYPES[ending] for kind in kinds if kind != "zip" or ending != "npz")
    ):
        if "pickle" in kinds:
            loader = "numpy.load(..., allow_pickle=True)" if ending in ("npy", "npz") else "torch.load, joblib.load or pickle.load"
            return _concern(f"is a pickle and is called .{ending}: {loader} goes by content and unpickles it")
        if "zip" in kinds and ending not in ("zip", "whl", "jar") and _is_torch(blob):
            return _concern(f"is a torch archive and is called .{ending}: torch.load goes by content and unpickles its data.pkl")
    return _no_model(blob, kinds, ending) if is_model_name(name) else None


def is_model_name(name: str) -> bool:
    """Whether a file, or a member, is called as models are."""
    name = name.lower().rpartition("/")[2]
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending in _MODELS or (ending == "bin" and _MODEL_BIN.search(name) is not None)


def _concern(message: str, *, pedantic: bool = False) -> Concern:
    return Concern("model-extension-lies", message, _FIX, pedantic)


def _no_model(blob: Blob, kinds: Sequence[str], ending: str) -> Concern | None:
    """What no model is: programs, archives that hide their content from scanners, error pages."""
    if "7z" in kinds or "rar" in kinds:
        return _concern(f"is a {'7z' if '7z' in kinds else 'rar'} archive and is called .{ending}: scanners do not see what is in it, and no loader opens it")
    if "executable" in kinds:
        return _concern(f"is a program or script and is called .{ending}: no loader reads it, but it runs when somebody starts it")
    if kinds or blob.name.count(".") > 1:  # `index.html.pt` is a page in Portuguese
        return None
    if _PAGE.match(blob.content.read(0, 512)):
        return _concern(f"is a web page and is called .{ending}: a download that failed", pedantic=True)
    return None


def _is_torch(blob: Blob) -> bool:
    from agent_security_hooks.parse.models.archives.directory import read_archive
    from agent_security_hooks.parse.models.archives.zips import settled

    content = settled(blob.content)
    if content.read(0, 4) != b"PK\x03\x04":
        return False
    return any(member.said.name.endswith(b"data.pkl") for member in read_archive(content, 2000).members)
