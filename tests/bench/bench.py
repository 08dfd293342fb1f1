"""CPU time and memory beside detect-secrets and kingfisher, in one run: `python3 tests/bench/bench.py [RUNS] [MEGABYTES]`

Installs the peers into `.venv-bench`. In each round every tool runs once, so that a busy machine slows all of them alike; what is
shown is the median over the rounds of user plus system time of the process and its children. Unix only. Nothing here fails for being slow.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from environment import ROOT, prepare

CLEAN_COMMIT = (
    "hooks/agent_security_hooks/model.py",
    "hooks/agent_security_hooks/output.py",
    "CHANGELOG.md",
    ".github/workflows/ci.yml",
    "tests/repos/leaky-agent/package-lock.json",
)
ONE_FILE_BYTES = 34_000
TREE_FILE_LIMIT = 1 << 20
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
KINGFISHER = ("kingfisher", "scan", "--no-validate", "--no-update-check", "--git-history", "none", "--quiet")


class Usage:
    """What one process used: CPU seconds, peak memory in bytes, exit status."""

    def __init__(self, command: tuple[str, ...], directory: str, environment: dict[str, str]) -> None:
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen(command, cwd=directory, env=environment, stdout=nowhere, stderr=nowhere)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.cpu = used.ru_utime + used.ru_stime
        self.memory = used.ru_maxrss * MEMORY_UNIT


def compare(title: str, commands: dict[str, tuple[str, ...]], directory: str, environment: dict[str, str], runs: int, size: int = 0) -> None:
    """Run the commands in turn, `runs` times after one round that fills the caches, and print a table. The first command is ours."""
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for round_ in range(runs + 1):
        for name, command in commands.items():
            usage = Usage(command, directory, environment)
            if round_:
                used[name].append(usage)
    print(f"\n{title} (median of {runs})")
    ours = 0.0
    for name, usages in used.items():
        cpu = statistics.median(usage.cpu for usage in usages)
        ours = ours or cpu
        line = f"  {name:<22}{1000 * cpu:>9.1f} ms CPU{max(usage.memory for usage in usages) / 1e6:>7.0f} MB peak"
        if size:
            line += f"{size / 1e6 / cpu:>8.1f} MB/s"
        line += f"   status {usages[-1].status}"
        if name != next(iter(used)):
            line += f"   we need {ours / cpu:.2f} x of it"
        print(line, flush=True)


def write(directory: str, files: dict[str, str]) -> list[str]:
    """Write texts below a directory; returns their names."""
    for name, text in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return list(files)


def _commit(directory: str) -> list[str]:
    for name in CLEAN_COMMIT:
        target = os.path.join(directory, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(ROOT, name), target)
    with open(os.path.join(directory, ".gitignore"), "w") as file:
        file.write(".env\n.env.*\n!.env.example\n")
    with open(os.path.join(directory, "package.json"), "w", encoding="utf-8") as file:
        file.write('{"name": "agent", "private": true}\n')
    for arguments in (("init", "--quiet"), ("add", "--all")):
        subprocess.check_call(("git", *arguments), cwd=directory)
    return list(CLEAN_COMMIT)


def _one_file(directory: str) -> str:
    with open(os.path.join(sysconfig.get_path("stdlib"), "argparse.py"), "rb") as file:
        text = file.read(ONE_FILE_BYTES)
    with open(os.path.join(directory, "one.py"), "wb") as file:
        file.write(text[: text.rindex(b"\n") + 1])
    return "one.py"


def _tree(directory: str, wanted: int, packages: str) -> int:
    """Copy text from the standard library and installed packages until there is enough; later rounds differ in their first line."""
    size = round_ = 0
    while size < wanted:
        before = size
        for root in (sysconfig.get_path("stdlib"), packages):
            for parent, _, names in os.walk(root):
                for name in names:
                    source = os.path.join(parent, name)
                    if size >= wanted or not name.endswith((".py", ".pyi", ".txt", ".md", ".json", ".toml", ".h", ".cfg", ".yaml")):
                        continue
                    if os.path.islink(source) or os.path.getsize(source) > TREE_FILE_LIMIT:
                        continue
                    target = os.path.join(directory, str(round_), os.path.basename(root), os.path.relpath(source, root))
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    with open(source, "rb") as file:
                        content = b"# copy %d\n" % round_ + file.read()
                    with open(target, "wb") as file:
                        file.write(content)
                    size += len(content)
        if size == before:
            raise SystemExit("no text was found to make a tree of")
        round_ += 1
    return size


def main(arguments: list[str]) -> int:
    runs, megabytes = (int(text) for text in (*arguments, *("15", "50")[len(arguments) :]))
    programs = prepare("bench", ".venv-bench")
    python = os.path.join(programs, "python")
    packages = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip()
    ours = (python, "-Im", "agent_security_hooks", "agent-security")
    peer = os.path.join(programs, "detect-secrets-hook")
    kingfisher = (os.path.join(programs, KINGFISHER[0]), *KINGFISHER[1:])
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MEMORY_UNIT
    print(f"a peak of {own / 1e6:.0f} MB means: that or less, since a new process starts as a copy of this one")
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"], "HOME": directory, "PRE_COMMIT": "1"}
        for name in ("commit", "file", "tree"):
            os.mkdir(os.path.join(directory, name))
        where = os.path.join(directory, "commit")
        files = _commit(where)
        commands = {"agent-security": (*ours, *files), "detect-secrets-hook": (peer, *files), "python -I -c pass": (python, "-I", "-c", "pass")}
        compare("clean commit of five files", commands, where, environment, runs)
        more = (*files, ".gitignore", "package.json")
        compare("the same with .gitignore and package.json, so that git is asked", {"agent-security": (*ours, *more)}, where, environment, runs)
        where = os.path.join(directory, "file")
        one = _one_file(where)
        commands = {"agent-security": (*ours, one), "secret-scan": (*ours[:-1], "secret-scan", one), "detect-secrets-hook": (peer, one)}
        compare("one file of 34 kB", {**commands, "kingfisher": (*kingfisher, one)}, where, environment, runs)
        where = os.path.join(directory, "tree")
        size = _tree(where, megabytes * 1_000_000, packages)
        commands = {"secret-scan": (python, "-Im", "agent_security_hooks", "check", "--hook", "secret-scan", "."), "kingfisher": (*kingfisher, ".")}
        compare(f"tree of {size / 1e6:.0f} MB", commands, where, environment, max(1, runs // 5), size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
