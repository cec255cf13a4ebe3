"""What happened to faxes, in the order in which it was recorded: followed from one point on."""

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from store.happening import Happening
from store.tables import jobs, transitions

MOST = 500
"""That one look reads."""

_COLUMNS: Select[Any] = select(
    transitions.c.id,
    transitions.c.at,
    transitions.c.job_id,
    transitions.c.name,
    transitions.c.to_state,
    transitions.c.by,
    jobs.c.status,
    jobs.c.number,
    jobs.c.user_email,
    jobs.c.department,
    jobs.c.pages,
    jobs.c.pages_confirmed,
).join(jobs, jobs.c.id == transitions.c.job_id)
_AFTER = _COLUMNS.where(transitions.c.id > bindparam("after")).order_by(transitions.c.id).limit(MOST)
_LAST = select(func.coalesce(func.max(transitions.c.id), 0))
_NEWEST = _COLUMNS.order_by(transitions.c.id.desc())


def happenings_after(connection: Connection, after: int) -> tuple[Happening, ...]:
    """What was recorded after the one with this number, `MOST` at most."""
    return tuple(map(_happening, connection.execute(_AFTER, {"after": after})))


def newest_happenings(connection: Connection, count: int) -> tuple[Happening, ...]:
    """The last so many, the oldest of them first."""
    return tuple(map(_happening, connection.execute(_NEWEST.limit(count))))[::-1]


def last_number(connection: Connection) -> int:
    """The number of the last one; 0 where nothing has happened."""
    return connection.scalar(_LAST) or 0


def _happening(row: Row[Any]) -> Happening:
    return Happening(
        number=row.id,
        at=row.at,
        job_id=row.job_id,
        transition=row.name,
        state=row.to_state,
        by=row.by,
        status=row.status or "",
        called=row.number,
        user_email=row.user_email,
        department=row.department,
        pages=row.pages,
        pages_confirmed=row.pages_confirmed,
    )
