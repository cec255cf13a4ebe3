"""PDFs and pictures that are made to harm end in their reason, within their limits, and leave nothing."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import documents_made as made
import hostile_pdfs as pdfs
import hostile_pictures as pictures
import pytest
from converter_fixtures import Convert

from convert.request import ConversionLimits, InvalidDocument

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMITS = ConversionLimits(seconds=60, memory=1 << 30, pages=20)
MEMORY = "it needs more memory than one document may have"
TOO_LARGE = (
    "page 1 has a picture of {0} × {0} pixels, which needs more memory than one document may have; "
    "make it smaller"
)
UNREAD = "a picture on page 1 of the PDF cannot be read: it is damaged, or of an unusual kind"
BLANK = "nothing of it can be seen on a fax: every page would be blank"

Make = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (pdfs.pdf_of_a_form_in_itself, MEMORY),
        (pdfs.pdf_of_forms_in_forms, MEMORY),
        (partial(pdfs.pdf_of_a_long_stream, megabytes=1024), MEMORY),
        (partial(pdfs.pdf_of_a_stream_packed_twice, megabytes=1024), MEMORY),
        (partial(pdfs.pdf_of_a_large_image, side=60_000), TOO_LARGE.format(60_000)),
        (partial(pdfs.pdf_of_a_large_image, side=30_000, beside=b"9 9 99 9 re f "), TOO_LARGE.format(30_000)),
        (partial(pdfs.pdf_of_a_large_image, side=140_000, bits=1), TOO_LARGE.format(140_000)),
        (pdfs.pdf_of_a_damaged_image, UNREAD),
        (pdfs.pdf_of_a_fine_pattern, BLANK),
        (pdfs.pdf_of_a_tree_in_itself, "page 1 of the PDF is damaged"),
        (partial(pdfs.pdf_of_many_pages, count=200), "it has 200 pages; 20 are allowed"),
    ],
)
async def test_a_pdf_that_cannot_be_drawn(convert: Convert, tmp_path: Path, make: Make, reason: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        await convert(make(tmp_path / "a.pdf"), limits=LIMITS)
    assert caught.value.reason == reason


@pytest.mark.parametrize("make", [pdfs.pdf_that_lies_about_its_pages, pdfs.pdf_of_an_endless_page])
async def test_a_pdf_that_can_be_drawn_all_the_same(convert: Convert, tmp_path: Path, make: Make) -> None:
    fax = await convert(make(tmp_path / "a.pdf"), limits=LIMITS)
    assert len(fax.pages) == 1


async def test_a_dynamic_form_says_what_to_do(convert: Convert, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="only Adobe Reader can show"):
        await convert(pdfs.dynamic_form_pdf(tmp_path / "form.pdf"))


async def test_a_pdf_of_blank_pages_is_no_fax(convert: Convert, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument) as caught:
        await convert(made.pdf(tmp_path / "a.pdf", ["", ""]))
    assert caught.value.reason == BLANK


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (pictures.jpeg_bomb, "a.jpg", "the picture has 65000 × 65000 pixels; 200 million are the most"),
        (pictures.gif_bomb, "a.gif", "the picture has 65000 × 65000 pixels; 200 million are the most"),
        (pictures.tiff_bomb, "a.tif", "the picture has 60000 × 60000 pixels; 200 million are the most"),
        (pictures.heic_bomb, "a.heic", "the picture has 60000 × 60000 pixels; 200 million are the most"),
        (pictures.webp_bomb, "a.webp", "the picture is damaged and cannot be opened"),
        (partial(pictures.gif_bomb, side=14_000), "a.gif", "the picture is damaged"),
        (partial(pictures.tiff_bomb, side=14_000), "a.tif", "the picture is damaged"),
        (partial(pictures.heic_bomb, side=14_000), "a.heic", "the picture is damaged"),
        (
            partial(made.png_bomb, side=30_000),
            "a.png",
            "the picture has 30000 × 30000 pixels; 200 million are the most",
        ),
    ],
)
async def test_a_picture_of_promises(
    convert: Convert, tmp_path: Path, make: Make, name: str, reason: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        await convert(make(tmp_path / name), limits=LIMITS)
    assert caught.value.reason == reason


async def test_a_tiff_whose_pages_run_in_a_circle(convert: Convert, tmp_path: Path) -> None:
    assert len((await convert(pictures.tiff_of_a_circle(tmp_path / "a.tif"))).pages) == 2


async def test_no_page_is_sent_of_half_a_document(convert: Convert, tmp_path: Path) -> None:
    path = made.fax_tiff(tmp_path / "a.tif", pages=3)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InvalidDocument, match="damaged"):
        await convert(path)
