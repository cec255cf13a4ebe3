"""Mails that cost much to take apart, for those who do it carelessly; each is a few lines of code to make."""

from base64 import encodebytes
from collections.abc import Callable

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
    "flowed": lambda: HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 700_000,
}
