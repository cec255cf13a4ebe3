"""Fuzz target: addresses, as header fields have them (RFC 5322 §3.4) and as fax recipients are written."""

import re

from mta.address_field import FieldMailbox, parse_address_field
from mta.smtp.command import parse_mailbox
from submission.address import Addressee, UnknownOption, display_name, local_part_of, read_addressee
from submission.number import FaxNumber, read_number

USUAL = 400
LARGEST = 20_000

WORDS = (
    b"<", b">", b"@fax.example.com", b'"', b"\\", b"(", b")", b",", b";", b":", b"+1206555", b"00", b"011",
    b"(0)", b"FAX=", b"/T33S=", b"=?utf-8?q?", b"?=", b"/to=", b"^", b"_", b"\xc3\xb6", b"[IPv6:", b"]",
)  # fmt: skip

_REGIONS = ("US", "DE", "IT", "AR", "IN")


def check(octets: bytes) -> None:
    """Nothing raises, what was read can be written and read again, and no number is made up."""
    text = octets.decode("utf-8", errors="replace")
    elements = parse_address_field(text)
    assert len(elements) <= text.count(",") + text.count(";") + 1
    for element in elements[:10]:
        _check_element(element)
    _check_recipient(text[:1000], _REGIONS[len(octets) % len(_REGIONS)])


def _check_element(element: FieldMailbox) -> None:
    assert element.name == " ".join(element.name.split())
    if element.mailbox is None:
        return
    assert parse_mailbox(str(element.mailbox)) == element.mailbox
    quoted = re.sub(r'(["\\])', r"\\\1", element.name)
    assert parse_address_field(f'"{quoted}" <{element.mailbox}>, x@y.example') == (
        element,
        *parse_address_field("x@y.example"),
    )
    _check_recipient(str(element.mailbox), "US")


def _check_recipient(address: str, region: str) -> None:
    local_part = local_part_of(address)
    display_name(address, {address.lower(): address})
    addressee = read_addressee(local_part, region)
    if isinstance(addressee, UnknownOption):
        assert addressee.quote
        return
    if not isinstance(addressee, Addressee):
        assert addressee.explanation
        return
    number = addressee.number
    assert re.fullmatch(r"\+[1-9][0-9]{3,14}", number.e164)
    assert re.fullmatch(r"[0-9]{0,20}", addressee.subaddress)
    # The number is in the address: its last digits stand there in this order.
    assert re.sub(r"[^0-9]", "", local_part).find(number.e164[-4:]) >= 0
    again = read_number(number.e164, region)
    assert isinstance(again, FaxNumber)
    assert again == number
