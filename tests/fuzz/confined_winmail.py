"""Fuzz target: mails with a winmail.dat (TNEF) through the confined task that takes mails apart."""

import base64
from collections import Counter
from collections.abc import Sequence

from confined_document import check_mail, try_mails
from winmail_stream import WORDS, with_checksums

__all__ = ["WORDS"]

_HEAD = (
    b"From: a@b.example\r\nTo: +12065550100@fax.example.com\r\nSubject: Referral\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
)


def check(octets: bytes) -> None:
    """It is taken apart, or refused in a sentence."""
    check_mail(_mail(octets))


def try_many(inputs: Sequence[bytes]) -> Counter[str]:
    """The same of many, and how often they came to what."""
    return try_mails([_mail(octets) for octets in inputs])


def _mail(octets: bytes) -> bytes:
    return _HEAD + base64.encodebytes(with_checksums(octets))
