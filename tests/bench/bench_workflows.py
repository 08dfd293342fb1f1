"""CPU time for workflows beside zizmor, in one run: `python3 tests/bench/bench_workflows.py [RUNS] [DIRECTORY]`

Installs the peer into `.venv-bench`; what is measured and how is said in bench.py. zizmor runs without network. With a directory, its workflows are
measured instead of the samples.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import compare, write
from environment import prepare
from workflow_samples import workflows

MANY = 300


def _copy(directory: str, origin: str) -> list[str]:
    """The workflows below a directory, each in a folder of its own."""
    names: list[str] = []
    for parent, _, files in sorted(os.walk(origin)):
        for file in files:
            if parent.replace(os.sep, "/").endswith(".github/workflows") and file.endswith((".yml", ".yaml")):
                name = f"real{len(names)}/.github/workflows/{file}"
                os.makedirs(os.path.join(directory, os.path.dirname(name)))
                shutil.copyfile(os.path.join(parent, file), os.path.join(directory, name))
                names.append(name)
    return names


def main(arguments: list[str]) -> int:
    runs = int(arguments[0]) if arguments else 11
    programs = prepare("bench", ".venv-bench")
    python, zizmor = (os.path.join(programs, name) for name in ("python", "zizmor"))
    ours = (python, "-Im", "agent_security_hooks")
    peer = (zizmor, "--offline", "--quiet", "--no-exit-codes")
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"], "HOME": directory, "PRE_COMMIT": "1"}
        subprocess.check_call(("git", "init", "--quiet"), cwd=directory)
        files = _copy(directory, arguments[1]) if arguments[1:] else write(directory, workflows(MANY))
        size = sum(os.path.getsize(os.path.join(directory, name)) for name in files)
        commands = {
            "actions-lint": (*ours, "actions-lint", files[0]),
            "zizmor": (*peer, files[0]),
            "both hooks": (*ours, "check", "--hook", "actions-lint", "--hook", "publish-lint", files[0]),
            "python -I -c pass": (python, "-I", "-c", "pass"),
        }
        compare("one workflow", commands, directory, environment, runs)
        commands = {
            "actions-lint": (*ours, "actions-lint", *files),
            "zizmor": (*peer, *files),
            "both hooks": (*ours, "check", "--hook", "actions-lint", "--hook", "publish-lint", *files),
        }
        compare(f"{len(files)} workflows of {size / 1e6:.1f} MB", commands, directory, environment, max(1, runs // 3))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
