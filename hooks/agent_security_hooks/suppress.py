"""Inline ignore comments: ours, which need a reason, and the marks of other tools that mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from agent_security_hooks.model import Finding
    from agent_security_hooks.parse.dockerfile import Instruction
    from agent_security_hooks.source import Source

MARK = b"agent-security: ignore"
FILE_MARK_LINES = 20
"""`ignore-file` counts in this many first lines only."""

_LEFT_WINDOW = 200
"""Bytes before a mark in which its comment sign is looked for; lines can be megabytes long."""

_HASH, _SLASH, _MARKUP = (b"#",), (b"//", b"/*", b"*"), (b"<!--",)
# Comment openers by file ending; files of other endings use `#`. JSON has no comments and so no inline ignores.
_OPENERS: dict[str, tuple[bytes, ...]] = {
    **dict.fromkeys("c cc cpp cs css dart go gradle groovy h hpp java js jsx json5 jsonc kt less mjs cjs mts cts proto rs sass scala scss swift ts tsx zig".split(), _SLASH),
    **dict.fromkeys("php tf hcl vue svelte astro".split(), (*_HASH, *_SLASH, *_MARKUP)),
    **dict.fromkeys("html htm xml svg md mdx markdown rst txt csproj plist".split(), (*_MARKUP, *_HASH, *_SLASH, b"..")),
    **dict.fromkeys("ini cfg conf npmrc properties editorconfig".split(), (b"#", b";", b"!")),
    **dict.fromkeys("sql lua hs elm ada".split(), (b"--", b"/*", b"#")),
    **dict.fromkeys("lisp clj el scm".split(), (b";",)),
    **dict.fromkeys("tex erl m".split(), (b"%", b"//")),
    **dict.fromkeys("bat cmd".split(), (b"REM", b"rem", b"::")),
    **dict.fromkeys("j2 jinja jinja2 tmpl tpl".split(), (*_HASH, *_SLASH, *_MARKUP, b"{#")),
    **dict.fromkeys("json ipynb lock".split(), ()),
}  # fmt: skip

# Marks of other tools that suppress a hook's findings on their line; a mark that holds "nextline" also counts on the line above.
_FOREIGN_MARKS: dict[str, tuple[bytes, ...]] = {
    "secret-scan": (
        b"pragma: allowlist secret", b"pragma: allowlist nextline secret", b"pragma: whitelist secret", b"gitleaks:allow", b"betterleaks:allow",
        b"kingfisher:ignore", b"kingfisher:allow", b"trufflehog:ignore", b"secretlint-disable-line",
    ),
}  # fmt: skip
# Codes of ruff or flake8-bandit (noqa) and of bandit (nosec) that mean the same as a rule of ours.
_EQUIVALENT_CODES: dict[str, str] = {
    "assigned-secret": "[SB]10[567]",
    "tls-verification-off": "[SB](?:501|323)",
    "http-download-in-code": "[SB]310",
    "unsafe-pickle-load": "[SB]301",
    "unsafe-marshal-load": "[SB]302",
    "unsafe-yaml-load": "[SB]506",
    "unsafe-torch-load": "[SB]614",
    "torch-load-fallback": "[SB]614",
    "unpinned-model-download": "[SB]615",
}
# Codes of hadolint (`# hadolint ignore=DL3002` above an instruction, `# hadolint global ignore=` anywhere) that mean the same as a rule of ours,
_HADOLINT_CODES: dict[str, tuple[str, ...]] = {
    "missing-user": ("DL3002",), "root-user": ("DL3002",), "sudo-in-image": ("DL3004",), "secret-build-arg": ("DL3064",), "build-arg-to-env": ("DL3064",), "unpinned-base-image": ("DL3006", "DL3007"),
}  # fmt: skip
_KNOWN_CODES = frozenset(code for codes in _HADOLINT_CODES.values() for code in codes)
# and BuildKit's names of checks (`# check=skip=...` at the top of a Dockerfile).
_BUILD_CHECKS: dict[str, str] = {"secret-build-arg": "SecretsUsedInArgOrEnv", "build-arg-to-env": "SecretsUsedInArgOrEnv"}

# Names of zizmor's audits (`# zizmor: ignore[unpinned-uses]` on a line of the finding) that mean the same as a rule of ours: docs.zizmor.sh/audits.
_ZIZMOR_AUDITS: dict[str, tuple[str, ...]] = {
    "unpinned-action": ("unpinned-uses",), "malformed-action": ("unpinned-uses",), "unpinned-action-image": ("unpinned-images", "unpinned-uses"), "wrong-version-comment": ("ref-version-mismatch",),
    "missing-permissions": ("excessive-permissions",), "excessive-permissions": ("excessive-permissions",), "script-injection": ("template-injection",),
    "untrusted-checkout": ("dangerous-triggers",), "dangerous-trigger": ("dangerous-triggers",), "spoofable-actor": ("bot-conditions",),
    "condition-always-true": ("unsound-condition",), "plaintext-ci-secret": ("hardcoded-container-credentials",),
    "secret-in-log": ("unredacted-secrets",), "secrets-overshared": ("overprovisioned-secrets", "secrets-inherit"), "insecure-commands": ("insecure-commands", "github-env"),
    "persisted-credentials": ("artipacked",), "cache-in-release": ("cache-poisoning",), "dependabot-no-cooldown": ("dependabot-cooldown",),
    "long-lived-publish-token": ("use-trusted-publishing",),
}  # fmt: skip
_MARKED_LINES = 200
"""Lines of one finding in which zizmor's mark is looked for."""


class Ignore:
    """One comment `agent-security: ignore[names] reason`.

    `active`, `used` and `idle` are set by `apply`: its rules that ran, those of them that it held back, and those that it did not.
    """

    __slots__ = ("active", "end", "idle", "line", "names", "reason", "start", "used")

    def __init__(self, start: int, end: int, line: int, names: tuple[str, ...], reason: str) -> None:
        self.start = start
        self.end = end
        self.line = line
        """The line it speaks of: its own, or the next one when nothing stands before it; 0 for the whole file, -1 for none."""
        self.names = names
        self.reason = reason
        self.used: set[str] = set()
        self.active: tuple[str, ...] = ()
        self.idle: tuple[str, ...] = ()


class Suppression(NamedTuple):
    """A finding that was held back, by what (`inline`, `config`, `baseline`) and why."""

    finding: Finding
    by: str
    reason: str


def find_ignores(file: Source) -> list[Ignore]:
    """A view: every ignore comment of the file, with or without a reason."""
    data, found, position = file.data, [], file.data.find(MARK)
    if position < 0:
        return []
    import re

    ending = file.name.rsplit(".", 1)[-1].lower()
    openers = _OPENERS.get(ending, _HASH)
    # Other marks may follow in the same comment; the names are read loosely, so that a wrong one is reported and not overlooked.
    grammar = re.compile(rb"(-file)?(?:\[([^\]\r\n]{0,500})\]|(?![\w-]))[ \t:]{0,8}([^\r\n]{0,500})")
    while position >= 0:
        match = grammar.match(data, position + len(MARK))
        line = file.line_of(position)
        start = file.line_starts[line - 1]
        alone = _opened(data[max(start, position - _LEFT_WINDOW) : position], openers)
        if match and alone is not None:
            names = tuple(name.strip().decode("utf-8", "replace") for name in (match[2] or b"").split(b",") if name.strip())
            reason = match[3].split(b"-->")[0].split(b"*/")[0].split(b"#}")[0].strip(b" \t-:").decode("utf-8", "replace")
            if match[1]:
                line = 0 if line <= FILE_MARK_LINES else -1
            elif alone and position - start <= _LEFT_WINDOW:
                line += 1
            found.append(Ignore(position, match.end(), line, names, reason))
        position = data.find(MARK, position + len(MARK))
    return found


def _opened(before: bytes, openers: Sequence[bytes]) -> bool | None:
    """Whether nothing but the comment sign stands before a mark; None if there is no comment sign (or it is quoted in prose)."""
    before = before.rstrip(b" \t")
    opener = max((opener for opener in openers if before.endswith(opener)), key=len, default=b"")
    if not opener:
        return None
    left = before[: -len(opener)].rstrip(b" \t")
    return None if left.endswith(b"`") else not left.strip(b" \t#/*;%-!")


def apply(file: Source, findings: Iterable[Finding], active: Collection[str]) -> tuple[list[Finding], list[Suppression]]:
    """Split the findings of one file into those that stay and those held back by a comment.

    `active` names the rules that ran: an ignore of one of them that held nothing back is idle.
    """
    ignores = file.view(find_ignores)
    explained: dict[tuple[int, str], Ignore] = {}
    for ignore in ignores:
        for name in ignore.names if ignore.reason else ():
            explained.setdefault((ignore.line, name), ignore)
    marks: dict[tuple[int, str], str] = {}
    kept: list[Finding] = []
    held: list[Suppression] = []
    for finding in findings:
        by = explained.get((finding.line, finding.rule)) or explained.get((0, finding.rule))
        place = (finding.line, finding.rule)
        if by is not None:
            by.used.add(finding.rule)
            held.append(Suppression(finding, "inline", by.reason))
            continue
        if place not in marks:
            marks[place] = _foreign_mark(file, finding)
        if marks[place]:
            held.append(Suppression(finding, "inline", marks[place]))
        else:
            kept.append(finding)
    for ignore in ignores:
        ignore.active = tuple(name for name in ignore.names if name in active)
        ignore.idle = tuple(name for name in ignore.active if name not in ignore.used)
    return kept, held


def _foreign_mark(file: Source, finding: Finding) -> str:
    """The other tool's mark that covers the finding's line, or an empty text."""
    line, above = file.line(finding.line), file.line(finding.line - 1)
    for mark in _FOREIGN_MARKS.get(finding.hook, ()):
        if mark in (above if b"nextline" in mark else line):
            return mark.decode()
    codes = _EQUIVALENT_CODES.get(finding.rule)
    if codes and file.name.endswith((".py", ".pyi")) and (b"noqa" in line or b"nosec" in line):
        import re

        if match := re.search(rb"#[ ]{0,4}(?:noqa: ?|nosec:? ?)[\w, ]{0,80}?\b(?:%b)\b" % codes.encode(), line):
            return match[0].decode("utf-8", "replace")
    if finding.rule in _HADOLINT_CODES or finding.rule in _BUILD_CHECKS:
        return _image_mark(file, finding)
    if finding.rule in _ZIZMOR_AUDITS and b"zizmor:" in file.data:
        return _zizmor_mark(file, finding)
    return ""


def _zizmor_mark(file: Source, finding: Finding) -> str:
    """The mark of zizmor that covers a finding in a workflow, or an empty text."""
    import re

    audits = _ZIZMOR_AUDITS[finding.rule]
    for number in range(finding.line, min(finding.end_line, finding.line + _MARKED_LINES) + 1):
        line = file.line(number)
        match = re.search(rb"#[^#]{0,200}?zizmor:[ \t]{0,8}ignore\[([\w, -]{1,500})\]", line[:2000]) if b"zizmor:" in line else None
        names = [name.strip() for name in match[1].decode("ascii", "replace").split(",")] if match else []
        if any(audit in names for audit in audits):
            return "zizmor: ignore"
    return ""


def _image_mark(file: Source, finding: Finding) -> str:
    """The mark of hadolint or BuildKit that covers a finding in a Dockerfile, or an empty text."""
    if b"hadolint" not in file.data and b"check" not in file.data:
        return ""
    import re

    from agent_security_hooks.parse.dockerfile import read_dockerfile
    from agent_security_hooks.parse.file_kinds import is_dockerfile

    if not is_dockerfile(file.path):
        return ""
    image = file.view(read_dockerfile)
    check = _BUILD_CHECKS.get(finding.rule)
    for directive in image.directives if check else ():
        skipped = re.search(r"(?:^|;)\s*skip=([\w,\s]*)", directive.value[:2000]) if directive.name == "check" else None
        if skipped and {check, "all"} & {name.strip() for name in skipped[1].split(",")}:
            return "check=skip"
    codes = _HADOLINT_CODES.get(finding.rule, ())
    if b"hadolint" not in file.data:
        return ""
    from bisect import bisect_right

    above, everywhere = file.view(_hadolint_marks)
    index = bisect_right(image.instructions, finding.span[0], key=_start) - 1
    within = index >= 0 and finding.span[0] <= image.instructions[index].end
    number = file.line_of(image.instructions[index].start) if within else finding.line
    if not above.get(number - 1, _NOTHING).isdisjoint(codes):
        return "hadolint ignore"
    return "" if everywhere.isdisjoint(codes) else "hadolint global ignore"


def _start(instruction: Instruction) -> int:
    return instruction.start


_NOTHING: frozenset[str] = frozenset()


def _hadolint_marks(file: Source) -> tuple[dict[int, frozenset[str]], frozenset[str]]:
    """A view: the codes that comments say to ignore for what follows, by the last line of each comment, and those for the whole file."""
    import re

    from agent_security_hooks.parse.dockerfile import read_dockerfile

    above: dict[int, frozenset[str]] = {}
    for number in range(1, len(file.line_starts) + 1):
        line = file.line(number)
        if line.lstrip().startswith(b"#"):
            match = re.search(rb"#\s{0,4}hadolint\s{1,4}ignore\s{0,4}=\s{0,4}([\w, ]{1,500})", line[:2000]) if b"hadolint" in line else None
            codes = above.get(number - 1, _NOTHING) | (_codes(match[1]) if match else _NOTHING)
            if codes:
                above[number] = codes
    everywhere = _NOTHING
    for start, end in file.view(read_dockerfile).comments if b"global" in file.data else ():
        match = re.search(rb"#\s{0,4}hadolint\s{1,4}global\s{1,4}ignore\s{0,4}=\s{0,4}([\w, ]{1,500})", file.data[start : min(end, start + 2000)])
        everywhere |= _codes(match[1]) if match else _NOTHING
    return above, everywhere


def _codes(listed: bytes) -> frozenset[str]:
    """Those that mean the same as a rule of ours."""
    return _KNOWN_CODES.intersection(name.strip() for name in listed.decode("ascii").split(","))
