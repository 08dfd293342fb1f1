"""Names of container images: registry, repository, tag and digest, and what is known of an image by its name.

Grammar: https://github.com/distribution/reference/blob/main/reference.go
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.data.base_images import BaseImage
    from agent_security_hooks.source import Source

_NAME = Pattern(rb"[A-Za-z0-9][A-Za-z0-9._/:-]{0,1000}(?:@[^\s{}$%]{0,1000})?\Z")
_HEX = frozenset("0123456789abcdefABCDEF")
_DEFAULT_REGISTRIES = ("docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/")


class ImageReference(NamedTuple):
    """An image's name. `repository` has no `docker.io/` and no `library/`; `tag` and `digest` are empty where there is none."""

    repository: str
    tag: str
    digest: str

    @property
    def is_pinned(self) -> bool:
        """Whether a digest says what exactly is meant."""
        return self.digest != ""

    @property
    def is_moving(self) -> bool:
        """Whether nothing but `latest` is asked for."""
        return not self.digest and self.tag in ("", "latest")


@lru_cache(maxsize=1024)
def parse_image(text: str) -> ImageReference:
    """The parts of an image's name. `x@sha256:v2` has no digest: one is hexadecimal (its length is left to the builder, which knows the algorithm)."""
    name, _, digest = text.strip().partition("@")
    algorithm, colon, value = digest.partition(":")
    if not (algorithm and colon and value and _HEX.issuperset(value)):
        digest = ""
    slash = name.rfind("/")
    colon_at = name.find(":", slash + 1)
    repository, tag = (name, "") if colon_at < 0 else (name[:colon_at], name[colon_at + 1 :])
    repository = repository.lower()
    for registry in _DEFAULT_REGISTRIES:
        repository = repository.removeprefix(registry)
    return ImageReference(repository.removeprefix("library/"), tag, digest)


def is_image(text: str) -> bool:
    """Whether the text may be the name of an image; what stands in a template is not."""
    return _NAME.match(text.encode("utf-8", "replace")) is not None


@lru_cache(maxsize=256)
def default_user(text: str) -> str:
    """The user other than root that a published image runs as; empty for root and for images that are not known."""
    from agent_security_hooks.data.base_images import NON_ROOT, ROOT, SAYS_SO

    image = parse_image(text)
    if image.repository in ROOT:
        return ""
    tag = image.tag.lower()
    if any(word in tag or word in image.repository for word in SAYS_SO):
        return "a user without privileges"
    return next((known.user for known in NON_ROOT if _matches(known, image.repository, tag)), "")


def _matches(known: BaseImage, repository: str, tag: str) -> bool:
    if known.tags and not any(part in tag for part in known.tags) or any(part in tag for part in known.not_tags):
        return False
    return any(_is_like(pattern, repository) for pattern in known.repositories)


def _is_like(pattern: str, repository: str) -> bool:
    start, star, end = pattern.partition("*")
    if not star:
        return repository == pattern
    return len(repository) >= len(start) + len(end) and repository.startswith(start) and repository.endswith(end)


def drops_root(text: str) -> bool:
    """Whether the image's own entrypoint starts as root and goes on as another user."""
    from agent_security_hooks.data.base_images import DROPS_ROOT

    return parse_image(text).repository in DROPS_ROOT


def is_run_by_platform(text: str) -> bool:
    """Whether what the image is made for starts it as a user of its own."""
    from agent_security_hooks.data.base_images import RUN_BY_PLATFORM

    return any(_is_like(pattern, parse_image(text).repository) for pattern in RUN_BY_PLATFORM)


_CONTEXT_FILES = ("docker-bake.", "compose", "docker-compose", "makefile", "justfile", "taskfile")


def is_named_context(file: Source, image: str) -> bool:
    """Whether a name that a Dockerfile takes for an image is one that the build passes: `--build-context base=...`, `additional_contexts`, `contexts` of bake.

    Looked for in the compose, bake and make files beside the Dockerfile and at the root.
    """
    if not image.replace("-", "").replace("_", "").isalnum():
        return False
    return image in file.view(_named_contexts)


def _named_contexts(file: Source) -> frozenset[str]:
    """A view: the names of contexts that are passed to builds near a Dockerfile."""
    from agent_security_hooks.parse.disk import names_in
    from agent_security_hooks.parse.places import join, parent_of

    found: set[str] = set()
    for directory in dict.fromkeys((parent_of(file.path), "")):
        for name in names_in(file.repository, directory):
            if name.lower().startswith(_CONTEXT_FILES):
                source = file.repository.read(join(directory, name))
                if source is not None and b"context" in source.data:
                    found.update(match[1].decode() for match in _CONTEXT_ARGUMENT.finditer(source.data))
                    for block in _CONTEXT_BLOCK.finditer(source.data):
                        found.update(name.decode() for name in _CONTEXT_NAME.findall(block[0]))
    return frozenset(found)


_CONTEXT_ARGUMENT = Pattern(rb"--build-context[= ]['\"]?([\w-]{1,100})=")
_CONTEXT_BLOCK = Pattern(rb"(?:additional_contexts|contexts)[\"']?[ \t]{0,20}[:=][^\n]{0,500}(?:\n[ \t]{1,40}[^\n]{1,500}){0,50}")
_CONTEXT_NAME = Pattern(rb"[\s\"'{-]([\w-]{1,100})[\"']?[ \t]{0,20}[:=]")
