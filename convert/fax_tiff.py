"""Fax pages in a TIFF file: profile F of RFC 2306, T.6 coded, one strip a page, MinIsWhite.

The reader takes what the writer writes and nothing else: it is strict, bounds every offset and needs no
foreign code, so the service may open files that a confined task has written.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from convert.layout import WIDTH

if TYPE_CHECKING:
    from config.fax import Resolution
    from store.page_word import PageWord

DPI = {"standard": 98, "fine": 196, "superfine": 391}

_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2
_HEADER = struct.pack("<2sHI", b"II", 42, 8)
_ENTRY = struct.Struct("<HHI4s")
_SOFTWARE = b"Postfax\0"
_MOST_PAGES = 20_000
_LARGEST_FILE = 1 << 30


class NotAFaxTiff(Exception):  # noqa: N818 - named as what happened
    """The file is not one that `write` has written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodedPage:
    """One page as it is in the file."""

    rows: int
    strip: bytes
    """T.6 data, most significant bit first."""
    words: "tuple[PageWord, ...]" = ()
    """What is written on it, where that is known and was wanted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxTiff:
    """A file's pages and their vertical density."""

    resolution: str
    """`standard`, `fine` or `superfine`."""
    pages: tuple[CodedPage, ...]


def write(path: Path, pages: Sequence[CodedPage], *, resolution: "Resolution | str") -> None:
    """Write a file of these pages. The same pages make the same octets.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("wb") as file:
        write_pages(file, pages, resolution=resolution)
        if any(page.words for page in pages):
            # Only here: nobody else waits for it to load.
            from convert.text_layer import packed  # noqa: PLC0415

            file.write(packed([page.words for page in pages]))


def write_pages(file: BinaryIO, pages: Sequence[CodedPage], *, resolution: "Resolution | str") -> None:
    """As `write`, into an open file."""
    place = len(_HEADER)
    directory_size = 2 + _ENTRY.size * len(_entries(pages[0], 0, 1, 0, 0)) + 4
    values_size = 16 + len(_SOFTWARE)
    header, last = _HEADER, len(pages) - 1
    for number, page in enumerate(pages):
        padding = len(page.strip) % 2
        if number == 0:  # the header points over the first strip to the first directory
            place += len(page.strip) + padding
            header = struct.pack("<2sHI", b"II", 42, place)
            file.write(header)
            strip_at = len(_HEADER)
        file.write(page.strip + b"\0" * padding)
        values_at = place + directory_size
        entries = _entries(page, number, len(pages), strip_at, values_at)
        strip_at = values_at + values_size
        following = pages[number + 1].strip if number < last else b""
        place = strip_at + len(following) + len(following) % 2
        file.write(struct.pack("<H", len(entries)) + b"".join(entries))
        file.write(struct.pack("<I", place if number < last else 0))
        file.write(struct.pack("<IIII", 204, 1, DPI[resolution], 1) + _SOFTWARE)


def _entries(page: CodedPage, number: int, count: int, strip_at: int, values_at: int) -> list[bytes]:
    return [
        _long(254, 2),  # NewSubfileType: one page of several
        _long(256, WIDTH),
        _long(257, page.rows),
        _short(258, 1),  # BitsPerSample
        _short(259, 4),  # Compression: T.6
        _short(262, 0),  # PhotometricInterpretation: MinIsWhite
        _short(266, 1),  # FillOrder: most significant bit first
        _long(273, strip_at),
        _short(274, 1),  # Orientation
        _short(277, 1),  # SamplesPerPixel
        _long(278, page.rows),  # RowsPerStrip
        _long(279, len(page.strip)),
        _elsewhere(282, _RATIONAL, 1, values_at),
        _elsewhere(283, _RATIONAL, 1, values_at + 8),
        _long(293, 0),  # T6Options
        _short(296, 2),  # ResolutionUnit: inch
        _short(297, number, count),  # PageNumber
        _elsewhere(305, _ASCII, len(_SOFTWARE), values_at + 16),
    ]


def _short(tag: int, *values: int) -> bytes:
    return _ENTRY.pack(tag, _SHORT, len(values), struct.pack(f"<{len(values)}H", *values).ljust(4, b"\0"))


def _long(tag: int, value: int) -> bytes:
    return _ENTRY.pack(tag, _LONG, 1, struct.pack("<I", value))


def _elsewhere(tag: int, kind: int, length: int, place: int) -> bytes:
    return _ENTRY.pack(tag, kind, length, struct.pack("<I", place))


def read(path: Path) -> FaxTiff:
    """Read a file that `write` has written.

    Raises:
        NotAFaxTiff: It is something else.
        OSError: It cannot be read.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise NotAFaxTiff(f"{path.name} is larger than any fax")
    data = path.read_bytes()
    directories = list(_directories(data))
    densities = {_density(data, tags) for tags in directories}
    known = {dots: name for name, dots in DPI.items()}
    if len(densities) != 1 or not densities <= known.keys():
        raise NotAFaxTiff(f"{path.name} has no single fax resolution")
    pages = tuple(_coded_page(data, tags) for tags in directories)
    return FaxTiff(resolution=known[densities.pop()], pages=pages)


def read_pages(file: BinaryIO) -> list[CodedPage]:
    """The pages of a single-strip, T.6 coded file without regard to its resolution.

    Raises:
        NotAFaxTiff: It is something else.
    """
    data = file.read()
    return [_coded_page(data, tags) for tags in _directories(data)]


def _directories(data: bytes) -> Iterable[dict[int, tuple[int, ...]]]:
    try:
        mark, version, place = struct.unpack_from("<2sHI", data)
        if mark != b"II" or version != 42:  # noqa: PLR2004 - the number of TIFF
            raise NotAFaxTiff("no little-endian TIFF")
        for _ in range(_MOST_PAGES):
            (count,) = struct.unpack_from("<H", data, place)
            tags = {}
            for entry in range(count):
                tag, kind, length, value = _ENTRY.unpack_from(data, place + 2 + entry * _ENTRY.size)
                tags[tag] = _inline(kind, length, value)
            yield tags
            (place,) = struct.unpack_from("<I", data, place + 2 + count * _ENTRY.size)
            if place == 0:
                return
    except struct.error:
        raise NotAFaxTiff("an offset points outside the file") from None
    raise NotAFaxTiff("more pages than any fax has")


def _inline(kind: int, length: int, value: bytes) -> tuple[int, ...]:
    if kind == _SHORT and length <= 2:  # noqa: PLR2004 - two fit into the entry
        return struct.unpack("<HH", value)[:length]
    return struct.unpack("<I", value)


def _density(data: bytes, tags: dict[int, tuple[int, ...]]) -> int:
    try:
        dots, divisor = struct.unpack_from("<II", data, tags[283][0])
    except (KeyError, struct.error):
        return 0
    return int(dots // divisor) if divisor else 0


def _coded_page(data: bytes, tags: dict[int, tuple[int, ...]]) -> CodedPage:
    try:
        (rows,), (place,), (length,) = tags[257], tags[273], tags[279]
        expected = tags[259] == (4,) and tags[262] == (0,) and tags[256] == (WIDTH,) and tags[266] == (1,)
    except (KeyError, ValueError):
        raise NotAFaxTiff("a page lacks a field") from None
    if not expected or rows == 0 or length == 0 or place + length > len(data):
        raise NotAFaxTiff("a page is not T.6 coded at fax width")
    return CodedPage(rows=rows, strip=data[place : place + length])
