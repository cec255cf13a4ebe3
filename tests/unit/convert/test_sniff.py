import struct
import zipfile
from pathlib import Path

import pytest
from compound_file_made import compound_file
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.compound_file import CompoundFile
from convert.formats import FORMATS, Kind, Route
from convert.plain_text import decoded
from convert.sniff import sniff

ODF = "application/vnd.oasis.opendocument"


def kind_of(folder: Path, data: bytes, name: str = "document") -> Kind:
    path = folder / "source"
    path.write_bytes(data)
    return sniff(path, name)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", Kind.PDF),
        (b"rubbish before\n%PDF-1.4\n", Kind.PDF),
        (b"II*\0\x08\0\0\0", Kind.TIFF),
        (b"MM\0*\0\0\0\x08", Kind.TIFF),
        (b"\x89PNG\r\n\x1a\n", Kind.PNG),
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"GIF89a", Kind.GIF),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Kind.WEBP),
        (b"RIFF\x10\0\0\0WAVEfmt ", Kind.SOUND_OR_FILM),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", Kind.BMP),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", Kind.HEIC),
        (b"\0\0\0\x18ftypisom\0\0\0\0", Kind.SOUND_OR_FILM),
        (b"{\\rtf1\\ansi hello}", Kind.RTF),
        (b"\x78\x9f\x3e\x22\x01\0", Kind.TNEF),
        (b"MZ\x90\0\x03\0\0\0", Kind.PROGRAM),
        (b"\x7fELF\x02\x01\x01\0", Kind.PROGRAM),
        (b"\x1f\x8b\x08\0", Kind.ARCHIVE),
        (b"", Kind.EMPTY),
        (b" \r\n\t\n", Kind.EMPTY),
        (b"\0" * 2000, Kind.EMPTY),
        (b"<!DOCTYPE html><html><body>Hello", Kind.HTML),
        (b"\xef\xbb\xbf<!-- a note -->\n<html>", Kind.HTML),
        (b"<p>Dear Sir,</p><p>a fragment</p>", Kind.HTML),
        (b"<DIV class=x>" + b"long " * 2000 + b"</DIV>", Kind.HTML),
        (b"<p stands for a person in this text", Kind.TEXT),
        (b'<?xml version="1.0"?><order><item>1</item></order>', Kind.TEXT),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', Kind.SVG),
        (b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg/>', Kind.SVG),
        (b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>', Kind.SVG),
        (b"Received: from a by b\r\nFrom: c@d\r\nSubject: e\r\n\r\nBody", Kind.MAIL),
        (b"From: Ana\nDate: Monday\n\nPlease call back.", Kind.TEXT),
        (b"\r\n{\\rtf1\\ansi hello}", Kind.RTF),
        (b"%!PS-Adobe-3.0\nshowpage", Kind.PRINTER_DATA),
        (b"\x1b%-12345X@PJL\r\n%!PS-Adobe-3.0\n", Kind.PRINTER_DATA),
        (b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n%PDF-1.7\n", Kind.PDF),
        (b"\x1bE\x1b&l0OHello", Kind.PRINTER_DATA),
        (b"Hello\r\n\x1a", Kind.TEXT),
        (b"Hello\r\n" + b"\x1a" * 120, Kind.TEXT),
        (b"MZ is how this text begins", Kind.TEXT),
        ("Größe: 12 µm\r\n".encode(), Kind.TEXT),
        ("Größe: 12 µm\r\n".encode("cp1252"), Kind.TEXT),
        ("\ufeffGröße".encode("utf-16-le"), Kind.TEXT),
        (bytes(range(256)) * 4, Kind.UNKNOWN),
    ],
)
def test_the_bytes_tell_the_kind(tmp_path: Path, head: bytes, kind: Kind) -> None:
    assert kind_of(tmp_path, head) is kind


SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ('<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">', Kind.DOC),
        (f'<Workbook xmlns="{SPREADSHEET}">', Kind.XLS),
        (f'<ss:Workbook\n xmlns:ss="{SPREADSHEET}">', Kind.XLS),
        (f'<office:document xmlns:x="{"y" * 9000}" office:mimetype="{ODF}.text">', Kind.ODT),
        (f"<office:document office:mimetype='{ODF}.spreadsheet-template'>", Kind.ODS),
        (f'<office:document office:mimetype="{ODF}.formula">', Kind.TEXT),
        ("<Workbook>", Kind.TEXT),
        ("<document>", Kind.TEXT),
    ],
)
def test_an_office_document_may_be_one_file_of_xml(tmp_path: Path, root: str, kind: Kind) -> None:
    declared = '<?xml version="1.0"?>\n<?mso-application progid="x"?><!-- <a> -->\n'
    for encoding in ("utf-8", "utf-16"):
        data = f"{declared}{root}</x>".encode(encoding)
        assert kind_of(tmp_path, data) is kind
        binary = FORMATS[kind].load_filter_of(b"PK\3\4")
        assert (FORMATS[kind].load_filter_of(data) != binary) is (kind is not Kind.TEXT)


def test_a_great_many_comments_take_no_time(tmp_path: Path) -> None:
    assert kind_of(tmp_path, b"<!---->" * 500 + b"<order/>") is Kind.TEXT


@pytest.mark.parametrize("name", ["letter.docx", "scan.pdf", "table.csv", "run.exe"])
def test_a_name_does_not_change_what_bytes_say(tmp_path: Path, name: str) -> None:
    assert kind_of(tmp_path, b"\x89PNG\r\n\x1a\n", name) is Kind.PNG
    assert kind_of(tmp_path, bytes(range(256)), name) is Kind.UNKNOWN


def test_a_text_is_a_table_if_its_name_says_so(tmp_path: Path) -> None:
    assert kind_of(tmp_path, b"a,b\n1,2\n", "values.CSV") is Kind.CSV
    assert kind_of(tmp_path, b"a,b\n1,2\n", "values.txt") is Kind.TEXT


def in_zip(folder: Path, *entries: tuple[str, bytes]) -> bytes:
    path = folder / "made.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path.read_bytes()


TYPES = ("[Content_Types].xml", b"<Types/>")


@pytest.mark.parametrize(
    ("entries", "kind"),
    [
        ([TYPES, ("word/document.xml", b"")], Kind.DOCX),
        ([TYPES, ("word/document2.xml", b"")], Kind.DOCX),
        ([TYPES, ("word/documents.xml", b"")], Kind.UNKNOWN),
        ([TYPES, ("xl/workbook.xml", b"")], Kind.XLSX),
        ([TYPES, ("ppt/presentation.xml", b"")], Kind.PPTX),
        ([TYPES, ("visio/document.xml", b"")], Kind.VSDX),
        ([TYPES, ("xl/workbook.bin", b"")], Kind.UNKNOWN),
        ([("readme.txt", b"")], Kind.ARCHIVE),
        ([("mimetype", b"application/vnd.oasis.opendocument.text")], Kind.ODT),
        ([("mimetype", b"application/vnd.oasis.opendocument.spreadsheet-template")], Kind.ODS),
        ([("mimetype", b"application/epub+zip")], Kind.ARCHIVE),
        (
            [
                ("mimetype", b"application/vnd.oasis.opendocument.text"),
                ("META-INF/manifest.xml", b"<manifest:encryption-data/>"),
            ],
            Kind.PROTECTED_OFFICE,
        ),
    ],
)
def test_what_is_in_a_zip(tmp_path: Path, entries: list[tuple[str, bytes]], kind: Kind) -> None:
    assert kind_of(tmp_path, in_zip(tmp_path, *entries)) is kind


def test_a_broken_zip_is_damaged(tmp_path: Path) -> None:
    assert kind_of(tmp_path, b"PK\3\4" + bytes(range(200))) is Kind.DAMAGED


PLAIN_WORD = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, 0x0200)
PROTECTED_WORD = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, 0x0300)
PLAIN_EXCEL = struct.pack("<HHHH", 0x0809, 4, 0x0600, 5) + struct.pack("<HH", 0x00E1, 0)
PROTECTED_EXCEL = struct.pack("<HHHH", 0x0809, 4, 0x0600, 5) + struct.pack("<HH", 0x002F, 0)


@pytest.mark.parametrize(
    ("streams", "kind"),
    [
        ({"WordDocument": PLAIN_WORD}, Kind.DOC),
        ({"WordDocument": PROTECTED_WORD}, Kind.PROTECTED_OFFICE),
        ({"Workbook": PLAIN_EXCEL}, Kind.XLS),
        ({"Workbook": PROTECTED_EXCEL}, Kind.PROTECTED_OFFICE),
        ({"Book": PROTECTED_EXCEL}, Kind.PROTECTED_OFFICE),
        ({"PowerPoint Document": b""}, Kind.PPT),
        ({"PowerPoint Document": b"", "EncryptedSummary": b""}, Kind.PROTECTED_OFFICE),
        ({"VisioDocument": b""}, Kind.VSD),
        ({"EncryptionInfo": b"", "EncryptedPackage": b""}, Kind.PROTECTED_OFFICE),
        ({"__properties_version1.0": b""}, Kind.OUTLOOK),
        ({"Something": b""}, Kind.UNKNOWN),
    ],
)
def test_what_is_in_a_compound_file(tmp_path: Path, streams: dict[str, bytes], kind: Kind) -> None:
    assert kind_of(tmp_path, compound_file(streams)) is kind


@given(st.binary(max_size=3000), st.integers(0, 2000))
@settings(deadline=None)
def test_a_damaged_compound_file_does_no_harm(rubbish: bytes, place: int) -> None:
    data = bytearray(compound_file({"WordDocument": PLAIN_WORD, "Data": b"x"}))
    data[24 + place : 24 + place + len(rubbish)] = rubbish
    try:
        file = CompoundFile(bytes(data))
    except (ValueError, struct.error):
        return
    assert len(file.head("WordDocument", 100_000)) <= len(data)


@given(st.text())
def test_text_is_text_in_utf_8(text: str) -> None:
    plain = "".join(character for character in text if character.isprintable())
    assert decoded(plain.encode()) == plain.removeprefix("\ufeff")


def test_every_kind_has_its_way_or_its_refusal() -> None:
    assert FORMATS.keys() == set(Kind)
    for form in FORMATS.values():
        assert bool(form.refusal) == (form.route is Route.REFUSED)
        assert bool(form.load_filter) == (form.route is Route.OFFICE)


def test_a_directory_that_runs_in_a_circle_is_read_once() -> None:
    data = bytearray(compound_file({"WordDocument": PLAIN_WORD}))
    (directory,) = struct.unpack_from("<I", data, 48)
    sector_table = 512
    struct.pack_into("<I", data, sector_table + 4 * directory, directory)
    file = CompoundFile(bytes(data))
    assert "WordDocument" in file.streams
    assert len(list(file._chain(directory))) <= len(data) // 4
