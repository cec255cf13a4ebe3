"""People step in: a job is cancelled, held, released; or its time is up. What a person did is audited."""

from collections.abc import Sequence
from enum import Enum

from sqlalchemy import bindparam, select

from store.audit_entry import AuditAction
from store.driver_statement import DriverStatement
from store.job import FaxJob
from store.lifecycle import JobState, Transition
from store.records.audit import note
from store.records.jobs import change, move, the_job
from store.records.outbox import owe_delivery
from store.records.turn import Turn
from store.status import Status
from store.tables import EXPIRING, jobs

_EXPIRED = "The time by which it was to be sent has passed."
_NEVER_FINISHED = "It was held or could not be called for {} days, and documents are kept no longer."
_UNFINISHED = select(jobs.c.id).where(
    jobs.c.mail_id.in_(bindparam("ids", expanding=True)),
    jobs.c.state.in_([state.value for state in Transition.CANCEL.sources]),
)
_FIRST_EXPIRED = DriverStatement(
    select(jobs.c.id)
    .where(
        EXPIRING,
        jobs.c.expires_at <= bindparam("now"),
        # Not as a list of states: the planner would look through all jobs in them.
        jobs.c.state != JobState.DIALLING.value,
    )
    .order_by(jobs.c.expires_at)
    .limit(100)
)


class CancelResult(Enum):
    """What cancelling a job came to."""

    CANCELLED = "cancelled"
    """It was in no call and is ended."""
    WILL_HANG_UP = "will hang up"
    """A call is in progress: the service hangs up, and the job ends unless every page was confirmed first."""
    ALREADY_FINAL = "already final"
    """It was sent, failed or cancelled before; nothing was changed."""


def cancel(turn: Turn, job_id: str, by: str) -> CancelResult:
    """End a job, or ask the call that is in progress to be ended.

    Raises:
        NotInBook: there is no such job.
    """
    job = the_job(turn.connection, job_id)
    if job.state.final:
        return CancelResult.ALREADY_FINAL
    if job.state is JobState.DIALLING:
        if not job.cancel_requested_by:
            change(turn, job_id, cancel_requested_by=by)
            note(turn, AuditAction.CANCEL, {job_id: "in a call"}, by=by)
        return CancelResult.WILL_HANG_UP
    status = Status.JOB_CANCELLED.value
    move(turn, [job_id], Transition.CANCEL, by=by, status=status, finished_at=turn.now)
    note(turn, AuditAction.CANCEL, {job_id: ""}, by=by)
    owe_delivery(turn, the_job(turn.connection, job_id))
    return CancelResult.CANCELLED


def expire(turn: Turn) -> tuple[str, ...]:
    """End jobs that were not sent by the time that their sender gave, up to a hundred of them; their ids.

    A call in progress goes on.
    """
    expired = tuple(_FIRST_EXPIRED.scalars(turn.connection, {"now": turn.now}))
    status = Status.JOB_CANCELLED.value
    move(turn, expired, Transition.CANCEL, status=status, explanation=_EXPIRED, finished_at=turn.now)
    for job_id in expired:
        owe_delivery(turn, the_job(turn.connection, job_id))
    return expired


def end_unfinished(turn: Turn, mail_ids: Sequence[str], days: int) -> tuple[str, ...]:
    """End the jobs of these mails that are in no call: they have waited for so many days. Their ids."""
    ended = tuple(turn.connection.scalars(_UNFINISHED, {"ids": mail_ids}))
    status = Status.JOB_CANCELLED.value
    explanation = _NEVER_FINISHED.format(days)
    move(turn, ended, Transition.CANCEL, status=status, explanation=explanation, finished_at=turn.now)
    for job_id in ended:
        owe_delivery(turn, the_job(turn.connection, job_id))
    return ended


def hold(turn: Turn, job_id: str, by: str) -> FaxJob:
    """Keep a job from being called until it is released.

    Raises:
        NotInBook: there is no such job.
        IllegalTransition: it waits for no call.
    """
    the_job(turn.connection, job_id)
    move(turn, [job_id], Transition.HOLD, by=by)
    note(turn, AuditAction.HOLD, {job_id: ""}, by=by)
    return the_job(turn.connection, job_id)


def release(turn: Turn, job_id: str, by: str) -> FaxJob:
    """Let a held job be called, at the time that it was due or at once if that is past.

    Raises:
        NotInBook: there is no such job.
        IllegalTransition: it is not held.
    """
    the_job(turn.connection, job_id)
    move(turn, [job_id], Transition.RELEASE, by=by)
    note(turn, AuditAction.RELEASE, {job_id: ""}, by=by)
    return the_job(turn.connection, job_id)
