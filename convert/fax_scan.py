"""PDF pages that a fax server made: one black-and-white picture of a fax page, T.6 coded.

They are handed over pixel for pixel: the T.6 data is taken out of the PDF as it is, without being drawn. That
holds for what its dictionary tells to be just a fax page (ISO 32000-1 §7.4.6): K below 0, 1728 columns, no
alignment to octets, black on white whichever way that is said, as many rows as a fax density has on that
page. Whatever is not so is left to be drawn. Untrusted input: runs in a confined task.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import pikepdf

from convert import t6
from convert.fax_tiff_pages import at_density
from convert.layout import LINES_PER_MM, PAPER_MM, PIXELS_PER_MM, WIDTH, Placement, SheetGeometry, Size
from convert.page_account import PageAccount, Step
from convert.page_picture import Picture
from convert.rasterise import Laid, RasterisedPage, coded

_TOLERANCE = 0.06
"""Of a density: files say 98, 96, 100 or 3.85 per millimetre, and mean the same."""
_LONGER = 1.02
"""A page that is longer than the paper by more than this is drawn smaller."""
_DAMAGE = (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError, OSError)


class FaxScans:
    """The fax pages of one PDF."""

    def __init__(self, path: Path) -> None:
        """Open it; nothing is told yet of a file that cannot be opened."""
        self._path = path
        self._document: pikepdf.Pdf | None = None

    def page(
        self, number: int, picture: Picture, size: Size, geometry: SheetGeometry
    ) -> RasterisedPage | None:
        """The page as it is; None if it shall be drawn.

        Args:
            number: Of the page, from 0.
            picture: What covers it.
            size: The page's.
            geometry: Of the fax.
        """
        density = _density(picture, size)
        if density is None or not _fits(size, geometry):
            return None
        try:
            strip = self._strip(number, picture)
            if strip is None:
                return None
            rows = t6.decode(strip, picture.height)
        except _DAMAGE:
            return None
        rows = at_density(rows, LINES_PER_MM[density], geometry.lines_per_mm)
        account = PageAccount(steps=(Step.SCAN,), has_content=True, inked=bool(rows.any()))
        whole = Placement(left=0, top=0, width=WIDTH, height=len(rows), rows=len(rows), turned=False)
        return RasterisedPage(coded=coded(rows), account=account, laid=Laid(placement=whole))

    def _strip(self, number: int, picture: Picture) -> bytes | None:
        if self._document is None:
            self._document = pikepdf.open(self._path)
        images = list(self._document.pages[number].get_images(recursive=False).values())
        if len(images) != 1 or not is_fax_page(images[0], picture.height):
            return None
        return bytes(images[0].read_raw_bytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._document is not None:
            self._document.close()


def is_fax_page(image: pikepdf.Object, rows: int) -> bool:
    """Whether an image's dictionary describes one page of T.6 data with so many rows, black on white.

    Raises:
        ValueError, TypeError: It holds what it must not.
    """
    parameters = _one(image.get("/DecodeParms", pikepdf.Dictionary()))
    inverted = [int(value) for value in image.get("/Decode", pikepdf.Array([0, 1]))] == [1, 0]
    return (
        not any(name in image for name in ("/SMask", "/Mask", "/ImageMask", "/OC"))
        and str(_one(image.get("/Filter", pikepdf.Name.None_))) == "/CCITTFaxDecode"
        and str(image.get("/ColorSpace", "")) in {"/DeviceGray", "/CalGray", "/G"}
        and int(image.get("/Width", 0)) == int(parameters.get("/Columns", WIDTH)) == WIDTH
        and int(parameters.get("/Rows", rows)) in {0, rows}
        and int(parameters.get("/K", 0)) < 0
        and not bool(parameters.get("/EncodedByteAlign", False))
        and bool(parameters.get("/BlackIs1", False)) == inverted
    )


def _one(value: pikepdf.Object) -> pikepdf.Object:
    """A filter or its parameters: alone, or in an array of one."""
    if not isinstance(value, pikepdf.Array):
        return value
    (only,) = value
    return only


def _density(picture: Picture, size: Size) -> str | None:
    if abs(picture.width / size.width / PIXELS_PER_MM - 1) > _TOLERANCE:
        return None
    down = picture.height / size.height
    return next((name for name, lines in LINES_PER_MM.items() if abs(down / lines - 1) < _TOLERANCE), None)


def _fits(size: Size, geometry: SheetGeometry) -> bool:
    return geometry.paper is None or size.height <= PAPER_MM[geometry.paper][1] * _LONGER
