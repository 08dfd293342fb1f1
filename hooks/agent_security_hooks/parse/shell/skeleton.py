"""Compound commands: tree-sitter-bash parses a skeleton of the script, in which each simple command is the word `x`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from agent_security_hooks.parse.shell.model import Command, Compound, Pipeline, Redirection, Word

if TYPE_CHECKING:
    from collections.abc import Iterable

DEPTH = 60
"""Levels of nested compound commands. The commands below are kept, as if they stood at the end of the text."""

_KINDS = {
    "subshell": "subshell", "compound_statement": "group", "if_statement": "if", "while_statement": "while", "for_statement": "for",
    "case_statement": "case", "function_definition": "function",
}  # fmt: skip
_OPEN = frozenset(b"; & && || | |& ;; ( { if then elif else while until do () x)".split()) | {b"for x;", b"case x in"}
_CLAUSES = {"elif_clause", "else_clause", "do_group"}
_BREAKS = {"then", "elif", "else", "do"}
_ENDS = {"&&": "&&", "||": "||", ";": ";", "&": "&", ";;": ";"}
_PIPES = {"|", "|&"}

_parser: list[Any] = []


class Skeleton:
    """The tokens of a text, and what stands there, by its offset in the text."""

    __slots__ = ("commands", "heads", "negated", "newlines", "patterns", "size", "spans", "tokens", "trailing")

    def __init__(self) -> None:
        self.tokens: list[bytes] = []
        self.size = 0
        self.spans: dict[int, int] = {}  # from offsets of the skeleton to those of the text: of starts of tokens, and negative, of their ends
        self.newlines: set[int] = set()
        self.commands: dict[int, Command | Compound] = {}
        self.heads: dict[int, tuple[int, str, str, tuple[Word, ...]]] = {}  # of loops, cases and functions: start, kind, name, words
        self.patterns: dict[int, tuple[Word, ...]] = {}
        self.trailing: dict[int, list[Redirection]] = {}  # by where the compound command ends
        self.negated: set[int] = set()

    def add(self, token: bytes, start: int, end: int) -> None:
        """Adds a token that stands for bytes `start` to `end`."""
        self.tokens.append(token)
        self.spans[self.size] = start
        self.size += len(token) + 1
        self.spans[1 - self.size] = end

    def command(self, start: int, end: int, command: Command | Compound) -> None:
        """Adds a simple command, or a compound one that the grammar does not have to know."""
        self.commands[start] = command
        if self.tokens and self.tokens[-1] == b"()":  # the grammar does not take f() [[ x ]]
            self.add(b"{", start, start)
            self.add(b"x", start, end)
            self.add(b";", end, end)
            self.add(b"}", end, end)
        else:
            self.add(b"x", start, end)

    def newline(self, position: int) -> None:
        """Ends a command. The grammar gets a semicolon, because it takes some newlines for blanks; and none where none is allowed."""
        if self.tokens and self.tokens[-1] not in _OPEN:
            self.newlines.add(self.size)
            self.add(b";", position, position + 1)

    def pipelines(self) -> tuple[Pipeline, ...]:
        """The tree."""
        if len(self.tokens) < 2:  # nothing, or one command
            return tuple([self._alone(command) for command in self.commands.values()])
        found = self._statements([_parse(b" ".join(self.tokens))], 0)
        if self.commands:  # deeper than the limit, or in a part that the grammar could make nothing of
            found = tuple(sorted((*found, *(self._alone(command) for command in self.commands.values())), key=_start))
        return found

    def _alone(self, command: Command | Compound) -> Pipeline:
        return Pipeline(command.start, command.end, (self._redirected(command),), negated=command.start in self.negated)

    def _redirected(self, command: Command | Compound) -> Command | Compound:
        if isinstance(command, Compound) and command.end in self.trailing:
            redirections = tuple(self.trailing.pop(command.end))
            return command._replace(redirections=redirections, end=redirections[-1].end)
        return command

    def _statements(self, nodes: Iterable[Any], depth: int) -> tuple[Pipeline, ...]:
        stack = [*nodes][::-1]
        lines: list[tuple[list[Command | Compound], list[str], bool]] = []
        after: list[str] = []
        joined = False
        while stack:
            node = stack.pop()
            kind = node.type
            if kind in _ENDS:
                if after and not after[-1]:
                    after[-1] = "\n" if node.start_byte in self.newlines else _ENDS[kind]
                joined = False
                continue
            if kind in _PIPES:
                if lines and not joined:
                    lines[-1][1].append(kind)
                    joined = True
                continue
            start = self.spans.get(node.start_byte, -1)
            command: Command | Compound | None = None
            if kind == "word":
                command = self.commands.pop(start, None)
                command = self._redirected(command) if command else None
            elif kind in _KINDS and depth < DEPTH:
                command = self._compound(node, kind, start, depth)
            else:
                stack.extend(node.children[::-1])
            if command is None:
                continue
            if joined:
                lines[-1][0].append(command)
                joined = False
                continue
            if after and not after[-1]:
                after[-1] = "\n"
            lines.append(([command], [], start in self.negated))
            after.append("")
        return tuple(
            [
                Pipeline(commands[0].start, commands[-1].end, tuple(commands), tuple(operators[: len(commands) - 1]), negated, end)
                for (commands, operators, negated), end in zip(lines, after)
            ]
        )

    def _compound(self, node: Any, kind: str, start: int, depth: int) -> Compound:
        end = self.spans.get(-node.end_byte, start)
        start, word, name, words = self.heads.get(start, (start, _KINDS[kind], "", ()))
        children = node.children
        patterns: list[tuple[Word, ...]] = []
        if kind == "case_statement":
            parts = []
            for child in children:
                if child.type == "case_item" or child.is_error:
                    patterns.append(self.patterns.get(self.spans.get(child.start_byte, -1), ()))
                    parts.append([child])
        else:
            parts = _split(children)
        blocks = tuple([self._statements(part, depth + 1) for part in parts])
        if kind == "for_statement":
            blocks = blocks[1:]
        redirections = tuple(self.trailing.pop(end, ()))
        if word == "function" and len(blocks[0]) == 1 and len(blocks[0][0].commands) == 1:
            body = blocks[0][0].commands[0]
            if isinstance(body, Compound) and body.kind == "group":
                blocks, redirections = body.blocks, body.redirections
        return Compound(start, redirections[-1].end if redirections else end, word, name, words, blocks, redirections, tuple(patterns))


def _start(pipeline: Pipeline) -> int:
    return pipeline.start


def _split(children: list[Any]) -> list[list[Any]]:
    """The nodes between the reserved words."""
    parts: list[list[Any]] = [[]]
    stack = children[::-1]
    while stack:
        child = stack.pop()
        if child.type in _BREAKS:
            parts.append([])
        elif child.type in _CLAUSES:
            stack.extend(child.children[::-1])
        else:
            parts[-1].append(child)
    return parts


def _parse(skeleton: bytes) -> Any:
    if not _parser:
        from tree_sitter import Language, Parser

        _parser.append(Parser(Language(language())))
    return _parser[0].parse(skeleton).root_node


def language() -> Any:
    """The grammar. The start-up code of its package costs 10 ms, for files that are not used here, so the extension is loaded without it."""
    if "tree_sitter_bash" not in sys.modules:
        import os
        from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, PathFinder
        from importlib.util import module_from_spec, spec_from_file_location

        package = PathFinder.find_spec("tree_sitter_bash")
        folders = package.submodule_search_locations if package else None
        for path in [os.path.join(folder, "_binding" + suffix) for folder in folders or () for suffix in EXTENSION_SUFFIXES]:
            if os.path.isfile(path):
                spec = spec_from_file_location("tree_sitter_bash._binding", path, loader=ExtensionFileLoader("tree_sitter_bash._binding", path))
                if spec and spec.loader:
                    module = module_from_spec(spec)
                    spec.loader.exec_module(module)
                    return module.language()
    import tree_sitter_bash

    return tree_sitter_bash.language()
