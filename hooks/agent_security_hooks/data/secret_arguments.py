"""Programs that take a secret among their arguments though they could take it otherwise.

Sources: the manuals of the programs. Arguments are seen by every process of the machine (`ps`), and by whoever traces or logs the command.
"""

from __future__ import annotations

from typing import NamedTuple


class SecretOption(NamedTuple):
    """`options`: names before a value, in the next word, after `=`, or (one letter) in the same word. `words`: what must stand among the first three
    arguments. `anywhere`: every argument after these words may be the secret. `instead`: what to write."""

    options: tuple[str, ...]
    words: frozenset[str] = frozenset()
    instead: str = ""
    anywhere: bool = False


_LOGIN = SecretOption(("-p", "--password"), frozenset(("login",)), 'echo "$TOKEN" | {} login ... --password-stdin')
_MYSQL = SecretOption(("-p", "--password"), frozenset(), "set MYSQL_PWD in `env:` and leave the option out")
_CONFIG_SET = SecretOption((), frozenset(("config", "set")), "write ${NPM_TOKEN} itself into .npmrc and set NPM_TOKEN in `env:`", anywhere=True)
_NPM = (
    _CONFIG_SET,
    SecretOption(
        ("--_authToken", "--//registry.npmjs.org/:_authToken", "--otp", "--token"),
        frozenset(),
        "write ${NPM_TOKEN} itself into .npmrc and set NPM_TOKEN in `env:`",
    ),
)

OPTIONS: dict[str, tuple[SecretOption, ...]] = {
    **dict.fromkeys(("podman", "nerdctl", "buildah", "skopeo", "oras", "crane", "helm", "cosign", "finch"), (_LOGIN,)),
    "docker": (_LOGIN, SecretOption(("--build-arg",), frozenset(), "docker build --secret id=token,env=TOKEN, read by RUN --mount=type=secret,id=token")),
    "curl": (SecretOption(("-u", "--user", "-U", "--proxy-user"), frozenset(), "printf 'user = \"%s\"' \"ci:$TOKEN\" | curl --config - ..."),),
    "wget": (SecretOption(("--password", "--http-password", "--ftp-password"), frozenset(), "put it into a .netrc file of mode 600"),),
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"), (_MYSQL,)),
    "redis-cli": (SecretOption(("-a", "--pass"), frozenset(), "set REDISCLI_AUTH in `env:`"),),
    "sshpass": (SecretOption(("-p",), frozenset(), "set SSHPASS in `env:` and write sshpass -e"),),
    "twine": (SecretOption(("-p", "--password"), frozenset(), "set TWINE_PASSWORD in `env:`"),),
    "poetry": (
        SecretOption(("-p", "--password"), frozenset(("publish",)), "set POETRY_PYPI_TOKEN_PYPI in `env:`"),
        SecretOption((), frozenset(("config",)), "set POETRY_PYPI_TOKEN_PYPI in `env:`", anywhere=True),
    ),
    "uv": (SecretOption(("-t", "--token", "-p", "--password"), frozenset(("publish",)), "set UV_PUBLISH_TOKEN in `env:`"),),
    "hatch": (SecretOption(("-a", "--auth"), frozenset(("publish",)), "set HATCH_INDEX_AUTH in `env:`"),),
    "maturin": (SecretOption(("-p", "--password", "--token"), frozenset(), "set MATURIN_PYPI_TOKEN in `env:`"),),
    "cargo": (
        SecretOption(("--token",), frozenset(), "set CARGO_REGISTRY_TOKEN in `env:`"),
        SecretOption((), frozenset(("login",)), "set CARGO_REGISTRY_TOKEN in `env:` and leave the login out", anywhere=True),
    ),
    **dict.fromkeys(("npm", "pnpm"), _NPM),
    "yarn": (SecretOption((), frozenset(("config", "set")), "set YARN_NPM_AUTH_TOKEN in `env:`", anywhere=True),),
    "vsce": (SecretOption(("-p", "--pat"), frozenset(), "set VSCE_PAT in `env:`"),),
    "ovsx": (SecretOption(("-p", "--pat"), frozenset(), "set OVSX_PAT in `env:`"),),
    **dict.fromkeys(("codecov", "codecovcli", "codecov-cli"), (SecretOption(("-t", "--token"), frozenset(), "set CODECOV_TOKEN in `env:`"),)),
    **dict.fromkeys(("sonar-scanner", "mvn", "mvnw", "gradle", "gradlew", "dotnet-sonarscanner"), (
        SecretOption(("-Dsonar.token", "-Dsonar.login", "/d:sonar.token", "/d:sonar.login"), frozenset(), "set SONAR_TOKEN in `env:`"),
    )),
    "aws": (SecretOption((), frozenset(("configure", "set")), "set AWS_SECRET_ACCESS_KEY in `env:`, or let OIDC give a role", anywhere=True),),
    "az": (SecretOption(("-p", "--password"), frozenset(("login",)), "log in with azure/login and OIDC, which needs no password"),),
    "snyk": (SecretOption((), frozenset(("auth",)), "set SNYK_TOKEN in `env:` and leave the login out", anywhere=True),),
    "firebase": (SecretOption(("--token",), frozenset(), "set GOOGLE_APPLICATION_CREDENTIALS or FIREBASE_TOKEN in `env:`"),),
    "netlify": (SecretOption(("-a", "--auth"), frozenset(), "set NETLIFY_AUTH_TOKEN in `env:`"),),
    **dict.fromkeys(("fly", "flyctl"), (SecretOption(("-t", "--access-token"), frozenset(), "set FLY_API_TOKEN in `env:`"),)),
    "sentry-cli": (SecretOption(("--auth-token",), frozenset(), "set SENTRY_AUTH_TOKEN in `env:`"),),
    **dict.fromkeys(("terraform", "tofu"), (SecretOption(("-var", "--var"), frozenset(), "set TF_VAR_name in `env:`"),)),
    "openssl": (SecretOption(("-pass", "-passin", "-passout", "-k"), frozenset(), "-passin env:NAME reads it from the environment"),),
    **dict.fromkeys(("gpg", "gpg2"), (SecretOption(("--passphrase",), frozenset(), 'echo "$PASSPHRASE" | gpg --batch --pinentry-mode loopback --passphrase-fd 0 ...'),)),
    **dict.fromkeys(("keytool", "jarsigner"), (SecretOption(("-storepass", "-keypass"), frozenset(), "-storepass:env NAME reads it from the environment"),)),
}  # fmt: skip
"""By the name of the program."""

LOGIN_FILES = frozenset(
    ".npmrc .yarnrc .yarnrc.yml .pypirc .netrc _netrc pip.conf .pgpass .git-credentials nuget.config settings.xml auth.json credentials credentials.toml .dockercfg".split()
)
"""Names of files that programs take logins from."""
WITH_VARIABLES = frozenset(".npmrc .yarnrc .yarnrc.yml .pypirc nuget.config settings.xml pip.conf".split())
"""Those whose programs take the login from a variable as well, so that no file needs to hold it."""
FILTERS = frozenset(
    "cat tee sed awk gawk mawk rev base64 base32 tr cut fold xxd od hexdump head tail sort uniq nl tac jq yq column paste expand fmt iconv".split()
)
"""Programs that print what they read, as it is or changed."""
