"""From a document's page to a coded fax page with a blank band at its top.

The page is drawn as large as the sheet allows; most leave the band blank by themselves. One that does not is
moved down where its foot is free, and else drawn again a little smaller.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from convert import t6
from convert.binarise import binarise
from convert.fax_tiff import CodedPage
from convert.layout import Box, Placement, SheetGeometry
from convert.page_account import PageAccount, Step

Packed = npt.NDArray[np.uint8]


class DrawablePage(Protocol):
    """A page of any family that is drawn in grey."""

    has_content: bool
    """Whether there is anything that should be seen."""
    step: Step
    """What draws it."""

    def placements(self, geometry: SheetGeometry) -> Iterator[Placement]:
        """Where it may be drawn, the best place first."""

    def draw(self, placement: Placement) -> npt.NDArray[np.uint8]:
        """The whole sheet in grey, rows × 1728."""

    def pictures(self, placement: Placement) -> Sequence[Box]:
        """Where on the sheet the pictures are that it is, or has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RasterisedPage:
    """A page as it goes into the file."""

    coded: CodedPage
    account: PageAccount
    laid: "Laid | None" = None
    """Where on it the document's page lies; None where that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Laid:
    """How a document's page came to lie on its fax page."""

    placement: Placement
    """As it was drawn."""
    halved: bool = False
    """Whether each two rows that were drawn became one."""
    moved: int = 0
    """Rows of the fax page by which it was moved down then."""

    def row(self, drawn: int) -> int:
        """The row of the fax page that a row became that was drawn."""
        return (drawn // 2 if self.halved else drawn) + self.moved


def rasterise(page: DrawablePage, geometry: SheetGeometry) -> RasterisedPage:
    """Draw, binarise and code one page."""
    rows, laid = _with_free_band(page, geometry)
    account = PageAccount(steps=(page.step,), has_content=page.has_content, inked=bool(rows.any()))
    return RasterisedPage(coded=coded(rows), account=account, laid=laid)


def coded(rows: Packed) -> CodedPage:
    """Packed rows as they go into the file."""
    return CodedPage(rows=len(rows), strip=t6.encode(rows))


def _with_free_band(page: DrawablePage, geometry: SheetGeometry) -> tuple[Packed, Laid | None]:
    band = geometry.band
    # Rows of 3.85 to the millimetre are joined from twice as many (`convert.row_pairs`).
    drawn = replace(geometry, resolution="fine") if geometry.resolution == "standard" else geometry
    rows, laid = np.zeros((1, 1), np.uint8), None
    for placement in page.placements(drawn):
        rows = binarise(page.draw(placement), geometry.resolution, partial(page.pictures, placement))
        laid = Laid(placement=placement, halved=drawn is not geometry)
        if not rows[:band].any():
            break
        if not rows[-band:].any():
            return np.roll(rows, band, axis=0), replace(laid, moved=band)
    return rows, laid
