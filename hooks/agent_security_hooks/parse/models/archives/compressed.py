"""Compressed files: what comes out of them, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.archives.inflate import Inflated
from agent_security_hooks.parse.models.blob import Blob, Concern, Unread, Window
from agent_security_hooks.parse.models.identify import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Budget, Content, Step

LARGE = 1 << 30
"""Bytes that nobody needs compressed 100 : 1 in a repository. Matrices of zeros and masks of images do compress 1000 : 1."""
RATIO = 100
LOADED = 100 << 20
"""The same for what a model loader would read, at 500 : 1."""
LOADED_RATIO = 500
_SMALL = 4 << 20
_GLANCE = 1 << 20
_PROBE = 128 << 20
"""Bytes that are decompressed to tell a bomb, where the first ones look like one."""
_BEST = {"gzip": 1032, "zlib": 1032, "bz2": 2_000_000, "xz": 8_000, "lzma": 8_000}
"""The best ratio of each format: what is too small to become large with it is not tried."""
_OLD_JOBLIB = b"ZF"
_OLD_JOBLIB_HEADER = 21
_UNREADABLE = ("7z", "rar", "zstd", "lz4")
_LOADED = (".joblib", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".model", ".npy", ".npz", ".sav", ".dill")
_MODEL_WORDS = ("model", "checkpoint", "weights", "pickle", "joblib", "pytorch")
_ENDINGS = (".gz", ".bz2", ".xz", ".lzma", ".z", ".zlib")
_UNPACK = "unpack it and commit what is inside, or exclude it in the configuration"


def inspect_compressed(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector, see `parse.models.blob`."""
    kind = next((kind for kind in kinds(blob) if kind in _BEST or kind in _UNREADABLE), "")
    if kind in _UNREADABLE:
        if kind == "7z" or _suggests_model(blob.name):
            yield Unread(f"it is compressed with {kind}, which is not opened here: {_UNPACK}")
        return
    if not kind:
        return
    source = blob.content
    if kind == "zlib" and source.read(0, 2) == _OLD_JOBLIB:
        source = Window(source, _OLD_JOBLIB_HEADER, source.size)
    name = next((blob.name[: -len(ending)] for ending in _ENDINGS if blob.name.lower().endswith(ending)), blob.name)
    if blob.name.lower().endswith((".tgz", ".tbz", ".tbz2", ".txz")):
        name += ".tar"
    content = Inflated(source, kind, budget)
    inner = Blob(content, blob.path or "decompressed", name, blob.depth + 1, blob.loader)
    loaded = bool(kinds(inner))
    if _is_bomb(source, kind, budget, loaded=loaded or name.lower().endswith(_LOADED)):
        yield Concern("expansion-bomb", f"expands to more than {RATIO} times its size: who loads or unpacks it runs out of memory", _BOMB_FIX)
    elif loaded:
        content.reach(_SMALL)  # so that its size is known, unless it is large
        yield inner


_BOMB_FIX = "Delete it. If such an amount of zeros is wanted, make them where they are needed."


def _suggests_model(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(_LOADED) or any(word in lower for word in _MODEL_WORDS)


def _is_bomb(source: Content, kind: str, budget: Budget, *, loaded: bool) -> bool:
    """Whether the first bytes expand so much that all of it would be more than anybody wants."""
    if isinstance(source, Inflated) or source.size * _BEST[kind] < LOADED:
        return False
    content = Inflated(source, kind, budget)
    for limit in (_GLANCE, _PROBE):
        content.reach(limit)
        if content.ended or content.produced < RATIO * content.consumed:
            return False
    size, ratio = content.produced * source.size // content.consumed, content.produced // content.consumed
    return size > LARGE or (loaded and size > LOADED and ratio >= LOADED_RATIO)
