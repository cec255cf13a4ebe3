"""Text of a PDF page in a colour that is as bright as what it stands on: yellow on white, red on green.

People see it by its hue; on a page that is drawn by brightness alone it is gone. The page's objects tell the
colour of each text, and the drawn sheet how bright its ground is: such a text is made black on a light ground
and white on a dark one, and the page is drawn again. What people do not see either stays as it is: text
without a hue, and text of its ground's own colour. Untrusted input: runs in a confined task.
"""

import ctypes
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.layout import WIDTH, Box, Placement
from convert.page_images import PageObject, moved, placed_box

Grey = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Red, green and blue."""

_HUE = 80
"""Of 255, from the weakest to the strongest of red, green and blue: less is grey, or pale as a watermark."""
_CONTRAST = 40
"""Of 255, between a text's brightness and its ground's: what has more `convert.binarise` keeps."""
_DIFFERENCE = 60
"""Of 255, in one of red, green and blue: with less, people do not see the text either."""
_COARSER = 4
"""Times: how much smaller the page is drawn of which the grounds' colours are taken."""
_OPAQUE = 128
_HALF = 128
_FILLED = {pdfium.FPDF_TEXTRENDERMODE_FILL, pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE}


def strengthen(
    page: "pdfium.FPDF_PAGE", objects: Iterable[PageObject], placement: Placement, sheet: Grey
) -> bool:
    """Give texts that cannot be told from their ground a colour that can; whether there were any."""
    lost = list(_lost(page, objects, placement, sheet))
    if not lost:
        return False
    colours = _in_colour(page, placement)
    found = False
    for handle, colour, box in lost:
        ground = np.median(_part(colours, box, _COARSER), axis=(0, 1))
        if np.abs(ground - colour).max() >= _DIFFERENCE:
            level = 0 if np.median(_part(sheet, box)) >= _HALF else 255
            found |= bool(pdfium.FPDFPageObj_SetFillColor(handle, level, level, level, 255))
    return found


def _lost(
    page: "pdfium.FPDF_PAGE", objects: Iterable[PageObject], placement: Placement, sheet: Grey
) -> Iterator[tuple[object, Colour, Box]]:
    """Texts with a hue that are as bright as where they stand; their letters cover less than half of it."""
    for each in objects:
        colour = _hued(each.handle) if each.kind == pdfium.FPDF_PAGEOBJ_TEXT else None
        box = _box(page, each, placement) if colour else None
        if colour and box and abs(float(np.median(_part(sheet, box))) - _brightness(colour)) < _CONTRAST:
            yield each.handle, colour, box


def _hued(text: object) -> Colour | None:
    """A text's colour; None if it has no hue, or is not drawn."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(text, red, green, blue, alpha) or alpha.value < _OPAQUE:
        return None
    colour = red.value, green.value, blue.value
    shown = max(colour) - min(colour) >= _HUE and pdfium.FPDFTextObj_GetTextRenderMode(text) in _FILLED
    return colour if shown else None


def _brightness(colour: Colour) -> float:
    red, green, blue = colour
    return 0.3 * red + 0.59 * green + 0.11 * blue  # as pdfium has it


def _box(page: "pdfium.FPDF_PAGE", text: PageObject, placement: Placement) -> Box | None:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(text.handle, left, bottom, right, top):
        return None
    corners = [moved(text.outer, x.value, y.value) for x in (left, right) for y in (bottom, top)]
    box = placed_box(page, placement, corners)
    return box if box.right - box.left >= _COARSER and box.bottom - box.top >= _COARSER else None


def _part(sheet: Grey, box: Box, coarser: int = 1) -> Grey:
    """At least a pixel of it."""
    top, left = box.top // coarser, box.left // coarser
    return sheet[top : max(box.bottom // coarser, top + 1), left : max(box.right // coarser, left + 1)]


def _in_colour(page: "pdfium.FPDF_PAGE", placement: Placement) -> Grey:
    """The page on its sheet, smaller, with red, green and blue."""
    rows, width = -(-placement.rows // _COARSER), -(-WIDTH // _COARSER)
    sheet = np.full((rows, width, 4), 255, np.uint8)
    bitmap = pdfium.FPDFBitmap_CreateEx(
        width, rows, pdfium.FPDFBitmap_BGRx, sheet.ctypes.data_as(ctypes.c_void_p), 4 * width
    )
    if not bitmap:
        raise MemoryError
    place = (placement.left, placement.top, placement.width, placement.height)
    where = (*(max(each // _COARSER, 0) for each in place), int(placement.turned))
    pdfium.FPDF_RenderPageBitmap(bitmap, page, *where, pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING)
    pdfium.FPDFBitmap_Destroy(bitmap)
    return sheet[:, :, 2::-1]
