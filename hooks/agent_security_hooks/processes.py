"""Running one short-lived program without the `subprocess` module, which costs more to import (6 ms) than git needs to answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OUTPUT_LIMIT = 256 << 20


def run(command: Sequence[str], environment: Mapping[str, str], stdin: bytes = b"", timeout: float = 10) -> tuple[int, bytes] | None:
    """Exit status and standard output of a program found on PATH; stderr is dropped.

    None where it cannot be started, takes longer than `timeout` seconds or prints more than 256 MB.
    """
    if hasattr(os, "posix_spawnp") and hasattr(os, "memfd_create"):
        return _spawn(command, environment, stdin, timeout)
    import subprocess

    try:
        done = subprocess.run(
            list(command), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(environment), timeout=timeout, check=False
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.returncode, done.stdout


def _spawn(command: Sequence[str], environment: Mapping[str, str], stdin: bytes, timeout: float) -> tuple[int, bytes] | None:
    """As `run`, on Linux: the input is a file in memory, so that nothing can block on writing it."""
    output, other_end = -1, -1
    source = os.memfd_create("stdin")
    try:
        view = memoryview(stdin)
        while view:
            view = view[os.write(source, view) :]
        os.lseek(source, 0, os.SEEK_SET)
        output, other_end = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, source, 0),
            (os.POSIX_SPAWN_DUP2, other_end, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        child = os.posix_spawnp(command[0], list(command), environment, file_actions=actions)
        os.close(other_end)
        other_end = -1
        content = _read_until(output, timeout)
        if content is None:
            os.kill(child, 9)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return None if content is None else (status, content)
    except (OSError, ValueError):
        return None
    finally:
        for descriptor in (source, output, other_end):
            if descriptor >= 0:
                os.close(descriptor)


def _read_until(descriptor: int, timeout: float) -> bytes | None:
    """Everything up to the end of the stream; None where it does not end in time or is too long."""
    from select import select
    from time import monotonic

    deadline, size = monotonic() + timeout, 0
    parts: list[bytes] = []
    while select([descriptor], [], [], max(0.0, deadline - monotonic()))[0]:
        part = os.read(descriptor, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > OUTPUT_LIMIT:
            return None
    return None
