"""The calls that fetch something in Python: which argument is the URL, where the content goes, and what the call gives back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.python_tree import argument
from agent_security_hooks.parse.urls import HOLE, insecure_scheme, is_external, pin_of, split_url

if TYPE_CHECKING:
    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree, Scope


class Form(NamedTuple):
    """How a function is called: position and keywords of the URL and of the file that it writes, and what it gives.

    `gives` is "response" (an object with the content), "file" (the path of what it wrote), "archive" (it unpacks what it fetched), "weights" (it loads
    them), "clone" or "pickle" (it unpickles what it fetched). `hashes` are keywords that make it compare a hash.
    """

    gives: str
    url: int
    url_names: tuple[str, ...] = ("url",)
    target: int = -1
    target_names: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


_OPEN = Form("response", 0, ("url", "fullurl"))
_RETRIEVE = Form("file", 0, ("url",), 1, ("filename",))
_KERAS = Form("file", 1, ("origin",), 0, ("fname",), ("file_hash", "md5_hash"))
_TORCH_STATE = Form("weights", 0, ("url",), -1, ("file_name",), ("check_hash",))
_FORMS: dict[str, Form] = {
    **dict.fromkeys(
        ("urllib.request.urlopen", "urllib.urlopen", "urllib2.urlopen", "six.moves.urllib.request.urlopen", "urllib.request.URLopener().open"), _OPEN
    ),
    **dict.fromkeys(("urllib.request.build_opener().open", "urllib.request.OpenerDirector().open", "urllib2.build_opener().open"), _OPEN),
    **dict.fromkeys(
        ("urllib.request.urlretrieve", "urllib.urlretrieve", "six.moves.urllib.request.urlretrieve", "urllib.request.URLopener().retrieve"), _RETRIEVE
    ),
    "wget.download": Form("file", 0, ("url",), 1, ("out",)),
    "torch.hub.download_url_to_file": Form("file", 0, ("url",), 1, ("dst",), ("hash_prefix",)),
    **dict.fromkeys(
        ("torch.hub.load_state_dict_from_url", "torch.utils.model_zoo.load_url", "torchvision.models.utils.load_state_dict_from_url"), _TORCH_STATE
    ),
    "torchvision.datasets.utils.download_url": Form("file", 0, ("url",), 2, ("filename",), ("md5",)),
    "torchvision.datasets.utils.download_and_extract_archive": Form("archive", 0, ("url",), 3, ("filename",), ("md5",)),
    **dict.fromkeys(("tensorflow.keras.utils.get_file", "keras.utils.get_file", "tf.keras.utils.get_file", "keras.utils.data_utils.get_file"), _KERAS),
    "gdown.download": Form("file", 0, ("url", "id"), 1, ("output",)),
    "gdown.cached_download": Form("file", 0, ("url", "id"), 1, ("path",), ("hash", "md5")),
    "pooch.retrieve": Form("file", 0, ("url",), -1, ("fname",), ("known_hash",)),
    "pandas.read_pickle": Form("pickle", 0, ("filepath_or_buffer",)),
    **dict.fromkeys(("git.Repo.clone_from", "pygit2.clone_repository"), Form("clone", 0, ("url",), 1, ("to_path",))),
    "aiohttp.request": Form("response", 1),
    "urllib3.request": Form("response", 1),
}
_CLIENTS = frozenset(
    "requests requests.api requests.Session() requests.session() requests.sessions.Session() httpx httpx.Client() httpx.AsyncClient() aiohttp.ClientSession() "
    "aiohttp.client.ClientSession() urllib3.PoolManager() urllib3.ProxyManager() requests_html.HTMLSession() requests_cache.CachedSession() curl_cffi.requests "
    "curl_cffi.requests.Session() cloudscraper.create_scraper() niquests niquests.Session()".split()
)
_VERBS = {
    **dict.fromkeys("get post put patch delete head options".split(), Form("response", 0)),
    **dict.fromkeys("request stream urlopen".split(), Form("response", 1)),
}


class Fetch(NamedTuple):
    """One call that fetches. `urls` are what its URL may be, with HOLE for what is not known."""

    call: ast.Call
    scope: Scope
    name: str
    form: Form
    url: ast.expr
    urls: tuple[str, ...]
    target: ast.expr | None

    @property
    def host(self) -> str:
        """The host in words, as far as it is known."""
        return host_of(*self.urls)

    @property
    def is_known(self) -> bool:
        """Whether the host is known."""
        return any(parts is not None and parts.host.strip(HOLE) for parts in map(split_url, self.urls))

    @property
    def is_harmless(self) -> bool:
        """Whether nothing that may be fetched comes from elsewhere and may change."""
        return all(_harmless(url) for url in self.urls)


def _harmless(url: str) -> bool:
    parts = split_url(url)
    if parts is None:
        return not url.startswith(HOLE)
    return parts.scheme not in ("http", "https", "ftp") or not is_external(parts.host) and HOLE not in parts.host or bool(pin_of(url))


def read_fetch(call: ast.Call, scope: Scope, tree: PythonTree, text: PythonText) -> Fetch | None:
    """What a call fetches, or None. A hash that the call itself compares leaves nothing to say."""
    name = tree.name(call.func, scope)
    form = _FORMS.get(name)
    if form is None:
        client, _, verb = name.rpartition(".")
        form = _VERBS.get(verb) if client in _CLIENTS else None
        if form is None:
            return None
    url = argument(call, form.url, *form.url_names)
    if url is None or any(keyword.arg in form.hashes and not is_falsy(keyword.value) for keyword in call.keywords):
        return None
    return Fetch(call, scope, name, form, url, text.of(url, scope), argument(call, form.target, *form.target_names))


def is_falsy(node: ast.AST) -> bool:
    """Whether an expression is surely `False`, `None`, `0` or empty."""
    return isinstance(node, ast.Constant) and not node.value


# Over http on purpose: the question is whether there is a network, or what an HTTP client does.
_PLAIN_ON_PURPOSE = frozenset(
    "detectportal.firefox.com captive.apple.com connectivitycheck.gstatic.com clients3.google.com www.msftconnecttest.com www.msftncsi.com neverssl.com "
    "httpbin.org www.httpbin.org".split()
)


def insecure_fetch(urls: tuple[str, ...]) -> str:
    """The first URL that is fetched from an external host without TLS, unless the same with TLS may be meant; "" if none."""
    for url in urls:
        scheme = insecure_scheme(url)
        parts = split_url(url)
        if not scheme or parts is None or parts.host in _PLAIN_ON_PURPOSE or parts.host.startswith(("ocsp.", "crl.", "crl3.", "crl4.", "cacerts.")):
            continue
        if scheme == "http" and any(other[:5].lower() == "https" and other[5:] == url.strip()[4:] for other in urls):
            continue
        return url
    return ""
