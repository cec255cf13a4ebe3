"""Jobs as rows: how they come to be, how they change their state, how they are looked up.

`move` is the only one that changes a job's state: it demands a start state of the transition, and writes the
history with it. If a job is elsewhere, everything of the transaction is undone. A fax goes through ten
transitions, so its statements are run on the driver.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from config.fax import Resolution
from store.columns import Instant
from store.driver_statement import DriverStatement
from store.errors import NotInBook
from store.history import RecordedTransition
from store.job import FaxDocument, FaxJob, FaxPage, Priority, Recipient, Wishes
from store.job_filter import JobFilter
from store.lifecycle import IllegalTransition, JobState, Transition
from store.records.policies import read_policy, unknown_user
from store.records.turn import Turn
from store.status import Status
from store.tables import documents, jobs, policies, transitions

_DIALABLE = Transition.DIAL.sources
_JOBS = (
    select(
        jobs,
        policies.c.policy.label("policy_text"),
        documents.c.body.label("document_body"),
        documents.c.sha256,
        documents.c.resolution,
        documents.c.pages.label("document_pages"),
    )
    .outerjoin(policies, jobs.c.policy == policies.c.digest)
    .outerjoin(documents, jobs.c.id == documents.c.job_id)
)
_BY_ID = DriverStatement(_JOBS.where(jobs.c.id == bindparam("id")))
_BY_MAIL = _JOBS.where(jobs.c.mail_id == bindparam("mail_id")).order_by(jobs.c.position)
_OF_MAIL = DriverStatement(_BY_MAIL)
_WHICH = jobs.c.id == bindparam("which")
_STATE = DriverStatement(select(jobs.c.id, jobs.c.state).where(_WHICH).with_for_update())
_HISTORY = DriverStatement(insert(transitions), ["job_id", "at", "name", "from_state", "to_state", "by"])
_CONVERTING = DriverStatement(_BY_MAIL.where(jobs.c.state == JobState.CONVERTING.value))


def insert_jobs(turn: Turn, transition: Transition, rows: Sequence[dict[str, Any]], *, by: str = "") -> None:
    """Write jobs that begin with this transition. `by`: who wanted it, if not this process."""
    if not rows:
        return
    begun = {"state": transition.target.value, "dialable": False}
    turn.connection.execute(insert(jobs), [{**row, **begun} for row in rows])
    _write_history(turn, transition, {row["id"]: None for row in rows}, by)


def move(turn: Turn, job_ids: Sequence[str], transition: Transition, *, by: str = "", **values: Any) -> None:
    """Take jobs through a transition, setting `values` with it. `by`: who wanted it, if not this process.

    Raises:
        IllegalTransition: one of them is in no state that the transition starts from, or not in the book.
    """
    if not job_ids:
        return
    found = _STATE.each(turn.connection, [{"which": job_id} for job_id in job_ids])
    before = {job_id: JobState(state) for job_id, state in found}
    for job_id in job_ids:
        if before.get(job_id) not in transition.sources:
            raise IllegalTransition(job_id, transition, before.get(job_id))
    facts = {"state": transition.target.value, "dialable": transition.target in _DIALABLE, **values}
    _setting(tuple(facts)).many(turn.connection, [{"which": job_id, **facts} for job_id in job_ids])
    _write_history(turn, transition, before, by)


def _write_history(
    turn: Turn, transition: Transition, before: Mapping[str, JobState | None], by: str
) -> None:
    """Write of jobs, each with the state that it was in, that they went through the transition."""
    alike = {"at": turn.now, "name": transition.name, "to_state": transition.target.value}
    rows = [
        {**alike, "job_id": job_id, "from_state": state and state.value, "by": by or turn.owner}
        for job_id, state in before.items()
    ]
    _HISTORY.many(turn.connection, rows)


@cache
def _setting(facts: tuple[str, ...]) -> DriverStatement:
    """Sets these facts of a job. When it was first called is set once."""
    once = {"first_call_at": func.coalesce(jobs.c.first_call_at, bindparam("first_call_at", type_=Instant()))}
    kept = {name: value for name, value in once.items() if name in facts}
    return DriverStatement(
        update(jobs).where(_WHICH).values(kept), [name for name in facts if name not in kept]
    )


def change(turn: Turn, job_id: str, **values: Any) -> None:
    """Set facts of a job that are not its state."""
    turn.connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values))


# --- Look-ups ---------------------------------------------------------------------------------------------


def find_job(connection: Connection, job_id: str) -> FaxJob | None:
    """A job by its id, without its attempts."""
    row = _BY_ID.first(connection, {"id": job_id})
    return None if row is None else fax_job(row)


def the_job(connection: Connection, job_id: str) -> FaxJob:
    """A job by its id, without its attempts.

    Raises:
        NotInBook: there is no such job.
    """
    job = find_job(connection, job_id)
    if job is None:
        raise NotInBook("job", job_id)
    return job


def jobs_of_mail(connection: Connection, mail_id: str) -> tuple[FaxJob, ...]:
    """The jobs of a mail in the order of its recipients; empty before it was decided."""
    return tuple(fax_job(row) for row in _OF_MAIL.rows(connection, {"mail_id": mail_id}))


def converting_jobs(connection: Connection, mail_id: str) -> tuple[FaxJob, ...]:
    """Those jobs of a mail that have no document yet."""
    return tuple(fax_job(row) for row in _CONVERTING.rows(connection, {"mail_id": mail_id}))


def find_jobs(connection: Connection, wanted: JobFilter) -> tuple[FaxJob, ...]:
    """The jobs that a filter lets through, newest first, without their attempts."""
    query = _filtered(_JOBS, wanted).order_by(jobs.c.created_at.desc(), jobs.c.mail_id, jobs.c.position)
    return tuple(fax_job(row) for row in connection.execute(query.limit(wanted.limit)))


def _filtered(query: Select[Any], wanted: JobFilter) -> Select[Any]:
    if wanted.states:
        query = query.where(jobs.c.state.in_([state.value for state in wanted.states]))
    if wanted.statuses:
        query = query.where(jobs.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.since is not None:
        query = query.where(jobs.c.created_at >= wanted.since)
    if wanted.user is not None:
        address = wanted.user.lower()
        query = query.where((jobs.c.user_email == address) | (jobs.c.sender == address))
    if wanted.number is not None:
        query = query.where(jobs.c.number == wanted.number)
    if wanted.failed:
        query = query.where(jobs.c.status.is_not(None), jobs.c.status != Status.SUCCESS.value)
    return query


def transitions_of_job(connection: Connection, job_id: str) -> tuple[RecordedTransition, ...]:
    """What happened to a job, from its beginning."""
    query = select(transitions).where(transitions.c.job_id == job_id).order_by(transitions.c.id)
    return tuple(
        RecordedTransition(
            job_id=row.job_id,
            at=row.at,
            transition=Transition[row.name],
            start=JobState(row.from_state) if row.from_state else None,
            end=JobState(row.to_state),
            by=row.by,
        )
        for row in connection.execute(query)
    )


def fax_job(row: Row[Any]) -> FaxJob:
    """A row of `_JOBS` as the noun."""
    return FaxJob(
        id=row.id,
        mail_id=row.mail_id,
        position=row.position,
        state=JobState(row.state),
        status=Status(row.status) if row.status else None,
        explanation=row.explanation,
        advice=row.advice,
        quotes_nothing=row.quotes_nothing,
        recipient=Recipient(
            number=row.number,
            subaddress=row.subaddress,
            name=row.recipient_name,
            company=row.recipient_company,
            title=row.recipient_title,
        ),
        addresses=tuple(row.addresses or ()),
        user=read_policy(row.policy_text) if row.policy_text else unknown_user(row.user_email),
        cover_template=row.cover_template,
        reference=row.reference,
        billing=row.billing,
        wishes=Wishes(
            sender_name=row.sender_name,
            priority=Priority(row.priority),
            not_before=row.not_before,
            expires_at=row.expires_at,
            notify=tuple(row.notify or ()),
        ),
        created_at=row.created_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        tries=row.tries,
        pages_confirmed=row.pages_confirmed,
        document=_document(row),
        resend_of=row.resend_of,
        cancel_requested_by=row.cancel_requested_by,
    )


def _document(row: Row[Any]) -> FaxDocument | None:
    if row.document_body is None:
        return None
    return FaxDocument(
        body=row.document_body,
        sha256=row.sha256,
        resolution=Resolution(row.resolution),
        pages=tuple(FaxPage(**page) for page in row.document_pages),
    )
