"""The words of a fax's pages, kept behind the pages in the fax's own file.

They are what an archive makes a searchable PDF of. A TIFF ends for its readers with its last directory, so
what stands behind it does not concern them; and as it is part of the file, it is kept, and removed, with the
pages. What is called has no words: the header line is put into a file that is made anew.

The task that writes them may have been taken over by its document, so they are read like any untrusted input.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from convert import fax_tiff
from convert.fax_tiff import CodedPage
from store.page_word import LONGEST_WORD, MOST_WORDS, PageWord

_MARK = b"\0Postfax text 1\0"
_LENGTH = struct.Struct("<I")
_MOST_OCTETS = 32 << 20
_FURTHEST = 1 << 20
_TURNS = 4

Words = tuple[PageWord, ...]


def pages_with_words(path: Path) -> tuple[CodedPage, ...]:
    """The pages of a file with their words.

    Raises:
        NotAFaxTiff: `convert.fax_tiff` has not written it.
        OSError: it cannot be read.
    """
    pages = fax_tiff.read(path).pages
    words = unpacked(path.read_bytes(), len(pages))
    return tuple(replace(page, words=each) for page, each in zip(pages, words, strict=True))


def packed(pages: Sequence[Words]) -> bytes:
    """What stands behind the pages; nothing where no page has words."""
    if not any(pages):
        return b""
    rows = [[[w.text, w.left, w.top, w.right, w.bottom, w.turn] for w in page] for page in pages]
    octets = zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
    return octets + _LENGTH.pack(len(octets)) + _MARK


def without_words(file: bytes) -> bytes:
    """The file as it would be if nobody had wanted the words."""
    if not file.endswith(_MARK):
        return file
    (length,) = _LENGTH.unpack_from(file, len(file) - len(_MARK) - _LENGTH.size)
    return file[: max(0, len(file) - len(_MARK) - _LENGTH.size - length)]


def unpacked(file: bytes, pages: int) -> tuple[Words, ...]:
    """The words of each of so many pages, of a whole file; none where there are none, or they are damaged."""
    nothing: tuple[Words, ...] = ((),) * pages
    if not file.endswith(_MARK):
        return nothing
    try:
        end = len(file) - len(_MARK) - _LENGTH.size
        (length,) = _LENGTH.unpack_from(file, end)
        stream = zlib.decompressobj()
        octets = stream.decompress(file[max(0, end - length) : end], _MOST_OCTETS)
        rows = json.loads(octets)
        read = tuple(tuple(_words(page)) for page in rows[:pages])
    except (zlib.error, struct.error, ValueError, TypeError, RecursionError):
        return nothing
    return read if len(read) == pages else nothing


def _words(rows: Any) -> Iterator[PageWord]:
    for text, left, top, right, bottom, turn in rows[:MOST_WORDS]:
        edges = (left, top, right, bottom)
        if not isinstance(text, str) or not all(type(edge) is int for edge in (*edges, turn)):
            raise TypeError("no word")
        inside = all(0 <= edge < _FURTHEST for edge in edges) and left < right and top < bottom
        if text and len(text) <= LONGEST_WORD and inside and 0 <= turn < _TURNS:
            yield PageWord(text, left, top, right, bottom, turn)
