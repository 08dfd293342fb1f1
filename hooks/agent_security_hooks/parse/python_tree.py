"""The view of a Python file: its syntax tree with byte offsets, its scopes, and what each name stands for.

Nothing is executed. The tree is walked once, without recursion; each scope keeps its nodes in source order, so that an analysis reads them like a script.
What text an expression has is told by python_text.py.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.python_limits import DEEP, too_much

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agent_security_hooks.source import Source

BINDINGS = 16
"""Places that give one name its meaning, of which that many are looked at."""
DEPTH = 20
"""Names that are followed from one to the next."""


class Binding(NamedTuple):
    """One place that gives a name its meaning.

    `kind` is "import" (`name` is dotted, with leading dots where relative), "value" (`value` is assigned), "item" (a part of `value`, at `position`),
    "loop" (an element of `value`), "enter" (what `with value` gives), "augmented" (`name += value`), "parameter" (`value` is its default, if any),
    "definition" (`node` is a function or class) or "other".
    """

    kind: str
    node: ast.AST
    name: str = ""
    value: ast.expr | None = None
    position: int = -1


class Scope:
    """A module, class, function or lambda ("module", "class", "function"). Comprehensions belong to the scope around them.

    `nodes` are all nodes of the scope in source order, without contexts, operators and the nodes of scopes inside. `attributes` of a class are what its
    methods assign to `self.NAME`, each with the method's scope. `declared` are names that `global` or `nonlocal` hand to another scope, and `stars` the
    modules that `import *` takes names from.
    """

    __slots__ = ("attributes", "bindings", "declared", "kind", "node", "nodes", "parent", "self_name", "stars")

    def __init__(self, kind: str, node: ast.AST, parent: Scope | None) -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.nodes: list[ast.AST] = []
        self.bindings: dict[str, list[Binding]] = {}
        self.attributes: dict[str, list[tuple[Binding, Scope]]] = {}
        self.declared: dict[str, Scope] = {}
        self.stars: list[str] = []
        self.self_name = ""
        """The name of a method's first parameter."""

    def __repr__(self) -> str:
        return f"Scope({self.kind} {getattr(self.node, 'name', '')})"


Function = ast.FunctionDef | ast.AsyncFunctionDef


class PythonTree:
    """A parsed file. `problem` says why there is no tree, quoting nothing of the file; there are no scopes then. The first scope is the module."""

    def __init__(self, text: MappedText) -> None:
        self.text = text
        self.problem = ""
        self.scopes: list[Scope] = []
        self.text_of: Callable[[ast.AST, Scope], tuple[str, ...]] | None = None
        """Tells the texts of an expression once there is a PythonText; until then, literals are known only."""
        self._line_starts: list[int] | None = None
        self._names: dict[object, str] = {}
        self._scope_of: dict[ast.AST, Scope] = {}
        tree = self._parse(text.data)
        if tree is not None:
            self.scopes = _Walk(tree).scopes
            self._scope_of = {scope.node: scope for scope in self.scopes}

    def _parse(self, data: bytes) -> ast.Module | None:
        import warnings

        self.problem = too_much(data)
        if self.problem:
            return None
        try:
            source = data.decode("utf-8")
        except UnicodeDecodeError:  # one ASCII letter for each byte keeps the offsets
            source = data.translate(bytes(range(128)) + b"x" * 128).decode("ascii")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(source)
        except SyntaxError as error:
            self.problem = f"not valid Python (line {error.lineno or 1})"
        except ValueError:  # a NUL byte
            self.problem = "not valid Python"
        except (RecursionError, MemoryError):
            self.problem = DEEP
        return None

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where an expression or statement begins and ends in the file."""
        return self.text.span(*self.offsets(node))

    def offsets(self, node: ast.AST) -> tuple[int, int]:
        """Where an expression or statement begins and ends in the text."""
        start = self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, max(start, self._offset(node.end_lineno, node.end_col_offset))  # type: ignore[attr-defined]

    def _offset(self, line: int, column: int) -> int:
        if self._line_starts is None:
            data = self.text.data
            self._line_starts = [0, *(match.end() for match in Pattern(rb"\r\n?|\n" if b"\r" in data else rb"\n").finditer(data))]
        return self._line_starts[min(line, len(self._line_starts)) - 1] + column

    def nodes(self) -> Iterator[tuple[ast.AST, Scope]]:
        """Every node with its scope."""
        for scope in self.scopes:
            for node in scope.nodes:
                yield node, scope

    def bindings(self, name: str, scope: Scope | None) -> tuple[Sequence[Binding], Scope | None]:
        """The bindings that a name has where it is used, and the scope they are in; none for builtins and what nothing in the file binds."""
        first = True
        while scope is not None:
            if name in scope.declared:
                scope = scope.declared[name]
            if (first or scope.kind != "class") and name in scope.bindings:
                return scope.bindings[name], scope
            scope, first = scope.parent, False
        return (), None

    def attribute_bindings(self, node: ast.Attribute, scope: Scope) -> list[tuple[Binding, Scope]] | None:
        """What `self.NAME` or `Class.NAME` is bound to in this file, each with its scope; None where it is no such attribute."""
        owner = self._class_of(node.value, scope) if isinstance(node.value, ast.Name) else None
        if owner is None:
            return None
        own = [(binding, owner) for binding in owner.bindings.get(node.attr, ())[:BINDINGS]]
        return [*owner.attributes.get(node.attr, ())[:BINDINGS], *own]

    def definition(self, node: ast.AST, scope: Scope) -> Scope | None:
        """The scope of the function or class of this file that `name`, `self.name` or `Class.name` refers to, if there is only one."""
        found: Sequence[Binding] = ()
        if isinstance(node, ast.Name):
            found, _ = self.bindings(node.id, scope)
        elif isinstance(node, ast.Attribute):
            found = [binding for binding, _ in self.attribute_bindings(node, scope) or ()]
        return self._scope_of.get(found[0].node) if len(found) == 1 and found[0].kind == "definition" else None

    def _class_of(self, node: ast.Name, scope: Scope) -> Scope | None:
        """The class that `self` or a class's own name stands for."""
        method: Scope | None = scope
        while method is not None:
            if method.self_name == node.id:
                return method.parent
            method = method.parent if node.id not in method.bindings else None
        found, _ = self.bindings(node.id, scope)
        return self._scope_of.get(found[0].node) if len(found) == 1 and isinstance(found[0].node, ast.ClassDef) else None

    def name(self, node: ast.AST | None, scope: Scope) -> str:
        """The dotted name of what an expression refers to: `requests.get` for `r.get` after `import requests as r`.

        What a call returns is written `requests.Session()`, so that a method of it is `requests.Session().get`. Aliases, `getattr`, `import_module`,
        `sys.modules`, `vars`, `attrgetter`, `functools.partial`, functions that return a module and attributes of `self` are seen through. Names that nothing binds stand for themselves (builtins, modules
        in a notebook). "" where it cannot be told, as for parameters and names with several meanings.
        """
        return self._name(node, scope, 0) if node is not None else ""

    def _name(self, node: ast.AST, scope: Scope, depth: int) -> str:
        trail: list[str] = []
        base: str | None = None
        while len(trail) < 50:
            base = self._names.get(node)
            if base is not None:
                break
            if isinstance(node, ast.Attribute):
                found = self.attribute_bindings(node, scope)
                if found is not None:
                    self._names[node] = ""  # what refers to itself
                    base = self._names[node] = self._agreed(found, depth + 1) if depth < DEPTH else ""
                    break
                trail.append("." + node.attr)
            elif not isinstance(node, ast.Await):
                break
            node = node.value
        if base is None:
            self._names[node] = ""  # what refers to itself
            base = self._names[node] = self._base_name(node, scope, depth + 1) if depth < DEPTH else ""
        return base + "".join(reversed(trail)) if base and len(base) < 200 else ""

    def _base_name(self, node: ast.AST, scope: Scope, depth: int) -> str:
        if isinstance(node, ast.Name):
            return self._name_of(node.id, scope, depth)
        if isinstance(node, ast.Call):
            return self._call_name(node, scope, depth)
        if isinstance(node, ast.NamedExpr):
            return self._name(node.value, scope, depth)
        if isinstance(node, ast.Subscript):
            return self._item_name(node, scope, depth)
        return ""

    def _item_name(self, node: ast.Subscript, scope: Scope, depth: int) -> str:
        """The name of what `sys.modules["a"]`, `globals()["a"]`, `vars(a)["b"]` or `a.__dict__["b"]` is."""
        table = node.value
        if isinstance(table, ast.Call) and isinstance(table.func, ast.Name):
            if table.func.id == "vars" and len(table.args) == 1:
                return _member(self._name(table.args[0], scope, depth), self._text(node.slice, scope))
            if table.func.id in ("globals", "locals", "vars"):
                name = self._text(node.slice, scope)
                return self._name_of(name, scope, depth) if name.isidentifier() and depth < DEPTH else ""
        elif isinstance(table, ast.Attribute) and table.attr == "__dict__":
            return _member(self._name(table.value, scope, depth), self._text(node.slice, scope))
        return self._text(node.slice, scope) if self._name(table, scope, depth) == "sys.modules" else ""

    def _text(self, node: ast.AST, scope: Scope) -> str:
        """The text that an expression certainly has; "" where it cannot be told."""
        text = constant_text(node)
        if text or self.text_of is None or isinstance(node, ast.Constant):
            return text
        texts = self.text_of(node, scope)
        return texts[0] if len(texts) == 1 and texts[0].isprintable() else ""

    def _name_of(self, name: str, scope: Scope, depth: int) -> str:
        found, owner = self.bindings(name, scope)
        if owner is None:
            import builtins

            stars = self.scopes[0].stars
            return f"{stars[0]}.{name}" if len(stars) == 1 and not hasattr(builtins, name) else name
        known = self._names.get((owner, name))
        if known is None:
            self._names[owner, name] = ""
            known = self._names[owner, name] = self._agreed([(binding, owner) for binding in found[: BINDINGS + 1]], depth)
        return known

    def _agreed(self, found: list[tuple[Binding, Scope]], depth: int) -> str:
        """What bindings agree on. A constant says nothing, and the first of several imports (of a `try`) is taken."""
        real = [(binding, owner) for binding, owner in found if not (binding.kind == "value" and isinstance(binding.value, ast.Constant))]
        if not real or len(real) > BINDINGS:
            return ""
        if all(binding.kind == "import" for binding, _ in real):
            return real[0][0].name
        names = {binding.name if binding.kind == "import" else self._value_name(binding, owner, depth) for binding, owner in real}
        return names.pop() if len(names) == 1 else ""

    def _value_name(self, binding: Binding, owner: Scope, depth: int) -> str:
        return self._name(binding.value, owner, depth) if binding.kind in ("value", "enter") and binding.value is not None else ""

    def _call_name(self, node: ast.Call, scope: Scope, depth: int) -> str:
        function = self._name(node.func, scope, depth)
        arguments = node.args
        if function in _IMPORTERS and arguments:
            return self._text(arguments[0], scope)
        if function in ("getattr", "builtins.getattr") and len(arguments) > 1:
            return _member(self._name(arguments[0], scope, depth), self._text(arguments[1], scope))
        if function == "functools.partial" and arguments:
            return self._name(arguments[0], scope, depth)
        if function.endswith(".__getattribute__") and len(arguments) == 1:
            return _member(function.removesuffix(".__getattribute__"), self._text(arguments[0], scope))
        if function == "operator.attrgetter()" and len(arguments) == 1 and isinstance(node.func, ast.Call) and len(node.func.args) == 1:
            return _member(self._name(arguments[0], scope, depth), self._text(node.func.args[0], scope))
        returned = self._returned(node.func, scope, depth) if not arguments else ""
        return returned or (function + "()" if function else "")

    def _returned(self, function: ast.AST, scope: Scope, depth: int) -> str:
        """The name of what a function of this file returns, where that is one imported thing."""
        inner = self._scope_of.get(function) if isinstance(function, ast.Lambda) else self.definition(function, scope)
        if inner is None or inner.kind != "function" or depth >= DEPTH:
            return ""
        if isinstance(inner.node, ast.Lambda):
            values: list[ast.expr | None] = [inner.node.body]
        else:
            values = [node.value for node in inner.nodes if isinstance(node, ast.Return)]
        if len(values) != 1 or not isinstance(values[0], (ast.Name, ast.Attribute)):
            return ""
        name = self._name(values[0], inner, depth)
        return "" if "(" in name or isinstance(values[0], ast.Name) and name == values[0].id and not self.bindings(name, inner)[0] else name


_IMPORTERS = frozenset("importlib.import_module importlib.__import__ __import__ builtins.__import__ pytest.importorskip pydoc.locate".split())


def _member(owner: str, attribute: str) -> str:
    return f"{owner}.{attribute}" if owner and attribute.isidentifier() else ""


def constant_text(node: ast.AST | None) -> str:
    """The text of a string literal; "" for all else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def dotted(node: ast.AST) -> str:
    """`a.b.c` as it stands there; "" for anything but names and a few attributes."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and len(names) < 10:
        names.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(names))) if isinstance(node, ast.Name) else ""


def argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """The argument at a position or with one of the names, unless stars make positions unknown."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if 0 <= position < len(call.args) and not any(isinstance(given, ast.Starred) for given in call.args[: position + 1]):
        return call.args[position]
    return None


# --- the walk ---


class _Walk:
    """One pass over a tree, with a stack of its own: makes the scopes and notes in them what binds names."""

    def __init__(self, tree: ast.Module) -> None:
        self.scopes = [Scope("module", tree, None)]
        stack: list[tuple[ast.AST, Scope]] = [(child, self.scopes[0]) for child in reversed(tree.body)]
        while stack:
            node, scope = stack.pop()
            scope.nodes.append(node)
            binder = _BINDERS.get(type(node))
            inner = binder(self, node, scope) if binder is not None else None
            if inner is None:
                stack += [(child, scope) for child in reversed(_children(node))]
            else:
                stack += reversed(inner)

    def scope(self, kind: str, node: ast.AST, parent: Scope) -> Scope:
        inner = Scope(kind, node, parent)
        self.scopes.append(inner)
        return inner

    def bind(self, target: ast.AST, scope: Scope, kind: str, node: ast.AST, value: ast.expr | None) -> None:
        """Bind what stands left of `=`, after `for` or after `as`."""
        stack: list[tuple[ast.AST, str, ast.expr | None, int]] = [(target, kind, value, -1)]
        while stack:
            target, kind, value, index = stack.pop()
            if isinstance(target, ast.Name):
                _note(scope, target.id, Binding(kind, node, "", value, index))
            elif isinstance(target, ast.Starred):
                stack.append((target.value, "other", None, -1))
            elif isinstance(target, (ast.Tuple, ast.List)):
                stack += [
                    (each, *_part(value if kind == "value" else None, position, len(target.elts), kind, value)) for position, each in enumerate(target.elts)
                ]
            elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                owner = scope.parent
                if owner is not None and scope.self_name == target.value.id:
                    owner.attributes.setdefault(target.attr, []).append((Binding(kind, node, "", value, index), scope))

    def imports(self, node: ast.AST, scope: Scope) -> None:
        assert isinstance(node, (ast.Import, ast.ImportFrom))  # noqa: S101 - for the type checker
        module = "" if isinstance(node, ast.Import) else "." * node.level + (node.module or "")
        for alias in node.names:
            if isinstance(node, ast.Import):
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                _note(scope, alias.asname or name, Binding("import", node, name))
            elif alias.name == "*":
                self.scopes[0].stars.append(module)
            else:
                name = module + alias.name if module.endswith(".") else f"{module}.{alias.name}"
                _note(scope, alias.asname or alias.name, Binding("import", node, name))

    def assign(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, scope, "value", node, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            if node.value is not None:
                self.bind(node.target, scope, "value", node, node.value)
        elif isinstance(node, ast.AugAssign):
            self.bind(node.target, scope, "augmented", node, node.value)

    def loop(self, node: ast.AST, scope: Scope) -> None:
        self.bind(node.target, scope, "loop", node, node.iter)  # type: ignore[attr-defined]

    def enter(self, node: ast.AST, scope: Scope) -> None:
        for item in node.items:  # type: ignore[attr-defined]
            if item.optional_vars is not None:
                self.bind(item.optional_vars, scope, "enter", node, item.context_expr)

    def named(self, node: ast.AST, scope: Scope) -> None:
        if node.name:  # type: ignore[attr-defined]
            _note(scope, node.name, Binding("other", node))  # type: ignore[attr-defined]

    def declare(self, node: ast.AST, scope: Scope) -> None:
        owner = self.scopes[0] if isinstance(node, ast.Global) else scope.parent
        if owner is not None and owner is not scope:
            scope.declared.update(dict.fromkeys(node.names, owner))  # type: ignore[attr-defined]

    def function(self, node: ast.AST, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))  # noqa: S101 - for the type checker
        inner = self.scope("function", node, scope)
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [*([None] * (len(positional) - len(arguments.defaults))), *arguments.defaults]
        for parameter, default in zip([*positional, *arguments.kwonlyargs], [*defaults, *arguments.kw_defaults]):
            # A default belongs to the scope outside, but no name of a parameter is used in it.
            _note(inner, parameter.arg, Binding("parameter", parameter, "", default))
        for parameter in filter(None, (arguments.vararg, arguments.kwarg)):
            _note(inner, parameter.arg, Binding("other", parameter))
        outside: list[ast.AST] = [*(default for default in defaults if default is not None), *filter(None, arguments.kw_defaults)]
        if isinstance(node, ast.Lambda):
            return [*((child, scope) for child in outside), (node.body, inner)]
        _note(scope, node.name, Binding("definition", node))
        if scope.kind == "class" and positional and not any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in node.decorator_list):
            inner.self_name = positional[0].arg
        return [*((child, scope) for child in (*node.decorator_list, *outside)), *((child, inner) for child in node.body)]

    def klass(self, node: ast.AST, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        assert isinstance(node, ast.ClassDef)  # noqa: S101 - for the type checker
        inner = self.scope("class", node, scope)
        _note(scope, node.name, Binding("definition", node))
        return [*((child, scope) for child in (*node.decorator_list, *node.bases, *node.keywords)), *((child, inner) for child in node.body)]


def _part(whole: ast.expr | None, position: int, count: int, kind: str, value: ast.expr | None) -> tuple[str, ast.expr | None, int]:
    """Kind, value and index of one of several targets."""
    if isinstance(whole, (ast.Tuple, ast.List)) and len(whole.elts) == count and not any(isinstance(each, ast.Starred) for each in whole.elts):
        return "value", whole.elts[position], -1
    return ("item", value, position) if kind == "value" else ("loop", value, position) if kind == "loop" else ("other", None, -1)


def _note(scope: Scope, name: str, binding: Binding) -> None:
    owner = scope.declared.get(name, scope)
    owner.bindings.setdefault(name, []).append(binding)


_BINDERS = {
    ast.Import: _Walk.imports, ast.ImportFrom: _Walk.imports, ast.Assign: _Walk.assign, ast.AnnAssign: _Walk.assign, ast.NamedExpr: _Walk.assign,
    ast.AugAssign: _Walk.assign, ast.For: _Walk.loop, ast.AsyncFor: _Walk.loop, ast.comprehension: _Walk.loop, ast.With: _Walk.enter, ast.AsyncWith: _Walk.enter,
    ast.ExceptHandler: _Walk.named, ast.MatchAs: _Walk.named, ast.MatchStar: _Walk.named, ast.Global: _Walk.declare, ast.Nonlocal: _Walk.declare,
    ast.FunctionDef: _Walk.function, ast.AsyncFunctionDef: _Walk.function, ast.Lambda: _Walk.function, ast.ClassDef: _Walk.klass,
}  # fmt: skip
_NO_NODES = frozenset("ctx op ops id attr arg name kind level module conversion simple is_async type_comment rest kwd_attrs".split())
"""Fields that hold names, contexts and operators."""
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_NO_CHILDREN = frozenset((ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom))


def _children(node: ast.AST) -> list[ast.AST]:
    kind = type(node)
    if kind in _NO_CHILDREN:
        return []
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(field for field in kind._fields if field not in _NO_NODES)
    found: list[ast.AST] = []
    for field in fields:
        value = getattr(node, field, None)
        if value.__class__ is list:
            found += [child for child in value if isinstance(child, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def read_python(file: Source) -> PythonTree:
    """The view."""
    return PythonTree(MappedText.cut(file.data, 0, len(file.data)))
