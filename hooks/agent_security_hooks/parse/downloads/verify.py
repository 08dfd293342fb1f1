"""Commands that check what was downloaded: checksums, signatures, attestations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads.options import Grammar, read_options

if TYPE_CHECKING:
    from agent_security_hooks.parse.downloads.calls import Call

WEAK = frozenset(("md5", "sha1", "crc"))


class Sums(NamedTuple):
    """A checksum program: it compares the files of its lists (`check`), or prints the digests of its files."""

    algorithm: str
    check: bool
    names: tuple[str, ...]
    """Lists where it compares, files where it prints; "-" is standard input."""


class Signature(NamedTuple):
    """A program that checks signatures or attestations of these files; empty if it names none."""

    names: tuple[str, ...]


_SUMS = re.compile(r"g?(md5|sha1|sha224|sha256|sha384|sha512|b2|b3|blake2|blake3)(?:sum)?(?:\.pl)?\Z")
_SUM_OPTIONS = Grammar("a", frozenset(("algorithm",)))
_GPG_OPTIONS = Grammar(
    "uo", frozenset("keyring output homedir keyserver trust-model local-user status-fd logger-fd trusted-key no-default-keyring-file".split())
)
_BLOB_OPTIONS = Grammar(
    "pPxsmRok",
    frozenset(
        "key signature bundle certificate certificate-identity certificate-identity-regexp certificate-oidc-issuer certificate-oidc-issuer-regexp rekor-url "
        "cert-identity cert-oidc-issuer owner repo predicate-type signer-workflow source-uri source-tag provenance-path builder-id format pubkey "
        "hostname limit signer-repo source-ref source-digest offline trusted-root".split()
    ),
)
# A script's own name for such a command, or another tool's.
_CHECKER = re.compile(r"(?i)verif|check_?-?sums?|checksum|check_?-?(?:sha|md5|hash|sig|gpg|integrity)|sha(?:256|512)|integrity|validate_?-?(?:hash|sha|sig)")


def read_sums(call: Call) -> Sums | None:
    """The checksum that a call computes or compares, or None."""
    match = _SUMS.match(call.name)
    if match or call.name in ("shasum", "cksum", "rhash", "digest"):
        options = read_options(call.arguments, _SUM_OPTIONS)
        bits = (options.values("a", "algorithm") or ["1"])[-1]
        algorithm = match[1] if match else {"shasum": f"sha{bits}", "cksum": "crc", "rhash": "sha256"}.get(call.name, "sha1")
        if call.name == "cksum" and bits != "1":
            algorithm = bits
        check = options.has("c", "check")
        return Sums(algorithm, check, tuple(argument.text for argument in options.positional) or ("-",))
    if call.name == "openssl":
        words = call.texts
        first = words[0] if words else ""
        algorithm = next((word[1:] for word in words if re.fullmatch(r"-(?:md5|sha\d{1,3}|sha3-\d{3}|blake2\w{3,5})", word)), first)
        if first in ("dgst", "sha256", "sha512", "sha1", "md5") and not any(word in ("-verify", "-sign") for word in words):
            return Sums(
                algorithm if algorithm != "dgst" else "sha256", check=False, names=tuple(word for word in words[1:] if not word.startswith("-")) or ("-",)
            )
    if call.name in ("certutil", "Get-FileHash") and ("-hashfile" in call.texts or call.name == "Get-FileHash"):
        return Sums("sha256", check=False, names=tuple(word for word in call.texts if not word.startswith("-"))[:1])
    return None


def read_signature(call: Call) -> Signature | None:
    """The files whose signature a call checks, or None."""
    name, words = call.name, call.texts
    if name in ("gpg", "gpg2", "gpgv", "gpgv2", "sq", "gpgsm"):
        return _gpg(call)
    if name in ("cosign", "slsa-verifier", "sigstore", "notation", "rekor-cli") and any(word.startswith("verify") for word in words[:2]):
        return Signature(tuple(argument.text for argument in read_options(call.arguments, _BLOB_OPTIONS).positional[1:]))
    if name == "gh" and words[:2] in (["attestation", "verify"], ["at", "verify"], ["release", "verify-asset"]):
        return Signature(tuple(argument.text for argument in read_options(call.arguments[2:], _BLOB_OPTIONS).positional))
    if name in ("minisign", "signify", "signify-openbsd", "rsign") and any(word.startswith(("-V", "-C", "verify")) for word in words):
        options = read_options(call.arguments, Grammar("pPxmoc"))
        return Signature((*options.values("m"), *(argument.text for argument in options.positional)))
    if name == "openssl" and ("-verify" in words or words[:2] == ["cms", "-verify"]):
        return Signature(tuple(word for word in words[1:] if not word.startswith("-")))
    if (name, *words[:1]) in _SIGNATURES or (name, "") in _SIGNATURES:
        return Signature(tuple(word for word in words if not word.startswith("-")))
    if _CHECKER.search(name) and "/" not in name:
        return Signature(tuple(words))
    return None


_SIGNATURES = frozenset(
    (("rpm", "-K"), ("rpm", "--checksig"), ("rpmkeys", "-K"), ("rpmkeys", "--checksig"), ("debsig-verify", ""), ("dpkg-sig", "--verify"), ("dpkg-sig", "-c"),
     ("codesign", "--verify"), ("codesign", "-v"), ("codesign", "-vv"), ("pkgutil", "--check-signature"), ("spctl", "-a"), ("spctl", "--assess"), ("jarsigner", "-verify"),
     ("apksigner", "verify"), ("ssh-keygen", "-Y"), ("pgpverify", ""), ("gpg-verify", ""), ("b3sum", "--check"), ("nuget", "verify"), ("attest", "verify"))
)  # fmt: skip


def _gpg(call: Call) -> Signature | None:
    options = read_options(call.arguments, _GPG_OPTIONS)
    names = [argument.text for argument in options.positional]
    if call.name == "sq":
        return Signature(tuple(names[1:])) if names[:1] == ["verify"] else None
    if not options.has("verify") and not call.name.startswith("gpgv"):
        return None
    if len(names) == 1:  # a detached signature: the file is called the same without the ending
        return Signature((names[0].rpartition(".")[0] or names[0],))
    return Signature(tuple(names[1:]))
