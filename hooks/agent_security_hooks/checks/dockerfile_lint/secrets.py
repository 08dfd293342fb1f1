"""Rules about secrets that get into an image, its history or its build cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.dockerfile_lint import check, stages_of
from agent_security_hooks.model import Edit, Hit, Incomplete, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.copied_credentials import CopiedFile
    from agent_security_hooks.parse.image_secrets import ImageSecret
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.parse.run_secrets import RunSecret
    from agent_security_hooks.source import Source


def _settings(file: Source, kind: str) -> Iterator[ImageSecret]:
    from agent_security_hooks.parse.file_kinds import is_dockerfile

    if is_dockerfile(file.path):
        from agent_security_hooks.parse.image_secrets import read_secrets

        for secret in file.view(read_secrets):
            if secret.kind == kind:
                yield secret


def _in_stage(stage: Stage | None) -> str:
    if stage is None:
        return " before the first stage"
    return f" in stage {stage.name}" if stage.name else ""


def _mount(name: str) -> str:
    plain = excerpt(name, 60)
    return f"RUN --mount=type=secret,id={plain.lower()},env={plain}"


@check.rule("secret-in-image", point=1, covers="span")
def secret_in_image(file: Source) -> Iterator[Hit]:
    """A secret set with ENV, ARG or LABEL stays in the image for ever.

    Risk: Anyone who can pull the image reads it with `docker history --no-trunc` or `docker inspect`.
    Fix: Pass it when the container starts, or mount it for one step with `RUN --mount=type=secret,id=openai`; replace the one that was written down.
    Verify: `docker history --no-trunc IMAGE | grep -i key` prints nothing.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        ENV OPENAI_API_KEY=<secret:openai>

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN --mount=type=secret,id=openai,env=OPENAI_API_KEY python build.py
    """
    from agent_security_hooks.parse.secrets.names import is_password

    for secret in _settings(file, "value"):
        name = excerpt(secret.name, 60)
        what = _with_article(secret.title) if secret.title and secret.title != "secret" else "a password" if is_password(secret.name.encode()) else "a secret"
        if secret.keyword == "ARG":
            message = f"ARG {name}{_in_stage(secret.stage)} writes {what} into the image's history" if name else f"ARG writes {what} into the image's history"
        else:
            verb = "writes" if secret.keyword in ("COPY", "ADD") else "bakes"
            message = f"{secret.keyword}{f' {name}' if name and verb == 'bakes' else ''} {verb} {what} into the image"
        fix = f"pass it when the container starts (docker run -e {name}) or for one step ({_mount(secret.name)}), and replace this one now" if name else ""
        yield Hit(secret.start, secret.end, message, fix)


def _with_article(title: str) -> str:
    return f"{'an' if title[:1].lower() in 'aeiou' else 'a'} {title}"


@check.rule("secret-build-arg", point=2)
def secret_build_arg(file: Source) -> Iterator[Hit]:
    """A secret is passed to the build as an argument.

    Every stage counts: caches are exported with their build arguments, and `--target` publishes builder stages.

    Risk: The value is in the history of the image and in the build cache, for everyone who can pull either.
    Fix: Mount it for the one step that needs it: `RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci`, and build with `--secret id=npm_token`.
    Verify: `docker history --no-trunc IMAGE` does not show the value, and `docker build --check .` does not complain.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        ARG NPM_TOKEN
        RUN npm ci

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
    """
    for secret in _settings(file, "build argument"):
        name = excerpt(secret.name, 60)
        kept = "the image's history and the build cache keep its value" if secret.stage else "each stage that declares it keeps its value"
        message = f"ARG {name}{_in_stage(secret.stage)} carries a secret: {kept}"
        yield Hit(secret.start, secret.end, message, f"{_mount(secret.name)} ..., built with --secret id={name.lower()},env={name}")


@check.rule("build-arg-to-env", point=2)
def build_arg_to_env(file: Source) -> Iterator[Hit]:
    """ENV copies a build argument that is a secret into the image's configuration.

    Risk: Every container gets it, and anyone who can pull the image reads it with `docker inspect`.
    Fix: Leave ENV out: set the variable when the container starts, or mount the secret for the one step that needs it.
    Verify: `docker inspect --format '{{.Config.Env}}' IMAGE` does not show the value.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        ARG OPENAI
        ENV OPENAI_API_KEY=$OPENAI

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        ARG RELEASE
        ENV RELEASE=$RELEASE
    """
    from agent_security_hooks.parse.image_names import is_client_side

    for secret in _settings(file, "from argument"):
        name, source = excerpt(secret.name, 60), excerpt(secret.source, 60)
        if not secret.declared:
            message = f"ENV {name}{_in_stage(secret.stage)} takes ${source}, which no ARG declares: it is empty now, and would be in the image's configuration with one"
            yield Hit(secret.start, secret.end, message, f"leave the line out: docker run -e {name} sets it for a container", (), pedantic=True)
            continue
        message = f"{secret.keyword} {name}{_in_stage(secret.stage)} saves the build argument {source} in the image's configuration"
        fix = f"leave the line out: docker run -e {name} sets it for a container, {_mount(secret.name)} for one step of the build"
        if is_client_side(secret.name):
            message += ", and bundlers write it into what browsers download"
            fix = "call the service from the server and keep the key there; what a bundler may see is public"
        yield Hit(secret.start, secret.end, message, fix)


@check.rule("credential-file-copied", point=2)
def credential_file_copied(file: Source) -> Iterator[Hit]:
    """An env file, a key or a login is copied into the image by name.

    Risk: It is in a layer that everyone who pulls the image has; deleting it in a later step does not take it out.
    Fix: Mount it for one step, `RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci`, or give it to the container when it starts.
    Verify: `docker run --rm --entrypoint ls IMAGE -a` does not show the file, and `docker history IMAGE` does not copy it.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        COPY .env /app/.env

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        COPY .env.example /app/.env.example
    """
    stages = stages_of(file) if _copies(file) else ()
    if stages:
        from agent_security_hooks.parse.copied_credentials import copied_credentials

        for found in copied_credentials(file, stages):
            yield Hit(found.argument.start, found.argument.end, *_about_copy(found))


def _copies(file: Source) -> bool:
    """Whether there may be a COPY or ADD. BuildKit folds two letters that are not ASCII, but none of these."""
    upper = file.data.upper()
    return b"COPY" in upper or b"ADD" in upper


def _about_copy(found: CopiedFile) -> tuple[str, str]:
    from agent_security_hooks.parse.secret_files import ENV

    name = excerpt(found.name, 80)
    held = "with the secrets in it " if found.real else ""
    origin = f" from {excerpt(found.taken_from, 40)}" if found.taken_from else ""
    message = f"{found.keyword} puts {name} {held}into the image{origin}{_in_stage(found.stage)}"
    base = name.rstrip("/").rsplit("/", 1)[-1]
    if found.role == ENV:
        return message, f"leave it out, list {base} in .dockerignore, and start the container with --env-file {base}"
    target = f"RUN --mount=type=secret,id={base.strip('._') or 'key'},target=/root/{base}"
    return message, f"leave it out, list {base} in .dockerignore, and mount it for the step that needs it: {target} ..."


@check.rule("secret-in-run", point=1, covers="span")
def secret_in_run(file: Source) -> Iterator[Hit]:
    """A RUN step has a secret in its text, or leaves one behind in its layer.

    Risk: The command line is in the history of the image and what it wrote is in a layer: both are read without starting a container.
    Fix: Mount the secret for the step (`RUN --mount=type=secret,id=token`), use it from there, and write it into no file that stays.
    Verify: `docker history --no-trunc IMAGE` shows no secret, and no layer holds .npmrc, .netrc or .docker/config.json.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN --mount=type=secret,id=npmrc cp /run/secrets/npmrc /root/.npmrc && npm ci

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/node@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
    """
    stages = stages_of(file)
    if stages:
        from agent_security_hooks.parse.run_secrets import secrets_of_runs

        for found in secrets_of_runs(file, stages):
            yield Hit(found.start, found.end, *_about_run(found))
        if problem := _problem(file):
            raise Incomplete(problem)


def _problem(file: Source) -> str:
    """What no rule could look at; this one comes after all others that look at commands."""
    from agent_security_hooks.parse.dockerfile import read_dockerfile
    from agent_security_hooks.parse.image_commands import is_cut_off

    what = "lines" if not file.view(read_dockerfile).complete else "commands" if is_cut_off(file) else ""
    return f"not looked at to the end: it has more {what} than are read" if what else ""


def _about_run(found: RunSecret) -> tuple[str, str]:
    name, target = excerpt(found.name, 60), excerpt(found.target, 80)
    where = _in_stage(found.stage)
    if found.kind == "in url":
        fix = f"declare no ARG or ENV {name}; RUN --mount=type=secret,id={name.lower()},env={name} ..., and give git the token with a credential helper"
        return f"RUN{where} puts {name} into an address: it stays in the history, and git keeps it in .git/config", fix
    if found.kind == "login":
        return f"RUN{where} gives {name} login its password as an argument: it is in the history, and the login stays in a layer", (
            "log in where the build is started instead; inside, mount the configuration: RUN --mount=type=secret,id=docker,target=/root/.docker/config.json ..."
        )
    if found.kind == "token file":
        fix = (
            "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci"
            if "npmrc" in target
            else "mount the file for the step: RUN --mount=type=secret,id=...,target=..."
        )
        if found.removed:
            return f"RUN{where} writes the build's {name} into {target}: the file is deleted, the image's history keeps the token", fix
        return f"RUN{where} leaves a registry token{f' ({name})' if name else ''} behind in {target}", fix
    if found.kind == "copied":
        return f"RUN{where} copies a mounted secret to {target}, which stays in the layer", f"mount it there: RUN --mount=type=secret,id=...,target={target}"
    what = _with_article(found.title) if found.title and found.title != "secret" else "a secret"
    shown = f" as {name}" if name else ""
    return f"RUN{where} has {what}{shown} in its text: it stays in the image's history", ""


@check.rule("copy-leaks-secrets", point=2, covers="edit")
def copy_leaks_secrets(file: Source) -> Iterator[Hit]:
    """The whole directory is copied into the image, and .dockerignore does not keep env files, the git history or keys back.

    Stages that only build something for another one are left out.

    Risk: Anyone who can pull the image can read them, from a layer even when a later step deletes them.
    Fix: Add `.git`, `**/.env`, `**/.env.local` and `**/.env.*.local` to .dockerignore; `--fix` appends what is missing.
    Verify: `docker run --rm --entrypoint ls IMAGE -a` shows none of them.

    Bad: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        COPY . /app

    Good: (Dockerfile)
        FROM cgr.dev/chainguard/python@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
        COPY agent/ /app/agent/
    """
    from agent_security_hooks.parse.file_kinds import is_dockerfile

    if file.staged or not is_dockerfile(file.path) or not _copies(file):
        return
    from agent_security_hooks.parse.docker_context import addition, contexts, guess_leak, leak_of, message_of, remedy_of

    context = next(contexts(file), None)
    leak = leak_of(file, context) if context is not None else guess_leak(file)
    if leak is None:
        return
    added = addition(file, leak) if context is not None else None
    edits = () if added is None else (Edit(added.offset, added.offset, added.text, added.safe, leak.context.ignore),)
    yield Hit(leak.copy.start, leak.copy.end, message_of(leak), remedy_of(leak), edits, context is None)
