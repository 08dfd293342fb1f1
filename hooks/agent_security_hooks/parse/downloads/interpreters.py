"""Programs that run what they are given: from a file, from an argument, or from standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.options import Grammar, read_options

if TYPE_CHECKING:
    from agent_security_hooks.parse.downloads.calls import Argument, Call

SHELLS = frozenset("sh bash zsh dash ksh ksh93 mksh ash rbash fish csh tcsh yash".split())
STANDARD_INPUT = frozenset(("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))


class Run(NamedTuple):
    """What an interpreter runs: `code` given as an argument, a `script` file, or standard input if both are None."""

    code: Argument | None = None
    script: Argument | None = None
    nothing: bool = False
    """Neither: a module, a version, an answer computed from the data on standard input."""


class _Language(NamedTuple):
    grammar: Grammar
    code: tuple[str, ...]
    """Options with a program as their value; standard input is then data."""
    file: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    """Options after which standard input is not run."""


_PYTHON = _Language(Grammar("cmWXQ", frozenset(("check-hash-based-pycs",))), ("c",), idle=("m", "V", "version", "h", "help"))
_NODE = _Language(
    Grammar("epr", frozenset("eval print require import loader input-type env-file conditions test-name-pattern".split())),
    ("e", "eval", "p", "print"),
    idle=("v", "version", "h", "help"),
)
_PERL = _Language(Grammar("eEIMmDxi0FlC"), ("e", "E"), idle=("v", "V", "h"))
_RUBY = _Language(Grammar("eIrECFKTWx0"), ("e",), idle=("v", "version", "h", "help"))
_PHP = _Language(
    Grammar("rRfBEFcdzSt", frozenset(("run", "file", "define", "php-ini"))),
    ("r", "run", "R", "B"),
    file=("f", "file"),
    idle=("v", "version", "m", "i", "h", "S"),
)
_LUA = _Language(Grammar("el"), ("e",), idle=("v",))
_LANGUAGES: dict[str, _Language] = {
    "python": _PYTHON, "pypy": _PYTHON, "pypy3": _PYTHON, "node": _NODE, "nodejs": _NODE, "perl": _PERL, "ruby": _RUBY, "jruby": _RUBY, "php": _PHP, "lua": _LUA,
    "luajit": _LUA, "tclsh": _Language(Grammar(), ()), "osascript": _Language(Grammar("el"), ("e",)), "Rscript": _Language(Grammar("e", frozenset(("default-packages",))), ("e",), idle=("version",)),
    "groovy": _Language(Grammar("e"), ("e",)), "pwsh": _Language(Grammar("", frozenset(), clusters=False, single=frozenset()), ()),
}  # fmt: skip
_SHELL_GRAMMAR = Grammar("oO", frozenset(("rcfile", "init-file")))
_RUNNERS = {"deno": ("run",), "bun": ("run",)}


def read_run(call: Call) -> Run | None:
    """What the call runs, or None if it is no interpreter."""
    name = call.name
    if name in SHELLS:
        return _shell(call.arguments)
    language = _LANGUAGES.get(name) or (_PYTHON if _is_version_of("python", name) else _PHP if _is_version_of("php", name) else None)
    if language is not None:
        return _other(call.arguments, language)
    if name in _RUNNERS and call.texts[:1] == ["run"]:
        scripts = [argument for argument in call.arguments[1:] if not argument.text.startswith("-") or argument.text == "-"]
        return Run(script=scripts[0]) if scripts and scripts[0].text not in STANDARD_INPUT else Run()
    return None


def _is_version_of(program: str, name: str) -> bool:
    return name.startswith(program) and all(char in "0123456789.t" for char in name[len(program) :])


def _shell(arguments: tuple[Argument, ...]) -> Run:
    """POSIX sh: `-c` makes the first argument that is no option the program, `-s` reads standard input whatever follows."""
    command = reads_input = False
    position = 0
    while position < len(arguments):
        text = arguments[position].text
        position += 1
        if text == "--":
            break
        if text.startswith("--"):
            if text in ("--version", "--help"):
                return Run(nothing=True)
            position += text in ("--rcfile", "--init-file")
        elif len(text) > 1 and text[0] in "-+":
            if text[0] == "-" and "n" in text[1:]:
                return Run(nothing=True)  # reads and runs nothing
            command = command or "c" in text[1:] and text[0] == "-"
            reads_input = reads_input or "s" in text[1:] and text[0] == "-"
            position += text[-1] in "oO"
        elif text == "-":
            break  # an old way to end the options
        else:
            position -= 1
            break
    rest = arguments[position:]
    if command:
        return Run(code=rest[0]) if rest else Run(nothing=True)
    if reads_input or not rest or rest[0].text in STANDARD_INPUT:
        return Run()
    return Run(script=rest[0])


def _other(arguments: tuple[Argument, ...], language: _Language) -> Run:
    own = _own_options(arguments, language)
    options = read_options(own, language.grammar)
    code = options.find(*language.code) if language.code else None
    if code is not None:
        return Run(code=code.value_argument) if code.value_argument else Run(nothing=True)
    if options.has(*language.idle):
        return Run(nothing=True)
    files = options.find(*language.file) if language.file else None
    script = files.value_argument if files else arguments[len(own)] if len(own) < len(arguments) else None
    if script is None or script.text in STANDARD_INPUT or script.text == "--":
        return Run()
    return Run(script=script)


def _own_options(arguments: tuple[Argument, ...], language: _Language) -> tuple[Argument, ...]:
    """The options before the script's name; what follows belongs to the script."""
    position = 0
    while position < len(arguments):
        text = arguments[position].text
        if len(text) < 2 or not text.startswith("-") or text == "--":
            break
        used = read_options(arguments[position : position + 2], language.grammar)
        position += 1 + any(option.value_argument is not None and option.value_argument is not option.argument for option in used.given)
    return arguments[:position]
