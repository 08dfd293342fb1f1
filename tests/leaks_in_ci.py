"""Workflows and their kin with a secret (`§`) at every place that some message of a rule names."""

from __future__ import annotations

EVERYWHERE = {
    ".github/workflows/§.yml": r"""name: "§"
run-name: "§ ${{ github.event.issue.title }}"
on:
  pull_request_target: {types: [§], branches: ["§"]}
  issue_comment:
  push: {tags: ["§"]}
  "§":
  workflow_call:
    inputs: {§: {type: string, default: "§"}}
permissions: {contents: write, §: write, issues: §}
env: {§: "§", API_KEY: "§", BODY_§: "${{ github.event.comment.body }} §", ACTIONS_ALLOW_UNSECURE_COMMANDS: true}
defaults: {run: {shell: "bash -x §"}}
jobs:
  §:
    name: "§"
    runs-on: "§"
    needs: ["§", b]
    if: github.actor == '§[bot]' || ${{ github.event.label.name == '§' }} && §
    environment: "§"
    permissions: {§: §}
    container: {image: "§/§:§", credentials: {username: "§", password: "§"}, env: {§: §, DB_PASSWORD: "§"}, options: "--privileged -e §=§"}
    services: {§: {image: "§.acme.dev/§:§", credentials: {username: §, password: §}, env: {DB_PASSWORD: §}}}
    strategy: {matrix: {§: [§], image: ["acme/§:§"]}}
    steps:
      - uses: §/§@§
      - uses: §/§/§@§ # v§
      - uses: §
      - uses: actions/checkout@§-v4
      - uses: acme/§@1234567
      - uses: docker://§/§:§
      - uses: ./§/../§
      - {name: "§", id: "§", uses: "actions/checkout@v4", with: {ref: "${{ github.event.pull_request.head.sha }} §", repository: "§/§", token: "§", §: §}}
      - uses: actions/checkout@v4
        with: {ref: "refs/pull/${{ github.event.number }}/§"}
      - name: "§ ${{ github.event.issue.title }}"
        run: |
          ./§.sh § && npm install § --token=§
          echo "${{ github.event.issue.title }} § ${{ secrets.§ }} ${{ inputs.§ }} ${{ env.§ }} ${{ steps.§.outputs.§ }}"
          echo § ${{ secrets.§_TOKEN }} | docker login -u § -p § §.acme.dev
          curl -u §:${{ secrets.§ }} https://§.acme.dev/§ -H "Authorization: Bearer §"
          echo "//§.acme.dev/:_authToken=${{ secrets.§ }}" > .npmrc
          echo "::set-env name=§::§" && echo "§=${{ github.head_ref }}" >> $GITHUB_ENV
          set -x; echo "$§ $BODY_§"; gh pr checkout § && git fetch origin pull/§/head:§ && make §
          claude -p "§ $BODY_§" --dangerously-skip-permissions --allowedTools "Bash(*),§" --model §
          codex exec --yolo "§"
          twine upload -u § -p § --repository-url https://§:§@§.acme.dev dist/§ && uv publish --token § && poetry publish -u § -p §
          npm publish --//§/:_authToken=§ --registry https://§@§.acme.dev § && cargo publish --token § -p § && gem push §.gem -k §
          docker push §/§:§ && gh release create § §.dmg dist/§.tgz --notes § && cosign sign --key § §/§@sha256:§
        env: {§: "§", TWINE_PASSWORD: "§", NODE_AUTH_TOKEN: "${{ secrets.§ }}", PYPI_TOKEN_§: "${{ secrets.PYPI_§ }}", ISSUE_§: "${{ github.event.issue.body }}"}
        shell: "bash §"
      - uses: actions/github-script@v7
        with: {Script: "console.log('§ ${{ github.event.comment.body }}')", github-token: "§", §: "§"}
      - uses: anthropics/claude-code-action@§
        with: {prompt: "§ ${{ github.event.issue.body }}", claude_args: "--allowedTools Bash §", allowed_non_write_users: "*", github_token: "${{ secrets.§ }}", anthropic_api_key: "§", settings: '{"§": "§"}', show_full_output: true}
      - uses: openai/codex-action@v1
        with: {openai-api-key: §, prompt: §, sandbox: danger-full-access, allow-users: "*", safety-strategy: unsafe}
      - uses: pypa/gh-action-pypi-publish@release/§
        with: {user: "§", password: "§", repository-url: "https://§:§@§.acme.dev/§", attestations: false}
      - uses: actions/cache@v4
        with: {path: §, key: §}
      - uses: actions/upload-artifact@v4
        with: {name: §, path: ., include-hidden-files: true}
      - uses: softprops/action-gh-release@v2
        with: {files: "dist/§.exe", token: "§", name: "§"}
      - uses: docker/build-push-action@v6
        with: {push: true, tags: "§/§:§", provenance: false, build-args: "§=§", secrets: "§=§"}
  b:
    if: ! github.event_name == '§'
    uses: §/§/.github/workflows/§.yml@§
    with: {§: "${{ github.event.pull_request.title }} §"}
    secrets: inherit
  c:
    uses: ./.github/workflows/§.yml
    secrets: {§: "${{ toJSON(secrets) }} §", x: "${{ secrets['§'] }} ${{ secrets[§] }}"}
""",
    "sub/action.yml": r"""name: "§"
inputs: {§: {default: "§"}}
runs:
  using: composite
  steps:
    - uses: §/§@§
    - run: echo "${{ inputs.§ }} §"
      shell: "§"
      env: {§: "§"}
""",
    "docker/action.yml": 'name: "§"\nruns: {using: docker, image: "docker://§/§:§", env: {API_KEY: "§"}, args: ["§"]}\n',
    ".github/dependabot.yml": 'version: 2\nregistries: {§: {type: npm-registry, url: "https://§.acme.dev", token: "§", password: "§"}}\nupdates:\n  - {package-ecosystem: "§", directory: "/§", schedule: {interval: "§"}}\n',
    ".pre-commit-config.yaml": "repos:\n  - repo: https://§:§@§.acme.dev/§\n    rev: main\n    hooks: [{id: §, args: [§], entry: §}]\n  - {repo: https://github.com/§/§, rev: §, hooks: []}\n  - {repo: https://github.com/§/§, rev: v1.§, hooks: []}\n",
    ".gitlab-ci.yml": r"""image: "§/§:§"
include:
  - {remote: "https://§:§@§.acme.dev/§.yml"}
  - {project: "§/§", ref: "§", file: "/§.yml"}
  - {component: "§.acme.dev/§/§@§"}
  - "https://§.acme.dev/§.yml"
variables: {API_KEY: "§", §: "§", DB_PASSWORD: "§"}
§:
  services: [{name: "§/§:§", alias: §}]
  script:
    - echo $§ § && twine upload -p § dist/* && docker login -u § -p §
    - npm publish --//§/:_authToken=§ && docker push §/§:§
""",
    ".circleci/config.yml": r"""version: 2.1
orbs: {§: "§/§@volatile", a: "§/§@dev:§", b: "acme/§@1"}
executors: {§: {docker: [{image: "§/§:§", environment: {API_KEY: "§"}, auth: {username: §, password: §}}]}}
jobs: {§: {docker: [{image: "cimg/§:§"}], environment: {DB_PASSWORD: "§"}, steps: [{run: {name: §, command: "echo § && twine upload -p § dist/*", environment: {TOKEN: "§"}}}]}}
""",
}  # fmt: skip

AS_VALUES = {
    ".github/workflows/release.yml": r"""on: push
env: {API_KEY: '§', DB_PASSWORD: '§'}
jobs:
  a:
    container: {image: acme/x, credentials: {username: u, password: '§'}, env: {API_TOKEN: '§'}}
    services: {db: {image: acme/y, credentials: {username: u, password: '§'}, env: {DB_PASSWORD: '§'}}}
    steps:
      - uses: acme/deploy@v1
        with: {password: '§', token: "${{ '§' }}", api-key: '§'}
      - run: docker login -u u -p § && twine upload -u u -p § dist/* && npm publish --//r.acme.dev/:_authToken=§ && uv publish --token § && cargo publish --token §
        env: {TWINE_PASSWORD: '§', NODE_AUTH_TOKEN: '§'}
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {user: __token__, password: '§'}
      - uses: anthropics/claude-code-action@v1
        with: {prompt: x, anthropic_api_key: '§', github_token: '§', allowed_non_write_users: '*'}
""",
    ".gitlab-ci.yml": "variables: {API_KEY: '§', DB_PASSWORD: '§'}\na:\n  script:\n    - docker login -u u -p § && twine upload -p § dist/*\n",
    ".circleci/config.yml": "version: 2.1\norbs: {a: acme/a@volatile}\njobs: {a: {docker: [{image: acme/x, auth: {username: u, password: '§'}, environment: {API_KEY: '§'}}], steps: [{run: docker login -u u -p §}]}}\n",
    ".github/dependabot.yml": 'version: 2\nregistries: {a: {type: npm-registry, url: "https://r.acme.dev", token: "§", password: "§"}}\nupdates: [{package-ecosystem: npm, directory: /}]\n',
}  # fmt: skip
