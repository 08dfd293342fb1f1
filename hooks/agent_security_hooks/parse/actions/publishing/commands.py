"""Publications by the programs that a script starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.data.publishers import COMMANDS, NPM_TELLTALES, SELF_GUARDED, TELLTALES, Tool
from agent_security_hooks.parse.actions.publishing import NO_CREDENTIAL, PACKAGES, UNKNOWN_CREDENTIAL, Credential, Publication
from agent_security_hooks.parse.actions.publishing.credentials import LITERAL, Scope
from agent_security_hooks.parse.actions.publishing.logins import login_before
from agent_security_hooks.parse.actions.publishing.registries import configured_registry, is_local, is_public, settle
from agent_security_hooks.parse.actions.publishing.settings import npm_settings_of, script_text
from agent_security_hooks.parse.actions.publishing.words import program_of
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing.words import Program
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.shell import Word
    from agent_security_hooks.parse.shell_calls import Call

_GOALS = ("mvn", "gradle", "sbt", "mill", "rake", "setup.py")
"""Programs whose words are goals, of which any may be the one that publishes."""
_ANYWHERE = ("yarn",)
_OPTIONS = Pattern(r"(?i)arg|flag|opt|prerelease|draft|latest|repo\b")
_INDIRECT = frozenset(
    "tox nox make gmake just task invoke inv doit mage earthly dagger bazel nix bash sh python python3 node npm pnpm yarn uv uvx poetry pdm hatch rye".split()
)
_SCRIPTS = (".sh", ".py", ".js", ".mjs", ".ts", ".rb", ".ps1")
_SECRET_NAME = Pattern(r"(?i)token|passw|auth|api-?key|secret")
_SCRIPT_LIMIT = 10
_SCRIPT_TEXT = 2_000
_HELP = "--help -h --version"
_RELEASE_VALUES = frozenset(
    "--title -t --notes -n --notes-file -F --target --discussion-category --notes-start-tag -R --repo -b --branch -m --message -a --attach -N --name --ref -r --milestone".split()
)
_IMAGE_VALUES = frozenset(
    "-t --tag -f --file --platform --build-arg --creds --dest-creds --src-creds -o --output --authfile --digestfile --annotation --builder -a".split()
)


def tool_of(program: Program) -> tuple[Tool, str] | None:
    """How a program publishes, and what the command is called; None where it does not."""
    tools = COMMANDS.get(program.name)
    if tools is None or program.has(_HELP):
        return None
    positional = program.positional()
    for tool in tools:
        wanted = tool.words.split()
        if program.name in _GOALS:
            found = any(_is_goal(text, tool.words) for text in positional)
        elif program.name in _ANYWHERE:
            found = positional[: len(wanted)] == wanted or (
                len(wanted) > 1 and any(positional[at : at + len(wanted)] == wanted for at in range(len(positional)))
            )
        else:
            found = positional[: len(wanted)] == wanted
        if found and (not tool.needs or _is_told(program, tool.needs)):
            return tool, " ".join([program.name, *wanted]).strip()
    return None


def _is_goal(text: str, goal: str) -> bool:
    last = text.rsplit(":", 1)[-1] if text.startswith(":") or ":" not in goal else text
    if goal == "publish":
        return last.startswith("publish") and not last.endswith(("Local", "LocalRepository", "M2"))
    return goal in (last, text) or text.endswith(":" + goal)


def _is_told(program: Program, options: str) -> bool:
    return program.has(options) or any("type=registry" in value or "push=true" in value for value, _ in program.values("--output -o"))


def script_tool(step: Step, call: Call, name: str) -> tuple[Tool, str] | None:
    """How a script of package.json publishes a package; scripts that it runs are followed."""
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell_calls import calls_in

    waiting, seen = [name], {name}
    while waiting and len(seen) < _SCRIPT_LIMIT:
        text = script_text(step, call, waiting.pop())[:_SCRIPT_TEXT].encode("utf-8", "surrogateescape")
        for inner in calls_in(MappedText.cut(text, 0, len(text))) if text else ():
            program = program_of(inner)
            found = tool_of(program) if program is not None else None
            if found is not None and program is not None and found[0].kind in PACKAGES and not (found[0].dry and program.has(found[0].dry)):
                return found
            further = _script_name(program) if program is not None else ""
            if further and further not in seen:
                seen.add(further)
                waiting.append(further)
    return None


def publication_of(call: Call, program: Program, scope: Scope, place: str) -> Publication | None:
    """What a call publishes; None for nothing."""
    found = tool_of(program)
    if found is None:
        return None
    tool, name = found
    registry = _registry(tool, program, call, scope)
    assets = _assets(tool, program, call, scope)
    if tool.kind == "release" and program.name in ("gh", "hub", "glab") and "edit" in name and not assets:
        return None
    credential = _credential(tool, program, call, scope)
    public = is_public(tool.kind, registry) and credential.kind != "github"
    if tool.kind == "image":
        public = not any(is_local(asset) for asset in assets)
        if program.name == "skopeo" and not any(text.startswith("docker://") for text in assets[-1:]):
            return None
    kind = tool.kind
    if program.name == "semantic-release" and kind == "npm" and credential.kind in ("unknown", "none"):
        kind = "release"  # its plugins decide; without a token none of them publishes a package
    dry = bool(tool.dry) and program.has(tool.dry) or program.name == "rake" and "release" not in name
    return Publication(
        kind, name, call.start, call.end, scope.job, scope.step, place, credential, registry, public, dry, assets, program.name in SELF_GUARDED, call, scope.pipeline
    )  # fmt: skip


def _registry(tool: Tool, program: Program, call: Call, scope: Scope) -> str:
    for _, word in program.values(tool.registry):
        text = scope.raw(call, word.start, word.end)[0]
        name, equals, value = text.partition("=")
        return settle(value if equals and name.startswith("-") else text, scope)
    for variable in tool.registry_variables.split():
        setting = _inline(call, variable) or scope.variable(variable)
        if setting is not None and setting[0].strip("\"' "):
            return settle(setting[0], scope)
    if tool.kind not in ("npm", "pypi"):
        return ""
    found = configured_registry(tool.kind, scope)
    if found or tool.kind == "pypi":
        return found
    return npm_settings_of(scope.step, call, everywhere=program.name not in ("npm", "bun")).registry


def _inline(call: Call, name: str) -> tuple[str, int, int] | None:
    """What the call itself sets a variable to: `NAME=value twine upload`, `env NAME=value twine upload`."""
    for found, assigned in call.assignments:
        if found == name and assigned is not None:
            start, end = call.source.span(assigned.start, assigned.end)
            return call_text(call, assigned.start, assigned.end), start, end
    for word in call.wrappers[:1]:
        stop = call.program.start if call.program is not None else word.end
        text = call_text(call, word.start, stop)
        at = text.find(f"{name}=")
        if at >= 0 and (at == 0 or text[at - 1] in " \t\"'"):
            value = text[at + len(name) + 1 :].split()
            start, end = call.source.span(word.start + at, stop)
            return (value[0] if value else ""), start, end
    return None


def call_text(call: Call, start: int, end: int) -> str:
    """A piece of a call as its shell reads it; expressions stand as underscores."""
    return call.source.data[start:end].decode("utf-8", "replace")


def _credential(tool: Tool, program: Program, call: Call, scope: Scope) -> Credential:
    for _, word in program.values(tool.secrets):
        text, start, end = scope.raw(call, word.start, word.end)
        name, equals, value = text.partition("=")
        found = scope.credential(value if equals and name.startswith("-") else text, start, end)
        if found.kind != "none":
            return found
    empty = False
    for variable in _variables(tool, scope):
        setting = _inline(call, variable) or scope.variable(variable)
        if setting is not None:
            found = scope.credential(*_with_expressions(scope, setting))
            if found.kind != "none":
                return found
            empty = True
    before = login_before(tool.kind, scope)
    if before is not None and before.kind != "none":
        return before
    if tool.oidc and scope.has_identity:
        return Credential("oidc")
    unknown_option = _secret_word(program, call, scope)
    if unknown_option is not None:
        return unknown_option
    return NO_CREDENTIAL if empty else UNKNOWN_CREDENTIAL


def _secret_word(program: Program, call: Call, scope: Scope) -> Credential | None:
    """A stored secret that an option hands over which is called like one, though the manual of the program does not name it."""
    for at, word in enumerate(program.words):
        text, start, end = scope.raw(call, word.start, word.end)
        name, equals, value = text.partition("=")
        option = name if equals else program.texts[at - 1] if at else ""
        if option.startswith("-") and _SECRET_NAME.search(option) is not None:
            found = scope.credential(value if equals else text, start, end)
            if found.kind == "token" and found.name != LITERAL:
                return found
    return None


def _with_expressions(scope: Scope, value: tuple[str, int, int]) -> tuple[str, int, int]:
    """A value as the file has it, where a script saw underscores."""
    text, start, end = value
    if "___" in text and end > start:
        text = scope.file.data[start : min(end, start + 4000)].decode("utf-8", "replace")
    return text, start, end


def _variables(tool: Tool, scope: Scope) -> list[str]:
    names = tool.variables.split()
    if tool.kind == "npm":
        names += [name for name in scope.names() if "NPM" in name.upper() and "TOKEN" in name.upper() and name not in names]
    return names


def _assets(tool: Tool, program: Program, call: Call, scope: Scope) -> tuple[str, ...]:
    """The files of a release or the names of images in a command, expressions included."""
    if tool.kind == "image":
        return tuple(scope.raw(call, word.start, word.end)[0].strip("\"'") for word in _images(tool, program))
    if tool.kind != "release" or program.name not in ("gh", "glab", "hub", "ghr"):
        return ()
    attached = [value for value, _ in program.values("-a --attach")] if program.name == "hub" else []
    rest = [word for word in _rest(tool, program, _RELEASE_VALUES) if not _is_options(word, scope)][1:]
    return (*attached, *(scope.raw(call, word.start, word.end)[0].strip("\"'") for word in rest))


def _is_options(word: Word, scope: Scope) -> bool:
    """Whether a word is a bare variable that holds options: `gh release create $ARGS "$TAG"`."""
    if len(word.parts) != 1 or word.parts[0].kind != "variable" or word.parts[0].quoted:
        return False
    name = word.parts[0].name
    value = scope.variable(name)
    return _OPTIONS.search(name) is not None or value is not None and value[0].strip("\"'").startswith("-")


def _images(tool: Tool, program: Program) -> list[Word]:
    if tool.needs or "imagetools" in tool.words:
        return [word for _, word in program.values("-t --tag --destination -d")]
    rest = _rest(tool, program, _IMAGE_VALUES)
    return rest[-1:] if program.name in ("skopeo", "crane", "regctl") or "manifest push" in tool.words else rest


def _rest(tool: Tool, program: Program, with_value: frozenset[str]) -> list[Word]:
    """The words after the subcommand that are no options, nor their values."""
    found: list[Word] = []
    skip = False
    for text, word in zip(program.texts, program.words):
        if skip:
            skip = False
        elif text.startswith("-") and len(text) > 1:
            skip = text in with_value
        else:
            found.append(word)
    return found[len(tool.words.split()) :]


def _is_indirect(call: Call) -> bool:
    """Whether a call starts something that is written down elsewhere."""
    path = call.program.text if call.program is not None else ""
    return call.name in _INDIRECT or call.name.endswith(_SCRIPTS) or path.startswith(("./", "scripts/", "bin/", "ci/", "tools/", ".github/"))


def has_telltale(step: Step) -> bool:
    """Whether a step that runs a script sets a variable that only a publication needs."""
    variables = step.get("env")
    return variables is not None and step.get("run") is not None and any(name in TELLTALES or name in NPM_TELLTALES for name, _, _ in variables.entries())


def hidden_publication(step: Step, scope: Scope, place: str) -> Publication | None:
    """What a step publishes by way of another program, as told by a variable of its own: `tox -e release` with TWINE_PASSWORD."""
    own_variables = step.get("env")
    run = step.get("run")
    if own_variables is None or run is None or not any(_is_indirect(call) for call in scope.calls):
        return None
    for name, _, value in own_variables.entries():
        kind = TELLTALES.get(name)
        if name in NPM_TELLTALES:
            found = _by_script(step, scope, place)
            if found is not None:
                return found
        credential = scope.credential(string(value), value.start, value.end) if kind is not None else None
        if kind is None or credential is None or credential.kind not in ("token", "oidc"):
            continue
        registry = next((string(node) for other in _registry_variables(name) if (node := step.variable(other)) is not None), "")
        return Publication(kind, f"a script with {name}", run.head, run.end, step.job, step, place, credential, registry, is_public(kind, registry))
    return None


def _by_script(step: Step, scope: Scope, place: str) -> Publication | None:
    """What a script of package.json publishes that a step runs: `npm run release`, `pnpm release`."""
    for at, call in enumerate(scope.calls):
        program = program_of(call)
        name = _script_name(program) if program is not None else ""
        if program is None or not name:
            continue
        tool = script_tool(step, call, name)
        if tool is not None:
            inner = Scope(scope.file, step, scope.calls, at)
            credential = _credential(tool[0], program, call, inner)
            registry = _registry(tool[0], program, call, inner)
            public = is_public(tool[0].kind, registry) and credential.kind != "github"
            shown = f"{tool[1]}, by the script {name}"
            return Publication(tool[0].kind, shown, call.start, call.end, step.job, step, place, credential, registry, public, self_guarded=tool[1] in SELF_GUARDED, call=call)  # fmt: skip
    return None


def _script_name(program: Program) -> str:
    """The script of package.json that a program runs."""
    words = program.positional()
    if program.name in ("npm", "pnpm", "yarn", "bun") and words[:1] in (["run"], ["run-script"]):
        return words[1] if len(words) > 1 else ""
    return words[0] if program.name in ("pnpm", "yarn") and words else ""


def _registry_variables(secret: str) -> list[str]:
    """The variables that name the registry to the tool whose token is in another."""
    return [name for tools in COMMANDS.values() for tool in tools if secret in tool.variables.split() for name in tool.registry_variables.split()]
