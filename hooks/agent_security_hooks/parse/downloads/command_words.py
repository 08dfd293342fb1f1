"""Which words of a command that code starts are run or unpacked by it. Words that the file does not tell are HOLE or begin with it."""

from __future__ import annotations

import re

_WRAPPERS = frozenset("sudo doas env nohup nice time".split())
_INTERPRETER = re.compile(r"(?:(?:ba|z|da|k|a|fi)?sh|python[\d.]{0,5}|pypy[\d.]{0,5}|py|perl|ruby|node|deno|bun|php|java|pwsh|powershell|cmd|wine)(?:\.exe)?\Z")
_INSTALLER = re.compile(r"(?:msiexec|dpkg|rpm|apt|apt-get|dnf|yum|apk|installer|pip[\d.]{0,5}|pipx|chmod)(?:\.exe)?\Z")
_UNPACKER = re.compile(r"(?:(?:bsd|g)?tar|unzip|7za?|7zr|unrar|cpio)(?:\.exe)?\Z")
# Options of interpreters whose value is what runs.
_RUNS_VALUE = frozenset("-c -e -r -jar -File -file -Command /c /C".split())
_WORDS = 50


def program_of(word: str) -> str:
    """The name of a program without its directory."""
    return word.replace("\\", "/").rpartition("/")[2]


def is_interpreter(word: str) -> bool:
    """Whether a program runs what it reads from its standard input."""
    return _INTERPRETER.match(program_of(word)) is not None


def run_words(words: list[str]) -> list[tuple[int, str]]:
    """Positions of the words that a command runs ("executed") or unpacks ("unpacked"): the program itself, a script, a package, an archive."""
    first = 0
    while first + 1 < len(words) and program_of(words[first]) in _WRAPPERS:
        first += 1
        while first + 1 < len(words) and words[first].startswith("-"):
            first += 1
    if first >= len(words):
        return []
    program = program_of(words[first])
    rest = range(first + 1, min(len(words), first + _WORDS))
    if _INSTALLER.match(program):
        return [(first, "executed"), *((position, "executed") for position in rest if not words[position].startswith("-"))]
    if _UNPACKER.match(program):
        return [(first, "executed"), *((position, "unpacked") for position in rest if not words[position].startswith("-"))]
    return [(first, "executed"), *((position, "executed") for position in (_operands(words, rest) if _INTERPRETER.match(program) else []))]


def _operands(words: list[str], rest: range) -> list[int]:
    """What an interpreter runs: the value of `-c`, the script, or what `-m pip` installs."""
    for position in rest:
        word = words[position]
        if word in _RUNS_VALUE:
            return [position + 1] if position + 1 < len(words) else []
        if word == "-m":
            module = words[position + 1] if position + 1 < len(words) else ""
            return [later for later in rest if later > position + 1 and not words[later].startswith("-")] if _INSTALLER.match(module) else []
        if not word.startswith("-"):
            return [position]
    return []
