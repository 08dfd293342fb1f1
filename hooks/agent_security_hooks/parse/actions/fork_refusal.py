"""Whether a step's actions/checkout refuses the code of forks by itself.

It does so under `pull_request_target`, and under `workflow_run` after a run for a pull request: the fork as `repository`, and as `ref` the commits that the
event names and `refs/pull/<number>/head` or `/merge`. A commit or branch that a step has looked up is not among these. A tag that moves (`v4`) is a
proof only where all releases that it can mean do so: whoever pins it may take an older one.

Sources: the release notes of v2.8.0, v3.7.0, v4.4.0, v5.1.0, v6.1.0 and v7.0.0 at https://github.com/actions/checkout/releases, which name the input
`allow-unsafe-pr-checkout`; `unsafe-pr-checkout-helper` in its src.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.uses import Reference
    from agent_security_hooks.parse.actions.workflow import Step

_SINCE = {2: 8, 3: 7, 4: 4, 5: 1, 6: 1, 7: 0}
"""Major version -> the first minor one that refuses. Of others nothing is known."""
_RELEASE = Pattern(r"[vV]?([0-9]{1,4})\.([0-9]{1,6})(?:\.[0-9]{1,6})?")
_MAJOR = Pattern(r"[vV]?([0-9]{1,4})")


def refuses_forks(step: Step) -> bool:
    """Whether the version that a step runs is known to refuse, and not told to do otherwise."""
    if step.repository != "actions/checkout" or string(step.input("allow-unsafe-pr-checkout")).strip().lower() not in ("", "false"):
        return False
    from agent_security_hooks.parse.actions.uses import is_commit, parse_uses

    reference = parse_uses(string(step.get("uses")))
    commit = reference.ref if is_commit(reference.ref) else _locked(step, reference)
    if commit:
        versions = set(_versions_of(step, reference.name, commit))
        return bool(versions) and all(map(_refuses, versions))
    major = _MAJOR.fullmatch(reference.ref)
    return _SINCE.get(int(major[1])) == 0 if major else _refuses(reference.ref)


def _refuses(version: str) -> bool:
    found = _RELEASE.fullmatch(version)
    return found is not None and int(found[1]) in _SINCE and int(found[2]) >= _SINCE[int(found[1])]


def _locked(step: Step, reference: Reference) -> str:
    """The commit that the lock of the repository has for a tag; "" where it has none."""
    from agent_security_hooks.parse.actions.lock import lock_of, pin_of

    lock = lock_of(step.workflow.file)
    entry = lock.dependencies.get(pin_of(reference)) if lock else None
    return entry.commit if entry is not None else ""


def _versions_of(step: Step, name: str, commit: str) -> Iterator[str]:
    """The full versions of a commit, by the lock, the table, and the comments beside it here and elsewhere in the repository; `v4` says nothing of it."""
    from agent_security_hooks.parse.actions.lock import lock_of
    from agent_security_hooks.parse.actions.pins import known_tags, pins_of_commit

    file = step.workflow.file
    tags = [tag for tag, _ in known_tags(lock_of(file), name, commit)]
    yield from (tag for tag in [*tags, *(pin.version for pin in pins_of_commit(file, name, commit))] if _RELEASE.fullmatch(tag))
