"""What workflows and pipelines do with secrets: the detectors, names of settings, owners, and floods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.checks.actions_lint.secrets import plaintext_ci_secret, secret_in_log, secrets_overshared
from agent_security_hooks.parse.actions.secret_contexts import owner_of
from agent_security_hooks.parse.actions.secret_use import secret_uses
from agent_security_hooks.parse.actions.workflow import read_workflow
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st
from support import git, make_repository, run, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = ".github/workflows/ci.yml"
RULES = (plaintext_ci_secret, secret_in_log, secrets_overshared)


def source(text: str | bytes, path: str = PATH) -> Source:
    return Source(path, text if isinstance(text, bytes) else text.encode(), Repository())


def uses(script: str, env: str = "TOKEN: '${{ secrets.TOKEN }}'", language: str = "bash") -> list[str]:
    """What is said of a script, in short."""
    body = "".join(f"          {line}\n" for line in script.split("\n"))
    file = source(f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - shell: {language}\n        env: {{{env}}}\n        run: |\n{body}")
    workflow = file.view(read_workflow)
    assert workflow is not None
    return [f"{file.line_of(use.start) - 8}{'p' if use.pedantic else ''} {use.message.split(' ')[0]}" for step in workflow.steps for use in secret_uses(step)]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('echo "$TOKEN"', ["1 echo"]),
        ('echo "$TOKEN" | cat', ["1 echo"]),
        ('echo "$TOKEN" | grep -q x', []),
        ('echo "$TOKEN" | grep x', ["1 echo"]),
        ('echo "$TOKEN" | tee /dev/null', ["1 echo"]),
        ('echo "$TOKEN" | tee x > /dev/null', []),
        ('echo "$TOKEN" 2> log', ["1 echo"]),
        ('echo "$TOKEN" &> log', []),
        ('(echo "$TOKEN") > log', []),
        ('(echo "$TOKEN")', ["1 echo"]),
        ('cat <(echo "$TOKEN")', []),
        ('X=${Y:-$(echo "$TOKEN")}', []),
        ('if true; then echo "$TOKEN"; fi', ["1 echo"]),
        ("for x in $(echo $TOKEN); do make; done", []),
        ('echo "${NAME:-$TOKEN}"', ["1 echo"]),
        ('bash -c "echo $TOKEN"', ["1 echo"]),
        ("printenv TOKEN", ["1 printenv"]),
        ("env", ["1p env"]),
        ("env make", []),
        ("export -p", ["1p export"]),
        ("export TOKEN", []),
        ("set", ["1p set"]),
        ("set -e", []),
        ("set -o xtrace\nacme $TOKEN", ["1 set"]),
        ("set -euxo pipefail\nacme --x $TOKEN", ["1 set"]),
        ("set -eo pipefail\nacme --x $TOKEN", []),
        ("set -x\nset +x\nacme $TOKEN", []),
        ("bash -x ./deploy.sh", ["1p bash"]),
        ("bash ./deploy.sh -x", []),
        ("docker login -p$TOKEN x", ["1 docker"]),
        ("docker run -e TOKEN=$TOKEN x", []),
        ("docker logs -p $TOKEN", []),
        ("npm set //x/:_authToken $TOKEN", ["1 npm"]),
        ("aws configure set aws_secret_access_key $TOKEN", ["1 aws"]),
        ("aws configure set region $REGION", []),
        ("az login --service-principal -u x -p $TOKEN --tenant y", ["1 az"]),
        ("snyk auth $TOKEN", ["1 snyk"]),
        ("acme login --password $TOKEN", ["1p acme"]),
        ("acme --header 'x' --token=$TOKEN", ["1p acme"]),
        ("cat > ~/.netrc <<EOF\nmachine x login y password $TOKEN\nEOF", ["1p cat"]),
        ("cat > ~/.netrc <<EOF\nmachine x login y password ${{ secrets.TOKEN }}\nEOF", ["1p cat"]),
        ("echo x=${{ secrets.TOKEN }} | sudo tee .npmrc > /dev/null", ["1 echo"]),
        ("echo x=${{ secrets.TOKEN }} | tee key.txt > /dev/null", []),
        ("echo x=${{ secrets.TOKEN }} | sudo tee .npmrc", ["1 echo"]),
        ("cat > x.txt <<EOF\n$TOKEN\nEOF", []),
    ],
)
def test_uses(script: str, found: list[str]) -> None:
    assert uses(script) == found


def test_what_is_no_secret() -> None:
    assert uses('echo "$REGION $TOKEN"', "TOKEN: '${{ secrets.AWS_REGION }}'") == ["1p echo"]
    assert uses('echo "$TOKEN"', "TOKEN: \"${{ secrets.TOKEN != '' }}\"") == []
    assert uses('echo "$TOKEN"', "TOKEN: \"${{ secrets.TOKEN && 'yes' }}\"") == []
    assert uses('echo "$TOKEN"', "TOKEN: '${{ steps.x.outputs.token }}'") == []
    assert uses("Write-Host $TOKEN", language="pwsh") == []
    assert uses('echo "$TOKEN"', language="python") == []


def test_owner_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"on: push\npermissions: {}\njobs:\n  a:\n    uses: Acme/ci/.github/workflows/x.yml@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0\n    secrets: inherit\n"
    make_repository(tmp_path, {PATH: text})
    monkeypatch.chdir(tmp_path)
    assert Repository().view(owner_of) == ""
    assert scan("--select=secrets-overshared", PATH, hook="actions-lint").rules == ["secrets-overshared"]
    for url, owner in (
        ("git@github.com:acme/app.git", "acme"),
        ("https://github.com/ACME/app", "acme"),
        ("ssh://git@github.com/acme/app/", "acme"),
        ("../app", ""),
    ):
        git(tmp_path, "config", "remote.origin.url", url)
        assert Repository().view(owner_of) == owner, url
    git(tmp_path, "config", "remote.origin.url", "git@github.com:acme/app.git")
    assert scan(PATH, hook="actions-lint").report["findings"] == []


def test_a_value_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = "h7Kq2vX9" + "pL4mZ8wR3tN6"
    text = f"on: push\npermissions: {{}}\nenv:\n  API_TOKEN: {value}\njobs:\n  a:\n    runs-on: x\n    container: {{image: '', credentials: {{username: x, password: {value}x}}}}\n    steps: []\n"
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / PATH).write_text(text)
    result = scan("--pedantic", PATH, hook="actions-lint")
    assert result.rules.count("plaintext-ci-secret") == 2
    assert value[:12] not in result.out + result.err


def test_the_scan_for_secrets_does_not_repeat_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(tmp_path, {PATH: ("on: push\npermissions: {}\nenv:\n  API_TOKEN: h7Kq2vX9" + "pL4mZ8wR3tN6\njobs: {}\n").encode()})
    monkeypatch.chdir(tmp_path)
    assert {found["rule"] for found in run("check", "--format=json", PATH).report["findings"]} >= {"plaintext-ci-secret", "assigned-secret"}
    shown = run("check", PATH).out
    assert "plaintext-ci-secret" in shown
    assert "assigned-secret" not in shown


_FLOODS: dict[str, Callable[[], str]] = {
    "steps": lambda: "env: {T: '${{ secrets.T }}'}\njobs:\n a:\n  steps:\n" + "  - run: echo $T | cat\n" * 8_000,
    "one script": lambda: "env: {T: '${{ secrets.T }}'}\njobs:\n a:\n  steps:\n  - run: |\n" + "     echo $T | cat > x\n" * 20_000,
    "expressions in one script": lambda: "jobs:\n a:\n  steps:\n  - run: |\n" + "     echo ${{ secrets.T }}\n" * 10_000,
    "expressions on one line": lambda: "jobs:\n a:\n  steps:\n  - run: echo " + "${{ secrets.T }}" * 20_000 + "\n",
    "substitutions": lambda: "env: {T: '${{ secrets.T }}'}\njobs:\n a:\n  steps:\n  - run: |\n" + "     X=$(echo $T)\n" * 10_000,
    "variables": lambda: "env:\n" + "".join(f"  PASSWORD_{number}: hunter{number}x\n" for number in range(20_000)) + "jobs: {}\n",
    "aliases": lambda: (
        "env: &e\n" + "".join(f"  T{n}: '${{{{ secrets.T }}}}'\n" for n in range(2000)) + "jobs:\n a:\n  steps:\n" + "  - {env: *e, run: env}\n" * 2500
    ),
    "variables for later steps": lambda: (
        "jobs:\n a:\n  steps:\n" + "".join(f"  - run: echo T{n}=${{{{ secrets.T }}}} >> $GITHUB_ENV; echo $T{n}\n" for n in range(3_000))
    ),
    "prints of JavaScript": lambda: (
        "jobs:\n a:\n  steps:\n  - uses: actions/github-script@v8\n    env: {T: '${{ secrets.T }}'}\n    with:\n     script: "
        + "console.log(process.env.T " * 20_000
        + "\n"
    ),
    "unclosed": lambda: "x: " + "${{ secrets[" * 100_000,
    "brackets": lambda: "x: '" + "${{ secrets[secrets[" * 30_000 + "'",
}


@pytest.mark.parametrize("name", _FLOODS)
def test_floods(name: str) -> None:
    file = source(_FLOODS[name]())
    start = time.process_time()
    for rule in RULES:
        list(rule(file))
    assert time.process_time() - start < 4


_PIPELINE_FLOODS: dict[str, Callable[[], str]] = {
    "jobs": lambda: "".join(f"a{n}:\n  script: [echo $A{n}_TOKEN]\n" for n in range(5_000)),
    "one script": lambda: "a:\n  script:\n" + "".join(f"    - echo $A{n}_TOKEN | cat\n" for n in range(5_000)),
    "variables": lambda: "variables:\n" + "".join(f"  A{n}_TOKEN: $B{n}_TOKEN\n" for n in range(20_000)) + "a:\n  script: [echo $A1_TOKEN]\n",
    "includes": lambda: "include:\n" + "".join(f"  - local: ci/{n}.yml\n" for n in range(20_000)) + "  - '" + "*/" * 5_000 + "*.yml'\n",
}


@pytest.mark.parametrize("name", _PIPELINE_FLOODS)
def test_floods_of_pipelines(name: str) -> None:
    file = source(_PIPELINE_FLOODS[name](), ".gitlab-ci.yml")
    start = time.process_time()
    for rule in RULES:
        list(rule(file))
    assert time.process_time() - start < 4


def test_rules_of_included_files_agree_with_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a:\n  image: python:3.13\n  variables: {API_TOKEN: h7Kq2vX9" + "pL4mZ8wR3tN6}\n  script: [echo $CI_JOB_TOKEN]\n"
    make_repository(tmp_path, {".gitlab-ci.yml": b"include: ci/x.yml\n", "ci/x.yml": text.encode(), "x.gitlab-ci.yml": text.encode()})
    monkeypatch.chdir(tmp_path)
    included, alone = (scan("--pedantic", name, hook="actions-lint").report["findings"] for name in (".gitlab-ci.yml", "x.gitlab-ci.yml"))
    assert (
        sorted(found["rule"] for found in included)
        == sorted(found["rule"] for found in alone)
        == ["plaintext-ci-secret", "secret-in-log", "unpinned-ci-include"]
    )
    assert all(
        found["message"].startswith("in ci/x.yml:") and found["message"].endswith(other["message"])
        for found, other in zip(*(sorted(group, key=lambda found: str(found["rule"])) for group in (included, alone)))
    )


@pytest.mark.parametrize(
    "script", ["echo $TOKEN", "docker login -p $TOKEN", "set -x; curl $TOKEN", "bash -ex; a $TOKEN", "set -o xtrace; a $TOKEN", "cat <<< $TOKEN"]
)
def test_a_quick_run_leaves_out_pedantic_cases_only(script: str) -> None:
    file = source(
        f"on: push\njobs:\n  a:\n    steps:\n      - env: {{TOKEN: '${{{{ secrets.TOKEN }}}}', HOST: '${{{{ secrets.HOST }}}}'}}\n        run: {script}; env; echo $HOST\n"
    )
    quick = source(file.data)
    quick.thorough = False
    expected = [hit for hit in secret_in_log(file) if not hit.pedantic]
    assert [hit for hit in secret_in_log(quick) if not hit.pedantic] == expected
    assert len(expected) == (script != "bash -ex; a $TOKEN")


@given(st.binary(max_size=300), st.sampled_from((PATH, "action.yml", ".gitlab-ci.yml", ".circleci/config.yml")))
def test_any_bytes(data: bytes, path: str) -> None:
    for text in (data, b"env: {T: '${{ secrets.T }}'}\njobs: {a: {steps: [{run: \"" + data.replace(b'"', b"").replace(b"\n", b"\\n") + b'"}]}}'):
        file, quick = source(text, path), source(text, path)
        quick.thorough = False
        for rule in RULES:
            assert [hit for hit in rule(quick) if not hit.pedantic] == [hit for hit in rule(file) if not hit.pedantic]
