"""What an sdist and a wheel hold. The expectations were recorded from real builds of these trees.

hatchling 1.33.0, setuptools 84.2.1, setuptools-scm 10.3.4, flit-core 4.2.0, uv-build 0.13.6, pdm-backend 2.5.0 and poetry-core 2.5.0: the files in
both archives were matched with those on disk by their content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from agent_security_hooks.parse.ignore import IgnoreRules
from agent_security_hooks.parse.publish import ManifestError, shipped
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence


class Case(NamedTuple):
    name: str
    backend: str
    settings: str
    files: str
    texts: dict[str, str] | None
    """content of files; None: not even a .gitignore"""
    ships: str
    """the files that ship, or "all but" and those that do not; pyproject.toml goes without saying"""


class Repo:
    """A repository in memory: what git does not ignore is tracked, but for untracked.txt."""

    def __init__(self, content: dict[str, str]) -> None:
        self.content = content
        self.files = list(content)
        rules = [(path.rpartition("/")[0], text) for path, text in content.items() if path.rpartition("/")[2] == ".gitignore"]
        self.rules = IgnoreRules(rules)
        self.tracked = frozenset(path for path in content if not self.rules.ignored(path) and path != "untracked.txt")

    def read(self, path: str) -> bytes | None:
        return self.content[path].encode("utf-8", "surrogatepass") if path in self.content else None

    def git_ignored(self, paths: Sequence[str]) -> set[str]:
        return {path for path in paths if self.rules.ignored(path)}


REQUIRES = {
    "hatch": ("hatchling.build", "hatchling"),
    "setuptools": ("setuptools.build_meta", "setuptools"),
    "scm": ("setuptools.build_meta", 'setuptools", "setuptools_scm[toml]>=8'),
    "flit": ("flit_core.buildapi", "flit_core"),
    "uv": ("uv_build", "uv_build>=0.13,<0.14"),
    "pdm": ("pdm.backend", "pdm-backend"),
    "poetry": ("poetry.core.masonry.api", "poetry-core"),
}
PROJECT = '[project]\nname = "demo-pkg"\nversion = "1.0"\n'
IGNORE = ".env\n.env.*\n*.pem\n__pycache__/\n/dist/\n.venv/\nbuild/\n"


def pyproject(backend: str, rest: str) -> str:
    module, requires = REQUIRES[backend]
    return f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{module}"\n{rest}'


def content_of(case: Case) -> dict[str, str]:
    ignore = {} if case.texts is None else {".gitignore": IGNORE}
    content = {path: path for path in case.files.split()}
    return {**content, **ignore, **(case.texts or {}), "pyproject.toml": pyproject(case.backend, case.settings)}


def ships(content: dict[str, str]) -> list[str]:
    return [file.path for file in shipped(Repo(content), "pyproject.toml")]


# fmt: off
BASE = (
    "demo_pkg/__init__.py demo_pkg/a.py demo_pkg/data.json demo_pkg/.env demo_pkg/sub/__init__.py demo_pkg/sub/x.py "
    "demo_pkg/sub/key.pem demo_pkg/assets/logo.png demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/__pycache__/a.pyc .env .env.local "
    "README.md LICENSE NOTICE.txt tests/test_a.py tests/data/.env docs/index.md scripts/run.sh credentials.json untracked.txt "
    "dist/old.whl .venv/pyvenv.cfg build/lib/x.py .mcp.json .claude/settings.local.json notes/todo.txt"
)
SRC = (
    "src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/data.json src/demo_pkg/.env src/demo_pkg/sub/__init__.py "
    "src/demo_pkg/sub/x.py src/demo_pkg/sub/key.pem src/demo_pkg/assets/logo.png src/demo_pkg/py.typed src/demo_pkg/stub.pyi "
    "src/demo_pkg/__pycache__/a.pyc .env .env.local README.md LICENSE NOTICE.txt tests/test_a.py tests/data/.env docs/index.md "
    "scripts/run.sh credentials.json untracked.txt dist/old.whl .venv/pyvenv.cfg build/lib/x.py .mcp.json "
    ".claude/settings.local.json notes/todo.txt"
)
ONE = (
    "demo_pkg/__init__.py demo_pkg/a.py demo_pkg/data.json demo_pkg/.env demo_pkg/sub/__init__.py demo_pkg/sub/x.py "
    "demo_pkg/sub/key.pem demo_pkg/assets/logo.png demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/__pycache__/a.pyc .env .env.local "
    "README.md LICENSE NOTICE.txt tests/test_a.py tests/data/.env docs/index.md scripts/run.sh credentials.json untracked.txt "
    "dist/old.whl .venv/pyvenv.cfg build/lib/x.py .mcp.json .claude/settings.local.json"
)
CASES = (
    Case("hatch-flat", "hatch", PROJECT, BASE, {},
         "all but .env .env.local .venv/pyvenv.cfg build/lib/x.py demo_pkg/.env demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem "
         "dist/old.whl tests/data/.env"),
    Case("hatch-src", "hatch", PROJECT, SRC, {},
         "all but .env .env.local .venv/pyvenv.cfg build/lib/x.py dist/old.whl src/demo_pkg/.env src/demo_pkg/__pycache__/a.pyc "
         "src/demo_pkg/sub/key.pem tests/data/.env"),
    Case("hatch-nogi", "hatch", PROJECT, BASE, None,
         "all but .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc dist/old.whl"),
    Case("hatch-ignorevcs", "hatch", PROJECT + "[tool.hatch.build]\nignore-vcs = true\n", SRC, {},
         "all but .venv/pyvenv.cfg dist/old.whl src/demo_pkg/__pycache__/a.pyc"),
    Case("hatch-include", "hatch",
         PROJECT + '[tool.hatch.build.targets.sdist]\ninclude = ["/demo_pkg", "*.md", ".env"]\nexclude = ["*.json"]\n',
         BASE, {},
         ".gitignore LICENSE NOTICE.txt README.md demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py docs/index.md"),
    Case("hatch-only", "hatch", PROJECT + '[tool.hatch.build.targets.sdist]\nonly-include = ["demo_pkg", ".env"]\n', BASE, {},
         ".env .gitignore LICENSE NOTICE.txt demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py"),
    Case("hatch-packages", "hatch",
         PROJECT + '[tool.hatch.build.targets.wheel]\npackages = ["src/demo_pkg"]\n[tool.hatch.build.targets.sdist]\nexclude = ["/docs", "/tests"]\n',
         SRC, {},
         "all but .env .env.local .venv/pyvenv.cfg build/lib/x.py dist/old.whl docs/index.md src/demo_pkg/.env "
         "src/demo_pkg/__pycache__/a.pyc src/demo_pkg/sub/key.pem tests/data/.env tests/test_a.py"),
    Case("hatch-force", "hatch",
         PROJECT + '[tool.hatch.build.targets.wheel.force-include]\n".env" = "demo_pkg/env"\n"dist" = "demo_pkg/dist"\n',
         BASE, {},
         "all but .env.local .venv/pyvenv.cfg build/lib/x.py demo_pkg/.env demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem "
         "tests/data/.env"),
    Case("hatch-artifacts", "hatch", PROJECT + '[tool.hatch.build]\nartifacts = ["*.pem"]\n', BASE, {},
         "all but .env .env.local .venv/pyvenv.cfg build/lib/x.py demo_pkg/.env demo_pkg/__pycache__/a.pyc dist/old.whl "
         "tests/data/.env"),
    Case("hatch-negated", "hatch", PROJECT, BASE, {".gitignore": "demo_pkg/sub/\n!demo_pkg/sub/x.py\n*.local\n"},
         "all but .env.local .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc demo_pkg/sub/__init__.py demo_pkg/sub/key.pem dist/old.whl"),
    Case("hatch-star", "hatch", PROJECT, BASE, {".gitignore": "*\n!demo_pkg\n!demo_pkg/**\n"},
         "all but .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc dist/old.whl"),
    Case("hatch-nested-gi", "hatch", PROJECT, BASE + " demo_pkg/.gitignore", {"demo_pkg/.gitignore": "data.json\n"},
         "all but .env .env.local .venv/pyvenv.cfg build/lib/x.py demo_pkg/.env demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem "
         "dist/old.whl tests/data/.env"),
    Case("hatch-shared", "hatch",
         PROJECT + '[tool.hatch.build.targets.wheel.shared-data]\n"docs" = "share/docs"\n[tool.hatch.build.targets.sdist]\nonly-include=["demo_pkg"]\n',
         BASE, {},
         ".gitignore LICENSE NOTICE.txt demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py docs/index.md"),
    Case("hatch-anchor", "hatch", PROJECT, BASE, {".gitignore": "/.env\nsub\n*.tmp\ntests/*\n!tests/data\n"},
         "all but .env .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc demo_pkg/sub/__init__.py demo_pkg/sub/key.pem demo_pkg/sub/x.py "
         "dist/old.whl tests/test_a.py"),
    Case("hatch-bom", "hatch", PROJECT, BASE, {".gitignore": "\ufeff.env\n*.pem\n"},
         "all but .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem dist/old.whl"),
    Case("hatch-readme", "hatch", PROJECT + 'readme = "README.md"\n', BASE, {".gitignore": "README.md\nLICENSE\n"},
         "all but .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc dist/old.whl"),
    Case("hatch-onlypkgs", "hatch", PROJECT + "[tool.hatch.build.targets.sdist]\nonly-packages = true\n", BASE, {},
         ".gitignore LICENSE NOTICE.txt demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py"),
    Case("setup-flat", "setuptools", PROJECT, ONE, {},
         "LICENSE NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/py.typed demo_pkg/stub.pyi "
         "demo_pkg/sub/__init__.py demo_pkg/sub/x.py tests/test_a.py"),
    Case("setup-src", "setuptools", PROJECT, SRC, {},
         "LICENSE NOTICE.txt README.md build/lib/x.py src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/py.typed "
         "src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/x.py tests/test_a.py"),
    Case("setup-manifest", "setuptools",
         PROJECT,
         ONE + " MANIFEST.in", {"MANIFEST.in": "include .env\nrecursive-include demo_pkg *.json *.pem\ngraft docs\nprune tests\nglobal-exclude *.local\n"},
         ".env LICENSE MANIFEST.in NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/key.pem demo_pkg/sub/x.py docs/index.md"),
    Case("setup-manifest2", "setuptools",
         PROJECT,
         SRC + " MANIFEST.in", {"MANIFEST.in": "recursive-include src *\nglobal-include *.md \\\n *.sh\nexclude README.md\nrecursive-exclude src *.png\n"},
         "all but .claude/settings.local.json .env .env.local .gitignore .mcp.json .venv/pyvenv.cfg README.md credentials.json "
         "dist/old.whl notes/todo.txt src/demo_pkg/assets/logo.png tests/data/.env untracked.txt"),
    Case("setup-manifest3", "setuptools",
         PROJECT,
         ONE + " MANIFEST.in", {"MANIFEST.in": "global-include *\nprune .venv\nglobal-exclude __pycache__/*\nglobal-exclude *.pem\n"},
         "all but .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem"),
    Case("setup-pkgdata", "setuptools",
         PROJECT + '[tool.setuptools.package-data]\n"*" = ["*.json"]\ndemo_pkg = ["*", "assets/*"]\n[tool.setuptools]\npackages = ["demo_pkg", "demo_pkg.sub"]\n',
         BASE, {},
         "LICENSE NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png "
         "demo_pkg/data.json demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py tests/test_a.py"),
    Case("setup-find", "setuptools", PROJECT + '[tool.setuptools.packages.find]\nwhere = ["src"]\nnamespaces = false\n', SRC, {},
         "LICENSE NOTICE.txt README.md build/lib/x.py src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/py.typed "
         "src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/x.py tests/test_a.py"),
    Case("setup-list", "setuptools",
         PROJECT + '[tool.setuptools]\npackages = ["demo_pkg"]\ninclude-package-data = false\n[tool.setuptools.exclude-package-data]\ndemo_pkg=["*.pyi"]\n',
         BASE, {},
         "LICENSE NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/py.typed tests/test_a.py"),
    Case("setup-cfg", "setuptools",
         "",
         BASE + " setup.cfg", {"setup.cfg": "[metadata]\nname = demo-pkg\nversion = 1.0\nlong_description = file: docs/index.md\n[options]\npackages = find:\ninclude_package_data = True\n[options.package_data]\ndemo_pkg = *.json\n"},
         "LICENSE NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/data.json demo_pkg/py.typed "
         "demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py docs/index.md setup.cfg tests/test_a.py"),
    Case("setup-py", "setuptools",
         "",
         BASE + " setup.py", {"setup.py": "from setuptools import setup, find_packages\nsetup(name='demo-pkg', version='1.0', packages=find_packages(exclude=['tests*']), package_data={'demo_pkg': ['data.json', 'sub/*.pem']})\n"},
         "LICENSE NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/data.json demo_pkg/py.typed "
         "demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/key.pem demo_pkg/sub/x.py setup.py tests/test_a.py"),
    Case("setup-datafiles", "setuptools",
         PROJECT + '[tool.setuptools]\npackages=["demo_pkg"]\n[tool.setuptools.data-files]\n"share/x" = ["docs/*.md", "credentials.json"]\n',
         BASE, {},
         "LICENSE NOTICE.txt README.md build/lib/x.py credentials.json demo_pkg/__init__.py demo_pkg/a.py demo_pkg/py.typed "
         "demo_pkg/stub.pyi docs/index.md tests/test_a.py"),
    Case("setup-module", "setuptools", PROJECT, "one.py README.rst .env conftest.py", {},
         "README.rst one.py"),
    Case("setup-dynamic", "setuptools",
         '[project]\nname = "demo-pkg"\ndynamic = ["version"]\nreadme = "docs/index.md"\nlicense-files = ["LICENSE", "scripts/*.sh"]\n[tool.setuptools.dynamic]\nversion = {file = ["VERSION"]}\n[tool.setuptools]\npackages=["demo_pkg"]\n',
         BASE + " VERSION", {"VERSION": "1.2\n"},
         "LICENSE README.md VERSION build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/py.typed demo_pkg/stub.pyi "
         "docs/index.md scripts/run.sh tests/test_a.py"),
    Case("scm-flat", "scm", PROJECT + '[tool.setuptools]\npackages=["demo_pkg"]\n', BASE, {},
         "all but .env .env.local .venv/pyvenv.cfg demo_pkg/.env demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem dist/old.whl "
         "tests/data/.env untracked.txt"),
    Case("scm-src", "scm", '[project]\nname = "demo-pkg"\ndynamic = ["version"]\n[tool.setuptools_scm]\n', SRC, {},
         "all but .env .env.local .venv/pyvenv.cfg dist/old.whl src/demo_pkg/.env src/demo_pkg/__pycache__/a.pyc "
         "src/demo_pkg/sub/key.pem tests/data/.env untracked.txt"),
    Case("scm-manifest", "scm", PROJECT, SRC + " MANIFEST.in", {"MANIFEST.in": "prune tests\nglobal-exclude *.json\n"},
         "all but .claude/settings.local.json .env .env.local .mcp.json .venv/pyvenv.cfg credentials.json dist/old.whl "
         "src/demo_pkg/.env src/demo_pkg/__pycache__/a.pyc src/demo_pkg/data.json src/demo_pkg/sub/key.pem tests/data/.env "
         "tests/test_a.py untracked.txt"),
    Case("flit-flat", "flit", PROJECT + 'description="x"\n', BASE, {},
         "LICENSE NOTICE.txt demo_pkg/.env demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/key.pem demo_pkg/sub/x.py"),
    Case("flit-src", "flit",
         PROJECT + 'description="x"\nreadme="README.md"\n[tool.flit.sdist]\ninclude = ["docs/", "scripts/*.sh", ".env", "**/*.txt"]\nexclude = ["docs/*.md", "src/demo_pkg/assets"]\n',
         SRC, {},
         "all but .claude/settings.local.json .env.local .gitignore .mcp.json .venv/pyvenv.cfg build/lib/x.py credentials.json "
         "dist/old.whl docs/index.md src/demo_pkg/__pycache__/a.pyc tests/data/.env tests/test_a.py"),
    Case("flit-data", "flit",
         PROJECT + 'description="x"\n[tool.flit.external-data]\ndirectory = "docs"\n[tool.flit.module]\nname = "demo_pkg"\n',
         BASE, {},
         "LICENSE NOTICE.txt demo_pkg/.env demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json "
         "demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/key.pem demo_pkg/sub/x.py docs/index.md"),
    Case("flit-single", "flit", PROJECT + 'description="x"\n', "demo_pkg.py .env LICENSE", {},
         "LICENSE demo_pkg.py"),
    Case("uv-src", "uv", PROJECT, SRC, {},
         "src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png src/demo_pkg/data.json "
         "src/demo_pkg/py.typed src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py"),
    Case("uv-flat", "uv",
         PROJECT + '[tool.uv.build-backend]\nmodule-root = ""\nsource-include = ["docs/**", ".env", "tests/*.py", "notes"]\nsource-exclude = ["*.json", "/demo_pkg/assets"]\n',
         BASE, {},
         ".env demo_pkg/.env demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/py.typed demo_pkg/stub.pyi "
         "demo_pkg/sub/__init__.py demo_pkg/sub/key.pem demo_pkg/sub/x.py docs/index.md tests/test_a.py"),
    Case("uv-data", "uv",
         PROJECT + 'readme="README.md"\nlicense = "MIT"\nlicense-files=["LICENSE"]\n[tool.uv.build-backend]\nwheel-exclude = ["*.pem"]\n[tool.uv.build-backend.data]\ndata = "docs"\nscripts = "scripts"\n',
         SRC, {},
         "all but .claude/settings.local.json .env .env.local .gitignore .mcp.json .venv/pyvenv.cfg NOTICE.txt build/lib/x.py "
         "credentials.json dist/old.whl notes/todo.txt src/demo_pkg/__pycache__/a.pyc tests/data/.env tests/test_a.py untracked.txt"),
    Case("uv-nodefault", "uv",
         PROJECT + '[tool.uv.build-backend]\ndefault-excludes = false\nsource-exclude=["tests", "sub/*.py"]\n',
         SRC, {},
         "src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/__pycache__/a.pyc src/demo_pkg/a.py src/demo_pkg/assets/logo.png "
         "src/demo_pkg/data.json src/demo_pkg/py.typed src/demo_pkg/stub.pyi src/demo_pkg/sub/key.pem"),
    Case("uv-ns", "uv",
         PROJECT + '[tool.uv.build-backend]\nmodule-name="demo_pkg.sub"\n',
         SRC.replace("src/demo_pkg/__init__.py ", ""), {},
         "src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py"),
    Case("pdm-flat", "pdm", PROJECT, BASE, {},
         "all but .claude/settings.local.json .env .env.local .gitignore .mcp.json .venv/pyvenv.cfg README.md build/lib/x.py "
         "credentials.json demo_pkg/__pycache__/a.pyc dist/old.whl docs/index.md notes/todo.txt scripts/run.sh untracked.txt"),
    Case("pdm-src", "pdm", PROJECT, SRC, {},
         "all but .claude/settings.local.json .env .env.local .gitignore .mcp.json .venv/pyvenv.cfg README.md build/lib/x.py "
         "credentials.json dist/old.whl docs/index.md notes/todo.txt scripts/run.sh src/demo_pkg/__pycache__/a.pyc untracked.txt"),
    Case("pdm-inc", "pdm",
         PROJECT + '[tool.pdm.build]\nincludes = ["demo_pkg", "docs/*.md", ".env"]\nexcludes = ["demo_pkg/sub", "**/*.json"]\nsource-includes = ["scripts", "notes/"]\n',
         BASE, {},
         ".env LICENSE NOTICE.txt demo_pkg/.env demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/py.typed "
         "demo_pkg/stub.pyi docs/index.md notes/todo.txt scripts/run.sh"),
    Case("pdm-glob", "pdm",
         PROJECT + '[tool.pdm.build]\nincludes = ["src/**/*.py", "src/demo_pkg/sub/*"]\n[tool.pdm.build.wheel-data]\ndata = ["docs/*"]\nscripts = [{path = "scripts/*.sh", relative-to = "."}]\n',
         SRC, {},
         "LICENSE NOTICE.txt docs/index.md scripts/run.sh src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/sub/__init__.py "
         "src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py tests/data/.env tests/test_a.py"),
    Case("pdm-module", "pdm", PROJECT, "demo_pkg.py .env LICENSE other.py", {},
         "LICENSE demo_pkg.py other.py"),
    Case("poetry-flat", "poetry", PROJECT, BASE, {},
         "LICENSE NOTICE.txt demo_pkg/__init__.py demo_pkg/a.py demo_pkg/assets/logo.png demo_pkg/data.json demo_pkg/py.typed "
         "demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py"),
    Case("poetry-src", "poetry", PROJECT + 'readme = "README.md"\n', SRC, {},
         "LICENSE NOTICE.txt README.md src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png "
         "src/demo_pkg/data.json src/demo_pkg/py.typed src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/x.py"),
    Case("poetry-inc", "poetry",
         PROJECT + '[tool.poetry]\ninclude = ["docs", ".env", {path="credentials.json", format=["sdist","wheel"]}, "notes/*.txt"]\nexclude = ["demo_pkg/assets", "**/*.json"]\n',
         BASE, {},
         ".env LICENSE NOTICE.txt credentials.json demo_pkg/__init__.py demo_pkg/a.py demo_pkg/py.typed demo_pkg/stub.pyi "
         "demo_pkg/sub/__init__.py demo_pkg/sub/x.py docs/index.md notes/todo.txt"),
    Case("poetry-pk", "poetry",
         PROJECT + '[tool.poetry]\npackages = [{include="demo_pkg", from="src"}, {include="tests", format="sdist"}]\ninclude=["src/demo_pkg/sub/*.pem"]\n',
         SRC, {},
         "LICENSE NOTICE.txt src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png src/demo_pkg/data.json "
         "src/demo_pkg/py.typed src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py "
         "tests/test_a.py"),
    Case("poetry-old", "poetry",
         '[tool.poetry]\nname="demo-pkg"\nversion="1.0"\ndescription=""\nauthors=[]\nreadme=["README.md","docs/index.md"]\npackages=[{include="demo_pkg/**/*.py"}]\n',
         BASE, {},
         "LICENSE NOTICE.txt README.md demo_pkg/__init__.py demo_pkg/a.py demo_pkg/sub/__init__.py demo_pkg/sub/x.py docs/index.md"),
    Case("uv-ex2", "uv",
         PROJECT + '[tool.uv.build-backend]\nsource-exclude = ["/src/demo_pkg/assets", "/src/demo_pkg/data.json", "demo_pkg/sub/*.pem"]\n',
         SRC, {},
         "src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png src/demo_pkg/py.typed "
         "src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/x.py"),
    Case("uv-ex3", "uv",
         PROJECT + '[tool.uv.build-backend]\nsource-exclude = ["/demo_pkg/assets", "src/demo_pkg/data.json", "src/*/sub/x.py", "/demo_pkg/a.py"]\n',
         SRC, {},
         "src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png src/demo_pkg/py.typed "
         "src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem"),
    Case("uv-nsall", "uv", PROJECT + "[tool.uv.build-backend]\nnamespace=true\n", SRC.replace("src/demo_pkg/__init__.py ", ""), {},
         "src/demo_pkg/.env src/demo_pkg/a.py src/demo_pkg/assets/logo.png src/demo_pkg/data.json src/demo_pkg/py.typed "
         "src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py"),
    Case("uv-list", "uv",
         PROJECT + '[tool.uv.build-backend]\nmodule-name=["demo_pkg","other"]\n',
         SRC + " src/other/__init__.py src/third/__init__.py", {},
         "src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png src/demo_pkg/data.json "
         "src/demo_pkg/py.typed src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py "
         "src/other/__init__.py"),
    Case("hatch-toml", "hatch", PROJECT, BASE + " hatch.toml", {"hatch.toml": '[build.targets.sdist]\nexclude=["docs"]\n'},
         "all but .env .env.local .venv/pyvenv.cfg build/lib/x.py demo_pkg/.env demo_pkg/__pycache__/a.pyc demo_pkg/sub/key.pem "
         "dist/old.whl docs/index.md tests/data/.env"),
    Case("hatch-nomatch", "hatch",
         PROJECT + '[tool.hatch.build.targets.sdist]\nexclude=["x*"]\n',
         "other/__init__.py .env x.txt LICENSE", {".gitignore": ".env\n"},
         "all but .env x.txt"),
    Case("hatch-dirglob", "hatch", PROJECT, BASE, {".gitignore": "docs/*\n!docs/index.md\ntests/**\n**/assets/\nscripts\n"},
         "all but .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc demo_pkg/assets/logo.png dist/old.whl scripts/run.sh tests/data/.env "
         "tests/test_a.py"),
    Case("setup-explicit", "setuptools",
         PROJECT + '[tool.setuptools]\npackage-dir = {demo = "lib/demo"}\n',
         "lib/demo/__init__.py lib/demo/data.txt lib/demo/sub/m.py .env", {},
         "lib/demo/__init__.py lib/demo/sub/m.py"),
    Case("setup-egg", "setuptools",
         PROJECT,
         ONE + " demo_pkg.egg-info/SOURCES.txt", {"demo_pkg.egg-info/SOURCES.txt": "credentials.json\n.env\ndemo_pkg/a.py\n"},
         ".env LICENSE NOTICE.txt README.md build/lib/x.py credentials.json demo_pkg.egg-info/SOURCES.txt demo_pkg/__init__.py "
         "demo_pkg/a.py demo_pkg/py.typed demo_pkg/stub.pyi demo_pkg/sub/__init__.py demo_pkg/sub/x.py tests/test_a.py"),
    Case("setup-tests", "setuptools",
         PROJECT,
         ONE + " test/test_b.py test/helper.py setup.py", {"setup.py": "from setuptools import setup\nif __name__ == '__main__':\n    setup()\n"},
         "LICENSE NOTICE.txt README.md build/lib/x.py demo_pkg/__init__.py demo_pkg/a.py demo_pkg/py.typed demo_pkg/stub.pyi "
         "demo_pkg/sub/__init__.py demo_pkg/sub/x.py setup.py test/test_b.py tests/test_a.py"),
    Case("setup-src2", "setuptools",
         PROJECT,
         "src/demo_pkg/__init__.py src/demo_pkg/x/y.py src/mod.py src/demo_pkg/x/data.bin .env MANIFEST.in", {"MANIFEST.in": "# c\ninclude *.txt .e*  # tail\nrecursive-include src/demo_pkg *.bin\n"},
         "all but .gitignore"),
    Case("poetry-nogit-ex", "poetry",
         PROJECT + '[tool.poetry]\ninclude=[{path="src/demo_pkg/.env"}, {path="docs/**", format="wheel"}]\nexclude=["src/demo_pkg/sub"]\n',
         SRC, {},
         "LICENSE NOTICE.txt docs/index.md src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py "
         "src/demo_pkg/assets/logo.png src/demo_pkg/data.json src/demo_pkg/py.typed src/demo_pkg/stub.pyi"),
    Case("flit-inc", "flit",
         PROJECT + 'description="x"\n[tool.flit.sdist]\ninclude = ["*", "tests/**"]\nexclude=["untr*.txt","demo_pkg/sub"]\n',
         BASE, {},
         "all but .claude/settings.local.json .env .env.local .gitignore .mcp.json .venv/pyvenv.cfg demo_pkg/__pycache__/a.pyc "
         "untracked.txt"),
    Case("pdm-merge", "pdm",
         PROJECT + '[tool.pdm.build]\nincludes = ["demo_pkg/", "docs"]\nexcludes = ["demo_pkg", "docs/*"]\npackage-dir = "."\n',
         BASE, {},
         "LICENSE NOTICE.txt tests/data/.env tests/test_a.py"),
    Case("pdm-custom", "pdm",
         PROJECT + 'readme="README.md"\nlicense-files=["NOTICE*"]\n[tool.pdm.build]\nexcludes=["tests"]\n',
         SRC + " pdm_build.py", {"pdm_build.py": ""},
         "NOTICE.txt README.md pdm_build.py src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py "
         "src/demo_pkg/assets/logo.png src/demo_pkg/data.json src/demo_pkg/py.typed src/demo_pkg/stub.pyi "
         "src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py"),
    Case("scm-old", "scm", '[project]\nname = "demo-pkg"\ndynamic = ["version"]\n[tool.setuptools_scm]\n', SRC, {},
         "all but .env .env.local .venv/pyvenv.cfg dist/old.whl src/demo_pkg/.env src/demo_pkg/__pycache__/a.pyc "
         "src/demo_pkg/sub/key.pem tests/data/.env untracked.txt"),
    Case("uv-ex4", "uv",
         PROJECT + '[tool.uv.build-backend]\nsource-exclude = ["/docs/in", "/docs/b.md", "/src/demo_pkg/assets", "/src/demo_pkg/sub"]\nwheel-exclude=["*.png"]\n[tool.uv.build-backend.data]\ndata = "docs"\n',
         SRC + " docs/in/a.md docs/b.md docs/in/c.txt", {},
         "docs/index.md src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/data.json src/demo_pkg/py.typed "
         "src/demo_pkg/stub.pyi src/demo_pkg/sub/__init__.py src/demo_pkg/sub/key.pem src/demo_pkg/sub/x.py"),
    Case("uv-ex5", "uv",
         PROJECT + '[tool.uv.build-backend]\nsource-exclude = ["in", "sub", "b.md"]\n[tool.uv.build-backend.data]\ndata = "docs"\n',
         SRC + " docs/in/a.md docs/b.md docs/in/c.txt", {},
         "docs/index.md src/demo_pkg/.env src/demo_pkg/__init__.py src/demo_pkg/a.py src/demo_pkg/assets/logo.png "
         "src/demo_pkg/data.json src/demo_pkg/py.typed src/demo_pkg/stub.pyi"),
)
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ships(case: Case) -> None:
    content = content_of(case)
    named = set(case.ships.removeprefix("all but").split())
    expected = set(content) - named if case.ships.startswith("all but") else {*named, "pyproject.toml"}
    assert ships(content) == sorted(expected)


@pytest.mark.parametrize(
    ("backend", "rest", "files", "path", "why"),
    [
        (
            "hatch",
            PROJECT,
            BASE,
            "untracked.txt",
            "in the sdist: hatchling takes every file that the .gitignore of the project does not name",
        ),
        ("hatch", PROJECT, BASE, "LICENSE", "hatchling always adds it to the sdist"),
        ("scm", PROJECT, SRC, ".mcp.json", "tracked by git: a plugin in build-system.requires puts every tracked file into the sdist"),
        ("flit", PROJECT, BASE, "demo_pkg/.env", "flit takes every file of the module, also what git ignores"),
        ("uv", PROJECT, SRC, "src/demo_pkg/.env", "uv_build takes every file of the module, also what git ignores"),
        ("pdm", PROJECT, SRC, "tests/data/.env", 'matched by "source-includes" of pdm-backend, which takes "tests" by default'),
        ("poetry", PROJECT, SRC, "src/demo_pkg/a.py", "in the sdist: poetry takes every file of the package that git does not ignore"),
    ],
)
def test_says_why(backend: str, rest: str, files: str, path: str, why: str) -> None:
    found = shipped(Repo(content_of(Case("", backend, rest, files, {}, ""))), "pyproject.toml")
    assert why in [file.why for file in found if file.path == path]


def test_manifest_in_says_why() -> None:
    content = content_of(Case("", "setuptools", PROJECT, SRC, {"MANIFEST.in": "recursive-include src *"}, ""))
    found = {file.path: file.why for file in shipped(Repo(content), "pyproject.toml")}
    assert found["src/demo_pkg/.env"] == 'matched by "recursive-include" in MANIFEST.in'


@pytest.mark.parametrize(
    "document",
    [
        "[tool.ruff]\nline-length = 100",
        "",
        pyproject("uv", PROJECT + "[tool.uv]\npackage = false"),
        pyproject("poetry", "[tool.poetry]\npackage-mode = false"),
        pyproject("hatch", PROJECT + 'classifiers = ["Private :: Do Not Upload"]'),
    ],
)
def test_is_not_published(document: str) -> None:
    assert ships({"pyproject.toml": document, ".env": ""}) == []


@pytest.mark.parametrize(
    ("document", "files", "expected"),
    [
        ("[project]\nname = 'one'", "one.py README.md .env", "README.md one.py"),  # no [build-system] means setuptools
        ("[tool.x]", "setup.py one.py", "one.py setup.py"),
        ("[tool.poetry]\nname = 'one'", "one.py .env", "one.py"),
        ("[build-system]\nrequires = []", "one.py .env", "one.py"),
    ],
)
def test_backend_that_nobody_names(document: str, files: str, expected: str) -> None:
    assert ships({"pyproject.toml": document, **dict.fromkeys(files.split(), "")}) == sorted(["pyproject.toml", *expected.split()])


@pytest.mark.parametrize(
    "script",
    [
        "setup(packages=['demo_pkg'], package_data={'': ['*.json', '.env']}, data_files=[('x', ['credentials.json']), 'untracked.txt'])",
        (
            "import setuptools\nif __name__ == '__main__':\n    setuptools.setup(packages=['demo_pkg'], package_data={'demo_pkg': ['.env', 'data.json'], 5: 6},"
            " data_files=[('x', ['credentials.json', 'untracked.txt'])], py_modules=None, name=compute())"
        ),
    ],
)
def test_literal_arguments_of_setup_py(script: str) -> None:
    found = ships(content_of(Case("", "setuptools", "", BASE, {"setup.py": script}, "")))
    assert {"demo_pkg/.env", "demo_pkg/data.json", "credentials.json", "untracked.txt"} <= set(found)
    assert "demo_pkg/sub/x.py" not in found


def test_setup_py_is_not_run(tmp_path: object) -> None:
    script = f"open({str(tmp_path) + '/ran'!r}, 'w')\nraise SystemExit(3)\nsetup(packages=[])"
    assert "setup.py" in ships(content_of(Case("", "setuptools", PROJECT, BASE, {"setup.py": script}, "")))


@pytest.mark.parametrize(
    "document",
    [
        "a",
        "\ud800",
        "a." * 10_000 + "b = 1",
        "a = " + "[" * 50_000,
        "[[build-system]]",
        "[build-system]\nbuild-backend = 5",
        '[build-system]\nbuild-backend = "maturin"',
        "[tool]\npoetry = 5",
        "[project]\nname = 'a'\nclassifiers = 5",
        "[project]\nname = 'a'\n[tool.setuptools]\npackages = [1]",
        "[project]\nname = 'a'\n[tool.setuptools]\npackages = {find = {where = 5}}",
        pyproject("hatch", PROJECT + "[tool.hatch]\nbuild = 5"),
        pyproject("hatch", PROJECT + "[tool.hatch.build]\nexclude = [" + "'a'," * 2000 + "]"),
        pyproject("poetry", PROJECT + "[tool.poetry]\ninclude = [{path = 5}]"),
        pyproject("poetry", PROJECT + "[tool.poetry]\ninclude = 5"),
        pyproject("poetry", PROJECT + "[tool.poetry]\ninclude = [{path = 'a', format = 5}]"),
        pyproject("pdm", PROJECT + "[tool.pdm.build]\npackage-dir = 5"),
        pyproject("uv", PROJECT + "[tool.uv.build-backend]\ndata = 5"),
        pyproject("flit", PROJECT + "[tool.flit]\nsdist = 5"),
    ],
)
def test_refuses(document: str) -> None:
    with pytest.raises(ManifestError) as error:
        ships({"pyproject.toml": document, ".env": ""})
    assert len(str(error.value)) < 90


def test_refuses_a_missing_manifest_and_a_broken_setup_cfg() -> None:
    with pytest.raises(ManifestError):
        ships({})
    with pytest.raises(ManifestError):
        ships(content_of(Case("", "setuptools", PROJECT, BASE, {"setup.cfg": "options"}, "")))


@pytest.mark.parametrize("backend", REQUIRES)
@pytest.mark.parametrize(
    "rest",
    [
        PROJECT + "readme = '/etc/passwd'\nlicense-files = ['../*', '/*']",
        PROJECT + "readme = 5\nlicense = 5\ndynamic = 5",
        "[project]\nname = '../../x'",
        PROJECT + "[tool.setuptools]\npackage-dir = {'' = '..'}\npackages = ['..', '/a', '']",
        PROJECT + "[tool.hatch.build]\nforce-include = {'../../etc' = 'x'}\nonly-include = ['../', '/']",
        PROJECT + "[tool.pdm.build]\nincludes = ['" + "*a" * 5000 + "', '../**']\nexcludes = ['**/" + "*" * 5000 + "b']",
        PROJECT + "[tool.uv.build-backend]\nmodule-root = '../..'\nmodule-name = ['..']",
        PROJECT + "[tool.flit.module]\nname = '...'",
        PROJECT + "[tool.poetry]\npackages = [{include = '../..', from = '/'}]\nreadme = ['../x']",
    ],
)
def test_never_leaves_the_tree(backend: str, rest: str) -> None:
    content = content_of(Case("", backend, rest, BASE, {}, ""))
    assert set(ships(content)) <= set(content)


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="'\\\r\n\t", exclude_categories=["Cc"]), max_size=12)
_LINES = st.lists(st.sampled_from(["include", "exclude", "graft", "prune", "global-include", "recursive-exclude", "*", "src", "**", "[", "#"]) | _TEXT)


@settings(deadline=None)
@given(st.sampled_from(sorted(REQUIRES)), st.lists(_TEXT, max_size=4), _LINES)
def test_any_pattern_gives_an_answer(backend: str, patterns: list[str], words: list[str]) -> None:
    items = "[" + ", ".join(f"'{pattern}'" for pattern in patterns) + "]"
    tables = ("hatch.build", "pdm.build", "uv.build-backend", "flit.sdist", "poetry", "setuptools")
    keys = "includes excludes source-includes source-exclude source-include include exclude only-include artifacts packages"
    rest = PROJECT + "".join(f"[tool.{table}]\n" + "".join(f"{key} = {items}\n" for key in keys.split()) for table in tables)
    content = content_of(Case("", backend, rest, BASE, {"MANIFEST.in": " ".join(words), ".gitignore": "\n".join(patterns)}, ""))
    assert set(ships(content)) <= set(content)
