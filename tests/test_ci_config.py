"""Pipelines of GitLab and CircleCI, update bots and pre-commit: revisions, images, cooldowns, fixes, and floods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.checks.actions_lint import check
from agent_security_hooks.checks.actions_lint.updates import dependabot_no_cooldown, unpinned_ci_include, unpinned_pre_commit_hook
from agent_security_hooks.parse.actions.update_bots import is_dependabot, is_pre_commit, kind_of_revision, read_dependabot
from agent_security_hooks.parse.ci_config import CIRCLECI, GITLAB, pipeline_kind, read_pipeline, unpinned_image
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st
from support import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = (dependabot_no_cooldown, unpinned_pre_commit_hook, unpinned_ci_include)
PATHS = (".gitlab-ci.yml", ".circleci/config.yml", ".github/dependabot.yml", ".pre-commit-config.yaml")
SHA = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83"


def source(text: str | bytes, path: str) -> Source:
    return Source(path, text if isinstance(text, bytes) else text.encode(), Repository())


def test_names_of_files() -> None:
    assert {pipeline_kind(path) for path in (".gitlab-ci.yml", "a/build.gitlab-ci.yaml", ".gitlab/ci/test.yml", ".gitlab-ci-base.yml")} == {GITLAB}
    assert {pipeline_kind(path) for path in (".circleci/config.yml", ".circleci/x/y.yaml")} == {CIRCLECI}
    assert not any(map(pipeline_kind, (".gitlab-ci.yml.md", ".gitlab/x.json", "circleci/config.yml", ".github/workflows/ci.yml", "")))
    assert is_dependabot(".github/dependabot.yaml")
    assert not is_dependabot("dependabot.yml")
    assert is_pre_commit("a/.pre-commit-config.yaml")
    assert not is_pre_commit(".pre-commit-hooks.yaml")


@pytest.mark.parametrize(
    ("kind", "revisions"),
    [
        ("", f"{SHA} {SHA.upper()} {SHA}{SHA[:24]} $VERSION {{{{x}}}}"),
        ("branch", "main master HEAD stable develop dev feature/x release 1.x v2.x refs/heads/v1 py39-support latest release/next v1-branch"),
        ("tag", "v1 v1.2.3 1.0 24.1.0 ruff-0.1.2 release/1.2 rel_1.2 r123 2024-01-01 refs/tags/x 20240101 mypy-v1.0 v5.0.0-canary 1.2.3-dev"),
        ("short", f"{SHA[:7]} {SHA[:12]} {SHA[:39]} 0a1b2c3"),
    ],
)
def test_revisions(kind: str, revisions: str) -> None:
    assert {revision: kind_of_revision(revision) for revision in revisions.split()} == dict.fromkeys(revisions.split(), kind)


def test_images() -> None:
    pinned = "x@sha256:" + "a" * 64
    silent = ("", " ", pinned, f"registry.acme.io:5000/{pinned}", "$X", "a/$X:1", "${X}", "<< parameters.x >>", "$[[ inputs.x ]]", "a b", "{{ x }}")
    assert [text for text in silent if unpinned_image(text)] == []
    assert [unpinned_image(text) for text in ("x", "x:1", "h:5000/x", "x@sha256:v2", " x:1 ")] == ["x", "x:1", "h:5000/x", "x@sha256:v2", "x:1"]


def test_a_value_is_told_once() -> None:
    text = "a: &a {image: x:1, services: &s [y:1]}\n" + "".join(f"b{n}: *a\nc{n}: {{services: *s}}\n" for n in range(5))
    pipeline = source(text, ".gitlab-ci.yml").view(read_pipeline)
    assert pipeline is not None
    assert [image.node.value for image in pipeline.images] == ["x:1", "y:1"]


def test_what_cannot_be_read_is_named() -> None:
    assert check.unread is not None
    for path in PATHS:
        assert "not valid YAML" in check.unread(source("a: 'b\n", path))
        assert check.unread(source("a: b\n", path)) == ""
        assert check.unread(source("", path)) == ""
        assert check.unread(source("{% if x %}\na: {{ b }}\n{% endif %}\n", path)) == ""
    assert check.unread(source("a: 'b\n", "other.yml")) == ""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_cooldown_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    lines = [
        "version: 2",
        "updates:",
        '  - package-ecosystem: "pip" # größer',
        "    directory: /",
        "  -   directory: /x",
        "      package-ecosystem: npm",
        "      schedule: {}",
        "",
    ]
    path = tmp_path / ".github" / "dependabot.yml"
    path.parent.mkdir()
    path.write_bytes(ending.join(lines).encode())
    monkeypatch.chdir(tmp_path)
    assert run("actions-lint", "--pedantic", "--fix", ".github/dependabot.yml").status == 0
    fixed = [*lines[:3], "    cooldown:", "      default-days: 7", *lines[3:6], "      cooldown:", "        default-days: 7", *lines[6:]]
    assert path.read_bytes().decode() == ending.join(fixed)


def test_where_no_cooldown_can_be_written() -> None:
    for text in (
        "updates: [{package-ecosystem: pip}]",
        "updates:\n- package-ecosystem: |\n    pip\n",
        "updates:\n- ? package-ecosystem\n  : pip\n",
        "updates:\n- {package-ecosystem: pip\n  }\n",
    ):
        hits = list(dependabot_no_cooldown(source(text, ".github/dependabot.yml")))
        assert len(hits) == 1, text
        assert hits[0].edits == (), text


def test_days() -> None:
    for days, wrong in (("7", 0), ("'7'", 0), ("90", 0), ("6", 1), ("0", 1), ("-7", 1), ("many", 1), ("", 1), ("\u0667", 1), ("1e9", 1)):
        found = source(f"updates:\n- package-ecosystem: pip\n  cooldown:\n    default-days: {days}\n", ".github/dependabot.yml").view(read_dependabot)
        assert found is not None
        assert sum(bool(update.problem) for update in found.updates) == wrong, days
    semver = "".join(f"    semver-{kind}-days: 7\n" for kind in ("major", "minor", "patch"))
    found = source(f"updates:\n- package-ecosystem: pip\n  cooldown:\n{semver}", ".github/dependabot.yml").view(read_dependabot)
    assert found is not None
    assert not found.updates[0].problem


_FLOODS: dict[str, tuple[str, Callable[[], str]]] = {
    "jobs": (".gitlab-ci.yml", lambda: "".join(f"a{n}: {{image: x:1}}\n" for n in range(20_000))),
    "one list for all jobs": (".gitlab-ci.yml", lambda: "x: &s [" + "y:1," * 20_000 + "]\n" + "".join(f"a{n}: {{services: *s}}\n" for n in range(20_000))),
    "lists of lists": (
        ".gitlab-ci.yml",
        lambda: "x: &a0 []\n" + "".join(f"x{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 90)) + "services: *a89\n",
    ),
    "orbs": (".circleci/config.yml", lambda: "orbs: &o\n" + "".join(f"  a{n}: x/y@volatile\n" for n in range(20_000)) + "  z: {orbs: *o}\n"),
    "updates": (".github/dependabot.yml", lambda: "updates:\n" + "- {package-ecosystem: pip}\n" * 20_000),
    "hooks": (".pre-commit-config.yaml", lambda: "repos:\n" + "- {repo: https://x/y, rev: main}\n" * 20_000),
    "a long revision": (".pre-commit-config.yaml", lambda: "repos:\n- {repo: https://x/y, rev: " + "a-" * 500_000 + "}\n"),
    "a long image": (".gitlab-ci.yml", lambda: "image: " + "a/" * 500_000 + "\n"),
}


@pytest.mark.parametrize("name", _FLOODS)
def test_floods(name: str) -> None:
    path, text = _FLOODS[name]
    file = source(text(), path)
    start = time.process_time()
    for rule in RULES:
        list(rule(file))
    assert time.process_time() - start < 4


@given(st.binary(max_size=200), st.sampled_from(PATHS))
def test_any_bytes(data: bytes, path: str) -> None:
    keys = b"include image services variables orbs jobs executors updates repos default".split()
    for text in (data, b"".join(key + b": [" + data + b"]\n" for key in keys), b"a: {image: " + data + b", trigger: {include: " + data + b"}}\n"):
        file = source(text, path)
        for rule in RULES:
            list(rule(file))
        assert check.unread is not None
        assert isinstance(check.unread(file), str)
