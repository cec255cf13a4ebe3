"""Mails that cost much to take apart, for those who do it carelessly; each is a few lines of code to make."""

import struct
import zlib
from base64 import b64encode, encodebytes
from binascii import b2a_base64
from collections.abc import Callable

from outlook_files import attached, attribute, compressed, embedded, tnef

from mta.mime.mapi import Tag

HEAD = b"From: Ana Ruiz <ana@hospital.example>\r\nTo: <+12065551234@fax.example.com>\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
MEGABYTE = 1_000_000

_PDF_HEAD = b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: "


def multiparts(depth: int) -> bytes:
    """Multiparts in multiparts."""
    opened = (
        b"Content-Type: multipart/mixed;\r\n boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(depth)
    )
    return HEAD + b"".join(opened) + b"\r\ninnermost\r\n"


def encoded_messages(depth: int) -> bytes:
    """Messages in messages, each in base64."""
    mail = b"Subject: innermost\r\n\r\ntext\r\n"
    for _ in range(depth):
        mail = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encodebytes(
            mail
        ).replace(b"\n", b"\r\n")
    return HEAD + mail


def fields_in_parts() -> bytes:
    """900 parts with 8,000 fields each."""
    return MIXED + (b"--b\r\n" + b"A:\r\n" * 8_000 + b"\r\nx\r\n") * 900 + b"--b--\r\n"


def in_parts(*octets: bytes, media_type: bytes = b"application/octet-stream") -> bytes:
    """A mail with these attachments."""
    return (
        MIXED
        + b"".join(
            b"--b\r\nContent-Type: " + media_type + b"; name=winmail.dat\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + b2a_base64(one) + b"\r\n"
            for one in octets
        )
        + b"--b--\r\n"
    )


def tnef_in_tnef(depth: int) -> bytes:
    """Messages of Outlook in one another."""
    stream = tnef({Tag.BODY: "innermost"})
    for _ in range(depth):
        stream = tnef({}, [embedded(stream, "inner")])
    return in_parts(stream)


def rtf_that_grows() -> bytes:
    """1 MB of references to the last octet, each of which stands for 17."""
    content, length = bytearray(), 207
    for _ in range(60_000):
        content.append(0xFF)
        for _ in range(8):
            content += struct.pack(">H", (length - 1) % 4096 << 4 | 15)
            length += 17
    checksum = zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF
    head = struct.pack("<II4sI", len(content) + 12, 7_900_000, b"LZFu", checksum)
    return in_parts(tnef({Tag.COMPRESSED_RTF: head + bytes(content)}))


def picture_shown_often() -> bytes:
    """Forwarded mails that show a picture of theirs as often as a picture is shown."""
    picture = b64encode(b"\x89PNG" + bytes(40_000))
    html = b"Content-Type: text/html\r\n\r\n" + b'<img src="cid:p">' * 190
    related = (
        b"Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\n"
        + html
        + b"\r\n--r\r\nContent-Type: image/png\r\nContent-ID: <p>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + picture + b"\r\n--r--\r\n"
    )
    return MIXED + (b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + related) * 200 + b"--b--\r\n"


def octets_in_octets() -> bytes:
    """A signature around a content in pieces of nothing."""
    head = bytes.fromhex("308006092a864886f70d010702a08030800201013100308006092a864886f70d010701a0802480")
    return (
        HEAD
        + b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + (b2a_base64(head + b"\x04\0" * (10 * MEGABYTE)))
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    "100000-parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n",
    "30000-encoded-words": lambda: HEAD + b"Subject:" + b" =?utf-8?q?x?=\r\n" * 30_000 + b"\r\nx\r\n",
    "15000-encoded-words": lambda: HEAD + b"Subject:" + b" =?utf-8?q?x?=\r\n" * 15_000 + b"\r\nx\r\n",
    "3000-multiparts": lambda: multiparts(3000),
    "50-multiparts-and-dashes": lambda: multiparts(50) + b"--\r\n" * (4 * MEGABYTE),
    "3000-messages": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"\r\nx\r\n",
    "25-messages-in-base64": lambda: encoded_messages(25),
    "header-of-50-MB": lambda: HEAD + b"X: " + b"x" * (50 * MEGABYTE) + b"\r\n\r\nx\r\n",
    "line-of-100-MB": lambda: HEAD + b"\r\n" + b"x" * (100 * MEGABYTE) + b"\r\n",
    "line-of-40-MB": lambda: HEAD + b"\r\n" + b"x" * (40 * MEGABYTE) + b"\r\n",
    "million-fields": lambda: b"X: y\r\n" * MEGABYTE + HEAD + b"\r\nx\r\n",
    "fields-in-parts": fields_in_parts,
    "7-million-empty-lines": lambda: HEAD + b"\r\n" + b"\r\n" * (7 * MEGABYTE),
    "uuencode-that-grows": lambda: (
        MIXED + _PDF_HEAD + b"x-uuencode\r\n\r\nbegin 644 x\r\n" + b"M\r\n" * (6 * MEGABYTE)
    ),
    "base64-in-short-lines": lambda: (
        MIXED + _PDF_HEAD + b"base64\r\n\r\n" + b"eA\r\n" * (4 * MEGABYTE) + b"--b--\r\n"
    ),
    "parameters": lambda: (
        MIXED + b"--b\r\nContent-Type: a/b; x=" + b'";' * 120_000 + b"\r\n\r\nx\r\n--b--\r\n"
    ),
    "15-messages-of-outlook": lambda: tnef_in_tnef(15),
    "winmail-of-many-attributes": lambda: in_parts(b"\x78\x9f\x3e\x22\1\0" + (b"\2" + bytes(10)) * 3_000_000),
    "winmail-of-many-attachments": lambda: in_parts(tnef({}, [attached({Tag.METHOD: 1}, b"x")] * 5000)),
    "winmail-of-many-properties": lambda: in_parts(
        tnef(
            before=attribute(
                1, 0x00069003, struct.pack("<I", 4_000_000) + bytes.fromhex("0300370001000000") * 4_000_000
            )
        )
    ),
    "rtf-that-grows": rtf_that_grows,
    "rtf-of-braces": lambda: in_parts(tnef({Tag.COMPRESSED_RTF: compressed(b"{\\rtf1" + b"{}" * 3_000_000)})),
    "picture-shown-often": picture_shown_often,
    "900-forwarded-messages": lambda: (
        MIXED + b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n" * 900 + b"--b--\r\n"
    ),
    "signature-in-pieces": octets_in_octets,
    "flowed": lambda: HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 700_000,
}
