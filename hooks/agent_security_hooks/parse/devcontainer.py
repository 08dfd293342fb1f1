"""Development containers: devcontainer.json with its `docker run` arguments, in the form of a compose service.

Source: https://containers.dev/implementors/json_reference/ and https://docs.docker.com/reference/cli/docker/container/run/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.containers import (
    HOME,
    UNKNOWN,
    Budget,
    Container,
    Containers,
    Mount,
    Setting,
    Variable,
    read_device,
    read_mount,
    read_volume,
)
from agent_security_hooks.parse.json_tree import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

TITLE = "the development container"


class Flag(NamedTuple):
    """A flag of `docker run`: its long name without hyphens, its value ("true" for a switch), where both stand, and the node of the value.

    The value is the text of the node from byte `skip` on.
    """

    name: str
    value: str
    start: int
    end: int
    node: Node
    skip: int


_SWITCHES = frozenset(
    "detach disable-content-trust help init interactive no-healthcheck oom-kill-disable privileged publish-all quiet read-only rm sig-proxy tty use-api-socket".split()
)
_SHORT_SWITCHES = frozenset("ditPq")
_SHORT = {
    "v": "volume",
    "e": "env",
    "u": "user",
    "p": "publish",
    "w": "workdir",
    "h": "hostname",
    "m": "memory",
    "c": "cpu-shares",
    "l": "label",
    "a": "attach",
}
_ALIASES = {"net": "network", "net-alias": "network-alias", "dns-opt": "dns-option"}


def read_flags(words: list[Node]) -> Iterator[Flag]:
    """The flags among the arguments of `docker run`, up to the first word that is none."""
    position = 0
    while position < len(words):
        word = words[position]
        text = word.value
        position += 1
        if not text.startswith("-") or text in ("-", "--"):
            return
        name, equals, value = text.lstrip("-").partition("=")
        skip = len(text) - len(value)
        switch = name in _SWITCHES
        if not text.startswith("--"):
            letters = name.lstrip("".join(_SHORT_SWITCHES))
            if not letters:
                continue
            # A short flag has its value behind it (`-v/a:/b`, `-v=/a:/b`), or in the next word.
            name, attached = _SHORT.get(letters[0], letters[0]), letters[1:] + equals + value
            value, equals = attached.removeprefix("="), attached
            skip, switch = len(text) - len(value), False
        name = _ALIASES.get(name, name)
        if equals:
            yield Flag(name, value, word.start, word.end, word, len(text[:skip].encode("utf-8", "surrogateescape")))
        elif switch:
            yield Flag(name, "true", word.start, word.end, word, 0)
        elif position < len(words):
            yield Flag(name, words[position].value, word.start, words[position].end, words[position], 0)
            position += 1


# How compose calls what a flag sets.
_SETTINGS = {
    **{name: name for name in ("privileged", "pid", "ipc", "uts")},
    "network": "network_mode", "userns": "userns_mode", "cgroupns": "cgroup", "security-opt": "security_opt", "use-api-socket": "use_api_socket",
}  # fmt: skip
_MOUNTS = {"volume": read_volume, "mount": read_mount, "device": read_device}


def read_devcontainer(file: Source) -> Containers:
    """The one container of the file; none where it leaves that to a compose file."""
    document = file.view(read_json)
    root = document.root
    budget = Budget()
    if root.kind != "map":
        return Containers(error=document.error)
    flags = list(read_flags(list(_scalars(root, "runArgs", budget))))
    settings = list(_settings(root, flags, budget))
    image = root.find("image")
    build = root.get("build")
    container = Container(
        TITLE,
        root,
        root.start,
        root.start + 1,
        image=_setting("image", *image) if image and image[1].kind == "scalar" and not image[1].is_null else None,
        builds=build is not None or root.find("dockerFile") is not None or root.find("dockerComposeFile") is not None,
        whole=False,
        settings=tuple(setting for setting in settings if setting.name != "cap_add"),
        added=tuple(setting for setting in settings if setting.name == "cap_add"),
        mounts=tuple(_mounts(root, flags, budget)),
        variables=tuple(_variables(root, flags, budget)),
        env_files=tuple(Setting("env_file", interpolate(flag.value), flag.start, flag.end) for flag in flags if flag.name == "env-file"),
    )
    return Containers((container,), (), document.error or budget.error)


def _scalars(root: Node, name: str, budget: Budget) -> Iterator[Node]:
    found = root.get(name)
    for item in found.items if found is not None else ():
        if not budget.spend():
            return
        if item.kind == "scalar":
            yield item


def _setting(name: str, key: Node, value: Node) -> Setting:
    return Setting(name, interpolate(value.value), key.start, value.end)


def _settings(root: Node, flags: list[Flag], budget: Budget) -> Iterator[Setting]:
    privileged = root.find("privileged")
    if privileged is not None and privileged[1].kind == "scalar":
        yield _setting("privileged", *privileged)
    added = root.find("capAdd")
    for item in _scalars(root, "capAdd", budget):
        if added is not None:
            yield Setting("cap_add", item.value, added[0].start, added[1].end)
    for item in _scalars(root, "securityOpt", budget):
        yield Setting("security_opt", interpolate(item.value), item.start, item.end)
    for flag in flags:
        name = "cap_add" if flag.name == "cap-add" else _SETTINGS.get(flag.name)
        if name:
            yield Setting(name, interpolate(flag.value), flag.start, flag.end)


def _mounts(root: Node, flags: list[Flag], budget: Budget) -> Iterator[Mount]:
    mounts = root.get("mounts")
    workspace = root.get("workspaceMount")
    for item in (*(mounts.items if mounts is not None else ()), *([workspace] if workspace is not None else ())):
        if not budget.spend():
            return
        if item.kind == "scalar":
            yield read_mount(interpolate(item.value), item.start, item.end)
            continue
        kind, source, target = (item.get(name) for name in ("type", "source", "target"))
        if source is not None:
            text = [interpolate(node.value) if node is not None else "" for node in (kind, source, target)]
            yield Mount(text[0] or "volume", text[1], text[2], False, item.start, item.end)
    for flag in flags:
        if flag.name in _MOUNTS:
            yield _MOUNTS[flag.name](interpolate(flag.value), flag.start, flag.end)


def _variables(root: Node, flags: list[Flag], budget: Budget) -> Iterator[Variable]:
    places = ((("containerEnv",), "environment"), (("remoteEnv",), "environment"), (("build", "args"), "build argument"))
    for path, place in places:
        found = root.get(*path)
        for name, _, value in found.entries() if found is not None else ():
            if not budget.spend():
                return
            if value.kind == "scalar" and not value.is_null:
                yield Variable(name, value, 0, place)
    for flag in flags:
        name, equals, _ = flag.value.partition("=")
        if flag.name == "env" and equals:
            yield Variable(name, flag.node, flag.skip + len(name.encode("utf-8", "surrogateescape")) + 1, "environment")


_VARIABLE = re.compile(r"\$\{(?P<kind>\w{1,40})(?::(?P<name>[^}{$:]{0,200}))?(?::(?P<default>[^}{$]{0,1000}))?\}|\$(?P<plain>\w{1,200})")
_HOMES = ("HOME", "USERPROFILE")


def interpolate(text: str) -> str:
    """The text with `${localEnv:HOME}${localEnv:USERPROFILE}`, of which one is set, replaced by `~`, the workspace by `.`, `${localEnv:X:default}` by the default and all else by UNKNOWN."""
    return _VARIABLE.sub(_replace, text).replace(HOME + HOME, HOME) if "$" in text else text


def _replace(match: re.Match[str]) -> str:
    if match["plain"]:
        return HOME if match["plain"] in _HOMES else UNKNOWN
    if match["name"] in _HOMES and match["kind"] in ("localEnv", "env"):
        return HOME
    if match["kind"] == "localWorkspaceFolder":
        return "."
    return UNKNOWN if match["default"] is None else match["default"]
