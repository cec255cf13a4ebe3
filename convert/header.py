"""The header line of one attempt: date and time, the sender, and page of pages (47 CFR 68.318(d)).

It is put into the coded pages without decoding them. In T.6 a row that repeats the row above is the single
bit 1 (V0, T.6 §2.2), and the row above the first one counts as white: a page whose first N rows are blank
begins with N ones. Those are taken off and the coded header band is put in their place; as the band ends
with a blank row, every bit after it means what it meant before. A page that has no blank band, because it
came as a fax and passed untouched, gets the band's rows above its own.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage, FaxTiff
from convert.header_face import header_band
from convert.layout import BAND_ROWS

_EOFB = 0x001001
"""End of facsimile block: two EOLs (T.6 §2.2.5)."""
_EOFB_BITS = 24


PAGE_MARK = "{page}"
"""Stands for the number of the page in a header line."""
PAGES_MARK = "{pages}"
"""Stands for the count of all pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderText:
    """What stands in the header line of one attempt; the page tokens are filled in on each page."""

    left: str
    middle: str
    right: str = f"{PAGE_MARK}/{PAGES_MARK}"

    def of_page(self, number: int, count: int) -> tuple[str, str, str]:
        """The three fields of one page."""
        left, middle, right = (
            field.replace(PAGE_MARK, str(number)).replace(PAGES_MARK, str(count))
            for field in (self.left, self.middle, self.right)
        )
        return left, middle, right

    def without_count(self) -> "HeaderText":
        """The header line of a page that is not counted."""
        left, middle, right = (
            "" if PAGE_MARK in field else field for field in (self.left, self.middle, self.right)
        )
        return HeaderText(left=left, middle=middle, right=right)

    def __str__(self) -> str:
        """What is kept of it with the attempt: the fields that do not count pages."""
        fields = (self.left, self.middle, self.right)
        return " | ".join(field for field in fields if field and PAGE_MARK not in field)


def stamp(source: Path, target: Path, text: HeaderText, *, count: int | None = None) -> FaxTiff:
    """Write the fax at `source` to `target` with the header line on each page.

    Blocks for about a millisecond a page; call it in a thread.

    Args:
        source: The fax.
        target: Where it goes.
        text: The header line.
        count: Pages of the fax, where the file has only the first of them.

    Returns:
        The pages as written.

    Raises:
        fax_tiff.NotAFaxTiff: The source was not written by `convert.fax_tiff`.
        ConverterUnavailable: A library or every font is missing.
        OSError: A file cannot be read or written.
    """
    fax = stamped(fax_tiff.read(source), text, count=count)
    fax_tiff.write(target, fax.pages, resolution=fax.resolution)
    return fax


def stamped(fax: FaxTiff, text: HeaderText, *, count: int | None = None) -> FaxTiff:
    """The fax with the header line on each page, which are the first of `count` where that is given.

    Raises:
        ConverterUnavailable: A library or every font is missing.
    """
    count, rows = count or len(fax.pages), BAND_ROWS[fax.resolution]
    pages = tuple(
        with_band(page, _coded_band(text, number, count, fax.resolution), rows)
        for number, page in enumerate(fax.pages, 1)
    )
    return FaxTiff(resolution=fax.resolution, pages=pages)


@functools.lru_cache(maxsize=256)
def _coded_band(text: HeaderText, number: int, count: int, resolution: str) -> bytes:
    band = header_band(*text.of_page(number, count), resolution=resolution)
    return t6.encode(np.packbits(band, axis=1))


def with_band(page: CodedPage, band: bytes, rows: int) -> CodedPage:
    """The page with a coded band of so many rows at its top; the band's last row is blank.

    The band takes the place of the page's own blank rows, or comes above where the page has too few.
    """
    band_bits, band_length = _without_end(band)
    page_bits, page_length = int.from_bytes(page.strip), len(page.strip) * 8
    blank = leading_blank_rows(page.strip) >= rows
    if blank:
        page_length -= rows
        page_bits &= (1 << page_length) - 1
    joined, length = band_bits << page_length | page_bits, band_length + page_length
    padding = -length % 8
    strip = (joined << padding).to_bytes((length + padding) // 8)
    return CodedPage(rows=page.rows if blank else page.rows + rows, strip=strip)


def leading_blank_rows(strip: bytes) -> int:
    """How many rows at the top are blank, as an encoder that uses V0 wherever it can has coded them."""
    blank = 0
    for octet in strip:
        if octet != 0xFF:  # noqa: PLR2004 - eight times V0
            return blank + 8 - (octet ^ 0xFF).bit_length()
        blank += 8
    return blank


def _without_end(strip: bytes) -> tuple[int, int]:
    """The bits of coded rows as a number, without EOFB and the fill after it, and how many they are."""
    bits, length = int.from_bytes(strip), len(strip) * 8
    fill = (bits & -bits).bit_length() - 1
    bits >>= fill
    if bits & ((1 << _EOFB_BITS) - 1) != _EOFB:
        raise ValueError("T.6 data without its end")
    return bits >> _EOFB_BITS, length - fill - _EOFB_BITS
