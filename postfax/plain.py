"""The nouns as JSON values, for `--json`: the names of the fields are those of the nouns."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from store.call_time import waited_for
from store.history import RecordedTransition
from store.job import Attempt, FaxJob
from store.lifecycle import JobState
from store.mail import ReceivedMail
from store.outbox import Copy, DeliveryState, Notice


def plain_job(job: FaxJob) -> dict[str, Any]:
    """What lists tell of a job."""
    return {
        "id": job.id,
        "mail_id": job.mail_id,
        "resend_of": job.resend_of or None,
        "state": job.state.value,
        "status": job.status.value if job.status else None,
        "explanation": job.explanation,
        "user": job.user.email,
        "company": job.user.company,
        "departments": list(job.user.departments),
        "number": job.recipient.number,
        "subaddress": job.recipient.subaddress,
        "recipient_name": job.recipient.name,
        "recipient_company": job.recipient.company,
        "recipient_title": job.recipient.title,
        "sender_name": job.wishes.sender_name,
        "reference": job.reference,
        "billing": job.billing,
        "priority": job.wishes.priority.word,
        "not_before": job.wishes.not_before,
        "expires_at": job.wishes.expires_at,
        "notify": list(job.wishes.notify),
        "cover_template": job.cover_template,
        "resolution": job.user.settings.fax.resolution.value,
        "paper": job.user.settings.fax.paper.value,
        "lines": list(job.user.settings.lines),
        "pages": job.pages,
        "pages_confirmed": job.pages_confirmed,
        "tries": job.tries,
        "allowed_tries": job.user.settings.retry.attempts,
        "created_at": job.created_at,
        "due_at": None if job.state.final else job.due_at,
        "waits_for_hours_in": _zones_waited_for(job),
        "finished_at": job.finished_at,
    }


def _zones_waited_for(job: FaxJob) -> list[str]:
    """The time zones whose hours for calls the job waits for."""
    if job.state not in {JobState.SCHEDULED, JobState.WAITING, JobState.HELD}:
        return []
    hours = waited_for(job)
    return list(hours.zones) if hours else []


def plain_attempt(attempt: Attempt) -> dict[str, Any]:
    """One call."""
    return asdict(attempt)


def plain_mail(mail: ReceivedMail) -> dict[str, Any]:
    """The mail that a job came in."""
    return asdict(mail)


def plain_notice(notice: Notice) -> dict[str, Any]:
    """A notice that was sent or is owed."""
    return {**asdict(notice), "due_at": _still_due_at(notice)}


def plain_copy(copy: Copy) -> dict[str, Any]:
    """A copy that was filed or is owed; without the archive's settings, which name its key file."""
    facts = {name: value for name, value in asdict(copy).items() if name != "archive"}
    return {**facts, "due_at": _still_due_at(copy), "method": copy_method(copy)}


def _still_due_at(owed: Notice | Copy) -> datetime | None:
    return owed.due_at if owed.state is DeliveryState.PENDING else None


def plain_transition(step: RecordedTransition) -> dict[str, Any]:
    """One line of a job's history."""
    return {
        "at": step.at,
        "transition": step.transition.name.lower(),
        "event": step.transition.event,
        "start": step.start,
        "end": step.end,
        "by": step.by,
    }


def copy_method(copy: Copy) -> str:
    """How the copy is delivered."""
    return copy.archive.method
