"""Every piece of shell that a file holds, whatever kind of file it is, as text that knows where each of its bytes stands in the file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.fragments.kinds import family_of

if TYPE_CHECKING:
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.source import Source

LIMIT = 20_000
"""How many fragments of one file are looked at."""
STEPS = 150_000
"""How many lines or values of one file are looked at one by one."""


class Fragment(NamedTuple):
    """A piece of shell, or the arguments of a program that is started without one.

    `language`: sh, bash, zsh, powershell, cmd, python or other. `place`: script, image, workflow, pipeline, make, package, container, docs, agent or
    notebook. Each fragment is a shell of its own; those of one `scope` run one after the other and see each other's files.
    What the format itself replaces before a shell sees it (`${{ x }}`, `{{ x }}`) stands as underscores.
    """

    text: MappedText
    language: str
    place: str
    scope: str
    after: str = ""
    """The scope whose end state this one starts with: that of a build stage's parent."""
    directory: str = ""
    """The working directory, where it is known."""
    variables: tuple[tuple[str, str], ...] = ()
    """Values that are known before the shell starts."""
    arguments: tuple[MappedText, ...] = ()
    """Set where no shell runs: the words as the program gets them; `text` then spans them."""


# Each function takes a Source and a Budget and yields fragments.
_READERS = {
    "script": "scripts:read_script",
    "dockerfile": "images:read_image",
    "workflow": "workflows:read_workflow",
    "gitlab": "pipelines:read_gitlab",
    "circleci": "pipelines:read_circleci",
    "azure": "pipelines:read_azure",
    "travis": "pipelines:read_travis",
    "bitbucket": "pipelines:read_bitbucket",
    "taskfile": "manifests:read_taskfile",
    "pre-commit": "manifests:read_pre_commit",
    "make": "makefiles:read_makefile",
    "just": "justfiles:read_justfile",
    "npm": "manifests:read_package_json",
    "composer": "manifests:read_composer",
    "compose": "containers:read_compose",
    "devcontainer": "containers:read_devcontainer",
    "agent": "agents:read_agent_config",
    "markdown": "markdown:read_markdown",
    "rst": "rst:read_rst",
    "notebook": "notebooks:read_notebook",
}


class Fragments(NamedTuple):
    """What a file holds. `problem` says why something may be missing, quoting nothing of the file; "" when all is there."""

    fragments: tuple[Fragment, ...] = ()
    problem: str = ""


class Budget:
    """The steps that reading one file may take; a reader stops when they are spent, and `problem` tells."""

    __slots__ = ("_left", "problem")

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps
        self.problem = ""

    def spend(self, steps: int = 1) -> bool:
        """Take so many steps; False when they are more than are left."""
        self._left -= steps
        if self._left < 0:
            self.problem = self.problem or "it has more lines or values than are looked at for shell"
        return self._left >= 0


def shell_fragments(file: Source) -> tuple[Fragment, ...]:
    """A view: the fragments of a file in the order of the format, at most LIMIT. A file that cannot be parsed gives what could be read of it."""
    return file.view(read_fragments).fragments


def read_fragments(file: Source) -> Fragments:
    """A view: the fragments, and what kept others from being read."""
    from itertools import islice

    family = family_of(file.path, file.data[:512])
    if not family:
        return Fragments()
    module, _, function = _READERS[family].partition(":")
    budget = Budget()
    found = tuple(islice(getattr(import_module(f"{__name__}.{module}"), function)(file, budget), LIMIT + 1))
    if len(found) > LIMIT:
        budget.problem = budget.problem or f"it has more than {LIMIT:,} pieces of shell"
    return Fragments(found[:LIMIT], budget.problem)


def may_hold_shell(path: str, start: bytes) -> bool:
    """Whether a file with that path and those first bytes (512 will do) is of a kind that holds shell."""
    return family_of(path, start) != ""
