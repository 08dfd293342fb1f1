"""Start-up is the cost of every commit: what a clean run imports, and what nothing may import at all."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import HOOKS, SUITE
from support import HOOKS_DIRECTORY, make_repository

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "detect_secrets", "requests", "yaml", "ruamel", "packaging", "identify", "argparse", "dataclasses", "pathlib", "logging", "tomllib", "importlib.metadata",
    "inspect", "json", "hashlib", "asyncio", "multiprocessing", "socket", "ssl", "urllib.request", "http", "difflib", "datetime",
}  # fmt: skip
NETWORK = {"socket", "ssl", "http", "urllib.request", "urllib3", "requests", "ftplib", "smtplib", "telnetlib", "asyncio", "xmlrpc", "socketserver"}
FILES = {
    "app.py": "import os\n\nkey = os.environ['API_KEY']\n",
    "README.md": "# Title\n\nSet `API_KEY`.\n",
    "config.yaml": "name: app\nport: 8080\n",
    "package.json": '{"name": "app", "version": "1.0.0"}\n',
    "script.sh": "#!/bin/sh\necho done\n",
}


@pytest.mark.parametrize("hook", [hook.id for hook in (SUITE, *HOOKS)])
@pytest.mark.parametrize("under_pre_commit", [True, False])
def test_a_clean_run_imports_nothing_heavy(hook: str, under_pre_commit: bool, repository: Path) -> None:
    make_repository(repository, {**FILES, ".gitignore": ".env\n.env.*\n!.env.example\n"})
    command = [sys.executable, "-S", "-X", "importtime", "-m", "agent_security_hooks", hook, *FILES]
    environment = {**os.environ, "PYTHONPATH": HOOKS_DIRECTORY, **({"PRE_COMMIT": "1"} if under_pre_commit else {})}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    imported = {line.rsplit(b"|", 1)[1].strip().decode() for line in done.stderr.splitlines() if line.startswith(b"import time:")}
    assert (done.returncode, done.stdout) == (0, b"")
    assert "agent_security_hooks.runner" in imported
    assert sorted(imported & (HEAVY | ({"subprocess"} if under_pre_commit else set()))) == []


def _imports(path: str) -> set[str]:
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return found


def test_nothing_imports_the_network() -> None:
    for parent, _, names in os.walk(os.path.join(HOOKS_DIRECTORY, "agent_security_hooks")):
        for name in names:
            if name.endswith(".py"):
                found = _imports(os.path.join(parent, name))
                assert not {module for module in found if module in NETWORK or module.split(".")[0] in NETWORK}, name


def test_data_flows_one_way() -> None:
    below = {
        "checks": {"checks", "parse", "data", "model", "source", "repository", "excerpt"},
        "parse": {"parse", "data", "source", "repository", "excerpt"},
        "data": {"data"},
    }
    root = os.path.join(HOOKS_DIRECTORY, "agent_security_hooks")
    for layer, allowed in below.items():
        for parent, _, names in os.walk(os.path.join(root, layer)):
            for name in (name for name in names if name.endswith(".py")):
                hook = os.path.relpath(os.path.join(parent, name), root).removesuffix(".py").split(os.sep)[1]
                ours = [module.split(".") for module in _imports(os.path.join(parent, name)) if module.startswith("agent_security_hooks.")]
                # The rules about ignore comments ask the module that reads them, and the catalog which rules there are.
                taken = {parts[1] for parts in ours} - ({"suppress", "catalog"} if (layer, hook) == ("checks", "suite") else set())
                assert taken <= allowed, os.path.join(parent, name)
                if layer == "checks":
                    assert {parts[2] for parts in ours if parts[1] == "checks" and len(parts) > 2} <= {hook}, f"{name} imports another check"
