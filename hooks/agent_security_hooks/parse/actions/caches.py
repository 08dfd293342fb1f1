"""Steps that restore a cache, and jobs that publish what they build.

Source: the action.yml of each action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.checkouts import version_of
from agent_security_hooks.parse.actions.guards import called_workflow
from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.workflow import own, string

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.workflow import Job, Step, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.repository import Repository


class Cache(NamedTuple):
    """Where a step says that it takes a cache, and how to have it not do so."""

    node: Node
    fix: str


class _Switch(NamedTuple):
    """An input that decides. `on`: without it there is a cache; `text`: it names what to cache, so any text means one; `inverted`: it turns the cache off."""

    name: str
    on: bool = False
    text: bool = False
    inverted: bool = False
    since: int = 0
    """The first major version in which it is on by itself."""
    until: int = 0
    """The first in which it is no more."""
    needs: str = ""
    """An input without which nothing is cached."""


_ALWAYS = _Switch("")
_ACTIONS: dict[str, _Switch] = {
    "actions/cache": _Switch("lookup-only", on=True, inverted=True),
    "actions/cache/restore": _Switch("lookup-only", on=True, inverted=True),
    "actions/setup-java": _Switch("cache", text=True),
    "actions/setup-go": _Switch("cache", on=True, since=4),
    "actions/setup-node": _Switch("cache", text=True),
    "actions/setup-python": _Switch("cache", text=True),
    "actions/setup-dotnet": _Switch("cache"),
    "astral-sh/setup-uv": _Switch("enable-cache", on=True, since=5, until=10),
    "hynek/setup-cached-uv": _ALWAYS,
    "swatinem/rust-cache": _Switch("lookup-only", on=True, inverted=True),
    "ruby/setup-ruby": _Switch("bundler-cache"),
    "pyo3/maturin-action": _Switch("sccache"),
    "mlugg/setup-zig": _Switch("use-cache", on=True),
    "oven-sh/setup-bun": _Switch("no-cache", on=True, inverted=True),
    "determinatesystems/magic-nix-cache-action": _Switch("use-gha-cache", on=True),
    "graalvm/setup-graalvm": _Switch("cache", text=True),
    "gradle/actions/setup-gradle": _Switch("cache-disabled", on=True, inverted=True),
    "gradle/gradle-build-action": _Switch("cache-disabled", on=True, inverted=True),
    "actions-rust-lang/setup-rust-toolchain": _Switch("cache", on=True),
    "mozilla-actions/sccache-action": _ALWAYS,
    "nix-community/cache-nix-action": _ALWAYS,
    "jdx/mise-action": _Switch("cache", on=True),
    "ramsey/composer-install": _Switch("ignore-cache", on=True, inverted=True),
    "awalsh128/cache-apt-pkgs-action": _ALWAYS,
    "prefix-dev/setup-pixi": _Switch("cache"),
    "pdm-project/setup-pdm": _Switch("cache"),
    "docker/build-push-action": _Switch("cache-from", text=True),
    "docker/setup-buildx-action": _Switch("cache-binary", on=True, needs="version", since=3),  # buildx itself, where one is to be downloaded
    "hendrikmuhs/ccache-action": _ALWAYS,
    "pnpm/action-setup": _Switch("cache"),
}
_NEEDS = 100
"""Jobs of a workflow among which those are looked for that need another."""
_NO = ("false", "no", "0", "off")


def cache_of(step: Step) -> Cache | None:
    """The cache that a step restores; None for none, and for one that an expression decides on."""
    switch = _ACTIONS.get(step.action)
    uses = step.get("uses")
    if switch is None or uses is None or switch.needs and not string(step.input(switch.needs)):
        return None
    name = switch.name
    if not name:
        return Cache(uses, "leave the step out of the job that publishes")
    value = step.input(name)
    if value is None:
        other = _other_switch(step)
        return (
            other
            if other is not None
            else Cache(uses, f"below `with:` write `{name}: {'true' if switch.inverted else 'false'}`")
            if _by_itself(step, switch)
            else None
        )
    text = string(value).strip().lower()
    if "${{" in text:
        return None
    on = text not in (*_NO, "") if switch.text or not switch.inverted else text in (*_NO, "")
    if step.action == "astral-sh/setup-uv" and text == "auto":
        on = _by_itself(step, switch)
    fix = f"take `{name}` out" if switch.text or not switch.on else f"write `{name}: {'true' if switch.inverted else 'false'}`"
    return Cache(value, fix) if on else None


def caches_of_call(job: Job) -> tuple[Step, Node] | None:
    """The first step with a cache in the workflow of the same repository that a job calls, and where the job names that workflow."""
    node = job.get("uses")
    called = called_workflow(job) if node is not None else None
    step = remembered(called.file, "first cache", lambda: next((step for step in called.steps if cache_of(step) is not None), None)) if called else None
    return (step, node) if step is not None and node is not None else None


def _by_itself(step: Step, switch: _Switch) -> bool:
    """Whether an action caches when nothing is said, by its version; the newest where that is not known."""
    major = version_of(step)[:1]
    return switch.on and (not switch.since or not major or major[0] >= switch.since) and (not switch.until or bool(major) and major[0] < switch.until)


def _other_switch(step: Step) -> Cache | None:
    """setup-node caches by itself from version 5 on, where the package.json at the root names its package manager; from 6 on only npm."""
    if step.action != "actions/setup-node":
        return None
    node, uses, major = step.input("package-manager-cache"), step.get("uses"), version_of(step)[:1]
    if node is not None:
        return Cache(node, "write `package-manager-cache: false`") if string(node).lower() == "true" else None
    manager = _package_manager(step) if uses is not None and major and major[0] >= 5 else ""
    if uses is None or not manager or major[0] > 5 and manager != "npm":
        return None
    return Cache(uses, "below `with:` write `package-manager-cache: false`")


def _package_manager(step: Step) -> str:
    """The package manager that the package.json of the repository asks for; "" where none is named."""
    return step.workflow.file.repository.view(_named_manager)


def _named_manager(repository: Repository) -> str:
    """A view of the repository: `devEngines.packageManager.name` or `packageManager` of its package.json."""
    from agent_security_hooks.parse.json_tree import read_json

    source = repository.read("package.json") if repository.exists("package.json") else None
    root = source.view(read_json).root if source is not None else None
    engines = own(own(root, "devEngines"), "packageManager")
    return string(own(engines, "name")) or string(own(root, "packageManager")).partition("@")[0]


def publishing_of(job: Job) -> str:
    """How what a job builds gets published: by itself, by a job that waits for it, or since the workflow runs for releases only. "" when it does not."""
    from agent_security_hooks.parse.actions.publishing import publications

    found = publications(job.workflow.file)
    tools = remembered(
        job.workflow.file, "publishing tools", lambda: {one.job.name.lower(): one.tool for one in reversed(found) if one.job is not None and not one.dry_run}
    )
    own = tools.get(job.name.lower())
    if own:
        return own
    later = next((f"{tools[name]} in job {name}" for name in _waiting(job) if name in tools), "")
    return (later if later and _hands_on(job) else "") or _release_trigger(job)


def _hands_on(job: Job) -> bool:
    """Whether files of a job can reach the jobs after it: something in it, or in the workflow that it calls, uploads them."""
    if job.get("uses") is None:
        return _uploads(job.workflow.file.data[job.node.start : job.node.end])
    called = called_workflow(job)
    return called is None or remembered(called.file, "uploads", lambda: _uploads(called.file.data))


def _uploads(data: bytes) -> bool:
    lowered = data.lower()
    return any(word in lowered for word in (b"upload-artifact", b"build-and-inspect", b"uses: ./", b"docker"))


def _waiting(job: Job) -> list[str]:
    """The jobs that need a job, directly or not; names in lower case."""
    needing = remembered(job.workflow.file, "needing", lambda: _read_needs(job.workflow))
    found = {job.name.lower(): True}
    waiting = [*found]
    while waiting and len(found) <= _NEEDS:
        for other in needing.get(waiting.pop(), ())[:_NEEDS]:
            if other not in found:
                found[other] = True
                waiting.append(other)
    return [*found][1:]


def _read_needs(workflow: Workflow) -> dict[str, list[str]]:
    """The jobs that name a job in their `needs`."""
    found: dict[str, list[str]] = {}
    for job in workflow.jobs:
        for name in job.needs:
            found.setdefault(name.lower(), []).append(job.name.lower())
    return found


def _release_trigger(job: Job) -> str:
    """The event of a workflow that runs for nothing but releases (and by hand)."""
    triggers = job.workflow.triggers
    if not triggers.keys() <= {"release", "push", "workflow_dispatch"}:
        return ""
    push = triggers.get("push")
    if push is not None and (not push.listed("tags") or push.listed("branches") or push.listed("branches-ignore")):
        return ""
    return "the workflow runs on `release`" if "release" in triggers else "the workflow runs on pushed tags" if push is not None else ""
