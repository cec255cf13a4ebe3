"""Every kind of document, and how it is made into pages: the one table.

A kind is what the bytes say (`convert.sniff`); its route says which module draws it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """How a kind becomes fax pages. `ROUTE_WORDS` says it to people."""

    PDF = "pdf"
    """`convert.pdf_pages`."""
    PICTURE = "picture"
    """`convert.image_pages`; a TIFF that is a fax already takes `convert.fax_tiff_pages`."""
    WEB = "web"
    """`convert.web_page` makes a PDF of it, which takes the PDF route."""
    OFFICE = "office"
    """LibreOffice makes a PDF of it (`convert.office`), which takes the PDF route."""
    REFUSED = "refused"


ROUTE_WORDS = {
    Route.PDF: "its scans are taken out of it, everything else is drawn by pdfium",
    Route.PICTURE: "scaled to the page; a fax page passes untouched",
    Route.WEB: "laid out by WeasyPrint, without network, then as a PDF",
    Route.OFFICE: "laid out by LibreOffice, without network, then as a PDF",
}
"""Of every route that leads to pages."""


class Kind(StrEnum):
    """What a document is."""

    PDF = "pdf"
    TIFF = "tiff"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    WEBP = "webp"
    BMP = "bmp"
    HEIC = "heic"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    VSDX = "vsdx"
    DOC = "doc"
    XLS = "xls"
    PPT = "ppt"
    VSD = "vsd"
    RTF = "rtf"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    ODG = "odg"
    HTML = "html"
    CSV = "csv"
    TEXT = "text"
    # Known, and refused by name:
    EMPTY = "empty"
    SVG = "svg"
    PROTECTED_OFFICE = "protected office"
    PRINTER_DATA = "printer data"
    MAIL = "mail"
    OUTLOOK = "outlook"
    TNEF = "tnef"
    ARCHIVE = "archive"
    PROGRAM = "program"
    SOUND_OR_FILM = "sound or film"
    SWOLLEN = "swollen"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """What is done with one kind."""

    route: Route
    words: str = ""
    """What a person calls it."""
    endings: str = ""
    """What names of such files usually end in; only ever shown."""
    load_filter: str = ""
    """Office: LibreOffice's import filter. It alone is used, so what was sniffed is what is read."""
    load_options: str = ""
    """Office: the import filter's options."""
    xml_filter: str = ""
    """Office: the import filter for such a document that is one file of XML; empty if there is none."""
    refusal: str = ""
    """Refused: why, as the end of the sentence “NAME cannot be faxed: …”."""

    def load_filter_of(self, document: bytes) -> str:
        """Office: the import filter for these octets."""
        return self.xml_filter if self.xml_filter and _MARKUP.match(document) else self.load_filter


_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<")


def _office(
    words: str, endings: str, load_filter: str, load_options: str = "", *, xml_filter: str = ""
) -> Format:
    return Format(
        route=Route.OFFICE,
        words=words,
        endings=endings,
        load_filter=load_filter,
        load_options=load_options,
        xml_filter=xml_filter,
    )


def _picture(words: str, endings: str) -> Format:
    return Format(route=Route.PICTURE, words=words, endings=endings)


def _refused(refusal: str) -> Format:
    return Format(route=Route.REFUSED, refusal=refusal)


_CSV_OPTIONS = "44,34,76,1,,0,true,false,false,false,false,-1"
"""Comma; quotation marks; UTF-8; from line 1; what is quoted is text (LibreOffice's token list)."""

FORMATS: dict[Kind, Format] = {
    Kind.PDF: Format(route=Route.PDF, words="PDF", endings=".pdf"),
    Kind.TIFF: _picture("TIFF picture", ".tif .tiff"),
    Kind.PNG: _picture("PNG picture", ".png"),
    Kind.JPEG: _picture("JPEG picture", ".jpg .jpeg"),
    Kind.GIF: _picture("GIF picture", ".gif"),
    Kind.WEBP: _picture("WebP picture", ".webp"),
    Kind.BMP: _picture("BMP picture", ".bmp"),
    Kind.HEIC: _picture("HEIC picture", ".heic .heif .avif"),
    Kind.DOCX: _office("Word document", ".docx .docm .dotx", "MS Word 2007 XML"),
    Kind.XLSX: _office("Excel workbook", ".xlsx .xlsm .xltx", "Calc MS Excel 2007 XML"),
    Kind.PPTX: _office("PowerPoint presentation", ".pptx .ppsx .potx", "Impress MS PowerPoint 2007 XML"),
    Kind.VSDX: _office("Visio drawing", ".vsdx", "Visio Document"),
    Kind.DOC: _office("Word document", ".doc .dot", "MS Word 97", xml_filter="MS Word 2003 XML"),
    Kind.XLS: _office(
        "Excel workbook", ".xls .xlt", "MS Excel 97", xml_filter="Calc MS Excel 2003 XML Orcus"
    ),
    Kind.PPT: _office("PowerPoint presentation", ".ppt .pps", "MS PowerPoint 97"),
    Kind.VSD: _office("Visio drawing", ".vsd", "Visio Document"),
    Kind.RTF: _office("RTF document", ".rtf", "Rich Text Format"),
    Kind.ODT: _office(
        "OpenDocument text", ".odt .ott .fodt", "writer8", xml_filter="OpenDocument Text Flat XML"
    ),
    Kind.ODS: _office(
        "OpenDocument spreadsheet", ".ods .ots .fods", "calc8", xml_filter="OpenDocument Spreadsheet Flat XML"
    ),
    Kind.ODP: _office(
        "OpenDocument presentation",
        ".odp .otp .fodp",
        "impress8",
        xml_filter="OpenDocument Presentation Flat XML",
    ),
    Kind.ODG: _office(
        "OpenDocument drawing", ".odg .fodg", "draw8", xml_filter="OpenDocument Drawing Flat XML"
    ),
    Kind.HTML: Format(route=Route.WEB, words="web page", endings=".html .htm .xhtml"),
    Kind.CSV: _office("table of values", ".csv .tsv", "Text - txt - csv (StarCalc)", _CSV_OPTIONS),
    Kind.TEXT: _office("text", ".txt .log .md …", "Rich Text Format"),
    Kind.EMPTY: _refused("the file is empty"),
    Kind.SVG: _refused("it is an SVG drawing, which every program draws otherwise; save it as a PDF or PNG"),
    Kind.PROTECTED_OFFICE: _refused("the document is protected with a password"),
    Kind.PRINTER_DATA: _refused(
        "it is meant for a printer (PostScript or PCL) and no document; print it to a PDF and send that"
    ),
    Kind.MAIL: _refused("a mail within a mail cannot be made into pages; attach what is in it"),
    Kind.OUTLOOK: _refused("a mail saved by Outlook cannot be made into pages; attach what is in it"),
    Kind.TNEF: _refused(
        "winmail.dat is a format that only Outlook reads; have Outlook send the mail as HTML or plain text"
    ),
    Kind.ARCHIVE: _refused("archives are not unpacked; attach the documents that are in it"),
    Kind.PROGRAM: _refused("it is a program, not a document"),
    Kind.SOUND_OR_FILM: _refused("it is sound or film, not a document"),
    Kind.SWOLLEN: _refused(
        "what is packed in it is larger than 512 MB; send a smaller part of it, or the pages as a PDF"
    ),
    Kind.DAMAGED: _refused(
        "the file is damaged, perhaps cut off on its way; save it again, or send it as a PDF"
    ),
    Kind.UNKNOWN: _refused("what the file holds is no kind of document that is known; send it as a PDF"),
}
