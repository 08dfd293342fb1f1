"""Installs everything into `.venv` and runs every check and test: `python3 tests/run.py [pytest arguments]`"""

from __future__ import annotations

import os
import subprocess
import sys

from environment import ROOT, prepare

CHECKS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))


def main(arguments: list[str]) -> int:
    programs = prepare("dev")
    environment = {**os.environ, "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath)}
    failed = []
    for command in (*CHECKS, ("pytest", *arguments)):
        print("==", *command, flush=True)
        if subprocess.call([os.path.join(programs, command[0]), *command[1:]], cwd=ROOT, env=environment):
            failed.append(" ".join(command[:2]) if command[0] == "ruff" else command[0])
    if failed:
        print("failed:", ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
