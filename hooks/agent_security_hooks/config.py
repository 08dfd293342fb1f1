"""Configuration: `.agent-security.toml`, or `[tool.agent-security-hooks]` in pyproject.toml, at the root of the repository.

Data only: no key names code, a plug-in or a regular expression, since whoever opens a pull request can edit it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.model import SEVERITIES, excerpt
from agent_security_hooks.source import Skipped, Unreadable, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TABLE = "agent-security-hooks"
BASELINES = (".agent-security-baseline.json", ".secrets.baseline")
"""Baselines that are read without being named: ours, and that of detect-secrets."""
ACTION_POLICIES = ("hash", "tag", "any")
"""What a reference to an action must be: a full commit, a commit or the tag of a release, or whatever it is."""
FIRST_PARTY = ("actions/*", "github/*")
_SIZE_LIMIT = 1 << 20
_DOTS = 200
"""Dots in one line outside of strings: the parser needs memory that grows with the square of a key's parts."""


class ConfigError(Exception):
    """The configuration cannot be used; the text says where and why, and what was probably meant."""


class PathIgnore(NamedTuple):
    """One `[[ignore]]` entry: a rule is accepted below a path glob, or for a file of that content, for a reason, until a date (ISO) if given."""

    rule: str
    path: str
    reason: str
    until: str
    sha256: str = ""


class Config(NamedTuple):
    """Settings after reading; every field has a safe default."""

    select: tuple[str, ...] = ()
    ignore_rules: tuple[str, ...] = ()
    pedantic: bool = False
    min_severity: str = SEVERITIES[0]
    exclude: tuple[str, ...] = ()
    max_mb: int = 0
    ignores: tuple[PathIgnore, ...] = ()
    path: str = ""
    first_party: str = ACTION_POLICIES[0]
    action_policies: tuple[tuple[str, str], ...] = ()

    @property
    def policies(self) -> tuple[tuple[str, str], ...]:
        """What is asked of actions, by pattern; those named by themselves come before those of GitHub as a whole."""
        return (*self.action_policies, *((owner, self.first_party) for owner in FIRST_PARTY))


def load(root: str, explicit: str = "") -> Config:
    """Read the configuration of a repository; raises ConfigError. `explicit` names a file to use instead."""
    for name in (explicit,) if explicit else (".agent-security.toml", "pyproject.toml"):
        path = name if explicit else os.path.join(root, name)
        if not explicit and not os.path.lexists(path):
            continue
        if os.path.islink(path):
            target = os.path.realpath(path)
            if not explicit and not target.startswith(os.path.realpath(root).rstrip(os.sep) + os.sep):
                raise ConfigError(f"{name}: it is a symbolic link that leaves the repository")
            path = target
        try:
            raw = read_bytes(path, _SIZE_LIMIT)
        except (Unreadable, Skipped, ValueError) as error:
            raise ConfigError(f"{name}: {error}") from None
        shared = os.path.basename(name) == "pyproject.toml"
        if not shared or TABLE.encode() in raw:
            table = _parse(name, raw)
            for key in ("tool", TABLE) if shared or "tool" in table else ():
                table = table.get(key, {})  # type: ignore[assignment]
                if not isinstance(table, dict):
                    raise ConfigError(f"{name}: [tool.{TABLE}] is not a table")
            return _read(name, table)
    return Config()


def _parse(name: str, raw: bytes) -> Mapping[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    if any(line.count(b".") > _DOTS and _outside_strings(line).count(b".") > _DOTS for line in raw.split(b"\n")):
        raise ConfigError(f"{name}: a key has more than {_DOTS} parts")
    try:
        table: Mapping[str, object] = tomllib.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        # The parser's text can quote the file; its position is all that is wanted.
        place = str(error).rsplit("(", 1)[-1].rstrip(")") if "(at " in str(error) else "it is no TOML"
        raise ConfigError(f"{name}: cannot be read as TOML ({place})") from None
    return table


def _outside_strings(line: bytes) -> bytes:
    import re

    return re.sub(rb""""[^"]*"|'[^']*'""", b"", line)


_TYPES = {
    "select": list, "ignore-rules": list, "pedantic": bool, "min-severity": str, "exclude": list, "max-mb": int, "ignore": list,
    "first-party": str, "action-policies": dict,
}  # fmt: skip
_IGNORE_KEYS = ("rule", "path", "reason", "sha256", "until")


def _read(name: str, table: Mapping[str, object]) -> Config:
    for key, value in table.items():
        if key not in _TYPES:
            raise ConfigError(f"{name}: unknown key {_quote(key)}{_suggestion(key, _TYPES)}")
        if type(value) is not _TYPES[key]:
            raise ConfigError(f"{name}: {key} must be {_describe(_TYPES[key])}")
    severity = table.get("min-severity", SEVERITIES[0])
    if severity not in SEVERITIES:
        raise ConfigError(f"{name}: min-severity must be one of {', '.join(SEVERITIES)}")
    max_mb = table.get("max-mb", 0)
    if not isinstance(max_mb, int) or "max-mb" in table and not 1 <= max_mb <= 1024:
        raise ConfigError(f"{name}: max-mb must be from 1 to 1024")
    return Config(
        _strings(name, table, "select"),
        _strings(name, table, "ignore-rules"),
        bool(table.get("pedantic", False)),
        str(severity),
        _strings(name, table, "exclude"),
        max_mb,
        tuple(_path_ignore(name, entry) for entry in table.get("ignore", ())),  # type: ignore[attr-defined]
        name,
        _policy(name, "first-party", table.get("first-party", ACTION_POLICIES[0])),
        tuple(_action_policies(name, table.get("action-policies", {}))),
    )


def _action_policies(name: str, table: object) -> Iterator[tuple[str, str]]:
    import re

    for pattern, policy in table.items() if isinstance(table, dict) else ():
        if len(pattern) > 300 or not re.fullmatch(r"\*|[\w-]+/(?:\*|[\w.-]+(?:/[\w.-]+)*(?:/\*)?)", pattern, re.ASCII):
            raise ConfigError(f"{name}: {_quote(pattern)} in action-policies is none of owner/*, owner/repo, owner/repo/path and *")
        yield pattern.lower(), _policy(name, f"the policy of {_quote(pattern)}", policy)


def _policy(name: str, what: str, value: object) -> str:
    if not isinstance(value, str) or value not in ACTION_POLICIES:
        raise ConfigError(f"{name}: {what} must be one of {', '.join(ACTION_POLICIES)}{_meant(value)}")
    return value


def _meant(value: object) -> str:
    from difflib import get_close_matches

    known = {
        **{policy: policy for policy in ACTION_POLICIES},
        "hash-pin": "hash",
        "sha": "hash",
        "commit": "hash",
        "ref-pin": "tag",
        "ref": "tag",
        "version": "tag",
        "none": "any",
    }
    close = get_close_matches(str(value)[:40].lower(), known, 1)
    return f" (did you mean {known[close[0]]}?)" if close else ""


def _strings(name: str, table: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ConfigError(f"{name}: {key} must be a list of texts")
    return tuple(values)


def _path_ignore(name: str, entry: object) -> PathIgnore:
    if not isinstance(entry, dict):
        raise ConfigError(f"{name}: each ignore must be a table with rule, path and reason")
    for key in entry:
        if key not in _IGNORE_KEYS:
            raise ConfigError(f"{name}: unknown key {_quote(key)} in an ignore{_suggestion(key, _IGNORE_KEYS)}")
    rule, path, reason, sha256 = (entry.get(key, "") for key in _IGNORE_KEYS[:4])
    if not (isinstance(rule, str) and isinstance(path, str) and isinstance(reason, str) and rule and (path or sha256) and reason.strip()):
        raise ConfigError(f"{name}: each ignore needs a rule, a path (or a sha256) and a reason")
    if sha256 and not (isinstance(sha256, str) and len(sha256) == 64 and set(sha256.lower()) <= set("0123456789abcdef")):
        raise ConfigError(f"{name}: sha256 must be 64 hexadecimal digits, as sha256sum prints them")
    until = entry.get("until", "")
    if until != "" and not hasattr(until, "year"):
        raise ConfigError(f"{name}: until must be a date without quotes, such as 2027-01-31")
    return PathIgnore(rule, path, reason.strip(), until.isoformat()[:10] if until else "", sha256.lower())


def _describe(kind: type) -> str:
    return {list: "a list", bool: "true or false", int: "a whole number", str: "a text", dict: "a table"}[kind]


def _quote(key: object) -> str:
    return f'"{excerpt(str(key))}"'


def _suggestion(key: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(key)[:40], known, 1)
    return f" (did you mean {close[0]}?)" if close else f"; known are {', '.join(known)}"
