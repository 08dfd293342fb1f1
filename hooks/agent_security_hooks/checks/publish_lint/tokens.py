"""Rules about the credentials that packages are published with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.publish_lint import check
from agent_security_hooks.model import Hit, excerpt
from agent_security_hooks.parse.actions.publishing import publications
from agent_security_hooks.parse.actions.publishing.hosts import has_identity, has_no_identities, is_called_only, is_self_hosted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.publishing import Publication
    from agent_security_hooks.source import Source

_REGISTRIES = {
    "pypi": "PyPI",
    "npm": "npm",
    "crates": "crates.io",
    "gem": "RubyGems.org",
    "nuget": "NuGet.org",
    "pub": "pub.dev",
    "jsr": "JSR",
    "mcp": "the MCP registry",
}
_ALWAYS = ("pypi", "npm", "crates", "gem")
_IN_PIPELINES = {"gitlab": ("pypi", "npm"), "circleci": ("npm",)}
"""Registries that are known to trust the jobs of others than GitHub."""
_IDENTITY = "give the job `permissions: id-token: write`"
_MENDED = {
    "pypi": "add a trusted publisher on pypi.org (Manage > Publishing), {identity}, and {step}",
    "npm": "add a trusted publisher in the package's settings on npmjs.com, {identity}, run `npm install -g npm@latest` (11.5.1 or later) before `npm publish`, and drop {token}",
    "crates": (
        "add a trusted publisher in the crate's settings on crates.io, {identity}, add the step `- uses: rust-lang/crates-io-auth-action@c6f97d42243bad5fab37ca0427f495c86d5b1a18 # v1.0.5` with `id: auth`, "
        "and set `CARGO_REGISTRY_TOKEN: ${{{{ steps.auth.outputs.token }}}}`"
    ),
    "gem": "add a trusted publisher on rubygems.org, {identity}, put a step `- uses: rubygems/configure-rubygems-credentials` (pinned by its SHA) before the push, and drop {token}",
    "nuget": "add a trusted publishing policy on nuget.org, {identity}, add a step `- uses: NuGet/login` (pinned by its SHA) with `id: login`, and pass `${{{{ steps.login.outputs.NUGET_API_KEY }}}}`",
    "pub": "enable automated publishing on pub.dev, {identity}, and drop {token}",
    "mcp": "{identity}, log in with `mcp-publisher login github-oidc`, and drop {token}",
    "jsr": "link the package to the repository on jsr.io, {identity}, and drop {token}",
}
_PIPELINE_FIX = "keep {token} to protected branches and tags, limit it to this package, and let it expire soon"
_PIPELINE_FIXES = {
    (
        "gitlab",
        "pypi",
    ): "add a trusted publisher on pypi.org, `id_tokens: {{PYPI_ID_TOKEN: {{aud: pypi}}}}` to the job, and drop {token}: twine 6.1 and later ask for a token by themselves",
    (
        "gitlab",
        "npm",
    ): "add a trusted publisher on npmjs.com, `id_tokens: {{NPM_ID_TOKEN: {{aud: 'npm:registry.npmjs.org'}}}}` to the job, and drop {token} (npm 11.5.1 or later)",
    ("circleci", "npm"): "add a trusted publisher on npmjs.com, set NPM_ID_TOKEN to what `circleci run oidc get` prints, and drop {token}",
}
_PYPI_STEPS = {
    "pypa/gh-action-pypi-publish": "remove `password`",
    "uv publish": "drop {token}: `uv publish` asks for a token by itself",
    "twine upload": "drop {token}: twine 6.1 and later ask for a token by themselves",
    "pdm publish": "drop {token}: `pdm publish` asks for a token by itself",
}


@check.rule("long-lived-publish-token", point=9)
def long_lived_publish_token(file: Source) -> Iterator[Hit]:
    """A package is published with a stored token although the registry takes short-lived ones.

    PyPI, npm, crates.io and RubyGems.org (NuGet.org, pub.dev, JSR and the MCP registry: pedantic) trust a workflow by its identity. A token that is passed wins over that, so
    it is reported beside `id-token: write` too. Private and test registries, and dry runs, are not.

    Risk: Whoever reads the token from a log, a dependency or another workflow can publish any version from anywhere until somebody revokes it.
    Fix: Register the workflow as a trusted publisher with the registry, give the job `id-token: write`, and delete the token.
    Verify: The repository's secrets hold no token of the registry, and the next release still arrives there.

    Bad: (.github/workflows/release.yml)
        on:
          release:
            types: [published]
        permissions: {}
        jobs:
          pypi:
            runs-on: ubuntu-latest
            environment: pypi
            steps:
              - uses: actions/download-artifact@9000827ccba6bdab643e8b6fd33ac0654aef8333 # v8.0.2
                with:
                  name: dist
                  path: dist
              - run: twine upload dist/*
                env:
                  TWINE_USERNAME: __token__
                  TWINE_PASSWORD: ${{ secrets.PYPI_TOKEN }}

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
              - uses: actions/download-artifact@9000827ccba6bdab643e8b6fd33ac0654aef8333 # v8.0.2
                with:
                  name: dist
                  path: dist
              - run: twine upload dist/*
    """
    if has_no_identities(file):
        return
    said: set[tuple[int, str]] = set()
    for found in publications(file):
        registry = _REGISTRIES.get(found.kind)
        if registry is None or not found.public or found.dry_run or found.credential.kind not in ("token", "unknown", "none"):
            continue
        if found.credential.kind == "token":
            hit = _stored(found, registry)
            if (hit.start, registry) not in said:  # one token for several commands, or for a step that several jobs share
                said.add((hit.start, registry))
                yield hit
        elif file.thorough and found.kind in _ALWAYS and _has_no_identity(found):
            yield _unseen(found, registry)


def _has_no_identity(found: Publication) -> bool:
    """Whether a job can have nothing but a stored token."""
    if found.pipeline is not None:
        return found.kind in _IN_PIPELINES[found.pipeline.kind] and not found.pipeline.may_have_identity
    return found.job is not None and not has_identity(found.job) and not is_called_only(found.job)


def _stored(found: Publication, registry: str) -> Hit:
    token = excerpt(found.credential.name, 60)
    beside = ", although the job has `id-token: write`: a token that is passed wins" if has_identity(found.job) else ""
    message = f"{_where(found)} publishes to {registry} with the stored token {token} ({excerpt(found.tool, 60)}){beside}"
    start, end = (found.credential.start, found.credential.end) if found.credential.end else (found.start, found.end)
    # PyPI knows no workflow that is called by another, npm no runner of one's own.
    late = found.kind == "pypi" and found.job is not None and is_called_only(found.job) or found.kind == "npm" and is_self_hosted(found.job)
    if found.pipeline is not None:
        late = found.kind not in _IN_PIPELINES[found.pipeline.kind]
    return Hit(start, end, message, _hint(found, token), (), late or found.kind not in _ALWAYS or found.job is None and found.step is not None)


def _unseen(found: Publication, registry: str) -> Hit:
    identity = "`id_tokens`" if found.pipeline is not None else "`id-token: write`"
    message = f"{_where(found)} publishes to {registry} without {identity} ({excerpt(found.tool, 60)}): whatever it logs in with is stored somewhere"
    return Hit(found.start, found.end, message, _hint(found, "the token"), (), True)


def _hint(found: Publication, token: str) -> str:
    if found.pipeline is not None:
        return _PIPELINE_FIXES.get((found.pipeline.kind, found.kind), _PIPELINE_FIX).format(token=token)
    step = _PYPI_STEPS.get(
        found.tool, "publish with `- uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2` without a password"
    ).format(token=token)
    identity = "keep `id-token: write`" if has_identity(found.job) else _IDENTITY
    return _MENDED[found.kind].format(identity=identity, step=step, token=token)


def _where(found: Publication) -> str:
    if found.step is not None and found.job is None:
        return f"step {excerpt(found.step.label, 60)}"
    return f"job {excerpt(found.place, 60)}"
