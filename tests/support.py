"""What several test modules need: small repositories, and the command line called in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import types
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from agent_security_hooks import catalog, cli
from agent_security_hooks.model import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pytest
    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source

HOOKS_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(cli.__file__)))
_IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "t"), ("EMAIL", "t@example.org"))}
GIT_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Result(NamedTuple):
    """How a run ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The output of `--format=json`."""
        return json.loads(self.out)

    @property
    def rules(self) -> list[str]:
        """The rules that fired, in order of place (with `--format=json`)."""
        return [finding["rule"] for finding in self.report["findings"]]


def run(*arguments: str) -> Result:
    """The command line in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.run(list(arguments))
    return Result(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def scan(*arguments: str, hook: str = "secret-scan") -> Result:
    """One hook with its JSON report."""
    return run(hook, "--format=json", *arguments)


def process(*arguments: str | bytes, cwd: Path, environment: Mapping[str, str] = MappingProxyType({}), stdout: int = subprocess.PIPE) -> Result:
    """The command line in a process of its own, with these environment variables set."""
    command = [sys.executable, "-m", "agent_security_hooks", *arguments]
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": HOOKS_DIRECTORY, **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, *(text.decode("utf-8", "surrogateescape") for text in (done.stdout or b"", done.stderr)))


def git(directory: Path, *arguments: str) -> str:
    """One git command, with no configuration but the repository's own."""
    command = ["git", "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", *arguments]
    environment = {**os.environ, **GIT_ENVIRONMENT, **_IDENTITY}
    return subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True).stdout.decode("utf-8", "surrogateescape")


def write(directory: Path, files: Mapping[str, str | bytes]) -> None:
    """Files with that content, and the directories they need."""
    for name, content in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())


def make_repository(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    """A git repository with those files staged."""
    directory.mkdir(exist_ok=True)
    git(directory, "init", "--quiet")
    write(directory, files)
    if files:
        git(directory, "add", "--force", "--", *(f"./{name}" for name in files))
    return directory


def toy_hook(
    monkeypatch: pytest.MonkeyPatch,
    *rules: Callable[[Source], Iterator[Hit]],
    pedantic: bool = False,
    audit_only: bool = False,
    unread: Callable[[Source], str] | None = None,
) -> Check:
    """A hook `toy` with those functions as rules (named after them), known to the catalog for one test."""
    check = Check("toy", unread)
    for rule in rules:
        rule.__doc__ = "Summary.\n\nRisk: A risk.\nFix: A fix.\nVerify: A look."
        check.rule(rule.__name__.replace("_", "-"), point=7, pedantic=pedantic, audit_only=audit_only)(rule)
    module = types.ModuleType("agent_security_hooks.checks.toy")
    module.check = check  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(catalog, "HOOKS", (catalog.Hook("toy", "a toy", "", "toy"),))
    return check
