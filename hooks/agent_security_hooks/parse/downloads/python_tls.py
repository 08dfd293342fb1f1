"""Where Python code turns off the check of a server's certificate."""

from __future__ import annotations

import ast
import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.downloads.messages import shown
from agent_security_hooks.parse.downloads.python_fetch import is_falsy
from agent_security_hooks.parse.downloads.switches import bad_setting, bad_switches
from agent_security_hooks.parse.python_tree import constant_text, dotted
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree, Scope

RULE = "tls-verification-off"
_VERBS = frozenset("get post put patch delete head options request send stream ws_connect".split())
# Whose `verify=False` is about certificates; other libraries verify tokens, checksums and images.
_VERIFIERS = frozenset(
    "requests httpx boto3 botocore aiohttp niquests curl_cffi hvac urllib3 requests_html requests_cache cloudscraper docker gitlab jira".split()
)
# Keywords that say what they mean wherever they stand, with the values that switch off.
_CERT_NONE = frozenset("CERT_NONE cert_none none".split())
_HINTS = ("session", "client", "http", "request", "conn", "api")
_DISABLED = "any certificate is accepted"


def tls_switches(tree: PythonTree, text: PythonText) -> Iterator[Event]:
    """Every place where a check is switched off, one for each object and function. Those that an option switches are pedantic."""
    reader = _Reader(tree, text)
    found: dict[object, tuple[Found, Scope]] = {}
    for node, scope in tree.nodes():
        read = _READERS.get(type(node))
        for switch in read(reader, node, scope) if read is not None else ():
            key = (scope, switch.owner) if switch.owner else switch.node
            if key not in found or found[key][0].rank < switch.rank:
                found[key] = switch, scope
    for count, (switch, scope) in enumerate(found.values()):
        start, end = tree.span(switch.node)
        yield Event(start, end, RULE, switch.message, pedantic=switch.rank == 0 or count < _OPTIONAL and _is_optional(switch.node, scope))


class Found(NamedTuple):
    """A switch: the node to point at, and the object that is switched where that is known, of which the highest `rank` counts; 0 may be meant well."""

    node: ast.AST
    message: str
    owner: str = ""
    rank: int = 1


_OPTIONAL = 200
_OPTION = re.compile(r"(?i)secur|ssl|tls|cert|verif|valid|trust|host_?name|check")


def _is_optional(node: ast.AST, scope: Scope) -> bool:
    """Whether a setting decides about the switch: `if not verify:`."""
    line: int = node.lineno if hasattr(node, "lineno") else 0
    for other in scope.nodes:
        if isinstance(other, ast.If) and other.test.lineno < line <= (other.end_lineno or 0):
            for part in islice(ast.walk(other.test), 30):
                word = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else constant_text(part)
                if _OPTION.search(word[:200]):
                    return True
    return False


class _Reader:
    def __init__(self, tree: PythonTree, text: PythonText) -> None:
        self.tree = tree
        self.text = text
        module = tree.scopes[0].bindings.values() if tree.scopes else ()
        self.http = any(binding.name.partition(".")[0] in _VERIFIERS for found in module for binding in found[:4])
        self.unverified = {"_create_unverified_context"}
        for scope in tree.scopes:
            self.unverified.update(name for name, found in scope.bindings.items() if found[0].name == "ssl._create_unverified_context")
        self._trusting: dict[Scope, set[str]] = {}

    def call(self, node: ast.AST, scope: Scope) -> Iterator[Found]:
        assert isinstance(node, ast.Call)  # noqa: S101 - for the type checker
        name = self.tree.name(node.func, scope)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        for keyword in node.keywords:
            message = self._keyword(keyword, name, last, node, scope)
            if message:
                yield Found(keyword, message)
        if last == "setopt" and len(node.args) == 2 and is_falsy(node.args[1]):
            option = dotted(node.args[0]).rpartition(".")[2]
            if option.removeprefix("CURLOPT_") in ("SSL_VERIFYPEER", "SSL_VERIFYHOST", "PROXY_SSL_VERIFYPEER"):
                yield Found(node, f"{option} 0: {_DISABLED}", f"curl {dotted(node.func)}")
        elif last in _SETTERS and len(node.args) >= 2 and (last in ("setenv", "putenv") or "env" in _owner(node.func).lower()):
            yield from self._variable(node, node.args[0], node.args[1], scope)
        elif name in ("dict", "os.environ.update"):
            for keyword in node.keywords:
                if keyword.arg:
                    yield from self._setting(keyword, keyword.arg, keyword.value, scope)

    def _keyword(self, keyword: ast.keyword, name: str, last: str, call: ast.Call, scope: Scope) -> str:
        """What is wrong with a keyword of a call, if anything."""
        module, option, value = name.partition(".")[0].removesuffix("()"), keyword.arg, keyword.value
        if option in ("verify", "verify_ssl", "ssl", "verify_certs", "ssl_verify") and isinstance(value, ast.Constant) and value.value is False:
            known = module in _VERIFIERS
            session = not name and last in _VERBS and (self.http or any(hint in _owner(call.func).lower() for hint in _HINTS))
            if option == "ssl":
                known, session = module == "aiohttp", False
            elif option != "verify":
                known = known or last[:1].isupper()
            return f"{option}=False: {_DISABLED}" if known or session else ""
        if option in ("cert_reqs", "ssl_cert_reqs", "tls_cert_reqs") and self._is_cert_none(value, scope):
            server = any(other.arg == "server_side" and not is_falsy(other.value) for other in call.keywords)
            return "" if server else f"{option}=CERT_NONE: {_DISABLED}"
        if option in _INSECURE_KEYWORDS and isinstance(value, ast.Constant) and value.value is True:
            return f"{option}=True: {_DISABLED}"
        return ""

    def _is_cert_none(self, node: ast.AST, scope: Scope) -> bool:
        if isinstance(node, ast.Constant):
            return node.value in _CERT_NONE if isinstance(node.value, str) else node.value == 0 and type(node.value) is int
        return self.tree.name(node, scope) in ("ssl.CERT_NONE", "ssl.VerifyMode.CERT_NONE")

    def assign(self, node: ast.AST, scope: Scope) -> Iterator[Found]:
        assert isinstance(node, ast.Assign)  # noqa: S101 - for the type checker
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr in _ATTRIBUTES:
                yield from self._attribute(node, target, scope)
            elif isinstance(target, ast.Subscript) and constant_text(target.slice) and "env" in dotted(target.value).lower():
                yield from self._variable(node, target.slice, node.value, scope)

    def _attribute(self, node: ast.Assign, target: ast.Attribute, scope: Scope) -> Iterator[Found]:
        value, owner = node.value, dotted(target.value)
        off = isinstance(value, ast.Constant) and value.value is False
        if target.attr == "verify_mode":
            if self._is_cert_none(value, scope) and not isinstance(value, ast.Constant) and not self._is_server(target.value, scope):
                yield Found(node, f"verify_mode = CERT_NONE: {_DISABLED}", owner, 2 if owner != scope.self_name else 0)
        elif target.attr == "check_hostname":
            if off and owner != scope.self_name and not self._is_server(target.value, scope):
                known = self.tree.name(target.value, scope).startswith("ssl.") and not self._has_own_authority(target.value, scope)
                yield Found(node, "check_hostname = False: a certificate of any host is accepted", owner, int(known))
        elif off and owner != scope.self_name:
            module = self.tree.name(target.value, scope).partition(".")[0]
            name = owner.rpartition(".")[2].lower()
            named = self.http and (any(hint in name for hint in _HINTS) or name in ("s", "sess", "r"))
            if module in _VERIFIERS or named or target.attr == "verify_ssl" and ("config" in name or module == "kubernetes"):
                yield Found(node, f"{target.attr} = False: {_DISABLED}")

    def _constructor(self, node: ast.AST, scope: Scope) -> ast.Call | None:
        """The call that made the object, where there is one only."""
        if isinstance(node, ast.Name):
            values = [binding.value for binding in self.tree.bindings(node.id, scope)[0][:4]]
        elif isinstance(node, ast.Attribute):
            values = [binding.value for binding, _ in self.tree.attribute_bindings(node, scope) or ()]
        else:
            return None
        return values[0] if len(values) == 1 and isinstance(values[0], ast.Call) else None

    def _is_server(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a TLS context is that of a server, which asks no certificate of its clients."""
        call = self._constructor(node, scope)
        given = [*call.args[:4], *(keyword.value for keyword in call.keywords[:8])] if call is not None else []
        return any(dotted(each).rpartition(".")[2] in ("CLIENT_AUTH", "PROTOCOL_TLS_SERVER") for each in given)

    def _has_own_authority(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a TLS context trusts certificates of its own only; their host does not matter then."""
        call = self._constructor(node, scope)
        if call is not None and any(keyword.arg in ("cafile", "cadata", "capath") and not is_falsy(keyword.value) for keyword in call.keywords[:8]):
            return True
        if scope not in self._trusting:
            self._trusting[scope] = {
                dotted(other.func.value)
                for other in scope.nodes
                if isinstance(other, ast.Call) and isinstance(other.func, ast.Attribute) and other.func.attr == "load_verify_locations"
            }
        return dotted(node) in self._trusting[scope]

    def reference(self, node: ast.AST, scope: Scope) -> Iterator[Found]:
        last = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if last in self.unverified:
            if isinstance(node.ctx, ast.Load) and self.tree.name(node, scope) == "ssl._create_unverified_context":  # type: ignore[attr-defined]
                yield Found(node, f"ssl._create_unverified_context: {_DISABLED}")
        elif last == "OPT_X_TLS_NEVER" and isinstance(node, ast.Attribute):
            yield Found(node, f"OPT_X_TLS_NEVER: {_DISABLED}")

    def table(self, node: ast.AST, scope: Scope) -> Iterator[Found]:
        assert isinstance(node, ast.Dict)  # noqa: S101 - for the type checker
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                yield from self._variable(value, key, value, scope)

    def _variable(self, node: ast.AST, name: ast.AST, value: ast.AST, scope: Scope) -> Iterator[Found]:
        if constant_text(name):
            yield from self._setting(node, constant_text(name), value, scope)

    def _setting(self, node: ast.AST, name: str, value: ast.AST, scope: Scope) -> Iterator[Found]:
        if len(name) < 60 and (name.isupper() or name.islower()):
            for given in self.text.of(value, scope):
                found = bad_setting(name, given) if HOLE not in given else None
                if found:
                    yield Found(node, found[1])
                    return

    def command(self, node: ast.AST, scope: Scope) -> Iterator[Found]:  # noqa: ARG002 - as its siblings
        """Finds switches in `["curl", "-k", url]`, a command's arguments in a list."""
        assert isinstance(node, (ast.List, ast.Tuple))  # noqa: S101 - for the type checker
        if len(node.elts) < 2 or constant_text(node.elts[0]).rpartition("/")[2] not in _PROGRAMS:
            return
        from agent_security_hooks.parse.downloads.calls import Argument, Call

        given = node.elts[:200]
        arguments = tuple(Argument(constant_text(each), *self.tree.span(each)) for each in given)
        call = Call(arguments[0].text.rpartition("/")[2], arguments[0], arguments[1:])
        for switch, message in bad_switches(call):
            yield Found(next(each for each, argument in zip(given, arguments) if argument is switch), message)
        off = _FETCHERS.get(call.name)
        for each, argument in zip(given[1:], call.arguments) if off is not None else ():
            if off is not None and off.match(argument.text):
                yield Found(each, f"{call.name} {shown(argument.text)}: {_DISABLED}")


def _owner(node: ast.AST) -> str:
    """The last name of what a method belongs to."""
    return dotted(node.value).rpartition(".")[2] if isinstance(node, ast.Attribute) else ""


_SETTERS = frozenset("setdefault putenv setenv set".split())
_INSECURE_KEYWORDS = frozenset("tlsAllowInvalidCertificates tlsInsecure ssl_skip_verify tls_skip_verify insecure_skip_verify".split())
_ATTRIBUTES = frozenset("verify_mode check_hostname verify verify_ssl ssl_verify".split())
_PROGRAMS = frozenset(
    "curl wget git npm yarn pnpm pip pip3 uv apt apt-get yum dnf apk rpm conda aws helm kubectl svn hg podman skopeo buildah composer".split()
)
_FETCHERS = {"curl": re.compile(r"(?:--(?:proxy-)?insecure|-[fsSLvgiI]{0,9}k[fsSLvgiI]{0,9}[oO]?)\Z"), "wget": re.compile(r"--no-check-certificate\Z")}
_READERS: dict[type[ast.AST], Callable[[_Reader, ast.AST, Scope], Iterator[Found]]] = {
    ast.Call: _Reader.call,
    ast.Assign: _Reader.assign,
    ast.Attribute: _Reader.reference,
    ast.Name: _Reader.reference,
    ast.Dict: _Reader.table,
    ast.List: _Reader.command,
    ast.Tuple: _Reader.command,
}
