"""Programs that lie beside a model. In a package, a project or an application they are at home; in a bundle of a model they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.archives.names import PROGRAM_ENDINGS, base, is_pickle_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.models.blob import Content

_SOURCES = (
    ".py .pyi .ipynb .js .mjs .cjs .ts .tsx .java .kt .scala .c .cc .cpp .cxx .h .hpp .cu .rs .go .r .jl .m .rb .php .cs .lua .swift .pl"
)  # fmt: skip
_SOURCE_ENDINGS = tuple(_SOURCES.split())
_FOLDERS = (".dist-info/", ".egg-info/", "META-INF/", "EGG-INFO/", ".data/scripts/")
_MARKERS = frozenset(
    "setup.py setup.cfg pyproject.toml requirements.txt environment.yml conda.yaml package.json PKG-INFO Cargo.toml go.mod CMakeLists.txt Makefile "
    "Dockerfile MLmodel pyvenv.cfg".split()
)
_MANY_SOURCES = 3
_MANY_PROGRAMS = 5


def is_binary(content: Content, kinds: Sequence[str]) -> bool:
    """Whether a member of these kinds is machine code, not a script."""
    return "executable" in kinds and content.read(0, 1) != b"#"


class Bundle:
    """The members of an archive that no model loader opens as a whole. Source lies beside models in many honest ones."""

    __slots__ = ("_home", "_models", "_programs", "_sources")

    def __init__(self) -> None:
        self._programs: list[tuple[str, bool]] = []
        self._models = 0
        self._sources = 0
        self._home = False

    def add(self, name: str, kinds: Sequence[str], *, binary: bool) -> None:
        """Take one member into account."""
        lower = name.lower()
        if base(name) in _MARKERS or any(folder in name for folder in _FOLDERS):
            self._home = True
        elif "pickle" in kinds or is_pickle_name(lower):
            self._models += 1
        elif lower.endswith(_SOURCE_ENDINGS) and not binary:
            self._sources += 1
        elif "executable" in kinds or lower.endswith(PROGRAM_ENDINGS):
            self._programs.append((name, binary))

    def strays(self) -> list[str]:
        """The programs that have no business there: of scripts, those that belong to no source."""
        if self._home or not self._models or self._sources >= _MANY_SOURCES or len(self._programs) > _MANY_PROGRAMS:
            return []
        return [name for name, binary in self._programs if binary or not self._sources]
