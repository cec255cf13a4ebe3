"""Which job is called next, and on which line.

The highest priority goes first. Within it each department has its turn: the one with the fewest calls in
progress, and of those the one whose job has been due longest, so that a thousand faxes of one department do
not keep the single fax of another waiting. A job is called if its sender may use a line with a free channel
and its number has no other call open.

The index `jobs_dialable` has the due jobs of each set of allowed lines, each priority and each department in
order of their time, so the choice reads one entry of it for each of those, and one more for each due job
whose number is in a call at the moment; it never looks at the jobs themselves.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from store.job import Priority
from store.tables import DIALABLE, IN_CALL, jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class NextCall:
    """The job to call, and the line to call it on."""

    job_id: str
    line: str
    priority: Priority
    calls: int
    """Of its department, in progress."""
    due_at: datetime


_NEXT_LINES = (
    select(jobs.c.lines).where(DIALABLE, jobs.c.lines > bindparam("after")).order_by(jobs.c.lines).limit(1)
)
_ALIKE = (DIALABLE, jobs.c.lines == bindparam("lines"), jobs.c.priority == bindparam("priority"))
_DEPARTMENTS = select(jobs.c.department).where(*_ALIKE).order_by(jobs.c.department).limit(1)
_NEXT_DEPARTMENT = _DEPARTMENTS.where(jobs.c.department > bindparam("after"))
# Every number is above the empty text. It is said so that the index of the numbers in a call is taken: by the
# statistics of a book that was quiet, SQLite would look through all jobs.
_CALLS = select(jobs.c.department, jobs.c.number).where(IN_CALL, jobs.c.number > "", jobs.c.call_place == 0)
_FIRST_DUE = (
    select(jobs.c.id, jobs.c.due_at)
    .where(
        *_ALIKE,
        jobs.c.department == bindparam("department"),
        jobs.c.due_at <= bindparam("now"),
        jobs.c.number.not_in(bindparam("in_call", expanding=True)),
    )
    .order_by(jobs.c.due_at, jobs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_DUE_AFTER = (
    select(jobs.c.due_at)
    .where(*_ALIKE, jobs.c.department == bindparam("department"), jobs.c.due_at > bindparam("after"))
    .order_by(jobs.c.due_at)
    .limit(1)
)


def choose_call(connection: Connection, channels: Mapping[str, int], now: datetime) -> NextCall | None:
    """The next call. `channels`: how many each line has free, the preferred line first."""
    calls = connection.execute(_CALLS).all()
    asked = {"now": now, "in_call": [call.number for call in calls]}
    calls_of = Counter(call.department for call in calls)
    found = []
    for lines in line_sets(connection):
        line = _free_line(json.loads(lines), channels)
        if line is not None:
            found.extend(_first_due(connection, line, {**asked, "lines": lines}, calls_of))
    return min(found, key=lambda call: (call.priority, call.calls, call.due_at, call.job_id), default=None)


def _first_due(
    connection: Connection, line: str, asked: Mapping[str, Any], calls_of: Mapping[str, int]
) -> list[NextCall]:
    """Of the jobs that may use the same lines, the first of each department, in the highest priority."""
    for priority in Priority:
        found = []
        for department in _departments(connection, asked["lines"], priority):
            which = {**asked, "priority": priority.value, "department": department}
            if row := connection.execute(_FIRST_DUE, which).first():
                facts = {"priority": priority, "calls": calls_of.get(department, 0), "due_at": row.due_at}
                found.append(NextCall(job_id=row.id, line=line, **facts))
        if found:
            return found
    return []


def next_call_due(connection: Connection, after: datetime) -> datetime | None:
    """When the first job comes due that was not due at the time `after`."""
    times = (
        connection.scalar(
            _DUE_AFTER,
            {"lines": lines, "priority": priority.value, "department": department, "after": after},
        )
        for lines in line_sets(connection)
        for priority in Priority
        for department in _departments(connection, lines, priority)
    )
    return min((time for time in times if time is not None), default=None)


def line_sets(connection: Connection) -> Iterator[str]:
    """Every set of allowed lines that a dialable job has, as kept: one probe of the index for each."""
    lines = connection.scalar(_NEXT_LINES, {"after": ""})
    while lines is not None:
        yield lines
        lines = connection.scalar(_NEXT_LINES, {"after": lines})


def _departments(connection: Connection, lines: str, priority: Priority) -> Iterator[str]:
    """Every department with a dialable job of these: one probe of the index for each."""
    alike = {"lines": lines, "priority": priority.value}
    department = connection.scalar(_DEPARTMENTS, alike)
    while department is not None:
        yield department
        department = connection.scalar(_NEXT_DEPARTMENT, {**alike, "after": department})


def _free_line(allowed: Sequence[str], channels: Mapping[str, int]) -> str | None:
    """The first allowed line with a free channel; a sender without a choice may use every line."""
    return next((line for line in allowed or channels if channels.get(line, 0) > 0), None)
