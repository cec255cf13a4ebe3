"""A mail is decided, its documents are made: jobs come to be, are queued or refused, and the sender is told.

Both steps may be repeated after a crash: a mail that is past the step stays as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, insert, update

from config.fax import Resolution
from config.levels import BETWEEN
from config.settings import UserPolicy
from store.bodies import KeptBody, insert_bodies
from store.call_time import call_time_of
from store.ids import job_id
from store.job import FaxJob, FaxPage, NewJob, Refusal
from store.lifecycle import Transition
from store.mail import MailState, ProofMethod, ReceivedMail
from store.page_budget import day_begins, refuse_pages
from store.records.jobs import converting_jobs, insert_jobs, jobs_of_mail, move
from store.records.mails import advance_mail, the_mail
from store.records.outbox import owe_initial_notice
from store.records.page_budget import pages_made
from store.records.policies import keep_policy
from store.records.turn import Turn
from store.tables import documents, jobs

_COUNT_PAGES = update(jobs).where(jobs.c.id == bindparam("which"))


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmissionFacts:
    """What taking a mail apart told of it."""

    subject: str
    message_id: str
    references: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptDocument:
    """A document whose octets are ready for the book."""

    body: KeptBody
    sha256: str
    resolution: Resolution
    pages: tuple[FaxPage, ...]


def record_submission(
    turn: Turn, mail_id: str, facts: SubmissionFacts, user: UserPolicy | None, new_jobs: Sequence[NewJob]
) -> tuple[FaxJob, ...]:
    """Write the jobs of a mail; if all are refused, the mail is answered with it.

    Raises:
        NotInBook: there is no such mail.
        ValueError: no jobs, or a fax for a sender without a policy.
    """
    if not new_jobs:
        raise ValueError(f"mail {mail_id} has no recipients")
    if user is None and any(job.refusal is None for job in new_jobs):
        raise ValueError(f"mail {mail_id}: a sender without a policy cannot have a fax")
    mail = the_mail(turn.connection, mail_id)
    if mail.state is not MailState.RECEIVED:
        return jobs_of_mail(turn.connection, mail_id)
    _insert_jobs(turn, mail, user, new_jobs)
    all_refused = all(job.refusal for job in new_jobs)
    advance_mail(
        turn,
        mail_id,
        MailState.RECEIVED,
        MailState.ANSWERED if all_refused else MailState.SUBMITTED,
        subject=facts.subject,
        message_id=facts.message_id,
        thread=facts.references,
    )
    recorded = jobs_of_mail(turn.connection, mail_id)
    if all_refused:
        owe_initial_notice(turn, mail, recorded)
    return recorded


def record_documents(
    turn: Turn,
    mail_id: str,
    made: Mapping[str, KeptDocument],
    refusal: Refusal | None,
) -> tuple[FaxJob, ...]:
    """Give the jobs that wait for it their documents, or refuse them all, and answer the mail.

    A job that was cancelled in the meantime gets none. A mail with more pages than its sender may still fax
    on this day is refused as a whole.

    Raises:
        NotInBook: there is no such mail, or it was not decided.
        ValueError: a job that waits has no document, and there is no refusal.
    """
    mail = the_mail(turn.connection, mail_id)
    if mail.state in {MailState.ANSWERED, MailState.PURGED}:
        return jobs_of_mail(turn.connection, mail_id)
    converting = converting_jobs(turn.connection, mail_id)
    waiting = [job.id for job in converting]
    refusal = refusal or _over_budget(turn, converting, made)
    if refusal:
        move(turn, waiting, Transition.REJECT_DOCUMENT, finished_at=turn.now, **_told(refusal))
    else:
        _keep_documents(turn, waiting, made)
        _queue(turn, converting)
    advance_mail(turn, mail_id, MailState.SUBMITTED, MailState.ANSWERED)
    recorded = jobs_of_mail(turn.connection, mail_id)
    owe_initial_notice(turn, mail, recorded)
    return recorded


def _over_budget(
    turn: Turn, converting: Sequence[FaxJob], made: Mapping[str, KeptDocument]
) -> Refusal | None:
    """Why the mail has too many pages for this day, if it has."""
    if not converting:
        return None
    user = converting[0].user
    if not user.settings.fax.pages_per_day:
        return None
    pages = sum(len(made[job.id].pages) for job in converting if job.id in made)
    used = pages_made(turn.connection, user.email, day_begins(turn.now, user.settings.datetime))
    return refuse_pages(pages, used, user.settings, turn.now)


def _keep_documents(turn: Turn, waiting: Sequence[str], made: Mapping[str, KeptDocument]) -> None:
    missing = [waiting_id for waiting_id in waiting if waiting_id not in made]
    if missing:
        raise ValueError(f"no document for {', '.join(missing)}")
    if waiting:
        body_rows = {waiting_id: made[waiting_id].body.row(f"{waiting_id}.tif") for waiting_id in waiting}
        insert_bodies(turn.connection, list(body_rows.values()))
        rows = [
            {
                "job_id": waiting_id,
                "body": body_row["reference"],
                "sha256": made[waiting_id].sha256,
                "resolution": made[waiting_id].resolution.value,
                "pages": [asdict(page) for page in made[waiting_id].pages],
            }
            for waiting_id, body_row in body_rows.items()
        ]
        turn.connection.execute(insert(documents), rows)
        counted = [{"which": row["job_id"], "pages": len(row["pages"])} for row in rows]
        turn.connection.execute(_COUNT_PAGES, counted)


def _queue(turn: Turn, converting: Sequence[FaxJob]) -> None:
    """Let the jobs be called: now, or when their sender wants it, within the hours of their policy."""
    at_once = []
    for job in converting:
        wanted = max(job.wishes.not_before or turn.now, turn.now)
        later = call_time_of(job, wanted).at
        if later > turn.now:
            move(turn, [job.id], Transition.SCHEDULE, due_at=later)
        else:
            at_once.append(job.id)
    move(turn, at_once, Transition.QUEUE, due_at=turn.now)


def _insert_jobs(turn: Turn, mail: ReceivedMail, user: UserPolicy | None, new_jobs: Sequence[NewJob]) -> None:
    shared = {
        "mail_id": mail.id,
        "user_email": (user.email if user else mail.user_email).lower(),
        "sender": mail.header_from.lower(),
        "created_at": turn.now,
        "due_at": turn.now,
        "tries": 0,
        "interruptions": 0,
        "pages_confirmed": 0,
        "cancel_requested_by": "",
    }
    rows = [
        {
            **shared,
            **_row_of(job),
            **policy_columns(turn, job.user or user),
            "id": job_id(mail.id, position, len(new_jobs)),
            "position": position,
        }
        for position, job in enumerate(new_jobs)
    ]
    accepted = [row for row, job in zip(rows, new_jobs, strict=True) if job.refusal is None]
    refused = [
        {**row, **_told(job.refusal), "finished_at": turn.now}
        for row, job in zip(rows, new_jobs, strict=True)
        if job.refusal
    ]
    by = mail.proof.detail if mail.proof.method is ProofMethod.RELEASED else ""
    insert_jobs(turn, Transition.ACCEPT, accepted, by=by)
    insert_jobs(turn, Transition.REFUSE, refused, by=by)


def policy_columns(turn: Turn, user: UserPolicy | None) -> dict[str, Any]:
    """The columns of a job that follow from the policy of its sender, which is kept with it."""
    if user is None:
        return {"policy": None, "lines": json.dumps(()), "department": ""}
    return {
        "policy": keep_policy(turn, user),
        "lines": json.dumps(user.settings.lines),
        "department": BETWEEN.join(user.departments),
    }


def _row_of(job: NewJob) -> dict[str, Any]:
    return {
        "status": None,
        "explanation": "",
        "advice": "",
        "quotes_nothing": False,
        "number": job.recipient.number,
        "subaddress": job.recipient.subaddress,
        "recipient_name": job.recipient.name,
        "recipient_company": job.recipient.company,
        "addresses": job.addresses,
        "cover_template": job.cover_template,
        "reference": job.reference,
        "billing": job.billing,
        "recipient_title": job.recipient.title,
        "sender_name": job.wishes.sender_name,
        "priority": job.wishes.priority.value,
        "not_before": job.wishes.not_before,
        "expires_at": job.wishes.expires_at,
        "notify": job.wishes.notify or None,
        "finished_at": None,
    }


def _told(refusal: Refusal) -> dict[str, Any]:
    return {
        "status": refusal.status.value,
        "explanation": refusal.explanation,
        "advice": refusal.advice,
        "quotes_nothing": refusal.quotes_nothing,
    }
