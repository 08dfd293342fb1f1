"""The view of all that scripts in a file download: runs each fragment of shell in order, with the state that its scope has, and draws the conclusions."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.switches import GATE as SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.downloads import Event
    from agent_security_hooks.parse.downloads.content import Content
    from agent_security_hooks.parse.downloads.images import Step
    from agent_security_hooks.parse.downloads.record import Record
    from agent_security_hooks.parse.downloads.state import State
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.source import Source

# Without one of these bytes nothing is downloaded, and nothing is parsed.
_FETCHES = (
    b"curl", b"wget", b"http:", b"HTTP:", b"ftp:", b"git:", b"aria2c", b"axel", b"fetch ", b"s3 ", b"s3api", b"gsutil", b"gcloud storage", b"gh ", b"blob download", b"https ", b"http ",
    b"xh ", b"gdown", b"lynx", b"w3m", b"links ", b"ADD ", b"add ", b"Invoke-WebRequest", b"Invoke-RestMethod", b"iwr ", b"irm ", b"Download", b"invoke-webrequest", b"bitsadmin", b"urlcache",
)  # fmt: skip
_WORDS = (*_FETCHES, *SWITCHES)
# What stands before an example of what not to do, or in a comment within it.
_DANGER = re.compile(
    rb"(?i)dangerous|malicious|attack|exploit|vulnerab|unsafe|insecure|red flag|bad (?:example|practice|pattern|idea)|\bbad:|\bwrong\b|payload|injection|anti-?pattern"
    rb"|suspicious|(?:must|should) not|flagged|blocked|\bdeny\b|denied|forbid|\xe2\x9d\x8c|\xf0\x9f\x9a\xab|\xe2\x9b\x94"
    rb"|(?:do not|don.{1,3}t|never) (?:ever )?(?:run|use|execute|pipe|install|copy|trust|accept|allow|download)|avoid (?:piping|running|using|these|this|the following|patterns?)"
)
_COMMENT = re.compile(rb"(?m)(?:^|[ \t])#[^\n]*")
_RETURN = re.compile(rb"\r(?!\n)")
_SHELLS = ("sh", "bash", "zsh")
# Where one shell goes on from one fragment to the next.
_ONE_SHELL = ("docs", "agent", "notebook")
_CONTEXT, _CONTEXT_LINES = 600, 8


class Downloads:
    """Events, and the calls of curl that save an error page; each with what to insert where, and whether that is in documentation."""

    __slots__ = ("events", "problem", "unfailing")

    def __init__(self, events: Sequence[Event], unfailing: Sequence[tuple[Content, tuple[int, bytes], bool]], problem: str) -> None:
        self.events = events
        self.unfailing = unfailing
        self.problem = problem
        """Why something may be missing, fit to be printed after the file's name."""


NONE = Downloads((), (), "")


def read_downloads(file: Source) -> Downloads:
    """A view: what the shell in a file downloads, and what becomes of it."""
    if not _interesting(file.data):
        return NONE
    from agent_security_hooks.parse.fragments import may_hold_shell, read_fragments

    if not may_hold_shell(file.path, file.data[:512]):
        return NONE
    found = file.view(read_fragments)
    downloads = _analyse(file, found.fragments, found.problem)
    return _with_returns(file, downloads) if _RETURN.search(file.data) and not downloads.problem else downloads


def _with_returns(file: Source, downloads: Downloads) -> Downloads:
    """Adds what the file downloads if a lone carriage return ends a line, as editors show it: no shell agrees, but a change of line ends makes it so."""
    from agent_security_hooks.parse.fragments import read_fragments

    shown = type(file)(file.path, b"", file.repository)
    shown.data = _RETURN.sub(b"\n", file.data)
    found = shown.view(read_fragments)
    other = _analyse(shown, found.fragments, found.problem)
    known = {(event.start, event.rule) for event in downloads.events}
    events = [*downloads.events, *(event for event in other.events if (event.start, event.rule) not in known)]
    starts = {content.start for content, _, _ in downloads.unfailing}
    unfailing = [*downloads.unfailing, *(one for one in other.unfailing if one[0].start not in starts)]
    return Downloads(sorted(events), unfailing, other.problem)


def _interesting(data: bytes) -> bool:
    return any(word in data for word in _WORDS)


def _analyse(file: Source, fragments: Sequence[Fragment], problem: str) -> Downloads:
    steps = _steps(file)
    wanted = _wanted(fragments, steps)
    if not wanted:
        return Downloads((), (), problem)
    from agent_security_hooks.parse.downloads.record import Record, TooMuch

    record = Record()
    try:
        runner = _Runner(file, record, steps)
        for fragment in fragments:
            if fragment.scope in wanted:
                runner.run(fragment)
        runner.steps_before(len(file.data))
    except TooMuch as reason:
        problem = problem or str(reason)
    problem = problem or record.problem
    with suppress(TooMuch):
        _conclude(file, record)
    return Downloads(sorted(record.events), record.unfailing, problem)


def _steps(file: Source) -> list[Step]:
    """What a Dockerfile adds and copies, the last first."""
    from agent_security_hooks.parse.file_kinds import is_dockerfile

    if not is_dockerfile(file.path):
        return []
    from agent_security_hooks.parse.downloads.images import image_steps

    steps = list(image_steps(file))
    return steps[::-1]


def _wanted(fragments: Sequence[Fragment], steps: Sequence[Step]) -> frozenset[str]:
    """The scopes that hold something of interest, and those that start from one of them."""
    wanted = {
        fragment.scope
        for fragment in fragments
        if _interesting(fragment.text.data) or any(_interesting(f"{n}={v}".encode("utf-8", "replace")) for n, v in fragment.variables)
    }
    wanted.update(step.scope for step in steps)
    for fragment in fragments:
        if fragment.after in wanted:
            wanted.add(fragment.scope)
    return frozenset(wanted)


class _Runner:
    """Runs fragments in order, each in the state of its scope, and between those of a Dockerfile what it adds and copies."""

    __slots__ = ("file", "record", "states", "steps")

    def __init__(self, file: Source, record: Record, steps: list[Step]) -> None:
        self.file = file
        self.record = record
        self.states: dict[str, State] = {}
        self.steps = steps
        """The last first."""

    def state(self, scope: str, after: str) -> State:
        """The state of a scope; a new one starts with what is known at the end of another."""
        from agent_security_hooks.parse.downloads.state import State

        if scope not in self.states:
            self.states[scope] = self.states[after].copy() if after in self.states else State(self.record.count)
        return self.states[scope]

    def steps_before(self, place: int) -> None:
        """Follow what the Dockerfile adds and copies up to a place."""
        while self.steps and self.steps[-1].start < place:
            from agent_security_hooks.parse.downloads.images import run_step

            step = self.steps.pop()
            run_step(self.record, self.states, self.state(step.scope, step.after), step)

    def run(self, fragment: Fragment) -> None:
        """Run one fragment."""
        self.record.count()
        if self.steps:
            self.steps_before(fragment.text.place(0))
        self.record.documentation = fragment.place == "docs" or fragment.place == "agent" and _warns(self.file, fragment)
        state = self.state(fragment.scope, fragment.after)
        if fragment.directory:
            state.directory = fragment.directory
        for name, value in fragment.variables:
            if name not in state.variables or state.variables[name].text != value:
                state.assign(name, value)
        if fragment.language in ("powershell", "cmd"):
            from agent_security_hooks.parse.downloads.powershell import read_powershell

            read_powershell(self.record, fragment)
        elif fragment.arguments:
            _run_arguments(self.record, state, fragment)
        elif fragment.language in _SHELLS:
            self._run_shell(state, fragment)

    def _run_shell(self, state: State, fragment: Fragment) -> None:
        from agent_security_hooks.parse.downloads.flow import Evaluator

        if fragment.place not in _ONE_SHELL and fragment.place != "make":
            state.functions = {}
        before = state.directory
        Evaluator(self.record, state, fragment.text).run_script()
        if fragment.place not in _ONE_SHELL:
            state.directory = before
        _run_uncalled(self.record)


def _run_arguments(record: Record, state: State, fragment: Fragment) -> None:
    """A program that is started without a shell."""
    from agent_security_hooks.parse.downloads.calls import Argument, unwrap
    from agent_security_hooks.parse.downloads.content import NOTHING
    from agent_security_hooks.parse.downloads.effects import run_call
    from agent_security_hooks.parse.downloads.flow import Evaluator

    words = []
    for word in fragment.arguments:
        start, end = word.span(0, len(word.data))
        words.append(Argument(word.data.decode("utf-8", "surrogateescape"), start, end, word))
    call, _ = unwrap(words)
    if call is not None:
        span = fragment.text.span(0, len(fragment.text.data))
        run_call(Evaluator(record, state, fragment.text), call, NOTHING, span)


def _run_uncalled(record: Record) -> None:
    """Functions that this script only defines are run too: others may call them."""
    from agent_security_hooks.parse.downloads.content import NOTHING
    from agent_security_hooks.parse.downloads.flow import Evaluator

    while (found := record.take_uncalled()) is not None:
        name, state = found
        function = state.functions.get(name)
        if function is None:
            continue
        copy = state.copy()
        copy.positional = None
        inner = Evaluator(record, copy, function.text, 1)
        for block in function.body.blocks:
            inner.block(block, NOTHING)


def _warns(file: Source, fragment: Fragment) -> bool:
    """Whether the section above an example in a document, or a comment within it, says that it is a bad one."""
    if not file.name.lower().endswith((".md", ".mdx", ".mdc", ".markdown", ".rst")):
        return False
    start, _ = fragment.text.span(0, len(fragment.text.data))
    lines = file.data[max(0, start - _CONTEXT) : start].split(b"\n")[:-2]  # without the line of the fence
    above: list[bytes] = []
    for line in reversed(lines[-_CONTEXT_LINES:]):
        if line.lstrip(b" \t>").startswith((b"```", b"~~~")):
            break
        above.append(line)
        if line.startswith(b"#"):
            break
    return _DANGER.search(b"\n".join(above)) is not None or any(_DANGER.search(comment) for comment in _COMMENT.findall(fragment.text.data[:20_000]))


def _conclude(file: Source, record: Record) -> None:
    """What can only be said at the end: nothing checked the file that was installed or unpacked."""
    search = _search_path(file.data) if any(content.extracted for content in record.contents) else frozenset()
    for content in record.contents:
        for event in _final(content, search):
            record.add_event(event)
    for content, event, documentation in record.plain:
        if not documentation:
            record.add_event(event)
        elif content.executed:
            record.add_event(event._replace(pedantic=False))


def _final(content: Content, search: frozenset[str]) -> Iterator[Event]:
    from agent_security_hooks.parse.downloads import Event
    from agent_security_hooks.parse.downloads.messages import remedy_of, source_of
    from agent_security_hooks.parse.urls import model_source

    if content.printed is not None and not content.checked and content.executed:
        message = "the digest is printed and compared with nothing"
        yield Event(*content.printed, "weak-verification", message, "compare it: echo 'SHA256  FILE' | sha256sum -c -", pedantic=True)
    if content.checked:
        return
    source = next(filter(None, map(model_source, content.urls)), "")
    if source:
        yield Event(content.start, content.end, "untrusted-model-source", f"model weights come from {source}", "", content.documentation)
    if content.reported:
        return
    documentation = content.documentation
    if content.installed is not None:
        start, end, how = content.installed
        yield Event(start, end, "unverified-execution", f"a file that {source_of(content)} {how}, and nothing checked it", remedy_of(content), documentation)
    elif content.extracted is not None:
        used = content.unpacked_use or content.directory in search
        what = "unpacked and used" if used else "unpacked"
        message = f"an archive that {source_of(content)} is {what}, and nothing checked it"
        yield Event(*content.extracted, "unverified-archive", message, remedy_of(content), documentation or not used)


_PATH_WORD = re.compile(rb"[^\s:;,=\"'()\[\]]{3,300}")


def _search_path(data: bytes) -> frozenset[str]:
    """The directories, and those above them, that stand in lines about PATH: ENV of a Dockerfile, `env:` of a workflow, a profile that is written."""
    from agent_security_hooks.parse.downloads.files import ancestors

    words = {word for line in _lines_with(data, b"PATH") for word in _PATH_WORD.findall(line)[:50] if b"/" in word}
    texts = [word.decode("utf-8", "replace").replace("${HOME}", "~").replace("$HOME", "~") for word in words]
    return frozenset(path for text in texts for path in ancestors(text.rstrip("/")))


def _lines_with(data: bytes, word: bytes) -> Iterator[bytes]:
    """The first lines that hold a word, cut where they are very long."""
    found = data.find(word)
    for _ in range(500):
        if found < 0:
            return
        end = data.find(b"\n", found)
        end = end if end >= 0 else len(data)
        yield data[max(data.rfind(b"\n", 0, found) + 1, found - 2000) : min(end, found + 2000)]
        found = data.find(word, end)
