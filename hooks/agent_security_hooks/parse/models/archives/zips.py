"""Zip files: where their headers lie, what lies outside of them, and every member for further inspection.

What a loader opens counts, not what the archive says of itself: `torch.load` reads on where flags or checksums make others give up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.models.archives.compressed import LARGE, LOADED, LOADED_RATIO, RATIO
from agent_security_hooks.parse.models.archives.directory import HIDING, STREAMED, Member, hidden, read_archive
from agent_security_hooks.parse.models.archives.inflate import KEPT, Inflated
from agent_security_hooks.parse.models.archives.layouts import layout
from agent_security_hooks.parse.models.archives.names import base, is_pickle_name, leads_out, link_leads_out, shown, sum_up
from agent_security_hooks.parse.models.archives.programs import Bundle, is_binary
from agent_security_hooks.parse.models.blob import ENTRIES, MEMBERS, Blob, Budget, Concern, Memory, NotRead, Unread, Window
from agent_security_hooks.parse.models.identify import HEAD, kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.archives.directory import Archive, Header
    from agent_security_hooks.parse.models.archives.layouts import Layout
    from agent_security_hooks.parse.models.blob import Content, Step


_INERT = frozenset(("executable", "lfs"))
_XZ = 95
_METHODS = {8: "deflate", 12: "bz2", 14: "zip-lzma", _XZ: "xz"}
_AES = 99
_VERIFIED = 16 << 20
_PEEKED = 192 << 20
_LINK = 4096
_UNPACK = "unpack it and commit what is inside, or exclude it in the configuration"
_LIES = {
    "directories": "has two tables of contents, and readers choose different ones",
    "polyglot": "begins as a pickle and ends as a zip: torch.load runs the pickle, zip tools show something else",
    "name": "{} has another name in its own header than in the table of contents: tools do not agree what it is",
    "method": "{} is compressed one way by its own header and another by the table of contents",
    "flag": "{} is marked as encrypted or patched and is plain: scanners give up on it, loaders read on",
    "size": "{} does not have the size that the archive says: scanners see less than loaders, or stop",
    "crc": "{} has a wrong checksum: scanners stop there, torch.load reads on",
    "hidden": "{} is not in the table of contents: only who reads from the front sees it",
    "twice": "{} is there twice: loaders do not agree which one counts",
    "nul": "the name of {} goes on after a NUL, where some tools cut it",
    "outside": "{} would be unpacked outside of the folder",
    "link": "{} is a symbolic link that leads out of the folder",
    "program": "{} is a program or script, which no model needs: whoever unpacks the archive may run it",
    "stray": "{} is a program beside a pickled model: whoever unpacks the archive may run it",
}
"""What is said of each lie; `{}` are the members."""
_FIXES = {
    "outside": "Delete the archive, or pack it anew from inside of its folder; see `python -m zipfile -l FILE` for the names.",
    "link": "Pack the file instead of the link, or delete the archive.",
    "program": "Look at it with `python -m zipfile -l FILE`; save the model anew without it, and keep code as files of its own.",
    "stray": "Look at it with `python -m zipfile -l FILE`; pack the model anew without it, or delete the archive.",
}
_FIX = "Do not load it. Get the file anew from its author, or export it anew (torch.save, numpy.savez) from a copy that you trust."


class _Seen(NamedTuple):
    member: Member
    name: str
    content: Content | None
    """None where it cannot be decompressed."""
    kinds: list[str]


def inspect_zip(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector, see `parse.models.blob`."""
    content = settled(blob.content)
    archive = read_archive(content, max(1, budget.entries))
    members = [*archive.members, *_hidden(content, archive, budget.entries)]
    if archive.more or len(members) > budget.entries:
        yield Unread(TOO_MANY_ENTRIES)
        members = members[: budget.entries]
    budget.entries -= len(members)
    found = layout([shown(member.said.name) for member in archive.members], blob.name)
    expansion = list(_expansion(members, content, found))
    yield from expansion
    if expansion:  # of members that share their bytes one is enough
        members = list({member.local.start: member for member in reversed(members)}.values())[::-1]
    finds = _Finds(blob, content, found, budget)
    for member in members:
        finds.look(member)
    lies = finds.lies
    _archive_lies(content, archive, found, lies)
    if not archive.directories:
        lies.pop("hidden", None)  # cut off, or never finished
    if strays := finds.bundle.strays():
        lies["stray"] = strays
    yield from _concerns(lies)
    if finds.code:
        yield Concern("tampered-archive", _CODE[found.kind].format(sum_up(finds.code)), _CODE_FIX, pedantic=True)
    if finds.encrypted:
        yield Unread(f"{sum_up(finds.encrypted)} is encrypted: {_UNPACK}")
    if finds.unknown:
        yield Unread(f"{sum_up(finds.unknown)} is compressed in a way that is not known here: {_UNPACK}")
    if len(finds.inner) > budget.members:
        yield Unread(TOO_MANY_MEMBERS)
    yield from finds.inner[: budget.members]


_CODE = {
    "package": "holds Python source that torch.package runs when it is loaded ({})",
    "compiled": "holds compiled code that torch runs when it is loaded ({})",
}
"""What is honest about code in an archive of that layout."""
_CODE_FIX = "Read that code as you would any other; better save the weights alone (safetensors) and keep the code in the repository."
TOO_MANY_ENTRIES = f"it lists more than {ENTRIES:,} members; those after them were not looked at: {_UNPACK}"
TOO_MANY_MEMBERS = f"it holds more than {MEMBERS:,} models, pickles and archives; those after them were not looked at: {_UNPACK}"


class _Finds:
    """What the members of one archive give away, one after the other."""

    __slots__ = ("_blob", "_budget", "_content", "_layout", "_scratch", "bundle", "code", "encrypted", "inner", "lies", "unknown")

    def __init__(self, blob: Blob, content: Content, found: Layout, budget: Budget) -> None:
        self._blob = blob
        self._content = content
        self._layout = found
        self._budget = budget
        self._scratch = Budget()
        self._scratch.expanded = _PEEKED
        self.lies: dict[str, list[str]] = {}
        self.encrypted: list[str] = []
        self.unknown: list[str] = []
        self.code: list[str] = []
        self.inner: list[Blob] = []
        self.bundle = Bundle()

    def look(self, member: Member) -> None:
        """Take one member into account."""
        seen = _look(self._content, member, self._scratch, self._layout)
        if _header_lies(seen, self.lies, self._scratch):
            self.encrypted.append(seen.name)
            return
        if seen.content is None or _is_closed(seen):
            if member.said.packed and (self._layout.is_model or is_pickle_name(seen.name)):
                self.unknown.append(seen.name)
        else:
            _content_lies(seen, self._content, self.lies, self._scratch)
            self._note_program(seen)
        if len(self.inner) <= self._budget.members:
            self.inner += _blobs(self._blob, seen, self._layout, self._content, self._budget)

    def _note_program(self, seen: _Seen) -> None:
        binary = seen.content is not None and is_binary(seen.content, seen.kinds)
        if not self._layout.is_model:
            if not self._layout.kind:
                self.bundle.add(seen.name, seen.kinds, binary=binary)
        elif self._layout.is_code(seen.name, binary=binary):
            self.code.append(seen.name)
        elif not seen.member.is_link and self._layout.is_odd(seen.name, seen.kinds, binary=binary):
            self.lies.setdefault("program", []).append(seen.name)


def settled(content: Content) -> Content:
    """Content that can be read at any place. Raises NotRead for what is too large for that."""
    if isinstance(content, Inflated):
        content.reach(KEPT + 1)
        if not content.ended:
            raise NotRead(f"it is an archive in an archive of more than {KEPT >> 20} MB: {_UNPACK}")
    return content


def _hidden(content: Content, archive: Archive, limit: int) -> Iterator[Member]:
    taken = [*archive.directories, *((member.local.start, member.data + member.said.packed) for member in archive.members)]
    if not content.read(0, 4).startswith(b"PK"):
        # nobody who reads from the front takes it for a zip; what it is put behind may well hold zips of its own
        if not archive.members:
            return
        taken.append((0, min(member.local.start for member in archive.members)))
    for header in hidden(content, taken, max(1, limit)):
        yield Member(None, header)


def _look(content: Content, member: Member, scratch: Budget, found: Layout) -> _Seen:
    name = shown(member.said.name)
    plain = _plain(content, member, member.said, scratch)
    if plain is None or name.endswith("/"):
        return _Seen(member, name, plain, [])
    try:
        return _Seen(member, name, plain, kinds(Blob(plain, "", base(name), 1, found.loader(name))))
    except NotRead:
        return _Seen(member, name, plain, ["unknown"])


def _plain(content: Content, member: Member, header: Header, budget: Budget) -> Content | None:
    """The data of a member by one of its headers; a fresh one each time."""
    packed = header.packed
    if member.listed is None and header.flags & STREAMED and not packed:
        packed = content.size - member.data
    if header.method == 0:
        return Window(content, member.data, packed)
    method = _METHODS.get(header.method)
    if method is None:
        return None
    return Inflated(
        Window(content, member.data, packed), method, budget, min(header.size, packed * 1040 + 64) if method == "deflate" else min(header.size, 1 << 40)
    )


def _header_lies(seen: _Seen, lies: dict[str, list[str]], scratch: Budget) -> bool:
    """Notes what the two headers do not agree on; whether the member is encrypted in truth."""
    listed, local = seen.member.listed, seen.member.local
    if listed is None:
        lies.setdefault("hidden", []).append(seen.name)
    elif listed.name.replace(b"\\", b"/") != local.name.replace(b"\\", b"/"):
        lies.setdefault("name", []).append(seen.name)
    if listed is not None and listed.method != local.method and _AES not in (listed.method, local.method):
        lies.setdefault("method", []).append(seen.name)
    if listed is not None and not local.flags & STREAMED and local.packed != listed.packed:
        lies.setdefault("size", []).append(seen.name)
    if "\0" in seen.name:
        lies.setdefault("nul", []).append(seen.name)
    if not (local.flags | seen.member.said.flags) & HIDING:
        return False
    if not _is_plain(seen, scratch):
        return True
    lies.setdefault("flag", []).append(seen.name)
    return False


def _is_plain(seen: _Seen, scratch: Budget) -> bool:
    """Whether data that is said to be encrypted is not. Encryption puts 12 bytes before it and makes it look random."""
    header = seen.member.said
    if header.method == _AES or seen.content is None:
        return False
    if header.method == 0:
        return header.packed == header.size or bool(kinds(Blob(seen.content)))
    try:
        data = seen.content.read(0, min(_VERIFIED, header.size + 1))
    except NotRead:
        return True
    return len(data) == header.size or (isinstance(seen.content, Inflated) and seen.content.complete) or (bool(data) and _checksum(data) == header.crc)


def _is_closed(seen: _Seen) -> bool:
    """Whether a member is compressed as few tools can, and not even so: nobody here knows what a loader that can would get."""
    try:
        return seen.member.said.method == _XZ and seen.content is not None and seen.member.said.size > 0 and not seen.content.read(0, 1)
    except NotRead:
        return True


def _content_lies(seen: _Seen, content: Content, lies: dict[str, list[str]], scratch: Budget) -> None:
    """Notes what is wrong with the name and, of what a loader would read, the data."""
    name, header = seen.name, seen.member.said
    if leads_out(name):
        lies.setdefault("outside", []).append(name)
    if seen.member.is_link and seen.content is not None and header.size <= _LINK:
        target = shown(seen.content.read(0, _LINK))
        if link_leads_out(name, target):
            lies.setdefault("link", []).append(name)
    if seen.kinds and seen.content is not None:
        plain = _plain(content, seen.member, header, scratch)
        try:
            data = plain.read(0, min(header.size, _VERIFIED) + 1) if plain is not None else b""
        except NotRead:
            return
        if len(data) <= _VERIFIED:
            _data_lies(name, header, data, lies)


def _data_lies(name: str, header: Header, data: bytes, lies: dict[str, list[str]]) -> None:
    if header.flags & STREAMED and not (header.crc or header.size):  # a header whose numbers follow the data
        return
    if len(data) != header.size:
        if name not in lies.get("size", ()):
            lies.setdefault("size", []).append(name)
    elif _checksum(data) != header.crc:
        lies.setdefault("crc", []).append(name)


def _checksum(data: bytes) -> int:
    import zlib

    return zlib.crc32(data)


def _blobs(blob: Blob, seen: _Seen, found: Layout, content: Content, budget: Budget) -> Iterator[Blob]:
    """The member, and once more by the other header where the two differ in how it is compressed."""
    if _INERT.issuperset(seen.kinds) and seen.member.local.method == seen.member.said.method:
        return
    loader = found.loader(seen.name) or found.loader(shown(seen.member.local.name))
    headers = [seen.member.said]
    if seen.member.local.method != seen.member.said.method:
        headers.append(seen.member.local)
    for header in headers:
        plain = _plain(content, seen.member, header._replace(packed=seen.member.said.packed), budget)
        if plain is not None:
            path = f"{blob.path}/{seen.name}" if blob.path else seen.name
            yield Blob(plain, path, base(seen.name), blob.depth + 1, loader)


def _archive_lies(content: Content, archive: Archive, found: Layout, lies: dict[str, list[str]]) -> None:
    if len(archive.directories) > 1:
        lies["directories"] = []
    if archive.members and not content.read(0, 4).startswith(b"PK") and _is_last(content, archive) and "pickle" in kinds(Blob(Memory(content.read(0, HEAD)))):
        lies["polyglot"] = []
    if not found.is_model:
        return
    places: dict[bytes, int] = {}
    for member in archive.members:
        if places.setdefault(member.said.name, member.local.start) != member.local.start:
            lies.setdefault("twice", []).append(shown(member.said.name))


def _is_last(content: Content, archive: Archive) -> bool:
    """Whether the file ends with the archive. In a pickle that holds one as bytes, as Keras models do, more follows."""
    end = content.read(archive.directories[0][1], 22)
    return archive.directories[0][1] + 22 + int.from_bytes(end[20:22], "little") == content.size


def _concerns(lies: dict[str, list[str]]) -> Iterator[Concern]:
    for lie, names in lies.items():
        yield Concern("tampered-archive", _LIES[lie].format(sum_up(names)) if names else _LIES[lie], _FIXES.get(lie, _FIX))


def _expansion(members: list[Member], content: Content, found: Layout) -> Iterator[Concern]:
    """Members that share their bytes (https://www.bamsoftware.com/hacks/zipbomb/), and sizes that no loader should allocate.

    The zeros of a sparse matrix in a model archive compress 1000 : 1; nobody commits a GB of them.
    """
    packed = sum(member.said.packed for member in members if member.listed is not None)
    size = sum(member.said.size for member in members if member.listed is not None)
    if packed > content.size and _overlap(members):
        yield Concern("expansion-bomb", "its members overlap: the same bytes are unpacked again and again", _BOMB_FIX)
    elif (size > LARGE and size > RATIO * packed) or (size > LOADED and size > LOADED_RATIO * packed and not found.is_model):
        yield Concern("expansion-bomb", f"expands from {packed:,} bytes to {size:,}: who loads it runs out of memory", _BOMB_FIX)


_BOMB_FIX = "Delete it. If such an amount of zeros is wanted, store its shape and make them where they are needed."


def _overlap(members: list[Member]) -> bool:
    end = 0
    for start, stop in sorted((member.local.start, member.data + member.said.packed) for member in members if member.listed is not None):
        if start < end:
            return True
        end = max(end, stop)
    return False
