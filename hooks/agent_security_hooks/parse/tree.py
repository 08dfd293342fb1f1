"""Values of a YAML or JSON document that keep their place in the file. No dictionaries: duplicate keys stay visible, aliases stay references."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.mapped import MappedText

DEPTH = 100
"""How deep values may be nested; deeper ones are an error of the document."""
VALUES = 400_000
"""How many values (YAML: events) a document may have; more are an error of the document."""
SIZE = 4 << 20
"""How many bytes a document may have; a larger one is an error of the document."""

_MERGED = 100
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


class Node:
    """One value: `kind` is "map", "list", "scalar" or "alias"; `start` and `end` are offsets into `Source.data`.

    A scalar's span includes its quotes; that of a block scalar runs from its first to its last byte that is not blank; tags and anchors are
    left out. `value` is the decoded text of a scalar, the name of an alias, else "". `target` is what an alias stands for, None when nothing has
    that name.
    """

    # Defaults of what most nodes lack: a document has thousands of them, and each attribute that is set costs.
    style = ""
    """Of a scalar: "" plain, "'", '"', "|", ">", or "j" for a string of JSON."""
    tag = ""
    """As YAML resolves it: "!Ref", "tag:yaml.org,2002:str"; "" without."""
    pairs: Sequence[tuple[Node, Node]] = ()
    items: Sequence[Node] = ()
    target: Node | None = None
    _head = -1
    _layers: tuple[Node, ...] | None = None
    _own: dict[str, tuple[Node, Node]] | None = None

    def __init__(self, kind: str, start: int, end: int, value: str = "", style: str = "", tag: str = "") -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.value = value
        if style:
            self.style = style
        if tag:
            self.tag = tag

    @property
    def quoted(self) -> bool:
        """Whether a scalar stands in quotes or block style, so that it is a string whatever it looks like."""
        return self.style != ""

    @property
    def head(self) -> int:
        """Where a block scalar's first line begins, `start` for all others."""
        return self.start if self._head < 0 else self._head

    @head.setter
    def head(self, offset: int) -> None:
        self._head = offset

    @property
    def resolved(self) -> Node:
        """What an alias stands for; the node itself if it is none, or if nothing has that name."""
        return self.target or self

    @property
    def is_null(self) -> bool:
        """Whether this is nothing: left empty, `~` or `null`."""
        return self.kind == "scalar" and not self.quoted and self.value in _NULLS

    def get(self, *path: str | int) -> Node | None:
        """The value at a path of keys and positions; None where there is none. The last of duplicate keys wins; merge keys are honoured."""
        node = self.resolved
        for step in path:
            below = node._at(step) if isinstance(step, int) else node._find(step)  # noqa: SLF001 - of the same class
            if below is None:
                return None
            node = below
        return node

    def _at(self, position: int) -> Node | None:
        return self.items[position].resolved if -len(self.items) <= position < len(self.items) else None

    def _find(self, key: str) -> Node | None:
        found = self.find(key)
        return found[1].resolved if found else None

    def find(self, key: str) -> tuple[Node, Node] | None:
        """The key and the value as they are written (the value may be an alias) of a map or of what is merged into it."""
        return next((layer.own[key] for layer in self.layers() if key in layer.own), None)

    @property
    def own(self) -> dict[str, tuple[Node, Node]]:
        """A map's own keys and values as they are written, the last where a key is repeated."""
        if self._own is None:
            self._own = {(key.target or key).value: (key, value) for key, value in self.pairs if (key.target or key).kind == "scalar"}
        return self._own

    def layers(self) -> tuple[Node, ...]:
        """A map and, after it, the maps that merge keys (`<<`) add to it, the strongest first; at most 100. Nothing for other kinds."""
        node = self.resolved
        if node.kind != "map":
            return ()
        if node._layers is None:  # noqa: SLF001 - of the same class
            node._layers = node._find_layers() if "<<" in node.own else (node,)  # noqa: SLF001
        return node._layers  # noqa: SLF001

    def _find_layers(self) -> tuple[Node, ...]:
        waiting, layers = [self], dict[int, Node]()
        while waiting and len(layers) < _MERGED:
            node = waiting.pop()
            if node.kind != "map" or id(node) in layers:
                continue
            layers[id(node)] = node
            if "<<" in node.own:
                merged = node.own["<<"][1].resolved
                waiting += [merged] if merged.kind == "map" else [item.resolved for item in merged.items[_MERGED - 1 :: -1]]
        return tuple(layers.values())

    def entries(self) -> Iterator[tuple[str, Node, Node]]:
        """A map's own (key, key node, value node) in order, a `<<` like any other; nothing for others. Aliases are resolved."""
        for key, value in self.pairs:
            named = key.target or key  # `resolved`, without its call
            if named.kind == "scalar":
                yield named.value, key, value.target or value

    def elements(self) -> Iterator[Node]:
        """The values of a list, aliases resolved; nothing for others."""
        return (item.target or item for item in self.items)

    def text(self, data: bytes) -> MappedText:
        """The decoded text of a scalar that knows where each of its bytes stands in `data`, the file's."""
        from agent_security_hooks.parse.scalar_text import map_scalar

        return map_scalar(self, data)

    def walk(self) -> Iterator[Node]:
        """This node and all below, in order, each once; aliases are not followed, since what they stand for is a node of the document."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.items[::-1]
            for key, value in node.pairs[::-1]:
                waiting += (value, key)

    def __repr__(self) -> str:
        return f"Node({self.kind!r}, {self.start}, {self.end}, {self.value!r})"


class Document(NamedTuple):
    """The documents of a file. `error` says why the file could not be read to its end, quoting nothing of it; "" when it could."""

    roots: tuple[Node, ...]
    error: str = ""
    error_offset: int = 0

    @property
    def root(self) -> Node:
        """The first document, or an empty scalar."""
        return self.roots[0] if self.roots else Node("scalar", 0, 0)


class Builder:
    """Nests values as they come; what is still open after an error is closed as it stands."""

    __slots__ = ("_open", "_outer", "children", "roots")

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.children = self.roots
        """What the innermost open map (keys and values in turn) or list holds."""
        self._open: list[Node] = []
        self._outer: list[list[Node]] = []

    def add(self, node: Node) -> None:
        """A value without values."""
        self.children.append(node)

    def open(self, node: Node) -> bool:
        """Begin a map, whose keys and values then come in turn, or a list. False when that is too deep."""
        self.children.append(node)
        self._open.append(node)
        self._outer.append(self.children)
        self.children = []
        return len(self._open) <= DEPTH

    def close(self, end: int) -> None:
        """End the innermost map or list; an `end` before that of its last value is ignored."""
        node, children = self._open.pop(), self.children
        self.children = self._outer.pop()
        node.end = max(end, node.start, children[-1].end if children else 0)
        if node.kind == "list":
            node.items = children
            return
        if len(children) % 2:  # an error came between a key and its value
            children.append(Node("scalar", children[-1].end, children[-1].end))
        node.pairs = list(zip(children[::2], children[1::2], strict=True))

    def close_all(self) -> None:
        """End all that is open."""
        while self._open:
            self.close(0)


def failure(builder: Builder, data: bytes, language: str, problem: str, offset: int) -> Document:
    """What was read before an error at an offset."""
    import re

    builder.close_all()
    offset = min(max(offset, 0), len(data))
    line = 1 + len(re.findall(rb"\r\n?|\n", data[:offset]))
    return Document(tuple(builder.roots), f"not valid {language}: {problem} (line {line})", offset)
