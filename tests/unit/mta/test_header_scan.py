"""The few facts of a header block, and that they are found in bounded time."""

import pytest
from bounded_work import bounded_work

from mta.header_scan import HEADER_LIMIT, HeaderFacts, HeaderTooLarge, header_block, scan_header


def test_the_facts() -> None:
    message = (
        b"Received: from a\r\n\tby b\r\nReceived: from c by d\r\n"
        b"FROM: Ana\r\n Ruiz <ana@hospital.example>\r\nfrom : second\r\n"
        b"Message-Id: <1@x>\r\nMessage-ID: <2@x>\r\nDate: today\r\n"
        b"Auto-Submitted: Auto-Replied (away); x=y\r\nPrecedence:BULK\r\nList-ID: <l.x>\r\n"
        b"X-Postfax-Loop: fax.example.com\r\nX-From: other\r\n"
        b"\r\nFrom: in the body\r\nReceived: in the body\r\n"
    )
    assert scan_header(message) == HeaderFacts(
        authors=("Ana Ruiz <ana@hospital.example>", "second"),
        message_id="<1@x>",
        dated=True,
        auto_submitted="auto-replied",
        precedence="bulk",
        listed=True,
        looped=True,
        hops=2,
    )


def test_signatures_and_seals_are_seen() -> None:
    facts = scan_header(b"DKIM-Signature: v=1;\r\n b=x\r\nX-ARC-Seal: none\r\n\r\n")
    assert (facts.signed, facts.sealed) == (True, False)
    assert scan_header(b"arc-seal: i=1\r\n\r\n").sealed


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        (b"Content-Type: Multipart/Report;\r\n report-type=delivery-status; boundary=x", "multipart/report"),
        (b"content-type: multipart/report", "multipart/report"),
        (b"Content-Type: multipart/reports", ""),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\nX-Autoreply: yes", ""),
        (b"x-autoreply: yes", "X-Autoreply"),
        (b"Mailing-List: contact x@y", "Mailing-List"),
        (b"List-Unsubscribe: <mailto:x@y>\r\nList-Post: NO", "List-Post"),
    ],
)
def test_lists_and_answering_machines_and_reports_show_themselves(header: bytes, mark: str) -> None:
    assert scan_header(header + b"\r\n\r\n").programs_mark == mark


def test_a_mail_without_anything() -> None:
    assert scan_header(b"\r\nFrom: body\r\n") == HeaderFacts()
    assert scan_header(b"") == HeaderFacts()


@pytest.mark.parametrize(
    ("octets", "author"),
    [
        ("Jörg <j@x>".encode(), "Jörg <j@x>"),
        ("Jörg <j@x>".encode("cp1252"), "Jörg <j@x>"),
        (b"\x81 <j@x>", "\ufffd <j@x>"),
    ],
)
def test_eight_bit_headers_are_read(octets: bytes, author: str) -> None:
    assert scan_header(b"From: " + octets + b"\r\n\r\n").authors == (author,)


def test_the_header_has_a_limit_and_a_body_has_none() -> None:
    filler = b"X: y\r\n" * (HEADER_LIMIT // 6)
    assert header_block(filler + b"\r\n" + filler * 3) == filler
    with pytest.raises(HeaderTooLarge):
        scan_header(filler + b"X: yyyyyy\r\n\r\n")
    with pytest.raises(HeaderTooLarge):
        scan_header(filler * 2)


def test_thirty_thousand_encoded_words_cost_nothing() -> None:
    subject = b"Subject:" + b" =?utf-8?q?x?=" * 15_000 + b"\r\n"
    folded = b"From: a\r\n" + b" \r\n" * 5_000
    with bounded_work():
        scan_header(subject + b"From: a@b\r\n\r\n")
        scan_header(folded + b"\r\n")
