"""Where the token comes from that something is published with: options, variables, files that are written, logins, or the job's identity.

Sources: https://docs.github.com/en/actions/reference/security/oidc, https://docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow,
https://twine.readthedocs.io/, https://python-poetry.org/docs/repositories/#configuring-credentials
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.data.publishers import MINTERS, VAULTS
from agent_security_hooks.parse.actions.publishing import NO_CREDENTIAL, UNKNOWN_CREDENTIAL, Credential
from agent_security_hooks.parse.actions.publishing.hosts import has_identity
from agent_security_hooks.parse.actions.scripts import calls_in_fragment, scripts_of
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent_security_hooks.parse.actions.publishing.pipeline_jobs import PipelineJob
    from agent_security_hooks.parse.actions.workflow import Job, Step
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

LITERAL = "a literal in this file"
_DEPTH = 5
_TEXT = 4_000
_BEFORE = 500
_STEPS = 100
_MENTION = Pattern(
    r"(?i)\bsecrets\s{0,5}\.\s{0,5}(?P<secret>\w{1,200})|\bsecrets\s{0,5}\[\s{0,5}['\"](?P<keyed>\w{1,200})|\bsecrets\s{0,5}\[(?P<computed>)|\bgithub\.token\b(?P<github>)"
    r"|\bsteps\.(?P<step>[\w-]{1,200})\.outputs\b|\benv\.(?P<env>\w{1,200})|\b(?P<input>inputs)\.(?P<named>[\w-]{1,200})|\b(?P<other>needs|vars|matrix|jobs)\."
)
_VARIABLE = Pattern(r"\$(?:\{(?:[eE][nN][vV]:)?(?P<braced>[A-Za-z_]\w{0,100})|(?:[eE][nN][vV]:)?(?P<plain>[A-Za-z_]\w{0,100}))|%(?P<cmd>[A-Za-z_]\w{0,100})%")
_OWN_TOKENS = frozenset(("github_token", "ci_job_token", "ci_registry_password", "ci_deploy_password"))


LANGUAGES = frozenset(("sh", "bash", "zsh", "powershell", "cmd"))
_CALLS = 5_000
_SHELL_INPUTS = frozenset("run script command inlinescript runcmd install prepare setup pre-emulator-launch-script".split())
_PREPARES = ("github_env", "npmrc", "yarnrc", "bunfig", "pypirc", "auth.toml", "credentials", "config", "login", "codeartifact")
_PREPARERS = frozenset("aws npm yarn pnpm poetry pdm rye cargo tee mcp-publisher python python3 uv uvx pipx npx corepack bundle".split())


def script_of(step: Step) -> str:
    """The text that a step hands to a shell."""
    run = step.get("run")
    if run is not None:
        return string(run)
    return "\n".join([string(value) for name, _, value in step.inputs() if name in _SHELL_INPUTS]) if step.get("with") is not None else ""


def calls_of_text(step: Step, words: Sequence[str] = ()) -> Sequence[Call]:
    """The programs of a step whose script holds one of these words (in lower case); also of PowerShell and cmd, whose plain commands read alike."""
    text = script_of(step)
    if not text:
        return ()
    if words:
        lower = text.lower()
        if not any(word in lower for word in words):
            return ()
    file = step.workflow.file
    return [call for fragment in scripts_of(step) if fragment.language in LANGUAGES for call in script_calls(file, fragment)][:_CALLS]


def script_calls(file: Source, fragment: Fragment) -> Sequence[Call]:
    """The programs that a piece of shell starts, of whatever shell."""
    if fragment.language in ("powershell", "cmd"):
        from agent_security_hooks.parse.actions.publishing.windows import readable

        fragment = fragment._replace(text=readable(fragment.text, fragment.language))
    return calls_in_fragment(file, fragment)


def _preparations(file: Source) -> dict[int, Sequence[Call]]:
    """A view, filled as it is asked for."""
    return {}


def _preparing(step: Step) -> Sequence[Call]:
    """The calls of a step that write or configure something."""
    return [call for call in calls_of_text(step, _PREPARES) if call.redirections or call.name in _PREPARERS or call.assignments][-_STEPS:]


class Scope:
    """What a script sees when a command of it runs: the calls before it, the variables of its step, and what earlier steps wrote."""

    __slots__ = ("_calls", "_end", "_written", "alone", "file", "pipeline", "step")

    def __init__(
        self, file: Source, step: Step | None, calls: Sequence[Call], end: int = 0, *, pipeline: PipelineJob | None = None, alone: bool = False
    ) -> None:
        self.file = file
        self.step = step
        self._calls = calls
        self._end = end
        self.alone = alone
        """What earlier steps did is left out."""
        self.pipeline = pipeline
        """The job of a pipeline that has no steps."""
        self._written: dict[str, tuple[str, int, int]] | None = None

    @property
    def job(self) -> Job | None:
        """The job of the step."""
        return self.step.job if self.step is not None else None

    @property
    def calls(self) -> Sequence[Call]:
        """The calls of the same script that come before, at most the last 500."""
        return self._calls[max(0, self._end - _BEFORE) : self._end]

    def at(self, step: Step, calls: Sequence[Call]) -> Scope:
        """The end of a step before."""
        return Scope(self.file, step, calls, len(calls), alone=True)

    @property
    def has_identity(self) -> bool:
        """Whether the job can ask for a token with its identity."""
        if self.pipeline is not None:
            return bool(self.pipeline.identities) or self.variable("NPM_ID_TOKEN") is not None
        return has_identity(self.job)

    @property
    def earlier(self) -> list[tuple[Step, Sequence[Call]]]:
        """The steps before, at most the last 100, with those of their calls that may prepare something."""
        step = self.step
        if step is None or self.alone:
            return []
        steps = step.job.steps if step.job is not None else step.workflow.steps
        known = self.file.view(_preparations)
        found = []
        for other in steps[max(0, step.number - _STEPS) : step.number]:
            key = id(other.node)
            if key not in known:
                known[key] = _preparing(other)
            found.append((other, known[key]))
        return found

    def raw(self, call: Call, start: int, end: int) -> tuple[str, int, int]:
        """A piece of a script as the file has it, expressions included, and where it stands."""
        first, last = call.source.span(start, end)
        return self.file.data[first : min(last, first + _TEXT)].decode("utf-8", "replace"), first, last

    def variable(self, name: str) -> tuple[str, int, int] | None:
        """What a variable is set to: by the script, by the step, by a step before it."""
        if self._written is None:
            self._written = self._assignments()
        if name in self._written:
            return self._written[name]
        node = self.step.variable(name) if self.step is not None else self.pipeline.variable(name) if self.pipeline is not None else None
        if node is not None:
            return string(node)[:_TEXT], node.start, node.end
        return None

    def _assignments(self) -> dict[str, tuple[str, int, int]]:
        found: dict[str, tuple[str, int, int]] = {}
        for _, calls in self.earlier:
            for call in calls:
                if call.name in ("echo", "printf") and any(item.target is not None and "GITHUB_ENV" in item.target.text for item in call.redirections):
                    for word in call.words:
                        text, start, end = self.raw(call, word.start, word.end)
                        name, equals, value = text.strip("\"'").partition("=")
                        if equals and name.isidentifier():
                            found[name] = (value, start, end)
        for call in self.calls:
            for variable, assigned in call.assignments:
                if assigned is not None:
                    found[variable] = self.raw(call, assigned.start, assigned.end)
            windows = self._set_on_windows(call)
            if windows is not None:
                found[windows[0]] = windows[1]
        return found

    def _set_on_windows(self, call: Call) -> tuple[str, tuple[str, int, int]] | None:
        """`$env:NAME = 'value'` of PowerShell, `set NAME=value` of cmd."""
        program = call.program
        if program is not None and not call.name and program.text[:5].lower() == "$env:":
            name, equals, _ = program.text[5:].partition("=")
            words = call.words[1:2] if not equals and call.texts[:1] == ["="] else call.words[:1] if not equals and call.texts[:1] else ()
            if equals:
                text, start, end = self.raw(call, program.start, program.end)
                return name, (text.partition("=")[2], start, end)
            if words and name.isidentifier():
                return name, self.raw(call, words[0].start, words[0].end)
        if call.name == "set" and len(call.words) == 1:
            text, start, end = self.raw(call, call.words[0].start, call.words[0].end)
            name, equals, value = text.strip('"').partition("=")
            if equals and name.isidentifier():
                return name, (value, start, end)
        return None

    def named(self, wanted: Iterable[str]) -> list[str]:
        """The variables among these that are set."""
        return [name for name in wanted if self.variable(name) is not None]

    def names(self) -> list[str]:
        """The names of all variables that the step or the script sets."""
        if self._written is None:
            self._written = self._assignments()
        found = list(self._written)
        for layer in self.step.environments() if self.step is not None else ():
            found += [name for name, _, _ in layer.entries()]
        return found[:1000]

    def credential(self, text: str, start: int, end: int, depth: int = 0) -> Credential:
        """What a value is that is used as a password."""
        if not text.strip("\"' \n"):
            return NO_CREDENTIAL
        found = self._mentioned(text, start, end, depth)
        if found is None:
            found = self._expanded(text, start, end, depth)
        if found is not None:
            return found
        if "${{" in text or "$(" in text or "`" in text:
            return Credential("oidc", "", start, end) if self.has_identity and "$(" in text else Credential("unknown", "", start, end)
        if text.startswith(("$", "~", "/", "./")) or len(text.strip("\"'")) < 6:
            return Credential("unknown", "", start, end)
        return Credential("token", LITERAL, start, end)

    def _mentioned(self, text: str, start: int, end: int, depth: int) -> Credential | None:
        """By the expressions in a value; the first stored secret decides."""
        if "${{" not in text:
            return None
        weaker: Credential | None = None
        for match in _MENTION.finditer(text):
            name = match["secret"] or match["keyed"]
            if name or match["computed"] is not None:
                if (name or "").lower() not in _OWN_TOKENS:
                    return Credential("token", f"secrets.{name}" if name else "a secret", start, end)
                weaker = Credential("github", f"secrets.{name}", start, end)
            elif match["github"] is not None:
                weaker = weaker or Credential("github", "github.token", start, end)
            elif match["step"]:
                found = self._output(match["step"], start, end)
                if found.kind == "token":
                    return found
                weaker = weaker or found
            elif match["env"] and depth < _DEPTH:
                value = self.variable(match["env"])
                found = self.credential(*value, depth + 1) if value else UNKNOWN_CREDENTIAL
                if found.kind == "token":
                    return found
                weaker = weaker or found
            else:
                weaker = weaker or Credential("unknown", f"inputs.{match['named']}" if match["named"] else "", start, end)
        return weaker

    def _output(self, identifier: str, start: int, end: int) -> Credential:
        """The output of a step: of an action that is known to mint or fetch tokens, or of a script."""
        for step in self.job.steps if self.job is not None else ():
            if string(step.get("id")).lower() == identifier.lower():
                if step.repository in MINTERS:
                    return Credential("oidc", f"steps.{identifier}", start, end)
                if step.repository in VAULTS:
                    return Credential("token", f"steps.{identifier}", start, end)
                return Credential("oidc" if self.has_identity else "unknown", f"steps.{identifier}", start, end)
        return Credential("unknown", f"steps.{identifier}", start, end)

    def _expanded(self, text: str, start: int, end: int, depth: int) -> Credential | None:
        """By the variables that a shell puts in."""
        for match in _VARIABLE.finditer(text):
            name = match["braced"] or match["plain"] or match["cmd"]
            value = self.variable(name) if depth < _DEPTH else None
            if value is not None:
                found = self.credential(*value, depth + 1)
                if found.kind != "none":
                    return found
            elif name.lower() in _OWN_TOKENS:
                return Credential("github", f"${name}", start, end)
            elif self.pipeline is not None and name in self.pipeline.identities:
                return Credential("oidc", f"${name}", start, end)
            elif self.step is None and not name.startswith(("CI_", "CIRCLE_")):  # set in the settings of the project
                return Credential("token", f"${name}", start, end)
            return Credential("unknown", f"${name}", start, end)
        return None
