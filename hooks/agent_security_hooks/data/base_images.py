"""Which published images do not run as root when a Dockerfile says nothing of it.

Read from the `USER` (or the entrypoint) in each image's own Dockerfile or from its publisher's documentation, named beside each group.
A repository is written without tag, digest, `docker.io/` and `library/`; a `*` at its end stands for any rest.
"""

from __future__ import annotations

from typing import NamedTuple


class BaseImage(NamedTuple):
    """Repositories whose images run as `user`. `tags` lists parts one of which the tag must hold, `not_tags` those it must not."""

    repositories: tuple[str, ...]
    user: str
    tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()


_BITNAMI = ("bitnami/", "bitnamilegacy/", "public.ecr.aws/bitnami/")

# Of these, the ones that start as root all the same; looked at first.
ROOT = frozenset(
    # github.com/chainguard-images/images: bases to build on, with apk
    "cgr.dev/chainguard/wolfi-base cgr.dev/chainguard/chainguard-base cgr.dev/chainguard/apko cgr.dev/chainguard/melange cgr.dev/chainguard/k3s "
    "cgr.dev/chainguard/alpine-base chainguard/wolfi-base chainguard/chainguard-base "
    # github.com/sclorg/s2i-base-container
    "quay.io/sclorg/s2i-core-c9s quay.io/sclorg/s2i-base-c9s registry.access.redhat.com/ubi8/s2i-core registry.access.redhat.com/ubi9/s2i-core".split()
) | frozenset(
    # github.com/bitnami/minideb and github.com/bitnami/containers: languages, frameworks and tools set no USER
    registry + name
    for registry in _BITNAMI
    for name in "minideb git golang java node php-fpm python ruby dotnet dotnet-sdk laravel rails express".split()
)

NON_ROOT = (
    # github.com/GoogleContainerTools/distroless (README, "nonroot"); images without such a tag run as root
    BaseImage(("gcr.io/distroless/*",), "nonroot", tags=("nonroot",)),
    # edu.chainguard.dev/chainguard/chainguard-images: default user 65532 unless noted
    BaseImage(("cgr.dev/chainguard/*", "chainguard/*", "cgr.dev/chainguard-private/*"), "65532"),
    # docs.docker.com/dhi: runtime variants run as nonroot, `-dev` variants as root
    BaseImage(("dhi.io/*",), "nonroot", not_tags=("dev", "sdk")),
    # github.com/dotnet/dotnet-docker: chiseled and distroless variants set USER $APP_UID
    BaseImage(("mcr.microsoft.com/dotnet/*",), "app", tags=("chiseled", "distroless")),
    BaseImage(("mcr.microsoft.com/mssql/server",), "mssql", not_tags=("2017",)),
    # github.com/bitnami/containers: USER 1001 in what is a service
    BaseImage(tuple(registry + "*" for registry in _BITNAMI), "1001"),
    # github.com/sclorg (s2i-nodejs-container and the like): USER 1001; github.com/jboss-container-images/openjdk: USER 185
    BaseImage(
        tuple(
            f"{registry}{name}-*"
            for registry in (
                "registry.access.redhat.com/ubi8/", "registry.access.redhat.com/ubi9/", "registry.access.redhat.com/ubi10/", "registry.redhat.io/ubi8/",
                "registry.redhat.io/ubi9/", "registry.redhat.io/ubi10/", "registry.redhat.io/rhel8/", "registry.redhat.io/rhel9/",
                "quay.io/sclorg/", "quay.io/fedora/",
            )
            for name in ("nodejs", "python", "php", "ruby", "perl", "nginx", "httpd", "postgresql", "mysql", "mariadb", "redis", "varnish", "dotnet")
        )
        + tuple(f"registry.access.redhat.com/{ubi}/{name}*" for ubi in ("ubi8", "ubi9", "ubi10") for name in ("openjdk-", "go-toolset")),
        "1001",
    ),
    # github.com/jupyter/docker-stacks (images/*/Dockerfile): USER ${NB_UID}
    BaseImage(
        ("jupyter/*-notebook", "quay.io/jupyter/*-notebook", "jupyter/docker-stacks-foundation", "quay.io/jupyter/docker-stacks-foundation"),
        "jovyan",
    ),
    # github.com/jenkinsci: docker (USER ${user}), docker-agent (debian/Dockerfile); ssh-agent starts sshd as root
    BaseImage(("jenkins/jenkins", "jenkins/agent", "jenkins/inbound-agent"), "jenkins", not_tags=("windows", "nanoserver")),
    # github.com/grafana: grafana (Dockerfile), loki, tempo (cmd/*/Dockerfile), k6 (Dockerfile)
    BaseImage(tuple(f"grafana/{name}" for name in ("grafana", "grafana-oss", "grafana-enterprise", "loki", "tempo", "k6")), "its own user"),
    # github.com/prometheus: the Dockerfile of each; snmp_exporter and cloudwatch_exporter set no user
    BaseImage(
        tuple(
            f"{registry}{name}"
            for registry in ("prom/", "quay.io/prometheus/")
            for name in ("prometheus", "alertmanager", "node-exporter", "pushgateway", "mysqld-exporter", "statsd-exporter")
        ),
        "nobody",
    ),
    # github.com/elastic/dockerfiles: USER 1000, elasticsearch's since 8; before, its entrypoint drops root
    BaseImage(
        ("elasticsearch", "kibana", "logstash", "docker.elastic.co/elasticsearch/*", "docker.elastic.co/kibana/*", "docker.elastic.co/logstash/*"), "1000"
    ),
    # github.com/opensearch-project/opensearch-build: docker/release/dockerfiles
    BaseImage(("opensearchproject/opensearch", "opensearchproject/opensearch-dashboards"), "1000"),
    # The Dockerfiles of official images: TimWolla/docker-adminer, emqx/emqx-docker, groovy/docker-groovy, docker-library/haproxy, jetty/jetty.docker,
    # Kong/docker-kong, Lightstreamer/Docker, docker-library/memcached, odoo/docker, OpenLiberty/ci.docker, percona/percona-docker,
    # RocketChat/Docker.Official.Image, apache/solr-docker, SonarSource/docker-sonarqube, apache/spark-docker, WASdev/ci.docker, geonetwork/docker-geonetwork
    BaseImage(
        tuple(
            "adminer emqx groovy haproxy jetty kong lightstreamer memcached odoo open-liberty percona rocket.chat solr sonarqube spark "
            "websphere-liberty geonetwork".split()
        ),
        "its own user",
    ),
    # github.com/varnish/docker-varnish: fresh/debian/Dockerfile; the images of 6.0 set no user
    BaseImage(("varnish",), "varnish", not_tags=("stable", "6.0")),
    # github.com/apache: airflow, superset (Dockerfile), spark-docker, kafka (docker/jvm), nifi (nifi-docker/dockerhub), druid (distribution/docker)
    BaseImage(("apache/airflow", "apache/superset", "apache/spark*", "apache/kafka*", "apache/nifi", "apache/druid"), "its own user"),
    # github.com/confluentinc/kafka-images: USER appuser
    BaseImage(("confluentinc/cp-*",), "appuser"),
    # github.com/strimzi/strimzi-kafka-operator: docker-images
    BaseImage(("quay.io/strimzi/*",), "its own user"),
    # github.com/keycloak/keycloak: quarkus/container/Dockerfile
    BaseImage(("quay.io/keycloak/keycloak", "keycloak/keycloak"), "1000"),
    # github.com/jboss-dockerfiles: base (USER jboss) and what is built on it
    BaseImage(("jboss/base*", "jboss/keycloak", "jboss/wildfly", "quay.io/wildfly/wildfly"), "jboss"),
    # github.com/OpenLiberty/ci.docker and github.com/WASdev/ci.docker: USER 1001
    BaseImage(("icr.io/appcafe/*",), "1001"),
    # Browsers and test runners: SeleniumHQ/docker-selenium (Base/Dockerfile), puppeteer/puppeteer (docker/Dockerfile), Zenika/alpine-chrome, browserless/browserless
    BaseImage(("selenium/*", "ghcr.io/puppeteer/puppeteer", "zenika/alpine-chrome", "browserless/*", "ghcr.io/browserless/*"), "its own user"),
    # Development and CI images: CircleCI-Public/cimg-base, gitpod-io/workspace-images (base), coder/code-server (ci/release-image), actions/runner (images),
    # and those of Homebrew/brew, mamba-org/micromamba-docker and renovatebot/renovate (below tools/docker).
    BaseImage(
        ("cimg/*", "gitpod/workspace-*", "codercom/code-server", "ghcr.io/actions/actions-runner", "homebrew/brew", "ghcr.io/homebrew/*",
         "mambaorg/micromamba", "ghcr.io/mamba-org/micromamba", "renovate/renovate", "ghcr.io/renovatebot/renovate"),
        "its own user",
    ),
    # The Dockerfiles of n8n-io/n8n (docker/images/n8n), node-red/node-red-docker, RasaHQ/rasa, temporalio/docker-builds, oauth2-proxy/oauth2-proxy,
    # cloudflare/cloudflared, curl/curl-docker, pgadmin-org/pgadmin4, argoproj/argo-cd
    BaseImage(
        ("n8nio/n8n", "docker.n8n.io/n8nio/n8n", "nodered/node-red", "rasa/rasa", "temporalio/server", "temporalio/auto-setup", "quay.io/oauth2-proxy/*",
         "cloudflare/cloudflared", "curlimages/curl", "quay.io/curl/curl", "dpage/pgadmin4", "quay.io/argoproj/argocd", "argoproj/argocd"),
        "its own user",
    ),
    # github.com/heroku/base-images: run images since heroku-24 set USER 1001, build images root
    BaseImage(("heroku/heroku",), "1001", tags=("24", "26"), not_tags=("build",)),
)  # fmt: skip

SAYS_SO = ("nonroot", "non-root", "rootless", "unprivileged")
"""Parts of a repository's name or tag by which publishers mark an image that does not run as root."""

DROPS_ROOT = frozenset(
    # docker-entrypoint.sh of github.com/docker-library (postgres, mariadb, mongo, redis, valkey, rabbitmq, cassandra, ghost, redmine), mysql, apache/couchdb-docker,
    # apache/flink-docker, 31z4/storm-docker and zookeeper-docker, influxdata/influxdata-docker, hashicorp/docker-vault and docker-consul, neo4j/docker-neo4j,
    # crate/docker-crate, TeamSpeak-Systems/teamspeak-linux-docker-images: it starts as root and goes on as another user (gosu, su-exec, setpriv)
    "postgres mysql mariadb mongo redis valkey valkey/valkey rabbitmq cassandra couchdb ghost influxdb vault hashicorp/vault consul hashicorp/consul "
    # the last three are made from one of them
    "neo4j zookeeper flink storm redmine crate teamspeak postgis/postgis pgvector/pgvector timescale/timescaledb".split()
)
"""Images whose own entrypoint gives root up: as long as the Dockerfile keeps that entrypoint, the program does not run as root."""

RUN_BY_PLATFORM = ("public.ecr.aws/lambda/*", "amazon/aws-lambda-*", "public.ecr.aws/sam/*")
"""Images whose platform starts them as a user of its own, whatever USER says (docs.aws.amazon.com/lambda, "Creating a function using a container image")."""

BRINGS_USER = {
    "node": "node",  # github.com/nodejs/docker-node
    "oven/bun": "bun",  # github.com/oven-sh/bun
    "denoland/deno": "deno",  # github.com/denoland/deno_docker
    "nginx": "nginx",  # github.com/nginx/docker-nginx
    "php": "www-data",  # github.com/docker-library/php
    "gradle": "gradle",  # github.com/keeganwitt/docker-gradle
    "mcr.microsoft.com/dotnet/aspnet": "app",  # github.com/dotnet/dotnet-docker, since 8.0
    "mcr.microsoft.com/dotnet/runtime": "app",
    "mcr.microsoft.com/playwright": "pwuser",  # github.com/microsoft/playwright
    "mcr.microsoft.com/playwright/python": "pwuser",
}
"""Images that start as root and have a user without privileges ready."""
