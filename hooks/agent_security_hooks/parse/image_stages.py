"""Build stages: what each one starts from, which variables it knows where, what it hands on, and which of them make the final image.

Source: https://docs.docker.com/reference/dockerfile/ and https://docs.docker.com/build/building/variables/ (scope of ARG and ENV).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.dockerfile import Argument, Instruction, expand, read_dockerfile, resolve
from agent_security_hooks.parse.image_variables import PLATFORMS, GlobalScope, History
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent_security_hooks.source import Source

__all__ = [
    "Reference", "Stage", "Variables", "effective", "effective_user", "expand", "image_reference", "is_windows", "mount_fields", "read_stages", "resolve",
    "shell_at", "variables_at", "working_directory",
]  # fmt: skip

_DEPTH = 50
"""Ancestors of a stage that are followed."""
_VALUES_LIMIT = 4 << 20
"""Characters that all values of one file may have; what comes after counts as unknown."""
_NAME_LIMIT = 4096
"""Characters of a path or of an image's name."""
_COSTLY_LIMIT = 50
"""Values of one file in which patterns are replaced, and stages whose base is looked for on other platforms."""
_TRIGGER_LIMIT = 1000
_PATTERN = Pattern(r"\$\{\w+:?[#%/]")
_PLATFORM_VARIABLE = Pattern(r"(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)")
_SHELL = ("/bin/sh", "-c")
_WINDOWS_SHELL = ("cmd", "/S", "/C")
_WINDOWS_SHELLS = frozenset(("powershell", "powershell.exe", "pwsh.exe", "cmd", "cmd.exe"))
_WINDOWS_NAME = Pattern(r"(?i)(?:^|/)(?:windows|nanoserver|servercore|windowsservercore)(?:/|$)|(?:^|/)dotnet/framework/")
_WINDOWS_TAG = Pattern(r"(?i)windowsservercore|nanoserver")
_DIGEST = Pattern(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


_EVERYWHERE = 1 << 62


class Reference(NamedTuple):
    """Something that a stage is built from: what FROM, `COPY --from=` or `RUN --mount=from=` names.

    `image` is the resolved name, empty where it cannot be known; `target` is the stage that it names, if any.
    """

    instruction: Instruction
    argument: Argument
    image: str
    target: Stage | None


class _State:
    """What the instructions of a stage set. The histories of directories and shells know one name, the empty one."""

    __slots__ = ("arguments", "directories", "environment", "last", "shells")

    def __init__(self) -> None:
        self.environment: History[str | None] = History()
        self.arguments: History[str | None] = History()
        self.directories: History[str | None] = History()
        self.shells: History[tuple[str, ...]] = History()
        self.last: dict[str, Instruction] = {}


class Stage:
    """One build stage. `image` is the resolved name that it starts from, an image's or a stage's; empty where it cannot be known."""

    __slots__ = (
        "alternatives", "base", "escape", "feeds_final", "image", "index", "instructions", "is_final", "lineage", "name", "parent", "platform", "reaches_final",
        "references", "scope", "sources", "start", "state", "triggers",
    )  # fmt: skip

    def __init__(self, index: int, start: Instruction, escape: str, scope: Mapping[str, str | None], image: str, platform: str) -> None:
        self.index = index
        self.start = start
        self.escape = escape
        self.scope = scope
        """The variables that FROM itself sees."""
        words = start.words
        self.base = words[0] if words else Argument("", start.start, start.end)
        self.name = words[2].text.lower() if len(words) > 2 and words[1].text.lower() == "as" else ""
        self.image = image
        self.platform = platform
        self.parent: Stage | None = None
        self.lineage: tuple[Stage, ...] = (self,)
        """The stage, its parent, the parent's parent ..."""
        self.alternatives: tuple[Stage, ...] = ()
        """Stages that would be the parent for another platform."""
        self.triggers: tuple[Instruction, ...] = ()
        """What ONBUILD in the parent adds in front of the stage's own instructions."""
        self.instructions: tuple[Instruction, ...] = ()
        self.references: tuple[Reference, ...] = ()
        """All images and stages that it is built from; the first is what FROM names."""
        self.sources: tuple[Stage, ...] = ()
        """Stages that files are copied or mounted from."""
        self.is_final = False
        self.reaches_final = False
        """Whether its layers are part of the final image: the final stage and its ancestors."""
        self.feeds_final = False
        """Whether files of it are copied or mounted, directly or through other stages, into what reaches the final image."""
        self.state = _State()

    def steps(self) -> tuple[Instruction, ...]:
        """The instructions that run in the stage, those that its parent triggers included."""
        return self.triggers + self.instructions

    @property
    def root_image(self) -> str:
        """The image that the first stage of the lineage starts from; empty where it cannot be known."""
        root = self.lineage[-1]
        return "" if root.parent else root.image

    @property
    def shell(self) -> tuple[str, ...]:
        """The shell that RUN uses where the stage begins."""
        return shell_at(self, self.start)

    @property
    def user(self) -> str | None:
        """The last USER of the stage or its ancestors; None where there is none or its value is unknown."""
        return effective_user(self)[0]

    def environment(self, instruction: Instruction) -> Mapping[str, str | None]:
        """As `variables_at`."""
        return variables_at(self, instruction)

    def lookup(self, name: str, place: int) -> str | None:
        """The value of a variable before a place in the file; ENV wins over ARG. Raises KeyError for one that no stage of the lineage declares."""
        argument = None
        for stage in self.lineage:
            found = stage.state.environment.before(name, place)
            if found:
                return found[0]
            argument = argument or stage.state.arguments.before(name, place)
            place = _EVERYWHERE
        if argument:
            return argument[0]
        raise KeyError(name)

    def declared(self) -> set[str]:
        """The names of all variables of the stage and its ancestors."""
        return {name for stage in self.lineage for history in (stage.state.environment, stage.state.arguments) for name in history.names()}


class Variables(Mapping[str, "str | None"]):
    """The variables at one place of a stage: ENV, and ARG as far as declared. None stands for a value that is not known."""

    __slots__ = ("_place", "_stage")

    def __init__(self, stage: Stage, place: int) -> None:
        self._stage = stage
        self._place = place

    def __getitem__(self, name: str) -> str | None:
        return self._stage.lookup(name, self._place)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in self._stage.declared() if name in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Reader:
    """Builds the stages of one file."""

    def __init__(self, escape: str) -> None:
        self.escape = escape
        self.declared: dict[str, str | None] = {}  # global ARG
        self.scope = GlobalScope(self.declared, PLATFORMS[0])
        self.stages: list[Stage] = []
        self.names: dict[str, Stage] = {}
        self.size = 0
        self.costly = 0
        self.others = 0
        self.triggers = 0

    def resolve(self, text: str, variables: Mapping[str, str | None]) -> str | None:
        if self.size > _VALUES_LIMIT:
            return None
        if _PATTERN.search(text):
            self.costly += 1
            if self.costly > _COSTLY_LIMIT:
                return None
        value = resolve(text, variables, self.escape)
        if value is None:
            return None
        self.size += len(value)
        return value if self.size <= _VALUES_LIMIT else None

    def read(self, instructions: Iterable[Instruction]) -> tuple[Stage, ...]:
        own: list[Instruction] = []
        for instruction in instructions:
            if instruction.keyword == "FROM":
                self.finish(own)
                own = []
                self.begin(instruction)
            elif self.stages:
                own.append(instruction)
                self.follow(self.stages[-1], instruction, instruction.start)
            elif instruction.keyword == "ARG":
                self.declare(instruction)
        self.finish(own)
        self.connect()
        return tuple(self.stages)

    def finish(self, own: list[Instruction]) -> None:
        if self.stages:
            self.stages[-1].instructions = tuple(own)

    def declare(self, instruction: Instruction) -> None:
        """An ARG before the first FROM."""
        for word in instruction.words:
            name, equals, text = word.text.partition("=")
            if equals:
                self.declared[name] = self.resolve(text, self.scope)
            elif name not in self.scope.platform:
                self.declared.setdefault(name, None)

    def begin(self, instruction: Instruction) -> None:
        image = self.image(instruction, self.scope)
        platform = instruction.flag("platform")
        stage = Stage(len(self.stages), instruction, self.escape, self.scope, image, (platform and self.resolve(platform.text, self.scope)) or "")
        stage.parent = self.names.get(image.lower())
        stage.alternatives = self.alternatives(stage)
        if stage.parent:
            stage.lineage = (stage, *stage.parent.lineage[: _DEPTH - 1])
            if self.triggers < _TRIGGER_LIMIT:
                stage.triggers = tuple(made.inner for made in stage.parent.instructions if made.inner)
                self.triggers += len(stage.triggers)
        self.stages.append(stage)
        for trigger in stage.triggers:
            self.follow(stage, trigger, instruction.start)
        if stage.name:
            self.names[stage.name] = stage

    def image(self, instruction: Instruction, scope: GlobalScope) -> str:
        value = self.resolve(instruction.words[0].text, scope) if instruction.words else None
        return value if value and len(value) <= _NAME_LIMIT else ""

    def alternatives(self, stage: Stage) -> tuple[Stage, ...]:
        if not _PLATFORM_VARIABLE.search(stage.base.text) or self.others >= _COSTLY_LIMIT:
            return ()
        self.others += 1
        names = (self.image(stage.start, GlobalScope(self.declared, platform)).lower() for platform in PLATFORMS)
        found = {self.names[name].index: self.names[name] for name in names if name in self.names}
        return tuple(other for other in found.values() if other is not stage.parent)

    def follow(self, stage: Stage, instruction: Instruction, place: int) -> None:
        """What an instruction does to the state of its stage."""
        keyword, words = instruction.keyword, instruction.words
        stage.state.last[keyword] = instruction
        if keyword == "ENV":
            self.assign(stage, words, place)
        elif keyword == "ARG":
            self.argue(stage, words, place)
        elif keyword == "SHELL" and instruction.is_json:
            stage.state.shells.add("", place, tuple(word.text for word in words))
        elif keyword == "WORKDIR":
            self.enter(stage, instruction.body.data.decode("utf-8", "surrogateescape"), place)

    def assign(self, stage: Stage, words: tuple[Argument, ...], place: int) -> None:
        variables = Variables(stage, place)
        for name, value in zip(words[::2], words[1::2]):
            key = self.resolve(name.text, variables) if _SPECIAL.search(name.text) else name.text
            if key:
                stage.state.environment.add(key, place, self.resolve(value.text, variables))

    def argue(self, stage: Stage, words: tuple[Argument, ...], place: int) -> None:
        variables = Variables(stage, place + 1)  # each ARG sees those before it, also those of the same line
        for word in words:
            name, equals, text = word.text.partition("=")
            if equals:
                stage.state.arguments.add(name, place, self.resolve(text, variables))
            elif self.declared.get(name) is not None:
                stage.state.arguments.add(name, place, self.declared[name])
            elif stage.state.arguments.before(name, place) is None:
                stage.state.arguments.add(name, place, None)

    def enter(self, stage: Stage, text: str, place: int) -> None:
        path = self.resolve(text, Variables(stage, place))
        if path and not _ABSOLUTE.match(path):
            before = working_directory(stage, place)
            path = f"{before.rstrip('/')}/{path}" if before else None
        if path and len(path) <= _NAME_LIMIT:
            from posixpath import normpath

            self.size += len(path)
            path = normpath(path) if path.startswith("/") else path
        else:
            path = None
        stage.state.directories.add("", place, path if self.size <= _VALUES_LIMIT else None)

    def connect(self) -> None:
        """Finds out which stages make the final image."""
        if not self.stages:
            return
        final = self.stages[-1]
        final.is_final = True
        open_stages = [final]
        while open_stages:
            stage = open_stages.pop()
            if not stage.reaches_final:
                stage.reaches_final = True
                open_stages += [*stage.alternatives, *([stage.parent] if stage.parent else [])]
        for stage in self.stages:
            stage.references = tuple(self.refer(stage))
            stage.sources = tuple({found.target.index: found.target for found in stage.references[1:] if found.target}.values())
        open_stages = [source for stage in self.stages if stage.reaches_final for source in stage.sources]
        while open_stages:
            stage = open_stages.pop()
            if not stage.feeds_final:
                stage.feeds_final = True
                open_stages += [*stage.sources, *stage.alternatives, *([stage.parent] if stage.parent else [])]

    def refer(self, stage: Stage) -> Iterator[Reference]:
        yield Reference(stage.start, stage.base, stage.image, stage.parent)
        for made in stage.steps():
            for argument in _taken_from(made):
                image = argument.text
                if "$" in image:
                    image = self.resolve(image, Variables(stage, made.start)) or ""
                yield Reference(made, argument, image, self.find(image))

    def find(self, text: str) -> Stage | None:
        """The stage that `--from` names, by its alias or by its number."""
        found = self.names.get(text.lower())
        if found is None and text.isdecimal() and text.isascii() and len(text) < 6 and int(text) < len(self.stages):
            found = self.stages[int(text)]
        return found


_SPECIAL = Pattern(r"[$'\"\\`]")
_ABSOLUTE = Pattern(r"/|\\|[A-Za-z]:")


def _taken_from(made: Instruction) -> Iterator[Argument]:
    """The values of `COPY --from=` and `RUN --mount=from=`."""
    if made.keyword == "COPY":
        yield from made.flag_values("from")
    elif made.keyword == "RUN":
        for mount in made.flag_values("mount"):
            source = mount_fields(mount).get("from")
            if source:
                yield source


def mount_fields(mount: Argument) -> dict[str, Argument]:
    """The fields of a `--mount=` value by lower-case name; the last of a name wins."""
    fields, position = {}, 0
    exact = mount.end - mount.start == len(mount.text.encode("utf-8", "surrogateescape"))
    for field in mount.text.split(","):
        name, _, value = field.partition("=")
        size, length = len(value.encode("utf-8", "surrogateescape")), len(field.encode("utf-8", "surrogateescape"))
        end = mount.start + position + length
        fields[name.strip().lower()] = Argument(value, end - size, end) if exact else Argument(value, mount.start, mount.end)
        position += length + 1
    return fields


def read_stages(file: Source) -> tuple[Stage, ...]:
    """A view: the stages of a Dockerfile in order."""
    dockerfile = file.view(read_dockerfile)
    return _Reader(dockerfile.escape).read(dockerfile.instructions)


def variables_at(stage: Stage, instruction: Instruction) -> Mapping[str, str | None]:
    """The variables that an instruction of the stage sees; None is the value of one whose value is not known. FROM sees the global ARGs."""
    return stage.scope if instruction is stage.start else Variables(stage, instruction.start)


def effective(stage: Stage, keyword: str) -> Instruction | None:
    """The instruction that has the last word at the end of the stage: USER, WORKDIR, CMD, ENTRYPOINT, HEALTHCHECK, STOPSIGNAL, SHELL.

    ENTRYPOINT drops the CMD of an ancestor.
    """
    for ancestor in stage.lineage:
        if keyword in ancestor.state.last:
            return ancestor.state.last[keyword]
        if keyword == "CMD" and "ENTRYPOINT" in ancestor.state.last:
            return None
    return None


def effective_user(stage: Stage) -> tuple[str | None, Instruction | None]:
    """Whom the final process of a stage runs as: the resolved value (None: unknown) and the instruction (None: that of the base image)."""
    for ancestor in stage.lineage:
        made = ancestor.state.last.get("USER")
        if made:
            place = ancestor.start.start if made in ancestor.triggers else made.start
            return resolve(made.body.data.decode("utf-8", "surrogateescape"), Variables(ancestor, place), stage.escape), made
    return None, None


def shell_at(stage: Stage, instruction: Instruction) -> tuple[str, ...]:
    """The command that runs the shell form of RUN, CMD and ENTRYPOINT at an instruction."""
    place = instruction.start
    for ancestor in stage.lineage:
        found = ancestor.state.shells.before("", place)
        if found:
            return found[0]
        place = _EVERYWHERE
    return _WINDOWS_SHELL if is_windows(stage) else _SHELL


def working_directory(stage: Stage, place: int) -> str | None:
    """The directory in which an instruction at this offset runs; None where the base image decides."""
    for ancestor in stage.lineage:
        found = ancestor.state.directories.before("", place)
        if found:
            return found[0]
        place = _EVERYWHERE
    return "/" if stage.root_image == "scratch" else None


def is_windows(stage: Stage) -> bool:
    """Whether the stage is built for Windows: by its platform, its base image, or its shell."""
    root = stage.lineage[-1]
    if root.platform:
        return root.platform.lower().startswith("windows")
    name, tag, _ = image_reference(root.image or root.base.text)
    if _WINDOWS_NAME.search(name) or _WINDOWS_TAG.search(tag):
        return True
    return any(shell and shell[0].lower() in _WINDOWS_SHELLS for ancestor in stage.lineage for shell in ancestor.state.shells.values(""))


def image_reference(text: str) -> tuple[str, str, str]:
    """Name, tag and digest of an image; a tag or digest that is not there, or that is not well-formed, is empty."""
    name, _, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    return head, tag, digest if _DIGEST.fullmatch(digest) else ""
