"""`env-files` where literate cases do not reach: real git repositories, fixes byte by byte, real templates, git processes."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import HOOKS
from agent_security_hooks.checks.env_files.places import listed
from agent_security_hooks.data import template_defaults
from agent_security_hooks.parse.disk import DiskTree, files_below, names_in
from agent_security_hooks.parse.dotenv import read_entries
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, OTHER, TEMPLATE, role_of
from agent_security_hooks.parse.secret_values import real_values
from agent_security_hooks.parse.shell_quote import quote
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from env_templates import TEMPLATES
from placeholders import expand
from support import HOOKS_DIRECTORY, Result, git, make_repository, process, run, scan, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SECRET = expand("OPENAI_API_KEY=<secret:openai>\n")
IGNORES = ".env\n.env.*\n!.env.example\n"
PACKAGE = '{"private": true}\n'


def check(*names: str, options: tuple[str, ...] = ()) -> Result:
    """The hook over all tracked files, or those named."""
    return scan(*options, *(names or ["."]), hook="env-files")


# What git says: fifteen repositories with a mistake, nine without


def _staged(files: Mapping[str, str]) -> Callable[[Path], Result]:
    def prepare(directory: Path) -> Result:
        make_repository(directory, files)
        return check()

    return prepare


def _forced(directory: Path) -> Result:
    make_repository(directory, {".gitignore": IGNORES})
    write(directory, {".env": SECRET})
    git(directory, "add", "--force", ".env")
    return check()


def _only_on_this_machine(directory: Path) -> Result:
    make_repository(directory, {"package.json": PACKAGE})
    write(directory, {".git/info/exclude": IGNORES})
    return check()


def _only_for_this_user(directory: Path) -> Result:
    make_repository(directory, {"package.json": PACKAGE})
    write(directory, {"../personal": IGNORES})
    git(directory, "config", "core.excludesFile", str(directory.parent / "personal"))
    return check()


def _secret_in_the_index_only(directory: Path) -> Result:
    make_repository(directory, {".env": SECRET, ".gitignore": IGNORES})
    write(directory, {".env": "OPENAI_API_KEY=\n"})
    return check()


def _linked_worktree(directory: Path) -> Result:
    make_repository(directory / "main", {".gitignore": IGNORES})
    git(directory / "main", "commit", "--quiet", "--message=first")
    git(directory / "main", "worktree", "add", "--quiet", str(directory / "linked"))
    make_repository(directory / "linked", {"api/.env": SECRET})
    os.chdir(directory / "linked")
    return check()


def _index_of_a_partial_commit(directory: Path) -> Result:
    make_repository(directory, {".gitignore": IGNORES})
    write(directory, {".env": SECRET})
    os.environ["GIT_INDEX_FILE"] = str(directory / ".git" / "next-index")
    git(directory, "add", "--force", ".env")
    return check(".env")


def _submodule(directory: Path) -> Result:
    make_repository(directory / "inner", {".env": SECRET})
    git(directory / "inner", "commit", "--quiet", "--message=first")
    make_repository(directory / "outer", {".gitignore": IGNORES})
    git(directory / "outer", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(directory / "inner"), "sub")
    os.chdir(directory / "outer" / "sub")
    return check()


MISTAKES: dict[str, tuple[Callable[[Path], Result], str]] = {
    "staged": (_staged({".env": SECRET}), "env-file-committed"),
    "added by force": (_forced, "env-file-committed"),
    "in tests": (_staged({"tests/.env": SECRET, ".gitignore": IGNORES}), "env-file-committed"),
    "another variant, deeper": (_staged({"a/b/.env.staging": SECRET}), "env-file-committed"),
    "in the index only": (_secret_in_the_index_only, "env-file-committed"),
    "in a linked worktree": (_linked_worktree, "env-file-committed"),
    "in the index of a partial commit": (_index_of_a_partial_commit, "env-file-committed"),
    "in a submodule": (_submodule, "env-file-committed"),
    "keys of dotenvx": (_staged({".env.keys": expand("DOTENV_PRIVATE_KEY=<secret:hex64>\n")}), "credential-file-committed"),
    "token of a registry": (_staged({".npmrc": expand("//registry.npmjs.org/:_authToken=<secret:npm>\n")}), "credential-file-committed"),
    "private key": (_staged({"id_rsa": expand("<secret:pem>\n")}), "credential-file-committed"),
    "real key in a template": (_staged({".env.example": SECRET}), "real-value-in-env-example"),
    "ignored on this machine only": (_only_on_this_machine, "gitignore-misses-env"),
    "ignored for this user only": (_only_for_this_user, "gitignore-misses-env"),
    "not ignored in a package": (_staged({".gitignore": "/.env*\n", "packages/a/package.json": PACKAGE}), "gitignore-misses-env"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_reported(name: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", "")
    monkeypatch.delenv("GIT_INDEX_FILE")
    prepare, rule = MISTAKES[name]
    result = prepare(directory)
    assert rule in result.rules, result
    assert result.status == 1


def _ignored_and_named(directory: Path) -> Result:
    make_repository(directory, {".gitignore": IGNORES})
    write(directory, {".env": SECRET})
    return check(".env")


def _deleted(directory: Path) -> Result:
    make_repository(directory, {".env": SECRET, ".gitignore": IGNORES})
    git(directory, "commit", "--quiet", "--message=first")
    git(directory, "rm", "--quiet", ".env")
    return check()


def _taken_out_of_the_index(directory: Path) -> Result:
    make_repository(directory, {".env": SECRET, ".gitignore": IGNORES})
    git(directory, "commit", "--quiet", "--message=first")
    git(directory, "rm", "--quiet", "--cached", ".env")
    return check(".env", ".gitignore")


def _sparse(directory: Path) -> Result:
    make_repository(directory, {"web/.gitignore": ".env*\n", "web/package.json": PACKAGE, "api/x.py": "", ".gitignore": "/.env*\n"})
    git(directory, "commit", "--quiet", "--message=first")
    git(directory, "sparse-checkout", "set", "api")
    assert not (directory / "web").exists()
    return check(".gitignore", "api/x.py")


def _virtual_environment(directory: Path) -> Result:
    make_repository(directory, {".gitignore": ".env/\n.env.local\n", "main.py": ""})
    write(directory, {".env/pyvenv.cfg": "home = /usr/bin\n", ".env/lib/secrets.py": SECRET})
    return check()


RIGHT: dict[str, Callable[[Path], Result]] = {
    "ignored, and named by hand": _ignored_and_named,
    "deleted in this commit": _deleted,
    "taken out of the index": _taken_out_of_the_index,
    "encrypted by dotenvx": _staged(
        {".env": 'DOTENV_PUBLIC_KEY="03ab"\nOPENAI_API_KEY="encrypted:BE9Y7LKANx77X1pv1HnEoil93fPa5c9rpL"\n', ".gitignore": ".env.keys\n"}
    ),
    "a template": _staged({".env.example": "OPENAI_API_KEY=sk-...\n", "package.json": PACKAGE, ".gitignore": IGNORES}),
    "a virtual environment": _virtual_environment,
    "a direnv file": _staged({".envrc": "use flake\n"}),
    "a nested ignore file, in a sparse checkout": _sparse,
    "CRLF and a byte order mark": _staged({"package.json": PACKAGE, ".gitignore": "\ufeff.env\r\n.env.*\r\n!.env.example\r\n"}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_wrong(name: str, directory: Path) -> None:
    result = RIGHT[name](directory)
    assert result.report["findings"] == []
    assert (result.status, result.err) == (0, "")


def test_outside_a_repository_is_unknown_and_said_so(directory: Path) -> None:
    write(directory, {"package.json": PACKAGE})
    result = check("package.json")
    assert result.report["findings"] == []
    assert result.err.count("not verified") == 1


def test_broken_repository_is_unknown_and_said_so(directory: Path) -> None:
    write(directory, {"package.json": PACKAGE, ".env": SECRET, ".git": "gitdir: /nowhere\n"})
    result = check("package.json", ".env")
    assert result.rules == ["env-file-committed"]
    assert "not verified" in result.err


# Messages


def test_no_value_is_shown(directory: Path) -> None:
    make_repository(directory, {".env": SECRET + expand("DB_PASSWORD=<secret:alnum20>\n"), ".npmrc": expand("_authToken=<secret:alnum20:1>\n")})
    result = run("env-files", ".")
    assert result.status == 1
    assert "OPENAI_API_KEY (sk-proj-…" in result.out
    for secret in ("<secret:openai>", "<secret:alnum20>", "<secret:alnum20:1>"):
        assert expand(secret) not in result.out + result.err


@pytest.mark.parametrize(
    ("name", "word"),
    [("-x.env", "-- -x.env"), ("a b.env", "'a b.env'"), ("$(x).env", "'$(x).env'"), ("it's.env", "'it'\\''s.env'"), ("new\nline.env", "$'new\\x0aline.env'")],
)
def test_hostile_names(name: str, word: str, directory: Path) -> None:
    make_repository(directory, {name: SECRET})
    result = check(f"./{name}")
    assert [finding["rule"] for finding in result.report["findings"] if finding["hook"] == "env-files"] == ["env-file-committed"]
    assert f"git rm --cached -- {word.removeprefix('-- ')};" in result.report["findings"][-1]["fix"]


def test_quote_and_listed() -> None:
    assert quote("a/b.env") == "a/b.env"
    assert quote(os.fsdecode(b"\xff'\\")) == "$'\\xff\\x27\\x5c'"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "a"]) == "a and b"
    assert listed("abcdef") == "a, b, c and 3 more"
    assert listed([]) == ""


def test_one_finding_however_many_directories(directory: Path) -> None:
    make_repository(directory, {f"packages/p{number}/package.json": PACKAGE for number in range(30)})
    assert check().rules == ["gitignore-misses-env"]
    several = check("packages/p7/package.json", "packages/p3/package.json").report["findings"]
    assert [finding["path"] for finding in several] == ["packages/p3/package.json"]


def test_large_flood_of_files_that_ship_is_cut(directory: Path) -> None:
    make_repository(
        directory, {"package.json": '{"name": "a", "version": "1.0.0"}\n', ".gitignore": IGNORES + "!.env.x*\n", **{f".env.x{n}": "A=1\n" for n in range(9)}}
    )
    found = [finding for finding in check().report["findings"] if finding["rule"] == "package-ships-secrets"]
    assert len(found) == 5
    assert "and 4 more files" in found[-1]["message"]


# Fixes

BLOCK = "# Environment files: secrets stay out of git\n"
FIXES: dict[str, tuple[Mapping[str, str | bytes], str, bytes]] = {
    "created": ({"package.json": PACKAGE}, ".gitignore", f"{BLOCK}.env\n.env.local\n.env.*.local\n".encode()),
    "one line missing": ({"package.json": PACKAGE, ".gitignore": ".env\n"}, ".gitignore", f".env\n\n{BLOCK}.env.local\n.env.*.local\n".encode()),
    "no final line end": ({"package.json": PACKAGE, ".gitignore": "dist"}, ".gitignore", f"dist\n\n{BLOCK}.env\n.env.local\n.env.*.local\n".encode()),
    "the template was hidden": ({"package.json": PACKAGE, ".gitignore": ".env.*\n"}, ".gitignore", f".env.*\n\n{BLOCK}.env\n!.env.example\n".encode()),
    "CRLF": (
        {"package.json": PACKAGE, ".gitignore": "dist\r\n*.env\r\n"},
        ".gitignore",
        f"dist\n*.env\n\n{BLOCK}.env.local\n.env.*.local\n".replace("\n", "\r\n").encode(),
    ),
    "byte order mark": (
        {"package.json": PACKAGE, ".gitignore": b"\xef\xbb\xbf.env*\n!.env.local\n"},
        ".gitignore",
        b"\xef\xbb\xbf.env*\n!.env.local\n\n" + f"{BLOCK}.env.local\n!.env.example\n".encode(),
    ),
    "a later line undid it": (
        {"package.json": PACKAGE, ".gitignore": ".env*\n!.env*\n"},
        ".gitignore",
        f".env*\n!.env*\n\n{BLOCK}.env\n.env.local\n.env.*.local\n".encode(),
    ),
    "comment behind the pattern": (
        {"package.json": PACKAGE, ".gitignore": "a\n.env* # mine\nb\n"},
        ".gitignore",
        f"a\n# mine\n.env*\nb\n\n{BLOCK}!.env.example\n".encode(),
    ),
    "broken lines only": (
        {".gitignore": ' .env\n".env.local"\n./.env.x\n*.pem, *.key\r\n.env.y/\n'},
        ".gitignore",
        b".env\n.env.local\n/.env.x\n*.pem\r\n*.key\r\n.env.y\n",
    ),
    "in a package": ({"a/package.json": PACKAGE, ".gitignore": "/.env\n"}, ".gitignore", f"/.env\n\n{BLOCK}.env\n.env.local\n.env.*.local\n".encode()),
    "Docker, created": (
        {"Dockerfile": "FROM a\nCOPY . .\n"},
        ".dockerignore",
        b"# Secrets and history stay out of the build context\n**/.env\n**/.env.local\n**/.env.*.local\n.git\n",
    ),
    "Docker, appended": (
        {"Dockerfile": "FROM a\nCOPY . .\n", ".dockerignore": "*.md\r\n.git", "key[1].pem": expand("<secret:pem>\n")},
        ".dockerignore",
        b"*.md\r\n.git\r\n\r\n# Secrets and history stay out of the build context\r\n**/.env\r\n**/.env.local\r\n**/.env.*.local\r\nkey\\[1].pem\r\n",
    ),
    "Docker, of one Dockerfile in a directory": (
        {"web/Dockerfile": "FROM a\nCOPY . .\n", "web/.dockerignore": "**/.env*\n!**/.env.local\n"},
        "web/.dockerignore",
        b"**/.env*\n!**/.env.local\n\n# Secrets and history stay out of the build context\n**/.env.local\n",
    ),
}


@pytest.mark.parametrize("name", FIXES)
def test_fix(name: str, directory: Path) -> None:
    files, path, expected = FIXES[name]
    make_repository(directory, files)
    broken = ["--ignore=credential-file-committed", "--unsafe-fixes"]
    first = run("env-files", "--fix", *broken, ".")
    assert (directory / path).read_bytes() == expected, first
    assert first.status == 0, first
    git(directory, "add", "--all")
    again = run("env-files", "--fix", *broken, ".")
    assert (again.status, again.out, again.err) == (0, "", "")
    assert (directory / path).read_bytes() == expected


def test_fix_leaves_the_other_findings_as_they_were(directory: Path) -> None:
    make_repository(directory, {"package.json": '{"name": "a", "version": "1.0.0"}\n', ".gitignore": ".env # mine\n", ".env": SECRET})
    before, after = (sorted((found["path"], found["rule"]) for found in check(options=options).report["findings"]) for options in ((), ("--fix",)))
    assert [found for found in before if found[0] != ".gitignore"] == after


def test_fix_that_could_break_a_build_is_unsafe(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": "FROM a\nCOPY . .\n", ".npmrc": expand("_authToken=<secret:alnum20>\n")})
    assert run("env-files", "--fix", "--select=dockerignore-misses-secrets", ".").status == 1
    assert not (directory / ".dockerignore").exists()


def test_fix_of_what_hides_the_template(directory: Path) -> None:
    make_repository(directory, {".gitignore": ".env*"})
    assert run("env-files", "--fix", "--pedantic", ".gitignore").status == 0
    assert (directory / ".gitignore").read_bytes() == b".env*\n!.env.example\n"


def test_fix_from_a_directory_below(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(directory, {"web/package.json": PACKAGE, ".gitignore": "dist\n"})
    monkeypatch.chdir(directory / "web")
    assert run("env-files", "--fix", "package.json").status == 0
    assert b".env.local\n" in (directory / ".gitignore").read_bytes()


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": PACKAGE, ".gitignore": ".env\n".encode("utf-16")},
        {"app/package.json": PACKAGE, ".gitignore": ".env*\n", "app/.gitignore": "!.env\n"},
    ],
    ids=["UTF-16", "undone in a nested file"],
)
def test_no_fix(files: Mapping[str, str | bytes], directory: Path) -> None:
    make_repository(directory, files)
    result = run("env-files", "--fix", ".")
    assert result.status == 1
    assert "gitignore-misses-env" in result.out
    assert {name: (directory / name).read_bytes() for name in files} == {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}


# Real templates


@pytest.mark.parametrize("project", TEMPLATES)
def test_real_template_is_silent(project: str, directory: Path) -> None:
    path, text = TEMPLATES[project]
    assert role_of(path) == TEMPLATE
    make_repository(directory, {path: text})
    assert check(path).report["findings"] == []


def test_published_default_is_silent(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    value = expand("<secret:alnum40>")
    make_repository(directory, {".env.example": f"MEILI_API_TOKEN={value}\n"})
    assert check().rules == ["real-value-in-env-example"]
    monkeypatch.setattr(template_defaults, "_PUBLISHED", frozenset({hashlib.sha256(value.encode()).hexdigest()[:16]}))
    assert check().rules == []


def test_demo_token_is_silent(directory: Path) -> None:
    parts = [
        base64.urlsafe_b64encode(text).rstrip(b"=").decode()
        for text in (b'{"alg":"HS256","typ":"JWT"}', b'{"role":"service_role","iss":"supabase-demo","iat":1641769200}')
    ]
    token = ".".join([*parts, expand("<secret:alnum40>")])
    make_repository(directory, {".env.example": f"SERVICE_ROLE_KEY={token}\n", ".env": f"SERVICE_ROLE_KEY={token}\n"})
    assert check().rules == ["env-file-committed"]


# Kinds of file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, ENV) for path in (".env", "a/.env.production", ".ENV", ".env2", ".env~", ".env copy", "prod.env", "app.env.local", ".envrc", "env.local", ".dev.vars", ".envs/.production/.django")),
        *((path, TEMPLATE) for path in (".env.example", ".env-sample", "example.env", "env.template", "app.env.dist", "dotenv.example", ".envrc.example", ".env.j2", ".dev.vars.example")),
        *((path, CREDENTIAL) for path in (".env.keys", ".npmrc", "id_ed25519", "a/server.PEM", ".docker/config.json", "secrets/db", "secrets/db.txt", "my-service-account.json", "prod.tfvars")),
        *((path, OTHER) for path in (".env.ts", "env.d.ts", ".environment", ".envoy.yaml", ".env.vault", "env", "src/env/index.ts", "secrets/README.md", "secrets/load.py", "docker/config.json", "")),
    ],
)  # fmt: skip
def test_role_of(path: str, kind: str) -> None:
    import re

    assert role_of(path) == kind
    files = next(hook.files for hook in HOOKS if hook.id == "env-files")
    assert kind == OTHER or re.search(files, path), "the hook's `files` must select it"


def _source(text: bytes, path: str = ".env") -> Source:
    return Source(path, text, Repository())


def test_entries_of_an_env_file() -> None:
    text = (
        b'A=1\n export B = \'two\' # comment\r\nC="three # not a comment\\" \nlines"\nD=a#b #c\n#E=old\n# a note: text\nF:  six\n'
        b"G=\"never closed\nH='x'\n\nnot an entry\n=\nI=\nJ=`k`"
    )
    file = _source(text)
    entries = [(entry.name, file.data[entry.start : entry.end], entry.commented) for entry in read_entries(file)]
    assert entries == [
        ("A", b"1", False),
        ("B", b"two", False),
        ("C", b'three # not a comment\\" \nlines', False),
        ("D", b"a#b", False),
        ("E", b"old", True),
        ("F", b"six", False),
        ("G", b'"never closed', False),
        ("H", b"x", False),
        ("I", b"", False),
        ("J", b"k", False),
    ]


@pytest.mark.parametrize("text", [b'A="', b"A='\n", b'A="\\\n', b"A=#\n", b"\r", b'A="' + b"\\" * 50 + b'"\n', b"# ", b"A = "])
def test_entries_in_linear_time(text: bytes) -> None:
    import time

    start = time.process_time()
    read_entries(_source(text * (400_000 // len(text))))
    assert time.process_time() - start < 2


def test_binary_key_stores() -> None:
    pkcs12 = b"\x30\x82\x0a\x00\x02\x01\x03" + b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"
    assert [found.title for found in real_values(_source(pkcs12, "a.p12"))] == ["PKCS #12 file with a private key"]
    assert [found.title for found in real_values(_source(b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", "a.kdbx"))] == ["KeePass database"]
    assert [found.title for found in real_values(_source(b"\x30\x77\x02\x01\x01\x04\x20" + bytes(32), "a.der"))] == ["private key (DER)"]
    assert real_values(_source(b"\x30\x82\x03\x77\x30\x82\x02\x5f", "cert.der")) == []


# The walk


def test_walk_skips_and_stops(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, {"a/b.txt": "", "node_modules/x.js": "", "venv/y.py": "", "odd/pyvenv.cfg": "", "odd/z.py": "", "c.txt": ""})
    os.symlink("a", "link")
    repository = Repository()
    assert sorted(files_below(repository, "")[0]) == ["a/b.txt", "c.txt"]
    assert files_below(repository, "a") == (["b.txt"], True)
    assert names_in(repository, "nowhere") == []
    monkeypatch.setattr("agent_security_hooks.parse.disk.FILE_LIMIT", 1)
    assert files_below(repository, "") == (["c.txt"], False)
    monkeypatch.setattr("agent_security_hooks.parse.disk._DEPTH_LIMIT", 0)
    assert files_below(repository, "") == (["c.txt"], False)


def test_tree_of_a_package(directory: Path) -> None:
    make_repository(directory, {".gitignore": "*.log\n", "p/.gitignore": "!keep.log\n", "p/a.py": "x", "q.py": ""})
    write(directory, {"p/keep.log": "", "p/drop.log": ""})
    repository = Repository()
    tree = DiskTree(repository, "p", files_below(repository, "p")[0])
    assert sorted(tree.tracked or ()) == [".gitignore", "a.py"]
    assert tree.git_ignored(["keep.log", "drop.log", "a.py"]) == {"drop.log"}
    assert (tree.read("a.py"), tree.read("b.py")) == (b"x", None)
    assert DiskTree(repository, "", ["q.py"]).tracked is repository.tracked


def test_too_many_files_are_mentioned(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(
        directory, {"package.json": '{"name": "a", "version": "1.0.0"}\n', "Dockerfile": "FROM a\nCOPY . .\n", ".dockerignore": "*\n", ".gitignore": IGNORES}
    )
    monkeypatch.setattr("agent_security_hooks.parse.disk.FILE_LIMIT", 2)
    assert check().err.count("too many files") == 2


def test_unknown_build_backend_is_mentioned(directory: Path) -> None:
    make_repository(directory, {"pyproject.toml": '[build-system]\nbuild-backend = "odd"\n[project]\nname = "a"\n', ".gitignore": IGNORES, ".env.example": ""})
    write(directory, {".env": SECRET})
    assert "what the package would ship is not verified" in check().err


def test_member_of_a_workspace_inherits_ignores(directory: Path) -> None:
    files = {
        "package.json": '{"private": true, "workspaces": ["packages/*"]}',
        ".gitignore": IGNORES,
        "packages/a/package.json": '{"name": "a", "version": "1.0.0"}',
        "packages/a/.env.prod": "A=1\n",
    }
    make_repository(directory, files)
    assert check().rules == []
    write(directory, {"package.json": '{"private": true, "workspaces": "odd"}'})
    assert check().rules == ["package-ships-secrets"]
    write(directory, {"package.json": '{"workspaces": ["packages/*"],'})
    assert check().rules == ["package-ships-secrets"]


# The history


def test_shallow_history_is_unknown(directory: Path) -> None:
    make_repository(directory / "full", {".env": SECRET})
    git(directory / "full", "commit", "--quiet", "--message=one")
    git(directory / "full", "rm", "--quiet", ".env")
    write(directory / "full", {".gitignore": IGNORES})
    git(directory / "full", "add", ".gitignore")
    git(directory / "full", "commit", "--quiet", "--message=two")
    git(directory, "clone", "--quiet", "--depth=1", f"file://{directory / 'full'}", "shallow")
    os.chdir(directory / "shallow")
    result = check(options=("--select=env-in-history",))
    assert result.rules == []
    assert "shallow clone" in result.err
    os.chdir(directory / "full")
    assert check(options=("--select=env-in-history",)).rules == ["env-in-history"]


def test_history_outside_a_repository_is_unknown(directory: Path) -> None:
    write(directory, {".gitignore": IGNORES})
    assert "not verified" in check(".gitignore", options=("--select=env-in-history",)).err


# Processes


@pytest.fixture
def counted_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Puts a `git` into PATH that counts how often it is started."""
    real = shutil.which("git")
    bin_directory, log = tmp_path / "bin", tmp_path / "log"
    bin_directory.mkdir()
    script = bin_directory / "git"
    script.write_text(f'#!/bin/sh\necho x >> "{log}"\nexec "{real}" "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{bin_directory}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT", "1")

    def count() -> int:
        number = log.read_text().count("x") if log.exists() else 0
        log.unlink(missing_ok=True)
        return number

    return count


ORDINARY = {"a.py": "import os\n", "README.md": "text\n", "ci.yml": "on: push\n", "package-lock.json": "{}\n", "src/b.ts": "export {}\n"}


def test_git_processes(directory: Path, counted_git: Callable[[], int]) -> None:
    files = {
        **ORDINARY,
        ".gitignore": "dist\n",
        ".env": SECRET,
        ".npmrc": expand("_authToken=<secret:alnum20>\n"),
        "package.json": '{"name": "a", "version": "1.0.0"}\n',
        "pyproject.toml": '[project]\nname = "a"\n',
        "Dockerfile": "FROM a\nCOPY . .\n",
        **{f"packages/p{number}/package.json": PACKAGE for number in range(5)},
    }
    make_repository(directory, files)
    counted_git()
    result = check(*files)
    assert {*result.rules} >= {
        "env-file-committed",
        "credential-file-committed",
        "gitignore-misses-env",
        "package-ships-secrets",
        "dockerignore-misses-secrets",
    }
    assert counted_git() == 2


def test_no_git_for_an_ordinary_commit(directory: Path, counted_git: Callable[[], int]) -> None:
    make_repository(directory, ORDINARY)
    counted_git()
    assert check(*ORDINARY).status == 0
    assert counted_git() == 0


def test_no_git_where_the_ignore_files_on_disk_settle_it(directory: Path, counted_git: Callable[[], int]) -> None:
    files = {".gitignore": "/.env*\n", "web/.gitignore": ".env*\n", "web/package.json": PACKAGE, "web/.env.example": "A=\n", "api/package.json": PACKAGE}
    make_repository(directory, files)
    counted_git()
    assert check("web/package.json", "web/.env.example").rules == []
    assert counted_git() == 0
    assert check("api/package.json").rules == ["gitignore-misses-env"]
    assert counted_git() == 2


def test_ordinary_commit_loads_no_rules(directory: Path) -> None:
    make_repository(directory, ORDINARY)
    code = "import sys; from agent_security_hooks import cli; cli.run(sys.argv[1:]); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, "env-files", *ORDINARY],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PRE_COMMIT": "1", "PYTHONPATH": HOOKS_DIRECTORY},
    )
    loaded = done.stdout.split()
    assert "agent_security_hooks.checks.suite" in loaded
    assert not [name for name in loaded if name.startswith(("agent_security_hooks.checks.env", "agent_security_hooks.parse")) or name in ("subprocess", "json")]


def test_one_process_says_the_same(directory: Path) -> None:
    make_repository(directory, {".env": SECRET, "package.json": PACKAGE})
    done = process("env-files", ".env", "package.json", cwd=directory)
    assert done.status == 1
    assert done.err.endswith("findings in 2 files, 1 fixable with --fix\n")


def test_what_npm_expands_can_stay(directory: Path) -> None:
    write(directory, {".npmrc": expand("//registry.npmjs.org/:_authToken=<secret:uuid>\n")})
    (fix,) = [finding["fix"] for finding in scan(".npmrc", hook="env-files").report["findings"]]
    assert fix == "write ${NPM_TOKEN} in its place and revoke what was there; or git rm --cached -- .npmrc and list it in .gitignore"


def test_the_comment_of_an_ignore_file_is_printed_nowhere(directory: Path) -> None:
    secret = expand("<secret:alnum20>")[:12]
    make_repository(directory, {".gitignore": f".env # password = {secret}\n", "package.json": "{}"})
    assert "gitignore-line-ineffective" in scan(".gitignore", hook="env-files").rules
    for option in ("--format=full", "--format=json", "--format=sarif", "--format=github", "--diff"):
        assert secret not in run("env-files", option, ".gitignore").out, option
