"""The repository is held to what the suite asks of others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from environment import ROOT

WORKFLOWS = sorted(Path(ROOT, ".github", "workflows").glob("*.yml"))


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.skipif(not os.path.exists(os.path.join(ROOT, ".git")), reason="not a git checkout")
def test_own_hooks_pass() -> None:
    command = (sys.executable, "-m", "agent_security_hooks", "check")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_pinned_and_scoped(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    used = re.findall(r"uses: (.*)", text)
    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in used), used
    assert all(step["with"]["persist-credentials"] is False for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@"))
    assert not any("${{" in step["run"].replace("${{ matrix.", "") for step in steps(workflow) if "run" in step), "an expression in a script"
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_actions_in_the_readme_are_those_of_the_workflows() -> None:
    text = Path(ROOT, "README.md").read_text(encoding="utf-8")
    ours = {use for path in WORKFLOWS for use in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))}
    assert set(re.findall(r"uses: (actions/.*)", text)) <= ours
