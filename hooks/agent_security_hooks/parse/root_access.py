"""What in a Dockerfile lets a user become root: sudo without a password, and passwords that are empty or written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.parse.mapped import MappedText
    from agent_security_hooks.parse.shell_calls import Call
    from agent_security_hooks.source import Source

MARKS = Pattern(rb"NOPASSWD|chpasswd|(?<![\w.-])passwd(?!\w)|(?:usermod|useradd)[^\n&;|]{0,100}[ \t](?:-p|--password)|/etc/shadow")
"""Without one of these there is nothing to find."""
# sudoers(5): who where=(whom) NOPASSWD: what; other tags may stand before the commands.
_FOR_ALL = Pattern(rb"NOPASSWD[ \t\\]{0,20}:[ \t\\]{0,20}(?:[A-Z_]{1,20}[ \t\\]{0,20}:[ \t\\]{0,20}){0,5}ALL(?!\w)")
_WHO = Pattern(rb"(?<![%\w${}.-])([%\w${}.-]{1,60})[ \t\\]{1,20}[\w*]{1,60}[ \t]{0,20}=[^\n]{0,60}\Z")
_ENTRY = Pattern(rb"(?:^|\n|\\n)(?P<user>[A-Za-z_${][\w.${}-]{0,60}):(?P<password>[^\n\\:]{1,200})")
_EMPTY_FIELD = Pattern(rb"(?:^|[/|#,'\"])\^?(?P<user>\w{1,40}):(?:x|\*|!|\[\^:\]\*|[.]\*)?:?[^/|#,\n]{0,60}[/|#,](?P=user)::")


def sudo_for_all(stages: Sequence[Stage]) -> Iterator[tuple[int, int, str]]:
    """Where sudo is allowed for everything without a password: (start, end, user or group)."""
    for stage in stages:
        for outer in stage.instructions:
            instruction = outer.inner or outer
            if instruction.keyword in ("RUN", "COPY", "ADD"):
                for text in (instruction.body, *(heredoc.content for heredoc in instruction.heredocs)):
                    yield from _in_text(text)


def _in_text(text: MappedText) -> Iterator[tuple[int, int, str]]:
    if b"NOPASSWD" not in text.data:
        return
    for match in _FOR_ALL.finditer(text.data):
        line = text.data.rfind(b"\n", 0, match.start()) + 1
        before = text.data[max(line, match.start() - 200) : match.start()]
        if before.lstrip().startswith(b"#"):
            continue
        who = _WHO.search(before)
        yield (*text.span(*match.span()), who[1].decode("utf-8", "replace") if who else "")


def given_passwords(file: Source) -> Iterator[tuple[int, int, str, str]]:
    """Where a user gets a password: (start, end, program, user); the program is empty where the password is."""
    from agent_security_hooks.parse.image_commands import image_calls

    for call in image_calls(file, MARKS):
        texts = call.texts
        if call.name == "chpasswd":
            for user in _entries(call):
                yield call.start, call.end, "chpasswd", user
                break
        elif call.name == "passwd":
            user = next((text for text in reversed(texts) if not text.startswith("-")), "root")
            if any(text == "--delete" or text.startswith("-") and not text.startswith("--") and "d" in text for text in texts):
                yield call.start, call.end, "", user
            elif "--stdin" in texts and call.before is not None and _is_printed_literal(call.before):
                yield call.start, call.end, "passwd", user
        elif call.name in ("usermod", "useradd", "adduser"):
            for option, value in zip(call.words, call.words[1:]):
                if option.text in ("-p", "--password") and call.name != "adduser" and value.text == "":
                    yield call.start, call.end, "", texts[-1] if texts else ""
        elif call.name == "sed" and any(text.endswith(("/etc/shadow", "/etc/passwd")) for text in texts):
            for text in texts:
                match = _EMPTY_FIELD.search(text.encode("utf-8", "surrogateescape"))
                if match:
                    yield call.start, call.end, "", match["user"].decode()
                    break


def _is_printed_literal(call: Call) -> bool:
    return call.name in ("echo", "printf") and bool(call.words) and all(word.is_literal for word in call.words)


def _entries(call: Call) -> Iterator[str]:
    """The users whose password is written out in what chpasswd reads."""
    texts = [redirection.heredoc.text for redirection in call.redirections if redirection.heredoc is not None]
    texts += [redirection.target.text for redirection in call.redirections if redirection.operator == "<<<" and redirection.target is not None]
    if call.before is not None and call.before.name in ("echo", "printf"):
        texts += [text for text in call.before.texts if not text.startswith("-")]
    for text in texts:
        for match in _ENTRY.finditer(text.encode("utf-8", "surrogateescape")):
            password = match["password"].strip()
            if b"$" not in password.replace(b"\\$", b"") and b"`" not in password and b"%s" not in password and password not in (b"*", b"!", b"!!"):
                yield match["user"].decode("utf-8", "replace")
