"""Whether something goes to the registry that everybody takes such packages from, or to a private or a test one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing.credentials import Scope
    from agent_security_hooks.parse.actions.workflow import Step

_PUBLIC: dict[str, tuple[str, ...]] = {
    "pypi": ("pypi", "upload.pypi.org", "//pypi.org", "pypi.python.org", "main"),
    "npm": ("registry.npmjs.org", "registry.npmjs.com", "registry.yarnpkg.com"),
    "crates": ("crates-io", "crates.io"),
    "gem": ("//rubygems.org", "rubygems.org"),
    "nuget": ("api.nuget.org", "www.nuget.org", "nuget.org"),
    "galaxy": ("galaxy.ansible.com", "release_galaxy"),
}
_TEST = ("test.pypi.org", "testpypi", "test-pypi", "pypitest", "pypi-test", "pypi_test", "test_pypi", "staging.crates.io")
_LOCAL = ("localhost", "127.0.0.1", "registry.local", "[::1]")


def is_public(kind: str, registry: str) -> bool:
    """Whether a registry, as a command or an action names it ("" for the default), is the public one. False where that cannot be told."""
    text = registry.strip("\"' \n").lower().rstrip("/")
    if not text:
        return True
    known = _PUBLIC.get(kind)
    if "${{" in text and known is not None:  # a choice
        return "''" in text or any("." in word and word in text.replace("test.pypi.org", "") for word in known)
    if any(word in text for word in _TEST):
        return False
    if known is None:
        return not is_local(text)
    return any(word == text or ("." in word and word in text) for word in known)


def is_local(text: str) -> bool:
    """Whether an image or a URL is on the machine itself."""
    return text.partition("://")[2].startswith(_LOCAL) or text.startswith(_LOCAL)


def is_test(registry: str) -> bool:
    """Whether a registry is one to try things on."""
    return any(word in registry.lower() for word in _TEST)


def settle(text: str, scope: Scope, depth: int = 3) -> str:
    """The value behind one variable or `env` expression; the text itself where it is not known."""
    plain = text.strip("\"' \n")
    name = ""
    if plain.startswith("$") and plain.strip("${}").isidentifier():
        name = plain.strip("${}")
    elif plain.startswith("${{") and plain.endswith("}}") and plain[3:-2].strip().startswith("env."):
        name = plain[3:-2].strip()[4:]
    found = scope.variable(name) if name and depth else None
    return settle(found[0], scope, depth - 1) if found else plain


def configured_registry(kind: str, scope: Scope) -> str:
    """What a command before, or of npm the last `actions/setup-node` before a step, sets as the registry; "" without."""
    for call in reversed([*(call for _, calls in scope.earlier for call in calls), *scope.calls]):
        texts = call.texts
        if call.name == "aws" and "codeartifact" in texts[:4] and "login" in texts:
            return "codeartifact"
        if kind == "npm" and call.name in ("npm", "yarn", "pnpm") and "config" in texts[:2] and "set" in texts[:3]:
            for at, text in enumerate(texts):
                name, equals, value = text.partition("=")
                if name == "registry" or name.endswith(":registry") or name == "npmRegistryServer":
                    return settle(value if equals else " ".join(texts[at + 1 : at + 2]), scope)
    return setup_node(scope.step) if kind == "npm" else ""


def setup_node(step: Step | None) -> str:
    """The registry of the last `actions/setup-node` before a step."""
    if step is None:
        return ""
    before = step.job.steps if step.job is not None else step.workflow.steps
    for other in reversed(before[: step.number]):
        if other.repository == "actions/setup-node" and (node := other.input("registry-url")) is not None:
            return string(node)
    return ""
