"""Makes `.venv` and installs this checkout into it, on a machine that has nothing but git and Python. Standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# For a Python without ensurepip (Debian keeps it in another package): pip itself, by address and digest.
_PIP = "https://files.pythonhosted.org/packages/07/25/ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/pip-26.3-py3-none-any.whl"
_PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
_HELP = "install it (Debian, Ubuntu: apt install python3-venv) and try again"


def prepare(extra: str = "", name: str = ".venv") -> str:
    """Install `.` or `.[extra]` into a virtual environment, unless that was done before; returns its directory of programs."""
    if sys.version_info < (3, 10):  # noqa: UP036 - an older one gets a sentence
        raise SystemExit(f"agent-security-hooks needs Python 3.10 or newer; this is {sys.version.split()[0]}")
    directory = os.path.join(ROOT, name)
    programs = os.path.join(directory, "Scripts" if os.name == "nt" else "bin")
    python = os.path.join(programs, "python.exe" if os.name == "nt" else "python")
    stamp = os.path.join(directory, f"installed-{_digest(extra)}")
    if os.path.exists(stamp) and _has(python, "agent_security_hooks"):
        return programs
    print(f"installing into {name} ...", file=sys.stderr, flush=True)
    if not _has(python, "pip"):
        _create(directory, python)
    target = f"{ROOT}[{extra}]" if extra else ROOT
    if subprocess.call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", target], env=_environment()):
        raise SystemExit("pip could not install the packages; is the package index within reach?")
    with open(stamp, "w", encoding="utf-8"):
        pass
    return programs


def _digest(extra: str) -> str:
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        return hashlib.sha256(file.read() + f"{extra} {ROOT} {sys.version}".encode()).hexdigest()[:16]


def _has(python: str, module: str) -> bool:
    return os.path.exists(python) and subprocess.call([python, "-Ic", f"import {module}"], stderr=subprocess.DEVNULL) == 0


def _create(directory: str, python: str) -> None:
    try:
        import venv
    except ImportError:
        raise SystemExit(f"this Python lacks the module venv: {_HELP}") from None
    from importlib.util import find_spec

    with_pip = find_spec("ensurepip") is not None
    venv.create(directory, clear=True, with_pip=with_pip, symlinks=os.name != "nt")
    if not with_pip:
        _add_pip(directory, python)


def _add_pip(directory: str, python: str) -> None:
    from urllib.request import urlopen

    try:
        with urlopen(_PIP, timeout=60) as answer:
            content = answer.read()
    except OSError:
        raise SystemExit(f"this Python lacks ensurepip and pip cannot be downloaded: {_HELP}") from None
    if hashlib.sha256(content).hexdigest() != _PIP_SHA256:
        raise SystemExit(f"{_PIP} is not the file that it should be")
    wheel = os.path.join(directory, _PIP.rsplit("/", 1)[1])
    with open(wheel, "wb") as file:
        file.write(content)
    subprocess.check_call([python, os.path.join(wheel, "pip"), "install", "--quiet", "--no-index", wheel], env=_environment())


def _environment() -> dict[str, str]:
    """Ours, without what would send packages elsewhere or let another Python's in."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")}
