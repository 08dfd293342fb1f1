"""Which files hold shell, and in which language a script is: what names and first lines say."""

from __future__ import annotations

from agent_security_hooks.parse.pattern import Pattern

SH, BASH, ZSH, POWERSHELL, CMD, PYTHON, OTHER = "sh", "bash", "zsh", "powershell", "cmd", "python", "other"

_INTERPRETERS = {
    **dict.fromkeys(("sh", "dash", "ash", "ksh", "ksh93", "mksh", "pdksh", "loksh", "posh", "yash", "bosh"), SH),
    **dict.fromkeys(("bash", "rbash", "bats", "bats-exec-file"), BASH),
    "zsh": ZSH,
    **dict.fromkeys(("pwsh", "powershell", "pwsh-preview"), POWERSHELL),
    "cmd": CMD,
    **dict.fromkeys(("fish", "csh", "tcsh", "nu", "elvish", "xonsh"), OTHER),
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3"), PYTHON),
}
_SHELLS = frozenset(name for name, language in _INTERPRETERS.items() if language != PYTHON)
_ENDINGS = {
    **dict.fromkeys(("sh", "ksh", "mksh", "dash", "ash"), SH),
    **dict.fromkeys(("bash", "bats", "command"), BASH),
    "zsh": ZSH,
    **dict.fromkeys(("ps1", "psm1"), POWERSHELL),
    **dict.fromkeys(("bat", "cmd"), CMD),
    **dict.fromkeys(("fish", "csh", "tcsh"), OTHER),
}
_START_FILES = {
    **dict.fromkeys(("envrc", "bashrc", "bash_profile", "bash_login", "bash_logout", "bash_aliases"), BASH),
    **dict.fromkeys(("profile", "kshrc", "xinitrc", "xprofile"), SH),
    **dict.fromkeys(("zshrc", "zprofile", "zshenv", "zlogin", "zlogout"), ZSH),
    **dict.fromkeys(("cshrc", "tcshrc"), OTHER),
}
_FAMILY_ENDINGS = {
    **dict.fromkeys(_ENDINGS, "script"),
    **dict.fromkeys(("mk", "mak"), "make"),
    "just": "just",
    **dict.fromkeys(("md", "mdx", "mdc", "markdown"), "markdown"),
    "rst": "rst",
    "ipynb": "notebook",
}
_FAMILY_NAMES = {
    **{prefix + name: "script" for name in _START_FILES for prefix in ("", ".")},
    **dict.fromkeys(("makefile", "gnumakefile"), "make"),
    **dict.fromkeys(("justfile", ".justfile"), "just"),
    **dict.fromkeys((".cursorrules", ".windsurfrules", ".clinerules"), "markdown"),
    "package.json": "npm",
    "composer.json": "composer",
    **dict.fromkeys(("devcontainer.json", ".devcontainer.json", "devcontainer-feature.json"), "devcontainer"),
    **dict.fromkeys(("claude_desktop_config.json", "gemini-extension.json", "opencode.json", "opencode.jsonc"), "agent"),
    **{name + ending: family for ending in (".yml", ".yaml") for name, family in (
        ("action", "workflow"), (".travis", "travis"), ("bitbucket-pipelines", "bitbucket"), ("taskfile", "taskfile"), ("taskfile.dist", "taskfile"),
        (".pre-commit-config", "pre-commit"),
    )},
}  # fmt: skip
_YAML_PATHS = (
    (Pattern(rb"(?i)(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]*$"), "workflow"),
    (Pattern(rb"(?i)gitlab-ci\.ya?ml$|(?:^|/)\.gitlab/"), "gitlab"),
    (Pattern(rb"(?i)(?:^|/)\.circleci/[^/]*$"), "circleci"),
    (Pattern(rb"(?i)azure-pipelines[^/]*$|(?:^|/)\.azure-pipelines/"), "azure"),
    (Pattern(rb"(?i)(?:^|/)(?:docker-compose[^/]*|compose(?:[-_.][^/]*|\d*))\.ya?ml$"), "compose"),
)
_JSON_PATHS = (
    (Pattern(rb"(?i)(?:^|/)\.devcontainer/(?:[^/]*/)?devcontainer\.json$"), "devcontainer"),
    (
        Pattern(
            rb"(?i)mcp[^/]*$|(?:^|/)\.mcp/[^/]*$|(?:^|/)\.(?:claude|cursor|gemini|vscode|windsurf|roo|kiro|zed|codex|(?:claude|codex|cursor)-plugin)/[^/]*$"
            rb"|(?:^|/)\.kiro/settings/[^/]*$|(?:^|/)hooks/[^/]*hooks[^/]*$|(?:^|/)\.github/hooks/[^/]*$"
        ),
        "agent",
    ),
)
_BY_PATH = {"yml": _YAML_PATHS, "yaml": _YAML_PATHS, "json": _JSON_PATHS, "jsonc": _JSON_PATHS}
_VERSION = "0123456789.-"


def family_of(path: str, start: bytes) -> str:
    """What kind of file holding shell this is, by its path and first bytes; "" for none."""
    name = path.rsplit("/", 1)[-1].lower()
    family = _FAMILY_NAMES.get(name)
    if family:
        return family
    if "dockerfile" in name or "containerfile" in name:
        from agent_security_hooks.parse.file_kinds import is_dockerfile

        if is_dockerfile(path):
            return "dockerfile"
    ending = name.rpartition(".")[2]
    family = _FAMILY_ENDINGS.get(ending) if "." in name else None
    if family:
        return family
    if ending in _BY_PATH:
        path_bytes = path.encode("utf-8", "surrogateescape")
        return next((family for pattern, family in _BY_PATH[ending] if pattern.search(path_bytes)), "")
    if start.startswith(b"#!"):
        program = interpreter(start)
        return {"make": "make", "gmake": "make", "just": "just"}.get(program, "script" if program in _SHELLS else "")
    return "make" if name.startswith(("makefile.", "makefile-", "gnumakefile.")) and ending not in ("am", "pl", "py") else ""


def script_language(path: str, start: bytes) -> str:
    """The language of a script: the first line says, else the name."""
    if start.startswith(b"#!"):
        return _INTERPRETERS.get(interpreter(start), OTHER)
    name = path.rsplit("/", 1)[-1].lower()
    return _START_FILES.get(name.removeprefix(".")) or _ENDINGS.get(name.rpartition(".")[2], SH)


def language_of(program: str, default: str = OTHER) -> str:
    """The language that a program (a name or a path, also of Windows) runs; `default` for one that is not known."""
    return _INTERPRETERS.get(_base_name(program), default)


def interpreter(start: bytes) -> str:
    """The name of the program that a `#!` line starts, without folder and version; "" for none."""
    lines = start[:512].split(b"\n", 2)
    words = lines[0][2:].decode("utf-8", "surrogateescape").split()
    program = _base_name(words[0]) if words else ""
    if program == "env":
        program = _after_env(words[1:])
    elif program == "busybox" and len(words) > 1:
        program = _base_name(words[1])
    if program == "nix-shell" and len(lines) > 1 and lines[1].startswith(b"#!"):
        words = lines[1].decode("utf-8", "surrogateescape").split()
        program = _base_name(words[words.index("-i") + 1]) if "-i" in words[:-1] else program
    return program


def _after_env(words: list[str]) -> str:
    """The program that `env` starts: options, their values and assignments left out."""
    position = 0
    while position < len(words):
        word = words[position].removeprefix("--split-string=")
        if word in ("-u", "--unset", "-C", "--chdir", "-P"):
            position += 1
        elif word.startswith("-S") and len(word) > 2:
            return _base_name(word[2:])
        elif word and not word.startswith("-") and "=" not in word:
            return _base_name(word)
        position += 1
    return ""


def _base_name(program: str) -> str:
    name = program.replace("\\", "/").rsplit("/", 1)[-1].lower().removesuffix(".exe")
    return name if name in _INTERPRETERS else name.rstrip(_VERSION)


def shebang_language(start: bytes) -> str:
    """The language of a text that begins with the `#!` line of a shell; "" for any other text."""
    program = interpreter(start) if start.startswith(b"#!") else ""
    return _INTERPRETERS[program] if program in _SHELLS else ""
