"""What literate cases cannot show of `download-lint`: fixes, tables, and that no script makes the analysis fail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.catalog import find_hook
from agent_security_hooks.parse.downloads.shell_events import _WORDS, _interesting
from agent_security_hooks.parse.downloads.switches import _INDEXES, _OPTIONS, _VARIABLES, GATE
from agent_security_hooks.parse.fragments import may_hold_shell
from hypothesis import given, settings
from hypothesis import strategies as st
from placeholders import expand
from support import make_repository, run, scan, write

if TYPE_CHECKING:
    from pathlib import Path

FIXES = {
    "run.sh": ("curl -sSL https://a.dev/x -o x\n", "curl -fsSL https://a.dev/x -o x\n"),
    "plain.sh": ("sudo curl https://a.dev/x > x\n", "sudo curl -f https://a.dev/x > x\n"),
    "long.sh": ("curl --location https://a.dev/x -o x\n", "curl -f --location https://a.dev/x -o x\n"),
    "value.sh": ("curl -Lo x https://a.dev/x\n", "curl -f -Lo x https://a.dev/x\n"),
    "crlf.sh": ("#!/bin/sh\r\ncurl -L https://a.dev/x -o x\r\n", "#!/bin/sh\r\ncurl -fL https://a.dev/x -o x\r\n"),
    "twice.sh": ("curl -L https://a.dev/x -o x\ncurl -fL https://a.dev/y -o y\ncurl -O https://a.dev/z\n", "curl -fL https://a.dev/x -o x\ncurl -fL https://a.dev/y -o y\ncurl -fO https://a.dev/z\n"),
    "nested.sh": ("bash -c 'curl -s https://a.dev/x | tar xz'\n", "bash -c 'curl -fs https://a.dev/x | tar xz'\n"),
    "wrapped.sh": ('get() { curl -L "$@"; }\nget https://a.dev/x -o x\n', 'get() { curl -fL "$@"; }\nget https://a.dev/x -o x\n'),
    "Dockerfile": ("FROM a\nRUN apt-get update && \\\n    # c\n    curl \\\n      -L https://a.dev/x -o x\n", "FROM a\nRUN apt-get update && \\\n    # c\n    curl \\\n      -fL https://a.dev/x -o x\n"),
    "package.json": ('{"scripts": {"get": "curl -L \\"https://a.dev/x\\" -o x"}}\n', '{"scripts": {"get": "curl -fL \\"https://a.dev/x\\" -o x"}}\n'),
    ".github/workflows/a.yml": (
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: >-\n          curl -L\n          https://a.dev/x -o x\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: >-\n          curl -fL\n          https://a.dev/x -o x\n",
    ),
    "Makefile": ("get:\n\t@curl -L https://a.dev/$(V) -o x\n", "get:\n\t@curl -fL https://a.dev/$(V) -o x\n"),
}  # fmt: skip
UNFIXABLE = {
    "variable.sh": 'CURL="curl -L"\n$CURL https://a.dev/x -o x\n',
    "Dockerfile": 'FROM a\nRUN ["curl", "-L", "https://a.dev/x", "-o", "x"]\n',
    "compose.yaml": 'services:\n  a:\n    image: a\n    command: ["curl", "-L", "https://a.dev/x", "-o", "x"]\n',
}


@pytest.mark.parametrize("name", FIXES)
def test_fix_inserts_the_switch_and_nothing_else(name: str, directory: Path) -> None:
    before, after = FIXES[name]
    write(directory, {name: before})
    assert scan("--select=curl-without-fail", name, hook="download-lint").rules == ["curl-without-fail"]
    assert scan("--select=curl-without-fail", "--fix", name, hook="download-lint").rules == []
    assert (directory / name).read_bytes().decode() == after
    assert scan("--select=curl-without-fail", "--fix", name, hook="download-lint").rules == []
    assert (directory / name).read_bytes().decode() == after


@pytest.mark.parametrize("name", UNFIXABLE)
def test_no_fix_where_the_program_is_not_written_as_such(name: str, directory: Path) -> None:
    write(directory, {name: UNFIXABLE[name]})
    result = scan("--select=curl-without-fail", "--fix", name, hook="download-lint")
    assert result.rules == ["curl-without-fail"]
    assert (directory / name).read_bytes().decode() == UNFIXABLE[name]


def test_utf16_script_is_read_and_left_as_it_is(directory: Path) -> None:
    text = "curl -L https://a.dev/x -o x\n".encode("utf-16")
    write(directory, {"run.sh": text})
    assert scan("--fix", "--select=curl-without-fail", "run.sh", hook="download-lint").rules == ["curl-without-fail"]
    assert (directory / "run.sh").read_bytes() == text


VALUES = ("0", "1", "false", "true", "off", "", "x.acme.dev")


@pytest.mark.parametrize("variable", _VARIABLES)
def test_each_variable_switches_off_with_one_value_and_passes_the_gate(variable: str, directory: Path) -> None:
    fired = []
    for value in VALUES:
        write(directory, {"run.sh": f"export {variable.upper()}={value}\n"})
        if scan("run.sh", hook="download-lint").rules == ["tls-verification-off"]:
            fired.append(value)
    assert fired


@pytest.mark.parametrize("variable", sorted(_INDEXES))
def test_each_address_of_packages_counts_in_a_script_and_in_a_file_of_variables(variable: str, directory: Path) -> None:
    for name in ("run.sh", ".env", "Dockerfile"):
        setting = f"{variable.upper()}=http://packages.acme.dev/x\n"
        write(directory, {name: {"run.sh": "export ", "Dockerfile": "FROM a\nENV "}.get(name, "") + setting})
        assert scan(name, hook="download-lint").rules == ["insecure-url"]


OPTIONS = [(program, option) for program, rows in _OPTIONS.items() for option, _ in rows]


@pytest.mark.parametrize(("program", "option"), OPTIONS)
def test_each_option_is_found_and_passes_the_gate(program: str, option: str, directory: Path) -> None:
    write(directory, {"run.sh": f"{program} install {option} x\n"})
    assert scan("run.sh", hook="download-lint").rules == ["tls-verification-off"]


def test_the_gate_is_of_words_that_can_occur() -> None:
    assert _interesting(b"a curl b")
    assert not _interesting(b"make all && ./run --fast; cp -k a b\n")
    assert not {word for word in (*_WORDS, *GATE) if not word.strip()}


HELD = ("a.sh", "Makefile", "x.mk", "justfile", "package.json", "compose.yml", "docker-compose.prod.yaml", "README.md", "a.ipynb", "a/.github/workflows/b.yml", "action.yaml",
        ".gitlab-ci.yml", ".circleci/config.yml", "Dockerfile.dev", "api.dockerfile", "Containerfile", ".mcp.json", ".claude/settings.json", ".devcontainer/devcontainer.json", ".bashrc", "a.ps1", "a.bat")  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_the_hook_is_given_what_the_analysis_reads(name: str) -> None:
    import re

    hook = find_hook("download-lint")
    assert hook is not None
    assert may_hold_shell(name, b"")
    assert re.search(hook.files, name)


PIECES = [
    *"curl|-fsSL|-o|a.sh|https://x.io/a.tgz|http://x.io|| sh|| tar xz|wget -qO-|;|\n|&&||| true|$(|)|`|\"|'|<(|<<EOF\n|\nEOF\n|bash -c|eval|f() {|}|f \"$@\"|if|then|fi|for i in|do|done|case x in|a)|;;|esac|$X|${X:-|X=|cd /tmp|chmod +x|./a.sh|sha256sum -c|echo|> a.sh|>>|2>&1|\\\n|#|(|((|[[|]]|sudo -E|env A=b|--|~|*|\r\n|\0|é|unzip|mv a.sh /usr/local/bin/|export|function g|source|.|-k|gpg --verify|{|!".split("|"),
    "|",
    "||",
    " ",
]  # fmt: skip


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join), st.sampled_from(["a.sh", "Dockerfile", "Makefile", "README.md", "a.ps1", "a.bat", "justfile"])
)
def test_no_script_makes_the_analysis_fail(text: str, name: str) -> None:
    from agent_security_hooks.parse.downloads.shell_events import read_downloads
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

    content = ("FROM a\nRUN " if name == "Dockerfile" else "a:\n\t" if name in ("Makefile", "justfile") else "```sh\n" if name == "README.md" else "") + text
    file = Source(name, content.encode(), Repository())
    for event in read_downloads(file).events:
        assert 0 <= event.start <= event.end <= len(file.data)


def test_a_script_that_calls_itself_ends_and_says_that_not_all_was_followed(directory: Path) -> None:
    calls = "\n".join(f"f{number}() {{ f{number + 1}; f{number + 1}; }}" for number in range(30))
    write(directory, {"run.sh": f"{calls}\nf30() {{ curl https://a.dev/x | sh; }}\nf0\n"})
    result = scan("run.sh", hook="download-lint")
    assert result.status == 2
    assert result.report["errors"]


def test_findings_in_several_files_do_not_depend_on_each_other(repository: Path) -> None:
    make_repository(repository, {"a.sh": "curl -fsSLo /tmp/x https://a.dev/x\n", "b.sh": "sh /tmp/x\n"})
    assert run("check", "--hook=download-lint", "a.sh", "b.sh").status == 0


@pytest.mark.parametrize("name", ["a.sh", "Dockerfile", "Makefile"])
def test_a_lone_carriage_return_hides_nothing(name: str, directory: Path) -> None:
    start = {"a.sh": "#!/bin/sh\r# x\r", "Dockerfile": "FROM a\rRUN ", "Makefile": "a:\r\t"}[name]
    write(directory, {name: f"{start}curl -fk https://a.dev/x | sh\r"})
    found = scan(name, hook="download-lint").report["findings"]
    assert [finding["rule"] for finding in found] == ["pipe-to-shell", "tls-verification-off"]
    assert [finding["column"] for finding in found] == [len(start) + 1, len(start) + 6] or found[0]["line"] > 1


def test_a_finding_is_reported_once_where_carriage_returns_change_nothing(directory: Path) -> None:
    write(directory, {"a.sh": "echo a\rb\ncurl -L https://a.dev/x | sh\n"})
    assert scan("a.sh", hook="download-lint").rules == ["curl-without-fail", "pipe-to-shell"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("cat <<E\ncurl -f https://a.dev/x | sh\n", "a here-document in it has no end"),
        (("#" * 79 + "\n") * 14_000 + "curl -f https://a.dev/x | sh\n", "its shell "),
        ("sh -c '" + ("#" * 79 + "\n") * 14_000 + "curl -f https://a.dev/x | sh'\n", "its shell "),
        (f"curl -f {' '.join(f'-o {n} https://a.dev/{n}' for n in range(200))} && sh 150\n", "its shell "),
    ],
)
def test_what_is_not_read_to_the_end_says_so(script: str, reason: str, directory: Path) -> None:
    write(directory, {"a.sh": script})
    result = scan("a.sh", hook="download-lint")
    assert result.status == 2
    assert [error["message"][: 26 + len(reason)] for error in result.report["errors"]] == [f"not looked at to the end: {reason}"]


def test_many_urls_take_linear_time(directory: Path) -> None:
    def seconds(count: int) -> float:
        write(directory, {"a.sh": f"wget {'http://a.dev/x ' * count}\ncurl {' '.join(f'http://a{n}.dev' for n in range(count))} > x\n"})
        before = time.process_time()
        scan("a.sh", hook="download-lint")
        return time.process_time() - before

    assert seconds(4000) < 1 + 8 * seconds(1000)


def test_an_unended_heredoc_in_a_document_is_none_of_our_business(directory: Path) -> None:
    write(directory, {"README.md": "```sh\ncurl https://a.dev/x > x\ncat <<E\n```\n"})
    assert scan("README.md", hook="download-lint").status == 0


# Each line is a finding; `{0}` is a secret, PLACE the rest of an address, of which nothing is said either.
SECRETS = {
    "run.sh": """curl -H "Authorization: Bearer {0}" "https://user:{0}@get.acme.dev/PLACE/a?token={0}" | sh
curl -kH"Authorization: Bearer {0}" https://{0}@get.acme.dev/PLACE -o x-{0}.sh
sh x-{0}.sh
wget --no-check-certificate --password={0} https://get.acme.dev/PLACE?sig={0} -O /usr/local/bin/{0}
curl -o y http://user:{0}@dl.acme.dev/PLACE?k={0}
git -c http.https://user:{0}@git.acme.dev.sslVerify=false clone http://{0}@git.acme.dev/PLACE
pip install --index-url http://user:{0}@pypi.acme.dev/PLACE/simple x --trusted-host {0}
export PIP_INDEX_URL=http://user:{0}@pypi.acme.dev/PLACE GIT_SSL_NO_VERIFY={0} PIP_TRUSTED_HOST={0}
npm config set registry http://{0}:x@npm.acme.dev/PLACE
curl -fsSL https://{0}.acme.dev/z.tgz | tar xz -C /usr/local
f="{0}"; curl -fsSLo "$f" https://h.acme.dev/PLACE; bash "$f"
Rscript -e "install.packages('x', repos='http://u:{0}@cran.acme.dev/PLACE')"
echo "registry=http://u:{0}@npm.acme.dev/PLACE" > ~/.npmrc
""",
    "requirements.txt": "--index-url http://u:{0}@pypi.acme.dev/PLACE\n",
    ".npmrc": "registry=http://u:{0}@npm.acme.dev/PLACE\n",
    "a.ps1": 'iwr "https://u:{0}@dl.acme.dev/PLACE/x.exe?s={0}" -OutFile x-{0}.exe\n.\\x-{0}.exe\niex (irm https://{0}@dl.acme.dev/PLACE)\n',
    "Dockerfile": "FROM a\nADD http://u:{0}@dl.acme.dev/PLACE /usr/local/bin/{0}\nENV PIP_INDEX_URL=http://u:{0}@p.acme.dev/PLACE\n",
}


@pytest.mark.parametrize("kind", ["github", "openai", "anthropic", "npm", "jwt"])
@pytest.mark.parametrize("form", ["text", "full", "json", "sarif", "github"])
def test_nothing_of_an_address_but_its_host_and_no_secret_is_said(kind: str, form: str, directory: Path) -> None:
    secret = expand(f"<secret:{kind}>")
    write(directory, {name: text.replace("{0}", secret) for name, text in SECRETS.items()})
    result = run("check", "--hook=download-lint", "--pedantic", f"--format={form}", *SECRETS)
    assert result.status == 1
    said = result.out + result.err
    assert "get.acme.dev" in said
    assert secret not in said
    assert "PLACE" not in said


HOSTILE = {
    "downloads.sh": "\n".join(f"curl -fsSLo /usr/local/bin/f{n} https://a.dev/{n}" for n in range(20_000)),
    "patterns.sh": "\n".join(f"curl -fsSLo f{n} https://a.dev/{n}" for n in range(2000)) + "\n" + "sh f*[0-9]?x*\n" * 10_000,
    "programs.sh": "\n".join(f"curl -fsSLo /usr/local/bin/f{n} https://a.dev/{n}; cmd{n}" for n in range(9000)),
    "archives.sh": "\n".join(f"curl -fsSL https://a.dev/a{n}.tgz | tar xz -C /d{n}; /x/y{n}/z; export PATH=/d{n}:$PATH" for n in range(6000)),
    "sums.sh": "\n".join(f'curl -fsSLo f{n} https://a.dev/{n}; echo "$S f{n}" | sha256sum -c -; sh f{n}' for n in range(6000)),
    "array.sh": "A=(" + " ".join(f"x{n}" for n in range(20_000)) + ")\n" + 'curl "${A[@]}" https://a.dev/x\n' * 5000,
    "uncalled.sh": "\n".join(f"V{n}=x{n}; f{n}() {{ curl https://a.dev/{n} | sh; }}" for n in range(6000)),
    "evaluated.sh": 'X="curl -fsSL https://a.dev/x | sh"\n' + 'eval "$X"\n' * 15_000,
    "written.sh": "cat > a.sh <<'E'\nsh a.sh; sh a.sh; curl https://a.dev/x | sh\nE\nsh a.sh\n" * 500,
    "directories.sh": "curl -fsSLo x https://a.dev/x\n" + "cd a\n" * 30_000 + "sh x\n",
    "lines.sh": "curl -fsSL https://a.dev/a.tgz | tar xz -C /d\n" + ("/a" * 2000 + "/x\n") * 1000,
    "pipes.sh": "curl x |" * 100_000,
    "pipes.ps1": "iwr x |" * 100_000 + " iex",
    "quotes.ps1": 'iwr "' * 200_000,
    "comments.ps1": "<#" * 300_000 + " iwr",
    "saved.ps1": "\n".join(f"iwr https://a.dev/{n}.exe -OutFile f{n}.exe\n.\\f{n}.exe /S" for n in range(10_000)),
    "requirements.txt": "--index-url http://a.dev/x\n" * 30_000 + "--trusted-host " * 100_000,
    "Dockerfile": "FROM a\n" + "\n".join(f"ADD https://a.dev/{n} /usr/local/bin/f{n}" for n in range(9000)),
    "stages.Dockerfile": "FROM a AS s0\nRUN curl -fsSLo /t https://a.dev/t\n" + "\n".join(f"FROM s{n} AS s{n + 1}\nCOPY --from=s{n} /t /t{n}\nRUN sh /t{n}" for n in range(1000)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_time(name: str, directory: Path) -> None:
    from agent_security_hooks.parse.downloads.settings import read_settings
    from agent_security_hooks.parse.downloads.shell_events import read_downloads
    from agent_security_hooks.repository import Repository
    from agent_security_hooks.source import Source

    file = Source(name, HOSTILE[name].encode(), Repository(str(directory)))
    before = time.process_time()
    read_downloads(file)
    read_settings(file)
    assert time.process_time() - before < 6  # a third of it where nothing else runs
