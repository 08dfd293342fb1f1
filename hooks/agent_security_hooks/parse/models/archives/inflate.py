"""Bounded decompression: content that is inflated only as far as somebody reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from agent_security_hooks.parse.models.blob import NotRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_security_hooks.parse.models.blob import Budget, Content

UNKNOWN = 1 << 62
"""The size of content whose end is not known yet."""
CHUNK = 1 << 18
KEPT = 64 << 20
"""Bytes of one decompressed content that are kept; after that the oldest go."""

_INPUT = 1 << 14
_MEMORY = 128 << 20
_DICTIONARY = 64 << 20
_RAW_LZMA_HEADER = 9
_TOO_MUCH_MEMORY = "its compressed data asks for more memory than is given"
_STREAMS = 10_000
_GLANCE = 1 << 14


class _Decoder(Protocol):
    def step(self, data: bytes, limit: int) -> bytes:
        """At most `limit` bytes more. Raises ValueError, OSError or EOFError for what is damaged."""

    @property
    def hungry(self) -> bool:
        """Whether it needs more input to go on."""

    @property
    def rest(self) -> bytes | None:
        """What is left over of the input when the stream has ended, else None."""


class _Zlib:
    __slots__ = ("_object",)

    def __init__(self, bits: int) -> None:
        import zlib

        self._object = zlib.decompressobj(bits)

    def step(self, data: bytes, limit: int) -> bytes:
        import zlib

        try:
            return self._object.decompress(self._object.unconsumed_tail + data, limit)
        except zlib.error as problem:
            raise ValueError(str(problem)) from None

    @property
    def hungry(self) -> bool:
        return not self._object.unconsumed_tail

    @property
    def rest(self) -> bytes | None:
        return self._object.unused_data if self._object.eof else None


class _Other:
    """What the modules bz2 and lzma offer."""

    __slots__ = ("_lzma_error", "_object")

    def __init__(self, method: str, properties: bytes = b"") -> None:
        if method == "bz2":
            import bz2

            self._object: bz2.BZ2Decompressor | lzma.LZMADecompressor = bz2.BZ2Decompressor()
            self._lzma_error: type[Exception] = ValueError
            return
        import lzma

        self._lzma_error = lzma.LZMAError
        try:
            if method == "raw-lzma":
                self._object = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_lzma_filter(properties)])
            else:
                self._object = lzma.LZMADecompressor(lzma.FORMAT_XZ if method == "xz" else lzma.FORMAT_ALONE, memlimit=_MEMORY)
        except lzma.LZMAError as problem:  # the properties contradict each other
            raise ValueError(str(problem)) from None

    def step(self, data: bytes, limit: int) -> bytes:
        try:
            return self._object.decompress(data, limit)
        except self._lzma_error as problem:
            if "emory" in str(problem):  # "Memory usage limit exceeded"
                raise NotRead(_TOO_MUCH_MEMORY) from None
            raise ValueError(str(problem)) from None

    @property
    def hungry(self) -> bool:
        return self._object.needs_input

    @property
    def rest(self) -> bytes | None:
        return self._object.unused_data if self._object.eof else None


def _lzma_filter(properties: bytes) -> dict[str, int]:
    """The five bytes of LZMA's properties; source: the LZMA specification, "LZMA file format"."""
    import lzma

    packed, dictionary = properties[0], int.from_bytes(properties[1:5], "little")
    if packed >= 9 * 5 * 5 or dictionary > _DICTIONARY:
        raise NotRead(_TOO_MUCH_MEMORY)
    return {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": packed % 9, "lp": packed // 9 % 5, "pb": packed // 45}


_MAKERS: dict[str, Callable[[], _Decoder]] = {
    "deflate": lambda: _Zlib(-15),
    "zlib": lambda: _Zlib(15),
    "gzip": lambda: _Zlib(31),
    "bz2": lambda: _Other("bz2"),
    "xz": lambda: _Other("xz"),
    "lzma": lambda: _Other("lzma"),
}
_SEVERAL = {"gzip": b"\x1f\x8b", "bz2": b"BZh", "xz": b"\xfd7zXZ"}
"""Formats in which several streams may follow each other, and how each begins."""


class Inflated:
    """Content that is decompressed as it is read. Data that breaks off or is damaged ends there: no loader gets further.

    Reading backward works within the last 64 MB. `method` is one of "deflate", "zlib", "gzip", "bz2", "xz", "lzma" (the format of its own)
    and "zip-lzma".
    """

    forward = True
    """Reading the end costs as much as reading everything."""
    __slots__ = ("_budget", "_chunks", "_decoder", "_ended", "_method", "_pending", "_position", "_produced", "_source", "_streams", "size")

    def __init__(self, source: Content, method: str, budget: Budget, size: int = UNKNOWN) -> None:
        self.size = size
        self._source = source
        self._method = method
        self._budget = budget
        self._decoder: _Decoder | None = None
        self._position = 0
        self._pending = b""
        self._chunks: list[bytes] = []
        self._produced = 0
        self._ended = False
        self._streams = 0

    @property
    def consumed(self) -> int:
        """Compressed bytes that were read so far."""
        return self._position

    @property
    def produced(self) -> int:
        """Bytes that came out so far."""
        return self._produced

    @property
    def complete(self) -> bool:
        """Whether the compressed data came to its proper end."""
        return self._ended and self._decoder is not None and self._decoder.rest is not None

    @property
    def ended(self) -> bool:
        """Whether all came out."""
        return self._ended

    def read(self, start: int, length: int) -> bytes:
        """As `Content.read`."""
        end = min(start + length, UNKNOWN)
        self.reach(end)
        end = min(end, self._produced)
        parts = []
        while start < end:
            number, offset = divmod(start, CHUNK)
            chunk = self._chunks[number]
            if not chunk:
                raise NotRead(f"it expands to more than the {KEPT >> 20} MB that are kept")
            parts.append(chunk[offset : offset + end - start])
            start += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def reach(self, end: int) -> None:
        """Decompress until `end` bytes came out, or all."""
        while self._produced < end and not self._ended:
            have = self._produced % CHUNK
            # of most contents only the first bytes are wanted
            chunk = self._next(CHUNK - have if self._produced >= _GLANCE else min(CHUNK - have, max(4096, end - self._produced)))
            self._budget.expand(len(chunk))
            self._produced += len(chunk)
            if have:
                self._chunks[-1] += chunk
            elif chunk:
                self._chunks.append(chunk)
            if not have and len(self._chunks) > KEPT // CHUNK:
                self._chunks[len(self._chunks) - 1 - KEPT // CHUNK] = b""
        if self._ended:
            self.size = self._produced

    def _next(self, limit: int) -> bytes:
        """At most `limit` bytes more, at least one unless the end is reached."""
        while True:
            try:
                if self._decoder is None:
                    self._decoder = self._start()
                data = self._input() if self._decoder.hungry else b""
                starved = self._decoder.hungry and not data
                made = self._decoder.step(data, limit)
            except MemoryError:
                raise NotRead(_TOO_MUCH_MEMORY) from None
            except ImportError:
                raise NotRead(f"this Python was built without the module for {self._method}") from None
            except (OSError, ValueError, EOFError):
                self._ended = True
                return b""
            rest = self._decoder.rest
            if rest is not None:
                self._again(rest)
            elif starved and not made:
                self._ended = True
            if made or self._ended:
                return made

    def _start(self) -> _Decoder:
        if self._method != "zip-lzma":
            return _MAKERS[self._method]()
        properties = self._source.read(0, _RAW_LZMA_HEADER)
        if len(properties) < _RAW_LZMA_HEADER or properties[2:4] != b"\x05\0":
            raise ValueError("not LZMA")
        self._position = _RAW_LZMA_HEADER
        return _Other("raw-lzma", properties[4:])

    def _input(self) -> bytes:
        data, self._pending = self._pending, b""
        if not data:
            data = self._source.read(self._position, _INPUT if self._produced else 4096)
            self._position += len(data)
        return data

    def _again(self, rest: bytes) -> None:
        """After one stream the next one may follow, zeros between them."""
        magic = _SEVERAL.get(self._method)
        if magic is None:
            self._ended = True
            return
        rest = rest.lstrip(b"\0")
        if len(rest) < len(magic):
            more = self._source.read(self._position, _INPUT)
            self._position += len(more)
            rest = (rest + more).lstrip(b"\0")
        self._streams += 1
        if self._streams > _STREAMS:
            raise NotRead(f"it is made of more than {_STREAMS:,} compressed streams")
        if rest.startswith(magic):
            self._pending, self._decoder = rest, None
        else:
            self._ended = True
