"""The summary of a mail to many: what became of each, and what programs read."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from notice_facts import MTA, SENDER, arrived, delivery, failed, form, initial, job, policy, sent, subject

from notify.compose import compose_summary
from notify.facts import SummaryFacts
from store.job import FaxJob, Recipient
from store.outbox import NoticeKind
from store.status import Status


def summary(*jobs: FaxJob, other: bool = False, **notifications: object) -> EmailMessage:
    """The mail as its receiver parses it."""
    facts = delivery(jobs[0])
    notice = replace(
        facts.notice,
        id="summary:M7Q2:2" if other else "summary:M7Q2",
        kind=NoticeKind.SUMMARY,
        job_id="",
        success=all(each.state == sent().state for each in jobs),
    )
    user = policy(notifications=notifications)
    octets = compose_summary(
        SummaryFacts(notice=notice, mail=facts.mail, jobs=jobs, user=user), sender=SENDER, mta=MTA
    )
    parsed = message_from_bytes(octets, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


MISSED = failed(
    Status.NO_ANSWER,
    id="K7Q2-M9-2",
    position=1,
    recipient=Recipient(number="+14255550199", name="Gertrude"),
    addresses=("+14255550199@fax.example.com",),
)


def test_what_failed_comes_first_with_its_reason_and_what_to_do() -> None:
    mail = summary(sent(), MISSED)
    assert subject(mail) == "Re: Referral for Monday: fax not delivered to 1 of 2 recipients"
    text = " ".join(form(mail, "plain").split())
    assert text.startswith("The fax was not delivered to 1 of 2 recipients. Recipients 1 delivered, 1 not")
    assert text.index("Gertrude, +1 425 555 0199") < text.index("Dr. John Doe")
    assert "No Answer: nobody answered the call. Check the number" in text
    assert "Job K7Q2-M9-2, 4 calls, reference 4711" in text
    assert "4 pages, 11/23/2026 09:36 AM PST Job K7Q2-M9, 2 calls" in text


@pytest.mark.parametrize(
    ("jobs", "verdict"),
    [
        ((sent(), sent(id="B2")), "fax to 2 recipients delivered"),
        ((MISSED, failed(id="B2")), "fax to 2 recipients not delivered"),
    ],
)
def test_one_fate_is_told_in_the_subject(jobs: tuple[FaxJob, ...], verdict: str) -> None:
    assert subject(summary(*jobs)).endswith(verdict)


def test_programs_read_the_last_word_about_every_recipient() -> None:
    people, programs = summary(sent(), MISSED).iter_parts()
    assert people.get_content_type() == "multipart/alternative"
    assert programs.get_content_type() == "message/delivery-status"
    groups = [str(group) for group in programs.get_payload()]
    assert [("Action: delivered" in group, "Action: failed" in group) for group in groups] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_others_are_told_whose_fax_it_was_and_nothing_to_do() -> None:
    mail = summary(sent(), MISSED, other=True)
    assert mail.get_content_type() == "multipart/alternative"
    text = " ".join(form(mail, "plain").split())
    assert "Sender Ana Ruiz" in text
    assert "because Ana Ruiz or an administrator asked for it" in text
    assert "Check the number" not in text


def test_without_phi_nobody_is_named() -> None:
    text = form(summary(sent(), MISSED, phi_free=True), "plain")
    assert "Gertrude" not in text
    assert "Doe" not in text
    assert "Referral" not in text
    assert "+1 425 555 0199" in text


def test_the_initial_notice_promises_the_summary_where_one_comes() -> None:
    user = policy(notifications={"summary": True})
    many = [replace(job(user=user), id=f"J{number}", position=number) for number in range(11)]
    told = [" ".join(form(arrived(initial(jobs, user=user)), "plain").split()) for jobs in (many, many[:10])]
    assert "One mail tells you what became of all of them" in told[0]
    assert "Another mail tells you when each fax was delivered" in told[1]
