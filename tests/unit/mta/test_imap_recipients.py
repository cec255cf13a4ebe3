"""The envelope of a mail of which only the header is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.imap.recipients import FaxAddresses, envelope_of, is_bounce
from mta.imap.subject_numbers import fax_address, subject_recipients
from mta.imap.trace import header_fields
from mta.smtp.command import parse_mailbox
from store.mail import Envelope
from submission.address import local_part_of

FAX = "fax.example.com"
ANA = "ana@hospital.example"
HOP = "Received: from a by mx.hospital.example"


def envelope(*lines: str, in_subject: bool = False, mailbox: str = "fax@hospital.example") -> Envelope:
    fields = list(header_fields(("\r\n".join(lines) + "\r\n").encode()))
    return envelope_of(fields, FaxAddresses(domain=FAX, mailbox=mailbox, in_subject=in_subject), ANA)


@pytest.mark.parametrize(
    ("lines", "recipients"),
    [
        ((HOP, f"To: <+1206@{FAX}>, Bo <bo@hospital.example>", "Cc: x <2@FAX.example.com>"), ["+1206", "2"]),
        ((HOP, f"To: Fax: 1@{FAX}, 1@{FAX};", f"Cc: 2@{FAX}"), ["1", "2"]),
        ((f"X-Original-To: +1206@{FAX}", "Delivered-To: fax@x.example", HOP, f"To: 1@{FAX}"), ["+1206"]),
        ((f"Envelope-To: 3@{FAX}, 4@{FAX}", HOP, f"To: 1@{FAX}"), ["3", "4"]),
        ((f"Delivered-To: 5@{FAX}", HOP, f"To: 1@{FAX}"), ["5"]),
        (("Delivered-To: fax@hospital.example", HOP, f"To: 1@{FAX}"), ["1"]),
        # One of several copies, the one for the mailbox itself: the fax addresses have their own.
        (("X-Original-To: fax@hospital.example", HOP, f"To: fax@hospital.example, 1@{FAX}"), []),
        # Sent on: what an earlier delivery noted is no recipient.
        ((HOP, f"X-Original-To: 6@{FAX}", f"Delivered-To: 7@{FAX}", f"To: 1@{FAX}"), ["1"]),
        ((HOP, "To: fax+12065551234@Hospital.example"), ["12065551234"]),
        ((HOP, "To: fax++12065551234@hospital.example, fax+@hospital.example"), ["+12065551234"]),
        ((HOP, "To: ana+12065551234@hospital.example"), []),
        ((HOP, "To: undisclosed-recipients:;"), []),
        ((HOP, f'To: "(206) 555 1234"@{FAX}'), ['"(206) 555 1234"']),
        ((HOP, f"To: FAX=+12065551234/T33S=6377@{FAX}"), ["FAX=+12065551234/T33S=6377"]),
        ((HOP, "Subject: [FAX] 2065551234"), []),
    ],
)  # fmt: skip
def test_recipients(lines: tuple[str, ...], recipients: list[str]) -> None:
    assert envelope(*lines).recipients == tuple(f"{one}@{FAX}" for one in recipients)


def test_an_address_at_another_fax_domain_is_the_same_fax_address() -> None:
    faxes = FaxAddresses(
        domain=FAX, other_domains=("fax.example.org",), mailbox="fax@hospital.example", in_subject=False
    )
    fields = list(header_fields(b"To: +1206@Fax.Example.org, 2@fax.example.net\r\n"))
    assert envelope_of(fields, faxes, ANA).recipients == (f"+1206@{FAX}",)


def test_the_mailboxs_own_address_is_no_number() -> None:
    lines = (HOP, f"To: fax@{FAX}, fax+12065551234@{FAX}")
    for mailbox in (f"fax@{FAX}", "fax", "FAX"):
        assert envelope(*lines, mailbox=mailbox).recipients == (f"12065551234@{FAX}",)


def test_numbers_in_the_subject_count_where_there_is_no_fax_address() -> None:
    subject = "Subject: =?utf-8?B?W0ZBWF0gMjA2NTU1MTIzNCwgKzQ5MzAxMjM0NTY=?="
    assert envelope(HOP, "To: fax@hospital.example", subject, in_subject=True).recipients == (
        f"2065551234@{FAX}", f"+4930123456@{FAX}",
    )  # fmt: skip
    assert envelope(HOP, f"To: 1@{FAX}", subject, in_subject=True).recipients == (f"1@{FAX}",)


@pytest.mark.parametrize(
    ("subject", "recipients"),
    [
        ("[FAX] 2065551234, +4930123456", ["2065551234", "+4930123456"]),
        ("[fax]2065551234;2065551234 ,", ["2065551234"]),
        ("  [ FAX ]: 206 555-1234 | ", ['"206 555-1234 |"']),
        ("[FAX] (206)555.1234", ["(206)555.1234"]),
        ('[FAX] call "Bob" \\ @home', ['"call \\"Bob\\" \\\\ @home"']),
        ("[FAX] Überweisung", ['"Überweisung"']),
        ("[FAX] a\x00b", ["ab"]),
        ("[FAX]", []),
        ("[FAX] , ;", []),
        ("Re: [FAX] 2065551234", []),
        ("2065551234", []),
        ("[FAXES] 1", []),
        ("", []),
        ("[FAX] 2065551234, 4255550199 /cover=none /ref=1,2", ["2065551234", "4255550199"]),
    ],
)
def test_the_subjects_tag(subject: str, recipients: list[str]) -> None:
    assert subject_recipients(subject, FAX) == tuple(f"{one}@{FAX}" for one in recipients)


@given(st.text(min_size=1, max_size=150).map(lambda text: " ".join(text.split())).filter(bool))
def test_what_is_written_is_one_address_and_comes_to_the_submission_as_it_was(written: str) -> None:
    address = fax_address(written, FAX)
    assert address.endswith(f"@{FAX}")
    assert local_part_of(address) == "".join(c if c.isprintable() else " " for c in written)
    assert parse_mailbox(address) is not None


@given(st.text(max_size=300))
def test_any_subject_makes_addresses(subject: str) -> None:
    for address in subject_recipients(f"[FAX] {subject}", FAX):
        assert address.endswith(f"@{FAX}")


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        (("Return-Path: <b@hospital.example>", "Return-Path: <x@y.example>"), "b@hospital.example"),
        (("Return-Path: b@hospital.example",), "b@hospital.example"),
        (("Return-Path: <>",), ""),
        (("X: y",), ANA),
        (("Return-Path: what is this",), ANA),
    ],
)
def test_return_paths(lines: tuple[str, ...], path: str) -> None:
    assert envelope(*lines).return_path == path
    bounce = is_bounce(header_fields(("\r\n".join(lines) + "\r\n").encode()))
    assert bounce is (path == "")
