"""Values of YAML and JSON documents as the readers of fragments take them: each look counts, since aliases can make a small file endless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.pieces import blank_template, join_texts
from agent_security_hooks.parse.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.source import Source

_NESTED = 10

_TEXT = 1 << 20

Variables = tuple[tuple[str, str], ...]


class Reader:
    """Looks at the values of one file, and at no more text than twice the file and a megabyte."""

    __slots__ = ("_bytes", "budget", "data", "file", "mask")

    def __init__(self, file: Source, budget: Budget, mask: Callable[[MappedText], MappedText] | None = None) -> None:
        self.file = file
        self.budget = budget
        self.data = file.data
        self.mask = mask
        """Applied to every text: hides what the format replaces before a shell sees it."""
        self._bytes = 2 * len(file.data) + (1 << 20)

    def json(self) -> Node:
        """The file as JSON."""
        from agent_security_hooks.parse.json_tree import read_json

        document = self.file.view(read_json)
        self.budget.problem = self.budget.problem or document.error
        return combined(document.roots)

    def yaml(self) -> Node:
        """The documents of the file as YAML, in one."""
        return combined(self.documents())

    def documents(self) -> tuple[Node, ...]:
        """The documents of the file as YAML. Of a template that is none: what is left without its tags."""
        from agent_security_hooks.parse.yaml_tree import parse_yaml, read_yaml

        document = self.file.view(read_yaml)
        if document.error and (b"{{" in self.data or b"{%" in self.data):
            data = blank_template(self.data)
            blanked = parse_yaml(data)
            if not blanked.error:
                self.data, document = data, blanked
        self.budget.problem = self.budget.problem or document.error
        return document.roots

    def items(self, node: Node | None) -> Iterator[Node]:
        """The values of a list; a value that is no list by itself."""
        if node is None:
            return
        for item in node.elements() if node.kind == "list" else (node,):
            if not self.budget.spend():
                return
            yield item

    def entries(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        """The keys and values of a map; nothing for anything else."""
        for key, _, value in node.entries() if node is not None else ():
            if not self.budget.spend():
                return
            yield key, value

    def scalars(self, node: Node | None, depth: int = 0) -> Iterator[Node]:
        """The scalars of a value or of a list of lists, in order. What has a tag of its own (`!reference`) is not followed."""
        for item in self.items(node):
            if item.kind == "scalar":
                yield item
            elif item.kind == "list" and depth < _NESTED and not item.tag.startswith("!"):
                yield from self.scalars(item, depth + 1)

    def text(self, node: Node | None) -> MappedText | None:
        """The text of a scalar; None for an empty one and for anything else."""
        if node is None or node.kind != "scalar" or node.is_null or not node.value.strip():
            return None
        if not self.budget.spend(2):
            return None
        self._bytes -= len(node.value)
        if len(node.value) > _TEXT or self._bytes < 0:
            self.budget.problem = self.budget.problem or "its values are too long to be looked at for shell"
            return None
        text = node.text(self.data)
        return self.mask(text) if self.mask else text

    def texts(self, node: Node | None) -> list[MappedText]:
        """The texts of a scalar or of a list of them."""
        return [text for item in self.scalars(node) if (text := self.text(item))]

    def literals(self, *nodes: Node | None) -> Variables:
        """Names and values of maps of variables, later maps winning; those whose value something replaces are left out."""
        found: dict[str, str] = {}
        for node in nodes:
            for name, value in self.entries(node):
                literal = value.kind == "scalar" and not value.is_null and not any(mark in value.value for mark in ("${{", "{{", "<<", "$["))
                if literal and len(value.value) < 4096:
                    found[name] = value.value
                else:
                    found.pop(name, None)
        return tuple(found.items())

    def line(self, node: Node) -> int:
        """The 1-based line of a value."""
        return self.file.line_of(node.start)


def combined(roots: Sequence[Node]) -> Node:
    """One map of all documents in which a key that is repeated has all its values together: programs differ in which of them counts."""
    if not roots:
        return Node("scalar", 0, 0)
    first = roots[0]
    if len(roots) == 1 and (first.kind != "map" or len(first.own) == len(first.pairs)):
        return first
    found = dict[str, list[tuple[Node, Node]]]()
    for root in roots:
        for name, key, value in root.entries():
            found.setdefault(name, []).append((key, value))
    whole = Node("map", first.start, roots[-1].end)
    whole.pairs = [(pairs[-1][0], _together([value for _, value in pairs])) for pairs in found.values()]
    return whole


def _together(values: Sequence[Node]) -> Node:
    """All maps, or else all lists, in one; else the last scalar."""
    for kind in ("map", "list"):
        of_kind = [value for value in values if value.kind == kind]
        if len(of_kind) > 1:
            both = Node(kind, of_kind[0].start, of_kind[-1].end)
            both.pairs = [pair for value in of_kind for pair in value.pairs]
            both.items = [item for value in of_kind for item in value.items]
            return both
        if of_kind:
            return of_kind[0]
    return values[-1]


def string(node: Node | None) -> str:
    """The value of a scalar, "" of anything else."""
    return node.value if node is not None and node.kind == "scalar" and not node.is_null else ""


def arguments_fragment(words: tuple[MappedText, ...] | list[MappedText], place: str, scope: str, language: str = "other") -> Fragment:
    """A program that is started with these arguments, without a shell; `text` is the words with blanks between them."""
    joined = join_texts(words, b" ")
    return Fragment(joined.slice(0, max(0, len(joined.data) - 1)), language, place, scope, arguments=tuple(words))
