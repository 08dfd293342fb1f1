"""Rules about workflows that outsiders start: what they check out, and what guards them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check, workflow_of
from agent_security_hooks.model import Edit, Hit, excerpt
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.actions.checkouts import Fetch
    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.workflow import Job, Step, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_NAMED = 4
_LATER = 200
"""Steps after one that are looked at."""


@check.rule("untrusted-checkout", point=8)
def untrusted_checkout(file: Source) -> Iterator[Hit]:
    """A workflow that outsiders can start with the repository's secrets checks out their code.

    `pull_request_target`, `workflow_run` and `issue_comment` run in the name of the default branch. Jobs for which an outsider is not enough
    (same repository, association of the author, merged) are left alone. It is pedantic behind a label or an environment, without any privilege,
    where the version of actions/checkout is known to refuse forks by itself (4.4, 5.1, 6.1, 7.0 and later ones of these lines, without
    `allow-unsafe-pr-checkout: true`), where only the job's condition keeps it from the event, and where people with write access name the code
    (`workflow_dispatch`, `repository_dispatch`).

    Risk: Whoever opens a pull request runs code with the token and the secrets of the job: in an install hook, a test, a build file.
    Fix: Build and test under `pull_request`; let a `workflow_run` without checkout write the result back. Or check out the base.
    Verify: Open a pull request from a fork that prints `env` in a test; the run has no secrets and a token that can only read.

    Bad: (.github/workflows/test.yml)
        on: pull_request_target
        permissions:
          contents: write
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0
                with:
                  ref: ${{ github.event.pull_request.head.sha }}
                  allow-unsafe-pr-checkout: true
                  persist-credentials: false
              - run: npm install

    Good: (.github/workflows/test.yml)
        on: pull_request
        permissions:
          contents: read
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0
                with:
                  persist-credentials: false
              - run: npm install
    """
    for fetch, command, runner, is_sure in _dangerous_fetches(file):
        start, end = _place(fetch)
        yield Hit(start, end, _message(fetch, command, runner), _proposal(fetch), (), not is_sure)


def _place(fetch: Fetch) -> tuple[int, int]:
    """Where to report a fetch: itself, or the call of what does it."""
    node = fetch.call.get("uses") if fetch.call is not None else None
    return (node.start, node.end) if node is not None else (fetch.start, fetch.end)


def _message(fetch: Fetch, command: str, runner: str) -> str:
    place = (fetch.call or fetch.step).job
    job = f"job {excerpt(place.name, 40)}" if place else "it"
    if fetch.is_artifact:
        action = f"takes {fetch.what}"
    elif fetch.inputs and fetch.event not in ("pull_request_target", "workflow_run") and fetch.what.startswith("github.event."):
        action = f"checks out whatever is named by {excerpt(fetch.what, 80)}"
    else:
        action = f"checks out code of the pull request: {excerpt(fetch.what, 80)}"
    if fetch.call is not None:
        action += f", by line {fetch.step.workflow.file.line_of(fetch.start)} of {excerpt(fetch.step.workflow.file.path, 80)}"
    if fetch.kept_off:
        message = f"only the condition of {job} keeps it from `{fetch.event}`, where it has the repository's rights, and it {action}"
    else:
        message = f"{job} runs with the repository's rights on `{fetch.event}`, and {action}"
    if command:
        message += f"; {runner} then runs it ({excerpt(command, 60)})"
    if fetch.refuses_forks:
        message += ". This version of the action refuses that for forks"
    return message + ". Only somebody with write access can start it" if fetch.is_remark and not fetch.kept_off else message


def _proposal(fetch: Fetch) -> str:
    if fetch.is_artifact:
        return "treat the files as data: unpack them with `path: ${{ runner.temp }}/artifact` and run nothing from there, or add `if: github.event.workflow_run.event == 'push'`"
    if fetch.kept_off:
        return f"move the job to a workflow of its own, without `{fetch.event}`"
    if fetch.event == "pull_request_target":
        named = " and ".join(f"`{name}:`" for name in fetch.inputs)
        return "run this under `on: pull_request`" + (f", or take {named} out, which checks out the base" if named else "")
    if fetch.event == "workflow_run":
        return "run this under `on: pull_request`, or add to the job `if: github.event.workflow_run.head_repository.full_name == github.repository`"
    return (
        "run this under `on: pull_request`; where people must be able to start it, in an environment that asks for approval, for the commit that was reviewed"
    )


def _dangerous_fetches(file: Source) -> list[tuple[Fetch, str, str, bool]]:
    return file.view(_read_dangerous_fetches)


def _read_dangerous_fetches(file: Source) -> list[tuple[Fetch, str, str, bool]]:
    """A view: the fetches to speak of: what runs them, the step's name, and whether it is more than a remark."""
    if not _has_privileged_event(file.data) and not (file.thorough and b"_dispatch" in file.data):
        return []
    from agent_security_hooks.parse.actions.checkouts import fetches_in

    found = []
    seen: set[int] = set()
    for fetch in file.view(fetches_in):
        start = _place(fetch)[0]
        judged = _judged(fetch) if start not in seen else None
        if judged is not None:
            seen.add(start)
            found.append((fetch, *judged))
    return found


def _has_privileged_event(data: bytes) -> bool:
    return b"pull_request_target" in data or b"workflow_run" in data or b"issue" in data or b"discussion" in data


def _judged(fetch: Fetch) -> tuple[str, str, bool] | None:
    from agent_security_hooks.parse.actions import guards as known
    from agent_security_hooks.parse.actions.local_calls import job_of
    from agent_security_hooks.parse.actions.privileges import is_privileged, only_talks

    jobs = [job for step in (fetch.call, fetch.step) if step is not None and (job := job_of(step)) is not None]
    if not jobs:
        return None
    guards = fetch.guards
    # Who comments is not who wrote the code: that a maintainer did says only that somebody looked.
    weak = {known.ASSOCIATION, known.CHECKED, known.USER} if fetch.event in ("issue_comment", "discussion_comment") else set()
    if guards & (known.STRONG - weak) or known.BOT_ACTOR in guards:
        return None
    command, runner = _runner(fetch)
    if fetch.is_artifact and not command:
        return None
    later = [step for step in _later(fetch.step) if _may_run(step, fetch.event)]
    privileged = all(map(is_privileged, jobs))
    if fetch.is_remark:
        return (command, runner, False) if privileged else None
    is_sure = not guards and not fetch.refuses_forks and privileged and (bool(command) or not all(only_talks(step) for step in later))
    return command, runner, is_sure


def _later(step: Step) -> Sequence[Step]:
    """The steps after one; behind those of an action, the ones after its call."""
    from agent_security_hooks.parse.actions.local_calls import CalledStep

    steps = step.job.steps if step.job else step.workflow.steps
    found = steps[step.number + 1 : step.number + 1 + _LATER]
    return (*found, *_later(step.call)) if step.job is None and isinstance(step, CalledStep) else found


def _may_run(step: Step, event: str) -> bool:
    from agent_security_hooks.parse.actions.guards import condition_guards, step_guards

    return (step_guards(step, event) if step.job else condition_guards(step, event)) is not None


def _runner(fetch: Fetch) -> tuple[str, str]:
    """What runs the code that was fetched, and the step as a message names it."""
    from agent_security_hooks.parse.actions.checkouts import step_named
    from agent_security_hooks.parse.actions.repository_code import code_of_call, repository_code
    from agent_security_hooks.parse.actions.scripts import calls_of

    step = fetch.step
    if step.get("run") is not None:
        command = next((command for call in calls_of(step) if call.start > fetch.start and (command := code_of_call(call))), "")
        if command:
            return command, step_named(step)
    for later in _later(step):
        command = repository_code(later, fetch.folder)
        if command and (fetch.kept_off or _may_run(later, fetch.event)):
            return command, step_named(later)
    return "", ""


@check.rule("dangerous-trigger", point=8)
def dangerous_trigger(file: Source) -> Iterator[Hit]:
    """An event that any outsider can cause starts jobs with the repository's secrets, and nothing asks who caused it.

    Jobs that only label, comment or look something up, and jobs without a secret or a token that can write, are left alone; so is a workflow
    for which `untrusted-checkout` says more. A workflow of the same repository that is called is looked into. Pedantic is a job that has no
    secret and whose token can write nothing but issues, pull requests and discussions, or that says by its name that it asks for permission or notifies.

    Risk: One later change, a checkout of the pull request or an expression in a script, hands the secrets to everybody.
    Fix: Use `pull_request`, or let the job start for people or code of your own only.
    Verify: A pull request from a fork by somebody without rights starts no job that has secrets.

    Bad: (.github/workflows/preview.yml)
        on: pull_request_target
        permissions:
          deployments: write
        jobs:
          preview:
            runs-on: ubuntu-latest
            steps:
              - run: ./preview.sh

    Good: (.github/workflows/preview.yml)
        on: pull_request_target
        permissions:
          deployments: write
        jobs:
          preview:
            if: github.event.pull_request.head.repo.full_name == github.repository
            runs-on: ubuntu-latest
            steps:
              - run: ./preview.sh
    """
    if not _has_privileged_event(file.data):
        return
    workflow = workflow_of(file)
    if workflow is None or not workflow.jobs or any(not fetch.is_remark for fetch, _, _, _ in _dangerous_fetches(file)):
        return
    for event, (what, fix) in _STARTS.items():
        trigger = workflow.triggers.get(event)
        levels = [(job, _openness(job, event)) for job in workflow.jobs] if trigger is not None else []
        highest = max((level for _, level in levels), default=_CLOSED)
        if trigger is not None and highest != _CLOSED and (highest == _OPEN or file.thorough):
            jobs = [job for job, level in levels if level == highest]
            names = ", ".join(excerpt(job.name, 40) for job in jobs[:_NAMED]) + (f" and {len(jobs) - _NAMED} more" if len(jobs) > _NAMED else "")
            message = f"`{event}`: {what} starts {'job' if len(jobs) == 1 else 'jobs'} {names} with the repository's rights, and no condition asks whose it is"
            yield Hit(trigger.key.start, trigger.key.end, message, fix, (), highest != _OPEN)


# Event -> what an outsider does to cause it, and what to do about it.
_STARTS = {
    "pull_request_target": (
        "a pull request from any fork",
        "use `pull_request`, or give the job `if: github.event.pull_request.head.repo.full_name == github.repository`, or `permissions: {}` and no secrets",
    ),
    "workflow_run": (
        "a run for a pull request from any fork",
        "give the job `if: github.event.workflow_run.head_repository.full_name == github.repository`, or `permissions: {}` and no secrets",
    ),
    "issue_comment": (
        "a comment by anyone",
        """give the job `if: contains(fromJSON('["OWNER", "MEMBER", "COLLABORATOR"]'), github.event.comment.author_association)`""",
    ),
}


_CLOSED, _HARMLESS, _OPEN = range(3)
"""What an outsider can do with a job: nothing, nothing but talk or ask (which is pedantic), more."""
_CALLS = 3
"""How deep workflows that call each other are followed."""


def _openness(job: Job, event: str, depth: int = _CALLS) -> int:
    """What an outsider gets by an event from a job that has something to lose."""
    from agent_security_hooks.parse.actions.guards import called_workflow, job_guards
    from agent_security_hooks.parse.actions.memory import remembered
    from agent_security_hooks.parse.actions.privileges import can_only_talk, is_privileged, talks_by_name
    from agent_security_hooks.parse.actions.workflow import string

    guards = job_guards(job, event)
    if guards is None or guards or not is_privileged(job):
        return _CLOSED
    called = string(job.get("uses"))
    if called:
        level = _OPEN if not talks_by_name(called) else _HARMLESS if string(job.get("secrets")) == "inherit" else _CLOSED
        inner = called_workflow(job) if level == _OPEN and depth else None
        if inner is not None:
            level = remembered(
                inner.file, ("openness", event, depth), lambda: max((_openness(other, event, depth - 1) for other in inner.jobs), default=_CLOSED)
            )
    else:
        level = max((_step_openness(step, event) for step in job.steps), default=_CLOSED)
    return min(level, _HARMLESS) if can_only_talk(job) else level


def _step_openness(step: Step, event: str) -> int:
    from agent_security_hooks.data.action_permissions import AGENTS, NEEDS
    from agent_security_hooks.parse.actions.guards import is_named_check, step_guards
    from agent_security_hooks.parse.actions.privileges import only_talks

    if only_talks(step) or step.action in AGENTS or step.action in NEEDS and "/setup-" in step.action or step_guards(step, event) != frozenset():
        return _CLOSED
    return _HARMLESS if is_named_check(step) else _OPEN


@check.rule("spoofable-actor", point=8)
def spoofable_actor(file: Source) -> Iterator[Hit]:
    """A condition trusts whoever caused the event last to have written the code.

    `github.actor` is a bot as soon as that bot does anything to a pull request of somebody else, and outsiders can make it do so.
    Under `pull_request`, where a fork gets no secrets, this is pedantic and asked only of jobs that merge or approve.

    Risk: An outsider gets a pull request of their own approved, merged or built with secrets.
    Fix: Ask who opened the pull request: `github.event.pull_request.user.login == 'dependabot[bot]'`.
    Verify: No condition compares `github.actor` with the name of a bot in order to let something happen.

    Bad: (.github/workflows/merge.yml)
        on: pull_request_target
        permissions:
          contents: write
          pull-requests: write
        jobs:
          merge:
            if: github.actor == 'dependabot[bot]'
            runs-on: ubuntu-latest
            steps:
              - run: gh pr merge --auto "$URL"
                env:
                  URL: ${{ github.event.pull_request.html_url }}

    Good: (.github/workflows/merge.yml)
        on: pull_request_target
        permissions:
          contents: write
          pull-requests: write
        jobs:
          merge:
            if: github.event.pull_request.user.login == 'dependabot[bot]'
            runs-on: ubuntu-latest
            steps:
              - run: gh pr merge --auto "$URL"
                env:
                  URL: ${{ github.event.pull_request.html_url }}
    """
    lowered = file.data.lower()
    if not _may_name_bot(lowered) or (b"actor" not in lowered and b"sender" not in lowered):
        return
    workflow = workflow_of(file)
    if workflow is None:
        return
    seen: set[int] = set()
    for job in workflow.jobs:
        places: list[Job | Step] = [job, *job.steps]
        for place in places:
            node = place.get("if")
            if node is not None and node.start not in seen and _may_name_bot(file.data[node.start : node.end].lower()):
                seen.add(node.start)
                yield from _actor_gates(node, place, job, workflow)


def _may_name_bot(lowered: bytes) -> bool:
    from agent_security_hooks.parse.actions.guards import BOTS

    return b"bot" in lowered or any(number.encode() in lowered for number in BOTS)


def _actor_gates(node: Node, place: Job | Step, job: Job, workflow: Workflow) -> Iterator[Hit]:
    from agent_security_hooks.parse.actions import guards as known
    from agent_security_hooks.parse.actions.checkouts import step_named
    from agent_security_hooks.parse.actions.guards import guards_of, if_tree
    from agent_security_hooks.parse.actions.workflow import Job

    tree = if_tree(node)
    gates = list(_bot_comparisons(tree, False)) if tree is not None else []
    if tree is None or not gates or any(_bot_comparisons(tree, True)):  # a condition that lets all but bots in gates nothing
        return
    events = [event for event in (*known.PRIVILEGED, "pull_request") if event in workflow.triggers]
    held = {event: found for event in events if (found := guards_of(tree, event, place)) is not None and not found & known.STRONG}
    privileged = [event for event in held if event != "pull_request"]
    if not privileged and ("pull_request" not in held or not _merges(job)):
        return
    event = privileged[0] if privileged else "pull_request"
    who = f"job {excerpt(job.name, 40)}" if isinstance(place, Job) else step_named(place)
    bot = excerpt(gates[0][1], 40)
    message = f"`{gates[0][0]}` is whoever acted last, not who wrote the code: on `{event}` an outsider can get {who} past the test for {bot}"
    edits = _renamed(node, len(gates), workflow) if event in ("pull_request_target", "pull_request") else ()
    compared = f"login == '{bot}'" if bot.endswith("[bot]") else f"id == {bot}" if bot.isdecimal() else f"login == '{bot}[bot]'"
    fix = (
        f"compare the author: `github.event.pull_request.user.{compared}`"
        if event != "workflow_run"
        else "compare `github.event.workflow_run.actor.login` and the repository of the head"
    )
    yield Hit(node.start, node.end, message, fix, edits, not privileged)


_ACTOR = Pattern(rb"(?i)\bgithub\.(?:triggering_)?actor(?![\w.-])|\bgithub\.event\.(?:pull_request\.)?sender\.login(?![\w.-])")


def _renamed(node: Node, gates: int, workflow: Workflow) -> tuple[Edit, ...]:
    """The author of the pull request instead of the actor; only where every mention is such a test."""
    data = workflow.file.data
    places = list(_ACTOR.finditer(data, node.start, node.end))
    if len(places) != gates or not set(workflow.triggers) <= {"pull_request_target", "pull_request"}:
        return ()
    return tuple(Edit(place.start(), place.end(), b"github.event.pull_request.user.login", safe=False) for place in places)


def _bot_comparisons(tree: Tree, negated: bool) -> Iterator[tuple[str, str]]:
    """(context, bot) of every test that an actor is a bot, if it is one that lets something happen."""
    from agent_security_hooks.parse.actions.expressions import Call, Context, Literal, Operation
    from agent_security_hooks.parse.actions.guards import ACTORS, is_bot_actor, members, number_or_text

    if isinstance(tree, Operation):
        if tree.operator in ("&&", "||", "!"):
            for operand in tree.operands:
                yield from _bot_comparisons(operand, negated != (tree.operator == "!"))
        elif tree.operator in ("==", "!=") and (tree.operator == "!=") == negated:
            for left, right in (tree.operands, tree.operands[::-1]):
                if isinstance(left, Context) and isinstance(right, Literal) and is_bot_actor(left.path, right.value):
                    yield ".".join(left.path), number_or_text(right.value)
    elif isinstance(tree, Call) and tree.name in ("contains", "startswith", "endswith") and len(tree.arguments) == 2 and not negated:
        where, what = tree.arguments
        if isinstance(what, Context) and what.path in ACTORS:
            bot = next((member for member in members(where) or () if "[bot]" in member), "")
            if bot:
                yield ".".join(what.path), bot
        elif isinstance(where, Context) and where.path in ACTORS and isinstance(what, Literal) and _names_bot(str(what.value).lower()):
            yield ".".join(where.path), str(what.value)


def _names_bot(text: str) -> bool:
    return text.endswith(("bot", "bot]", "[bot")) or text in ("renovate", "[bot]")


def _merges(job: Job) -> bool:
    """Whether a job merges or approves."""
    data = job.workflow.file.data[job.node.start : job.node.end].lower()
    return any(word in data for word in (b"pr merge", b"pr review", b"automerge", b"auto-merge", b"auto-approve", b"createreview", b"pulls.merge", b"git push"))
