"""Programs that run the command in their arguments: in `sudo -E env A=b timeout 60 curl ...` the command is curl."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Wrapper(NamedTuple):
    """`short` and `long`: options with a value of their own; `words`: how many words of its own stand before the command."""

    short: str = ""
    long: frozenset[str] = frozenset()
    words: int = 0


class Start(NamedTuple):
    """Where the command begins: its position in the words (their number if there is none), the wrappers before it, the indices of `A=b` that they take."""

    position: int
    wrappers: tuple[str, ...]
    assignments: tuple[int, ...]


_PLAIN = _Wrapper()
_WRAPPERS: dict[str, _Wrapper] = {
    "sudo": _Wrapper("ugphCrtTUDRa", frozenset("user group prompt host close-from chroot chdir role type other-user auth-type".split())),
    "doas": _Wrapper("uC"),
    "env": _Wrapper("uCS", frozenset(("unset", "chdir"))),
    "timeout": _Wrapper("sk", frozenset(("signal", "kill-after")), 1),
    "gtimeout": _Wrapper("sk", frozenset(("signal", "kill-after")), 1),
    "time": _Wrapper("fo", frozenset(("format", "output"))),
    "nice": _Wrapper("n", frozenset(("adjustment",))),
    "ionice": _Wrapper("cnp", frozenset(("class", "classdata"))),
    "chrt": _Wrapper("TPD", frozenset(), 1),
    "stdbuf": _Wrapper("ioe", frozenset(("input", "output", "error"))),
    "exec": _Wrapper("a"),
    "retry": _Wrapper("tdsmx", frozenset(("tries", "delay", "times", "sleep", "max-retry"))),
    "proxychains": _Wrapper("f"),
    "chroot": _Wrapper("", frozenset(("userspec", "groups")), 1),
    "arch-chroot": _Wrapper("u", frozenset(), 1),
    "gosu": _Wrapper("", frozenset(), 1),
    "su-exec": _Wrapper("", frozenset(), 1),
    "runuser": _Wrapper("ugG", frozenset(("user", "group", "supp-group"))),
    "setpriv": _Wrapper("", frozenset(("reuid", "regid", "groups", "inh-caps"))),
    "flock": _Wrapper("wE", frozenset(("timeout", "wait", "conflict-exit-code")), 1),
    "strace": _Wrapper("eopsu"),
    "tini": _Wrapper("pe"),
    "dumb-init": _Wrapper("r"),
    "xvfb-run": _Wrapper("enfsp", frozenset("server-args server-num error-file auth-file screen".split())),
    **dict.fromkeys("nohup setsid unbuffer command builtin then travis_retry with_backoff eatmydata fakeroot torsocks torify busybox toybox winpty arch dbus-run-session".split(), _PLAIN),
}  # fmt: skip
_TAKE_ASSIGNMENTS = ("env", "sudo", "doas")
_REPEAT = ("retry", "with_backoff", "travis_retry")
_ONLY_ASK = ("-v", "-V")  # `command -v curl`
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}=")
_COUNT = re.compile(r"[0-9]{1,6}[smhd]?\Z")
_DEEPEST = 12


def base_name(path: str) -> str:
    """The last part of a program's path, without what Windows appends."""
    name = path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return name.removesuffix(".exe") if len(name) > 4 else name


def find_command(words: Sequence[str]) -> Start:
    """Look behind the wrappers at the beginning of a command line."""
    position = 0
    wrappers: list[str] = []
    assignments: list[int] = []
    while position < len(words) and len(wrappers) < _DEEPEST:
        name = base_name(words[position])
        wrapper = _WRAPPERS.get(name)
        if wrapper is None or name == "command" and words[position + 1 : position + 2] and words[position + 1] in _ONLY_ASK:
            break
        start = _after_options(words, position + 1, wrapper)
        while name in _TAKE_ASSIGNMENTS and start < len(words) and _ASSIGNMENT.match(words[start]):
            assignments.append(start)
            start += 1
        start += wrapper.words
        while name in _REPEAT and start < len(words) and _COUNT.match(words[start]):
            start += 1
        if start >= len(words):
            return Start(len(words) if name in ("env", "sudo", "exec") else position, tuple(wrappers), tuple(assignments))
        wrappers.append(name)
        position = start
    return Start(position, tuple(wrappers), tuple(assignments))


def _after_options(words: Sequence[str], position: int, wrapper: _Wrapper) -> int:
    """The index of the first word that is no option of the wrapper."""
    while position < len(words):
        text = words[position]
        if text == "--":
            return position + 1
        if len(text) < 2 or text[0] != "-":
            return position
        if text.startswith("--"):
            position += 1 + (text[2:] in wrapper.long)
        else:
            with_value = next((at for at, letter in enumerate(text[1:60], 1) if letter in wrapper.short), None)
            position += 1 + (with_value == len(text) - 1)
    return position
