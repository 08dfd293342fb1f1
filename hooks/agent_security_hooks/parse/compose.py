"""Compose files: services with merge keys, anchors, extension fields and the defaults of variables resolved.

Source: https://docs.docker.com/reference/compose-file/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.containers import (
    HOME,
    UNKNOWN,
    Budget,
    Container,
    Containers,
    Mount,
    Setting,
    Variable,
    is_true,
    read_device,
    read_volume,
)
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.yaml_tree import parse_yaml, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.tree import Document, Node
    from agent_security_hooks.source import Source

_SCALARS = ("privileged", "pid", "ipc", "uts", "network_mode", "userns_mode", "cgroup", "pull_policy", "use_api_socket")
_SERVICE = 10
"""What looking for all settings of a service costs, and again for each map that is merged into it."""
_TEMPLATE_TAG = Pattern(rb"\{\{[^{}\r\n]{0,300}\}\}|\{%[^%\r\n]{0,300}%\}|\{#[^#\r\n]{0,300}#\}")


def read_compose(file: Source) -> Containers:
    """The services of a compose file and its volumes that are paths of the host."""
    document = _document(file)
    reader = _Reader(file.data)
    containers: list[Container] = []
    volumes: list[Mount] = []
    for root in document.roots:
        reader.host_networks = frozenset(reader.names_of_host(root))
        containers += reader.services(root)
        volumes += reader.volumes(root)
    return Containers(tuple(containers), tuple(volumes), document.error or reader.budget.error)


def _document(file: Source) -> Document:
    """The YAML of the file; of a template that is none, the YAML that is left without its tags."""
    document = file.view(read_yaml)
    if document.error and (b"{{" in file.data or b"{%" in file.data):
        blanked = parse_yaml(_without_tags(file.data))
        return document if blanked.error else blanked
    return document


def _without_tags(data: bytes) -> bytes:
    """The text with a word in place of every expression and blanks in place of every statement, of the same length."""
    parts: list[bytes] = []
    position = 0
    for match in _TEMPLATE_TAG.finditer(data):
        parts += (data[position : match.start()], (b"_" if match[0].startswith(b"{{") else b" ") * len(match[0]))
        position = match.end()
    return b"".join((*parts, data[position:]))


class _Reader:
    """Reads services of one file, together no more than a number of settings."""

    __slots__ = ("budget", "data", "host_networks")

    def __init__(self, data: bytes) -> None:
        self.budget = Budget()
        self.data = data
        self.host_networks: frozenset[str] = frozenset()
        """Networks of the file that are the host's own, by the name that services know."""

    def names_of_host(self, root: Node) -> Iterator[str]:
        """The networks that stand for `network_mode: host`. Source: https://docs.docker.com/reference/compose-file/networks/#external"""
        found = root.get("networks")
        for name, _, network in found.entries() if found is not None else ():
            if not self.budget.spend():
                return
            external = network.get("external")
            called = network.get("name") or (external.get("name") if external is not None else None)
            if external is not None and not external.is_null and called is not None and called.value == "host":
                yield name

    def services(self, root: Node) -> Iterator[Container]:
        services = root.get("services")
        if services is None and root.find("version") is None:  # the first form of the format had nothing but services
            services = root
        for layer in services.layers() if services is not None else ():
            for name, key, node in layer.entries():
                if node.kind != "map" or services is root and not (node.find("image") or node.find("build")):
                    continue
                if not self.budget.spend(_SERVICE * len(node.layers())):
                    return
                yield self.service(name, key, node)

    def service(self, name: str, key: Node, node: Node) -> Container:
        build = node.get("build")
        return Container(
            f"service {name}",
            node,
            key.start,
            key.end,
            image=next(self.scalars(node, "image"), None),
            builds=build is not None and not build.is_null,
            whole=node.find("extends") is None,
            settings=tuple(self.settings(node)),
            added=tuple(self.capabilities(node)),
            dropped=tuple(item.value.upper() for _, item in self.items(node, "cap_drop")) if node.find("cap_drop") else None,
            mounts=tuple(self.mounts(node)),
            variables=(*self.variables(node, "environment", "environment"), *(self.variables(build, "args", "build argument") if build else ())),
            env_files=tuple(self.env_files(node)),
        )

    def scalars(self, node: Node | None, name: str) -> Iterator[Setting]:
        """The setting of a name, if it is a scalar that says something."""
        found = node.find(name) if node is not None else None
        if found is None or not self.budget.spend():
            return
        key, value = found
        if value.resolved.kind == "scalar" and not value.resolved.is_null:
            yield Setting(name, interpolate(value.resolved.value), *_span(key, value))

    def items(self, node: Node | None, name: str) -> Iterator[tuple[Node, Node]]:
        """The scalars of a list as (where they stand, what they are); a scalar by itself counts as a list."""
        found = node.get(name) if node is not None else None
        if found is None:
            return
        for item in found.items if found.kind == "list" else (found,):
            if not self.budget.spend():
                return
            if item.resolved.kind == "scalar" and not item.resolved.is_null:
                yield item, item.resolved

    def settings(self, node: Node) -> Iterator[Setting]:
        for name in _SCALARS:
            yield from self.scalars(node, name)
        for item, value in self.items(node, "security_opt"):
            yield Setting("security_opt", interpolate(value.value), item.start, item.end)
        yield from self.networks(node)
        build = node.get("build")
        yield from self.scalars(build, "privileged")
        for item, value in self.items(build, "entitlements"):
            yield Setting("entitlements", interpolate(value.value), item.start, item.end)
        for hook in ("post_start", "pre_stop"):
            found = node.get(hook)
            for command in found.elements() if found is not None else ():
                yield from self.scalars(command, "privileged")

    def networks(self, node: Node) -> Iterator[Setting]:
        found = node.get("networks") if self.host_networks else None
        if found is None:
            return
        for item in [key for _, key, _ in found.entries()] or [item for item, _ in self.items(node, "networks")]:
            if item.resolved.value in self.host_networks:
                yield Setting("network_mode", "host", item.start, item.end)

    def capabilities(self, node: Node) -> Iterator[Setting]:
        found = node.find("cap_add")
        if found is not None:
            span = _span(*found)
            for _, value in self.items(node, "cap_add"):
                yield Setting("cap_add", interpolate(value.value), *span)

    def mounts(self, node: Node) -> Iterator[Mount]:
        for name in ("volumes", "devices"):
            found = node.get(name)
            for item in found.items if found is not None else ():
                if not self.budget.spend():
                    return
                value = item.resolved
                if value.kind == "scalar":
                    read = read_volume if name == "volumes" else read_device
                    yield read(interpolate(value.value), item.start, item.end)
                elif value.kind == "map":
                    yield from self.long_mount(value, "device" if name == "devices" else "")

    def long_mount(self, node: Node, kind: str) -> Iterator[Mount]:
        source = next(self.scalars(node, "source"), None)
        if source is None:
            return
        kinds, target, read_only = (next(self.scalars(node, name), None) for name in ("type", "target", "read_only"))
        yield Mount(
            kind or (kinds.value.lower() if kinds else "volume"),
            source.value,
            target.value if target else "",
            read_only is not None and is_true(read_only.value),
            source.start,
            source.end,
        )

    def volumes(self, root: Node) -> Iterator[Mount]:
        """Named volumes of a driver that are nothing but a path of the host."""
        found = root.get("volumes")
        for _, _, volume in found.entries() if found is not None else ():
            options = volume.get("driver_opts")
            bound = next(self.scalars(options, "o"), None)
            if bound is not None and "bind" in bound.value.split(","):
                for device in self.scalars(options, "device"):
                    yield Mount("bind", device.value, "", "ro" in bound.value.split(","), device.start, device.end)
            for point in self.scalars(options, "mountpoint"):
                yield Mount("bind", point.value, "", False, point.start, point.end)

    def variables(self, node: Node, name: str, place: str) -> Iterator[Variable]:
        found = node.get(name)
        if found is None:
            return
        for layer in found.layers():
            for key, _, value in layer.entries():
                if not self.budget.spend():
                    return
                if value.kind == "scalar" and not value.is_null:
                    yield Variable(key, value, 0, place)
        for _, value in self.items(node, name):
            variable, equals, _ = value.value.partition("=")
            if equals:
                yield Variable(variable, value, len(variable.encode("utf-8", "surrogateescape")) + 1, place)

    def env_files(self, node: Node) -> Iterator[Setting]:
        for item, value in self.items(node, "env_file"):
            yield Setting("env_file", interpolate(value.value), item.start, item.end)
        found = node.get("env_file")
        for item in found.elements() if found is not None else ():
            for path in self.scalars(item, "path"):
                yield path._replace(name="env_file")


def _span(key: Node, value: Node) -> tuple[int, int]:
    """From a key to the end of its value as it is written there; one that was merged in may stand elsewhere."""
    return key.start, max(key.end, value.end)


_TOKEN = re.compile(r"[^$}]+|\$\$|\$(?P<plain>\w{1,200})|\$\{(?P<name>\w{1,200})(?P<operator>:?[-?+])?|.", re.DOTALL)
_KNOWN = {"HOME": HOME, "USERPROFILE": HOME, "PWD": "."}
_NESTED = 20


def interpolate(text: str) -> str:
    """The text with `${X:-default}` replaced by the default, `$HOME` by `~` and any other variable by UNKNOWN.

    Source: https://docs.docker.com/reference/compose-file/interpolation/
    """
    return _interpolate(text, 0, 0)[0] if "$" in text else text


def _interpolate(text: str, position: int, depth: int) -> tuple[str, int]:
    """The text up to the brace that ends it (of nested ones; else up to its end), and where that is."""
    parts: list[str] = []
    while match := _TOKEN.match(text, position):
        if depth and match[0] == "}":
            break
        position = match.end()
        name = match["name"] or match["plain"]
        if name is None:
            parts.append("$" if match[0] == "$$" else match[0])
            continue
        value = _KNOWN.get(name, UNKNOWN)
        if match["name"]:
            default = ""
            if depth < _NESTED:
                default, position = _interpolate(text, position, depth + 1)
            position += 1
            operator = (match["operator"] or "?")[-1]
            if operator == "+" or operator == "-" and value == UNKNOWN:
                value = default if operator == "-" else ""
        parts.append(value)
    return "".join(parts), position
