"""Commands that unpack archives, and what becomes of the things that were in them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.content import NOTHING, Flow
from agent_security_hooks.parse.downloads.interpreters import STANDARD_INPUT
from agent_security_hooks.parse.downloads.options import Grammar, read_options
from agent_security_hooks.parse.downloads.state import is_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from agent_security_hooks.parse.downloads.calls import Argument, Call
    from agent_security_hooks.parse.downloads.content import Content
    from agent_security_hooks.parse.downloads.flow import Evaluator

Span = tuple[int, int]

_TAR = Grammar(
    "fCIbTXHVLKNgG",
    frozenset(
        "file directory strip-components transform exclude use-compress-program files-from owner group mode wildcards-match one-top-level warning xform".split()
    ),
)
_UNZIP = Grammar("dxPIO")
_ONE_FILE = Grammar("oS")
_DECOMPRESS = {
    "gunzip": (".gz", ".tgz"), "gzip": (".gz",), "bunzip2": (".bz2",), "bzip2": (".bz2",), "unxz": (".xz",), "xz": (".xz",), "unzstd": (".zst",), "zstd": (".zst",),
    "unlzma": (".lzma",), "lz4": (".lz4",), "pigz": (".gz",), "unpigz": (".gz",),
}  # fmt: skip


def unpack(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow | None:
    """Follow a command that unpacks; None if it is no such."""
    reader = _READERS.get(call.name)
    if reader is None or call.name in ("dpkg", "dpkg-deb") and call.texts[:1] not in (["-x"], ["-X"], ["--extract"]):
        return None
    return reader(evaluator, call, stream, span)


def _contents(evaluator: Evaluator, archive: Argument, stream: Flow) -> tuple[Content, ...]:
    if archive.text in STANDARD_INPUT:
        return stream.contents
    return archive.flow.contents if archive.channel else evaluator.state.find(archive.text)


def _tar(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    options = read_options(_modern(call.arguments), _TAR)
    if not options.has("x", "extract", "get"):
        return NOTHING
    found = options.find("f", "file")
    archive = found.value_argument if found else None
    if found is not None and archive is not None and archive.text != found.value:  # `--file=x`, `-fx`
        archive = archive._replace(text=found.value)
    contents = _contents(evaluator, archive, stream) if archive is not None else stream.contents
    if options.has("O", "to-stdout"):
        return Flow(contents)
    target = (options.values("C", "directory", "cd") or ["."])[-1]
    _extract(evaluator, contents, archive.text if archive else "-", target, span)
    return NOTHING


def _modern(arguments: Sequence[Argument]) -> list[Argument]:
    """The old way to give options, `tar xfz f`: no dash, and the values follow in the order of the letters."""
    if not arguments or arguments[0].text.startswith("-") or not arguments[0].text.isalpha():
        return list(arguments)
    letters, rest = arguments[0], list(arguments[1:])
    modern: list[Argument] = []
    for letter in letters.text[:30]:
        modern.append(letters._replace(text="-" + letter))
        if letter in _TAR.short and rest:
            modern.append(rest.pop(0))
    return modern + rest


def _unzip(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    options = read_options(call.arguments, _UNZIP)
    if options.has("l", "t", "v", "Z") or not options.positional:
        return NOTHING
    archive = options.positional[0]
    contents = _contents(evaluator, archive, stream)
    if options.has("p", "c"):
        return Flow(contents)
    _extract(evaluator, contents, archive.text, (options.values("d") or ["."])[-1], span)
    return NOTHING


def _seven_zip(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    if call.texts[:1] not in (["x"], ["e"]):
        return NOTHING
    target = next((text[2:] for text in call.texts if text.startswith("-o") and len(text) > 2), ".")
    for archive in call.arguments[1:]:
        if not archive.text.startswith("-"):
            _extract(evaluator, _contents(evaluator, archive, stream), archive.text, target, span)
    return NOTHING


def _by_position(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    words = [argument for argument in call.arguments if not argument.text.startswith("-")]
    contents = stream.contents if call.name == "cpio" else tuple(content for word in words for content in _contents(evaluator, word, stream))
    _extract(evaluator, contents, words[0].text if words else "", words[-1].text if len(words) > 1 and call.name != "jar" else ".", span)
    return NOTHING


def _decompress(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """One file, which is then called without its ending."""
    options = read_options(call.arguments, _ONE_FILE)
    names = [argument.text for argument in options.positional if argument.text not in STANDARD_INPUT]
    if not names:
        return stream._replace(code=())
    state = evaluator.state
    prints = options.has("c", "stdout", "to-stdout")
    found: tuple[Content, ...] = ()
    for name in names:
        contents = state.find(name)
        found += contents
        if contents and not prints:
            ending = next((ending for ending in _DECOMPRESS[call.name] if name.endswith(ending)), "")
            state.write((options.values("o") or [name.removesuffix(ending)])[-1], contents)
    return Flow(found[:40]) if prints else NOTHING


_READERS: dict[str, Callable[[Evaluator, Call, Flow, Span], Flow]] = {
    **dict.fromkeys(("tar", "bsdtar", "gtar", "star"), _tar),
    **dict.fromkeys(_DECOMPRESS, _decompress),
    **dict.fromkeys(("unzip", "bsdunzip"), _unzip),
    **dict.fromkeys(("7z", "7za", "7zz", "7zr"), _seven_zip),
    **dict.fromkeys(("jar", "unar", "cpio", "ar", "ditto", "unrar", "dpkg", "dpkg-deb"), _by_position),
}


def _extract(evaluator: Evaluator, contents: Iterable[Content], archive: str, target: str, span: Span) -> None:
    state = evaluator.state
    directory = state.path(target)
    for content in contents:
        content.executed = True
        evaluator.record.needs_fail(content)
        if content.checked:
            continue
        content.extracted = content.extracted or span
        content.directory = directory
        state.unpack(target, content, posixpath.basename(archive))
        if is_prefix(directory) or directory in state.search:
            content.unpacked_use = True


def used(evaluator: Evaluator, path: str, *, anywhere: bool = False) -> None:
    """Something of that path is run or installed: if it came out of an archive, the archive was used.

    A bare name is looked for among the programs, and counts only where it may lie `anywhere`.
    """
    if not anywhere and "/" not in path and path != ".":
        return
    content = evaluator.state.unpacked(path)
    if content is not None and not content.checked:
        content.unpacked_use = True
