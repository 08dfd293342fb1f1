"""Rules about secrets that are written down, printed or handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.actions_lint import check, steps_of, workflow_of
from agent_security_hooks.checks.actions_lint.included import in_included
from agent_security_hooks.model import Hit, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.actions.plain_secrets import PlainSecret
    from agent_security_hooks.parse.actions.workflow import Job
    from agent_security_hooks.source import Source


@check.rule("plaintext-ci-secret", point=1, covers="span")
def plaintext_ci_secret(file: Source) -> Iterator[Hit]:
    """A password or token stands in a workflow or pipeline: in `env`, an input, or the login of a registry.

    Risk: Whoever can read the repository, its forks or its history can use it; continuous integration masks only what it knows to be a secret.
    Fix: Store it as a secret of the repository, write `${{ secrets.NAME }}` in its place, and replace the one that was written down.
    Verify: Run the hook again; it is silent.

    Bad: (.github/workflows/test.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            container:
              image: registry.acme.io/test@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
              credentials:
                username: ci
                password: <secret:password>
            steps:
              - run: make test

    Good: (.github/workflows/test.yml)
        on: push
        permissions: {}
        jobs:
          test:
            runs-on: ubuntu-latest
            container:
              image: registry.acme.io/test@sha256:6b2b1a4c2d6f1a9e8c7d5b3f0a1e2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6
              credentials:
                username: ci
                password: ${{ secrets.REGISTRY_PASSWORD }}
            steps:
              - run: make test
    """
    yield from _written_down(file)
    yield from in_included(file, _written_down)


def _written_down(file: Source) -> Iterator[Hit]:
    data = file.data
    if not any(word in data for word in (b"env", b"with", b"credentials", b"variables", b"environment", b"secrets", b"default", b"auth")):
        return
    from agent_security_hooks.parse.actions.plain_secrets import plain_secrets

    for found in file.view(plain_secrets):
        yield Hit(found.start, found.end, *_about_plain(file, found), pedantic=found.weak)


def _about_plain(file: Source, found: PlainSecret) -> tuple[str, str]:
    from agent_security_hooks.parse.actions.plain_secrets import CREDENTIAL
    from agent_security_hooks.parse.secrets.names import is_password

    name, place = excerpt(found.name, 60), excerpt(found.place, 80)
    if found.kind == CREDENTIAL:
        message = f"the password for a registry stands in the file, in {place}"
    else:
        what = found.title or ("password" if is_password(found.name.encode("utf-8", "replace")) else "secret")
        shown = f" {found.masked}" if len(found.masked) > 1 else ""
        message = f"{what}{shown} stands in the file as {name}, in {place}"
    variable = "".join(character if character.isalnum() else "_" for character in name).strip("_").upper() or "PASSWORD"
    reference = f"${{{{ secrets.{variable} }}}}" if workflow_of(file) is not None else f"a protected variable of the project, ${variable}"
    if found.weak:
        return message, f"read it from {reference} if it opens anything that outlives the job"
    return message, f"read it from {reference}, and {f'revoke this one at {found.revoke}' if found.revoke else 'replace this one now'}"


@check.rule("secret-in-log", point=8)
def secret_in_log(file: Source) -> Iterator[Hit]:
    """A step prints a secret, gives it to a program as an argument, traces the commands that use it, or writes it into a login file.

    GitHub hides the exact value of a secret in logs; a part of it, or an encoding of it, stays readable.

    Risk: Logs of public repositories are open to everyone; arguments are seen by every process of the runner; files end up in artifacts and caches.
    Fix: Pass the secret by `env:` to the program that needs it, or by its standard input (`--password-stdin`), and print nothing of it.
    Verify: Run the hook again; it is silent, and the log of the step shows no `***`.

    Bad: (.github/workflows/push.yml)
        on: push
        permissions: {}
        jobs:
          push:
            runs-on: ubuntu-latest
            steps:
              - run: docker login registry.acme.io -u ci -p "$TOKEN"
                env:
                  TOKEN: ${{ secrets.REGISTRY_TOKEN }}

    Good: (.github/workflows/push.yml)
        on: push
        permissions: {}
        jobs:
          push:
            runs-on: ubuntu-latest
            steps:
              - run: echo "$TOKEN" | docker login registry.acme.io -u ci --password-stdin
                env:
                  TOKEN: ${{ secrets.REGISTRY_TOKEN }}
    """
    if workflow_of(file) is None:
        yield from _in_pipeline(file)
        yield from in_included(file, _in_pipeline)
        return
    lower = file.data.lower()
    if b"secrets." not in lower and b"secrets[" not in lower and b"github.token" not in lower:
        return
    if not file.thorough and not _may_show(lower):
        return
    from agent_security_hooks.parse.actions.secret_use import secret_uses

    for step in steps_of(file):
        for use in secret_uses(step):
            yield Hit(use.start, use.end, use.message, use.fix, pedantic=use.pedantic)
    if b"fromjson" in lower and file.thorough:
        from agent_security_hooks.parse.actions.secret_contexts import decoded_secrets

        for use in decoded_secrets(file):
            yield Hit(use.start, use.end, use.message, use.fix, pedantic=use.pedantic)


# What prints, traces or starts another shell.
_SHOWING = (b"echo", b"print", b"<<", b"write", b"console", b"core.", b"shell:", b"xtrace", b"set -", b"set  ", b"set\t", b"sh -", b"sh  ", b"sh\t")


def _may_show(lower: bytes) -> bool:
    """Whether anything in a workflow can show a secret, by its words alone."""
    if any(word in lower for word in _SHOWING):
        return True
    from agent_security_hooks.data.secret_arguments import OPTIONS

    return any(name.encode() in lower for name in OPTIONS)


def _in_pipeline(file: Source) -> Iterator[Hit]:
    from agent_security_hooks.parse.actions.pipeline_secrets import pipeline_secret_uses

    for use in pipeline_secret_uses(file):
        yield Hit(use.start, use.end, use.message, use.fix, pedantic=use.pedantic)


@check.rule("secrets-overshared", point=8)
def secrets_overshared(file: Source) -> Iterator[Hit]:
    """All secrets are handed over where one would do: `toJSON(secrets)`, `secrets[...]`, or `secrets: inherit`.

    Risk: A single step, action or workflow of others that is taken over gets every secret of the repository and its organization.
    Fix: Name the secrets that are needed, one by one: `TOKEN: ${{ secrets.DEPLOY_TOKEN }}`.
    Verify: Run the hook again; it is silent.

    Bad: (.github/workflows/deploy.yml)
        on: push
        permissions: {}
        jobs:
          deploy:
            runs-on: ubuntu-latest
            steps:
              - run: ./deploy.sh
                env:
                  SECRETS: ${{ toJSON(secrets) }}

    Good: (.github/workflows/deploy.yml)
        on: push
        permissions: {}
        jobs:
          deploy:
            runs-on: ubuntu-latest
            steps:
              - run: ./deploy.sh
                env:
                  DEPLOY_TOKEN: ${{ secrets.DEPLOY_TOKEN }}
    """
    if b"secrets" not in file.data.lower():
        return
    workflow = workflow_of(file)
    if workflow is None or workflow.kind != "workflow":
        return
    from agent_security_hooks.parse.actions.secret_contexts import whole_contexts

    for found in whole_contexts(file):
        yield Hit(found.start, found.end, found.message, found.fix, pedantic=found.pedantic)
    for job in workflow.jobs:
        yield from _inherited(file, job)


def _inherited(file: Source, job: Job) -> Iterator[Hit]:
    """`secrets: inherit` of a job that calls a reusable workflow."""
    from agent_security_hooks.parse.actions.workflow import string

    node = job.get("secrets")
    if node is None or string(node).strip() != "inherit":
        return
    from agent_security_hooks.parse.actions.secret_contexts import owner_of
    from agent_security_hooks.parse.actions.uses import parse_uses

    reference = parse_uses(string(job.get("uses")))
    called = excerpt(string(job.get("uses")).partition("@")[0], 80)
    if reference.kind in ("local", "self"):
        message, pedantic = f"{called} gets every secret of the repository, whatever it needs", True
    elif reference.kind == "repository":
        pedantic = bool(reference.owner) and reference.owner.lower() == file.repository.view(owner_of)
        message = f"{called}, {'of the same owner,' if pedantic else 'which others can change,'} gets every secret of this repository and its organization"
    else:
        return
    yield Hit(node.start, node.end, message, "secrets: {TOKEN: ${{ secrets.TOKEN }}}, with those that it needs", pedantic=pedantic)
