"""Fuzz target: the parts of office documents through LibreOffice; the first octet says which part it is.

The package around the part is always right, so that changes do not end at a checksum.
"""

import functools
import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import documents_made as made
from confined_document import check_document

WORDS = (
    b"<w:p>", b"<w:r>", b"<w:t>", b"<w:tbl>", b"<w:tr>", b"<w:tc>", b"<w:sectPr>", b'<w:br w:type="page"/>',
    b'<w:fldSimple w:instr="DATE"/>', b"<w:pict>", b"<w:drawing>", b'w:val="99999999"', b'w:val="-1"',
    b"</w:p>", b"</w:tbl>", b'<row r="1048576">', b'<c r="XFD1" t="s">', b"<f>",
    b'<f t="array" ref="A1:A9">', b"<v>1e308</v>", b"<mergeCells>", b"<sheetView>", b"<p:sp>", b"<p:pic>",
    b"<a:t>", b"<a:tbl>", b'<a:ext cx="-1"/>', b"<text:p>", b"<table:table>",
    b'table:number-columns-repeated="1000000"', b"<draw:frame>", b"&#0;", b"&amp;", b"<![CDATA[", b"]]>",
    b"<!DOCTYPE", b"\\rtf1", b"\\par", b"\\trowd", b"\\pict\\pngblip", b"\\object", b"\\bin9 ", b"\\u-1?",
    b"{\\*", b"}",
)  # fmt: skip

_PARTS = {
    b"w": ("letter.docx", "word/document.xml"),
    b"x": ("table.xlsx", "xl/worksheets/sheet1.xml"),
    b"p": ("slides.pptx", "ppt/slides/slide1.xml"),
    b"o": ("letter.odt", "content.xml"),
}
_MAKERS: dict[str, Callable[[Path], Path]] = {
    ".docx": made.docx_letter,
    ".xlsx": made.xlsx,
    ".pptx": made.pptx,
    ".odt": made.odt,
}


def check(octets: bytes) -> None:
    """It becomes pages, or is refused in a sentence."""
    name, part = _PARTS.get(octets[:1], ("letter.rtf", ""))
    document = _package(name, part, octets[1:]) if part else b"{\\rtf1" + octets[1:]
    check_document(document, name)


def try_many(inputs: Sequence[bytes]) -> Counter[str]:
    """The same of many: one after the other, as LibreOffice takes them."""
    for octets in inputs:
        check(octets)
    return Counter({"done or refused": len(inputs)})


def _package(name: str, part: str, octets: bytes) -> bytes:
    """The package of that name with this part."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for given, content in parts_of(name).items():
            archive.writestr(given, octets if given == part else content)
    return packed.getvalue()


@functools.cache
def parts_of(name: str) -> dict[str, bytes]:
    """The parts of a sound document of that kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = _MAKERS[Path(name).suffix](Path(folder) / name)
        with zipfile.ZipFile(path) as archive:
            return {given: archive.read(given) for given in archive.namelist()}
