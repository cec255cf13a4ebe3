"""What was faxed on each day, by department: written again while it can change, kept for two years."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, insert, select

from store.records.turn import Turn
from store.tally import Counted, DayTotal, Measure
from store.upkeep_tables import days

MEASURES = (Measure.FAXES, Measure.SENT, Measure.FAILED, Measure.CANCELLED, Measure.PAGES)
"""What is kept of a day."""


def keep_day(turn: Turn, day: str, departments: Mapping[str, Counted]) -> None:
    """Write what was counted of a day, in place of what was written of it before."""
    turn.connection.execute(delete(days).where(days.c.day == day))
    rows = [
        {
            "day": day,
            "department": department,
            **{measure.value: counted[measure] for measure in MEASURES},
        }
        for department, counted in departments.items()
    ]
    if rows:
        turn.connection.execute(insert(days), rows)


def purge_days(turn: Turn, before: str) -> int:
    """Remove what is kept of the days before that one; how many rows."""
    return turn.connection.execute(delete(days).where(days.c.day < before)).rowcount


def last_day(connection: Connection) -> str:
    """The last day of which something is kept; an empty text if there is none."""
    return connection.scalar(select(func.max(days.c.day))) or ""


def find_days(connection: Connection, first: str, last: str) -> tuple[DayTotal, ...]:
    """What is kept of these days, both included, in their order."""
    query = select(days).where(days.c.day.between(first, last)).order_by(days.c.day, days.c.department)
    return tuple(
        DayTotal(
            day=row.day,
            department=row.department,
            counted={measure: getattr(row, measure.value) for measure in MEASURES},
        )
        for row in connection.execute(query)
    )
