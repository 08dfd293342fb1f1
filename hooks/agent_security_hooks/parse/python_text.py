"""The text that a Python expression is known to have: literals, f-strings, `+`, `%`, `format`, constants by name, choices, elements of literal tables."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.python_tree import BINDINGS, DEPTH, Binding, PythonTree, Scope
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TEXTS = 16
_MEMBERS = 64
_LONGEST = 4096
_PIECES = 200


class PythonText:
    """Tells the texts of a tree's expressions; each is worked out once."""

    def __init__(self, tree: PythonTree) -> None:
        self.tree = tree
        self._known: dict[ast.AST, tuple[str, ...]] = {}
        if tree.text_of is None:
            tree.text_of = self.of

    def of(self, node: ast.AST | None, scope: Scope) -> tuple[str, ...]:
        """The texts that an expression may have, at most 16 of at most 4096 characters; HOLE stands for each part that the file does not tell."""
        return self._of(node, scope, 0) if node is not None else (HOLE,)

    def _of(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        if isinstance(node, ast.Constant):
            return (_literal(node.value),)
        known = self._known.get(node)
        if known is None:
            reader = _READERS.get(type(node))
            self._known[node] = known = (HOLE,)  # what refers to itself
            if reader is not None and depth < DEPTH:
                texts = reader(self, node, scope, depth + 1)
                known = self._known[node] = tuple(dict.fromkeys(text[:_LONGEST] for text in texts[:_MEMBERS]))[:_TEXTS] or (HOLE,)
        return known

    def _joined(self, nodes: Sequence[ast.AST], scope: Scope, depth: int, between: str = "") -> tuple[str, ...]:
        """The texts of pieces one after the other. Where two pieces have several, the second is not known."""
        results: tuple[str, ...] = ("",)
        for position, node in enumerate(nodes[:_PIECES]):
            pieces = self._of(node, scope, depth)
            if len(results) > 1 and len(pieces) > 1:
                pieces = (HOLE,)
            results = tuple((text + between if position else text) + piece for text in results for piece in pieces)
            if len(results[0]) > _LONGEST:
                break
        return results if len(nodes) <= _PIECES else tuple(text + HOLE for text in results)

    def f_string(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of `f"..."`."""
        return self._joined(node.values, scope, depth)  # type: ignore[attr-defined]

    def operation(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of `a + b`, `a % b` and `path / part`."""
        assert isinstance(node, ast.BinOp)  # noqa: S101 - for the type checker
        if isinstance(node.op, ast.Mod):
            given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return tuple(self._filled(text, _CONVERSION, given, scope, depth) for text in self._of(node.left, scope, depth))
        if not isinstance(node.op, (ast.Add, ast.Div)):
            return (HOLE,)
        operands: list[ast.AST] = []
        left: ast.AST = node
        while isinstance(left, ast.BinOp) and type(left.op) is type(node.op):
            operands.append(left.right)
            left = left.left
        return self._joined([left, *reversed(operands)], scope, depth, "/" if isinstance(node.op, ast.Div) else "")

    def _filled(self, text: str, places: re.Pattern[str], given: Sequence[ast.expr], scope: Scope, depth: int) -> str:
        """A template with what is known of its arguments; `%s` and `{}` that stay are holes for those who read URLs."""
        values = iter([texts[0] if len(texts) == 1 else HOLE for texts in (self._of(each, scope, depth) for each in given[:20])])
        return places.sub(lambda match: next(values, match[0]), text) if "%" in text or "{" in text else text

    def by_name(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of a constant by its name."""
        found, owner = self.tree.bindings(node.id, scope)  # type: ignore[attr-defined]
        return self._bound([(binding, owner) for binding in found[:BINDINGS]], depth) if owner is not None else (HOLE,)

    def by_attribute(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of `self.NAME` or `Class.NAME`."""
        assert isinstance(node, ast.Attribute)  # noqa: S101 - for the type checker
        return self._bound(self.tree.attribute_bindings(node, scope) or [], depth)

    def _bound(self, found: list[tuple[Binding, Scope]], depth: int) -> tuple[str, ...]:
        results: list[str] = []
        for binding, owner in found:
            if binding.value is None:
                continue
            if binding.kind in ("value", "parameter"):
                results += self._of(binding.value, owner, depth)
            elif binding.kind == "loop":
                results += self._elements(binding.value, owner, depth)
        results = [text for text in results if text.strip(HOLE)] or [HOLE]
        return tuple(text + HOLE for text in results) if any(binding.kind == "augmented" for binding, _ in found) else tuple(results)

    def _elements(self, node: ast.AST, scope: Scope, depth: int) -> list[str]:
        """The texts of what a literal list, tuple, set or dictionary (its values) holds, by name or as it stands."""
        for _ in range(DEPTH):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("values", "items", "copy"):
                node = node.func.value
            elif (
                isinstance(node, ast.Call)
                and len(node.args) == 1
                and isinstance(node.func, ast.Name)
                and node.func.id in ("enumerate", "sorted", "list", "tuple", "set")
            ):
                node = node.args[0]
            elif isinstance(node, (ast.Name, ast.Attribute)):
                value = self._only_value(node, scope)
                if value is None:
                    break
                node, scope = value
            else:
                break
        members = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else node.values if isinstance(node, ast.Dict) else []
        results: list[str] = []
        for member in members[:_MEMBERS]:
            for part in member.elts if isinstance(member, (ast.Tuple, ast.List)) else [member]:
                results += self._of(part, scope, depth)
            if len(results) > _MEMBERS:
                break
        return results

    def _only_value(self, node: ast.Name | ast.Attribute, scope: Scope) -> tuple[ast.expr, Scope] | None:
        if isinstance(node, ast.Name):
            bindings, owner = self.tree.bindings(node.id, scope)
            found = [(binding, owner) for binding in bindings[:2] if owner is not None]
        else:
            found = self.tree.attribute_bindings(node, scope) or []
        if len(found) != 1 or found[0][0].kind != "value" or found[0][0].value is None:
            return None
        return found[0][0].value, found[0][1]

    def subscript(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of an element of a literal table; of any one where the key is not known."""
        assert isinstance(node, ast.Subscript)  # noqa: S101 - for the type checker
        holder: ast.AST = node.value
        if _is_reversal(node.slice):
            return tuple(text[::-1] for text in self._of(holder, scope, depth))
        if isinstance(holder, (ast.Name, ast.Attribute)):
            value = self._only_value(holder, scope)
            if value is None:
                return (HOLE,)
            holder, scope = value
        wanted = _index(node.slice)
        if wanted is None:
            return tuple(self._elements(holder, scope, depth))
        if isinstance(holder, ast.Dict):
            for key, each in zip(holder.keys[: 4 * _MEMBERS], holder.values):
                if isinstance(key, ast.Constant) and key.value == wanted:
                    return self._of(each, scope, depth)
        elif isinstance(holder, (ast.List, ast.Tuple)) and isinstance(wanted, int) and -len(holder.elts) <= wanted < len(holder.elts):
            return self._of(holder.elts[wanted], scope, depth)
        return (HOLE,)

    def choice(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Texts of `a if c else b` and `a or b`."""
        assert isinstance(node, (ast.IfExp, ast.BoolOp))  # noqa: S101 - for the type checker
        branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values[:_TEXTS]
        return tuple(text for branch in branches for text in self._of(branch, scope, depth))

    def wrapped(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of what a node merely wraps."""
        return self._of(node.value, scope, depth)  # type: ignore[attr-defined]

    def call(self, node: ast.AST, scope: Scope, depth: int) -> tuple[str, ...]:
        """Text of calls that give their argument back, nearly."""
        assert isinstance(node, ast.Call)  # noqa: S101 - for the type checker
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return tuple(self._filled(text, _FIELD, node.args, scope, depth) for text in self._of(node.func.value, scope, depth))
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SAME_TEXT:
            return self._of(node.func.value, scope, depth)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and isinstance(node.func.value, ast.Constant):
            pieces = node.args[0] if len(node.args) == 1 else None
            return self._joined(pieces.elts, scope, depth, _literal(node.func.value.value)) if isinstance(pieces, (ast.List, ast.Tuple)) else (HOLE,)
        name = self.tree.name(node.func, scope)
        if name in _DEFAULT_SECOND:
            return self._of(node.args[1], scope, depth) if len(node.args) > 1 else (HOLE,)
        if name in _JOINS and node.args:
            return self._joined(node.args, scope, depth, "/")
        if name in _FIRST_ARGUMENT:
            first = node.args[0] if node.args else next((keyword.value for keyword in node.keywords if keyword.arg == "url"), None)
            return self._of(first, scope, depth) if first is not None else (HOLE,)
        return (HOLE,)


def _index(node: ast.AST) -> object:
    """The constant that something is subscripted with; None if it is none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, int):
        return -node.operand.value
    return node.value if isinstance(node, ast.Constant) else None


def _is_reversal(node: ast.AST) -> bool:
    """Whether it is `[::-1]`."""
    return isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is not None and _index(node.step) == -1


def _literal(value: object) -> str:
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, bytes):
        return value[:_LONGEST].decode("latin-1")
    return str(value) if isinstance(value, int) and -(1 << 64) < value < 1 << 64 else HOLE


_CONVERSION = re.compile(r"%[sdri]")
_FIELD = re.compile(r"\{\}")
_SAME_TEXT = frozenset("strip rstrip lstrip lower encode decode expanduser resolve absolute as_posix format_map".split())
_DEFAULT_SECOND = frozenset(("os.environ.get", "os.getenv", "os.environ.setdefault"))
_JOINS = frozenset("os.path.join posixpath.join pathlib.Path pathlib.PurePath pathlib.PosixPath Path urllib.parse.urljoin urljoin urlparse.urljoin".split())
_FIRST_ARGUMENT = frozenset(
    "str bytes os.path.expanduser os.path.abspath os.path.realpath os.path.normpath os.fspath urllib.request.Request urllib2.Request "
    "six.moves.urllib.request.Request httpx.URL yarl.URL urllib.parse.quote".split()
)
_READERS: dict[type[ast.AST], Callable[[PythonText, ast.AST, Scope, int], tuple[str, ...]]] = {
    ast.JoinedStr: PythonText.f_string,
    ast.BinOp: PythonText.operation,
    ast.Name: PythonText.by_name,
    ast.Attribute: PythonText.by_attribute,
    ast.Subscript: PythonText.subscript,
    ast.IfExp: PythonText.choice,
    ast.BoolOp: PythonText.choice,
    ast.NamedExpr: PythonText.wrapped,
    ast.Await: PythonText.wrapped,
    ast.FormattedValue: PythonText.wrapped,
    ast.Call: PythonText.call,
}
