"""Pipelines of GitLab, CircleCI, Azure, Travis and Bitbucket.

Sources: https://docs.gitlab.com/ci/yaml/, https://circleci.com/docs/reference/configuration-reference/,
https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/, https://docs.travis-ci.com/user/job-lifecycle/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import BASH, CMD, POWERSHELL, language_of
from agent_security_hooks.parse.fragments.pieces import join_texts, mask_between, mask_expressions, mask_spans
from agent_security_hooks.parse.fragments.values import Reader, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_PLACE = "pipeline"
_NO_JOBS = frozenset("default include variables workflow stages image services cache spec before_script after_script script".split())
_TRAVIS = "before_install install before_script script before_cache after_success after_failure before_deploy deploy after_deploy after_script".split()
_AZURE_MACRO = Pattern(rb"\$\([A-Za-z_][\w-]{0,100}\.[\w.-]{1,200}\)")
_CIRCLECI_PARAMETER = Pattern(rb"<<[#/^&]?[ \t]{0,10}\w{1,100}\.[\w.-]{1,200}[ \t]{0,10}>>")
_AZURE_STEPS = (("script", ""), ("bash", BASH), ("pwsh", POWERSHELL), ("powershell", POWERSHELL))
_AZURE_TASKS = {"bash": BASH, "shellscript": BASH, "powershell": POWERSHELL, "azurepowershell": POWERSHELL, "cmdline": "", "azurecli": BASH}


def read_gitlab(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The scripts of all jobs; `before_script` and `script` run in one shell. What runs before every job is given once, as a scope that jobs come after."""
    reader = Reader(file, budget, lambda text: mask_between(text, b"$[[", b"]]"))
    for root in reader.documents():
        yield from _gitlab_document(reader, root)


def _gitlab_document(reader: Reader, root: Node) -> Iterator[Fragment]:
    common = {name: node for name in ("before_script", "after_script") if (node := root.get("default", name) or root.get(name))}
    for name, node in common.items():
        yield from _gitlab_script(reader, [node], f"default:{name}", root)
    for name, job in reader.entries(root):
        if job.kind != "map" or name in _NO_JOBS:
            continue
        scripts = [node for key in ("before_script", "script") if (node := job.get(key))]
        after = "" if "before_script" not in common or job.get("before_script") else "default:before_script"
        yield from _gitlab_script(reader, scripts, f"job:{name}", root, job, after)
        for hook in (job.get("hooks", "pre_get_sources_script"), job.get("after_script")):
            yield from _gitlab_script(reader, [hook] if hook else [], f"job:{name}", root, job)


def _gitlab_script(reader: Reader, nodes: list[Node], scope: str, root: Node, job: Node | None = None, after: str = "") -> Iterator[Fragment]:
    texts = [text for node in nodes for text in reader.texts(node)]
    if not texts:
        return
    windows = job is not None and any("windows" in tag.value.lower() for tag in reader.scalars(job.get("tags")))
    variables = reader.literals(root.get("variables"), job.get("variables") if job else None)
    yield Fragment(join_texts(texts), POWERSHELL if windows else BASH, _PLACE, scope, after, variables=variables)


def read_circleci(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The `run` steps of jobs and commands, those of orbs in the file included; one scope each."""
    reader = Reader(file, budget, lambda text: mask_spans(text, [match.span() for match in _CIRCLECI_PARAMETER.finditer(text.data)]))
    root = reader.yaml()
    for prefix, owner in (("", root), *((f"{name}/", orb) for name, orb in reader.entries(root.get("orbs")) if orb.kind == "map")):
        for kind in ("jobs", "commands"):
            for name, job in reader.entries(owner.get(kind)):
                executor = string(job.get("executor")) or string(job.get("executor", "name"))
                default = POWERSHELL if executor.startswith(("win/", "windows")) else BASH
                yield from _circleci_steps(reader, job.get("steps"), job, f"{kind[:-1]}:{prefix}{name}", default)


def _circleci_steps(reader: Reader, steps: Node | None, job: Node, scope: str, default: str, depth: int = 0) -> Iterator[Fragment]:
    for step in reader.items(steps):
        for condition in ("when", "unless"):
            nested = step.get(condition, "steps")
            if nested is not None and depth < 10:
                yield from _circleci_steps(reader, nested, job, scope, default, depth + 1)
        run = step.get("run")
        if run is None:
            continue
        text = reader.text(run.get("command") if run.kind == "map" else run)
        if text:
            shell = string(run.get("shell")) or string(job.get("shell"))
            directory = string(run.get("working_directory")) or string(job.get("working_directory"))
            language = language_of(shell.split()[0]) if shell.split() and "<<" not in shell else default
            variables = reader.literals(job.get("environment"), run.get("environment"))
            yield Fragment(text, language, _PLACE, scope, directory="" if "<<" in directory else directory, variables=variables)


def _mask_azure(text: MappedText) -> MappedText:
    text = mask_expressions(text)
    return mask_spans(text, [match.span() for match in _AZURE_MACRO.finditer(text.data)])


def read_azure(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The steps of Azure pipelines and their templates, wherever a list of `steps` stands; one scope each."""
    reader = Reader(file, budget, _mask_azure)
    waiting = [(root, False) for root in reader.documents()]
    seen: set[int] = set()
    while waiting:
        node, windows = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.kind == "list":
            waiting += [(item, windows) for item in reader.items(node)][::-1]
        pool = string(node.get("pool", "vmImage")) or string(node.get("pool"))
        if pool:
            windows = "windows" in pool.lower() or pool.lower().startswith("vs20")
        below = []
        for key, value in reader.entries(node):
            if key == "steps":
                yield from _azure_steps(reader, value, f"steps:{reader.line(value)}", windows)
            if value.kind != "scalar":
                below.append((value, windows))
        waiting += below[::-1]


def _azure_steps(reader: Reader, steps: Node, scope: str, windows: bool) -> Iterator[Fragment]:
    for step in reader.items(steps):
        for key, own in _AZURE_STEPS:
            text = reader.text(step.get(key))
            if text:
                directory = string(step.get("workingDirectory"))
                known = "" if "$" in directory else directory
                yield Fragment(text, own or (CMD if windows else BASH), _PLACE, scope, directory=known, variables=reader.literals(step.get("env")))
        task = string(step.get("task")).partition("@")[0].lower()
        if task in _AZURE_TASKS:
            text = reader.text(step.get("inputs", "script") or step.get("inputs", "inlineScript") or step.get("inputs", "inline"))
            if text:
                yield Fragment(text, _AZURE_TASKS[task] or (CMD if windows else BASH), _PLACE, scope)


def read_travis(file: Source, budget: Budget) -> Iterator[Fragment]:
    """All phases in the order in which they run, those of the jobs in `jobs` or `matrix` included."""
    reader = Reader(file, budget)
    root = reader.yaml()
    jobs = [job for key in ("jobs", "matrix") for job in reader.items(root.get(key, "include"))]
    for number, job in enumerate((root, *jobs)):
        scope = f"job:{number}"
        for phase in _TRAVIS:
            node = job.get(phase)
            texts = [] if node is None else reader.texts(node.get("script") if phase == "deploy" else node)
            if texts:
                yield Fragment(join_texts(texts), BASH, _PLACE, scope)


def read_bitbucket(file: Source, budget: Budget) -> Iterator[Fragment]:
    """Every `script` and `after-script` of a list of commands."""
    reader = Reader(file, budget)
    for root in reader.documents():
        for node in root.walk():
            for key, value in reader.entries(node):
                texts = reader.texts(value) if key in ("script", "after-script") else []
                if texts:
                    yield Fragment(join_texts(texts), BASH, _PLACE, f"script:{reader.line(value)}")
