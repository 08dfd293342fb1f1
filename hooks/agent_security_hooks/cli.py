"""Commands: reads the arguments, runs the hooks, prints the report, decides the exit status."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agent_security_hooks import __version__, options
from agent_security_hooks.catalog import HOOKS, SUITE, Hook, find_hook
from agent_security_hooks.config import BASELINES, Config, ConfigError, load
from agent_security_hooks.model import excerpt
from agent_security_hooks.options import BASELINE_OPTIONS, CHECK_OPTIONS, HOOK_OPTION, Options, UsageError
from agent_security_hooks.output import ClosedOutput, display_path, safe, say, silence, write_report
from agent_security_hooks.repository import Repository
from agent_security_hooks.runner import Report, Runner, Settings, without_repeats

if TYPE_CHECKING:
    from agent_security_hooks.baseline import Baseline

CLEAN, FINDINGS, UNCHECKED = 0, 1, 2
_MEMORY_LIMIT = 1 << 30
COLLECTOR = (300_000, 50, 50)
"""Thresholds of the garbage collector: trees of thousands of values are built and kept, and looking through them again and again finds nothing."""
_USAGE = """usage: agent-security check [options] [FILES...]  check files (all tracked ones when none is named)
       agent-security baseline write|prune        accept what is there today, or drop what is gone
       agent-security explain RULE                what a rule looks for, why, and how to mend it
       agent-security rules [--format json|markdown]
       HOOK-ID [options] FILES...                 one hook alone: {hooks}

Run `agent-security check --help` for the options.
"""


def main(hook_id: str = "") -> int:
    """Entry of the process; the exit status is 0 clean, 1 findings, 2 something could not be checked."""
    _prepare_process()
    try:
        return run([*([hook_id] if hook_id else []), *sys.argv[1:]])
    except MemoryError:
        say("agent-security: not enough memory to finish")
    except Exception as error:  # noqa: BLE001 - a traceback would show what is in memory, secrets included
        say(f"agent-security: stopped by an error of its own ({type(error).__name__}); please report it")
    finally:
        silence()
    return UNCHECKED


def hook_main() -> int:
    """Entry of the console scripts that are named after a hook."""
    return main(os.path.basename(sys.argv[0]).removesuffix(".exe").removesuffix("-script.py"))


def run(arguments: list[str]) -> int:
    """Run one command and return the exit status."""
    try:
        return _dispatch(arguments)
    except (UsageError, ConfigError) as error:
        say(f"agent-security: {safe(str(error))}")
    except ClosedOutput as error:
        say(f"agent-security: {error}")
    return UNCHECKED


def _prepare_process() -> None:
    import gc
    import signal

    gc.freeze()
    gc.set_threshold(*COLLECTOR)
    try:
        # An interrupted hook just ends; there is nothing to clean up and nobody to read a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:
        pass
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(_MEMORY_LIMIT, hard), hard))
    except (ImportError, ValueError, OSError):
        pass


def _dispatch(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "--help"
    rest = arguments[1:]
    hook = find_hook(command)
    if hook is not None:
        return _check(rest, () if hook is SUITE else (hook,), command)
    if command == "check":
        return _check(rest, None, "agent-security check")
    if command in ("explain", "rules"):
        from agent_security_hooks import docs

        write_report(docs.explain(rest) if command == "explain" else docs.list_rules(rest))
        return CLEAN
    if command == "baseline":
        return _baseline(rest)
    if command in ("--version", "-V"):
        write_report(f"agent-security {__version__}\n")
        return CLEAN
    if command in ("--help", "-h", "help"):
        write_report(_USAGE.format(hooks=", ".join(hook.id for hook in HOOKS)))
        return CLEAN
    from difflib import get_close_matches

    close = get_close_matches(command[:40], ["check", "baseline", "explain", "rules", *(hook.id for hook in HOOKS)], 1)
    raise UsageError(f'unknown command "{excerpt(command)}"' + (f" (did you mean {close[0]}?)" if close else "") + "; see agent-security --help")


def _check(arguments: list[str], hooks: tuple[Hook, ...] | None, name: str) -> int:
    """Run hooks over files. `hooks` is None for `check`, which takes --hook; empty for all hooks in one."""
    choosing = hooks is None
    known = {**HOOK_OPTION, **CHECK_OPTIONS} if choosing else CHECK_OPTIONS
    given = options.parse(arguments, known)
    if given.flag("help"):
        usage = f"{name} [options] {'[FILES...]' if choosing else 'FILES...'}"
        write_report(options.help_text(usage, "Checks files. Each finding says what is wrong, and what to do about it.", known))
        return CLEAN
    if given.flag("version"):
        write_report(f"agent-security {__version__}\n")
        return CLEAN
    try:
        repository = Repository()
    except OSError:
        raise UsageError("the current directory does not exist any more") from None
    config = Config() if given.flag("no-config") else load(repository.root or ".", given.value("config"))
    if config.max_mb:
        repository.limit = config.max_mb << 20
    repository.online = given.flag("online")
    repository.action_policies = config.policies
    chosen = tuple(dict.fromkeys(_hook(hook_id) for hook_id in given.words("hook"))) or hooks or HOOKS
    settings = _settings(given, config, chosen, suite=chosen == HOOKS)
    baselines = _baselines(given, repository)
    files = _files(given.files, repository, every=choosing)
    added = repository.added_lines() if given.flag("staged-lines") else None
    report = Runner(settings, config, repository, baselines, added).run(files)
    if given.flag("diff") or given.flag("fix"):
        from agent_security_hooks import fixes

        unsafe = given.flag("unsafe-fixes")
        if given.flag("diff"):
            planned = fixes.plan(report.findings, repository, unsafe=unsafe)
            report.failures += planned.failures
            write_report(fixes.diff(planned.changes, repository), given.value("output"))
            return _finish(report, given)
        report = fixes.fix(
            report, lambda paths: Runner(settings, config, repository.reopened(), baselines).run(paths, staged_too=False), repository, unsafe=unsafe
        )
    try:
        write_report(_render(report, given), given.value("output"))
    finally:
        status = _finish(report, given)
    return status


def _baselines(given: Options, repository: Repository) -> list[Baseline]:
    explicit, root = given.value("baseline"), repository.root or "."
    if given.flag("no-config") or not (explicit or any(os.path.lexists(os.path.join(root, name)) for name in BASELINES)):
        return []
    from agent_security_hooks import baseline

    return baseline.load(root, explicit, repository.notes)


def _baseline(arguments: list[str]) -> int:
    """`write` accepts what all hooks find in the tracked files today, `prune` drops what is not found any more."""
    from agent_security_hooks import baseline

    given = options.parse(arguments[1:], BASELINE_OPTIONS)
    if arguments[:1] not in (["write"], ["prune"]) or given.flag("help"):
        summary = "write: accept what the hooks find in all tracked files today. prune: drop what is not found any more."
        write_report(options.help_text("agent-security baseline write|prune [options]", summary, BASELINE_OPTIONS))
        return CLEAN if given.flag("help") else UNCHECKED
    repository = Repository()
    root, foreign = repository.root or ".", given.flag("detect-secrets")
    path = given.value("output") or os.path.join(root, BASELINES[1] if foreign else BASELINES[0])
    old = baseline.load("", path, []) if os.path.lexists(path) and not foreign else []
    recorder = baseline.Recorder(old[0] if old else baseline.new())
    config = load(root)
    repository.action_policies = config.policies
    runner = Runner(Settings(HOOKS, pedantic=config.pedantic), config, repository, [recorder])
    report = runner.run(_files([], repository, every=True), staged_too=False)
    write_report(recorder.for_detect_secrets() if foreign else recorder.written() if arguments[0] == "write" else recorder.pruned(), path)
    return _finish(report, given)


def _hook(hook_id: str) -> Hook:
    hook = find_hook(hook_id)
    if hook is None or hook is SUITE:
        raise UsageError(f'unknown hook "{excerpt(hook_id)}"; known are {", ".join(h.id for h in HOOKS)}')
    return hook


def _settings(given: Options, config: Config, hooks: tuple[Hook, ...], *, suite: bool) -> Settings:
    select, deselect = given.words("select") or config.select, given.words("ignore") + config.ignore_rules
    if select or deselect or config.ignores:
        from agent_security_hooks.catalog import all_rules

        rules = all_rules()
        for rule in (*select, *deselect, *(entry.rule for entry in config.ignores)):
            if rule not in rules:
                from difflib import get_close_matches

                close = get_close_matches(rule[:40], list(rules), 1)
                raise UsageError(f'unknown rule "{excerpt(rule)}"' + (f" (did you mean {close[0]}?)" if close else "; see agent-security rules"))
    return Settings(
        hooks,
        frozenset(select),
        frozenset(deselect),
        given.flag("pedantic") or config.pedantic,
        given.value("min-severity", config.min_severity),
        not given.flag("no-ignores"),
        suite,
    )


def _files(named: list[str], repository: Repository, *, every: bool) -> list[str]:
    """The files to check: those named, directories standing for the tracked files below, all tracked ones when none is named."""
    if not named and every:
        named = ["."]
    files: list[str] = []
    for path in named:
        if os.path.isdir(path) and not os.path.islink(path):
            below = repository.list_files(path)
            files += _walk(path) if below is None else below
        else:
            files.append(path)
    return files


def _walk(directory: str) -> list[str]:
    """Every file below a directory that git knows nothing of; symbolic links are not followed."""
    found = []
    for parent, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if name != ".git")
        found += [os.path.join(parent, name) for name in sorted(names)]
    return found


def _render(report: Report, given: Options) -> str:
    from importlib import import_module

    report.findings.sort(key=lambda finding: finding.path)  # pre-commit shuffles the files that it names
    chosen = given.value("format", "text")
    if chosen in ("text", "full"):  # people read each thing once; programs get every finding
        report.findings = without_repeats(report.findings)
    if chosen == "text" and not report.findings:
        return ""
    if given.flag("statistics") and chosen in ("text", "full"):
        chosen = "statistics"
    module = import_module("agent_security_hooks.reports." + ("text" if chosen in ("text", "full", "statistics") else chosen))
    if module.__name__.endswith(".text"):
        return str(module.render(report, style=chosen, color=_color(given)))
    return str(module.render(report))


def _color(given: Options) -> bool:
    when = given.value("color", "auto")
    if when != "auto" or os.environ.get("NO_COLOR"):
        return when == "always"
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        return not given.flag("output") and sys.stdout is not None and sys.stdout.isatty()
    except (OSError, ValueError):
        return False


def _finish(report: Report, given: Options) -> int:
    for failure in report.failures:
        say(f"{display_path(failure.path)}: {safe(failure.message)}")
    for note in report.notes:
        say(f"note: {safe(note)}")
    if not given.flag("quiet") and (report.findings or report.suppressed or report.failures or report.fixed or report.excluded):
        say(_summary(report, fixing=given.flag("fix")))
    return UNCHECKED if report.failures else FINDINGS if report.findings else CLEAN


def _summary(report: Report, *, fixing: bool) -> str:
    count = len(report.findings)
    files = len({finding.path for finding in report.findings})
    parts = [f"{count} finding{'s' * (count != 1)} in {files} file{'s' * (files != 1)}" if count else "no findings"]
    fixable = 0 if fixing else sum(bool(finding.edits) and all(edit.safe for edit in finding.edits) for finding in report.findings)
    if fixable:
        parts.append(f"{fixable} fixable with --fix")
    if report.fixed:
        parts.append(f"{report.fixed} fixed")
    if report.suppressed:
        by = [suppression.by for suppression in report.suppressed]
        kinds = ("inline", "config", *(["baseline"] if "baseline" in by else []))
        parts.append(f"{len(by)} suppressed ({', '.join(f'{by.count(kind)} {kind}' for kind in kinds)})")
    if report.excluded:
        parts.append(f"{report.excluded} file{'s' * (report.excluded != 1)} excluded by the configuration")
    if report.failures:
        parts.append(f"{len(report.failures)} not checked")
    return ", ".join(parts)
