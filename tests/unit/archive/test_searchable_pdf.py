"""The words of a fax in its PDF: found where they stand, seen nowhere."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image

from archive.document import as_archived
from store.page_word import PageWord


@pytest.fixture
def fax(tmp_path: Path) -> Path:
    path = tmp_path / "fax.tif"
    Image.new("1", (1728, 2156), 1).save(path, compression="group4", dpi=(204, 196), tiffinfo={278: 2156})
    return path


def searchable(fax: Path, *words: PageWord) -> bytes:
    return as_archived(fax, "pdf", words=[words])


@pytest.mark.parametrize(
    "text",
    ["Referral", "Überweisung", "(Klammer)\\", "診療情報", "направление", "إحالة"],
)
def test_a_word_is_found_where_it_stands(fax: Path, text: str) -> None:
    pdf = searchable(fax, PageWord("before", 10, 20, 90, 60), PageWord(text, 408, 588, 816, 637))
    with pdfium.PdfDocument(pdf) as document:
        page = document[0].get_textpage()
        read = page.get_text_range().split()
        assert read == ["before", text]
        place = page.get_text_range().index(text)
        boxes = [page.get_charbox(place + number, loose=True) for number in range(len(text))]
        left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
        right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
        height = document[0].get_height()
        # 204 pixels and 196 rows are an inch: 144 to 288 points from the left, 216 to 234 from the top.
        assert (left, right) == (pytest.approx(144, abs=1), pytest.approx(288, abs=1))
        assert (height - top, height - bottom) == (pytest.approx(216, abs=3), pytest.approx(234, abs=3))


def test_characters_beyond_the_basic_plane_are_found(fax: Path) -> None:
    with pdfium.PdfDocument(searchable(fax, PageWord("😀𠮷", 100, 100, 300, 150))) as document:
        assert document[0].get_textpage().get_text_range().split() == ["😀𠮷"]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_word_that_runs_another_way_fills_its_box(fax: Path, turn: int) -> None:
    box = (400, 600, 500, 1000) if turn % 2 else (400, 600, 800, 700)
    with pdfium.PdfDocument(searchable(fax, PageWord("Thorax", *box, turn))) as document:
        page = document[0].get_textpage()
        assert page.get_text_range().strip() == "Thorax"
        boxes = [page.get_charbox(number, loose=True) for number in range(6)]
        height = document[0].get_height()
        left, right = min(box[0] for box in boxes) / 72 * 204, max(box[2] for box in boxes) / 72 * 204
        top = (height - max(box[3] for box in boxes)) / 72 * 196
        bottom = (height - min(box[1] for box in boxes)) / 72 * 196
        assert (left, top, right, bottom) == pytest.approx(box, abs=8)


def test_nothing_of_it_is_seen(fax: Path) -> None:
    words = [PageWord("Referral", 100 * turn, 300, 100 * turn + 90, 800, turn) for turn in range(4)]
    with pdfium.PdfDocument(searchable(fax, *words)) as document:
        assert document[0].render(scale=1).to_pil().convert("L").getextrema() == (255, 255)


def test_the_pdf_keeps_to_the_standard_and_is_the_same_every_time(fax: Path) -> None:
    octets = searchable(fax, PageWord("Referral", 100, 300, 400, 340))
    assert octets == searchable(fax, PageWord("Referral", 100, 300, 400, 340))
    with pikepdf.open(BytesIO(octets)) as pdf, pdf.open_metadata() as metadata:
        assert pdf.check_pdf_syntax() == []
        assert metadata.pdfa_status == "2B"
        resources: Any = pdf.pages[0].Resources
        [font] = resources.Font.values()
        # ISO 19005-2 §6.2.11.3: a composite font says how its characters become glyphs, and has them in it.
        [descendant] = font.DescendantFonts
        assert "/FontFile2" in descendant.FontDescriptor
        assert len(descendant.CIDToGIDMap.read_bytes()) == 2 * 65536
        assert font.ToUnicode.read_bytes().startswith(b"/CIDInit")


def test_pages_without_words_have_no_font(fax: Path) -> None:
    with pikepdf.open(BytesIO(as_archived(fax, "pdf", words=[()]))) as pdf:
        resources: Any = pdf.pages[0].Resources
        assert "/Font" not in resources
