"""Credential and env files that a Dockerfile copies by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.docker_context import copied_from_context
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.places import join, parent_of
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, TEMPLATE, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.dockerfile import Argument, Instruction
    from agent_security_hooks.parse.image_stages import Stage
    from agent_security_hooks.source import Source

# Directories that tools keep logins and keys in.
_DIRECTORIES = frozenset((".ssh", ".aws", ".gnupg", ".docker", ".kube", ".azure", "gcloud"))
# Files that are often no secret at all, so that a name alone says nothing: settings, certificates, public keys.
_DOUBTFUL_ENDINGS = (".asc", ".der", ".yarnrc", ".yarnrc.yml", ".boto", ".s3cfg", ".tfvars", ".tfvars.json")
_CERTIFICATE = Pattern(rb"(?:^|[^a-z])(?:ca|certs?|certificates?|bundle|chain|fullchain|public|pub|root|trust|trusted|rds|dhparam|cacerts)(?:[^a-z]|$)")
_STORES = (".key", ".jks", ".keystore", ".p12", ".pfx")
_PUBLIC = Pattern(rb"(?:^|[^a-z])(?:public|pub|trust|trusted|truststore)(?:[^a-z]|$)")
_STAND_IN = Pattern(rb"example|sample|template|tmpl|dist|dummy|docker|build|default|public")
_SURE_NAMES = frozenset(".npmrc .netrc _netrc .pypirc .git-credentials .pgpass .my.cnf .dockercfg .dockerconfigjson".split())
_KEYS = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")
_MATCHES = 50
"""Files that a pattern matches which are looked at."""
_SURE_PATHS = (".aws/credentials", ".docker/config.json", ".kube/config")


class CopiedFile(NamedTuple):
    """A word of a COPY or ADD that names such a file. `real` tells that the file is there and holds a secret, `stage` the stage it is taken from."""

    argument: Argument
    instruction: Instruction
    keyword: str
    name: str
    stage: Stage
    role: str
    real: bool = False
    taken_from: str = ""


def copied_credentials(file: Source, stages: Sequence[Stage]) -> Iterator[CopiedFile]:
    """Those of all stages; what one stage takes from another only where it gets into the final image."""
    for stage in stages:
        for outer in stage.instructions:
            instruction = outer.inner or outer
            if instruction.keyword not in ("COPY", "ADD") or len(instruction.words) < 2:
                continue
            origin = instruction.flag("from")
            if origin is not None:
                if stage.reaches_final:
                    yield from _from_stage(stage, outer, instruction, origin.text)
                continue
            target = instruction.words[-1].text
            for path, word in copied_from_context(instruction, stage, outer).items():
                if found := _judge(file, path, target):
                    role, real = found
                    yield CopiedFile(word, outer, instruction.keyword, path, stage, role, real)


def _from_stage(stage: Stage, outer: Instruction, instruction: Instruction, origin: str) -> Iterator[CopiedFile]:
    for word in instruction.words[:-1]:
        path = word.text.rstrip("/")
        name = path.rsplit("/", 1)[-1].lower()
        if (
            role_of(path) == ENV
            or name in _SURE_NAMES
            or path.lower().endswith(_SURE_PATHS)
            or name.startswith(_KEYS)
            and not name.endswith(".pub")
            or name == ".ssh"
        ):
            yield CopiedFile(word, outer, instruction.keyword, word.text, stage, CREDENTIAL, taken_from=origin)


def _judge(file: Source, path: str, target: str) -> tuple[str, bool] | None:
    """What a path of the build context is, and whether a secret was seen in it; None for what is no credential."""
    plain = path.removeprefix("./").strip("/")
    name = plain.rsplit("/", 1)[-1]
    role = role_of(path)
    if any(char in name for char in "*?["):
        return _judge_glob(file, plain)
    if role == TEMPLATE or name.lower().endswith((".pub", ".crt", ".cer")):
        return None
    if name in _DIRECTORIES or path.endswith("/") and role == CREDENTIAL:
        return _judge_directory(file, plain, name)
    if role not in (ENV, CREDENTIAL):
        if not _is_key_target(target) or _STAND_IN.search(name.lower().encode("utf-8", "replace")):
            return None
        role = CREDENTIAL
    return _judge_file(file, plain, role)


def _judge_glob(file: Source, pattern: str) -> tuple[str, bool] | None:
    """What a pattern matches: a real secret that is there, or, by its fixed start, what is sure to be one where it is there."""
    from fnmatch import fnmatchcase

    from agent_security_hooks.parse.disk import names_in

    folder, _, name = pattern.rpartition("/")
    for directory in dict.fromkeys((parent_of(file.path), "")):
        matched = [found for found in names_in(file.repository, join(directory, folder) if folder else directory) if fnmatchcase(found, name)]
        for found in matched[:_MATCHES]:
            judged = _judge_file(file, join(folder, found), role_of(found)) if role_of(found) in (ENV, CREDENTIAL) else None
            if judged is not None and judged[1]:
                return judged
    start = name.partition("*")[0].partition("?")[0].partition("[")[0].lower()
    if start in (".env", ".env."):
        return ENV, False
    return (CREDENTIAL, False) if start.startswith(_KEYS) and not name.endswith(".pub") else None


def _is_key_target(target: str) -> bool:
    name = target.rsplit("/", 1)[-1].lower()
    return (
        name.startswith(_KEYS)
        and not name.endswith(".pub")
        or name in (".npmrc", ".netrc", ".pgpass", ".git-credentials")
        or target.lower().endswith(_SURE_PATHS)
    )


def _judge_file(file: Source, path: str, role: str) -> tuple[str, bool] | None:
    source = _find(file, path)
    if source is not None:
        from agent_security_hooks.parse.secret_values import real_values
        from agent_security_hooks.parse.secrets import find_credentials

        known = role_of(path) in (ENV, CREDENTIAL)
        if any(not found.weak for found in source.view(real_values if known else find_credentials)):
            return role, True
        tracked = file.repository.tracked
        if role == CREDENTIAL or tracked is None or source.path in tracked:
            return None  # it holds settings, or a certificate
        return role, False
    name = path.rsplit("/", 1)[-1].lower()
    words = name.encode("utf-8", "replace")
    doubtful = (
        name.endswith(_DOUBTFUL_ENDINGS) or name.endswith((".pem", ".p8")) and _CERTIFICATE.search(words) or name.endswith(_STORES) and _PUBLIC.search(words)
    )
    return None if doubtful else (role, False)


def _judge_directory(file: Source, path: str, name: str) -> tuple[str, bool] | None:
    """A directory of credentials; one that is there has to hold one."""
    from agent_security_hooks.parse.disk import files_below

    for directory in dict.fromkeys((parent_of(file.path), "")):
        files, _ = files_below(file.repository, join(directory, path))
        if files:
            inside = [join(path, below) for below in files]
            return (CREDENTIAL, True) if any(role_of(below) in (ENV, CREDENTIAL) and _judge_file(file, below, CREDENTIAL) for below in inside[:200]) else None
    return (CREDENTIAL, False) if name in _DIRECTORIES - {".docker", "gcloud", ".azure"} or name in ("secrets", "secret", ".secrets") else None


def _find(file: Source, path: str) -> Source | None:
    if not path or ".." in path.split("/"):
        return None
    for directory in dict.fromkeys((parent_of(file.path), "")):
        found = file.repository.read(join(directory, path))
        if found is not None:
            return found
    return None
