"""The pattern language of npm: minimatch as npm sets it up. Dots match, letter case does not count, one segment means any depth.

Source: https://github.com/isaacs/minimatch#readme. Own implementation on the engine of `parse.ignore`: no regular expression is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.ignore import Subject, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from agent_security_hooks.parse.ignore import Step

    Fits = Callable[[str], bool]
    _Node: TypeAlias = "str | Step | _Group"

MAX_LENGTH = 65536
MAX_ALTERNATIVES = 4096
_MAX_NESTING = 8
_MAGIC = frozenset("*?[\\(")


class TooComplex(ValueError):
    """A pattern that is longer, or stands for more alternatives, than any real one."""


# Braces: `{a,b}` and `{1..3}` stand for several patterns. Text is a list of tokens; an escaped brace is one token of two characters.


def expand_braces(pattern: str) -> list[str]:
    """All patterns that one with braces stands for. Raises TooComplex for more than 4096."""
    tokens = _tokens(pattern)
    if _outermost(tokens, 0) is None:
        return [pattern]
    if tokens[:2] == ["{", "}"]:
        tokens[:2] = ["\\{", "\\}"]
    expanded = (_plain(tokens) for tokens in _expand(tokens, 0))
    return list(dict.fromkeys(text for text in expanded if text))


def _tokens(pattern: str) -> list[str]:
    tokens = []
    at = 0
    while at < len(pattern):
        width = 2 if pattern[at] == "\\" and pattern[at + 1 : at + 2] in {"\\", "{", "}", ",", "."} else 1
        tokens.append(pattern[at : at + width])
        at += width
    return tokens


def _plain(tokens: Sequence[str]) -> str:
    return "".join(token[-1] if len(token) == 2 else token for token in tokens)


def _outermost(tokens: Sequence[str], start: int) -> tuple[int, int] | None:
    """The first brace that has a partner, and the partner."""
    opened: list[int] = []
    best: tuple[int, int] | None = None
    for at in range(start, len(tokens)):
        if tokens[at] == "{":
            opened.append(at)
        elif tokens[at] == "}" and opened:
            pair = (opened.pop(), at)
            if not opened:
                return pair
            best = pair if best is None or pair[0] < best[0] else best
    return best


def _expand(tokens: list[str], depth: int) -> list[list[str]]:
    if depth > _MAX_NESTING:
        raise TooComplex
    results: list[list[str]] = [[]]
    rest = 0
    groups = 0
    while (pair := _outermost(tokens, rest)) is not None:
        groups += 1
        if groups > MAX_ALTERNATIVES // 16:
            raise TooComplex
        start, end = pair
        body = tokens[start + 1 : end]
        if start > rest and tokens[start - 1][-1] == "$":
            values = [["{", *body, "}"]]
        elif (sequence := _sequence("".join(body))) is not None:
            values = sequence
        elif "," in body:
            values = _options(body, depth)
        elif _more_to_close(tokens, end + 1):
            tokens = [*tokens[:end], "\\}", *tokens[end + 1 :]]
            continue
        else:
            break
        if len(results) * len(values) > MAX_ALTERNATIVES:
            raise TooComplex
        results = [[*head, *tokens[rest:start], *value] for head in results for value in values]
        rest = end + 1
    return [[*head, *tokens[rest:]] for head in results]


def _more_to_close(tokens: list[str], start: int) -> bool:
    """After a group that is none, such as `{a}`: a comma and a brace follow, as in `{a},b}`."""
    comma = next((at for at in range(start, len(tokens)) if tokens[at] == "," and tokens[at + 1 : at + 2] != [","]), None)
    return comma is not None and "}" in tokens[comma:]


def _options(body: list[str], depth: int) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    at = 0
    while at < len(body):
        pair = _outermost(body, at) if body[at] == "{" else None
        if pair is not None and pair[0] == at:
            parts[-1] += body[at : pair[1] + 1]
            at = pair[1] + 1
            continue
        if body[at] == ",":
            parts.append([])
        else:
            parts[-1].append(body[at])
        at += 1
    values = [value for part in parts for value in _expand(part, depth + 1)]
    return [["{", *value, "}"] for value in values] if len(parts) == 1 else values


def _sequence(body: str) -> list[list[str]] | None:
    parts = body.split("..")
    if len(parts) not in {2, 3} or (len(parts) == 3 and not _is_number(parts[2])):
        return None
    step = max(abs(int(parts[2])), 1) if len(parts) == 3 else 1
    letters = all(len(part) == 1 and part.isascii() and part.isalpha() for part in parts[:2])
    if not letters and not all(_is_number(part) for part in parts[:2]):
        return None
    low, high = (ord(part) if letters else int(part) for part in parts[:2])
    numbers = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
    if len(numbers) > MAX_ALTERNATIVES:
        raise TooComplex
    if letters:
        return [[chr(number).replace("\\", "")] for number in numbers]
    padded = any(part.lstrip("-").startswith("0") and len(part.lstrip("-")) > 1 for part in parts)
    width = max(len(part) for part in parts[:2]) if padded else 0
    return [list(f"{number:0{width}d}") for number in numbers]


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 10


# One segment: a list of nodes, each a literal text, a step, or a group such as `@(a|b)`


class _Group(NamedTuple):
    kind: str
    options: list[list[_Node]]


class _Set:
    """A bracket expression; `null` lets it match nothing."""

    def __init__(self, ranges: list[tuple[str, str]], tests: list[Fits], *, negated: bool) -> None:
        self.ranges, self.tests, self.negated = ranges, tests, negated

    def holds(self, char: str) -> bool:
        if not self.ranges and not self.tests:
            return False
        cases = {char, char.upper()}
        found = any(low <= case <= high for case in cases for low, high in self.ranges)
        return (found or any(test(case) for case in cases for test in self.tests)) != self.negated

    def step(self, subject: Subject, reached: int) -> int:
        allowed = 0
        for char, positions in subject.at.items():
            if self.holds(char):
                allowed |= positions
        return (reached & allowed) << 1


_NAMED_SETS: dict[str, Fits] = {
    "[:alnum:]": str.isalnum,
    "[:alpha:]": str.isalpha,
    "[:ascii:]": str.isascii,
    "[:blank:]": lambda char: char == "\t" or (char.isspace() and char.isprintable()) or char in " \u00a0\u3000",
    "[:cntrl:]": lambda char: char < " " or "\x7f" <= char <= "\x9f",
    "[:digit:]": str.isdecimal,
    "[:graph:]": lambda char: char.isprintable() and not char.isspace(),
    "[:lower:]": str.islower,
    "[:print:]": str.isprintable,
    "[:punct:]": lambda char: char.isprintable() and not char.isalnum() and not char.isspace() and char not in "$+<=>^`|~",
    "[:space:]": str.isspace,
    "[:upper:]": str.isupper,
    "[:word:]": lambda char: char.isalnum() or char == "_",
    "[:xdigit:]": lambda char: char in "0123456789abcdefABCDEF",
}


def _read_set(glob: str, at: int) -> tuple[_Set, int] | None:
    """The bracket expression that starts at `at`, and where it ends; None when it is never closed."""
    start = at + 1
    negated = glob[start : start + 1] in {"!", "^"}
    at = first = start + negated
    ranges: list[tuple[str, str]] = []
    tests: list[Fits] = []
    while at < len(glob) and (glob[at] != "]" or at == first):
        name = next((name for name in _NAMED_SETS if glob.startswith(name, at)), None)
        if name:
            tests.append(_NAMED_SETS[name])
            at += len(name)
            continue
        low, at = _set_char(glob, at)
        high = low
        if glob[at : at + 1] == "-" and glob[at + 1 : at + 2] == "]":
            ranges.append(("-", "-"))
            at += 1
        elif glob[at : at + 1] == "-" and at + 1 < len(glob):
            high, at = _set_char(glob, at + 1)
        if low <= high:
            ranges.append((low, high))
    return (_Set(ranges, tests, negated=negated), at + 1) if at < len(glob) else None


def _set_char(glob: str, at: int) -> tuple[str, int]:
    at += glob[at] == "\\" and at + 1 < len(glob)
    return glob[at], at + 1


class _Reader:
    """Reads the nodes of one segment. After an unclosed bracket nothing is a group any more."""

    def __init__(self, glob: str) -> None:
        self.glob = glob
        self.at = 0
        self.groups = True

    def nodes(self, depth: int = 0) -> list[_Node]:
        glob = self.glob
        nodes: list[_Node] = []
        while self.at < len(glob):
            char = glob[self.at]
            if depth and char in "|)":
                break
            group = self._group(char, depth) if self.groups and char in "!?+*@" and glob[self.at + 1 : self.at + 2] == "(" else None
            node = group if group is not None else self._simple(char)
            last = nodes[-1] if nodes else None
            if isinstance(node, str) and isinstance(last, str):
                nodes[-1] = last + node
            else:
                nodes.append(node)
        return nodes

    def _simple(self, char: str) -> _Node:
        self.at += 1
        if char == "*":
            return Subject.star
        if char == "?":
            return Subject.any_char
        if char == "\\":
            char = self.glob[self.at : self.at + 1] or char
            self.at += 1
        elif char == "[":
            found = _read_set(self.glob, self.at - 1)
            if found is not None:
                self.at = found[1]
                return found[0].step
            self.groups = False
        return char.lower()

    def _group(self, kind: str, depth: int) -> _Group | None:
        start = self.at
        if depth < _MAX_NESTING:
            self.at += 1
            options: list[list[_Node]] = []
            while self.at < len(self.glob) and (self.glob[self.at] != ")" or not options):
                self.at += 1
                options.append(self.nodes(depth + 1))
            if self.at < len(self.glob):
                self.at += 1
                return _Group(kind, options)
        self.at = start
        self.groups = depth >= _MAX_NESTING and self.groups  # a group that never ends: what follows is ordinary text
        return None


def _compile(nodes: Sequence[_Node], tail: tuple[Step, ...] = ()) -> tuple[Step, ...]:
    """Steps for nodes; `tail` is what follows them, which a negated group has to look at."""
    steps: list[Step] = []  # from the last to the first
    for node in reversed(nodes):
        if isinstance(node, str):
            steps.append(literal(node))
        elif isinstance(node, _Group):
            steps.append(_group_step(node, (*reversed(steps), *tail)))
        else:
            steps.append(node)
    return tuple(reversed(steps))


def _run(steps: Sequence[Step], subject: Subject, reached: int) -> int:
    for step in steps:
        if not reached:
            break
        reached = step(subject, reached)
    return reached


def _group_step(group: _Group, tail: tuple[Step, ...]) -> Step:
    options = [_compile(option, tail) for option in group.options]
    empty = all(not option for option in group.options)

    def once(subject: Subject, reached: int) -> int:
        found = 0
        for option in options:
            found |= _run(option, subject, reached)
        return found

    def many(subject: Subject, reached: int) -> int:
        total, fresh = 0, reached
        while fresh:
            fresh = once(subject, fresh) & ~total
            total |= fresh
        return total

    def no_option(subject: Subject, reached: int) -> int:
        if empty:
            return subject.star(subject.any_char(reached))
        found = 0
        while reached:
            start = reached & -reached
            reached ^= start
            if not any(_run((*option, *tail), subject, start) & subject.end for option in options):
                found |= subject.star(start)
        return found

    table: dict[str, Step] = {
        "@": once,
        "+": many,
        "?": lambda subject, reached: reached | once(subject, reached),
        "*": lambda subject, reached: reached | many(subject, reached),
        "!": no_option,
    }
    return table[group.kind]


def _segment(glob: str) -> Fits:
    """A test for one segment, given in lower case."""
    if not _MAGIC.intersection(glob):
        text = glob.lower()
        return lambda name: name == text
    if not glob.strip("*"):
        return bool
    ending = glob.lstrip("*")
    if ending != glob and not frozenset("+@!?*[(").intersection(ending):
        text = ending.lower()
        return lambda name: name.endswith(text)
    nodes = _Reader(glob).nodes()
    steps = _compile(nodes)
    first, last = nodes[0], nodes[-1]
    start = first if isinstance(first, str) else ""
    end = last if isinstance(last, str) else ""

    def fits(name: str) -> bool:
        if not name.startswith(start) or not name.endswith(end):
            return False
        subject = Subject(name)
        return bool(_run(steps, subject, 1) & subject.end)

    return fits


# A whole pattern


class Alternative:
    """One pattern without braces: a test per segment, None for `**`."""

    __slots__ = ("anchored", "name", "names", "required", "segments")

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.segments = [None if name == "**" else _segment(name) for name in names]
        self.anchored = len(names) > 1 and not names[0]
        self.name = names[0].lower() if len(names) == 1 and not _MAGIC.intersection(names[0]) else None
        """the one base name that this can match, when it is a plain name"""
        plain = (name.lower() for name in names if name and name != "**" and not _MAGIC.intersection(name))
        self.required = max(plain, key=len, default="")
        """a segment that every complete match has"""

    def fits_name(self, name: str) -> bool:
        """For a pattern of one segment: does it match this base name (in lower case)?"""
        segment = self.segments[0]
        return segment is None or segment(name)

    def matches(self, parts: Sequence[str], *, partial: bool = False) -> bool:
        """Does it match the path of these segments? `partial`: could it match something below?"""
        if not partial and self.required and self.required not in parts:
            return False
        reached, end = 1, 1 << len(parts)
        whole = (end << 1) - 1
        last = len(self.segments) - 1
        for index, segment in enumerate(self.segments):
            if partial and reached & end:
                return True
            if segment is None:
                reached = whole & -(reached & -reached)
                if index == last and not partial:
                    reached &= reached - 1  # a last `**` needs something to match
            else:
                reached = _advance(segment, parts, reached)
            if not reached:
                return False
        return bool(reached & end) or (not parts[-1] and bool(reached & end >> 1))


def _advance(segment: Fits, parts: Sequence[str], reached: int) -> int:
    found = 0
    while reached:
        bit = reached & -reached
        reached ^= bit
        at = bit.bit_length() - 1
        if at < len(parts) and segment(parts[at]):
            found |= bit << 1
    return found


class Pattern(NamedTuple):
    """One line of an ignore file."""

    negated: bool
    alternatives: tuple[Alternative, ...]
    relative: bool
    """some alternative has one segment, perhaps with a slash behind it"""


def parse_pattern(line: str) -> Pattern | None:
    """Read one pattern, without its line end; None for a comment or nothing. Raises TooComplex."""
    if len(line) > MAX_LENGTH:
        raise TooComplex
    if not line or line.startswith("#"):
        return None
    body = line.lstrip("!")
    alternatives = [Alternative(_split(text)) for text in expand_braces(body)]
    relative = any(len(alternative.names) <= (1 if alternative.names[-1] else 2) for alternative in alternatives)
    return Pattern((len(line) - len(body)) % 2 == 1, tuple(alternatives), relative)


def _split(text: str) -> list[str]:
    """The segments, with `a/..` and repeated `**` taken out."""
    names: list[str] = []
    pieces = text.split("/")
    for index, name in enumerate(pieces):
        if not name and 0 < index < len(pieces) - 1:
            continue  # several slashes are one
        if name == "**" and names[-1:] == ["**"]:
            continue
        if name == ".." and names and names[-1] not in {"", ".", "..", "**"}:
            names.pop()
            continue
        names.append(name)
    return names or [""]
