"""Faxes counted: of periods, of departments, by status, and the numbers that lead a list.

The indexes `jobs_counted` and `jobs_by_department` hold all that is looked at, in the order of time, so that
no row is touched. A period is asked for by itself, and so is a department: its faxes lie side by side there,
and need not be put in order first.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    text,
)
from sqlalchemy import type_coerce as taken_as

from store.columns import Instant
from store.lifecycle import JobState
from store.tables import BUSY, attempts, jobs
from store.tally import Apart, Counted, Leader, Measure, Period

_SHORT = timedelta(days=7)
LEADERS = 50
"""Numbers that a list of the first ones has."""


def _microseconds(column: ColumnElement[Any]) -> ColumnElement[int]:
    return taken_as(column, BigInteger)


def _in_state(*states: JobState) -> ColumnElement[bool]:
    return jobs.c.state.in_([state.value for state in states])


_WANTED_AT = case(
    (jobs.c.not_before > jobs.c.created_at, _microseconds(jobs.c.not_before)),
    else_=_microseconds(jobs.c.created_at),
)
# What was refused, or cancelled before its first call, took no time on the way.
_ENDED = and_(_in_state(JobState.SENT, JobState.FAILED), jobs.c.first_call_at.is_not(None))
_WAIT = _microseconds(jobs.c.first_call_at) - _WANTED_AT
_DURATION = case((_ENDED, _microseconds(jobs.c.finished_at) - _WANTED_AT))


def _how_many(state: JobState) -> ColumnElement[int]:
    return func.sum(case((_in_state(state), 1), else_=0))


_MEASURES: dict[Measure, ColumnElement[int]] = {
    Measure.FAXES: func.count(),
    Measure.SENT: _how_many(JobState.SENT),
    Measure.FAILED: _how_many(JobState.FAILED),
    Measure.CANCELLED: _how_many(JobState.CANCELLED),
    Measure.PAGES: func.sum(jobs.c.pages_confirmed),
    Measure.CALLED: func.count(jobs.c.first_call_at),
    Measure.WAIT: func.sum(_WAIT),
    Measure.LONGEST_WAIT: func.max(_WAIT),
    Measure.ENDED: func.sum(case((_ENDED, 1), else_=0)),
    Measure.DURATION: func.sum(_DURATION),
    Measure.LONGEST_DURATION: func.max(_DURATION),
}
# The condition of the index `attempts_busy`, of a table that is told apart from `jobs`.
_BUSY = text(f"attempts.{BUSY}")
_OF_PERIOD = and_(jobs.c.created_at >= bindparam("begin"), jobs.c.created_at < bindparam("end"))
# The same, but not in the words that lead the planner to an index on the time.
_AT = _microseconds(jobs.c.created_at) + 0
_OF_PERIOD_IN_ORDER = and_(bindparam("begin", type_=Instant) <= _AT, bindparam("end", type_=Instant) > _AT)


def tally(
    connection: Connection,
    periods: Sequence[Period],
    measures: Sequence[Measure],
    departments: Sequence[str] | None,
    apart: Apart,
) -> list[dict[str, Counted]]:
    """What was counted in each period, by status or under an empty text.

    Args:
        connection: to the book.
        periods: each for itself.
        measures: what is counted.
        departments: only faxes of these; None for all.
        apart: what is told apart: statuses, or nothing.
    """
    keys = [jobs.c.status] if apart is Apart.STATUS else []
    query = _query(keys, measures)
    if departments is not None:
        query = query.where(jobs.c.department.in_(departments))
    if apart is Apart.STATUS:
        query = query.where(_in_state(JobState.FAILED, JobState.CANCELLED))
    query = query.group_by(*keys)
    return [_counted(connection, query, period, measures) for period in periods]


def tally_department(
    connection: Connection, department: str, periods: Sequence[Period], measures: Sequence[Measure]
) -> list[Counted | None]:
    """What was counted of a department in each period; None where it has no fax."""
    asked = (*measures, *({Measure.FAXES} - {*measures}))
    query = _query([], asked).where(jobs.c.department == department)
    found = (_counted(connection, query, period, asked)[""] for period in periods)
    return [
        {measure: each[measure] for measure in measures} if each[Measure.FAXES] else None for each in found
    ]


def _query(keys: Sequence[ColumnElement[Any]], measures: Sequence[Measure]) -> Select[Any]:
    counted = [_MEASURES[measure].label(measure.value) for measure in measures]
    return select(*(key.label("key") for key in keys), *counted).where(_OF_PERIOD)


def _counted(
    connection: Connection, query: Select[Any], period: Period, measures: Sequence[Measure]
) -> dict[str, Counted]:
    rows = connection.execute(query, {"begin": period.begin, "end": period.end})
    return {
        getattr(row, "key", "") or "": {
            measure: int(getattr(row, measure.value) or 0) for measure in measures
        }
        for row in rows
    }


def highest_volume(
    connection: Connection, period: Period, departments: Sequence[str] | None
) -> tuple[Leader, ...]:
    """The numbers to which most faxes were made."""
    query = select(jobs.c.number, func.count().label("count")).group_by(jobs.c.number)
    # Of a long time the faxes are counted in the order of their numbers, which an index has: putting a
    # million of them in order takes longer than passing over those of other times.
    in_order = departments is None and period.end - period.begin > _SHORT
    query = query.where(_OF_PERIOD_IN_ORDER if in_order else _OF_PERIOD)
    if departments is not None:
        query = query.where(jobs.c.department.in_(departments))
    return _leaders(connection, query, period)


def most_busy(
    connection: Connection, period: Period, departments: Sequence[str] | None
) -> tuple[Leader, ...]:
    """The numbers at which most calls of the period found the line busy."""
    query = (
        select(attempts.c.called.label("number"), func.count().label("count"))
        .where(
            _BUSY,
            attempts.c.started_at >= bindparam("begin"),
            attempts.c.started_at < bindparam("end"),
        )
        .group_by(attempts.c.called)
    )
    if departments is not None:
        query = query.join(jobs, jobs.c.id == attempts.c.job_id).where(jobs.c.department.in_(departments))
    return _leaders(connection, query, period)


def _leaders(connection: Connection, query: Select[Any], period: Period) -> tuple[Leader, ...]:
    number, count = query.selected_columns
    first = query.order_by(count.desc(), number).limit(LEADERS)
    rows = connection.execute(first, {"begin": period.begin, "end": period.end})
    return tuple(Leader(number=row[0], count=row[1]) for row in rows)
