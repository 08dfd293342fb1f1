"""Where downloads come to run: they reach an interpreter through a pipe, as its argument, or as a file; or an installer gets them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads import archives
from agent_security_hooks.parse.downloads.content import NOTHING, Flow
from agent_security_hooks.parse.downloads.files import run_written
from agent_security_hooks.parse.downloads.interpreters import SHELLS, read_run
from agent_security_hooks.parse.downloads.messages import host_of, remedy_of, safe_pipe, shown_name, source_of
from agent_security_hooks.parse.downloads.options import Grammar, read_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.parse.downloads.calls import Argument, Call
    from agent_security_hooks.parse.downloads.content import Content
    from agent_security_hooks.parse.downloads.flow import Evaluator

Span = tuple[int, int]


def interpret(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """An interpreter: what it reads, is given or is told to run."""
    run = read_run(call)
    if run is None or run.nothing:
        return stream._replace(filtered=True) if stream else NOTHING
    is_shell = call.name in SHELLS
    if run.code is not None:
        if is_shell and run.code.source is not None:
            return evaluator.nested(run.code.source, stream)
        if run.code.flow.contents and _is_code(run.code):
            reach(evaluator, run.code.flow, call.name, span)
        return Flow(stream.contents, filtered=True)
    if run.script is not None:
        if run.script.channel or run.script.flow.contents and run.script.text.startswith(("$(", "`", "<(")):
            reach(evaluator, run.script.flow, call.name, span)
        else:
            run_file(evaluator, run.script, span)
        return NOTHING
    reach(evaluator, stream, call.name, span)
    if is_shell and not stream.contents:
        for code in stream.code[:5]:
            evaluator.nested(code)
    return NOTHING


_EVALUATES = re.compile(r"\b(?:exec|eval|compile|Function|load|instance_eval)\b")


def _is_code(argument: Argument) -> bool:
    """Whether what is substituted into a program's text is itself the program, rather than a value in it."""
    if not isinstance(argument.origin, tuple):
        return True
    literal = "".join([part.text for part in argument.origin[0].parts if part.kind == "literal"])
    return not literal.strip() or _EVALUATES.search(literal) is not None


def reach(evaluator: Evaluator, flow: Flow, program: str, span: Span) -> None:
    """Downloads reach an interpreter."""
    record = evaluator.record
    for content in flow.contents:
        content.executed = True
        record.needs_fail(content)
        if content.checked or content.reported:
            continue
        content.reported = True
        if flow.stored:
            record.event(*span, "unverified-execution", f"{program} runs what {source_of(content)}, and nothing checked it", remedy_of(content))
        else:
            start = evaluator.text.place(evaluator.statement) if evaluator.statement >= 0 else span[0]
            record.event(
                min(start, span[0]), span[1], "pipe-to-shell", f"{program} runs whatever {host_of(*content.urls[:1])} sends at that moment", safe_pipe(program)
            )


def run_text(evaluator: Evaluator, argument: Argument, span: Span) -> None:
    """A command line that begins with what was downloaded: `$(curl ...)`, `eval "$script"`."""
    flow = argument.flow
    if argument.text.startswith(("$", "`")) and (not flow.filtered or evaluator.depth > 0):
        reach(evaluator, flow, "the shell", span)


def run_file(evaluator: Evaluator, argument: Argument, span: Span) -> None:
    """A file is run: one that was downloaded, unpacked, or written by this script."""
    state = evaluator.state
    if state.files:
        run_contents(evaluator, state.find_program(argument.text), argument, span)
    if state.trees:
        archives.used(evaluator, argument.text)
    if state.notes and not state.find(argument.text):
        run_written(evaluator, state.note(argument.text))


def run_contents(evaluator: Evaluator, contents: Iterable[Content], argument: Argument, span: Span) -> None:
    """Downloads in a file that is run."""
    record = evaluator.record
    for content in contents:
        content.executed = True
        record.needs_fail(content)
        if content.checked or content.reported or content.installed is not None:  # that is where it went wrong
            continue
        content.reported = True
        message = f"{shown_name(argument.text)} is run, but {source_of(content)} and nothing checked it"
        record.event(*span, "unverified-execution", message, remedy_of(content))


class _Installer(NamedTuple):
    """A program that installs or runs the files in its arguments.

    `words`: one of these makes it do so (none: always). `data`: options whose values are no such files. `only`: options whose values alone are.
    """

    words: frozenset[str] = frozenset()
    data: str = ""
    long: frozenset[str] = frozenset()
    only: tuple[str, ...] = ()


_PACKAGES = frozenset("install in add localinstall reinstall i -i upgrade --install-extension global".split())
_PIP = _Installer(_PACKAGES, "citpfe", frozenset("constraint index-url extra-index-url target prefix find-links cache-dir log root report python".split()))
_INSTALLERS: dict[str, _Installer] = {
    **dict.fromkeys("gdebi installer msiexec hdiutil easy_install insmod dotnet mono wine ansible-playbook xbps-install".split(), _Installer()),
    **dict.fromkeys(
        "apt apt-get aptitude yum dnf microdnf tdnf zypper brew snap flatpak opkg npm yarn pnpm gem cargo conda mamba micromamba cabal luarocks code swupd nix-env".split(),
        _Installer(_PACKAGES),
    ),
    "go": _Installer(frozenset(("run", "install"))),
    **dict.fromkeys(("pip", "pip2", "pip3", "pipx", "uv"), _PIP),
    "dpkg": _Installer(frozenset(("-i", "--install", "--unpack", "-iE", "-iG", "-Ei"))),
    "rpm": _Installer(frozenset("-i -U -F -ivh -Uvh -Fvh -iv -Uv --install --upgrade --freshen".split())),
    "helm": _Installer(_PACKAGES, "fn", frozenset("values namespace set version set-file".split())),
    "apk": _Installer(frozenset(("add",))),
    "pacman": _Installer(frozenset(("-U", "--upgrade"))),
    "R": _Installer(frozenset(("CMD",))),
    **dict.fromkeys(("docker", "podman", "nerdctl"), _Installer(frozenset(("load", "import", "plugin")))),
    "java": _Installer(only=("jar", "cp", "classpath", "class-path", "javaagent")),
    **dict.fromkeys(("make", "gmake"), _Installer(only=("f", "file", "makefile"))),
}
_JAVA = Grammar("", frozenset(("jar", "cp", "classpath", "class-path")), single=frozenset(("jar", "cp", "classpath")))
_MAKE = Grammar("fCIjlo", frozenset(("file", "makefile", "directory")))
_BUILDERS = frozenset("make gmake cmake ninja cargo go npm pip pip3 python python3".split())


def install(evaluator: Evaluator, call: Call, span: Span) -> None:
    """What an installer or a builder does with files."""
    installer = _INSTALLERS.get(call.name)
    if installer is not None and (not installer.words or not installer.words.isdisjoint(call.texts[:8])):
        for argument in _installed(call, installer):
            if not argument.channel:
                run_contents(evaluator, evaluator.state.find(argument.text), argument, span)
            archives.used(evaluator, argument.text)
    if call.name in _BUILDERS:
        archives.used(evaluator, ".")


def _installed(call: Call, installer: _Installer) -> list[Argument]:
    if installer.only:
        options = read_options(call.arguments, _JAVA if call.name == "java" else _MAKE)
        return [option.value_argument for option in options.given if option.name in installer.only and option.value_argument]
    files = read_options(call.arguments, Grammar(installer.data, installer.long)).positional
    return [file for file in files if call.name != "go" or file.text.endswith(".go")]
