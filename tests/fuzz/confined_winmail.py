"""Fuzz target: mails with a winmail.dat (TNEF) through the confined task that takes mails apart."""

import base64

from confined_document import check_mail
from winmail_stream import LARGEST, USUAL, WORDS, with_checksums

__all__ = ["LARGEST", "USUAL", "WORDS"]

SECONDS = 60

_HEAD = (
    b"From: a@b.example\r\nTo: +12065550100@fax.example.com\r\nSubject: Referral\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
)


def check(octets: bytes) -> None:
    """It is taken apart, or refused in a sentence."""
    check_mail(_HEAD + base64.encodebytes(with_checksums(octets)))
