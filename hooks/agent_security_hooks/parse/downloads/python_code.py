"""Downloads in Python code: what is fetched without TLS, what is used without a look at its hash, where models come from, and where TLS checks are off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.urls import HOLE, insecure_scheme

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from agent_security_hooks.parse.downloads.python_fetch import Fetch
    from agent_security_hooks.parse.downloads.python_flow import PythonFlow, Use
    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import PythonTree
    from agent_security_hooks.source import Source

# A look for fixed bytes costs a tenth of a pattern with as many alternatives, and nearly every file holds none of them.
_FETCH = (
    b"urlopen", b"urlretrieve", b"requests", b"httpx", b"aiohttp", b"urllib3", b"wget", b"get_file", b"download_url", b"download_and_extract", b"load_url",
    b"load_state_dict_from_url", b"gdown", b"pooch", b"read_pickle", b"clone_from", b"clone_repository", b"URLopener", b"build_opener", b"cloudscraper", b"curl_cffi",
)  # fmt: skip
_SWITCH = (
    b"CERT_NONE", b"cert_reqs", b"_create_unverified_context", b"check_hostname", b"SSL_VERIFY", b"tlsAllowInvalidCertificates", b"tlsInsecure", b"skip_verify",
    b"OPT_X_TLS_NEVER", b"TLS_REJECT_UNAUTHORIZED", b"HTTPSVERIFY", b"GIT_SSL_NO_VERIFY", b"CA_BUNDLE", b"strict_ssl", b"STRICT_SSL", b"TRUSTED_HOST", b"INSECURE_HOST",
    b"sslVerify", b"--insecure", b"--proxy-insecure", b"no-check-certificate", b"trusted-host", b"allow-unauthenticated", b"nogpgcheck", b"allow-untrusted", b"no-verify-ssl",
    b"tls-verify", b"curl",
)  # fmt: skip
_SWITCH_OFF = Pattern(rb"verify(?:_ssl|_certs)?[ \t]{0,9}=[ \t]{0,9}False")
_SSL_OFF = Pattern(rb"ssl[ \t]{0,9}=[ \t]{0,9}False")
_CURL_OFF = Pattern(rb"[\"']-\w{0,9}k\w{0,9}[\"']")
_USE = Pattern(
    rb"\bexec\(|\beval\(|subprocess|os\.system|os\.popen|os\.exec|os\.spawn|pickle|torch\.load|joblib|extractall|unpack_archive|\.extract\(|extract_archive|chmod|spec_from_file_location"
    rb"|SourceFileLoader|runpy|marshal|CDLL|LoadLibrary|\bdill\b|load_source|startfile|shelve|allow_pickle|pty\.spawn|untar|extract=|download_and_extract"
)
_PLAIN = Pattern(rb"(?i)(?:http|ftp|git)://[^\s\"'<>\\]{0,200}")
_MODEL = Pattern(
    rb"(?i)\.(?:pth?|ckpt|safetensors|gguf|ggml|h5|hdf5|keras|pkl|pickle|joblib|onnx|tflite|caffemodel|pdparams|t7|weights|nemo|bin|pb|params)\b|\bgdown\b"
)


def python_events(file: Source) -> tuple[Event, ...]:
    """The view: the events of the rules http-download-in-code, tls-verification-off and untrusted-model-source, in order of place."""
    return file.view(_read)[0]


def python_problem(file: Source) -> str:
    """Why a file that should be analysed was not, or not to its end, quoting nothing of it; "" if it was or need not be."""
    return file.view(_read)[1]


def _read(file: Source) -> tuple[tuple[Event, ...], str]:
    wanted = _wanted(file.data)
    if not wanted:
        return (), ""
    from agent_security_hooks.parse.python_text import PythonText
    from agent_security_hooks.parse.python_tree import read_python

    tree = file.view(read_python)
    text = PythonText(tree)
    problem = tree.problem
    found: list[Event] = []
    if "fetch" in wanted:
        from agent_security_hooks.parse.downloads.python_flow import PythonFlow

        flow = PythonFlow(tree, text)
        found += _fetch_events(file, flow)
        problem = problem or ("has more downloads than are followed; the rest was not looked at" if flow.is_cut_off else "")
    if "switch" in wanted:
        from agent_security_hooks.parse.downloads.python_tls import tls_switches

        found += (event._replace(pedantic=event.pedantic or _is_test(file)) for event in tls_switches(tree, text))
    return tuple(sorted(found)), problem


def _wanted(data: bytes) -> frozenset[str]:
    """Which analyses may find something: a look at the bytes."""
    wanted = {"switch"} if _may_switch(data) else set()
    if any(literal in data for literal in _FETCH) and (_USE.search(data) or _MODEL.search(data) or any(map(_is_plain, _PLAIN.finditer(data)))):
        wanted.add("fetch")
    return frozenset(wanted)


def _may_switch(data: bytes) -> bool:
    found = next((literal for literal in _SWITCH if literal in data), b"")
    if found != b"curl":
        return bool(found) or _SWITCH_OFF.search(data) is not None or _SSL_OFF.search(data) is not None
    return _CURL_OFF.search(data) is not None or _SWITCH_OFF.search(data) is not None or _SSL_OFF.search(data) is not None


def _is_plain(match: re.Match[bytes]) -> bool:
    """Whether an address outside of a comment may be fetched without TLS; one without a host may get it by `+`."""
    data, start = match.string, match.start()
    line = data[max(data.rfind(b"\n", max(0, start - 300), start) + 1, start - 300) : start]
    if line.lstrip().startswith(b"#"):
        return False
    url = match[0].decode("utf-8", "replace")
    return url.endswith("://") or bool(insecure_scheme(url))


def _is_test(file: Source) -> bool:
    from agent_security_hooks.parse.file_kinds import low_stakes

    return low_stakes(file.path)


def _fetch_events(file: Source, flow: PythonFlow) -> Iterator[Event]:
    from agent_security_hooks.parse.downloads.python_fetch import insecure_fetch

    tree, text = flow.tree, flow.text
    test = _is_test(file)
    weights = set()
    for fetch in flow.fetches.values():
        plain = insecure_fetch(fetch.urls)
        start, end = tree.span(fetch.url)
        if plain:
            yield Event(start, end, "http-download-in-code", f"{_shown(fetch)} fetches from {_host(plain)} over {insecure_scheme(plain)}", pedantic=test)
        source = _model(fetch, text)
        if source and not flow.checks(fetch.scope):
            weights.add(fetch.call)
            yield Event(start, end, "untrusted-model-source", f"model weights come from {source} and nothing compares their hash", pedantic=test)
    for use in flow.uses():
        if use.fetch.call not in weights:
            start, end = tree.span(use.node)
            yield Event(start, end, "http-download-in-code", _message(use, file, tree), _FIX, test or use.how == "unpacked" and not use.fetch.is_known)


_FIX = "compare hashlib.sha256(content).hexdigest() with a digest that is written down here before it is used"


def _message(use: Use, file: Source, tree: PythonTree) -> str:
    line = file.line_of(tree.span(use.fetch.call)[0])
    return f"what was downloaded from {use.fetch.host} (line {line}) is {use.how}, and nothing compared its hash"


def _shown(fetch: Fetch) -> str:
    """The function in the words of its users."""
    name = fetch.name.replace("()", "").replace("urllib.request.", "")
    return name.rpartition(".")[2] + "()" if len(name) > 40 else name + "()"


def _host(url: str) -> str:
    from agent_security_hooks.parse.downloads.messages import host_of

    return host_of(url)


def _model(fetch: Fetch, text: PythonText) -> str:
    """Where a fetch takes a model's weights from, if from a place where they may be replaced."""
    from agent_security_hooks.parse.urls import is_weights_name, model_source

    if fetch.form.gives == "clone":
        return ""
    targets = text.of(fetch.target, fetch.scope) if fetch.target is not None else ("",)
    if fetch.name.startswith("gdown.") and any(url.startswith(HOLE) or "://" not in url for url in fetch.urls):
        return "Google Drive" if any(is_weights_name(target) for target in targets) else ""
    for url in fetch.urls:
        for target in targets:
            source = model_source(url, target.strip(HOLE))
            if source:
                return f"{source} ({_host(url)})" if source == "a raw URL" else source
    return ""
