"""Where a workflow that outsiders can start fetches code that they wrote: the head of a pull request, or what another run built of it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.actions.expressions import Access, Call, Context, Operation, find_expressions
from agent_security_hooks.parse.actions.guards import condition_guards, guards_of, job_by_name, job_guards, step_by_id, step_guards
from agent_security_hooks.parse.actions.local_calls import CalledStep, calls_in, steps_behind
from agent_security_hooks.parse.actions.memory import remembered, spend
from agent_security_hooks.parse.actions.scripts import calls_of
from agent_security_hooks.parse.actions.workflow import own, string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.guards import Guards
    from agent_security_hooks.parse.actions.workflow import Job, Step, Workflow
    from agent_security_hooks.parse.shell import Word
    from agent_security_hooks.parse.shell_calls import Call as ShellCall
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

CODE_EVENTS = ("pull_request_target", "workflow_run", "issue_comment", "issues", "discussion_comment", "discussion")
"""Events of which a run has the repository's secrets, though outsiders cause them."""
DISPATCHES = ("workflow_dispatch", "repository_dispatch")
"""Events that only people and programs with write access cause; they may name a pull request of others."""

FETCHES = 50
"""Fetches of one file that are looked at."""
_GIT_CALLS = 10_000
"""Calls of git in one file that are looked at; one that steps share by an alias counts for each, and for each event."""
_LATER = 200
"""Steps after one that are looked at."""
_CALLED = 2_000
"""Steps behind calls of one file that are looked at; each event counts."""
_CONTEXTS = 20_000
"""Contexts of one file that are followed to where they come from."""


class Fetch(NamedTuple):
    """Code of others that a step brings in, at `start` to `end` of the file, under an event and behind guards."""

    step: Step
    start: int
    end: int
    event: str
    guards: Guards
    what: str
    """`github.event.pull_request.head.sha`, `gh pr checkout`, ..."""
    folder: str
    """Where it lies below the workspace; "" for the workspace itself."""
    is_artifact: bool = False
    refuses_forks: bool = False
    """The version of actions/checkout does this for code of the repository itself only."""
    kept_off: bool = False
    """The job's condition is false under the event, though true under another one."""
    inputs: tuple[str, ...] = ()
    """The inputs that name the code: `ref`, `repository`."""
    call: Step | None = None
    """The step, or job, of the file by which a step of an action or workflow of this repository does it; `start` and `end` are of the other file then."""

    @property
    def is_remark(self) -> bool:
        """Whether no outsider alone brings this about as the file stands."""
        return self.kept_off or self.event in DISPATCHES


class _Found(NamedTuple):
    """What a step would fetch under an event."""

    start: int
    end: int
    what: str
    folder: str = ""
    is_artifact: bool = False
    inputs: tuple[str, ...] = ()


_DEPTH = 6
_LIMIT = 200
_PARTS = 8
"""Names of what is taken of a value that are looked at, counted from the last."""
_RESOLVERS = frozenset((
    "xt0rted/pull-request-comment-branch", "eficode/resolve-pr-refs", "alessbell/pull-request-comment-branch", "gotson/pull-request-comment-branch", "potiuk/get-workflow-origin",
    "8bitjony/gh-get-current-pr", "8bitjonny/gh-get-current-pr", "peter-murray/issue-body-parser-action", "openverse-org/get-pr-head", "actions-cool/pull-request-info",
))  # fmt: skip
_HEAD_TEXT = (
    "headrefoid", "headrefname", "headrepository", "head.sha", "head.ref", "head_sha", "head_ref", "head_branch", "head.repo", "pulls.get", "refs/pull/",
)  # fmt: skip
_PULL_REF = Pattern(r"(?i)(?:refs/)?(?:remotes/)?pull/(?:[^/\s:$]|\$\{\{[^}]{0,300}\}\}|\$(?!\{\{)){1,400}/(?:head|merge)\b")
_HEAD_NAME = Pattern(r"head.?(?:sha|ref|branch|repo|commit|oid)|pr.?(?:sha|branch|ref)\b")
_USING = frozenset(("checkout", "switch", "merge", "reset", "rebase", "worktree", "cherry-pick"))
_ARCHIVES = ("/archive/", "tarball", "zipball", "codeload.")
"""What stands in the address of a whole tree."""
_FETCHING = frozenset(("fetch", "pull", "checkout", "switch", "merge", "reset", "clone", "worktree", "rebase", "cherry-pick"))
_CHECKOUTS = frozenset(
    ("actions/checkout", "nv-gha-runners/checkout", "bullfrogsec/checkout", "namespacelabs/nscloud-checkout-action", "ovirt/checkout-action")
)


def fetches_in(file: Source) -> tuple[Fetch, ...]:
    """A view: what every step fetches of others under the workflow's events; where somebody asks for all, remarks, too, behind the rest."""
    from agent_security_hooks.parse.actions.workflow import read_workflow

    workflow = file.view(read_workflow)
    if workflow is None:
        return ()
    found = tuple(islice(_fetches(workflow), FETCHES))
    if not file.thorough or len(found) == FETCHES:
        return found
    return (*found, *islice(_remarks(workflow, {id(fetch.step) for fetch in found}), FETCHES))


def _candidates(workflow: Workflow, events: tuple[str, ...]) -> Iterator[tuple[Step, str]]:
    """Every step with each event that starts the workflow."""
    known = [event for event in events if event in workflow.triggers]
    for step in workflow.steps if known else ():
        if step.get("uses") is not None or step.get("run") is not None:
            for event in known:
                yield step, event


def _fetches(workflow: Workflow) -> Iterator[Fetch]:
    done: set[int] = set()
    for step, event in _candidates(workflow, CODE_EVENTS):
        guards = step_guards(step, event) if id(step) not in done else None
        found = next(_of_step(step, event), None) if guards is not None else None
        if guards is not None and found is not None:
            done.add(id(step))
            yield _fetch(step, event, found, guards)._replace(refuses_forks=_is_refused(step, event, found))
    yield from _fetches_behind(workflow)


def _fetches_behind(workflow: Workflow) -> Iterator[Fetch]:
    """What the actions and workflows fetch that are called and lie in the same repository; the first of each call."""
    events = [event for event in CODE_EVENTS if event in workflow.triggers]
    for call in calls_in(workflow) if events else ():
        for event in events:
            outer = step_guards(call, event)
            found = next(_of_called(call, event), None) if outer is not None else None
            if outer is not None and found is not None:
                yield found._replace(guards=found.guards | outer, call=call)
                break


def _of_called(call: Step, event: str) -> Iterator[Fetch]:
    for step in steps_behind(call):
        if not spend(call.workflow.file, "called steps", _CALLED):
            break
        guards = guards_behind(step, event)
        found = next(_of_step(step, event), None) if guards is not None else None
        if guards is not None and found is not None:
            yield _fetch(step, event, found, guards)._replace(refuses_forks=_is_refused(step, event, found))


def guards_behind(step: Step, event: str) -> Guards | None:
    """The guards of a step that is called, from the call on inwards; None when it does not run under the event."""
    found: frozenset[str] = frozenset()
    while isinstance(step, CalledStep):
        guards = step_guards(step, event) if step.job is not None else condition_guards(step, event)
        if guards is None:
            return None
        found, step = found | guards, step.call
    return found


def _fetch(step: Step, event: str, found: _Found, guards: Guards) -> Fetch:
    return Fetch(step, found.start, found.end, event, guards, found.what, found.folder, found.is_artifact, inputs=found.inputs)


def _is_refused(step: Step, event: str, found: _Found) -> bool:
    """Whether actions/checkout does not do this for forks: of what it compares, only what the file names directly is sure to be the same."""
    if (
        found.is_artifact
        or event not in ("pull_request_target", "workflow_run")
        or not (_PULL_REF.search(found.what) or _is_head((*found.what.split("."),), event))
    ):
        return False
    from agent_security_hooks.parse.actions.fork_refusal import refuses_forks

    return refuses_forks(step)


def _remarks(workflow: Workflow, done: set[int]) -> Iterator[Fetch]:
    """What only the condition of its job keeps from an event, and what insiders can have fetched."""
    for step, event in _candidates(workflow, (*CODE_EVENTS, *DISPATCHES)):
        if id(step) in done or step.job is None:
            continue
        guards = step_guards(step, event) if event in DISPATCHES else None
        kept_off = event not in DISPATCHES and _is_kept_off(step.job, event)
        found = next(_of_step(step, event), None) if kept_off or guards is not None else None
        if found is not None and not (kept_off and found.is_artifact):
            done.add(id(step))
            yield _fetch(step, event, found, guards or frozenset())._replace(kept_off=kept_off)


def _is_kept_off(job: Job, event: str) -> bool:
    """Whether a job does not run under an event, but under another one of the workflow."""
    return job_guards(job, event) is None and remembered(
        job.workflow.file, ("runs at all", id(job)), lambda: any(job_guards(job, other) is not None for other in islice(job.workflow.triggers, _LIMIT))
    )


_VERSION = Pattern(r"v?([0-9]{1,4}(?:\.[0-9]{1,6}){0,2})(?![0-9A-Za-z])")
_COMMENT = Pattern(rb"[^\r\n#]{0,200}#([^\r\n]{0,200})")
_SHA = Pattern(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")


def version_of(step: Step) -> tuple[int, ...]:
    """The version of a step's action by its tag, or by the comment behind its commit: (4,) for `v4`; empty when neither says."""
    node = step.get("uses")
    ref = string(node).strip().partition("@")[2]
    if node is not None and _SHA.fullmatch(ref):
        comment = _COMMENT.match(step.workflow.file.data, node.end)
        text = comment[1].decode("utf-8", "replace") if comment else ""
        found = next(_VERSION.finditer(text), None)
    else:
        found = _VERSION.fullmatch(ref)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _of_step(step: Step, event: str) -> Iterator[_Found]:
    if step.get("run") is not None:
        yield from _of_script(step, event)
        return
    if step.repository in _CHECKOUTS or step.input("ref") is not None and "checkout" in step.repository:
        named = [(name, node, what) for name in ("ref", "repository") if (node := step.input(name)) is not None and (what := _named(node, step, event))]
        for _, node, what in named[:1]:
            yield _Found(node.start, node.end, what, _folder(step), inputs=tuple(name for name, _, _ in named))
    elif event == "workflow_run" and _downloads_other_run(step):
        node = step.get("uses")
        if node is not None:
            yield _Found(node.start, node.end, "an artifact of the run that was waited for", _folder(step), is_artifact=True)


def _named(node: Node, step: Step, event: str) -> str:
    """What of others an input of a checkout names: a pull request's head, or whatever somebody has typed."""
    return origin(node, step, event) or _typed(node, step, event)


# Where an event's own text stands.
_TEXTS = {"issue_comment": ("comment", "issue"), "issues": ("issue",), "discussion": ("discussion",), "discussion_comment": ("comment", "discussion")}


def _typed(node: Node, step: Step, event: str) -> str:
    """The outsiders' text that a value is made of: a comment can name any ref, such as `refs/pull/7/merge`."""
    if event not in _TEXTS or "${{" not in string(node):
        return ""
    from agent_security_hooks.parse.actions.taint import OUTSIDER, taints

    paths = (found.taint.path for found in taints(node, step) if found.taint.level == OUTSIDER)
    return next((path for path in paths if path.startswith(tuple(f"github.event.{name}." for name in _TEXTS[event]))), "")


def _folder(step: Step) -> str:
    path = string(step.input("path")).strip().removeprefix("./").strip("/")
    return "" if path == "." or "github.workspace" in path and path.endswith("}}") else path


def _downloads_other_run(step: Step) -> bool:
    if step.repository == "actions/download-artifact":
        return "workflow_run" in string(step.input("run-id")).lower()
    if step.repository in ("dawidd6/action-download-artifact", "aochmann/actions-download-artifact", "marcofaggian/action-download-multiple-artifacts"):
        return True
    return step.repository == "actions/github-script" and "downloadartifact" in string(step.input("script")).lower()


def origin(node: Node | None, step: Step, event: str) -> str:
    """What of a pull request's head a value stands for under an event; "" when it is nothing of others."""
    return _origin_of_text(string(node), step, event, _DEPTH) if node is not None else ""


def _origin_of_text(text: str, step: Step, event: str, depth: int, below: tuple[str, ...] = ()) -> str:
    """`below`: what is taken of the value, which holds JSON: `head.sha` of `fromJSON(...).head.sha`."""
    if "${{" not in text or depth <= 0:
        return ""
    pull = _PULL_REF.search(text)
    for expression in find_expressions(text.encode("utf-8", "surrogateescape"))[:_LIMIT]:
        if expression.tree is None:
            continue
        for path, part in _sources(expression.tree, event, step):
            found = _origin_of_context(path, (*part, *below)[-_PARTS:], step, event, depth)
            if found:
                return found
            if pull and _number_under(path, event):
                return text.strip()
    return ""


def _sources(tree: Tree, event: str, step: Step) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The contexts whose text can be the result under an event, and what is taken of each where that is JSON."""
    waiting: list[tuple[Tree, tuple[str, ...]]] = [(tree, ())]
    while waiting:
        node, part = waiting.pop()
        if isinstance(node, Context):
            yield node.path, part
        elif isinstance(node, Access):
            waiting.append((node.target, (*node.path, *part)[-_PARTS:]))
        elif isinstance(node, Operation) and node.operator == "||":
            waiting += [(operand, part) for operand in node.operands]
        elif isinstance(node, Operation) and node.operator == "&&":
            if all(guards_of(operand, event, step) is not None for operand in node.operands[:-1]):
                waiting.append((node.operands[-1], part))
        elif isinstance(node, Call) and node.name not in ("contains", "startswith", "endswith", "hashfiles"):
            waiting += [(argument, part) for argument in node.arguments]


def _number_under(path: tuple[str, ...], event: str) -> bool:
    """Whether this is the number of a pull request that is set under an event."""
    if path[0] in ("steps", "needs", "env", "matrix"):
        return True
    if event in DISPATCHES:
        return path[0] == "inputs" or path[:3] in (("github", "event", "inputs"), ("github", "event", "client_payload"))
    if path[:2] != ("github", "event"):
        return False
    if event == "pull_request_target":
        return path[2:] in (("number",), ("pull_request", "number"), ("pull_request", "id"))
    return path[2:3] == ("workflow_run",) if event == "workflow_run" else path[2:3] in (("issue",), ("number",))


def _origin_of_context(path: tuple[str, ...], part: tuple[str, ...], step: Step, event: str, depth: int) -> str:
    if not spend(step.workflow.file, "origins", _CONTEXTS):
        return ""
    if path[0] == "github":
        return ".".join((*path, *part)) if _is_head((*path, *part), event) else ""
    if path[0] == "matrix" and step.job is not None:
        values = _values_of_matrix(step, step.job, path[1:])
        return next((found for value in values if (found := _origin_of_text(string(value), step, event, depth - 1, part))), "")
    if path[0] == "inputs" and len(path) == 2 and isinstance(step, CalledStep):
        given = step.given(path[1])
        return _origin_of_text(string(given[0]), given[1], event, depth - 1, part) if given is not None else ""
    if path[0] == "env" and len(path) == 2:
        variable = next((entry for layer in step.environments() if (entry := _entries(layer, step).get(path[1])) is not None), None)
        return _origin_of_text(string(variable), step, event, depth - 1, part) if variable is not None else ""
    if path[0] not in ("steps", "needs") or len(path) < 4 or step.job is None:
        return ""
    if part:
        if _is_other_part(part):
            return ""
        if event in CODE_EVENTS and _is_head_part(part):
            return ".".join((*path, *part))
    if path[0] == "steps":
        return _origin_of_output(path, step, event, depth)
    other = job_by_name(step.workflow, path[1])
    outputs = own(other.node, "outputs") if other is not None else None
    value = _entries(outputs, step).get(path[3]) if outputs is not None else None
    last = other.steps[-1] if other is not None and other.steps else None
    return _origin_of_text(string(value), last, event, depth - 1, part) if value is not None and last is not None else ""


def _values_of_matrix(step: Step, job: Job, path: tuple[str, ...]) -> list[Node]:
    """The expressions that `matrix.a.b` can be."""
    from agent_security_hooks.parse.actions.images import matrix_values

    key = ("matrix", id(job.node), path)
    return remembered(step.workflow.file, key, lambda: list(islice((node for node in matrix_values(job, path) if "${{" in node.value), _LIMIT))) if path else []


def _is_head_part(part: tuple[str, ...]) -> bool:
    """Whether this is what an answer about a pull request has of its head: `head.sha`, `headRefOid`, `merge_commit_sha`."""
    return "head" in part or _HEAD_NAME.search(part[-1]) is not None or part[-1] == "merge_commit_sha"


def _is_other_part(part: tuple[str, ...]) -> bool:
    return "base" in part or part[-1].startswith("baseref") or part[-1] in ("number", "id", "default_branch", "title", "state", "draft", "mergeable")


def _is_head(path: tuple[str, ...], event: str) -> bool:
    if event == "pull_request_target":
        if path in (("github", "head_ref"), ("github", "event", "pull_request", "merge_commit_sha"), ("github", "event", "after")):
            return True
        return path[:4] == ("github", "event", "pull_request", "head")
    if event == "workflow_run" and path[:3] == ("github", "event", "workflow_run"):
        return len(path) == 3 or path[3].startswith("head_") or path[3] == "pull_requests"
    return event == "repository_dispatch" and path[:3] == ("github", "event", "client_payload") and not _is_other_part(path[2:])


def _origin_of_output(path: tuple[str, ...], step: Step, event: str, depth: int) -> str:
    job = step.job
    if job is None or event in DISPATCHES or "base" in path[3] or path[3] in ("default_branch", "merge_base", "draft", "title", "labels"):
        return ""
    other = step_by_id(job, path[1])
    if other is None:
        return ""
    name = f"steps.{path[1]}.outputs.{path[3]}"
    return name if other.repository in _RESOLVERS or _HEAD_NAME.search(path[3]) or _resolves_head(other, event, depth) else ""


def _entries(node: Node, step: Step) -> dict[str, Node]:
    """A map by its keys in lower case."""
    return remembered(step.workflow.file, ("entries", id(node)), lambda: {key.lower(): value for key, _, value in node.entries()})


def _resolves_head(step: Step, event: str, depth: int) -> bool:
    """Whether a step looks up the head of a pull request."""
    text = (string(step.get("run")) or string(step.input("script"))).lower()
    if event != "pull_request_target" and any(word in text for word in _HEAD_TEXT):
        return True
    if _origin_of_text(string(step.get("run")) or string(step.input("script")), step, event, depth - 1):
        return True
    env = own(step.node, "env")
    values = [value for _, _, value in env.entries()] if env is not None else []
    return any(_origin_of_text(string(value), step, event, depth - 1) for value in values)


def _of_script(step: Step, event: str) -> Iterator[_Found]:
    if not remembered(step.workflow.file, ("git", id(step.get("run"))), lambda: _may_fetch(string(step.get("run")))):
        return
    pending: tuple[int, int, str] | None = None
    remotes: dict[str, str] = {}
    for call in _calls(step):
        texts = call.texts[:60]
        if call.name in ("gh", "hub") and texts[:2] == ["pr", "checkout"]:
            yield _Found(call.start, call.end, f"{call.name} pr checkout")
        elif call.name == "gh" and texts[:2] == ["run", "download"] and event == "workflow_run":
            yield _Found(call.start, call.end, "gh run download", is_artifact=True)
        elif call.name in ("gh", "curl", "wget"):
            what = _origin_of_call(call, step, event) if any(word in text for text in texts for word in _ARCHIVES) else ""
            if what:
                yield _Found(call.start, call.end, what)
        elif call.name == "git":
            if not spend(step.workflow.file, "calls of git", _GIT_CALLS):
                break
            verb = next((text for text in texts if text in _FETCHING), "")
            if pending and verb in _USING:
                yield _Found(*pending)
                pending = None
            what = _origin_of_call(call, step, event) if verb or "remote" in texts else ""
            if not verb and what:
                remotes.update(dict.fromkeys(texts, what))
                continue
            what = what or next((remotes[text.partition("/")[0]] for text in texts if text.partition("/")[0] in remotes), "")
            if what and verb == "fetch":
                pending = (call.start, call.end, what)
            elif what:
                yield _Found(call.start, call.end, what)
    if pending and _used_later(step):
        yield _Found(*pending)


def _calls(step: Step) -> list[ShellCall]:
    """The calls of a script, found once for all steps that have it by an alias."""
    return remembered(step.workflow.file, ("calls", id(step.get("run")), step.shell), lambda: calls_of(step))


def _may_fetch(text: str) -> bool:
    """Whether a script holds the words of a fetch; what git is to fetch comes out of a variable, or is the ref of a pull request."""
    if ("gh" in text or "hub" in text) and ("checkout" in text or "download" in text) or "$" in text and any(word in text for word in _ARCHIVES):
        return True
    return "git" in text and ("$" in text or "pull/" in text) and any(verb in text for verb in _FETCHING)


def _used_later(step: Step) -> bool:
    """Whether a later step of the job takes what was fetched into the working tree."""
    later = step.job.steps[step.number + 1 : step.number + 1 + _LATER] if step.job is not None else ()
    return any(call.name == "git" and _USING & set(call.texts[:10]) for other in later if "git" in string(other.get("run")) for call in _calls(other))


def _origin_of_call(call: ShellCall, step: Step, event: str) -> str:
    """What of a pull request's head the arguments of git name."""
    written = step.workflow.file.data[call.start : call.end].decode("utf-8", "replace")[:4000]
    found = _origin_of_text(written, step, event, _DEPTH)
    if found:
        return found
    if _PULL_REF.search(written) and event != "workflow_run":
        return " ".join(written.split())
    for word in call.words[:60]:
        found = _origin_of_variables(word, step, event)
        if found:
            return found
    return ""


def _origin_of_variables(word: Word, step: Step, event: str) -> str:
    for part in word.parts:
        if part.kind == "literal":
            continue
        name = part.name
        if name == "GITHUB_HEAD_REF":
            return "GITHUB_HEAD_REF" if event == "pull_request_target" else ""
        value = step.variable(name)
        found = _origin_of_text(string(value), step, event, _DEPTH - 1) if value is not None else ""
        if found:
            return found
    return ""


def step_named(step: Step) -> str:
    """A step as a message names it: `step Build`, `step 3`."""
    label = step.label
    return label if label == f"step {step.number + 1}" else f"step {excerpt(label, 60)}"
