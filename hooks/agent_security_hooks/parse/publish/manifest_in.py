"""MANIFEST.in: commands that add files to, or take them from, the sdist of setuptools. A leading dot is nothing special here.

Source: https://setuptools.pypa.io/en/latest/userguide/miscellaneous.html#using-manifest-in
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.ignore import path_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_security_hooks.parse.publish.layout import Layout

# command -> (does it add files, the pattern of its words; the first word of a recursive command is a directory)
_COMMANDS: dict[str, tuple[bool, Callable[[str, str], str]]] = {
    "include": (True, lambda _, pattern: pattern),
    "exclude": (False, lambda _, pattern: pattern),
    "recursive-include": (True, lambda directory, pattern: f"{directory}/**/{pattern}"),
    "recursive-exclude": (False, lambda directory, pattern: f"{directory}/**/{pattern}"),
    "global-include": (True, lambda _, pattern: f"**/{pattern}"),
    "global-exclude": (False, lambda _, pattern: f"**/{pattern}"),
    "graft": (True, lambda _, pattern: f"{pattern}/**"),
    "prune": (False, lambda _, pattern: f"{pattern}/**"),
}


def apply_manifest(layout: Layout, files: dict[str, str]) -> None:
    """Carry out the commands of MANIFEST.in, if there is one, on the files found so far. A line that makes no sense does nothing."""
    content = layout.tree.read("MANIFEST.in")
    if content is None:
        return
    for command, pattern in _commands(content.decode("utf-8", "replace")):
        adds, _ = _COMMANDS[command]
        glob = path_glob(pattern.replace("\\", "\\\\"))
        if adds:
            for path in layout.files:
                if glob.matches(path):
                    files.setdefault(path, f'matched by "{command}" in MANIFEST.in')
        else:
            for path in [path for path in files if glob.matches(path)]:
                del files[path]


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command with each of its patterns, as a glob for a whole path."""
    for line in text.replace("\r\n", "\n").replace("\\\n", " ").split("\n"):
        words = line.partition("#")[0].split()
        if not words or words[0] not in _COMMANDS:
            continue
        command, *rest = words
        directory = rest.pop(0) if command.startswith("recursive-") and rest else ""
        if command in {"graft", "prune"} and len(rest) != 1:
            continue
        for word in rest:
            pattern = _COMMANDS[command][1](directory.rstrip("/"), word.rstrip("/") if command in {"graft", "prune"} else word)
            yield command, _normal(pattern)


def _normal(pattern: str) -> str:
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    return "/".join(parts)
