"""Rules about the exact code that a workflow runs: references, images, version comments and the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check
from agent_security_hooks.model import Edit, Hit, Incomplete, excerpt
from agent_security_hooks.parse.actions.lock import base_of, covering, is_lock, listed_pins, lock_of, normal_pin, pin_of, read_lock
from agent_security_hooks.parse.actions.uses import describe, is_short_commit, is_version, own_names, uses_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.actions.images import Image
    from agent_security_hooks.parse.actions.lock import Lock
    from agent_security_hooks.parse.actions.pins import Pin
    from agent_security_hooks.parse.actions.uses import Reference, Use
    from agent_security_hooks.source import Source

# Run by a commit, it refuses to work: github.com/slsa-framework/slsa-github-generator, README, "Referencing SLSA builders and generators".
_TAG_ONLY = frozenset(("slsa-framework/slsa-github-generator",))


@check.rule("unpinned-action", point=8)
def unpinned_action(file: Source) -> Iterator[Hit]:
    """An action or reusable workflow is run by a tag, a branch or a short commit.

    Actions of this repository need no commit, nor do those that `.github/workflows/actions.lock` fixes, and what the configuration allows
    (`first-party`, `action-policies`). What never runs (`if: false`) is reported with `--pedantic`.

    Risk: Whoever can move the tag or push to the branch runs their code with this workflow's token and secrets, without a change here.
    Fix: Write the full commit with the version beside it: `uses: actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0`; Dependabot and Renovate keep both fresh.
    Verify: `grep -rnE 'uses: [^.$]' .github` shows 40 hexadecimal digits after every `@`.

    Bad: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: astral-sh/setup-uv@v6

    Good: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: astral-sh/setup-uv@fac544c07dec837d0ccb6301d7b5580bf5edae39 # v8.2.0
    """
    for use in file.view(uses_in):
        if _is_open(file, use) and not use.has_commit_in_comment:
            start, end = _span(file, use)
            fix, edits = _how_to_pin(file, use)
            yield Hit(start, end, _unpinned_message(use), fix, edits, pedantic=use.is_disabled)


def _is_open(file: Source, use: Use) -> bool:
    """Whether others decide what a well-formed reference runs, and the configuration does not allow that."""
    reference = use.reference
    if reference.kind != "repository" or reference.is_pinned:
        return False
    is_tag = is_version(reference.ref) or reference.ref.startswith("refs/tags/")
    if not reference.host and reference.name in file.repository.view(own_names) or reference.name in _TAG_ONLY and is_tag:
        return False
    policy = _policy_of(file.repository.action_policies, reference)
    return not (policy == "any" or policy == "tag" and is_tag or covering(file, use))


def _policy_of(policies: Sequence[tuple[str, str]], reference: Reference) -> str:
    """What the configuration asks for: the most specific of the patterns that match decides, the first of equals."""
    target = f"{reference.name}/{reference.path.lower()}/"
    best, asked = -1, "hash"
    for pattern, policy in policies:
        literal = pattern.removesuffix("*").rstrip("/")
        specific = 2 * len(literal.split("/")) - pattern.endswith("*") if literal else 0
        if specific > best and (not literal or target.startswith(literal + "/")):
            best, asked = specific, policy
    return asked


def _unpinned_message(use: Use) -> str:
    name, ref = excerpt(use.text.rpartition("@")[0], 80), excerpt(describe(use.reference.ref), 80)
    if is_short_commit(use.reference.ref):
        return f"{name} is taken by the {ref}: other commits can begin with it, and GitHub does not take it"
    return f"{name} is taken by the {ref}, which can be moved to other code"


def _span(file: Source, use: Use) -> tuple[int, int]:
    """Where a reference stands, without quotes and blanks."""
    node = use.node
    if node.kind != "scalar" or not use.text:
        return node.start, max(node.end, node.start)
    written = use.text.encode("utf-8", "surrogateescape")
    inside = 1 if node.style in ("'", '"') else 0
    if file.data[node.start + inside : node.end - inside] == written:
        return node.start + inside, node.end - inside
    lead = len(node.value) - len(node.value.lstrip())
    return node.text(file.data).span(lead, lead + len(written))


def _how_to_pin(file: Source, use: Use) -> tuple[str, tuple[Edit, ...]]:
    """What to write, and the edit that does it where that is safe."""
    from agent_security_hooks.parse.actions.pins import resolve

    reference = use.reference
    name = excerpt(use.text.rpartition("@")[0], 120)
    if reference.name in _TAG_ONLY:
        return f"name the tag of a release, {name}@v2.1.0: it refuses to run by a branch or a commit", ()
    if not use.is_workflow and listed_pins(file, lock_of(file)) is not None:
        return "run `gh actions-lock`: the lock speaks of this workflow and does not fix this action", ()
    pin = resolve(file, reference)
    if pin is None:
        return f"{_command(reference)} prints the commit; write {name}@COMMIT # {_version_shown(reference)}", ()
    return f"write {name}@{pin.commit} # {excerpt(pin.version, 60)} (known from {excerpt(pin.source, 80)})", _edit(file, use, pin)


def _version_shown(reference: Reference) -> str:
    return excerpt(reference.ref.removeprefix("refs/tags/"), 60) if is_version(reference.ref.removeprefix("refs/tags/")) else "VERSION"


def _command(reference: Reference) -> str:
    """A command that prints the commit of a ref."""
    from agent_security_hooks.parse.actions.pins import shell_word

    ref = reference.ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    ref = excerpt(ref, 100) if len(ref) <= 100 else "REF"
    name = excerpt(f"{reference.owner}/{reference.repository}", 200)
    if reference.host:
        return f"git ls-remote {shell_word(f'https://{reference.host}/{name}')} {shell_word(ref)}"
    return f"gh api {shell_word(f'repos/{name}/commits/{ref}')} --jq .sha"


def _tags_command(reference: Reference) -> str:
    """A command that prints the tags of a commit."""
    from agent_security_hooks.parse.actions.pins import shell_word

    return f"git ls-remote {shell_word(f'https://github.com/{excerpt(reference.name, 200)}')} | grep {reference.ref[:40].lower()}"


def _edit(file: Source, use: Use, pin: Pin) -> tuple[Edit, ...]:
    """Write the commit and the version comment. Nothing where the line has no room for a comment, or where something else may share the value."""
    data, node, comment = file.data, use.node, use.comment
    ref = use.reference.ref.encode("utf-8", "surrogateescape")
    start, end = _span(file, use)
    line = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
    before = data[line:start]
    written = use.text.encode("utf-8", "surrogateescape")
    if node.style not in ("", "'", '"') or data[start:end] != written or not comment.is_reached or b"&" in before or b"*" in before:
        return ()
    between = data[end : comment.start]
    if b"," in between or comment.is_closed and before.count(b"uses") != 1:
        return ()
    version = pin.version.encode()
    if not comment.text and comment.start == comment.end:
        tail = between.rstrip(b" \t") + b" # " + version
    elif comment.is_bare or not comment.text:
        tail = between + b"# " + version
    else:
        tail = between + b"# " + version + b" " + data[comment.start : comment.end]
    return (Edit(end - len(ref), comment.end, pin.commit.encode() + tail),)


@check.rule("malformed-action", point=8)
def malformed_action(file: Source) -> Iterator[Hit]:
    """A `uses:` names nothing that can be run, or something else than it seems to.

    Risk: The workflow stops there; or a branch or tag that looks like a commit passes for one in review, and its owner can move it.
    Fix: Write `owner/repository@COMMIT # VERSION` with all 40 digits of the commit, `$/path` or `./path` for what is in this repository.
    Verify: `gh api repos/OWNER/REPOSITORY/commits/COMMIT --jq .sha` prints the commit.

    Bad: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: astral-sh/setup-uv

    Good: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: astral-sh/setup-uv@fac544c07dec837d0ccb6301d7b5580bf5edae39 # v8.2.0
    """
    for use in file.view(uses_in):
        if use.reference.kind != "malformed" and not use.has_commit_in_comment:
            continue
        shown = excerpt(use.text, 80) or "uses"
        start, end = _span(file, use)
        if use.reference.kind == "malformed":
            yield Hit(start, end, f"{shown} {use.reference.problem}", _how_to_write(use))
        elif _is_open(file, use):
            ref = excerpt(describe(use.reference.ref), 80)
            yield Hit(start, end, f"{shown} is taken by the {ref}: the commit stands in a comment, which nothing reads", _commit_first(use))


def _how_to_write(use: Use) -> str:
    text = use.text
    if text.startswith("$/") and "@" in text:
        return f"write {excerpt(text.partition('@')[0], 100)}, without a ref"
    if text.startswith((".github/", "/.github/", "../")) and "@" not in text and ".." not in text[2:]:
        return f"write $/{excerpt(text.lstrip('./') if not text.startswith('.github') else text, 100)}: that is a path in this repository"
    return ""


def _commit_first(use: Use) -> str:
    name, ref = excerpt(use.text.rpartition("@")[0], 80), excerpt(use.reference.ref, 40)
    return f"write {name}@COMMIT # {ref}, once you know that the commit is that of {ref}"


@check.rule("unpinned-action-image", point=8)
def unpinned_action_image(file: Source) -> Iterator[Hit]:
    """A step, job, service or action runs a container image by a name that can mean another image tomorrow.

    Values that come from the matrix are looked up. A Dockerfile of the repository is judged by `dockerfile-lint`.

    Risk: Whoever can push to the image's tag runs their code in this job, beside its token and secrets.
    Fix: Append the digest that `docker buildx imagetools inspect IMAGE` prints: `postgres:17@sha256:...`; Renovate keeps it fresh.
    Verify: `grep -rnE 'image:|container:|docker://' .github` shows `@sha256:` for every image.

    Bad: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            container: python:3.12-slim
            steps:
              - run: python -m unittest

    Good: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            container: python:3.12-slim@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
            steps:
              - run: python -m unittest
    """
    if not any(word in file.data for word in (b"docker://", b"container", b"services", b"image")):
        return
    from agent_security_hooks.parse.actions.images import images_in

    for image in images_in(file):
        hit = _unpinned_image(image)
        if hit is not None:
            yield hit


def _unpinned_image(image: Image) -> Hit | None:
    from agent_security_hooks.parse.image_reference import is_image, parse_image

    name = image.name
    parsed = parse_image(name)
    if parsed.is_pinned or image.is_own or not image.is_whole and not image.is_tagged:
        return None
    shown = excerpt(name, 80)
    if not image.is_whole:
        return Hit(image.start, image.end, f"{image.role} {shown} asks for no digest, whatever the expression is", "append @sha256:DIGEST", (), pedantic=True)
    if not is_image(name):
        return None
    if parsed.is_moving:
        why = "says `latest`" if parsed.tag else "has no tag"
        message = f"{image.role} {shown} {why} and no digest: every run takes whatever was pushed last"
    else:
        message = f"{image.role} {shown} has no digest: the tag can be moved to another image"
    bare = name.partition("@")[0]
    return Hit(
        image.start, image.end, message, f"docker buildx imagetools inspect {excerpt(bare, 80)} prints the digest; write {excerpt(bare, 80)}@sha256:DIGEST"
    )


@check.rule("wrong-version-comment", point=8)
def wrong_version_comment(file: Source) -> Iterator[Hit]:
    """The comment beside a pinned commit names another version than the commit is.

    Compared with the lock, with the table of known releases and with other pins of the same commit in this repository. That there is no
    version beside a commit at all is reported with `--pedantic`.

    Risk: Reviewers and update bots go by the comment: an old or foreign commit passes for a release that it is not.
    Fix: Write the version that the commit has, or the commit that the version has.
    Verify: `gh api repos/OWNER/REPOSITORY/commits/VERSION --jq .sha` prints the commit that stands before the comment.

    Bad: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: astral-sh/setup-uv@fac544c07dec837d0ccb6301d7b5580bf5edae39 # v9.1.0

    Good: (.github/workflows/ci.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: astral-sh/setup-uv@fac544c07dec837d0ccb6301d7b5580bf5edae39 # v8.2.0
    """
    for use in file.view(uses_in):
        reference = use.reference
        if reference.kind == "repository" and reference.is_pinned and not reference.host:
            yield from _wrong_comment(file, use)


def _wrong_comment(file: Source, use: Use) -> Iterator[Hit]:
    from agent_security_hooks.parse.actions.pins import agrees, known_tags, pins_of_commit

    reference, comment = use.reference, use.comment
    commit = reference.ref.lower()
    start, end = (comment.start, comment.end) if comment.version else _span(file, use)
    known = list(known_tags(lock_of(file), reference.name, commit))
    if comment.version and (not comment.action or comment.action == reference.name) and any(agrees(tag, comment.version) for tag, _ in known):
        return
    best = max(known, key=lambda entry: entry[0].count("."), default=("", ""))
    shown = excerpt(best[0], 60)
    short = f"{excerpt(reference.name, 80)}@{commit[:7]}"
    if not comment.version:
        if not comment.names_ref or not comment.text:
            fix = f"append # {shown} ({best[1]} says so)" if shown else f"append # TAG, as printed by: {_tags_command(reference)}"
            yield Hit(start, end, f"nothing says which version {short} is", fix, _comment_edit(file, use, best[0]), pedantic=True)
        return
    claim = excerpt(comment.version, 40)
    if comment.action and comment.action != reference.name:
        yield Hit(start, end, f"the comment speaks of {excerpt(comment.action, 80)}, the commit is one of {excerpt(reference.name, 80)}")
        return
    if known:
        edits = (Edit(comment.version_start, comment.version_start + len(comment.version.encode()), best[0].encode()),)
        yield Hit(start, end, f"the comment says {claim}, but {short} is {shown} ({best[1]} says so)", f"write # {shown}", edits)
        return
    for other in pins_of_commit(file, reference.name, commit):
        if not agrees(other.version, comment.version):
            message = f"the comment says {claim}, but {excerpt(other.place, 80)} calls the same commit {excerpt(other.version, 40)}"
            yield Hit(start, end, message, f"{_command(reference._replace(ref=comment.version))} prints the commit of {claim}; mend the one that is wrong")
            return


def _comment_edit(file: Source, use: Use, version: str) -> tuple[Edit, ...]:
    """Append a version comment where the line has room for it."""
    comment = use.comment
    plain = use.node.kind == "scalar" and use.node.style in ("", "'", '"')
    if not version or not plain or not comment.is_reached or comment.is_closed or comment.text or comment.start != comment.end:
        return ()
    return (Edit(use.node.end, comment.end, b" # " + version.encode()),)


@check.rule("stale-actions-lock", point=8)
def stale_actions_lock(file: Source) -> Iterator[Hit]:
    """The lock of the workflows misses an action that one of them uses, or does not say which commit it is.

    Reported at the action that is missing, and in `.github/workflows/actions.lock` at what is wrong there.

    Risk: GitHub refuses to run the workflow, or an action runs that nobody has fixed.
    Fix: Run `gh actions-lock` and commit `.github/workflows/actions.lock` together with the workflows.
    Verify: `gh actions-lock --verify` reports nothing.

    Bad: (.github/workflows/actions.lock)
        version: 'v0.0.2'
        workflows:
            '.github/workflows/removed.yml': []
        dependencies:
            'astral-sh/setup-uv@v8.2.0':
                ref: 'v8.2.0'
                commit: 'sha1-fac544c'

    Good: (.github/workflows/actions.lock)
        version: 'v0.0.2'
        workflows: {}
        dependencies:
            'astral-sh/setup-uv@v8.2.0':
                ref: 'v8.2.0'
                commit: 'sha1-fac544c07dec837d0ccb6301d7b5580bf5edae39'
    """
    if is_lock(file.path):
        lock = file.view(read_lock)
        yield from _wrong_entries(file, lock)
        if lock.error:
            raise Incomplete(f"not checked to the end: {lock.error}")
        return
    lock_here = lock_of(file)
    pins = listed_pins(file, lock_here)
    if lock_here is None or pins is None:
        return
    for use in file.view(uses_in):
        reference = use.reference
        if use.is_workflow or reference.kind != "repository" or reference.host or reference.name in file.repository.view(own_names):
            continue
        start, end = _span(file, use)
        pin = excerpt(use.text, 80)
        if pin_of(reference) not in pins:
            yield Hit(start, end, f"the lock speaks of this workflow, but not of {pin}")
        elif pin_of(reference) not in lock_here.dependencies:
            yield Hit(start, end, f"the lock lists {pin} for this workflow and says nothing else of it")
        elif not lock_here.dependencies[pin_of(reference)].commit:
            yield Hit(start, end, f"the lock has no full commit for {pin}")


def _wrong_entries(file: Source, lock: Lock) -> Iterator[Hit]:
    """What is wrong in the lock itself."""
    base = base_of(file.path)
    for path, key in lock.keys.items():
        if not file.repository.exists(base + path):
            yield Hit(key.start, key.end, f"there is no workflow {excerpt(path, 80)}")
        for pin, node in lock.workflows[path].items():
            if pin not in lock.dependencies:
                yield Hit(node.start, node.end, f"{excerpt(node.value, 80)} is listed, but there is no entry for it below `dependencies`")
    for entry in lock.dependencies.values():
        name = excerpt(entry.key.value, 80)
        if not entry.commit:
            place = entry.commit_node or entry.key
            yield Hit(place.start, place.end, f"{name} has no full commit")
        for node in entry.uses:
            if normal_pin(node.value) not in lock.dependencies:
                yield Hit(node.start, node.end, f"{name} needs {excerpt(node.value, 80)}, and there is no entry for that")
