"""Small documents of every kind, made for tests. Each function writes one and returns its path."""

import string
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
import docx.oxml
import numpy as np
import pikepdf
from PIL import Image, ImageDraw, ImageFont

FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
LETTER, A4 = (612, 792), (595, 842)

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def pdf(path: Path, pages: Sequence[str], *, size: tuple[int, int] = LETTER, password: str = "") -> Path:
    """A page of one line for each text."""
    with pikepdf.new() as document:
        font = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
        for text in pages:
            document.add_blank_page(page_size=size)
            page = document.pages[-1]
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            content = f"BT /F1 24 Tf 72 {size[1] // 2} Td ({text}) Tj ET" if text else ""
            page.Contents = document.make_stream(content.encode())
        locked = pikepdf.Encryption(owner=password, user=password) if password else False
        document.save(path, encryption=locked)
    return path


def form_pdf(path: Path, *, listed: bool = True, button_flags: int | None = None) -> Path:
    """A page with nothing on it but a text field whose viewer shall draw its value.

    Args:
        path: Where it goes.
        listed: Whether the file has the list of its fields.
        button_flags: Of a button beneath the field; None for no button.
    """
    with pikepdf.new() as document:
        document.add_blank_page(page_size=LETTER)
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        field = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T="name",
                V="FILLED IN",
                Rect=[100, 600, 400, 640],
                DA="/Helv 24 Tf 0 g",
                F=4,
            )
        )
        fields = [field]
        if button_flags is not None:
            button = pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Btn, Ff=1 << 16,
                T="print", MK=pikepdf.Dictionary(CA="Print", BC=[0]), Rect=[100, 300, 400, 340],
                F=button_flags,
            )  # fmt: skip
            fields.append(document.make_indirect(button))
        document.pages[0].Annots = pikepdf.Array(fields)
        document.Root.AcroForm = pikepdf.Dictionary(
            Fields=fields, NeedAppearances=True, DA="/Helv 24 Tf 0 g",
            DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font)),
        )  # fmt: skip
        document.save(path)
    if not listed:
        path.write_bytes(path.read_bytes().replace(b"/AcroForm", b"/NoForm__"))
    return path


def pdf_with_file(path: Path, *, collection: dict[str, Any] | None) -> Path:
    """A page with a file attached to it; a portfolio if it has a collection."""
    pdf(path, ["The page"])
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.attachments["figures.xml"] = b"<figures/>"
        if collection is not None:
            document.Root.Collection = pikepdf.Dictionary(collection)
        document.save(path)
    return path


def empty_pdf(path: Path) -> Path:
    """A PDF without a page."""
    with pikepdf.new() as document:
        document.save(path)
    return path


def docx_letter(path: Path, text: str = "A letter", *, picture_url: str = "", font: str = "") -> Path:
    """A Word document, with a picture that is elsewhere if an address is given."""
    document = docx.Document()
    paragraph = document.add_paragraph(text)
    if font:
        paragraph.runs[0].font.name = font
    if picture_url:
        part = document.part
        number = part.relate_to(picture_url, f"{_OFFICE}/relationships/image", is_external=True)
        paragraph._p.append(docx.oxml.parse_xml(_linked_picture(number)))
    document.save(str(path))
    return path


def _linked_picture(relation: str) -> str:
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return (
        f'<w:r xmlns:w="{main}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:r="{_OFFICE}/relationships">'
        '<w:pict><v:shape style="width:100pt;height:100pt">'
        f'<v:imagedata r:id="{relation}"/></v:shape></w:pict></w:r>'
    )


def _package(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _relations(*targets: tuple[str, str]) -> str:
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _types(**parts: str) -> str:
    rows = "".join(
        f'<Override PartName="/{name.replace("__", "/")}.xml" ContentType="{kind}+xml"/>'
        for name, kind in parts.items()
    )
    default = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    )
    return f'<Types xmlns="{_PACKAGE}/content-types">{default}{rows}</Types>'


def xlsx(path: Path, *, rows: int = 3, columns: int = 1, page_setup: str = "", row: str = "") -> Path:
    """An Excel workbook of numbered rows, and a row as it is given beneath them."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    vendor = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    letters = string.ascii_uppercase[:columns]
    cells = "".join(
        f'<row r="{line}">{"".join(f"""<c r="{each}{line}"><v>{line}</v></c>""" for each in letters)}</row>'
        for line in range(1, rows + 1)
    )
    cells += row
    return _package(
        path,
        {
            "[Content_Types].xml": _types(
                xl__workbook=f"{vendor}.sheet.main", xl__worksheets__sheet1=f"{vendor}.worksheet"
            ),
            "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
            "xl/_rels/workbook.xml.rels": _relations(("worksheet", "worksheets/sheet1.xml")),
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{_OFFICE}/relationships"><sheets>'
            '<sheet name="Sheet" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">'
            f"<sheetData>{cells}</sheetData>{page_setup}</worksheet>",
        },
    )


def pptx(path: Path, *, slides: int = 2) -> Path:
    """A PowerPoint presentation of slides with a line of text each."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    main = "http://schemas.openxmlformats.org/presentationml/2006/main"
    vendor = "application/vnd.openxmlformats-officedocument.presentationml"
    names = f'xmlns:p="{main}" xmlns:a="{drawing}" xmlns:r="{_OFFICE}/relationships"'
    numbers = range(1, slides + 1)
    listed = "".join(f'<p:sldId id="{255 + number}" r:id="r{number}"/>' for number in numbers)
    parts = {
        "[Content_Types].xml": _types(
            ppt__presentation=f"{vendor}.presentation.main",
            **{f"ppt__slides__slide{number}": f"{vendor}.slide" for number in numbers},
        ),
        "_rels/.rels": _relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/_rels/presentation.xml.rels": _relations(*(("slide", f"slides/slide{n}.xml") for n in numbers)),
        "ppt/presentation.xml": f"<p:presentation {names}><p:sldIdLst>{listed}</p:sldIdLst>"
        '<p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>',
    }
    for number in numbers:
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld {names}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/>'
            "</p:nvGrpSpPr><p:grpSpPr/>"
            '<p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
            '<p:spPr><a:xfrm><a:off x="900000" y="900000"/><a:ext cx="5000000" cy="900000"/></a:xfrm>'
            '<a:prstGeom prst="rect"/></p:spPr><p:txBody><a:bodyPr/><a:p><a:r><a:rPr sz="4000"/>'
            f"<a:t>Slide {number}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
        )
    return _package(path, parts)


def odt(path: Path) -> Path:
    """An OpenDocument text of two pages."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    break_style = (
        '<office:automatic-styles><style:style style:name="P" style:family="paragraph">'
        '<style:paragraph-properties fo:break-before="page"/></style:style></office:automatic-styles>'
    )
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:text="{office}:text:1.0" '
        f'xmlns:style="{office}:style:1.0" xmlns:fo="{office}:xsl-fo-compatible:1.0" office:version="1.2">'
        f"{break_style}<office:body><office:text><text:p>One</text:p>"
        '<text:p text:style-name="P">Two</text:p></office:text></office:body></office:document-content>'
    )
    kind = "application/vnd.oasis.opendocument.text"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    return _package(path, {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def one_file_of_xml(path: Path) -> Path:
    """Two pages of Word 2003 or OpenDocument, or two sheets of Excel 2003, by the name's ending."""
    open_document, spreadsheet = "urn:oasis:names:tc:opendocument:xmlns", "urn:schemas-microsoft-com:office"
    sheet = '<Table><Row><Cell><Data ss:Type="String">Ana</Data></Cell></Row></Table>'
    content = {
        ".doc": '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body>'
        f"{'<w:p><w:r><w:t>Line</w:t></w:r></w:p>' * 60}</w:body></w:wordDocument>",
        ".xls": f'<Workbook xmlns="{spreadsheet}:spreadsheet" xmlns:ss="{spreadsheet}:spreadsheet">'
        f'<Worksheet ss:Name="a">{sheet}</Worksheet><Worksheet ss:Name="b">{sheet}</Worksheet></Workbook>',
        ".fodt": f'<office:document xmlns:office="{open_document}:office:1.0" office:version="1.2" '
        f'xmlns:text="{open_document}:text:1.0" xmlns:style="{open_document}:style:1.0" '
        f'xmlns:fo="{open_document}:xsl-fo-compatible:1.0" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>'
        '<style:style style:name="P" style:family="paragraph"><style:paragraph-properties '
        'fo:break-before="page"/></style:style></office:automatic-styles><office:body><office:text><text:p>One'
        '</text:p><text:p text:style-name="P">Two</text:p></office:text></office:body></office:document>',
    }[path.suffix]
    path.write_text(f'<?xml version="1.0"?>\n{content}')
    return path


def picture(path: Path, *, mode: str = "RGB", size: tuple[int, int] = (800, 600), **saving: Any) -> Path:
    """A picture with a word on white, saved as the path's ending says."""
    drawn = Image.new("RGB", size, "white")
    place = (size[0] // 8, size[1] // 3)
    ImageDraw.Draw(drawn).text(place, "Picture", "black", ImageFont.truetype(FACE, size[1] // 6))
    drawn.convert(mode).save(path, **saving)
    return path


def fax_tiff(path: Path, *, rows: int = 2150, pages: int = 1, dpi: tuple[int, int] = (204, 196)) -> Path:
    """A TIFF whose pages are fax pages already, inked from the first row on."""
    chance = np.random.default_rng(rows)
    frames = [Image.fromarray(chance.random((rows, 1728)) < 0.9) for _ in range(pages)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="group4", dpi=dpi)
    return path


def png_bomb(path: Path, side: int = 60_000) -> Path:
    """A PNG whose header promises more pixels than any memory holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path
