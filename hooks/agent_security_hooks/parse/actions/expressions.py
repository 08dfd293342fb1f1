"""The language of `${{ }}`: where expressions stand in a text, what they say, and whose text can be part of their result.

Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions and .../contexts; for what these leave open (precedence, limits,
names, white space), the parser of github.com/actions/runner, src/Sdk/DTExpressions2. Contexts, their properties and functions are not told by case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.fragments.pieces import expression_end
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from agent_security_hooks.parse.mapped import MappedText

SIZE = 21_000
"""Characters of an expression; GitHub takes no longer one."""
DEPTH = 60
"""How deep an expression may be nested; GitHub takes 50 levels."""
LIMIT = 20_000
"""Expressions of one text that are looked at."""


class Literal(NamedTuple):
    """A string, a number, a boolean or null (None)."""

    value: str | float | bool | None


class Context(NamedTuple):
    """A value that GitHub provides. `path` in lower case, "*" for each of several (`commits.*.message`), "?" for an index that is computed."""

    path: tuple[str, ...]
    indexes: tuple[Tree, ...] = ()
    """What computes the indexes."""
    decoded: tuple[str, ...] = ()
    """Given by `flows` only: the part of what `fromJSON` makes of its text, as in `fromJSON(x).head.ref`."""


class Access(NamedTuple):
    """A part of what another expression gives: `fromJSON(x).name`. `path` and `indexes` as in Context."""

    target: Tree
    path: tuple[str, ...]
    indexes: tuple[Tree, ...] = ()


class Call(NamedTuple):
    """A function; its name in lower case."""

    name: str
    arguments: tuple[Tree, ...]


class Operation(NamedTuple):
    """`!`, a comparison, or any number of operands joined by `&&` or `||`."""

    operator: str
    operands: tuple[Tree, ...]


if TYPE_CHECKING:
    Tree: TypeAlias = Literal | Context | Access | Call | Operation


class Expression(NamedTuple):
    """`start` to `end` of the text it was found in, `${{` and `}}` included. `tree` is None when it cannot be parsed."""

    start: int
    end: int
    tree: Tree | None
    inner: str


def find_expressions(text: bytes | MappedText) -> tuple[Expression, ...]:
    """The expressions of a text, at most LIMIT. One that nothing ends is none, nor is what comes after it: GitHub refuses such a text."""
    data = text if isinstance(text, bytes) else text.data
    found: list[Expression] = []
    position = 0
    while (start := data.find(b"${{", position)) >= 0 and len(found) < LIMIT:
        position = expression_end(data, start + 3)
        if position < 0:
            break
        inner = data[start + 3 : position - 2].decode("utf-8", "surrogateescape")
        tree = _parse_known(inner) if len(inner) < _SHORT else parse_expression(inner)
        found.append(Expression(start, position, tree, inner))
    return tuple(found)


_SHORT = 300


@lru_cache(maxsize=2048)
def _parse_known(text: str) -> Tree | None:
    """Files of one repository hold the same expressions over and over."""
    return parse_expression(text)


# Most expressions are one context.
_PLAIN = Pattern(r"\s*([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)\s*")
_CONSTANTS: dict[str, float | bool | None] = {
    "true": True, "false": False, "null": None, "nan": float("nan"), "infinity": float("inf"),
}  # fmt: skip


def parse_expression(text: str) -> Tree | None:
    """The tree of an expression without its `${{ }}`, as `if:` may hold it; None for what is no expression, is too long or nested too deep."""
    if len(text) > SIZE:
        return None
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        path = plain[1].lower().split(".")
        if path[0] not in _CONSTANTS:
            return Context(tuple(path))
    try:
        return _Parser(text).whole()
    except _Malformed:
        return None


class _Malformed(Exception):
    """A text that is no expression."""


_TOKEN = Pattern(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|'(?P<string>[^']*(?:''[^']*)*)'|(?P<number>[-+]?(?:\.?[0-9][0-9A-Za-z_.]*(?:(?<=[eE])[-+][0-9]+)?|Infinity))"
    r"|(?P<mark>&&|\|\||[=!<>]=|[!<>()\[\].,*]))"
)
_COMPARISONS = (("==", "!="), ("<", "<=", ">", ">="))


class _Parser:
    """Reads one expression by recursive descent; each level of nesting counts once."""

    __slots__ = ("_depth", "_kind", "_position", "_text", "_value")

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._position = 0
        self._depth = 0
        self._kind = ""
        """Of the token that comes next; "" at the end."""
        self._value = ""
        self._next()

    def whole(self) -> Tree:
        """The expression that the whole text is."""
        tree = self._either()
        if self._kind:
            raise _Malformed
        return tree

    def _next(self) -> str:
        """Go on to the next token; gives the value of the one left behind."""
        value = self._value
        if self._position >= len(self._text):
            self._kind = self._value = ""
            return value
        found = _TOKEN.match(self._text, self._position)
        if found is None:
            raise _Malformed
        kind = found.lastgroup or ""
        self._kind, self._value, self._position = kind, found[kind], found.end()
        return value

    def _take(self, mark: str) -> bool:
        if self._kind == "mark" and self._value == mark:
            self._next()
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise _Malformed

    def _either(self) -> Tree:
        operands = [self._both()]
        while self._take("||"):
            operands.append(self._both())
        return operands[0] if len(operands) == 1 else Operation("||", tuple(operands))

    def _both(self) -> Tree:
        operands = [self._comparison(0)]
        while self._take("&&"):
            operands.append(self._comparison(0))
        return operands[0] if len(operands) == 1 else Operation("&&", tuple(operands))

    def _comparison(self, level: int) -> Tree:
        if level == len(_COMPARISONS):
            return self._unary()
        tree = self._comparison(level + 1)
        chained = 0
        while self._kind == "mark" and self._value in _COMPARISONS[level]:
            chained += 1
            if chained + self._depth > DEPTH:
                raise _Malformed
            tree = Operation(self._next(), (tree, self._comparison(level + 1)))
        return tree

    def _unary(self) -> Tree:
        negations = 0
        while self._take("!"):
            negations += 1
        if negations + self._depth > DEPTH:
            raise _Malformed
        tree = self._postfix()
        for _ in range(negations):
            tree = Operation("!", (tree,))
        return tree

    def _postfix(self) -> Tree:
        tree = self._primary()
        path: list[str] = []
        indexes: list[Tree] = []
        while self._kind == "mark":
            if self._take("."):
                path.append(self._property())
            elif self._take("["):
                path.append(self._index(indexes))
            else:
                break
        if not path:
            return tree
        if isinstance(tree, Context):
            return Context((*tree.path, *path), tuple(indexes))
        return Access(tree, tuple(path), tuple(indexes))

    def _property(self) -> str:
        if self._kind == "name":
            return self._next().lower()
        self._expect("*")
        return "*"

    def _index(self, indexes: list[Tree]) -> str:
        if self._take("*"):
            self._expect("]")
            return "*"
        tree = self._nested()
        self._expect("]")
        if isinstance(tree, Literal) and isinstance(tree.value, str):
            return tree.value.lower()
        if isinstance(tree, Literal) and isinstance(tree.value, float) and tree.value.is_integer():
            return str(int(tree.value))
        indexes.append(tree)
        return "?"

    def _nested(self) -> Tree:
        self._depth += 1
        if self._depth > DEPTH:
            raise _Malformed
        tree = self._either()
        self._depth -= 1
        return tree

    def _primary(self) -> Tree:
        kind = self._kind
        if kind == "string":
            return Literal(self._next().replace("''", "'"))
        if kind == "number":
            return Literal(_number(self._next()))
        if kind == "name":
            name = self._next().lower()
            if self._take("("):
                return Call(name, self._arguments())
            return Literal(_CONSTANTS[name]) if name in _CONSTANTS else Context((name,))
        self._expect("(")
        tree = self._nested()
        self._expect(")")
        # What is in brackets is not a mere name any more: `(github).x` is the same as `github.x`.
        return tree

    def _arguments(self) -> tuple[Tree, ...]:
        if self._take(")"):
            return ()
        arguments = [self._nested()]
        while self._take(","):
            arguments.append(self._nested())
        self._expect(")")
        return tuple(arguments)


def _number(text: str) -> float:
    """Decimal with an exponent, `0x` or `0o`."""
    try:
        if text[:2] in ("0x", "0o"):
            return float(int(text, 16 if text[1] == "x" else 8))
        return float(text.replace("_", "?"))
    except (ValueError, OverflowError):
        raise _Malformed from None


def contexts(tree: Tree | None) -> Iterator[Context]:
    """Every context that is mentioned anywhere, in indexes too, in no certain order."""
    waiting: list[Tree] = [] if tree is None else [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Context):
            yield node
            waiting += node.indexes
        elif isinstance(node, Access):
            waiting.append(node.target)
            waiting += node.indexes
        elif isinstance(node, Call):
            waiting += node.arguments
        elif isinstance(node, Operation):
            waiting += node.operands


# Functions that give a boolean or a digest, whatever they are given.
_WITHOUT_TEXT = frozenset(("contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled"))


def flows(tree: Tree | None) -> Iterator[Context]:
    """The contexts whose text can be part of the result. What is compared, negated or only looked at is left out, and so is what `&&` lets pass as false.

    Of `fromJSON(toJSON(github)).head_ref` this is `github.head_ref`. A context that is an object carries everything below it. A part of what was
    decoded from a context's text is text of that context.
    """
    if tree is not None:
        yield from _flows(tree, (), ())


def _flows(tree: Tree, path: tuple[str, ...], decoded: tuple[tuple[str, ...], ...]) -> Iterator[Context]:
    """`path`: the part of the result that counts; `decoded`: for each fromJSON around it, innermost last, the part of what that gives."""
    if isinstance(tree, Context):
        part = decoded[-1] if decoded else ()
        yield tree._replace(path=tree.path + path, decoded=part) if path or part else tree
    elif isinstance(tree, Access):
        yield from _flows(tree.target, tree.path + path, decoded)
    elif isinstance(tree, Operation):
        if tree.operator in ("&&", "||"):
            for operand in tree.operands[-1:] if tree.operator == "&&" else tree.operands:
                yield from _flows(operand, path, decoded)
    elif isinstance(tree, Call):
        yield from _call_flows(tree, path, decoded)


def _call_flows(call: Call, path: tuple[str, ...], decoded: tuple[tuple[str, ...], ...]) -> Iterator[Context]:
    name, arguments = call.name, call.arguments
    if name in _WITHOUT_TEXT:
        return
    if name == "fromjson":
        for argument in arguments[:1]:
            yield from _flows(argument, (), (*decoded, path))
    elif name == "case":
        for argument in (*arguments[1:-1:2], *arguments[-1:]):
            yield from _flows(argument, path, decoded)
    elif path:
        return  # a string has no properties
    elif name == "tojson" and decoded:
        for argument in arguments[:1]:
            yield from _flows(argument, decoded[-1], decoded[:-1])
    else:  # format, join, toJSON
        for argument in arguments:
            yield from _flows(argument, (), ())
