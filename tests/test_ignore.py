"""Configuration globs, .gitignore (compared with git itself) and .dockerignore (compared with its builder's rules as regular expressions)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.ignore import DockerIgnore, IgnoreRules, glob_match
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("pattern", "selects", "leaves"),
    [
        ("*.pem", "a.pem x/y/.b.pem a.pem/inside", "a.pem.txt pem"),
        ("fixtures", "fixtures a/fixtures a/fixtures/b/c", "fixtures2 a/xfixtures"),
        ("fixtures/", "fixtures/a a/fixtures/b/c", "fixtures a/fixtures"),
        ("/build", "build build/x", "a/build"),
        ("./build", "build a/build", "abuild"),
        ("./a/b", "a/b ./a/b a/b/c", "x/a/b"),
        ("src/*.py", "src/a.py src/.py", "src/b/a.py x/src/a.py"),
        ("src/**/*.py", "src/a.py src/b/c/d.py", "src.py srcs/a.py"),
        ("src/**", "src/a src/b/c", "src"),
        ("**", "a a/b", ""),
        ("**/x", "x a/x a/b/x/c", "ax a/bx"),
        ("a/**/b/", "a/b/c a/x/y/b/c", "a/b a/x/b"),
        ("a**b", "ab axxb z/axb", "a/b"),
        ("?.txt", "a.txt b/ä.txt", "ab.txt .txt"),
        ("[a-c].txt", "b.txt", "d.txt /.txt"),
        ("[!a-c].txt", "d.txt", "b.txt"),
        ("a[/]b", "", "a/b a[/]b"),
        ("[[:digit:]]*", "1 2a", "a1"),
        ("[a", "[a x/[a", "a"),
        ("\\*", "* x/*", "a"),
        ("a\\", "a\\", "a"),
        ("", "", "a a/b"),
        ("/", "", "a a/b"),
        ("A", "A", "a"),
    ],
)
def test_globs(pattern: str, selects: str, leaves: str) -> None:
    assert [path for path in selects.split() if not glob_match(pattern, path)] == []
    assert [path for path in leaves.split() if glob_match(pattern, path)] == []


GIT_PATHS = [
    *"a b ab foo/a foo/bar/a foo/bar/b.c foo/bar/ab foob/x foox/y/bar foobar #a !a [a] a] - é b.c .env .env.local d/.env d/e/.env d/e/f/g d/a d/foo/a d/d/d x\\y * d/* e/ab/c e/a/b/c B A/b c/a!b".split(),
    "x y",
    "x ",
    "d/ x",
]
GIT_DIRS = sorted({path[:at] for path in GIT_PATHS for at, char in enumerate(path) if char == "/"})
ATOMS = [
    *"a b foo bar d e * ** ? / / / [ab] [!a] [^a-b] [a ] \\ \\a \\* .env . [[:alpha:]] []a] [a/b] [/] - [a-] [!]a] # ! é c x [\\]] [[:x:]] [[:alpha:] [b-a] ***".split(),
    " ",
    "\\ ",
    "\t",
    "\x00",
]
GIT_LINE = st.tuples(
    st.sampled_from(["", "", "", "!"]),
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6),
    st.sampled_from(["", "", "/", " ", "  ", "\r"]),
)
GIT_TEXT = st.builds(
    lambda bom, lines, end: bom + "\n".join(start + "".join(atoms) + tail for start, atoms, tail in lines) + end,
    st.sampled_from(["", "", "", "\ufeff"]), st.lists(GIT_LINE, max_size=5), st.sampled_from(["", "\n"]),
)  # fmt: skip
GIT_FILES = st.fixed_dictionaries({"": GIT_TEXT}, optional={"foo": GIT_TEXT, "d": GIT_TEXT, "d/e": GIT_TEXT})


@pytest.fixture(scope="module")
def work_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("ignore")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True, env=git_environment())
    for path in GIT_PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def git_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def ask_git(root: Path, files: dict[str, str]) -> dict[str, tuple[str, int] | None]:
    """For each path, the ignore file and line that decide."""
    for directory in ("", "foo", "d", "d/e"):
        (root / directory / ".gitignore").unlink(missing_ok=True)
    for directory, text in files.items():
        (root / directory / ".gitignore").write_bytes(text.encode())
    command = ["git", "-c", f"core.excludesFile={os.devnull}", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"]
    paths = "\0".join([*GIT_PATHS, *GIT_DIRS]) + "\0"
    done = subprocess.run(command, cwd=root, env=git_environment(), input=paths.encode(), capture_output=True, check=False)
    fields = done.stdout.decode().split("\0")
    answers = (fields[at : at + 4] for at in range(0, len(fields) - 3, 4))
    return {path: (source.rpartition("/")[0], int(line)) if source else None for source, line, _, path in answers}


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=GIT_FILES)
def test_agrees_with_git(work_tree: Path, files: dict[str, str]) -> None:
    rules = IgnoreRules(files.items())
    expected = ask_git(work_tree, files)
    assert len(expected) == len(GIT_PATHS) + len(GIT_DIRS)
    for path, answer in expected.items():
        rule = rules.deciding(path, path in GIT_DIRS)
        assert (rule and (rule.directory, rule.line)) == answer, path


@pytest.mark.parametrize(
    ("text", "ignored", "kept"),
    [
        (".env", ".env a/.env", ".env.local x.env"),
        ("/.env", ".env", "a/.env"),
        (".env/", ".env/x", ".env"),
        (".env.*", ".env.local .env.example", ".env"),
        ("*.env", ".env prod.env", ".env.local"),
        (".env*\n!.env.example", ".env .env.local", ".env.example"),
        (".env # secrets", "", ".env"),
        (" .env", "", ".env"),
        (".env  ", ".env", ""),
        (".env\r\nkeys\r\n", ".env keys", ""),
        ("\ufeff.env", ".env", ""),
        ("#.env\n\\#x", "#x", ".env #.env"),
        ("secrets\n!secrets/a", "secrets/a secrets/b", ""),
        ("secrets/*\n!secrets/a", "secrets/b", "secrets/a"),
        ("a/**/b", "a/b a/x/y/b", "b x/a/b"),
        ("**/logs/*.txt", "logs/a.txt x/logs/a.txt", "logs/x/a.txt"),
        ("a**/b", "ab a/b axx/b ax/y/b", "xa/b"),
        ("?", "a", "é"),
        ("[z", "", "[z z"),
        ("x\\", "", "x x\\"),
        (".ENV", ".ENV", ".env"),
    ],
)
def test_gitignore(text: str, ignored: str, kept: str) -> None:
    rules = IgnoreRules([("", text)])
    assert [path for path in ignored.split() if not rules.ignored(path)] == []
    assert [path for path in kept.split() if rules.ignored(path)] == []


def test_a_deeper_file_decides_but_not_below_an_ignored_directory() -> None:
    rules = IgnoreRules([("", "*.key\nout/\n"), ("sub", "!*.key\n"), ("out", "!*.key\n"), (".", "!top.key")])
    assert [rules.ignored(path) for path in ("a.key", "sub/a.key", "out/a.key", "top.key", "out")] == [True, False, True, False, False]
    assert rules.ignored("out", is_dir=True)
    assert rules.ignored("out/") is False
    rule = rules.deciding("sub/x/a.key")
    assert rule is not None
    assert (rule.directory, rule.line, rule.pattern, rule.negated) == ("sub", 1, "!*.key", True)
    assert rules.deciding("readme") is None


def test_names_that_are_not_text() -> None:
    rules = IgnoreRules([("", "caf\udce9\n\ud800*\n??x")])
    assert [rules.ignored(path) for path in ("caf\udce9", "\ud800b", "éx", "x")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "left_out", "sent"),
    [
        (".env", ".env .env/x", "a/.env .env.local"),
        ("**/.env", ".env a/b/.env", "a.env"),
        ("**/*.pem", "a.pem x/y/.pem", "a.pem.txt"),
        ("*.pem", "a.pem", "x/a.pem"),
        ("/secrets", "secrets/a", "x/secrets"),
        ("secrets/", "secrets secrets/a", ""),
        ("./secrets", "secrets/a", ""),
        ("a/../b", "b", "a"),
        ("secrets\n!secrets/a", "secrets/b", "secrets/a"),
        ("*\n!src\n!package.json", "x .env", "src/a src/.env package.json"),
        ("!a\na", "a", ""),
        ("**", "a a/b", ""),
        ("a/**", "a/b a/b/c", "a"),
        ("**env", ".env my.env x/env", "envx"),
        ("a/**/b", "a/b a/x/y/b", "b ab"),
        ("a**b", "ab a/b axx/b", "axb"),
        ("?.txt", "a.txt", "ab.txt"),
        ("[a-c].txt\n[^x]y", "b.txt zy", "d.txt xy"),
        ("[!a]", "! a", "b"),
        ("\\*", "*", "a"),
        ("# x\n  a  \n", "a", "#"),
        ("\ufeffa", "a", ""),
        ("! b\na", "a", "b"),
        ("/", "", "a"),
    ],
)
def test_dockerignore(text: str, left_out: str, sent: str) -> None:
    rules = DockerIgnore(text)
    assert [path for path in left_out.split() if not rules.ignored(path)] == []
    assert [path for path in sent.split() if rules.ignored(path)] == []


def test_dockerignore_errors_and_the_deciding_rule() -> None:
    rules = DockerIgnore("a\n!\n[z\n[z-a]\n[]a]\n[a-]\n[-a]\nx\\\n!a/b\n")
    assert rules.errors == [2, 3, 4, 5, 6, 7, 8]
    rule = rules.deciding("a/b/c")
    assert rule is not None
    assert (rule.line, rule.pattern, rule.negated) == (9, "!a/b", True)
    assert rules.deciding("z") is None


def docker_expression(pattern: str) -> str:
    """The regular expression that the builder makes of a pattern without brackets and escapes."""
    if re.fullmatch(r"\*\*[^*?]*", pattern):
        rest = pattern[2:]
        return f"(.*{re.escape(rest)}|{re.escape(rest[1:]) if rest.startswith('/') else '(?!)'})"
    if re.fullmatch(r"[^*?]*\*\*", pattern):
        return re.escape(pattern[:-2]) + ".*"
    pieces = re.findall(r"\*\*/?$|\*\*/?|\*|\?|[^*?]", pattern)
    table = {"**": "(.*/)?", "**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}
    pieces = [table.get(piece, re.escape(piece)) for piece in pieces[:-1]] + [{**table, "**": ".*", "**/": ".*"}.get(pieces[-1], re.escape(pieces[-1]))]
    return "".join(pieces)


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from("a b c ab / / * ** ? . .env".split()), min_size=1, max_size=6).map("".join),
    st.lists(st.sampled_from("abc/."), max_size=8).map("".join),
)
def test_dockerignore_agrees_with_the_expressions_of_its_builder(pattern: str, path: str) -> None:
    rules = DockerIgnore(pattern)
    cleaned = os.path.normpath(pattern).lstrip("/") or "/"
    tried = [path, *(path[:at] for at, char in enumerate(path) if char == "/")]
    expected = bool(path) and any(re.fullmatch(docker_expression(cleaned), part) for part in tried)
    assert (bool(path) and rules.ignored(path)) is expected


HOSTILE = [
    "*a" * 2000,
    "**/a/" * 500 + "c",
    "[a-z]*" * 1000,
    "?*" * 2000 + "x",
    "**/*a*a*a*a*b*/" * 50 + "z",
    "[" * 5000,
    "\\" * 5001,
    "!" * 5000,
    "/" * 5000,
]


@pytest.mark.parametrize("pattern", HOSTILE, ids=lambda pattern: pattern[:9])
@pytest.mark.parametrize("path", ["a" * 4000, "a/" * 500 + "b", "/" * 1000], ids=["name", "path", "slashes"])
def test_hostile_patterns_take_linear_time(pattern: str, path: str) -> None:
    start = time.process_time()
    glob_match(pattern, path)
    IgnoreRules([("", pattern)]).ignored(path)
    DockerIgnore(pattern).ignored(path)
    assert time.process_time() - start < 3


def test_fifty_thousand_paths() -> None:
    paths = [f"src/pkg{i % 50}/mod{i % 700}/file_{i}.{'py' if i % 3 else 'log'}" for i in range(50_000)]
    text = "*.log\nnode_modules/\n.env*\n!.env.example\n/build\n**/__pycache__/**\nsrc/*/generated/**\n*.py[cod]\n" + "name\n" * 50
    start = time.process_time()
    rules = IgnoreRules([("", text)])
    assert sum(rules.ignored(path) for path in paths) == 16_667
    assert sum(glob_match("src/**/mod1*/*.py", path) for path in paths) > 0
    assert time.process_time() - start < 10


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_an_answer(pattern: str, path: str) -> None:
    glob_match(pattern, path)
    IgnoreRules([("", pattern), ("a", pattern)]).ignored(path)
    DockerIgnore(pattern).ignored(path)
