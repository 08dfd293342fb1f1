"""Coding agents in workflows: command lines, lists of tools, settings, who reaches them, and floods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.checks.actions_lint.agents import agent_leaks_output, agent_open_to_outsiders, agent_prompt_injection, agent_unrestricted_tools
from agent_security_hooks.data.coding_agents import ACTIONS, PACKAGES, PROGRAMS
from agent_security_hooks.parse.actions.agent_limits import freedoms, split_tools
from agent_security_hooks.parse.actions.coding_agents import read_agents
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.actions.coding_agents import Agent

PATH = ".github/workflows/ci.yml"
RULES = (agent_leaks_output, agent_open_to_outsiders, agent_prompt_injection, agent_unrestricted_tools)


def source(text: str | bytes) -> Source:
    return Source(PATH, text if isinstance(text, bytes) else text.encode(), Repository())


def agents(script: str) -> tuple[Agent, ...]:
    body = "".join(f"          {line}\n" for line in script.split("\n"))
    return source(f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n{body}").view(read_agents)


def free(name: str, value: str, action: str = "anthropics/claude-code-action") -> list[str]:
    """What takes the limits of an action away, by the value of one input, as it is written there."""
    body = "".join(f"            {line}\n" for line in value.split("\n"))
    file = source(f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {action}@v1\n        with:\n          {name}: |\n{body}")
    return [file.data[found.start : found.end].decode() for agent in file.view(read_agents) for found in freedoms(agent) if not found.pedantic]


def test_tables() -> None:
    assert {action.program for action in ACTIONS.values()} - {""} <= PROGRAMS.keys()
    assert set(PACKAGES.values()) <= PROGRAMS.keys()
    assert all(name == name.lower() and name.count("/") == 1 for name in ACTIONS)
    inputs = {
        name for action in ACTIONS.values() for name in (*action.prompts, *action.arguments, *action.tools, *action.settings, *action.anyone, *action.bots)
    }
    assert all(name == name.lower() for name in inputs)


@pytest.mark.parametrize(
    ("script", "titles"),
    [
        ('claude -p "x"', ["Claude Code"]),
        ('claude --print="x"', ["Claude Code"]),
        ("cat x | claude", ["Claude Code"]),
        ("echo x | claude mcp add y", []),
        ("claude update", []),
        ("claude --version", []),
        ("which claude", []),
        ("npm install -g @anthropic-ai/claude-code", []),
        ("npx @anthropic-ai/claude-code@2.0.1 -p x", ["Claude Code"]),
        ("npx --yes @anthropic-ai/claude-code -p x", ["Claude Code"]),
        ("pnpm dlx @openai/codex exec x", ["Codex"]),
        ("npm exec -- @openai/codex exec x", ["Codex"]),
        ("bunx opencode-ai run x", ["opencode"]),
        ("npx claude -p x", ["Claude Code"]),
        ("npx @claude -p x", []),
        ("npx", []),
        ("sudo -u agent env A=b timeout 60 codex exec x", ["Codex"]),
        ("bash -c 'gemini -p x'", ["Gemini CLI"]),
        ("X=$(gemini -p x)", ["Gemini CLI"]),
        ("gemini --version", []),
        ("uvx aider-chat --message x", ["Aider"]),
        ("/usr/local/bin/claude -p x", ["Claude Code"]),
        ("echo 'claude -p x'", []),
        ("# claude -p x", []),
    ],
)
def test_programs(script: str, titles: list[str]) -> None:
    assert [agent.title for agent in agents(script)] == titles


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("--allowedTools Bash", ["Bash"]),
        ("--allowedTools=Bash,Read", ["--allowedTools=Bash,Read"]),
        ("--allowed-tools 'Read' \"Bash\" --model x", ['"Bash"']),
        ("--allowedTools Bash(*)", ["Bash(*)"]),
        ("--allowedTools 'Bash(:*)'", ["'Bash(:*)'"]),
        ('--allowedTools "Bash(sh:*)"', ['"Bash(sh:*)"']),
        ('--allowedTools "Bash(bash -c:*)"', []),
        ('--allowedTools "Bash(git:*),Edit"', []),
        ("--allowedTools Bash(git log:*),Read", []),
        ("--allowedTools BashOutput,KillBash", []),
        ("--allowedTools *", ["*"]),
        ("--disallowedTools Bash", []),
        ("# --allowedTools Bash", []),
        ("--append-system-prompt 'never use --dangerously-skip-permissions'", []),
        ("--dangerously-skip-permissions", ["--dangerously-skip-permissions"]),
        ("--permission-mode=bypassPermissions", ["--permission-mode=bypassPermissions"]),
        ("--permission-mode\nbypassPermissions", ["--permission-mode\n            bypassPermissions"]),
        ("--permission-mode acceptEdits", []),
        ("'unclosed --allowedTools Bash", ["Bash"]),
        ("", []),
    ],
)
def test_arguments(value: str, found: list[str]) -> None:
    assert free("claude_args", value) == found


def test_settings() -> None:
    assert free("settings", '{"permissions": {"allow": ["Bash(git:*)", "Bash"]}}') == ['"Bash"']
    assert free("settings", '{"permissions": {"deny": ["Bash"], "defaultMode": "acceptEdits"}}') == []
    assert free("settings", '{\n  // all\n  "permissions": {"defaultMode": "bypassPermissions"},\n}') == ['"bypassPermissions"']
    assert free("settings", ".claude/settings.json") == []
    assert free("settings", "{broken") == []
    gemini = "google-github-actions/run-gemini-cli"
    assert free("settings", '{"coreTools": ["ShellTool", "ReadFileTool"]}', gemini) == ['"ShellTool"']
    assert free("settings", '{"tools": {"sandbox": false, "autoAccept": true}}', gemini) == ["true", "false"]
    assert free("settings", '{"tools": {"sandbox": "docker"}}', gemini) == []
    codex = "openai/codex-action"
    assert free("codex-args", '["--sandbox", "danger-full-access"]', codex) == ['"--sandbox", "danger-full-access"']
    assert free("codex-args", "-c sandbox_mode=danger-full-access", codex) == ["-c sandbox_mode=danger-full-access"]
    assert free("codex-args", "--full-auto", codex) == []


def test_lists_of_tools() -> None:
    assert split_tools("Bash(git log:*, x),Read  Edit\nmcp__x,,") == ["Bash(git log:*, x)", "Read", "Edit", "mcp__x"]
    assert split_tools("a)b(c d") == ["a)b(c d"]
    assert split_tools("") == []


_FLOODS: dict[str, Callable[[], str]] = {
    "steps": lambda: "on: issues\njobs:\n a:\n  steps:\n" + "  - run: claude -p $X\n" * 10_000,
    "one command": lambda: "on: issues\nenv: {X: '${{ github.event.issue.body }}'}\njobs:\n a:\n  steps:\n  - run: claude -p " + '"$X" ' * 50_000 + "\n",
    "commands": lambda: "on: issues\nenv: {X: '${{ github.event.issue.body }}'}\njobs:\n a:\n  steps:\n  - run: |\n" + "     claude -p $X\n" * 5_000,
    "arguments": lambda: (
        "jobs:\n a:\n  steps:\n  - uses: anthropics/claude-code-action@v1\n    with:\n      claude_args: " + "--allowedTools Read(x) " * 20_000 + "\n"
    ),
    "brackets": lambda: "jobs:\n a:\n  steps:\n  - uses: anthropics/claude-code-action@v1\n    with:\n      allowed_tools: " + "(" * 500_000 + "\n",
    "quotes": lambda: "jobs:\n a:\n  steps:\n  - uses: anthropics/claude-code-action@v1\n    with:\n      claude_args: |\n       " + "\\\"'" * 100_000 + "\n",
    "nested settings": lambda: (
        "jobs:\n a:\n  steps:\n  - uses: anthropics/claude-code-action@v1\n    with:\n      settings: '" + '{"permissions":' * 50_000 + "'\n"
    ),
    "prompt": lambda: (
        "on: issues\njobs:\n a:\n  steps:\n  - uses: anthropics/claude-code-action@v1\n    env: {ABC: '${{ github.head_ref }}'}\n    with:\n      prompt: |\n"
        + "       ${{ github.event.issue.body }} ABC\n" * 10_000
    ),
    "files": lambda: (
        "on: issues\nenv: {X: '${{ github.event.issue.body }}'}\njobs:\n a:\n  steps:\n"
        + "".join(f'  - run: echo "$X" > p{n}.txt; claude -p "$(cat p{n}.txt)"\n' for n in range(2_000))
    ),
    "one file": lambda: "on: issues\njobs:\n a:\n  steps:\n  - run: |\n" + "     echo ${{ github.event.issue.body }} > p.txt; claude < p.txt -p x\n" * 2_000,
    "outputs": lambda: "jobs:\n a:\n  steps:\n" + "  - {id: a, uses: anthropics/claude-code-action@v1}\n  - run: echo ${{ steps.a.outputs.b }}\n" * 2_000,
}


@pytest.mark.parametrize("name", _FLOODS)
def test_floods(name: str) -> None:
    file = source(_FLOODS[name]())
    start = time.process_time()
    for rule in RULES:
        list(rule(file))
    assert time.process_time() - start < 4


@given(st.text(max_size=200), st.sampled_from(("claude_args", "allowed_tools", "settings", "prompt", "run")))
def test_any_text(text: str, name: str) -> None:
    body = "".join(f"          {line}\n" for line in text.split("\n"))
    inner = (
        f"run: |\n          claude -p x \\\n{body}"
        if name == "run"
        else f"uses: anthropics/claude-code-action@v1\n        with:\n          {name}: |\n  {body}"
    )
    for file in (
        source(f"on: issues\njobs:\n  a:\n    steps:\n      - {inner}".encode("utf-8", "replace")),
        source(text.encode("utf-8", "replace") + b"claude"),
    ):
        for rule in RULES:
            list(rule(file))
