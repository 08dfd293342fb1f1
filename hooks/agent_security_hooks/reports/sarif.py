"""SARIF 2.1.0 for code scanning: rule help, security severity, fingerprints, fixes; no snippet of the file.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_security_hooks import __version__
from agent_security_hooks.output import safe
from agent_security_hooks.reports.json import inert, path_text, replacement_text

if TYPE_CHECKING:
    from agent_security_hooks.model import Finding, Rule
    from agent_security_hooks.runner import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# https://docs.github.com/code-security/code-scanning: a number as text, over 9.0 critical, 7.0 high, 4.0 medium, else low
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}


def render(report: Report) -> str:
    """The report as one SARIF log with one run."""
    from json import dumps

    from agent_security_hooks.catalog import all_rules

    rules = all_rules()
    used = sorted({finding.rule for finding in report.findings})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "agent-security-hooks",
                        "version": __version__,
                        "rules": [_rule(rules[name]) for name in used],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, used) for finding in report.findings],
                "invocations": [
                    {
                        "executionSuccessful": not report.failures,
                        "toolExecutionNotifications": [
                            {
                                "level": "error",
                                "message": {"text": safe(failure.message)},
                                "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(failure.path)}}}],
                            }
                            for failure in report.failures
                        ],
                    }
                ],
            }
        ],
    }
    return inert(dumps(log, indent=1)) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    documentation = rule.documentation
    help_text = f"Risk: {documentation.risk}\n\nFix: {documentation.fix}\n\nVerify: {documentation.verify}"
    return {
        "id": rule.name,
        "shortDescription": {"text": documentation.summary},
        "fullDescription": {"text": f"{documentation.summary} {documentation.risk}"},
        "help": {"text": help_text, "markdown": help_text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": ["security", rule.hook]},
    }


def _result(finding: Finding, used: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": used.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{safe(finding.message)}. Fix: {safe(finding.fix)}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(finding.path)},
                    "region": {
                        "startLine": finding.line,
                        "startColumn": finding.column,
                        "endLine": finding.end_line,
                        "endColumn": finding.end_column,
                    },
                }
            }
        ],
        "partialFingerprints": {"agentSecurityHooks/v1": finding.fingerprint},
    }
    if finding.edits:
        result["fixes"] = [{"description": {"text": safe(finding.fix)}, "artifactChanges": _changes(finding)}]
    return result


def _changes(finding: Finding) -> list[dict[str, Any]]:
    by_path: dict[str, list[dict[str, Any]]] = {}
    for edit in finding.edits:
        by_path.setdefault(edit.path or finding.path, []).append(
            {
                "deletedRegion": {"byteOffset": edit.start, "byteLength": edit.end - edit.start},
                "insertedContent": {"text": replacement_text(edit.replacement, edit.path or finding.path)},
            }
        )
    return [{"artifactLocation": {"uri": uri(path)}, "replacements": replacements} for path, replacements in by_path.items()]


def uri(path: str) -> str:
    """A path as a relative URI reference (RFC 3986), credentials in it masked."""
    from urllib.parse import quote

    shown = path_text(path)
    return quote(("./" + shown) if ":" in shown.split("/", 1)[0] else shown, safe="/-._~")
