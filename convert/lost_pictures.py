"""Pictures of a PDF page that pdfium would leave out without a word: too large for its memory, or unreadable.

A fax that lacks a picture says nothing of it to anybody. So a picture for which there is no room is refused
before the page is drawn, and one in whose place nothing is afterwards is asked for once more: if pdfium
cannot decode it, it is refused too. Untrusted input: runs in a confined task.
"""

import ctypes
import mmap
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.page_images import PlacedPicture
from sandbox.failures import Refused

_LARGE = 64 << 20
"""Octets of a decoded picture from which on it is asked whether there is room for it."""
_MORE_ROOM = 1.1
"""Times as much: pdfium needs some besides."""
_LARGEST = (1 << 31) - 1
"""Octets that pdfium has room for at one time, whatever the memory."""
_LONGEST = 131_071
"""Pixels of a side that pdfium draws."""
_SPECK = 16
"""Dots: what is smaller each way may be missing. Pages have such pictures to be counted by, or as spaces."""
_WHITE = 255


def refuse_too_large(page: "pdfium.FPDF_PAGE", pictures: Iterable[PlacedPicture], number: int) -> None:
    """Look at the pictures before the page is drawn.

    Raises:
        Refused: For one of them there is no room.
    """
    for picture in pictures:
        width, height, octets = _extent(page, picture)
        if max(width, height) > _LONGEST or (octets > _LARGE and not _is_room_for(octets)):
            raise Refused(
                f"page {number} has a picture of {width} × {height} pixels, which needs more memory than one "
                "document may have; make it smaller"
            )


def _extent(page: "pdfium.FPDF_PAGE", picture: PlacedPicture) -> tuple[int, int, int]:
    """Width, height, and octets when it is decoded."""
    width, height, about = ctypes.c_uint(), ctypes.c_uint(), pdfium.FPDF_IMAGEOBJ_METADATA()
    if not pdfium.FPDFImageObj_GetImagePixelSize(picture.handle, width, height):
        return 0, 0, 0
    if width.value * height.value <= _LARGE // 4:  # however many bits a pixel has
        return width.value, height.value, 0
    bits = 8
    if pdfium.FPDFImageObj_GetImageMetadata(picture.handle, page, about):
        bits = about.bits_per_pixel or bits
    return width.value, height.value, height.value * ((width.value * bits + 7) // 8)


def _is_room_for(octets: int) -> bool:
    """Whether this process may have so much more; nothing of it is touched."""
    if octets > _LARGEST:
        return False
    try:
        mmap.mmap(-1, int(octets * _MORE_ROOM)).close()
    except OSError:
        return False
    return True


def refuse_lost(pictures: Iterable[PlacedPicture], sheet: npt.NDArray[np.uint8], number: int) -> None:
    """Look at the pictures after the page is drawn.

    Raises:
        Refused: One of them is not there, for it cannot be decoded.
    """
    for handle, box in pictures:
        if box.right - box.left <= _SPECK and box.bottom - box.top <= _SPECK:
            continue
        if (sheet[box.top : box.bottom, box.left : box.right] == _WHITE).all() and not _is_decoded(handle):
            raise Refused(
                f"a picture on page {number} of the PDF cannot be read: it is damaged, or of an unusual kind"
            )


def _is_decoded(handle: object) -> bool:
    bitmap = pdfium.FPDFImageObj_GetBitmap(handle)
    if bitmap:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return bool(bitmap)
