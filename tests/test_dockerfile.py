"""The Dockerfile reader against BuildKit's own parser, on files of all styles and on generated ones; its positions; its patience with broken files."""

from __future__ import annotations

import itertools
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from agent_security_hooks.parse.dockerfile import expand, read_dockerfile, resolve
from agent_security_hooks.parse.dockerfile.words import KEYWORDS
from agent_security_hooks.parse.file_kinds import is_dockerfile
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from agent_security_hooks.parse.dockerfile import Dockerfile, Instruction

REALISTIC = {
    "python": """\
# syntax=docker/dockerfile:1.7
# check=skip=JSONArgsRecommended
ARG PYTHON_VERSION=3.12
FROM python:${PYTHON_VERSION}-slim AS base
ENV PYTHONUNBUFFERED=1 \\
    # no bytecode
    PYTHONDONTWRITEBYTECODE=1 \\

    PATH="/opt/venv/bin:$PATH" \\
    NAME='two words' EMPTY=
WORKDIR /app
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=pypi,target=/root/.pypirc \\
    pip install -r requirements.txt \\
    && find / -name '*.pyc' -delete \\
# a comment in column 0
    && echo "done # not a comment"

FROM base as test
RUN ["pytest", "-q", "--cov=\\u0061pp"]

from base
copy --from=test --chown=app:app /app /app
USER app
HEALTHCHECK --interval=30s --timeout=3s CMD curl -f http://localhost/ || exit 1
EXPOSE 8000/tcp 8001
ENTRYPOINT ["python", "-m"]
CMD ["app", "--port", "8000"]
""",
    "node": """\
FROM node:20-alpine AS deps
WORKDIR /app
COPY ["package.json", "package-lock.json*", "./"]
RUN npm ci --omit=dev && npm cache clean --force

FROM node:20-alpine AS builder
ARG NEXT_PUBLIC_URL
ENV NEXT_PUBLIC_URL $NEXT_PUBLIC_URL
COPY --from=deps /app/node_modules ./node_modules
COPY . .
RUN npm run build

FROM gcr.io/distroless/nodejs20-debian12:nonroot
LABEL org.opencontainers.image.source="https://example.org/x y" \\
      maintainer='someone <a@example.org>' version=1.0
COPY --from=builder --chown=65532:65532 /app/.next/standalone ./
CMD ["server.js"]
""",
    "go": """\
# Build stage
FROM --platform=$BUILDPLATFORM golang:1.22 AS build
ARG TARGETOS TARGETARCH VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod \\
	GOOS=$TARGETOS GOARCH=$TARGETARCH CGO_ENABLED=0 go build -ldflags "-s -w -X 'main.version=${VERSION}'" -o /out/app ./cmd/app
FROM scratch
COPY --from=build /out/app /app
COPY --from=0 /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENTRYPOINT ["/app"]
STOPSIGNAL SIGTERM
""",
    "rust and java": """\
FROM rust:1.75 as rs
RUN cargo build --release; \\
    strip target/release/app ;\\
    cp target/release/app /app
FROM maven:3-eclipse-temurin-21 AS mvn
COPY pom.xml .
RUN mvn -B -e -C -T 1C org.apache.maven.plugins:maven-dependency-plugin:3.0.2:go-offline
FROM eclipse-temurin:21-jre
VOLUME /tmp /data
VOLUME ["/logs"]
COPY --from=mvn target/*.jar app.jar
MAINTAINER Some One <a@example.org>
ENV JAVA_OPTS -Xmx512m   -Dx="a b"
ENTRYPOINT exec java $JAVA_OPTS -jar /app.jar
""",
    "windows": """\
# escape=`
# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
RUN Invoke-WebRequest -Uri https://example.org/a.zip -OutFile C:\\a.zip; `
    Expand-Archive C:\\a.zip -DestinationPath C:\\a\\ ; `
    # why
    Remove-Item C:\\a.zip
ENV A=C:\\x\\ B="C:\\Program Files\\y" C=a` b
WORKDIR C:\\app
COPY a.txt C:\\
CMD ["cmd", "/c", "echo hi"]
""",
    "heredocs": """\
FROM alpine
RUN <<EOF
set -e
# not a comment of the Dockerfile
FROM is no instruction here
  EOF
EOF
# a comment follows directly
RUN <<-EOT bash -x
	indented
		more
	EOT
COPY <<"conf" <<'second file' /etc/
a=$HOME
conf
b
second file
RUN cat <<A >/a && 3<<B cat <&3 \\
  # comment in the continuation
  && true
in a
A
in b
B
RUN python3 <<EOF
#!/usr/bin/env python3
print("x\\
y")
EOF
ONBUILD RUN <<EOF
echo later
EOF
ADD <<X.txt https://example.org/y /dest/
X
X.txt
RUN echo "$((1<<2))" '<<NO' \\<<NO <<<word
CMD ["cat", "<<EOF"]
""",
    "old style": """\
FROM ubuntu:14.04
MAINTAINER a
ENV DEBIAN_FRONTEND noninteractive
ENV PATH /usr/local/bin:$PATH
RUN apt-get update -qq && \\

  apt-get install -y curl   \\
  wget \\
  git
ADD http://example.org/x.tar.gz /tmp/
ADD a b	c /dest/
CMD ['node', 'a.js']
ONBUILD COPY . /app
ONBUILD RUN ["make", "all"]
EXPOSE 80 443
USER www-data:www-data
""",
}  # fmt: skip

TEMPLATE = """\
FROM {{ base }}:{{ version | default("latest") }}
{% if proxy %}
ENV http_proxy={{ proxy }}
{% endif %}
RUN echo "{{ '{{' }}" {{- range .Items }} && echo {{ . }} {{- end }}
"""
TABLE = [
    # directives, comments, byte order mark
    "# escape=`\nFROM a\nRUN x `\ny\\\n", "#escape = `  \nFROM a\nRUN x `\ny", "# Escape=\\\nFROM a\nRUN x \\\ny", "  # escape=`\nFROM a\nRUN x `\n y",
    "# a comment\n# escape=`\nFROM a\nRUN x `\n", "\n# escape=`\nFROM a\nRUN x `\n", "# syntax=x\n# escape=`\nFROM a\nRUN x `\ny", "# foo=bar\n# escape=`\nFROM a\nRUN x `\n",
    "# escape=`\n# escape=\\\nFROM a\n", "# escape=x\nFROM a\n", "# escape=\nFROM a\nRUN a \\\nb", "# escape= \nFROM a\n", "# syntax=\t\r\nFROM a\n", "#\n#\n FROM a\n",
    "\ufeffFROM a\n", "\ufeff# escape=`\r\nFROM a\r\nRUN a `\r\n b\r\n", "\ufeff\ufeffFROM a\n", "#!/usr/bin/env docker build\n# escape=`\nFROM a\nRUN x `\n",
    # line ends and white space
    "FROM a\r\nRUN a \\\r\n b\r\n", "FROM a\rRUN b\n", "FROM a\r\r\nRUN b\r\r\n", "\tFROM\ta\t\n\u00a0RUN\u00a0x\n", "\u2003FROM a\u2003\nRUN a\u3000b\u3000", "FROM a\x0b\x0cb\n", "FROM a\x1c\n",
    "FROM a\x85\nENV a=b\x85c=d\n", "FROM  a   AS   b  ", "FROM\n", "\n\nFROM a", "FROM a\nRUN  \n", "FROM a\n   \n\t\nRUN x", "RUN\u00a0x", "FROM a\nWORKD\u0130R x\nWOR\u212aDIR  y z",
    # continuations
    "FROM a\nRUN x \\", "FROM a\nRUN x \\\n", "FROM a\nRUN x \\\n\n", "FROM a\nRUN x \\\n\n\n#x\n", "FROM a\nRUN x \\\n# c\n y", "FROM a\nRUN x \\\n  # c \\\n y\nRUN z", "FROM a\nRUN x \\ \t\ny",
    "FROM a\nRUN x \\\\\ny", "FROM a\nRUN x \\\\\\\ny", "FROM a\nRUN x\\\ny\\\nz", "FROM \\\na", "FR\\\nOM a", "\\\nFROM a", "\\\n\\\nFROM a\n  \\\nRUN x", "FROM a\n\\", "FROM a\nENV a=b \\\n\n# c\n\n c=d\n", "FROM a\nRUN x \\\n\u00a0\n y",
    "FROM a\nRUN x \\\n \\\n y", "FROM a # b\nRUN a # b", "FROM a\nRUN x `\ny", "FROM a\nRUN \\\n--mount=type=a \\\n--network=none x", "FROM a\nENV \\\nA \\\nB c",
    # words
    "FROM a\nENV a b", "FROM a\nENV a  b  c ", "FROM a\nENV a\tb", "FROM a\nENV a=b c=d", "FROM a\nENV a=\"b c\" d='e f' g=h\\ i", 'FROM a\nENV a="b\\"c" d=e', "FROM a\nENV a='b\\' c=d", "FROM a\nENV a=b\\",
    "FROM a\nENV a= b=", "FROM a\nENV =a", 'FROM a\nENV a="b', "FROM a\nENV a='b c", 'FROM a\nENV "a b"=c', "FROM a\nENV a\\=b c", "FROM a\nENV", "FROM a\nENV a", "FROM a\nENV a=b c", "FROM a\nLABEL a", "FROM a\nENV a=b=c=d",
    "FROM a\nENV a=\"\\\" 'x'\" b='\"'", 'FROM a\nENV a="x\\\\" b=c', "FROM a\nENV a=x\u2003b=y", "FROM a\nENV a=\\\u2003b c=d", "FROM a\nENV a=\u00e9\\\u00e9 b=\U0001f600", "FROM a\nARG a b=c d", "FROM a\nARG a=\"b c\" ''", 'FROM a\nARG ""',
    "FROM a\nARG", 'FROM a\nLABEL a=b \\\n  c="d \\\n  e"', '# escape=`\nFROM a\nENV a=b` c d="`"" e=C:\\', "FROM a\nEXPOSE 1 2\t3", "FROM a\nEXPOSE", "FROM a\nUSER a b ", "FROM a\nSTOPSIGNAL 9", 'FROM a\nMAINTAINER "a" b',
    "FROM a\nCOPY a b", "FROM a\nCOPY", "FROM a\nADD a", "FROM a\nVOLUME a b", "FOO bar\nFROM a\nfoo\n{{x}}", "FROM a\nRUNx y", "FROM a b c d",
    # the JSON form
    "FROM a\nRUN []", "FROM a\nRUN [ ]", 'FROM a\nRUN ["a"]', 'FROM a\nRUN [ "a" , "b" ]', "FROM a\nRUN ['a']", 'FROM a\nRUN ["a",]', 'FROM a\nRUN ["a"', 'FROM a\nRUN ["a', 'FROM a\nRUN ["a" "b"]', "FROM a\nRUN [a]",
    'FROM a\nCMD ["\\u0041\\n\\/\\\\\\""]', 'FROM a\nCMD ["\\ud83d\\ude00 \\ud83d \\ude00 \\ud83d\\u0041"]', 'FROM a\nCMD ["\\x"]', 'FROM a\nCMD ["a\tb"]', 'FROM a\nCMD ["a", 1]', "FROM a\nCMD [null]", 'FROM a\nCMD [["a"]]',
    "FROM a\nCMD [1e999]", "FROM a\nCMD [-]", "FROM a\nCMD [NaN]", "FROM a\nCMD [01]", 'FROM a\nCMD {"a":1}', 'FROM a\nCMD ["a", \\\n  # c\n  "b"]', 'FROM a\nCOPY ["a b", "c"]', 'FROM a\nCOPY ["a b", c]', "FROM a\nVOLUME []",
    'FROM a\nSHELL ["a"]', "FROM a\nENTRYPOINT []", "FROM a\nHEALTHCHECK NONE", 'FROM a\nHEALTHCHECK CMD ["a"]', "FROM a\nHEALTHCHECK  CMD  a  b", "FROM a\nHEALTHCHECK", "FROM a\nHEALTHCHECK --interval=1s CMD x",
    'FROM a\nHEALTHCHECK CMD \u2003["a"]', 'FROM a\nEXPOSE ["1"]', 'FROM a\nCMD\t["a"]',
    # flags
    "FROM --platform=linux/amd64 a", "FROM a\nRUN --a --b=c d", 'FROM a\nRUN --a="b c" d', "FROM a\nRUN --a='b \\' c' d", "FROM a\nRUN --a=b\\ c d", "FROM a\nRUN -- --a", "FROM a\nRUN --a -- --b", "FROM a\nRUN --", "FROM a\nRUN --a",
    'FROM a\nRUN --a="b', "FROM a\nRUN --a\\", 'FROM a\nRUN --"" b', "FROM a\nRUN -a --b", "FROM a\nRUN - -", "FROM a\nCOPY --from=\u00e9 b c", "FROM a\nCOPY --from=a\u00a0--b c", "FROM a\nCOPY --from=\u4e2d\u6587 b c",
    'FROM a\nADD --a="\\"" b', "FROM a\nENV --a=b c=d", "FROM a\nONBUILD --a RUN --b c", "# escape=`\nFROM a\nRUN --a=b\\ c` d", "FROM a\nRUN --a=''", "FROM a\nRUN --a  --b   c",
    # ONBUILD
    "FROM a\nONBUILD", "FROM a\nONBUILD RUN", "FROM a\nONBUILD run a  b", "FROM a\nONBUILD ENV a b", "FROM a\nONBUILD ENV a=b c='d e'", "FROM a\nONBUILD ENV a", "FROM a\nONBUILD ONBUILD RUN a", "FROM a\nONBUILD foo bar", 'FROM a\nONBUILD COPY ["a", "b"]',
    "FROM a\nONBUILD \\\n RUN \\\n a", "FROM a\nONBUILD HEALTHCHECK CMD a", "FROM a\nONBUILD RUN cat <<E\nx\nE\nRUN y", 'FROM a\nONBUILD RUN ["<<E"]\nRUN y', "FROM a\nONBUILD ENV a=<<E\nRUN y",
    # heredocs
    *(f"FROM a\n{word}\nbody $x\n\tE\nE\nRUN z\n" for word in (
        "RUN <<E", "RUN <<-E", "RUN <<'E'", 'RUN <<"E"', "RUN << E", "RUN <<E cat", "RUN cat <<E", "RUN cat<<E", "RUN cat 2<<E", "RUN x2<<E", "RUN <<<E", "RUN <<E<<E", 'RUN "<<E"', "RUN '<<E'", "RUN \\<<E", "RUN <\\<E", "RUN <<\\E",
        "RUN <<E\\", "RUN <<", "RUN <<-", "RUN <<--", "RUN <<''", 'RUN <<""', "RUN <<''E", 'RUN <<E""', "RUN <<$E", "RUN <<${E}", "RUN <<${E:-E}", 'RUN <<"$E"', "RUN it's <<E", 'RUN "x <<E', "RUN ${x <<E", "RUN ${} <<E", "RUN ${x:-} <<E",
        "RUN ${x:-<<E}", 'RUN ${x:-"}"} <<E', "RUN $ <<E", "RUN $$ <<E", "RUN $1 <<E", "RUN $(cat <<E)", "RUN `cat <<E`", "RUN (cat <<E)", "RUN cat <<E;", "RUN cat <<E && b", "RUN cat <<E>f", "RUN cat <<E|b", 'RUN ["<<E"]', "RUN [ <<E", "COPY <<E /x",
        "ADD <<E /x", "COPY --chmod=755 <<E /x", "RUN --mount=type=x <<E", "ENV a=<<E", "CMD <<E", "ENTRYPOINT <<E", "RUN <<E <<E2", "RUN echo '\\' <<E", 'RUN echo "\\"" <<E', "RUN echo \\' <<E", "RUN a\\\n <<E", "RUN <<E \\\n b", "RUN <<E \\\n# c\n b", "run <<E",
        "RUN <<\u00c9", "RUN 12<<E", "RUN 007<<-E", "RUN <<E\u00a0x", "RUN <<E\u2003x", "FROM <<E", "ONBUILD ADD <<E /x", "RUN \u00e9<<E", "RUN ${1:-a}<<E", "RUN ${@}<<E", 'RUN <<"E F"', "RUN <<E\\ F", "RUN <<'E'F", "RUN ${x:?<<E", "RUN ${x:z} <<E", "RUN ${x=z} <<E",
    )),
    "FROM a\nRUN <<\ufeff", "FROM a\nRUN <<\ufeffE\nx\nE\nRUN y", "FROM a\nRUN <<E\r\nx\r\nE\r\nRUN y", "FROM a\nRUN <<E\nE", "FROM a\nRUN <<E\nE\nRUN <<E\n\nE", "FROM a\nRUN <<A <<B\na\nA\nb\nB", "FROM a\nRUN <<A <<A\na\nA\nb\nA", "FROM a\nRUN <<-A <<'B'\n\ta\n\tA\nb\nB\n# c\nRUN x", "FROM a\nRUN <<E \\\nx\nE",
    "FROM a\nRUN <<E\nx \\\nE\nRUN y", "# escape=`\nFROM a\nRUN <<E `\n x\nb `\nE\nRUN y", "FROM a\nRUN <<E\nx", "FROM a\nRUN <<E\nx\nE \nRUN y\nFROM b", 'FROM a\nRUN <<"E F"\nx\nE F\nRUN z', "FROM a\nRUN <<$x\ny\n$x\nRUN z", "FROM a\nRUN <<''\n\nRUN z",
    "FROM a\nRUN <<E\n# escape=`\nE\n", "FROM a\nRUN <<E\n\tx\n\n\n\ty\nE\n", "FROM a\nRUN <<-E\n\t\tx\n \ty\n\t\tE\n",
    "", "\n", "#", "# a", "\\", " ",
]  # fmt: skip


def source(text: str | bytes, path: str = "Dockerfile") -> Source:
    return Source(path, text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"), Repository())


def parse(text: str | bytes) -> Dockerfile:
    return source(text).view(read_dockerfile)


def _flag(text: str) -> str:
    """BuildKit reads flags byte by byte and takes each for a character."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def as_oracle(file: Source) -> list[tuple[Any, ...]]:
    """The instructions of a file in the form in which the reference parser gives them, keywords in capitals."""
    rows = []
    for instruction in file.view(read_dockerfile).instructions:
        made = instruction.inner or instruction
        ignored = made.keyword not in KEYWORDS or (made is not instruction and made.keyword == "ONBUILD" and made.words)
        rows.append(
            (
                instruction.keyword,
                instruction.inner.keyword if instruction.inner else None,
                made.is_json,
                instruction.original,
                instruction.line,
                instruction.end_line,
                tuple(_flag(flag.text) for flag in instruction.flags),
                ("",) if ignored else tuple(word.text for word in made.words),
                () if instruction.inner else tuple((doc.name, doc.descriptor, file.data[doc.start : doc.end].decode("utf-8", "surrogateescape")) for doc in instruction.heredocs),
            )
        )  # fmt: skip
    return rows


def _upper(keyword: str | None) -> str | None:
    return keyword and keyword.replace("\u212a", "K").replace("\u0130", "I").upper()


def oracle(text: str) -> list[tuple[Any, ...]] | None:
    """What the reference parser says; None when it refuses the text. It makes instructions of nothing from lone escape characters; those are left out."""
    reference = pytest.importorskip("dockerfile")
    try:
        commands = reference.parse_string(text)
    except ValueError:  # a text that it refuses, or a word that it cut within a character
        return None
    return [
        (_upper(made.cmd), _upper(made.sub_cmd), made.json, made.original, made.start_line, made.end_line, made.flags, made.value, tuple(map(tuple, made.heredocs)))
        for made in commands
        if made.cmd
    ]  # fmt: skip


_SINCE_REFERENCE = re.compile(r"(?im)^[ \t]*#[ \t]*check[ \t]*=|\][ \t\r\v\f]*[^ \t\r\n\v\f]|\$\{\w*[#%/]")
"""What BuildKit reads otherwise since the version of the reference parser: the directive `check`, text after a JSON array, patterns in variables."""


@pytest.mark.parametrize("name", REALISTIC)
def test_realistic_files_are_read_as_buildkit_reads_them(name: str) -> None:
    text = re.sub("# check=.*\n", "", REALISTIC[name])
    expected = oracle(text)
    assert as_oracle(source(text)) == expected
    assert expected


@pytest.mark.parametrize("text", TABLE)
def test_the_grammar_is_that_of_buildkit(text: str) -> None:
    file, expected = source(text), oracle(text)
    if expected is None:
        assert file.view(read_dockerfile).problems
    else:
        assert as_oracle(file) == expected


@pytest.mark.parametrize("ending", ["\r\n", " \r\n", "\t\n", "\n\n"])
@pytest.mark.parametrize("name", REALISTIC)
def test_line_ends_do_not_matter(name: str, ending: str) -> None:
    text = re.sub("# check=.*\n", "", REALISTIC[name]).replace("\n", ending)
    expected = oracle(text)
    assert expected is None or as_oracle(source(text)) == expected
    assert (expected is None) == (ending in (" \r\n", "\t\n") and name == "heredocs")


def test_every_pair_of_instructions() -> None:
    """Whether one instruction ends where it should shows in the next one."""
    ends = [line for line in REALISTIC["heredocs"].split("\n") if "<<" in line] + ["RUN a \\", "ENV a='b \\", 'CMD ["a", \\', "RUN b \\\n# c", "LABEL a=b \\\n"]  # fmt: skip
    starts = ["RUN x", "# comment", "EOF", "\tEOT", "from b", '"b"]', "", "conf\nsecond file", "A\nB"]
    for text in ("\n".join(("FROM a", *pair, "RUN z")) for pair in itertools.product(ends, starts)):
        expected = oracle(text)
        assert expected is None or as_oracle(source(text)) == expected, text


FRAGMENTS = [
    *(f"{keyword} " for keyword in sorted(KEYWORDS)), "run ", "from ", "FOO ", "ONBUILD RUN ", "RUN ", "RUN ", "ENV ", "COPY ",
    *["\n"] * 6, "\r\n", "\r", "\t", " ", "  ", "\\\n", "\\ \n", "`\n", "\\", "\\\\", "`", '"', "'", "=", "a", "b c", "a=b", '"a b"', "'x'", "{", "}", "&&", "|", ",", "[", "]",
    "# c\n", " # d\n", "#\n", "# escape=`\n", "# escape=\\\n", "#syntax=x\n", "--a ", "--from=x ", '--m="a b" ', "--", "-- ",
    "<<E", "<<E\n", "E\n", "\tE\n", "E\r\n", "<<-E ", '<<"E"', "<<'E F'", "E F\n", "3<<E", "<<", "<<<", "<<$x", "<<\\E", "$x", "${x}", "${x:-y}", "${x:+", "${", "$", "$$", "$1",
    '["a","b"]\n', '["a", "\\u0041\\n"]\n', "['a']\n", "[]\n", '["a",1]\n', "[1e999]\n", '["\\ud800"]\n', "NONE", "CMD",
    "\u00a0", "\u2003", "\u3000", "\x85", "\x1c", "\x0b", "\x0c", "\ufeff", "é", "日", "\U0001f600",
]  # fmt: skip
texts = st.tuples(st.sampled_from(["FROM a\n", "FROM a\n", ""]), st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)).map("".join)


@settings(deadline=None, max_examples=1500, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(texts)
def test_anything_is_read_as_buildkit_reads_it(text: str) -> None:
    file, expected = source(text), oracle(text)
    rows = as_oracle(file)
    assert expected is None or _SINCE_REFERENCE.search(text) or rows == expected


@settings(deadline=None, max_examples=300, database=None)
@given(
    st.one_of(
        st.binary(max_size=200), texts.map(str.encode), st.lists(st.one_of(st.sampled_from(FRAGMENTS).map(str.encode), st.binary(max_size=4))).map(b"".join)
    )
)
def test_positions_are_those_of_the_bytes(data: bytes) -> None:
    file = source(data)
    _check_positions(file.data, file.view(read_dockerfile))


@pytest.mark.parametrize("text", [*REALISTIC.values(), *TABLE, TEMPLATE, REALISTIC["python"].replace("\n", "\r\n")])
def test_positions_of_known_files(text: str) -> None:
    file = source(text)
    _check_positions(file.data, file.view(read_dockerfile))


def _check_positions(data: bytes, dockerfile: Dockerfile) -> None:
    before = 0
    for instruction in dockerfile.instructions:
        assert before <= instruction.start < instruction.end <= len(data)
        before = instruction.end
        assert instruction.line == data.count(b"\n", 0, _line_of(data, instruction)) + 1
        assert data[instruction.end : instruction.end + 1] in (b"", b"\n", b"\r")
        for made in filter(None, (instruction, instruction.inner)):
            _check_words(data, made)
        for heredoc in instruction.heredocs:
            assert instruction.start < heredoc.start <= heredoc.end <= len(data)
            assert data[instruction.end : heredoc.end] in (b"", b"\n", b"\r\n")  # one that has no end takes the last line end, too
            assert heredoc.content.data == (
                re.sub(rb"(?m)^\t+", b"", data[heredoc.start : heredoc.end]) if heredoc.strip_tabs else data[heredoc.start : heredoc.end]
            )
            for position in range(0, len(heredoc.content.data), 7):
                assert data[heredoc.content.place(position)] == heredoc.content.data[position]
    for start, end in dockerfile.comments:
        assert data[start : start + 1] == b"#"
        assert b"\n" not in data[start:end]
    for directive in dockerfile.directives:
        assert data[directive.start : directive.end].decode("utf-8", "surrogateescape") == directive.value
    assert all(0 <= offset <= len(data) for _, offset in dockerfile.problems)


def _line_of(data: bytes, instruction: Instruction) -> int:
    """Where the line of an instruction begins; lone escape characters in front of a keyword belong to it."""
    start = data.rfind(b"\n", 0, instruction.start) + 1
    while data.count(b"\n", 0, start) + 1 > instruction.line:
        start = data.rfind(b"\n", 0, start - 1) + 1
    return start


def _check_words(data: bytes, made: Instruction) -> None:
    for position in range(0, len(made.body.data), 5):
        assert data[made.body.place(position)] == made.body.data[position]
    for text, start, end in (*made.words, *made.flags):
        assert made.start <= start <= end <= made.end
        plain, written = text.encode("utf-8", "surrogateescape"), data[start:end]
        if plain != written and not re.search(rb"[\"'\\`\n]", written):
            assert (start, end, plain) == (start, end, written)
    for flag in made.flags:
        assert data.startswith(b"-", flag.start)


def test_parts_of_an_instruction() -> None:
    text = "# syntax=docker/dockerfile:1\n# check=skip=all\nFROM a\nRUN --mount=type=secret,id=x --mount=type=cache \\\n  # why\n  cat <<-'E' \\\n && true\n\tone\n\tE\n"
    file = source(text)
    dockerfile = file.view(read_dockerfile)
    run = dockerfile.instructions[1]
    assert [(directive.name, directive.value) for directive in dockerfile.directives] == [("syntax", "docker/dockerfile:1"), ("check", "skip=all")]
    assert [file.data[start:end] for start, end in dockerfile.comments] == [b"# why"]
    assert (run.line, run.end_line, run.body.data) == (4, 9, b"cat <<-'E'  && true")
    assert file.data[run.start : run.end].endswith(b"\tone\n\tE")
    assert [flag.text for flag in run.flags] == ["--mount=type=secret,id=x", "--mount=type=cache"]
    mounts = list(run.flag_values("mount"))
    assert [value.text for value in mounts] == ["type=secret,id=x", "type=cache"] == [file.data[start:end].decode() for _, start, end in mounts]
    assert (run.flag("mount"), run.flag("network")) == (mounts[0], None)
    (heredoc,) = run.heredocs
    assert (heredoc.name, heredoc.descriptor, heredoc.strip_tabs, heredoc.expand, heredoc.content.data) == ("E", 0, True, False, b"one\n")
    assert dockerfile.escape == "\\"
    assert dockerfile.complete


def test_flag_without_value_and_with_quotes() -> None:
    (add,) = parse('ADD --link --chown="a b" --keep-git-dir=true x y').instructions
    link, chown, keep = (next(add.flag_values(name)) for name in ("link", "chown", "keep-git-dir"))
    assert (link.text, chown.text, keep.text) == ("", "a b", "true")
    assert (link.start, link.end) == (add.flags[0].start, add.flags[0].end)
    assert (chown.start, chown.end) == (add.flags[1].start, add.flags[1].end)


def test_json_words_have_spans_without_quotes() -> None:
    data = b'FROM a\nCMD ["one", "t\\u0077o", ""]'
    words = parse(data).instructions[1].words
    assert [(word.text, data[word.start : word.end]) for word in words] == [("one", b"one"), ("two", b"t\\u0077o"), ("", b"")]


def test_pairs_have_spans_of_their_own() -> None:
    data = b'ENV a=b \\\n# c\n  long="d e" f='
    words = parse(data).instructions[0].words
    assert [data[word.start : word.end] for word in words] == [b"a", b"b", b"long", b'"d e"', b"f", b""]


@pytest.mark.parametrize(
    ("text", "keywords", "problem"),
    [
        ("FROM a\nRUN <<E\nx\nENV a=b\nCMD c", ["FROM", "RUN", "ENV", "CMD"], "a here-document without an end"),
        ("FROM a\nRUN <<E <<F\nx\nE\ny\nUSER z", ["FROM", "RUN", "USER"], "a here-document without an end"),
        ("FROM a\nENV b\nUSER c", ["FROM", "ENV", "USER"], "a name without a value"),
        ("FROM a\nENV b=c d\nUSER c", ["FROM", "ENV", "USER"], "a name without a value"),
        ("FROM a\nCMD [1]\nUSER c", ["FROM", "CMD", "USER"], "the JSON form holds something that is not a string"),
        ("FROM a\nFOO b\nUSER c", ["FROM", "FOO", "USER"], "an unknown instruction"),
        ("FROM a\nONBUILD ENV b\nUSER c", ["FROM", "ONBUILD", "USER"], "a name without a value"),
        ("FROM a\nONBUILD ONBUILD RUN b", ["FROM", "ONBUILD"], "an ONBUILD that triggers ONBUILD"),
        ("# escape=x\nFROM a", ["FROM"], "the escape directive takes a backslash or a backtick"),
        ("# escape=`\n# escape=`\nFROM a", ["FROM"], "a parser directive is there twice"),
        ("# a", [], "no instructions"),
        (f"FROM a\nRUN {'x' * 70000}\nUSER b", ["FROM", "RUN", "USER"], "a line longer than 65535 bytes"),
    ],
)  # fmt: skip
def test_reading_goes_on_behind_what_a_builder_refuses(text: str, keywords: list[str], problem: str) -> None:
    dockerfile = parse(text)
    assert [instruction.keyword for instruction in dockerfile.instructions] == keywords
    assert problem in [message for message, _ in dockerfile.problems]
    assert oracle(text) is None or problem in ("an unknown instruction", "an ONBUILD that triggers ONBUILD")


def test_templates_are_read_as_far_as_possible() -> None:
    dockerfile = parse(TEMPLATE)
    assert [instruction.keyword for instruction in dockerfile.instructions] == ["FROM", "{%", "ENV", "{%", "RUN"]
    assert dockerfile.instructions[0].words[0].text == "{{"


def test_a_delimiter_that_cannot_be_read() -> None:
    dockerfile = parse("FROM a\nRUN <<${x:-\\${}\nUSER b")
    assert [instruction.keyword for instruction in dockerfile.instructions] == ["FROM", "RUN", "USER"]
    assert dockerfile.problems == (("a here-document with a broken delimiter", 7),)


def test_bytes_that_are_no_text() -> None:
    dockerfile = parse(b"FROM a\nHEALTHCHECK \xa0x\nENV a=\xff\xc3 b\xe3=c\nRUN --a=\xff \xa0[\nRUN <<\xff\na\n\xff\n\xc2\nUSER b")
    assert [instruction.keyword for instruction in dockerfile.instructions] == ["FROM", "HEALTHCHECK", "ENV", "RUN", "RUN", "\udcc2", "USER"]
    assert dockerfile.instructions[2].words[1].text == "\udcff\udcc3"
    assert dockerfile.instructions[4].heredocs[0].content.data == b"a\n"


def test_what_an_unended_heredoc_holds() -> None:
    run = parse("FROM a\nRUN <<E <<F\nx\nE\ny\nRUN z").instructions[1]
    assert [heredoc.content.data for heredoc in run.heredocs] == [b"x\n", b"y\n"]


def test_what_newer_builders_read_otherwise() -> None:
    dockerfile = parse("# check=skip=all\n# escape=`\nFROM a\nRUN b `\n c")
    assert (dockerfile.escape, dockerfile.instructions[1].body.data) == ("`", b"b  c")
    shell = parse('RUN ["a"] b').instructions[0]
    assert (shell.is_json, [word.text for word in shell.words]) == (False, ['["a"] b'])
    for pattern in ("${x#a}", "${x%%a*}", "${x/a/b}", "${x//a/b}"):
        assert parse(f"RUN {pattern} <<E\nb\nE").instructions[0].heredocs, pattern


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *((name, True) for name in (
            "Dockerfile", "dockerfile", "a/b/Dockerfile", "Dockerfile.dev", "Dockerfile-dev", "Dockerfile_dev", "api.Dockerfile", "api.dockerfile", "Containerfile", "Containerfile.x",
            "Dockerfile.j2", "Dockerfile.template", "api.Dockerfile.tmpl", "Dockerfile.3.12", "Dockerfile.txt", "DOCKERFILE",
        )),
        *((name, False) for name in (
            "Dockerfile.md", "dockerfile.go", "Dockerfile.dockerignore", "Dockerfile.py", "Dockerfile.sh", "Dockerfile.yml", "Dockerfile.json", "dockerfile.vim", "Dockerfiles", "dockerfiles/a",
            "Dockerfile/x", "my-dockerfile", ".dockerignore", "docker-compose.yml", "NotADockerfile", "",
        )),
    ],
)  # fmt: skip
def test_which_files_are_dockerfiles(path: str, expected: bool) -> None:
    assert is_dockerfile(path) is expected


VARIABLES = {"HOME": "/home", "EMPTY": "", "UNKNOWN": None, "FILE": "foo.tar.gz", "PATHS": "/a/b/c", "STAR": "a*b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"), ("a'b c'd", "ab cd"), ('a"b c"d', "ab cd"), ("a\\'b", "a'b"), ("a\\tb", "atb"), ('"a\\tb"', "a\\tb"), ('"a\\\\tb"', "a\\tb"), ("'a\\tb'", "a\\tb"), ("a\\", "a"), ("a\\\\", "a\\"),
        ('"a\'b"', "a'b"), ("'a\\'", "a\\"), ('"\'\'"', "''"), ("$.", "$."), ("a$", "a$"), ("a$1b", "ab"), ("a$12b", "ab"), ("a$@b", "ab"), ("$HOME", "/home"), ("$HOMEx", ""), ("${HOME}x", "/homex"), ("a$HOME.", "a/home."), ("\\$HOME", "$HOME"),
        ('"\\$HOME"', "$HOME"), ("'$HOME'", "$HOME"), ("${HOME:-x}", "/home"), ("${EMPTY:-x}", "x"), ("${EMPTY-x}", ""), ("${NONE:-x}", "x"), ("${NONE-x}", "x"), ("${HOME:+x}", "x"), ("${EMPTY:+x}", ""), ("${EMPTY+x}", "x"),
        ("${NONE+x}", ""), ("${NONE:+x}", ""), ("${NONE:-$HOME}", "/home"), ("${NONE:-${EMPTY:-${HOME}}}", "/home"), ("${HOME:+${HOME}:}b", "/home:b"), ("${NONE:-\\$HOME}", "$HOME"), ("${NONE:-\\}}", "}"), ("${NONE:-'}'}", "}"),
        ('"${NONE:-"a b"}"', "a b"), ("${HOME:?no}", "/home"), ("${NONE:?no}", ""), ("${HOME?no}", "/home"), ("${NONE:-a b}", "a b"),
        ("${FILE%.*}", "foo.tar"), ("${FILE%%.*}", "foo"), ("${FILE#*.}", "tar.gz"), ("${FILE##*.}", "gz"), ("${FILE#f?o}", ".tar.gz"), ("${FILE%x}", "foo.tar.gz"), ("${FILE#}", "foo.tar.gz"), ("${FILE##*}", ""), ("${FILE#*}", "foo.tar.gz"),
        ("${PATHS#/}", "a/b/c"), ("${PATHS%/*}", "/a/b"), ("${STAR#a\\*}", "b"), ("${FILE#\\*}", "foo.tar.gz"), ("${EMPTY#a}", ""), ("${NONE#a}", ""),
        ("${PATHS//\\//_}", "_a_b_c"), ("${PATHS/b/x}", "/a/x/c"), ("${PATHS/z/x}", "/a/b/c"), ("${FILE/o*a/X}", "fXr.gz"), ("${FILE//o/}", "f.tar.gz"), ("${FILE//?/x}", "xxxxxxxxxx"), ("${NONE/a/b}", ""), ("${PATHS//}", "${PATHS//}"),
        ("${HOME", "${HOME"), ("${}", "${}"), ("${{x}}", "${{x}}"), ("${HOME:=x}", "${HOME:=x}"), ("${HOME=x}", "${HOME=x}"), ("'a", "'a"), ('"a', '"a'), ("${FILE#\\a}", "${FILE#\\a}"), ("$é", ""), ("$UNKNOWN", ""), ("${UNKNOWN:-d}", "d"),
    ],
)  # fmt: skip
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, VARIABLES) == expected


def test_expansion_with_the_other_escape_character() -> None:
    assert expand("C:\\x\\`$HOME`\\$HOME", VARIABLES, "`") == "C:\\x\\$HOME\\/home"
    assert expand('"`$HOME`""', VARIABLES, "`") == '$HOME"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$HOME/x", "/home/x"), ("$UNKNOWN", None), ("${UNKNOWN:-d}", "d"), ("${UNKNOWN:+d}", ""), ("${UNKNOWN%x}", None), ("${UNKNOWN/x/y}", None), ("$OTHER", None), ("${OTHER:-d}", None), ("${HOME:-$UNKNOWN}", None), ("'$OTHER'", "$OTHER"),
        ("${HOME", None), ("${UNKNOWN:?x}", None), ("x", "x"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_known(text: str, expected: str | None) -> None:
    assert resolve(text, VARIABLES) == expected


def test_expansion_is_bounded() -> None:
    variables: dict[str, str | None] = {"a": "x" * 40_000}
    assert resolve("$a$a", variables) is None
    assert len(expand("$a$a" * 30_000, variables)) <= 1 << 16
    assert expand("${a#*x*x*x*x*y}", variables).startswith("${a#")
    assert expand("${a:-" * 1000, variables).startswith("${a:-")
    assert resolve("${a//x*y/z}", {"a": "x" * 60_000}) is None
    assert resolve(f"${{a//x/{'y' * 100}}}", {"a": "x" * 10_000}) is None
    assert resolve(f"${{a#{'?' * 2000}}}", {"a": "x"}) is None
    assert resolve("${a///x}", {"a": "b"}) == "b"


MEGABYTE = 1 << 20
HOSTILE = {
    "continued": b"RUN " + b"x \\\n" * (MEGABYTE // 4), "only escapes": b"\\\n" * (MEGABYTE // 2), "heredoc starts": b"RUN " + b"<<a" * (MEGABYTE // 3), "heredoc words": b"RUN " + b"<<a " * 60_000,
    "heredoc lines": b"RUN <<a\n" * (MEGABYTE // 8), "heredoc names": b"".join(b"RUN <<a%d\n" % number for number in range(70_000)), "heredocs": b"RUN " + b"<<a " * 60_000 + b"\n" + b"a\n" * 60_000,
    "double quotes": b'ENV a="' + b'"' * MEGABYTE, "quotes": b"ENV " + b"\"'" * 120_000, "quoted escapes": b'ENV a="' + b"\\a" * 120_000, "unclosed": b'RUN <<a "' + b"\\a" * 120_000, "dollars": b"RUN <<a " + b"${a:-" * 50_000,
    "variables": b"RUN <<a " + b"${a} " * 50_000, "json": b"CMD [" + b'"a",' * 60_000 + b"1]", "json open": b"CMD " + b"[" * 250_000 + b"]", "json escapes": b'CMD ["' + b"\\n" * 120_000, "flags": b"RUN " + b"--a " * 60_000,
    "flag quotes": b"RUN --a=" + b'"' * 250_000, "blank": b"\n" * MEGABYTE, "comments": b"#\n" * (MEGABYTE // 2), "spaces": b" " * MEGABYTE + b"x", "wide spaces": b"\xc2\xa0" * (MEGABYTE // 2) + b"x" + b"\xc2\xa0" * 100_000,
    "triggers": b"ONBUILD " * 30_000, "instructions": b"a b\n" * (MEGABYTE // 4), "words": b"EXPOSE " + b"a " * (MEGABYTE // 2), "tabs": b"RUN <<-a\n" + b"\t" * MEGABYTE + b"\na\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_no_longer_than_their_size(name: str) -> None:
    file = source(b"FROM a\n" + HOSTILE[name])
    start = time.process_time()
    dockerfile = file.view(read_dockerfile)
    assert time.process_time() - start < 5
    assert dockerfile.instructions[0].keyword == "FROM"
    assert len(dockerfile.instructions) <= 10_000


@pytest.mark.parametrize("name", ["continued", "instructions", "words", "comments"])
def test_what_is_left_out_is_said(name: str) -> None:
    assert not parse(HOSTILE[name]).complete
