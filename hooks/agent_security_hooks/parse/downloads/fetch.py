"""Programs that download: what a call of one fetches, and where it puts it.

Options are those of the programs' manuals: curl.se/docs/manpage.html, gnu.org/software/wget/manual, aria2.github.io/manual,
cli.github.com/manual/gh_release_download, docs.aws.amazon.com/cli/latest/reference/s3, cloud.google.com/storage/docs/gsutil.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.options import Grammar, read_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.downloads.calls import Argument, Call
    from agent_security_hooks.parse.downloads.options import Option

STDOUT = "-"


class Fetch(NamedTuple):
    """What a call downloads. `outputs` are paths as given, one for each URL or one for all; "-" is standard output."""

    urls: tuple[str, ...]
    outputs: tuple[str, ...]
    directory: str = ""
    """Where `outputs` lie if they are relative."""
    fails: bool = True
    """Whether an error page of the server makes the program fail instead of being saved."""
    api: bool = False
    """A request that sends something or only asks for the status: its answer is no program."""
    insecure: Option | None = None
    """The switch that turns off the check of the server's certificate."""
    checked: bool = False
    """The program itself compares a checksum."""
    implied: bool = False
    """The file's name comes from the URL; some write `wget URL | sh` and mean standard output."""


_CURL = Grammar(
    "AbcCdDeEFHKmoPQrtTuUwxXyYz",
    frozenset(
        "abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to continue-at cookie cookie-jar "
        "create-file-mode crlfile curves data data-ascii data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr "
        "dns-servers doh-url dump-header ech egd-file engine etag-compare etag-save expect100-timeout form form-string ftp-account ftp-alternative-to-user "
        "ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip header hostpubmd5 hostpubsha256 hsts interface ip-tos "
        "ipfs-gateway json keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port login-options mail-auth mail-from mail-rcpt "
        "max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output output-dir parallel-max pass pinnedpubkey preproxy proto proto-default "
        "proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type "
        "proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 "
        "pubkey quote random-file range rate referer request request-target resolve retry retry-delay retry-max-time sasl-authzid service-name "
        "socks4 socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize time-cond tls-max "
        "tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket upload-file url url-query user user-agent variable "
        "vlan-priority write-out".split()
    ),
)
_WGET = Grammar(
    "oaeiBtOTwQPUlARDIX",
    frozenset(
        "output-file append-output execute input-file base config tries output-document start-pos timeout dns-timeout connect-timeout read-timeout "
        "limit-rate wait waitretry quota bind-address prefer-family user password secure-protocol certificate certificate-type private-key "
        "private-key-type ca-certificate ca-directory crl-file pinnedpubkey random-file egd-file ciphers ftp-user ftp-password http-user http-password "
        "default-page header referer user-agent load-cookies save-cookies post-data post-file method body-data body-file cut-dirs directory-prefix "
        "level accept reject accept-regex reject-regex regex-type domains exclude-domains follow-tags ignore-tags include-directories "
        "exclude-directories report-speed progress restrict-file-names local-encoding remote-encoding warc-file compression max-redirect".split()
    ),
    abbreviated=True,
)
_ARIA2 = Grammar(
    "odjskxlmTti",
    frozenset(
        "out dir checksum max-concurrent-downloads split header user-agent input-file max-connection-per-server min-split-size timeout max-tries retry-wait check-certificate".split()
    ),
)
_AXEL = Grammar("noaUHST", frozenset(("output", "num-connections", "header", "user-agent", "max-speed")))
_FREEBSD_FETCH = Grammar("oBSTwcfhN", frozenset(("no-verify-peer",)))
_HTTPIE = Grammar("oapA", frozenset("output auth print verify session timeout auth-type proxy cert style pretty max-redirects".split()))
_GH = Grammar("RpODA", frozenset("repo pattern output dir archive hostname header method jq field raw-field template".split()))
_AWS = Grammar(
    "",
    frozenset(
        "bucket key region profile endpoint-url exclude include range version-id output query sse storage-class cli-read-timeout cli-connect-timeout expected-size".split()
    ),
    clusters=False,
)
_GSUTIL = Grammar("oh", frozenset())
_GCLOUD = Grammar("", frozenset("project account billing-project".split()))
_AZURE = Grammar(
    "f n c g",
    frozenset("file name container-name account-name account-key connection-string sas-token subscription blob-url resource-group path".split()),
    clusters=False,
)
_GDOWN = Grammar("O", frozenset(("output", "id", "proxy")))

# A variable that holds switches which are not known.
_SWITCHES = re.compile(r"\$\{\w*(?i:opt|flag|arg|param|switch)\w*[^/:]*\}\Z")
_STATUS = ("http_code", "response_code", "http_connect", "time_total", "remote_ip", "redirect_url")
_SENDS = ("d", "data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json", "F", "form", "form-string", "T", "upload-file", "url-query")


def _curl(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _CURL)
    if options.has("V", "version", "M", "manual", "h", "help") and not options.positional:
        return None
    words = [argument.text for argument in options.positional]
    unknown = any(map(_SWITCHES.match, words))
    urls = (*options.values("url"), *(word for word in words if not _SWITCHES.match(word)))
    method = (options.values("X", "request") or ["GET"])[-1].upper()
    written = " ".join(options.values("w", "write-out"))
    outputs = options.values("o", "output")
    implied = options.has("O", "remote-name", "remote-name-all") and not outputs
    api = method != "GET" or options.has("I", "head", *_SENDS) or any(word in written for word in _STATUS)
    return Fetch(
        urls,
        tuple(name_in_url(url) for url in urls) if implied else tuple(outputs) or (STDOUT,),
        (options.values("output-dir") or [""])[-1],
        options.has("f", "fail", "fail-with-body") or unknown,
        api,
        options.find("k", "insecure", "proxy-insecure", "doh-insecure"),
    )


def _wget(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _WGET)
    insecure = next((o for o in options.given if len(o.name) > 8 and "no-check-certificate".startswith(o.name)), None)
    if options.has("spider", "V", "version", "h", "help"):
        return Fetch((), (), insecure=insecure, api=True) if insecure else None
    urls = tuple(argument.text for argument in options.positional if argument.text != "-")
    outputs = tuple(options.values("O", "output-document"))
    directory = (options.values("P", "directory-prefix") or [""])[-1]
    if outputs:  # -O stands for the shell's redirection: the directory prefix does not count
        return Fetch(urls, (STDOUT if outputs[-1] in ("-", "/dev/stdout") else outputs[-1],), insecure=insecure)
    names = tuple(name_in_url(url) for url in urls if "://" in url or len(urls) == 1 or "." in url.strip("."))
    unknown = "*" if options.has("i", "input-file") else ""
    return Fetch(urls, names or (unknown,), directory, insecure=insecure, implied=True)


def _aria2(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _ARIA2)
    urls = tuple(argument.text for argument in options.positional)
    insecure = next((o for o in options.given if o.name == "check-certificate" and o.value.lower() == "false"), None)
    names = tuple(options.values("o", "out")) or tuple(name_in_url(url) for url in urls)
    return Fetch(urls, names, (options.values("d", "dir") or [""])[-1], insecure=insecure, checked=options.has("checksum"))


def _axel(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _AXEL)
    urls = tuple(argument.text for argument in options.positional)
    return Fetch(urls, tuple(options.values("o", "output")) or tuple(map(name_in_url, urls)), insecure=options.find("k", "insecure"))


def _freebsd_fetch(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _FREEBSD_FETCH)
    urls = tuple(argument.text for argument in options.positional)
    if not any("://" in url for url in urls):
        return None
    return Fetch(urls, tuple(options.values("o")) or tuple(map(name_in_url, urls)), insecure=options.find("no-verify-peer"))


def _httpie(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _HTTPIE)
    words = [argument.text for argument in options.positional]
    method = words.pop(0) if words and words[0].isupper() and words[0].isalpha() else "GET"
    insecure = next((o for o in options.given if o.name == "verify" and o.value.lower() in ("no", "false")), None)
    outputs = tuple(options.values("o", "output"))
    if options.has("d", "download") and not outputs:
        outputs = (name_in_url(words[0]) if words else "",)
    return Fetch(tuple(words[:1]), outputs or (STDOUT,), fails=options.has("check-status"), api=method != "GET" or len(words) > 1, insecure=insecure)


def _browser(arguments: tuple[Argument, ...]) -> Fetch | None:
    words = [argument.text for argument in arguments if not argument.text.startswith("-")]
    dumps = any(argument.text in ("-source", "--source", "-dump", "--dump", "-dump_source") for argument in arguments)
    return Fetch(tuple(words[:1]), (STDOUT,)) if dumps else None


def _gh(arguments: tuple[Argument, ...]) -> Fetch | None:
    words = [argument.text for argument in arguments[:2]]
    options = read_options(arguments[2:] if words == ["release", "download"] else arguments[1:], _GH)
    if words == ["release", "download"]:
        names = tuple(options.values("O", "output")) or tuple(options.values("p", "pattern")) or ("*",)
        repository = (options.values("R", "repo") or ["this repository"])[-1]
        return Fetch((f"https://github.com/{repository}/releases",), names, (options.values("D", "dir") or [""])[-1])
    if words[:1] == ["api"]:
        method = (options.values("X", "method") or ["GET"])[-1].upper()
        sends = options.has("f", "field", "F", "raw-field", "input", "q", "jq")
        return Fetch(tuple(argument.text for argument in options.positional[:1]), (STDOUT,), api=method != "GET" or sends)
    return None


def _aws(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _AWS)
    words = [argument.text for argument in options.positional]
    insecure = options.find("no-verify-ssl")
    if words[:2] == ["s3api", "get-object"]:
        key = (options.values("key") or [""])[-1]
        return Fetch((f"s3://{(options.values('bucket') or [''])[-1]}/{key}",), tuple(words[2:3]) or (STDOUT,), insecure=insecure)
    if (
        words[:1] == ["s3"]
        and words[1:2] in (["cp"], ["mv"], ["sync"])
        and len(words) > 3
        and words[2].startswith("s3://")
        and not words[3].startswith("s3://")
    ):
        return Fetch((words[2],), (words[3],), insecure=insecure)
    return Fetch((), (), insecure=insecure, api=True) if insecure else None


def _google(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _GSUTIL)
    return _copied_from("gs://", [argument.text for argument in options.positional])


def _gcloud(arguments: tuple[Argument, ...]) -> Fetch | None:
    words = [argument.text for argument in read_options(arguments, _GCLOUD).positional]
    return _copied_from("gs://", words[1:]) if words[:1] == ["storage"] else None


def _copied_from(scheme: str, words: list[str]) -> Fetch | None:
    sources = [word for word in words if word.startswith(scheme)]
    if not sources or words[-1].startswith(scheme) or words[0] in ("ls", "rm", "du", "stat", "hash"):
        return Fetch(tuple(sources), (STDOUT,)) if sources and words[0] == "cat" else None
    return Fetch(tuple(sources), (words[-1],))


def _azure(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _AZURE)
    words = [argument.text for argument in options.positional]
    if words[:3] != ["storage", "blob", "download"]:
        return None
    return Fetch(tuple(options.values("n", "name", "blob-url")), tuple(options.values("f", "file")) or (STDOUT,))


def _gdown(arguments: tuple[Argument, ...]) -> Fetch | None:
    options = read_options(arguments, _GDOWN)
    urls = tuple(argument.text for argument in options.positional) + tuple(f"https://drive.google.com/uc?id={name}" for name in options.values("id"))
    return Fetch(urls, tuple(options.values("O", "output")) or ("",)) if urls else None


_READERS: dict[str, Callable[[tuple[Argument, ...]], Fetch | None]] = {
    "curl": _curl, "curlie": _curl, "wget": _wget, "wget2": _wget, "wcurl": _wget, "aria2c": _aria2, "axel": _axel, "fetch": _freebsd_fetch, "http": _httpie,
    "https": _httpie, "xh": _httpie, "lynx": _browser, "links": _browser, "elinks": _browser, "w3m": _browser, "gh": _gh, "aws": _aws, "gsutil": _google,
    "gcloud": _gcloud, "az": _azure, "gdown": _gdown,
}  # fmt: skip


def read_fetch(call: Call) -> Fetch | None:
    """What the call downloads, or None if it is no download."""
    reader = _READERS.get(call.name)
    return reader(call.arguments) if reader else None


def name_in_url(url: str) -> str:
    """The file name that curl -O and wget derive from a URL."""
    path = url.partition("#")[0].partition("?")[0].rstrip("/")
    return path.rsplit("/", 1)[-1]
