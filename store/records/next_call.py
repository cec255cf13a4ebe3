"""Which job is called next, and on which line.

The job of the highest priority goes first, and among those the one that has been due longest, if its sender
may use a line with a free channel and its number has no other call open. The index `jobs_dialable` has the
due jobs of each set of allowed lines and each priority in order of their time, so the choice reads one entry
of it for each of those, and one more for each due job whose number is in a call at the moment; it never looks
at the jobs themselves.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from store.job import Priority
from store.tables import DIALABLE, IN_CALL, jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class NextCall:
    """The job to call, and the line to call it on."""

    job_id: str
    line: str
    priority: Priority
    due_at: datetime


_NEXT_LINES = (
    select(jobs.c.lines).where(DIALABLE, jobs.c.lines > bindparam("after")).order_by(jobs.c.lines).limit(1)
)
_IN_CALL = select(jobs.c.number).where(IN_CALL).correlate(None)
_FIRST_DUE = (
    select(jobs.c.id, jobs.c.due_at)
    .where(
        DIALABLE,
        jobs.c.lines == bindparam("lines"),
        jobs.c.priority == bindparam("priority"),
        jobs.c.due_at <= bindparam("now"),
        jobs.c.number.not_in(_IN_CALL),
    )
    .order_by(jobs.c.due_at, jobs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_DUE_AFTER = (
    select(jobs.c.due_at)
    .where(
        DIALABLE,
        jobs.c.lines == bindparam("lines"),
        jobs.c.priority == bindparam("priority"),
        jobs.c.due_at > bindparam("after"),
    )
    .order_by(jobs.c.due_at)
    .limit(1)
)


def choose_call(connection: Connection, channels: Mapping[str, int], now: datetime) -> NextCall | None:
    """The next call. `channels`: how many each line has free, the preferred line first."""
    found = []
    for lines in _line_sets(connection):
        line = _free_line(json.loads(lines), channels)
        if line is None:
            continue
        call = _first_due(connection, lines, line, now)
        if call:
            found.append(call)
    return min(found, key=lambda call: (call.priority, call.due_at, call.job_id), default=None)


def _first_due(connection: Connection, lines: str, line: str, now: datetime) -> NextCall | None:
    """Of the jobs that may use the same lines, the one that goes first."""
    for priority in Priority:
        asked = {"lines": lines, "priority": priority.value, "now": now}
        row = connection.execute(_FIRST_DUE, asked).first()
        if row:
            return NextCall(job_id=row.id, line=line, priority=priority, due_at=row.due_at)
    return None


def next_call_due(connection: Connection, after: datetime) -> datetime | None:
    """When the first job comes due that was not due at the time `after`."""
    times = (
        connection.scalar(_DUE_AFTER, {"lines": lines, "priority": priority.value, "after": after})
        for lines in _line_sets(connection)
        for priority in Priority
    )
    return min((time for time in times if time is not None), default=None)


def _line_sets(connection: Connection) -> Iterator[str]:
    """Every set of allowed lines that a dialable job has, as kept: one probe of the index for each."""
    lines = connection.scalar(_NEXT_LINES, {"after": ""})
    while lines is not None:
        yield lines
        lines = connection.scalar(_NEXT_LINES, {"after": lines})


def _free_line(allowed: Sequence[str], channels: Mapping[str, int]) -> str | None:
    """The first allowed line with a free channel; a sender without a choice may use every line."""
    return next((line for line in allowed or channels if channels.get(line, 0) > 0), None)
