"""Settings that switch a check off or fetch packages over http, where no shell runs: ENV, `env:` of workflows and compose files, configuration of clients."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.downloads.switches import GATE, INDEX_WORDS, bad_text, bad_variable
from agent_security_hooks.parse.urls import insecure_scheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

_ACCEPTS = "accepts any certificate"
_TRUSTED = "does not check that host's certificate"
# Configuration files of clients: the client, a line that switches its check off, and what is then not done.
_CLIENTS: dict[str, tuple[str, re.Pattern[bytes], str]] = {
    ".npmrc": ("npm", re.compile(rb"(?m)^[ \t]{0,20}strict-ssl[ \t]{0,8}=[ \t]{0,8}\"?false\b"), _ACCEPTS),
    ".yarnrc": ("yarn", re.compile(rb"(?m)^[ \t]{0,20}\"?strict-ssl\"?[ \t]{1,8}false\b"), _ACCEPTS),
    ".yarnrc.yml": ("yarn", re.compile(rb"(?m)^[ \t]{0,20}enableStrictSsl[ \t]{0,8}:[ \t]{0,8}false\b"), _ACCEPTS),
    ".bowerrc": ("bower", re.compile(rb"\"strict-ssl\"[ \t]{0,8}:[ \t]{0,8}false\b"), _ACCEPTS),
    ".condarc": ("conda", re.compile(rb"(?mi)^[ \t]{0,20}ssl_verify[ \t]{0,8}:[ \t]{0,8}(?:false|no|off)\b"), _ACCEPTS),
    ".gitconfig": ("git", re.compile(rb"(?mi)^[ \t]{0,20}sslVerify[ \t]{0,8}=[ \t]{0,8}(?:false|0|no|off)\b"), _ACCEPTS),
    ".curlrc": ("curl", re.compile(rb"(?m)^[ \t]{0,20}(?:-k\b|(?:--)?insecure\b)"), _ACCEPTS),
    ".wgetrc": ("wget", re.compile(rb"(?mi)^[ \t]{0,20}check_?certificate[ \t]{0,8}=[ \t]{0,8}(?:off|no|0)\b"), _ACCEPTS),
    "pip.conf": ("pip", re.compile(rb"(?m)^[ \t]{0,20}trusted-host[ \t]{0,8}=[ \t]{0,8}[^\s#;]"), _TRUSTED),
    "requirements.txt": ("pip", re.compile(rb"(?m)^[ \t]{0,20}--trusted-host[ \t=]{1,8}[^\s#]{1,200}"), _TRUSTED),
}
_URL = rb"[\"']?((?:[a-z]{2,4}\+)?(?:https?|ftp|git)://[^\s\"'#,\]]{1,1000})"
_KEY_AND_URL = re.compile(
    rb"(?mi)^[ \t]{0,20}\"?(?:(?:@[\w.-]{1,100}:)?registry|npmRegistryServer|index-url|extra-index-url|find-links|index-servers|channel_alias|url)\"?[ \t]{0,8}[=: ][ \t]{0,8}"
    + _URL
)
# Where a client's configuration says what packages come from; the address is the group.
_ADDRESSES: dict[str, re.Pattern[bytes]] = {
    **dict.fromkeys((".npmrc", ".yarnrc", ".yarnrc.yml", ".bowerrc", ".condarc", ".gitconfig", "pip.conf"), _KEY_AND_URL),
    "requirements.txt": re.compile(
        rb"(?mi)^[ \t]{0,20}(?:(?:--index-url|-i|--extra-index-url|--find-links|-f|-e|--editable)[ \t=]{1,8})?(?:[\w.,\[\]-]{1,200}[ \t]{0,8}@[ \t]{0,8})?"
        + _URL
    ),
}


def read_settings(file: Source) -> tuple[Event, ...]:
    """A view: settings of the file that switch a check off or name an address that anyone on the way can change."""
    data = file.data
    name = _client_name(file.name)
    if name in _CLIENTS:
        return tuple(Event(start, end, rule, message) for start, end, rule, message in _client_lines(name, data))
    if not (any(word in data for word in GATE) or b"http:" in data and any(word in data for word in INDEX_WORDS)):
        return ()
    if name.startswith(".env") or name.endswith(".env"):
        return tuple(_env_file(file))
    if name.endswith((".yml", ".yaml")):
        from agent_security_hooks.parse.yaml_tree import read_yaml

        return tuple(_tree(file.view(read_yaml).roots))
    if name.endswith((".json", ".jsonc")):
        from agent_security_hooks.parse.json_tree import read_json

        return tuple(_tree(file.view(read_json).roots))
    return tuple(_image(file))


def bad_lines(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Rule and message of what is wrong in a text that a script writes into a file of that name."""
    written = bad_text(text)
    if written:
        yield "tls-verification-off", written
    name = _client_name(name)
    for _, _, rule, message in _client_lines(name, text.encode("utf-8", "replace")) if name in _CLIENTS else ():
        if not written or rule != "tls-verification-off":
            yield rule, message


def _client_name(name: str) -> str:
    name = name.lower()
    if name.startswith("requirements") and name.endswith(".txt"):
        return "requirements.txt"
    return "pip.conf" if name == "pip.ini" else name


def _client_lines(name: str, data: bytes) -> Iterator[tuple[int, int, str, str]]:
    client, switch, what = _CLIENTS[name]
    for match in switch.finditer(data):
        yield match.start(), match.end(), "tls-verification-off", f"{client} {what}"
    addresses = _ADDRESSES.get(name)
    for match in addresses.finditer(data) if addresses is not None and b"://" in data else ():
        url = match[1].decode("utf-8", "replace")
        if scheme := insecure_scheme(url):
            message = f"{client} installs from {host_of(url)} over {scheme}://, where anyone on the way can change what arrives"
            yield match.start(1), match.end(1), "insecure-url", message


def _env_file(file: Source) -> Iterator[Event]:
    from agent_security_hooks.parse.dotenv import read_entries

    for entry in file.view(read_entries):
        value = file.data[entry.start : entry.end].decode("utf-8", "replace")
        if found := bad_variable(entry.name, value.strip("\"'")):
            yield Event(entry.start, entry.end, *found)


def _tree(roots: tuple[object, ...]) -> Iterator[Event]:
    """Maps with such a key, and lists with `NAME=value`."""
    from agent_security_hooks.parse.tree import Node

    for root in roots:
        if not isinstance(root, Node):
            continue
        for node in root.walk():
            for key, key_node, value in node.entries():
                if value.kind == "scalar" and _is_variable(key) and (found := bad_variable(key, value.value)):
                    yield Event(key_node.start, max(value.end, key_node.end), *found)
            for item in node.elements():
                name, equals, text = item.value.partition("=")
                if item.kind == "scalar" and equals and _is_variable(name) and (found := bad_variable(name, text)):
                    yield Event(item.start, item.end, *found)


def _is_variable(name: str) -> bool:
    return name.isupper() or name.startswith("npm_config_")


def _image(file: Source) -> Iterator[Event]:
    """ENV and ARG of a Dockerfile."""
    from agent_security_hooks.parse.dockerfile import read_dockerfile
    from agent_security_hooks.parse.file_kinds import is_dockerfile

    if not is_dockerfile(file.path):
        return
    for instruction in file.view(read_dockerfile).instructions:
        words = instruction.words
        pairs = zip(words[::2], words[1::2]) if instruction.keyword == "ENV" else ((word, word) for word in words if instruction.keyword == "ARG")
        for name, value in pairs:
            variable, _, default = name.text.partition("=") if name is value else (name.text, "", value.text)
            if found := bad_variable(variable, default.strip("\"'")):
                yield Event(name.start, value.end, *found)
