"""What a document is, by its bytes.

The name is asked for one thing only: whether a text is a table of values. Untrusted input: runs in a
confined task.
"""

import re
import struct
import zipfile
from pathlib import Path

from convert.compound_file import MAGIC as COMPOUND_FILE
from convert.compound_file import CompoundFile
from convert.formats import Kind

_HEAD = 4096
_PDF_WITHIN = 1024
"""Readers accept rubbish before %PDF- (ISO 32000-1, annex H, note 13)."""

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"II+\0", Kind.TIFF),
    (b"MM\0+", Kind.TIFF),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"\x78\x9f\x3e\x22", Kind.TNEF),
    (b"Rar!\x1a\x07", Kind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (b"\x1f\x8b", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"\xfd7zXZ\0", Kind.ARCHIVE),
    (b"(\xb5/\xfd", Kind.ARCHIVE),
    (b"\x7fELF", Kind.PROGRAM),
    (b"MZ", Kind.PROGRAM),
    (b"OggS", Kind.SOUND_OR_FILM),
    (b"ID3", Kind.SOUND_OR_FILM),
    (b"fLaC", Kind.SOUND_OR_FILM),
    (b"\x1a\x45\xdf\xa3", Kind.SOUND_OR_FILM),
)
_BLANKS = b"\xef\xbb\xbf\t\n\r "
_OOXML_PART = re.compile(r"(word/document|xl/workbook|ppt/presentation|visio/document)\d*\.xml")
"""The main part; Word for the web calls it document2.xml."""
_OOXML_KINDS = {
    "word/document": Kind.DOCX,
    "xl/workbook": Kind.XLSX,
    "ppt/presentation": Kind.PPTX,
    "visio/document": Kind.VSDX,
}
_ODF_KINDS = {
    "application/vnd.oasis.opendocument.text": Kind.ODT,
    "application/vnd.oasis.opendocument.spreadsheet": Kind.ODS,
    "application/vnd.oasis.opendocument.presentation": Kind.ODP,
    "application/vnd.oasis.opendocument.graphics": Kind.ODG,
}
_PRINTER_DATA = (b"%!PS", b"\x04%!PS", b"\xc5\xd0\xd3\xc6", b"\x1b%-12345X", b"\x1bE\x1b")
"""PostScript, as Windows and DOS write it too (Adobe TN 5002 §5.2), and what HP's printers understand."""
_COMPOUND_KINDS = {
    "WordDocument": Kind.DOC,
    "Workbook": Kind.XLS,
    "Book": Kind.XLS,
    "PowerPoint Document": Kind.PPT,
    "VisioDocument": Kind.VSD,
    "__properties_version1.0": Kind.OUTLOOK,
}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"}
_LONGEST_MANIFEST = 1 << 20
_MOST_UNPACKED = 512 << 20

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|(?><!--.*?-->)\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_PART = re.compile(
    r"\s*(?:(?><!--.*?-->)\s*)*<(p|div|table|h[1-6]|ul|ol|center|font|span|title|style|section|article|main)\b",
    re.IGNORECASE | re.DOTALL,
)
"""What a program writes that leaves the frame of a page out."""
_SVG = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|(?><!--.*?-->)\s*)*(?:<!doctype\s+svg\b|<(?:\w+:)?svg\b)",
    re.IGNORECASE | re.DOTALL,
)
_XML_ROOT = re.compile(
    r"\s*(?:<\?[^>]*\?>\s*|(?><!--.*?-->)\s*)*<(?:\w+:)?(?P<name>\w+)\b(?P<said>[^>]*)>", re.DOTALL
)
_XML_HEAD = 1 << 14
"""Characters: the beginning of an OpenDocument file of one piece declares forty names."""
_ODF_TYPE = re.compile(r"""\boffice:mimetype=["']([^"']+)["']""")
_FIELD = re.compile(r"[!-9;-~]+:")
_MAIL_FIELD = re.compile(
    r"^(?:received|return-path|message-id|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE
)


def sniff(path: Path, name: str) -> Kind:
    """The kind of the document at `path`, `name` being what the sender called it.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\0" + _BLANKS):
        return Kind.EMPTY
    return _by_magic(head) or _by_container(path, head) or _by_text(path, name)


def _by_magic(head: bytes) -> Kind | None:
    for magic, kind in _MAGIC:
        if head.startswith(magic) and (kind is not Kind.PROGRAM or b"\0" in head):
            return kind
    if head[:4] == b"RIFF":
        return Kind.WEBP if head[8:12] == b"WEBP" else Kind.SOUND_OR_FILM
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Kind.BMP
    if head[4:8] == b"ftyp":
        return Kind.HEIC if head[8:12] in _HEIC_BRANDS else Kind.SOUND_OR_FILM
    return _behind_rubbish(head)


def _behind_rubbish(head: bytes) -> Kind | None:
    """What need not begin with the first octet, and what a printer's commands are around."""
    if head.lstrip(_BLANKS).startswith(b"{\\rtf"):
        return Kind.RTF
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return Kind.PDF
    return Kind.PRINTER_DATA if head.startswith(_PRINTER_DATA) else None


def _by_container(path: Path, head: bytes) -> Kind | None:
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _in_zip(path)
    return _in_compound_file(path.read_bytes()) if head.startswith(COMPOUND_FILE) else None


def _in_zip(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if "mimetype" in entries:
                return _opendocument(archive, entries)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError):
        return Kind.DAMAGED
    if "[Content_Types].xml" not in entries:
        return Kind.ARCHIVE
    if _is_swollen(entries):
        return Kind.SWOLLEN
    main = next(filter(None, map(_OOXML_PART.fullmatch, entries)), None)
    return _OOXML_KINDS[main[1]] if main else Kind.UNKNOWN


def _opendocument(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Kind:
    with archive.open("mimetype") as file:
        declared = file.read(100).decode("ascii", "replace").strip().removesuffix("-template")
    manifest = entries.get("META-INF/manifest.xml")
    if manifest and manifest.file_size < _LONGEST_MANIFEST and b"encryption-data" in archive.read(manifest):
        return Kind.PROTECTED_OFFICE
    if _is_swollen(entries):
        return Kind.SWOLLEN
    return _ODF_KINDS.get(declared, Kind.ARCHIVE)


def _is_swollen(entries: dict[str, zipfile.ZipInfo]) -> bool:
    # As the package declares: LibreOffice believes that too, and would unpack until its time is over.
    return sum(entry.file_size for entry in entries.values()) > _MOST_UNPACKED


def _in_compound_file(data: bytes) -> Kind:
    try:
        file = CompoundFile(data)
    except (ValueError, struct.error):
        return Kind.DAMAGED
    if _is_protected(file):
        return Kind.PROTECTED_OFFICE
    return next((kind for stream, kind in _COMPOUND_KINDS.items() if stream in file.streams), Kind.UNKNOWN)


def _is_protected(file: CompoundFile) -> bool:
    names = file.streams.keys()
    if names & {"EncryptedPackage", "EncryptionInfo"}:
        return True  # [MS-OFFCRYPTO] §2.3: any OOXML document
    if "PowerPoint Document" in names and "EncryptedSummary" in names:
        return True  # [MS-OFFCRYPTO] §2.3.5.4
    return _is_protected_word(file) or _is_protected_excel(file)


def _is_protected_word(file: CompoundFile) -> bool:
    # [MS-DOC] §2.5.2: FibBase.fEncrypted, the bit 0x0100 of the flags at offset 10
    head = file.head("WordDocument", 12)
    return len(head) == 12 and bool(struct.unpack_from("<H", head, 10)[0] & 0x0100)  # noqa: PLR2004


def _is_protected_excel(file: CompoundFile) -> bool:
    # [MS-XLS] §2.4.117: a FilePass record stands among the first of the globals substream
    head, place = file.head("Workbook", 4096) or file.head("Book", 4096), 0
    while place + 4 <= len(head):
        record, length = struct.unpack_from("<HH", head, place)
        if record == 0x002F:  # noqa: PLR2004 - FilePass
            return True
        place += 4 + length
    return False


def _by_text(path: Path, name: str) -> Kind:
    from convert.plain_text import decoded  # noqa: PLC0415 - nothing else needs it

    text = decoded(path.read_bytes())
    if text is None:
        return Kind.UNKNOWN
    if _SVG.match(text[:_HEAD]):
        return Kind.SVG
    if _HTML.match(text[:_HEAD]) or _is_part_of_html(text):
        return Kind.HTML
    if kind := _office_in_xml(text[:_XML_HEAD]):
        return kind
    # A memo may open with From: and Date: too; only a mail has fields that programs write.
    fields = text.lstrip("\n").partition("\n\n")[0]
    if _FIELD.match(fields) and _MAIL_FIELD.search(fields):
        return Kind.MAIL
    return Kind.CSV if name.lower().endswith((".csv", ".tsv")) else Kind.TEXT


def _office_in_xml(beginning: str) -> Kind | None:
    """What an office document is that is kept as one file of XML; None if it is none."""
    root = _XML_ROOT.match(beginning)
    if root is None:
        return None
    match root["name"]:
        case "wordDocument":
            return Kind.DOC
        case "Workbook" if "urn:schemas-microsoft-com:office:spreadsheet" in root["said"]:
            return Kind.XLS
        case "document" if declared := _ODF_TYPE.search(root["said"]):
            return _ODF_KINDS.get(declared[1].removesuffix("-template"))
    return None


def _is_part_of_html(text: str) -> bool:
    begin = _HTML_PART.match(text[:_HEAD])
    return begin is not None and f"</{begin[1].lower()}" in text.lower()
