"""Jobs none of whose lines is in the settings any more: nothing calls for them until one of these is back.

A sender may be allowed some lines alone, and a job keeps to those that it was given. They are found by the
sets of lines that jobs have (`next_call.line_sets`), so it costs next to nothing while there are none.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from store.driver_statement import DriverStatement
from store.job import FaxJob
from store.lifecycle import JobState, Transition
from store.records.jobs import move, the_job
from store.records.next_call import ANY_OTHER, line_sets
from store.records.outbox import owe_delivery
from store.records.turn import Turn
from store.status import Status
from store.tables import DIALABLE, jobs

PATIENCE = timedelta(days=1)
"""So long a job that is due waits for one of its lines to come back."""
_AT_ONCE = 100
"""So many are ended in one transaction."""
_GIVEN_UP = "None of the telephone lines that it may take is there any more."
_ADVICE = "Send it again: it then takes the lines that there are now."
_COUNT = select(func.count()).where(DIALABLE, jobs.c.lines == bindparam("lines"))
_DUE = DriverStatement(
    select(jobs.c.id)
    .where(DIALABLE, jobs.c.lines == bindparam("lines"), jobs.c.due_at <= bindparam("before"))
    .limit(_AT_ONCE)
)


def is_lineless(job: FaxJob, lines: Collection[str]) -> bool:
    """Whether a job waits and none of its lines is among those that there are."""
    waiting = job.state in Transition.DIAL.sources | {JobState.HELD}
    own = job.user.settings.lines
    return waiting and bool(own) and not set(own) & set(lines)


def count_lineless(connection: Connection, lines: Collection[str]) -> Mapping[tuple[str, ...], int]:
    """How many jobs wait for each set of lines of which none is among those that there are."""
    return {
        tuple(json.loads(found)): connection.scalar(_COUNT, {"lines": found}) or 0
        for found in _gone(connection, lines)
    }


def end_lineless(turn: Turn, lines: Collection[str], before: datetime) -> tuple[str, ...]:
    """Give up jobs without a line that were due before this time, up to a hundred of a kind; their ids."""
    gone = list(_gone(turn.connection, lines))
    asked = ({"lines": found, "before": before} for found in gone)
    ended = tuple(job_id for one in asked for job_id in _DUE.scalars(turn.connection, one))
    told: dict[str, Any] = {"explanation": _GIVEN_UP, "advice": _ADVICE, "quotes_nothing": True}
    status = Status.GENERAL_ERROR.value
    move(turn, ended, Transition.GIVE_UP_WAITING, status=status, finished_at=turn.now, **told)
    for job_id in ended:
        owe_delivery(turn, the_job(turn.connection, job_id))
    return ended


def _gone(connection: Connection, lines: Collection[str]) -> Iterator[str]:
    """The sets of lines that jobs have and of which none is there, as kept."""
    there = set(lines)
    for found in line_sets(connection):
        allowed = json.loads(found)
        if allowed and ANY_OTHER not in allowed and not there & set(allowed):
            yield found
