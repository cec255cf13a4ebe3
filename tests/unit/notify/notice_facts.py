"""Builders of what notices are composed from: a mail of Ana Ruiz, its jobs, and their attempts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from config.fax import Resolution
from config.notifications import NotificationSettings
from config.settings import Settings, UserPolicy
from notify.compose import compose_alert, compose_delivery, compose_initial
from notify.delivery_status import ReportingMta
from notify.facts import AlertFacts, DeliveryFacts, FaxedPages, FirstPage, InitialFacts
from store.job import Attempt, FaxDocument, FaxJob, FaxPage, Outcome, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, MailState, ProofMethod, ReceivedMail, SenderProof
from store.outbox import DeliveryState, Notice, NoticeKind
from store.status import Status

SENDER = "postfax@fax.example.com"
DOMAIN = "fax.example.com"
MTA = ReportingMta(hostname="mx1.fax.example.com", domain=DOMAIN)
ADDRESS = "+12065551234@fax.example.com"
ARRIVED = datetime(2026, 11, 23, 17, 25, tzinfo=UTC)


def policy(**settings: Any) -> UserPolicy:
    when = {"time_zone": "America/Los_Angeles", "date_format": "MM/DD/YYYY", "time_format": "hh:mm a"}
    return UserPolicy(
        name="Ana Ruiz",
        email="ana@hospital.example",
        company="General Hospital",
        departments=("Radiology",),
        settings=Settings.model_validate({"datetime": when} | settings),
    )


def phi_free() -> UserPolicy:
    return policy(notifications=NotificationSettings(phi_free=True))


def mail(**changes: Any) -> ReceivedMail:
    facts: dict[str, Any] = {
        "id": "M7Q2",
        "state": MailState.ANSWERED,
        "received_at": ARRIVED,
        "envelope": Envelope(return_path="ana@hospital.example", recipients=(ADDRESS,)),
        "header_from": "ana@hospital.example",
        "user_email": "ana@hospital.example",
        "proof": SenderProof(
            method=ProofMethod.SPF,
            client_address="192.0.2.7",
            helo="mail.hospital.example",
            spf_result="pass",
            spf_domain="hospital.example",
            aligned=True,
        ),
        "message_id": "<referral.17@hospital.example>",
        "subject": "Referral for Monday",
        "references": ("<first@hospital.example>", "<referral.17@hospital.example>"),
        "size": 81234,
    }
    return ReceivedMail(**facts | changes)


def document(pages: int = 4, *, cover: bool = True) -> FaxDocument:
    origins = ["cover" if cover else "body", *["chart.pdf"] * (pages - 1)]
    return FaxDocument(
        body="documents/1",
        sha256="9f" * 32,
        resolution=Resolution.FINE,
        pages=tuple(FaxPage(width=1728, height=2156, octets=15000, origin=origin) for origin in origins),
    )


def job(**changes: Any) -> FaxJob:
    facts: dict[str, Any] = {
        "id": "K7Q2-M9",
        "mail_id": "M7Q2",
        "position": 0,
        "state": JobState.QUEUED,
        "status": None,
        "explanation": "",
        "recipient": Recipient(number="+12065551234", name="Dr. John Doe", company="Acme Clinic"),
        "addresses": (ADDRESS,),
        "user": policy(),
        "cover_template": "healthcare",
        "reference": "4711",
        "billing": "",
        "created_at": ARRIVED,
        "due_at": ARRIVED,
        "finished_at": None,
        "tries": 0,
        "pages_confirmed": 0,
        "document": document(),
        "cancel_requested_by": "",
    }
    return FaxJob(**facts | changes)


def refused(**changes: Any) -> FaxJob:
    facts: dict[str, Any] = {
        "state": JobState.FAILED,
        "status": Status.INVALID_ATTACHMENT,
        "explanation": '"scan.heic.exe" is not a document that can be faxed.',
        "document": None,
        "finished_at": ARRIVED,
    }
    return job(**facts | changes)


def attempt(number: int, status: Status, **outcome: Any) -> Attempt:
    started = ARRIVED + timedelta(minutes=5 * number)
    known: dict[str, Any] = {"status": status, "cause": "486", "ended_at": started + timedelta(seconds=12)}
    return Attempt(
        id=f"K7Q2-M9#{number}",
        job_id="K7Q2-M9",
        number=number,
        line="main",
        called="+12065551234",
        header="",
        started_at=started,
        outcome=Outcome(**known | outcome),
    )


def answered(number: int, status: Status, seconds: int, **outcome: Any) -> Attempt:
    answered_at = ARRIVED + timedelta(minutes=5 * number, seconds=6)
    known: dict[str, Any] = {
        "answered_at": answered_at,
        "ended_at": answered_at + timedelta(seconds=seconds),
        "transport": "T.38",
        "bit_rate": 14400,
        "ecm": True,
        "compression": "MMR",
        "remote_csid": "+1 206 555 1234",
    }
    return attempt(number, status, **known | outcome)


def sent(**changes: Any) -> FaxJob:
    attempts = (
        attempt(1, Status.BUSY),
        answered(2, Status.SUCCESS, 58, pages_confirmed=4),
    )
    facts: dict[str, Any] = {
        "state": JobState.SENT,
        "status": Status.SUCCESS,
        "finished_at": ARRIVED + timedelta(minutes=11, seconds=4),
        "tries": 2,
        "pages_confirmed": 4,
        "attempts": attempts,
    }
    return job(**facts | changes)


def failed(status: Status = Status.BUSY, **changes: Any) -> FaxJob:
    attempts = tuple(attempt(number, status) for number in range(1, 5))
    facts: dict[str, Any] = {
        "state": JobState.FAILED,
        "status": status,
        "finished_at": ARRIVED + timedelta(minutes=20, seconds=12),
        "tries": 4,
        "attempts": attempts,
    }
    return job(**facts | changes)


def initial(
    jobs: Sequence[FaxJob],
    *,
    answering: ReceivedMail | None = None,
    user: UserPolicy | None = None,
    original: bytes = b"",
) -> InitialFacts:
    success = not any(job.state is JobState.FAILED for job in jobs)
    return InitialFacts(
        notice=_notice("initial:M7Q2", NoticeKind.INITIAL, "", success=success),
        mail=answering or mail(),
        jobs=tuple(jobs),
        user=user or policy(),
        original=original,
    )


def delivery(
    faxed: FaxJob,
    *,
    answering: ReceivedMail | None = None,
    user: UserPolicy | None = None,
    original: bytes = b"",
    other: str = "",
    pages: FaxedPages | None = None,
    first_page: FirstPage | None = None,
) -> DeliveryFacts:
    """The facts of a delivery notice: to the sender, or to the other address."""
    success = faxed.state is JobState.SENT
    identity = "delivery:K7Q2-M9:2" if other else "delivery:K7Q2-M9"
    notice = _notice(identity, NoticeKind.DELIVERY, "K7Q2-M9", success=success)
    return DeliveryFacts(
        notice=replace(notice, address=other or notice.address),
        mail=answering or mail(),
        job=faxed,
        user=user or policy(),
        original=original,
        pages=pages,
        first_page=first_page,
    )


def alert(topic: str, remark: str, *, mail_id: str = "", job_id: str = "") -> AlertFacts:
    notice = _notice("alert:5f2c", NoticeKind.ALERT, job_id, success=False)
    return AlertFacts(
        notice=replace(notice, mail_id=mail_id, topic=topic, remark=remark, address="duty@hospital.example")
    )


def octets(facts: InitialFacts | DeliveryFacts | AlertFacts) -> bytes:
    """The notice as it is sent."""
    if isinstance(facts, AlertFacts):
        return compose_alert(facts, sender=SENDER, mta=MTA)
    if isinstance(facts, InitialFacts):
        return compose_initial(facts, sender=SENDER, mta=MTA)
    return compose_delivery(facts, sender=SENDER, mta=MTA)


def arrived(facts: InitialFacts | DeliveryFacts | AlertFacts) -> EmailMessage:
    """The notice as its receiver parses it."""
    parsed = message_from_bytes(octets(facts), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def form(message: EmailMessage, subtype: str) -> str:
    """The text or the HTML of a notice."""
    body = message.get_body((subtype,))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def subject(message: EmailMessage) -> str:
    # The parser keeps the space of a first line that was folded at once.
    return str(message["Subject"]).strip()


def _notice(identity: str, kind: NoticeKind, job_id: str, *, success: bool) -> Notice:
    return Notice(
        id=identity,
        kind=kind,
        success=success,
        mail_id="M7Q2",
        job_id=job_id,
        address="ana@hospital.example",
        state=DeliveryState.PENDING,
        tries=0,
        created_at=ARRIVED + timedelta(minutes=30),
        due_at=ARRIVED + timedelta(minutes=30),
    )
