"""Whom the final process of an image runs as, and what in it gives root up without USER."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.image_reference import default_user, drops_root, is_image, is_named_context, is_run_by_platform, parse_image
from agent_security_hooks.parse.image_stages import effective, effective_user, is_windows
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.places import join, parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.dockerfile import Instruction
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.source import Source

# Programs that start another one as another user. `su -c` and `sudo -u` are made for people, and often used the same way.
_DROPS = Pattern(
    rb"(?<![\w.-])(?:gosu|su-exec|setpriv|s6-setuidgid|setuidgid|chpst|setuser|runuser|fixuid|start-stop-daemon|step-down|exec[ \t]+su|capsh)(?![\w.-])"
    rb"|chroot[ \t]+--userspec|--userspec="
)
_DEVELOPMENT = ("/.devcontainer/", "/.gitpod", "/.codespaces/")


class FinalUser(NamedTuple):
    """Root as the user of the final stage: by which USER (None where there is none), with the value it resolves to.

    Not `sure` where something else than USER may give root up, or where it cannot be told; `note` says what.
    """

    stage: Stage
    instruction: Instruction | None
    user: str
    fix: str
    sure: bool = True
    note: str = ""


def missing_user(file: Source, stages: tuple[Stage, ...]) -> FinalUser | None:
    """The final stage when no USER is set in it or in what it is based on, and its base image is not known to set one."""
    final = stages[-1] if stages else None
    if final is None or effective_user(final)[1] is not None or is_windows(final):
        return None
    fix = _advice(final)
    image = final.root_image
    if not is_image(image):
        return FinalUser(final, None, "root", fix, sure=False, note="unless its base image does")
    if image == "scratch":
        if effective(final, "CMD") is None and effective(final, "ENTRYPOINT") is None:
            return None  # made to be exported
        return FinalUser(final, None, "root", "USER 65534:65534 before the entrypoint: numbers need no /etc/passwd", sure=False)
    if default_user(image):
        return None
    note = _gives_up(file, final)
    if not note and drops_root(image) and effective(final, "ENTRYPOINT") is None:
        note = "its entrypoint drops root itself"
    if not note and is_run_by_platform(image):
        note = "its platform starts it as another user"
    if not note and is_named_context(file, image):
        note = "unless the image that the build passes does"
    if not note and any(part in f"/{file.path}" for part in _DEVELOPMENT):
        note = "an image to develop in"
    return FinalUser(final, None, "root", fix, not note, note)


def root_user(file: Source, stages: tuple[Stage, ...]) -> FinalUser | None:
    """The final stage when its last USER, inherited or its own, resolves to root."""
    final = stages[-1] if stages else None
    user, instruction = effective_user(final) if final is not None else (None, None)
    if final is None or instruction is None or user is None or not is_root(user, windows=is_windows(final)):
        return None
    note = _gives_up(file, final)
    fix = "" if note or not (known := _known_user(final)) else f"put USER {known} before CMD: the base image has that user"
    return FinalUser(final, instruction, user, fix, not note, note)


def is_root(user: str, *, windows: bool = False) -> bool:
    """Whether a value of USER means root: by name or number, with or without a group."""
    name = user.strip().partition(":")[0].strip("\"'")
    if windows:
        return name.lower() in ("containeradministrator", "administrator")
    return name == "root" or name.isascii() and name.isdigit() and int(name[:20]) == 0


def _gives_up(file: Source, final: Stage) -> str:
    """What starts the program as another user; empty where nothing is seen to."""
    for keyword in ("ENTRYPOINT", "CMD"):
        made = effective(final, keyword)
        if made is not None:
            if _DROPS.search(made.body.data):
                return f"{keyword} drops root itself"
            for script in _scripts(file, final, made):
                if _DROPS.search(script):
                    return "its entrypoint drops root itself"
    for stage in final.lineage:
        for made in stage.instructions:
            if made.keyword == "RUN" and _DROPS.search(made.body.data) and not _is_exec_of_su(made.body.data):
                return "it installs a program that drops root"
    return ""


def _is_exec_of_su(data: bytes) -> bool:
    found = _DROPS.search(data)
    return found is not None and found[0].startswith((b"exec", b"runuser", b"start-stop"))


def _scripts(file: Source, final: Stage, made: Instruction) -> Iterator[bytes]:
    """What is known of the script that an ENTRYPOINT or CMD starts: a here-document of the Dockerfile or a file of the repository."""
    words = (
        made.words if made.is_json else tuple(word for argument in made.words for word in (argument._replace(text=part) for part in argument.text.split()[:4]))
    )
    names = {word.text.rsplit("/", 1)[-1] for word in words[:4] if word.text and not word.text.startswith("-")}
    for stage in final.lineage:
        for copy in stage.instructions:
            if copy.keyword not in ("COPY", "ADD") or not copy.words:
                continue
            target = copy.words[-1].text.rsplit("/", 1)[-1]
            if copy.heredocs and (target in names or any(heredoc.name in names for heredoc in copy.heredocs)):
                yield from (heredoc.content.data for heredoc in copy.heredocs)
            if copy.flag("from") is not None:
                continue
            for source in copy.words[:-1]:
                if source.text.rsplit("/", 1)[-1] in names or target in names:
                    yield from _read(file, source.text)
    for name in sorted(names):  # one that came with the whole context
        if name.endswith((".sh", ".bash", "entrypoint")):
            yield from _read(file, name)


def _read(file: Source, path: str) -> Iterator[bytes]:
    path = path.removeprefix("./").strip("/")
    if not path or ".." in path.split("/"):
        return
    for directory in dict.fromkeys((parent_of(file.path), "")):
        found = file.repository.read(join(directory, path))
        if found is not None:
            yield found.data
            return


def _known_user(final: Stage) -> str:
    """A user without privileges that the base image brings along."""
    from agent_security_hooks.data.base_images import BRINGS_USER

    image = final.root_image
    return default_user(image) if default_user(image).isalnum() else BRINGS_USER.get(parse_image(image).repository, "") if image else ""


def _advice(final: Stage) -> str:
    """The lines to add, for the base image at hand."""
    image = parse_image(final.root_image)
    known = _known_user(final)
    if known:
        return f"put USER {known} before CMD: the base image has that user"
    if image.repository.startswith("gcr.io/distroless/"):
        return f"take the tag nonroot, or put USER nonroot before the entrypoint: {image.repository} has that user"
    if "alpine" in image.repository or "alpine" in image.tag or "wolfi" in image.repository:
        return "RUN adduser -S -D -H -u 10001 app, and USER 10001 before CMD"
    return "RUN useradd --system --uid 10001 app, and USER 10001 before CMD"
