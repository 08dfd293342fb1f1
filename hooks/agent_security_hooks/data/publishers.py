"""Programs and actions that publish, sign or attest, and how each is told where to and with which credential.

Sources: the manuals and `action.yml` of each; https://docs.pypi.org/trusted-publishers/, https://docs.npmjs.com/trusted-publishers,
https://crates.io/docs/trusted-publishing, https://guides.rubygems.org/trusted-publishing/, https://learn.microsoft.com/nuget/nuget-org/trusted-publishing,
https://docs.sigstore.dev/. Names of actions are in lower case; lists of options and variables are separated by blanks.
"""

from __future__ import annotations

from typing import NamedTuple


class Tool(NamedTuple):
    """A program, or a subcommand of one (`words`), that publishes a `kind`.

    `secrets`, `registry`, `dry`: options that hold the credential, name the registry, or only try. `variables`, `registry_variables`: the same in
    the environment. `needs`: without one of these options nothing is published. `oidc`: asks the registry for a short-lived token by itself.
    """

    kind: str
    words: str = ""
    secrets: str = ""
    variables: str = ""
    registry: str = ""
    registry_variables: str = ""
    dry: str = ""
    needs: str = ""
    oidc: bool = False


class Action(NamedTuple):
    """An action that publishes a `kind`; the fields are those of `Tool` for inputs. `when`: an input that must be true, or "name=value|value" ("": absent too).

    `files`: inputs that list what is uploaded; `argument`: an input that holds the words of a command, of which one must be in `needs`.
    """

    kind: str
    secrets: str = ""
    variables: str = ""
    registry: str = ""
    dry: str = ""
    when: str = ""
    files: str = ""
    argument: str = ""
    needs: str = ""
    oidc: bool = False


_NPM = "NODE_AUTH_TOKEN NPM_TOKEN NPM_AUTH_TOKEN YARN_NPM_AUTH_TOKEN NPM_CONFIG_TOKEN npm_config__authToken"
_NPM_REGISTRY = "npm_config_registry NPM_CONFIG_REGISTRY YARN_NPM_PUBLISH_REGISTRY"
_CRATES = "CARGO_REGISTRY_TOKEN"
_GEM = "GEM_HOST_API_KEY RUBYGEMS_API_KEY"
_DRY = "--dry-run"
_MAVEN = "MAVEN_PASSWORD OSSRH_TOKEN OSSRH_PASSWORD SONATYPE_PASSWORD CENTRAL_TOKEN ORG_GRADLE_PROJECT_mavenCentralPassword"

COMMANDS: dict[str, tuple[Tool, ...]] = {
    "twine": (Tool("pypi", "upload", "-p --password", "TWINE_PASSWORD", "--repository-url -r --repository", "TWINE_REPOSITORY_URL TWINE_REPOSITORY", oidc=True),),
    "uv": (
        Tool("pypi", "publish", "-t --token -p --password", "UV_PUBLISH_TOKEN UV_PUBLISH_PASSWORD", "--publish-url --index", "UV_PUBLISH_URL UV_PUBLISH_INDEX", _DRY, oidc=True),
    ),
    "poetry": (Tool("pypi", "publish", "-p --password", "POETRY_PYPI_TOKEN_PYPI POETRY_HTTP_BASIC_PYPI_PASSWORD", "-r --repository", "", _DRY),),
    "pdm": (Tool("pypi", "publish", "-P --password", "PDM_PUBLISH_PASSWORD", "-r --repository", "PDM_PUBLISH_REPO", oidc=True),),
    "flit": (Tool("pypi", "publish", "", "FLIT_PASSWORD", "--repository", "FLIT_INDEX_URL"),),
    "hatch": (Tool("pypi", "publish", "-a --auth", "HATCH_INDEX_AUTH", "-r --repo", "HATCH_INDEX_REPO HATCH_PUBLISH_REPO"),),
    "rye": (Tool("pypi", "publish", "--token", "RYE_TOKEN", "--repository-url --repository"),),
    "maturin": tuple(
        Tool("pypi", word, "-p --password", "MATURIN_PYPI_TOKEN MATURIN_PASSWORD", "-r --repository --repository-url", "MATURIN_REPOSITORY MATURIN_REPOSITORY_URL", oidc=True)
        for word in ("publish", "upload")
    ),
    "setup.py": (Tool("pypi", "upload", "", "", "-r --repository"),),
    "pixi": (Tool("conda", "publish", needs="--to --target-channel"), Tool("conda", "upload")),
    "conda": (Tool("conda", "upload"),),
    "anaconda": (Tool("conda", "upload", "-t --token", "ANACONDA_API_TOKEN BINSTAR_TOKEN"),),
    "npm": tuple(Tool("npm", word, "--_authToken --//registry.npmjs.org/:_authToken", _NPM, "--registry", _NPM_REGISTRY, _DRY, oidc=True) for word in ("publish", "pub", "stage publish")),
    "pnpm": tuple(Tool("npm", word, "", _NPM, "--registry", _NPM_REGISTRY, _DRY, oidc=True) for word in ("publish", "recursive publish")),
    "yarn": (
        Tool("npm", "npm publish", "", _NPM, "", _NPM_REGISTRY, _DRY, oidc=True),
        Tool("npm", "publish", "", _NPM, "--registry", _NPM_REGISTRY, _DRY),
        Tool("npm", "lerna publish", "", _NPM, "--registry", _NPM_REGISTRY, oidc=True),
    ),
    "bun": (Tool("npm", "publish", "", _NPM, "--registry", _NPM_REGISTRY, _DRY),),
    "lerna": (Tool("npm", "publish", "", _NPM, "--registry", _NPM_REGISTRY, oidc=True),),
    "changeset": (Tool("npm", "publish", "", _NPM, "", _NPM_REGISTRY, oidc=True),),
    "nx": (Tool("npm", "release publish", "", _NPM, "--registry", _NPM_REGISTRY, "--dry-run -d", oidc=True),),
    "np": (Tool("npm", "", "", _NPM, "", _NPM_REGISTRY, "--preview --no-publish"),),
    "semantic-release": (
        Tool("pypi", "publish", "", "PYPI_TOKEN REPOSITORY_PASSWORD PYPI_PASSWORD", "", "", "--noop"),
        Tool("npm", "", "", _NPM, "", _NPM_REGISTRY, "--dry-run -d --noop --print", oidc=True),
    ),
    "wasm-pack": (Tool("npm", "publish", "", _NPM),),
    "jsr": (Tool("jsr", "publish", "--token", "", "", "", _DRY, oidc=True),),
    "deno": (Tool("jsr", "publish", "--token", "", "", "", _DRY, oidc=True),),
    "cargo": (
        Tool("crates", "publish", "--token", _CRATES, "--registry --index", "", "-n --dry-run"),
        Tool("crates", "release", "--token", _CRATES, "--registry", "", "-n --dry-run --no-publish", "-x --execute"),
        Tool("crates", "smart-release", "", _CRATES, "", "", "--no-publish", "-e --execute"),
        Tool("crates", "workspaces publish", "--token", _CRATES, "--registry", "", _DRY),
        Tool("crates", "ws publish", "--token", _CRATES, "--registry", "", _DRY),
        Tool("crates", "hack publish", "--token", _CRATES, "--registry", "", _DRY),
    ),
    "release-plz": (Tool("crates", "release", "--token", _CRATES, "--registry", "", _DRY, oidc=True),),
    "gem": (Tool("gem", "push", "-k --key", _GEM, "--host", "RUBYGEMS_HOST"),),
    "rake": (Tool("gem", "release", "", _GEM), Tool("gem", "release:rubygem_push", "", _GEM)),
    "nuget": (Tool("nuget", "push", "-ApiKey", "NUGET_API_KEY", "-Source -src"),),
    "dotnet": (Tool("nuget", "nuget push", "-k --api-key", "NUGET_API_KEY", "-s --source"),),
    "dart": (Tool("pub", "pub publish", "", "PUB_TOKEN", "", "PUB_HOSTED_URL", "-n --dry-run", oidc=True),),
    "flutter": (Tool("pub", "pub publish", "", "PUB_TOKEN", "", "PUB_HOSTED_URL", "-n --dry-run", oidc=True),),
    "mvn": (Tool("maven", "deploy", "", _MAVEN), Tool("maven", "deploy:deploy"), Tool("maven", "release:perform"), Tool("maven", "nexus-staging:deploy")),
    "gradle": (Tool("maven", "publish", "", _MAVEN, "", "", "--dry-run -m"), Tool("maven", "uploadArchives", "", _MAVEN), Tool("maven", "publishPlugins", "", _MAVEN)),
    "sbt": (Tool("maven", "ci-release", "", _MAVEN), Tool("maven", "publishSigned", "", _MAVEN), Tool("maven", "+publishSigned", "", _MAVEN), Tool("maven", "publish"), Tool("maven", "+publish")),
    "mill": (Tool("maven", "mill.scalalib.PublishModule/publishAll", "", _MAVEN),),
    "mix": (Tool("hex", "hex.publish", "", "HEX_API_KEY", "", "", _DRY),),
    "rebar3": (Tool("hex", "hex publish", "", "HEX_API_KEY"),),
    "gleam": (Tool("hex", "publish", "", "HEXPM_API_KEY HEXPM_PASS"),),
    "pod": (Tool("cocoapods", "trunk push", "", "COCOAPODS_TRUNK_TOKEN"),),
    "luarocks": (Tool("luarocks", "upload", "--api-key --temp-key", "LUAROCKS_API_KEY"),),
    "cpan-upload": (Tool("cpan"),),
    "ansible-galaxy": (Tool("galaxy", "collection publish", "--token --api-key", "ANSIBLE_GALAXY_TOKEN GALAXY_API_KEY", "-s --server"),),
    "vsce": (Tool("vscode", "publish", "-p --pat", "VSCE_PAT"),),
    "ovsx": (Tool("vscode", "publish", "-p --pat", "OVSX_PAT"),),
    "snapcraft": (Tool("snap", "upload", "", "SNAPCRAFT_STORE_CREDENTIALS"), Tool("snap", "push", "", "SNAPCRAFT_STORE_CREDENTIALS")),
    "choco": (Tool("choco", "push", "-k --api-key", "CHOCO_API_KEY", "-s --source"),),
    "mcp-publisher": (Tool("mcp", "publish", "", "", "--registry", "", _DRY, oidc=True),),
    "Publish-Module": (Tool("psgallery", "", "-NuGetApiKey", "", "-Repository", "", "-WhatIf"),),
    "Publish-PSResource": (Tool("psgallery", "", "-ApiKey", "", "-Repository", "", "-WhatIf"),),
    "helm": (Tool("chart", "push"), Tool("chart", "cm-push")),
    "oras": (Tool("artifact", "push"),),
    "docker": (
        Tool("image", "push"),
        Tool("image", "image push"),
        Tool("image", "compose push"),
        Tool("image", "manifest push"),
        Tool("image", "build", needs="--push"),
        Tool("image", "buildx build", needs="--push --output=type=registry"),
        Tool("image", "buildx bake", needs="--push"),
        Tool("image", "buildx imagetools create", dry=_DRY),
        Tool("image", "compose build", needs="--push"),
    ),
    "docker-compose": (Tool("image", "push"),),
    "podman": (Tool("image", "push"), Tool("image", "manifest push")),
    "nerdctl": (Tool("image", "push"),),
    "buildah": (Tool("image", "push"), Tool("image", "manifest push")),
    "img": (Tool("image", "push"),),
    "skopeo": (Tool("image", "copy"), Tool("image", "sync")),
    "crane": (Tool("image", "push"), Tool("image", "copy"), Tool("image", "append")),
    "regctl": (Tool("image", "image copy"),),
    "ko": (
        Tool("image", "build", dry="-L --local --push=false"),
        Tool("image", "publish", dry="-L --local --push=false"),
        Tool("image", "apply"),
        Tool("image", "resolve", dry="--push=false"),
    ),
    "executor": (Tool("image", dry="--no-push --no-push-cache", needs="--destination -d"),),
    "buildctl": (Tool("image", "build", needs="--output=type=registry"),),
    "pack": (Tool("image", "build", needs="--publish"),),
    "gh": (Tool("release", "release create"), Tool("release", "release upload")),
    "hub": (Tool("release", "release create"), Tool("release", "release edit")),
    "glab": (Tool("release", "release create"), Tool("release", "release upload")),
    "ghr": (Tool("release"),),
    "goreleaser": (Tool("release", "release", dry="--snapshot --skip=publish --skip-publish"),),
    "electron-builder": (Tool("release", needs="--publish=always --publish=onTag --publish=onTagOrDraft -p=always -p=onTag -p=onTagOrDraft"),),
    "electron-forge": (Tool("release", "publish", dry=_DRY),),
    "release-it": (Tool("npm", "", "", _NPM, "", _NPM_REGISTRY, "-d --dry-run --no-npm.publish --npm.publish=false", oidc=True),),
    "dist": (Tool("release", "host", needs="--steps=upload --steps=release"),),
}  # fmt: skip

VALUE_OPTIONS: dict[str, str] = {
    "npm": "--prefix -C -w --workspace --registry --userconfig --loglevel --tag --access --otp --cache",
    "pnpm": "--filter -F -C --dir --registry --tag --access --otp --reporter --loglevel",
    "yarn": "--cwd --registry --tag --access --otp --new-version --include --exclude --from --jobs -j",
    "poetry": "-C --directory -P --project",
    "uv": "--directory --project --config-file --python --color",
    "pdm": "-p --project -c --config",
    "hatch": "-e --env -p --project",
    "cargo": "--config --color -Z -C --manifest-path -p --package",
    "docker": "--config --context -c -H --host -l --log-level -f --file --builder",
    "podman": "--root --log-level --storage-driver --connection -c",
    "gh": "-R --repo",
    "mvn": "-s --settings -f --file -P -pl --projects -gs -t -T --threads -l --log-file",
    "gradle": "-b -c -I --init-script -g --gradle-user-home -p --project-dir -x --exclude-task --console",
    "helm": "--kubeconfig --registry-config --repository-config",
    "semantic-release": "-b --branches -e --extends -p --plugins -t --tag-format -r --repository-url --config -c -v",
    "lerna": "--loglevel --concurrency",
    "skopeo": "--override-os --override-arch --policy --command-timeout",
    "ansible-galaxy": "--server -s --token --api-key",
    "bun": "--cwd --config -c",
    "dotnet": "",
}
"""Options of programs that take a word of their own, before the subcommand."""

RUNNERS: dict[str, tuple[str, ...]] = {
    "uv": ("run", "tool run"), "uvx": ("",), "pipx": ("run",), "poetry": ("run",), "pdm": ("run",), "hatch": ("run",), "rye": ("run",), "pixi": ("run", "exec"),
    "npx": ("",), "bunx": ("",), "bun": ("x",), "pnpm": ("dlx", "exec"), "yarn": ("dlx", "exec"), "npm": ("exec", "x"), "pnpx": ("",), "corepack": ("",), "bundle": ("exec",),
    "mise": ("exec", "x"), "op": ("run",), "doppler": ("run",), "devbox": ("run",), "conda": ("run",), "micromamba": ("run",), "dotenv": ("",), "dotenvx": ("run",),
    "asdf": ("exec",), "direnv": ("exec .",), "lerna": ("exec",), "aws-vault": ("exec",), "pipenv": ("run",), "sops": ("exec-env",), "call": ("",),
}  # fmt: skip
"""Programs that run another one, after these words."""
RUNNER_VALUES = frozenset(
    "-p --package --with --from --python --spec -e --env --group --extra --directory --project --only-group --env-file -f -n --name -C --cwd --filter -w --workspace --prefix -o --scope".split()
)
JAVASCRIPT_PROGRAMS = frozenset("semantic-release lerna changeset np vsce ovsx release-it electron-builder electron-forge jsr nx".split())
"""What `yarn NAME` and `pnpm NAME` run."""

ACTIONS: dict[str, Action] = {
    "pypa/gh-action-pypi-publish": Action("pypi", "password", "", "repository-url repository_url", oidc=True),
    "re-actors/pypi-action": Action("pypi", "password", "", "repository-url repository_url", oidc=True),
    "casperdcl/deploy-pypi": Action("pypi", "password", "", "url", when="upload=|true"),
    "jrubics/poetry-publish": Action("pypi", "pypi_token repository_password", "", "repository_url repository_name"),
    "coveooss/pypi-publish-with-poetry": Action("pypi", "pypi_token"),
    "code-specialist/pypi-poetry-publish": Action("pypi", "", "", "publish_registry"),
    "relekang/python-semantic-release": Action("pypi", "pypi_token repository_password", when="no_publish"),
    "python-semantic-release/python-semantic-release": Action("release", "", "", "", when="vcs_release=|true"),
    "python-semantic-release/publish-action": Action("release"),
    "python-semantic-release/upload-to-gh-release": Action("release"),
    "pyo3/maturin-action": Action("pypi", "", "MATURIN_PYPI_TOKEN MATURIN_PASSWORD", when="command=publish|upload", oidc=True),
    "messense/maturin-action": Action("pypi", "", "MATURIN_PYPI_TOKEN MATURIN_PASSWORD", when="command=publish|upload", oidc=True),
    "jupyter-server/jupyter_releaser/.github/actions/finalize-release": Action("pypi", "", "PYPI_TOKEN", oidc=True),
    "jupyter-server/jupyter-releaser/.github/actions/finalize-release": Action("pypi", "", "PYPI_TOKEN", oidc=True),
    "scientific-python/upload-nightly-action": Action("conda", "anaconda_nightly_upload_token"),
    "js-devtools/npm-publish": Action("npm", "token", _NPM, "registry", "dry-run", oidc=True),
    "changesets/action": Action("npm", "", _NPM, "", when="publish=*", oidc=True),
    "cycjimmy/semantic-release-action": Action("npm", "", _NPM, "", "dry_run", oidc=True),
    "codfish/semantic-release-action": Action("npm", "", _NPM, "", "dry-run", oidc=True),
    "go-semantic-release/action": Action("release", "", "", "", "dry"),
    "primer/publish": Action("npm", "", "NPM_AUTH_TOKEN"),
    "pascalgn/npm-publish-action": Action("npm", "", "NPM_AUTH_TOKEN NODE_AUTH_TOKEN"),
    "mikeal/merge-release": Action("npm", "", _NPM),
    "release-plz/action": Action("crates", "", _CRATES, "", "dry_run", when="command=|release", oidc=True),
    "marcoieni/release-plz-action": Action("crates", "", _CRATES, "", "dry_run", when="command=|release", oidc=True),
    "katyo/publish-crates": Action("crates", "registry-token", _CRATES, "", "dry-run"),
    "actions-rs/cargo": Action("crates", "", _CRATES, when="command=publish"),
    "rubygems/release-gem": Action("gem", "", _GEM, oidc=True),
    "dawidd6/action-publish-gem": Action("gem", "api_key"),
    "cadwallion/publish-rubygems-action": Action("gem", "", _GEM),
    "cucumber/action-publish-rubygem": Action("gem", "rubygems_api_key"),
    "cucumber-actions/publish-rubygem": Action("gem", "rubygems_api_key"),
    "discourse/publish-rubygems-action": Action("gem", "", _GEM),
    "brandedoutcast/publish-nuget": Action("nuget", "nuget_key", "", "nuget_source"),
    "alirezanet/publish-nuget": Action("nuget", "nuget_key", "", "nuget_source"),
    "rohith/publish-nuget": Action("nuget", "nuget_key", "", "nuget_source"),
    "artis3n/ansible_galaxy_collection": Action("galaxy", "api_key"),
    "ansible/ansible-publish-action": Action("galaxy", "api_key"),
    "k-paxian/dart-package-publisher": Action("pub", "credentialjson accesstoken refreshtoken", dry="dryrunonly"),
    "wesleimp/action-publish-hex": Action("hex", "", "HEX_API_KEY"),
    "haaleo/publish-vscode-extension": Action("vscode", "pat", "", "registryurl", "dryrun"),
    "lannonbr/vsce-action": Action("vscode", "", "VSCE_TOKEN"),
    "snapcore/action-publish": Action("snap", "store_login", "SNAPCRAFT_STORE_CREDENTIALS"),
    "helm/chart-releaser-action": Action("chart"),
    "docker/build-push-action": Action("image", when="push"),
    "docker/bake-action": Action("image", when="push"),
    "depot/build-push-action": Action("image", when="push"),
    "depot/bake-action": Action("image", when="push"),
    "useblacksmith/build-push-action": Action("image", when="push"),
    "redhat-actions/push-to-registry": Action("image", "password"),
    "elgohr/publish-docker-github-action": Action("image", "password", when="no_push"),
    "mr-smithers-excellent/docker-build-push": Action("image", "password"),
    "macbre/push-to-ghcr": Action("image"),
    "whoan/docker-build-with-cache-action": Action("image", "password"),
    "aevea/action-kaniko": Action("image", "password"),
    "devcontainers/ci": Action("image", when="push=|always|filter"),
    "devcontainers/action": Action("artifact", when="publish-features|publish-templates"),
    "akhilerm/tag-push-action": Action("image"),
    "int128/docker-manifest-create-action": Action("image", when="push=|true"),
    "appany/helm-oci-chart-releaser": Action("chart"),
    "softprops/action-gh-release": Action("release", files="files"),
    "ncipollo/release-action": Action("release", files="artifacts artifact"),
    "actions/upload-release-asset": Action("release", files="asset_path"),
    "actions/create-release": Action("release"),
    "svenstaro/upload-release-action": Action("release", files="file"),
    "marvinpinto/action-automatic-releases": Action("release", files="files"),
    "abutler/upload-release-assets": Action("release", files="files"),
    "xresloader/upload-to-github-release": Action("release", files="file"),
    "shogo82148/actions-upload-release-asset": Action("release", files="asset_path"),
    "fnkr/github-action-ghr": Action("release", files="path"),
    "djnicholson/release-action": Action("release", files="zip-file-path"),
    "eregon/publish-release": Action("release"),
    "taiki-e/upload-rust-binary-action": Action("release", dry="dry-run"),
    "taiki-e/create-gh-release-action": Action("release"),
    "wangyoucao577/go-release-action": Action("release"),
    "rust-build/rust-build.action": Action("release"),
    "tauri-apps/tauri-action": Action("release", when="tagname=*|releaseid=*"),
    "samuelmeuli/action-electron-builder": Action("release", when="release"),
    "goreleaser/goreleaser-action": Action("release", argument="args", needs="release", dry=""),
    "google-github-actions/release-please-action": Action("release"),
    "googleapis/release-please-action": Action("release"),
    "release-drafter/release-drafter": Action("release", when="publish"),
    "cli/gh-extension-precompile": Action("release"),
}  # fmt: skip
"""By name; a `kind` of "" is no publication."""

SELF_GUARDED = frozenset(
    "semantic-release release-it cycjimmy/semantic-release-action codfish/semantic-release-action go-semantic-release/action "
    "googleapis/release-please-action google-github-actions/release-please-action release-drafter/release-drafter python-semantic-release/publish-action "
    "python-semantic-release/upload-to-gh-release python-semantic-release/python-semantic-release relekang/python-semantic-release helm/chart-releaser-action "
    "release-plz release-plz/action marcoieni/release-plz-action".split()
)
"""What publishes only from the branches that its own configuration names, or only a version that is not out yet."""

MINTERS = frozenset(
    "rust-lang/crates-io-auth-action nuget/login rubygems/configure-rubygems-credentials tschm/token-mint-action "
    "octo-sts/action actions/create-github-app-token aws-actions/configure-aws-credentials google-github-actions/auth azure/login".split()
)
"""Actions whose output or login is a short-lived token."""
VAULTS = frozenset("hashicorp/vault-action 1password/load-secrets-action aws-actions/aws-secretsmanager-get-secrets google-github-actions/get-secretmanager-secrets azure/get-keyvault-secrets bitwarden/sm-action dopplerhq/secrets-fetch-action infisical/secrets-action".split())  # fmt: skip
"""Actions whose output is a token that is stored somewhere else."""

SIGNERS: dict[str, tuple[str, bool]] = {
    "actions/attest": ("attestation", True),
    "actions/attest-build-provenance": ("attestation", True),
    "actions/attest-sbom": ("attestation", True),
    "sigstore/gh-action-sigstore-python": ("signature", True),
    "astral-sh/attest-action": ("attestation", True),
    "slsa-framework/slsa-github-generator": ("attestation", True),
    "philips-labs/slsa-provenance-action": ("provenance", False),
    "in-toto/witness-run-action": ("attestation", False),
    "testifysec/witness-run-action": ("attestation", False),
    "anchore/sbom-action": ("sbom", False),
    "wangyoucao577/go-release-action": ("checksum", False),
    "rust-build/rust-build.action": ("checksum", False),
    "jmgilman/actions-generate-checksum": ("checksum", False),
    "thewh1teagle/checksum": ("checksum", False),
    "signpath/github-action-submit-signing-request": ("code-signature", False),
    "azure/trusted-signing-action": ("code-signature", False),
    "azure/artifact-signing-action": ("code-signature", False),
    "dlemstra/code-sign-action": ("code-signature", False),
    "sslcom/esigner-codesign": ("code-signature", False),
    "lando/code-sign-action": ("code-signature", False),
    "digicert/ssm-code-signing": ("code-signature", False),
    "digicert/code-signing-software-trust-action": ("code-signature", False),
    "skymatic/code-sign-action": ("code-signature", False),
    "indygreg/apple-code-sign-action": ("code-signature", False),
    "toitlang/action-macos-sign-notarize": ("code-signature", False),
}
"""What signs or attests: (kind of proof, whether it needs `id-token: write`)."""

TELLTALES: dict[str, str] = {
    "TWINE_PASSWORD": "pypi", "UV_PUBLISH_TOKEN": "pypi", "UV_PUBLISH_PASSWORD": "pypi", "POETRY_PYPI_TOKEN_PYPI": "pypi", "POETRY_HTTP_BASIC_PYPI_PASSWORD": "pypi",
    "FLIT_PASSWORD": "pypi", "HATCH_INDEX_AUTH": "pypi", "PDM_PUBLISH_PASSWORD": "pypi", "MATURIN_PYPI_TOKEN": "pypi", "MATURIN_PASSWORD": "pypi",
    "CARGO_REGISTRY_TOKEN": "crates", "GEM_HOST_API_KEY": "gem",
}  # fmt: skip
"""Variables that nothing but a publication needs: a step that sets one publishes, if only by way of tox, make or a script."""

NPM_TELLTALES = frozenset("NPM_TOKEN NODE_AUTH_TOKEN NPM_AUTH_TOKEN YARN_NPM_AUTH_TOKEN NPM_CONFIG_TOKEN".split())
"""The same for npm, but only where package.json says that the script publishes: private packages are installed with these, too."""

BUILDERS = frozenset(
    "goreleaser/goreleaser-action wangyoucao577/go-release-action rust-build/rust-build.action taiki-e/upload-rust-binary-action "
    "tauri-apps/tauri-action cli/gh-extension-precompile".split()
) | {"goreleaser release"}
"""What uploads to a release what it builds, without being told which files."""
