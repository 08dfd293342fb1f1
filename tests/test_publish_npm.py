"""What npm would pack. Every expectation was recorded from `npm pack`, and is compared with it again where npm is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from agent_security_hooks.parse.publish import ManifestError, Shipped, shipped
from agent_security_hooks.parse.publish.minimatch import TooComplex, expand_braces, parse_pattern
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Case(NamedTuple):
    name: str
    manifest: dict[str, Any]
    files: str
    texts: dict[str, str]
    ships: str


class Disk:
    """A tree in memory, outside of any repository."""

    tracked = None

    def __init__(self, content: dict[str, str]) -> None:
        self.content = content
        self.files = list(content)

    def read(self, path: str) -> bytes | None:
        return self.content[path].encode("utf-8", "surrogatepass") if path in self.content else None

    def git_ignored(self, paths: Sequence[str]) -> set[str]:
        return set(paths[:0])


def content_of(case: Case) -> dict[str, str]:
    manifest = {"name": "p", "version": "1.0.0", **case.manifest}
    return {**{path: path for path in case.files.split()}, **case.texts, "package.json": json.dumps(manifest)}


def ships(content: dict[str, str], **options: Any) -> list[str]:
    return [file.path for file in shipped(Disk(content), "package.json", **options)]


# fmt: off
STD = (
    "index.js src/a.js src/a.test.js src/b/c.js dist/index.js dist/index.js.map dist/.env .env .env.local README.md LICENSE "
    "package-lock.json test/t.js test/.env .npmrc .claude/settings.local.json .mcp.json"
)
JUNK = (
    "index.js .git/config .svn/x CVS/r src/CVS/r .hg/h .DS_Store src/.DS_Store ._a src/._b a.orig src/b.orig .a.swp a.swp "
    "npm-debug.log .lock-wscript .wafpickle-3 build/config.gypi build/o.js archived-packages/x node_modules/d/i.js "
    "src/node_modules/d/i.js .npmrc src/.npmrc yarn.lock src/yarn.lock pnpm-lock.yaml bun.lockb bun.lock npm-shrinkwrap.json "
    "package-lock.json src/package-lock.json"
)
META = (
    "README readme.md README.txt README~ README.md~ license LICENSE.txt LICENCE Licence.md COPYING copying.txt NOTICE CHANGELOG.md "
    "docs/README.md docs/LICENSE index.js"
)
NM = (
    "index.js node_modules/dep/package.json node_modules/dep/i.js node_modules/dep/.env node_modules/dep/.npmignore "
    "node_modules/dep/test/x.js node_modules/dep/node_modules/in/package.json node_modules/dep/node_modules/in/i.js "
    "node_modules/other/package.json node_modules/other/o.js node_modules/@s/p/package.json node_modules/@s/p/p.js "
    "node_modules/free/package.json node_modules/free/f.js"
)
DEPS = {
    "node_modules/dep/package.json": '{"name": "dep", "version": "1.0.0", "dependencies": {"in": "*", "other": "*"}}',
    "node_modules/dep/node_modules/in/package.json": '{"name": "in", "version": "1.0.0"}',
    "node_modules/other/package.json": '{"name": "other", "version": "1.0.0", "files": ["nope"]}',
    "node_modules/@s/p/package.json": '{"name": "@s/p", "version": "1.0.0"}',
    "node_modules/free/package.json": '{"name": "free", "version": "1.0.0"}',
    "node_modules/dep/.npmignore": "test\n",
}
CASES = (
    Case("no files, no ignore file", {}, STD, {},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("gitignore is the fallback", {}, STD, {".gitignore": ".env*\n*.map\n/test\n"},
         ".claude/settings.local.json .mcp.json LICENSE README.md dist/index.js index.js src/a.js src/a.test.js src/b/c.js"),
    Case("npmignore switches gitignore off", {}, STD, {".gitignore": ".env*\n", ".npmignore": "test\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js src/b/c.js"),
    Case("an empty npmignore too", {}, STD, {".gitignore": ".env*\n", ".npmignore": ""},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("files switches both off", {"files": ["dist"]}, STD, {".gitignore": "dist\n.env\n", ".npmignore": "dist\n"},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files, directory with slash", {"files": ["dist/"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files, ./ in front", {"files": ["./dist", "./src/a.js"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map src/a.js"),
    Case("files, / in front", {"files": ["/dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files, /* becomes /**", {"files": ["src/*"]}, STD, {},
         "LICENSE README.md src/a.js src/a.test.js src/b/c.js"),
    Case("files, one extension", {"files": ["dist/*.js"]}, STD, {},
         "LICENSE README.md dist/index.js"),
    Case("files, any depth", {"files": ["**/*.js"]}, STD, {},
         "LICENSE README.md dist/index.js index.js src/a.js src/a.test.js src/b/c.js test/t.js"),
    Case("files, star", {"files": ["*"]}, STD, {},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("files, double star", {"files": ["**"]}, STD, {},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("files, dot file by name", {"files": ["dist", ".env"]}, STD, {},
         ".env LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files, negated pattern", {"files": ["src", "!**/*.test.js"]}, STD, {},
         "LICENSE README.md src/a.js src/b/c.js"),
    Case("files, negated directory", {"files": ["**/*.js", "!src"]}, STD, {},
         "LICENSE README.md dist/index.js index.js test/t.js"),
    Case("files, negated file that exists", {"files": ["dist", "!dist/.env"]}, STD, {},
         "LICENSE README.md dist/index.js dist/index.js.map"),
    Case("files, negated file by glob", {"files": ["dist", "!dist/.env*"]}, STD, {},
         "LICENSE README.md dist/index.js dist/index.js.map"),
    Case("files, order matters", {"files": ["!src/b", "src"]}, STD, {},
         "LICENSE README.md src/a.js src/a.test.js src/b/c.js"),
    Case("files, braces", {"files": ["{src,dist}/**/*.{js,map}"]}, STD, {},
         "LICENSE README.md dist/index.js dist/index.js.map src/a.js src/a.test.js src/b/c.js"),
    Case("files, extended globs", {"files": ["src/!(*.test).js", "+(dist)/*.map"]}, STD, {},
         "LICENSE README.md dist/index.js.map src/a.js"),
    Case("files, letter case", {"files": ["DIST"]}, STD, {},
         "LICENSE README.md"),
    Case("files, empty list", {"files": []}, STD, {},
         "LICENSE README.md"),
    Case("files, empty entry", {"files": [""]}, STD, {},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("files, dot", {"files": ["."]}, STD, {},
         "LICENSE README.md"),
    Case("files, nothing matches", {"files": ["lib"]}, STD, {},
         "LICENSE README.md"),
    Case("files, parent", {"files": ["../x", "dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files, a text instead of a list", {"files": "src"}, "s r c src/a.js index.js", {},
         "c r s"),
    Case("files cannot hold back the always-in", {"files": ["dist", "!README.md", "!package.json", "!LICENSE"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files cannot add the always-out", {"files": ["dist", "package-lock.json", ".npmrc", "node_modules"]},
         STD + " node_modules/d/i.js",
         {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("files and an npmignore below", {"files": ["src"]}, STD + " src/.npmignore", {"src_.x": "", "src/.npmignore": "*.test.js\n"},
         "LICENSE README.md src/a.js src/b/c.js"),
    Case("files and a gitignore below", {"files": ["dist"]}, STD, {"dist/.gitignore": ".env\n"},
         "LICENSE README.md dist/index.js dist/index.js.map"),
    Case("files and an ignore file in a pattern", {"files": ["src/**"]}, STD, {"src/b/.npmignore": "*\n"},
         "LICENSE README.md src/a.js src/a.test.js"),
    Case("main outside files", {"main": "src/b/c.js", "files": ["dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map src/b/c.js"),
    Case("main without extension", {"main": "src/a", "files": ["dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map"),
    Case("main is ignored", {"main": "dist/index.js"}, STD, {".npmignore": "dist\nsrc\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "test/.env test/t.js"),
    Case("bin as text", {"bin": "./test/t.js", "files": ["dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map test/t.js"),
    Case("bin as table", {"bin": {"x": "src/a.js", "y": "../dist/index.js"}, "files": ["nope"]}, STD, {},
         "LICENSE README.md dist/index.js src/a.js"),
    Case("directories.bin", {"directories": {"bin": "src"}, "files": ["dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map src/a.js src/a.test.js src/b/c.js"),
    Case("browser as text", {"browser": "src/a.js", "files": ["dist"]}, STD, {},
         "LICENSE README.md dist/.env dist/index.js dist/index.js.map src/a.js"),
    Case("browser as table", {"browser": {"./a": "./b"}, "files": ["dist"]}, STD + " b o z", {},
         "LICENSE README.md b dist/.env dist/index.js dist/index.js.map o"),
    Case("always out", {}, JUNK, {},
         "a.swp build/o.js bun.lock index.js npm-shrinkwrap.json src/node_modules/d/i.js src/package-lock.json src/yarn.lock"),
    Case("always out, with files star", {"files": ["*"]}, JUNK, {},
         ".DS_Store ._a .a.swp .hg/h .lock-wscript .svn/x .wafpickle-3 CVS/r a.orig a.swp archived-packages/x build/config.gypi "
         "build/o.js bun.lock index.js npm-debug.log npm-shrinkwrap.json src/node_modules/d/i.js src/package-lock.json src/yarn.lock"),
    Case("always out, negated by npmignore", {}, JUNK, {".npmignore": "!.npmrc\n!package-lock.json\n!.DS_Store\n!*.orig\n!node_modules\n"},
         ".DS_Store a.orig a.swp build/o.js bun.lock index.js npm-shrinkwrap.json src/node_modules/d/i.js src/package-lock.json "
         "src/yarn.lock"),
    Case("always in", {"files": ["nope"]}, META, {},
         "COPYING LICENCE LICENSE.txt Licence.md README README.txt copying.txt license readme.md"),
    Case("always in, though ignored", {}, META, {".npmignore": "*\n"},
         "COPYING LICENCE LICENSE.txt Licence.md README README.txt copying.txt license readme.md"),
    Case("nested npmignore", {}, STD, {"src/.npmignore": "b\n*.test.js\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js test/.env test/t.js"),
    Case("nested gitignore", {}, STD, {"dist/.gitignore": ".env\n", "test/.gitignore": "*\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/index.js dist/index.js.map index.js src/a.js "
         "src/a.test.js src/b/c.js"),
    Case("nested npmignore beats nested gitignore", {}, STD, {"dist/.gitignore": "*\n", "dist/.npmignore": ".env\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/index.js dist/index.js.map index.js src/a.js "
         "src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("root gitignore, nested npmignore re-includes", {}, STD, {".gitignore": ".env\n", "dist/.npmignore": "!.env\n"},
         ".claude/settings.local.json .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js src/a.js "
         "src/a.test.js src/b/c.js test/t.js"),
    Case("re-inclusion below an excluded directory", {}, STD, {".npmignore": "dist\n!dist/.env\nsrc/**\n!src/b\n!src/b/**\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/b/c.js test/.env test/t.js"),
    Case("excluded by star, some brought back", {}, STD, {".npmignore": "*\n!src\n!src/**\n!dist/index.js\n"},
         "LICENSE README.md dist/index.js src/a.js src/a.test.js src/b/c.js"),
    Case("star slash", {}, STD, {".npmignore": "/*/\n!/src/\n"},
         ".env .env.local .mcp.json LICENSE README.md index.js src/a.js src/a.test.js src/b/c.js"),
    Case("comments, blanks, CRLF, BOM", {}, STD, {".npmignore": "\ufeff.env\r\n# src\r\n\r\n  test  \r\n\\#x\r\n"},
         ".claude/settings.local.json .env.local .mcp.json LICENSE README.md dist/index.js dist/index.js.map index.js src/a.js "
         "src/a.test.js src/b/c.js"),
    Case("letter case of ignore files", {}, STD, {".npmignore": "SRC\n.ENV\n"},
         ".claude/settings.local.json .env.local .mcp.json LICENSE README.md dist/index.js dist/index.js.map index.js test/t.js"),
    Case("ignore by extension at any depth", {}, STD, {".npmignore": "*.js\n!a.js\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js.map src/a.js test/.env"),
    Case("ignore with a leading slash", {}, STD, {".npmignore": "/.env\n/index.js\n/*.md\n"},
         ".claude/settings.local.json .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map src/a.js "
         "src/a.test.js src/b/c.js test/.env test/t.js"),
    Case("ignore with a middle slash", {}, STD, {".npmignore": "src/b\ntest/*\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env dist/index.js dist/index.js.map index.js "
         "src/a.js src/a.test.js"),
    Case("ignore with double star", {}, STD, {".npmignore": "**/.env\nsrc/**/c.js\n**/*.map\n"},
         ".claude/settings.local.json .env.local .mcp.json LICENSE README.md dist/index.js index.js src/a.js src/a.test.js test/t.js"),
    Case("ignore classes and questions", {}, STD, {".npmignore": "[st]rc\ndis?/*.[jm]*\n"},
         ".claude/settings.local.json .env .env.local .mcp.json LICENSE README.md dist/.env index.js test/.env test/t.js"),
    Case("ignore braces", {}, STD, {".npmignore": "{src,test}/**\n.env{,.local}\n"},
         ".claude/settings.local.json .mcp.json LICENSE README.md dist/index.js dist/index.js.map index.js"),
    Case("node_modules without bundling", {"dependencies": {"dep": "*", "@s/p": "*"}}, NM, DEPS,
         "index.js"),
    Case("bundled dependency with its own", {"dependencies": {"dep": "*", "@s/p": "*"}, "bundleDependencies": ["dep"]}, NM, DEPS,
         "index.js node_modules/dep/.env node_modules/dep/.npmignore node_modules/dep/i.js node_modules/dep/node_modules/in/i.js "
         "node_modules/dep/node_modules/in/package.json node_modules/dep/package.json node_modules/dep/test/x.js "
         "node_modules/other/package.json"),
    Case("bundled, scoped, other spelling", {"dependencies": {"dep": "*", "@s/p": "*"}, "bundledDependencies": ["@s/p"]}, NM, DEPS,
         "index.js node_modules/@s/p/p.js node_modules/@s/p/package.json"),
    Case("bundled, all", {"dependencies": {"dep": "*", "@s/p": "*"}, "bundleDependencies": True}, NM, DEPS,
         "index.js node_modules/@s/p/p.js node_modules/@s/p/package.json node_modules/dep/.env node_modules/dep/.npmignore "
         "node_modules/dep/i.js node_modules/dep/node_modules/in/i.js node_modules/dep/node_modules/in/package.json "
         "node_modules/dep/package.json node_modules/dep/test/x.js node_modules/other/package.json"),
    Case("bundled but not a dependency", {"dependencies": {"dep": "*", "@s/p": "*"}, "bundleDependencies": ["free", "missing"]}, NM, DEPS,
         "index.js"),
    Case("bundled but for development", {"dependencies": {"dep": "*", "@s/p": "*"}, "devDependencies": {"dep": "*"}, "bundleDependencies": ["dep"]},
         NM,
         DEPS,
         "index.js"),
    Case("bundled and files", {"dependencies": {"dep": "*", "@s/p": "*"}, "bundleDependencies": ["dep"], "files": ["index.js"]}, NM, DEPS,
         "index.js node_modules/dep/.env node_modules/dep/.npmignore node_modules/dep/i.js node_modules/dep/node_modules/in/i.js "
         "node_modules/dep/node_modules/in/package.json node_modules/dep/package.json node_modules/dep/test/x.js "
         "node_modules/other/package.json"),
    Case("root of a workspace", {"workspaces": ["packages/*"]},
         "index.js packages/a/package.json packages/a/x.js packages/a/.env src/package.json src/name src/.env",
         {"packages/a/package.json": '{"name": "a", "version": "1.0.0", "files": ["x.js"]}', "src/package.json": '{\n"name": "s",\n"version": "1.0.0"\n}', "src/.npmignore": ".env\n"},
         "index.js packages/a/.env packages/a/package.json packages/a/x.js src/.env src/name src/package.json"),
    Case("names that are special", {}, "index.js @x/y.js a*b.js [a].js {b}.js !c.js #d.js .e/f.js", {".npmignore": "\\[a].js\n\\!c.js\n"},
         "#d.js .e/f.js @x/y.js index.js {b}.js"),
)
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ships(case: Case) -> None:
    assert ships(content_of(case)) == sorted(["package.json", *case.ships.split()])


def test_agrees_with_npm(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    environment = {
        **os.environ,
        "npm_config_cache": str(tmp_path / "cache"),
        "npm_config_userconfig": os.devnull,
        "npm_config_offline": "true",
    }
    if int(subprocess.run([npm, "--version"], capture_output=True, check=True, env=environment).stdout.split(b".")[0]) < 11:
        pytest.skip("the model is of npm 11")
    names = [f"./{index}" for index in range(len(CASES))]
    for name, case in zip(names, CASES, strict=True):
        for path, text in content_of(case).items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
    command = [npm, "pack", "--dry-run", "--json", "--ignore-scripts", *names]
    packed = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, env=environment).stdout)
    packed = list(packed.values()) if isinstance(packed, dict) else packed
    for case, result in zip(CASES, packed, strict=True):
        assert ships(content_of(case)) == sorted(os.path.normpath(file["path"]) for file in result["files"]), case.name


@pytest.mark.parametrize(
    ("manifest", "texts", "path", "why"),
    [
        ({"files": ["dist"]}, {}, "dist/.env", 'matched by "files": ["dist"] in package.json'),
        ({"files": ["src", "dist/.e*"]}, {}, "dist/.env", 'matched by "files": ["dist/.e*"] in package.json'),
        ({"files": ["**/*\x1b[31m", "dist"]}, {}, "dist/.env", 'matched by "files": ["dist"] in package.json'),
        ({"files": ["nope"]}, {}, "README.md", "npm always packs it: package.json, README, LICENSE, main and bin"),
        ({}, {}, ".env", 'package.json has no "files", and there is no .npmignore'),
        ({}, {".gitignore": ""}, ".env", 'not excluded by .gitignore; package.json has no "files", and there is no .npmignore'),
        ({}, {".npmignore": ""}, ".env", "not excluded by .npmignore"),
        ({}, {".npmignore": "", ".gitignore": ".env"}, ".env", "not excluded by .npmignore, which switches .gitignore off"),
    ],
)
def test_says_why(manifest: dict[str, Any], texts: dict[str, str], path: str, why: str) -> None:
    content = content_of(Case("", manifest, STD, texts, ""))
    assert Shipped(path, why) in shipped(Disk(content), "package.json")


@pytest.mark.parametrize(
    "manifest",
    [
        '{"name": "p", "version": "1.0.0", "private": true}',
        '{"name": "p", "version": "1.0.0", "private": "no"}',
        '{"name": "p"}',
        '{"version": "1.0.0"}',
        '{"name": 1, "version": "1.0.0"}',
        "{}",
    ],
)
def test_is_not_published(manifest: str) -> None:
    assert ships({"package.json": manifest, ".env": ""}) == []


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "null",
        "{",
        "\ud800",
        '{"a": NaN}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        '{"name": "p", "version": "1", "files": 5}',
        '{"name": "p", "version": "1", "files": {"a": 1}}',
        '{"name": "p", "version": "1", "files": [null]}',
        '{"name": "p", "version": "1", "main": ["a"]}',
        '{"name": "p", "version": "1", "files": ["' + "{a,b}" * 100 + '"]}',
        '{"name": "p", "version": "1", "files": ["{1..999999999}"]}',
        '{"name": "p", "version": "1", "files": ["' + "a" * 70_000 + '"]}',
    ],
)
def test_refuses(manifest: str) -> None:
    with pytest.raises(ManifestError) as error:
        ships({"package.json": manifest, "a.js": ""})
    assert len(str(error.value)) < 80


def test_refuses_a_missing_manifest_and_too_deep_trees() -> None:
    with pytest.raises(ManifestError):
        ships({})
    with pytest.raises(ManifestError):
        ships({"package.json": '{"name": "p", "version": "1"}', "a/" * 200 + "b": ""})
    with pytest.raises(ValueError, match="manifest"):
        shipped(Disk({}), "setup.py")


@pytest.mark.parametrize(
    "manifest",
    [
        {"bin": {"a": 5, "": "x", "b": []}, "directories": 5, "bundleDependencies": 5, "dependencies": []},
        {"bundleDependencies": True, "dependencies": {"../..": "", "a/../..": "", "": 1, "\0": 1}},
        {"files": ["{" * 30_000]},
        {"files": ["!(" * 3000]},
        {"files": ["*(a" * 30 + ")" * 30]},
        {"files": ["[" + "a" * 60_000]},
        {"files": ["*a" * 10_000]},
        {"files": ["**/" * 10_000]},
        {"files": ["\ud800*"]},
        {"workspaces": 5},
        {"workspaces": ["[", "{a,b", "**", 5]},
    ],
)
def test_survives(manifest: dict[str, Any]) -> None:
    assert "package.json" in ships(content_of(Case("", manifest, STD, {}, "")))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["dist", "!src", "*", "**/*.js", ".env"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
_KEYS = "files main bin browser directories bundleDependencies bundledDependencies dependencies workspaces private".split()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES), st.text(max_size=40))
def test_any_manifest_gives_an_answer_or_a_reason(manifest: dict[str, Any], ignore: str) -> None:
    content = content_of(Case("", manifest, STD, {".npmignore": ignore}, ""))
    try:
        found = ships(content)
    except ManifestError:
        return
    assert set(found) <= set(content)


def test_a_member_of_a_workspace_obeys_the_ignore_files_above_it() -> None:
    content = content_of(Case("", {}, STD, {}, ""))
    assert ".env" in ships(content)
    assert not {".env", "dist/.env"}.intersection(ships(content, outer_ignores=["node_modules\n.env\n"]))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a{b,c}d", ["abd", "acd"]),
        ("a{b,}c", ["abc", "ac"]),
        ("a{b,{c,d}e}f", ["abf", "acef", "adef"]),
        ("{a,b}{1..3}", ["a1", "a2", "a3", "b1", "b2", "b3"]),
        ("{01..03}", ["01", "02", "03"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{a..e..2}", ["a", "c", "e"]),
        ("a{b}c", ["a{b}c"]),
        ("a{b,c", ["a{b,c"]),
        ("{a,b{c,d}", ["{a,bc", "{a,bd"]),
        ("a{2..}b", ["a{2..}b"]),
        ("${a,b}", ["${a,b}"]),
        ("\\{a,b}", ["\\{a,b}"]),
        ("{a\\,b,c}", ["a,b", "c"]),
        ("{{a,b}}", ["{a}", "{b}"]),
        ("{}{a,b}", ["{}a", "{}b"]),
        ("{a},b}", ["a}", "b"]),
    ],
)
def test_braces(pattern: str, expected: list[str]) -> None:
    assert expand_braces(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("x!(a|b)c", "xc", True),
        ("x!(a|b)c", "xac", False),
        ("x!(a|b)c", "xdc", True),
        ("x!()", "xa", True),
        ("x!()", "x", False),
        ("@(a|b)", "b", True),
        ("?(a)b", "b", True),
        ("+(ab)", "abab", True),
        ("+(ab)", "", False),
        ("*(a|b)c", "abbac", True),
        ("@(a|@(b|c))d", "cd", True),
        ("+(a", "+(a", True),
        ("[a-c]", "B", True),
        ("[!a-c]", "b", False),
        ("[]a]", "]", True),
        ("[a", "[a", True),
        ("[c-a]", "b", False),
        ("[[:alpha:][:digit:]]", "7", True),
        ("[[:upper:]]", "a", True),
        ("[[:punct:]]", "!", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("*.js", "A.JS", True),
        ("??", "ab", True),
    ],
)
def test_segments(pattern: str, name: str, expected: bool) -> None:
    parsed = parse_pattern(pattern)
    assert parsed is not None
    assert any(alternative.fits_name(name.lower()) for alternative in parsed.alternatives) is expected


def test_too_many_alternatives() -> None:
    for pattern in ("{a,b}" * 13, "{1..5000}", "{a,{" * 20 + "b}" * 20, "a" * 70_000):
        with pytest.raises(TooComplex):
            parse_pattern(pattern)
