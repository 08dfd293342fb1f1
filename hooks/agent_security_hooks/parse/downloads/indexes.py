"""Package indexes, repositories and remotes that are given to other programs than downloaders: is the connection one that anyone can change?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.urls import insecure_scheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.downloads.calls import Argument, Call

_GIT = frozenset("clone fetch pull push remote submodule ls-remote archive subtree init svn".split())
_PIP = frozenset(("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--index", "--default-index", "--pypi-url"))
_REGISTRY = frozenset(
    ("--registry", "--disturl", "--index", "--source", "-s", "--clear-sources", "--channel", "-c", "--override-channels", "--add-repo", "--repository-url")
)
# Programs, the first words after which their arguments are looked at (none: always), and the options that hold addresses (None: any argument).
_READERS: dict[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {
    "git": (_GIT, None),
    "hg": (frozenset(("clone", "pull", "incoming", "identify")), None),
    "svn": (frozenset("checkout co export update switch".split()), None),
    "bzr": (frozenset(("branch", "checkout")), None),
    **dict.fromkeys(("pip", "pip2", "pip3", "pipx", "uv", "easy_install", "pip-compile", "pipenv", "pdm", "poetry", "rye", "hatch", "twine"), (None, None)),
    **dict.fromkeys(("npm", "npx", "yarn", "pnpm", "bun", "bower", "lerna", "cnpm"), (None, None)),
    **dict.fromkeys(("gem", "bundle", "bundler", "cargo", "composer", "conda", "mamba", "micromamba", "luarocks", "opam", "cabal"), (None, None)),
    "helm": (frozenset("repo install upgrade pull plugin template".split()), None),
    "go": (frozenset(("env", "get", "install")), None),
    **dict.fromkeys(("rpm", "yum", "dnf", "microdnf", "tdnf", "zypper", "yum-config-manager"), (None, None)),
    "apt-key": (frozenset(("adv", "add")), None),
    "kubectl": (frozenset(("apply", "create", "replace")), frozenset(("-f", "--filename"))),
    "docker": (frozenset(("build", "buildx", "import")), None),
    "flatpak": (frozenset(("remote-add", "install")), None),
    "snap": (frozenset(("install",)), None),
    "brew": (frozenset(("install", "tap")), None),
    "gdebi": (None, None),
    "R": (None, frozenset(("-e",))),
    "Rscript": (None, frozenset(("-e",))),
}
_IN_CODE = re.compile(r"repos[^\"']{0,60}[\"'](http://[^\"']{1,200})")
_VERBS = {"git": "talks to", "hg": "talks to", "svn": "talks to", "bzr": "talks to"}


def insecure_arguments(call: Call) -> Iterator[tuple[Argument, str]]:
    """Arguments of a call that fetch code over http, ftp or git from an external host, and how to say it."""
    name, arguments = call.name, call.arguments
    reader = _READERS.get(name)
    if reader is None:
        return
    words, options = reader
    if words is not None and not any(argument.text in words for argument in arguments[:8]):
        return
    for index, argument in enumerate(arguments):
        text = argument.text
        if name in ("R", "Rscript"):
            found = _IN_CODE.search(text[:4000])
            if found and insecure_scheme(found[1]):
                yield argument, f"{name} installs packages from {host_of(found[1])} over http://, where anyone on the way can change them"
            continue
        if ":" not in text or options is not None and (index == 0 or arguments[index - 1].text not in options):
            continue
        if index and arguments[index - 1].text in ("--proxy", "--https-proxy", "-m", "--message", "--author", "--homepage", "--description"):
            continue
        url = text.partition("=")[2] if text.startswith("-") else text
        scheme = insecure_scheme(url.partition("://")[0].rpartition("@")[2].strip() + "://" + url.partition("://")[2] if "://" in url else url)
        if scheme and "proxy" not in text.partition("=")[0].lower():
            yield argument, f"{name} {_VERBS.get(name, 'installs from')} {host_of(url)} over {scheme}://, where anyone on the way can change what arrives"
