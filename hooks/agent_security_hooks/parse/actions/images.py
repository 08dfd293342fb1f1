"""The container images that a workflow or an action runs, values of the matrix looked up.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (`container`, `services`) and .../metadata-syntax (`runs.image`).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.uses import LONGEST, is_disabled, uses_in
from agent_security_hooks.parse.actions.workflow import own, read_workflow, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.workflow import Job
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

VALUES = 256
"""Values of a matrix that one image is tried with."""
_OWN = Pattern(r"(?i)\bgithub\.(?:repository|sha|ref_name|ref)\b|\bCI_REGISTRY_IMAGE\b")


class Image(NamedTuple):
    """One image. `role` says what runs it; `start` and `end` are where its name stands: in the matrix, for one that comes from there."""

    role: str
    name: str
    start: int
    end: int
    is_whole: bool
    """Whether the name holds no expression that has no value here."""
    is_disabled: bool = False
    """Whether its step or job has `if: false`."""

    @property
    def is_tagged(self) -> bool:
        """Whether a name with an expression is one with a repository that is known and no digest."""
        name = self.name.partition("${{")[0]
        return bool(name) and "@" not in self.name and (":" in name.rpartition("/")[2] or "/" in name)

    @property
    def is_own(self) -> bool:
        """Whether the name says that it is an image of this repository."""
        return _OWN.search(self.name) is not None


def images_in(file: Source) -> Iterator[Image]:
    """Every image of a workflow or action."""
    workflow = file.view(read_workflow)
    if workflow is None:
        return
    for use in file.view(uses_in):
        if use.reference.kind == "image":
            yield Image("the image", use.reference.path, use.node.start, use.node.end, "${{" not in use.reference.path, use.is_disabled)
    if workflow.kind == "action":
        image = own(own(workflow.root, "runs"), "image")
        if image is not None and string(image).startswith("docker://"):
            yield Image("the action's image", string(image).removeprefix("docker://").strip(), image.start, image.end, "${{" not in string(image))
    for job in workflow.jobs:
        yield from (image._replace(is_disabled=is_disabled(job.node)) for image in _of_job(job))


def _of_job(job: Job) -> Iterator[Image]:
    yield from _of_value("the job's container", job.get("container"), job)
    services = job.get("services")
    for _, _, service in services.entries() if services is not None and services.kind == "map" else ():
        yield from _of_value("the service", service, job)


def _of_value(role: str, node: Node | None, job: Job) -> Iterator[Image]:
    """The image of a `container:` or a service: a text, or a map with `image`."""
    image = own(node, "image") if node is not None and node.kind == "map" else node
    if image is None or not string(image).strip():
        return
    text = string(image).strip().removeprefix("docker://")
    found = _only_expression(text)
    if found is None:
        yield Image(role, text, image.start, image.end, "${{" not in text)
        return
    written, tree = found
    path = _matrix_path(tree)
    if path is None:
        names = [text.replace(written, result.strip()).removeprefix("docker://") for result in _results(tree)]
        yield from (Image(role, name, image.start, image.end, True) for name in names if name)
        if not names:
            yield Image(role, text, image.start, image.end, False)
        return
    values = remembered(job.workflow.file, ("images of matrix", id(job), path), lambda: list(islice(matrix_values(job, path), VALUES)))
    for value in values:
        name = text.replace(written, value.value.strip()).removeprefix("docker://")
        if name.strip():
            yield Image(role, name, value.start, value.end, "${{" not in name)
    if not values:
        yield Image(role, text, image.start, image.end, False)


def _only_expression(text: str) -> tuple[str, Tree] | None:
    """The expression of an image's name where there is one only."""
    if "${{" not in text or len(text) > LONGEST:
        return None
    from agent_security_hooks.parse.actions.expressions import find_expressions

    data = text.encode("utf-8", "surrogateescape")
    expressions = {data[found.start : found.end]: found.tree for found in find_expressions(data)}
    if len(expressions) != 1:
        return None
    ((written, tree),) = expressions.items()
    return (written.decode("utf-8", "surrogateescape"), tree) if tree is not None else None


def _matrix_path(tree: Tree) -> tuple[str, ...] | None:
    """The path below `matrix` that an expression is."""
    from agent_security_hooks.parse.actions.expressions import Context

    if not isinstance(tree, Context) or tree.path[0] != "matrix" or len(tree.path) < 2 or "?" in tree.path or "*" in tree.path:
        return None
    return tree.path[1:]


def _results(tree: Tree) -> list[str]:
    """The strings written in an expression that can be its result: both of `a && 'x' || 'y'`."""
    from agent_security_hooks.parse.actions.expressions import Literal, Operation

    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Literal) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, Operation) and node.operator == "||":
            waiting += node.operands[::-1]
        elif isinstance(node, Operation) and node.operator == "&&":
            waiting.append(node.operands[-1])
    return found


def matrix_values(job: Job, path: tuple[str, ...]) -> Iterator[Node]:
    """The texts that `matrix.a.b` can be: of the list `a` itself and of every entry of `include`."""
    matrix = own(job.get("strategy"), "matrix")
    if matrix is None or matrix.kind != "map":
        return
    starts = []
    for key, _, value in matrix.entries():
        if key.lower() == path[0].lower() and value.kind == "list":
            starts += list(value.elements())
        elif key == "include" and value.kind == "list":
            starts += [found for entry in value.elements() if (found := _member(entry, path[0])) is not None]
    for start in starts:
        node: Node | None = start
        for name in path[1:]:
            node = _member(node, name)
        if node is not None and node.kind == "scalar":
            yield node


def _member(node: Node | None, name: str) -> Node | None:
    """What a map holds at a key; expressions do not tell names by case."""
    if node is None or node.kind != "map":
        return None
    return next((value for key, _, value in node.entries() if key.lower() == name.lower()), None)
