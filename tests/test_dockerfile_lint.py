"""The Dockerfile rules of `dockerfile-lint`: what needs git, a fix, several hooks, or any input at all."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import find_hook, load_check
from agent_security_hooks.data.base_images import DROPS_ROOT, NON_ROOT, ROOT
from agent_security_hooks.model import Incomplete
from agent_security_hooks.parse.file_kinds import is_dockerfile
from agent_security_hooks.parse.image_names import OTHER, SECRET, STAND_IN, judge_value, promises_secret
from agent_security_hooks.parse.image_reference import default_user, drops_root, parse_image
from agent_security_hooks.parse.image_users import is_root
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.parse.shell_calls import calls_in
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st
from placeholders import expand
from support import git, make_repository, run, scan

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "0123456789abcdef" * 4
HOOK = find_hook("dockerfile-lint")
assert HOOK is not None
RULES = {rule.name: rule for rule in load_check(HOOK).rules}


def check(text: str, *options: str) -> list[tuple[int, str]]:
    """Lines and rules of what the hook finds in one Dockerfile of the current directory."""
    with open("Dockerfile", "w", encoding="utf-8") as file:
        file.write(text)
    report = scan(*options, "Dockerfile", hook="dockerfile-lint").report
    assert report["errors"] == []
    return [(found["line"], found["rule"]) for found in report["findings"]]


# Names and values


@pytest.mark.parametrize(
    "name",
    [
        *"password DB_PASSWORD PGPASSWORD pword NPM_TOKEN HF_TOKEN GITHUB_PAT apikey API_KEY openaiApiKey picaticKey SECRET SECRET_KEY_BASE JWT_SECRET".split(),
        *"AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY SSH_PRIVATE_KEY GIT_CREDENTIALS COMPOSER_AUTH DOCKER_AUTH_CONFIG AUTH NPM_AUTH KEY TOKEN_ACME".split(),
        *"VITE_API_KEY NEXT_PUBLIC_API_KEY REACT_APP_SECRET GITHUBTOKEN DB_PASS CERT_PASSWORD".split(),
    ],
)
def test_names_that_promise_a_secret(name: str) -> None:
    assert promises_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        *"GPG_KEY PYTHON_SHA256 PUBLIC_KEY SECRET_FILE SSH_AUTH_SOCK MAX_TOKENS TOKENIZERS_PARALLELISM PIP_KEYRING_PROVIDER".split(),
        *"ACCESS_TOKEN_EXPIRE_MINUTES DISABLE_AUTH USERNAME API_VERSION AUTHOR AUTH0_DOMAIN AUTH_URL KEY_ID KEYBOARD MONKEY CACHE_KEY KEY_VAULT_NAME".split(),
        *"MYSQL_ALLOW_EMPTY_PASSWORD POSTGRES_HOST_AUTH_METHOD PASSENGER_VERSION TOKEN_TYPE SECRETS_DIR NEXT_PUBLIC_SUPABASE_ANON_KEY".split(),
        *"VITE_FIREBASE_API_KEY STRIPE_PUBLISHABLE_KEY GOOGLE_APPLICATION_CREDENTIALS AUTHORIZED_KEYS SSL_CERT_FILE".split(),
        "",
        "_",
    ],
)
def test_names_that_do_not(name: str) -> None:
    assert not promises_secret(name)


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("DB_PASSWORD", "secret", SECRET),
        ("PASSWORD", "password", SECRET),
        ("PASSWORD", "1234", SECRET),
        ("PASSWORD", "p@ss.word", SECRET),
        ("API_TOKEN", "abc123def456", SECRET),
        ("APP_KEY", "base64:k29fjw02k29fjw02k29fjw02aaa=", SECRET),
        ("DJANGO_SECRET_KEY", "abcde0s&&uyc)hf_3rv@!a95nasd22e-dxt^9k^7!f+jxkk", SECRET),
        ("picaticKey", "k29fjw", SECRET),
        ("API_KEY", "changeme", STAND_IN),
        ("API_KEY", "<your key>", STAND_IN),
        ("API_KEY", "__API_KEY__", STAND_IN),
        ("SECRET_KEY", "build-time-only", STAND_IN),
        ("API_KEY", "none", STAND_IN),
        ("API_KEY", "xxxxxxxx", STAND_IN),
        ("KEY", "value", STAND_IN),
        ("TLS_KEY", "/certs/tls.key", OTHER),
        ("API_KEY", "https://vault.acme.io/key", OTHER),
        ("REQUIRE_TOKEN", "true", OTHER),
        ("SIGNING_KEY", "573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62", OTHER),
        ("REPOSITORY_KEY", "b42f6819007f00f88e364fd4036a9c26bf357dd4", OTHER),
    ],
)
def test_values(name: str, value: str, verdict: str) -> None:
    assert judge_value(name, value.encode()) == verdict


# Images and users


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", ("python", "", "")),
        ("docker.io/library/python:3.12", ("python", "3.12", "")),
        ("registry:5000/team/agent", ("registry:5000/team/agent", "", "")),
        ("registry:5000/Agent:1@" + DIGEST, ("registry:5000/agent", "1", DIGEST)),
        ("python@sha256:v2", ("python", "", "")),
        ("python@sha256:", ("python", "", "")),
        ("ubuntu@sha256:abc123def456", ("ubuntu", "", "sha256:abc123def456")),
    ],
)
def test_parts_of_an_image_name(text: str, expected: tuple[str, str, str]) -> None:
    assert parse_image(text) == expected


def test_tables_of_images_agree() -> None:
    for repository in ROOT | DROPS_ROOT:
        assert default_user(repository) == "", repository
        assert repository == repository.lower()
    for known in NON_ROOT:
        assert known.user
        assert all(pattern == pattern.lower() and pattern.count("*") <= 1 for pattern in known.repositories)
    assert drops_root("docker.io/library/postgres:16-alpine")
    assert not drops_root("acme/postgres:16")


@pytest.mark.parametrize("user", ["root", "0", "00", "0:0", "root:root", " root ", '"0"', "0:1000", "'root':x"])
def test_values_of_root(user: str) -> None:
    assert is_root(user)


@pytest.mark.parametrize("user", ["", "app", "1000", "10", "1000:0", "0root", "rootless", "²", ":0"])
def test_values_of_others(user: str) -> None:
    assert not is_root(user)


@pytest.mark.parametrize(
    "name", ["Dockerfile", "a/Dockerfile.dev", "Dockerfile-alpine", "api.Dockerfile", "x.dockerfile", "Containerfile", "Containerfile.ci", "dockerfile"]
)
def test_files_that_the_hook_wants(name: str) -> None:
    assert HOOK is not None
    assert re.search(HOOK.files, name)
    assert is_dockerfile(name)


@pytest.mark.parametrize(
    "name", ["Dockerfile.md", "dockerfile.go", "Dockerfile.dockerignore", ".dockerignore", "MyDockerfile", "dockerfile_lint/x.py", "compose.json"]
)
def test_files_that_it_does_not(name: str) -> None:
    assert HOOK is not None
    assert not re.search(HOOK.files, name)


# Commands


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("sudo -u app env A=b nice -n 5 chmod 777 /x", ["chmod"]),
        ("a | b && (c; d) || { e; }", ["a", "b", "c", "d", "e"]),
        ("if a; then b; else c; fi; for x in $(d); do e; done", ["a", "b", "c", "d", "e"]),
        ("sh -c 'a; bash -c \"b\"' && eval 'c d'", ["sh", "a", "bash", "b", "eval", "c"]),
        ("find / -name x -exec a {} \\; ; ls | xargs -n 1 b", ["a", "ls", "b"]),
        ('echo "$(a "`b`")" > $(c)', ["echo", "a", "b", "c"]),
        ("$X y; /usr/bin/a b", ["", "a"]),
    ],
)
def test_calls_of_a_script(script: str, names: list[str]) -> None:
    data = script.encode()
    calls = list(calls_in(MappedText.cut(data, 0, len(data))))
    assert sorted(call.name for call in calls) == sorted(names)
    assert all(0 <= call.start < call.end <= len(data) for call in calls)


# The repository around the file

LEAKY = f"FROM node:22@{DIGEST}\nCOPY . .\nUSER node\n"


def test_leak_is_said_once_to_people(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": LEAKY, ".dockerignore": "*.md\n"})
    listed = run("agent-security", "--format=json", ".").report["findings"]
    assert [(found["path"], found["rule"]) for found in listed] == [(".dockerignore", "dockerignore-misses-secrets"), ("Dockerfile", "copy-leaks-secrets")]
    text = run("agent-security", ".").out
    assert "[dockerfile-lint: copy-leaks-secrets]" in text
    assert "dockerignore-misses-secrets" not in text
    assert "[env-files: dockerignore-misses-secrets]" in run("agent-security", ".dockerignore").out


def test_leak_without_an_ignore_file_is_said_once_to_people(directory: Path) -> None:
    make_repository(
        directory, {"web/Dockerfile": LEAKY, "web/package.json": "{}", "api/Dockerfile": LEAKY, "api/.dockerignore": "*.md\n", "api/go.mod": "module x\n"}
    )
    text = run("agent-security", "web", "api/Dockerfile").out
    assert text.count("web/Dockerfile:2:1: COPY of the whole") == 1
    assert text.count("api/Dockerfile:2:1: COPY of the whole") == 1


def test_leaks_of_two_contexts_do_not_hide_each_other(directory: Path) -> None:
    files = {f"{place}/{name}": text for place in ("a", "b") for name, text in (("Dockerfile", LEAKY), (".dockerignore", "*.md\n"))}
    make_repository(directory, files)
    text = run("agent-security", "a/Dockerfile", "b/.dockerignore").out
    assert "a/Dockerfile:2:1" in text
    assert "b/.dockerignore:1:1" in text


def test_fix_writes_the_ignore_file(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": LEAKY, "Dockerfile.dev": LEAKY})
    first = run("dockerfile-lint", "--fix", "Dockerfile", "Dockerfile.dev")
    written = (directory / ".dockerignore").read_bytes()
    assert first.status == 0, first
    assert written == b"# Secrets and history stay out of the build context\n**/.env\n**/.env.local\n**/.env.*.local\n.git\n"
    assert run("dockerfile-lint", "--fix", "Dockerfile", "Dockerfile.dev").status == 0
    assert (directory / ".dockerignore").read_bytes() == written
    assert scan("Dockerfile", "Dockerfile.dev", hook="dockerfile-lint").rules == []


def test_fix_extends_the_ignore_file(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": LEAKY, "Dockerfile.dockerignore": "*.md\r\n.git\r\n", ".dockerignore": "**/.env*\n.git\n"})
    assert run("dockerfile-lint", "--fix", "Dockerfile").status == 0
    assert (
        (directory / "Dockerfile.dockerignore")
        .read_bytes()
        .endswith(b".git\r\n\r\n# Secrets and history stay out of the build context\r\n**/.env\r\n**/.env.local\r\n**/.env.*.local\r\n")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"# Secrets and history stay out of the build context\n**/.env\n**/.env.local\n**/.env.*.local\n.git\n"),
        (b"*.md", b"*.md\n\n# Secrets and history stay out of the build context\n**/.env\n**/.env.local\n**/.env.*.local\n.git\n"),
        (b"*.md\r\n.git", b"*.md\r\n.git\r\n\r\n# Secrets and history stay out of the build context\r\n**/.env\r\n**/.env.local\r\n**/.env.*.local\r\n"),
        (b"\xef\xbb\xbf# \xff\n**/.env*\n", b"\xef\xbb\xbf# \xff\n**/.env*\n\n# Secrets and history stay out of the build context\n.git\n"),
        (b"**\n!/src\n!.env", b"**\n!/src\n!.env\n\n# Secrets and history stay out of the build context\n**/.env\n"),
    ],
)
def test_fix_keeps_every_byte_of_the_ignore_file(directory: Path, before: bytes, after: bytes) -> None:
    make_repository(directory, {"Dockerfile": LEAKY, ".dockerignore": before})
    assert run("dockerfile-lint", "--fix", "Dockerfile").status == 0
    assert (directory / ".dockerignore").read_bytes() == after
    assert run("dockerfile-lint", "--fix", "Dockerfile").status == 0
    assert (directory / ".dockerignore").read_bytes() == after
    assert (directory / "Dockerfile").read_text() == LEAKY


def test_one_problem_is_said_once_to_people(directory: Path) -> None:
    value = "<secret:random>"
    dockerfile = f"""FROM node:22@{DIGEST}
ENV DB_PASSWORD={value} DATABASE_URL=postgres://app:{value}@db.acme.io/app
ARG API_TOKEN=${{API_TOKEN:-{value}}}
RUN git clone https://bob:{value}@acme.io/x && curl -fu bob:{value} https://acme.io/y -o /y
CMD ["serve", "--password={value}"]
USER node
"""
    compose = f"""services:
  a:
    image: acme/a@{DIGEST}
    environment:
      - DB_PASSWORD={value}
      - API_KEY=${{API_KEY:-{value}}}
      - REDIS_URL=redis://:${{REDIS_PASSWORD:-{value}}}@cache:6379
"""
    make_repository(directory, {"Dockerfile": expand(dockerfile), "compose.yaml": expand(compose), ".gitignore": ".env\n.env.*\n"})
    listed = run("agent-security", "--format=json", ".").report["findings"]
    places = {(found["path"], found["line"], found["column"]) for found in listed}
    text = run("agent-security", ".").out
    assert len(places) == 9
    assert len(listed) == 18
    assert "secret-scan" not in text
    assert text.count("[dockerfile-lint: ") == 9


def test_fix_that_could_break_a_build_is_unsafe(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": LEAKY, ".dockerignore": "**/.env*\n.git\n", ".npmrc": expand("_authToken=<secret:alnum20>\n")})
    assert run("dockerfile-lint", "--fix", "Dockerfile").status == 1
    assert (directory / ".dockerignore").read_bytes() == b"**/.env*\n.git\n"
    assert run("dockerfile-lint", "--fix", "--unsafe-fixes", "Dockerfile").status == 0


def test_env_file_without_secrets_counts_only_when_it_is_personal(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": "FROM scratch\nCOPY .env /app/\n"})
    (directory / ".env").write_text("LOG_LEVEL=debug\n")
    assert scan("Dockerfile", hook="dockerfile-lint").rules == ["credential-file-copied"]
    git(directory, "add", "--force", ".env")
    assert scan("Dockerfile", hook="dockerfile-lint").rules == []
    (directory / ".env").write_text(expand("OPENAI_API_KEY=<secret:openai>\n"))
    assert scan("Dockerfile", hook="dockerfile-lint").rules == ["credential-file-copied"]


def test_staged_dockerfile_is_judged_for_itself(directory: Path) -> None:
    make_repository(directory, {"Dockerfile": "FROM scratch\nENV DB_PASSWORD=hunter2\nCOPY . .\n"})
    (directory / "Dockerfile").write_text("FROM scratch\n")
    assert scan("Dockerfile", hook="dockerfile-lint").rules == ["secret-in-image"]


def test_nothing_outside_of_a_repository_is_needed(directory: Path) -> None:
    assert check("FROM scratch\nCOPY . .\nCOPY ../../x/.env /y\n") == [(2, "copy-leaks-secrets"), (3, "credential-file-copied")]


def test_no_secret_is_shown(directory: Path) -> None:
    secret = expand("<secret:openai>")
    text = f"""FROM scratch AS {secret}
ARG {secret}
ARG TOKEN
ENV A_TOKEN={secret} PASSWORD=hunter2wrecks
LABEL x={secret}
COPY {secret}/.env /{secret}
ADD https://u:hunter2wrecks@example.org/{secret} /x
ADD https://example.org/{secret}.git#{secret} /x
USER {secret}
RUN curl -H "Authorization: Bearer {secret}" https://u:hunter2wrecks@example.org && docker login -p hunter2wrecks
RUN chmod 777 /{secret} && echo "{secret}:hunter2wrecks" | chpasswd
RUN git clone https://${{TOKEN}}:{secret}@example.org/x && cp /run/secrets/x /{secret}
FROM acme/{secret}:latest
COPY --from={secret}/x:1 . .
USER root:{secret}
"""
    assert len(check(text, "--pedantic")) > 12
    for style in ("text", "full", "json", "sarif", "github"):
        result = run("dockerfile-lint", "--pedantic", f"--format={style}", "Dockerfile")
        assert secret not in result.out + result.err, style
        assert secret[12:] not in result.out + result.err, style
        assert "hunter2wrecks" not in result.out + result.err, style


PIECES = st.sampled_from(
    [
        "FROM ", "ARG ", "ENV ", "RUN ", "COPY ", "ADD ", "USER ", "ONBUILD ", "CMD ", "SHELL ", "# escape=`\n", "# syntax=x\n", "\n", " ", "\\\n", "`\n", "<<EOF", "EOF\n",
        "--from=", "--mount=type=secret,id=x,target=/y ", "--chmod=777 ", "--checksum=", '["', '", "', '"]', "$", "${", "}", ":-", "'", '"', "=", " AS b", "b", "scratch",
        "alpine:3", "@sha256:", "0", "root", "TOKEN", "API_KEY", ".npmrc", ".env", ".", "https://", "git@x:y", "://${TOKEN}@", "sudo ", "chmod ", "777", "a+w", "umask 0", "chpasswd",
        "echo root:x |", "NOPASSWD: ALL", "_authToken=$TOKEN", " > .npmrc", "docker login -p x", "cp /run/secrets/x /z", "rm ", "&& ", "| tee ", "\x00", "é", "\udcff", "(", "$(", ")",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_any_file_is_read_to_the_end(text: str, crlf: bool) -> None:
    data = text.replace("\n", "\r\n" if crlf else "\n").encode("utf-8", "surrogateescape")
    file = Source("no/such/place/Dockerfile", data, Repository(os.sep))
    for rule in RULES.values():
        try:
            hits = list(rule.run(file))
        except Incomplete:
            continue
        for hit in hits:
            assert 0 <= hit.start <= hit.end <= len(data)
            assert hit.message


def test_user_is_never_changed_by_a_fix(directory: Path) -> None:
    text = f"FROM node:22@{DIGEST}\nUSER root\nRUN chmod 777 /x\n"
    assert check(text) == [(2, "root-user"), (3, "world-writable")]
    assert all(not found["edits"] for found in scan("Dockerfile", hook="dockerfile-lint").report["findings"])
    assert run("dockerfile-lint", "--fix", "--unsafe-fixes", "Dockerfile").status == 1
    assert (directory / "Dockerfile").read_text() == text


@pytest.mark.parametrize(
    ("text", "what"), [(f"RUN {':;' * 200_000}chmod 777 /x\n", ""), ("RUN a\n" * 200_000, "lines"), (f"RUN {'a;' * 90_000}chmod 777 /x\n", "commands")]
)
def test_what_is_not_read_to_the_end_says_so(text: str, what: str, directory: Path) -> None:
    (directory / "Dockerfile").write_text(f"FROM node:22@{DIGEST}\n{text}USER 1\n")
    result = scan("Dockerfile", hook="dockerfile-lint")
    assert result.status == 2
    (error,) = result.report["errors"]
    assert error["message"].startswith(f"not looked at to the end: it has more {what}")
