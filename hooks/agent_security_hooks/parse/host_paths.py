"""What a program gains when it is given a path of the machine it runs on: all of it, someone's keys, or nothing to speak of.

Sources: hier(7), https://kubernetes.io/docs/concepts/security/pod-security-standards/, https://docs.docker.com/engine/security/.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple


class Exposure(NamedTuple):
    """What stands to be lost. `weak`: real, but most teams would not want to be stopped by it."""

    what: str
    weak: bool = False


_SOCKETS = frozenset(
    "docker.sock docker.raw.sock docker-cli.sock podman.sock containerd.sock crio.sock dockershim.sock balena-engine.sock balena.sock docker_engine".split()
)


def is_engine_socket(path: str) -> bool:
    """Whether the path is that of a socket (or Windows pipe) through which a container engine takes orders."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].lower() in _SOCKETS


_ENGINE = "everything that the container engine keeps: images, volumes and secrets of every other container"
_SYSTEM = "programs that the host runs as root"
_SOCKET = "the sockets of the host's services, that of Docker among them"
# Directories that are one thing with all that is in them; what is mounted below them is judged by the other tables.
_WHOLE = {
    "/": "every file of the host", "/etc": "the host's configuration, password hashes and keys", "/home": "every user's files and keys", "/Users": "every user's files and keys",
    "/dev": "the host's disks and memory as devices", "/boot": "the host's kernel", "/usr": _SYSTEM, "/lib": _SYSTEM, "/lib64": _SYSTEM, "/bin": _SYSTEM, "/sbin": _SYSTEM,
    "/usr/bin": _SYSTEM, "/usr/sbin": _SYSTEM, "/usr/lib": _SYSTEM, "/usr/local/bin": _SYSTEM,
    "/var": "the host's logs, queues and databases", "/var/lib": "the data of every service on the host", "/proc": "the host's processes and kernel settings",
    "/sys": "the host's kernel and devices", "/run": _SOCKET, "/var/run": _SOCKET, "/run/docker": _ENGINE, "/run/containerd": _ENGINE, "/var/lib/docker": _ENGINE,
    "/var/lib/docker/volumes": _ENGINE, "/var/lib/docker/overlay2": _ENGINE, "/var/lib/containerd": _ENGINE, "/var/lib/containers": _ENGINE,
    "/var/lib/kubelet": _ENGINE, "/var/lib/rancher": _ENGINE, "/var/snap/docker": _ENGINE,
}  # fmt: skip
# Read-only, these are what monitoring needs.
_READABLE = frozenset("/proc /sys /dev /boot /usr /lib /lib64 /bin /sbin /usr/bin /usr/sbin /usr/lib /usr/local/bin".split())
_PASSWORDS, _KEYS, _RUN = "the host's password hashes", "the host's private keys", "what the host runs as root"
_PRECIOUS = {
    "/etc/shadow": _PASSWORDS, "/etc/shadow-": _PASSWORDS, "/etc/gshadow": _PASSWORDS, "/etc/sudoers": "who may become root on the host", "/etc/sudoers.d": "who may become root on the host",
    "/etc/ssh": _KEYS, "/etc/ssl/private": _KEYS, "/etc/pki/tls/private": _KEYS, "/etc/krb5.keytab": _KEYS, "/etc/kubernetes": "the cluster's certificates and logins",
    "/proc/kcore": "the host's memory", "/proc/sysrq-trigger": "the host's kernel",
}  # fmt: skip
_PRECIOUS_WRITABLE = {
    **dict.fromkeys(
        "/etc/cron.d /etc/crontab /etc/cron.daily /etc/cron.hourly /etc/systemd /lib/systemd /usr/lib/systemd /etc/init.d /etc/rc.local /etc/profile /etc/profile.d "
        "/etc/ld.so.preload /etc/pam.d /var/spool/cron".split(), _RUN),
    "/etc/passwd": "who may log in to the host", "/etc/group": "who may log in to the host", "/proc/sys": "the host's kernel settings",
}  # fmt: skip
# Below the system's directories, but shared on purpose or of no use to anyone.
_HARMLESS = tuple(
    "/etc/localtime /etc/timezone /etc/hosts /etc/hostname /etc/resolv.conf /etc/machine-id /etc/os-release /etc/passwd /etc/group /etc/ssl/certs /etc/ssl/cert.pem "
    "/etc/ca-certificates /etc/ca-certificates.conf /etc/pki/ca-trust /etc/pki/tls/certs /etc/protocols /etc/services /etc/nsswitch.conf /etc/alternatives /etc/fonts /etc/vulkan /etc/OpenCL /etc/nvidia "
    "/etc/lsb-release /etc/redhat-release /etc/debian_version /etc/subuid /etc/subgid "
    "/usr/share /usr/local/share /usr/src /usr/lib/ssl/certs /usr/lib/os-release /usr/lib/wsl /usr/local/cuda /usr/lib/locale /lib/firmware "
    "/run/user /run/dbus /var/run/dbus /run/udev /run/secrets /run/systemd/resolve /var/run/secrets /run/avahi-daemon /var/run/avahi-daemon /run/pcscd /var/run/pcscd "
    "/var/www /var/tmp /var/opt /var/lib/dbus/machine-id".split()
)
_HARMLESS_READ_ONLY = ("/lib/modules", "/usr/lib/modules", "/sys/fs/cgroup", "/sys/class", "/sys/devices", "/sys/bus", "/sys/block", "/sys/firmware/devicetree", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg", "/usr")  # fmt: skip
_SYSTEM_PARTS = frozenset("etc var usr boot proc sys dev lib lib64 bin sbin root run".split())
# Devices that give the raw disk or memory.
_RAW = re.compile(
    r"/dev/(?:mem|kmem|port|(?:sd|hd|vd|xvd)[a-z]{1,3}\d{0,3}|nvme\d{1,3}(?:n\d{1,3}(?:p\d{1,3})?)?|dm-\d{1,4}|md\d{1,4}|mapper(?:/.*)?|disk/.*|loop-control)\Z"
)

# Below a home directory.
_LOGIN = "the login of its owner"
_STORES = {
    ".ssh": "the SSH keys of its owner", ".gnupg": "the GPG keys of its owner", ".aws": "AWS keys", ".azure": "Azure logins", ".config/gcloud": "Google Cloud logins",
    ".kube": "cluster logins", ".docker": "registry logins", ".docker/config.json": "registry logins", ".netrc": "logins", ".npmrc": "an npm token", ".pypirc": "a PyPI token",
    ".git-credentials": "git logins", ".config/git/credentials": "git logins", ".config/gh": "a GitHub token", ".config/op": "a 1Password login", ".password-store": "passwords",
    ".local/share/keyrings": "passwords", "Library/Keychains": "passwords", ".vault-token": "a Vault token", ".terraform.d": "a Terraform token", ".oci": "Oracle Cloud keys",
    ".config/google-chrome": "browser sessions", ".mozilla": "browser sessions", ".config/rclone": "storage logins", ".cargo/credentials.toml": "a crates.io token",
}  # fmt: skip
_WEAK_STORES = (".claude", ".claude.json", ".codex", ".gemini", ".config", ".copilot", ".config/github-copilot", ".cache/huggingface/token", ".huggingface")
_NO_KEYS = frozenset(("known_hosts", "config"))

_DRIVE = re.compile(r"(?i)(?:([a-z]):|/(?:mnt/|host_mnt/|run/desktop/mnt/host/)?([a-z]))(?=/|\Z)(.*)", re.DOTALL)
_HOMES = re.compile(r"(?:~[^/]*|/root|/var/root|/(?:home|Users)/[^/]+)(?=/|\Z)")
_WINDOWS = {
    "": "every file of the host",
    "users": "every user's files and keys",
    "windows": _SYSTEM,
    "program files": _SYSTEM,
    "programdata": _ENGINE,
    "programdata/docker": _ENGINE,
}


def judge_path(path: str, *, read_only: bool = False) -> Exposure | None:
    """What giving away a path of the host exposes; `~` is a home directory. None for what is relative, unknown or harmless."""
    path = path.strip()
    if "\\" in path or _DRIVE.match(path):
        path = path.replace("\\", "/")
    if path.startswith("~~"):  # `$HOME$USERPROFILE`, of which one is set
        path = "~" + path.lstrip("~")
    if path.startswith(("/", "~")) or _DRIVE.match(path):
        path = posixpath.normpath("/" + path.lstrip("/")) if path.startswith("/") else posixpath.normpath(path)
    drive = _DRIVE.match(path)
    if drive:
        below = drive[3].lower().strip("/")
        if not below and not drive[1] and drive[2] not in "cC":  # a short name is more likely
            return None
        if below in _WINDOWS:
            return Exposure(_WINDOWS[below])
        path = "/home/" + below[6:] if below.startswith("users/") else ""
    if not path.startswith(("/", "~")):
        return None
    home = _HOMES.match(path)
    found = _below_home(path[home.end() :].strip("/")) if home else None
    if found or home and home[0] != "/root":
        return found
    return _of_system(path, read_only)


def judge_device(path: str) -> Exposure | None:
    """What passing a device into a container exposes."""
    path = posixpath.normpath(path.strip())
    if path == "/dev":
        return Exposure(_WHOLE["/dev"])
    return Exposure("the host's disk or memory, past all permissions") if _RAW.match(path) else None


def _below_home(path: str) -> Exposure | None:
    if not path:
        return Exposure("a whole home directory with its keys")
    parts = path.split("/")
    for length in (1, 2, 3):
        store = _STORES.get("/".join(parts[:length]))
        if store is None:
            continue
        if parts[0] == ".ssh" and (parts[-1] in _NO_KEYS or parts[-1].endswith(".pub")):
            return None
        if parts[0] != ".docker" or len(parts) == length:  # its other files hold no login
            return Exposure(store)
    if any("/".join(parts[:length]) in _WEAK_STORES for length in (1, 2, 3)) and (parts[0] != ".config" or len(parts) == 1 or parts[1] == "github-copilot"):
        return Exposure(_LOGIN, weak=True)
    return None


def _of_system(path: str, read_only: bool) -> Exposure | None:
    if path in _WHOLE:
        return Exposure(_WHOLE[path], weak=read_only and path in _READABLE)
    above = ["/" + "/".join(path.split("/")[1 : 1 + length]) for length in (4, 3, 2)]
    for table in (_PRECIOUS, {} if read_only else _PRECIOUS_WRITABLE):
        for place in above:
            if place in table:
                return Exposure(table[place])
    if path.startswith("/dev/"):  # without a rule for the device, the kernel lets no container open it
        return Exposure("a disk of the host", weak=True) if judge_device(path) else None
    if _is_below(path, _HARMLESS) or read_only and _is_below(path, _HARMLESS_READ_ONLY):
        return None
    return Exposure("a part of the host's system", weak=True) if path.split("/")[1] in _SYSTEM_PARTS else None


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(place + "/") for place in places)
