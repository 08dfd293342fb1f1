"""Rules about what the commands of an image permit: sudo, files that everyone may write, root without a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.dockerfile_lint import check, stages_of
from agent_security_hooks.model import Hit, excerpt
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source


_SUDO = Pattern(rb"sudo")


@check.rule("sudo-in-image", point=6, pedantic=True)
def sudo_in_image(file: Source) -> Iterator[Hit]:
    """A step of the build or the program that the image starts uses sudo.

    Risk: Steps run as root already, so sudo does nothing there; for it to work at run time the user must be able to become root.
    Fix: Leave `sudo` out; switch with `USER root` and back, and start programs as another user with gosu or setpriv.
    Verify: `docker run --rm --entrypoint sh IMAGE -c 'command -v sudo'` prints nothing.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/wolfi-base@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN sudo apk add git
        USER nonroot

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/wolfi-base@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN apk add git
        USER nonroot
    """
    if b"sudo" not in file.data or not stages_of(file):
        return
    from agent_security_hooks.parse.image_commands import image_calls
    from agent_security_hooks.parse.wrappers import base_name

    reported: object = None
    for call in image_calls(file, _SUDO):
        words = (*call.wrappers, *([call.program] if call.program else []))
        used = next((word for word in words if base_name(word.text) == "sudo"), None)
        if used is not None and call.source is not reported:  # one finding for a script
            reported = call.source
            fix = "leave sudo out: USER root before the step, and the application's user after it"
            yield Hit(*call.place(used), "sudo is used in a step of the image, which can run as that user itself", fix)


@check.rule("world-writable", point=7)
def world_writable(file: Source) -> Iterator[Hit]:
    """Files of the image are made writable for every user.

    Directories for temporary files (`chmod 1777 /tmp`) are meant to be; in others, the sticky bit keeps users from each other's files.

    Risk: Whoever takes over any process in the container can replace programs and settings that others run.
    Fix: Give the file to the user that needs it and to nobody else: `chown app:app PATH`, `chmod 755 PATH`, `COPY --chown=app --chmod=755`.
    Verify: `docker run --rm --entrypoint find IMAGE / -xdev -perm -0002 ! -type l ! -perm -1000` prints nothing of yours.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN mkdir /data && chmod -R 777 /data

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN install -d -o node -m 755 /data
    """
    stages = stages_of(file)
    for stage in stages if b"--chmod" in file.data else ():
        for outer in stage.instructions:
            flag = (outer.inner or outer).flag("chmod")
            if flag is not None and is_open_mode(flag.text):
                made = outer.inner or outer
                message = f"{made.keyword} --chmod={excerpt(flag.text, 20)} lets every user of the container change {_files(made.words[-1].text if made.words else '')}"
                yield Hit(
                    flag.start,
                    flag.end,
                    message,
                    f"--chmod=755 for programs and directories, 644 for files, and {made.keyword} --chown for the user that has to write",
                )
    if stages and _OPEN_MODE.search(file.data):
        from agent_security_hooks.parse.image_commands import image_calls

        for call in image_calls(file, _OPEN_MODE):
            mode, paths = _mode_set(call)
            if mode and is_open_mode(mode) and not (paths and all(map(_is_temporary, paths))):
                mode = call.texts[0] if call.name == "umask" else mode
                written = f"{call.name} {'-m ' if call.name in _WITH_MODE else ''}{excerpt(mode, 20)}"
                if call.name == "umask":
                    yield Hit(call.start, call.end, f"{written} lets every user of the container change what is written after it", "umask 022")
                else:
                    message = f"{written} lets every user of the container change {_files(*paths)}"
                    fix = "chown it to the user that has to write, and chmod 755 (programs, directories) or 644 (files)"
                    yield Hit(call.start, call.end, message, fix, (), _is_sticky(mode))


# A word that may be a mode for everyone: parsing a script costs more than all other rules together.
_OPEN_MODE = Pattern(rb"(?<![\w.])[0-7]{2,4}[2367](?![\w.])|m[0-7]{2,4}[2367](?!\w)|[oa][ugo]{0,3}[+=][rwxXst]{0,5}w|umask[ \t]{1,9}0{1,4}(?!\w)")
_WITH_MODE = ("install", "mkdir")
_SYMBOLIC = Pattern(r"([ugoa]{0,10})((?:[-+=][rwxXstugo]{0,10}){1,10})\Z")
_OPERATION = Pattern(r"([-+=])([rwxXstugo]*)")


def is_open_mode(mode: str) -> bool:
    """Whether a mode of chmod lets everyone write: an octal one whose last digit has bit 2, a symbolic one that gives `w` to others."""
    if mode.isdigit() and mode.isascii():
        return len(mode) <= 5 and mode[-1] in "2367"
    for clause in mode.split(","):
        match = _SYMBOLIC.match(clause)
        if match and ("o" in match[1] or "a" in match[1]):
            if any(operator != "-" and "w" in permissions for operator, permissions in _OPERATION.findall(match[2])):
                return True
    return False


def _is_sticky(mode: str) -> bool:
    """Whether users may write into a directory, but not change each other's files."""
    return len(mode) > 3 and mode[-4] in "1357" if mode.isdigit() else "t" in mode


def _mode_set(call: Call) -> tuple[str, list[str]]:
    """The mode that a command sets, and for which paths; an empty mode for other commands."""
    texts = call.texts
    if call.name == "umask":
        return ("777" if texts and texts[0].strip("0") == "" and texts[0] else "", [])
    if call.name == "chmod":
        plain = [text for text in texts if not text.startswith("-") or _SYMBOLIC.match(text)]
        return (plain[0], plain[1:]) if plain and not any(text.startswith("--reference") for text in texts) else ("", [])
    if call.name not in _WITH_MODE:
        return "", []
    return _mode_option(texts, call.name)


def _mode_option(texts: list[str], name: str) -> tuple[str, list[str]]:
    """The mode that install and mkdir are given with `-m`, also among other options (`-Dm755`), and the paths."""
    mode, plain, position = "", [], 0
    while position < len(texts):
        text = texts[position]
        position += 1
        if text.startswith("--"):
            flag, equals, value = text.partition("=")
            if flag == "--mode":
                mode = value if equals else next(iter(texts[position : position + 1]), "")
                position += not equals
        elif text.startswith("-"):
            at = next((at for at, letter in enumerate(text) if letter in "mgotSZ" and at), 0)
            if at:
                value = text[at + 1 :] or next(iter(texts[position : position + 1]), "")
                position += not text[at + 1 :]
                mode = value if text[at] == "m" else mode
        else:
            plain.append(text)
    return mode, plain if name == "mkdir" else plain[-1:]


def _is_temporary(path: str) -> bool:
    plain = path.rstrip("/*").rstrip("/")
    return plain.endswith(("/tmp", "/dev/shm", "/run/lock")) or plain in ("tmp", "$TMPDIR", "${TMPDIR}")  # noqa: S108


def _files(*paths: str) -> str:
    from agent_security_hooks.parse.places import listed

    return listed((excerpt(path, 60) for path in paths if path.strip("{}")), 2) or "the files"


@check.rule("passwordless-root", point=6)
def passwordless_root(file: Source) -> Iterator[Hit]:
    """A user may become root without a password, or with one that stands in the Dockerfile.

    Risk: Whoever takes over the program is root in the container with one more command.
    Fix: Do without sudo and passwords: steps run as root until USER, and `docker exec -u 0` needs neither.
    Verify: `docker run --rm --entrypoint sudo IMAGE -n true` fails.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN echo "node ALL=(ALL) NOPASSWD:ALL" > /etc/sudoers.d/node

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN echo "node ALL=(root) NOPASSWD: /usr/sbin/nginx" > /etc/sudoers.d/node
    """
    if not any(word in file.data for word in (b"passwd", b"NOPASSWD", b"usermod", b"useradd", b"/etc/shadow")):
        return
    from agent_security_hooks.parse.root_access import MARKS, given_passwords, sudo_for_all

    if not MARKS.search(file.data) or not (stages := stages_of(file)):
        return

    for start, end, who in sudo_for_all(stages):
        yield Hit(
            start,
            end,
            f"NOPASSWD:ALL lets {excerpt(who, 40) or 'a user'} become root without a password",
            "leave the line out, or name the one command that needs it: NOPASSWD: /usr/bin/COMMAND",
        )
    for start, end, program, who in given_passwords(file):
        user = excerpt(who, 40)
        if program:
            yield Hit(
                start, end, f"{program} gives {user or 'a user'} a password that everyone can read here", "leave it out, and lock the account: passwd -l root"
            )
        else:
            yield Hit(start, end, f"{user or 'a user'} gets an empty password", "leave it out, and lock the account: passwd -l root")
