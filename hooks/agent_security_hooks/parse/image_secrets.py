"""Secrets in the settings of an image: values in ENV, ARG and LABEL, build arguments that carry one, and those that end up in the environment.

Source: https://docs.docker.com/reference/dockerfile/#arg and https://docs.docker.com/build/building/secrets/ (what is kept in the image and its cache).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.dockerfile import read_dockerfile
from agent_security_hooks.parse.image_names import OTHER, SECRET, is_fingerprint, judge_value, promises_secret
from agent_security_hooks.parse.image_stages import expand, read_stages, resolve, variables_at
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.dockerfile import Argument, Instruction
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.parse.secrets import Credential
    from agent_security_hooks.source import Source

VALUE, BUILD_ARGUMENT, FROM_ARGUMENT = "value", "build argument", "from argument"

_REFERENCE = Pattern(rb"(?P<skip>'[^']*'|\\.)|\$\{?(?P<name>[A-Za-z_]\w{0,200})")
_BACKTICK_REFERENCE = Pattern(rb"(?P<skip>'[^']*'|`.)|\$\{?(?P<name>[A-Za-z_]\w{0,200})")
_USER_LENGTH = 130
_LOCAL = Pattern(
    rb"(?i)@(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|(?:[\w-]{1,60}\.){0,4}(?:example|test|invalid|localhost)(?:\.|[:/\s\"']|\Z))"
)


class ImageSecret(NamedTuple):
    """A secret of an image at bytes `start` to `end`. No value is kept.

    `kind`: VALUE (a literal), BUILD_ARGUMENT (an ARG called like a secret) or FROM_ARGUMENT (ENV or LABEL set from the ARG `source`).
    """

    start: int
    end: int
    kind: str
    keyword: str
    name: str
    """The variable; empty for a credential that stands somewhere else in the instruction."""
    stage: Stage | None
    title: str = ""
    """What a credential of a known format is."""
    source: str = ""
    declared: bool = True
    """Whether there is an ARG `source`; without one, the variable is empty unless the base image sets it."""


class _Scope:
    """Which variables of a stage depend on build arguments."""

    __slots__ = ("arguments", "derived", "fixed")

    def __init__(self, parent: _Scope | None) -> None:
        self.arguments: set[str] = set(parent.arguments if parent else ())
        self.derived: dict[str, str] = dict(parent.derived if parent else {})
        """Variables set from a build argument, with its name."""
        self.fixed: set[str] = set(parent.fixed if parent else ())

    def argument_behind(self, name: str) -> str:
        """The build argument that a variable has its value from, or nothing."""
        if name in self.derived:
            return self.derived[name]
        return name if name in self.arguments and name not in self.fixed else ""


def read_secrets(file: Source) -> tuple[ImageSecret, ...]:
    """A view: the secrets of an image's settings, in order."""
    return tuple(_Reader(file).read())


def credentials_in(file: Source, start: int, end: int) -> Sequence[Credential]:
    """What the secret scan is sure of between two offsets."""
    found = file.view(_credentials)
    first = bisect_left(found, start, key=lambda credential: credential.start)
    last = bisect_left(found, end, key=lambda credential: credential.start)
    return found[first:last]


def _credentials(file: Source) -> list[Credential]:
    """A view: credentials that are worth stopping for, in order, without those in comments."""
    from agent_security_hooks.parse.secrets import find_credentials

    comments = file.view(read_dockerfile).comments
    kept = []
    for credential in file.view(find_credentials):
        at = bisect_left(comments, (credential.start + 1, 0)) - 1
        if not (at >= 0 and credential.start < comments[at][1]) and (_opens_a_service(file, credential) if credential.weak else _is_meant(file, credential)):
            kept.append(credential)
    return kept


def _is_meant(file: Source, credential: Credential) -> bool:
    """Whether a value that was taken for a secret because of its name alone is one by the measure of images."""
    if credential.rule != "assigned-secret":
        return True
    value = file.data[credential.start : credential.end]
    if not credential.name:
        return not is_fingerprint(value)
    return promises_secret(credential.name) and judge_value(credential.name, value) == SECRET


def _opens_a_service(file: Source, credential: Credential) -> bool:
    """Whether a made-up password in an address counts: in an image, a weak password is a password, too, unless it opens what runs beside it."""
    if credential.rule not in ("credential-in-url", "auth-header"):
        return False
    from agent_security_hooks.parse.secrets import judge

    data, start, end = file.data, credential.start, credential.end
    value, user = data[start:end], data[max(0, start - _USER_LENGTH) : start].rpartition(b"//")[2].rstrip(b":")
    if judge.placeholder(value) or value == user or _LOCAL.match(data, end):
        return False
    return judge_value("PASSWORD", value) == SECRET


def names_in_text(data: bytes, escape: str = "\\") -> list[str]:
    """The variables that the builder would replace in a text, in order."""
    pattern = _BACKTICK_REFERENCE if escape == "`" else _REFERENCE
    return [match["name"].decode() for match in pattern.finditer(data) if match["name"]] if b"$" in data else []


class _Reader:
    """One pass over a file."""

    def __init__(self, file: Source) -> None:
        self.file = file
        self.stages = file.view(read_stages)
        self.escape = file.view(read_dockerfile).escape
        self.scopes: dict[int, _Scope] = {}
        self.scope = _Scope(None)
        self.stage: Stage | None = None
        self.used: dict[int, frozenset[str]] = {}

    def read(self) -> Iterator[ImageSecret]:
        coming = iter(self.stages)
        for outer in self.file.view(read_dockerfile).instructions:
            if outer.keyword == "FROM":
                self.stage = next(coming, self.stage)
                parent = self.stage.parent if self.stage else None
                self.scope = _Scope(self.scopes.get(parent.index) if parent else None)
                if self.stage:
                    self.scopes[self.stage.index] = self.scope
                continue
            instruction = outer.inner or outer
            if instruction.keyword == "ARG":
                yield from self.read_arguments(instruction)
            elif instruction.keyword in ("ENV", "LABEL"):
                yield from self.read_pairs(outer, instruction)
            elif instruction.keyword != "RUN":
                yield from self.found(outer.start, outer.end, instruction.keyword, "")

    def found(self, start: int, end: int, keyword: str, name: str) -> Iterator[ImageSecret]:
        """Credentials that tell by themselves what they are."""
        for credential in credentials_in(self.file, start, end):
            yield ImageSecret(credential.start, credential.end, VALUE, keyword, name or credential.name, self.stage, credential.title)

    def read_arguments(self, instruction: Instruction) -> Iterator[ImageSecret]:
        for word in instruction.words:
            name, equals, text = word.text.partition("=")
            name = name.strip("\"'")
            self.scope.arguments.add(name)
            start = min(word.end, word.start + len((name + equals).encode("utf-8", "surrogateescape")))
            value = word._replace(text=text, start=start if equals else word.start)
            credentials = list(self.found(word.start, word.end, "ARG", name))
            if credentials:
                yield from credentials
            elif promises_secret(name):
                yield from self.judge_argument(name, value, has_default=bool(equals))

    def judge_argument(self, name: str, value: Argument, *, has_default: bool) -> Iterator[ImageSecret]:
        literal, verdict = expand(value.text, {}, self.escape) if "$" not in value.text else "", SECRET
        if has_default and "$" not in value.text:
            if not literal and name not in self.names_used():
                return  # empty, and nothing asks for it
            if literal:
                verdict = judge_value(name, literal.encode("utf-8", "surrogateescape"))
        if verdict == OTHER:
            return
        kind = VALUE if literal and verdict == SECRET else BUILD_ARGUMENT
        yield ImageSecret(value.start, value.end, kind, "ARG", name, self.stage)

    def names_used(self) -> frozenset[str]:
        """The variables that RUN and ENV of the stage use."""
        if self.stage is None:
            return frozenset()
        if self.stage.index not in self.used:
            data = [made.body.data for made in self.stage.instructions if made.keyword in ("RUN", "ENV")]
            data += [heredoc.content.data for made in self.stage.instructions if made.keyword == "RUN" for heredoc in made.heredocs]
            self.used[self.stage.index] = frozenset(match["name"].decode() for match in _ANY_REFERENCE.finditer(b"\n".join(data)))
        return self.used[self.stage.index]

    def read_pairs(self, outer: Instruction, instruction: Instruction) -> Iterator[ImageSecret]:
        changes: list[tuple[str, str]] = []
        for word, value in zip(instruction.words[::2], instruction.words[1::2]):
            name = word.text.strip("\"'")
            behind = next(filter(None, map(self.scope.argument_behind, names_in_text(value.text.encode("utf-8", "surrogateescape"), self.escape))), "")
            changes.append((name, behind))
            credentials = list(self.found(value.start, value.end, instruction.keyword, name))
            if credentials:
                yield from credentials
            elif behind:
                if promises_secret(name.rpartition(".")[2]) or promises_secret(behind):
                    yield ImageSecret(value.start, value.end, FROM_ARGUMENT, instruction.keyword, name, self.stage, "", behind)
            elif self.is_literal_secret(outer, instruction.keyword, name, value):
                yield ImageSecret(value.start, value.end, VALUE, instruction.keyword, name, self.stage)
            elif instruction.keyword == "ENV" and promises_secret(name) and (match := _WHOLE.match(value.text.encode("utf-8", "surrogateescape"))):
                source = (match["name"] or match["braced"]).decode()
                if source not in self.scope.fixed:
                    yield ImageSecret(value.start, value.end, FROM_ARGUMENT, instruction.keyword, name, self.stage, "", source, declared=False)
        if instruction.keyword == "ENV":
            for name, behind in changes:
                self.scope.derived.pop(name, None)
                if behind:
                    self.scope.derived[name] = behind
                else:
                    self.scope.fixed.add(name)

    def is_literal_secret(self, outer: Instruction, keyword: str, name: str, value: Argument) -> bool:
        plain = name.rpartition(".")[2] if keyword == "LABEL" else name
        if not promises_secret(plain):
            return False
        data = self.literal(outer, value).encode("utf-8", "surrogateescape")
        if judge_value(plain, data) != SECRET:
            return False
        if keyword == "LABEL":
            from agent_security_hooks.parse.secrets import judge, names

            return judge.generated(data, names.STRONG, strict=True)
        return True

    def literal(self, outer: Instruction, value: Argument) -> str:
        """What a value says without anything from outside: the default of a variable, or all of it but for variables that nobody sets."""
        if "$" not in value.text or self.stage is None:
            return expand(value.text, {}, self.escape)
        variables = variables_at(self.stage, outer)
        known = resolve(value.text, variables, self.escape)
        if known is None:
            known = expand(value.text, variables, self.escape)
            data = known.encode("utf-8", "surrogateescape")
            from agent_security_hooks.parse.secrets import judge, names

            if not _WITH_DEFAULT.match(value.text.encode("utf-8", "surrogateescape")) and not (
                len(data) > 11 and judge.generated(data, names.STRONG, strict=True)
            ):
                return ""
        return known


_WHOLE = Pattern(rb"\"?\$(?:(?P<name>[A-Za-z_]\w{0,200})|\{(?P<braced>[A-Za-z_]\w{0,200})\})\"?\Z")
_WITH_DEFAULT = Pattern(rb"\"?\$\{[A-Za-z_]\w{0,200}:?-[^${}]{1,300}\}\"?\Z")
_ANY_REFERENCE = Pattern(rb"\$\{?(?P<name>[A-Za-z_]\w{0,200})")
