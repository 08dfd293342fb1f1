"""Which steps run what lies in the workspace: installs, builds, tests and scripts of the repository, and local actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.actions.memory import remembered
from agent_security_hooks.parse.actions.scripts import calls_of
from agent_security_hooks.parse.actions.workflow import string

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.workflow import Step
    from agent_security_hooks.parse.shell_calls import Call

# Program -> the words of which one must follow; any use at all counts where none is named.
_PROGRAMS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), frozenset("install i ci run run-script test t start build exec rebuild pack publish add x link dlx lint".split())),
    **dict.fromkeys(("pip", "pip3"), frozenset(("install", "wheel", "download"))),
    **dict.fromkeys(("cargo",), frozenset("build b test t run r bench check clippy install doc publish package nextest xtask miri".split())),
    "go": frozenset("build test run generate install vet".split()),
    "uv": frozenset("sync run build pip install tool".split()),
    **dict.fromkeys(("poetry", "pdm", "hatch", "pipenv", "rye"), frozenset("install run build sync update lock test shell env publish".split())),
    "docker": frozenset(("build", "buildx", "compose")),
    "docker-compose": frozenset(),
    "podman": frozenset(("build",)),
    "pre-commit": frozenset(("run", "install", "install-hooks")),
    "prek": frozenset(("run", "install")),
    "dotnet": frozenset("build test run publish restore pack tool".split()),
    "bundle": frozenset(("install", "exec")),
    "composer": frozenset(("install", "update", "run", "run-script", "test")),
    "terraform": frozenset("init plan apply validate".split()),
    "tofu": frozenset("init plan apply validate".split()),
    "mkdocs": frozenset(("build", "gh-deploy", "serve")),
    "helm": frozenset(("template", "install", "upgrade")),
    "bazel": frozenset(("build", "test", "run")),
    "bazelisk": frozenset(("build", "test", "run")),
    "swift": frozenset(("build", "test", "run", "package")),
    "conda": frozenset(("build",)),
    "gem": frozenset(("build",)),
    "jupyter-book": frozenset(("build",)),
    **dict.fromkeys(
        ("pytest", "py.test", "tox", "nox", "make", "gmake", "cmake", "ctest", "ninja", "meson", "mvn", "mvnw", "gradle", "gradlew", "ant", "sbt", "rake", "just", "task",
         "invoke", "inv", "npx", "pnpx", "yarnpkg", "bunx", "lerna", "turbo", "nx", "eslint", "jest", "vitest", "tsc", "webpack", "vite", "hugo", "sphinx-build", "jekyll",
         "ansible-playbook", "ansible-test", "molecule", "flutter", "dart", "mix", "rebar3", "stack", "cabal", "scons", "waf", "phpunit", "nix-build", "golangci-lint",
         "checkov", "mypy", "pylint", "goreleaser", "xcodebuild", "fastlane", "pod", "maturin", "cibuildwheel", "asv", "R", "Rscript", "julia", "msbuild", "deno"), frozenset(),
    ),
    "nix": frozenset(("build", "run", "develop", "flake")),
    "pod": frozenset(("install",)),
}  # fmt: skip
_INTERPRETERS = frozenset(
    ("python", "python3", "python2", "py", "node", "ruby", "perl", "php", "bash", "sh", "zsh", "source", ".", "pwsh", "powershell", "dash", "ts-node", "tsx")
)
_MODULES = frozenset(
    ("pip", "build", "pytest", "tox", "nox", "unittest", "invoke", "sphinx", "mkdocs", "poetry", "pdm", "hatch", "cibuildwheel", "mypy", "pylint", "pre_commit")
)
_ACTIONS = frozenset((
    "pre-commit/action", "j178/prek-action", "tox-dev/action-pre-commit-uv", "docker/build-push-action", "docker/bake-action", "gradle/gradle-build-action", "bahmutov/npm-install",
    "cypress-io/github-action", "golangci/golangci-lint-action", "pypa/cibuildwheel", "hynek/build-and-inspect-python-package", "wntrblm/nox", "actions-rs/cargo",
    "bridgecrewio/checkov-action", "github/codeql-action/autobuild", "github/super-linter", "super-linter/super-linter", "oxsecurity/megalinter", "pyo3/maturin-action",
    "goreleaser/goreleaser-action", "borales/actions-yarn", "jetli/wasm-pack-action", "r-lib/actions/check-r-package", "r-lib/actions/setup-r-dependencies", "vapor-ware/sphinx-action",
    "ammaraskar/sphinx-action", "peaceiris/actions-hugo", "actions/jekyll-build-pages", "ansible-community/ansible-test-gh-action", "chromaui/action", "andresz1/size-limit-action",
    "preactjs/compressed-size-action", "treosh/lighthouse-ci-action", "ruby/setup-ruby", "snyk/actions", "size-limit/action", "withastro/action", "jurplel/install-qt-action",
    "aws-actions/aws-cloudformation-github-deploy", "cloudflare/wrangler-action", "hashicorp/tfc-workflows-github", "benc-uk/workflow-dispatch", "azure/webapps-deploy",
    "ansible/ansible-lint", "azure/static-web-apps-deploy", "amondnet/vercel-action", "netlify/actions", "nwtgck/actions-netlify", "prefix-dev/setup-pixi", "aquasecurity/tfsec-action",
)) - {"jurplel/install-qt-action", "benc-uk/workflow-dispatch", "nwtgck/actions-netlify", "peaceiris/actions-hugo"}  # fmt: skip


def repository_code(step: Step, folder: str = "") -> str:
    """What of the repository's a step runs, as a person would name it (`npm install`, `./build.sh`, `the local action ./x`); "" for nothing.

    `folder`: where in the workspace the code lies; only what is run from there counts. "" for the workspace itself.
    """
    uses = string(step.get("uses")).strip()
    if uses.startswith("./") and (not folder or uses[2:].startswith(folder)):
        return f"the local action {uses}"
    if step.action in _ACTIONS and (not folder or _mentions(step, folder)):
        return step.action
    if step.get("run") is None:
        return ""
    key = ("code", id(step.get("run")), folder, step.shell, string(step.get("working-directory")) if folder else "")
    return remembered(step.workflow.file, key, lambda: _code_of_script(step, folder))


def _code_of_script(step: Step, folder: str) -> str:
    inside = not folder or _is_below(string(step.get("working-directory")), folder)
    for call in calls_of(step):
        if call.name in ("cd", "pushd") and folder and any(_is_below(text, folder) for text in call.texts):
            inside = True
        command = code_of_call(call)
        if command and (inside or any(_is_below(text, folder) for text in (call.program.text if call.program else "", *call.texts))):
            return command
    return ""


def _mentions(step: Step, folder: str) -> bool:
    return any(_is_below(string(value), folder) for _, _, value in step.inputs())


def _is_below(path: str, folder: str) -> bool:
    """Whether a path, or what stands behind a `=` in it, begins with a folder."""
    for text in (path, path.partition("=")[2]):
        trimmed = text.strip().removeprefix("${{ github.workspace }}/").removeprefix("$GITHUB_WORKSPACE/").removeprefix("./")
        if trimmed == folder or trimmed.startswith(folder + "/"):
            return True
    return False


def code_of_call(call: Call) -> str:
    """What of the repository's a command runs; "" for nothing."""
    program = call.program.text if call.program else ""
    name, texts = call.name or program.rsplit("/", 1)[-1], call.texts[:40]
    plain = [text for text in texts if not text.startswith("-")]
    if program.startswith(("./", "../", ".\\")) or "/" in program and program[0] not in "/~$":
        return program
    if name in _INTERPRETERS:
        if "-c" in texts or "-e" in texts and name not in ("bash", "sh"):
            return ""
        if name.startswith("py") and "-m" in texts:
            module = next(iter(texts[texts.index("-m") + 1 :]), "")
            return f"{name} -m {module}" if module in _MODULES and not _only_named_packages(module, texts) else ""
        script = next(iter(plain), "")
        return f"{name} {script}" if script and not script.startswith(("/", "~", "$", "<", "http")) and "." in script else ""
    words = _PROGRAMS.get(name)
    if words is None or name in ("pip", "pip3") and _only_named_packages("pip", texts):
        return ""
    if not words:
        return name
    goal = next((text for text in plain if text in words), "")
    if name in ("npm", "pnpm", "yarn", "bun") and (goal in ("install", "i", "add") and ("-g" in texts or "--global" in texts)):
        return ""
    if name == "uv" and goal in ("pip", "tool") and _only_named_packages("pip", texts):
        return ""
    return f"{name} {goal}" if goal else "yarn" if name == "yarn" and not plain else ""


def _only_named_packages(module: str, texts: list[str]) -> bool:
    """`pip install build twine`: nothing of the repository's."""
    if module != "pip":
        return False
    local = any(
        text.startswith((".", "-r", "-e", "--requirement", "--editable", "-c", "/")) or text.endswith((".txt", ".whl", ".toml")) or "/" in text
        for text in texts
    )
    return not local
