"""Notices of faxes that were never sent, to see what senders would read: a sample's, with a user's policy."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from config.fax import Resolution
from config.settings import UserPolicy
from notify.facts import (
    AlertFacts,
    DeliveryFacts,
    InitialFacts,
    LoginDoor,
    SentDocument,
    SummaryFacts,
    WelcomeFacts,
)
from postfax.journey.wording import header_text
from postfax.sample_fax import sample_job
from store.job import Attempt, FaxDocument, FaxJob, FaxPage, Outcome, Wishes
from store.lifecycle import JobState
from store.mail import Envelope, MailState, ProofMethod, ReceivedMail, SenderProof
from store.outbox import DeliveryState, Notice, NoticeKind
from store.status import Status

AT = datetime(2026, 11, 23, 17, 25, tzinfo=UTC)
"""When the sample's mail came: the same each time, so that what is previewed can be compared."""
Facts = InitialFacts | DeliveryFacts | SummaryFacts | AlertFacts | WelcomeFacts
DOCUMENT = SentDocument(
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", octets=61_234
)
"""What the report of a sample says of its file."""


def sample_notice(kind: str, user: UserPolicy, domain: str) -> Facts:
    """The facts of a notice of one of `KINDS`, as they would be for a user."""
    return KINDS[kind](user, domain)


def _notice(kind: NoticeKind, user: UserPolicy, *, success: bool, identity: str = "K7Q2-M9") -> Notice:
    at = AT + timedelta(minutes=30)
    return Notice(
        id=f"{kind.value}:{identity}",
        kind=kind,
        success=success,
        mail_id="K7Q2-M9",
        job_id="K7Q2-M9" if kind is NoticeKind.DELIVERY else "",
        address=user.email,
        state=DeliveryState.PENDING,
        tries=0,
        created_at=at,
        due_at=at,
    )


def _mail(user: UserPolicy, domain: str) -> ReceivedMail:
    proof = SenderProof(
        method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
    )
    return ReceivedMail(
        id="K7Q2-M9",
        state=MailState.ANSWERED,
        received_at=AT,
        envelope=Envelope(return_path=user.email, recipients=(f"+12065551234@{domain}",)),
        header_from=user.email,
        user_email=user.email,
        proof=proof,
        message_id="<sample@example.com>",
        subject="Referral for Monday",
        references=(),
        size=81_234,
    )


def _document() -> FaxDocument:
    origins = ("cover", "referral.docx", "chart.pdf", "chart.pdf")
    pages = tuple(FaxPage(width=1728, height=2156, octets=15_000, origin=origin) for origin in origins)
    return FaxDocument(body="", sha256=DOCUMENT.sha256, resolution=Resolution.FINE, pages=pages)


def _job(user: UserPolicy, **changes: object) -> FaxJob:
    made = replace(sample_job(user, user.settings.coverpage.template, AT, long=False), document=_document())
    return replace(made, state=JobState.QUEUED, **changes)  # type: ignore[arg-type] # names of its fields


def _attempt(job: FaxJob, number: int, status: Status, seconds: int = 0, **outcome: object) -> Attempt:
    """A call: answered if it lasted."""
    began = AT + timedelta(minutes=5 * number)
    answered_at = began + timedelta(seconds=6) if seconds else None
    heard = {"transport": "T.38", "bit_rate": 14_400, "ecm": True, "compression": "MMR"} if seconds else {}
    known = {"status": status, "cause": "", "ended_at": began + timedelta(seconds=6 + seconds)}
    header = header_text(job, began)
    return Attempt(
        id=f"{job.id}#{number}",
        job_id=job.id,
        number=number,
        line="main",
        called=job.recipient.number,
        header=" | ".join(filter(None, (header.left, header.middle))),
        started_at=began,
        outcome=Outcome(answered_at=answered_at, **known | heard | outcome),  # type: ignore[arg-type] # as above
    )


def _ended(job: FaxJob, state: JobState, status: Status, attempts: tuple[Attempt, ...]) -> FaxJob:
    confirmed = [attempt.outcome.pages_confirmed for attempt in attempts if attempt.outcome]
    last = attempts[-1].outcome if attempts else None
    return replace(
        job,
        state=state,
        status=status,
        attempts=attempts,
        tries=len(attempts),
        pages_confirmed=max(confirmed, default=0),
        finished_at=last.ended_at if last else AT + timedelta(minutes=2),
    )


# --- Initial notices --------------------------------------------------------------------------------------


def _initial(user: UserPolicy, domain: str, *jobs: FaxJob) -> InitialFacts:
    success = all(job.document for job in jobs)
    notice = _notice(NoticeKind.INITIAL, user, success=success)
    return InitialFacts(notice=notice, mail=_mail(user, domain), jobs=jobs, user=user)


def _refused_job(user: UserPolicy, **changes: object) -> FaxJob:
    said = '"scan.heic.exe" is not a document that can be faxed: it is a program, not a document.'
    facts: dict[str, object] = {"status": Status.INVALID_ATTACHMENT, "explanation": said, "document": None}
    return replace(_job(user), **{**facts, "state": JobState.FAILED, **changes})  # type: ignore[arg-type] # as above


def _accepted(user: UserPolicy, domain: str) -> InitialFacts:
    return _initial(user, domain, _job(user))


def _scheduled(user: UserPolicy, domain: str) -> InitialFacts:
    wishes = Wishes(not_before=AT + timedelta(hours=14), expires_at=AT + timedelta(hours=20))
    return _initial(user, domain, _job(user, wishes=wishes))


def _refused(user: UserPolicy, domain: str) -> InitialFacts:
    return _initial(user, domain, _refused_job(user))


def _several(user: UserPolicy, domain: str) -> InitialFacts:
    number = replace(_job(user).recipient, number="John_Doe.1206", name="", company="", title="")
    wrong = _refused_job(
        user,
        id="K7Q2-M9-3",
        position=2,
        recipient=number,
        status=Status.INVALID_FAX_NUMBER,
        explanation="'1206' is not a complete, valid number of the region US.",
    )
    other = replace(number, number="+14255550199")
    jobs = (_job(user, id="K7Q2-M9-1"), _job(user, id="K7Q2-M9-2", position=1, recipient=other), wrong)
    return _initial(user, domain, *jobs)


# --- Delivery notices -------------------------------------------------------------------------------------


def _delivery(user: UserPolicy, domain: str, job: FaxJob) -> DeliveryFacts:
    notice = _notice(NoticeKind.DELIVERY, user, success=job.state is JobState.SENT)
    return DeliveryFacts(notice=notice, mail=_mail(user, domain), job=job, user=user)


def _sent_job(user: UserPolicy) -> FaxJob:
    job = _job(user)
    csid = {"pages_confirmed": 4, "remote_csid": "+1 206 555 1234"}
    attempts = (_attempt(job, 1, Status.BUSY), _attempt(job, 2, Status.SUCCESS, 58, **csid))
    return _ended(job, JobState.SENT, Status.SUCCESS, attempts)


def _delivered(user: UserPolicy, domain: str) -> DeliveryFacts:
    return _delivery(user, domain, _sent_job(user))


def _failed(user: UserPolicy, domain: str) -> DeliveryFacts:
    job = _job(user)
    attempts = tuple(_attempt(job, number, Status.BUSY) for number in range(1, 5))
    return _delivery(user, domain, _ended(job, JobState.FAILED, Status.BUSY, attempts))


def _broken(user: UserPolicy, domain: str) -> DeliveryFacts:
    job = _job(user)
    attempts = (_attempt(job, 1, Status.TRANSMISSION_FAILED, 83, pages_confirmed=2),)
    return _delivery(user, domain, _ended(job, JobState.FAILED, Status.TRANSMISSION_FAILED, attempts))


def _cancelled(user: UserPolicy, domain: str) -> DeliveryFacts:
    return _delivery(user, domain, _ended(_job(user), JobState.CANCELLED, Status.JOB_CANCELLED, ()))


def _too_late(user: UserPolicy, domain: str) -> DeliveryFacts:
    job = _job(user, wishes=Wishes(expires_at=AT + timedelta(minutes=8)))
    ended = _ended(job, JobState.CANCELLED, Status.JOB_CANCELLED, (_attempt(job, 1, Status.BUSY),))
    return _delivery(
        user, domain, replace(ended, explanation="The time by which it was to be sent has passed.")
    )


def _to_others(user: UserPolicy, domain: str) -> DeliveryFacts:
    facts = _delivered(user, domain)
    other = replace(facts.notice, id=f"{facts.notice.id}:2", address=f"desk@{user.email.rpartition('@')[2]}")
    return replace(facts, notice=other)


def _summary(user: UserPolicy, domain: str) -> SummaryFacts:
    notice = replace(_notice(NoticeKind.SUMMARY, user, success=False), job_id="")
    numbers = [f"+12065550{number}" for number in range(110, 121)]
    recipients = [replace(_job(user).recipient, number=number, name="", title="") for number in numbers]
    done = _sent_job(user)
    delivered = [
        replace(done, id=f"K7Q2-M9-{place + 1}", position=place, recipient=recipient)
        for place, recipient in enumerate(recipients[:-1])
    ]
    missed = replace(_failed(user, domain).job, id="K7Q2-M9-11", position=10, recipient=recipients[-1])
    return SummaryFacts(notice=notice, mail=_mail(user, domain), jobs=(*delivered, missed), user=user)


# --- Others -----------------------------------------------------------------------------------------------


def _alert(user: UserPolicy, _domain: str) -> AlertFacts:
    notice = replace(
        _notice(NoticeKind.ALERT, user, success=False, identity="sample"),
        job_id="K7Q2-M9",
        topic="a notice could not be delivered",
        remark="The notice about job K7Q2-M9 did not reach its sender, and is not tried again. "
        "`postfax show K7Q2-M9` tells what went wrong.",
    )
    return AlertFacts(notice=notice)


def _welcome(user: UserPolicy, domain: str) -> WelcomeFacts:
    notice = replace(_notice(NoticeKind.WELCOME, user, success=True, identity="sample"), mail_id="")
    ask = user.settings.notifications.ask
    return WelcomeFacts(notice=notice, user=user, domain=domain, addresses=(user.email,), ask=ask)


def _welcome_with_credentials(user: UserPolicy, domain: str) -> WelcomeFacts:
    return replace(
        _welcome(user, domain),
        login=LoginDoor(host=domain, port=465, implicit_tls=True),
        code="K7Q2-M9PX-3HTW",
        code_good_until=AT + timedelta(days=7),
    )


KINDS: dict[str, Callable[[UserPolicy, str], Facts]] = {
    "accepted": _accepted,
    "scheduled": _scheduled,
    "refused": _refused,
    "several": _several,
    "delivered": _delivered,
    "failed": _failed,
    "broken": _broken,
    "cancelled": _cancelled,
    "too-late": _too_late,
    "to-others": _to_others,
    "summary": _summary,
    "alert": _alert,
    "welcome": _welcome,
    "welcome-with-credentials": _welcome_with_credentials,
}
"""Every kind of notice that there is."""
