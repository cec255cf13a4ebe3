import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notice_facts import job

from config.number_text import international
from notify.recipients import lines_of, number_of, station_of
from notify.wording import lasted, one_line, reason, reply_subject, short_reason
from store.job import Recipient
from store.status import Status


@given(text=st.text(max_size=400), limit=st.integers(2, 80))
def test_no_text_breaks_out_of_its_line(text: str, limit: int) -> None:
    shown = one_line(text, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def test_lone_surrogates_do_not_reach_a_mail() -> None:
    assert one_line("a\udcff") == "a?"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+12065551234", "+1 206 555 1234"),
        ("+4930123456", "+49 30 123456"),
        ("+442079460000", "+44 20 7946 0000"),
        ("206-555", "206-555"),
        ("+999999999", "+999999999"),
    ],
)
def test_numbers_are_shown_in_international_form(number: str, shown: str) -> None:
    assert international(number) == shown


def test_what_the_sender_wrote_instead_of_a_number_is_quoted() -> None:
    refused = job(recipient=Recipient(number="John_Doe.1206"), position=2)
    assert number_of(refused, phi_free=False) == '"John_Doe.1206"'


@pytest.mark.parametrize(("written", "shown"), [("John_Doe.1206", '"1206"'), ("John_Doe", "recipient 3")])
def test_of_a_recipient_that_is_no_number_only_digits_are_free_of_phi(written: str, shown: str) -> None:
    refused = job(recipient=Recipient(number=written), position=2)
    assert number_of(refused, phi_free=True) == shown


def test_a_recipient_has_name_company_number_and_subaddress() -> None:
    faxed = job(recipient=Recipient(number="+12065551234", name="John", company="Acme", subaddress="6377"))
    assert lines_of(faxed, phi_free=False) == ("John, Acme", "+1 206 555 1234, subaddress 6377")
    assert lines_of(faxed, phi_free=True) == ("+1 206 555 1234, subaddress 6377",)


def test_a_station_that_gives_a_name_is_not_shown_without_phi() -> None:
    assert station_of("ST MARY\tONCOLOGY", phi_free=False) == "ST MARY ONCOLOGY"
    assert station_of("ST MARY ONCOLOGY", phi_free=True) == ""
    assert station_of("+1 (206) 555-1234", phi_free=True) == "+1 (206) 555-1234"


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("Referral", "Re: Referral: fax sent"),
        ("Re: AW: re:Referral", "Re: Referral: fax sent"),
        ("", "Fax sent"),
        ("Re:", "Fax sent"),
        ("two\r\nBcc: x@example.com", "Re: two Bcc: x@example.com: fax sent"),
        ("x" * 500, "Re: " + "x" * 119 + "…: fax sent"),
    ],
)
def test_the_subject_is_the_senders_own_once(original: str, expected: str) -> None:
    assert reply_subject(original, "fax sent", phi_free=False) == expected


def test_a_reason_is_the_exact_explanation_or_the_status_itself() -> None:
    exact = '"a.exe" is not a document'
    assert reason(Status.INVALID_ATTACHMENT, exact, phi_free=False) == '"a.exe" is not a document.'
    assert reason(Status.INVALID_ATTACHMENT, exact, phi_free=True) == (
        "an attachment could not be made into fax pages."
    )
    assert short_reason(Status.INVALID_ATTACHMENT, f"{exact}.", phi_free=False) == exact
    assert short_reason(Status.INVALID_ATTACHMENT, "long " * 50, phi_free=False) == "Invalid Attachment"
    assert short_reason(Status.BUSY, exact, phi_free=True) == "Busy"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (58.1, "58 s"), (59.6, "1 min"), (83, "1 min 23 s"), (3600, "1 h"), (3725, "1 h 2 min")],
)
def test_durations(seconds: float, expected: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == expected
