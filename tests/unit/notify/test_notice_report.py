"""The notice as a delivery status notification, as a program parses it."""

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, message_from_string
from email.message import EmailMessage, Message
from email.policy import HTTP, default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notice_facts import (
    ADDRESS,
    MTA,
    answered,
    arrived,
    attempt,
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
)

from notify.delivery_status import delivery_status
from notify.facts import DeliveryFacts, InitialFacts
from notify.returned_mail import FULL_LIMIT, HEADERS_LIMIT, octets_needed
from store.job import FaxJob, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, NoticeRequest, NotifyOn, ReceivedMail, ReturnContent
from store.status import Status

HEADERS = b"From: ana@hospital.example\r\nSubject: Referral for Monday\r\n"
ORIGINAL = HEADERS + b"\r\nDear Dr. Doe,\r\n.\r\n"
NEVER = frozenset({NotifyOn.NEVER})


def answering(
    *addresses: str,
    envelope_id: str = "",
    return_content: ReturnContent | None = None,
    requests: Mapping[str, NoticeRequest] | None = None,
) -> ReceivedMail:
    return mail(
        envelope=Envelope(
            return_path="ana@hospital.example",
            recipients=addresses or (ADDRESS,),
            envelope_id=envelope_id,
            return_content=return_content,
            notice_requests=requests or {},
        )
    )


def parts(facts: InitialFacts | DeliveryFacts) -> list[Message]:
    notice = arrived(facts)
    assert notice.get_content_type() == "multipart/report"
    assert notice.get_param("report-type") == "delivery-status"
    assert not notice.defects
    return list(notice.iter_parts())


def groups(facts: InitialFacts | DeliveryFacts) -> list[dict[str, str]]:
    """The groups of fields of the part that programs read: the mail's and one for each address."""
    payload: list[Message] = parts(facts)[1].get_payload()  # type: ignore[assignment]  # of this type it is one
    assert not any(group.defects for group in payload)
    return [dict(group.items()) for group in payload]


def test_a_delivered_fax() -> None:
    asked = NoticeRequest(
        notify=frozenset({NotifyOn.SUCCESS}), original_recipient="rfc822;+12065551234@fax.example.com"
    )
    facts = delivery(sent(), answering=answering(envelope_id="QQ314159", requests={ADDRESS: asked}))
    assert groups(facts) == [
        {
            "Reporting-MTA": "dns; mx1.fax.example.com",
            "Original-Envelope-Id": "QQ314159",
            "Arrival-Date": "Mon, 23 Nov 2026 17:25:00 +0000",
        },
        {
            "Original-Recipient": "rfc822; +12065551234@fax.example.com",
            "Final-Recipient": "rfc822; +12065551234@fax.example.com",
            "Action": "delivered",
            "Status": "2.1.5",
            "Last-Attempt-Date": "Mon, 23 Nov 2026 17:36:04 +0000",
            "Final-Log-ID": "K7Q2-M9",
        },
    ]


def test_a_failed_fax_names_status_and_codes() -> None:
    attempts = tuple(attempt(n, Status.BUSY, sip_code=486, q850_cause=17) for n in range(1, 5))
    message, recipient = groups(delivery(failed(attempts=attempts)))
    assert message.keys() == {"Reporting-MTA", "Arrival-Date"}
    assert recipient == {
        "Final-Recipient": "rfc822; +12065551234@fax.example.com",
        "Action": "failed",
        "Status": "4.4.1",
        "Diagnostic-Code": "X-Fax; BUSY (SIP 486, Q.850 17)",
        "Last-Attempt-Date": "Mon, 23 Nov 2026 17:45:12 +0000",
        "Final-Log-ID": "K7Q2-M9",
        "X-Supplementary-Info": (
            "The line was busy. Send it again later, or ask the other side for a second number."
        ),
    }


def test_an_attempt_that_was_cut_off_and_a_cancelled_job() -> None:
    cut_off = replace(attempt(1, Status.BUSY, sip_code=486), outcome=None, interrupted=True)
    cancelled = failed(Status.JOB_CANCELLED, state=JobState.CANCELLED, attempts=(cut_off,), tries=0)
    _, recipient = groups(delivery(cancelled))
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.0.0")
    assert recipient["Diagnostic-Code"] == "X-Fax; Job Cancelled"
    assert recipient["Last-Attempt-Date"] == "Mon, 23 Nov 2026 17:30:00 +0000"


def test_the_codes_of_a_call_do_not_stand_behind_another_status() -> None:
    attempts = (attempt(1, Status.BUSY, sip_code=486),)
    _, recipient = groups(delivery(failed(Status.BLOCKED, attempts=attempts)))
    assert recipient["Diagnostic-Code"] == "X-Fax; Blocked"


def test_a_failed_initial_notice_reports_on_the_refused_alone() -> None:
    second = "John_Doe.1206@fax.example.com"
    wrong = refused(
        id="C3",
        addresses=(second,),
        recipient=Recipient(number="John_Doe.1206"),
        status=Status.INVALID_FAX_NUMBER,
        explanation='"John_Doe.1206" is not a complete fax number.',
    )
    _, *recipients = groups(initial([job(), wrong], answering=answering(ADDRESS, second)))
    assert recipients == [
        {
            "Final-Recipient": "rfc822; John_Doe.1206@fax.example.com",
            "Action": "failed",
            "Status": "5.1.3",
            "Diagnostic-Code": "X-Fax; Invalid Fax Number",
            "Final-Log-ID": "C3",
            "X-Supplementary-Info": (
                '"John_Doe.1206" is not a complete fax number. '
                "Write the number with its country code, for example +12065550100."
            ),
        }
    ]


def test_a_recipient_whose_failure_is_not_wanted_is_told_to_people_alone() -> None:
    only_success = {ADDRESS: NoticeRequest(notify=frozenset({NotifyOn.SUCCESS}))}
    facts = initial([refused(), job(id="B2", addresses=())], answering=answering(requests=only_success))
    assert arrived(facts).get_content_type() == "multipart/alternative"
    assert "+1 206 555 1234" in form(arrived(facts), "plain")


def test_each_address_of_a_number_has_its_group_unless_it_is_never() -> None:
    addresses = (ADDRESS, "206-555-1234@fax.example.com", "12065551234@fax.example.com")
    facts = delivery(
        sent(addresses=addresses),
        answering=answering(*addresses, requests={addresses[1]: NoticeRequest(notify=NEVER)}),
    )
    _, *recipients = groups(facts)
    assert [group["Final-Recipient"] for group in recipients] == [
        f"rfc822; {addresses[0]}",
        f"rfc822; {addresses[2]}",
    ]


def test_a_job_of_an_older_book_is_named_by_its_number() -> None:
    _, recipient = groups(delivery(sent(addresses=())))
    assert recipient["Final-Recipient"] == "rfc822; +12065551234@fax.example.com"


def test_an_address_beyond_ascii_is_written_in_the_form_for_seven_bits() -> None:
    address = "Jürgen+1@fax.example.com"
    asked = {address: NoticeRequest(original_recipient=f"utf-8;{address}")}
    facts = initial([refused(addresses=(address,))], answering=answering(address, requests=asked))
    _, recipient = groups(facts)
    assert recipient["Final-Recipient"] == r"utf-8; J\x{FC}rgen\x{2B}1@fax.example.com"
    assert recipient["Original-Recipient"] == recipient["Final-Recipient"]
    assert octets(facts).isascii()


def test_no_address_makes_a_line_that_smtp_cannot_carry() -> None:
    address = f"12065551234/to={'漢' * 150}@fax.example.com"
    original = NoticeRequest(original_recipient=f"utf-8;{'漢' * 150}@elsewhere.example")
    answered_mail = answering(address, requests={address: original})
    notice = octets(delivery(sent(addresses=(address,)), answering=answered_mail))
    assert max(map(len, notice.split(b"\r\n"))) <= 998
    assert b"Final-Recipient: rfc822; +12065551234@fax.example.com\r\n" in notice
    assert b"Original-Recipient" not in notice


def test_an_original_recipient_of_another_network_stays_as_it_is() -> None:
    asked = {ADDRESS: NoticeRequest(original_recipient="x400; /c=us/s=doe")}
    _, recipient = groups(delivery(sent(), answering=answering(requests=asked)))
    assert recipient["Original-Recipient"] == "x400; /c=us/s=doe"


# --- What is returned ---------------------------------------------------------------------------------------


def returned(facts: InitialFacts | DeliveryFacts) -> Message | None:
    _, _, *rest = parts(facts)
    return rest[0] if rest else None


def content(part: Message | None) -> bytes:
    assert part
    decoded = part.get_payload(decode=True)
    assert isinstance(decoded, bytes)
    return decoded


@pytest.mark.parametrize("wanted", [None, ReturnContent.HEADERS])
@pytest.mark.parametrize("finished", [sent(), failed()])
def test_the_header_block_is_returned(finished: FaxJob, wanted: ReturnContent | None) -> None:
    part = returned(delivery(finished, answering=answering(return_content=wanted), original=ORIGINAL))
    assert part
    assert part.get_content_type() == "text/rfc822-headers"
    assert content(part) == HEADERS


def test_a_success_returns_no_more_than_headers() -> None:
    full = answering(return_content=ReturnContent.FULL)
    part = returned(delivery(sent(), answering=full, original=ORIGINAL))
    assert part
    assert part.get_content_type() == "text/rfc822-headers"


@pytest.mark.parametrize("original", [ORIGINAL, ORIGINAL + "Grüße\r\n".encode()])
def test_a_failure_returns_the_whole_mail_if_asked_to(original: bytes) -> None:
    full = answering(return_content=ReturnContent.FULL)
    for facts in (
        delivery(failed(), answering=full, original=original),
        initial([refused()], answering=full, original=original),
    ):
        part = returned(facts)
        assert part
        assert part.get_content_type() == "message/rfc822"
        inner = part.get_payload(0)
        assert isinstance(inner, EmailMessage)
        assert inner["Subject"] == "Referral for Monday"
        assert b"\r\n\r\n" + original + b"\r\n--" in octets(facts)
        encoding = "7bit" if original.isascii() else "8bit"
        assert part["Content-Transfer-Encoding"] == encoding
        assert (arrived(facts)["Content-Transfer-Encoding"] or "7bit") == encoding


@pytest.mark.parametrize(
    "body",
    [b"x" * FULL_LIMIT, b"x" * 999 + b"\r\n", b"a\0b\r\n", b"a\nb\r\n", b"a\rb\r\n"],
    ids=["too large", "long line", "NUL", "bare LF", "bare CR"],
)
def test_what_cannot_be_sent_is_returned_as_headers(body: bytes) -> None:
    full = answering(return_content=ReturnContent.FULL)
    original = HEADERS + b"\r\n" + body
    part = returned(delivery(failed(), answering=full, original=original[: FULL_LIMIT + 1]))
    assert part
    assert part.get_content_type() == "text/rfc822-headers"
    assert content(part) == HEADERS


@pytest.mark.parametrize("field", ["Subject: Grüße\r\n".encode(), b"Subject: " + b"x " * 600 + b"\r\n"])
def test_a_header_block_that_is_not_legal_is_encoded(field: bytes) -> None:
    facts = delivery(failed(), original=field + HEADERS + b"\r\nbody\r\n")
    part = returned(facts)
    assert part
    assert part["Content-Transfer-Encoding"] == "quoted-printable"
    assert content(part) == field + HEADERS
    assert octets(facts).isascii()
    assert max(map(len, octets(facts).split(b"\r\n"))) <= 78


def test_a_mail_that_is_nothing_but_a_header_block() -> None:
    assert content(returned(delivery(failed(), original=HEADERS))) == HEADERS


def test_a_body_cannot_end_the_part_that_it_is_returned_in() -> None:
    boundary = b"--=_delivery.K7Q2-M9.report_=\r\n\r\nforged\r\n"
    full = answering(return_content=ReturnContent.FULL)
    facts = delivery(failed(), answering=full, original=ORIGINAL + boundary)
    assert [part.get_content_type() for part in parts(facts)] == [
        "multipart/alternative",
        "message/delivery-status",
        "message/rfc822",
    ]
    assert octets(facts) == octets(facts)


def test_no_more_of_a_mail_is_read_than_is_returned() -> None:
    full, headers = ReturnContent.FULL, ReturnContent.HEADERS
    assert octets_needed(full, success=False, phi_free=False) == FULL_LIMIT + 1
    assert octets_needed(full, success=True, phi_free=False) == HEADERS_LIMIT
    assert octets_needed(headers, success=False, phi_free=False) == HEADERS_LIMIT
    assert octets_needed(None, success=False, phi_free=False) == HEADERS_LIMIT
    assert octets_needed(full, success=False, phi_free=True) == 0


# --- What may not be told -----------------------------------------------------------------------------------


def test_phi_free_names_nobody_and_returns_nothing() -> None:
    named = "John_Doe.12065551234@fax.example.com"
    full = answering(
        named,
        return_content=ReturnContent.FULL,
        requests={named: NoticeRequest(original_recipient=f"rfc822;{named}")},
    )
    attempts = (answered(1, Status.NEGOTIATION_FAILED, 5, remote_csid="ST MARY ONCOLOGY"),)
    notices: list[InitialFacts | DeliveryFacts] = [
        delivery(
            failed(attempts=attempts, addresses=(named,)), answering=full, original=ORIGINAL, user=phi_free()
        ),
        initial([refused(addresses=(named,))], answering=full, original=ORIGINAL, user=phi_free()),
    ]
    for facts in notices:
        assert len(parts(facts)) == 2
        _, recipient = groups(facts)
        assert "Original-Recipient" not in recipient
        assert recipient["Final-Recipient"] == "rfc822; +12065551234@fax.example.com"
        for secret in (b"Doe", b"Referral", b"scan", b"MARY"):
            assert secret not in octets(facts)


def test_phi_free_tells_an_address_that_can_name_nobody() -> None:
    asked = {"206-555-1234@fax.example.com": NoticeRequest(original_recipient=f"rfc822;{ADDRESS}")}
    facts = delivery(
        sent(addresses=tuple(asked)), answering=answering(*asked, requests=asked), user=phi_free()
    )
    _, recipient = groups(facts)
    assert recipient["Final-Recipient"] == "rfc822; 206-555-1234@fax.example.com"
    assert recipient["Original-Recipient"] == f"rfc822; {ADDRESS}"


@pytest.mark.parametrize(("written", "told"), [("John_Doe.1206", "1206"), ("John_Doe", "recipient-1")])
def test_phi_free_tells_of_what_is_no_number_its_digits_alone(written: str, told: str) -> None:
    wrong = refused(recipient=Recipient(number=written), addresses=(f"{written}@fax.example.com",))
    _, recipient = groups(initial([wrong], user=phi_free()))
    assert recipient["Final-Recipient"] == f"rfc822; {told}@fax.example.com"


TEXT = st.text(max_size=80)


@settings(deadline=None)
@given(envelope_id=TEXT, original=TEXT, address=TEXT, explanation=TEXT, free=st.booleans())
def test_nothing_that_others_wrote_ends_a_field(
    envelope_id: str, original: str, address: str, explanation: str, *, free: bool
) -> None:
    asked = {address: NoticeRequest(original_recipient=original)}
    status = delivery_status(
        answering(address, envelope_id=envelope_id, requests=asked),
        [refused(addresses=(address,), explanation=explanation, recipient=Recipient(number=address))],
        mta=MTA,
        phi_free=free,
    )
    assert status.isascii()
    assert all(line == "" or line.isprintable() for line in status.split("\r\n"))
    message, recipient = (
        message_from_string(group, policy=default).keys() for group in status.split("\r\n\r\n")
    )
    assert set(message) <= {"Reporting-MTA", "Original-Envelope-Id", "Arrival-Date"}
    assert set(recipient) <= {
        "Original-Recipient",
        "Final-Recipient",
        "Action",
        "Status",
        "Diagnostic-Code",
        "Final-Log-ID",
        "X-Supplementary-Info",
    }
    assert len(recipient) == len(set(recipient))


@settings(deadline=None)
@given(original=st.binary(max_size=300), wanted=st.sampled_from([None, *ReturnContent]))
def test_whatever_was_received_the_report_has_its_parts(
    original: bytes, wanted: ReturnContent | None
) -> None:
    sent_as = octets(
        delivery(failed(), answering=answering(return_content=wanted), original=HEADERS + b"\r\n" + original)
    )
    assert b"\n" not in sent_as.replace(b"\r\n", b"")
    assert b"\r" not in sent_as.replace(b"\r\n", b"")
    parsed = message_from_bytes(sent_as, policy=HTTP)
    assert len(list(parsed.iter_parts())) == 3
