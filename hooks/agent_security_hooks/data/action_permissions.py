"""What a workflow's token may be allowed, and what well-known actions do with it.

Sources: the scopes and their levels from https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions and `permissions-mapping`
in github.com/actions/languageservices, workflow-parser/src/workflow-v1.0.json; what an action needs from its own README and action.yml.
"""

from __future__ import annotations

_ANY = ("read", "write", "none")
_READ = ("read", "none")
_WRITE = ("write", "none")

LEVELS: dict[str, tuple[str, ...]] = {
    "actions": _ANY,
    "artifact-metadata": _ANY,
    "attestations": _ANY,
    "checks": _ANY,
    "code-quality": _ANY,
    "contents": _ANY,
    "copilot-requests": _WRITE,
    "deployments": _ANY,
    "discussions": _ANY,
    "id-token": _WRITE,
    "issues": _ANY,
    "models": _READ,
    "packages": _ANY,
    "pages": _ANY,
    "pull-requests": _ANY,
    "repository-projects": _ANY,
    "security-events": _ANY,
    "statuses": _ANY,
    "vulnerability-alerts": _READ,
}
"""Scope -> the levels that it can have. Names and levels are told by case."""

TALK = frozenset(("issues", "pull-requests", "discussions", "repository-projects", "models"))
"""Scopes with which nothing can be changed in code, releases, packages, sites or the results of checks, and no other service be asked for anything."""

# What an action does with the token that its inputs have by default, or that checkout leaves behind; "contents:read" goes without saying.
_NEEDS = {
    "": """
        actions/checkout actions/setup-python actions/setup-node actions/setup-go actions/setup-java actions/setup-dotnet actions/upload-artifact actions/cache
        actions/cache/restore actions/cache/save actions/download-artifact actions/upload-pages-artifact actions/create-github-app-token
        astral-sh/setup-uv astral-sh/ruff-action pre-commit/action codecov/codecov-action coverallsapp/github-action docker/setup-buildx-action docker/setup-qemu-action
        docker/metadata-action docker/setup-docker-action docker/bake-action hadolint/hadolint-action pypa/cibuildwheel hynek/build-and-inspect-python-package
        snok/install-poetry abatilo/actions-poetry prefix-dev/setup-pixi conda-incubator/setup-miniconda mamba-org/setup-micromamba mamba-org/provision-with-micromamba
        step-security/harden-runner dtolnay/rust-toolchain swatinem/rust-cache actions-rs/toolchain actions-rs/cargo actions-rust-lang/setup-rust-toolchain taiki-e/install-action
        taiki-e/cache-cargo-install-action embarkstudios/cargo-deny-action crate-ci/typos golangci/golangci-lint-action gradle/actions/setup-gradle gradle/gradle-build-action
        gradle/wrapper-validation-action gradle/actions/wrapper-validation ruby/setup-ruby shivammathur/setup-php denoland/setup-deno oven-sh/setup-bun pnpm/action-setup
        volta-cli/action bahmutov/npm-install cypress-io/github-action ilammy/msvc-dev-cmd ilammy/setup-nasm microsoft/setup-msbuild msys2/setup-msys2 cygwin/cygwin-install-action
        egor-tensin/setup-mingw seanmiddleditch/gha-setup-ninja lukka/get-cmake jwlawson/actions-setup-cmake hendrikmuhs/ccache-action mozilla-actions/sccache-action
        awalsh128/cache-apt-pkgs-action jlumbroso/free-disk-space easimon/maximize-build-space re-actors/alls-green nick-fields/retry nick-fields/assert-action
        nick-invision/retry wntrblm/nox excitedleigh/setup-nox psf/black pycqa/isort isort/isort-action chartboost/ruff-action jakebailey/pyright-action j178/prek-action
        ibiqlik/action-yamllint karancode/yamllint-github-action ludeeus/action-shellcheck codespell-project/actions-codespell gaurav-nelson/github-action-markdown-link-check
        davidanson/markdownlint-cli2-action uraimo/run-on-arch-action vmactions/freebsd-vm vmactions/openbsd-vm vmactions/netbsd-vm cross-platform-actions/action
        helm/kind-action helm/chart-testing-action azure/setup-helm azure/setup-kubectl supercharge/mongodb-github-action ankane/setup-postgres getong/mariadb-action
        extractions/setup-just arduino/setup-task arduino/setup-protoc r-lib/actions/setup-r r-lib/actions/setup-pandoc julia-actions/setup-julia haskell-actions/setup
        erlef/setup-beam coursier/setup-action jurplel/install-qt-action cachix/install-nix-action cachix/cachix-action
        determinatesystems/nix-installer-action petarpetrovt/setup-sde browser-actions/setup-chrome browser-actions/setup-firefox nanasess/setup-chromedriver
        zulip/github-actions-zulip/send-message slackapi/slack-github-action aws-actions/amazon-ecr-login jidicula/clang-format-action ansible-community/ansible-test-gh-action
        pypa/gh-action-pip-audit google/oss-fuzz/infra/cifuzz/actions/build_fuzzers google/oss-fuzz/infra/cifuzz/actions/run_fuzzers fsfe/reuse-action
        tox-dev/action-pre-commit-uv pdm-project/setup-pdm mymindstorm/setup-emsdk sigstore/cosign-installer anchore/sbom-action/download-syft
    """,
    "pull-requests:read": "dorny/paths-filter tj-actions/changed-files amannn/action-semantic-pull-request jitterbit/get-changed-files trilom/file-changes-action "
    "actions/dependency-review-action dependabot/fetch-metadata",
    "pull-requests:write": "actions/labeler marocchino/sticky-pull-request-comment mshick/add-pr-comment thollander/actions-comment-pull-request "
    "reviewdog/action-eslint reviewdog/action-shellcheck kentaro-m/auto-assign-action toshimaru/auto-author-assign hmarr/auto-approve-action codelytv/pr-size-labeler "
    "py-cov-action/python-coverage-comment-action strawgate/minimize-resolved-pr-reviews eps1lon/actions-label-merge-conflict bcoe/conventional-release-labels",
    "issues:write pull-requests:write actions:write contents:write": "actions/stale",
    "issues:write pull-requests:write id-token:write": "anthropics/claude-code-action google-github-actions/run-gemini-cli",
    "issues:write pull-requests:write": "actions/first-interaction peter-evans/create-or-update-comment dessant/lock-threads actions-cool/issues-helper "
    "actions-ecosystem/action-add-labels actions-ecosystem/action-remove-labels int128/hide-comment-action actions/add-to-project",
    "issues:write": "jayqi/failed-build-issue-action scientific-python/issue-from-pytest-log-action jasonetco/create-an-issue imjohnbo/issue-bot dessant/support-requests",
    "security-events:write actions:read": "github/codeql-action/init github/codeql-action/autobuild github/codeql-action/analyze github/codeql-action/upload-sarif "
    "haskell-actions/hlint-scan zizmorcore/zizmor-action microsoft/devskim-action",
    "security-events:write id-token:write actions:read": "ossf/scorecard-action",
    "pages:write id-token:write": "actions/deploy-pages",
    "pages:read": "actions/configure-pages",
    "contents:write": "softprops/action-gh-release ncipollo/release-action svenstaro/upload-release-action actions/create-release actions/upload-release-asset "
    "goreleaser/goreleaser-action peaceiris/actions-gh-pages jamesives/github-pages-deploy-action stefanzweifel/git-auto-commit-action endbug/add-and-commit "
    "ad-m/github-push-action python-semantic-release/python-semantic-release python-semantic-release/publish-action cycjimmy/semantic-release-action "
    "mathieudutour/github-tag-action anothrnick/github-tag-action taiki-e/upload-rust-binary-action taiki-e/create-gh-release-action marvinpinto/action-automatic-releases "
    "joerick/update-vx.y-tag-action dev-drprasad/delete-tag-and-release benchmark-action/github-action-benchmark crazy-max/ghaction-github-pages "
    "jreleaser/release-action akhilmhdh/contributors-readme-action",
    "contents:write pull-requests:write": "peter-evans/create-pull-request googleapis/release-please-action google-github-actions/release-please-action changesets/action "
    "release-drafter/release-drafter peter-evans/enable-pull-request-automerge korthout/backport-action tibdex/backport sqren/backport-github-action "
    "allcontributors/bot-action pascalgn/automerge-action",
    "contents:write id-token:write": "rubygems/release-gem",
    "id-token:write": "pypa/gh-action-pypi-publish rust-lang/crates-io-auth-action sigstore/gh-action-sigstore-python google-github-actions/auth "
    "aws-actions/configure-aws-credentials azure/login",
    "id-token:write attestations:write": "actions/attest-build-provenance actions/attest-sbom actions/attest",
    "checks:write pull-requests:write": "enricomi/publish-unit-test-result-action dorny/test-reporter mikepenz/action-junit-report reviewdog/action-flake8 "
    "reviewdog/action-black reviewdog/action-actionlint reviewdog/action-mypy reviewdog/action-misspell reviewdog/action-suggester",
    "actions:write": "styfle/cancel-workflow-action softprops/turnstyle",
    "pull-requests:write statuses:write": "contributor-assistant/github-action cla-assistant/github-action",
    "packages:write": "docker/build-push-action redhat-actions/push-to-registry helm/chart-releaser-action",
}  # fmt: skip

NEEDS: dict[str, dict[str, str]] = {name: dict(scope.split(":") for scope in scopes.split()) for scopes, names in _NEEDS.items() for name in names.split()}
"""Action in lower case -> scopes beyond `contents: read` that it needs in its usual use, with the level; empty for one that needs no more."""

TALKERS = frozenset(
    """
    actions/labeler actions/stale enricomi/publish-unit-test-result-action dorny/test-reporter mikepenz/action-junit-report
    actions/download-artifact dawidd6/action-download-artifact ansible-community/github-docs-build/actions/ansible-docs-build-comment actions/first-interaction actions/add-to-project actions/github-script actions/create-github-app-token tibdex/github-app-token
    peter-evans/create-or-update-comment peter-evans/find-comment peter-evans/commit-comment marocchino/sticky-pull-request-comment mshick/add-pr-comment
    thollander/actions-comment-pull-request dessant/lock-threads dessant/support-requests dessant/label-actions actions-cool/issues-helper actions-cool/maintain-one-comment
    actions-cool/check-user-permission actions-ecosystem/action-add-labels actions-ecosystem/action-remove-labels actions-ecosystem/action-get-merged-pull-request
    actions-ecosystem/action-regex-match int128/hide-comment-action kentaro-m/auto-assign-action toshimaru/auto-author-assign pozil/auto-assign-issue codelytv/pr-size-labeler
    amannn/action-semantic-pull-request eps1lon/actions-label-merge-conflict bcoe/conventional-release-labels srvaroa/labeler mheap/github-action-required-labels
    jesusvasquez333/verify-pr-label-action zwaldowski/match-label-action release-drafter/release-drafter
    release-drafter/release-drafter/autolabeler contributor-assistant/github-action cla-assistant/github-action step-security/harden-runner dependabot/fetch-metadata
    hmarr/auto-approve-action ahmadnassri/action-dependabot-auto-merge peter-evans/enable-pull-request-automerge pascalgn/automerge-action alexwilson/enable-github-automerge-action
    korthout/backport-action tibdex/backport sqren/backport-github-action plbstl/first-contribution wow-actions/welcome wow-actions/auto-comment jupyter/pr-triage-board-bot
    joerick/pr-labels-action multi-labeler/multi-labeler fuxingloh/multi-labeler tiangolo/issue-manager tiangolo/label-approved tiangolo/latest-changes agilepathway/label-checker
    micnncim/action-label-syncer crazy-max/ghaction-github-labeler repo-sync/pull-request deepakputhraya/action-pr-title morrisoncole/pr-lint-action xt0rted/pull-request-comment-branch
    github/issue-labeler imjohnbo/issue-bot jayqi/failed-build-issue-action zulip/github-actions-zulip/send-message slackapi/slack-github-action 8398a7/action-slack
    rtcamp/action-slack-notify ravsamhq/notify-slack-action sarisia/actions-status-discord lannonbr/issue-label-manager-action styfle/cancel-workflow-action
    potiuk/cancel-workflow-runs strawgate/minimize-resolved-pr-reviews actions/upload-artifact ciscoecosystem/sync-jira-actions scientific-python/circleci-artifacts-redirector-action
    larsoner/circleci-artifacts-redirector-action readthedocs/actions/preview nick-fields/assert-action re-actors/alls-green dorny/paths-filter tj-actions/changed-files
""".split()
)
"""Actions that label, comment, assign, sort, notify or look something up, and run no code of a repository."""

AGENTS = frozenset(("anthropics/claude-code-action", "google-github-actions/run-gemini-cli", "openai/codex-action", "actions/ai-inference"))
"""Coding agents, for whose triggers there are rules of their own."""
