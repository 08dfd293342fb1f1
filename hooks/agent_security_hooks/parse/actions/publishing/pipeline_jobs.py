"""Jobs of GitLab and CircleCI as far as publishing depends on them: their variables, identities, and which events start them.

Sources: https://docs.gitlab.com/ci/yaml/ (extends, rules, only, when, id_tokens), https://docs.gitlab.com/ci/jobs/job_rules/,
https://circleci.com/docs/reference/configuration-reference/ (workflows, filters)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.workflow import string, strings
from agent_security_hooks.parse.ci_config import CIRCLECI, GITLAB, pipeline_kind, read_documents
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_EXTENDED = 20
_LISTED = 200
PUSH, MERGE_REQUEST = "on a push to any branch", "on every merge request"
_MERGE_REQUEST = Pattern(r"\$CI_PIPELINE_SOURCE\s{0,5}==\s{0,5}[\"']merge_request_event[\"']|\$CI_MERGE_REQUEST_I?ID\s{0,5}(?:!=\s{0,5}null)?")
_PUSH = Pattern(
    r"\$CI_PIPELINE_SOURCE\s{0,5}==\s{0,5}[\"']push[\"']|\$CI_COMMIT_BRANCH\s{0,5}(?:!=\s{0,5}.{1,200})?|\$CI_COMMIT_(?:SHA|REF_NAME|SHORT_SHA)|true"
)
_NEUTRAL = Pattern(r"\$CI_PROJECT_(?:PATH|NAMESPACE|ROOT_NAMESPACE|ID|NAME|VISIBILITY)\s{0,5}==\s{0,5}.{1,200}")
_EVERY_BRANCH = ("/.*/", "/^.*$/", "/.+/")


class PipelineJob:
    """One job. `kind`: GITLAB or CIRCLECI; `layers`: its map and those that it extends, the nearest first."""

    __slots__ = ("_complete", "kind", "layers", "name", "root")

    def __init__(self, kind: str, name: str, root: Node, layers: Sequence[Node], complete: bool) -> None:
        self.kind = kind
        self.name = name
        self.root = root
        self.layers = layers
        self._complete = complete

    def get(self, key: str) -> Node | None:
        """The value at a key of the job, of what it extends, or of the defaults."""
        return next((found for layer in (*self.layers, *self._default()) if (found := layer.get(key)) is not None), None)

    def _default(self) -> Iterator[Node]:
        found = self.root.get("default") if self.kind == GITLAB else None
        if found is not None:
            yield found

    def variable(self, name: str) -> Node | None:
        """The value of a variable that the file sets."""
        key = "variables" if self.kind == GITLAB else "environment"
        for layer in (*self.layers, self.root):
            value = _of(_of(layer, key), name)
            if value is not None:
                return _of(value, "value") if value.kind == "map" else value
        return None

    @property
    def identities(self) -> list[str]:
        """The variables that hold a token of the job's own identity."""
        found = self.get("id_tokens") if self.kind == GITLAB else None
        return [name for name, _, _ in found.entries()][:_LISTED] if found is not None and found.kind == "map" else []

    @property
    def may_have_identity(self) -> bool:
        """Whether the job has an identity, or something of another file may give it one."""
        return not self._complete or self.kind != GITLAB or bool(self.identities)

    def unguarded_event(self) -> str:
        """How anyone's push or merge request starts the job; "" where something asks first, and where that cannot be told."""
        if not self._complete:
            return ""
        return self._on_gitlab() if self.kind == GITLAB else self._on_circleci()

    def _on_gitlab(self) -> str:
        if string(self.get("when")) in ("manual", "never") or self.name.startswith("."):
            return ""
        workflow = _of(_of(self.root, "workflow"), "rules")
        if workflow is not None and not _by_rules(workflow):
            return ""
        rules, only, besides = self.get("rules"), self.get("only"), self.get("except")
        if rules is not None:
            return _by_rules(rules)
        if only is not None:
            return _by_only(only)
        return "" if besides is not None and (besides.kind == "map" or any(node.value in ("branches", "pushes") for node in strings(besides))) else PUSH

    def _on_circleci(self) -> str:
        """By the workflows that name the job."""
        workflows = _of(self.root, "workflows")
        for _, _, workflow in list(workflows.entries())[:_LISTED] if workflows is not None and workflows.kind == "map" else ():
            if _of(workflow, "when") is not None or _of(workflow, "unless") is not None or _of(workflow, "triggers") is not None:
                continue
            if _reaches(_of(workflow, "jobs"), self.name):
                return PUSH
        return ""


def job_of(file: Source, scope: str) -> PipelineJob | None:
    """The job that a piece of shell belongs to, by the scope of the piece: `job:NAME`."""
    kind, (place, _, name) = pipeline_kind(file.path), scope.partition(":")
    if not kind or place != "job":
        return None
    for root in file.view(read_documents).roots:
        owner = _of(root, "jobs") if kind == CIRCLECI else root
        node = _of(owner, name)
        if node is not None and node.kind == "map":
            layers, complete = _layers(root, node) if kind == GITLAB else ([node], True)
            return PipelineJob(kind, name, root, layers, complete)
    return None


def _of(node: Node | None, key: str) -> Node | None:
    """What a map holds at a key, merge keys honoured as these pipelines do."""
    return node.get(key) if node is not None and node.kind == "map" else None


def _layers(root: Node, job: Node) -> tuple[list[Node], bool]:
    """The maps that make up a job, and whether all of them are in this file."""
    found, waiting, complete = [job], [job], True
    while waiting and len(found) < _EXTENDED:
        names = [node.value for node in strings(_of(waiting.pop(0), "extends"))][:_EXTENDED]
        for name in reversed(names):
            other = _of(root, name)
            if other is None or other.kind != "map":
                complete = False
            elif not any(other is layer for layer in found):
                found.append(other)
                waiting.append(other)
    return found, complete


def _by_rules(rules: Node) -> str:
    if rules.kind != "list":
        return ""
    for rule in list(rules.elements())[:_LISTED]:
        if rule.kind != "map" or string(rule.get("when")) == "never":
            return ""  # what comes after is for what is left, which cannot be told here
        if string(rule.get("when")) == "manual" or rule.get("changes") is not None or rule.get("exists") is not None:
            continue
        event = _by_condition(string(rule.get("if")))
        if event:
            return event
    return ""


def _by_condition(text: str) -> str:
    if not text.strip():
        return PUSH
    if "(" in text:
        return ""
    for choice in text[:4000].split("||"):
        events = [_by_term(term.strip()) for term in choice.split("&&")]
        known = [event for event in events if event and event != "any"]
        if all(events):
            return known[0] if known else PUSH
    return ""


def _by_term(term: str) -> str:
    if _MERGE_REQUEST.fullmatch(term):
        return MERGE_REQUEST
    return PUSH if _PUSH.fullmatch(term) else "any" if _NEUTRAL.fullmatch(term) else ""


def _by_only(only: Node) -> str:
    if only.kind == "map":
        if any(only.get(key) is not None for key in ("variables", "changes", "kubernetes")):
            return ""
        refs = only.get("refs")
        return _by_only(refs) if refs is not None and refs.kind != "map" else ""
    names = [node.value for node in strings(only)]
    return PUSH if "branches" in names or "pushes" in names else MERGE_REQUEST if "merge_requests" in names else ""


def _reaches(jobs: Node | None, name: str) -> bool:
    """Whether a workflow of CircleCI runs a job for any branch, by all that it requires."""
    entries: dict[str, Node] = {}
    for item in list(jobs.elements())[:_LISTED] if jobs is not None and jobs.kind == "list" else ():
        if item.kind == "scalar":
            entries[item.value] = item
        for key, _, options in list(item.entries())[:1] if item.kind == "map" else ():
            entries[string(_of(options, "name")) or key] = options
            entries.setdefault(key, options)
    waiting, seen = [name], set[str]()
    while waiting:
        entry = entries.get(waiting.pop())
        if entry is None:
            return False
        if _is_filtered(entry):
            return False
        for node in strings(_of(entry, "requires")):
            if node.value not in seen:
                seen.add(node.value)
                waiting.append(node.value)
    return True


def _is_filtered(entry: Node) -> bool:
    filters = _of(entry, "filters")
    branches = _of(filters, "branches")
    if string(_of(entry, "type")) == "approval" or filters is not None and filters.kind == "scalar":
        return True
    only, ignored = _of(branches, "only"), _of(branches, "ignore")
    if only is not None:
        return not any(node.value in _EVERY_BRANCH for node in strings(only))
    return any(node.value in _EVERY_BRANCH for node in strings(ignored))
