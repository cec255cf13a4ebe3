"""What a transmission report claims: what the calls showed, and no more."""

import re
from dataclasses import replace

import pytest
from notice_facts import answered, arrived, attempt, delivery, failed, form, policy, sent

from notify.facts import DeliveryFacts, SentDocument
from notify.transmission_report import report_html, report_name
from store.job import Recipient
from store.lifecycle import JobState
from store.status import Status

DOCUMENT = SentDocument(sha256="ab" * 32, octets=61_234)


def said(facts: DeliveryFacts, document: SentDocument | None = DOCUMENT, *, picture: bool = True) -> str:
    html = report_html(facts, document, picture=picture, domain="fax.example.com")
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def test_a_delivered_fax_was_confirmed_and_nothing_is_claimed_of_its_reader() -> None:
    text = said(delivery(sent()))
    assert "The fax from Ana Ruiz to +1 206 555 1234 was transmitted: 4 of 4 pages confirmed." in text
    assert "confirmed every page after it had received it" in text
    assert "It does not show whose machine it is" in text
    assert "Error correction (ECM) was in use" in text
    assert "2 11/23/2026 09:35 AM PST +1 206 555 1234 Success 4 / 4 58 s T.38, 14400 bit/s" in text
    assert f"SHA-256 {DOCUMENT.sha256}" in text


def test_without_error_correction_it_says_what_may_be_damaged() -> None:
    attempts = (answered(1, Status.SUCCESS, 58, pages_confirmed=4, ecm=False),)
    assert "single lines of a page may be damaged" in said(delivery(sent(attempts=attempts)))


def test_a_broken_fax_claims_the_confirmed_pages_alone() -> None:
    attempts = (answered(1, Status.TRANSMISSION_FAILED, 83, pages_confirmed=2),)
    broken = failed(Status.TRANSMISSION_FAILED, pages_confirmed=2, attempts=attempts, tries=1)
    text = said(delivery(broken))
    assert "was not transmitted completely: Transmission Failed, 2 of 4 pages confirmed." in text
    assert "confirmed 2 of 4 pages" in text
    assert "Nothing shows that the others reached it." in text
    assert "every page" not in text


def test_a_fax_that_was_continued_says_which_pages_each_call_brought_over() -> None:
    rest = replace(answered(2, Status.SUCCESS, 30, pages_confirmed=2), first_page=2)
    attempts = (answered(1, Status.TRANSMISSION_FAILED, 83, pages_confirmed=2), rest)
    text = said(delivery(sent(attempts=attempts)))
    assert "Transmission Failed 2 / 4 1 min 23 s" in text
    assert "Success 3–4 / 4 30 s" in text
    assert "The pages went over in more than one call" in text
    told = form(arrived(delivery(sent(attempts=attempts))), "plain")
    assert "Success, pages 3 to 4 of 4, 30 s" in told


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_without_a_confirmation_nothing_reached_anybody(state: JobState) -> None:
    text = said(delivery(failed(state=state, attempts=(attempt(1, Status.BUSY),))))
    assert "No page was confirmed. Nothing shows that a page reached anybody." in text


def test_phi_free_leaves_out_names_subject_header_line_and_picture() -> None:
    coded = sent(reference="MRN Jane Roe", billing="Roe")
    facts = delivery(coded, user=policy(notifications={"phi_free": True}))
    html = report_html(facts, DOCUMENT, picture=True, domain="fax.example.com")
    assert "<img" not in html
    for private in ("Ruiz", "Doe", "Acme", "Referral", "Header line", "hospital.example", "Roe"):
        assert private not in html
    assert "+1 206 555 1234" in html


def test_pages_that_are_gone_leave_no_fingerprint() -> None:
    text = said(delivery(sent()), None, picture=False)
    assert "SHA-256" not in text
    assert "The pages are not kept any more" in text


def test_what_people_wrote_is_no_markup_and_the_file_is_named_by_the_job() -> None:
    nasty = sent(recipient=Recipient(number="+12065551234", name='<img src="file:///etc/passwd">'))
    facts = delivery(nasty, user=policy(custom_fields={"cost_center": "R-17"}))
    html = report_html(facts, DOCUMENT, picture=False, domain="fax.example.com")
    assert "<img" not in html
    assert "cost_center" in html
    assert report_name(nasty) == "fax-K7Q2-M9-report.pdf"
