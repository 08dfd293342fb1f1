"""`pickle-check`: Python that loads files which can run code: pickles, PyTorch, NumPy, YAML and Keras files, models of a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check, Edit, Hit
from agent_security_hooks.parse.loads import read_loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source


def _unread(file: Source) -> str:
    return file.view(read_loads).problem


check = Check("pickle-check", _unread)


def events(file: Source, rule: str) -> Iterator[Hit]:
    """The hits of one rule."""
    for event in file.view(read_loads).events:
        if event.rule == rule:
            edits = tuple(Edit(start, end, replacement, event.safe) for start, end, replacement in event.edits)
            yield Hit(event.start, event.end, event.message, event.fix, edits, event.pedantic)


@check.rule("unsafe-pickle-load", point=5)
def unsafe_pickle_load(file: Source) -> Iterator[Hit]:
    r"""A pickle is loaded, or a function that loads one is handed on: pickle, dill, cloudpickle, joblib, shelve, jsonpickle, pandas.read_pickle.

    An `Unpickler` whose class defines `find_class` is left alone, and so is a copy by way of bytes, `pickle.loads(pickle.dumps(x))`. In tests, it is a pedantic case.

    Risk: A pickle is a program. Whoever can write the file, the cache or the message runs commands here.
    Fix: Keep data as JSON or parquet and weights as safetensors; sklearn models with skops; or list the allowed names in an Unpickler's find_class.
    Verify: `git grep -nE '(pickle|dill|joblib)\.loads?\('` prints nothing.

    Bad: (cache.py)
        import pickle

        def read(path):
            with open(path, "rb") as stream:
                return pickle.load(stream)

    Good: (cache.py)
        import json

        def read(path):
            with open(path, encoding="utf-8") as stream:
                return json.load(stream)
    """
    return events(file, "unsafe-pickle-load")


@check.rule("unsafe-torch-load", point=5)
def unsafe_torch_load(file: Source) -> Iterator[Hit]:
    """`torch.load` and its kin read a file without `weights_only=True`.

    Where the repository asks for torch 2.6 or later, which has that default, a call without the keyword is a pedantic case; so is a variable.

    Risk: A checkpoint is a pickle in an archive: loading it runs whatever its author put in.
    Fix: Pass `weights_only=True`; `--fix` adds it. Better, store weights as safetensors.
    Verify: `git grep -n 'torch.load(' | grep -v weights_only=True` prints nothing.

    Bad: (model.py)
        import torch

        state = torch.load("model.pt", map_location="cpu")

    Good: (model.py)
        import torch

        state = torch.load("model.pt", map_location="cpu", weights_only=True)
    """
    return events(file, "unsafe-torch-load")


@check.rule("torch-load-fallback", point=5)
def torch_load_fallback(file: Source) -> Iterator[Hit]:
    """A file that `weights_only=True` refuses is loaded again without it.

    Risk: The refusal is the protection: a file that runs code fails the first attempt and succeeds at the second.
    Fix: Let it fail; name the classes that your own files need with `torch.serialization.add_safe_globals`.
    Verify: Load a pickle that is no checkpoint: the program must stop.

    Bad: (model.py)
        import torch

        def load(path):
            try:
                return torch.load(path, weights_only=True)
            except Exception:
                return torch.load(path, weights_only=False)

    Good: (model.py)
        import torch

        def load(path):
            with torch.serialization.safe_globals([Config]):
                return torch.load(path, weights_only=True)
    """
    return events(file, "torch-load-fallback")


@check.rule("unsafe-marshal-load", point=5)
def unsafe_marshal_load(file: Source) -> Iterator[Hit]:
    """`marshal.load` or `marshal.loads` reads data.

    Risk: marshal makes code objects and trusts every byte: crafted data crashes the interpreter or hands over code that is then run.
    Fix: Keep data as JSON.
    Verify: `git grep -n 'marshal.load'` prints nothing.

    Bad: (cache.py)
        import marshal

        with open("cache.bin", "rb") as stream:
            table = marshal.load(stream)

    Good: (cache.py)
        import json

        with open("cache.json", encoding="utf-8") as stream:
            table = json.load(stream)
    """
    return events(file, "unsafe-marshal-load")


@check.rule("unsafe-numpy-load", point=5)
def unsafe_numpy_load(file: Source) -> Iterator[Hit]:
    """`numpy.load` is told to unpickle: `allow_pickle=True`. A variable is a pedantic case.

    Risk: An array of objects is a pickle in the .npy file: loading it runs the code in it.
    Fix: Save arrays of plain dtypes and leave `allow_pickle` out.
    Verify: `git grep -n 'allow_pickle=True'` prints nothing.

    Bad: (data.py)
        import numpy as np

        table = np.load("table.npy", allow_pickle=True)

    Good: (data.py)
        import numpy as np

        table = np.load("table.npy")
    """
    return events(file, "unsafe-numpy-load")


@check.rule("unsafe-yaml-load", point=5)
def unsafe_yaml_load(file: Source) -> Iterator[Hit]:
    r"""YAML is loaded with a loader that builds Python objects, or with none named.

    A loader that this file does not define or import under a known name is a pedantic case.

    Risk: `!!python/object/apply:os.system` in a document is a command that runs while it is read.
    Fix: `yaml.safe_load(stream)`, or `Loader=yaml.SafeLoader`; `--fix` writes it.
    Verify: `git grep -nE 'yaml\.(unsafe_|full_)?load\('` prints nothing without SafeLoader.

    Bad: (settings.py)
        import yaml

        with open("settings.yaml", encoding="utf-8") as stream:
            settings = yaml.load(stream, Loader=yaml.Loader)

    Good: (settings.py)
        import yaml

        with open("settings.yaml", encoding="utf-8") as stream:
            settings = yaml.safe_load(stream)
    """
    return events(file, "unsafe-yaml-load")


@check.rule("unsafe-keras-load", point=5)
def unsafe_keras_load(file: Source) -> Iterator[Hit]:
    """Keras is told to load models with their code: `safe_mode=False`, `enable_unsafe_deserialization`. HDF5 files and variable paths are pedantic cases.

    Risk: A Lambda layer holds bytecode that runs when the model is loaded or first used.
    Fix: Leave `safe_mode` on, save as .keras, and register the classes that the model needs; `--fix` writes `safe_mode=True`.
    Verify: `git grep -nE 'safe_mode=False|enable_unsafe_deserialization'` prints nothing.

    Bad: (model.py)
        import keras

        model = keras.models.load_model("model.keras", safe_mode=False)

    Good: (model.py)
        import keras

        model = keras.models.load_model("model.keras")
    """
    return events(file, "unsafe-keras-load")


from agent_security_hooks.checks.pickle_check import hub  # noqa: E402, F401 - its rules register themselves
