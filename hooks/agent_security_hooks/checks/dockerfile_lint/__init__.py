"""`dockerfile-lint`: what a Dockerfile, a compose file or a development container bakes in, leaves open or takes on trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check

if TYPE_CHECKING:
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.source import Source

check = Check("dockerfile-lint")


def stages_of(file: Source) -> tuple[Stage, ...]:
    """The build stages of a Dockerfile; none for a file of another kind."""
    from agent_security_hooks.parse.file_kinds import is_dockerfile

    if not is_dockerfile(file.path):
        return ()
    from agent_security_hooks.parse.image_stages import read_stages

    return file.view(read_stages)


# The rules register themselves with `check`, in this order.
from agent_security_hooks.checks.dockerfile_lint import commands, container_rules, images, secrets  # noqa: E402, F401
