"""Everything that is written about hooks and rules, made from the catalog and the rules' docstrings.

`python -m agent_security_hooks.docs`, at the root of the checkout, writes the manifest, the rule reference, the marked regions of the README and the console scripts.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agent_security_hooks import __version__, options
from agent_security_hooks.catalog import HOOKS, SUITE, all_rules, load_check
from agent_security_hooks.model import POINTS, excerpt
from agent_security_hooks.options import CHECK_OPTIONS, HOOK_OPTION, RULES_FORMATS, RULES_OPTIONS, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_security_hooks.catalog import Hook
    from agent_security_hooks.model import Documentation, Rule

_WIDTH = 100
_EXAMPLE_REPORT = "tests/repos/leaky-agent.txt"
_SHOWN = (
    ("agent/main.py", "provider-key"),
    (".env", "env-file-committed"),
    ("Dockerfile", "pipe-to-shell"),
    ("docker-compose.yml", "docker-socket"),
    ("scripts/setup.sh", "unverified-execution"),
)


def explain(arguments: list[str]) -> str:
    """All there is to say about one rule. Raises UsageError, with a suggestion for an unknown name."""
    given = options.parse(arguments, {"help": ("", "")})
    if given.flag("help"):
        return "usage: agent-security explain RULE\n"
    if len(given.files) != 1:
        raise UsageError("explain takes one rule: agent-security explain RULE (agent-security rules lists them)")
    rule = _find_rule(given.files[0])
    said = rule.documentation
    point = POINTS[rule.point]
    lines = [
        f"{rule.name} ({rule.hook})",
        *_wrapped("", said.summary),
        "",
        *_wrapped("point:    ", f"{point.number}, {point.title}; severity {rule.severity}; {_DEFAULTS[_default(rule)]}"),
        *_wrapped("risk:     ", said.risk),
        *_wrapped("fix:      ", said.fix),
        *_wrapped("verify:   ", said.verify),
    ]
    for heading, examples in (("bad", said.bad), ("good", said.good)):
        for name, content in examples:
            lines += ["", f"{heading}, {_example_name(name)}:", *(f"    {line}".rstrip() for line in content.rstrip("\n").split("\n"))]
    if rule.artefact:
        lines += ["", "accept one file, as it is now, in pyproject.toml:"]
    else:
        lines += ["", "ignore it, with the reason, on the line or alone on the line above:", f"    # {_ignore_comment(rule)}"]
        lines += ["or, where a file can hold no comments, in pyproject.toml:"]
    lines += (f"    {line}" for line in _ignore_entry(rule, said))
    return "\n".join(lines) + "\n"


def list_rules(arguments: list[str]) -> str:
    """Every rule with its hook, point, severity and default, as text, JSON or a Markdown table."""
    given = options.parse(arguments, RULES_OPTIONS, {"format": RULES_FORMATS})
    if given.flag("help"):
        return options.help_text("agent-security rules [options]", "Lists every rule; `agent-security explain RULE` says more about one.", RULES_OPTIONS)
    if given.files:
        raise UsageError(f"rules takes no names: agent-security explain {given.files[0][:40]}")
    chosen = given.value("format", "text")
    rules = list(all_rules().values())
    if chosen == "json":
        from json import dumps

        tool = {"name": "agent-security-hooks", "version": __version__}
        return dumps({"version": 1, "tool": tool, "rules": [_rule_facts(rule) for rule in rules]}, indent=1) + "\n"
    header = ("rule", "hook", "point", "severity", "default", "what")
    rows = [(rule.name, rule.hook, str(rule.point), rule.severity, _default(rule), rule.documentation.summary) for rule in rules]
    if chosen == "markdown":
        return _markdown_table(header, rows)
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    return "".join("  ".join((*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1])) + "\n" for row in (header, *rows))


def manifest() -> str:
    """`.pre-commit-hooks.yaml`: every hook and, first, all of them in one process (https://pre-commit.com/#creating-new-hooks)."""
    return f"# {_GENERATED}\n" + "\n".join(_manifest_entry(hook) for hook in (SUITE, *HOOKS))


def reference() -> str:
    """`hooks/README.md`: what each rule looks for, why, and how to mend it."""
    parts = [
        f"<!-- {_GENERATED} -->",
        "# Rules\n",
        "`<secret:openai>` in an example stands for a real value of that kind. A rule that is *pedantic* runs with `--pedantic` only.\n",
    ]
    for hook in (*HOOKS, SUITE):
        rules = load_check(hook).rules
        title = "Ignore comments and file names" if hook is SUITE else f"{hook.id}: {hook.title}"
        parts += [f"## {title}\n", _rules_table(rules, link="#")]
        for rule in rules:
            parts += _rule_section(rule)
    return "\n".join(parts).rstrip("\n") + "\n"


def tables(root: str) -> dict[str, str]:
    """The generated regions of README.md, by the name in their marks."""
    example = "\n".join(_excerpt(_read(root, _EXAMPLE_REPORT)))
    return {
        "output": f"```console\n$ agent-security check\n{example}\n```\n",
        "hooks": _hooks_table(),
        "rules": _all_rules_tables(),
        "options": _options_table(),
    }


def documents(root: str) -> dict[str, str]:
    """Every generated file below the root of the checkout, with its content."""
    return {
        ".pre-commit-hooks.yaml": manifest(),
        "hooks/README.md": reference(),
        "README.md": fill(_read(root, "README.md"), tables(root)),
        "pyproject.toml": with_scripts(_read(root, "pyproject.toml")),
    }


def fill(text: str, regions: dict[str, str]) -> str:
    """The text with the content between `<!-- begin: NAME -->` and `<!-- end: NAME -->` replaced. Raises ValueError for a mark without its pair."""
    for name, content in regions.items():
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
        head, found, rest = text.partition(begin)
        if not found:
            continue
        _, closed, tail = rest.partition(end)
        if not closed:
            raise ValueError(f"README.md: {begin.strip()} has no {end}")
        text = head + begin + content + end + tail
    return text


def with_scripts(project: str) -> str:
    """The text of pyproject.toml with a console script for each hook, below the comment that says so."""
    lines = [line for line in project.split("\n") if not line.endswith(_SCRIPT)]
    at = lines.index(_SCRIPTS) + 1
    return "\n".join((*lines[:at], *sorted(hook.id + _SCRIPT for hook in HOOKS), *lines[at:]))


def main() -> int:
    """Write every generated file below the current directory."""
    for name, content in documents(".").items():
        with open(name, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
    return 0


_GENERATED = "Generated by `python -m agent_security_hooks.docs`; edit the catalog or the rule's docstring instead."
_SCRIPTS = "# One for each hook; `python -m agent_security_hooks.docs` writes them."
_SCRIPT = ' = "agent_security_hooks.cli:hook_main"'
_DEFAULTS = {"on": "on by default", "pedantic": "off unless --pedantic", "audit": "runs in the audit only"}


def _read(root: str, name: str) -> str:
    with open(os.path.join(root, name), encoding="utf-8") as file:
        return file.read()


def _find_rule(name: str) -> Rule:
    from difflib import get_close_matches

    rules = all_rules()
    if name in rules:
        return rules[name]
    close = get_close_matches(name[:40], rules, 1)
    raise UsageError(f'unknown rule "{excerpt(name)}"' + (f" (did you mean {close[0]}?)" if close else "; agent-security rules lists them"))


def _default(rule: Rule) -> str:
    return "audit" if rule.audit_only else "pedantic" if rule.pedantic else "on"


def _rule_facts(rule: Rule) -> dict[str, object]:
    said = rule.documentation
    return {
        "rule": rule.name,
        "hook": rule.hook,
        "point": rule.point,
        "severity": rule.severity,
        "default": _default(rule),
        "summary": said.summary,
        "risk": said.risk,
        "fix": said.fix,
        "verify": said.verify,
    }


def _wrapped(label: str, text: str) -> list[str]:
    from textwrap import wrap

    return wrap(label + text, _WIDTH, subsequent_indent=" " * len(label), break_long_words=False, break_on_hyphens=False)


def _ignore_comment(rule: Rule) -> str:
    return f"agent-security: ignore[{rule.name}] why it is acceptable here"


def _ignore_entry(rule: Rule, said: Documentation) -> list[str]:
    path = next((name.partition(" ")[0] for name, _ in said.bad), "path/to/file")
    digest = ['sha256 = "what sha256sum prints for it"'] if rule.artefact else []
    return ["[[tool.agent-security-hooks.ignore]]", f'rule = "{rule.name}"', f'path = "{path}"', *digest, 'reason = "why it is acceptable here"']


def _example_name(name: str) -> str:
    """A file that is no text is shown as what it is made of: `model.pt made`."""
    return name.replace(" made", ", made of")


def _manifest_entry(hook: Hook) -> str:
    lines = [
        f"- id: {hook.id}",
        f"  name: {hook.id}",
        f"  description: {_yaml_text(hook.title)}",
        f"  entry: python -Im agent_security_hooks {hook.id}",
        "  language: python",
        *([f"  files: {_yaml_text(hook.files)}"] if hook.files else []),
        "  types: [file]",
        # One process: it reads 25 MB a second, and findings about several files are then said once, with one summary.
        "  require_serial: true",
        "  stages: [pre-commit, pre-merge-commit, pre-push, manual]",
        "  minimum_pre_commit_version: 3.2.0",
    ]
    return "\n".join(lines) + "\n"


def _yaml_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    cells.insert(1, ["---"] * len(cells[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _rules_table(rules: Iterable[Rule], *, link: str) -> str:
    rows = [(f"[{r.name}]({link}{r.name})", str(r.point), r.severity, _default(r), r.documentation.summary) for r in rules]
    return _markdown_table(("rule", "point", "severity", "default", "what"), rows)


def _rule_section(rule: Rule) -> list[str]:
    said, point = rule.documentation, POINTS[rule.point]
    parts = [
        f"### {rule.name}\n",
        f"{said.summary}\n",
        f"*Point {point.number}, {point.title}; {rule.severity}; {_DEFAULTS[_default(rule)]}.*\n",
        f"**Risk.** {said.risk}\n",
        f"**Fix.** {said.fix}\n",
        f"**Verify.** {said.verify}\n",
    ]
    for heading, examples in (("Bad", said.bad), ("Good", said.good)):
        for name, content in examples:
            fence = "````" if "```" in content else "```"
            parts.append(f"{heading}: `{name.partition(' ')[0]}`{_example_name(name).partition(',')[2]}\n{fence}\n{content}{fence}\n")
    return parts


def _hooks_table() -> str:
    rows = [(f"`{hook.id}`", hook.title, str(len(load_check(hook).rules))) for hook in HOOKS]
    return _markdown_table(("hook", "stops", "rules"), [(f"`{SUITE.id}`", "all of these, in one process", str(len(all_rules()))), *rows])


def _all_rules_tables() -> str:
    parts = []
    for hook in (*HOOKS, SUITE):
        title = "Ignore comments and file names (any hook)" if hook is SUITE else f"`{hook.id}`"
        parts.append(f"**{title}**\n\n{_rules_table(load_check(hook).rules, link='hooks/README.md#')}")
    return "\n".join(parts)


def _options_table() -> str:
    rows = [(f"`{f'--{name} {value}'.strip()}`", text) for name, (value, text) in {**HOOK_OPTION, **CHECK_OPTIONS}.items()]
    return _markdown_table(("option", "meaning"), rows)


def _excerpt(report: str) -> list[str]:
    """The findings that are shown, and the summary line."""
    lines = report.rstrip("\n").split("\n")
    pairs = [(line, fix) for line, fix in zip(lines, lines[1:]) if fix.startswith("    fix: ")]
    shown = [next(pair for pair in pairs if pair[0].startswith(f"{path}:") and pair[0].endswith(f": {rule}]")) for path, rule in _SHOWN]
    return [line for pair in shown for line in pair] + ["...", lines[-1]]


if __name__ == "__main__":
    sys.exit(main())
