"""A fax is sent again: a mail and a job of their own, made of the mail that the first one came in."""

from dataclasses import asdict
from random import Random
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from store.audit_entry import AuditAction
from store.bodies import KeptBody, insert_bodies
from store.ids import job_id as id_of_job
from store.job import FaxJob
from store.lifecycle import FINAL_STATES, Transition
from store.mail import Envelope, MailState, ReceivedMail
from store.records.audit import note
from store.records.envelopes import envelope_columns
from store.records.jobs import insert_jobs, the_job, transitions_of_job
from store.records.mails import as_received, body_of, free_id, plain_proof, the_mail
from store.records.submissions import policy_columns
from store.records.turn import Turn
from store.resend import Resend, refuse_never_made, refuse_resent, refuse_under_way
from store.tables import RESENT, jobs, mails

_UNDER_WAY = (
    select(jobs.c.id)
    .where(
        RESENT,
        jobs.c.resend_of == bindparam("job_id"),
        jobs.c.number == bindparam("number"),
        jobs.c.state.not_in([state.value for state in FINAL_STATES]),
    )
    .order_by(jobs.c.created_at)
    .limit(1)
)
_RESENT = select(jobs.c.id).where(RESENT, jobs.c.resend_of == bindparam("job_id"))


def mail_of_job(connection: Connection, job_id: str) -> str:
    """The reference of the mail that a job came in.

    Raises:
        NotInBook: there is no such job.
    """
    return body_of(connection, the_job(connection, job_id).mail_id)


def resends_of(connection: Connection, job_id: str) -> tuple[str, ...]:
    """The jobs that a job was sent again as, oldest first."""
    return tuple(connection.scalars(_RESENT.order_by(jobs.c.created_at), {"job_id": job_id}))


def resend(turn: Turn, job_id: str, wanted: Resend, body: KeptBody, rng: Random, *, by: str) -> FaxJob:
    """Write a mail that was decided already, with one job: its document is made anew.

    Args:
        turn: the transaction.
        job_id: the job that is sent again.
        wanted: how.
        body: a copy of the mail that it came in.
        rng: where the new id comes from.
        by: who wants it.

    Raises:
        NotInBook: there is no such job.
        ResendRefused: it is under way, or was sent again and that is under way, or it never was a fax.
    """
    job = the_job(turn.connection, job_id)
    _refuse(turn.connection, job, wanted)
    mail = the_mail(turn.connection, job.mail_id)
    mail_id = free_id(turn.connection, {}, rng)
    addresses = job.addresses if wanted.number == job.recipient.number else _address_at(mail, wanted.number)
    _insert_mail(turn, mail_id, mail, addresses, job_id, body)
    row = {
        **_as_before(job, mail),
        **policy_columns(turn, wanted.user),
        "id": id_of_job(mail_id, 0, 1),
        "mail_id": mail_id,
        "user_email": wanted.user.email.lower(),
        "number": wanted.number,
        "addresses": addresses,
        "created_at": turn.now,
        "due_at": turn.now,
        "resend_of": job_id,
    }
    insert_jobs(turn, Transition.ACCEPT, [row], by=by)
    to = "" if wanted.number == job.recipient.number else f", to {wanted.number}"
    note(turn, AuditAction.RESEND, {job_id: f"as {row['id']}{to}"}, by=by)
    return the_job(turn.connection, row["id"])


def _refuse(connection: Connection, job: FaxJob, wanted: Resend) -> None:
    if not job.state.final:
        raise refuse_under_way(job)
    if transitions_of_job(connection, job.id)[0].transition is Transition.REFUSE:
        raise refuse_never_made(job)
    asked = {"job_id": job.id, "number": wanted.number}
    under_way = None if wanted.at_once else connection.scalar(_UNDER_WAY, asked)
    if under_way:
        by = transitions_of_job(connection, under_way)[0].by
        raise refuse_resent(the_job(connection, under_way), by)


def _address_at(mail: ReceivedMail, number: str) -> tuple[str, ...]:
    """The address that the sender would have written for another number."""
    domain = mail.envelope.recipients[0].rpartition("@")[2]
    return (f"{number}@{domain}",)


def _insert_mail(
    turn: Turn, mail_id: str, mail: ReceivedMail, addresses: tuple[str, ...], job_id: str, body: KeptBody
) -> None:
    requests = {
        address: request for address, request in mail.envelope.notice_requests.items() if address in addresses
    }
    envelope = Envelope(
        return_path=mail.envelope.return_path,
        recipients=addresses or mail.envelope.recipients,
        envelope_id=mail.envelope.envelope_id,
        return_content=mail.envelope.return_content,
        notice_requests=requests,
    )
    body_row = body.row(f"{mail_id}.eml")
    insert_bodies(turn.connection, [body_row])
    row = {
        "id": mail_id,
        **as_received(turn),
        **envelope_columns(envelope),
        "state": MailState.SUBMITTED.value,
        "header_from": mail.header_from,
        "user_email": mail.user_email,
        "proof": plain_proof(mail.proof),
        "message_id": mail.message_id,
        "subject": mail.subject,
        "thread": mail.references,
        "size": body_row["size"],
        "body": body_row["reference"],
        "dedupe_key": f"resend:{job_id}:{mail_id}",
    }
    turn.connection.execute(insert(mails), row)


def _as_before(job: FaxJob, mail: ReceivedMail) -> dict[str, Any]:
    """What the sender had asked for; when it was to be sent counts no more."""
    recipient = asdict(job.recipient)
    return {
        "position": 0,
        "status": None,
        "explanation": "",
        "advice": "",
        "quotes_nothing": False,
        "subaddress": recipient["subaddress"],
        "recipient_name": recipient["name"],
        "recipient_company": recipient["company"],
        "recipient_title": recipient["title"],
        "sender": mail.header_from.lower(),
        "cover_template": job.cover_template,
        "reference": job.reference,
        "billing": job.billing,
        "sender_name": job.wishes.sender_name,
        "priority": job.wishes.priority.value,
        "not_before": None,
        "expires_at": None,
        "notify": job.wishes.notify or None,
        "finished_at": None,
        "tries": 0,
        "interruptions": 0,
        "pages_confirmed": 0,
        "cancel_requested_by": "",
    }
