"""The suite's own JSON, version 1: what scripts and the audit read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks import __version__
from agent_security_hooks.output import escape_character, safe

if TYPE_CHECKING:
    from agent_security_hooks.model import Edit, Finding
    from agent_security_hooks.runner import Report


def render(report: Report) -> str:
    """The report as one JSON document, ASCII only."""
    from json import dumps

    document = {
        "version": 1,
        "tool": {"name": "agent-security-hooks", "version": __version__},
        "findings": [_finding(finding) for finding in report.findings],
        "errors": [{"path": path_text(failure.path), "message": safe(failure.message)} for failure in report.failures],
        "suppressed": len(report.suppressed),
        "files": report.files,
        "excluded": report.excluded,
    }
    return inert(dumps(document, indent=1)) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "hook": finding.hook,
        "rule": finding.rule,
        "point": finding.point,
        "severity": finding.severity,
        "path": path_text(finding.path),
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "message": safe(finding.message),
        "fix": safe(finding.fix),
        "fingerprint": finding.fingerprint,
        "edits": [_edit(edit, finding) for edit in finding.edits],
    }


def _edit(edit: Edit, finding: Finding) -> dict[str, Any]:
    return {
        "path": path_text(edit.path or finding.path),
        "start": edit.start,
        "end": edit.end,
        "replacement": replacement_text(edit.replacement, edit.path or finding.path),
        "safe": edit.safe,
    }


def path_text(path: str) -> str:
    r"""A path for machines: exact where it can be, credentials in it masked, bytes that are not UTF-8 as `\xNN`."""
    import re

    from agent_security_hooks.parse.secrets import redact

    return re.sub("[\ud800-\udfff]", escape_character, redact(path))


def replacement_text(content: bytes, path: str) -> str:
    """What an edit inserts into a file: exact, credentials masked. JSON itself escapes every control character."""
    from agent_security_hooks.parse.secrets import masked_text
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

    return masked_text(Source(path, content, Repository()))


def inert(document: str) -> str:
    """JSON text in which no log reader finds a workflow command: `##[` and `::` are legal only inside strings, so they can be escaped."""
    return document.replace("##[", "#\\u0023[").replace("::", ":\\u003a")
