"""CPU time for Python files beside ruff's S rules, and for model files beside picklescan, in one run: `python3 tests/bench/bench_models.py [RUNS] [DIRECTORY]`

Installs the peers into `.venv-bench`; a peer that is neither there nor on the PATH is left out, and that is said. What is measured and how is said in
bench.py. The Python files are copied from the standard library and the installed packages; with a directory, its Python files are measured instead.
The model files are built by the standard library alone: nothing here imports numpy or torch, and nothing is unpickled.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import random
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
import zlib
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import compare
from environment import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PYTHON_FILES = 2_000
PYTHON_FILE_LIMIT = 1 << 20
MODEL_FILES = 1_000
WEIGHT_BYTES = 4_096


def _sources(roots: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for root in roots:
        for parent, _, names in sorted(os.walk(root)):
            for name in sorted(names):
                path = os.path.join(parent, name)
                if name.endswith(".py") and not os.path.islink(path) and os.path.getsize(path) <= PYTHON_FILE_LIMIT:
                    yield path, os.path.join(os.path.basename(root), os.path.relpath(path, root))


def copy_python(directory: str, roots: tuple[str, ...], wanted: int) -> list[str]:
    """Copy Python files until there are `wanted` (0: each once); later rounds differ in their first line. Returns their names."""
    sources = list(_sources(roots))
    if not sources:
        raise SystemExit("no Python files were found to measure")
    names: list[str] = []
    wanted = wanted or len(sources)
    while len(names) < wanted:
        round_ = len(names) // len(sources)
        for path, name in sources[: wanted - len(names)]:
            target = os.path.join(directory, str(round_), name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(path, "rb") as file:
                content = file.read()
            with open(target, "wb") as file:
                file.write(b"# copy %d\n" % round_ + content if round_ else content)
            names.append(os.path.join(str(round_), name))
    return names


def _settings(numbers: random.Random) -> object:
    return {
        "learning_rate": numbers.random(),
        "layers": [numbers.randrange(512) for _ in range(20)],
        "name": "encoder",
        "seed": numbers.getrandbits(64),
        "bias": True,
    }


def _vocabulary(numbers: random.Random) -> object:
    return {f"token{numbers.randrange(100_000)}": index for index in range(500)}


def _objects(numbers: random.Random) -> object:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=numbers.randrange(100_000))
    plain = [moment, date(2026, 1, 1), Decimal("1.5"), Fraction(1, 3), UUID(int=numbers.getrandbits(128)), partial(sorted, reverse=True)]
    return {"plain": plain, "containers": [Counter("weights"), defaultdict(list, a=[1]), deque([1, 2], 5), OrderedDict(a=1), {1, 2}, frozenset("ab")]}


def _weights(numbers: random.Random) -> object:
    return OrderedDict((f"layer.{index}.weight", numbers.randbytes(WEIGHT_BYTES)) for index in range(8))


def _numpy(numbers: random.Random) -> bytes:
    values = WEIGHT_BYTES // 4
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % values
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + numbers.randbytes(WEIGHT_BYTES)


def _archive(members: dict[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# The pickle of a state dictionary as torch writes it, with one tensor: protocol 2, the storage named by a persistent id.
_STATE = (
    b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x06\x00\x00\x00weightq\x02ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04"
    b"ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07M\x00\x04tq\x08QK\x00M\x00\x04\x85q\tK\x01\x85q\n\x89"
    b"ccollections\nOrderedDict\nq\x0b)Rq\x0ctq\rRq\x0es."
)


def _torch(numbers: random.Random) -> bytes:
    storages = {f"archive/data/{index}": numbers.randbytes(WEIGHT_BYTES) for index in range(8)}
    return _archive({"archive/data.pkl": _STATE, "archive/byteorder": b"little", **storages, "archive/version": b"3\n"}, zipfile.ZIP_STORED)


def _npz(numbers: random.Random) -> bytes:
    return _archive({f"arr_{index}.npy": _numpy(numbers) for index in range(4)}, zipfile.ZIP_DEFLATED)


def _safetensors(numbers: random.Random) -> bytes:
    entries = ",".join(
        f'"layer.{index}":{{"dtype":"F32","shape":[{WEIGHT_BYTES // 4}],"data_offsets":[{index * WEIGHT_BYTES},{(index + 1) * WEIGHT_BYTES}]}}'
        for index in range(8)
    )
    header = f"{{{entries}}}".encode()
    return struct.pack("<Q", len(header)) + header + numbers.randbytes(8 * WEIGHT_BYTES)


def _command(numbers: random.Random) -> bytes:
    """A pickle that would run `true`."""
    return b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R" + pickle.dumps(_settings(numbers))[2:]


# End of a file name -> how its content is made. picklescan goes by the name and leaves out the compressed ones.
_KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "settings.pkl": lambda numbers: pickle.dumps(_settings(numbers), 2),
    "vocabulary.pkl": lambda numbers: pickle.dumps(_vocabulary(numbers), 4),
    "vocabulary.p0.pkl": lambda numbers: pickle.dumps(_vocabulary(numbers), 0),
    "objects.pickle": lambda numbers: pickle.dumps(_objects(numbers), 5),
    "weights.pkl": lambda numbers: pickle.dumps(_weights(numbers)),
    "weights.pkl.gz": lambda numbers: gzip.compress(pickle.dumps(_weights(numbers)), 1),
    "objects.pkl.bz2": lambda numbers: bz2.compress(pickle.dumps(_objects(numbers))),
    "objects.pkl.xz": lambda numbers: lzma.compress(pickle.dumps(_objects(numbers)), preset=0),
    "settings.joblib": lambda numbers: zlib.compress(pickle.dumps(_settings(numbers))),
    "model.pt": _torch,
    "pytorch_model.bin": _torch,
    "checkpoint.ckpt": _torch,
    "array.npy": _numpy,
    "arrays.npz": _npz,
    "model.safetensors": _safetensors,
    "bundle.zip": lambda numbers: _archive({"model.pkl": pickle.dumps(_objects(numbers)), "readme.txt": b"a model\n"}, zipfile.ZIP_DEFLATED),
    "hostile.pkl": _command,
    "hostile.pt": lambda numbers: _archive({"archive/data.pkl": _command(numbers), "archive/version": b"3\n"}, zipfile.ZIP_STORED),
}


def write_models(directory: str, wanted: int) -> list[str]:
    """Write model files below a directory; the same ones in every run. Returns their names."""
    numbers = random.Random(5)
    names: list[str] = []
    while len(names) < wanted:
        for kind, make in _KINDS.items():
            name = f"{len(names):04}-{kind}"
            with open(os.path.join(directory, name), "wb") as file:
                file.write(make(numbers))
            names.append(name)
    return names[:wanted]


def _tool(programs: str, name: str) -> str:
    path = shutil.which(name, path=programs) or shutil.which(name) or ""
    if not path:
        print(f"{name} is not installed: its line is left out", file=sys.stderr)
    return path


def _size(directory: str, names: list[str]) -> int:
    return sum(os.path.getsize(os.path.join(directory, name)) for name in names)


def main(arguments: list[str]) -> int:
    runs = int(arguments[0]) if arguments else 5
    programs = prepare("bench", ".venv-bench")
    python = os.path.join(programs, "python")
    ruff, picklescan = (_tool(programs, name) for name in ("ruff", "picklescan"))
    ours = (python, "-Im", "agent_security_hooks")
    packages = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip()
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"], "HOME": directory, "PRE_COMMIT": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        source, models = (os.path.join(directory, name) for name in ("source", "models"))
        for where in (source, models):
            subprocess.check_call(("git", "init", "--quiet", where))
        roots = (os.path.abspath(arguments[1]),) if arguments[1:] else (sysconfig.get_path("stdlib"), packages)
        files = copy_python(source, roots, 0 if arguments[1:] else PYTHON_FILES)
        commands: dict[str, tuple[str, ...]] = {"pickle-check": (*ours, "check", "--no-config", "--hook", "pickle-check", ".")}
        if ruff:
            commands["ruff --select S"] = (ruff, "check", "--isolated", "--no-cache", "--quiet", "--select", "S", ".")
        subprocess.check_call(("git", "add", "--all", "--force"), cwd=source)
        size = _size(source, files)
        compare(f"{len(files)} Python files of {size / 1e6:.0f} MB", commands, source, environment, runs, size)
        artefacts = write_models(models, MODEL_FILES)
        commands = {"model-files": (*ours, "model-files", *artefacts)}
        if picklescan:
            commands["picklescan"] = (picklescan, "--path", ".", "--log", "ERROR")
        size = _size(models, artefacts)
        compare(f"{len(artefacts)} model files of {size / 1e6:.0f} MB", commands, models, environment, runs, size)
        commands = {"model-files": (*ours, "model-files", artefacts[0]), "python -I -c pass": (python, "-I", "-c", "pass")}
        if picklescan:
            commands["picklescan"] = (picklescan, "--path", artefacts[0], "--log", "ERROR")
        compare("one model file", commands, models, environment, runs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
