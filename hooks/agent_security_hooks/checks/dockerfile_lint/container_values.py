"""What compose files and development containers write down or take on trust: secrets, env files, images."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from agent_security_hooks.checks.dockerfile_lint.containers import once, shown
from agent_security_hooks.model import Hit
from agent_security_hooks.parse.containers import UNKNOWN, read_containers
from agent_security_hooks.parse.file_kinds import is_devcontainer, low_stakes
from agent_security_hooks.parse.places import join, listed, note_once, parent_of
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, TEMPLATE, role_of
from agent_security_hooks.parse.secret_values import real_values
from agent_security_hooks.parse.secrets import find_credentials, judge, names
from agent_security_hooks.parse.shell_quote import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.containers import Container, Setting, Variable
    from agent_security_hooks.parse.secrets import Credential
    from agent_security_hooks.source import Source


def secret_in_compose(file: Source) -> Iterator[Hit]:
    """A secret stands in the environment or the build arguments of a container."""
    found = file.view(find_credentials)
    starts = [credential.start for credential in found]
    seen: set[tuple[int, int]] = set()
    for container in file.view(read_containers).containers:
        for variable in container.variables:
            place = (variable.node.start, variable.skip)
            if place not in seen:
                seen.add(place)
                yield from _secret_hits(file, container, variable, found, starts)


def _secret_hits(file: Source, container: Container, variable: Variable, found: Sequence[Credential], starts: Sequence[int]) -> Iterator[Hit]:
    text = variable.value(file.data)
    start, end = text.span(0, len(text.data))
    where = f"{shown(variable.name)}, {variable.place} of {shown(container.title)}"
    default = _DEFAULT.match(text.data)
    inside = [credential for credential in found[bisect_left(starts, start) : bisect_right(starts, end)] if credential.end <= end]
    for credential in inside:
        masked = f" {credential.masked}" if len(credential.masked) > 1 else ""
        weak = credential.weak or _opens_nothing(file.data[credential.start : credential.end], is_default=default is not None)
        yield Hit(credential.start, credential.end, f"{credential.title}{masked} in {where}", _instead(variable, credential.revoke), pedantic=weak)
    if inside:
        return
    first, last = default.span(1) if default else (0, len(text.data))
    value = text.data[first:last].strip(b"\"'")
    name = variable.name.encode("utf-8", "replace")
    span = text.span(first, last)
    # What stands there plainly was judged as everywhere; a default is overlooked there, since it is a part of a reference.
    if default and names.strength(name) and _is_generated(value, name):
        weak = low_stakes(file.path) or _opens_nothing(value, is_default=True)
        yield Hit(*span, f"secret as a default in {where}", f"write {_reference(variable, ':?')} instead, and replace this one", pedantic=weak)
    elif _is_known_password(value, name):
        yield Hit(*span, f"guessable password in {where}", _instead(variable, ""), pedantic=True)


# A word and a number, as people make up for a service on their own machine.
_MADE_UP = re.compile(rb"[A-Za-z]{2,24}[-_@!#.]?[0-9]{1,8}[!@#$.]?\Z")


def _opens_nothing(value: bytes, *, is_default: bool) -> bool:
    """Whether a project publishes the value for everyone, or it is a made-up one that a variable is expected to replace."""
    from agent_security_hooks.data.template_defaults import is_published

    return is_published(value) or is_default and _MADE_UP.match(value) is not None


_DEFAULT = re.compile(rb"\$\{\w{1,200}:?-([^${}]*)\}\Z")
_ADVICE = re.compile(rb"(?i)chang|your|example|replac|placeholder|xxx|todo|fixme|insert|enter|fill|dummy|fake|mock|sample|redact|remove|\*\*\*|\.\.\.|<")
_NO_PASSWORDS = frozenset(b"yes no on off true false y n none null random auto disabled enabled unset required optional".split())


def _is_generated(value: bytes, name: bytes) -> bool:
    if judge.no_literal(value, name) or judge.placeholder(value) or judge.published_sample(value):
        return False
    return judge.generated(value, names.strength(name), strict=True) and not judge.reads_as_code(value)


def _is_known_password(value: bytes, name: bytes) -> bool:
    """Whether the value is a password that opens something, though anyone could guess it; one that asks to be changed is not."""
    if names.strength(name) != names.STRONG or not (names.is_password(name) or name.lower().endswith(b"password")):
        return False
    if len(value) < 3 or b"$" in value or _ADVICE.search(value) or value.lower() in _NO_PASSWORDS:
        return False
    return value.isdigit() or not judge.no_literal(value, name)


def _reference(variable: Variable, operator: str = "") -> str:
    name = shown(variable.name)
    name = "PASSWORD" if "…" in name else re.sub(r"\W+", "_", name) or "PASSWORD"
    return "${" + name + operator + "}"


def _instead(variable: Variable, revoke: str) -> str:
    return f"read it from the environment ({_reference(variable, ':?')}), and {f'revoke this one at {revoke}' if revoke else 'replace this one now'}"


def env_file_tracked(file: Source) -> Iterator[Hit]:
    """The env file of a service holds real values, and git tracks it."""
    return once(_env_file_hits(file))


def _env_file_hits(file: Source) -> Iterator[Hit]:
    repository = file.repository
    for container in file.view(read_containers).containers:
        for setting in container.env_files:
            path = _path_of(file, setting)
            source = repository.read(path) if path else None
            found = _real_values(source) if source is not None else []
            if not found:
                continue
            if repository.tracked is None:
                note_once(repository, "git cannot tell which files it tracks, so whether the env files of containers are committed is not verified")
            elif path in repository.tracked:
                real = [credential for credential in found if not credential.weak]
                holds = listed(credential.name or credential.title for credential in real or found)
                fix = f"git rm --cached -- {quote(repository.from_here(path))}; list it in .gitignore; replace these values"
                yield Hit(
                    setting.start,
                    setting.end,
                    f"{shown(path)} is tracked by git and holds {'real' if real else 'weak'} values: {holds}",
                    fix,
                    pedantic=not real,
                )


def _real_values(source: Source) -> list[Credential]:
    if role_of(source.path) in (ENV, TEMPLATE, CREDENTIAL):
        return source.view(real_values)
    return source.view(find_credentials)


def _path_of(file: Source, setting: Setting) -> str:
    """The env file's path from the root of the repository; "" where only the environment knows it or it is outside."""
    import posixpath

    path = setting.value.replace("\\", "/")
    if UNKNOWN in path or path.startswith(("/", "~")) or not path.strip():
        return ""
    directory = parent_of(file.path)
    if is_devcontainer(file.path):  # paths are those of the workspace
        before, found, _ = f"/{directory}/".partition("/.devcontainer/")
        directory = before.strip("/") if found else directory
    path = posixpath.normpath(join(directory, path))
    return "" if path.startswith("..") else path


_DIGEST = re.compile(r"@sha256:[0-9a-fA-F]{64}\Z")


def unpinned_compose_image(file: Source) -> Iterator[Hit]:
    """A container runs whatever an image's name stands for on the day it is pulled."""
    return once(_image_hits(file))


def _image_hits(file: Source) -> Iterator[Hit]:
    containers = file.view(read_containers).containers
    built = {container.image.value for container in containers if container.builds and container.image}
    for container in containers:
        image = container.image
        if image is None or container.builds or image.value in built or {"never", "build"} & {*container.values("pull_policy")}:
            continue
        problem = judge_image(image.value)
        if problem:
            name = shown(image.value)
            fix = f"docker buildx imagetools inspect {name} prints the digest; write {name}{'' if _TAG.search(image.value) else ':TAG'}@sha256:DIGEST"
            message = f"{shown(container.title)} runs {name}, {problem}"
            yield Hit(image.start, image.end, message, "" if UNKNOWN in image.value else fix, pedantic=problem == _NO_DIGEST)


_TAG = re.compile(r":[^/]+\Z")
_NO_DIGEST = "which is no fixed image: its tag can be moved"


def judge_image(image: str) -> str:
    """What is wrong with the name of an image; "" when it has a digest or is not known at all."""
    name = image.strip()
    if _DIGEST.search(name) or not name.strip(UNKNOWN):
        return ""
    name = name.partition("@")[0]
    _, colon, tag = name.rpartition("/")[2].partition(":")
    if not colon and UNKNOWN not in name:
        return "which has no tag: the latest on the day it is pulled"
    return "which is the latest on the day it is pulled" if tag == "latest" else _NO_DIGEST
