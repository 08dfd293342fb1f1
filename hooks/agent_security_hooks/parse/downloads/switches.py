"""Switches that turn off the check of a server's certificate or of a package's signature: variables, options, settings.

Source: the manuals of the programs; one row each, so that a new one is a line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_security_hooks.parse.downloads.messages import host_of
from agent_security_hooks.parse.urls import insecure_scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_security_hooks.parse.downloads.calls import Argument, Call

_FALSE = frozenset("0 false no off f n never none disable disabled".split())
_TRUE = frozenset("1 true yes on t y".split())


_RULE = "tls-verification-off"
_LONGEST_NAME, _SHORT = 60, 6


def _any(value: str) -> bool:
    return True


def _is_false(value: str) -> bool:
    return value.strip().lower() in _FALSE


def _is_true(value: str) -> bool:
    return value.strip().lower() in _TRUE


def _is_zero(value: str) -> bool:
    return value == "0"


def _is_empty(value: str) -> bool:
    return not value


def _is_given(value: str) -> bool:
    return bool(value.strip())


# Environment variables (and Dockerfile ARG and ENV, workflow `env:`): name in lower case, the values that switch off, what is then not checked.
_VARIABLES: dict[str, tuple[Callable[[str], bool], str]] = {
    "node_tls_reject_unauthorized": (_is_zero, "Node accepts any certificate"),
    "git_ssl_no_verify": (_any, "git accepts any certificate"),
    "pythonhttpsverify": (_is_zero, "Python accepts any certificate"),
    "npm_config_strict_ssl": (_is_false, "npm accepts any certificate"),
    "yarn_strict_ssl": (_is_false, "yarn accepts any certificate"),
    "yarn_enable_strict_ssl": (_is_false, "yarn accepts any certificate"),
    "pip_trusted_host": (_is_given, "pip does not check that host's certificate"),
    "uv_insecure_host": (_is_given, "uv does not check that host's certificate"),
    "conda_ssl_verify": (_is_false, "conda accepts any certificate"),
    "requests_ca_bundle": (_is_empty, "requests accepts any certificate"),
    "curl_ca_bundle": (_is_empty, "requests accepts any certificate"),
    "bundle_ssl_verify_mode": (_is_zero, "bundler accepts any certificate"),
    "perl_lwp_ssl_verify_hostname": (_is_zero, "Perl's LWP accepts any host"),
    "goinsecure": (_is_given, "go fetches these modules without a certificate check"),
    "gosumdb": (lambda value: value.strip().lower() == "off", "go does not compare modules with the checksum database"),
    "gonosumcheck": (_is_true, "go does not compare modules with the checksum database"),
    "vault_skip_verify": (_is_true, "vault accepts any certificate"),
    "consul_http_ssl_verify": (_is_false, "consul accepts any certificate"),
    "azure_cli_disable_connection_verification": (_is_true, "az accepts any certificate"),
    "cloudsdk_auth_disable_ssl_validation": (_is_true, "gcloud accepts any certificate"),
    "docker_tls_verify": (_is_empty, "docker does not check the daemon's certificate"),
    "ansible_galaxy_ignore": (_is_true, "ansible-galaxy accepts any certificate"),
    "homebrew_no_verify_attestations": (_is_true, "brew does not verify attestations"),
}
GATE = (
    b"_TLS_REJECT", b"_tls_reject", b"NO_VERIFY", b"no_verify", b"HTTPSVERIFY", b"trict_ssl", b"TRICT_SSL", b"trict-ssl", b"rusted-host", b"TRUSTED_HOST", b"trusted_host",
    b"INSECURE", b"insecure", b"ssl_verify", b"SSL_VERIFY", b"sslVerify", b"sslverify", b"CA_BUNDLE", b"GOSUMDB", b"SKIP_VERIFY", b"o-check-certificate", b"tls-verify",
    b"tls_verify", b"llow-unauthenticated", b"force-yes", b"nogpgcheck", b"gpg-check", b"gpgcheck", b"nosignature", b"nodigest", b"allow-untrusted", b"no-verify-ssl",
    b"trusted=yes", b"AllowUnauthenticated", b"Verify-", b"rust-server-cert", b"disable-tls", b"secure-http", b"-tls-skip", b"kip-tls-verify", b"kipCertificateCheck",
    b"ServerCertificateValidationCallback", b"VERIFICATION", b"ssl_validation", b"ssl.insecure", b"ssl.allowall", b"ignore-checksums", b"SigLevel", b"check-certificate", b"ignore-certificate",
    b"llow-insecure", b"VERIFY_NONE", b"ssl:verify", b"noverify", b"nofiledigest", b"force-signature", b"no-check-", b"no-gpg-", b"--dangerous", b"empty-checksums",
    b"security-hash", b"ignore-certs", b"ssl-errors", b"NOSUMCHECK", b"DISABLE_SSL", b"DOCKER_TLS", b"GALAXY_IGNORE",
)  # fmt: skip
"""One of these bytes is in every file with a switch that no download stands beside."""
# Variables that say where a program gets packages or itself from, in lower case.
_INDEXES = frozenset(
    "pip_index_url pip_extra_index_url pip_find_links uv_index_url uv_extra_index_url uv_default_index uv_index uv_find_links pipenv_pypi_mirror python_build_mirror_url "
    "npm_config_registry npm_registry yarn_registry yarn_npm_registry_server bun_config_registry npm_config_disturl npm_config_electron_mirror nvm_nodejs_org_mirror "
    "n_node_mirror fnm_node_dist_mirror electron_mirror puppeteer_download_host puppeteer_download_base_url playwright_download_host sass_binary_site chromedriver_cdnurl "
    "sentrycli_cdnurl goproxy homebrew_bottle_domain homebrew_api_domain homebrew_artifact_domain homebrew_brew_git_remote homebrew_core_git_remote conda_channel_alias "
    "conda_channels hf_endpoint rustup_dist_server rustup_update_root twine_repository_url".split()
)
INDEX_WORDS = (
    b"INDEX", b"index", b"REGISTRY", b"registry", b"PROXY", b"goproxy", b"MIRROR", b"mirror", b"FIND_LINKS", b"_HOST", b"_BASE_URL", b"sass_binary", b"SASS_BINARY", b"cdnurl", b"CDNURL",
    b"HOMEBREW", b"CHANNEL", b"HF_ENDPOINT", b"RUSTUP", b"_URL", b"DISTURL", b"disturl",
)  # fmt: skip
"""One of these is in the name of each of them."""
_ADDRESSES = re.compile(r"[\s,|;'\"]+")

_OFF = "accepts any certificate"
_UNSIGNED = "installs packages whose signature nobody checks"
# Options: program -> (option, what is then not checked). An option may be given as `--name`, `--name=value` or `-o Name=value`.
_OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(
        ("pip", "pip2", "pip3", "pipx", "pipenv", "pip-compile", "pip-sync"),
        (("--trusted-host", "does not check that host's certificate"), ("--allow-insecure-host", "does not check that host's certificate")),
    ),
    "uv": (("--allow-insecure-host", "does not check that host's certificate"), ("--trusted-host", "does not check that host's certificate")),
    **dict.fromkeys(
        ("apt-get", "apt", "aptitude", "apt-cache"),
        (("--allow-unauthenticated", _UNSIGNED), ("--force-yes", _UNSIGNED), ("--allow-insecure-repositories", "trusts package lists that nobody signed")),
    ),
    **dict.fromkeys(("yum", "dnf", "dnf5", "microdnf", "tdnf", "yumdownloader", "dnf-3"), (("--nogpgcheck", _UNSIGNED), ("--no-gpgchecks", _UNSIGNED))),
    "zypper": (
        ("--no-gpg-checks", _UNSIGNED),
        ("--nogpgcheck", _UNSIGNED),
        ("--no-gpg-check", _UNSIGNED),
        ("--gpgcheck-allow-unsigned", _UNSIGNED),
    ),
    "rpm": (("--nosignature", _UNSIGNED), ("--nodigest", _UNSIGNED), ("--noverify", _UNSIGNED), ("--nofiledigest", _UNSIGNED)),
    "apk": (("--allow-untrusted", _UNSIGNED),),
    "opkg": (("--no-check-certificate", _OFF), ("--force-signature", _UNSIGNED)),
    "debootstrap": (("--no-check-gpg", _UNSIGNED), ("--no-check-certificate", _OFF)),
    "flatpak": (("--no-gpg-verify", _UNSIGNED),),
    "snap": (("--dangerous", _UNSIGNED),),
    "choco": (("--ignore-checksums", "does not compare checksums"), ("--allow-empty-checksums", "does not compare checksums")),
    **dict.fromkeys(("npm", "pnpm", "yarn", "npx"), (("--no-strict-ssl", _OFF),)),
    "svn": (("--trust-server-cert", _OFF), ("--trust-server-cert-failures", _OFF)),
    "hg": (("--insecure", _OFF),),
    **dict.fromkeys(("kubectl", "oc", "helm", "argocd", "helmfile", "flux"), (("--insecure-skip-tls-verify", _OFF), ("--insecure-skip-tls-verify=true", _OFF))),
    "aws": (("--no-verify-ssl", _OFF),),
    "composer": (("--disable-tls", "downloads without TLS"),),
    **dict.fromkeys(("dockerd", "docker"), (("--insecure-registry", "talks to that registry without a certificate check"),)),
    "crane": (("--insecure", _OFF),),
    "oras": (("--insecure", _OFF), ("--plain-http", "downloads without TLS")),
    "cosign": (("--allow-insecure-registry", _OFF), ("--insecure-ignore-tlog", "does not look into the transparency log")),
    **dict.fromkeys(("vault", "nomad", "consul"), (("-tls-skip-verify", _OFF),)),
    "winget": (("--ignore-security-hash", "does not compare checksums"),),
    "ansible-galaxy": (("--ignore-certs", _OFF),),
    "go": (("-insecure", _OFF),),
    "youtube-dl": (("--no-check-certificate", _OFF), ("--no-check-certificates", _OFF)),
    "yt-dlp": (("--no-check-certificate", _OFF), ("--no-check-certificates", _OFF)),
    "phantomjs": (("--ignore-ssl-errors=true", _OFF),),
    **dict.fromkeys(("chromium", "google-chrome", "chrome"), (("--ignore-certificate-errors", _OFF),)),
}
# Any program: an option with a value that says it. `--tls-verify=false` of podman, skopeo and buildah, `--setopt=sslverify=0` of dnf.
_ANYWHERE = re.compile(
    r"(?i)(?:-c)?(?:--(?:src-|dest-)?tls-?verify=(?:false|0)"
    r"|--(?:verify-tls|ssl-verify|verify-ssl|strict-ssl|check-certificate|tls-verify-host)=(?:false|0|no|off)"
    r"|--setopt=(?:[\w.*-]{1,60}\.)?(?:sslverify|gpgcheck|localpkg_gpgcheck|repo_gpgcheck)=(?:0|false|no)"
    r"|(?:http\.)(?:[^=\s]{1,200}\.)?sslverify=(?:false|0|no|off)?"
    r"|Acquire::https?(?:::[\w.-]{1,80})?::Verify-(?:Peer|Host)=\"?(?:false|0|no)\"?"
    r"|(?:APT::Get::AllowUnauthenticated|Acquire::AllowInsecureRepositories)=\"?(?:true|1|yes)\"?"
    r"|-Dmaven\.wagon\.http\.ssl\.(?:insecure|allowall)=true|-Daether\.connector\.https\.securityMode=insecure)\Z"
)
_SCOPE = re.compile(r"(?i)(?:-c)?http\..{1,300}\.(?=sslverify)")
# Settings written by a program: the key, the values that switch off, and what is then not checked. `npm config set strict-ssl false`.
_SETTINGS: dict[str, tuple[tuple[re.Pattern[str], Callable[[str], bool], str], ...]] = {
    "git": ((re.compile(r"(?i)http\.(?:\S{1,200}\.)?sslverify\Z"), _is_false, "git accepts any certificate"),),
    "npm": ((re.compile(r"strict-ssl\Z"), _is_false, "npm accepts any certificate"),),
    "pnpm": ((re.compile(r"strict-ssl\Z"), _is_false, "pnpm accepts any certificate"),),
    "yarn": ((re.compile(r"strict-ssl\Z|enableStrictSsl\Z"), _is_false, "yarn accepts any certificate"),),
    "pip": ((re.compile(r"(?:global|install|user|download)\.trusted-host\Z"), _is_given, "pip does not check that host's certificate"),),
    "pip3": ((re.compile(r"(?:global|install|user|download)\.trusted-host\Z"), _is_given, "pip does not check that host's certificate"),),
    "conda": ((re.compile(r"ssl_verify\Z"), _is_false, "conda accepts any certificate"),),
    "mamba": ((re.compile(r"ssl_verify\Z"), _is_false, "conda accepts any certificate"),),
    "poetry": ((re.compile(r"certificates\.[\w-]{1,80}\.cert\Z"), _is_false, "poetry accepts any certificate"),),
    "composer": (
        (re.compile(r"disable-tls\Z"), _is_true, "composer downloads without TLS"),
        (re.compile(r"secure-http\Z"), _is_false, "composer downloads over http"),
    ),
    "bundle": ((re.compile(r"ssl_verify_mode\Z"), _is_zero, "bundler accepts any certificate"),),
    "gcloud": ((re.compile(r"auth/disable_ssl_validation\Z"), _is_true, "gcloud accepts any certificate"),),
    "go": ((re.compile(r"GOSUMDB\Z"), lambda value: value == "off", "go does not compare modules with the checksum database"),),
    "subscription-manager": ((re.compile(r"--server\.insecure\Z"), _is_true, "subscription-manager accepts any certificate"),),
}
# Lines that a script writes into the configuration of a package manager.
_WRITTEN = re.compile(
    r"(?im)(?:^|\\n|[\s\"'\[])(?:(?P<key>sslverify|strict-ssl|gpgcheck|repo_gpgcheck|http\.sslVerify)\s{0,4}=\s{0,4}[\"']?(?:0|false|no)(?![\w.])"
    r"|(?P<apt>trusted=yes(?![^\]\n]{0,80}\]\s{1,8}(?:file|copy|cdrom):)|Acquire::https?::Verify-(?:Peer|Host)\s{1,4}\"?false|APT::Get::AllowUnauthenticated\s{1,4}\"?(?:true|1|yes)|Acquire::AllowInsecureRepositories\s{1,4}\"?(?:true|1))"
    r"|(?P<siglevel>SigLevel\s{0,4}=\s{0,4}Never)|(?P<host>trusted-host\s{0,4}=\s{0,4}[\w.]))"
)


def bad_setting(name: str, value: str) -> tuple[str, str] | None:
    """Rule and message where a variable of that name and value switches a check off."""
    known = _VARIABLES.get(name.lower()) if len(name) < _LONGEST_NAME else None
    if known is None or not known[0](value):
        return None
    return _RULE, f"{name}={value if len(value) < _SHORT else '...'}: {known[1]}"


def remedy_of(message: str) -> str:
    """What to do where a message of this module speaks of signatures rather than certificates; "" for the rule's own advice."""
    if "sign" in message or "nobody" in message:
        return "remove the switch and give the repository's key: signed-by= for apt, rpm --import, a file in /etc/apk/keys"
    return "remove the switch" if "checksum" in message or "attestation" in message else ""


def bad_variable(name: str, value: str) -> tuple[str, str] | None:
    """The same, also where a variable has packages fetched over a connection that anyone can change."""
    if len(name) < _LONGEST_NAME and name.lower() in _INDEXES:
        for url in _ADDRESSES.split(value[:4000]):
            if scheme := insecure_scheme(url):
                return "insecure-url", f"{name} has packages fetched from {host_of(url)} over {scheme}://, where anyone on the way can change them"
    return bad_setting(name, value)


def bad_switches(call: Call) -> Iterator[tuple[Argument, str]]:
    """Arguments of a call that switch a check off, and what is then not checked."""
    name, arguments = call.name, call.arguments
    rows, settings = _OPTIONS.get(name, ()), _SETTINGS.get(name, ())
    for index, argument in enumerate(arguments):
        text = argument.text
        if (text[:1] == "-" or "=" in text) and (found := _bad_option(name, rows, text)):
            yield argument, found
        for pattern, off, what in settings:
            key, equals, value = text.partition("=")
            following = arguments[index + 1].text if index + 1 < len(arguments) else ""
            if len(key) < _LONGEST_KEY and pattern.match(key) and (off(value) if equals else following and off(following)):
                yield argument, what
        if text == "--strict-ssl" and name in _STRICT and index + 1 < len(arguments) and _is_false(arguments[index + 1].text):
            yield argument, f"{name} accepts any certificate"
    if name in _EDITORS:
        for argument in arguments:
            if len(argument.text) > _SHORTEST_LINE and (written := bad_text(argument.text)):
                yield argument, written


def bad_text(text: str) -> str:
    """What is wrong with the configuration of a package manager that a script writes."""
    match = _WRITTEN.search(text[:4000])
    return "a configuration is written that " + _what(match) if match else ""


_STRICT = frozenset(("npm", "pnpm", "yarn", "npx"))
_EDITORS = frozenset(("sed", "crudini", "augtool", "perl"))
_PASS_ENVIRONMENT = frozenset(("docker", "podman", "env"))
_LONGEST_KEY, _SHORTEST_LINE = 300, 8


def _bad_option(name: str, rows: tuple[tuple[str, str], ...], text: str) -> str:
    switch, equals, _ = text.partition("=")
    for option, what in rows:
        if text == option or switch == option and equals and not text.endswith("=false"):
            return f"{name} {switch} {what}"
    if not equals or len(text) >= _LONGEST_KEY:
        return ""
    if _ANYWHERE.match(text):
        return f"{name} {_SCOPE.sub('http.', switch)[:60]} switches the check of certificates or signatures off"
    if name in _PASS_ENVIRONMENT:
        variable, _, value = text.rpartition(" ")[2].partition("=")
        found = bad_setting(variable.removeprefix("-e"), value)
        return found[1] if found else ""
    return ""


def _what(match: re.Match[str]) -> str:
    if match["apt"] or match["siglevel"]:
        return "accepts packages or servers that nobody checked"
    return "switches the check of signatures off" if "gpgcheck" in (match["key"] or "") else "accepts any certificate"
