"""The proof that an edit of a YAML file changes only what it is meant to."""

from __future__ import annotations

import pytest
from agent_security_hooks.parse.yaml_proof import SIZE_LIMIT, unintended_change
from hypothesis import given
from hypothesis import strategies as st

WORKFLOW = """# über CI
on: push
jobs:
  a:
    steps:
      - uses: actions/checkout@v4  # keep
      - run: |
          echo one
          echo two
      - &x {name: "last", if: a}
      - *x
"""


def edited(text: str, *changes: tuple[str, str]) -> str:
    """What the proof says of replacing each first occurrence of a text; `^` before it stands for an insertion in front of it."""
    data, edits = text.encode(), []
    for old, new in changes:
        inserts = old.startswith("^")
        start = data.index(old.removeprefix("^").encode())
        edits.append((start, start if inserts else start + len(old.encode()), new.encode()))
    return unintended_change(data, sorted(edits))


@pytest.mark.parametrize(
    "changes",
    [
        [("@v4", "@0123 # v4.1")],
        [("^jobs:", "permissions:\n  contents: read\n\n")],
        [("^      - run", "        with:\n          persist-credentials: false\n")],
        [("echo one", 'echo "$ONE"')],
        [("^          echo two", "          set -e\n")],
        [("      - run: |\n          echo one\n          echo two\n", "")],
        [("# keep", "# other")],
        [("name: ", "uses: b@1, name: ")],
        [(", if: a}", "}")],
        [("# keep", "\n      #- ")],
        [("^jobs:", "permissions:\n")],
        [("on: push", "on: [push, pull_request]")],
        [("@v4", "@1"), ("^jobs:", "permissions: {}\n"), ("echo two", "echo 3")],
    ],
    ids=str,
)
def test_what_an_edit_writes_is_intended(changes: list[tuple[str, str]]) -> None:
    assert edited(WORKFLOW, *changes) == ""


@pytest.mark.parametrize(
    "changes",
    [
        [("^    steps:", "    permissions:\n  ")],  # the steps would be below the new key
        [("^      - run", "        shell: |\n        ")],  # a step would become text
        [("^\njobs:", " # x\n  more")],  # continues the value before
        [("^\n      - run", "\n         x")],
        [("^  a:", "  b:\n")],
        [("&x ", "&y ")],  # the alias means nothing any more
        [("^jobs:", "'")],
        [("^      - uses", "      - - ")],
        [("^      - *x", "  b: |\n")],
    ],
    ids=str,
)
def test_what_else_would_change_is_seen(changes: list[tuple[str, str]]) -> None:
    assert edited(WORKFLOW, *changes) != ""


def test_a_file_that_cannot_be_compared_is_not_proved() -> None:
    assert edited("a: [\n", ("[", "]")) == "another YAML parser does not read the file"
    assert edited("a: 1\n" + "# x\n" * (SIZE_LIMIT // 4), ("1", "2")).startswith("it is larger than 200 kB")


@given(st.text(alphabet="ab:-|>'\"&*!#[]{}, \n", max_size=40), st.integers(0, 60), st.integers(0, 10), st.text(alphabet="ab: -\n#|", max_size=10))
def test_any_text_and_edit_ends_with_a_verdict(text: str, start: int, width: int, new: str) -> None:
    data = text.encode()
    start = min(start, len(data))
    verdict = unintended_change(data, [(start, min(start + width, len(data)), new.encode())])
    assert isinstance(verdict, str)
