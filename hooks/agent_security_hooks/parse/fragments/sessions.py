"""What people paste into documents: commands, or terminal sessions in which prompts tell commands from output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.fragments import kinds
from agent_security_hooks.parse.fragments.pieces import parts_of
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.fragments import Budget

SESSION = "session"
"""In place of a language: a terminal session, whose language its prompts tell."""
GUESS = "guess"
"""In place of a language: text that counts only if it looks like shell."""

LANGUAGES = {
    **dict.fromkeys("sh ash dash ksh posix".split(), kinds.SH),
    **dict.fromkeys("bash shell shellscript shell-script command commands commandline cli".split(), kinds.BASH),
    "zsh": kinds.ZSH,
    **dict.fromkeys("fish csh tcsh nu nushell elvish".split(), kinds.OTHER),
    **dict.fromkeys("powershell pwsh ps1 ps posh".split(), kinds.POWERSHELL),
    **dict.fromkeys("bat batch cmd dos winbatch batchfile".split(), kinds.CMD),
    **dict.fromkeys(
        "console terminal term session shell-session shellsession sh-session bash-session zsh-session ps-session pwsh-session doscon".split(), SESSION
    ),
    **dict.fromkeys(("", "text", "txt", "plain", "plaintext", "none"), GUESS),
}
"""What the tag of a code block says; tags that are not here are of something else than shell."""

_COMMANDS = (
    rb"(?:sudo|doas|curl|wget|bash|sh|zsh|source|eval|export|chmod|mkdir|cd|tar|unzip|git|pip3?|pipx|uvx?|npm|npx|yarn|pnpm|bunx?|deno|brew|apt|apt-get|apk|dnf|yum|pacman|snap|dpkg|rpm"
    rb"|docker|podman|kubectl|helm|python3?|node|conda|mamba|poetry|cargo|go|gem|make|winget|choco|scoop|powershell|pwsh|iwr|irm|iex|Invoke-WebRequest|Invoke-RestMethod)"
)
SHELL_LINE = rb"(?:\$[ \t]+\S|" + _COMMANDS + rb"[ \t]+[^\s=:,.;])"
_FIRST_LINE = Pattern(rb"(?:[ \t]*(?:#[^\n]*)?\n){0,60}[ \t]*(?P<line>[^\n]*)")
_SHELL_LINE = Pattern(SHELL_LINE)
_WHERE = rb"[ \t]{0,20}(?:\([\w .-]{1,40}\)[ \t]{0,4})?"
_PERSON = rb"\[?[\w.-]{1,40}@[\w.-]{1,60}"
_DOLLAR = Pattern(rb"(?m)^" + _WHERE + rb"(?:(?:" + _PERSON + rb"[^$#%>\r\n]{0,80})?[$%]|" + _PERSON + rb"[^$#%>\r\n]{0,80}#)[ \t]{1,4}(?=\S)")
_POWERSHELL = Pattern(rb"(?m)^[ \t]{0,20}PS(?:[ \t][^>\r\n]{0,120})?>[ \t]{0,4}(?=\S)")
_DOS = Pattern(rb"(?m)^[ \t]{0,20}[A-Za-z]:\\[^>\r\n]{0,120}>[ \t]{0,4}(?=\S)")
_ROOT = Pattern(rb"(?m)^[ \t]{0,20}#[ \t]{1,4}(?=" + _COMMANDS + rb"[ \t])")
_ANGLE = Pattern(rb"(?m)^[ \t]{0,20}>[ \t]{1,4}(?=\S)")
_CONTINUED = Pattern(rb"[ \t]{0,20}>[ \t]{0,4}")
_JOINS = (b"\\", b"`")
_HEREDOC = Pattern(rb"<<(-?)[ \t]*(?:'([^'\r\n]{1,60})'|\"([^\"\r\n]{1,60})\"|\\?([\w.-]{1,60}))")


def read_block(text: MappedText, tag: str, budget: Budget) -> tuple[MappedText, str] | None:
    """The commands of a code block with that tag and their language; None where there are none."""
    wanted = LANGUAGES.get(tag)
    if wanted is None or not text.data.strip():
        return None
    first = _FIRST_LINE.match(text.data)
    line = first["line"] if first else b""
    if wanted == GUESS:
        if not (_SHELL_LINE.match(line) or _prompt(line)):
            return None
        wanted = kinds.BASH
    found = _prompt(text.data) if wanted == SESSION else _prompt(line)
    if found is None and wanted == SESSION:
        whole = text.data.lstrip()
        found = next(((pattern, kinds.BASH) for pattern in (_ROOT, _ANGLE) if pattern.match(whole)), None)
    elif found is None and wanted in (kinds.POWERSHELL, kinds.CMD) and _ANGLE.match(line):
        found = _ANGLE, wanted
    if found is None:
        return text, kinds.BASH if wanted == SESSION else wanted
    pattern, language = found
    if language == kinds.BASH and wanted != SESSION:
        language = wanted
    return MappedText.join(_commands(text, pattern, budget)), language


def _prompt(text: bytes) -> tuple[Pattern[bytes], str] | None:
    """The first kind of prompt that lines begin with, and the language that is typed there."""
    for pattern, language in ((_DOLLAR, kinds.BASH), (_POWERSHELL, kinds.POWERSHELL), (_DOS, kinds.CMD)):
        if pattern.search(text):
            return pattern, language
    return None


def _commands(text: MappedText, prompt: Pattern[bytes], budget: Budget) -> Iterator[tuple[bytes, int]]:
    """What follows the prompts, with the lines that a command goes on in."""
    data, position, open_line, word = text.data, 0, False, b""
    while position < len(data) and budget.spend():
        end = data.find(b"\n", position) + 1 or len(data)
        found = prompt.match(data, position, end)
        continued = _CONTINUED.match(data, position, end) if open_line else None
        if word:  # in a heredoc, whose lines may stand without a prompt
            start = continued.end() if continued else position
            if data[start:end].strip() == word:
                word = b""
        elif found is not None:
            start = found.end()
        elif open_line and (continued or data[position - 2 : position - 1] in _JOINS):
            start = continued.end() if continued else position
        else:
            open_line = False
            position = end
            continue
        if not word and (here := _HEREDOC.search(data, start, end)):
            word = here[2] or here[3] or here[4]
        open_line = True
        yield from parts_of(text.slice(start, end))
        position = end
