"""A page that is longer than a sheet, cut into sheets: receipts, rolls, screenshots of whole web pages.

It is cut where a row is blank, in the lowest such place near the sheet's end; where there is none, the next
sheet repeats the last millimetres of the one before, so that no line of text is lost in the cut. Pure.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convert import t6
from convert.layout import SheetGeometry
from convert.page_account import Step
from convert.rasterise import RasterisedPage, coded

if TYPE_CHECKING:
    from store.page_word import PageWord

Packed = npt.NDArray[np.uint8]

_LOOK_BACK = 0.2
"""Share of a sheet in which a blank row is looked for."""
_REPEATED_MM = 6.0
_CUT_ALREADY = {Step.PASSED, Step.SCAN}
"""Pages that came as faxes are as long as they are."""


def sheets(page: RasterisedPage, geometry: SheetGeometry) -> list[RasterisedPage]:
    """The page as it is, or its sheets."""
    most = geometry.sheet_rows + geometry.band  # what is meant to fit may be a row longer by rounding
    if page.coded.rows <= most or _CUT_ALREADY & set(page.account.steps):
        return [page]
    steps = (*page.account.steps, Step.CUT)
    rows = _without_blank_end(t6.decode(page.coded.strip, page.coded.rows)[geometry.band :])
    return [
        RasterisedPage(
            coded=replace(coded(sheet), words=_words_on(page, begin, len(sheet), geometry)),
            account=replace(page.account, steps=steps, inked=bool(sheet.any())),
        )
        for begin, sheet in _cut(rows, geometry)
    ]


def _words_on(page: RasterisedPage, begin: int, rows: int, geometry: SheetGeometry) -> "tuple[PageWord, ...]":
    """The words of the page that are on the sheet that begins there."""
    return tuple(
        replace(word, top=word.top - begin, bottom=word.bottom - begin)
        for word in page.coded.words
        if geometry.band <= word.top - begin < word.bottom - begin <= rows
    )


def _without_blank_end(rows: Packed) -> Packed:
    inked = np.flatnonzero(rows.any(axis=1))
    return rows[: int(inked[-1]) + 1] if len(inked) else rows[:1]


def _cut(rows: Packed, geometry: SheetGeometry) -> Iterator[tuple[int, Packed]]:
    """Sheets, each with the row that it begins with; they have a blank band at their top.

    All but the last are as high as the paper where there is one.
    """
    most = geometry.sheet_rows - geometry.band
    begin = 0
    while len(rows) - begin > most:
        end, following = _end(rows, begin, most, geometry)
        yield begin, _sheet(rows[begin:end], geometry)
        begin = following
    yield begin, _sheet(rows[begin:], geometry)


def _end(rows: Packed, begin: int, most: int, geometry: SheetGeometry) -> tuple[int, int]:
    """Where a sheet ends, and where the next one begins."""
    earliest = begin + round(most * (1 - _LOOK_BACK))
    blank = np.flatnonzero(~rows[earliest : begin + most].any(axis=1))
    if len(blank):
        end = earliest + int(blank[-1]) + 1
        return end, end
    return begin + most, begin + most - round(_REPEATED_MM * geometry.lines_per_mm)


def _sheet(rows: Packed, geometry: SheetGeometry) -> Packed:
    below = geometry.sheet_rows - geometry.band - len(rows) if geometry.paper else 0
    return np.pad(rows, ((geometry.band, below), (0, 0)))
