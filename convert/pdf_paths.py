"""Each page of a PDF down its best path: as the fax page that it is, by its one picture, or drawn by pdfium.

Untrusted input: runs in a confined task.
"""

import contextlib
from collections.abc import Generator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from convert.layout import SheetGeometry
from convert.page_picture import FileMarks, Picture, covering_picture, picture_page
from convert.pdf_pages import PdfDocument, PdfPage
from convert.rasterise import RasterisedPage, rasterise

if TYPE_CHECKING:
    from convert.fax_scan import FaxScans


def rasterised_pages(
    path: Path, document: PdfDocument, numbers: range, geometry: SheetGeometry, *, words: bool = False
) -> Generator[RasterisedPage, None, None]:
    """The pages with these numbers, from 0, one after another; with their `words` if they are wanted.

    Raises:
        Refused: One of them is damaged; said for a person.
    """
    with contextlib.ExitStack() as stack:
        paths = _Paths(path, geometry, stack)
        for number, page in zip(numbers, document.pages(numbers), strict=True):
            rasterised = paths.rasterised(number, page)
            yield _with_words(rasterised, page) if words else rasterised


def _with_words(rasterised: RasterisedPage, page: PdfPage) -> RasterisedPage:
    from convert.page_words import page_words  # noqa: PLC0415 - only where somebody wants them

    if rasterised.laid is None:
        return rasterised
    words = page_words(page.handle, rasterised.laid)
    return replace(rasterised, coded=replace(rasterised.coded, words=words))


class _Paths:
    """What is known of one file."""

    def __init__(self, path: Path, geometry: SheetGeometry, stack: contextlib.ExitStack) -> None:
        self._path = path
        self._geometry = geometry
        self._stack = stack

    def rasterised(self, number: int, page: PdfPage) -> RasterisedPage:
        """The page, down its best path."""
        picture = covering_picture(page)
        if picture is None:
            return rasterise(page, self._geometry)
        return self._handed_over(number, page, picture) or rasterise(
            picture_page(page, picture, self._marks) or page, self._geometry
        )

    def _handed_over(self, number: int, page: PdfPage, picture: Picture) -> RasterisedPage | None:
        if not picture.looks_like_a_fax:
            return None
        return self._fax_scans.page(number, picture, page.size, self._geometry)

    @cached_property
    def _fax_scans(self) -> "FaxScans":
        # Takes as long to load as ten pages take, so only where there is one.
        from convert.fax_scan import FaxScans  # noqa: PLC0415

        return self._stack.enter_context(FaxScans(self._path))

    @cached_property
    def _marks(self) -> FileMarks:
        return FileMarks(self._path)
