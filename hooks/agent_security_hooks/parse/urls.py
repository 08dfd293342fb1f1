"""What a URL says of a download: whether it can be changed on its way, leaves the network at hand, is pinned, or holds a model.

A URL may have parts that only the running program knows: `$X`, `${X}`, `$(x)`, `${{ x }}`, `{x}`, `%s`, `%(x)s`, `<x>`, or HOLE, which analyses put
in place of what they cannot tell. A host that depends on such a part is external only where its literal end says so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HOLE = "\0"
"""Stands for any text."""

_LONGEST = 4096
"""Characters of a URL that are looked at."""
_HOLES = re.compile(
    r"\$\{\{[^}]{0,200}\}\}|\$\{[^}]{0,200}\}|\$\([^)]{0,200}\)|\$[A-Za-z_]\w{0,200}|\{\{[^}]{0,200}\}\}|\{[^{}]{0,200}\}|<[^<>]{0,200}>"
    r"|%\([A-Za-z_]\w{0,100}\)[sdri]|%s|%[di](?![0-9A-Fa-f])|\0+"
)
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):(?://|\\\\|/\\|\\/)([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


class Url(NamedTuple):
    """The parts of a URL: `scheme` and `host` in lower case, escapes of host and path resolved, no user name or password; HOLE where unknown."""

    scheme: str
    host: str
    path: str
    query: str
    fragment: str

    @property
    def steps(self) -> list[str]:
        """The parts of the path between slashes, without the empty ones."""
        return [step for step in self.path.split("/") if step]

    @property
    def file_name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


def split_url(url: str) -> Url | None:
    """The parts of a URL with a scheme, or None."""
    match = _PARTS.match(_HOLES.sub(HOLE, url[:_LONGEST].strip()))
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups(default="")
    return Url(scheme.lower(), _host(authority), _unescape(path).replace("\\", "/"), query, fragment)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "%" in text else text


def _host(authority: str) -> str:
    host = authority.rsplit("@", 1)[-1]
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    host = _unescape(host.partition(":")[0] if host.count(":") <= 1 else host)
    return host.translate(_FULL_STOPS).lower().rstrip(".")


# IDNA takes these for dots.
_FULL_STOPS = {0x3002: ".", 0xFF0E: ".", 0xFF61: "."}

_INSECURE = frozenset("http ftp git".split())


def insecure_scheme(url: str) -> str:
    """The scheme ("http", "ftp", "git") where the URL fetches from an external host over a connection that anyone on the way may change, else "".

    Local, private and example hosts and XML namespaces are no external hosts. `git+http://` and `svn+http://` count as "http".
    """
    parts = split_url(url)
    if parts is None:
        return ""
    scheme = parts.scheme.rpartition("+")[2]
    return scheme if scheme in _INSECURE and is_external(parts.host) else ""


def is_external(host: str) -> bool:
    """Whether a host is surely one on the public internet, and none that documentation or XML uses as a mere name."""
    host = _known_end(host)
    return bool(host) and not (is_local_or_private(host) or is_example(host) or is_namespace(host))


def _known_end(host: str) -> str:
    """What is known of a host up to its end; "" where its end is open."""
    host = host.rstrip(HOLE).rstrip(":")  # a port or path may follow in the hole
    if HOLE not in host:
        return "" if host.endswith(".") else host
    end = host.rsplit(HOLE, 1)[1]
    return "x" + end if "." in end and not end.rsplit(".", 1)[1].isdigit() else ""


_LOCAL_ENDINGS = frozenset(
    "local localhost localdomain internal intranet private corp home lan svc test invalid example onion consul "  # .onion has its own encryption
    "arpa".split()
)


def is_local_or_private(host: str) -> bool:
    """Whether a host (a name, IPv4 in any of its notations, or IPv6 without brackets) lies on this machine or a private network.

    Names of one label are those of containers and of a company's own machines; a host that is not known is taken for one.
    """
    host = host.strip("[]").rstrip(".").lower()
    if ":" in host:
        return _is_private_ipv6(host)
    if "." not in host:
        number = _ipv4(host)
        return number is None or _is_private_ipv4(number)
    if host.rsplit(".", 1)[1] in _LOCAL_ENDINGS or ".svc." in host:
        return True
    number = _ipv4(host)
    return number is not None and _is_private_ipv4(number)


def _number(text: str) -> int | None:
    base = 16 if text[:2] in ("0x", "0X") else 8 if len(text) > 1 and text[0] == "0" else 10
    if not text or len(text) > 12 or not text.isascii() or "_" in text:
        return None
    try:
        return int(text[2:] or "0", 16) if base == 16 else int(text, base)
    except ValueError:
        return None


def _ipv4(host: str) -> int | None:
    """The address as inet_aton(3) reads it: one to four numbers, decimal, octal or hexadecimal, the last of which fills what is left."""
    texts = host.split(".", 4)
    if not texts[-1][:1].isdigit() or len(texts) > 4:
        return None
    numbers = [_number(text) for text in texts]
    address = 0
    for position, number in enumerate(numbers):
        last = position == len(numbers) - 1
        if number is None or number < 0 or number >= (1 << 8 * (4 - position) if last else 256):
            return None
        address |= number if last else number << 8 * (3 - position)
    return address


# Networks that are not of the public internet (RFC 6890 and the multicast and reserved blocks): first address, length of the prefix.
_PRIVATE_IPV4 = tuple(
    (int.from_bytes(bytes(int(part) for part in network.split(".")), "big") >> 32 - length, 32 - length)
    for network, length in (
        ("0.0.0.0", 8), ("10.0.0.0", 8), ("100.64.0.0", 10), ("127.0.0.0", 8), ("169.254.0.0", 16), ("172.16.0.0", 12), ("192.0.0.0", 24), ("192.0.2.0", 24),  # noqa: S104
        ("192.168.0.0", 16), ("198.18.0.0", 15), ("198.51.100.0", 24), ("203.0.113.0", 24), ("224.0.0.0", 3),
    )
)  # fmt: skip


def _is_private_ipv4(address: int) -> bool:
    return any(address >> rest == network for network, rest in _PRIVATE_IPV4)


def _is_private_ipv6(host: str) -> bool:
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return True
    mapped = address.ipv4_mapped
    return _is_private_ipv4(int(mapped)) if mapped is not None else not address.is_global


_EXAMPLES = re.compile(
    r"(?:^|\.)example\.[a-z]{2,3}(?:\.[a-z]{2})?$|(?:^|\.)(?:your|my|some)[-_]?(?:own)?[-_]?(?:domain|host|server|site|website|company|org|app|bucket|name|url|api|mirror)"
    r"[a-z0-9_-]*\.|^your[-_.]|^(?:www\.)?(?:domain|hostname|server|website|site|foo|foobar|test)\.(?:com|net|org|tld)$"
)


def is_example(host: str) -> bool:
    """Whether a host is a name that documentation and tests use: example.com, www.example.org, your-server.com."""
    host = host.lower()
    return host.endswith(".example") or _EXAMPLES.search(host[:253]) is not None


_NAMESPACES = frozenset(
    "www.w3.org w3.org w3id.org schema.org json-schema.org xmlns.com xmlns.jcp.org xmlns.oracle.com java.sun.com purl.org ns.adobe.com www.opengis.net "
    "www.topografix.com www.sitemaps.org dublincore.org www.inkscape.org sodipodi.sourceforge.net maven.apache.org www.springframework.org "
    "docbook.org relaxng.org exslt.org xml.org a9.com search.yahoo.com www.isotc211.org standards.iso.org docs.oasis-open.org".split()
)


def is_namespace(host: str) -> bool:
    """Whether URLs of the host mostly name an XML namespace or JSON schema and are not fetched."""
    return host in _NAMESPACES or host.startswith(("schemas.", "schema.", "xmlns.", "ns."))


_SIGNED_MIRRORS = re.compile(
    r"(?:^|\.)(?:(?:deb|security|snapshot|archive|httpredir|http|cdn-fastly|deb\.freexian|ftp(?:\.[a-z]{2})?|[a-z]{2})\.debian\.org"
    r"|(?:[a-z.-]{0,20}\.)?(?:archive|security|ports|old-releases|ddebs|esm)\.ubuntu\.com|ppa\.launchpad(?:content)?\.net"
    r"|(?:archive|raspbian)\.rasp(?:berrypi|bian)\.(?:org|com)|(?:http|old|archive)\.kali\.org|(?:dl-cdn|dl-\d|nl|uk|mirrors?|rsync)\.alpinelinux\.org)$"
)


def is_signed_mirror(host: str) -> bool:
    """Whether a host serves a distribution's packages, which apt or apk check against the distribution's key whatever the connection.

    Says something of `deb http://host` and of apk's repositories only: what curl fetches from such a host is not checked.
    """
    return _SIGNED_MIRRORS.search(host[-253:]) is not None


# --- pins ---

_COMMIT = r"(?:[0-9a-f]{64}|[0-9a-f]{40})"
# Where the hosts of repositories have the commit in the path; a name may be a HOLE.
_NAME = r"[^/]{1,200}"
_COMMIT_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (hosts, re.compile(path, re.IGNORECASE))
    for hosts, path in (
        ("raw.githubusercontent.com rawcdn.githack.com rawgit.com cdn.rawgit.com", rf"/{_NAME}/{_NAME}/{_COMMIT}/"),
        ("media.githubusercontent.com", rf"/media/{_NAME}/{_NAME}/{_COMMIT}/"),
        ("github.com www.github.com", rf"/{_NAME}/{_NAME}/(?:raw|blob|archive|tarball|zipball|tree)/{_COMMIT}(?:/|\.tar\.gz$|\.tgz$|\.zip$|$)"),
        ("codeload.github.com", rf"/{_NAME}/{_NAME}/(?:legacy\.)?(?:tar\.gz|zip)/{_COMMIT}$"),
        ("api.github.com", rf"/repos/{_NAME}/{_NAME}/(?:tarball|zipball)/{_COMMIT}$"),
        ("gist.githubusercontent.com gist.github.com", rf"/(?:{_NAME}/)?{_NAME}/raw/{_COMMIT}(?:/|$)"),
        ("cdn.jsdelivr.net", rf"/gh/{_NAME}/[^/@]{{1,200}}@{_COMMIT}/"),
        ("cdn.statically.io", rf"/gh/{_NAME}/{_NAME}/{_COMMIT}/"),
        ("bitbucket.org", rf"/{_NAME}/{_NAME}/(?:raw|src|get)/{_COMMIT}(?:/|\.tar\.gz$|\.zip$|$)"),
        ("git.sr.ht", rf"/~{_NAME}/{_NAME}/(?:blob|archive)/{_COMMIT}(?:/|\.tar\.gz$|$)"),
        ("huggingface.co hf.co hf-mirror.com www.huggingface.co", rf"/(?:(?:datasets|spaces)/)?{_NAME}/{_NAME}/(?:resolve|raw|blob)/{_COMMIT}/"),
        # GitLab, Gitea and Gitiles, wherever they run.
        ("", rf"/(?:{_NAME}/){{2,20}}-/(?:raw|blob|archive)/{_COMMIT}(?:/|$)"),
        ("", rf"/{_NAME}/{_NAME}/raw/commit/{_COMMIT}/"),
        ("gitlab.com", rf"/(?:{_NAME}/){{2,20}}raw/{_COMMIT}/"),
        ("codeberg.org gitea.com", rf"/{_NAME}/{_NAME}/archive/{_COMMIT}(?:\.tar\.gz|\.zip)$"),
    )
)
_COMMIT_QUERY = re.compile(rf"(?:^|[&;])(?:id|h|ref|sha|commit|at)=(?:{_COMMIT})(?:$|[&;])", re.IGNORECASE)
_QUERY_HOSTS = re.compile(r"(?:^|\.)(?:git|cgit|gitweb|api\.github)\.|^(?:git|cgit|gitweb|source|repo)\.")
_DIGEST = re.compile(r"(?:^|[&;?])(?:checksum=)?sha(?:256|384|512)[=:](?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64})(?:$|[&;])", re.IGNORECASE)
_VERSION_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (hosts, re.compile(path, re.IGNORECASE))
    for hosts, path in (
        (
            "unpkg.com cdn.jsdelivr.net esm.sh cdn.skypack.dev esm.run jspm.dev",
            rf"/(?:npm/|v\d+/)?(?:@{_NAME}/)?[^/@]{{1,200}}@v?\d+\.\d+\.\d+(?:[-+][\w.-]+)?(?:/|$)",
        ),
        ("cdnjs.cloudflare.com", rf"/ajax/libs/{_NAME}/v?\d[\w.-]*/"),
        ("ajax.googleapis.com", rf"/ajax/libs/{_NAME}/\d+\.\d+\.\d+/"),
        ("deno.land", rf"/(?:std|x/{_NAME})@v?\d[\w.-]*/"),
        ("files.pythonhosted.org", r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/"),
        ("registry.npmjs.org registry.yarnpkg.com", rf"/(?:@{_NAME}/)?{_NAME}/-/[^/]{{1,200}}-\d{{1,20}}\.\d{{1,20}}\.\d{{1,20}}[^/]{{0,100}}\.tgz$"),
        ("proxy.golang.org", r"/.{1,400}/@v/v\d[^/]*\.(?:zip|mod|info)$"),
        ("static.crates.io crates.io", rf"/(?:api/v1/)?crates/{_NAME}/(?:{_NAME}\.crate$|\d[^/]*/download$)"),
    )
)


def pin_of(url: str) -> str:
    """What keeps the content behind a URL from changing: "commit", "digest" (in the URL), "version" (of a registry that lets none be replaced), or "".

    A digest helps only where the program that fetches the URL checks it (pip, conda, go-getter do; curl and browsers drop it).
    """
    parts = split_url(url)
    if parts is None or parts.scheme.rpartition("+")[2] != "https":
        return ""
    if any((not hosts or parts.host in hosts.split()) and path.match(parts.path) for hosts, path in _COMMIT_PATHS):
        return "commit"
    if _COMMIT_QUERY.search(parts.query) and _QUERY_HOSTS.search(parts.host) or "/+" in parts.path and re.search(rf"/\+(?:archive)?/{_COMMIT}[/.]", parts.path):
        return "commit"
    if _DIGEST.search(parts.fragment) or _DIGEST.search(parts.query):
        return "digest"
    return "version" if any(parts.host in hosts.split() and path.match(parts.path) for hosts, path in _VERSION_PATHS) else ""


def is_pinned(url: str) -> bool:
    """Whether a URL names its content by a full commit or a digest (see `pin_of`)."""
    return pin_of(url) in ("commit", "digest")


# --- models ---

_WEIGHTS = frozenset(
    "pt pth ckpt safetensors gguf ggml h5 hdf5 keras pkl pickle joblib onnx tflite caffemodel pdparams pdmodel t7 weights mlmodel params nemo".split()
)
_MAYBE_WEIGHTS = frozenset("bin pb model npz npy zip tar gz tgz dat msgpack th".split())
_WEIGHTS_WORDS = re.compile(
    r"(?i)(?:^|[^a-z])(?:weights?|checkpoints?|ckpts?|pytorch[-_]model|ggml|frozen[-_](?:inference[-_])?graph|saved[-_]model|pretrained|state[-_]dict|pth|pt)(?:$|[^a-z])"
)


def is_weights_name(name: str) -> bool:
    """Whether a file name or path is that of a model's weights."""
    name = name[-1024:].replace("\\", "/").rsplit("/", 1)[-1].rstrip(HOLE)
    stem, _, ending = name.rpartition(".")
    ending = ending.lower()
    return bool(stem) and (ending in _WEIGHTS or ending in _MAYBE_WEIGHTS and _WEIGHTS_WORDS.search(stem) is not None)


_SHARES = {
    "drive.google.com": "Google Drive",
    "docs.google.com": "Google Drive",
    "drive.usercontent.google.com": "Google Drive",
    "www.dropbox.com": "Dropbox",
    "dropbox.com": "Dropbox",
    "dl.dropbox.com": "Dropbox",
    "dl.dropboxusercontent.com": "Dropbox",
    "gist.github.com": "a gist",
    "gist.githubusercontent.com": "a gist",
    "1drv.ms": "OneDrive",
    "onedrive.live.com": "OneDrive",
    "api.onedrive.com": "OneDrive",
    "mega.nz": "MEGA",
    "www.mediafire.com": "MediaFire",
    "download.mediafire.com": "MediaFire",
    "transfer.sh": "transfer.sh",
    "pan.baidu.com": "Baidu",
    "wetransfer.com": "WeTransfer",
    "disk.yandex.ru": "Yandex Disk",
    "yadi.sk": "Yandex Disk",
    "cdn.discordapp.com": "Discord",
}
# Hubs that keep revisions (another rule asks for one), and where the frameworks themselves come from.
_HUBS = re.compile(
    r"(?:^|\.)(?:huggingface\.co|hf\.co|hf-mirror\.com|modelscope\.cn|kaggle\.com|kaggle\.io|tfhub\.dev|ngc\.nvidia\.com|zenodo\.org|civitai\.com|ollama\.(?:com|ai)|wandb\.ai"
    r"|download\.pytorch\.org|download-r2\.pytorch\.org|downloads\.pytorch\.org)$"
)


def share_of(url: str) -> str:
    """The name of the file sharing service that a URL fetches from ("Google Drive", "Dropbox", "a gist" ...), or ""."""
    parts = split_url(url)
    if parts is None:
        return ""
    return "OneDrive" if parts.host.endswith((".1drv.ms", "-my.sharepoint.com")) else _SHARES.get(parts.host, "")


def model_source(url: str, saved_as: str = "") -> str:
    """Where a URL fetches a model's weights from, if from a place where anyone in charge of it may replace them: "Google Drive", "a raw URL" ...; else "".

    Weights are told by the name in the URL or by `saved_as`, the file that they go to. Hubs with revisions, commits and local hosts are "".
    """
    parts = split_url(url)
    if (
        parts is None
        or parts.scheme not in ("http", "https", "ftp")
        or not (is_weights_name(parts.file_name) or is_weights_name(saved_as) or _named_in_query(parts))
    ):
        return ""
    if not is_external(parts.host) or _HUBS.search(parts.host) or is_pinned(url):
        return ""
    return share_of(url) or "a raw URL"


def _named_in_query(parts: Url) -> bool:
    return any(is_weights_name(value.partition("=")[2]) for value in parts.query[:1000].split("&"))
