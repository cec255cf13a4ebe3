"""The PDF of a fax against the fax itself: every pixel, and the size of the sheet."""

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw

from archive.document import as_archived
from archive.trouble import ArchivePermanent
from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def page(number: int, height: int) -> Image.Image:
    """A page on which nothing is symmetrical; white on black drawing keeps Pillow's mode 1."""
    sheet = Image.new("1", (1728, height), 1)
    draw = ImageDraw.Draw(sheet)
    draw.text((100, 100), f"page {number}", fill=0, font_size=90)
    draw.line((0, 0, 700, height - 1), fill=0, width=3)
    draw.rectangle((1720, 0, 1727, 40), fill=0)
    draw.rectangle((0, height - 5, 9, height - 1), fill=0)
    return sheet


def write(path: Path, pages: list[Image.Image], resolution: str) -> Path:
    """The pages as the product itself writes a fax: MinIsWhite."""
    coded = [
        CodedPage(rows=sheet.height, strip=t6.encode(np.packbits(ink(sheet), axis=1))) for sheet in pages
    ]
    fax_tiff.write(path, coded, resolution=resolution)
    return path


def write_otherwise(path: Path, pages: list[Image.Image], rows_an_inch: float, **tags: int) -> Path:
    """The pages as others write them: MinIsBlack, in one strip each unless `rows` says otherwise."""
    info = {278: tags.get("rows", pages[0].height), 266: tags.get("fill_order", 1)}
    pages[0].save(
        path,
        save_all=True,
        append_images=pages[1:],
        compression="group4",
        dpi=(204, rows_an_inch),
        tiffinfo=info,
    )
    return path


def ink(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("L")) < 128


def drawn(pdf: bytes, number: int, width: int, height: int) -> Pixels:
    """Where a PDF viewer puts ink, at the fax's own resolution."""
    with pdfium.PdfDocument(pdf) as document:
        sheet = document[number]
        bitmap = sheet.render(
            scale=width / sheet.get_width(), may_draw_forms=False, no_smoothpath=True, no_smoothimage=True
        )
        rendered = bitmap.to_pil().convert("L").resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(rendered) < 128


def embedded(pdf: bytes, number: int) -> Pixels:
    """The pixels of the page's one image, as pdfium's decoder sees them."""
    with pdfium.PdfDocument(pdf) as document:
        [image] = document[number].get_objects()
        return np.asarray(image.get_bitmap().to_pil().convert("L")) < 128


def assert_is(pdf: bytes, pages: list[Image.Image], rows_an_inch: int) -> None:
    with pikepdf.open(BytesIO(pdf)) as document:
        assert len(document.pages) == len(pages)
        for sheet, original in zip(document.pages, pages, strict=True):
            width_points, height_points = (float(edge) for edge in sheet.mediabox[2:])
            assert width_points == pytest.approx(1728 / 204 * 72, abs=0.01)
            assert height_points == pytest.approx(original.height / rows_an_inch * 72, abs=0.01)
    for number, original in enumerate(pages):
        assert np.array_equal(embedded(pdf, number), ink(original))


@pytest.mark.parametrize(
    ("resolution", "rows_an_inch", "height"),
    [("standard", 98, 1078), ("fine", 196, 2156), ("superfine", 391, 4301)],
)
def test_every_pixel_and_the_size_of_the_sheet(
    tmp_path: Path, resolution: str, rows_an_inch: int, height: int
) -> None:
    pages = [page(number, height) for number in range(2)]
    assert_is(as_archived(write(tmp_path / "fax.tif", pages, resolution), "pdf"), pages, rows_an_inch)
    others = write_otherwise(tmp_path / "others.tif", pages, rows_an_inch)
    assert_is(as_archived(others, "pdf"), pages, rows_an_inch)


def test_a_viewer_shows_the_page_upright_and_whole(tmp_path: Path) -> None:
    original = page(1, 2156)
    pdf = as_archived(write(tmp_path / "fax.tif", [original], "fine"), "pdf")
    shown = drawn(pdf, 0, 1728, 2156)
    # Rendering resamples rows; what was ink has ink within a row, and hardly any is added.
    assert (shown ^ ink(original)).mean() < 0.003
    assert shown[20, 1724]
    assert shown[2153, 4]


MADE = datetime(2026, 11, 23, 17, 36, tzinfo=UTC)


def test_the_pdf_keeps_to_pdf_a_2b(tmp_path: Path) -> None:
    """What ISO 19005-2 asks of a file of black and white pages; no validator is among Debian's packages."""
    fax = write(tmp_path / "fax.tif", [page(1, 2156), page(2, 1000)], "fine")
    octets = as_archived(fax, "pdf", title="Fax K7Q2-M9", made_at=MADE)
    # §6.1.2: the header, and a comment of octets beyond ASCII behind it.
    assert octets.startswith(b"%PDF-1.7\n%")
    assert all(octet > 127 for octet in octets[10:14])
    with pikepdf.open(BytesIO(octets)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert not pdf.is_encrypted
        assert len(pdf.trailer.ID) == 2
        # §6.2.3, §6.2.4.3: DeviceGray needs an output intent with a profile.
        intent: Any
        [intent] = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        profile = intent.DestOutputProfile.read_bytes()
        assert int(intent.DestOutputProfile.N) == 3
        assert (profile[12:20], profile[36:40]) == (b"mntrRGB ", b"acsp")
        assert profile[8] <= 4
        # §6.6: metadata that any program can read, of which the document information is a part.
        assert "/Filter" not in pdf.Root.Metadata
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "2B"
            assert metadata["dc:title"] == "Fax K7Q2-M9"
            assert metadata["xmp:CreateDate"] == MADE.isoformat()
        assert str(pdf.docinfo["/Title"]) == "Fax K7Q2-M9"
        assert str(pdf.docinfo["/CreationDate"]) == "D:20261123173600+00'00"
        # §6.1.12, §6.5, §6.6.1, §6.8: no actions, scripts, forms or files in it.
        assert set(dict(pdf.Root)) == {"/Type", "/Pages", "/Metadata", "/OutputIntents"}
        for sheet in pdf.pages:
            assert set(dict(sheet.obj)) <= {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
            [image] = sheet.get_images().values()
            assert str(image.ColorSpace) == "/DeviceGray"
            assert int(image.BitsPerComponent) == 1
            assert "/Interpolate" not in image


def test_a_pdf_that_nobody_names_has_no_title(tmp_path: Path) -> None:
    fax = write(tmp_path / "fax.tif", [page(1, 2156)], "fine")
    with pikepdf.open(BytesIO(as_archived(fax, "pdf"))) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert "dc:title" not in metadata


def test_octets_that_begin_with_the_least_bit(tmp_path: Path) -> None:
    original = page(1, 2156)
    usual = write_otherwise(tmp_path / "usual.tif", [original], 196)
    mirrored = write_otherwise(tmp_path / "mirrored.tif", [original], 196, fill_order=2)
    assert usual.read_bytes() != mirrored.read_bytes()
    assert as_archived(usual, "pdf") == as_archived(mirrored, "pdf")


def test_the_strips_are_taken_over_unchanged(tmp_path: Path) -> None:
    fax = write(tmp_path / "fax.tif", [page(1, 2156)], "fine")
    with Image.open(fax) as tiff:
        [offset], [length] = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    with pikepdf.open(BytesIO(as_archived(fax, "pdf"))) as document:
        [image] = document.pages[0].get_images().values()
        assert image.read_raw_bytes() == fax.read_bytes()[offset : offset + length]


def test_the_same_fax_makes_the_same_pdf(tmp_path: Path) -> None:
    fax = write(tmp_path / "fax.tif", [page(1, 2156)], "fine")
    assert (
        hashlib.sha256(as_archived(fax, "pdf")).digest() == hashlib.sha256(as_archived(fax, "pdf")).digest()
    )


def test_a_tiff_is_archived_as_it_is(tmp_path: Path) -> None:
    fax = write(tmp_path / "fax.tif", [page(1, 2156)], "fine")
    assert as_archived(fax, "tiff") == fax.read_bytes()


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of what is cut off
def test_what_is_no_fax_tiff_is_told(tmp_path: Path) -> None:
    whole = write(tmp_path / "fax.tif", [page(1, 2156)], "fine").read_bytes()
    page(1, 2156).save(tmp_path / "packbits.tif", compression="packbits", dpi=(204, 196))
    write_otherwise(tmp_path / "strips.tif", [page(1, 2156)], 196, rows=100)
    Image.new("1", (1728, 10)).save(tmp_path / "page.png")
    (tmp_path / "short.tif").write_bytes(whole[:40])
    (tmp_path / "empty.tif").write_bytes(b"")
    for name in ("packbits.tif", "strips.tif", "page.png", "short.tif", "empty.tif"):
        with pytest.raises(ArchivePermanent, match="not a fax TIFF"):
            as_archived(tmp_path / name, "pdf")
