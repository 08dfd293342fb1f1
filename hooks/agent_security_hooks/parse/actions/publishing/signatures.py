"""What is signed, attested or summed up: by programs, actions, inputs of actions, and reusable workflows.

Sources: https://docs.sigstore.dev/cosign/signing/overview/, https://docs.github.com/en/actions/concepts/security/artifact-attestations,
https://docs.docker.com/build/metadata/attestations/, https://slsa.dev/spec/v1.0/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.data.publishers import SIGNERS
from agent_security_hooks.parse.actions.publishing import Proof
from agent_security_hooks.parse.actions.workflow import string
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.publishing.credentials import Scope
    from agent_security_hooks.parse.actions.publishing.words import Program
    from agent_security_hooks.parse.actions.workflow import Job, Step
    from agent_security_hooks.parse.shell_calls import Call

_SUMS = frozenset(
    "sha256sum sha512sum sha1sum sha384sum sha224sum md5sum b2sum b3sum shasum rhash cksum gsha256sum sha256 sha512 hashdeep Get-FileHash".split()
)
_CHECK = ("-c", "--check", "--status", "--ignore-missing")
_CODE_SIGNERS = frozenset(
    "codesign signtool osslsigncode notarytool altool gon productsign rcodesign jsign AzureSignTool azuresigntool SignTool CodeSignTool smctl relic xcnotary stapler pkgsign jarsigner apksigner".split()
)
_BUILDX_PROOF = Pattern(r"(?i)--(?:sbom|provenance|attest)(?:=|\s)(?!false)")
_NAMED = Pattern(r"(?i)checksums?\b|sha-?(?:256|512)(?:sums?)?\b|\bsign(?:ing|ature|atures|ed)?\b|notari[sz]e|minisig|\bslsa\b|attestation|provenance")
_VERIFIES = Pattern(r"(?i)verif|--check|\bcheck[-_]?(?:sum|sign)s?\s+-c")
_TRUE = ("true", "yes", "on", "1")


def call_proof(call: Call, program: Program, scope: Scope, place: str) -> Iterator[Proof]:
    """What a call signs."""
    for kind, tool, subject, identity in _of_program(call, program, scope):
        yield Proof(kind, tool, call.start, call.end, scope.job, scope.step, place, subject, identity, scope.pipeline)


def _of_program(call: Call, program: Program, scope: Scope) -> Iterator[tuple[str, str, str, bool]]:
    name, texts = program.name, program.texts
    first = next(iter(program.positional()), "")
    if name in _SUMS or name == "openssl" and first in ("dgst", "sha256", "sha512"):
        if not any(text in _CHECK or text.startswith("-") and not text.startswith("--") and "c" in text for text in texts):
            yield "checksum", name, "", False
    elif name in ("gpg", "gpg2"):
        if program.has("--detach-sign --detach-sig --clearsign --clear-sign --sign -b -s -ab -sb -abs -bas --detached") or any(
            text.startswith("-") and not text.startswith("--") and "b" in text and len(text) < 5 for text in texts
        ):
            yield "signature", "gpg", "", False
    elif name == "cosign":
        yield from _cosign(program, scope)
    elif name == "sigstore" and first in ("sign", "attest"):
        yield "signature", "sigstore sign", "", not program.has("--identity-token")
    elif name in ("mcpb", "dxt") and first == "sign":
        yield "signature", f"{name} sign", "", False
    elif name in ("minisign", "rsign", "signify") and (program.has("-S -Sm -Sx") or first == "sign"):
        yield "signature", name, "", False
    elif name in ("notation", "dcb", "slsa-provenance") and first in ("sign", "generate"):
        yield "signature", name, "image", False
    elif name in ("syft", "cdxgen", "cyclonedx-py", "cyclonedx-npm", "trivy") and (name != "trivy" or "cyclonedx" in texts or "spdx-json" in texts):
        yield "sbom", name, "", False
    elif name in _CODE_SIGNERS or name == "xcrun" and any(text in _CODE_SIGNERS for text in texts[:2]):
        if not program.has("--verify -v --verify=true") or program.has("--sign -s --deep"):
            yield "code-signature", name, "", False
    elif name == "docker" and _BUILDX_PROOF.search(" ".join(texts)) is not None:
        yield "provenance", "docker buildx", "image", False
    elif name == "docker" and texts[:2] == ["trust", "sign"]:
        yield "signature", "docker trust sign", "image", False
    elif name in ("skopeo", "podman", "buildah") and program.has("--sign-by --sign-by-sigstore --sign-by-sigstore-private-key"):
        yield "signature", name, "image", False
    elif name in ("npm", "pnpm", "yarn") and program.has("--provenance") and any(word in ("publish", "pub") for word in program.positional()):
        yield "provenance", f"{name} publish --provenance", "package", True
    elif name == "ko" and "--sbom=none" not in texts and first in ("build", "publish", "apply", "resolve"):
        yield "sbom", "ko", "image", False
    elif name == "goreleaser" and first == "release" and not goreleaser_is_bare(scope.step):
        yield "checksum", "goreleaser", "", False
    elif name in ("make", "just", "task", "npm", "pnpm", "yarn", "bash", "sh", "python", "node", "nox", "tox", "invoke", "mage") or name.endswith(
        (".sh", ".py", ".ps1", ".js", ".mjs")
    ):
        words = " ".join([name, *texts])[:2000]
        if _NAMED.search(words) is not None and _VERIFIES.search(words) is None:
            yield "signature", name, "", False
    elif any(
        text.endswith((".sha256", ".sha512", "checksums.txt", "SHA256SUMS", ".asc", ".sigstore", ".sigstore.json", ".intoto.jsonl")) for text in texts
    ) and name in ("gh", "hub"):
        yield "checksum", name, "", False


def _cosign(program: Program, scope: Scope) -> Iterator[tuple[str, str, str, bool]]:
    first = next(iter(program.positional()), "")
    if first not in ("sign", "attest", "sign-blob", "attest-blob"):
        return
    keyed = bool(program.values("--key --sk --identity-token --kms")) or program.has("--sk") or scope.variable("SIGSTORE_ID_TOKEN") is not None
    yield "attestation" if first.startswith("attest") else "signature", f"cosign {first}", "" if first.endswith("blob") else "image", not keyed


def goreleaser_is_bare(step: Step | None) -> bool:
    """Whether the goreleaser configuration of the repository switches its checksums off."""
    if step is None:
        return False
    from agent_security_hooks.parse.actions.publishing.settings import goreleaser_without_checksums

    return goreleaser_without_checksums(step.workflow.file.repository)


def action_proof(step: Step, used: str, place: str) -> Iterator[Proof]:
    """What the action of a step (`used`: its name) signs."""
    repository = "/".join(used.split("/", 2)[:2])
    known = SIGNERS.get(used) or SIGNERS.get(repository)
    if known is not None:
        found = [(known[0], "", known[1])]
    elif repository in _BY_INPUTS:
        found = _BY_INPUTS[repository](step)
    elif any(word in used for word in _SIGNING_WORDS) and _NAMED.search(used) is not None and "verif" not in used:
        found = [("signature", "", False)]
    else:
        return
    node = step.get("uses") or step.node
    for kind, subject, identity in found:
        yield Proof(kind, used, node.start, node.end, step.job, step, place, subject, identity)


def _image_builder(step: Step) -> list[tuple[str, str, bool]]:
    told = any((value := string(step.input(name)).strip().lower()) and value != "false" for name in ("sbom", "provenance", "attests"))
    return [("provenance", "image", False)] if told else []


def _goreleaser(step: Step) -> list[tuple[str, str, bool]]:
    return [] if goreleaser_is_bare(step) else [("checksum", "", False)]


def _rust_binary(step: Step) -> list[tuple[str, str, bool]]:
    return [("checksum", "", False)] if string(step.input("checksum")) else []


def _npm_publish(step: Step) -> list[tuple[str, str, bool]]:
    return [("provenance", "package", True)] if string(step.input("provenance")).strip().lower() in _TRUE else []


def _electron(step: Step) -> list[tuple[str, str, bool]]:
    return [("code-signature", "", False)] if string(step.input("mac_certs")) or string(step.input("windows_certs")) else []


def _tauri(step: Step) -> list[tuple[str, str, bool]]:
    by_variable = (("TAURI_SIGNING_PRIVATE_KEY", "signature"), ("TAURI_PRIVATE_KEY", "signature"), ("APPLE_CERTIFICATE", "code-signature"))
    return [(kind, "", False) for name, kind in by_variable if step.variable(name) is not None]


_BY_INPUTS = {
    **dict.fromkeys(
        ("docker/build-push-action", "docker/bake-action", "depot/build-push-action", "depot/bake-action", "useblacksmith/build-push-action"), _image_builder
    ),
    "goreleaser/goreleaser-action": _goreleaser,
    "taiki-e/upload-rust-binary-action": _rust_binary,
    "js-devtools/npm-publish": _npm_publish,
    "samuelmeuli/action-electron-builder": _electron,
    "tauri-apps/tauri-action": _tauri,
}
_SIGNING_WORDS = ("sign", "checksum", "sha", "notari", "slsa", "attest", "provenance")


def workflow_proof(job: Job) -> Proof | None:
    """What a reusable workflow attests that a job calls."""
    node = job.get("uses")
    name = string(node).lower()
    if node is None or not name:
        return None
    if name.startswith("slsa-framework/slsa-github-generator/"):
        return Proof(
            "attestation", name.partition("@")[0].rsplit("/", 1)[-1], node.start, node.end, job, None, job.name, "image" if "container" in name else "", True
        )
    if _NAMED.search(name) is not None:
        return Proof("attestation", name.partition("@")[0].rsplit("/", 1)[-1], node.start, node.end, job, None, job.name, "", False)
    return None
