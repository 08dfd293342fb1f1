"""What is generated is what is committed, and `explain` and `rules` say what there is to say."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

import pytest
import yaml
from agent_security_hooks import docs
from agent_security_hooks.catalog import HOOKS, SUITE, all_rules
from agent_security_hooks.options import UsageError
from environment import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def committed(name: str) -> str:
    with open(os.path.join(ROOT, name), encoding="utf-8", newline="") as file:
        return file.read()


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(committed("pyproject.toml"))["project"]
    return table


@pytest.mark.parametrize("name", [".pre-commit-hooks.yaml", "hooks/README.md", "README.md"])
def test_generated_file_is_fresh(name: str) -> None:
    assert committed(name) == docs.documents(ROOT)[name], "run: python -m agent_security_hooks.docs"


def test_every_region_is_in_the_readme() -> None:
    assert set(re.findall(r"<!-- begin: (\w+) -->", committed("README.md"))) == set(docs.tables(ROOT))


def test_region_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        docs.fill("<!-- begin: hooks -->\n", {"hooks": "x\n"})


def test_manifest_lists_every_hook() -> None:
    entries = yaml.safe_load(docs.manifest())
    assert [entry["id"] for entry in entries] == [hook.id for hook in (SUITE, *HOOKS)]
    for entry, hook in zip(entries, (SUITE, *HOOKS), strict=True):
        assert entry["entry"] == f"python -Im agent_security_hooks {hook.id}"
        assert (entry["language"], entry["types"], entry.get("files", "")) == ("python", ["file"], hook.files)
        assert entry["stages"] == ["pre-commit", "pre-merge-commit", "pre-push", "manual"]


def test_every_hook_is_a_command() -> None:
    scripts = project()["scripts"]
    assert set(scripts) == {"agent-security", "agent-security-hooks", *(hook.id for hook in HOOKS)}
    assert {scripts[hook.id] for hook in HOOKS} == {"agent_security_hooks.cli:hook_main"}


def test_every_dependency_is_pinned() -> None:
    extras = project()["optional-dependencies"]
    for requirement in [*project()["dependencies"], *(line for lines in extras.values() for line in lines)]:
        assert re.match(r"[\w.-]+==[\w.]+(;|$)", requirement), requirement


def test_every_configuration_key_is_in_the_readme() -> None:
    from agent_security_hooks.config import _TYPES

    block = committed("README.md").split("```toml\n")[1].split("```")[0]
    table = tomllib.loads(block)["tool"]["agent-security-hooks"]
    assert set(table) == set(_TYPES)


@pytest.mark.parametrize("name", sorted(all_rules()))
def test_explain_every_rule(name: str) -> None:
    text = docs.explain([name])
    rule = all_rules()[name]
    said = rule.documentation
    accept = 'sha256 = "' if rule.artefact else f"agent-security: ignore[{name}]"
    for part in (name, said.summary.split()[0], "point:", "severity", "risk:", "fix:", "verify:", accept, "[[tool."):
        assert part in text
    for _, content in (*said.bad, *said.good):
        assert content.split("\n")[0].strip() in text


def test_explain_suggests() -> None:
    with pytest.raises(UsageError, match=r"did you mean provider-key\?"):
        docs.explain(["provider-kee"])
    with pytest.raises(UsageError, match="agent-security rules"):
        docs.explain(["%"])
    with pytest.raises(UsageError, match="one rule"):
        docs.explain([])


def test_rules_in_every_format() -> None:
    names = set(all_rules())
    assert {line.split()[0] for line in docs.list_rules([]).split("\n")[1:-1]} == names
    document = json.loads(docs.list_rules(["--format", "json"]))
    assert document["version"] == 1
    assert {rule["rule"] for rule in document["rules"]} == names
    assert all(rule["summary"] and rule["default"] in ("on", "pedantic", "audit") for rule in document["rules"])
    table = docs.list_rules(["--format=markdown"])
    assert table.count("\n") == len(names) + 2
    with pytest.raises(UsageError, match="text"):
        docs.list_rules(["--format", "sarif"])
    with pytest.raises(UsageError, match="explain provider-key"):
        docs.list_rules(["provider-key"])
    assert docs.list_rules(["--help"]).startswith("usage: agent-security rules ")
