"""The token that actions/checkout leaves behind: where it lies, which steps may push with it, which uploads take it along."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.checkouts import version_of
from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.needed_permissions import script_inputs
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.actions.workflow import Step

# Actions that work with the repository on disk and push, fetch or clone in it.
_PUSHING = frozenset((
    "peter-evans/create-pull-request", "stefanzweifel/git-auto-commit-action", "endbug/add-and-commit", "ad-m/github-push-action", "changesets/action",
    "python-semantic-release/python-semantic-release", "cycjimmy/semantic-release-action", "peaceiris/actions-gh-pages", "jamesives/github-pages-deploy-action",
    "googleapis/release-please-action", "pre-commit-ci/lite-action", "benchmark-action/github-action-benchmark", "joerick/update-vx.y-tag-action", "pascalgn/automerge-action",
    "anthropics/claude-code-action", "google-github-actions/run-gemini-cli",
))  # fmt: skip
# Scripts that may talk to the remote: by themselves, or by something whose name says that it publishes.
_TALKS = Pattern(
    rb"(?i)semantic|releas|publish|deploy|gh-pages|ghp-import"
    rb"|\b(?:gh|hub|mike|lerna|changeset|cz|dpl|goreleaser|bump[a-z0-9_-]{0,20}|versioneer)\b|git\+(?:https|ssh)"
)
_TRANSFERS = Pattern(rb"(?i)\b(?:push|fetch|pull|clone|submodules?|ls-remote|lfs|remote)\b")
_EXCLUDED = Pattern(r"!(?:\./|\*\*/|\$\{\{ ?github\.workspace ?\}\}/){0,2}\.git(?:/?|/\*\*?(?:/\*)?|/config)")
"""A line of the paths of an upload that takes the credentials out."""
_FALSE = ("false",)
_UPLOADS = 10
_PATHS = 20
"""Uploads of a job, and paths of each, that are looked at."""


def keeps_credentials(step: Step) -> bool:
    """Whether this is a checkout that leaves its token behind. Version 1 cannot do otherwise; what an expression says is not known."""
    if step.repository != "actions/checkout" or version_of(step)[:1] == (1,):
        return False
    value = string(step.input("persist-credentials")).strip()
    return value.lower() not in _FALSE and "${{" not in value


def may_need_credentials(step: Step) -> bool:
    """Whether something after a checkout may need what it leaves; of actions that are not known, and local ones, this is so."""
    if (
        step.job is None
        or string(step.input("submodules")).lower() not in ("", "false")
        or step.input("ssh-key") is not None
        or step.input("token") is not None
    ):
        return True
    if string(step.input("persist-credentials")):
        return True  # somebody asked for it
    job = step.job
    return remembered(step.workflow.file, ("last talk", id(job)), lambda: max((other.number for other in job.steps if _talks(other)), default=-1)) > step.number


def _talks(step: Step) -> bool:
    uses = string(step.get("uses"))
    if uses:
        from agent_security_hooks.data.action_permissions import NEEDS

        needs = NEEDS.get(step.action)
        if step.repository in _PUSHING or needs is None or needs.get("contents") == "write":
            return True
        return any(_text_talks(text) for text in script_inputs(step))
    node = step.get("run")
    return node is not None and remembered(
        step.workflow.file, ("talks to the remote", id(node)), lambda: _text_talks(string(node).encode("utf-8", "surrogateescape"))
    )


def _text_talks(text: bytes) -> bool:
    return _TALKS.search(text) is not None or b"git" in text and _TRANSFERS.search(text) is not None


def uploads_credentials(step: Step) -> Step | None:
    """A later step that makes an artifact of the folder in which a checkout leaves its token."""
    version = version_of(step)
    if version and version[0] >= 6:
        return None  # they lie in RUNNER_TEMP
    folder = string(step.input("path")).strip().removeprefix("./").strip("/")
    return next((upload for upload, paths in _uploads(step) if upload.number > step.number and any(_covers(path, folder) for path in paths)), None)


def _uploads(step: Step) -> list[tuple[Step, list[str]]]:
    """The steps of a job that upload hidden files, too, with their paths."""
    steps = step.job.steps if step.job is not None else step.workflow.steps
    return remembered(step.workflow.file, ("uploads", id(step.job)), lambda: list(islice(_read_uploads(steps), _UPLOADS)))


def _read_uploads(steps: Sequence[Step]) -> Iterator[tuple[Step, list[str]]]:
    for step in steps:
        if step.repository == "actions/upload-artifact" and _takes_hidden(step):
            yield step, _paths(step)[:_PATHS]


def _takes_hidden(step: Step) -> bool:
    """Hidden files are left out since version 4.4, and in the last ones of version 3."""
    if string(step.input("include-hidden-files")).strip().lower() == "true":
        return True
    version = version_of(step)
    if not version or version[0] > 4:
        return False
    return version[0] < 3 or version[0] == 4 and len(version) > 1 and version[1] < 4 or version[0] == 3 and len(version) > 1 and version[1] < 2


def _paths(step: Step) -> list[str]:
    lines = string(step.input("path")).split("\n")
    if any(_EXCLUDED.fullmatch(line.strip()) for line in lines):
        return []
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("!")]


def _covers(path: str, folder: str) -> bool:
    """Whether a path of an artifact takes in the `.git` of a folder below the workspace."""
    text = "".join(path.split()) if "${{" in path else path
    if text.rstrip("/*") in ("${{runner.workspace}}", "${{github.workspace}}/.."):
        return True
    for prefix in ("${{github.workspace}}", "$GITHUB_WORKSPACE", "./"):
        text = text.removeprefix(prefix).lstrip("/")
    text = text.removesuffix("/**").removesuffix("/*").rstrip("/") if text not in ("**", "*", "**/*") else ""
    if text in ("", "."):
        return True
    return (
        bool(folder)
        and (folder == text or folder.startswith(text + "/"))
        or text == (folder + "/.git").lstrip("/")
        or text == (folder + "/.git/config").lstrip("/")
    )
