"""Pickles: what they import and call when they are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.model_files import check, concerns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source


@check.rule("dangerous-pickle", point=5)
def dangerous_pickle(file: Source) -> Iterator[Hit]:
    """A pickle imports what runs code, opens files or connections, or changes the interpreter, as soon as somebody loads it.

    Risk: Whoever calls `torch.load`, `joblib.load` or `pickle.load` on the file runs the attacker's program, with their own keys and files.
    Fix: Delete the file, do not load it, and take the model as safetensors, GGUF or ONNX from a source that you can name.
    Verify: `python -m pickletools FILE` shows the import without running it; search the machines that loaded the file for what it did.

    Bad: (model.pkl)
        cos
        system
        (S'true'
        tR.

    Good: (model.pkl)
        ccollections
        OrderedDict
        (tR.
    """
    yield from concerns(file, "dangerous-pickle")


@check.rule("unknown-pickle-call", point=5)
def unknown_pickle_call(file: Source) -> Iterator[Hit]:
    """A pickle calls a function that is not known to be harmless.

    Classes and the functions with which libraries put their objects together again may be called; everything else is listed, because no list of
    dangerous functions is ever complete.

    Risk: Many functions of installed packages run code or read files when they are given the right text, and new ones are found every month.
    Fix: Look up what the function does with its arguments. Export the model as safetensors, ONNX or skops, which call nothing.
    Verify: `torch.load(FILE, weights_only=True)` or `skops.io.get_untrusted_types(file=FILE)` accepts the model.

    Bad: (model.pkl)
        cacme_tools.jobs
        start_worker
        (S'nightly'
        tR.

    Good: (model.pkl)
        cacme_tools.jobs
        Worker
        (S'nightly'
        tR.
    """
    yield from concerns(file, "unknown-pickle-call")


@check.rule("tampered-pickle", point=5)
def tampered_pickle(file: Source) -> Iterator[Hit]:
    """A pickle is written by hand, so that tools see something else than what is loaded.

    It computes the name of an import, changes what it has only imported, calls what a call returned, uses the extension table, lies about frames,
    takes more from the stack than it put there, or hides a second pickle behind its end. Libraries write nothing of the kind.

    Risk: These are the ways past scanners that look for `os.system`; what runs in the end cannot be read from the file.
    Fix: Delete the file and ask where it came from. Have the model exported again, as safetensors, by someone you know.
    Verify: The new file passes this hook, and its SHA-256 is the one that the author publishes.

    Bad: (model.pkl)
        cacme_tools.registry
        Registry
        (S'model'
        tR(S'run'
        tR.

    Good: (model.pkl)
        cacme_tools.registry
        Registry
        (S'model'
        tR.
    """
    yield from concerns(file, "tampered-pickle")


@check.rule("pickle-model-committed", point=5, pedantic=True)
def pickle_model_committed(file: Source) -> Iterator[Hit]:
    """A model or data set is kept as a pickle, a format that can hold code.

    Risk: The next commit can replace it with a pickle that runs code, and in review both look the same: a binary file changed.
    Fix: Keep weights as safetensors or GGUF, models as ONNX or skops, arrays as .npy without objects, tables as Parquet, and load those.
    Verify: `git ls-files '*.pkl' '*.pt' '*.joblib'` lists nothing.

    Bad: (labels.pkl)
        ccollections
        Counter
        (S'cat'
        tR.

    Good: (labels.json)
        ["cat", "dog"]
    """
    yield from concerns(file, "pickle-model-committed")
