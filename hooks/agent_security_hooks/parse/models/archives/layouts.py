"""What a zip file is, by the names of its members: which loader reads it, what that unpickles, and what has no business in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.models.archives.names import PROGRAM_ENDINGS, base

if TYPE_CHECKING:
    from collections.abc import Sequence

_TORCH = (".pt", ".pth", ".ckpt", ".pt2", ".ptl", ".ptc")
_PICKLES = (".pkl", ".pickle", ".debug_pkl")
_SCRIPTED = ("constants.pkl", "bytecode.pkl", "model.json")
"""What TorchScript has beside its code: since 1.2, for mobile devices, before 1.2."""
_COMPILED = "data/aotinductor/"


class Layout(NamedTuple):
    """A kind of archive.

    `kind` is "torch", "package" (of torch.package), "compiled" (by AOTInductor), "keras", "numpy", "skops", "serve" (programs are normal
    there) or "" for any other archive.
    """

    kind: str
    top: str = ""
    """The folder that everything is in, with its slash."""
    scripted: bool = False
    """Whether it holds TorchScript, whose source lies in code/."""

    @property
    def is_model(self) -> bool:
        """Whether a model loader reads it, so that programs in it are odd."""
        return self.kind not in ("", "serve")

    def loader(self, name: str) -> str:
        """What is done with a member: "pickle" where it is unpickled, "keras" where a model is built from it."""
        if self.kind in ("torch", "package", "compiled") and name.endswith(_PICKLES) and not name.endswith(".debug_pkl"):
            return "pickle"
        return "keras" if self.kind == "keras" and name == "config.json" else ""

    def is_code(self, name: str, *, binary: bool) -> bool:
        """Whether a member is code that such an archive is made to hold, and that runs when it is loaded."""
        if self.kind == "package":
            return name.endswith(".py") and not binary
        return self.kind == "compiled" and _COMPILED in name and (binary or name.endswith((".so", ".py")))

    def is_odd(self, name: str, kinds: Sequence[str], *, binary: bool) -> bool:
        """Whether a member is a program (machine code if `binary`) that such an archive has no use for."""
        if not self.is_model:
            return False
        lower = name.lower()
        if not (lower.endswith(PROGRAM_ENDINGS) or "executable" in kinds):
            return False
        return binary or not (self.scripted and lower.endswith(".py") and name.removeprefix(self.top).startswith("code/"))


def layout(names: Sequence[str], name: str) -> Layout:
    """What an archive called `name` with these members is."""
    known = set(names)
    if "MAR-INF/MANIFEST.json" in known:
        return Layout("serve")
    tops = {member.partition("/")[0] + "/" for member in names if "/" in member}
    top = next(iter(tops)) if len(tops) == 1 and all(member.startswith(next(iter(tops))) for member in names) else ""
    # torch.package puts its pickles into folders of their own
    if any(member.endswith(".data/extern_modules") for member in names) and top + "data.pkl" not in known:
        return Layout("package", top)
    if top + "archive_format" in known and any(_COMPILED in member for member in names):
        return Layout("compiled", top)
    pickles = [member for member in names if base(member) == "data.pkl"]
    if pickles:
        top = top or pickles[0][: -len("data.pkl")]
        return Layout("torch", top, any(top + member in known for member in _SCRIPTED))
    if "config.json" in known and known & {"metadata.json", "model.weights.h5"}:
        return Layout("keras")
    if "schema.json" in known and name.lower().endswith(".skops"):
        return Layout("skops")
    lower = name.lower()
    if names and (lower.endswith(".npz") or all(member.endswith(".npy") for member in names)):
        return Layout("numpy")
    if lower.endswith(".keras"):
        return Layout("keras")
    return Layout("torch" if lower.endswith(_TORCH) else "", top, any(top + member in known for member in _SCRIPTED))
