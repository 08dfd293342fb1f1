"""Expressions that take more of the secrets than one, or one apart, and whose repository it is.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#secrets-context
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.actions.expressions import Access, Call, Context, Operation, contexts, find_expressions
from agent_security_hooks.parse.actions.secret_use import Use
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.yaml_tree import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

# `secrets` by itself, `secrets.*` or `secrets[x]`, and functions that take a secret apart.
_WHOLE = Pattern(rb"(?i)\bsecrets[ \t\r\n]{0,100}(?:[\[),}|&=!<>]|\.[ \t]{0,100}\*)")


def whole_contexts(file: Source) -> Iterator[Use]:
    """Expressions that need every secret of the repository."""
    if _WHOLE.search(file.data) is None:
        return
    fix = "name the secrets that are needed, one by one: TOKEN: ${{ secrets.DEPLOY_TOKEN }}"
    for start, end, tree, inner in _trees(file):
        for context in contexts(tree):
            if context.path[0] != "secrets" or len(context.path) > 1 and context.path[1] not in ("*", "?"):
                continue
            chosen = context.path[1:2] == ("?",)
            what = "which secret is known when the job runs only, so it gets all of them" if chosen else "all secrets at once"
            yield Use(start, end, f"${{{{ {excerpt(inner.strip(), 80)} }}}}: {what}", fix)
            break


def decoded_secrets(file: Source) -> Iterator[Use]:
    """`fromJSON(secrets.X).y`: GitHub hides the whole secret in logs, and no part of it."""
    for start, end, tree, inner in _trees(file):
        if any(name for name in _taken_apart(tree)):
            fix = 'keep each part as a secret of its own, or hide it first: echo "::add-mask::$PART"'
            yield Use(start, end, f"${{{{ {excerpt(inner.strip(), 80)} }}}} is a part of a secret, which GitHub does not hide in logs", fix, pedantic=True)


def _taken_apart(tree: Tree | None) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Access) and isinstance(found.target, Call) and found.target.name == "fromjson":
            yield from (context.path[0] for context in contexts(found.target) if context.path[0] == "secrets")
        if isinstance(found, Access):
            waiting.append(found.target)
        elif isinstance(found, Call):
            waiting += found.arguments
        elif isinstance(found, Operation):
            waiting += found.operands
        elif isinstance(found, Context):
            waiting += found.indexes


def _trees(file: Source) -> Iterator[tuple[int, int, Tree, str]]:
    """Every expression of a file that names secrets, with its place."""
    for root in file.view(read_yaml).roots:
        for node in root.walk():
            if node.kind != "scalar" or "${{" not in node.value or "secrets" not in node.value.lower():
                continue
            text = node.text(file.data)
            for expression in find_expressions(text):
                if expression.tree is not None and "secrets" in expression.inner.lower():
                    yield *text.span(expression.start, expression.end), expression.tree, expression.inner


_ORIGIN = Pattern(rb"(?m)^[ \t]*\[remote \"origin\"\][^\[]*?^[ \t]*url[ \t]*=[ \t]*([^\r\n]+)")
_OWNER = Pattern(rb"[/:]([A-Za-z0-9][A-Za-z0-9-]{0,60})/[^/]+?/?\Z")


def owner_of(repository: Repository) -> str:
    """A view of the repository: the owner of its origin in lower case; "" where nothing says so."""
    source = repository.read(".git/config") if repository.root is not None else None
    match = _ORIGIN.search(source.data[: 1 << 16]) if source is not None else None
    owner = _OWNER.search(match[1].strip()) if match else None
    return owner[1].decode().lower() if owner else ""
