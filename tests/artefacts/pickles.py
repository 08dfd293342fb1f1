"""Pickles from a listing of their opcodes, in the words of `pickletools`, and by Python's own pickler."""

from __future__ import annotations

import pickle
import pickletools
import struct

_OPCODES = {opcode.name: opcode for opcode in pickletools.opcodes}
_LENGTHS = {"BINUNICODE": "<I", "BINUNICODE8": "<Q", "BINBYTES": "<I", "BINBYTES8": "<Q", "SHORT_BINBYTES": "<B", "SHORT_BINUNICODE": "<B", "SHORT_BINSTRING": "<B", "BINSTRING": "<i", "BYTEARRAY8": "<Q", "LONG1": "<B", "LONG4": "<i"}  # fmt: skip
_NUMBERS = {"PROTO": "<B", "BININT": "<i", "BININT1": "<B", "BININT2": "<H", "BINGET": "<B", "LONG_BINGET": "<I", "BINPUT": "<B", "LONG_BINPUT": "<I", "FRAME": "<Q", "BINFLOAT": ">d", "EXT1": "<B", "EXT2": "<H", "EXT4": "<i"}  # fmt: skip


def pickled(*lines: str | bytes) -> bytes:
    r"""A pickle of opcodes, one a line: `GLOBAL os system`, `SHORT_BINUNICODE id`, `BININT1 5`. Bytes are taken as they are.

    Text arguments may hold escapes (`\n`); those of bytes opcodes are Latin-1.
    """
    return b"".join(line if isinstance(line, bytes) else _opcode(*line.partition(" ")[::2]) for line in lines)


def _opcode(name: str, argument: str) -> bytes:
    code = _OPCODES[name].code.encode("latin-1")
    if name in ("GLOBAL", "INST"):
        module, _, attribute = argument.partition(" ")
        return code + f"{module}\n{attribute}\n".encode()
    if name in _LENGTHS:
        data = argument.encode("latin-1" if "BYTES" in name or "BYTE" in name else "utf-8")
        return code + struct.pack(_LENGTHS[name], len(data)) + data
    if name in _NUMBERS:
        return code + struct.pack(_NUMBERS[name], float(argument) if name == "BINFLOAT" else int(argument))
    return code + argument.encode() + b"\n" if _OPCODES[name].arg is not None else code


def dumped(value: object, protocol: int = 4) -> bytes:
    """What `pickle.dumps` writes for plain data."""
    return pickle.dumps(value, protocol)


def imported(module: str, name: str) -> bytes:
    """STACK_GLOBAL with its two texts."""
    return pickled(f"SHORT_BINUNICODE {module}", f"SHORT_BINUNICODE {name}", "STACK_GLOBAL")


def calling(module: str, name: str, *texts: str) -> bytes:
    """A whole pickle of protocol 4 that calls a function with texts."""
    return pickled("PROTO 4", imported(module, name), "MARK", *(f"SHORT_BINUNICODE {text}" for text in texts), "TUPLE", "REDUCE", "STOP")


def torch_legacy(*storages: bytes, model: bytes = b"", named: bool = False) -> bytes:
    """What `torch.save` wrote before version 1.6: magic number, protocol, system, object, keys of the storages, then their raw bytes.

    `named`: the object refers to its storages, of floats, by persistent ids.
    """
    magic = pickled("PROTO 2", b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "STOP")
    keys = dumped([str(number) for number in range(len(storages))], 2)
    raw = b"".join(struct.pack("<q", len(storage) // 4) + storage for storage in storages)
    if named:
        ids = (_storage_id(str(number), len(storage) // 4) for number, storage in enumerate(storages))
        model = pickled("PROTO 2", "EMPTY_LIST", "MARK", *ids, "APPENDS", "STOP")
    return magic + dumped(1001, 2) + dumped({"little_endian": True}, 2) + (model or dumped({}, 2)) + keys + raw


def _storage_id(key: str, count: int) -> bytes:
    return pickled(
        *("MARK", "BINUNICODE storage", "GLOBAL torch FloatStorage", f"BINUNICODE {key}", "BINUNICODE cpu"), f"BININT {count}", "NONE", "TUPLE", "BINPERSID"
    )


def joblib_array(data: bytes, dtype: str = "f8", *, aligned: bool = True, after: bytes = b"", flags: int | None = 0) -> bytes:
    """A dict with one array as joblib writes it: the description, then the raw numbers, then what follows them in the pickle.

    `flags`: those of a type with fields ("V8"), None for fields that do not say them.
    """
    size = {"f8": 8, "i4": 4, "u1": 1, "O8": 8, "V8": 8}[dtype]
    fields = (
        *("MARK", "BININT1 3", "SHORT_BINUNICODE |", "NONE", "SHORT_BINUNICODE x", "TUPLE1", "EMPTY_DICT"),
        *("SHORT_BINUNICODE x", imported("numpy", "dtype"), "SHORT_BINUNICODE f8", "NEWFALSE", "NEWTRUE", "TUPLE3", "REDUCE", "BININT1 0", "TUPLE2", "SETITEM"),
        *("BININT1 8", "BININT1 1", "NONE" if flags is None else f"BININT1 {flags}", "TUPLE", "BUILD"),
    )
    state = pickled(
        *("EMPTY_DICT", "MARK", "SHORT_BINUNICODE shape", f"BININT2 {len(data) // size}", "TUPLE1", "SHORT_BINUNICODE dtype"),
        *(imported("numpy", "dtype"), f"SHORT_BINUNICODE {dtype}", "NEWFALSE", "NEWTRUE", "TUPLE3", "REDUCE"),
        *(fields if dtype == "V8" else ()),
        *(("SHORT_BINUNICODE numpy_array_alignment_bytes", "BININT1 16") if aligned else ()),
        "SETITEMS",
    )
    begin = pickled(
        "PROTO 4", "EMPTY_DICT", "SHORT_BINUNICODE w", imported("joblib.numpy_pickle", "NumpyArrayWrapper"), "EMPTY_TUPLE", "NEWOBJ", state, "BUILD"
    )
    padding = b"\x03\xff\xff\xff" if aligned else b""
    return begin + padding + data + after + pickled("SETITEM", "STOP")
