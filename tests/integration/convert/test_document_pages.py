import shutil
from pathlib import Path

import documents_made as made
import docx
import numpy as np
import pikepdf
import pytest
from converter_fixtures import Convert
from docx.oxml import parse_xml
from PIL import Image

from convert import fax_tiff, t6
from convert.layout import BAND_ROWS
from convert.request import ConversionLimits, ConvertedFax
from sandbox import Nursery

pytestmark = pytest.mark.asyncio(loop_scope="session")

DATA = Path(__file__).parents[2] / "data" / "documents"


def rows_of(fax: ConvertedFax) -> list[t6.Packed]:
    return [t6.decode(page.strip, page.rows) for page in fax_tiff.read(fax.path).pages]


async def test_a_pdf_has_its_pages(convert: Convert, tmp_path: Path) -> None:
    fax = await convert(made.pdf(tmp_path / "a.pdf", ["One", "Two", "Three"]))
    assert [page.origin for page in fax.pages] == ["a.pdf"] * 3
    assert all((page.width, page.height) == (1728, 2151) for page in fax.pages)
    pages = rows_of(fax)
    assert all(page.any() for page in pages)
    assert not np.array_equal(pages[0], pages[1])


async def test_a_long_pdf_is_drawn_in_parts_and_keeps_its_order(convert: Convert, tmp_path: Path) -> None:
    texts = [f"Page {number}" for number in range(1, 24)]
    together = rows_of(await convert(made.pdf(tmp_path / "all.pdf", texts)))
    assert len(together) == 23
    for number in (0, 1, 6, 11, 17, 22):
        (alone,) = rows_of(await convert(made.pdf(tmp_path / f"{number}.pdf", [texts[number]])))
        assert np.array_equal(together[number], alone)


@pytest.mark.parametrize("listed", [True, False])
async def test_what_stands_in_a_form_field_is_drawn(
    convert: Convert, tmp_path: Path, *, listed: bool
) -> None:
    (page,) = rows_of(await convert(made.form_pdf(tmp_path / "form.pdf", listed=listed)))
    assert page[300:700].any()


@pytest.mark.parametrize(("flags", "printed"), [(0, False), (4, True)])
async def test_a_button_that_is_for_the_screen_is_not_drawn(
    convert: Convert, tmp_path: Path, *, flags: int, printed: bool
) -> None:
    (page,) = rows_of(await convert(made.form_pdf(tmp_path / "form.pdf", button_flags=flags)))
    assert page[300:700].any()
    assert page[1100:1500].any() == printed


async def test_a_page_that_is_cropped_to_what_lies_beyond_it_is_shown_whole(
    convert: Convert, tmp_path: Path
) -> None:
    (expected,) = rows_of(await convert(made.pdf(tmp_path / "whole.pdf", ["Page"])))
    with pikepdf.open(tmp_path / "whole.pdf") as document:
        document.pages[0].CropBox = [1000, 1000, 1200, 1200]
        document.save(tmp_path / "cropped.pdf")
    (page,) = rows_of(await convert(tmp_path / "cropped.pdf"))
    assert np.array_equal(page, expected)


async def test_a_landscape_page_is_turned(convert: Convert, tmp_path: Path) -> None:
    (page,) = rows_of(await convert(made.pdf(tmp_path / "wide.pdf", ["Wide"], size=(792, 612))))
    rows, columns = np.nonzero(np.unpackbits(page, axis=1))
    assert np.ptp(rows) > np.ptp(columns)


async def test_blank_pages_at_the_end_of_each_document_are_left_out(convert: Convert, tmp_path: Path) -> None:
    long = made.pdf(tmp_path / "long.pdf", ["One", "", "Three", "4", "5", "6", "7", "", ""])
    short = made.pdf(tmp_path / "short.pdf", ["", "Two", ""])
    fax = await convert(long, short)
    assert [page.origin for page in fax.pages] == ["long.pdf"] * 7 + ["short.pdf"] * 2
    assert len((await convert(long, short, drop_blank_ends=False)).pages) == 12


@pytest.mark.parametrize(
    ("name", "pages"),
    [("harmless-clean.doc", 1), ("hidden.xls", 1), ("media.vsdx", 1)],
)
async def test_binary_office_documents(convert: Convert, tmp_path: Path, name: str, pages: int) -> None:
    assert len((await convert(DATA / name)).pages) == pages


@pytest.mark.parametrize("slides", [2, 5])
async def test_pages_of_an_office_document_are_the_same_whoever_draws_them(
    convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slides: int
) -> None:
    document = made.pptx(tmp_path / "slides.pptx", slides=slides)
    shared = await convert(document)
    monkeypatch.setattr(Nursery, "free", 1)  # one that is busy with something else has one process do it
    alone = await convert(document)
    assert len(shared.made) == slides
    assert shared.sha256 == alone.sha256


async def test_office_documents(convert: Convert, tmp_path: Path) -> None:
    texts = {
        "a.txt": b"One\n\x0cTwo\n",
        "b.csv": "Name;Größe\nAna;1\n".encode(),
        "c.html": b"<!DOCTYPE html><html><body><p>Page</p></body></html>",
        "d.rtf": rb"{\rtf1 One\page Two\page Three}",
    }
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    documents = {
        made.docx_letter(tmp_path / "letter.docx"): 1,
        made.xlsx(tmp_path / "table.xlsx"): 1,
        made.pptx(tmp_path / "talk.pptx"): 2,
        made.odt(tmp_path / "text.odt"): 2,
        tmp_path / "a.txt": 2,
        tmp_path / "b.csv": 1,
        tmp_path / "c.html": 1,
        tmp_path / "d.rtf": 3,
    }
    for path, pages in documents.items():
        fax = await convert(path)
        assert len(fax.pages) == pages, path.name
        assert all(page.any() for page in rows_of(fax)), path.name


@pytest.mark.parametrize("name", ["letter.doc", "table.xls", "text.fodt"])
async def test_an_office_document_that_is_one_file_of_xml(
    convert: Convert, tmp_path: Path, name: str
) -> None:
    fax = await convert(made.one_file_of_xml(tmp_path / name))
    assert len(fax.pages) == 2  # as many as it has; its source would be one


async def test_a_text_with_comments_is_printed_without_them(convert: Convert, tmp_path: Path) -> None:
    plain, commented = docx.Document(), docx.Document()
    plain.add_paragraph("A letter")
    commented.add_comment(
        commented.add_paragraph("A letter").runs, text="Really?", author="Ana", initials="A"
    )
    plain.save(str(tmp_path / "plain.docx"))
    commented.save(str(tmp_path / "commented.docx"))
    (tmp_path / "plain.rtf").write_bytes(rb"{\rtf1 A letter}")
    (tmp_path / "commented.rtf").write_bytes(
        rb"{\rtf1 A letter{\*\atnid A}{\*\atnauthor Ana}\chatn{\*\annotation Really?}}"
    )
    for ending in ("docx", "rtf"):
        faxes = [await convert(tmp_path / f"{name}.{ending}") for name in ("plain", "commented")]
        assert np.array_equal(rows_of(faxes[0])[0], rows_of(faxes[1])[0]), ending


async def test_a_formula_in_a_text_is_drawn(convert: Convert, tmp_path: Path) -> None:
    text = docx.Document()
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    formula = f'<m:oMath xmlns:m="{math}"><m:r><m:t>dose=k·m</m:t></m:r></m:oMath>'
    text.add_paragraph()._p.append(parse_xml(formula))
    text.save(str(tmp_path / "dose.docx"))
    fax = await convert(tmp_path / "dose.docx")
    assert rows_of(fax)[0].any()


async def test_a_tick_of_a_symbol_font_is_a_tick(convert: Convert, tmp_path: Path) -> None:
    ticked = made.docx_letter(tmp_path / "ticked.docx", "\uf0fe", font="Wingdings")
    crossed = made.docx_letter(tmp_path / "crossed.docx", "\uf0fd", font="Wingdings")
    expected = made.docx_letter(tmp_path / "unicode.docx", "\N{BALLOT BOX WITH CHECK}", font="Symbola")
    pages = [rows_of(await convert(path))[0] for path in (ticked, crossed, expected)]
    assert np.array_equal(pages[0], pages[2])
    assert not np.array_equal(pages[0], pages[1])


async def test_what_no_font_has_is_written_by_its_name(convert: Convert, tmp_path: Path) -> None:
    text = "A \N{MELTING FACE} and \N{VITHKUQI CAPITAL LETTER A} here, \N{BLACK TELEPHONE} \N{GRINNING FACE}"
    letter = made.docx_letter(tmp_path / "letter.docx", text)
    named = text.replace("\N{MELTING FACE}", "[melting face]")
    named = named.replace("\N{VITHKUQI CAPITAL LETTER A}", "[vithkuqi capital letter a]")
    expected = made.docx_letter(tmp_path / "expected.docx", named)
    pages = [rows_of(await convert(path))[0] for path in (letter, expected)]
    assert np.array_equal(pages[0], pages[1])


async def test_a_sheet_that_is_too_wide_is_not_cut_over_many_pages(convert: Convert, tmp_path: Path) -> None:
    wide = made.xlsx(tmp_path / "wide.xlsx", rows=20, columns=14)
    (page,) = rows_of(await convert(wide))
    rows, columns = np.nonzero(np.unpackbits(page, axis=1))
    assert np.ptp(rows) > np.ptp(columns)  # it lies on its side
    table = tmp_path / "wide.csv"
    table.write_text("\n".join(",".join(f"value {cell}" for cell in range(12)) for _ in range(20)))
    assert len((await convert(table)).pages) == 1


async def test_what_an_author_said_of_a_sheets_pages_stays(convert: Convert, tmp_path: Path) -> None:
    setup = '<pageSetup scale="90" orientation="portrait"/>'
    wide = made.xlsx(tmp_path / "wide.xlsx", rows=20, columns=14, page_setup=setup)
    assert len((await convert(wide)).pages) == 2


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", "RGB"), ("b.png", "RGBA"), ("c.png", "P"), ("d.png", "1"), ("e.png", "LA"),
        ("f.png", "I;16"), ("g.jpg", "RGB"), ("h.jpg", "CMYK"), ("i.jpg", "L"), ("j.gif", "P"),
        ("k.webp", "RGB"), ("l.bmp", "RGB"), ("m.tif", "RGB"), ("n.tif", "1"), ("o.tif", "CMYK"),
        ("p.tif", "I;16"),
    ],
)  # fmt: skip
async def test_pictures_of_every_mode(convert: Convert, tmp_path: Path, name: str, mode: str) -> None:
    if mode == "I;16":
        made.picture(tmp_path / "deep.png", mode="L")
        with Image.open(tmp_path / "deep.png") as eight_bits:
            Image.fromarray(np.asarray(eight_bits).astype(np.uint16) * 257).save(tmp_path / name)
    else:
        made.picture(tmp_path / name, mode=mode)
    (page,) = rows_of(await convert(tmp_path / name))
    share = np.count_nonzero(np.unpackbits(page)) / (page.size * 8)
    assert 0.001 < share < 0.05


async def test_what_is_transparent_is_white(convert: Convert, tmp_path: Path) -> None:
    drawn = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), (100, 100, 200, 200))
    drawn.save(tmp_path / "clear.png")
    (page,) = rows_of(await convert(tmp_path / "clear.png"))
    share = np.count_nonzero(np.unpackbits(page)) / (page.size * 8)
    assert 0.005 < share < 0.02


async def test_exif_tells_which_side_is_up(convert: Convert, tmp_path: Path) -> None:
    drawn = Image.new("L", (400, 400), 255)
    drawn.paste(0, (0, 0, 400, 40))
    exif = Image.Exif()
    exif[274] = 6  # the stored picture is to be turned by 90 degrees clockwise
    drawn.save(tmp_path / "turned.jpg", exif=exif)
    (page,) = rows_of(await convert(tmp_path / "turned.jpg"))
    rows, columns = np.nonzero(np.unpackbits(page, axis=1))
    assert np.ptp(rows) > 4 * np.ptp(columns)


async def test_a_scan_fills_the_sheet_it_was_scanned_from(convert: Convert, tmp_path: Path) -> None:
    drawn = Image.new("L", (2550, 3300), 255)
    drawn.paste(0, (0, 0, 2550, 3))
    drawn.paste(0, (0, 3297, 2550, 3300))
    drawn.save(tmp_path / "scan.png", dpi=(300, 300))
    (page,) = rows_of(await convert(tmp_path / "scan.png"))
    inked = np.flatnonzero(page.any(axis=1))
    assert inked[0] == BAND_ROWS["fine"]
    assert inked[-1] >= 2148


async def test_a_fax_passes_untouched(convert: Convert, tmp_path: Path) -> None:
    source = made.fax_tiff(tmp_path / "fax.tif", pages=2)
    pages = rows_of(await convert(source))
    with Image.open(source) as image:
        for number, page in enumerate(pages):
            image.seek(number)
            assert np.array_equal(np.packbits(~np.asarray(image), axis=1), page)


async def test_a_standard_fax_is_made_fine_row_by_row(convert: Convert, tmp_path: Path) -> None:
    source = made.fax_tiff(tmp_path / "fax.tif", rows=1075, dpi=(204, 98))
    (page,) = rows_of(await convert(source))
    with Image.open(source) as image:
        assert np.array_equal(np.packbits(~np.asarray(image), axis=1).repeat(2, axis=0), page)


@pytest.mark.parametrize("resolution", ["standard", "fine", "superfine"])
async def test_every_page_of_ours_leaves_the_band_free(
    convert: Convert, tmp_path: Path, resolution: str
) -> None:
    Image.new("L", (850, 1100), 0).save(tmp_path / "black.png", dpi=(100, 100))
    made.picture(tmp_path / "p.png", size=(612, 792)).rename(tmp_path / "full.png")
    full_bleed = tmp_path / "bleed.pdf"
    with Image.new("L", (850, 1100), 0) as black:
        black.save(full_bleed, resolution=100)
    for path in (tmp_path / "black.png", full_bleed, made.pdf(tmp_path / "a.pdf", ["Text"])):
        (page,) = rows_of(await convert(path, resolution=resolution))
        assert not page[: BAND_ROWS[resolution]].any()
        assert page.any()


async def test_attachments_keep_their_order(convert: Convert, tmp_path: Path) -> None:
    paths = [
        made.docx_letter(tmp_path / "first.docx"),
        made.pdf(tmp_path / "second.pdf", ["a", "b"]),
        made.picture(tmp_path / "third.png"),
    ]
    fax = await convert(*paths)
    assert [page.origin for page in fax.pages] == ["first.docx", "second.pdf", "second.pdf", "third.png"]


async def test_the_senders_file_is_left_alone(convert: Convert, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", ["One"])
    before = path.read_bytes()
    copy = shutil.copy(path, tmp_path / "b.pdf")
    await convert(path)
    assert path.read_bytes() == before == Path(copy).read_bytes()


async def test_the_same_document_makes_the_same_fax(convert: Convert, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", ["One", "Two"])
    assert (await convert(path)).sha256 == (await convert(path)).sha256


async def test_a_page_limit_that_is_met_is_no_refusal(convert: Convert, tmp_path: Path) -> None:
    limits = ConversionLimits(pages=3)
    assert len((await convert(made.pdf(tmp_path / "a.pdf", ["1", "2", "3"]), limits=limits)).pages) == 3
