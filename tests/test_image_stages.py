"""Build stages: bases, aliases, variables and their scope, inheritance, which stages make the final image."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.dockerfile import read_dockerfile
from agent_security_hooks.parse.image_stages import (
    effective,
    effective_user,
    image_reference,
    is_windows,
    mount_fields,
    read_stages,
    shell_at,
    variables_at,
    working_directory,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_dockerfile import REALISTIC, TABLE, source

if TYPE_CHECKING:
    from agent_security_hooks.parse.image_stages import Stage


def stages(text: str | bytes) -> tuple[Stage, ...]:
    return source(text).view(read_stages)


def _bases(text: str) -> list[tuple[str, str, int | None]]:
    return [(stage.name, stage.image, stage.parent.index if stage.parent else None) for stage in stages(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a", [("", "a", None)]),
        ("from a as B\nfrom b", [("b", "a", None), ("", "b", 0)]),
        ("FROM a AS b\nFROM B As C", [("b", "a", None), ("c", "B", 0)]),
        ("FROM --platform=$BUILDPLATFORM a AS b", [("b", "a", None)]),
        ("FROM a AS x\nFROM b AS x\nFROM x", [("x", "a", None), ("x", "b", None), ("", "x", 1)]),
        ("FROM x AS x\nFROM x", [("x", "x", None), ("", "x", 0)]),
        ("ARG T=3.12\nFROM python:$T-slim", [("", "python:3.12-slim", None)]),
        ("ARG T='3 12' U=\"${T}x\"\nFROM a:$U", [("", "a:3 12x", None)]),
        ("ARG A=1\nARG B=$A.2\nARG A=2\nFROM a:$B-$A", [("", "a:1.2-2", None)]),
        ("ARG A=1 B=${A}2\nFROM a:$B", [("", "a:12", None)]),
        ("ARG A\nFROM a:$A", [("", "", None)]),
        ("ARG A=1\nARG A\nFROM a:$A", [("", "a:1", None)]),
        ("ARG A\nFROM ${A:-b}", [("", "b", None)]),
        ("FROM ${A:-b}", [("", "b", None)]),
        ("FROM ${A}", [("", "", None)]),
        ("FROM $TARGETOS-$TARGETARCH", [("", "linux-amd64", None)]),
        ("ARG TARGETARCH\nFROM a-$TARGETARCH", [("", "a-amd64", None)]),
        ("ARG FLAVOR=dev\nFROM a AS dev\nFROM b AS prod\nFROM ${FLAVOR} AS final", [("dev", "a", None), ("prod", "b", None), ("final", "dev", 0)]),
        ("FROM a\nARG X=b\nFROM $X", [("", "a", None), ("", "", None)]),
        ('FROM "a b"', [("", "", None)]),
        ("FROM", [("", "", None)]),
        ("FROM 0\nFROM 0", [("", "0", None), ("", "0", None)]),
        ("FROM later\nFROM b AS later", [("", "later", None), ("later", "b", None)]),
        ("RUN a\nENV b=c\nARG d=e\nFROM $d", [("", "e", None)]),
        ("# escape=`\nFROM a`$b", [("", "a$b", None)]),
        ("FROM ${A", [("", "", None)]),
        ("RUN x", []),
    ],
)  # fmt: skip
def test_bases(text: str, expected: list[tuple[str, str, int | None]]) -> None:
    assert _bases(text) == expected


def test_where_the_parts_are() -> None:
    text = "ARG T=1\nFROM --platform=linux/arm64 reg:5000/a:$T AS b\nRUN x\nFROM scratch\nCOPY --from=b /a /\n"
    first, last = stages(text)
    assert text[first.base.start : first.base.end] == first.base.text == "reg:5000/a:$T"
    assert (first.platform, first.root_image, last.root_image) == ("linux/arm64", "reg:5000/a:1", "scratch")
    assert [instruction.keyword for instruction in first.instructions] == ["RUN"]
    assert (first.is_final, last.is_final, last.lineage) == (False, True, (last,))
    own, taken = last.references
    assert (own.image, own.target, taken.argument.text, taken.target) == ("scratch", None, "b", first)
    assert text[taken.argument.start : taken.argument.end] == "b"


def test_which_stages_reach_the_final_image() -> None:
    text = """\
FROM a AS base
FROM base AS deps
FROM golang AS tools
FROM base AS build
COPY --from=deps /x /x
RUN --mount=type=bind,from=tools,target=/t --mount=type=cache,target=/c go build
FROM base AS unused
COPY --from=build /y /
FROM base AS runtime
FROM runtime
COPY --from=BUILD /y /
COPY --from=docker.io/library/nginx:1 /z /
COPY --from=9 /z /
"""
    found = stages(text)
    assert [stage.name for stage in found if stage.reaches_final] == ["base", "runtime", ""]
    assert [stage.name for stage in found if stage.feeds_final] == ["base", "deps", "tools", "build"]
    assert [(reference.image, reference.target.name if reference.target else None) for reference in found[-1].references] == [
        ("runtime", "runtime"), ("BUILD", "build"), ("docker.io/library/nginx:1", None), ("9", None),
    ]  # fmt: skip


def test_stages_by_number_and_by_the_last_of_an_alias() -> None:
    found = stages("FROM a AS x\nFROM b AS x\nFROM c\nCOPY --from=0 /a /\nCOPY --from=x /b /\n")
    assert [(stage.image, stage.feeds_final) for stage in found] == [("a", True), ("b", True), ("c", False)]
    assert [reference.target.image for reference in found[-1].references if reference.target] == ["a", "b"]


def test_stages_that_copy_from_each_other() -> None:
    found = stages("FROM a AS x\nCOPY --from=y /a /\nFROM b AS y\nCOPY --from=x /a /\nFROM c\nCOPY --from=y /a /\nCOPY --from=2 / /\n")
    assert [stage.feeds_final for stage in found] == [True, True, True]


def test_stages_of_other_platforms_reach_the_image_of_those() -> None:
    found = stages("FROM a AS bin-amd64\nFROM b AS bin-arm64\nFROM c AS bin-mips\nFROM bin-${TARGETARCH} AS bin\nFROM d\nCOPY --from=bin /x /\n")
    assert [stage.feeds_final for stage in found] == [True, True, False, True, False]
    assert found[3].parent is found[0]
    assert found[3].alternatives == (found[1],)
    found = stages("FROM a AS bin-amd64\nFROM b AS bin-arm64\nFROM bin-${TARGETARCH}\n")
    assert [stage.reaches_final for stage in found] == [True, True, True]


def _at_the_end(text: str) -> dict[str, str | None]:
    stage = stages(text + "\nRUN last\n")[-1]
    return dict(variables_at(stage, stage.instructions[-1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG A=1\nFROM x", {}),
        ("ARG A=1\nFROM x\nARG A", {"A": "1"}),
        ("ARG A=1\nFROM x\nARG A=2", {"A": "2"}),
        ("ARG A=1\nFROM x\nARG A=2\nARG A", {"A": "1"}),
        ("FROM x\nARG A=2\nARG A", {"A": "2"}),
        ("FROM x\nARG A", {"A": None}),
        ("FROM x\nARG TARGETARCH", {"TARGETARCH": None}),
        ("FROM x\nARG A=1 B=$A", {"A": "1", "B": "1"}),
        ("FROM x\nENV A=1\nARG A=2", {"A": "1"}),
        ("FROM x\nARG A=2\nENV A=1", {"A": "1"}),
        ("FROM x\nARG A=2\nENV B=$A", {"A": "2", "B": "2"}),
        ("FROM x\nENV A=1\nENV A=2 B=$A", {"A": "2", "B": "1"}),
        ("FROM x\nENV A 'b  c' \"d\"", {"A": "b  c d"}),
        ("FROM x\nENV A=\"b c\" D='$A' E=f\\ g", {"A": "b c", "D": "$A", "E": "f g"}),
        ("FROM x\nENV PATH=$PATH:/b", {"PATH": None}),
        ("FROM x\nENV A=${PORT:-1}", {"A": None}),
        ("FROM x\nARG P\nENV A=${P:-1} B=$P", {"P": None, "A": "1", "B": None}),
        ("FROM x\nENV K=a\nENV $K=b ${NONE}x=c", {"K": "a", "a": "b"}),
        ("FROM x AS a\nENV A=1\nARG B=2\nFROM a\nENV C=$A$B", {"A": "1", "B": "2", "C": "12"}),
        ("FROM x AS a\nENV A=1\nFROM a\nENV A=2", {"A": "2"}),
        ("FROM x AS a\nENV A=1\nFROM y", {}),
        ("FROM x AS a\nONBUILD ENV A=1\nFROM a\nENV B=$A", {"A": "1", "B": "1"}),
        ("FROM x AS a\nONBUILD ENV A=1\nRUN b", {}),
    ],
)  # fmt: skip
def test_variables(text: str, expected: dict[str, str | None]) -> None:
    assert _at_the_end(text) == expected


def test_variables_are_those_of_the_place() -> None:
    (stage,) = stages("ARG G=1\nFROM x:$G\nRUN a\nENV A=1\nRUN b\nARG G\nENV A=2\nRUN c")
    runs = [instruction for instruction in stage.instructions if instruction.keyword == "RUN"]
    assert [dict(variables_at(stage, run)) for run in runs] == [{}, {"A": "1"}, {"A": "2", "G": "1"}]
    assert [len(stage.environment(run)) for run in runs] == [0, 1, 2]
    scope = variables_at(stage, stage.start)
    assert (scope["G"], scope["TARGETARCH"], scope.get("NONE")) == ("1", "amd64", None)
    assert {"G", "BUILDPLATFORM"} <= set(scope)
    assert len(scope) == len(set(scope))


@pytest.mark.parametrize(
    ("text", "value", "line"),
    [
        ("FROM a", None, None),
        ("FROM a\nUSER b\nUSER c", "c", 3),
        ("FROM a AS x\nUSER b\nFROM x AS y\nRUN c\nFROM y", "b", 2),
        ("FROM a AS x\nUSER b\nFROM a", None, None),
        ("FROM a AS x\nUSER b\nFROM x\nUSER root", "root", 4),
        ("FROM a\nARG UID=0\nUSER ${UID}:${UID}", "0:0", 3),
        ("FROM a\nUSER ${UID}", None, 2),
        ("FROM a\nARG UID\nUSER ${UID:-1000}", "1000", 3),
        ('ARG UID=5\nFROM a\nARG UID\nUSER "$UID"\nENV UID=6', "5", 4),
        ("FROM a AS x\nARG U=b\nFROM x\nUSER $U", "b", 4),
        ("FROM a AS x\nONBUILD USER b\nFROM x", "b", 2),
        ("FROM a AS x\nUSER c\nONBUILD USER b\nFROM x\nUSER d", "d", 5),
        ("FROM a AS x\nUSER c\nONBUILD USER b", "c", 2),
        ("FROM a\nUSER", "", 2),
    ],
)  # fmt: skip
def test_the_user(text: str, value: str | None, line: int | None) -> None:
    last = stages(text)[-1]
    found, instruction = effective_user(last)
    assert (found, instruction.line if instruction else None, last.user) == (value, line, value)


@pytest.mark.parametrize(
    ("text", "keyword", "line"),
    [
        ("FROM a\nCMD b", "CMD", 2),
        ("FROM a AS x\nCMD b\nFROM x", "CMD", 2),
        ("FROM a AS x\nCMD b\nFROM x\nENTRYPOINT c", "CMD", None),
        ("FROM a\nCMD b\nENTRYPOINT c", "CMD", 2),
        ("FROM a AS x\nENTRYPOINT b\nFROM x\nCMD c", "ENTRYPOINT", 2),
        ("FROM a AS x\nENTRYPOINT b\nFROM a", "ENTRYPOINT", None),
        ("FROM a AS x\nWORKDIR /b\nFROM x", "WORKDIR", 2),
    ],
)
def test_what_has_the_last_word(text: str, keyword: str, line: int | None) -> None:
    instruction = effective(stages(text)[-1], keyword)
    assert (instruction.line if instruction else None) == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a", None),
        ("FROM scratch", "/"),
        ("FROM a\nWORKDIR /b", "/b"),
        ("FROM a\nWORKDIR /b\nWORKDIR c/../d", "/b/d"),
        ("FROM a\nWORKDIR b", None),
        ("FROM scratch\nWORKDIR b", "/b"),
        ("FROM a\nENV D=/x\nWORKDIR $D/y", "/x/y"),
        ("FROM a\nWORKDIR /b\nWORKDIR $HOME", None),
        ("FROM a AS x\nWORKDIR /b\nFROM x\nWORKDIR c", "/b/c"),
        ("FROM a\nWORKDIR C:\\\\b", "C:\\b"),
    ],
)
def test_the_working_directory(text: str, expected: str | None) -> None:
    assert working_directory(stages(text)[-1], 1 << 40) == expected


def test_shells() -> None:
    first, second, third = stages('FROM a AS x\nRUN a\nSHELL ["bash", "-c"]\nRUN b\nFROM x\nRUN c\nFROM mcr.microsoft.com/windows/nanoserver\nRUN d')
    assert [shell_at(first, instruction) for instruction in first.instructions if instruction.keyword == "RUN"] == [("/bin/sh", "-c"), ("bash", "-c")]
    assert (first.shell, second.shell, third.shell) == (("/bin/sh", "-c"), ("bash", "-c"), ("cmd", "/S", "/C"))
    (broken,) = stages("FROM a\nSHELL bash -c\nRUN b")
    assert shell_at(broken, broken.instructions[1]) == ("/bin/sh", "-c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM mcr.microsoft.com/windows/servercore:ltsc2022", True),
        ("FROM mcr.microsoft.com/windows:20H2", True),
        ("FROM mcr.microsoft.com/windows/server:ltsc2025 AS a\nFROM a", True),
        ("FROM microsoft/nanoserver", True),
        ("FROM golang:1.22-nanoserver", True),
        ("FROM mcr.microsoft.com/dotnet/framework/sdk:4.8", True),
        ('# escape=`\nFROM $base\nSHELL ["powershell", "-Command"]', True),
        ("FROM --platform=windows/amd64 a", True),
        ("FROM --platform=linux/amd64 mcr.microsoft.com/windows/x", False),
        ("FROM mcr.microsoft.com/dotnet/sdk:8.0", False),
        ('FROM a\nSHELL ["pwsh", "-Command"]', False),
        ("FROM acme/windows-tools:1", False),
        ("# escape=`\nFROM a", False),
    ],
)
def test_windows(text: str, expected: bool) -> None:
    assert is_windows(stages(text)[-1]) is expected


SHA256 = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ("a", "", "")),
        ("a:b", ("a", "b", "")),
        ("registry:5000/x", ("registry:5000/x", "", "")),
        ("registry:5000/x:1", ("registry:5000/x", "1", "")),
        (f"a@{SHA256}", ("a", "", SHA256)),
        (f"r:5/a:1@{SHA256}", ("r:5/a", "1", SHA256)),
        ("a@sha256:v2", ("a", "", "")),
        (f"a@{SHA256}0", ("a", "", "")),
        (f"a@{SHA256.upper()}", ("a", "", "")),
        ("a@sha512:" + "0" * 128, ("a", "", "sha512:" + "0" * 128)),
        ("", ("", "", "")),
    ],
)
def test_image_references(text: str, expected: tuple[str, str, str]) -> None:
    assert image_reference(text) == expected


def test_fields_of_a_mount() -> None:
    data = b'RUN --mount=type=secret,ID=a,target=/b,readonly --mount="type=bind,from=x" c'
    (run,) = source(data).view(read_dockerfile).instructions
    plain, quoted = run.flag_values("mount")
    fields = mount_fields(plain)
    assert {name: value.text for name, value in fields.items()} == {"type": "secret", "id": "a", "target": "/b", "readonly": ""}
    assert all(data[value.start : value.end].decode() == value.text for value in fields.values())
    assert mount_fields(quoted)["from"] == ("x", run.flags[1].start, run.flags[1].end)


HOSTILE = {
    "doubling": "FROM a\nENV a=xx\n" + "ENV a=$a$a\n" * 10_000, "long values": f"FROM a\nENV a={'x' * 60_000}\n" + "ENV a=$a\n" * 9_000, "chain": "".join(f"FROM s{n} AS s{n + 1}\nENV a{n}=1\n" for n in range(5_000)),
    "copies": "FROM x AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nCOPY --from={4_000 - n} a b\n" for n in range(4_000)), "lookups": "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(100)) + "ENV " + "x=$y " * 19_000, "paths": "FROM scratch\n" + "WORKDIR aaaaaaaaaaaaaaaaaa\n" * 9_000,
    "patterns": f"ARG v={'a' * 60_000}\n" + "FROM ${v//a*b/c}\n" * 2_000, "stars": f"ARG v={'a' * 60_000}\nFROM ${{v#*{'a*' * 400}b}}\n", "triggers": "FROM x AS a\n" + "ONBUILD ENV a=b\n" * 5_000 + "FROM a AS c\n" * 4_000,
    "bases": f"ARG a={'x' * 60_000}\n" + "FROM $a$TARGETARCH\n" * 9_000, "nesting": "FROM " + "${a:-" * 20_000, "mounts": "FROM a\nRUN --mount=" + "from=a," * 20_000 + " x\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_no_longer_than_their_size(name: str) -> None:
    file = source(HOSTILE[name])
    start = time.process_time()
    last = file.view(read_stages)[-1]
    assert (last.is_final, last.reaches_final) == (True, True)
    _look_at(last)
    assert time.process_time() - start < 5


def _look_at(stage: Stage) -> None:
    effective_user(stage)
    effective(stage, "CMD")
    is_windows(stage)
    working_directory(stage, 1 << 40)
    for instruction in stage.instructions[-3:]:
        shell_at(stage, instruction)
        dict(variables_at(stage, instruction))


LINES = [
    "ARG a=1", "ARG a", "ARG b=$a${c:-x}", "FROM a AS b", "FROM ${a} as a", "FROM b", "FROM --platform=$TARGETPLATFORM $b AS c-$TARGETARCH", "FROM", "ENV a=$b", "ENV b c", "ENV $a=x", "USER $a", "WORKDIR $b", "WORKDIR c",
    "COPY --from=a x y", "COPY --from=0 x y", "COPY --from=$a x y", "RUN --mount=from=b,type=bind x", "RUN x", 'SHELL ["cmd"]', "SHELL x", "CMD x", 'ENTRYPOINT ["x"]', "ONBUILD USER $a", "ONBUILD COPY --from=b x y", "ONBUILD ENV a=b", "USER ${a%*1}", 'ENV "a', "\\",
]  # fmt: skip


@settings(deadline=None, max_examples=400, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(LINES), max_size=15).map("\n".join))
def test_any_order_of_instructions(text: str) -> None:
    found = stages(text)
    assert [stage.index for stage in found] == list(range(len(found)))
    for stage in found:
        assert stage.parent is None or stage.parent.index < stage.index
        assert stage.lineage[0] is stage
        _look_at(stage)
    assert [stage.is_final for stage in found] == [False] * (len(found) - 1) + [True] * bool(found)


@pytest.mark.parametrize("text", [*REALISTIC.values(), *TABLE])
def test_any_file_has_stages(text: str) -> None:
    file = source(text)
    starts = [instruction for instruction in file.view(read_dockerfile).instructions if instruction.keyword == "FROM"]
    assert [stage.start for stage in file.view(read_stages)] == starts
