"""What becomes of what Python code fetches: executed, unpickled or unpacked without a look at its hash.

Each function is read once in source order, loops and branches as if each ran; what a helper of the same module returns or writes is known to its callers.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.python_fetch import Fetch, is_falsy, read_fetch
from agent_security_hooks.parse.downloads.python_sinks import Sinks, has_true
from agent_security_hooks.parse.python_tree import argument, constant_text, dotted
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree, Scope

FETCHES = 1000
"""Downloads of one file that are followed."""
_DEPTH = 12


class Use(NamedTuple):
    """Fetched content that is used at `node`: "executed", "unpickled" or "unpacked"."""

    node: ast.AST
    how: str
    fetch: Fetch
    scope: Scope


class Summary:
    """What a function does with downloads: what it returns, and which of its parameters names a file that it writes."""

    __slots__ = ("returns", "writes")

    def __init__(self) -> None:
        self.returns: Fetch | None = None
        self.writes: dict[str, Fetch] = {}


class PythonFlow:
    """Reads all scopes of a tree, twice: helpers may stand below those who call them."""

    def __init__(self, tree: PythonTree, text: PythonText) -> None:
        self.tree = tree
        self.text = text
        self.fetches: dict[ast.AST, Fetch] = {}
        self.summaries: dict[Scope, Summary] = {}
        self.attributes: dict[tuple[Scope, str], Fetch] = {}
        self.sinks = Sinks(tree, text)
        self._checked: dict[Scope, bool] = {}
        self._checking: dict[Scope, bool] = {}
        self.is_cut_off = False
        for node, scope in tree.nodes():
            if isinstance(node, ast.Call):
                fetch = read_fetch(node, scope, tree, text)
                if fetch is not None:
                    self.fetches[node] = fetch
                    if len(self.fetches) >= FETCHES:
                        self.is_cut_off = True
                        break

    def uses(self) -> list[Use]:
        """The uses of fetched content that nothing in the functions concerned checks."""
        if not self.fetches:
            return []
        found: list[Use] = []
        for last in (False, True):
            module: _Reading | None = None
            for scope in self.tree.scopes:
                reading = _Reading(self, scope, module)
                module = module or reading
                reading.run()
                self.summaries[scope] = reading.summary
                if last:
                    found += reading.uses
        unique = {(use.fetch.call, use.scope): use for use in reversed(found)}  # the first use of each
        return [use for use in unique.values() if not self.checks(use.fetch.scope)]

    def checks(self, scope: Scope) -> bool:
        """Whether a scope compares a hash or verifies a signature, itself or in a function of this file that it calls."""
        known = self._checked.get(scope)
        if known is None:
            called = (self.tree.definition(node.func, scope) for node in scope.nodes if isinstance(node, ast.Call))
            known = self._checked[scope] = self._checks_itself(scope) or any(inner is not None and self._checks_itself(inner) for inner in called)
        return known

    def _checks_itself(self, scope: Scope) -> bool:
        known = self._checking.get(scope)
        if known is None:
            known = self._checking[scope] = any(self._is_check(node, scope) for node in scope.nodes)
        return known

    def _is_check(self, node: ast.AST, scope: Scope) -> bool:
        if isinstance(node, ast.Call):
            name = self.tree.name(node.func, scope) or dotted(node.func)
            last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
            if _CHECK.search(last) or name.startswith(
                ("hashlib.", "hmac.", "gnupg.", "sigstore.", "nacl.signing", "cryptography.hazmat.primitives.asymmetric")
            ):
                return not all(_only_names_address(each) for each in node.args) or not node.args
            return any(keyword.arg and _CHECK_KEYWORD.search(keyword.arg) and not is_falsy(keyword.value) for keyword in node.keywords)
        if isinstance(node, ast.Compare):
            return any(_DIGEST_NAME.search(dotted(each).rpartition(".")[2]) for each in (node.left, *node.comparators))
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and _CHECK_PROGRAM.match(node.value[:200]) is not None


_CHECK = re.compile(
    r"(?i)sha_?(?:1|224|256|384|512)|md5|blake|(?:^|_)hash|hash(?:es)?$|digest|check_?sum|verif(?!ied_ssl)|signature|gpg|cosign|sigstore|minisign|integrity|attest"
)
_CHECK_KEYWORD = re.compile(r"(?i)sha_?(?:1|224|256|384|512)|md5|(?:^|_)hash(?:$|_)|digest|check_?sum|integrity|signature")
_DIGEST_NAME = re.compile(r"(?i)sha_?(?:1|224|256|384|512)|md5|hash|digest|check_?sum")
_CHECK_PROGRAM = re.compile(
    r"(?:(?:.{0,80}[\s/])?(?:sha(?:1|256|512)sum|shasum|gpgv?2?|cosign|minisign|slsa-verifier)(?:\s|$)|openssl dgst|gh attestation verify)"
)
_ADDRESS = re.compile(r"(?i)ur[li]|link|href|address|origin")


def _only_names_address(node: ast.AST) -> bool:
    """Whether a digest is that of the address and not of what is there: the name of a cache file."""
    for _ in range(_DEPTH):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            node = node.func.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "encode":
            node = node.func.value
        elif isinstance(node, ast.Call) and len(node.args) == 1:
            node = node.args[0]
        else:
            break
    return _ADDRESS.search(dotted(node).rpartition(".")[2]) is not None


class _Reading:
    """One scope, from its first to its last node, with what its names and files hold."""

    def __init__(self, flow: PythonFlow, scope: Scope, module: _Reading | None) -> None:
        self.flow = flow
        self.tree = flow.tree
        self.scope = scope
        self.module = module
        self.summary = Summary()
        self.uses: list[Use] = []
        self.names: dict[str, Fetch] = {}
        self.files: dict[object, Fetch] = {}
        self.written: dict[str, object] = {}
        """The file behind each handle that is open for writing."""

    def run(self) -> None:
        if not self._is_concerned():
            return
        for node in self.scope.nodes:
            step = _STEPS.get(type(node))
            if step is not None:
                step(self, node)

    def _is_concerned(self) -> bool:
        """Whether anything is fetched in or handed to the scope."""
        if self.module is not None and (self.module.names or self.module.files) or self.flow.attributes:
            return True
        return any(isinstance(node, ast.Call) and (node in self.flow.fetches or self._summary(node) is not None) for node in self.scope.nodes)

    def _summary(self, call: ast.Call) -> tuple[Summary, Scope] | None:
        inner = self.tree.definition(call.func, self.scope)
        summary = self.flow.summaries.get(inner) if inner is not None else None
        return (summary, inner) if inner is not None and summary is not None and (summary.returns or summary.writes) else None

    # --- what expressions hold ---

    def holds(self, node: ast.AST | None, depth: int = 0) -> Fetch | None:
        """The fetch whose content, or whose file's path, an expression is."""
        if node is None or depth > _DEPTH:
            return None
        found: Fetch | None = None
        if isinstance(node, ast.Call):
            found = self._called(node, depth + 1)
        elif isinstance(node, ast.Name):
            found = self.names.get(node.id)
            if found is None and self.module is not None and node.id not in self.scope.bindings:
                found = self.module.names.get(node.id)
        elif isinstance(node, ast.Attribute):
            own = self._own_attribute(node)
            found = self.flow.attributes.get(own) if own is not None else None
            if found is None and node.attr in _CONTENT:
                found = self.holds(node.value, depth + 1)
        elif isinstance(node, (ast.Await, ast.NamedExpr, ast.Starred, ast.Subscript, ast.FormattedValue)):
            found = self.holds(node.value, depth + 1)
        elif isinstance(node, ast.JoinedStr):
            found = self._first(node.values, depth)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            found = self._first([node.left, node.right], depth)
        elif isinstance(node, ast.IfExp):
            found = self._first([node.body, node.orelse], depth)
        elif isinstance(node, (ast.BoolOp, ast.Tuple)):
            found = self._first(node.values if isinstance(node, ast.BoolOp) else node.elts, depth)
        if found is None and (self.files or self.module is not None and self.module.files):
            key = self.key(node)
            found = self.files.get(key) or (self.module.files.get(key) if self.module is not None else None)
        return found

    def _first(self, nodes: list[ast.expr], depth: int) -> Fetch | None:
        for node in nodes[:20]:
            found = self.holds(node, depth + 1)
            if found is not None:
                return found
        return None

    def _called(self, node: ast.Call, depth: int) -> Fetch | None:
        fetch = self.flow.fetches.get(node)
        if fetch is not None:
            return fetch if fetch.form.gives in ("response", "file") and not fetch.is_harmless else None
        inner = self._summary(node)
        if inner is not None and inner[0].returns is not None:
            return self._at(inner[0].returns, node, inner[1])
        name = self.tree.name(node.func, self.scope)
        if name in _WRAPPERS or name.endswith(_WRAPPER_ENDINGS):
            if name == "open" and _writes(node):
                return None
            return self._first([*node.args[:2], *(keyword.value for keyword in node.keywords if keyword.arg in ("fileobj", "file", "fp"))], depth)
        if isinstance(node.func, ast.Attribute) and (node.func.attr in _CONTENT_METHODS or node.func.attr == "open" and not _writes(node, 0)):
            return self.holds(node.func.value, depth)
        return None

    def _at(self, fetch: Fetch, call: ast.Call, inner: Scope) -> Fetch | None:
        """A helper's fetch as of one call of it: the URL may be what this call hands over."""
        if not any(HOLE in url for url in fetch.urls) or inner.kind != "function":
            return fetch
        urls = [
            url
            for given in (*call.args[:6], *(keyword.value for keyword in call.keywords[:6]))
            for url in self.flow.text.of(given, self.scope)
            if "://" in url[:12]
        ]
        fetch = fetch._replace(urls=tuple(urls)) if urls else fetch
        return None if fetch.is_harmless else fetch

    def _own_attribute(self, node: ast.Attribute) -> tuple[Scope, str] | None:
        owner = self.scope.parent
        if owner is not None and owner.kind == "class" and isinstance(node.value, ast.Name) and node.value.id == self.scope.self_name:
            return owner, node.attr
        return None

    def key(self, node: ast.AST, depth: int = 0) -> object:
        """What a path is known by: its text if that is known, else how it is written."""
        if isinstance(node, ast.Call) and node.args and depth < _DEPTH and self.tree.name(node.func, self.scope) in _PATHS:
            return self.key(node.args[0], depth + 1)
        texts = self.flow.text.of(node, self.scope)
        if len(texts) == 1 and HOLE not in texts[0] and "{" not in texts[0]:
            return texts[0]
        if isinstance(node, ast.Name):
            value = self._only_value(node)
            return (
                ("name", node.id)
                if value is None or depth > _DEPTH or isinstance(value, ast.Call) and not value.args
                else self._written(value) or ("name", node.id)
            )
        return self._written(node)

    def _only_value(self, node: ast.Name) -> ast.expr | None:
        found, _ = self.tree.bindings(node.id, self.scope)
        return found[0].value if len(found) == 1 and found[0].kind == "value" and isinstance(found[0].value, (ast.JoinedStr, ast.BinOp, ast.Call)) else None

    def _written(self, node: ast.AST) -> object:
        if not hasattr(node, "end_col_offset"):
            return None
        start, end = self.tree.span(node)
        return self.tree.text.data[start:end] if end - start < 300 else None

    # --- what statements do ---

    def assign(self, node: ast.AST) -> None:
        value: ast.expr | None = node.value  # type: ignore[attr-defined]
        if value is None:
            return
        held = self.holds(value)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
        for target in targets:
            first = target.elts[0] if isinstance(target, (ast.Tuple, ast.List)) and target.elts else target
            self._set(first, held, value)

    def _set(self, target: ast.AST, held: Fetch | None, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            if held is not None:
                self.names[target.id] = held
            else:
                self.names.pop(target.id, None)
            if isinstance(value, ast.Call) and _opens_for_writing(value, self.tree.name(value.func, self.scope)):
                self.written[target.id] = self._opened(value)
        elif isinstance(target, ast.Attribute) and held is not None:
            own = self._own_attribute(target)
            if own is not None:
                self.flow.attributes[own] = held

    def _opened(self, call: ast.Call) -> object:
        if (
            isinstance(call.func, ast.Attribute)
            and not call.args
            or isinstance(call.func, ast.Attribute)
            and call.func.attr == "open"
            and dotted(call.func) not in ("io.open", "os.open", "codecs.open")
        ):
            return self.key(call.func.value)
        return self.key(call.args[0]) if call.args else None

    def augment(self, node: ast.AST) -> None:
        assert isinstance(node, ast.AugAssign)  # noqa: S101 - for the type checker
        held = self.holds(node.value)
        if held is not None and isinstance(node.target, ast.Name):
            self.names[node.target.id] = held

    def loop(self, node: ast.AST) -> None:
        held = self.holds(node.iter)  # type: ignore[attr-defined]
        if held is not None:
            self._set(node.target, held, None)  # type: ignore[attr-defined]

    def enter(self, node: ast.AST) -> None:
        for item in node.items:  # type: ignore[attr-defined]
            if item.optional_vars is not None:
                self._set(item.optional_vars, self.holds(item.context_expr), item.context_expr)

    def give_back(self, node: ast.AST) -> None:
        held = self.holds(node.value)  # type: ignore[attr-defined]
        if held is not None:
            self.summary.returns = self.summary.returns or held

    def call(self, node: ast.AST) -> None:
        assert isinstance(node, ast.Call)  # noqa: S101 - for the type checker
        name = self.tree.name(node.func, self.scope)
        self._note_files(node, name)
        for how, content in self.flow.sinks.of(node, name, self.scope):
            held = self.holds(content) if content is not None else None
            if held is not None and not self.flow.checks(self.scope):
                self.uses.append(Use(node, how, held, self.scope))
        fetch = self.flow.fetches.get(node)
        if fetch is not None and fetch.form.gives in ("archive", "pickle") and not fetch.is_harmless and not self.flow.checks(self.scope):
            if fetch.form.gives == "archive" or fetch.is_known:
                self.uses.append(Use(node, "unpacked" if fetch.form.gives == "archive" else "unpickled", fetch, self.scope))
        if fetch is not None and fetch.name.endswith("get_file") and not fetch.is_harmless and has_true(node, "untar", "extract"):
            self.uses.append(Use(node, "unpacked", fetch, self.scope))

    def _note_files(self, node: ast.Call, name: str) -> None:
        """Notes which file now holds what was fetched."""
        fetch = self.flow.fetches.get(node)
        if fetch is not None and fetch.form.gives == "file" and fetch.target is not None and not fetch.is_harmless:
            self._write(fetch.target, fetch)
        inner = self._summary(node) if fetch is None else None
        if inner is not None:
            parameters = [argument.arg for argument in inner[1].node.args.args] if isinstance(inner[1].node, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
            skip = 1 if inner[1].self_name and parameters else 0
            for parameter, content in inner[0].writes.items():
                given = argument(node, parameters.index(parameter) - skip if parameter in parameters else -1, parameter)
                held = self._at(content, node, inner[1])
                if given is not None and held is not None:
                    self._write(given, held)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method in ("write", "writelines") and node.args and isinstance(node.func, ast.Attribute):
            key = self.written.get(node.func.value.id) if isinstance(node.func.value, ast.Name) else None
            held = self.holds(node.args[0]) if key is not None else None
            if held is not None:
                self._write_key(key, held)
            elif isinstance(node.func.value, ast.Call) and _opens_for_writing(node.func.value, self.tree.name(node.func.value.func, self.scope)):
                held = self.holds(node.args[0])
                if held is not None:
                    self._write_key(self._opened(node.func.value), held)
        elif method in ("write_bytes", "write_text") and node.args and isinstance(node.func, ast.Attribute):
            held = self.holds(node.args[0])
            if held is not None:
                self._write(node.func.value, held)
        elif name == "shutil.copyfileobj" and len(node.args) > 1 and isinstance(node.args[1], ast.Name):
            held = self.holds(node.args[0])
            if held is not None and node.args[1].id in self.written:
                self._write_key(self.written[node.args[1].id], held)
        elif name in _MOVES and len(node.args) > 1:
            held = self.holds(node.args[0])
            if held is not None:
                self._write(node.args[1], held)

    def _write(self, target: ast.expr, content: Fetch) -> None:
        self._write_key(self.key(target), content)
        if isinstance(target, ast.Name):
            self._write_key(("name", target.id), content)

    def _write_key(self, key: object, content: Fetch) -> None:
        if key is None:
            return
        self.files[key] = content
        if isinstance(key, tuple) and any(binding.kind == "parameter" for binding in self.scope.bindings.get(key[1], ())[:4]):
            self.summary.writes[key[1]] = content


def _writes(call: ast.Call, position: int = 1) -> bool:
    mode = constant_text(argument(call, position, "mode"))
    return any(letter in mode for letter in "wax+")


def _opens_for_writing(call: ast.Call, name: str) -> bool:
    if name in ("open", "io.open", "aiofiles.open", "os.fdopen", "codecs.open"):
        return _writes(call)
    if name.startswith("tempfile.") and "TemporaryFile" in name:
        return False
    return isinstance(call.func, ast.Attribute) and call.func.attr == "open" and _writes(call, 0)


_CONTENT = frozenset("content text raw body data buffer".split())
_CONTENT_METHODS = frozenset(
    "read readall decode getvalue getbuffer iter_content iter_lines iter_bytes iter_raw aiter_bytes iter_chunked iter_any stream aread getvalue result "
    "strip readlines readline replace resolve absolute as_posix read_bytes read_text expanduser splitlines text content __enter__ body".split()
)
_WRAPPERS = frozenset(
    "io.BytesIO io.StringIO io.TextIOWrapper io.BufferedReader BytesIO StringIO bytes bytearray memoryview str iter open io.open gzip.decompress gzip.open gzip.GzipFile bz2.decompress bz2.open "
    "lzma.decompress lzma.open zlib.decompress base64.b64decode codecs.decode compile os.path.abspath os.path.realpath os.path.expanduser os.fspath pathlib.Path Path tarfile.open "
    "tarfile.TarFile tarfile.TarFile.open zipfile.ZipFile py7zr.SevenZipFile rarfile.RarFile contextlib.closing closing asyncio.run pickle.Unpickler textwrap.dedent shlex.quote".split()
)
_WRAPPER_ENDINGS = (".BytesIO", ".ZipFile")
_PATHS = frozenset("str os.fspath os.path.abspath os.path.realpath os.path.expanduser os.path.normpath shlex.quote".split())
_MOVES = frozenset("shutil.copy shutil.copyfile shutil.copy2 shutil.move os.rename os.replace".split())
_STEPS = {
    ast.Assign: _Reading.assign, ast.AnnAssign: _Reading.assign, ast.NamedExpr: _Reading.assign, ast.AugAssign: _Reading.augment, ast.For: _Reading.loop,
    ast.AsyncFor: _Reading.loop, ast.With: _Reading.enter, ast.AsyncWith: _Reading.enter, ast.Return: _Reading.give_back, ast.Yield: _Reading.give_back,
    ast.Call: _Reading.call,
}  # fmt: skip
