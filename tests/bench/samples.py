"""Dockerfiles and scripts as people write them, for the benchmarks; `number` makes each copy another text.

None holds a heredoc: hadolint stops at the line after one, and would be measured doing nothing.
"""

from __future__ import annotations

PYTHON_IMAGE = """\
# syntax=docker/dockerfile:1
FROM python:3.12-slim AS builder
ENV PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1 \\
    PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN apt-get update \\
 && apt-get install -y --no-install-recommends build-essential libpq-dev git \\
 && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv pip install uv==0.5.11 && uv sync --frozen --no-dev
COPY src/ src/

FROM python:3.12-slim
ARG VERSION=1.{number}
LABEL org.opencontainers.image.version=$VERSION
RUN groupadd --gid 1000 app && useradd --uid 1000 --gid app --create-home app
WORKDIR /app
COPY --from=builder --chown=app:app /app /app
ENV PATH=/app/.venv/bin:$PATH
USER app
EXPOSE 8000
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8000/health || exit 1
CMD ["uvicorn", "service.main:app", "--host", "0.0.0.0"]
"""

NODE_IMAGE = """\
ARG NODE_VERSION=22
FROM node:${{NODE_VERSION}}-bookworm-slim AS base
ENV PNPM_HOME=/pnpm
ENV PATH=$PNPM_HOME:$PATH
RUN corepack enable
COPY . /app
WORKDIR /app

FROM base AS deps
RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --prod --frozen-lockfile

FROM base AS build
RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --frozen-lockfile
RUN pnpm run build && \\
    # keep the image small
    rm -rf .git node_modules/.cache

FROM base
COPY --from=deps /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
ENV SERVICE_NUMBER={number}
EXPOSE 3000
CMD [ "pnpm", "start" ]
"""

TOOLS_IMAGE = """\
FROM debian:12
ARG GO_VERSION=1.22.{number}
ARG TINI_VERSION=v0.19.0
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN set -eux; \\
    apt-get update; \\
    apt-get install -y --no-install-recommends ca-certificates curl gnupg unzip xz-utils sudo; \\
    rm -rf /var/lib/apt/lists/*
RUN curl -fsSL "https://go.dev/dl/go${{GO_VERSION}}.linux-amd64.tar.gz" | tar -xz -C /usr/local
RUN curl -L -o /usr/local/bin/tini "https://github.com/krallin/tini/releases/download/${{TINI_VERSION}}/tini" \\
 && chmod +x /usr/local/bin/tini
RUN set -e; for tool in kubectl helm; do echo "preparing $tool"; mkdir -p "/opt/$tool"; done \\
 && curl -fsSL https://get.helm.sh/helm-v3.14.0-linux-amd64.tar.gz -o /tmp/helm.tgz \\
 && echo "f43e1c3387de24547506ab05d24e5309c0ce0b228c23bd8aa64e9ec4b8206651  /tmp/helm.tgz" | sha256sum -c - \\
 && tar -xzf /tmp/helm.tgz -C /opt/helm --strip-components=1
RUN curl -fsSL https://deb.nodesource.com/setup_20.x | bash - && apt-get install -y nodejs
RUN useradd -m dev && echo "dev ALL=(ALL) ALL" >> /etc/sudoers
WORKDIR /workspace
ENTRYPOINT ["/usr/local/bin/tini", "--"]
CMD ["bash"]
"""

SCRIPT = """\
#!/usr/bin/env bash
set -euo pipefail

# installs the agent, release {number}
VERSION="${{VERSION:-1.{number}.0}}"
PREFIX="${{PREFIX:-$HOME/.local}}"
BASE="https://github.com/acme/agent/releases/download/v${{VERSION}}"

log() {{ printf '%s\\n' "$*" >&2; }}
die() {{ log "error: $*"; exit 1; }}
need() {{ command -v "$1" >/dev/null 2>&1 || die "$1 is needed"; }}

platform() {{
  local os arch
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) die "no build for $(uname -s)" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "no build for $(uname -m)" ;;
  esac
  echo "${{os}}-${{arch}}"
}}

fetch() {{
  local url="$1" target="$2"
  for attempt in 1 2 3; do
    if curl -fsSL --retry 3 -o "$target" "$url"; then
      return 0
    fi
    log "attempt $attempt of $url failed"
    sleep "$attempt"
  done
  return 1
}}

main() {{
  need curl
  need tar
  local work archive sum
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  archive="agent-$(platform).tar.gz"
  fetch "$BASE/$archive" "$work/$archive" || die "download failed"
  fetch "$BASE/checksums.txt" "$work/checksums.txt" || die "no checksums"
  sum="$(grep " $archive\\$" "$work/checksums.txt" | cut -d' ' -f1)"
  [ "$(sha256sum "$work/$archive" | cut -d' ' -f1)" = "$sum" ] || die "checksum does not match"
  mkdir -p "$PREFIX/bin"
  tar -xzf "$work/$archive" -C "$work"
  install -m 755 "$work/agent" "$PREFIX/bin/agent"
  if ! echo "$PATH" | tr ':' '\\n' | grep -qx "$PREFIX/bin"; then
    log "add $PREFIX/bin to PATH"
  fi
  log "agent $VERSION is in $PREFIX/bin"
}}

main "$@"
"""


def dockerfiles(count: int) -> dict[str, str]:
    """That many Dockerfiles by name."""
    kinds = (PYTHON_IMAGE, NODE_IMAGE, TOOLS_IMAGE)
    return {f"images/{number}/Dockerfile": kinds[number % len(kinds)].format(number=number) for number in range(count)}


def scripts(count: int) -> dict[str, str]:
    """That many scripts by name."""
    return {f"scripts/install_{number}.sh": SCRIPT.format(number=number) for number in range(count)}
