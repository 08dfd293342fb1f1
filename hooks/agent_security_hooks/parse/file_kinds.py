"""What a path says of a file: how it writes values, and whether made-up ones are common in it."""

from __future__ import annotations

from functools import lru_cache

from agent_security_hooks.parse.pattern import Pattern

CODE, CONFIG, ENV, DOCS, OTHER = "code", "config", "env", "docs", "other"

_KINDS = {
    **dict.fromkeys(
        "py pyi js mjs cjs jsx ts mts cts tsx go rs java kt kts scala c cc cpp cxx h hh hpp cs fs vb swift m mm rb php pl pm lua r jl dart ex exs erl hs clj "
        "groovy gradle sol vue svelte astro html htm xhtml css scss sass less graphql proto zig nim v d coffee erb ejs jsp aspx cshtml".split(), CODE),
    **dict.fromkeys("sql yml yaml ini cfg conf config cnf properties toml json json5 jsonc xml plist tf tfvars hcl sh bash zsh fish ps1 psm1 bat cmd npmrc mk cmake reg netrc service nix".split(), CONFIG),
    **dict.fromkeys("env envrc secrets secret credentials creds".split(), ENV),
    **dict.fromkeys("md mdx markdown rst txt adoc asciidoc org tex log ipynb".split(), DOCS),
}  # fmt: skip
_CONFIG_STEMS = ("dockerfile", "containerfile", "makefile", "jenkinsfile", "procfile", "justfile", "vagrantfile")
_CONFIG_ENDINGS = (".npmrc", ".yarnrc", ".pypirc", ".netrc", ".pgpass", ".my.cnf", ".s3cfg", ".boto")


def kind_of(path: str) -> str:
    """How a file writes values: program code quotes them, configuration may not."""
    name = path.rsplit("/", 1)[-1].lower()
    if name.startswith((".env", "env.", ".dev.vars")) or ".env." in name or name == ".flaskenv" or "/.envs/" in f"/{path.lower()}":
        return ENV
    kind = _KINDS.get(name.rsplit(".", 1)[-1])
    if kind is None and (
        name.endswith((*_CONFIG_STEMS, *_CONFIG_ENDINGS)) or any(f"{stem}." in name for stem in _CONFIG_STEMS) or name in ("credentials", "config")
    ):
        return CONFIG
    return kind or OTHER


_LOW_STAKES = Pattern(
    rb"(?i)(^|/)(tests?|testing|testdata|test[-_]?(?:data|utils|fixtures|resources|vectors?)|specs?|__tests__|__mocks__|mocks?|fixtures?|examples?|samples?|demos?|docs?|documentation|tutorials?|cookbooks?|e2e|integration[-_]tests?|testsuite|benchmarks?|stories)(/|$)"
    rb"|(^|/)(test_[^/]*|[^/]*test[-_]?vectors?[^/]*|examples?[-_.\d][^/]*|[^/]*[._-](test|tests|spec|mock|examples?|samples?|stories)\.[a-z]+|conftest\.py|readme[^/]*|changelog[^/]*|history[^/]*|changes[^/]*)$"
    rb"|\.(md|mdx|rst|adoc|markdown)$"
)


@lru_cache(maxsize=64)
def low_stakes(path: str) -> bool:
    """Whether the file is a test, documentation or an example, where made-up secrets are common."""
    return _LOW_STAKES.search(path.encode("utf-8", "surrogatepass")) is not None


_IMAGE_NAMES = ("dockerfile", "containerfile")
_IMAGE_TEMPLATES = frozenset(("ejs", "in", "j2", "jinja", "jinja2", "template", "tmpl", "tpl"))
_NO_IMAGES = frozenset(
    "adoc asc bak bat c cc cfg class cmd cpp cs css csv diff dockerignore ex exs go gz h html ini ipynb jar java jpg js json json5 jsonc jsx kt lock log lua "
    "markdown md mdx mjs orig patch pdf php pl png ps1 py pyc pyi rb rej rs rst scala sh sha256 sig snap sql sum svg swift swp tar tf toml ts tsx vim vue "
    "xml yaml yml zip zsh".split()
)


def is_dockerfile(path: str) -> bool:
    """Whether a file of this name is one: `Dockerfile`, `Dockerfile.dev`, `Dockerfile-dev`, `api.Dockerfile`, `Containerfile`, templates of them."""
    name = path.rsplit("/", 1)[-1].lower()
    stem, _, ending = name.rpartition(".")
    if ending in _NO_IMAGES:
        return False
    if name.startswith(_IMAGE_NAMES):
        rest = name.partition("file")[2]
        return not rest or rest[0] in "._-"
    return ending in _IMAGE_NAMES or (ending in _IMAGE_TEMPLATES and stem.rpartition(".")[2] in _IMAGE_NAMES)


_COMPOSE = Pattern(rb"(?i)(?:docker-compose.*|compose(?:[-_.].*|\d*))\.ya?ml\Z")


def is_compose(path: str) -> bool:
    """Whether the path is that of a compose file: `compose*.yml`, `docker-compose*.yaml`."""
    name = path.rsplit("/", 1)[-1]
    return "compose" in name.lower() and _COMPOSE.match(name.encode("utf-8", "surrogatepass")) is not None


def is_devcontainer(path: str) -> bool:
    """Whether the path is that of a development container's description."""
    return path.rsplit("/", 1)[-1].lower() in ("devcontainer.json", ".devcontainer.json")
