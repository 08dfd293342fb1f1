"""Workflows as people write them, for the benchmarks; `number` makes each copy another text."""

from __future__ import annotations

TEST = """\
name: Tests {number}

on:
  push:
    branches: [main, "release/*"]
  pull_request:
    paths-ignore: ["docs/**", "*.md"]

concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ github.ref }}}}
  cancel-in-progress: true

env:
  FORCE_COLOR: "1"
  PIP_DISABLE_PIP_VERSION_CHECK: "1"

jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
          cache: pip
      - name: Install
        run: |
          python -m pip install --upgrade pip
          pip install ".[dev]"
      - run: ruff check .
      - run: mypy src

  test:
    name: Python ${{{{ matrix.python }}}} on ${{{{ matrix.os }}}}
    needs: lint
    runs-on: ${{{{ matrix.os }}}}
    timeout-minutes: 20
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, macos-latest, windows-latest]
        python: ["3.10", "3.11", "3.12", "3.13"]
        include:
          - os: ubuntu-latest
            python: "3.14-dev"
            experimental: true
    services:
      postgres:
        image: postgres:16
        env:
          POSTGRES_PASSWORD: postgres
        ports: ["5432:5432"]
        options: >-
          --health-cmd pg_isready
          --health-interval 10s
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: ${{{{ matrix.python }}}}
      - name: Cache
        uses: actions/cache@v4
        with:
          path: ~/.cache/pip
          key: ${{{{ runner.os }}}}-pip-${{{{ hashFiles('**/pyproject.toml') }}}}
      - name: Install system packages
        if: runner.os == 'Linux'
        run: |
          sudo apt-get update -q
          sudo apt-get install -y --no-install-recommends libpq-dev
      - name: Run the tests
        shell: bash
        env:
          DATABASE_URL: postgresql://postgres:postgres@localhost:5432/test_{number}
        run: |
          set -euo pipefail
          pip install ".[test]"
          pytest --cov=src --cov-report=xml -n auto
          if [ "${{{{ matrix.experimental }}}}" = "true" ]; then
            echo "experimental" >> "$GITHUB_STEP_SUMMARY"
          fi
      - uses: codecov/codecov-action@v5
        if: matrix.python == '3.12' && matrix.os == 'ubuntu-latest'
        with:
          token: ${{{{ secrets.CODECOV_TOKEN }}}}
          files: coverage.xml
"""

RELEASE = """\
name: Release {number}

on:
  push:
    tags: ["v*"]
  workflow_dispatch:
    inputs:
      dry-run:
        type: boolean
        default: true

permissions:
  contents: read

jobs:
  build:
    runs-on: ubuntu-24.04
    outputs:
      version: ${{{{ steps.version.outputs.version }}}}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          registry-url: https://registry.npmjs.org
      - id: version
        run: echo "version=$(node -p "require('./package.json').version")" >> "$GITHUB_OUTPUT"
      - run: npm ci
      - run: npm run build
      - uses: actions/upload-artifact@v4
        with:
          name: dist-{number}
          path: dist/

  publish:
    needs: build
    if: github.event_name == 'push' && !inputs.dry-run
    runs-on: ubuntu-24.04
    environment:
      name: npm
      url: https://www.npmjs.com/package/agent-{number}
    permissions:
      contents: write
      id-token: write
    steps:
      - uses: actions/checkout@v4
      - uses: actions/download-artifact@v4
        with:
          name: dist-{number}
      - name: Publish
        run: npm publish --provenance --access public
        env:
          NODE_AUTH_TOKEN: ${{{{ secrets.NPM_TOKEN }}}}
      - name: Create the release
        uses: softprops/action-gh-release@v2
        with:
          files: |
            dist/*.tgz
            dist/checksums.txt
          generate_release_notes: true
"""

IMAGE = """\
name: Image {number}
on:
  push:
    branches: [main]
  schedule:
    - cron: "17 3 * * 1"
jobs:
  image:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      packages: write
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-qemu-action@v3
      - uses: docker/setup-buildx-action@v3
      - uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: ${{{{ github.actor }}}}
          password: ${{{{ secrets.GITHUB_TOKEN }}}}
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ghcr.io/${{{{ github.repository }}}}
          tags: |
            type=sha
            type=raw,value=build-{number}
      - uses: docker/build-push-action@v6
        with:
          context: .
          platforms: linux/amd64,linux/arm64
          push: true
          tags: ${{{{ steps.meta.outputs.tags }}}}
          labels: ${{{{ steps.meta.outputs.labels }}}}
          cache-from: type=gha
          cache-to: type=gha,mode=max
"""

TRIAGE = """\
name: Triage {number}
on:
  issues:
    types: [opened, edited]
  issue_comment:
    types: [created]
jobs:
  label:
    if: ${{{{ !github.event.issue.pull_request }}}}
    runs-on: ubuntu-latest
    permissions:
      issues: write
    steps:
      - uses: actions/github-script@v7
        with:
          github-token: ${{{{ secrets.GITHUB_TOKEN }}}}
          script: |
            const title = context.payload.issue.title.toLowerCase()
            const labels = []
            if (title.includes('bug')) labels.push('bug')
            if (title.includes('docs')) labels.push('documentation')
            if (labels.length) {{
              await github.rest.issues.addLabels({{ ...context.repo, issue_number: context.issue.number, labels }})
            }}
      - name: Greet
        if: contains(github.event.comment.body, '/hello')
        env:
          GH_TOKEN: ${{{{ github.token }}}}
          NUMBER: ${{{{ github.event.issue.number }}}}
        run: gh issue comment "$NUMBER" --body "Hello from run {number}"
      - name: Log
        run: |
          echo "issue ${{{{ github.event.issue.number }}}}"
          echo "title ${{{{ github.event.issue.title }}}}"
"""

MATRIX = """\
name: Nightly {number}
on:
  schedule:
    - cron: "0 2 * * *"
  workflow_call:
    inputs:
      target:
        required: true
        type: string
    secrets:
      API_KEY:
        required: false
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs:
      matrix: ${{{{ steps.plan.outputs.matrix }}}}
    steps:
      - uses: actions/checkout@v4
      - id: plan
        run: |
          echo "matrix=$(jq -c . .github/matrix.json)" >> "$GITHUB_OUTPUT"
  run:
    needs: plan
    runs-on: ubuntu-latest
    strategy:
      matrix:
        entry: ${{{{ fromJSON(needs.plan.outputs.matrix) }}}}
    container: python:3.12-slim
    env:
      API_KEY: ${{{{ secrets.API_KEY }}}}
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt
      - name: Run
        run: |
          python -m bench.run --target "${{{{ inputs.target }}}}" --entry "${{{{ matrix.entry }}}}" --number {number}
      - if: failure()
        uses: slackapi/slack-github-action@v2
        with:
          webhook: ${{{{ secrets.SLACK_WEBHOOK }}}}
          payload: '{{"text": "nightly {number} failed"}}'
  report:
    needs: [plan, run]
    if: always()
    uses: ./.github/workflows/report.yml
    secrets: inherit
"""

_KINDS = {"test": TEST, "release": RELEASE, "image": IMAGE, "triage": TRIAGE, "nightly": MATRIX}


def workflows(count: int) -> dict[str, str]:
    """File names and texts of so many workflows, each another one."""
    kinds = list(_KINDS.items())
    return {
        f"team{number // 20}/.github/workflows/{kinds[number % len(kinds)][0]}-{number}.yml": kinds[number % len(kinds)][1].format(number=number)
        for number in range(count)
    }
