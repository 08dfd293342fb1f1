"""Rules about conditions that do not say what they seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check, workflow_of
from agent_security_hooks.model import Edit, Hit, excerpt
from agent_security_hooks.parse.actions.workflow import own
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.actions.expressions import Expression, Tree
    from agent_security_hooks.parse.actions.workflow import Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source


@check.rule("condition-always-true", point=8)
def condition_always_true(file: Source) -> Iterator[Hit]:
    """An `if:` that is always true, or that lost its `!`.

    `if:` is one expression. With text around `${{ }}`, be it a blank or the line break that ends a block, it is a string, and every string but the
    empty one is true. A `!` at its beginning is a tag to YAML and not part of the condition.

    Risk: The job or step that the condition guards (a deployment, a secret, code of a fork) always runs.
    Fix: Put one `${{ }}` around the whole condition, or none at all; write `if: |-` for a block, `if: ${{ !cancelled() }}` for a negation.
    Verify: Make the condition false: the log shows the step as skipped.

    Bad: (.github/workflows/deploy.yml)
        on: push
        permissions: {}
        jobs:
          deploy:
            runs-on: ubuntu-latest
            if: ${{ github.ref == 'refs/heads/main' }} && ${{ github.repository_owner == 'acme' }}
            steps:
              - run: make deploy

    Good: (.github/workflows/deploy.yml)
        on: push
        permissions: {}
        jobs:
          deploy:
            runs-on: ubuntu-latest
            if: ${{ github.ref == 'refs/heads/main' && github.repository_owner == 'acme' }}
            steps:
              - run: make deploy
    """
    if b"if" not in file.data:
        return
    workflow = workflow_of(file)
    for owner, key in _conditions(workflow) if workflow is not None else ():
        found = owner.own.get(key)
        if found is not None and found[1].resolved.kind == "scalar":
            hit = _judge(file, owner, *found)
            if hit is not None:
                yield hit


def _conditions(workflow: Workflow) -> Iterator[tuple[Node, str]]:
    """The maps that may hold a condition, and its key."""
    for job in workflow.jobs:
        yield job.node, "if"
        snapshot = own(job.node, "snapshot")
        if snapshot is not None and snapshot.kind == "map":
            yield snapshot, "if"
    for step in workflow.steps:
        yield step.node, "if"
    runs = own(workflow.root, "runs") if workflow.kind == "action" else None
    if runs is not None and runs.kind == "map":
        yield runs, "pre-if"
        yield runs, "post-if"


def _judge(file: Source, owner: Node, key: Node, written: Node) -> Hit | None:
    node = written.resolved
    if node.tag.startswith("!"):
        return _lost_negation(file, owner, key, written)
    if "${{" in node.value:
        return _text(file, owner, key, written)
    if "'" in node.value and ("||" in node.value or node.value.lstrip().startswith("'")):
        return _true_operand(node, node.value)
    return None


def _lost_negation(file: Source, owner: Node, key: Node, written: Node) -> Hit | None:
    node = written.resolved
    tag = node.tag.encode("utf-8", "surrogateescape")
    lead = file.data[max(0, node.start - len(tag) - 100) : node.start].rstrip(b" \t")
    found = lead.endswith(tag)
    start = file.data.rfind(tag, 0, node.start) if found else node.start
    condition = f"{node.tag[1:]} {node.value}".strip()
    shown = excerpt(" ".join(condition.split()), 60)
    left = excerpt(" ".join(node.value.split()), 60)
    rest = f"runners that accept it see `{left}`, the opposite" if node.tag == "!" and left else "runners that accept it see no such condition"
    message = f"`! {shown}` loses its `!`, which is a tag to YAML: GitHub refuses the file, and {rest}"
    fixed = _joined(f"! {condition}")
    edits: tuple[Edit, ...] = ()
    if fixed and found and _is_plain(file, owner, key, written) and _can_be_plain(fixed):
        edits = (Edit(start, node.end, _encoded(f"${{{{ {fixed} }}}}")),)
    return Hit(start, max(node.end, start + len(tag)), message, f"if: ${{{{ {excerpt(fixed, 120) if fixed else '! ' + shown} }}}}", edits)


def _text(file: Source, owner: Node, key: Node, written: Node) -> Hit | None:
    """A condition with `${{ }}` that is not all of it."""
    from agent_security_hooks.parse.actions.expressions import find_expressions

    node = written.resolved
    data = _encoded(node.value)
    expressions = find_expressions(data)
    if not expressions:
        return None
    around = [data[end:start] for end, start in zip((0, *(found.end for found in expressions)), (*(found.start for found in expressions), len(data)))]
    if not any(around):
        if len(expressions) == 1:
            return _true_operand(node, expressions[0].inner)
        if not any(_is_boolean(found.tree) for found in expressions):
            return None
    fixed = _joined(node.value)
    if not any(part.strip() for part in around):
        what = (
            "several expressions side by side"
            if len(expressions) > 1
            else "the line break after }}"
            if around[-1].startswith(b"\n")
            else "the blank beside ${{ }}"
        )
    else:
        what = f"text beside ${{{{ }}}} (`{excerpt(next(part for part in around if part.strip()).decode('utf-8', 'replace').strip(), 30)}`)"
    message = f"this condition is always true: {what} makes it a string that is never empty"
    hint = f"if: ${{{{ {excerpt(' '.join(fixed.split()), 160)} }}}}" if fixed else "put one ${{ }} around the whole condition"
    edits = _block_edits(file, key, written, expressions, around) if node.style in ("|", ">") else ()
    if fixed and node.style not in ("|", ">") and _is_plain(file, owner, key, written) and _can_be_plain(fixed):
        edits = (Edit(node.start, node.end, _encoded(f"${{{{ {fixed} }}}}")),)
    return Hit(
        node.start,
        node.end,
        message,
        "write `|-` or `>-`, which drop that line break" if what.startswith("the line") and node.style in ("|", ">") else hint,
        edits,
    )


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_boolean(tree: Tree | None) -> bool:
    """Whether the result is a boolean for sure, whose text is never empty."""
    from agent_security_hooks.parse.actions.expressions import Call, Literal, Operation

    if isinstance(tree, Operation):
        return tree.operator not in ("&&", "||") or all(_is_boolean(operand) for operand in tree.operands)
    if isinstance(tree, Call):
        return tree.name in ("contains", "startswith", "endswith", "success", "failure", "always", "cancelled")
    return isinstance(tree, Literal) and tree.value not in ("", None)


def _true_operand(node: Node, text: str) -> Hit | None:
    """`x == 'a' || 'b'`: a string by itself is true."""
    from agent_security_hooks.parse.actions.expressions import Literal, Operation, parse_expression

    tree = parse_expression(text)
    if isinstance(tree, Literal) and isinstance(tree.value, str) and tree.value:
        message = f"`'{excerpt(tree.value, 40)}'` is always true: a string that is not empty counts as true, whatever it says"
        return Hit(node.start, node.end, message, "write it without the inner quotation marks, or compare it with something")
    waiting = [tree] if tree is not None else []
    while waiting:
        tree = waiting.pop()
        if not isinstance(tree, Operation) or tree.operator not in ("&&", "||", "!"):
            continue
        waiting += tree.operands
        literal = next((part.value for part in tree.operands if isinstance(part, Literal) and isinstance(part.value, str) and part.value), None)
        if tree.operator == "||" and literal is not None:
            shown = excerpt(literal, 40)
            message = f"`|| '{shown}'` is always true: a string that is not empty counts as true, whatever stands before it"
            return Hit(node.start, node.end, message, f"compare it as well: `|| ... == '{shown}'`")
    return None


_QUOTE = Pattern(r"'")
_SEPARATORS = Pattern(r"(?:\s|&&|\|\|)*")


def _joined(text: str) -> str:
    """One expression without `${{ }}` that says what the text seems to say; "" where that is not certain."""
    from agent_security_hooks.parse.actions.expressions import Operation, find_expressions, parse_expression

    data = _encoded(text)
    expressions = find_expressions(data)
    pieces: list[str] = []
    position, quotes = 0, 0
    loose = bool(_SEPARATORS.fullmatch(_without(data, expressions)))
    for found in expressions:
        between = data[position : found.start].decode("utf-8", "surrogateescape")
        quotes += between.count("'")
        inner = found.inner.strip()
        if found.tree is None or quotes % 2 or position and not between.strip():
            return ""  # part of a string, or with nothing in between
        keeps = not isinstance(found.tree, Operation) or len(expressions) == 1 and not between.strip() and not data[found.end :].strip()
        keeps = keeps or loose and found.tree.operator not in ("&&", "||")  # type: ignore[union-attr]
        pieces += (between, inner if keeps else f"({inner})")
        position = found.end
    pieces.append(data[position:].decode("utf-8", "surrogateescape"))
    joined = "".join(pieces).strip()
    return joined if parse_expression(joined) is not None else ""


def _without(data: bytes, expressions: Sequence[Expression]) -> str:
    kept, position = [], 0
    for found in expressions:
        kept.append(data[position : found.start])
        position = found.end
    return b"".join((*kept, data[position:])).decode("utf-8", "surrogateescape")


def _is_plain(file: Source, owner: Node, key: Node, written: Node) -> bool:
    """Whether a condition stands on one line of a block map, where nothing but a comment follows it."""
    node = written.resolved
    data = file.data
    if written.kind == "alias" or data[owner.start : owner.start + 1] == b"{" or b"\n" in data[key.start : node.end]:
        return False
    end = data.find(b"\n", node.end)
    rest = data[node.end : end if end >= 0 else len(data)].strip()
    return data[key.end : key.end + 1] == b":" and (not rest or rest.startswith(b"#")) and b"&" not in data[key.end : node.start]


def _can_be_plain(text: str) -> bool:
    return not any(mark in text for mark in (": ", " #", "\n", "\r", "\t#")) and text.isprintable()


_HEADER = Pattern(rb":[ \t]+([|>])([0-9]?)([+]?)([ \t]*(?:[ \t]#[^\r\n]*)?)\r?\n\Z")


def _block_edits(file: Source, key: Node, written: Node, expressions: Sequence[Expression], around: Sequence[bytes]) -> tuple[Edit, ...]:
    """For a block: a `-` in its header where it is one expression and a line break, else every `${{ }}` taken away."""
    node = written.resolved
    if written.kind == "alias":
        return ()
    if len(expressions) == 1 and not around[0] and not around[1].strip(b"\n"):
        header = _HEADER.search(file.data, key.end, node.head)
        if header is None or header.start() != key.end:
            return ()
        return (Edit(header.start(1), header.end(3), header[1] + header[2] + b"-"),)
    if not _joined(node.value):
        return ()
    text = node.text(file.data)
    edits: list[Edit] = []
    alone = not any(part.strip() for part in around)
    for found in expressions:
        start, end = text.span(found.start, found.end)
        if file.data[start:end] != text.data[found.start : found.end] or b"\n" in file.data[start:end]:
            return ()
        inner = found.inner.strip()
        edits.append(Edit(start, end, _encoded(inner if alone and len(expressions) == 1 else f"({inner})")))
    return tuple(edits)
