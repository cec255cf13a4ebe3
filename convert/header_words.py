"""What is written on the pages of one attempt: the words of the fax's pages, and the header line's."""

from pathlib import Path

import numpy as np

from convert import fax_tiff
from convert.header import HeaderText, leading_blank_rows
from convert.header_face import header_band
from convert.layout import BAND_ROWS
from convert.text_layer import Words, pages_with_words
from store.page_word import PageWord


def words_as_sent(source: Path, text: HeaderText) -> tuple[Words, ...]:
    """The words of each page of a fax as `convert.header.stamp` writes it with this header line.

    Blocks for some milliseconds a page; call it in a thread.

    Args:
        source: The fax, with the words behind its pages if it has any.
        text: The header line.

    Raises:
        fax_tiff.NotAFaxTiff: The source was not written by `convert.fax_tiff`.
        ConverterUnavailable: A library or every font is missing.
        OSError: It cannot be read.
    """
    resolution = fax_tiff.read(source).resolution
    rows, pages = BAND_ROWS[resolution], pages_with_words(source)
    return tuple(
        _header_words(text.of_page(number, len(pages)), resolution)
        + _below(page.words, 0 if leading_blank_rows(page.strip) >= rows else rows)
        for number, page in enumerate(pages, 1)
    )


def _below(words: Words, rows: int) -> Words:
    """The words where the header's rows came above the page's own."""
    return tuple(
        PageWord(word.text, word.left, word.top + rows, word.right, word.bottom + rows, word.turn)
        for word in words
    )


def _header_words(fields: tuple[str, str, str], resolution: str) -> Words:
    """Each field of a header line where its ink is."""
    return tuple(
        word
        for place, field in enumerate(fields)
        if (word := _field(tuple(field if other == place else "" for other in range(3)), field, resolution))
    )


def _field(alone: tuple[str, ...], field: str, resolution: str) -> PageWord | None:
    left, middle, right = alone
    band = header_band(left, middle, right, resolution=resolution)
    across, down = (np.flatnonzero(band.any(axis=axis)) for axis in (0, 1))
    if not len(across):
        return None
    edges = (int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1)
    return PageWord(field, *edges)
