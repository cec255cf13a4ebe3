"""What header lines and cover pages say of a job."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings, UserPolicy
from postfax.journey.wording import cover_facts, header_text
from store.job import FaxJob, Recipient, Wishes
from store.lifecycle import JobState
from store.mail import MailContent
from submission.printed import printed

MOMENT = datetime(2026, 11, 26, 18, 4, tzinfo=UTC)


def a_job(wishes: Wishes | None = None, cover: str = "", **groups: Any) -> FaxJob:
    groups.setdefault("datetime", {"time_zone": "America/Los_Angeles"})
    groups["fax"] = {"sender_number": "+12065550100", **groups.get("fax", {})}
    user = UserPolicy(
        name="Ana Ruiz",
        email="ana@hospital.example",
        company="General Hospital",
        departments=("Radiology", "CT"),
        settings=Settings.model_validate(groups),
    )
    return FaxJob(
        id="K7Q2-M9",
        mail_id="K7Q2-M9",
        position=0,
        state=JobState.QUEUED,
        status=None,
        explanation="",
        recipient=Recipient(number="+12065551234", name="John Doe", company="Acme", title="MD"),
        user=user,
        cover_template=cover,
        reference="4711",
        billing="R-17",
        wishes=wishes or Wishes(),
        created_at=MOMENT,
        due_at=MOMENT,
        finished_at=None,
        tries=0,
        pages_confirmed=0,
        document=None,
        cancel_requested_by="",
    )


def a_mail() -> MailContent:
    return MailContent(
        subject="Referral /ref=4711",
        message_id="",
        references=(),
        from_name="",
        to_names={},
        fields={},
        text="#fax to: John\nPlease see.\n\n-- \nAna",
        html="",
    )


def test_the_usual_header_line_says_what_the_law_asks_for() -> None:
    line = header_text(a_job(), MOMENT)
    assert line.of_page(2, 4) == ("2026-11-26 10:04 PST", "General Hospital  +12065550100", "2/4")
    assert str(line) == "2026-11-26 10:04 PST | General Hospital  +12065550100"


@pytest.mark.parametrize(
    ("pattern", "fields"),
    [
        ("{name}, {department}|{number}|{date} {time} p. {page}",
         ("Ana Ruiz, Radiology › CT", "+12065550100", "2026-11-26 10:04 p. 1")),
        ("{date} {time} {company} {number}", ("2026-11-26 10:04 General Hospital +12065550100", "", "")),
        ("{date} {time}  {reference}  {number}|{name} {job_id}|{pages}",
         ("2026-11-26 10:04  4711  +12065550100", "Ana Ruiz K7Q2-M9", "3")),
    ],
)  # fmt: skip
def test_an_own_header_line(pattern: str, fields: tuple[str, str, str]) -> None:
    assert header_text(a_job(fax={"header_line": pattern}), MOMENT).of_page(1, 3) == fields


def test_a_cover_page_says_what_is_printed_and_who_is_meant() -> None:
    job = a_job(Wishes(sender_name="Dr Ruiz"), cover="Letter Head", coverpage={"trim_signature": True})
    own = {"Letter Head": Path("/etc/postfax/letter.html")}
    settings = job.user.settings.coverpage.model_copy(update={"templates": own})
    said = printed(a_mail(), settings)
    facts = cover_facts(job, said, MOMENT)
    assert (facts.subject, facts.original_subject) == ("Referral", "Referral /ref=4711")
    assert facts.body_text.strip() == "Please see."
    assert (facts.sender.name, facts.recipient.title) == ("Dr Ruiz", "MD")
    assert (facts.reference, facts.billing, facts.zone) == ("4711", "R-17", "PST")
    assert facts.own_file == ""
