"""Coding agents as actions and as programs: which inputs make their prompt, open them to others, or take their limits away.

Sources, read in 2026: action.yml, docs/usage.md and docs/security.md of anthropics/claude-code-action; action.yml of anthropics/claude-code-base-action,
google-github-actions/run-gemini-cli (it starts `gemini --yolo`), openai/codex-action (and its docs/security.md), actions/ai-inference, QwenLM/qwen-code-action and
anomalyco/opencode (github/action.yml); https://code.claude.com/docs/en/cli-reference, https://geminicli.com/docs/reference/configuration,
https://developers.openai.com/codex/cli/reference, https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-programmatic-reference,
https://cursor.com/docs/cli/reference/parameters, https://opencode.ai/docs/cli.
"""

from __future__ import annotations

from typing import NamedTuple


class AgentAction(NamedTuple):
    """An action that runs an agent. All names of inputs are in lower case."""

    title: str
    program: str
    """The command line that `arguments` and `tools` are those of; "" for a model without tools."""
    prompts: tuple[str, ...] = ("prompt",)
    arguments: tuple[str, ...] = ()
    """Inputs that are a command line."""
    tools: tuple[str, ...] = ()
    """Inputs that list the tools which need no permission."""
    settings: tuple[str, ...] = ()
    """Inputs that are JSON."""
    anyone: tuple[str, ...] = ()
    """Inputs whose `*` lets everyone start it."""
    bots: tuple[str, ...] = ()
    """Inputs whose `*` lets every bot start it."""
    checks_actor: bool = False
    """Whether it asks by itself that whoever starts it may write to the repository."""
    unlimited: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Inputs with the values that take its limits away."""
    full_output: tuple[str, ...] = ()
    """Inputs that put everything it sees into the log."""
    tokens: tuple[str, ...] = ("github_token",)
    fixed_outputs: tuple[str, ...] = ()
    """Outputs that the agent does not write."""
    tool_switch: str = ""
    """The input that gives tools to a model that has none without."""


_CLAUDE = AgentAction(
    "Claude Code", "claude",
    ("prompt", "direct_prompt", "override_prompt", "custom_instructions", "system_prompt", "append_system_prompt"),
    ("claude_args",), ("allowed_tools",), ("settings",),
    ("allowed_non_write_users",), ("allowed_bots",), True, (), ("show_full_output",), ("github_token",),
    ("execution_file", "branch_name", "conclusion", "session_id", "github_token"),
)  # fmt: skip
_GEMINI = AgentAction(
    "Gemini CLI", "gemini", ("prompt",), (), (), ("settings", "settings_json"), full_output=("gemini_debug",), tokens=("github_token",),
)  # fmt: skip
_OPENCODE = AgentAction("opencode", "opencode", ("prompt",), checks_actor=True, tokens=("github_token", "token"))

ACTIONS: dict[str, AgentAction] = {
    "anthropics/claude-code-action": _CLAUDE,
    "anthropics/claude-code-base-action": _CLAUDE._replace(checks_actor=False),
    "google-github-actions/run-gemini-cli": _GEMINI,
    "google-gemini/gemini-cli-action": _GEMINI,
    "qwenlm/qwen-code-action": _GEMINI._replace(title="Qwen Code", program="qwen"),
    "openai/codex-action": AgentAction(
        "Codex", "codex", ("prompt",), ("codex-args",), (), (), ("allow-users",), ("allow-bot-users", "allow-bots"), True,
        (("sandbox", ("danger-full-access",)), ("safety-strategy", ("unsafe",)), ("permission-profile", (":danger-full-access", "danger-full-access"))),
        fixed_outputs=("codex-version",),
    ),
    "actions/ai-inference": AgentAction(
        "the model of actions/ai-inference", "", ("prompt", "system-prompt", "input"), tokens=("token", "github-mcp-token"), fixed_outputs=("response-file",),
        tool_switch="enable-github-mcp",
    ),
    "sst/opencode": _OPENCODE,
    "anomalyco/opencode": _OPENCODE,
}  # fmt: skip
"""By `owner/repo` in lower case."""


class AgentProgram(NamedTuple):
    """An agent's command line.

    `runs`: words of which one must stand among the arguments for a run without a person, empty where every call with arguments is one.
    `flags`: options that take its limits away; `values`: (option, values) that do; `tools`: options that list tools which need no permission.
    """

    title: str
    runs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    values: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    tools: tuple[str, ...] = ()
    shell: tuple[str, ...] = ()
    """Names of the tool that runs commands; bare, or with a pattern that fits everything, it runs any."""


_GEMINI_CLI = AgentProgram(
    "Gemini CLI", ("-p", "--prompt", "-y", "--yolo", "--approval-mode"), ("--yolo", "-y"), ((("--approval-mode",), ("yolo",)),), ("--allowed-tools",),
    ("run_shell_command", "ShellTool", "shell"),
)  # fmt: skip

PROGRAMS: dict[str, AgentProgram] = {
    "claude": AgentProgram(
        "Claude Code", ("-p", "--print", "--prompt"), ("--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"),
        ((("--permission-mode",), ("bypassPermissions",)),), ("--allowedTools", "--allowed-tools"), ("Bash", "PowerShell"),
    ),
    "codex": AgentProgram(
        "Codex", ("exec", "e", "review"), ("--dangerously-bypass-approvals-and-sandbox", "--yolo"),
        ((("--sandbox", "-s"), ("danger-full-access",)), (("-c", "--config"), ("sandbox_mode=danger-full-access", 'sandbox_mode="danger-full-access"'))),
    ),
    "gemini": _GEMINI_CLI,
    "qwen": _GEMINI_CLI._replace(title="Qwen Code"),
    "copilot": AgentProgram(
        "Copilot CLI", ("-p", "--prompt"), ("--allow-all-tools", "--allow-all", "--yolo"), (), ("--allow-tool",), ("shell",),
    ),
    "cursor-agent": AgentProgram("Cursor", ("-p", "--print"), ("--force", "-f", "--yolo"), ((("--sandbox",), ("disabled",)),)),
    "opencode": AgentProgram("opencode", ("run", "-p"), ("--dangerously-skip-permissions", "--auto")),
    "amp": AgentProgram("Amp", ("-x", "--execute"), ("--dangerously-allow-all",)),
    "droid": AgentProgram("Droid", ("exec",), ("--skip-permissions-unsafe",)),
    "crush": AgentProgram("Crush", ("run",), ("--yolo", "-y")),
    "aider": AgentProgram("Aider", ("--message", "-m", "--message-file", "--yes", "--yes-always")),
}  # fmt: skip
"""By the name of the program."""

PACKAGES = {
    "@anthropic-ai/claude-code": "claude",
    "@openai/codex": "codex",
    "@google/gemini-cli": "gemini",
    "@qwen-code/qwen-code": "qwen",
    "@github/copilot": "copilot",
    "opencode-ai": "opencode",
    "@sourcegraph/amp": "amp",
    "aider-chat": "aider",
    "@charmland/crush": "crush",
}
"""Packages that `npx`, `bunx` and `uvx` start, by their name without the version."""

OBJECTS = {
    "issue": ("issues", "issue_comment"),
    "comment": ("issue_comment", "pull_request_review_comment", "discussion_comment", "commit_comment"),
    "review": ("pull_request_review",),
    "pull_request": ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"),
    "discussion": ("discussion", "discussion_comment"),
    "workflow_run": ("workflow_run",),
    "pages": ("gollum",),
    "head_commit": ("push",),
    "commits": ("push",),
}
"""The events that have an object below `github.event`."""
