"""Following what an expression names back to where its text comes from: `env`, `steps`, `needs`, `matrix` and `inputs` of a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.data import github_contexts as table
from agent_security_hooks.parse.actions.expressions import LIMIT, Context, find_expressions, flows
from agent_security_hooks.parse.actions.taint import FIXED, INSIDER, OUTSIDER, UNKNOWN, Expanded, Taint, origin_of, strongest
from agent_security_hooks.parse.actions.workflow import own, read_workflow, string

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.expressions import Expression
    from agent_security_hooks.parse.actions.taint_writes import Writes
    from agent_security_hooks.parse.actions.workflow import Job, Step, Workflow
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

_DEPTH = 20
"""References from one place to another that are followed."""
_FIXED_TYPES = frozenset(("boolean", "number", "choice", "environment"))
# How a script that sets variables of later steps names the way to do so.
_EXPORTS = ("GITHUB_ENV", "::set-env", "github.env")
# Names in a path that is more than an object.
_SHORTEST = {"inputs": 2, "env": 2, "steps": 3, "needs": 3, "matrix": 2}
# What GitHub itself says of a step or job.
_STATES = frozenset(("outcome", "conclusion", "result"))


class Place(NamedTuple):
    """Where an expression stands. `layer`: 0 a step's own values, 1 its `env`, 2 values of its job, 3 the workflow's `env`: each sees the variables further out."""

    step: Step | None
    job: Job | None
    layer: int


class Flow:
    """The taints of one workflow, worked out as they are asked for."""

    __slots__ = (
        "_depth", "_exported", "_exporting", "_expressions", "_fetching", "_ids", "_known", "_lower", "_matrices", "_outputs", "_writes", "complete", "workflow",
    )  # fmt: skip

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.complete = True
        """Whether every expression of every text that was asked for was looked at."""
        self._expressions: dict[int, tuple[Expression, ...]] = {}
        self._known: dict[tuple[int, int, int, tuple[str, ...]], Taint] = {}
        self._ids: dict[int, dict[str, Step]] = {}
        self._writes: dict[int, Writes] = {}
        self._exported: dict[int, dict[str, list[tuple[int, Taint]]]] = {}
        self._matrices: dict[tuple[int, str], Taint] = {}
        self._exporting = any(mark.encode() in workflow.file.data for mark in _EXPORTS)
        self._lower: dict[int, dict[str, Node]] = {}
        self._fetching: dict[int, tuple[int, str]] = {}
        self._outputs: dict[tuple[int, str, tuple[str, ...]], Taint] = {}
        self._depth = 0

    def expanded(self, node: Node, step: Step, *, fixed: bool = False) -> list[Expanded]:
        """The expressions of a scalar of a step in order, those that are FIXED only where they are asked for."""
        return self.expanded_in(node, step, step.job, fixed=fixed)

    def expanded_in(self, node: Node, step: Step | None, job: Job | None, *, fixed: bool = False) -> list[Expanded]:
        """The same for a value of a job (`step` is None), as the inputs of the workflow that it calls."""
        place = Place(step, job, 0 if step is not None else 2)
        found = [(expression, self._expression(expression, place)) for expression in self.expressions(node)]
        if not fixed:
            thorough = self.workflow.file.thorough
            found = [pair for pair in found if pair[1].level in (OUTSIDER, INSIDER) or thorough and pair[1].level != FIXED]
        if not found:
            return []
        text = node.text(self.workflow.file.data)
        return [Expanded(expression, *text.span(expression.start, expression.end), taint) for expression, taint in found]

    def expressions(self, node: Node) -> tuple[Expression, ...]:
        """Those of a scalar, parsed once."""
        if node.kind != "scalar" or "${{" not in node.value:
            return ()
        if id(node) not in self._expressions:
            found = self._expressions[id(node)] = find_expressions(node.value.encode("utf-8", "surrogateescape"))
            self.complete = self.complete and len(found) < LIMIT
        return self._expressions[id(node)]

    def variable(self, name: str, step: Step, layer: int = 0) -> Taint | None:
        """What is known of a variable as a script of the step sees it; None for FIXED and unset."""
        taint = self._variable(name, Place(step, step.job, layer))
        if taint is None and name in table.VARIABLES:
            path = table.VARIABLES[name]
            taint = Taint(origin_of(tuple(path.split(".")), self.workflow), path, name)
        return taint if taint is not None and taint.level != FIXED else None

    def input(self, step: Step, name: str) -> Taint:
        """The worst in an input of a step's action."""
        node = step.input(name)
        return self._text(node, Place(step, step.job, 0)) if node is not None else Taint(FIXED, "")

    def _text(self, node: Node, place: Place, part: tuple[str, ...] = ()) -> Taint:
        """The worst that a scalar expands; `part`: what of it counts once it is read as JSON."""
        expressions = self.expressions(node)
        if not expressions:
            return Taint(FIXED, "")
        key = (id(node), id(place.step) if place.layer < 2 else 0, id(place.job) if place.layer < 3 else 0, part)
        if key not in self._known:
            if self._depth > _DEPTH:
                return Taint(UNKNOWN, "")
            self._known[key] = Taint(FIXED, "")  # what refers to itself adds nothing
            self._depth += 1
            self._known[key] = strongest([self._expression(expression, place, part) for expression in expressions]) or Taint(FIXED, "")
            self._depth -= 1
        return self._known[key]

    def _expression(self, expression: Expression, place: Place, part: tuple[str, ...] = ()) -> Taint:
        tree = expression.tree
        if isinstance(tree, Context):  # as most are
            return self._context(tree, place, False, part)
        below = "json" in expression.inner.lower()  # the text of an object is "Object", unless toJSON makes one of all that is in it
        return strongest([self._context(context, place, below, part) for context in flows(tree)]) or Taint(FIXED, "")

    def _context(self, context: Context, place: Place, below: bool, part: tuple[str, ...]) -> Taint:
        path, part = context.path, context.decoded or part
        shown = ".".join(path)
        if not below and len(path) < _SHORTEST.get(path[0], 0):
            return Taint(FIXED, shown)
        if path[0] == "inputs" or path[:3] == ("github", "event", "inputs"):
            return Taint(self._input(path), shown)
        if path[0] == "env":
            return self._env(path, place)
        follow = {"steps": self._step_output, "needs": self._job_output, "jobs": self._job_output, "matrix": self._matrix}.get(path[0])
        if follow is None:
            return Taint(origin_of(path, self.workflow, below=below), shown)
        found = follow(path, place, part)
        return found._replace(path=found.path or shown, via=shown if found.path not in ("", shown) else "")

    def _input(self, path: tuple[str, ...]) -> str:
        """Who types an input. That of a composite action is its caller's business."""
        if self.workflow.kind == "action":
            return INSIDER if path[0] == "github" else UNKNOWN
        name = path[-1] if len(path) == (2 if path[0] == "inputs" else 4) else "*"
        types: set[str] = set()
        for event in (
            ("workflow_dispatch",) if path[0] == "github" and "workflow_call" not in self.workflow.triggers else ("workflow_dispatch", "workflow_call")
        ):
            trigger = self.workflow.triggers.get(event)
            declared = own(trigger.options, "inputs") if trigger is not None else None
            for key, _, value in declared.entries() if declared is not None else ():
                if name in ("*", "?") or key.lower() == name:
                    types.add(string(own(value, "type")).lower())
        if not types:
            return FIXED if self.workflow.triggers else UNKNOWN
        return FIXED if types <= _FIXED_TYPES else INSIDER

    def _env(self, path: tuple[str, ...], place: Place) -> Taint:
        """`env.X` as expressions see it; without a name, everything that is set."""
        shown = ".".join(path)
        if len(path) == 2 and path[1] not in ("*", "?"):
            found = self._variable(path[1], place)
            if found is not None:
                return found._replace(path=found.path or shown, via=shown)
            # Nobody but an earlier step can have set it.
            return Taint(FIXED if place.step is not None and place.step.number == 0 else UNKNOWN, shown)
        wholes = [self._whole(layer, inner) for layer, inner in self._layers(place)]
        return (strongest(wholes) or Taint(UNKNOWN, shown))._replace(via=shown)

    def _whole(self, layer: Node, place: Place) -> Taint:
        """The worst of a map of variables."""
        key = (id(layer), id(place.step) if place.layer < 2 else 0, id(place.job) if place.layer < 3 else 0, ("*",))
        if key not in self._known:
            self._known[key] = Taint(FIXED, "")  # what refers to itself adds nothing
            self._known[key] = strongest([self._text(value, place) for _, _, value in layer.entries()]) or Taint(FIXED, "")
        return self._known[key]

    def _layers(self, place: Place) -> list[tuple[Node, Place]]:
        """The maps of variables that a place sees, the nearest first, with the place of their own values."""
        owners = (
            (place.step.node if place.step else None, Place(place.step, place.job, 1)),
            (place.job.node if place.job else None, Place(place.step, place.job, 2)),
            (self.workflow.root, Place(None, None, 3)),
        )
        found = [(own(owner, "env"), inner) for owner, inner in owners if inner.layer > place.layer]
        return [(layer, inner) for layer, inner in found if layer is not None]

    def _variable(self, name: str, place: Place) -> Taint | None:
        """The nearest that sets a variable: the step's `env`, GITHUB_ENV, the job's `env`, the workflow's. Expressions do not tell names by case."""
        layers = self._layers(place)
        written = self._written(name, place) if place.step is not None and place.layer < 2 else None
        for layer, inner in layers:
            if written is not None and inner.layer > 1:
                break
            value = own(layer, name) or self._folded(layer).get(name.lower())
            if value is not None:
                return self._text(value, inner)
        return written

    def _folded(self, layer: Node) -> dict[str, Node]:
        """A map by its keys in lower case; the first where two differ in case only."""
        if id(layer) not in self._lower:
            self._lower[id(layer)] = {key.lower(): value for key, _, value in [*layer.entries()][::-1]}
        return self._lower[id(layer)]

    def foreign_files(self, step: Step) -> str:
        """What of others the step or one before it fetches: an artifact of another run (of anyone's pull request), or code; "" for nothing."""
        if step.job is None or self.workflow.triggers.keys().isdisjoint(table.EVENTS_WITH_SECRETS):
            return ""
        key = id(step.job)
        if key not in self._fetching:
            from agent_security_hooks.parse.actions.checkouts import fetches_in

            waits = "workflow_run" in self.workflow.triggers
            found = [(other.number, "a file of an artifact") for other in step.job.steps if _fetches(other, waits=waits)][:1]
            found += [
                (fetch.step.number, "a file of a pull request")
                for fetch in self.workflow.file.view(fetches_in)
                if fetch.step.job is step.job and not fetch.is_artifact and not fetch.refuses_forks
            ]
            self._fetching[key] = min(found, default=(len(step.job.steps), ""))
        number, what = self._fetching[key]
        return what if number <= step.number else ""

    def _written(self, name: str, place: Place) -> Taint | None:
        """What earlier steps of the job wrote into GITHUB_ENV under that name, the last first."""
        step = place.step
        if step is None or not self._exporting:
            return None
        found = self._exports(step).get(name.lower(), ())
        return next((taint for number, taint in reversed(found) if number < step.number), None)

    @property
    def asks_outsiders(self) -> bool:
        """Whether an event starts the workflow under which programs of GitHub's print what outsiders wrote."""
        from agent_security_hooks.parse.actions.taint_commands import EVENTS

        return not self.workflow.triggers.keys().isdisjoint(EVENTS)

    def has_exports(self, step: Step) -> bool:
        """Whether a step may see variables that another step of its job wrote into GITHUB_ENV."""
        return self._exporting and any(number < step.number for found in self._exports(step).values() for number, _ in found)

    def _exports(self, step: Step) -> dict[str, list[tuple[int, Taint]]]:
        """What the steps of a job write into GITHUB_ENV, with the number of the step, by name in lower case. A step that is read meanwhile sees those before it."""
        key = id(step.job)
        if key not in self._exported:
            exported = self._exported[key] = {}
            for other in step.job.steps if step.job is not None else self.workflow.steps:
                script = string(other.get("run"))
                if any(mark in script for mark in _EXPORTS):
                    for name, taint in self.writes(other).named("GITHUB_ENV"):
                        exported.setdefault(name.lower(), []).append((other.number, taint))
        return self._exported[key]

    def writes(self, step: Step) -> Writes:
        """What the script of a step hands to later ones."""
        if id(step) not in self._writes:
            from agent_security_hooks.parse.actions.taint_writes import Writes, read_writes

            self._writes[id(step)] = Writes(())  # a step does not see what it writes itself
            if self._depth > _DEPTH:
                return self._writes.pop(id(step))
            self._depth += 1
            self._writes[id(step)] = read_writes(step, self)
            self._depth -= 1
        return self._writes[id(step)]

    def _step_output(self, path: tuple[str, ...], place: Place, part: tuple[str, ...]) -> Taint:
        if len(path) < 3 or path[2] in _STATES:
            return Taint(FIXED if len(path) == 3 else UNKNOWN, "")
        if path[1] in ("*", "?") or len(path) < 4:
            return Taint(UNKNOWN, "")
        step = self._step(path[1], place)
        if step is None:
            return Taint(FIXED, "")  # there is none: the text is empty
        if step.get("uses") is not None:
            return self._action_output(step, path[3], part)
        writes = self.writes(step)
        found = writes.value("GITHUB_OUTPUT", path[3]) or Taint(FIXED if writes.whole else UNKNOWN, "")
        if part and found.level == OUTSIDER:
            from agent_security_hooks.parse.actions.taint_outputs import narrowed

            return narrowed(found, part)
        return found

    def _step(self, name: str, place: Place) -> Step | None:
        steps = place.job.steps if place.job is not None else self.workflow.steps if self.workflow.kind == "action" else ()
        if not steps:
            return None
        key = id(place.job)
        if key not in self._ids:
            self._ids[key] = {string(step.get("id")).lower(): step for step in steps}
        return self._ids[key].get(name)

    def _action_output(self, step: Step, name: str, part: tuple[str, ...]) -> Taint:
        key = (id(step), name, part)
        if key not in self._outputs:
            if self._depth > _DEPTH:
                return Taint(UNKNOWN, "")
            from agent_security_hooks.parse.actions.taint_outputs import action_output

            self._outputs[key] = Taint(FIXED, "")
            self._depth += 1
            local = not step.action and string(step.get("uses")).startswith("./")
            self._outputs[key] = self._followed(step.node, name, Place(step, step.job, 0)) if local else action_output(step, name, part, self)
            self._depth -= 1
        return self._outputs[key]

    def _followed(self, caller: Node, name: str, place: Place) -> Taint:
        """An output of a local action or reusable workflow that a step or job calls; what it makes of its inputs is what it was given."""
        from agent_security_hooks.parse.actions.callees import output_of

        found = output_of(caller, name, self.workflow.file)
        given = found.path.removeprefix("inputs.")
        if given == found.path or found.level not in (UNKNOWN, INSIDER):
            return found
        value = next((value for key, _, value in inputs.entries() if key.lower() == given), None) if (inputs := own(caller, "with")) is not None else None
        return self._text(value, place) if value is not None else Taint(FIXED, "")

    def called_output(self, name: str) -> Taint:
        """What the action or reusable workflow of this file gives as an output; of `inputs` where that comes from its caller."""
        root = self.workflow.root
        called = own(own(root, "on"), "workflow_call") if self.workflow.kind == "workflow" else root
        declared = own(called, "outputs")
        value = next((own(value, "value") for key, _, value in declared.entries() if key.lower() == name), None) if declared is not None else None
        return self._text(value, Place(None, None, 2)) if value is not None else Taint(UNKNOWN, "")

    def _job_output(self, path: tuple[str, ...], _place: Place, part: tuple[str, ...]) -> Taint:
        if len(path) == 3 and path[2] in _STATES:
            return Taint(FIXED, "")
        job = self.workflow.job(path[1]) if len(path) >= 3 and path[1] not in ("*", "?") else None
        if job is not None and len(path) > 3 and string(job.get("uses")).startswith("./"):
            return self._followed(job.node, path[3], Place(None, job, 2))
        outputs = own(job.node, "outputs") if job is not None else None
        if job is None or outputs is None or len(path) < 4:
            return Taint(UNKNOWN, "")
        value = next((value for key, _, value in outputs.entries() if key.lower() == path[3]), None)
        return self._text(value, Place(None, job, 1), part) if value is not None else Taint(UNKNOWN, "")

    def _matrix(self, path: tuple[str, ...], place: Place, _part: tuple[str, ...]) -> Taint:
        """Literal values are FIXED; a matrix that an expression computes is followed."""
        if place.job is None:
            return Taint(UNKNOWN, "")
        name = path[1] if len(path) > 1 else "*"
        key = (id(place.job), name)
        if key not in self._matrices:
            self._matrices[key] = Taint(FIXED, "")
            self._matrices[key] = self._matrix_value(place.job, name)
        return self._matrices[key]

    def _matrix_value(self, job: Job, name: str) -> Taint:
        matrix = own(own(job.node, "strategy"), "matrix")
        if matrix is None:
            return Taint(FIXED, "")
        place = Place(None, job, 2)
        if matrix.kind == "scalar":
            return self._text(matrix, place)
        found: list[Node] = []
        for key, _, value in matrix.entries():
            lower = key.lower()
            if lower == "include":
                found += [value] if value.kind == "scalar" else [entry for item in value.elements() for entry in _entries(item, name)]
            elif lower != "exclude" and (name in ("*", "?") or lower == name):
                found.append(value)
        scalars = [scalar for value in found for scalar in value.walk() if scalar.kind == "scalar" and "${{" in scalar.value]
        return strongest([self._text(scalar, place) for scalar in scalars]) or Taint(FIXED, "")


_FETCHERS = frozenset(("dawidd6/action-download-artifact", "aochmann/actions-download-artifact", "redhat-plumbers-in-action/download-artifact"))
_FETCH_MARKS = ("gh run download", "downloadArtifact", "/zip")


def _fetches(step: Step, *, waits: bool) -> bool:
    """Whether a step fetches an artifact of another run; `waits`: the workflow starts at the end of one."""
    if step.repository == "actions/download-artifact":
        return waits or step.input("run-id") is not None
    script = string(step.get("run")) or string(step.input("script"))
    return step.repository in _FETCHERS or any(mark in script for mark in _FETCH_MARKS)


def _entries(item: Node, name: str) -> list[Node]:
    if item.kind == "scalar":
        return [item]
    return [value for key, _, value in item.entries() if name in ("*", "?") or key.lower() == name]


def read_flow(file: Source) -> Flow:
    """A view: the taints of the workflow in a file, which must be one."""
    workflow = file.view(read_workflow)
    if workflow is None:
        raise ValueError("no workflow")
    return Flow(workflow)
