"""Rules about what is not GitHub's: update bots, pre-commit, GitLab and CircleCI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check
from agent_security_hooks.checks.actions_lint.included import in_included
from agent_security_hooks.model import Edit, Hit, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.update_bots import Dependabot, Update
    from agent_security_hooks.parse.ci_config import Image, Include
    from agent_security_hooks.source import Source


@check.rule("dependabot-no-cooldown", point=3, pedantic=True)
def dependabot_no_cooldown(file: Source) -> Iterator[Hit]:
    """Dependabot takes new versions on the day they appear, or leaves the actions of the workflows alone.

    A cooldown never holds security updates back.

    Risk: Malicious releases are mostly found within days; without a waiting time the bot proposes them within hours. Actions that nobody updates stay
    at versions with known holes.
    Fix: Give each entry a `cooldown` with `default-days: 7`, and add an entry for `github-actions`; `--fix` writes the cooldown.
    Verify: Each entry of `updates` in .github/dependabot.yml has a `cooldown`, and one of them is for `github-actions`.

    Bad: (.github/dependabot.yml)
        version: 2
        updates:
          - package-ecosystem: pip
            directory: /
            schedule:
              interval: weekly

    Good: (.github/dependabot.yml)
        version: 2
        updates:
          - package-ecosystem: pip
            directory: /
            schedule:
              interval: weekly
            cooldown:
              default-days: 7
    """
    if b"updates" not in file.data:
        return
    from agent_security_hooks.parse.actions.update_bots import read_dependabot

    found = file.view(read_dependabot)
    if found is None:
        return
    for update in found.updates:
        if update.problem:
            name = excerpt(update.ecosystem, 40)
            where = f" in {excerpt(update.directories[0], 60)}" if update.directories else ""
            yield Hit(
                update.place.start,
                update.place.end,
                f"Dependabot {update.problem} ({name or 'an entry without an ecosystem'}{where})",
                "cooldown: {default-days: 7}",
                tuple(_cooldown_edit(file, update)),
            )
    yield from _without_actions(file, found)


def _cooldown_edit(file: Source, update: Update) -> Iterator[Edit]:
    """A cooldown after the line of the ecosystem, where that stands alone on it."""
    value, key = update.value, next((key for name, key, _ in update.node.entries() if name == "package-ecosystem"), None)
    if not update.missing or key is None or value is update.node or value.kind != "scalar" or value.style in ("|", ">"):
        return
    data = file.data
    line = file.line_of(key.start)
    if file.line_of(value.end) != line or data[update.node.start : update.node.start + 1] == b"{":
        return
    rest = file.line(line)[value.end - file.line_starts[line - 1] :].strip()
    before = data[file.line_starts[line - 1] : key.start]
    if rest and not rest.startswith(b"#") or before.strip(b" -") or any(name == "cooldown" for name, _, _ in update.node.entries()):
        return
    ending = b"\r\n" if b"\r\n" in data else b"\n"
    end = file.line_starts[line - 1] + len(file.line(line))
    blank = b" " * len(before)
    yield Edit(end, end, ending + blank + b"cooldown:" + ending + blank + b"  default-days: 7")


def _without_actions(file: Source, found: Dependabot) -> Iterator[Hit]:
    """Where there are workflows and no entry keeps their actions up to date."""
    if any(update.ecosystem in ("github-actions", "") for update in found.updates):
        return
    from agent_security_hooks.parse.disk import names_in

    directory = file.path.rpartition("/")[0] + "/workflows"
    workflows = [name for name in names_in(file.repository, directory) if name.endswith((".yml", ".yaml"))]
    if workflows:
        count = f"{len(workflows)} workflow{'' if len(workflows) == 1 else 's'}"
        fix = "- {package-ecosystem: github-actions, directory: /, schedule: {interval: weekly}, cooldown: {default-days: 7}}"
        yield Hit(found.key.start, found.key.end, f"Dependabot keeps no actions up to date, and there are {count}", fix)


@check.rule("unpinned-pre-commit-hook", point=3)
def unpinned_pre_commit_hook(file: Source) -> Iterator[Hit]:
    """pre-commit runs a hook from a branch, or (pedantic) from a tag.

    pre-commit clones what the name stands for when it first needs it, on every machine and in continuous integration.

    Risk: Whoever can push to that name runs code on the machine of everyone who commits, and two people run two different versions.
    Fix: `pre-commit autoupdate --freeze` writes the full SHA of the latest tag, with the tag in a comment.
    Verify: Every `rev` in .pre-commit-config.yaml is a SHA of 40 digits.

    Bad: (.pre-commit-config.yaml)
        repos:
          - repo: https://github.com/psf/black
            rev: main
            hooks:
              - id: black

    Good: (.pre-commit-config.yaml)
        repos:
          - repo: https://github.com/psf/black
            rev: 8a737e727ac5ab2f1d4cf5876720ed276dc8dc4b  # frozen: 25.1.0
            hooks:
              - id: black
    """
    if b"repo" not in file.data:
        return
    from agent_security_hooks.parse.actions.update_bots import read_hook_repositories
    from agent_security_hooks.parse.shell_quote import quote

    kinds = {
        "branch": "a branch: everyone runs what it holds on the day of the first run",
        "tag": "a tag, which can be moved",
        "short": "a part of a SHA, which a tag or branch of that name replaces",
    }
    for found in file.view(read_hook_repositories):
        url, revision = excerpt(found.url, 80), excerpt(found.revision, 40)
        yield Hit(
            found.node.start,
            found.node.end,
            f"{url} at {revision}, {kinds[found.kind]}",
            f"pre-commit autoupdate --freeze --repo {quote(url)}" if "…" not in url else "",
            pedantic=found.kind != "branch",
        )


@check.rule("unpinned-ci-include", point=8)
def unpinned_ci_include(file: Source) -> Iterator[Hit]:
    """A pipeline of GitLab or CircleCI takes jobs, orbs or images from elsewhere by a name that can move.

    What is named by a variable and the project's own registry are left out. Files of the same repository are read with the pipeline that includes them.

    Risk: Whoever can push to that name runs code in your pipeline, with its variables and tokens.
    Fix: Name a commit (`ref:` with a full SHA), a full version (`@1.2.3`), `integrity: sha256-...` for a remote file, `@sha256:...` for an image.
    Verify: Run the hook again; it is silent.

    Bad: (.gitlab-ci.yml)
        include:
          - project: tools/pipelines
            ref: main
            file: python.yml

    Good: (.gitlab-ci.yml)
        include:
          - project: tools/pipelines
            ref: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
            file: python.yml
    """
    yield from _taken_from_elsewhere(file)
    yield from in_included(file, _taken_from_elsewhere)


def _taken_from_elsewhere(file: Source) -> Iterator[Hit]:
    data = file.data
    if b"include" not in data and b"image" not in data and b"orbs" not in data and b"services" not in data:
        return
    from agent_security_hooks.parse.ci_config import read_pipeline

    pipeline = file.view(read_pipeline)
    if pipeline is None:
        return
    for include in pipeline.includes:
        yield from _include_hit(include)
    for image in pipeline.images:
        yield from _image_hit(image)


def _include_hit(include: Include) -> Iterator[Hit]:
    from agent_security_hooks.parse.ci_config import judge_include

    problem = judge_include(include)
    if problem is None:
        return
    name = excerpt(include.name, 80)
    version = f"@{excerpt(include.version, 40)}" if include.version and include.kind != "project" else ""
    message = f"{include.kind} {name}{version} {problem.text}"
    yield Hit(include.node.start, include.node.end, message, problem.fix.replace("NAME", name), pedantic=problem.pedantic)


def _image_hit(image: Image) -> Iterator[Hit]:
    from agent_security_hooks.parse.ci_config import unpinned_image

    name = unpinned_image(image.node.value)
    if name:
        shown = excerpt(name, 80)
        tag = ":" in name.rpartition("/")[2]
        what = "the job runs in" if image.kind == "image" else "the job is served by"
        fix = f"docker buildx imagetools inspect {shown} prints the digest; write {shown}{'' if tag else ':TAG'}@sha256:DIGEST"
        moving = "the latest on the day it is pulled"
        problem = f"which has no tag: {moving}" if not tag else f"which is {moving}" if name.endswith(":latest") else "whose tag can be moved"
        yield Hit(image.node.start, image.node.end, f"{what} {shown}, {problem}", fix)
