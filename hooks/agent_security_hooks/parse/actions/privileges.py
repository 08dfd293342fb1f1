"""What a job could give away, and whether it does more than talk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.scripts import calls_of
from agent_security_hooks.parse.actions.workflow import own, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.workflow import Job, Permissions, Step
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.parse.tree import Node

_SECRET = Pattern(rb"(?i)\bsecrets[ \t]*(?:\.[ \t]*(?!github_token\b)[a-z_]|\[|\)|:[ \t]*inherit)")
_TALKING_NAME = Pattern(r"label|needs.?info|comment|triage|stale|assign|greet|welcome|notify|notification|milestone|slack|discord|remind")
_PLAIN = frozenset((
    "echo", "printf", "cat", "jq", "yq", "grep", "egrep", "sed", "awk", "cut", "tr", "sort", "uniq", "head", "tail", "wc", "tee", "test", "[", "[[", "true", "false", "exit", "set",
    "export", "sleep", "date", "mkdir", "ls", "cd", "pwd", "unzip", "gunzip", "basename", "dirname", "find", "read", "diff", "rm", "cp", "mv", "touch", "unset", "local", "return",
    "shopt", "trap", "wait", "xargs", "env", "seq", "base64", "sha256sum", "let", "declare", "break", "continue", "mapfile", "readarray", "shift", ":", "stat", "file", "column",
    "stty", "hash", "which", "command", "type", "sudo", "expr", "paste", "comm", "curl",
))  # fmt: skip
_TALKING = frozenset(
    ("comment", "edit", "label", "view", "list", "close", "reopen", "review", "merge", "diff", "checks", "status", "ready", "create", "lock", "pin", "transfer")
)
_READING = frozenset(
    (
        "fetch",
        "diff",
        "log",
        "show",
        "config",
        "rev-parse",
        "ls-files",
        "status",
        "merge-base",
        "rev-list",
        "branch",
        "remote",
        "describe",
        "name-rev",
        "cat-file",
        "grep",
    )
)


def is_privileged(job: Job) -> bool:
    """Whether code in a job finds a token that can write, or a secret. An unset `permissions:` counts: the default may be either."""
    permissions = _permissions(job)
    if permissions.kind == "unset" or permissions.writes:
        return True
    nodes = [job.node, own(job.workflow.root, "env")]
    return any(node is not None and _names_secret(job, node) for node in nodes)


def _permissions(job: Job) -> Permissions:
    """Those in force for a job; a block that many jobs share by an alias is read once."""
    return remembered(job.workflow.file, ("permissions", id(job.get("permissions") or job.workflow)), lambda: job.permissions)


def can_only_talk(job: Job) -> bool:
    """Whether a job has no secret, and a token that can write nothing but issues, pull requests and the like."""
    from agent_security_hooks.data.action_permissions import TALK

    permissions = _permissions(job)
    if permissions.kind != "scopes" or any(scope.level not in ("read", "none") and scope.name not in TALK for scope in permissions.scopes):
        return False
    return not any(node is not None and _names_secret(job, node) for node in (job.node, own(job.workflow.root, "env")))


def _names_secret(job: Job, node: Node) -> bool:
    file = job.workflow.file
    return remembered(file, ("secret", id(node)), lambda: _SECRET.search(file.data, node.start, node.end) is not None)


def only_talks(step: Step) -> bool:
    """Whether a step only labels, comments, notifies or looks something up: it runs no code of the repository."""
    uses = string(step.get("uses"))
    if uses:
        from agent_security_hooks.data.action_permissions import TALKERS

        return step.action in TALKERS or step.repository in TALKERS or step.repository == "actions/checkout" or talks_by_name(uses)
    if step.get("run") is None:
        return True
    return remembered(step.workflow.file, ("talks", id(step.get("run")), step.shell), lambda: _only_plain(step))


def _only_plain(step: Step) -> bool:
    calls = calls_of(step)
    return bool(calls) and all(_is_plain(call) for call in calls)


def talks_by_name(uses: str) -> bool:
    """Whether an action or workflow of which nothing else is known says by its name that it labels, comments or notifies."""
    name = uses.partition("@")[0].rstrip("/").rsplit("/", 1)[-1].lower()
    return not uses.startswith(("./", "$/")) and _TALKING_NAME.search(name) is not None


def _is_plain(call: Call) -> bool:
    if not call.name:
        return call.program is None or not call.program.text  # assignments only
    if call.name == "gh":
        words = [text for text in call.texts[:20] if not text.startswith("-")]
        return (
            words[:1] == ["api"]
            or words[:1] == ["label"]
            or words[1:2] != []
            and words[0] in ("pr", "issue", "run", "auth", "workflow")
            and (words[1] in _TALKING)
        )
    if call.name == "git":
        return next((text for text in call.texts if not text.startswith("-")), "") in _READING
    return call.name in _PLAIN
