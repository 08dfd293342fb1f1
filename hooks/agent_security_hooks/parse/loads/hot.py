"""Which families of loaders a Python file may use, by its bytes: what keeps most files from being parsed.

A family is wanted where a line of code takes a loading function of one of its modules, or of a name that a line of the file binds to one.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.loads.hub_words import FETCHES, HUB, WEIGHTS
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence


class _Family(NamedTuple):
    words: tuple[bytes, ...]
    """One of these is in any file of the family; to look for fixed bytes costs a hundredth of a pattern."""
    modules: bytes
    functions: bytes
    pieces: tuple[tuple[bytes, bytes], ...] = ((b"load", b""),)
    """What the functions have in their names, each with a word that the file must hold then."""
    evident: tuple[bytes, ...] = ()
    """Words that say by themselves that the family is used."""


_LOADS = rb"_?loads?|load_all|load_session|load_module\w{0,40}|load_compatibility"
_FAMILIES: dict[str, _Family] = {
    "pickle": _Family(
        (b"ickle", b"joblib", b"dill", b"shelve", b"msgpack_numpy", b"allow_dangerous_deserialization"),
        rb"_pickle|c?[pP]ickle5?|cloudpickle|jsonpickle|zodbpickle|compress_pickle|dill|joblib|shelve|hickle|msgpack_numpy|ForkingPickler",
        _LOADS + rb"|decode|restore|open|\w{0,40}Shelf|unpackb?|_?Unpickler",
        (
            (b"load", b""),
            (b"Unpickler", b""),
            (b"decode", b"jsonpickle"),
            (b"restore", b"jsonpickle"),
            (b"open", b"shelve"),
            (b"Shelf", b"shelve"),
            (b"unpack", b"msgpack_numpy"),
        ),
        (b"read_pickle", b"allow_dangerous_deserialization", b"pickle_compat", b"pickle_loads", b"unpickle", b"load_pickle"),
    ),
    "torch": _Family(
        (b"torch", b"load_from_checkpoint"),
        rb"torch|serialization|model_zoo",
        rb"load|load_url",
        ((b"load", b""),),
        (b"weights_only", b"load_from_checkpoint", b"load_state_dict_from_url", b"NO_WEIGHTS_ONLY_LOAD", b"PackageImporter"),
    ),
    "yaml": _Family(
        (b"yaml",),
        rb"(?:o|ru|ruamel_)?yaml",
        rb"(?:unsafe_|full_)?load(?:_all)?|(?:C|Full|CFull|CUnsafe|Unsafe)?Loader",
        ((b"load", b""), (b"Loader", b"")),
        (b"'unsafe'", b'"unsafe"', b"UnsafeLoader"),
    ),
    "array": _Family((b"marshal", b"allow_pickle"), b"marshal", b"loads?", ((b"load", b"marshal"),), (b"allow_pickle",)),
    "keras": _Family((b"keras",), b"", b"", (), (b"load_model", b"safe_mode", b"enable_unsafe_deserialization")),
}
_FUNCTIONS = {name: Pattern(rb"(?:" + family.functions + rb")\b") for name, family in _FAMILIES.items() if family.functions}
_MODULES = {name: Pattern(rb"\b(?:" + family.modules + rb")\b") for name, family in _FAMILIES.items() if family.modules}
# On a line that names a module, a name may be bound to it: `import pickle as p`, `p = pickle`, `for p in (pickle, dill)`, `def f(p=pickle)`.
_BINDS = Pattern(rb"\bas[ \t]{1,4}(\w{1,80})|(\w[\w., \t]{0,79})(?::[ \t]{0,4}[\w.\"']{1,40})?[ \t]{0,4}:?=(?!=)|\bfor[ \t]{1,4}(\w[\w, ]{0,79})[ \t]in\b")
# A name that is put together where it is used.
_MADE = Pattern(
    rb"(?:getattr\([\w.\"'()]{1,80},|__dict__\[|vars\([\w.]{1,60}\)\[|attrgetter\(|methodcaller\(|__getattribute__\()[^\r\n]{0,60}?[\"'][ \t]{0,4}(?:\+|%|\.format|\.join)"
)
_MAKERS = (b"getattr(", b"__dict__[", b"vars(", b"attrgetter(", b"methodcaller(", b"__getattribute__(")
_BY_NAME = Pattern(rb"getattr\([ \t]{0,4}([\w.]{1,80})[ \t]{0,4},[ \t]{0,4}[^\"' \t]")
_OWNER = Pattern(rb"(?:^|[^\w.`])([\w.]{1,200})\.\Z")
_ASKED = (b"getattr", b"attrgetter", b"methodcaller", b"__getattribute__", b"__dict__", b"vars(", b"globals(", b"locals(", b"resolve_name", b"locate(")
_COPY = Pattern(rb"\(([\w.]{1,80})\.dumps\(")
_AFTER = Pattern(rb"\w{0,80}[ \t]{0,4}(?:[(=.\[\"':,)\]}\r\n;#|]|import\b|as\b|if\b|or\b|load\b|\Z)")
# Words that mean something else where the library is not named.
_TOGETHER = {
    b"pipeline(": b"transformers", b"LLM(": b"vllm", b"EngineArgs": b"vllm", b"CrossEncoder": b"transformers", b"SparseEncoder": b"transformers", b"from_tf": b"pretrained",
    b"from_flax": b"pretrained", b"safe_serialization": b"pretrained", b"from_model_id": b"HuggingFace", b".load_url": b"load_", b"import load_url": b"load_",
}  # fmt: skip
_SHORT = (
    b"ickle",
    b"torch",
    b"yaml",
    b"keras",
    b"joblib",
    b"dill",
    b"pretrained",
    b"transformers",
    b"vllm",
    b"hub",
    b"evaluate",
    b"safetensors",
    b"load_",
    b"HuggingFace",
    b"gdown",
)
_PIECES: dict[bytes, bytes] = {
    word: _TOGETHER.get(word) or next((piece for piece in _SHORT if piece in word), word)
    for word in (*HUB, *WEIGHTS, *(word for family in _FAMILIES.values() for word in family.words))
}
_LOOKED_FOR = tuple(dict.fromkeys(_PIECES.values()))
"""What is looked for in every file: a few short pieces that one of the words has in it."""
_IMPORTERS = (b"__import__(", b"import_module(")
_NAMED = Pattern(rb"\w{1,80}\([ \t\r\n]{0,40}(?:[\"'][\w.]{1,100}[\"'][ \t\r\n]{0,40}[,)]|[fF][\"']|__name__\b)")
"""An import by a name that stands there, or that only the run can tell."""
_TAKES_LOAD = Pattern(rb"(?:\.|[\"'])_?loads?\b")
_HIDDEN = frozenset(("pickle", "torch", "yaml", "array"))
_PUT_TOGETHER = Pattern(rb"[\"'][ \t]{0,4}\+[ \t]{0,4}[\"']|[\"']\.join\([ \t]{0,4}[\[(][\"']|[\"'\w]\[::-1\]")
"""A text that is put together of constants: where a module is imported by its name, that may be the name."""
_FAR = 400
_SEEN = 20_000
"""Hits of one word that are looked at; a file with more is parsed."""


def wanted(data: bytes) -> frozenset[str]:
    """The families whose functions stand on lines of code."""
    pieces = [piece for piece in _LOOKED_FOR if piece in data]
    hidden = _HIDDEN if _imports_by_text(data) else frozenset[str]()
    if not pieces:
        return hidden
    possible = {word for word, piece in _PIECES.items() if piece in pieces and word in data}
    found = {name for name, family in _FAMILIES.items() if not possible.isdisjoint(family.words) and _is_hot(name, data)}
    if _on_code(data, [word for word in HUB if word in possible]):
        found.add("hub")
    weights = [word for word in WEIGHTS if word in possible]
    if weights and _on_code(data, [word for word in FETCHES if word in data]) and _on_code(data, weights):
        found.add("weights")
    return hidden.union(found)


def _imports_by_text(data: bytes) -> bool:
    """Whether a module whose name is put together is imported by a line of code."""
    return (
        any(importer in data for importer in _IMPORTERS)
        and _TAKES_LOAD.search(data) is not None
        and _PUT_TOGETHER.search(data) is not None
        and any(_is_code(_before_place(data, place)) and _NAMED.match(data, place) is None for word in _IMPORTERS for place in islice(_all(word, data), _SEEN))
    )


def places(data: bytes, families: frozenset[str]) -> list[int] | None:
    """Where the words stand, in order, without which a function or class of the file cannot matter; None where they stand all over it."""
    if len(data) > 4 * _SEEN and any(data.count(piece) > _SEEN for name in families & _FAMILIES.keys() for piece, _ in _FAMILIES[name].pieces):
        return None
    words = {word for name in families & _FAMILIES.keys() for word in (*_FAMILIES[name].evident, *_FAMILIES[name].words)}
    words.update(*([HUB] if "hub" in families else []), *([WEIGHTS, FETCHES, _CHECKS] if "weights" in families else []))
    found = [place for word in words - _COMMON for place in _all(word, data)]
    for name in families & _FUNCTIONS.keys():
        for piece, companion in _FAMILIES[name].pieces:
            if companion in data:
                found += (place for place in _all(piece, data) if _FUNCTIONS[name].match(data, _word_start(data, place)) is not None)
    if "torch" in families:
        found += (match.start() for match in _RETURNS.finditer(data))
    if _imports_by_text(data):
        found += (place for word in (*_IMPORTERS, b"load") for place in _all(word, data))
    for maker in _MAKERS:  # getattr(torch, "lo" + "ad")
        found += (place for place in _all(maker, data) if any(data.find(module, place, place + _FAR) >= 0 for module in _COMMON))
    # Where it is imported from torch.hub, or numpy.load takes what it is told from a dictionary.
    if "hub" in families and any(module in data for module in _HUB_MODULES) or "array" in families and b"**" in data:
        found += (match.start() for match in _LOAD.finditer(data))
    names = _aliases(data, found)
    if names:
        found += (match.start() for match in _WORD.finditer(data) if match[0] in names)
    return sorted(found)


def _aliases(data: bytes, found: Iterable[int]) -> set[bytes]:
    """The names that the lines of these places give to something: `from torch import load as read`, `read = torch.load`."""
    names: set[bytes] = set()
    for start in {data.rfind(b"\n", max(0, place - _FAR), place) + 1 for place in found}:
        match = _ALIAS.match(data, start)
        if match is not None:
            names.update(_WORD.findall(match[1] or match[2]))
    return names


_ALIAS = Pattern(rb"(?!with\b)[^\r\n#]{0,300}?\bas[ \t]{1,4}(\w{1,80})|[ \t]*([\w.= \t]{1,80}?)[ \t]{0,4}=[ \t]{0,4}[\w.]{1,120}[ \t]{0,4}(?:[\r\n#]|\Z)")
_HUB_MODULES = (b"torch.hub", b"evaluate")
_LOAD = Pattern(rb"\bload\b")
_COMMON = frozenset((b"torch", b"keras"))
"""Words of a family that large files of that library have in each of their functions."""
_CHECKS = (b"hash", b"sha", b"md5", b"digest", b"blake", b"checksum", b"verif", b"compare")
"""What functions have in them that check a download."""
_RETURNS = Pattern(rb"(?:return|=|\blambda[^\r\n:]{0,80}:)[ \t]{0,4}(?:torch|serialization|model_zoo)(?:\.serialization)?[ \t]{0,4}(?:$|[#;,)\r])", 8)


def _all(word: bytes, data: bytes) -> Iterator[int]:
    position = data.find(word)
    while position >= 0:
        yield position
        position = data.find(word, position + len(word))


def _is_hot(family: str, data: bytes) -> bool:
    known = _FAMILIES[family]
    if _on_code(data, known.evident):
        return True
    if len(data) > 4 * _SEEN and any(data.count(word) > _SEEN for word in (*known.words, *_MAKERS, *(piece for piece, _ in known.pieces))):
        return True
    module = _MODULES.get(family)
    if module is None:
        return False
    lines = {line: used for line, used in _lines_with(family, module, data) if _is_code(line)}
    if not any(lines.values()):
        return False
    bound: set[bytes] | None = None
    star = b"import *" in data
    for match in _functions(family, data):
        before = _before(match)
        if not _is_code(before):
            continue
        if not before.endswith(b"."):
            if _is_named(match, before, module, star):
                return True
            continue
        owner = _OWNER.search(before)
        if owner is None:
            if before[-2:-1] in b")]}" or not before.strip(b" \t."):  # (pickle
                return True  #     .load(f))
            continue
        copied = _COPY.match(data, match.end())
        if copied is not None and copied[1] == owner[1]:
            continue
        parts = set(owner[1].split(b"."))
        if any(map(module.fullmatch, parts)):
            return True
        bound = _bound(lines, data) if bound is None else bound
        if not bound.isdisjoint(parts):
            return True
    return any(_is_code(_before(match)) for match in _made(module, data, _bound(lines, data) if bound is None else bound))


def _functions(family: str, data: bytes) -> Iterator[re.Match[bytes]]:
    """The hits of a family's functions as whole words."""
    pattern = _FUNCTIONS[family]
    for piece, companion in _FAMILIES[family].pieces:
        position = data.find(piece) if companion in data else -1
        for _ in range(_SEEN):
            if position < 0:
                break
            match = pattern.match(data, _word_start(data, position))
            if match is not None:
                yield match
            position = data.find(piece, position + len(piece))


def _word_start(data: bytes, position: int) -> int:
    for _ in range(80):
        if not position or not (data[position - 1 : position].isalnum() or data[position - 1] == 95):
            break
        position -= 1
    return position


def _lines_with(family: str, module: Pattern[bytes], data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The lines that name a module of a family, and whether it is imported there, something is taken of it, or it is named as a text."""
    for word in _FAMILIES[family].words:
        position = data.find(word)
        for _ in range(_SEEN):
            if position < 0:
                break
            start = _word_start(data, position)
            match = module.match(data, start)
            begin = max(data.rfind(b"\n", max(0, start - _FAR), start) + 1, start - _FAR)
            end = data.find(b"\n", position, position + _FAR)
            end = position + _FAR if end < 0 else end
            if match is not None:
                yield data[begin:end], _is_use(data, begin, start, match.end())
            position = data.find(word, max(end, position + len(word)))


def _made(module: Pattern[bytes], data: bytes, known: set[bytes]) -> Iterator[re.Match[bytes]]:
    """Where a name is asked for that is put together, or one of a module that is not written there."""
    for maker in _MAKERS:
        position = data.find(maker)
        for _ in range(_SEEN):
            if position < 0:
                break
            match = _MADE.match(data, position)
            if match is not None:
                yield match
            match = _BY_NAME.match(data, position)
            if match is not None and any(part in known or module.fullmatch(part) for part in match[1].split(b".")):
                yield match
            position = data.find(maker, position + len(maker))


def _bound(lines: Iterable[bytes], data: bytes) -> set[bytes]:
    """The names that these lines bind."""
    found: set[bytes] = set()
    for line in lines:
        for match in _BINDS.finditer(line):
            found.update(_WORD.findall(match[1] or match[2] or match[3]))
    if found:  # p = pickle; q = p
        again = Pattern(rb"=[ \t]{0,4}(?:" + b"|".join(sorted(found)[:50]) + rb")[ \t]{0,4}(?:$|[#;\r])", 8)
        for match in _few(again, data):
            found.update(_WORD.findall(_before(match)))
    return found


_WORD = Pattern(rb"\w+")


def _few(pattern: Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
    for count, match in enumerate(pattern.finditer(data)):
        if count > _SEEN:
            return
        yield match


def _before(match: re.Match[bytes]) -> bytes:
    """What stands before a hit on its line."""
    return _before_place(match.string, match.start())


def _before_place(data: bytes, start: int) -> bytes:
    return data[max(data.rfind(b"\n", max(0, start - _FAR), start) + 1, start - _FAR) : start]


def _is_code(before: bytes) -> bool:
    """Whether what follows this on a line is not in a comment or in an example of a docstring."""
    return not before.lstrip().startswith((b"#", b">>>", b"..."))


def _is_named(match: re.Match[bytes], before: bytes, module: Pattern[bytes], star: bool) -> bool:
    """Whether a function stands there by its own name because it is imported so, or as a text because it is asked for."""
    data, end = match.string, match.end()
    if b"import" in before:
        return module.search(before) is not None
    if before[-1:] in (b'"', b"'"):
        return data[end : end + 1] == before[-1:] and (any(word in before for word in _ASKED) or before[-2:-1] == b"[")
    if not before.strip(b" \t(") and (data[end : end + 1] in (b",", b"\r", b"\n") or data[end : end + 4] == b" as "):
        return True  # a line of an import in brackets
    return star and data[end : end + 1] == b"("


def _is_use(data: bytes, begin: int, start: int, end: int) -> bool:
    before, after = data[begin:start], data[end : end + 2]
    return (
        b"import" in before
        or after[:1] in (b"'", b'"')
        or after[:1] == b"."
        and (after[1:2].isalpha() or after[1:2] == b"_")
        or b" import" in data[end : end + 40]
        or not before.strip(b" \t(\\")
    )


def _on_code(data: bytes, words: Sequence[bytes]) -> bool:
    for word in words:
        position = data.find(word)
        for _ in range(_SEEN):
            if position < 0:
                break
            begin = data.rfind(b"\n", max(0, position - _FAR), position) + 1
            if _is_code(data[max(begin, position - _FAR) : position]) and _AFTER.match(data, position + len(word) - 1) is not None:
                return True
            position = data.find(word, position + len(word))
        else:
            return True
    return False
