"""A call is opened, and what came of it decides where its job goes next."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from config.retry import Resume
from store.call_time import call_time_of
from store.destination import Destination
from store.driver_statement import DriverStatement
from store.errors import AttemptClosed
from store.job import Attempt, FaxJob, Outcome
from store.lifecycle import JobState, Transition
from store.records.attempts import calls_by_line, close_attempt, open_attempt, the_attempt
from store.records.destinations import keep_destination
from store.records.interventions import expire
from store.records.jobs import move, the_job
from store.records.next_call import ANY_OTHER, choose_call
from store.records.outbox import owe_delivery
from store.records.turn import Turn
from store.status import Status
from store.tables import OPEN, attempts, jobs

HeaderText = Callable[[FaxJob, str, datetime], str]
"""(job, line, time of the call) → the text of the header line."""

PUT_OFF_AT_ONCE = 100
"""So many jobs are put off in one transaction."""

GoesAlong = Callable[[Sequence[FaxJob], FaxJob], bool]
"""(the faxes of a call so far, another to the same number) → whether that may go in the same call."""

_ALSO_DUE = DriverStatement(
    select(jobs.c.id)
    .where(jobs.c.number == bindparam("number"), jobs.c.dialable, jobs.c.due_at <= bindparam("now"))
    .order_by(jobs.c.priority, jobs.c.due_at, jobs.c.id)
    .limit(100)
    .with_for_update(skip_locked=True)
)

FREE_INTERRUPTIONS = 3
"""So many interrupted calls of a job do not count as tries. A document that brings the service down each time
would otherwise be dialled for ever."""

INTERRUPTED = "the service stopped during the call"
CONFIRMED_BEFORE = "every page was confirmed before the service stopped"


def claim_call(
    turn: Turn,
    channels: Mapping[str, int],
    lease: timedelta,
    header: HeaderText,
    carries: Mapping[str, int],
) -> tuple[FaxJob, Attempt] | None:
    """Take the next job that has not expired into a call, if there is one for a line with a free channel.

    A line that is named in `carries` has no more than so many calls, those of all owners together.

    One whose hours are over (`store.call_time`) is put off until they begin again: it came due within them
    and found no channel, or was released. After `PUT_OFF_AT_ONCE` of those nothing is taken; the next turn
    goes on.
    """
    expire(turn)
    channels = _left(turn, channels, carries)
    for _ in range(PUT_OFF_AT_ONCE):
        chosen = choose_call(turn.connection, channels, turn.now)
        if chosen is None:
            return None
        job = the_job(turn.connection, chosen.job_id)
        begins = call_time_of(job, turn.now).at
        if begins <= turn.now:
            return _call(turn, job, chosen.line, lease, header)
        move(turn, [job.id], Transition.POSTPONE, due_at=begins)
    return None


def _left(turn: Turn, channels: Mapping[str, int], carries: Mapping[str, int]) -> Mapping[str, int]:
    """How many channels are free in the sight of all owners."""
    if not carries:
        return channels
    calls = calls_by_line(turn.connection)
    return {
        line: min(free, carries[line] - calls.get(line, 0)) if line in carries else free
        for line, free in channels.items()
    }


def _call(
    turn: Turn, waiting: FaxJob, line: str, lease: timedelta, header: HeaderText
) -> tuple[FaxJob, Attempt]:
    move(turn, [waiting.id], Transition.DIAL, first_call_at=turn.now)
    job = replace(waiting, state=JobState.DIALLING)
    attempt = open_attempt(
        turn,
        job,
        line=line,
        header=header(job, line, turn.now),
        first_page=_first_page(job),
        leased_until=turn.now + lease,
    )
    return job, attempt


def claim_companions(
    turn: Turn, attempt_id: str, lease: timedelta, header: HeaderText, goes_along: GoesAlong
) -> tuple[tuple[FaxJob, Attempt], ...]:
    """Take jobs to the same number into the call of an attempt that is open, those first that are due first.

    Raises:
        NotInBook: there is no such attempt.
        AttemptClosed: it is over.
    """
    lead = the_attempt(turn.connection, attempt_id)
    if lead.outcome is not None:
        raise AttemptClosed(attempt_id)
    taken = [the_job(turn.connection, lead.job_id)]
    claimed = []
    for job_id in _ALSO_DUE.scalars(turn.connection, {"number": lead.called, "now": turn.now}):
        job = the_job(turn.connection, job_id)
        lines = job.user.settings.lines
        over = job.wishes.expires_at is not None and job.wishes.expires_at <= turn.now
        may_now = call_time_of(job, turn.now).at <= turn.now and (not lines or lead.line in lines)
        if over or not may_now or not goes_along(taken, job):
            continue
        move(turn, [job_id], Transition.DIAL, first_call_at=turn.now, call_place=len(taken))
        taken.append(replace(job, state=JobState.DIALLING))
        text, until = header(taken[-1], lead.line, turn.now), turn.now + lease
        claimed.append(
            open_attempt(
                turn, taken[-1], line=lead.line, header=text, leased_until=until, shares_call_of=attempt_id
            )
        )
    return tuple(zip(taken[1:], claimed, strict=True))


def _first_page(job: FaxJob) -> int:
    """Where a call begins: behind what is over already, and never behind the last page."""
    if job.user.settings.retry.resume is Resume.OFF:
        return 0
    return max(0, min(job.pages_confirmed, job.pages - 1))


def record_outcome(
    turn: Turn,
    attempt_id: str,
    outcome: Outcome,
    next_call: datetime | None,
    explanation: str,
    destination: Destination | None,
    *,
    of_the_line: bool = False,
) -> FaxJob:
    """Close the attempt, keep what it taught, and take its job on.

    The same outcome a second time changes nothing. `of_the_line`: as `wants_other_line` has it; the next call
    takes this line last.

    Raises:
        NotInBook: there is no such attempt.
        AttemptClosed: it was closed with another outcome, or as interrupted.
    """
    attempt = the_attempt(turn.connection, attempt_id)
    job = the_job(turn.connection, attempt.job_id)
    if attempt.outcome is not None:
        if attempt.outcome != outcome:
            raise AttemptClosed(attempt_id)
        return job
    close_attempt(turn, attempt_id, outcome)
    if destination:
        keep_destination(turn, destination)
    transition = _transition(job, outcome, next_call)
    confirmed = max(job.pages_confirmed, attempt.first_page + outcome.pages_confirmed)
    facts: dict[str, Any] = {"pages_confirmed": confirmed, "tries": job.tries + 1}
    if of_the_line and transition is Transition.RETRY:
        facts["lines"] = _with_last(turn.connection, job.id, attempt.line)
    return _go_on(turn, job, transition, outcome.status, next_call, explanation=explanation, **facts)


def _with_last(connection: Connection, job_id: str, line: str) -> str:
    """The lines of a job, as the book keeps them, with this one behind the others."""
    kept = json.loads(connection.scalar(select(jobs.c.lines).where(jobs.c.id == job_id)) or "[]")
    return json.dumps([*(name for name in kept or [ANY_OTHER] if name != line), line])


def note_all_confirmed(turn: Turn, attempt_id: str) -> None:
    """Every page of an open call is confirmed: so it is a success, whoever lives to see its end.

    Nothing is noted of a call that is another owner's by now.

    Raises:
        NotInBook: there is no such attempt.
    """
    attempt = the_attempt(turn.connection, attempt_id)
    pages = the_job(turn.connection, attempt.job_id).pages - attempt.first_page
    own = (attempts.c.id == attempt_id, attempts.c.owner == turn.owner, OPEN)
    turn.connection.execute(update(attempts).where(*own).values(pages_confirmed=pages))


def record_interrupted(turn: Turn, attempt_id: str) -> FaxJob:
    """Close an attempt that the end of the service cut off. The job is due again at once.

    If its last page was confirmed before that (`note_all_confirmed`), the job is sent.

    From the fourth interruption of a job on each counts as a try, and the last allowed one ends it. An
    attempt that is closed already stays as it is.

    Raises:
        NotInBook: there is no such attempt.
    """
    attempt = the_attempt(turn.connection, attempt_id)
    job = the_job(turn.connection, attempt.job_id)
    if attempt.outcome is not None:
        return job
    interruptions = 1 + (turn.connection.scalar(select(jobs.c.interruptions).where(jobs.c.id == job.id)) or 0)
    tries = job.tries + (interruptions > FREE_INTERRUPTIONS)
    over = tries > job.tries and tries >= job.user.settings.retry.attempts
    facts = {"tries": tries, "interruptions": interruptions}
    return _break_off(turn, job, attempt_id, INTERRUPTED, None if over else turn.now, **facts)


def record_called_off(turn: Turn, attempt_id: str, cause: str, next_call: datetime) -> FaxJob:
    """Close an attempt that came to nothing by no fault of its document's: it never counts for anything.

    The job is due again at `next_call`. An attempt that is closed already stays as it is.

    Raises:
        NotInBook: there is no such attempt.
    """
    attempt = the_attempt(turn.connection, attempt_id)
    job = the_job(turn.connection, attempt.job_id)
    return job if attempt.outcome else _break_off(turn, job, attempt_id, cause, next_call)


def _break_off(
    turn: Turn, job: FaxJob, attempt_id: str, cause: str, next_call: datetime | None, **facts: int
) -> FaxJob:
    """Close an attempt as interrupted, and take its job on; without a next call that is its end."""
    confirmed = turn.connection.scalar(select(attempts.c.pages_confirmed).where(attempts.c.id == attempt_id))
    if confirmed:
        sent = Outcome(
            status=Status.SUCCESS, cause=CONFIRMED_BEFORE, ended_at=turn.now, pages_confirmed=confirmed
        )
        return record_outcome(turn, attempt_id, sent, None, "", None)
    outcome = Outcome(status=Status.GENERAL_ERROR, cause=cause, ended_at=turn.now)
    close_attempt(turn, attempt_id, outcome, interrupted=True)
    if job.cancel_requested_by:
        transition = Transition.HANG_UP
    else:
        transition = Transition.INTERRUPT if next_call else Transition.GIVE_UP
    return _go_on(turn, job, transition, outcome.status, next_call, **facts)


def _transition(job: FaxJob, outcome: Outcome, next_call: datetime | None) -> Transition:
    if outcome.status is Status.SUCCESS:
        return Transition.CONFIRM
    if job.cancel_requested_by or outcome.status is Status.JOB_CANCELLED:
        return Transition.HANG_UP
    return Transition.GIVE_UP if next_call is None else Transition.RETRY


def _go_on(
    turn: Turn,
    job: FaxJob,
    transition: Transition,
    status: Status,
    next_call: datetime | None,
    **facts: Any,
) -> FaxJob:
    """Take a job out of its call; in a final state owe what that causes."""
    values: dict[str, Any] = {"status": status.value, "call_place": 0, **facts}
    if transition.target.final:
        values["finished_at"] = turn.now
    else:
        values["due_at"] = next_call and call_time_of(job, next_call).at
    by = ""
    if transition is Transition.HANG_UP:
        by = job.cancel_requested_by
        values["status"] = Status.JOB_CANCELLED.value
    move(turn, [job.id], transition, by=by, **values)
    recorded = the_job(turn.connection, job.id)
    if transition.target.final:
        owe_delivery(turn, recorded)
    return recorded
