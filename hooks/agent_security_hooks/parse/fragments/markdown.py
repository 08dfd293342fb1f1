"""Markdown: fenced and indented code blocks, and what agents run from their own documents.

Source: https://spec.commonmark.org/0.31.2/#fenced-code-blocks and, for commands in prompts, https://code.claude.com/docs/en/slash-commands
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.fragments import LIMIT, Fragment
from agent_security_hooks.parse.fragments.kinds import BASH
from agent_security_hooks.parse.fragments.pieces import cut_lines
from agent_security_hooks.parse.fragments.sessions import SHELL_LINE, read_block
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.source import Source

_RUN = Pattern(rb"`{3,}|~{3,}")
_PREFIX_LENGTH = 200
_PREFIX = Pattern(rb"(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*")
_LIST_MARKER = Pattern(rb"[-*+.)]")
_BLANK_REST = Pattern(rb"[ \t]*(?:\r?\n|\r|\Z)")
_TAG = Pattern(rb"[{.]*(?:code-block\}|code-cell\}|code\})?[ \t]*[{.]*(?P<tag>!|[\w+#-]{1,40})?")
_INDENTED = Pattern(rb"(?m)^(?: {4}|\t)[ \t]{0,8}" + SHELL_LINE)
_BANG = Pattern(rb"(?:^|[\s(])!`(?P<command>[^`\r\n]{1,4000})`")
_SPAN = Pattern(rb"`(?P<command>[^`\r\n]{1,2000})`")
_SPAN_COMMAND = Pattern(rb"(?:\$[ \t]+)?(?=" + SHELL_LINE + rb")[^`]*://")

_AGENT_NAMES = frozenset(
    "skill.md agents.md agent.md agents.override.md claude.md claude.local.md gemini.md .cursorrules .windsurfrules .clinerules copilot-instructions.md".split()
)
_AGENT_FOLDERS = (".claude", ".cursor", ".windsurf", ".codex", ".gemini", ".agents", ".clinerules", ".roo", ".kiro", ".claude-plugin")
_PLUGIN_FOLDERS = ("commands", "agents", "skills", "hooks")
_MANIFESTS = (".claude-plugin/plugin.json", ".codex-plugin/plugin.json", ".cursor-plugin/plugin.json", ".claude-plugin/marketplace.json")


class Fence(NamedTuple):
    """A fenced block: `start` of its first line, `content` to `end` without the fences; `quotes` and `indent` of what stands before each line."""

    start: int
    content: int
    end: int
    after: int
    tag: str
    quotes: int
    indent: int


def read_markdown(file: Source, budget: Budget) -> Iterator[Fragment]:
    """All blocks that hold shell; in documents for agents also what stands in a line."""
    data = file.data
    place = "agent" if is_for_agents(file) else "docs"
    fences = list(_fences(data, budget)) if b"```" in data or b"~~~" in data else []
    found = list(islice((fragment for fence in fences if (fragment := _read_fence(file, fence, place, budget))), LIMIT + 1))
    found += _indented_blocks(file, fences, place, budget)
    if place == "agent":
        from agent_security_hooks.parse.fragments.agents import read_front_matter

        found += read_front_matter(file, budget)
        found += _inline_commands(file, fences, budget)
    found.sort(key=lambda fragment: fragment.text.place(0))
    return iter(found)


def is_for_agents(file: Source) -> bool:
    """Whether agents take the document as instructions."""
    parts = file.path.split("/")
    name = parts[-1].lower()
    if name in _AGENT_NAMES or name.endswith((".mdc", ".instructions.md", ".prompt.md", ".chatmode.md", ".agent.md")):
        return True
    if any(part in _AGENT_FOLDERS for part in parts[:-1]):
        return True
    roots = ("/".join(parts[:position]) for position, part in enumerate(parts[:-1]) if part in _PLUGIN_FOLDERS)
    return any(file.repository.exists(f"{root}/{manifest}" if root else manifest) for root in roots for manifest in _MANIFESTS)


def _read_fence(file: Source, fence: Fence, place: str, budget: Budget) -> Fragment | None:
    for_agents = fence.tag == "!" and place == "agent"
    block = read_block(_content(file.data, fence, budget), "bash" if for_agents else fence.tag, budget)
    return Fragment(block[0], block[1], place, f"fence:{file.line_of(fence.start)}") if block else None


def _fences(data: bytes, budget: Budget) -> Iterator[Fence]:
    position = 0
    while (run := _RUN.search(data, position)) is not None:
        position = run.end()
        line_start = _line_start(data, run.start())
        if not budget.spend():
            return
        prefix = _PREFIX.match(data, line_start, run.start()) if line_start >= 0 else None
        if prefix is None or prefix.end() != run.start():
            continue
        line_end = data.find(b"\n", position)
        line_end = len(data) if line_end < 0 else line_end
        info = data[position : min(line_end, position + 300)]
        if run[0][:1] == b"`" and b"`" in info:
            continue
        tag = _TAG.match(info.strip())
        inner = prefix[0].rpartition(b">")[2]
        quotes, marked = prefix[0].count(b">"), _LIST_MARKER.search(inner) is not None
        content = min(line_end + 1, len(data))
        width = len(inner.expandtabs(4)) - (1 if quotes and inner[:1] == b" " else 0)
        find_end = _end_in_container if quotes or marked else _end
        end, position = find_end(data, content, run[0], quotes, width if marked else 0, budget)
        yield Fence(line_start, content, end, position, (tag["tag"] or b"").decode("ascii", "replace").lower() if tag else "", quotes, width)


def _end(data: bytes, content: int, fence: bytes, _quotes: int, _indent: int, budget: Budget) -> tuple[int, int]:
    """Where the content of a fence ends and where the text goes on: at the next fence of its kind, at least as long, alone in a line."""
    position = content
    while (run := _RUN.search(data, position)) is not None and budget.spend():
        position = run.end()
        if not run[0].startswith(fence) or not _BLANK_REST.match(data, position):
            continue
        start = _line_start(data, run.start())
        if start >= content and not data[start : run.start()].strip(b" \t"):
            return start, position
    return len(data), len(data)


def _line_start(data: bytes, position: int) -> int:
    """Where the line of an offset begins; -1 when that is far away."""
    newline = data.rfind(b"\n", max(0, position - _PREFIX_LENGTH), position)
    return newline + 1 if newline >= 0 or position < _PREFIX_LENGTH else -1


def _end_in_container(data: bytes, content: int, fence: bytes, quotes: int, indent: int, budget: Budget) -> tuple[int, int]:
    """As `_end`, in a block quote or list item, which end a fence as well: with a line that lacks the mark or the indent."""
    position = content
    while position < len(data) and budget.spend(1 + quotes):
        end = data.find(b"\n", position) + 1 or len(data)
        start = _after_quotes(data, position, end, quotes)
        line = data[start:end] if start >= 0 else b""
        stripped = line.strip(b" \t\r\n")
        if start < 0 or (stripped and len(line[: len(line) - len(line.lstrip(b" \t"))].expandtabs(4)) < indent):
            return position, position
        if stripped.startswith(fence) and not stripped.strip(fence[:1]):
            return position, end
        position = end
    return len(data), len(data)


def _after_quotes(data: bytes, position: int, end: int, quotes: int) -> int:
    """After the marks of as many block quotes; -1 when the line does not have them."""
    for _ in range(quotes):
        position += len(data[position : min(end, position + 4)]) - len(data[position : min(end, position + 4)].lstrip(b" "))
        if data[position : position + 1] != b">":
            return -1
        position += 1
    return position + (quotes > 0 and data[position : position + 1] == b" ")


def _content(data: bytes, fence: Fence, budget: Budget) -> MappedText:
    """What is in a fence, without the marks and the indent of its container."""
    plain = cut_lines(data, fence.content, fence.end)
    # Shell does not mind the indent, but the ends of heredocs do.
    if not fence.quotes and not (fence.indent and b"<<" in plain.data):
        return plain
    return MappedText.join(_inner_lines(data, fence, budget))


def _inner_lines(data: bytes, fence: Fence, budget: Budget) -> Iterator[tuple[bytes, int]]:
    position = fence.content
    while position < fence.end and budget.spend(1 + fence.quotes):
        end = data.find(b"\n", position, fence.end) + 1 or fence.end
        start = max(position, _after_quotes(data, position, end, fence.quotes))
        line = data[start:end]
        indent = min(len(line) - len(line.lstrip(b" \t")), fence.indent)
        yield (line[indent:-2] + b"\n" if line.endswith(b"\r\n") else line[indent:]), start + indent
        position = end


def _gaps(data: bytes, fences: list[Fence]) -> Iterator[tuple[int, int]]:
    """What lies outside of the fences."""
    position = 0
    for fence in fences:
        yield position, fence.start
        position = fence.after
    yield position, len(data)


def _indented_blocks(file: Source, fences: list[Fence], place: str, budget: Budget) -> Iterator[Fragment]:
    """Blocks that are indented by four columns after an empty line, where their first line looks like shell."""
    data = file.data
    for start, end in _gaps(data, fences):
        position = start
        while (found := _INDENTED.search(data, position, end)) is not None and budget.spend():
            line_start = found.start()
            position = data.find(b"\n", line_start, end) + 1 or end
            if not _after_empty_line(data, start, line_start):
                continue
            while position < end and budget.spend():
                line_end = data.find(b"\n", position, end) + 1 or end
                line = data[position : min(line_end, position + 200)]
                if line.strip() and not line.startswith((b"    ", b"\t")):
                    break
                position = line_end
            block = read_block(cut_lines(data, line_start, position), "", budget)
            if block:
                yield Fragment(block[0], block[1], place, f"block:{file.line_of(line_start)}")


def _after_empty_line(data: bytes, start: int, line_start: int) -> bool:
    if line_start <= start:
        return True
    begin = max(start, line_start - _PREFIX_LENGTH)
    newline = data.rfind(b"\n", begin, line_start - 1)
    return not data[max(begin, newline + 1) : line_start].strip()


def _inline_commands(file: Source, fences: list[Fence], budget: Budget) -> Iterator[Fragment]:
    """`!`command`` runs when a prompt is loaded; `curl https://..` between backticks is what an agent is told to run."""
    data = file.data
    if b"!`" in data:
        for found in _BANG.finditer(data):
            if not budget.spend():
                return
            yield Fragment(MappedText.cut(data, *found.span("command")), BASH, "agent", f"command:{file.line_of(found.start('command'))}")
    if b"://" not in data:
        return
    for start, end in _gaps(data, fences):
        for found in _SPAN.finditer(data, start, end):
            if not budget.spend():
                return
            command = _SPAN_COMMAND.match(data, *found.span("command"))
            if command and data[found.start() - 1 : found.start()] != b"!":
                block = read_block(MappedText.cut(data, *found.span("command")), "bash", budget)
                if block:
                    yield Fragment(block[0], block[1], "agent", f"span:{file.line_of(found.start())}")
