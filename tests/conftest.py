"""Every test starts in an empty directory, outside of any repository, with nothing of git or pre-commit in the environment."""

from __future__ import annotations

import gc
import os
import tempfile
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.cli import COLLECTOR
from support import GIT_ENVIRONMENT, make_repository

if TYPE_CHECKING:
    from pathlib import Path

# Hypothesis would make a folder in the checkout.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(tempfile.gettempdir(), "hypothesis"))


def pytest_collection_finish() -> None:
    """Let the garbage collector work as in the process that users run: what a test reads of the clock is what they would wait."""
    gc.freeze()  # thousands of tests, which a collection would look through while a file has its two seconds
    gc.set_threshold(*COLLECTOR)


TRIES = 3
"""How often a test that reads the clock may run: on a busy machine, one that is too slow once says nothing, three times it is."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that compares the clock with a limit again where it fails; all others as ever."""
    test = pyfuncitem.obj
    if "process_time" not in getattr(getattr(test, "__code__", None), "co_names", ()):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem.fixturenames if name in test.__code__.co_varnames[: test.__code__.co_argcount]}
    for _ in range(TRIES - 1):
        try:
            test(**arguments)
        except AssertionError:
            gc.collect()
        else:
            return True
    test(**arguments)
    return True


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory of the test."""
    for name in os.environ:
        if name.startswith(("GIT_", "PRE_COMMIT")) or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    here = tmp_path / "work"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def repository(directory: Path) -> Path:
    """The current directory as an empty git repository."""
    return make_repository(directory, {})
