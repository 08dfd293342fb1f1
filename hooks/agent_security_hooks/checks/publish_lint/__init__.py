"""`publish-lint`: how packages, images and releases leave continuous integration, and whether anyone can check where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check
from agent_security_hooks.parse.actions.workflow import read_workflow

if TYPE_CHECKING:
    from agent_security_hooks.source import Source


def _unread(file: Source) -> str:
    """Why a file could not be looked at to its end, "" when it was."""
    workflow = file.view(read_workflow)
    return workflow.error if workflow else ""


check = Check("publish-lint", _unread)

# The rules register themselves with `check`, in this order.
from agent_security_hooks.checks.publish_lint import guards, provenance, releases, tokens  # noqa: E402, F401
