"""Rules about proof of where a package or image came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.publish_lint import check
from agent_security_hooks.model import Hit, excerpt
from agent_security_hooks.parse.actions.publishing import proofs, publications
from agent_security_hooks.parse.actions.publishing.hosts import has_no_identities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

_ON_GITHUB = "add `id-token: write` to the job's permissions and `NPM_CONFIG_PROVENANCE: true` to the step's env"
_ON_GITLAB = "add `id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}` to the job, and publish with `--provenance`"


@check.rule("npm-without-provenance", point=9)
def npm_without_provenance(file: Source) -> Iterator[Hit]:
    """A public npm package is published with a token and without provenance.

    `--provenance`, `NPM_CONFIG_PROVENANCE`, `publishConfig.provenance` in package.json and `provenance=true` in .npmrc are sources of it; trusted
    publishing adds it by itself. Restricted packages cannot have it.

    Risk: Nobody can tell a version that this workflow built from one that somebody published by hand with a stolen token.
    Fix: Publish with `npm publish --provenance` in a job with `id-token: write`, or, better, with trusted publishing.
    Verify: `npm audit signatures` counts the package among those with attestations.

    Bad: (.github/workflows/release.yml)
        on:
          release:
            types: [published]
        permissions: {}
        jobs:
          npm:
            runs-on: self-hosted
            environment: npm
            steps:
              - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
                with:
                  registry-url: https://registry.npmjs.org
              - run: npm publish
                env:
                  NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}

    Good: (.github/workflows/release.yml)
        on:
          release:
            types: [published]
        permissions: {}
        jobs:
          npm:
            runs-on: ubuntu-latest
            environment: npm
            permissions:
              id-token: write
            steps:
              - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
                with:
                  registry-url: https://registry.npmjs.org
              - run: npm install -g npm@11.6.2 && npm publish
    """
    if has_no_identities(file):
        return
    for found in publications(file):
        if found.kind != "npm" or not found.public or found.dry_run or found.credential.kind != "token":
            continue
        if found.pipeline is not None and (found.pipeline.kind != "gitlab" or "SIGSTORE_ID_TOKEN" in found.pipeline.identities):
            continue  # npm makes provenance on GitHub and GitLab
        from agent_security_hooks.parse.actions.publishing.switches import provenance_of

        if not provenance_of(found):
            message = f"job {excerpt(found.place, 60)} publishes to npm with a token and no provenance ({excerpt(found.tool, 60)})"
            yield Hit(found.start, found.end, message, _ON_GITLAB if found.pipeline is not None else _ON_GITHUB)


@check.rule("signing-without-id-token", point=9)
def signing_without_id_token(file: Source) -> Iterator[Hit]:
    """A job attests or signs with its identity but may not have one.

    `actions/attest`, keyless cosign, sigstore and `npm publish --provenance` ask for a token that only a job with `id-token: write` gets. Signing
    with a key of one's own needs none. On GitLab, `id_tokens` give the job its identity.

    Risk: The step fails, or is skipped in silence, and what is released has no proof of where it came from.
    Fix: Put `id-token: write` (and `attestations: write` for actions/attest) under the job's `permissions:`.
    Verify: `gh attestation verify FILE --repo OWNER/REPO` or `cosign verify` accepts what the next release publishes.

    Bad: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          build:
            runs-on: ubuntu-latest
            permissions:
              attestations: write
            steps:
              - run: make dist
              - uses: actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2
                with:
                  subject-path: dist/*

    Good: (.github/workflows/release.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          build:
            runs-on: ubuntu-latest
            permissions:
              attestations: write
              id-token: write
            steps:
              - run: make dist
              - uses: actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2
                with:
                  subject-path: dist/*
    """
    if has_no_identities(file):
        return
    from agent_security_hooks.parse.actions.publishing.gates import may_need_identity

    for found in proofs(file) if may_need_identity(file) else ():
        job = found.job
        if found.pipeline is not None and found.needs_identity and not found.pipeline.may_have_identity:
            message = f"job {excerpt(found.place, 60)} uses {excerpt(found.tool, 60)}, which needs the job's identity, but has no `id_tokens:`"
            yield Hit(found.start, found.end, message, "add `id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}` to the job")
        if job is None or not found.needs_identity or job.permissions.level_of("id-token") == "write":
            continue
        if job.permissions.kind == "unset" and "workflow_call" in job.workflow.triggers:
            continue  # the caller's permissions are in force
        message = f"job {excerpt(found.place, 60)} uses {excerpt(found.tool, 60)}, which needs the job's identity, but has no `id-token: write`"
        yield Hit(found.start, found.end, message)


@check.rule("attestations-disabled", point=9)
def attestations_disabled(file: Source) -> Iterator[Hit]:
    """Attestations that a tool makes by itself are switched off.

    `attestations: false` of the PyPI and RubyGems actions, `provenance: false` of npm, `--no-attestations` of uv. For images, where `provenance: false`
    is often a matter of old registries, pedantic, and silent when the job signs or attests the image in another way.

    Risk: What is published can no longer be traced to the workflow and commit that built it.
    Fix: Remove the setting; the default is on.
    Verify: The project's page on pypi.org shows "Provenance" for the files of the next release, `npm audit signatures` or `docker buildx imagetools inspect` an attestation.

    Bad: (.github/workflows/release.yml)
        on:
          release:
            types: [published]
        permissions: {}
        jobs:
          pypi:
            runs-on: ubuntu-latest
            environment: pypi
            permissions:
              id-token: write
            steps:
              - uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2
                with:
                  attestations: false

    Good: (.github/workflows/release.yml)
        on:
          release:
            types: [published]
        permissions: {}
        jobs:
          pypi:
            runs-on: ubuntu-latest
            environment: pypi
            permissions:
              id-token: write
            steps:
              - uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2
    """
    if not any(word in file.data for word in (b"ttestation", b"rovenance", b"PROVENANCE", b"ATTESTATION")):
        return
    for found in publications(file):
        if found.dry_run or not found.public:
            continue
        from agent_security_hooks.parse.actions.publishing.switches import switched_off

        switch = switched_off(found, proofs(file))
        if switch is not None:
            message = f"job {excerpt(found.place, 60)} publishes with {excerpt(found.tool, 60)} and {switch.shown}: nothing says where this came from"
            yield Hit(switch.start, switch.end, message, f"remove {switch.shown}", (), found.kind == "image")


@check.rule("unsigned-image", point=9, pedantic=True)
def unsigned_image(file: Source) -> Iterator[Hit]:
    """A container image is pushed that nothing signs or attests.

    cosign, `actions/attest`, notation and slsa-github-generator count, in any job of the workflow, and so do `sbom:` and `provenance:` of the build action.

    Risk: Whoever can push to the registry can replace the image, and nobody who pulls it can tell.
    Fix: After the push, run `cosign sign IMAGE@DIGEST` or use `actions/attest` with `subject-digest`, in a job with `id-token: write`.
    Verify: `cosign verify IMAGE` or `gh attestation verify oci://IMAGE --repo OWNER/REPO` succeeds.

    Bad: (.github/workflows/image.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          image:
            runs-on: ubuntu-latest
            steps:
              - uses: docker/build-push-action@c3c9e263c25d99ce0380d002d59b67737d91b0dc # v7.4.0
                with:
                  push: true
                  tags: ghcr.io/example/app:latest

    Good: (.github/workflows/image.yml)
        on:
          push:
            tags: ['v*']
        permissions: {}
        jobs:
          image:
            runs-on: ubuntu-latest
            permissions:
              id-token: write
            steps:
              - uses: docker/build-push-action@c3c9e263c25d99ce0380d002d59b67737d91b0dc # v7.4.0
                id: push
                with:
                  push: true
                  tags: ghcr.io/example/app:latest
              - run: cosign sign --yes "ghcr.io/example/app@$DIGEST"
                env:
                  DIGEST: ${{ steps.push.outputs.digest }}
    """
    pushed = [found for found in publications(file) if found.kind == "image" and found.public and not found.dry_run]
    if not pushed or any(found.kind in ("signature", "attestation", "provenance", "sbom") and found.subject != "package" for found in proofs(file)):
        return
    seen: set[str] = set()
    for found in pushed:
        if found.place in seen:
            continue
        seen.add(found.place)
        name = f" ({excerpt(found.assets[0], 80)})" if found.assets else ""
        yield Hit(found.start, found.end, f"job {excerpt(found.place, 60)} pushes an image with {excerpt(found.tool, 60)}{name} that nothing signs or attests")
