"""Rules about the files of a release and what is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.publish_lint import check
from agent_security_hooks.model import Hit, excerpt
from agent_security_hooks.parse.actions.publishing import proofs, publications

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.publishing import Publication
    from agent_security_hooks.source import Source

_PROOFS = (".sha256", ".sha512", ".sha256sum", ".asc", ".sig", ".sigstore", ".sigstore.json", ".intoto.jsonl", ".minisig", ".pem", ".bundle", ".md5", ".att")
_PROOF_NAMES = ("checksum", "sha256sum", "sha512sum", "sha256", "sha512", "multiple.intoto", "provenance", "signature", "attestation")
_DOCUMENTS = (".json", ".md", ".txt", ".pdf", ".html", ".epub", ".xml", ".svg", ".png", ".yaml", ".yml", ".1", ".3", ".5", ".8")
_BINARIES = (".dmg", ".pkg", ".app", ".exe", ".msi", ".msix", ".appx", ".appinstaller")
_BUILDERS = ("electron-builder", "electron-forge publish", "samuelmeuli/action-electron-builder", "tauri-apps/tauri-action")


@check.rule("unsigned-release", point=9)
def unsigned_release(file: Source) -> Iterator[Hit]:
    """Files are uploaded to a release without checksums, signatures or attestations.

    Anything in the workflow that sums up, signs or attests counts, and so does a file in the release that is named like a checksum or signature. goreleaser
    writes checksums unless its configuration says otherwise.

    Risk: Whoever can replace a file of the release, or one on a mirror, is not noticed by those who download it.
    Fix: Add `- uses: actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2` with `subject-path: dist/*` (permissions `id-token: write`, `attestations: write`), or upload the output of `sha256sum dist/*` as SHA256SUMS.
    Verify: `gh attestation verify FILE --repo OWNER/REPO` or `sha256sum --check SHA256SUMS` accepts a downloaded file.

    Bad: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          release:
            runs-on: ubuntu-latest
            permissions:
              contents: write
            steps:
              - run: make dist
              - run: gh release create "$GITHUB_REF_NAME" dist/*
                env:
                  GH_TOKEN: ${{ github.token }}

    Good: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          release:
            runs-on: ubuntu-latest
            permissions:
              contents: write
            steps:
              - run: make dist
              - run: cd dist && sha256sum * > SHA256SUMS
              - run: gh release create "$GITHUB_REF_NAME" dist/*
                env:
                  GH_TOKEN: ${{ github.token }}
    """
    released = [found for found in publications(file) if found.kind == "release" and not found.dry_run]
    if not released or any(found.kind in ("checksum", "signature", "attestation", "provenance") and found.subject != "package" for found in proofs(file)):
        return
    from agent_security_hooks.data.publishers import BUILDERS

    uploaded = [found for found in released if found.assets or found.tool in BUILDERS]
    if any(_is_proof(asset) for found in uploaded for asset in found.assets):
        return
    seen: set[str] = set()
    for found in uploaded:
        if found.place in seen:
            continue
        seen.add(found.place)
        what = f"{excerpt(found.assets[0], 80)}{' and more' if len(found.assets) > 1 else ''}" if found.assets else "files"
        message = f"job {excerpt(found.place, 60)} uploads {what} to a release ({excerpt(found.tool, 60)}) without a checksum, signature or attestation"
        yield Hit(found.start, found.end, message, _how_to_prove(found), (), _is_document(found) or _is_attested_elsewhere(file, found))


def _how_to_prove(found: Publication) -> str:
    """What to write for the files of this release; the rule's own words where they are not known."""
    asset = found.assets[0].strip("\"'") if len(found.assets) == 1 else ""
    if not asset or "$" in asset or "\n" in asset or len(asset) > _SHOWN:
        return ""
    return (
        f"add `- uses: actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2` with `subject-path: {excerpt(asset, _SHOWN)}` "
        f"(permissions `id-token: write`, `attestations: write`), or upload the output of `sha256sum {excerpt(asset, _SHOWN)}` as SHA256SUMS"
    )


_SHOWN = 80


def _is_document(found: Publication) -> bool:
    """Whether all that is uploaded is there to be read, not to be run."""
    return bool(found.assets) and all(asset.lower().rstrip("\"'").endswith(_DOCUMENTS) for asset in found.assets)


def _is_attested_elsewhere(file: Source, found: Publication) -> bool:
    """Whether the workflow publishes the same distributions to PyPI, which has attestations of them."""
    if not any("dist" in asset or asset.endswith((".whl", ".tar.gz")) for asset in found.assets):
        return False
    from agent_security_hooks.parse.actions.publishing.switches import switched_off

    return any(
        other.tool == "pypa/gh-action-pypi-publish" and other.credential.kind == "oidc" and switched_off(other, ()) is None for other in publications(file)
    )


def _is_proof(asset: str) -> bool:
    name = asset.lower().rsplit("/", 1)[-1]
    return name.endswith(_PROOFS) or any(word in name for word in _PROOF_NAMES)


@check.rule("unsigned-binary", point=9, pedantic=True)
def unsigned_binary(file: Source) -> Iterator[Hit]:
    r"""Programs for desktops are released that nothing in the workflow signs.

    `codesign` with `notarytool` for macOS, `signtool`, Azure Trusted Signing and the like for Windows, or gpg.

    Risk: Users learn to click through the warning of the system, and cannot tell the program from one that somebody replaced.
    Fix: Sign with `codesign --options runtime` and `xcrun notarytool submit --wait` on macOS, with `signtool sign` or azure/trusted-signing-action on Windows.
    Verify: `spctl --assess --verbose APP` on macOS, `signtool verify /pa FILE` on Windows.

    Bad: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          release:
            runs-on: windows-latest
            permissions:
              contents: write
            steps:
              - run: make installer
              - run: Get-FileHash dist\setup.exe | Out-File dist\setup.exe.sha256
              - run: gh release create v1 dist/setup.exe dist/setup.exe.sha256
                env:
                  GH_TOKEN: ${{ github.token }}

    Good: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          release:
            runs-on: windows-latest
            permissions:
              contents: write
            steps:
              - run: make installer
              - run: signtool sign /fd SHA256 /a dist/setup.exe
              - run: Get-FileHash dist\setup.exe | Out-File dist\setup.exe.sha256
              - run: gh release create v1 dist/setup.exe dist/setup.exe.sha256
                env:
                  GH_TOKEN: ${{ github.token }}
    """
    released = [found for found in publications(file) if found.kind == "release" and not found.dry_run]
    binaries = [(found, name) for found in released if (name := _binary(found))]
    if not binaries or any(found.kind in ("code-signature", "signature") for found in proofs(file)):
        return
    found, name = binaries[0]
    yield Hit(
        found.start, found.end, f"job {excerpt(found.place, 60)} releases {excerpt(name, 60)} ({excerpt(found.tool, 60)}), and nothing in the workflow signs it"
    )


def _binary(found: Publication) -> str:
    if found.tool in _BUILDERS:
        return "desktop programs"
    return next((asset for asset in found.assets if asset.lower().rstrip("\"'").partition("#")[0].endswith(_BINARIES)), "")
