"""A PDF page that is nothing but one picture: what scanners and telephones make of paper.

pdfium draws such a page by resampling the picture slowly; here the picture is taken out and brought to the
fax's raster by itself: three to five times faster. A page qualifies when a picture without masks and layers
covers it, upright, and all else on it is the invisible text of a recognition. Whatever is not as expected is
left to pdfium. Untrusted input: runs in a confined task.
"""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

from convert.layout import WIDTH, Box, Placement, SheetGeometry
from convert.page_account import Step
from convert.pdf_pages import PdfPage

Grey = npt.NDArray[np.uint8]

_EDGE = 0.005
"""Of a page's side: how far the picture may miss its edge."""
_NARROWEST = 700
"""Pixels of a picture that is worth it; one with fewer is enlarged, which pdfium does well."""
_MOST_PIXELS = 40_000_000
"""That are decoded at one time: A4 at 600 dpi, at which pdfium goes row by row, has 35 million."""
_MOST_OBJECTS = 20_000
_LONGEST_MARK = 64
"""UTF-16 units of a mark's name that are looked at."""
_IN_LAYER = re.compile(rb"/OC[\s<]")
"""What a picture says that is in a layer (ISO 32000-1 §8.11.3.3)."""
_SHRUNK = 1.2
"""From this factor on several pixels become one, and all of them count."""
_TURNS = {
    0: None, 1: cv2.ROTATE_90_CLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_COUNTERCLOCKWISE,
}  # fmt: skip
_FAX, _JPEG = (b"CCITTFaxDecode",), (b"DCTDecode",)
_JPEG_COLOURS = {
    pdfium.FPDF_COLORSPACE_DEVICEGRAY, pdfium.FPDF_COLORSPACE_DEVICERGB, pdfium.FPDF_COLORSPACE_CALGRAY,
    pdfium.FPDF_COLORSPACE_CALRGB, pdfium.FPDF_COLORSPACE_ICCBASED,
}  # fmt: skip
_REDUCED = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
    (1, cv2.IMREAD_GRAYSCALE),
)
_CHANNELS = {pdfium.FPDFBitmap_Gray: 1, pdfium.FPDFBitmap_BGR: 3, pdfium.FPDFBitmap_BGRx: 4}
_TO_GREY = {3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture that covers its page."""

    handle: "pdfium.FPDF_PAGEOBJECT"
    width: int
    height: int
    """Pixels."""
    bits: int
    """Of a pixel."""
    colours: int
    """pdfium's number of its colour space."""
    codings: tuple[bytes, ...]
    """Its stream's filters."""
    turns: int
    """Quarter turns clockwise in which it is shown."""

    @property
    def looks_like_a_fax(self) -> bool:
        """Whether `convert.fax_scan` should look at it."""
        return self.codings == _FAX and (self.width, self.bits, self.turns) == (WIDTH, 1, 0)


def covering_picture(page: PdfPage) -> Picture | None:
    """The picture that the page is; None if it is anything else."""
    handle = page.handle
    if pdfium.FPDFPage_GetAnnotCount(handle) > 0:
        return None
    image = _only_image(handle)
    if image is None or not _covers(handle, image) or pdfium.FPDFPageObj_HasTransparency(image):
        return None
    width, height, about = ctypes.c_uint(), ctypes.c_uint(), pdfium.FPDF_IMAGEOBJ_METADATA()
    known: bool = pdfium.FPDFImageObj_GetImagePixelSize(
        image, width, height
    ) and pdfium.FPDFImageObj_GetImageMetadata(image, handle, about)
    if not known or not width.value * height.value:
        return None
    return Picture(
        handle=image,
        width=width.value,
        height=height.value,
        bits=about.bits_per_pixel,
        colours=about.colorspace,
        codings=tuple(_codings(image)),
        turns=pdfium.FPDFPage_GetRotation(handle),
    )


def _only_image(page: "pdfium.FPDF_PAGE") -> "pdfium.FPDF_PAGEOBJECT | None":
    """The one visible object, if it is an image."""
    found = None
    count = pdfium.FPDFPage_CountObjects(page)
    for number in range(count if count <= _MOST_OBJECTS else 0):
        each = pdfium.FPDFPage_GetObject(page, number)
        kind = pdfium.FPDFPageObj_GetType(each)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE and found is None:
            found = each
        elif kind != pdfium.FPDF_PAGEOBJ_TEXT or not _invisible(each):
            return None
    return found


def _invisible(text: "pdfium.FPDF_PAGEOBJECT") -> bool:
    return bool(pdfium.FPDFTextObj_GetTextRenderMode(text) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)


def _covers(page: "pdfium.FPDF_PAGE", image: "pdfium.FPDF_PAGEOBJECT") -> bool:
    """Whether it is upright in the page's own space, fills it, and nothing is clipped."""
    matrix, box = pdfium.FS_MATRIX(), pdfium.FS_RECTF()
    if not pdfium.FPDFPageObj_GetMatrix(image, matrix) or not pdfium.FPDF_GetPageBoundingBox(page, box):
        return False
    width, height = box.right - box.left, box.top - box.bottom
    if matrix.b or matrix.c or _is_clipped(image) or _may_be_hidden(image):
        return False
    across, down = _EDGE * width, _EDGE * height
    return bool(
        abs(matrix.e - box.left) <= across
        and abs(matrix.a - width) <= across
        and abs(matrix.f - box.bottom) <= down
        and abs(matrix.d - height) <= down
    )


def _is_clipped(image: "pdfium.FPDF_PAGEOBJECT") -> bool:
    path = pdfium.FPDFPageObj_GetClipPath(image)
    return bool(path) and pdfium.FPDFClipPath_CountPaths(path) > 0


def _may_be_hidden(image: "pdfium.FPDF_PAGEOBJECT") -> bool:
    """Whether it is in a layer, which may be switched off (ISO 32000-1 §8.11.3.2)."""
    name, octets = (ctypes.c_ushort * _LONGEST_MARK)(), ctypes.c_ulong()
    for number in range(pdfium.FPDFPageObj_CountMarks(image)):
        mark = pdfium.FPDFPageObj_GetMark(image, number)
        known = pdfium.FPDFPageObjMark_GetName(mark, name, ctypes.sizeof(name), octets)
        if known and bytes(name).startswith("OC\0".encode("utf-16-le")):
            return True
    return False


def _codings(image: "pdfium.FPDF_PAGEOBJECT") -> Iterator[bytes]:
    for number in range(pdfium.FPDFImageObj_GetImageFilterCount(image)):
        name = ctypes.create_string_buffer(64)
        pdfium.FPDFImageObj_GetImageFilter(image, number, name, len(name))
        yield name.value


class FileMarks:
    """What a PDF's file says of its pictures that pdfium does not tell.

    The dictionary of a picture stands in the file as it is (ISO 32000-1 §7.5.7: a stream is in no object
    stream), so a word that is nowhere in the file is in none of them. One that writes its names with `#`
    deceives us and gets a page that looks odd.
    """

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self.may_be_unseen = (
            any(word in data for word in (b"/SMask", b"/Mask", b"/ImageMask"))
            or _IN_LAYER.search(data) is not None
        )
        self.has_other_tones = b"/ColorTransform" in data or data.count(b"/Decode") != data.count(
            b"/DecodeParms"
        )


class PicturePage:
    """A page that is a picture in shades; valid as long as its `PdfPage`."""

    step = Step.PICTURE
    has_content = True

    def __init__(self, page: PdfPage, picture: Picture, grey: Grey) -> None:
        self._page = page
        turn = _TURNS[picture.turns]
        self._grey = grey if turn is None else _array(cv2.rotate(grey, turn))

    def placements(self, geometry: SheetGeometry) -> Iterator[Placement]:
        """As the page's own."""
        return self._page.placements(geometry)

    def draw(self, placement: Placement) -> Grey:
        """The whole sheet with the picture on it, rows × 1728."""
        grey = _array(cv2.rotate(self._grey, cv2.ROTATE_90_CLOCKWISE)) if placement.turned else self._grey
        factor = max(grey.shape[1] / placement.width, grey.shape[0] / placement.height)
        how = cv2.INTER_AREA if factor > _SHRUNK else cv2.INTER_LINEAR
        sheet = np.full((placement.rows, WIDTH), 255, np.uint8)
        right, bottom = placement.left + placement.width, placement.top + placement.height
        sheet[placement.top : bottom, placement.left : right] = cv2.resize(
            grey, (placement.width, placement.height), interpolation=how
        )
        return sheet

    def pictures(self, placement: Placement) -> tuple[Box, ...]:
        """Where on the sheet it is."""
        right, bottom = placement.left + placement.width, placement.top + placement.height
        return (Box(left=placement.left, top=placement.top, right=right, bottom=bottom),)


def picture_page(page: PdfPage, picture: Picture, marks: FileMarks) -> PicturePage | None:
    """The page by its picture; None if pdfium shall draw it."""
    if picture.bits == 1 or picture.width < _NARROWEST or marks.may_be_unseen:
        return None
    grey = None if marks.has_other_tones else _jpeg(picture)
    if grey is None:
        grey = _decoded(picture)
    return None if grey is None else PicturePage(page, picture, grey)


def _jpeg(picture: Picture) -> Grey | None:
    """A JPEG's brightness, which its decoder gives without the colours, and smaller if that is enough."""
    if picture.codings != _JPEG or picture.colours not in _JPEG_COLOURS or picture.bits not in {8, 24}:
        return None
    most = min(picture.width, picture.height) // WIDTH
    factor, flags = next(each for each in _REDUCED if each[0] <= max(most, 1))
    expected = (-(-picture.height // factor), -(-picture.width // factor))
    if expected[0] * expected[1] > _MOST_PIXELS:
        return None
    try:
        grey = cv2.imdecode(_stream(picture), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return _array(grey) if grey is not None and grey.shape == expected else None


def _stream(picture: Picture) -> npt.NDArray[np.uint8]:
    length = pdfium.FPDFImageObj_GetImageDataRaw(picture.handle, None, 0)
    octets = np.empty(length, np.uint8)
    pdfium.FPDFImageObj_GetImageDataRaw(picture.handle, octets.ctypes.data_as(ctypes.c_void_p), length)
    return octets


def _decoded(picture: Picture) -> Grey | None:
    """The picture as pdfium decodes it, whatever its coding and colours."""
    few = picture.width * picture.height <= _MOST_PIXELS
    bitmap = pdfium.FPDFImageObj_GetBitmap(picture.handle) if few else None
    if not bitmap:
        return None
    try:
        channels = _CHANNELS.get(pdfium.FPDFBitmap_GetFormat(bitmap))
        width, height = pdfium.FPDFBitmap_GetWidth(bitmap), pdfium.FPDFBitmap_GetHeight(bitmap)
        if channels is None or (width, height) != (picture.width, picture.height):
            return None
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        octets = (ctypes.c_ubyte * (stride * height)).from_address(
            ctypes.cast(pdfium.FPDFBitmap_GetBuffer(bitmap), ctypes.c_void_p).value or 0
        )
        rows = np.frombuffer(octets, np.uint8).reshape(height, stride)[:, : width * channels]
        if channels == 1:
            return rows.copy()
        return _array(cv2.cvtColor(rows.reshape(height, width, channels), _TO_GREY[channels]))
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _array(picture: "cv2.typing.MatLike") -> Grey:
    return np.asarray(picture, np.uint8)
