"""What the shell of a step does with secrets: prints them, gives them to programs as arguments, traces them, writes them into login files.

Sources: https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information and
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.actions.expressions import find_expressions, flows
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from agent_security_hooks.data.secret_arguments import SecretOption
    from agent_security_hooks.parse.actions.expressions import Tree
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.parse.shell import Part, Word
    from agent_security_hooks.parse.shell_calls import Call as ShellCall
    from agent_security_hooks.parse.tree import Node
    from agent_security_hooks.source import Source


class Use(NamedTuple):
    """Something that a step does with a secret, at bytes `start` to `end` of the file."""

    start: int
    end: int
    message: str
    fix: str
    pedantic: bool = False


class Secret(NamedTuple):
    """A secret where it is used: `shown` is how the file calls it, `direct` whether by `${{ }}`, `plain` whether its name is that of a setting."""

    shown: str
    direct: bool
    plain: bool


if TYPE_CHECKING:
    Direct: TypeAlias = tuple[int, int, Secret]
    """An expression that gives a secret, at bytes of the file."""

# Settings that people keep as secrets though they open nothing.
_SETTING = Pattern(
    r"(?i)(?:^|_)(?:user|username|login|host|hostname|url|uri|domain|region|zone|account|account_id|project|project_id|bucket|port|email|mail|org|organization|"
    r"path|dir|endpoint|cluster|registry|repo|repository|server|ip|address|team_id|app_id|client_id|tenant_id|subscription_id|id|name|arn|role|namespace|environment)\Z"
)
_PRINTERS = frozenset(("echo", "printf", "print"))
_SILENT_COMMANDS = ("::add-mask::", "::set-output", "::save-state", "::set-env", "::stop-commands")
_LOGS = ("/dev/stderr", "/dev/stdout", "/dev/tty", "/dev/fd/1", "/dev/fd/2", "/proc/self/fd/1", "/proc/self/fd/2")
_WRITES = (">", ">>", ">|", "&>", "&>>")
_NO_VALUE_OPERATORS = ("#", "+", ":+")
_DUMPS = {"env": (), "printenv": (), "export": ("-p",), "declare": ("-p", "-x", "-xp", "-px"), "typeset": ("-p", "-x"), "set": ()}
_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "ksh"))
SHELLS = ("sh", "bash", "zsh")
_SHELL_BUILTINS = frozenset("[ [[ test export local declare typeset readonly read if case return : true false eval let unset".split())
# The name of an option that carries a secret.
_SECRET_OPTION = Pattern(r"(?i)--?[A-Za-z0-9_.:-]{0,60}(?:password|passwd|passphrase|token|secret|api[-_]?key|auth[-_]?key|credential)s?\Z")
_TRACE = Pattern(r"[-o]\s{0,5}[a-z]{0,12}x")
_AUTH_HEADER = Pattern(r"(?i)(?:proxy-)?(?:authorization|x-api-key|private-token|job-token|api-key|x-auth-token|x-auth-key|token)\s{0,3}:")
_ADDRESS = Pattern(r"(?i)[a-z][a-z0-9+.-]{0,20}://[^/\s@]{0,300}@")


def secret_uses(step: Step) -> list[Use]:
    """What the scripts of a step do with secrets that others may see, in order of place."""
    file = step.workflow.file
    run = step.get("run")
    if run is None and not _has_script(step) or run is not None and not file.thorough and not _may_show(step, run.value):
        return []
    nodes = [run] if run is not None else [value for _, _, value in step.inputs()]
    variables = variables_of(step)
    direct = sorted(found for node in nodes if node.kind == "scalar" for found in expressions_with_secrets(node, file, variables))
    if not file.thorough:
        direct = [found for found in direct if not found[2].plain]
    if not direct and not variables or not file.thorough and run is not None and not direct and not _names_one(run.value, variables):
        return []
    if run is None and step.repository == "actions/github-script":
        from agent_security_hooks.parse.actions.script_secrets import printed_by_script

        return printed_by_script(step, direct, variables)
    from agent_security_hooks.parse.actions.scripts import scripts_of

    found: list[Use] = []
    for fragment in scripts_of(step):
        if fragment.language in SHELLS:
            if direct or any(name.encode() in fragment.text.data for name in variables) or _may_dump(fragment.text.data):
                found += Script(file, fragment, direct, dict(variables), step.shell).uses()
        elif fragment.language == "powershell":
            from agent_security_hooks.parse.actions.powershell_secrets import printed_by_powershell

            found += printed_by_powershell(fragment, direct, variables)
        elif fragment.language == "python":
            from agent_security_hooks.parse.actions.script_secrets import PYTHON, printed_in

            found += printed_in(fragment.text, PYTHON, direct, variables)
    return sorted(found)


def _has_script(step: Step) -> bool:
    """Whether the action of a step runs one of its inputs."""
    if step.repository == "actions/github-script":
        return True
    from agent_security_hooks.parse.fragments.workflows import SHELL_INPUTS

    return step.repository in SHELL_INPUTS or step.action in SHELL_INPUTS


def _names_one(text: str, variables: dict[str, Secret]) -> bool:
    """Whether a script names a variable; PowerShell does not tell them by case."""
    lower = text.lower()
    return any(name in text or "env:" in lower and name.lower() in lower for name in variables)


def _may_show(step: Step, text: str) -> bool:
    """Whether a script can do anything with a secret that is no pedantic case, by its words alone."""
    from agent_security_hooks.data.secret_arguments import OPTIONS

    lower = text.lower()
    if (
        "echo" in lower
        or "print" in lower
        or "<<" in lower
        or "write" in lower
        or _TRACE.search(lower) is not None
        or "x" in step.shell
        or "python" in step.shell
    ):
        return True
    return any(name in text for name in OPTIONS)


def _may_dump(data: bytes) -> bool:
    return b"env" in data or b"-x" in data or b"export" in data or b"declare" in data or b"set" in data


def secrets_in(tree: Tree | None) -> Iterator[str]:
    """The secrets whose text is part of an expression's result: their names in lower case, `github_token` for the token of the job."""
    for context in flows(tree):
        if context.path[0] == "secrets" and len(context.path) > 1:
            yield context.path[1]
        elif context.path == ("github", "token"):
            yield "github_token"


def expressions_with_secrets(node: Node, file: Source, variables: dict[str, Secret]) -> list[Direct]:
    """The expressions of a scalar that give a secret, by `secrets` or by one of the variables (`env.TOKEN`), with their places in the file."""
    if "${{" not in node.value:
        return []
    lower = node.value.lower()
    if "secrets" not in lower and "github.token" not in lower and not (variables and "env" in lower):
        return []
    by_name = {f"env.{name.lower()}": secret for name, secret in variables.items()} if "env" in lower else {}
    text = node.text(file.data)
    found = []
    for expression in find_expressions(text):
        plain = [is_setting(name) for name in secrets_in(expression.tree)]
        plain += [by_name[name].plain for context in flows(expression.tree) if (name := ".".join(context.path)) in by_name] if by_name else []
        if plain:
            shown = excerpt(expression.inner.strip(), 60)
            found.append((*text.span(expression.start, expression.end), Secret(shown, True, all(plain))))
    return found


def is_setting(name: str) -> bool:
    """Whether a secret of that name opens nothing: an address, an account, a region."""
    return _SETTING.search(name) is not None


def variables_of(step: Step) -> dict[str, Secret]:
    """The variables that hold a secret when a step begins: by its environment, or by what a step before wrote into GITHUB_ENV."""
    found: dict[str, Secret | None] = {}
    if b"GITHUB_ENV" in step.workflow.file.data and step.job is not None:
        from agent_security_hooks.parse.actions.script_secrets import handed_on

        found.update((name, secret) for number, name, secret in handed_on(step.job) if number < step.number)
    for layer in reversed(step.environments()):
        known = step.workflow.file.view(_layers)
        if id(layer) not in known:
            known[id(layer)] = _of_layer(layer)
        found.update(known[id(layer)])
    return {name: secret for name, secret in found.items() if secret is not None}


def _layers(file: Source) -> dict[int, dict[str, Secret | None]]:
    """A view, filled as it is asked for: what each map of variables holds; None for a variable that is no secret."""
    return {}


def _of_layer(layer: Node) -> dict[str, Secret | None]:
    found: dict[str, Secret | None] = {}
    for name, _, value in layer.entries():
        lower = string(value).lower()
        names: list[str] = []
        if "${{" in lower and ("secrets" in lower or "github.token" in lower):
            names = [secret for expression in find_expressions(value.value.encode("utf-8", "surrogateescape")) for secret in secrets_in(expression.tree)]
        found[name] = Secret(f"${excerpt(name, 60)}", False, all(map(is_setting, names))) if names else None
    return found


class Script:
    """One piece of shell that has to do with secrets."""

    def __init__(self, file: Source, fragment: Fragment, direct: list[Direct], variables: dict[str, Secret], shell: str = "", host: str = "GitHub") -> None:
        from agent_security_hooks.parse.actions.scripts import calls_in_fragment

        self.fragment = fragment
        self.direct = direct
        self.variables = variables
        self.shell = shell
        """The command line of the shell, where the file says it."""
        self.host = host
        self.calls = calls_in_fragment(file, fragment)
        self.next = {id(call.before): call for call in self.calls if call.before is not None}
        self._captured: list[tuple[int, int]] | None = None

    def uses(self) -> list[Use]:
        """In order of place; one for a call."""
        for call in self.calls:
            for name, value in call.assignments:
                secret = next(self.in_word(call, value), None) if value is not None else None
                if secret is not None and not any(part.kind == "command" for part in value.parts if value):  # type: ignore[union-attr]
                    self.variables.setdefault(name, Secret(f"${excerpt(name, 60)}", False, secret.plain))
        found = [use for call in self.calls if (use := self.of_call(call)) is not None]
        return [*found, *self.traced()]

    def in_word(self, call: ShellCall, word: Word) -> Iterator[Secret]:
        """The secrets that are expanded in a word."""
        if self.direct:
            start, end = call.place(word)
            for begin, stop, secret in within(self.direct, start, end):
                if stop > start and begin < end:
                    yield secret
        waiting = list(word.parts)
        while waiting:
            part = waiting.pop()
            if part.kind == "variable":
                if part.name in self.variables and part.operator not in _NO_VALUE_OPERATORS:
                    yield self.variables[part.name]
                if part.default is not None and part.operator in ("-", ":-", "+", ":+", "=", ":="):
                    waiting += part.default.parts

    def of_call(self, call: ShellCall) -> Use | None:
        """What one call does."""
        name = call.name
        if name in _PRINTERS or self.reads_text(call):
            return self.printed(call)
        if name in _DUMPS:
            return self.dumped(call)
        if name in _SHELL_BUILTINS or not name:
            return None
        return self.argument(call)

    def reads_text(self, call: ShellCall) -> bool:
        """Whether a call prints a text that stands in the script: `cat <<EOF`, `base64 <<< x`."""
        from agent_security_hooks.data.secret_arguments import FILTERS

        return call.name in FILTERS and any(redirection.operator in ("<<", "<<-", "<<<") for redirection in call.redirections)

    def printed(self, call: ShellCall) -> Use | None:
        """What `echo` and its like do with a secret."""
        heredocs = [word for redirection in call.redirections if (word := redirection.heredoc) is not None]
        strings = [redirection.target for redirection in call.redirections if redirection.operator == "<<<" and redirection.target is not None]
        words = [*(call.words if call.name in _PRINTERS else ()), *heredocs, *strings]
        secrets = [secret for word in words for secret in self.in_word(call, word)]
        if not secrets or any(text.startswith(_SILENT_COMMANDS) for text in call.texts):
            return None
        secret = min(secrets, key=lambda secret: (secret.plain, not secret.direct))
        where, target = self.destination(call)
        if where == "log":
            changed = f" in another form, which {self.host} does not hide" if id(call) in self.next else ""
            fix = "leave it out; to tell whether it is set: [ -n \"$NAME\" ] && echo 'is set'"
            return Use(call.start, call.end, f"{call.name} prints {secret.shown} into the log{changed}", fix, secret.plain)
        if "GITHUB_STEP_SUMMARY" in target:
            return Use(call.start, call.end, f"{call.name} prints {secret.shown} into the summary of the job", "leave it out", secret.plain)
        if where == "file":
            return self.written(call, secret, target, bool(heredocs))
        return None

    def written(self, call: ShellCall, secret: Secret, target: str, heredoc: bool) -> Use | None:
        """A secret in a file that programs take logins from."""
        from agent_security_hooks.data.secret_arguments import LOGIN_FILES, WITH_VARIABLES

        base = target.rstrip("/").rsplit("/", 1)[-1]
        if secret.plain or base.upper().strip("\"'${}") in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_PATH"):
            return None
        if base.lower() in LOGIN_FILES:
            needless = base.lower() in WITH_VARIABLES and (secret.direct or self.host == "GitHub")
            fix = (
                "write '//registry.npmjs.org/:_authToken=${NPM_TOKEN}' with the name alone, and set NPM_TOKEN in `env:` of the steps that need it"
                if base.startswith((".npmrc", ".yarnrc"))
                else "give it to the program by `env:`, or remove the file in a step that always runs"
            )
            message = f"{call.name} writes {secret.shown} into {excerpt(target, 60)}, where later steps, caches and artifacts find it"
            return Use(call.start, call.end, message, fix, not needless)
        if heredoc and secret.direct:
            fix = 'set it in `env:` and write "$NAME" there: a secret that holds quotes or $( ) would be run as shell'
            return Use(
                call.start,
                call.end,
                f"{call.name} writes {secret.shown} into {excerpt(target, 60) or 'a file'} by way of the script's own text",
                fix,
                pedantic=True,
            )
        return None

    def destination(self, call: ShellCall) -> tuple[str, str]:
        """Where the output of a call ends: ("log", ""), ("file", name) or ("elsewhere", "")."""
        from agent_security_hooks.data.secret_arguments import FILTERS

        at = call
        for _ in range(20):
            for redirection in reversed(at.redirections):
                target = redirection.target.text if redirection.target is not None else ""
                if redirection.operator in _WRITES and redirection.descriptor in ("", "1"):
                    if at.name == "tee" and target == "/dev/null":
                        target = next((text for text in at.texts if not text.startswith("-")), target)
                    return ("log", "") if target in _LOGS else ("file", target)
                if redirection.operator == ">&" and redirection.descriptor in ("", "1"):
                    return ("log", "") if target == "2" else ("elsewhere", "")
            after = self.next.get(id(at))
            if after is None:
                break
            quiet = after.name == "grep" and any(text.startswith("-") and not text.startswith("--") and ("q" in text or "c" in text) for text in after.texts)
            if after.name not in FILTERS and (after.name != "grep" or quiet):
                return "elsewhere", ""
            at = after
        return ("elsewhere", "") if self.is_captured(at) else ("log", "")

    def is_captured(self, call: ShellCall) -> bool:
        """Whether something other than the log gets the output: a substitution, a pipe behind a group, the caller of a function."""
        if self._captured is None:
            self._captured = _outermost(self.fragment.text.span(start, end) for start, end in _captures(self.fragment.text.data))
        at = bisect_right(self._captured, (call.start, 1 << 62)) - 1
        return at >= 0 and call.start < self._captured[at][1]

    def dumped(self, call: ShellCall) -> Use | None:
        """`env`, `printenv` and what else lists variables."""
        texts = call.texts
        if call.name == "printenv" and texts:
            known = next((self.variables[text] for text in texts if text in self.variables), None)
            if known is not None and self.destination(call)[0] == "log":
                return Use(call.start, call.end, f"printenv prints {known.shown} into the log", "leave it out", known.plain)
            return None
        secrets = [secret for secret in self.variables.values() if not secret.plain]
        if not secrets or any(text not in _DUMPS[call.name] for text in texts) or call.assignments or self.destination(call)[0] != "log":
            return None
        return Use(
            call.start, call.end, f"{call.name} prints all variables, {secrets[0].shown} among them", "print those that are needed, by name", pedantic=True
        )

    def argument(self, call: ShellCall) -> Use | None:
        """A secret among the arguments of a program."""
        mentions = [[secret for secret in self.in_word(call, word) if not secret.plain] for word in call.words]
        if not any(mentions):
            return None
        from agent_security_hooks.data.secret_arguments import OPTIONS
        from agent_security_hooks.parse.actions.publishing.words import program_of

        texts, name = call.texts, call.name
        program = program_of(call) if name not in OPTIONS else None
        if program is not None and program.name in OPTIONS:  # `npx vsce`, `python -m twine`
            skipped = len(texts) - len(program.texts)
            name, texts, mentions = program.name, texts[skipped:], mentions[skipped:]
        for option in OPTIONS.get(name, ()):
            if option.words <= {*texts[:3]} or option.words & {*texts[:2]} and len(option.words) == 2 and "set" in texts[:1]:
                secret = _after_option(option, texts, mentions)
                if secret is not None:
                    message = f"{name} gets {secret.shown} as an argument, which every process on the machine can read"
                    return Use(call.start, call.end, message, option.instead.replace("{}", name))
        return self.other_argument(call, texts, mentions)

    def other_argument(self, call: ShellCall, texts: list[str], mentions: list[list[Secret]]) -> Use | None:
        """What looks like a login among the arguments of any program."""
        for at, (text, secrets) in enumerate(zip(texts, mentions)):
            if not secrets:
                continue
            name, equals, _ = text.partition("=")
            before = texts[at - 1] if at else ""
            option = name if equals and name.startswith("-") else before if before.startswith("-") and "=" not in before else ""
            login = option and _SECRET_OPTION.match(option) or _AUTH_HEADER.match(text) or _ADDRESS.match(text)
            if login:
                message = f"{call.name} gets {secrets[0].shown} as an argument, which every process on the machine can read"
                return Use(call.start, call.end, message, "give it by `env:`, standard input or a file, where the program can take it so", pedantic=True)
        return None

    def traced(self) -> Iterator[Use]:
        """`set -x`, or a shell that is started with it, before a command that uses a secret."""
        tracing: ShellCall | None = None
        always = _traces(self.shell.split()[1:])
        for call in self.calls:
            if call.name == "set":
                tracing = call if _traces(call.texts) else None if _stops_tracing(call.texts) else tracing
                always = always and not _stops_tracing(call.texts)
                continue
            if call.name in _SHELLS and _traces([*takewhile(_is_option, call.texts)]) and any(not secret.plain for secret in self.variables.values()):
                shown = next(secret.shown for secret in self.variables.values() if not secret.plain)
                yield Use(
                    call.start, call.end, f"{call.name} -x prints each command that the script runs, those with {shown} too", "leave the -x out", pedantic=True
                )
            if tracing is None and not always:
                continue
            words = [*call.words, *(value for _, value in call.assignments if value is not None)]
            secret = next((secret for word in words for secret in self.in_word(call, word) if not secret.plain), None)
            if secret is not None:
                place = tracing or call
                what = "set -x" if tracing else f"the shell ({excerpt(self.shell, 40)})"
                message = f"{what} prints each command before it runs, {call.name or 'one'} with {secret.shown} among them"
                yield Use(place.start, place.end, message, "leave the x out, or write set +x before the commands that use the secret")
                return


def _traces(texts: Sequence[str]) -> bool:
    """Whether options of a shell make it print each command."""
    return any(
        text.startswith("-") and not text.startswith("--") and "x" in text[1:] and text[1:].isalpha() or text == "xtrace" and texts[at - 1].endswith("o")
        for at, text in enumerate(texts)
    )


def _is_option(text: str) -> bool:
    return text.startswith(("-", "+"))


def _stops_tracing(texts: Sequence[str]) -> bool:
    return any(text.startswith("+") and "x" in text or text == "xtrace" and at and texts[at - 1] == "+o" for at, text in enumerate(texts))


def _after_option(option: SecretOption, texts: list[str], mentions: list[list[Secret]]) -> Secret | None:
    """The secret that is the value of an option, or stands anywhere behind certain words."""
    for at, (text, secrets) in enumerate(zip(texts, mentions)):
        if not secrets:
            continue
        if option.anywhere and at >= 1:
            return secrets[0]
        before = texts[at - 1] if at else ""
        if before in option.options:
            return secrets[0]
        if any(text.startswith(f"{name}=") or len(name) == 2 and text.startswith(name) for name in option.options):
            return secrets[0]
    return None


def _outermost(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, without those inside of others."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def within(direct: list[Direct], start: int, end: int) -> list[Direct]:
    """The expressions that may touch a span; they are in order, and none lies in another."""
    first = bisect_right(direct, start, key=_begin)
    return direct[max(0, first - 1) : bisect_right(direct, end, key=_begin)]


def _begin(direct: Direct) -> int:
    return direct[0]


_CAPTURING = (b"(", b"`", b"{", b"done", b"fi", b"esac")


def _captures(data: bytes) -> Iterator[tuple[int, int]]:
    """The pieces of a script whose output is not the log's."""
    if not any(mark in data for mark in _CAPTURING):
        return
    from agent_security_hooks.parse.shell import Compound, parse_shell, statements

    for pipeline in statements(parse_shell(data)):
        for number, command in enumerate(pipeline.commands):
            words = [*command.words]
            words += [word for redirection in command.redirections for word in (redirection.target, redirection.heredoc) if word is not None]
            if isinstance(command, Compound):
                if number < len(pipeline.commands) - 1 or command.kind == "function":
                    yield command.start, command.end
            else:
                words += [value for _, value in command.assignments if value is not None]
            for word in words:
                yield from _substitutions(word)


def _substitutions(word: Word) -> Iterator[tuple[int, int]]:
    waiting: list[Part] = list(word.parts)
    while waiting:
        part = waiting.pop()
        if part.kind in ("command", "process"):
            yield part.start, part.end
        if part.default is not None:
            waiting += part.default.parts
        for element in part.words:
            waiting += element.parts
