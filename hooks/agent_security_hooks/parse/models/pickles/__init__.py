"""Pickles: read opcode by opcode on a stack of symbols, never loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.models.blob import Blob, Concern, Memory, NotRead, Unread, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Budget, Content, Step
    from agent_security_hooks.parse.models.pickles.reader import Allowance
    from agent_security_hooks.parse.models.pickles.report import Report
    from agent_security_hooks.parse.models.pickles.state import State

_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The end of the pickled number that the files of torch.save before 1.6 begin with."""
_TORCH_PICKLES = 5
_NO_KEYS = 8
"""Bytes of a pickle of an empty list."""
_PICKLES = 200_000
"""Pickles in a row that are followed."""
_TAIL = 4 << 20
"""Bytes after the last pickle, and before the end, that are searched for more."""
_ATTEMPTS = 1000
_START = re.compile(rb"\x80[\x01-\x05][\x80-\x98cCBXUTV(\]})KIS]|c(?:[A-Za-z_][\w.]{1,60})\n[A-Za-z_][\w.]{1,60}\n")
_MAKERS = (
    ("torch", "PyTorch"),
    ("sklearn", "scikit-learn"),
    ("xgboost", "XGBoost"),
    ("lightgbm", "LightGBM"),
    ("catboost", "CatBoost"),
    ("_catboost", "CatBoost"),
    ("joblib", "joblib"),
    ("tensorflow", "TensorFlow"),
    ("keras", "Keras"),
    ("spacy", "spaCy"),
    ("gensim", "gensim"),
    ("statsmodels", "statsmodels"),
    ("pandas", "pandas"),
    ("scipy", "SciPy"),
    ("numpy", "NumPy"),
)
_ADVICE = {
    "PyTorch": "save the weights with `safetensors.torch.save_file(model.state_dict(), 'model.safetensors')`",
    "scikit-learn": "save the model with `skops.io.dump(model, 'model.skops')` or as ONNX",
    "XGBoost": "save the model with `model.save_model('model.ubj')`",
    "LightGBM": "save the model with `booster.save_model('model.txt')`",
    "CatBoost": "save the model with `model.save_model('model.cbm')`",
    "pandas": "save the table with `frame.to_parquet('data.parquet')`",
    "NumPy": "save the arrays with `numpy.save(file, array, allow_pickle=False)`",
}
_ANY_ADVICE = "save it in a format that holds no code: safetensors, GGUF, ONNX, skops, Parquet or JSON"


def inspect_pickle(blob: Blob, budget: Budget) -> Iterator[Step]:
    """What would happen to those who load the pickles in some content, which may be one, several in a row, or none."""
    from agent_security_hooks.parse.models.pickles.reader import Allowance
    from agent_security_hooks.parse.models.pickles.report import Report

    report = Report()
    unread = ""
    finished = 0
    try:
        finished = _stream(blob.content, Allowance(), report)
    except NotRead as problem:
        unread = str(problem)
    yield from report.concerns()
    for data, start in report.archives:
        if data.startswith(b"PK\x03\x04"):
            yield Blob(Memory(data), f"{blob.path}@{start}", "", blob.depth + 1)
    if unread:
        yield Unread(unread)
    if finished or report.active:
        yield _committed(report)


def _committed(report: Report) -> Concern:
    maker = next((name for module, name in _MAKERS if any(path.startswith(module + ".") for path in report.paths)), "")
    made = f" made with {maker}" if maker else ""
    return Concern("pickle-model-committed", f"is a pickle{made}, a format that can run code when it is loaded", _ADVICE.get(maker, _ANY_ADVICE), pedantic=True)


def _stream(content: Content, allowance: Allowance, report: Report) -> int:
    """Run through the pickles of some content, one after the other, and through what looks like one behind them; how many were whole."""
    from agent_security_hooks.parse.models.pickles.machine import Broken, run
    from agent_security_hooks.parse.models.pickles.sniff import WINDOW, looks_like_pickle
    from agent_security_hooks.parse.models.pickles.state import State

    state = State(content, allowance, report, 0)
    position, finished, begin = 0, 0, 0
    problem = None
    while True:
        head = content.read(position, WINDOW)
        rest = Window(content, position, content.size - position)
        if not head or (finished and not looks_like_pickle(head, whole=len(head) < WINDOW, content=rest)):
            break
        if finished >= _PICKLES:
            raise NotRead(f"it holds more than {_PICKLES} pickles in a row")
        before, begin = report.active, position
        try:
            end = run(state, position)
        except Broken as broken:
            problem = broken
            if broken.underflow and report.active > before:
                report.tampered(f"after it has imported something, {broken}", broken.position)
            position = broken.position + 1
            break
        finally:
            _frames(state, report)
        finished += 1
        position = end
        if finished == 1 and head[2:].startswith(_TORCH):
            state.keep_numbers()
            state.storages = {}
        elif finished == _TORCH_PICKLES and state.storages is not None:
            position += _storages(state.storages, position - begin)
            break
    if problem or position < content.size:
        _behind(content, position, state, report)
    return finished


def _storages(known: dict[bytes, int], keys: int) -> int:
    """The bytes of the weights behind the fifth pickle of torch, which lists their keys in so many bytes; more than there are when that cannot be told."""
    return sum(known.values()) if known or keys <= _NO_KEYS else 1 << 62


def _frames(state: State, report: Report) -> None:
    if state.lied >= 0:
        report.tampered("has a frame that ends within an opcode: Python's two unpicklers read different bytes there", state.lied)
        state.lied = -1


def _behind(content: Content, position: int, state: State, report: Report) -> None:
    """Search what no loader reached for pickles that call something dangerous: a tail, or a pickle whose begin was spoilt."""
    _search(content.read(position, _TAIL), position, state, report)
    last = content.size - _TAIL
    if last > position and not getattr(content, "forward", False):
        _search(content.read(max(last, position + _TAIL), _TAIL), max(last, position + _TAIL), state, report)


def _search(tail: bytes, place: int, state: State, report: Report) -> None:
    from agent_security_hooks.parse.models.pickles.machine import Broken, run
    from agent_security_hooks.parse.models.pickles.report import Report
    from agent_security_hooks.parse.models.pickles.sniff import WINDOW, looks_like_pickle
    from agent_security_hooks.parse.models.pickles.state import State

    content = Memory(tail)
    inner = State(content, state.allowance, report, 1)
    attempts, at = 0, 0
    while attempts < _ATTEMPTS:
        match = _START.search(tail, at)
        if not match:
            return
        at = match.start() + 1
        rest = Window(content, match.start(), len(tail))
        if not looks_like_pickle(rest.read(0, WINDOW), whole=rest.size <= WINDOW, content=rest):
            continue
        attempts += 1
        inner.report = found = Report()
        inner.imported.clear()
        whole = False
        try:
            at = max(at, run(inner, match.start()))
            whole = True
        except Broken as broken:
            at = max(at, broken.position)
        if found.suspicious and (whole or found.runs):
            for concern in found.concerns():
                if concern.rule == "dangerous-pickle":
                    report.tampered(f"holds, behind its end, a pickle that {concern.message.rpartition(' (byte')[0]}", place + match.start())
                    break
