"""Shapes and escapes of every format, and their whole output for one small repository (UPDATE_GOLDEN=1 writes that anew)."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from agent_security_hooks import __version__
from agent_security_hooks.model import Edit, Failure, Finding
from agent_security_hooks.reports import github, sarif, text
from agent_security_hooks.reports import json as json_report
from agent_security_hooks.runner import Report
from placeholders import expand
from support import make_repository, run, scan

if TYPE_CHECKING:
    from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = {
    "text": [],
    "full": ["--format=full"],
    "json": ["--format=json"],
    "sarif": ["--format=sarif"],
    "github": ["--format", "github"],
    "statistics": ["--statistics"],
}
REPOSITORY = {
    "app.py": 'import os\n\nclient = OpenAI(api_key="<secret:openai>")\n',
    "deploy/key.pem": "<secret:pem>\n",
    "docs/naïve: 50%,\n::error::.md": "# agent-security: ignore[provider-key]\n",
    "settings.py": 'URL = "postgres://app:<secret:password>@db.acme.io/app"\nOLD = "<secret:github>"  # agent-security: ignore[provider-key] revoked in May\n',
    "--version": "x = 1\n",
}
SECRETS = [expand(f"<secret:{kind}>") for kind in ("openai", "github", "password")] + expand("<secret:pem>").split("\n")[1:-1]

FINDING = Finding("toy", "a-rule", 7, "medium", "a.py", 1, 2, 1, 4, "message", "a fix", "f" * 32, (), pedantic=False)


def _report(*findings: Finding, failures: tuple[Failure, ...] = ()) -> Report:
    report = Report()
    report.findings += findings
    report.failures += failures
    report.files = len(findings)
    return report


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str, repository: Path) -> None:
    make_repository(repository, {path: expand(content) for path, content in REPOSITORY.items()})
    result = run("agent-security", *GOLDEN[name], *(f"./{path}" for path in sorted(REPOSITORY)), "missing.py")
    shown = re.sub(rf'"version": "{re.escape(__version__)}"', '"version": "VERSION"', result.out) + "-- stderr\n" + result.err
    assert result.status == 2
    assert not [secret for secret in SECRETS if secret in shown or secret[8:24] in shown]
    assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028]", shown)
    path = os.path.join(HERE, "golden", f"{name}.txt")
    if os.environ.get("UPDATE_GOLDEN"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(shown)
    with open(path, encoding="utf-8", newline="") as file:
        assert shown == file.read()


def test_json_shape(repository: Path) -> None:
    make_repository(repository, {"app.py": expand('# é\nkey = "<secret:github>"\n')})
    report = scan("app.py", "missing.py").report
    assert {key: value for key, value in report.items() if key != "findings"} == {
        "version": 1,
        "tool": {"name": "agent-security-hooks", "version": __version__},
        "errors": [{"path": "missing.py", "message": "no such file"}],
        "suppressed": 0,
        "files": 2,
        "excluded": 0,
    }
    (finding,) = report["findings"]
    assert (finding.pop("message") > "", finding.pop("fix") > "", len(finding.pop("fingerprint"))) == (True, True, 32)
    assert finding == {
        "hook": "secret-scan", "rule": "provider-key", "point": 1, "severity": "critical", "path": "app.py",
        "line": 2, "column": 8, "end_line": 2, "end_column": 48, "edits": [],
    }  # fmt: skip


def test_json_edits() -> None:
    edits = (Edit(1, 3, b"\t\x1b\xff" + expand("<secret:github>").encode()), Edit(0, 0, b"x\n", safe=False, path="b.py"))
    found = json.loads(json_report.render(_report(FINDING._replace(edits=edits))))["findings"][0]["edits"]
    assert found[0].pop("replacement").startswith("\t\x1b\ufffdghp_")
    assert found == [
        {"path": "a.py", "start": 1, "end": 3, "safe": True},
        {"path": "b.py", "start": 0, "end": 0, "replacement": "x\n", "safe": False},
    ]
    assert expand("<secret:github>")[8:] not in json_report.render(_report(FINDING._replace(edits=edits)))


@pytest.mark.parametrize(
    ("path", "shown", "uri"),
    [
        ("a b.py", "a b.py", "a%20b.py"),
        ("a:b.py", "a:b.py", "./a%3Ab.py"),
        ("a/b:c.py", "a/b:c.py", "a/b%3Ac.py"),
        ("ä\n%.py", "ä\n%.py", "%C3%A4%0A%25.py"),
        ("caf\udce9", "caf\\xe9", "caf%5Cxe9"),
        ("\ud800", "\\ud800", "%5Cud800"),
        ("a\\b?#", "a\\b?#", "a%5Cb%3F%23"),
    ],
)
def test_paths_for_machines(path: str, shown: str, uri: str) -> None:
    assert json_report.path_text(path) == shown
    assert sarif.uri(path) == uri


@pytest.mark.parametrize("document", ['{"a": "##[x]::y"}', '["::", ":::", "####["]'])
def test_json_is_inert_and_the_same(document: str) -> None:
    shown = json_report.inert(document)
    assert "##[" not in shown
    assert "::" not in shown
    assert json.loads(shown) == json.loads(document)


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (FINDING, "::warning file=a.py,line=1,col=2,endLine=1,endColumn=4,title=toy%3A a-rule::message. Fix: a fix"),
        (FINDING._replace(severity="critical", end_line=2), "::error file=a.py,line=1,col=2,endLine=2,title=toy%3A a-rule::message. Fix: a fix"),
        (
            FINDING._replace(severity="low", path="a,b:c%\n.py", message="50%\r\n::error::x"),
            "::notice file=a%2Cb%3Ac%25\\n.py,line=1,col=2,endLine=1,endColumn=4,title=toy%3A a-rule::50%25\\r\\n::error::x. Fix: a fix",
        ),
    ],
)
def test_github(finding: Finding, line: str) -> None:
    assert github.render(_report(finding)) == line + "\n"


def test_github_failures() -> None:
    report = _report(failures=(Failure("a:b", "too large, 100%"),))
    assert github.render(report) == "::error file=a%3Ab,title=not checked::too large, 100%25\n"


def test_text_lists_a_hundred_of_one_file_and_counts_the_rest() -> None:
    report = _report(*[FINDING] * 150, FINDING._replace(path="b.py"))
    lines = text.render(report).splitlines()
    assert len(lines) == 2 * 101 + 1
    assert lines[-3:] == ["b.py:1:2: message [toy: a-rule]", "    fix: a fix", "and 50 more findings (--format json lists them all)"]


def test_text_lists_two_thousand_of_a_run_and_counts_the_rest() -> None:
    report = _report(*[FINDING._replace(path=f"{number}.py") for number in range(2500)])
    assert text.render(report).splitlines()[-1] == "and 500 more findings (--format json lists them all)"


def test_statistics() -> None:
    report = _report(FINDING, FINDING._replace(rule="b-rule"), FINDING._replace(rule="b-rule"))
    assert text.render(report, style="statistics") == "     2  toy: b-rule\n     1  toy: a-rule\n"


def _object(required: str, **properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}


def _array(items: object, **more: object) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


_TEXT, _COUNT, _OFFSET = {"type": "string"}, {"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 0}
_URI = {"type": "string", "pattern": r"^[A-Za-z0-9\-._~!$&'()*+,;=@/]([A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-F]{2})*$"}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_MESSAGE, _MULTIFORMAT = _object("text", text=_TEXT), _object("text", text=_TEXT, markdown=_TEXT)
_ARTIFACT = _object("uri", uri=_URI)
_REGION = _object("startLine", startLine=_COUNT, startColumn=_COUNT, endLine=_COUNT, endColumn=_COUNT)
_BYTES = _object("byteOffset byteLength", byteOffset=_OFFSET, byteLength=_OFFSET)
_LOCATION = _object("physicalLocation", physicalLocation=_object("artifactLocation", artifactLocation=_ARTIFACT, region=_REGION))
_REPLACEMENT = _object("deletedRegion", deletedRegion=_BYTES, insertedContent=_object("text", text=_TEXT))
_CHANGE = _object("artifactLocation replacements", artifactLocation=_ARTIFACT, replacements=_array(_REPLACEMENT, minItems=1))
_RULE = _object(
    "id",
    id=_TEXT,
    shortDescription=_MULTIFORMAT,
    fullDescription=_MULTIFORMAT,
    help=_MULTIFORMAT,
    defaultConfiguration=_object("level", level=_LEVEL),
    properties={"type": "object", "properties": {"tags": _array(_TEXT, uniqueItems=True), "security-severity": {"type": "string", "pattern": r"^\d\.\d$"}}},
)
_RESULT = _object(
    "message",
    ruleId=_TEXT,
    ruleIndex=_OFFSET,
    level=_LEVEL,
    message=_MESSAGE,
    locations=_array(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
    fixes=_array(_object("artifactChanges", description=_MESSAGE, artifactChanges=_array(_CHANGE, minItems=1, uniqueItems=True)), uniqueItems=True),
)
_NOTIFICATION = _object("message", level=_LEVEL, message=_MESSAGE, locations=_array(_LOCATION, uniqueItems=True))
_RUN = _object(
    "tool",
    tool=_object("driver", driver=_object("name", name=_TEXT, version=_TEXT, rules=_array(_RULE, uniqueItems=True))),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_array(_RESULT),
    invocations=_array(
        _object("executionSuccessful", executionSuccessful={"type": "boolean"}, toolExecutionNotifications=_array(_NOTIFICATION)), uniqueItems=True
    ),
)
SARIF_SCHEMA = _object("version runs", **{"$schema": _TEXT}, version={"const": "2.1.0"}, runs=_array(_RUN))
"""The part of the SARIF 2.1.0 schema (https://docs.oasis-open.org/sarif/sarif/v2.1.0) that the report uses; nothing else is allowed."""


with open(os.path.join(HERE, "data", "sarif-2.1.0-rtm.5.json"), encoding="utf-8") as _schema:
    OFFICIAL_SCHEMA = json.load(_schema)


def _validated(report: str) -> Any:
    log = json.loads(report)
    jsonschema.Draft4Validator(OFFICIAL_SCHEMA).validate(log)
    jsonschema.Draft7Validator(SARIF_SCHEMA).validate(log)
    return log["runs"][0]


def test_sarif_of_a_repository(repository: Path) -> None:
    make_repository(repository, {path: expand(content) for path, content in REPOSITORY.items()})
    log = _validated(run("agent-security", "--format=sarif", *(f"./{path}" for path in REPOSITORY), "missing.py").out)
    rules = log["tool"]["driver"]["rules"]
    assert {result["ruleId"] for result in log["results"]} == {rule["id"] for rule in rules}
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in log["results"])
    assert log["invocations"][0]["executionSuccessful"] is False
    assert log["invocations"][0]["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "missing.py"
    scores = {rule["id"]: float(rule["properties"]["security-severity"]) for rule in rules}
    assert [scores[name] for name in ("provider-key", "option-like-name", "unexplained-ignore")] == [9.5, 5.5, 3.0]


def test_sarif_of_nothing(directory: Path) -> None:
    assert directory.exists()
    log = _validated(run("secret-scan", "--format=sarif").out)
    assert (log["results"], log["tool"]["driver"]["rules"], log["invocations"][0]["executionSuccessful"]) == ([], [], True)


def test_sarif_fixes() -> None:
    finding = FINDING._replace(rule="provider-key", edits=(Edit(1, 3, b"x"), Edit(5, 5, b"y"), Edit(0, 0, b"z", path="b c.py")))
    log = _validated(sarif.render(_report(finding)))
    changes = log["results"][0]["fixes"][0]["artifactChanges"]
    assert [(change["artifactLocation"]["uri"], len(change["replacements"])) for change in changes] == [("a.py", 2), ("b%20c.py", 1)]
    assert changes[0]["replacements"][0] == {"deletedRegion": {"byteOffset": 1, "byteLength": 2}, "insertedContent": {"text": "x"}}
