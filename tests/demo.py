"""Shows what the suite does: installs it into `.venv`, checks an example repository, tries to commit: `python3 tests/demo.py`

The status is 0 when the findings are those of tests/repos/leaky-agent.txt; `--write` writes that file anew.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import tempfile

from environment import ROOT, prepare

EXAMPLE = os.path.join(ROOT, "tests", "repos", "leaky-agent")
EXPECTED = EXAMPLE + ".txt"
HOOK = "#!/bin/sh\nexec agent-security agent-security $(git diff --cached --name-only --diff-filter=d)\n"


def main(arguments: list[str]) -> int:
    programs = prepare()
    sys.path.insert(0, os.path.join(ROOT, "hooks"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))}
    environment["PATH"] = programs + os.pathsep + os.environ.get("PATH", os.defpath)
    with tempfile.TemporaryDirectory() as directory:
        build(directory)
        found = _check(directory, environment)
        if arguments == ["--write"]:
            with open(EXPECTED, "w", encoding="utf-8", newline="\n") as file:
                file.write(found)
            return 0
        print(f"$ agent-security check\n{found}\n$ git add -f .env && git commit -m 'Add the settings'", flush=True)
        status = _commit(directory, environment)
        print(f"(git ended with status {status})")
    with open(EXPECTED, encoding="utf-8") as file:
        expected = file.read()
    if found != expected or not status:
        print("these are not the expected findings of tests/repos/leaky-agent.txt:", file=sys.stderr)
        print(*difflib.unified_diff(expected.split("\n"), found.split("\n"), "expected", "found", lineterm="", n=0), sep="\n", file=sys.stderr)
        return 1
    return 0


def build(directory: str) -> None:
    """Write the example repository: `dot-env` is called `.env` there, `<secret:openai>` is a value that looks like a key."""
    from placeholders import expand

    for parent, _, names in sorted(os.walk(EXAMPLE)):
        for name in sorted(names):
            source = os.path.join(parent, name)
            parts = os.path.relpath(source, EXAMPLE).split(os.sep)
            target = os.path.join(directory, *("." + part[4:] if part.startswith("dot-") else part for part in parts))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(source, encoding="utf-8") as file:
                content = expand(file.read())
            with open(target, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)


def _check(directory: str, environment: dict[str, str]) -> str:
    for arguments in (("init", "--quiet"), ("add", "--all", "--force")):
        subprocess.run(("git", *arguments), cwd=directory, env=environment, check=True)
    command = ("agent-security", "check")
    done = subprocess.run(command, cwd=directory, env=environment, encoding="utf-8", check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def _commit(directory: str, environment: dict[str, str]) -> int:
    """Commit with the suite as a plain git hook, since pre-commit need not be installed here."""
    hook = os.path.join(directory, ".git", "hooks", "pre-commit")
    with open(hook, "w", encoding="utf-8", newline="\n") as file:
        file.write(HOOK)
    os.chmod(hook, 0o700)
    for arguments in (("reset", "--quiet"), ("add", "--force", ".env")):
        subprocess.run(("git", *arguments), cwd=directory, env=environment, check=True)
    command = ("git", "-c", "user.name=you", "-c", "user.email=you@example.org", "commit", "-m", "Add the settings")
    return subprocess.run(command, cwd=directory, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
