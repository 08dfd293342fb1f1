"""What agents start: the servers and hooks of their configurations, plugins and skills.

Sources: https://code.claude.com/docs/en/hooks, https://code.claude.com/docs/en/mcp, https://modelcontextprotocol.io/docs/develop/connect-local-servers and
the documentation of Cursor, VS Code, Gemini CLI, Zed and opencode, which name the same things a little differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import Fragment
from agent_security_hooks.parse.fragments.kinds import BASH, POWERSHELL
from agent_security_hooks.parse.fragments.pieces import split_words
from agent_security_hooks.parse.fragments.values import Reader, arguments_fragment, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_SERVERS = (
    ("mcpServers",), ("servers",), ("mcp", "servers"), ("mcp",), ("context_servers",), ("lspServers",), ("amp.mcpServers",), ("powers", "mcpServers"),
    ("mcpServers", "mcpServers"),
)  # fmt: skip
_HELPERS = (
    "statusLine",
    "subagentStatusLine",
    "fileSuggestion",
    "apiKeyHelper",
    "awsAuthRefresh",
    "awsCredentialExport",
    "gcpAuthRefresh",
    "otelHeadersHelper",
)
_HOOK_KEYS = {"command": BASH, "bash": BASH, "powershell": POWERSHELL, "windows": POWERSHELL, "linux": BASH, "osx": BASH}
_DEPTH = 8
_FRONT_MATTER = Pattern(rb"\A---[ \t]*\r?\n")
_FRONT_MATTER_LIMIT = 65_536


def read_agent_config(file: Source, budget: Budget) -> Iterator[Fragment]:
    """Programs of MCP servers, with their arguments; commands of hooks and helpers, which a shell runs."""
    reader = Reader(file, budget)
    root = reader.json()
    found = False
    for path in _SERVERS:
        for name, server in reader.entries(root.get(*path)):
            found = True
            yield from _server(reader, server, f"server:{name}")
    if not found and "mcp" in file.name.lower():  # a bare map of servers
        for name, server in reader.entries(root):
            yield from _server(reader, server, f"server:{name}")
    yield from _hooks(reader, root.get("hooks"), 0)
    for key in _HELPERS:
        node = root.get(key)
        text = reader.text(node.get("command") if node is not None and node.kind == "map" else node)
        if text:
            yield Fragment(text, BASH, "agent", key)


def _server(reader: Reader, server: Node, scope: str) -> Iterator[Fragment]:
    command = server.get("command")
    if command is not None and command.kind == "map":  # Zed: {"path": .., "args": [..]}
        server, command = command, command.get("path")
    words = reader.texts(command)
    arguments = reader.texts(server.get("args"))
    if len(words) == 1 and not arguments and command is not None and command.kind == "scalar":
        words = list(split_words(words[0]))
    if words:
        variables = reader.literals(server.get("env"), server.get("environment"))
        yield arguments_fragment([*words, *arguments], "agent", scope)._replace(variables=variables, directory=string(server.get("cwd")))


def _hooks(reader: Reader, node: Node | None, depth: int) -> Iterator[Fragment]:
    """Commands at any place below `hooks`: clients nest matchers, groups and events differently."""
    if node is None or depth > _DEPTH:
        return
    for item in reader.items(node):
        shell = string(item.get("shell")).lower()
        arguments = reader.texts(item.get("args"))
        for key, value in reader.entries(item):
            if value.kind != "scalar":
                if key != "args":
                    yield from _hooks(reader, value, depth + 1)
            elif key in _HOOK_KEYS and (text := reader.text(value)):
                scope = f"hook:{reader.line(value)}"
                if arguments and key == "command":
                    yield arguments_fragment([text, *arguments], "agent", scope)
                else:
                    yield Fragment(text, POWERSHELL if shell in ("powershell", "pwsh") else _HOOK_KEYS[key], "agent", scope)


def read_front_matter(file: Source, budget: Budget) -> Iterator[Fragment]:
    """The hooks that a skill, command or agent declares before its text."""
    data = file.data
    opening = _FRONT_MATTER.match(data)
    end = data.find(b"\n---", opening.end() - 1, _FRONT_MATTER_LIMIT) + 1 if opening else 0
    if opening is None or end == 0 or data.find(b"hooks:", opening.end(), end) < 0:
        return
    from agent_security_hooks.parse.yaml_tree import parse_yaml

    yield from _hooks(Reader(file, budget), parse_yaml(data, opening.end(), end).root.get("hooks"), 0)
