"""The example repository: its findings are those on record, and while they are found, nothing happens that the README rules out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from demo import EXPECTED, build
from support import HOOKS_DIRECTORY, git, make_repository

if TYPE_CHECKING:
    from pathlib import Path

# Runs `agent-security check` and prints what the interpreter's audit hooks saw of sockets, processes and changes on disk.
WATCH = """
import json, os, sys

seen = set()

def watch(event, arguments):
    if event.startswith("socket."):
        seen.add(event)
    elif event in ("subprocess.Popen", "os.posix_spawn"):
        seen.add("run " + os.path.basename(os.fsdecode(arguments[0])))
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR) and arguments[0] != os.devnull and not isinstance(arguments[0], int):
        seen.add(f"write {arguments[0]}")
    elif event in ("os.system", "os.exec", "os.spawn", "os.startfile", "os.remove", "os.rename", "os.mkdir", "os.chmod", "os.truncate", "os.utime"):
        seen.add(event)

sys.addaudithook(watch)
from agent_security_hooks.cli import main
status = main("check")
print(json.dumps(sorted(seen)))
sys.exit(status)
"""
# Names that Python, pytest or a hook might import when they lie in the current directory; each leaves a trace if it is.
SHADOWS = ("agent_security_hooks/__init__.py", "yaml.py", "detect_secrets.py", "re.py", "signal.py", "sitecustomize.py", "usercustomize.py", "conftest.py")


@pytest.fixture
def example(directory: Path) -> Path:
    build(str(directory))
    make_repository(directory, {})
    git(directory, "add", "--all", "--force")
    return directory


def check(*arguments: str, code: tuple[str, ...] = ("-m", "agent_security_hooks", "check")) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": HOOKS_DIRECTORY, "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, *code, *arguments)
    return subprocess.run(command, env=environment, check=False, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_findings_are_those_on_record(example: Path) -> None:
    done = check()
    with open(EXPECTED, encoding="utf-8") as file:
        assert done.stdout == file.read(), "if it is right now: python tests/demo.py --write && python -m agent_security_hooks.docs"
    assert done.returncode == 1


def test_no_network_no_process_but_git_and_nothing_written(example: Path) -> None:
    done = check("--pedantic", code=("-c", WATCH))
    assert done.returncode == 1, done.stdout
    assert json.loads(done.stdout.rstrip("\n").split("\n")[-1]) == ["run git"]


def test_nothing_of_the_repository_is_imported(directory: Path) -> None:
    trace = directory.parent / "trace"
    make_repository(directory, {name: f"open({str(trace)!r}, 'w')\n" for name in SHADOWS})
    command = (
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {HOOKS_DIRECTORY!r}); from agent_security_hooks.cli import main; sys.exit(main('check'))",
    )
    done = subprocess.run(command, check=False, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode, done.stdout) == (0, "")
    assert not trace.exists()
