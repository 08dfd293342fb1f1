"""Tokens that a step before hands to a tool: `cargo login`, `poetry config pypi-token.pypi`, `.npmrc` and `.pypirc` files that a script writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.publishing import Credential
from agent_security_hooks.parse.actions.publishing.words import program_of
from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.publishing.credentials import Scope
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.shell_calls import Call

_FILES = {
    "npm": (".npmrc", ".yarnrc", "bunfig"),
    "pypi": (".pypirc", "auth.toml"),
    "gem": (".gem/credentials", "gem/credentials"),
    "crates": ("credentials.toml", ".cargo/credentials"),
}
_CONFIGURED = {  # kind -> (programs, subcommand, what the name of the setting holds)
    "npm": (("npm", "yarn", "pnpm"), ("config", "set"), ("_authToken", "npmAuthToken", "_auth", "//registry.npmjs.org/:_authToken")),
    "pypi": (("poetry", "pdm", "rye"), ("config",), ("pypi-token", "http-basic.pypi", "pypi.password", "repository.pypi.password")),
    "crates": (("cargo",), ("login",), ()),
    "mcp": (("mcp-publisher",), ("login",), ("--token", "--private-key", "--privateKey")),
}
_ACTIONS = {"rubygems/configure-rubygems-credentials": "gem"}


def login_before(kind: str, scope: Scope) -> Credential | None:
    """The credential that something before hands over, the last one first; None where nothing does."""
    for call in reversed(scope.calls):
        found = _login(kind, call, scope)
        if found is not None:
            return found
    for step, calls in reversed(scope.earlier):
        inner = scope.at(step, calls)
        for call in reversed(calls):
            found = _login(kind, call, inner)
            if found is not None:
                return found
        if _ACTIONS.get(step.repository) == kind:
            return _action(step, scope)
    return None


def _action(step: Step, scope: Scope) -> Credential:
    token = step.input("api-token")
    return scope.credential(string(token), token.start, token.end) if token is not None else Credential("oidc")


def _login(kind: str, call: Call, scope: Scope) -> Credential | None:
    for text, start, end in _values(kind, call, scope):
        found = scope.credential(text, start, end)
        if found.kind not in ("none", "unknown"):
            return found
    return None


def _values(kind: str, call: Call, scope: Scope) -> Iterator[tuple[str, int, int]]:
    for item in call.redirections:
        if item.target is not None and item.operator in (">", ">>", ">|", "<<<"):
            if any(name in item.target.text for name in _FILES.get(kind, ())):
                yield from _written(call, scope)
    if call.name == "tee" and any(name in text for text in call.texts for name in _FILES.get(kind, ())):
        yield from _written(call, scope)
        if call.before is not None:
            yield from _written(call.before, scope)
    configured = _CONFIGURED.get(kind)
    program = program_of(call) if configured else None
    if configured is None or program is None or program.name not in configured[0]:
        return
    positional = program.positional()
    if tuple(positional[: len(configured[1])]) != configured[1]:
        return
    for at, word in enumerate(program.words):
        text = program.texts[at]
        if not configured[2]:
            if at and not text.startswith("-"):
                yield scope.raw(call, word.start, word.end)
        elif any(name in text for name in configured[2]):
            if "=" in text:
                raw, start, end = scope.raw(call, word.start, word.end)
                yield raw.partition("=")[2], start, end
            for value in program.words[at + 1 :]:
                yield scope.raw(call, value.start, value.end)


def _written(call: Call, scope: Scope) -> Iterator[tuple[str, int, int]]:
    """What a call writes: its arguments and heredocs, as far as a token is named in them."""
    for word in (*call.words, *(item.heredoc for item in call.redirections if item.heredoc is not None)):
        text, start, end = scope.raw(call, word.start, word.end)
        for line in text.split("\n"):
            name, equals, value = line.partition("=")
            if not equals:
                name, equals, value = line.partition(":")
            if equals and any(part in name.lower() for part in ("auth", "password", "token", "api_key", "_key")):
                yield value, start, end
