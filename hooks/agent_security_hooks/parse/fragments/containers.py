"""Commands of compose files and of development containers.

Sources: https://docs.docker.com/reference/compose-file/services/ and https://containers.dev/implementors/json_reference/#lifecycle-scripts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import SH
from agent_security_hooks.parse.fragments.pieces import REPLACED, parts_of, rebase, split_words
from agent_security_hooks.parse.fragments.values import Reader, arguments_fragment, string
from agent_security_hooks.parse.mapped import MappedText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_LIFECYCLE = ("initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand")


def read_compose(file: Source, budget: Budget) -> Iterator[Fragment]:
    """Commands, health checks, hooks and Dockerfiles of all services; one scope per service."""
    reader = Reader(file, budget, _dollars)
    for root in reader.documents():
        services = root.get("services")
        if services is None and root.get("version") is None:  # the first form of the format had nothing but services
            services = root
        for name, service in reader.entries(services):
            scope = f"service:{name}"
            directory = string(service.get("working_dir"))
            variables = reader.literals(service.get("environment"))
            for fragment in _service(reader, service, scope):
                yield fragment._replace(directory=directory, variables=variables)
            yield from _dockerfile(reader, service.get("build", "dockerfile_inline"), scope)


def _service(reader: Reader, service: Node, scope: str) -> Iterator[Fragment]:
    for key in ("entrypoint", "command"):
        yield from _command(reader, service.get(key), scope)
    test = service.get("healthcheck", "test")
    if test is not None and test.kind == "scalar":
        yield from _shell(reader, test, scope)
    elif test is not None:
        kind = string(test.get(0))
        if kind == "CMD-SHELL":
            yield from _shell(reader, test.get(1), scope)
        elif kind == "CMD":
            words = reader.texts(test)[1:]
            if words:
                yield arguments_fragment(words, "container", scope)
    for hook in ("post_start", "pre_stop"):
        for step in reader.items(service.get(hook)):
            yield from _command(reader, step.get("command"), scope)


def _command(reader: Reader, node: Node | None, scope: str) -> Iterator[Fragment]:
    """A list of arguments, or a line that is split into one; a shell runs neither."""
    if node is None:
        return
    if node.kind == "scalar":
        text = reader.text(node)
        words = list(split_words(text)) if text else []
    else:
        words = reader.texts(node)
    if words:
        yield arguments_fragment(words, "container", scope)


def _shell(reader: Reader, node: Node | None, scope: str) -> Iterator[Fragment]:
    text = reader.text(node)
    if text:
        yield Fragment(text, SH, "container", scope)


def _dollars(text: MappedText) -> MappedText:
    """`$$` is a `$` that compose does not replace."""
    data = text.data
    if not 0 < data.count(b"$$") <= REPLACED:
        return text
    parts: list[tuple[bytes, int]] = []
    position = 0
    while (found := data.find(b"$$", position)) >= 0:
        parts += parts_of(text.slice(position, found + 1))
        position = found + 2
    return MappedText.join((*parts, *parts_of(text.slice(position, len(data)))))


def _dockerfile(reader: Reader, node: Node | None, scope: str) -> Iterator[Fragment]:
    text = reader.text(node)
    if text is None:
        return
    from agent_security_hooks.parse.fragments.images import read_image
    from agent_security_hooks.source import Source

    inner = Source("Dockerfile", text.data, reader.file.repository)
    for fragment in read_image(inner, reader.budget):
        arguments = tuple(rebase(argument, text) for argument in fragment.arguments)
        after = f"{scope}/{fragment.after}" if fragment.after else ""
        yield fragment._replace(text=rebase(fragment.text, text), scope=f"{scope}/{fragment.scope}", after=after, arguments=arguments)


def read_devcontainer(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The lifecycle commands, in the order in which they run; `initializeCommand` runs on the host."""
    reader = Reader(file, budget)
    root = reader.json()
    variables = reader.literals(root.get("containerEnv"), root.get("remoteEnv"))
    directory = string(root.get("workspaceFolder"))
    for key in _LIFECYCLE:
        host = key == "initializeCommand"
        node = root.get(key)
        nodes = [value for _, value in reader.entries(node)] if node is not None and node.kind == "map" else [node] if node is not None else []
        for command in nodes:
            for fragment in _lifecycle(reader, command, "host" if host else "devcontainer"):
                yield fragment if host else fragment._replace(directory=directory, variables=variables)


def _lifecycle(reader: Reader, node: Node, scope: str) -> Iterator[Fragment]:
    if node.kind == "list":
        words = reader.texts(node)
        if words:
            yield arguments_fragment(words, "agent", scope)
        return
    text = reader.text(node)
    if text:
        yield Fragment(text, SH, "agent", scope)
