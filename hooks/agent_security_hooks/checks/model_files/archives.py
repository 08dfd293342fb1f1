"""Archives that lie, archives that explode, and names that lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.model_files import check, concerns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source


@check.rule("tampered-archive", point=5)
def tampered_archive(file: Source) -> Iterator[Hit]:
    """An archive is built so that tools disagree about it, writes outside of its folder, or carries programs along with a model.

    Risk: Scanners give up on a wrong flag, checksum or name while `torch.load` reads on; who unpacks it overwrites files elsewhere.
    Fix: Do not load it. Get the model anew from its author, or export it anew from a copy that you trust.
    Verify: `python -m zipfile -t FILE` reads every member and `unzip -lv FILE` lists nothing but data.

    Bad: (model.pt made)
        zipped({"archive/data.pkl": pickled("PROTO 2", "EMPTY_DICT", "STOP"), "archive/version": "3"}, flags=0x1)

    Good: (model.pt made)
        zipped({"archive/data.pkl": pickled("PROTO 2", "EMPTY_DICT", "STOP"), "archive/version": "3"})
    """
    yield from concerns(file, "tampered-archive")


@check.rule("expansion-bomb", point=5)
def expansion_bomb(file: Source) -> Iterator[Hit]:
    """A small file becomes a huge one when it is unpacked or loaded.

    Risk: One load takes all the memory or disk of the machine that serves the model.
    Fix: Delete it. If so many zeros are wanted, store their shape and make them where they are needed.
    Verify: `unzip -l FILE | tail -1` names an amount that you expect.

    Bad: (weights.npz made)
        zipped({"a.npy": bytes(4096)}, method=8, size=4_000_000_000)

    Good: (weights.npz made)
        zipped({"a.npy": bytes(4096)}, method=8)
    """
    yield from concerns(file, "expansion-bomb")


@check.rule("model-extension-lies", point=5)
def model_extension_lies(file: Source) -> Iterator[Hit]:
    """The content is not what the name says, and those who load it by content get something worse.

    Risk: A pickle that is called `weights.npy` or `model.safetensors` passes as data, and `numpy.load` or `torch.load` runs it.
    Fix: Find out who made it. Give it its true name, or convert it into what its name says.
    Verify: `file FILE` and the name agree.

    Bad: (weights.safetensors made)
        pickled("PROTO 4", "EMPTY_DICT", "MEMOIZE", "SHORT_BINUNICODE w", "BININT1 1", "SETITEM", "STOP")

    Good: (weights.pkl made)
        pickled("PROTO 4", "EMPTY_DICT", "MEMOIZE", "SHORT_BINUNICODE w", "BININT1 1", "SETITEM", "STOP")
    """
    yield from concerns(file, "model-extension-lies")
