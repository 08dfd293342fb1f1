"""HDF5: the configuration that Keras keeps in an attribute, and data that is kept in other files.

Superblocks 0 to 3, object headers 1 and 2, groups of both kinds, global and fractal heaps. Where something cannot be found that way, the
configuration is searched for as text. Source: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.excerpt import excerpt
from agent_security_hooks.parse.models.blob import Blob, Concern, Memory, NotRead, Unread
from agent_security_hooks.parse.models.paths import leaves_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Budget, Content, Step

_RULE = "dangerous-keras-config"
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MESSAGES = 200_000
_TEXT = 4 << 20
_ATTRIBUTE_TEXTS = 16
_FOUND = 20
_KERAS_MODEL = frozenset(("model_config", "training_config"))
_KERAS_WEIGHTS = frozenset(("weight_names", "backend"))
_LINK_INFO, _LINK, _EXTERNAL_FILES, _LAYOUT, _ATTRIBUTE, _MORE, _SYMBOLS, _ATTRIBUTE_INFO = 2, 6, 7, 8, 12, 16, 17, 21
_IN_HEAP = {_LINK_INFO: (_LINK, 8), _ATTRIBUTE_INFO: (_ATTRIBUTE, 2)}
"""Messages that refer to a heap: what it holds, and how many bytes may come before the reference."""
_RAW = "reads data from"
_FIX = "Save the model again with all data in the file itself: copy it with h5repack, or load it where it was made and save it."


class _Full(Exception):
    """There are more parts than are looked at."""


class _Message(NamedTuple):
    kind: int
    flags: int
    start: int
    size: int


class _Attribute(NamedTuple):
    name: str
    texts: list[bytes]


class File:
    """The structures of a file. All addresses are checked against its size before anything is read there; what does not fit is left out."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._chunk, self._first = b"", 0
        self._left = _MESSAGES
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}
        self.partial = False
        """Whether something is kept in a way that is not taken apart."""
        self.base, self.width, self.length, self.root = 0, 8, 8, 0
        position = next((at for at in (0, *(512 << n for n in range(32))) if at < content.size and self.read(at, 8) == _SIGNATURE), None)
        if position is None:
            raise NotRead("its HDF5 signature is not where it should be")
        self._superblock(position)

    def read(self, start: int, length: int) -> bytes:
        """Bytes of a structure."""
        offset = start - self._first
        if offset < 0 or offset + length > len(self._chunk):
            self._chunk, self._first, offset = self._content.read(max(0, start), max(length, 1 << 14)), max(0, start), 0
        return self._chunk[offset : offset + length]

    def take(self) -> None:
        """Account for a part."""
        self._left -= 1
        if self._left < 0:
            raise _Full

    def number(self, start: int, width: int) -> int:
        """A number that is written at a place."""
        return int.from_bytes(self.read(start, width), "little")

    def address(self, start: int) -> int:
        """An address that is written at a place, from the beginning of the file; -1 for none."""
        value = self.number(start, self.width)
        return value + self.base if value < self._content.size else -1

    def _superblock(self, at: int) -> None:
        version = self.number(at + 8, 1)
        if version < 2:
            self.width, self.length = self.number(at + 13, 1), self.number(at + 14, 1)
            first = at + (24 if version == 0 else 28)
            root = first + 4 * self.width + self.width
        else:
            self.width, self.length = self.number(at + 9, 1), self.number(at + 10, 1)
            first = at + 12
            root = first + 3 * self.width
        if version > 3 or self.width not in (2, 4, 8) or self.length not in (2, 4, 8):
            raise NotRead("its HDF5 superblock is of no known version")
        self.base = self.number(first, self.width)
        if self.base >= self._content.size:
            raise NotRead("its HDF5 superblock does not fit the file")
        if self.base == 0 and at and self.read(self.address(root), 4)[:1] not in (b"\x01", b"O"):
            self.base = at  # addresses count from the superblock whatever it says
        self.root = self.address(root)

    def messages(self, at: int) -> Iterator[_Message]:
        """The messages of the object whose header is at an address."""
        if self.read(at, 4) == b"OHDR":
            flags = self.number(at + 5, 1)
            start = at + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            yield from self._blocks([(start + width, self.number(start, width))], 6 if flags & 4 else 4, 2)
        elif self.read(at, 1) == b"\x01":
            yield from self._blocks([(at + 16, self.number(at + 8, 4))], 8, 1)
        else:
            self.partial = True

    def _blocks(self, waiting: list[tuple[int, int]], head: int, version: int) -> Iterator[_Message]:
        seen: set[int] = set()
        while waiting:
            position, size = waiting.pop()
            if position in seen or position + size > self._content.size:
                self.partial = self.partial or position not in seen
                continue
            seen.add(position)
            end = position + size
            while position + head <= end:
                self.take()
                if version == 1:
                    kind, length, flags = self.number(position, 2), self.number(position + 2, 2), self.number(position + 4, 1)
                else:
                    kind, length, flags = self.number(position, 1), self.number(position + 1, 2), self.number(position + 3, 1)
                start = position + head
                if start + length > end:
                    break
                if kind == _MORE:
                    place, room = self.address(start), self.number(start + self.width, self.length)
                    waiting.append((place + 4, room - 8) if version == 2 else (place, room))
                else:
                    yield _Message(kind, flags, start, length)
                position = start + length

    def attribute(self, message: _Message) -> _Attribute | None:
        """The texts of an attribute; none where it holds something else."""
        at = message.start
        version, flags = self.number(at, 1), self.number(at + 1, 1)
        if version not in (1, 2, 3):
            return None
        sizes = [self.number(at + 2 + 2 * index, 2) for index in range(3)]
        start = at + (9 if version == 3 else 8)
        name = self.read(start, min(sizes[0], 256)).split(b"\0")[0].decode("utf-8", "replace")
        padded = [-(-size // 8) * 8 if version == 1 else size for size in sizes]
        kind_at, data = start + padded[0], start + sum(padded)
        if version > 1 and flags & 1:  # a type that several share
            self.partial = True
            return _Attribute(name, [])
        return _Attribute(name, self._texts(kind_at, data, message.start + message.size))

    def _texts(self, kind_at: int, data: int, end: int) -> list[bytes]:
        kind = self.number(kind_at, 1) & 15
        if kind == 3:
            return [self.read(data, max(0, end - data))]
        if kind != 9:
            return []
        step = 8 + self.width
        return [self._heap_text(at) for at in range(data, min(end - step + 1, data + _ATTRIBUTE_TEXTS * step), step)]

    def _heap_text(self, reference: int) -> bytes:
        """A text of the global heap: its length, the heap and the number of the object in it."""
        position, size = self._heap_object(reference + 4)
        return self._content.read(position, min(self.number(reference, 4), size, _TEXT)) if size else b""

    def _heap_object(self, reference: int) -> tuple[int, int]:
        """Where an object of a global heap stands, and its size; 0 where there is none."""
        heap, index = self.address(reference), self.number(reference + self.width, 4)
        if heap not in self._heaps:
            self._heaps[heap] = dict(self._heap_objects(heap)) if heap >= 0 and self.read(heap, 4) == b"GCOL" else {}
        return self._heaps[heap].get(index, (0, 0))

    def _heap_objects(self, heap: int) -> Iterator[tuple[int, tuple[int, int]]]:
        end, position = min(heap + self.number(heap + 8, self.length), self._content.size), heap + 8 + self.length
        while position + 8 + self.length <= end:
            self.take()
            index, size = self.number(position, 2), self.number(position + 8, self.length)
            position += 8 + self.length
            if not index:
                return
            yield index, (position, min(size, end - position))
            position += -(-size // 8) * 8

    def members(self, message: _Message) -> Iterator[int]:
        """The objects of a group of the old kind: a B-tree of nodes with symbols."""
        waiting, seen = [self.address(message.start)], set[int]()
        while waiting:
            at = waiting.pop()
            if at < 0 or at in seen:
                continue
            self.take()
            seen.add(at)
            mark = self.read(at, 4)
            if mark == b"TREE":
                used, step = self.number(at + 6, 2), self.width + self.length
                first = at + 8 + 2 * self.width + self.length
                waiting += [self.address(first + index * step) for index in range(used)][::-1]
            elif mark == b"SNOD":
                step = 2 * self.width + 24
                for index in range(self.number(at + 6, 2)):
                    yield self.address(at + 8 + index * step + self.width)
            else:
                self.partial = True

    def link(self, message: _Message) -> tuple[int, str]:
        """Where a link leads: to an object, or to a file ("" for none)."""
        at = message.start
        flags = self.number(at + 1, 1)
        position = at + 2
        kind = self.number(position, 1) if flags & 8 else 0
        position += bool(flags & 8) + (8 if flags & 4 else 0) + bool(flags & 16)
        width = 1 << (flags & 3)
        position += width + self.number(position, width)
        if kind == 0:
            return self.address(position), ""
        if kind == 64:
            return -1, self.read(position + 3, min(self.number(position, 2), 1024)).split(b"\0")[0].decode("utf-8", "replace")
        return -1, ""

    def external_files(self, message: _Message) -> Iterator[str]:
        """The files that hold the data of a dataset, whose names are in a local heap."""
        at = message.start
        used, heap = self.number(at + 6, 2), self.address(at + 8)
        if heap < 0 or self.read(heap, 4) != b"HEAP":
            return
        names = self.address(heap + 8 + 2 * self.length)
        for index in range(min(used, 64)):
            name = names + self.number(at + 8 + self.width + index * 3 * self.length, self.length)
            yield self.read(name, 1024).split(b"\0")[0].decode("utf-8", "replace")

    def virtual_files(self, message: _Message) -> Iterator[str]:
        """The files of which a virtual dataset is put together; they are listed in the global heap."""
        at = message.start
        if self.number(at, 1) not in (3, 4, 5) or self.number(at + 1, 1) != 3:
            return
        place, size = self._heap_object(at + 2)
        names = self._content.read(place, min(size, 4096))[1 + self.length :].split(b"\0", 1)
        if len(names) > 1:  # the selections that follow have no fixed size; one name tells where the data is kept
            yield names[0].decode("utf-8", "replace")


def inspect_hdf5(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector: of the attributes at the root, and of links and data that lead to other files anywhere."""
    file = File(blob.content)
    found, full = _Found([], {}), False
    try:
        _walk(file, found)
    except _Full:
        file.partial = full = True
    attributes = found.attributes
    names = {attribute.name for attribute in attributes}
    is_keras = _is_keras(names) or blob.name.lower().endswith((".keras", ".weights.h5"))
    if full and is_keras:
        yield Unread(f"it has more than {_MESSAGES:,} parts")
    for how, path in [*found.elsewhere][:_FOUND]:
        if path and (is_keras or (how == _RAW and leaves_folder(path))):  # a measurement may well refer to another HDF5 file, but not to any file
            yield Concern(_RULE, f"{how} {excerpt(path, 60)}, another file of whoever loads it", _FIX)
    judged = False
    for attribute in attributes:
        for text in attribute.texts:
            if b'"class_name"' in text or (b"class_name" in text and b"{" in text) or attribute.name in ("model_config", "training_config"):
                judged = judged or attribute.name == "model_config"
                yield from _judge(text)
    if "PYTABLES_FORMAT_VERSION" in names:
        for attribute in attributes:
            yield from (Blob(Memory(text), blob.path, "", blob.depth + 1, "pickle") for text in attribute.texts if _is_pickle(text))
    if file.partial and not judged:
        yield from _search(blob.content)


def _is_keras(names: set[str]) -> bool:
    """Whether attributes are those of a model or of its weights; others have layers and say which Keras was there, too."""
    return bool(names & _KERAS_MODEL) or ("layer_names" in names and bool(names & _KERAS_WEIGHTS))


class _Found(NamedTuple):
    attributes: list[_Attribute]
    elsewhere: dict[tuple[str, str], None]
    """How another file is referred to, and its name."""


def _walk(file: File, found: _Found) -> None:
    """Collect attributes (those of Keras stand at the root, those of PyTables anywhere) and other files that are named. Raises _Full."""
    waiting, seen = [file.root], set[int]()
    while waiting:
        at = waiting.pop()
        if at < 0 or at in seen:
            continue
        seen.add(at)
        for message in _all_messages(file, at):
            if message.kind == _SYMBOLS:
                waiting += file.members(message)
            elif message.kind == _LINK:
                place, path = file.link(message)
                waiting.append(place)
                if path:
                    found.elsewhere["links to", path] = None
            else:
                _take(file, message, found)


def _all_messages(file: File, at: int) -> Iterator[_Message]:
    """The messages of an object, and those that stand in a heap because there are many."""
    for message in file.messages(at):
        yield message
        if message.kind in _IN_HEAP:
            kind, skipped = _IN_HEAP[message.kind]
            start = message.start + 2 + (skipped if file.number(message.start + 1, 1) & 1 else 0)
            heap = file.address(start)
            if heap >= 0:
                from agent_security_hooks.parse.models.formats.hdf5_heap import objects

                yield from (_Message(kind, 0, *place) for place in objects(file, heap, file.address(start + file.width)))


def _take(file: File, message: _Message, found: _Found) -> None:
    if message.kind == _ATTRIBUTE:
        attribute = file.attribute(message)
        if attribute is not None:
            found.attributes.append(attribute)
    elif message.kind in (_EXTERNAL_FILES, _LAYOUT):
        paths = file.external_files(message) if message.kind == _EXTERNAL_FILES else file.virtual_files(message)
        how = _RAW if message.kind == _EXTERNAL_FILES else "puts data together from"
        found.elsewhere.update(((how, path), None) for path in paths if path != ".")


def _judge(text: bytes) -> Iterator[Step]:
    from agent_security_hooks.parse.models.formats.keras import judge_config

    text = text.rstrip(b"\0 \r\n\t")
    if text.lstrip()[:1] in (b"{", b"["):
        for step in judge_config(text):
            yield step._replace(start=0, end=0) if isinstance(step, Concern) else step


def _is_pickle(text: bytes) -> bool:
    """Whether PyTables would unpickle an attribute: it ends as a pickle does, and either has a version or imports something."""
    text = text.rstrip(b"\0")
    return len(text) > 8 and text.endswith(b".") and (text[:1] == b"\x80" or (text[:1] in b"c(" and b"\n" in text))


_STEP = 4 << 20
_STARTS = (b'{"class_name"', b'{"module"', b'{"name"', b'{"config"', b'{"registered_name"')


def _search(content: Content) -> Iterator[Step]:
    """Configurations wherever they stand in a file: from a `{` before the first `"class_name"` on, as far as it is JSON."""
    position = 0
    for _ in range(8):
        at = _find(content, b'"class_name"', position)
        if at < 0:
            return
        start = max(position, at - 4096)
        before = content.read(start, at - start)
        begin = min((place for place in (before.rfind(word) for word in _STARTS) if place >= 0), default=before.rfind(b"{"))
        text = content.read(start + max(begin, 0), _TEXT)
        text = text[: _end(text)]
        yield from _judge(text)
        position = max(at + 12, start + max(begin, 0) + len(text))


def _find(content: Content, word: bytes, position: int) -> int:
    while position < content.size:
        found = content.read(position, _STEP).find(word)
        if found >= 0:
            return position + found
        position += _STEP - len(word)
    return -1


def _end(text: bytes) -> int:
    """Where printable text ends."""
    import re

    odd = re.compile(rb"[\x00-\x08\x0e-\x1f]").search(text)
    return odd.start() if odd else len(text)
