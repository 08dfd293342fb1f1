"""What holds for every model file: waived by its digest only, read piece by piece when it is large, named when it cannot be looked at."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks import config
from artefacts.pickles import pickled
from support import git, make_repository, run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

EVIL = pickled("GLOBAL os system", "MARK", "UNICODE id", "TUPLE", "REDUCE", "STOP")
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
RULE = "dangerous-pickle"


def ignore(*lines: str) -> str:
    return "\n".join(["[[ignore]]", f'rule = "{RULE}"', 'reason = "ours"', *lines, ""])


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_digest_accepts_one_content(repository: Path) -> None:
    make_repository(repository, {"a.pkl": EVIL, ".agent-security.toml": ignore(f'sha256 = "{digest(EVIL).upper()}"')})
    accepted = scan("a.pkl", hook="model-files")
    assert (accepted.status, accepted.report["suppressed"]) == (0, 1)
    write(repository, {"a.pkl": EVIL + b"\n"})
    assert RULE in scan("a.pkl", hook="model-files").rules


def test_a_digest_and_a_path_must_both_match(repository: Path) -> None:
    make_repository(repository, {"a.pkl": EVIL, "b.pkl": EVIL, ".agent-security.toml": ignore(f'sha256 = "{digest(EVIL)}"', 'path = "a.*"')})
    assert {finding["path"] for finding in scan("a.pkl", "b.pkl", hook="model-files").report["findings"]} == {"b.pkl"}


def test_a_path_alone_accepts_no_model_file(repository: Path) -> None:
    make_repository(repository, {"a.pkl": EVIL, ".agent-security.toml": ignore('path = "a.pkl"')})
    result = run("model-files", "a.pkl")
    assert result.status == 1
    assert f"[model-files: {RULE}]" in result.out
    assert f'add sha256 = "{digest(EVIL)}"' in result.err


def test_a_comment_in_a_model_file_counts_for_nothing(repository: Path) -> None:
    make_repository(repository, {})
    write(repository, {"b.pkl": EVIL[:-1] + pickled("POP", "UNICODE # agent-security: ignore-file[dangerous-pickle] fine", "STOP")})
    assert RULE in scan("b.pkl", hook="model-files").rules


@pytest.mark.parametrize("text", ['sha256 = "abc"', "sha256 = 5", f'sha256 = "{"g" * 64}"'])
def test_a_digest_has_64_digits(text: str, repository: Path) -> None:
    make_repository(repository, {".agent-security.toml": ignore(text)})
    with pytest.raises(config.ConfigError, match="sha256 must be 64 hexadecimal digits"):
        config.load(str(repository))


def test_a_baseline_accepts_one_content(repository: Path) -> None:
    make_repository(repository, {"a.pkl": EVIL})
    assert run("baseline", "write").status == 0
    assert scan("a.pkl", hook="model-files").status == 0
    write(repository, {"a.pkl": EVIL.replace(b"id", b"ls")})
    assert RULE in scan("a.pkl", hook="model-files").rules


def sparse(path: str, start: bytes, size: int, end: bytes = b"") -> None:
    with open(path, "wb") as file:
        file.write(start)
        file.seek(size - len(end))
        file.write(end or b"\0")


def test_a_large_model_is_read_piece_by_piece(repository: Path) -> None:
    make_repository(repository, {})
    sparse("big.pkl", EVIL, 40 << 20)
    sparse("big.safetensors", EVIL, 40 << 20)
    found = scan("big.pkl", "big.safetensors", hook="model-files").report["findings"]
    assert {(finding["path"], finding["rule"]) for finding in found} >= {("big.pkl", RULE), ("big.safetensors", RULE)}
    assert run("secret-scan", "big.pkl").status == 0


def test_a_large_model_is_accepted_by_its_digest(repository: Path) -> None:
    make_repository(repository, {})
    sparse("big.pkl", EVIL, 33 << 20)
    with open("big.pkl", "rb") as file:
        write(repository, {".agent-security.toml": ignore(f'sha256 = "{digest(file.read())}"')})
    result = scan("--select=dangerous-pickle", "big.pkl", hook="model-files").report
    assert (result["findings"], result["suppressed"]) == ([], 1)


def test_a_model_over_the_limit_is_named(repository: Path) -> None:
    make_repository(repository, {})
    sparse("model.pt", b"PK\x03\x04", 4 << 30)
    sparse("film.mkv", b"\x1aE\xdf\xa3", 4 << 30)
    result = scan("model.pt", "film.mkv", hook="model-files")
    assert [
        (error["path"], error["message"].startswith("not checked to the end: 4096 MB is over the limit of 1024 MB")) for error in result.report["errors"]
    ] == [("model.pt", True)]
    assert result.status == 2


def test_a_large_text_is_still_named(repository: Path) -> None:
    make_repository(repository, {})
    sparse("big.txt", b"text", 40 << 20)
    assert run("model-files", "big.txt").status == 2


def test_pointers_are_named_once(repository: Path) -> None:
    make_repository(repository, {f"m{number}.pt": POINTER for number in range(7)} | {"picture.psd": POINTER})
    result = run("model-files", *(f"m{number}.pt" for number in range(7)), "picture.psd")
    assert (result.status, result.out) == (0, "")
    assert "m0.pt, m1.pt, m2.pt, m3.pt, m4.pt and 2 more: pointers of Git LFS; what they stand for was not checked" in result.err
    assert result.err.count("Git LFS") == 1


def test_what_is_staged_counts(repository: Path) -> None:
    make_repository(repository, {"a.pkl": EVIL})
    write(repository, {"a.pkl": b"harmless"})
    found = scan("a.pkl", hook="model-files").report["findings"]
    assert [finding["message"].endswith("(as staged)") for finding in found if finding["rule"] == RULE] == [True]


def test_nothing_is_loaded(repository: Path) -> None:
    make_repository(repository, {"a.pkl": pickled("GLOBAL os mkdir", "MARK", "UNICODE made", "TUPLE", "REDUCE", "STOP")})
    assert run("model-files", "a.pkl").status == 1
    assert not os.path.exists("made")
    assert git(repository, "status", "--porcelain").split() == ["A", "a.pkl"]
