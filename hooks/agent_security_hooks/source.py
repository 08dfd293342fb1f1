"""The one reader: a file is opened once, safely, decoded to UTF-8, and shared by every rule with its parsed views.

Nothing else in the suite opens a file of the scanned repository.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent_security_hooks.repository import Repository

T = TypeVar("T")

TEXT_LIMIT = 32 << 20
"""Bytes of a text file that are read unless the configuration's `max-mb` says otherwise."""
STREAM_LIMIT = 1 << 30
"""Bytes of a larger file that is looked at piece by piece."""

_SNIFF = 8192
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

# Kinds of file that hold no text, by ending: too large a one of these is no failure of a text rule.
BINARY_ENDINGS = frozenset(
    ".7z .a .apk .avi .avif .bin .bmp .bz2 .ckpt .class .dat .db .dll .dmg .docx .dylib .eot .exe .flac .gguf .gif .gz .h5 .hdf5 .heic "
    ".ico .icns .iso .jar .joblib .jpeg .jpg .keras .lib .m4a .mkv .mov .mp3 .mp4 .mpeg .msi .npy .npz .o .obj .odt .ogg .onnx .otf .parquet "
    ".pb .pdf .pkl .png .ppt .pptx .psd .pt .pth .pyc .rar .safetensors .so .sqlite .sqlite3 .tar .tflite .tgz .tif .tiff .ttf .war .wasm "
    ".wav .webm .webp .whl .woff .woff2 .xls .xlsx .xz .zip .zst".split()
)


DIRECTORY = "a directory"


class Unreadable(Exception):
    """A file that could not be read; the text is the reason, fit to be printed after the file's name."""


class Skipped(Exception):
    """Something that is rightly not read (a directory, a submodule); the text is the reason."""


class TooLarge(Unreadable):
    """A file over the limit of what is read at once. `binary` says that its name is none of a text."""

    def __init__(self, reason: str, binary: bool) -> None:
        super().__init__(reason)
        self.binary = binary


class LargeFile:
    """A regular file that is read piece by piece, each time by its name: nothing stays open."""

    __slots__ = ("path", "size")

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = os.lstat(path).st_size

    def read(self, start: int, length: int) -> bytes:
        """Bytes from an offset, fewer at the end of the file. Raises Unreadable."""
        try:
            descriptor = os.open(self.path, _OPEN_FLAGS)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Unreadable("it changed while it was checked")
                os.lseek(descriptor, start, os.SEEK_SET)
                return os.read(descriptor, max(0, min(length, TEXT_LIMIT)))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unreadable(_reason(error)) from None

    def sha256(self) -> str:
        """The digest in hexadecimal."""
        from hashlib import sha256

        digest, position = sha256(), 0
        while part := self.read(position, 1 << 20):
            digest.update(part)
            position += len(part)
        return digest.hexdigest()


class Source:
    """One file. `data` is its text as UTF-8 bytes without a byte order mark; all offsets in the suite are into it.

    Bytes that are no valid UTF-8 (Latin-1, binary) are kept as they are. `raw` is what is on disk. `path` is from the root of the repository,
    so that a verdict does not depend on the current directory; `shown` is how the user named the file, for messages and commands.
    """

    __slots__ = ("_line_starts", "_located", "_views", "binary", "data", "encoding", "large", "path", "raw", "repository", "shown", "staged", "thorough")

    def __init__(self, path: str, raw: bytes, repository: Repository, *, staged: bool = False, shown: str = "", large: LargeFile | None = None) -> None:
        self.path = path
        self.large = large
        """Set for a file that is too large to be in memory; `raw` and `data` are empty then."""
        self.shown = shown or path
        self.raw = raw
        self.repository = repository
        self.staged = staged
        self.thorough = True
        """Whether somebody asks for pedantic cases; if not, a rule may leave out what finds nothing else."""
        self.encoding, self.data = decode(raw)
        self.binary = b"\0" in self.data[:_SNIFF]
        self._views: dict[object, object] = {}
        self._line_starts: Sequence[int] | None = None
        self._located = (0, 0, 0)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def text(self) -> str:
        """The text; bytes that are not UTF-8 become lone surrogates."""
        return self.data.decode("utf-8", "surrogateescape")

    def view(self, build: Callable[[Source], T]) -> T:
        """`build(self)`, computed on first use and shared by all rules."""
        if build not in self._views:
            self._views[build] = build(self)
        return self._views[build]  # type: ignore[return-value]

    @property
    def line_starts(self) -> Sequence[int]:
        """Offsets at which lines start. Lines end at LF, CR LF or a lone CR, as editors count them."""
        if self._line_starts is None:
            from array import array

            data, starts, position = self.data, array("I", [0]), 0
            if b"\r" in data:
                import re

                starts.extend(match.end() for match in re.finditer(rb"\r\n?|\n", data))
            else:
                while (position := data.find(b"\n", position) + 1) > 0:
                    starts.append(position)
            self._line_starts = starts
        return self._line_starts

    def line_of(self, offset: int) -> int:
        """The 1-based line that holds the offset."""
        from bisect import bisect_right

        return bisect_right(self.line_starts, offset)

    def locate(self, offset: int) -> tuple[int, int]:
        """1-based line and column (in code points) of an offset."""
        line = self.line_of(offset)
        start, column = self.line_starts[line - 1], 1
        last, last_line, last_column = self._located
        if last_line == line and last <= offset:  # a line can be megabytes long and hold thousands of findings
            start, column = last, last_column
        column += len(self.data[start:offset].decode("utf-8", "surrogateescape"))
        self._located = (offset, line, column)
        return line, column

    def line(self, number: int) -> bytes:
        """The bytes of a 1-based line without its line end; empty past the end."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return b""
        end = starts[number] if number < len(starts) else len(self.data)
        return self.data[starts[number - 1] : end].rstrip(b"\r\n")


def decode(raw: bytes) -> tuple[str, bytes]:
    """The name of the encoding and the text as UTF-8 without a byte order mark.

    UTF-16 without a mark is recognised by its NUL bytes (a quarter or more, nearly all on one side of each pair). What is left over
    after the last whole character becomes U+FFFD.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", raw[3:]
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw.startswith(mark) and (encoding.startswith("utf-16") or len(raw) % 4 == 0):
            return encoding, _to_utf8(raw[len(mark) :], encoding)
    head = raw[:_SNIFF]
    if b"\0" in head and len(head) >= 16:
        even, odd = head[::2].count(0) / len(head), head[1::2].count(0) / len(head)
        if odd >= 0.25 and even < odd / 8:
            return "utf-16-le-without-mark", _to_utf8(raw, "utf-16-le")
        if even >= 0.25 and odd < even / 8:
            return "utf-16-be-without-mark", _to_utf8(raw, "utf-16-be")
    return "utf-8", raw


def _to_utf8(raw: bytes, encoding: str) -> bytes:
    return raw.decode(encoding, "replace").encode("utf-8", "surrogatepass")


def read_bytes(path: str, limit: int) -> bytes:
    """The content of a regular file. A symbolic link gives its target's name, which is all that git stores of it.

    Raises TooLarge, another Unreadable (a device, no permission, vanished) or Skipped (a directory).
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        return _read_special(path, error)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise Skipped(DIRECTORY)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("not a regular file (a pipe, socket or device)")
        if status.st_size > limit:
            _too_large(path, status.st_size, limit)
        parts, size, chunk = [], 0, max(status.st_size + 1, 1 << 12)
        while part := os.read(descriptor, min(chunk, limit + 1 - size)):
            parts.append(part)
            size += len(part)
            if size > limit:
                _too_large(path, size, limit)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    except OSError as error:
        raise Unreadable(_reason(error)) from None
    finally:
        os.close(descriptor)


def _read_special(path: str, error: OSError) -> bytes:
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return os.fsencode(os.readlink(path))
    except (OSError, ValueError):
        raise Unreadable(_reason(error)) from None
    if stat.S_ISDIR(mode):
        raise Skipped(DIRECTORY)
    if not stat.S_ISREG(mode):
        raise Unreadable("not a regular file (a pipe, socket or device)")
    raise Unreadable(_reason(error))


def _too_large(path: str, size: int, limit: int) -> None:
    reason = f"{size / (1 << 20):.0f} MB is over the limit of {limit >> 20} MB (set max-mb in the configuration, or exclude the file there)"
    raise TooLarge(reason, os.path.splitext(path)[1].lower() in BINARY_ENDINGS)


def _reason(error: OSError) -> str:
    reasons = {errno.ENOENT: "no such file", errno.EACCES: "no permission to read it", errno.ENAMETOOLONG: "the path is too long"}
    return reasons.get(error.errno or 0, error.strerror or "cannot be read")
