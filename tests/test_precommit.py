"""Real commits through real pre-commit, with the manifest and the package of the working tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from agent_security_hooks.catalog import HOOKS, SUITE, load_check
from artefacts import example
from environment import ROOT
from placeholders import expand

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

TAG = "v0.0.0"
KEY = expand('client = OpenAI(api_key="<secret:openai>")\n')
READ = 'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])\n'
BASE = {
    ".gitignore": ".env\n.env.*\n!.env.example\n",
    "README.md": "An agent.\n",
    "package.json": '{"name": "agent", "private": true}\n',
}
UNREACHABLE = ("ConnectionError", "NewConnectionError", "Failed to establish", "Could not find a version", "No matching distribution", "Read timed out")


class Examples(NamedTuple):
    """Files of the first rule of a hook that is documented with both a bad and a good example."""

    rule: str
    bad: dict[str, str | bytes]
    good: dict[str, str | bytes]


def examples(hook_id: str) -> Examples:
    hook = next(hook for hook in HOOKS if hook_id in (hook.id, SUITE.id))
    for rule in load_check(hook).rules:
        said = rule.documentation
        if said.bad and said.good and not rule.pedantic and not rule.audit_only:
            return Examples(rule.name, dict(example(*each) for each in said.bad), dict(example(*each) for each in said.good))
    raise AssertionError(f"{hook_id}: no rule that is on by default has a bad and a good example")


class Sandbox:
    """A repository with pre-commit installed; every call is one program run in it."""

    def __init__(self, directory: Path, home: Path) -> None:
        self.directory = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "SKIP"))},
            "PRE_COMMIT_HOME": str(home),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **{f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "test"), ("EMAIL", "test@example.org"))},
        }

    def run(self, *command: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=directory or self.directory, env=self.environment, check=False, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def git(self, *arguments: str, directory: Path | None = None) -> str:
        done = self.run("git", *arguments, directory=directory)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def stage(self, files: Mapping[str, str | bytes]) -> None:
        self.write(files)
        self.git("add", "--force", "--", *files)

    def commit(self, *options: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.run("git", "commit", "-m", "change", *options, directory=directory)


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The working tree as a tagged repository, and a PRE_COMMIT_HOME in which it is installed."""
    source, home, first = (tmp_path_factory.mktemp(name) for name in ("suite", "home", "first"))
    for name in _files():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.join(ROOT, name), target)
    sandbox = Sandbox(source, home)
    for command in (("init", "-q"), ("add", "--all", "--force"), ("commit", "-q", "-m", "suite"), ("tag", TAG)):
        sandbox.git(*command)
    _configure(first, source, home, *(hook.id for hook in (SUITE, *HOOKS)))
    done = Sandbox(first, home).pre_commit("install-hooks")
    if done.returncode and any(sign in done.stdout for sign in UNREACHABLE):
        pytest.skip("the package index cannot be reached, so pre-commit cannot install the hooks")
    assert done.returncode == 0, done.stdout
    return source, home


def _files() -> list[str]:
    """Files of the checkout that belong into a commit; all that are there when git does not know."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if done.returncode == 0:
        names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for part in ("hooks", "tests") for path in Path(ROOT, part).rglob("*")]
        names += [name for name in os.listdir(ROOT) if not name.startswith(".venv")]
    return [name for name in names if os.path.isfile(os.path.join(ROOT, name)) and "__pycache__" not in name]


def _configure(directory: Path, source: Path, home: Path, *hook_ids: str) -> Sandbox:
    sandbox = Sandbox(directory, home)
    sandbox.git("init", "-q", "-b", "main")
    hooks = "".join(f"      - id: {hook_id}\n" for hook_id in hook_ids)
    sandbox.write({".pre-commit-config.yaml": f"repos:\n  - repo: {source.as_posix()}\n    rev: {TAG}\n    hooks:\n{hooks}"})
    return sandbox


def start(directory: Path, suite: tuple[Path, Path], hook_id: str = SUITE.id, *hook_types: str) -> Sandbox:
    """A repository with one good commit and the hook installed."""
    sandbox = _configure(directory, *suite, hook_id)
    sandbox.stage({".pre-commit-config.yaml": (directory / ".pre-commit-config.yaml").read_text(), **BASE})
    sandbox.git("commit", "-q", "-m", "base")
    done = sandbox.pre_commit("install", *(f"--hook-type={hook_type}" for hook_type in hook_types or ("pre-commit",)))
    assert done.returncode == 0, done.stdout
    return sandbox


@pytest.mark.parametrize("hook_id", [hook.id for hook in (SUITE, *HOOKS)])
def test_bad_commit_is_blocked_and_repaired_one_passes(hook_id: str, suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox, case = start(tmp_path, suite, hook_id), examples(hook_id)
    sandbox.stage(case.bad)
    blocked = sandbox.commit()
    assert blocked.returncode == 1, blocked.stdout
    assert f": {case.rule}]\n    fix: " in blocked.stdout
    assert "Traceback" not in blocked.stdout
    assert sandbox.git("rev-list", "--count", "HEAD") == "1\n"
    sandbox.git("rm", "-q", "-f", "--", *case.bad)
    sandbox.stage({**{name: content for name, content in BASE.items() if name in case.bad}, **case.good})
    passed = sandbox.commit()
    assert passed.returncode == 0, passed.stdout


def test_no_secret_is_shown(suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite)
    sandbox.stage({"app.py": KEY})
    assert KEY.split('"')[1][20:] not in sandbox.commit().stdout


def test_push_of_what_was_committed_without_hooks(suite: tuple[Path, Path], tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    sandbox = start(clone, suite, SUITE.id, "pre-push")
    sandbox.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    sandbox.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    sandbox.git("push", "-q", "origin", "main")
    sandbox.stage({"app.py": KEY})
    sandbox.git("commit", "-q", "-m", "the pre-commit hook is not installed")
    pushed = sandbox.run("git", "push", "origin", "main")
    assert pushed.returncode == 1, pushed.stdout
    assert "provider-key]" in pushed.stdout
    sandbox.stage({"app.py": READ})
    sandbox.git("commit", "-q", "-m", "repaired")
    pushed = sandbox.run("git", "push", "origin", "main")
    assert pushed.returncode == 0, pushed.stdout


def test_all_files(suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite)
    assert sandbox.pre_commit("run", "--all-files").returncode == 0
    sandbox.stage({"app.py": KEY})
    sandbox.git("commit", "-q", "--no-verify", "-m", "bypassed")
    done = sandbox.pre_commit("run", "--all-files")
    assert done.returncode == 1, done.stdout
    assert "app.py:1:26: " in done.stdout
    assert sandbox.git("status", "--porcelain", "--ignored") == "", "a run leaves nothing behind"


def test_many_files_are_one_report(suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite)
    sandbox.stage({f"{letter}.py": KEY for letter in "qwertzuiop"} | dict.fromkeys(("a/package.json", "b/package.json"), "{}\n") | {".gitignore": "x\n"})
    lines = sandbox.commit().stdout.splitlines()
    assert lines[-2:] == ["11 findings in 11 files, 1 fixable with --fix", ""]
    assert [line[0] for line in lines if "provider-key]" in line] == sorted("qwertzuiop")
    assert sum("gitignore-misses-env]" in line for line in lines) == 1


def test_merge_commit(suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite, SUITE.id, "pre-commit", "pre-merge-commit")
    sandbox.git("checkout", "-q", "-b", "side")
    sandbox.stage({"side.py": KEY})
    sandbox.git("commit", "-q", "--no-verify", "-m", "side")
    sandbox.git("checkout", "-q", "main")
    sandbox.stage({"main.py": READ})
    assert sandbox.commit("-q").returncode == 0
    merged = sandbox.run("git", "merge", "--no-edit", "side")
    assert merged.returncode == 1, merged.stdout
    assert "side.py:1:26: " in merged.stdout
    sandbox.stage({"side.py": READ})
    done = sandbox.commit()
    assert done.returncode == 0, done.stdout


def test_worktree(suite: tuple[Path, Path], tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    sandbox = start(main, suite)
    tree = tmp_path / "tree"
    sandbox.git("worktree", "add", "-q", str(tree), "-b", "other")
    for content, status in ((KEY, 1), (READ, 0)):
        (tree / "app.py").write_text(content, encoding="utf-8")
        sandbox.git("add", "app.py", directory=tree)
        done = sandbox.commit(directory=tree)
        assert done.returncode == status, done.stdout


def test_what_is_staged_counts(suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite)
    sandbox.stage({"app.py": KEY})
    sandbox.write({"app.py": READ})
    assert sandbox.commit().returncode == 1, "the key is staged, the repair is not"
    assert (tmp_path / "app.py").read_text() == READ
    sandbox.git("add", "app.py")
    sandbox.write({"app.py": KEY})
    done = sandbox.commit()
    assert done.returncode == 0, "the repair is staged, the key is not\n" + done.stdout
    done = sandbox.commit("-a")
    assert done.returncode == 1, "-a stages the key\n" + done.stdout
    assert (tmp_path / "app.py").read_text() == KEY


@pytest.mark.parametrize("name", ["--help", "--exit-zero", "-q"])
def test_file_named_like_an_option(name: str, suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite)
    sandbox.stage({name: KEY})
    done = sandbox.commit()
    assert done.returncode == 1, done.stdout
    assert f"./{name}:1:26: " in done.stdout
    assert "option-like-name]" in done.stdout


def test_deleting_a_tracked_env_file_passes(suite: tuple[Path, Path], tmp_path: Path) -> None:
    sandbox = start(tmp_path, suite)
    sandbox.stage({".env": expand("OPENAI_API_KEY=<secret:openai>\n")})
    sandbox.git("commit", "-q", "--no-verify", "-m", "a mistake of last year")
    sandbox.git("rm", "-q", "--cached", "--", ".env")
    done = sandbox.commit()
    assert done.returncode == 0, done.stdout
