from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.model import excerpt
from agent_security_hooks.output import ClosedOutput, display_path, escape, safe, write_report
from placeholders import expand
from support import HOOKS_DIRECTORY, process, run, write

if TYPE_CHECKING:
    from pathlib import Path

KEY = expand('key = "<secret:openai>"\n')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain naïve 中文 😀 \\ ' \"", "plain naïve 中文 😀 \\ ' \""),
        ("a\tb\nc\rd\0", "a\\tb\\nc\\rd\\x00"),
        ("\x1b[2K\x7f\x9b", "\\x1b[2K\\x7f\\x9b"),
        ("\u202e\u200b\ufeff\u2028\u2066", "\\u202e\\u200b\\ufeff\\u2028\\u2066"),
        ("\U000e0041", "\\U000e0041"),
        ("caf\udce9 \ud800", "caf\\xe9 \\ud800"),
        ("::error::x", ":\\x3aerror::x"),
        ("  ::error::x", "  :\\x3aerror::x"),
        ("a::b", "a::b"),
        ("x ##[group]y", "x #\\x23[group]y"),
        ("##vso[task.complete]", "#\\x23vso[task.complete]"),
        ("##teamcity[x]", "#\\x23teamcity[x]"),
        ("## heading ###[", "## heading ##\\x23["),
    ],
)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a/b.py", "a/b.py"),
        ("-x", "./-x"),
        ("@x", "./@x"),
        (" x", "./ x"),
        ("::error::x", "./:\\x3aerror::x"),
        ("a\nb", "a\\nb"),
        ("", '""'),
    ],
)
def test_paths(path: str, shown: str) -> None:
    assert display_path(path) == shown


@pytest.mark.parametrize("kind", ["openai", "anthropic", "github", "jwt", "pem", "slack", "stripe"])
def test_safe_masks_credentials(kind: str) -> None:
    secret = expand(f"<secret:{kind}>")
    for text in (secret, f"a {secret} b", f"x={secret}&y", f"'{secret}'"):
        shown = safe(text)
        assert secret not in shown
        assert secret[len(secret) // 4 :][:16] not in shown


def test_excerpt_masks_before_it_cuts() -> None:
    token = expand("<secret:github>")
    assert excerpt(f".env.{token}/") == f".env.ghp_…{token[-4:]}/"
    assert safe(f"dir-{token}/x") == f"dir-ghp_…{token[-4:]}/x"
    assert excerpt("a" * 100) == "a" * 40


def test_output_file(directory: Path) -> None:
    write(directory, {"a.py": KEY, "clean.py": ""})
    result = run("secret-scan", "--output=report.txt", "a.py")
    assert (result.status, result.out) == (1, "")
    assert (directory / "report.txt").read_text().startswith("a.py:1:8: ")
    run("secret-scan", "-o", "report.txt", "clean.py")
    assert (directory / "report.txt").read_text() == ""
    result = run("secret-scan", "--output=missing/report.txt", "a.py")
    assert (result.status, result.err.splitlines()[-1]) == (2, "agent-security: cannot write the output file: No such file or directory")


@pytest.mark.parametrize(
    ("redirection", "name", "status"),
    [
        (">&-", "clean.py", 0),
        (">&-", "a.py", 2),
        (">/dev/full", "clean.py", 0),
        (">/dev/full", "a.py", 2),
        ("2>&-", "a.py", 1),
        (">&- 2>&-", "a.py", 2),
        ("2>/dev/full", "missing.py", 2),
        ("<&-", "a.py", 1),
    ],
)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_broken_streams(redirection: str, name: str, status: int, directory: Path) -> None:
    write(directory, {"a.py": KEY, "clean.py": ""})
    command = ["sh", "-c", f'exec "$0" -m agent_security_hooks secret-scan {name} {redirection}', sys.executable]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": HOOKS_DIRECTORY}, capture_output=True, check=False)
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr
    assert KEY[8:40].encode() not in done.stdout + done.stderr


def test_reader_that_goes_away(directory: Path) -> None:
    write(directory, {"a.py": KEY * 900})
    read, write_end = os.pipe()
    os.close(read)
    result = process("secret-scan", "a.py", cwd=directory, stdout=write_end)
    os.close(write_end)
    assert (result.status, result.err.splitlines()[-1]) == (2, "agent-security: cannot write to standard output: Broken pipe")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "xx_YY.ISO-9999"},
    ],
)
def test_narrow_encodings(environment: dict[str, str], directory: Path) -> None:
    name = "naïve-中.py"
    write(directory, {name: KEY})
    result = process("secret-scan", name.encode(), "missing-中".encode(), cwd=directory, environment=environment)
    assert result.status == 2
    assert result.out.startswith("na")
    assert ":1:8: " in result.out
    assert "no such file" in result.err


@pytest.mark.parametrize(
    ("options", "environment", "colored"),
    [
        ([], {}, False),
        (["--color=always"], {}, True),
        (["--color=always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color=never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(options: list[str], environment: dict[str, str], colored: bool, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    write(directory, {"a.py": KEY})
    assert ("\x1b[" in run("secret-scan", *options, "a.py").out) == colored


def test_write_report_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    write_report("")
    with pytest.raises(ClosedOutput, match="standard output is closed"):
        write_report("x")


@pytest.mark.parametrize("arguments", [["-q"], ["--quiet"]])
def test_quiet(arguments: list[str], directory: Path) -> None:
    write(directory, {"a.py": KEY})
    assert run("secret-scan", *arguments, "a.py", "missing.py").err == "missing.py: no such file\n"


def test_clean_runs_say_nothing(directory: Path) -> None:
    write(directory, {"a.py": "x = 1\n"})
    for chosen in ("text", "full", "github"):
        assert run("secret-scan", f"--format={chosen}", "a.py") == (0, "", "")
    assert run("secret-scan", "--statistics", "a.py") == (0, "", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("get http://user:<secret:password>@a.dev/x?y=1#z", "get http://user:…@a.dev/x?y=1#z"),
        ("http://<secret:hex40>@a.dev", "http://…@a.dev"),
        ("http://user:a/b@a.dev", "http://user:a/b@a.dev"),
        ("git@a.dev:b ssh://git@a.dev/b", "git@a.dev:b ssh://git@a.dev/b"),
        ("https://$USER:$TOKEN@a.dev", "https://$USER:…@a.dev"),
        ("http://user:<secret:password>", "http://user:…"),
        (
            "http://a.dev:8080/x http://a.dev:80 http://$HOST:${PORT}/ http://[::1]:80/",
            "http://a.dev:8080/x http://a.dev:80 http://$HOST:${PORT}/ http://[::1]:80/",
        ),
        ("ghp_aB3" + "dE5gH7" * 4, "ghp_…"),
        ("https://a.dev/x?token=<secret:random>&v=1.2&sig=<secret:hex40>", "https://a.dev/x?token=…&v=1.2&sig=…"),
        ("echo root:<secret:random> | chpasswd", "echo root:… | chpasswd"),
        ("useradd -m -p <secret:hex32> app", "useradd -m -p … app"),
        ("curl -kuadmin:<secret:random> --proxy-user=a:<secret:random:1>", "curl -kuadmin:… --proxy-user=a:…"),
        ("Authorization: Bearer <secret:random>", "Authorization: Bearer …"),
        ("A_<secret:github>_TOKEN", "A_ghp_…_TOKEN"),
        ("x<secret:google>x.acme.dev", "xAIza…x.acme.dev"),
        ("branch <secret:random>", "branch AK…"),
        ("acme/ReleasePipelineForEveryPlatform2024", "acme/ReleasePipelineForEveryPlatform2024"),
        ("python:3.12-slim@sha256:" + "0123456789abcdef" * 4, "python:3.12-slim@sha256:" + "0123456789abcdef" * 4),
        ("/usr/local/share/ca-certificates/acme-root-2024.crt", "/usr/local/share/ca-certificates/acme-root-2024.crt"),
        ("RUN --mount=type=secret,id=openai_api_key,env=OPENAI_API_KEY", "RUN --mount=type=secret,id=openai_api_key,env=OPENAI_API_KEY"),
    ],
)
def test_what_may_be_a_secret_is_masked(text: str, shown: str) -> None:
    assert safe(expand(text)) == shown
    assert safe(shown) == shown


@pytest.mark.parametrize(
    "pump", ["://", "://a:", "?a=", "-u", "-ua:", "useradd", "a:chpasswd", "bearer ", "authorization:", "eyJ", "ghp_", "sk-a0", "_-0A", "a:a"]
)
def test_masking_takes_linear_time(pump: str) -> None:
    def seconds(count: int) -> float:
        before = time.process_time()
        safe("http://0123456789abcdef " + pump * count)
        return time.process_time() - before

    assert seconds(40_000) < 4 + 12 * seconds(10_000)
