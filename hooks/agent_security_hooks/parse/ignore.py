"""Path patterns: configuration globs, `.gitignore` and `.dockerignore`.

Patterns and paths may both be hostile, so no regular expression is ever built from a pattern. A pattern is a list of steps; a step maps
the set of text positions reached so far to the set reached next, and a set is one integer used as a bit mask. Nothing backtracks: a match
costs O(pattern * path) bit operations whatever the pattern is.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Step = Callable[["Subject", int], int]


class Subject:
    """A text prepared for matching: for each character, the positions where it stands."""

    __slots__ = ("at", "end", "plain", "slashes")

    def __init__(self, text: str) -> None:
        at: dict[str, int] = {}
        bit = 1
        for char in text:
            at[char] = at.get(char, 0) | bit
            bit <<= 1
        self.at = at
        self.end = bit
        self.slashes = at.get("/", 0)
        self.plain = (bit - 1) ^ self.slashes

    def any_char(self, reached: int) -> int:
        """`?`: one character, not a slash."""
        return (reached & self.plain) << 1

    def star(self, reached: int) -> int:
        """`*`: any run without a slash. Adding the mask makes a carry ripple from each position to the end of its run."""
        return (((reached & self.plain) + self.plain) ^ self.plain) | reached

    def deep(self, reached: int) -> int:
        """`**` at the end of a pattern: anything, so every position from the first one reached."""
        return ((self.end << 1) - 1) & -(reached & -reached)

    def segments(self, reached: int) -> int:
        """`**/`: nothing, or anything that ends in a slash."""
        return reached | (self.deep(reached) & (self.slashes << 1) & ~(reached & -reached))


class CharClass(NamedTuple):
    """A bracket expression: inclusive ranges, perhaps negated, that may or may not match a slash."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False
    slash: bool = False

    def step(self, subject: Subject, reached: int) -> int:
        """One character of the set."""
        allowed = 0
        for char, positions in subject.at.items():
            if (self.slash or char != "/") and any(low <= char <= high for low, high in self.ranges) != self.negated:
                allowed |= positions
        return (reached & allowed) << 1


def literal(text: str) -> Step:
    """A step that matches exactly `text`."""

    def step(subject: Subject, reached: int) -> int:
        for char in text:
            reached = (reached & subject.at.get(char, 0)) << 1
        return reached

    return step


class Glob(NamedTuple):
    """A compiled pattern. `prefix`, `suffix` and `inner` are literals that every match has: most paths are rejected by them."""

    steps: tuple[Step, ...]
    prefix: str = ""
    suffix: str = ""
    inner: str = ""
    below: bool = False

    def matches(self, text: str) -> bool:
        """True when the whole text matches; with `below`, also when a leading part that ends before a slash does."""
        if not text.startswith(self.prefix) or not text.endswith(self.suffix) or self.inner not in text:
            return False
        text = text[len(self.prefix) :]
        if not self.steps:
            return not text or (self.below and text[0] == "/")
        subject = Subject(text)
        reached = 1
        for step in self.steps:
            reached = step(subject, reached)
            if not reached:
                return False
        return bool(reached & (subject.end | subject.slashes if self.below else subject.end))


class _Builder:
    """Collects the steps of a pattern, joining neighbouring characters into one literal and keeping what `Glob` rejects by."""

    def __init__(self) -> None:
        self.parts: list[Step | str] = []
        self.brackets = True

    def char(self, char: str) -> None:
        if self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += char
        else:
            self.parts.append(char)

    def add(self, step: Step) -> None:
        if not (self.parts and self.parts[-1] is step and step is not Subject.any_char):  # a repeated star changes nothing
            self.parts.append(step)

    def build(self, *, below: bool = False) -> Glob:
        parts = self.parts
        prefix = suffix = ""
        if parts and isinstance(parts[0], str):
            prefix, parts = parts[0], parts[1:]
        if parts and isinstance(parts[-1], str) and not below:
            suffix = parts[-1]
        inner = max((part for part in parts if isinstance(part, str)), key=len, default="")
        return Glob(tuple(literal(part) if isinstance(part, str) else part for part in parts), prefix, suffix, inner, below)

    def parse_git(self, pattern: str, *, lenient: bool = False) -> None:
        """Add a git-like pattern. Raises ValueError or IndexError for an unclosed bracket or a last backslash, unless `lenient`."""
        at = 0
        while at < len(pattern):
            char = pattern[at]
            if char == "*":
                at = self._stars(pattern, at)
                continue
            at += 1
            if char == "?":
                self.add(Subject.any_char)
            elif char == "\\" or (char == "[" and self.brackets):
                at = self._special(pattern, at, lenient=lenient)
            else:
                self.char(char)

    def _special(self, pattern: str, at: int, *, lenient: bool) -> int:
        """A bracket expression or an escape that starts just before `at`; gives the position after it."""
        try:
            if pattern[at - 1] == "\\":
                self.char(pattern[at])
                return at + 1
            found, after = _read_class(pattern, at)
        except (ValueError, IndexError):
            if not lenient:
                raise
            self.char(pattern[at - 1])
            self.brackets = False  # trying each of many would take quadratic time
            return at
        self.add(found.step)
        return after

    def _stars(self, pattern: str, at: int) -> int:
        """A run of asterisks: two or more between slashes (or at an end) cross directories, everything else is one `*`."""
        end = len(pattern) - len(pattern[at:].lstrip("*"))
        bounded = end - at > 1 and (at == 0 or pattern[at - 1] == "/")
        if bounded and pattern[end : end + 1] == "/":
            self.add(Subject.segments)
            return end + 1
        self.add(Subject.deep if bounded and (end == len(pattern) or pattern.startswith("\\/", end)) else Subject.star)
        return end

    def parse_docker(self, pattern: str) -> None:
        """Add a `.dockerignore` pattern. Raises ValueError or IndexError where the builder refuses it."""
        at = 0
        while at < len(pattern):
            char = pattern[at]
            at += 1
            if char == "*" and pattern[at : at + 1] == "*":
                at += 2 if pattern[at + 1 : at + 2] == "/" else 1
                self.add(Subject.segments if at < len(pattern) else Subject.deep)
            elif char == "[":
                at = self._go_class(pattern, at)
            elif char == "\\":
                self.char(pattern[at])
                at += 1
            elif char in "*?":
                self.add(Subject.star if char == "*" else Subject.any_char)
            else:
                self.char(char)

    def _go_class(self, pattern: str, at: int) -> int:
        """Go's bracket expression: only `^` negates, a slash can match; a reversed range or a bare `-` or `]` at an end is an error."""
        found, after = _read_class(pattern, at, "^")
        if pattern[at + found.negated] in "-]" or pattern[after - 2] == "-" or any(high < low for low, high in found.ranges):
            raise ValueError("bad bracket expression")
        self.add(found._replace(slash=True).step)
        return after


# bracket expressions

POSIX_CLASSES: dict[str, tuple[tuple[str, str], ...]] = {
    "alnum": (("0", "9"), ("A", "Z"), ("a", "z")),
    "alpha": (("A", "Z"), ("a", "z")),
    "blank": ((" ", " "), ("\t", "\t")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": (("0", "9"),),
    "graph": (("!", "~"),),
    "lower": (("a", "z"),),
    "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": ((" ", " "), ("\t", "\r")),
    "upper": (("A", "Z"),),
    "xdigit": (("0", "9"), ("A", "F"), ("a", "f")),
}


def _named_class(pattern: str, at: int) -> tuple[str, int] | None:
    """`[:name:]` at `at`: its name and where it ends; None when it is an ordinary `[`. Raises ValueError for an unclosed bracket."""
    close = pattern.index("]", at + 2)
    if close - 1 < at + 2 or pattern[close - 1] != ":":
        return None
    return pattern[at + 2 : close - 1], close + 1


def _read_class(pattern: str, at: int, negators: str = "!^") -> tuple[CharClass, int]:
    """Read the bracket expression after the `[` before `at`. Raises ValueError or IndexError where git lets the pattern match nothing."""
    negated = pattern[at] in negators
    at += negated
    ranges: list[tuple[str, str]] = []
    previous = ""
    start = at
    while at == start or pattern[at] != "]":
        char = pattern[at]
        named = _named_class(pattern, at) if char == "[" and pattern[at + 1] == ":" else None
        if named:
            if named[0] not in POSIX_CLASSES:
                raise ValueError("unknown character class")
            ranges += POSIX_CLASSES[named[0]]
            previous, at = "", named[1]
            continue
        if char == "-" and previous and pattern[at + 1] != "]":
            at += 2 if pattern[at + 1] == "\\" else 1
            ranges.append((previous, pattern[at]))
            previous = ""
        else:
            at += char == "\\"
            previous = pattern[at]
            ranges.append((previous, previous))
        at += 1
    return CharClass(tuple(ranges), negated), at + 1


def glob_match(pattern: str, path: str) -> bool:
    r"""Does a configuration glob select a path?

    `path` is relative, with `/`, as git prints it. The pattern language, which is the same on every system:

    - `*` is any run of characters but `/`, `?` one of them, `[a-z]`, `[!a-z]` or `[[:alpha:]]` one of a set, never `/`; `\` takes the next
      character literally. A leading dot is nothing special. Letter case counts. A last `\`, an unclosed `[` and any `[` after it are plain.
    - `**/` is any number of directories, also none; `/**` at the end is everything below; any other `**` is `*`.
    - A pattern without `/` (a last one aside) is tried at every depth: `*.pem`, `fixtures/`. Any other starts at the root; so does `/name`.
    - A pattern that selects a directory selects everything below it. With a last `/` it selects *only* what is below.
    - A leading `./` is dropped, from both.

    Types: two strings, gives a bool. Errors: none, whatever the strings are. Source: this project's own configuration language.
    """
    glob = _config_glob(pattern)
    return glob is not None and glob.matches(path.removeprefix("./"))


@lru_cache(maxsize=1024)
def _config_glob(pattern: str) -> Glob | None:
    body = pattern.removeprefix("./")
    below_only = body.endswith("/")
    body = body.rstrip("/")
    if not body:
        return None
    return path_glob(("" if "/" in body else "**/") + body.lstrip("/") + ("/**" if below_only else ""), below=not below_only)


def path_glob(pattern: str, *, below: bool = False) -> Glob:
    """A glob for a whole path, read as `glob_match` does but for its last three points. With `below`, also for all below a match."""
    builder = _Builder()
    builder.parse_git(pattern, lenient=True)
    return builder.build(below=below)


class IgnoreRule(NamedTuple):
    """One pattern line of an ignore file."""

    directory: str
    line: int
    pattern: str
    """the line as written, without its line end and trailing blanks"""
    negated: bool
    directory_only: bool
    basename: bool
    glob: Glob | None
    """None: git lets this pattern match nothing"""


def git_rules(directory: str, text: str) -> list[IgnoreRule]:
    """The rules of one ignore file, in order.

    Types: `directory` is where the file lies, `""` for the root. Errors: none. Source: https://git-scm.com/docs/gitignore#_pattern_format
    """
    rules: list[IgnoreRule] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.removesuffix("\r").partition("\0")[0]
        if line and not line.startswith("#"):
            rules.append(_git_rule(directory, number, _trim(line)))
    return rules


def _trim(line: str) -> str:
    r"""Without trailing spaces; `\ ` keeps one."""
    bare = line.rstrip(" ")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + 1] if slashes % 2 and len(bare) < len(line) else bare


def _git_rule(directory: str, line: int, text: str) -> IgnoreRule:
    negated = text.startswith("!")
    body = text[negated:]
    directory_only = body.endswith("/")
    body = body[: len(body) - directory_only]
    basename = "/" not in body
    return IgnoreRule(directory, line, text, negated, directory_only, basename, _git_glob(body.removeprefix("/")))


def _git_glob(body: str) -> Glob | None:
    # git compares the part before the first special character by itself, so `a**/b` behaves like `a` followed by the pattern `**/b`
    plain = next((at for at, char in enumerate(body) if char in "*?[\\"), len(body))
    builder = _Builder()
    try:
        builder.parse_git(bytewise(body[plain:]))
    except (ValueError, IndexError):
        return None
    glob = builder.build()
    return glob._replace(prefix=bytewise(body[:plain]) + glob.prefix)


def bytewise(text: str) -> str:
    """One character per byte of UTF-8: git compares bytes, so `?` is not enough for an umlaut."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


class _RuleList:
    """The rules of one directory, with those that look at the base name alone answered from tables."""

    def __init__(self) -> None:
        self.rules: list[IgnoreRule] = []
        self.exact: dict[str, list[int]] = {}
        self.by_name: list[int] = []
        self.by_path: list[int] = []
        self.seen: dict[tuple[str, bool], int] = {}

    def extend(self, rules: Iterable[IgnoreRule]) -> None:
        for rule in rules:
            index = len(self.rules)
            self.rules.append(rule)
            if rule.basename and rule.glob is not None and not rule.glob.steps:
                self.exact.setdefault(rule.glob.prefix, []).append(index)
            else:
                (self.by_name if rule.basename else self.by_path).append(index)

    def last(self, path: str, name: str, *, is_dir: bool) -> IgnoreRule | None:
        best = self.seen.get((name, is_dir))
        if best is None:
            best = next((index for index in reversed(self.exact.get(name, ())) if is_dir or not self.rules[index].directory_only), -1)
            best = self.seen[name, is_dir] = self._last_of(self.by_name, name, above=best, is_dir=is_dir)
        found = self._last_of(self.by_path, path, above=best, is_dir=is_dir)
        return self.rules[found] if found >= 0 else None

    def _last_of(self, candidates: list[int], text: str, *, above: int, is_dir: bool) -> int:
        for index in reversed(candidates):
            if index <= above:
                break
            rule = self.rules[index]
            if (is_dir or not rule.directory_only) and rule.glob is not None and rule.glob.matches(text):
                return index
        return above


class IgnoreRules:
    """What a set of `.gitignore` files ignores, as `git check-ignore --no-index` says it.

    Built from `(directory, text)` pairs; `directory` is relative to the root (`""` = the root itself). A deeper directory's file decides
    before a shallower one; of two texts for one directory the later decides, so `.git/info/exclude` goes first, as `""`. Below an
    ignored directory nothing can be re-included, and ignore files are not read. Letter case counts, as on Linux.

    Errors: none; a line that git cannot understand matches nothing. Source: https://git-scm.com/docs/gitignore
    """

    def __init__(self, files: Iterable[tuple[str, str]]) -> None:
        self._lists: dict[str, _RuleList] = {}
        self._below: dict[str, IgnoreRule | None] = {"": None}
        for directory, text in files:
            key = "" if directory == "." else bytewise(directory.strip("/"))
            self._lists.setdefault(key, _RuleList()).extend(git_rules(directory, text))

    def ignored(self, path: str, is_dir: bool = False) -> bool:
        """Is this path (relative to the root, with `/`) ignored?"""
        rule = self.deciding(path, is_dir)
        return rule is not None and not rule.negated

    def deciding(self, path: str, is_dir: bool = False) -> IgnoreRule | None:
        """The rule that decides: one that ignores a parent directory, else the last that matches, else None."""
        path = bytewise(path.rstrip("/"))
        return self._excluding(path.rpartition("/")[0]) or self._last(path, is_dir=is_dir)

    def _excluding(self, directory: str) -> IgnoreRule | None:
        """The rule that ignores this directory or one above it."""
        pending: list[str] = []
        while directory not in self._below:
            pending.append(directory)
            directory = directory.rpartition("/")[0]
        found = self._below[directory]
        for directory in reversed(pending):
            if found is None:
                rule = self._last(directory, is_dir=True)
                found = rule if rule is not None and not rule.negated else None
            self._below[directory] = found
        return found

    def _last(self, path: str, *, is_dir: bool) -> IgnoreRule | None:
        directory, _, name = path.rpartition("/")
        while True:
            rules = self._lists.get(directory)
            found = rules.last(path[len(directory) + 1 :] if directory else path, name, is_dir=is_dir) if rules is not None else None
            if found is not None or not directory:
                return found
            directory = directory.rpartition("/")[0]


class DockerIgnore:
    """What a `.dockerignore` file keeps out of the build context.

    Patterns start at the context's root, the last match wins, a match of a parent directory counts, and `!` puts back even what lies
    below an excluded directory. `errors` holds the lines of patterns that make the builder stop, so that nothing is sent; they match
    nothing here.

    Errors: none. Source: https://docs.docker.com/build/concepts/context/#dockerignore-files and github.com/moby/patternmatcher.
    """

    def __init__(self, text: str) -> None:
        self.rules: list[IgnoreRule] = []
        self.errors: list[int] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            if not line.startswith("#"):
                self._add(number, line.strip())

    def ignored(self, path: str) -> bool:
        """Is this path (relative to the context, with `/`) left out?"""
        rule = self.deciding(path)
        return rule is not None and not rule.negated

    def deciding(self, path: str) -> IgnoreRule | None:
        """The rule that decides, or None. As in the builder, a rule that cannot change the answer so far is not tried."""
        decided: IgnoreRule | None = None
        tried = [path, *(path[:at] for at, char in enumerate(path) if char == "/")]
        for rule in self.rules:
            matters = rule.negated == (decided is not None and not decided.negated)
            if matters and rule.glob is not None and any(map(rule.glob.matches, tried)):
                decided = rule
        return decided

    def _add(self, number: int, line: str) -> None:
        negated = line.startswith("!")
        pattern = line[negated:].strip()
        try:
            if pattern:
                pattern = posixpath.normpath(pattern).lstrip("/") or "/"
                self.rules.append(IgnoreRule("", number, line, negated, False, False, _docker_glob(pattern)))
            elif negated:
                self.errors.append(number)
        except (ValueError, IndexError):
            self.errors.append(number)


def _docker_glob(pattern: str) -> Glob:
    """Raises ValueError or IndexError for a pattern that the builder refuses."""
    plain = pattern.strip("*")
    if not any(char in "*?[]\\" for char in plain):
        if pattern == "**" + plain and not plain.startswith("/"):  # compared as a plain suffix, so `**env` is also `my.env`
            return Glob((Subject.deep, literal(plain)), suffix=plain)
        if pattern == plain + "**":  # a plain prefix
            return Glob((Subject.deep,), prefix=plain)
    builder = _Builder()
    builder.parse_docker(pattern)
    return builder.build()
