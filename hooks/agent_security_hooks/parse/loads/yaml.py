"""Calls that load YAML with a loader that builds Python objects.

PyYAML's FullLoader counts as one: it has been escaped again and again (CVE-2020-1747, CVE-2020-14343). Sources: https://github.com/yaml/pyyaml/wiki/PyYAML-yaml.load(input)-Deprecation
and https://yaml.dev/doc/ruamel.yaml/api/
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.loads.edits import Edits, add_keyword, replace
from agent_security_hooks.parse.loads.names import canonical
from agent_security_hooks.parse.python_tree import Scope, constant_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.loads.calls import Calls, Use

RULE = "unsafe-yaml-load"
_MODULES = ("yaml", "ruamel.yaml", "ruamel.yaml.main")
_UNSAFE = {
    "Loader": "SafeLoader", "UnsafeLoader": "SafeLoader", "FullLoader": "SafeLoader", "CLoader": "CSafeLoader", "CFullLoader": "CSafeLoader", "CUnsafeLoader": "CSafeLoader",
}  # fmt: skip
_HOMES = (
    "yaml",
    "yaml.loader",
    "yaml.cyaml",
    "ruamel.yaml",
    "ruamel.yaml.loader",
    "ruamel.yaml.cyaml",
    "yamlordereddictloader",
    "yamlloader.ordereddict",
    "yamlloader",
)
_LOADERS: dict[str, str] = {f"{home}.{name}": instead for home in _HOMES for name, instead in _UNSAFE.items()}
_LOADS: dict[str, str] = {f"{module}.{name}": f"safe_{name}" for module in _MODULES for name in ("load", "load_all")}
_UNSAFE_LOADS: dict[str, str] = {
    f"{module}.{kind}_{name}": f"safe_{name}" for module in _MODULES for kind in ("unsafe", "full") for name in ("load", "load_all")
}
_YAML = ("ruamel.yaml.YAML", "ruamel.yaml.main.YAML")
HANDED: frozenset[str] = frozenset((*_LOADS, *_UNSAFE_LOADS))
_FIX = "use yaml.safe_load, or Loader=yaml.SafeLoader"
_RUAMEL_FIX = 'use YAML(typ="safe"), or YAML() to keep comments'
_BUILDS = "builds Python objects that the document names, which can run code"


def yaml_events(calls: Calls) -> Iterator[Event]:
    """The events of unsafe-yaml-load."""
    return _Yaml(calls).events()


class _Yaml:
    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.tree = calls.tree

    def events(self) -> Iterator[Event]:
        for use in self.calls.uses:
            name = canonical(use.name, self.calls.file) if use.name else ""
            if name in _LOADS:
                yield from self._load(name, use)
            elif name in _UNSAFE_LOADS:
                function = use.call.func if use.call is not None else use.node
                edits = self._renamed(use.call, function, name.rpartition(".")[2], _UNSAFE_LOADS[name])
                yield self._event(use, f"{name} {'is handed on: it ' if use.call is None else ''}{_BUILDS}", edits)
            elif name in _YAML and use.call is not None:
                yield from self._ruamel(use)
            elif name in _LOADERS and use.call is not None and name.startswith(("yaml.", "ruamel.")):
                yield self._event(use, f"{name} {_BUILDS}")

    def _event(self, use: Use, message: str, edits: Edits = (), *, pedantic: bool = False) -> Event:
        return Event(*self.tree.span(use.node), RULE, message, "" if edits else _FIX, pedantic, edits)

    def _load(self, name: str, use: Use) -> Iterator[Event]:
        given = self.calls.keyword(use, "Loader", 1)
        if given.node is None:
            if given.is_open:
                return
            edits = self._made_safe(name, use)
            yield self._event(use, f"{name} without a Loader {'is handed on: it ' if use.call is None else ''}{_BUILDS}", edits)
            return
        if isinstance(given.node, ast.Constant) and given.node.value is None:
            yield self._event(use, f"{name} with no Loader {_BUILDS}")
            return
        verdict = self._loader(given.node, given.scope, 0)
        if verdict is None:
            yield self._event(use, f"{name} {_BUILDS}, unless its Loader is a safe one", pedantic=True)
        elif verdict:
            yield self._event(use, f"{name} with {verdict} {_BUILDS}", self._replaced(use, given.node, given.scope))

    # --- what a loader is ---

    def _loader(self, node: ast.expr, scope: Scope, depth: int) -> str | None:
        """The name of an unsafe loader, "" for a safe one, None where it cannot be told."""
        if depth > 5:
            return None
        if isinstance(node, ast.IfExp):
            return self._worst([(node.body, scope), (node.orelse, scope)], depth)
        if isinstance(node, ast.BoolOp):
            return self._worst([(each, scope) for each in node.values], depth)
        if isinstance(node, ast.Call):
            return self._made(node, scope, depth)
        klass = self.tree.definition(node, scope)
        if klass is not None:
            return self._class(klass, depth)
        found = self.calls.bound(node, scope)
        if len(found) > 1 and any(binding.kind == "value" for binding, _ in found):
            return self._worst([(binding.value, owner) for binding, owner in found if binding.value is not None], depth)
        if len(found) == 1 and found[0][0].kind == "value" and found[0][0].value is not None:
            return self._loader(found[0][0].value, found[0][1], depth + 1)
        imported = [binding.name for binding, _ in found if binding.kind == "import"] if isinstance(node, ast.Name) else []
        if found and len(imported) != len(found) and isinstance(node, ast.Name):
            return None
        verdicts = [self._named(canonical(name, self.calls.file)) for name in imported or [self.tree.name(node, scope)] if name]
        return next((verdict for verdict in verdicts if verdict), None if None in verdicts or not verdicts else "")

    def _worst(self, choices: list[tuple[ast.expr, Scope]], depth: int) -> str | None:
        verdicts = [self._loader(each, scope, depth + 1) for each, scope in choices]
        return next((verdict for verdict in verdicts if verdict), None if None in verdicts else "")

    def _made(self, node: ast.Call, scope: Scope, depth: int) -> str | None:
        """Judges `getattr(yaml, "CLoader", yaml.Loader)` and `type("L", (yaml.Loader,), {})`."""
        name = self.tree.name(node.func, scope)
        if name == "getattr" and len(node.args) > 1:
            verdict = self._named(canonical(self.tree.name(node, scope), self.calls.file))
            default = self._loader(node.args[2], scope, depth + 1) if len(node.args) > 2 else ""
            return verdict or default if verdict is not None and default is not None else verdict or default or None
        if name == "type" and len(node.args) == 3 and isinstance(node.args[1], ast.Tuple):
            return self._worst([(each, scope) for each in node.args[1].elts], depth)
        return None

    def _named(self, name: str) -> str | None:
        last = name.rpartition(".")[2]
        if name in _LOADERS:
            return name
        safe = "safe" in last.lower() and "unsafe" not in last.lower() or last in ("BaseLoader", "CBaseLoader") or last.startswith("RoundTrip")
        return "" if safe else None

    def _class(self, klass: Scope, depth: int) -> str | None:
        """Judges a class of this file by what it is made from."""
        if not isinstance(klass.node, ast.ClassDef) or klass.parent is None:
            return None
        found: list[str | None] = [self._loader(base, klass.parent, depth + 1) for base in klass.node.bases[:8]]
        unsafe = next((verdict for verdict in found if verdict), "")
        if unsafe:
            return f"{klass.node.name} (a {unsafe})" if "(" not in unsafe else unsafe
        return "" if "" in found else None

    # --- edits ---

    def _renamed(self, call: ast.Call | None, function: ast.expr, old: str, new: str) -> Edits:
        return replace(self.tree, call, function, old, new) if isinstance(function, ast.Attribute) and function.attr == old else ()

    def _made_safe(self, name: str, use: Use) -> Edits:
        call = use.call
        if call is None or use.partial is not None or len(call.args) + len(call.keywords) != 1 or any(each.arg != "stream" for each in call.keywords):
            return ()
        old = name.rpartition(".")[2]
        edits = self._renamed(call, call.func, old, _LOADS[name])
        loader = self._bound_loader("SafeLoader", use.scope)
        return edits or (add_keyword(self.tree, call, "Loader=SafeLoader") if loader and isinstance(call.func, ast.Name) else ())

    def _bound_loader(self, name: str, scope: Scope) -> bool:
        found, _ = self.tree.bindings(name, scope)
        return bool(found) and all(binding.kind == "import" and binding.name.rpartition(".")[2] == name for binding in found)

    def _replaced(self, use: Use, node: ast.expr, scope: Scope) -> Edits:
        call = use.call
        if call is None or not any(node is each for each in (*call.args, *(keyword.value for keyword in call.keywords))):
            return ()
        if isinstance(node, ast.Attribute):
            instead = _UNSAFE.get(node.attr, "")
            return replace(self.tree, call, node, node.attr, instead) if instead and canonical(self.tree.name(node, scope), self.calls.file) in _LOADERS else ()
        if isinstance(node, ast.Name):
            found = self.calls.bound(node, scope)
            if len(found) == 1 and found[0][0].kind == "import":
                instead = _UNSAFE.get(found[0][0].name.rpartition(".")[2], "")
                if instead and self._bound_loader(instead, use.scope):
                    return replace(self.tree, call, node, node.id, instead)
        return ()

    # --- ruamel.yaml ---

    def _ruamel(self, use: Use) -> Iterator[Event]:
        given = self.calls.keyword(use, "typ", 0)
        members = given.node.elts if isinstance(given.node, (ast.List, ast.Tuple)) else [given.node] if given.node is not None else []
        if any(constant_text(each) == "unsafe" or "unsafe" in self.calls.text.of(each, given.scope) for each in members):
            yield Event(*self.tree.span(use.node), RULE, f'YAML(typ="unsafe") {_BUILDS}', _RUAMEL_FIX)
