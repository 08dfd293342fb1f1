"""Rules about file names and ignore comments, which belong to no single hook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.model import Check, Hit, excerpt
from agent_security_hooks.suppress import find_ignores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

check = Check("agent-security")

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@check.rule("unexplained-ignore", point=10)
def unexplained_ignore(file: Source) -> Iterator[Hit]:
    """An ignore comment without a reason hides a finding that nobody can judge later; it has no effect.

    Risk: A reviewer cannot tell an accepted risk from a silenced alarm.
    Fix: Say after the bracket why the finding is acceptable here.
    Verify: Run the hook again; it is silent.

    Bad: (app.py)
        pickle_path = "cache"  # agent-security: ignore[provider-key]

    Good: (app.py)
        key = "<secret:openai>"  # agent-security: ignore[provider-key] revoked in May, kept as a test vector
    """
    for ignore in file.view(find_ignores):
        if not ignore.names:
            yield Hit(ignore.start, ignore.end, "ignore comment names no rule", "write ignore[RULE] and the reason, or delete the comment")
        elif not ignore.reason and ignore.active:
            yield Hit(ignore.start, ignore.end, f"ignore comment for {', '.join(ignore.names)} gives no reason")


@check.rule("unknown-ignore", point=10)
def unknown_ignore(file: Source) -> Iterator[Hit]:
    """An ignore comment names a rule that does not exist, so it holds nothing back.

    Risk: The finding that it was meant for comes back, or was never seen.
    Fix: Use a name that `agent-security rules` lists.
    Verify: `agent-security explain RULE` knows the name.

    Bad: (app.py)
        x = 1  # agent-security: ignore[provider-kee] test vector

    Good: (app.py)
        key = "<secret:openai>"  # agent-security: ignore[provider-key] revoked in May, kept as a test vector
    """
    ignores = file.view(find_ignores)
    if not ignores:
        return
    from agent_security_hooks.catalog import all_rules

    known = all_rules()
    for ignore in ignores:
        for name in ignore.names:
            if name not in known:
                yield Hit(ignore.start, ignore.end, f"ignore comment names the unknown rule {excerpt(name)}", _closest(name, list(known)))


def _closest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name[:40], known, 1)
    return f"write {close[0]}" if close else ""


@check.rule("unused-ignore", point=10)
def unused_ignore(file: Source) -> Iterator[Hit]:
    """An ignore comment holds nothing back any more.

    Risk: It would hide the next, real finding on that line.
    Fix: Delete the comment.
    Verify: Run the hook again; it is silent.

    Bad: (app.py)
        x = 1  # agent-security: ignore[provider-key] test vector

    Good: (app.py)
        key = "<secret:openai>"  # agent-security: ignore[provider-key] revoked in May, kept as a test vector
    """
    for ignore in file.view(find_ignores):
        if ignore.reason and ignore.idle:
            yield Hit(ignore.start, ignore.end, f"ignore comment for {', '.join(ignore.idle)} matches no finding")


@check.rule("option-like-name", point=7)
def option_like_name(file: Source) -> Iterator[Hit]:
    """A file name starts with `-`: programs that receive it take it for an option.

    Risk: A hook or script that gets the list of changed files can be switched off or redirected by a file called `--exit-zero`.
    Fix: Rename the file: `git mv -- ./NAME NEWNAME`.
    Verify: `git ls-files -- ':(top)-*'` prints nothing.

    Bad: (--exit-zero)
        text

    Good: (exit-zero.txt)
        text
    """
    if file.shown.startswith("-"):
        yield Hit(0, 0, 'the file name begins with "-": programs take it for an option')


@check.rule("control-characters-in-name", point=7)
def control_characters_in_name(file: Source) -> Iterator[Hit]:
    r"""A file name holds control, invisible or text-direction characters.

    Risk: It can forge lines in logs, drive a terminal, or look like another name in a review.
    Fix: Rename the file to a name of visible characters.
    Verify: `git ls-files -z | tr '\0' '\n' | LC_ALL=C grep -c '[[:cntrl:]]'` prints 0.
    """
    if _CONTROL.search(file.shown):
        yield Hit(0, 0, "the file name holds control or invisible characters")
