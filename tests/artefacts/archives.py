"""Archives, honest and not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def _packed(data: bytes, method: int) -> bytes:
    if method == 8:
        engine = zlib.compressobj(9, zlib.DEFLATED, -15)
        return engine.compress(data) + engine.flush()
    if method == 14:
        made = lzma.compress(data, lzma.FORMAT_ALONE)
        return b"\x10\x02\x05\x00" + made[:5] + made[13:]
    return bz2.compress(data) if method == 12 else data


def zipped(
    members: Mapping[str, bytes | str],
    *,
    method: int = 0,
    flags: int = 0,
    listed_flags: int | None = None,
    crc: int | None = None,
    size: int | None = None,
    listed_method: int | None = None,
    local_names: Mapping[str, str] | None = None,
    unlisted: Collection[str] = (),
    links: Collection[str] = (),
    repeat: int = 1,
    streamed: bool = False,
    zip64: bool = False,
    prefix: bytes = b"",
    comment: bytes = b"",
    shifted: bool = True,
) -> bytes:
    """A zip file. Members are strings (UTF-8) or bytes.

    `method` compresses all of them, `flags` are set in both headers unless `listed_flags` says otherwise for the directory; `crc`, `size`
    and `listed_method` are what the headers claim instead of the truth; `local_names` gives other names to the members' own headers;
    `unlisted` ones are left out of the directory, `links` are symbolic links; `repeat` lists every member so many times under new names.
    `streamed` puts sizes behind the data, `prefix` something before the archive (whose offsets count it if `shifted`).
    """
    data, directory, count = bytearray(prefix), bytearray(), 0
    flags |= 8 if streamed else 0
    for name, content in members.items():
        plain = content.encode() if isinstance(content, str) else content
        packed, checksum = _packed(plain, method), zlib.crc32(plain) if crc is None else crc
        claimed = len(plain) if size is None else size
        start = len(data) - (0 if shifted else len(prefix))
        local = (local_names or {}).get(name, name).encode()
        numbers = (0, 0, 0) if streamed else (checksum, len(packed), claimed)
        extra = struct.pack("<2H2Q", 1, 16, claimed, len(packed)) if zip64 else b""
        if zip64:
            numbers = (checksum, 0xFFFFFFFF, 0xFFFFFFFF)
        data += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, flags, method, 0, 33, *numbers, len(local), len(extra)) + local + extra + packed
        if streamed:
            data += struct.pack("<4s3L", b"PK\x07\x08", checksum, len(packed), claimed)
        for number in range(0 if name in unlisted else repeat):
            listed = name.encode() + (b"%d" % number if number else b"")
            attributes = (0o120777 if name in links else 0o100644) << 16
            directory += struct.pack(
                "<4s6H3L5H2L",
                b"PK\x01\x02",
                0x0314,
                20,
                flags if listed_flags is None else listed_flags,
                method if listed_method is None else listed_method,
                0,
                33,
                checksum,
                len(packed),
                claimed,
                len(listed),
                0,
                0,
                0,
                0,
                attributes,
                start,
            )
            directory += listed
            count += 1
    start = len(data) - (0 if shifted else len(prefix))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), start, len(comment))
    return bytes(data + directory + end + comment)


def tarred(members: Mapping[str, bytes | str], *, kind: str = "0", target: str = "", size: int | None = None, pax: Mapping[str, str] | None = None) -> bytes:
    """A tar file. With `kind` "1" to "6" the members are links (to `target`), devices or folders; `pax` goes before each of them."""
    data = b""
    for name, content in members.items():
        plain = content.encode() if isinstance(content, str) else content
        if pax:
            records = b"".join(_record(f"{key}={value}\n".encode()) for key, value in pax.items())
            data += _tar_header("pax", "x", "", len(records)) + _filled(records)
        data += _tar_header(name, kind, target, len(plain) if size is None else size) + _filled(plain)
    return data + bytes(1024)


def _record(text: bytes) -> bytes:
    length = len(text) + 2
    length += len(str(length)) - 1
    return b"%d " % length + text


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def _tar_header(name: str, kind: str, target: str, size: int) -> bytes:
    number = b"%011o\0" % size if 0 <= size < 8**11 else (b"\xff" if size < 0 else b"\x80") + (size % 256**11).to_bytes(11, "big")
    fields = [name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", number, b"00000000000\0", b" " * 8]
    fields += [kind.encode(), target.encode().ljust(100, b"\0"), b"ustar\x0000", b"".ljust(247, b"\0")]
    header = b"".join(fields)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def compressed(kind: str, data: bytes) -> bytes:
    """`data` as "gzip", "bz2", "xz", "lzma" or "zlib"."""
    if kind == "gzip":
        return gzip.compress(data, mtime=0)
    if kind == "zlib":
        return zlib.compress(data)
    if kind == "bz2":
        return bz2.compress(data)
    return lzma.compress(data, lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE)


def torch_zip(pickle: bytes, **more: bytes | str) -> dict[str, bytes | str]:
    """The members of what `torch.save` writes; further ones by name."""
    members: dict[str, bytes | str] = {"data.pkl": pickle, "byteorder": "little", "data/0": bytes(64), "version": "3\n", **more}
    return {f"archive/{name}": content for name, content in members.items()}
