"""Tar files: members that would land outside of the folder, sizes that lie, and every member for further inspection.

Old versions of torch wrote checkpoints as tars (sys_info, pickle, tensors, storages); NeMo and SageMaker still pack models so.
Source: POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.models.archives.inflate import Inflated
from agent_security_hooks.parse.models.archives.names import PROGRAM_ENDINGS, base, leads_home, leads_out, link_leads_out, sum_up
from agent_security_hooks.parse.models.archives.programs import Bundle, is_binary
from agent_security_hooks.parse.models.archives.zips import TOO_MANY_ENTRIES, TOO_MANY_MEMBERS
from agent_security_hooks.parse.models.blob import Blob, Concern, Memory, NotRead, Unread, Window
from agent_security_hooks.parse.models.extension import is_model_name
from agent_security_hooks.parse.models.identify import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.models.blob import Budget, Content, Step

BLOCK = 512
_EXTENSIONS = (b"x", b"X", b"g", b"L", b"K")
_EXTENSION = 1 << 20
_AFTER_END = 2048
"""Blocks after the end mark that are looked at: `tar --ignore-zeros` reads on there."""
_COPIED = 4 << 20
_COPIES = 48 << 20
_LARGE = 1 << 33
_OCTAL_MOST = 0o77777777777
_TORCH = frozenset(("sys_info", "pickle", "tensors", "storages"))
_TORCH_NEEDED = frozenset(("sys_info", "pickle"))
_INERT = frozenset(("executable", "lfs"))
_MODELS = frozenset(("pickle", "npy", "hdf5", "gguf", "safetensors", "onnx", "tensorflow", "tflite", "keras"))
_SYSTEM = frozenset("bin boot dev etc lib lib32 lib64 opt proc root run sbin srv sys tmp usr var".split())
"""The folders at the top of a system, whose links start from there."""
_FILES = (b"0", b"\0", b"7", b"S")
_MODEL_NAMES = (".pt", ".pth", ".ckpt", ".nemo", ".bin", ".pkl")
_LIES = {
    "outside": "{} would be unpacked outside of the folder",
    "link": "{} is a link that leads out of the folder",
    "hard": "{} is a hard link to a file outside of the folder",
    "through": "{} would be written through a link that leads out of the folder",
    "home": "{} is a link to accounts or credentials of the machine that it is unpacked on",
    "device": "{} is a device, which no model needs",
    "program": "{} is a program or script, which no model needs: whoever unpacks the archive may run it",
    "sizes": "{} has two sizes (tar header and pax header): tools do not agree where the next member starts",
    "stray": "{} is a program beside a pickled model: whoever unpacks the archive may run it",
    "negative": "{} has a negative size: tools loop, or read the same member again",
}
_FIX = "Delete the archive, or pack it anew from inside of its folder; see `tar -tvf FILE` for what is in it."
_BOMB_FIX = "Delete it; no such amount of data is in the file."


class Entry(NamedTuple):
    """A member. `start` is where its data starts; `size` is in bytes."""

    name: str
    kind: bytes
    target: str
    start: int
    size: int
    lie: str = ""

    @property
    def is_link(self) -> bool:
        """Whether it is a hard or symbolic link."""
        return self.kind in (b"1", b"2")


def inspect_tar(blob: Blob, budget: Budget) -> Iterator[Step]:
    """An inspector, see `parse.models.blob`."""
    lies: dict[str, list[str]] = {}
    links, programs, names, tops = set[str](), list[str](), set[str](), set[str]()
    inner, room, bundle, models = list[Blob](), _COPIES, Bundle(), False
    for entry in entries(blob.content):
        budget.entries -= 1
        if budget.entries < 0 or len(inner) > budget.members:
            yield Unread(TOO_MANY_ENTRIES if budget.entries < 0 else TOO_MANY_MEMBERS)
            break
        names.add(entry.name.removeprefix("./"))
        tops.add(entry.name.removeprefix("./").partition("/")[0])
        _note(entry, lies, links)
        if entry.size > _LARGE and entry.size > 100 * _known(blob.content):
            yield Concern("expansion-bomb", f"{sum_up([entry.name])} claims {entry.size:,} bytes, far more than the file holds", _BOMB_FIX)
        if entry.kind not in _FILES or entry.size <= 0:
            continue
        member, found = _member(blob, entry)
        models = models or is_model_name(entry.name) or not _MODELS.isdisjoint(found)
        bundle.add(entry.name, found, binary=is_binary(member.content, found))
        if "executable" in found or entry.name.lower().endswith(PROGRAM_ENDINGS):
            programs.append(entry.name)
        if not _INERT.issuperset(found) or member.name in _TORCH:
            inner.append(_kept(member, blob.content, room))
            room -= entry.size if isinstance(inner[-1].content, Memory) else 0
    torch = names >= _TORCH_NEEDED
    if torch or blob.name.lower().endswith(_MODEL_NAMES):
        lies["program"] = programs
    else:
        lies.pop("device", None)  # images of whole systems hold them
        lies["stray"] = bundle.strays()
        if not tops.isdisjoint(_SYSTEM):
            lies.pop("link", None)
            lies.pop("home", None)
        elif not models:  # links to where something is installed, or to the rest of a repository, are left behind in many
            lies.pop("link", None)
    if "link" in lies:
        lies.pop("home", None)
    for lie, liars in lies.items():
        if liars:
            yield Concern("tampered-archive", _LIES[lie].format(sum_up(liars)), _FIX)
    for member in inner[: budget.members]:
        yield member._replace(loader="pickle") if torch and member.name in _TORCH else member


def _member(blob: Blob, entry: Entry) -> tuple[Blob, list[str]]:
    window = Window(blob.content, entry.start, entry.size)
    member = Blob(window, f"{blob.path}/{entry.name}" if blob.path else entry.name, base(entry.name), blob.depth + 1)
    try:
        return member, kinds(member._replace(content=_Forward(window)) if isinstance(blob.content, Inflated) else member)
    except NotRead:
        return member, ["unknown"]


def _kept(member: Blob, content: Content, room: int) -> Blob:
    """Members are inspected after the last of them was found: of decompressed content the first ones are then gone, unless they are copied."""
    size = member.content.size
    if not isinstance(content, Inflated) or size > min(room, _COPIED):
        return member
    return member._replace(content=Memory(member.content.read(0, size)))


class _Forward:
    """A window of content that is decompressed: its end is not near."""

    forward = True
    __slots__ = ("read", "size")

    def __init__(self, window: Window) -> None:
        self.read = window.read
        self.size = window.size


def _known(content: Content) -> int:
    return content.consumed if isinstance(content, Inflated) else content.size


def _note(entry: Entry, lies: dict[str, list[str]], links: set[str]) -> None:
    """What is wrong with one entry. Links that lead out are normal in images of whole systems; to write through one is not."""
    if entry.lie:
        lies.setdefault(entry.lie, []).append(entry.name)
    if leads_out(entry.name):
        lies.setdefault("outside", []).append(entry.name)
    clean = "/".join(part for part in entry.name.split("/") if part not in ("", "."))
    if links and any(clean.startswith(link + "/") for link in _parents(clean) if link in links):
        lies.setdefault("through", []).append(entry.name)
    if entry.is_link and (link_leads_out(entry.name, entry.target) if entry.kind == b"2" else leads_out(entry.target)):
        links.add(clean)
        lies.setdefault("link" if entry.kind == b"2" else "hard", []).append(entry.name)
        if entry.kind == b"2" and leads_home(entry.target):
            lies.setdefault("home", []).append(entry.name)
    if entry.kind in (b"3", b"4"):
        lies.setdefault("device", []).append(entry.name)


def _parents(path: str) -> Iterator[str]:
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def entries(content: Content) -> Iterator[Entry]:
    """The members in their order, with the long names and sizes of GNU and pax headers. Raises NotRead."""
    position, zeros = 0, 0
    long_name, long_target, pax = "", "", dict[str, str]()
    while True:
        header = content.read(position, BLOCK)
        if len(header) < BLOCK or zeros > _AFTER_END:
            return
        position += BLOCK
        if not _is_header(header):
            zeros += 1
            continue
        size, kind = _number(header[124:136]), header[156:157]
        if kind in _EXTENSIONS:
            text = content.read(position, min(max(size, 0), _EXTENSION))
            if kind in (b"x", b"X"):
                pax = _pax(text)
            elif kind == b"L":
                long_name = _text(text)
            elif kind == b"K":
                long_target = _text(text)
            position += _padded(max(size, 0))
            continue
        name = pax.get("path") or long_name or _name(header)
        target = pax.get("linkpath") or long_target or _text(header[157:257])
        lie = "negative" if size < 0 else ""
        stated = pax.get("size", "")
        if stated.isdecimal() and len(stated) < 20:
            lie = "sizes" if int(stated) != size and size and int(stated) <= _OCTAL_MOST and "GNU.sparse.major" not in pax else lie
            size = int(stated)
        if kind == b"S":
            position = _after_sparse(content, header, position)
        if kind in (b"1", b"2", b"3", b"4", b"5", b"6") and not (kind == b"1" and pax):
            size = 0
        yield Entry(pax.get("GNU.sparse.name") or name, kind, target, position, size, lie)
        position += _padded(max(size, 0))
        long_name, long_target, pax = "", "", {}


def _after_sparse(content: Content, header: bytes, position: int) -> int:
    """Where the data of an old GNU sparse file starts: after further tables."""
    more = header[482:483] not in (b"", b"\0")
    while more:
        table = content.read(position, BLOCK)
        position += BLOCK
        more = len(table) == BLOCK and table[504:505] != b"\0"
    return position


def _is_header(header: bytes) -> bool:
    digits = header[148:156].strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        return False
    return int(digits, 8) == sum(header) - sum(header[148:156]) + 8 * 0x20


def _number(field: bytes) -> int:
    """A number in octal, or in binary where the first byte says so."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field[1:], "big") - (256 ** (len(field) - 1) if field[0] == 0xFF else 0)
    digits = field.replace(b"\0", b" ").strip()
    return int(digits, 8) if digits and not digits.strip(b"01234567") else 0


def _name(header: bytes) -> str:
    name, prefix = _text(header[:100]), _text(header[345:500])
    return f"{prefix}/{name}" if prefix and header[257:263] == b"ustar\0" else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _pax(text: bytes) -> dict[str, str]:
    """The records `LENGTH KEY=VALUE`, one a line; the last of a key counts."""
    records, position = dict[str, str](), 0
    while position < len(text):
        space = text.find(b" ", position, position + 8)
        if space < 0 or not text[position:space].isdigit():
            break
        end = position + int(text[position:space])
        if end <= space + 1:
            break
        key, _, value = text[space + 1 : end].rstrip(b"\n").partition(b"=")
        records[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        position = end
    return records
