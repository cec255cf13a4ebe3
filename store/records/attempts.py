"""Attempts as rows. An attempt without an end is open; while it is, it is its owner's claim on the job."""

from collections.abc import Collection
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select, update

from store.driver_statement import DriverStatement
from store.errors import NotInBook
from store.ids import attempt_id
from store.job import Attempt, FaxJob, Outcome
from store.records.jobs import find_job
from store.records.turn import Turn
from store.status import Status
from store.tables import IN_CALL, OPEN, attempts, jobs

_OUTCOME_FIELDS = tuple(field.name for field in fields(Outcome))

_OF_JOB = DriverStatement(
    select(attempts).where(attempts.c.job_id == bindparam("job_id")).order_by(attempts.c.number)
)
_BY_ID = DriverStatement(select(attempts).where(attempts.c.id == bindparam("id")))
_FIELDS = tuple(field.name for field in fields(Attempt) if field.name != "outcome")
_OPENED = DriverStatement(insert(attempts), [*_FIELDS, "owner", "leased_until"])
_COUNT = DriverStatement(select(func.count()).where(attempts.c.job_id == bindparam("job_id")))
_CLOSE = DriverStatement(
    update(attempts).where(attempts.c.id == bindparam("which")), [*_OUTCOME_FIELDS, "interrupted"]
)
TO_HANG_UP = and_(IN_CALL, jobs.c.cancel_requested_by > "")
"""Jobs whose call somebody wants to be ended."""
_TO_HANG_UP = DriverStatement(select(jobs.c.id).where(TO_HANG_UP).order_by(jobs.c.id))
_CALLS_BY_LINE = DriverStatement(
    select(attempts.c.line, func.count())
    .where(OPEN, attempts.c.shares_call_of == "")
    .group_by(attempts.c.line)
)


def attempts_of_job(connection: Connection, job_id: str) -> tuple[Attempt, ...]:
    """All calls for a job, the first one first."""
    return tuple(_attempt(row) for row in _OF_JOB.rows(connection, {"job_id": job_id}))


def job_with_attempts(connection: Connection, job_id: str) -> FaxJob | None:
    """A job by its id, with its attempts."""
    job = find_job(connection, job_id)
    return replace(job, attempts=attempts_of_job(connection, job_id)) if job else None


def the_attempt(connection: Connection, attempt: str) -> Attempt:
    """An attempt by its id.

    Raises:
        NotInBook: there is no such attempt.
    """
    row = _BY_ID.first(connection, {"id": attempt})
    if row is None:
        raise NotInBook("attempt", attempt)
    return _attempt(row)


def open_attempt(
    turn: Turn,
    job: FaxJob,
    *,
    line: str,
    header: str,
    leased_until: datetime,
    first_page: int = 0,
    shares_call_of: str = "",
) -> Attempt:
    """Write the row of a call that is about to be placed."""
    [(before,)] = _COUNT.each(turn.connection, [{"job_id": job.id}])
    number = before + 1
    attempt = Attempt(
        id=attempt_id(job.id, number),
        job_id=job.id,
        number=number,
        line=line,
        called=job.recipient.number,
        header=header,
        started_at=turn.now,
        first_page=first_page,
        shares_call_of=shares_call_of,
    )
    row = {name: getattr(attempt, name) for name in _FIELDS}
    _OPENED.many(turn.connection, [{**row, "owner": turn.owner, "leased_until": leased_until}])
    return attempt


def close_attempt(turn: Turn, attempt: str, outcome: Outcome, *, interrupted: bool = False) -> None:
    """Write what a call came to."""
    values = {name: getattr(outcome, name) for name in _OUTCOME_FIELDS}
    told = {"status": outcome.status.value, "interrupted": interrupted}
    _CLOSE.many(turn.connection, [{"which": attempt, **values, **told}])


def open_attempts_of(connection: Connection, owner: str, *, besides: Collection[str] = ()) -> tuple[str, ...]:
    """Ids of the calls that an owner has open, those on the lines named in `besides` left out."""
    query = select(attempts.c.id).where(
        OPEN, attempts.c.owner == owner, attempts.c.line.not_in(sorted(besides))
    )
    return tuple(connection.scalars(query.order_by(attempts.c.id)))


def calls_by_line(connection: Connection) -> dict[str, int]:
    """How many calls each line has open; a line without one is left out."""
    return dict(_CALLS_BY_LINE.each(connection, [{}]))


def calls_to_hang_up(connection: Connection) -> tuple[str, ...]:
    """Ids of the jobs that are in a call and were cancelled by someone."""
    return tuple(_TO_HANG_UP.scalars(connection))


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        id=row.id,
        job_id=row.job_id,
        number=row.number,
        line=row.line,
        called=row.called,
        header=row.header,
        started_at=row.started_at,
        first_page=row.first_page,
        shares_call_of=row.shares_call_of,
        interrupted=row.interrupted,
        outcome=None if row.ended_at is None else _outcome(row),
    )


def _outcome(row: Row[Any]) -> Outcome:
    values = {name: getattr(row, name) for name in _OUTCOME_FIELDS}
    # Not known of attempts from before version 0004.
    unknown = {name: "" for name in ("remote_finest", "transcript") if values[name] is None}
    return Outcome(**{**values, **unknown, "status": Status(row.status)})
