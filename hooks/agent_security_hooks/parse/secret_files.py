"""Files whose name promises secrets: env files, templates of them, credential files."""

from __future__ import annotations

from agent_security_hooks.parse.pattern import Pattern

ENV, TEMPLATE, CREDENTIAL, OTHER = "env", "template", "credential", "other"

_PART = Pattern(r"[._\-~ ()]+")
_TEMPLATE_WORDS = frozenset(
    "example examples sample samples template templates tmpl tpl dist default defaults j2 jinja jinja2 erb stub skel skeleton schema dummy placeholder".split()
)
# Endings of files that merely speak of env files, or hold them encrypted.
_OTHER_ENDINGS = frozenset("ts tsx js mjs cjs jsx py pyi rb go rs php java kt cs md mdx rst html css svg png vault gpg age enc encrypted sops lock".split())
_PLAIN_NAMES = frozenset("env.local env.prod env.production env.dev env.development env.staging env.test".split())
_SPECIAL = (".dev.vars", ".flaskenv")

_CREDENTIAL_NAMES = frozenset(
    ".env.keys .npmrc .yarnrc .yarnrc.yml .pypirc .netrc _netrc netrc .git-credentials .pgpass pgpass.conf .my.cnf .dockercfg .dockerconfigjson "
    "application_default_credentials.json .boto .s3cfg .terraformrc terraform.rc credentials.tfrc.json .secrets".split()
)
_CREDENTIAL_STARTS = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "kubeconfig")
_CREDENTIAL_ENDINGS = tuple(
    ".pem .key .p12 .pfx .pkcs12 .jks .keystore .ppk .p8 .der .asc .kdbx .ovpn .kubeconfig .tfvars .tfvars.json .secret .secrets".split()
)
_CREDENTIAL_PATHS = (".docker/config.json", ".kube/config", ".aws/credentials")
_ACCOUNT = Pattern(r"service[-_]?account|credential|client[-_]?secret")
SECRETS_DIRECTORY = Pattern(r"(?i)(?:^|/)\.?secrets?/")


def role_of(path: str) -> str:
    """ENV, TEMPLATE (of an env file), CREDENTIAL or OTHER, by the path alone."""
    path = path.lower()
    name = path.rsplit("/", 1)[-1]
    if name == ".env.keys":
        return CREDENTIAL
    if "env" in name or name.startswith(_SPECIAL) or ".envs/" in path:
        parts = [part for part in _PART.split(name) if part]
        if parts and parts[-1] not in _OTHER_ENDINGS and _is_env(path, name, parts):
            return ENV if _TEMPLATE_WORDS.isdisjoint(parts) else TEMPLATE
    return CREDENTIAL if _is_credential(path, name) and not _is_prose_or_code(path, name) else OTHER


def is_personal(path: str) -> bool:
    """Whether the file holds the settings of one person's agent, which belong into no repository."""
    return f"/{path}".endswith("/.claude/settings.local.json")


def _is_env(path: str, name: str, parts: list[str]) -> bool:
    if name.startswith(".env"):
        return not name[4:5].isalpha() or parts[0] == "envrc"
    if name.endswith((".env", ".envrc")) or ".env." in name or name in _PLAIN_NAMES or "/.envs/" in f"/{path}" or name.startswith(_SPECIAL):
        return True
    return parts[0] in ("env", "dotenv", "envrc") and len(parts) > 1 and not _TEMPLATE_WORDS.isdisjoint(parts)


def _is_credential(path: str, name: str) -> bool:
    if name in _CREDENTIAL_NAMES or name.endswith(_CREDENTIAL_ENDINGS) or name.startswith(_CREDENTIAL_STARTS):
        return True
    if name.endswith(".json") and _ACCOUNT.search(name):
        return True
    return path.endswith(_CREDENTIAL_PATHS) or "secret" in path and SECRETS_DIRECTORY.search(path) is not None


def _is_prose_or_code(path: str, name: str) -> bool:
    from agent_security_hooks.parse.file_kinds import CODE, DOCS, kind_of

    return kind_of(path) in (CODE, DOCS) and not name.endswith(".txt")
