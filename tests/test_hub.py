"""What is loaded from hubs: the commit in the local cache, names that are repositories, messages and fixes, time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from agent_security_hooks.parse.loads.hub_ids import DATASET, MODEL, SENTENCES, SPACE, cached_commit, hub_id, is_local, url_of
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from support import scan, write

COMMIT = "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a"
OTHER = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's cache."""
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(tmp_path / "project")
    return home


def findings(code: str, *options: str) -> list[Any]:
    with open("model.py", "w", encoding="utf-8") as file:
        file.write(code)
    found: list[Any] = scan(*options, "model.py", hook="pickle-check").report["findings"]
    return found


def only(code: str, *options: str) -> Any:
    found = findings(code, *options)
    assert len(found) == 1
    return found[0]


LOAD = 'from transformers import AutoModel\nAutoModel.from_pretrained("acme/agent"{})\n'
_REF = "models--acme--agent/refs/main"


@pytest.mark.parametrize(
    ("variable", "path"),
    [
        ("HF_HUB_CACHE", ""),
        ("HUGGINGFACE_HUB_CACHE", ""),
        ("HF_HOME", "hub/"),
        ("XDG_CACHE_HOME", "huggingface/hub/"),
        ("HOME", ".cache/huggingface/hub/"),
    ],
)
def test_the_commit_in_the_cache_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, path: str) -> None:
    write(tmp_path / "cache", {path + _REF: f"{COMMIT}\n".encode()})
    monkeypatch.setenv(variable, str(tmp_path / "cache"))
    monkeypatch.setenv("USERPROFILE", os.environ["HOME"])
    assert only(LOAD.format(""))["fix"] == f'pass revision="{COMMIT}", which is main in the local cache'


def test_without_a_cache_git_tells_the_commit() -> None:
    assert only(LOAD.format(""))["fix"] == 'pass revision="COMMIT"; git ls-remote https://huggingface.co/acme/agent HEAD prints it'
    assert only(LOAD.format(', revision="v1.0"'))["fix"] == 'pass revision="COMMIT"; git ls-remote https://huggingface.co/acme/agent v1.0 prints it'


def test_a_tag_has_a_commit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    write(tmp_path, {_REF: COMMIT.encode(), "models--acme--agent/refs/v1.0": OTHER.encode(), "datasets--acme--talks/refs/main": OTHER.encode()})
    assert (cached_commit("acme/agent", MODEL), cached_commit("acme/agent", MODEL, "v1.0")) == (COMMIT, OTHER)
    assert (cached_commit("acme/agent", MODEL, "v2"), cached_commit("acme/talks", DATASET), cached_commit("acme/talks", MODEL)) == ("", OTHER, "")


@pytest.mark.parametrize("content", [b"", b"main", COMMIT.encode() * 2, COMMIT.upper().encode(), b"$(id)" * 8, b"\xff" * 40, b"0" * 200])
def test_what_is_no_commit_is_not_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    write(tmp_path, {_REF: content})
    assert cached_commit("acme/agent", MODEL) == ""


def test_the_cache_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    write(tmp_path, {"refs/main": COMMIT.encode(), "secret": COMMIT.encode(), "cache/models--acme--agent/refs/x": b""})
    for revision in ("../../../refs/main", "..", ".", "", "a\0b", "/etc/passwd", "refs/pr/1"):
        assert cached_commit("acme/agent", MODEL, revision) == ""
    (tmp_path / "cache/models--acme--agent/refs/main").symlink_to(tmp_path / "secret")
    assert cached_commit("acme/agent", MODEL) == ""
    (tmp_path / "cache/models--acme--other/refs/main").mkdir(parents=True)
    assert cached_commit("acme/other", MODEL) == ""


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("acme/agent", MODEL, "acme/agent"),
        ("BAAI/bge-small-en-v1.5", MODEL, "BAAI/bge-small-en-v1.5"),
        ("gpt2", MODEL, "gpt2"),
        ("distilbert-base-uncased-finetuned-sst-2-english", MODEL, "distilbert-base-uncased-finetuned-sst-2-english"),
        ("bert-base-mine", MODEL, ""),
        ("my-agent", MODEL, ""),
        ("all-MiniLM-L6-v2", SENTENCES, "sentence-transformers/all-MiniLM-L6-v2"),
        ("all-MiniLM-L6-v2", MODEL, ""),
        ("imdb", DATASET, "imdb"),
        ("parquet", DATASET, ""),
        ("data", DATASET, ""),
        ("relative_data_dir", DATASET, ""),
        ("train.jsonl", DATASET, ""),
        ("models/agent", MODEL, ""),
        ("acme/checkpoint-500", MODEL, ""),
        ("acme/best_model", MODEL, ""),
        ("acme/agent.gguf", MODEL, ""),
        ("acme/agent/", MODEL, ""),
        ("a/b/c", MODEL, ""),
        ("/acme/agent", MODEL, ""),
        ("../agent", MODEL, ""),
        ("acme/..", MODEL, ""),
        ("acme/a..b", MODEL, ""),
        ("acme/$(id)", MODEL, ""),
        ("acme/a b", MODEL, ""),
        ("acme/agent\n", MODEL, ""),
        ("a" * 97 + "/agent", MODEL, ""),
        ("", MODEL, ""),
    ],
)
def test_names_of_repositories(text: str, kind: str, expected: str) -> None:
    assert hub_id(text, kind, Source("src/model.py", b"", Repository())) == expected


def test_what_is_there_is_local() -> None:
    write(Path.cwd(), {"acme/agent/config.json": b"", "src/acme/other/config.json": b""})
    source = Source("src/model.py", b"", Repository())
    assert [hub_id(f"acme/{name}", MODEL, source) for name in ("agent", "other", "third")] == ["", "", "acme/third"]
    assert [is_local(text, source) for text in ("acme/agent", "./x", "~/x", "C:\\x", "acme/third", "\0", "a" * 400)] == [
        True,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_addresses() -> None:
    assert url_of("acme/agent", MODEL) == "https://huggingface.co/acme/agent"
    assert url_of("acme/talks", DATASET) == "https://huggingface.co/datasets/acme/talks"
    assert url_of("acme/score", SPACE) == "https://huggingface.co/spaces/acme/score"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (LOAD.format(""), "acme/agent is downloaded at no fixed commit"),
        (LOAD.format(', revision="main"'), "acme/agent is downloaded at revision main, which can be moved"),
        (LOAD.format(', revision="a\\x1b[31m"'), "acme/agent is downloaded at no fixed commit"),
        (LOAD.format(", trust_remote_code=True"), "trust_remote_code=True runs the Python in acme/agent at no fixed commit"),
        ("f(trust_remote_code=True)\n", "trust_remote_code=True runs the Python in the model's repository at no fixed commit"),
        ('import torch\ntorch.hub.load("acme/agent", "x")\n', "torch.hub.load runs hubconf.py of acme/agent at its default branch, which can be moved"),
        ('import torch\ntorch.hub.load("acme/agent:v1", "x")\n', "torch.hub.load runs hubconf.py of acme/agent at its branch or tag v1, which can be moved"),
        (
            'import torch\nimport gdown\ngdown.download(id="1AbC", output="a.pt")\n\ntorch.load("a.pt", weights_only=True)\n',
            "what was downloaded from Google Drive (line 3) is loaded, and nothing compared its hash",
        ),
        (
            'import torch\ntorch.hub.load_state_dict_from_url("https://w.acme.dev/a.pth", weights_only=True)\n',
            "weights from w.acme.dev are loaded, and nothing compared their hash",
        ),
    ],
)
def test_messages(code: str, message: str) -> None:
    assert only(code)["message"] == message


def test_a_finding_runs_from_the_call_to_the_argument() -> None:
    found = only("model = f(\n    name,\n    trust_remote_code=True,\n)\n")
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == (1, 9, 3, 27)


@pytest.mark.parametrize(
    "code",
    [
        'D = {"trust_remote_code": True, ' + ", ".join(f'"a{n}": 1' for n in range(8000)) + "}\n" + "f(**D)\n" * 900,
        "x = 'a/b'\n" + "AutoModel.from_pretrained(x)\n" * 900 + "AutoModel.from_pretrained(y)\n" * 8000,
        "".join(f"x{n} = x{n - 1}\n" for n in range(1, 9000)) + "AutoModel.from_pretrained(x8999, trust_remote_code=x8999)\n" * 900,
        "x = 1\n" + ('AutoModel.from_pretrained(f"a/b' + "{x}" * 900 + '")\n') * 20,
        "class " + "A" * 190 + ":\n    pass\n" + ("A" * 190 + ".from_pretrained('a/b')\n") * 5000,
        "import requests, torch\n" + 'torch.load(requests.get("https://a.dev/b.pt").content)\n' * 900,
    ],
)
def test_hostile_code_takes_little_time(code: str) -> None:
    with open("model.py", "w", encoding="utf-8") as file:
        file.write(code)
    elapsed = []
    for _ in range(3):
        started = time.process_time()
        assert scan("--pedantic", "model.py", hook="pickle-check").report["errors"] == []
        elapsed.append(time.process_time() - started)
        if elapsed[-1] < 2:
            break
    assert min(elapsed) < 2
