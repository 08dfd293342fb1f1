"""What a compose file or a development container says about its containers, in one form, whoever wrote it down how.

`compose.py` and `devcontainer.py` read the files; `read_containers` is the view that rules ask.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.file_kinds import is_compose, is_devcontainer

if TYPE_CHECKING:
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

UNKNOWN = "\ufffc"
"""Stands in a value for what only the environment knows."""
HOME = "~"
SETTINGS = 50_000
"""How many settings of one file are looked at; aliases can make a small file endless."""


class Setting(NamedTuple):
    """One setting: `name` as compose calls it ("pid", "cap_add") and its value with variables replaced; the span covers name and value."""

    name: str
    value: str
    start: int
    end: int


class Mount(NamedTuple):
    """Something of the host that a container sees. `kind`: bind, volume, device, or what the file says (tmpfs, npipe ...)."""

    kind: str
    source: str
    target: str
    read_only: bool
    start: int
    end: int


class Variable(NamedTuple):
    """A variable that is given to a container or a build; its value is the text of `node` from byte `skip` on."""

    name: str
    node: Node
    skip: int
    place: str
    """"environment" or "build argument"."""

    def value(self, data: bytes) -> MappedText:
        """The value as it is written, with its places in the file's `data`."""
        text = self.node.text(data)
        return text.slice(self.skip, len(text.data)) if self.skip else text


class Container(NamedTuple):
    """One container; the span is that of its name. All values have their variables replaced."""

    title: str
    """How messages call it: "service web", "the development container"."""
    node: Node
    start: int
    end: int
    image: Setting | None = None
    builds: bool = False
    whole: bool = True
    """Whether nothing is inherited from another file or service."""
    settings: tuple[Setting, ...] = ()
    """privileged, pid, ipc, uts, network_mode, userns_mode, cgroup, security_opt, pull_policy, use_api_socket, entitlements."""
    added: tuple[Setting, ...] = ()
    """Capabilities; settings of one `cap_add` have the same span."""
    dropped: tuple[str, ...] | None = None
    """None where nothing is said of it."""
    mounts: tuple[Mount, ...] = ()
    variables: tuple[Variable, ...] = ()
    env_files: tuple[Setting, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """The values of all settings of a name, lower-case."""
        return tuple(setting.value.lower() for setting in self.settings if setting.name == name)


class Containers(NamedTuple):
    """All containers of a file, the volumes that are paths of the host, and what could not be read ("" when all was)."""

    containers: tuple[Container, ...] = ()
    volumes: tuple[Mount, ...] = ()
    error: str = ""


def read_containers(file: Source) -> Containers:
    """A view: the containers of a compose file or a development container; none for other files."""
    if is_compose(file.path):
        from agent_security_hooks.parse.compose import read_compose

        return read_compose(file)
    if is_devcontainer(file.path):
        from agent_security_hooks.parse.devcontainer import read_devcontainer

        return read_devcontainer(file)
    return Containers()


class Budget:
    """Counts what was looked at."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = SETTINGS

    def spend(self, settings: int = 1) -> bool:
        """Count some; False when nothing is left."""
        self.left -= settings
        return self.left >= 0

    @property
    def error(self) -> str:
        """What to say of the rest."""
        return f"more than {SETTINGS:,} settings; the rest was not looked at" if self.left < 0 else ""


# One that is bound to a path looks like one: relative, absolute, of a home directory or of a Windows drive.
_PATH = re.compile(r"[./~\\]|[A-Za-z]:[\\/]|\ufffc")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def read_volume(text: str, start: int, end: int) -> Mount:
    """A volume in short form, SOURCE:TARGET[:OPTIONS]; without a source it is anonymous.

    Source: https://docs.docker.com/reference/compose-file/services/#short-syntax-4
    """
    parts, begin = [], 0
    while begin <= len(text):
        search = begin + 2 if _DRIVE.match(text, begin) else begin
        colon = text.find(":", search)
        colon = len(text) if colon < 0 else colon
        parts.append(text[begin:colon])
        begin = colon + 1
    if len(parts) == 1:
        return Mount("volume", "", parts[0], False, start, end)
    options = parts[2].lower().split(",") if len(parts) > 2 else []
    kind = "bind" if _PATH.match(parts[0]) else "volume"
    return Mount(kind, parts[0], parts[1], "ro" in options or "readonly" in options, start, end)


def read_mount(text: str, start: int, end: int) -> Mount:
    """A mount of `docker run --mount`: `type=bind,source=/a,target=/b,readonly`. Source: https://docs.docker.com/engine/storage/bind-mounts/#options-for---mount"""
    fields = dict[str, str]()
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        fields[name.lower()] = value.strip("\"'")
    source, target = (next((fields[name] for name in names if name in fields), "") for names in (("source", "src"), ("target", "dst", "destination")))
    read_only = next((fields[name].lower() not in ("false", "0") for name in ("readonly", "ro") if name in fields), False)
    return Mount(fields.get("type", "volume").lower(), source, target, read_only, start, end)


def read_device(text: str, start: int, end: int) -> Mount:
    """A device, SOURCE[:TARGET[:PERMISSIONS]]."""
    source, _, target = text.partition(":")
    return Mount("device", source, target or source, False, start, end)


_TRUE = frozenset("true yes on y 1 t".split())


def is_true(text: str) -> bool:
    """Whether a boolean, perhaps written as text, is set."""
    return text.strip().lower() in _TRUE
