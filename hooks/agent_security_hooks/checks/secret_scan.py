"""`secret-scan`: credentials in any text file. The analysis is a view (parse/secrets); each rule picks its own from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check, Hit, Incomplete
from agent_security_hooks.parse.file_kinds import ENV, kind_of
from agent_security_hooks.parse.secret_files import TEMPLATE, is_personal, role_of
from agent_security_hooks.parse.secrets import CREDENTIALS_PER_FILE, find_credentials, is_cut_off
from agent_security_hooks.parse.secrets.instructions import find_instructions
from agent_security_hooks.parse.shell_quote import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.secrets import Credential
    from agent_security_hooks.source import Source

check = Check("secret-scan")


def _hits(file: Source, rule: str) -> Iterator[Hit]:
    for found in file.view(find_credentials):
        if found.rule == rule:
            yield Hit(found.start, found.end, _message(file, found), _fix(file, found), (), found.weak)
    if rule == "assigned-secret" and is_cut_off(file):
        raise Incomplete(f"holds more than {CREDENTIALS_PER_FILE} credentials; the rest was not looked for")


def _message(file: Source, found: Credential) -> str:
    where = "in an env file" if kind_of(file.path) == ENV else "in source"
    place = f" assigned to {found.name}" if found.name else "" if " in " in found.title else f" {where}"
    shown = f": {found.masked}" if len(found.masked) > 1 else ""
    return found.title + place + shown + (f" ({found.note})" if found.note else "")


# How the value is had at run time, by the ending of the file's name; `{}` is the variable.
_AT_RUN_TIME = {
    **dict.fromkeys(("py", "pyi", "ipynb"), 'os.environ["{}"]'),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte"), "process.env.{}"),
    **dict.fromkeys(("sh", "bash", "zsh", "yml", "yaml", "toml", "json", "npmrc", "yarnrc"), "${{{}}}"),
}


def _fix(file: Source, found: Credential) -> str:
    """What to do about this one; empty where the rule's own advice says it."""
    revoke = f"revoke this one at {found.revoke}" if found.revoke else "replace this one now"
    if role_of(file.path) == TEMPLATE:
        return f"put a placeholder such as your-key-here in its place, and {revoke}"
    if kind_of(file.path) == ENV or is_personal(file.path):
        return f"keep the file out of git (`git rm --cached -- {quote(file.shown)}`, and list it in .gitignore), and {revoke}"
    if found.rule not in ("provider-key", "assigned-secret"):
        return ""
    return f"{_instead(file, found.env or _variable(found.name))}, and {revoke}"


def _instead(file: Source, variable: str) -> str:
    path = f"/{file.path.lower()}"
    ending = path.rsplit(".", 1)[-1]
    if "/.github/workflows/" in path:
        return f"store it as a secret of the repository and read it from ${{{{ secrets.{variable} }}}}"
    if "dockerfile" in file.name.lower() or "containerfile" in file.name.lower():
        return f"pass it when the container starts (docker run -e {variable}) or mount it for one step (RUN --mount=type=secret)"
    if ending in ("yml", "yaml") and b"kind: Secret" in file.data:
        return "keep it in a secret manager (sealed or external secrets)"
    return f"read it at run time from {_AT_RUN_TIME.get(ending, 'the environment variable {}').format(variable)}"


def _variable(name: str) -> str:
    import re

    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).strip("_").upper()
    return words if words and not words[0].isdigit() else "API_KEY"


@check.rule("provider-key", point=1)
def provider_key(file: Source) -> Iterator[Hit]:
    """A credential whose format names its issuer stands in a file.

    Risk: Whoever can read the repository, its forks or its history can use the key; bots find published keys within minutes.
    Fix: Read it at run time from the environment or a secret manager, and revoke the one that was written down.
    Verify: `git log -p -S PREFIX` finds no commit with the key, and the provider lists it as revoked.

    Bad: (client.py)
        client = OpenAI(api_key="<secret:openai>")

    Good: (client.py)
        client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])
    """
    return _hits(file, "provider-key")


@check.rule("private-key", point=1)
def private_key(file: Source) -> Iterator[Hit]:
    """A private key with its body stands in a file, plain, escaped in a string or wrapped in base64.

    Risk: It opens every server, certificate or signature that trusts its public half.
    Fix: Delete the key from the repository, make a new pair, and load the key from a path or secret manager outside of it.
    Verify: `git grep -l 'BEGIN .*PRIVATE KEY'` prints nothing.

    Bad: (deploy.key)
        <secret:pem>

    Good: (deploy.pub)
        ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7mhwH3u2 deploy@host
    """
    return _hits(file, "private-key")


@check.rule("credential-in-url", point=1)
def credential_in_url(file: Source) -> Iterator[Hit]:
    """A URL carries a real user name and password.

    Risk: The password is copied with the URL into logs, error reports and process lists.
    Fix: Build the URL at run time from environment variables, and change the password.
    Verify: `git grep -nE '://[^/ ]+:[^/ ]+@'` shows only placeholders.

    Bad: (settings.py)
        DATABASE_URL = "postgres://app:<secret:password>@db.acme.io/app"

    Good: (settings.py)
        DATABASE_URL = f"postgres://app:{password}@db.acme.io/app"
    """
    return _hits(file, "credential-in-url")


@check.rule("auth-header", point=1)
def auth_header(file: Source) -> Iterator[Hit]:
    """An authorization header is written with its credential.

    Risk: The header is a working login for as long as the token lives.
    Fix: Put the token into an environment variable and build the header from it; revoke the written one.
    Verify: Run the hook again; it is silent.

    Bad: (call.py)
        headers = {"Authorization": "Bearer <secret:random>"}

    Good: (call.py)
        headers = {"Authorization": f"Bearer {token}"}
    """
    return _hits(file, "auth-header")


@check.rule("json-web-token", point=1)
def json_web_token(file: Source) -> Iterator[Hit]:
    """A JSON web token stands in a file.

    Risk: It is a signed login; an expired one still tells who the users are and how they are named.
    Fix: Fetch the token at run time; end the session that it belongs to.
    Verify: Run the hook again; it is silent.

    Bad: (client.js)
        const session = "<secret:jwt>";

    Good: (client.js)
        const session = await login();
    """
    return _hits(file, "json-web-token")


@check.rule("assigned-secret", point=1)
def assigned_secret(file: Source) -> Iterator[Hit]:
    """Something called a password, token or key is assigned a literal that looks generated.

    Risk: Whoever can read the repository can log in with it.
    Fix: Read it at run time from the environment or a secret manager, and replace the one that was written down.
    Verify: Run the hook again; it is silent.

    Bad: (app.py)
        db_password = "<secret:random>"

    Good: (app.py)
        db_password = os.environ["DB_PASSWORD"]
    """
    return _hits(file, "assigned-secret")


@check.rule("encoded-secret", point=1)
def encoded_secret(file: Source) -> Iterator[Hit]:
    """A secret is written down in base64, which hides it from no one.

    Risk: Anyone can decode it: Kubernetes secrets and Docker logins are not encrypted.
    Fix: Keep it in a secret manager (sealed or external secrets for Kubernetes), and replace it.
    Verify: Run the hook again; it is silent.

    Bad: (secret.yaml)
        data:
          password: UzNjdXIzLXBmZi05eFE=

    Good: (secret.yaml)
        data:
          password: ${DB_PASSWORD_BASE64}
    """
    return _hits(file, "encoded-secret")


@check.rule("credential-file-format", point=1)
def credential_file_format(file: Source) -> Iterator[Hit]:
    """A credential file (.netrc, .npmrc, .pypirc, .git-credentials, .pgpass) or a connection string holds a real password or token.

    Risk: Tools use these files without asking: whoever has the file has the login.
    Fix: Reference a variable instead (`${NPM_TOKEN}`, `${DB_PASSWORD}`) or keep the file out of the repository, and replace what it held.
    Verify: Run the hook again; it is silent.

    Bad: (.netrc)
        machine api.acme.io login bot password <secret:random>

    Good: (.npmrc)
        //registry.npmjs.org/:_authToken=${NPM_TOKEN}
    """
    return _hits(file, "credential-file-format")


@check.rule("key-in-docs", point=1, pedantic=True)
def key_in_docs(file: Source) -> Iterator[Hit]:
    """Documentation tells people to write a key into a file instead of an environment variable.

    Risk: Readers do as they are told, and commit the file.
    Fix: Show how to set the environment variable and how the program reads it.
    Verify: Run the hook with --pedantic again; it is silent.

    Bad: (README.md)
        Put your key into config.yaml:

            api_key: "sk-..."

    Good: (README.md)
        Set the key: `export OPENAI_API_KEY=...`
    """
    for start, end, name in find_instructions(file):
        yield Hit(start, end, f"documentation tells readers to write a key into {name}")
