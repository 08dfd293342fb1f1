"""Every literate case, and the examples in every rule's documentation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import HOOKS, SUITE, load_check
from artefacts import example
from cases import Case, read_cases
from placeholders import expand
from support import make_repository, scan

if TYPE_CHECKING:
    from pathlib import Path

    from _pytest.mark import ParameterSet
    from agent_security_hooks.model import Rule

CASES_DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
RULES = [rule for hook in (*HOOKS, SUITE) for rule in load_check(hook).rules]
FILES = {
    (hook, name.removesuffix(".md")): os.path.join(CASES_DIRECTORY, hook, name)
    for hook in sorted(os.listdir(CASES_DIRECTORY))
    for name in sorted(os.listdir(os.path.join(CASES_DIRECTORY, hook)))
}
CASES = [case for path in FILES.values() for case in read_cases(path)]


# What an example needs beside it: documentation shows one file.
BESIDE = {"env-file-tracked": {".env": "OPENAI_API_KEY=<secret:openai>\n"}}


def _examples(kind: str) -> list[ParameterSet]:
    return [
        pytest.param(rule, name, content, id=f"{rule.name}-{number}")
        for rule in RULES
        for number, (name, content) in enumerate(getattr(rule.documentation, kind))
    ]


def _run_example(directory: Path, rule: Rule, name: str, content: str) -> list[str]:
    name, made = example(name, content)
    make_repository(directory, {**{file: expand(text) for file, text in BESIDE.get(rule.name, {}).items()}, name: made})
    options = ["--pedantic"] if rule.pedantic else [f"--select={rule.name}"] if rule.audit_only else []
    result = scan(*options, name, hook=rule.hook)
    assert result.report["errors"] == []
    return [finding["rule"] for finding in result.report["findings"] if finding["hook"] == rule.hook]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case, directory: Path) -> None:
    assert "\n".join(case.run(directory)) == "\n".join(case.expected), str(case)


@pytest.mark.parametrize(("rule", "name", "content"), _examples("bad"))
def test_bad_example_fires_its_rule_only(rule: Rule, name: str, content: str, directory: Path) -> None:
    assert {*_run_example(directory, rule, name, content)} == {rule.name}


@pytest.mark.parametrize(("rule", "name", "content"), _examples("good"))
def test_good_example_is_silent(rule: Rule, name: str, content: str, directory: Path) -> None:
    assert _run_example(directory, rule, name, content) == []


def test_every_rule_has_a_case_file() -> None:
    assert sorted({(rule.hook, rule.name) for rule in RULES} - FILES.keys()) == []


def test_every_case_file_fires_its_rule_and_is_silent_once() -> None:
    assert FILES.keys() <= {(rule.hook, rule.name) for rule in RULES}
    for hook, rule in FILES:
        cases = [case for case in CASES if (case.hook, case.rule) == (hook, rule)]
        fires = [any(line.endswith(f" {rule}") for line in case.expected) for case in cases]
        assert {*fires} == {True, False}, f"{hook}/{rule}.md"
