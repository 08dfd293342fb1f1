"""Documentation that tells its readers to write a key into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.secrets import names
from agent_security_hooks.parse.secrets.structures import find_all
from agent_security_hooks.parse.secrets.words import randomness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.source import Source

_DOCUMENTS = (".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt")
_STAND_IN = Pattern(
    rb"(?P<rest>[\w-]{0,20})[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"'](?:sk-|xoxb-|ghp_|hf_|AIza)?(?:[\w-]{0,20}\.\.\.|[xX*]{3,60}|your[-_ ][^\"'\n]{1,60}|<[^>\"'\n]{2,60}>|YOUR[-_ ][^\"'\n]{1,60})[^\"'\n]{0,20}[\"']"
)
_WORDS = (b"key", b"token", b"secret", b"password")


def find_instructions(file: Source) -> Iterator[tuple[int, int, str]]:
    """Start, end and name of each `api_key: "sk-..."` in a document. Names in capitals are environment variables, which are fine."""
    if not file.name.lower().endswith(_DOCUMENTS):
        return
    data, lower = file.data, file.data.lower()
    for word in _WORDS:
        for position in find_all(lower, word):
            match = _STAND_IN.match(data, position + len(word))
            if match is None:
                continue
            start = position
            while start > 0 and position - start < 40 and (data[start - 1 : start].isalnum() or data[start - 1] in b"_-"):
                start -= 1
            name = data[start : match.end("rest")]
            if names.strength(name) >= names.MEDIUM and not name.isupper() and randomness(name) < 0.5:
                yield start, match.end(), name.decode("ascii", "replace")
