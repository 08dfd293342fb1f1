"""Jinja: chat templates of language models, and templates of pages and files. What in an expression reaches Python's own objects.

A template that is rendered outside of a sandbox runs what it gets hold of through `__class__`, `__globals__` and the like.
Source: https://jinja.palletsprojects.com/en/stable/templates/; CVE-2024-34359, CVE-2026-5760.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Concern, NotRead, Unread
from agent_security_hooks.parse.models.formats.jinja import read_tags
from agent_security_hooks.parse.models.identify import TEMPLATE_NAMES
from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent_security_hooks.parse.models.blob import Blob, Budget, Step
    from agent_security_hooks.parse.models.formats.jinja import Lookup, Tag
    from agent_security_hooks.parse.tree import Document, Node

_RULE = "dangerous-template"
_LARGEST = 16 << 20
_FOUND = 10
"""Findings of one template."""

_LEADS_OUT = frozenset(
    "__mro__ __base__ __bases__ __subclasses__ __globals__ __builtins__ __import__ __getattribute__ __getattr__ __code__ __closure__ __loader__ "
    "__spec__ __reduce__ __reduce_ex__ __subclasshook__ __init_subclass__ __func__ __self__ __wrapped__ __build_class__ __defaults__ __class_getitem__ "
    "__traceback__ __context__ f_globals f_builtins f_locals f_back gi_frame gi_code cr_frame cr_code ag_frame ag_code tb_frame "
    "func_globals func_code im_func im_class co_code _TemplateReference__context _load_form_data popen".split()
)
"""Attributes that lead from any object to code."""
_FIRST_STEPS = frozenset("__class__ __init__ __dict__ __new__ __call__ __enter__ __exit__ __del__ __set_name__ __slots__ __weakref__ mro".split())
"""Attributes that lead there only in several steps."""
_HARMLESS = frozenset(
    "__name__ __qualname__ __module__ __doc__ __str__ __repr__ __len__ __version__ __file__ __title__ __author__ __html__ __all__ __main__ __eq__ __ne__ "
    "__lt__ __gt__ __le__ __ge__ __contains__ __annotations__ __bool__ __int__ __float__ __typename type__ __iter__ __hash__ __unicode__ __path__".split()
)
_COMMANDS = frozenset(("system", "popen", "check_output", "Popen", "eval", "exec", "execfile", "spawn", "execve", "execv", "getoutput"))
# What may make a template worth a look; all else holds nothing.
_SIGNAL = Pattern(r"""__|replace|_Template|_load_form|\\[xuUN0-7]|attr|mro|popen|system|eval|exec|[fgict][iorb]_[fcgbl]|func_|co_code|im_|%c|['"]_['"]""")
_DUNDER = Pattern(r"__[a-zA-Z]+__")
_MEMBER = Pattern(rb"""(chat_)?template[^"\\\r\n]{0,60}"[ \t\r\n]{0,50}:[ \t\r\n]{0,50}"([^"\\]*(?:\\.[^"\\]*)*)""", 16)
"""A name and its text in JSON, which need not be closed. (16 is re.DOTALL.)"""
_PIECE = Pattern(r"__[a-z]{0,14}|[a-z]{1,14}__|_")


def inspect_template(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector: of a template, or of JSON or YAML that holds chat templates. Offsets are into the text of a file that is a template itself."""
    from agent_security_hooks.source import decode

    name = blob.name.lower()
    if blob.content.size > _LARGEST:
        data = blob.content.read(0, _LARGEST)
        yield Unread(f"larger than {_LARGEST >> 20} MB; the rest is not looked at")
    else:
        data = blob.content.read(0, blob.content.size)
    data = decode(data)[1]
    placed = not blob.depth
    if name.endswith((".json", ".yaml", ".yml")):
        judge = _judge_json(data, expected=name in TEMPLATE_NAMES) if name.endswith(".json") else _judge_yaml(data)
        for step in judge:
            yield step._replace(start=0, end=0) if isinstance(step, Concern) and not placed else step
        return
    chat = ("chat" in name and "template" in name) or "additional_chat_templates" in blob.path
    text = data.decode("utf-8", "surrogateescape")
    ascii_only = len(text) == len(data)
    for concern in judge_template(text, chat=chat):
        start, end = concern.start, concern.end
        if not ascii_only:
            start = len(text[:start].encode("utf-8", "surrogateescape"))
            end = start + len(text[concern.start : end].encode("utf-8", "surrogateescape"))
        message = f"{'the chat' if chat else 'the'} template {concern.message}"
        yield concern._replace(message=message, start=start if placed else 0, end=end if placed else 0)


def _judge_json(data: bytes, *, expected: bool) -> Iterator[Step]:
    """Where a chat template is `expected`, all that is called a template is one, and not to know it is an error."""
    from agent_security_hooks.parse.json_tree import parse_json

    word = "template" if expected else "chat_template"
    if word.encode() not in data and b"\\u00" not in data:
        return
    document = parse_json(data)
    if not document.error:
        yield from _judge_nodes(document, word, data)
        return
    values = _values(data, word) if expected else None
    for text in _members(data, word) if values is None else values:
        for concern in judge_template(text, chat=True):
            yield concern._replace(message=f"the chat template {concern.message}", start=0, end=0)
    if expected and values is None:
        raise NotRead("its chat template cannot be told: not valid JSON")


def _judge_yaml(data: bytes) -> Iterator[Step]:
    from agent_security_hooks.parse.yaml_tree import parse_yaml

    document = parse_yaml(data)
    if not document.error:  # what is no YAML by itself, as charts are, is nobody's chat template
        yield from _judge_nodes(document, "chat_template", data)


def _judge_nodes(document: Document, word: str, data: bytes) -> Iterator[Concern]:
    for root in document.roots:
        for node in _templates(root, word):
            for concern in judge_template(node.value, chat=True):
                mapped = node.text(data)
                first = len(node.value[: concern.start].encode("utf-8", "surrogateescape"))
                size = len(node.value[concern.start : concern.end].encode("utf-8", "surrogateescape"))
                start, end = mapped.span(first, first + size)
                yield concern._replace(message=f"the chat template {concern.message}", start=start, end=end)


def _is_template(key: str, word: str) -> bool:
    return key.startswith(word) or (word == "template" and word in key)


def _templates(root: Node, word: str) -> Iterator[Node]:
    """Texts under a key that is called after a template: one, or several with their names."""
    waiting = [(root, False)]
    while waiting:
        node, inside = waiting.pop()
        if node.kind == "alias" and inside and node.target and node.target.kind == "scalar":
            node = node.target
        if node.kind == "scalar" and inside:
            yield node
        waiting += ((item, inside) for item in node.items)
        waiting += ((value, inside or _is_template(key.value, word)) for key, value in node.pairs)


def _values(data: bytes, word: str) -> Iterator[str] | None:
    """As `_templates`, of JSON that is too large or too odd for places to be known; None where it is none."""
    import json

    try:
        root = json.loads(data, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return _walk_values(root, word)


def _walk_values(root: object, word: str) -> Iterator[str]:
    waiting = [(root, False)]
    while waiting:
        value, inside = waiting.pop()
        if isinstance(value, str) and inside:
            yield value
        elif isinstance(value, list):
            waiting += ((item, inside) for item in value)
        elif isinstance(value, dict):
            waiting += ((item, inside or _is_template(key, word)) for key, item in value.items())


def _members(data: bytes, word: str) -> Iterator[str]:
    """The texts under such a name in what is no JSON as a whole."""
    from agent_security_hooks.parse.json_tree import decode_string

    for match in _MEMBER.finditer(data):
        if match[1] or word == "template":
            yield decode_string(match[2].decode("utf-8", "surrogateescape"))[0]


def judge_template(text: str, *, chat: bool) -> Iterator[Concern]:
    """What in a template reaches Python's objects, one concern a tag; offsets are characters of `text`. A `chat` template has no reason for any.

    Raises NotRead when there is too much of it.
    """
    if len(text) > _LARGEST:
        raise NotRead(f"a template is larger than {_LARGEST >> 20} MB")
    if not _SIGNAL.search(text):
        return
    pieces = 0
    found = 0
    for tag in read_tags(text):
        if chat and pieces < 2:
            pieces = max([pieces, *(2 if "__" in constant.text else 1 for constant in tag.constants if _PIECE.fullmatch(constant.text))])
        verdict, pedantic = _judge_tag(tag, chat=chat, pieces=pieces)
        if verdict:
            yield Concern(_RULE, verdict, pedantic=pedantic, start=tag.start, end=tag.end)
            found += 1
            if found >= _FOUND:
                return


def _judge_tag(tag: Tag, *, chat: bool, pieces: int) -> tuple[str, bool]:
    """What a tag does, "" if nothing, and whether only those who ask want to know."""
    looked_up = list(tag.lookups())
    for use in looked_up:
        if use.name in _LEADS_OUT or ((chat or use.odd) and use.name.startswith("__") and use.name in _FIRST_STEPS):
            return f"reaches {excerpt(use.name)}, from which any code can be run", False
    if chat or tag.tokens[0].text == "set":
        for name in _loose(tag):
            if name in _LEADS_OUT or (chat and name.startswith("__") and name in _FIRST_STEPS):
                return f"reaches {excerpt(name)}, from which any code can be run", False
    names = {use.name for use in looked_up}
    if "__class__" in names and names & {"__init__", "mro"}:
        return "goes on from __class__ to where any code can be run", False
    for is_attr, telling in tag.computed(pieces, chat=chat):
        if telling or (is_attr and chat):
            return f"looks up an {'attribute' if is_attr else 'element'} by a name that it puts together", False
    if chat:
        return _judge_names(tag, looked_up), False
    return ("reaches __class__, the first step to running code" if "__class__" in names and not names & _HARMLESS else ""), True


def _judge_names(tag: Tag, looked_up: Sequence[Lookup]) -> str:
    """What else a chat template has no reason to look up."""
    for use in looked_up:
        if use.name == "mro":
            return "reaches mro, from which any code can be run"
        if _DUNDER.fullmatch(use.name) and use.name not in _HARMLESS:
            return f"reaches {excerpt(use.name)}, which no template needs"
        if use.name in _COMMANDS and tag.is_called(use.position):
            return f"calls {excerpt(use.name)}, which runs commands or code"
    return ""


def _loose(tag: Tag) -> Iterator[str]:
    """Names and texts that are one of Python's own wherever they stand: they may be used later on."""
    for constant in tag.constants:
        yield constant.text
        if constant.text.startswith("__") or constant.text.endswith("__"):
            yield constant.text[::-1]
    for token in tag.tokens:
        if token.kind == "name" and token.text.startswith("_"):
            yield token.text
