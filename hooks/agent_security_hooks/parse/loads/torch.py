"""Calls that load PyTorch files without `weights_only=True`, and those that fall back to that.

Since version 2.6 `torch.load` has that default (https://pytorch.org/docs/stable/generated/torch.load.html); the functions of torch.hub that load still have the other.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.loads.edits import add_keyword, replace
from agent_security_hooks.parse.loads.names import canonical
from agent_security_hooks.parse.loads.requirements import asks_for_torch
from agent_security_hooks.parse.python_tree import argument, constant_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.loads.calls import Calls, Use

RULE = "unsafe-torch-load"
FALLBACK = "torch-load-fallback"
_LOADERS = ("torch.load", "torch.serialization.load")
_HUB = (
    "torch.hub.load_state_dict_from_url",
    "torch.utils.model_zoo.load_url",
    "torch.hub.load_url",
    "torchvision._internally_replaced_utils.load_state_dict_from_url",
)
_PACKAGES = ("torch.package.PackageImporter", "torch.package.package_importer.PackageImporter")
_LEGACY = "torch.serialization._legacy_load"
HANDED: frozenset[str] = frozenset((*_LOADERS, *_HUB))
_KEYWORD = "weights_only"
_TRUE = "weights_only=True"
_FIX = f"pass {_TRUE} (torch.serialization.add_safe_globals lists the classes that a file of yours needs), or store the weights as safetensors"
_TURN_FIX = f"write {_TRUE}, as --fix --unsafe-fixes does; torch.serialization.add_safe_globals lists the classes that a file of yours needs"
_MODULE_FIX = f"remove pickle_module and pass {_TRUE}: torch takes one or the other; or store the weights as safetensors"
_PACKAGE = "store the weights as safetensors and keep the code in the repository"
_FALLBACK_FIX = f"drop the second attempt: list the classes that your files need with torch.serialization.add_safe_globals and keep {_TRUE}"
_SWITCHES = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": ("1", "y", "yes", "true")}
_NESTED = 50
_ASKS = frozenset("add_argument set_defaults assert_called_with assert_called_once_with assert_any_call call add_option".split())


def torch_events(calls: Calls) -> Iterator[Event]:
    """The events of unsafe-torch-load and torch-load-fallback."""
    return _Torch(calls).events()


class _Torch:
    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.tree = calls.tree
        self._speaks = b"weights_only" in self.tree.text.data
        self._safe: set[tuple[int, int]] = set()
        """Where calls begin and end that pass weights_only=True, or may."""
        self._attempts: list[tuple[int, int, ast.ExceptHandler | ast.Try]] | None = None

    def events(self) -> Iterator[Event]:
        uses = [(canonical(use.name, self.calls.file) if use.name else "", use) for use in self.calls.uses]
        for name, use in uses:
            if name in HANDED or use.call is not None and self._speaks:
                given = self.calls.keyword(use, _KEYWORD)
                if given.node is not None and True in self.calls.truths(given.node, given.scope):
                    self._safe.add(self.tree.offsets(use.node))
        for name, use in uses:
            if name in HANDED:
                yield from self._load(name, use)
            elif name in _PACKAGES:
                if use.call is not None:
                    yield Event(*self.tree.span(use.node), RULE, "torch.package.PackageImporter runs the Python code in the file", _PACKAGE)
            elif use.call is not None:
                yield from self._other(name, use, use.call)
        yield from self._switches()

    # --- one call ---

    def _load(self, name: str, use: Use) -> Iterator[Event]:
        given = self.calls.keyword(use, _KEYWORD)
        truths = self.calls.truths(given.node, given.scope) if given.node is not None else set()
        is_none = isinstance(given.node, ast.Constant) and given.node.value is None
        if truths == {True}:
            return
        span = self.tree.span(use.node)
        handed = "is handed on: it " if use.call is None else ""
        if given.node is None or is_none:
            yield from self._left_out(name, use, given.is_open, span, handed)
        elif truths == {False}:
            edits = self._turned(use, given.node)
            yield self._event(use, span, f"{name} with {_KEYWORD}=False {handed}runs whatever code the file asks for", False, edits, safe=False)
        elif False in truths and self._tried(use) is not None:
            yield Event(*span, FALLBACK, f"{name} is tried again with {_KEYWORD}=False, which runs whatever code the file asks for", _FALLBACK_FIX)
        else:
            yield self._event(use, span, f"{name} {handed}runs whatever code the file asks for unless {_KEYWORD} is true", True, ())

    def _left_out(self, name: str, use: Use, is_open: bool, span: tuple[int, int], handed: str) -> Iterator[Event]:
        if is_open:
            return
        pinned = name in _LOADERS and asks_for_torch(self.calls.file, (2, 6))
        edits: tuple[tuple[int, int, bytes], ...] = ()
        given = self.calls.keyword(use, "pickle_module", 2) if name in _LOADERS else None
        if use.call is not None and use.partial is None and (given is None or given.node is None) and self.calls.keyword(use, _KEYWORD).node is None:
            edits = add_keyword(self.tree, use.call, _TRUE)
        yield self._event(
            use,
            span,
            f"{name} without {_TRUE} {handed}runs whatever code the file asks for",
            pinned,
            edits,
            fix=_MODULE_FIX if given is not None and given.node is not None else "",
        )

    def _turned(self, use: Use, value: ast.expr) -> tuple[tuple[int, int, bytes], ...]:
        inside = use.call is not None and any(keyword.value is value for keyword in use.call.keywords)
        return replace(self.tree, use.call, value, "False", "True") if inside and isinstance(value, ast.Constant) and value.value is False else ()

    def _event(
        self, use: Use, span: tuple[int, int], message: str, pedantic: bool, edits: tuple[tuple[int, int, bytes], ...], *, safe: bool = True, fix: str = ""
    ) -> Event:
        attempt = self._tried(use)
        if attempt is None:
            return Event(*span, RULE, message, fix or ("" if edits and safe else _TURN_FIX if edits else _FIX), pedantic, edits, safe)
        # A TypeError is what a version of torch raises that does not know the keyword, so that nothing is tried twice with newer ones.
        compatible = _catches_type_error(attempt) and "=False" not in message
        return Event(*span, FALLBACK, f"{message}; it is what follows when {_TRUE} fails", _FALLBACK_FIX, pedantic or compatible)

    # --- try and except ---

    def _tried(self, use: Use) -> ast.ExceptHandler | ast.Try | None:
        """Where a use is the second attempt: the handler of a `try` whose body has a call with weights_only=True, or the `try` itself in a loop."""
        if not self._safe:
            return None
        if self._attempts is None:
            self._attempts = sorted(self._guarded(), key=lambda one: one[:2])
        start, end = self.tree.offsets(use.node)
        last = bisect_right(self._attempts, start, key=lambda one: one[0])
        for first, stop, attempt in reversed(self._attempts[max(0, last - _NESTED) : last]):
            if first <= start and end <= stop and (isinstance(attempt, ast.ExceptHandler) or (start, end) in self._safe):
                return attempt
        return None

    def _guarded(self) -> Iterator[tuple[int, int, ast.ExceptHandler | ast.Try]]:
        """The handlers and bodies of each `try` that has a call with weights_only=True in its body."""
        safe = sorted(self._safe)
        kinds = (ast.Try, getattr(ast, "TryStar", ast.Try))
        for node, _ in self.tree.nodes():
            if isinstance(node, kinds):
                begin, end = self.tree.offsets(node.body[0])[0], self.tree.offsets(node.body[-1])[1]
                if bisect_left(safe, (begin, 0)) < bisect_left(safe, (end, 0)):
                    yield begin, end, node
                    for handler in node.handlers:
                        yield *self.tree.offsets(handler), handler

    # --- other ways ---

    def _other(self, name: str, use: Use, call: ast.Call) -> Iterator[Event]:
        last = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
        if last == "load_from_checkpoint":
            given = self.calls.keyword(use, _KEYWORD)
            truth = self.calls.truth(given.node, given.scope) if given.node is not None else None
            if truth is True or given.node is None and given.is_open:
                return
            edits = self._turned(use, given.node) if given.node is not None else ()
            message = f"load_from_checkpoint without {_TRUE} runs whatever code the file asks for"
            yield self._event(
                use,
                self.tree.span(use.node),
                message.replace("without weights_only=True", f"with {_KEYWORD}=False") if truth is False else message,
                truth is None,
                edits,
                safe=False,
            )
        elif self._speaks and last not in _ASKS and name != "dict":
            for keyword in call.keywords:
                if keyword.arg == _KEYWORD and isinstance(keyword.value, ast.Constant) and keyword.value.value is False:
                    shown = last or "this call"
                    yield self._event(use, self.tree.span(use.node), f"{shown} is told to load with {_KEYWORD}=False", True, ())

    def _switches(self) -> Iterator[Event]:
        """Finds the variable that turns weights_only off everywhere."""
        if b"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in self.tree.text.data:
            return
        for node, scope in self.tree.nodes():
            pairs: list[tuple[ast.AST | None, ast.AST | None]] = []
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                pairs = [(node.targets[0].slice, node.value)]
            elif isinstance(node, ast.Dict):
                pairs = list(zip(node.keys, node.values))
            elif isinstance(node, ast.Call) and len(node.args) > 1:
                pairs = [(argument(node, 0), argument(node, 1))]
            for key, value in pairs:
                wanted = _SWITCHES.get(constant_text(key))
                if wanted and value is not None and any(text.lower() in wanted for text in self.calls.text.of(value, scope)):
                    message = f"{constant_text(key)} makes every torch.load run whatever code its file asks for"
                    yield Event(
                        *self.tree.span(node if isinstance(node, (ast.Assign, ast.Call)) else value),
                        RULE,
                        message,
                        "remove it and list the classes with torch.serialization.add_safe_globals",
                    )


def _catches_type_error(attempt: ast.ExceptHandler | ast.Try) -> bool:
    return isinstance(attempt, ast.ExceptHandler) and isinstance(attempt.type, ast.Name) and attempt.type.id == "TypeError"
