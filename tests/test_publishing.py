"""What workflows publish, with which credential, and which events get that far."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import agent_security_hooks
import pytest
from agent_security_hooks.catalog import HOOKS, all_rules
from agent_security_hooks.checks.publish_lint import check
from agent_security_hooks.data.publishers import ACTIONS, COMMANDS, SIGNERS, TELLTALES
from agent_security_hooks.parse.actions.expressions import parse_expression
from agent_security_hooks.parse.actions.publishing import proofs, publications, publishes
from agent_security_hooks.parse.actions.publishing.gates import may_publish, starts_publisher
from agent_security_hooks.parse.actions.publishing.pipeline_jobs import MERGE_REQUEST, PUSH, job_of
from agent_security_hooks.parse.actions.publishing.reach import ALWAYS, GUARDED, NEVER, POSSIBLE, Event, evaluate
from agent_security_hooks.parse.actions.publishing.windows import readable
from agent_security_hooks.parse.actions.workflow import read_workflow
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st
from support import make_repository, write

if TYPE_CHECKING:
    from agent_security_hooks.parse.actions.publishing import Publication

_HEAD = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
_PULL_REQUEST = Event("pull_request", "refs/pull/", "")
_PUSH = Event("push", "refs/heads/", "")


def _file(text: str, path: str = ".github/workflows/x.yml") -> Source:
    return Source(path, text.encode(), Repository("/"))


def _steps(text: str) -> tuple[Publication, ...]:
    return publications(_file(_HEAD + text))


def _run(script: str, env: str = "") -> tuple[Publication, ...]:
    lines = "".join(f"          {line}\n" for line in script.split("\n"))
    return _steps(f"      - run: |\n{lines}" + (f"        env: {{{env}}}\n" if env else ""))


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("twine upload dist/*", "pypi"),
        ("python3.12 -m twine upload dist/*", "pypi"),
        ("python setup.py sdist upload", "pypi"),
        ("uv publish", "pypi"),
        ("uv --directory pkg publish", "pypi"),
        ("poetry -C pkg publish --build", "pypi"),
        ("pipx run twine upload dist/*", "pypi"),
        ("maturin upload *.whl", "pypi"),
        ("npm publish", "npm"),
        ("npm --prefix pkg publish", "npm"),
        ("yarn workspaces foreach -A npm publish", "npm"),
        ("pnpm --filter ./a publish", "npm"),
        ("npx lerna@8 publish from-git", "npm"),
        ("npx @changesets/cli publish", "npm"),
        ("yarn changeset publish", "npm"),
        ("bun publish", "npm"),
        ("cargo +nightly publish", "crates"),
        ("cargo release --execute", "crates"),
        ("gem push x.gem", "gem"),
        ("bundle exec rake release", "gem"),
        ("dotnet nuget push x.nupkg", "nuget"),
        ("./mvnw -B clean deploy", "maven"),
        ("./gradlew :core:publishToSonatype", "maven"),
        ("mix hex.publish --yes", "hex"),
        ("docker push acme/x", "image"),
        ("docker buildx build --push .", "image"),
        ("skopeo copy docker://a/b docker://c/d", "image"),
        ("ko build ./cmd", "image"),
        ("helm push x.tgz oci://x", "chart"),
        ("gh release create v1 dist/*", "release"),
        ("goreleaser release", "release"),
        ("npx electron-builder -p always", "release"),
        ("sudo -E env A=b bash -c 'twine upload x'", "pypi"),
    ],
)
def test_commands(script: str, kind: str) -> None:
    assert [found.kind for found in _run(script) if not found.dry_run] == [kind]


@pytest.mark.parametrize(
    "script",
    [
        "twine check dist/*", "uv build", "npm run publish", "npm pack", "yarn run publish", "cargo package", "cargo release", "gem build x", "docker build .",
        "docker buildx build --load .", "docker pull x", "echo npm publish", "# twine upload", "skopeo copy docker://a dir:b", "./gradlew publishToMavenLocal", "mvn verify",
        "gh release view", "gh release download v1", "electron-builder --publish never", "goreleaser check", "pip install twine", "npm publish --help", "git push",
        "docker buildx build --push=false .", "ko build -L .",
    ],
)  # fmt: skip
def test_no_publication(script: str) -> None:
    assert [found for found in _run(script) if not found.dry_run] == []


@pytest.mark.parametrize(
    "script", ["npm publish --dry-run", "cargo publish -n", "uv publish --dry-run", "poetry publish --dry-run", "goreleaser release --snapshot"]
)
def test_dry_runs(script: str) -> None:
    assert [found.dry_run for found in _run(script)] == [True]


def test_every_command_passes_the_gate() -> None:
    lines = [f"{name} {tool.words} {tool.needs}" for name, tools in COMMANDS.items() for tool in tools]
    lines += ["./gradlew publish", "mvnw.cmd deploy", "mvnd deploy", "sbtx publish", "npx @changesets/cli publish", "pnpm publish", "npx np"]
    assert [line for line in lines if not may_publish(_file(f"a: {line}")) or not starts_publisher(_file(f"a: {line}"), line)] == []
    assert [name for name in ACTIONS if not may_publish(_file(f"a: {{uses: '{name}@v1'}}"))] == []
    assert [name for name in (*TELLTALES, "uses: ./a") if not may_publish(_file(name))] == []
    assert not may_publish(_file("- uses: actions/checkout@v7\n- run: ./build.sh && docker build x # token, ubuntu, input\n"))


_SCRIPTS = st.text(st.sampled_from("a`\\{}$'\"^% \n\0"), max_size=40)


@given(_SCRIPTS, st.sampled_from(["powershell", "cmd", "bash"]))
def test_scripts_of_windows_keep_their_places(script: str, language: str) -> None:
    text = MappedText.cut(script.encode(), 0, len(script.encode()))
    found = readable(text, language)
    assert len(found.data) == len(text.data)
    assert found.data.count(b"\n") == text.data.count(b"\n")


def test_scripts_of_windows() -> None:
    assert readable(MappedText.cut(b"a `\n  b\\c ${env:X} { d }", 0, 24), "powershell").data == b"a \\\n  b/c ${env:X} ; d ;"
    assert readable(MappedText.cut(b"a ^\n b\\c don't", 0, 15), "cmd").data == b"a \\\n b/c don_t"


@pytest.mark.parametrize(
    ("rules", "event"),
    [
        ("[{if: $CI_COMMIT_BRANCH}]", PUSH),
        ("[{if: $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH}]", PUSH),
        ("[{if: $CI_COMMIT_TAG}, {when: on_success}]", PUSH),
        ("[{if: '$CI_PIPELINE_SOURCE == \"push\" && $CI_PROJECT_PATH == \"a/b\"'}]", PUSH),
        ("[{if: $CI_MERGE_REQUEST_IID}]", MERGE_REQUEST),
        ("[{if: '$RELEASE || $CI_PIPELINE_SOURCE == \"merge_request_event\"'}]", MERGE_REQUEST),
        ("[{if: $CI_COMMIT_TAG}]", ""),
        ("[{if: '$CI_COMMIT_BRANCH && $RELEASE'}]", ""),
        ("[{if: $CI_COMMIT_BRANCH, when: manual}]", ""),
        ("[{if: $CI_COMMIT_BRANCH, changes: [VERSION]}]", ""),
        ("[{if: $CI_COMMIT_BRANCH, when: never}, {when: on_success}]", ""),
        ("[!reference [.x, rules]]", ""),
        ("x", ""),
        ("[x]", ""),
        ("[{if: '($CI_COMMIT_BRANCH)'}]", ""),
    ],
)  # fmt: skip
def test_rules_of_gitlab(rules: str, event: str) -> None:
    job = job_of(_file(f"a:\n  rules: {rules}\n", ".gitlab-ci.yml"), "job:a")
    assert job is not None
    assert job.unguarded_event() == event


def test_every_hook_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Rules import what they need when they need it, so the order of hooks and rules decides which module comes first."""
    text = "on: {push: {tags: [v*]}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    text += (
        "      - uses: actions/cache@v5\n        with: {path: x, key: x}\n      - run: npm publish --provenance && gh release create v1 x && cosign sign x\n"
    )
    write(tmp_path, {".github/workflows/x.yml": text.encode()})
    rules = sorted(all_rules())
    orders = [
        ["--pedantic"],
        *(["--pedantic", "--hook", hook.id] for hook in HOOKS),
        ["--pedantic", "--select", "cache-in-release,signing-without-id-token,unsigned-release"],
    ]
    orders += [["--select", rule] for rule in rules if rule in {rule.name for rule in check.rules}]
    for options in orders:
        done = subprocess.run(
            [sys.executable, "-m", "agent_security_hooks", "check", "--no-config", "--format", "json", *options, ".github/workflows/x.yml"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, check=False,
        )  # fmt: skip
        assert json.loads(done.stdout)["errors"] == [], options


def test_no_name_of_a_package_is_that_of_its_module() -> None:
    """`from package import name` would give one or the other, whichever was imported first."""
    root = Path(agent_security_hooks.__file__).parent
    for package in root.rglob("__init__.py"):
        modules = {path.stem for path in package.parent.glob("*.py")} | {path.parent.name for path in package.parent.glob("*/__init__.py")}
        tree = ast.parse(package.read_text(encoding="utf-8"))
        named = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        named |= {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
        assert named & modules == set(), str(package)


def test_tables_are_in_lower_case() -> None:
    assert [name for name in (*ACTIONS, *SIGNERS) if name != name.lower()] == []
    assert all(name.count("/") for name in (*ACTIONS, *SIGNERS))


@pytest.mark.parametrize(
    ("script", "env", "kind", "name"),
    [
        ("twine upload -p ${{ secrets.A }} x", "", "token", "secrets.A"),
        ("twine upload --password=${{secrets['A']}} x", "", "token", "secrets.A"),
        ("twine upload x", "TWINE_PASSWORD: '${{ secrets.A }}'", "token", "secrets.A"),
        ("export TWINE_PASSWORD=${{ secrets.A }}\ntwine upload x", "", "token", "secrets.A"),
        ("export TWINE_PASSWORD=$B\ntwine upload x", "B: '${{ secrets.A }}'", "token", "secrets.A"),
        ("TWINE_PASSWORD=$B twine upload x", "B: '${{ env.C }}', C: '${{ secrets.A }}'", "token", "secrets.A"),
        ("twine upload x", "TWINE_PASSWORD: ''", "none", ""),
        ("twine upload x", "", "unknown", ""),
        ("npm publish", "NODE_AUTH_TOKEN: '${{ secrets.GITHUB_TOKEN }}'", "github", "secrets.GITHUB_TOKEN"),
        ("npm publish", "NODE_AUTH_TOKEN: '${{ github.token }}'", "github", "github.token"),
        ("npm publish", "MY_NPM_TOKEN: '${{ secrets.A }}'", "token", "secrets.A"),
        ("npm publish", "NODE_AUTH_TOKEN: '${{ inputs.t }}'", "unknown", "inputs.t"),
        ("cargo publish", "CARGO_REGISTRY_TOKEN: '${{ steps.x.outputs.t }}'", "unknown", "steps.x"),
        ("cargo publish", "CARGO_REGISTRY_TOKEN: $CARGO_REGISTRY_TOKEN", "unknown", "$CARGO_REGISTRY_TOKEN"),
        ("cat > ~/.pypirc <<EOF\npassword = ${{ secrets.A }}\nEOF\ntwine upload x", "", "token", "secrets.A"),
    ],
)  # fmt: skip
def test_credentials(script: str, env: str, kind: str, name: str) -> None:
    assert [(found.credential.kind, found.credential.name) for found in _run(script, env)] == [(kind, name)]


def test_a_credential_says_where_it_stands() -> None:
    file = _file(_HEAD + "      - run: twine upload -p ${{ secrets.A }} x\n")
    (found,) = publications(file)
    assert file.data[found.credential.start : found.credential.end] == b"${{ secrets.A }}"
    assert file.data[found.start : found.end] == b"twine upload -p ${{ secrets.A }} x"


def test_publishes() -> None:
    text = "on: push\njobs:\n  a:\n    steps:\n      - run: npm publish\n  b:\n    steps:\n      - run: npm publish --dry-run\n  c:\n    steps:\n      - run: npm test\n"
    workflow = read_workflow(file := _file(text))
    again = file.view(read_workflow)
    assert workflow is not None
    assert again is not None
    assert [(job.name, publishes(job)) for job in again.jobs] == [("a", True), ("b", False), ("c", False)]


def test_images_by_input() -> None:
    action = "      - uses: docker/build-push-action@v6\n        with: {%s}\n"
    assert [len(_steps(action % text)) for text in ("push: true", "push: false", "load: true", "push: '${{ x }}'", "outputs: 'type=registry'", "")] == [
        1,
        0,
        0,
        1,
        1,
        0,
    ]


def test_pipelines() -> None:
    (found,) = publications(_file("a:\n  script:\n    - twine upload -p $PYPI x\n", ".gitlab-ci.yml"))
    assert (found.place, found.credential.kind, found.credential.name) == ("a", "token", "$PYPI")
    (image,) = publications(_file("version: 2.1\njobs:\n  b:\n    steps:\n      - run: docker push x\n", ".circleci/config.yml"))
    assert (image.kind, image.place) == ("image", "b")


def test_composite_actions() -> None:
    (found,) = publications(_file("runs:\n  using: composite\n  steps:\n    - run: npm publish\n      shell: bash\n", "action.yml"))
    assert (found.kind, found.job) == ("npm", None)


@pytest.mark.parametrize(
    ("script", "kinds"),
    [
        ("sha256sum x > y", ["checksum"]),
        ("sha256sum -c y", []),
        ("shasum -a 256 --check y", []),
        ("gpg --armor --detach-sign x", ["signature"]),
        ("gpg --verify x.asc", []),
        ("gpg --import x", []),
        ("cosign sign --yes x", ["signature"]),
        ("cosign verify x", []),
        ("codesign --sign x App.app", ["code-signature"]),
        ("make checksums", ["signature"]),
        ("make design", []),
        ("./scripts/verify-checksums.sh", []),
    ],
)
def test_proofs(script: str, kinds: list[str]) -> None:
    lines = f"      - run: {script}\n"
    assert [found.kind for found in proofs(_file(_HEAD + lines + "      - run: docker push x\n"))] == kinds


@pytest.mark.parametrize(
    ("condition", "on_pull_request", "on_push"),
    [
        ("github.event_name == 'push'", NEVER, ALWAYS),
        ("github.event_name != 'pull_request'", NEVER, ALWAYS),
        ("startsWith(github.ref, 'refs/tags/')", NEVER, NEVER),
        ("startsWith(github.ref, 'refs/heads/')", NEVER, ALWAYS),
        ("startsWith(github.ref, 'refs/heads/release')", NEVER, NEVER),
        ("github.ref == 'refs/heads/main'", NEVER, NEVER),
        ("github.ref != 'refs/heads/main'", ALWAYS, ALWAYS),
        ("github.ref_type == 'tag'", NEVER, NEVER),
        ("!startsWith(github.ref, 'refs/tags/')", ALWAYS, ALWAYS),
        ("github.repository == 'a/b'", POSSIBLE, POSSIBLE),
        ("github.repository == 'a/b' && github.event_name == 'release'", NEVER, NEVER),
        ("success() || github.event_name == 'release'", ALWAYS, ALWAYS),
        ("steps.x.outputs.y == 'true'", GUARDED, GUARDED),
        ("contains(github.event.head_commit.message, 'release')", GUARDED, GUARDED),
        ("inputs.publish", NEVER, NEVER),
        ("!inputs.dry", ALWAYS, ALWAYS),
        ("inputs.publish == 'true'", NEVER, NEVER),
        ("github.event.pull_request.merged == true", GUARDED, NEVER),
        ("github.event_name == 'pull_request' && github.head_ref == 'release'", GUARDED, NEVER),
        ("needs.a.result == 'success'", POSSIBLE, POSSIBLE),
        ("contains(fromJSON('[\"push\"]'), github.event_name)", NEVER, ALWAYS),
        ("failure()", NEVER, NEVER),
        ("true", ALWAYS, ALWAYS),
        ("false", NEVER, NEVER),
    ],
)
def test_conditions(condition: str, on_pull_request: int, on_push: int) -> None:
    tree = parse_expression(condition)
    assert tree is not None
    assert (evaluate(tree, _PULL_REQUEST), evaluate(tree, _PUSH)) == (on_pull_request, on_push)


_PIECES = st.sampled_from(
    [
        _HEAD, "      - run: npm publish\n", "      - run: |\n          twine upload -p $A x\n", "        env: {A: '${{ env.A }}'}\n", "      - uses: docker/build-push-action@v6\n",
        "        with: {push: true}\n", "    if: '${{'\n", "&a ", "*a ", "<<: ", "'", '"', "${{ secrets.", "}}", "\\\n", "`", "$(", "    needs: [a]\n", "\x00", "- ", ": ", "{", "[",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=30), st.sampled_from([".github/workflows/x.yml", "action.yml", ".gitlab-ci.yml", ".circleci/config.yml"]))
def test_any_text_is_read(pieces: list[str], path: str) -> None:
    file, quick = (_file("".join(pieces), path) for _ in range(2))
    quick.thorough = False
    for rule in check.rules:
        hits = list(rule.run(file))
        assert all(0 <= hit.start <= hit.end <= len(file.data) for hit in hits)
        if not rule.pedantic:  # what is left out in a quick run are pedantic cases
            assert [hit for hit in rule.run(quick) if not hit.pedantic] == [hit for hit in hits if not hit.pedantic]


@pytest.mark.parametrize(
    "text",
    [
        _HEAD + "      - run: |\n" + "          export A=$A; twine upload $A\n" * 5000,
        _HEAD + "      - run: twine upload x\n        env: {TWINE_PASSWORD: '${{ env.A }}', A: '${{ env.A }}'}\n" * 3000,
        _HEAD + "      - run: twine upload -p ${{ " + "secrets [" * 50000 + "\n",
        _HEAD + "      - run: twine upload " + "${A" * 50000 + "\n",
        _HEAD + "      - run: |\n" + "          cd a\n" * 2000 + "          npm publish\n" * 200,
        "on: push\njobs:\n" + "".join(f"  j{n}:\n    needs: [j{n - 1}, j{n - 2}]\n    steps: [{{run: uv publish}}]\n" for n in range(1500)),
        _HEAD + "      - run: |\n" + "          $env:A = $env:A `\n            twine upload $env:A\n" * 3000 + "        shell: pwsh\n",
        "on: push\njobs:\n  a: &j\n    steps:\n" + "      - run: npm publish\n" * 50 + "".join(f"  b{n}: *j\n" for n in range(1000)),
    ],
    ids=range(8),
)
def test_linear(text: str) -> None:
    file = _file(text)
    start = time.process_time()
    for rule in check.rules:
        list(rule.run(file))
    assert time.process_time() - start < 2


def test_scripts_of_package_json_that_start_each_other(tmp_path: Path) -> None:
    scripts = {f"s{n}": f"npm run s{(n + 1) % 30} && npm run s{n}" for n in range(30)} | {"ship": "npm publish"}
    make_repository(tmp_path, {"package.json": json.dumps({"scripts": scripts}).encode(), "a/package.json": b'{"scripts": 1}'})
    text = _HEAD + "      - run: %s\n        env: {NPM_TOKEN: '${{ secrets.A }}'}\n"
    found = [
        [entry.tool for entry in publications(Source(".github/workflows/x.yml", (text % script).encode(), Repository(str(tmp_path))))]
        for script in ("npm run s0", "yarn ship", "cd a && pnpm ship", "npm run ../ship", "pnpm install", "npm ship")
    ]
    assert found == [[], ["npm publish, by the script ship"], [], [], [], []]


def test_publishes_by_way_of_the_repository(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/action.yml": b"runs:\n  using: composite\n  steps:\n    - run: npm publish\n      shell: bash\n",
            ".github/workflows/called.yml": b"on: workflow_call\njobs:\n  a:\n    steps:\n      - run: cargo publish\n",
        },
    )
    text = "on: push\njobs:\n  a:\n    steps:\n      - uses: ./a\n  b:\n    uses: ./.github/workflows/called.yml\n  c:\n    uses: ./../../x.yml\n  d:\n    steps: [{uses: ./b}]\n"
    make_repository(tmp_path, {"x": b""})
    workflow = Source(".github/workflows/x.yml", text.encode(), Repository(str(tmp_path))).view(read_workflow)
    assert workflow is not None
    assert [publishes(job) for job in workflow.jobs] == [True, True, False, False]
