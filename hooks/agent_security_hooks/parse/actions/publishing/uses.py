"""Publications by actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.data.publishers import ACTIONS, SELF_GUARDED, Action
from agent_security_hooks.parse.actions.publishing import NO_CREDENTIAL, UNKNOWN_CREDENTIAL, Credential, Publication
from agent_security_hooks.parse.actions.publishing.hosts import has_identity
from agent_security_hooks.parse.actions.publishing.logins import login_before
from agent_security_hooks.parse.actions.publishing.registries import is_local, is_public, settle, setup_node
from agent_security_hooks.parse.actions.publishing.settings import npm_settings_of
from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing.credentials import Scope
    from agent_security_hooks.parse.actions.workflow import Step

_TRUE = ("true", "yes", "on", "1")
_ONLY_UNLESS = ("no_push", "no_publish")
_LISTED = 200


def action_publication(step: Step, used: str, scope: Scope, place: str) -> Publication | None:
    """What the action of a step (`used`: its name) publishes; None for nothing."""
    name = used if used in ACTIONS else "/".join(used.split("/", 2)[:2])
    action = ACTIONS.get(name)
    if action is None or not action.kind or not _runs(action, step):
        return None
    if action.kind == "release" and action.files and not _given(step, action.files):
        return None  # a release without files
    node = step.get("uses") or step.node
    registry = _registry(action, step, scope)
    credential = _credential(action, step, scope)
    assets = _assets(action, step)
    public = is_public(action.kind, registry) and credential.kind != "github"
    if action.kind == "image":
        public = not (assets and all(is_local(asset) for asset in assets))
    dry = any(string(step.input(option)).strip().lower() in _TRUE for option in action.dry.split())
    if action.argument and any(text in string(step.input(action.argument)) for text in ("--snapshot", "--skip=publish", "--skip-publish", "--skip publish")):
        dry = True
    guarded = name in SELF_GUARDED or name == "softprops/action-gh-release" and step.input("tag_name") is None
    kind = action.kind
    if "semantic-release" in name and kind == "npm" and credential.kind in ("unknown", "none"):
        kind = "release"  # its plugins decide; without a token none of them publishes a package
    return Publication(
        kind, name, node.start, node.end, step.job, step, place, credential, registry, public, dry, assets, guarded
    )  # fmt: skip


def _runs(action: Action, step: Step) -> bool:
    """Whether what the action is told makes it publish; an expression may."""
    if action.argument:
        node = step.input(action.argument)
        words = string(node).split()
        return "${{" in string(node) or action.needs in words or any(word in string(step.input("command")) for word in action.needs.split())
    name, equals, wanted = action.when.partition("=")
    if not name:
        return True
    if equals:
        value = string(step.input(name)).strip()
        return bool(value) if wanted == "*" else "${{" in value or value.lower() in wanted.split("|")
    for option in name.split("|"):
        value = string(step.input(option)).strip().lower()
        if option in _ONLY_UNLESS:
            if value not in _TRUE:
                return True
        elif value in _TRUE or "${{" in value:
            return True
    outputs = string(step.input("outputs")) + string(step.input("set"))
    return action.kind == "image" and ("type=registry" in outputs or "push=true" in outputs or "type=image" in outputs and "push=${{" in outputs)


def _given(step: Step, names: str) -> bool:
    return any(string(step.input(name)).strip() for name in names.split())


def _registry(action: Action, step: Step, scope: Scope) -> str:
    for name in action.registry.split():
        value = string(step.input(name)).strip()
        if value:
            return settle(value, scope)
    if "maturin" in step.repository:
        return _maturin_registry(step, scope)
    if action.kind != "npm":
        return ""
    return (setup_node(step) if not action.registry else "") or npm_settings_of(step, None, everywhere=step.repository != "js-devtools/npm-publish").registry


def _maturin_registry(step: Step, scope: Scope) -> str:
    for name in ("MATURIN_REPOSITORY_URL", "MATURIN_REPOSITORY"):
        value = scope.variable(name)
        if value is not None:
            return settle(value[0], scope)
    words = string(step.input("args")).replace("=", " ").split()
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-r", "--repository", "--repository-url")), "")


def _credential(action: Action, step: Step, scope: Scope) -> Credential:
    empty = False
    for name in action.secrets.split():
        node = step.input(name)
        if node is not None:
            found = scope.credential(string(node), node.start, node.end)
            if found.kind != "none":
                return found
            empty = True
    for name in (*action.variables.split(), *_more_variables(action, scope)):
        value = scope.variable(name)
        if value is not None:
            found = scope.credential(*value)
            if found.kind != "none":
                return found
    found_before = login_before(action.kind, scope) if action.kind != "image" else None
    if found_before is not None and not action.secrets:
        return found_before
    if action.oidc and has_identity(step.job):
        return Credential("oidc")
    return NO_CREDENTIAL if empty or action.oidc and action.secrets else UNKNOWN_CREDENTIAL


def _more_variables(action: Action, scope: Scope) -> list[str]:
    return [name for name in scope.names() if "NPM" in name.upper() and "TOKEN" in name.upper()] if action.kind == "npm" else []


def _assets(action: Action, step: Step) -> tuple[str, ...]:
    names = action.files or ("tags image images image-name imagename name" if action.kind == "image" else "")
    text = "\n".join(string(step.input(name)) for name in names.split())
    return tuple(part.strip() for line in text.split("\n") for part in line.split(",") if part.strip())[:_LISTED]
