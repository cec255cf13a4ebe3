"""Which job is called next, and on which line.

The highest priority goes first. Within it each department has its turn: the one with the fewest calls in
progress, and of those the one whose job has been due longest, so that a thousand faxes of one department do
not keep the single fax of another waiting. A job is called if its sender may use a line with a free channel
and its number has no other call open.

The index `jobs_dialable` has the due jobs of each set of allowed lines, each priority and each department in
order of their time, so the choice reads one entry of it for each of those, and one more for each due job
whose number is in a call at the moment; it never looks at the jobs themselves. It is made for every call and
every look for the next one, so its statements are run on the driver.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    TextClause,
    bindparam,
    func,
    select,
)

from store.columns import instant
from store.driver_statement import ONE, DriverStatement
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


def _each_value(column: Column[str], *alike: ColumnElement[bool] | TextClause) -> Select[str]:
    """The values of a column of the index, one probe of it for each value instead of one for each row."""
    least = select(func.min(column).label("value")).where(*alike).cte("found", recursive=True)
    next_one = select(func.min(column)).where(*alike, column > least.c.value).scalar_subquery()
    found = least.union_all(select(next_one).where(least.c.value.is_not(None)))
    return select(found.c.value).where(found.c.value.is_not(None))


ANY_OTHER = "*"
"""Among the lines of a job: all that are not named."""
_ALIKE = (DIALABLE, jobs.c.lines == bindparam("lines"), jobs.c.priority == bindparam("priority"))
_OF_DEPARTMENT = (*_ALIKE, jobs.c.department == bindparam("department"))
_LINE_SETS = DriverStatement(_each_value(jobs.c.lines, DIALABLE))
_DEPARTMENTS = DriverStatement(_each_value(jobs.c.department, *_ALIKE))
# Every number is above the empty text. It is said so that the index of the numbers in a call is taken: by the
# statistics of a book that was quiet, SQLite would look through all jobs.
_CALLS = DriverStatement(
    select(jobs.c.department, jobs.c.number).where(IN_CALL, jobs.c.number > "", jobs.c.call_place == 0)
)
_calling = jobs.alias("calling")
_NUMBER_IN_CALL = (
    select(ONE)
    .where(IN_CALL, _calling.c.number == jobs.c.number, _calling.c.call_place == 0)
    .correlate(jobs)
    .exists()
)
_FIRST_DUE = DriverStatement(
    select(jobs.c.id, jobs.c.due_at, jobs.c.department)
    .where(*_OF_DEPARTMENT, jobs.c.due_at <= bindparam("now"), ~_NUMBER_IN_CALL)
    .order_by(jobs.c.due_at, jobs.c.id)
    .limit(ONE)
)


def choose_call(connection: Connection, channels: Mapping[str, int], now: datetime) -> NextCall | None:
    """The next call. `channels`: how many each line has free, the preferred line first."""
    calls_of = Counter(department for department, _ in _CALLS.each(connection, [{}]))
    found = []
    for lines in line_sets(connection):
        line = _free_line(json.loads(lines), channels)
        if line is not None:
            found.extend(_first_due(connection, line, {"now": now, "lines": lines}, calls_of))
    return min(found, key=lambda call: (call.priority, call.calls, call.due_at, call.job_id), default=None)


def _first_due(
    connection: Connection, line: str, asked: Mapping[str, Any], calls_of: Counter[str]
) -> list[NextCall]:
    """Of the jobs that may use the same lines, the first of each department, in the highest priority."""
    for priority in Priority:
        found = _FIRST_DUE.each(connection, _of_each_department(connection, priority, asked))
        if found:
            return [
                NextCall(
                    job_id=job_id,
                    line=line,
                    priority=priority,
                    calls=calls_of[department],
                    due_at=instant(due_at),
                )
                for job_id, due_at, department in found
            ]
    return []


def line_sets(connection: Connection) -> tuple[str, ...]:
    """Every set of allowed lines that a dialable job has, as kept."""
    return tuple(lines for (lines,) in _LINE_SETS.each(connection, [{}]))


def _of_each_department(
    connection: Connection, priority: Priority, asked: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What is asked, once for each department that has a dialable job of these lines and this priority."""
    alike = {**asked, "priority": priority.value}
    return [{**alike, "department": department} for (department,) in _DEPARTMENTS.each(connection, [alike])]


def _free_line(allowed: Sequence[str], channels: Mapping[str, int]) -> str | None:
    """The first allowed line with a free channel; a sender without a choice may use every line."""
    others = [line for line in channels if line not in allowed]
    wished = chain.from_iterable(others if line == ANY_OTHER else [line] for line in allowed or [ANY_OTHER])
    return next((line for line in wished if channels.get(line, 0) > 0), None)
