"""YAML documents as trees of nodes, from the events of libyaml (of PyYAML's own parser where that is missing).

Source: https://yaml.org/spec/1.1/ and the events of https://pyyaml.org/wiki/PyYAMLDocumentation. Nothing is constructed: no tag is obeyed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.tree import DEPTH, SIZE, VALUES, Builder, Document, Node, failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from agent_security_hooks.source import Source

# An anchor, a tag, a blank or a comment: what may stand between the start of an event and that of its value.
_BEFORE_VALUE = Pattern(rb"[ \t\r\n]+|&[0-9A-Za-z_-]+|![^\s,\[\]{}]*|#[^\r\n]*")
_BLOCK_HEADER = Pattern(rb"[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n|\Z)")
_BLANK = b" \t\r\n"
_INLINE = (None, "", "'", '"')
# libyaml takes valid text only; a byte that is none goes through it as a character of the last private plane.
_HIDDEN = {0xDC00 + byte: 0x10FE00 + byte for byte in range(0x80, 0x100)}
_SHOWN = {hidden: shown for shown, hidden in _HIDDEN.items()}


def read_yaml(file: Source) -> Document:
    """A view: all documents of a YAML file."""
    return parse_yaml(file.data)


def parse_yaml(data: bytes, start: int = 0, end: int | None = None) -> Document:
    """The documents of a piece of a file's text; offsets are into `data`. Never raises."""
    if end is None:
        end = len(data)
    builder = Builder()
    if end - start > SIZE:
        return failure(builder, data, "YAML", f"larger than {SIZE >> 20} MB", start)
    text = data[start:end].decode("utf-8", "surrogateescape")
    hidden = not text.isascii() and any("\udc80" <= character <= "\udcff" for character in {*text})
    if hidden:
        text = text.translate(_HIDDEN)
    return _build(builder, text, data, _offsets(text, start, hidden), hidden)


def _offsets(text: str, start: int, hidden: bool) -> Callable[[int], int]:
    """From positions in the text (characters) to those in the file (bytes). They come nearly in order: each is counted from the one before."""
    if text.isascii():
        return start.__add__
    character, byte = 0, start

    def size(begin: int, end: int) -> int:
        piece = text[begin:end]
        return len(piece.translate(_SHOWN).encode("utf-8", "surrogateescape") if hidden else piece.encode())

    def offset(index: int) -> int:
        nonlocal character, byte
        byte += size(character, index) if index >= character else -size(index, character)
        character = index
        return byte

    return offset


def _build(builder: Builder, text: str, data: bytes, offset: Callable[[int], int], hidden: bool) -> Document:
    import yaml

    parser = (yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader)(text)
    try:
        problem, place = _read(builder, parser, data, offset, hidden)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # PyYAML's own parser quotes the file in its messages; libyaml does not.
        problem = error.problem if yaml.__with_libyaml__ and error.problem else "it cannot be parsed"
        place = offset(mark.index) if mark else 0
    except yaml.reader.ReaderError as error:
        problem, place = "a control character", error.position
    except (yaml.YAMLError, ValueError, OverflowError):  # an escape that is no character
        problem, place = "it cannot be parsed", 0
    finally:
        parser.dispose()
    return failure(builder, data, "YAML", problem, place) if problem else Document(tuple(builder.roots))


def _read(builder: Builder, parser: Any, data: bytes, offset: Callable[[int], int], hidden: bool) -> tuple[str, int]:
    """Build the tree from the parser's events; what is wrong and where, "" when nothing is. Raises what the parser raises."""
    from yaml import AliasEvent, DocumentStartEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, StreamEndEvent

    anchors: dict[str, Node] = {}
    for _ in range(VALUES):
        event = parser.get_event()
        kind = type(event)
        if kind is StreamEndEvent:
            return "", 0
        if kind is DocumentStartEvent:
            anchors = {}
            continue
        begin, end = event.start_mark.index, event.end_mark.index
        if kind is ScalarEvent:
            value = event.value.translate(_SHOWN) if hidden else event.value
            if event.style in _INLINE and not event.anchor and not event.tag:  # nearly all
                builder.children.append(Node("scalar", offset(begin), offset(end), value, event.style or ""))
                continue
            node = _scalar(event, value, data, offset(begin), offset(end))
            builder.children.append(node)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            start, limit = offset(begin), offset(end) if event.flow_style else len(data)
            if event.anchor or event.tag:
                start = _skip_properties(data, start, limit)
            node = Node("map" if kind is MappingStartEvent else "list", start, start, "", "", event.tag or "")
            if not builder.open(node):
                return f"nested deeper than {DEPTH}", start
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            # Only the bracket that ends flow style has a width; block style ends where the next thing begins.
            builder.close(offset(end) if end > begin else 0)
            continue
        elif kind is AliasEvent:
            node = Node("alias", offset(begin), offset(end), event.anchor)
            node.target = anchors.get(event.anchor)
            builder.children.append(node)
            continue
        else:
            continue
        if event.anchor:
            anchors[event.anchor] = node
    return f"more than {VALUES:,} values", offset(begin)


def _scalar(event: Any, value: str, data: bytes, start: int, end: int) -> Node:
    style = event.style or ""
    tag = event.tag or ""
    if event.anchor or tag:
        start = _skip_properties(data, start, end)
    if style not in ("|", ">"):
        return Node("scalar", start, end, value, style, tag)
    header = _BLOCK_HEADER.match(data, start)
    first = header.end() if header else start
    content = data[first:end]
    begin = first + len(content) - len(content.lstrip(_BLANK))
    node = Node("scalar", min(begin, end), max(first + len(content.rstrip(_BLANK)), min(begin, end)), value, style, tag)
    node.head = first
    return node


def _skip_properties(data: bytes, start: int, end: int) -> int:
    """Where the value begins whose anchor or tag starts at `start`."""
    while start < end and (match := _BEFORE_VALUE.match(data, start, end)):
        verbatim = data.startswith(b"!<", start)
        start = (data.find(b">", start, end) + 1 or end) if verbatim else match.end()
    return start
