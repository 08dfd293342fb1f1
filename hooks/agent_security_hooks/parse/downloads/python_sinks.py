"""Python calls that execute, unpickle or unpack what they are given."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.command_words import is_interpreter, run_words
from agent_security_hooks.parse.downloads.python_fetch import is_falsy
from agent_security_hooks.parse.python_tree import argument, dotted
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree, Scope

_DEPTH = 12
_WORDS = 30
_PLACEHOLDER = re.compile(r"\{[^{}]{0,100}\}|%s")


class Sinks:
    """Tells what calls do with their arguments."""

    def __init__(self, tree: PythonTree, text: PythonText) -> None:
        self.tree = tree
        self.text = text

    def of(self, node: ast.Call, name: str, scope: Scope) -> Iterator[tuple[str, ast.expr | None]]:
        """What a call does with which of its arguments."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in _EXECUTES:
            yield "executed", argument(node, _EXECUTES[name], "path", "location", "path_name", "pathname", "name")
        elif name in _UNPICKLES:
            if name != "torch.load" or not has_true(node, "weights_only"):
                yield "unpickled", argument(node, 0, "f", "file", "filename", "filepath_or_buffer", "data")
        elif name == "numpy.load":
            if has_true(node, "allow_pickle"):
                yield "unpickled", argument(node, 0, "file")
        elif name in ("shutil.unpack_archive", "patoolib.extract_archive", "torchvision.datasets.utils.extract_archive"):
            yield "unpacked", argument(node, 0, "filename", "archive", "from_path")
        elif method in ("extractall", "extract") and isinstance(node.func, ast.Attribute):
            yield "unpacked", node.func.value
        elif name == "os.chmod" or method == "chmod" and isinstance(node.func, ast.Attribute):
            mode = argument(node, 1 if name == "os.chmod" else 0, "mode")
            path = argument(node, 0, "path") if name == "os.chmod" else node.func.value if isinstance(node.func, ast.Attribute) else None
            if _is_executable(mode):
                yield "executed", path
        elif name in _PROCESSES:
            yield from self._process(scope, node, name)

    def _process(self, scope: Scope, node: ast.Call, name: str) -> Iterator[tuple[str, ast.expr | None]]:
        words = [*node.args] if name.endswith(("create_subprocess_exec", "execl", "execlp", "spawnl")) else node.args[:1]
        first = argument(node, 0, "args", "cmd", "command")
        if isinstance(first, ast.Name):
            first = self._list_of(scope, first) or first
        if isinstance(first, (ast.List, ast.Tuple)):
            words = [*first.elts]
        if len(words) == 1 or not isinstance(first, (ast.List, ast.Tuple)) and len(words) <= 1:
            yield from self._command_line(scope, words[0] if words else first)
        else:
            yield from self._words(scope, words)
        stdin = next((keyword.value for keyword in node.keywords if keyword.arg in ("input", "stdin")), None)
        if stdin is not None and words and is_interpreter(self._word(scope, words[0]).split(" ", 1)[0]):
            yield "executed", stdin

    def _list_of(self, scope: Scope, node: ast.Name) -> ast.expr | None:
        found, _ = self.tree.bindings(node.id, scope)
        return found[0].value if found and found[0].kind == "value" and isinstance(found[0].value, ast.List) else None

    def _word(self, scope: Scope, node: ast.AST) -> str:
        if dotted(node) == "sys.executable":
            return "python"
        texts = self.text.of(node, scope)
        return texts[0] if len(texts) == 1 else HOLE

    def _words(self, scope: Scope, words: list[ast.expr]) -> Iterator[tuple[str, ast.expr | None]]:
        for position, how in run_words([self._word(scope, word) for word in words[:_WORDS]]):
            yield how, words[position]

    def _command_line(self, scope: Scope, node: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
        """A command as one text, or one word."""
        if node is None:
            return
        for text in self.text.of(node, scope)[:4]:
            words = _PLACEHOLDER.sub(HOLE, text).split()[:_WORDS]
            for position, how in run_words(words):
                # What is not known stands for whatever the expression holds.
                yield how, node if HOLE in words[position] else ast.Constant(words[position].strip("\"'").removeprefix("./"))


def has_true(call: ast.Call, *names: str) -> bool:
    """Whether a keyword of a call is given anything but a false constant."""
    return any(keyword.arg in names and not is_falsy(keyword.value) for keyword in call.keywords)


def _is_executable(mode: ast.AST | None) -> bool:
    """Whether a file mode lets its file be run."""
    if isinstance(mode, ast.Constant):
        return isinstance(mode.value, int) and mode.value & 0o111 != 0
    for _ in range(_DEPTH):
        if isinstance(mode, ast.BinOp) and isinstance(mode.op, ast.BitOr):
            if _is_executable(mode.right):
                return True
            mode = mode.left
    if isinstance(mode, ast.Constant):
        return isinstance(mode.value, int) and mode.value & 0o111 != 0
    return dotted(mode).rpartition(".")[2] in ("S_IEXEC", "S_IXUSR", "S_IRWXU", "S_IXGRP", "S_IXOTH") if mode is not None else False


_EXECUTES = {
    **dict.fromkeys(("exec", "eval", "runpy.run_path", "os.startfile", "ctypes.CDLL", "ctypes.cdll.LoadLibrary", "ctypes.PyDLL"), 0),
    **dict.fromkeys(("importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader", "imp.load_source", "imp.load_dynamic"), 1),
}
_UNPICKLES = frozenset(
    "pickle.load pickle.loads _pickle.load _pickle.loads cPickle.load cPickle.loads dill.load dill.loads cloudpickle.load cloudpickle.loads joblib.load "
    "torch.load torch.serialization.load pandas.read_pickle marshal.load marshal.loads shelve.open jsonpickle.decode".split()
)
_PROCESSES = frozenset(
    "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen subprocess.getoutput subprocess.getstatusoutput os.system os.popen os.execv os.execl "
    "os.execvp os.execlp os.execve os.spawnl os.spawnv pty.spawn asyncio.create_subprocess_exec asyncio.create_subprocess_shell sh.bash".split()
)
