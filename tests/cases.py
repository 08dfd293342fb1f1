"""Literate cases: Markdown files of prose, files and expected findings.

A fence whose info string begins with a file name holds that file. A fence `findings` ends the case; it lists what must be reported,
one `line:column rule` a line, with the path before it when there are several files, and `error: text` for what cannot be checked.
An empty one means silence. The heading above names the case.

After a file name may follow: `hex`, `made` (an expression of tests/artefacts gives the bytes), `crlf`, `cr`, `no-newline`, `encoding=NAME`, `lead=N` (that many blanks come first), `nul` (each `␀` is
a NUL byte), `link` (the content is the target), `untracked`, `deleted` (committed once, then removed).
After `findings` may follow options for the hook. A name with odd characters is written as a JSON string. Several files, or one that
is `tracked`, make a git repository; the hook is then given its tracked files. `<secret:kind>` is expanded (see placeholders.py).
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from artefacts import build
from placeholders import expand
from support import git, make_repository, scan, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FENCE = re.compile(r"^(`{3,}|~{3,})[ ]*(.*)$")


class File(NamedTuple):
    """One file of a case."""

    name: str
    content: str
    words: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        """The bytes to write."""
        settings = dict(word.split("=", 1) for word in self.words if "=" in word)
        text = " " * int(settings.get("lead", "0")) + expand(self.content)
        if "hex" in self.words:
            return bytes.fromhex(text)
        if "made" in self.words:
            return build(text)
        if "no-newline" in self.words or "link" in self.words:
            text = text.removesuffix("\n")
        if "crlf" in self.words:
            text = text.replace("\n", "\r\n")
        if "cr" in self.words:
            text = text.replace("\n", "\r")
        if "nul" in self.words:
            text = text.replace("␀", "\0")
        return text.encode(settings.get("encoding", "utf-8"))


class Case(NamedTuple):
    """Files, and what a hook says of them."""

    hook: str
    rule: str
    title: str
    files: tuple[File, ...]
    options: tuple[str, ...]
    expected: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.hook}/{self.rule}.md: {self.title}"

    def run(self, directory: Path) -> list[str]:
        """What the hook says, in the words of a `findings` fence; the current directory must be `directory`."""
        words = {word for file in self.files for word in file.words}
        if len(self.files) > 1 or words & {"tracked", "untracked"}:
            make_repository(directory, {file.name: file.data for file in self.files if not {"untracked", "link"} & {*file.words}})
            deleted = [file.name for file in self.files if "deleted" in file.words]
            if deleted:
                git(directory, "commit", "--quiet", "--message=first", "--", *deleted)
                git(directory, "rm", "--quiet", "--", *deleted)
            write(directory, {file.name: file.data for file in self.files if "untracked" in file.words})
            for file in self.files:
                if "link" in file.words:
                    os.symlink(file.data, file.name)
                    git(directory, "add", "--", file.name)
            names = [name for name in git(directory, "ls-files", "-z").split("\0") if name]
        else:
            write(directory, {file.name: file.data for file in self.files})
            names = [file.name for file in self.files]
        report = scan(*self.options, *names, hook=self.hook).report
        several = len(self.files) > 1
        return sorted(
            [f"{found['path'] + ':' if several else ''}{found['line']}:{found['column']} {found['rule']}" for found in report["findings"]]
            + [f"error: {error['path'] + ': ' if several else ''}{error['message']}" for error in report["errors"]]
        )


def read_cases(path: str) -> Iterator[Case]:
    """The cases of one Markdown file called `.../HOOK/RULE.md`."""
    hook, rule = os.path.basename(os.path.dirname(path)), os.path.basename(path).removesuffix(".md")
    with open(path, encoding="utf-8") as stream:
        lines = stream.read().split("\n")
    title, titles, files = "", dict[str, int](), list[File]()
    position = 0
    while position < len(lines):
        line, position = lines[position], position + 1
        fence = _FENCE.match(line)
        if line.startswith("#"):
            title = line.strip("# ")
        if not fence:
            continue
        end = next((i for i in range(position, len(lines)) if lines[i].startswith(fence[1])), None)
        if end is None:
            raise ValueError(f"{path}:{position}: the fence is not closed")
        content, position = lines[position:end], end + 1
        name, words = _info(fence[2])
        if name != "findings":
            files.append(File(name, "".join(text + "\n" for text in content), words))
            continue
        titles[title] = titles.get(title, 0) + 1
        shown = f"{title} ({titles[title]})" if titles[title] > 1 else title
        yield Case(hook, rule, shown, tuple(files), words, tuple(sorted(text for text in content if text.strip())))
        files = []
    if files:
        raise ValueError(f"{path}: {files[-1].name} has no findings fence after it")


def _info(text: str) -> tuple[str, tuple[str, ...]]:
    if text.startswith('"'):
        name, end = json.JSONDecoder().raw_decode(text)
        return str(name), tuple(text[end:].split())
    name, *words = text.split() or [""]
    return name, tuple(words)
