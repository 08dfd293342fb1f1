"""Programs of a script that print what outsiders wrote: `gh` and the API of GitHub, `git` in a clone that holds their commits, `jq` of the answer.

Sources: https://cli.github.com/manual, https://git-scm.com/docs/pretty-formats, https://jqlang.org/manual, and what CodeQL counts as untrusted at
https://github.com/github/codeql/tree/main/actions/ql/lib/ext/config (MIT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.data.action_outputs import API_TEXTS
from agent_security_hooks.data.github_contexts import EVENTS_WITH_SECRETS, FIXED_ENDINGS, FIXED_SUFFIXES
from agent_security_hooks.parse.actions.taint import FIXED, OUTSIDER, Taint
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_security_hooks.parse.actions.workflow import Step

EVENTS = EVENTS_WITH_SECRETS | {"pull_request", "pull_request_review", "pull_request_review_comment", "check_run", "check_suite", "fork"}
"""Events that anyone can start; under others, what is asked for is mostly the maintainers' own choice."""
_FILTERS = ("-q", "--jq", "-t", "--template")
_LONGEST = 20_000


def printed(name: str, texts: Sequence[str], step: Step) -> Taint | None:
    """Text of outsiders that a program prints by itself; None for others, and as far as is not known."""
    reader = {"gh": _of_gh, "git": _of_git, "curl": _of_curl, "jq": _of_event, "cat": _of_event}.get(name)
    if reader is None or step.workflow.triggers.keys().isdisjoint(EVENTS):
        return None
    found = reader(texts, step)
    return found if found is not None and found.level == OUTSIDER else None


def _option(texts: Sequence[str], *names: str) -> str | None:
    """The value of an option, behind a blank or `=`; None where it is not given."""
    for position, text in enumerate(texts):
        name, equals, value = text.partition("=")
        if name in names:
            return value if equals else texts[position + 1] if position + 1 < len(texts) else ""
    return None


def _of_gh(texts: Sequence[str], step: Step) -> Taint | None:
    from agent_security_hooks.parse.actions.taint_outputs import api_object, of_api, of_fields

    del step
    words = [text for text in texts if not text.startswith("-")][:2]
    wanted = _option(texts, *_FILTERS)
    part = jq_part(wanted) if wanted is not None else ()
    if part is None:
        return None
    if words[:1] == ["api"]:
        route = next((text for text in texts[texts.index("api") + 1 :] if "/" in text and not text.startswith(("-", "Accept", "."))), "")
        method = _option(texts, "-X", "--method")
        if "graphql" in words:
            return of_fields([part[-1]] if part else [name for text in texts if "query" in text[:200] for name in _NAMES.findall(text[:_LONGEST])])
        return of_api(api_object(route), part) if (method or "GET").upper() == "GET" else None
    if words == ["pr", "diff"]:
        return Taint(OUTSIDER, "files.filename")
    if len(words) < 2 or words[0] not in ("pr", "issue", "search") or words[1] not in ("view", "list", "status", "issues", "prs"):
        return None
    thing = "issue" if "issue" in words[0] or words[1] == "issues" else "pull_request"
    fields = _option(texts, "--json")
    if fields is None:
        return Taint(OUTSIDER, thing if words[1] == "view" else f"{thing}.title")
    return of_fields([part[0] if part[-1] == "path" else part[-1]] if part else fields.split(","), thing)


def _of_curl(texts: Sequence[str], step: Step) -> Taint | None:
    from agent_security_hooks.parse.actions.taint_outputs import api_object, of_api

    del step
    url = next((text for text in texts if "api.github.com/" in text or "GITHUB_API_URL" in text), "")
    sends = any(text.startswith(("-d", "--data", "-X", "--request", "-F", "-T", "--json")) for text in texts)
    return of_api(api_object(url), ()) if url and not sends else None


def _of_event(texts: Sequence[str], step: Step) -> Taint | None:
    """What `jq` takes out of the file that holds the event, or all of it."""
    if not any("GITHUB_EVENT_PATH" in text for text in texts):
        return None
    from agent_security_hooks.parse.actions.taint import origin_of

    wanted = next((text for text in texts if not text.startswith("-") and "GITHUB_EVENT_PATH" not in text), ".")
    part = jq_part(wanted)
    if part is None:
        return None
    path = ("github", "event", *part)
    return Taint(origin_of(path, step.workflow), ".".join(path))


_NAMES = Pattern(r"[A-Za-z_][A-Za-z_0-9]*")
_JQ_PATH = Pattern(r"(?:\.[A-Za-z_][A-Za-z_0-9]*|\.?\[[^\[\]]{0,40}\]\??)+")
_JQ_FIXED = Pattern(r"\b(?:length|test|contains|startswith|endswith|any|all|index|inside|tonumber|has)\b|[=<>!]=|[<>]")


def jq_part(text: str) -> tuple[str, ...] | None:
    """The path that a filter of jq (or a template of Go) prints, in lower case; () for all of its input, None for what is no text."""
    text = text[:_LONGEST].strip().removeprefix("{{").removesuffix("}}")
    if "\\(" in text:  # a text with several values in it
        return ()
    for stage in text.split("|")[::-1]:
        paths = _JQ_PATH.findall(stage)
        if _JQ_FIXED.search(stage) and "select" not in stage:
            return None
        if "select" in stage or not paths:
            continue
        named = [[name.lower() for name in _NAMES.findall(path)] for path in paths]
        kept = [names for names in named if names and not is_fixed(names[-1])]
        if any(named) and not kept:
            return None
        if any(named):
            return tuple(next((names for names in kept if names[-1] in API_TEXTS), kept[0]))
    return ()


def is_fixed(name: str) -> bool:
    """Whether a field of GitHub's API by that name has a fixed shape; those of `gh` write words together."""
    return name in FIXED_ENDINGS or name.endswith(FIXED_SUFFIXES) or name in _GH_FIXED


_GH_FIXED = frozenset(
    "baserefoid headrefoid oid createdat updatedat closedat mergedat iscrossrepository isdraft mergestatestatus reviewdecision changedfiles "
    "databaseid ispinned labelscount headrepositoryowner".split()
)

_FORMATS: tuple[tuple[str, str], ...] = (
    ("%B", "message"),
    ("%b", "message"),
    ("%s", "headline"),
    ("%an", "author.name"),
    ("%ae", "author.email"),
    ("%aN", "author.name"),
)
_FORMATS += (("%cn", "committer.name"), ("%ce", "committer.email"), ("%N", "message"), ("%f", "headline"), ("%d", "ref"), ("%D", "ref"))
_GIT_VALUES = ("-C", "-c", "--git-dir", "--work-tree")


def _of_git(texts: Sequence[str], step: Step) -> Taint | None:
    verb, rest = _verb(texts)
    if verb in ("diff", "diff-tree", "ls-files", "ls-tree"):
        listed = verb.startswith("ls-") or "--name-only" in rest or "--name-status" in rest
        return Taint(OUTSIDER, "files.filename") if listed and _holds_commits(step, merged=True) else None
    if verb not in ("log", "show", "rev-list", "shortlog") or not _holds_commits(step, merged=False):
        return None
    wanted = next((text.partition("=")[2] or "oneline" for text in rest if text.startswith(("--format", "--pretty", "--oneline"))), None)
    if wanted is None:
        return None if verb == "rev-list" else Taint(OUTSIDER, "commits.author.name" if verb == "shortlog" else "commits.message")
    if "%" not in wanted:
        return Taint(OUTSIDER, "commits.headline" if wanted in ("oneline", "reference") else "commits.message")
    names = [shown for mark, shown in _FORMATS if mark in wanted]
    return Taint(OUTSIDER, f"commits.{'message' if 'message' in names else names[0]}") if names else Taint(FIXED, "")


def _verb(texts: Sequence[str]) -> tuple[str, Sequence[str]]:
    position = 0
    while position < len(texts) and texts[position].startswith("-"):
        position += 2 if texts[position] in _GIT_VALUES else 1
    return (texts[position], texts[position + 1 :]) if position < len(texts) else ("", ())


_HEADS = ("gh pr checkout", "FETCH_HEAD", "refs/pull/", "pull/")


def _holds_commits(step: Step, *, merged: bool) -> bool:
    """Whether an earlier step of the job fetched commits of others; `merged`: the merge of a pull request, with its files, is enough."""
    if step.job is None:
        return False
    by_itself = merged and any(name.startswith("pull_request") and name != "pull_request_target" for name in step.workflow.triggers)
    for other in step.job.steps[: step.number]:
        if "checkout" in other.repository:
            ref = string(other.input("ref")).lower() + string(other.input("repository")).lower()
            if "head" in ref or "refs/pull" in ref or by_itself:
                return True
    script = " ".join(string(other.get("run")) for other in step.job.steps[: step.number + 1])
    return any(mark in script for mark in _HEADS)
