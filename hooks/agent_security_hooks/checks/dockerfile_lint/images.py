"""Rules about what an image is made from and whom it runs as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.dockerfile_lint import check, stages_of
from agent_security_hooks.model import Hit, excerpt
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.dockerfile import Instruction
    from agent_security_hooks.parse.image_stages import Reference, Stage
    from agent_security_hooks.source import Source


def _called(stage: Stage) -> str:
    return f"the final stage ({stage.name})" if stage.name else "the final stage" if stage.index else "the image"


@check.rule("missing-user", point=6)
def missing_user(file: Source) -> Iterator[Hit]:
    """No USER is set, so the container runs as root.

    Base images that are known to run as another user are taken into account.

    Risk: Whoever takes over the program is root in the container, one kernel or mount mistake away from root on the host.
    Fix: Create a user and switch to it before CMD: `RUN useradd --system --uid 10001 app` and `USER 10001`.
    Verify: `docker run --rm --entrypoint id IMAGE` does not print `uid=0(root)`.

    Bad: (Dockerfile)
        FROM python:3.12-slim@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        COPY agent/ /app/
        CMD ["python", "/app/main.py"]

    Good: (Dockerfile)
        FROM python:3.12-slim@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN useradd --system --uid 10001 app
        COPY agent/ /app/
        USER 10001
        CMD ["python", "/app/main.py"]
    """
    from agent_security_hooks.parse.image_users import missing_user as find

    found = find(file, stages_of(file))
    if found is not None:
        start, root = found.stage.start, found.stage.lineage[-1]
        written = root.base.text if "{" not in root.base.text[:1] else root.start.body.data.decode("utf-8", "replace")  # a template may hold blanks
        base = excerpt(written, 80)
        message = f"{_called(found.stage)} never leaves root: no USER since FROM {base}" + (f" ({found.note})" if found.note else "")
        yield Hit(start.start, start.end, message, found.fix, (), not found.sure)


@check.rule("root-user", point=6)
def root_user(file: Source) -> Iterator[Hit]:
    """The last USER of the final stage is root.

    Values of ARG and ENV and what a stage inherits are taken into account.

    Risk: Whoever takes over the program is root in the container, one kernel or mount mistake away from root on the host.
    Fix: Switch back after the steps that need root: put `USER 10001` (or the name of the application's user) before CMD.
    Verify: `docker run --rm --entrypoint id IMAGE` does not print `uid=0(root)`.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        USER root
        CMD ["main.py"]

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        USER root
        RUN apk add --no-cache git
        USER nonroot
        CMD ["main.py"]
    """
    from agent_security_hooks.parse.image_users import root_user as find

    found = find(file, stages_of(file))
    if found is not None and found.instruction is not None:
        written = excerpt(found.instruction.body.data.decode("utf-8", "replace"), 60)
        meant = "" if found.user == written.strip("\"'") else f" ({excerpt(found.user, 60)})"
        where = f"; {_called(found.stage)} inherits it" if found.instruction not in found.stage.instructions else f" is the last USER of {_called(found.stage)}"
        message = f"USER {written}{meant}{where}" + (f" ({found.note})" if found.note else "")
        yield Hit(found.instruction.start, found.instruction.end, message, found.fix, (), not found.sure)


@check.rule("unpinned-base-image", point=3)
def unpinned_base_image(file: Source) -> Iterator[Hit]:
    """An image is taken by a name that can mean another image tomorrow.

    Stages of the same file, `scratch` and named contexts need no digest.

    Risk: Whoever can move the tag decides what is in the image, and two builds of the same commit differ.
    Fix: Append the digest that `docker buildx imagetools inspect IMAGE` prints: `FROM python:3.12-slim@sha256:...`; Dependabot and Renovate keep it fresh.
    Verify: `grep -nE '^FROM' Dockerfile` shows `@sha256:` for every image.

    Bad: (Dockerfile)
        FROM node:22-slim
        USER node

    Good: (Dockerfile)
        FROM node:22-slim@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        USER node
    """
    stages = stages_of(file)
    for stage in stages:
        for reference in stage.references:
            if (hit := _unpinned(file, stages, stage, reference)) is not None:
                yield hit
    if stages:
        yield from _unpinned_frontend(file)


def _unpinned(file: Source, stages: tuple[Stage, ...], stage: Stage, reference: Reference) -> Hit | None:
    from agent_security_hooks.parse.image_reference import is_image, is_named_context, parse_image

    written, image = reference.argument.text, reference.image
    if reference.target is not None or image == "scratch" or not written or image.isdecimal():
        return None
    if not image:
        return _chosen_outside(stages, stage, reference)
    parsed = parse_image(image)
    if parsed.is_pinned or not is_image(image) or is_named_context(file, image):
        return None
    keyword = _source_of(reference)
    shown = excerpt(image, 80)
    by_default = f" ({excerpt(written, 60)} unless an argument says otherwise)" if "$" in written else ""
    if parsed.is_moving:
        why = "says `latest`" if parsed.tag else "has no tag"
        message = f"{keyword}{shown}{by_default} {why} and no digest: every build takes whatever was pushed last"
    else:
        message = f"{keyword}{shown}{by_default} has no digest: the tag can be moved to another image"
    name = image.partition("@")[0]
    fix = f"docker buildx imagetools inspect {excerpt(name, 80)} prints the digest; write {excerpt(name, 80)}{'' if parsed.tag else ':TAG'}@sha256:DIGEST"
    return Hit(reference.argument.start, reference.argument.end, message, fix)


def _source_of(reference: Reference) -> str:
    keyword = (reference.instruction.inner or reference.instruction).keyword
    return {"FROM": "FROM ", "RUN": "RUN --mount=from="}.get(keyword, "COPY --from=")


def _chosen_outside(stages: tuple[Stage, ...], stage: Stage, reference: Reference) -> Hit | None:
    """An image with a variable that has no value here: the build decides, so it can only be said that no digest is asked for."""
    written = reference.argument.text
    name, _, rest = written.partition("$")
    if not name or "@" in name or reference.instruction is not stage.start or stage.alternatives:
        return None
    if any(other.name.startswith(name.lower()) for other in stages if other.name):
        return None
    if ":" not in name and "/" not in name or "@" in rest:
        return None
    message = f"FROM {excerpt(written, 80)} asks for no digest, whatever the argument is"
    return Hit(
        reference.argument.start, reference.argument.end, message, "append @${DIGEST} and pass the digest with --build-arg, or write it here", (), pedantic=True
    )


def _unpinned_frontend(file: Source) -> Iterator[Hit]:
    from agent_security_hooks.parse.dockerfile import read_dockerfile
    from agent_security_hooks.parse.image_reference import parse_image

    for name, value, start, end in file.view(read_dockerfile).directives:
        if name == "syntax" and value and not parse_image(value.partition(" ")[0]).is_pinned:
            message = f"the builder's frontend {excerpt(value, 80)} has no digest: it reads the whole build"
            yield Hit(start, end, message, f"write {excerpt(value, 80)}@sha256:DIGEST, or leave the line out where nothing needs it", (), pedantic=True)


@check.rule("unverified-add", point=4)
def unverified_add(file: Source) -> Iterator[Hit]:
    """ADD takes a file or a repository from the network, and nothing checks what arrives.

    Risk: Whoever controls the server, or a branch or tag, decides what is in the image.
    Fix: Write down the checksum, `ADD --checksum=sha256:... URL /path`, or for git the full commit, `ADD https://host/repo.git#COMMIT /path`.
    Verify: The build stops when the checksum is changed by one digit.

    Bad: (Dockerfile)
        FROM scratch
        ADD https://example.org/models/tiny.gguf /models/

    Good: (Dockerfile)
        FROM scratch
        ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.org/models/tiny.gguf /models/
    """
    if b"://" not in file.data and b"@" not in file.data:
        return
    for stage in stages_of(file):
        for outer in stage.instructions:
            instruction = outer.inner or outer
            if instruction.keyword == "ADD":
                yield from _unverified_sources(stage, outer, instruction)


# What the builder clones instead of downloading it: github.com/moby/buildkit, util/gitutil.
_GIT_URL = Pattern(r"(?:git|ssh)://|[\w.-]{1,100}@[\w.-]{1,200}:(?!/)|https?://[^?#]{1,2000}\.git(?:[?#]|\Z)")
_COMMIT = Pattern(r"#(?:[0-9a-f]{40}|[0-9a-f]{64})(?::|\Z)|[?&](?:commit|checksum)=(?:[0-9a-f]{40}|[0-9a-f]{64})(?:[&#]|\Z)")


def _unverified_sources(stage: Stage, outer: Instruction, instruction: Instruction) -> Iterator[Hit]:
    from agent_security_hooks.parse.image_stages import resolve, variables_at

    checksum = instruction.flag("checksum")
    if checksum is not None and checksum.text:
        return
    variables = variables_at(stage, outer)
    for word in instruction.words[:-1]:
        text = word.text if "$" not in word.text else resolve(word.text, variables, stage.escape) or word.text
        if _GIT_URL.match(text):
            if not _COMMIT.search(text):
                reference = text.partition("#")[2].partition(":")[0]
                what = f"{excerpt(reference, 40)} can be moved to another commit" if reference else "the default branch changes with every push"
                yield Hit(word.start, word.end, f"ADD clones {excerpt(text, 80)}: {what}", "name the full commit: ADD https://host/repo.git#COMMIT /path")
        elif text.startswith(("http://", "https://")):
            from agent_security_hooks.parse.urls import is_pinned

            fix = f"curl -fsSL {excerpt(text, 200)} | sha256sum, then ADD --checksum=sha256:DIGEST ..."
            pinned = text.startswith("https:") and is_pinned(text)
            message = f"ADD downloads {excerpt(text, 80)} without a checksum" + (" (its address names a commit)" if pinned else "")
            yield Hit(word.start, word.end, message, fix, (), pinned)
