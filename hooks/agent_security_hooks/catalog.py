"""Which hooks exist, which files each looks at, and where its rules are. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agent_security_hooks.model import Check, Rule


class Hook(NamedTuple):
    """One executable of the suite. `files` is a regex that is searched in the path, as pre-commit does; empty = every file."""

    id: str
    title: str
    files: str
    module: str


# Names of files whose content is a credential, a template of one, or decides whether one is committed or published.
_ENV_FILES = (
    r"(?i)(^|/)("
    r"\.env([^a-z/][^/]*)?|[^/]*\.env(rc)?(\.[^/]*)?|env\.(local|prod|production|dev|development|staging|test)|\.(dev\.vars|flaskenv)[^/]*|\.envs/.*|"
    r"(env|dotenv|envrc)[-._][^/]*(example|sample|template|tmpl|tpl|dist|default|stub|skel|schema|jinja|j2|erb)[^/]*|"
    r"\.(git|npm)ignore|([^/]*\.)?dockerignore|package\.json|pyproject\.toml|setup\.(cfg|py)|manifest\.in|requirements[^/]*\.txt|pipfile|composer\.json|gemfile|"
    r"deno\.jsonc?|(docker-)?compose[^/]*\.ya?ml|([^/]*\.)?(dockerfile|containerfile)(\.[^/]*)?|"
    r"\.npmrc|\.yarnrc(\.yml)?|\.pypirc|[._]?netrc|\.git-credentials|\.pgpass|pgpass\.conf|\.my\.cnf|\.dockercfg|"
    r"\.docker/config\.json|\.dockerconfigjson|\.kube/config|kubeconfig[^/]*|[^/]*\.kubeconfig|"
    r"id_(rsa|dsa|ecdsa|ed25519)[^/]*|[^/]*\.(pem|key|p12|pfx|pkcs12|jks|keystore|ppk|p8|der|asc|kdbx|ovpn)|"
    r"[^/]*(service[-_]?account|credential|client[-_]?secret)[^/]*\.json|application_default_credentials\.json|"
    r"\.aws/credentials|\.boto|\.s3cfg|\.terraformrc|terraform\.rc|credentials\.tfrc\.json|[^/]*\.tfvars(\.json)?|"
    r"\.?secrets?/.*|[^/]*\.secrets?"
    r")$"
)

# What holds shell (parse/fragments/kinds.py knows the same names), programs that download, and the settings of download clients.
# A script without an ending is known by its first line alone.
_SHELL_AND_CODE = (
    r"(?i)(^|/)[^./]+$|\.(sh|bash|zsh|ksh|mksh|dash|ash|bats|fish|csh|tcsh|command|ps1|psm1|bat|cmd|mk|mak|just|md|mdx|mdc|markdown|rst|ipynb)$"
    r"|\.(py|pyi|pyw|js|mjs|cjs|jsx|ts|mts|cts|tsx)$"
    r"|(^|/)\.?(env|bash|zsh|ksh|csh|tcsh)rc$|(^|/)\.?(bash_profile|bash_login|bash_logout|bash_aliases|profile|zprofile|zshenv|zlogin|zlogout|kshrc|xinitrc|xprofile)$"
    r"|(^|/)[^/]*(docker|container)file[^/]*$|(^|/)(gnu)?makefile([.-][^/]*)?$|(^|/)\.justfile$"
    r"|(^|/)\.(github|gitea|forgejo)/workflows/[^/]*\.ya?ml$|(^|/)action\.ya?ml$"
    r"|(^|/)[^/]*\.?gitlab-ci\.ya?ml$|(^|/)\.gitlab/.*\.ya?ml$|(^|/)\.circleci/[^/]*\.ya?ml$|(^|/)[^/]*azure-pipelines[^/]*\.ya?ml$|(^|/)\.azure-pipelines/.*\.ya?ml$"
    r"|(^|/)(\.travis|bitbucket-pipelines|taskfile(\.dist)?|\.pre-commit-config)\.ya?ml$|(^|/)(docker-compose[^/]*|compose([-_.][^/]*|\d*))\.ya?ml$"
    r"|(^|/)(package|composer|\.?devcontainer|devcontainer-feature)\.json$"
    r"|(^|/)[^/]*mcp[^/]*\.jsonc?$|(^|/)\.mcp/[^/]*\.json$|(^|/)(claude_desktop_config|gemini-extension|opencode)\.jsonc?$"
    r"|(^|/)\.(claude|cursor|gemini|vscode|windsurf|roo|kiro|zed|codex|claude-plugin|codex-plugin|cursor-plugin)/[^/]*\.jsonc?$|(^|/)\.kiro/settings/[^/]*\.json$"
    r"|(^|/)hooks/[^/]*hooks[^/]*\.json$|(^|/)\.github/hooks/[^/]*\.json$|(^|/)\.(cursor|windsurf|cline)rules$"
    r"|(^|/)(\.env[^/]*|[^/]*\.env|\.npmrc|\.yarnrc(\.yml)?|\.bowerrc|\.condarc|\.gitconfig|\.curlrc|\.wgetrc|pip\.(conf|ini)|requirements[^/]*\.txt)$"
)

# What a container is built from or started with. Documents and programs about Dockerfiles are none.
_CONTAINER_FILES = (
    r"(?i)(^|/)([^/]*\.)?(docker|container)file([-._](?!([^/]*\.)?(md|go|py|sh|js|ts|ya?ml|json|txt|dockerignore)$)[^/]*)?$"
    r"|(^|/)(docker-compose[^/]*|compose([-_.][^/]*|\d*))\.ya?ml$|(^|/)\.?devcontainer\.json$"
)

# Continuous integration, and what keeps its dependencies fresh.
_CI_FILES = (
    r"(?i)(^|/)\.(github|gitea|forgejo)/workflows/([^/]*\.ya?ml|actions\.lock)$|(^|/)action\.ya?ml$|(^|/)\.github/dependabot\.ya?ml$|(^|/)\.pre-commit-config\.ya?ml$"
    r"|(^|/)[^/]*gitlab-ci[^/]*\.ya?ml$|(^|/)\.gitlab/.*\.ya?ml$|(^|/)\.circleci/.*\.ya?ml$"
)

# Python: modules, stubs, notebooks, and scripts that their first line alone shows to be some.
_PYTHON = r"(?i)\.(py|pyi|pyw|ipynb)$|(^|/)[^./]+$"

HOOKS = (
    Hook("secret-scan", "API keys, tokens, private keys and passwords in any text file", "", "secret_scan"),
    Hook("env-files", "env and credential files that are committed or published", _ENV_FILES, "env_files"),
    Hook("pickle-check", "Python that loads pickles, models or YAML in a way that runs code, or takes unpinned ones from a hub", _PYTHON, "pickle_check"),
    Hook("model-files", "model files that run code when they are loaded, lie about what they are or overflow their readers", "", "model_files"),
    Hook("download-lint", "downloads that run unchecked, over http or without a certificate check", _SHELL_AND_CODE, "download_lint"),
    Hook(
        "dockerfile-lint",
        "Dockerfiles, compose files and dev containers that leak secrets, run as root or trust moving images",
        _CONTAINER_FILES,
        "dockerfile_lint",
    ),
    Hook("actions-lint", "workflows with unpinned actions, too many permissions, injections, leaked secrets or open agents", _CI_FILES, "actions_lint"),
    Hook("publish-lint", "packages, images and releases published with stored tokens, unsigned or by anyone", _CI_FILES, "publish_lint"),
)

# Findings about file names and ignore comments, which belong to no single hook.
SUITE = Hook("agent-security", "every hook of the suite in one process", "", "suite")


def find_hook(hook_id: str) -> Hook | None:
    """The hook of that id, or None."""
    return next((hook for hook in (*HOOKS, SUITE) if hook.id == hook_id), None)


def load_check(hook: Hook) -> Check:
    """Import the hook's module and return its rules."""
    from importlib import import_module

    check: Check = import_module("agent_security_hooks.checks." + hook.module).check
    return check


def all_rules() -> dict[str, Rule]:
    """Every rule of the suite by name; imports every hook."""
    return {rule.name: rule for hook in (*HOOKS, SUITE) for rule in load_check(hook).rules}
