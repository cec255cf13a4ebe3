"""A small OLE compound file with streams of these names, for tests."""

import struct
from collections.abc import Mapping

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512
_REGULAR = 4096
"""Streams are as long as it takes to be kept in sectors of their own."""


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """The file: a header, the sector table, the directory, then each stream."""
    per_stream = _REGULAR // _SECTOR
    directory_sectors = (len(streams) + 1 + 3) // 4
    table = [_FAT, *range(2, directory_sectors + 1), _END]
    entries, bodies = [_entry("Root Entry", 5, _END, 0)], b""
    for name, content in streams.items():
        first = len(table)
        table += [*range(first + 1, first + per_stream), _END]
        entries.append(_entry(name, 2, first, _REGULAR))
        bodies += content.ljust(_REGULAR, b"\0")
    table += [_FREE] * (_SECTOR // 4 - len(table))
    directory = b"".join(entries).ljust(directory_sectors * _SECTOR, b"\0")
    return _header() + struct.pack(f"<{len(table)}I", *table) + directory + bodies


def _header() -> bytes:
    fixed = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    fields = struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0, 0)
    return (fixed + fields).ljust(_SECTOR, b"\xff")


def _entry(name: str, kind: int, first: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    head = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 1) + b"\xff" * 12
    return head.ljust(116, b"\0") + struct.pack("<IQ", first, size)
