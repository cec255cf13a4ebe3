"""The streams of an OLE compound file ([MS-CFB]), as far as telling documents apart needs them.

Untrusted input: every sector number is bounded and every chain has an end.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")

_SECTOR_SHIFTS = (9, 12)  # [MS-CFB] §2.2: versions 3 and 4
_LAST_SECTOR = 0xFFFFFFFA  # [MS-CFB] §2.1: MAXREGSECT
_DIFAT_IN_HEADER = 109
_ENTRY_SIZE = 128
_STREAM, _ROOT = 2, 5
_MOST_SECTORS = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A stream's directory entry."""

    name: str
    first_sector: int
    size: int


class CompoundFile:
    """A file's directory, and the beginnings of its larger streams."""

    def __init__(self, data: bytes) -> None:
        """Take the file's octets.

        Raises:
            ValueError: It is no compound file, or its directory is damaged.
        """
        if not data.startswith(MAGIC) or len(data) < 512:  # noqa: PLR2004 - the header's size
            raise ValueError("no compound file")
        self._data = data
        shift: int = struct.unpack_from("<H", data, 30)[0]
        if shift not in _SECTOR_SHIFTS:
            raise ValueError("no compound file of a known version")
        self._sector_size = 1 << shift
        self._mini_cutoff: int = struct.unpack_from("<I", data, 56)[0]
        self._table = self._sector_table()
        directory: int = struct.unpack_from("<I", data, 48)[0]
        self.streams = {stream.name: stream for stream in self._entries(directory)}

    def head(self, name: str, length: int) -> bytes:
        """The first octets of a stream; empty if it is missing, or so small that it is kept elsewhere."""
        stream = self.streams.get(name)
        if stream is None or stream.size < self._mini_cutoff:
            return b""
        collected = bytearray()
        for sector in self._chain(stream.first_sector):
            collected += self._sector(sector)
            if len(collected) >= length:
                break
        return bytes(collected[:length])

    def _sector(self, number: int) -> bytes:
        begin = (number + 1) * self._sector_size
        return self._data[begin : begin + self._sector_size]

    def _sector_table(self) -> list[int]:
        table: list[int] = []
        for number in struct.unpack_from(f"<{_DIFAT_IN_HEADER}I", self._data, 76):
            if number > _LAST_SECTOR:
                break
            sector = self._sector(number)
            table.extend(struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4]))
        return table

    def _chain(self, sector: int) -> Iterator[int]:
        for _ in range(min(_MOST_SECTORS, len(self._table))):  # a longer one runs in a circle
            if sector >= len(self._table):
                return
            yield sector
            sector = self._table[sector]

    def _entries(self, directory: int) -> Iterator[Stream]:
        for sector in self._chain(directory):
            entries = self._sector(sector)
            for begin in range(0, len(entries) - _ENTRY_SIZE + 1, _ENTRY_SIZE):
                name_size, kind = struct.unpack_from("<HB", entries, begin + 64)
                first, size = struct.unpack_from("<II", entries, begin + 116)
                if kind in (_STREAM, _ROOT) and 2 <= name_size <= 64:  # noqa: PLR2004 - §2.6.1
                    name = entries[begin : begin + name_size - 2].decode("utf-16-le", "replace")
                    yield Stream(name=name, first_sector=first, size=size)
