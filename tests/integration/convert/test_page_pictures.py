"""PDF pages that are one picture: taken out and scaled, or handed over pixel for pixel, or left to pdfium."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

from convert import t6
from convert.layout import SheetGeometry
from convert.page_account import Step
from convert.pdf_pages import PdfDocument
from convert.pdf_paths import rasterised_pages
from convert.rasterise import RasterisedPage, rasterise
from sandbox.failures import Refused

FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
LETTER = (612, 792)
FINE = SheetGeometry(resolution="fine", paper="Letter")
FAX = {"K": -1, "Columns": 1728, "Rows": 2156}
WHOLE = "q 612 0 0 792 0 0 cm /P Do Q"


def drawing(size: tuple[int, int] = (1700, 2200), mode: str = "L") -> Image.Image:
    """Something with an upper left and a lower right that differ."""
    picture = Image.new(mode, size, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((size[0] // 10, size[1] // 8), "Above", "black", ImageFont.truetype(FACE, size[1] // 16))
    draw.rectangle((size[0] // 2, size[1] * 2 // 3, size[0] * 3 // 4, size[1] * 3 // 4), "black")
    return picture


def jpeg(picture: Image.Image) -> bytes:
    octets = io.BytesIO()
    picture.save(octets, "JPEG", quality=90)
    return octets.getvalue()


def page_of(
    path: Path,
    octets: bytes,
    size: tuple[int, int],
    *,
    content: str = WHOLE,
    turned: int = 0,
    layered: bool = False,
    **fields: Any,
) -> Path:
    """A PDF of one page that shows one picture; `layered` if that is in a layer that is switched off."""
    with pikepdf.new() as document:
        layer = document.make_indirect(Dictionary(Type=Name.OCG, Name="Original"))
        document.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(OFF=[layer]))
        if layered:
            fields["OC"] = layer
        image = document.make_stream(octets)
        image.stream_dict = Dictionary(
            Type=Name.XObject, Subtype=Name.Image, Width=size[0], Height=size[1],
            **{"BitsPerComponent": 8, "ColorSpace": Name.DeviceGray, "Filter": Name.DCTDecode, **fields},
        )  # fmt: skip
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page = document.add_blank_page(page_size=LETTER)
        page.Resources = Dictionary(
            XObject=Dictionary(P=image), Font=Dictionary(F=font), Properties=Dictionary(L=layer)
        )
        page.Contents = document.make_stream(content.encode())
        page.Rotate = turned
        document.save(path)
    return path


def scan(path: Path, **more: Any) -> Path:
    return page_of(path, jpeg(drawing()), (1700, 2200), **more)


def fax_rows() -> t6.Packed:
    return np.packbits(np.asarray(drawing((1728, 2156))) < 128, axis=1)


def fax_scan(
    path: Path, *, rows: int = 2156, fields: dict[str, Any] | None = None, **parameters: Any
) -> Path:
    told: dict[str, Any] = {
        "BitsPerComponent": 1, "Filter": Name.CCITTFaxDecode, "DecodeParms": Dictionary(**FAX | parameters),
    }  # fmt: skip
    return page_of(path, t6.encode(fax_rows()), (1728, rows), **told | (fields or {}))


def made_of(path: Path, geometry: SheetGeometry = FINE) -> RasterisedPage:
    with PdfDocument(path) as document:
        (page,) = rasterised_pages(path, document, range(1), geometry)
    return page


def drawn_by_pdfium(path: Path) -> t6.Packed:
    with PdfDocument(path) as document:
        (page,) = (rasterise(page, FINE) for page in document.pages(range(1)))
    return rows_of(page)


def rows_of(page: RasterisedPage) -> t6.Packed:
    return t6.decode(page.coded.strip, page.coded.rows)


def share_that_differs(one: t6.Packed, other: t6.Packed) -> float:
    return float((np.unpackbits(one, axis=1) != np.unpackbits(other, axis=1)).mean())


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_scanned_page_looks_as_pdfium_would_draw_it(tmp_path: Path, turned: int) -> None:
    path = scan(tmp_path / "scan.pdf", turned=turned)
    page = made_of(path)
    assert page.account.steps == (Step.PICTURE,)
    assert share_that_differs(rows_of(page), drawn_by_pdfium(path)) < 0.003


@pytest.mark.parametrize("size", [(1000, 1300), (3400, 4400), (7000, 9100)])
def test_it_does_so_whatever_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = page_of(tmp_path / "scan.pdf", jpeg(drawing(size)), size)
    page = made_of(path)
    assert page.account.steps == (Step.PICTURE,)
    assert share_that_differs(rows_of(page), drawn_by_pdfium(path)) < 0.005


@pytest.mark.parametrize(
    ("octets", "fields"),
    [
        (jpeg(drawing(mode="RGB")), {"ColorSpace": Name.DeviceRGB}),
        (jpeg(drawing(mode="CMYK")), {"ColorSpace": Name.DeviceCMYK, "Decode": [1, 0] * 4}),
        (jpeg(drawing()), {"Decode": [1, 0]}),
        (drawing().tobytes(), {"Filter": Array([])}),
        (drawing(mode="RGB").tobytes(), {"Filter": Array([]), "ColorSpace": Name.DeviceRGB}),
    ],
)
def test_colours_and_inverted_tones_are_what_they_are(
    tmp_path: Path, octets: bytes, fields: dict[str, Any]
) -> None:
    path = page_of(tmp_path / "scan.pdf", octets, (1700, 2200), **fields)
    assert share_that_differs(rows_of(made_of(path)), drawn_by_pdfium(path)) < 0.003


def test_the_invisible_text_of_a_recognition_is_no_hindrance(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", content=f"{WHOLE} BT 3 Tr /F 12 Tf 72 700 Td (Above) Tj ET")
    assert made_of(path).account.steps == (Step.PICTURE,)


@pytest.mark.parametrize(
    "content",
    [
        f"{WHOLE} BT /F 40 Tf 72 100 Td (Received) Tj ET",
        f"{WHOLE} 50 50 400 90 re f",
        "q 0 0 300 300 re W n 612 0 0 792 0 0 cm /P Do Q",
        "q 300 0 0 400 0 0 cm /P Do Q",
        "q 600 20 -20 780 10 5 cm /P Do Q",
        "q 612 0 0 -792 0 792 cm /P Do Q",
        f"{WHOLE} q 100 0 0 100 20 20 cm /P Do Q",
    ],
)
def test_a_page_with_more_on_it_is_drawn(tmp_path: Path, content: str) -> None:
    path = scan(tmp_path / "scan.pdf", content=content)
    page = made_of(path)
    assert page.account.steps == (Step.DRAWN,)
    assert np.array_equal(rows_of(page), drawn_by_pdfium(path))


def test_a_picture_with_a_mask_is_drawn(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", Mask=[0, 20])
    page = made_of(path)
    assert page.account.steps == (Step.DRAWN,)


@pytest.mark.parametrize("maker", [scan, fax_scan])
def test_a_picture_in_a_layer_that_is_switched_off_is_not_shown(tmp_path: Path, maker: Any) -> None:
    by_content = scan(tmp_path / "content.pdf", content=f"/OC /L BDC {WHOLE} EMC")
    own = maker(
        tmp_path / "own.pdf", **({"layered": True} if maker is scan else {"fields": {"layered": True}})
    )
    for path in (by_content, own):
        page = made_of(path)
        assert page.account.steps == (Step.DRAWN,)
        assert not page.account.inked


def test_a_picture_with_another_mark_is_no_hindrance(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", content=f"/Artifact BMC {WHOLE} EMC")
    assert made_of(path).account.steps == (Step.PICTURE,)


def test_a_damaged_picture_is_told(tmp_path: Path) -> None:
    path = page_of(tmp_path / "scan.pdf", b"\xff\xd8\xff no more", (1700, 2200))
    with pytest.raises(Refused, match="a picture on page 1 of the PDF cannot be read"):
        made_of(path)


def test_a_fax_of_another_width_than_it_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="a picture on page 1 of the PDF cannot be read"):
        made_of(fax_scan(tmp_path / "fax.pdf", Columns=1700))


def test_a_fax_is_handed_over_pixel_for_pixel(tmp_path: Path) -> None:
    page = made_of(fax_scan(tmp_path / "fax.pdf"))
    assert page.account.steps == (Step.SCAN,)
    assert page.account.inked
    assert np.array_equal(rows_of(page), fax_rows())


def test_black_that_is_said_the_other_way_round_is_black(tmp_path: Path) -> None:
    page = made_of(fax_scan(tmp_path / "fax.pdf", BlackIs1=True, fields={"Decode": [1, 0]}))
    assert page.account.steps == (Step.SCAN,)
    assert np.array_equal(rows_of(page), fax_rows())


def test_at_another_density_rows_are_joined(tmp_path: Path) -> None:
    geometry = SheetGeometry(resolution="standard", paper="Letter")
    page = made_of(fax_scan(tmp_path / "fax.pdf"), geometry)
    assert page.account.steps == (Step.SCAN,)
    assert np.array_equal(rows_of(page), fax_rows()[::2] | fax_rows()[1::2])


@pytest.mark.parametrize(
    "told",
    [
        {"K": 0},
        {"K": 4},
        {"BlackIs1": True},
        {"EncodedByteAlign": True},
        {"Rows": 1000},
        {"rows": 1000},
        {"fields": {"Decode": [1, 0]}},
        {"fields": {"ColorSpace": [Name.Indexed, Name.DeviceRGB, 1, b"\xff\x00\x00\x00\x00\xff"]}},
        {"fields": {"ImageMask": True}},
        {"fields": {"DecodeParms": "nonsense"}},
        {"turned": 90},
    ],
)
def test_what_is_not_just_a_fax_is_drawn(tmp_path: Path, told: dict[str, Any]) -> None:
    turned = told.pop("turned", 0)
    told["fields"] = {**told.get("fields", {}), "turned": turned}
    path = fax_scan(tmp_path / "fax.pdf", **told)
    page = made_of(path)
    assert page.account.steps == (Step.DRAWN,)
    assert np.array_equal(rows_of(page), drawn_by_pdfium(path))
