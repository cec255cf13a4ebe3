"""The words of documents, covers and long pages: each stands on the ink that shows it."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
import pytest_asyncio

from archive.document import as_archived
from config.fax import Paper
from convert import t6
from convert.converter import Converter
from convert.cover_facts import CoverFacts, CoverRecipient
from convert.fax_tiff import CodedPage
from convert.request import ConversionLimits, ConversionRequest, ConvertedFax, Sheet, Source
from convert.text_layer import pages_with_words, without_words
from store.page_word import PageWord

pytestmark = pytest.mark.asyncio(loop_scope="session")
A4 = (595.0, 842.0)
TEXT = "Findings: unremarkable thorax"


def document(
    path: Path, *, size: tuple[float, float] = A4, at: tuple[float, float] = (72, 600), text: str = TEXT,
    rotate: int = 0, matrix: str = "1 0 0 1",
) -> Path:  # fmt: skip
    """A page with one line of Helvetica, beginning at a point."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=size)
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page = pdf.pages[0]
        name = page.add_resource(font, pikepdf.Name.Font)
        content = f"BT {name} 24 Tf {matrix} {at[0]} {at[1]} Tm ({text}) Tj ET"
        page.Contents = pdf.make_stream(content.encode())
        page.Rotate = rotate
        pdf.save(path)
    return path


@pytest_asyncio.fixture(loop_scope="session")
async def folder(tmp_path: Path) -> Path:
    return tmp_path


async def made(
    converter: Converter, folder: Path, *sources: Path, words: bool = True, cover: CoverFacts | None = None,
    resolution: str = "fine",
) -> ConvertedFax:  # fmt: skip
    work = folder / f"work-{words}"
    work.mkdir()
    request = ConversionRequest(
        sources=tuple(Source(name=path.name, path=path) for path in sources),
        sheets=(Sheet(key="fax", cover=cover.to_json() if cover else None),),
        resolution=resolution,
        paper="A4",
        limits=ConversionLimits(),
        folder=work,
        words=words,
    )
    (fax,) = await converter.convert(request)
    return fax


def ink_in(page: CodedPage, word: PageWord) -> float:
    rows = np.unpackbits(t6.decode(page.strip, page.rows), axis=1)[:, :1728]
    return float(rows[word.top : word.bottom, word.left : word.right].mean())


def ink_outside(page: CodedPage) -> int:
    """Pixels of ink on no word, but for two around each that rounding may cost."""
    rows = np.unpackbits(t6.decode(page.strip, page.rows), axis=1)[:, :1728]
    for word in page.words:
        rows[max(0, word.top - 2) : word.bottom + 2, max(0, word.left - 2) : word.right + 2] = 0
    return int(rows.sum())


def assert_on_the_ink(page: CodedPage, turn: int = 0, text: str = TEXT) -> None:
    assert [word.text for word in page.words] == text.split()
    assert {word.turn for word in page.words} == {turn}
    assert all(ink_in(page, word) > 0.1 for word in page.words)
    assert ink_outside(page) == 0


@pytest.mark.parametrize("resolution", ["standard", "fine", "superfine"])
async def test_at_every_resolution(converter: Converter, folder: Path, resolution: str) -> None:
    fax = await made(converter, folder, document(folder / "a.pdf"), resolution=resolution)
    [page] = pages_with_words(fax.path)
    assert_on_the_ink(page)


@pytest.mark.parametrize(
    ("page", "turn"),
    [
        ({"size": (842.0, 595.0), "at": (300, 300)}, 1),
        ({"rotate": 180}, 2),
        ({"at": (300, 300), "matrix": "0 1 -1 0"}, 3),
        ({"at": (300, 600), "matrix": "0 -1 1 0"}, 1),
        ({"at": (30, 815)}, 0),
        ({"size": (300.0, 420.0), "at": (10, 390), "text": "Findings: none"}, 0),
    ],
    ids=["turned", "upside down", "upwards", "downwards", "under the header", "enlarged"],
)
async def test_however_the_page_lies(
    converter: Converter, folder: Path, page: dict[str, object], turn: int
) -> None:
    fax = await made(converter, folder, document(folder / "a.pdf", **page))  # type: ignore[arg-type]
    [drawn] = pages_with_words(fax.path)
    assert_on_the_ink(drawn, turn, str(page.get("text", TEXT)))


async def test_a_long_page_has_its_words_on_the_sheets_that_show_them(
    converter: Converter, folder: Path
) -> None:
    roll = document(folder / "roll.pdf", size=(595.0, 3000.0), at=(72, 300))
    fax = await made(converter, folder, roll)
    pages = pages_with_words(fax.path)
    assert len(pages) > 2
    assert [bool(page.words) for page in pages] == [False] * (len(pages) - 1) + [True]
    assert_on_the_ink(pages[-1])


async def test_a_cover_and_an_office_document(converter: Converter, folder: Path) -> None:
    (folder / "note.txt").write_text("Blutdruck 120 zu 80", encoding="utf-8")
    cover = CoverFacts(
        template="default", paper=Paper.A4, recipient=CoverRecipient(number="+12065550100", name="Dr. Doe")
    )
    fax = await made(converter, folder, folder / "note.txt", cover=cover)
    first, second = pages_with_words(fax.path)
    assert {"Dr.", "Doe"} <= {word.text for word in first.words}
    assert all(ink_in(first, word) > 0.02 for word in first.words)
    assert_on_the_ink(second, text="Blutdruck 120 zu 80")
    pdf = as_archived(fax.path, "pdf", words=[first.words, second.words])
    with pdfium.PdfDocument(BytesIO(pdf)) as document:
        assert document[1].get_textpage().get_text_range().split() == ["Blutdruck", "120", "zu", "80"]


async def test_a_cover_of_an_own_template(converter: Converter, folder: Path) -> None:
    (folder / "own.html").write_text(
        "<html><body><h1>To ~RecipientName~</h1></body></html>", encoding="utf-8"
    )
    cover = CoverFacts(
        template="own",
        own_file=str(folder / "own.html"),
        paper=Paper.A4,
        recipient=CoverRecipient(number="+12065550100", name="Dr. Doe"),
    )
    fax = await made(converter, folder, cover=cover)
    assert fax.cover_trouble == ""
    first, *_ = pages_with_words(fax.path)
    assert_on_the_ink(first, text="To Dr. Doe")


async def test_where_nobody_wants_them_there_are_none_and_the_pages_are_the_same(
    converter: Converter, folder: Path
) -> None:
    source = document(folder / "a.pdf")
    with_words = await made(converter, folder, source)
    without = await made(converter, folder, source, words=False)
    assert without.path.read_bytes() == without_words(with_words.path.read_bytes())
    assert with_words.path.read_bytes() != without.path.read_bytes()
