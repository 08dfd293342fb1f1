"""Workflow commands that GitHub shows as annotations on the changed lines.

Escapes as actions/runner reads them back: `%`, CR and LF in data; `:` and `,` too in properties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.output import safe

if TYPE_CHECKING:
    from agent_security_hooks.model import Finding
    from agent_security_hooks.runner import Report

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}


def render(report: Report) -> str:
    """One command a finding and one a file that could not be checked."""
    lines = [_command(finding) for finding in report.findings]
    lines += [f"::error file={_property(failure.path)},title=not checked::{_data(failure.message)}" for failure in report.failures]
    return "".join(line + "\n" for line in lines)


def _command(finding: Finding) -> str:
    place = f"file={_property(finding.path)},line={finding.line},col={finding.column},endLine={finding.end_line}"
    if finding.end_line == finding.line:
        place += f",endColumn={finding.end_column}"
    title = _property(f"{finding.hook}: {finding.rule}")
    return f"::{_LEVELS[finding.severity]} {place},title={title}::{_data(f'{finding.message}. Fix: {finding.fix}')}"


def _data(text: str) -> str:
    return safe(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
