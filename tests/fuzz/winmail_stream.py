"""Fuzz target: a stream of TNEF, and compressed RTF, past the checksums that hide what is behind."""

import contextlib
import struct
import zlib

from mta.mime.compressed_rtf import LONGEST, DamagedRtf, uncompressed_rtf
from mta.mime.forwarded_page import forwarded_page
from mta.mime.letter import Letter
from mta.mime.outlook_letter import DamagedMessage, tnef_letter
from mta.mime.rtf_text import TooLong, rtf_text
from sandbox import Refused

USUAL = 2048
LARGEST = 30_000
WORDS = (
    b"\x78\x9f\x3e\x22\x01\x00", b"\x01\x03\x90\x06\x00", b"\x02\x02\x90\x06\x00", b"\x02\x05\x90\x06\x00",
    b"\x02\x0f\x80\x06\x00", b"\x02\x10\x80\x01\x00", b"\x01\x0c\x80\x02\x00", b"\x01\x07\x90\x06\x00",
    b"\x1f\x00\x37\x00\x01\x00\x00\x00", b"\x02\x01\x09\x10\x01\x00\x00\x00",
    b"\x02\x01\x13\x10\x01\x00\x00\x00",
    b"\x0d\x00\x01\x37\x01\x00\x00\x00", b"\x03\x00\x05\x37\x05\x00\x00\x00", b"\x40\x00\x39\x00",
    b"\x03\x10\x34\x12", b"\x1f\x00\x01\x80", b"LZFu", b"MELA", b"{\\rtf1", b"{\\fonttbl", b"\\u-10179?",
    b"\\'e4", b"\\bin9 ", b"\\htmlrtf", b"\\*\\htmltag64", b"\\fcharset204", b"\\ansicpg932",
)  # fmt: skip

_HEAD = struct.Struct("<BII")


def check(octets: bytes) -> None:
    """A letter or a sentence comes out of every stream, and a text out of every RTF."""
    for stream in (octets, with_checksums(octets)):
        try:
            letter = tnef_letter(stream)
        except (DamagedMessage, Refused):
            continue
        _check_letter(letter, 0)
    _check_rtf(octets)


def with_checksums(octets: bytes) -> bytes:
    """The stream as it would be if whoever wrote it had counted right."""
    stream, position = bytearray(octets), 6
    while position + _HEAD.size <= len(stream):
        length = _HEAD.unpack_from(stream, position)[2]
        end = position + _HEAD.size + length
        if end + 2 > len(stream):
            break
        struct.pack_into("<H", stream, end, sum(stream[position + _HEAD.size : end]) & 0xFFFF)
        position = end + 2
    return bytes(stream)


def _check_letter(letter: Letter, depth: int) -> None:
    forwarded_page(letter).encode()
    for name, text in letter.head:
        assert name
        assert text == " ".join(text.split())
    for enclosure in letter.enclosures:
        assert not set(enclosure.name) & set("/\\\x00\r\n")
        assert enclosure.media_type.count("/") == 1
        if enclosure.letter is None:
            assert enclosure.octets().startswith(enclosure.beginning)
        elif depth < 3:
            try:
                inner = enclosure.letter()
            except (DamagedMessage, Refused):
                continue
            _check_letter(inner, depth + 1)


def _check_rtf(octets: bytes) -> None:
    checksum = zlib.crc32(octets, 0xFFFFFFFF) ^ 0xFFFFFFFF
    head = struct.pack("<II4sI", len(octets) + 12, LONGEST, b"LZFu", checksum)
    with contextlib.suppress(DamagedRtf, TooLong):
        rtf_text(uncompressed_rtf(head + octets)).encode()
    rtf_text(b"{\\rtf1 " + octets).encode()
