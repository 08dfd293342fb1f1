"""What a call does to the state: it downloads, checks, unpacks, moves, installs or runs something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import archives, files
from agent_security_hooks.parse.downloads.builtins import HANDLERS
from agent_security_hooks.parse.downloads.calls import joined
from agent_security_hooks.parse.downloads.command_lines import run_command_line
from agent_security_hooks.parse.downloads.content import NOTHING, Content, Digest, Flow
from agent_security_hooks.parse.downloads.execution import install, interpret, run_file, run_text
from agent_security_hooks.parse.downloads.fetch import STDOUT, read_fetch
from agent_security_hooks.parse.downloads.indexes import insecure_arguments
from agent_security_hooks.parse.downloads.interpreters import STANDARD_INPUT, read_run
from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.downloads.switches import bad_switches, remedy_of
from agent_security_hooks.parse.downloads.verify import WEAK, read_signature, read_sums
from agent_security_hooks.parse.urls import is_local_or_private, is_pinned, split_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent_security_hooks.parse.downloads.calls import Argument, Call
    from agent_security_hooks.parse.downloads.fetch import Fetch
    from agent_security_hooks.parse.downloads.flow import Evaluator
    from agent_security_hooks.parse.downloads.verify import Sums

Span = tuple[int, int]

_LONGEST = 20_000
_OUTPUTS = 100
"""Files of one call that are followed."""
_TESTS = frozenset(("[", "test", "[[", "expr", "diff", "cmp", "comm"))
_SEARCHERS = frozenset(("grep", "egrep", "fgrep", "rg", "diff", "cmp"))
# Programs that pick parts out of what they read, those that print the same in another form, and those that keep it.
_PICKERS = frozenset("jq yq grep egrep fgrep rg awk gawk mawk cut head tail xmllint xpath pup htmlq sort uniq wc".split())
_DECODERS = frozenset(
    "zcat xzcat bzcat zstdcat lz4cat gzcat base64 openssl gpg gpg2 iconv dos2unix envsubst m4 tr sed pv dd sponge funzip rpm2cpio rev uudecode xxd brotli unlz4".split()
)
_STORES = frozenset("dd apt-key sponge gpg gpg2".split())
_PYTHON_MODULES = frozenset(("pip", "uv", "pipx", "easy_install", "twine"))


def run_call(evaluator: Evaluator, call: Call, stream: Flow, span: Span, *, piped: bool = False, function: bool = False) -> Flow:
    """Run one call; returns what it prints. `piped` says that something reads it, `function` that a function of that name has run already."""
    if call.name.startswith("python") and call.texts[:1] == ["-m"] and len(call.arguments) > 1 and call.texts[1] in _PYTHON_MODULES:
        call = call._replace(name=call.texts[1], arguments=call.arguments[2:])
    record = evaluator.record
    for argument, message in insecure_arguments(call):
        record.event(argument.start, argument.end, "insecure-url", message)
    if call.arguments:
        for argument, message in bad_switches(call):
            record.event(argument.start, argument.end, "tls-verification-off", message, remedy_of(message))
    if not function and call.program.flow.contents and not call.program.channel:
        run_text(evaluator, call.program, span)
    handler = HANDLERS.get(call.name)
    if handler is not None:
        return handler(evaluator, call, stream, span)
    if call.name in _TESTS:
        compare(evaluator, call.arguments, span)
        return NOTHING
    fetch = read_fetch(call)
    if fetch is not None:
        return _download(evaluator, call, fetch, span, piped=piped)
    if read_run(call) is not None:
        return interpret(evaluator, call, stream, span)
    for follow in (_verify, archives.unpack, files.change):
        followed = follow(evaluator, call, stream, span)
        if followed is not None:
            return followed
    if run_command_line(evaluator, call, stream, span):
        return NOTHING
    return _other(evaluator, call, stream, span)


def _by_text(arguments: Sequence[Argument], texts: frozenset[str]) -> dict[str, list[Argument]]:
    """The arguments with these texts, the last first: some programs are given thousands."""
    found: dict[str, list[Argument]] = {}
    for argument in reversed(arguments):
        if argument.text in texts:
            found.setdefault(argument.text, []).append(argument)
    return found


def _download(evaluator: Evaluator, call: Call, fetch: Fetch, span: Span, *, piped: bool) -> Flow:
    record = evaluator.record
    if fetch.insecure is not None and not (fetch.urls and all(map(_is_loopback, fetch.urls))):
        switch = fetch.insecure
        record.event(switch.argument.start, switch.argument.end, "tls-verification-off", f"{call.name} {switch.shown} accepts any certificate")
    if fetch.api and not fetch.urls:
        return NOTHING
    printed: list[Content] = []
    outputs = fetch.outputs or (STDOUT,)
    named = _by_text(call.arguments, frozenset(fetch.urls))
    if len(outputs) > _OUTPUTS:
        record.problem = record.problem or "its shell has more commands than are followed"
    for index, output in enumerate(outputs[:_OUTPUTS]):
        urls = fetch.urls[index : index + 1] if len(outputs) > 1 else fetch.urls
        content = _content(call, fetch, urls, span)
        # Of equal URLs, each is another argument.
        record.add(content, [named[url].pop() if len(named[url]) > 1 else named[url][0] for url in urls if url in named])
        if output in (STDOUT, "/dev/stdout", ""):
            printed.append(content)
        elif output not in ("/dev/null", "NUL"):
            if fetch.implied and piped:
                printed.append(content)
            record.save((content,))
            files.save(evaluator.state, content, output, fetch.directory, span)
    return Flow(tuple(printed))


def _content(call: Call, fetch: Fetch, urls: tuple[str, ...], span: Span) -> Content:
    pinned = bool(urls) and all(is_pinned(url) for url in urls)
    loopback = bool(urls) and all(_is_loopback(url) for url in urls)
    insertion = None if fetch.fails or fetch.api or loopback else _insertion(call)
    return Content(call.name, urls, *span, checked=pinned or loopback or fetch.checked, insertion=insertion)


def _is_loopback(url: str) -> bool:
    parts = split_url(url)
    if parts is None:
        return url.split("/", maxsplit=1)[0].split(":", maxsplit=1)[0] in ("localhost", "127.0.0.1")
    return parts.scheme == "file" or parts.host in _LOOPBACK or parts.host.startswith("127.") and is_local_or_private(parts.host)


_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1", "host.docker.internal"))
_CLUSTER = re.compile(r"-[#0-9aBgGiIjJklLnNOpqRsSvVZ]{1,20}\Z")


def _insertion(call: Call) -> tuple[int, bytes]:
    """Where `-f` goes: into the first cluster of switches, else right after the program's name; nothing where that is not written as such."""
    source = call.program.source if isinstance(call.program.origin, tuple) else None  # no shell: arguments are items of a list
    if source is None or call.program.text != source.data.decode("utf-8", "surrogateescape") or call.program.end - call.program.start != len(source.data):
        return (call.program.end, b"")
    first = call.arguments[0] if call.arguments else None
    if first is not None and _CLUSTER.match(first.text) and first.end - first.start == len(first.text):
        return (first.start + 1, b"f")
    return (call.program.end, b" -f")


def _verify(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow | None:
    """Checksums and signatures."""
    sums = read_sums(call)
    if sums is not None:
        return _check_list(evaluator, sums, stream, span) if sums.check else _digest(evaluator, sums, stream, span)
    signature = read_signature(call)
    if signature is None:
        return None
    targets = [content for name in signature.names for content in evaluator.state.find(name)]
    targets += stream.contents if stream.stored else ()
    _checked(evaluator, targets, "signature", [], span)
    return NOTHING


def _digest(evaluator: Evaluator, sums: Sums, stream: Flow, span: Span) -> Flow:
    """A checksum is computed."""
    digests: list[Digest] = []
    for name in sums.names[:40]:
        contents = stream.contents if name in STANDARD_INPUT else evaluator.state.find(name)
        for content in contents[:40]:
            content.printed = content.printed or span
            digests.append(Digest(content, sums.algorithm))
    return Flow(digests=tuple(digests), text=" ".join(sums.names)[:_LONGEST])


def _check_list(evaluator: Evaluator, sums: Sums, stream: Flow, span: Span) -> Flow:
    """Files are compared with a list of checksums."""
    state = evaluator.state
    text, lists = "", list[Content]()
    for name in sums.names[:40]:
        listed = stream if name in STANDARD_INPUT else state.note(name)
        text += " " + listed.text
        lists += listed.contents if name in STANDARD_INPUT else state.find(name)
    targets = files.named_in(evaluator, text, lists, exact=not stream.filtered)
    _checked(evaluator, targets, sums.algorithm, lists, span)
    return NOTHING


def compare(evaluator: Evaluator, arguments: Sequence[Argument], span: Span) -> None:
    """A comparison: digests in it, or in files that it names, are checked."""
    flow = joined(arguments)
    if evaluator.state.notes:
        for argument in arguments[:10]:
            flow = flow + evaluator.state.note(argument.text)
    if not flow.digests or arguments[0].text in ("-n", "-z"):
        return
    contents = [digest.content for digest in flow.digests]
    _checked(evaluator, contents, flow.digests[0].algorithm, [content for content in flow.contents if content not in contents], span)


def _checked(evaluator: Evaluator, contents: Sequence[Content], algorithm: str, lists: Sequence[Content], span: Span) -> None:
    record = evaluator.record
    unchecked = [content for content in contents if not content.checked]
    if not unchecked:
        return
    if evaluator.forgiven:
        record.event(*span, "weak-verification", "the check may fail without consequence: its failure is ignored", "remove what follows ||", pedantic=True)
        return
    if algorithm in WEAK:
        record.event(*span, "weak-verification", f"{algorithm} is broken: a file with the same digest can be made", "compare a sha256", pedantic=True)
    places = {place for content in unchecked for place in _places(content)}
    same = next((list_ for list_ in lists if not list_.checked and not places.isdisjoint(_places(list_))), None)
    if same is not None:
        message = f"the checksum comes from the same place as the file ({host_of(*same.urls[:1])}): whoever changes one changes both"
        record.event(*span, "weak-verification", message, "write the checksum down here, or check a signature", pedantic=True)
    record.check(unchecked)


def _places(content: Content) -> Iterable[str]:
    return (url.rsplit("/", 1)[0] for url in content.urls[:10])


def _other(evaluator: Evaluator, call: Call, stream: Flow, span: Span) -> Flow:
    """Any other program: one that was downloaded, an installer, or a filter."""
    state, record = evaluator.state, evaluator.record
    run_file(evaluator, call.program, span)
    install(evaluator, call, span)
    picks, decodes = call.name in _PICKERS, call.name in _DECODERS
    if (picks or decodes) and not stream and (state.files or state.notes):
        for argument in call.arguments[:40]:
            stream = stream + Flow(state.find(argument.text), state.note(argument.text).digests, stored=True)
    if not stream:
        return NOTHING
    if call.name in _SEARCHERS and stream.digests:
        record.check(digest.content for digest in stream.digests)
    if call.name in _STORES and stream.contents:
        record.save(stream.contents)
    if picks:
        return stream._replace(text=f"{stream.text} {' '.join(call.texts)}"[:_LONGEST], filtered=True, code=())
    return stream._replace(code=()) if decodes else Flow(stream.contents, stream.digests, filtered=True)
