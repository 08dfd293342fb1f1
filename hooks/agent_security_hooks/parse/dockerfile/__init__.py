"""Dockerfiles: their instructions as BuildKit reads them, with exact positions."""

from __future__ import annotations

from agent_security_hooks.parse.dockerfile.expansion import expand, resolve
from agent_security_hooks.parse.dockerfile.model import Argument, Directive, Dockerfile, Heredoc, Instruction
from agent_security_hooks.parse.dockerfile.reader import read_dockerfile

__all__ = ["Argument", "Directive", "Dockerfile", "Heredoc", "Instruction", "expand", "read_dockerfile", "resolve"]
