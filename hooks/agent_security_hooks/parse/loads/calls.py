"""What Python code calls or hands on, each with the name of what it refers to, and what is known of the arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.python_tree import BINDINGS, Binding, Scope, constant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree
    from agent_security_hooks.source import Source

_DEPTH = 6


class Use(NamedTuple):
    """A function or class that is called (`call`) or handed on to something else (`call` is None).

    `name` is dotted and resolved (`pickle.load` for `p.load` after `import pickle as p`), "" where it cannot be told; `node` is the expression to point at.
    `partial` is the call of `functools.partial` that has given some of the arguments before, if any.
    """

    node: ast.expr
    name: str
    scope: Scope
    call: ast.Call | None
    partial: ast.Call | None = None


class Given(NamedTuple):
    """An argument of a use: its expression, None where it is left out. `is_open` says that `*` or `**` may give it without the file telling."""

    node: ast.expr | None
    scope: Scope
    is_open: bool = False


class Calls:
    """The uses of one file that a family of rules may care for: those of each scope in source order."""

    def __init__(self, file: Source, tree: PythonTree, text: PythonText, uses: Sequence[Use]) -> None:
        self.file = file
        self.tree = tree
        self.text = text
        self.uses = uses
        self.problem = ""
        """Why a family did not look at all of the file, if it did not."""
        self._dictionaries: dict[ast.AST, dict[str, ast.expr] | None] = {}
        self._bodies: dict[Scope, frozenset[ast.AST]] = {}

    def keyword(self, use: Use, name: str, position: int = -1) -> Given:
        """What a use gives for a parameter, by name, by position or in a dictionary after `**` that is written out in the file."""
        is_open = False
        for call in (use.call, use.partial):
            if call is None:
                continue
            given = self._in_call(call, use.scope, name, position)
            if given.node is not None:
                return given
            is_open = is_open or given.is_open
        return Given(None, use.scope, is_open)

    def _in_call(self, call: ast.Call, scope: Scope, name: str, position: int) -> Given:
        is_open = False
        for keyword in call.keywords:
            if keyword.arg == name:
                return Given(keyword.value, scope)
        for keyword in call.keywords:
            if keyword.arg is None:
                entries, owner = self.dictionary(keyword.value, scope)
                if entries is None:
                    is_open = True
                elif name in entries:
                    return Given(entries[name], owner)
        if position >= 0:
            before = call.args[: position + 1]
            if any(isinstance(given, ast.Starred) for given in before):
                is_open = True
            elif position < len(call.args):
                return Given(call.args[position], scope)
        return Given(None, scope, is_open)

    def dictionary(self, node: ast.expr, scope: Scope) -> tuple[dict[str, ast.expr] | None, Scope]:
        """The entries of a dictionary that is written out, here or where its name is bound, and their scope; None where others may be in it."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            found = self.bound(node, scope)
            if len(found) != 1 or found[0][0].kind != "value" or found[0][0].value is None:
                return None, scope
            node, scope = found[0][0].value, found[0][1]
        if node not in self._dictionaries:  # one may be handed on to thousands of calls
            self._dictionaries[node] = _entries(node)
        return self._dictionaries[node], scope

    def bound(self, node: ast.expr, scope: Scope) -> list[tuple[Binding, Scope]]:
        """What gives a name or attribute its meaning, with the scopes; nothing where the file does not tell."""
        if isinstance(node, ast.Name):
            bindings, owner = self.tree.bindings(node.id, scope)
            return [(binding, owner) for binding in bindings[:BINDINGS] if owner is not None]
        return self.tree.attribute_bindings(node, scope) or [] if isinstance(node, ast.Attribute) else []

    def _before(self, node: ast.expr, scope: Scope) -> list[tuple[Binding, Scope]]:
        """What gives a name its meaning where it stands: in code that runs straight on, the last assignment before."""
        found = self.bound(node, scope)
        if len(found) < 2:
            return found
        if scope not in self._bodies:
            body = getattr(scope.node, "body", None)
            self._bodies[scope] = frozenset(body if isinstance(body, list) else ())
        if any(owner is not scope or binding.node not in self._bodies[scope] for binding, owner in found):
            return found
        # Each of them is a statement of the function's own, and none is in a loop, a branch or another function.
        earlier = [each for each in found if each[0].kind == "value" and (each[0].node.end_lineno or 0) < node.lineno]  # type: ignore[attr-defined]
        return earlier[-1:] or found

    def truths(self, node: ast.expr, scope: Scope, depth: int = 0) -> set[bool | None]:
        """The truth values that an expression may have; None stands for one that the file does not tell."""
        if isinstance(node, ast.Constant):
            return {bool(node.value)}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return {None if truth is None else not truth for truth in self.truths(node.operand, scope, depth)}
        if isinstance(node, ast.NamedExpr):
            return self.truths(node.value, scope, depth)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "bool" and len(node.args) == 1 and depth < _DEPTH:
            return self.truths(node.args[0], scope, depth + 1)
        if isinstance(node, ast.IfExp) and depth < _DEPTH:
            return self.truths(node.body, scope, depth + 1) | self.truths(node.orelse, scope, depth + 1)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            return {bool(node.keys if isinstance(node, ast.Dict) else node.elts)}
        found = self._before(node, scope)
        if not found or depth >= _DEPTH:
            return {None}
        results: set[bool | None] = set()
        for binding, owner in found:
            if binding.kind == "value" and binding.value is not None:
                results |= self.truths(binding.value, owner, depth + 1)
            elif binding.kind == "loop" and isinstance(binding.value, (ast.List, ast.Tuple, ast.Set)) and binding.position < 0:
                for each in binding.value.elts[:BINDINGS]:
                    results |= self.truths(each, owner, depth + 1)
            else:
                results.add(None)
        return results

    def truth(self, node: ast.expr, scope: Scope) -> bool | None:
        """Whether an expression is surely true or surely false."""
        found = self.truths(node, scope)
        return found.pop() if len(found) == 1 else None

    def bases(self, scope: Scope, depth: int = 0) -> Iterator[tuple[str, Scope | None]]:
        """The names of what a class of this file is made from, and its classes of this file, their own bases too."""
        if not isinstance(scope.node, ast.ClassDef) or scope.parent is None or depth >= _DEPTH:
            return
        for base in scope.node.bases[:BINDINGS]:
            inner = self.tree.definition(base, scope.parent)
            yield self.tree.name(base, scope.parent), inner
            if inner is not None and inner is not scope:
                yield from self.bases(inner, depth + 1)


def _entries(node: ast.expr) -> dict[str, ast.expr] | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        entries = {keyword.arg or "": keyword.value for keyword in node.keywords}
    elif isinstance(node, ast.Dict):
        entries = {constant_text(key): value for key, value in zip(node.keys, node.values)}
    else:
        return None
    return None if "" in entries else entries
