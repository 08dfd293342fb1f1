"""Which formats some content is, told from its bytes. A name counts only where bytes cannot tell (JSON, templates).

Every file of every commit is asked for, so the first byte sorts out nearly all: text, pictures and documents cost a few microseconds.
Content can be several formats at once: `torch.load` goes by the first four bytes, `zipfile` by the end of the file, a pickle stops where
it likes. All of them are reported, and each is inspected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_security_hooks.parse.models.blob import Blob, Content

HEAD = 4096
"""Bytes from which most formats are told."""

_KERAS_HEAD = 1 << 16
_JSON = 4 << 20
"""Bytes of JSON and YAML in which words are looked for."""
_TAIL = (1 << 16) + 22
_SHORT_TAIL = 4096
"""Searching a long tail costs more than all the rest; what begins as text is searched less far."""
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LFS = b"version https://git-lfs.github.com/spec/"
_BLOCK = 512
_NEAR = 1 << 16
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK00PK\x03\x04", "zip"),
    (b"PK\x07\x08PK\x03\x04", "zip"),
    (b"\x1f\x8b\x08", "gzip"),
    *((b"BZh%d1AY&SY" % level, "bz2") for level in range(1, 10)),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"ZF0x", "zlib"),
    (b"\x93NUMPY", "npy"),
    (_HDF5, "hdf5"),
    (b"GGUF", "gguf"),
    (b"FUGG", "gguf"),
    (b"\x7fELF", "executable"),
    (b"#!/", "executable"),
    (b"#! /", "executable"),
    *((magic, "executable") for magic in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")),
    (_LFS, "lfs"),
)
_BY_FIRST: dict[int, list[tuple[bytes, str]]] = {}
for _magic, _kind in _MAGIC:
    _BY_FIRST.setdefault(_magic[0], []).append((_magic, _kind))

TEMPLATE_NAMES = frozenset(("tokenizer_config.json", "chat_template.json", "processor_config.json"))
"""JSON from which a chat template is taken by that name."""
_TEMPLATE_ENDINGS = (".jinja", ".jinja2")
_OTHER_TEMPLATES = (".j2", ".template")
_CHAT_TEMPLATE = b"chat_template"


def kinds(blob: Blob) -> list[str]:
    """The formats that the content can be read as; [] for nothing that a model loader would read. Raises NotRead.

    They are "zip", "tar", "gzip", "bz2", "xz", "lzma", "zlib", "lz4", "zstd", "7z", "rar", "pickle", "npy", "hdf5", "gguf", "safetensors", "onnx",
    "tensorflow", "tflite", "keras", "template", "executable" and "lfs".
    """
    content = blob.content
    head = content.read(0, HEAD)
    if not head:
        return []
    if blob.loader == "keras":
        return ["keras"]
    name = blob.name.lower()
    text = _NOT_TEXT.search(head, 0, _BLOCK) is None
    found = [kind for magic, kind in _BY_FIRST.get(head[0], ()) if head.startswith(magic)]
    if not found:
        found = _text(head, content, name) if text else _binary(head, content, name)
    if "template" not in found and _is_template(name, text=text):  # a shebang or a control character before it is nothing to Jinja
        found.append("template")
    if head[257:262] == b"ustar" or _is_old_tar(head):
        found.append("tar")
    pickle = (not found or found[0] not in _CERTAIN) and (_is_pickle(head, content) or (blob.loader == "pickle" and not found))
    if (
        "zip" not in found
        and not getattr(content, "forward", False)
        and _ends_as_zip(content, _SHORT_TAIL if text else _TAIL, padded="tar" not in found or name.endswith(_ZIP_NAMES))
    ):
        found.append("zip")
    if pickle or (not found and _is_spoilt_pickle(head, name)):
        found.append("pickle")
    return found


_ZIP_NAMES = (".zip", ".keras", ".npz")
_CERTAIN = frozenset(("zip", "gzip", "xz", "7z", "rar", "npy", "hdf5", "gguf", "lfs"))
"""What begins like these is no pickle: their first bytes stop one."""


def _is_pickle(head: bytes, content: Content) -> bool:
    from agent_security_hooks.parse.models.pickles.sniff import looks_like_pickle

    return looks_like_pickle(head, len(head) < HEAD or content.size <= HEAD, content)


def _is_spoilt_pickle(head: bytes, name: str) -> bool:
    """A file that goes by its name to a loader of pickles, and is nothing else: what stands behind its begin may be one. Markup is a page (of Zope, or an error)."""
    from agent_security_hooks.parse.models.pickles.sniff import expects_pickle

    return expects_pickle(name) and head.lstrip()[:1] != b"<"


def _is_template(name: str, *, text: bool) -> bool:
    return name in TEMPLATE_NAMES or name.endswith(_TEMPLATE_ENDINGS) or (text and name.endswith(_OTHER_TEMPLATES))


def _text(head: bytes, content: Content, name: str) -> list[str]:
    if _is_template(name, text=True):
        return ["template"]
    if name.endswith(".pbtxt"):
        return _tensorflow(head, content, name)
    if head[0] in b'{[ \t\r\n\xef"' and (found := _json(head, content, name)):
        return found
    if name.endswith((".yaml", ".yml")):
        return ["template"] if _CHAT_TEMPLATE in _beginning(head, content) else []
    if head[0] == 0x78:
        return ["zlib"] if _is_zlib(head) else []
    return []


def _json(head: bytes, content: Content, name: str) -> list[str]:
    """JSON with the words of a Keras model or of a chat template; what calls itself JSON is searched further than the head."""
    if name.endswith(".json"):
        head = _beginning(head, content)
    elif head.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] not in (b"{", b"["):  # the docstring of a program
        return []
    found: list[str] = []
    if b'"class_name"' in head:
        from agent_security_hooks.parse.models.formats.protobuf import looks_like_keras, names_keras_model

        near = head[:_KERAS_HEAD]
        if looks_like_keras(near, name) or (len(head) > len(near) and names_keras_model(head) and looks_like_keras(head, name)):
            found.append("keras")
    if _CHAT_TEMPLATE in head:
        found.append("template")
    return found


def _beginning(head: bytes, content: Content) -> bytes:
    """More of a text: as much as is read of it, or of what is decompressed as can be read again."""
    forward = getattr(content, "forward", False)
    return head if len(head) < HEAD else content.read(0, _NEAR if forward else _JSON)


def _binary(head: bytes, content: Content, name: str) -> list[str]:
    first = head[0]
    if first == 0x78 and _is_zlib(head):
        return ["zlib"]
    if first == 0x5D and _is_lzma(head):
        return ["lzma"]
    if head[4:8] == b"TFL3":
        return ["tflite"]
    if head[:2] == b"MZ" and _is_windows_program(head, content):
        return ["executable"]
    if head[:4] in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf") and 0 < int.from_bytes(head[4:8], "big") < 20:  # class files have a version >= 45 there
        return ["executable"]
    if _is_safetensors(head, name):
        return ["safetensors"]
    if not getattr(content, "forward", False) and _is_hdf5_later(content):
        return ["hdf5"]
    return [*_onnx(head, content, name), *_tensorflow(head, content, name)]


def _onnx(head: bytes, content: Content, name: str) -> list[str]:
    from agent_security_hooks.parse.models.formats.protobuf import looks_like_onnx

    return ["onnx"] if looks_like_onnx(head, _size(content), name) else []


def _tensorflow(head: bytes, content: Content, name: str) -> list[str]:
    from agent_security_hooks.parse.models.formats.protobuf import looks_like_tensorflow

    return ["tensorflow"] if looks_like_tensorflow(head, name, _size(content)) else []


def _size(content: Content) -> int:
    """The size, as far as it is known without reading to the end."""
    return 1 << 62 if getattr(content, "forward", False) else content.size


def _is_safetensors(head: bytes, name: str) -> bool:
    """Source: https://huggingface.co/docs/safetensors: 8 bytes with the length of a JSON object, then the object."""
    if len(head) < 9 or head[8] not in b"{ \t\r\n":
        return False
    return name.endswith(".safetensors") or (head[8] == 0x7B and head[5:8] == b"\0\0\0" and b'"' in head[9:11])


def _is_zlib(head: bytes) -> bool:
    if len(head) < 8 or int.from_bytes(head[:2], "big") % 31 or head[1] & 0x20:
        return False
    import zlib

    try:
        return bool(zlib.decompressobj().decompress(head, 64))
    except zlib.error:
        return False


def _is_lzma(head: bytes) -> bool:
    """A header of the old format as encoders write it: usual properties, a dictionary of 2^n or 3*2^n bytes, a size that is unknown or sound."""
    if len(head) < 14 or head[13]:  # the first byte of a range coder is 0
        return False
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    lowest = dictionary & -dictionary
    return dictionary >= 1 << 12 and dictionary in (lowest, 3 * lowest, 0xFFFFFFFF) and (size == (1 << 64) - 1 or size < 1 << 40)


def _is_windows_program(head: bytes, content: Content) -> bool:
    """The address at byte 60 leads to the signature of a PE file."""
    start = int.from_bytes(head[60:64], "little")
    if len(head) < 64 or (getattr(content, "forward", False) and start > _NEAR):
        return False
    return content.read(start, 4) == b"PE\0\0"


def _is_hdf5_later(content: Content) -> bool:
    """A user's block of 512 bytes times a power of two may come first; readers try all of them."""
    start = _BLOCK
    while start + len(_HDF5) <= content.size:
        if content.read(start, len(_HDF5)) == _HDF5:
            return True
        start *= 2
    return False


def _is_old_tar(head: bytes) -> bool:
    """A tar header without a magic: its checksum is right."""
    if len(head) < _BLOCK or head[0] == 0 or head[154] not in b" \0":
        return False
    digits = head[148:156].strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        return False
    return int(digits, 8) == sum(head[:148]) + 8 * 0x20 + sum(head[156:_BLOCK])


def _ends_as_zip(content: Content, length: int, *, padded: bool) -> bool:
    """Whether an end-of-central-directory record at the end leads to a directory: what `zipfile` opens, whatever stands before.

    Only the last `length` bytes are looked at. Unless it may be `padded`, not where zeros follow as in a tar, of which the zip is then the last member.
    """
    start = max(0, content.size - length)
    tail = content.read(start, length)
    if not padded and tail.endswith(bytes(_BLOCK)):
        return False
    position = len(tail)
    for _ in range(8):
        position = tail.rfind(b"PK\x05\x06", 0, position)
        if position < 0:
            return False
        size = int.from_bytes(tail[position + 12 : position + 16], "little")
        end = start + position
        if len(tail) - position < 22:
            continue
        if tail[max(0, position - 20) : max(0, position - 20) + 4] == b"PK\x06\x07":
            return True
        if 46 <= size <= end and content.read(end - size, 4) == b"PK\x01\x02":
            return True
        offset = int.from_bytes(tail[position + 16 : position + 20], "little")
        if offset + 46 <= end and content.read(offset, 4) == b"PK\x01\x02":
            return True
    return False
