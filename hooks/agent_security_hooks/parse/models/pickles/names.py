"""What a name does that a pickle imports."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent_security_hooks.data.pickle_names import (
    DANGEROUS,
    GATEWAYS,
    HARMLESS,
    HARMLESS_TYPES,
    PYTHON2_MODULES,
    PYTHON2_NAMES,
    REACHING,
    RECONSTRUCTORS,
    STANDARD,
)

_REASONS = {name: reason for reason, names in DANGEROUS.items() for name in names.split()}
_LONGEST = 200
"""Characters of a name that is a name."""
_INTERNALS = "reaches into the internals of an object"
_PATCHED = frozenset(("subprocess", "os", "sys", "builtins", "posix", "pty"))
_EXCEPTION = re.compile(r"[A-Z]\w*(?:Error|Exception|Warning|Expired|Timeout)")
_TYPED_CLASS = re.compile(r"_*[a-z][A-Z]\w")
"""Classes for one type of numbers, such as `dKalmanFilter`."""


class Verdict(NamedTuple):
    """What an import is: `reason` says why it is dangerous ("" if it is not), `path` its real dotted name, `callable` whether a call of it is fine."""

    path: str
    reason: str
    callable: bool
    standard: bool


def judge(module: str, name: str) -> Verdict:
    """The verdict on `name` of `module`; the name may be dotted, both may be names of Python 2."""
    module, name = _modern(module, name)
    path = f"{module}.{name}"
    parts = path.split(".")
    standard = parts[0] in STANDARD
    known = _REASONS.get(path, "" if path in HARMLESS else None)
    if known is None:
        known = _inside(parts, module.count(".") + 1)
    if known is None:
        known = _by_prefix(parts)
    if known is not None:
        return Verdict(path, known, not known, standard)
    return Verdict(path, "", _may_be_called(path, parts, standard), standard)


def reaches(name: str) -> str:
    """Why asking an object for an attribute of this (dotted) name is no honest wish, "" if it may be."""
    for part in name.split("."):
        if _is_dunder(part):
            return _INTERNALS
        if part in REACHING or part.lstrip("_") in GATEWAYS:
            return f"asks an object for its {part}"
    return ""


def _modern(module: str, name: str) -> tuple[str, str]:
    """As Python 3 maps names of Python 2."""
    first = name.partition(".")[0]
    changed = PYTHON2_NAMES.get(f"{module}.{first}")
    if changed:
        module, _, new = changed.rpartition(".")
        return module, new + name[len(first) :]
    return PYTHON2_MODULES.get(module, module), name


def _is_dunder(part: str) -> bool:
    return len(part) > 4 and part.startswith("__") and part.endswith("__")


def _inside(parts: list[str], modules: int) -> str | None:
    """The reason of what a dotted name leads to: a dunder, or another module by way of this one."""
    if parts[-1] == "Popen":
        return _by_prefix(parts) or "runs commands"
    if modules > 1 and parts[0] not in STANDARD:
        for i in range(1, modules):
            if parts[i] in _PATCHED:  # gevent.subprocess, eventlet.green.os
                return _by_prefix(parts[i:])
    for i in range(modules, len(parts)):
        part = parts[i]
        if _is_dunder(part):
            return _by_prefix(parts) or ("" if part == "__new__" and i == len(parts) - 1 else _INTERNALS)
        if part.lstrip("_") in GATEWAYS and not (part[0] == "_" and len(part) > 1 and part[1] == "_"):
            return _by_prefix([part.lstrip("_"), *parts[i + 1 :]]) or f"hands on the module {part.lstrip('_')}"
    if len(parts) - modules > 1 and parts[-1] in ("system", "popen", "exec", "eval", "check_output", "import_module"):
        return f"leads to {parts[-1]}"
    return None


def _by_prefix(parts: list[str]) -> str | None:
    """What the longest known beginning of a name says; an exception does nothing, wherever it comes from."""
    if parts[0] in STANDARD and _EXCEPTION.fullmatch(parts[-1]):
        return ""
    if len(parts) > 1 and ".".join(parts[:-1]) + ".*" in HARMLESS:
        return ""
    for length in range(len(parts), 0, -1):
        reason = _REASONS.get(".".join(parts[:length]))
        if reason:
            return reason
    return None


def _may_be_called(path: str, parts: list[str], standard: bool) -> bool:
    last = parts[-1]
    if len(last) > _LONGEST:
        return False
    if last.lstrip("_")[:1].isupper() or (not standard and _TYPED_CLASS.match(last)):
        return True
    return bool(HARMLESS_TYPES.fullmatch(path)) or (not standard and RECONSTRUCTORS.fullmatch(last) is not None)
