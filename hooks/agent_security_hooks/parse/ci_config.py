"""Pipelines of GitLab and CircleCI: what they include, which images they run, which variables they set.

Sources: https://docs.gitlab.com/ci/yaml/ (include, image, services, variables), https://docs.gitlab.com/ci/components/ (versions of components),
https://circleci.com/docs/reference/configuration-reference/ and https://circleci.com/docs/orbs/use/orb-intro/ (versions of orbs).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.workflow import own, string, strings
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.tree import Document, Node

GITLAB, CIRCLECI = "gitlab", "circleci"
_JOBS = 2_000
VALUES = 50_000
"""Values of one file that are looked at; aliases can make a small file endless."""

_GITLAB_PATH = Pattern(rb"(?i)gitlab-ci[^/]*\.ya?ml$|(?:^|/)\.gitlab/.*\.ya?ml$")
_CIRCLECI_PATH = Pattern(rb"(?i)(?:^|/)\.circleci/.*\.ya?ml$")
# Top-level keys of GitLab that are no jobs.
_NO_JOBS = frozenset("include image services variables workflow stages cache spec before_script after_script".split())


def pipeline_kind(path: str) -> str:
    """GITLAB, CIRCLECI, or "" for a file of another kind."""
    data = path.encode("utf-8", "surrogateescape")
    if not data[-5:].lower().endswith((b".yml", b".yaml")):
        return ""
    return GITLAB if _GITLAB_PATH.search(data) else CIRCLECI if _CIRCLECI_PATH.search(data) else ""


def read_documents(file: Source) -> Document:
    """A view: the documents of a YAML file; of a template that is none, what is left without its tags."""
    from agent_security_hooks.parse.yaml_tree import parse_yaml, read_yaml

    document = file.view(read_yaml)
    if document.error and (b"{{" in file.data or b"{%" in file.data):
        from agent_security_hooks.parse.fragments.pieces import blank_template

        blanked = parse_yaml(blank_template(file.data))
        # What is no YAML with or without its tags is another language's template, not a broken file of this one.
        return blanked if not blanked.error else document
    return document


def unread(file: Source) -> str:
    """Why a file that is no workflow could not be read to its end, "" when it could."""
    from agent_security_hooks.parse.actions.update_bots import is_dependabot, is_pre_commit

    if not (pipeline_kind(file.path) or is_dependabot(file.path) or is_pre_commit(file.path)):
        return ""
    return file.view(read_documents).error


class Include(NamedTuple):
    """Something that a pipeline takes from elsewhere. `kind`: "remote", "project", "component" or "orb"."""

    kind: str
    name: str
    """The address, project, component or orb, without its version."""
    version: str
    """As it is written; "" without."""
    node: Node
    """The value to point at."""
    checked: bool = False
    """Whether its content is compared with a hash."""


class Image(NamedTuple):
    """An image that a job runs in (`kind` "image") or beside (`kind` "service")."""

    kind: str
    node: Node


class Setting(NamedTuple):
    """A variable; `place` says where it is set. `credential`: the password of a registry."""

    name: str
    node: Node
    place: str
    credential: bool = False


class Pipeline(NamedTuple):
    """What a file of GitLab or CircleCI says."""

    kind: str
    includes: tuple[Include, ...] = ()
    images: tuple[Image, ...] = ()
    settings: tuple[Setting, ...] = ()


def read_pipeline(file: Source) -> Pipeline | None:
    """A view: the pipeline in a file; None for a file of another kind."""
    kind = pipeline_kind(file.path)
    if not kind:
        return None
    reader = _Reader()
    includes: list[Include] = []
    images: list[Image] = []
    settings: list[Setting] = []
    for root in file.view(read_documents).roots:
        for found in islice(reader.gitlab(root) if kind == GITLAB else reader.circleci(root), VALUES):
            if found.node.kind != "scalar" or not reader.is_new(found.node):
                continue
            if isinstance(found, Include):
                includes.append(found)
            elif isinstance(found, Image):
                images.append(found)
            else:
                settings.append(found)
    return Pipeline(kind, tuple(includes), tuple(images), tuple(settings))


class _Reader:
    """Looks at each value of a file once, however many aliases stand for it: aliases can make a small file endless."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def is_new(self, node: Node) -> bool:
        """Whether this is the first look at a value."""
        if id(node) in self.seen:
            return False
        self.seen.add(id(node))
        return True

    def items(self, node: Node | None) -> Iterator[Node]:
        """The values of a list, lists in it opened (`!reference` and anchors make those); a value that is no list by itself."""
        waiting = [node] if node is not None else []
        while waiting:
            found = waiting.pop()
            if found.tag.startswith("!") or found.kind != "scalar" and not self.is_new(found):
                continue
            if found.kind == "list":
                waiting += [*found.elements()][::-1]
            else:
                yield found

    def entries(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        """The keys and values of a map; nothing for one that was looked at before."""
        if node is not None and node.kind == "map" and self.is_new(node):
            for name, _, value in node.entries():
                yield name, value

    def variables(self, node: Node | None, place: str) -> Iterator[Setting]:
        """Names and values of a map of variables."""
        for name, value in self.entries(node):
            # `variables: {NAME: {value: ..., description: ...}}` is what the form for a new pipeline shows.
            yield Setting(name, own(value, "value") or value, place)

    def gitlab(self, root: Node) -> Iterator[Include | Image | Setting]:
        """All of one document of GitLab."""
        yield from self.gitlab_includes(own(root, "include"))
        yield from self.gitlab_job(root, "the pipeline")
        for name, job in self.entries(root):
            if job.kind == "map" and name not in _NO_JOBS and self.is_new(job):
                yield from self.gitlab_job(job, "the defaults" if name == "default" else f"job {name}")
                yield from self.gitlab_includes(own(own(job, "trigger"), "include"))

    def gitlab_job(self, job: Node, place: str) -> Iterator[Image | Setting]:
        """Images and variables of a job."""
        image = own(job, "image")
        # On GitLab's macOS runners an image is the virtual machine, which GitLab provides.
        if image is not None and not any("macos" in string(tag).lower() for tag in strings(own(job, "tags"))):
            yield Image("image", own(image, "name") or image)
        for service in self.items(own(job, "services")):
            yield Image("service", own(service, "name") or service)
            yield from self.variables(own(service, "variables"), f"a service of {place}")
        yield from self.variables(own(job, "variables"), place)

    def gitlab_includes(self, node: Node | None) -> Iterator[Include]:
        """What an `include:` takes from other projects and sites; what it takes from the same repository is left out."""
        for item in self.items(node):
            if item.kind == "scalar":
                if item.value.strip().lower().startswith(("http://", "https://")):
                    yield Include("remote", item.value.strip(), "", item)
                continue
            remote, project, component = own(item, "remote"), own(item, "project"), own(item, "component")
            if remote is not None and string(remote):
                yield Include("remote", string(remote).strip(), "", remote, checked=bool(string(own(item, "integrity"))))
            elif project is not None and string(project):
                reference = own(item, "ref")
                yield Include(
                    "project", string(project).strip(), string(reference).strip(), reference if reference is not None and string(reference) else project
                )
            elif component is not None and string(component):
                name, _, version = string(component).strip().partition("@")
                yield Include("component", name, version, component)

    def circleci(self, root: Node) -> Iterator[Include | Image | Setting]:
        """All of a document of CircleCI, orbs that are written in it included."""
        waiting = [root]
        while waiting:
            owner = waiting.pop()
            for _, orb in self.entries(own(owner, "orbs")):
                if orb.kind == "scalar":
                    name, _, version = string(orb).strip().partition("@")
                    yield Include("orb", name, version, orb)
                elif self.is_new(orb):
                    waiting.append(orb)
            for kind in ("executors", "jobs", "commands"):
                for name, job in self.entries(own(owner, kind)):
                    yield from self.circleci_job(job, f"{kind[:-1]} {name}")

    def circleci_job(self, job: Node, place: str) -> Iterator[Image | Setting]:
        """Images and variables of a job, an executor or a command."""
        yield from self.variables(own(job, "environment"), place)
        for container in self.items(own(job, "docker")):
            image = own(container, "image")
            if image is not None:
                yield Image("image", image)
            yield from self.variables(own(container, "environment"), f"a container of {place}")
            for owner, key in (("auth", "password"), ("aws_auth", "aws_secret_access_key")):
                password = own(own(container, owner), key)
                if password is not None:
                    yield Setting(key, password, f"a container of {place}", credential=True)
        waiting = [own(job, "steps")]
        while waiting:
            for step in self.items(waiting.pop()):
                yield from self.variables(own(own(step, "run"), "environment"), f"a step of {place}")
                waiting += [found for condition in ("when", "unless") if (found := own(own(step, condition), "steps")) is not None]


_INCLUDED = 50
_WILDCARD_FILES = 20


def local_includes(file: Source) -> tuple[tuple[Node, Source], ...]:
    """A view: the files of the same repository that a pipeline of GitLab includes, directly or by others, each with the value that names it in this file.

    Those whose names say that they are pipelines are left out: they are checked by themselves. The rest get a path that says so.
    """
    if pipeline_kind(file.path) != GITLAB or b"include" not in file.data:
        return ()
    found: list[tuple[Node, Source]] = []
    seen = {file.path}
    waiting = [(node, path) for node, path in _local_paths(file)][::-1]
    while waiting and len(found) < _INCLUDED:
        node, path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        other = file.repository.read(path)
        if other is None or other.binary:
            continue
        included = other
        if not pipeline_kind(path):
            included = Source(f".gitlab/{path}", other.raw, file.repository, shown=path)
            found.append((node, included))
        waiting += [(node, further) for _, further in _local_paths(included)][::-1]
    return tuple(found)


def _local_paths(file: Source) -> list[tuple[Node, str]]:
    """The values of `include` that name files of the repository, with the paths from the root."""
    from posixpath import normpath

    reader = _Reader()
    found: list[tuple[Node, str]] = []
    for root in file.view(read_documents).roots:
        nodes = [own(root, "include"), *(own(own(job, "trigger"), "include") for _, job in islice(reader.entries(root), _JOBS) if job.kind == "map")]
        for item in (item for node in nodes for item in reader.items(node)):
            named = item if item.kind == "scalar" else own(item, "local")
            text = string(named).strip()
            if named is None or not text or "$" in text or "://" in text or len(found) >= _INCLUDED:
                continue
            paths = _expanded(file, normpath(text.lstrip("/")))
            found += [(named, path) for path in paths if not path.startswith("..") and path.lower().endswith((".yml", ".yaml"))]
    return found


def _expanded(file: Source, path: str) -> list[str]:
    """The files that a path with wildcards names; the path itself without any."""
    if "*" not in path:
        return [path]
    from agent_security_hooks.parse.ignore import glob_match

    return [name for name in sorted(file.repository.tracked or ()) if glob_match(path, name)][:_WILDCARD_FILES]


class Problem(NamedTuple):
    """What is wrong with the version of an include; `fix` may say NAME for what is included."""

    text: str
    fix: str
    pedantic: bool = False


_FULL_VERSION = Pattern(rb"v?[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:[-+][0-9A-Za-z.+-]{1,60})?\Z")
_SHA_INSIDE = Pattern(rb"(?:^|/)(?:[0-9a-f]{40}|[0-9a-f]{64})(?:/|\Z)")


def judge_include(include: Include) -> Problem | None:
    """Why an include is not fixed; None where it is, and where a variable says what it is."""
    name, version = include.name.encode("utf-8", "surrogateescape"), include.version.encode("utf-8", "surrogateescape")
    if _is_variable(version) or not version and _is_variable(name):
        return None
    return _JUDGES[include.kind](include, name, version)


def _judge_remote(include: Include, name: bytes, version: bytes) -> Problem | None:
    del version
    if include.checked or _SHA_INSIDE.search(name.lower().partition(b"?")[0]):
        return None
    plain = ", over http at that" if name[:5].lower() == b"http:" else ""
    return Problem(
        f"is whatever its server answers{plain}: nothing checks it",
        "add `integrity: sha256-HASH`, where HASH is printed by: curl -sSf NAME | openssl dgst -sha256 -binary | openssl base64",
    )


def _judge_project(include: Include, name: bytes, version: bytes) -> Problem | None:
    from agent_security_hooks.parse.actions.update_bots import kind_of_revision

    del include, name
    fix = "ref: with the full SHA of the commit, for example from: git ls-remote URL"
    if not version:
        return Problem("has no `ref`: its default branch is taken", fix)
    kind = kind_of_revision(version.decode("utf-8", "surrogateescape"))
    if kind == "branch":
        return Problem("is taken from a branch", fix)
    if kind:
        return Problem(
            "is taken from a tag, which can be moved" if kind == "tag" else "is taken at a part of a SHA, which a tag or branch of that name replaces",
            fix,
            pedantic=True,
        )
    return None


def _judge_component(include: Include, name: bytes, version: bytes) -> Problem | None:
    del include, name
    if _FULL_VERSION.match(version) or _SHA_INSIDE.match(version.lower()):
        return None
    if not version:
        return Problem("has no version", "NAME@1.2.3, with the full version that is wanted")
    if version == b"~latest":
        return Problem("is the latest version on the day", "NAME@1.2.3, with the full version that is wanted")
    return Problem("is no full version: it moves with each release, or with the branch", "NAME@1.2.3, with the full version that is wanted")


def _judge_orb(include: Include, name: bytes, version: bytes) -> Problem | None:
    del include, name
    if _FULL_VERSION.match(version):
        return None
    if version.startswith(b"dev:"):
        return Problem("is a development version, which its author can replace", "NAME@1.2.3, with a published version")
    if version == b"volatile" or not version:
        return Problem("is the latest version on the day", "NAME@1.2.3, with the full version that is wanted")
    return Problem("is no full version: it moves with each release", "NAME@1.2.3, with the full version that is wanted")


_JUDGES = {"remote": _judge_remote, "project": _judge_project, "component": _judge_component, "orb": _judge_orb}
# What GitLab's cache of Docker Hub puts before the name of a public image.
_PROXY = Pattern(rb"\$\{?CI_DEPENDENCY_PROXY_(?:GROUP|DIRECT_GROUP)_IMAGE_PREFIX\}?/")

_VIRTUAL_MACHINE = Pattern(rb"macos-[0-9]{1,3}-xcode-[0-9.]{1,8}\Z")


def unpinned_image(text: str) -> str:
    """The name of an image that has no digest; "" where it has one, where a variable says what it is, and where there is none."""
    data = text.strip().encode("utf-8", "surrogateescape")
    proxy = _PROXY.match(data)
    if proxy:
        data = data[proxy.end() :]
    from agent_security_hooks.parse.image_reference import is_image, parse_image

    name = data.decode("utf-8", "surrogateescape")
    if not data or _is_variable(data) or _VIRTUAL_MACHINE.match(data) or b"___" in data or not is_image(name):
        return ""
    return "" if parse_image(name).is_pinned else name


def _is_variable(value: bytes) -> bool:
    """Whether the pipeline fills in a value, or a part of it."""
    return b"$" in value or b"<<" in value or b"{{" in value
