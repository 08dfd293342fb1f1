"""What scripts of GitLab and CircleCI do with secrets: tokens that the host sets, and variables of the project that are called like secrets.

Sources: https://docs.gitlab.com/ci/variables/predefined_variables/, https://docs.gitlab.com/ci/variables/ (masked and protected variables),
https://circleci.com/docs/reference/variables/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.secret_use import SHELLS, Script, Secret
from agent_security_hooks.parse.ci_config import GITLAB, pipeline_kind, read_pipeline
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.secret_use import Use
    from agent_security_hooks.parse.fragments import Fragment
    from agent_security_hooks.source import Source

_SET_BY_HOST = frozenset(
    "CI_JOB_TOKEN CI_REGISTRY_PASSWORD CI_DEPLOY_PASSWORD CI_DEPENDENCY_PROXY_PASSWORD CI_JOB_JWT CI_JOB_JWT_V1 CI_JOB_JWT_V2 CI_REPOSITORY_URL "
    "CIRCLE_TOKEN CIRCLE_OIDC_TOKEN CIRCLE_OIDC_TOKEN_V2".split()
)
_NAME = Pattern(rb"\$\{?([A-Za-z_][A-Za-z0-9_]{1,100})")
_ASSIGNED = Pattern(rb"\b([A-Za-z_][A-Za-z0-9_]{1,100})=")
_WORTH = (b"TOKEN", b"PASS", b"SECRET", b"KEY", b"CRED", b"PAT", b"JWT", b"token", b"pass", b"secret", b"key", b"CI_REPOSITORY_URL")
_PIECES = 5_000
_VARIABLES = 200


def pipeline_secret_uses(file: Source) -> list[Use]:
    """As `secret_uses` of a workflow's steps, for all jobs of a pipeline; nothing for files that are none."""
    kind = pipeline_kind(file.path)
    if not kind or b"$" not in file.data or not any(word in file.data for word in _WORTH):
        return []
    from agent_security_hooks.parse.fragments import shell_fragments

    pipeline = file.view(read_pipeline)
    written = {setting.name: setting.node.value for setting in (pipeline.settings if pipeline is not None else ())}
    host, place = ("GitLab", "`variables:`") if kind == GITLAB else ("CircleCI", "`environment:`")
    found: list[Use] = []
    for fragment in shell_fragments(file)[:_PIECES]:
        if fragment.place != "pipeline" or fragment.language not in SHELLS:
            continue
        variables = _secrets(fragment, written)
        if variables:
            found += [use._replace(fix=use.fix.replace("`env:`", place)) for use in Script(file, fragment, [], variables, host=host).uses()]
    return sorted(found)


def _secrets(fragment: Fragment, written: dict[str, str]) -> dict[str, Secret]:
    """The variables of a script that hold a secret: by the host, or by their name where the file does not set them."""
    from agent_security_hooks.parse.secrets import names

    found: dict[str, Secret] = {}
    assigned = {match[1] for match in _ASSIGNED.finditer(fragment.text.data)}
    for match in _NAME.finditer(fragment.text.data):
        raw = match[1]
        name = raw.decode()
        if name in found or len(found) >= _VARIABLES:
            continue
        value = written.get(name)
        if value is not None:
            taken = [other[1].decode() for other in _NAME.finditer(value[:1000].encode("utf-8", "surrogateescape"))]
            if not any(_is_secret(other) for other in taken):
                continue
        elif not _is_secret(name) or raw in assigned and name not in _SET_BY_HOST:
            continue  # what the script sets itself is followed by the script
        found[name] = Secret(f"${name}", False, value is None and name not in _SET_BY_HOST and names.strength(raw) != names.STRONG)
    return found


def _is_secret(name: str) -> bool:
    from agent_security_hooks.parse.secrets import names

    return name in _SET_BY_HOST or names.strength(name.encode()) == names.STRONG
