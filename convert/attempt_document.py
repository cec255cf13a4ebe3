"""The document of one attempt: a fax's pages as this call sends them.

They get the header line of the attempt. Where the far end takes no page as fine as these, rows are joined so
that no stroke is lost. Where the call goes on with a fax that broke off, a page may say so before the first
of those that are still to be sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage, FaxTiff
from convert.fax_tiff_pages import at_density
from convert.header import HeaderText, stamped
from convert.header_face import header_band
from convert.layout import BAND_ROWS, LINES_PER_MM, WIDTH

_MAGNIFIED = 2
"""How much larger than the header line the words of the page that says so are."""
_TOP_BANDS = 8
"""Bands that stay free above them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptPages:
    """How a document's pages are sent in one attempt."""

    header: HeaderText
    resolution: str
    """`standard`, `fine` or `superfine`; finer than the document is as fine as it is."""
    first_page: int = 0
    """0-based: the page that the call begins with."""
    notice: Sequence[str] = ()
    """Lines of a page that goes before that one; without any there is none."""


def write_attempt(source: Path, target: Path, sent: AttemptPages) -> int:
    """Write the document of an attempt; how many pages it has.

    Blocks for about a millisecond a page, and ten where pages are made coarser; call it in a thread.

    Raises:
        fax_tiff.NotAFaxTiff: The source was not written by `convert.fax_tiff`.
        ConverterUnavailable: A library or every font is missing.
        OSError: A file cannot be read or written.
    """
    fax = coarser(fax_tiff.read(source), sent.resolution)
    pages = list(stamped(fax, sent.header).pages)
    if sent.notice:
        notice = notice_page(sent.notice, fax.resolution, rows=fax.pages[0].rows)
        [page] = stamped(replace(fax, pages=(notice,)), sent.header.without_count()).pages
        pages.insert(sent.first_page, page)
    fax_tiff.write(target, pages, resolution=fax.resolution)
    return len(pages)


def join_documents(parts: Sequence[Path], target: Path) -> None:
    """Write the pages of several documents into one. Blocks.

    Raises:
        ValueError: They are not equally fine.
        fax_tiff.NotAFaxTiff: One was not written by `convert.fax_tiff`.
        OSError: A file cannot be read or written.
    """
    faxes = [fax_tiff.read(part) for part in parts]
    [resolution] = {fax.resolution for fax in faxes}
    fax_tiff.write(target, [page for fax in faxes for page in fax.pages], resolution=resolution)


def coarser(fax: FaxTiff, resolution: str) -> FaxTiff:
    """The fax at this resolution, or as it is where it is no finer."""
    given, wanted = LINES_PER_MM[fax.resolution], LINES_PER_MM[resolution]
    if given <= wanted:
        return fax
    pages = (at_density(t6.decode(page.strip, page.rows), given, wanted) for page in fax.pages)
    return FaxTiff(
        resolution=resolution, pages=tuple(CodedPage(rows=len(rows), strip=t6.encode(rows)) for rows in pages)
    )


def notice_page(lines: Sequence[str], resolution: str, *, rows: int) -> CodedPage:
    """A page with a few lines of text at its top.

    Args:
        lines: What it says; a line has room for about 70 characters.
        resolution: Of the fax.
        rows: How long the page is; at least what the lines need.
    """
    band = BAND_ROWS[resolution] * _MAGNIFIED
    top = _TOP_BANDS * BAND_ROWS[resolution]
    page = np.zeros((max(rows, top + band * 2 * (len(lines) + 1)), WIDTH), np.bool_)
    for number, line in enumerate(lines):
        begin = top + 2 * band * number
        page[begin : begin + band] = _magnified(header_band(line, "", "", resolution=resolution))
    return CodedPage(rows=len(page), strip=t6.encode(np.packbits(page, axis=1)))


def _magnified(band: "np.typing.NDArray[np.bool_]") -> "np.typing.NDArray[np.bool_]":
    left = band[:, : WIDTH // _MAGNIFIED]
    return left.repeat(_MAGNIFIED, axis=0).repeat(_MAGNIFIED, axis=1)
