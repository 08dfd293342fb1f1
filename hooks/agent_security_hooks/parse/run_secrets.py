"""Secrets that a RUN step leaves in its layer or in the history of the image.

Source: https://docs.docker.com/build/building/secrets/ and, for the files that logins are kept in, the manuals of npm, git, docker and pip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.image_names import promises_secret
from agent_security_hooks.parse.image_secrets import credentials_in
from agent_security_hooks.parse.image_stages import mount_fields, variables_at
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.dockerfile import Instruction
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

CREDENTIAL, IN_URL, LOGIN, TOKEN_FILE, COPIED = "credential", "in url", "login", "token file", "copied"

# The part of an address before @ with a variable in it, and parameters that carry a secret.
_USER_PART = Pattern(rb"[A-Za-z][A-Za-z0-9+.-]{1,20}://(?P<user>[^\s/@\"'`?#]{1,300})@")
_PARAMETER = Pattern(rb"[?&](?:[a-z]{1,20}[_-])?(?:token|key|apikey|secret|password|auth)=[\"']?(?P<user>\$\{?[A-Za-z_]\w{0,200}\}?)", 2)  # re.IGNORECASE
_VARIABLE = Pattern(rb"\$\{?(?P<name>[A-Za-z_]\w{0,200})(?:\}|(?P<operator>[:#%/+?-][^}]{0,200}\}?))?")
_ASSIGNMENT = Pattern(rb"(?:^|[ \t;&|(\n])([A-Za-z_]\w{0,200})=")
_USER_NAME = Pattern(rb"(?i)user|login|name|owner|account|host|org|author|email|prefix")
_TOKEN_NAME = Pattern(rb"(?:_authToken|_auth|_password|npmAuthToken|npmAuthIdent)[\"']?(?:[=:]|[ \t])[ \t]{0,9}[\"']?(?P<value>[^\s\"']{0,300})")
_TOKEN_FILES = (".npmrc", ".yarnrc", "npmrc")
_MARKS = (b"authToken", b"_auth", b"npmAuth", b"login", b"/run/secrets", b"_password")
_LOGIN_PROGRAMS = frozenset(("docker", "podman", "buildah", "nerdctl", "helm", "oras", "crane", "skopeo", "img", "regctl", "az", "oc", "cosign"))
_PRINTERS = frozenset("cat echo printf base64 tr head tail sed awk jq tee envsubst xxd cut grep openssl".split())
_COPIERS = frozenset("cp mv install rsync dd".split())
_PATTERNS = 50
_MEMORY = ("/dev/", "/run/", "/proc/", "/var/run/")


class RunSecret(NamedTuple):
    """A secret at bytes `start` to `end` that a RUN keeps. `name` is the variable or file, `title` what a credential is, `target` where it ends up."""

    start: int
    end: int
    kind: str
    name: str
    stage: Stage
    title: str = ""
    target: str = ""
    removed: bool = False
    """The file is deleted in the same step, so that only the history keeps the secret."""


class _Run:
    """What the mounts of a RUN give to its commands."""

    __slots__ = ("paths", "temporary", "variables")

    def __init__(self, instruction: Instruction) -> None:
        self.paths = ["/run/secrets/"]
        """Where secrets are mounted."""
        self.temporary: list[str] = []
        """Directories that are gone after the step."""
        self.variables: set[str] = set()
        """Variables that a mount sets."""
        for mount in instruction.flag_values("mount"):
            fields = {name: value.text for name, value in mount_fields(mount).items()}
            target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
            kind = fields.get("type", "bind")
            if kind == "secret":
                self.variables.add(fields.get("env", ""))
                self.paths += [target] if target.startswith("/") else []
            elif target:
                self.temporary.append(target.rstrip("/") + "/")

    def is_secret(self, path: str) -> bool:
        return path.startswith(self.paths[0]) or path in self.paths

    def mentions(self, text: str) -> bool:
        """Whether a text names a mounted secret."""
        return any(path in text for path in self.paths)

    def stays(self, target: str) -> bool:
        """Whether what is written there is in the layer afterwards."""
        return not target.startswith((*_MEMORY, *self.temporary)) and target not in self.paths


def secrets_of_runs(file: Source, stages: Sequence[Stage]) -> Iterator[RunSecret]:
    """Those of all RUN steps, in order."""
    for stage in stages:
        for outer in stage.instructions:
            instruction = outer.inner or outer
            if instruction.keyword == "RUN":
                yield from _secrets_of(file, stage, outer, instruction)


def _secrets_of(file: Source, stage: Stage, outer: Instruction, instruction: Instruction) -> Iterator[RunSecret]:
    found = [
        RunSecret(credential.start, credential.end, CREDENTIAL, credential.name, stage, credential.title)
        for credential in credentials_in(file, outer.start, outer.end)
    ]
    run = _Run(instruction)
    texts = [instruction.body, *(heredoc.content for heredoc in instruction.heredocs)]
    for text in texts:
        found += _in_addresses(stage, outer, run, text)
    marks = (*_MARKS, *(path.encode("utf-8", "surrogateescape") for path in run.paths[1:]))
    if any(mark in text.data for text in texts for mark in marks):
        found += _in_commands(file, stage, outer, run)
    last = -1
    for secret in sorted(found):
        if secret.start >= last:  # the command around what was reported is not reported again
            yield secret
            last = secret.end


def _in_addresses(stage: Stage, outer: Instruction, run: _Run, text: MappedText) -> Iterator[RunSecret]:
    if b"://" not in text.data or b"$" not in text.data:
        return
    known, assigned = variables_at(stage, outer), None
    for pattern, sign in ((_USER_PART, b"@"), (_PARAMETER, b"?")):
        for match in pattern.finditer(text.data) if sign in text.data else ():
            assigned = _first_assignments(text.data) if assigned is None else assigned
            for name in _secret_variables(match["user"]):
                if name in known and name not in run.variables and assigned.get(name, match.start()) >= match.start():
                    yield RunSecret(*text.span(*match.span()), IN_URL, name, stage)
                    break


def _secret_variables(user: bytes) -> Iterator[str]:
    """The variables of `user:password` that hold the password, or a token; one that stands alone is a token unless it is called like a user."""
    variables = [(match.span(), match["name"].decode()) for match in _VARIABLE.finditer(user)]
    user = user.removesuffix(b":x-oauth-basic").removesuffix(b":")
    colon = user.find(b":")
    while any(start <= colon < end for (start, end), _ in variables):
        colon = user.find(b":", colon + 1)
    for (start, _), name in variables:
        if start > colon >= 0 or promises_secret(name) or colon < 0 and len(variables) == 1 and not _USER_NAME.search(name.encode()):
            yield name


def _first_assignments(data: bytes) -> dict[str, int]:
    """Where the script itself first gives each variable a value, so that from there on it is not the build argument's."""
    found: dict[str, int] = {}
    for match in _ASSIGNMENT.finditer(data):
        found.setdefault(match[1].decode(), match.start())
    return found


def _in_commands(file: Source, stage: Stage, outer: Instruction, run: _Run) -> Iterator[RunSecret]:
    from agent_security_hooks.parse.image_commands import calls_between

    calls = list(calls_between(file, outer.start, outer.end))
    removed = _Removed(calls)
    known = variables_at(stage, outer)
    for call in calls:
        if call.name in _LOGIN_PROGRAMS:
            if _gives_password(call):
                yield RunSecret(call.start, call.end, LOGIN, call.name, stage)
            continue
        target = _copied_to(call, run)
        if target is not None:
            if run.stays(target) and not removed.holds(target, call.start):
                yield RunSecret(call.start, call.end, COPIED, "", stage, "", target)
            continue
        token = _token_written(call)
        if token is not None:
            target, variables = token
            arguments = [name for name in variables if name in known and name not in run.variables]
            gone = not run.stays(target) or removed.holds(target, call.start)
            if arguments or not gone:
                yield RunSecret(call.start, call.end, TOKEN_FILE, arguments[0] if arguments else "", stage, "", target, gone)


def _gives_password(call: Call) -> bool:
    """Whether a login has its password among its arguments."""
    texts = call.texts
    if "login" not in texts[:3]:
        return False
    return any(text.startswith(("-p", "--password")) and not text.startswith(("--password-stdin", "--password-file", "-p=")) for text in texts)


class _Removed:
    """What a step deletes, and where it does so last."""

    __slots__ = ("names", "paths", "patterns")

    def __init__(self, calls: Sequence[Call]) -> None:
        self.names: dict[str, int] = {}
        self.paths: dict[str, int] = {}
        self.patterns: list[tuple[str, int]] = []
        for call in calls:
            if call.name in ("rm", "shred", "unlink"):
                for text in call.texts:
                    if not text.startswith("-"):
                        self.add(text.rstrip("/"), call.start)
            elif call.name in ("npm", "pnpm", "yarn") and _forgets_login(call.texts):
                self.add(".npmrc", call.start)

    def add(self, path: str, place: int) -> None:
        name = path.rsplit("/", 1)[-1]
        if any(char in name for char in "*?["):
            if len(self.patterns) < _PATTERNS:
                self.patterns.append((name, place))
        else:
            self.names[name] = self.paths[path] = place

    def holds(self, target: str, after: int) -> bool:
        """Whether a file, or a directory that it is in, is deleted after a place."""
        from fnmatch import fnmatchcase

        path = target.rstrip("/")
        name = path.rsplit("/", 1)[-1]
        if self.names.get(name, -1) > after or any(place > after and fnmatchcase(name, pattern) for pattern, place in self.patterns):
            return True
        for _ in range(_PATTERNS):
            path = path.rpartition("/")[0]
            if not path:
                break
            if self.paths.get(path, -1) > after:
                return True
        return False


def _forgets_login(texts: Sequence[str]) -> bool:
    return "logout" in texts[:1] or "config" in texts[:1] and not {"delete", "rm", "unset"}.isdisjoint(texts[:2])


def _written_to(call: Call) -> str | None:
    """The file that a command's output goes to."""
    for redirection in call.redirections:
        if redirection.operator in (">", ">>", "&>", ">|", "&>>") and redirection.descriptor in ("", "1") and redirection.target is not None:
            return redirection.target.text
    if call.name == "tee":
        return next((text for text in call.texts if not text.startswith("-")), None)
    return None


def _copied_to(call: Call, run: _Run) -> str | None:
    """The file that a command writes a mounted secret to."""
    texts = call.texts
    if call.name in _COPIERS:
        if call.name == "dd":
            source = any(text.startswith("if=") and run.is_secret(text[3:]) for text in texts)
            return next((text[3:] for text in texts if source and text.startswith("of=")), None)
        plain = [text for text in texts if not text.startswith("-")]
        return plain[-1] if len(plain) > 1 and any(map(run.is_secret, plain[:-1])) else None
    target = _written_to(call)
    if target is None or call.name not in _PRINTERS:
        return None
    at: Call | None = call
    while at is not None and at.name in _PRINTERS:
        read = [redirection.target.text for redirection in at.redirections if redirection.operator == "<" and redirection.target is not None]
        bodies = [redirection.heredoc.text for redirection in at.redirections if redirection.heredoc is not None]
        if any(map(run.mentions, (*at.texts, *read, *bodies))):
            return target
        at = at.before
    return None


def _token_written(call: Call) -> tuple[str, list[str]] | None:
    """The file that a command writes a registry token to, and the variables that it is made of."""
    texts = call.texts
    if call.name in ("npm", "pnpm", "yarn") and {"set"} & {*texts[:2]}:
        joined = " ".join(texts)
        match = _TOKEN_NAME.search(joined.encode("utf-8", "surrogateescape"))
        return ("~/.npmrc", _names(match["value"])) if match and _is_value(match["value"]) else None
    target = _written_to(call)
    if target is None or not target.endswith(_TOKEN_FILES) or call.name not in _PRINTERS:
        return None
    at: Call | None = call
    while at is not None:
        words = [*at.words, *(redirection.heredoc for redirection in at.redirections if redirection.heredoc is not None)]
        for word in words:
            match = _TOKEN_NAME.search(word.text.encode("utf-8", "surrogateescape"))
            if match is None or not _is_value(match["value"]):
                continue
            if b"%s" in match["value"]:
                return target, [name for other in at.words for name in _names(other.text.encode("utf-8", "surrogateescape"))]
            if not word.is_literal:
                return target, _names(match["value"])
        at = at.before
    return None


def _is_value(value: bytes) -> bool:
    return value not in (b"", b'""', b"''")


def _names(value: bytes) -> list[str]:
    return [match["name"].decode() for match in _VARIABLE.finditer(value)]
