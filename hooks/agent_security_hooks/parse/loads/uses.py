"""One look at a tree for what it calls, and for functions that it hands on: arguments, elements of tables, defaults, what is returned or stored."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.loads.calls import Use
from agent_security_hooks.parse.python_tree import BINDINGS, DEPTH, Scope, constant_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree

_CALLED, _LEFT = object(), object()
# Who asks something of a function does not hand it on.
_ASKING = frozenset(
    "isinstance issubclass hasattr callable type id repr print wraps signature getsource getattr vars dir help update_wrapper setattr delattr cast patch object NewType".split()
)
_ROUNDS = 4
_ANNOTATION = 100
"""Nodes of an annotation that are looked at."""


class Uses:
    """Collects the uses. `handed` tells by its name whether a function is of interest where it is not called, `last` are the last parts of such names."""

    def __init__(self, tree: PythonTree, text: PythonText, handed: Callable[[str], bool], last: frozenset[str]) -> None:
        self.tree = tree
        self.text = text
        self.handed = handed
        self.last = last
        self._has_partials = b"partial" in tree.text.data
        self._roles: dict[ast.AST, object] = {}
        self._put_back: set[str] = set()
        self._values: list[tuple[ast.AST, list[str]]] = []
        self._names = set(last)

    def read(self) -> list[Use]:
        """All calls, and the functions of interest that are handed on."""
        if not self.last:
            return [self._call(node, scope) for node, scope in self.tree.nodes() if isinstance(node, ast.Call)]
        found: list[Use] = []
        loose: list[tuple[ast.expr, Scope]] = []
        for node, scope in self.tree.nodes():
            note = _NOTES.get(type(node))
            if note is not None:
                note(self, node)
            if isinstance(node, ast.Call):
                found.append(self._call(node, scope))
            elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
                loose.append((node, scope))
        self._follow_names()
        through = {self._kept_word(use.call.func, use.scope) for use in found if use.call is not None and use.name and self.handed(use.name)}
        waiting: list[tuple[list[str], Use]] = []
        for node, scope in loose:
            word = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if word in self._names:
                waiting += self._reference(node, scope)
        used = through | self._put_back | {self._kept_word(use.node, use.scope) for names, use in waiting if not names}
        found += (use for names, use in waiting if not used.intersection(names))
        return found

    def _kept_word(self, node: ast.AST, scope: Scope) -> str:
        """The name that something of this file is kept under; "" for what belongs to a module."""
        return "" if isinstance(node, ast.Attribute) and self.tree.attribute_bindings(node, scope) is None else _last_word(node)

    # --- calls ---

    def _call(self, node: ast.Call, scope: Scope) -> Use:
        name = self._function(node.func, scope).removesuffix(".__call__")
        if name == "operator.methodcaller()" and isinstance(node.func, ast.Call) and node.args and node.func.args:
            owner, method = self.tree.name(node.args[0], scope), constant_text(node.func.args[0])
            return Use(node, f"{owner}.{method}" if owner and method else "", scope, None)
        return Use(node, name, scope, node, self._partial(node.func, scope) if self._has_partials else None)

    def _function(self, node: ast.expr, scope: Scope) -> str:
        name = self.tree.name(node, scope)
        if name and "." not in name and isinstance(node, ast.Name) and len(self.tree.scopes[0].stars) > 1:
            return next((full for star in self.tree.scopes[0].stars if self.handed(full := f"{star}.{name}")), name)
        if name or not isinstance(node, ast.Attribute) or node.attr not in self.last:
            return name
        return next((full for owner in self._choices(node.value, scope, 0) if self.handed(full := f"{owner}.{node.attr}")), "")

    def _choices(self, node: ast.AST, scope: Scope, depth: int) -> Iterator[str]:
        """The names of what an expression may be where there are several: `a if c else b`, `{"x": a, "y": b}[key]`, `for m in (a, b)`, a default."""
        name = self.tree.name(node, scope)
        if name or depth >= DEPTH:
            yield name
            return
        parts: list[tuple[ast.AST, Scope]] = []
        if isinstance(node, ast.IfExp):
            parts = [(node.body, scope), (node.orelse, scope)]
        elif isinstance(node, ast.BoolOp):
            parts = [(each, scope) for each in node.values]
        elif isinstance(node, ast.Subscript):
            parts = self._members(node.value, scope)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            parts = self._members(node.func.value, scope)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            parts = self._bound(node, scope)
        for part, owner in parts[:BINDINGS]:
            yield from self._choices(part, owner, depth + 4)

    def _bound(self, node: ast.Name | ast.Attribute, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        if isinstance(node, ast.Name):
            bindings, owner = self.tree.bindings(node.id, scope)
            found = [(binding, owner) for binding in bindings[: BINDINGS + 1] if owner is not None]
        else:
            found = self.tree.attribute_bindings(node, scope) or []
        # A name that is also something else, as after `yaml = YAML()`, is not taken for a module.
        if len(found) != 1 or found[0][0].value is None:
            return []
        binding, owner = found[0]
        if binding.kind in ("value", "parameter"):
            return [(binding.value, owner)] if isinstance(binding.value, _OFFERS) else []
        members = binding.value.elts if binding.kind == "loop" and isinstance(binding.value, (ast.List, ast.Tuple, ast.Set)) else []
        return [(each, owner) for each in members] if binding.position < 0 else []

    def _members(self, node: ast.expr, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        if isinstance(node, (ast.Name, ast.Attribute)):
            bindings, owner = self.tree.bindings(node.id, scope) if isinstance(node, ast.Name) else ((), None)
            found = [(binding, owner) for binding in bindings[:2] if owner is not None] or (
                self.tree.attribute_bindings(node, scope) or [] if isinstance(node, ast.Attribute) else []
            )
            if len(found) != 1 or found[0][0].kind != "value" or found[0][0].value is None:
                return []
            node, scope = found[0][0].value, found[0][1]
        members = node.values if isinstance(node, ast.Dict) else node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
        return [(each, scope) for each in members]

    def _partial(self, node: ast.AST, scope: Scope) -> ast.Call | None:
        """The call of `functools.partial` that a function was made with."""
        for _ in range(DEPTH):
            if isinstance(node, ast.Call):
                return node if self._is_partial(node, scope) else None
            if not isinstance(node, (ast.Name, ast.Attribute)):
                return None
            if isinstance(node, ast.Name):
                bindings, owner = self.tree.bindings(node.id, scope)
                found = [(binding, owner) for binding in bindings[:2] if owner is not None]
            else:
                found = self.tree.attribute_bindings(node, scope) or []
            if len(found) != 1 or found[0][0].kind != "value" or not isinstance(found[0][0].value, (ast.Call, ast.Name, ast.Attribute)):
                return None
            node, scope = found[0][0].value, found[0][1]
        return None

    def _is_partial(self, node: ast.Call, scope: Scope) -> bool:
        return bool(node.args) and self.tree.name(node.func, scope) == "functools.partial"

    # --- what is handed on ---

    def _reference(self, node: ast.expr, scope: Scope) -> Iterator[tuple[list[str], Use]]:
        """A use for a function that is not called there, with the names it is kept under: if these are used, that is told there."""
        role = self._roles.get(node)
        partial = None
        if isinstance(role, ast.Call):
            if self._is_partial(role, scope):
                partial = role
                role = self._roles.get(role)
            else:
                role = None
        if role is _CALLED or role is _LEFT:
            return
        name = self.tree.name(node, scope)
        if role == name.rpartition(".")[2] and partial is None:
            self._put_back.add(_last_word(node))  # as `pickle.load = original`
            return
        if name and self.handed(name):
            names = role if isinstance(role, list) else []
            yield names, Use(node, name, scope, None, partial)

    def _follow_names(self) -> None:
        """Which words may stand for a function of interest: what is imported as one, and what that is assigned to."""
        for _ in range(_ROUNDS):
            before = len(self._names)
            for value, names in self._values:
                given = value.args[0] if isinstance(value, ast.Call) and value.args else value
                if _last_word(given) in self._names:
                    self._names.update(names)
            if len(self._names) == before:
                return

    def note_import(self, node: ast.AST) -> None:
        """Notes what an import calls a function of interest."""
        self._names.update(alias.asname for alias in node.names if alias.asname and alias.name.rpartition(".")[2] in self.last)  # type: ignore[attr-defined]

    def note_call(self, node: ast.AST) -> None:
        """Notes what a call does with its function and arguments."""
        assert isinstance(node, ast.Call)  # noqa: S101 - for the type checker
        self._roles[node.func] = _CALLED
        if _last_word(node.func) in _ASKING:
            for each in node.args:
                self._leave(each)
            if len(node.args) == 3 and _last_word(node.func) == "setattr":
                self._roles[node.args[2]] = constant_text(node.args[1])  # as `owner.name = value`
        elif node.args:
            self._roles[node.args[0]] = node

    def _leave(self, node: ast.AST) -> None:
        for each in node.elts if isinstance(node, ast.Tuple) else [node]:
            self._roles[each] = _LEFT

    def _leave_all(self, node: ast.AST) -> None:
        for each, _ in zip(ast.walk(node), range(_ANNOTATION)):
            self._roles[each] = _LEFT

    def note_assignment(self, node: ast.AST) -> None:
        """Notes which names a value gets."""
        value: ast.AST | None = node.value  # type: ignore[attr-defined]
        if value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign):
            self._leave_all(node.annotation)
        for target in targets:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                for one, each in zip(target.elts, value.elts):
                    self._keep(each, [one])
        if not isinstance(value, (ast.Tuple, ast.List)):
            self._keep(value, targets)

    def _keep(self, value: ast.AST, targets: Iterable[ast.AST]) -> None:
        own = [each for each in targets if not isinstance(each, ast.Attribute) or isinstance(each.value, ast.Name) and each.value.id in ("self", "cls")]
        names = [word for word in map(_last_word, own) if word]
        if names:
            self._roles[value] = names
            self._values.append((value, names))
        else:
            self._roles[value] = next((each.attr for each in targets if isinstance(each, ast.Attribute)), None)

    def note_base(self, node: ast.AST) -> None:
        """Notes that an attribute is taken of something."""
        self._roles[node.value] = _LEFT  # type: ignore[attr-defined]

    def note_comparison(self, node: ast.AST) -> None:
        """Notes what is compared only."""
        assert isinstance(node, ast.Compare)  # noqa: S101 - for the type checker
        for each in (node.left, *node.comparators):
            self._leave(each)

    def note_definition(self, node: ast.AST) -> None:
        """Notes decorators, bases and annotations, which hand nothing on."""
        for each in (*node.decorator_list, *getattr(node, "bases", ())):  # type: ignore[attr-defined]
            self._leave(each)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
                if each is not None and each.annotation is not None:
                    self._leave_all(each.annotation)
            if node.returns is not None:
                self._leave_all(node.returns)

    def note_key(self, node: ast.AST) -> None:
        """Notes what something is subscripted with: keys, and the types of annotations."""
        self._leave(node.slice)  # type: ignore[attr-defined]


def _last_word(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.NamedExpr):
        return node.target.id
    return node.id if isinstance(node, ast.Name) else ""


_OFFERS = (ast.IfExp, ast.BoolOp, ast.Subscript, ast.Name, ast.Attribute, ast.Call)
_NOTES: dict[type[ast.AST], Callable[[Uses, ast.AST], None]] = {
    ast.Import: Uses.note_import,
    ast.ImportFrom: Uses.note_import,
    ast.Call: Uses.note_call,
    ast.Assign: Uses.note_assignment,
    ast.AnnAssign: Uses.note_assignment,
    ast.NamedExpr: Uses.note_assignment,
    ast.Attribute: Uses.note_base,
    ast.Expr: Uses.note_base,
    ast.Subscript: Uses.note_key,
    ast.Compare: Uses.note_comparison,
    ast.FunctionDef: Uses.note_definition,
    ast.AsyncFunctionDef: Uses.note_definition,
    ast.ClassDef: Uses.note_definition,
}
