"""The fax as the archive wants it: the TIFF as it is, or a PDF made of the same octets.

The pages of a fax document are T.6 coded, one strip each (`store.job.FaxDocument`), and T.6 is one of PDF's
own filters (ISO 32000-1 §7.4.6), so a PDF takes the strips over unchanged: nothing is decoded, and the copy
is the fax bit for bit. The size of a page comes from its densities, which differ across and down (204×98,
204×196, 204×391). The PDF is a PDF/A-2b (`archive.pdf_standard`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pikepdf
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from archive.pdf_standard import VERSION, keep_to_standard
from archive.trouble import ArchivePermanent
from store.page_word import PageWord

# TIFF 6.0 §8.
_FILL_ORDER, _COMPRESSION, _PHOTOMETRIC = 266, 259, 262
_STRIP_OFFSETS, _STRIP_LENGTHS = 273, 279
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_T6 = 4
_MIN_IS_BLACK = 1
_LEAST_BIT_FIRST = 2
_CENTIMETRES = 3
_POINTS = 72

_MIRRORED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """A page of the TIFF, still coded."""

    width: int
    height: int
    across: float
    """Pixels an inch."""
    down: float
    """Rows an inch."""
    black_is_1: bool
    coded: bytes


def as_archived(
    document: Path,
    kind: Literal["tiff", "pdf"],
    *,
    title: str = "",
    made_at: datetime | None = None,
    words: Sequence[Sequence[PageWord]] = (),
) -> bytes:
    """The octets of the archived file; the same every time.

    Args:
        document: the fax.
        kind: what it shall be.
        title: of a PDF.
        made_at: when the fax came to its end, for a PDF.
        words: what stands on each page, to be found in a PDF.

    Raises:
        ArchivePermanent: the document is not a fax TIFF.
        OSError: it cannot be read.
    """
    octets = document.read_bytes()
    return octets if kind == "tiff" else _pdf(_pages(octets), words, title, made_at)


def _pages(octets: bytes) -> list[_Page]:
    try:
        with Image.open(BytesIO(octets), formats=("TIFF",)) as tiff:
            return [_page(tiff, number, octets) for number in range(getattr(tiff, "n_frames", 1))]
    except (UnidentifiedImageError, KeyError, EOFError, SyntaxError, ValueError, TypeError) as mistake:
        raise _no_fax_document(f"{type(mistake).__name__}: {mistake}") from mistake


def _page(tiff: Image.Image, number: int, octets: bytes) -> _Page:
    tiff.seek(number)
    if not isinstance(tiff, TiffImageFile):
        raise _no_fax_document("no TIFF")
    tags: Any = tiff.tag_v2
    offsets, lengths = tags[_STRIP_OFFSETS], tags[_STRIP_LENGTHS]
    if tags[_COMPRESSION] != _T6 or len(offsets) != 1:
        raise _no_fax_document(f"page {number + 1} is not one strip of T.6")
    coded = octets[offsets[0] : offsets[0] + lengths[0]]
    if len(coded) != lengths[0]:
        raise _no_fax_document(f"page {number + 1} is cut off")
    unit = 2.54 if tags.get(_RESOLUTION_UNIT) == _CENTIMETRES else 1.0
    return _Page(
        width=tiff.width,
        height=tiff.height,
        across=float(tags[_X_RESOLUTION]) * unit,
        down=float(tags[_Y_RESOLUTION]) * unit,
        black_is_1=tags[_PHOTOMETRIC] == _MIN_IS_BLACK,
        coded=coded.translate(_MIRRORED) if tags.get(_FILL_ORDER) == _LEAST_BIT_FIRST else coded,
    )


def _pdf(
    pages: list[_Page], words: Sequence[Sequence[PageWord]], title: str, made_at: datetime | None
) -> bytes:
    with pikepdf.new() as pdf:
        for page in pages:
            _add(pdf, page)
        if any(words):
            _write(pdf, pages, words)
        keep_to_standard(pdf, title=title, made_at=made_at)
        written = BytesIO()
        pdf.save(written, deterministic_id=True, force_version=VERSION)
    return written.getvalue()


def _add(pdf: pikepdf.Pdf, page: _Page) -> None:
    width, height = page.width / page.across * _POINTS, page.height / page.down * _POINTS
    image = pikepdf.Stream(
        pdf,
        page.coded,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=page.width,
        Height=page.height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=1,
        Filter=pikepdf.Name.CCITTFaxDecode,
        # K < 0 is T.6. Where 0 is white in the TIFF its black runs are ink, which is what the filter takes
        # them for; where 0 is black they are paper, and BlackIs1 turns them round.
        DecodeParms=pikepdf.Dictionary(K=-1, Columns=page.width, Rows=page.height, BlackIs1=page.black_is_1),
    )
    pdf.add_blank_page(page_size=(width, height))
    sheet = pdf.pages[-1]
    name = sheet.add_resource(image, pikepdf.Name.XObject, name=pikepdf.Name("/Fax"))
    drawing = f"q {width:.4f} 0 0 {height:.4f} 0 0 cm {name} Do Q"
    sheet.Contents = pdf.make_stream(drawing.encode("ascii"))


def _write(pdf: pikepdf.Pdf, pages: list[_Page], words: Sequence[Sequence[PageWord]]) -> None:
    """Put the words over their pictures, where nobody sees them."""
    # Loaded only here: most PDFs have none.
    from archive import pdf_text  # noqa: PLC0415

    font = pdf_text.font(pdf)
    for sheet, page, said in zip(pdf.pages, pages, words, strict=False):
        across, down = _POINTS / page.across, _POINTS / page.down
        content = pdf_text.drawing(said, height=page.height, across=across, down=down)
        if content:
            sheet.add_resource(font, pikepdf.Name.Font, name=pdf_text.NAME)
            sheet.Contents = pdf.make_stream(sheet.Contents.read_bytes() + content)


def _no_fax_document(cause: str) -> ArchivePermanent:
    return ArchivePermanent("The document is not a fax TIFF, so no PDF can be made of it.", cause)
