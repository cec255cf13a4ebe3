"""What the notices say, read from the mail as a person's client would show it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from notice_facts import (
    ADDRESS,
    ARRIVED,
    alert,
    answered,
    arrived,
    attempt,
    delivery,
    document,
    failed,
    form,
    initial,
    job,
    mail,
    octets,
    phi_free,
    policy,
    refused,
    sent,
    subject,
)

from config.fax import FaxSettings
from config.notifications import NoticeSwitches, NotificationSettings
from notify.facts import AlertFacts, DeliveryFacts, InitialFacts
from store.job import FaxJob, Priority, Recipient, Wishes
from store.lifecycle import JobState
from store.mail import Envelope, NoticeRequest, NotifyOn
from store.status import Status


def text(facts: InitialFacts | DeliveryFacts | AlertFacts) -> str:
    return form(arrived(facts), "plain")


DELIVERED = """\
Your fax to +1 206 555 1234 was delivered: the receiving machine
confirmed all 4 pages.

Recipient       Dr. John Doe, Acme Clinic
                +1 206 555 1234
Status          Success
Pages           4 of 4 confirmed, cover page included
Delivered       11/23/2026 09:36 AM PST
Took            58 s
Remote station  +1 206 555 1234
Reference       4711
Subject         Referral for Monday
Job             K7Q2-M9

Attempts
  1. 11/23/2026 09:30 AM PST  BUSY
  2. 11/23/2026 09:35 AM PST  Success, 4 of 4 pages, 58 s
     T.38, 14400 bit/s, ECM, MMR

--{space}
Written by the fax service of fax.example.com. Nobody reads answers to
this mail.
""".format(space=" ")


def test_a_delivered_fax() -> None:
    assert text(delivery(sent())) == DELIVERED


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        (sent(), "fax to +1 206 555 1234 delivered (4 pages)"),
        (
            sent(document=document(1), pages_confirmed=1),
            "fax to +1 206 555 1234 delivered (1 page)",
        ),
        (failed(), "fax to +1 206 555 1234 not delivered: Busy after 4 attempts"),
        (
            failed(Status.OPERATOR_MESSAGE, tries=1, attempts=(attempt(1, Status.OPERATOR_MESSAGE),)),
            "fax to +1 206 555 1234 not delivered: Sit-Tone / Operator Msg after 1 attempt",
        ),
        (
            failed(Status.BLOCKED, tries=0, attempts=()),
            "fax to +1 206 555 1234 not delivered: Blocked",
        ),
        (
            failed(Status.JOB_CANCELLED, state=JobState.CANCELLED),
            "fax to +1 206 555 1234 cancelled",
        ),
    ],
)
def test_subjects_of_delivery_notices(finished: FaxJob, expected: str) -> None:
    assert subject(arrived(delivery(finished))) == f"Re: Referral for Monday: {expected}"


def test_a_failed_fax_says_what_to_do_next() -> None:
    said = text(delivery(failed()))
    assert said.startswith(
        "Your fax to +1 206 555 1234 was not delivered after 4 attempts: the line\nwas busy each time.\n"
    )
    assert "What to do next\n  Send it again later, or ask the other side for a second number.\n" in said
    assert said.count("  BUSY\n") == 4 + 1  # the attempts and the status


def test_a_fax_that_broke_off_says_how_far_it_came() -> None:
    attempts = (
        answered(1, Status.TRANSMISSION_FAILED, 83, pages_confirmed=2),
        replace(attempt(2, Status.BUSY), outcome=None, interrupted=True),
    )
    said = text(delivery(failed(Status.TRANSMISSION_FAILED, pages_confirmed=2, attempts=attempts, tries=1)))
    assert "Pages           2 of 4 confirmed" in said
    assert "Transmission Failed, 2 of 4 pages, 1 min" in said
    assert "Cut off by a restart of the service, and\n     not counted" in said
    assert "after 1 attempt: the transmission began and broke off." in said.replace("\n", " ")


def test_a_cancelled_fax_asks_for_nothing() -> None:
    said = text(delivery(failed(Status.JOB_CANCELLED, state=JobState.CANCELLED, tries=0, attempts=())))
    assert said.startswith("Your fax to +1 206 555 1234 was cancelled before it was sent completely.\n")
    assert "What to do next" not in said
    assert "Attempts" not in said


def test_one_accepted_recipient() -> None:
    facts = initial([job()])
    assert subject(arrived(facts)) == "Re: Referral for Monday: fax to +1 206 555 1234 accepted (4 pages)"
    said = text(facts)
    assert said.startswith("Your fax to +1 206 555 1234 was accepted: 4 pages to send.\n")
    assert "Another mail tells you when the fax was delivered, or that it could not\nbe.\n" in said


def test_the_jobs_later_fate_does_not_change_the_initial_notice() -> None:
    assert octets(initial([job()])) == octets(replace(initial([failed()]), notice=initial([job()]).notice))


def test_one_refused_recipient() -> None:
    facts = initial([refused()])
    assert subject(arrived(facts)) == (
        "Re: Referral for Monday: fax to +1 206 555 1234 not sent: "
        '"scan.heic.exe" is not a document that can be faxed'
    )
    said = text(facts)
    assert said.startswith(
        'Your fax to +1 206 555 1234 was not sent: "scan.heic.exe" is not a\ndocument that can be faxed.\n'
    )
    assert "Status     Invalid Attachment\n" in said
    assert "What to do next\n  Send it as a PDF.\n" in said
    assert "Another mail" not in said


def test_advice_that_is_more_exact_than_the_statuss_own() -> None:
    exact = "Write +442079460000 or +12079460000."
    assert f"What to do next\n  {exact}\n" in text(initial([refused(advice=exact)]))
    assert f"    {exact}\n" in text(initial([refused(advice=exact), job()]))
    assert f"What to do next\n  {exact}\n" in text(delivery(failed(advice=exact)))


def test_several_recipients_accepted_and_refused() -> None:
    wrong = refused(
        id="C3",
        position=2,
        recipient=Recipient(number="John_Doe.1206"),
        status=Status.INVALID_FAX_NUMBER,
        explanation='"John_Doe.1206" is not a complete fax number.',
    )
    berlin = job(id="B2", position=1, recipient=Recipient(number="+4930123456"), reference="")
    facts = initial([job(), berlin, wrong])
    assert subject(arrived(facts)) == (
        "Re: Referral for Monday: fax not sent to 1 of 3 recipients: "
        '"John_Doe.1206" is not a complete fax number'
    )
    said = text(facts)
    assert "Recipients  2 accepted, 1 not sent\n" in said
    not_sent, accepted = said.split("\nAccepted\n")
    assert '  - "John_Doe.1206"\n    Invalid Fax Number: "John_Doe.1206" is not a complete' in not_sent
    assert "Write the number with its country code" in not_sent
    assert "  - +49 30 123456\n    4 pages, cover page included\n    Job B2\n" in accepted
    assert "  - Dr. John Doe, Acme Clinic, +1 206 555 1234\n" in accepted


@pytest.mark.parametrize(
    ("jobs", "expected", "first"),
    [
        ([job(), job(id="B2")], "fax to 2 recipients accepted", "Your fax to 2 recipients was accepted."),
        (
            [refused(), refused(id="B2")],
            'fax to 2 recipients not sent: "scan.heic.exe" is not a document that can be faxed',
            'Your fax to 2 recipients was not sent: "scan.heic.exe" is not a document\nthat can be faxed.',
        ),
        (
            [refused(), refused(id="B2", status=Status.BLOCKED, explanation="")],
            "fax to 2 recipients not sent",
            "Your fax to 2 recipients was not sent.",
        ),
    ],
)
def test_several_recipients_of_one_fate(jobs: list[FaxJob], expected: str, first: str) -> None:
    facts = initial(jobs)
    assert subject(arrived(facts)) == f"Re: Referral for Monday: {expected}"
    assert text(facts).startswith(f"{first}\n")


def test_a_scheduled_job_says_when_and_a_held_one_for_what_it_waits() -> None:
    scheduled = job(state=JobState.SCHEDULED, wishes=Wishes(not_before=ARRIVED + timedelta(hours=10)))
    assert "Starts     11/23/2026 07:25 PM PST\n" in text(initial([scheduled]))
    held = job(state=JobState.HELD)
    assert "Starts when an administrator releases it" in text(initial([held, job(id="B2")]))


@pytest.mark.parametrize(
    ("number", "hours", "starts"),
    [
        ("+493012345678", "08:00-18:00", "11/23/2026 11:00 PM PST (08:00 in Berlin)"),
        ("+79161234567", "08:00-20:00", "11/23/2026 10:00 PM PST"),
        ("+12065551234", "08:00-20:00", ""),
    ],
)
def test_a_job_that_waits_for_the_hours_of_its_number_says_so(number: str, hours: str, starts: str) -> None:
    user = policy(fax=FaxSettings(call_window=hours))
    facts = initial([job(recipient=Recipient(number=number), user=user)], user=user)
    assert (f"Starts     {starts}\n" in text(facts)) is bool(starts)
    said = "4 pages, to be sent from " + starts if starts else "accepted: 4 pages to send."
    assert said in flowing(facts)


@pytest.mark.parametrize(
    ("success", "failure", "promise"),
    [
        (True, True, "Another mail tells you when the fax was delivered, or that it could not be."),
        (True, False, "Another mail tells you when the fax was delivered; none comes if it could not be."),
        (False, True, "Another mail comes only if a fax could not be delivered."),
        (False, False, "No further mail comes."),
    ],
)
def test_only_mails_that_will_come_are_promised(*, success: bool, failure: bool, promise: str) -> None:
    switches = NotificationSettings(delivery=NoticeSwitches(success=success, failure=failure))
    said = text(initial([job()], user=policy(notifications=switches)))
    assert promise in said.replace("\n", " ")


def test_a_mail_without_subject() -> None:
    assert subject(arrived(delivery(sent(), answering=mail(subject="")))) == (
        "Fax to +1 206 555 1234 delivered (4 pages)"
    )


def test_what_the_sender_asked_for_is_what_is_promised() -> None:
    second = "+4930123456@fax.example.com"
    berlin = job(id="B2", addresses=(second,))

    def outlook(**asked: NoticeRequest) -> str:
        requests = {ADDRESS: asked["first"]} | ({second: asked["second"]} if "second" in asked else {})
        envelope = Envelope(
            return_path="ana@hospital.example", recipients=(ADDRESS, second), notice_requests=requests
        )
        return " ".join(text(initial([job(), berlin], answering=mail(envelope=envelope))).split())

    success = NoticeRequest(notify=frozenset({NotifyOn.SUCCESS}))
    failure = NoticeRequest(notify=frozenset({NotifyOn.FAILURE}))
    assert "tells you when each fax was delivered; none comes if it could not be." in outlook(
        first=success, second=success
    )
    assert "Another mail comes only if a fax could not be delivered." in outlook(
        first=failure, second=failure
    )
    assert "Another mail follows where you asked for one." in outlook(first=success, second=failure)
    assert "Another mail follows where you asked for one." in outlook(first=success)


CONFIRMED = "was delivered: the receiving machine confirmed all 4 pages."


def flowing(facts: InitialFacts | DeliveryFacts | AlertFacts) -> str:
    """The text with its lines joined."""
    return " ".join(form(arrived(facts), "plain").split())


def test_others_are_told_whose_fax_it_is_and_nothing_to_do() -> None:
    facts = delivery(failed(), other="desk@hospital.example")
    assert subject(arrived(facts)) == (
        "Referral for Monday: fax from Ana Ruiz to +1 206 555 1234 not delivered: Busy after 4 attempts"
    )
    said = text(facts)
    assert "Sender     Ana Ruiz\n           ana@hospital.example\n" in said
    assert "What to do next" not in said
    assert "The fax from Ana Ruiz to +1 206 555 1234 was not delivered after 4 attempts" in flowing(facts)
    assert "You get this mail because Ana Ruiz or an administrator asked for it." in flowing(facts)
    assert "our fax" not in said


def test_others_are_told_the_name_on_the_cover_page() -> None:
    faxed = sent(wishes=Wishes(sender_name="Dr. Ruiz"))
    assert f"The fax from Dr. Ruiz to +1 206 555 1234 {CONFIRMED}" in flowing(
        delivery(faxed, other="desk@hospital.example")
    )


def test_with_phi_free_others_are_told_no_name() -> None:
    facts = delivery(sent(), other="desk@hospital.example", user=phi_free())
    assert subject(arrived(facts)) == "Fax to +1 206 555 1234 delivered (4 pages)"
    whole = octets(facts).decode()
    assert f"A fax to +1 206 555 1234 {CONFIRMED}" in flowing(facts)
    for name in ("Ruiz", "Doe", "Acme", "Referral", "ana@"):
        assert name not in whole


def test_an_expired_fax_says_by_when_it_was_to_be_sent_and_what_to_do() -> None:
    expired = failed(
        Status.BUSY,
        state=JobState.CANCELLED,
        explanation="The time by which it was to be sent has passed.",
        wishes=Wishes(expires_at=ARRIVED + timedelta(minutes=40)),
    )
    for user in (policy(), phi_free()):
        facts = delivery(replace(expired, status=Status.JOB_CANCELLED), user=user)
        assert subject(arrived(facts)).endswith("ax to +1 206 555 1234 cancelled: not sent in time")
        said = flowing(facts)
        assert said.startswith(
            "Your fax to +1 206 555 1234 was cancelled after 4 attempts: it was to be sent by 11/23/2026"
        )
        assert "Job Cancelled" in said
        assert "What to do next Send it again if it is still needed, with more time." in said


def test_a_fax_that_somebody_cancelled_is_not_said_to_have_expired() -> None:
    cancelled = failed(
        Status.JOB_CANCELLED, state=JobState.CANCELLED, wishes=Wishes(expires_at=ARRIVED + timedelta(hours=9))
    )
    assert "was cancelled before it was sent completely." in flowing(delivery(cancelled))


WISHES = Wishes(
    not_before=ARRIVED + timedelta(hours=20),
    expires_at=ARRIVED + timedelta(hours=30),
    priority=Priority.HIGH,
)


def test_the_initial_notice_tells_what_was_asked_for() -> None:
    recipient = Recipient(number="+12065551234", name="Dr. Doe", title="Cardiologist", company="Acme Clinic")
    facts = initial([job(recipient=recipient, wishes=WISHES, billing="R-17")])
    assert subject(arrived(facts)) == (
        "Re: Referral for Monday: fax to +1 206 555 1234 scheduled for 11/24/2026 05:25 AM PST (4 pages)"
    )
    said = text(facts)
    assert "accepted: 4 pages, to be sent from 11/24/2026 05:25 AM PST on." in flowing(facts)
    assert "Recipient    Dr. Doe, Cardiologist, Acme Clinic\n" in said
    assert "Starts       11/24/2026 05:25 AM PST\n" in said
    assert "Tried until  11/24/2026 03:25 PM PST\n" in said
    assert "Priority     high\n" in said
    assert "Billing      R-17\n" in said


def test_among_several_each_tells_what_was_asked_for() -> None:
    said = flowing(initial([job(wishes=WISHES, billing="R-17"), refused(wishes=WISHES)]))
    told = "Starts 11/24/2026 05:25 AM PST Tried until 11/24/2026 03:25 PM PST Priority: high Job K7Q2-M9,"
    assert said.count(told) == 1
    assert "reference 4711, billing R-17" in said


def test_a_time_that_has_passed_is_not_promised() -> None:
    facts = initial([job(wishes=Wishes(not_before=ARRIVED + timedelta(minutes=1)))])
    assert "Starts" not in text(facts)
    assert "Priority" not in text(facts)


@pytest.mark.parametrize(
    ("explanation", "said"),
    [
        ("This mail makes 12 fax pages.", "was not sent: this mail makes 12 fax pages."),
        ("The header field 'X-Fax-A: b' is not known.", "was not sent: the header field 'X-Fax-A: b' is not"),
        ("Ana is not allowed to.", "was not sent: Ana is not allowed to."),
        ("A4 is no paper of ours.", "was not sent: A4 is no paper of ours."),
    ],
)
def test_an_explanation_goes_on_behind_the_colon(explanation: str, said: str) -> None:
    assert said in flowing(initial([refused(explanation=explanation)]))


def test_an_alert_says_what_is_wrong_and_nothing_else() -> None:
    facts = alert("the policy was not reloaded", "It has 2 mistakes. `postfax check` shows them.")
    mail_to_duty = arrived(facts)
    assert subject(mail_to_duty) == "Postfax needs an administrator: the policy was not reloaded"
    assert mail_to_duty["To"] == "duty@hospital.example"
    assert text(facts).startswith(
        "The policy was not reloaded.\n\nIt has 2 mistakes. `postfax check` shows them.\n\n"
        "When  2026-11-23 17:55 UTC\n"
    )
    assert "Job " not in text(facts)
    about = text(alert("a copy could not be filed", "x", mail_id="M7Q2", job_id="K7Q2-M9"))
    assert "Job   K7Q2-M9\nMail  M7Q2\n" in about


def test_with_phi_free_an_explanation_that_quotes_nothing_is_told() -> None:
    said_of = {
        "status": Status.BLOCKED,
        "explanation": "This mail makes 12 fax pages, and you may fax 4 in a day.",
        "advice": "Send it in parts.",
    }
    for jobs in ([refused(**said_of)], [refused(**said_of), refused(**said_of)]):
        open_jobs = [replace(one, quotes_nothing=True) for one in jobs]
        told, hidden = initial(open_jobs, user=phi_free()), initial(jobs, user=phi_free())
        assert "not sent: this mail makes 12 fax pages" in flowing(told)
        assert "Send it in parts." in flowing(told)
        assert b"12 fax pages" not in octets(hidden)
        assert b"in parts" not in octets(hidden)
