"""What the steps of a job seem to need their token for: by the actions that they use and the programs that they start."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.scripts import calls_of
from agent_security_hooks.parse.actions.workflow import own, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent_security_hooks.parse.actions.workflow import Job, Step
    from agent_security_hooks.parse.shell_calls import Call


class Need(NamedTuple):
    """Scopes beyond `contents: read` with their levels. `certain`: everything in the job is known, so that it needs no more than these."""

    scopes: Mapping[str, str]
    certain: bool


_STRENGTH = ("none", "read", "write")

# The first words of a command line that talks to GitHub -> what that takes; the longest that fits counts.
_COMMANDS: dict[str, str] = {
    "gh issue": "issues:write",
    "gh issue list": "issues:read",
    "gh issue view": "issues:read",
    "gh pr": "pull-requests:write",
    "gh pr list": "pull-requests:read",
    "gh pr view": "pull-requests:read",
    "gh pr diff": "pull-requests:read",
    "gh pr checks": "pull-requests:read checks:read",
    "gh pr checkout": "pull-requests:read",
    "gh pr merge": "contents:write pull-requests:write",
    "gh pr create": "contents:write pull-requests:write",
    "gh label": "issues:write",
    "gh release": "contents:write",
    "gh release view": "",
    "gh release list": "",
    "gh release download": "",
    "gh run": "actions:read",
    "gh run rerun": "actions:write",
    "gh run cancel": "actions:write",
    "gh run delete": "actions:write",
    "gh workflow": "actions:write",
    "gh cache": "actions:write",
    "gh attestation": "attestations:read",
    "git push": "contents:write",
    "docker push": "packages:write",
    "docker image push": "packages:write",
    "docker manifest push": "packages:write",
    "podman push": "packages:write",
    "buildah push": "packages:write",
    "skopeo copy": "packages:write",
    "crane push": "packages:write",
    "crane copy": "packages:write",
    "helm push": "packages:write",
    "oras push": "packages:write",
    "npm publish": "packages:write id-token:write contents:write",
    "pnpm publish": "packages:write id-token:write contents:write",
    "yarn publish": "packages:write id-token:write contents:write",
    "yarn npm publish": "packages:write id-token:write contents:write",
    "lerna publish": "packages:write id-token:write contents:write",
    "uv publish": "id-token:write",
    "cosign sign": "id-token:write packages:write",
    "cosign sign-blob": "id-token:write",
    "cosign attest": "id-token:write packages:write",
}  # fmt: skip
# Programs, also behind `npx`, `yarn`, `poetry run`: with one of the words after them (any, where none is named).
_PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "semantic-release": ((), "contents:write issues:write pull-requests:write id-token:write packages:write"),
    "release-it": ((), "contents:write packages:write"),
    "goreleaser": ((), "contents:write packages:write id-token:write"),
    "jreleaser": ((), "contents:write"),
    "changeset": ((), "contents:write pull-requests:write packages:write id-token:write"),
    "gh-pages": ((), "contents:write"),
    "ghp-import": ((), "contents:write"),
    "mkdocs": (("gh-deploy",), "contents:write"),
    "mike": (("deploy",), "contents:write"),
    "cargo-release": ((), "contents:write"),
    "mvn": (("deploy", "release:prepare", "release:perform", "jgitver:tag-push"), "contents:write packages:write"),
    "mvnw": (("deploy", "release:prepare", "release:perform"), "contents:write packages:write"),
    "gradle": (("publish", "release"), "contents:write packages:write"),
    "gradlew": (("publish", "release"), "contents:write packages:write"),
    "buildx": (("--push",), "packages:write"),
    "docker": (("--push",), "packages:write"),
    "cargo": (("release", "dist"), "contents:write"),
    "dist": (("host",), "contents:write"),
    "cz": (("bump",), "contents:write"),
    "bumpversion": (("--push",), "contents:write"),
    "hub": ((), "contents:write pull-requests:write"),
    "dpl": ((), "contents:write"),
}
# A part of the path that `gh api` is asked for -> what it takes to write there.
_PATHS: dict[str, str] = {
    "/comments": "issues:write pull-requests:write",
    "/reactions": "issues:write pull-requests:write",
    "/labels": "issues:write pull-requests:write",
    "/issues": "issues:write",
    "/pulls": "pull-requests:write",
    "/releases": "contents:write",
    "/git/": "contents:write",
    "/contents/": "contents:write",
    "/statuses/": "statuses:write",
    "/check-runs": "checks:write",
    "/deployments": "deployments:write",
    "/actions/": "actions:write",
    "/code-scanning/": "security-events:write",
    "graphql": "issues:write pull-requests:write",
}
_WRITING = ("-f", "-F", "-X", "--field", "--raw-field", "--method", "--input")
"""Options with which `gh api` writes: they name a method, or something to send."""
# Inputs that have an action do more.
_BY_INPUT: dict[str, dict[str, str]] = {
    "actions/dependency-review-action": {"comment-summary-in-pr": "pull-requests:write"},
    "codecov/codecov-action": {"use_oidc": "id-token:write"},
    "golangci/golangci-lint-action": {"only-new-issues": "pull-requests:read"},
    "gradle/actions/setup-gradle": {"add-job-summary-as-pr-comment": "pull-requests:write", "dependency-graph": "contents:write"},
}
_WITH_VALUE = ("-C", "-c", "-R", "--repo")
"""Options of git and gh before the words that count, with a value of their own."""
# What a script of github-script calls.
_API: dict[bytes, str] = {
    b"rest.issues.": "issues:write pull-requests:write",
    b"createComment": "issues:write pull-requests:write",
    b"rest.pulls.": "pull-requests:write",
    b"createRelease": "contents:write",
    b"uploadReleaseAsset": "contents:write",
    b"createRef": "contents:write",
    b"updateRef": "contents:write",
    b"deleteRef": "contents:write",
    b"createOrUpdateFileContents": "contents:write",
    b"createDispatchEvent": "contents:write",
    b"merge(": "contents:write pull-requests:write",
    b"rest.checks.": "checks:write",
    b"createCommitStatus": "statuses:write",
    b"createDeployment": "deployments:write",
    b"createWorkflowDispatch": "actions:write",
    b"deleteWorkflowRun": "actions:write",
    b"cancelWorkflowRun": "actions:write",
    b"deleteActionsCache": "actions:write",
    b"uploadSarif": "security-events:write",
}
# Anything by which a step may use the token, or the credentials that checkout leaves, in a way that is not looked into.
_TOKEN = Pattern(rb"(?i)github_token|github\.token|github\[ ?'token|gh_token|tojson\( ?github ?\)")
_SENDING = (b"push", b"deploy", b"releas", b"publish", b"gh-pages", b"ghp-import", b"api.github", b"semantic", b"upload")
_SENDS = Pattern(rb"\b(?:gh|hub|mike|cz|dpl|bump[a-z0-9_-]{0,20}|git[ \t]+(?:tag|commit))\b")
# What a script must hold for a command of these tables to be in it; to look for that is much cheaper than to parse the script.
_CALLS = Pattern(
    rb"\b(?:gh|hub|mike|dpl|cz|cosign|semantic-release|release-it|goreleaser|jreleaser|changeset|gh-pages|ghp-import|bumpversion|cargo-release)\b"
    rb"|push|publish|deploy|\bcopy\b|release:|\b(?:cargo|gradlew?)\b[^\r\n]{0,200}\b(?:release|dist)\b|\bdist[ \t]+host\b"
)


# Words of which a script has one that matches any of the above; most have none.
_WORDS = tuple("git gh push publish deploy releas semantic upload copy dist hub mike cz dpl cosign changeset bump".split())


def needed_permissions(job: Job) -> Need:
    """What a job seems to need."""
    return remembered(job.workflow.file, ("needs", id(job.node)), lambda: _read(job))


def _read(job: Job) -> Need:
    scopes: dict[str, str] = {}
    certain = job.get("uses") is None and bool(job.steps)
    for step in job.steps:
        certain = _add_step(step, scopes) and certain
    return Need(scopes, certain and not _names_token(job))


def _names_token(job: Job) -> bool:
    """Whether the job, or the workflow's env, names the token."""
    file = job.workflow.file
    if not remembered(file, "token", lambda: _may_name_token(file.data.lower())):
        return False
    places = [job.node, own(job.workflow.root, "env")]
    return any(node is not None and _TOKEN.search(file.data, node.start, node.end) is not None for node in places)


def _may_name_token(lowered: bytes) -> bool:
    return any(word in lowered for word in (b"_token", b".token", b"'token", b"tojson"))


def _add(scopes: dict[str, str], more: str | Mapping[str, str]) -> None:
    pairs = more.items() if not isinstance(more, str) else [tuple(text.split(":")) for text in more.split()]
    for scope, level in pairs:
        if _STRENGTH.index(level) > _STRENGTH.index(scopes.get(scope, "none")):
            scopes[scope] = level


def _add_step(step: Step, scopes: dict[str, str]) -> bool:
    """Note what a step needs; whether that is all for sure."""
    if step.get("run") is not None:
        return _add_script(step, scopes)
    uses = string(step.get("uses"))
    if not uses:
        return True
    action = step.action or uses.partition("@")[0].strip().lower()
    from agent_security_hooks.data.action_permissions import NEEDS

    needs = NEEDS.get(action)
    if action == "actions/github-script":
        text = string(step.input("script")).encode("utf-8", "surrogateescape")
        for name, more in _API.items():
            if name in text:
                _add(scopes, more)
        return False
    if needs is None:
        return False
    if action in ("docker/build-push-action", "docker/bake-action") and string(step.input("push")).lower() in ("", "false"):
        return "push" not in string(step.input("outputs"))
    if action == "pypa/gh-action-pypi-publish" and string(step.input("password")):
        return True
    if action == "actions/download-artifact" and step.input("run-id") is not None:
        _add(scopes, "actions:read")
    _add(scopes, needs)
    for switch, scope in _BY_INPUT.get(action, {}).items():
        if string(step.input(switch)).lower() not in ("", "false", "disabled", "never"):
            _add(scopes, scope)
    return not any(map(_sends, script_inputs(step)))


_SCRIPT_INPUTS = ("command", "commands", "run", "script", "cmd")


def script_inputs(step: Step) -> list[bytes]:
    """The inputs of an action that by their names are scripts that it runs."""
    return [string(value).encode("utf-8", "surrogateescape") for name, _, value in step.inputs() if name in _SCRIPT_INPUTS]


def _add_script(step: Step, scopes: dict[str, str]) -> bool:
    text = string(step.get("run"))
    lowered = text.lower()
    if not any(word in lowered for word in _WORDS):
        return True
    more, is_sure = remembered(step.workflow.file, ("needs of script", id(step.get("run")), step.shell), lambda: _read_script(step, text))
    _add(scopes, more)
    return is_sure


def _read_script(step: Step, text: str) -> tuple[dict[str, str], bool]:
    data = text.encode("utf-8", "surrogateescape")
    scopes: dict[str, str] = {}
    if _CALLS.search(data) is not None:
        for call in calls_of(step):
            _add(scopes, command_needs(call))
    return scopes, not _sends(data)


def _sends(text: bytes) -> bool:
    """Whether a script may send something to GitHub."""
    lowered = text.lower()
    return any(word in lowered for word in _SENDING) or _SENDS.search(lowered) is not None


def command_needs(call: Call) -> str:
    """The scopes that a command takes, as `contents:write packages:write`."""
    texts = call.texts[:40]
    words = [call.name, *(text for text, before in zip(texts, ["", *texts]) if not text.startswith("-") and before not in _WITH_VALUE)]
    if words[:2] == ["gh", "api"]:
        return _api_needs(texts)
    for size in (3, 2):
        found = _COMMANDS.get(" ".join(words[:size]))
        if found is not None:
            return found
    texts = [call.name, *call.texts[:200]]
    for position, text in enumerate(texts[:12]):
        program = _PROGRAMS.get(text.rsplit("/", 1)[-1])
        if program is not None and (not program[0] or any(_is_goal(word, program[0]) for word in texts[position + 1 :])):
            return program[1]
    return ""


def _api_needs(texts: Sequence[str]) -> str:
    writes = any(text.startswith(_WRITING) for text in texts) and "GET" not in texts
    return next((scopes for part, scopes in _PATHS.items() if any(part in text for text in texts[:20])), "") if writes else ""


def _is_goal(word: str, goals: tuple[str, ...]) -> bool:
    return word.rsplit(":", 1)[-1] in goals or word in goals or any(goal == "publish" and word.startswith("publish") for goal in goals)


def shown(scopes: Mapping[str, str]) -> str:
    """Scopes as a line of YAML that can be pasted: `{contents: read, issues: write}`."""
    asked = {"contents": "read", **scopes}
    return "{" + ", ".join(f"{scope}: {asked[scope]}" for scope in sorted(asked)) + "}"
