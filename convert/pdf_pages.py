"""Pages of a PDF, drawn by pdfium straight at the fax raster in 8-bit grey.

Untrusted input: runs in a confined task. Annotations and the contents of form fields are drawn as they would
be printed; JavaScript and XFA are not there.
"""

import ctypes
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.coloured_text import strengthen
from convert.layout import MM_PER_POINT, WIDTH, Box, Placement, SheetGeometry, Size
from convert.lost_pictures import refuse_lost, refuse_too_large
from convert.page_account import Step
from convert.page_images import PageObject, PlacedPicture, page_objects, placed_pictures
from sandbox.failures import Refused

_FLAGS = pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING | pdfium.FPDF_GRAYSCALE
_WHITE = 0xFFFFFFFF
_PROTECTED = {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}

Grey = npt.NDArray[np.uint8]

pdfium.FPDF_InitLibrary()  # once, in the parent of all tasks


class PdfPage:
    """One page; valid until its document moves on to the next one."""

    step = Step.DRAWN

    def __init__(self, page: "pdfium.FPDF_PAGE", form: "pdfium.FPDF_FORMHANDLE", number: int) -> None:
        self._page = page
        self._form = form
        self._number = number
        self._placed: dict[Placement, tuple[PlacedPicture, ...]] = {}
        self.handle = page
        """pdfium's."""
        width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        self.size = Size(width=max(width, 1.0) * MM_PER_POINT, height=max(height, 1.0) * MM_PER_POINT)
        self.has_content: bool = pdfium.FPDFPage_CountObjects(page) + pdfium.FPDFPage_GetAnnotCount(page) > 0
        """Whether there is anything that should be seen."""

    def placements(self, geometry: SheetGeometry) -> Iterator[Placement]:
        """As large as it can be; and smaller, for a page that needs the top for itself."""
        yield geometry.place_page(self.size, below_band=False)
        yield geometry.place_page(self.size, below_band=True)

    def draw(self, placement: Placement) -> Grey:
        """The whole sheet with the page on it, rows × 1728.

        Raises:
            Refused: One of its pictures cannot be drawn: pdfium leaves it out, and nobody would know.
        """
        pictures = self._pictures(placement)
        refuse_too_large(self._page, pictures, self._number)
        sheet = self._drawn(placement)
        refuse_lost(pictures, sheet, self._number)
        return self._drawn(placement) if strengthen(self._page, self._objects, placement, sheet) else sheet

    def _drawn(self, placement: Placement) -> Grey:
        sheet = np.full((placement.rows, WIDTH), 255, np.uint8)
        bitmap = pdfium.FPDFBitmap_CreateEx(
            WIDTH, placement.rows, pdfium.FPDFBitmap_Gray, sheet.ctypes.data_as(ctypes.c_void_p), WIDTH
        )
        if not bitmap:
            raise MemoryError
        where = (placement.left, placement.top, placement.width, placement.height, int(placement.turned))
        try:
            pdfium.FPDF_RenderPageBitmap(bitmap, self._page, *where, _FLAGS)
            pdfium.FPDF_FFLDraw(self._form, bitmap, self._page, *where, _FLAGS)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
        return sheet

    def pictures(self, placement: Placement) -> tuple[Box, ...]:
        """Where on the sheet its pictures are."""
        return tuple(picture.box for picture in self._pictures(placement))

    def _pictures(self, placement: Placement) -> tuple[PlacedPicture, ...]:
        if placement not in self._placed:
            self._placed[placement] = placed_pictures(self._page, self._objects, placement)
        return self._placed[placement]

    @cached_property
    def _objects(self) -> tuple[PageObject, ...]:
        return page_objects(self._page)


class PdfDocument:
    """An open PDF.

    Raises:
        Refused: It is protected, damaged or without pages; said for a person.
    """

    def __init__(self, path: Path) -> None:
        self._document = pdfium.FPDF_LoadDocument(str(path).encode(), None)
        if not self._document:
            if pdfium.FPDF_GetLastError() in _PROTECTED:
                raise Refused("the PDF is protected with a password")
            raise Refused("the PDF is damaged and cannot be opened")
        self.page_count: int = pdfium.FPDF_GetPageCount(self._document)
        if self.page_count < 1:
            raise Refused("the PDF has no pages")
        if pdfium.FPDF_GetFormType(self._document) == pdfium.FORMTYPE_XFA_FULL:
            # Its pages hold nothing but a request to open it in another program.
            raise Refused(
                "the PDF is a form that only Adobe Reader can show (XFA); print it to a PDF and send that"
            )
        if pdfium.FPDFDoc_GetAttachmentCount(self._document) > 0:
            _refuse_portfolio(path)
        # Whether it says to have a form or not: pages that were put together from several files often keep
        # their fields, filled in, and lose what lists them.
        self._form_info = pdfium.FPDF_FORMFILLINFO(version=2)  # kept, as pdfium keeps its address
        self._form = pdfium.FPDFDOC_InitFormFillEnvironment(self._document, self._form_info)

    def pages(self, numbers: Iterable[int]) -> Iterator[PdfPage]:
        """The pages with these numbers, from 0, one after another.

        Raises:
            Refused: One of them is damaged.
        """
        for number in numbers:
            page = self._page(number)
            if not page:
                raise Refused(f"page {number + 1} of the PDF is damaged")
            try:
                self._remove_buttons(page)
                yield PdfPage(page, self._form, number + 1)
            finally:
                pdfium.FPDF_ClosePage(page)

    def _page(self, number: int) -> "pdfium.FPDF_PAGE":
        """The page, or nothing."""
        page = pdfium.FPDF_LoadPage(self._document, number)
        if page and min(pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)) <= 0:
            # It shows a part that lies beyond itself: readers show all of it then.
            box = [ctypes.c_float() for _ in range(4)]
            if pdfium.FPDFPage_GetMediaBox(page, *box):
                pdfium.FPDFPage_SetCropBox(page, *box)
                pdfium.FPDF_ClosePage(page)
                page = pdfium.FPDF_LoadPage(self._document, number)
        return page

    def _remove_buttons(self, page: "pdfium.FPDF_PAGE") -> None:
        """Take away the buttons that are for the screen only: Print, Reset, Submit.

        pdfium draws every field. Of those without the flag for printing (ISO 32000-1 §12.5.3) only buttons
        are left out: what somebody has filled in is not lost because a program forgot the flag.
        """
        for number in reversed(range(pdfium.FPDFPage_GetAnnotCount(page))):
            annotation = pdfium.FPDFPage_GetAnnot(page, number)
            if not annotation:
                continue
            printed = pdfium.FPDFAnnot_GetFlags(annotation) & pdfium.FPDF_ANNOT_FLAG_PRINT
            kind = -1 if printed else pdfium.FPDFAnnot_GetFormFieldType(self._form, annotation)
            pdfium.FPDFPage_CloseAnnot(annotation)
            if kind == pdfium.FPDF_FORMFIELD_PUSHBUTTON:
                pdfium.FPDFPage_RemoveAnnot(page, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        pdfium.FPDFDOC_ExitFormFillEnvironment(self._form)
        pdfium.FPDF_CloseDocument(self._document)


def _refuse_portfolio(path: Path) -> None:
    """Refuse a file that is a folder of others: its own page only asks to open it in another program.

    Files may be attached to any PDF, such as an invoice's figures; what is seen is the page then.
    """
    import pikepdf  # noqa: PLC0415 - pdfium does not tell; takes long to load, and few files need it

    try:
        with pikepdf.open(path) as document:
            collection = document.Root.get("/Collection")
            shown = collection is not None and collection.get("/View") != "/H"  # ISO 32000-1 §12.3.5
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError):
        return
    if shown:
        raise Refused("the PDF is a portfolio, a folder of other files; attach each of those by itself")
