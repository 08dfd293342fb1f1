"""What happens to files: they are saved, moved about, made programs, put on the search path, and named in lists of checksums."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import archives
from agent_security_hooks.parse.downloads.content import NOTHING, Content, Flow
from agent_security_hooks.parse.downloads.fetch import name_in_url
from agent_security_hooks.parse.downloads.options import Grammar, read_options
from agent_security_hooks.parse.downloads.settings import bad_lines
from agent_security_hooks.parse.downloads.state import is_directory, is_program_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent_security_hooks.parse.downloads.calls import Argument, Call
    from agent_security_hooks.parse.downloads.flow import Evaluator
    from agent_security_hooks.parse.downloads.state import State

Span = tuple[int, int]

_MODE = re.compile(
    r"(?:[ugoa]{0,4}[+=][rwXst]{0,6}x[rwxXst]{0,6}(?:,\S{0,40})?|\S{1,40},[ugoa]{0,4}[+=]r?w?x|[0-7]{0,2}(?:[1357][0-7][0-7]|[0-7][1357][0-7]|[0-7][0-7][1357]))\Z"
)
_COPY = {
    **dict.fromkeys(("mv", "cp", "ln"), Grammar("tS", frozenset(("target-directory", "suffix")))),
    **dict.fromkeys(("install", "ginstall"), Grammar("mogtSC", frozenset(("mode", "owner", "group", "target-directory", "suffix")))),
    "rsync": Grammar("e", frozenset(("rsh", "exclude", "include"))),
}
_INSTALL = ("install", "ginstall")
_WORDS = re.compile(r"[^\s\"'`|;&<>()]+")
# Signatures, checksums, archives and texts that lie among programs and are none.
_BESIDE = tuple(
    ".asc .sig .sign .pem .crt .md5 .sha1 .sha256 .sha512 .sha256sum .sha512sum .minisig .sbom .txt .json .md .gz .tgz .bz2 .xz .zst .zip .tar .deb .rpm".split()
)
_SCRIPT = re.compile(rb"\s{0,10}#![^\n]{0,80}?(?:/|[ \t])(?:ba|da|z|k|a)?sh\b")


def save(state: State, content: Content, output: str, directory: str, span: Span) -> None:
    """A download was saved under that name, or into that directory."""
    name = name_in_url(content.urls[0]) if content.urls else ""
    path = posixpath.join(directory, output) if directory and not output.startswith("/") else output
    if path.endswith(("/", "/.", "/..")) or is_directory(path):
        path = f"{path}/{name}"
    content.path = state.path(path)
    arrive(state, content, path, span)


def arrive(state: State, content: Content, path: str, span: Span) -> None:
    """A download is in that file now, which may be where programs are."""
    state.write(path, (content,))
    if _is_program(state.path(path)):
        install(content, span, "is put among the programs")


def _is_program(path: str) -> bool:
    return is_program_directory(posixpath.dirname(path)) and not path.endswith(_BESIDE)


def store(evaluator: Evaluator, target: Argument, printed: Flow, *, added: bool = False) -> None:
    """Something was printed into a file, or added to it."""
    state, name = evaluator.state, target.text
    if name.startswith("/dev/") and not name.startswith("/dev/shm/") or name in ("NUL", "$null"):  # noqa: S108
        return
    if name in ("${GITHUB_PATH}", "$GITHUB_PATH"):
        on_path(state, printed.text)
        return
    if printed.contents and not printed.filtered:
        evaluator.record.save(printed.contents)
        program = _is_program(state.path(name))
        for content in printed.contents:
            content.path = content.path or state.path(name)
            if program:
                install(content, (target.start, target.end), "is put among the programs")
    for rule, message in bad_lines(posixpath.basename(name), printed.text) if printed.text else ():
        evaluator.record.event(target.start, target.end, rule, message)
    note = printed._replace(contents=())
    if added:
        state.write(name, (*state.find(name), *printed.contents)[:40], state.note(name) + note)
    else:
        state.write(name, printed.contents, note)
    code = printed.code[0] if printed.code else None
    if code is not None and (name.endswith((".sh", ".bash")) or _SCRIPT.match(code.data)) and len(code.data) > 4:
        run_written(evaluator, printed)


def run_written(evaluator: Evaluator, flow: Flow) -> None:
    """Run a script that this script has written; what it changes but files stays its own."""
    state, running = evaluator.state, evaluator.record.running
    directory = state.directory
    for code in flow.code[:5]:
        place = code.place(0)
        if place not in running:
            running.add(place)
            evaluator.nested(code)
            running.discard(place)
    state.directory = directory


def on_path(state: State, text: str) -> None:
    """Directories are put on PATH: what was or will be unpacked there is used."""
    directories = text.split(":", 100)[:100]
    state.count(len(directories) // 5)
    for directory in directories:
        path = state.path(directory.strip())
        if path in state.search:
            continue
        for content in state.trees.in_directory(path):
            content.unpacked_use = True
        state.search.update(ancestors(path))


def ancestors(path: str) -> Iterable[str]:
    """A path and the directories above it, but for those that hold everything."""
    for _ in range(20):
        if len(path) < 3 or path in ("/usr", "/opt", "/tmp", "/home", "/root"):  # noqa: S108
            return
        yield path
        path = path.rpartition("/")[0]


def install(content: Content, span: Span, how: str) -> None:
    """A download becomes a program."""
    content.executed = True
    if not content.checked and content.installed is None:
        content.installed = (*span, how)


def change(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow | None:
    """Follow a command that moves, copies, removes or marks files; None if it is no such."""
    if call.name in _COPY:
        _copy(evaluator, call, span)
    elif call.name == "chmod":
        _mark(evaluator, call, span)
    elif call.name in ("rm", "unlink"):
        for argument in call.arguments:
            if not argument.text.startswith("-"):
                evaluator.state.write(argument.text, ())
    else:
        return None
    return NOTHING


def _copy(evaluator: Evaluator, call: Call, span: Span) -> None:
    options = read_options(call.arguments, _COPY[call.name])
    words = list(options.positional)
    target = (options.values("t", "target-directory") or [""])[-1]
    into = bool(target) or len(words) > 2 or call.name in _INSTALL and options.has("d", "directory")
    if not target:
        if len(words) < 2:
            return
        target = words.pop().text
    path = evaluator.state.path(target)
    into = into or target.endswith(("/", "/.")) or is_directory(path)
    makes_program = call.name in _INSTALL and _makes_program(options.values("m", "mode"))
    for word in words:
        destination = f"{path}/{posixpath.basename(evaluator.state.path(word.text))}" if into else path
        _move(evaluator, word, destination, span, makes_program=makes_program, keeps=call.name != "mv")


def _move(evaluator: Evaluator, word: Argument, destination: str, span: Span, *, makes_program: bool, keeps: bool) -> None:
    state = evaluator.state
    contents, note = state.find(word.text), state.note(word.text)
    if makes_program or _is_program(destination):
        archives.used(evaluator, word.text, anywhere=True)
        for content in contents:
            install(content, span, "is put among the programs")
    if contents or note:
        state.write(destination, contents, note)
        if not keeps:
            state.write(word.text, ())


def _makes_program(modes: Sequence[str]) -> bool:
    return not modes or _MODE.match(modes[-1]) is not None


def _mark(evaluator: Evaluator, call: Call, span: Span) -> None:
    words = [argument for argument in call.arguments if not argument.text.startswith("-") or argument.text[1:2] in "rwxX"]
    if not words or not _MODE.match(words[0].text):
        return
    for word in words[1:]:
        for content in evaluator.state.find(word.text):
            install(content, span, "is made executable")
        archives.used(evaluator, word.text, anywhere=True)


def named_in(evaluator: Evaluator, text: str, lists: Iterable[Content], *, exact: bool) -> list[Content]:
    """The downloads that a checksum list names; all of them where nothing of the list is known. `exact`: the text is the list as it was printed."""
    state = evaluator.state
    lists = dict.fromkeys(lists)
    found: dict[Content, None] = {}
    words = _WORDS.findall(text)
    state.count(len(words) // 20)
    for word in words:
        name = posixpath.basename(word.lstrip("*").rstrip("$\\"))
        found.update(dict.fromkeys(state.find(word.lstrip("*")) or (state.named(name) if name and not name.startswith("${") else ())))
    named = [content for content in found if content not in lists]
    if named:
        return named
    others = [word for word in words[1:] if "$" not in word and not word.startswith(("%", "-", "\\"))]
    if others and exact and not lists:
        return []  # another file
    state.count(len(state.files) // 20)
    every = dict.fromkeys(content for contents in state.files.values() for content in contents)
    return [content for content in every if content not in lists]
