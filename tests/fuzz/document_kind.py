"""Fuzz target: what a document is, by its bytes (`convert.sniff`), beside its text if it is one."""

import tempfile
from pathlib import Path

from convert.formats import FORMATS, Kind
from convert.plain_text import decoded
from convert.sniff import sniff

USUAL = 8192
LARGEST = 200_000
WORDS = (
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"mimetype", b"[Content_Types].xml", b"word/document.xml",
    b"META-INF/manifest.xml", b"encryption-data", b"application/vnd.oasis.opendocument.text",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00",
    b"B\x00o\x00o\x00k\x00", b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00i\x00o\x00n\x00I\x00n\x00f\x00o\x00",
    b"\xfe\xff\xff\xff", b"\xff\xff\xff\xff", b"%PDF-", b"II*\x00", b"RIFF", b"WEBP", b"ftypheic",
    b"\x1f\x8b", b"\xef\xbb\xbf", b"\xff\xfe", b"<html", b"<!DOCTYPE html", b"<!--", b"<?xml ", b"From: ",
    b"Received: ", b"\n\n", b"MZ\x00",
)  # fmt: skip


def check(octets: bytes) -> None:
    """Every file is of one kind, whatever it is called, and a text of one that can be read."""
    with tempfile.TemporaryDirectory(prefix="postfax-fuzz-") as folder:
        file = Path(folder) / "document"
        file.write_bytes(octets)
        kind = sniff(file, "letter.doc")
        assert kind in FORMATS
        assert sniff(file, "table.csv") in {kind, Kind.CSV}
    if kind in {Kind.TEXT, Kind.CSV, Kind.HTML, Kind.MAIL}:
        assert decoded(octets) is not None
