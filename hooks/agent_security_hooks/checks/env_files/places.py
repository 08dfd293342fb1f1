"""Which files show that a project has env files, and in which order a finding looks for its place among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.places import answers, is_manifest, join, listed, note_once, parent_of, passed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NOT_OURS", "answers", "depth_first", "is_manifest", "is_other_manifest", "join", "listed", "note_once", "parent_of", "passed"]

# Elsewhere, only where a template shows that one is used.
_OTHER_MANIFESTS = frozenset("go.mod cargo.toml pom.xml build.gradle build.gradle.kts mix.exs pubspec.yaml makefile justfile dockerfile containerfile".split())
NOT_OURS = re.compile(r"(?i)(?:^|/)(?:node_modules|bower_components|vendor|third[-_]party|fixtures|__fixtures__|testdata)/")


def is_other_manifest(path: str) -> bool:
    """Whether it does so in another ecosystem."""
    return path.rsplit("/", 1)[-1].lower() in _OTHER_MANIFESTS


def depth_first(paths: Iterable[str]) -> list[str]:
    """Paths in order of depth, then name."""
    return sorted(paths, key=lambda path: (path.count("/"), path))
