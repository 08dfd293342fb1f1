"""Passwords and tokens that a workflow or a pipeline writes down as a variable, an input or the login of a registry.

Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (env, with, secrets, container and service credentials)
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.actions.workflow import own, read_workflow
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.workflow import Step, Workflow
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.secrets import Credential
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source

# Where a value stands: a variable, a variable of a container that lives for one job, an input of an action, the password of a registry, a default.
ENV, SERVICE, INPUT, CREDENTIAL, DEFAULT = "env", "service", "input", "credential", "default"
SETTINGS = 20_000
"""Values of one file that are looked at."""


class PlainSecret(NamedTuple):
    """A secret that is written down at bytes `start` to `end`. The value is not kept."""

    start: int
    end: int
    name: str
    place: str
    title: str
    """What a credential of a known format is, "" for one that only its name and looks give away."""
    masked: str
    revoke: str
    weak: bool
    """Whether it opens nothing, or nothing that outlives the job."""
    kind: str


class _Value(NamedTuple):
    name: str
    node: Node
    kind: str
    owner: str | Step

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        if isinstance(self.owner, str):
            return self.owner
        label = self.owner.label
        return label if label.startswith("step ") else f"step {label}"

    @property
    def action(self) -> str:
        """The action whose input it is, without its path."""
        return self.owner.repository if self.kind == INPUT and not isinstance(self.owner, str) else ""


_LOGINS = frozenset(("docker/login-action", "azure/docker-login", "redhat-actions/podman-login", "pypa/gh-action-pypi-publish", "azure/login"))
# Actions that start a service, or make a keychain, which is gone with the job.
_LOCAL_ACTION = Pattern(r"postgres|mysql|maria|mongo|redis|mssql|sql-?server|database|rabbit|elastic|opensearch|minio|neo4j|keychain|codesign|keycloak|kind|k3")
_LOCAL_NAME = Pattern(
    rb"(?i)(?:^|_)(?:postgres(?:ql)?|pg|mysql|mariadb|mongo(?:db)?(?:_initdb)?|redis|valkey|db|database|sa|mssql|sql|oracle|rabbitmq|amqp|elastic(?:search)?|opensearch|"
    rb"clickhouse|minio|neo4j|couchdb|cassandra|keycloak|ldap|influxdb|timescale|test|tests|ci|e2e|local|dev|keychain|keystore)(?:_|\d|$)|^PGPASSWORD$"
)
_SWITCHES = (b"true", b"false", b"yes", b"no", b"none", b"read", b"write")
_NO_VALUE = Pattern(rb"(?i)\A(?:<[^<>]*>|\W*|[x*.]+|(?:your|change|example|placeholder|dummy|insert|replace|todo)\b.*|(?:true|false|null|none|yes|no))\Z")


def plain_secrets(file: Source) -> tuple[PlainSecret, ...]:
    """A view: the secrets that are written down in the settings of a workflow, a composite action or a pipeline, in no certain order."""
    return tuple(_Reader(file).read())


class _Reader:
    """One pass over a file."""

    def __init__(self, file: Source) -> None:
        self.file = file
        self.seen: set[int] = set()
        self.service_values: set[str] = set()

    def read(self) -> Iterator[PlainSecret]:
        values = []
        for value in self.values():
            node = value.node
            if node.kind != "scalar" or not node.value or _is_reference(node.value) or id(node) in self.seen or node.is_null:
                continue
            self.seen.add(id(value.node))
            values.append(value)
            if value.kind == SERVICE:
                self.service_values.add(value.node.value)
            if len(values) >= SETTINGS:
                break
        for value in values:
            yield from self.judge(value)

    def values(self) -> Iterator[_Value]:
        workflow = self.file.view(read_workflow)
        if workflow is not None:
            yield from self.of_workflow(workflow)
            return
        from agent_security_hooks.parse.ci_config import read_pipeline

        pipeline = self.file.view(read_pipeline)
        for setting in pipeline.settings if pipeline is not None else ():
            kind = CREDENTIAL if setting.credential else SERVICE if setting.place.startswith(("a service of", "a container of")) else ENV
            yield _Value(setting.name, setting.node, kind, setting.place)

    def of_workflow(self, workflow: Workflow) -> Iterator[_Value]:
        root = workflow.root
        yield from self.map(own(root, "env"), ENV, "the workflow")
        for trigger in ("workflow_dispatch", "workflow_call"):
            found = workflow.triggers.get(trigger)
            yield from self.defaults(own(found.options, "inputs") if found else None)
        if workflow.kind == "action":
            yield from self.defaults(own(root, "inputs"))
        for job in workflow.jobs:
            place = f"job {job.name}"
            yield from self.map(job.get("env"), ENV, place)
            yield from self.map(job.get("with"), INPUT, place)
            yield from self.map(job.get("secrets"), INPUT, place)
            containers = [(job.get("container"), f"the container of {place}")]
            containers += [(node, f"service {name} of {place}") for name, node in self.entries(job.get("services"))]
            for container, owner in containers:
                yield from self.map(own(container, "env"), SERVICE, owner)
                password = own(own(container, "credentials"), "password")
                if password is not None:
                    yield _Value("password", password, CREDENTIAL, owner)
        for step in workflow.steps:
            env, inputs = step.get("env"), step.get("with")
            if env is None and inputs is None:
                continue
            yield from self.map(env, ENV, step)
            yield from self.map(inputs, INPUT, step)

    def entries(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        """The entries of a map; nothing for one that was looked at before by way of an alias."""
        if node is not None and node.kind == "map" and id(node) not in self.seen:
            self.seen.add(id(node))
            for name, _, value in node.entries():
                yield name, value

    def map(self, node: Node | None, kind: str, owner: str | Step) -> Iterator[_Value]:
        if node is None or node.kind != "map" or id(node) in self.seen:
            return
        self.seen.add(id(node))
        for name, _, value in node.entries():
            yield _Value(name, value, kind, owner)

    def defaults(self, inputs: Node | None) -> Iterator[_Value]:
        for name, node in self.entries(inputs):
            default = own(node, "default")
            if default is not None:
                yield _Value(name, default, DEFAULT, "the inputs")

    def judge(self, value: _Value) -> Iterator[PlainSecret]:
        from agent_security_hooks.parse.secrets import MAY_HAVE_A_SHAPE, find_by_shape, names

        data = value.node.value.encode("utf-8", "surrogateescape")
        level = names.strength(value.name.encode("utf-8", "surrogateescape"))
        named = value.kind == CREDENTIAL or level != names.NONE and data.lower() not in _SWITCHES
        lower = data.lower()
        # The whole file is searched only where a value promises something.
        if named and b"${{" not in data or MAY_HAVE_A_SHAPE.search(lower) and find_by_shape(data, lower):
            found = [*self.known(value)]
            if found:
                yield from found
                return
        if named:
            yield from self.by_name(value, level)

    def known(self, value: _Value) -> Iterator[PlainSecret]:
        """What the scan for secrets finds in the value."""
        from agent_security_hooks.parse.secrets import find_credentials

        found = self.file.view(find_credentials)
        first = bisect_left(found, value.node.start, key=_start)
        for credential in found[first : bisect_left(found, value.node.end, key=_start)]:
            guessed = credential.rule in ("assigned-secret", "encoded-secret", "credential-in-url")
            weak = value.kind != CREDENTIAL and (credential.weak or guessed and self.is_local(value))
            yield PlainSecret(
                credential.start, credential.end, value.name, value.place, credential.title, credential.masked, credential.revoke, weak, value.kind
            )

    def by_name(self, value: _Value, level: int) -> Iterator[PlainSecret]:
        """What the name of a setting and the looks of its value give away."""
        for text in _literals(value.node, self.file.data):
            weak = self.is_weak(value, level, text.data, computed=b"${{" in value.node.value.encode("utf-8", "surrogateescape"))
            if weak is not None:
                yield PlainSecret(*text.span(0, len(text.data)), value.name, value.place, "", "", "", weak, value.kind)

    def is_weak(self, value: _Value, level: int, text: bytes, *, computed: bool) -> bool | None:
        """Whether a literal is a secret that opens nothing, True, or one that counts, False; None for no secret. `computed`: an expression gives it."""
        from agent_security_hooks.parse.image_names import SECRET, judge_value, promises_secret
        from agent_security_hooks.parse.secrets import judge, names

        if value.kind == CREDENTIAL or value.action in _LOGINS and value.name.lower() == "password":
            return None if _NO_VALUE.match(text) or judge.template(text) else False
        name = value.name.replace("-", "_")
        if level != names.STRONG or not promises_secret(name) or judge_value(name, text) != SECRET:
            return None
        made = judge.generated(text, names.STRONG, strict=True)
        if self.is_local(value) and not (made and value.kind != SERVICE and not judge.placeholder(text)):
            return True if made and value.kind != SERVICE else None
        if value.kind in (INPUT, DEFAULT):
            return not (made or judge.human_password(text)) or judge.placeholder(text)
        if computed and made and not judge.placeholder(text):
            return False  # the scan for secrets does not read expressions
        # A variable that the scan for secrets did not take for one: a password that anyone could guess.
        return True if names.is_password(name.encode("utf-8", "surrogateescape")) else None

    def is_local(self, value: _Value) -> bool:
        """Whether a value opens only what lives as long as the job: a database beside it, a keychain on the runner."""
        if value.kind == SERVICE or value.node.value in self.service_values:
            return True
        if value.kind == INPUT:
            return _LOCAL_ACTION.search(value.action) is not None
        return _LOCAL_NAME.search(value.name.encode("utf-8", "surrogateescape")) is not None


def _is_reference(text: str) -> bool:
    """One expression without a string: most values of secrets."""
    return text.startswith("${{") and "'" not in text and text.find("}}") >= len(text.rstrip()) - 2


def _start(credential: Credential) -> int:
    return credential.start


def _literals(node: Node, data: bytes) -> Iterator[MappedText]:
    """The text of a value, or the strings that an expression gives: those of `${{ 'x' }}` and `${{ secrets.X || 'x' }}`."""
    text = node.text(data)
    if b"${{" not in text.data:
        yield text
        return
    from agent_security_hooks.parse.actions.expressions import find_expressions

    found = find_expressions(text)
    if len(found) != 1 or text.data.strip() != text.data[found[0].start : found[0].end]:
        return
    for literal in _strings(found[0].tree):
        quoted = b"'" + literal.replace("'", "''").encode("utf-8", "surrogateescape") + b"'"
        at = text.data.find(quoted, found[0].start)
        if literal and at >= 0:
            yield text.slice(at + 1, at + len(quoted) - 1)


def _strings(tree: Tree | None) -> Iterator[str]:
    """The strings that can be the result of an expression."""
    from agent_security_hooks.parse.actions.expressions import Literal, Operation

    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Literal) and isinstance(found.value, str):
            yield found.value
        elif isinstance(found, Operation) and found.operator in ("&&", "||"):
            waiting += found.operands[-1:] if found.operator == "&&" else found.operands
