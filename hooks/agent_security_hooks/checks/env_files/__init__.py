"""`env-files`: env and credential files that are committed, published, or not kept from being so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.model import Check, Hit
from agent_security_hooks.parse.secret_files import CREDENTIAL, ENV, TEMPLATE, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.secrets import Credential
    from agent_security_hooks.source import Source

check = Check("env-files")

# Credential files in which the tool that reads them expands variables, and the usual one.
_EXPANDED = {".npmrc": "NPM_TOKEN", ".yarnrc.yml": "NPM_TOKEN"}
_MANIFESTS = ("package.json", "pyproject.toml", "manifest.in", "setup.cfg", "setup.py", ".npmignore", ".gitignore")


def _is_committed(file: Source) -> bool:
    """Whether git will commit the file: it is in the index. Outside a repository nothing says that it will not be."""
    if file.staged:
        return True
    inside = file.repository.relative(file.repository.absolute(file.path)) is not None
    tracked = file.repository.tracked if inside else None
    if tracked is None:
        return True
    parts = file.path.split("/")
    # A submodule is one entry of the index, and only its own repository knows what is tracked below.
    return any("/".join(parts[:length]) in tracked for length in range(len(parts), 0, -1))


def _real(file: Source) -> list[Credential]:
    from agent_security_hooks.parse.secret_values import real_values

    return [credential for credential in file.view(real_values) if not credential.weak]


def _untrack(file: Source) -> str:
    from agent_security_hooks.parse.shell_quote import quote

    return f"git rm --cached -- {quote(file.shown)}"


def _names(found: list[Credential]) -> str:
    from agent_security_hooks.checks.env_files.places import listed

    shown = {}
    for credential in found:
        name = credential.name or credential.title
        if len(credential.masked) > 1 and name not in shown:
            shown[name] = f"{name} ({credential.masked})"
        shown.setdefault(name, name)
    return listed(shown.values())


@check.rule("env-file-committed", point=1, covers="file")
def env_file_committed(file: Source) -> Iterator[Hit]:
    """An env file with real values is about to be committed, or already is.

    Risk: Every clone, fork, mirror and build cache gets the keys, and deleting the file later leaves them in the history.
    Fix: Take the file out of the index with `git rm --cached -- FILE`, list it in .gitignore, and rotate every value in it.
    Verify: `git ls-files -- '.env*' '*.env'` lists templates only.

    Bad: (.env)
        OPENAI_API_KEY=<secret:openai>
        LOG_LEVEL=debug

    Good: (.env.example)
        OPENAI_API_KEY=
        LOG_LEVEL=debug
    """
    if role_of(file.path) != ENV:
        return
    found = _real(file)
    if found:
        if _is_committed(file):
            message = f"{file.name} is committed with real values: {_names(found)}"
            rotate = f"rotate this value{f' at {found[0].revoke}' if found[0].revoke else ''}" if len(found) == 1 else "rotate these values"
            fix = f"{_untrack(file)}; list {file.name} in .gitignore; {rotate}"
            yield Hit(found[0].start, found[0].end, message, fix)
        return
    from agent_security_hooks.parse.dotenv import read_entries

    entries = [entry for entry in file.view(read_entries) if not entry.commented and entry.end > entry.start]
    encrypted = any(file.data.startswith(b"encrypted:", entry.start) for entry in entries)
    if entries and not encrypted and "envrc" not in file.name.lower() and _is_committed(file):
        message = f"{file.name} is committed; it holds no secret now, and the next person to add one will not notice"
        yield Hit(entries[0].start, entries[0].end, message, f"{_untrack(file)}; commit it as {file.name}.example", (), pedantic=True)


@check.rule("credential-file-committed", point=1, covers="file")
def credential_file_committed(file: Source) -> Iterator[Hit]:
    """A file that exists to hold a login or a private key is about to be committed, or already is.

    Risk: Whoever reads the repository can log in, publish packages or decrypt as the owner of the file.
    Fix: Take the file out of the index with `git rm --cached -- FILE`, list it in .gitignore, and revoke what is in it.
    Verify: `git ls-files | grep -E '(id_rsa|[.](pem|npmrc|keys))$'` shows no file with a secret in it.

    Bad: (.npmrc)
        //registry.npmjs.org/:_authToken=<secret:npm>

    Good: (.npmrc)
        //registry.npmjs.org/:_authToken=${NPM_TOKEN}
    """
    if role_of(file.path) != CREDENTIAL:
        return
    found = _real(file)
    if found and _is_committed(file):
        message = f"{file.name} is committed with {'a credential' if len(found) == 1 else f'{len(found)} credentials'}: {_names(found)}"
        fix = f"{_untrack(file)}; list it in .gitignore; revoke what is in it"
        if variable := _EXPANDED.get(file.name.lower()):
            fix = f"write ${{{found[0].env or variable}}} in its place and revoke what was there; or {_untrack(file)} and list it in .gitignore"
        yield Hit(found[0].start, found[0].end, message, fix)


@check.rule("real-value-in-env-example", point=1, covers="span")
def real_value_in_env_example(file: Source) -> Iterator[Hit]:
    """A template of an env file holds a real value where a placeholder belongs.

    Risk: The template is made to be committed and copied, so the key reaches everyone who reads the repository.
    Fix: Leave the value empty or write a placeholder such as `your-key-here`, and revoke the value that was there.
    Verify: Run the hook again; it is silent.

    Bad: (.env.example)
        ANTHROPIC_API_KEY=<secret:anthropic>

    Good: (.env.example)
        ANTHROPIC_API_KEY=sk-ant-...
        DATABASE_URL=postgres://user:password@localhost:5432/app
    """
    if role_of(file.path) != TEMPLATE:
        return
    from agent_security_hooks.parse.secret_values import real_values

    for found in file.view(real_values):
        shown = f" ({found.masked})" if len(found.masked) > 1 else ""
        message = f"{file.name} holds a real value for {found.name or found.title}{shown}"
        revoke = f"revoke this one at {found.revoke}" if found.revoke else "revoke this one"
        yield Hit(found.start, found.end, message, f"write {found.name or 'it'} with an empty value or a placeholder, and {revoke}", (), found.weak)


@check.rule("gitignore-misses-env", point=1)
def gitignore_misses_env(file: Source) -> Iterator[Hit]:
    """Git itself says that an env file would be added: no committed ignore file covers it.

    Asked are `.env`, `.env.local` and `.env.*.local`, at the root and in each directory with a manifest. What only this machine ignores
    (.git/info/exclude, a personal ignore file) does not count.

    Risk: One `git add .` commits the keys of whoever has an env file there.
    Fix: Add `.env`, `.env.local` and `.env.*.local` to .gitignore; `--fix` appends what is missing.
    Verify: `git check-ignore -v --no-index .env .env.local` names a line for each.

    Bad: (package.json)
        {"name": "agent", "private": true}

    Good: (.gitignore)
        .env
        .env.*
        !.env.example
    """
    if file.staged or role_of(file.path) == CREDENTIAL:
        return
    from agent_security_hooks.checks.env_files.gitignore import exposure, missing, settled
    from agent_security_hooks.checks.env_files.places import answers, is_manifest

    if file.name != ".gitignore" and not is_manifest(file.path) and role_of(file.path) not in (ENV, TEMPLATE):
        return
    if file.repository.view(settled):
        return
    found = file.repository.view(exposure)
    if found is not None and answers(file, found.anchors):
        hit = missing(file, found)
        if hit is not None:
            yield hit


@check.rule("gitignore-line-ineffective", point=1)
def gitignore_line_ineffective(file: Source) -> Iterator[Hit]:
    """A line of .gitignore looks as if it kept a secret file out of git, and cannot.

    Git knows comments only on lines of their own, takes blanks and quotes literally, reads `.env/` as a directory, and reads UTF-8 alone.

    Risk: Everyone believes that the file is ignored until it is pushed.
    Fix: Write the pattern alone on its line: `.env`. `--fix` does it.
    Verify: `git check-ignore -v --no-index .env` names the line.

    Bad: (.gitignore)
        .env # secrets

    Good: (.gitignore)
        # secrets
        .env
    """
    if file.name == ".gitignore" and not file.staged:  # git obeys what is on disk
        from agent_security_hooks.checks.env_files.gitignore import ineffective_lines

        yield from ineffective_lines(file)


@check.rule("env-example-missing", point=1, pedantic=True)
def env_example_missing(file: Source) -> Iterator[Hit]:
    """The program reads secrets from the environment, but no committed template says which, or .gitignore hides the template.

    Risk: People pass real env files around to learn the names, and somebody commits one.
    Fix: Commit a `.env.example` with the names and empty values, and add `!.env.example` to .gitignore where a pattern hides it.
    Verify: `git ls-files -- '*.env.example'` lists the template.

    Bad: (.gitignore)
        .env*

    Good: (.gitignore)
        .env*
        !.env.example
    """
    from agent_security_hooks.checks.env_files.places import answers, depth_first, is_manifest, passed

    if file.staged or file.name != ".gitignore" and not is_manifest(file.path):
        return
    from agent_security_hooks.checks.env_files.usage import without_template

    given = depth_first(path for path in file.repository.view(passed) if path.rsplit("/", 1)[-1] == ".gitignore" or is_manifest(path))
    if answers(file, sorted(given, key=lambda path: path != ".gitignore")):
        hit = without_template(file)
        if hit is not None:
            yield hit


@check.rule("package-ships-secrets", point=2)
def package_ships_secrets(file: Source) -> Iterator[Hit]:
    """What npm would pack, or what the sdist or wheel would hold, includes an env file, a credential or personal agent settings.

    The build is not run: the rules of npm and of the Python build backends are modelled.

    Risk: Everyone who installs the package has the secret, and a published version cannot be taken back from mirrors.
    Fix: List what belongs into the package in `files`, or exclude the file there, and revoke what a published version held.
    Verify: `npm pack --dry-run`, or `python -m build && tar -tf dist/*.tar.gz`, does not list the file.

    Good: (.npmignore)
        .env*
        .claude
    """
    if file.staged or file.name.lower() not in _MANIFESTS:
        return
    from agent_security_hooks.checks.env_files import published
    from agent_security_hooks.checks.env_files.places import answers

    for manifest in published.manifests(file):
        if answers(file, published.deciders(manifest)):
            yield from published.hits(file, manifest, published.leaks(file.repository, manifest))


@check.rule("dockerignore-misses-secrets", point=2)
def dockerignore_misses_secrets(file: Source) -> Iterator[Hit]:
    """A Dockerfile copies its whole directory, and .dockerignore lets env files, the git history or keys through.

    Risk: Anyone who can pull the image can read them, from a layer even when a later step deletes them.
    Fix: Add `.git`, `**/.env`, `**/.env.local` and `**/.env.*.local` to .dockerignore; `--fix` appends what is missing.
    Verify: `docker run --rm --entrypoint ls IMAGE -a` shows none of them.

    Bad: (Dockerfile)
        FROM python:3.12-slim
        COPY . /app

    Good: (Dockerfile)
        FROM python:3.12-slim
        COPY agent/ /app/agent/
    """
    if file.staged:
        return
    from agent_security_hooks.checks.env_files import docker

    yield from docker.leaks(file)


@check.rule("env-in-history", point=1, audit_only=True)
def env_in_history(file: Source) -> Iterator[Hit]:
    """An env file was committed once; it is in the history even if it was deleted since.

    A shallow clone does not have the history: then nothing is said but that it could not be verified.

    Risk: `git log -p` shows the values to everyone who can clone the repository.
    Fix: Rotate every value that the file held; rewriting the history with git-filter-repo helps only if nobody has cloned it.
    Verify: `git log --all --diff-filter=A --name-only --format= -- '.env*' '*.env'` lists templates only.

    Good: (.gitignore)
        .env
    """
    from agent_security_hooks.checks.env_files.places import depth_first, listed, passed

    given = file.repository.view(passed)
    anchor = ".gitignore" if ".gitignore" in given else next(iter(depth_first(path for path in given if _may_anchor(path))), "")
    if file.staged or file.path != anchor:
        return
    from agent_security_hooks.checks.env_files.usage import in_history
    from agent_security_hooks.parse.shell_quote import quote

    found = file.repository.view(in_history)
    if found:
        message = f"{listed(found)} {'was' if len(found) == 1 else 'were'} committed once and {'is' if len(found) == 1 else 'are'} still in the history"
        yield Hit(0, 0, message, f"rotate every value that was in it; git log --all --oneline -- {quote(found[0])} shows the commits")


def _may_anchor(path: str) -> bool:
    from agent_security_hooks.checks.env_files.places import is_manifest

    return path.rsplit("/", 1)[-1] == ".gitignore" or is_manifest(path) or role_of(path) in (ENV, TEMPLATE)
