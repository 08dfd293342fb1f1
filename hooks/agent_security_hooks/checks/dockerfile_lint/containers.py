"""What compose files and development containers hand to a container: the host's engine, namespaces, files and privileges."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from agent_security_hooks.model import Hit, Incomplete, excerpt
from agent_security_hooks.parse.containers import UNKNOWN, is_true, read_containers
from agent_security_hooks.parse.host_paths import is_engine_socket, judge_device, judge_path
from agent_security_hooks.parse.places import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.parse.containers import Container, Mount
    from agent_security_hooks.source import Source


def once(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Each place once, since services share settings through anchors; what counts wins over what is pedantic."""
    given: set[tuple[int, int]] = set()
    pedantic: dict[tuple[int, int], Hit] = {}
    for hit in hits:
        place = (hit.start, hit.end)
        if hit.pedantic:
            pedantic.setdefault(place, hit)
        elif place not in given:
            given.add(place)
            yield hit
    yield from (hit for place, hit in pedantic.items() if place not in given)


@lru_cache(maxsize=1024)
def shown(text: str) -> str:
    """What may be printed of a name or value; … stands for what only the environment knows."""
    return excerpt(text.replace(UNKNOWN, "…"))


def _mounts(file: Source) -> Iterator[tuple[Mount, Container | None]]:
    """Every mount of the file with the container that has it; volumes have none."""
    found = file.view(read_containers)
    for container in found.containers:
        for mount in container.mounts:
            yield mount, container
    for volume in found.volumes:
        yield volume, None


def _title(container: Container | None) -> str:
    return shown(container.title) if container is not None else "a volume"


# Images that let others have a filtered view of the socket: somebody has to have it.
_PROXIES = re.compile(r"socket-?proxy|docker-?proxy")


def docker_socket(file: Source) -> Iterator[Hit]:
    """A container is given the socket of the container engine."""
    return once(_socket_hits(file))


def _socket_hits(file: Source) -> Iterator[Hit]:
    for mount, container in _mounts(file):
        # A path that only the environment knows is the socket if it is mounted where one belongs.
        source = mount.target if UNKNOWN in mount.source else mount.source
        if mount.kind in ("bind", "npipe", "device") and is_engine_socket(source):
            proxy = container is not None and container.image is not None and _PROXIES.search(container.image.value)
            yield Hit(mount.start, mount.end, f"{_title(container)} has the container engine's socket, which makes it root on the host", pedantic=bool(proxy))
    for container in file.view(read_containers).containers:
        for setting in container.settings:
            if setting.name == "use_api_socket" and is_true(setting.value):
                yield Hit(setting.start, setting.end, f"{_title(container)} has the container engine's socket and registry logins")


def privileged_container(file: Source) -> Iterator[Hit]:
    """A container runs privileged: with every capability, every device and no confinement."""
    found = file.view(read_containers)
    yield from once(
        Hit(setting.start, setting.end, f"{_title(container)} runs privileged: root in it is root on the host")
        for container in found.containers
        for setting in container.settings
        if setting.name == "privileged" and is_true(setting.value) or setting.name == "entitlements" and setting.value == "security.insecure"
    )
    if found.error:
        raise Incomplete(found.error)


# How messages call what is shared, and what that lets a container do.
_NAMESPACES = {
    "pid": ("processes", "it sees and signals every process"),
    "ipc": ("shared memory", "it reads what other programs exchange"),
    "uts": ("host name", "it can change that"),
    "network_mode": ("network", "it reaches what listens on localhost and opens any port"),
    "userns_mode": ("user IDs", "root in it is root outside"),
    "cgroup": ("control groups", "it sees those of every container"),
}


def host_namespace(file: Source) -> Iterator[Hit]:
    """A container shares a namespace with the host: its network, processes, shared memory or user IDs."""
    return once(
        Hit(setting.start, setting.end, f"{_title(container)} shares the host's {_NAMESPACES[setting.name][0]}: {_NAMESPACES[setting.name][1]}")
        for container in file.view(read_containers).containers
        for setting in container.settings
        if setting.name in _NAMESPACES and setting.value.strip().lower() == "host"
    )


def sensitive_mount(file: Source) -> Iterator[Hit]:
    """A container is given a directory of the host that holds its system, everybody's files or somebody's keys."""
    return once(_mount_hits(file))


def _mount_hits(file: Source) -> Iterator[Hit]:
    for mount, container in _mounts(file):
        if mount.kind not in ("bind", "device") or is_engine_socket(mount.source):
            continue
        exposure = judge_device(mount.source) if mount.kind == "device" else judge_path(mount.source, read_only=mount.read_only)
        if exposure is not None:
            yield Hit(mount.start, mount.end, f"{_title(container)} is given {shown(mount.source)} of the host: {exposure.what}", pedantic=exposure.weak)


# What lets a container out by itself, and what does when it shares that namespace with the host.
_ESCAPES = {
    "ALL": "every capability", "SYS_ADMIN": "mounts, namespaces and more", "SYS_MODULE": "kernel modules", "SYS_RAWIO": "raw disks and memory", "SYS_BOOT": "a new kernel",
    "DAC_READ_SEARCH": "every file of the host", "BPF": "programs in the kernel", "MAC_ADMIN": "changes the host's security policy", "MAC_OVERRIDE": "ignores the host's security policy",
}  # fmt: skip
_WITH_NAMESPACE = {"SYS_PTRACE": "pid", "NET_ADMIN": "network_mode", "NET_RAW": "network_mode"}
# Not among those that Docker gives by default, and seldom needed.
_SELDOM = frozenset(
    "SYS_PTRACE NET_ADMIN SYS_TIME SYSLOG SYS_RESOURCE SYS_TTY_CONFIG SYS_PACCT LINUX_IMMUTABLE LEASE PERFMON CHECKPOINT_RESTORE AUDIT_CONTROL AUDIT_READ NET_BROADCAST WAKE_ALARM".split()
)


def dangerous_capability(file: Source) -> Iterator[Hit]:
    """A container is given a Linux capability that leads out of it."""
    return once(_capability_hits(file))


def _capability_hits(file: Source) -> Iterator[Hit]:
    for container in file.view(read_containers).containers:
        lists: dict[tuple[int, int], list[str]] = {}
        for setting in container.added:
            lists.setdefault((setting.start, setting.end), []).append(setting.value.strip().upper().removeprefix("CAP_"))
        for (start, end), names in lists.items():
            escapes = [name for name in names if name in _ESCAPES or "host" in container.values(_WITH_NAMESPACE.get(name, ""))]
            if escapes:
                why = _ESCAPES.get(escapes[0], "in a namespace of the host")
                yield Hit(start, end, f"{_title(container)} is given {listed(escapes)} ({why}), which leads out of it")
            elif seldom := [name for name in names if name in _SELDOM]:
                yield Hit(start, end, f"{_title(container)} is given {listed(seldom)} on top of Docker's default capabilities", pedantic=True)
        if _keeps_all(container):
            yield Hit(container.start, container.end, f"{_title(container)} keeps Docker's default capabilities (no cap_drop)", pedantic=True)


def _keeps_all(container: Container) -> bool:
    """Whether the file, read alone, starts the container and takes none of its capabilities away."""
    starts = container.image is not None or container.builds
    return container.whole and starts and container.dropped is None and not any(map(is_true, container.values("privileged")))


_OPTION = re.compile(r"[:=]")
_UNCONFINED = {
    "seccomp": "system calls are not filtered", "apparmor": "AppArmor does not confine it", "label": "SELinux does not confine it", "systempaths": "it may write to the kernel's files in /proc",
    "unmask": "it may write to the kernel's files in /proc",
}  # fmt: skip
_NO_PROFILE = frozenset(("unconfined", "disable", "unconfined_t", "spc_t", "all", "/proc/*"))


def unconfined_profile(file: Source) -> Iterator[Hit]:
    """A container runs without the filter for system calls, AppArmor or SELinux."""
    return once(_profile_hits(file))


def _profile_hits(file: Source) -> Iterator[Hit]:
    for container in file.view(read_containers).containers:
        for setting in container.settings:
            words = [word.strip() for word in _OPTION.split(setting.value.lower(), maxsplit=3)]
            profile = next((word for word in reversed(words) if word in _UNCONFINED), "")
            if setting.name == "security_opt" and profile and words[-1] in _NO_PROFILE:
                yield Hit(setting.start, setting.end, f"{_title(container)} runs unconfined: {_UNCONFINED[profile]}")
