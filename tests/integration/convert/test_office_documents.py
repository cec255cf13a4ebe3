"""What LibreOffice is told of a document, and what it must not print."""

from pathlib import Path

import documents_made as made
import docx
import numpy as np
import pypdfium2
import pytest
from converter_fixtures import Convert
from docx.oxml import parse_xml

from convert import fax_tiff, t6
from convert.converter import Converter
from convert.formats import Kind
from convert.request import ConvertedFax, InvalidDocument

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def rows_of(fax: ConvertedFax) -> list[t6.Packed]:
    return [t6.decode(page.strip, page.rows) for page in fax_tiff.read(fax.path).pages]


async def text_of(converter: Converter, document: Path, kind: Kind, *, name: str = "") -> str:
    """What stands on the pages that LibreOffice makes."""
    target = document.with_name("pages.pdf")
    await converter._office.to_pdf(
        document, target, name=name or document.name, kind=kind, pages=5, seconds=30
    )
    with pypdfium2.PdfDocument(target) as pages:
        return "\n".join(page.get_textpage().get_text_range() for page in pages)


@pytest.mark.parametrize("commented", [False, True])
async def test_what_is_deleted_with_tracked_changes_is_not_printed(
    converter: Converter, tmp_path: Path, *, commented: bool
) -> None:
    letter = docx.Document()
    if commented:
        letter.add_comment(letter.add_paragraph("Note").runs, text="Really?", author="Ana", initials="A")
    who = 'w:id="1" w:author="Ana" w:date="2026-01-01T00:00:00Z"'
    changed = (
        f'<w:p xmlns:w="{WORD}"><w:r><w:t xml:space="preserve">Take </w:t></w:r>'
        f"<w:del {who}><w:r><w:delText>500</w:delText></w:r></w:del>"
        f"<w:ins {who}><w:r><w:t>50</w:t></w:r></w:ins><w:r><w:t>mg</w:t></w:r></w:p>"
    )
    letter.element.body.insert(0, parse_xml(changed))
    letter.save(str(tmp_path / "letter.docx"))
    said = (await text_of(converter, tmp_path / "letter.docx", Kind.DOCX)).split()
    assert said == ["Take", "50mg", *(["Note"] if commented else [])]


async def test_nor_what_is_deleted_in_an_opendocument_text(converter: Converter, tmp_path: Path) -> None:
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "text")
    )
    (tmp_path / "letter.fodt").write_text(
        f'<office:document {spaces} xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>'
        '<text:tracked-changes><text:changed-region text:id="c"><text:deletion><office:change-info>'
        "<dc:creator>Ana</dc:creator><dc:date>2026-01-01T00:00:00</dc:date></office:change-info>"
        "<text:p>500 </text:p></text:deletion></text:changed-region></text:tracked-changes>"
        '<text:p>Take <text:change text:change-id="c"/>50 mg</text:p></office:text></office:body>'
        "</office:document>"
    )
    assert (await text_of(converter, tmp_path / "letter.fodt", Kind.ODT)).split() == ["Take", "50", "mg"]


@pytest.mark.parametrize("switch", ["", r"\p "])
@pytest.mark.parametrize("name", ["Müller – 漢字 & (2).docx", "../../a\x01b.docx", "..", "x" * 400 + ".docx"])
async def test_a_document_that_says_its_name_says_the_senders(
    converter: Converter, tmp_path: Path, name: str, switch: str
) -> None:
    letter = docx.Document()
    field = f'<w:fldSimple xmlns:w="{WORD}" w:instr=" FILENAME {switch}"/>'
    letter.add_paragraph()._p.append(parse_xml(field))
    path = tmp_path / "letter.docx"
    letter.save(str(path))
    said = "".join((await text_of(converter, path, Kind.DOCX, name=name)).split())
    expected = {"..": "document", "../../a\x01b.docx": "....ab.docx"}.get(name, name[-200:].replace(" ", ""))
    assert said == expected


async def test_a_sheets_margins_say_its_name_and_not_our_folder(converter: Converter, tmp_path: Path) -> None:
    named = "<oddHeader>&amp;L&amp;F</oddHeader><oddFooter>&amp;L&amp;Z&amp;F</oddFooter>"
    sheet = made.xlsx(tmp_path / "Größe.xlsx", page_setup=f"<headerFooter>{named}</headerFooter>")
    said = (await text_of(converter, sheet, Kind.XLSX)).split()
    assert said.count("Größe.xlsx") == 2
    assert "document-" not in "".join(said)


async def test_values_of_several_lines_and_long_ones_stand_on_the_page(
    convert: Convert, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text('name,note\nAna,"one\ntwo\nthree\nfour"\nBob,five\n')
    (page,) = rows_of(await convert(table))
    inked = np.asarray(page[:1500].any(axis=1), np.int8)
    assert np.count_nonzero(np.diff(inked) > 0) >= 6  # each line by itself, none upon another
    table.write_text('note\n"' + "sentence after sentence " * 60 + '"\n')
    (page,) = rows_of(await convert(table))
    columns = np.flatnonzero(np.unpackbits(page[:1900], axis=1).any(axis=0))
    assert columns[-1] < 1500  # it ends before the paper does


async def test_a_table_without_a_value_is_refused(convert: Convert, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(",,,\n,,,\n")
    with pytest.raises(InvalidDocument, match="every page would be blank"):
        await convert(tmp_path / "table.csv")


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n \t"])
async def test_an_rtf_behind_a_byte_order_mark_is_read(
    convert: Convert, tmp_path: Path, before: bytes
) -> None:
    (tmp_path / "letter.rtf").write_bytes(before + rb"{\rtf1 A letter}")
    (page,) = rows_of(await convert(tmp_path / "letter.rtf"))
    assert page.any()


async def test_results_of_formulas_that_libreoffice_does_not_know_stay(
    convert: Convert, tmp_path: Path
) -> None:
    def row(*formulas: str) -> str:
        texts = zip("ABC", ("Ana", "Bob", "Cleo"), formulas, strict=True)
        cells = "".join(f'<c r="{c}4" t="str">{formula}<v>{text}</v></c>' for c, text, formula in texts)
        return f'<row r="4">{cells}</row>'

    lookup, unique = "_xlfn.XLOOKUP(1,A1:A3,A1:A3)", "_xlfn.UNIQUE(A1:A3)"
    formulas = f"<f>{lookup}</f>", f'<f t="array" ref="B4:C4">{unique}</f>', ""
    reckoned = made.xlsx(tmp_path / "reckoned.xlsx", row=row(*formulas))
    plain = made.xlsx(tmp_path / "plain.xlsx", row=row("", "", ""))
    pages = [rows_of(await convert(path))[0] for path in (reckoned, plain)]
    assert np.array_equal(pages[0], pages[1])
