"""Which version of PyTorch a repository asks for at least, by its own metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

_FILES = (
    "requirements.txt requirements-dev.txt requirements_dev.txt requirements/base.txt requirements/main.txt requirements/prod.txt requirements/requirements.txt requirements.in "
    "constraints.txt pyproject.toml setup.cfg setup.py environment.yml environment.yaml Pipfile uv.lock poetry.lock"
).split()
_DIRECTORIES = 8
_LINE = Pattern(
    r"""(?m)^[ \t]{0,40}(?:-[ \t]{1,4}|[\w.-]{1,60}[ \t]{0,4}=[ \t]{0,4}\[?[ \t]{0,4})?["']?(?:pytorch|torch)(?:\[[^\]\n]{0,100}\])?["']?[ \t]{0,8}"""
    r"""(?:=[ \t]{0,4}(?:\{[^}\n]{0,100}?version[ \t]{0,4}=[ \t]{0,4})?["'](?P<quoted>[^"'\n]{1,80})|(?P<plain>[=<>!~]=?[^"'\n;#\]]{0,80})|(?P<none>["',;#\r\n]|\Z))"""
)
_LOCKED = Pattern(r"""(?m)^name = "torch"\r?\nversion = "(?P<version>[^"\n]{1,40})\"""")
_CLAUSE = Pattern(r"(?P<operator>===?|>=|~=|>|\^|~|=)?[ \t]{0,4}v?(?P<major>\d{1,4})(?:\.(?P<minor>\d{1,4}))?")


def asks_for_torch(file: Source, version: tuple[int, int]) -> bool:
    """Whether every requirement of torch that stands beside the file or above it is for that version or a later one, and there is one."""
    directory = file.path.rpartition("/")[0]
    for _ in range(_DIRECTORIES):
        floors = file.repository.view(_floors).of(directory)
        if floors:
            return min(floors) >= version
        if not directory:
            return False
        directory = directory.rpartition("/")[0]
    return False


class _floors:  # noqa: N801 - a view of the repository, called like one
    """The lowest versions that the metadata of each directory allows; each directory is read once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._known: dict[str, list[tuple[int, int]]] = {}

    def of(self, directory: str) -> list[tuple[int, int]]:
        """The lowest versions in a directory; (0, 0) for a requirement that sets no floor."""
        if directory not in self._known:
            found: list[tuple[int, int]] = []
            for name in _FILES:
                source = self.repository.read(f"{directory}/{name}" if directory else name)
                if source is not None and b"torch" in source.data:
                    pattern = _LOCKED if name.endswith(".lock") else _LINE
                    found += (_floor(match.groupdict()) for match in pattern.finditer(source.text))
            self._known[directory] = found
        return self._known[directory]


def _floor(match: dict[str, str | None]) -> tuple[int, int]:
    text = match.get("version") or match.get("quoted") or match.get("plain") or ""
    lowest = (0, 0)
    for clause in text.split(","):
        found = _CLAUSE.match(clause.strip())
        if found is not None:
            lowest = max(lowest, (int(found["major"]), int(found["minor"] or 0)))
    return lowest
