"""For people: two lines a finding; `full` adds the risk and how to verify the fix; `statistics` counts by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.output import display_path, safe

if TYPE_CHECKING:
    from agent_security_hooks.model import Finding
    from agent_security_hooks.runner import Report

PER_FILE, PER_RUN = 100, 2000
"""Findings listed for one file and in one run; what is over is counted."""


def render(report: Report, *, style: str = "text", color: bool = False) -> str:
    """The report as text. `style` is text, full or statistics."""
    if style == "statistics":
        return _statistics(report)
    lines: list[str] = []
    by_path: dict[str, int] = {}
    shown = 0
    for finding in report.findings:
        by_path[finding.path] = by_path.get(finding.path, 0) + 1
        if by_path[finding.path] <= PER_FILE and shown < PER_RUN:
            shown += 1
            lines += _finding(finding, full=style == "full", color=color)
    if left_out := len(report.findings) - shown:
        lines.append(f"and {left_out} more findings (--format json lists them all)")
    return "\n".join(lines) + "\n" if lines else ""


def _finding(finding: Finding, *, full: bool, color: bool) -> list[str]:
    place = f"{display_path(finding.path)}:{finding.line}:{finding.column}"
    rule = f"[{finding.hook}: {finding.rule}]"
    if color:
        place, rule = f"\x1b[1m{place}\x1b[0m", f"\x1b[31m{rule}\x1b[0m"
    lines = [f"{place}: {safe(finding.message)} {rule}", f"    fix: {safe(finding.fix)}"]
    if full:
        from agent_security_hooks.catalog import all_rules

        documentation = all_rules()[finding.rule].documentation
        lines += [f"    risk: {documentation.risk}", f"    verify: {documentation.verify}", ""]
    return lines


def _statistics(report: Report) -> str:
    counts: dict[str, int] = {}
    for finding in report.findings:
        counts[f"{finding.hook}: {finding.rule}"] = counts.get(f"{finding.hook}: {finding.rule}", 0) + 1
    return "".join(f"{count:>6}  {rule}\n" for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
