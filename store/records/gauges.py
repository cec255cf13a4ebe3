"""What is on its way, counted by indexes that hold nothing else: it costs as much as there is on its way."""

from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, func, select

from store.gauges import Gauges, Waiting
from store.lifecycle import JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.tables import DIALABLE, copies, jobs, mails, notices

_JOBS = select(func.count()).where(jobs.c.state == bindparam("state"))
_DUE = select(func.count().label("count"), func.min(jobs.c.due_at).label("since")).where(
    DIALABLE, jobs.c.due_at <= bindparam("now")
)
_MAILS = select(func.count().label("count"), func.min(mails.c.received_at).label("since")).where(
    mails.c.state == bindparam("state")
)
_IN_WORK = (MailState.RECEIVED, MailState.SUBMITTED)


def gauges(connection: Connection, now: datetime) -> Gauges:
    """What is on its way."""
    return Gauges(
        jobs={
            state: connection.scalar(_JOBS, {"state": state.value}) or 0
            for state in JobState
            if not state.final
        },
        mails={
            state: Waiting(**connection.execute(_MAILS, {"state": state.value}).one()._mapping)  # noqa: SLF001 - SQLAlchemy's name for it
            for state in _IN_WORK
        },
        due=Waiting(**connection.execute(_DUE, {"now": now}).one()._mapping),  # noqa: SLF001 - as above
        notices=_owed(connection, notices),
        copies=_owed(connection, copies),
    )


def _owed(connection: Connection, table: Table) -> Waiting:
    query = select(func.count().label("count"), func.min(table.c.created_at).label("since")).where(
        table.c.state == DeliveryState.PENDING.value
    )
    return Waiting(**connection.execute(query).one()._mapping)  # noqa: SLF001 - as above
