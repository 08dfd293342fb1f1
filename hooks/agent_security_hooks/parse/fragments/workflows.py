"""Steps of GitHub workflows and composite actions, as Gitea and Forgejo run them too.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import BASH, POWERSHELL, language_of
from agent_security_hooks.parse.fragments.pieces import mask_expressions
from agent_security_hooks.parse.fragments.values import Reader, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

SHELL_INPUTS = {
    "nick-fields/retry": ("command",),
    "nick-invision/retry": ("command",),
    "wandalen/wretry.action": ("command",),
    "devcontainers/ci": ("runCmd",),
    "reactivecircus/android-emulator-runner": ("pre-emulator-launch-script", "script"),
    "appleboy/ssh-action": ("script",),
    "azure/cli": ("inlineScript",),
    "addnab/docker-run-action": ("run",),
    "uraimo/run-on-arch-action": ("setup", "install", "run"),
    "cross-platform-actions/action": ("run",),
    **dict.fromkeys((f"vmactions/{system}-vm" for system in ("freebsd", "openbsd", "netbsd", "dragonflybsd", "solaris", "omnios")), ("prepare", "run")),
}
"""Inputs of widely used actions that hand their text to a shell."""


def read_workflow(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The steps of a workflow, one scope per job, or those of a composite action, which run in one job."""
    reader = Reader(file, budget, mask_expressions)
    root = reader.yaml()
    for name, job in reader.entries(root.get("jobs")):
        default = POWERSHELL if _on_windows(reader, job) else BASH
        defaults = [node for node in (job.get("defaults", "run"), root.get("defaults", "run")) if node is not None]
        environments = (root.get("env"), job.get("env"))
        yield from _steps(reader, job.get("steps"), f"job:{name}", default, defaults, environments)
    yield from _steps(reader, root.get("runs", "steps"), "action", BASH, [], ())


def _steps(reader: Reader, steps: Node | None, scope: str, default: str, defaults: list[Node], environments: tuple[Node | None, ...]) -> Iterator[Fragment]:
    for step in reader.items(steps):
        if step.kind != "map":
            continue
        text = reader.text(step.get("run"))
        found = [(text, _language(step, defaults, default))] if text else [(text, BASH) for text in _inputs(reader, step)]
        if not found:
            continue
        directory = next((value for node in (step, *defaults) if (value := string(node.get("working-directory")))), "")
        variables = reader.literals(*environments, step.get("env"))
        for text, language in found:
            yield Fragment(text, language, "workflow", scope, directory="" if "${{" in directory else directory, variables=variables)


def _inputs(reader: Reader, step: Node) -> Iterator[MappedText]:
    action = string(step.get("uses")).partition("@")[0].lower()
    for name in SHELL_INPUTS.get(action, ()):
        text = reader.text(step.get("with", name))
        if text:
            yield text


def _language(step: Node, defaults: list[Node], default: str) -> str:
    for node in (step, *defaults):
        words = string(node.get("shell")).split()
        if words:
            return language_of(words[0])
    return default


def _on_windows(reader: Reader, job: Node) -> bool:
    """Whether all runners that the job names are Windows."""
    runner = job.get("runs-on")
    if runner is None:
        return False
    names = [string(item) for item in reader.scalars(runner.get("labels") if runner.kind == "map" else runner)]
    if len(names) == 1 and "matrix." in names[0]:
        key = names[0].partition("matrix.")[2].strip(" }")
        names = [string(item) for item in reader.scalars(job.get("strategy", "matrix", key))]
        return bool(names) and all("windows" in name.lower() for name in names)
    return any("windows" in name.lower() for name in names)
