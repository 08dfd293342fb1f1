"""CPU time for Dockerfiles and scripts beside hadolint, in one run: `python3 tests/bench/bench_images.py [RUNS]`

Installs the peer into `.venv-bench`; what is measured and how is said in bench.py. hadolint checks shell in RUN with ShellCheck, as it does by default.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import compare, write
from environment import prepare
from samples import TOOLS_IMAGE, dockerfiles, scripts

MANY = 300


def main(arguments: list[str]) -> int:
    runs = int(arguments[0]) if arguments else 11
    programs = prepare("bench", ".venv-bench")
    python, hadolint = (os.path.join(programs, name) for name in ("python", "hadolint"))
    ours = (python, "-Im", "agent_security_hooks")
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"], "HOME": directory, "PRE_COMMIT": "1"}
        subprocess.check_call(("git", "init", "--quiet"), cwd=directory)
        one = write(directory, {"one/Dockerfile": TOOLS_IMAGE.format(number=0)})
        many = write(directory, dockerfiles(MANY))
        shell = write(directory, scripts(MANY))
        commands = {
            "dockerfile-lint": (*ours, "dockerfile-lint", *one),
            "hadolint": (hadolint, *one),
            "download-lint": (*ours, "download-lint", *one),
            "agent-security": (*ours, "agent-security", *one),
            "python -I -c pass": (python, "-I", "-c", "pass"),
        }
        compare("one Dockerfile", commands, directory, environment, runs)
        both = (*ours, "check", "--hook", "dockerfile-lint", "--hook", "download-lint")
        commands = {"dockerfile-lint": (*ours, "dockerfile-lint", *many), "hadolint": (hadolint, *many), "both hooks": (*both, *many)}
        compare(f"{MANY} Dockerfiles", commands, directory, environment, max(1, runs // 3))
        few = shell[: MANY // 10]
        commands = {f"{MANY} scripts": (*ours, "download-lint", *shell), f"{len(few)} scripts": (*ours, "download-lint", *few)}
        compare("scripts of 65 lines; the difference is the cost of a script", commands, directory, environment, max(1, runs // 3))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
