"""What `uses:` names: actions, reusable workflows and images, with the version that a comment beside them claims.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses; the runner splits a value at its one `@` and
takes what stands before it for `owner/repo/path`. Gitea and Forgejo also take a whole address.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.workflow import every, own, read_workflow, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.workflow import Job, Step, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

LONGEST = 1_000
"""Characters of a reference that are looked at; GitHub takes no longer ones."""
_OWNER = Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
_REPOSITORY = Pattern(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
_HOST = Pattern(r"(?i)https?://([a-z0-9.-]{1,253}(?::[0-9]{1,5})?)/(.*)\Z", 16)  # re.DOTALL
_COMMIT = Pattern(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\Z")
_COMMIT_INSIDE = Pattern(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})(?![0-9a-fA-F])")
_COMMIT_ALONE = Pattern(r"(?<![\w/-])[0-9a-fA-F]{40}(?![\w-])")
_DIGEST = Pattern(r"@[A-Za-z0-9+._-]{1,40}:[0-9a-fA-F]{8,}\Z")
_HEX = frozenset("0123456789abcdefABCDEF")
_NOT_IN_REF = Pattern(r"[\x00-\x20\x7f~^:?*\[\\]")
_VERSION = Pattern(r"[vV]?[0-9]{1,9}(?:\.[0-9]{1,9}){0,4}(?:[-+_.]?[A-Za-z][A-Za-z0-9.+_-]{0,60})?\Z")
_WORKFLOW_WITH_REF = Pattern(r"(?i)\.ya?ml@")
_BRANCHES = frozenset("main master develop development dev devel trunk head next edge nightly canary beta alpha stable production default".split())


class Reference(NamedTuple):
    """What a value of `uses` means.

    `kind`: "repository" (an action or workflow of another or this repository), "local" (`./`), "self" (`$/`: this repository at the running commit),
    "image" (`docker://`; the image is in `path`) or "malformed", and then `problem` says why, quoting nothing.
    """

    kind: str
    owner: str = ""
    repository: str = ""
    """The name without the owner."""
    path: str = ""
    """Below the repository; of an image, its name."""
    ref: str = ""
    problem: str = ""
    host: str = ""
    """Where the repository is, "" for the server that runs the workflow."""

    @property
    def name(self) -> str:
        """`owner/repository` in lower case: GitHub does not tell names by case."""
        return f"{self.owner}/{self.repository}".lower()

    @property
    def is_pinned(self) -> bool:
        """Whether the ref is a whole commit."""
        return is_commit(self.ref)


def is_commit(ref: str) -> bool:
    """Whether a ref is the full name of a commit: 40 hexadecimal digits, or 64."""
    return _COMMIT.match(ref) is not None


def is_version(ref: str) -> bool:
    """Whether a ref looks like the tag of a release: v1, 1.2.3, v1.2.3-rc1, 2024.01."""
    return len(ref) < 120 and _VERSION.match(ref) is not None and not is_short_commit(ref)


def is_short_commit(ref: str) -> bool:
    """Whether a ref looks like the first digits of a commit; a number or a word alone does not."""
    return 7 <= len(ref) < 36 and _HEX.issuperset(ref) and not ref.isdecimal() and not ref.isalpha()


def describe(ref: str) -> str:
    """A ref in words: "tag v4", "branch main", "short commit 1234abc"."""
    name = ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    if ref.startswith("refs/tags/") or is_version(ref):
        return f"tag {name}"
    if is_short_commit(ref):
        return f"short commit {name}"
    if ref.startswith("refs/heads/") or name.lower() in _BRANCHES:
        return f"branch {name}"
    return f"branch or tag {name}"


def parse_uses(text: str) -> Reference:
    """The reference in a value of `uses`; never raises."""
    text = text.strip()
    return _parse(text) if len(text) <= LONGEST else _malformed(f"is longer than {LONGEST:,} characters")


@lru_cache(maxsize=2048)
def _parse(text: str) -> Reference:
    """Most files use the same few actions."""
    if not text:
        return _malformed("names nothing")
    if "${{" in text:
        return _malformed("holds an expression, and none is evaluated there")
    if text.startswith("docker://"):
        image = text[len("docker://") :]
        problem = "" if image else "names no image"
        if "@" in image and not _DIGEST.search(image):
            problem = "has an `@` that no digest follows"
        return _malformed(problem) if problem else Reference("image", path=image)
    if text.startswith(("./", ".\\")):
        if _WORKFLOW_WITH_REF.search(text):
            return _malformed("gives a ref to a workflow of this repository, which is taken from the commit that runs")
        return Reference("local", path=text)
    if text.startswith("$/"):
        if "@" in text:
            return _malformed("gives a ref to `$/`, which always means the commit that runs")
        return Reference("self", path=text[2:])
    return _parse_repository(text)


def _parse_repository(text: str) -> Reference:
    found = _HOST.match(text)
    host, text = (found[1].lower(), found[2]) if found else ("", text)
    name, at, ref = text.partition("@")
    parts = name.split("/")
    problem = _problem_of_name(parts) or _problem_of_ref(at, ref)
    if problem:
        return _malformed(problem)
    return Reference("repository", parts[0], parts[1], "/".join(parts[2:]).rstrip("/"), ref, host=host)


def _problem_of_name(parts: list[str]) -> str:
    if ".." in parts:
        return "goes up with `..`, which no reference can"
    if "" in parts[1:-1] or parts[0] == "" or len(parts) < 3 and parts[-1] == "":
        return "has an empty part between slashes"
    if len(parts) < 2:
        return "is no `owner/repository`"
    if not _OWNER.match(parts[0]) or not _REPOSITORY.match(parts[1]):
        return "is no name that an owner or a repository can have"
    return "holds a blank" if any(_NOT_IN_REF.search(part) for part in parts[2:]) else ""


def _problem_of_ref(at: str, ref: str) -> str:
    if not at or not ref:
        return "has no ref: nothing says which version is meant"
    if "@" in ref:
        return "has more than one `@`"
    if is_commit(ref):
        return ""
    if ref[0] in "'\"":
        return "has a quotation mark in its ref"
    if _NOT_IN_REF.search(ref) or ".." in ref:
        return "has a ref with a commit in what should be a comment" if _COMMIT_INSIDE.search(ref) else "has a ref that no branch or tag can have"
    if len(ref) >= 36 and _HEX.issuperset(ref):
        return f"has a ref of {len(ref)} hexadecimal digits; a commit has 40"
    if _COMMIT_INSIDE.search(ref):
        return "has a ref that only contains a commit: it is the name of a branch or tag"
    return ""


def _malformed(problem: str) -> Reference:
    return Reference("malformed", problem=problem)


# What tools and people write before the version: ratchet, pinact, frizbee, Renovate, Dependabot.
_COMMENT = Pattern(
    r"(?i)\s{0,20}(?:(?:ratchet|renovate|pin(?:ned)?|tag|version|release|ref)\s{0,5}[:=@]?\s{0,5}(?:(?:to|at|tag|version)\b\s{0,5}[:=]?\s{0,5})?){0,3}"
    r"(?:([A-Za-z0-9][\w-]{0,99}/[\w.-]{1,100})(?:/[\w./-]{1,200})?@|@)?\s?(?:refs/tags/)?"
    r"\(?([vV]?[0-9]{1,9}(?:\.[0-9]{1,9}){0,4}(?:[-+_.]?[A-Za-z][A-Za-z0-9.+_-]{0,60})?)(?!\.?[\w/-])\)?"
)
_MENTION = Pattern(r"(?<![\w.])(?:[vV][0-9]|[0-9]{1,9}\.[0-9])")
_REF_ALONE = Pattern(r"[\w.+-]{1,80}(?:/[\w.+-]{1,80}){0,5}\Z")
_AFTER_VALUE = Pattern(rb"([ \t}\],]*)(#[^\r\n]*)?(?=\r|\n|\Z)")


class Comment(NamedTuple):
    """What follows a value on its line. Offsets are into the file."""

    start: int
    """Of the `#`; where there is no comment, of the end of the line or of what else stands there."""
    end: int
    text: str = ""
    """Without the `#` and blanks around."""
    version: str = ""
    """The version that it claims, as written."""
    version_start: int = 0
    action: str = ""
    """The `owner/repository` that it names, in lower case."""
    is_reached: bool = False
    """Whether nothing but blanks and closing brackets stand before it, or before the end of the line."""
    is_closed: bool = False
    """Whether brackets or commas stand before it."""

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing but the version."""
        return self.text.lower() in (self.version.lower(), f"tag={self.version}".lower(), f"pin@{self.version}".lower(), f"tag: {self.version}".lower())

    @property
    def names_ref(self) -> bool:
        """Whether it says anything that can be a version, a tag or a branch."""
        return bool(self.version or self.text and (_REF_ALONE.match(self.text) or _MENTION.search(self.text)))


def read_comment(data: bytes, end: int) -> Comment:
    """The comment after a value that ends at an offset."""
    found = _AFTER_VALUE.match(data, end, end + 4 * LONGEST)
    if found is None:
        return Comment(end, end)
    closed = any(character in found[1] for character in b"}],")
    if found[2] is None:
        return Comment(found.end(), found.end(), is_reached=True, is_closed=closed)
    text, version, at, action = _read_claim(found[2])
    return Comment(found.start(2), found.end(2), text, version, found.start(2) + at if version else 0, action, is_reached=True, is_closed=closed)


@lru_cache(maxsize=1024)
def _read_claim(comment: bytes) -> tuple[str, str, int, str]:
    """A comment (at most 4,000 bytes) as text, the version that it claims, where that begins, and the action that it names."""
    raw = comment[1:].decode("utf-8", "surrogateescape")
    claim = _COMMENT.match(raw)
    # A number alone is a version only where nothing follows it: `# 2 steps` is none.
    if claim and (claim[1] or not claim[2].isdecimal() or not raw[claim.end() :].strip() or claim.start(2) > len(raw) - len(raw.lstrip())):
        return raw.strip(), claim[2], 1 + len(raw[: claim.start(2)].encode("utf-8", "surrogateescape")), (claim[1] or "").lower()
    return raw.strip(), "", 0, ""


class Use(NamedTuple):
    """One reference of a file and where it stands; `step` is None for a reusable workflow, `job` for a step of an action."""

    node: Node
    """The value, what an alias stands for."""
    reference: Reference
    step: Step | None
    job: Job | None
    comment: Comment

    @property
    def text(self) -> str:
        """The value as it is read, without blanks around; "" where it is no text."""
        return self.node.value.strip()

    @property
    def has_commit_in_comment(self) -> bool:
        """Whether the commit stands in the comment, which nothing reads, beside a tag or branch, which is what runs: `@v1 # <commit>`."""
        is_open = len(self.comment.text) >= 40 and self.reference.kind == "repository" and not self.reference.is_pinned
        return is_open and _COMMIT_ALONE.search(self.comment.text) is not None

    @property
    def is_disabled(self) -> bool:
        """Whether its step or job has `if: false`."""
        return is_disabled(self.step.node if self.step else None) or is_disabled(self.job.node if self.job else None)

    @property
    def is_workflow(self) -> bool:
        """Whether a job calls it as a reusable workflow."""
        return self.step is None


def is_disabled(node: Node | None) -> bool:
    """Whether a step or job has `if: false`."""
    condition = own(node, "if")
    return condition is not None and string(condition).strip().removeprefix("${{").removesuffix("}}").strip() == "false"


def uses_in(file: Source) -> tuple[Use, ...]:
    """A view: every reference of a workflow or composite action, in order of place; one that aliases repeat is met once."""
    workflow = file.view(read_workflow)
    if workflow is None:
        return ()
    found: dict[int, Use] = {}
    for node, step, job in _values(workflow):
        if id(node) not in found:
            found[id(node)] = Use(
                node, _reference_of(node), step, job, read_comment(file.data, node.end) if node.kind == "scalar" else Comment(node.end, node.end)
            )
    return tuple(sorted(found.values(), key=lambda use: use.node.start))


def _values(workflow: Workflow) -> Iterator[tuple[Node, Step | None, Job | None]]:
    for step in workflow.steps:
        values = step.node.own
        if "uses" not in values:
            continue
        for node in every(step.node, "uses") if len(values) < len(step.node.pairs) else (values["uses"][1].resolved,):
            yield node, step, step.job
    for job in workflow.jobs:
        for node in every(job.node, "uses"):
            yield node, None, job


def _reference_of(node: Node) -> Reference:
    if node.kind != "scalar":
        return _malformed("is no text")
    return parse_uses("" if node.is_null else node.value)


# The repository itself

_CONFIG_LIMIT = 1 << 18
_REMOTES = ("origin", "upstream")
_REMOTE_NAME = Pattern(r"[/:]([A-Za-z0-9][\w-]{0,99})/([\w.-]{1,100})\Z")


def own_names(repository: Repository) -> frozenset[str]:
    """A view of the repository: the `owner/repo` (lower case) that it is called where it was cloned from, as `.git/config` says; no process is started."""
    names: set[str] = set()
    section = ""
    for line in _git_config(repository).split("\n"):
        text = line.strip()
        if text.startswith("["):
            section = text
        key, equals, url = text.partition("=")
        if equals and key.strip().lower() == "url" and section in [f'[remote "{remote}"]' for remote in _REMOTES]:
            found = _REMOTE_NAME.search(url.strip().strip('"').rstrip("/").removesuffix(".git")[-300:])
            if found:
                names.add(f"{found[1]}/{found[2]}".lower())
    return frozenset(names)


def _git_config(repository: Repository) -> str:
    import os

    from agent_security_hooks.source import Skipped, Unreadable, read_bytes

    def read(*parts: str) -> str:
        try:
            return read_bytes(os.path.join(*parts), _CONFIG_LIMIT).decode("utf-8", "replace")
        except (Unreadable, Skipped, ValueError):
            return ""

    if repository.root is None:
        return ""
    directory = os.path.join(repository.root, ".git")
    if not os.path.isdir(directory):  # a work tree or submodule: the file says where git keeps its things
        directory = os.path.join(repository.root, read(directory).removeprefix("gitdir:").strip())
        directory = os.path.join(directory, read(directory, "commondir").strip())
    return read(directory, "config")
