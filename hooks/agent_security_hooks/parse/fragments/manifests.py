"""Commands in the files of package managers and task runners: package.json, composer.json, Taskfile, .pre-commit-config.yaml.

Sources: https://docs.npmjs.com/cli/using-npm/scripts, https://getcomposer.org/doc/articles/scripts.md, https://taskfile.dev/docs/reference/schema,
https://pre-commit.com/#repository-local-hooks
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import SH
from agent_security_hooks.parse.fragments.pieces import mask_between, split_words
from agent_security_hooks.parse.fragments.values import Reader, arguments_fragment, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_PLACE = "package"
_PHP = Pattern(rb"@|[\w\\]{1,200}::\w{1,100}$")


def read_package_json(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The scripts, and those that git hooks run."""
    reader = Reader(file, budget)
    root = reader.json()
    for place in (("scripts",), ("husky", "hooks"), ("simple-git-hooks",), ("gitHooks",), ("pre-commit",)):
        for name, value in reader.entries(root.get(*place)):
            text = reader.text(value)
            if text:
                yield Fragment(text, SH, _PLACE, f"{place[0]}:{name}")


def read_composer(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The scripts; names of other scripts and of PHP functions are left out."""
    reader = Reader(file, budget)
    for name, value in reader.entries(reader.json().get("scripts")):
        for text in reader.texts(value):
            if not _PHP.match(text.data):
                yield Fragment(text, SH, _PLACE, f"scripts:{name}")


def read_taskfile(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The commands of tasks, and those whose output becomes a variable; one scope per task."""
    reader = Reader(file, budget, lambda text: mask_between(text, b"{{", b"}}"))
    root = reader.yaml()
    common = reader.literals(root.get("vars"), root.get("env"))
    yield from _task_variables(reader, root.get("vars"), "vars", "")
    for name, task in reader.entries(root.get("tasks")):
        scope, directory = f"task:{name}", string(task.get("dir"))
        directory = "" if "{{" in directory else directory
        yield from _task_variables(reader, task.get("vars"), scope, directory)
        variables = dict(common + reader.literals(task.get("vars"), task.get("env")))
        lists = (task,) if task.kind != "map" else tuple(task.get(key) for key in ("preconditions", "status", "cmd", "cmds"))
        for commands in lists:
            for item in reader.items(commands):
                text = reader.text(item if item.kind == "scalar" else next((n for key in ("cmd", "sh", "defer") if (n := item.get(key))), None))
                if text:
                    yield Fragment(text, SH, _PLACE, scope, directory=directory, variables=tuple(variables.items()))


def _task_variables(reader: Reader, node: Node | None, scope: str, directory: str) -> Iterator[Fragment]:
    for _, value in reader.entries(node):
        text = reader.text(value.get("sh"))
        if text:
            yield Fragment(text, SH, _PLACE, scope, directory=directory)


def read_pre_commit(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The entries of local hooks, which pre-commit splits and starts without a shell."""
    reader = Reader(file, budget)
    for repository in reader.items(reader.yaml().get("repos")):
        for hook in reader.items(repository.get("hooks")):
            entry = reader.text(hook.get("entry"))
            if entry and string(hook.get("language")) not in ("fail", "pygrep"):
                words = (*split_words(entry), *reader.texts(hook.get("args")))
                yield arguments_fragment(words, _PLACE, f"hook:{string(hook.get('id'))}")
