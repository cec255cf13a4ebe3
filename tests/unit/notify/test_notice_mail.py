"""The notice as a mail: threading, marks, both forms, and what nobody may smuggle into it."""

import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notice_facts import (
    DOMAIN,
    MTA,
    SENDER,
    answered,
    arrived,
    delivery,
    failed,
    form,
    initial,
    job,
    mail,
    octets,
    phi_free,
    refused,
    sent,
    subject,
)

from notify.compose import compose_delivery
from notify.wording import one_line
from store.job import Recipient
from store.outbox import LOOP_FIELD
from store.status import Status


def test_it_stands_in_the_senders_thread_and_is_marked_as_automatic() -> None:
    notice = arrived(delivery(sent()))
    assert notice["From"] == "Postfax <postfax@fax.example.com>"
    assert notice["To"] == "ana@hospital.example"
    assert notice["Date"] == "Mon, 23 Nov 2026 17:55:00 +0000"
    assert notice["Message-ID"] == "<delivery.K7Q2-M9.notice@fax.example.com>"
    assert notice["In-Reply-To"] == "<referral.17@hospital.example>"
    assert notice["References"] == "<first@hospital.example> <referral.17@hospital.example>"
    assert notice["Auto-Submitted"] == "auto-replied"
    assert notice[LOOP_FIELD] == DOMAIN
    assert notice.get_content_type() == "multipart/report"
    people, _ = notice.iter_parts()
    assert people.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in people.iter_parts()] == ["text/plain", "text/html"]


def test_what_is_no_last_word_is_no_report() -> None:
    notice = arrived(initial([job()]))
    assert notice.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in notice.iter_parts()] == ["text/plain", "text/html"]


def test_a_repetition_is_the_same_mail_octet_for_octet() -> None:
    assert octets(delivery(sent())) == octets(delivery(sent()))


def test_it_is_plain_ascii_with_short_lines_whatever_stands_in_it() -> None:
    named = job(recipient=Recipient(number="+12065551234", name="Żółć " * 30, company="日本" * 60))
    sent_as = octets(initial([named, refused()], answering=mail(subject="Überweisung " * 20)))
    assert sent_as.isascii()
    assert max(len(line) for line in sent_as.split(b"\r\n")) <= 78
    assert b"\n" not in sent_as.replace(b"\r\n", b"")


def test_plain_text_keeps_to_72_columns() -> None:
    plain = form(arrived(initial([job(), refused(explanation="word " * 70)])), "plain")
    assert max(len(line) for line in plain.splitlines()) <= 72


def test_a_number_is_not_torn_between_two_lines() -> None:
    plain = form(
        arrived(initial([refused(explanation=f"{'x' * n} +1 206 555 1234") for n in range(30)])), "plain"
    )
    assert not re.search(r"\+1( 206( 555)?)?\n", plain)


def test_long_message_ids_stay_whole() -> None:
    long = f"<{'a' * 120}@mail.hospital.example>"
    sent_as = octets(delivery(sent(), answering=mail(message_id=long, references=(long, long))))
    assert f"In-Reply-To: {long}\r\n".encode() in sent_as
    assert f"References: {long}\r\n".encode() in sent_as


def test_a_long_thread_keeps_its_beginning_and_its_end() -> None:
    thread = tuple(f"<{number}@example.com>" for number in range(200))
    references = str(arrived(delivery(sent(), answering=mail(references=thread)))["References"]).split()
    assert len(references) == 20
    assert references[0] == "<0@example.com>"
    assert references[-2:] == ["<199@example.com>", "<referral.17@hospital.example>"]


@pytest.mark.parametrize("message_id", ["", "no brackets", "<a b@c>", "<a@b>\r\nBcc: <x@y>", "<ä@b>"])
def test_a_message_id_that_is_none_starts_no_thread(message_id: str) -> None:
    notice = arrived(delivery(sent(), answering=mail(message_id=message_id, references=())))
    assert notice["In-Reply-To"] is None
    assert notice["References"] is None
    assert notice["Bcc"] is None


@pytest.mark.parametrize(
    "own",
    [
        "Circular",
        "Circular to all of the clinics in the county",
        "w" * 110,
        "Grüße =?utf-8?q?a=0D=0Ab?= zurück",
        "=?utf-8?q?Hi=0D=0ABcc:_eve@elsewhere.example?=",
        "=?utf-8?b?8J+mig==?= as it was written",
    ],
)
def test_a_subject_is_read_as_it_was_meant(own: str) -> None:
    facts = delivery(sent(), answering=mail(subject=own))
    for address in ("ana@hospital.example", "jürgen@müller.example"):
        octets_of_it = octets(replace(facts, notice=replace(facts.notice, address=address)))
        line = re.search(rb"(?m)^Subject: (?:[^\r\n]|\r\n )*", octets_of_it)
        assert line
        assert not line[0].startswith(b"Subject: \r\n")
        read = decode_header(line[0].removeprefix(b"Subject: ").replace(b"\r\n", b"").decode("ascii"))
        text = "".join(piece if isinstance(piece, str) else piece.decode("utf-8") for piece, _ in read)
        assert text == f"Re: {own}: fax to +1 206 555 1234 delivered (4 pages)"


def test_the_language_is_told_of_every_mail() -> None:
    for told in (initial([job()]), delivery(sent()), delivery(sent(), other="desk@hospital.example")):
        assert arrived(told).get_all("Content-Language") == ["en"]


def test_an_address_outside_ascii_is_written_in_utf8() -> None:
    facts = delivery(sent())
    notice = octets(replace(facts, notice=replace(facts.notice, address="jürgen@müller.example")))
    assert "To: jürgen@müller.example\r\n".encode() in notice


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ana.@docomo.example", b'To: "ana."@docomo.example\r\n'),
        ("a..b@docomo.example", b'To: "a..b"@docomo.example\r\n'),
        ('"ana ruiz"@hospital.example', b'To: "ana ruiz"@hospital.example\r\n'),
    ],
)
def test_an_address_is_written_as_mail_servers_read_it(address: str, written: bytes) -> None:
    facts = delivery(sent())
    assert written in octets(replace(facts, notice=replace(facts.notice, address=address)))


def test_a_domain_outside_ascii_needs_no_server_that_speaks_utf8() -> None:
    facts = delivery(sent())
    notice = octets(replace(facts, notice=replace(facts.notice, address="ana@straße.example")))
    assert b"To: ana@xn--strae-oqa.example\r\n" in notice
    assert notice.isascii()


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "a\r\nBcc: x@example.com",
            "a\n\n--=_delivery.K7Q2-M9_=\n",
            "<script>alert(1)</script>",
            "\x00\x1b[2J",
            "{{7*7}}",
        ]
    ),
)


@settings(deadline=None)
@given(subject=HOSTILE, name=HOSTILE, number=HOSTILE, reference=HOSTILE, explanation=HOSTILE, csid=HOSTILE)
def test_nothing_that_others_wrote_becomes_a_header_a_part_or_markup(
    subject: str, name: str, number: str, reference: str, explanation: str, csid: str
) -> None:
    clean = arrived(delivery(sent()))
    attempts = (answered(1, Status.NEGOTIATION_FAILED, 5, remote_csid=csid),)
    hostile = failed(
        Status.NEGOTIATION_FAILED,
        recipient=Recipient(number=number, name=name),
        reference=reference,
        explanation=explanation,
        attempts=attempts,
    )
    notice = arrived(delivery(hostile, answering=mail(subject=subject)))
    assert notice.keys() == clean.keys()
    assert [part.get_content_type() for part in notice.iter_parts()] == [
        "multipart/alternative",
        "message/delivery-status",
    ]
    assert "<script" not in form(notice, "html")
    assert "\x1b" not in form(notice, "plain")


def test_the_html_fetches_nothing_and_knows_dark_mode() -> None:
    page = form(arrived(delivery(failed())), "html")
    assert '<meta name="color-scheme" content="light dark">' in page
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page
    assert not re.search(r"https?:|<img|<link|<script|@import|url\(", page)


def test_both_forms_say_the_same() -> None:
    notice = arrived(initial([job(), refused(id="B2")]))
    visible = re.sub(r"<(style|title).*?</\1>|<[^>]+>", " ", form(notice, "html"), flags=re.DOTALL)
    words = set(re.findall(r"\w+", visible.replace("&#34;", '"')))
    assert set(re.findall(r"\w+", form(notice, "plain"))) == words - {"Partly"}


def test_phi_free_leaves_out_subject_names_and_file_names() -> None:
    attempts = (answered(1, Status.NEGOTIATION_FAILED, 5, remote_csid="ST MARY ONCOLOGY"),)
    coded = {"reference": "MRN Jane Roe", "billing": "Roe"}
    notices = [
        arrived(delivery(sent(**coded), user=phi_free())),
        arrived(delivery(failed(Status.NEGOTIATION_FAILED, attempts=attempts), user=phi_free())),
        arrived(initial([job(**coded)], user=phi_free())),
        arrived(initial([refused(advice="Send scan.heic as a PDF.")], user=phi_free())),
        arrived(
            initial([job(**coded), refused(recipient=Recipient(number="John_Doe.1206"))], user=phi_free())
        ),
    ]
    for notice in notices:
        shown = "\n".join([*map(str, notice.values()), form(notice, "plain"), form(notice, "html")])
        for secret in ("Referral", "Monday", "Doe", "Acme", "scan.heic", "MARY", "Ruiz", "Hospital", "Roe"):
            assert secret not in shown
        assert "K7Q2-M9" in shown
    assert "4711" in form(notices[1], "plain")
    assert [subject(notice) for notice in notices] == [
        "Fax to +1 206 555 1234 delivered (4 pages)",
        "Fax to +1 206 555 1234 not delivered: Negotiation Failed after 4 attempts",
        "Fax to +1 206 555 1234 accepted (4 pages)",
        "Fax to +1 206 555 1234 not sent: Invalid Attachment",
        "Fax not sent to 1 of 2 recipients: Invalid Attachment",
    ]


@pytest.mark.parametrize(
    "name", ["General Hospital Fax", "Krankenhäuser, Köln: Fax", "=?x?", "a\r\nBcc: b@c.example"]
)
def test_the_name_beside_the_from_address_is_the_settings(name: str) -> None:
    mta = replace(MTA, sender_name=name)
    octets_sent = compose_delivery(delivery(sent()), sender=SENDER, mta=mta)
    parsed = message_from_bytes(octets_sent, policy=default)
    [address] = parsed["From"].addresses
    assert address.addr_spec == SENDER
    assert address.display_name == one_line(name)
    assert parsed["Bcc"] is None
