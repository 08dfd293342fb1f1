"""Every piece of shell in a file: its text, its language, and the exact place of each byte."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import HOOKS
from agent_security_hooks.parse.fragments import LIMIT, Fragment, may_hold_shell, read_fragments, shell_fragments
from agent_security_hooks.parse.fragments.kinds import family_of, interpreter
from agent_security_hooks.parse.fragments.pieces import is_masked, mask_expressions, rebase, split_words
from agent_security_hooks.parse.mapped import MappedText
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given, settings
from hypothesis import strategies as st
from support import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = tuple[str, str, str, list[str], str]


def fragments(name: str, content: str | bytes) -> list[Fragment]:
    """The fragments of one file, after a look at the place of each letter."""
    file = Source(name, content if isinstance(content, bytes) else content.encode(), Repository())
    found = list(file.view(shell_fragments))
    for fragment in found:
        for text in (fragment.text, *fragment.arguments):
            check_places(file.data, text)
    return found


def check_places(data: bytes, text: MappedText) -> None:
    """Each letter of a text is the letter at its place in the file, or what an escape that starts there says."""
    for position, byte in enumerate(text.data):
        if byte < 128 and chr(byte).isalpha():
            place = text.place(position)
            assert data[place] == byte or data[place : place + 1] == b"\\", (text.data[: position + 1], data[place : place + 20])


def rows(name: str, content: str | bytes) -> list[Row]:
    return [
        (
            found.language,
            found.place,
            found.scope,
            [argument.data.decode() for argument in found.arguments],
            "" if found.arguments else found.text.data.decode(),
        )
        for found in fragments(name, content)
    ]


def one(name: str, content: str | bytes) -> Fragment:
    found = fragments(name, content)
    assert len(found) == 1, found
    return found[0]


def texts(name: str, content: str | bytes) -> list[str]:
    return [found.text.data.decode() for found in fragments(name, content)]


# --- scripts

SCRIPTS = {
    ("install.sh", "curl x\n"): "sh",
    ("install.bash", "curl x\n"): "bash",
    ("a.ZSH", "curl x\n"): "zsh",
    ("a.ksh", "curl x\n"): "sh",
    ("a.bats", "@test 'x' { curl x; }\n"): "bash",
    ("a.sh", "#!/bin/bash\ncurl x\n"): "bash",
    ("a.sh", "#!/usr/bin/env python3\nprint(1)\n"): "python",
    ("bin/run", "#!/bin/sh\ncurl x\n"): "sh",
    ("bin/run", "#! /bin/sh -e\ncurl x\n"): "sh",
    ("bin/run", "#!/usr/bin/env bash\r\ncurl x\r\n"): "bash",
    ("bin/run", "#!/usr/bin/env -S bash -e\ncurl x\n"): "bash",
    ("bin/run", "#!/usr/bin/env -Sbash -e\ncurl x\n"): "bash",
    ("bin/run", "#!/usr/bin/env -u HOME A=b zsh\ncurl x\n"): "zsh",
    ("bin/run", "#!/bin/busybox ash\ncurl x\n"): "sh",
    ("bin/run", "#!/usr/bin/env nix-shell\n#! nix-shell -i bash -p curl\n"): "bash",
    ("bin/run", "#!/usr/local/bin/zsh-5.9\n"): "zsh",
    ("bin/run", "#!/usr/bin/env fish\n"): "other",
    ("bin/run.in", "#!/usr/bin/pwsh\n"): "powershell",
    ("home/.bashrc", "alias x=y\n"): "bash",
    ("zshrc", "alias x=y\n"): "zsh",
    (".profile", "umask 022\n"): "sh",
    (".envrc", "use flake\n"): "bash",
    ("a.ps1", "irm x | iex\n"): "powershell",
    ("m.psm1", "irm x | iex\n"): "powershell",
    ("a.bat", "curl x\n"): "cmd",
    ("a.cmd", "curl x\n"): "cmd",
    ("a.fish", "curl x | source\n"): "other",
}


@pytest.mark.parametrize(("name", "content"), SCRIPTS)
def test_a_script_is_one_fragment(name: str, content: str) -> None:
    assert rows(name, content) == [(SCRIPTS[name, content], "script", "file", [], content.replace("\r\n", "\n"))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", "import os\n"), ("bin/run", "#!/usr/bin/python3\n"), ("bin/run", "#!\n"), ("bin/run", "#!/usr/bin/env\n"), ("bin/run", "#!/usr/bin/env -S\n"),
        ("bin/run", "curl x | sh\n"), ("a.yml", "run: curl x\n"), ("x.json", '{"scripts": {"a": "b"}}'), ("", ""), ("Dockerfile.md", "RUN x\n"),
        ("bin/run", "#!/usr/bin/env nix-shell\n#! nix-shell -i\n"), ("Makefile.am", "all:\n\tx\n"),
    ],
)  # fmt: skip
def test_other_files_hold_none(name: str, content: str) -> None:
    if name.endswith("Dockerfile.md"):
        assert family_of(name, b"") == "markdown"
    else:
        assert not may_hold_shell(name, content.encode())
    assert fragments(name, content) == []


def test_the_program_of_a_first_line() -> None:
    assert interpreter(b"#!/usr/bin/env -C /tmp node") == "node"
    assert interpreter(b"#!/usr/bin/env --split-string=python3.12 -I") == "python"
    assert interpreter(b"#!" + b" " * 600 + b"sh") == ""


# --- Dockerfiles

DOCKERFILE = [
    ("RUN curl x \\\n  # why\n  | sh\n", [("sh", [], "curl x   | sh")]),
    ("RUN --mount=type=cache,target=/x --network=none curl x\n", [("sh", [], "curl x")]),
    ("RUN <<EOF\ncurl x\nEOF\n", [("sh", [], "curl x\n")]),
    ("RUN <<EOF\r\ncurl x\r\nEOF\r\n", [("sh", [], "curl x\n")]),
    ("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n", [("python", [], "#!/usr/bin/env python3\nprint(1)\n")]),
    ("RUN <<EOF bash\ncurl x\nEOF\n", [("bash", [], "curl x\n")]),
    ("RUN bash -e <<-'EOF'\n\tcurl x\n\tEOF\n", [("bash", [], "curl x\n")]),
    ("RUN /usr/bin/python3 <<EOF\nprint(1)\nEOF\n", [("python", [], "print(1)\n")]),
    ("RUN cat <<EOF > f\ncurl x\nEOF\n", [("sh", [], "cat <<EOF > f\ncurl x\nEOF\n")]),
    ("RUN node <<EOF\nfoo()\nEOF\n", [("sh", [], "node <<EOF\nfoo()\nEOF\n")]),
    ("RUN a <<A && b <<-B\nfoo\nA\n\tbar\n\tB\n", [("sh", [], "a <<A && b <<-B\nfoo\nA\nbar\nB\n")]),
    ("RUN cat <<EOF\ncurl x\n", [("sh", [], "cat <<EOF\ncurl x\n")]),
    ('RUN ["sh", "-c", "curl x | sh"]\n', [("other", ["sh", "-c", "curl x | sh"], "")]),
    ('RUN ["sh", "-c", "c\\u0075rl \\"x\\" | sh"]\n', [("other", ["sh", "-c", 'curl "x" | sh'], "")]),
    ('RUN ["sh", "-c", \\\n  "curl \\"x\\" \\\n| sh"]\n', [("other", ["sh", "-c", 'curl "x" | sh'], "")]),
    ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl x | tar x\n', [("bash", [], "curl x | tar x")]),
    ('SHELL ["powershell", "-Command"]\nRUN irm x | iex\n', [("powershell", [], "irm x | iex")]),
    ("CMD npm start\nENTRYPOINT exec x\n", [("sh", [], "npm start"), ("sh", [], "exec x")]),
    ('CMD ["npm", "start"]\n', [("other", ["npm", "start"], "")]),
    ("HEALTHCHECK --interval=3s CMD curl -f x || exit 1\nHEALTHCHECK NONE\n", [("sh", [], "curl -f x || exit 1")]),
    ('HEALTHCHECK CMD ["curl", "x"]\n', [("other", ["curl", "x"], "")]),
    ("ONBUILD RUN curl x\n", [("sh", [], "curl x")]),
    ("COPY <<EOF <<F /bin/\n#!/bin/bash\ncurl x\nEOF\ntext\nF\n", [("bash", [], "#!/bin/bash\ncurl x\n")]),
    ("COPY a b\nENV A=b\nRUN\nEXPOSE 80\n", []),
]


@pytest.mark.parametrize(("content", "expected"), DOCKERFILE)
def test_instructions_of_a_dockerfile(content: str, expected: list[tuple[str, list[str], str]]) -> None:
    assert rows("Dockerfile", f"FROM debian\n{content}") == [(language, "image", "stage:0", words, text) for language, words, text in expected]


def test_escape_directive_and_windows_images() -> None:
    content = "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN curl x `\n  -o C:\\x\n"
    assert rows("Dockerfile", content) == [("cmd", "image", "stage:0", [], "curl x   -o C:\\x")]


def test_stages_know_what_they_start_from() -> None:
    content = "ARG V=1\nFROM debian AS base\nARG V\nENV URL=https://x/$V\nWORKDIR /src\nRUN curl $URL -o ${OTHER}\nFROM base AS next\nWORKDIR sub\nRUN curl $URL\nFROM scratch\nRUN a\n"
    first, second, third = fragments("api.Dockerfile", content)
    assert (first.scope, first.after, first.directory, first.variables) == ("stage:0", "", "/src", (("URL", "https://x/1"),))
    assert (second.scope, second.after, second.directory, second.variables) == ("stage:1", "stage:0", "/src/sub", (("URL", "https://x/1"),))
    assert (third.scope, third.after, third.variables) == ("stage:2", "", ())


def test_instructions_without_a_stage() -> None:
    assert rows("Dockerfile.part", "RUN curl x\n") == [("sh", "image", "stage", [], "curl x")]


# --- workflows

WORKFLOW = """\
env: {A: b, SECRET: "${{ secrets.X }}"}
defaults:
  run: {working-directory: app}
jobs:
  build:
    runs-on: ubuntu-latest
    env: {C: d}
    steps:
    - uses: actions/checkout@v4
    - run: curl ${{ matrix.url }} | sh
      env: {A: e}
    - run: |
        curl ${{ format('}}{0}', x) }} \\
          | sh
      shell: sh -e {0}
      working-directory: ${{ matrix.dir }}
    - {run: "a\\nb", shell: python}
  windows:
    runs-on: [self-hosted, Windows]
    defaults: {run: {shell: pwsh}}
    steps:
    - run: irm x | iex
    - {run: dir, shell: cmd}
  mixed:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [ubuntu-latest, windows-2022]}}
    steps: [{run: curl x}]
  all-windows:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [windows-2019, windows-2022]}}
    steps: [{run: curl x}]
  retry:
    runs-on: {group: big, labels: windows-latest}
    steps:
    - uses: Nick-Fields/retry@v3
      with: {command: curl y}
  reusable:
    uses: ./.github/workflows/x.yml
"""


def test_steps_of_a_workflow() -> None:
    assert rows(".github/workflows/ci.yml", WORKFLOW) == [
        ("bash", "workflow", "job:build", [], "curl _________________ | sh"),
        ("sh", "workflow", "job:build", [], "curl _________________________ \\\n  | sh\n"),
        ("python", "workflow", "job:build", [], "a\nb"),
        ("powershell", "workflow", "job:windows", [], "irm x | iex"),
        ("cmd", "workflow", "job:windows", [], "dir"),
        ("bash", "workflow", "job:mixed", [], "curl x"),
        ("powershell", "workflow", "job:all-windows", [], "curl x"),
        ("bash", "workflow", "job:retry", [], "curl y"),
    ]
    first, second = fragments(".github/workflows/ci.yml", WORKFLOW)[:2]
    assert (first.variables, first.directory) == ((("A", "e"), ("C", "d")), "app")
    assert (second.variables, second.directory) == ((("A", "b"), ("C", "d")), "")
    assert is_masked(first.text.data.decode().split()[1])


def test_steps_of_an_action() -> None:
    content = "runs:\n  using: composite\n  steps:\n  - run: >\n      curl x\n      | sh\n    shell: sh\n  - run: a\n    shell: bash\n"
    assert rows(".github/workflows/action.yml", "jobs: {a: {steps: [{run: b}]}}") == [("bash", "workflow", "job:a", [], "b")]
    assert rows("setup/action.yaml", content) == [("sh", "workflow", "action", [], "curl x | sh\n"), ("bash", "workflow", "action", [], "a")]


@pytest.mark.parametrize(
    "content",
    ["", "jobs: x", "jobs: {a: b}", "jobs: {a: {steps: x}}", "jobs: {a: {steps: [x, {run: }, {run: [a]}]}}", "- a", "a: [", "jobs: {a: {runs-on: {}}}"],
)
def test_documents_of_another_form(content: str) -> None:
    for name in (".github/workflows/a.yml", "action.yml", ".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", ".travis.yml", "bitbucket-pipelines.yml",
                 "Taskfile.yml", ".pre-commit-config.yaml", "compose.yaml", "package.json", "composer.json", ".mcp.json", ".devcontainer.json", "a.ipynb"):  # fmt: skip
        assert fragments(name, content) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", '{"scripts": {"a": "curl x"}, "scripts": null, "scripts": {"b": "ls"}}'),
        (".mcp.json", '{"mcpServers": {"a": {"command": "curl", "args": ["x"]}}, "mcpServers": {"b": {"command": "ls"}}}'),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": "!curl x"}], "cells": [{"cell_type": "code", "source": "!ls"}], "cells": 1}'),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: curl x}]}}\n---\n# nothing\n---\njobs: {b: {steps: [{run: ls}]}}\n"),
    ],
)
def test_values_of_a_repeated_key_all_count(name: str, content: str) -> None:
    assert [fragment.text.data for fragment in fragments(name, content)] == [b"curl x", b"ls"]


def test_many_repeated_keys_are_read_in_linear_time() -> None:
    content = '{"scripts": {"a": "curl x"}' + ', "scripts": {"b": ""}' * 40_000 + "}"
    before = time.process_time()
    assert [fragment.text.data for fragment in fragments("package.json", content)] == [b"curl x"]
    assert time.process_time() - before < 10  # copying the values for each key takes minutes


def test_a_broken_document_says_so() -> None:
    content = "jobs:\n  a:\n    steps:\n    - run: curl x\n  b: [\n"
    file = Source(".github/workflows/a.yml", content.encode(), Repository())
    found = file.view(read_fragments)
    assert [fragment.text.data for fragment in found.fragments] == [b"curl x"]
    assert found.problem.startswith("not valid YAML")


def test_a_template_is_read_without_its_tags() -> None:
    content = "{% if x %}\njobs:\n  a:\n    steps:\n    - run: curl {{ url }} | sh\n{% endif %}\n"
    assert texts(".github/workflows/a.yml", content) == ["curl _________ | sh"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a ${{ x }} b", "a ________ b"),
        ("${{ 'a''b }}' }}c", "_" * 16 + "c"),
        ("${{ x", "${{ x"),
        ("${{ 'x }} ${{ y }}", "_________ ________"),
        ("${{a}}${{b}}", "____________"),
        ("$x {{ a }}", "$x {{ a }}"),
    ],
)
def test_expressions_are_masked(text: str, expected: str) -> None:
    assert mask_expressions(MappedText.cut(text.encode(), 0, len(text))).data.decode() == expected


# --- pipelines

GITLAB = """\
variables: {A: b}
default:
  before_script:
  - apt-get update
.template: &script
- a
- [b, c]
one:
  script: *script
two:
  variables: {A: c}
  tags: [Windows]
  before_script: [x]
  script:
  - !reference [.template, script]
  - iwr $[[ inputs.url ]] |
      iex
  after_script: cleanup
"""


def test_scripts_of_gitlab() -> None:
    assert rows("ci/build.gitlab-ci.yml", GITLAB) == [
        ("bash", "pipeline", "default:before_script", [], "apt-get update\n"),
        ("bash", "pipeline", "job:one", [], "a\nb\nc\n"),
        ("powershell", "pipeline", "job:two", [], "x\niwr _________________ | iex\n"),
        ("powershell", "pipeline", "job:two", [], "cleanup\n"),
    ]
    _, one_job, two, _ = fragments(".gitlab-ci.yml", GITLAB)
    assert (one_job.after, one_job.variables) == ("default:before_script", (("A", "b"),))
    assert (two.after, two.variables) == ("", (("A", "c"),))


CIRCLECI = """\
jobs:
  build:
    executor: win/default
    environment: {A: b}
    steps:
    - checkout
    - run: curl << parameters.url >> | sh
    - when:
        condition: x
        steps:
        - run: {command: curl x, shell: /bin/sh -e, working_directory: app}
commands:
  fetch:
    steps:
    - run: |
        cat <<EOF >> f
        EOF
orbs:
  mine:
    commands: {c: {steps: [{run: a}]}}
"""


def test_steps_of_circleci() -> None:
    assert rows(".circleci/config.yml", CIRCLECI) == [
        ("powershell", "pipeline", "job:build", [], "curl ____________________ | sh"),
        ("sh", "pipeline", "job:build", [], "curl x"),
        ("bash", "pipeline", "command:fetch", [], "cat <<EOF >> f\nEOF\n"),
        ("bash", "pipeline", "command:mine/c", [], "a"),
    ]
    assert fragments(".circleci/config.yml", CIRCLECI)[1].directory == "app"


AZURE = """\
stages:
- jobs:
  - pool: {vmImage: windows-latest}
    steps:
    - script: curl $(Build.SourcesDirectory)/x $(pwd)
    - bash: curl ${{ x }}
      workingDirectory: app
    - pwsh: irm x
    - task: Bash@3
      inputs: {script: a}
  - steps:
    - script: b
"""


def test_steps_of_azure() -> None:
    assert rows("azure-pipelines.yml", AZURE) == [
        ("cmd", "pipeline", "steps:5", [], "curl _________________________/x $(pwd)"),
        ("bash", "pipeline", "steps:5", [], "curl ________"),
        ("powershell", "pipeline", "steps:5", [], "irm x"),
        ("bash", "pipeline", "steps:5", [], "a"),
        ("bash", "pipeline", "steps:12", [], "b"),
    ]


def test_other_pipelines() -> None:
    travis = "install: a\nscript: [b, c]\nbefore_install: d\nmatrix:\n  include:\n  - script: e\ndeploy: {script: f}\n"
    assert rows(".travis.yml", travis) == [
        ("bash", "pipeline", "job:0", [], "d\n"),
        ("bash", "pipeline", "job:0", [], "a\n"),
        ("bash", "pipeline", "job:0", [], "b\nc\n"),
        ("bash", "pipeline", "job:0", [], "f\n"),
        ("bash", "pipeline", "job:1", [], "e\n"),
    ]
    bitbucket = "pipelines:\n  default:\n  - step:\n      script:\n      - a\n      - b\n      after-script: [c]\n"
    assert texts("bitbucket-pipelines.yml", bitbucket) == ["a\nb\n", "c\n"]


# --- make, just

MAKEFILE = """\
SHELL := /bin/bash -e
BASE = https://example.com
URL = $(BASE)/a.sh # comment
SELF = $(SELF)
V := $(shell curl $(URL))
X != wget y
$(OBJ:.c=.o): x
\t@-curl one
bin/tool: dep ; curl -o $@ $(URL)
\t@+chmod +x $@ && for i in $$X; do \\
\t  echo $$i $< $(call f,x); \\
\tdone

\t# comment
\tX=$(shell curl z)
ifdef X
\tfoo '$(X)' $Y
endif
foo bar: VAR = 1
define RECIPE
\tcurl d
endef
 \t indented := 1
"""


def test_recipes_of_a_makefile() -> None:
    assert rows("Makefile", MAKEFILE) == [
        ("bash", "make", "make", [], "curl ${URL}"),
        ("bash", "make", "make", [], "wget y"),
        ("bash", "make", "target:$(OBJ:.c=.o)", [], "curl one"),
        ("bash", "make", "target:bin/tool", [], "curl -o $@ ${URL}"),
        ("bash", "make", "target:bin/tool", [], "chmod +x $@ && for i in $X; do \\\n  echo $i $1 ${________}; \\\ndone"),
        ("bash", "make", "target:bin/tool", [], "X=$(      curl z)"),
        ("bash", "make", "target:bin/tool", [], "foo '${X}' $Y"),
        ("bash", "make", "define:RECIPE", [], "curl d"),
    ]
    variables = dict(fragments("Makefile", MAKEFILE)[3].variables)
    assert variables == {"@": "bin/tool", "SHELL": "/bin/bash -e", "BASE": "https://example.com", "URL": "https://example.com/a.sh", "indented": "1"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a:\n\tcd x\n\tls\nb: a\n\tls\n.ONESHELL:\n", ["cd x\nls", "ls"]),
        (".RECIPEPREFIX = >\na:\n>curl x\n", ["curl x"]),
        ("a:\r\n\tcurl x \\\r\n\t  | sh\r\n", ["curl x \\\n  | sh"]),
        ("a::\n\tx\nb&: c\n\ty\n", ["x", "y"]),
        ("\tcurl x\n", []),
        ("a:\n\techo \\\\\n\tls\n", ["echo \\\\", "ls"]),
        ("a:\n\tcurl $(X\n", ["curl $(X"]),
        ("a:\n\tcurl ${X} ${shell x} $(A.b)\n", ["curl ${X} ${_______} ${___}"]),
        ("$(eval $(call x,a:b))\n\tcurl x\n", ["curl x"]),
        ("A = $(shell curl $(shell b)\nB = $(shell c)\n", ["c"]),
        ("", []),
    ],
)
def test_lines_of_make(content: str, expected: list[str]) -> None:
    assert texts("x.mk", content) == expected


def test_rules_of_debian_are_a_makefile() -> None:
    assert rows("debian/rules", "#!/usr/bin/make -f\na:\n\tcurl x\n") == [("sh", "make", "target:a", [], "curl x")]


JUSTFILE = """\
set shell := ["bash", "-c"]
set dotenv-load
url := "https://example.com"
export X := 'a:b'
v := `curl v`
# comment
@a p='x': b
  @curl {{url}} {{ p + 'x' }} {{{{a}}

  -foo \\
    bar
  # comment
b:
    #!/usr/bin/env python3
    print(1)
[script('zsh')]
c *args:
  cat <<E
    {{ args }
  E
[script]
[private]
d:
  ls
"""


def test_recipes_of_a_justfile() -> None:
    assert rows("justfile", JUSTFILE) == [
        ("bash", "make", "just", [], "curl v"),
        ("bash", "make", "recipe:a", [], "curl ${url} _____________ {{a}}\n"),
        ("bash", "make", "recipe:a", [], "foo \\\n    bar\n"),
        ("python", "make", "recipe:b", [], "    #!/usr/bin/env python3\n    print(1)\n"),
        ("zsh", "make", "recipe:c", [], "cat <<E\n  {{ args }\nE\n"),
        ("bash", "make", "recipe:d", [], "  ls\n"),
    ]
    assert fragments("justfile", JUSTFILE)[1].variables == (("url", "https://example.com"), ("X", "a:b"))


# --- manifests

PACKAGE = '{"name": "x", "scripts": {"postinstall": "curl x | sh", "b": "node \\"x\\"", "n": 1}, "husky": {"hooks": {"pre-commit": "a"}}}'
TASKFILE = """\
vars: {URL: x, V: {sh: curl v}}
tasks:
  a: curl {{.URL}}
  b:
    dir: app
    vars: {W: {sh: curl w}, URL: y}
    cmds:
    - a
    - cmd: b
    - task: c
  c: [x, y]
"""
PRE_COMMIT = """\
repos:
- repo: local
  hooks:
  - {id: a, language: system, entry: "bash -c 'curl \\"x\\" | sh'", args: [--x]}
  - {id: b, language: fail, entry: no curl}
"""


def test_scripts_of_packages() -> None:
    assert rows("web/package.json", PACKAGE) == [
        ("sh", "package", "scripts:postinstall", [], "curl x | sh"),
        ("sh", "package", "scripts:b", [], 'node "x"'),
        ("sh", "package", "scripts:n", [], "1"),
        ("sh", "package", "husky:pre-commit", [], "a"),
    ]
    composer = json.dumps({"scripts": {"post-install-cmd": ["@php x", "App\\Scripts::run", "curl x"], "b": "ls"}})
    assert rows("composer.json", composer) == [("sh", "package", "scripts:post-install-cmd", [], "curl x"), ("sh", "package", "scripts:b", [], "ls")]


def test_tasks_and_hooks() -> None:
    assert rows("Taskfile.yml", TASKFILE) == [
        ("sh", "package", "vars", [], "curl v"),
        ("sh", "package", "task:a", [], "curl ________"),
        ("sh", "package", "task:b", [], "curl w"),
        ("sh", "package", "task:b", [], "a"),
        ("sh", "package", "task:b", [], "b"),
        ("sh", "package", "task:c", [], "x"),
        ("sh", "package", "task:c", [], "y"),
    ]
    last = fragments("Taskfile.yml", TASKFILE)[4]
    assert (last.directory, last.variables) == ("app", (("URL", "y"),))
    assert rows(".pre-commit-config.yaml", PRE_COMMIT) == [("other", "package", "hook:a", ["bash", "-c", 'curl "x" | sh', "--x"], "")]


COMPOSE = """\
services:
  api:
    command: sh -c "curl $$X\\" | sh"
    entrypoint: [a, "b c"]
    working_dir: /app
    environment: {A: b, C: }
    healthcheck: {test: "curl -f http://x || exit 1"}
    build:
      dockerfile_inline: |
        FROM debian AS a
        RUN curl x \\
          | sh
        FROM a
        RUN ["b"]
  web:
    healthcheck: {test: [CMD-SHELL, curl y]}
    post_start: [{command: z}]
  db:
    healthcheck: {test: [CMD, pg_isready, -q]}
  off:
    healthcheck: {test: [NONE]}
"""


def test_commands_of_compose() -> None:
    assert rows("compose.override.yaml", COMPOSE) == [
        ("other", "container", "service:api", ["a", "b c"], ""),
        ("other", "container", "service:api", ["sh", "-c", 'curl $X" | sh'], ""),
        ("sh", "container", "service:api", [], "curl -f http://x || exit 1"),
        ("sh", "image", "service:api/stage:0", [], "curl x   | sh"),
        ("other", "image", "service:api/stage:1", ["b"], ""),
        ("sh", "container", "service:web", [], "curl y"),
        ("other", "container", "service:web", ["z"], ""),
        ("other", "container", "service:db", ["pg_isready", "-q"], ""),
    ]
    found = fragments("compose.yml", COMPOSE)
    assert (found[0].directory, found[0].variables) == ("/app", (("A", "b"),))
    assert found[4].after == "service:api/stage:0"
    assert texts("docker-compose.yml", "web:\n  image: x\n  command: a b\n") == ["a b"]


def test_commands_of_development_containers() -> None:
    content = """{// comment
    "postCreateCommand": "curl x | sh", "onCreateCommand": ["a", "b c"], "initializeCommand": {"x": "d", "y": ["e"]}, "containerEnv": {"A": "b"},
    "workspaceFolder": "/src",}"""
    assert rows(".devcontainer/devcontainer.json", content) == [
        ("sh", "agent", "host", [], "d"),
        ("other", "agent", "host", ["e"], ""),
        ("other", "agent", "devcontainer", ["a", "b c"], ""),
        ("sh", "agent", "devcontainer", [], "curl x | sh"),
    ]
    last = fragments(".devcontainer.json", content)[-1]
    assert (last.directory, last.variables) == ("/src", (("A", "b"),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a \'b c\' "d \\" e" f\\ g', ["a", "b c", 'd " e', "f g"]),
        ("a'b'\"c\"d", ["abcd"]),
        ("a '' b", ["a", "", "b"]),
        ("it's", ["it's"]),
        ('"a', ['"a']),
        ("", []),
    ],
)
def test_words_are_split_as_a_shell_would(text: str, words: list[str]) -> None:
    assert [word.data.decode() for word in split_words(MappedText.cut(text.encode(), 0, len(text)))] == words


def test_places_in_a_text_within_a_text() -> None:
    outer = MappedText.join([(b"abc", 10), (b"def", 20)])
    inner = MappedText.join([(b"b", 1), (b"cd", 2), (b"f", 5)])
    assert [rebase(inner, outer).place(position) for position in range(4)] == [11, 12, 20, 22]


# --- agents

AGENT_CONFIGS = {
    (".mcp.json", '{"mcpServers": {"a": {"command": "npx", "args": ["-y", "x"], "env": {"K": "v"}}}}'): [("server:a", ["npx", "-y", "x"], "")],
    ("mcp.json", '{"a": {"command": "uvx x"}}'): [("server:a", ["uvx", "x"], "")],
    (".vscode/mcp.json", '{// c\n"servers": {"a": {"command": "x", "args": [],}}}'): [("server:a", ["x"], "")],
    ("opencode.json", '{"mcp": {"a": {"type": "local", "command": ["bun", "x"]}}}'): [("server:a", ["bun", "x"], "")],
    (".zed/settings.json", '{"context_servers": {"a": {"command": {"path": "x", "args": ["y"]}}}}'): [("server:a", ["x", "y"], "")],
    (".claude/settings.json", '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "curl x | sh"}]}]}}'): [("hook:1", [], "curl x | sh")],
    (".claude/settings.local.json", '{"statusLine": {"command": "a"}, "apiKeyHelper": "b"}'): [("statusLine", [], "a"), ("apiKeyHelper", [], "b")],
    ("plugin/hooks/hooks.json", '{"hooks": {"Stop": [{"hooks": [{"command": "a", "args": ["b"]}]}]}}'): [("hook:1", ["a", "b"], "")],
    (".claude-plugin/plugin.json", '{"name": "x", "mcpServers": {"a": {"command": "x"}}, "hooks": "./h.json"}'): [("server:a", ["x"], "")],
    (".github/hooks/x.json", '{"hooks": {"sessionStart": [{"bash": "a", "powershell": "b"}]}}'): [("hook:1", [], "a"), ("hook:1", [], "b")],
    (".cursor/mcp.json", '{"mcpServers": {"a": {"url": "https://x"}}}'): [],
    (".claude/settings.json", '{"hooks": [[[[[[[[[[{"command": "a"}]]]]]]]]]]}'): [],
}


@pytest.mark.parametrize(("name", "content"), AGENT_CONFIGS)
def test_what_agents_start(name: str, content: str) -> None:
    found = rows(name, content)
    assert [(scope, words, text) for _, _, scope, words, text in found] == AGENT_CONFIGS[name, content]
    assert {place for _, place, *_ in found} <= {"agent"}


def test_the_environment_of_a_server() -> None:
    found = one(".mcp.json", '{"mcpServers": {"a": {"command": "npx", "cwd": "/x", "env": {"K": "v", "L": "{{m}}"}}}}')
    assert (found.variables, found.directory, found.language) == ((("K", "v"),), "/x", "other")


# --- documents

MARKDOWN = [
    ("```bash title=x\ncurl a | sh\n```\n", [("bash", "fence:1", "curl a | sh\n")]),
    ("text\n\n``` sh\ncurl a\n", [("sh", "fence:3", "curl a\n")]),
    ("```sh\r\ncurl a \\\r\n | sh\r\n```\r\n", [("sh", "fence:1", "curl a \\\n | sh\n")]),
    ("```{.zsh}\na\n```\n```{bash}\nb\n```\n```{code-block} sh\nc\n```\n", [("zsh", "fence:1", "a\n"), ("bash", "fence:4", "b\n"), ("sh", "fence:7", "c\n")]),
    ("```shell,ignore\na\n```\n", [("bash", "fence:1", "a\n")]),
    (
        "```pwsh\nirm x\n```\n```BAT\ndir\n```\n```fish\na\n```\n",
        [("powershell", "fence:1", "irm x\n"), ("cmd", "fence:4", "dir\n"), ("other", "fence:7", "a\n")],
    ),
    ("````sh\n```\n~~~~\n```` x\na\n`````\n```python\nx\n```\n", [("sh", "fence:1", "```\n~~~~\n```` x\na\n")]),
    ("~~~ sh `x`\na\n~~~\n", [("sh", "fence:1", "a\n")]),
    ("```sh`\na\n```\n", []),
    ("a ```sh\ncurl\n", []),
    ("```python\nx\n```\n```\ntree/\n  x\n```\n```json\n{}\n```\n", []),
    ("```\n# get it\n$ curl a\nout\n```\n", [("bash", "fence:1", "curl a\n")]),
    ("```\n\ncurl -O a\n```\n```text\nsudo b\n```\n", [("bash", "fence:1", "\ncurl -O a\n"), ("bash", "fence:5", "sudo b\n")]),
    ("```\ncurl: (6) no host\n```\n", []),
    ("> ```console\n> $ curl b \\\n>   | sh\n> out\n> ```\n", [("bash", "fence:1", "curl b \\\n  | sh\n")]),
    ("> ```sh\n> a\ntext\n```sh\nb\n```\n", [("sh", "fence:1", "a\n"), ("sh", "fence:4", "b\n")]),
    ("> > ```sh\n> > a\n> > ```\n", [("sh", "fence:1", "a\n")]),
    ("- ```sh\n  a\n\n  b\ntext\n```sh\nc\n```\n", [("sh", "fence:1", "  a\n\n  b\n"), ("sh", "fence:6", "c\n")]),
    ("1. Do:\n\n   ```sh\n   cat <<E\n    x\n   E\n   ```\n", [("sh", "fence:3", "cat <<E\n x\nE\n")]),
    ("2) ~~~sh\n   ls <<E\n   E\n   ~~~\n", [("sh", "fence:1", "ls <<E\nE\n")]),
    ("text\n\n    curl c | sh\n\n    ls\n\nend\n", [("bash", "block:3", "    curl c | sh\n\n    ls\n\n")]),
    ("text\n    curl c\n", []),
    ("\tcurl c\n", [("bash", "block:1", "\tcurl c\n")]),
    ("`curl https://x | sh` and !`ls`\n", []),
    ("```!\nls\n```\n", []),
    ("```sh\n\n```\n", []),
    ("```sh", []),
]


@pytest.mark.parametrize(("content", "expected"), MARKDOWN)
def test_blocks_of_markdown(content: str, expected: list[tuple[str, str, str]]) -> None:
    assert rows("docs/a.md", content) == [(language, "docs", scope, [], text) for language, scope, text in expected]


SESSIONS = [
    ("$ a\nout\n$ b\n", "bash", "a\nb\n"),
    ("(venv) $ a\nuser@host:~/x$ b\nroot@host:/# c\n[me@box dir]$ d\n% e\n", "bash", "a\nb\nc\nd\ne\n"),
    ("$ cat <<'EOF'\nx\nEOF\nout\n$ b\n", "bash", "cat <<'EOF'\nx\nEOF\nb\n"),
    ("$ cat <<EOF\n> x\n> EOF\nout\n", "bash", "cat <<EOF\nx\nEOF\n"),
    ("$ for x in y; do\n> echo $x\n> done\ny\n", "bash", "for x in y; do\necho $x\ndone\n"),
    ("# apt install x\nout\n# make y\n", "bash", "apt install x\nmake y\n"),
    ("> npm install x\nout\n", "bash", "npm install x\n"),
    ("# a comment\napt install x\n", "bash", "# a comment\napt install x\n"),
    ("PS C:\\Users\\x> irm x | iex\nout\n", "powershell", "irm x | iex\n"),
    ("C:\\x>curl y\nout\n", "cmd", "curl y\n"),
    ("curl x | sh\n", "bash", "curl x | sh\n"),
]


@pytest.mark.parametrize(("content", "language", "text"), SESSIONS)
def test_prompts_tell_commands_from_output(content: str, language: str, text: str) -> None:
    assert rows("a.md", f"```console\n{content}```\n") == [(language, "docs", "fence:1", [], text)]


def test_prompts_in_other_blocks() -> None:
    assert rows("a.md", "```sh\n$ a\nout\n```\n```powershell\n> a\nout\n```\n```ps1\nPS> b\n```\n") == [
        ("sh", "docs", "fence:1", [], "a\n"),
        ("powershell", "docs", "fence:5", [], "a\n"),
        ("powershell", "docs", "fence:9", [], "b\n"),
    ]


SKILL = """\
---
name: x
hooks:
  PreToolUse:
  - matcher: Bash
    hooks:
    - {type: command, command: ./check.sh}
---
Status: !`git status` and `curl https://x | sh`, not `https://x` or `see curl://`.

```!
ls
```
"""


def test_documents_for_agents() -> None:
    assert rows("skills/x/SKILL.md", SKILL) == [
        ("bash", "agent", "hook:7", [], "./check.sh"),
        ("bash", "agent", "command:9", [], "git status"),
        ("bash", "agent", "span:9", [], "curl https://x | sh"),
        ("bash", "agent", "fence:11", [], "ls\n"),
    ]


@pytest.mark.parametrize("name", ["AGENTS.md", "sub/CLAUDE.md", "GEMINI.md", ".cursorrules", ".cursor/rules/a.mdc", ".github/copilot-instructions.md", ".claude/commands/x.md",
                                  ".github/instructions/x.instructions.md", ".claude/agents/a/b.md"])  # fmt: skip
def test_names_of_documents_for_agents(name: str) -> None:
    assert rows(name, "```sh\na\n```\n") == [("sh", "agent", "fence:1", [], "a\n")]


def test_documents_of_a_plugin(directory: Path) -> None:
    write(directory, {"p/.claude-plugin/plugin.json": "{}"})
    content = "```sh\na\n```\n"
    assert [one(name, content).place for name in ("p/commands/x.md", "p/skills/y/z/more.md", "p/docs/x.md", "commands/x.md")] == [
        "agent",
        "agent",
        "docs",
        "docs",
    ]


@pytest.mark.parametrize("matter", ["---\nhooks: [\n---\n", "---\nhooks: x\n", "---\nname: x\n---\n", "---\nhooks:\n---\n"])
def test_front_matter_without_hooks(matter: str) -> None:
    assert fragments("SKILL.md", matter) == []


def test_blocks_of_restructured_text() -> None:
    content = ".. code-block:: console\n   :caption: x\n\n   $ curl x\n   out\n\ntext\n\n  .. code:: bash\n\n     a\n\n     b\n  .. code:: python\n\n     x\n"
    assert rows("a.rst", content) == [("bash", "docs", "block:1", [], "curl x\n"), ("bash", "docs", "block:9", [], "\n     a\n\n     b\n")]


# --- notebooks


def notebook(*sources: str | list[str], language: str = "python") -> str:
    cells: list[dict[str, object]] = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "!no"}, *cells], "metadata": {"kernelspec": {"language": language}}})


NOTEBOOKS = [
    (["!pip install {package} \\\n", "  foo\n", "x != 3\n", "y = !ls 'é'\n"], [("sh", "pip install _________ \\\n  foo"), ("sh", "ls 'é'")]),
    ('%%bash -e\ncurl "x" | sh', [("bash", 'curl "x" | sh')]),
    ("\n%%script env bash\na", [("bash", "a")]),
    ("%%script python3\na", [("python", "a")]),
    ("%%!\na", [("sh", "a")]),
    ("%%cmd\ndir", [("cmd", "dir")]),
    ("%%capture\n  !!a\n%sx b\n%pip install x\n", [("sh", "a"), ("sh", "b")]),
    ("%%python\nx = 1\n", []),
    ("if True:\n    !echo ${HOME} {{x}}\n", [("sh", "echo ${HOME} {___}")]),
    ("%%bash\n", []),
]


@pytest.mark.parametrize(("source", "expected"), NOTEBOOKS)
def test_cells_of_a_notebook(source: str | list[str], expected: list[tuple[str, str]]) -> None:
    assert rows("a.ipynb", notebook(source)) == [(language, "notebook", "notebook", [], text) for language, text in expected]


def test_a_notebook_of_a_shell() -> None:
    assert rows("a.ipynb", notebook("curl x\nls", language="bash")) == [("bash", "notebook", "notebook", [], "curl x\nls")]


# --- all of them

FILES = next(hook.files for hook in HOOKS if hook.id == "download-lint")

NAMES = (
    "a.sh .bashrc a.ps1 Dockerfile x.dockerfile Containerfile .github/workflows/a.yml action.yml .gitlab-ci.yml .gitlab/ci/x.yml .circleci/config.yml "
    "azure-pipelines.yml .travis.yml bitbucket-pipelines.yml Taskfile.yml .pre-commit-config.yaml Makefile GNUmakefile a.mk Makefile.local justfile package.json composer.json "
    "compose.yaml docker-compose.dev.yml compose-prod.yml .devcontainer/devcontainer.json .devcontainer.json .mcp.json .cursor/mcp.json claude_desktop_config.json .claude/settings.json "
    "hooks/hooks.json .claude-plugin/plugin.json opencode.jsonc README.md SKILL.md .cursorrules .cursor/rules/a.mdc a.rst a.ipynb .kiro/settings/mcp.json a.just .envrc .zprofile"
).split()


@pytest.mark.parametrize("name", [*NAMES, *(f"deep/er/{name}" for name in NAMES), *map(str.upper, NAMES)])
def test_the_pattern_of_names_covers_the_families(name: str) -> None:
    if family_of(name, b""):
        assert re.search(FILES, name)
    else:  # the name is known in lower case only where the file system of the tool that reads it minds
        assert name.isupper()


def test_the_pattern_leaves_others_out() -> None:
    assert not any(
        re.search(FILES, name)
        for name in "a.rs src/app.go config.yml data.json Cargo.toml uv.lock image.png tsconfig.json composer.yaml.lock composed.yml".split()
    )


def test_no_more_than_the_limit() -> None:
    file = Source("a.md", b"```sh\na\n```\n" * (LIMIT + 5), Repository())
    found = file.view(read_fragments)
    assert len(found.fragments) == LIMIT
    assert found.problem == "it has more than 20,000 pieces of shell"


ALIASES = "a: &a0 [x]\n" + "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 20)) + "job: {script: *a19}\n"
HOSTILE: dict[tuple[str, str], str] = {
    (".gitlab-ci.yml", ALIASES): "it has more lines or values than are looked at for shell",
    (".gitlab-ci.yml", "a: &a [*a, x]\nj: {script: *a}\nk: &k {script: *k}\n"): "",
    ("azure-pipelines.yml", "a: &a [*a, x]\nj: &j {steps: *a, k: *j}\n"): "",
    (".circleci/config.yml", "jobs: {a: {steps: &s [{when: {steps: *s}}, {when: {steps: *s}}]}}\n"): "",
    (".github/workflows/a.yml", "jobs:\n s: &s {steps: [{run: " + "a" * 900_000 + "}]}\n" + "".join(f" j{number}: *s\n" for number in range(1000))):
        "its values are too long to be looked at for shell",
    ("package.json", json.dumps({"scripts": {"a": "b" * (1 << 20) + "c"}})): "its values are too long to be looked at for shell",
    ("Makefile", "a\\\n" * 200_000): "it has more lines or values than are looked at for shell",
    ("Makefile", "a:\n\t" + "$(call " * 300_000): "",
    ("Makefile", "x = $(y)\ny = $(x)$(x)\na:\n\tls\n"): "",
    ("justfile", "a:\n  " + "{{x}}" * 300_000): "",
    ("a.md", ">" * 190 + "```sh\n" + (">" * 190 + "a\n") * 5000): "it has more lines or values than are looked at for shell",
    ("a.md", "```x" * 300_000): "it has more lines or values than are looked at for shell",
    ("a.md", "```console\n$ a\n" + "b\n" * 200_000): "it has more lines or values than are looked at for shell",
    ("a.sh", "a\r\n" * 300_000): "",
    ("compose.yml", "services: {a: {command: '\"" + "a\\" * 500_000 + "'}}"): "",
    ("Dockerfile", "FROM a\n" + "".join(f"FROM s AS s\nRUN {' '.join(f'$v{number}' for number in range(100))}\n" for _ in range(2000))): "it has more lines or values than are looked at for shell",
}  # fmt: skip


@pytest.mark.parametrize(("name", "content"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_end_early_and_say_so(name: str, content: str) -> None:
    file = Source(name, content.encode(), Repository())
    start = time.process_time()
    assert file.view(read_fragments).problem == HOSTILE[name, content]
    assert time.process_time() - start < 5


def _pieces() -> Iterator[str]:
    yield from (
        "```",
        "~~~",
        "`",
        "!`",
        "$ ",
        "> ",
        "- ",
        "    ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "sh",
        "console",
        "curl https://x | sh",
        "<<EOF",
        "EOF",
        "${{",
        "}}",
        "{{",
        "'",
        '"',
        "\\",
    )
    yield from (
        "a:",
        ":=",
        "=",
        "$(shell ",
        "$(X)",
        "$$",
        ")",
        "define x",
        "endef",
        "#!",
        "/bin/bash",
        "FROM a",
        "RUN ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "*a",
        "&a ",
        "run: ",
        "steps:",
        "jobs:",
        "\x00",
        "\x0b",
        "é",
    )
    yield from ('"source": ', '"scripts": ', "%%bash", "!a", "..  code:: sh", "---", "hooks:", "script: ", "|\n  ", ">-\n  ")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.lists(st.sampled_from([*_pieces()]) | st.text(max_size=5), max_size=40))
def test_any_text_is_read(name: str, pieces: list[str]) -> None:
    fragments(name, "".join(pieces).encode("utf-8", "surrogatepass"))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(NAMES), st.binary(max_size=200))
def test_any_bytes_are_read(name: str, content: bytes) -> None:
    fragments(name, content)
